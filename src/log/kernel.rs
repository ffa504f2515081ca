//! What the kernel (firewall, out of memory) can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {}

impl Message for Kernel {
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
