//! `service`: the processes of a unit run.

use super::Found;
use crate::sim::World;

/// A unit as its processes are filed: Postfix's daemons belong to the instance unit, whichever of the two was named.
pub fn is_up(w: &World, unit: &str) -> bool {
    let name = unit.trim_end_matches(".service");
    let full = format!("{}.service", if name == "postfix" { "postfix@-" } else { name });
    w.host.procs.iter().any(|p| *p.unit == *full)
}

pub fn ask(w: &World, unit: &str) -> Found {
    Found::new(is_up(w, unit), unit)
}
