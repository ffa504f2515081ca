//! What Dovecot's processes can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Dovecot {}

impl Message for Dovecot {
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
