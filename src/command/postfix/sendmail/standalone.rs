//! `sendmail -bs`: smtpd(8) on standard input and output, without a network, which hands its mail to postdrop(1).

use super::super::queue_tool::say;
use super::submit;
use crate::base::Span;
use crate::command::Ctx;
use crate::host::Errno;
use crate::postfix::config::Config;
use crate::postfix::wait::{self, PAUSE, TRIES};
use crate::postfix::{agent, smtpd};
use std::sync::Arc;

pub(super) async fn run(ctx: &mut Ctx, conf: Config) -> i32 {
    let uid = ctx.io.cred.uid;
    if let Err(status) = submit::admitted(ctx, &conf).await {
        return status;
    }
    let world = ctx.world();
    if let Some(status) = proxymap(ctx, &conf).await {
        return status;
    }
    let pid = ctx.pid;
    let made = world.borrow_mut().stand_alone(Arc::new(conf), pid, uid);
    let Some(conn) = made else {
        ctx.io.sleep(Span::secs(1)).await;
        return 1;
    };
    loop {
        let ready = world.borrow().ready_at(conn);
        if let Some(t) = ready {
            ctx.io.kernel.sleep_until(&world, t).await;
        }
        let (out, closed) = world.borrow_mut().recv(conn);
        ctx.out(out);
        if closed {
            break;
        }
        let Ok(Some(line)) = ctx.io.read_line(0).await else { break };
        world.borrow_mut().send(conn, &line);
        let said = world.borrow_mut().postdrop_said(conn);
        for event in said {
            say(&submit::postdrop(ctx), event);
        }
    }
    world.borrow_mut().hangup(conn);
    0
}

/// A table by way of proxymap(8) is waited for; who may not look into the directory of its socket opens the table itself.
async fn proxymap(ctx: &Ctx, conf: &Config) -> Option<i32> {
    let world = ctx.world();
    let wanted = smtpd::TABLES.iter().any(|t| conf.get(t).contains("proxy:"));
    if !wanted || ctx.io.cred.uid != 0 || world.borrow_mut().with_postfix(|c| agent::running(c)) {
        return None;
    }
    for n in 1..=TRIES {
        let event = wait::failed(n, "private/proxymap", Errno::ConnRefused);
        world.borrow_mut().host.log_mail("postfix/smtpd", ctx.pid, event);
        ctx.io.sleep(if n == TRIES { Span::secs(1) } else { PAUSE }).await;
    }
    Some(1)
}
