//! STARTTLS by a destination's policy, and what the peer's certificate is worth (`smtp_proto.c`, `tls_client.c`).

use super::Client;
use super::engine;
use super::policy::{Level, Policy};
use super::session::{Session, hello, site_fail};
use crate::base::Span;
use crate::host::net::TlsPeer;
use crate::log::delivery::Delivery;
use crate::log::openssl::Openssl;
use crate::log::tls_policy::TlsPolicy;
use crate::postfix::Ctx;

/// STARTTLS if the policy and the server agree. False: the session is over.
pub(super) fn negotiate(
    ctx: &mut Ctx<'_>,
    c: &mut Client<'_>,
    s: &mut Session<'_>,
    policy: &Policy,
    plain_again: &mut bool,
) -> bool {
    let level = policy.level;
    if level == Level::None {
        if s.features.starttls && c.flag("tls_note_starttls_offer") {
            c.t = s.chat.t;
            c.log(TlsPolicy::Offered { host: s.host.name.clone() });
        }
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
    if !engine::works(ctx, c) {
        if level >= Level::Encrypt {
            site_fail(c, s, "4.7.5", "TLS is required, but our TLS engine is unavailable".into(), None);
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
                site_fail(c, s, &r.dsn.clone(), text, Some(&r));
                return false;
            }
            return true;
        }
        Err(b) => {
            super::session::broken(c, s, b, "receiving the STARTTLS response");
            return false;
        }
    }
    start(ctx, c, s, policy, plain_again) && hello(ctx, c, s, false)
}

/// What `smtp_tls_ciphers` may be.
const GRADES: [&str; 5] = ["export", "low", "medium", "high", "null"];

/// The newest protocol that a list leaves (`tls_proto_mask_lims()`), of those that OpenSSL still speaks. `Err`: it is none.
fn newest(list: &str) -> Result<Option<&'static str>, ()> {
    const NAMES: [&str; 6] = ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
    let find = |name: &str| NAMES.iter().position(|n| n.eq_ignore_ascii_case(name)).ok_or(());
    let (mut included, mut excluded, mut low, mut high) = (Vec::new(), Vec::new(), 0, NAMES.len());
    for word in list.split([',', ':', ' ', '\t']).filter(|w| !w.is_empty()) {
        if let Some(name) = word.strip_prefix(">=") {
            low = find(name)?;
        } else if let Some(name) = word.strip_prefix("<=") {
            high = find(name)? + 1;
        } else if let Some(name) = word.strip_prefix('!') {
            excluded.push(find(name)?);
        } else {
            included.push(find(word)?);
        }
    }
    let left =
        (low.max(4)..high).rev().find(|n| !excluded.contains(n) && (included.is_empty() || included.contains(n)));
    Ok(left.map(|n| NAMES[n]))
}

/// The handshake and what it says of the peer.
pub(super) fn start(
    ctx: &mut Ctx<'_>,
    c: &mut Client<'_>,
    s: &mut Session<'_>,
    policy: &Policy,
    plain_again: &mut bool,
) -> bool {
    let level = policy.level;
    let grade = match &policy.ciphers {
        Some(g) => g.clone(),
        None => c.param(if level >= Level::Encrypt { "tls_mandatory_ciphers" } else { "tls_ciphers" }),
    };
    if !GRADES.iter().any(|g| g.eq_ignore_ascii_case(&grade)) {
        c.t = s.chat.t;
        c.log(TlsPolicy::CipherGrade { peer: s.host.relay.clone(), grade });
        site_fail(c, s, "4.7.5", "Cannot start TLS: handshake failure".into(), None);
        return false;
    }
    let list = match &policy.protocols {
        Some(p) => p.clone(),
        None => c.param(if level >= Level::Encrypt { "tls_mandatory_protocols" } else { "tls_protocols" }),
    };
    let newest = newest(&list);
    if !matches!(newest, Ok(Some(_))) {
        c.t = s.chat.t;
        let peer = s.host.relay.clone();
        if newest.is_err() {
            c.log(TlsPolicy::Protocols { peer, list });
        } else {
            c.log(Delivery::TlsHandshake { peer, reason: "-1".into() });
            for warning in Openssl::NoProtocol.warnings() {
                c.log(warning);
            }
        }
        site_fail(c, s, "4.7.5", "Cannot start TLS: handshake failure".into(), None);
        return false;
    }
    let mut peer = match s.chat.peer.tls(ctx.host) {
        Ok(p) => p,
        Err(reason) => {
            c.t = s.chat.t;
            c.log(Delivery::TlsHandshake { peer: s.host.relay.clone(), reason });
            // A message that has waited goes in the clear.
            let waited = c.r.active - c.r.envelope.arrival;
            if level == Level::May && waited >= Span::secs(c.p.conf.time("minimal_backoff_time")) {
                *plain_again = true;
            } else {
                site_fail(c, s, "4.7.5", "Cannot start TLS: handshake failure".into(), None);
            }
            return false;
        }
    };
    if newest == Ok(Some("TLSv1.2")) {
        "TLSv1.2".clone_into(&mut peer.protocol);
        "ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)".clone_into(&mut peer.cipher);
    }
    s.chat.forget();
    s.in_tls = true;
    let key = format!("{}/{}", c.r.qid, s.host.relay);
    s.chat.t = s.chat.t + ctx.host.jitter("smtp.tls", &key, 1_500, 8_000);
    c.t = s.chat.t;
    let trust = verdict(ctx, c, s, &peer, policy);
    if c.p.conf.int(&c.name("tls_loglevel")) >= 1 {
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

/// The trust word of the log; what is wrong with the certificate is logged where it had to be good.
fn verdict(ctx: &Ctx<'_>, c: &mut Client<'_>, s: &Session<'_>, peer: &TlsPeer, policy: &Policy) -> &'static str {
    if peer.chain.is_empty() {
        return "Anonymous";
    }
    let relay = s.host.relay.clone();
    if policy.level == Level::Fingerprint {
        let prints: Vec<String> = policy.matches.iter().map(|m| m.replace(':', "").to_ascii_uppercase()).collect();
        let unusable: Vec<&String> = prints.iter().filter(|p| p.len() != 64).collect();
        for p in &unusable {
            for selector in [1, 0] {
                c.log(TlsPolicy::Unusable { peer: relay.clone(), selector, data: (*p).clone() });
            }
        }
        if unusable.len() == prints.len() {
            c.log(TlsPolicy::NoneUsable { peer: relay.clone() });
        }
        let num = "num=1:unspecified certificate verification error".to_owned();
        c.log(TlsPolicy::ServerCert { peer: relay, reason: num });
        return "Untrusted";
    }
    let file = c.param("tls_CAfile");
    let path = c.param("tls_CApath");
    let (names, chain) = super::super::tls_trust::check(ctx.host, &peer.chain, &file, &path);
    let must = policy.level >= Level::Verify;
    let named = policy.matches.iter().any(|w| {
        let (name, below) = match w.as_str() {
            "hostname" => (s.host.name.clone(), false),
            "nexthop" => (s.host.domain.clone(), false),
            "dot-nexthop" => (s.host.domain.clone(), true),
            w => (w.trim_start_matches('.').to_owned(), w.starts_with('.')),
        };
        names.iter().any(|n| matches(n, &name, below))
    });
    match (must, named, chain) {
        (true, false, _) => {
            c.log(TlsPolicy::ServerCert { peer: relay, reason: "num=62:hostname mismatch".into() });
            "Untrusted"
        }
        (true, true, Err(reason)) => {
            c.log(Delivery::CertFailed { peer: relay, reason });
            "Untrusted"
        }
        (true, true, Ok(())) => "Verified",
        (false, _, Ok(())) => "Trusted",
        (false, _, Err(_)) => "Untrusted",
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
