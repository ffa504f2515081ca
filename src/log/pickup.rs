//! What pickup(8) can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Pickup {}

impl Message for Pickup {
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
