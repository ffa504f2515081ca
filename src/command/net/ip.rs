//! ip(8), ifconfig(8), route(8): addresses, links, routes and neighbours, shown. Nothing is changed here.
//!
//! Left out: everything that changes a link or a route, other address families and tables.

use crate::command::Ctx;
use crate::host::Host;
use ipnet::IpNet;
use std::net::IpAddr;

/// A link as the kernel numbers it.
struct Link<'h> {
    index: usize,
    name: &'h str,
    nets: &'h [IpNet],
}

impl Link<'_> {
    fn is_loopback(&self) -> bool {
        self.name == "lo"
    }
    fn mac(&self) -> String {
        if self.is_loopback() { "00:00:00:00:00:00".into() } else { format!("52:54:00:a1:0b:{:02x}", self.index) }
    }
}

fn links(host: &Host) -> Vec<Link<'_>> {
    host.net.interfaces.iter().enumerate().map(|(i, (n, a))| Link { index: i + 1, name: n, nets: a }).collect()
}

/// The gateway of a family: the first host of the first network that is not local.
fn gateway(host: &Host, v6: bool) -> Option<(IpAddr, String, IpAddr)> {
    for (name, nets) in host.net.interfaces.iter().filter(|(n, _)| n != "lo") {
        for n in nets.iter().filter(|n| n.addr().is_ipv6() == v6 && !is_link_local(n.addr())) {
            let first = n.hosts().find(|h| *h != n.addr() && *h != n.network());
            if let Some(g) = first {
                return Some((g, name.clone(), n.addr()));
            }
        }
    }
    None
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v) if v.segments()[0] & 0xffc0 == 0xfe80)
}

fn scope(l: &Link<'_>, ip: IpAddr) -> &'static str {
    if l.is_loopback() {
        "host"
    } else if is_link_local(ip) {
        "link"
    } else {
        "global"
    }
}

fn address(host: &Host, only: Option<&str>, v4: bool, v6: bool, links_only: bool) -> String {
    let mut out = String::new();
    for l in links(host).iter().filter(|l| only.is_none_or(|o| o == l.name)) {
        let (flags, qdisc, state) = if l.is_loopback() {
            ("LOOPBACK,UP,LOWER_UP", "mtu 65536 qdisc noqueue", "UNKNOWN")
        } else {
            ("BROADCAST,MULTICAST,UP,LOWER_UP", "mtu 1500 qdisc fq_codel", "UP")
        };
        let (mode, kind, broadcast) =
            if links_only { ("mode DEFAULT group default", "", "") } else { ("group default", "", "") };
        let _ = (kind, broadcast);
        out += &format!("{}: {}: <{flags}> {qdisc} state {state} {mode} qlen 1000\n", l.index, l.name);
        let (link, brd) =
            if l.is_loopback() { ("loopback", "00:00:00:00:00:00") } else { ("ether", "ff:ff:ff:ff:ff:ff") };
        out += &format!("    link/{link} {} brd {brd}\n", l.mac());
        if !l.is_loopback() && !links_only {
            out += "    altname enp0s3\n";
        }
        if links_only {
            continue;
        }
        let mut nets: Vec<&IpNet> = l.nets.iter().collect();
        nets.sort_by_key(|n| n.addr().is_ipv6());
        for n in nets {
            let ip = n.addr();
            if ip.is_ipv4() && !v4 || ip.is_ipv6() && !v6 {
                continue;
            }
            let word = if ip.is_ipv6() { "inet6" } else { "inet" };
            let brd = match n {
                IpNet::V4(v) if !l.is_loopback() => format!(" brd {}", v.broadcast()),
                _ => String::new(),
            };
            let sc = scope(l, ip);
            let label = if ip.is_ipv4() { format!(" {}", l.name) } else { String::new() };
            let more = if ip.is_ipv6() && l.is_loopback() { " noprefixroute" } else { " " };
            let more = if ip.is_ipv4() { "" } else { more };
            out += &format!("    {word} {n}{brd} scope {sc}{label}{more}\n");
            out += "       valid_lft forever preferred_lft forever\n";
        }
    }
    out
}

fn brief(host: &Host, only: Option<&str>, v4: bool, v6: bool, links_only: bool) -> String {
    let mut out = String::new();
    for l in links(host).iter().filter(|l| only.is_none_or(|o| o == l.name)) {
        let state = if l.is_loopback() { "UNKNOWN" } else { "UP" };
        out += &format!("{:<16} {state:<14} ", l.name);
        if links_only {
            let flags = if l.is_loopback() { "LOOPBACK,UP,LOWER_UP" } else { "BROADCAST,MULTICAST,UP,LOWER_UP" };
            out += &format!("{} <{flags}> \n", l.mac());
            continue;
        }
        let mut nets: Vec<&IpNet> = l.nets.iter().collect();
        nets.sort_by_key(|n| n.addr().is_ipv6());
        for n in nets.iter().filter(|n| if n.addr().is_ipv4() { v4 } else { v6 }) {
            out += &format!("{n} ");
        }
        out.push('\n');
    }
    out
}

fn routes(host: &Host, v6: bool) -> String {
    let mut out = String::new();
    if let (Some((g, dev, _)), false) = (gateway(host, v6), v6) {
        out += &format!("default via {g} dev {dev} \n");
    }
    for l in links(host).iter().filter(|l| !l.is_loopback()) {
        for n in l.nets.iter().filter(|n| n.addr().is_ipv6() == v6) {
            if v6 {
                out += &format!("{} dev {} proto kernel metric 256 pref medium\n", n.trunc(), l.name);
            } else {
                out += &format!("{} dev {} proto kernel scope link src {} \n", n.trunc(), l.name, n.addr());
            }
        }
    }
    if let (Some((g, dev, _)), true) = (gateway(host, v6), v6) {
        out += &format!("default via {g} dev {dev} metric 1024 pref medium\n");
    }
    out
}

fn route_get(host: &Host, to: IpAddr) -> String {
    if host.net.is_local(to) {
        return format!("local {to} dev lo src {to} uid 0 \n    cache <local> \n");
    }
    for l in links(host).iter().filter(|l| !l.is_loopback()) {
        if let Some(n) = l.nets.iter().find(|n| n.contains(&to)) {
            return format!("{to} dev {} src {} uid 0 \n    cache \n", l.name, n.addr());
        }
    }
    match gateway(host, to.is_ipv6()) {
        Some((g, dev, src)) => format!("{to} via {g} dev {dev} src {src} uid 0 \n    cache \n"),
        None => "RTNETLINK answers: Network is unreachable\n".into(),
    }
}

/// ip(8).
pub async fn ip(ctx: &mut Ctx) -> i32 {
    let args: Vec<String> = ctx.args[1..].to_vec();
    let (mut v4, mut v6, mut short) = (true, true, false);
    let mut words: Vec<&str> = Vec::new();
    for a in &args {
        match a.as_str() {
            "-4" => v6 = false,
            "-6" => v4 = false,
            "-br" | "-brief" | "--brief" => short = true,
            "-c" | "-color" | "-s" | "-d" | "-h" | "-o" | "-details" | "-N" | "-n" => {}
            "-V" => {
                ctx.out("ip utility, iproute2-6.1.0, libbpf 1.1.0\n");
                return 0;
            }
            a => words.push(a),
        }
    }
    let world = ctx.world();
    let w = world.borrow();
    let host = &w.host;
    let Some(object) = words.first() else {
        ctx.err("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n       ip [ -force ] -batch filename\n");
        return 255;
    };
    let verb = words.get(1).copied().unwrap_or("show");
    let is = |full: &str| full.starts_with(object) && !object.is_empty();
    let shows = ["show", "list", "ls", "get", "s", "sh", "l", "lst", "dev"];
    let changing = ["add", "del", "delete", "set", "change", "replace", "flush", "a", "d"].contains(&verb);
    if changing {
        drop(w);
        ctx.err(format!("maillab: ip {object} {verb} changes nothing here; see: ip {object} show\n"));
        return 2;
    }
    let device =
        words.iter().skip(1).copied().find(|n| !shows.contains(n) && *n != "up" && *n != "table" && *n != "main");
    if is("address") || is("link") {
        if let Some(d) = device.filter(|d| !host.net.interfaces.iter().any(|(n, _)| n == d)) {
            ctx.err(format!("Device \"{d}\" does not exist.\n"));
            return 1;
        }
        let links_only = !is("address");
        ctx.out(if short {
            brief(host, device, v4, v6, links_only)
        } else {
            address(host, device, v4, v6, links_only)
        });
        return 0;
    }
    if is("route") || *object == "r" {
        if verb == "get" {
            let Some(to) = words.get(2).and_then(|t| t.parse().ok()) else {
                ctx.err("need at least a destination address\n");
                return 255;
            };
            ctx.out(route_get(host, to));
            return 0;
        }
        ctx.out(routes(host, !v4));
        return 0;
    }
    if is("neighbour") || is("neighbor") {
        for (g, dev, _) in [false, true].into_iter().filter_map(|f| gateway(host, f)) {
            if g.is_ipv4() && v4 || g.is_ipv6() && v6 {
                ctx.out(format!("{g} dev {dev} lladdr 52:54:00:a1:0b:fe REACHABLE\n"));
            }
        }
        return 0;
    }
    ctx.err(format!("Object \"{object}\" is unknown, try \"ip help\".\n"));
    1
}

/// ifconfig(8) of net-tools.
pub async fn ifconfig(ctx: &mut Ctx) -> i32 {
    let only = ctx.args.get(1).filter(|a| !a.starts_with('-')).cloned();
    let world = ctx.world();
    let w = world.borrow();
    let mut found = false;
    let mut all = links(&w.host);
    all.sort_by_key(Link::is_loopback);
    for l in all.iter().filter(|l| only.as_deref().is_none_or(|o| o == l.name)) {
        found = true;
        let (flags, mtu) = if l.is_loopback() {
            ("73<UP,LOOPBACK,RUNNING>", 65_536)
        } else {
            ("4163<UP,BROADCAST,RUNNING,MULTICAST>", 1_500)
        };
        let mut out = format!("{}: flags={flags}  mtu {mtu}\n", l.name);
        if let Some(IpNet::V4(n)) = l.nets.iter().find(|n| n.addr().is_ipv4()) {
            let brd = if l.is_loopback() { String::new() } else { format!("  broadcast {}", n.broadcast()) };
            out += &format!("        inet {}  netmask {}{brd}\n", n.addr(), n.netmask());
        }
        for n in l.nets.iter().filter(|n| n.addr().is_ipv6()) {
            let (id, word) = match scope(l, n.addr()) {
                "host" => ("0x10", "host"),
                "link" => ("0x20", "link"),
                _ => ("0x0", "global"),
            };
            out += &format!("        inet6 {}  prefixlen {}  scopeid {id}<{word}>\n", n.addr(), n.prefix_len());
        }
        out += &if l.is_loopback() {
            "        loop  txqueuelen 1000  (Local Loopback)\n".to_owned()
        } else {
            format!("        ether {}  txqueuelen 1000  (Ethernet)\n", l.mac())
        };
        for dir in ["RX", "TX"] {
            let n = w.host.logged() * 9;
            let bytes = n * 140;
            out += &format!("        {dir} packets {n}  bytes {bytes} ({:.1} KiB)\n", bytes as f64 / 1024.0);
            out += &if dir == "RX" {
                "        RX errors 0  dropped 0  overruns 0  frame 0\n".to_owned()
            } else {
                "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n".to_owned()
            };
        }
        ctx.out(out + "\n");
    }
    if !found {
        ctx.err(format!("{}: error fetching interface information: Device not found\n", only.unwrap_or_default()));
        return 1;
    }
    0
}

/// `netstat -rn`, and route(8).
pub fn netstat_routes(host: &Host) -> String {
    let mut out =
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags   MSS Window  irtt Iface\n"
            .to_owned();
    let mut row = |dest: String, gw: String, mask: String, flags: &str, dev: &str| {
        out += &format!("{dest:<15} {gw:<15} {mask:<15} {flags:<7} 0 0          0 {dev}\n");
    };
    if let Some((g, dev, _)) = gateway(host, false) {
        row("0.0.0.0".into(), g.to_string(), "0.0.0.0".into(), "UG", &dev);
    }
    for l in links(host).iter().filter(|l| !l.is_loopback()) {
        for n in l.nets {
            if let IpNet::V4(v) = n {
                row(v.network().to_string(), "0.0.0.0".into(), v.netmask().to_string(), "U", l.name);
            }
        }
    }
    out
}

/// `netstat -i`.
pub fn netstat_interfaces(host: &Host) -> String {
    let mut out =
        "Kernel Interface table\nIface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
            .to_owned();
    let n = host.logged() * 9;
    let mut all = links(host);
    all.sort_by_key(Link::is_loopback);
    for l in all {
        let (mtu, flags) = if l.is_loopback() { (65_536, "LRU") } else { (1_500, "BMRU") };
        out += &format!("{:<8} {mtu:>5} {n:>8}      0      0 0      {n:>8}      0      0      0 {flags}\n", l.name);
    }
    out
}

/// route(8).
pub async fn route(ctx: &mut Ctx) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let mut out =
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n"
            .to_owned();
    let numeric = ctx.args.iter().any(|a| a.starts_with('-') && a.contains('n'));
    if let Some((g, dev, _)) = gateway(&w.host, false) {
        let dest = if numeric { "0.0.0.0" } else { "default" };
        out += &format!("{dest:<15} {:<15} {:<15} UG    0      0        0 {dev}\n", g.to_string(), "0.0.0.0");
    }
    for l in links(&w.host).iter().filter(|l| !l.is_loopback()) {
        for n in l.nets {
            if let IpNet::V4(v) = n {
                let (d, m) = (v.network().to_string(), v.netmask().to_string());
                out += &format!("{:<15} {:<15} {m:<15} U     0      0        0 {}\n", d, "0.0.0.0", l.name);
            }
        }
    }
    ctx.out(out);
    0
}
