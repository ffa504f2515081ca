//! Mail user programs: mail, swaks, mailx.

use super::Program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[];
