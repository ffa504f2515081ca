//! Access tables asked about the MX, NS and A hosts of a name: `check_…_mx_access`, `check_…_ns_access`, `check_…_a_access`.

use super::access::{self, Target};
use super::{Call, Check, Outcome, Status, reject};
use crate::host::dns::Answer;
use crate::log::smtpd::Misuse;
use crate::postfix::valid_hostname;

fn strerror(a: &Answer) -> &'static str {
    match a {
        Answer::NxDomain => "Host not found",
        Answer::NoData => "Host found but no data record of requested type",
        Answer::Refused => "Non-recoverable error",
        _ => "Host not found, try again",
    }
}

/// The hosts behind a domain.
fn servers(c: &mut Check<'_>, name: &str, domain: &str, rtype: &str) -> Option<Vec<String>> {
    if rtype == "A" {
        return Some(vec![domain.into()]);
    }
    let mut asked = domain;
    // dns_lookup(3) does not ask for what is no host name: a name with a dot at its end.
    if !valid_hostname::hostname(domain) {
        if rtype == "MX" {
            return Some(vec![domain.into()]);
        }
        let reason = strerror(&Answer::NxDomain).into();
        c.warn(Misuse::ServerLookup { rtype: rtype.into(), name: domain.into(), reason });
        return None;
    }
    let mut answer = c.env.dns(asked, rtype);
    if matches!(answer, Answer::NxDomain | Answer::NoData) {
        if rtype == "MX" {
            return Some(vec![domain.into()]);
        }
        loop {
            let parent = asked.split_once('.').map_or("", |(_, p)| p);
            if parent.is_empty() {
                // No parent had an answer: the complaint is about the name itself.
                asked = name;
                break;
            }
            asked = parent;
            answer = c.env.dns(asked, rtype);
            if !matches!(answer, Answer::NxDomain | Answer::NoData) {
                break;
            }
        }
    }
    match answer {
        Answer::Data(v) => {
            let hosts: Vec<String> =
                v.iter().map(|x| x.rsplit(' ').next().unwrap_or(x).trim_end_matches('.').to_owned()).collect();
            // A null MX: no restriction.
            (!(rtype == "MX" && hosts == [""])).then_some(hosts)
        }
        other => {
            let name = if domain.len() > 1 { asked } else { name };
            let reason = strerror(&other).into();
            c.warn(Misuse::ServerLookup { rtype: rtype.into(), name: name.into(), reason });
            None
        }
    }
}

fn check(c: &mut Check<'_>, call: &Call<'_>, name: &str, rtype: &str, target: &Target<'_>) -> Outcome {
    let domain = name.rsplit_once('@').map_or(name, |(_, d)| d);
    if domain.starts_with('[') {
        if rtype == "NS" {
            return Ok(Status::Dunno);
        }
        return match valid_hostname::mailhost_literal(domain) {
            Some(bare) => access::addr(c, call, bare, target).map(|x| x.0),
            None => Ok(Status::Dunno),
        };
    }
    let Some(hosts) = servers(c, name, domain, rtype) else { return Ok(Status::Dunno) };
    for host in hosts {
        if valid_hostname::hostaddr(&host) {
            let hit = access::addr(c, call, &host, target)?;
            if hit.1 || hit.0 != Status::Dunno {
                return Ok(hit.0);
            }
        }
        if rtype != "A" {
            let hit = access::domain(c, call, &host, target)?;
            if hit.1 || hit.0 != Status::Dunno {
                return Ok(hit.0);
            }
        }
        let mut addrs = c.env.hosts(&host);
        for t in if addrs.is_empty() { &["A", "AAAA"][..] } else { &[] } {
            if let Answer::Data(v) = c.env.dns(&host, t) {
                addrs.extend(v);
            }
        }
        if addrs.is_empty() && rtype != "A" {
            let reason = c.env.no_such_host().to_owned();
            let (class, name) = (target.class.to_owned(), target.name.to_owned());
            c.warn(Misuse::ServerHost { rtype: rtype.into(), host: host.clone(), class, name, reason });
        }
        for a in addrs {
            let hit = access::addr(c, call, &a, target)?;
            if hit.1 || hit.0 != Status::Dunno {
                return Ok(hit.0);
            }
        }
    }
    Ok(Status::Dunno)
}

/// Runs the check on what the state holds under this class; OK is not allowed.
fn on(c: &mut Check<'_>, call: &Call<'_>, class: &str, rtype: &str) -> Outcome {
    let known = |n: &String| (!n.eq_ignore_ascii_case("unknown")).then(|| n.clone());
    let name = match class {
        reject::CLIENT => known(&c.state.name),
        reject::REVERSE_CLIENT => known(&c.state.reverse_name),
        reject::HELO => c.state.helo.clone(),
        reject::SENDER => c.state.sender.clone().filter(|s| !s.is_empty()),
        _ => c.state.recipient.clone().filter(|s| !s.is_empty()),
    };
    let Some(name) = name else { return Ok(Status::Dunno) };
    let shown = if class == reject::CLIENT { c.state.namaddr() } else { name.clone() };
    let status = check(c, call, &name, rtype, &Target { name: &shown, class })?;
    access::forbid_allowlist(c, call.name, status, &name)
}

macro_rules! server_checks {
    ($($name:ident $class:ident $rtype:literal),* $(,)?) => {
        $(pub(super) fn $name(c: &mut Check<'_>, call: &Call<'_>) -> Outcome { on(c, call, reject::$class, $rtype) })*
    };
}

server_checks! {
    check_client_a_access CLIENT "A",
    check_client_mx_access CLIENT "MX",
    check_client_ns_access CLIENT "NS",
    check_reverse_client_hostname_a_access REVERSE_CLIENT "A",
    check_reverse_client_hostname_mx_access REVERSE_CLIENT "MX",
    check_reverse_client_hostname_ns_access REVERSE_CLIENT "NS",
    check_helo_a_access HELO "A",
    check_helo_mx_access HELO "MX",
    check_helo_ns_access HELO "NS",
    check_sender_a_access SENDER "A",
    check_sender_mx_access SENDER "MX",
    check_sender_ns_access SENDER "NS",
    check_recipient_a_access RECIPIENT "A",
    check_recipient_mx_access RECIPIENT "MX",
    check_recipient_ns_access RECIPIENT "NS",
}
