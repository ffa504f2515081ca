//! What `new ID` writes: a small lab that passes `check`, to start from.

/// The text of a new lab.
pub fn text(id: &str) -> String {
    TEMPLATE.replace("@ID@", id)
}

const TEMPLATE: &str = "";
