//! What a session did to the host, and playing it again on another world.
//!
//! A tape holds the inputs that reached the host, in order, without those that answered the trainer's questions. Undo and
//! the way back from a copy cut it, so playing it always gives the world as it stands. The word `lab` is mute in a replay:
//! it prints nothing, but runs what was run from inside the diagnosis (`!CMD`).

use crate::base::{Span, Time};
use crate::command::io::{Screen, Stream};
use crate::command::{Ctx, Running, Trainer};
use crate::machine::{Input, Machine, Output, State};
use crate::sim::World;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// One input that reached the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Take {
    pub input: Input,
    /// The line of the session, from 1, that it belongs to.
    pub line: usize,
    /// For each time that the word `lab` ran: the commands run from inside it.
    pub labs: Vec<Vec<String>>,
    /// The line is the word `lab` and nothing else: there is nothing in it to undo.
    pub bare: bool,
}

/// What an input did, with the world after it.
#[derive(Clone, Debug)]
pub struct Step {
    pub line: usize,
    /// The command line at the prompt that this belongs to.
    pub command: String,
    pub input: Input,
    /// What the host put on the screen, without the trainer's words.
    pub output: String,
    pub world: World,
    /// It was done in a copy.
    pub fork: bool,
}

impl Step {
    /// What was typed, if it was a line.
    pub fn typed(&self) -> &str {
        if let Input::Line(l) = &self.input { l } else { "" }
    }
    pub fn at(&self) -> Time {
        self.world.now()
    }
}

/// The last step of each line, copies left out: what a line came to.
pub fn ends(steps: &[Step]) -> Vec<&Step> {
    let mut out: Vec<&Step> = Vec::new();
    for s in steps.iter().filter(|s| !s.fork) {
        match out.last_mut() {
            Some(last) if last.line == s.line => *last = s,
            _ => out.push(s),
        }
    }
    out
}

/// The text of an output, both streams as they came.
pub fn text(output: &Output) -> String {
    let bytes: Vec<u8> = output.chunks.iter().flat_map(|(_, b): &(Stream, Vec<u8>)| b.iter().copied()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What an output put on the screen: its text, and what a pager or an editor shows whole until it is left.
pub fn screen(output: &Output) -> String {
    match &output.state {
        State::Screen(Screen::Pager { text: shown, .. } | Screen::Editor { text: shown, .. }) => text(output) + shown,
        _ => text(output),
    }
}

/// The word `lab` in a replay.
#[derive(Default)]
pub struct Mute {
    /// What each coming run of it has to run.
    pub scripts: RefCell<VecDeque<Vec<String>>>,
}

impl Trainer for Mute {
    fn run<'a>(&'a self, ctx: &'a mut Ctx) -> Running<'a> {
        Box::pin(async move {
            let script = self.scripts.borrow_mut().pop_front().unwrap_or_default();
            for line in script {
                ctx.spawn.shell(ctx.clone(), line, Vec::new()).await;
            }
            0
        })
    }
}

/// A machine as a session sits at it.
pub fn machine(world: World, trainer: Rc<dyn Trainer>, interactive: bool, size: (u16, u16)) -> Machine {
    let mut m = Machine::with_trainer(world, Some(trainer));
    m.set_interactive(interactive);
    m.resize(size.0, size.1);
    m
}

/// How a session sits at its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    pub interactive: bool,
    pub size: (u16, u16),
}

/// A replay: the machine in the end, and every step.
pub struct Replay {
    pub machine: Machine,
    pub mute: Rc<Mute>,
    pub state: State,
}

impl Replay {
    pub fn new(world: World, seat: Seat) -> Replay {
        let mute = Rc::new(Mute::default());
        let machine = machine(world, mute.clone(), seat.interactive, seat.size);
        Replay { machine, mute, state: State::Prompt(String::new()) }
    }
    /// Plays one take; gives what the host put on the screen.
    pub fn take(&mut self, take: &Take, seat: Seat) -> String {
        if self.state == State::Exited {
            self.revive(seat);
        }
        self.mute.scripts.replace(take.labs.iter().cloned().collect());
        let output = self.machine.input(take.input.clone());
        self.state = output.state.clone();
        screen(&output)
    }
    pub fn world(&self) -> World {
        self.machine.world().borrow().clone()
    }
    /// A new login after the shell has ended.
    pub fn revive(&mut self, seat: Seat) {
        self.machine = machine(self.world(), self.mute.clone(), seat.interactive, seat.size);
        self.state = State::Prompt(String::new());
    }
}

/// What a script in the notation of `-c`, standard input and solutions means: `^C`, `^D`, `^T 30s`, else a line.
pub fn script(text: &str) -> Vec<Input> {
    text.lines().map(script_line).collect()
}

/// One line of a script.
pub fn script_line(line: &str) -> Input {
    match line.trim_end() {
        "^C" => Input::Interrupt,
        "^D" => Input::Eof,
        l => match l.strip_prefix("^T ").map(str::trim).and_then(crate::lab::values::parse_span) {
            Some(span) => Input::Tick(span.max(Span::ZERO)),
            None => Input::Line(line.trim_end_matches('\r').to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_of_scripts() {
        for (line, expected) in [
            ("^C", Input::Interrupt),
            ("^D", Input::Eof),
            ("^T 30s", Input::Tick(Span::secs(30))),
            ("^T 2m", Input::Tick(Span::mins(2))),
            ("^T soon", Input::Line("^T soon".into())),
            ("  ls ", Input::Line("  ls ".into())),
            ("", Input::Line(String::new())),
        ] {
            assert_eq!(script_line(line), expected, "{line}");
        }
    }
}
