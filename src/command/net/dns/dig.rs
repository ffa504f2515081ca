//! dig(1) of BIND 9.18.
//!
//! Left out: batch files, +trace (it asks the one server), DNSSEC, TCP, EDNS and most of the `+` words.

use super::{Record, Response, query, resolv_conf, reverse, server_address, wait_for_nothing};
use crate::command::Ctx;
use std::net::IpAddr;

const VERSION: &str = "9.18.49-1~deb12u3-Debian";

#[derive(Clone)]
struct Show {
    short: bool,
    answer: bool,
    question: bool,
    authority: bool,
    comments: bool,
    stats: bool,
    cmd: bool,
    ttl: bool,
    class: bool,
    tries: usize,
    time: i64,
}

struct Lookup {
    name: String,
    kind: String,
}

const KINDS: [&str; 16] = [
    "A", "AAAA", "MX", "NS", "TXT", "SOA", "PTR", "CNAME", "ANY", "SRV", "CAA", "DS", "TLSA", "SPF", "DNSKEY", "HINFO",
];

fn word(s: &mut Show, text: &str) -> bool {
    let (on, name) = text.strip_prefix("no").map_or((true, text), |n| (false, n));
    let (name, value) = name.split_once('=').unwrap_or((name, ""));
    match name {
        "short" => s.short = on,
        "answer" => s.answer = on,
        "question" => s.question = on,
        "authority" => s.authority = on,
        "comments" => s.comments = on,
        "stats" => s.stats = on,
        "cmd" => s.cmd = on,
        "ttlid" => s.ttl = on,
        "class" | "cl" => s.class = on,
        "all" => {
            s.question = on;
            s.authority = on;
            s.answer = on;
            s.comments = on;
            s.stats = on;
            s.cmd = on;
        }
        "tries" => s.tries = value.parse().unwrap_or(3).clamp(1, 10),
        "retry" => s.tries = value.parse::<usize>().unwrap_or(2).clamp(0, 9) + 1,
        "time" | "timeout" => s.time = value.parse().unwrap_or(5).clamp(1, 60),
        "tcp" | "vc" | "dnssec" | "edns" | "recurse" | "rec" | "search" | "trace" | "additional" | "multiline"
        | "qr" | "identify" | "cookie" | "adflag" | "cdflag" | "bufsize" | "nssearch" | "ndots" | "domain" | "fail"
        | "unknownformat" | "yaml" | "ignore" | "defname" | "crypto" | "rrcomments" | "expire" | "subnet" => {}
        _ => return false,
    }
    true
}

/// dig(1).
pub async fn dig(ctx: &mut Ctx) -> i32 {
    let mut show = Show {
        short: false,
        answer: true,
        question: true,
        authority: true,
        comments: true,
        stats: true,
        cmd: true,
        ttl: true,
        class: true,
        tries: 3,
        time: 5,
    };
    let mut server: Option<String> = None;
    let mut lookups: Vec<Lookup> = Vec::new();
    let mut kind: Option<String> = None;
    let args: Vec<String> = ctx.args[1..].to_vec();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        if let Some(w) = a.strip_prefix('+') {
            if !word(&mut show, w) {
                ctx.err(format!(
                    "Invalid option: +{w}\nUsage:  dig [@global-server] [domain] [q-type] [q-class] {{q-opt}}\n            \
                     {{global-d-opt}} host [@local-server] {{local-d-opt}}\n            [ host [@local-server] \
                     {{local-d-opt}} [...]]\n\nUse \"dig -h\" (or \"dig -h | more\") for complete list of options\n"
                ));
                return 1;
            }
        } else if let Some(s) = a.strip_prefix('@') {
            server = Some(s.to_owned());
        } else if a == "-x" {
            let Some(ip) = it.next().and_then(|t| t.parse::<IpAddr>().ok()) else {
                ctx.err("Invalid IP address\n");
                return 1;
            };
            lookups.push(Lookup { name: reverse(ip), kind: "PTR".into() });
        } else if matches!(a.as_str(), "-t" | "-q" | "-p" | "-b" | "-c" | "-f" | "-k" | "-y") {
            let Some(v) = it.next() else { continue };
            match a.as_str() {
                "-t" => kind = Some(v.to_ascii_uppercase()),
                "-q" => lookups.push(Lookup { name: v.clone(), kind: String::new() }),
                _ => {}
            }
        } else if a == "-v" {
            ctx.err(format!("DiG {VERSION}\n"));
            return 0;
        } else if a == "-h" {
            ctx.out("Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} [...]]\n");
            return 0;
        } else if a.starts_with('-') {
        } else if KINDS.contains(&a.to_ascii_uppercase().as_str()) {
            kind = Some(a.to_ascii_uppercase());
            if let Some(l) = lookups.last_mut().filter(|l| l.kind.is_empty()) {
                l.kind = kind.take().unwrap_or_default();
            }
        } else if a.eq_ignore_ascii_case("IN") {
        } else {
            lookups.push(Lookup { name: a.clone(), kind: kind.take().unwrap_or_default() });
        }
    }
    if lookups.is_empty() {
        lookups.push(Lookup { name: ".".into(), kind: kind.clone().unwrap_or_else(|| "NS".into()) });
    } else if let (Some(k), Some(l)) = (kind, lookups.last_mut()) {
        l.kind = k;
    }
    let (mut address, _) = resolv_conf(&ctx.world().borrow().host);
    let mut named = address.to_string();
    if let Some(s) = &server {
        match server_address(ctx, s) {
            Ok(ip) => {
                address = ip;
                named.clone_from(s);
            }
            Err(_) => {
                ctx.err(format!("dig: couldn't get address for '{s}': not found\n"));
                return 10;
            }
        }
    }
    let mut code = 0;
    for (i, l) in lookups.iter().enumerate() {
        let kind = if l.kind.is_empty() { "A" } else { &l.kind };
        let got = {
            let w = ctx.world();
            let w = w.borrow();
            query(&w.host, address, &l.name, kind)
        };
        let head = show.cmd && show.comments && !show.short && i == 0;
        match got {
            Ok(r) => {
                let began = ctx.world().borrow().host.jitter("dig", &format!("{} {i}", ctx.pid), 0, 1);
                ctx.out(text(ctx, &show, &args, l, kind, (address, &named), &r, head, began.0));
            }
            Err(why) => {
                for _ in 0..show.tries {
                    wait_for_nothing(ctx, why, show.time).await;
                    ctx.out(format!(";; communications error to {address}#53: {why}\n"));
                }
                if head {
                    ctx.out(format!("\n; <<>> DiG {VERSION} <<>> {}\n", args.join(" ")));
                    if server.is_some() {
                        ctx.out("; (1 server found)\n");
                    }
                    ctx.out(";; global options: +cmd\n");
                }
                ctx.out(";; no servers could be reached\n");
                if !show.short {
                    ctx.out("\n");
                }
                code = 9;
            }
        }
    }
    code
}

/// Pads with tabs to a column, at least one blank.
fn indent(line: &mut String, from: usize, to: usize) {
    let to = to.max(from + 1);
    let tabs = to / 8 - from / 8;
    if tabs > 0 {
        line.push_str(&"\t".repeat(tabs));
        line.push_str(&" ".repeat(to % 8));
    } else {
        line.push_str(&" ".repeat(to - from));
    }
}

fn width(line: &str) -> usize {
    line.chars().fold(0, |n, c| if c == '\t' { (n / 8 + 1) * 8 } else { n + 1 })
}

fn record(r: &Record, show: &Show) -> String {
    let mut line = r.name.clone();
    let mut column = 24;
    for (wanted, text) in [(show.ttl, r.ttl.to_string()), (show.class, "IN".to_owned())] {
        if wanted {
            let at = width(&line);
            indent(&mut line, at, column);
            line.push_str(&text);
            column += 8;
        }
    }
    for text in [r.kind.as_str(), r.data.as_str()] {
        let at = width(&line);
        indent(&mut line, at, column);
        line.push_str(text);
        column += 8;
    }
    line + "\n"
}

#[allow(clippy::too_many_arguments)]
fn text(
    ctx: &Ctx,
    show: &Show,
    args: &[String],
    l: &Lookup,
    kind: &str,
    server: (IpAddr, &str),
    r: &Response,
    head: bool,
    took: i64,
) -> String {
    if show.short {
        return r.answer.iter().map(|a| format!("{}\n", a.data)).collect();
    }
    let mut out = String::new();
    if head {
        out += &format!("\n; <<>> DiG {VERSION} <<>> {}\n", args.join(" "));
        if args.iter().any(|a| a.starts_with('@')) {
            out += "; (1 server found)\n";
        }
        out += ";; global options: +cmd\n";
    }
    if show.comments {
        let world = ctx.world();
        let id = world.borrow().host.chance.between("dig.id", &format!("{} {}", ctx.pid, l.name), 1, 65_535);
        out += &format!(";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {}, id: {id}\n", r.status);
        out += &format!(
            ";; flags: qr aa rd ra; QUERY: 1, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: 0\n\n",
            r.answer.len(),
            r.authority.len()
        );
    }
    if show.question {
        if show.comments {
            out += ";; QUESTION SECTION:\n";
        }
        let name = l.name.trim_end_matches('.');
        let mut line = if name.is_empty() { ";.".to_owned() } else { format!(";{name}.") };
        let at = width(&line);
        indent(&mut line, at, 32);
        line += "IN\t";
        line += kind;
        out += &line;
        out.push('\n');
        if show.comments {
            out.push('\n');
        }
    }
    for (wanted, title, list) in [(show.answer, "ANSWER", &r.answer), (show.authority, "AUTHORITY", &r.authority)] {
        if !wanted || list.is_empty() {
            continue;
        }
        if show.comments {
            out += &format!(";; {title} SECTION:\n");
        }
        for a in list {
            out += &record(a, show);
        }
        if show.comments {
            out.push('\n');
        }
    }
    if show.stats {
        let world = ctx.world();
        let c = world.borrow().now().civil();
        let (day, month) =
            (crate::base::time::WEEKDAYS[c.weekday as usize], crate::base::time::MONTHS[c.month as usize - 1]);
        out += &format!(
            ";; Query time: {took} msec\n;; SERVER: {}#53({}) (UDP)\n;; WHEN: {day} {month} {:02} {:02}:{:02}:{:02} UTC \
             {}\n;; MSG SIZE  rcvd: {}\n",
            server.0, server.1, c.day, c.hour, c.minute, c.second, c.year, r.size
        );
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_tabbed() {
        let show = Show {
            short: false,
            answer: true,
            question: true,
            authority: true,
            comments: true,
            stats: true,
            cmd: true,
            ttl: true,
            class: true,
            tries: 3,
            time: 5,
        };
        for (name, line) in [
            ("ejemplo.com.", "ejemplo.com.\t\t300\tIN\tMX\t10 mail.ejemplo.com.\n"),
            ("mail.ejemplo.com.", "mail.ejemplo.com.\t300\tIN\tMX\t10 mail.ejemplo.com.\n"),
            (
                "un-nombre-bastante-largo.example.",
                "un-nombre-bastante-largo.example. 300 IN MX\t10 mail.ejemplo.com.\n",
            ),
        ] {
            let r = Record { name: name.into(), ttl: 300, kind: "MX".into(), data: "10 mail.ejemplo.com.".into() };
            assert_eq!(record(&r, &show), line);
        }
    }
}
