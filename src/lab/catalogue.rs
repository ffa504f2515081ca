//! The labs inside the binary, in their order of play.

use super::diagnostic::nearest;
use super::load::LabFile;
use include_dir::{Dir, include_dir};

static LABS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// The first labs; others follow by level and name.
const ORDER: [&str; 5] = ["unknown-user", "full-mailbox", "service-down", "open-relay", "all-is-well"];

/// The text of an embedded lab.
pub fn text(id: &str) -> Option<&'static str> {
    LABS.get_file(format!("{id}.toml"))?.contents_utf8()
}

/// All ids in order of play. A learner's number is the place in it, from 1.
pub fn ids() -> Vec<&'static str> {
    let mut found: Vec<&'static str> = LABS
        .files()
        .filter(|f| f.path().extension().is_some_and(|e| e == "toml"))
        .filter_map(|f| f.path().file_stem()?.to_str())
        .collect();
    found.sort_by_key(|id| (ORDER.iter().position(|o| o == id).unwrap_or(ORDER.len()), *id));
    found
}

/// The embedded lab of a number or an id.
pub fn find(key: &str) -> Option<LabFile> {
    let all = ids();
    let id = match key.parse::<usize>() {
        Ok(n) => n.checked_sub(1).and_then(|n| all.get(n).copied())?,
        Err(_) => key,
    };
    Some(LabFile::shipped(id, text(id)?))
}

/// The place of a lab in the order of play, from 1.
pub fn number(id: &str) -> Option<usize> {
    ids().iter().position(|i| *i == id).map(|p| p + 1)
}

/// The id that was probably meant.
pub fn suggest(word: &str) -> Option<&'static str> {
    nearest(word, ids())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::render;

    #[test]
    fn every_embedded_lab_is_without_mistakes() {
        assert_eq!(ids()[..5], ORDER);
        for id in ids() {
            let text = text(id).unwrap();
            let (file, diagnostics) = LabFile::examine(text);
            assert!(diagnostics.is_empty(), "{}", render(&diagnostics, id, text, false));
            assert_eq!(file.id, id);
        }
    }

    #[test]
    fn found_by_number_and_by_id() {
        assert_eq!(find("1").unwrap().id, "unknown-user");
        assert_eq!(find("open-relay").unwrap().id, "open-relay");
        assert!(find("0").is_none() && find("99").is_none() && find("x").is_none());
        assert_eq!(number("full-mailbox"), Some(2));
        assert_eq!(suggest("full-mailbxo"), Some("full-mailbox"));
    }
}
