//! ping(8) of iputils, traceroute(8): who answers to an echo request.
//!
//! Left out: flood, patterns, options of the packet.

use super::dialogue::{Family, resolve};
use crate::base::Span;
use crate::command::Ctx;
use crate::host::net::{Proto, Target};
use crate::internet::server::Meets;
use std::net::IpAddr;

struct Asked {
    count: Option<u32>,
    wait: Span,
    interval: Span,
    quiet: bool,
    numeric: bool,
    family: Family,
    name: String,
}

fn parse(ctx: &Ctx) -> Result<Asked, i32> {
    let mut a = Asked {
        count: None,
        wait: Span::secs(10),
        interval: Span::secs(1),
        quiet: false,
        numeric: false,
        family: Family::Any,
        name: String::new(),
    };
    let mut it = ctx.args[1..].iter();
    while let Some(w) = it.next() {
        let Some(letters) = w.strip_prefix('-').filter(|l| !l.is_empty()) else {
            a.name.clone_from(w);
            continue;
        };
        let c = letters.chars().next().unwrap_or('c');
        if "cWiswtIQpMmSTl".contains(c) {
            let value = if letters.len() > 1 { Some(letters[1..].to_owned()) } else { it.next().cloned() };
            let Some(v) = value else {
                ctx.err(format!(
                    "ping: option requires an argument -- '{c}'\n\nUsage\n  ping [options] <destination>\n"
                ));
                return Err(2);
            };
            let seconds = Span((v.parse::<f64>().unwrap_or(1.0) * 1e6) as i64);
            match c {
                'c' => match v.parse::<u32>() {
                    Ok(n) if n > 0 => a.count = Some(n),
                    _ => {
                        ctx.err(format!("ping: invalid argument: '{v}'\n"));
                        return Err(1);
                    }
                },
                'W' => a.wait = seconds,
                'i' => a.interval = seconds,
                _ => {}
            }
            continue;
        }
        for c in letters.chars() {
            match c {
                'q' => a.quiet = true,
                'n' => a.numeric = true,
                '4' => a.family = Family::V4,
                '6' => a.family = Family::V6,
                'a' | 'A' | 'b' | 'D' | 'd' | 'O' | 'R' | 'r' | 'U' | 'v' | 'f' => {}
                'V' => {
                    ctx.out("ping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n");
                    return Err(0);
                }
                c => {
                    ctx.err(format!("ping: invalid option -- '{c}'\n\nUsage\n  ping [options] <destination>\n"));
                    return Err(2);
                }
            }
        }
    }
    if a.name.is_empty() {
        ctx.err("ping: usage error: Destination address required\n");
        return Err(1);
    }
    Ok(a)
}

/// Whether an address answers to an echo request.
fn answers(ctx: &Ctx, ip: IpAddr) -> bool {
    let world = ctx.world();
    let w = world.borrow();
    let inside = w.host.net.is_local(ip);
    let source =
        w.host.net.interfaces.iter().flat_map(|(_, a)| a).map(ipnet::IpNet::addr).find(std::net::IpAddr::is_ipv4);
    if !inside && w.host.net.filter(false, Proto::Udp, source.unwrap_or(ip), ip, 0) != Target::Accept {
        return false;
    }
    if inside {
        return true;
    }
    let near = w.host.net.interfaces.iter().any(|(n, a)| n != "lo" && a.iter().any(|n| n.contains(&ip)));
    let known = w.host.dns.query(&super::dns::reverse(ip), "PTR");
    let named = matches!(known, crate::host::dns::Answer::Data(_));
    let server = !matches!(w.internet.servers.meet(ip, 25), Meets::Nothing);
    server || near && named || ip == IpAddr::from([192, 0, 2, 53]) || ip == IpAddr::from([192, 0, 2, 1])
}

/// The name behind an address, for the lines of the answers.
fn name_of(ctx: &Ctx, ip: IpAddr) -> Option<String> {
    let world = ctx.world();
    let w = world.borrow();
    let hosts = w.host.fs.read_text("/etc/hosts").unwrap_or_default();
    for l in hosts.lines() {
        let mut f = l.split('#').next().unwrap_or("").split_whitespace();
        if f.next().and_then(|a| a.parse::<IpAddr>().ok()) == Some(ip) {
            return f.next().map(str::to_owned);
        }
    }
    match w.host.dns.query(&super::dns::reverse(ip), "PTR") {
        crate::host::dns::Answer::Data(v) => v.first().map(|n| n.trim_end_matches('.').to_owned()),
        _ => None,
    }
}

/// ping(8).
pub async fn ping(ctx: &mut Ctx) -> i32 {
    let a = match parse(ctx) {
        Ok(a) => a,
        Err(s) => return s,
    };
    let found = resolve(&ctx.world().borrow().host, &a.name, ctx.vantage, a.family);
    let ip = match found {
        Ok(v) => v.first().copied().unwrap_or(IpAddr::from([127, 0, 0, 1])),
        Err(e) => {
            ctx.err(format!("ping: {}: {e}\n", a.name));
            return 2;
        }
    };
    let size = if ip.is_ipv6() { "56 data bytes".to_owned() } else { "56(84) bytes of data.".to_owned() };
    let target = if ip.is_ipv6() && a.name.parse::<IpAddr>().is_err() {
        format!("{}({ip})", a.name)
    } else {
        format!("{} ({ip})", a.name)
    };
    ctx.out(format!(
        "PING {} {size}\n",
        if ip.is_ipv6() && a.name == ip.to_string() { format!("{ip}({ip})") } else { target }
    ));
    let up = answers(ctx, ip);
    let name = if a.numeric || a.name.parse::<IpAddr>().is_ok() { None } else { name_of(ctx, ip) };
    let label = name.map_or_else(|| ip.to_string(), |n| format!("{n} ({ip})"));
    let began = ctx.world().borrow().now();
    let (mut sent, mut got) = (0u32, 0u32);
    let mut times: Vec<f64> = Vec::new();
    // Without a count it goes on until Ctrl-C.
    loop {
        sent += 1;
        if up {
            got += 1;
            let local = ctx.world().borrow().host.net.is_local(ip);
            let (low, high) = if local { (20, 60) } else { (300, 900) };
            let us = ctx.world().borrow().host.chance.between("ping", &format!("{} {sent}", ctx.pid), low, high);
            let ms = us as f64 / 1000.0;
            times.push(ms);
            if !a.quiet {
                ctx.out(format!("64 bytes from {label}: icmp_seq={sent} ttl=64 time={ms:.3} ms\n"));
            }
        }
        if a.count.is_some_and(|c| sent >= c) {
            if !up {
                ctx.io.sleep(a.wait).await;
            }
            break;
        }
        if a.count.is_none() {
            ctx.io.kernel.clone().tick().await;
        } else {
            ctx.io.sleep(a.interval).await;
        }
        if ctx.io.is_broken() {
            break;
        }
    }
    let took = (ctx.world().borrow().now() - began).0 / 1000;
    let lost = ((sent - got) * 100).checked_div(sent).unwrap_or(0);
    ctx.out(format!(
        "\n--- {} ping statistics ---\n{sent} packets transmitted, {got} received, {lost}% packet loss, time {took}ms\n",
        a.name
    ));
    if times.is_empty() {
        ctx.out("\n");
        return 1;
    }
    let n = times.len() as f64;
    let (min, max) = times.iter().fold((f64::MAX, 0.0f64), |(a, b), t| (a.min(*t), b.max(*t)));
    let avg = times.iter().sum::<f64>() / n;
    let dev = (times.iter().map(|t| (t - avg) * (t - avg)).sum::<f64>() / n).sqrt();
    ctx.out(format!("rtt min/avg/max/mdev = {min:.3}/{avg:.3}/{max:.3}/{dev:.3} ms\n"));
    0
}

/// traceroute(8): one hop to those that answer, stars to the rest.
pub async fn traceroute(ctx: &mut Ctx) -> i32 {
    let name = ctx.args[1..].iter().rev().find(|a| !a.starts_with('-')).cloned().unwrap_or_default();
    if name.is_empty() {
        ctx.err("Usage:\n  traceroute [ -46dFITnreAUDV ] host [ packetlen ]\n");
        return 2;
    }
    let found = resolve(&ctx.world().borrow().host, &name, ctx.vantage, Family::Any);
    let Ok(ip) = found.map(|v| v.first().copied().unwrap_or(IpAddr::from([127, 0, 0, 1]))) else {
        ctx.err(format!(
            "{name}: Name or service not known\nCannot handle \"host\" cmdline arg `{name}' on position 1 (argc 1)\n"
        ));
        return 2;
    };
    ctx.out(format!("traceroute to {name} ({ip}), 30 hops max, 60 byte packets\n"));
    let label = name_of(ctx, ip).unwrap_or_else(|| ip.to_string());
    if answers(ctx, ip) {
        let t = |k: &str| {
            ctx.world().borrow().host.chance.between("traceroute", &format!("{} {k}", ctx.pid), 300, 900) as f64
                / 1000.0
        };
        ctx.out(format!(" 1  {label} ({ip})  {:.3} ms  {:.3} ms  {:.3} ms\n", t("a"), t("b"), t("c")));
        return 0;
    }
    for hop in 1..=30 {
        ctx.io.sleep(Span::secs(5)).await;
        ctx.out(format!("{hop:2}  * * *\n"));
    }
    0
}
