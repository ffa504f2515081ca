//! pickup(8): takes what sendmail(1) left in the maildrop queue.

use super::agent::{self, Proc};
use super::cleanup::{self, CleanupStatus, Origin, Recipient, Report, Ret, Submission};
use super::wait::{Outcome, Waiting};
use super::{Ctx, mail_queue, queue_file};
use crate::base::Span;
use crate::log::pickup::Pickup as Log;
use crate::postfix::params::param;

/// A message is in the maildrop queue (postdrop's wake-up call), or a minute has passed.
#[derive(Clone, Debug)]
pub enum Due {
    Scan,
    /// It waits for a service: whether that has come.
    Look,
}

/// pickup(8) in the middle of its work: nothing else is done meanwhile.
#[derive(Clone, Debug)]
pub struct Paused {
    p: Proc,
    /// cleanup(8), if that is what waits, and the message that it was given with its queue id.
    message: Option<(Proc, Box<Message>)>,
    waiting: Waiting,
}

/// A message of the maildrop queue.
#[derive(Clone, Debug)]
struct Message {
    file: String,
    uid: u32,
    mode: u32,
    qid: String,
}

/// postdrop(1) has dropped a message.
pub fn trigger(ctx: &mut Ctx<'_>) {
    if agent::running(ctx) {
        let span = ctx.host.jitter("pickup.trigger", &ctx.host.now.0.to_string(), 800, 4_000);
        let at = ctx.host.now + span;
        ctx.pf.due.push(at, super::Due::Pickup(Due::Scan));
    }
}

pub(super) fn run_due(ctx: &mut Ctx<'_>, due: Due) {
    match due {
        Due::Scan if ctx.pf.pickup.is_none() => scan(ctx),
        Due::Scan => {}
        Due::Look => look(ctx),
    }
}

fn pause(ctx: &mut Ctx<'_>, paused: Paused) {
    ctx.pf.due.push(paused.waiting.until, super::Due::Pickup(Due::Look));
    ctx.pf.pickup = Some(paused);
}

fn look(ctx: &mut Ctx<'_>) {
    let Some(mut paused) = ctx.pf.pickup.take() else { return };
    let waits = paused.message.as_ref().map_or(&paused.p, |(cleanup, _)| cleanup).clone();
    if ctx.pf.master.process(waits.pid).is_none() {
        // Somebody ended it.
        return scan(ctx);
    }
    match paused.waiting.again(ctx, waits.child()) {
        Outcome::Waits => return pause(ctx, paused),
        Outcome::There => {
            if let Some((cleanup, m)) = paused.message {
                agent::release(ctx, &cleanup);
                hand_over(ctx, &paused.p, *m);
            }
        }
        Outcome::Ends(event) => {
            agent::fatal(ctx, &waits, event);
            let at = ctx.host.now + Span::secs(62);
            ctx.pf.due.push(at, super::Due::Pickup(Due::Scan));
            if paused.message.is_some() {
                agent::release(ctx, &paused.p);
            }
            return;
        }
    }
    agent::release(ctx, &paused.p);
    scan(ctx);
}

fn scan(ctx: &mut Ctx<'_>) {
    let mut list = mail_queue::scan(ctx.host, "maildrop");
    list.retain(|e| e.mode & 0o100 != 0);
    if list.is_empty() {
        return;
    }
    let Some(p) = agent::acquire(ctx, "pickup") else { return };
    list.reverse();
    let service = p.conf.get(param!("cleanup_service_name"));
    for e in list {
        let Some((m, said)) = begin(ctx, &p, &e.id, e.uid, e.mode) else { continue };
        if let Some(waiting) = Waiting::begin(ctx, p.child(), &format!("public/{service}")) {
            return pause(ctx, Paused { p, message: None, waiting });
        }
        p.log(ctx, said);
        if let Some(cleanup) = agent::acquire(ctx, &service) {
            if let Some(waiting) = Waiting::begin(ctx, cleanup.child(), "private/rewrite") {
                let message = Some((cleanup, Box::new(m)));
                return pause(ctx, Paused { p, message, waiting });
            }
            agent::release(ctx, &cleanup);
        }
        hand_over(ctx, &p, m);
    }
    agent::release(ctx, &p);
}

/// Gets a queue id for a message, and what is said of it.
fn begin(ctx: &mut Ctx<'_>, p: &Proc, file: &str, uid: u32, mode: u32) -> Option<(Message, Log)> {
    let blob = mail_queue::read(ctx.host, "maildrop", file).ok()?;
    let env = queue_file::Envelope::parse(&blob.bytes())?;
    let qid = queue_file::new_id(ctx.host, p.conf.bool(param!("enable_long_queue_ids")));
    let requeued = is_requeued(ctx, uid, mode);
    let orig_id = requeued.then(|| file.to_owned());
    let said = Log::Uid { qid: qid.clone(), uid, from: agent::quote_local(&env.sender), orig_id };
    Some((Message { file: file.to_owned(), uid, mode, qid }, said))
}

/// Whether a file of the mail system's own was put back by postsuper -r.
fn is_requeued(ctx: &Ctx<'_>, uid: u32, mode: u32) -> bool {
    uid == mail_queue::owner(ctx.host).uid && mode & 0o004 == 0
}

fn hand_over(ctx: &mut Ctx<'_>, p: &Proc, message: Message) {
    let Message { file, uid, mode, qid } = message;
    let file = file.as_str();
    let Ok(blob) = mail_queue::read(ctx.host, "maildrop", file) else { return };
    let bytes = blob.bytes().into_owned();
    let Some(env) = queue_file::Envelope::parse(&bytes) else { return };
    let now = ctx.host.now;
    let requeued = is_requeued(ctx, uid, mode);
    let mut content = format!(
        "Received: by {} ({}, from userid {uid})\n\tid {qid}; {}\n",
        p.conf.get(param!("myhostname")),
        p.conf.get(param!("mail_name")),
        now.rfc5322()
    )
    .into_bytes();
    content.extend_from_slice(&queue_file::content(&bytes));
    let m = Submission {
        qid: qid.clone(),
        origin: Origin::Pickup,
        arrival: if env.arrival.secs() > 0 { env.arrival } else { now },
        sender: env.sender.clone(),
        fullname: env.fullname.clone(),
        recipients: env
            .recipients
            .iter()
            .filter(|r| !r.done)
            .map(|r| Recipient {
                address: r.address.clone(),
                orcpt: r.orcpt.clone(),
                notify: r.notify,
                orig: if requeued { r.orig.clone() } else { String::new() },
            })
            .collect(),
        content,
        encoding: env.attr("encoding").to_owned(),
        ret: env.ret.map(Ret::from),
        envid: env.envid.clone(),
        local_rewrite: env.attr("rewrite_context") != "remote",
        report: match env.attr("trace_flags") {
            "512" => Report::VerifyOnly,
            "1024" => Report::Deliver,
            _ => Report::None,
        },
        receive_override: p.conf.get(param!("receive_override_options")),
        ..Submission::default()
    };
    match cleanup::submit(ctx, m) {
        CleanupStatus::Ok => {
            mail_queue::remove(ctx.host, "maildrop", file);
            for log in ["bounce", "defer", "trace"] {
                mail_queue::remove(ctx.host, log, file);
            }
            if requeued {
                // It was counted when it first came in.
                let again = env.recipients.iter().filter(|r| !r.done).count() as u64;
                ctx.pf.counters.recipients = ctx.pf.counters.recipients.saturating_sub(again);
                ctx.pf.counters.received = ctx.pf.counters.received.saturating_sub(1);
            }
        }
        CleanupStatus::Fail { stat, reason } => {
            if matches!(stat, cleanup::Stat::Defer | cleanup::Stat::Write | cleanup::Stat::Proxy | cleanup::Stat::Bad) {
                let at = now + Span::secs(60);
                ctx.pf.due.push(at, super::Due::Pickup(Due::Scan));
                if stat != cleanup::Stat::Defer {
                    let reason = if reason.is_empty() { stat.detail().text.to_owned() } else { reason };
                    p.log(ctx, Log::Kept { file: file.to_owned(), qid, reason });
                }
            } else {
                mail_queue::remove(ctx.host, "maildrop", file);
            }
        }
    }
}
