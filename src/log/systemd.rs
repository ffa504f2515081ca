//! What systemd(1) says of its units, and the syslog daemon of itself.

use super::{Message, Severity};

/// How a process of a unit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Status(i32),
    Signal(i32),
}

impl Exit {
    /// Whether systemd counts it as a success.
    pub fn is_clean(self) -> bool {
        matches!(self, Exit::Status(0) | Exit::Signal(1 | 2 | 13 | 15))
    }
}

/// A unit as messages name it: its name and its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub unit: String,
    pub description: String,
}

/// Which process of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Main,
    Control,
}

/// An event of the service manager.
#[derive(Clone, Debug, PartialEq)]
pub enum Systemd {
    Starting(Named),
    Started(Named),
    /// A oneshot service has run.
    Finished(Named),
    Stopping(Named),
    Stopped(Named),
    Reloading(Named),
    Reloaded(Named),
    FailedToStart(Named),
    ReloadFailed(Named),
    Skipped {
        named: Named,
        condition: String,
    },
    Listening(Named),
    Closed(Named),
    Reached(Named),
    Deactivated {
        unit: String,
    },
    ProcessExited {
        unit: String,
        which: Which,
        exit: Exit,
    },
    FailedResult {
        unit: String,
        result: &'static str,
    },
    TooQuickly {
        unit: String,
    },
    ScheduledRestart {
        unit: String,
        count: u32,
    },
    CannotReload {
        unit: String,
    },
    /// A command of a unit is no program.
    FailedExec {
        unit: String,
        path: String,
    },
    /// `systemctl daemon-reload`, enable, disable.
    ManagerReloads,
    Killed {
        unit: String,
        main: bool,
        signal: &'static str,
        pid: u32,
        comm: String,
    },
    /// rsyslogd started by systemd.
    SyslogSocket,
    SyslogStart {
        pid: u32,
    },
    SyslogExit {
        pid: u32,
        signal: i32,
    },
    /// A line that a program of a service printed.
    Printed(String),
}

/// What systemd calls an exit status: `89/n/a`, `1/FAILURE`.
pub fn status_name(status: i32) -> Option<&'static str> {
    Some(match status {
        0 => "SUCCESS",
        1 => "FAILURE",
        2 => "INVALIDARGUMENT",
        3 => "NOTIMPLEMENTED",
        4 => "NOPERMISSION",
        5 => "NOTINSTALLED",
        6 => "NOTCONFIGURED",
        7 => "NOTRUNNING",
        64 => "USAGE",
        65 => "DATAERR",
        66 => "NOINPUT",
        67 => "NOUSER",
        68 => "NOHOST",
        69 => "UNAVAILABLE",
        70 => "SOFTWARE",
        71 => "OSERR",
        72 => "OSFILE",
        73 => "CANTCREAT",
        74 => "IOERR",
        75 => "TEMPFAIL",
        76 => "PROTOCOL",
        77 => "NOPERM",
        78 => "CONFIG",
        200 => "CHDIR",
        203 => "EXEC",
        216 => "GROUP",
        217 => "USER",
        _ => return None,
    })
}

/// A signal without `SIG`.
pub fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        6 => "ABRT",
        9 => "KILL",
        10 => "USR1",
        12 => "USR2",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        _ => "SEGV",
    }
}

impl Systemd {
    fn named(&self) -> Option<&Named> {
        Some(match self {
            Systemd::Starting(n)
            | Systemd::Started(n)
            | Systemd::Finished(n)
            | Systemd::Stopping(n)
            | Systemd::Stopped(n)
            | Systemd::Reloading(n)
            | Systemd::Reloaded(n)
            | Systemd::FailedToStart(n)
            | Systemd::ReloadFailed(n)
            | Systemd::Listening(n)
            | Systemd::Closed(n)
            | Systemd::Reached(n)
            | Systemd::Skipped { named: n, .. } => n,
            _ => return None,
        })
    }
    /// The unit that the event is about.
    pub fn unit(&self) -> &str {
        match self {
            Systemd::Deactivated { unit }
            | Systemd::ProcessExited { unit, .. }
            | Systemd::FailedResult { unit, .. }
            | Systemd::TooQuickly { unit }
            | Systemd::ScheduledRestart { unit, .. }
            | Systemd::CannotReload { unit }
            | Systemd::FailedExec { unit, .. }
            | Systemd::Killed { unit, .. } => unit,
            _ => self.named().map_or("", |n| n.unit.as_str()),
        }
    }
}

impl Message for Systemd {
    fn severity(&self) -> Severity {
        match self {
            Systemd::FailedToStart(_) | Systemd::ReloadFailed(_) | Systemd::FailedExec { .. } => Severity::Err,
            Systemd::FailedResult { .. } | Systemd::TooQuickly { .. } | Systemd::CannotReload { .. } => {
                Severity::Warning
            }
            Systemd::ProcessExited { .. } | Systemd::Killed { .. } => Severity::Notice,
            _ => Severity::Info,
        }
    }
    fn text(&self) -> String {
        let n = |n: &Named| {
            if n.unit == n.description { n.unit.clone() } else { format!("{} - {}", n.unit, n.description) }
        };
        match self {
            Systemd::Starting(x) => format!("Starting {}...", n(x)),
            Systemd::Started(x) => format!("Started {}.", n(x)),
            Systemd::Finished(x) => format!("Finished {}.", n(x)),
            Systemd::Stopping(x) => format!("Stopping {}...", n(x)),
            Systemd::Stopped(x) => format!("Stopped {}.", n(x)),
            Systemd::Reloading(x) => format!("Reloading {}...", n(x)),
            Systemd::Reloaded(x) => format!("Reloaded {}.", n(x)),
            Systemd::FailedToStart(x) => format!("Failed to start {}.", n(x)),
            Systemd::ReloadFailed(x) => format!("Reload failed for {}.", n(x)),
            Systemd::Listening(x) => format!("Listening on {}.", n(x)),
            Systemd::Closed(x) => format!("Closed {}.", n(x)),
            Systemd::Reached(x) => format!("Reached target {}.", n(x)),
            Systemd::Skipped { named, condition } => {
                format!("{} was skipped because of an unmet condition check ({condition}).", n(named))
            }
            Systemd::Deactivated { unit } => format!("{unit}: Deactivated successfully."),
            Systemd::ProcessExited { unit, which, exit } => {
                let which = if *which == Which::Main { "Main" } else { "Control" };
                match exit {
                    Exit::Status(s) => {
                        let name = status_name(*s).unwrap_or("n/a");
                        format!("{unit}: {which} process exited, code=exited, status={s}/{name}")
                    }
                    Exit::Signal(s) => {
                        format!("{unit}: {which} process exited, code=killed, status={s}/{}", signal_name(*s))
                    }
                }
            }
            Systemd::FailedResult { unit, result } => format!("{unit}: Failed with result '{result}'."),
            Systemd::TooQuickly { unit } => format!("{unit}: Start request repeated too quickly."),
            Systemd::ScheduledRestart { unit, count } => {
                format!("{unit}: Scheduled restart job, restart counter is at {count}.")
            }
            Systemd::CannotReload { unit } => format!("{unit}: Unit cannot be reloaded because it is inactive."),
            Systemd::FailedExec { unit, path } => {
                format!("{unit}: Failed at step EXEC spawning {path}: No such file or directory")
            }
            Systemd::ManagerReloads => "Reloading.".into(),
            Systemd::Killed { unit, main: true, signal, pid, comm } => {
                format!("{unit}: Sent signal SIG{signal} to main process {pid} ({comm}) on client request.")
            }
            Systemd::Killed { unit, signal, pid, comm, .. } => {
                format!("{unit}: Sending signal SIG{signal} to process {pid} ({comm}) on client request.")
            }
            Systemd::SyslogSocket => {
                "imuxsock: Acquired UNIX socket '/run/systemd/journal/syslog' (fd 3) from systemd.  [v8.2302.0]".into()
            }
            Systemd::SyslogStart { pid } => format!("{} start", origin(*pid)),
            Systemd::SyslogExit { pid, signal } => format!("{} exiting on signal {signal}.", origin(*pid)),
            Systemd::Printed(t) => t.clone(),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut out = Vec::new();
        if !self.unit().is_empty() {
            out.push(("unit", self.unit().to_owned()));
        }
        match self {
            Systemd::ProcessExited { exit: Exit::Status(s), .. } => out.push(("status", s.to_string())),
            Systemd::ProcessExited { exit: Exit::Signal(s), .. } => out.push(("signal", s.to_string())),
            Systemd::FailedResult { result, .. } => out.push(("result", (*result).to_owned())),
            _ => {}
        }
        out
    }
}

fn origin(pid: u32) -> String {
    format!(r#"[origin software="rsyslogd" swVersion="8.2302.0" x-pid="{pid}" x-info="https://www.rsyslog.com"]"#)
}
