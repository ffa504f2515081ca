//! timeout(1).

use super::{duration, replace, try_help};
use crate::command::Ctx;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

pub(super) async fn timeout(ctx: &mut Ctx) -> i32 {
    let mut args = &ctx.args[1..];
    let (mut keep, mut killed) = (false, false);
    while let Some(a) = args.first().filter(|a| a.starts_with('-') && a.len() > 1) {
        args = &args[1..];
        match a.as_str() {
            "--" => break,
            "--preserve-status" => keep = true,
            "--foreground" | "-v" | "--verbose" => {}
            "-s" | "-k" => {
                let Some(v) = args.first() else { break };
                killed |= a == "-s" && matches!(v.as_str(), "9" | "KILL" | "SIGKILL");
                args = &args[1..];
            }
            a if a.starts_with("--signal=")
                || a.starts_with("--kill-after=")
                || a.starts_with("-s")
                || a.starts_with("-k") =>
            {
                killed |= a.ends_with("KILL") || a == "-s9";
            }
            a => {
                if a.starts_with("--") {
                    ctx.complain(format!("unrecognized option '{a}'"));
                } else {
                    ctx.complain(format!("invalid option -- '{}'", a.chars().nth(1).unwrap_or('-')));
                }
                try_help(ctx);
                return 125;
            }
        }
    }
    if args.len() < 2 {
        if args.len() == 1 {
            ctx.complain("missing operand");
        }
        try_help(ctx);
        return 125;
    }
    let Some(span) = duration(&args[0]) else {
        ctx.complain(format!("invalid time interval ‘{}’", args[0]));
        try_help(ctx);
        return 125;
    };
    let argv = args[1..].to_vec();
    if span.0 == 0 {
        return replace(ctx, &argv).await;
    }
    let world = ctx.world();
    let kernel = ctx.io.kernel.clone();
    let until = world.borrow().now() + span;
    let mut run = pin!(replace(ctx, &argv));
    let mut alarm = pin!(kernel.sleep_until(&world, until));
    poll_fn(|cx| {
        if let Poll::Ready(s) = run.as_mut().poll(cx) {
            return Poll::Ready(s);
        }
        if alarm.as_mut().poll(cx).is_ready() {
            return Poll::Ready(match (keep, killed) {
                (_, true) => 137,
                (true, _) => 143,
                _ => 124,
            });
        }
        Poll::Pending
    })
    .await
}
