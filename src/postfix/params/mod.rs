//! main.cf parameters: their names, defaults and value kinds.
//!
//! The default is what `postconf -d` prints, unexpanded. Left out: the compile time limits of values that no
//! administrator meets.

mod ranges;
mod rows;

pub use ranges::range_fault;
use rows::ROWS;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
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
    static INDEX: LazyLock<HashMap<&str, usize, BuildHasherDefault<Ends>>> =
        LazyLock::new(|| ROWS.iter().enumerate().map(|(i, (n, _))| (*n, i)).collect());
    INDEX.get(name).copied()
}

/// A hash of a parameter's name from its length, its ends and its middle: names are asked for all the time, and differ there.
#[derive(Default)]
struct Ends(u64);

impl Hasher for Ends {
    fn write(&mut self, name: &[u8]) {
        let word = |at: usize| name.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
        let short = || name.iter().fold(0, |n, b| n << 8 | u64::from(*b));
        let len = name.len();
        let parts = if len < 8 { [short(), 0, 0] } else { [word(0), word(len / 2 - 4), word(len - 8)] };
        let mixed =
            parts.into_iter().fold(len as u64, |n, p| (n.rotate_left(23) ^ p).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        self.0 = mixed ^ (mixed >> 32);
    }
    fn write_u8(&mut self, _end: u8) {}
    fn finish(&self) -> u64 {
        self.0
    }
}

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
