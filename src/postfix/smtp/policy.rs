//! Which TLS a destination gets (`smtp_tls_policy.c`): `smtp_tls_policy_maps` first, then the parameters.

use super::Client;
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;
use crate::log::tls_policy::{BadPolicy, TlsPolicy as Say};
use crate::postfix::agent;
use crate::postfix::{Ctx, startup};

/// `smtp_tls_security_level`, and what a policy table makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    None,
    May,
    Encrypt,
    Dane,
    DaneOnly,
    Fingerprint,
    Verify,
    Secure,
}

const LEVELS: [(&str, Level); 8] = [
    ("none", Level::None),
    ("may", Level::May),
    ("encrypt", Level::Encrypt),
    ("dane", Level::Dane),
    ("dane-only", Level::DaneOnly),
    ("fingerprint", Level::Fingerprint),
    ("verify", Level::Verify),
    ("secure", Level::Secure),
];

impl Level {
    pub fn parse(word: &str) -> Option<Level> {
        LEVELS.iter().find(|(n, _)| n.eq_ignore_ascii_case(word)).map(|(_, l)| *l)
    }
    fn word(self) -> &'static str {
        LEVELS.iter().find(|(_, l)| *l == self).map_or("", |(n, _)| n)
    }
}

/// A destination's policy.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub level: Level,
    /// Names or fingerprints that the certificate must have.
    pub matches: Vec<String>,
    /// The protocols that may be used, if the table says so.
    pub protocols: Option<String>,
    /// The grade of ciphers, likewise.
    pub ciphers: Option<String>,
}

/// Why there is no policy: the reason that recipients wait for.
pub(super) const PROBLEM: &str = "client TLS configuration problem";

/// `dnssec_probe`: a process says once that no answer is validated. Here none ever is.
pub(super) fn probe(ctx: &mut Ctx<'_>, c: &mut Client<'_>) {
    let wanted = c.param("dns_support_level") == "dnssec" || c.p.conf.get("smtp_tls_dane_insecure_mx_policy") == "dane";
    let probe = c.p.conf.get("dnssec_probe");
    if wanted && !probe.is_empty() && agent::first_time(ctx, c.p, "dnssec") {
        if !probe.contains(':') {
            c.out.crash = Some(Delivery::ServerFatal(AgentFatal::DnssecProbe(probe)).into());
            return;
        }
        c.log(Say::NoValidation);
        c.log(Say::Probe { probe });
    }
}

/// The policy for a destination. `Err`: there is none, and the log says why.
pub(super) fn find(ctx: &mut Ctx<'_>, c: &mut Client<'_>, dest: &str) -> Result<Policy, &'static str> {
    let mut policy = match table(ctx, c, dest) {
        Ok(Some(p)) => p,
        Ok(None) => Policy { level: global(c), matches: Vec::new(), protocols: None, ciphers: None },
        Err(what) => {
            fault(c, dest, what);
            return Err(PROBLEM);
        }
    };
    match policy.level {
        Level::Dane | Level::DaneOnly => {
            let only = policy.level == Level::DaneOnly;
            let dns = c.p.conf.list(&c.name("host_lookup")).iter().any(|w| w.eq_ignore_ascii_case("dns"));
            let asked = dns && c.param("dns_support_level") == "dnssec";
            if !asked {
                c.log(Say::NoDnssec { domain: dest.to_owned(), level: policy.level.word() });
            }
            if only {
                return Err(if asked { "non DNSSEC destination" } else { PROBLEM });
            }
            policy.level = Level::May;
        }
        Level::Fingerprint => {
            if policy.matches.is_empty() {
                policy.matches = c.p.conf.list(&c.name("tls_fingerprint_cert_match")).to_vec();
            }
            if policy.matches.is_empty() {
                c.log(Say::NoFingerprints { domain: dest.to_owned() });
                return Err(PROBLEM);
            }
        }
        Level::Verify if policy.matches.is_empty() => {
            policy.matches = colons(&c.param("tls_verify_cert_match"));
        }
        Level::Secure if policy.matches.is_empty() => {
            policy.matches = colons(&c.param("tls_secure_cert_match"));
        }
        _ => {}
    }
    Ok(policy)
}

fn colons(list: &str) -> Vec<String> {
    list.split([':', ',', ' ']).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// The level of the parameters.
pub(super) fn global(c: &Client<'_>) -> Level {
    if let Some(l) = Level::parse(&c.param("tls_security_level")) {
        return l;
    }
    if c.flag("enforce_tls") {
        return if c.flag("tls_enforce_peername") { Level::Verify } else { Level::Encrypt };
    }
    if c.flag("use_tls") { Level::May } else { Level::None }
}

fn fault(c: &mut Client<'_>, dest: &str, what: BadPolicy) {
    let map = c.name("tls_policy_maps");
    c.log(Say::Table { map, dest: dest.to_owned(), what });
}

/// The table's word: the destination itself, then the domains that it lies in, when it is a plain name.
fn table(ctx: &mut Ctx<'_>, c: &mut Client<'_>, dest: &str) -> Result<Option<Policy>, BadPolicy> {
    let param = c.name("tls_policy_maps");
    if c.p.conf.is_empty(&param) {
        return Ok(None);
    }
    let mut key = dest.to_owned();
    loop {
        match agent::lookup(ctx, c.p, &param, &key) {
            Err(_) => return Err(BadPolicy::Lookup),
            Ok(Some(v)) => return entry(c, dest, &v).map(Some),
            Ok(None) => {}
        }
        let plain = startup::hostname_fault(dest).is_none();
        match key.get(1..).and_then(|k| k.find('.')).filter(|_| plain) {
            Some(dot) => key.drain(..=dot).for_each(drop),
            None => return Ok(None),
        }
    }
}

fn entry(c: &mut Client<'_>, dest: &str, value: &str) -> Result<Policy, BadPolicy> {
    let mut words = value.split([',', ' ', '\t', '\n']).filter(|w| !w.is_empty());
    let first = words.next().unwrap_or("");
    let Some(level) = Level::parse(first) else { return Err(BadPolicy::Level(first.to_owned())) };
    let mut out = Policy { level, matches: Vec::new(), protocols: None, ciphers: None };
    for word in words {
        if level == Level::None {
            fault(c, dest, BadPolicy::Ignored(word.to_owned()));
            continue;
        }
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        if value.is_empty() {
            return Err(BadPolicy::Empty(name.to_owned()));
        }
        match name.to_ascii_lowercase().as_str() {
            "match" => match level {
                Level::Fingerprint => out.matches.extend(value.split('|').map(str::to_owned)),
                Level::Verify | Level::Secure => out.matches.extend(colons(value)),
                _ => return Err(BadPolicy::NotAt(name.to_owned(), level.word())),
            },
            "protocols" => out.protocols = Some(value.to_owned()),
            "ciphers" => out.ciphers = Some(value.to_owned()),
            "exclude" | "tafile" | "servername" | "connection_reuse" => {}
            _ => return Err(BadPolicy::Name(name.to_owned())),
        }
    }
    Ok(out)
}
