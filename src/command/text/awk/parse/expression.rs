//! awk's expressions, from the loosest operator to the closest.

use super::super::tree::{E, Source};
use super::lex::{BUILTINS, T};
use super::{Parser, R};

impl Parser {
    pub(super) fn expr_list(&mut self) -> R<Vec<E>> {
        let mut v = vec![self.expr()?];
        while self.eat(",")? {
            self.newlines()?;
            v.push(self.expr()?);
        }
        Ok(v)
    }
    pub(super) fn expr(&mut self) -> R<E> {
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
    pub(super) fn concat(&mut self, target: bool) -> R<E> {
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
