//! Stands in for [`crate::machine`] until that has an interpreter: takes inputs and says nothing.

use crate::command::Trainer;
use crate::command::io::WorldRef;
use crate::machine::{Input, Output, State};
use crate::sim::World;
use std::cell::RefCell;
use std::rc::Rc;

pub struct Machine(WorldRef);

impl Machine {
    pub fn new(w: World) -> Machine {
        Machine(Rc::new(RefCell::new(w)))
    }
    pub fn world(&self) -> WorldRef {
        self.0.clone()
    }
    pub fn state(&self) -> State {
        State::Prompt(String::new())
    }
    pub fn set_trainer(&mut self, _: Option<Rc<dyn Trainer>>) {}
    pub fn set_interactive(&mut self, _: bool) {}
    pub fn set_size(&mut self, _: u16, _: u16) {}
    pub fn input(&mut self, _: Input) -> Output {
        Output { chunks: Vec::new(), state: State::Prompt(String::new()) }
    }
}
