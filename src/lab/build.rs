//! Builds a world: the base host, the lab's overrides, the fault's or a rival's patch, and the past that the traffic
//! makes by running through the model. Nothing writes a log line here.

use super::hosts;
use super::patch;
use super::schema::{Lab, Patch};
use crate::base::{Chance, Time};
use crate::host::Host;
use crate::sim::World;

/// Which world of a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// The host that the learner gets.
    Fault,
    /// The host of the rival of that index, which differs by its patch only.
    Rival(usize),
    /// The same fault with other chance (pids, queue ids, delays): no learner can tell it apart.
    Null,
    /// Without the fault: what `keep` is measured against.
    Healthy,
}

impl Lab {
    /// The world of that variant, at the lab's `now`. The same lab, seed and variant give the same world.
    pub fn world(&self, variant: Variant) -> World {
        let seed = if variant == Variant::Null { self.seed ^ 0x6e75_6c6c } else { self.seed };
        let start = self.start();
        let chance = Chance::new(seed);
        let base = if self.host.base.is_empty() { hosts::BASE } else { &self.host.base };
        let mut world = hosts::files(base, start, chance)
            .unwrap_or_else(|_| World::new(Host::new("mail", hosts::BASE, start, chance)));
        let patches: Vec<&Patch> = self.host.patch.iter().chain(self.patches(variant)).collect();
        let (late, early): (Vec<&Patch>, Vec<&Patch>) =
            patches.iter().filter(|p| p.at.is_none()).partition(|p| patch::after_boot(&p.change));
        for p in early {
            patch::apply(&mut world, &p.change);
        }
        world.boot();
        for p in late {
            patch::apply(&mut world, &p.change);
        }
        let mut plan: Vec<(Time, Step<'_>)> = Vec::new();
        for p in patches {
            if let Some(at) = &p.at {
                plan.push((at.time, Step::Patch(p)));
            }
        }
        plan.sort_by_key(|(t, _)| *t);
        for (at, step) in plan {
            world.advance(at.min(self.now));
            match step {
                Step::Patch(p) => patch::apply(&mut world, &p.change),
            }
        }
        world.advance(self.now);
        world
    }
    /// The patch that makes a variant.
    pub fn patches(&self, variant: Variant) -> &[Patch] {
        match variant {
            Variant::Fault | Variant::Null => self.fault.as_ref().map_or(&[], |f| &f.patch),
            Variant::Rival(i) => self.rival.get(i).map_or(&[], |r| &r.patch),
            Variant::Healthy => &[],
        }
    }
}

/// One thing of the past.
enum Step<'a> {
    Patch(&'a Patch),
}
