//! What ends a delivery agent, or the child of one, before it has delivered anything: the words after `fatal: `.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentFatal {
    /// pipe(8): `flags=` has a letter that is none.
    UnknownFlag(char),
    BadSize(String),
    UnknownAttribute(String),
    /// An attribute that must be there (`user`, `argv`).
    Missing(&'static str),
    /// The same of spawn(8), and a user that nobody is.
    NoAttribute(&'static str),
    NoUser(String),
    /// The child of spawn(8) cannot run its program.
    Exec(String),
    RootPrivileges,
    MailOwner(String),
    PrivilegedGroup,
    MailOwnerGroup {
        owner: String,
        gid: u32,
    },
    /// The group of `setgid_group`.
    QueueGroup {
        group: String,
        gid: u32,
    },
    UnknownUser(String),
    UnknownGroup(String),
    /// `directory=` of pipe(8).
    Directory {
        path: String,
        uid: u32,
        gid: u32,
        error: String,
    },
    /// `virtual_mailbox_base` that does not begin with `/`.
    RelativeBase(String),
    /// A next hop of smtp(8) whose bracket is not closed.
    OpenBracket(String),
    /// One without a host in it.
    NoHost(String),
    BadPort {
        port: String,
        destination: String,
    },
    UnknownService(String),
    /// `smtp_sasl_security_options` that cannot be.
    SaslSession,
    DnssecProbe(String),
    /// A table of a list that cannot be searched.
    ListProblem {
        list: String,
        table: String,
    },
    /// `mailbox_transport` and its kin without a transport.
    NoTransport(String),
    /// A service that another waits for is not there: `private/rewrite`.
    Connect {
        n: u32,
        service: String,
        errno: &'static str,
    },
    /// A word with braces in `export_environment` that do not match.
    Braces {
        param: &'static str,
        word: String,
    },
}

impl fmt::Display for AgentFatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = "user= command-line attribute specifies";
        match self {
            AgentFatal::UnknownFlag(c) => write!(f, "unknown flag: {c} (ignored)"),
            AgentFatal::BadSize(v) => write!(f, "get_service_attr: bad size= value: {v}"),
            AgentFatal::UnknownAttribute(w) => write!(f, "unknown attribute name: {w}"),
            AgentFatal::Missing(name) => write!(f, "missing {name}= command-line attribute"),
            AgentFatal::NoAttribute(name) => write!(f, "missing {name}= attribute"),
            AgentFatal::NoUser(name) => write!(f, "unknown user name: {name}"),
            AgentFatal::Exec(why) => f.write_str(why),
            AgentFatal::RootPrivileges => write!(f, "{user} root privileges"),
            AgentFatal::MailOwner(owner) => write!(f, "{user} mail system owner {owner}"),
            AgentFatal::PrivilegedGroup => write!(f, "{user} privileged group id 0"),
            AgentFatal::MailOwnerGroup { owner, gid } => write!(f, "{user} mail system owner {owner} group id {gid}"),
            AgentFatal::QueueGroup { group, gid } => write!(f, "{user} mail system {group} group id {gid}"),
            AgentFatal::UnknownUser(name) => write!(f, "get_service_attr: unknown username: {name}"),
            AgentFatal::UnknownGroup(name) => write!(f, "get_service_attr: unknown group: {name}"),
            AgentFatal::Directory { path, uid, gid, error } => {
                write!(f, "cannot change directory to \"{path}\" for uid={uid} gid={gid}: {error}")
            }
            AgentFatal::RelativeBase(base) => {
                write!(f, "do not specify relative pathname: virtual_mailbox_base = {base}")
            }
            AgentFatal::OpenBracket(to) => write!(f, "missing \"]\" in server description: {to}"),
            AgentFatal::NoHost(to) => {
                write!(f, "valid hostname or network address required in server description: {to}")
            }
            AgentFatal::BadPort { port, destination } => {
                write!(f, "bad network port: {port} for destination: {destination}")
            }
            AgentFatal::DnssecProbe(value) => {
                write!(f, "malformed dnssec_probe value: {value} format is qtype:qname")
            }
            AgentFatal::SaslSession => f.write_str("SASL per-connection initialization failed"),
            AgentFatal::ListProblem { list, table } => write!(f, "{list}: {table}: table lookup problem"),
            AgentFatal::NoTransport(value) => write!(f, "missing transport name in \"{value}\""),
            AgentFatal::Connect { n, service, errno } => {
                write!(f, "connect #{n} to subsystem {service}: {errno}")
            }
            AgentFatal::Braces { param, word } => write!(f, "{param}: missing '}}' in \"{word}\""),
            AgentFatal::UnknownService(name) => write!(f, "unknown service: {name}/tcp"),
        }
    }
}
