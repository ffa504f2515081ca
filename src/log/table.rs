//! What look up tables, whichever program opens them can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Table {}

impl Message for Table {
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
