//! Words: quoting, `$…`, substitutions.

use super::super::ast::{Index, Op, Param, Part, Word};
use super::{ParseError, Parser, Res};
use std::rc::Rc;

/// Where a word stands decides what ends it and which quotes count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A command line.
    Command,
    /// A `case` pattern: as a command line, extended patterns allowed.
    Pattern,
    /// The operand of `${x…}`: up to `}`; the flag: inside double quotes.
    Brace(bool),
    /// The pattern of `${x/…/}`: up to `/` or `}`.
    BraceSlash(bool),
    /// The right side of `=~`.
    Regex,
    /// A text of its own: nothing ends it.
    Whole,
}

impl Parser {
    /// A word of a command line, or `None` if none begins here.
    pub(super) fn word(&mut self) -> Res<Option<Word>> {
        self.word_in(Place::Command)
    }
    pub(super) fn pattern_word(&mut self) -> Res<Option<Word>> {
        self.word_in(Place::Pattern)
    }
    pub(super) fn regex_word(&mut self) -> Res<Word> {
        self.word_in(Place::Regex)?.ok_or_else(|| self.unexpected())
    }
    pub(super) fn word_in(&mut self, place: Place) -> Res<Option<Word>> {
        self.deeper()?;
        let from = self.at;
        let parts = crate::base::stack::deep(|| self.parts(place));
        self.depth -= 1;
        let parts = parts?;
        if parts.is_empty() && matches!(place, Place::Command | Place::Pattern | Place::Regex) {
            return Ok(None);
        }
        Ok(Some(Word { parts, raw: Rc::from(self.text(from)) }))
    }
    fn ends(&self, place: Place, c: char, parens: usize) -> bool {
        match place {
            Place::Command | Place::Pattern => c.is_whitespace() && " \t\n".contains(c) || ";&|()<>".contains(c),
            Place::Brace(_) => c == '}',
            Place::BraceSlash(_) => c == '}' || c == '/',
            Place::Whole => false,
            Place::Regex => parens == 0 && (" \t\n;&".contains(c) || c == ')') || parens > 0 && c == '\n',
        }
    }
    fn parts(&mut self, place: Place) -> Res<Vec<Part>> {
        let mut parts = Vec::new();
        let mut lit = String::new();
        let open_line = self.line;
        let in_double = matches!(place, Place::Brace(true) | Place::BraceSlash(true));
        let mut parens = 0usize;
        while let Some(c) = self.peek() {
            if self.ends(place, c, parens) {
                let process = matches!(place, Place::Command) && (c == '<' || c == '>') && self.peek_at(1) == Some('(');
                if !process {
                    break;
                }
                flush(&mut parts, &mut lit);
                self.at += 2;
                let (list, text) = self.substitution(open_line)?;
                parts.push(Part::Process { write: c == '>', list, text });
                continue;
            }
            if place == Place::Regex {
                match c {
                    '(' => parens += 1,
                    ')' => parens = parens.saturating_sub(1),
                    _ => {}
                }
            }
            match c {
                '\\' => {
                    self.at += 1;
                    match self.bump() {
                        None => lit.push('\\'),
                        Some('\n') => {}
                        Some(q) if in_double && !"$`\"\\}/".contains(q) => {
                            lit.push('\\');
                            lit.push(q);
                        }
                        Some(q) => {
                            flush(&mut parts, &mut lit);
                            parts.push(Part::Quoted(q.to_string()));
                        }
                    }
                }
                '\'' if !in_double => {
                    flush(&mut parts, &mut lit);
                    self.at += 1;
                    parts.push(Part::Quoted(self.single_quoted()?));
                }
                '"' => {
                    flush(&mut parts, &mut lit);
                    self.at += 1;
                    parts.push(Part::Double(self.double_quoted()?));
                }
                '`' => {
                    flush(&mut parts, &mut lit);
                    self.at += 1;
                    parts.push(Part::Backquote(self.backquoted(in_double)?));
                }
                '$' if self.peek_at(1) == Some('\'') && !in_double => {
                    flush(&mut parts, &mut lit);
                    self.at += 2;
                    parts.push(Part::Quoted(self.ansi_c()?));
                }
                '$' if self.peek_at(1) == Some('"') && !in_double => {
                    flush(&mut parts, &mut lit);
                    self.at += 2;
                    parts.push(Part::Double(self.double_quoted()?));
                }
                '$' => match self.dollar()? {
                    Some(p) => {
                        flush(&mut parts, &mut lit);
                        parts.push(p);
                    }
                    None => lit.push('$'),
                },
                '?' | '*' | '+' | '@' | '!'
                    if self.peek_at(1) == Some('(')
                        && matches!(
                            place,
                            Place::Command | Place::Pattern | Place::Brace(_) | Place::BraceSlash(_)
                        )
                        && self.settings.extglob =>
                {
                    lit.push(c);
                    self.at += 1;
                    self.extglob(&mut parts, &mut lit)?;
                }
                _ => {
                    lit.push(c);
                    self.bump();
                }
            }
        }
        if self.done() {
            match place {
                Place::Brace(_) | Place::BraceSlash(_) => {
                    return Err(ParseError::Unclosed { close: '}', line: open_line });
                }
                _ => {}
            }
        }
        flush(&mut parts, &mut lit);
        Ok(parts)
    }
    /// The group of an extended pattern, nested ones included, as part of the word.
    fn extglob(&mut self, parts: &mut Vec<Part>, lit: &mut String) -> Res<()> {
        let open = self.line;
        let mut depth = 0;
        while let Some(c) = self.peek() {
            match c {
                '\'' => {
                    flush(parts, lit);
                    self.at += 1;
                    parts.push(Part::Quoted(self.single_quoted()?));
                }
                '"' => {
                    flush(parts, lit);
                    self.at += 1;
                    parts.push(Part::Double(self.double_quoted()?));
                }
                '\\' => {
                    flush(parts, lit);
                    self.at += 1;
                    parts.extend(self.bump().map(|c| Part::Quoted(c.to_string())));
                }
                '$' => match self.dollar()? {
                    Some(p) => {
                        flush(parts, lit);
                        parts.push(p);
                    }
                    None => lit.push('$'),
                },
                _ => {
                    lit.push(c);
                    self.bump();
                    match c {
                        '(' => depth += 1,
                        ')' => {
                            depth -= 1;
                            if depth == 0 {
                                return Ok(());
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        Err(ParseError::Unclosed { close: ')', line: open })
    }
    fn single_quoted(&mut self) -> Res<String> {
        let open = self.line;
        let from = self.at;
        loop {
            match self.bump() {
                None => return Err(ParseError::Unclosed { close: '\'', line: open }),
                Some('\'') => return Ok(self.src[from..self.at - 1].iter().collect()),
                Some(_) => {}
            }
        }
    }
    fn double_quoted(&mut self) -> Res<Vec<Part>> {
        let open = self.line;
        self.quoted_until(Some('"'), open)
    }
    /// Double-quote rules up to `close` (which is consumed), or to the end of the text.
    fn quoted_until(&mut self, close: Option<char>, open: u32) -> Res<Vec<Part>> {
        self.deeper()?;
        let parts = crate::base::stack::deep(|| self.quoted_inner(close, open));
        self.depth -= 1;
        parts
    }
    fn quoted_inner(&mut self, close: Option<char>, open: u32) -> Res<Vec<Part>> {
        let mut parts = Vec::new();
        let mut lit = String::new();
        loop {
            match self.peek() {
                None if close.is_some() => {
                    return Err(ParseError::Unclosed { close: close.unwrap_or('"'), line: open });
                }
                None => break,
                c if c == close => {
                    self.at += 1;
                    break;
                }
                Some('\\') => {
                    self.at += 1;
                    match self.bump() {
                        Some('\n') => {}
                        Some(q) if "$`\\".contains(q) || Some(q) == close => lit.push(q),
                        Some(q) => {
                            lit.push('\\');
                            lit.push(q);
                        }
                        None => lit.push('\\'),
                    }
                }
                Some('`') => {
                    flush_quoted(&mut parts, &mut lit);
                    self.at += 1;
                    parts.push(Part::Backquote(self.backquoted(true)?));
                }
                Some('$') => match self.dollar_in(true)? {
                    Some(p) => {
                        flush_quoted(&mut parts, &mut lit);
                        parts.push(p);
                    }
                    None => lit.push('$'),
                },
                Some(c) => {
                    lit.push(c);
                    self.bump();
                }
            }
        }
        flush_quoted(&mut parts, &mut lit);
        Ok(parts)
    }
    /// The body of a here-document.
    pub(super) fn here_word(&self, body: &str) -> Res<Word> {
        let mut p = Parser::new(body, self.settings.clone());
        p.depth = self.depth;
        p.line = self.line;
        let parts = p.quoted_until(None, self.line)?;
        Ok(Word { parts: vec![Part::Double(parts)], raw: Rc::from(body) })
    }
    fn backquoted(&mut self, in_double: bool) -> Res<String> {
        let open = self.line;
        let mut out = String::new();
        loop {
            match self.bump() {
                None => return Err(ParseError::Unclosed { close: '`', line: open }),
                Some('`') => return Ok(out),
                Some('\\') => match self.bump() {
                    Some(c @ ('$' | '`' | '\\')) => out.push(c),
                    Some('"') if in_double => out.push('"'),
                    Some(c) => {
                        out.push('\\');
                        out.push(c);
                    }
                    None => {}
                },
                Some(c) => out.push(c),
            }
        }
    }
    fn ansi_c(&mut self) -> Res<String> {
        let open = self.line;
        let from = self.at;
        loop {
            match self.bump() {
                None => return Err(ParseError::Unclosed { close: '\'', line: open }),
                Some('\\') => {
                    self.bump();
                }
                Some('\'') => {
                    let raw: String = self.src[from..self.at - 1].iter().collect();
                    return Ok(super::super::escape::ansi_c(&raw));
                }
                Some(_) => {}
            }
        }
    }
    pub(super) fn dollar(&mut self) -> Res<Option<Part>> {
        self.dollar_in(false)
    }
    /// `$…` at this place; `None` for a lone dollar, which is consumed.
    fn dollar_in(&mut self, quoted: bool) -> Res<Option<Part>> {
        let (start, open) = (self.at, self.line);
        self.at += 1;
        match self.peek() {
            Some('(') if self.peek_at(1) == Some('(') => {
                self.at += 2;
                let (at, line) = (self.at, self.line);
                if let Some(w) = self.until_double_paren()? {
                    return Ok(Some(Part::Arith(w.parts)));
                }
                self.at = at - 1;
                self.line = line;
                let (list, text) = self.substitution(open)?;
                Ok(Some(Part::Command(list, text)))
            }
            Some('(') => {
                self.at += 1;
                let (list, text) = self.substitution(open)?;
                Ok(Some(Part::Command(list, text)))
            }
            Some('[') => {
                self.at += 1;
                let w = self.arith_until("]")?;
                Ok(Some(Part::Arith(w.parts)))
            }
            Some('{') => {
                self.at += 1;
                self.deeper()?;
                let p = self.braced(start, quoted);
                self.depth -= 1;
                p.map(Some)
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let from = self.at;
                while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                    self.at += 1;
                }
                Ok(Some(self.param(start, self.text(from), None, false, Op::None)))
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                self.at += 1;
                Ok(Some(self.param(start, c.to_string(), None, false, Op::None)))
            }
            _ => Ok(None),
        }
    }
    pub(super) fn param(&self, start: usize, name: String, index: Option<Index>, indirect: bool, op: Op) -> Part {
        Part::Param(Box::new(Param { name, index, indirect, op, raw: Rc::from(self.text(start)) }))
    }
    /// Commands up to the closing parenthesis of a substitution.
    fn substitution(&mut self, open: u32) -> Res<(Rc<super::super::ast::List>, Rc<str>)> {
        self.deeper()?;
        let from = self.at;
        let outer = std::mem::take(&mut self.pending);
        let list = crate::base::stack::deep(|| self.list_until(true));
        self.depth -= 1;
        let list = match list {
            Err(ParseError::Incomplete { line }) => return Err(ParseError::Unclosed { close: ')', line }),
            l => l?,
        };
        self.newlines()?;
        self.pending.splice(0..0, outer);
        match self.peek() {
            Some(')') => {
                let text = self.text(from);
                self.at += 1;
                Ok((Rc::new(list), Rc::from(text)))
            }
            None => Err(ParseError::Unclosed { close: ')', line: self.end_line().max(open) }),
            Some(_) => Err(self.unexpected()),
        }
    }
    /// An arithmetic text up to `))`; `None` (position lost) when it turns out to be nested parentheses.
    pub(super) fn until_double_paren(&mut self) -> Res<Option<Word>> {
        let (from, open) = (self.at, self.line);
        let mut depth = 0;
        while let Some(c) = self.peek() {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' if self.peek_at(1) == Some(')') => {
                    let text = self.text(from);
                    self.at += 2;
                    return self.arith_word(&text).map(Some);
                }
                ')' => return Ok(None),
                '\\' => {
                    self.bump();
                }
                '\'' | '"' => {
                    self.bump();
                    while self.peek().is_some_and(|x| x != c) {
                        if self.peek() == Some('\\') {
                            self.bump();
                        }
                        self.bump();
                    }
                }
                _ => {}
            }
            self.bump();
        }
        Err(ParseError::Unclosed { close: ')', line: open })
    }
    /// An arithmetic text up to `end`, parentheses balanced.
    pub(super) fn arith_until(&mut self, end: &str) -> Res<Word> {
        let (from, open) = (self.at, self.line);
        let mut depth = 0;
        while let Some(c) = self.peek() {
            if depth == 0 && self.starts(end) {
                let text = self.text(from);
                self.eat(end);
                return self.arith_word(&text);
            }
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
            self.bump();
        }
        Err(ParseError::Unclosed { close: end.chars().next().unwrap_or(')'), line: open })
    }
    pub(super) fn arith_word(&self, text: &str) -> Res<Word> {
        let mut p = Parser::new(text, self.settings.clone());
        p.depth = self.depth;
        p.line = self.line;
        let parts = p.quoted_until(None, self.line)?;
        Ok(Word { parts, raw: Rc::from(text) })
    }
    /// A subscript; the bracket is open, and is consumed with its end. `None` when it does not close.
    pub(super) fn subscript(&mut self) -> Res<Option<Word>> {
        let (from, line) = (self.at, self.line);
        let mut depth = 0;
        while let Some(c) = self.peek() {
            match c {
                '[' => depth += 1,
                ']' if depth == 0 => {
                    let text = self.text(from);
                    self.at += 1;
                    let mut inner = Parser::new(&text, self.settings.clone());
                    inner.depth = self.depth;
                    let parts = inner.all_parts()?;
                    return Ok(Some(Word { parts, raw: Rc::from(text) }));
                }
                ']' => depth -= 1,
                '"' | '\'' => {
                    self.bump();
                    while self.peek().is_some_and(|x| x != c) {
                        self.bump();
                    }
                }
                '$' if self.peek_at(1) == Some('{') || self.peek_at(1) == Some('(') => {
                    self.dollar()?;
                    continue;
                }
                _ => {}
            }
            self.bump();
        }
        (self.at, self.line) = (from, line);
        Ok(None)
    }
    /// All of the text as one word with unquoted rules.
    fn all_parts(&mut self) -> Res<Vec<Part>> {
        self.parts(Place::Whole)
    }
    /// A whole text as one word, as the value of a variable is parsed again (`PS1`, `PS4`).
    pub fn whole_quoted(text: &str) -> Res<Word> {
        let mut p = Parser::new(text, super::Settings::default());
        let parts = p.quoted_until(None, 1)?;
        Ok(Word { parts: vec![Part::Double(parts)], raw: Rc::from(text) })
    }
}

fn flush(parts: &mut Vec<Part>, lit: &mut String) {
    if !lit.is_empty() {
        parts.push(Part::Lit(std::mem::take(lit)));
    }
}
fn flush_quoted(parts: &mut Vec<Part>, lit: &mut String) {
    if !lit.is_empty() {
        parts.push(Part::Quoted(std::mem::take(lit)));
    }
}
