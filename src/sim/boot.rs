//! Starts the machine: what runs after a boot.

use super::World;

impl World {
    /// Builds what the packages' installation leaves (compiled tables) and starts the services.
    pub fn boot(&mut self) {}
}
