//! The lab format as types. A [`Lab`] is a lab at a seed: every `{param}` is already put in.
//!
//! The documentation of each field is the documentation for authors: `maillab schema` prints it.

mod grade;
mod host;
mod script;
mod traffic;

pub use grade::{
    Answer, Diagnosis, DiagnosisField, Evidence, EvidenceFact, Goal, HalfRight, May, Probe, Rival, RivalOf, WrongAnswer,
};
pub use host::{Chain, Change, Fault, HostBlock, Patch, Replacement, UnitState};
pub use script::{Case, Command, Debrief, Expect, Hint, Persona, Rung, Solution, Step};
pub use traffic::{Noise, Traffic, Via};

use super::read::{Field, Reader, block, words};
use super::tree::Node;
use super::values::{CodeKey, Id, Text};
use crate::base::{Span, Time};

words! {
    /// Whether something is broken.
    pub enum Kind {
        /// Something is broken, and is to be repaired.
        "fault" Fault,
        /// Nothing is broken, and that is to be shown.
        "healthy" Healthy,
    }
}

block! {
    /// A lab.
    pub struct LabBlock {
        /// The version of this format: 1.
        req format: u32,
        /// The name of the lab and of its file.
        req id: Id,
        /// Raised with every change that may change a grade.
        req version: u32,
        /// How hard, 1 to 5.
        req level: u32,
        /// How long it takes, about.
        req minutes: u32,
        /// Whether something is broken.
        req kind: Kind,
        /// What it trains: `lpic2:211.1`, `asir:0375.RA5.d`.
        req objectives: Vec<String>,
        /// The rows of the SMTP table that it trains.
        opt codes: Vec<CodeKey>,
        /// Labs to pass before this one.
        opt prerequisites: Vec<Id>,
        /// Lessons that help, by their file name without number.
        opt lessons: Vec<String>,
        /// Its title; shown only after it was passed, since it may give the answer away.
        req title: Text,
        /// Who complains, of what.
        req ticket: Ticket,
        /// What varies by seed. Read before all else.
        opt params: ParamsDoc,
        /// The base host and what differs on it, whatever the fault.
        req host: HostBlock,
        /// Who sent what, when.
        opt traffic: Vec<Traffic>,
        /// Everybody else's mail, and what the internet knocks with.
        opt noise: Noise,
        /// What is broken. A healthy lab has none.
        opt fault: Option<Fault>,
        /// What else would fit the ticket.
        req rival: Vec<Rival>,
        /// The right answer, and the wrong ones that deserve a word.
        req diagnosis: Diagnosis,
        /// The facts that bear the verdict.
        req evidence: Vec<Evidence>,
        /// What must hold after the repair.
        opt goal: Vec<Goal>,
        /// What worked and must still work.
        req keep: Vec<Goal>,
        /// What may be deleted or changed without harm.
        opt may: May,
        /// The ladder of hints: strategy, where, what, how.
        req hint: Vec<Hint>,
        /// The expert's path, with reasons.
        req debrief: Debrief,
        /// Whole sessions that earn 100 without hints.
        req solution: Vec<Solution>,
        /// Sessions with their stated outcome.
        req case: Vec<Case>,
        /// Programs that the model lacks, scripted. They earn no evidence.
        opt command: Vec<Command>,
    }
}

block! {
    /// The complaint, in the words of a person who does not know mail.
    pub struct Ticket {
        /// The writer: a name and an address.
        req from: String,
        /// The complaint in Spanish.
        req es: String,
        /// The complaint in English.
        req en: String,
    }
}

/// A lab at a seed: the blocks of its file with every parameter put in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lab {
    pub seed: u64,
    /// The instant at which the learner sits down.
    pub now: Time,
    block: LabBlock,
}

impl std::ops::Deref for Lab {
    type Target = LabBlock;
    fn deref(&self) -> &LabBlock {
        &self.block
    }
}

impl Lab {
    /// From the tree of its file; [`crate::lab::LabFile::at`] is the way in.
    pub(super) fn read(node: &Node, seed: u64, r: &mut Reader) -> Lab {
        Lab { seed, now: r.now, block: LabBlock::read(node, r) }
    }
    /// The JSON Schema of the blocks.
    pub(super) fn schema(defs: &mut serde_json::Map<String, serde_json::Value>) -> serde_json::Value {
        LabBlock::schema(defs)
    }
    /// The same lab without anybody else's mail: what shows there, too, is the case and not noise.
    pub fn without_noise(&self) -> Lab {
        let mut quiet = self.clone();
        quiet.block.noise = Noise::default();
        quiet
    }
    /// The instant at which the host's past begins.
    pub fn start(&self) -> Time {
        self.now - self.host.past.unwrap_or(Span::hours(26))
    }
}

/// Stands for `[params]`, which is read by itself before all else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParamsDoc;

impl super::read::Field for ParamsDoc {
    fn expected() -> String {
        "a table of parameters".into()
    }
    fn missing() -> Self {
        ParamsDoc
    }
    fn read(_: &super::tree::Node, _: &mut super::read::Reader) -> Self {
        ParamsDoc
    }
    fn schema(_: &mut serde_json::Map<String, serde_json::Value>) -> serde_json::Value {
        super::params::schema()
    }
}
