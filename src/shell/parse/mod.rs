//! Bash's grammar as a recursive descent over characters.
//!
//! Written here and not taken from a crate because three things depend on how bash itself reads: aliases are replaced
//! while a line is being parsed, the words of its messages name the token where *its* grammar stops, and nesting must
//! be bounded. One complete command is read at a time, as bash does, so that an alias or `shopt` acts on the next line.
//! Left out: `coproc`, `$"…"` translation.

mod braced;
mod command;
mod cond;
mod redirect;
mod word;

use super::ast::{HereDoc, Item, List};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Nesting deeper than this is refused.
const MAX_DEPTH: usize = 60;

/// Why a text is no command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// The text ended inside a command.
    Incomplete { line: u32 },
    /// The text ended inside quotes or a substitution: the closing character, and the line it was opened on.
    Unclosed { close: char, line: u32 },
    /// `syntax error near unexpected token`.
    Unexpected { token: String, line: u32, text: String },
    /// Another message, and the line. Those of `[[ ]]` leave the exit status at 0.
    Other { message: String, line: u32 },
    /// The end of the line within `[[ ]]`.
    Newline { message: String, line: u32 },
}

pub type Res<T> = Result<T, ParseError>;

/// What the parser must know of the shell.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub aliases: BTreeMap<String, String>,
    pub extglob: bool,
}

/// A text being parsed.
#[derive(Clone, Debug)]
pub struct Parser {
    src: Vec<char>,
    at: usize,
    line: u32,
    depth: usize,
    pending: Vec<Rc<HereDoc>>,
    pub settings: Settings,
    /// Aliases being replaced: name, and how much of the text was left after the replacement.
    active: Vec<(String, usize)>,
    /// The word before was an alias that ends in a blank.
    alias_next: bool,
    /// A here-document met the end of the text: its delimiter and the line it began on.
    pub unended: Vec<(String, u32, u32)>,
    /// A here-document that lacks its end counts as incomplete (at a prompt).
    pub strict_here: bool,
    /// The error was within `( … )` of an array: bash then fails with 1.
    pub in_array: bool,
}

impl Parser {
    /// A script: ends with a newline, as bash reads it.
    pub fn script(text: &str, settings: Settings) -> Parser {
        let mut p = Parser::new(text, settings);
        if p.src.last() != Some(&'\n') {
            p.src.push('\n');
        }
        p
    }
    pub fn new(text: &str, settings: Settings) -> Parser {
        Parser {
            src: text.chars().collect(),
            at: 0,
            line: 1,
            depth: 0,
            pending: Vec::new(),
            settings,
            active: Vec::new(),
            alias_next: false,
            unended: Vec::new(),
            strict_here: false,
            in_array: false,
        }
    }
    pub fn with_line(mut self, line: u32) -> Parser {
        self.line = line;
        self
    }
    pub fn line(&self) -> u32 {
        self.line
    }
    pub fn done(&self) -> bool {
        self.at >= self.src.len()
    }
    /// The next complete command: everything up to a newline outside of any construct. `None` at the end of the text.
    pub fn next_command(&mut self) -> Res<Option<List>> {
        loop {
            self.blanks();
            match self.peek() {
                None => return Ok(None),
                Some('\n') => self.newline()?,
                Some(_) => break,
            }
        }
        let mut list = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None => break,
                Some('\n') => {
                    self.newline()?;
                    break;
                }
                Some(_) => {}
            }
            let and_or = self.and_or()?;
            self.blanks();
            let background = match self.peek() {
                Some('&') => {
                    self.at += 1;
                    true
                }
                Some(';') if self.peek_at(1) != Some(';') && self.peek_at(1) != Some('&') => {
                    self.at += 1;
                    false
                }
                None | Some('\n') => false,
                Some(_) => return Err(self.unexpected()),
            };
            list.push(Item { and_or: Rc::new(and_or), background });
        }
        if !self.pending.is_empty() {
            self.read_here_docs()?;
        }
        Ok(Some(list))
    }

    fn peek(&self) -> Option<char> {
        self.src.get(self.at).copied()
    }
    fn peek_at(&self, n: usize) -> Option<char> {
        self.src.get(self.at + n).copied()
    }
    fn starts(&self, s: &str) -> bool {
        s.chars().enumerate().all(|(i, c)| self.peek_at(i) == Some(c))
    }
    fn text(&self, from: usize) -> String {
        self.src[from.min(self.at)..self.at].iter().collect()
    }
    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }
    fn eat(&mut self, s: &str) -> bool {
        let yes = self.starts(s);
        if yes {
            self.at += s.chars().count();
        }
        yes
    }
    fn deeper(&mut self) -> Res<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ParseError::Other { message: "memory exhausted".into(), line: self.line });
        }
        Ok(())
    }
    /// Skips blanks, escaped newlines and a comment.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.at += 1,
                Some('\\') if self.peek_at(1) == Some('\n') => {
                    self.at += 2;
                    self.line += 1;
                }
                Some('#')
                    if self.at == 0
                        || self.src[self.at - 1].is_whitespace()
                        || "();&|".contains(self.src[self.at - 1]) =>
                {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }
    /// Passes a newline, and the here-documents that begin behind it.
    fn newline(&mut self) -> Res<()> {
        self.bump();
        self.read_here_docs()
    }
    fn newlines(&mut self) -> Res<()> {
        loop {
            self.blanks();
            if self.peek() != Some('\n') {
                return Ok(());
            }
            self.newline()?;
        }
    }
    fn read_here_docs(&mut self) -> Res<()> {
        for doc in std::mem::take(&mut self.pending) {
            let start = doc.line;
            let mut body = String::new();
            let mut ended = false;
            while !self.done() {
                let from = self.at;
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
                let mut line = self.text(from);
                let had_newline = self.bump().is_some();
                if !doc.quoted {
                    // A backslash before the newline joins lines, unless it is itself escaped.
                    while had_newline && line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1 && !self.done()
                    {
                        line.pop();
                        let from = self.at;
                        while self.peek().is_some_and(|c| c != '\n') {
                            self.at += 1;
                        }
                        line.push_str(&self.text(from));
                        self.bump();
                    }
                }
                let text = if doc.strip { line.trim_start_matches('\t') } else { &line };
                if text == doc.delimiter {
                    ended = true;
                    break;
                }
                body.push_str(text);
                if had_newline {
                    body.push('\n');
                }
            }
            if !ended {
                if self.strict_here {
                    return Err(ParseError::Incomplete { line: self.line });
                }
                self.unended.push((doc.delimiter.clone(), doc.line, self.line.min(start)));
            }
            let word = if doc.quoted { super::ast::Word::from_text(&body) } else { self.here_word(&body)? };
            let _ = doc.body.set((word, body));
        }
        Ok(())
    }
    /// The token at this place, for a message.
    fn token(&self) -> Option<String> {
        let c = self.peek()?;
        for op in [
            "&>>", "<<<", "<<-", ";;&", "&&", "||", ";;", ";&", "<<", ">>", "<&", ">&", "<>", ">|", "|&", "&>", "(",
            ")", ";", "&", "|", "<", ">",
        ] {
            if self.starts(op) {
                return Some(op.into());
            }
        }
        if c == '\n' {
            return Some("newline".into());
        }
        let mut p = self.clone();
        let from = p.at;
        let _ = p.word();
        if p.at == from {
            p.at += 1;
        }
        Some(p.text(from))
    }
    /// The error for the token at this place.
    fn unexpected(&self) -> ParseError {
        match self.token() {
            None => ParseError::Incomplete { line: self.end_line() },
            Some(token) => self.unexpected_token(token),
        }
    }
    fn unexpected_token(&self, token: String) -> ParseError {
        let from = self.src[..self.at.min(self.src.len())].iter().rposition(|c| *c == '\n').map_or(0, |i| i + 1);
        let text = self.src[from..].iter().take_while(|c| **c != '\n').collect();
        ParseError::Unexpected { token, line: self.line, text }
    }
    /// The number that bash gives to the line behind the last.
    fn end_line(&self) -> u32 {
        let more = self.src[self.at.min(self.src.len())..].iter().filter(|c| **c == '\n').count() as u32;
        let closed = self.src.last() == Some(&'\n');
        self.line + more + u32::from(!closed)
    }
}

impl ParseError {
    /// What bash writes, behind its `bash: -c: line N: ` prefix; with `line` the second line that shows the text is given too.
    pub fn messages(&self) -> Vec<String> {
        match self {
            ParseError::Incomplete { .. } => vec!["syntax error: unexpected end of file".into()],
            ParseError::Unclosed { close, .. } => {
                vec![format!("unexpected EOF while looking for matching `{close}'")]
            }
            ParseError::Unexpected { token, text, .. } => {
                vec![format!("syntax error near unexpected token `{token}'"), format!("`{text}'")]
            }
            ParseError::Other { message, .. } if message.is_empty() => Vec::new(),
            ParseError::Other { message, .. } | ParseError::Newline { message, .. } => vec![message.clone()],
        }
    }
    pub fn line(&self) -> u32 {
        match self {
            ParseError::Incomplete { line }
            | ParseError::Unclosed { line, .. }
            | ParseError::Unexpected { line, .. }
            | ParseError::Other { line, .. }
            | ParseError::Newline { line, .. } => *line,
        }
    }
    /// Whether more text could complete it.
    pub fn is_incomplete(&self) -> bool {
        matches!(self, ParseError::Incomplete { .. } | ParseError::Unclosed { .. })
    }
}
