//! pkill(1), killall(1), pidof(1): processes by name.

use super::kill::number;
use crate::command::Ctx;
use crate::host::Process;

/// The processes, this program and its shell left out.
fn others(ctx: &Ctx) -> Vec<Process> {
    let world = ctx.world();
    let w = world.borrow();
    w.host.procs.iter().filter(|p| p.pid != ctx.pid && p.comm != ctx.name()).cloned().collect()
}

/// pkill(1) of procps.
pub(super) async fn pkill(ctx: &mut Ctx) -> i32 {
    let (mut signal, mut full, mut exact, mut echo, mut newest) = (15, false, false, false, None);
    let mut users: Vec<String> = Vec::new();
    let mut parent: Option<u32> = None;
    let mut patterns: Vec<String> = Vec::new();
    let args: Vec<String> = ctx.args[1..].to_vec();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        let Some(letters) = a.strip_prefix('-').filter(|l| !l.is_empty()) else {
            patterns.push(a.clone());
            continue;
        };
        if let Some(n) = number(letters) {
            signal = n;
            continue;
        }
        match a.as_str() {
            "--signal" => signal = it.next().and_then(|s| number(s)).unwrap_or(15),
            "--full" => full = true,
            "--exact" => exact = true,
            "--echo" => echo = true,
            _ => {
                for c in letters.chars() {
                    match c {
                        'f' => full = true,
                        'x' => exact = true,
                        'e' => echo = true,
                        'n' => newest = Some(true),
                        'o' => newest = Some(false),
                        'u' | 'U' => users.extend(it.next().cloned().unwrap_or_default().split(',').map(str::to_owned)),
                        'P' => parent = it.next().and_then(|p| p.parse().ok()),
                        'c' | 'i' => {}
                        c => {
                            ctx.err(format!(
                                "pkill: invalid option -- '{c}'\n\nUsage:\n pkill [options] <pattern>\n\nFor more details see pgrep(1).\n"
                            ));
                            return 2;
                        }
                    }
                }
            }
        }
    }
    if patterns.len() > 1 {
        ctx.err("pkill: only one pattern can be provided\nTry `pkill --help' for more information.\n");
        return 2;
    }
    if patterns.is_empty() && users.is_empty() && parent.is_none() {
        ctx.err("pkill: no matching criteria specified\nTry `pkill --help' for more information.\n");
        return 2;
    }
    let text = patterns.first().cloned().unwrap_or_default();
    let text = if exact { format!("^(?:{text})$") } else { text };
    let Ok(re) = regex::Regex::new(&text) else {
        ctx.err(format!("pkill: invalid regular expression: {text}\n"));
        return 2;
    };
    let names: Vec<u32> = {
        let world = ctx.world();
        let w = world.borrow();
        users.iter().filter_map(|u| w.host.uid(u).or_else(|| u.parse().ok())).collect()
    };
    let mut hits: Vec<Process> = others(ctx);
    hits.retain(|p| {
        re.is_match(if full { &p.args } else { &p.comm })
            && (users.is_empty() || names.contains(&p.uid))
            && parent.is_none_or(|x| p.ppid == x)
            && !p.args.contains("pkill ")
    });
    match newest {
        Some(true) => hits = hits.last().cloned().into_iter().collect(),
        Some(false) => hits.truncate(1),
        None => {}
    }
    let mut done = false;
    for p in hits {
        match ctx.world().borrow_mut().kill(&ctx.io.cred, p.pid, signal, ctx.pid) {
            Ok(()) => {
                done = true;
                if echo {
                    ctx.out(format!("{} killed (pid {})\n", p.comm, p.pid));
                }
            }
            // A child went with its master.
            Err(crate::host::Errno::Srch) => {}
            Err(e) => ctx.err(format!("pkill: killing pid {} failed: {e}\n", p.pid)),
        }
    }
    i32::from(!done)
}

/// killall(1) of psmisc.
pub(super) async fn killall(ctx: &mut Ctx) -> i32 {
    let (mut signal, mut quiet, mut verbose) = (15, false, false);
    let mut names: Vec<String> = Vec::new();
    let args: Vec<String> = ctx.args[1..].to_vec();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        match a.strip_prefix('-').filter(|l| !l.is_empty()) {
            None => names.push(a.clone()),
            Some("q" | "-quiet") => quiet = true,
            Some("v" | "-verbose") => verbose = true,
            Some("s" | "-signal") => signal = it.next().and_then(|s| number(s)).unwrap_or(15),
            Some("u" | "-user" | "o" | "y") => {
                it.next();
            }
            Some(l) => match number(l) {
                Some(n) => signal = n,
                None if l.chars().all(|c| "egiIrwZz".contains(c)) => {}
                None => {
                    ctx.err(format!("killall: invalid option -- '{l}'\nUsage: killall [OPTION]... [--] NAME...\n"));
                    return 1;
                }
            },
        }
    }
    if names.is_empty() {
        ctx.err("Usage: killall [ -Z CONTEXT ] [ -u USER ] [ -y TIME ] [ -o TIME ] [ -eIgiqrvw ]\n               [ -s SIGNAL | -SIGNAL ] NAME...\n");
        return 1;
    }
    let mut status = 0;
    for n in names {
        let hits: Vec<Process> = others(ctx).into_iter().filter(|p| p.comm == n).collect();
        if hits.is_empty() {
            if !quiet {
                ctx.err(format!("{n}: no process found\n"));
            }
            status = 1;
        }
        for p in hits {
            match ctx.world().borrow_mut().kill(&ctx.io.cred, p.pid, signal, ctx.pid) {
                Ok(()) if verbose => {
                    ctx.err(format!("Killed {}({}) with signal {signal}\n", p.comm, p.pid));
                }
                Ok(()) | Err(crate::host::Errno::Srch) => {}
                Err(e) => {
                    ctx.err(format!("{n}({}): {e}\n", p.pid));
                    status = 1;
                }
            }
        }
    }
    status
}

/// pidof(8).
pub(super) async fn pidof(ctx: &mut Ctx) -> i32 {
    let names: Vec<&String> = ctx.args[1..].iter().filter(|a| !a.starts_with('-')).collect();
    let single = ctx.args.iter().any(|a| a == "-s");
    let mut pids: Vec<u32> = Vec::new();
    for p in others(ctx) {
        let program = p.args.split(' ').next().unwrap_or("");
        let base = program.rsplit('/').next().unwrap_or(program).trim_end_matches(':');
        if names.iter().any(|n| **n == p.comm || n.rsplit('/').next() == Some(base)) {
            pids.push(p.pid);
        }
    }
    pids.reverse();
    if single {
        pids.truncate(1);
    }
    if pids.is_empty() {
        return 1;
    }
    let text: Vec<String> = pids.iter().map(u32::to_string).collect();
    ctx.out(format!("{}\n", text.join(" ")));
    0
}

/// pstree(1) of psmisc: the tree by name, with equal leaves counted.
pub(super) async fn pstree(ctx: &mut Ctx) -> i32 {
    let pids = ctx.args[1..].iter().any(|a| a.starts_with('-') && a.contains('p'));
    let args = ctx.args[1..].iter().any(|a| a.starts_with('-') && a.contains('a'));
    let world = ctx.world();
    let all: Vec<Process> = world.borrow().host.procs.iter().cloned().collect();
    let top = ctx.args[1..].iter().find_map(|a| a.parse::<u32>().ok()).unwrap_or(1);
    let mut lines = Vec::new();
    if let Some(p) = all.iter().find(|p| p.pid == top) {
        walk(&all, p, "", "", &mut lines, (pids, args), 0);
    }
    for l in lines {
        ctx.out(format!("{l}\n"));
    }
    0
}

fn walk(all: &[Process], p: &Process, lead: &str, branch: &str, out: &mut Vec<String>, show: (bool, bool), depth: u32) {
    let mut label = p.comm.clone();
    if show.1 && p.args.contains(' ') {
        label = format!("{}{}", p.comm, &p.args[p.args.find(' ').unwrap_or(0)..]);
    }
    if show.0 {
        label += &format!("({})", p.pid);
    }
    let head = format!("{branch}{label}");
    let mut kids: Vec<&Process> = all.iter().filter(|k| k.ppid == p.pid && k.pid != p.pid).collect();
    kids.sort_by(|a, b| (&a.comm, a.pid).cmp(&(&b.comm, b.pid)));
    if kids.is_empty() || depth > 20 {
        out.push(head);
        return;
    }
    let pad = " ".repeat(label.chars().count());
    let n = kids.len();
    for (i, k) in kids.into_iter().enumerate() {
        let (first, last) = (i == 0, i + 1 == n);
        let joint = match (first, last) {
            (true, true) => "───",
            (true, false) => "─┬─",
            (false, false) => " ├─",
            (false, true) => " └─",
        };
        let start = if first { format!("{head}{joint}") } else { format!("{lead}{pad}{joint}") };
        let below = format!("{lead}{pad}{}", if last { "   " } else { " │ " });
        walk(all, k, &below, &start, out, show, depth + 1);
    }
}
