//! Restrictions on the sender: its form, its domain, who may use it.

use super::{Call, Check, Outcome, Status, access, reject};
use crate::log::smtpd::Misuse;
use crate::postfix::dns::{self, Found};
use crate::postfix::lookups::Maps;
use crate::postfix::valid_hostname;

/// The sender, unless it is missing or `<>`.
pub(super) fn sender(c: &Check<'_>) -> Option<String> {
    c.state.sender.clone().filter(|s| !s.is_empty())
}

/// `reject_non_fqdn_address()`.
pub(super) fn non_fqdn(c: &mut Check<'_>, addr: &str, class: &str) -> Outcome {
    let domain = addr.rsplit_once('@').map_or("", |(_, d)| d);
    if domain.starts_with('[') && domain.ends_with(']') {
        return Ok(Status::Dunno);
    }
    let test = super::helo::trim_dot(domain);
    if valid_hostname::hostname(test) && test.contains('.') {
        return Ok(Status::Dunno);
    }
    let code = c.env.int("non_fqdn_reject_code");
    reject::policy(c, code, "5.5.2", addr, class, "need fully-qualified address")
}

/// `reject_unknown_address()`: the domain must exist, unless mail for it ends here.
pub(super) fn unknown_domain(c: &mut Check<'_>, addr: &str, class: &str) -> Outcome {
    let from = c.state.sender.clone().unwrap_or_default();
    let r = c.env.resolve(&from, addr);
    if r.fail {
        return reject::dict_retry(c, addr);
    }
    let domain = r.domain().to_owned();
    if domain.is_empty() || r.class.is_final() || (domain.starts_with('[') && domain.ends_with(']')) {
        return Ok(Status::Dunno);
    }
    let is_sender = class == reject::SENDER;
    let dsn = if is_sender { "4.1.8" } else { "4.1.2" };
    match dns::exists(&mut |n, t| c.env.dns(n, t), &domain, &["MX", "A", "AAAA"]) {
        Found::Yes => Ok(Status::Dunno),
        Found::NullMx => {
            let (code, dsn) = if is_sender { (550, "5.7.27") } else { (556, "5.1.10") };
            let text = format!("Domain {domain} does not accept mail (nullMX)");
            reject::policy(c, code, dsn, addr, class, &text)
        }
        Found::Retry => {
            let text = format!("<{addr}>: {class} rejected: Domain not found");
            reject::tempfail(c, "unknown_address_tempfail_action", 450, dsn, &text)
        }
        Found::No => {
            let code = c.env.int("unknown_address_reject_code");
            reject::policy(c, code, dsn, addr, class, "Domain not found")
        }
    }
}

pub(super) fn reject_non_fqdn_sender(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    let Some(s) = sender(c) else { return Ok(Status::Dunno) };
    non_fqdn(c, &s, reject::SENDER)
}

pub(super) fn reject_unknown_sender_domain(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    let Some(s) = sender(c) else { return Ok(Status::Dunno) };
    unknown_domain(c, &s, reject::SENDER)
}

pub(super) fn check_sender_access(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let Some(s) = c.state.sender.clone() else { return Ok(Status::Dunno) };
    let target = access::Target { name: &s, class: reject::SENDER };
    if s.is_empty() {
        let key = c.env.param("smtpd_null_access_lookup_key");
        return access::table(c, call, key.trim(), false, &target).map(|x| x.0);
    }
    access::mail(c, call, &s, &target)
}

/// The login names that own a sender address; `None` when it is in no table.
fn owners(c: &mut Check<'_>, sender: &str) -> Result<Option<Vec<String>>, super::Abort> {
    if c.env.param("smtpd_sender_login_maps").is_empty() {
        return Ok(None);
    }
    let r = c.env.resolve("", sender);
    if r.fail {
        reject::dict_retry(c, sender)?;
    }
    let Ok(found) = c.env.find_address(Maps::Param("smtpd_sender_login_maps"), &r.recipient) else {
        reject::dict_retry(c, sender)?;
        return Ok(None);
    };
    Ok(found.map(|v| v.split([',', ' ', '\t', '\r', '\n']).filter(|w| !w.is_empty()).map(str::to_owned).collect()))
}

fn sasl_on(c: &mut Check<'_>, call: &Call<'_>) -> bool {
    let on = c.env.flag("smtpd_sasl_auth_enable");
    if !on {
        c.warn(Misuse::NoSasl { name: call.name.into() });
    }
    on
}

/// The client is logged in, but does not own the sender address.
fn authenticated_mismatch(c: &mut Check<'_>, known_only: bool) -> Outcome {
    let Some(s) = sender(c) else { return Ok(Status::Dunno) };
    let user = c.state.sasl_username.clone();
    if user.is_empty() {
        return Ok(Status::Dunno);
    }
    let owners = owners(c, &s)?;
    let mine = match &owners {
        None => known_only,
        Some(list) => list.iter().any(|o| o.eq_ignore_ascii_case(&user)),
    };
    if mine {
        return Ok(Status::Dunno);
    }
    let text = format!("not owned by user {user}");
    reject::policy(c, 553, "5.7.1", &s, reject::SENDER, &text)
}

/// The client is not logged in, and somebody owns the sender address.
fn unauthenticated_mismatch(c: &mut Check<'_>) -> Outcome {
    let Some(s) = sender(c) else { return Ok(Status::Dunno) };
    if !c.state.sasl_username.is_empty() || owners(c, &s)?.is_none() {
        return Ok(Status::Dunno);
    }
    reject::policy(c, 553, "5.7.1", &s, reject::SENDER, "not logged in")
}

pub(super) fn reject_authenticated_sender_login_mismatch(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    if sasl_on(c, call) { authenticated_mismatch(c, false) } else { Ok(Status::Dunno) }
}

pub(super) fn reject_known_sender_login_mismatch(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    if !sasl_on(c, call) {
        return Ok(Status::Dunno);
    }
    if c.state.sasl_username.is_empty() { unauthenticated_mismatch(c) } else { authenticated_mismatch(c, true) }
}

pub(super) fn reject_unauthenticated_sender_login_mismatch(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    if sasl_on(c, call) { unauthenticated_mismatch(c) } else { Ok(Status::Dunno) }
}

pub(super) fn reject_sender_login_mismatch(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let half = |name| Call { name, ..*call };
    match reject_authenticated_sender_login_mismatch(c, &half("reject_authenticated_sender_login_mismatch"))? {
        Status::Dunno => {
            reject_unauthenticated_sender_login_mismatch(c, &half("reject_unauthenticated_sender_login_mismatch"))
        }
        s => Ok(s),
    }
}
