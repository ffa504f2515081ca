//! nslookup(1) of BIND 9.18, not interactive; and resolvectl's absence is its own.

use super::{Record, query, resolv_conf, reverse, server_address, wait_for_nothing};
use crate::command::Ctx;
use std::net::IpAddr;

fn sentence(r: &Record) -> String {
    let name = r.name.trim_end_matches('.');
    match r.kind.as_str() {
        "A" | "AAAA" => format!("Name:\t{name}\nAddress: {}\n", r.data),
        "MX" => format!("{name}\tmail exchanger = {}\n", r.data),
        "NS" => format!("{name}\tnameserver = {}\n", r.data),
        "PTR" => format!("{name}\tname = {}\n", r.data),
        "CNAME" => format!("{name}\tcanonical name = {}\n", r.data),
        "TXT" => format!("{name}\ttext = {}\n", r.data),
        "SOA" => {
            let w: Vec<&str> = r.data.split(' ').collect();
            let at = |i: usize| w.get(i).copied().unwrap_or("").trim_end_matches('.');
            format!(
                "{name}\n\torigin = {}\n\tmail addr = {}\n\tserial = {}\n\trefresh = {}\n\tretry = {}\n\texpire = {}\n\tminimum = {}\n",
                at(0),
                at(1),
                at(2),
                at(3),
                at(4),
                at(5),
                at(6)
            )
        }
        k => format!("{name}\t{k} = {}\n", r.data),
    }
}

/// nslookup(1).
pub async fn nslookup(ctx: &mut Ctx) -> i32 {
    let mut kind: Option<String> = None;
    let mut words: Vec<String> = Vec::new();
    for a in &ctx.args[1..] {
        let option = a.strip_prefix('-');
        match option.and_then(|o| o.split_once('=')) {
            Some(("type" | "query" | "q" | "querytype" | "t", k)) => kind = Some(k.to_ascii_uppercase()),
            Some(_) => {}
            None if option.is_some_and(|o| !o.is_empty()) => {}
            None => words.push(a.clone()),
        }
    }
    let Some(name) = words.first().cloned() else {
        ctx.err("maillab: nslookup without a name is not simulated here; see: dig, host\n");
        return 1;
    };
    let (mut server, search) = resolv_conf(&ctx.world().borrow().host);
    if let Some(s) = words.get(1) {
        match server_address(ctx, s) {
            Ok(ip) => server = ip,
            Err(_) => {
                ctx.err(format!("nslookup: couldn't get address for '{s}': not found\n"));
                return 1;
            }
        }
    }
    let backwards = name.parse::<IpAddr>().ok();
    let kinds: Vec<String> = match (&kind, backwards) {
        (Some(k), None) => vec![k.clone()],
        (_, Some(_)) => vec!["PTR".into()],
        (None, None) => vec!["A".into(), "AAAA".into()],
    };
    let mut tries = vec![backwards.map_or_else(|| name.clone(), reverse)];
    if backwards.is_none() && !name.ends_with('.') {
        let more = search.iter().map(|d| format!("{name}.{d}"));
        if name.contains('.') {
            tries.extend(more);
        } else {
            tries = more.chain([name.clone()]).collect();
        }
    }
    let mut headed = false;
    let mut failed = ("NXDOMAIN", name.clone());
    for (i, full) in tries.iter().enumerate() {
        let mut out = String::new();
        let mut status = "NOERROR";
        for k in &kinds {
            let got = {
                let w = ctx.world();
                let w = w.borrow();
                query(&w.host, server, full, k)
            };
            match got {
                Err(why) => {
                    for _ in 0..3 {
                        wait_for_nothing(ctx, why, 5).await;
                        ctx.out(format!(";; communications error to {server}#53: {why}\n"));
                    }
                    ctx.out(";; no servers could be reached\n\n");
                    return 1;
                }
                Ok(r) => {
                    if r.status != "NOERROR" {
                        status = r.status;
                    }
                    out.extend(r.answer.iter().map(sentence));
                }
            }
        }
        if !headed && backwards.is_none() {
            ctx.out(format!("Server:\t\t{server}\nAddress:\t{server}#53\n\n"));
            headed = true;
        }
        if !out.is_empty() {
            ctx.out(out);
            ctx.out("\n");
            return 0;
        }
        if status == "NOERROR" {
            ctx.out(format!("*** Can't find {name}: No answer\n\n"));
            return 1;
        }
        if i == 0 || status != "NXDOMAIN" {
            failed = (status, full.clone());
        }
        if status != "NXDOMAIN" {
            break;
        }
    }
    let shown = if backwards.is_some() { failed.1 } else { name };
    ctx.out(format!("** server can't find {}: {}\n\n", shown.trim_end_matches('.'), failed.0));
    1
}
