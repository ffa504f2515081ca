//! The report for a terminal of 80 columns; plain for screen readers has the same words without the drawing.

use super::report::{Loss, PartReport, Report};
use super::score::Part;
use crate::codes::render::wrap;
use crate::i18n::{self, Catalogue, fill};
use crate::lab::{catalogue, lessons};

/// Stands for a space at which no line is broken.
const KEEP: char = '\u{e000}';

/// Columns.
pub const WIDTH: usize = 80;

/// A heading over the whole width: `══ TEXT ═══…`; the bare text when plain.
pub fn rule(text: &str, mark: char, plain: bool) -> String {
    if plain {
        return format!("{text}\n");
    }
    let n = text.chars().count() + 4;
    format!("{mark}{mark} {text} {}\n", mark.to_string().repeat(WIDTH.saturating_sub(n)))
}

/// Text wrapped behind an indent, the first line behind `head`.
pub fn block(head: &str, indent: usize, text: &str) -> String {
    let mut out = String::new();
    for (i, l) in wrap(text, WIDTH - indent).into_iter().enumerate() {
        let lead = if i == 0 { head.to_owned() } else { " ".repeat(indent) };
        let pad = indent.saturating_sub(lead.chars().count());
        out.push_str(format!("{lead}{}{l}", " ".repeat(pad)).trim_end());
        out.push('\n');
    }
    out
}

/// A text shortened to `max` characters.
pub fn short(s: &str, max: usize) -> String {
    if s.chars().count() <= max {
        return s.to_owned();
    }
    let cut: String = s.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// The whole report.
pub fn render(r: &Report, plain: bool) -> String {
    let t = i18n::of(r.lang);
    let mut out = String::new();
    let head = heading(r);
    out.push_str(&rule(&head, '═', plain));
    let mode = if r.exam { t.mode_exam } else { t.mode_learn };
    let verdict = if r.passed { t.passed } else { t.not_passed };
    let score = format!(" {verdict}   {}/100  ({} {})", r.score, t.grade_word, r.grade10());
    let minutes = fill(t.minutes_word, &[&r.minutes]);
    let spent = format!("{minutes} · {} · {} · {mode}", lines(t, r.lines), hints(t, r.hints.len()));
    let room = WIDTH.saturating_sub(score.chars().count() + spent.chars().count());
    // At the right of the score, at most six blanks away; below it where there is no room.
    let gap = if room < 2 { "\n ".to_owned() } else { " ".repeat(room.min(6)) };
    out.push_str(&format!("{score}{gap}{spent}\n"));
    if !r.lacks.is_empty() {
        out.push_str(&block(" ", 1, &fill(t.why_not_passed, &[&r.lacks.join(", ")])));
    }
    out.push('\n');
    for (part, p) in &r.parts {
        part_text(&mut out, t, *part, p, plain);
    }
    if !r.hints.is_empty() {
        let all: Vec<String> = r.hints.iter().map(|(h, p)| format!("{h} ({})", fill(t.hint_row_item, &[p]))).collect();
        out.push_str(&block(&format!(" {:<11} −{:<6} ", t.part_hints, r.hint_price), 21, &all.join(" · ")));
    }
    for n in &r.notes {
        out.push_str(&block("   ", 3, n));
    }
    out.push('\n');
    after(&mut out, t, r);
    // What was typed or shown may hold anything; the terminal that reads this is not the host's.
    out.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

/// What the report is about.
pub fn heading(r: &Report) -> String {
    let t = i18n::of(r.lang);
    let number = r.number.map_or(String::new(), |n| n.to_string());
    let template = if r.number.is_some() { t.report_head } else { t.report_head_unknown };
    let student = if r.student.is_empty() { String::new() } else { fill(t.student_word, &[&r.student]) };
    fill(template, &[&number, &r.lab, &r.seed]) + &student
}

/// `1 command`, `31 commands`.
pub fn lines(t: &Catalogue, n: usize) -> String {
    if n == 1 { t.lines_one.to_owned() } else { fill(t.lines_word, &[&n]) }
}

/// `1 hint`, `no hints`.
pub fn hints(t: &Catalogue, n: usize) -> String {
    if n == 1 { t.hints_one.to_owned() } else { fill(t.hints_word, &[&n]) }
}

fn part_name(t: &Catalogue, p: Part) -> &'static str {
    match p {
        Part::Verdict => t.part_verdict,
        Part::Cause => t.part_cause,
        Part::Evidence => t.part_evidence,
        Part::Repair => t.part_repair,
        Part::Harm => t.part_harm,
    }
}

fn part_text(out: &mut String, t: &Catalogue, part: Part, p: &PartReport, plain: bool) {
    let tick = if plain { "+ " } else { "✓ " };
    // A short fact is not broken over two lines.
    let good: Vec<String> = p
        .good
        .iter()
        .map(|g| format!("{tick}{g}"))
        .map(|g| if g.chars().count() < 56 { g.replace(' ', &KEEP.to_string()) + &KEEP.to_string() } else { g })
        .collect();
    let points = format!("{}/{}", p.points, p.max);
    let line = block(&format!(" {:<11} {points:<7} ", part_name(t, part)), 21, &good.join(" "));
    for l in line.replace(KEEP, " ").lines() {
        out.push_str(l.trim_end());
        out.push('\n');
    }
    for n in &p.notes {
        out.push_str(&block("   ", 6, n));
    }
    let ruled: Vec<String> = p
        .rules
        .iter()
        .filter(|r| !r.by.is_empty())
        .map(|r| {
            let mut lines: Vec<usize> = r.by.iter().map(|(l, _)| *l).collect();
            lines.dedup();
            let said = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            format!("{} ({})", r.name, fill(if lines.len() > 1 { t.lines_ref } else { t.line_ref }, &[&said]))
        })
        .collect();
    if !ruled.is_empty() {
        out.push_str(&block("   ", 6, &format!("{}: {}", t.ruled_out, ruled.join(" · "))));
    }
    let mut shown: &[String] = &[];
    for l in &p.losses {
        // The rows are the same for most of a part: once is enough.
        loss(out, t, l, l.rows != shown);
        if !l.rows.is_empty() {
            shown = &l.rows;
        }
    }
}

fn loss(out: &mut String, t: &Catalogue, l: &Loss, with_rows: bool) {
    let head = if l.points > 0 { format!("   −{} ", l.points) } else { "   · ".to_owned() };
    out.push_str(&block(&head, 6, &l.text));
    match (l.line, &l.quote) {
        (Some(n), Some(q)) => out.push_str(&block("      ", 6, &fill(t.line_seen, &[&n, &short(q, 150)]))),
        (Some(n), None) => out.push_str(&block("      ", 6, &fill(t.line_ref, &[&n]))),
        (None, Some(q)) => out.push_str(&block("      ", 6, &short(q, 150))),
        (None, None) => {}
    }
    if let Some(f) = &l.feedback {
        out.push_str(&block("      ", 6, f));
    }
    for (i, row) in l.rows.iter().enumerate().filter(|_| with_rows) {
        let head = if i == 0 { format!("     {} ", t.table_word) } else { String::new() };
        out.push_str(&block(&head, 5 + t.table_word.chars().count() + 1, row));
    }
}

/// The path, beliefs and what comes next.
fn after(out: &mut String, t: &Catalogue, r: &Report) {
    let indent = 4 + t.path_word.chars().count();
    let path = match (&r.path.missed, r.path.alike) {
        (None, _) => t.path_all.to_owned(),
        (Some((run, why)), Some(l)) => format!("{}. {why}", fill(t.path_same, &[&l, run])),
        (Some((run, why)), None) => format!("{}. {why}", fill(t.path_part, &[run])),
    };
    out.push_str(&block(&format!(" {}   ", t.path_word), indent, &path));
    for l in r.debrief.split("\n\n") {
        out.push_str(&block("   ", 3, l));
    }
    if !r.expert.is_empty() {
        out.push_str(&format!(" {}\n", t.path_expert));
        for (i, (run, why)) in r.expert.iter().enumerate() {
            out.push_str(&block(&format!("   {} ", i + 1), 5, run));
            out.push_str(&block("     ", 7, why));
        }
    }
    for b in &r.beliefs {
        out.push_str(&block(&format!(" {}   ", t.belief_word), 4 + t.belief_word.chars().count(), b));
    }
    let mut next: Vec<String> = r
        .lessons
        .iter()
        .map(|l| match lessons::find(l, r.lang) {
            Some((name, title)) => format!("maillab lesson {name} ({title})"),
            None => format!("maillab lesson {l}"),
        })
        .collect();
    match r.number {
        Some(n) if r.passed && n < catalogue::ids().len() => next.push(format!("maillab play {}", n + 1)),
        Some(_) if r.passed => next.push("maillab drill".to_owned()),
        Some(n) => next.push(fill(t.again_word, &[&n, &(r.seed + 1)])),
        None => {}
    }
    if !next.is_empty() {
        out.push_str(&block(&format!(" {}   ", t.now_word), 4 + t.now_word.chars().count(), &next.join(" · ")));
    }
    out.push_str(&block(" ", 1, t.disclaimer));
}
