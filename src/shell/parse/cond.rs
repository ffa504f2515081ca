//! `[[ … ]]`.

use super::super::ast::{Compound, Test, Word};
use super::{ParseError, Parser, Res};

const BINARY: &[&str] =
    &["==", "=~", "!=", "=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

impl Parser {
    pub(super) fn double_bracket(&mut self) -> Res<Compound> {
        self.eat("[[");
        let t = self.cond_or()?;
        self.cond_blanks();
        if !self.cond_close() {
            if self.done() {
                return Err(ParseError::Incomplete { line: self.end_line() });
            }
            return Err(self.cond_error("syntax error in conditional expression"));
        }
        self.eat("]]");
        Ok(Compound::Test(t))
    }
    fn cond_close(&self) -> bool {
        self.starts("]]") && self.peek_at(2).is_none_or(|c| c.is_whitespace() || ";&|<>()".contains(c))
    }
    fn cond_error(&self, what: &str) -> ParseError {
        ParseError::Other { message: what.to_owned(), line: self.line }
    }
    fn cond_blanks(&mut self) {
        loop {
            self.blanks();
            if self.peek() != Some('\n') {
                return;
            }
            self.bump();
        }
    }
    fn cond_or(&mut self) -> Res<Test> {
        let mut left = self.cond_and()?;
        loop {
            self.cond_blanks();
            if !self.eat("||") {
                return Ok(left);
            }
            left = Test::Or(Box::new(left), Box::new(self.cond_and()?));
        }
    }
    fn cond_and(&mut self) -> Res<Test> {
        let mut left = self.cond_term()?;
        loop {
            self.cond_blanks();
            if !self.eat("&&") {
                return Ok(left);
            }
            left = Test::And(Box::new(left), Box::new(self.cond_term()?));
        }
    }
    fn cond_term(&mut self) -> Res<Test> {
        self.deeper()?;
        let t = crate::base::stack::deep(|| self.cond_term_inner());
        self.depth -= 1;
        t
    }
    fn cond_term_inner(&mut self) -> Res<Test> {
        self.cond_blanks();
        if self.done() {
            return Err(ParseError::Incomplete { line: self.end_line() });
        }
        if self.peek() == Some('!') && self.peek_at(1).is_some_and(char::is_whitespace) {
            self.at += 1;
            return Ok(Test::Not(Box::new(self.cond_term()?)));
        }
        if self.eat("(") {
            let t = self.cond_or()?;
            self.cond_blanks();
            if !self.eat(")") {
                return Err(self.cond_error("unexpected token, expected `)'"));
            }
            return Ok(Test::Group(Box::new(t)));
        }
        let first = self.cond_word("expected")?;
        if let Some(op) = first.literal().filter(|l| is_unary(l)).map(str::to_owned) {
            self.cond_blanks();
            if !self.cond_close() && !self.starts("&&") && !self.starts("||") && self.peek() != Some(')') {
                // `-f = x` would be a binary comparison of the text `-f`.
                let operand = self.cond_word("unary")?;
                return Ok(Test::Unary(op, operand));
            }
        }
        self.blanks();
        if matches!(self.peek(), None | Some('\n')) {
            return Err(ParseError::Newline {
                message: "unexpected token `newline', conditional binary operator expected".into(),
                line: self.line,
            });
        }
        if self.cond_close() || self.starts("&&") || self.starts("||") || self.peek() == Some(')') {
            return Ok(Test::Word(first));
        }
        let op = BINARY.iter().find(|op| {
            self.starts(op) && (matches!(**op, "<" | ">") || self.peek_at(op.len()).is_some_and(char::is_whitespace))
        });
        let Some(op) = op else {
            return Err(self.cond_error("conditional binary operator expected"));
        };
        self.eat(op);
        self.blanks();
        if matches!(self.peek(), None | Some('\n')) {
            return Err(ParseError::Newline {
                message: "unexpected argument `newline' to conditional binary operator".into(),
                line: self.line,
            });
        }
        let right = match *op {
            "=~" => self.regex_word()?,
            "==" | "=" | "!=" => {
                let keep = std::mem::replace(&mut self.settings.extglob, true);
                let w = self.cond_word("pattern");
                self.settings.extglob = keep;
                w?
            }
            _ => self.cond_word("binary")?,
        };
        Ok(Test::Binary(first, (*op).to_owned(), right))
    }
    fn cond_word(&mut self, what: &str) -> Res<Word> {
        if self.cond_close() {
            return Err(match what {
                "unary" => self.cond_error("unexpected argument `]]' to conditional unary operator"),
                "binary" | "pattern" => self.cond_error("unexpected argument `]]' to conditional binary operator"),
                _ => self.cond_error(""),
            });
        }
        match self.word()? {
            Some(w) => Ok(w),
            None if self.done() => Err(ParseError::Incomplete { line: self.end_line() }),
            None => Err(self.unexpected()),
        }
    }
}

fn is_unary(s: &str) -> bool {
    let mut c = s.chars();
    c.next() == Some('-') && c.next().is_some_and(|x| "abcdefghknoprstuvwxzGLNORS".contains(x)) && c.next().is_none()
}
