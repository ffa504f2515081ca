//! nice(1), ionice(1), nohup(1), setsid(1), stdbuf(1): they change how a program runs in ways that the model does not have,
//! and run it.

use super::{replace, try_help};
use crate::command::Ctx;
use crate::command::io::{Fd, OpenFile};
use std::cell::Cell;
use std::rc::Rc;

/// Skips options; those in `valued` take the next word.
fn rest(ctx: &Ctx, valued: &str) -> Vec<String> {
    let mut args = &ctx.args[1..];
    while let Some(a) = args.first().filter(|a| a.starts_with('-') && a.len() > 1) {
        args = &args[1..];
        if a == "--" {
            break;
        }
        let letter = a.chars().nth(1).unwrap_or('-');
        if a.len() == 2 && valued.contains(letter) && !args.is_empty() {
            args = &args[1..];
        }
    }
    args.to_vec()
}

async fn run(ctx: &mut Ctx, valued: &str) -> i32 {
    let argv = rest(ctx, valued);
    if argv.is_empty() {
        ctx.complain("missing operand");
        try_help(ctx);
        return 125;
    }
    replace(ctx, &argv).await
}

pub(super) async fn nice(ctx: &mut Ctx) -> i32 {
    if ctx.args.len() == 1 {
        ctx.out("0\n");
        return 0;
    }
    run(ctx, "n").await
}

pub(super) async fn ionice(ctx: &mut Ctx) -> i32 {
    if ctx.args.len() == 1 || ctx.args.iter().any(|a| a == "-p") {
        ctx.out("none: prio 0\n");
        return 0;
    }
    run(ctx, "cn").await
}

pub(super) async fn setsid(ctx: &mut Ctx) -> i32 {
    let argv = rest(ctx, "");
    if argv.is_empty() {
        ctx.complain("no command specified");
        try_help(ctx);
        return 1;
    }
    replace(ctx, &argv).await
}

pub(super) async fn stdbuf(ctx: &mut Ctx) -> i32 {
    run(ctx, "ioe").await
}

pub(super) async fn nohup(ctx: &mut Ctx) -> i32 {
    let argv = rest(ctx, "");
    if argv.is_empty() {
        ctx.complain("missing operand");
        try_help(ctx);
        return 125;
    }
    let ignoring = ctx.stdin_is_terminal();
    if ignoring {
        ctx.io.fds.insert(0, Fd::Null);
    }
    if ctx.stdout_is_terminal() {
        let path = ctx.path("nohup.out");
        let cred = ctx.io.cred.clone();
        let opened = ctx.world().borrow_mut().host.fs.open_write(&cred, &path, 0o600, false, false);
        match opened {
            Ok(ino) => {
                let lead = if ignoring { "ignoring input and appending" } else { "appending" };
                ctx.complain(format!("{lead} output to 'nohup.out'"));
                let file =
                    Rc::new(OpenFile { ino, path, offset: Cell::new(0), append: true, read: false, write: true });
                ctx.io.fds.insert(1, Fd::File(file.clone()));
                if ctx.io.is_terminal(2) {
                    ctx.io.fds.insert(2, Fd::File(file));
                }
            }
            Err(e) => {
                ctx.complain(format!("failed to open 'nohup.out': {e}"));
                return 125;
            }
        }
    } else if ignoring {
        ctx.complain("ignoring input");
    }
    replace(ctx, &argv).await
}
