//! `maillab lesson`: a lesson screen by screen; its command blocks run on a host at that place.

use super::{Context, Done, Failure, environment, markdown, print};
use crate::codes::render;
use crate::lab::diagnostic::nearest;
use crate::lesson::{self, Command, Lesson, Part, Question};
use crate::machine::{Input, Machine, Output, State};
use crate::repl;
use clap::ArgMatches;
use colored::Colorize;
use std::cell::RefCell;
use std::io::BufRead;
use std::process::ExitCode;
use std::rc::Rc;

pub(super) fn run(ctx: &Context, m: &ArgMatches) -> Done {
    let lang = ctx.lang;
    let all = lesson::all(lang).map_err(Failure)?;
    let Some(name) = m.get_one::<String>("name") else {
        for (n, l) in all.iter().enumerate() {
            print(&format!("{:3}  {:20} {:2} min  {}\n", n + 1, l.head.name, l.head.minutes, l.head.title));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let Some(found) = lesson::find(name, lang).map_err(Failure)? else {
        let names = all.iter().flat_map(|l| [l.head.name.as_str(), l.head.id.as_str()]);
        let near = match nearest(name, names) {
            Some(n) => lang.pick(format!("\n  ¿querías decir «{n}»?"), format!("\n  did you mean `{n}`?")),
            None => String::new(),
        };
        return Err(Failure(lang.pick(
            format!("no hay ninguna lección «{name}»{near}\n  maillab lesson las enseña"),
            format!("there is no lesson `{name}`{near}\n  maillab lesson shows them"),
        )));
    };
    Player::new(ctx, &found).play(&found)
}

struct Player<'a> {
    ctx: &'a Context,
    machine: Rc<RefCell<Machine>>,
    width: usize,
    terminal: bool,
    right: usize,
    asked: usize,
}

/// What the learner wants after a screen.
enum Next {
    On,
    Back,
    Quit,
}

impl<'a> Player<'a> {
    fn new(ctx: &'a Context, l: &Lesson) -> Player<'a> {
        let mut machine = Machine::new(l.world());
        for line in &l.head.setup {
            machine.input(Input::Line(line.clone()));
        }
        let (columns, rows) = environment::size();
        machine.resize(columns, rows);
        let terminal = environment::interactive();
        machine.set_interactive(terminal);
        Player {
            ctx,
            machine: Rc::new(RefCell::new(machine)),
            width: usize::from(columns).min(100),
            terminal,
            right: 0,
            asked: 0,
        }
    }
    fn play(mut self, l: &Lesson) -> Done {
        let mut at = 0;
        while at < l.screens.len() {
            let place = format!("{}/{}", at + 1, l.screens.len());
            print(&format!("\n{}\n\n", format!("── {} · {place} ", l.head.title).dimmed()));
            for part in &l.screens[at] {
                match part {
                    Part::Text(t) => self.text(t),
                    Part::Run(lines) => self.commands(lines)?,
                    Part::Question(q) => self.question(q),
                }
            }
            match self.next(at + 1 == l.screens.len())? {
                Next::On => at += 1,
                Next::Back => at = at.saturating_sub(1),
                Next::Quit => return Ok(ExitCode::SUCCESS),
            }
        }
        if self.asked > 0 {
            let (r, n) = (self.right, self.asked);
            print(&self.ctx.lang.pick(format!("\nPreguntas: {r} de {n}.\n"), format!("\nQuestions: {r} of {n}.\n")));
        }
        Ok(ExitCode::SUCCESS)
    }
    fn text(&self, t: &str) {
        if let Some((before, after)) = t.split_once("{{table}}") {
            print(&markdown::render(before, self.width, self.ctx.plain));
            print(&render::overview(self.ctx.lang, self.width));
            print(&markdown::render(after, self.width, self.ctx.plain));
        } else {
            print(&markdown::render(t, self.width, self.ctx.plain));
        }
        print("\n");
    }
    /// Runs the lines as if typed at the prompt.
    fn commands(&self, lines: &[Command]) -> Result<(), Failure> {
        for Command { line, .. } in lines {
            let state = self.machine.borrow().state().clone();
            let prompt = if let State::Prompt(p) = state { p } else { String::new() };
            print(&format!("{prompt}{}\n", line.bold()));
            let out = self.machine.borrow_mut().input(Input::Line(line.clone()));
            repl::show(&out.chunks).map_err(|e| Failure(e.to_string()))?;
            if !matches!(out.state, State::Prompt(_)) {
                self.machine.borrow_mut().input(Input::Interrupt);
            }
        }
        print("\n");
        Ok(())
    }
    fn question(&mut self, q: &Question) {
        print(&format!("{} {}\n", "?".bold(), q.text));
        if !self.terminal {
            print(&format!("  = {}\n  {}\n\n", q.answers[0], q.feedback));
            return;
        }
        self.asked += 1;
        let given = ask("  > ");
        let ok = given.as_deref().is_some_and(|g| q.accepts(g));
        self.right += usize::from(ok);
        let mark = if ok { "✓".green() } else { "✗".red() };
        let answer = if ok { String::new() } else { format!("{} · ", q.answers[0]) };
        print(&format!("  {mark} {answer}{}\n\n", q.feedback));
    }
    /// Waits between screens; at a terminal the learner may try the host for a while.
    fn next(&mut self, last: bool) -> Result<Next, Failure> {
        if !self.terminal {
            return Ok(Next::On);
        }
        let say = self.ctx.lang.pick(
            "Intro sigue · < vuelve · s prueba tú (exit para volver) · q salir > ",
            "Enter goes on · < back · s try it yourself (exit to return) · q quit > ",
        );
        loop {
            match ask(say).as_deref().map(str::trim) {
                None | Some("q" | "Q") => return Ok(Next::Quit),
                Some("<") => return Ok(Next::Back),
                Some("s" | "S" | "!") => self.shell()?,
                Some("") if last => return Ok(Next::On),
                Some(_) => return Ok(Next::On),
            }
        }
    }
    fn shell(&mut self) -> Result<(), Failure> {
        let snapshot = self.machine.borrow().snapshot();
        let first = Output { chunks: Vec::new(), state: self.machine.borrow().state().clone() };
        repl::run(self.machine.clone(), first).map_err(|e| Failure(e.to_string()))?;
        if let Some(s) = snapshot {
            // What was tried is not part of the lesson.
            self.machine = Rc::new(RefCell::new(Machine::from_snapshot(s)));
        }
        Ok(())
    }
}

/// Reads a line after a prompt; `None` at the end of input.
pub(super) fn ask(prompt: &str) -> Option<String> {
    print(prompt);
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(n) if n > 0 => Some(line),
        _ => {
            print("\n");
            None
        }
    }
}
