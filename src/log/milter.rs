//! What smtpd(8) and cleanup(8) say of mail filters that they cannot talk to.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Milter {
    Connect { service: String, error: String },
    NoHost { name: String },
    NeedsEndpoint { spec: String },
    UnknownAction { service: String, action: String },
}

impl Message for Milter {
    fn severity(&self) -> Severity {
        Severity::Warning
    }
    fn text(&self) -> String {
        match self {
            Milter::Connect { service, error } => format!("warning: connect to Milter service {service}: {error}"),
            Milter::NoHost { name } => format!("warning: host or service {name} not found: Name or service not known"),
            Milter::NeedsEndpoint { spec } => {
                format!("warning: Milter service needs transport:endpoint instead of \"{spec}\"")
            }
            Milter::UnknownAction { service, action } => {
                format!("warning: milter {service}: unrecognized default action: {action}")
            }
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Milter::Connect { service, error } => vec![("server", service.clone()), ("reason", error.clone())],
            Milter::NoHost { name } => vec![("server", name.clone())],
            Milter::NeedsEndpoint { spec } => vec![("server", spec.clone())],
            Milter::UnknownAction { service, action } => vec![("server", service.clone()), ("action", action.clone())],
        }
    }
}
