//! Postfix's tools: postfix, postconf, postqueue, postsuper, postcat, postmap, sendmail….

use super::Program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[];
