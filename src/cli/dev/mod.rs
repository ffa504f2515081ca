//! `maillab dev`: the model held against what the real programs did.

pub mod capture;
mod lab_log;
mod log_coverage;
pub mod normalise;
mod peer;
mod shell;
mod shell_case;
pub mod smtp_case;

use super::{Context, Done, Failure, print};
use clap::ArgMatches;
use std::path::PathBuf;
use std::process::ExitCode;

/// A file of JSON, or a complaint.
fn read_json(file: &str) -> Option<serde_json::Value> {
    let value = std::fs::read_to_string(file).ok().and_then(|t| serde_json::from_str(&t).ok());
    if value.is_none() {
        eprintln!("maillab: {file}: cannot be read as JSON");
    }
    value
}

pub(super) fn run(ctx: &Context, m: &ArgMatches) -> Done {
    match m.subcommand() {
        Some(("lab-log", m)) => lab_log::run(ctx, m),
        Some(("log-coverage", m)) => log_coverage::run(m),
        Some(("peer", m)) => peer::run(m),
        Some(("shell", m)) => shell::run(ctx, m),
        Some(("shell-case", m)) => {
            let files: Vec<PathBuf> = m.get_many::<String>("file").into_iter().flatten().map(PathBuf::from).collect();
            let (text, same) = shell_case::report(&files, m.get_flag("diff"), m.get_flag("json")).map_err(Failure)?;
            print(&text);
            Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Some(("smtp-case", m)) => {
            let files: Vec<String> = m.get_many::<String>("file").into_iter().flatten().cloned().collect();
            Ok(smtp_case::run(&files, m.get_flag("diff"), m.get_flag("json")))
        }
        Some(("capture", m)) => {
            let files: Vec<String> = m.get_many::<String>("file").into_iter().flatten().cloned().collect();
            Ok(capture::run(&files, m.get_flag("diff"), m.get_flag("json")))
        }
        _ => Err(Failure("dev: which one? maillab dev --help".into())),
    }
}
