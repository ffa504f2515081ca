//! Text filters: grep, sed, awk, sort, head, tail….

use super::Program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[];
