//! The model of Postfix 3.7.11: a file or folder per daemon, named as Postfix names them.
//!
//! A daemon is functions over [`Ctx`]: the host it runs on, Postfix's own state, and what it can dial. Daemons talk to
//! each other as the real ones do, through queue files and master(8), so an edit, a `rm` in the spool or a full disk acts
//! as in life. What happens later is put into [`Postfix::due`], and `sim` calls [`run_due`] at that instant.

pub mod address;
pub mod cleanup;
pub mod config;
pub mod dns;
pub mod expand;
pub mod listen;
pub mod lookups;
pub mod master;
pub mod master_cf;
pub mod matchlist;
pub mod params;
pub mod queue_file;
pub mod readlline;
pub mod restriction;
pub mod smtpd;
pub mod startup;
pub mod table;
pub mod trivial_rewrite;
pub mod valid_hostname;

use crate::base::Timers;
use crate::host::net::Dialer;
use crate::host::{Cred, Host};

/// State of the mail system that is not in files.
#[derive(Clone, Debug, Default)]
pub struct Postfix {
    pub master: master::Master,
    pub due: Timers<Due>,
    /// Programs that a delivery agent wants run (a pipe in an alias); `sim` runs them and calls [`exec_done`].
    pub execs: Vec<ExecRequest>,
}

/// A program run that a delivery agent asked for.
#[derive(Clone, Debug)]
pub struct ExecRequest {
    /// Given back with the result.
    pub id: u64,
    pub cred: Cred,
    pub command: String,
    pub input: Vec<u8>,
    pub env: Vec<(String, String)>,
}

/// Something that a Postfix process will do at an instant.
#[derive(Clone, Debug)]
pub enum Due {
    Master(master::Due),
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
    }
}

/// The result of an [`ExecRequest`]: exit status, standard output and standard error together.
pub fn exec_done(_ctx: &mut Ctx<'_>, _id: u64, _status: i32, _output: &[u8]) {}

/// master(8) has just started: what the daemons do first.
pub(crate) fn mail_system_started(_ctx: &mut Ctx<'_>) {}

/// master(8) has read its configuration again.
pub(crate) fn mail_system_reloaded(_ctx: &mut Ctx<'_>) {}

/// master(8) is gone, and with it every process of the mail system.
pub(crate) fn mail_system_stopped(_ctx: &mut Ctx<'_>) {}
