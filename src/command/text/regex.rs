//! POSIX regular expressions (basic, extended, awk's) with GNU's additions, and Perl's, on the `regex` crates.
//!
//! A pattern is translated; back references and look-around go to `fancy-regex`. Works on bytes. Left out: the longest
//! of several alternatives (the first that matches wins), equivalence classes and collating symbols of several letters.

use regex::bytes;

/// Which language a pattern is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    Basic,
    Extended,
    /// mawk's: extended without intervals, with C escapes.
    Awk,
    Perl,
    Fixed,
}

/// How a pattern is compiled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    pub ignore_case: bool,
    /// `^` and `$` match at line breaks, too (sed's `M`).
    pub multiline: bool,
    /// `.` matches a newline (sed, awk).
    pub dot_all: bool,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Re {
    imp: Imp,
    groups: usize,
}

#[derive(Clone, Debug)]
enum Imp {
    Fast(Box<bytes::Regex>),
    Fancy(Box<fancy_regex::Regex>),
}

/// Where the groups of a match are; the first is the whole.
pub type Spans = Vec<Option<(usize, usize)>>;

impl Re {
    /// Compiles; the error is regcomp(3)'s text.
    pub fn new(pattern: &str, syntax: Syntax, flags: Flags) -> Result<Re, String> {
        let mut t = Translator { out: String::new(), groups: 0, fancy: false, syntax };
        match syntax {
            Syntax::Fixed => t.out = regex::escape(pattern),
            Syntax::Perl => {
                t.out = pattern.to_owned();
                t.fancy = true;
            }
            _ => t.translate(pattern)?,
        }
        let mut f = String::new();
        for (on, c) in [(flags.ignore_case, 'i'), (flags.multiline, 'm'), (flags.dot_all, 's')] {
            if on {
                f.push(c);
            }
        }
        let source = if f.is_empty() { t.out.clone() } else { format!("(?{f}){}", t.out) };
        let fast = bytes::RegexBuilder::new(&source).size_limit(4 << 20).build();
        let imp = match fast {
            Ok(r) if !(t.fancy && syntax != Syntax::Perl) => Imp::Fast(Box::new(r)),
            Err(regex::Error::CompiledTooBig(_)) => return Err("Regular expression too big".into()),
            _ => match fancy_regex::RegexBuilder::new(&source).backtrack_limit(200_000).build() {
                Ok(r) => Imp::Fancy(Box::new(r)),
                Err(_) if syntax == Syntax::Perl => return Err(perl_fault(pattern).into()),
                Err(_) => return Err("Invalid preceding regular expression".into()),
            },
        };
        Ok(Re { imp, groups: t.groups })
    }
    /// How many groups the pattern has.
    pub fn groups(&self) -> usize {
        match &self.imp {
            Imp::Fast(r) => r.captures_len() - 1,
            Imp::Fancy(_) => self.groups,
        }
    }
    pub fn is_match(&self, hay: &[u8]) -> bool {
        match &self.imp {
            Imp::Fast(r) => r.is_match(hay),
            Imp::Fancy(_) => self.find_at(hay, 0).is_some(),
        }
    }
    pub fn find_at(&self, hay: &[u8], at: usize) -> Option<(usize, usize)> {
        match &self.imp {
            Imp::Fast(r) => r.find_at(hay, at).map(|m| (m.start(), m.end())),
            Imp::Fancy(r) => {
                let s = std::str::from_utf8(hay).ok()?;
                r.find_from_pos(s, at).ok().flatten().map(|m| (m.start(), m.end()))
            }
        }
    }
    pub fn captures_at(&self, hay: &[u8], at: usize) -> Option<Spans> {
        match &self.imp {
            Imp::Fast(r) => {
                r.captures_at(hay, at).map(|c| (0..c.len()).map(|i| c.get(i).map(|m| (m.start(), m.end()))).collect())
            }
            Imp::Fancy(r) => {
                let s = std::str::from_utf8(hay).ok()?;
                let c = r.captures_from_pos(s, at).ok().flatten()?;
                Some((0..c.len()).map(|i| c.get(i).map(|m| (m.start(), m.end()))).collect())
            }
        }
    }
}

struct Translator {
    out: String,
    groups: usize,
    fancy: bool,
    syntax: Syntax,
}

impl Translator {
    fn translate(&mut self, pattern: &str) -> Result<(), String> {
        let p: Vec<char> = pattern.chars().collect();
        let basic = self.syntax == Syntax::Basic;
        let (mut i, mut depth) = (0, 0usize);
        // Whether an atom stands before, that an operator could repeat.
        let mut atom = false;
        while i < p.len() {
            let c = p[i];
            let escaped = c == '\\';
            let c = if escaped {
                i += 1;
                match p.get(i) {
                    Some(c) => *c,
                    None if self.syntax == Syntax::Awk => '\\',
                    None => return Err("Trailing backslash".into()),
                }
            } else {
                c
            };
            // An operator is bare in extended and escaped in basic expressions.
            let op = escaped == basic;
            match c {
                '[' if !escaped => {
                    i = self.bracket(&p, i)?;
                    atom = true;
                    continue;
                }
                '.' if !escaped => {
                    self.out.push('.');
                    atom = true;
                }
                '*' if !escaped => {
                    if atom {
                        self.repeat("*");
                    } else if basic {
                        self.out.push_str("\\*");
                        atom = true;
                    }
                }
                '+' | '?' if op && self.syntax != Syntax::Fixed => {
                    if atom {
                        self.repeat(if c == '+' { "+" } else { "?" });
                    } else if basic {
                        self.literal(c);
                        atom = true;
                    }
                }
                '{' if op && self.syntax != Syntax::Awk => match interval(&p, i + 1, basic) {
                    Some((text, next)) if atom => {
                        self.repeat(&text);
                        i = next;
                        continue;
                    }
                    Some(_) if basic => return Err("Invalid preceding regular expression".into()),
                    None if basic => {
                        let closed = p[i..].windows(2).any(|w| w == ['\\', '}']);
                        return Err(if closed { "Invalid content of \\{\\}" } else { "Unmatched \\{" }.into());
                    }
                    _ => {
                        self.literal('{');
                        atom = true;
                    }
                },
                '|' if op => {
                    self.out.push('|');
                    atom = false;
                }
                '(' if op => {
                    self.groups += 1;
                    depth += 1;
                    self.out.push('(');
                    atom = false;
                }
                ')' if op => {
                    if depth == 0 {
                        if basic || self.syntax == Syntax::Awk {
                            return Err("Unmatched ) or \\)".into());
                        }
                        self.literal(')');
                    } else {
                        depth -= 1;
                        self.out.push(')');
                    }
                    atom = true;
                }
                '^' if !escaped => {
                    let start = !atom || !basic || self.out.ends_with('(') || self.out.ends_with('|');
                    let first = i == 0
                        || (basic && i >= 2 && p[i - 2] == '\\' && matches!(p[i - 1], '(' | '|'))
                        || (basic && p[i - 1] == '\n');
                    if !basic || (start && first) {
                        self.out.push('^');
                        atom = false;
                    } else {
                        self.literal('^');
                        atom = true;
                    }
                }
                '$' if !escaped => {
                    let last = i + 1 == p.len()
                        || (p[i + 1] == '\\' && matches!(p.get(i + 2), Some(')' | '|')))
                        || p[i + 1] == '\n';
                    if !basic || last {
                        self.out.push('$');
                        atom = false;
                    } else {
                        self.literal('$');
                        atom = true;
                    }
                }
                c if escaped => atom = self.escape(c),
                c => {
                    self.literal(c);
                    atom = true;
                }
            }
            i += 1;
        }
        if depth > 0 {
            return Err("Unmatched ( or \\(".into());
        }
        Ok(())
    }
    fn literal(&mut self, c: char) {
        let mut b = [0; 4];
        self.out.push_str(&regex::escape(c.encode_utf8(&mut b)));
    }
    /// Repeats the last atom; a second operator in a row repeats the repetition, as POSIX has it.
    fn repeat(&mut self, op: &str) {
        if let Some(last) = self.out.chars().last()
            && matches!(last, '*' | '+' | '?' | '}')
            && !self.out.ends_with(&format!("\\{last}"))
        {
            if self.out.ends_with(op) {
                return;
            }
            let start = self.atom_start();
            self.out.insert_str(start, "(?:");
            self.out.push(')');
        }
        self.out.push_str(op);
    }
    /// Where the last repeated atom begins, found by scanning back over its operator.
    fn atom_start(&self) -> usize {
        let b: Vec<(usize, char)> = self.out.char_indices().collect();
        let mut j = b.len();
        while j > 0 && matches!(b[j - 1].1, '*' | '+' | '?') {
            j -= 1;
        }
        if j > 0 && b[j - 1].1 == '}' {
            while j > 0 && b[j - 1].1 != '{' {
                j -= 1;
            }
            j = j.saturating_sub(1);
        }
        let (mut depth, mut class) = (0i32, 0i32);
        while j > 0 {
            j -= 1;
            let escaped = j > 0 && b[j - 1].1 == '\\';
            match b[j].1 {
                ']' if !escaped => class += 1,
                '[' if !escaped => class -= 1,
                ')' if !escaped && class == 0 => depth += 1,
                '(' if !escaped && class == 0 => depth -= 1,
                _ => {}
            }
            if depth <= 0 && class <= 0 {
                return b[if escaped { j - 1 } else { j }].0;
            }
        }
        0
    }
    /// What a backslash and a letter mean; gives whether it can be repeated.
    fn escape(&mut self, c: char) -> bool {
        let awk = self.syntax == Syntax::Awk;
        match c {
            '1'..='9' if !awk => {
                self.fancy = true;
                self.out.push_str(&format!("(?:\\{c})"));
            }
            'w' | 'W' | 's' | 'S' if !awk => {
                self.out.push('\\');
                self.out.push(c);
            }
            'b' | 'B' if !awk => {
                self.out.push('\\');
                self.out.push(c);
                return false;
            }
            '<' | '>' if !awk => {
                self.out.push_str(if c == '<' { "\\b{start}" } else { "\\b{end}" });
                return false;
            }
            '`' | '\'' if !awk => {
                self.out.push_str(if c == '`' { "\\A" } else { "\\z" });
                return false;
            }
            'n' => self.out.push_str("\\n"),
            't' => self.out.push_str("\\t"),
            'r' | 'f' | 'v' | 'a' => {
                self.out.push('\\');
                self.out.push(c);
            }
            c => self.literal(c),
        }
        true
    }
    /// A bracket expression from `p[i] == '['`; gives the index after it.
    fn bracket(&mut self, p: &[char], i: usize) -> Result<usize, String> {
        const OPEN: &str = "Unmatched [, [^, [:, [., or [=";
        let mut j = i + 1;
        let mut set = String::from("[");
        let negated = p.get(j) == Some(&'^');
        if negated {
            set.push('^');
            j += 1;
        }
        let first = j;
        let mut any = false;
        loop {
            // glibc has another word for a bracket that ends the pattern at once.
            let Some(&c) = p.get(j) else {
                return Err(if j == first { "Invalid regular expression" } else { OPEN }.into());
            };
            if c == ']' && j > first {
                break;
            }
            if c == '[' && matches!(p.get(j + 1), Some(':' | '.' | '=')) {
                let kind = p[j + 1];
                let close = (j + 2..p.len().saturating_sub(1)).find(|k| p[*k] == kind && p[k + 1] == ']');
                let Some(k) = close else { return Err(OPEN.into()) };
                let name: String = p[j + 2..k].iter().collect();
                if kind == ':' {
                    set.push_str(class(&name).ok_or("Invalid character class name")?);
                } else {
                    for c in name.chars() {
                        push_in_class(&mut set, c);
                    }
                }
                any = true;
                j = k + 2;
                continue;
            }
            let (low, next) = self.class_char(p, j);
            if p.get(next) == Some(&'-') && p.get(next + 1).is_some_and(|c| *c != ']') {
                let (high, after) = self.class_char(p, next + 1);
                if high < low {
                    return Err("Invalid range end".into());
                }
                push_in_class(&mut set, low);
                set.push('-');
                push_in_class(&mut set, high);
                j = after;
            } else {
                push_in_class(&mut set, low);
                j = next;
            }
            any = true;
        }
        if !any {
            return Err(OPEN.into());
        }
        set.push(']');
        self.out.push_str(&set);
        Ok(j + 1)
    }
    /// A character of a bracket expression: awk knows escapes there, POSIX knows none (sed unescapes before).
    fn class_char(&self, p: &[char], j: usize) -> (char, usize) {
        if p[j] == '\\'
            && let Some(c) = p.get(j + 1)
        {
            match (c, self.syntax) {
                ('t', Syntax::Awk) => return ('\t', j + 2),
                ('n', Syntax::Awk) => return ('\n', j + 2),
                ('r', Syntax::Awk) => return ('\r', j + 2),
                (c, Syntax::Awk) if !c.is_ascii_alphanumeric() => return (*c, j + 2),
                _ => {}
            }
        }
        (p[j], j + 1)
    }
}

/// What pcre2 says of a pattern that does not compile, for the faults that people make.
fn perl_fault(pattern: &str) -> &'static str {
    let p: Vec<char> = pattern.chars().collect();
    let (mut i, mut depth, mut atom) = (0, 0usize, false);
    while i < p.len() {
        match p[i] {
            '\\' if i + 1 == p.len() => return "\\ at end of pattern",
            '\\' => {
                i += 1;
                atom = true;
            }
            '[' => {
                let from = i + 1 + usize::from(p.get(i + 1) == Some(&'^'));
                let Some(end) = (from + 1..p.len()).find(|k| p[*k] == ']') else {
                    return "missing terminating ] for character class";
                };
                if p[from..end].windows(3).any(|w| w[1] == '-' && w[0] > w[2]) {
                    return "range out of order in character class";
                }
                i = end;
                atom = true;
            }
            '(' => {
                depth += 1;
                atom = false;
            }
            ')' if depth == 0 => return "unmatched closing parenthesis",
            ')' => {
                depth -= 1;
                atom = true;
            }
            '*' | '+' | '?' if !atom && !(i > 0 && p[i - 1] == '(') => {
                return "quantifier does not follow a repeatable item";
            }
            '|' | '^' => atom = false,
            '{' => {
                let numbers: String = p[i + 1..].iter().take_while(|c| **c != '}').collect();
                let ends = numbers.split_once(',').and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse().ok()?)));
                if ends.is_some_and(|(a, b)| a > b) {
                    return "numbers out of order in {} quantifier";
                }
                atom = true;
            }
            _ => atom = true,
        }
        i += 1;
    }
    if depth > 0 { "missing closing parenthesis" } else { "unrecognized character follows \\" }
}

fn push_in_class(set: &mut String, c: char) {
    if matches!(c, '[' | ']' | '\\' | '^' | '-' | '&' | '~') {
        set.push('\\');
    }
    set.push(c);
}

fn class(name: &str) -> Option<&'static str> {
    Some(match name {
        "alpha" => "\\p{Alphabetic}",
        "digit" => "0-9",
        "alnum" => "\\p{Alphabetic}0-9",
        "upper" => "\\p{Uppercase}",
        "lower" => "\\p{Lowercase}",
        "space" => "\\s",
        "blank" => " \\t",
        "punct" => "\\p{P}\\p{S}",
        "print" => "\\P{C}",
        "graph" => "[\\P{C}--\\s]",
        "cntrl" => "\\p{Cc}",
        "xdigit" => "0-9A-Fa-f",
        _ => return None,
    })
}

/// `{m,n}` from after the brace: the regex form and the index after it.
fn interval(p: &[char], mut i: usize, basic: bool) -> Option<(String, usize)> {
    let mut text = String::new();
    while let Some(c) = p.get(i) {
        match c {
            '0'..='9' | ',' => text.push(*c),
            '\\' if basic && p.get(i + 1) == Some(&'}') => {
                i += 2;
                return finish(text).map(|t| (t, i));
            }
            '}' if !basic => return finish(text).map(|t| (t, i + 1)),
            _ => return None,
        }
        i += 1;
    }
    None
}

fn finish(text: String) -> Option<String> {
    let (low, high) = text.split_once(',').map_or((text.as_str(), None), |(l, h)| (l, Some(h)));
    let low: u32 = if low.is_empty() && high.is_some() { 0 } else { low.parse().ok()? };
    let high = match high {
        None => Some(low),
        Some("") => None,
        Some(h) => Some(h.parse::<u32>().ok()?),
    };
    if low > 32_767 || high.is_some_and(|h| h < low || h > 32_767) {
        return None;
    }
    Some(match high {
        Some(h) => format!("{{{low},{h}}}"),
        None => format!("{{{low},}}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translates() {
        use Syntax::{Awk, Basic, Extended, Perl};
        for (syntax, pattern, hay, expected) in [
            (Basic, r"\(a\|b\)\{2\}", "xabx", Some((1, 3))),
            (Basic, "a+", "aa+", Some((1, 3))),
            (Basic, "*a", "b*a", Some((1, 3))),
            (Basic, "a^b$c", "a^b$c", Some((0, 5))),
            (Basic, r"\(.\)\1", "abba", Some((1, 3))),
            (Basic, r"\<b", "ab b", Some((3, 4))),
            (Basic, "[]a]*$", "x]a]", Some((1, 4))),
            (Basic, "[[:digit:]-]x", "-x", Some((0, 2))),
            (Extended, "(a|b){2,}", "xabax", Some((1, 4))),
            (Extended, "a{x", "a{x", Some((0, 3))),
            (Extended, "a**", "aaa", Some((0, 3))),
            (Extended, "ab+*", "abb", Some((0, 3))),
            (Extended, "^(#|$)", "", Some((0, 0))),
            (Awk, "a{2}", "a{2}", Some((0, 4))),
            (Awk, r"\/x\.", "/x.", Some((0, 3))),
            (Awk, r"[ \t]+b", "a\tb", Some((1, 3))),
            (Perl, r"to=<\K[^>]+", "to=<x>", Some((4, 5))),
        ] {
            let re = Re::new(pattern, syntax, Flags::default()).unwrap();
            assert_eq!(re.find_at(hay.as_bytes(), 0), expected, "{pattern}");
        }
    }

    #[test]
    fn refuses() {
        for (syntax, pattern, expected) in [
            (Syntax::Basic, "[a", "Unmatched [, [^, [:, [., or [="),
            (Syntax::Extended, "(a", "Unmatched ( or \\("),
            (Syntax::Basic, "\\(a", "Unmatched ( or \\("),
            (Syntax::Basic, "a\\)", "Unmatched ) or \\)"),
            (Syntax::Basic, "a\\", "Trailing backslash"),
            (Syntax::Basic, "a\\{1", "Unmatched \\{"),
            (Syntax::Basic, "[z-a]", "Invalid range end"),
        ] {
            assert_eq!(Re::new(pattern, syntax, Flags::default()).unwrap_err(), expected, "{pattern}");
        }
    }
}
