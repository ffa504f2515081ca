//! systemd's units: what is loaded, enabled, active, and since when. What a start does to the mail programs is in `sim`.
//!
//! The units are those of Debian's packages on this host; targets, sockets, slices and timers are left out.

use crate::base::{Span, Time};
use imbl::OrdMap;

/// How a unit runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Runs to its end and counts as active (RemainAfterExit).
    Oneshot,
    Forking,
    Notify,
    Simple,
}

/// A unit file.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    pub name: &'static str,
    pub description: &'static str,
    /// The unit file, for `Loaded:` and `cat`.
    pub file: &'static str,
    /// `Loaded:`'s word when it is enabled.
    pub enabled_word: &'static str,
    pub docs: &'static [&'static str],
    pub kind: Type,
    /// The short name of the main process among the scenery; empty for the mail programs.
    pub comm: &'static str,
    pub start: &'static str,
    /// Whether `reload` is possible.
    pub reload: bool,
    /// The text of the unit file.
    pub text: &'static str,
}

const POSTFIX: &str = include_str!("units/postfix.service");
const POSTFIX_AT: &str = include_str!("units/postfix@.service");
const DOVECOT: &str = include_str!("units/dovecot.service");
const RSYSLOG: &str = include_str!("units/rsyslog.service");
const PLAIN: &str = "[Service]\n";

const fn scenery(
    name: &'static str,
    description: &'static str,
    file: &'static str,
    docs: &'static [&'static str],
    comm: &'static str,
    start: &'static str,
) -> Spec {
    Spec {
        name,
        description,
        file,
        enabled_word: "enabled",
        docs,
        kind: Type::Simple,
        comm,
        start,
        reload: false,
        text: PLAIN,
    }
}

/// All units, sorted by name.
#[rustfmt::skip]
pub const SPECS: &[Spec] = &[
    scenery("cron.service", "Regular background program processing daemon", "/lib/systemd/system/cron.service", &["man:cron(8)"], "cron", "/usr/sbin/cron -f $EXTRA_OPTS"),
    scenery("dbus.service", "D-Bus System Message Bus", "/lib/systemd/system/dbus.service", &["man:dbus-daemon(1)"], "dbus-daemon", "/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only"),
    Spec { name: "dovecot.service", description: "Dovecot IMAP/POP3 email server", file: "/lib/systemd/system/dovecot.service", enabled_word: "enabled", docs: &["man:dovecot(1)", "https://doc.dovecot.org/"], kind: Type::Notify, comm: "", start: "/usr/sbin/dovecot -F", reload: true, text: DOVECOT },
    Spec { name: "postfix.service", description: "Postfix Mail Transport Agent", file: "/lib/systemd/system/postfix.service", enabled_word: "enabled", docs: &["man:postfix(1)"], kind: Type::Oneshot, comm: "", start: "/bin/true", reload: true, text: POSTFIX },
    Spec { name: "postfix@-.service", description: "Postfix Mail Transport Agent (instance -)", file: "/lib/systemd/system/postfix@.service", enabled_word: "enabled-runtime", docs: &["man:postfix(1)"], kind: Type::Forking, comm: "", start: "/usr/sbin/postmulti -i - -p start", reload: true, text: POSTFIX_AT },
    Spec { name: "rsyslog.service", description: "System Logging Service", file: "/lib/systemd/system/rsyslog.service", enabled_word: "enabled", docs: &["man:rsyslogd(8)", "man:rsyslog.conf(5)", "https://www.rsyslog.com/doc/"], kind: Type::Notify, comm: "rsyslogd", start: "/usr/sbin/rsyslogd -n -iNONE", reload: false, text: RSYSLOG },
    scenery("ssh.service", "OpenBSD Secure Shell server", "/lib/systemd/system/ssh.service", &["man:sshd(8)", "man:sshd_config(5)"], "sshd", "/usr/sbin/sshd -D $SSHD_OPTS"),
    scenery("systemd-journald.service", "Journal Service", "/lib/systemd/system/systemd-journald.service", &["man:systemd-journald.service(8)", "man:journald.conf(5)"], "systemd-journal", "/lib/systemd/systemd-journald"),
    scenery("systemd-logind.service", "User Login Management", "/lib/systemd/system/systemd-logind.service", &["man:sd-login(3)", "man:systemd-logind.service(8)"], "systemd-logind", "/lib/systemd/systemd-logind"),
];

/// What a unit is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Active {
    #[default]
    Inactive,
    Active,
    Failed,
}

impl Active {
    pub fn word(self) -> &'static str {
        match self {
            Active::Inactive => "inactive",
            Active::Active => "active",
            Active::Failed => "failed",
        }
    }
}

/// A process that systemd started for a unit and that has ended, as `Process:` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub pid: u32,
    /// `ExecStart=/bin/true`.
    pub what: String,
    /// `code=exited, status=0/SUCCESS`.
    pub how: String,
    /// Whether it was the main process.
    pub main: bool,
}

/// The state of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub active: Active,
    /// When it came into this state.
    pub since: Time,
    /// How long it had been active before.
    pub duration: Option<Span>,
    /// The running main process; 0: none.
    pub main_pid: u32,
    pub ended: Vec<Ended>,
    /// `exit-code`, `signal`; of a failed one.
    pub result: &'static str,
    /// The length of the journal when this run began: `status` shows lines from there on.
    pub journal_from: usize,
    /// CPU time used, for show.
    pub cpu: Span,
    pub masked: bool,
    pub disabled: bool,
    /// What the program told systemd of itself (`Status:`).
    pub status: String,
}

/// The state of all units.
#[derive(Clone, Debug, Default)]
pub struct Units {
    states: OrdMap<&'static str, State>,
}

/// The full name of a unit: `postfix` is `postfix.service`, `postfix@` needs its instance.
pub fn full_name(name: &str) -> String {
    let suffixes = [".service", ".socket", ".target", ".timer", ".mount", ".slice"];
    if suffixes.iter().any(|s| name.ends_with(s)) { name.to_owned() } else { format!("{name}.service") }
}

/// The unit file of that name.
pub fn spec(name: &str) -> Option<&'static Spec> {
    let name = full_name(name);
    let name = if name == "syslog.service" { "rsyslog.service" } else { &name };
    SPECS.iter().find(|s| s.name == name)
}

impl Units {
    pub fn get(&self, name: &str) -> State {
        self.states.get(name).cloned().unwrap_or_default()
    }
    pub fn set(&mut self, spec: &Spec, state: State) {
        if let Some(s) = SPECS.iter().find(|s| s.name == spec.name) {
            self.states.insert(s.name, state);
        }
    }
    pub fn change(&mut self, spec: &Spec, f: impl FnOnce(&mut State)) {
        let mut s = self.get(spec.name);
        f(&mut s);
        self.set(spec, s);
    }
}

impl Spec {
    /// The name and what it is, as systemd writes it into the journal.
    pub fn title(&self) -> String {
        format!("{} - {}", self.name, self.description)
    }
    /// The state within the state: `running`, `exited`, `dead`.
    pub fn sub(&self, active: Active) -> &'static str {
        match (active, self.kind) {
            (Active::Active, Type::Oneshot) => "exited",
            (Active::Active, _) => "running",
            (Active::Inactive, _) => "dead",
            (Active::Failed, _) => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(SPECS.windows(2).all(|w| w[0].name < w[1].name));
        for (given, expected) in [
            ("postfix", Some("postfix.service")),
            ("postfix@-", Some("postfix@-.service")),
            ("dovecot.service", Some("dovecot.service")),
            ("syslog", Some("rsyslog.service")),
            ("nada", None),
            ("postfix.socket", None),
        ] {
            assert_eq!(spec(given).map(|s| s.name), expected, "{given}");
        }
    }
}
