//! DNS block and welcome lists by address (`rbl`) and by domain (`rhsbl`), with address filters and reply templates.

use super::ip_match::Pattern;
use super::reject::{self, dsn_fix, dsn_split};
use super::state::ErrorClass;
use super::template;
use super::{Abort, Call, Check, Outcome, Status};
use crate::host::dns::Answer;
use crate::log::smtpd::Misuse;
use crate::postfix::dns;
use crate::postfix::lookups::Maps;
use std::net::IpAddr;

/// How much of the TXT records goes into a reply.
const TXT_LIMIT: usize = 500;

enum Listed {
    Yes(String),
    No,
    /// The list did not answer.
    Unknown,
}

/// Asks a list. `spec` is `domain` or `domain=filter`.
fn ask(c: &mut Check<'_>, spec: &str, what: &str) -> Result<Listed, Abort> {
    let (zone, filter) = match spec.split_once('=') {
        Some((z, f)) => (z, Some(Pattern::parse(f).map_err(|fatal| c.end(fatal))?)),
        None => (spec, None),
    };
    let query = format!("{what}.{zone}");
    let answer = c.env.dns(&query, "A");
    let addrs = match answer {
        Answer::Data(v) => v,
        Answer::NoData | Answer::NxDomain => return Ok(Listed::No),
        other => {
            let reason = dns::error_text(&query, "A", &other);
            // Answers are cached, failures with them: one complaint a query.
            if c.env.once(&format!("rbl {query}")) {
                c.warn(Misuse::RblLookup { query, reason });
            }
            return Ok(Listed::Unknown);
        }
    };
    if let Some(f) = filter
        && !addrs.iter().any(|a| f.matches(a))
    {
        return Ok(Listed::No);
    }
    let mut text = String::new();
    if let Answer::Data(v) = c.env.dns(&query, "TXT") {
        for t in v {
            if text.len() < TXT_LIMIT {
                if !text.is_empty() {
                    text += " / ";
                }
                text += &t;
            }
        }
    }
    Ok(Listed::Yes(text.chars().take(TXT_LIMIT).collect()))
}

/// The address backwards, as lists want it.
fn reversed(addr: &str) -> Option<String> {
    match addr.parse::<IpAddr>().ok()? {
        IpAddr::V4(a) => {
            let o = a.octets();
            Some(format!("{}.{}.{}.{}", o[3], o[2], o[1], o[0]))
        }
        IpAddr::V6(a) => {
            let mut s: Vec<String> = Vec::new();
            for b in a.octets().iter().rev() {
                s.push(format!("{:x}.{:x}", b & 15, b >> 4));
            }
            Some(s.join("."))
        }
    }
}

/// The part of a name or address that a domain list is asked about.
fn domain_of(what: &str) -> Option<&str> {
    let domain = what.rsplit_once('@').map_or(what, |(_, d)| d);
    let last = domain.rsplit('.').next().unwrap_or(domain);
    let numeric = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    (!domain.is_empty() && !domain.starts_with('[') && !numeric).then_some(domain)
}

fn blocked(c: &mut Check<'_>, spec: &str, what: &str, class: &str, txt: &str) -> Outcome {
    let zone = spec.split('=').next().unwrap_or(spec).to_owned();
    let mut chosen = None;
    if !c.env.param("rbl_reply_maps").is_empty() {
        match c.env.find(Maps::Param("rbl_reply_maps"), spec, false) {
            Ok(v) => chosen = v,
            Err(_) => return reject::server_error(c),
        }
    }
    let code = c.env.param("maps_rbl_reject_code");
    let lookup = |state: &super::CheckState, name: &str| match name {
        "rbl_code" => Some(code.clone()),
        "rbl_domain" => Some(zone.clone()),
        "rbl_reason" | "rbl_txt" => Some(txt.to_owned()),
        "rbl_what" => Some(what.to_owned()),
        "rbl_class" => Some(class.to_owned()),
        _ => template::value(state, name),
    };
    let mut reply = None;
    if let Some(t) = chosen {
        reply = c.env.expand(&t, &|n| lookup(c.state, n));
        if reply.is_none() {
            c.warn(Misuse::RblTemplate { domain: spec.into(), template: t });
        }
    }
    let reply = reply.unwrap_or_else(|| {
        let default = c.env.raw_param("default_rbl_reply");
        c.env.expand(&default, &|n| lookup(c.state, n)).unwrap_or_default()
    });
    let b = reply.as_bytes();
    let good = b.len() > 3 && matches!(b[0], b'4' | b'5') && b[1..3].iter().all(u8::is_ascii_digit) && b[3] == b' ';
    if !good {
        c.warn(Misuse::RblReplyCode { text: reply });
        return Ok(reject::reject(c, ErrorClass::Policy, 450, "4.7.1", "Service unavailable"));
    }
    let code = reply[..3].parse().unwrap_or(450);
    let (dsn, text) = dsn_split("4.7.1", &reply[4..]);
    let dsn = dsn_fix(c, &dsn, class);
    let text = if text.is_empty() { "Service unavailable" } else { text };
    Ok(reject::reject(c, ErrorClass::Policy, code, &dsn, text))
}

fn reject_addr(c: &mut Check<'_>, spec: &str) -> Outcome {
    let addr = c.state.addr.clone();
    let Some(rev) = reversed(&addr) else { return Ok(Status::Dunno) };
    match ask(c, spec, &rev)? {
        Listed::Yes(txt) => blocked(c, spec, &addr, reject::CLIENT, &txt),
        _ => Ok(Status::Dunno),
    }
}

fn reject_domain(c: &mut Check<'_>, spec: &str, what: Option<String>, class: &str) -> Outcome {
    let Some(what) = what else { return Ok(Status::Dunno) };
    let Some(domain) = domain_of(&what) else { return Ok(Status::Dunno) };
    match ask(c, spec, domain)? {
        Listed::Yes(txt) => blocked(c, spec, &what, class, &txt),
        _ => Ok(Status::Dunno),
    }
}

fn known(name: &str) -> Option<String> {
    (!name.eq_ignore_ascii_case("unknown")).then(|| name.to_owned())
}

/// A welcome list that does not answer must not turn a later rejection into a permanent one.
fn welcome(c: &mut Check<'_>, call: &Call<'_>, key: &str, class: &str, name: &str) -> Outcome {
    // A welcome list never opens the way for mail to strangers.
    if c.state.stage == "RCPT"
        && let Some(r) = c.state.recipient.clone()
        && !super::destination::authorized(c, &r)?
    {
        return Ok(Status::Dunno);
    }
    match ask(c, call.argument, key)? {
        Listed::Yes(_) => reject::permit(c, call.name, class, name),
        Listed::No => Ok(Status::Dunno),
        Listed::Unknown => {
            let zone = call.argument.split('=').next().unwrap_or_default();
            let text = format!("<{name}>: {class} rejected: {key}.{zone} lookup error");
            reject::defer_if_reject(c, ErrorClass::Policy, 450, "4.7.0", &text)
        }
    }
}

pub(super) fn reject_maps_rbl(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    if c.env.once("reject_maps_rbl") {
        let instead = "reject_rbl_client domain-name".into();
        c.warn(Misuse::WillBeRemoved { name: "reject_maps_rbl".into(), instead });
    }
    for zone in super::safety::split(&c.env.param("maps_rbl_domains")) {
        let status = reject_addr(c, &zone)?;
        if status != Status::Dunno {
            return Ok(status);
        }
    }
    Ok(Status::Dunno)
}

pub(super) fn reject_rbl_client(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    reject_addr(c, call.argument)
}
pub(super) fn permit_dnswl_client(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let (addr, name) = (c.state.addr.clone(), c.state.namaddr());
    match reversed(&addr) {
        Some(rev) => welcome(c, call, &rev, reject::CLIENT, &name),
        None => Ok(Status::Dunno),
    }
}
pub(super) fn reject_rhsbl_client(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    reject_domain(c, call.argument, known(&c.state.name), reject::CLIENT)
}
pub(super) fn permit_rhswl_client(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let (Some(name), shown) = (known(&c.state.name), c.state.namaddr()) else { return Ok(Status::Dunno) };
    match domain_of(&name) {
        Some(d) => welcome(c, call, d, reject::CLIENT, &shown),
        None => Ok(Status::Dunno),
    }
}
pub(super) fn reject_rhsbl_reverse_client(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    reject_domain(c, call.argument, known(&c.state.reverse_name), reject::REVERSE_CLIENT)
}
pub(super) fn reject_rhsbl_helo(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    reject_domain(c, call.argument, c.state.helo.clone(), reject::HELO)
}
pub(super) fn reject_rhsbl_sender(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    let sender = c.state.sender.clone().filter(|s| !s.is_empty());
    reject_domain(c, call.argument, sender, reject::SENDER)
}
pub(super) fn reject_rhsbl_recipient(c: &mut Check<'_>, call: &Call<'_>) -> Outcome {
    reject_domain(c, call.argument, c.state.recipient.clone(), reject::RECIPIENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reversal() {
        assert_eq!(reversed("192.0.2.66").as_deref(), Some("66.2.0.192"));
        assert!(reversed("2001:db8::1").is_some_and(|r| r.starts_with("1.0.0.0.") && r.ends_with("1.0.0.2")));
    }
}
