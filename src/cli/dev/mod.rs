//! `maillab dev`: the model held against what the real programs did.

use super::{Context, Done, Failure};
use clap::ArgMatches;

pub(super) fn run(_ctx: &Context, m: &ArgMatches) -> Done {
    match m.subcommand() {
        Some((name, _)) => Err(Failure(format!("dev {name}: not there yet"))),
        None => Err(Failure("dev: which one? maillab dev --help".into())),
    }
}
