//! The ledger: recorded answers from which the model knowingly differs, each with its reason (`tests/data/ledger.toml`).
//!
//! A case that is listed and yet identical is an error, so that the list never outlives what it excuses.

use super::Failure;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// The ledger that ships with the program.
const INCLUDED: &str = include_str!("../../../tests/data/ledger.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    differs: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    measure: Measure,
    case: String,
    /// Which steps, of a capture.
    #[serde(default)]
    steps: Vec<usize>,
    why: String,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    SmtpCase,
    Capture,
    ShellCase,
    Peer,
}

/// What is listed of one measure, and the count of what was compared.
pub struct Ledger {
    listed: BTreeMap<String, BTreeSet<usize>>,
    total: usize,
    same: usize,
    known: usize,
    stale: Vec<String>,
}

impl Ledger {
    /// The rows of a measure; without a file, those of the included ledger.
    pub fn of(measure: Measure, file: Option<&str>) -> Result<Self, Failure> {
        let text = match file {
            Some(f) => std::fs::read_to_string(f).map_err(|e| Failure(format!("{f}: {e}")))?,
            None => INCLUDED.to_owned(),
        };
        Self::parse(measure, &text).map_err(|e| Failure(format!("{}: {e}", file.unwrap_or("ledger"))))
    }

    fn parse(measure: Measure, text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut listed: BTreeMap<(Measure, String), BTreeSet<usize>> = BTreeMap::new();
        for row in file.differs {
            if row.why.trim().is_empty() {
                return Err(format!("{}: no reason", row.case));
            }
            if (row.measure == Measure::Capture) == row.steps.is_empty() {
                return Err(format!("{}: a capture names its steps, nothing else does", row.case));
            }
            let steps = if row.steps.is_empty() { vec![0] } else { row.steps };
            let of = listed.entry((row.measure, row.case.clone())).or_default();
            if steps.iter().any(|s| !of.insert(*s)) {
                return Err(format!("{}: listed twice", row.case));
            }
        }
        let listed = listed.into_iter().filter(|((m, _), _)| *m == measure).map(|((_, c), s)| (c, s)).collect();
        Ok(Self { listed, total: 0, same: 0, known: 0, stale: Vec::new() })
    }

    /// Counts a case, or a step of one. Whether it differs without being listed.
    pub fn count(&mut self, case: &str, step: Option<usize>, same: bool) -> bool {
        self.total += 1;
        self.same += usize::from(same);
        let listed = self.listed.get_mut(case).is_some_and(|s| s.remove(&step.unwrap_or(0)));
        self.known += usize::from(listed && !same);
        if listed && same {
            let place = step.map_or_else(|| case.to_owned(), |n| format!("{case} step {n}"));
            self.stale.push(format!("{place}: listed, yet identical"));
        }
        !same && !listed
    }

    /// Says that a case was played to its end: listed steps that it does not have are errors.
    pub fn played(&mut self, case: &str) {
        for step in self.listed.remove(case).unwrap_or_default() {
            self.stale.push(format!("{case} step {step}: listed, yet not there"));
        }
    }

    /// The last lines, and the exit code: 1 if something differs that is not listed, 2 if the ledger is wrong or a file was.
    pub fn close(&self, what: &str, bad: bool) -> (String, ExitCode) {
        let different = self.total - self.same;
        let mut out = String::new();
        if self.known > 0 {
            out.push_str(&format!("{} in the ledger\n", self.known));
        }
        out.push_str(&format!("{} {what}, {} identical, {different} different\n", self.total, self.same));
        for s in &self.stale {
            eprintln!("maillab: ledger: {s}");
        }
        let code = if bad || !self.stale.is_empty() { 2 } else { u8::from(different > self.known) };
        (out, ExitCode::from(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_must_differ() {
        let text = "[[differs]]\nmeasure = 'capture'\ncase = 'a'\nsteps = [1, 2, 9]\nwhy = 'x'\n";
        let mut l = Ledger::parse(Measure::Capture, text).unwrap();
        assert!(l.count("a", Some(0), false), "not listed");
        assert!(!l.count("a", Some(1), false), "listed");
        assert!(!l.count("a", Some(2), true));
        l.played("a");
        assert_eq!(l.stale, ["a step 2: listed, yet identical", "a step 9: listed, yet not there"]);
        let (out, code) = l.close("steps", false);
        assert_eq!(out, "1 in the ledger\n3 steps, 1 identical, 2 different\n");
        assert_eq!(code, ExitCode::from(2));
        assert!(Ledger::parse(Measure::Peer, text).unwrap().count("a", None, false), "of another measure");
    }

    #[test]
    fn a_row_says_why_and_which_steps() {
        for wrong in
            ["case = 'a'\nsteps = [1]\nwhy = ''", "case = 'a'\nwhy = 'x'", "case = 'a'\nsteps = [1, 1]\nwhy = 'x'"]
        {
            assert!(Ledger::parse(Measure::Capture, &format!("[[differs]]\nmeasure = 'capture'\n{wrong}\n")).is_err());
        }
        Ledger::parse(Measure::Capture, INCLUDED).unwrap();
    }
}
