//! awk's words: numbers, texts, patterns, operators, with mawk's messages.

use super::{Parser, R};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum T {
    Num(f64),
    Str(Vec<u8>),
    Regex(Vec<u8>),
    Name(String),
    /// A name with a parenthesis right after it.
    Func(String),
    Word(&'static str),
    Op(&'static str),
    Newline,
    End,
}

const WORDS: [&str; 16] = [
    "BEGIN", "END", "function", "if", "else", "while", "for", "do", "break", "continue", "next", "nextfile", "exit",
    "return", "delete", "in",
];

pub(super) const BUILTINS: [&str; 24] = [
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "sin", "cos",
    "atan2", "exp", "log", "sqrt", "int", "rand", "srand", "system", "close", "fflush", "strftime", "systime",
];

const OPS: [&str; 36] = [
    "&&", "||", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", "++", "--", ">>", "!~", "{", "}", "(", ")",
    "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":",
];

/// The bytes of a quoted text's inside.
pub fn unescape(s: &[u8]) -> Vec<u8> {
    let (mut out, mut i) = (Vec::new(), 0);
    while i < s.len() {
        if s[i] != b'\\' || i + 1 >= s.len() {
            out.push(s[i]);
            i += 1;
            continue;
        }
        i += 1;
        match s[i] {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\\' => out.push(b'\\'),
            b'"' => out.push(b'"'),
            b'/' => out.push(b'/'),
            b'0'..=b'7' => {
                let (mut v, mut n) = (0u32, 0);
                while n < 3 && i < s.len() && (b'0'..=b'7').contains(&s[i]) {
                    v = v * 8 + u32::from(s[i] - b'0');
                    i += 1;
                    n += 1;
                }
                out.push(v as u8);
                continue;
            }
            c => out.extend_from_slice(&[b'\\', c]),
        }
        i += 1;
    }
    out
}

impl Parser {
    pub(super) fn here(&self) -> String {
        match &self.tok {
            T::End => "end of file".into(),
            T::Newline => "end of line".into(),
            _ => String::from_utf8_lossy(&self.src[self.tok_start..self.at.max(self.tok_start)]).trim().to_owned(),
        }
    }
    fn regex_allowed(&self) -> bool {
        !matches!(self.prev, T::Num(_) | T::Str(_) | T::Name(_) | T::Op(")" | "]" | "++" | "--"))
    }
    pub(super) fn advance(&mut self) -> R<()> {
        self.prev = std::mem::replace(&mut self.tok, T::End);
        if self.prev == T::Newline && self.at > 0 && self.src.get(self.at - 1) == Some(&b'\n') {
            self.line += 1;
        }
        loop {
            match self.src.get(self.at) {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.src.get(self.at + 1) == Some(&b'\n') => {
                    self.at += 2;
                    self.line += 1;
                }
                Some(b'#') => {
                    while self.src.get(self.at).is_some_and(|c| *c != b'\n') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
        self.tok_start = self.at;
        let Some(&c) = self.src.get(self.at) else {
            self.tok = T::End;
            return Ok(());
        };
        self.tok = match c {
            b'\n' => {
                self.at += 1;
                T::Newline
            }
            b'"' => {
                let start = self.at + 1;
                let mut i = start;
                loop {
                    match self.src.get(i) {
                        Some(b'"') => break,
                        Some(b'\\') => i += 2,
                        Some(b'\n') | None => {
                            // mawk shows ten characters of it.
                            let text = String::from_utf8_lossy(&self.src[start..i.clamp(start, self.src.len())]);
                            let shown: String = text.chars().take(10).collect();
                            return Err(format!("line {}: runaway string constant \"{shown} ...", self.line));
                        }
                        Some(_) => i += 1,
                    }
                }
                self.at = i + 1;
                T::Str(unescape(&self.src[start..i.min(self.src.len())]))
            }
            b'/' if self.regex_allowed() => {
                let start = self.at + 1;
                let (mut i, mut class) = (start, false);
                loop {
                    match self.src.get(i) {
                        Some(b'/') if !class => break,
                        Some(b'\\') => i += 1,
                        Some(b'[') if !class => {
                            class = true;
                            if self.src.get(i + 1) == Some(&b'^') {
                                i += 1;
                            }
                            if self.src.get(i + 1) == Some(&b']') {
                                i += 1;
                            }
                        }
                        Some(b']') => class = false,
                        Some(b'\n') | None => {
                            let shown = String::from_utf8_lossy(&self.src[self.at..i.min(self.src.len())]).into_owned();
                            return Err(format!("line {}: runaway regular expression {shown} ...", self.line));
                        }
                        Some(_) => {}
                    }
                    i += 1;
                }
                self.at = i + 1;
                T::Regex(self.src[start..i.min(self.src.len())].to_vec())
            }
            b'0'..=b'9' | b'.' if c != b'.' || self.src.get(self.at + 1).is_some_and(u8::is_ascii_digit) => {
                let n = super::super::value::number_len(&self.src[self.at..]).max(1);
                let v = super::super::value::number(&self.src[self.at..self.at + n]);
                self.at += n;
                T::Num(v)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let n = self.src[self.at..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').count();
                let name = String::from_utf8_lossy(&self.src[self.at..self.at + n]).into_owned();
                self.at += n;
                if let Some(w) = WORDS.iter().find(|w| **w == name) {
                    T::Word(w)
                } else if name == "func" {
                    T::Word("function")
                } else if name == "print" || name == "printf" || name == "getline" {
                    T::Word(match name.as_str() {
                        "print" => "print",
                        "printf" => "printf",
                        _ => "getline",
                    })
                } else if self.src.get(self.at) == Some(&b'(') || BUILTINS.contains(&name.as_str()) {
                    T::Func(name)
                } else {
                    T::Name(name)
                }
            }
            b'$' => {
                self.at += 1;
                T::Op("$")
            }
            b'~' => {
                self.at += 1;
                T::Op("~")
            }
            b'=' if self.src.get(self.at + 1) != Some(&b'=') => {
                self.at += 1;
                T::Op("=")
            }
            _ => {
                let rest = &self.src[self.at..];
                match OPS.iter().find(|o| rest.starts_with(o.as_bytes())) {
                    Some(o) => {
                        self.at += o.len();
                        T::Op(o)
                    }
                    None => {
                        let shown = String::from_utf8_lossy(&rest[..1]).into_owned();
                        return Err(format!("{}: unexpected character '{shown}'", self.line));
                    }
                }
            }
        };
        Ok(())
    }
    pub(super) fn is(&self, op: &str) -> bool {
        matches!(&self.tok, T::Op(o) if *o == op)
    }
    pub(super) fn word(&self, w: &str) -> bool {
        matches!(&self.tok, T::Word(o) if *o == w)
    }
    pub(super) fn eat(&mut self, op: &str) -> R<bool> {
        if self.is(op) {
            self.advance()?;
            return Ok(true);
        }
        Ok(false)
    }
    pub(super) fn need(&mut self, op: &str) -> R<()> {
        if self.eat(op)? {
            return Ok(());
        }
        if matches!(op, ")" | "}" | "]") && matches!(self.tok, T::End | T::Newline | T::Op("}" | ";")) {
            return self.missing(op);
        }
        self.syntax()
    }
}
