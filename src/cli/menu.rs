//! `maillab` alone at a terminal: what can be done, numbered. Each choice is a subcommand; afterwards the menu is back.

use super::lesson::ask;
use super::store::Store;
use super::{Context, Done, Failure, args, drill, list, play, print, run};
use crate::lab::catalogue;
use colored::Colorize;
use std::process::ExitCode;

/// A row of the menu: what it does, its words, and what is said beside them.
struct Entry {
    does: Choice,
    name: &'static str,
    about: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Continue,
    Next,
    Cases,
    Lessons,
    Drill,
    Progress,
    Codes,
}

pub(super) fn menu(ctx: &Context) -> Done {
    let lang = ctx.lang;
    loop {
        let entries = entries(ctx);
        print(&format!(
            "\n{}\n\n",
            lang.pick("maillab · averías de correo", "maillab · a flight simulator for postmasters").bold()
        ));
        for (n, e) in entries.iter().enumerate() {
            print(&format!("  {}  {:11} {}\n", n + 1, e.name, e.about));
        }
        print(&format!("  q  {}\n\n", lang.pick("Salir", "Quit")));
        let Some(answer) = ask(lang.pick("¿Qué hacemos? [1] > ", "What shall we do? [1] > ")) else {
            return Ok(ExitCode::SUCCESS);
        };
        let answer = answer.trim();
        if matches!(answer.to_lowercase().as_str(), "q" | "quit" | "exit" | "salir" | "s") {
            return Ok(ExitCode::SUCCESS);
        }
        let number = if answer.is_empty() { Some(1) } else { answer.parse::<usize>().ok() };
        match number.and_then(|n| entries.get(n.wrapping_sub(1))) {
            Some(e) => chosen(ctx, e.does),
            None => print(&lang.pick(
                format!("«{answer}» no está: un número del 1 al {}, o q\n", entries.len()),
                format!("“{answer}” is not there: a number from 1 to {}, or q\n", entries.len()),
            )),
        }
    }
}

fn entries(ctx: &Context) -> Vec<Entry> {
    let lang = ctx.lang;
    let store = Store::open(lang);
    let mut out = Vec::new();
    if let Some(u) = play::unfinished(&store, None) {
        let (n, typed) = (catalogue::number(&u.recorded.head.lab).unwrap_or(0), u.lines());
        let about =
            lang.pick(format!("el caso {n} (líneas tecleadas: {typed})"), format!("case {n} (lines typed: {typed})"));
        out.push(Entry { does: Choice::Continue, name: lang.pick("Seguir", "Go on"), about });
    }
    let (passed, all) = list::passed(&store);
    let next = catalogue::number(&play::next_case(&store)).unwrap_or(1);
    out.push(Entry {
        does: Choice::Next,
        name: lang.pick("Jugar", "Play"),
        about: lang.pick(format!("el caso {next}, desde el principio"), format!("case {next}, from the start")),
    });
    out.push(Entry {
        does: Choice::Cases,
        name: lang.pick("Casos", "Cases"),
        about: lang.pick(format!("{passed} de {all} superados"), format!("{passed} of {all} passed")),
    });
    let lessons = crate::lesson::all(lang).map_or(0, |l| l.len());
    out.push(Entry { does: Choice::Lessons, name: lang.pick("Lecciones", "Lessons"), about: lessons.to_string() });
    let cards = drill::due(&store, lang).len();
    out.push(Entry {
        does: Choice::Drill,
        name: lang.pick("Repaso", "Drill"),
        about: lang.pick(format!("tarjetas para hoy: {cards}"), format!("cards for today: {cards}")),
    });
    out.push(Entry { does: Choice::Progress, name: lang.pick("Progreso", "Progress"), about: String::new() });
    out.push(Entry {
        does: Choice::Codes,
        name: lang.pick("Códigos", "Codes"),
        about: lang.pick("la tabla de respuestas SMTP", "the table of SMTP replies").into(),
    });
    out
}

fn chosen(ctx: &Context, choice: Choice) {
    let lang = ctx.lang;
    match choice {
        Choice::Continue => subcommand(ctx, &["play", "--resume"]),
        Choice::Next => subcommand(ctx, &["play"]),
        Choice::Cases => from_list(
            ctx,
            "list",
            "play",
            lang.pick("¿Qué caso? (Intro vuelve) > ", "Which case? (Enter goes back) > "),
        ),
        Choice::Lessons => {
            from_list(
                ctx,
                "lesson",
                "lesson",
                lang.pick("¿Qué lección? (Intro vuelve) > ", "Which lesson? (Enter goes back) > "),
            );
        }
        Choice::Drill => subcommand(ctx, &["drill"]),
        Choice::Progress => subcommand(ctx, &["progress"]),
        Choice::Codes => subcommand(ctx, &["codes"]),
    }
}

/// Shows a list and does something with what is chosen from it.
fn from_list(ctx: &Context, list: &str, then: &str, question: &str) {
    print("\n");
    subcommand(ctx, &[list]);
    let Some(answer) = ask(&format!("\n{question}")) else { return };
    let answer = answer.trim();
    if !answer.is_empty() {
        subcommand(ctx, &[then, "--", answer]);
    }
}

/// Runs a subcommand as if it had been typed; what it complains of is shown.
fn subcommand(ctx: &Context, words: &[&str]) {
    let line = std::iter::once("maillab").chain(words.iter().copied());
    let done = match args::command(ctx.lang).try_get_matches_from(line) {
        Ok(m) => run(ctx, &m),
        Err(e) => Err(Failure(args::complaint(&e, ctx.lang))),
    };
    if let Err(Failure(text)) = done {
        super::complain(&text);
    }
}
