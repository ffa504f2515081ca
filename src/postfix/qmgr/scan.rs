//! Looking into the queues, and the queue manager's start and end.

use super::{Due, Qmgr, active};
use crate::base::Span;
use crate::postfix::agent::{self, Proc};
use crate::postfix::params::param;
use crate::postfix::{self, Ctx, mail_queue};

fn later(ctx: &mut Ctx<'_>, span: Span, due: Due) {
    let at = ctx.host.now + span;
    ctx.pf.due.push(at, postfix::Due::Qmgr(due));
}

/// The queue manager's process, when the mail system runs.
pub(super) fn process(ctx: &mut Ctx<'_>) -> Option<Proc> {
    if !agent::running(ctx) {
        return None;
    }
    if !ctx.pf.qmgr.running {
        start(ctx);
    }
    agent::acquire(ctx, "qmgr")
}

/// qmgr starts: what was active goes back to incoming, and both queues are looked at.
pub fn start(ctx: &mut Ctx<'_>) {
    restart(ctx, Span::ZERO);
}

/// The same after a while, when its process has ended.
pub(super) fn restart(ctx: &mut Ctx<'_>, after: Span) {
    let generation = ctx.pf.qmgr.generation + 1;
    ctx.pf.qmgr = Qmgr {
        running: true,
        generation,
        next_job: ctx.pf.qmgr.next_job,
        next_exec: ctx.pf.qmgr.next_exec,
        ..Qmgr::default()
    };
    for e in mail_queue::scan(ctx.host, "active") {
        let _ = mail_queue::rename(ctx.host, &e.id, "active", "incoming");
    }
    ctx.pf.qmgr.scan_armed = true;
    later(ctx, after + Span::millis(2), Due::Incoming);
    later(ctx, after + Span::millis(3), Due::Deferred(generation));
}

/// The mail system stops: deliveries in progress are dropped and their messages stay in the active queue.
pub fn stop(ctx: &mut Ctx<'_>) {
    let q = &mut ctx.pf.qmgr;
    *q = Qmgr { generation: q.generation + 1, next_job: q.next_job, next_exec: q.next_exec, ..Qmgr::default() };
}

/// `postfix reload`: qmgr starts anew.
pub fn reload(ctx: &mut Ctx<'_>) {
    start(ctx);
}

/// A new message will be in the incoming queue after a while. Others that are there before do not wait for it.
pub fn trigger(ctx: &mut Ctx<'_>, after: Span) {
    if ctx.pf.qmgr.scan_armed || !agent::running(ctx) {
        return;
    }
    ctx.pf.qmgr.scan_armed = after == Span::ZERO;
    let span = ctx.host.jitter("qmgr.trigger", &ctx.host.now.0.to_string(), 200, 2_500);
    later(ctx, after + span, Due::Incoming);
}

/// `postqueue -f`: everything is tried now, resting destinations too.
pub fn flush(ctx: &mut Ctx<'_>) {
    ctx.pf.qmgr.flush_all = true;
    later(ctx, Span::millis(2), Due::DeferredOnce);
    trigger(ctx, Span::ZERO);
}

/// `postqueue -i ID`: one message is tried now.
pub fn flush_id(ctx: &mut Ctx<'_>, id: &str) -> bool {
    let root = crate::host::Cred::root();
    let path = mail_queue::path("deferred", id);
    if !ctx.host.fs.exists(&path) {
        return false;
    }
    let now = ctx.host.now;
    let _ = ctx.host.fs.set_mtime(&root, &path, now);
    later(ctx, Span::millis(2), Due::DeferredOnce);
    true
}

pub(super) fn incoming(ctx: &mut Ctx<'_>) {
    ctx.pf.qmgr.scan_armed = false;
    let Some(p) = process(ctx) else { return };
    let limit = p.conf.int(param!("qmgr_message_active_limit")).max(1) as usize;
    let mut list = mail_queue::scan(ctx.host, "incoming");
    list.reverse();
    for e in list {
        if ctx.pf.qmgr.active.len() >= limit {
            break;
        }
        if e.mode & 0o100 != 0 && e.mtime <= ctx.host.now {
            active::feed(ctx, &p, "incoming", &e.id);
        }
    }
    agent::release(ctx, &p);
}

pub(super) fn deferred(ctx: &mut Ctx<'_>, generation: Option<u64>) {
    if generation.is_some_and(|g| g != ctx.pf.qmgr.generation) {
        return;
    }
    let Some(p) = process(ctx) else { return };
    let all = std::mem::take(&mut ctx.pf.qmgr.flush_all);
    if all {
        let dead: Vec<_> = ctx.pf.qmgr.dests.iter().filter(|(_, d)| d.dead.is_some()).map(|(k, _)| k.clone()).collect();
        for k in dead {
            ctx.pf.qmgr.dests.remove(&k);
        }
    }
    let limit = p.conf.int(param!("qmgr_message_active_limit")).max(1) as usize;
    let now = ctx.host.now;
    for e in mail_queue::scan(ctx.host, "deferred") {
        if ctx.pf.qmgr.active.len() >= limit {
            break;
        }
        if all || e.mtime <= now {
            active::feed(ctx, &p, "deferred", &e.id);
        }
    }
    if let Some(g) = generation {
        later(ctx, Span::secs(p.conf.time(param!("queue_run_delay")).max(1)), Due::Deferred(g));
    }
    agent::release(ctx, &p);
}

/// Looks again when the limit of active messages kept some out.
pub(super) fn trigger_if_any(ctx: &mut Ctx<'_>) {
    let top = format!("{}/incoming", mail_queue::SPOOL);
    let any = ctx.host.fs.readdir(&crate::host::Cred::root(), &top).is_ok_and(|l| !l.is_empty());
    if any {
        trigger(ctx, Span::ZERO);
    }
}
