//! doveadm reload, stop, who, kick, service, process, log, penalty, instance.

use super::{Global, NOT_FOUND, TEMPORARY, USAGE, mask, show, usage};
use crate::command::Ctx;
use crate::command::dovecot::master as program;
use crate::command::dovecot::table::{Column, Format, column};
use crate::dovecot::config::Config;
use crate::dovecot::config::schema::unescape;
use crate::dovecot::maildir::stamp;
use crate::log::Message;
use crate::log::dovecot::Dovecot as Event;
use std::net::IpAddr;

fn extraneous(ctx: &Ctx, rest: &[String]) -> Option<i32> {
    let first = rest.first()?;
    ctx.err(format!("Error: Extraneous arguments found: {first}\n"));
    Some(USAGE)
}

/// doveadm reload, doveadm stop.
pub fn signal(ctx: &Ctx, command: &str, rest: &[String]) -> i32 {
    extraneous(ctx, rest).unwrap_or_else(|| program::signal(ctx, command == "stop"))
}

fn refused(ctx: &Ctx, socket: &str) -> i32 {
    ctx.err(format!("Fatal: net_connect_unix(/run/dovecot/{socket}) failed: Connection refused\n"));
    TEMPORARY
}

/// Sessions by user and service, the newest first.
fn online(ctx: &Ctx, filter: &[String]) -> Vec<(u64, crate::dovecot::master::Online)> {
    let world = ctx.world();
    let w = world.borrow();
    let fits = |o: &crate::dovecot::master::Online| {
        filter.iter().all(|f| match f.parse::<ipnet::IpNet>() {
            Ok(n) => n.contains(&o.ip),
            Err(_) => f.parse::<IpAddr>().map_or_else(|_| mask(f.as_bytes(), o.user.as_bytes()), |ip| ip == o.ip),
        })
    };
    w.dovecot.sessions.iter().rev().filter(|(_, o)| fits(o)).map(|(id, o)| (*id, o.clone())).collect()
}

fn who(ctx: &Ctx, g: Global, rest: &[String]) -> i32 {
    let single = rest.iter().any(|a| a == "-1");
    let filter: Vec<String> = rest.iter().filter(|a| !a.starts_with('-')).cloned().collect();
    let all = online(ctx, &filter);
    if single {
        let columns = [
            Column { expand: true, ..column("username", "username") },
            column("service", "proto"),
            column("pid", "pid"),
            column("ip", "ip"),
        ];
        let rows: Vec<Vec<String>> = all
            .iter()
            .map(|(_, o)| vec![o.user.clone(), o.service.clone(), o.pid.to_string(), o.ip.to_string()])
            .collect();
        show(ctx, g, Format::Table, &columns, &rows);
        return 0;
    }
    let mut groups: Vec<(String, String, Vec<String>, Vec<String>)> = Vec::new();
    for (_, o) in all {
        let at = groups.iter().position(|(u, s, ..)| *u == o.user && *s == o.service).unwrap_or_else(|| {
            groups.push((o.user.clone(), o.service.clone(), Vec::new(), Vec::new()));
            groups.len() - 1
        });
        groups[at].2.push(o.pid.to_string());
        let ip = o.ip.to_string();
        if !groups[at].3.contains(&ip) {
            groups[at].3.push(ip);
        }
    }
    let columns = [
        column("username", "username"),
        column("connections", "#"),
        column("service", "proto"),
        column("pids", "(pids)"),
        Column { expand: true, ..column("ips", "(ips)") },
    ];
    let rows: Vec<Vec<String>> = groups
        .into_iter()
        .map(|(u, s, p, i)| vec![u, p.len().to_string(), s, format!("({})", p.join(" ")), format!("({})", i.join(" "))])
        .collect();
    show(ctx, g, Format::Table, &columns, &rows);
    0
}

fn kick(ctx: &Ctx, rest: &[String]) -> i32 {
    if rest.is_empty() {
        ctx.err("Error: user and/or ip[/bits] must be specified.\n");
        return USAGE;
    }
    let hits = online(ctx, rest);
    if hits.is_empty() {
        ctx.out("no users kicked\n");
        return NOT_FOUND;
    }
    let ids: Vec<u64> = hits.iter().map(|(id, _)| *id).collect();
    let world = ctx.world();
    world.borrow_mut().kick(&ids, ctx.pid, ctx.io.cred.uid);
    let mut names: Vec<String> = Vec::new();
    for (_, o) in hits {
        if !names.contains(&o.user) {
            names.push(o.user);
        }
    }
    ctx.out(format!("{} kicked connections from the following users:\n\n", names.join(" ")));
    0
}

/// The services that master runs for the configured protocols, in the order in which it shows them.
fn services(config: &Config) -> Vec<String> {
    let protocols = config.protocols();
    let mut all: Vec<String> = config
        .sections("", "service")
        .into_iter()
        .filter(|s| {
            let p = config.get(&format!("service/{s}/protocol"));
            let exe = config.get(&format!("service/{s}/executable"));
            !exe.is_empty() && (p.is_empty() || protocols.iter().any(|x| x == p))
        })
        .map(|s| unescape(&s))
        .collect();
    let at = |s: &str| ORDER.iter().position(|o| *o == s).unwrap_or(ORDER.len());
    all.sort_by_key(|s| at(s));
    all
}

/// master's own order.
const ORDER: [&str; 30] = [
    "managesieve-login",
    "managesieve",
    "tcpwrap",
    "health-check",
    "stats",
    "replicator",
    "aggregator",
    "pop3",
    "pop3-login",
    "old-stats",
    "log",
    "lmtp",
    "ipc",
    "indexer-worker",
    "indexer",
    "imap",
    "imap-urlauth-worker",
    "imap-urlauth",
    "imap-urlauth-login",
    "imap-login",
    "imap-hibernate",
    "doveadm",
    "dns-client",
    "director",
    "dict",
    "dict-async",
    "config",
    "auth",
    "auth-worker",
    "anvil",
];

fn service(ctx: &Ctx, config: &Config, rest: &[String]) -> i32 {
    let Some(verb) = rest.first().filter(|v| *v == "status" || *v == "stop") else {
        ctx.err(usage::group("service"));
        return USAGE;
    };
    let running = ctx.world().borrow().dovecot.master.is_some();
    if !running {
        return refused(ctx, "master");
    }
    let all = services(config);
    let names = &rest[1..];
    if verb == "stop" {
        let Some(first) = names.first() else {
            ctx.err(usage::of("service stop"));
            return USAGE;
        };
        if !all.contains(first) {
            ctx.err(format!("Error: Unknown service: {first}\n"));
            return NOT_FOUND;
        }
        return 0;
    }
    let world = ctx.world();
    let w = world.borrow();
    let mut blocks = Vec::new();
    for s in all.iter().filter(|s| names.is_empty() || names.contains(s)) {
        let number = |k: &str| config.get(&format!("service/{s}/{k}")).parse::<u64>().unwrap_or(0);
        let or = |n: u64, default: &str| if n == 0 { config.get(default).to_owned() } else { n.to_string() };
        let standing = w.dovecot.master.as_ref().is_some_and(|m| m.procs.contains_key(s));
        let sessions = w.dovecot.sessions.values().filter(|o| o.service == *s).count();
        let count = sessions + usize::from(standing);
        let once = number("service_count") == 1;
        blocks.push(format!(
            "name: {s}\nprocess_count: {count}\nprocess_avail: {}\nprocess_limit: {}\nclient_limit: {}\nthrottle_secs: \
             0\nexit_failure_last: 0\nexit_failures_in_sec: 0\nlast_drop_warning: 0\nlisten_pending: n\nlistening: y\ndoveadm_stop: \
             n\nprocess_total: {count}\n",
            usize::from(standing),
            or(number("process_limit"), "default_process_limit"),
            if once { "1".to_owned() } else { or(number("client_limit"), "default_client_limit") },
        ));
    }
    drop(w);
    ctx.out(blocks.join("\u{c}\n"));
    0
}

fn process(ctx: &Ctx, g: Global, config: &Config, rest: &[String]) -> i32 {
    if rest.first().is_none_or(|v| v != "status") {
        ctx.err(usage::group("process"));
        return USAGE;
    }
    let running = ctx.world().borrow().dovecot.master.is_some();
    if !running {
        return refused(ctx, "master");
    }
    let columns = [
        column("name", "name"),
        column("pid", "pid"),
        column("available_count", "available_count"),
        column("total_count", "total_count"),
        column("idle_start", "idle_start"),
        column("last_status_update", "last_status_update"),
        column("last_kill_sent", "last_kill_sent"),
    ];
    let world = ctx.world();
    let w = world.borrow();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for s in services(config).iter().filter(|s| rest.len() < 2 || rest[1..].contains(s)) {
        for o in w.dovecot.sessions.values().rev().filter(|o| o.service == *s) {
            let now = w.now().secs().to_string();
            rows.push(vec![s.clone(), o.pid.to_string(), "0".into(), "1".into(), "0".into(), now, "0".into()]);
        }
        if let Some((pid, last)) = w.dovecot.master.as_ref().and_then(|m| m.procs.get(s)) {
            let t = if s == "anvil" { "0".to_owned() } else { last.secs().to_string() };
            rows.push(vec![s.clone(), pid.to_string(), "1000".into(), "0".into(), t.clone(), t, "0".into()]);
        }
    }
    drop(w);
    show(ctx, g, Format::Table, &columns, &rows);
    0
}

fn log(ctx: &Ctx, config: &Config, rest: &[String]) -> i32 {
    let running = ctx.world().borrow().dovecot.master.is_some();
    match rest.first().map_or("", String::as_str) {
        "find" => {
            let path = config.get("log_path");
            if path != "syslog" && !path.is_empty() {
                for l in ["Debug", "Info", "Warning", "Error", "Fatal"] {
                    ctx.out(format!("{l}: {path}\n"));
                }
                return 0;
            }
            let dir = rest.get(1).cloned().unwrap_or_else(|| "/var/log".into());
            ctx.out(format!("Looking for log files from {dir}\n"));
            let world = ctx.world();
            let mut w = world.borrow_mut();
            let w = &mut *w;
            let stamp = w.host.now.secs();
            let levels = ["Debug", "", "Warning", "Error", "Fatal"];
            for level in levels {
                crate::dovecot::log(&mut w.host, ctx.pid, Event::LogTest { level, stamp });
            }
            for level in levels {
                let needle = Event::LogTest { level, stamp }.text();
                let title = if level.is_empty() { "Info" } else { level };
                for (name, ino) in w.host.fs.readdir(&crate::host::Cred::root(), &dir).unwrap_or_default() {
                    let text = w.host.fs.node(ino).and_then(|n| n.blob()).map(|b| {
                        let from = b.len().saturating_sub(8192);
                        String::from_utf8_lossy(&b.slice(from, 8192)).into_owned()
                    });
                    if text.is_some_and(|t| t.contains(&needle)) {
                        ctx.out(format!("{title}: {dir}/{name}\n"));
                    }
                }
            }
            0
        }
        "errors" => {
            if !running {
                return refused(ctx, "log-errors");
            }
            let world = ctx.world();
            let w = world.borrow();
            let since = w.dovecot.master.as_ref().map(|m| m.started).unwrap_or_default();
            let mut out = String::new();
            for r in w.host.journal.iter().filter(|r| r.time >= since && &*r.ident == "dovecot") {
                let text = r.event.text();
                if matches!(&r.event, crate::log::Event::Dovecot(e) if e.severity() < crate::log::Severity::Warning) {
                    out.push_str(&format!("{} {text}\n", r.time.syslog()));
                }
            }
            drop(w);
            ctx.out(out);
            0
        }
        "test" => {
            let world = ctx.world();
            let mut w = world.borrow_mut();
            let stamp = w.host.now.secs();
            for level in ["Debug", "", "Warning", "Error", "Fatal"] {
                crate::dovecot::log(&mut w.host, ctx.pid, Event::LogTest { level, stamp });
            }
            0
        }
        "reopen" => i32::from(!running) * TEMPORARY,
        _ => {
            ctx.err(usage::group("log"));
            USAGE
        }
    }
}

fn penalty(ctx: &Ctx, g: Global) -> i32 {
    let columns = [
        column("ip", "IP"),
        column("penalty", "penalty"),
        column("last_penalty", "last_penalty"),
        Column { expand: true, ..column("last_update", "last_update") },
    ];
    let rows: Vec<Vec<String>> = {
        let w = ctx.io.world.borrow();
        let row = |(ip, (n, t)): (&IpAddr, &(u32, crate::base::Time))| {
            let s = stamp(*t);
            let clock = s.split(' ').nth(1).unwrap_or("").to_owned();
            vec![ip.to_string(), n.to_string(), s, clock]
        };
        w.dovecot.penalties.iter().map(row).collect()
    };
    show(ctx, g, Format::Table, &columns, &rows);
    0
}

/// The commands of this file.
pub fn run(ctx: &Ctx, g: Global, config: &Config, command: &str, rest: &[String]) -> i32 {
    let running = ctx.world().borrow().dovecot.master.is_some();
    match command {
        "who" | "kick" | "penalty" if !running => {
            let socket = if command == "penalty" { "anvil-auth-penalty" } else { "anvil" };
            if command == "kick" && rest.is_empty() {
                return kick(ctx, rest);
            }
            refused(ctx, socket)
        }
        "who" => who(ctx, g, rest),
        "kick" => kick(ctx, rest),
        "penalty" => penalty(ctx, g),
        "service" => service(ctx, config, rest),
        "process" => process(ctx, g, config, rest),
        "log" => log(ctx, config, rest),
        "instance" => {
            let columns = [
                Column { expand: true, ..column("path", "path") },
                column("name", "name"),
                column("last_used", "last used"),
                column("running", "running"),
            ];
            let row = {
                let w = ctx.io.world.borrow();
                let m = w.dovecot.master.as_ref();
                let at = m.map_or(w.host.now, |m| m.started);
                vec![
                    "/run/dovecot".to_owned(),
                    "dovecot".into(),
                    stamp(at),
                    if m.is_some() { "yes" } else { "no" }.into(),
                ]
            };
            show(ctx, g, Format::Table, &columns, &[row]);
            0
        }
        _ => {
            ctx.out("metric_name\tfield\tcount\tsum\tmin\tmax\tavg\tmedian\tstddev\t%95\n");
            0
        }
    }
}
