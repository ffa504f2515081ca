//! Counts of what happened, from the events and never from their texts: the model's own books, which the reports of pflogsumm
//! and the matches of fail2ban's filters on the same log must equal.
//!
//! The names are pflogsumm's, and so is what they count: deliveries and not messages, but `deferred` messages beside
//! `deferrals`; a message that bounce(8) or local(8) makes is not received.

use super::dovecot::{Attempts, Dovecot};
use super::smtpd::{Action, Ended, Smtpd, Stage};
use super::{Event, Facility, Record};
use super::{cleanup::Cleanup, delivery::Delivery, delivery::Status, pickup::Pickup};
use std::collections::BTreeSet;

/// The books. `found_*` are the lines that a filter of Debian's fail2ban is made to find.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub received: usize,
    pub delivered: usize,
    /// Handed on under a new queue id: an alias with an owner, a `.forward`.
    pub forwarded: usize,
    pub deferrals: usize,
    pub bounced: usize,
    pub rejected: usize,
    pub reject_warnings: usize,
    pub held: usize,
    pub discarded: usize,
    /// `postfix`: rejections of strangers, floods of errors.
    pub found_postfix: usize,
    /// `postfix[mode=auth]`: wrong passwords.
    pub found_postfix_auth: usize,
    /// `postfix[mode=aggressive]`: both, and clients that leave in mid-sentence.
    pub found_postfix_aggressive: usize,
    /// `dovecot`: wrong passwords at IMAP and POP3.
    pub found_dovecot: usize,
    /// `dovecot[mode=aggressive]`: also who left without trying.
    pub found_dovecot_aggressive: usize,
    /// `dovecot` on `auth.log`.
    pub found_dovecot_pam: usize,
    deferred: BTreeSet<String>,
}

impl Tally {
    /// The books of a whole log.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Tally {
        let mut t = Tally::default();
        for r in records {
            t.add(r);
        }
        t
    }
    /// Messages that were put off at least once.
    pub fn deferred(&self) -> usize {
        self.deferred.len()
    }
    /// Every count with its name.
    pub fn counts(&self) -> [(&'static str, usize); 16] {
        [
            ("received", self.received),
            ("delivered", self.delivered),
            ("forwarded", self.forwarded),
            ("deferred", self.deferred()),
            ("deferrals", self.deferrals),
            ("bounced", self.bounced),
            ("rejected", self.rejected),
            ("reject_warnings", self.reject_warnings),
            ("held", self.held),
            ("discarded", self.discarded),
            ("found_postfix", self.found_postfix),
            ("found_postfix_auth", self.found_postfix_auth),
            ("found_postfix_aggressive", self.found_postfix_aggressive),
            ("found_dovecot", self.found_dovecot),
            ("found_dovecot_aggressive", self.found_dovecot_aggressive),
            ("found_dovecot_pam", self.found_dovecot_pam),
        ]
    }
    /// Takes one record into the books.
    pub fn add(&mut self, record: &Record) {
        match &record.event {
            Event::Smtpd(e) => self.smtpd(e),
            Event::Pickup(Pickup::Uid { .. }) => self.received += 1,
            Event::Cleanup(e) => self.cleanup(e),
            Event::Delivery(Delivery::Status(a)) => match a.status {
                Status::Sent if a.reason.starts_with("forwarded as ") => self.forwarded += 1,
                Status::Sent => self.delivered += 1,
                Status::Bounced => self.bounced += 1,
                Status::Deferred => {
                    self.deferrals += 1;
                    self.deferred.insert(a.qid.clone());
                }
                _ => {}
            },
            Event::Dovecot(e) => self.dovecot(e, record.facility),
            _ => {}
        }
    }
    fn smtpd(&mut self, e: &Smtpd) {
        match e {
            Smtpd::Client { .. } => self.received += 1,
            Smtpd::Verdict { action, at } => {
                let count = match action {
                    Action::Reject => &mut self.rejected,
                    Action::RejectWarning => &mut self.reject_warnings,
                    Action::Hold => &mut self.held,
                    Action::Discard => &mut self.discarded,
                    _ => return,
                };
                *count += 1;
                if *action == Action::Reject && offends(at) {
                    self.found_postfix += 1;
                    self.found_postfix_aggressive += 1;
                }
            }
            Smtpd::Ended { how: Ended::TooManyErrors, .. } | Smtpd::ImproperPipelining { .. } => {
                self.found_postfix += 1;
                self.found_postfix_aggressive += 1;
            }
            Smtpd::Ended { how: Ended::Lost, stage, .. } => {
                let word = stage.bytes().all(|b| b.is_ascii_uppercase());
                self.found_postfix_aggressive += usize::from(word && stage != "DATA");
            }
            Smtpd::Disconnect { tally, .. } => {
                self.found_postfix_aggressive += usize::from(tally.split(' ').any(|w| w.starts_with("auth=0/")));
            }
            // A lost connection to Dovecot is not the client's fault.
            Smtpd::AuthFailed { reason, .. } if !reason.starts_with("Connection lost to authentication server") => {
                self.found_postfix_aggressive += 1;
                self.found_postfix_auth += usize::from(!reason.starts_with("Invalid authentication mechanism"));
            }
            _ => {}
        }
    }
    fn cleanup(&mut self, e: &Cleanup) {
        match e {
            Cleanup::Check { action, .. } => match action.as_str() {
                "reject" => self.rejected += 1,
                "warning" => self.reject_warnings += 1,
                "hold" => self.held += 1,
                "discard" => self.discarded += 1,
                _ => {}
            },
            Cleanup::MilterReject { .. } => self.rejected += 1,
            _ => {}
        }
    }
    fn dovecot(&mut self, e: &Dovecot, facility: Facility) {
        match e {
            Dovecot::LoginGone { attempts: Some(a), .. } => match a {
                Attempts::Failed { .. } | Attempts::Disallowed => {
                    self.found_dovecot += 1;
                    self.found_dovecot_aggressive += 1;
                }
                Attempts::None { .. } | Attempts::NotReady { .. } => self.found_dovecot_aggressive += 1,
                Attempts::Unsupported => {}
            },
            Dovecot::Pam { unknown: false, .. } if facility != Facility::Mail => self.found_dovecot_pam += 1,
            _ => {}
        }
    }
}

/// Whether a rejection is one that Debian's filter `postfix` takes for an attack: so it is by stage, code and reason.
fn offends(at: &Stage) -> bool {
    const REASONS: [&str; 11] = [
        "Service unavailable",
        "Client host rejected",
        "Command rejected",
        "Data command rejected",
        "Relay access denied",
        "Host not found",
        "Domain not found",
        "need fully-qualified hostname",
        "match",
        "User unknown",
        "Undeliverable address",
    ];
    let mut words = at.text.splitn(3, ' ');
    let (code, _dsn, mut why) = (words.next().unwrap_or(""), words.next(), words.next().unwrap_or(""));
    if at.stage.len() != 4 || !["450", "454", "500", "504", "550", "554"].contains(&code) {
        return false;
    }
    if let Some((about, rest)) = why.split_once(": ")
        && (about.is_empty() || about.starts_with('<') && about.ends_with('>'))
    {
        why = rest;
    }
    for what in ["Helo command rejected: ", "Sender address rejected: ", "Recipient address rejected: "] {
        why = why.strip_prefix(what).unwrap_or(why);
    }
    let lower = why.to_ascii_lowercase();
    REASONS.iter().any(|r| {
        let same = if r.starts_with('U') { lower.starts_with(&r.to_ascii_lowercase()) } else { why.starts_with(r) };
        same && !why[r.len()..].starts_with(|c: char| c.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What fail2ban-regex says of such a line with Debian's filter.
    #[test]
    fn which_rejections_offend() {
        for (stage, text, expected) in [
            ("RCPT", "554 5.7.1 <x@destino.com>: Relay access denied", true),
            ("RCPT", "550 5.1.1 <x@e.com>: Recipient address rejected: User unknown in local recipient table", true),
            ("RCPT", "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.51]", true),
            ("RCPT", "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname", true),
            ("RCPT", "554 5.7.1 <x@e.com>: Recipient address rejected: Access denied", false),
            ("RCPT", "452 4.3.1 Insufficient system storage", false),
            ("CONNECT", "554 5.7.1 <x[192.0.2.66]>: Client host rejected: Access denied", false),
            ("MAIL", "450 4.1.8 <a@b.c>: Sender address rejected: Domain not found", true),
        ] {
            let at = Stage { stage: stage.into(), text: text.into(), ..Stage::default() };
            assert_eq!(offends(&at), expected, "{stage} {text}");
        }
    }
}
