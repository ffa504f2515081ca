//! `maillab dev shell`: a prompt on the base host, or the host of a case, without a trainer.

use super::super::{Context, Done, Failure, environment, print};
use crate::base::{Chance, Time};
use crate::lab::hosts;
use crate::machine::{Input, Machine, Output, State};
use crate::repl;
use clap::ArgMatches;
use std::cell::RefCell;
use std::io::BufRead;
use std::process::ExitCode;
use std::rc::Rc;

/// The instant at which the captures were taken, roughly.
const NOW: Time = Time::from_secs(1_795_490_000);

pub(super) fn run(_ctx: &Context, m: &ArgMatches) -> Done {
    let seed = m.get_one::<u64>("seed").copied().unwrap_or(1);
    let mut machine = Machine::new(hosts::base_world(NOW, Chance::new(seed)));
    let lines: Option<Vec<String>> = m.get_many::<String>("command").map(|l| l.cloned().collect());
    let (columns, rows) = environment::size();
    machine.resize(columns, rows);
    if let Some(lines) = lines {
        return Ok(scripted(&mut machine, lines.into_iter()));
    }
    if !environment::interactive() {
        return Ok(scripted(&mut machine, std::io::stdin().lock().lines().map_while(Result::ok)));
    }
    let first = Output { chunks: Vec::new(), state: machine.state().clone() };
    match repl::run(Rc::new(RefCell::new(machine)), first) {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(e) => Err(Failure(e.to_string())),
    }
}

/// Takes lines as typed, `^C` and `^D` for themselves, until they end or the shell does.
fn scripted(machine: &mut Machine, lines: impl Iterator<Item = String>) -> ExitCode {
    machine.set_interactive(false);
    machine.costs = true;
    for line in lines {
        let input = match line.as_str() {
            "^C" => Input::Interrupt,
            "^D" => Input::Eof,
            _ => Input::Line(line),
        };
        let output = machine.input(input);
        if repl::show(&output.chunks).is_err() || output.state == State::Exited {
            break;
        }
    }
    print("");
    ExitCode::from(u8::try_from(machine.status().unwrap_or(0) & 255).unwrap_or(1))
}
