//! What users write into the log with logger(1): the text is theirs.

use super::{Message, Severity};

#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub text: String,
}

impl Message for User {
    fn severity(&self) -> Severity {
        Severity::Notice
    }
    fn text(&self) -> String {
        self.text.clone()
    }
}
