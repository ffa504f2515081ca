//! `pcre:` tables: Perl compatible regular expressions on the crate `fancy-regex`.
//!
//! Left out: callouts, recursion and what else that crate lacks; an expression that would run away is taken as no match.

use super::pattern::{Engine, Patterns};
use crate::log::table::RuleFault;
use fancy_regex::{Regex, RegexBuilder};

/// A compiled Perl compatible expression.
#[derive(Clone, Debug)]
pub(super) struct Perl(Regex);

/// A `pcre:` table.
pub(super) type Pcres = Patterns<Perl>;

/// Where PCRE sees the mistake, and its words for it.
fn diagnose(p: &str) -> (usize, &'static str) {
    let (mut depth, mut escaped, mut class) = (0_u32, false, false);
    for (i, c) in p.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match c {
            '\\' => escaped = true,
            '[' if !class => class = true,
            ']' if class => class = false,
            '(' if !class => depth += 1,
            ')' if !class => match depth.checked_sub(1) {
                Some(d) => depth = d,
                None => return (i, "unmatched closing parenthesis"),
            },
            '*' | '+' | '?' if !class && (i == 0 || p[..i].ends_with(['(', '|'])) && c != '?' => {
                return (i, "quantifier does not follow a repeatable item");
            }
            _ => {}
        }
    }
    if escaped {
        (p.len(), "\\ at end of pattern")
    } else if class {
        (p.len(), "missing terminating ] for character class")
    } else if depth > 0 {
        (p.len(), "missing closing parenthesis")
    } else {
        (p.len(), "internal error")
    }
}

impl Engine for Perl {
    const KIND: &'static str = "pcre";
    const SECOND: bool = false;
    fn is_option(c: char) -> bool {
        matches!(c, 'i' | 'm' | 's' | 'x' | 'A' | 'E' | 'U' | 'X')
    }
    fn compile(pattern: &str, options: &str) -> Result<Perl, RuleFault> {
        let toggled = |c: char| options.chars().filter(|o| *o == c).count() % 2 == 1;
        let mut flags = String::new();
        // `i` and `s` are on from the start; a letter toggles.
        for (c, on) in
            [('i', !toggled('i')), ('m', toggled('m')), ('s', !toggled('s')), ('x', toggled('x')), ('U', toggled('U'))]
        {
            if on {
                flags.push(c);
            }
        }
        let anchor = if toggled('A') { r"\A" } else { "" };
        let head = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
        // The line break ends a comment of the extended syntax.
        let tail = if toggled('x') { "\n" } else { "" };
        RegexBuilder::new(&format!("{head}{anchor}(?:{pattern}{tail})"))
            .backtrack_limit(100_000)
            .build()
            .map(Perl)
            .map_err(|_| {
                let (offset, message) = diagnose(pattern);
                RuleFault::PcreCompile { offset, message: message.to_owned() }
            })
    }
    fn groups(&self) -> usize {
        self.0.captures_len() - 1
    }
    fn captures(&self, text: &str) -> Option<Vec<String>> {
        let c = self.0.captures(text).ok().flatten()?;
        Some(c.iter().map(|g| g.map_or(String::new(), |m| m.as_str().to_owned())).collect())
    }
    fn matches(&self, text: &str) -> bool {
        self.0.is_match(text).unwrap_or(false)
    }
}
