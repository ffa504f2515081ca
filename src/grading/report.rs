//! The report as a value, and as JSON. Rendering is in [`super::text`] and [`super::page`].

use super::path::Path;
use super::score::{self, Part};
use super::timeline::Moment;
use crate::base::Lang;
use serde_json::{Value, json};

/// Points lost, with the line of the session and the rows of the table that say why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    pub points: u32,
    pub text: String,
    /// The line of the session.
    pub line: Option<usize>,
    /// What stood there, or what the host answered.
    pub quote: Option<String>,
    pub feedback: Option<String>,
    pub rows: Vec<String>,
}

/// A rival, and by what it was ruled out: line of the session and what it showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub name: String,
    pub by: Vec<(usize, String)>,
}

/// A row of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartReport {
    pub points: u32,
    pub max: u32,
    pub good: Vec<String>,
    pub notes: Vec<String>,
    pub rules: Vec<Rule>,
    pub losses: Vec<Loss>,
    /// Something here cannot be taken back.
    pub fatal: bool,
    /// Somebody who was served is no longer.
    pub broken: bool,
}

/// The grade of a session and the reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub number: Option<usize>,
    pub lab: String,
    pub title: String,
    pub seed: u64,
    pub student: String,
    pub exam: bool,
    pub lang: Lang,
    pub passed: bool,
    pub score: u32,
    /// Minutes of the host's clock.
    pub minutes: i64,
    pub lines: usize,
    pub parts: Vec<(Part, PartReport)>,
    /// Each hint taken, and its price.
    pub hints: Vec<(String, u32)>,
    pub hint_price: u32,
    /// What is missing to pass.
    pub lacks: Vec<String>,
    pub notes: Vec<String>,
    /// Beliefs to look at again, as sentences and by name.
    pub beliefs: Vec<String>,
    pub belief_ids: Vec<String>,
    pub path: Path,
    pub debrief: String,
    /// The expert's commands and reasons.
    pub expert: Vec<(String, String)>,
    pub lessons: Vec<String>,
    /// Field, what was said, what was right.
    pub answers: Vec<(String, String, String)>,
    /// The rows that grade the code.
    pub rows: Vec<String>,
    pub timeline: Vec<Moment>,
}

impl Report {
    pub fn part(&self, part: Part) -> Option<&PartReport> {
        self.parts.iter().find(|(p, _)| *p == part).map(|(_, r)| r)
    }
    /// Points of a part, 0 if the lab does not have it.
    pub fn points(&self, part: Part) -> u32 {
        self.part(part).map_or(0, |p| p.points)
    }
    /// The rivals that were ruled out, by name.
    pub fn ruled_out(&self) -> Vec<&str> {
        let rules = self.part(Part::Evidence).map_or(&[][..], |p| &p.rules);
        rules.iter().filter(|r| !r.by.is_empty()).map(|r| r.id.as_str()).collect()
    }
    /// The grade of 0 to 10 as Spain writes it.
    pub fn grade10(&self) -> String {
        score::grade10(self.score, self.lang.pick(',', '.'))
    }
    pub fn json(&self) -> Value {
        let losses = |p: &PartReport| -> Vec<Value> {
            p.losses
                .iter()
                .map(|l| {
                    json!({"points": l.points, "text": l.text, "line": l.line, "quote": l.quote,
                           "feedback": l.feedback, "rows": l.rows})
                })
                .collect()
        };
        let parts: Vec<Value> = self
            .parts
            .iter()
            .map(|(part, p)| {
                let rivals: Vec<Value> = p
                    .rules
                    .iter()
                    .map(|r| json!({"id": r.id, "ruled_out": !r.by.is_empty(), "lines": r.by.iter().map(|b| b.0).collect::<Vec<_>>()}))
                    .collect();
                let mut v = json!({"part": part.id(), "points": p.points, "max": p.max, "good": p.good, "lost": losses(p)});
                if *part == Part::Evidence {
                    v["rivals"] = rivals.into();
                }
                v
            })
            .collect();
        json!({
            "case": self.number, "lab": self.lab, "title": self.title, "seed": self.seed, "student": self.student,
            "mode": if self.exam { "exam" } else { "learn" },
            "gradable": true, "passed": self.passed, "score": self.score, "grade": f64::from(self.score) / 10.0,
            "minutes": self.minutes, "commands": self.lines, "parts": parts,
            "hints": self.hints.iter().map(|(t, p)| json!({"text": t, "price": p})).collect::<Vec<_>>(),
            "hint_price": self.hint_price, "lacks": self.lacks, "misconceptions": self.belief_ids,
        })
    }
    /// The columns of [`Report::csv`].
    pub const CSV_HEAD: &'static str =
        "student,lab,seed,mode,gradable,passed,score,grade,verdict,cause,evidence,repair,harm,hints,minutes,commands";
    /// One line of a class list.
    pub fn csv(&self) -> String {
        let quote = |s: &str| {
            if s.contains([',', '"', '\n']) { format!("\"{}\"", s.replace('"', "\"\"")) } else { s.to_owned() }
        };
        format!(
            "{},{},{},{},yes,{},{},{:.1},{},{},{},{},{},{},{},{}",
            quote(&self.student),
            quote(&self.lab),
            self.seed,
            if self.exam { "exam" } else { "learn" },
            if self.passed { "yes" } else { "no" },
            self.score,
            f64::from(self.score) / 10.0,
            self.points(Part::Verdict),
            self.points(Part::Cause),
            self.points(Part::Evidence),
            self.points(Part::Repair),
            self.points(Part::Harm),
            self.hint_price,
            self.minutes,
            self.lines
        )
    }
}
