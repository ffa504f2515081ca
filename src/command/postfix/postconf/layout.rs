//! How postconf(1) lays out a line: white space collapsed, long lines folded with `-f`, the columns of master.cf.

use crate::postfix::readlline::is_space;

const LIMIT: usize = 80;
const INDENT: &str = "    ";

/// A line of `name = value`: its words with one space between, folded at 80 columns when asked.
pub(super) fn line(text: &str, fold: bool) -> String {
    let (mut out, mut len) = (String::new(), 0);
    for word in text.split(is_space).filter(|w| !w.is_empty()) {
        if len > 0 {
            if !fold || len + 1 + word.len() <= LIMIT || len <= INDENT.len() {
                out.push(' ');
                len += 1;
            } else {
                out.push('\n');
                out.push_str(INDENT);
                len = INDENT.len();
            }
        }
        out.push_str(word);
        len += word.len();
    }
    out.push('\n');
    out
}

const COLUMNS: [usize; 8] = [0, 11, 17, 25, 33, 41, 49, 57];

/// An argument as master.cf must have it: in braces when it holds white space.
fn shown(arg: &str) -> String {
    if arg.contains(is_space) { format!("{{{arg}}}") } else { arg.to_owned() }
}

/// An entry of master.cf, eight fields in columns; with `fold` every `-o name=value` on a line of its own.
pub(super) fn entry(fields: &[String], fold: bool) -> String {
    let (mut out, mut len) = (String::new(), 0);
    for (i, f) in fields.iter().take(8).enumerate() {
        if i > 0 {
            loop {
                out.push(' ');
                len += 1;
                if len >= COLUMNS[i] {
                    break;
                }
            }
        }
        out.push_str(f);
        len += f.len();
    }
    arguments(&mut out, len, COLUMNS[7], fields.get(8..).unwrap_or(&[]), fold);
    out.push('\n');
    out
}

/// The arguments of a daemon after what is in `out` already.
pub(super) fn arguments(out: &mut String, mut len: usize, start: usize, args: &[String], fold: bool) {
    let (mut i, mut options) = (0, true);
    while i < args.len() {
        let arg = &args[i];
        let mut value = None;
        if options {
            if !arg.starts_with('-') || arg == "--" {
                options = false;
                // Leave the first line alone when options stand on lines of their own.
                if fold && len > LIMIT {
                    len = LIMIT;
                }
            } else if arg == "-o" && i + 1 < args.len() {
                value = Some(shown(&args[i + 1]));
                len = LIMIT;
            }
        }
        let text = match &value {
            Some(v) => format!("{arg} {v}"),
            None => shown(arg),
        };
        if len > INDENT.len() || len > start {
            if !fold || len + 1 + text.len() < LIMIT {
                out.push(' ');
                len += 1;
            } else {
                out.push('\n');
                out.push_str(INDENT);
                len = INDENT.len();
            }
        }
        out.push_str(&text);
        len += text.len();
        i += 1;
        if value.is_some() {
            i += 1;
            len = LIMIT;
        }
    }
}
