//! Dovecot's tools: doveconf, doveadm, dovecot.

use super::Program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[];
