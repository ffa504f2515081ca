//! Mail filters (milters), as far as a host has them that runs none: nobody answers, and `milter_default_action` decides.
//! Left out: milters that exist, and `smtpd_milter_maps`.

use super::config::{Config, split_nameval};
use crate::host::dns::Answer;
use crate::host::{Cred, Errno, Host};
use crate::log::milter::Milter as Log;
use std::net::IpAddr;

/// What is done with the client's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Reply code, enhanced code and text.
    Refuse(u16, &'static str, &'static str),
    Hold,
}

const LATER: Verdict = Verdict::Refuse(451, "4.7.1", "Service unavailable - try again later");
const BROKEN: Verdict = Verdict::Refuse(451, "4.3.5", "Server configuration problem - try again later");

/// Why a filter's socket cannot be connected to; `None`: it is no socket's name.
fn fault(host: &Host, spec: &str, say: &mut Vec<Log>) -> Option<Errno> {
    let (kind, place) = spec.split_once(':')?;
    match kind {
        "unix" | "local" => {
            let path = if place.starts_with('/') { place.to_owned() } else { format!("/var/spool/postfix/{place}") };
            let there = host.fs.stat(&Cred::root(), &path).is_ok();
            Some(if there { Errno::ConnRefused } else { Errno::NoEnt })
        }
        "inet" | "inet6" => {
            let name = place.rsplit_once(':').map_or(place, |(h, _)| h).trim_matches(['[', ']']);
            let literal = name == "localhost" || name.parse::<IpAddr>().is_ok();
            if literal || matches!(host.dns.query(name, "A"), Answer::Data(_)) {
                return Some(Errno::ConnRefused);
            }
            say.push(Log::NoHost { name: place.to_owned() });
            Some(Errno::AddrNotAvail)
        }
        _ => None,
    }
}

/// Tries the filters of a parameter in order; the first verdict stands.
pub fn connect(host: &Host, conf: &Config, parameter: &str) -> (Option<Verdict>, Vec<Log>) {
    let mut say = Vec::new();
    for item in conf.words_braced(parameter).iter() {
        let inner = item.strip_prefix('{').and_then(|i| i.strip_suffix('}'));
        let mut words = inner.map_or_else(|| vec![item.clone()], super::config::words_braced).into_iter();
        let spec = words.next().unwrap_or_default();
        let own = words.find_map(|w| {
            let w = w.trim_matches(['{', '}']);
            split_nameval(w).ok().filter(|(n, _)| *n == "default_action").map(|(_, v)| v.to_owned())
        });
        let action = own.unwrap_or_else(|| conf.get("milter_default_action"));
        let Some(errno) = fault(host, &spec, &mut say) else {
            say.push(Log::NeedsEndpoint { spec });
            if action == "accept" {
                continue;
            }
            return (Some(BROKEN), say);
        };
        say.push(Log::Connect { service: spec.clone(), error: errno.text().to_owned() });
        let verdict = match action.as_str() {
            "accept" => continue,
            "reject" => Verdict::Refuse(550, "5.5.0", "Service unavailable"),
            "tempfail" => LATER,
            "quarantine" => Verdict::Hold,
            _ => {
                say.push(Log::UnknownAction { service: spec, action });
                BROKEN
            }
        };
        return (Some(verdict), say);
    }
    (None, say)
}
