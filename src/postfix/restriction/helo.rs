//! Restrictions on the name given with HELO or EHLO.

use super::{Call, Check, Outcome, Status, access, reject};
use crate::log::smtpd::Misuse;
use crate::postfix::dns::{self, Found};
use crate::postfix::valid_hostname;

/// A trailing dot does not count, unless it follows another one.
pub(super) fn trim_dot(name: &str) -> &str {
    match name.strip_suffix('.') {
        Some(n) if !n.is_empty() && !n.ends_with('.') => n,
        _ => name,
    }
}

fn invalid_hostaddr(c: &mut Check<'_>, name: &str, class: &str) -> Outcome {
    let bare = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name);
    if valid_hostname::mailhost_addr(bare).is_some() {
        return Ok(Status::Dunno);
    }
    let code = c.env.int("invalid_hostname_reject_code");
    reject::policy(c, code, "5.5.2", name, class, "invalid ip address")
}

/// Runs a check on the HELO name; a name in brackets is only checked for its form.
fn with_name(c: &mut Check<'_>, check: fn(&mut Check<'_>, &str) -> Outcome) -> Outcome {
    match c.state.helo.clone() {
        None => Ok(Status::Dunno),
        Some(h) if h.starts_with('[') => invalid_hostaddr(c, &h, reject::HELO),
        Some(h) => check(c, &h),
    }
}

pub(super) fn reject_invalid_helo_hostname(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    with_name(c, |c, name| {
        let test = trim_dot(name);
        if test.is_ascii() && valid_hostname::hostname(test) || valid_hostname::hostaddr(test) {
            return Ok(Status::Dunno);
        }
        let code = c.env.int("invalid_hostname_reject_code");
        reject::policy(c, code, "5.5.2", name, reject::HELO, "Invalid name")
    })
}

pub(super) fn reject_non_fqdn_helo_hostname(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    with_name(c, |c, name| {
        let test = trim_dot(name);
        if test.is_ascii() && valid_hostname::hostname(test) && test.contains('.') {
            return Ok(Status::Dunno);
        }
        let code = c.env.int("non_fqdn_reject_code");
        reject::policy(c, code, "5.5.2", name, reject::HELO, "need fully-qualified hostname")
    })
}

/// A name that is not ASCII is asked for as it stands, and not found.
fn in_dns(c: &mut Check<'_>, name: &str) -> Found {
    if !name.is_ascii() {
        return Found::No;
    }
    dns::exists(&mut |n, t| c.env.dns(n, t), name, &["A", "AAAA", "MX"])
}

pub(super) fn reject_unknown_helo_hostname(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    with_name(c, |c, name| match in_dns(c, name) {
        Found::Yes | Found::NullMx => Ok(Status::Dunno),
        Found::Retry => {
            let text = format!("<{name}>: {} rejected: Host not found", reject::HELO);
            reject::tempfail(c, "unknown_helo_hostname_tempfail_action", 450, "4.7.1", &text)
        }
        Found::No => {
            let code = c.env.int("unknown_hostname_reject_code");
            reject::policy(c, code, "4.7.1", name, reject::HELO, "Host not found")
        }
    })
}

pub(super) fn permit_naked_ip_address(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let instead = "permit_mynetworks or permit_sasl_authenticated".to_owned();
    c.warn(Misuse::Deprecated { name: call.name.into(), instead });
    let Some(h) = c.state.helo.clone() else { return Ok(Status::Dunno) };
    if h.chars().all(|ch| ch.is_ascii_digit() || ch == '.' || ch == ':')
        && invalid_hostaddr(c, &h, reject::HELO)? == Status::Dunno
    {
        return reject::permit(c, call.name, reject::HELO, &h);
    }
    Ok(Status::Dunno)
}

pub(super) fn check_helo_access(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let Some(h) = c.state.helo.clone() else { return Ok(Status::Dunno) };
    access::domain(c, call, &h, &access::Target { name: &h, class: reject::HELO }).map(|x| x.0)
}
