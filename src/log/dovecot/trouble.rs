//! Complaints about a user, a mailbox or the quota: in the log, and from doveadm on standard error.

use std::fmt;

/// Who may not do what, as Dovecot explains a permission error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    pub call: &'static str,
    pub path: String,
    pub errno: &'static str,
    pub uid: u32,
    pub user: String,
    pub gid: u32,
    pub group: String,
    /// `missing +w perm: /home, dir owned by 0:0 mode=0755`
    pub missing: Option<String>,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}) failed: {}", self.call, self.path, self.errno)?;
        if self.errno == "Permission denied" {
            write!(f, " (euid={}({}) egid={}({})", self.uid, self.user, self.gid, self.group)?;
            if let Some(m) = &self.missing {
                write!(f, " {m}")?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// A complaint about a user, a mailbox or the quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    UidNotPermitted { uid: u32, last: bool },
    UnknownDriver { namespace: String, driver: String },
    NoHome,
    NoLocation,
    Quota { root: String, why: String },
    Denied(Box<Denied>),
    Open { path: String, errno: &'static str },
    MailboxOpen { mailbox: String, path: String, errno: &'static str },
    Autocreate { mailbox: String, stamp: String },
    QuotaResource { resource: &'static str, why: String },
    QuotaMkdir { path: String, errno: &'static str },
    NoSuchMailbox(String),
    Write { path: String, errno: &'static str },
    Plugin { plugin: String },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::UidNotPermitted { uid, last } => write!(
                f,
                "Mail access for users with UID {uid} not permitted (see {}_valid_uid in config file, uid from userdb \
                 lookup).",
                if *last { "last" } else { "first" }
            ),
            Trouble::UnknownDriver { namespace, driver } => {
                write!(f, "Namespace '{namespace}': Unknown mail storage driver {driver}")
            }
            Trouble::NoHome => {
                f.write_str("Namespace '': Home directory not set for user. Can't expand ~/ for mail root dir")
            }
            Trouble::NoLocation => f.write_str(
                "Namespace '': mail_location not set and autodetection failed: Mail storage autodetection failed",
            ),
            Trouble::Quota { root, why } => {
                write!(f, "Failed to initialize quota: Invalid quota root {root}: {why}")
            }
            Trouble::Denied(d) => d.fmt(f),
            Trouble::Open { path, errno } => write!(f, "open({path}) failed: {errno}"),
            Trouble::MailboxOpen { mailbox, path, errno } => {
                write!(f, "Mailbox {mailbox}: open({path}) failed: {errno}")
            }
            Trouble::Autocreate { mailbox, stamp } => write!(
                f,
                "Mailbox {mailbox}: Failed to autocreate mailbox: Internal error occurred. Refer to server log for more \
                 information. [{stamp}]"
            ),
            Trouble::QuotaResource { resource, why } => {
                write!(f, "Failed to get quota resource {resource}: quota-maildir: {why}")
            }
            Trouble::QuotaMkdir { path, errno } => write!(f, "quota-maildir: mkdir_parents({path}) failed: {errno}"),
            Trouble::NoSuchMailbox(m) => write!(f, "Mailbox doesn't exist: {m}"),
            Trouble::Write { path, errno } => write!(f, "write({path}) failed: {errno}"),
            Trouble::Plugin { plugin } => {
                write!(f, "Plugin '{plugin}' not found from directory /usr/lib/dovecot/modules")
            }
        }
    }
}
