//! `maillab dev`: the model held against what the real programs did.

pub mod capture;
mod lab_log;
mod ledger;
mod log_coverage;
pub mod normalise;
mod peer;
mod servers;
mod shell;
mod shell_case;
pub mod smtp_case;

use super::{Context, Done, Failure, print};
use clap::ArgMatches;
use ledger::{Ledger, Measure};
use std::path::PathBuf;

/// A file of JSON, or a complaint.
fn read_json(file: &str) -> Option<serde_json::Value> {
    let value = std::fs::read_to_string(file).ok().and_then(|t| serde_json::from_str(&t).ok());
    if value.is_none() {
        eprintln!("maillab: {file}: cannot be read as JSON");
    }
    value
}

/// The rows of the ledger that the arguments name.
fn ledger(m: &ArgMatches, measure: Measure) -> Result<Ledger, Failure> {
    Ledger::of(measure, m.get_one::<String>("ledger").map(String::as_str))
}

pub(super) fn run(ctx: &Context, m: &ArgMatches) -> Done {
    match m.subcommand() {
        Some(("lab-log", m)) => lab_log::run(ctx, m),
        Some(("log-coverage", m)) => log_coverage::run(m),
        Some(("peer", m)) => peer::run(m),
        Some(("shell", m)) => shell::run(ctx, m),
        Some(("shell-case", m)) => {
            let files: Vec<PathBuf> = m.get_many::<String>("file").into_iter().flatten().map(PathBuf::from).collect();
            let ledger = ledger(m, Measure::ShellCase)?;
            let (text, code) =
                shell_case::report(&files, m.get_flag("diff"), m.get_flag("json"), ledger).map_err(Failure)?;
            print(&text);
            Ok(code)
        }
        Some(("smtp-case", m)) => {
            let files: Vec<String> = m.get_many::<String>("file").into_iter().flatten().cloned().collect();
            Ok(smtp_case::run(&files, m.get_flag("diff"), m.get_flag("json"), ledger(m, Measure::SmtpCase)?))
        }
        Some(("capture", m)) => {
            let files: Vec<String> = m.get_many::<String>("file").into_iter().flatten().cloned().collect();
            Ok(capture::run(&files, m.get_flag("diff"), m.get_flag("json"), ledger(m, Measure::Capture)?))
        }
        _ => Err(Failure("dev: which one? maillab dev --help".into())),
    }
}
