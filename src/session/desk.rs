//! What the trainer knows of a session: shared by [`super::Session`] and the word `lab`.

use super::journal::Mode;
use crate::base::Lang;
use crate::grading::diagnosis::Diagnosis;
use crate::grading::dossier::{Delivered, Taken};
use crate::grading::evidence::{self, Seen};
use crate::grading::player::{Active, Op};
use crate::grading::tape::{Seat, Step};
use crate::grading::worlds::Worlds;
use crate::i18n::{self, Catalogue};
use std::rc::Rc;

/// What the word `lab` asks the session to do once the line has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Undo(usize),
    Fork,
    Back,
    Submit,
    Quit,
}

/// Who reads the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    /// The shell or a program.
    #[default]
    Host,
    /// A question of the trainer's.
    Trainer,
}

/// The state of a session beside its machine.
pub struct Desk {
    pub worlds: Rc<Worlds>,
    /// The lab's number in the order of play.
    pub number: Option<usize>,
    pub student: String,
    pub lang: Lang,
    pub mode: Mode,
    pub plain: bool,
    pub seat: Seat,
    /// Lines typed at the prompt.
    pub line: usize,
    /// The last of them.
    pub command: String,
    pub ops: Vec<Op>,
    /// One for each take of `ops`.
    pub steps: Vec<Step>,
    pub active: Active,
    /// Which steps undo and back have left.
    pub live: Vec<usize>,
    pub seen: Vec<Seen>,
    pub marks: Vec<(usize, String)>,
    pub draft: Diagnosis,
    pub delivered: Vec<Delivered>,
    pub hints: Vec<Taken>,
    pub request: Option<Request>,
    /// What is said when a Ctrl-C has ended a question.
    pub parting: Option<&'static str>,
    pub reader: Reader,
    /// The trainer's words in this input, to be told from the host's.
    pub said: Vec<String>,
    /// For each run of the word `lab` in this line, what was run from inside it.
    pub labs: Vec<Vec<String>>,
}

impl Desk {
    pub fn t(&self) -> &'static Catalogue {
        i18n::of(self.lang)
    }
    pub fn exam(&self) -> bool {
        self.mode == Mode::Exam
    }
    /// How the learner names this case on the command line.
    pub fn case(&self) -> String {
        self.number.map_or_else(|| self.worlds.lab.id.text.clone(), |n| n.to_string())
    }
    /// A lab's text in the session's language.
    pub fn pick(&self, es: &str, en: &str) -> String {
        self.lang.pick(es, en).trim().to_owned()
    }
    /// Where a quote was on the screen: line of the session and the line itself. `now` is what this input has shown so far.
    pub fn locate(&self, quote: &str, now: &str) -> Option<(usize, String)> {
        let mut now = now.to_owned();
        for s in &self.said {
            if let Some(at) = now.find(s.as_str()) {
                now.replace_range(at..at + s.len(), "");
            }
        }
        if let Some(s) = evidence::bearing(quote, &self.seen) {
            return Some((s.line, s.text.clone()));
        }
        let earlier = self.steps.iter().map(|s| (s.line, s.output.as_str()));
        evidence::locate(quote, earlier.chain([(self.line, now.as_str())]))
    }
    /// The command of a line of the session.
    pub fn command_of(&self, line: usize) -> String {
        self.steps.iter().find(|s| s.line == line).map_or_else(|| self.command.clone(), |s| s.command.clone())
    }
    /// The first line in which a fact of the lab was seen.
    pub fn seen_fact(&self, id: &str) -> Option<usize> {
        let fact = self.worlds.lab.evidence.iter().position(|e| e.id.text == id)?;
        self.seen.iter().find(|s| s.fact == fact).map(|s| s.line)
    }
    /// Cuts the trainer's words out of an output.
    pub fn without_words(&self, output: &str) -> String {
        let mut out = output.to_owned();
        let mut from = 0;
        for s in &self.said {
            if let Some(at) = out[from..].find(s.as_str()) {
                out.replace_range(from + at..from + at + s.len(), "");
                from += at;
            }
        }
        out
    }
}
