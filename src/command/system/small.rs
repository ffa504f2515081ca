//! true, false, yes, sleep, clear, stty, free. What is only the shell's (echo, printf) is not here.

use super::super::Ctx;
use super::super::input::emit;
use super::super::opt::{getopt, hint, missing_operand, quote};
use crate::base::Span;

/// true(1).
pub async fn yes_status(_ctx: &mut Ctx) -> i32 {
    0
}

/// false(1).
pub async fn no_status(_ctx: &mut Ctx) -> i32 {
    1
}

/// yes(1): ends with its reader, or with the budget.
pub async fn yes(ctx: &mut Ctx) -> i32 {
    let line = if ctx.args.len() > 1 { ctx.args[1..].join(" ") } else { "y".into() } + "\n";
    let block = line.repeat((8192 / line.len()).max(1));
    loop {
        if let Err(c) = emit(ctx, &block).await {
            return c;
        }
        ctx.io.kernel.yield_now().await;
    }
}

/// sleep(1): jumps the model's clock.
pub async fn sleep(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    if p.args.is_empty() {
        return missing_operand(ctx, None);
    }
    let mut total = 0.0;
    for a in &p.args {
        let (digits, unit) = match a.chars().last() {
            Some('s') => (&a[..a.len() - 1], 1.0),
            Some('m') => (&a[..a.len() - 1], 60.0),
            Some('h') => (&a[..a.len() - 1], 3600.0),
            Some('d') => (&a[..a.len() - 1], 86_400.0),
            _ => (a.as_str(), 1.0),
        };
        match digits.parse::<f64>() {
            Ok(n) if n >= 0.0 && !digits.is_empty() => total += n * unit,
            _ => {
                ctx.complain(format!("invalid time interval {}", quote(a)));
                ctx.err(hint(ctx));
                return 1;
            }
        }
    }
    // Nobody waits longer than ten years.
    ctx.io.sleep(Span((total.min(3.2e8) * 1e6) as i64)).await;
    0
}

/// clear(1).
pub async fn clear(ctx: &mut Ctx) -> i32 {
    if ctx.stdout_is_terminal() {
        ctx.out("\x1b[H\x1b[2J\x1b[3J");
    } else if !ctx.env.contains_key("TERM") {
        ctx.err("TERM environment variable not set.\n");
        return 1;
    }
    0
}

/// stty(1): the size and the speed; settings are taken silently.
pub async fn stty(ctx: &mut Ctx) -> i32 {
    if !ctx.stdin_is_terminal() {
        ctx.err("stty: 'standard input': Inappropriate ioctl for device\n");
        return 1;
    }
    let (cols, rows) = ctx.io.kernel.size.get();
    match ctx.args.get(1).map(String::as_str) {
        Some("size") => ctx.out(format!("{rows} {cols}\n")),
        Some("-a" | "--all") => ctx.out(format!("speed 38400 baud; rows {rows}; columns {cols}; line = 0;\n")),
        None => ctx.out("speed 38400 baud; line = 0;\n-brkint -imaxbel\n"),
        _ => {}
    }
    0
}

/// free(1): a host of 2 GiB with what its processes hold.
pub async fn free(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "b|bytes k|kibi m|mebi g|gibi h|human t|total w|wide s|seconds= c|count=", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    let total: u64 = 2_028_244;
    let rss: u64 = ctx.io.world.borrow().host.procs.iter().map(|p| p.rss).sum();
    let used = (180_000 + rss / 3).min(total - 400_000);
    let cache = 612_480;
    let spare = total - used - cache;
    let show = |k: u64| -> String {
        if p.has("b") {
            (k * 1024).to_string()
        } else if p.has("m") {
            (k / 1024).to_string()
        } else if p.has("g") {
            (k >> 20).to_string()
        } else if p.has("h") {
            super::super::files::show::human(k * 1024) + if k == 0 { "B" } else { "i" }
        } else {
            k.to_string()
        }
    };
    let row = |name: &str, v: &[u64]| {
        let cells: Vec<String> = v.iter().map(|k| format!("{:>11}", show(*k))).collect();
        format!("{name:<9}{}\n", cells.join(" "))
    };
    ctx.out("               total        used        free      shared  buff/cache   available\n");
    ctx.out(row("Mem:", &[total, used, spare, 1_204, cache, spare + cache - 60_000]));
    ctx.out(row("Swap:", &[999_420, 0, 999_420]));
    0
}
