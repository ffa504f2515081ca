//! Reads what `s` and `y` are given.

use super::super::script::{Piece, Subst};
use super::{Parser, Res};

impl Parser<'_> {
    pub(super) fn subst(&mut self) -> Res<Subst> {
        let unterminated = "unterminated `s' command";
        let Some(d) = self.next() else { return self.fail(unterminated) };
        if d == '\n' || d == '\\' {
            return self.fail(unterminated);
        }
        let Some(pattern) = self.delimited(d, true) else { return self.fail(unterminated) };
        let Some(rhs) = self.delimited(d, false) else { return self.fail(unterminated) };
        let mut s = Subst {
            re: None,
            pieces: replacement(&rhs),
            global: false,
            print: false,
            number: 0,
            eval: false,
            file: None,
        };
        let (mut icase, mut multi) = (false, false);
        loop {
            match self.peek() {
                Some('g') => {
                    if s.global {
                        self.pos += 1;
                        return self.fail("multiple `g' options to `s' command");
                    }
                    s.global = true;
                }
                Some('p') => {
                    if s.print {
                        self.pos += 1;
                        return self.fail("multiple `p' options to `s' command");
                    }
                    s.print = true;
                }
                Some('i' | 'I') => icase = true,
                Some('m' | 'M') => multi = true,
                Some('e') => s.eval = true,
                Some('0'..='9') => {
                    let n = self.number() as usize;
                    if n == 0 {
                        return self.fail("number option to `s' command may not be zero");
                    }
                    if s.number != 0 {
                        return self.fail("multiple number options to `s' command");
                    }
                    s.number = n;
                    continue;
                }
                Some('w') => {
                    self.pos += 1;
                    let f = self.word(false);
                    if f.is_empty() {
                        return self.fail("missing filename in r/R/w/W commands");
                    }
                    s.file = Some(f);
                    break;
                }
                None | Some('}' | '#') => break,
                Some(';' | '\n') => {
                    self.pos += 1;
                    break;
                }
                Some('\r' | ' ' | '\t') => {}
                Some(_) => {
                    self.pos += 1;
                    return self.fail("unknown option to `s'");
                }
            }
            self.pos += 1;
        }
        s.re = self.regex(&pattern, icase, multi)?;
        if let Some(re) = &s.re {
            let most = s.pieces.iter().filter_map(|p| if let Piece::Group(n) = p { Some(*n) } else { None }).max();
            if let Some(n) = most.filter(|n| *n > re.groups()) {
                return self.fail(&format!("invalid reference \\{n} on `s' command's RHS"));
            }
        }
        Ok(s)
    }
    pub(super) fn translate(&mut self) -> Res<Vec<(char, char)>> {
        let unterminated = "unterminated `y' command";
        let Some(d) = self.next() else { return self.fail(unterminated) };
        let Some(a) = self.delimited(d, false) else { return self.fail(unterminated) };
        let Some(b) = self.delimited(d, false) else { return self.fail(unterminated) };
        let chars = |s: &str| -> Vec<char> {
            let mut out = Vec::new();
            let mut it = s.chars();
            while let Some(c) = it.next() {
                if c == '\\' {
                    out.push(match it.next() {
                        Some('n') => '\n',
                        Some('t') => '\t',
                        Some(o) => o,
                        None => '\\',
                    });
                } else {
                    out.push(c);
                }
            }
            out
        };
        let (a, b) = (chars(&a), chars(&b));
        if a.len() != b.len() {
            return self.fail("strings for `y' command are different lengths");
        }
        self.end()?;
        Ok(a.into_iter().zip(b).collect())
    }
}

/// GNU's escapes for characters in a pattern, before it is compiled.
pub(super) fn unescape(text: &str) -> String {
    let c: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (String::new(), 0);
    while i < c.len() {
        if c[i] == '\\' && i + 1 < c.len() {
            let plain = match c[i + 1] {
                't' => Some('\t'),
                'f' => Some('\x0c'),
                'v' => Some('\x0b'),
                'a' => Some('\x07'),
                'r' => Some('\r'),
                _ => None,
            };
            if let Some(p) = plain {
                out.push(p);
                i += 2;
                continue;
            }
            if c[i + 1] == 'x' {
                let digits: String = c[i + 2..].iter().take(2).take_while(|d| d.is_ascii_hexdigit()).collect();
                if let Ok(v) = u8::from_str_radix(&digits, 16) {
                    if !(v as char).is_alphanumeric() {
                        out.push('\\');
                    }
                    out.push(v as char);
                    i += 2 + digits.len();
                    continue;
                }
            }
            out.push(c[i]);
            out.push(c[i + 1]);
            i += 2;
            continue;
        }
        out.push(c[i]);
        i += 1;
    }
    out
}

fn replacement(rhs: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut it = rhs.chars().peekable();
    let flush = |text: &mut String, out: &mut Vec<Piece>| {
        if !text.is_empty() {
            out.push(Piece::Text(std::mem::take(text).into_bytes()));
        }
    };
    while let Some(c) = it.next() {
        match c {
            '&' => {
                flush(&mut text, &mut out);
                out.push(Piece::Group(0));
            }
            '\\' => match it.next() {
                Some(d @ '0'..='9') => {
                    flush(&mut text, &mut out);
                    out.push(Piece::Group(d as usize - '0' as usize));
                }
                Some(k @ ('U' | 'L' | 'u' | 'l' | 'E')) => {
                    flush(&mut text, &mut out);
                    out.push(Piece::Case(k as u8));
                }
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('r') => text.push('\r'),
                Some('a') => text.push('\x07'),
                Some('f') => text.push('\x0c'),
                Some('v') => text.push('\x0b'),
                Some('x') => {
                    let mut v = 0;
                    let mut n = 0;
                    while n < 2
                        && let Some(d) = it.peek().and_then(|c| c.to_digit(16))
                    {
                        v = v * 16 + d;
                        n += 1;
                        it.next();
                    }
                    text.push(char::from_u32(v).unwrap_or('x'));
                }
                Some(o) => text.push(o),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    flush(&mut text, &mut out);
    out
}
