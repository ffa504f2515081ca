//! Finding the hosts of a destination: MX and address records, preference, loops to ourselves (`smtp_addr.c`).

use super::{Client, Why};
use crate::base::Span;
use crate::host::dns::Answer;
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::dns::error_text;
use crate::postfix::midna;
use crate::postfix::startup;
use std::net::IpAddr;

/// A host that a session is held with.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub name: String,
    /// `mx.x[1.2.3.4]`, as texts name it.
    pub shown: String,
    /// The same with the port, as `relay=` has it.
    pub relay: String,
    /// The destination that it stands for.
    pub domain: String,
}

/// An address to connect to.
#[derive(Clone, Debug)]
pub(super) struct Addr {
    pub name: String,
    pub ip: IpAddr,
    pref: u32,
}

/// Splits `[host]:port`, `host:port` or `host`: name, whether MX lookups are off, port. `Err`: what the process
/// ends with (`host_port()`, `find_inet_port()`).
pub(super) fn parse(dest: &str, default: u16) -> Result<(String, bool, u16), AgentFatal> {
    let (name, literal, port) = match dest.strip_prefix('[') {
        Some(r) => match r.split_once(']') {
            Some((n, rest)) => (n, true, rest.strip_prefix(':').unwrap_or("")),
            None => return Err(AgentFatal::OpenBracket(dest.to_owned())),
        },
        None => {
            let (n, p) = dest.rsplit_once(':').unwrap_or((dest, ""));
            (n, false, p)
        }
    };
    let name = name.strip_prefix("ipv6:").or_else(|| name.strip_prefix("IPv6:")).unwrap_or(name);
    let name = &*midna::to_ascii(name);
    if name.parse::<IpAddr>().is_err() && startup::hostname_fault(name).is_some() {
        return Err(AgentFatal::NoHost(dest.to_owned()));
    }
    let port = match port {
        "" => default,
        "smtp" => 25,
        "submission" => 587,
        "smtps" | "submissions" => 465,
        "lmtp" => 24,
        p if p.bytes().all(|b| b.is_ascii_digit()) => match p.parse() {
            Ok(0) | Err(_) => {
                return Err(AgentFatal::BadPort { port: p.to_owned(), destination: dest.to_owned() });
            }
            Ok(n) => n,
        },
        p => return Err(AgentFatal::UnknownService(p.to_owned())),
    };
    Ok((name.to_owned(), literal, port))
}

fn query(ctx: &Ctx<'_>, c: &mut Client<'_>, name: &str, kind: &str) -> Answer {
    let a = ctx.host.dns.query(name, kind);
    let cost = match a {
        // Two servers, two tries, five seconds each.
        Answer::Timeout => Span::secs(20),
        _ => ctx.host.jitter("dns.query", &format!("{name}/{kind}"), 200, 3_000),
    };
    c.t = c.t + cost;
    a
}

fn protocols(c: &Client<'_>) -> (bool, bool) {
    let all = c.p.conf.list("inet_protocols");
    let has = |w: &str| all.iter().any(|x| x.eq_ignore_ascii_case(w) || x.eq_ignore_ascii_case("all"));
    (has("ipv4"), has("ipv6"))
}

/// Whether DNS is asked for hosts, and whether the system's own resolver is (`smtp_host_lookup`).
fn lookups(c: &Client<'_>, native: bool) -> (bool, bool) {
    let list = c.p.conf.list(&c.name("host_lookup"));
    let has = |w: &str| list.iter().any(|l| l.eq_ignore_ascii_case(w));
    (!native && has("dns"), native || has("native"))
}

/// The addresses of one host (`smtp_addr_one`).
fn one(ctx: &Ctx<'_>, c: &mut Client<'_>, name: &str, pref: u32, out: &mut Vec<Addr>) -> Result<(), Why> {
    if let Ok(ip) = name.parse::<IpAddr>() {
        out.push(Addr { name: name.to_owned(), ip, pref });
        return Ok(());
    }
    let (dns, native) = lookups(c, c.native());
    if dns {
        match dns_host(ctx, c, name, pref, out) {
            Err(why) if native && !why.soft() => {}
            done => return done,
        }
    }
    native_host(ctx, c, name, pref, out)
}

/// What DNS has.
fn dns_host(ctx: &Ctx<'_>, c: &mut Client<'_>, name: &str, pref: u32, out: &mut Vec<Addr>) -> Result<(), Why> {
    let (v4, v6) = protocols(c);
    let mut last = ("A", Answer::NxDomain);
    let before = out.len();
    let mut soft = None;
    for (kind, on) in [("A", v4), ("AAAA", v6)] {
        if !on {
            continue;
        }
        let a = query(ctx, c, name, kind);
        if let Answer::Data(list) = &a {
            for v in list {
                if let Ok(ip) = v.trim().parse() {
                    out.push(Addr { name: name.to_owned(), ip, pref });
                }
            }
        } else if matches!(a, Answer::ServFail | Answer::Timeout | Answer::Refused) {
            soft = Some((kind, a.clone()));
        }
        last = (kind, a);
    }
    if out.len() > before {
        return Ok(());
    }
    if let Some((kind, a)) = soft {
        return Err(Why::new("4.4.3", error_text(name, kind, &a)));
    }
    Err(Why::new("5.4.4", error_text(name, last.0, &last.1)))
}

/// What getaddrinfo(3) says: /etc/hosts, then DNS.
fn native_host(ctx: &Ctx<'_>, c: &mut Client<'_>, name: &str, pref: u32, out: &mut Vec<Addr>) -> Result<(), Why> {
    let (v4, v6) = protocols(c);
    let known = ctx.host.hosts_of(name);
    if !known.is_empty() {
        let usable = known.into_iter().filter(|ip| if ip.is_ipv4() { v4 } else { v6 });
        out.extend(usable.map(|ip| Addr { name: name.to_owned(), ip, pref }));
        return Ok(());
    }
    let Err(why) = dns_host(ctx, c, name, pref, out) else { return Ok(()) };
    let (dsn, text) = if why.soft() {
        ("4.4.4", "Temporary failure in name resolution")
    } else if why.text.ends_with("type") {
        ("5.3.0", "No address associated with hostname")
    } else {
        ("5.4.4", "Name or service not known")
    };
    Err(Why::new(dsn, format!("unable to look up host {name}: {text}")))
}

/// The hosts of a destination in the order in which they are tried.
pub(super) fn find(ctx: &Ctx<'_>, c: &mut Client<'_>, name: &str, mx: bool, port: u16) -> Result<Vec<Addr>, Why> {
    let mut out = Vec::new();
    if !mx {
        one(ctx, c, name, 0, &mut out)?;
        order(ctx, c, &mut out);
        return if port == 25 { ours(ctx, c, name, out) } else { Ok(out) };
    }
    let answer = query(ctx, c, name, "MX");
    match &answer {
        Answer::Data(list) => {
            let mut hosts: Vec<(u32, String)> = list
                .iter()
                .filter_map(|v| v.trim().split_once(char::is_whitespace))
                .map(|(p, h)| (p.parse().unwrap_or(0), h.trim().trim_end_matches('.').to_owned()))
                .collect();
            if hosts.iter().all(|(_, h)| h.is_empty()) {
                return Err(Why::new("5.1.0", format!("Domain {name} does not accept mail (nullMX)")));
            }
            hosts.sort_by_key(|h| h.0);
            let mut why = None;
            for (p, h) in &hosts {
                if let Err(w) = one(ctx, c, h, *p, &mut out) {
                    why = Some(w);
                }
            }
            if out.is_empty() {
                let mut w = why.unwrap_or_else(|| Why::new("4.4.3", error_text(name, "MX", &Answer::ServFail)));
                if c.flag("defer_if_no_mx_address_found") && !w.soft() {
                    w.dsn = "4.4.4".into();
                }
                c.log(Delivery::NoAddress { domain: name.to_owned() });
                return Err(w);
            }
            order(ctx, c, &mut out);
            if port == 25 { ours(ctx, c, name, out) } else { Ok(out) }
        }
        Answer::NxDomain | Answer::NoData => {
            one(ctx, c, name, 0, &mut out)?;
            order(ctx, c, &mut out);
            if port == 25 { ours(ctx, c, name, out) } else { Ok(out) }
        }
        _ if c.p.conf.bool("ignore_mx_lookup_error") => {
            one(ctx, c, name, 0, &mut out)?;
            order(ctx, c, &mut out);
            if port == 25 { ours(ctx, c, name, out) } else { Ok(out) }
        }
        _ => Err(Why::new("4.4.3", error_text(name, "MX", &answer))),
    }
}

/// Equal preference: the protocols take turns, the rest is shuffled by keyed chance.
fn order(ctx: &Ctx<'_>, c: &Client<'_>, list: &mut [Addr]) {
    let shuffle = c.flag("randomize_addresses");
    let prefer = c.param("address_preference");
    let rank = |a: &Addr| {
        let v6_first = prefer == "ipv6" || (prefer == "any" && shuffle);
        let family = i64::from(a.ip.is_ipv6() != v6_first);
        let key = format!("{}/{}", c.r.qid, a.ip);
        (a.pref, if shuffle { ctx.host.chance.between("smtp.shuffle", &key, 0, 1_000_000) } else { 0 }, family)
    };
    list.sort_by_key(rank);
}

/// Drops ourselves and what is less preferred; a best host that is us is a loop.
fn ours(ctx: &Ctx<'_>, c: &Client<'_>, name: &str, list: Vec<Addr>) -> Result<Vec<Addr>, Why> {
    let interfaces = c.p.conf.list("inet_interfaces");
    let all = interfaces.iter().any(|i| i.eq_ignore_ascii_case("all"));
    let proxy = c.p.conf.list("proxy_interfaces");
    let own = |ip: IpAddr| {
        (if all {
            ctx.host.net.is_local(ip)
        } else {
            interfaces.iter().any(|i| i.parse() == Ok(ip)) || ip.is_loopback()
        }) || proxy.iter().any(|i| i.parse() == Ok(ip))
    };
    let Some(us) = list.iter().filter(|a| own(a.ip)).map(|a| a.pref).min() else { return Ok(list) };
    let best = list.first().map_or(0, |a| a.pref);
    if us == best {
        return Err(Why::new("5.4.6", format!("mail for {name} loops back to myself")));
    }
    Ok(list.into_iter().filter(|a| a.pref < us).collect())
}
