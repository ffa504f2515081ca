//! Configuration as doveconf shows it: for people (`-n`, `-a`, `-d`), one setting, or `key=value` lines (`-S`).

use super::schema::{schema, section_fields, split_path, unescape};
use super::{Block, Config, Filter};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Which settings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What differs from the default.
    Changed,
    /// What was said, differing or not (`-N`).
    Said,
    All,
    Defaults,
}

/// Settings that hold a secret.
fn is_hidden(key: &str) -> bool {
    matches!(
        key,
        "ssl_key"
            | "ssl_alt_key"
            | "ssl_client_key"
            | "ssl_dh"
            | "ssl_key_password"
            | "doveadm_password"
            | "doveadm_api_key"
    )
}

/// Names that Dovecot does not show in this build's `-n`, though set by itself: they are computed.
const COMPUTED: [&str; 2] = ["managesieve_notify_capability", "managesieve_sieve_capability"];

/// Whether sections of this kind show what was said even when it is the default.
fn shows_said(words: &[&str]) -> bool {
    matches!(words, ["namespace", ..] | ["service", _])
}

fn order(a: &str, b: &str) -> Ordering {
    a.bytes().cmp(b.bytes())
}

fn collect(block: &Block, config: &Config, which: Which, top: bool) -> BTreeMap<String, String> {
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    let s = schema();
    if matches!(which, Which::All | Which::Defaults) && top {
        out.extend(s.values.iter().map(|(k, v)| (k.clone(), (*v).to_owned())));
        if which == Which::Defaults {
            return out;
        }
        for section in &block.sections {
            let (mut words, last) = split_path(section);
            let _ = last;
            if words.is_empty() {
                words = vec![section.split('/').next().unwrap_or("")];
            }
            for (name, _, default) in section_fields(&words).unwrap_or(&[]) {
                out.entry(format!("{section}/{name}")).or_insert_with(|| (*default).to_owned());
            }
        }
    }
    for (k, v) in &block.values {
        let (words, _) = split_path(k);
        let default = s.default(k);
        let said = which != Which::Changed || shows_said(&words) || words.first() == Some(&"plugin");
        if said || v != default {
            out.insert(k.clone(), v.clone());
        }
    }
    if top && which != Which::Defaults {
        for section in block.sections.iter().filter(|s| s.starts_with("namespace/") && s.matches('/').count() == 1) {
            for k in ["location", "prefix"] {
                out.entry(format!("{section}/{k}")).or_default();
            }
        }
        if config.contents.is_empty() && which != Which::All {
            for k in COMPUTED {
                out.insert(k.to_owned(), s.default(k).to_owned());
            }
        }
    }
    out
}

fn quote(v: &str) -> String {
    if v.starts_with(' ') || v.ends_with(' ') || v.contains('#') {
        format!("\"{}\"", v.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        v.to_owned()
    }
}

fn show(key: &str, value: &str, secrets: bool) -> String {
    if is_hidden(key) && !secrets && !value.is_empty() {
        return "# hidden, use -P to show it".into();
    }
    quote(value)
}

/// The section parts of a path: (`service`, `auth`), (`unix_listener`, …).
fn parts(path: &str) -> (Vec<(String, String)>, String) {
    if let Some(rest) = path.strip_prefix("plugin/").or(path.strip_prefix("dict/")) {
        let word = path.split('/').next().unwrap_or("");
        return (vec![(word.to_owned(), String::new())], rest.to_owned());
    }
    let all: Vec<&str> = path.split('/').collect();
    let n = (all.len() - 1) / 2;
    let sections = (0..n)
        .map(|i| {
            let name = all[2 * i + 1];
            let anonymous = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
            (all[2 * i].to_owned(), if anonymous { format!("\u{0}{name}") } else { unescape(name) })
        })
        .collect();
    (sections, all[2 * n..].join("/"))
}

fn head(word: &str, name: &str) -> String {
    match name {
        "" => format!("{word} {{"),
        n if n.starts_with('\0') => format!("{word} {{"),
        n if n.contains(' ') => format!("{word} \"{n}\" {{"),
        n => format!("{word} {n} {{"),
    }
}

fn write_tree(out: &mut String, values: &BTreeMap<String, String>, indent: usize, secrets: bool) {
    let mut keys: Vec<&String> = values.keys().collect();
    keys.sort_by(|a, b| order(a, b));
    let mut open: Vec<(String, String)> = Vec::new();
    let pad = |n: usize| "  ".repeat(n);
    for k in keys {
        let (sections, last) = parts(k);
        let common = open.iter().zip(&sections).take_while(|(a, b)| a == b).count();
        while open.len() > common {
            open.pop();
            out.push_str(&format!("{}}}\n", pad(indent + open.len())));
        }
        for (word, name) in &sections[common..] {
            out.push_str(&format!("{}{}\n", pad(indent + open.len()), head(word, name)));
            open.push((word.clone(), name.clone()));
        }
        out.push_str(&format!("{}{last} = {}\n", pad(indent + open.len()), show(k, &values[k], secrets)));
    }
    while open.pop().is_some() {
        out.push_str(&format!("{}}}\n", pad(indent + open.len())));
    }
}

fn write_filter(out: &mut String, f: &Filter, values: &BTreeMap<String, String>, secrets: bool) {
    let mut depth = 0;
    let levels = [("local_name", &f.local_name), ("local", &f.local), ("remote", &f.remote), ("protocol", &f.protocol)];
    for (word, name) in levels {
        if let Some(n) = name {
            out.push_str(&format!("{}{word} {n} {{\n", "  ".repeat(depth)));
            depth += 1;
        }
    }
    write_tree(out, values, depth, secrets);
    for d in (0..depth).rev() {
        out.push_str(&format!("{}}}\n", "  ".repeat(d)));
    }
}

/// Everything, as `-n`, `-N`, `-a` or `-d` show it, without the head. `capability`: whether managesieve-login could say
/// what it supports.
pub fn whole(config: &Config, which: Which, secrets: bool, capability: bool) -> String {
    let mut out = String::new();
    let mut values = collect(&config.global, config, which, true);
    if !capability {
        for k in COMPUTED {
            values.remove(k);
        }
    }
    write_tree(&mut out, &values, 0, secrets);
    if which != Which::Defaults {
        for (f, block) in &config.filters {
            let shown = if which == Which::All { Which::Changed } else { which };
            let values = collect(block, config, shown, false);
            if !values.is_empty() {
                write_filter(&mut out, f, &values, secrets);
            }
        }
    }
    out
}

/// `doveconf NAME`: a setting, or a section with everything in it.
pub fn named(config: &Config, which: Which, name: &str) -> Option<String> {
    let all = collect(&config.global, config, if which == Which::Defaults { which } else { Which::All }, true);
    if let Some(v) = all.get(name) {
        return Some(format!("{name} = {v}\n"));
    }
    let below: BTreeMap<String, String> =
        all.into_iter().filter(|(k, _)| k.strip_prefix(name).is_some_and(|r| r.starts_with('/'))).collect();
    if below.is_empty() {
        return None;
    }
    let mut out = String::new();
    write_tree(&mut out, &below, 0, true);
    Some(out)
}

/// `doveconf -S`: one `key=value` a line.
pub fn simple(config: &Config) -> String {
    collect(&config.global, config, Which::All, true).iter().map(|(k, v)| format!("{k}={v}\n")).collect()
}
