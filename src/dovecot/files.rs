//! The host's file tree as the configuration reader sees it.

use super::config::parse::Files;
use crate::host::fs::{Cred, Fs};

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
