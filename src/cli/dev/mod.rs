//! `maillab dev`: the model held against what the real programs did.

mod shell;

use super::{Context, Done, Failure};
use clap::ArgMatches;

pub(super) fn run(ctx: &Context, m: &ArgMatches) -> Done {
    match m.subcommand() {
        Some(("shell", m)) => shell::run(ctx, m),
        Some((name, _)) => Err(Failure(format!("dev {name}: not there yet"))),
        None => Err(Failure("dev: which one? maillab dev --help".into())),
    }
}
