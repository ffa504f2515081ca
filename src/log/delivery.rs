//! What the delivery agents: local(8), virtual(8), smtp(8), lmtp(8), pipe(8), error(8), discard(8) can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {}

impl Message for Delivery {
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
