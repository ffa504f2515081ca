//! `maillab list` and `maillab progress`.

use super::store::Store;
use super::{Context, Done, Failure, environment, print, print_json};
use crate::lab::{LabFile, catalogue};
use crate::lesson;
use clap::ArgMatches;
use serde_json::json;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// The best result of each lab: score and whether it was ever passed.
fn best(store: &Store) -> BTreeMap<String, (u32, bool)> {
    let mut out: BTreeMap<String, (u32, bool)> = BTreeMap::new();
    for r in store.results() {
        let e = out.entry(r.lab).or_default();
        *e = (e.0.max(r.score), e.1 || r.passed);
    }
    out
}

fn all_labs() -> Vec<(usize, LabFile)> {
    let found = catalogue::ids().into_iter().filter_map(catalogue::find);
    found.enumerate().map(|(i, f)| (i + 1, f)).collect()
}

/// How many of the cases were passed, and how many there are.
pub(super) fn passed(store: &Store) -> (usize, usize) {
    let best = best(store);
    let ids = catalogue::ids();
    (ids.iter().filter(|id| best.get(**id).is_some_and(|b| b.1)).count(), ids.len())
}

/// The first words of a ticket, for a list: no id, since an id gives the answer away.
fn first_words(ticket: &str, width: usize) -> String {
    let words = ticket.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= width {
        return words;
    }
    let cut: String = words.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head))
}

pub(super) fn list(ctx: &Context, m: &ArgMatches) -> Done {
    let lang = ctx.lang;
    let store = Store::open(lang);
    let best = best(&store);
    let lessons = lesson::all(lang).map_err(Failure)?;
    if m.get_flag("json") {
        let cases: Vec<_> = all_labs()
            .into_iter()
            .map(|(n, f)| {
                let lab = f.at(1);
                json!({"number": n, "id": f.id, "title": lab.title.get(lang), "level": lab.level, "minutes": lab.minutes,
                    "objectives": lab.objectives, "passed": best.get(&f.id).is_some_and(|b| b.1), "best": best.get(&f.id).map(|b| b.0)})
            })
            .collect();
        let lessons: Vec<_> = lessons
            .iter()
            .map(|l| json!({"id": l.head.id, "name": l.head.name, "title": l.head.title, "minutes": l.head.minutes, "objectives": l.head.objectives}))
            .collect();
        print_json(&json!({"cases": cases, "lessons": lessons}));
        return Ok(ExitCode::SUCCESS);
    }
    let width = usize::from(environment::size().0).min(120);
    let mut out = String::new();
    out.push_str(lang.pick(
        "Casos                                    (maillab play N)\n",
        "Cases                                    (maillab play N)\n",
    ));
    for (n, f) in all_labs() {
        let lab = f.at(1);
        let (score, passed) = best.get(&f.id).copied().unwrap_or_default();
        let mark = match (passed, best.contains_key(&f.id)) {
            (true, _) => format!("✓ {score:3}"),
            (false, true) => format!("  {score:3}"),
            _ => "     ".into(),
        };
        let name = if passed || m.get_flag("ids") { format!("[{}] ", f.id) } else { String::new() };
        let level = format!("{} {} · {:2} min", lang.pick("nivel", "level"), lab.level, lab.minutes);
        let head = format!("{n:3}  {mark}  {level}  {name}");
        let left = width.saturating_sub(head.chars().count() + 1).max(20);
        out.push_str(&format!("{head}{}\n", first_words(lang.pick(&lab.ticket.es, &lab.ticket.en), left)));
    }
    out.push_str(lang.pick(
        "\nLecciones                                (maillab lesson NOMBRE)\n",
        "\nLessons                                  (maillab lesson NAME)\n",
    ));
    for (n, l) in lessons.iter().enumerate() {
        out.push_str(&format!("{:3}  {:20} {:2} min  {}\n", n + 1, l.head.name, l.head.minutes, l.head.title));
    }
    print(&out);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn progress(ctx: &Context, m: &ArgMatches) -> Done {
    let lang = ctx.lang;
    let results = Store::open(lang).results();
    let mut objectives: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (_, f) in all_labs() {
        let passed = results.iter().any(|r| r.lab == f.id && r.passed);
        for o in &f.at(1).objectives {
            let e = objectives.entry(o.clone()).or_default();
            e.0 += u32::from(passed);
            e.1 += 1;
        }
    }
    if m.get_flag("json") {
        let per: Vec<_> =
            objectives.iter().map(|(o, (p, n))| json!({"objective": o, "passed": p, "cases": n})).collect();
        print_json(&json!({"plays": results, "objectives": per}));
        return Ok(ExitCode::SUCCESS);
    }
    if results.is_empty() {
        print(lang.pick("Todavía no hay nada. Para empezar: maillab play\n", "Nothing yet. To start: maillab play\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = String::new();
    for r in &results {
        let c = crate::base::Time::from_secs(r.at).civil();
        let verdict = if r.passed { lang.pick("superado", "passed") } else { lang.pick("no superado", "not passed") };
        let name = if r.passed {
            r.lab.clone()
        } else {
            catalogue::number(&r.lab).map_or_else(|| r.lab.clone(), |n| format!("{} {n}", lang.pick("caso", "case")))
        };
        out.push_str(&format!(
            "{:04}-{:02}-{:02} {:02}:{:02}  {:>3}/100  {verdict:<12} {name}\n",
            c.year, c.month, c.day, c.hour, c.minute, r.score
        ));
    }
    out.push('\n');
    for (o, (passed, n)) in &objectives {
        out.push_str(&format!("{o:24} {passed}/{n}\n"));
    }
    print(&out);
    Ok(ExitCode::SUCCESS)
}
