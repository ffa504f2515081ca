//! What becomes of a recipient that an agent has dealt with: the log line, and what bounce(8) keeps of it.

use super::Job;
use crate::base::Span;
use crate::log::delivery::{Attempt, Delivery, Status};
use crate::postfix::agent::{self, Proc, quote_local};
use crate::postfix::delivery::{Item, Request, Verdict, dsn_split};
use crate::postfix::mail_queue::LogEntry;
use crate::postfix::master::{self, Refused};
use crate::postfix::params::param;
use crate::postfix::queue_file::Rcpt;
use crate::postfix::table::{ANY, Hit};
use crate::postfix::wait;
use crate::postfix::{self, Ctx, mail_queue};

/// Whether a service that keeps logs takes what an agent has to say: a bounce(8) that does not start keeps it waiting.
fn takes(ctx: &mut Ctx<'_>, service: &str) -> bool {
    match master::acquire_unix(ctx, service) {
        Ok(p) => {
            master::release(ctx, p.pid);
            true
        }
        Err(refused) => refused != Refused::Throttled,
    }
}

/// Whether an agent finds a service of master.cf that keeps its logs.
fn reaches(ctx: &mut Ctx<'_>, proc: &Proc, service: &'static str) -> bool {
    wait::finds(ctx, proc, &format!("private/{service}"))
}

/// What a delivery status filter makes of an outcome (`dsn_filter_lookup`): other words, or the other kind of failure.
/// discard(8) asks none.
fn filtered(ctx: &mut Ctx<'_>, proc: &Proc, item: Item) -> Item {
    let param = match &*proc.program {
        "smtp" => "smtp_delivery_status_filter",
        "lmtp" => "lmtp_delivery_status_filter",
        "local" => "local_delivery_status_filter",
        "pipe" => "pipe_delivery_status_filter",
        "virtual" => "virtual_delivery_status_filter",
        "error" => "default_delivery_status_filter",
        _ => return item,
    };
    let Some(maps) = agent::tables(ctx, proc, param) else { return item };
    let mut say = Vec::new();
    let found = maps.find(ctx.host, &format!("{} {}", item.dsn, item.reason), ANY, &mut say);
    for event in say {
        proc.log(ctx, event);
    }
    let Ok(Some(Hit { value: result, .. })) = found else { return item };
    let (dsn, reason) = dsn_split(&result, "");
    if dsn.is_empty() || dsn.starts_with('2') != (item.verdict == Verdict::Sent) {
        proc.log(ctx, Delivery::StatusFilter { param: param.to_owned(), result });
        return item;
    }
    let verdict = match dsn.as_bytes()[0] {
        b'2' => Verdict::Sent,
        b'4' => Verdict::Deferred,
        _ => Verdict::Bounced,
    };
    let reason = reason.to_owned();
    Item { verdict, dsn, reason, ..item }
}

/// An outcome as the logs of bounce(8), defer(8) and trace(8) have it.
fn entry(rcpt: &Rcpt, item: &Item, dsn: &str) -> LogEntry {
    LogEntry {
        recipient: rcpt.address.clone(),
        orig: rcpt.orig.clone(),
        offset: rcpt.offset,
        orcpt: rcpt.orcpt.clone(),
        notify: rcpt.notify,
        status: dsn.to_owned(),
        action: String::new(),
        diag_type: item.diag_type.clone(),
        diag_text: item.diag_text.clone(),
        mta_type: if item.mta.is_empty() { String::new() } else { "dns".into() },
        mta_name: item.mta.clone(),
        reason: item.reason.clone(),
    }
}

/// `sendmail -v` has every outcome reported.
fn record(ctx: &mut Ctx<'_>, r: &Request, entry: &LogEntry, relay: &str) {
    if r.envelope.attr("trace_flags") == "1024" {
        let reason = format!("delivery via {relay}: {}", entry.reason);
        let _ = mail_queue::append_log(ctx.host, "trace", &r.qid, &LogEntry { reason, ..entry.clone() });
    }
}

/// One recipient's outcome becomes a log line, an entry in the bounce or defer log, a mark in the queue file. False: who
/// keeps the log does not answer now.
pub(super) fn settle(ctx: &mut Ctx<'_>, proc: &Proc, job: &mut Job, item: &Item) -> bool {
    let r = &job.request;
    let Some(own) = r.recipients.get(item.rcpt) else { return true };
    let rcpt = &item.seen_as.as_deref().unwrap_or(own).clone();
    if let Some(action) = item.traced_as {
        let reason = format!("delivery via {}: {}", item.relay, item.reason);
        let entry = LogEntry { action: action.to_owned(), reason, ..entry(rcpt, item, &item.dsn) };
        let _ = mail_queue::append_log(ctx.host, "trace", &r.qid, &entry);
        return true;
    }
    let mut item = item.clone();
    if item.verdict == Verdict::Bounced && item.dsn.starts_with('2') {
        proc.log(ctx, Delivery::IgnoredCode { dsn: std::mem::replace(&mut item.dsn, "5.0.0".into()) });
    }
    // bounce_append(3) asks the filter before it comes to bounce(8).
    let mut item = filtered(ctx, proc, item);
    if item.verdict == Verdict::Bounced && !r.verify && !reaches(ctx, proc, "bounce") {
        item = Item { verdict: Verdict::Deferred, ..item };
        "4.3.0".clone_into(&mut item.dsn);
        "bounce or trace service failure".clone_into(&mut item.reason);
    }
    let soft = item.verdict == Verdict::Bounced && !r.verify && proc.conf.bool(param!("soft_bounce"));
    let verdict = if soft { Verdict::Deferred } else { item.verdict };
    let here = !item.relays_notice || r.envelope.attr("trace_flags") == "1024";
    let told = here && postfix::bounce::wants_success(&r.envelope, rcpt);
    let keeper = match verdict {
        _ if r.verify && r.envelope.attr("trace_flags") == "256" => None,
        _ if r.verify => Some("trace"),
        Verdict::Sent => told.then_some("trace"),
        Verdict::Bounced => Some("bounce"),
        Verdict::Deferred => Some("defer"),
    };
    if told && !r.verify && verdict == Verdict::Sent && !reaches(ctx, proc, "trace") {
        proc.log(ctx, Delivery::LogFailure { qid: r.qid.clone(), log: "trace" });
        let reason = format!("{}: trace service failed", r.qid);
        let item = Item { verdict: Verdict::Deferred, dsn: "4.3.0".into(), reason, ..item };
        return settle(ctx, proc, job, &item);
    }
    if keeper.is_some_and(|k| !takes(ctx, k)) {
        return false;
    }
    let dsn = if soft { format!("4{}", item.dsn.get(1..).unwrap_or(".0.0")) } else { item.dsn.clone() };
    let status = match (verdict, r.verify, soft) {
        (Verdict::Sent, true, _) => Status::Deliverable,
        (_, true, _) => Status::Undeliverable,
        (_, _, true) => Status::SoftBounce,
        (Verdict::Sent, ..) => Status::Sent,
        (Verdict::Deferred, ..) => Status::Deferred,
        (Verdict::Bounced, ..) => Status::Bounced,
    };
    let entry = || entry(rcpt, &item, &dsn);
    let mut failed_to_log = false;
    if r.verify {
        if r.envelope.attr("trace_flags") == "256" {
            postfix::verify::result(ctx, &rcpt.address, verdict, &dsn, &item.reason);
        } else {
            let action = if verdict == Verdict::Sent { "deliverable" } else { "undeliverable" }.into();
            let reason = format!("delivery via {}: {}", item.relay, item.reason);
            let _ = mail_queue::append_log(ctx.host, "trace", &r.qid, &LogEntry { action, reason, ..entry() });
        }
    } else {
        match verdict {
            Verdict::Sent => {
                if told {
                    let relayed = item.relay.contains('[') || &*proc.program == "pipe";
                    let action = if relayed { "relayed" } else { "delivered" }.into();
                    let reason = format!("delivery via {}: {}", item.relay, item.reason);
                    let _ = mail_queue::append_log(ctx.host, "trace", &r.qid, &LogEntry { action, reason, ..entry() });
                }
            }
            Verdict::Bounced => {
                let entry = LogEntry { action: "failed".into(), ..entry() };
                record(ctx, r, &entry, &item.relay);
                if let Some(owner) = &item.report_to {
                    let mut env = (*r.envelope).clone();
                    (env.envid, env.ret) = (String::new(), None);
                    postfix::bounce::one(ctx, r.queue, &r.qid, &env, owner, entry);
                } else {
                    failed_to_log = mail_queue::append_log(ctx.host, "bounce", &r.qid, &entry).is_err();
                }
            }
            Verdict::Deferred => {
                let entry = LogEntry { action: "delayed".into(), ..entry() };
                record(ctx, r, &entry, &item.relay);
                if reaches(ctx, proc, "defer") {
                    let _ = mail_queue::append_log(ctx.host, "defer", &r.qid, &entry);
                } else {
                    proc.log(ctx, Delivery::LogFailure { qid: r.qid.clone(), log: "defer" });
                }
            }
        }
    }
    if (verdict == Verdict::Deferred && !r.verify || failed_to_log)
        && let Some(k) = job.kept.get_mut(item.rcpt)
    {
        *k = true;
    }
    let q = r.handoff - r.active;
    let orig = if rcpt.orig.eq_ignore_ascii_case(&rcpt.address) { String::new() } else { quote_local(&rcpt.orig) };
    let attempt = Attempt {
        qid: r.qid.clone(),
        to: quote_local(&rcpt.address),
        orig_to: orig,
        relay: item.relay,
        conn_use: item.conn_use,
        delays: [r.active - r.envelope.arrival, q, item.setup, Span((item.at.0 - item.setup.0).max(0))],
        dsn,
        status,
        reason: item.reason,
    };
    proc.log(ctx, Delivery::Status(Box::new(attempt)));
    true
}
