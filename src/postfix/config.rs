//! main.cf: parsing, defaults, `$name` expansion. A [`Config`] is what one process read when it started.

use std::collections::BTreeMap;

/// A snapshot of main.cf with the `-o` overrides of a service on top.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Raw values as written (folded lines joined), by name.
    pub main: BTreeMap<String, String>,
}
