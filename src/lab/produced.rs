//! Whether the facts that a lab names as evidence are there at all.

use super::schema::{Evidence, EvidenceFact, Lab};
use crate::log::{Message, Record};
use crate::sim::World;

impl Lab {
    /// The log facts that a world's journal does not have. In the fault's world there must be none: nobody could quote them.
    pub fn unproduced(&self, world: &World) -> Vec<&Evidence> {
        let there = |e: &Evidence| match &e.fact {
            EvidenceFact::Log { event, fields } => world.host.journal.iter().any(|r| {
                let has = r.event.fields();
                r.event.kind() == event.0 && fields.iter().all(|(k, v)| has.iter().any(|(n, x)| n == k && x == v))
            }),
            _ => true,
        };
        self.evidence.iter().filter(|e| !there(e)).collect()
    }
    /// How many lines of the log stand after the last one that renders a fact of the evidence, and whether it is the only
    /// line of the log at all; `None` when no fact is in the log.
    pub fn lines_after_evidence(&self, world: &World) -> Option<usize> {
        let journal: Vec<&Record> = world.host.journal.iter().collect();
        let fits = |r: &Record| {
            self.evidence.iter().any(|e| match &e.fact {
                EvidenceFact::Log { event, fields } => {
                    let has = r.event.fields();
                    r.event.kind() == event.0 && fields.iter().all(|(k, v)| has.iter().any(|(n, x)| n == k && x == v))
                }
                _ => false,
            })
        };
        journal.iter().rposition(|r| fits(r)).map(|at| journal.len() - 1 - at)
    }
}
