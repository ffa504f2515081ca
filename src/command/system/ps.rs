//! ps(1): `aux`, `-ef`, `-C`, `-p`, `-u`, `-o`; pgrep(1).
//!
//! CPU and memory shares are of no process's doing here. Left out: threads, sorting beyond `--sort=pid`, the forest.

use super::super::Ctx;
use crate::base::Time;
use crate::host::{Host, Process};

/// Memory of the machine in KiB, for %MEM.
const MEMORY: u64 = 2_014_000;

fn user(host: &Host, uid: u32) -> String {
    let name = host.user_name(uid);
    if name.len() > 8 { format!("{}+", &name[..7]) } else { name }
}

/// `03:14` of today, `Nov23` before.
fn start(t: Time, now: Time) -> String {
    let c = t.civil();
    if now - t < crate::base::Span::hours(24) && c.day == now.civil().day {
        format!("{:02}:{:02}", c.hour, c.minute)
    } else {
        format!("{}{:02}", crate::base::time::MONTHS[c.month as usize - 1], c.day)
    }
}

/// The processes that are there, this one and its shell among them.
fn all(ctx: &Ctx, host: &Host) -> Vec<Process> {
    let mut list: Vec<Process> = host.procs.iter().cloned().collect();
    // Only ps itself runs; the others of its pipeline wait for it.
    for p in list.iter_mut().filter(|p| p.stat.starts_with('R')) {
        p.stat = match (p.pid == ctx.pid, p.tty.as_str()) {
            (true, "?") => "R".into(),
            (true, _) => "R+".into(),
            (false, "?") => "S".into(),
            (false, _) => "S+".into(),
        };
    }
    if !list.iter().any(|p| p.pid == ctx.pid) {
        let tty = if ctx.stdin_is_terminal() { "pts/0" } else { "?" };
        list.push(Process {
            pid: ctx.pid,
            ppid: 1,
            uid: ctx.io.cred.uid,
            comm: ctx.name(),
            args: ctx.args.join(" "),
            started: host.now,
            tty: tty.into(),
            stat: "R+".into(),
            vsz: 11_220,
            rss: 4_640,
            unit: "".into(),
            role: String::new(),
        });
        list.sort_by_key(|p| p.pid);
    }
    list
}

/// ps(1).
pub async fn ps(ctx: &mut Ctx) -> i32 {
    // The other programs of its pipeline have started, too.
    ctx.io.kernel.clone().yield_now().await;
    let world = ctx.world();
    let w = world.borrow();
    let host = &w.host;
    let list = all(ctx, host);
    let (mut every, mut full, mut bsd) = (false, false, false);
    let (mut comm, mut pids, mut users, mut columns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut args = ctx.args[1..].iter();
    while let Some(a) = args.next() {
        let list_of = |v: &mut Vec<String>, text: Option<&String>| {
            v.extend(text.map(|t| t.split([',', ' ']).map(str::to_owned).collect::<Vec<_>>()).unwrap_or_default());
        };
        match a.as_str() {
            "-C" => list_of(&mut comm, args.next()),
            "-p" | "--pid" | "p" => list_of(&mut pids, args.next()),
            "-u" | "-U" | "--user" => list_of(&mut users, args.next()),
            "-o" | "o" | "--format" => list_of(&mut columns, args.next()),
            a if a.starts_with("--") => {}
            a if a.starts_with("-o") => list_of(&mut columns, Some(&a[2..].to_owned())),
            a if a.starts_with('-') => {
                every |= a.contains(['e', 'A']);
                full |= a.contains('f');
                if a.contains('o') {
                    list_of(&mut columns, args.next());
                }
                if let Some(bad) = a.chars().skip(1).find(|c| !"eAfolFywHj".contains(*c)) {
                    drop(w);
                    ctx.err(format!("error: unsupported option (BSD syntax) {bad}\n"));
                    return 1;
                }
            }
            a => {
                bsd |= a.contains('u');
                every |= a.contains('x') || a.contains('a');
            }
        }
    }
    let chosen: Vec<&Process> = list
        .iter()
        .filter(|p| {
            let named = !comm.is_empty() || !pids.is_empty() || !users.is_empty();
            if named {
                comm.contains(&p.comm) || pids.contains(&p.pid.to_string()) || users.contains(&host.user_name(p.uid))
            } else {
                every || p.tty != "?"
            }
        })
        .collect();
    if chosen.is_empty() && pids.is_empty() && comm.is_empty() {
        return 1;
    }
    let mut out = String::new();
    if !columns.is_empty() {
        out = by_columns(host, &chosen, &columns);
    } else if bsd {
        out += "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n";
        for p in &chosen {
            out += &format!(
                "{:<8} {:>7}  0.0 {:>4.1} {:>6} {:>5} {:<8} {:<4} {:<5} {:>6} {}\n",
                user(host, p.uid),
                p.pid,
                (p.rss * 1000 / MEMORY) as f64 / 10.0,
                p.vsz,
                p.rss,
                p.tty,
                p.stat,
                start(p.started, host.now),
                "0:00",
                p.args
            );
        }
    } else if full {
        out += "UID          PID    PPID  C STIME TTY          TIME CMD\n";
        for p in &chosen {
            out += &format!(
                "{:<8} {:>7} {:>7}  0 {} {:<8} 00:00:00 {}\n",
                user(host, p.uid),
                p.pid,
                p.ppid,
                start(p.started, host.now),
                p.tty,
                p.args
            );
        }
    } else {
        out += "    PID TTY          TIME CMD\n";
        for p in &chosen {
            out += &format!("{:>7} {:<8} 00:00:00 {}\n", p.pid, p.tty, p.comm);
        }
    }
    drop(w);
    ctx.out(cut(ctx, &out));
    i32::from(chosen_is_empty(&out))
}

fn chosen_is_empty(out: &str) -> bool {
    out.lines().count() <= 1
}

/// On a terminal lines end at its edge.
fn cut(ctx: &Ctx, text: &str) -> String {
    if !ctx.stdout_is_terminal() || ctx.args.iter().any(|a| a.contains("ww")) {
        return text.to_owned();
    }
    let width = ctx.columns();
    text.lines().flat_map(|l| l.chars().take(width).chain(['\n'])).collect()
}

fn by_columns(host: &Host, chosen: &[&Process], columns: &[String]) -> String {
    let cell = |p: &Process, c: &str| match c {
        "pid" => p.pid.to_string(),
        "ppid" => p.ppid.to_string(),
        "user" | "euser" => user(host, p.uid),
        "uid" => p.uid.to_string(),
        "comm" | "ucmd" => p.comm.clone(),
        "args" | "cmd" | "command" => p.args.clone(),
        "stat" | "s" => p.stat.clone(),
        "tty" | "tt" => p.tty.clone(),
        "vsz" => p.vsz.to_string(),
        "rss" => p.rss.to_string(),
        "start" | "stime" | "lstart" => start(p.started, host.now),
        "time" => "00:00:00".into(),
        "etime" => format!("{:02}:{:02}", (host.now - p.started).as_secs() / 60, (host.now - p.started).as_secs() % 60),
        _ => "-".into(),
    };
    let names: Vec<(&str, &str)> = columns.iter().map(|c| c.split_once('=').unwrap_or((c, "\0"))).collect();
    let title = |(c, t): &(&str, &str)| match (*t, *c) {
        ("\0", "args" | "cmd" | "command") => "COMMAND".to_owned(),
        ("\0", "comm") => "COMMAND".to_owned(),
        ("\0", c) => c.to_uppercase(),
        (t, _) => t.to_owned(),
    };
    let right = |c: &str| matches!(c, "pid" | "ppid" | "uid" | "vsz" | "rss" | "etime" | "time");
    let least = |c: &str| match c {
        "pid" | "ppid" => 7,
        "user" | "tty" => 8,
        "vsz" | "rss" => 6,
        _ => 4,
    };
    let width = |i: usize| {
        let cells = chosen.iter().map(|p| cell(p, names[i].0).len());
        cells.chain([title(&names[i]).len(), least(names[i].0)]).max().unwrap_or(4)
    };
    let line = |cells: Vec<String>| {
        let n = cells.len();
        let mut l = String::new();
        for (i, c) in cells.iter().enumerate() {
            let w = width(i);
            if i > 0 {
                l.push(' ');
            }
            l += &match (right(names[i].0), i + 1 == n) {
                (true, _) => format!("{c:>w$}"),
                (false, true) => c.clone(),
                (false, false) => format!("{c:<w$}"),
            };
        }
        l.trim_end().to_owned() + "\n"
    };
    let mut out = String::new();
    if names.iter().any(|n| !title(n).is_empty()) {
        out += &line(names.iter().map(title).collect());
    }
    for p in chosen {
        out += &line(names.iter().map(|(c, _)| cell(p, c)).collect());
    }
    out
}

/// pgrep(1): `-a`, `-l`, `-f`, `-x`, `-c`, `-u`.
pub async fn pgrep(ctx: &mut Ctx) -> i32 {
    let flag = |c: char| ctx.args.iter().any(|a| a.starts_with('-') && a.contains(c));
    let Some(pattern) = ctx.args[1..].iter().rfind(|a| !a.starts_with('-')).cloned() else {
        ctx.err("pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n");
        return 2;
    };
    let Ok(re) = regex::Regex::new(&if flag('x') { format!("^(?:{pattern})$") } else { pattern }) else {
        ctx.err("pgrep: invalid regular expression\n");
        return 2;
    };
    let world = ctx.world();
    let w = world.borrow();
    let hits: Vec<&Process> = w
        .host
        .procs
        .iter()
        .filter(|p| p.pid != ctx.pid && re.is_match(if flag('f') { &p.args } else { &p.comm }))
        .collect();
    let mut out = String::new();
    for p in &hits {
        out += &match () {
            () if flag('a') => format!("{} {}\n", p.pid, p.args),
            () if flag('l') => format!("{} {}\n", p.pid, p.comm),
            () => format!("{}\n", p.pid),
        };
    }
    if flag('c') {
        out = format!("{}\n", hits.len());
    }
    let none = hits.is_empty();
    drop(w);
    ctx.out(out);
    i32::from(none)
}
