//! Options as Postfix's tools read them: short ones, up to the first operand.

use crate::command::Ctx;

/// What was given.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub opts: Vec<(char, String)>,
    pub args: Vec<String>,
}

impl Parsed {
    pub fn has(&self, c: char) -> bool {
        self.opts.iter().any(|(o, _)| *o == c)
    }
    /// The last value of an option.
    pub fn value(&self, c: char) -> Option<&str> {
        self.opts.iter().rev().find(|(o, _)| *o == c).map(|(_, v)| v.as_str())
    }
    pub fn values(&self, c: char) -> impl Iterator<Item = &str> {
        self.opts.iter().filter(move |(o, _)| *o == c).map(|(_, v)| v.as_str())
    }
}

/// getopt(3) with a specification such as `"c:vx"`. `Err` is glibc's message, which is already on standard error.
pub(super) fn getopt(ctx: &Ctx, spec: &str) -> Result<Parsed, ()> {
    let mut out = Parsed::default();
    let mut words = ctx.args.iter().skip(1).cloned();
    let program = ctx.args.first().cloned().unwrap_or_default();
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        if !word.starts_with('-') || word == "-" {
            out.args.push(word);
            break;
        }
        let mut letters = word[1..].chars();
        while let Some(c) = letters.next() {
            let at = spec.find(c).filter(|_| c != ':');
            let Some(at) = at else {
                ctx.err(format!("{program}: invalid option -- '{c}'\n"));
                return Err(());
            };
            if !spec[at + c.len_utf8()..].starts_with(':') {
                out.opts.push((c, String::new()));
                continue;
            }
            let rest = letters.as_str();
            let value = if rest.is_empty() { words.next() } else { Some(rest.to_owned()) };
            let Some(value) = value else {
                ctx.err(format!("{program}: option requires an argument -- '{c}'\n"));
                return Err(());
            };
            out.opts.push((c, value));
            break;
        }
    }
    out.args.extend(words);
    Ok(out)
}
