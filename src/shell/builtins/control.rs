//! `break`, `return`, `exit`, `eval`, `source`, `exec`, `command`, `builtin`, `trap`.

use super::super::simple::Found;
use super::super::state::{Flow, Mode, R, Shell};
use super::super::{bytes, escape};
use super::{Call, find};
use crate::host::Errno;

/// Signals by number, from 1.
pub const SIGNALS: &[&str] = &[
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];

/// The number of a signal named or numbered.
pub fn signal(text: &str) -> Option<u32> {
    if let Ok(n) = text.parse::<u32>() {
        return (n <= 64).then_some(n);
    }
    let t = text.to_ascii_uppercase();
    let t = t.strip_prefix("SIG").unwrap_or(&t);
    if t == "EXIT" {
        return Some(0);
    }
    SIGNALS.iter().position(|s| *s == t).map(|i| i as u32 + 1)
}

/// The table of `kill -l` and `trap -l`.
pub fn signal_list() -> String {
    let mut names: Vec<String> = SIGNALS.iter().enumerate().map(|(i, s)| format!("{:2}) SIG{s}", i + 1)).collect();
    for n in 34..=64 {
        let name = match n {
            34 => "SIGRTMIN".to_owned(),
            64 => "SIGRTMAX".to_owned(),
            n if n <= 49 => format!("SIGRTMIN+{}", n - 34),
            n => format!("SIGRTMAX-{}", 64 - n),
        };
        names.push(format!("{n}) {name}"));
    }
    names.chunks(5).map(|row| row.join("\t") + "\n").collect()
}

/// The loop count of `break` and `continue`.
fn levels(sh: &mut Shell, c: Call<'_>) -> Result<u32, R> {
    if sh.loops == 0 {
        sh.complain_as(c.name(), "only meaningful in a `for', `while', or `until' loop");
        return Err(Ok(0));
    }
    match c.args().first() {
        None => Ok(1),
        Some(a) => match a.parse::<i64>() {
            Ok(n) if n > 0 => Ok((n as u32).min(sh.loops)),
            Ok(_) => {
                sh.complain_as(c.name(), format!("{a}: loop count out of range"));
                Err(Err(Flow::Break(sh.loops)))
            }
            Err(_) => {
                sh.complain_as(c.name(), format!("{a}: numeric argument required"));
                Err(Err(Flow::Exit(128)))
            }
        },
    }
}

pub fn break_(sh: &mut Shell, c: Call<'_>) -> R {
    match levels(sh, c) {
        Ok(n) => Err(Flow::Break(n)),
        Err(r) => r,
    }
}
pub fn continue_(sh: &mut Shell, c: Call<'_>) -> R {
    match levels(sh, c) {
        Ok(n) => Err(Flow::Continue(n)),
        Err(r) => r,
    }
}

/// The status argument of `exit` and `return`.
fn status(sh: &Shell, c: Call<'_>) -> Result<i32, i32> {
    match c.args().iter().find(|a| *a != "--") {
        None => Ok(sh.status),
        Some(a) => match a.trim().parse::<i64>() {
            Ok(n) => Ok((n & 255) as i32),
            Err(_) => {
                sh.complain_as(c.name(), format!("{a}: numeric argument required"));
                Err(2)
            }
        },
    }
}

pub fn return_(sh: &mut Shell, c: Call<'_>) -> R {
    if sh.calls.is_empty() && sh.sourced == 0 {
        sh.complain_as("return", "can only `return' from a function or sourced script");
        return Ok(2);
    }
    let s = status(sh, c).unwrap_or_else(|s| s);
    Err(Flow::Return(s))
}

pub fn exit(sh: &mut Shell, c: Call<'_>) -> R {
    let s = status(sh, c);
    if s.is_ok() && c.args().len() > 1 {
        sh.complain_as("exit", "too many arguments");
        return Ok(1);
    }
    Err(Flow::Exit(s.unwrap_or_else(|s| s)))
}

pub async fn eval(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args();
    if args.first().is_some_and(|a| a == "--") {
        args = &args[1..];
    }
    let text = args.join(" ");
    sh.status = 0;
    nested(sh, &text, "eval").await
}

/// Runs a text inside the running one; errors are numbered from its own lines.
async fn nested(sh: &mut Shell, text: &str, top: &str) -> R {
    if sh.depth >= super::super::state::MAX_DEPTH {
        sh.complain("maximum eval nesting level exceeded");
        return Ok(1);
    }
    sh.depth += 1;
    let r = crate::command::io::deep(sh.run_text(text, top)).await;
    sh.depth -= 1;
    r
}

pub async fn source(sh: &mut Shell, c: Call<'_>) -> R {
    let args: Vec<String> = c.args().iter().skip_while(|a| *a == "--").cloned().collect();
    let Some(file) = args.first() else {
        sh.complain_as(c.name(), "filename argument required");
        sh.usage(c.name());
        return Ok(2);
    };
    let mut path = sh.path(file);
    if !file.contains('/') {
        let dirs = sh.value("PATH").unwrap_or_default();
        let w = sh.world.borrow();
        for d in dirs.split(':') {
            let full = format!("{d}/{file}");
            if w.host.fs.stat(&sh.cred, &full).is_ok_and(|(_, n)| n.is_file()) {
                path = full;
                break;
            }
        }
    }
    let data = sh.world.borrow().host.fs.read(&sh.cred, &path);
    let text = match data {
        Ok(b) => bytes::decode(&b.bytes()),
        Err(Errno::IsDir) => {
            sh.complain_as(c.name(), format!("{file}: is a directory"));
            return Ok(1);
        }
        Err(e) => {
            sh.complain(format!("{file}: {e}"));
            return Ok(1);
        }
    };
    let outer = (args.len() > 1).then(|| std::mem::replace(&mut sh.args, args[1..].to_vec()));
    let (name, line) = (sh.name.clone(), sh.line);
    sh.sourced += 1;
    let interactive = sh.mode == Mode::Interactive;
    if !interactive {
        sh.name.clone_from(file);
    }
    sh.status = 0;
    let r = nested(sh, &text, "source").await;
    sh.sourced -= 1;
    sh.name = name;
    sh.line = line;
    if let Some(a) = outer {
        sh.args = a;
    }
    match r {
        Err(Flow::Return(s)) => Ok(s),
        r => r,
    }
}

pub async fn exec(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args().to_vec();
    let mut clear = false;
    while let Some(a) = args.first().filter(|a| a.starts_with('-')).cloned() {
        args.remove(0);
        match a.as_str() {
            "--" => break,
            "-a" => {
                if !args.is_empty() {
                    args.remove(0);
                }
            }
            "-c" => clear = true,
            "-l" | "-cl" | "-lc" => {}
            a => return sh.bad_option("exec", a),
        }
    }
    if args.is_empty() {
        return Ok(0);
    }
    if let Found::Missing = sh.find(&args[0]) {
        sh.complain_as("exec", format!("{}: not found", args[0]));
        return if sh.interactive() { Ok(127) } else { Err(Flow::Exit(127)) };
    }
    if let Found::Broken(m, s) = sh.find(&args[0]) {
        sh.complain_as("exec", m.replace(": Is a directory", ": cannot execute: Is a directory"));
        return if sh.interactive() { Ok(s) } else { Err(Flow::Exit(s)) };
    }
    if clear {
        sh.vars = super::super::vars::Vars::default();
    }
    let s = sh.program(args).await?;
    sh.traps.remove("EXIT");
    Err(Flow::Exit(s))
}

pub async fn command(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args();
    let (mut short, mut long) = (false, false);
    while let Some(a) = args.first().filter(|a| a.starts_with('-') && a.len() > 1) {
        args = &args[1..];
        if a == "--" {
            break;
        }
        for f in a[1..].chars() {
            match f {
                'v' => short = true,
                'V' => long = true,
                'p' => {}
                f => return sh.bad_option("command", &format!("-{f}")),
            }
        }
    }
    if args.is_empty() {
        return Ok(0);
    }
    if short || long {
        let mut found = 0;
        for name in args {
            let text = if short { sh.describe_short(name) } else { sh.describe(name) };
            match text {
                Some(t) => {
                    found += 1;
                    sh.say("command", &t)?;
                }
                None if long => sh.complain_as("command", format!("{name}: not found")),
                None => {}
            }
        }
        return Ok(i32::from(found == 0));
    }
    sh.dispatch(args.to_vec(), c.arrays, false).await
}

pub async fn builtin(sh: &mut Shell, c: Call<'_>) -> R {
    let args = c.args();
    let Some(name) = args.first() else { return Ok(0) };
    match find(name) {
        Some(b) => (b.run)(sh, Call { argv: args, arrays: c.arrays }).await,
        None => {
            sh.complain_as("builtin", format!("{name}: not a shell builtin"));
            Ok(1)
        }
    }
}

pub fn trap(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args();
    let name_of = |s: &str| -> Option<String> {
        let up = s.to_ascii_uppercase();
        if matches!(up.as_str(), "ERR" | "DEBUG" | "RETURN" | "EXIT") {
            return Some(up);
        }
        match signal(s)? {
            0 => Some("EXIT".into()),
            n => SIGNALS.get(n as usize - 1).map(|s| format!("SIG{s}")),
        }
    };
    match args.first().map(String::as_str) {
        Some("-l") => return sh.say("trap", &signal_list()),
        None | Some("-p") => {
            let wanted: Vec<String> = args.iter().skip(1).filter_map(|a| name_of(a)).collect();
            let order = |s: &str| if s == "EXIT" { 0 } else { signal(s).unwrap_or(99) };
            let mut all: Vec<(&String, &String)> = sh.traps.iter().collect();
            all.sort_by_key(|(s, _)| order(s));
            let text: String = all
                .into_iter()
                .filter(|(s, _)| wanted.is_empty() || wanted.contains(s))
                .map(|(s, a)| format!("trap -- {} {s}\n", escape::single(a)))
                .collect();
            return sh.say("trap", &text);
        }
        Some("--") => args = &args[1..],
        Some(a) if a.starts_with('-') && a.len() > 1 => return sh.bad_option("trap", &a[..2]),
        _ => {}
    }
    let Some(action) = args.first() else { return Ok(0) };
    let signals = &args[1..];
    let reset = action == "-" || signals.is_empty() || action.parse::<u32>().is_ok();
    if signals.is_empty() && name_of(action).is_none() {
        sh.usage("trap");
        return Ok(2);
    }
    let list = if signals.is_empty() || action.parse::<u32>().is_ok() { args } else { signals };
    let mut status = 0;
    for s in list.iter().filter(|s| *s != "-") {
        match name_of(s) {
            None => {
                sh.complain_as("trap", format!("{s}: invalid signal specification"));
                status = 1;
            }
            Some(n) if reset => {
                sh.traps.remove(&n);
            }
            Some(n) => {
                sh.traps.insert(n, action.clone());
            }
        }
    }
    Ok(status)
}
