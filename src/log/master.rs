//! What master(8) says: starting, reloading, children that die, and what is wrong with master.cf.

use super::{Message, Severity};
use std::fmt;

/// What is wrong with an entry of master.cf, as master(8) words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryFault {
    Missing(&'static str),
    BadField {
        name: &'static str,
        value: String,
    },
    BadTransport(String),
    PrivateInet,
    BadEndpoint(String),
    /// The host of an endpoint has no address.
    NoAddress(String),
}

impl fmt::Display for EntryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryFault::Missing(name) => write!(f, "missing \"{name}\" field"),
            EntryFault::BadField { name, value } => write!(f, "field \"{name}\": bad value: \"{value}\""),
            EntryFault::BadTransport(t) => write!(f, "bad transport type: {t}"),
            EntryFault::PrivateInet => f.write_str("inet service cannot be private"),
            EntryFault::NoAddress(n) => write!(f, "bad hostname or network address: {n}"),
            EntryFault::BadEndpoint(n) => write!(f, "valid hostname or network address required in \"{n}\""),
        }
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Status(i32),
    Signal(i32),
}

/// Why master(8) cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterFatal {
    Entry {
        path: String,
        line: usize,
        fault: EntryFault,
    },
    OpenMasterCf {
        path: String,
        error: String,
    },
    Bind {
        address: String,
        port: u16,
        error: String,
    },
    /// getaddrinfo(3) of a listen address.
    Service {
        host: String,
        service: String,
    },
    Exec {
        path: String,
        error: String,
    },
}

impl fmt::Display for MasterFatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MasterFatal::Entry { path, line, fault } => write!(f, "{path}: line {line}: {fault}"),
            MasterFatal::OpenMasterCf { path, error } => write!(f, "open {path}: {error}"),
            MasterFatal::Bind { address, port, error } => write!(f, "bind {address} port {port}: {error}"),
            MasterFatal::Service { host, service } => {
                write!(f, "{host}:{service}: Servname not supported for ai_socktype")
            }
            MasterFatal::Exec { path, error } => write!(f, "master_spawn: exec {path}: {error}"),
        }
    }
}

/// An event of master(8).
#[derive(Clone, Debug, PartialEq)]
pub enum Master {
    Started {
        version: &'static str,
        directory: String,
    },
    Reload {
        version: &'static str,
        directory: String,
    },
    Terminating {
        signal: i32,
    },
    /// `path` is the program, `service` the entry of master.cf.
    ChildEnded {
        path: String,
        pid: u32,
        how: Ended,
    },
    Throttling {
        path: String,
    },
    /// All processes of a service are busy; `name` and endpoint as master names them.
    Limit {
        name: String,
        endpoint: String,
        limit: u32,
    },
    LimitAdvice,
    LimitReadme,
    Fatal(MasterFatal),
}

impl Message for Master {
    fn severity(&self) -> Severity {
        match self {
            Master::Started { .. } | Master::Reload { .. } | Master::Terminating { .. } => Severity::Info,
            Master::Fatal(_) => Severity::Crit,
            _ => Severity::Warning,
        }
    }
    fn text(&self) -> String {
        match self {
            Master::Started { version, directory } => {
                format!("daemon started -- version {version}, configuration {directory}")
            }
            Master::Reload { version, directory } => format!("reload -- version {version}, configuration {directory}"),
            Master::Terminating { signal } => format!("terminating on signal {signal}"),
            Master::ChildEnded { path, pid, how: Ended::Status(s) } => {
                format!("warning: process {path} pid {pid} exit status {s}")
            }
            Master::ChildEnded { path, pid, how: Ended::Signal(s) } => {
                format!("warning: process {path} pid {pid} killed by signal {s}")
            }
            Master::Throttling { path } => format!("warning: {path}: bad command startup -- throttling"),
            Master::Limit { name, endpoint, limit } => format!(
                "warning: service \"{name}\" ({endpoint}) has reached its process limit \"{limit}\": new clients may experience noticeable delays"
            ),
            Master::LimitAdvice => {
                "warning: to avoid this condition, increase the process count in master.cf or reduce the service time per client"
                    .to_owned()
            }
            Master::LimitReadme => {
                "warning: see https://www.postfix.org/STRESS_README.html for examples of stress-adapting configuration settings"
                    .to_owned()
            }
            Master::Fatal(x) => format!("fatal: {x}"),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Master::ChildEnded { path, pid, how } => {
                let (name, value) = match how {
                    Ended::Status(s) => ("status", s),
                    Ended::Signal(s) => ("signal", s),
                };
                vec![("program", path.clone()), ("pid", pid.to_string()), (name, value.to_string())]
            }
            Master::Throttling { path } => vec![("program", path.clone())],
            Master::Limit { name, limit, .. } => vec![("service", name.clone()), ("limit", limit.to_string())],
            Master::Terminating { signal } => vec![("signal", signal.to_string())],
            Master::Fatal(x) => vec![("reason", x.to_string())],
            _ => Vec::new(),
        }
    }
}
