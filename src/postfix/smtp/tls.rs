//! The TLS half of a session: policy, STARTTLS, trust.

use super::Client;
use super::session::{Session, hello, site_fail};
use crate::host::net::TlsPeer;
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::agent;

/// `smtp_tls_security_level`, and what a policy table makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    None,
    May,
    Encrypt,
    Fingerprint,
    Verify,
    Secure,
}

fn level(word: &str) -> Option<Level> {
    Some(match word {
        "none" => Level::None,
        "may" | "dane" => Level::May,
        "encrypt" | "dane-only" => Level::Encrypt,
        "fingerprint" => Level::Fingerprint,
        "verify" => Level::Verify,
        "secure" => Level::Secure,
        _ => return None,
    })
}

/// The policy for a destination: the table first, then the parameters.
pub(super) fn policy(ctx: &mut Ctx<'_>, c: &Client<'_>, s: &Session<'_>) -> (Level, Vec<String>) {
    let table = c.name("tls_policy_maps");
    for key in [c.r.nexthop.clone(), s.host.domain.clone()] {
        if let Ok(Some(v)) = agent::lookup(ctx, c.p, &table, &key) {
            let mut w = v.split_whitespace();
            if let Some(l) = w.next().and_then(level) {
                let names = w.filter_map(|a| a.strip_prefix("match=")).flat_map(|m| m.split(':')).map(str::to_owned);
                return (l, names.collect());
            }
        }
    }
    if let Some(l) = level(&c.param("tls_security_level")) {
        return (l, Vec::new());
    }
    if c.flag("enforce_tls") {
        return (if c.flag("tls_enforce_peername") { Level::Verify } else { Level::Encrypt }, Vec::new());
    }
    (if c.flag("use_tls") { Level::May } else { Level::None }, Vec::new())
}

/// STARTTLS if the policy and the server agree. False: the session is over.
pub(super) fn negotiate(ctx: &mut Ctx<'_>, c: &mut Client<'_>, s: &mut Session<'_>, plain_again: &mut bool) -> bool {
    let (level, _) = policy(ctx, c, s);
    if level == Level::None {
        return true;
    }
    if !s.features.starttls {
        if level >= Level::Encrypt {
            let text = format!("TLS is required, but was not offered by host {}", s.host.shown);
            site_fail(c, s, "4.7.4", text, None);
            return false;
        }
        return true;
    }
    let limit = c.seconds("starttls_timeout");
    match s.chat.ask(ctx.host, "STARTTLS", limit) {
        Ok(r) if r.class() == 2 => {}
        Ok(r) => {
            if level >= Level::Encrypt {
                let text = format!("TLS is required, but host {} refused to start TLS: {}", s.host.shown, r.text);
                site_fail(c, s, "4.7.4", text, Some(&r));
                return false;
            }
            return true;
        }
        Err(_) => {
            let text = format!("lost connection with {} while performing the STARTTLS handshake", s.host.shown);
            site_fail(c, s, "4.4.2", text, None);
            return false;
        }
    }
    start(ctx, c, s, plain_again) && hello(ctx, c, s)
}

/// The handshake and what it says of the peer.
pub(super) fn start(ctx: &mut Ctx<'_>, c: &mut Client<'_>, s: &mut Session<'_>, plain_again: &mut bool) -> bool {
    let (level, names) = policy(ctx, c, s);
    let peer = match s.chat.peer.tls(ctx.host) {
        Ok(p) => p,
        Err(reason) => {
            c.t = s.chat.t;
            c.log(Delivery::TlsHandshake { peer: s.host.relay.clone(), reason });
            if level == Level::May {
                *plain_again = true;
            } else {
                site_fail(c, s, "4.7.5", "Cannot start TLS: handshake failure".into(), None);
            }
            return false;
        }
    };
    s.chat.forget();
    s.in_tls = true;
    let key = format!("{}/{}", c.r.qid, s.host.relay);
    s.chat.t = s.chat.t + ctx.host.jitter("smtp.tls", &key, 1_500, 8_000);
    c.t = s.chat.t;
    let (trust, fault) = verdict(ctx, c, s, &peer, level, &names);
    let loud = c.p.conf.int(&c.name("tls_loglevel")) >= 1;
    if loud {
        if level >= Level::Verify
            && let Some(reason) = fault.clone().filter(|f| !f.starts_with("name"))
        {
            c.log(Delivery::CertFailed { peer: s.host.relay.clone(), reason });
        }
        c.log(Delivery::TlsEstablished {
            trust,
            peer: s.host.relay.clone(),
            protocol: peer.protocol.clone(),
            cipher: peer.cipher.clone(),
        });
    }
    if level >= Level::Fingerprint && trust != "Verified" {
        site_fail(c, s, "4.7.5", "Server certificate not verified".into(), None);
        return false;
    }
    true
}

/// The trust word of the log, and what is wrong with the certificate.
fn verdict(
    ctx: &Ctx<'_>,
    c: &Client<'_>,
    s: &Session<'_>,
    peer: &TlsPeer,
    level: Level,
    names: &[String],
) -> (&'static str, Option<String>) {
    if peer.chain.is_empty() {
        return ("Anonymous", None);
    }
    let file = c.param("tls_CAfile");
    let path = c.param("tls_CApath");
    match super::super::tls_trust::check(ctx.host, &peer.chain, &file, &path) {
        Err(reason) => ("Untrusted", Some(reason)),
        Ok(cert_names) => {
            let wanted: Vec<String> = if !names.is_empty() {
                names.to_vec()
            } else if level == Level::Secure {
                c.p.conf.list(&c.name("tls_secure_cert_match"))
            } else {
                c.p.conf.list(&c.name("tls_verify_cert_match"))
            };
            let ok = wanted.iter().any(|w| {
                let (name, below) = match w.as_str() {
                    "hostname" => (s.host.name.clone(), false),
                    "nexthop" => (s.host.domain.clone(), false),
                    "dot-nexthop" => (s.host.domain.clone(), true),
                    w => (w.trim_start_matches('.').to_owned(), w.starts_with('.')),
                };
                cert_names.iter().any(|n| matches(n, &name, below))
            });
            if ok && level >= Level::Verify { ("Verified", None) } else { ("Trusted", Some("name".into())) }
        }
    }
}

/// Whether a certificate's name (with a `*.` perhaps) is this name, or one below it.
fn matches(cert: &str, name: &str, below: bool) -> bool {
    let (cert, name) = (cert.to_ascii_lowercase(), name.to_ascii_lowercase());
    if below {
        return cert.ends_with(&format!(".{name}"));
    }
    match cert.strip_prefix("*.") {
        Some(rest) => name.split_once('.').is_some_and(|(_, d)| d == rest),
        None => cert == name,
    }
}
