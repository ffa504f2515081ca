//! File name expansion.

use super::pattern::{self, Pattern};
use crate::host::fs::{Cred, Fs};

#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub extglob: bool,
    pub dotglob: bool,
    pub nocase: bool,
    pub globstar: bool,
}

/// No more names than this come out of one pattern.
const MAX_NAMES: usize = 100_000;

/// The names that match, sorted; empty when there are none.
pub fn glob(fs: &Fs, cred: &Cred, cwd: &str, pat: &str, o: Options) -> Vec<String> {
    let absolute = pat.starts_with('/');
    let mut found = vec![if absolute { "/".to_owned() } else { String::new() }];
    let trimmed = pat.trim_start_matches('/');
    let parts: Vec<&str> = split(trimmed);
    let full = |p: &str| {
        if p.starts_with('/') { p.to_owned() } else { format!("{}/{p}", cwd.trim_end_matches('/')) }
    };
    for (i, part) in parts.iter().enumerate() {
        let last = i + 1 == parts.len();
        let mut next = Vec::new();
        for base in &found {
            if part.is_empty() {
                // A slash at the end, or a doubled one: only directories.
                if fs.stat(cred, &full(base)).is_ok_and(|(_, n)| n.is_dir()) {
                    next.push(if last { format!("{base}/") } else { base.clone() });
                }
                continue;
            }
            let join = |name: &str| {
                if base.is_empty() || base.ends_with('/') { format!("{base}{name}") } else { format!("{base}/{name}") }
            };
            if *part == "**" && o.globstar {
                deep(fs, cred, &full, base, &mut next, last, o);
                continue;
            }
            if !pattern::is_special(part, o.extglob) {
                let p = join(&pattern::unescape(part));
                let ok = if last { fs.lstat(cred, &full(&p)).is_ok() } else { fs.stat(cred, &full(&p)).is_ok() };
                if ok {
                    next.push(p);
                }
                continue;
            }
            let compiled = Pattern::new(part, o.extglob).nocase(o.nocase);
            let dots = part.starts_with('.') || part.starts_with("\\.");
            let dir = if base.is_empty() { cwd.to_owned() } else { full(base) };
            let Ok(entries) = fs.readdir(cred, &dir) else { continue };
            for (name, _) in entries {
                if name.starts_with('.') && !dots && !o.dotglob {
                    continue;
                }
                if compiled.matches(&name) {
                    let p = join(&name);
                    if last || fs.stat(cred, &full(&p)).is_ok_and(|(_, n)| n.is_dir()) {
                        next.push(p);
                    }
                }
            }
            if next.len() > MAX_NAMES {
                break;
            }
        }
        found = next;
    }
    found.retain(|f| !f.is_empty());
    found.sort();
    found
}

fn deep(
    fs: &Fs,
    cred: &Cred,
    full: &impl Fn(&str) -> String,
    base: &str,
    out: &mut Vec<String>,
    files: bool,
    o: Options,
) {
    let mut todo = vec![base.to_owned()];
    if !(files && base.is_empty()) {
        // At the end of a pattern the folder itself stands with its slash.
        out.push(if files && !base.ends_with('/') { format!("{base}/") } else { base.to_owned() });
    }
    while let Some(d) = todo.pop() {
        let Ok(entries) = fs.readdir(cred, &full(&d)) else { continue };
        for (name, ino) in entries {
            if name.starts_with('.') && !o.dotglob {
                continue;
            }
            let p = if d.is_empty() || d.ends_with('/') { format!("{d}{name}") } else { format!("{d}/{name}") };
            let dir = fs.node(ino).is_some_and(crate::host::fs::Node::is_dir);
            if dir {
                todo.push(p.clone());
            }
            if dir || files {
                out.push(p);
            }
            if out.len() > MAX_NAMES {
                return;
            }
        }
    }
}

/// Splits at slashes that are not within brackets or escaped.
fn split(p: &str) -> Vec<&str> {
    p.split('/').collect()
}
