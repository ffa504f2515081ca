//! Shell patterns: `*`, `?`, `[…]`, and the extended `?(a|b)`, `*( )`, `+( )`, `@( )`, `!( )`.
//!
//! A pattern is text in which a backslash quotes. Matching is by memo over positions, so no pattern takes exponential
//! time.

use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Char(char),
    Any,
    Star,
    Set { not: bool, items: Vec<SetItem> },
    Group { kind: char, choices: Vec<Vec<Node>> },
}

#[derive(Clone, Debug, PartialEq)]
enum SetItem {
    Range(char, char),
    Class(String),
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    nodes: Vec<Node>,
    nocase: bool,
}

/// Puts a backslash before what is special in a pattern.
pub fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        if "*?[]\\()|!+@^-".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Whether a pattern text has anything special in it.
pub fn is_special(p: &str, extglob: bool) -> bool {
    let c: Vec<char> = p.chars().collect();
    let mut i = 0;
    while i < c.len() {
        match c[i] {
            '\\' => i += 1,
            '*' | '?' => return true,
            '[' if c[i + 1..].contains(&']') => return true,
            '+' | '@' | '!' if extglob && c.get(i + 1) == Some(&'(') => return true,
            _ => {}
        }
        i += 1;
    }
    false
}

/// The text of a pattern without special characters.
pub fn unescape(p: &str) -> String {
    let mut out = String::with_capacity(p.len());
    let mut chars = p.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}

fn class(name: &str, c: char) -> bool {
    match name {
        "alpha" => c.is_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_alphanumeric(),
        "upper" => c.is_uppercase(),
        "lower" => c.is_lowercase(),
        "space" => c.is_whitespace(),
        "blank" => c == ' ' || c == '\t',
        "punct" => c.is_ascii_punctuation(),
        "print" => !c.is_control(),
        "graph" => !c.is_control() && !c.is_whitespace(),
        "cntrl" => c.is_control(),
        "xdigit" => c.is_ascii_hexdigit(),
        "word" => c.is_alphanumeric() || c == '_',
        _ => false,
    }
}

/// Parses `[…]` at `i`; the node and the index behind it.
fn set(p: &[char], start: usize) -> Option<(Node, usize)> {
    let mut i = start + 1;
    let not = matches!(p.get(i), Some('!' | '^'));
    if not {
        i += 1;
    }
    let mut items = Vec::new();
    let first = i;
    loop {
        let mut c = *p.get(i)?;
        if c == ']' && i > first {
            return Some((Node::Set { not, items }, i + 1));
        }
        if c == '[' && p.get(i + 1) == Some(&':') {
            let end = (i + 2..p.len().saturating_sub(1)).find(|j| p[*j] == ':' && p[*j + 1] == ']');
            if let Some(e) = end {
                items.push(SetItem::Class(p[i + 2..e].iter().collect()));
                i = e + 2;
                continue;
            }
        }
        if c == '\\' {
            i += 1;
            c = *p.get(i)?;
        }
        i += 1;
        if p.get(i) == Some(&'-') && p.get(i + 1).is_some_and(|e| *e != ']') {
            let mut e = p[i + 1];
            i += 2;
            if e == '\\' {
                e = *p.get(i)?;
                i += 1;
            }
            items.push(SetItem::Range(c, e));
        } else {
            items.push(SetItem::Range(c, c));
        }
    }
}

fn compile(p: &[char], extglob: bool, depth: usize) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut i = 0;
    while i < p.len() {
        let c = p[i];
        if extglob
            && depth < 20
            && "?*+@!".contains(c)
            && p.get(i + 1) == Some(&'(')
            && let Some((choices, end)) = group(p, i + 2, depth)
        {
            nodes.push(Node::Group { kind: c, choices });
            i = end;
            continue;
        }
        match c {
            '\\' if i + 1 < p.len() => {
                i += 1;
                nodes.push(Node::Char(p[i]));
            }
            '*' => {
                if nodes.last() != Some(&Node::Star) {
                    nodes.push(Node::Star);
                }
            }
            '?' => nodes.push(Node::Any),
            '[' => {
                if let Some((n, end)) = set(p, i) {
                    nodes.push(n);
                    i = end;
                    continue;
                }
                nodes.push(Node::Char('['));
            }
            c => nodes.push(Node::Char(c)),
        }
        i += 1;
    }
    nodes
}

fn group(p: &[char], from: usize, depth: usize) -> Option<(Vec<Vec<Node>>, usize)> {
    let mut choices = Vec::new();
    let (mut start, mut level, mut i) = (from, 0, from);
    loop {
        match *p.get(i)? {
            '\\' => i += 1,
            '(' => level += 1,
            ')' if level == 0 => {
                choices.push(compile(&p[start..i], true, depth + 1));
                return Some((choices, i + 1));
            }
            ')' => level -= 1,
            '|' if level == 0 => {
                choices.push(compile(&p[start..i], true, depth + 1));
                start = i + 1;
            }
            _ => {}
        }
        i += 1;
    }
}

impl Pattern {
    pub fn new(text: &str, extglob: bool) -> Pattern {
        let chars: Vec<char> = text.chars().collect();
        Pattern { nodes: compile(&chars, extglob, 0), nocase: false }
    }
    #[must_use]
    pub fn nocase(mut self, yes: bool) -> Pattern {
        self.nocase = yes;
        self
    }
    fn one(&self, n: &Node, c: char) -> bool {
        let same = |a: char, b: char| a == b || self.nocase && a.to_lowercase().eq(b.to_lowercase());
        match n {
            Node::Char(x) => same(*x, c),
            Node::Any => true,
            Node::Set { not, items } => {
                let hit = |c: char| {
                    items.iter().any(|i| match i {
                        SetItem::Range(a, b) => *a <= c && c <= *b,
                        SetItem::Class(n) => class(n, c),
                    })
                };
                let found = hit(c) || self.nocase && (c.to_lowercase().any(hit) || c.to_uppercase().any(hit));
                found != *not
            }
            _ => false,
        }
    }
    /// All ends of a match of `nodes` from each of `starts`, ascending.
    fn ends(&self, nodes: &[Node], text: &[char], starts: &[usize]) -> Vec<usize> {
        let mut at: Vec<bool> = vec![false; text.len() + 1];
        for s in starts {
            at[*s] = true;
        }
        for n in nodes {
            let mut next = vec![false; text.len() + 1];
            match n {
                Node::Star => {
                    let first = at.iter().position(|x| *x);
                    if let Some(f) = first {
                        next[f..].fill(true);
                    }
                }
                Node::Group { kind, choices } => self.group_ends(*kind, choices, text, &at, &mut next),
                n => {
                    for i in 0..text.len() {
                        if at[i] && self.one(n, text[i]) {
                            next[i + 1] = true;
                        }
                    }
                }
            }
            at = next;
            if !at.contains(&true) {
                break;
            }
        }
        at.iter().enumerate().filter(|(_, x)| **x).map(|(i, _)| i).collect()
    }
    fn group_ends(&self, kind: char, choices: &[Vec<Node>], text: &[char], at: &[bool], next: &mut [bool]) {
        let starts: Vec<usize> = at.iter().enumerate().filter(|(_, x)| **x).map(|(i, _)| i).collect();
        let step = |from: &[usize]| -> Vec<usize> {
            let mut all: Vec<usize> = choices.iter().flat_map(|c| self.ends(c, text, from)).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        match kind {
            '@' => step(&starts).into_iter().for_each(|e| next[e] = true),
            '?' => step(&starts).into_iter().chain(starts.iter().copied()).for_each(|e| next[e] = true),
            '*' | '+' => {
                let mut todo = starts.clone();
                if kind == '*' {
                    starts.iter().for_each(|e| next[*e] = true);
                }
                while !todo.is_empty() {
                    todo = step(&todo).into_iter().filter(|e| !next[*e]).collect();
                    todo.iter().for_each(|e| next[*e] = true);
                }
            }
            _ => {
                let mut memo: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
                for s in starts {
                    let hit = memo.entry(s).or_insert_with(|| step(&[s]));
                    for (e, slot) in next.iter_mut().enumerate().skip(s) {
                        if hit.binary_search(&e).is_err() {
                            *slot = true;
                        }
                    }
                }
            }
        }
    }
    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let t: Vec<char> = text.chars().collect();
        self.ends(&self.nodes, &t, &[0]).last() == Some(&t.len())
    }
    /// Length (in characters) of the shortest or longest prefix that matches.
    pub fn prefix(&self, text: &[char], longest: bool) -> Option<usize> {
        let e = self.ends(&self.nodes, text, &[0]);
        if longest { e.last().copied() } else { e.first().copied() }
    }
    /// Start of the shortest or longest suffix that matches.
    pub fn suffix(&self, text: &[char], longest: bool) -> Option<usize> {
        let hit = |i: &usize| self.ends(&self.nodes, &text[*i..], &[0]).last() == Some(&(text.len() - i));
        if longest { (0..=text.len()).find(hit) } else { (0..=text.len()).rev().find(hit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches() {
        for (p, t, want) in [
            ("*.txt", "a.txt", true),
            ("a?c", "abc", true),
            ("[!a]", "a", false),
            ("[a-c]*", "bzz", true),
            ("[[:digit:]]", "5", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("+(a|b)c", "ababc", true),
            ("!(a)", "a", false),
            ("!(a)", "ab", true),
            ("*(x)y", "y", true),
            ("[", "[", true),
            ("a*b*c*d*e*f*g*h*", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(Pattern::new(p, true).matches(t), want, "{p} {t}");
        }
    }
    #[test]
    fn ends() {
        let t: Vec<char> = "/etc/postfix/main.cf".chars().collect();
        let p = Pattern::new("*/", false);
        assert_eq!(p.prefix(&t, true), Some(13));
        assert_eq!(p.prefix(&t, false), Some(1));
        assert_eq!(Pattern::new("/*", false).suffix(&t, false), Some(12));
    }
}
