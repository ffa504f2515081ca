//! Whether the facts that a lab names as evidence are there at all.

use super::schema::{Evidence, EvidenceFact, Lab};
use crate::log::Message;
use crate::sim::World;

impl Lab {
    /// The log facts that a world's journal does not have. In the fault's world there must be none: nobody could quote them.
    pub fn unproduced(&self, world: &World) -> Vec<&Evidence> {
        let there = |e: &Evidence| match &e.fact {
            EvidenceFact::Log { event, fields } => world.host.journal.iter().any(|r| {
                let has = r.event.fields();
                r.event.is(&event.0) && fields.iter().all(|(k, v)| has.iter().any(|(n, x)| n == k && x == v))
            }),
            _ => true,
        };
        self.evidence.iter().filter(|e| !there(e)).collect()
    }
}
