//! What anvil(8) says when it ends: the busiest clients that it saw.

use super::Message;
use crate::base::Time;

/// One line of statistics.
#[derive(Clone, Debug, PartialEq)]
pub enum Anvil {
    /// `what` is `connection`, `message`, `recipient`, `newtls` or `auth`; the unit in seconds.
    MaxRate {
        what: &'static str,
        rate: i64,
        unit: i64,
        ident: String,
        at: Time,
    },
    MaxCount {
        count: i64,
        ident: String,
        at: Time,
    },
    MaxCache {
        size: usize,
        at: Time,
    },
}

impl Message for Anvil {
    fn text(&self) -> String {
        match self {
            Anvil::MaxRate { what, rate, unit, ident, at } => {
                format!("statistics: max {what} rate {rate}/{unit}s for ({ident}) at {}", at.syslog())
            }
            Anvil::MaxCount { count, ident, at } => {
                format!("statistics: max connection count {count} for ({ident}) at {}", at.syslog())
            }
            Anvil::MaxCache { size, at } => format!("statistics: max cache size {size} at {}", at.syslog()),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Anvil::MaxRate { rate, ident, .. } => vec![("rate", rate.to_string()), ("client", ident.clone())],
            Anvil::MaxCount { count, ident, .. } => vec![("count", count.to_string()), ("client", ident.clone())],
            Anvil::MaxCache { size, .. } => vec![("size", size.to_string())],
        }
    }
}
