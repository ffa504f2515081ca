//! The session file: JSON lines, a head and then every input, written before its answer shows.
//!
//! A file that was cut off in the middle of a line (the machine died) is read up to there.

use crate::base::{Lang, Span};
use crate::machine::Input;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The version of this file format.
pub const FORMAT: u32 = 1;

/// Whether hints, undo and copies are there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    #[default]
    Learn,
    Exam,
}

/// The first line of a session file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub format: u32,
    /// The program's version.
    pub version: String,
    /// The lab's id.
    pub lab: String,
    /// The beginning of the hash of the lab's file.
    pub hash: String,
    pub seed: u64,
    pub student: String,
    pub mode: Mode,
    pub lang: Lang,
    /// Whether somebody sat at a terminal.
    pub terminal: bool,
    /// Columns and rows.
    pub size: (u16, u16),
}

impl Head {
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Where a session writes what it was given. Given by `cli`; a line must be safe before `write` returns.
pub trait Journal {
    fn write(&mut self, line: &str);
}

/// Forgets everything: for replays.
pub struct Nowhere;

impl Journal for Nowhere {
    fn write(&mut self, _: &str) {}
}

/// An input as a line of the file.
pub fn encode(input: &Input) -> String {
    let v = match input {
        Input::Line(l) => json!({"line": l}),
        Input::Eof => json!("eof"),
        Input::Interrupt => json!("interrupt"),
        Input::Tick(s) => json!({"tick": s.0}),
        Input::Saved(t) => json!({"saved": t}),
        Input::Resize(c, r) => json!({"resize": [c, r]}),
    };
    v.to_string()
}

/// The input of a line of the file.
pub fn decode(line: &str) -> Option<Input> {
    let v: Value = serde_json::from_str(line).ok()?;
    if let Some(word) = v.as_str() {
        return match word {
            "eof" => Some(Input::Eof),
            "interrupt" => Some(Input::Interrupt),
            _ => None,
        };
    }
    let (key, value) = v.as_object().filter(|o| o.len() == 1)?.iter().next()?;
    match key.as_str() {
        "line" => Some(Input::Line(value.as_str()?.to_owned())),
        "tick" => value.as_i64().filter(|n| (0..=86_400_000_000).contains(n)).map(|n| Input::Tick(Span(n))),
        "saved" => match value {
            Value::Null => Some(Input::Saved(None)),
            Value::String(s) => Some(Input::Saved(Some(s.clone()))),
            _ => None,
        },
        "resize" => {
            let side = |i: usize| value.get(i)?.as_u64().and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0);
            Some(Input::Resize(side(0)?, side(1)?))
        }
        _ => None,
    }
}

/// A session file as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    pub head: Head,
    pub inputs: Vec<Input>,
    /// How many bytes of the file are whole inputs; the rest was torn.
    pub intact: usize,
}

/// Why a file is no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    Empty,
    /// The first line is no head.
    NoHead,
    /// Written in a later format.
    Format(u32),
    /// This line (from 1) is no input.
    Line(usize),
}

/// Reads a session file. A last line without its newline is left out if it is no whole input.
pub fn read(text: &str) -> Result<Recorded, Unreadable> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().ok_or(Unreadable::Empty)?;
    let value: Value = serde_json::from_str(first).map_err(|_| Unreadable::NoHead)?;
    match value.get("format").and_then(Value::as_u64) {
        Some(1) => {}
        Some(n) => return Err(Unreadable::Format(u32::try_from(n).unwrap_or(u32::MAX))),
        None => return Err(Unreadable::NoHead),
    }
    let head: Head = serde_json::from_value(value).map_err(|_| Unreadable::NoHead)?;
    let mut intact = first.len();
    let mut inputs = Vec::new();
    for (i, l) in lines.enumerate() {
        if l.trim().is_empty() {
            intact += l.len();
            continue;
        }
        match decode(l) {
            Some(input) => inputs.push(input),
            None if l.ends_with('\n') => return Err(Unreadable::Line(i + 2)),
            None => break,
        }
        intact += l.len();
    }
    Ok(Recorded { head, inputs, intact })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            format: FORMAT,
            version: "0.1.0".into(),
            lab: "x".into(),
            hash: "abc".into(),
            seed: 7,
            student: "a07".into(),
            mode: Mode::Exam,
            lang: Lang::Es,
            terminal: false,
            size: (80, 24),
        }
    }

    #[test]
    fn every_input_is_read_as_written() {
        for i in [
            Input::Line("grep 'a' \"b\" \\ ñ \u{1}".into()),
            Input::Eof,
            Input::Interrupt,
            Input::Tick(Span::millis(250)),
            Input::Saved(Some("a\nb".into())),
            Input::Saved(None),
            Input::Resize(160, 50),
        ] {
            assert_eq!(decode(&encode(&i)), Some(i));
        }
    }

    #[test]
    fn a_torn_line_is_left_out_and_a_bad_one_is_named() {
        let whole = format!("{}\n{}\n", head().line(), encode(&Input::Line("ls".into())));
        let torn = format!("{whole}{{\"line\":\"pos");
        let r = read(&torn).unwrap();
        assert_eq!((r.inputs.len(), r.intact, r.head), (1, whole.len(), head()));
        // Only the newline was lost: the input is whole.
        assert_eq!(read(whole.trim_end()).unwrap().inputs.len(), 1);
        assert_eq!(read(&format!("{whole}nonsense\n")), Err(Unreadable::Line(3)));
        for (text, why) in
            [("", Unreadable::Empty), ("x\n", Unreadable::NoHead), ("{\"format\":9}\n", Unreadable::Format(9))]
        {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }
}
