//! The model of Dovecot 2.3.19: configuration, auth, mailboxes, quota, LMTP, IMAP, POP3, Sieve.

use crate::base::Timers;
use crate::host::Host;

#[derive(Clone, Debug, Default)]
pub struct Dovecot {
    pub due: Timers<Due>,
}

#[derive(Clone, Debug)]
pub enum Due {}

/// Does what is due. The clock already stands at its instant.
pub fn run_due(_host: &mut Host, _dovecot: &mut Dovecot, due: Due) {
    match due {}
}
