//! The line editor: history, completion by the machine, Ctrl-C and Ctrl-D.

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use std::cell::RefCell;
use std::rc::Rc;

/// Where a completion starts and what could stand there.
pub type Candidates = (usize, Vec<String>);
type Complete = Rc<RefCell<dyn FnMut(&str, usize) -> Candidates>>;

/// What the user gave at a prompt.
pub enum Typed {
    Line(String),
    Interrupt,
    Eof,
    /// The terminal went away.
    Gone,
}

struct Words(Complete);

impl Completer for Words {
    type Candidate = Pair;
    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, words) = (self.0.borrow_mut())(line, pos);
        let last = |w: &str| w.trim_end_matches('/').rfind('/').map_or(0, |i| i + 1);
        let pairs = words.into_iter().map(|w| Pair { display: w[last(&w)..].to_owned(), replacement: w });
        Ok((start, pairs.collect()))
    }
}
impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}

/// The editor of the prompt.
pub struct LineEditor {
    prompt: Editor<Words, MemHistory>,
    /// For what programs read: no history, no completion.
    plain: Editor<(), MemHistory>,
}

impl LineEditor {
    pub fn new(complete: Complete) -> rustyline::Result<LineEditor> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(2000)?
            .auto_add_history(false)
            .bracketed_paste(true)
            .build();
        let mut prompt = Editor::with_history(config.clone(), MemHistory::with_config(&config))?;
        prompt.set_helper(Some(Words(complete)));
        Ok(LineEditor { prompt, plain: Editor::with_history(config.clone(), MemHistory::with_config(&config))? })
    }
    /// A command line.
    pub fn command(&mut self, prompt: &str) -> Typed {
        let typed = typed(self.prompt.readline(prompt));
        if let Typed::Line(l) = &typed {
            self.remember(l);
        }
        typed
    }
    /// A line for a program that reads.
    pub fn reading(&mut self, prompt: &str) -> Typed {
        typed(self.plain.readline(prompt))
    }
    pub fn remember(&mut self, line: &str) {
        if !line.trim().is_empty() {
            let _ = self.prompt.add_history_entry(line);
        }
    }
}

fn typed(r: rustyline::Result<String>) -> Typed {
    match r {
        Ok(l) => Typed::Line(l),
        Err(ReadlineError::Interrupted) => Typed::Interrupt,
        Err(ReadlineError::Eof) => Typed::Eof,
        // A window size change ends the read in some terminals: the same as an empty line typed again.
        Err(ReadlineError::Signal(_)) => Typed::Line(String::new()),
        Err(_) => Typed::Gone,
    }
}
