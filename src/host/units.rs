//! systemd's units: what is loaded, enabled, active, and since when.

/// The state of all units.
#[derive(Clone, Debug, Default)]
pub struct Units {}
