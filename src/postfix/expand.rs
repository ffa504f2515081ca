//! mac_expand(3): `$name`, `$(name)`, `${name?text:text}` and comparisons `${{a} == {b}?{text}:{text}}`.
//!
//! One expander for main.cf values, replies and command lines: what a name stands for is the caller's. Left out:
//! scanning without expanding, which only `postconf` does, with [`names`].

use crate::log::config::{MacroFault, clip};

/// A part could not be parsed.
pub const PARSE_ERROR: u8 = 1;
/// A name without a value was used.
pub const UNDEFINED: u8 = 2;

/// More than this many bytes of result, or steps, are a loop in the input.
const LIMIT: usize = 1 << 20;
const STEPS: u32 = 20_000;

/// Compares two operands for an operator suffix such as `level`: negative, zero or positive; `Err` is the fault.
pub type Compare = fn(&str, &str) -> Result<std::cmp::Ordering, MacroFault>;

/// What an expansion needs to know.
pub struct Expander<'a> {
    /// The value of a name, or `None` when there is no such name.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Whether `$name` in a value is expanded in turn.
    pub recurse: bool,
    /// Bytes that a looked-up value may hold; others become `_`.
    pub filter: Option<&'a str>,
    /// Suffixes of comparison operators.
    pub suffixes: &'a [(&'a str, Compare)],
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    pub text: String,
    /// [`PARSE_ERROR`] and [`UNDEFINED`].
    pub status: u8,
    pub faults: Vec<MacroFault>,
}

impl Expansion {
    pub fn failed(&self) -> bool {
        self.status & PARSE_ERROR != 0
    }
}

/// A value with `_` for each byte that is not among `ok`.
pub fn censor(value: &str, ok: &str) -> String {
    if value.bytes().all(|b| b.is_ascii() && ok.as_bytes().contains(&b)) {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if ok.contains(c) {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n('_', c.len_utf8()));
        }
    }
    out
}

struct Run<'a, 'b> {
    env: &'a Expander<'b>,
    out: Expansion,
    level: u32,
    steps: u32,
}

/// Expands `text`.
pub fn expand(env: &Expander<'_>, text: &str) -> Expansion {
    let mut run = Run { env, out: Expansion::default(), level: 0, steps: 0 };
    run.parse(text);
    run.out
}

/// The part of a text that mac_parse(3) hands out.
pub enum Piece<'a> {
    Literal(&'a str),
    Expression(&'a str),
}

/// Splits a text into literals and expressions; a fault ends it.
pub fn pieces(text: &str) -> (Vec<Piece<'_>>, Option<MacroFault>) {
    let b = text.as_bytes();
    let (mut out, mut i) = (Vec::new(), 0);
    while i < b.len() {
        if b[i] != b'$' {
            let n = memchr::memchr(b'$', &b[i..]).map_or(b.len(), |n| i + n);
            out.push(Piece::Literal(&text[i..n]));
            i = n;
            continue;
        }
        if b.get(i + 1) == Some(&b'$') {
            out.push(Piece::Literal("$"));
            i += 2;
            continue;
        }
        i += 1;
        let expr = if let Some(&open @ (b'{' | b'(')) = b.get(i) {
            let Some(end) = closing(b, i, open) else {
                return (out, Some(MacroFault::Truncated(text.to_owned())));
            };
            let expr = &text[i + 1..end];
            i = end + 1;
            expr
        } else {
            let n = b[i..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').count();
            let expr = &text[i..i + n];
            i += n;
            expr
        };
        if expr.is_empty() {
            return (out, Some(MacroFault::EmptyName(text.to_owned())));
        }
        out.push(Piece::Expression(expr));
    }
    (out, None)
}

/// Index of the bracket that closes the one at `start`.
fn closing(b: &[u8], start: usize, open: u8) -> Option<usize> {
    let close = if open == b'{' { b'}' } else { b')' };
    let mut level = 0;
    for (i, c) in b.iter().enumerate().skip(start) {
        if *c == open {
            level += 1;
        } else if *c == close {
            level -= 1;
            if level == 0 {
                return Some(i);
            }
        }
    }
    None
}

fn skip_space(s: &str) -> &str {
    s.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b')
}

/// `{payload}` at the start of `s`: the payload and what follows, white space skipped.
fn curly(s: &str) -> Result<(&str, &str), MacroFault> {
    let mut level = 0;
    for (i, c) in s.bytes().enumerate() {
        if c == b'{' {
            level += 1;
        } else if c == b'}' {
            level -= 1;
            if level <= 0 {
                return Ok((&s[1..i], skip_space(&s[i + 1..])));
            }
        }
    }
    Err(MacroFault::Unbalanced(s.to_owned()))
}

/// The names that a text uses, in either branch of every expression (what makes a parameter "used").
pub fn names(text: &str, found: &mut dyn FnMut(&str)) -> Option<MacroFault> {
    names_at(text, found, 0)
}

fn names_at(text: &str, found: &mut dyn FnMut(&str), depth: u32) -> Option<MacroFault> {
    if depth > 100 {
        return Some(MacroFault::Nesting(text.to_owned()));
    }
    let (parts, fault) = pieces(text);
    for p in parts {
        let Piece::Expression(e) = p else { continue };
        let rest = skip_space(e);
        if rest.starts_with('{') {
            if let Some(f) = names_at(e, found, depth + 1) {
                return Some(f);
            }
            continue;
        }
        let (name, branches) = match Run::name(e, rest) {
            Ok(both) => both,
            Err(f) => return Some(f),
        };
        if !name.is_empty() {
            found(name);
        }
        if let Some(f) = names_at(branches, found, depth + 1) {
            return Some(f);
        }
    }
    fault
}

impl Run<'_, '_> {
    fn fault(&mut self, f: MacroFault) {
        self.out.status |= PARSE_ERROR;
        self.out.faults.push(f);
    }

    fn parse(&mut self, text: &str) {
        let (parts, fault) = pieces(text);
        for p in parts {
            self.piece(p);
            if self.out.failed() {
                return;
            }
        }
        if let Some(f) = fault {
            self.fault(f);
        }
    }

    fn piece(&mut self, p: Piece<'_>) {
        self.steps += 1;
        let size = match &p {
            Piece::Literal(t) => t.len(),
            Piece::Expression(_) => 0,
        };
        if self.steps > STEPS || self.out.text.len() + size > LIMIT {
            return self.fault(MacroFault::TooLarge);
        }
        self.level += 1;
        if self.level > 101 {
            let (Piece::Literal(t) | Piece::Expression(t)) = p;
            return self.fault(MacroFault::Nesting(t.to_owned()));
        }
        match p {
            Piece::Literal(t) => self.out.text.push_str(t),
            Piece::Expression(e) => {
                if let Err(f) = self.expression(e) {
                    self.fault(f);
                }
            }
        }
        self.level -= 1;
    }

    fn expression(&mut self, text: &str) -> Result<(), MacroFault> {
        let start = skip_space(text);
        let (value, rest) = if start.starts_with('{') {
            let Some((value, rest)) = self.relation(start)? else { return Ok(()) };
            if !rest.is_empty() && !rest.starts_with(['?', ':']) {
                return Err(MacroFault::BranchExpected(clip(rest, 20).to_owned()));
            }
            (Some(value), rest)
        } else {
            let (name, rest) = Self::name(text, start)?;
            ((self.env.lookup)(name), rest)
        };
        self.branches(value, rest)
    }

    /// The name at the start of an expression and what follows it.
    fn name<'t>(text: &'t str, start: &'t str) -> Result<(&'t str, &'t str), MacroFault> {
        let end = start.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(start.len());
        let (name, after) = start.split_at(end);
        let rest = skip_space(after);
        if rest.is_empty() || rest.starts_with(['?', ':']) {
            return Ok((name, rest));
        }
        let before = text[..text.len() - after.len()].to_owned();
        Err(MacroFault::NameSyntax { before, after: clip(after, 20).to_owned() })
    }

    /// `? text`, `: text`, `?{text}:{text}` after a name or a comparison.
    fn branches(&mut self, value: Option<String>, rest: &str) -> Result<(), MacroFault> {
        let full = value.as_ref().is_some_and(|v| !v.is_empty());
        let mut rest = rest;
        if let Some(r) = rest.strip_prefix('?') {
            let (text, after) = Self::operand(r)?;
            if full {
                self.parse(text);
            }
            if after.is_empty() {
                return Ok(());
            }
            if !after.starts_with(':') {
                let after = clip(after, 20).to_owned();
                return Err(MacroFault::ColonExpected { before: text.to_owned(), after });
            }
            rest = after;
        }
        if let Some(r) = rest.strip_prefix(':') {
            let (text, after) = Self::operand(r)?;
            if !full {
                self.parse(text);
            }
            if !after.is_empty() {
                let after = clip(after, 20).to_owned();
                return Err(MacroFault::Unexpected { before: text.to_owned(), after });
            }
            return Ok(());
        }
        match value {
            None => self.out.status |= UNDEFINED,
            Some(v) if self.env.recurse => self.parse(&v),
            Some(v) => match self.env.filter {
                None => self.out.text.push_str(&v),
                Some(ok) => self.out.text.push_str(&censor(&v, ok)),
            },
        }
        Ok(())
    }

    fn operand(r: &str) -> Result<(&str, &str), MacroFault> {
        let s = skip_space(r);
        if s.starts_with('{') { curly(s) } else { Ok((r, "")) }
    }

    /// `{left} op {right}`: `true` or the empty string, and what follows. `None`: an operand has failed.
    fn relation<'t>(&mut self, s: &'t str) -> Result<Option<(String, &'t str)>, MacroFault> {
        let (left, after) = curly(s)?;
        let n = after.bytes().take_while(|c| b"<>!=?+-*/~&|%".contains(c)).count();
        let op = &after[..n];
        if !["==", "!=", "<", "<=", ">=", ">"].contains(&op) {
            let after = clip(after, 20).to_owned();
            return Err(MacroFault::OperatorExpected { left: left.to_owned(), after });
        }
        let rest = &after[n..];
        let m = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (suffix, rest) = rest.split_at(m);
        let mut compare: Compare = plain_compare;
        if !suffix.is_empty() {
            let known = self.env.suffixes.iter().find(|(s, _)| *s == suffix);
            let Some((_, c)) = known else {
                return Err(MacroFault::OperatorSuffix { operator: op.to_owned(), suffix: suffix.to_owned() });
            };
            compare = *c;
        }
        let right = skip_space(rest);
        if !right.starts_with('{') {
            return Err(MacroFault::ExpressionExpected {
                left: left.to_owned(),
                operator: op.to_owned(),
                after: clip(rest, 20).to_owned(),
            });
        }
        let (right, rest) = curly(right)?;
        let Some(l) = self.side(left) else { return Ok(None) };
        let Some(r) = self.side(right) else { return Ok(None) };
        let order = compare(&l, &r)?;
        let holds = match op {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">=" => order.is_ge(),
            _ => order.is_gt(),
        };
        Ok(Some((if holds { "true".to_owned() } else { String::new() }, rest)))
    }

    /// Expands an operand of a comparison.
    fn side(&mut self, text: &str) -> Option<String> {
        let saved = std::mem::take(&mut self.out.text);
        self.parse(text);
        let value = std::mem::replace(&mut self.out.text, saved);
        if self.out.failed() { None } else { Some(value) }
    }
}

/// By number when both are numbers, else by bytes. Never a fault; a [`Compare`] may be one.
#[allow(clippy::unnecessary_wraps)]
fn plain_compare(a: &str, b: &str) -> Result<std::cmp::Ordering, MacroFault> {
    let number = |s: &str| {
        if !s.is_empty() && s.bytes().all(|c| c.is_ascii_digit()) { s.parse::<u128>().ok() } else { None }
    };
    Ok(match (number(a), number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.cmp(b),
    })
}

/// `3.6` as a number that compares; up to three parts, the second and third of 0 to 1023.
pub fn compat_level(text: &str) -> Option<u64> {
    let mut parts = text.split('.');
    let mut value = 0;
    for i in 0..3 {
        let part = match parts.next() {
            None if i > 0 => 0,
            Some(p) if !p.is_empty() && p.bytes().all(|c| c.is_ascii_digit()) => p.parse::<u64>().ok()?,
            _ => return None,
        };
        if part > if i == 0 { u64::from(u32::MAX) } else { 1023 } {
            return None;
        }
        value = value << 10 | part;
    }
    if parts.next().is_some() { None } else { Some(value) }
}

/// The `level` suffix: compatibility levels by version number.
pub fn compare_level(a: &str, b: &str) -> Result<std::cmp::Ordering, MacroFault> {
    let level = |s: &str| compat_level(s).ok_or_else(|| MacroFault::Level(s.to_owned()));
    Ok(level(a)?.cmp(&level(b)?))
}
