//! ss(8) and netstat(8): listening sockets and open connections, in their layouts.
//!
//! Left out: UNIX sockets, timers, memory; of netstat everything but sockets, routes and interfaces.

use super::super::Ctx;
use super::ss_filter;
use crate::host::Host;
use crate::host::net::{Endpoint, Listener, Proto};
use std::net::IpAddr;

#[derive(Default)]
struct Wanted {
    tcp: bool,
    udp: bool,
    listening: bool,
    all: bool,
    numeric: bool,
    process: bool,
    four: bool,
    six: bool,
    no_header: bool,
    /// What is left of the command line: the filter.
    filter: Vec<String>,
    /// An option that is none.
    bad: Option<char>,
}

fn read(ctx: &Ctx) -> Wanted {
    let mut o = Wanted::default();
    for a in &ctx.args[1..] {
        match a.as_str() {
            "--tcp" => o.tcp = true,
            "--udp" => o.udp = true,
            "--listening" => o.listening = true,
            "--all" => o.all = true,
            "--numeric" => o.numeric = true,
            "--processes" | "--program" | "--programs" => o.process = true,
            "--no-header" => o.no_header = true,
            "-4" => o.four = true,
            "-6" => o.six = true,
            a if a.starts_with('-') => {
                for c in a.chars().skip(1) {
                    match c {
                        't' => o.tcp = true,
                        'u' => o.udp = true,
                        'l' => o.listening = true,
                        'a' => o.all = true,
                        'n' => o.numeric = true,
                        'p' => o.process = true,
                        'H' => o.no_header = true,
                        '4' => o.four = true,
                        '6' => o.six = true,
                        'e' | 'o' | 'm' | 'i' | 'r' | 'c' | 'W' | 'O' | 's' | 'v' => {}
                        c => {
                            o.bad.get_or_insert(c);
                        }
                    }
                }
            }
            word => o.filter.push(word.to_owned()),
        }
    }
    if !o.tcp && !o.udp {
        (o.tcp, o.udp) = (true, true);
    }
    o
}

fn chosen<'h>(host: &'h Host, o: &Wanted) -> Vec<&'h Listener> {
    let mut all: Vec<&Listener> = host
        .net
        .listeners
        .iter()
        .filter(|l| if l.proto == Proto::Tcp { o.tcp } else { o.udp })
        .filter(|l| (!o.four || l.ip.is_ipv4()) && (!o.six || l.ip.is_ipv6()))
        .collect();
    // The kernel lists by family; within it as its hash has them: nobody's order, but always the same.
    const ORDER: [u16; 9] = [4190, 143, 110, 22, 995, 993, 465, 587, 25];
    let rank = |p: u16| ORDER.iter().position(|o| *o == p).map_or((0, p), |i| (1 + i, 0));
    all.sort_by_key(|l| (l.proto == Proto::Tcp, l.ip.is_ipv6(), rank(l.port)));
    all
}

/// Connections that are open: local end, remote end.
fn established(ctx: &Ctx, o: &Wanted) -> Vec<((IpAddr, u16), (IpAddr, u16))> {
    if !o.tcp {
        return Vec::new();
    }
    let world = ctx.world();
    let w = world.borrow();
    w.conns
        .iter()
        .filter_map(|(id, c)| match c.to {
            Endpoint::Inet(ip, port) => Some(((ip, port), (c.client, 32_768 + (id.0 * 7 % 28_000) as u16))),
            Endpoint::Unix(_) => None,
        })
        .collect()
}

/// A port's name in /etc/services.
pub(super) fn service(port: u16, numeric: bool) -> String {
    let name = match port {
        _ if numeric => None,
        22 => Some("ssh"),
        25 => Some("smtp"),
        110 => Some("pop3"),
        143 => Some("imap2"),
        465 => Some("submissions"),
        587 => Some("submission"),
        993 => Some("imaps"),
        995 => Some("pop3s"),
        4190 => Some("sieve"),
        _ => None,
    };
    name.map_or_else(|| port.to_string(), str::to_owned)
}

/// ss(8).
pub async fn ss(ctx: &mut Ctx) -> i32 {
    let mut o = read(ctx);
    match o.bad {
        Some('Z') => {
            ctx.err("ss: SELinux is not enabled.\n");
            return 1;
        }
        Some(c) => {
            ctx.err(format!("ss: invalid option -- '{c}'\nUsage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]\n"));
            return 255;
        }
        None => {}
    }
    let filter = match ss_filter::Filter::parse(&ctx.world().borrow().host, &o.filter) {
        Ok(f) => f,
        Err(word) => {
            ctx.err(format!("ss: bison bellows (while parsing filter): \"syntax error!\" Sorry.\nUsage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]\n# {word}\n"));
            return 255;
        }
    };
    match filter.state {
        ss_filter::States::Default => {}
        ss_filter::States::Listening => (o.listening, o.all) = (true, false),
        ss_filter::States::Open => (o.listening, o.all) = (false, false),
        ss_filter::States::All => (o.listening, o.all) = (false, true),
    }
    let host_ip = |ip: IpAddr| match ip {
        IpAddr::V6(v) => format!("[{v}]:"),
        IpAddr::V4(v) => format!("{v}:"),
    };
    let both = o.tcp && o.udp;
    let mut rows: Vec<[String; 9]> = Vec::new();
    if o.listening || o.all {
        let world = ctx.world();
        let w = world.borrow();
        for l in chosen(&w.host, &o) {
            let any: IpAddr = if l.ip.is_ipv6() {
                std::net::Ipv6Addr::UNSPECIFIED.into()
            } else {
                std::net::Ipv4Addr::UNSPECIFIED.into()
            };
            if !filter.takes((l.ip, l.port), (any, 0)) {
                continue;
            }
            let tcp = l.proto == Proto::Tcp;
            let process = if o.process && ctx.io.cred.uid == 0 {
                format!(" users:((\"{}\",pid={},fd={}))", l.comm, l.pid, l.fd)
            } else {
                String::new()
            };
            rows.push([
                if both { if tcp { "tcp" } else { "udp" } } else { "" }.into(),
                if tcp { "LISTEN" } else { "UNCONN" }.into(),
                "0".into(),
                if tcp { l.backlog } else { 0 }.to_string(),
                host_ip(l.ip),
                service(l.port, o.numeric),
                if l.ip.is_ipv6() { "[::]:" } else { "0.0.0.0:" }.into(),
                "*".into(),
                process,
            ]);
        }
    }
    if !o.listening {
        for ((ip, port), (from, fport)) in established(ctx, &o) {
            if !filter.takes((ip, port), (from, fport)) {
                continue;
            }
            rows.push([
                if both { "tcp" } else { "" }.into(),
                "ESTAB".into(),
                "0".into(),
                "0".into(),
                host_ip(ip),
                service(port, o.numeric),
                host_ip(from),
                fport.to_string(),
                String::new(),
            ]);
        }
    }
    let head = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:", "Port", "Peer Address:", "Port", "Process"];
    let mut head = head.map(str::to_owned);
    if !both {
        head[0].clear();
    }
    let width = ctx.stdout_is_terminal().then(|| ctx.columns());
    ctx.out(layout(&head, &rows, width, o.no_header));
    0
}

/// What stands before each column but the first.
const DELIMITER: [&str; 9] = ["", " ", " ", " ", " ", "", " ", "", ""];

/// ss(8)'s own layout: columns as wide as their contents, the rest of a terminal's width shared out among them; a column
/// that does not fit begins a line of its own.
fn layout(head: &[String; 9], rows: &[[String; 9]], screen: Option<usize>, no_header: bool) -> String {
    let mut width = [0usize; 9];
    let mut first = true;
    for (i, w) in width.iter_mut().enumerate() {
        let longest = rows.iter().map(|r| r[i].len()).chain([if no_header { 0 } else { head[i].len() }]).max();
        *w = longest.unwrap_or(0);
        if *w > 0 && !first {
            *w += DELIMITER[i].len();
        }
        first &= *w == 0;
        if let Some(s) = screen {
            *w = (*w).min(s);
        }
    }
    let mut breaks = [false; 9];
    if let Some(s) = screen {
        let used: Vec<usize> = (0..9).filter(|i| width[*i] > 0).collect();
        let mut line: Vec<usize> = Vec::new();
        let mut lines: Vec<Vec<usize>> = Vec::new();
        for i in used {
            if !line.is_empty() && line.iter().map(|c| width[*c]).sum::<usize>() + width[i] > s {
                lines.push(std::mem::take(&mut line));
                breaks[i] = true;
            }
            line.push(i);
        }
        lines.push(line);
        for l in lines.iter().filter(|l| !l.is_empty()) {
            let spare = s.saturating_sub(l.iter().map(|c| width[*c]).sum());
            let (each, mut rest) = (spare / l.len(), spare % l.len());
            // What cannot be shared out evenly goes to the last columns.
            for c in l.iter().rev() {
                width[*c] += each + usize::from(rest > 0);
                rest = rest.saturating_sub(1);
            }
        }
    }
    let one = |r: &[String; 9]| {
        let mut out = String::new();
        for i in 0..9 {
            if width[i] == 0 {
                continue;
            }
            if breaks[i] {
                out.push('\n');
            }
            let delimiter = if out.is_empty() || breaks[i] { "" } else { DELIMITER[i] };
            let room = width[i].saturating_sub(delimiter.len());
            out += delimiter;
            out += &if matches!(i, 4 | 6) { format!("{:>room$}", r[i]) } else { format!("{:<room$}", r[i]) };
        }
        out + "\n"
    };
    let mut out = if no_header { String::new() } else { one(head) };
    for r in rows {
        out += &one(r);
    }
    out
}

/// netstat(8).
pub async fn netstat(ctx: &mut Ctx) -> i32 {
    let letters: String = ctx.args[1..].iter().filter(|a| !a.starts_with("--")).cloned().collect();
    if letters.contains('r') || ctx.args.iter().any(|a| a == "--route") {
        ctx.out(super::ip::netstat_routes(&ctx.world().borrow().host));
        return 0;
    }
    if letters.contains('i') || ctx.args.iter().any(|a| a == "--interfaces") {
        ctx.out(super::ip::netstat_interfaces(&ctx.world().borrow().host));
        return 0;
    }
    let o = read(ctx);
    let what = match (o.listening, o.all) {
        (true, _) => "(only servers)",
        (_, true) => "(servers and established)",
        _ => "(w/o servers)",
    };
    let mut out = format!("Active Internet connections {what}\n");
    out += "Proto Recv-Q Send-Q Local Address           Foreign Address         State      ";
    out += if o.process { " PID/Program name    \n" } else { "\n" };
    let end = |ip: IpAddr, port: &str| format!("{ip}:{port}");
    let mut line = |proto: &str, local: String, remote: String, state: &str, process: &str| {
        out += &format!("{proto:<5}      0      0 {local:<23} {remote:<23} {state:<11}");
        out += &if o.process { format!(" {process:<19} \n") } else { "\n".into() };
    };
    if o.listening || o.all {
        let world = ctx.world();
        let w = world.borrow();
        for l in chosen(&w.host, &o).into_iter().rev().collect::<Vec<_>>().into_iter().rev() {
            let six = l.ip.is_ipv6();
            let proto = match (l.proto, six) {
                (Proto::Tcp, false) => "tcp",
                (Proto::Tcp, true) => "tcp6",
                (Proto::Udp, false) => "udp",
                (Proto::Udp, true) => "udp6",
            };
            let any: IpAddr =
                if six { std::net::Ipv6Addr::UNSPECIFIED.into() } else { std::net::Ipv4Addr::UNSPECIFIED.into() };
            let state = if l.proto == Proto::Tcp { "LISTEN" } else { "" };
            let process = if ctx.io.cred.uid == 0 { format!("{}/{}", l.pid, l.comm) } else { "-".to_owned() };
            line(proto, end(l.ip, &service(l.port, o.numeric)), end(any, "*"), state, &process);
        }
    }
    if !o.listening {
        for ((ip, port), (from, fport)) in established(ctx, &o) {
            let proto = if ip.is_ipv6() { "tcp6" } else { "tcp" };
            line(proto, end(ip, &service(port, o.numeric)), end(from, &fport.to_string()), "ESTABLISHED", "-");
        }
    }
    ctx.out(out);
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_of_ss() {
        let head = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address:", "Port", "Peer Address:", "Port", "Process"];
        let row =
            ["tcp", "LISTEN", "0", "100", "0.0.0.0:", "25", "0.0.0.0:", "*", " users:((\"master\",pid=26272,fd=13))"];
        let text = layout(&head.map(str::to_owned), &[row.map(str::to_owned)], None, false);
        // As the real one prints into a pipe.
        assert_eq!(
            text,
            "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess                            \n\
             tcp   LISTEN 0      100          0.0.0.0:25        0.0.0.0:*    users:((\"master\",pid=26272,fd=13))\n"
        );
    }
}
