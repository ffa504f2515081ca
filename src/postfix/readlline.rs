//! readlline(3): logical lines of main.cf, master.cf and table sources.
//!
//! A line that starts with white space continues the one before; blank lines and comments are passed over, even between a
//! line and its continuation.

/// A logical line: its joined text without the trailing white space, and the numbers of its first and last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logical {
    pub first: usize,
    pub last: usize,
    pub text: String,
}

impl Logical {
    /// Readers refuse a logical line that starts with white space (nothing before it to continue).
    pub fn starts_with_space(&self) -> bool {
        self.text.starts_with(is_space)
    }
}

/// isspace(3) in the C locale.
pub fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// Splits a file into its logical lines.
pub fn logical_lines(text: &str) -> Vec<Logical> {
    let mut out: Vec<Logical> = Vec::new();
    let mut open = false;
    for (i, line) in text.split_inclusive('\n').enumerate() {
        let number = i + 1;
        let body = line.strip_suffix('\n').unwrap_or(line);
        let inner = body.trim_start_matches(is_space);
        if inner.is_empty() || inner.starts_with('#') {
            continue;
        }
        match out.last_mut() {
            Some(l) if open && body.starts_with(is_space) => {
                l.text.push_str(body);
                l.last = number;
            }
            _ => {
                out.push(Logical { first: number, last: number, text: body.to_owned() });
                open = true;
            }
        }
    }
    for l in &mut out {
        l.text.truncate(l.text.trim_end_matches(is_space).len());
    }
    out
}
