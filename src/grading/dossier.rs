//! What a session did, as the grader reads it.

use super::diagnosis::Diagnosis;
use super::evidence::Seen;
use super::player::Op;
use super::tape::{Seat, Step};
use super::worlds::Worlds;
use crate::base::Lang;
use crate::sim::World;

/// A diagnosis that was handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    /// The line of the session.
    pub line: usize,
    /// How many steps there were before it.
    pub steps: usize,
    pub diagnosis: Diagnosis,
}

/// A hint that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub line: usize,
    /// Index in the lab's ladder.
    pub index: usize,
}

/// Everything that the grade is made from.
pub struct Dossier<'a> {
    pub worlds: &'a Worlds,
    /// The lab's number in the order of play.
    pub number: Option<usize>,
    pub student: &'a str,
    pub exam: bool,
    pub lang: Lang,
    pub seat: Seat,
    /// In the order of the session; the steps are those of its takes.
    pub ops: &'a [Op],
    pub steps: &'a [Step],
    pub seen: &'a [Seen],
    pub diagnoses: &'a [Delivered],
    pub hints: &'a [Taken],
    /// The host as it is left, copies and undone lines aside.
    pub end: World,
    /// The steps that undo and back have left.
    pub live: Vec<Step>,
    /// How many lines were typed at the prompt.
    pub lines: usize,
    /// Handed in because the input ended.
    pub by_end: bool,
}

impl Dossier<'_> {
    /// The line to cite for the verdict: the lab's first fact that was seen, where it was seen last.
    pub fn best_seen(&self) -> Option<&Seen> {
        let fact = self.seen.iter().map(|s| s.fact).min()?;
        self.seen.iter().rev().find(|s| s.fact == fact)
    }
}
