//! The machine: clock, files, disks, users, processes, sockets, DNS, firewall, journal.
//!
//! Knows no mail. Units are in [`units`]; the syslog daemon in [`syslog`].

mod alike;
pub mod blob;
pub mod cert;
pub mod crypt;
pub mod der;
pub mod dns;
pub mod errno;
pub mod fs;
pub mod net;
pub mod process;
pub mod syslog;
pub mod units;
pub mod users;

pub use blob::{Blob, Memo};
pub use errno::Errno;
pub use fs::{Cred, Fs};
pub use process::{Process, Processes};

use crate::base::{Chance, Span, Time};
use crate::log::{Event, Facility, Record};
use std::sync::Arc;

/// The kernel's release, as `uname -r` prints it.
pub const KERNEL: &str = "6.18.44-fc-v595";

/// The journal keeps so many records at most. journald has a limit, too (journald.conf(5), `RuntimeMaxUse`), by size; this
/// number is the model's own, far above what a lab writes.
pub const JOURNAL: usize = 50_000;

/// One simulated machine. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Host {
    /// The short name, as in the log (`mail`).
    pub name: String,
    /// What `hostname -f` says.
    pub fqdn: String,
    pub now: Time,
    pub booted: Time,
    pub chance: Chance,
    pub fs: Fs,
    pub procs: Processes,
    pub net: net::Net,
    pub dns: dns::Zone,
    pub units: units::Units,
    pub syslog: syslog::Syslog,
    /// The unit that programs run in that are no daemon's: the login's, or the service that systemd is starting.
    pub scope: Arc<str>,
    /// Processes that a signal ended, until systemd has taken notice.
    pub killed: imbl::OrdMap<u32, i32>,
    /// What daemons that know no mail system gave to sendmail(1), until `sim` hands it on.
    pub submitted: imbl::Vector<Submitted>,
    /// What was logged, oldest first; what journalctl shows. The oldest go when there are [`JOURNAL`] of them.
    pub journal: imbl::Vector<Record>,
    /// How many of the oldest went.
    forgotten: usize,
    /// Each tag and unit of the journal, once.
    names: imbl::OrdSet<Arc<str>>,
    /// Programs of Postfix that log under another name (`syslog_name`) or facility (`syslog_facility`), by pid.
    voices: imbl::OrdMap<u32, (Arc<str>, Facility)>,
}

/// A message given to sendmail(1) by a daemon.
#[derive(Clone, Debug)]
pub struct Submitted {
    pub uid: u32,
    /// Empty for `<>`.
    pub sender: String,
    pub recipient: String,
    pub text: Arc<[u8]>,
}

impl Host {
    pub fn new(name: &str, fqdn: &str, now: Time, chance: Chance) -> Host {
        Host {
            name: name.into(),
            fqdn: fqdn.into(),
            now,
            booted: now - Span::hours(30),
            chance,
            fs: Fs::new(now),
            procs: Processes::default(),
            net: net::Net::default(),
            dns: dns::Zone::default(),
            units: units::Units::default(),
            syslog: syslog::Syslog::plain(),
            scope: Arc::from("session-1.scope"),
            killed: imbl::OrdMap::new(),
            submitted: imbl::Vector::new(),
            journal: imbl::Vector::new(),
            forgotten: 0,
            names: imbl::OrdSet::new(),
            voices: imbl::OrdMap::new(),
        }
    }
    /// Moves the clock; never backwards.
    pub fn set_time(&mut self, t: Time) {
        self.now = self.now.max(t);
        self.fs.now = self.now;
    }
    /// A small span by keyed chance, for what a step costs: uniform in `low..=high` microseconds.
    pub fn jitter(&self, stream: &str, entity: &str, low: i64, high: i64) -> Span {
        Span(self.chance.between(stream, entity, low, high))
    }
    /// Logs an event: into the journal, and through rsyslog into the files when it runs.
    pub fn log(&mut self, facility: Facility, ident: &str, pid: u32, unit: &str, event: impl Into<Event>) {
        let (ident, unit) = (self.shared(ident), self.shared(unit));
        self.log_as(facility, ident, pid, unit, event.into());
    }
    fn log_as(&mut self, facility: Facility, ident: Arc<str>, pid: u32, unit: Arc<str>, event: Event) {
        let show_pid = &*ident != "dovecot";
        let record = Record { time: self.now, facility, ident, pid, show_pid, unit, event };
        syslog::write(self, &record);
        self.keep(record);
    }
    /// Puts a record into the journal only.
    pub fn keep(&mut self, record: Record) {
        if self.journal.len() >= JOURNAL {
            self.journal = self.journal.skip(JOURNAL / 4);
            self.forgotten += JOURNAL / 4;
        }
        self.journal.push_back(record);
    }
    /// How many records there have been: the place of the next one, for [`Host::since`].
    pub fn logged(&self) -> usize {
        self.forgotten + self.journal.len()
    }
    /// The records from that place on, as far as they are kept.
    pub fn since(&self, logged: usize) -> impl DoubleEndedIterator<Item = &Record> {
        self.journal.iter().skip(logged.saturating_sub(self.forgotten))
    }
    /// The same text for all records that have it.
    pub fn shared(&mut self, text: &str) -> Arc<str> {
        once(&mut self.names, text)
    }
    /// Logs what a user wrote with logger(1); the tag carries the pid only when asked for.
    pub fn log_user(&mut self, facility: Facility, tag: &str, pid: u32, show_pid: bool, text: String) {
        let record = Record {
            time: self.now,
            facility,
            ident: self.shared(tag),
            pid,
            show_pid,
            unit: self.scope.clone(),
            event: crate::log::user::User { text }.into(),
        };
        syslog::write(self, &record);
        self.keep(record);
    }
    /// Logs as a Postfix program does: facility mail, tag `postfix/NAME` (or as `syslog_name` says). The journal files the
    /// line under the unit of the process; a tool's under the unit that it was started from.
    pub fn log_mail(&mut self, ident: &str, pid: u32, event: impl Into<Event>) {
        let ident = self.shared(ident);
        self.log_tagged(&ident, pid, event);
    }
    /// As [`Host::log_mail`], by a process that keeps its tag.
    pub fn log_tagged(&mut self, ident: &Arc<str>, pid: u32, event: impl Into<Event>) {
        const TOOLS: [&str; 12] = [
            "postfix-script",
            "postfix-tls-script",
            "postsuper",
            "postqueue",
            "postdrop",
            "sendmail",
            "postmap",
            "postalias",
            "postlog",
            "postconf",
            "postcat",
            "postfix",
        ];
        let unit = match self.procs.get(pid) {
            Some(p) if !p.unit.is_empty() => p.unit.clone(),
            _ if TOOLS.contains(&ident.rsplit('/').next().unwrap_or(ident)) => self.scope.clone(),
            _ => self.shared("postfix@-.service"),
        };
        if let Some((name, facility)) = self.voices.get(&pid).cloned() {
            let rest = ident.strip_prefix("postfix").filter(|r| r.is_empty() || r.starts_with('/'));
            let tag = rest.map(|r| [&*name, r].concat());
            let tag = tag.map_or_else(|| ident.clone(), |t| self.shared(&t));
            return self.log_as(facility, tag, pid, unit, event.into());
        }
        self.log_as(Facility::Mail, ident.clone(), pid, unit, event.into());
    }
    /// A program that another one runs logs as that one does.
    pub fn same_voice(&mut self, of: u32, pid: u32) {
        if let Some(voice) = self.voices.get(&of).cloned() {
            self.voices.insert(pid, voice);
        }
    }
    /// From now on a program of Postfix logs under this name (`syslog_name`) and facility (`syslog_facility`).
    pub fn set_voice(&mut self, pid: u32, name: &str, facility: &str) {
        const MOST: usize = 256;
        let facility = syslog::facility(facility).unwrap_or(Facility::Mail);
        if name == "postfix" && facility == Facility::Mail {
            return;
        }
        if self.voices.len() >= MOST
            && let Some(oldest) = self.voices.get_min().map(|(p, _)| *p)
        {
            self.voices.remove(&oldest);
        }
        let name = self.shared(name);
        self.voices.insert(pid, (name, facility));
    }
    /// Logs as systemd does, filed under the unit that the event is about.
    pub fn log_systemd(&mut self, event: crate::log::systemd::Systemd) {
        let unit = if event.unit().is_empty() { "init.scope".to_owned() } else { event.unit().to_owned() };
        self.log(Facility::Daemon, "systemd", 1, &unit, event);
    }
}

/// The text as it is in the set, where it is put if it is not yet.
fn once(names: &mut imbl::OrdSet<Arc<str>>, text: &str) -> Arc<str> {
    if let Some(known) = names.get(text) {
        return known.clone();
    }
    let new: Arc<str> = Arc::from(text);
    names.insert(new.clone());
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Chance;

    #[test]
    fn a_place_in_the_journal_stays_when_the_oldest_go() {
        let mut h = Host::new("mail", "mail.ejemplo.com", Time::from_secs(0), Chance::new(1));
        let say = |h: &mut Host, n: usize| h.log_user(Facility::Daemon, "x", 1, false, n.to_string());
        for n in 0..JOURNAL - 1 {
            say(&mut h, n);
        }
        let place = h.logged();
        for n in 0..2 {
            say(&mut h, n);
        }
        assert!(h.journal.len() < JOURNAL);
        assert_eq!((h.logged() - place, h.since(place).count()), (2, 2));
        assert_eq!(h.since(0).count(), h.journal.len());
    }
}
