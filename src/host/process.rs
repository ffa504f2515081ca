//! The process table.

use crate::base::Time;
use imbl::OrdMap;
use std::sync::Arc;

/// A process as ps(1) shows it. Sizes in KiB.
#[derive(Clone, Debug)]
pub struct Process {
    pub pid: u32,
    pub ppid: u32,
    pub uid: u32,
    /// `comm`: the short name (`smtpd`, `imap-login`).
    pub comm: String,
    /// The command line as `ps` prints it.
    pub args: String,
    pub started: Time,
    pub tty: String,
    pub stat: String,
    pub vsz: u64,
    pub rss: u64,
    /// The systemd unit it belongs to, or empty.
    pub unit: Arc<str>,
    /// Which part of the model it is: `postfix/smtp/inet`, `dovecot/auth`; empty for scenery.
    pub role: String,
}

#[derive(Clone, Debug, Default)]
pub struct Processes {
    map: OrdMap<u32, Process>,
    last: u32,
    /// How many have ended, and how often one may have been changed.
    gone: u64,
}

impl Processes {
    /// Starts a process and returns its pid. Pids go up and wrap at 2^22 as Linux's do on 64 bits.
    pub fn spawn(&mut self, mut p: Process) -> u32 {
        if p.pid == 0 {
            self.last = if self.last >= 4_194_303 { 300 } else { self.last + 1 };
            while self.map.contains_key(&self.last) {
                self.last += 1;
            }
            p.pid = self.last;
        } else {
            self.last = self.last.max(p.pid);
        }
        let pid = p.pid;
        self.map.insert(pid, p);
        pid
    }
    /// Uses up a pid for something short-lived that nobody can see.
    pub fn burn(&mut self) -> u32 {
        self.last += 1;
        self.last
    }
    pub fn get(&self, pid: u32) -> Option<&Process> {
        self.map.get(&pid)
    }
    pub fn get_mut(&mut self, pid: u32) -> Option<&mut Process> {
        self.gone += 1;
        self.map.get_mut(&pid)
    }
    pub fn remove(&mut self, pid: u32) -> Option<Process> {
        self.gone += 1;
        self.map.remove(&pid)
    }
    /// Counts what can leave a service without its processes: the same number, and none has lost one.
    pub fn losses(&self) -> u64 {
        self.gone
    }
    /// The pid that was given last.
    pub fn last(&self) -> u32 {
        self.last
    }
    /// All processes by pid.
    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        self.map.values()
    }
}
