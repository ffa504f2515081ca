//! The resolver's view of the DNS world, as dig, host and nslookup ask it: one server, authoritative for everything.
//!
//! Left out: recursion step by step, DNSSEC, EDNS options, zone transfers, TCP.

pub mod dig;
pub mod host;
pub mod nslookup;

use crate::base::Span;
use crate::command::Ctx;
use crate::host::Host;
use crate::host::dns::Answer;
use crate::host::net::{Proto, Target};
use std::net::IpAddr;

/// A record of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// With its final dot.
    pub name: String,
    pub ttl: u32,
    pub kind: String,
    pub data: String,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: &'static str,
    pub answer: Vec<Record>,
    pub authority: Vec<Record>,
    /// Octets of the message.
    pub size: usize,
}

/// The first nameserver of /etc/resolv.conf, and the search list.
pub fn resolv_conf(host: &Host) -> (IpAddr, Vec<String>) {
    let text = host.fs.read_text("/etc/resolv.conf").unwrap_or_default();
    let mut server = None;
    let mut search = Vec::new();
    for l in text.lines() {
        let mut w = l.split_whitespace();
        match w.next() {
            Some("nameserver") if server.is_none() => server = w.next().and_then(|a| a.parse().ok()),
            Some("search" | "domain") => search = w.map(str::to_owned).collect(),
            _ => {}
        }
    }
    (server.unwrap_or(IpAddr::from([127, 0, 0, 1])), search)
}

/// Whether a name server answers at that address; the time until it is clear that it does not.
fn reach(host: &Host, server: IpAddr) -> Result<(), &'static str> {
    let ours: IpAddr = IpAddr::from([192, 0, 2, 53]);
    if host.net.is_local(server) {
        return Err("connection refused");
    }
    let source = host.net.interfaces.iter().flat_map(|(_, a)| a).map(ipnet::IpNet::addr);
    let mut source = source;
    let source = source.find(|a| a.is_ipv4() == server.is_ipv4() && !a.is_loopback()).unwrap_or(server);
    let out = host.net.filter(false, Proto::Udp, source, server, 53);
    if server == ours && out == Target::Accept { Ok(()) } else { Err("timed out") }
}

/// The octets of a name on the wire.
fn wire(name: &str) -> usize {
    let n = name.trim_end_matches('.');
    if n.is_empty() { 1 } else { n.len() + 2 }
}

fn data_size(kind: &str, data: &str) -> usize {
    match kind {
        "A" => 4,
        "AAAA" => 16,
        "MX" => 2 + wire(data.split_once(' ').map_or("", |(_, h)| h)),
        "TXT" => data.len() + 1 - 2,
        "SOA" => {
            let mut w = data.split(' ');
            wire(w.next().unwrap_or("")) + wire(w.next().unwrap_or("")) + 20
        }
        _ => wire(data),
    }
}

/// A value as it is shown: host names with their final dot, text in quotes.
fn shown(kind: &str, value: &str) -> String {
    let dotted = |n: &str| if n.ends_with('.') { n.to_owned() } else { format!("{n}.") };
    match kind {
        "MX" => value.split_once(' ').map_or_else(|| value.to_owned(), |(p, h)| format!("{p} {}", dotted(h.trim()))),
        "NS" | "PTR" | "CNAME" => dotted(value),
        "SOA" => {
            let ns = dotted(value);
            format!("{ns} hostmaster.{ns} 1 3600 600 86400 60")
        }
        "TXT" => format!("\"{}\"", value.trim_matches('"')),
        _ => value.to_owned(),
    }
}

/// One query to a server. `Err`: how it failed at each try.
pub fn query(host: &Host, server: IpAddr, name: &str, kind: &str) -> Result<Response, &'static str> {
    reach(host, server)?;
    let bare = name.trim_end_matches('.');
    let absolute = if bare.is_empty() { ".".to_owned() } else { format!("{bare}.") };
    let mut answer = Vec::new();
    let kinds: Vec<&str> =
        if kind == "ANY" { vec!["SOA", "NS", "MX", "A", "AAAA", "CNAME", "TXT", "PTR"] } else { vec![kind] };
    let mut status = "NOERROR";
    for k in kinds {
        match host.dns.query(bare, k) {
            Answer::Data(v) => answer.extend(v.iter().map(|d| Record {
                name: absolute.clone(),
                ttl: 300,
                kind: k.to_owned(),
                data: shown(k, d),
            })),
            Answer::NoData => {}
            Answer::NxDomain => status = "NXDOMAIN",
            Answer::ServFail => status = "SERVFAIL",
            Answer::Refused => status = "REFUSED",
            Answer::Timeout => return Err("timed out"),
        }
    }
    let mut authority = Vec::new();
    if answer.is_empty() && matches!(status, "NOERROR" | "NXDOMAIN") {
        let parts: Vec<&str> = bare.split('.').collect();
        let zone = parts[parts.len().saturating_sub(2)..].join(".");
        let ns = format!("ns1.{zone}.");
        authority.push(Record {
            name: format!("{zone}."),
            ttl: 60,
            kind: "SOA".into(),
            data: format!("{ns} hostmaster.{ns} 1 3600 600 86400 60"),
        });
    }
    let mut size = 12 + wire(bare) + 4;
    size += answer.iter().map(|r| 12 + data_size(&r.kind, &r.data)).sum::<usize>();
    size += authority.iter().map(|r| wire(&r.name) + 10 + data_size(&r.kind, &r.data)).sum::<usize>();
    Ok(Response { status, answer, authority, size })
}

/// The name under which an address is looked up backwards.
pub fn reverse(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v) => {
            let o = v.octets();
            format!("{}.{}.{}.{}.in-addr.arpa", o[3], o[2], o[1], o[0])
        }
        IpAddr::V6(v) => {
            let digits: Vec<String> =
                v.octets().iter().rev().flat_map(|b| [format!("{:x}", b & 15), format!("{:x}", b >> 4)]).collect();
            format!("{}.ip6.arpa", digits.join("."))
        }
    }
}

/// The address of a server given on the command line.
pub fn server_address(ctx: &Ctx, text: &str) -> Result<IpAddr, &'static str> {
    let world = ctx.world();
    let w = world.borrow();
    super::dialogue::resolve(&w.host, text, ctx.vantage, super::dialogue::Family::Any)
        .map(|v| v.first().copied().unwrap_or(IpAddr::from([0, 0, 0, 0])))
}

/// What each try costs when nobody answers.
pub async fn wait_for_nothing(ctx: &Ctx, why: &str, seconds: i64) {
    if why == "timed out" {
        ctx.io.sleep(Span::secs(seconds)).await;
    }
}
