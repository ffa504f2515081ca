//! Solutions earn 100, nothing earns nothing, every case ends as its author says.

use super::{Played, Problem, Seed, play};
use crate::grading::score::Part;
use crate::grading::text;
use crate::grading::worlds::Worlds;
use crate::lab::schema::{Case, Persona};
use crate::lab::values::Points;
use std::rc::Rc;

pub fn prove(worlds: &Rc<Worlds>, number: Option<usize>, out: &mut Seed) {
    let lab = &worlds.lab;
    for s in &lab.solution {
        out.sessions += 1;
        let Some(p) = play(worlds, number, &s.input) else { continue };
        if p.report.score != 100 || !p.report.passed {
            let what = format!("the solution `{}` earns {} of 100", s.id.text, p.report.score);
            push(out, what, &s.input, &p);
        }
    }
    out.sessions += 1;
    if let Some(p) = play(worlds, number, "") {
        for part in [Part::Verdict, Part::Cause, Part::Evidence, Part::Repair] {
            if p.report.points(part) > 0 || p.report.passed {
                push(out, format!("doing nothing earns {} points for {}", p.report.points(part), part.id()), "", &p);
            }
        }
    }
    let mut scores: Vec<(Persona, u32, bool)> = Vec::new();
    for c in &lab.case {
        out.sessions += 1;
        let Some(p) = play(worlds, number, &c.input) else { continue };
        for what in differences(c, &p) {
            push(out, format!("the case `{}` {what}", c.id.text), &c.input, &p);
        }
        if let Some(persona) = c.persona {
            scores.push((persona, p.report.score, p.report.passed));
        }
    }
    order(&scores, out);
}

/// The grade separates: expert, then who repairs without looking, then the guesser, then the destroyer; only the first
/// passes.
fn order(scores: &[(Persona, u32, bool)], out: &mut Seed) {
    let rank = [Persona::Expert, Persona::Repairer, Persona::Guesser, Persona::Destroyer];
    let of = |p: Persona| scores.iter().find(|(x, _, _)| *x == p);
    for pair in rank.windows(2) {
        if let (Some(a), Some(b)) = (of(pair[0]), of(pair[1]))
            && a.1 <= b.1
        {
            let what = format!("`{}` scores {} and `{}` scores {}", a.0.word(), a.1, b.0.word(), b.1);
            out.problems.push(Problem { seed: out.seed, what, session: String::new(), detail: String::new() });
        }
    }
}

fn push(out: &mut Seed, what: String, session: &str, p: &Played) {
    let detail = text::render(&p.report, true);
    out.problems.push(Problem { seed: out.seed, what, session: session.trim().to_owned(), detail });
}

/// Everything in which a case does not end as stated.
fn differences(c: &Case, p: &Played) -> Vec<String> {
    let (e, r) = (&c.expect, &p.report);
    let mut out = Vec::new();
    if e.passed != r.passed {
        out.push(format!("is {}passed", if r.passed { "" } else { "not " }));
    }
    let mut points = |name: &str, want: Option<Points>, got: u32| {
        if let Some(w) = want
            && !w.holds(got)
        {
            let want = if w.low == w.high { w.low.to_string() } else { format!("{} to {}", w.low, w.high) };
            out.push(format!("has {name} {got}, stated is {want}"));
        }
    };
    points("score", e.score, r.score);
    points("verdict", e.verdict, r.points(Part::Verdict));
    points("cause", e.cause, r.points(Part::Cause));
    points("evidence", e.evidence, r.points(Part::Evidence));
    points("repair", e.repair, r.points(Part::Repair));
    points("harm", e.harm, r.points(Part::Harm));
    let ruled = r.ruled_out();
    for id in &e.ruled_out {
        if !ruled.contains(&id.text.as_str()) {
            out.push(format!("does not rule out `{}`", id.text));
        }
    }
    for id in &e.misconceptions {
        if !r.belief_ids.contains(&id.text) {
            out.push(format!("does not name the misconception `{}`", id.text));
        }
    }
    out
}
