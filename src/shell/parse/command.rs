//! Lists, pipelines, simple and compound commands, redirections.

use super::super::ast::{
    AndOr, Arg, Arm, ArmEnd, Assign, Command, Compound, Connector, Element, Item, List, Pipeline, Redirect,
    RedirectKind, Simple, Value, Word,
};
use super::{ParseError, Parser, Res};
use std::rc::Rc;

const RESERVED: &[&str] = &[
    "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "select", "function",
    "{", "}", "[[", "!", "time", "in",
];
/// Words that cannot begin a command.
const CLOSERS: &[&str] = &["then", "elif", "else", "fi", "do", "done", "esac", "}"];
/// Builtins whose arguments may be array assignments.
const DECLARE: &[&str] = &["declare", "typeset", "local", "export", "readonly"];

impl Parser {
    /// A reserved word at this place, not consumed.
    fn reserved(&self) -> Option<&'static str> {
        let mut end = self.at;
        while let Some(c) = self.src.get(end) {
            if c.is_whitespace() || ";&|<>()".contains(*c) {
                break;
            }
            if "'\"\\$`".contains(*c) {
                return None;
            }
            end += 1;
        }
        let word: String = self.src[self.at..end].iter().collect();
        RESERVED.iter().find(|r| **r == word).copied()
    }
    fn at_word(&self, w: &str) -> bool {
        self.reserved() == Some(w)
    }
    fn expect_word(&mut self, w: &str) -> Res<()> {
        self.newlines()?;
        if !self.at_word(w) {
            return Err(self.unexpected());
        }
        self.eat(w);
        Ok(())
    }
    /// Commands up to one of the closing words, `)` or `;;`; at least one.
    fn compound_list(&mut self) -> Res<List> {
        let list = self.list_until(false)?;
        if list.is_empty() {
            return Err(self.unexpected());
        }
        Ok(list)
    }
    /// Commands up to something that no command can begin with.
    pub(super) fn list_until(&mut self, empty_ok: bool) -> Res<List> {
        let mut list = Vec::new();
        loop {
            self.newlines()?;
            match self.peek() {
                None | Some(')') => break,
                Some(';') if self.starts(";;") || self.starts(";&") => break,
                Some(';' | '&' | '|') if list.is_empty() && !empty_ok => return Err(self.unexpected()),
                _ => {}
            }
            if self.reserved().is_some_and(|r| CLOSERS.contains(&r)) {
                break;
            }
            let and_or = self.and_or()?;
            self.blanks();
            let mut background = false;
            let more = match self.peek() {
                Some('&') => {
                    self.at += 1;
                    background = true;
                    true
                }
                Some(';') if !self.starts(";;") && !self.starts(";&") => {
                    self.at += 1;
                    true
                }
                Some('\n') => true,
                _ => false,
            };
            list.push(Item { and_or: Rc::new(and_or), background });
            if !more {
                break;
            }
        }
        Ok(list)
    }
    pub(super) fn and_or(&mut self) -> Res<AndOr> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let op = if self.eat("&&") {
                Connector::And
            } else if self.eat("||") {
                Connector::Or
            } else {
                return Ok(AndOr { first, rest });
            };
            self.newlines()?;
            rest.push((op, self.pipeline()?));
        }
    }
    fn pipeline(&mut self) -> Res<Pipeline> {
        let mut p = Pipeline { bang: false, time: None, stages: Vec::new() };
        loop {
            self.blanks();
            if self.at_word("!") {
                self.at += 1;
                p.bang = !p.bang;
            } else if p.time.is_none() && self.at_word("time") {
                self.at += 4;
                self.blanks();
                let posix = self.starts("-p") && self.peek_at(2).is_none_or(char::is_whitespace);
                if posix {
                    self.at += 2;
                }
                p.time = Some(posix);
            } else {
                break;
            }
        }
        if (p.bang || p.time.is_some()) && matches!(self.peek(), None | Some('\n' | ';')) {
            return Ok(p);
        }
        loop {
            let mut c = self.command()?;
            self.blanks();
            if self.starts("||") || self.peek() != Some('|') {
                p.stages.push(Rc::new(c));
                return Ok(p);
            }
            self.at += 1;
            if self.eat("&") {
                let both = Redirect { fd: Some(2), var: None, kind: RedirectKind::DupOut(lit("1")) };
                match &mut c {
                    Command::Simple(s) => s.redirects.push(both),
                    Command::Compound { redirects, .. } => redirects.push(both),
                    Command::Function { .. } => {}
                }
            }
            p.stages.push(Rc::new(c));
            self.newlines()?;
        }
    }
    fn command(&mut self) -> Res<Command> {
        self.deeper()?;
        let c = crate::base::stack::deep(|| self.command_inner());
        self.depth -= 1;
        c
    }
    fn command_inner(&mut self) -> Res<Command> {
        self.blanks();
        self.expand_alias();
        let line = self.line;
        let body = match (self.peek(), self.reserved()) {
            (None, _) => return Err(ParseError::Incomplete { line: self.end_line() }),
            (Some('('), _) => self.paren()?,
            (_, Some("if")) => self.if_clause()?,
            (_, Some("for")) => self.for_clause()?,
            (_, Some(w @ ("while" | "until"))) => {
                self.eat(w);
                let test = self.compound_list()?;
                Compound::While { until: w == "until", test, body: self.do_group()? }
            }
            (_, Some("case")) => self.case_clause()?,
            (_, Some("select")) => {
                self.eat("select");
                let (var, words) = self.for_head()?;
                Compound::Select { var, words, body: self.do_group()? }
            }
            (_, Some("{")) => {
                self.eat("{");
                let list = self.compound_list()?;
                self.expect_word("}")?;
                Compound::Brace(list)
            }
            (_, Some("[[")) => self.double_bracket()?,
            (_, Some("function")) => return self.function_clause(line),
            (_, Some(w)) if w != "in" => return Err(self.unexpected()),
            (Some(_), _) => return self.simple(line),
        };
        let redirects = self.redirects()?;
        Ok(Command::Compound { body, redirects, line })
    }
    fn redirects(&mut self) -> Res<Vec<Redirect>> {
        let mut all = Vec::new();
        loop {
            self.blanks();
            match self.redirect()? {
                Some(r) => all.push(r),
                None => return Ok(all),
            }
        }
    }
    fn paren(&mut self) -> Res<Compound> {
        if self.starts("((") {
            let (at, line) = (self.at, self.line);
            self.at += 2;
            if let Some(inner) = self.until_double_paren()? {
                return Ok(Compound::Arith(inner));
            }
            self.at = at;
            self.line = line;
        }
        self.at += 1;
        let list = self.compound_list()?;
        self.blanks();
        if !self.eat(")") {
            return Err(self.unexpected());
        }
        Ok(Compound::Subshell(list))
    }
    fn if_clause(&mut self) -> Res<Compound> {
        self.eat("if");
        let mut arms = Vec::new();
        loop {
            let test = self.compound_list()?;
            self.expect_word("then")?;
            arms.push((test, self.compound_list()?));
            self.newlines()?;
            match self.reserved() {
                Some("elif") => {
                    self.eat("elif");
                }
                Some("else") => {
                    self.eat("else");
                    let otherwise = Some(self.compound_list()?);
                    self.expect_word("fi")?;
                    return Ok(Compound::If { arms, otherwise });
                }
                _ => {
                    self.expect_word("fi")?;
                    return Ok(Compound::If { arms, otherwise: None });
                }
            }
        }
    }
    fn do_group(&mut self) -> Res<List> {
        self.blanks();
        if self.peek() == Some(';') {
            self.at += 1;
        }
        self.newlines()?;
        let close = if self.at_word("{") { ("{", "}") } else { ("do", "done") };
        self.expect_word(close.0)?;
        let body = self.compound_list()?;
        self.expect_word(close.1)?;
        Ok(body)
    }
    fn for_head(&mut self) -> Res<(String, Option<Vec<Word>>)> {
        self.blanks();
        let from = self.at;
        let name = self.word()?;
        let Some(word) = name else { return Err(self.unexpected()) };
        let var = word.literal().map_or_else(|| self.text(from), str::to_owned);
        self.blanks();
        let after_newline = self.peek() == Some('\n');
        if after_newline {
            self.newlines()?;
        }
        if !self.at_word("in") {
            return Ok((var, None));
        }
        self.eat("in");
        let mut words = Vec::new();
        loop {
            self.blanks();
            match self.word()? {
                Some(w) => words.push(w),
                None => break,
            }
        }
        match self.peek() {
            Some(';' | '\n') => Ok((var, Some(words))),
            _ => Err(self.unexpected()),
        }
    }
    fn for_clause(&mut self) -> Res<Compound> {
        self.eat("for");
        self.blanks();
        if self.starts("((") {
            self.at += 2;
            let mut parts = Vec::new();
            for end in [";", ";", "))"] {
                parts.push(self.arith_until(end)?);
            }
            let body = self.do_group()?;
            let mut parts = parts.into_iter();
            let mut next = || parts.next().unwrap_or_default();
            return Ok(Compound::ArithFor { init: next(), test: next(), step: next(), body });
        }
        let (var, words) = self.for_head()?;
        Ok(Compound::For { var, words, body: self.do_group()? })
    }
    fn case_clause(&mut self) -> Res<Compound> {
        self.eat("case");
        self.blanks();
        let Some(word) = self.word()? else { return Err(self.unexpected()) };
        self.expect_word("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines()?;
            if self.at_word("esac") {
                self.eat("esac");
                return Ok(Compound::Case { word, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                let Some(p) = self.pattern_word()? else { return Err(self.unexpected()) };
                patterns.push(p);
                self.blanks();
                if self.eat(")") {
                    break;
                }
                if self.peek() != Some('|') {
                    return Err(self.unexpected());
                }
                self.at += 1;
            }
            let body = self.list_until(true)?;
            self.newlines()?;
            let end = if self.eat(";;&") {
                ArmEnd::TestNext
            } else if self.eat(";;") {
                ArmEnd::Break
            } else if self.eat(";&") {
                ArmEnd::FallThrough
            } else if self.at_word("esac") {
                ArmEnd::Break
            } else {
                return Err(self.unexpected());
            };
            arms.push(Arm { patterns, body, end });
        }
    }
    fn function_clause(&mut self, line: u32) -> Res<Command> {
        self.eat("function");
        self.blanks();
        let from = self.at;
        if self.word()?.is_none() {
            return Err(self.unexpected());
        }
        let name = self.text(from);
        self.blanks();
        if self.peek() == Some('(') {
            self.at += 1;
            self.blanks();
            if !self.eat(")") {
                return Err(self.unexpected());
            }
        }
        self.function_body(name, line)
    }
    fn function_body(&mut self, name: String, line: u32) -> Res<Command> {
        self.newlines()?;
        let compound = self.peek() == Some('(')
            || matches!(self.reserved(), Some("if" | "for" | "while" | "until" | "case" | "select" | "{" | "[["));
        if !compound {
            return Err(self.unexpected());
        }
        let body = Rc::new(self.command()?);
        Ok(Command::Function { name, body, line })
    }
    /// Replaces an alias at this place by its text.
    fn expand_alias(&mut self) {
        self.alias_next = false;
        for _ in 0..100 {
            self.blanks();
            let mut end = self.at;
            while self.src.get(end).is_some_and(|c| !c.is_whitespace() && !";&|<>()'\"\\$`".contains(*c)) {
                end += 1;
            }
            if self.src.get(end).is_some_and(|c| "'\"\\$`".contains(*c)) {
                return;
            }
            let word: String = self.src[self.at..end].iter().collect();
            let left = self.src.len() - end;
            self.active.retain(|(_, rest)| *rest < left + (end - self.at));
            if self.active.iter().any(|(name, _)| *name == word) {
                return;
            }
            let Some(value) = self.settings.aliases.get(&word).cloned() else { return };
            self.alias_next = value.ends_with([' ', '\t']);
            self.src.splice(self.at..end, value.chars());
            self.active.push((word, left));
        }
    }
    fn simple(&mut self, line: u32) -> Res<Command> {
        let mut s = Simple { line, ..Simple::default() };
        let mut declares = false;
        loop {
            self.blanks();
            if self.alias_next && !s.args.is_empty() {
                self.expand_alias();
            }
            if let Some(r) = self.redirect()? {
                s.redirects.push(r);
                continue;
            }
            if (s.args.is_empty() || declares)
                && let Some(a) = self.assignment(declares)?
            {
                if s.args.is_empty() {
                    s.assigns.push(a);
                } else {
                    s.args.push(Arg::Array(a));
                }
                continue;
            }
            let start = self.at;
            match self.word()? {
                None => break,
                Some(w) => {
                    if s.args.is_empty() {
                        declares = w.literal().is_some_and(|l| DECLARE.contains(&l));
                    }
                    let first = s.args.is_empty() && s.assigns.is_empty() && s.redirects.is_empty();
                    s.args.push(Arg::Word(w));
                    if first {
                        let name = self.text(start);
                        self.blanks();
                        if self.peek() == Some('(') {
                            self.at += 1;
                            self.blanks();
                            if !self.eat(")") {
                                return Err(self.unexpected());
                            }
                            return self.function_body(name, line);
                        }
                    }
                }
            }
        }
        if s.args.is_empty() && s.assigns.is_empty() && s.redirects.is_empty() {
            return Err(self.unexpected());
        }
        if self.peek() == Some('(') {
            return Err(self.unexpected());
        }
        Ok(Command::Simple(s))
    }
    /// `name=`, `name+=`, `name[i]=` at this place. With `array_only`, nothing but `name=(`.
    fn assignment(&mut self, array_only: bool) -> Res<Option<Assign>> {
        let (at, line) = (self.at, self.line);
        let name_end = {
            let mut e = at;
            while self.src.get(e).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
                e += 1;
            }
            e
        };
        if name_end == at || self.src[at].is_ascii_digit() {
            return Ok(None);
        }
        let name: String = self.src[at..name_end].iter().collect();
        self.at = name_end;
        let mut index = None;
        if self.peek() == Some('[') && !array_only {
            self.at += 1;
            match self.subscript()? {
                Some(w) if matches!(self.peek(), Some('=' | '+')) => index = Some(w),
                _ => {
                    (self.at, self.line) = (at, line);
                    return Ok(None);
                }
            }
        }
        let append = self.starts("+=");
        if !(append || self.peek() == Some('=')) {
            (self.at, self.line) = (at, line);
            return Ok(None);
        }
        self.at += if append { 2 } else { 1 };
        if self.peek() == Some('(') && index.is_none() {
            self.at += 1;
            let outer = std::mem::replace(&mut self.in_array, true);
            let value = Value::Array(self.elements()?);
            self.in_array = outer;
            return Ok(Some(Assign { name, index, append, value }));
        }
        if array_only {
            (self.at, self.line) = (at, line);
            return Ok(None);
        }
        let value = Value::Scalar(self.word()?.unwrap_or_default());
        Ok(Some(Assign { name, index, append, value }))
    }
    fn elements(&mut self) -> Res<Vec<Element>> {
        let open = self.line;
        let mut all = Vec::new();
        loop {
            self.newlines()?;
            if self.eat(")") {
                return Ok(all);
            }
            if self.done() {
                return Err(ParseError::Unclosed { close: ')', line: open });
            }
            let (at, line) = (self.at, self.line);
            let mut element = None;
            if self.eat("[")
                && let Some(index) = self.subscript()?
            {
                let append = self.eat("+=");
                if append || self.eat("=") {
                    let value = self.word()?.unwrap_or_default();
                    element = Some(Element { index: Some(index), append, value });
                }
            }
            if element.is_none() {
                (self.at, self.line) = (at, line);
                let Some(value) = self.word()? else { return Err(self.unexpected()) };
                element = Some(Element { index: None, append: false, value });
            }
            all.extend(element);
        }
    }
}

fn lit(s: &str) -> Word {
    Word { parts: vec![super::super::ast::Part::Lit(s.into())], raw: Rc::from(s) }
}
