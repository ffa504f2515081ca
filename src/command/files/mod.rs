//! Programs on files: ls, cp, mv, chmod, find, df, du….

use super::Program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[];
