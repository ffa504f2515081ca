//! The state of one message in cleanup(8).

use super::{CleanupStatus, Origin, Stat, Submission};
use crate::log::cleanup::Cleanup as Log;
use crate::postfix::Ctx;
use crate::postfix::agent::Proc;
use crate::postfix::params::param;

/// One message on its way into the queue.
pub struct State {
    pub m: Submission,
    pub p: Proc,
    /// The sender after rewriting and mapping.
    pub sender: String,
    /// What goes into the queue file: recipients before and after the message.
    pub recipients: Vec<super::Recipient>,
    pub last_recipient: Option<String>,
    pub hold: bool,
    pub discard: bool,
    pub filter: String,
    pub redirect: String,
    /// No more checks of header and body.
    pub unfiltered: bool,
    pub bcc: Vec<String>,
    pub failure: Option<(Stat, String)>,
    /// The flags of the size record.
    pub smtputf8: u64,
}

impl State {
    pub fn new(m: Submission, p: Proc) -> State {
        let a = m.actions.clone();
        State {
            sender: m.sender.clone(),
            recipients: Vec::new(),
            last_recipient: None,
            hold: a.hold,
            discard: a.discard && !a.late_discard,
            filter: a.filter.unwrap_or_default(),
            redirect: a.redirect.unwrap_or_default(),
            unfiltered: false,
            bcc: Vec::new(),
            failure: None,
            smtputf8: 0,
            m,
            p,
        }
    }
    pub fn log(&mut self, ctx: &mut Ctx<'_>, event: Log) {
        self.p.log(ctx, event);
    }
    /// Notes a failure; the most severe one stays.
    pub fn fail(&mut self, stat: Stat, reason: &str) {
        let worse = self.failure.as_ref().is_none_or(|(s, _)| (stat as u8) < (*s as u8));
        if worse {
            self.failure = Some((stat, reason.to_owned()));
        }
    }
    /// A message from sendmail(1) is bounced by cleanup itself, so work goes on in spite of a permanent failure.
    pub fn bounces(&self) -> bool {
        self.m.origin == Origin::Pickup
    }
    /// Whether the rest of the message is only read and thrown away.
    pub fn stopped(&self) -> bool {
        match &self.failure {
            None => self.discard,
            Some((Stat::Rcpt | Stat::Hops | Stat::Size | Stat::Cont, _)) => !self.bounces(),
            Some(_) => true,
        }
    }
    fn overrides(&self, word: &str) -> bool {
        self.m.receive_override.split([',', ' ']).any(|w| w == word)
    }
    /// CLEANUP_FLAG_MAP_OK.
    pub fn map_ok(&self) -> bool {
        !self.overrides("no_address_mappings")
    }
    fn internal(&self) -> bool {
        !matches!(self.m.origin, Origin::Smtpd | Origin::Qmqpd | Origin::Pickup)
    }
    /// CLEANUP_FLAG_FILTER: header and body checks and the content filter.
    pub fn checks_apply(&self) -> bool {
        if self.internal() {
            let classes = self.p.conf.list(param!("internal_mail_filter_classes"));
            let class = if self.m.origin == Origin::Notify { "notify" } else { "bounce" };
            return self.m.origin != Origin::Forward
                && self.m.origin != Origin::Verify
                && classes.iter().any(|c| c == class);
        }
        !self.overrides("no_header_body_checks")
    }
    /// CLEANUP_FLAG_BCC_OK.
    pub fn bcc_ok(&self) -> bool {
        !self.internal() && self.map_ok()
    }
    /// The answer for the submitter.
    pub fn status(&self) -> CleanupStatus {
        match &self.failure {
            None => CleanupStatus::Ok,
            Some((stat, reason)) => CleanupStatus::Fail { stat: *stat, reason: reason.clone() },
        }
    }
}
