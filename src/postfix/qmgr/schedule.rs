//! Jobs: a delivery is started when its destination has room, runs in its agent, and its outcome is played event by event.

use super::{Dest, Due, Job, Key, active, settle};
use crate::base::Span;
use crate::log::Event;
use crate::log::delivery::Delivery;
use crate::log::qmgr::Qmgr as Log;
use crate::postfix::agent::{self, Proc};
use crate::postfix::delivery::{Item, Outcome, Passed, Request, Verdict, dsn_split};
use crate::postfix::mail_queue;
use crate::postfix::params::param;
use crate::postfix::queue_file::Rcpt;
use crate::postfix::{self, Ctx};
use std::sync::Arc;

fn later(ctx: &mut Ctx<'_>, span: Span, due: Due) {
    let at = ctx.host.now + span;
    ctx.pf.due.push(at, postfix::Due::Qmgr(due));
}

/// A new job for a message; it starts at once when the destination has room.
pub(super) fn add(
    ctx: &mut Ctx<'_>,
    p: &Proc,
    qid: &str,
    transport: &str,
    nexthop: &str,
    queue: &str,
    list: Vec<Rcpt>,
) {
    let Some(message) = ctx.pf.qmgr.active.get_mut(qid) else { return };
    message.pending += 1;
    let order = (message.pending as i64 - 1).min(100);
    let envelope = message.envelope.clone();
    let since = message.since;
    let key = Arc::new((transport.to_owned(), queue.to_owned()));
    let mut request = Request {
        qid: qid.to_owned(),
        queue: "active",
        transport: transport.to_owned(),
        nexthop: nexthop.to_owned(),
        sender: envelope.sender.clone(),
        verify: matches!(envelope.attr("trace_flags"), "256" | "512"),
        envelope,
        recipients: list,
        active: since,
        handoff: since,
    };
    let now = ctx.host.now;
    let initial = p.conf.transport_int(transport, "_initial_destination_concurrency").max(1);
    let dest = ctx.pf.qmgr.dests.entry(key.clone()).or_default();
    if dest.window == 0 {
        dest.window = initial;
    }
    if let Some((until, dsn, reason)) = dest.dead.clone() {
        if until > now {
            "retry".clone_into(&mut request.transport);
            request.nexthop = format!("{dsn} delivery temporarily suspended: {reason}");
        } else {
            dest.dead = None;
            dest.window = initial;
        }
    }
    let direct = request.transport != transport;
    let key = if direct { Arc::new((request.transport.clone(), request.nexthop.clone())) } else { key };
    let kept = vec![false; request.recipients.len()];
    ctx.pf.qmgr.next_job += 1;
    let id = ctx.pf.qmgr.next_job;
    let job = Job {
        request,
        key: key.clone(),
        proc: None,
        outcome: Outcome::default(),
        logs_done: 0,
        items_done: 0,
        execs: 0,
        kept,
        order,
    };
    ctx.pf.qmgr.jobs.insert(id, Arc::new(job));
    ctx.pf.qmgr.dests.entry(key.clone()).or_default().todo.push_back(id);
    pump(ctx, p, &key);
}

/// Starts what may start for a destination.
fn pump(ctx: &mut Ctx<'_>, p: &Proc, key: &Key) {
    let limit = p.conf.transport_int(&key.0, "_destination_concurrency_limit");
    let processes = agent::process_limit(ctx, p, &key.0);
    loop {
        let busy = ctx.pf.qmgr.busy.get(&key.0).copied().unwrap_or(0);
        let Some(dest) = ctx.pf.qmgr.dests.get_mut(key) else { return };
        if dest.window == 0 {
            dest.window = 5;
        }
        let window = if limit > 0 { dest.window.min(limit) } else { dest.window };
        if dest.busy >= window || (processes > 0 && busy >= processes) {
            return;
        }
        let Some(id) = dest.todo.pop_front() else { return };
        dest.busy += 1;
        *ctx.pf.qmgr.busy.entry(key.0.clone()).or_default() += 1;
        let who = ctx.pf.qmgr.jobs.get(&id).map(|j| [&j.request.qid, "/", &key.1].concat()).unwrap_or_default();
        // One after the other: each destination of a message needs a process.
        let order = ctx.pf.qmgr.jobs.get(&id).map_or(0, |j| j.order);
        let span = ctx.host.jitter("qmgr.handoff", &who, 1_000, 9_000) + Span::millis(10 * order);
        later(ctx, span, Due::Deliver(id));
    }
}

/// Hands a job to an agent, which does the whole delivery; the outcome is then played in time.
pub(super) fn deliver(ctx: &mut Ctx<'_>, id: u64) {
    let Some(transport) = ctx.pf.qmgr.jobs.get(&id).map(|j| j.request.transport.clone()) else { return };
    let mut instead = None;
    let proc = match agent::acquire_agent(ctx, &transport) {
        agent::Acquired::Ready(p) => *p,
        agent::Acquired::Down => return,
        agent::Acquired::Later(span) => {
            later(ctx, span, Due::Deliver(id));
            return;
        }
        agent::Acquired::Missing(errno) => {
            no_transport(ctx, &transport, errno);
            let retry = if transport == "retry" { None } else { Some(agent::acquire_agent(ctx, "retry")) };
            match retry {
                Some(agent::Acquired::Ready(p)) => {
                    instead = Some(("retry", UNAVAILABLE));
                    *p
                }
                Some(agent::Acquired::Missing(errno)) => {
                    no_transport(ctx, "retry", errno);
                    return give_up(ctx, id);
                }
                None => return give_up(ctx, id),
                _ => return,
            }
        }
    };
    let Some(mut job) = take(ctx, id) else { return };
    if let Some((transport, nexthop)) = instead {
        transport.clone_into(&mut job.request.transport);
        nexthop.clone_into(&mut job.request.nexthop);
    }
    job.request.handoff = ctx.host.now;
    let outcome = postfix::deliver(ctx, &proc, &job.request);
    job.proc = Some(proc);
    join(ctx, id, &mut job, outcome);
    ctx.pf.qmgr.jobs.insert(id, Arc::new(job));
    arm(ctx, id);
}

/// An agent that waits for bounce(8) asks again after that.
const PATIENCE: Span = Span::secs(10);

const UNAVAILABLE: &str = "4.3.0 mail transport unavailable";

fn no_transport(ctx: &mut Ctx<'_>, transport: &str, errno: String) {
    if let Some(p) = super::scan::process(ctx) {
        p.log(ctx, Log::NoTransport { transport: transport.to_owned(), errno });
        agent::release(ctx, &p);
    }
}

/// Without retry(8) the queue manager itself defers the mail (`qmgr_defer_transport()`).
fn give_up(ctx: &mut Ctx<'_>, id: u64) {
    let Some(p) = super::scan::process(ctx) else { return };
    let Some(mut job) = take(ctx, id) else { return };
    let (dsn, reason) = dsn_split(UNAVAILABLE, "");
    job.request.handoff = ctx.host.now;
    job.outcome = Outcome::all(&job.request, Span::ZERO, |i| Item::new(i, Verdict::Deferred, &dsn, reason));
    job.proc = Some(p);
    ctx.pf.qmgr.jobs.insert(id, Arc::new(job));
    arm(ctx, id);
}

/// What an agent has done joins what it did before, and its programs start.
fn join(ctx: &mut Ctx<'_>, id: u64, job: &mut Job, mut more: Outcome) {
    more.items.sort_by_key(|i| i.at);
    more.logs.sort_by_key(|l| l.0);
    let had = job.outcome.execs.len();
    job.execs += more.execs.len();
    for (n, e) in more.execs.iter_mut().enumerate() {
        ctx.pf.qmgr.next_exec += 1;
        e.request.id = ctx.pf.qmgr.next_exec;
        ctx.pf.qmgr.execs.insert(e.request.id, (id, had + n));
        ctx.pf.execs.push_back(e.request.clone());
    }
    let o = &mut job.outcome;
    o.items.append(&mut more.items);
    o.logs.append(&mut more.logs);
    o.execs.append(&mut more.execs);
    o.passed.append(&mut more.passed);
    o.took = Span(o.took.0.max(more.took.0));
    o.dead = o.dead.take().or(more.dead);
    o.crash = more.crash;
    o.paused = more.paused;
}

/// A job out of its place, to which it is put back by whoever took it.
fn take(ctx: &mut Ctx<'_>, id: u64) -> Option<Job> {
    ctx.pf.qmgr.jobs.get_mut(&id).map(std::mem::take).map(Arc::unwrap_or_clone)
}

/// A program ended: its outcome joins the others.
pub(super) fn exec_done(ctx: &mut Ctx<'_>, exec: u64, status: i32, output: &[u8]) {
    let Some((id, n)) = ctx.pf.qmgr.execs.remove(&exec) else { return };
    let Some(e) = ctx.pf.qmgr.jobs.get(&id).and_then(|j| j.outcome.execs.get(n).cloned()) else { return };
    let Some(mut job) = take(ctx, id) else { return };
    let took = ctx.host.now - job.request.handoff;
    let item = postfix::pipe_command::outcome(&e, status, output);
    let at = took + ctx.host.jitter("pipe.wait", &format!("{}/{exec}", job.request.qid), 4_000, 20_000);
    let at = Span(at.0.max(e.item.at.0));
    if status == postfix::TIMED_OUT {
        job.outcome.log(at, Delivery::ReadLimit);
    }
    job.execs -= 1;
    job.outcome.took = Span(job.outcome.took.0.max(at.0));
    if e.pipe {
        job.outcome.items.extend((0..job.request.recipients.len()).map(|rcpt| Item { rcpt, at, ..item.clone() }));
    } else if let (Some(paused), Some(proc)) = (job.outcome.paused.take(), job.proc.clone()) {
        let more = postfix::local::resume(ctx, &proc, &job.request, paused, item.at(at));
        join(ctx, id, &mut job, more);
    }
    ctx.pf.qmgr.jobs.insert(id, Arc::new(job));
    arm(ctx, id);
}

/// Sets the alarm for the next event of a job.
fn arm(ctx: &mut Ctx<'_>, id: u64) {
    let Some(job) = ctx.pf.qmgr.jobs.get(&id) else { return };
    let log = job.outcome.logs.get(job.logs_done).map(|l| l.0);
    let item = job.outcome.items.get(job.items_done).map(|i| i.at);
    let next = match (log, item) {
        (Some(a), Some(b)) => Some(Span(a.0.min(b.0))),
        (a, b) => a.or(b),
    };
    let next = match next {
        Some(n) => n,
        None if job.execs > 0 => return,
        None => job.outcome.took,
    };
    let at = job.request.handoff + next;
    ctx.pf.due.push(at, postfix::Due::Qmgr(Due::Step(id)));
}

/// Plays what a job has at this instant; at its end tells qmgr.
pub(super) fn step(ctx: &mut Ctx<'_>, id: u64) {
    let Some(proc) = ctx.pf.qmgr.jobs.get(&id).and_then(|j| j.proc.clone()) else { return };
    // Nobody else looks at this job while it is played.
    let Some(mut job) = take(ctx, id) else { return };
    let passed = ctx.host.now - job.request.handoff;
    loop {
        let log = job.outcome.logs.get(job.logs_done).filter(|l| l.0 <= passed).map(|l| l.0);
        let item = job.outcome.items.get(job.items_done).filter(|i| i.at <= passed).map(|i| i.at);
        match (log, item) {
            (Some(l), i) if i.is_none_or(|i| l <= i) => {
                let event = job.outcome.logs[job.logs_done].1.clone();
                job.logs_done += 1;
                let (ident, pid) = match event {
                    // The child of an agent; at last under the bare name of its program.
                    Event::Delivery(Delivery::Exec { .. }) => (&*proc.program, ctx.host.procs.burn()),
                    Event::Delivery(Delivery::Child(_)) => (&*proc.ident, ctx.host.procs.burn()),
                    _ => (&*proc.ident, proc.pid),
                };
                ctx.host.log_mail(ident, pid, event);
            }
            (_, Some(_)) => {
                let item = job.outcome.items[job.items_done].clone();
                if !settle::settle(ctx, &proc, &mut job, &item) {
                    job.outcome.postpone(job.items_done, passed + PATIENCE);
                    break;
                }
                job.items_done += 1;
            }
            _ => break,
        }
    }
    let finished = job.logs_done == job.outcome.logs.len()
        && job.items_done == job.outcome.items.len()
        && job.execs == 0
        && passed >= job.outcome.took;
    if finished && job.outcome.crash.is_none() {
        end(ctx, id, &job);
    } else {
        if let Some(event) = job.outcome.crash.take_if(|_| finished) {
            // msg_fatal(3) sleeps a second; then the queue manager finds the socket closed, and who is left waits.
            agent::fatal(ctx, &proc, event);
            job.outcome.crashed = true;
            job.outcome.took = passed + Span::millis(1_010);
            let done = |i| job.outcome.items.iter().any(|x| x.rcpt == i);
            job.kept = job.kept.iter().enumerate().map(|(i, kept)| *kept || !done(i)).collect();
        }
        ctx.pf.qmgr.jobs.insert(id, Arc::new(job));
        arm(ctx, id);
    }
}

/// A job is over: recipients are marked, the destination's concurrency adapts, the message moves on.
fn end(ctx: &mut Ctx<'_>, id: u64, job: &Job) {
    let r = &job.request;
    let mut any_kept = job.outcome.crashed;
    let moved: Vec<usize> = job.outcome.passed.iter().map(|p| p.rcpt).collect();
    for (i, rcpt) in r.recipients.iter().enumerate() {
        if moved.contains(&i) {
            continue;
        }
        // An alias may have been passed on member by member: the recipient is done when the last of them is, if none must wait.
        let message = ctx.pf.qmgr.active.get(&r.qid);
        let waits = message.is_some_and(|m| m.kept.contains(&rcpt.offset));
        let others = message.is_some_and(|m| m.pending > 1)
            && ctx.pf.qmgr.jobs.iter().any(|(o, j)| *o != id && j.request.qid == r.qid && j.serves(rcpt.offset));
        let ended = |how| job.outcome.items.iter().any(|x| x.rcpt == i && x.verdict == how);
        if job.kept[i] {
            any_kept = true;
            // Neither a soft bounce nor the end of an agent is a deferral to whoever counts the log.
            ctx.pf.counters.deferrals += u64::from(ended(Verdict::Deferred));
            if let Some(m) = ctx.pf.qmgr.active.get_mut(&r.qid).filter(|_| others) {
                m.kept.push(rcpt.offset);
            }
            continue;
        }
        if others || waits {
            continue;
        }
        match (r.verify, ended(Verdict::Bounced)) {
            (true, _) => ctx.pf.counters.probed += 1,
            (_, true) => ctx.pf.counters.bounced += 1,
            _ => ctx.pf.counters.delivered += 1,
        }
        mail_queue::mark_done(ctx.host, r.queue, &r.qid, rcpt.offset);
    }
    if let Some(p) = &job.proc {
        agent::release(ctx, p);
    }
    ctx.pf.qmgr.jobs.remove(&id);
    let Some(p) = super::scan::process(ctx) else { return };
    if job.outcome.crashed {
        p.log(ctx, Log::Malformed { transport: r.transport.clone() });
    }
    feedback(ctx, &p, job);
    for passed in &job.outcome.passed {
        hand_over(ctx, r, passed);
    }
    pump(ctx, &p, &job.key);
    let idle = ctx.pf.qmgr.dests.get(&job.key).is_some_and(|d| d.busy == 0 && d.todo.is_empty() && d.dead.is_none());
    if idle {
        ctx.pf.qmgr.dests.remove(&job.key);
    }
    agent::release(ctx, &p);
    active::came_back(ctx, &r.qid, any_kept);
}

/// local(8) waits while another agent delivers for it (`deliver_pass`): that agent gets a job of its own, with the times
/// of the first.
fn hand_over(ctx: &mut Ctx<'_>, r: &Request, passed: &Passed) {
    let Some(rcpt) = r.recipients.get(passed.rcpt) else { return };
    let (transport, nexthop) = (&passed.transport, &passed.nexthop);
    let Some(message) = ctx.pf.qmgr.active.get_mut(&r.qid) else { return };
    message.pending += 1;
    let key = Arc::new((format!("{transport}."), nexthop.clone()));
    let request = Request {
        transport: transport.clone(),
        nexthop: nexthop.clone(),
        recipients: vec![Rcpt { address: passed.address.clone(), ..rcpt.clone() }],
        ..r.clone()
    };
    ctx.pf.qmgr.next_job += 1;
    let id = ctx.pf.qmgr.next_job;
    let job = Job {
        request,
        key: key.clone(),
        proc: None,
        outcome: Outcome::default(),
        logs_done: 0,
        items_done: 0,
        execs: 0,
        kept: vec![false],
        order: 0,
    };
    ctx.pf.qmgr.jobs.insert(id, Arc::new(job));
    let dest: &mut Dest = ctx.pf.qmgr.dests.entry(key.clone()).or_default();
    dest.window = dest.window.max(1);
    dest.busy += 1;
    *ctx.pf.qmgr.busy.entry(key.0.clone()).or_default() += 1;
    let span = ctx.host.jitter("local.pass", &r.qid, 300, 2_000);
    later(ctx, span, Due::Deliver(id));
}

/// `qmgr_queue_unthrottle` and `qmgr_queue_throttle` with their default feedback of 1.
fn feedback(ctx: &mut Ctx<'_>, p: &Proc, job: &Job) {
    let transport = job.key.0.trim_end_matches('.');
    let limit = p.conf.transport_int(transport, "_destination_concurrency_limit");
    let cohorts = p.conf.transport_int(transport, "_destination_concurrency_failed_cohort_limit").max(0) as f64;
    let rest = Span::secs(p.conf.time(param!("minimal_backoff_time")).max(1));
    let until = ctx.host.now + rest;
    if let Some(n) = ctx.pf.qmgr.busy.get_mut(&job.key.0) {
        *n -= 1;
    }
    let Some(d) = ctx.pf.qmgr.dests.get_mut(&job.key) else { return };
    d.busy -= 1;
    let Some((dsn, reason)) = &job.outcome.dead else {
        if d.dead.is_none() {
            d.fail_cohorts = 0.0;
            let full = limit <= 0 || d.window < limit;
            if d.window > 0 && d.busy + 1 >= d.window && full {
                d.success += 1.0 / d.window as f64;
                if d.success >= 1.0 {
                    d.window += 1;
                    d.success = 0.0;
                    d.failure = 0.0;
                }
            }
        }
        return;
    };
    if d.dead.is_some() {
        return;
    }
    d.fail_cohorts += 1.0 / d.window.max(1) as f64;
    if cohorts > 0.0 && d.fail_cohorts >= cohorts {
        d.dead = Some((until, dsn.clone(), reason.clone()));
        let waiting: Vec<u64> = d.todo.iter().copied().collect();
        d.todo.clear();
        for id in waiting {
            suspend(ctx, id, dsn, reason);
        }
    } else {
        d.window = (d.window - 1).max(1);
        d.success = 0.0;
    }
}

/// A job that waited for a destination that is given a rest: retry(8) defers it.
fn suspend(ctx: &mut Ctx<'_>, id: u64, dsn: &str, reason: &str) {
    let Some(job) = ctx.pf.qmgr.jobs.get_mut(&id).map(Arc::make_mut) else { return };
    "retry".clone_into(&mut job.request.transport);
    job.request.nexthop = format!("{dsn} delivery temporarily suspended: {reason}");
    job.key = Arc::new(("retry".into(), job.request.nexthop.clone()));
    let key = job.key.clone();
    let d = ctx.pf.qmgr.dests.entry(key.clone()).or_default();
    d.window = d.window.max(5);
    d.busy += 1;
    *ctx.pf.qmgr.busy.entry(key.0.clone()).or_default() += 1;
    later(ctx, Span::millis(2), Due::Deliver(id));
}
