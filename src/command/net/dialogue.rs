//! What telnet, nc and openssl share: names to addresses, connecting, and holding a dialogue live.

use crate::base::{Span, Time};
use crate::command::Ctx;
use crate::command::io::Io;
use crate::host::dns::Answer;
use crate::host::net::Endpoint;
use crate::host::{Errno, Host};
use crate::sim::ConnId;
use std::future::{Future as _, poll_fn};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::pin;
use std::task::Poll;

/// Which families are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Any,
    V4,
    V6,
}

impl Family {
    fn takes(self, ip: IpAddr) -> bool {
        match self {
            Family::Any => true,
            Family::V4 => ip.is_ipv4(),
            Family::V6 => ip.is_ipv6(),
        }
    }
}

/// getaddrinfo(3) of a host name: IPv6 before IPv4, /etc/hosts before DNS (the host's own file, not a client's).
pub fn resolve(host: &Host, name: &str, vantage: Option<IpAddr>, family: Family) -> Result<Vec<IpAddr>, &'static str> {
    if let Ok(ip) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
        return if family.takes(ip) { Ok(vec![ip]) } else { Err("Address family for hostname not supported") };
    }
    let lower = name.trim_end_matches('.').to_ascii_lowercase();
    let mut out: Vec<IpAddr> = Vec::new();
    if lower == "localhost" {
        out = vec![IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];
    } else if vantage.is_none() {
        for l in host.fs.read_text("/etc/hosts").unwrap_or_default().lines() {
            let mut w = l.split('#').next().unwrap_or("").split_ascii_whitespace();
            let ip = w.next().and_then(|i| i.parse().ok());
            if let Some(ip) = ip
                && w.any(|n| n.eq_ignore_ascii_case(&lower))
            {
                out.push(ip);
            }
        }
    }
    let mut soft = false;
    if out.is_empty() {
        for kind in ["AAAA", "A"] {
            let mut at = lower.clone();
            for _ in 0..8 {
                match host.dns.query(&at, kind) {
                    Answer::Data(v) => out.extend(v.iter().filter_map(|a| a.parse::<IpAddr>().ok())),
                    Answer::ServFail | Answer::Refused | Answer::Timeout => soft = true,
                    Answer::NoData | Answer::NxDomain => {}
                }
                match host.dns.query(&at, "CNAME") {
                    Answer::Data(v) if out.is_empty() && !v.is_empty() => at.clone_from(&v[0]),
                    _ => break,
                }
            }
        }
    }
    out.retain(|ip| family.takes(*ip));
    match (out.is_empty(), soft) {
        (false, _) => Ok(out),
        (true, true) => Err("Temporary failure in name resolution"),
        (true, false) => Err("Name or service not known"),
    }
}

/// A port by number or by its name in /etc/services; `Err(true)`: a number out of range.
pub fn port(host: &Host, text: &str) -> Result<u16, bool> {
    if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        return text.parse().map_err(|_| true);
    }
    let services = host.fs.read_text("/etc/services").unwrap_or_default();
    let found = services.lines().find_map(|l| {
        let mut w = l.split('#').next().unwrap_or("").split_ascii_whitespace();
        let (name, number) = (w.next()?, w.next()?);
        let number = number.strip_suffix("/tcp")?;
        (name == text || w.any(|a| a == text)).then(|| number.parse().ok())?
    });
    found.ok_or(false)
}

/// The name of a TCP port in /etc/services, or `*`.
pub fn service_name(host: &Host, port: u16) -> String {
    let services = host.fs.read_text("/etc/services").unwrap_or_default();
    let tag = format!("{port}/tcp");
    let hit = services.lines().find_map(|l| {
        let mut w = l.split_ascii_whitespace();
        let name = w.next()?;
        (w.next()? == tag).then(|| name.to_owned())
    });
    hit.unwrap_or_else(|| "*".into())
}

/// The source address of a connection to `to`.
fn source(host: &Host, vantage: Option<IpAddr>, to: IpAddr) -> IpAddr {
    if let Some(v) = vantage {
        return v;
    }
    if host.net.is_local(to) {
        return to;
    }
    let nets = host.net.interfaces.iter().flat_map(|(_, a)| a).filter(|n| n.addr().is_ipv4() == to.is_ipv4());
    let mut first = None;
    for n in nets {
        if n.contains(&to) {
            return n.addr();
        }
        if first.is_none() && !n.addr().is_loopback() {
            first = Some(n.addr());
        }
    }
    first.unwrap_or(to)
}

/// connect(2), waiting as long as it takes to fail; no longer than `patience`.
pub async fn connect(
    ctx: &Ctx,
    to: IpAddr,
    port: u16,
    from: Option<IpAddr>,
    patience: Option<Span>,
) -> Result<ConnId, Errno> {
    let world = ctx.world();
    let client = from.unwrap_or_else(|| source(&world.borrow().host, ctx.vantage, to));
    // A client's own loopback has nobody listening.
    if ctx.vantage.is_some() && to.is_loopback() {
        return Err(Errno::ConnRefused);
    }
    let result = world.borrow_mut().connect(client, &Endpoint::Inet(to, port));
    match result {
        Ok(id) => Ok(id),
        Err((errno, span)) => {
            let wait = patience.map_or(span, |p| if p < span { p } else { span });
            if wait > Span::ZERO {
                ctx.io.sleep(wait).await;
            }
            Err(errno)
        }
    }
}

/// What happened next in a dialogue.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Bytes from the far end.
    Heard(Vec<u8>),
    /// Bytes from standard input.
    Typed(Vec<u8>),
    /// Standard input is at its end.
    Eof,
    /// The far end hung up.
    Closed,
    /// Nothing happened until the instant given.
    Timeout,
}

/// Waits for the far end or for standard input, whatever comes first.
pub async fn next(io: &mut Io, id: ConnId, typing: bool, until: Option<Time>) -> Next {
    let world = io.world.clone();
    let kernel = io.kernel.clone();
    loop {
        let (now, ready) = {
            let w = world.borrow();
            (w.now(), w.ready_at(id))
        };
        if ready.is_some_and(|t| t <= now) {
            let (data, closed) = world.borrow_mut().recv(id);
            if !data.is_empty() {
                return Next::Heard(data);
            }
            if closed {
                return Next::Closed;
            }
        }
        if world.borrow().conns.get(id).is_none() {
            return Next::Closed;
        }
        if until.is_some_and(|t| t <= now) {
            return Next::Timeout;
        }
        // The next instant at which something can change without the user.
        let timer = [ready, until].into_iter().flatten().min();
        let timer = timer.or_else(|| if typing { None } else { world.borrow().next_due().filter(|t| *t > now) });
        let read = async { if typing { Some(io.read(0, 4096).await) } else { std::future::pending().await } };
        let mut read = pin!(read);
        let sleep = async {
            match timer {
                Some(t) => kernel.sleep_until(&world, t).await,
                None if typing => std::future::pending().await,
                None => kernel.tick().await,
            }
        };
        let mut sleep = pin!(sleep);
        let got = poll_fn(|cx| {
            // The far end goes first: what it said at this instant is shown before more is read.
            if sleep.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            match read.as_mut().poll(cx) {
                Poll::Ready(r) => Poll::Ready(Some(r)),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        match got {
            Some(Some(Ok(Some(data)))) => return Next::Typed(data),
            Some(_) => return Next::Eof,
            None => {}
        }
    }
}
