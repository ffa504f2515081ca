//! main.cf parameters: their names, defaults and value kinds.
//!
//! The default is what `postconf -d` prints, unexpanded. Left out: the compile time limits of values that no
//! administrator meets.

mod ranges;
mod rows;

use foldhash::fast::FixedState;
pub use ranges::range_fault;
use rows::ROWS;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// A decimal number.
    Int,
    /// A number with a unit; the unit is the one that a bare number means.
    Time(char),
    /// Any text.
    Str,
}

/// Parameters that local(8) takes as they stand: they are expanded for each recipient, or by a shell.
pub const RAW: [&str; 5] =
    ["command_execution_directory", "forward_path", "luser_relay", "mailbox_command", "mailbox_command_maps"];

/// A parameter: name and default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    pub name: &'static str,
    pub default: &'static str,
}

/// Parameters whose default looks like a number, a time or a boolean and that take any text all the same.
const TEXT: &[&str] = &[
    "compatibility_level",
    "daemon_table_open_error_is_fatal_",
    "default_process_limit_",
    "html_directory",
    "lmtp_tls_mandatory_ciphers",
    "mail_release_date",
    "manpage_directory",
    "milter_protocol",
    "process_id",
    "readme_directory",
    "sample_directory",
    "smtp_address_preference",
    "virtual_minimum_uid_",
];

/// Per-transport parameters, `TRANSPORT` + suffix, and the parameter that gives their default.
pub const TRANSPORT_SUFFIXES: &[(&str, &str)] = &[
    ("_delivery_slot_cost", "default_delivery_slot_cost"),
    ("_delivery_slot_discount", "default_delivery_slot_discount"),
    ("_delivery_slot_loan", "default_delivery_slot_loan"),
    ("_destination_concurrency_failed_cohort_limit", "default_destination_concurrency_failed_cohort_limit"),
    ("_destination_concurrency_limit", "default_destination_concurrency_limit"),
    ("_destination_concurrency_negative_feedback", "default_destination_concurrency_negative_feedback"),
    ("_destination_concurrency_positive_feedback", "default_destination_concurrency_positive_feedback"),
    ("_destination_rate_delay", "default_destination_rate_delay"),
    ("_destination_recipient_limit", "default_destination_recipient_limit"),
    ("_extra_recipient_limit", "default_extra_recipient_limit"),
    ("_initial_destination_concurrency", "initial_destination_concurrency"),
    ("_minimum_delivery_slots", "default_minimum_delivery_slots"),
    ("_recipient_limit", "default_recipient_limit"),
    ("_recipient_refill_delay", "default_recipient_refill_delay"),
    ("_recipient_refill_limit", "default_recipient_refill_limit"),
    ("_transport_rate_delay", "default_transport_rate_delay"),
];

/// Parameters of pipe(8) and spawn(8) services by the service's name, and the parameter that gives their default.
pub const SERVICE_SUFFIXES: &[(&str, &str)] = &[("_time_limit", "command_time_limit")];

/// All parameters, sorted by name.
pub fn all() -> impl Iterator<Item = Param> {
    ROWS.iter().map(|&(name, default)| Param { name, default })
}

/// Number of parameters.
pub fn count() -> usize {
    ROWS.len()
}

/// Position of a parameter in the table.
pub fn index(name: &str) -> Option<usize> {
    static INDEX: LazyLock<HashMap<&str, usize, FixedState>> =
        LazyLock::new(|| ROWS.iter().enumerate().map(|(i, (n, _))| (*n, i)).collect());
    INDEX.get(name).copied()
}

/// A parameter of the table whose name stands in the source: [`param!`](super::param) finds its place when it is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known(usize);

impl Known {
    /// The place of a name.
    ///
    /// # Panics
    ///
    /// If there is no such parameter: where [`param!`](super::param) says so, it does not compile.
    pub const fn new(name: &str) -> Known {
        let (mut low, mut high) = (0, ROWS.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match compare(name.as_bytes(), ROWS[middle].0.as_bytes()) {
                0 => return Known(middle),
                1.. => low = middle + 1,
                _ => high = middle,
            }
        }
        panic!("no such parameter")
    }
}

const fn compare(a: &[u8], b: &[u8]) -> i32 {
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return if a[i] < b[i] { -1 } else { 1 };
        }
        i += 1;
    }
    if i < b.len() {
        -1
    } else if i < a.len() {
        1
    } else {
        0
    }
}

/// What a parameter is asked for by: its name, or what stands for it.
pub trait Name: Copy {
    /// Its place in the table, if it is there.
    fn place(self) -> Option<usize>;
    fn text(&self) -> &str;
}

impl Name for Known {
    fn place(self) -> Option<usize> {
        Some(self.0)
    }
    fn text(&self) -> &str {
        ROWS[self.0].0
    }
}

impl Name for &str {
    fn place(self) -> Option<usize> {
        index(self)
    }
    fn text(&self) -> &str {
        self
    }
}

impl Name for &&str {
    fn place(self) -> Option<usize> {
        index(self)
    }
    fn text(&self) -> &str {
        self
    }
}

impl Name for &String {
    fn place(self) -> Option<usize> {
        index(self)
    }
    fn text(&self) -> &str {
        self
    }
}

/// `param!("mydestination")`: a parameter that is asked for often, or everywhere. A name that is none does not compile.
macro_rules! param {
    ($name:literal) => {
        const { $crate::postfix::params::Known::new($name) }
    };
}
pub(crate) use param;

/// The default as compiled in; `None`: no such parameter.
pub fn default(name: &str) -> Option<&'static str> {
    index(name).map(|i| ROWS[i].1)
}

/// What the values of a parameter look like, by its default.
pub fn kind(name: &str) -> Kind {
    static KINDS: LazyLock<Vec<OnceLock<Kind>>> = LazyLock::new(|| vec![OnceLock::new(); ROWS.len()]);
    index(name).and_then(|i| KINDS.get(i)).map_or(Kind::Str, |k| *k.get_or_init(|| kind_by_default(name)))
}

fn kind_by_default(name: &str) -> Kind {
    if TEXT.contains(&name) {
        return Kind::Str;
    }
    let Some(d) = default(name) else { return Kind::Str };
    // `${stress?{1}:{20}}`, `${stress?{10}:{300}}s`: the kind of what it expands to.
    if let Some((_, last)) = d.strip_prefix("${stress?{").and_then(|r| r.rsplit_once(":{"))
        && let Some((number, unit)) = last.split_once("}}")
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        return unit.chars().next().map_or(Kind::Int, Kind::Time);
    }
    if let Some(last) = d.chars().last()
        && d.len() > 1
        && "smhdw".contains(last)
        && d[..d.len() - 1].bytes().all(|b| b.is_ascii_digit())
    {
        return Kind::Time(last);
    }
    if !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()) {
        return Kind::Int;
    }
    let branches = d.strip_suffix('}').is_some_and(|d| d.contains("{yes}") || d.contains("{no"));
    if d == "yes" || d == "no" || branches { Kind::Bool } else { Kind::Str }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_kinds_follow_the_default() {
        assert!(ROWS.is_sorted_by(|a, b| a.0 < b.0));
        for (name, want) in [
            ("message_size_limit", Kind::Int),
            ("biff", Kind::Bool),
            ("append_dot_mydomain", Kind::Bool),
            ("maximal_queue_lifetime", Kind::Time('d')),
            ("queue_run_delay", Kind::Time('s')),
            ("mydestination", Kind::Str),
            ("smtpd_hard_error_limit", Kind::Int),
            ("smtpd_timeout", Kind::Time('s')),
            ("nothing_of_that_name", Kind::Str),
        ] {
            assert_eq!(kind(name), want, "{name}");
        }
    }
}
