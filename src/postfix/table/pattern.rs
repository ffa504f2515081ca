//! What `regexp:` and `pcre:` tables share: the layout of rules, IF and ENDIF, and `$number` in results.

use super::super::expand::{Piece, pieces};
use super::super::readlline::{is_space, logical_lines};
use super::Say;
use super::cidr::keyword;
use crate::log::config::Config as Fault;
use crate::log::table::{RuleFault, Table};

/// A compiled pattern: whether it matches, and its groups.
pub(super) trait Engine: Sized {
    /// Name of the table type, for messages.
    const KIND: &'static str;
    /// Whether a rule may have a second pattern, `/a/!/b/ text`.
    const SECOND: bool;
    /// Whether the letter is an option of this engine.
    fn is_option(c: char) -> bool;
    fn compile(pattern: &str, options: &str) -> Result<Self, RuleFault>;
    /// Number of groups.
    fn groups(&self) -> usize;
    /// The text of each group of the first match; `None`: no match.
    fn captures(&self, text: &str) -> Option<Vec<String>>;
    fn matches(&self, text: &str) -> bool {
        self.captures(text).is_some()
    }
}

#[derive(Clone, Debug)]
struct Test<E> {
    engine: E,
    negate: bool,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(String),
    Group(usize),
}

#[derive(Clone, Debug)]
enum Rule<E> {
    Value { first: Test<E>, second: Option<Test<E>>, result: Vec<Part>, line: usize },
    If(Test<E>, usize),
    Endif,
}

/// A table of patterns.
#[derive(Clone, Debug)]
pub struct Patterns<E> {
    rules: Vec<Rule<E>>,
}

/// `!/pattern/options` as written: negated, pattern, options.
struct Written<'a> {
    negate: bool,
    pattern: &'a str,
    options: &'a str,
}

/// Reads one pattern and gives what follows it.
fn written<E: Engine>(text: &str) -> Result<(Written<'_>, &str), RuleFault> {
    let (mut negate, mut p) = (false, text);
    while let Some(r) = p.strip_prefix('!') {
        negate = !negate;
        p = r.trim_start_matches(is_space);
    }
    let Some(delimiter) = p.chars().next() else { return Err(RuleFault::NoRegexp) };
    let body = &p[delimiter.len_utf8()..];
    let (mut escaped, mut end) = (false, None);
    for (i, c) in body.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == delimiter {
            end = Some(i);
            break;
        }
    }
    let Some(end) = end else { return Err(RuleFault::NoDelimiter { delimiter, pcre: !E::SECOND }) };
    let rest = &body[end + delimiter.len_utf8()..];
    let n = rest.find(|c| is_space(c) || c == '!').unwrap_or(rest.len());
    let options = &rest[..n];
    if let Some(c) = options.chars().find(|c| !E::is_option(*c)) {
        return Err(RuleFault::UnknownOption(c));
    }
    Ok((Written { negate, pattern: &body[..end], options }, &rest[n..]))
}

fn compiled<E: Engine>(w: &Written<'_>) -> Result<Test<E>, RuleFault> {
    Ok(Test { engine: E::compile(w.pattern, w.options)?, negate: w.negate })
}

/// The result text with its `$number`s; what is wrong is a list, the last one ending the rule.
fn result(text: &str) -> Result<Vec<Part>, Vec<RuleFault>> {
    let (found, fault) = pieces(text);
    if let Some(f) = fault {
        return Err(vec![RuleFault::Macro(f), RuleFault::BadReplacement]);
    }
    let mut parts = Vec::new();
    for p in found {
        match p {
            Piece::Literal(t) => parts.push(Part::Literal(t.to_owned())),
            Piece::Expression(e) => {
                if !e.bytes().all(|c| c.is_ascii_digit()) {
                    return Err(vec![RuleFault::IndexNotNumber(e.to_owned()), RuleFault::BadReplacement]);
                }
                match e.parse::<usize>() {
                    Ok(n) if n > 0 => parts.push(Part::Group(n)),
                    _ => return Err(vec![RuleFault::IndexZero(e.to_owned()), RuleFault::BadReplacement]),
                }
            }
        }
    }
    Ok(parts)
}

impl<E: Engine> Patterns<E> {
    /// Reads a table; a line that is no rule is said and passed over.
    pub(super) fn parse(path: &str, text: &str, say: &mut Say) -> Patterns<E> {
        let mut rules: Vec<Rule<E>> = Vec::new();
        let mut open: Vec<(usize, usize)> = Vec::new();
        for l in logical_lines(text) {
            if l.starts_with_space() {
                say.push(Table::Config(Fault::LeadingSpace { path: path.to_owned(), text: l.text }));
                continue;
            }
            let (mut rule, faults) = Self::line(&l.text);
            let warn = |fault, say: &mut Say| {
                say.push(Table::Rule { kind: E::KIND, path: path.to_owned(), line: l.last, fault });
            };
            // An ENDIF too many is only said to be that.
            let lone = matches!(rule, Some(Rule::Endif)) && open.is_empty();
            for f in faults.into_iter().filter(|_| !lone) {
                warn(f, say);
            }
            match &mut rule {
                None => continue,
                Some(Rule::If(..)) => open.push((rules.len(), l.last)),
                Some(Rule::Endif) => match open.pop() {
                    None => {
                        warn(RuleFault::EndifWithoutMatchingIf, say);
                        continue;
                    }
                    Some((i, _)) => {
                        let end = rules.len();
                        if let Rule::If(_, e) = &mut rules[i] {
                            *e = end;
                        }
                    }
                },
                Some(Rule::Value { line, .. }) => *line = l.last,
            }
            rules.extend(rule);
        }
        for (_, line) in open.into_iter().rev() {
            let fault = RuleFault::IfWithoutEndif;
            say.push(Table::Rule { kind: E::KIND, path: path.to_owned(), line, fault });
        }
        Patterns { rules }
    }

    /// Drops the rules whose result has a `$number`.
    pub(super) fn refuse_substitution(&mut self, path: &str, say: &mut Say) {
        for rule in &mut self.rules {
            let Rule::Value { result, line, .. } = rule else { continue };
            if result.iter().any(|p| matches!(p, Part::Group(_))) {
                let (kind, path, line) = (E::KIND, path.to_owned(), *line);
                say.push(Table::Rule { kind, path, line, fault: RuleFault::Substitution });
                *rule = Rule::Endif;
            }
        }
    }

    /// One logical line: its rule, and what there is to say about it.
    fn line(text: &str) -> (Option<Rule<E>>, Vec<RuleFault>) {
        let mut faults = Vec::new();
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return match Self::value(text, &mut faults) {
                Ok(r) => (Some(r), faults),
                Err(f) => {
                    faults.extend(f);
                    (None, faults)
                }
            };
        }
        if let Some(rest) = keyword(text, "IF") {
            let read = written::<E>(rest).and_then(|(w, after)| {
                let after = after.trim_start_matches(is_space);
                if !after.is_empty() {
                    faults.push(RuleFault::ExtraAfterIf(after.to_owned()));
                    faults.push(RuleFault::NoWhitespaceBetween);
                }
                compiled(&w)
            });
            return match read {
                Ok(t) => (Some(Rule::If(t, usize::MAX)), faults),
                Err(f) => {
                    faults.push(f);
                    (None, faults)
                }
            };
        }
        if let Some(rest) = keyword(text, "ENDIF") {
            if !rest.is_empty() {
                faults.push(RuleFault::ExtraAfterEndif);
            }
            return (Some(Rule::Endif), faults);
        }
        (None, vec![RuleFault::Unrecognized])
    }

    fn value(text: &str, faults: &mut Vec<RuleFault>) -> Result<Rule<E>, Vec<RuleFault>> {
        let one = |f| vec![f];
        let (first, mut rest) = written::<E>(text).map_err(one)?;
        let mut second = None;
        if E::SECOND && rest.starts_with('!') {
            let (w, after) = written::<E>(rest).map_err(one)?;
            second = Some(w);
            rest = after;
        }
        let rest = rest.trim_start_matches(is_space);
        if rest.is_empty() {
            faults.push(RuleFault::NoReplacement);
        }
        let parts = result(rest)?;
        let highest = parts.iter().map(|p| if let Part::Group(n) = p { *n } else { 0 }).max().unwrap_or(0);
        if highest > 0 && first.negate {
            return Err(one(RuleFault::NegativeSubstitution));
        }
        let test: Test<E> = compiled(&first).map_err(one)?;
        if highest > test.engine.groups() {
            return Err(one(RuleFault::IndexRange(highest.to_string())));
        }
        let second = match second {
            Some(w) => Some(compiled(&w).map_err(one)?),
            None => None,
        };
        Ok(Rule::Value { first: test, second, result: parts, line: 0 })
    }

    /// The result of the first rule that matches.
    pub fn get(&self, key: &str) -> Option<String> {
        let mut i = 0;
        while let Some(rule) = self.rules.get(i) {
            match rule {
                Rule::If(t, end) if t.engine.matches(key) == t.negate => i = *end,
                Rule::Value { first, second, result, .. } => {
                    let groups = first.engine.captures(key);
                    let also = second.as_ref().is_none_or(|t| t.engine.matches(key) != t.negate);
                    if groups.is_some() != first.negate && also {
                        let groups = groups.unwrap_or_default();
                        return Some(
                            result
                                .iter()
                                .map(|p| match p {
                                    Part::Literal(t) => t.as_str(),
                                    Part::Group(n) => groups.get(*n).map_or("", String::as_str),
                                })
                                .collect(),
                        );
                    }
                }
                _ => {}
            }
            i = i.saturating_add(1);
        }
        None
    }
}
