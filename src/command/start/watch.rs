//! watch(1): the command again and again in step with real time. At a terminal each turn begins on a clear screen; in a
//! script it is printed below the last.

use super::duration;
use crate::base::Span;
use crate::command::Ctx;
use crate::command::io::Fd;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

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
                (w.host.name.clone(), w.now())
            };
            let left = format!("Every {interval:.1}s: {command}");
            let right = format!("{name}: {}", now.ctime());
            // As procps: what does not fit beside the time is cut short.
            let room = ctx.columns().saturating_sub(right.len() + 1);
            let left = if clear && left.chars().count() > room {
                left.chars().take(room.saturating_sub(3)).chain("...".chars()).collect()
            } else {
                left
            };
            let fill = ctx.columns().saturating_sub(left.chars().count() + right.len()).max(1);
            ctx.out(format!("{left}{}{right}\n\n", " ".repeat(fill)));
        }
        // The command writes to a pipe, and what fits on the screen is shown when it has ended.
        let held = Rc::new(RefCell::new(VecDeque::new()));
        let child = if clear {
            let mut fds = ctx.io.fds.clone();
            fds.insert(1, Fd::Memory(held.clone()));
            fds.insert(2, Fd::Memory(held.clone()));
            ctx.with_fds(fds)
        } else {
            ctx.clone()
        };
        if exec {
            spawn.spawn(child, args.clone()).await;
        } else {
            spawn.shell(child, command.clone(), Vec::new()).await;
        }
        let bytes: Vec<u8> = held.borrow_mut().drain(..).collect();
        let rows = usize::from(ctx.io.kernel.size.get().1).saturating_sub(if title { 2 } else { 0 });
        ctx.out(fitting(&String::from_utf8_lossy(&bytes), ctx.columns(), rows));
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

/// The rows of a text that a screen has room for; longer lines go on in the next row.
fn fitting(text: &str, columns: usize, rows: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    'text: for line in text.lines() {
        let mut row = String::new();
        for c in line.chars().filter(|c| *c == '\t' || !c.is_control()) {
            loop {
                let at = row.chars().count();
                if at >= columns {
                    out.push(std::mem::take(&mut row));
                    if out.len() >= rows {
                        break 'text;
                    }
                    continue;
                }
                row.push(if c == '\t' { ' ' } else { c });
                // A tab is blanks up to the next stop, in the next row if need be.
                if c != '\t' || (at + 1).is_multiple_of(8) {
                    break;
                }
            }
        }
        out.push(row);
        if out.len() >= rows {
            break;
        }
    }
    out.truncate(rows);
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_takes_what_it_has_room_for() {
        for (text, shown) in [
            ("", ""),
            ("a\nb\nc\nd\n", "a\nb\nc"),
            ("123456789012\nb\nc\n", "1234567890\n12\nb"),
            ("a\tb\tc", "a       b \n        c"),
            ("x\n\ny\n", "x\n\ny"),
            ("1234567890", "1234567890"),
        ] {
            assert_eq!(fitting(text, 10, 3), shown, "{text:?}");
        }
    }
}
