//! Login to a relay host (`smtp_sasl_glue.c`): PLAIN and LOGIN.

use super::Client;
use super::chat::Reply;
use super::session::{Session, site_fail};
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;
use crate::log::tls_policy::TlsPolicy;
use crate::postfix::Ctx;
use crate::postfix::agent;
use crate::postfix::config::words;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What Debian's libsasl2 can do, the strongest first, and which of `smtp_sasl_security_options` each satisfies. Only PLAIN
/// and LOGIN are played to their end.
const MECHANISMS: [(&str, &[&str]); 5] = [
    ("DIGEST-MD5", &["noplaintext", "noanonymous", "mutual_auth"]),
    ("CRAM-MD5", &["noplaintext", "noanonymous"]),
    ("NTLM", &["noplaintext", "noanonymous"]),
    ("PLAIN", &["noanonymous"]),
    ("LOGIN", &["noanonymous"]),
];

/// What there may be in them (`xsasl_cyrus_security.c`).
const OPTIONS: [&str; 6] = ["noplaintext", "noactive", "nodictionary", "noanonymous", "forward_secrecy", "mutual_auth"];

/// Logs in when `smtp_sasl_auth_enable` and a password say so. False: the session is over.
pub(super) fn login(ctx: &mut Ctx<'_>, c: &mut Client<'_>, s: &mut Session<'_>) -> bool {
    if !c.flag("sasl_auth_enable") || s.features.auth.is_empty() {
        return true;
    }
    let table = c.name("sasl_password_maps");
    let mut keys = Vec::new();
    if c.p.conf.bool("smtp_sender_dependent_authentication") && !c.r.sender.is_empty() {
        keys.push(c.r.sender.clone());
    }
    keys.extend([s.host.name.clone(), c.r.nexthop.clone(), s.host.domain.clone()]);
    let mut found = None;
    for k in &keys {
        match agent::lookup(ctx, c.p, &table, k) {
            Ok(hit) => found = hit,
            Err(_) => {
                c.t = s.chat.t;
                c.log(Delivery::TableError { qid: c.r.qid.clone(), table });
                site_fail(c, s, "4.3.0", format!("local data error while talking to {}", s.host.shown), None);
                return false;
            }
        }
        if found.is_some() {
            break;
        }
    }
    let Some(secret) = found else { return true };
    let (user, password) = secret.split_once(':').unwrap_or((secret.as_str(), ""));
    let value = c.param(if s.in_tls { "sasl_tls_security_options" } else { "sasl_security_options" });
    let options: Vec<&str> = words(&value).collect();
    if let Some(word) = options.iter().find(|o| !OPTIONS.contains(o)) {
        c.log(TlsPolicy::SaslOption { word: (*word).to_owned(), value: value.clone() });
        c.log(TlsPolicy::SaslProperties);
        c.out.crash = Some(Delivery::ServerFatal(AgentFatal::SaslSession).into());
        return false;
    }
    let Some(list) = offered(ctx, c, s) else { return false };
    if list.is_empty() {
        let offered = s.features.auth.join(" ");
        c.t = s.chat.t;
        c.log(Delivery::NoMechanisms { relay: s.host.relay.clone(), offered });
        let text = format!(
            "SASL authentication failed: server {} offered no compatible authentication mechanisms for this type of \
             connection security",
            s.host.shown
        );
        site_fail(c, s, "4.7.0", text, None);
        return false;
    }
    // The strongest first, as libsasl2 picks among its plug-ins.
    let mechanism = MECHANISMS
        .into_iter()
        .find(|(m, can)| list.iter().any(|x| x == m) && options.iter().all(|o| can.contains(o)))
        .map(|(m, _)| m);
    if mechanism.is_some() && user.trim().is_empty() {
        c.t = s.chat.t;
        c.log(Delivery::BlankUser);
        let text =
            format!("SASL authentication failed; cannot authenticate to server {}: generic failure", s.host.shown);
        site_fail(c, s, "4.7.0", text, None);
        return false;
    }
    let Some(mechanism) = mechanism else {
        c.t = s.chat.t;
        c.log(Delivery::NoWorthyMechanisms);
        let text = format!(
            "SASL authentication failed; cannot authenticate to server {}: no mechanism available",
            s.host.shown
        );
        site_fail(c, s, "4.7.0", text, None);
        return false;
    };
    let limit = c.seconds("mail_timeout");
    let answer = if mechanism == "PLAIN" {
        let code = STANDARD.encode(format!("\0{user}\0{password}"));
        s.chat.ask(ctx.host, &format!("AUTH PLAIN {code}"), limit)
    } else if mechanism != "LOGIN" {
        s.chat.ask(ctx.host, &format!("AUTH {mechanism}"), limit)
    } else {
        let mut r = s.chat.ask(ctx.host, "AUTH LOGIN", limit);
        for word in [user, password] {
            if r.as_ref().is_ok_and(|r| r.code == 334) {
                r = s.chat.ask(ctx.host, &STANDARD.encode(word), limit);
            }
        }
        r
    };
    let r: Reply = match answer {
        Ok(r) => r,
        Err(_) => {
            let text = format!("lost connection with {} while performing SASL authentication", s.host.shown);
            site_fail(c, s, "4.4.2", text, None);
            return false;
        }
    };
    if r.class() == 2 {
        s.authenticated = true;
        return true;
    }
    let soft = c.p.conf.bool("smtp_sasl_auth_soft_bounce");
    let mut dsn = r.dsn.clone();
    if soft {
        dsn.replace_range(..1, "4");
    }
    let text = format!("SASL authentication failed; server {} said: {}", s.host.shown, r.text);
    site_fail(c, s, &dsn, text, Some(&r));
    false
}

/// What the server offers and `smtp_sasl_mechanism_filter` lets pass. `None`: a table of the filter ended the process.
fn offered(ctx: &mut Ctx<'_>, c: &mut Client<'_>, s: &Session<'_>) -> Option<Vec<String>> {
    let filter = c.name("sasl_mechanism_filter");
    let all = s.features.auth.clone();
    if c.p.conf.is_empty(&filter) {
        return Some(all);
    }
    let mut out = Vec::new();
    for mechanism in all {
        match agent::in_list(ctx, c.p, &filter, &mechanism) {
            Ok(true) => out.push(mechanism),
            Ok(false) => {}
            Err(table) => {
                let why = AgentFatal::ListProblem { list: filter, table };
                c.out.crash = Some(Delivery::ServerFatal(why).into());
                return None;
            }
        }
    }
    Some(out)
}
