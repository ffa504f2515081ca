//! What a Postfix program checks when it starts (mail_params_init(3) and each daemon's own parameter tables): a bad value
//! ends it with a message before it has served anybody.

use super::config::{Config, words};
use super::expand;
use super::master_cf::Service;
use super::params::{self, Kind};
use crate::host::Host;
use crate::log::config::{Config as Fault, Fatal, HostnameFault, Warning};
use crate::postfix::params::param;

/// Parameters outside a program's own name space that every program reads.
const COMMON: &[&str] = &[
    "alternate_config_directories",
    "application_event_drain_time",
    "backwards_bounce_logfile_compatibility",
    "berkeley_db_create_buffer_size",
    "berkeley_db_read_buffer_size",
    "command_directory",
    "compatibility_level",
    "config_directory",
    "cyrus_sasl_config_path",
    "daemon_directory",
    "daemon_table_open_error_is_fatal",
    "data_directory",
    "debug_peer_level",
    "debug_peer_list",
    "default_database_type",
    "default_privs",
    "default_verp_delimiters",
    "delay_logging_resolution_limit",
    "deliver_lock_attempts",
    "deliver_lock_delay",
    "disable_dns_lookups",
    "disable_mime_input_processing",
    "disable_mime_output_conversion",
    "dns_ncache_ttl_fix_enable",
    "double_bounce_sender",
    "enable_idna2003_compatibility",
    "enable_long_queue_ids",
    "export_environment",
    "fault_injection_code",
    "fork_attempts",
    "fork_delay",
    "hash_queue_depth",
    "hash_queue_names",
    "header_address_token_limit",
    "header_size_limit",
    "helpful_warnings",
    "import_environment",
    "inet_interfaces",
    "inet_protocols",
    "ipc_idle",
    "ipc_timeout",
    "ipc_ttl",
    "line_length_limit",
    "lmdb_map_size",
    "local_header_rewrite_clients_",
    "long_queue_ids",
    "mail_name",
    "mail_owner",
    "mail_version",
    "maillog_file",
    "message_size_limit",
    "mime_boundary_length_limit",
    "mime_nesting_limit",
    "multi_instance_enable",
    "multi_instance_name",
    "mydestination",
    "mydomain",
    "myhostname",
    "mynetworks",
    "mynetworks_style",
    "myorigin",
    "opportunistic_encryption_",
    "owner_request_special",
    "parent_domain_matches_subdomains",
    "process_id_directory",
    "proxy_interfaces",
    "queue_directory",
    "recipient_delimiter",
    "relay_domains",
    "relayhost",
    "require_home_directory_",
    "respectful_logging",
    "send_cyrus_sasl_authzid",
    "setgid_group",
    "shlib_directory",
    "smtputf8_autodetect_classes",
    "smtputf8_enable",
    "soft_bounce",
    "stale_lock_time",
    "strict_7bit_headers",
    "strict_8bitmime",
    "strict_8bitmime_body",
    "strict_mime_encoding_domain",
    "strict_smtputf8",
    "syslog_facility",
    "syslog_name",
    "tcp_windowsize",
    "trigger_timeout",
    "verp_delimiter_filter",
];

/// Parameters that a program reads beside those that begin with its name.
fn own(program: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match program {
        "smtpd" => (
            &[
                "smtpd_",
                "unknown_",
                "unverified_",
                "reject_",
                "address_verify_",
                "maps_rbl_",
                "non_fqdn_",
                "invalid_hostname_",
                "relay_",
                "access_map_",
                "disable_vrfy",
                "broken_sasl",
                "in_flow",
                "queue_minfree",
                "milter_",
                "lmtp_",
                "postscreen_",
                "virtual_alias",
                "virtual_mailbox",
                "canonical",
                "allow_percent",
                "permit_mx",
                "strict_rfc",
                "local_recipient",
                "mynetworks",
                "defer_code",
                "plaintext_reject",
                "multi_recipient",
                "line_length",
                "notify_",
                "show_user",
                "swap_bang_",
                "tls_",
                "proxy_",
                "verify_",
            ],
            &["max_idle", "max_use", "daemon_timeout"],
        ),
        "cleanup" => (
            &[
                "canonical",
                "sender_canonical",
                "recipient_canonical",
                "virtual_alias",
                "masquerade",
                "header_",
                "body_",
                "nested_",
                "mime_",
                "always_",
                "sender_bcc",
                "recipient_bcc",
                "duplicate_filter",
                "hopcount",
                "enable_original",
                "milter_",
                "cleanup_",
                "undisclosed",
                "delay_warning",
                "message_reject",
                "queue_minfree",
                "extract_recipient",
                "non_smtpd",
                "line_length",
                "always_add",
                "message_drop",
            ],
            &["max_idle", "max_use", "daemon_timeout", "in_flow_delay"],
        ),
        "qmgr" | "oqmgr" => (
            &[
                "qmgr_",
                "queue_run",
                "minimal_backoff",
                "maximal_backoff",
                "maximal_queue",
                "bounce_queue",
                "default_",
                "initial_",
                "transport_retry",
                "defer_transports",
                "destination_",
                "sender_dependent",
                "hopcount",
                "local_dest",
                "local_init",
                "smtp_dest",
                "lmtp_dest",
                "virtual_dest",
                "relay_dest",
                "delay_logging",
                "address_verify",
            ],
            &["max_use", "daemon_timeout", "qmgr_daemon_timeout"],
        ),
        "local" => (
            &[
                "local_",
                "alias_",
                "mailbox_",
                "home_mailbox",
                "mail_spool",
                "forward_",
                "biff",
                "prepend_delivered",
                "command_",
                "execution_",
                "luser_relay",
                "fallback_transport",
                "allow_mail_to",
                "propagate",
                "recipient_canonical_",
                "expand_owner",
                "owner_request",
                "frozen_",
                "reset_owner",
                "strict_mailbox",
                "sun_mailtool",
                "require_home",
                "default_privs",
                "mail_",
                "deliver_",
            ],
            &["max_idle", "max_use", "hopcount_limit"],
        ),
        "virtual" => (&["virtual_", "strict_mailbox", "mail_spool"], &["max_idle", "max_use"]),
        "smtp" => (
            &["smtp_", "best_mx", "disable_dns", "ignore_mx", "notify_", "debug_", "tls_", "mime_", "body_checks"],
            &["max_idle", "max_use"],
        ),
        "lmtp" => (&["lmtp_", "notify_", "tls_", "smtp_tls_"], &["max_idle", "max_use"]),
        "trivial-rewrite" => (
            &[
                "append_",
                "swap_bang",
                "allow_percent",
                "resolve_",
                "empty_",
                "transport",
                "relocated",
                "virtual_alias_d",
                "virtual_alias_maps",
                "virtual_mailbox_d",
                "virtual_transport",
                "local_transport",
                "default_transport",
                "relay_transport",
                "sender_dependent",
                "address_verify",
                "show_user",
                "allow_min_user",
                "allow_untrusted",
            ],
            &["max_idle", "max_use"],
        ),
        "bounce" => (
            &["bounce_", "2bounce_", "delay_notice", "error_notice", "notify_", "maximal_queue", "backwards_"],
            &["max_idle", "max_use", "mail_name", "bounce_template_file", "delay_warning_time"],
        ),
        "pickup" => {
            (&["always_bcc", "pickup_"], &["max_idle", "max_use", "content_filter", "receive_override_options"])
        }
        "anvil" => (&["anvil_"], &["max_idle", "max_use"]),
        "tlsmgr" => (
            &["tls_", "smtpd_tls_session", "smtp_tls_session", "lmtp_tls_session", "smtpd_tls_loglevel"],
            &["max_idle", "max_use"],
        ),
        "proxymap" => (
            &["proxy_", "local_recipient", "virtual_alias_", "virtual_mailbox_", "relay_", "canonical"],
            &["max_idle", "max_use"],
        ),
        "pipe" => (&["pipe_"], &["max_idle", "max_use", "command_time_limit"]),
        "verify" => (&["address_verify"], &["max_idle", "max_use"]),
        _ => (&[], &["max_idle", "max_use"]),
    }
}

/// Whether a program reads a parameter.
pub fn reads(program: &str, name: &str) -> bool {
    let (prefixes, names) = own(program);
    COMMON.contains(&name) || names.contains(&name) || prefixes.iter().any(|p| name.starts_with(p))
}

/// valid_hostname(3): `None` when the name is one.
pub fn hostname_fault(name: &str) -> Option<HostnameFault> {
    if name.is_empty() {
        return Some(HostnameFault::Empty);
    }
    let bytes = name.as_bytes();
    let (mut label, mut digits_only) = (0, true);
    for (i, &c) in bytes.iter().enumerate() {
        match c {
            b'.' => {
                if label == 0 || i + 1 == bytes.len() {
                    return Some(HostnameFault::MisplacedDelimiter(name.to_owned()));
                }
                label = 0;
            }
            b'-' => {
                label += 1;
                let ends = bytes.get(i + 1).is_none_or(|n| *n == b'.');
                if label == 1 || ends {
                    return Some(HostnameFault::MisplacedHyphen(name.to_owned()));
                }
                digits_only = false;
            }
            c if c.is_ascii_alphanumeric() || c == b'_' => {
                label += 1;
                if label > 63 {
                    return Some(HostnameFault::LabelTooLong(name.to_owned()));
                }
                digits_only &= c.is_ascii_digit();
            }
            c => return Some(HostnameFault::BadCharacter { byte: c, name: name.to_owned() }),
        }
    }
    if digits_only {
        return Some(HostnameFault::NumericHostname(name.to_owned()));
    }
    (name.len() > 255).then(|| HostnameFault::BadLength { length: name.len(), name: name.to_owned() })
}

/// What mail_params_init(3) says: it ends at the first fatal.
pub fn check_common(host: &Host, conf: &Config) -> Vec<Fault> {
    let mut out = conf.common_faults.get_or_init(|| common_values(conf)).clone();
    if out.iter().any(Fault::is_fatal) {
        return out;
    }
    let owner = conf.get(param!("mail_owner"));
    match host.uid(&owner) {
        None => {
            let f = Fatal::UnknownUser { name: "mail_owner".into(), value: owner };
            out.push(Fault::Fatal(f));
        }
        Some(0) => {
            let f = Fatal::Privileged { name: "mail_owner".into(), value: owner, id: 0 };
            out.push(Fault::Fatal(f));
        }
        Some(_) => {}
    }
    let group = conf.get(param!("setgid_group"));
    if host.group(&group).is_none() {
        out.push(Fault::Fatal(Fatal::UnknownGroup { name: "setgid_group".into(), value: group }));
    }
    let privs = conf.get(param!("default_privs"));
    let uid = host.uid(&privs);
    if uid.is_none_or(|u| u == 0) {
        let f = Fatal::DefaultPrivs { path: conf.path.clone(), value: privs, root: uid.is_some() };
        out.push(Fault::Fatal(f));
    } else if privs == conf.get(param!("mail_owner")) {
        out.push(Fault::Fatal(Fatal::SamePrivs { path: conf.path.clone(), user: privs }));
    }
    let listed = super::listen::interfaces(host, conf).unwrap_or_default();
    if let Some(ip) = listed.into_iter().find(|ip| !ip.is_unspecified() && !host.net.is_local(*ip)) {
        out.push(Fault::Fatal(Fatal::NoInterface(ip)));
    }
    let origin = conf.get(param!("myorigin"));
    if origin.contains([',', ' ', '\t', '\r', '\n']) {
        out.push(Fault::Fatal(Fatal::MultipleValues { name: "myorigin", value: origin }));
    }
    let (name, relay) = (conf.get(param!("myhostname")), conf.get(param!("relayhost")));
    if !relay.is_empty() && name.eq_ignore_ascii_case(&relay) {
        out.push(Fault::Fatal(Fatal::SameRelayhost { name }));
    }
    out
}

/// The part of it that main.cf alone decides.
fn common_values(conf: &Config) -> Vec<Fault> {
    let mut out = conf.faults.clone();
    if out.iter().any(Fault::is_fatal) {
        return out;
    }
    let level = conf.get(param!("compatibility_level"));
    let texts = ["myhostname", "mydomain", "mydestination", "mynetworks", "relay_domains", "myorigin", "relayhost"];
    let rank = |n: &str| match params::kind(n) {
        Kind::Int => 0,
        Kind::Bool => 1,
        Kind::Time(_) => 2,
        Kind::Str => 3,
    };
    let mut common: Vec<&str> = COMMON.iter().copied().filter(|n| conf.is_set(n)).collect();
    common.sort_by_key(|n| rank(n));
    for name in texts.into_iter().filter(|n| conf.is_set(n)).chain(common) {
        let bad = conf.check(name);
        if !bad.is_empty() {
            out.extend(bad);
            return out;
        }
    }
    if let Some(name) = ["syslog_facility", "syslog_name", "mail_name", "double_bounce_sender", "myorigin"]
        .into_iter()
        .find(|n| conf.is_empty(*n))
    {
        out.push(Fault::Fatal(Fatal::EmptyString { name }));
        return out;
    }
    let name = "inet_protocols";
    if let Some(word) = unknown_word(conf, name, &["ipv4", "ipv6", "all"]) {
        out.push(Fault::Fatal(Fatal::UnknownWord { name: name.to_owned(), word, value: conf.get(name) }));
        return out;
    }
    let facility = conf.get(param!("syslog_facility"));
    if crate::host::syslog::facility(&facility).is_none() {
        out.push(Fault::Fatal(Fatal::Facility { path: conf.path.clone(), value: facility }));
        return out;
    }
    let log = conf.get(param!("maillog_file"));
    let prefixes = conf.list(param!("maillog_file_prefixes"));
    if !log.is_empty() && !prefixes.iter().any(|p| log.starts_with(p.as_str())) {
        out.push(Fault::Fatal(Fatal::MailLog(log)));
        return out;
    }
    if expand::compat_level(&level).is_none() {
        out.push(Fault::Fatal(Fatal::CompatLevel(level)));
        return out;
    }
    for name in ["myhostname", "mydomain"] {
        let value = conf.get(name);
        if let Some(f) = hostname_fault(&value) {
            out.push(Fault::Hostname(f));
            out.push(Fault::BadValue { path: conf.path.clone(), name: name.to_owned(), value });
            return out;
        }
    }
    out
}

/// What a child of master says when it starts with this configuration; a fatal one is the last.
pub fn check(host: &Host, conf: &Config, entry: &Service) -> Vec<Fault> {
    if let Some((why, text)) = &entry.bad_override {
        return vec![Fault::Fatal(Fatal::BadOverride { why: *why, text: text.clone() })];
    }
    if let Some(why) = bad_argument(entry) {
        return vec![Fault::Fatal(why)];
    }
    let mut out = check_common(host, conf);
    if out.iter().any(Fault::is_fatal) {
        return out;
    }
    out.extend(conf.own_faults.get_or_init(|| own_values(conf, &entry.command)).iter().cloned());
    let alone = matches!(entry.command.as_str(), "local" | "pipe" | "spawn" | "virtual");
    if alone && entry.unprivileged && !out.iter().any(Fault::is_fatal) {
        out.push(Fault::Fatal(Fatal::NeedsPrivilege { service: entry.name.clone() }));
    }
    out
}

/// An option that no daemon has; a word where smtpd(8) takes none.
fn bad_argument(entry: &Service) -> Option<Fatal> {
    const WITH_VALUE: &str = "imnost";
    const PLAIN: &str = "cdDlSuvVz";
    let mut words = entry.args.iter();
    while let Some(w) = words.next() {
        let Some(letters) = w.strip_prefix('-').filter(|l| !l.is_empty()) else {
            let alone = entry.command == "smtpd";
            return alone.then(|| Fatal::UnexpectedArgument(w.clone()));
        };
        for (i, c) in letters.char_indices() {
            if WITH_VALUE.contains(c) {
                if i + 1 == letters.len() {
                    words.next();
                }
                break;
            }
            if !PLAIN.contains(c) {
                return Some(Fatal::InvalidOption(c));
            }
        }
    }
    None
}

/// What a program says of the values that it reads; `conf` was read for it.
fn own_values(conf: &Config, program: &str) -> Vec<Fault> {
    let mut out = Vec::new();
    let set: Vec<&String> = conf.main.keys().filter(|n| reads(program, n)).collect();
    for kind in [0, 1, 2, 3] {
        for name in &set {
            let of = match params::kind(name) {
                Kind::Int => 0,
                Kind::Bool => 1,
                Kind::Time(_) => 2,
                Kind::Str => 3,
            };
            let bad = if of == kind { conf.check(name) } else { Vec::new() };
            if !bad.is_empty() {
                out.extend(bad);
                return out;
            }
        }
    }
    out.extend(limits(conf, program));
    out
}

/// Limits that must not contradict each other.
fn limits(conf: &Config, program: &str) -> Vec<Fault> {
    let message = conf.int(param!("message_size_limit"));
    let mailbox = |name: &'static str| {
        let limit = conf.int(name);
        (limit > 0 && (message == 0 || message > limit))
            .then_some(Fault::Fatal(Fatal::MailboxLimit { mailbox: name, message: "message_size_limit" }))
    };
    match program {
        "local" => local_faults(conf).or_else(|| mailbox("mailbox_size_limit")).into_iter().collect(),
        "cleanup" => bad_words(conf, "propagate_unmatched_extensions", &EXTENSIONS).into_iter().collect(),
        "smtp" | "lmtp" => super::smtp::faults(conf, program),
        "bounce" => {
            let names = ["bounce_notice_recipient", "2bounce_notice_recipient", "delay_notice_recipient"];
            let empty = names.into_iter().find(|n| conf.is_empty(*n));
            empty.map(|name| Fault::Fatal(Fatal::EmptyString { name })).into_iter().collect()
        }
        "virtual" if conf.is_empty(param!("virtual_mailbox_base")) => {
            vec![Fault::Fatal(Fatal::EmptyString { name: "virtual_mailbox_base" })]
        }
        "virtual" => bad_lock(conf, "virtual_mailbox_lock").or(mailbox("virtual_mailbox_limit")).into_iter().collect(),
        "smtpd" => {
            let minfree = conf.int(param!("queue_minfree"));
            if minfree > 0 && message > 0 && (minfree as f64) / 1.5 < message as f64 {
                vec![Fault::Warning(Warning::QueueMinfree { minfree, limit: message })]
            } else {
                Vec::new()
            }
        }
        _ => Vec::new(),
    }
}

/// Where an unmatched extension may go on to.
const EXTENSIONS: [&str; 6] = ["canonical", "virtual", "alias", "forward", "include", "generic"];

/// What local(8) ends over: values that must not be empty, and words that it does not know.
fn local_faults(conf: &Config) -> Option<Fault> {
    let needed = ["command_expansion_filter", "forward_expansion_filter", "mailbox_delivery_lock"];
    let empty = needed.into_iter().find(|n| conf.is_empty(*n));
    let lists = ["alias", "forward", "include"];
    empty
        .map(|name| Fault::Fatal(Fatal::EmptyString { name }))
        .or_else(|| bad_words(conf, "allow_mail_to_files", &lists))
        .or_else(|| bad_words(conf, "allow_mail_to_commands", &lists))
        .or_else(|| bad_words(conf, "propagate_unmatched_extensions", &EXTENSIONS))
        .or_else(|| bad_words(conf, "prepend_delivered_header", &["command", "file", "forward"]))
        .or_else(|| bad_lock(conf, "mailbox_delivery_lock"))
}

/// `name_mask()`.
fn bad_words(conf: &Config, name: &str, known: &[&str]) -> Option<Fault> {
    let word = unknown_word(conf, name, known)?;
    Some(Fault::Fatal(Fatal::UnknownWord { name: name.to_owned(), word, value: conf.get(name) }))
}

/// `mbox_lock_mask()`: the program names the parameter wrongly for virtual(8).
fn bad_lock(conf: &Config, name: &str) -> Option<Fault> {
    let word = unknown_word(conf, name, &["flock", "fcntl", "dotlock"])?;
    Some(Fault::Fatal(Fatal::BadLock { word, value: conf.get(name) }))
}

/// The levels of TLS that Postfix knows; empty leaves the choice to the older parameters.
pub const TLS_LEVELS: [&str; 9] =
    ["", "none", "may", "encrypt", "fingerprint", "dane", "dane-only", "verify", "secure"];

/// A word of `notify_classes` that is none: it ends who first looks at the parameter.
pub fn unknown_class(conf: &Config) -> Option<Fault> {
    const KNOWN: [&str; 8] = ["bounce", "2bounce", "data", "delay", "policy", "protocol", "resource", "software"];
    let name = "notify_classes";
    let word = unknown_word(conf, name, &KNOWN)?;
    Some(Fault::Fatal(Fatal::UnknownWord { name: name.to_owned(), word, value: conf.get(name) }))
}

/// What a program's process takes, in KiB: virtual and resident.
pub fn memory(program: &str) -> (u64, u64) {
    match program {
        "smtpd" => (49_460, 13_688),
        "tlsmgr" => (48_840, 12_460),
        "smtp" | "lmtp" => (48_120, 12_360),
        "qmgr" => (43_116, 7_364),
        "pickup" => (43_072, 6_964),
        "proxymap" => (43_252, 7_276),
        "cleanup" => (43_168, 7_332),
        "trivial-rewrite" => (43_084, 7_240),
        "local" => (42_744, 8_124),
        _ => (43_072, 7_240),
    }
}

/// The words of a parameter that are in a fixed set of names; anything else is the fault.
pub fn unknown_word(conf: &Config, name: &str, known: &[&str]) -> Option<String> {
    words(&conf.get(name)).find(|w| !known.contains(w)).map(str::to_owned)
}
