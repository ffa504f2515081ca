//! Backslash escapes: of `$'…'`, of `echo -e`, of `printf`; and quoting for output.

use super::bytes;

/// What stops an escape reader.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `$'…'`
    Ansi,
    /// `echo -e` and `%b`: octal needs a leading 0, `\c` ends.
    Echo,
    /// The format of printf.
    Printf,
}

/// Decodes; the flag says that `\c` ended the output.
fn run(raw: &str, style: Style) -> (String, bool) {
    let mut out = Vec::with_capacity(raw.len());
    let c: Vec<char> = raw.chars().collect();
    let mut i = 0;
    let push = |out: &mut Vec<u8>, ch: char| out.extend(bytes::encode(ch.encode_utf8(&mut [0; 4])));
    while i < c.len() {
        if c[i] != '\\' || i + 1 >= c.len() {
            push(&mut out, c[i]);
            i += 1;
            continue;
        }
        let e = c[i + 1];
        i += 2;
        let digits = |from: usize, max: usize, radix: u32| -> (u32, usize) {
            let mut v = 0u32;
            let mut n = 0;
            while n < max && from + n < c.len() {
                let Some(d) = c[from + n].to_digit(radix) else { break };
                v = v.wrapping_mul(radix).wrapping_add(d);
                n += 1;
            }
            (v, n)
        };
        match e {
            'a' => out.push(7),
            'b' => out.push(8),
            'e' | 'E' => out.push(27),
            'f' => out.push(12),
            'n' => out.push(10),
            'r' => out.push(13),
            't' => out.push(9),
            'v' => out.push(11),
            '\\' => out.push(b'\\'),
            '\'' | '"' | '?' if style == Style::Ansi => push(&mut out, e),
            '"' if style == Style::Printf => out.push(b'"'),
            'c' if style == Style::Echo => return (bytes::decode_keep(&out), true),
            'c' if style == Style::Ansi && i < c.len() => {
                out.push((c[i].to_ascii_uppercase() as u32 as u8) & 0x1f);
                i += 1;
            }
            '0' if style == Style::Echo => {
                let (v, n) = digits(i, 3, 8);
                out.push(v as u8);
                i += n;
            }
            '0'..='7' if style != Style::Echo => {
                let (v, n) = digits(i - 1, 3, 8);
                out.push(v as u8);
                i += n - 1;
            }
            'x' => {
                let (v, n) = digits(i, 2, 16);
                if n == 0 {
                    out.extend_from_slice(b"\\x");
                } else {
                    out.push(v as u8);
                    i += n;
                }
            }
            'u' | 'U' => {
                let (v, n) = digits(i, if e == 'u' { 4 } else { 8 }, 16);
                if n == 0 {
                    out.push(b'\\');
                    push(&mut out, e);
                } else {
                    out.extend(char::from_u32(v).unwrap_or('\u{fffd}').to_string().bytes());
                    i += n;
                }
            }
            _ => {
                out.push(b'\\');
                push(&mut out, e);
            }
        }
    }
    (bytes::decode_keep(&out), false)
}

/// The inside of `$'…'`.
pub fn ansi_c(raw: &str) -> String {
    let (mut s, _) = run(raw, Style::Ansi);
    if let Some(i) = s.find('\0') {
        s.truncate(i);
    }
    s
}
/// `echo -e`, `%b`: the text, and whether `\c` was met.
pub fn echo(raw: &str) -> (String, bool) {
    run(raw, Style::Echo)
}
/// The literal text of a printf format.
pub fn printf(raw: &str) -> String {
    run(raw, Style::Printf).0
}

/// Quotes as `printf %q` and `set -x` for words that need it: backslashes, or `$'…'` for control characters.
pub fn quote(s: &str) -> String {
    if s.is_empty() {
        return "''".into();
    }
    if needs_ansi(s) {
        return ansi_quote(s);
    }
    let mut out = String::new();
    for (i, c) in s.chars().enumerate() {
        if " '\"\\|&;()<>!{}*[]?^$`,".contains(c) || (i == 0 && "~#".contains(c)) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Quotes with single quotes always: `declare -p` of scalars uses [`double`], `alias`, `trap` and `set` use this.
pub fn single(s: &str) -> String {
    format!("'{}'", s.replace('\'', "'\\''"))
}

/// As the listing of `set` shows a value: bare when it is plain.
pub fn set_style(s: &str) -> String {
    if needs_ansi(s) {
        ansi_quote(s)
    } else if s.chars().any(|c| " \t\n'\"\\|&;()<>!{}*[]?^$`~#,".contains(c)) {
        single(s)
    } else {
        s.to_owned()
    }
}

/// A word of an `set -x` trace.
pub fn trace(s: &str) -> String {
    if s.is_empty() { "''".into() } else { set_style_trace(s) }
}
fn set_style_trace(s: &str) -> String {
    if needs_ansi(s) {
        ansi_quote(s)
    } else if s.chars().any(|c| " \t'\"\\|&;()<>!{}*[]?^$`".contains(c)) || s.starts_with(['~', '#']) {
        single(s)
    } else {
        s.to_owned()
    }
}

/// `declare -p` style.
pub fn double(s: &str) -> String {
    if needs_ansi(s) {
        return ansi_quote(s);
    }
    let mut out = String::from("\"");
    for c in s.chars() {
        if "\"\\$`".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

fn needs_ansi(s: &str) -> bool {
    s.chars().any(|c| c.is_control() || ('\u{10ff80}'..='\u{10ffff}').contains(&c))
}

fn ansi_quote(s: &str) -> String {
    let mut out = String::from("$'");
    for c in s.chars() {
        match c {
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x1b' => out.push_str("\\E"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            c if c.is_control() || ('\u{10ff80}'..='\u{10ffff}').contains(&c) => {
                for b in bytes::encode(&c.to_string()) {
                    out.push_str(&format!("\\{b:03o}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for (raw, want) in [(r"\x41\u00f1", "Añ"), (r"a\tb", "a\tb"), (r"\101", "A"), (r"\q", r"\q"), (r"\'", "'")] {
            assert_eq!(ansi_c(raw), want, "{raw}");
        }
        assert_eq!(echo(r"a\cb"), ("a".into(), true));
        assert_eq!(echo(r"\0101"), ("A".into(), false));
        assert_eq!(bytes::encode(&printf(r"\377")), b"\xff");
    }
    #[test]
    fn quoting() {
        for (s, q) in [("", "''"), ("a b", "a\\ b"), ("a\nb", "$'a\\nb'"), ("x'y", "x\\'y"), ("ñ", "ñ")] {
            assert_eq!(quote(s), q, "{s}");
        }
    }
}
