//! Login to a relay host (`smtp_sasl_glue.c`): PLAIN and LOGIN.

use super::Client;
use super::chat::Reply;
use super::session::{Session, site_fail};
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::agent;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What Debian's libsasl2 can do, the strongest first. Only PLAIN and LOGIN are played to their end.
const MECHANISMS: [&str; 5] = ["DIGEST-MD5", "CRAM-MD5", "NTLM", "PLAIN", "LOGIN"];

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
    let options = c.param(if s.in_tls { "sasl_tls_security_options" } else { "sasl_security_options" });
    let no_plain = options.split([',', ' ']).any(|o| o == "noplaintext");
    let filter = c.param("sasl_mechanism_filter");
    let passes = |m: &str| filter.is_empty() || filter.split([',', ' ']).any(|f| f.eq_ignore_ascii_case(m));
    let list: Vec<&String> = s.features.auth.iter().filter(|m| passes(m)).collect();
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
    let mechanism =
        MECHANISMS.into_iter().find(|m| list.iter().any(|x| x == m) && !(no_plain && matches!(*m, "PLAIN" | "LOGIN")));
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
        c.log(Delivery::Forward { text: "SASL authentication failure: No worthy mechs found".into() });
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
