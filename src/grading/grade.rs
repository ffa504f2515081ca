//! Makes the report of a session.

use super::dossier::Dossier;
use super::evidence;
use super::habits;
use super::harm::{self, Deed, Harm};
use super::looked::{self, Looked};
use super::mailbox;
use super::outcome::{self, Asked, Later};
use super::path;
use super::report::{Loss, PartReport, Report, Rule};
use super::score::{self, FULL, Leaf, Part};
use super::tape;
use super::verdict::{self, Mark};
use super::{change, diagnosis::Field};
use crate::base::Lang;
use crate::codes;
use crate::i18n::{self, Catalogue, fill};
use crate::lab::Variant;
use crate::lab::schema::Probe;
use crate::lab::values::Text;
use std::collections::BTreeMap;

/// A lab's text in the report's language.
pub(super) fn say(t: &Text, d: &Dossier<'_>) -> String {
    d.lang.pick(&t.es, &t.en).trim().to_owned()
}

/// The points of each leaf: weight and thousandths.
type Shares = BTreeMap<Leaf, u32>;

struct Grader<'a, 'd> {
    d: &'a Dossier<'d>,
    t: &'static Catalogue,
    weights: BTreeMap<Leaf, u32>,
    shares: Shares,
    parts: BTreeMap<Part, PartReport>,
    beliefs: Vec<String>,
    /// What the habits that showed have against them.
    habits: Vec<String>,
}

/// Grades a session.
pub fn grade(d: &Dossier<'_>) -> Report {
    let lab = &d.worlds.lab;
    let mut present: Vec<Leaf> = verdict::leaves(&lab.diagnosis).into_iter().map(|(l, _)| l).collect();
    if !lab.evidence.is_empty() {
        present.push(Leaf::Line);
    }
    if !lab.rival.is_empty() {
        present.push(Leaf::Rivals);
    }
    if !lab.goal.is_empty() {
        present.push(Leaf::Repair);
    }
    present.push(Leaf::Harm);
    let mut g = Grader {
        d,
        t: i18n::of(d.lang),
        weights: score::weights(&present).into_iter().collect(),
        shares: Shares::new(),
        parts: BTreeMap::new(),
        beliefs: Vec::new(),
        habits: Vec::new(),
    };
    g.verdict();
    let looked = g.evidence();
    let goals_hold = g.world(&looked);
    g.finish(&looked, goals_hold)
}

impl Grader<'_, '_> {
    fn weight(&self, leaf: Leaf) -> u32 {
        self.weights.get(&leaf).copied().unwrap_or(0)
    }
    fn part(&mut self, part: Part) -> &mut PartReport {
        self.parts.entry(part).or_default()
    }
    /// Books a share; gives the points lost.
    fn book(&mut self, leaf: Leaf, share: u32) -> u32 {
        let w = self.weight(leaf);
        self.shares.insert(leaf, share);
        let got = score::points(w, share);
        let p = self.part(leaf.part());
        p.points += got;
        p.max += w;
        w - got
    }
    fn believe(&mut self, id: &str) {
        if !id.is_empty() && !self.beliefs.iter().any(|b| b == id) {
            self.beliefs.push(id.to_owned());
        }
    }
    /// Without a diagnosis: everything is open, said once.
    fn silence(&mut self) {
        let (d, t) = (self.d, self.t);
        let e = &d.worlds.lab.diagnosis;
        let right = verdict::right_answer(e);
        for part in [Part::Verdict, Part::Cause] {
            let fields: Vec<(Leaf, Field)> = verdict::leaves(e).into_iter().filter(|(l, _)| l.part() == part).collect();
            let labels: Vec<String> = fields.iter().map(|(_, f)| verdict::label(&right, *f, d.lang)).collect();
            let lost: u32 = fields.iter().map(|(l, _)| self.book(*l, 0)).sum();
            if fields.is_empty() {
                continue;
            }
            let seen = d.best_seen();
            self.part(part).losses.push(Loss {
                points: lost,
                text: fill(t.silent, &[&labels.join(" · ")]),
                line: seen.map(|s| s.line),
                quote: seen.map(|s| evidence::squash(&s.text)),
                feedback: None,
                rows: if part == Part::Verdict { verdict::row_lines(e, None, d.lang) } else { Vec::new() },
            });
        }
    }
    fn verdict(&mut self) {
        if self.d.diagnoses.is_empty() {
            return self.silence();
        }
        let e = &self.d.worlds.lab.diagnosis;
        let first = self.d.diagnoses.first().map(|x| x.diagnosis.clone()).unwrap_or_default();
        let later: Vec<Vec<Mark>> = self.d.diagnoses.iter().skip(1).map(|x| verdict::mark(e, &x.diagnosis)).collect();
        for (i, m) in verdict::mark(e, &first).into_iter().enumerate() {
            let best = later.iter().filter_map(|l| l.get(i)).map(|m| m.share).max().unwrap_or(0);
            let share = score::later(m.share, best);
            let lost = self.book(m.leaf, share);
            self.answer(&m, share, lost, &first);
            if let Some(b) = &m.misconception {
                self.believe(b);
            }
        }
    }
    /// What the report says of one answer.
    fn answer(&mut self, m: &Mark, share: u32, lost: u32, first: &super::diagnosis::Diagnosis) {
        let (d, t) = (self.d, self.t);
        let lab = &d.worlds.lab;
        let right = verdict::right_answer(&lab.diagnosis);
        let label = verdict::label(&right, m.field, d.lang);
        if share >= FULL {
            self.part(m.leaf.part()).good.push(label);
            return;
        }
        let name = field_name(t, m.field);
        let said = verdict::label(first, m.field, d.lang);
        let mut text = if !first.has(m.field) {
            fill(t.said_open, &[&name, &label])
        } else if m.share > 0 && m.leaf != Leaf::Code {
            fill(t.said_half, &[&name, &said, &label])
        } else {
            fill(t.said_wrong, &[&name, &said, &label])
        };
        if share > m.share {
            text = format!("{text} {}", t.later_half);
        }
        let seen = d.best_seen();
        let rows = if matches!(m.leaf, Leaf::Code | Leaf::Action | Leaf::Enhanced | Leaf::Who) {
            verdict::row_lines(&lab.diagnosis, first.code.filter(|_| m.leaf == Leaf::Code), d.lang)
        } else {
            Vec::new()
        };
        let mut feedback = m.feedback.as_ref().map(|f| say(f, d));
        if m.leaf == Leaf::Cause
            && let Some(r) = lab.rival.iter().find(|r| first.cause == Some(&r.cause))
        {
            let belief = r.misconception.text.clone();
            self.believe(&belief);
            feedback = feedback.or_else(|| Some(say(&r.feedback, d)));
        }
        if let (Some(f), Some(n)) = (&mut feedback, m.erratum) {
            *f = format!("{f} ({})", fill(t.erratum_word, &[&n]));
        }
        self.part(m.leaf.part()).losses.push(Loss {
            points: lost,
            text,
            line: seen.map(|s| s.line),
            quote: seen.map(|s| evidence::squash(&s.text)),
            feedback,
            rows,
        });
    }
    fn evidence(&mut self) -> Looked {
        let looked = looked::look(self.d);
        let (d, t) = (self.d, self.t);
        let lab = &d.worlds.lab;
        if self.weight(Leaf::Line) > 0 {
            let share_of = |quotes: &[String]| {
                if quotes.iter().any(|q| evidence::bearing(q, d.seen).is_some()) { FULL } else { 0 }
            };
            let first = d.diagnoses.first().map_or(0, |x| share_of(&x.diagnosis.evidence));
            let best = d.diagnoses.iter().skip(1).map(|x| share_of(&x.diagnosis.evidence)).max().unwrap_or(0);
            let share = score::later(first, best);
            let lost = self.book(Leaf::Line, share);
            let quotes = d.diagnoses.first().map(|x| x.diagnosis.evidence.clone()).unwrap_or_default();
            if let Some(s) = quotes.iter().find_map(|q| evidence::bearing(q, d.seen)) {
                let why = lab.evidence.get(s.fact).map(|e| say(&e.why, d)).unwrap_or_default();
                let p = self.part(Part::Evidence);
                p.good.push(t.bears.to_owned());
                p.notes.push(format!("{} — {why}", fill(t.line_seen, &[&s.line, &evidence::squash(&s.text)])));
            } else {
                let text = match quotes.first() {
                    _ if d.diagnoses.is_empty() => t.no_diagnosis.to_owned(),
                    None => t.no_quote.to_owned(),
                    Some(q) => fill(t.quote_bears_not, &[q]),
                };
                let seen = d.best_seen();
                let feedback = lab.evidence.first().map(|e| say(&e.why, d));
                self.part(Part::Evidence).losses.push(Loss {
                    points: lost,
                    text,
                    line: seen.map(|s| s.line),
                    quote: seen.map(|s| evidence::squash(&s.text)),
                    feedback,
                    rows: Vec::new(),
                });
            }
        }
        self.rivals(&looked);
        looked
    }
    fn rivals(&mut self, looked: &Looked) {
        let (d, t) = (self.d, self.t);
        let lab = &d.worlds.lab;
        let all = lab.rival.len() as u32;
        if all == 0 {
            return;
        }
        let ruled = looked.rivals.iter().filter(|v| !v.by.is_empty()).count() as u32;
        let lost = self.book(Leaf::Rivals, FULL * ruled / all);
        let missed: Vec<usize> = looked.rivals.iter().filter(|v| v.by.is_empty()).map(|v| v.rival).collect();
        for v in &looked.rivals {
            let r = &lab.rival[v.rival];
            let by = v.by.iter().map(|(l, s)| (*l, s.clone())).collect();
            self.part(Part::Evidence).rules.push(Rule { id: r.id.text.clone(), name: say(&r.name, d), by });
        }
        let mut left = lost;
        for (i, rival) in missed.iter().enumerate() {
            let r = &lab.rival[*rival];
            let share = left / (missed.len() - i) as u32;
            left -= share;
            let when = looked.changed.map(|l| fill(t.after_change, &[&l]));
            // Who hands nothing in may well have looked.
            let verb = if d.diagnoses.is_empty() { t.rival_silent } else { t.not_ruled_out };
            self.part(Part::Evidence).losses.push(Loss {
                points: share,
                text: format!("{verb} {} · {}", say(&r.name, d), fill(t.rival_tells, &[&r.tell])),
                line: None,
                quote: None,
                feedback: Some([when, Some(say(&r.feedback, d))].into_iter().flatten().collect::<Vec<_>>().join(". ")),
                rows: Vec::new(),
            });
        }
    }
    /// Repair and harm; whether all goals hold.
    fn world(&mut self, looked: &Looked) -> bool {
        let (d, t) = (self.d, self.t);
        let lab = &d.worlds.lab;
        let start = d.worlds.start();
        let stored = mailbox::stored(&start);
        let touched = change::print(&start).differs(&change::print(&d.end));
        let worlds = Later::of(&d.end, touched);
        let goals = outcome::ask(&worlds, lab, &lab.goal, &stored);
        let all_hold = goals.iter().all(Asked::holds);
        if !goals.is_empty() {
            // What was right before does not count while nothing that was wrong has been put right.
            let held = |a: &Asked| outcome::now_one(&start, lab, &lab.goal[a.index], &stored).holds;
            let mended = goals.iter().any(|a| a.share() > 0 && !held(a));
            let sum: u32 = goals.iter().map(Asked::share).sum();
            let share = if mended { sum / goals.len() as u32 } else { 0 };
            let lost = self.book(Leaf::Repair, share);
            let failed = goals.iter().filter(|a| !a.holds()).count().max(1) as u32;
            let mut left = lost;
            for a in &goals {
                let name = say(&lab.goal[a.index].name, d);
                if a.holds() {
                    self.part(Part::Repair).good.push(fill(t.goal_holds, &[&name]));
                    continue;
                }
                let points = (lost / failed).min(left);
                left -= points;
                let template = if a.later.holds { t.goal_not_after_restart } else { t.goal_not };
                self.part(Part::Repair).losses.push(Loss {
                    points,
                    text: fill(template, &[&name]),
                    line: looked.changed,
                    quote: Some(a.said().to_owned()).filter(|s| !s.is_empty()),
                    feedback: None,
                    rows: Vec::new(),
                });
            }
            if let Some(l) = self.part(Part::Repair).losses.last_mut() {
                l.points += left;
            }
        }
        self.harm(&worlds, &stored, all_hold);
        all_hold
    }
    fn harm(&mut self, worlds: &Later, stored: &[mailbox::Stored], repaired: bool) {
        let (d, t) = (self.d, self.t);
        let lab = &d.worlds.lab;
        let start = d.worlds.start();
        let deeds = harm::find(lab, &start, stored, &d.live, &d.end);
        for s in habits::find(d, &deeds) {
            self.believe(s.habit.misconception);
            let erratum = s.habit.erratum.map_or_else(String::new, |n| format!(" ({})", fill(t.erratum_word, &[&n])));
            self.habits.push(format!("{}: {}{erratum}", fill(t.line_ref, &[&s.line]), s.habit.fact.get(d.lang)));
        }
        let keeps = outcome::ask(worlds, lab, &lab.keep, stored);
        let was = |k: &Asked| outcome::now_one(&start, lab, &lab.keep[k.index], stored).holds;
        let mut healthy = None;
        let broken: Vec<&Asked> = keeps
            .iter()
            .filter(|k| !k.holds())
            .filter(|k| {
                was(k)
                    || (repaired && worlds.touched() && {
                        let h = healthy.get_or_insert_with(|| {
                            outcome::now(&d.worlds.get(Variant::Healthy), lab, &lab.keep, stored)
                        });
                        h[k.index].holds
                    })
            })
            .collect();
        let irreversible = deeds.iter().any(|h| h.irreversible);
        let outage = deeds.iter().any(|h| !h.irreversible);
        let count = lab.keep.len().max(1) as u32;
        let mut share = FULL * (count - (broken.len() as u32).min(count)) / count;
        if outage {
            share /= 2;
        }
        if irreversible {
            share = 0;
        }
        let mut left = self.book(Leaf::Harm, share);
        let last_change = if broken.is_empty() { None } else { last_change(d) };
        let mut losses: Vec<Loss> = deeds.iter().map(|h| self.deed(h)).collect();
        for k in &broken {
            losses.push(Loss {
                points: 0,
                text: fill(t.keep_broken, &[&say(&lab.keep[k.index].name, d)]),
                line: last_change,
                quote: Some(k.said().to_owned()).filter(|s| !s.is_empty()),
                feedback: None,
                rows: Vec::new(),
            });
        }
        let n = losses.len() as u32;
        for (i, l) in losses.iter_mut().enumerate() {
            l.points = left / (n - i as u32);
            left -= l.points;
        }
        let p = self.part(Part::Harm);
        if losses.is_empty() {
            p.good.push(t.no_harm.to_owned());
        }
        p.losses = losses;
        p.fatal = irreversible;
        p.broken = broken.iter().any(|k| serves(&lab.keep[k.index].probe));
        let good: Vec<String> = keeps.iter().filter(|k| k.holds()).map(|k| say(&lab.keep[k.index].name, d)).collect();
        self.part(Part::Harm).good.extend(good);
    }
    fn deed(&self, h: &Harm) -> Loss {
        let t = self.t;
        let mut text = match &h.deed {
            Deed::QueueDeleted { count, example } => fill(t.harm_queue, &[count, example]),
            Deed::MailboxLost { user, count } => fill(t.harm_mailbox, &[user, count]),
            Deed::RelayOpened { said } => fill(t.harm_relay, &[said]),
            Deed::Outage { span } => fill(t.harm_outage, &[&(span.as_secs() / 60)]),
        };
        if h.irreversible {
            text = format!("{text} ({})", t.harm_irreversible);
        }
        let quote = h.line.and_then(|l| self.d.steps.iter().find(|s| s.line == l)).map(|s| s.command.clone());
        Loss { points: 0, text, line: h.line, quote, feedback: None, rows: Vec::new() }
    }
    fn finish(mut self, looked: &Looked, goals_hold: bool) -> Report {
        let (d, t) = (self.d, self.t);
        let lab = &d.worlds.lab;
        let sum: u32 = self.parts.values().map(|p| p.points).sum();
        let price: u32 = d.hints.iter().filter_map(|h| lab.hint.get(h.index)).map(|h| h.price).sum();
        let score = sum.saturating_sub(price).min(100);
        let cause_right = self.shares.get(&Leaf::Cause) == Some(&FULL)
            || d.diagnoses.iter().any(|x| {
                verdict::mark(&lab.diagnosis, &x.diagnosis).iter().any(|m| m.leaf == Leaf::Cause && m.share == FULL)
            });
        let fatal = self.parts.get(&Part::Harm).is_some_and(|p| p.fatal);
        let broken = self.parts.get(&Part::Harm).is_some_and(|p| p.broken);
        let lacks: Vec<String> = [
            (cause_right, t.why_cause),
            (goals_hold, t.why_goals),
            (!fatal, t.why_harm),
            (!broken, t.why_broken),
            (score >= 60, t.why_sixty),
        ]
        .into_iter()
        .filter(|(ok, _)| !ok)
        .map(|(_, w)| w.to_owned())
        .collect();
        let total = lab.hint.len();
        let hints = d
            .hints
            .iter()
            .map(|h| {
                (fill(t.hints_row, &[&h.line, &(h.index + 1), &total]), lab.hint.get(h.index).map_or(0, |h| h.price))
            })
            .collect();
        let mut notes = Vec::new();
        if lab.goal.is_empty() {
            notes.push(t.nothing_to_repair.to_owned());
            if let Some(l) = d.live.iter().find(|s| change::print(&d.worlds.start()).differs(&change::print(&s.world)))
            {
                notes.push(fill(t.needless_change, &[&l.line]));
            }
        }
        notes.append(&mut self.habits);
        if d.by_end {
            notes.push(t.submitted_by_end.to_owned());
        }
        let beliefs = std::mem::take(&mut self.beliefs);
        Report {
            number: d.number,
            lab: lab.id.text.clone(),
            title: say(&lab.title, d),
            seed: lab.seed,
            student: d.student.to_owned(),
            exam: d.exam,
            lang: d.lang,
            passed: lacks.is_empty(),
            score,
            minutes: (d.end.now() - d.worlds.start().now()).as_secs() / 60,
            lines: d.lines,
            parts: Part::ALL.into_iter().filter_map(|p| self.parts.remove(&p).map(|r| (p, r))).collect(),
            hints,
            hint_price: price,
            lacks,
            notes,
            beliefs: beliefs.iter().map(|b| belief(b, d.lang)).collect(),
            belief_ids: beliefs,
            path: path::compare(d, looked),
            debrief: say(&Text { es: lab.debrief.es.clone(), en: lab.debrief.en.clone() }, d),
            expert: lab.debrief.step.iter().map(|s| (s.run.clone(), say(&s.why, d))).collect(),
            lessons: lab.lessons.clone(),
            answers: verdict::leaves(&lab.diagnosis)
                .into_iter()
                .map(|(_, f)| {
                    let first = d.diagnoses.first().map(|x| x.diagnosis.clone()).unwrap_or_default();
                    let right = verdict::right_answer(&lab.diagnosis);
                    (field_name(t, f).to_owned(), verdict::label(&first, f, d.lang), verdict::label(&right, f, d.lang))
                })
                .collect(),
            rows: verdict::row_lines(&lab.diagnosis, None, d.lang),
            timeline: super::timeline::of(d),
        }
    }
}

/// The name of a field in the report.
fn field_name(t: &'static Catalogue, f: Field) -> &'static str {
    match f {
        Field::Evidence => t.part_evidence,
        Field::Code => t.field_code,
        Field::Enhanced => t.field_enhanced,
        Field::By => t.field_by,
        Field::Action => t.field_action,
        Field::Who => t.field_who,
        Field::Cause => t.field_cause,
    }
}

/// A belief as a sentence; its name in words if it has none.
fn belief(id: &str, lang: Lang) -> String {
    codes::misconception(id).map_or_else(
        || id.replace('-', " "),
        |m| lang.pick(format!("«{}»", m.belief.es), format!("\u{201c}{}\u{201d}", m.belief.en)),
    )
}

/// Whether somebody who was served is no longer: then nothing is passed, whatever the points.
fn serves(p: &Probe) -> bool {
    !matches!(p, Probe::Limited { .. } | Probe::Setting { .. } | Probe::Queue { .. })
}

/// The line of the last change to the host: what broke something is there or above it.
fn last_change(d: &Dossier<'_>) -> Option<usize> {
    let mut before = change::print(&d.worlds.start());
    let mut line = None;
    for s in tape::ends(&d.live) {
        let now = change::print(&s.world);
        if before.differs(&now) {
            line = Some(s.line);
        }
        before = now;
    }
    line
}
