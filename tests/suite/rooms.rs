//! The shape of the source: who may import whom, how long a file may be, how it opens.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in order: each may import only what stands before it.
const ROOMS: [&str; 19] = [
    "base", "codes", "i18n", "log", "host", "postfix", "dovecot", "internet", "sim", "command", "shell", "machine",
    "lab", "grading", "session", "proof", "lesson", "cli", "repl",
];

/// Rooms that may not know each other although the order would allow it: they meet in `sim`.
const STRANGERS: [(&str, &str); 3] = [("dovecot", "postfix"), ("internet", "postfix"), ("internet", "dovecot")];

fn sources() -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut todo = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(dir) = todo.pop() {
        for e in fs::read_dir(dir).unwrap() {
            let p = e.unwrap().path();
            if p.is_dir() {
                todo.push(p);
            } else if p.extension().is_some_and(|x| x == "rs") {
                out.push(p);
            }
        }
    }
    out.sort();
    out
}

fn relative(p: &Path) -> String {
    p.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap().display().to_string()
}

/// The rooms named after `crate::` in a source text, tests left out.
fn imports(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let mut found = Vec::new();
    for line in code.lines().filter(|l| !l.trim_start().starts_with("//")) {
        for part in line.split("crate::").skip(1) {
            let names: Vec<&str> = if let Some(list) = part.strip_prefix('{') {
                list.split(',').map(str::trim).collect()
            } else {
                vec![part]
            };
            for n in names {
                let room: String = n.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if ROOMS.contains(&room.as_str()) {
                    found.push(room);
                }
            }
        }
    }
    found
}

#[test]
fn each_room_imports_only_what_stands_above_it() {
    let place = |r: &str| ROOMS.iter().position(|x| *x == r);
    let mut wrong = Vec::new();
    for p in sources() {
        let name = relative(&p);
        let Some((room, _)) = name.split_once('/') else { continue };
        for other in imports(&fs::read_to_string(&p).unwrap()) {
            let peers = matches!((room, other.as_str()), ("cli", "repl"));
            let upward = place(&other) > place(room) && !peers;
            if upward || STRANGERS.contains(&(room, other.as_str())) {
                wrong.push(format!("{name} imports {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_short_and_say_what_they_model() {
    let mut wrong = Vec::new();
    for p in sources() {
        let text = fs::read_to_string(&p).unwrap();
        let lines = text.lines().count();
        let opening = text.lines().next().unwrap_or("");
        if !opening.starts_with("//!") {
            wrong.push(format!("{} does not open with //!", relative(&p)));
        }
        let table = text.lines().take_while(|l| l.starts_with("//!")).any(|l| l.contains("Table of rows"));
        if lines > 600 && !table {
            wrong.push(format!("{} has {lines} lines", relative(&p)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_architecture_page_names_every_room_and_stays_short() {
    let page = include_str!("../../src/ARCHITECTURE.md");
    for r in ROOMS {
        assert!(page.contains(&format!("`{r}`")), "{r} is not on the page");
    }
    assert!(page.lines().count() < 200);
}
