//! What smtp(8) and lmtp(8) refuse to start with.

use crate::log::config::{Config as Fault, Fatal, Warning};
use crate::postfix::config::Config;
use crate::postfix::startup::{TLS_LEVELS, unknown_word};

/// What ends smtp(8) when it starts: a name that must not be empty, a level or a login that cannot be.
pub fn faults(conf: &Config, program: &str) -> Vec<Fault> {
    let needed = match program {
        "lmtp" => ["lmtp_lhlo_name", "lmtp_sasl_type", "lmtp_host_lookup"],
        _ => ["smtp_helo_name", "smtp_sasl_type", "smtp_host_lookup"],
    };
    if let Some(name) = needed.into_iter().find(|n| conf.is_empty(*n)) {
        return vec![Fault::Fatal(Fatal::EmptyString { name })];
    }
    let level = conf.get(&format!("{program}_tls_security_level"));
    if !TLS_LEVELS.iter().any(|l| l.eq_ignore_ascii_case(&level)) {
        return vec![Fault::Fatal(Fatal::TlsLevel { level })];
    }
    let words: [(&str, &[&str]); 2] = [
        ("tls_dane_insecure_mx_policy", &["may", "encrypt", "dane"]),
        ("dns_support_level", &["", "enabled", "disabled", "dnssec"]),
    ];
    for (suffix, known) in words {
        let name = format!("{program}_{suffix}");
        let word = conf.get(&name);
        if program == "smtp" && !known.contains(&word.as_str()) {
            return vec![Fault::Fatal(Fatal::InvalidWord { name, word })];
        }
    }
    let name = format!("{program}_host_lookup");
    if let Some(word) = unknown_word(conf, &name, &["dns", "native"]) {
        let value = conf.get(&name);
        return vec![Fault::Fatal(Fatal::UnknownWord { name, word, value })];
    }
    if conf.bool(&format!("{program}_sasl_auth_enable")) {
        let name = format!("{program}_sasl_password_maps");
        if conf.is_empty(&name) {
            return vec![Fault::Fatal(Fatal::NoPasswordTable { name })];
        }
        let kind = conf.get(&format!("{program}_sasl_type"));
        if kind != "cyrus" {
            return vec![Fault::Warning(Warning::SaslClient { kind }), Fault::Fatal(Fatal::SaslInit)];
        }
    }
    Vec::new()
}
