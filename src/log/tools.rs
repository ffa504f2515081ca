//! What the command line tools (postqueue, postsuper, postmap, sendmail …) can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Tools {}

impl Message for Tools {
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
