//! What trivial-rewrite(8) can say, beside what its tables say.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub enum Rewrite {
    ListedTwice {
        domain: String,
        one: String,
        two: String,
    },
    LookupFailure {
        maps: String,
    },
    /// An address in brackets that is none, in the words of the function that found it.
    BadLiteral {
        text: String,
    },
    NullTransport {
        param: String,
    },
    NullResult {
        maps: String,
        key: String,
    },
}

impl Message for Rewrite {
    fn severity(&self) -> Severity {
        Severity::Warning
    }
    fn text(&self) -> String {
        match self {
            Rewrite::ListedTwice { domain, one, two } => {
                format!("warning: do not list domain {domain} in BOTH {one} and {two}")
            }
            Rewrite::LookupFailure { maps } => format!("warning: {maps} lookup failure"),
            Rewrite::BadLiteral { text } => format!("warning: {text}"),
            Rewrite::NullTransport { param } => {
                format!("warning: file /etc/postfix/main.cf: parameter {param}: null transport is not allowed")
            }
            Rewrite::NullResult { maps, key } => format!("warning: {maps}: ignoring null lookup result for {key}"),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Rewrite::ListedTwice { domain, one, two } => {
                vec![("domain", domain.clone()), ("param", one.clone()), ("param", two.clone())]
            }
            Rewrite::LookupFailure { maps } | Rewrite::NullResult { maps, .. } => vec![("param", maps.clone())],
            Rewrite::BadLiteral { text } => vec![("reason", text.clone())],
            Rewrite::NullTransport { param } => vec![("param", param.clone())],
        }
    }
}
