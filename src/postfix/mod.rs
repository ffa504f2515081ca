//! The model of Postfix 3.7.11: a file or folder per daemon, named as Postfix names them.
//!
//! A daemon is functions over [`Ctx`]: the host it runs on, Postfix's own state, and what it can dial. Daemons talk to
//! each other as the real ones do, through queue files and master(8), so an edit, a `rm` in the spool or a full disk acts
//! as in life. What happens later is put into [`Postfix::due`], and `sim` calls [`run_due`] at that instant.

pub mod address;
pub mod agent;
pub mod anvil;
pub mod bounce;
pub mod bounce_template;
pub mod cleanup;
pub mod config;
pub mod delivery;
pub mod dns;
pub mod error;
pub mod expand;
pub mod listen;
pub mod live;
pub mod local;
pub mod lookups;
pub mod mail_addr;
pub mod mail_queue;
pub mod maildrop;
pub mod master;
pub mod master_cf;
pub mod matchlist;
pub mod mbox;
pub mod midna;
pub mod milter;
pub mod params;
pub mod pickup;
pub mod pipe;
pub mod pipe_command;
pub mod proxymap;
pub mod qmgr;
pub mod queue_file;
pub mod readlline;
pub mod restriction;
pub mod smtp;
pub mod smtpd;
pub mod spawn;
pub mod startup;
pub mod table;
pub mod tls_files;
pub mod tls_trust;
pub mod tlsmgr;
pub mod trivial_rewrite;
pub mod user_acl;
pub mod valid_hostname;
pub mod verify;
pub mod virtual_;
pub mod wait;

use crate::base::{Span, Timers};
use crate::host::net::Dialer;
use crate::host::{Cred, Host};
use std::collections::VecDeque;

/// State of the mail system that is not in files.
#[derive(Clone, Debug, Default)]
pub struct Postfix {
    pub master: master::Master,
    pub due: Timers<Due>,
    /// What smtpd processes and anvil share.
    pub smtpd: smtpd::Shared,
    /// Match lists that processes opened, by pid.
    pub opened: imbl::OrdMap<u32, live::Opened>,
    /// Programs that a delivery agent wants run (a pipe in an alias); `sim` runs them and calls [`exec_done`].
    pub execs: VecDeque<ExecRequest>,
    pub qmgr: qmgr::Qmgr,
    /// What pickup(8) is at while it waits for a service.
    pub pickup: Option<pickup::Paused>,
    pub verify: verify::Cache,
    pub counters: Counters,
}

/// What became of mail, counted by recipient: recipients = delivered + bounced + discarded + deleted + what is queued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages taken into the queue.
    pub received: u64,
    /// Recipients of those, and of messages discarded or bounced on the way in.
    pub recipients: u64,
    pub delivered: u64,
    pub bounced: u64,
    pub discarded: u64,
    /// By postsuper(1).
    pub deleted: u64,
    /// Attempts that ended in a deferral.
    pub deferrals: u64,
    /// Recipients of address probes and of sendmail -bv.
    pub probed: u64,
}

/// The status of a program that took longer than its time limit.
pub const TIMED_OUT: i32 = -1;

/// A program run that a delivery agent asked for.
#[derive(Clone, Debug)]
pub struct ExecRequest {
    /// Given back with the result.
    pub id: u64,
    pub cred: Cred,
    pub command: String,
    pub input: Vec<u8>,
    /// All of its environment.
    pub env: Vec<(String, String)>,
    pub cwd: String,
    /// How long it may take; zero: as long as it likes.
    pub limit: Span,
}

impl ExecRequest {
    pub fn new(cred: Cred, command: String, input: Vec<u8>) -> ExecRequest {
        let cwd = mail_queue::SPOOL.to_owned();
        ExecRequest { id: 0, cred, command, input, env: Vec::new(), cwd, limit: Span::ZERO }
    }
}

/// Something that a Postfix process will do at an instant.
#[derive(Clone, Debug)]
pub enum Due {
    Master(master::Due),
    Pickup(pickup::Due),
    Qmgr(qmgr::Due),
}

/// What every daemon function gets.
pub struct Ctx<'a> {
    pub host: &'a mut Host,
    pub pf: &'a mut Postfix,
    pub dial: &'a mut dyn Dialer,
}

/// Does what is due. The clock already stands at its instant.
pub fn run_due(ctx: &mut Ctx<'_>, due: Due) {
    match due {
        Due::Master(d) => master::run_due(ctx, d),
        Due::Pickup(d) => pickup::run_due(ctx, d),
        Due::Qmgr(d) => qmgr::run_due(ctx, d),
    }
}

/// The result of an [`ExecRequest`]: exit status, standard output and standard error together.
pub fn exec_done(ctx: &mut Ctx<'_>, id: u64, status: i32, output: &[u8]) {
    qmgr::exec_done(ctx, id, status, output);
}

/// Runs the delivery agent of a process on a request.
fn deliver(ctx: &mut Ctx<'_>, p: &agent::Proc, r: &delivery::Request) -> delivery::Outcome {
    match &*p.program {
        "local" => local::deliver(ctx, p, r),
        "smtp" | "lmtp" => smtp::deliver(ctx, p, r),
        "virtual" => virtual_::deliver(ctx, p, r),
        "discard" => error::discard(ctx, p, r),
        "pipe" => pipe::deliver(ctx, p, r),
        _ => error::deliver(ctx, p, r),
    }
}

/// master(8) has just started: what the daemons do first.
pub(crate) fn mail_system_started(ctx: &mut Ctx<'_>) {
    qmgr::start(ctx);
    pickup::trigger(ctx);
}

/// master(8) has read its configuration again.
pub(crate) fn mail_system_reloaded(ctx: &mut Ctx<'_>) {
    qmgr::reload(ctx);
    pickup::trigger(ctx);
}

/// master(8) is gone, and with it every process of the mail system.
pub(crate) fn mail_system_stopped(ctx: &mut Ctx<'_>) {
    qmgr::stop(ctx);
    ctx.pf.pickup = None;
}
