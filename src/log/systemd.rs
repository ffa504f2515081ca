//! What systemd(1) can say of its units.

use super::{Message, Severity};

/// One line of PID 1. `unit` is the full name, `title` the name with its description.
#[derive(Clone, Debug, PartialEq)]
pub enum Systemd {
    Starting {
        title: String,
    },
    Started {
        title: String,
    },
    /// A oneshot unit is done.
    Finished {
        title: String,
    },
    Stopping {
        title: String,
    },
    Stopped {
        title: String,
    },
    Reloading {
        title: String,
    },
    Reloaded {
        title: String,
    },
    Deactivated {
        unit: String,
    },
    /// A process of the unit ended badly: the control process (ExecStart of a forking unit, ExecStop) or the main one.
    Exited {
        unit: String,
        main: bool,
        status: i32,
        word: &'static str,
    },
    /// The main process was killed.
    Killed {
        unit: String,
        signal: &'static str,
    },
    Failed {
        unit: String,
        result: &'static str,
    },
    FailedToStart {
        title: String,
    },
}

impl Message for Systemd {
    fn kind(&self) -> &'static str {
        match self {
            Systemd::Starting { .. } => "systemd.starting",
            Systemd::Started { .. } => "systemd.started",
            Systemd::Finished { .. } => "systemd.finished",
            Systemd::Stopping { .. } => "systemd.stopping",
            Systemd::Stopped { .. } => "systemd.stopped",
            Systemd::Reloading { .. } => "systemd.reloading",
            Systemd::Reloaded { .. } => "systemd.reloaded",
            Systemd::Deactivated { .. } => "systemd.deactivated",
            Systemd::Exited { .. } => "systemd.exited",
            Systemd::Killed { .. } => "systemd.killed",
            Systemd::Failed { .. } => "systemd.failed",
            Systemd::FailedToStart { .. } => "systemd.failed-to-start",
        }
    }
    fn severity(&self) -> Severity {
        match self {
            Systemd::FailedToStart { .. } => Severity::Err,
            Systemd::Exited { .. } | Systemd::Killed { .. } => Severity::Notice,
            Systemd::Failed { .. } => Severity::Warning,
            _ => Severity::Info,
        }
    }
    fn text(&self) -> String {
        match self {
            Systemd::Starting { title } => format!("Starting {title}..."),
            Systemd::Started { title } => format!("Started {title}."),
            Systemd::Finished { title } => format!("Finished {title}."),
            Systemd::Stopping { title } => format!("Stopping {title}..."),
            Systemd::Stopped { title } => format!("Stopped {title}."),
            Systemd::Reloading { title } => format!("Reloading {title}..."),
            Systemd::Reloaded { title } => format!("Reloaded {title}."),
            Systemd::Deactivated { unit } => format!("{unit}: Deactivated successfully."),
            Systemd::Exited { unit, main, status, word } => {
                let which = if *main { "Main" } else { "Control" };
                format!("{unit}: {which} process exited, code=exited, status={status}/{word}")
            }
            Systemd::Killed { unit, signal } => format!("{unit}: Main process exited, code=killed, status={signal}"),
            Systemd::Failed { unit, result } => format!("{unit}: Failed with result '{result}'."),
            Systemd::FailedToStart { title } => format!("Failed to start {title}."),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Systemd::Starting { title }
            | Systemd::Started { title }
            | Systemd::Finished { title }
            | Systemd::Stopping { title }
            | Systemd::Stopped { title }
            | Systemd::Reloading { title }
            | Systemd::Reloaded { title }
            | Systemd::FailedToStart { title } => {
                vec![("unit", title.split(' ').next().unwrap_or("").to_owned())]
            }
            Systemd::Deactivated { unit } | Systemd::Killed { unit, .. } => vec![("unit", unit.clone())],
            Systemd::Exited { unit, status, .. } => vec![("unit", unit.clone()), ("status", status.to_string())],
            Systemd::Failed { unit, result } => vec![("unit", unit.clone()), ("result", (*result).to_owned())],
        }
    }
}
