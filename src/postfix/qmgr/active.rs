//! The life of a message in the active queue: in, and out to where it belongs.

use super::{Active, Due, resolve, scan};
use crate::base::{Span, Time};
use crate::host::fs::Cred;
use crate::log::qmgr::Qmgr as Log;
use crate::postfix::agent::{self, Proc, quote_local};
use crate::postfix::params::param;
use crate::postfix::queue_file::{self, Envelope, rec};
use crate::postfix::wait::{Outcome, Waiting};
use crate::postfix::{self, Ctx, bounce, mail_queue};
use std::sync::Arc;

/// Takes a message into the active queue and starts its deliveries.
pub(super) fn feed(ctx: &mut Ctx<'_>, p: &Proc, queue: &'static str, id: &str) {
    if ctx.pf.qmgr.waits.is_some() {
        return;
    }
    if ctx.pf.qmgr.active.contains_key(id) {
        if queue == "incoming" {
            p.log(ctx, Log::Skipped { qid: id.to_owned() });
        }
        return;
    }
    if mail_queue::rename(ctx.host, id, queue, "active").is_err() {
        return;
    }
    let forced = is_forced(ctx, id);
    if queue == "deferred" && !forced {
        mail_queue::remove(ctx.host, "defer", id);
    }
    let Some(envelope) = mail_queue::envelope(ctx.host, "active", id).filter(|e| e.complete) else {
        p.log(ctx, Log::Corrupt { qid: id.to_owned() });
        let _ = mail_queue::rename(ctx.host, id, "active", "corrupt");
        return;
    };
    let nrcpt = envelope.recipients.iter().filter(|r| !r.done).count();
    let from = quote_local(&envelope.sender);
    p.log(ctx, Log::Active { qid: id.to_owned(), from, size: envelope.size, nrcpt });
    let message = Active {
        envelope: Arc::new(envelope),
        since: ctx.host.now,
        pending: 0,
        kept: Vec::new(),
        deferred: forced,
        bounce_failed: false,
    };
    ctx.pf.qmgr.active.insert(id.to_owned(), message);
    // What postsuper -e made expire is not tried again: what was logged before is returned.
    if !forced {
        if let Some(w) = Waiting::begin(ctx, p.child(), "private/rewrite") {
            return wait(ctx, Box::new(p.clone()), w, id.to_owned());
        }
        resolve::assign(ctx, p, id);
    }
    started(ctx, id);
}

fn started(ctx: &mut Ctx<'_>, id: &str) {
    if ctx.pf.qmgr.active.get(id).is_some_and(|m| m.pending == 0) {
        done(ctx, id);
    }
}

fn wait(ctx: &mut Ctx<'_>, p: Box<Proc>, w: Waiting, id: String) {
    ctx.pf.due.push(w.until, postfix::Due::Qmgr(Due::Look));
    ctx.pf.qmgr.waits = Some((p, w, id));
}

/// Whether trivial-rewrite(8) has come.
pub(super) fn look(ctx: &mut Ctx<'_>) {
    let Some((p, mut w, id)) = ctx.pf.qmgr.waits.take() else { return };
    match w.again(ctx, p.child()) {
        Outcome::Waits => wait(ctx, p, w, id),
        Outcome::There => {
            resolve::assign(ctx, &p, &id);
            started(ctx, &id);
            // The others of the queues.
            scan::incoming(ctx);
            scan::deferred(ctx, None);
        }
        Outcome::Ends(event) => {
            agent::fatal(ctx, &p, event);
            scan::restart(ctx, Span::secs(62));
        }
    }
}

/// `postsuper -e` marks a message by the group bits of its file.
fn is_forced(ctx: &Ctx<'_>, id: &str) -> bool {
    let path = mail_queue::path("active", id);
    ctx.host.fs.stat(&Cred::root(), &path).is_ok_and(|(_, n)| n.mode & 0o070 == 0o050)
}

/// A delivery came back.
pub(super) fn came_back(ctx: &mut Ctx<'_>, id: &str, deferred: bool) {
    let Some(m) = ctx.pf.qmgr.active.get_mut(id) else { return };
    m.pending = m.pending.saturating_sub(1);
    m.deferred |= deferred;
    if m.pending == 0 {
        done(ctx, id);
    }
}

/// Whether mail to this sender is a bounce, with its own lifetime.
fn lifetime(p: &Proc, sender: &str) -> Span {
    let double = p.conf.get(param!("double_bounce_sender"));
    let local = sender.split('@').next().unwrap_or("");
    let most = p.conf.time(param!("maximal_queue_lifetime"));
    let is_bounce = sender.is_empty() || local == double;
    Span::secs(if is_bounce { most.min(p.conf.time(param!("bounce_queue_lifetime"))) } else { most })
}

/// Nothing of the message is on its way any more (`qmgr_active_done`).
pub(super) fn done(ctx: &mut Ctx<'_>, id: &str) {
    let Some(p) = scan::process(ctx) else { return };
    finish(ctx, &p, id);
    agent::release(ctx, &p);
}

fn finish(ctx: &mut Ctx<'_>, p: &Proc, id: &str) {
    let Some(message) = ctx.pf.qmgr.active.get(id).cloned() else { return };
    // The file may have been changed or removed meanwhile.
    let Some(waiting) = mail_queue::waiting(ctx.host, "active", id) else {
        ctx.pf.qmgr.active.remove(id);
        for q in ["bounce", "defer", "trace"] {
            mail_queue::remove(ctx.host, q, id);
        }
        return;
    };
    // bounce(8) takes its time, and qmgr waits for it.
    let has = |ctx: &Ctx<'_>, q: &str| ctx.host.fs.exists(&mail_queue::path(q, id));
    let envelope = |ctx: &Ctx<'_>| mail_queue::envelope(ctx.host, "active", id).unwrap_or_default();
    if has(ctx, "bounce") || has(ctx, "trace") {
        let e = envelope(ctx);
        if message.bounce_failed {
            p.log(ctx, Log::BounceFailed { qid: id.to_owned() });
            return defer(ctx, p, id, &e);
        }
        if has(ctx, "bounce") && !bounce::flush(ctx, "active", id, &e) {
            if let Some(m) = ctx.pf.qmgr.active.get_mut(id) {
                m.bounce_failed = true;
            }
            // msg_fatal(3) sleeps a second before bounce(8) is gone.
            ctx.pf.due.push(ctx.host.now + Span::millis(1_010), postfix::Due::Qmgr(Due::Done(id.to_owned())));
            return;
        }
        if has(ctx, "trace") {
            bounce::trace_flush(ctx, "active", id, &e);
        }
        wait_for_bounce(ctx, id);
        return;
    }
    if message.deferred {
        let (now, e) = (ctx.host.now, envelope(ctx));
        let forced = is_forced(ctx, id);
        if forced || now - e.arrival > lifetime(p, &e.sender) {
            p.log(ctx, Log::Expired { qid: id.to_owned(), from: quote_local(&e.sender), forced });
            bounce::expire(ctx, "active", id, &e);
            if let Some(m) = ctx.pf.qmgr.active.get_mut(id) {
                m.deferred = false;
            }
            wait_for_bounce(ctx, id);
            return;
        }
        if let Some((when, offset)) = e.warn
            && now >= when
        {
            bounce::warn(ctx, "active", id, &e);
            kill_record(ctx, id, offset);
        }
        let traced = |r: &queue_file::Rcpt| !r.done && bounce::wants_success(&e, r);
        if ctx.pf.master.unix("trace").is_none() && e.recipients.iter().any(traced) {
            p.log(ctx, Log::TraceFailed { qid: id.to_owned() });
        }
        defer(ctx, p, id, &e);
        return;
    }
    // Who is left was waiting when the message expired, and has had its notification; the file is as it was until now.
    ctx.pf.counters.bounced += waiting;
    ctx.pf.qmgr.active.remove(id);
    mail_queue::remove(ctx.host, "active", id);
    mail_queue::remove(ctx.host, "defer", id);
    p.log(ctx, Log::Removed { qid: id.to_owned() });
}

/// Looks again when the notification is queued.
fn wait_for_bounce(ctx: &mut Ctx<'_>, id: &str) {
    let at = ctx.host.now + ctx.host.jitter("bounce.flush", id, 3_000, 8_000);
    ctx.pf.due.push(at, postfix::Due::Qmgr(Due::Done(id.to_owned())));
}

/// Back to the deferred queue, with the time of the next try as the file's.
fn defer(ctx: &mut Ctx<'_>, p: &Proc, id: &str, e: &Envelope) {
    let now = ctx.host.now;
    let age = now.secs() - e.arrival.secs();
    let delay = age.min(p.conf.time(param!("maximal_backoff_time"))).max(p.conf.time(param!("minimal_backoff_time")));
    ctx.pf.qmgr.active.remove(id);
    let path = mail_queue::path("active", id);
    let _ = ctx.host.fs.set_mtime(&Cred::root(), &path, Time::from_secs(now.secs() + delay));
    let _ = mail_queue::rename(ctx.host, id, "active", "deferred");
    mail_queue::rest(ctx.host, "deferred", id);
    if ctx.pf.qmgr.active.is_empty() {
        scan::trigger_if_any(ctx);
    }
}

/// The delay warning is given once.
fn kill_record(ctx: &mut Ctx<'_>, id: &str, offset: usize) {
    let path = mail_queue::path("active", id);
    let Ok((ino, node)) = ctx.host.fs.stat(&Cred::root(), &path) else { return };
    let Some(blob) = node.blob() else { return };
    let mut bytes = blob.bytes().into_owned();
    if bytes.get(offset) == Some(&rec::WARN) && queue_file::rec_name(rec::KILL).is_some() {
        bytes[offset] = rec::KILL;
        let _ = ctx.host.fs.set_content(&Cred::root(), ino, bytes.into());
    }
}
