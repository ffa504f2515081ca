//! nc(1), OpenBSD's netcat: bytes of standard input to a TCP port and back, and port scans.
//!
//! Left out: UDP, proxies; a listener takes the port, and what arrives there is not shown.

use super::dialogue::{self, Family, Next, connect, port, resolve, service_name};
use crate::base::Span;
use crate::command::Ctx;
use crate::host::net::{Listener, Proto};
use crate::host::{Errno, Process};
use std::net::IpAddr;

const USAGE: &str = "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P \
                     proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W \
                     recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] \
                     [port]\n";

#[derive(Default)]
struct Options {
    crlf: bool,
    no_stdin: bool,
    numeric: bool,
    verbose: bool,
    scan: bool,
    unix: bool,
    listen: bool,
    udp: bool,
    half_close: bool,
    quit: Option<i64>,
    wait: Option<i64>,
    source: Option<IpAddr>,
    family: Option<Family>,
    words: Vec<String>,
}

fn options(ctx: &Ctx) -> Result<Options, i32> {
    let mut o = Options::default();
    let mut it = ctx.args[1..].iter();
    while let Some(a) = it.next() {
        if !a.starts_with('-') || a.len() == 1 {
            o.words.push(a.clone());
            continue;
        }
        let letters: Vec<char> = a[1..].chars().collect();
        for (i, c) in letters.iter().enumerate() {
            match c {
                '4' => o.family = Some(Family::V4),
                '6' => o.family = Some(Family::V6),
                'C' => o.crlf = true,
                'd' => o.no_stdin = true,
                'n' => o.numeric = true,
                'N' => o.half_close = true,
                'v' => o.verbose = true,
                'z' => o.scan = true,
                'U' => o.unix = true,
                'l' => o.listen = true,
                'u' => o.udp = true,
                'D' | 'F' | 'k' | 'r' | 'S' | 't' | 'Z' => {}
                'h' => {
                    ctx.err(format!("OpenBSD netcat (Debian patchlevel 1.219-1)\n{USAGE}"));
                    return Err(0);
                }
                'w' | 'q' | 's' | 'p' | 'i' | 'I' | 'O' | 'M' | 'm' | 'T' | 'V' | 'W' | 'X' | 'x' | 'P' => {
                    let rest: String = letters[i + 1..].iter().collect();
                    let value = if rest.is_empty() { it.next().cloned() } else { Some(rest) };
                    let Some(v) = value else {
                        ctx.complain(format!("option requires an argument -- '{c}'"));
                        ctx.err(USAGE);
                        return Err(1);
                    };
                    match c {
                        'w' => {
                            if let Ok(n) = v.parse() {
                                o.wait = Some(n);
                            } else {
                                ctx.complain(format!("timeout invalid: {v}"));
                                return Err(1);
                            }
                        }
                        'q' => o.quit = v.parse().ok(),
                        's' => o.source = v.parse().ok(),
                        _ => {}
                    }
                    break;
                }
                c => {
                    ctx.complain(format!("invalid option -- '{c}'"));
                    ctx.err(USAGE);
                    return Err(1);
                }
            }
        }
    }
    Ok(o)
}

/// The ports of the command line: numbers, names, ranges.
fn ports(ctx: &Ctx, words: &[String]) -> Result<Vec<u16>, i32> {
    let world = ctx.world();
    let w = world.borrow();
    let mut out = Vec::new();
    for text in words {
        let one = |t: &str| {
            port(&w.host, t).map_err(|range| {
                ctx.complain(if range {
                    format!("port number too large: {t}")
                } else {
                    format!("port number invalid: {t}")
                });
                1
            })
        };
        match text.split_once('-').filter(|(a, b)| !a.is_empty() && !b.is_empty()) {
            Some((a, b)) => {
                let (a, b) = (one(a)?, one(b)?);
                out.extend(a.min(b)..=a.max(b));
            }
            None => out.push(one(text)?),
        }
    }
    Ok(out)
}

/// nc(1).
pub async fn nc(ctx: &mut Ctx) -> i32 {
    let o = match options(ctx) {
        Ok(o) => o,
        Err(status) => return status,
    };
    if o.unix && o.words.len() == 1 {
        let there = ctx.world().borrow().host.fs.exists(&ctx.path(&o.words[0]));
        let e = if there { Errno::ConnRefused } else { Errno::NoEnt };
        ctx.complain(format!("{}: {e}", o.words[0]));
        return 1;
    }
    if o.words.is_empty() && !o.listen {
        ctx.err(USAGE);
        return 1;
    }
    if o.udp {
        ctx.err("maillab: nc speaks no UDP here; see: ss, telnet\n");
        return 1;
    }
    if o.listen {
        return listen(ctx, &o).await;
    }
    if o.words.len() < 2 {
        ctx.complain("missing port number");
        return 1;
    }
    let ports = match ports(ctx, &o.words[1..]) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let name = o.words[0].clone();
    let family = o.family.unwrap_or(Family::Any);
    let addresses = match resolve(&ctx.world().borrow().host, &name, ctx.vantage, family) {
        Ok(a) => a,
        Err(e) => {
            ctx.complain(format!("getaddrinfo for host \"{name}\" port {}: {e}", o.words[1]));
            return 1;
        }
    };
    let patience = o.wait.map(Span::secs);
    let mut status = 1;
    for p in ports {
        for ip in &addresses {
            let shown = if name == ip.to_string() { name.clone() } else { format!("{name} ({ip})") };
            match connect(ctx, *ip, p, o.source, patience).await {
                Err(e) => {
                    if o.verbose {
                        let tail = if e == Errno::TimedOut && patience.is_some() {
                            "timed out: Operation now in progress".to_owned()
                        } else {
                            format!("failed: {e}")
                        };
                        ctx.err(format!("nc: connect to {shown} port {p} (tcp) {tail}\n"));
                    }
                }
                Ok(id) => {
                    status = 0;
                    if o.verbose {
                        let service =
                            if o.numeric { "*".to_owned() } else { service_name(&ctx.world().borrow().host, p) };
                        ctx.err(format!("Connection to {shown} {p} port [tcp/{service}] succeeded!\n"));
                    }
                    if o.scan {
                        ctx.world().borrow_mut().hangup(id);
                    } else {
                        talk(ctx, &o, id).await;
                    }
                    break;
                }
            }
        }
        if !o.scan && status == 0 {
            break;
        }
    }
    status
}

async fn talk(ctx: &mut Ctx, o: &Options, id: crate::sim::ConnId) {
    let world = ctx.world();
    let mut typing = !o.no_stdin;
    let mut end = None;
    loop {
        let idle = o.wait.map(|s| world.borrow().now() + Span::secs(s));
        let until = [end, idle].into_iter().flatten().min();
        match dialogue::next(&mut ctx.io, id, typing, until).await {
            Next::Heard(data) => ctx.out(data),
            Next::Typed(data) => {
                let wire = if o.crlf {
                    let mut wire = Vec::new();
                    for b in &data {
                        if *b == b'\n' && wire.last() != Some(&b'\r') {
                            wire.push(b'\r');
                        }
                        wire.push(*b);
                    }
                    wire
                } else {
                    data
                };
                world.borrow_mut().send(id, &wire);
            }
            Next::Eof => {
                typing = false;
                if let Some(q) = o.quit.filter(|q| *q >= 0) {
                    end = Some(world.borrow().now() + Span::secs(q));
                } else if o.half_close {
                    // The far end sees the end of input once it has answered what was sent.
                    let ready = world.borrow().ready_at(id);
                    end = Some(ready.unwrap_or_else(|| world.borrow().now()) + Span::millis(1));
                }
            }
            Next::Closed | Next::Timeout => break,
        }
    }
    world.borrow_mut().hangup(id);
}

/// A socket that nc holds while it runs; a program that goes on in the background keeps it.
struct Held {
    io: crate::command::io::Io,
    pid: u32,
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.io.kernel.interrupted.get()
            && let Ok(mut w) = self.io.world.try_borrow_mut()
        {
            let pid = self.pid;
            w.host.net.listeners.retain(|l| l.pid != pid);
            w.host.procs.remove(pid);
        }
    }
}

/// `nc -l [ADDRESS] PORT`: takes the port and waits.
async fn listen(ctx: &mut Ctx, o: &Options) -> i32 {
    let (address, port_text) = match o.words.as_slice() {
        [p] => (None, p.clone()),
        [a, p, ..] => (Some(a.clone()), p.clone()),
        [] => {
            ctx.err(USAGE);
            return 1;
        }
    };
    let Ok(port) = ports(ctx, &[port_text]).map(|p| p.first().copied().unwrap_or(0)) else { return 1 };
    let ip: IpAddr = match address.as_deref().map(str::parse) {
        Some(Ok(ip)) => ip,
        _ if o.family == Some(Family::V6) => std::net::Ipv6Addr::UNSPECIFIED.into(),
        _ => std::net::Ipv4Addr::UNSPECIFIED.into(),
    };
    let world = ctx.world();
    let busy = world.borrow().host.net.listeners.iter().any(|l| {
        let wide = l.ip.is_unspecified() || ip.is_unspecified();
        l.proto == Proto::Tcp && l.port == port && (l.ip == ip || l.ip.is_ipv4() == ip.is_ipv4() && wide)
    });
    if busy {
        ctx.err(format!("nc: {}\n", Errno::AddrInUse));
        return 1;
    }
    let pid = {
        let mut w = world.borrow_mut();
        let started = w.now();
        let pid = w.host.procs.spawn(Process {
            pid: 0,
            ppid: 1,
            uid: ctx.io.cred.uid,
            comm: "nc".into(),
            args: ctx.args.join(" "),
            started,
            tty: "?".into(),
            stat: "S".into(),
            vsz: 3_360,
            rss: 2_048,
            unit: "".into(),
            role: String::new(),
        });
        w.host.net.listeners.push(Listener {
            proto: Proto::Tcp,
            ip,
            port,
            pid,
            comm: "nc".into(),
            fd: 3,
            backlog: 1,
            owner: "nc".into(),
        });
        pid
    };
    let held = Held { io: ctx.io.clone(), pid };
    if o.verbose {
        let shown = if ip.is_unspecified() { "0.0.0.0".to_owned() } else { ip.to_string() };
        ctx.err(format!("Listening on {shown} {port}\n"));
    }
    while world.borrow().host.procs.get(pid).is_some() {
        ctx.io.kernel.clone().tick().await;
    }
    drop(held);
    0
}
