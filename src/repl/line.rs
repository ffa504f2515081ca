//! The line editor: history, completion by the machine, Ctrl-C, Ctrl-D and telnet's Ctrl-].

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event, EventContext, EventHandler, Helper,
    KeyEvent, RepeatCount,
};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
        let alone = words.len() == 1;
        let pairs = words.into_iter().map(|w| {
            let display = w[last(&w)..].to_owned();
            // As readline: a word that is the only one is done, a folder or `--option=` goes on.
            let done = alone && !w.ends_with(['/', '=']);
            Pair { display, replacement: if done { w + " " } else { w } }
        });
        Ok((start, pairs.collect()))
    }
}
impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}

/// Echoes a control key where it was typed, as a terminal does, then does what the editor would.
struct Echo {
    text: &'static str,
    then: Option<Cmd>,
    /// Set when the key was typed.
    typed: Arc<AtomicBool>,
}

impl ConditionalEventHandler for Echo {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        write(self.text);
        self.typed.store(true, Ordering::Relaxed);
        self.then.clone()
    }
}

fn write(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// What telnet takes for a wish to talk to itself.
const ESCAPE: char = '\u{1d}';

/// The editor of the prompt.
pub struct LineEditor {
    prompt: Editor<Words, MemHistory>,
    /// For what programs read: no history, no completion.
    plain: Editor<(), MemHistory>,
    /// Whether Ctrl-] ended the line that a program reads.
    escaped: Arc<AtomicBool>,
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
        let mut plain = Editor::with_history(config.clone(), MemHistory::with_config(&config))?;
        let escaped = Arc::new(AtomicBool::new(false));
        let escape = Echo { text: "^]", then: Some(Cmd::AcceptLine), typed: escaped.clone() };
        plain.bind_sequence(KeyEvent::ctrl(']'), EventHandler::Conditional(Box::new(escape)));
        keys(&mut prompt);
        keys(&mut plain);
        Ok(LineEditor { prompt, plain, escaped })
    }
    /// A command line.
    pub fn command(&mut self, prompt: &str) -> Typed {
        read(&mut self.prompt, prompt)
    }
    /// A line for a program that reads.
    pub fn reading(&mut self, prompt: &str) -> Typed {
        self.escaped.store(false, Ordering::Relaxed);
        match read(&mut self.plain, prompt) {
            Typed::Line(l) if self.escaped.load(Ordering::Relaxed) => Typed::Line(format!("{l}{ESCAPE}")),
            other => other,
        }
    }
    pub fn remember(&mut self, line: &str) {
        if !line.trim().is_empty() {
            let _ = self.prompt.add_history_entry(line);
        }
    }
}

/// Ctrl-C shows itself; Ctrl-Z would stop the trainer and not what runs in it, so it does nothing.
fn keys<H: Helper>(editor: &mut Editor<H, MemHistory>) {
    let interrupt = Echo { text: "^C", then: None, typed: Arc::default() };
    editor.bind_sequence(KeyEvent::ctrl('C'), EventHandler::Conditional(Box::new(interrupt)));
    editor.bind_sequence(KeyEvent::ctrl('Z'), Cmd::Noop);
}

/// Reads a line; bytes that are no text are passed over, as the terminal still stands.
fn read<H: Helper>(editor: &mut Editor<H, MemHistory>, prompt: &str) -> Typed {
    loop {
        return match editor.readline(prompt) {
            Ok(l) => Typed::Line(l),
            Err(ReadlineError::Interrupted) => Typed::Interrupt,
            Err(ReadlineError::Eof) => {
                // The end of file has no echo: what is shown next stands behind the prompt.
                let width = prompt.chars().count();
                write(&if width > 0 { format!("\x1b[A\x1b[{width}C") } else { "\x1b[A".into() });
                Typed::Eof
            }
            Err(ReadlineError::Signal(_)) => continue,
            Err(ReadlineError::Io(e)) if e.kind() == std::io::ErrorKind::InvalidData => continue,
            Err(_) => Typed::Gone,
        };
    }
}
