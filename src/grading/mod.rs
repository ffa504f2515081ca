//! Grading: the diagnosis, evidence, rivals, goals, harm, score and report.
//!
//! Reads what a session did ([`tape::Tape`]) and never writes to it. Replays go through [`tape::play`].

pub mod change;
pub mod diagnosis;
pub mod evidence;
pub mod mailbox;
pub mod mask;
pub mod probe;
pub mod rivals;
pub mod score;
pub mod verdict;
