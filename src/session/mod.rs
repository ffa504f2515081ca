//! A session: a machine, the word `lab`, undo, copies, the journal, and the grade in the end.
//!
//! Pure: inputs in, outputs out; what must last goes through [`Journal`]. A session and its replay are the same code, so
//! the same inputs give the same bytes.

pub mod coach;
pub mod desk;
pub mod form;
pub mod journal;
mod manual;
pub mod map;
pub mod regrade;
pub mod start;

pub use journal::{Head, Journal, Mode, Nowhere, Recorded};

use crate::base::Lang;
use crate::command::io::Stream;
use crate::grading::dossier::Dossier;
use crate::grading::evidence::{self, Sight};
use crate::grading::player::{self, Op};
use crate::grading::tape::{self, Seat, Step, Take};
use crate::grading::worlds::Worlds;
use crate::grading::{Report, grade, text};
use crate::i18n::fill;
use crate::machine::{Input, Machine, Output, State};
use crate::sim::World;
use coach::Coach;
use desk::{Desk, Reader, Request};
use std::cell::RefCell;
use std::rc::Rc;

/// Who plays, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub student: String,
    pub mode: Mode,
    pub lang: Lang,
    /// Whether somebody sits at a terminal.
    pub terminal: bool,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Words without drawing.
    pub plain: bool,
}

/// A lab that is being played.
pub struct Session {
    desk: Rc<RefCell<Desk>>,
    coach: Rc<Coach>,
    machine: Machine,
    /// The machine's own state; the session's differs when it has ended.
    state: State,
    journal: Box<dyn Journal>,
    start: World,
    report: Option<Report>,
    /// The report's language, when it is not the session's.
    report_lang: Option<Lang>,
    left: bool,
    /// How many inputs undo and the way back have played again.
    replayed: usize,
    /// What stands on the screen since the last prompt, for who comes back to it.
    scene: String,
}

/// No more of the screen is kept than this, in bytes.
const MAX_SCENE: usize = 4000;
/// No session takes more inputs than this.
const MAX_INPUTS: usize = 200_000;
/// Going back plays what is left again: so many inputs in all, and then there is no undo any more, or a file made of
/// nothing else would be graded for days.
const MAX_REPLAYED: usize = 100_000;

impl Session {
    /// Sits the learner down. The head is for the caller to write first ([`Session::head`]).
    pub fn new(worlds: Rc<Worlds>, number: Option<usize>, o: &Options, journal: Box<dyn Journal>) -> Session {
        let seat = Seat { interactive: o.terminal, size: o.size };
        let desk = Rc::new(RefCell::new(Desk {
            worlds: worlds.clone(),
            number,
            student: one_line(&o.student),
            lang: o.lang,
            mode: o.mode,
            plain: o.plain,
            seat,
            line: 0,
            command: String::new(),
            ops: Vec::new(),
            steps: Vec::new(),
            active: player::Active::default(),
            live: Vec::new(),
            seen: Vec::new(),
            marks: Vec::new(),
            draft: crate::grading::diagnosis::Diagnosis::default(),
            delivered: Vec::new(),
            hints: Vec::new(),
            request: None,
            parting: None,
            reader: Reader::Host,
            said: Vec::new(),
            labs: Vec::new(),
        }));
        let coach = Rc::new(Coach { desk: desk.clone() });
        let start = worlds.start();
        let machine = tape::machine(start.clone(), coach.clone(), seat.interactive, seat.size);
        let state = machine.state().clone();
        Session {
            desk,
            coach,
            machine,
            state,
            journal,
            start,
            report: None,
            report_lang: None,
            left: false,
            replayed: 0,
            scene: String::new(),
        }
    }
    /// The head of the session's file.
    pub fn head(lab_id: &str, hash: &str, seed: u64, o: &Options) -> Head {
        Head {
            format: journal::FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            lab: lab_id.to_owned(),
            hash: hash.to_owned(),
            seed,
            student: o.student.clone(),
            mode: o.mode,
            lang: o.lang,
            terminal: o.terminal,
            size: o.size,
        }
    }
    /// What stands before the first prompt, with that prompt.
    pub fn welcome(&self) -> Output {
        let screen = start::screen(&self.desk.borrow());
        Output { chunks: vec![(Stream::Out, screen.into_bytes())], state: self.shown() }
    }
    /// What stands there when a session goes on.
    pub fn resumed(&self) -> Output {
        let words = {
            let d = self.desk.borrow();
            format!("{}\n{}", fill(d.t().resumed, &[&d.case(), &d.line]), start::ticket(&d))
        };
        let mut chunks = vec![(Stream::Out, words.into_bytes())];
        let state = self.shown();
        if matches!(state, State::Continue(_) | State::Reading | State::Following) {
            chunks.push((Stream::Out, format!("\n{}", self.scene).into_bytes()));
        }
        Output { chunks, state }
    }
    /// Keeps what the screen shows since the last prompt.
    fn keep_scene(&mut self, before: &State, input: &Input, output: &Output) {
        if let State::Prompt(p) = before {
            self.scene.clone_from(p);
        }
        if let State::Continue(p) = before {
            self.scene.push_str(p);
        }
        if let Input::Line(l) = input {
            self.scene.push_str(&format!("{l}\n"));
        }
        self.scene.push_str(&output.text());
        if let Some(from) = self.scene.len().checked_sub(MAX_SCENE) {
            let cut = self.scene.bytes().skip(from).position(|b| b == b'\n').map_or(self.scene.len(), |i| from + i + 1);
            self.scene.drain(..cut);
        }
    }
    /// The lines typed so far, for the history.
    pub fn lines(&self) -> Vec<String> {
        let d = self.desk.borrow();
        let mut out: Vec<String> = Vec::new();
        let mut last = 0;
        for s in &d.steps {
            if s.line != last {
                last = s.line;
                out.push(s.command.clone());
            }
        }
        out
    }
    /// The world as it stands.
    pub fn world(&self) -> World {
        self.machine.world().borrow().clone()
    }
    /// The machine, for completion.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }
    /// Where a completion of `line` at byte `pos` starts, and what could stand there.
    pub fn complete(&self, line: &str, pos: usize) -> (usize, Vec<String>) {
        let before = line.get(..pos).unwrap_or(line);
        if let Some(word) = before.trim_start().strip_prefix("lab ").filter(|w| !w.contains(' ')) {
            let exam = self.desk.borrow().exam();
            let fits = coach::words(exam).into_iter().filter(|w| w.starts_with(word)).map(str::to_owned).collect();
            return (before.len() - word.len(), fits);
        }
        self.machine.complete(line, pos)
    }
    /// What the lab teaches.
    pub fn objectives(&self) -> Vec<String> {
        self.desk.borrow().worlds.lab.objectives.clone()
    }
    /// The grade, once handed in.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }
    /// The state that the terminal sees.
    fn shown(&self) -> State {
        if self.report.is_some() || self.left {
            return State::Exited;
        }
        match &self.state {
            State::Prompt(p) if self.desk.borrow().active.in_fork() => {
                let d = self.desk.borrow();
                let deep = Some(d.active.depth()).filter(|n| *n > 1).map_or(String::new(), |n| format!(" {n}"));
                State::Prompt(fill(d.t().fork_prompt, &[&deep]) + p)
            }
            s => s.clone(),
        }
    }
    /// Takes one input. It is in the journal before it is acted on.
    pub fn input(&mut self, input: Input) -> Output {
        if self.report.is_some() || self.desk.borrow().steps.len() >= MAX_INPUTS {
            let words = format!("{}\n", self.desk.borrow().t().ended);
            return Output { chunks: vec![(Stream::Out, words.into_bytes())], state: State::Exited };
        }
        self.journal.write(&journal::encode(&input));
        self.left = false;
        if self.state == State::Exited {
            self.revive();
        }
        let asked = self.begin(&input);
        let before = self.shown();
        let mut output = self.machine.input(input.clone());
        self.state = output.state.clone();
        self.keep_scene(&before, &input, &output);
        self.record(input, &output, asked);
        let (request, parting) = {
            let mut d = self.desk.borrow_mut();
            (d.request.take(), d.parting.take())
        };
        if let Some(words) = parting {
            output.chunks.push((Stream::Out, format!("{words}\n").into_bytes()));
        }
        if let Some(r) = request {
            let words = self.act(r);
            if !words.is_empty() {
                output.chunks.push((Stream::Out, words.into_bytes()));
            }
        }
        output.state = self.shown();
        output
    }
    /// A new login after `exit`.
    fn revive(&mut self) {
        let seat = self.desk.borrow().seat;
        self.machine = tape::machine(self.world(), self.coach.clone(), seat.interactive, seat.size);
        self.state = self.machine.state().clone();
    }
    /// Notes the line; whether the trainer asked for this input.
    fn begin(&mut self, input: &Input) -> bool {
        let mut d = self.desk.borrow_mut();
        d.said.clear();
        let asked = d.reader == Reader::Trainer;
        match (&self.state, input) {
            (State::Prompt(_), Input::Line(l)) => {
                d.line += 1;
                d.command.clone_from(l);
                d.labs.clear();
            }
            (State::Continue(_), Input::Line(l)) => {
                d.command.push('\n');
                d.command.push_str(l);
            }
            (State::Prompt(_), _) => {
                d.labs.clear();
            }
            _ => {}
        }
        asked
    }
    /// Puts the input on the tape, and what it showed beside it.
    fn record(&mut self, input: Input, output: &Output, asked: bool) {
        let world = self.machine.world().borrow().clone();
        let mut guard = self.desk.borrow_mut();
        let d = &mut *guard;
        let shown = d.without_words(&tape::screen(output));
        let command = d.labs.iter().flatten().last().filter(|_| asked).cloned().unwrap_or_else(|| d.command.clone());
        let typed = if let Input::Line(l) = &input { l.clone() } else { String::new() };
        let sight = Sight { line: d.line, command: &command, typed: &typed, output: &shown, world: &world };
        let seen = evidence::find(&d.worlds.lab, &sight);
        for s in seen {
            if !d.seen.contains(&s) {
                d.seen.push(s);
            }
        }
        let bare = is_bare(&d.command) && d.labs.iter().all(Vec::is_empty) && !d.labs.is_empty();
        if asked {
            // An answer to the trainer: the host sees only what was run from inside the question.
            let labs = d.labs.clone();
            if let Some(Op::Take(t)) = d.ops.iter_mut().rev().find(|o| matches!(o, Op::Take(_))) {
                t.labs.clone_from(&labs);
                t.bare = bare;
            }
            d.active.amend(labs, bare);
            if let Some(s) = d.steps.last_mut() {
                s.output.push_str(&shown);
                s.world = world;
            }
            return;
        }
        let take = Take { input: input.clone(), line: d.line, labs: d.labs.clone(), bare };
        d.ops.push(Op::Take(take.clone()));
        d.active.push(take);
        d.live.push(d.steps.len());
        let fork = d.active.in_fork();
        d.steps.push(Step { line: d.line, command: d.command.clone(), input, output: shown, world, fork });
    }
    fn act(&mut self, r: Request) -> String {
        let t = self.desk.borrow().t();
        match r {
            Request::Quit => {
                self.left = true;
                String::new()
            }
            Request::Undo(_) | Request::Fork if self.replayed >= MAX_REPLAYED => format!("{}\n", t.undo_spent),
            Request::Fork => {
                let mut d = self.desk.borrow_mut();
                d.active.fork();
                d.ops.push(Op::Fork);
                let deep = d.active.depth();
                (if deep > 1 { fill(t.fork_again, &[&deep]) } else { t.fork_done.to_owned() }) + "\n"
            }
            Request::Back => {
                let back = self.desk.borrow_mut().active.back();
                if !back {
                    return format!("{}\n", t.back_none);
                }
                self.desk.borrow_mut().ops.push(Op::Back);
                self.rebuild();
                format!("{}\n", if self.desk.borrow().active.in_fork() { t.back_again } else { t.back_done })
            }
            Request::Undo(n) => {
                let gone = self.desk.borrow_mut().active.undo(n);
                let Some(first) = gone.last().copied() else {
                    let here = self.desk.borrow().active.in_fork();
                    return format!("{}\n", if here { t.undo_nothing_here } else { t.undo_nothing });
                };
                self.desk.borrow_mut().ops.push(Op::Undo(n));
                self.rebuild();
                let command = self.desk.borrow().command_of(first);
                fill(t.undo_done, &[&first, &text::short(&command, 60)]) + "\n"
            }
            Request::Submit => self.submit(false),
        }
    }
    /// Plays the tape again as it stands.
    fn rebuild(&mut self) {
        let (takes, seat) = {
            let mut d = self.desk.borrow_mut();
            let n = d.active.takes().len();
            d.live.truncate(n);
            (d.active.takes().to_vec(), d.seat)
        };
        self.replayed += takes.len();
        let replay = player::rebuild(&self.start, &takes, seat);
        self.machine = replay.machine;
        self.machine.set_trainer(Some(self.coach.clone()));
        self.state = self.machine.state().clone();
    }
    /// Hands in; the report as text.
    fn submit(&mut self, by_end: bool) -> String {
        // What stands in the copy is left behind.
        while self.desk.borrow().active.in_fork() {
            let words = self.act(Request::Back);
            drop(words);
        }
        let end = self.world();
        let d = self.desk.borrow();
        let mut delivered = d.delivered.clone();
        if delivered.is_empty() && !d.draft.is_empty() {
            // A draft that was never handed in is still what the learner thought.
            let steps = d.steps.len();
            delivered.push(crate::grading::dossier::Delivered { line: d.line, steps, diagnosis: d.draft.clone() });
        }
        let dossier = Dossier {
            worlds: &d.worlds,
            number: d.number,
            student: &self.student(),
            exam: d.exam(),
            lang: self.report_lang.unwrap_or(d.lang),
            seat: d.seat,
            ops: &d.ops,
            steps: &d.steps,
            seen: &d.seen,
            diagnoses: &delivered,
            hints: &d.hints,
            end,
            live: d.live.iter().filter_map(|i| d.steps.get(*i)).cloned().collect(),
            lines: d.line,
            by_end,
        };
        let report = grade::grade(&dossier);
        let words = text::render(&report, d.plain);
        drop(d);
        self.report = Some(report);
        format!("\n{words}")
    }
    fn student(&self) -> String {
        self.desk.borrow().student.clone()
    }
    /// From now on inputs are written to `journal`; a session that had been left is entered again.
    pub(crate) fn go_on(&mut self, journal: Box<dyn Journal>) {
        self.journal = journal;
        self.left = false;
        if self.state == State::Exited {
            self.revive();
        }
    }
    /// The input has ended: hands in what there is. Empty when that was done already.
    pub fn finish(&mut self) -> Output {
        let words = if self.report.is_some() { String::new() } else { self.submit(true) };
        Output { chunks: vec![(Stream::Out, words.into_bytes())], state: State::Exited }
    }
}

/// A name as one line: what a file says may hold anything.
fn one_line(s: &str) -> String {
    s.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// Whether a line is the word `lab` and nothing else.
fn is_bare(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("lab") && !line.contains(['|', ';', '&', '>', '<', '\n', '`', '$'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::catalogue;

    #[test]
    fn undo_has_an_end() {
        let o = Options {
            student: String::new(),
            mode: Mode::Learn,
            lang: Lang::En,
            terminal: false,
            size: (80, 24),
            plain: true,
        };
        let worlds = Rc::new(Worlds::new(catalogue::find("1").unwrap().at(1)));
        let mut s = Session::new(worlds, None, &o, Box::new(Nowhere));
        let say = |s: &mut Session, l: &str| s.input(Input::Line(l.into())).text();
        say(&mut s, "true");
        say(&mut s, "true");
        assert!(say(&mut s, "lab undo").contains("Taken back"));
        assert_eq!(s.replayed, 1);
        s.replayed = MAX_REPLAYED;
        for l in ["lab undo", "lab fork"] {
            assert!(say(&mut s, l).contains("gone back too often"), "{l}");
        }
    }
}
