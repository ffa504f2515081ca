//! The proof of a lab: what `maillab check` plays, at each seed, and what must come of it.
//!
//! Every solution earns 100; doing nothing earns no verdict, evidence or repair; every case ends as stated; every rival can
//! be told from the fault, and not only by the line that is the fault; other noise is no rival; the same seed gives the same
//! bytes; the host's answers agree with each other. [`seed`] is one seed, for the caller to spread over threads, and
//! [`across`] what shows only over several.

mod agree;
mod cases;
mod tell;

use crate::base::Lang;
use crate::grading::Report;
use crate::grading::evidence::{self, Sight};
use crate::grading::tape;
use crate::grading::worlds::Worlds;
use crate::lab::LabFile;
use crate::lab::schema::{Evidence, EvidenceFact};
use crate::log::Message;
use crate::machine::Input;
use crate::session::{Mode, Nowhere, Options, Session};
use crate::sim::World;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Something that a lab must do and does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub seed: u64,
    /// What is wrong, in English: it is for authors.
    pub what: String,
    /// The session that shows it, as a script.
    pub session: String,
    /// What came of it: the report, or the lines that differ.
    pub detail: String,
}

/// What one seed showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seed {
    pub seed: u64,
    pub problems: Vec<Problem>,
    /// Lines of the log when the learner sits down.
    pub log_lines: usize,
    /// Lines of each solution.
    pub solution_lines: Vec<usize>,
    /// Sessions played.
    pub sessions: usize,
}

/// A played script: its report and a digest of every byte that it showed.
pub struct Played {
    pub report: Report,
    pub digest: [u8; 32],
    pub output: String,
}

/// Who plays in a proof.
fn options(lang: Lang) -> Options {
    Options { student: "check".into(), mode: Mode::Learn, lang, terminal: false, size: (80, 24), plain: true }
}

/// Plays a script to its end and hands in.
pub fn play(worlds: &Rc<Worlds>, number: Option<usize>, script: &str) -> Option<Played> {
    play_inputs(worlds, number, &tape::script(script.trim_end_matches('\n')), Lang::En)
}

/// A session after inputs, and what it showed.
fn session(worlds: &Rc<Worlds>, number: Option<usize>, inputs: &[Input], lang: Lang) -> (Session, String) {
    let mut s = Session::new(worlds.clone(), number, &options(lang), Box::new(Nowhere));
    let mut output = String::new();
    for i in inputs {
        if s.report().is_some() {
            break;
        }
        output.push_str(&tape::text(&s.input(i.clone())));
    }
    (s, output)
}

/// The host as it is after inputs.
pub fn world_after(worlds: &Rc<Worlds>, number: Option<usize>, inputs: &[Input]) -> World {
    session(worlds, number, inputs, Lang::En).0.world()
}

/// Plays inputs and hands in.
pub fn play_inputs(worlds: &Rc<Worlds>, number: Option<usize>, inputs: &[Input], lang: Lang) -> Option<Played> {
    let (mut s, mut output) = session(worlds, number, inputs, lang);
    output.push_str(&tape::text(&s.finish()));
    let digest = Sha256::digest(output.as_bytes()).into();
    s.report().cloned().map(|report| Played { report, digest, output })
}

/// Proves a lab at one seed.
pub fn seed(file: &LabFile, number: Option<usize>, seed: u64) -> Seed {
    let worlds = Rc::new(Worlds::new(file.at(seed)));
    let mut out = Seed { seed, ..Seed::default() };
    let log = worlds.start().host.fs.read_text("/var/log/mail.log").unwrap_or_default();
    out.log_lines = log.lines().count();
    for e in worlds.lab.unproduced(&worlds.start()) {
        out.problems.push(Problem {
            seed,
            what: format!("the fact `{}` is evidence, and no line of the log renders it", e.id.text),
            session: "cat /var/log/mail.log".into(),
            detail: alike(e, &worlds.start()),
        });
    }
    last_line(&worlds, &log, &mut out);
    out.solution_lines = worlds.lab.solution.iter().map(|s| s.input.trim().lines().count()).collect();
    cases::prove(&worlds, number, &mut out);
    tell::prove(&worlds, &mut out);
    if seed == 1 {
        agree::prove(&worlds, &mut out);
    }
    same_bytes(file, &worlds, number, &mut out);
    out
}

/// What an author looks at when a fact is rendered by no line: the events of that kind, with their fields.
fn alike(e: &Evidence, world: &World) -> String {
    let EvidenceFact::Log { event, .. } = &e.fact else { return format!("{:?}", e.fact) };
    let all: BTreeSet<String> = world
        .host
        .journal
        .iter()
        .filter(|r| r.event.is(&event.0))
        .map(|r| r.event.fields().iter().map(|(k, v)| format!("{k} = \"{v}\"")).collect::<Vec<_>>().join(", "))
        .collect();
    if all.is_empty() {
        return format!("no `{}` was logged at all", event.0);
    }
    let shown = all.iter().take(6).map(|f| format!("{} {{ {f} }}", event.0));
    shown.collect::<Vec<_>>().join("\n")
}

/// The line that matters is never the last of the log.
fn last_line(worlds: &Worlds, log: &str, out: &mut Seed) {
    const TAIL: &str = "tail -1 /var/log/mail.log";
    let world = worlds.start();
    let Some(last) = log.lines().last() else { return };
    let sight = Sight { line: 1, command: TAIL, typed: TAIL, output: last, world: &world };
    if let Some(s) = evidence::find(&worlds.lab, &sight).first() {
        out.problems.push(Problem {
            seed: out.seed,
            what: "the last line of the log is one that bears the verdict".into(),
            session: TAIL.into(),
            detail: format!("{}\nsomething must go on after it: [noise], or [[traffic]]", s.text),
        });
    }
}

/// The first solution, played again in worlds that are built again.
fn same_bytes(file: &LabFile, worlds: &Rc<Worlds>, number: Option<usize>, out: &mut Seed) {
    let Some(s) = worlds.lab.solution.first() else { return };
    // Once a lab is enough to find what depends on the process; every seed would cost as much as all else.
    if out.seed > 2 {
        return;
    }
    let again = Rc::new(Worlds::new(file.at(out.seed)));
    let (a, b) = (play(worlds, number, &s.input), play(&again, number, &s.input));
    out.sessions += 2;
    let (Some(a), Some(b)) = (a, b) else { return };
    if a.digest != b.digest {
        let detail = a.output.lines().zip(b.output.lines()).find(|(x, y)| x != y);
        out.problems.push(Problem {
            seed: out.seed,
            what: "the same seed and inputs gave other bytes".into(),
            session: s.input.clone(),
            detail: detail.map_or_else(String::new, |(x, y)| format!("{x}\n{y}")),
        });
    }
}

/// What shows only over several seeds: a solution that grows, a log that is much longer or shorter.
pub fn across(seeds: &[Seed]) -> Vec<Problem> {
    let mut out = Vec::new();
    let mut logs: Vec<usize> = seeds.iter().map(|s| s.log_lines).collect();
    logs.sort_unstable();
    let Some(median) = logs.get(logs.len() / 2).copied() else { return out };
    for s in seeds {
        if s.log_lines * 2 < median || s.log_lines > median * 2 + 20 {
            out.push(Problem {
                seed: s.seed,
                what: format!("the log has {} lines; the median over the seeds is {median}", s.log_lines),
                session: "wc -l /var/log/mail.log".into(),
                detail: "the difficulty must not vary with the seed".into(),
            });
        }
        if s.solution_lines != seeds[0].solution_lines {
            out.push(Problem {
                seed: s.seed,
                what: "the length of a solution varies with the seed".into(),
                session: String::new(),
                detail: format!("{:?} at seed {}, {:?} here", seeds[0].solution_lines, seeds[0].seed, s.solution_lines),
            });
        }
    }
    out
}
