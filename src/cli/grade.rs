//! `maillab replay` and `maillab grade`: recorded sessions, played again.

use super::{Context, Done, Failure, environment, labs, print, print_json};
use crate::base::Lang;
use crate::grading::{Report, page};
use crate::lab::catalogue;
use crate::lab::values::is_id;
use crate::machine::{Input, State};
use crate::repl;
use crate::session::{journal, regrade};
use clap::ArgMatches;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

fn read(path: &str) -> Result<String, Failure> {
    std::fs::read(path).map(|b| String::from_utf8_lossy(&b).into_owned()).map_err(|e| Failure(format!("{path}: {e}")))
}

/// The lab that a session was played on: an embedded one, or the file of that name beside the session. A name is never a
/// path, whatever the file says: who hands in a session does not choose what it is graded against.
fn lab_of(ctx: &Context, path: &str, id: &str) -> Result<labs::Chosen, Failure> {
    if !is_id(id) {
        return Err(Failure(regrade::NotGradable::Unreadable(journal::Unreadable::NoHead).text(ctx.lang)));
    }
    let beside = Path::new(path).with_file_name(format!("{id}.toml"));
    if catalogue::text(id).is_none() && beside.exists() {
        return labs::choose(ctx, &beside.display().to_string());
    }
    labs::choose(ctx, id)
}

pub(super) fn replay(ctx: &Context, m: &ArgMatches) -> Done {
    let path = m.get_one::<String>("file").map_or("", String::as_str);
    let recorded = journal::read(&read(path)?)
        .map_err(|u| Failure(format!("{path}: {}", regrade::NotGradable::Unreadable(u).text(ctx.lang))))?;
    let chosen = lab_of(ctx, path, &recorded.head.lab)?;
    if let Err(why) = regrade::fits(&recorded, &chosen.file) {
        eprintln!("maillab: {path}: {}", why.text(ctx.lang));
        return Ok(ExitCode::from(3));
    }
    let to = m.get_one::<usize>("to").copied();
    let mut prompt = String::new();
    let mut gone = false;
    let mut session = regrade::replay(&recorded, &chosen.file, chosen.number, to, ctx.plain, |input, out| {
        if gone {
            return;
        }
        let typed = match input {
            None => String::new(),
            Some(Input::Line(l)) => format!("{prompt}{l}\n"),
            Some(Input::Interrupt) => format!("{prompt}^C\n"),
            Some(Input::Eof) => format!("{prompt}^D\n"),
            Some(_) => String::new(),
        };
        print(&typed);
        gone = repl::show(&out.chunks).is_err();
        prompt = match &out.state {
            State::Prompt(p) | State::Continue(p) => p.clone(),
            _ => String::new(),
        };
    });
    if to.is_none() && !recorded.head.terminal && session.report().is_none() {
        let _ = repl::show(&session.finish().chunks);
    }
    Ok(ExitCode::SUCCESS)
}

/// A session, and its report or why there is none.
type Graded = (String, Result<Report, String>);

pub(super) fn grade(ctx: &Context, m: &ArgMatches) -> Done {
    let files: Vec<String> = m.get_many::<String>("file").map(|f| f.cloned().collect()).unwrap_or_default();
    let progress = std::io::stderr().is_terminal() && files.len() > 1;
    // A report is in the session's language unless another one is asked for.
    let said = m.get_one::<String>("lang").map(|_| ctx.lang);
    let mut all: Vec<Graded> = Vec::new();
    for (n, f) in files.iter().enumerate() {
        if progress {
            eprint!("\r{}/{} {f}\x1b[K", n + 1, files.len());
        }
        all.push((f.clone(), one(ctx, f, said)));
    }
    if progress {
        eprint!("\r\x1b[K");
    }
    show(ctx, m, &all)?;
    let worst = all.iter().map(|(_, r)| match r {
        Ok(r) if r.passed => 0,
        Ok(_) => 1,
        Err(_) => 3,
    });
    Ok(ExitCode::from(worst.max().unwrap_or(0)))
}

fn one(ctx: &Context, path: &str, lang: Option<Lang>) -> Result<Report, String> {
    let text = std::fs::read(path).map(|b| String::from_utf8_lossy(&b).into_owned()).map_err(|e| e.to_string())?;
    let recorded = journal::read(&text).map_err(|u| regrade::NotGradable::Unreadable(u).text(ctx.lang))?;
    let chosen = lab_of(ctx, path, &recorded.head.lab).map_err(|f| f.0)?;
    regrade::grade(&text, &chosen.file, chosen.number, lang).map_err(|why| why.text(ctx.lang))
}

fn show(ctx: &Context, m: &ArgMatches, all: &[Graded]) -> Result<(), Failure> {
    let reports: Vec<&Report> = all.iter().filter_map(|(_, r)| r.as_ref().ok()).collect();
    if let Some(h) = m.get_one::<String>("html") {
        std::fs::write(h, page::render(&reports)).map_err(|e| Failure(format!("{h}: {e}")))?;
    }
    if m.get_flag("json") {
        let values = all.iter().map(|(f, r)| match r {
            Ok(r) => {
                let mut v = r.json();
                v["file"] = f.clone().into();
                v
            }
            Err(why) => serde_json::json!({"file": f, "gradable": false, "why": why}),
        });
        print_json(&values.collect());
        return Ok(());
    }
    if m.get_flag("csv") {
        let mut out = format!("file,{}\n", Report::CSV_HEAD);
        for (f, r) in all {
            match r {
                Ok(r) => out.push_str(&format!("{f},{}\n", r.csv())),
                Err(_) => {
                    out.push_str(&format!("{f},,,,,false{}\n", ",".repeat(Report::CSV_HEAD.matches(',').count() - 4)));
                }
            }
        }
        print(&out);
    }
    for (f, r) in all {
        match r {
            Ok(r) if !m.get_flag("csv") => {
                if all.len() > 1 {
                    print(&format!("{f}\n"));
                }
                print(&crate::grading::text::render(r, ctx.plain));
            }
            Ok(_) => {}
            Err(why) => eprintln!("maillab: {f}: {why}"),
        }
    }
    let _ = environment::size();
    Ok(())
}
