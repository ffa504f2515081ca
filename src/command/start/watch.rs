//! watch(1): the command again and again in step with real time. At a terminal each turn begins on a clear screen; in a
//! script it is printed below the last. Left out: cropping to the height of the screen.

use super::duration;
use crate::base::Span;
use crate::base::time::{MONTHS, WEEKDAYS};
use crate::command::Ctx;

pub(super) async fn watch(ctx: &mut Ctx) -> i32 {
    let mut args = ctx.args[1..].to_vec();
    let mut interval = 2.0f64;
    let (mut title, mut exec) = (true, false);
    while let Some(a) = args.first().filter(|a| a.starts_with('-') && a.len() > 1).cloned() {
        args.remove(0);
        match a.as_str() {
            "--" => break,
            "-n" | "--interval" => {
                let v = if args.is_empty() { String::new() } else { args.remove(0) };
                match duration(&v) {
                    Some(s) => interval = s.as_secs_f64().max(0.1),
                    None => {
                        ctx.complain(format!("failed to parse argument: '{v}'"));
                        return 1;
                    }
                }
            }
            "-t" | "--no-title" => title = false,
            "-x" | "--exec" => exec = true,
            a if a.starts_with("-n") => {
                if let Some(s) = duration(&a[2..]) {
                    interval = s.as_secs_f64().max(0.1);
                }
            }
            _ => {}
        }
    }
    if args.is_empty() {
        ctx.err("\nUsage:\n watch [options] command\n");
        return 1;
    }
    if !ctx.io.kernel.interactive.get() && !ctx.stdout_is_terminal() {
        ctx.err("Error opening terminal: unknown.\n");
        return 1;
    }
    let command = args.join(" ");
    let spawn = ctx.spawn.clone();
    let clear = ctx.io.kernel.interactive.get() && ctx.stdout_is_terminal();
    loop {
        if clear {
            ctx.out("\x1b[H\x1b[J");
        }
        if title {
            let (name, now) = {
                let w = ctx.world();
                let w = w.borrow();
                (w.host.name.clone(), w.now().civil())
            };
            let left = format!("Every {interval:.1}s: {command}");
            let right = format!(
                "{name}: {} {} {:2} {:02}:{:02}:{:02} {}",
                WEEKDAYS[now.weekday as usize],
                MONTHS[now.month as usize - 1],
                now.day,
                now.hour,
                now.minute,
                now.second,
                now.year
            );
            let fill = ctx.columns().saturating_sub(left.chars().count() + right.len()).max(1);
            ctx.out(format!("{left}{}{right}\n\n", " ".repeat(fill)));
        }
        if exec {
            spawn.spawn(ctx.clone(), args.clone()).await;
        } else {
            spawn.shell(ctx.clone(), command.clone(), Vec::new()).await;
        }
        if !clear {
            ctx.out("\n");
        }
        let w = ctx.world();
        let next = w.borrow().now() + Span::micros((interval * 1e6) as i64);
        while w.borrow().now() < next {
            ctx.io.kernel.tick().await;
        }
    }
}
