//! host(1) of BIND 9.18.

use super::{Record, query, resolv_conf, reverse, server_address, wait_for_nothing};
use crate::command::Ctx;
use std::net::IpAddr;

fn sentence(r: &Record) -> String {
    let name = r.name.trim_end_matches('.');
    match r.kind.as_str() {
        "A" => format!("{name} has address {}\n", r.data),
        "AAAA" => format!("{name} has IPv6 address {}\n", r.data),
        "MX" => format!("{name} mail is handled by {}\n", r.data),
        "NS" => format!("{name} name server {}\n", r.data),
        "PTR" => format!("{name} domain name pointer {}\n", r.data),
        "CNAME" => format!("{name} is an alias for {}\n", r.data),
        "TXT" => format!("{name} descriptive text {}\n", r.data),
        "SOA" => format!("{name} has SOA record {}\n", r.data),
        k => format!("{name} has {k} record {}\n", r.data),
    }
}

/// host(1).
pub async fn host(ctx: &mut Ctx) -> i32 {
    let mut kind: Option<String> = None;
    let mut words: Vec<String> = Vec::new();
    let args: Vec<String> = ctx.args[1..].to_vec();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        match a.as_str() {
            "-t" => kind = it.next().map(|k| k.to_ascii_uppercase()),
            "-a" => kind = Some("ANY".into()),
            "-W" | "-R" | "-c" | "-N" | "-m" | "-p" => {
                it.next();
            }
            "-V" => {
                ctx.err("host 9.18.49-1~deb12u3-Debian\n");
                return 0;
            }
            a if a.starts_with("-t") => kind = Some(a[2..].to_ascii_uppercase()),
            a if a.starts_with('-') => {}
            a => words.push(a.to_owned()),
        }
    }
    let Some(name) = words.first().cloned() else {
        ctx.err(
            "Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p \
             port] hostname [server]\n",
        );
        return 1;
    };
    let (mut server, search) = resolv_conf(&ctx.world().borrow().host);
    if let Some(s) = words.get(1) {
        match server_address(ctx, s) {
            Ok(ip) => server = ip,
            Err(_) => {
                ctx.err(format!("host: couldn't get address for '{s}': not found\n"));
                return 1;
            }
        }
        ctx.out(format!("Using domain server:\nName: {s}\nAddress: {server}#53\nAliases: \n\n"));
    }
    let backwards = name.parse::<IpAddr>().ok();
    let kinds: Vec<String> = match (&kind, backwards) {
        (Some(k), _) => vec![k.clone()],
        (None, Some(_)) => vec!["PTR".into()],
        (None, None) => ["A", "AAAA", "MX"].map(str::to_owned).to_vec(),
    };
    let mut tries: Vec<String> = vec![backwards.map_or_else(|| name.clone(), reverse)];
    if backwards.is_none() && !name.ends_with('.') {
        let more = search.iter().map(|d| format!("{name}.{d}"));
        if name.contains('.') {
            tries.extend(more);
        } else {
            tries = more.chain([name.clone()]).collect();
        }
    }
    let mut failed = None;
    for full in &tries {
        let mut first = true;
        let mut known = false;
        for k in &kinds {
            let got = {
                let w = ctx.world();
                let w = w.borrow();
                query(&w.host, server, full, k)
            };
            match got {
                Err(why) => {
                    for _ in 0..2 {
                        wait_for_nothing(ctx, why, 5).await;
                        ctx.out(format!(";; communications error to {server}#53: {why}\n"));
                    }
                    ctx.out(";; no servers could be reached\n");
                    return 1;
                }
                Ok(r) if r.status != "NOERROR" => {
                    // A failure that is no denial ends the search.
                    if first && (failed.is_none() || r.status != "NXDOMAIN") {
                        failed = Some(r.status);
                    }
                    break;
                }
                Ok(r) => {
                    known = true;
                    for a in &r.answer {
                        ctx.out(sentence(a));
                    }
                    if r.answer.is_empty() && kinds.len() == 1 {
                        ctx.out(format!("{} has no {k} record\n", full.trim_end_matches('.')));
                    }
                }
            }
            first = false;
        }
        if known {
            return 0;
        }
        if failed.is_some_and(|f| f != "NXDOMAIN") {
            break;
        }
    }
    let shown = backwards.map_or_else(|| name.trim_end_matches('.').to_owned(), |ip| format!("{}.", reverse(ip)));
    let (number, status) = match failed {
        Some("SERVFAIL") => (2, "SERVFAIL"),
        Some("REFUSED") => (5, "REFUSED"),
        _ => (3, "NXDOMAIN"),
    };
    ctx.out(format!("Host {shown} not found: {number}({status})\n"));
    1
}
