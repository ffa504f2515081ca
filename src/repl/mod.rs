//! The terminal: prompt, editor, pager, colours.
//!
//! [`run`] drives anything that takes [`Input`]s and gives [`Output`]s: a session of a lab, or a bare machine.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod follow;
mod line;
mod nano;
mod pager;
pub mod screen;
mod vi;

use crate::base::Span;
use crate::command::io::Stream;
use crate::machine::{Input, Output, State};
use crate::shell::one_line;
use follow::Followed;
use line::{LineEditor, Typed};
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

/// What the terminal drives.
pub trait Driver {
    fn input(&mut self, input: Input) -> Output;
    /// Where a completion of `line` at `pos` starts, and what could stand there.
    fn complete(&mut self, line: &str, pos: usize) -> (usize, Vec<String>);
    /// Lines of an earlier part of the session, for the history.
    fn history(&self) -> Vec<String>;
    /// Columns and rows that it believes in.
    fn size(&self) -> (u16, u16);
}

/// How a run at the terminal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The shell or the session ended.
    Exited,
    /// The terminal went away: all that was typed is in the journal.
    Gone,
}

/// Writes chunks to the terminal, standard error's to standard error.
pub fn show(chunks: &[(Stream, Vec<u8>)]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut err = io::stderr().lock();
    for (stream, data) in chunks {
        match stream {
            Stream::Out => out.write_all(data)?,
            Stream::Err => {
                out.flush()?;
                err.write_all(data)?;
            }
        }
    }
    out.flush()
}

/// Runs a driver at the terminal until it ends. `first` is what it shows before the first prompt.
pub fn run(driver: Rc<RefCell<dyn Driver>>, first: Output) -> io::Result<End> {
    let completer = driver.clone();
    let complete = Rc::new(RefCell::new(move |l: &str, p: usize| completer.borrow_mut().complete(l, p)));
    let mut editor = LineEditor::new(complete).map_err(io::Error::other)?;
    for l in driver.borrow().history() {
        editor.remember(&l);
    }
    let mut output = first;
    // Lines of a command that is not complete yet.
    let mut typed: Vec<String> = Vec::new();
    loop {
        show(&output.chunks)?;
        if output.state == State::Exited {
            return Ok(End::Exited);
        }
        let now = super::cli::terminal_size();
        if now != driver.borrow().size() {
            let resized = driver.borrow_mut().input(Input::Resize(now.0, now.1));
            show(&resized.chunks)?;
        }
        let input = match &output.state {
            State::Exited => return Ok(End::Exited),
            State::Prompt(p) | State::Continue(p) => {
                let line = editor.command(p);
                if let Typed::Line(l) = &line {
                    typed.push(l.clone());
                }
                from_typed(line)
            }
            State::Reading => {
                let partial = unfinished(&output);
                from_typed(editor.reading(&partial))
            }
            State::Following => match follow::step()? {
                Followed::Tick(us) => Some(Input::Tick(Span::micros(us))),
                Followed::Interrupt => Some(Input::Interrupt),
            },
            State::Screen(s) => Some(Input::Saved(screen::show(s)?)),
        };
        let Some(input) = input else { return Ok(End::Gone) };
        let echoed = input == Input::Interrupt;
        output = driver.borrow_mut().input(input);
        if echoed {
            without_echo(&mut output);
        }
        if !matches!(output.state, State::Continue(_)) {
            editor.remember(&one_line(&std::mem::take(&mut typed).join("\n")));
        }
    }
}

/// The terminal has shown the `^C` where it was typed.
fn without_echo(output: &mut Output) {
    if let Some((_, first)) = output.chunks.first_mut()
        && let Some(rest) = first.strip_prefix(b"^C\n")
    {
        *first = rest.to_vec();
    }
}

fn from_typed(t: Typed) -> Option<Input> {
    match t {
        Typed::Line(l) => Some(Input::Line(l)),
        Typed::Interrupt => Some(Input::Interrupt),
        Typed::Eof => Some(Input::Eof),
        Typed::Gone => None,
    }
}

/// The last line of the output if it lacks its newline: a program's own prompt, which the line editor must redraw.
fn unfinished(output: &Output) -> String {
    let Some((_, last)) = output.chunks.last() else { return String::new() };
    let tail = last.rsplit(|b| *b == b'\n').next().unwrap_or(&[]);
    let text = String::from_utf8_lossy(tail).into_owned();
    if !text.is_empty() {
        // The editor draws it again from the first column.
        print!("\r");
        let _ = io::stdout().flush();
    }
    text
}

impl Driver for crate::machine::Machine {
    fn input(&mut self, input: Input) -> Output {
        crate::machine::Machine::input(self, input)
    }
    fn complete(&mut self, line: &str, pos: usize) -> (usize, Vec<String>) {
        crate::machine::Machine::complete(self, line, pos)
    }
    fn history(&self) -> Vec<String> {
        crate::machine::Machine::history(self)
    }
    fn size(&self) -> (u16, u16) {
        crate::machine::Machine::size(self)
    }
}
