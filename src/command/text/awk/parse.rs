//! awk's grammar: from text to a tree, with mawk's messages.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub enum E {
    Num(f64),
    Str(Vec<u8>),
    Regex(Vec<u8>),
    Var(String),
    Field(Box<E>),
    Index(String, Vec<E>),
    In(Vec<E>, String),
    Assign(Option<char>, Box<E>, Box<E>),
    Cond(Box<E>, Box<E>, Box<E>),
    And(Box<E>, Box<E>),
    Or(Box<E>, Box<E>),
    Not(Box<E>),
    Neg(Box<E>),
    Plus(Box<E>),
    Binary(char, Box<E>, Box<E>),
    Compare(&'static str, Box<E>, Box<E>),
    Match(bool, Box<E>, Box<E>),
    Concat(Box<E>, Box<E>),
    /// Before or after, by one up or down.
    Step {
        before: bool,
        by: f64,
        target: Box<E>,
    },
    Call(String, Vec<E>),
    User(String, Vec<E>),
    /// Where it reads from, and into what.
    Getline(Source, Option<Box<E>>),
    Group(Box<E>),
}

#[derive(Clone, Debug)]
pub enum Source {
    Main,
    File(Box<E>),
    Command(Box<E>),
}

#[derive(Clone, Debug)]
pub enum S {
    Expr(E),
    Print(Vec<E>, Option<(Redirect, E)>),
    Printf(Vec<E>, Option<(Redirect, E)>),
    If(E, Box<S>, Option<Box<S>>),
    While(E, Box<S>),
    Do(Box<S>, E),
    For(Option<Box<S>>, Option<E>, Option<Box<S>>, Box<S>),
    ForIn(String, String, Box<S>),
    Block(Vec<S>),
    Next,
    NextFile,
    Exit(Option<E>),
    Return(Option<E>),
    Break,
    Continue,
    Delete(String, Option<Vec<E>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Redirect {
    To,
    Append,
    Pipe,
}

#[derive(Clone, Debug)]
pub enum Pattern {
    Begin,
    End,
    Always,
    Expr(E),
    Range(E, E),
}

#[derive(Clone, Debug)]
pub struct Function {
    pub params: Vec<String>,
    pub body: S,
}

#[derive(Clone, Debug, Default)]
pub struct Program {
    pub rules: Vec<(Pattern, Option<S>)>,
    pub functions: BTreeMap<String, Function>,
}

#[derive(Clone, Debug, PartialEq)]
enum T {
    Num(f64),
    Str(Vec<u8>),
    Regex(Vec<u8>),
    Name(String),
    /// A name with a parenthesis right after it.
    Func(String),
    Word(&'static str),
    Op(&'static str),
    Newline,
    End,
}

const WORDS: [&str; 16] = [
    "BEGIN", "END", "function", "if", "else", "while", "for", "do", "break", "continue", "next", "nextfile", "exit",
    "return", "delete", "in",
];
const BUILTINS: [&str; 24] = [
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "sin", "cos",
    "atan2", "exp", "log", "sqrt", "int", "rand", "srand", "system", "close", "fflush", "strftime", "systime",
];
const OPS: [&str; 38] = [
    "**=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", "++", "--", ">>", "**", "!~", "{",
    "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":",
];

pub struct Parser {
    src: Vec<u8>,
    at: usize,
    line: usize,
    tok: T,
    prev: T,
    tok_start: usize,
    depth: usize,
    no_in: bool,
    /// In a print list, where a bare `>` redirects.
    no_gt: bool,
    out: Program,
    calls: Vec<(String, usize)>,
}

type R<X> = Result<X, String>;

/// Parses a whole program.
pub fn parse(text: &[u8]) -> R<Program> {
    let mut p = Parser {
        src: text.to_vec(),
        at: 0,
        line: 1,
        tok: T::Newline,
        prev: T::Newline,
        tok_start: 0,
        depth: 0,
        no_in: false,
        no_gt: false,
        out: Program::default(),
        calls: Vec::new(),
    };
    p.advance()?;
    p.program()?;
    let missing = p.calls.iter().find(|(n, _)| !p.out.functions.contains_key(n));
    if let Some((n, l)) = missing {
        return Err(format!("line {l}: function {n} never defined"));
    }
    Ok(p.out)
}

/// The bytes of a quoted text's inside.
pub fn unescape(s: &[u8]) -> Vec<u8> {
    let (mut out, mut i) = (Vec::new(), 0);
    while i < s.len() {
        if s[i] != b'\\' || i + 1 >= s.len() {
            out.push(s[i]);
            i += 1;
            continue;
        }
        i += 1;
        match s[i] {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\\' => out.push(b'\\'),
            b'"' => out.push(b'"'),
            b'/' => out.push(b'/'),
            b'0'..=b'7' => {
                let (mut v, mut n) = (0u32, 0);
                while n < 3 && i < s.len() && (b'0'..=b'7').contains(&s[i]) {
                    v = v * 8 + u32::from(s[i] - b'0');
                    i += 1;
                    n += 1;
                }
                out.push(v as u8);
                continue;
            }
            c => out.extend_from_slice(&[b'\\', c]),
        }
        i += 1;
    }
    out
}

impl Parser {
    fn here(&self) -> String {
        match &self.tok {
            T::End => "end of file".into(),
            T::Newline => "end of line".into(),
            _ => String::from_utf8_lossy(&self.src[self.tok_start..self.at.max(self.tok_start)]).trim().to_owned(),
        }
    }
    fn syntax<X>(&self) -> R<X> {
        // mawk counts the newline that it adds at the end.
        if self.tok == T::End {
            return Err(format!("line {}: syntax error at or near end of file", self.line + 1));
        }
        Err(format!("line {}: syntax error at or near {}", self.line, self.here()))
    }
    fn missing<X>(&self, what: &str) -> R<X> {
        let line = if self.tok == T::End { self.line + usize::from(what == "}") } else { self.line };
        let place = match self.tok {
            T::End if what != "}" => "end of line".into(),
            _ => self.here(),
        };
        Err(format!("line {line}: missing {what} near {place}"))
    }
    fn regex_allowed(&self) -> bool {
        !matches!(self.prev, T::Num(_) | T::Str(_) | T::Name(_) | T::Op(")" | "]" | "++" | "--"))
    }
    fn advance(&mut self) -> R<()> {
        self.prev = std::mem::replace(&mut self.tok, T::End);
        if self.prev == T::Newline && self.at > 0 && self.src.get(self.at - 1) == Some(&b'\n') {
            self.line += 1;
        }
        loop {
            match self.src.get(self.at) {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.src.get(self.at + 1) == Some(&b'\n') => {
                    self.at += 2;
                    self.line += 1;
                }
                Some(b'#') => {
                    while self.src.get(self.at).is_some_and(|c| *c != b'\n') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
        self.tok_start = self.at;
        let Some(&c) = self.src.get(self.at) else {
            self.tok = T::End;
            return Ok(());
        };
        self.tok = match c {
            b'\n' => {
                self.at += 1;
                T::Newline
            }
            b'"' => {
                let start = self.at + 1;
                let mut i = start;
                loop {
                    match self.src.get(i) {
                        Some(b'"') => break,
                        Some(b'\\') => i += 2,
                        Some(b'\n') | None => {
                            let shown = String::from_utf8_lossy(&self.src[self.at..i.min(self.src.len())]).into_owned();
                            return Err(format!("line {}: runaway string constant {shown} ...", self.line));
                        }
                        Some(_) => i += 1,
                    }
                }
                self.at = i + 1;
                T::Str(unescape(&self.src[start..i.min(self.src.len())]))
            }
            b'/' if self.regex_allowed() => {
                let start = self.at + 1;
                let (mut i, mut class) = (start, false);
                loop {
                    match self.src.get(i) {
                        Some(b'/') if !class => break,
                        Some(b'\\') => i += 1,
                        Some(b'[') if !class => {
                            class = true;
                            if self.src.get(i + 1) == Some(&b'^') {
                                i += 1;
                            }
                            if self.src.get(i + 1) == Some(&b']') {
                                i += 1;
                            }
                        }
                        Some(b']') => class = false,
                        Some(b'\n') | None => {
                            let shown = String::from_utf8_lossy(&self.src[self.at..i.min(self.src.len())]).into_owned();
                            return Err(format!("line {}: runaway regular expression {shown} ...", self.line));
                        }
                        Some(_) => {}
                    }
                    i += 1;
                }
                self.at = i + 1;
                T::Regex(self.src[start..i.min(self.src.len())].to_vec())
            }
            b'0'..=b'9' | b'.' if c != b'.' || self.src.get(self.at + 1).is_some_and(u8::is_ascii_digit) => {
                let n = super::value::number_len(&self.src[self.at..]).max(1);
                let v = super::value::number(&self.src[self.at..self.at + n]);
                self.at += n;
                T::Num(v)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let n = self.src[self.at..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').count();
                let name = String::from_utf8_lossy(&self.src[self.at..self.at + n]).into_owned();
                self.at += n;
                if let Some(w) = WORDS.iter().find(|w| **w == name) {
                    T::Word(w)
                } else if name == "func" {
                    T::Word("function")
                } else if name == "print" || name == "printf" || name == "getline" {
                    T::Word(match name.as_str() {
                        "print" => "print",
                        "printf" => "printf",
                        _ => "getline",
                    })
                } else if self.src.get(self.at) == Some(&b'(') || BUILTINS.contains(&name.as_str()) {
                    T::Func(name)
                } else {
                    T::Name(name)
                }
            }
            b'$' => {
                self.at += 1;
                T::Op("$")
            }
            b'~' => {
                self.at += 1;
                T::Op("~")
            }
            b'=' if self.src.get(self.at + 1) != Some(&b'=') => {
                self.at += 1;
                T::Op("=")
            }
            _ => {
                let rest = &self.src[self.at..];
                match OPS.iter().find(|o| rest.starts_with(o.as_bytes())) {
                    Some(o) => {
                        self.at += o.len();
                        T::Op(match *o {
                            "**" => "^",
                            "**=" => "^=",
                            o => o,
                        })
                    }
                    None => {
                        let shown = String::from_utf8_lossy(&rest[..1]).into_owned();
                        return Err(format!("{}: unexpected character '{shown}'", self.line));
                    }
                }
            }
        };
        Ok(())
    }
    fn is(&self, op: &str) -> bool {
        matches!(&self.tok, T::Op(o) if *o == op)
    }
    fn word(&self, w: &str) -> bool {
        matches!(&self.tok, T::Word(o) if *o == w)
    }
    fn eat(&mut self, op: &str) -> R<bool> {
        if self.is(op) {
            self.advance()?;
            return Ok(true);
        }
        Ok(false)
    }
    fn need(&mut self, op: &str) -> R<()> {
        if self.eat(op)? {
            return Ok(());
        }
        if matches!(op, ")" | "}" | "]") && matches!(self.tok, T::End | T::Newline | T::Op("}" | ";")) {
            return self.missing(op);
        }
        self.syntax()
    }
    fn newlines(&mut self) -> R<()> {
        while self.tok == T::Newline {
            self.advance()?;
        }
        Ok(())
    }
    fn terminators(&mut self) -> R<()> {
        while self.tok == T::Newline || self.is(";") {
            self.advance()?;
        }
        Ok(())
    }
    fn enter(&mut self) -> R<()> {
        self.depth += 1;
        if self.depth > 80 {
            return Err(format!("line {}: parser stack overflow", self.line));
        }
        Ok(())
    }
    fn program(&mut self) -> R<()> {
        loop {
            self.terminators()?;
            if self.tok == T::End {
                return Ok(());
            }
            if self.word("function") {
                self.function()?;
                continue;
            }
            let pattern = if self.word("BEGIN") {
                self.advance()?;
                Pattern::Begin
            } else if self.word("END") {
                self.advance()?;
                Pattern::End
            } else if self.is("{") {
                Pattern::Always
            } else {
                let a = self.expr()?;
                if self.eat(",")? {
                    self.newlines()?;
                    Pattern::Range(a, self.expr()?)
                } else {
                    Pattern::Expr(a)
                }
            };
            let body = if self.is("{") {
                Some(self.block()?)
            } else if matches!(pattern, Pattern::Begin | Pattern::End) {
                return self.syntax();
            } else {
                if !matches!(self.tok, T::Newline | T::End | T::Op(";")) {
                    return self.syntax();
                }
                None
            };
            self.out.rules.push((pattern, body));
        }
    }
    fn function(&mut self) -> R<()> {
        self.advance()?;
        let name = match self.tok.clone() {
            T::Name(n) | T::Func(n) => n,
            _ => return self.syntax(),
        };
        self.advance()?;
        self.need("(")?;
        let mut params = Vec::new();
        while !self.is(")") {
            match self.tok.clone() {
                T::Name(n) => params.push(n),
                _ => return self.syntax(),
            }
            self.advance()?;
            if !self.eat(",")? {
                break;
            }
            self.newlines()?;
        }
        self.need(")")?;
        self.newlines()?;
        let body = self.block()?;
        self.out.functions.insert(name, Function { params, body });
        Ok(())
    }
    fn block(&mut self) -> R<S> {
        self.enter()?;
        self.need("{")?;
        let mut list = Vec::new();
        loop {
            self.terminators()?;
            if self.is("}") {
                self.advance()?;
                self.depth -= 1;
                return Ok(S::Block(list));
            }
            if self.tok == T::End {
                return self.missing("}");
            }
            list.push(self.statement()?);
        }
    }
    /// A statement and its terminator.
    fn statement(&mut self) -> R<S> {
        self.enter()?;
        let s = match self.tok.clone() {
            T::Op("{") => self.block()?,
            T::Op(";") => {
                self.advance()?;
                S::Block(Vec::new())
            }
            T::Word("if") => {
                self.advance()?;
                self.need("(")?;
                let c = self.expr()?;
                self.need(")")?;
                self.newlines()?;
                let yes = self.statement()?;
                // A semicolon and newlines may stand before `else`.
                let (at, line, tok, prev) = (self.at, self.line, self.tok.clone(), self.prev.clone());
                self.terminators()?;
                if self.word("else") {
                    self.advance()?;
                    self.newlines()?;
                    S::If(c, Box::new(yes), Some(Box::new(self.statement()?)))
                } else {
                    (self.at, self.line, self.tok, self.prev) = (at, line, tok, prev);
                    S::If(c, Box::new(yes), None)
                }
            }
            T::Word("while") => {
                self.advance()?;
                self.need("(")?;
                let c = self.expr()?;
                self.need(")")?;
                if self.is(";") {
                    self.advance()?;
                    S::While(c, Box::new(S::Block(Vec::new())))
                } else {
                    self.newlines()?;
                    S::While(c, Box::new(self.statement()?))
                }
            }
            T::Word("do") => {
                self.advance()?;
                self.newlines()?;
                let body = self.statement()?;
                self.terminators()?;
                if !self.word("while") {
                    return self.syntax();
                }
                self.advance()?;
                self.need("(")?;
                let c = self.expr()?;
                self.need(")")?;
                S::Do(Box::new(body), c)
            }
            T::Word("for") => self.for_loop()?,
            _ => {
                let s = self.simple()?;
                match self.tok {
                    T::Newline | T::Op(";") => self.advance()?,
                    T::Op("}") | T::End => {}
                    _ => return self.syntax(),
                }
                s
            }
        };
        self.depth -= 1;
        Ok(s)
    }
    fn for_loop(&mut self) -> R<S> {
        self.advance()?;
        self.need("(")?;
        // `for (k in a)`: looked for by trying.
        if let T::Name(v) = self.tok.clone() {
            let saved = (self.at, self.line, self.tok.clone(), self.prev.clone());
            self.advance()?;
            if self.word("in") {
                self.advance()?;
                if let T::Name(a) = self.tok.clone() {
                    self.advance()?;
                    if self.eat(")")? {
                        self.newlines()?;
                        return Ok(S::ForIn(v, a, Box::new(self.statement()?)));
                    }
                }
            }
            (self.at, self.line, self.tok, self.prev) = saved;
        }
        let init = if self.is(";") { None } else { Some(Box::new(self.simple()?)) };
        self.need(";")?;
        self.newlines()?;
        let cond = if self.is(";") { None } else { Some(self.expr()?) };
        self.need(";")?;
        self.newlines()?;
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.need(")")?;
        if self.eat(";")? {
            return Ok(S::For(init, cond, step, Box::new(S::Block(Vec::new()))));
        }
        self.newlines()?;
        Ok(S::For(init, cond, step, Box::new(self.statement()?)))
    }
    fn ends(&self) -> bool {
        matches!(self.tok, T::Newline | T::End | T::Op(";" | "}"))
    }
    fn simple(&mut self) -> R<S> {
        let T::Word(w) = self.tok.clone() else { return Ok(S::Expr(self.expr()?)) };
        Ok(match w {
            "print" | "printf" => {
                self.advance()?;
                let was = std::mem::replace(&mut self.no_gt, true);
                let mut list = Vec::new();
                if !self.ends() && !self.is(">") && !self.is(">>") && !self.is("|") {
                    list = self.expr_list()?;
                    // `print (a, b) > "f"`: the group is the list.
                    if let [E::Group(inner)] = &list[..]
                        && let E::Call(n, args) = &**inner
                        && n == "(list)"
                    {
                        list = args.clone();
                    }
                }
                self.no_gt = was;
                let how = match self.tok {
                    T::Op(">") => Some(Redirect::To),
                    T::Op(">>") => Some(Redirect::Append),
                    T::Op("|") => Some(Redirect::Pipe),
                    _ => None,
                };
                let to = match how {
                    Some(h) => {
                        self.advance()?;
                        Some((h, self.concat(true)?))
                    }
                    None => None,
                };
                if w == "print" { S::Print(list, to) } else { S::Printf(list, to) }
            }
            "next" | "nextfile" | "break" | "continue" => {
                self.advance()?;
                match w {
                    "next" => S::Next,
                    "nextfile" => S::NextFile,
                    "break" => S::Break,
                    _ => S::Continue,
                }
            }
            "exit" | "return" => {
                self.advance()?;
                let v = if self.ends() { None } else { Some(self.expr()?) };
                if w == "exit" { S::Exit(v) } else { S::Return(v) }
            }
            "delete" => {
                self.advance()?;
                let T::Name(n) = self.tok.clone() else { return self.syntax() };
                self.advance()?;
                if self.eat("[")? {
                    let i = self.expr_list()?;
                    self.need("]")?;
                    S::Delete(n, Some(i))
                } else {
                    S::Delete(n, None)
                }
            }
            "getline" => S::Expr(self.expr()?),
            _ => return self.syntax(),
        })
    }
    fn expr_list(&mut self) -> R<Vec<E>> {
        let mut v = vec![self.expr()?];
        while self.eat(",")? {
            self.newlines()?;
            v.push(self.expr()?);
        }
        Ok(v)
    }
    fn expr(&mut self) -> R<E> {
        self.enter()?;
        let e = self.ternary()?;
        let op = match self.tok {
            T::Op("=") => None,
            T::Op(o @ ("+=" | "-=" | "*=" | "/=" | "%=" | "^=")) => o.chars().next(),
            _ => {
                self.depth -= 1;
                return Ok(e);
            }
        };
        // `1 == x = 2` and the like assign to the right part; only plain targets are known here.
        if !matches!(e, E::Var(_) | E::Field(_) | E::Index(..)) {
            return self.syntax();
        }
        self.advance()?;
        self.newlines()?;
        let v = self.expr()?;
        self.depth -= 1;
        Ok(E::Assign(op, Box::new(e), Box::new(v)))
    }
    fn ternary(&mut self) -> R<E> {
        let c = self.or()?;
        if !self.is("?") {
            return Ok(c);
        }
        self.advance()?;
        self.newlines()?;
        let a = self.expr()?;
        self.newlines()?;
        self.need(":")?;
        self.newlines()?;
        let b = self.expr()?;
        Ok(E::Cond(Box::new(c), Box::new(a), Box::new(b)))
    }
    fn or(&mut self) -> R<E> {
        let mut e = self.and()?;
        while self.eat("||")? {
            self.newlines()?;
            e = E::Or(Box::new(e), Box::new(self.and()?));
        }
        Ok(e)
    }
    fn and(&mut self) -> R<E> {
        let mut e = self.in_array()?;
        while self.eat("&&")? {
            self.newlines()?;
            e = E::And(Box::new(e), Box::new(self.in_array()?));
        }
        Ok(e)
    }
    fn in_array(&mut self) -> R<E> {
        let mut e = self.matching()?;
        while self.word("in") && !self.no_in {
            self.advance()?;
            let T::Name(a) = self.tok.clone() else { return self.syntax() };
            self.advance()?;
            let keys = match e {
                E::Group(inner) => match *inner {
                    E::Call(n, args) if n == "(list)" => args,
                    o => vec![o],
                },
                o => vec![o],
            };
            e = E::In(keys, a);
        }
        Ok(e)
    }
    fn matching(&mut self) -> R<E> {
        let mut e = self.comparison()?;
        while self.is("~") || self.is("!~") {
            let yes = self.is("~");
            self.advance()?;
            e = E::Match(yes, Box::new(e), Box::new(self.comparison()?));
        }
        Ok(e)
    }
    fn comparison(&mut self) -> R<E> {
        let e = self.concat(false)?;
        let op = match self.tok {
            T::Op(o @ ("<" | "<=" | "==" | "!=" | ">=")) => o,
            T::Op(">") if !self.no_gt => ">",
            _ => return Ok(e),
        };
        self.advance()?;
        let r = self.concat(false)?;
        Ok(E::Compare(op, Box::new(e), Box::new(r)))
    }
    fn concat(&mut self, target: bool) -> R<E> {
        let mut e = self.sum()?;
        loop {
            // `"cmd" | getline` binds looser than concatenation.
            if self.is("|") && !target {
                let saved = (self.at, self.line, self.tok.clone(), self.prev.clone());
                self.advance()?;
                if self.word("getline") {
                    self.advance()?;
                    let v = self.lvalue_maybe()?;
                    e = E::Getline(Source::Command(Box::new(e)), v.map(Box::new));
                    continue;
                }
                (self.at, self.line, self.tok, self.prev) = saved;
                return Ok(e);
            }
            let starts = matches!(
                self.tok,
                T::Num(_)
                    | T::Str(_)
                    | T::Regex(_)
                    | T::Name(_)
                    | T::Func(_)
                    | T::Op("$" | "!" | "(" | "-" | "+" | "++" | "--")
            ) && !(self.word("in"));
            if !starts || matches!(self.tok, T::Op("+" | "-")) {
                return Ok(e);
            }
            e = E::Concat(Box::new(e), Box::new(self.sum()?));
        }
    }
    fn sum(&mut self) -> R<E> {
        let mut e = self.product()?;
        while let T::Op(o @ ("+" | "-")) = self.tok {
            self.advance()?;
            e = E::Binary(o.chars().next().unwrap_or('+'), Box::new(e), Box::new(self.product()?));
        }
        Ok(e)
    }
    fn product(&mut self) -> R<E> {
        let mut e = self.unary()?;
        while let T::Op(o @ ("*" | "/" | "%")) = self.tok {
            self.advance()?;
            e = E::Binary(o.chars().next().unwrap_or('*'), Box::new(e), Box::new(self.unary()?));
        }
        Ok(e)
    }
    fn unary(&mut self) -> R<E> {
        self.enter()?;
        let e = match self.tok {
            T::Op("!") => {
                self.advance()?;
                E::Not(Box::new(self.unary()?))
            }
            T::Op("-") => {
                self.advance()?;
                E::Neg(Box::new(self.unary()?))
            }
            T::Op("+") => {
                self.advance()?;
                E::Plus(Box::new(self.unary()?))
            }
            _ => self.power()?,
        };
        self.depth -= 1;
        Ok(e)
    }
    fn power(&mut self) -> R<E> {
        let e = self.postfix()?;
        if self.eat("^")? {
            let r = self.unary()?;
            return Ok(E::Binary('^', Box::new(e), Box::new(r)));
        }
        Ok(e)
    }
    fn postfix(&mut self) -> R<E> {
        let e = self.primary()?;
        if matches!(e, E::Var(_) | E::Field(_) | E::Index(..)) && (self.is("++") || self.is("--")) {
            let by = if self.is("++") { 1.0 } else { -1.0 };
            self.advance()?;
            return Ok(E::Step { before: false, by, target: Box::new(e) });
        }
        Ok(e)
    }
    fn lvalue_maybe(&mut self) -> R<Option<E>> {
        Ok(match self.tok.clone() {
            T::Op("$") => {
                self.advance()?;
                Some(E::Field(Box::new(self.step_primary()?)))
            }
            T::Name(_) => Some(self.primary()?),
            _ => None,
        })
    }
    /// What may follow `$`: a primary, with a leading step or sign.
    fn step_primary(&mut self) -> R<E> {
        match self.tok {
            T::Op("-") => {
                self.advance()?;
                Ok(E::Neg(Box::new(self.step_primary()?)))
            }
            _ => self.primary(),
        }
    }
    fn primary(&mut self) -> R<E> {
        self.enter()?;
        let e = self.primary_inner()?;
        self.depth -= 1;
        Ok(e)
    }
    fn primary_inner(&mut self) -> R<E> {
        let t = self.tok.clone();
        Ok(match t {
            T::Num(n) => {
                self.advance()?;
                E::Num(n)
            }
            T::Str(s) => {
                self.advance()?;
                E::Str(s)
            }
            T::Regex(r) => {
                self.advance()?;
                E::Regex(r)
            }
            T::Op("$") => {
                self.advance()?;
                E::Field(Box::new(self.step_primary()?))
            }
            T::Op(o @ ("++" | "--")) => {
                self.advance()?;
                let target = self.primary()?;
                E::Step { before: true, by: if o == "++" { 1.0 } else { -1.0 }, target: Box::new(target) }
            }
            T::Op("(") => {
                self.advance()?;
                let (gt, no_in) =
                    (std::mem::replace(&mut self.no_gt, false), std::mem::replace(&mut self.no_in, false));
                let mut list = self.expr_list()?;
                (self.no_gt, self.no_in) = (gt, no_in);
                self.need(")")?;
                if list.len() == 1 {
                    E::Group(Box::new(list.remove(0)))
                } else {
                    E::Group(Box::new(E::Call("(list)".into(), list)))
                }
            }
            T::Word("getline") => {
                self.advance()?;
                let v = self.lvalue_maybe()?.map(Box::new);
                if self.eat("<")? {
                    let f = self.primary()?;
                    E::Getline(Source::File(Box::new(f)), v)
                } else {
                    E::Getline(Source::Main, v)
                }
            }
            T::Func(name) => {
                let line = self.line;
                self.advance()?;
                let mut args = Vec::new();
                if self.is("(") {
                    self.advance()?;
                    let gt = std::mem::replace(&mut self.no_gt, false);
                    self.newlines()?;
                    if !self.is(")") {
                        args = self.expr_list()?;
                    }
                    self.newlines()?;
                    self.no_gt = gt;
                    self.need(")")?;
                } else if name != "length" {
                    return self.syntax();
                }
                if BUILTINS.contains(&name.as_str()) {
                    E::Call(name, args)
                } else {
                    self.calls.push((name.clone(), line));
                    E::User(name, args)
                }
            }
            T::Name(n) => {
                self.advance()?;
                if self.eat("[")? {
                    let gt = std::mem::replace(&mut self.no_gt, false);
                    let i = self.expr_list()?;
                    self.no_gt = gt;
                    self.need("]")?;
                    E::Index(n, i)
                } else {
                    E::Var(n)
                }
            }
            _ => return self.syntax(),
        })
    }
}
