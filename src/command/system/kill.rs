//! kill(1), and the names of signals.

use crate::command::Ctx;

/// Names by number, from 1.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL",
    "PWR", "SYS",
];

/// The number of a signal given as `9`, `KILL` or `SIGKILL`.
pub(super) fn number(word: &str) -> Option<i32> {
    if let Ok(n) = word.parse::<i32>() {
        return (0..=64).contains(&n).then_some(n);
    }
    let upper = word.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    NAMES.iter().position(|n| *n == bare).and_then(|i| i32::try_from(i + 1).ok())
}

/// kill(1) of procps.
pub(super) async fn kill(ctx: &mut Ctx) -> i32 {
    let mut signal = 15;
    let mut pids: Vec<String> = Vec::new();
    let args: Vec<String> = ctx.args[1..].to_vec();
    let mut i = 0;
    let mut options = true;
    while i < args.len() {
        let a = args[i].as_str();
        i += 1;
        match a {
            "--" if options => options = false,
            "-l" | "--list" => {
                let all: Vec<&str> = NAMES.to_vec();
                ctx.out(format!("{}\n", all.join(" ")));
                return 0;
            }
            "-s" | "--signal" if options => {
                let name = args.get(i).cloned().unwrap_or_default();
                i += 1;
                match number(&name) {
                    Some(n) => signal = n,
                    None => {
                        ctx.err(format!("kill: unknown signal name {name}\n"));
                        return 1;
                    }
                }
            }
            a if options && a.len() > 1 && a.starts_with('-') && pids.is_empty() => match number(&a[1..]) {
                Some(n) => {
                    signal = n;
                    options = !matches!(args.get(i).map(String::as_str), Some("--"));
                    if !options {
                        i += 1;
                    }
                }
                None => {
                    ctx.err(format!("kill: invalid argument {a}\n"));
                    return 1;
                }
            },
            a => pids.push(a.to_owned()),
        }
    }
    if pids.is_empty() {
        ctx.err("\nUsage:\n kill [options] <pid> [...]\n\nFor more details see kill(1).\n");
        return 1;
    }
    let mut status = 0;
    for p in pids {
        let Ok(pid) = p.trim_start_matches('-').parse::<u32>() else {
            ctx.err(format!("kill: failed to parse argument: '{p}'\n"));
            return 1;
        };
        if let Err(e) = ctx.world().borrow_mut().kill(&ctx.io.cred, pid, signal, ctx.pid) {
            ctx.err(format!("kill: ({p}): {e}\n"));
            status = 1;
        }
    }
    status
}
