//! What master(8) and the start up faults of its children can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Master {}

impl Message for Master {
    fn kind(&self) -> &'static str {
        match *self {}
    }
    fn severity(&self) -> Severity {
        match *self {}
    }
    fn text(&self) -> String {
        match *self {}
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match *self {}
    }
}
