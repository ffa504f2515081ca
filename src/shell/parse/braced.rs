//! The inside of `${…}`.

use super::super::ast::{Index, Op, Part, Word};
use super::word::Place;
use super::{ParseError, Parser, Res};

impl Parser {
    fn name(&mut self) -> String {
        let from = self.at;
        match self.peek() {
            Some(c) if c.is_ascii_digit() => {
                while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                    self.at += 1;
                }
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                    self.at += 1;
                }
            }
            Some(c) if "@*#?-$!".contains(c) => self.at += 1,
            _ => {}
        }
        self.text(from)
    }
    pub(super) fn braced(&mut self, start: usize, quoted: bool) -> Res<Part> {
        let open = self.line;
        let mut length = false;
        let mut indirect = false;
        if self.peek() == Some('#')
            && !matches!(self.peek_at(1), Some('}' | ':' | '%' | '=' | '+' | '/' | '?'))
            && !(self.peek_at(1) == Some('#') && self.peek_at(2) != Some('}'))
            && !(self.peek_at(1) == Some('-') && self.peek_at(2) != Some('}'))
        {
            self.at += 1;
            length = true;
        } else if self.peek() == Some('!')
            && self.peek_at(1).is_some_and(|c| c.is_ascii_alphanumeric() || "_@*#".contains(c))
        {
            self.at += 1;
            indirect = true;
        }
        let name = self.name();
        let mut index = None;
        if self.peek() == Some('[') && !name.is_empty() {
            self.at += 1;
            index = Some(if self.eat("@]") {
                Index::At
            } else if self.eat("*]") {
                Index::Star
            } else {
                match self.subscript()? {
                    Some(w) => Index::Word(w),
                    None => return Err(ParseError::Unclosed { close: '}', line: open }),
                }
            });
        }
        if name.is_empty() {
            self.skip_bad(open)?;
            return Ok(self.param(start, name, None, false, Op::Bad));
        }
        if length {
            if !self.eat("}") {
                self.skip_bad(open)?;
                return Ok(self.param(start, name, None, false, Op::Bad));
            }
            return Ok(self.param(start, name, index, false, Op::Length));
        }
        if indirect {
            if matches!(self.peek(), Some('@' | '*')) && self.peek_at(1) == Some('}') {
                let at = self.peek() == Some('@');
                self.at += 2;
                return Ok(self.param(start, name, None, false, Op::Names(at)));
            }
            if self.peek() == Some('}') && matches!(index, Some(Index::At | Index::Star)) {
                self.at += 1;
                let at = matches!(index, Some(Index::At));
                return Ok(self.param(start, name, None, false, Op::Keys(at)));
            }
        }
        let op = self.operator(quoted)?;
        if matches!(op, Op::Bad) || !self.eat("}") {
            self.skip_bad(open)?;
            return Ok(self.param(start, name, None, false, Op::Bad));
        }
        Ok(self.param(start, name, index, indirect, op))
    }
    fn skip_bad(&mut self, open: u32) -> Res<()> {
        let mut depth = 0;
        while let Some(c) = self.bump() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => return Ok(()),
                '}' => depth -= 1,
                _ => {}
            }
        }
        Err(ParseError::Unclosed { close: '}', line: open })
    }
    fn operand(&mut self, quoted: bool) -> Res<Word> {
        Ok(self.word_in(Place::Brace(quoted))?.unwrap_or_default())
    }
    /// The pattern of `#`, `%` and `/` keeps its own quotes even inside double quotes.
    fn pattern(&mut self) -> Res<Word> {
        self.operand(false)
    }
    fn operator(&mut self, quoted: bool) -> Res<Op> {
        let Some(c) = self.peek() else { return Ok(Op::Bad) };
        Ok(match c {
            '}' => Op::None,
            ':' if self.peek_at(1).is_some_and(|k| "-=?+".contains(k)) => {
                let kind = self.peek_at(1).unwrap_or('-');
                self.at += 2;
                Op::Use { kind, colon: true, word: self.operand(quoted)? }
            }
            '-' | '=' | '?' | '+' => {
                self.at += 1;
                Op::Use { kind: c, colon: false, word: self.operand(quoted)? }
            }
            ':' => {
                self.at += 1;
                self.slice()?
            }
            '#' | '%' => {
                self.at += 1;
                let longest = self.peek() == Some(c);
                if longest {
                    self.at += 1;
                }
                let pattern = self.pattern()?;
                if c == '#' { Op::Prefix { longest, pattern } } else { Op::Suffix { longest, pattern } }
            }
            '/' => {
                self.at += 1;
                let anchor = match self.peek() {
                    Some(a @ ('/' | '#' | '%')) => {
                        self.at += 1;
                        a
                    }
                    _ => ' ',
                };
                let mut pattern = Word::default();
                if self.peek() == Some('/') && anchor != '/' && anchor != ' ' {
                    // `${x/#/with}`: an empty pattern at the start.
                } else {
                    pattern = self.word_in(Place::BraceSlash(false))?.unwrap_or_default();
                }
                let with = if self.eat("/") { self.operand(quoted)? } else { Word::default() };
                Op::Replace { anchor, pattern, with }
            }
            '^' | ',' | '~' => {
                self.at += 1;
                let all = self.peek() == Some(c);
                if all {
                    self.at += 1;
                }
                let pattern = if self.peek() == Some('}') { None } else { Some(self.pattern()?) };
                Op::Case { upper: c, all, pattern }
            }
            '@' if self.peek_at(1).is_some_and(|t| "UuLQEPAKak".contains(t)) => {
                let t = self.peek_at(1).unwrap_or('Q');
                self.at += 2;
                Op::Transform(t)
            }
            _ => Op::Bad,
        })
    }
    /// `offset[:length]` of `${x:…}`: arithmetic, split at a colon outside of `?:` and parentheses.
    fn slice(&mut self) -> Res<Op> {
        let from = self.at;
        let (mut depth, mut asks) = (0, 0);
        let mut cut = None;
        while let Some(c) = self.peek() {
            match c {
                '}' if depth == 0 => break,
                '$' => {
                    self.dollar()?;
                    continue;
                }
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                '?' => asks += 1,
                ':' if asks > 0 => asks -= 1,
                ':' if depth == 0 && cut.is_none() => cut = Some(self.at),
                _ => {}
            }
            self.bump();
        }
        let part = |a: usize, b: usize| -> String { self.src[a..b].iter().collect() };
        let end = self.at;
        let offset = self.arith_word(&part(from, cut.unwrap_or(end)))?;
        let length = match cut {
            Some(c) => Some(self.arith_word(&part(c + 1, end))?),
            None => None,
        };
        Ok(Op::Slice { offset, length })
    }
}
