//! What pickup(8) can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Pickup {
    /// A message taken from the maildrop queue.
    Uid {
        qid: String,
        uid: u32,
        from: String,
        /// It was requeued under this id before.
        orig_id: Option<String>,
    },
    /// cleanup would not take it; it stays in the maildrop queue.
    Kept { file: String, qid: String, reason: String },
}

impl Message for Pickup {
    fn severity(&self) -> Severity {
        match self {
            Pickup::Uid { .. } => Severity::Info,
            Pickup::Kept { .. } => Severity::Warning,
        }
    }
    fn text(&self) -> String {
        match self {
            Pickup::Uid { qid, uid, from, orig_id } => {
                let orig = orig_id.as_ref().map(|i| format!(" orig_id={i}")).unwrap_or_default();
                format!("{qid}: uid={uid} from=<{from}>{orig}")
            }
            Pickup::Kept { file, qid, reason } => format!("warning: maildrop/{file}: error writing {qid}: {reason}"),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Pickup::Uid { qid, uid, from, .. } => {
                vec![("qid", qid.clone()), ("uid", uid.to_string()), ("from", from.clone())]
            }
            Pickup::Kept { qid, reason, .. } => vec![("qid", qid.clone()), ("reason", reason.clone())],
        }
    }
}
