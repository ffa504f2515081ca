//! rsyslogd: copies journal records into files by /etc/rsyslog.conf. When it is stopped, or the disk is full, lines are lost.
//!
//! The rules are read when it starts: selectors with files, `$ActionFileDefaultTemplate`, file owner, group and mode,
//! `$IncludeConfig`, `stop`. Left out: templates of one's own, property filters and RainerScript, remote hosts.

use super::Host;
use super::fs::{Cred, Ino};
use crate::log::{Facility, Message as _, Record, Severity};
use std::sync::Arc;

/// In the order of their numbers here, by which [`Rules`] has its places.
const FACILITIES: [Facility; 20] = [
    Facility::Kern,
    Facility::User,
    Facility::Mail,
    Facility::Daemon,
    Facility::Auth,
    Facility::Syslog,
    Facility::Cron,
    Facility::AuthPriv,
    Facility::Lpr,
    Facility::News,
    Facility::Uucp,
    Facility::Ftp,
    Facility::Local0,
    Facility::Local1,
    Facility::Local2,
    Facility::Local3,
    Facility::Local4,
    Facility::Local5,
    Facility::Local6,
    Facility::Local7,
];
const SEVERITIES: [Severity; 8] = [
    Severity::Emerg,
    Severity::Alert,
    Severity::Crit,
    Severity::Err,
    Severity::Warning,
    Severity::Notice,
    Severity::Info,
    Severity::Debug,
];

/// One selector of a rule: facilities (`None`: all of them) and a priority.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Selector {
    facilities: Option<Vec<Facility>>,
    priority: Priority,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Priority {
    All,
    None,
    AtLeast(Severity),
    Exactly(Severity),
}

/// A rule: when all of it selects a record, the record goes to the file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    selectors: Vec<Selector>,
    file: Option<String>,
    stop: bool,
}

/// The rules in order, and which of them select what a facility says with a severity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rules {
    all: Vec<Rule>,
    taking: [[Vec<usize>; 8]; 20],
}

impl Rules {
    fn new(all: Vec<Rule>) -> Rules {
        let taking = FACILITIES.map(|f| SEVERITIES.map(|s| (0..all.len()).filter(|i| all[*i].takes(f, s)).collect()));
        Rules { all, taking }
    }
}

/// The syslog daemon.
#[derive(Clone, Debug, Default)]
pub struct Syslog {
    /// Its pid while it runs.
    pub pid: Option<u32>,
    rules: Arc<Rules>,
    /// The files that it has open, by rule: each from the first line on that went there, wherever the file is moved.
    open: Vec<Option<Ino>>,
    traditional: bool,
    owner: (u32, u32),
    mode: u32,
}

/// The facility of a name (syslog(3)).
pub fn facility(word: &str) -> Option<Facility> {
    Some(match word {
        "kern" => Facility::Kern,
        "user" => Facility::User,
        "mail" => Facility::Mail,
        "daemon" => Facility::Daemon,
        "auth" => Facility::Auth,
        "syslog" => Facility::Syslog,
        "cron" => Facility::Cron,
        "authpriv" => Facility::AuthPriv,
        "security" => Facility::Auth,
        "lpr" => Facility::Lpr,
        "news" => Facility::News,
        "uucp" => Facility::Uucp,
        "ftp" => Facility::Ftp,
        "local0" => Facility::Local0,
        "local1" => Facility::Local1,
        "local2" => Facility::Local2,
        "local3" => Facility::Local3,
        "local4" => Facility::Local4,
        "local5" => Facility::Local5,
        "local6" => Facility::Local6,
        "local7" => Facility::Local7,
        _ => return None,
    })
}

fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "emerg" | "panic" => Severity::Emerg,
        "alert" => Severity::Alert,
        "crit" => Severity::Crit,
        "err" | "error" => Severity::Err,
        "warning" | "warn" => Severity::Warning,
        "notice" => Severity::Notice,
        "info" => Severity::Info,
        "debug" => Severity::Debug,
        _ => return None,
    })
}

fn selector(text: &str) -> Option<Selector> {
    let (facilities, priority) = text.rsplit_once('.')?;
    let facilities = (facilities != "*").then(|| facilities.split(',').filter_map(facility).collect());
    let priority = match priority {
        "*" => Priority::All,
        "none" => Priority::None,
        p => match p.strip_prefix('=') {
            Some(p) => Priority::Exactly(severity(p)?),
            None => Priority::AtLeast(severity(p)?),
        },
    };
    Some(Selector { facilities, priority })
}

impl Rule {
    fn takes(&self, facility: Facility, severity: Severity) -> bool {
        let mut taken = false;
        for s in self.selectors.iter().filter(|s| s.facilities.as_ref().is_none_or(|f| f.contains(&facility))) {
            match s.priority {
                Priority::All => taken = true,
                Priority::None => taken = false,
                Priority::AtLeast(p) => taken |= severity <= p,
                Priority::Exactly(p) => taken |= severity == p,
            }
        }
        taken
    }
}

/// Reads the configuration as the daemon does when it starts.
fn read(host: &Host, path: &str, to: &mut Syslog, rules: &mut Vec<Rule>, depth: u32) {
    let text = host.fs.read_text(path).unwrap_or_default();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let mut words = line.split_whitespace();
        let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        match first {
            "$ActionFileDefaultTemplate" => to.traditional = second == "RSYSLOG_TraditionalFileFormat",
            "$FileOwner" => to.owner.0 = host.uid(second).unwrap_or(0),
            "$FileGroup" => to.owner.1 = host.group(second).map_or(0, |g| g.gid),
            "$FileCreateMode" => to.mode = u32::from_str_radix(second, 8).unwrap_or(0o644),
            "$IncludeConfig" if depth < 4 => {
                let Some((dir, glob)) = second.rsplit_once('/') else { continue };
                let suffix = glob.trim_start_matches('*');
                for (n, _) in host.fs.readdir(&Cred::root(), dir).unwrap_or_default() {
                    if n.ends_with(suffix) && !n.starts_with('.') {
                        read(host, &format!("{dir}/{n}"), to, rules, depth + 1);
                    }
                }
            }
            "&" => {
                if let Some(last) = rules.last().cloned() {
                    rules.push(action(last.selectors, second));
                }
            }
            _ if first.starts_with('$') || second.is_empty() => {}
            _ => {
                let selectors: Option<Vec<Selector>> = first.split(';').map(selector).collect();
                if let Some(s) = selectors {
                    rules.push(action(s, second));
                }
            }
        }
    }
}

fn action(selectors: Vec<Selector>, what: &str) -> Rule {
    let stop = matches!(what, "stop" | "~");
    let file = what.trim_start_matches('-');
    Rule { selectors, file: file.starts_with('/').then(|| file.split(';').next().unwrap_or(file).to_owned()), stop }
}

impl Syslog {
    /// A daemon with the three files that matter here, for a host without a configuration.
    pub fn plain() -> Syslog {
        let rule = |s: &str, file: &str| {
            let selectors = s.split(';').filter_map(selector).collect();
            Rule { selectors, file: Some(file.to_owned()), stop: false }
        };
        let rules = vec![
            rule("*.*;auth,authpriv.none;mail.none", "/var/log/syslog"),
            rule("auth,authpriv.*", "/var/log/auth.log"),
            rule("mail.*", "/var/log/mail.log"),
        ];
        let open = vec![None; rules.len()];
        Syslog { pid: Some(0), rules: Arc::new(Rules::new(rules)), open, traditional: true, owner: (0, 0), mode: 0o640 }
    }
}

impl Host {
    /// rsyslogd starts: it reads its configuration.
    pub fn start_syslog(&mut self, pid: u32) {
        let mut s = Syslog { pid: Some(pid), mode: 0o644, ..Syslog::default() };
        let mut rules = Vec::new();
        read(self, "/etc/rsyslog.conf", &mut s, &mut rules, 0);
        s.open = vec![None; rules.len()];
        s.rules = Arc::new(Rules::new(rules));
        self.syslog = s;
    }
    /// rsyslogd gets SIGHUP: it closes its files, and opens them by name when there is something to write (rsyslogd(8)).
    pub fn reopen_syslog(&mut self) {
        self.syslog.open.fill(None);
    }
}

/// Opens the file of a rule; a new one gets the owner that the configuration says.
fn open_file(host: &mut Host, rule: usize, path: &str) -> Option<Ino> {
    let root = Cred::root();
    let (ino, new) = host.fs.open(&root, path, host.syslog.mode, false, false).ok()?;
    if new {
        let (uid, gid) = host.syslog.owner;
        let _ = host.fs.chown(&root, path, Some(uid), Some(gid), true);
    }
    *host.syslog.open.get_mut(rule)? = Some(ino);
    Some(ino)
}

/// Writes one record to the files whose rules select it.
pub(super) fn write(host: &mut Host, record: &Record) {
    if host.syslog.pid.is_none() {
        return;
    }
    let (facility, severity) = (record.facility, record.event.severity());
    let rules = host.syslog.rules.clone();
    let mut line = String::new();
    for &i in &rules.taking[facility as usize][severity as usize] {
        let rule = &rules.all[i];
        if rule.stop {
            return;
        }
        let Some(path) = &rule.file else { continue };
        if line.is_empty() {
            line = if host.syslog.traditional { record.traditional(&host.name) } else { record.iso(&host.name) };
            line.push('\n');
        }
        let open = host.syslog.open.get(i).copied().flatten();
        if let Some(ino) = open.or_else(|| open_file(host, i, path)) {
            let _ = host.fs.append_ino(&Cred::root(), ino, line.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facilities_and_severities_stand_at_their_places() {
        assert!(FACILITIES.iter().enumerate().all(|(i, f)| *f as usize == i));
        assert!(SEVERITIES.iter().enumerate().all(|(i, s)| *s as usize == i));
    }
}
