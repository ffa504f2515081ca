//! Reads a sed script into commands, with GNU's messages.

mod subst;

use super::super::regex::{Flags, Re, Syntax};
use super::script::{Addr, Cmd, Op};
use subst::unescape;

pub struct Parser<'a> {
    s: Vec<char>,
    pos: usize,
    extended: bool,
    out: Vec<Cmd>,
    labels: Vec<(String, usize)>,
    jumps: Vec<(usize, String)>,
    blocks: Vec<usize>,
    what: &'a str,
}

pub(super) type Res<T> = Result<T, String>;

/// Reads a whole script; `what` names it in messages (`-e expression #1`).
pub fn parse(script: &str, what: &str, extended: bool) -> Res<Vec<Cmd>> {
    let mut p = Parser {
        s: script.chars().collect(),
        pos: 0,
        extended,
        out: Vec::new(),
        labels: Vec::new(),
        jumps: Vec::new(),
        blocks: Vec::new(),
        what,
    };
    while p.command()? {}
    if !p.blocks.is_empty() {
        return Err(format!("{what}, char 0: unmatched `{{'"));
    }
    for (i, label) in std::mem::take(&mut p.jumps) {
        let Some((_, at)) = p.labels.iter().find(|(l, _)| *l == label) else {
            return Err(format!("can't find label for jump to `{label}'"));
        };
        if let Op::Jump(_, to) = &mut p.out[i].op {
            *to = Some(*at);
        }
    }
    Ok(p.out)
}

impl Parser<'_> {
    pub(super) fn fail<T>(&self, m: &str) -> Res<T> {
        Err(format!("{}, char {}: {m}", self.what, self.pos))
    }
    pub(super) fn peek(&self) -> Option<char> {
        self.s.get(self.pos).copied()
    }
    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek();
        if c.is_some() {
            self.pos += 1;
        }
        c
    }
    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| c.is_whitespace() && c != '\n') {
            self.pos += 1;
        }
    }
    pub(super) fn number(&mut self) -> u64 {
        let mut n = 0u64;
        while let Some(d) = self.peek().and_then(|c| c.to_digit(10)) {
            n = n.saturating_mul(10).saturating_add(u64::from(d));
            self.pos += 1;
        }
        n
    }
    /// Text up to an unescaped delimiter. In a pattern, brackets do not protect the delimiter (as in GNU sed).
    pub(super) fn delimited(&mut self, d: char, regex: bool) -> Option<String> {
        let mut out = String::new();
        loop {
            let c = self.next()?;
            if c == d {
                return Some(out);
            }
            if c == '\n' && regex {
                return None;
            }
            if c == '\\' {
                let e = self.next()?;
                if e == d {
                    // A delimiter that is special unescaped stays what it means when bare.
                    out.push(d);
                } else if e == 'n' && regex {
                    out.push('\n');
                } else {
                    out.push('\\');
                    out.push(e);
                }
                continue;
            }
            out.push(c);
        }
    }
    pub(super) fn regex(&self, text: &str, ignore_case: bool, multiline: bool) -> Res<Option<Re>> {
        if text.is_empty() {
            return Ok(None);
        }
        let syntax = if self.extended { Syntax::Extended } else { Syntax::Basic };
        let source = unescape(text);
        match Re::new(&source, syntax, Flags { ignore_case, multiline, dot_all: true }) {
            Ok(re) => Ok(Some(re)),
            Err(m) => self.fail(&m),
        }
    }
    fn address(&mut self) -> Res<Option<Addr>> {
        let c = match self.peek() {
            Some(c) => c,
            None => return Ok(None),
        };
        let addr = match c {
            '0'..='9' => {
                let n = self.number();
                self.blanks();
                if self.peek() == Some('~') {
                    self.pos += 1;
                    let step = self.number();
                    Addr::Step(n, step)
                } else if n == 0 {
                    Addr::Zero
                } else {
                    Addr::Line(n)
                }
            }
            '$' => {
                self.pos += 1;
                Addr::Last
            }
            '/' | '\\' => {
                self.pos += 1;
                let d = if c == '\\' {
                    match self.next() {
                        Some(d) => d,
                        None => return self.fail("unexpected `,'"),
                    }
                } else {
                    '/'
                };
                let Some(text) = self.delimited(d, true) else { return self.fail("unterminated address regex") };
                let (mut i, mut m) = (false, false);
                loop {
                    match self.peek() {
                        Some('I') => i = true,
                        Some('M') => m = true,
                        _ => break,
                    }
                    self.pos += 1;
                }
                Addr::Regex(self.regex(&text, i, m)?)
            }
            _ => return Ok(None),
        };
        Ok(Some(addr))
    }
    /// What may stand after a command: blanks, then `;`, a newline, `}`, `#` or the end.
    pub(super) fn end(&mut self) -> Res<()> {
        self.blanks();
        match self.peek() {
            None | Some('}' | '#') => Ok(()),
            Some(';' | '\n') => {
                self.pos += 1;
                Ok(())
            }
            Some(_) => {
                self.pos += 1;
                self.fail("extra characters after command")
            }
        }
    }
    pub(super) fn word(&mut self, semicolon_ends: bool) -> String {
        self.blanks();
        let mut w = String::new();
        while let Some(c) = self.peek() {
            if c == '\n' || (semicolon_ends && (c == ';' || c.is_whitespace() || c == '}')) {
                break;
            }
            w.push(c);
            self.pos += 1;
        }
        w
    }
    fn command(&mut self) -> Res<bool> {
        while self.peek().is_some_and(|c| c.is_whitespace() || c == ';') {
            self.pos += 1;
        }
        if self.peek().is_none() {
            return Ok(false);
        }
        let a1 = self.address()?;
        let mut a2 = None;
        self.blanks();
        if a1.is_some() && self.peek() == Some(',') {
            self.pos += 1;
            self.blanks();
            a2 = match self.peek() {
                Some(c @ ('+' | '~')) => {
                    self.pos += 1;
                    let n = self.number();
                    Some(if c == '+' { Addr::Plus(n) } else { Addr::Multiple(n) })
                }
                _ => match self.address()? {
                    Some(Addr::Zero) => Some(Addr::Line(0)),
                    Some(a) => Some(a),
                    None => {
                        self.pos += usize::from(self.peek().is_some());
                        return self.fail("unexpected `,'");
                    }
                },
            };
        }
        if matches!(a1, Some(Addr::Zero)) && !matches!(a2, Some(Addr::Regex(_))) {
            self.pos += usize::from(self.peek().is_some());
            return self.fail("invalid usage of line address 0");
        }
        self.blanks();
        let mut negate = false;
        while self.peek() == Some('!') {
            self.pos += 1;
            if negate {
                return self.fail("multiple `!'s");
            }
            negate = true;
            self.blanks();
        }
        let Some(c) = self.next() else { return self.fail("missing command") };
        let op = match c {
            '#' => {
                if a1.is_some() {
                    return self.fail("comments don't accept any addresses");
                }
                while self.peek().is_some_and(|c| c != '\n') {
                    self.pos += 1;
                }
                return Ok(true);
            }
            ':' => {
                if a1.is_some() {
                    return self.fail(": doesn't want any addresses");
                }
                let l = self.word(true);
                if l.is_empty() {
                    return self.fail("\":\" lacks a label");
                }
                self.labels.push((l, self.out.len()));
                Op::Label
            }
            '{' => {
                self.blocks.push(self.out.len());
                Op::Open(0)
            }
            '}' => {
                let Some(open) = self.blocks.pop() else { return self.fail("unexpected `}'") };
                if a1.is_some() {
                    return self.fail("} doesn't want any addresses");
                }
                let here = self.out.len();
                if let Op::Open(to) = &mut self.out[open].op {
                    *to = here;
                }
                self.end()?;
                Op::Close
            }
            'a' | 'i' | 'c' => Op::Text(c, self.text()?),
            'b' | 't' | 'T' => {
                let l = self.word(true);
                self.end()?;
                if !l.is_empty() {
                    self.jumps.push((self.out.len(), l));
                }
                Op::Jump(c, None)
            }
            'r' | 'R' | 'w' | 'W' => {
                let f = self.word(false);
                if f.is_empty() {
                    return self.fail("missing filename in r/R/w/W commands");
                }
                Op::File(c, f)
            }
            's' => Op::Subst(Box::new(self.subst()?)),
            'y' => Op::Translate(self.translate()?),
            'q' | 'Q' => {
                if a2.is_some() {
                    return self.fail("command only uses one address");
                }
                self.blanks();
                let n = self.number();
                self.end()?;
                Op::Exit(c, (n & 255) as i32)
            }
            'l' | 'L' => {
                self.blanks();
                let n = self.peek().filter(char::is_ascii_digit).map(|_| self.number() as usize);
                self.end()?;
                Op::List(n)
            }
            'e' => Op::Exec(self.word(false)),
            '=' | 'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' | 'F' => {
                self.end()?;
                Op::Plain(c)
            }
            'v' => {
                self.word(true);
                self.end()?;
                Op::Label
            }
            '\n' | ';' => return self.fail("missing command"),
            c => return self.fail(&format!("unknown command: `{c}'")),
        };
        self.out.push(Cmd { a1, a2, negate, op });
        Ok(true)
    }
    /// The text of `a`, `i`, `c`: GNU's one-liner or after a backslash and newline.
    fn text(&mut self) -> Res<Vec<u8>> {
        self.blanks();
        if self.peek() == Some('\\') {
            let kept = self.pos + 1;
            self.pos = kept;
            self.blanks();
            // GNU's one-liner with a backslash keeps the blanks after it.
            self.pos = if self.peek() == Some('\n') { self.pos + 1 } else { kept };
        }
        let bare = self.pos == 0 || self.s[self.pos - 1] != '\\';
        if self.peek().is_none() && bare {
            return self.fail("expected \\ after `a', `c' or `i'");
        }
        let mut out = String::new();
        while let Some(c) = self.next() {
            match c {
                '\n' => break,
                '\\' => match self.next() {
                    Some('t') => out.push('\t'),
                    Some(e) => out.push(e),
                    None => {}
                },
                c => out.push(c),
            }
        }
        out.push('\n');
        Ok(out.into_bytes())
    }
}
