//! What Dovecot's processes can say.
//!
//! [`Trouble`] holds the complaints that doveadm also prints on standard error, so that both read the same.

mod sieve;
mod trouble;

pub use sieve::{Sieve, Vacation};
pub use trouble::{Denied, Trouble};

use super::{Message, Severity};
use std::fmt;
use std::net::IpAddr;

/// The process of a user's session: `imap(maria)<1234><session>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub service: String,
    /// Empty before the user is known.
    pub user: String,
    pub pid: u32,
    /// Empty: the prefix stops after the user (initialization failed).
    pub session: String,
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.user.as_str(), self.session.as_str()) {
            ("", _) => write!(f, "{}({})", self.service, self.pid),
            (u, "") => write!(f, "{}({u})", self.service),
            (u, s) => write!(f, "{}({u})<{}><{s}>", self.service, self.pid),
        }
    }
}

/// How a login connection was protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Security {
    Plain,
    /// From the host itself.
    Secured,
    Tls,
    /// The handshake failed with this.
    Handshaking(String),
}

/// The client side of a login process's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub service: String,
    pub user: String,
    pub method: String,
    pub rip: IpAddr,
    pub lip: IpAddr,
    pub mpid: Option<u32>,
    pub security: Security,
    pub session: String,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user=<{}>", self.user)?;
        if !self.method.is_empty() {
            write!(f, ", method={}", self.method)?;
        }
        write!(f, ", rip={}, lip={}", self.rip, self.lip)?;
        if let Some(p) = self.mpid {
            write!(f, ", mpid={p}")?;
        }
        match &self.security {
            Security::Plain => {}
            Security::Secured => f.write_str(", secured")?,
            Security::Tls => f.write_str(", TLS")?,
            Security::Handshaking(e) => write!(f, ", TLS handshaking: {e}")?,
        }
        write!(f, ", session=<{}>", self.session)
    }
}

/// What a login process says of the attempts when the client goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempts {
    None {
        secs: i64,
    },
    Failed {
        count: u32,
        secs: i64,
    },
    /// Plaintext was tried where it is not allowed.
    Disallowed,
    Unsupported,
    /// Auth never answered.
    NotReady {
        secs: i64,
    },
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attempts::None { secs } => write!(f, "no auth attempts in {secs} secs"),
            Attempts::Failed { count, secs } => write!(f, "auth failed, {count} attempts in {secs} secs"),
            Attempts::Disallowed => f.write_str("tried to use disallowed plaintext auth"),
            Attempts::Unsupported => f.write_str("tried to use unsupported auth mechanism"),
            Attempts::NotReady { secs } => write!(f, "disconnected before auth was ready, waited {secs} secs"),
        }
    }
}

/// Why the auth process cannot start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthFatal {
    Mechanism(String),
    Passdb(String),
    Userdb(String),
    NoPassdb,
}

impl fmt::Display for AuthFatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuthFatal::Mechanism(m) => write!(f, "Unknown authentication mechanism '{}'", m.to_uppercase()),
            AuthFatal::Passdb(d) => write!(f, "Unknown passdb driver '{d}'"),
            AuthFatal::Userdb(d) => write!(f, "Unknown userdb driver '{d}'"),
            AuthFatal::NoPassdb => f.write_str("No passdbs specified in configuration file. PLAIN mechanism needs one"),
        }
    }
}

/// Why master cannot start, or cannot listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartFailure {
    Listen { service: String, address: String, port: u16, errno: &'static str },
    BindInet { address: String, port: u16, errno: &'static str },
    BindUnix { path: String, errno: &'static str },
    NoListeners,
    Executable { service: String, path: String },
    NoUser { service: String, user: String, setting: String },
    Running { pid: u32, file: String },
}

impl fmt::Display for StartFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartFailure::Listen { service, address, port, errno } => {
                write!(f, "service({service}): listen({address}, {port}) failed: {errno}")
            }
            StartFailure::BindInet { address, port, errno } => write!(f, "bind({address}, {port}) failed: {errno}"),
            StartFailure::BindUnix { path, errno } => write!(f, "bind({path}) failed: {errno}"),
            StartFailure::NoListeners => f.write_str("Failed to start listeners"),
            StartFailure::Executable { service, path } => {
                write!(f, "service({service}) access({path}) failed: No such file or directory")
            }
            StartFailure::NoUser { service, user, setting } => {
                write!(
                    f,
                    "service({service}) User doesn't exist: {user} (See service {service} {{ {setting} }} setting)"
                )
            }
            StartFailure::Running { pid, file } => {
                write!(f, "Dovecot is already running with PID {pid} (read from {file})")
            }
        }
    }
}

impl StartFailure {
    /// Whether master ends with this line.
    pub fn is_fatal(&self) -> bool {
        !matches!(self, StartFailure::Listen { .. } | StartFailure::BindInet { .. } | StartFailure::BindUnix { .. })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Dovecot {
    Started {
        protocols: Vec<String>,
    },
    Sighup,
    ReloadRefused {
        error: String,
    },
    /// A process of Dovecot got a signal.
    Killed {
        process: String,
        pid: u32,
        uid: u32,
    },
    /// The log process ends while a process still writes to it.
    LogShutdown {
        pid: u32,
        prefix: &'static str,
    },
    /// A start failure, as the log has it (`master`) or as standard error has it.
    Start {
        failure: StartFailure,
        stderr: bool,
    },
    /// doveconf's or config's refusal of the configuration.
    ConfigFatal {
        program: &'static str,
        error: String,
    },
    /// A complaint that doveconf makes before the fatal line that repeats it.
    ConfigError {
        text: String,
    },
    ConfigWarning {
        program: &'static str,
        text: String,
    },
    Capability {
        program: &'static str,
        status: i32,
    },
    Throttled {
        service: String,
        secs: u64,
    },
    AuthFatal(AuthFatal),
    PasswdFile {
        worker: Option<u32>,
        path: String,
        errno: &'static str,
    },
    /// What pam_unix logs of a failed attempt; `known` has the name when the account exists.
    Pam {
        unknown: bool,
        user: String,
        known: bool,
        rhost: String,
    },
    Login(Box<Client>),
    LoginGone {
        reason: String,
        attempts: Option<Attempts>,
        client: Box<Client>,
    },
    SslInit {
        reason: String,
        client: Box<Client>,
    },
    /// `Disconnected: Logged out in=… out=…` of a session's process.
    SessionGone {
        session: Session,
        reason: String,
        stats: String,
    },
    SessionTrouble {
        session: Session,
        trouble: Trouble,
    },
    LmtpTrouble {
        session: Session,
        peer: u32,
        conn: u32,
        rcpt: String,
        trouble: Trouble,
    },
    LmtpConnect {
        pid: u32,
        from: String,
    },
    LmtpGone {
        pid: u32,
        from: String,
        reason: String,
        state: &'static str,
    },
    Saved {
        session: Session,
        msgid: String,
        mailbox: String,
    },
    SaveFailed {
        session: Session,
        msgid: String,
        mailbox: String,
        opening: bool,
        reason: String,
    },
    Sieve {
        session: Session,
        msgid: String,
        what: Sieve,
    },
    LogTest {
        level: &'static str,
        stamp: i64,
    },
}

impl Message for Dovecot {
    fn severity(&self) -> Severity {
        match self {
            Dovecot::Started { .. }
            | Dovecot::Login(_)
            | Dovecot::LoginGone { .. }
            | Dovecot::SessionGone { .. }
            | Dovecot::LmtpConnect { .. }
            | Dovecot::LmtpGone { .. }
            | Dovecot::Saved { .. }
            | Dovecot::SaveFailed { .. }
            | Dovecot::Pam { unknown: true, .. } => Severity::Info,
            Dovecot::Pam { .. } => Severity::Notice,
            Dovecot::Sieve { what, .. } => match what {
                Sieve::OpenFailed(_) | Sieve::NotOpened { .. } => Severity::Err,
                _ => Severity::Info,
            },
            Dovecot::Sighup | Dovecot::Killed { .. } | Dovecot::LogShutdown { .. } | Dovecot::ConfigWarning { .. } => {
                Severity::Warning
            }
            Dovecot::Start { failure, .. } if failure.is_fatal() => Severity::Crit,
            Dovecot::ConfigFatal { .. } | Dovecot::AuthFatal(_) => Severity::Crit,
            Dovecot::LogTest { level, .. } => match *level {
                "Debug" => Severity::Debug,
                "" => Severity::Info,
                "Warning" => Severity::Warning,
                "Error" => Severity::Err,
                _ => Severity::Crit,
            },
            _ => Severity::Err,
        }
    }
    fn text(&self) -> String {
        match self {
            Dovecot::Started { protocols } => {
                let what = if protocols.is_empty() {
                    "without any protocols".to_owned()
                } else {
                    format!("for {}", protocols.join(", "))
                };
                format!("master: Dovecot v2.3.19.1 (9b53102964) starting up {what} (core dumps disabled)")
            }
            Dovecot::Sighup => "master: Warning: SIGHUP received - reloading configuration".into(),
            Dovecot::ReloadRefused { error } => format!(
                "master: Error: Error reading configuration: {error} - Also failed to read config by executing doveconf: \
                 /run/dovecot/config is a UNIX socket"
            ),
            Dovecot::Killed { process, pid, uid } => {
                format!("{process}: Warning: Killed with signal 15 (by pid={pid} uid={uid} code=kill)")
            }
            Dovecot::LogShutdown { pid, prefix } => {
                format!("log({pid}): Warning: Shutting down logging for '{prefix}: ' with 1 clients")
            }
            Dovecot::Start { failure, stderr } => {
                let level = if failure.is_fatal() { "Fatal" } else { "Error" };
                format!("{}{level}: {failure}", if *stderr { "" } else { "master: " })
            }
            Dovecot::ConfigFatal { program, error } => format!("{program}: Fatal: {error}"),
            Dovecot::ConfigError { text } => format!("doveconf: Error: {text}"),
            Dovecot::ConfigWarning { program, text } => format!("{program}: Warning: {text}"),
            Dovecot::Capability { program, status } => {
                format!("{program}: Error: managesieve-login: dump-capability process returned {status}")
            }
            Dovecot::Throttled { service, secs } => {
                format!("master: Error: service({service}): command startup failed, throttling for {secs}.000 secs")
            }
            Dovecot::AuthFatal(why) => format!("auth: Fatal: {why}"),
            Dovecot::PasswdFile { worker, path, errno } => {
                let who = worker.map_or_else(|| "auth".to_owned(), |p| format!("auth-worker({p})"));
                format!("{who}: Error: passwd-file {path}:open({path}) failed: {errno}")
            }
            Dovecot::Pam { unknown: true, .. } => "pam_unix(dovecot:auth): check pass; user unknown".into(),
            Dovecot::Pam { user, known, rhost, .. } => {
                let name = if *known { format!("  user={user}") } else { String::new() };
                format!(
                    "pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser={user} \
                     rhost={rhost}{name}"
                )
            }
            Dovecot::Login(c) => format!("{}: Login: {c}", c.service),
            Dovecot::LoginGone { reason, attempts, client } => {
                let a = attempts.as_ref().map_or_else(String::new, |a| format!(" ({a})"));
                format!("{}: Disconnected: {reason}{a}: {client}", client.service)
            }
            Dovecot::SslInit { reason, client } => {
                format!("{}: Error: Failed to initialize SSL server context: {reason}: {client}", client.service)
            }
            Dovecot::SessionGone { session, reason, stats } => format!("{session}: Disconnected: {reason} {stats}"),
            Dovecot::SessionTrouble { session, trouble } => format!("{session}: Error: {trouble}"),
            Dovecot::LmtpTrouble { session, peer, conn, rcpt, trouble } => {
                format!("{session}: Error: lmtp-server: conn unix:pid={peer},uid=0 [{conn}]: rcpt {rcpt}: {trouble}")
            }
            Dovecot::LmtpConnect { pid, from } => format!("lmtp({pid}): Connect from {from}"),
            Dovecot::LmtpGone { pid, from, reason, state } => {
                format!("lmtp({pid}): Disconnect from {from}: {reason} (state={state})")
            }
            Dovecot::Saved { session, msgid, mailbox } => format!("{session}: msgid={msgid}: saved mail to {mailbox}"),
            Dovecot::SaveFailed { session, msgid, mailbox, opening, reason } => {
                let what = if *opening { "save failed to open mailbox" } else { "save failed to" };
                format!("{session}: msgid={msgid}: {what} {mailbox}: {reason}")
            }
            Dovecot::Sieve { session, msgid, what } => match what {
                Sieve::OpenFailed(_) | Sieve::NotOpened { .. } => format!("{session}: Error: sieve: {what}"),
                w if w.is_script() => format!("{session}: sieve: {what}"),
                _ => format!("{session}: sieve: msgid={msgid}: {what}"),
            },
            Dovecot::LogTest { level, stamp } => match *level {
                "" => format!("doveadm: This is Dovecot's info log ({stamp})"),
                l => format!("doveadm: {l}: This is Dovecot's {} log ({stamp})", l.to_lowercase()),
            },
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Dovecot::Login(c) => client_fields(c),
            Dovecot::LoginGone { reason, attempts, client } => {
                let mut f = client_fields(client);
                f.push(("reason", reason.clone()));
                if let Some(a) = attempts {
                    f.push(("attempts", a.to_string()));
                    if matches!(a, Attempts::Failed { .. }) {
                        f.push(("status", "auth-failed".into()));
                    }
                }
                f
            }
            Dovecot::SslInit { reason, client } => {
                let mut f = client_fields(client);
                f.push(("reason", reason.clone()));
                f
            }
            Dovecot::Saved { session, msgid, mailbox } => vec![
                ("user", session.user.clone()),
                ("msgid", msgid.clone()),
                ("mailbox", mailbox.clone()),
                ("status", "saved".into()),
            ],
            Dovecot::SaveFailed { session, msgid, mailbox, reason, .. } => vec![
                ("user", session.user.clone()),
                ("msgid", msgid.clone()),
                ("mailbox", mailbox.clone()),
                ("status", "failed".into()),
                ("reason", reason.clone()),
            ],
            Dovecot::Sieve { session, msgid, what } => {
                let mut f =
                    vec![("user", session.user.clone()), ("msgid", msgid.clone()), ("action", what.to_string())];
                if let Sieve::Stored { mailbox, .. } = what {
                    f.extend([("mailbox", mailbox.clone()), ("status", "saved".into())]);
                }
                f
            }
            Dovecot::SessionTrouble { session, trouble } | Dovecot::LmtpTrouble { session, trouble, .. } => {
                vec![("user", session.user.clone()), ("reason", trouble.to_string())]
            }
            Dovecot::SessionGone { session, reason, .. } => {
                vec![("user", session.user.clone()), ("reason", reason.clone())]
            }
            Dovecot::ReloadRefused { error } | Dovecot::ConfigFatal { error, .. } => vec![("reason", error.clone())],
            Dovecot::Start { failure, .. } => vec![("reason", failure.to_string())],
            Dovecot::AuthFatal(why) => vec![("reason", why.to_string())],
            Dovecot::PasswdFile { path, errno, .. } => vec![("path", path.clone()), ("reason", errno.to_string())],
            Dovecot::Started { protocols } => vec![("protocols", protocols.join(" "))],
            _ => Vec::new(),
        }
    }
}

fn client_fields(c: &Client) -> Vec<(&'static str, String)> {
    vec![
        ("service", c.service.clone()),
        ("user", c.user.clone()),
        ("method", c.method.clone()),
        ("ip", c.rip.to_string()),
        ("tls", matches!(c.security, Security::Tls).to_string()),
    ]
}
