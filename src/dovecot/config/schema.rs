//! Which settings exist, of which type, and with which default: read from `defaults.txt`, the answer of `doveconf -d`.
//!
//! A setting is named by its path as Dovecot names it inside: `service/auth/user`, `namespace/inbox/mailbox/Trash/auto`;
//! names of sections are escaped ([`escape`]) so that a path splits on `/`. Types are inferred from the default's form,
//! and the few that cannot be are listed here.

use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::OnceLock;

/// The type of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Uint,
    Octal,
    Port,
    Time,
    Size,
    Str,
    /// One of these words.
    Enum(&'static [&'static str]),
}

/// Root settings whose type their default does not show.
const ROOT_KINDS: &[(&str, Kind)] = &[
    ("imap_fetch_failure", Kind::Enum(&["disconnect-immediately", "disconnect-after", "no-after"])),
    ("imap_hibernate_timeout", Kind::Time),
    ("imapc_port", Kind::Port),
    ("imap_urlauth_port", Kind::Port),
    ("lmtp_hdr_delivery_address", Kind::Enum(&["none", "final", "original"])),
    ("lock_method", Kind::Enum(&["fcntl", "flock", "dotlock"])),
    ("mail_fsync", Kind::Enum(&["optimized", "never", "always"])),
    ("mail_max_lock_timeout", Kind::Time),
    ("mailbox_idle_check_interval", Kind::Time),
    ("mbox_min_index_size", Kind::Size),
    ("mdbox_rotate_interval", Kind::Time),
    ("doveadm_port", Kind::Port),
    ("pop3_delete_type", Kind::Enum(&["default", "expunge", "flag"])),
    ("pop3_uidl_duplicates", Kind::Enum(&["allow", "rename"])),
    ("pop3c_port", Kind::Port),
    ("replicator_port", Kind::Port),
    ("ssl", Kind::Enum(&["yes", "no", "required"])),
    ("pop3c_ssl", Kind::Enum(&["no", "imaps", "starttls"])),
    ("imapc_ssl", Kind::Enum(&["no", "imaps", "starttls"])),
    ("doveadm_ssl", Kind::Enum(&["no", "ssl", "starttls"])),
    ("auth_verbose_passwords", Kind::Str),
    ("verbose_proctitle", Kind::Bool),
    ("stats_http_rawlog_dir", Kind::Str),
];

const RESULT: Kind = Kind::Enum(&["continue", "return", "return-ok", "return-fail", "continue-ok", "continue-fail"]);
const VERBOSE: Kind = Kind::Enum(&["default", "yes", "no"]);

/// The settings of each kind of section: name, type, default.
const NAMESPACE: &[(&str, Kind, &str)] = &[
    ("disabled", Kind::Bool, "no"),
    ("hidden", Kind::Bool, "no"),
    ("ignore_on_failure", Kind::Bool, "no"),
    ("inbox", Kind::Bool, "no"),
    ("list", Kind::Enum(&["yes", "no", "children"]), "yes"),
    ("location", Kind::Str, ""),
    ("order", Kind::Uint, "0"),
    ("prefix", Kind::Str, ""),
    ("separator", Kind::Str, ""),
    ("subscriptions", Kind::Bool, "yes"),
    ("type", Kind::Enum(&["private", "shared", "public"]), "private"),
];
const MAILBOX: &[(&str, Kind, &str)] = &[
    ("auto", Kind::Enum(&["no", "create", "subscribe"]), "no"),
    ("autoexpunge", Kind::Time, "0"),
    ("autoexpunge_max_mails", Kind::Uint, "0"),
    ("comment", Kind::Str, ""),
    ("driver", Kind::Str, ""),
    ("special_use", Kind::Str, ""),
];
const PASSDB: &[(&str, Kind, &str)] = &[
    ("args", Kind::Str, ""),
    ("auth_verbose", VERBOSE, "default"),
    ("default_fields", Kind::Str, ""),
    ("deny", Kind::Bool, "no"),
    ("driver", Kind::Str, ""),
    ("master", Kind::Bool, "no"),
    ("mechanisms", Kind::Str, ""),
    ("name", Kind::Str, ""),
    ("override_fields", Kind::Str, ""),
    ("pass", Kind::Bool, "no"),
    ("result_failure", RESULT, "continue"),
    ("result_internalfail", RESULT, "continue"),
    ("result_success", RESULT, "return-ok"),
    ("skip", Kind::Enum(&["never", "authenticated", "unauthenticated"]), "never"),
    ("username_filter", Kind::Str, ""),
];
const USERDB: &[(&str, Kind, &str)] = &[
    ("args", Kind::Str, ""),
    ("auth_verbose", VERBOSE, "default"),
    ("default_fields", Kind::Str, ""),
    ("driver", Kind::Str, ""),
    ("name", Kind::Str, ""),
    ("override_fields", Kind::Str, ""),
    ("result_failure", RESULT, "continue"),
    ("result_internalfail", RESULT, "continue"),
    ("result_success", RESULT, "return-ok"),
    ("skip", Kind::Enum(&["never", "found", "notfound"]), "never"),
];
const SERVICE: &[(&str, Kind, &str)] = &[
    ("chroot", Kind::Str, ""),
    ("client_limit", Kind::Uint, "0"),
    ("drop_priv_before_exec", Kind::Bool, "no"),
    ("executable", Kind::Str, ""),
    ("extra_groups", Kind::Str, ""),
    ("group", Kind::Str, ""),
    ("idle_kill", Kind::Time, "0"),
    ("privileged_group", Kind::Str, ""),
    ("process_limit", Kind::Uint, "0"),
    ("process_min_avail", Kind::Uint, "0"),
    ("protocol", Kind::Str, ""),
    ("service_count", Kind::Uint, "0"),
    ("type", Kind::Str, ""),
    ("user", Kind::Str, ""),
    ("vsz_limit", Kind::Size, "18446744073709551615 B"),
];
const FILE_LISTENER: &[(&str, Kind, &str)] =
    &[("group", Kind::Str, ""), ("mode", Kind::Octal, "0600"), ("user", Kind::Str, "")];
const INET_LISTENER: &[(&str, Kind, &str)] = &[
    ("address", Kind::Str, ""),
    ("haproxy", Kind::Bool, "no"),
    ("port", Kind::Port, "0"),
    ("reuse_port", Kind::Bool, "no"),
    ("ssl", Kind::Bool, "no"),
];

/// The settings of a section, by the words of its path (`["service", "unix_listener"]`).
pub fn section_fields(words: &[&str]) -> Option<&'static [(&'static str, Kind, &'static str)]> {
    Some(match words {
        ["namespace"] => NAMESPACE,
        ["namespace", "mailbox"] => MAILBOX,
        ["passdb"] => PASSDB,
        ["userdb"] => USERDB,
        ["service"] => SERVICE,
        ["service", "unix_listener" | "fifo_listener"] => FILE_LISTENER,
        ["service", "inet_listener"] => INET_LISTENER,
        _ => return None,
    })
}

/// Sections that take any setting.
fn is_free(word: &str) -> bool {
    matches!(word, "plugin" | "dict")
}

/// Sections that may stand there.
pub fn is_section(words: &[&str]) -> bool {
    section_fields(words).is_some() || matches!(words, [w] if is_free(w))
}

/// Escapes the name of a section for a path.
pub fn escape(name: &str) -> String {
    name.replace('\\', "\\\\").replace('/', "\\s").replace(' ', "\\_")
}

/// Undoes [`escape`].
pub fn unescape(name: &str) -> String {
    let mut out = String::new();
    let mut it = name.chars();
    while let Some(c) = it.next() {
        match c {
            '\\' => match it.next() {
                Some('s') => out.push('/'),
                Some('_') => out.push(' '),
                Some(c) => out.push(c),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

/// A path without the names of its sections, and the last word: `service/auth/unix_listener/x/mode` is
/// (`["service", "unix_listener"]`, `mode`).
pub fn split_path(path: &str) -> (Vec<&str>, &str) {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [w, rest @ ..] if is_free(w) && !rest.is_empty() => (vec![w], &path[w.len() + 1..]),
        parts => {
            let (last, front) = parts.split_last().map_or(("", &[][..]), |(l, f)| (*l, f));
            (front.iter().step_by(2).copied().collect(), last)
        }
    }
}

/// Every default, and the sections that have some.
#[derive(Debug)]
pub struct Schema {
    pub values: HashMap<String, &'static str, FixedState>,
    /// Names (escaped) of the sections of a kind, in order, by the path up to there: `service/`, `service/auth/unix_listener/`.
    sections: HashMap<String, Vec<String>, FixedState>,
}

/// The table of defaults, read once.
pub fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = Schema { values: HashMap::default(), sections: HashMap::default() };
        let mut path = String::new();
        let mut outer: Vec<usize> = Vec::new();
        for line in include_str!("defaults.txt").lines() {
            let line = line.trim_start();
            if line == "}" {
                path.truncate(outer.pop().unwrap_or(0));
            } else if let Some(head) = line.strip_suffix(" {") {
                let (word, name) = head.split_once(' ').unwrap_or((head, ""));
                let name = escape(name.trim_matches('"'));
                outer.push(path.len());
                path.push_str(word);
                path.push('/');
                schema.sections.entry(path.clone()).or_default().push(name.clone());
                path.push_str(&name);
                path.push('/');
            } else if let Some((k, v)) = line.split_once(" =") {
                let v = v.strip_prefix(' ').unwrap_or(v);
                let v = v.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(v);
                schema.values.insert(format!("{path}{k}"), v);
            }
        }
        for names in schema.sections.values_mut() {
            names.sort_unstable();
            names.dedup();
        }
        schema
    })
}

impl Schema {
    /// The type of the setting at `path`; `None` when there is no such setting.
    pub fn kind(&self, path: &str) -> Option<Kind> {
        let (words, last) = split_path(path);
        if words.is_empty() {
            if let Some((_, k)) = ROOT_KINDS.iter().find(|(n, _)| *n == last) {
                return Some(*k);
            }
            return self.values.get(last).map(|d| infer(last, d));
        }
        if words.len() == 1 && is_free(words[0]) {
            return Some(Kind::Str);
        }
        section_fields(&words)?.iter().find(|(n, _, _)| *n == last).map(|(_, k, _)| *k)
    }
    /// Names (escaped) of the built-in sections below a path that ends in a kind and `/`.
    pub fn sections(&self, head: &str) -> &[String] {
        self.sections.get(head).map_or(&[], Vec::as_slice)
    }
    /// The default of the setting at `path`.
    pub fn default(&self, path: &str) -> &str {
        if let Some(v) = self.values.get(path) {
            return v;
        }
        let (words, last) = split_path(path);
        section_fields(&words).and_then(|f| f.iter().find(|(n, _, _)| *n == last)).map_or("", |(_, _, d)| d)
    }
}

fn infer(name: &str, default: &str) -> Kind {
    let number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    match default.split_once(' ') {
        _ if default == "yes" || default == "no" => Kind::Bool,
        None if number(default) => {
            if name.ends_with("_size") {
                Kind::Size
            } else {
                Kind::Uint
            }
        }
        Some((n, "secs" | "mins" | "hours" | "days" | "weeks")) if number(n) => Kind::Time,
        Some((n, "B" | "k" | "M" | "G" | "T")) if number(n) => Kind::Size,
        _ => Kind::Str,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_come_from_the_defaults() {
        for (path, kind) in [
            ("auth_failure_delay", Some(Kind::Time)),
            ("default_vsz_limit", Some(Kind::Size)),
            ("disable_plaintext_auth", Some(Kind::Bool)),
            ("mail_max_userip_connections", Some(Kind::Uint)),
            ("mail_location", Some(Kind::Str)),
            ("service/auth/unix_listener/\\svar\\sx/mode", Some(Kind::Octal)),
            ("service/imap-login/inet_listener/imap/port", Some(Kind::Port)),
            ("plugin/quota_rule", Some(Kind::Str)),
            ("basura", None),
            ("service/auth/basura", None),
        ] {
            assert_eq!(schema().kind(path), kind, "{path}");
        }
        assert_eq!(schema().default("service/auth/unix_listener/auth-userdb/mode"), "0666");
        assert_eq!(schema().default("service/auth/unix_listener/x/mode"), "0600");
        assert_eq!(unescape(&escape("/var/x y\\z")), "/var/x y\\z");
    }
}
