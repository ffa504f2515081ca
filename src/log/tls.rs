//! What TLS sessions of smtpd(8) and smtp(8) can say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Tls {}

impl Message for Tls {
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
