//! A world and its shell: input to output, suspended programs, transcript. Knows no lab.

use crate::base::Span;
use crate::command::io::{Screen, Stream};

/// What a machine takes.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A line typed, without its newline.
    Line(String),
    /// Ctrl-D.
    Eof,
    /// Ctrl-C.
    Interrupt,
    /// That much real time went by while a program follows.
    Tick(Span),
    /// The text that the editor saved; `None`: left without saving. Ends a pager, too.
    Saved(Option<String>),
    /// Columns and rows.
    Resize(u16, u16),
}

/// What the machine waits for after an input.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// A command line, with this prompt.
    Prompt(String),
    /// The rest of an incomplete command line (`> `).
    Continue(String),
    /// A program reads the terminal.
    Reading,
    /// A program follows; send ticks.
    Following,
    /// An editor or a pager is up.
    Screen(Screen),
    /// The shell has ended (`exit`, end of file).
    Exited,
}

/// The answer to one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub chunks: Vec<(Stream, Vec<u8>)>,
    pub state: State,
}
