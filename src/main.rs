//! The program `maillab`.

use std::process::ExitCode;

fn main() -> ExitCode {
    maillab::cli::main()
}
