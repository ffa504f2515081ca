//! The learner's diagnosis: its fields, how they are read from flags or a form, and what is still missing.
//!
//! Pure: texts in, values out. What is right is in [`super::verdict`]; whether a quote was seen is in [`super::evidence`].

use crate::codes::{self, CAUSES, Decider, Outcome, Who, causes};

/// At most this many quotes.
pub const MAX_QUOTES: usize = 3;
/// A quote has this many characters or more.
pub const MIN_QUOTE: usize = 8;

/// A reply code as answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeAnswer {
    Number(u16),
    /// «no»: nobody answered.
    None,
}

/// An enhanced code as answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnhancedAnswer {
    Code(String),
    /// «no»: it does not appear.
    None,
}

/// What the learner states. `None` is a field left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Fragments of what was on the screen.
    pub evidence: Vec<String>,
    pub code: Option<CodeAnswer>,
    pub enhanced: Option<EnhancedAnswer>,
    pub by: Option<Decider>,
    pub action: Option<Outcome>,
    pub who: Option<Who>,
    pub cause: Option<&'static str>,
}

/// A field of the form, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Evidence,
    Code,
    Enhanced,
    By,
    Action,
    Who,
    Cause,
}

impl Field {
    pub const ALL: [Field; 7] =
        [Field::Evidence, Field::Code, Field::Enhanced, Field::By, Field::Action, Field::Who, Field::Cause];
    /// The flag's name.
    pub fn id(self) -> &'static str {
        match self {
            Field::Evidence => "evidence",
            Field::Code => "code",
            Field::Enhanced => "enhanced",
            Field::By => "by",
            Field::Action => "action",
            Field::Who => "who",
            Field::Cause => "cause",
        }
    }
    /// Reads a flag's name in either language.
    pub fn parse(name: &str) -> Option<Field> {
        Some(match name {
            "evidence" | "prueba" => Field::Evidence,
            "code" | "codigo" | "código" => Field::Code,
            "enhanced" | "ampliado" | "dsn" => Field::Enhanced,
            "by" | "decide" | "decidido-por" => Field::By,
            "action" | "accion" | "acción" | "mensaje" => Field::Action,
            "who" | "quien" | "quién" => Field::Who,
            "cause" | "causa" => Field::Cause,
            _ => return None,
        })
    }
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    UnknownFlag(String),
    NoValue(String),
    ShortQuote,
    TooManyQuotes,
    NoCode(String),
    NoEnhanced(String),
    /// Not one of the words of this field.
    NoChoice(Field, String),
    /// No cause has this id or number; the ids that come near.
    NoCause(String, Vec<&'static str>),
}

/// Whether a text says «no».
fn is_no(s: &str) -> bool {
    matches!(s, "no" | "none" | "ninguno" | "nada" | "-" | "n")
}

/// What the flags of `lab diagnose` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub diagnosis: Diagnosis,
    /// Deliver with open fields.
    pub deliver: bool,
    pub help: bool,
}

/// Reads a row key or a code: outcomes without a reply are «no».
fn read_code(s: &str) -> Option<CodeAnswer> {
    if is_no(s) || (s.parse::<u16>().is_err() && codes::is_key(s) && !s.ends_with("xx")) {
        return Some(CodeAnswer::None);
    }
    s.parse::<u16>().ok().filter(|n| (200..600).contains(n) && s.len() == 3).map(CodeAnswer::Number)
}

fn read_enhanced(s: &str) -> Option<EnhancedAnswer> {
    if is_no(s) {
        return Some(EnhancedAnswer::None);
    }
    let parts: Vec<&str> = s.split('.').collect();
    let numbers = parts.iter().all(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    (parts.len() == 3 && numbers).then(|| EnhancedAnswer::Code(s.to_owned()))
}

/// One of a list by its letter (`a`, `b`, …), its number or a word for it.
pub fn choose<T: Copy>(s: &str, all: &[T], letters: bool, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
    let mut chars = s.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        let base = if letters { 'a' } else { '1' };
        let i = (c as usize).checked_sub(base as usize)?;
        return all.get(i).copied();
    }
    parse(s)
}

impl Diagnosis {
    /// Sets a field from what was typed.
    pub fn set(&mut self, field: Field, text: &str) -> Result<(), Mistake> {
        let text = text.trim();
        let low = text.to_lowercase();
        match field {
            Field::Evidence => return self.quote(text),
            Field::Code => self.code = Some(read_code(&low).ok_or_else(|| Mistake::NoCode(text.into()))?),
            Field::Enhanced => {
                self.enhanced = Some(read_enhanced(&low).ok_or_else(|| Mistake::NoEnhanced(text.into()))?);
            }
            Field::By => {
                let got = choose(&low, Decider::ALL, true, Decider::parse);
                self.by = Some(got.ok_or_else(|| Mistake::NoChoice(field, text.into()))?);
            }
            Field::Action => {
                let got = choose(&low, Outcome::ALL, true, Outcome::parse);
                self.action = Some(got.ok_or_else(|| Mistake::NoChoice(field, text.into()))?);
            }
            Field::Who => {
                let got = choose(&low, Who::ALL, false, Who::parse);
                self.who = Some(got.ok_or_else(|| Mistake::NoChoice(field, text.into()))?);
            }
            Field::Cause => {
                let got = codes::cause(&low).ok_or_else(|| Mistake::NoCause(text.into(), near_causes(&low)))?;
                self.cause = Some(got.id);
            }
        }
        Ok(())
    }
    /// Adds a quote; one given twice counts once.
    pub fn quote(&mut self, text: &str) -> Result<(), Mistake> {
        if text.chars().count() < MIN_QUOTE {
            return Err(Mistake::ShortQuote);
        }
        if self.evidence.iter().any(|q| q == text) {
            return Ok(());
        }
        if self.evidence.len() >= MAX_QUOTES {
            return Err(Mistake::TooManyQuotes);
        }
        self.evidence.push(text.to_owned());
        Ok(())
    }
    /// The fields that are still open. Evidence may stay open.
    pub fn open(&self) -> Vec<Field> {
        Field::ALL.into_iter().filter(|f| *f != Field::Evidence && !self.has(*f)).collect()
    }
    pub fn has(&self, field: Field) -> bool {
        match field {
            Field::Evidence => !self.evidence.is_empty(),
            Field::Code => self.code.is_some(),
            Field::Enhanced => self.enhanced.is_some(),
            Field::By => self.by.is_some(),
            Field::Action => self.action.is_some(),
            Field::Who => self.who.is_some(),
            Field::Cause => self.cause.is_some(),
        }
    }
    pub fn is_empty(&self) -> bool {
        Field::ALL.into_iter().all(|f| !self.has(f))
    }
    /// Takes every field that `newer` fills.
    pub fn merge(&mut self, newer: &Diagnosis) {
        if !newer.evidence.is_empty() {
            self.evidence.clone_from(&newer.evidence);
        }
        self.code = newer.code.or(self.code);
        if newer.enhanced.is_some() {
            self.enhanced.clone_from(&newer.enhanced);
        }
        self.by = newer.by.or(self.by);
        self.action = newer.action.or(self.action);
        self.who = newer.who.or(self.who);
        self.cause = newer.cause.or(self.cause);
    }
}

fn near_causes(word: &str) -> Vec<&'static str> {
    let found = causes::search(&word.replace('-', " "), crate::base::Lang::En);
    if !found.is_empty() {
        return found.into_iter().take(3).map(|c| c.id).collect();
    }
    let head = word.split('-').next().unwrap_or(word);
    CAUSES.iter().filter(|c| head.len() > 2 && c.id.contains(head)).take(3).map(|c| c.id).collect()
}

/// Reads the flags of `lab diagnose`. All mistakes are found in one go.
pub fn read_flags(args: &[String]) -> Result<Flags, Vec<Mistake>> {
    let mut flags = Flags::default();
    let mut mistakes = Vec::new();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        let Some(name) = a.strip_prefix("--") else {
            if a == "-h" {
                flags.help = true;
            } else {
                mistakes.push(Mistake::UnknownFlag(a.clone()));
            }
            continue;
        };
        let (name, value) = match name.split_once('=') {
            Some((n, v)) => (n, Some(v.to_owned())),
            None => (name, None),
        };
        match name {
            "help" | "ayuda" => flags.help = true,
            "deliver" | "entregar" => flags.deliver = true,
            _ => match Field::parse(name) {
                None => mistakes.push(Mistake::UnknownFlag(format!("--{name}"))),
                Some(field) => match value.or_else(|| it.next().cloned()) {
                    None => mistakes.push(Mistake::NoValue(format!("--{name}"))),
                    Some(v) => {
                        if let Err(m) = flags.diagnosis.set(field, &v) {
                            mistakes.push(m);
                        }
                    }
                },
            },
        }
    }
    if mistakes.is_empty() { Ok(flags) } else { Err(mistakes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(s: &[&str]) -> Vec<String> {
        s.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn flags_fill_every_field() {
        let f = read_flags(&args(&[
            "--evidence",
            "said: 552",
            "--code=552",
            "--enhanced",
            "5.2.2",
            "--by",
            "dovecot",
            "--action",
            "bounce",
            "--who",
            "us",
            "--cause",
            "over-quota",
        ]))
        .unwrap();
        let d = f.diagnosis;
        assert_eq!(d.evidence, ["said: 552"]);
        assert_eq!(d.code, Some(CodeAnswer::Number(552)));
        assert_eq!(d.by, Some(Decider::Dovecot));
        assert_eq!((d.action, d.who, d.cause), (Some(Outcome::Returned), Some(Who::Us), Some("over-quota")));
        assert!(d.open().is_empty());
    }

    #[test]
    fn letters_numbers_and_no() {
        let mut d = Diagnosis::default();
        for (field, typed) in [
            (Field::Code, "no"),
            (Field::Enhanced, "no"),
            (Field::By, "g"),
            (Field::Action, "b"),
            (Field::Who, "2"),
            (Field::Cause, "12"),
        ] {
            d.set(field, typed).unwrap();
        }
        assert_eq!((d.code, d.by), (Some(CodeAnswer::None), Some(Decider::Nobody)));
        assert_eq!((d.action, d.who), (Some(Outcome::Retried), Some(Who::Peer)));
        assert_eq!(d.cause, Some("broken-setting"));
    }

    #[test]
    fn mistakes_are_all_found() {
        let e = read_flags(&args(&[
            "--code",
            "9",
            "--by",
            "z",
            "--cause",
            "quota",
            "--evidence",
            "short",
            "--colour",
            "x",
            "--who",
        ]))
        .unwrap_err();
        assert_eq!(e.len(), 7, "{e:?}");
        assert!(matches!(&e[2], Mistake::NoCause(_, near) if near.contains(&"over-quota")));
    }
}
