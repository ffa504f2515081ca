//! cleanup(8): takes a new message, canonicalizes and inspects it, and writes the queue file.
//!
//! Whoever has a message ([`submission::Origin`]) fills a [`Submission`] and calls [`submit`]; the answer is what the
//! real daemon sends back over its socket. Left out: the stream itself (a submission comes whole).

pub mod submission;

pub use submission::{Actions, CleanupStatus, Client, Dsn, Origin, Recipient, Ret, Stat, Submission, notify};

use super::Ctx;

/// Takes a message. The queue id was allocated by [`super::queue_file::new_id`].
pub fn submit(_ctx: &mut Ctx<'_>, _m: Submission) -> CleanupStatus {
    CleanupStatus::fail(Stat::Write)
}
