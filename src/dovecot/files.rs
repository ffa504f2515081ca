//! The host's file tree as the configuration reader sees it.

use super::config::parse::{self, Files, Reading};
use crate::host::fs::{Cred, Fs};
use crate::host::{Blob, Errno};
use std::cell::RefCell;

/// Reads as root.
#[derive(Debug)]
pub struct HostFiles<'a>(pub &'a Fs);

fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|i| fits(rest, &name[i..])),
        Some((b'?', rest)) => !name.is_empty() && fits(rest, &name[1..]),
        Some((c, rest)) => name.first() == Some(c) && fits(rest, &name[1..]),
    }
}

impl Files for HostFiles<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.read(&Cred::root(), path).map(|b| b.text()).map_err(|e| e.to_string())
    }
    fn glob(&self, pattern: &str) -> Vec<String> {
        let mut found = vec![String::new()];
        for part in pattern.split('/').filter(|p| !p.is_empty()) {
            let mut next = Vec::new();
            for dir in found {
                if !part.contains(['*', '?']) {
                    let path = format!("{dir}/{part}");
                    if self.0.exists(&path) {
                        next.push(path);
                    }
                    continue;
                }
                let top = if dir.is_empty() { "/" } else { &dir };
                for (name, _) in self.0.readdir(&Cred::root(), top).unwrap_or_default() {
                    let hidden = name.starts_with('.') && !part.starts_with('.');
                    if !hidden && part.len() < 200 && fits(part.as_bytes(), name.as_bytes()) {
                        next.push(format!("{dir}/{name}"));
                    }
                }
            }
            found = next;
        }
        found
    }
}

/// What a reading of the configuration saw of the file tree.
#[derive(Debug)]
enum Seen {
    Content(String, Result<Blob, Errno>),
    Names(String, Vec<String>),
}

impl Seen {
    /// Whether it would see the same now.
    fn holds(&self, fs: &Fs) -> bool {
        match self {
            Seen::Content(path, was) => match (was, fs.read(&Cred::root(), path)) {
                (Ok(a), Ok(b)) => a.same(&b),
                (Err(a), Err(b)) => *a == b,
                _ => false,
            },
            Seen::Names(pattern, was) => HostFiles(fs).glob(pattern) == *was,
        }
    }
}

/// Reads, and notes what it saw.
struct Noting<'a> {
    fs: &'a Fs,
    seen: RefCell<Vec<Seen>>,
}

impl Files for Noting<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        let found = self.fs.read(&Cred::root(), path);
        self.seen.borrow_mut().push(Seen::Content(path.to_owned(), found.clone()));
        found.map(|b| b.text()).map_err(|e| e.to_string())
    }
    fn glob(&self, pattern: &str) -> Vec<String> {
        let found = HostFiles(self.fs).glob(pattern);
        self.seen.borrow_mut().push(Seen::Names(pattern.to_owned(), found.clone()));
        found
    }
}

thread_local! {
    static LAST: RefCell<Option<(String, Vec<Seen>, Reading)>> = const { RefCell::new(None) };
}

/// Reads a configuration; the last one again only when a file of it changed.
pub fn read(fs: &Fs, main: &str) -> Reading {
    let known = LAST.with_borrow(|last| {
        let (file, seen, reading) = last.as_ref()?;
        (file == main && seen.iter().all(|s| s.holds(fs))).then(|| reading.clone())
    });
    known.unwrap_or_else(|| {
        let files = Noting { fs, seen: RefCell::default() };
        let reading = parse::read(&files, main);
        LAST.set(Some((main.to_owned(), files.seen.into_inner(), reading.clone())));
        reading
    })
}
