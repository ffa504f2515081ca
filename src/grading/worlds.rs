//! The worlds of a lab at a seed, each built once: the fault's, each rival's, the control, the healthy one.

use crate::lab::{Lab, Variant};
use crate::sim::World;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A lab at a seed with its worlds.
pub struct Worlds {
    pub lab: Lab,
    built: RefCell<BTreeMap<Variant, World>>,
    control: RefCell<Option<World>>,
    quiet: RefCell<Option<World>>,
}

/// What the control's seed differs by.
const CONTROL: u64 = 0x636f_6e74_726f_6c00;

impl Worlds {
    pub fn new(lab: Lab) -> Worlds {
        Worlds { lab, built: RefCell::default(), control: RefCell::default(), quiet: RefCell::default() }
    }
    /// The world of a variant.
    pub fn get(&self, variant: Variant) -> World {
        if let Some(w) = self.built.borrow().get(&variant) {
            return w.clone();
        }
        let mut w = self.lab.world(variant);
        w.exec = Some(crate::machine::exec);
        self.built.borrow_mut().insert(variant, w.clone());
        w
    }
    /// The host that the learner gets.
    pub fn start(&self) -> World {
        self.get(Variant::Fault)
    }
    /// The same fault among the noise of another seed.
    pub fn other_noise(&self, differs: u64) -> World {
        let mut other = self.lab.clone();
        other.seed ^= differs;
        let mut w = other.world(Variant::Fault);
        w.exec = Some(crate::machine::exec);
        w
    }
    /// The same fault without noise, and twice among other noise and chance: a line that is in the fault's world and in
    /// all of these is the case's.
    pub fn controls(&self) -> [World; 3] {
        [self.quiet(), self.control(), self.get(Variant::Null)]
    }
    fn quiet(&self) -> World {
        if let Some(w) = &*self.quiet.borrow() {
            return w.clone();
        }
        let mut w = self.lab.without_noise().world(Variant::Fault);
        w.exec = Some(crate::machine::exec);
        *self.quiet.borrow_mut() = Some(w.clone());
        w
    }
    fn control(&self) -> World {
        if let Some(w) = &*self.control.borrow() {
            return w.clone();
        }
        let w = self.other_noise(CONTROL);
        *self.control.borrow_mut() = Some(w.clone());
        w
    }
}
