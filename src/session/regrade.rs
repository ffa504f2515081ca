//! Recorded sessions: playing them again, and grading them by that. What a file claims counts for nothing.

use super::journal::{self, Nowhere, Recorded, Unreadable};
use super::{Options, Session, one_line};
use crate::base::Lang;
use crate::grading::worlds::Worlds;
use crate::grading::{Report, text};
use crate::i18n::{self, fill};
use crate::lab::LabFile;
use crate::machine::{Output, State};
use std::rc::Rc;

/// Why a session cannot be graded. It never costs the learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotGradable {
    Unreadable(Unreadable),
    /// Recorded on a lab of this name, to be graded against one of that.
    Lab(String, String),
    /// Recorded with another version of the lab.
    Hash(String),
    /// Recorded with another version of the program.
    Version(String),
}

impl NotGradable {
    /// What is wrong, and on a second line what to do about it.
    pub fn text(&self, lang: Lang) -> String {
        let t = i18n::of(lang);
        match self {
            NotGradable::Lab(said, is) => fill(t.not_gradable_lab, &[&shown(said), is]),
            NotGradable::Hash(lab) => fill(t.not_gradable_hash, &[lab]),
            NotGradable::Version(v) => fill(t.not_gradable_version, &[&shown(v), &env!("CARGO_PKG_VERSION")]),
            NotGradable::Unreadable(u) => match u {
                Unreadable::Empty => t.unreadable_empty.to_owned(),
                Unreadable::NoHead => t.unreadable_head.to_owned(),
                Unreadable::Format(n) => fill(t.unreadable_format, &[n]),
                Unreadable::Line(n) => fill(t.unreadable_line, &[n]),
            },
        }
    }
}

/// A word of a file, fit for a message.
fn shown(s: &str) -> String {
    text::short(&one_line(s), 40)
}

/// Whether a recorded session was made with this lab and this program.
pub fn fits(r: &Recorded, lab: &LabFile) -> Result<(), NotGradable> {
    if r.head.version != env!("CARGO_PKG_VERSION") {
        return Err(NotGradable::Version(r.head.version.clone()));
    }
    if r.head.lab != lab.id {
        return Err(NotGradable::Lab(r.head.lab.clone(), lab.id.clone()));
    }
    if r.head.hash != lab.hash {
        return Err(NotGradable::Hash(r.head.lab.clone()));
    }
    Ok(())
}

/// The options of a recorded session.
pub fn options(r: &Recorded, plain: bool) -> Options {
    let h = &r.head;
    Options {
        student: h.student.clone(),
        mode: h.mode,
        lang: h.lang,
        terminal: h.terminal,
        size: (h.size.0.clamp(20, 500), h.size.1.clamp(5, 300)),
        plain,
    }
}

/// Plays a recorded session again, up to the `to`th input; `show` gets every output in order, the first before any input.
pub fn replay(
    r: &Recorded,
    lab: &LabFile,
    number: Option<usize>,
    to: Option<usize>,
    plain: bool,
    mut show: impl FnMut(Option<&crate::machine::Input>, &Output),
) -> Session {
    let worlds = Rc::new(Worlds::new(lab.at(r.head.seed)));
    let mut s = Session::new(worlds, number, &options(r, plain), Box::new(Nowhere));
    show(None, &s.welcome());
    for i in r.inputs.iter().take(to.unwrap_or(usize::MAX)) {
        let out = s.input(i.clone());
        show(Some(i), &out);
        if s.report().is_some() {
            break;
        }
    }
    s
}

/// Goes on with a recorded session: plays what is there in silence, then writes to `journal`. Whether the learner had left
/// by `exit` or `lab quit` makes no difference: the next input is at a new prompt.
pub fn resume(
    r: &Recorded,
    worlds: Rc<Worlds>,
    number: Option<usize>,
    options: &Options,
    journal: Box<dyn super::Journal>,
) -> Session {
    let mut s = Session::new(worlds, number, options, Box::new(Nowhere));
    for i in &r.inputs {
        s.input(i.clone());
    }
    s.go_on(journal);
    s
}

/// Reads and grades a session file against its lab; `lang` is the report's language, if it is not to be the session's.
pub fn grade(text: &str, lab: &LabFile, number: Option<usize>, lang: Option<Lang>) -> Result<Report, NotGradable> {
    let r = journal::read(text).map_err(NotGradable::Unreadable)?;
    fits(&r, lab)?;
    let worlds = Rc::new(Worlds::new(lab.at(r.head.seed)));
    grade_recorded(&r, worlds, number, lang).ok_or(NotGradable::Unreadable(Unreadable::Empty))
}

/// Grades inputs that are known to fit.
pub fn grade_recorded(r: &Recorded, worlds: Rc<Worlds>, number: Option<usize>, lang: Option<Lang>) -> Option<Report> {
    let mut s = Session::new(worlds, number, &options(r, true), Box::new(Nowhere));
    s.report_lang = lang;
    for i in &r.inputs {
        let out = s.input(i.clone());
        if out.state == State::Exited && s.report().is_some() {
            break;
        }
    }
    s.finish();
    s.report().cloned()
}
