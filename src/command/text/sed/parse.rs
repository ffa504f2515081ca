//! Reads a sed script into commands, with GNU's messages.

use super::super::regex::{Flags, Re, Syntax};

#[derive(Clone, Debug)]
pub enum Addr {
    Line(u64),
    /// `first~step`.
    Step(u64, u64),
    Last,
    /// `None` is the empty pattern: the last one used.
    Regex(Option<Re>),
    /// `0` before a comma.
    Zero,
    /// `addr,+N`.
    Plus(u64),
    /// `addr,~N`.
    Multiple(u64),
}

#[derive(Clone, Debug)]
pub enum Piece {
    Text(Vec<u8>),
    Group(usize),
    Case(u8),
}

#[derive(Clone, Debug)]
pub struct Subst {
    pub re: Option<Re>,
    pub pieces: Vec<Piece>,
    pub global: bool,
    pub print: bool,
    pub number: usize,
    pub eval: bool,
    pub file: Option<String>,
}

#[derive(Clone, Debug)]
pub enum Op {
    Open(usize),
    Close,
    Label,
    Text(char, Vec<u8>),
    Jump(char, Option<usize>),
    File(char, String),
    Subst(Box<Subst>),
    Translate(Vec<(char, char)>),
    Exit(char, i32),
    List(Option<usize>),
    Exec(String),
    Plain(char),
}

#[derive(Clone, Debug)]
pub struct Cmd {
    pub a1: Option<Addr>,
    pub a2: Option<Addr>,
    pub negate: bool,
    pub op: Op,
}

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

type Res<T> = Result<T, String>;

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
    fn fail<T>(&self, m: &str) -> Res<T> {
        Err(format!("{}, char {}: {m}", self.what, self.pos))
    }
    fn peek(&self) -> Option<char> {
        self.s.get(self.pos).copied()
    }
    fn next(&mut self) -> Option<char> {
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
    fn number(&mut self) -> u64 {
        let mut n = 0u64;
        while let Some(d) = self.peek().and_then(|c| c.to_digit(10)) {
            n = n.saturating_mul(10).saturating_add(u64::from(d));
            self.pos += 1;
        }
        n
    }
    /// Text up to an unescaped delimiter. In a pattern, brackets do not protect the delimiter (as in GNU sed).
    fn delimited(&mut self, d: char, regex: bool) -> Option<String> {
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
    fn regex(&self, text: &str, ignore_case: bool, multiline: bool) -> Res<Option<Re>> {
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
    fn end(&mut self) -> Res<()> {
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
    fn word(&mut self, semicolon_ends: bool) -> String {
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
        if self.peek().is_none() {
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
    fn subst(&mut self) -> Res<Subst> {
        let unterminated = "unterminated `s' command";
        let Some(d) = self.next() else { return self.fail(unterminated) };
        if d == '\n' || d == '\\' {
            return self.fail(unterminated);
        }
        let Some(pattern) = self.delimited(d, true) else { return self.fail(unterminated) };
        let Some(rhs) = self.delimited(d, false) else { return self.fail(unterminated) };
        let mut s = Subst {
            re: None,
            pieces: replacement(&rhs),
            global: false,
            print: false,
            number: 0,
            eval: false,
            file: None,
        };
        let (mut icase, mut multi) = (false, false);
        loop {
            match self.peek() {
                Some('g') => {
                    if s.global {
                        self.pos += 1;
                        return self.fail("multiple `g' options to `s' command");
                    }
                    s.global = true;
                }
                Some('p') => {
                    if s.print {
                        self.pos += 1;
                        return self.fail("multiple `p' options to `s' command");
                    }
                    s.print = true;
                }
                Some('i' | 'I') => icase = true,
                Some('m' | 'M') => multi = true,
                Some('e') => s.eval = true,
                Some('0'..='9') => {
                    let n = self.number() as usize;
                    if n == 0 {
                        return self.fail("number option to `s' command may not be zero");
                    }
                    if s.number != 0 {
                        return self.fail("multiple number options to `s' command");
                    }
                    s.number = n;
                    continue;
                }
                Some('w') => {
                    self.pos += 1;
                    let f = self.word(false);
                    if f.is_empty() {
                        return self.fail("missing filename in r/R/w/W commands");
                    }
                    s.file = Some(f);
                    break;
                }
                None | Some('}' | '#') => break,
                Some(';' | '\n') => {
                    self.pos += 1;
                    break;
                }
                Some('\r' | ' ' | '\t') => {}
                Some(_) => {
                    self.pos += 1;
                    return self.fail("unknown option to `s'");
                }
            }
            self.pos += 1;
        }
        s.re = self.regex(&pattern, icase, multi)?;
        if let Some(re) = &s.re {
            let most = s.pieces.iter().filter_map(|p| if let Piece::Group(n) = p { Some(*n) } else { None }).max();
            if let Some(n) = most.filter(|n| *n > re.groups()) {
                return self.fail(&format!("invalid reference \\{n} on `s' command's RHS"));
            }
        }
        Ok(s)
    }
    fn translate(&mut self) -> Res<Vec<(char, char)>> {
        let unterminated = "unterminated `y' command";
        let Some(d) = self.next() else { return self.fail(unterminated) };
        let Some(a) = self.delimited(d, false) else { return self.fail(unterminated) };
        let Some(b) = self.delimited(d, false) else { return self.fail(unterminated) };
        let chars = |s: &str| -> Vec<char> {
            let mut out = Vec::new();
            let mut it = s.chars();
            while let Some(c) = it.next() {
                if c == '\\' {
                    out.push(match it.next() {
                        Some('n') => '\n',
                        Some('t') => '\t',
                        Some(o) => o,
                        None => '\\',
                    });
                } else {
                    out.push(c);
                }
            }
            out
        };
        let (a, b) = (chars(&a), chars(&b));
        if a.len() != b.len() {
            return self.fail("strings for `y' command are different lengths");
        }
        self.end()?;
        Ok(a.into_iter().zip(b).collect())
    }
}

/// GNU's escapes for characters in a pattern, before it is compiled.
fn unescape(text: &str) -> String {
    let c: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (String::new(), 0);
    while i < c.len() {
        if c[i] == '\\' && i + 1 < c.len() {
            let plain = match c[i + 1] {
                't' => Some('\t'),
                'f' => Some('\x0c'),
                'v' => Some('\x0b'),
                'a' => Some('\x07'),
                'r' => Some('\r'),
                _ => None,
            };
            if let Some(p) = plain {
                out.push(p);
                i += 2;
                continue;
            }
            if c[i + 1] == 'x' {
                let digits: String = c[i + 2..].iter().take(2).take_while(|d| d.is_ascii_hexdigit()).collect();
                if let Ok(v) = u8::from_str_radix(&digits, 16) {
                    if !(v as char).is_alphanumeric() {
                        out.push('\\');
                    }
                    out.push(v as char);
                    i += 2 + digits.len();
                    continue;
                }
            }
            out.push(c[i]);
            out.push(c[i + 1]);
            i += 2;
            continue;
        }
        out.push(c[i]);
        i += 1;
    }
    out
}

fn replacement(rhs: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut it = rhs.chars().peekable();
    let flush = |text: &mut String, out: &mut Vec<Piece>| {
        if !text.is_empty() {
            out.push(Piece::Text(std::mem::take(text).into_bytes()));
        }
    };
    while let Some(c) = it.next() {
        match c {
            '&' => {
                flush(&mut text, &mut out);
                out.push(Piece::Group(0));
            }
            '\\' => match it.next() {
                Some(d @ '0'..='9') => {
                    flush(&mut text, &mut out);
                    out.push(Piece::Group(d as usize - '0' as usize));
                }
                Some(k @ ('U' | 'L' | 'u' | 'l' | 'E')) => {
                    flush(&mut text, &mut out);
                    out.push(Piece::Case(k as u8));
                }
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some('a') => text.push('\x07'),
                Some('f') => text.push('\x0c'),
                Some('v') => text.push('\x0b'),
                Some('x') => {
                    let mut v = 0;
                    let mut n = 0;
                    while n < 2
                        && let Some(d) = it.peek().and_then(|c| c.to_digit(16))
                    {
                        v = v * 16 + d;
                        n += 1;
                        it.next();
                    }
                    text.push(char::from_u32(v).unwrap_or('x'));
                }
                Some(o) => text.push(o),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    flush(&mut text, &mut out);
    out
}
