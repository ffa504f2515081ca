//! What `new ID` writes: a small lab that passes `check`, to start from.

/// The text of a new lab.
pub fn text(id: &str) -> String {
    include_str!("template.toml").replace("@ID@", id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{LabFile, render};

    #[test]
    fn a_new_lab_is_without_mistakes() {
        let text = text("mi-lab");
        let (file, found) = LabFile::examine(&text);
        assert!(found.is_empty(), "{}", render(&found, "mi-lab.toml", &text, false));
        assert_eq!(file.id, "mi-lab");
    }
}
