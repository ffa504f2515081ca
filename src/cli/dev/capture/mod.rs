//! `dev capture`: runs recorded commands and dialogues on the model and compares each step with what the real programs did.
//!
//! A step is a command (`run`, on the mail host or as a client's machine, with text typed over time) or a dialogue (`smtp`);
//! the pauses between them are kept. What differs from run to run is masked on both sides ([`mask`]).

mod mask;
mod play;

pub use play::{Answer, answer};

use super::ledger::Ledger;
use super::smtp_case::diff;
use mask::Masker;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Whether a step is compared.
fn counts(step: &Value) -> bool {
    step.get("run").is_some() || step.get("smtp").is_some()
}

fn texts(step: &Value) -> Vec<String> {
    let get = |k: &str| step.get(k).and_then(Value::as_str).unwrap_or_default().to_owned();
    if step.get("run").is_some() {
        return vec![get("stdout"), get("stderr")];
    }
    let said = step.get("smtp").and_then(Value::as_array).cloned().unwrap_or_default();
    said.iter()
        .map(|s| {
            let lines = s.get("s").and_then(Value::as_array).cloned().unwrap_or_default();
            lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        })
        .collect()
}

/// The lines of a step that are compared, masked.
fn lines(step: &Value, masker: &Masker) -> Vec<String> {
    let mut out = Vec::new();
    if step.get("run").is_some() {
        out.push(format!("exit {}", step.get("rc").cloned().unwrap_or(Value::Null)));
        for key in ["stdout", "stderr"] {
            let text = step.get(key).and_then(Value::as_str).unwrap_or_default();
            let mut all: Vec<String> =
                masker.mask(text).split('\n').filter(|l| !l.is_empty()).map(|l| format!("{key}: {l}")).collect();
            // postconf walks a hash table with a seed of its own for each run.
            let free = |l: &String| l.contains("unused parameter: ");
            if all.iter().any(free) {
                all.sort();
            }
            out.extend(all);
        }
        return out;
    }
    for s in step.get("smtp").and_then(Value::as_array).into_iter().flatten() {
        out.push(format!("> {}", s.get("c").cloned().unwrap_or(Value::Null)));
        for l in s.get("s").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            out.push(format!("< {}", masker.mask(l)));
        }
        // A server that does not even greet: what was said to it afterwards is of no account.
        if s.get("c").is_some_and(Value::is_null) && s.get("s").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            break;
        }
        for key in ["closed", "timeout", "tls"] {
            if let Some(v) = s.get(key) {
                out.push(format!("{key} {v}"));
            }
        }
    }
    out
}

/// Of each compared step, in order: its number, what it ran, and the lines that differ (`-` real, `+` model).
pub fn compare(capture: &Value, got: &Answer) -> Vec<(usize, String, Vec<String>)> {
    let real = capture.get("steps").and_then(Value::as_array).cloned().unwrap_or_default();
    let all = |steps: &[Value], log: &[String]| {
        let mut t: Vec<String> = steps.iter().flat_map(texts).collect();
        t.extend_from_slice(log);
        Masker::new(&t.join("\n"))
    };
    let real_log: Vec<String> = capture
        .get("log")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect();
    let (mine, theirs) = (all(&got.steps, &got.log), all(&real, &real_log));
    let mut out = Vec::new();
    for (i, (r, m)) in real.iter().zip(&got.steps).enumerate().filter(|(_, (r, _))| counts(r)) {
        let title = r.get("run").and_then(Value::as_str).unwrap_or("(dialogue)").to_owned();
        let (a, b) = (lines(r, &theirs), lines(m, &mine));
        out.push((i, title, if a == b { Vec::new() } else { diff(&a, &b) }));
    }
    out
}

/// `maillab dev capture FILE… [--diff] [--json] [--ledger FILE]`.
pub fn run(files: &[String], show_diff: bool, as_json: bool, mut ledger: Ledger) -> ExitCode {
    let mut bad = false;
    let mut answers = Vec::new();
    for file in files {
        let Some(capture) = super::read_json(file) else {
            bad = true;
            continue;
        };
        let got = answer(&capture);
        let stem = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".json");
        let name = capture.get("name").and_then(Value::as_str).unwrap_or(stem).to_owned();
        if as_json {
            answers.push(json!({ "name": name, "steps": got.steps, "log": got.log }));
            continue;
        }
        let compared = compare(&capture, &got);
        let good = compared.iter().filter(|(_, _, d)| d.is_empty()).count();
        let mut unlisted = Vec::new();
        for (i, title, lines) in &compared {
            if !ledger.count(&name, Some(*i), lines.is_empty()) {
                continue;
            }
            unlisted.push(i.to_string());
            if show_diff {
                println!("{name} step {i}: {title}");
                for l in lines {
                    println!("  {l}");
                }
            }
        }
        ledger.played(&name);
        if !show_diff && !unlisted.is_empty() {
            println!("{name}: {good} of {} steps; differ: {}", compared.len(), unlisted.join(" "));
        }
    }
    if as_json {
        println!("{}", Value::Array(answers));
        return if bad { ExitCode::from(2) } else { ExitCode::SUCCESS };
    }
    let (text, code) = ledger.close("steps", bad);
    print!("{text}");
    code
}
