//! One typed event per fact, and the only place that knows how a message is worded.
//!
//! A daemon's file holds an enum of what that daemon can say. [`Message::text`] is the wording, and
//! [`Message::fields`] the facts in it, by which evidence and counters find it: never by its text.
//! Layout (syslog file, journal, standard error) is in this file.

pub mod agent;
pub mod anvil;
pub mod bounce;
pub mod cleanup;
pub mod config;
pub mod delivery;
pub mod dovecot;
pub mod local;
pub mod master;
pub mod milter;
pub mod names;
pub mod openssl;
pub mod pickup;
pub mod qmgr;
pub mod queue_tool;
pub mod rewrite;
pub mod script;
pub mod smtpd;
mod smtpd_config;
pub mod systemd;
pub mod table;
pub mod tally;
pub mod tls;
pub mod tls_policy;
pub mod user;
pub mod verify;

use crate::base::Time;
use crate::base::text::put_number;
use std::sync::Arc;

/// Syslog severities (RFC 5424).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Emerg,
    Alert,
    Crit,
    Err,
    Warning,
    Notice,
    Info,
    Debug,
}

/// Syslog facilities that this host uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facility {
    Kern,
    User,
    Mail,
    Daemon,
    Auth,
    Syslog,
    Cron,
    AuthPriv,
    Lpr,
    News,
    Uucp,
    Ftp,
    Local0,
    Local1,
    Local2,
    Local3,
    Local4,
    Local5,
    Local6,
    Local7,
}

/// What every event can say of itself; its name is in [`names`].
pub trait Message {
    fn severity(&self) -> Severity {
        Severity::Info
    }
    /// The wording, as it stands after `program[pid]: `, with Postfix's own `warning: ` or `fatal: ` in it.
    fn text(&self) -> String;
    /// The facts: name and value, e.g. (`qid`, …), (`to`, …), (`code`, `550`), (`dsn`, `5.1.1`).
    fn fields(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

macro_rules! events {
    ($($name:ident ($ty:path)),* $(,)?) => {
        /// An event of any daemon.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event { $($name($ty)),* }
        $(impl From<$ty> for Event { fn from(e: $ty) -> Event { Event::$name(e) } })*
        impl Message for Event {
            fn severity(&self) -> Severity { match self { $(Event::$name(e) => e.severity()),* } }
            fn text(&self) -> String { match self { $(Event::$name(e) => e.text()),* } }
            fn fields(&self) -> Vec<(&'static str, String)> { match self { $(Event::$name(e) => e.fields()),* } }
        }
    };
}

events! {
    Anvil(anvil::Anvil),
    Bounce(bounce::Bounce),
    Cleanup(cleanup::Cleanup),
    Config(config::Config),
    Delivery(delivery::Delivery),
    Dovecot(dovecot::Dovecot),
    Master(master::Master),
    Milter(milter::Milter),
    Pickup(pickup::Pickup),
    Qmgr(qmgr::Qmgr),
    QueueTool(queue_tool::QueueTool),
    Rewrite(rewrite::Rewrite),
    Script(script::Script),
    Smtpd(smtpd::Smtpd),
    Systemd(systemd::Systemd),
    Table(table::Table),
    Tls(tls::Tls),
    Verify(verify::Verify),
    User(user::User),
}

/// One line of the log, with the fact that it renders.
#[derive(Clone, Debug)]
pub struct Record {
    pub time: Time,
    pub facility: Facility,
    /// The syslog tag: `postfix/smtpd`, `dovecot`, `systemd`.
    pub ident: Arc<str>,
    pub pid: u32,
    /// Whether the tag carries the pid in the syslog file (Dovecot's does not).
    pub show_pid: bool,
    /// The systemd unit that the journal files it under.
    pub unit: Arc<str>,
    pub event: Event,
}

impl Record {
    /// `Feb  6 11:30:15 mail postfix/smtpd[1234]: connect from …`, rsyslog's traditional layout, without newline.
    pub fn traditional(&self, host: &str) -> String {
        let mut out = String::with_capacity(192);
        self.time.put_syslog(&mut out);
        out.push(' ');
        out.push_str(host);
        out.push(' ');
        self.put_tagged(&mut out);
        out
    }
    /// The layout of rsyslog's own default in Debian 12 (ISO 8601 stamp).
    pub fn iso(&self, host: &str) -> String {
        let mut out = format!("{} {host} ", self.time.iso_micros());
        self.put_tagged(&mut out);
        out
    }
    /// As `journalctl` prints it: always with the pid.
    pub fn journal(&self, host: &str) -> String {
        format!("{} {host} {}[{}]: {}", self.time.syslog(), self.ident, self.pid, self.wording())
    }
    /// The text with a question mark for what cannot be printed, as Postfix and Dovecot write it; a user's is as it is.
    fn wording(&self) -> String {
        let text = self.event.text();
        // All bytes, without a way out: quicker than to stop at the first.
        let plain = text.bytes().fold(true, |plain, b| plain & (b' '..0x7f).contains(&b));
        if plain || matches!(self.event, Event::User(_)) {
            return text;
        }
        text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
    }
    fn put_tagged(&self, out: &mut String) {
        // Postfix cuts a message there.
        let max = if self.ident.starts_with("postfix") { 2000 } else { usize::MAX };
        let text = self.wording();
        out.push_str(&self.ident);
        if self.show_pid {
            out.push('[');
            put_number(out, self.pid);
            out.push(']');
        }
        out.push_str(": ");
        out.push_str(config::clip(&text, max));
    }
}
