//! `dev peer SUITE`: Postfix's own test data run on the model, one file a suite.

mod expand;
mod format_tv;
mod resolve;
mod smtpd_check;
mod table;
mod zone;

use super::super::{Done, Failure, print};
use super::ledger::Measure;
use super::smtp_case::diff;
use clap::ArgMatches;
use std::io::Read;
use std::process::ExitCode;

fn read(path: Option<&str>) -> Result<String, Failure> {
    let Some(path) = path.filter(|p| *p != "-") else {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|e| Failure(format!("standard input: {e}")))?;
        return Ok(text);
    };
    let bytes = std::fs::read(path).map_err(|e| Failure(format!("{path}: {e}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs the suite that the arguments name.
pub(super) fn run(m: &ArgMatches) -> Done {
    let suite = m.get_one::<String>("suite").map_or("", String::as_str);
    let args: Vec<&str> = m.get_many::<String>("args").map(|a| a.map(String::as_str).collect()).unwrap_or_default();
    let first = args.first().copied();
    let out = match suite {
        "expand" => expand::run(&read(first)?),
        "format-tv" => format_tv::run(&read(first)?),
        "table" => {
            let spec = first.ok_or_else(|| Failure("dev peer table: which one? TYPE:FILE [FILE.in]".into()))?;
            let file = spec.split_once(':').map_or(spec, |(_, f)| f);
            table::run(&read(args.get(1).copied())?, spec, &read(Some(file))?)
        }
        "resolve" => resolve::run(&read(first)?),
        "smtpd-check" => {
            let dir = first.and_then(|p| p.rsplit_once('/')).map_or(".", |(d, _)| d).to_owned();
            let load = |name: &str| std::fs::read_to_string(format!("{dir}/{name}")).ok();
            smtpd_check::run(&read(first)?, &load)
        }
        _ => return Err(Failure(format!("dev peer {suite}: no such suite; see maillab dev peer --help"))),
    };
    let Some(reference) = m.get_one::<String>("ref") else {
        print(&out);
        return Ok(ExitCode::SUCCESS);
    };
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let want = read(Some(reference))?;
    let name = reference.rsplit('/').next().unwrap_or(reference).trim_end_matches(".ref");
    let mut ledger = super::ledger(m, Measure::Peer)?;
    let mut text = String::new();
    if ledger.count(name, None, out == want) {
        text.push_str(&format!("{name}: different\n"));
        for l in diff(&lines(&want), &lines(&out)) {
            text.push_str(&format!("  {l}\n"));
        }
    }
    let (last, code) = ledger.close("cases", false);
    print(&(text + &last));
    Ok(code)
}
