//! iptables(8): the filter table's INPUT and OUTPUT chains, listed and changed.
//!
//! Left out: other tables, chains of one's own, FORWARD's rules, `!`, states and every match but protocol, source,
//! destination, destination port and interface.

use super::super::Ctx;
use crate::host::net::{Net, Proto, Rule, Target};
use ipnet::IpNet;

const CHAINS: [&str; 3] = ["INPUT", "FORWARD", "OUTPUT"];

#[derive(Default)]
struct Asked {
    command: Option<char>,
    chain: Option<String>,
    number: Option<usize>,
    target: Option<String>,
    proto: Option<Proto>,
    source: Option<IpNet>,
    dest: Option<IpNet>,
    dport: Option<u16>,
    iface: Option<String>,
    numbers: bool,
    verbose: bool,
    numeric: bool,
}

fn net(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

fn port(text: &str) -> Option<u16> {
    let named = match text {
        "smtp" => 25,
        "submission" => 587,
        "imap2" | "imap" => 143,
        "imaps" => 993,
        "ssh" => 22,
        _ => 0,
    };
    if named > 0 { Some(named) } else { text.parse().ok() }
}

/// The complaint of a word that cannot be read.
fn parse(args: &[String]) -> Result<Asked, String> {
    let mut a = Asked::default();
    let mut it = args.iter().peekable();
    while let Some(w) = it.next() {
        let long = match w.as_str() {
            "--list" => "-L",
            "--list-rules" => "-S",
            "--append" => "-A",
            "--insert" => "-I",
            "--delete" => "-D",
            "--flush" => "-F",
            "--policy" => "-P",
            "--check" => "-C",
            "--protocol" => "-p",
            "--source" => "-s",
            "--destination" => "-d",
            "--jump" => "-j",
            "--in-interface" => "-i",
            "--out-interface" => "-o",
            "--destination-port" => "--dport",
            w => w,
        };
        match long {
            "-L" | "-S" | "-A" | "-I" | "-D" | "-F" | "-P" | "-C" | "-Z" => {
                a.command = long.chars().nth(1);
                a.chain = it.next_if(|n| !n.starts_with('-')).cloned();
                if a.command == Some('P') {
                    a.target = it.next().cloned();
                }
                if matches!(a.command, Some('I' | 'D')) {
                    a.number = it.next_if(|n| n.parse::<usize>().is_ok()).and_then(|n| n.parse().ok());
                }
            }
            "-n" | "--numeric" => a.numeric = true,
            "-v" | "--verbose" => a.verbose = true,
            "--line-numbers" => a.numbers = true,
            "-w" | "--wait" | "-m" | "-t" | "--reject-with" | "--comment" => {
                let _ = it.next_if(|n| !n.starts_with('-'));
            }
            "-p" | "-s" | "-d" | "-j" | "-i" | "-o" | "--dport" => {
                let v = it.next().ok_or_else(|| format!("option \"{w}\" requires an argument"))?;
                match long {
                    "-p" => match v.as_str() {
                        "tcp" | "6" => a.proto = Some(Proto::Tcp),
                        "udp" | "17" => a.proto = Some(Proto::Udp),
                        "all" => a.proto = None,
                        _ => return Err(format!("unknown protocol \"{v}\" specified")),
                    },
                    "-s" => a.source = Some(net(v).ok_or_else(|| format!("host/network `{v}' not found"))?),
                    "-d" => a.dest = Some(net(v).ok_or_else(|| format!("host/network `{v}' not found"))?),
                    "-j" => a.target = Some(v.clone()),
                    "--dport" => {
                        a.dport = Some(port(v).ok_or_else(|| format!("invalid port/service `{v}' specified"))?);
                    }
                    _ => a.iface = Some(v.clone()),
                }
            }
            // Several short options in one word, such as `-nL` or `-nvL`.
            w if w.len() > 2 && w.starts_with('-') && !w.starts_with("--") => {
                for c in w[1..].chars() {
                    match c {
                        'n' => a.numeric = true,
                        'v' => a.verbose = true,
                        'L' | 'S' => {
                            a.command = Some(c);
                            a.chain = it.next_if(|n| !n.starts_with('-')).cloned();
                        }
                        c => return Err(format!("unknown option \"-{c}\"")),
                    }
                }
            }
            w if w.starts_with('-') => return Err(format!("unknown option \"{w}\"")),
            w => return Err(format!("Bad argument `{w}'")),
        }
    }
    Ok(a)
}

fn target(word: &str) -> Option<Target> {
    match word {
        "ACCEPT" => Some(Target::Accept),
        "DROP" => Some(Target::Drop),
        "REJECT" => Some(Target::Reject),
        _ => None,
    }
}

fn word(t: Target) -> &'static str {
    match t {
        Target::Accept => "ACCEPT",
        Target::Drop => "DROP",
        Target::Reject => "REJECT",
    }
}

/// iptables(8).
pub async fn iptables(ctx: &mut Ctx) -> i32 {
    let version = "iptables v1.8.9 (nf_tables)";
    if ctx.args.iter().any(|a| a == "-V" || a == "--version") {
        ctx.out(format!("{version}\n"));
        return 0;
    }
    let fail = |ctx: &Ctx, text: &str| {
        ctx.err(format!("{version}: {text}\nTry `iptables -h' or 'iptables --help' for more information.\n"));
        2
    };
    let a = match parse(&ctx.args[1..]) {
        Ok(a) => a,
        Err(text) => return fail(ctx, &text),
    };
    let Some(command) = a.command else { return fail(ctx, "no command specified") };
    if ctx.io.cred.uid != 0 {
        ctx.err(format!("{version}: Could not fetch rule set generation id: Permission denied (you must be root)\n"));
        return 4;
    }
    if let Some(c) = &a.chain
        && !CHAINS.contains(&c.as_str())
    {
        ctx.err("iptables: No chain/target/match by that name.\n");
        return 1;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let net = &mut w.host.net;
    match command {
        'L' | 'S' => {
            let text = if command == 'L' { list(net, &a) } else { specs(net, &a) };
            drop(w);
            ctx.out(text);
            0
        }
        'F' => {
            net.rules.retain(|r| a.chain.as_deref().is_some_and(|c| c != chain(r)));
            0
        }
        'P' => {
            if a.chain.as_deref() == Some("INPUT") {
                net.input_policy_drop = a.target.as_deref() == Some("DROP");
            }
            0
        }
        'Z' => 0,
        _ => {
            drop(w);
            change(ctx, command, &a, &fail)
        }
    }
}

fn chain(r: &Rule) -> &'static str {
    if r.input { "INPUT" } else { "OUTPUT" }
}

fn change(ctx: &Ctx, command: char, a: &Asked, fail: &dyn Fn(&Ctx, &str) -> i32) -> i32 {
    let Some(c) = a.chain.as_deref() else {
        return fail(ctx, &format!("option \"-{command}\" requires an argument"));
    };
    if a.dport.is_some() && a.proto.is_none() {
        return fail(ctx, "unknown option \"--dport\"");
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let rules = &mut w.host.net.rules;
    let places: Vec<usize> = (0..rules.len()).filter(|i| chain(&rules[*i]) == c).collect();
    if command == 'D'
        && let Some(n) = a.number
    {
        return match n.checked_sub(1).and_then(|n| places.get(n)) {
            Some(i) => {
                rules.remove(*i);
                0
            }
            None => {
                ctx.err("iptables: Index of deletion too big.\n");
                1
            }
        };
    }
    let Some(t) = a.target.as_deref().map_or(Some(Target::Accept), target) else {
        ctx.err("iptables: No chain/target/match by that name.\n");
        return 1;
    };
    let rule = Rule {
        input: c == "INPUT",
        proto: a.proto,
        source: a.source,
        dest: a.dest,
        dport: a.dport,
        iface: a.iface.clone(),
        target: t,
        packets: 0,
        bytes: 0,
    };
    let same = |r: &Rule| {
        (r.input, r.proto, r.source, r.dest, r.dport, &r.iface, r.target)
            == (rule.input, rule.proto, rule.source, rule.dest, rule.dport, &rule.iface, rule.target)
    };
    match command {
        'A' => rules.push(rule),
        'I' => {
            let n = a.number.unwrap_or(1).max(1);
            if n > places.len() + 1 {
                ctx.err("iptables: Index of insertion too big.\n");
                return 1;
            }
            let at = places.get(n - 1).copied().unwrap_or(rules.len());
            rules.insert(at, rule);
        }
        _ => match rules.iter().position(same) {
            Some(_) if command == 'C' => {}
            Some(i) => {
                rules.remove(i);
            }
            None => {
                ctx.err("iptables: Bad rule (does a matching rule exist in that chain?).\n");
                return 1;
            }
        },
    }
    0
}

fn policy(net: &Net, chain: &str) -> &'static str {
    if chain == "INPUT" && net.input_policy_drop { "DROP" } else { "ACCEPT" }
}

/// `-L`: a table a chain.
fn list(net: &Net, a: &Asked) -> String {
    let shown: Vec<&str> = CHAINS.into_iter().filter(|c| a.chain.as_deref().is_none_or(|x| x == *c)).collect();
    let mut out = String::new();
    for (i, c) in shown.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let number = if a.numbers { "num  " } else { "" };
        if a.verbose {
            out += &format!("Chain {c} (policy {} 0 packets, 0 bytes)\n{number}", policy(net, c));
            out += " pkts bytes target     prot opt in     out     source               destination         \n";
        } else {
            out += &format!("Chain {c} (policy {})\n{number}", policy(net, c));
            out += "target     prot opt source               destination         \n";
        }
        for (n, r) in net.rules.iter().filter(|r| chain(r) == *c).enumerate() {
            if a.numbers {
                out += &format!("{:<4} ", n + 1);
            }
            let any = if a.numeric { "0.0.0.0/0" } else { "anywhere" };
            let end = |n: Option<IpNet>| match n {
                None => any.to_owned(),
                Some(n) if n.prefix_len() == n.max_prefix_len() => n.addr().to_string(),
                Some(n) => n.trunc().to_string(),
            };
            let proto = match (r.proto, a.numeric) {
                (None, true) => "0",
                (None, false) => "all",
                (Some(Proto::Tcp), true) => "6",
                (Some(Proto::Tcp), false) => "tcp",
                (Some(Proto::Udp), true) => "17",
                (Some(Proto::Udp), false) => "udp",
            };
            let (source, dest) = (end(r.source), end(r.dest));
            if a.verbose {
                let iface = r.iface.as_deref().unwrap_or("*");
                let (inward, outward) = if r.input { (iface, "*") } else { ("*", iface) };
                out += &format!("{:>5} {:>5} ", r.packets, r.bytes);
                out += &format!(
                    "{:<9}  {proto:<4} --  {inward:<6} {outward:<6}  {source:<19}  {dest:<19} ",
                    word(r.target)
                );
            } else {
                out += &format!("{:<10} {proto:<4} --  {source:<19}  {dest:<19} ", word(r.target));
            }
            if let Some(p) = r.dport {
                let kind = if r.proto == Some(Proto::Udp) { "udp" } else { "tcp" };
                let name = if a.numeric { p.to_string() } else { super::ss::service(p, false) };
                out += &format!(" {kind} dpt:{name}");
            }
            if r.target == Target::Reject {
                out += " reject-with icmp-port-unreachable";
            }
            out.push('\n');
        }
    }
    out
}

/// `-S`: as one would type it.
fn specs(net: &Net, a: &Asked) -> String {
    let mut out = String::new();
    let shown = || CHAINS.into_iter().filter(|c| a.chain.as_deref().is_none_or(|x| x == *c));
    for c in shown() {
        out += &format!("-P {c} {}\n", policy(net, c));
    }
    for c in shown() {
        for r in net.rules.iter().filter(|r| chain(r) == c) {
            out += &format!("-A {c}");
            for (flag, n) in [("-s", r.source), ("-d", r.dest)] {
                if let Some(n) = n {
                    out += &format!(" {flag} {}", n.trunc());
                }
            }
            if let Some(i) = &r.iface {
                out += &format!(" {} {i}", if r.input { "-i" } else { "-o" });
            }
            if let Some(p) = r.proto {
                let p = if p == Proto::Tcp { "tcp" } else { "udp" };
                out += &format!(" -p {p}");
                if let Some(port) = r.dport {
                    out += &format!(" -m {p} --dport {port}");
                }
            }
            out += &format!(" -j {}", word(r.target));
            if r.target == Target::Reject {
                out += " --reject-with icmp-port-unreachable";
            }
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::lab::hosts;
    use crate::machine::Machine;

    /// As the real one printed it.
    #[test]
    fn listings() {
        let mut m = Machine::new(hosts::base_world(
            crate::base::Time::from_civil(2026, 2, 6, 10, 0, 0),
            crate::base::Chance::default(),
        ));
        for (line, expected) in [
            ("iptables -A INPUT -p tcp --dport 25 -s 192.0.2.0/24 -j DROP", ""),
            (
                "iptables -L INPUT -n --line-numbers",
                "Chain INPUT (policy ACCEPT)\nnum  target     prot opt source               destination         \n\
                 1    DROP       6    --  192.0.2.0/24         0.0.0.0/0            tcp dpt:25\n",
            ),
            ("iptables -D INPUT 1; iptables -A INPUT -p tcp --dport 25 -s 192.0.2.0/24 -j REJECT", ""),
            (
                "iptables -L INPUT -n",
                "Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination         \n\
                 REJECT     6    --  192.0.2.0/24         0.0.0.0/0            tcp dpt:25 reject-with icmp-port-unreachable\n",
            ),
            ("iptables -F INPUT; iptables -S INPUT", "-P INPUT ACCEPT\n"),
        ] {
            let (out, err, _) = m.run_captured(line);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{line}: {}", String::from_utf8_lossy(&err));
        }
    }
}
