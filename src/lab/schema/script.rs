//! Hints, the debrief, and sessions as scripts.
//!
//! A script is what is typed, a line each: `^C` is an interrupt, `^D` end of file, `^T 30s` lets half a minute go by while
//! a program follows.

use crate::lab::read::{block, words};
use crate::lab::values::{Id, MisconceptionId, Points, Text};

words! {
    /// How much a hint gives away.
    pub enum Rung {
        /// What would tell the possibilities apart.
        "strategy" Strategy,
        /// Where to look.
        "where" Where,
        /// What to see there.
        "what" What,
        /// How to repair it.
        "how" How,
    }
}

block! {
    /// A rung of the ladder.
    pub struct Hint {
        /// How much it gives away.
        req rung: Rung,
        /// What it costs.
        req price: u32,
        /// It is skipped once one of these facts was seen.
        opt seen: Vec<Id>,
        /// In Spanish.
        req es: String,
        /// In English.
        req en: String,
    }
}

block! {
    /// The expert's path.
    pub struct Debrief {
        /// What happened, in a few sentences, in Spanish.
        req es: String,
        /// In English.
        req en: String,
        /// Step by step.
        req step: Vec<Step>,
    }
}

block! {
    /// One step of the expert.
    pub struct Step {
        /// The command line.
        req run: String,
        /// Why.
        req why: Text,
        /// The rivals that it rules out.
        opt rules_out: Vec<Id>,
    }
}

block! {
    /// A whole session that earns 100.
    pub struct Solution {
        /// Its name.
        req id: Id,
        /// What is typed.
        req input: String,
    }
}

words! {
    /// Who plays a case like this; the grade must separate them.
    pub enum Persona {
        /// Nothing is typed.
        "nobody" Nobody,
        /// Looks, repairs, explains.
        "expert" Expert,
        /// Repairs without looking.
        "repairer" Repairer,
        /// Guesses and never looks.
        "guesser" Guesser,
        /// Deletes all, opens all, stops all.
        "destroyer" Destroyer,
    }
}

block! {
    /// A session with its stated outcome.
    pub struct Case {
        /// Its name.
        req id: Id,
        /// Who plays like this.
        opt persona: Option<Persona>,
        /// What is typed.
        req input: String,
        /// The outcome.
        req expect: Expect,
    }
}

block! {
    /// What a case must come to. What is not named may be anything.
    pub struct Expect {
        /// Passed or not.
        req passed: bool,
        /// The score.
        opt score: Option<Points>,
        /// The points for the verdict.
        opt verdict: Option<Points>,
        /// The points for the cause.
        opt cause: Option<Points>,
        /// The points for the evidence.
        opt evidence: Option<Points>,
        /// The points for the repair.
        opt repair: Option<Points>,
        /// The points for doing no harm.
        opt harm: Option<Points>,
        /// Rivals that must count as ruled out.
        opt ruled_out: Vec<Id>,
        /// Misconceptions that the report must name.
        opt misconceptions: Vec<MisconceptionId>,
    }
}

block! {
    /// A program that the model lacks.
    pub struct Command {
        /// What is typed.
        req name: Id,
        /// What it prints.
        req output: String,
        /// Its exit status.
        opt status: u32,
    }
}
