//! `maillab dev lab-log`: plays a solution or a case of a lab, or given lines, to the end, writes the logs that rsyslogd would have of it, and
//! prints the model's own counts of the same events.

use super::super::{Context, Done, Failure, labs, print, print_json};
use crate::grading::tape;
use crate::grading::worlds::Worlds;
use crate::lab::Lab;
use crate::log::tally::Tally;
use crate::log::{Facility, Record};
use crate::proof;
use crate::sim::World;
use clap::ArgMatches;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

/// The script of a solution or a case; without a name, the first solution.
fn script<'a>(lab: &'a Lab, id: Option<&str>) -> Option<&'a str> {
    let solutions = lab.solution.iter().map(|s| (s.id.text.as_str(), s.input.as_str()));
    let cases = lab.case.iter().map(|c| (c.id.text.as_str(), c.input.as_str()));
    solutions.chain(cases).find(|(name, _)| id.is_none_or(|i| i == *name)).map(|(_, input)| input)
}

/// The lines of a file: what rsyslogd writes there while it runs and the disk takes it.
fn lines(world: &World, takes: fn(&Record) -> bool) -> String {
    let records = world.host.journal.iter().filter(|r| takes(r));
    records.map(|r| r.traditional(&world.host.name) + "\n").collect()
}

fn is_mail(r: &Record) -> bool {
    r.facility == Facility::Mail
}

fn is_auth(r: &Record) -> bool {
    matches!(r.facility, Facility::Auth | Facility::AuthPriv)
}

pub(super) fn run(ctx: &Context, m: &ArgMatches) -> Done {
    let chosen = labs::choose(ctx, m.get_one::<String>("case").map_or("", String::as_str))?;
    let seed = m.get_one::<u64>("seed").copied().unwrap_or(1);
    let worlds = Rc::new(Worlds::new(chosen.file.at(seed)));
    let id = m.get_one::<String>("play").map(String::as_str);
    let typed = m.get_many::<String>("command").map(|l| l.map(String::as_str).collect::<Vec<_>>().join("\n"));
    let Some(input) = typed.as_deref().or_else(|| script(&worlds.lab, id)) else {
        let (lab, id) = (&chosen.file.id, id.unwrap_or("-"));
        return Err(Failure(ctx.lang.pick(
            format!("{lab}: no hay ninguna solución ni caso «{id}»"),
            format!("{lab}: there is no solution or case `{id}`"),
        )));
    };
    let world = proof::world_after(&worlds, chosen.number, &tape::script(input.trim_end_matches('\n')));
    let mail = lines(&world, is_mail);
    for (option, text) in [("mail", &mail), ("auth", &lines(&world, is_auth))] {
        if let Some(path) = m.get_one::<String>(option) {
            std::fs::write(Path::new(path), text).map_err(|e| Failure(format!("{path}: {e}")))?;
        }
    }
    let on_host = world.host.fs.read_text("/var/log/mail.log").is_some_and(|t| t == mail);
    let mut counts = vec![("lines", mail.lines().count()), ("on_host", usize::from(on_host))];
    counts.extend(Tally::of(&world.host.journal).counts());
    if m.get_flag("json") {
        print_json(&counts.into_iter().map(|(n, v)| (n.to_owned(), serde_json::json!(v))).collect());
    } else {
        print(&counts.iter().map(|(n, v)| format!("{n} {v}\n")).collect::<String>());
    }
    Ok(ExitCode::SUCCESS)
}
