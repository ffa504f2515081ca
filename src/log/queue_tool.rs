//! What the queue tools can say: postqueue, postsuper, sendmail, postdrop. They say it on standard error and in the log.

use super::{Message, Severity};

/// What postsuper(1) does to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Delete,
    Hold,
    Release,
    Requeue,
    Expire,
}

impl Act {
    fn done(self) -> &'static str {
        match self {
            Act::Delete => "removed",
            Act::Hold => "placed on hold",
            Act::Release => "released from hold",
            Act::Requeue => "requeued",
            Act::Expire => "expired",
        }
    }
    fn total(self) -> &'static str {
        match self {
            Act::Delete => "Deleted",
            Act::Hold => "Placed on hold",
            Act::Release => "Released from hold",
            Act::Requeue => "Requeued",
            Act::Expire => "Force-expired",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum QueueTool {
    Usage(&'static str),
    /// postsuper(1) is root's.
    Superuser,
    Done {
        act: Act,
        qid: String,
    },
    Total {
        act: Act,
        count: usize,
    },
    BadId(String),
    BadQueue(String),
    /// `postqueue -p` with Postfix stopped.
    ShowqDown,
    /// The same by a user who may not look at the queue directly.
    NoReport,
    /// postqueue(1): flush(8) is not there.
    NoFlush(&'static str),
    FlushDown,
    FlushInvalid(String),
    FlushNotConfigured(String),
    /// sendmail(1), by user and uid.
    NoRecipients {
        user: String,
        uid: u32,
    },
    NoRecipientsInHeader {
        user: String,
        uid: u32,
    },
    TooBig {
        user: String,
        uid: u32,
    },
    WriteError {
        user: String,
        uid: u32,
    },
    Unsupported(String),
    /// `authorized_submit_users` and its kin.
    NotAllowed {
        user: String,
        uid: u32,
        act: &'static str,
    },
    /// A sender that `local_login_sender_maps` does not give to the user.
    ForeignSender {
        user: String,
        uid: u32,
    },
    /// A table of it that could not be searched.
    SenderLookup {
        user: String,
        uid: u32,
        table: String,
    },
    /// sendmail(1): an option that is there no more.
    NotSupported(char),
    NeedPathname,
    /// An option without what must follow it.
    Specify(&'static str),
    /// Options that only a delivery has.
    DeliveryOnly(&'static str),
    NotWithProbe(&'static str),
    FlushInDaemon,
    BadVerp(String),
    /// `-V +=`, as it was called before.
    OldVerp {
        old: String,
        new: String,
    },
    /// sendmail(1) for a number that is nobody's.
    NoLogin(u32),
    /// `postqueue -i` with what is no queue id.
    FlushBadId(String),
    VerpNeedsSender {
        user: String,
        uid: u32,
    },
    LongEnvelopeId,
    BadEnvelopeId,
    BadLineEndings(String),
    /// A configuration directory that main.cf does not allow to users.
    BadDirectory(String),
    MayNotUse(String),
    MalformedSender(String),
    /// postdrop(1): the queue file grew past `message_size_limit`.
    TooLarge {
        uid: u32,
    },
    /// sendmail(1): postdrop did not take all of it.
    CleanupClose,
    /// postdrop(1) or postkick(1) does not get at the socket of a service.
    NoSocket {
        path: String,
        error: String,
    },
    /// postkick(1).
    NoContact {
        class: String,
        service: String,
    },
    UnknownNotify {
        word: String,
        text: String,
    },
    BadNotify,
    BadReturn,
    BadEncoding,
    NotImplemented(char),
    /// sendmail(1) in a mode that takes no recipients.
    NoRecipientWanted(&'static str),
    /// `queue_directory` is not there.
    Chdir {
        path: String,
        error: String,
    },
    OpenMain {
        path: String,
        error: String,
    },
}

impl Message for QueueTool {
    fn severity(&self) -> Severity {
        match self {
            QueueTool::Done { .. } | QueueTool::Total { .. } => Severity::Info,
            QueueTool::BadDirectory(_) => Severity::Err,
            QueueTool::BadId(_)
            | QueueTool::ShowqDown
            | QueueTool::NoFlush(_)
            | QueueTool::MalformedSender(_)
            | QueueTool::NoSocket { .. }
            | QueueTool::NoContact { .. }
            | QueueTool::UnknownNotify { .. }
            | QueueTool::BadNotify
            | QueueTool::BadReturn
            | QueueTool::FlushInDaemon
            | QueueTool::OldVerp { .. }
            | QueueTool::LongEnvelopeId
            | QueueTool::BadEnvelopeId
            | QueueTool::TooLarge { .. }
            | QueueTool::CleanupClose => Severity::Warning,
            _ => Severity::Crit,
        }
    }
    fn text(&self) -> String {
        match self {
            QueueTool::Usage(u) => format!("fatal: usage: {u}"),
            QueueTool::Superuser => "fatal: use of this command is reserved for the superuser".into(),
            QueueTool::Done { act, qid } => format!("{qid}: {}", act.done()),
            QueueTool::Total { act, count } => {
                format!("{}: {count} message{}", act.total(), if *count == 1 { "" } else { "s" })
            }
            QueueTool::BadId(id) => format!("warning: invalid mail queue id: {id}"),
            QueueTool::BadQueue(q) => format!("fatal: invalid directory name: {q}"),
            QueueTool::ShowqDown => {
                "warning: Mail system is down -- accessing queue directly (Connect to the Postfix showq \
                                     service: Connection refused)"
                    .into()
            }
            QueueTool::NoReport => {
                "fatal: Queue report unavailable - mail system is down (Connect to the Postfix showq \
                                    service: Connection refused)"
                    .into()
            }
            QueueTool::NoFlush(error) => format!("warning: connect to public/flush: {error}"),
            QueueTool::FlushDown => "fatal: Cannot flush mail queue - mail system is down".into(),
            QueueTool::FlushInvalid(d) => format!("fatal: Cannot flush mail queue - invalid destination: \"{d}\""),
            QueueTool::FlushNotConfigured(d) => {
                format!("fatal: Flush service is not configured for destination \"{d}\"")
            }
            QueueTool::NoRecipients { user, uid } => format!(
                "fatal: {user}({uid}): Recipient addresses must be specified on the command line or via the -t option"
            ),
            QueueTool::NoRecipientsInHeader { user, uid } => {
                format!("fatal: {user}({uid}): No recipient addresses found in message header")
            }
            QueueTool::TooLarge { uid } => format!("warning: uid={uid}: File too large"),
            QueueTool::CleanupClose => "warning: mail_stream_cleanup: close error".into(),
            QueueTool::TooBig { user, uid } => format!("fatal: {user}({uid}): message file too big"),
            QueueTool::WriteError { user, uid } => format!("fatal: {user}({uid}): queue file write error"),
            QueueTool::NotAllowed { user, uid, act } => format!("fatal: User {user}({uid}) is not allowed to {act}"),
            QueueTool::ForeignSender { user, uid } => {
                format!("fatal: {user}({uid}): not authorized to use sender='{user}'")
            }
            QueueTool::SenderLookup { user, uid, table } => {
                format!("fatal: {user}({uid}): local_login_sender_maps table lookup error for '{table}'")
            }
            QueueTool::NotSupported(c) => format!("fatal: -{c} option not supported"),
            QueueTool::NeedPathname => "fatal: -oA requires pathname".into(),
            QueueTool::Specify(what) => format!("fatal: specify: {what}"),
            QueueTool::DeliveryOnly(o) => format!("fatal: {o} can be used only in delivery mode"),
            QueueTool::NotWithProbe(o) => format!("fatal: {o} option cannot be used with -bv"),
            QueueTool::FlushInDaemon => "warning: ignoring -q option in daemon mode".into(),
            QueueTool::BadVerp(filter) => format!("fatal: -V requires two characters from {filter}"),
            QueueTool::OldVerp { old, new } => {
                format!("warning: option {old} is deprecated with Postfix 2.3; specify {new} instead")
            }
            QueueTool::NoLogin(uid) => format!("fatal: no login name found for user ID {uid}"),
            QueueTool::FlushBadId(id) => format!("fatal: Cannot flush queue ID - invalid name: \"{id}\""),
            QueueTool::VerpNeedsSender { user, uid } => {
                format!("fatal: {user}({uid}): -V option requires non-null sender address")
            }
            QueueTool::LongEnvelopeId => "warning: too long -V option value -- ignored".into(),
            QueueTool::BadEnvelopeId => "warning: bad syntax in -V option value -- ignored".into(),
            QueueTool::BadLineEndings(v) => format!("fatal: invalid sendmail_fix_line_endings value: {v}"),
            QueueTool::BadDirectory(d) => format!("error: unauthorized configuration directory name: {d}"),
            QueueTool::MayNotUse(d) => format!(
                "fatal: specify \"alternate_config_directories = {d}\" or \"multi_instance_directories = {d}\" in \
                 /etc/postfix/main.cf"
            ),
            QueueTool::Unsupported(m) => format!("fatal: unsupported: {m}"),
            QueueTool::MalformedSender(a) => format!("warning: -f option specified malformed sender: {a}"),
            QueueTool::NoSocket { path, error } => format!("warning: unable to look up {path}: {error}"),
            QueueTool::NoContact { class, service } => {
                format!("warning: Cannot contact class {class} service {service} - perhaps the mail system is down")
            }
            QueueTool::UnknownNotify { word, text } => {
                format!("warning: unknown DSN NOTIFY command value \"{word}\" in \"{text}\"")
            }
            QueueTool::BadNotify => "warning: bad -N option value -- ignored".into(),
            QueueTool::BadReturn => "warning: bad -R option value -- ignored".into(),
            QueueTool::BadEncoding => "fatal: -B option needs 8BITMIME or 7BIT".into(),
            QueueTool::NotImplemented(c) => format!("fatal: -q{c} is not implemented"),
            QueueTool::NoRecipientWanted(mode) => format!("fatal: {mode} requires no recipient"),
            QueueTool::Chdir { path, error } => format!("fatal: chdir {path}: {error}"),
            QueueTool::OpenMain { path, error } => format!("fatal: open {path}: {error}"),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            QueueTool::Done { act, qid } => vec![("qid", qid.clone()), ("action", act.done().into())],
            QueueTool::Total { act, count } => vec![("action", act.total().into()), ("count", count.to_string())],
            _ => Vec::new(),
        }
    }
}
