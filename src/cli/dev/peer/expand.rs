//! `dev peer expand`: blocks of definitions and expressions in, status and result of each expression out.

use crate::log::config::MacroFault;
use crate::postfix::expand::{Expander, expand};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The suffix that the test data defines: compare by length.
#[allow(clippy::unnecessary_wraps)] // The shape of a comparison that may fail.
fn by_length(a: &str, b: &str) -> Result<Ordering, MacroFault> {
    Ok(a.len().cmp(&b.len()))
}

/// Runs the blocks of the input.
pub fn run(input: &str) -> String {
    let mut out = String::new();
    let mut lines = input.lines().peekable();
    while lines.peek().is_some() {
        let mut table: BTreeMap<String, String> = BTreeMap::new();
        for line in lines.by_ref() {
            out.push_str(&format!("<< {line}\n"));
            if line.is_empty() {
                break;
            }
            let mut w = line.split([' ', '\t', '=']).filter(|w| !w.is_empty());
            if let Some(name) = w.next() {
                table.insert(name.to_owned(), w.next().unwrap_or("").to_owned());
            }
        }
        for line in lines.by_ref() {
            out.push_str(&format!("<< {line}\n"));
            if line.is_empty() {
                break;
            }
            let lookup = |name: &str| table.get(name).cloned();
            let env = Expander { lookup: &lookup, recurse: false, filter: None, suffixes: &[("length", by_length)] };
            let x = expand(&env, line);
            for f in &x.faults {
                out.push_str(&format!("unknown: warning: {f}\n"));
            }
            out.push_str(&format!("stat={} result={}\n", x.status, x.text));
        }
        if lines.peek().is_some() {
            out.push('\n');
        }
    }
    out
}
