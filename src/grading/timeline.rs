//! Mails and commands on one time line, for the page.

use super::dossier::Dossier;
use crate::base::Time;
use crate::log::Message;

/// An entry of the time line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    pub time: Time,
    /// The line of the session, for a command.
    pub line: Option<usize>,
    pub text: String,
}

/// At most so many mails, the latest; commands are all there.
const MAX_MAILS: usize = 200;

pub fn of(d: &Dossier<'_>) -> Vec<Moment> {
    let w = &d.end;
    let mut mails: Vec<Moment> = Vec::new();
    for r in w.host.journal.iter().rev() {
        if ["delivery.status", "smtpd.reject", "bounce.sender", "qmgr.expired"].iter().any(|n| r.event.is(n)) {
            mails.push(Moment { time: r.time, line: None, text: format!("{}: {}", r.ident, r.event.text()) });
            if mails.len() >= MAX_MAILS {
                break;
            }
        }
    }
    let mut last = 0;
    for s in d.steps {
        if s.line != last {
            last = s.line;
            mails.push(Moment { time: s.at(), line: Some(s.line), text: s.command.clone() });
        }
    }
    mails.sort_by_key(|m| (m.time, m.line));
    mails
}
