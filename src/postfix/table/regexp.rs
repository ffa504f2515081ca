//! `regexp:` tables: POSIX extended regular expressions on the crate `regex`.
//!
//! Left out: back references, collating elements, and POSIX's longest match where it differs from the leftmost branch.

use super::pattern::{Engine, Patterns};
use crate::log::table::RuleFault;
use regex::{Regex, RegexBuilder};

/// A compiled POSIX expression.
#[derive(Clone, Debug)]
pub(super) struct Posix(Regex);

/// A `regexp:` table.
pub(super) type Regexps = Patterns<Posix>;

/// Rewrites a POSIX expression for `regex`, or says what regcomp(3) says of it.
fn translate(p: &str, extended: bool) -> Result<String, &'static str> {
    let chars: Vec<char> = p.chars().collect();
    let (mut out, mut i, mut depth) = (String::new(), 0, 0_u32);
    // Whether there is something that `*` can repeat.
    let mut atom = false;
    while i < chars.len() {
        let c = chars[i];
        i += 1;
        match c {
            '\\' => {
                let Some(&n) = chars.get(i) else { return Err("Trailing backslash") };
                i += 1;
                atom = true;
                match n {
                    '(' if !extended => {
                        out.push('(');
                        depth += 1;
                        atom = false;
                    }
                    ')' if !extended => {
                        depth = depth.checked_sub(1).ok_or("Unmatched ) or \\)")?;
                        out.push(')');
                    }
                    '{' | '}' | '|' if !extended => out.push(n),
                    '<' => out.push_str(r"\b{start}"),
                    '>' => out.push_str(r"\b{end}"),
                    'w' | 'W' | 's' | 'S' | 'b' | 'B' => {
                        out.push('\\');
                        out.push(n);
                    }
                    n if n.is_ascii_alphanumeric() => out.push(n),
                    n => out.push_str(&regex::escape(&n.to_string())),
                }
            }
            '[' => {
                let end = bracket(&chars, i).ok_or("Invalid regular expression")?;
                push_bracket(&chars[i..end], &mut out);
                i = end + 1;
                atom = true;
            }
            '(' if extended => {
                out.push('(');
                depth += 1;
                atom = false;
            }
            ')' if extended => {
                // A lone closing parenthesis stands for itself.
                out.push_str(if depth == 0 { r"\)" } else { ")" });
                depth = depth.saturating_sub(1);
                atom = true;
            }
            '|' if extended => {
                out.push('|');
                atom = false;
            }
            '*' => {
                if atom {
                    out.push('*');
                } else if extended && !out.is_empty() && !out.ends_with(['(', '|', '^']) {
                    // A repeated repetition means the same.
                } else if extended {
                    return Err("Invalid preceding regular expression");
                } else {
                    out.push_str(r"\*");
                }
            }
            '+' | '?' if extended => {
                if !atom {
                    return Err("Invalid preceding regular expression");
                }
                out.push(c);
            }
            '{' if extended => match interval(&chars, i) {
                Some((text, next)) if atom => {
                    out.push_str(&text);
                    i = next;
                }
                Some(_) => return Err("Invalid preceding regular expression"),
                None if chars[i..].contains(&'}') => return Err("Invalid content of \\{\\}"),
                None => return Err("Unmatched \\{"),
            },
            '^' | '$' => {
                out.push(c);
                atom = extended && c == '$';
            }
            '.' => {
                out.push('.');
                atom = true;
            }
            c => {
                out.push_str(&regex::escape(&c.to_string()));
                atom = true;
            }
        }
        // `regex` refuses what POSIX lets pass: `a**`, `a+?` as a repeated repetition.
        if matches!(c, '*' | '+' | '?') && extended {
            while i < chars.len() && matches!(chars[i], '*' | '+' | '?') {
                i += 1;
            }
        }
    }
    if depth > 0 { Err("Unmatched ( or \\(") } else { Ok(out) }
}

/// Index of the `]` that ends a bracket expression whose inside starts at `i`.
fn bracket(chars: &[char], i: usize) -> Option<usize> {
    let mut j = i;
    if chars.get(j) == Some(&'^') {
        j += 1;
    }
    if chars.get(j) == Some(&']') {
        j += 1;
    }
    while j < chars.len() {
        match chars[j] {
            ']' => return Some(j),
            '[' if matches!(chars.get(j + 1), Some(':' | '.' | '=')) => {
                let kind = chars[j + 1];
                j += 2;
                while j + 1 < chars.len() && !(chars[j] == kind && chars[j + 1] == ']') {
                    j += 1;
                }
                j += 2;
            }
            _ => j += 1,
        }
    }
    None
}

/// A bracket expression in `regex`'s words: only `-` between two characters is special, and classes.
fn push_bracket(inside: &[char], out: &mut String) {
    out.push('[');
    let mut j = 0;
    if inside.first() == Some(&'^') {
        out.push('^');
        j = 1;
    }
    let start = j;
    while j < inside.len() {
        let c = inside[j];
        if c == '[' && matches!(inside.get(j + 1), Some(':')) {
            let text: String = inside[j..].iter().collect();
            if let Some(e) = text.find(":]") {
                out.push_str(&text[..e + 2]);
                j += text[..e + 2].chars().count();
                continue;
            }
        }
        let range = c == '-' && j > start && j + 1 < inside.len();
        if range {
            out.push('-');
        } else if c.is_alphanumeric() || c == ' ' {
            out.push(c);
        } else {
            out.push('\\');
            out.push(c);
        }
        j += 1;
    }
    out.push(']');
}

/// `m,n}` after an opening brace.
fn interval(chars: &[char], i: usize) -> Option<(String, usize)> {
    let end = chars[i..].iter().position(|c| *c == '}')? + i;
    let inner: String = chars[i..end].iter().collect();
    let (low, high) = inner.split_once(',').unwrap_or((&inner, &inner));
    let number = |s: &str| s.parse::<u16>().ok().filter(|n| *n <= 1000);
    number(low)?;
    if !high.is_empty() {
        number(high)?;
    }
    Some((format!("{{{inner}}}"), end + 1))
}

impl Engine for Posix {
    const KIND: &'static str = "regexp";
    const SECOND: bool = true;
    fn is_option(c: char) -> bool {
        matches!(c, 'i' | 'm' | 'x')
    }
    fn compile(pattern: &str, options: &str) -> Result<Posix, RuleFault> {
        let toggled = |c: char| options.chars().filter(|o| *o == c).count() % 2 == 1;
        let (extended, lines) = (!toggled('x'), toggled('m'));
        let text = translate(pattern, extended).map_err(|m| RuleFault::Compile(m.to_owned()))?;
        RegexBuilder::new(&text)
            .case_insensitive(!toggled('i'))
            .multi_line(lines)
            .dot_matches_new_line(!lines)
            .size_limit(1 << 20)
            .build()
            .map(Posix)
            .map_err(|_| RuleFault::Compile("Invalid regular expression".to_owned()))
    }
    fn groups(&self) -> usize {
        self.0.captures_len() - 1
    }
    fn captures(&self, text: &str) -> Option<Vec<String>> {
        let c = self.0.captures(text)?;
        Some(c.iter().map(|g| g.map_or(String::new(), |m| m.as_str().to_owned())).collect())
    }
    fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}
