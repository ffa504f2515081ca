//! Grading: the diagnosis, evidence, rivals, goals, harm, score and report.
//!
//! Reads what a session did ([`dossier::Dossier`]) and never writes to it. [`grade::grade`] is the way in.

pub mod change;
pub mod diagnosis;
pub mod dossier;
pub mod evidence;
pub mod grade;
pub mod habits;
pub mod harm;
pub mod looked;
pub mod mailbox;
pub mod mask;
pub mod outcome;
pub mod page;
pub mod path;
pub mod player;
pub mod probe;
pub mod report;
pub mod rivals;
pub mod score;
pub mod tape;
pub mod text;
pub mod timeline;
pub mod verdict;
pub mod worlds;

pub use dossier::Dossier;
pub use report::Report;
