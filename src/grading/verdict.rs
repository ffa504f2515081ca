//! Compares a diagnosis with the lab's right answer, field by field.
//!
//! An answer is right, as right (`also`), half right (`half`) or wrong; a wrong code with the right first digit earns 4 of
//! 10. The class row counts beside the code's own row: where they differ in what the sender does (500 to 502), both are right.

use super::diagnosis::{CodeAnswer, Diagnosis, EnhancedAnswer, Field};
use super::score::{FULL, Leaf};
use crate::base::Lang;
use crate::codes::{self, Outcome, Row};
use crate::lab::schema::{Diagnosis as Expected, DiagnosisField};
use crate::lab::values::Text;

/// A code with the right first digit alone: 4 of 10.
const FIRST_DIGIT: u32 = 400;
const HALF: u32 = FULL / 2;

/// How one field was answered.
#[derive(Clone, Debug)]
pub struct Mark {
    pub leaf: Leaf,
    pub field: Field,
    /// Thousandths earned.
    pub share: u32,
    /// What the lab has to say about this answer.
    pub feedback: Option<Text>,
    pub erratum: Option<u32>,
    pub misconception: Option<String>,
}

/// The field's name in a lab file.
fn lab_field(f: Field) -> Option<DiagnosisField> {
    Some(match f {
        Field::Code => DiagnosisField::Code,
        Field::Enhanced => DiagnosisField::Enhanced,
        Field::By => DiagnosisField::By,
        Field::Action => DiagnosisField::Action,
        Field::Who => DiagnosisField::Who,
        Field::Cause => DiagnosisField::Cause,
        Field::Evidence => return None,
    })
}

/// Whether two diagnoses say the same in one field, and something.
fn same(field: Field, a: &Diagnosis, b: &Diagnosis) -> bool {
    match field {
        Field::Evidence => false,
        Field::Code => a.code.is_some() && a.code == b.code,
        Field::Enhanced => a.enhanced.is_some() && a.enhanced == b.enhanced,
        Field::By => a.by.is_some() && a.by == b.by,
        Field::Action => a.action.is_some() && a.action == b.action,
        Field::Who => a.who.is_some() && a.who == b.who,
        Field::Cause => a.cause.is_some() && a.cause == b.cause,
    }
}

/// Whether a diagnosis says `value` (as the flags write it) in a field.
fn says(field: Field, d: &Diagnosis, value: &str) -> bool {
    let mut other = Diagnosis::default();
    other.set(field, value).is_ok() && same(field, d, &other)
}

/// The right answer as a diagnosis; fields that the lab does not ask stay open.
pub fn right_answer(e: &Expected) -> Diagnosis {
    let mut d = Diagnosis { by: e.by, action: e.action, who: e.who, ..Diagnosis::default() };
    if !e.code.is_empty() {
        d.code = Some(e.code.number().map_or(CodeAnswer::None, CodeAnswer::Number));
    }
    if !e.enhanced.is_empty() {
        d.enhanced = Some(EnhancedAnswer::Code(e.enhanced.to_string()));
    }
    d.cause = codes::cause(&e.cause).map(|c| c.id);
    d
}

/// The leaves that a lab's question has.
pub fn leaves(e: &Expected) -> Vec<(Leaf, Field)> {
    let right = right_answer(e);
    [
        (Leaf::Code, Field::Code),
        (Leaf::Enhanced, Field::Enhanced),
        (Leaf::By, Field::By),
        (Leaf::Action, Field::Action),
        (Leaf::Who, Field::Who),
        (Leaf::Cause, Field::Cause),
    ]
    .into_iter()
    .filter(|(_, f)| right.has(*f))
    .collect()
}

/// The rows that grade the lab's code: its own, and its class.
pub fn rows(e: &Expected) -> Vec<&'static Row> {
    match e.code.number() {
        Some(n) => {
            let own = codes::row_for(n, e.stage);
            let class = codes::class_row(n).filter(|c| own.is_none_or(|o| o.key != c.key));
            own.into_iter().chain(class).collect()
        }
        None => codes::rows(&e.code).collect(),
    }
}

/// The rows as the report shows them: the code's own, its enhanced codes, its class; behind them the row of what was
/// answered instead.
pub fn row_lines(e: &Expected, answered: Option<CodeAnswer>, lang: Lang) -> Vec<String> {
    let mut out = Vec::new();
    for r in rows(e) {
        out.push(r.line(lang));
        if !r.enhanced.is_empty() {
            let all: Vec<String> = r.enhanced.iter().map(|x| format!("{} {}", x.code, x.text.get(lang))).collect();
            out.push(format!("+ {}", all.join(" · ")));
        }
    }
    if let Some(CodeAnswer::Number(n)) = answered
        && e.code.number() != Some(n)
        && let Some(r) = codes::row_for(n, e.stage)
    {
        out.push(format!("{} {}: {}", lang.pick("tu", "your"), n, r.line(lang)));
    }
    out
}

/// Marks every field that the lab asks.
pub fn mark(e: &Expected, d: &Diagnosis) -> Vec<Mark> {
    let right = right_answer(e);
    leaves(e).into_iter().map(|(leaf, field)| one(e, d, &right, leaf, field)).collect()
}

fn one(e: &Expected, d: &Diagnosis, right: &Diagnosis, leaf: Leaf, field: Field) -> Mark {
    let mut m = Mark { leaf, field, share: 0, feedback: None, erratum: None, misconception: None };
    let lf = lab_field(field);
    let about = |f: DiagnosisField| Some(f) == lf;
    if same(field, d, right)
        || e.also.iter().any(|a| about(a.field) && says(field, d, &a.value))
        || (field == Field::Action && by_either_row(e, d, right))
    {
        m.share = FULL;
        return m;
    }
    if let Some(h) = e.half.iter().find(|h| about(h.field) && says(field, d, &h.value)) {
        m.share = HALF;
        m.feedback = Some(h.feedback.clone());
    } else if let (Field::Code, Some(CodeAnswer::Number(a)), Some(CodeAnswer::Number(b))) = (field, d.code, right.code)
        && a / 100 == b / 100
    {
        m.share = FIRST_DIGIT;
    }
    if let Some(w) = e.wrong.iter().find(|w| about(w.field) && says(field, d, &w.value)) {
        m.feedback = Some(w.feedback.clone());
        m.erratum = w.erratum;
        m.misconception = w.misconception.as_ref().map(|i| i.text.clone());
    }
    m
}

/// Whether the action is that of the code's own row or of its class row, when the lab expects one of the two.
fn by_either_row(e: &Expected, d: &Diagnosis, right: &Diagnosis) -> bool {
    let reported = matches!(e.code.number(), Some(500..=502));
    let both: Vec<Outcome> = rows(e).iter().map(|r| r.action_id.outcome()).collect();
    reported && right.action.is_some_and(|a| both.contains(&a)) && d.action.is_some_and(|a| both.contains(&a))
}

/// An answer in words, `—` when the field is open.
pub fn label(d: &Diagnosis, field: Field, lang: Lang) -> String {
    let none = "—".to_owned();
    match field {
        Field::Evidence => none,
        Field::Code => match d.code {
            Some(CodeAnswer::Number(n)) => n.to_string(),
            Some(CodeAnswer::None) => lang.pick("sin código", "no code").into(),
            None => none,
        },
        Field::Enhanced => match &d.enhanced {
            Some(EnhancedAnswer::Code(c)) => c.clone(),
            Some(EnhancedAnswer::None) => lang.pick("sin código ampliado", "no enhanced code").into(),
            None => none,
        },
        Field::By => d.by.map_or(none, |x| x.text().get(lang).into()),
        Field::Action => d.action.map_or(none, |x| x.text().get(lang).into()),
        Field::Who => d.who.map_or(none, |x| x.text().get(lang).into()),
        Field::Cause => d.cause.and_then(codes::cause).map_or(none, |c| c.text.get(lang).into()),
    }
}
