//! The program `maillab`.
#![allow(clippy::disallowed_methods)]

use std::process::ExitCode;

/// A case builds its past in many small pieces of memory; this allocator takes a fifth off its start.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Deeply nested command lines recurse: room for them, whatever the system's limit is.
const STACK: usize = 256 << 20;

fn main() -> ExitCode {
    let run = std::thread::Builder::new().stack_size(STACK).spawn(maillab::cli::main);
    run.ok().and_then(|t| t.join().ok()).unwrap_or(ExitCode::from(101))
}
