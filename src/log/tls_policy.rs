//! What smtp(8) says of the TLS and the DNSSEC that a destination is to have, and of logging in to it.

use super::delivery::Delivery;
use std::fmt;

/// What smtp(8) says of the TLS that a destination is to have.
#[derive(Clone, Debug, PartialEq)]
pub enum TlsPolicy {
    /// A bad entry of a policy table, or one that cannot be looked up.
    Table {
        map: String,
        dest: String,
        what: BadPolicy,
    },
    /// `dane` without DNSSEC.
    NoDnssec {
        domain: String,
        level: &'static str,
    },
    NoFingerprints {
        domain: String,
    },
    /// There is no usable policy for a destination's host.
    Lookup {
        dest: String,
        host: String,
        reason: &'static str,
    },
    /// `smtp_tls_wrappermode` where TLS is not mandatory.
    Wrapper {
        param: String,
    },
    /// `smtp_tls_note_starttls_offer`.
    Offered {
        host: String,
    },
    /// A fingerprint of the wrong length.
    Unusable {
        peer: String,
        selector: u8,
        data: String,
    },
    NoneUsable {
        peer: String,
    },
    /// The certificate has the wrong name, or the wrong fingerprint.
    ServerCert {
        peer: String,
        reason: String,
    },
    /// `smtp_tls_ciphers` or its kin names no grade.
    CipherGrade {
        peer: String,
        grade: String,
    },
    /// `smtp_tls_protocols` or its kin names none.
    Protocols {
        peer: String,
        list: String,
    },
    /// What `dnssec_probe` asks for is not validated: two lines.
    NoValidation,
    Probe {
        probe: String,
    },
    /// `smtp_sasl_security_options` has a word that is none.
    SaslOption {
        word: String,
        value: String,
    },
    SaslProperties,
}

/// What is wrong with an entry of a policy table (`tls_policy_lookup_one()`).
#[derive(Clone, Debug, PartialEq)]
pub enum BadPolicy {
    Lookup,
    Level(String),
    /// An attribute beside `none`.
    Ignored(String),
    Empty(String),
    /// `match` at a level that looks at no certificate.
    NotAt(String, &'static str),
    Name(String),
}

impl fmt::Display for BadPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadPolicy::Lookup => f.write_str("policy table lookup error"),
            BadPolicy::Level(l) => write!(f, "invalid security level \"{l}\""),
            BadPolicy::Ignored(a) => write!(f, "ignoring attribute \"{a}\" with TLS disabled"),
            BadPolicy::Empty(a) => write!(f, "attribute \"{a}\" has empty value"),
            BadPolicy::NotAt(a, level) => write!(f, "attribute \"{a}\" invalid at security level \"{level}\""),
            BadPolicy::Name(a) => write!(f, "invalid attribute name: \"{a}\""),
        }
    }
}

impl TlsPolicy {
    pub(super) fn is_warning(&self) -> bool {
        !matches!(self, TlsPolicy::Offered { .. } | TlsPolicy::ServerCert { .. })
    }
    pub(super) fn text(&self) -> String {
        let text = match self {
            TlsPolicy::Table { map, dest, what } => format!("{map}, next-hop destination \"{dest}\": {what}"),
            TlsPolicy::NoDnssec { domain, level } => {
                format!("{domain}: {level} configured with dnssec lookups disabled")
            }
            TlsPolicy::NoFingerprints { domain } => format!(
                "nexthop domain {domain}: configured at fingerprint security level, but with no fingerprints to match."
            ),
            TlsPolicy::Lookup { dest, host, reason } => format!("TLS policy lookup for {dest}/{host}: {reason}"),
            TlsPolicy::Wrapper { param } => {
                let level = param.replace("wrappermode", "security_level");
                format!("{param} requires \"{level} = encrypt\" (or stronger)")
            }
            TlsPolicy::Offered { host } => format!("Host offered STARTTLS: [{host}]"),
            TlsPolicy::Unusable { peer, selector, data } => {
                format!("{peer}: unusable TLSA RR: 3 {selector} 255 {data}")
            }
            TlsPolicy::NoneUsable { peer } => format!("{peer}: all fingerprints unusable"),
            TlsPolicy::ServerCert { peer, reason } => {
                format!("server certificate verification failed for {peer}: {reason}")
            }
            TlsPolicy::CipherGrade { peer, grade } => format!("{peer}: invalid cipher grade: \"{grade}\""),
            TlsPolicy::Protocols { peer, list } => {
                format!("{peer}: Invalid TLS protocol list \"{list}\": aborting TLS session")
            }
            TlsPolicy::NoValidation => "DNSSEC validation may be unavailable".into(),
            TlsPolicy::Probe { probe } => {
                format!("reason: dnssec_probe '{probe}' received a response that is not DNSSEC validated")
            }
            TlsPolicy::SaslOption { word, value } => {
                format!("unknown SASL security options value \"{word}\" in \"{value}\"")
            }
            TlsPolicy::SaslProperties => "bad per-session SASL security properties".into(),
        };
        if self.is_warning() { format!("warning: {text}") } else { text }
    }
}

impl From<TlsPolicy> for super::Event {
    fn from(t: TlsPolicy) -> super::Event {
        Delivery::Policy(t).into()
    }
}
