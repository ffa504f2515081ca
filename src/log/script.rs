//! What postfix(1), postfix-script and the tools that build tables say.

use super::{Message, Severity};
use std::fmt;

/// A warning of `postfix check`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckWarning {
    NotOwnedBy { owner: String, path: String },
    NotOwnedByGroup { group: String, path: String },
    Writable(String),
    Differ { copy: String, original: String },
    Damaged(String),
    NotSetGid(String),
}

impl fmt::Display for CheckWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckWarning::NotOwnedBy { owner, path } => write!(f, "not owned by {owner}: {path}"),
            CheckWarning::NotOwnedByGroup { group, path } => write!(f, "not owned by group {group}: {path}"),
            CheckWarning::Writable(path) => write!(f, "group or other writable: {path}"),
            CheckWarning::Differ { copy, original } => write!(f, "{copy} and {original} differ"),
            CheckWarning::Damaged(path) => write!(f, "damaged message: {path}"),
            CheckWarning::NotSetGid(path) => {
                write!(f, "not set-gid or not owner+group+world executable: {path}")
            }
        }
    }
}

/// What the script, or a tool beside it, says.
#[derive(Clone, Debug, PartialEq)]
pub enum Script {
    Starting,
    Stopping,
    Aborting,
    Refreshing,
    Running {
        pid: u32,
    },
    NotRunning,
    FatalNotRunning,
    FatalRunning,
    StartupFailed,
    UnknownCommand(String),
    NoLogFile,
    NoMasterCf(String),
    /// A program that the script cannot do without.
    CannotExecute(String),
    Warning(CheckWarning),
    /// postfix(1) run by somebody else than root: two lines.
    UseSendmail,
    Reserved,
    /// The three lines about `compatibility_level`.
    Compatibility(u8),
    UnknownTls(String),
    TlsUsage,
    /// A line given to postlog(1).
    Text {
        level: &'static str,
        text: String,
    },
    /// A tool's usage line.
    Usage(&'static str),
    /// A tool's other fatal ends, worded by the tool's own rules.
    ToolFatal(ToolFatal),
    ToolWarning(ToolWarning),
}

/// Why a table tool ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolFatal {
    OneOf(&'static str),
    BulkOptions,
    OpenSource {
        path: String,
        error: String,
    },
    NoBulk(String),
    NoPackage(String),
    Query {
        table: String,
    },
    Sequence {
        table: String,
    },
    NoSequence {
        table: String,
    },
    NoDelete {
        table: String,
    },
    ReadOnly {
        table: String,
    },
    OpenDatabase {
        path: String,
        error: String,
    },
    Delete {
        table: String,
    },
    /// A table that `proxy_write_maps` does not have.
    NoProxyWrite(String),
    ProxyBuild,
    /// postlog(1): `-p` with a word that is none.
    BadSeverity(String),
    /// A table of a list that cannot be searched.
    ListProblem {
        list: String,
        table: String,
    },
    ProxySequence,
    /// `-F`: the file that a value of an inline table names.
    InlineFile {
        path: String,
        error: String,
        spec: String,
    },
}

impl fmt::Display for ToolFatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ToolFatal::OneOf(list) => write!(f, "specify only one of {list}"),
            ToolFatal::BulkOptions => f.write_str("specify -b -h or -m only with \"-q -\""),
            ToolFatal::OpenSource { path, error } => write!(f, "open {path}: {error}"),
            ToolFatal::NoBulk(kind) => {
                write!(f, "unsupported dictionary type: {kind} does not support bulk-mode creation.")
            }
            ToolFatal::NoPackage(kind) => {
                write!(f, "unsupported dictionary type: {kind}. Is the postfix-{kind} package installed?")
            }
            ToolFatal::Query { table } => write!(f, "table {table}: query error: Application error"),
            ToolFatal::Sequence { table } => write!(f, "table {table}: sequence error: Application error"),
            ToolFatal::NoSequence { table } => write!(f, "table {table}: sequence operation is not supported"),
            ToolFatal::NoDelete { table } => write!(f, "table {table}: delete operation is not supported"),
            ToolFatal::ReadOnly { table } => write!(f, "{table} map requires O_RDONLY access mode"),
            ToolFatal::Delete { table } => write!(f, "table {table}: delete error: Application error"),
            ToolFatal::NoProxyWrite(table) => {
                write!(f, "proxywrite service is not configured for table \"{table}\"")
            }
            ToolFatal::ProxySequence => f.write_str("can't sequence maps via the proxy service"),
            ToolFatal::InlineFile { path, error, spec } => {
                write!(f, "open {path}: {error}: \"{spec}\"; need \"inline:{{name=filename...}}\"")
            }
            ToolFatal::ListProblem { list, table } => write!(f, "{list}: {table}: table lookup problem"),
            ToolFatal::BadSeverity(word) => write!(f, "bad severity: \"{word}\""),
            ToolFatal::ProxyBuild => f.write_str("can't create maps via the proxy service"),
            ToolFatal::OpenDatabase { path, error } => write!(f, "open database {path}: {error}"),
        }
    }
}

/// What is odd in a table source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolWarning {
    NeedPair {
        path: String,
        line: usize,
    },
    MustBeLocal {
        path: String,
        line: usize,
    },
    Duplicate {
        database: String,
        key: String,
    },
    EmptyResult {
        table: String,
        key: String,
    },
    ShouldReturnNone {
        table: String,
    },
    EmptyKey {
        table: String,
    },
    /// `-m` is about what `-h` and `-b` look at.
    MimeAlone,
    NotUtf8 {
        path: String,
        line: usize,
        text: String,
    },
    /// `-F`: the file that a value names.
    OpenValue {
        path: String,
        line: usize,
        file: String,
        error: String,
    },
}

impl fmt::Display for ToolWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ToolWarning::NeedPair { path, line } => write!(f, "{path}, line {line}: need name:value pair"),
            ToolWarning::MustBeLocal { path, line } => write!(f, "{path}, line {line}: name must be local"),
            ToolWarning::Duplicate { database, key } => write!(f, "{database}: duplicate entry: \"{key}\""),
            ToolWarning::EmptyResult { table, key } => {
                write!(f, "table {table}: key {key}: empty string result is not allowed")
            }
            ToolWarning::EmptyKey { table } => {
                write!(f, "table {table}: empty lookup key value is not allowed")
            }
            ToolWarning::MimeAlone => f.write_str("ignoring -m option without -b or -h"),
            ToolWarning::NotUtf8 { path, line, text } => {
                write!(f, "{path}, line {line}: non-UTF-8 input \"{text}\" -- ignoring this line")
            }
            ToolWarning::OpenValue { path, line, file, error } => {
                write!(f, "{path}, line {line}: open {file}: {error}: skipping this entry")
            }
            ToolWarning::ShouldReturnNone { table } => {
                write!(f, "table {table} should return NO RESULT in case of NOT FOUND")
            }
        }
    }
}

impl Message for Script {
    fn severity(&self) -> Severity {
        match self {
            Script::Warning(_) | Script::ToolWarning(_) => Severity::Warning,
            Script::UseSendmail | Script::UnknownTls(_) => Severity::Err,
            Script::FatalNotRunning
            | Script::FatalRunning
            | Script::StartupFailed
            | Script::UnknownCommand(_)
            | Script::NoLogFile
            | Script::NoMasterCf(_)
            | Script::CannotExecute(_)
            | Script::Reserved
            | Script::TlsUsage
            | Script::Usage(_)
            | Script::ToolFatal(_) => Severity::Crit,
            _ => Severity::Info,
        }
    }
    fn text(&self) -> String {
        const COMMANDS: &str =
            "start (or stop, reload, abort, flush, check, status, set-permissions, upgrade-configuration, logrotate)";
        match self {
            Script::Starting => "starting the Postfix mail system".into(),
            Script::Stopping => "stopping the Postfix mail system".into(),
            Script::Aborting => "aborting the Postfix mail system".into(),
            Script::Refreshing => "refreshing the Postfix mail system".into(),
            Script::Running { pid } => format!("the Postfix mail system is running: PID: {pid}"),
            Script::NotRunning => "the Postfix mail system is not running".into(),
            Script::FatalNotRunning => "fatal: the Postfix mail system is not running".into(),
            Script::FatalRunning => "fatal: the Postfix mail system is already running".into(),
            Script::StartupFailed => "fatal: mail system startup failed".into(),
            Script::UnknownCommand(c) => format!("fatal: unknown command: '{c}'. Usage: postfix {COMMANDS}"),
            Script::NoLogFile => "fatal: empty 'maillog_file' parameter value - logfile rotation failed".into(),
            Script::NoMasterCf(path) => format!("fatal: no {path} file found"),
            Script::CannotExecute(path) => format!("fatal: cannot execute {path}!"),
            Script::Warning(w) => format!("warning: {w}"),
            Script::UseSendmail => "error: to submit mail, use the Postfix sendmail command".into(),
            Script::Reserved => "fatal: the postfix command is reserved for the superuser".into(),
            Script::Compatibility(0) => "Postfix is using backwards-compatible default settings".into(),
            Script::Compatibility(1) => "See http://www.postfix.org/COMPATIBILITY_README.html for details".into(),
            Script::Compatibility(_) => {
                "To disable backwards compatibility use \"postconf compatibility_level=3.6\" and \"postfix reload\"".into()
            }
            Script::UnknownTls(c) => format!("error: unknown tls command: '{c}'"),
            Script::TlsUsage => "fatal: usage: postfix tls enable-client (or enable-server, new-server-key, new-server-cert, deploy-server-cert, output-server-csr, output-server-tlsa, all-default-client, all-default-server)".into(),
            Script::Text { level, text } => format!("{level}{text}"),
            Script::Usage(u) => format!("fatal: usage: {u}"),
            Script::ToolFatal(x) => format!("fatal: {x}"),
            Script::ToolWarning(w) => format!("warning: {w}"),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Script::Running { pid } => vec![("pid", pid.to_string())],
            Script::Warning(w) => vec![("reason", w.to_string())],
            Script::ToolFatal(x) => vec![("reason", x.to_string())],
            Script::ToolWarning(w) => vec![("reason", w.to_string())],
            Script::Text { text, .. } => vec![("text", text.clone())],
            _ => Vec::new(),
        }
    }
}
