//! The text of a Sieve script as commands, tests and arguments (RFC 5228), with Pigeonhole's words for what is no Sieve.
//!
//! What a command may be followed by is the validator's business. Left out: going on after a syntax error; the first one
//! ends it.

use std::fmt;

/// What is wrong, and on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub line: usize,
    pub what: String,
}

impl Error {
    pub fn new(line: usize, what: impl Into<String>) -> Error {
        Error { line, what: what.into() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `:contains`, without the colon, in lower case.
    Tag(String),
    Number(u64),
    Str(String),
    List(Vec<String>),
}

impl Value {
    /// What it is called in a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Tag(_) => "a tag",
            Value::Number(_) => "a number",
            Value::Str(_) => "a string",
            Value::List(_) => "a string list",
        }
    }
    /// A string, or every string of a list.
    pub fn strings(&self) -> &[String] {
        match self {
            Value::Str(s) => std::slice::from_ref(s),
            Value::List(l) => l,
            Value::Tag(_) | Value::Number(_) => &[],
        }
    }
}

/// A command or a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub line: usize,
    /// In lower case.
    pub name: String,
    pub args: Vec<Value>,
    pub tests: Vec<Node>,
    pub block: Option<Vec<Node>>,
}

/// Nothing nests deeper.
const MAX_DEPTH: usize = 32;
/// No script is longer.
pub const MAX_SCRIPT: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Tag(String),
    Number(u64),
    Str(String),
    Mark(char),
    Unknown(char),
    OpenString(usize),
    End,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(_) => f.write_str("identifier"),
            Token::Tag(_) => f.write_str("tag"),
            Token::Number(_) => f.write_str("number"),
            Token::Str(_) => f.write_str("string"),
            Token::Mark(c) => write!(f, "'{c}'"),
            Token::Unknown(_) => f.write_str("unknown characters"),
            Token::OpenString(_) | Token::End => f.write_str("end of file"),
        }
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    line: usize,
    token: Token,
    /// The line of the token.
    here: usize,
}

/// Reads a script.
pub fn parse(text: &[u8]) -> Result<Vec<Node>, Vec<Error>> {
    let mut p = Parser { text: &text[..text.len().min(MAX_SCRIPT)], at: 0, line: 1, token: Token::End, here: 1 };
    p.next();
    let out = p.commands(0)?;
    if p.token == Token::End { Ok(out) } else { Err(p.unexpected()) }
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
    fn bump(&mut self) -> Option<u8> {
        let c = self.peek()?;
        self.at += 1;
        if c == b'\n' {
            self.line += 1;
        }
        Some(c)
    }
    fn blanks(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    self.bump();
                }
                b'#' => while self.bump().is_some_and(|c| c != b'\n') {},
                b'/' if self.text.get(self.at + 1) == Some(&b'*') => {
                    self.at += 2;
                    while self.peek().is_some() && !self.text[self.at..].starts_with(b"*/") {
                        self.bump();
                    }
                    self.at = (self.at + 2).min(self.text.len());
                }
                _ => return,
            }
        }
    }
    fn word(&mut self) -> String {
        let from = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == b'_') {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[from..self.at]).to_ascii_lowercase()
    }
    fn next(&mut self) {
        self.blanks();
        self.here = self.line;
        self.token = match self.peek() {
            None => Token::End,
            Some(b'"') => self.quoted(),
            Some(b':') => {
                self.at += 1;
                Token::Tag(self.word())
            }
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == b'_' => {
                let w = self.word();
                if w == "text" && self.peek() == Some(b':') { self.multi_line() } else { Token::Word(w) }
            }
            Some(c @ (b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';')) => {
                self.at += 1;
                Token::Mark(char::from(c))
            }
            Some(c) => {
                self.at += 1;
                Token::Unknown(char::from(c))
            }
        };
    }
    fn number(&mut self) -> Token {
        let mut n: u64 = 0;
        while let Some(d) = self.peek().filter(u8::is_ascii_digit) {
            n = n.saturating_mul(10).saturating_add(u64::from(d - b'0'));
            self.at += 1;
        }
        let unit = match self.peek() {
            Some(b'k' | b'K') => 10,
            Some(b'm' | b'M') => 20,
            Some(b'g' | b'G') => 30,
            _ => return Token::Number(n),
        };
        self.at += 1;
        Token::Number(n.saturating_mul(1 << unit))
    }
    fn quoted(&mut self) -> Token {
        let from = self.line;
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.bump() {
                None => return Token::OpenString(from),
                Some(b'"') => break,
                Some(b'\\') => out.extend(self.bump()),
                Some(c) => out.push(c),
            }
        }
        Token::Str(String::from_utf8_lossy(&out).into_owned())
    }
    /// `text:`, lines up to a lone dot.
    fn multi_line(&mut self) -> Token {
        let from = self.line;
        while self.bump().is_some_and(|c| c != b'\n') {}
        let mut out = Vec::new();
        loop {
            let start = self.at;
            while self.bump().is_some_and(|c| c != b'\n') {}
            let line = &self.text[start..self.at];
            if line.is_empty() {
                return Token::OpenString(from);
            }
            if matches!(line, b".\n" | b".\r\n" | b".") {
                break;
            }
            out.extend_from_slice(line.strip_prefix(b".").filter(|l| l.starts_with(b".")).unwrap_or(line));
        }
        Token::Str(String::from_utf8_lossy(&out).into_owned())
    }

    fn fail<T>(&self, what: impl Into<String>) -> Result<T, Vec<Error>> {
        if let Token::OpenString(l) = self.token {
            let what = format!("end of file before end of quoted string started at line {l}");
            return Err(vec![Error::new(self.line, what)]);
        }
        let mut all = Vec::new();
        if let Token::Unknown(c) = self.token {
            all.push(Error::new(self.here, format!("unexpected character(s) starting with '{c}'")));
        }
        all.push(Error::new(self.here, what));
        Err(all)
    }
    fn unexpected(&self) -> Vec<Error> {
        let what = format!("unexpected {} found at (the presumed) end of file", self.token);
        self.fail::<()>(what).err().unwrap_or_default()
    }
    fn commands(&mut self, depth: usize) -> Result<Vec<Node>, Vec<Error>> {
        let mut out = Vec::new();
        while let Token::Word(name) = self.token.clone() {
            if depth > MAX_DEPTH {
                return self.fail("command nesting is too deep");
            }
            let mut c = self.node(name, depth)?;
            match self.token {
                Token::Mark(';') => self.next(),
                Token::Mark('{') => {
                    self.next();
                    c.block = Some(self.commands(depth + 1)?);
                    if self.token != Token::Mark('}') {
                        let what = format!("expected end of compound block '}}', but found {}", self.token);
                        return self.fail(what);
                    }
                    self.next();
                }
                _ => {
                    let what = format!(
                        "expected end of command ';' or the beginning of a compound block '{{', but found {}",
                        self.token
                    );
                    return self.fail(what);
                }
            }
            out.push(c);
        }
        Ok(out)
    }
    /// A command or test up to what ends it.
    fn node(&mut self, name: String, depth: usize) -> Result<Node, Vec<Error>> {
        if depth > MAX_DEPTH {
            return self.fail("test nesting is too deep");
        }
        let mut node = Node { line: self.here, name, ..Node::default() };
        self.next();
        loop {
            let value = match &self.token {
                Token::Tag(t) => Value::Tag(t.clone()),
                Token::Number(n) => Value::Number(*n),
                Token::Str(s) => Value::Str(s.clone()),
                Token::Mark('[') => Value::List(self.list()?),
                _ => break,
            };
            node.args.push(value);
            self.next();
        }
        match self.token.clone() {
            Token::Word(w) => node.tests.push(self.node(w, depth + 1)?),
            Token::Mark('(') => self.test_list(&mut node, depth)?,
            _ => {}
        }
        Ok(node)
    }
    /// From `[` to `]`, which is not passed.
    fn list(&mut self) -> Result<Vec<String>, Vec<Error>> {
        let mut out = Vec::new();
        let mut open = '[';
        loop {
            self.next();
            let Token::Str(s) = &self.token else {
                return self.fail(format!("expecting string after '{open}' in string list, but found {}", self.token));
            };
            out.push(s.clone());
            self.next();
            match self.token {
                Token::Mark(']') => return Ok(out),
                Token::Mark(',') => open = ',',
                _ => {
                    let what = format!("expecting ',' or end of string list ']', but found {}", self.token);
                    return self.fail(what);
                }
            }
        }
    }
    fn test_list(&mut self, node: &mut Node, depth: usize) -> Result<(), Vec<Error>> {
        let mut after = '(';
        loop {
            self.next();
            let Token::Word(w) = self.token.clone() else {
                let what = format!("expecting test identifier after '{after}' in test list, but found {}", self.token);
                let mut all = self.fail::<()>(what).err().unwrap_or_default();
                all.push(Error::new(self.here, format!("failed to accept more tests for command '{}'", node.name)));
                return Err(all);
            };
            node.tests.push(self.node(w, depth + 1)?);
            match self.token {
                Token::Mark(',') => after = ',',
                Token::Mark(')') => {
                    self.next();
                    return Ok(());
                }
                _ => {
                    let what = format!("expecting ',' or end of test list ')', but found {}", self.token);
                    return self.fail(what);
                }
            }
        }
    }
}
