//! The model of Dovecot 2.3.19: configuration, auth, mailboxes, quota, LMTP, IMAP, POP3, Sieve.
//!
//! Left out: mbox and dbox storage, replication, directors, proxying, SQL and LDAP, the indexer; the index files are
//! there, as names and sizes only.

pub mod auth;
pub mod config;
pub mod dial;
pub mod files;
pub mod ids;
pub mod imap;
pub mod lmtp;
pub mod login;
pub mod maildir;
pub mod master;
pub mod pop3;
pub mod quota;
pub mod search;
pub mod sieve;
pub mod tls;
pub mod user;

use crate::base::Timers;
use crate::host::Host;
use crate::log::dovecot::Dovecot as Event;

/// The state of Dovecot that is not in files.
#[derive(Clone, Debug, Default)]
pub struct Dovecot {
    pub due: Timers<Due>,
    pub master: Option<master::Master>,
    /// Failed attempts by client address, and when the last was.
    pub penalties: auth::Penalties,
    /// Logged-in sessions, as anvil counts them.
    pub sessions: imbl::OrdMap<u64, master::Online>,
    pub next_session: u64,
}

/// Something that a Dovecot process will do at an instant.
#[derive(Clone, Debug)]
pub enum Due {
    /// An idle process goes away, if it has had nothing to do since.
    Idle { pid: u32 },
}

/// Does what is due. The clock already stands at its instant.
pub fn run_due(host: &mut Host, dovecot: &mut Dovecot, due: Due) {
    match due {
        Due::Idle { pid } => master::idle(host, dovecot, pid),
    }
}

/// Logs through Dovecot's log process: the pid that the journal shows is its.
pub fn log(host: &mut Host, log_pid: u32, event: Event) {
    host.log(crate::log::Facility::Mail, "dovecot", log_pid, "dovecot.service", event);
}
