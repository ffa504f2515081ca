//! What qmgr(8) can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Qmgr {
    /// A message entered the active queue.
    Active { qid: String, from: String, size: u64, nrcpt: usize },
    /// The queue file is gone: every recipient was dealt with.
    Removed { qid: String },
    /// The message became too old (or `postsuper -e` made it so).
    Expired { qid: String, from: String, forced: bool },
    /// A message that is still being delivered was met again in the incoming queue.
    Skipped { qid: String },
    /// `connect to transport private/x: No such file or directory`.
    NoTransport { transport: String, errno: String },
    /// A delivery agent died in the middle of a delivery.
    Malformed { transport: String },
    /// bounce(8) did not send the notification.
    BounceFailed { qid: String },
    /// trace(8) could not be asked for its report.
    TraceFailed { qid: String },
    /// A queue file that makes no sense goes to the corrupt queue.
    Corrupt { qid: String },
}

impl Message for Qmgr {
    fn severity(&self) -> Severity {
        match self {
            Qmgr::NoTransport { .. } | Qmgr::Malformed { .. } | Qmgr::Corrupt { .. } => Severity::Warning,
            _ => Severity::Info,
        }
    }
    fn text(&self) -> String {
        match self {
            Qmgr::Active { qid, from, size, nrcpt } => {
                let (size, nrcpt) = (size.to_string(), nrcpt.to_string());
                [qid, ": from=<", from, ">, size=", &size, ", nrcpt=", &nrcpt, " (queue active)"].concat()
            }
            Qmgr::Removed { qid } => [qid, ": removed"].concat(),
            Qmgr::Expired { qid, from, forced } => {
                let word = if *forced { "force-expired" } else { "expired" };
                format!("{qid}: from=<{from}>, status={word}, returned to sender")
            }
            Qmgr::TraceFailed { qid } => format!("{qid}: status=deferred (trace failed)"),
            Qmgr::BounceFailed { qid } => format!("{qid}: status=deferred (bounce failed)"),
            Qmgr::Skipped { qid } => format!("{qid}: skipped, still being delivered"),
            Qmgr::NoTransport { transport, errno } => {
                format!("warning: connect to transport private/{transport}: {errno}")
            }
            Qmgr::Malformed { transport } => format!("warning: private/{transport} socket: malformed response"),
            Qmgr::Corrupt { qid } => {
                format!("warning: saving corrupt file \"{qid}\" from queue \"active\" to queue \"corrupt\"")
            }
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Qmgr::Active { qid, from, size, nrcpt } => vec![
                ("qid", qid.clone()),
                ("from", from.clone()),
                ("size", size.to_string()),
                ("nrcpt", nrcpt.to_string()),
            ],
            Qmgr::Removed { qid }
            | Qmgr::Skipped { qid }
            | Qmgr::BounceFailed { qid }
            | Qmgr::TraceFailed { qid }
            | Qmgr::Corrupt { qid } => {
                vec![("qid", qid.clone())]
            }
            Qmgr::Expired { qid, from, .. } => {
                vec![("qid", qid.clone()), ("from", from.clone()), ("status", "expired".into())]
            }
            Qmgr::Malformed { transport } => vec![("transport", transport.clone())],
            Qmgr::NoTransport { transport, errno } => {
                vec![("transport", transport.clone()), ("reason", errno.clone())]
            }
        }
    }
}
