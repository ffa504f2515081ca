//! The subcommands. Only `cli` and `repl` touch the real clock, disk, environment or terminal.
//!
//! Exit status: 0 done or passed, 1 not passed, 2 usage or file error, 3 not gradable.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

mod args;
mod check;
pub mod dev;
mod drill;
mod environment;
mod grade;
mod labs;
mod lesson;
mod list;
mod markdown;
mod menu;
mod play;
mod store;

use crate::base::Lang;
use clap::ArgMatches;
use clap::error::ErrorKind;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// A usage or file error: what is wrong and what to do, for standard error.
pub struct Failure(pub String);

/// What a subcommand gives back.
pub type Done = Result<ExitCode, Failure>;

/// What every subcommand may need to know.
pub struct Context {
    pub lang: Lang,
    pub plain: bool,
}

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    let raw: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let lang = environment::language_in(&raw);
    let matches = match args::command(lang).try_get_matches_from(&raw) {
        Ok(m) => m,
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            print(&args::help(&e.render().to_string(), lang));
            return ExitCode::SUCCESS;
        }
        Err(e) => {
            eprintln!("maillab: {}", args::complaint(&e, lang));
            return ExitCode::from(2);
        }
    };
    let plain = matches.get_flag("plain") || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    colored::control::set_override(!plain && std::io::stdout().is_terminal());
    let ctx = Context { lang, plain: matches.get_flag("plain") };
    match run(&ctx, &matches) {
        Ok(code) => code,
        Err(Failure(text)) => {
            complain(&text);
            ExitCode::from(2)
        }
    }
}

/// Says on standard error what is wrong.
fn complain(text: &str) {
    eprintln!("maillab: {text}");
}

fn run(ctx: &Context, m: &ArgMatches) -> Done {
    match m.subcommand() {
        Some(("check", m)) => check::run(ctx, m),
        Some(("codes", m)) => codes(ctx, m),
        Some(("completions", m)) => Ok(completions(ctx, m)),
        Some(("dev", m)) => dev::run(ctx, m),
        Some(("drill", _)) => drill::run(ctx),
        Some(("grade", m)) => grade::grade(ctx, m),
        Some(("lesson", m)) => lesson::run(ctx, m),
        Some(("list", m)) => list::list(ctx, m),
        Some(("new", m)) => new(ctx, m),
        Some(("play", m)) => play::run(ctx, m),
        Some(("progress", m)) => list::progress(ctx, m),
        Some(("replay", m)) => grade::replay(ctx, m),
        Some(("schema", _)) => {
            print_json(&crate::lab::json_schema());
            Ok(ExitCode::SUCCESS)
        }
        Some((name, _)) => Err(Failure(format!("{name}: not there yet"))),
        None if environment::interactive() => menu::menu(ctx),
        None => {
            print(&args::help(&args::command(ctx.lang).render_help().to_string(), ctx.lang));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Writes to standard output; a reader that went away is no error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Pretty JSON with a newline.
pub fn print_json(value: &serde_json::Value) {
    print(&format!("{value:#}\n"));
}

fn codes(ctx: &Context, m: &ArgMatches) -> Done {
    use crate::codes::render;
    let width = usize::from(environment::size().0).min(100);
    let text = match (m.get_one::<String>("code"), m.get_flag("json")) {
        (None, true) => {
            print_json(&render::json());
            return Ok(ExitCode::SUCCESS);
        }
        (None, false) => render::overview(ctx.lang, width),
        (Some(key), json) => {
            let rows = render::found(key);
            if rows.is_empty() {
                return Err(Failure(ctx.lang.pick(
                    format!("la tabla no tiene «{key}»; maillab codes la muestra entera"),
                    format!("the table has no `{key}`; maillab codes shows all of it"),
                )));
            }
            if json {
                print_json(&rows.into_iter().map(render::row_json).collect());
                return Ok(ExitCode::SUCCESS);
            }
            render::one(key, ctx.lang, width).unwrap_or_default()
        }
    };
    print(&text);
    Ok(ExitCode::SUCCESS)
}

/// Writes the template of a lab into the current folder; never over a file that is there.
fn new(ctx: &Context, m: &ArgMatches) -> Done {
    let id = m.get_one::<String>("id").map_or("", String::as_str);
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Err(Failure(ctx.lang.pick(
            format!("«{id}» no vale como nombre: letras minúsculas, cifras y guiones"),
            format!("`{id}` is no id: small letters, digits and hyphens"),
        )));
    }
    let path = format!("{id}.toml");
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
    let written = file.and_then(|mut f| f.write_all(crate::lab::template::text(id).as_bytes()));
    written.map_err(|e| Failure(format!("{path}: {e}")))?;
    print(&ctx.lang.pick(
        format!("{path}\n  maillab check {path}    la prueba\n  maillab play {path}     para jugarlo\n"),
        format!("{path}\n  maillab check {path}    the proof\n  maillab play {path}     to play it\n"),
    ));
    Ok(ExitCode::SUCCESS)
}

fn completions(ctx: &Context, m: &ArgMatches) -> ExitCode {
    if let Some(shell) = m.get_one::<clap_complete::Shell>("shell") {
        let mut out = Vec::new();
        clap_complete::generate(*shell, &mut args::command(ctx.lang), "maillab", &mut out);
        print(&String::from_utf8_lossy(&out));
    }
    ExitCode::SUCCESS
}

/// Columns and rows of the terminal.
pub fn terminal_size() -> (u16, u16) {
    environment::size()
}
