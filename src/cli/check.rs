//! `maillab check`: reads labs like a compiler, then proves them over many seeds, on all cores.

use super::{Context, Done, Failure, print};
use crate::lab::{self, LabFile, Severity, catalogue};
use crate::proof::{self, Problem, Seed};
use clap::ArgMatches;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A lab text and what to call it.
struct Source {
    name: String,
    text: String,
}

pub(super) fn run(ctx: &Context, m: &ArgMatches) -> Done {
    let paths: Vec<String> = m.get_many::<String>("path").into_iter().flatten().cloned().collect();
    let seeds = m.get_one::<u64>("seeds").copied().unwrap_or(20);
    let mut bad = false;
    let mut labs: Vec<(String, LabFile)> = Vec::new();
    for s in sources(ctx, &paths)? {
        let (file, found) = LabFile::examine(&s.text);
        if !found.is_empty() {
            let colour = std::io::stderr().is_terminal() && !ctx.plain;
            eprintln!("{}", lab::render(&found, &s.name, &s.text, colour));
        }
        let errors = found.iter().filter(|d| d.severity == Severity::Error).count();
        if errors > 0 {
            bad = true;
            eprintln!(
                "{}",
                ctx.lang.pick(format!("{}: {errors} errores", s.name), format!("{}: {errors} errors", s.name))
            );
        } else {
            labs.push((s.name, file));
        }
    }
    for (name, file) in &labs {
        bad |= !prove(ctx, name, file, seeds);
    }
    Ok(ExitCode::from(u8::from(bad)))
}

/// What the arguments name: files, folders of files, ids or numbers; nothing: every embedded lab.
fn sources(ctx: &Context, paths: &[String]) -> Result<Vec<Source>, Failure> {
    let embedded = |id: &str| catalogue::text(id).map(|t| Source { name: format!("{id}.toml"), text: t.to_owned() });
    if paths.is_empty() {
        return Ok(catalogue::ids().into_iter().filter_map(embedded).collect());
    }
    let mut out = Vec::new();
    for p in paths {
        let path = Path::new(p);
        if path.is_dir() {
            let entries = fs::read_dir(path).map_err(|e| Failure(format!("{p}: {e}")))?;
            let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
            files.retain(|f| f.extension().is_some_and(|x| x == "toml"));
            files.sort();
            if files.is_empty() {
                return Err(Failure(
                    ctx.lang
                        .pick(format!("{p}: no hay ningún caso (*.toml)"), format!("{p}: there is no lab (*.toml)")),
                ));
            }
            for f in files {
                out.push(read(&f)?);
            }
        } else if path.extension().is_some_and(|x| x == "toml") || p.contains('/') {
            out.push(read(path)?);
        } else {
            let file = super::labs::choose(ctx, p)?.file;
            out.push(Source { name: format!("{}.toml", file.id), text: file.text });
        }
    }
    Ok(out)
}

fn read(path: &Path) -> Result<Source, Failure> {
    let bytes = fs::read(path).map_err(|e| Failure(format!("{}: {e}", path.display())))?;
    Ok(Source { name: path.display().to_string(), text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// Proves one lab; whether it holds.
fn prove(ctx: &Context, name: &str, file: &LabFile, seeds: u64) -> bool {
    let number = catalogue::number(&file.id).filter(|_| catalogue::text(&file.id) == Some(file.text.as_str()));
    let done: Mutex<Vec<Seed>> = Mutex::new(Vec::new());
    let next = AtomicUsize::new(1);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let progress = std::io::stderr().is_terminal();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            // A proof recurses through shells and parsers: give it room.
            let worker = std::thread::Builder::new().stack_size(32 << 20);
            let _ = worker.spawn_scoped(scope, || {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed) as u64;
                    if n > seeds {
                        break;
                    }
                    let seed = proof::seed(file, number, n);
                    if let Ok(mut d) = done.lock() {
                        d.push(seed);
                        if progress {
                            eprint!("\r{name}: {}/{seeds}\x1b[K", d.len());
                        }
                    }
                }
            });
        }
    });
    if progress {
        eprint!("\r\x1b[K");
    }
    let mut all = done.into_inner().unwrap_or_default();
    all.sort_by_key(|s| s.seed);
    let mut problems: Vec<Problem> = all.iter().flat_map(|s| s.problems.clone()).collect();
    problems.extend(proof::across(&all));
    if (all.len() as u64) < seeds {
        problems.push(Problem {
            seed: 0,
            what: format!("only {} of {seeds} seeds could be played", all.len()),
            session: String::new(),
            detail: String::new(),
        });
    }
    let sessions: usize = all.iter().map(|s| s.sessions).sum();
    let shortest = all.first().map(|s| s.solution_lines.clone()).unwrap_or_default();
    let logs = all.iter().map(|s| s.log_lines);
    let (least, most) = (logs.clone().min().unwrap_or(0), logs.max().unwrap_or(0));
    let verdict = if problems.is_empty() { "ok" } else { "FAILED" };
    print(&ctx.lang.pick(
        format!("{name}: {verdict} · {seeds} semillas, {sessions} sesiones · soluciones de {shortest:?} líneas · log de {least} a {most} líneas\n"),
        format!("{name}: {verdict} · {seeds} seeds, {sessions} sessions · solutions of {shortest:?} lines · log of {least} to {most} lines\n"),
    ));
    show(&problems);
    problems.is_empty()
}

/// The same problem at many seeds is shown once, with the seed and the session that shows it.
fn show(problems: &[Problem]) {
    let mut seen: Vec<&str> = Vec::new();
    for p in problems {
        if seen.contains(&p.what.as_str()) {
            continue;
        }
        seen.push(&p.what);
        let same = problems.iter().filter(|o| o.what == p.what).count();
        eprintln!("error: {} (seed {}; {same} in all)", p.what, p.seed);
        for l in p.session.lines() {
            eprintln!("    > {l}");
        }
        for l in p.detail.lines().take(40) {
            eprintln!("    {l}");
        }
    }
}
