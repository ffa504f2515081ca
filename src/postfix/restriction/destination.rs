//! Relay control: which destinations are authorized.

use super::state::ErrorClass;
use super::{Call, Check, Outcome, Status, reject};
use crate::host::dns::Answer;
use crate::log::smtpd::Misuse;
use crate::postfix::lookups::Who;
use crate::postfix::trivial_rewrite::{Class, Resolved};
use std::net::IpAddr;

fn resolved(c: &mut Check<'_>, recipient: &str) -> Result<Resolved, super::Abort> {
    let from = c.state.sender.clone().unwrap_or_default();
    let r = c.env.resolve(&from, recipient);
    if r.fail {
        reject::dict_retry(c, recipient)?;
    }
    Ok(r)
}

/// Whether mail for this recipient ends here or is relayed by `relay_domains`.
pub(super) fn authorized(c: &mut Check<'_>, recipient: &str) -> Result<bool, super::Abort> {
    let r = resolved(c, recipient)?;
    if !r.recipient.contains('@') {
        return Ok(true);
    }
    if r.routed && !c.env.flag("allow_untrusted_routing") {
        return Ok(false);
    }
    Ok(r.class.is_final() || r.class == Class::Relay)
}

pub(super) fn permit_auth_destination(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let Some(r) = c.state.recipient.clone() else { return Ok(Status::Dunno) };
    if authorized(c, &r)? { reject::permit(c, call.name, reject::RECIPIENT, &r) } else { Ok(Status::Dunno) }
}

fn unauthorized(c: &mut Check<'_>, minus: i64, dsn: &str) -> Outcome {
    let Some(r) = c.state.recipient.clone() else { return Ok(Status::Dunno) };
    if authorized(c, &r)? {
        return Ok(Status::Dunno);
    }
    let code = c.env.int("relay_domains_reject_code") - minus;
    Ok(reject::reject(c, ErrorClass::Policy, code, dsn, &format!("<{r}>: Relay access denied")))
}

pub(super) fn reject_unauth_destination(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    unauthorized(c, 0, "5.7.1")
}

pub(super) fn defer_unauth_destination(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    unauthorized(c, 100, "4.7.1")
}

pub(super) fn check_relay_domains(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let warn = c.state.warn_if_reject != 0;
    let status = match c.state.recipient.clone() {
        Some(r) => relay_domains(c, &r),
        None => Ok(Status::Dunno),
    };
    if let (Some(next), false) = (call.next, warn) {
        c.warn(Misuse::Ignored { name: next.into(), after: call.name.to_ascii_lowercase() });
    }
    status
}

fn relay_domains(c: &mut Check<'_>, r: &str) -> Outcome {
    if c.env.once("check_relay_domains") {
        let instead = "reject_unauth_destination".into();
        c.warn(Misuse::WillBeRemoved { name: "check_relay_domains".into(), instead });
    }
    let name = c.state.name.clone();
    if c.env.matches("relay_domains", Who::Name(&name)) == Ok(true) || authorized(c, r)? {
        return Ok(Status::Ok);
    }
    let code = c.env.int("relay_domains_reject_code");
    reject::policy(c, code, "5.7.1", r, reject::RECIPIENT, "Relay access denied")
}

/// The mail exchangers of a domain, best first, by preference.
fn exchangers(answer: &[String]) -> Vec<(u32, String)> {
    let mut list: Vec<(u32, String)> = answer
        .iter()
        .filter_map(|v| {
            let (p, h) = v.split_once(' ')?;
            Some((p.parse().ok()?, h.trim().trim_end_matches('.').to_owned()))
        })
        .collect();
    list.sort_by_key(|(p, _)| *p);
    list
}

fn addresses(c: &mut Check<'_>, host: &str) -> Vec<IpAddr> {
    let mut out = Vec::new();
    for t in ["A", "AAAA"] {
        if let Answer::Data(v) = c.env.dns(host, t) {
            out.extend(v.iter().filter_map(|a| a.parse::<IpAddr>().ok()));
        }
    }
    out
}

fn is_me(c: &mut Check<'_>, host: &str) -> bool {
    host.eq_ignore_ascii_case(&c.env.param("myhostname"))
        || addresses(c, host).into_iter().any(|ip| c.env.is_own_address(ip))
}

pub(super) fn permit_mx_backup(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let Some(rcpt) = c.state.recipient.clone() else { return Ok(Status::Dunno) };
    let r = resolved(c, &rcpt)?;
    let domain = r.domain().to_owned();
    if domain.is_empty() {
        return reject::permit(c, call.name, reject::RECIPIENT, &rcpt);
    }
    if r.routed && !c.env.flag("allow_untrusted_routing") {
        return Ok(Status::Dunno);
    }
    if r.class == Class::Local || r.class.is_final() || r.class == Class::Relay {
        return reject::permit(c, call.name, reject::RECIPIENT, &rcpt);
    }
    if domain.starts_with('[') {
        return Ok(Status::Dunno);
    }
    let list = match c.env.dns(&domain, "MX") {
        Answer::Data(v) => exchangers(&v),
        Answer::NoData | Answer::NxDomain => return Ok(Status::Dunno),
        _ => {
            let text = format!("<{rcpt}>: Recipient address rejected: Unable to look up mail exchanger information");
            return reject::defer_if_reject(c, ErrorClass::Policy, 450, "4.4.4", &text);
        }
    };
    let Some(best) = list.first().map(|(p, _)| *p) else { return Ok(Status::Dunno) };
    let mut listed = false;
    for (pref, host) in &list {
        if is_me(c, host) {
            // The best exchanger of a domain is no backup for it.
            if *pref == best {
                return Ok(Status::Dunno);
            }
            listed = true;
        }
    }
    if !listed {
        return Ok(Status::Dunno);
    }
    if !c.env.param("permit_mx_backup_networks").is_empty() {
        let primaries: Vec<String> = list.iter().filter(|(p, _)| *p == best).map(|(_, h)| h.clone()).collect();
        for host in primaries {
            for ip in addresses(c, &host) {
                let addr = ip.to_string();
                if c.env.matches("permit_mx_backup_networks", Who::Host(&host, &addr)) != Ok(true) {
                    return Ok(Status::Dunno);
                }
            }
        }
    }
    reject::permit(c, call.name, reject::RECIPIENT, &rcpt)
}
