//! qmgr(8): moves messages through incoming, active and deferred, hands recipients to delivery agents, and decides about
//! retry, expiry, delay warnings and destinations that cannot be reached.
//!
//! What it knows of a message is in the file; in memory is only what is active. Left out: job preemption, recipient
//! limits in memory, rate delays.

mod active;
mod resolve;
mod scan;
mod schedule;
mod settle;

pub use scan::{flush, flush_id, reload, start, stop, trigger};

use super::Ctx;
use super::agent::Proc;
use super::delivery::{Outcome, Request};
use super::queue_file::Envelope;
use super::wait::Waiting;
use crate::base::{Span, Time};
use imbl::{OrdMap, Vector};
use std::sync::Arc;

/// A message in the active queue.
#[derive(Clone, Debug)]
pub struct Active {
    pub envelope: Arc<Envelope>,
    pub since: Time,
    /// Deliveries that are not done yet.
    pending: usize,
    /// Recipients (by their place in the queue file) of which one of several deliveries that local(8) passed on must wait.
    kept: Vec<usize>,
    deferred: bool,
    /// bounce(8) ended instead of sending the notification.
    bounce_failed: bool,
}

/// A destination: (transport, next hop or recipient).
type Key = Arc<(String, String)>;

/// What is waiting for a destination, and how well it does.
#[derive(Clone, Debug, Default)]
struct Dest {
    todo: Vector<u64>,
    busy: i64,
    window: i64,
    success: f64,
    failure: f64,
    fail_cohorts: f64,
    /// Given a rest until then, because of (dsn, reason).
    dead: Option<(Time, String, String)>,
}

/// A delivery on its way.
#[derive(Clone, Debug, Default)]
struct Job {
    request: Request,
    key: Key,
    proc: Option<Proc>,
    outcome: Outcome,
    /// How far the outcome's events have been played.
    logs_done: usize,
    items_done: usize,
    /// Programs still running.
    execs: usize,
    /// Recipients of which an expansion was deferred.
    kept: Vec<bool>,
    /// Its place among the message's deliveries.
    order: i64,
}

impl Job {
    /// Whether it delivers to the recipient at that place in the queue file.
    fn serves(&self, offset: usize) -> bool {
        self.request.recipients.iter().any(|r| r.offset == offset)
    }
}

/// The queue manager's memory.
#[derive(Clone, Debug, Default)]
pub struct Qmgr {
    running: bool,
    pub active: OrdMap<String, Active>,
    dests: OrdMap<Key, Dest>,
    /// Deliveries in progress by transport.
    busy: OrdMap<String, i64>,
    jobs: OrdMap<u64, Arc<Job>>,
    next_job: u64,
    /// Programs of local(8) and pipe(8) by id: job and place in its outcome.
    execs: OrdMap<u64, (u64, usize)>,
    next_exec: u64,
    scan_armed: bool,
    /// The next scan of the deferred queue takes all, whatever their time.
    flush_all: bool,
    generation: u64,
    /// It waits for trivial-rewrite(8) to say where this message goes, and does nothing else meanwhile.
    waits: Option<(Box<Proc>, Waiting, String)>,
}

/// Something that the queue manager or an agent does later.
#[derive(Clone, Debug)]
pub enum Due {
    /// Look into the incoming queue.
    Incoming,
    /// The periodic look into the deferred queue; belongs to a run of qmgr.
    Deferred(u64),
    /// One look into the deferred queue.
    DeferredOnce,
    /// Hand a job to its agent.
    Deliver(u64),
    /// Play a job's next events.
    Step(u64),
    /// A message's notification is queued.
    Done(String),
    /// Whether the service that it waits for has come.
    Look,
}

pub(super) fn run_due(ctx: &mut Ctx<'_>, due: Due) {
    if let Some((_, w, _)) = ctx.pf.qmgr.waits.as_ref().filter(|_| !matches!(due, Due::Look)) {
        let at = w.until + Span::millis(1);
        ctx.pf.due.push(at, super::Due::Qmgr(due));
        return;
    }
    match due {
        Due::Look => active::look(ctx),
        Due::Incoming => scan::incoming(ctx),
        Due::Deferred(generation) => scan::deferred(ctx, Some(generation)),
        Due::DeferredOnce => scan::deferred(ctx, None),
        Due::Deliver(job) => schedule::deliver(ctx, job),
        Due::Step(job) => schedule::step(ctx, job),
        Due::Done(id) => active::done(ctx, &id),
    }
}

/// The result of a program that an agent waited for.
pub(super) fn exec_done(ctx: &mut Ctx<'_>, id: u64, status: i32, output: &[u8]) {
    schedule::exec_done(ctx, id, status, output);
}
