//! The system: systemctl, journalctl, ps, kill, date, systemd's tools.

pub mod date;

use super::Program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[];
