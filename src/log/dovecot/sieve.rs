//! What Pigeonhole says of a message: in the log, and the lines of the user's own log beside the script.

use super::Trouble;
use std::fmt;

/// What Sieve did with a message, or why it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sieve {
    /// By `fileinto`, or kept.
    Stored {
        mailbox: String,
        fileinto: bool,
    },
    StoreFailed {
        mailbox: String,
        fileinto: bool,
        reason: String,
    },
    /// Another action failed, and this one was taken back.
    StoreAborted {
        mailbox: String,
    },
    Discarded,
    Forwarded {
        to: String,
    },
    ForwardedBefore {
        to: String,
    },
    Rejected {
        to: String,
    },
    NotRejected {
        to: String,
    },
    Vacation(Vacation, String),
    NoRecipientInHeader {
        recipient: String,
    },
    CompileFailed {
        script: String,
    },
    /// The script ran and failed; whether the message was kept.
    Failed {
        script: String,
        kept: bool,
    },
    OpenFailed(Trouble),
    NotOpened {
        script: String,
    },
}

/// Whether a vacation response went out, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vacation {
    Sent,
    Duplicate,
    NullSender,
    OwnAddress,
    System,
    AutoSubmitted,
    Bulk,
    MailingList,
}

impl Sieve {
    /// About the script and not about a message.
    pub(super) fn is_script(&self) -> bool {
        matches!(self, Sieve::CompileFailed { .. } | Sieve::Failed { .. })
    }
}

fn action(fileinto: bool) -> &'static str {
    if fileinto { "fileinto action: " } else { "" }
}

impl fmt::Display for Sieve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sieve::Stored { mailbox, fileinto } => {
                write!(f, "{}stored mail into mailbox '{mailbox}'", action(*fileinto))
            }
            Sieve::StoreFailed { mailbox, fileinto, reason } => {
                write!(f, "{}failed to store into mailbox '{mailbox}': {reason}", action(*fileinto))
            }
            Sieve::StoreAborted { mailbox } => write!(f, "fileinto action: store into mailbox '{mailbox}' aborted"),
            Sieve::Discarded => f.write_str(
                "discard action: Marked message to be discarded if not explicitly delivered (discard action)",
            ),
            Sieve::Forwarded { to } => write!(f, "redirect action: forwarded to <{to}>"),
            Sieve::ForwardedBefore { to } => write!(f, "redirect action: discarded duplicate forward to <{to}>"),
            Sieve::Rejected { to } => write!(f, "reject action: rejected message from <{to}> (reject)"),
            Sieve::NotRejected { to } => write!(f, "reject action: not sending reject message to <{to}>"),
            Sieve::Vacation(v, to) => {
                let what = match v {
                    Vacation::Sent => "sent vacation response to",
                    Vacation::Duplicate => "discarded duplicate vacation response to",
                    Vacation::NullSender => "discarded vacation reply to",
                    Vacation::OwnAddress => "discarded vacation reply to own address",
                    Vacation::System => "not sending vacation response to system address",
                    Vacation::AutoSubmitted => "discarding vacation response to auto-submitted message from",
                    Vacation::Bulk => "discarding vacation response to precedence=bulk message from",
                    Vacation::MailingList => "discarding vacation response to mailinglist recipient",
                };
                write!(f, "vacation action: {what} <{to}>")
            }
            Sieve::NoRecipientInHeader { recipient } => write!(
                f,
                "vacation action: discarding vacation response for implicitly delivered message; no known (envelope) \
                 recipient address found in message headers (recipient=<{recipient}>, and no additional `:addresses' \
                 are specified)"
            ),
            Sieve::CompileFailed { script } => {
                write!(f, "Failed to compile script `{script}' (view user logfile `{script}.log' for more information)")
            }
            Sieve::Failed { script, kept } => {
                let what = if *kept {
                    "failed, but implicit keep was successful"
                } else {
                    "failed with unsuccessful implicit keep"
                };
                write!(
                    f,
                    "Execution of script {script} {what} (user logfile {script}.log may reveal additional details)"
                )
            }
            Sieve::OpenFailed(t) => write!(f, "file storage: script: Failed to open sieve script: {t}"),
            Sieve::NotOpened { script } => write!(f, "Failed to open script `{script}' for compile"),
        }
    }
}
