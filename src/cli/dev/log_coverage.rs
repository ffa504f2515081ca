//! `maillab dev log-coverage`: which wordings of the log the labs produce (nothing done, each solution, each case), and recorded
//! cases given as files; who produces each, and which nobody does.
//!
//! What a program says on its standard error only is not in a log, and so not here.

use super::super::{Done, Failure, print, print_json};
use super::{capture, smtp_case};
use crate::grading::tape;
use crate::grading::worlds::Worlds;
use crate::lab::{LabFile, catalogue};
use crate::log::{Record, names};
use crate::proof;
use clap::ArgMatches;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

/// Where a clone has the recorded dialogues that it ships.
const SHIPPED: &str = "tests/data/smtp_cases";

#[derive(Default)]
struct Found {
    /// By the name of a wording: the labs and cases that produce it, and the programs that say it.
    by: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>,
}

impl Found {
    fn take(&mut self, who: &str, journal: &imbl::Vector<Record>) {
        for r in journal {
            let (producers, programs) = self.by.entry(r.event.name()).or_default();
            if !producers.contains(who) {
                producers.insert(who.to_owned());
            }
            if !programs.contains(&*r.ident) {
                programs.insert(r.ident.to_string());
            }
        }
    }
    /// Nothing done, and every solution and case of a lab.
    fn lab(&mut self, file: &LabFile, seed: u64) {
        let number = catalogue::number(&file.id);
        let worlds = Rc::new(Worlds::new(file.at(seed)));
        let solutions = worlds.lab.solution.iter().map(|s| (&s.id.text, s.input.as_str()));
        let cases = worlds.lab.case.iter().map(|c| (&c.id.text, c.input.as_str()));
        self.take(&file.id, &worlds.start().host.journal);
        for (id, input) in solutions.chain(cases) {
            let world = proof::world_after(&worlds, number, &tape::script(input.trim_end_matches('\n')));
            self.take(&format!("{}/{id}", file.id), &world.host.journal);
        }
    }
    /// A recorded dialogue or capture.
    fn recorded(&mut self, path: &str) -> Result<(), Failure> {
        let Some(value) = super::read_json(path) else { return Err(Failure(format!("{path}: no recording"))) };
        let steps = value.get("steps").is_some();
        let journal = if steps { capture::answer(&value).journal } else { smtp_case::answer(&value).journal };
        let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
        self.take(&stem, &journal);
        Ok(())
    }
    fn producers(&self, name: &str) -> usize {
        self.by.get(name).map_or(0, |(who, _)| who.len())
    }
}

fn shipped() -> Vec<String> {
    let files = std::fs::read_dir(SHIPPED).into_iter().flatten().flatten();
    files.map(|f| f.path().to_string_lossy().into_owned()).filter(|f| f.ends_with(".json")).collect()
}

pub(super) fn run(m: &ArgMatches) -> Done {
    let mut found = Found::default();
    let seeds = m.get_one::<u64>("seeds").copied().unwrap_or(1);
    for file in catalogue::ids().into_iter().filter_map(catalogue::find) {
        (1..=seeds).for_each(|seed| found.lab(&file, seed));
    }
    let mut files = shipped();
    files.extend(m.get_many::<String>("file").into_iter().flatten().cloned());
    files.sort();
    for path in files.iter().filter(|f| !f.ends_with(".expected.json")) {
        found.recorded(path)?;
    }
    if m.get_flag("json") {
        let one = |n: &String| {
            let (who, programs) = found.by.get(n).cloned().unwrap_or_default();
            json!({ "name": n, "programs": programs, "producers": who })
        };
        print_json(&json!({ "templates": names::ALL.iter().map(one).collect::<Vec<_>>() }));
    } else {
        print(&as_text(&found, m.get_flag("all")));
    }
    Ok(ExitCode::SUCCESS)
}

/// At most three of them.
fn some(set: &BTreeSet<String>) -> String {
    let first: Vec<&str> = set.iter().take(3).map(String::as_str).collect();
    let more = if set.len() > 3 { format!(" and {} more", set.len() - 3) } else { String::new() };
    format!("{}{more}", first.join(", "))
}

fn as_text(found: &Found, all: bool) -> String {
    let mut families: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for n in names::ALL.iter() {
        let produced = usize::from(found.producers(n) > 0);
        for family in [n.split('.').next().unwrap_or(n), "~all"] {
            let (total, made) = families.entry(family).or_default();
            *total += 1;
            *made += produced;
        }
    }
    let mut out = format!("{:16} {:>9} {:>9}\n", "", "templates", "produced");
    for (family, (total, made)) in &families {
        out += &format!("{:16} {total:9} {made:9}\n", family.trim_start_matches('~'));
    }
    let mut programs: BTreeMap<&str, usize> = BTreeMap::new();
    for program in found.by.values().flat_map(|(_, p)| p) {
        *programs.entry(program).or_default() += 1;
    }
    out += &format!("\n{:26} {:>9}\n", "program", "produced");
    for (program, n) in programs {
        out += &format!("{program:26} {n:9}\n");
    }
    if all {
        out += "\nproduced by:\n";
        for (name, (who, _)) in &found.by {
            out += &format!("  {name}: {}\n", some(who));
        }
    }
    out += "\nproduced by none:\n";
    for n in names::ALL.iter().filter(|n| found.producers(n) == 0) {
        out += &format!("  {n}\n");
    }
    out
}
