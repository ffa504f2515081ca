//! The values of a lab file that are more than a text: instants, spans, sizes, addresses, codes, ids.
//!
//! Each is checked where it is read, so a mistake is reported at its own place.

pub use super::places::{Machine, Mailbox, is_reserved, is_reserved_name};

use super::diagnostic::{Diagnostic, nearest};
use super::read::{Field, Reader, block};
use super::tree::{Node, Value};
use crate::base::{Lang, Span, Time};
use crate::codes::{self, Decider, Outcome, Stage, Who};
use crate::log::names;
use serde_json::{Map, Value as Json, json};
use std::ops::Range;

block! {
    /// A text that a learner reads, in every language.
    pub struct Text {
        /// Spanish.
        req es: String,
        /// English.
        req en: String,
    }
}

impl Text {
    /// The text in a language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Es => &self.es,
            Lang::En => &self.en,
        }
    }
}

/// A name that other blocks may refer to, and where it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Id {
    pub text: String,
    pub span: Range<usize>,
}

impl std::ops::Deref for Id {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

/// Whether this can name a lab, a rival, a parameter.
pub fn is_id(s: &str) -> bool {
    s.len() <= 40
        && s.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && s.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

impl Field for Id {
    fn expected() -> String {
        "a name of small letters, digits and `-`".into()
    }
    fn missing() -> Self {
        Id::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let before = r.diagnostics.len();
        let text = r.text(node);
        if r.diagnostics.len() == before && !is_id(&text) {
            r.report(Diagnostic::error(node.span.clone(), format!("`{text}` is no name")).label(Id::expected()));
        }
        Id { text, span: node.span.clone() }
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"})
    }
}

/// A length of time: `90s`, `25m`, `2h`, `1d`, also joined (`1h30m`).
pub fn parse_span(text: &str) -> Option<Span> {
    let mut total = 0i64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let n: i64 = rest[..digits].parse().ok()?;
        let unit = match rest[digits..].chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(n.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    (total <= 400 * 86_400).then(|| Span::secs(total))
}

/// Reads an instant against the lab's `now`: `now`, `09:58`, `09:58:30`, `yesterday 18:20`, `2026-02-05 18:20`, each with
/// `+90s` or `-2h` behind it.
pub fn parse_when(text: &str, now: Time) -> Option<Time> {
    let text = text.trim();
    let (base, steps) = split_steps(text);
    let midnight = Time(now.0 - now.0.rem_euclid(86_400_000_000));
    let clock = |c: &str| -> Option<Span> {
        let mut parts = c.split(':');
        let h: i64 = parts.next()?.parse().ok()?;
        let m: i64 = parts.next()?.parse().ok()?;
        let s: i64 = parts.next().map_or(Some(0), |x| x.parse().ok())?;
        ((0..24).contains(&h) && (0..60).contains(&m) && (0..60).contains(&s) && parts.next().is_none())
            .then(|| Span::secs(h * 3600 + m * 60 + s))
    };
    let base = base.trim();
    let start = if base == "now" {
        now
    } else if let Some(c) = base.strip_prefix("yesterday ") {
        midnight - Span::days(1) + clock(c.trim())?
    } else if base.contains('-') {
        Time::parse_iso(base)?
    } else {
        midnight + clock(base)?
    };
    let mut at = start;
    for (plus, span) in steps {
        let span = parse_span(&span)?;
        at = if plus { at + span } else { at - span };
    }
    Some(at)
}

/// Splits `BASE+90s-1h` into `BASE` and its steps; the dashes of a date stay with the base.
fn split_steps(text: &str) -> (&str, Vec<(bool, String)>) {
    let mut steps = Vec::new();
    let mut base = text;
    while let Some(at) = base.rfind(['+', '-']) {
        let tail = base[at + 1..].trim();
        if parse_span(tail).is_none() {
            break;
        }
        steps.insert(0, (base.as_bytes()[at] == b'+', tail.to_owned()));
        base = &base[..at];
    }
    (base, steps)
}

/// An instant of the lab.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct When {
    pub time: Time,
    pub span: Range<usize>,
}

impl Field for When {
    fn expected() -> String {
        "a time such as `09:58`, `now-20m`, `yesterday 18:20` or `2026-02-05 18:20`".into()
    }
    fn missing() -> Self {
        When::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let before = r.diagnostics.len();
        let text = r.text(node);
        let time = parse_when(&text, r.now).unwrap_or_else(|| {
            if r.diagnostics.len() == before {
                r.report(
                    Diagnostic::error(node.span.clone(), format!("`{text}` is no time"))
                        .label("impossible time")
                        .help(format!("expected {}", When::expected())),
                );
            }
            r.now
        });
        When { time, span: node.span.clone() }
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string", "description": When::expected()})
    }
}

impl Field for Span {
    fn expected() -> String {
        "a length of time such as `90s`, `25m` or `2h`".into()
    }
    fn missing() -> Self {
        Span::ZERO
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let text = r.text(node);
        parse_span(&text).unwrap_or_else(|| {
            r.report(
                Diagnostic::error(node.span.clone(), format!("`{text}` is no length of time")).label(Span::expected()),
            );
            Span::ZERO
        })
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string", "pattern": "^([0-9]+[smhd])+$"})
    }
}

/// A number of bytes: `900`, `40k`, `3M`, `2G` (powers of 1024).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size(pub u64);

pub fn parse_size(text: &str) -> Option<u64> {
    let (digits, unit) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (&text[..at], 1 << 10),
        (at, 'M') => (&text[..at], 1 << 20),
        (at, 'G') => (&text[..at], 1 << 30),
        _ => (text, 1u64),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit).filter(|n| *n <= 1 << 44)
}

impl Field for Size {
    fn expected() -> String {
        "a size such as `900`, `40k` or `3M`".into()
    }
    fn missing() -> Self {
        Size(0)
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        if let Value::Int(n) = node.value
            && let Ok(n) = u64::try_from(n)
        {
            return Size(n);
        }
        let text = r.text(node);
        Size(parse_size(&text).unwrap_or_else(|| {
            r.report(Diagnostic::error(node.span.clone(), format!("`{text}` is no size")).label(Size::expected()));
            0
        }))
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"oneOf": [{"type": "integer"}, {"type": "string", "pattern": "^[0-9]+[kMG]?$"}]})
    }
}

/// A row of the SMTP table: `552`, or the word for an outcome without a reply (`refused`); empty: the question has no code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeKey(pub String);

impl std::ops::Deref for CodeKey {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl CodeKey {
    /// The three digits, when it is a reply code.
    pub fn number(&self) -> Option<u16> {
        self.0.parse().ok()
    }
}

impl Field for CodeKey {
    fn expected() -> String {
        "a row of the table, such as `552` or `refused`".into()
    }
    fn missing() -> Self {
        CodeKey::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let before = r.diagnostics.len();
        let text = match node.value {
            Value::Int(n) => n.to_string(),
            _ => r.text(node),
        };
        if r.diagnostics.len() == before && !codes::is_key(&text) {
            let keys: Vec<&str> = codes::ROWS.iter().map(|row| row.key).collect();
            r.unknown(&node.span, "code", &text, &keys);
        }
        CodeKey(text)
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        let keys: Vec<&str> = codes::ROWS.iter().map(|row| row.key).collect();
        json!({"anyOf": [{"enum": keys}, {"type": "integer", "minimum": 200, "maximum": 599}]})
    }
}

/// An enhanced status code, `5.2.2`; empty: the question has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enhanced(pub String);

impl std::ops::Deref for Enhanced {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Field for Enhanced {
    fn expected() -> String {
        "an enhanced status code such as `5.2.2`".into()
    }
    fn missing() -> Self {
        Enhanced::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let before = r.diagnostics.len();
        let text = r.text(node);
        let parts: Vec<&str> = text.split('.').collect();
        let good = parts.len() == 3
            && matches!(parts[0], "2" | "4" | "5")
            && parts[1..].iter().all(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
        if r.diagnostics.len() == before && !good {
            r.report(
                Diagnostic::error(node.span.clone(), format!("`{text}` is no enhanced status code"))
                    .label(Enhanced::expected()),
            );
        }
        Enhanced(text)
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string", "pattern": "^[245]\\.[0-9]{1,3}\\.[0-9]{1,3}$"})
    }
}

/// A cause of the catalogue, by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CauseId(pub String);

impl std::ops::Deref for CauseId {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

/// What a wrong answer shows that somebody believes, by its id in the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MisconceptionId {
    pub text: String,
}

impl std::ops::Deref for MisconceptionId {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

/// Implements [`Field`] for a word that a fixed list has, with the list's own reader.
macro_rules! listed {
    ($t:ty, $what:literal, $names:expr, $parse:expr, $missing:expr) => {
        impl Field for $t {
            fn expected() -> String {
                concat!("a ", $what).into()
            }
            fn missing() -> Self {
                $missing
            }
            fn read(node: &Node, r: &mut Reader) -> Self {
                let before = r.diagnostics.len();
                let text = r.text(node);
                if r.diagnostics.len() > before {
                    return $missing;
                }
                let parse: fn(&str) -> Option<$t> = $parse;
                parse(&text).unwrap_or_else(|| {
                    let names: Vec<&str> = $names.collect();
                    r.unknown(&node.span, $what, &text, &names);
                    $missing
                })
            }
            fn schema(_: &mut Map<String, Json>) -> Json {
                let names: Vec<&str> = $names.collect();
                json!({"enum": names})
            }
        }
    };
}

listed!(
    CauseId,
    "cause",
    codes::CAUSES.iter().map(|c| c.id),
    |s| codes::cause(s).filter(|c| c.id == s).map(|c| CauseId(c.id.into())),
    CauseId::default()
);
listed!(
    MisconceptionId,
    "misconception",
    codes::MISCONCEPTIONS.iter().map(|m| m.id),
    |s| codes::misconception(s).map(|m| MisconceptionId { text: m.id.into() }),
    MisconceptionId::default()
);
listed!(Decider, "word for who decided", Decider::ALL.iter().map(|d| d.id()), Decider::parse, Decider::Nobody);
listed!(Outcome, "word for what happens", Outcome::ALL.iter().map(|d| d.id()), Outcome::parse, Outcome::Nothing);
listed!(Who, "word for who has the message", Who::ALL.iter().map(|d| d.id()), Who::parse, Who::Nobody);
listed!(Stage, "stage", Stage::ALL.iter().map(|d| d.id()), Stage::parse, Stage::Any);

/// The name of a log event ([`names`]), or its first words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventKind(pub String);

impl Field for EventKind {
    fn expected() -> String {
        "the name of a log event, or its first words, such as `delivery.status`".into()
    }
    fn missing() -> Self {
        EventKind::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let before = r.diagnostics.len();
        let text = r.text(node);
        if r.diagnostics.len() == before && !names::known(&text) {
            let near = nearest(&text, names::ALL.iter().map(String::as_str));
            let mut d = Diagnostic::error(node.span.clone(), format!("no daemon logs an event `{text}`"))
                .label(EventKind::expected());
            d.help = near.map(|n| format!("did you mean `{n}`?"));
            r.report(d);
        }
        EventKind(text)
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string", "examples": *names::ALL})
    }
}

/// Points: `7`, or both ends of a range, `"0..40"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Points {
    pub low: u32,
    pub high: u32,
}

impl Points {
    pub fn holds(self, n: u32) -> bool {
        (self.low..=self.high).contains(&n)
    }
}

impl Field for Points {
    fn expected() -> String {
        "points: a number from 0 to 100, or a range such as `\"0..40\"`".into()
    }
    fn missing() -> Self {
        Points { low: 0, high: 100 }
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let points = match &node.value {
            Value::Int(n) => u32::try_from(*n).ok().map(|n| Points { low: n, high: n }),
            Value::Text(t) => {
                t.split_once("..").and_then(|(a, b)| Some(Points { low: a.parse().ok()?, high: b.parse().ok()? }))
            }
            _ => None,
        };
        points.filter(|p| p.low <= p.high && p.high <= 100).unwrap_or_else(|| {
            r.report(Diagnostic::error(node.span.clone(), "no points").label(Points::expected()));
            Points::missing()
        })
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"oneOf": [{"type": "integer", "minimum": 0, "maximum": 100}, {"type": "string", "pattern": "^[0-9]+\\.\\.[0-9]+$"}]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        let now = Time::from_civil(2026, 2, 6, 10, 20, 0);
        for (text, expected) in [
            ("now", Some("2026-02-06T10:20:00Z")),
            ("now-1h30m", Some("2026-02-06T08:50:00Z")),
            ("09:58", Some("2026-02-06T09:58:00Z")),
            ("09:58:12+90s", Some("2026-02-06T09:59:42Z")),
            ("yesterday 18:20", Some("2026-02-05T18:20:00Z")),
            ("2026-02-01 07:00-2h", Some("2026-02-01T05:00:00Z")),
            ("25:61", None),
            ("9", None),
            ("", None),
            ("now+", None),
        ] {
            assert_eq!(parse_when(text, now).map(|t| t.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn sizes_and_spans() {
        for (text, expected) in
            [("900", Some(900)), ("40k", Some(40_960)), ("3M", Some(3 << 20)), ("x", None), ("", None)]
        {
            assert_eq!(parse_size(text), expected, "{text}");
        }
        assert_eq!(parse_span("1h30m"), Some(Span::mins(90)));
        assert_eq!(parse_span("90"), None);
    }
}
