//! awk's grammar: from text to a tree, with mawk's messages. Here rules, functions and statements.

mod expression;
mod lex;

use super::tree::{E, Function, Pattern, Program, Redirect, S};
use lex::T;
pub use lex::unescape;

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

pub(super) type R<X> = Result<X, String>;

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

impl Parser {
    pub(super) fn syntax<X>(&self) -> R<X> {
        // mawk counts the newline that it adds at the end.
        if self.tok == T::End {
            return Err(format!("line {}: syntax error at or near end of file", self.line + 1));
        }
        Err(format!("line {}: syntax error at or near {}", self.line, self.here()))
    }
    pub(super) fn missing<X>(&self, what: &str) -> R<X> {
        let line = if self.tok == T::End { self.line + usize::from(what == "}") } else { self.line };
        let place = match self.tok {
            T::End if what != "}" => "end of line".into(),
            _ => self.here(),
        };
        Err(format!("line {line}: missing {what} near {place}"))
    }
    pub(super) fn newlines(&mut self) -> R<()> {
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
    pub(super) fn enter(&mut self) -> R<()> {
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
}
