//! The subcommands. Only `cli` and `repl` touch the real clock, disk, environment or terminal.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]

use std::process::ExitCode;

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    eprintln!("maillab: no subcommand is built yet");
    ExitCode::from(2)
}
