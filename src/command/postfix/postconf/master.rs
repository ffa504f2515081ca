//! `postconf -M`, `-F` and `-P`: entries of master.cf, their fields and their `-o` parameters.

use super::layout;
use super::show::{Style, expanded, render};
use crate::postfix::config::{Config, split_nameval};
use crate::postfix::master_cf::{Type, next_word, unbraced};
use crate::postfix::readlline::logical_lines;
use std::collections::BTreeMap;

/// The eight fields and the arguments of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub fields: Vec<String>,
}

/// The names of the fields.
pub(super) const FIELDS: [&str; 8] =
    ["service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit", "command"];

/// Whether a field's value can stand there.
pub(super) fn valid(field: usize, value: &str) -> bool {
    let number = |s: &str| s == "-" || !s.is_empty() && s.bytes().all(|c| c.is_ascii_digit());
    match field {
        1 => Type::parse(value).is_some(),
        2..=4 => matches!(value, "-" | "y" | "n"),
        5 => number(value.strip_suffix('?').filter(|v| *v != "-").unwrap_or(value)),
        6 => number(value),
        _ => true,
    }
}

impl Entry {
    /// Splits a logical line. `Err` is the message of the fatal end.
    pub fn parse(text: &str) -> Result<Entry, String> {
        let mut rest = text;
        let mut fields: Vec<String> = Vec::new();
        while let Some(w) = next_word(&mut rest) {
            if fields.len() < 8 {
                fields.push(w.to_owned());
            } else {
                normalise(&mut fields, w);
            }
        }
        if fields.len() < 8 {
            return Err("bad field count".to_owned());
        }
        for i in 1..7 {
            if !valid(i, &fields[i]) {
                return Err(format!("invalid {} field \"{}\" in \"{text}\"", FIELDS[i], fields[i]));
            }
        }
        Ok(Entry { fields })
    }

    /// `smtp/inet`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.fields[0], self.fields[1])
    }

    /// The `-o name=value` arguments.
    pub fn overrides(&self) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        let mut i = 8;
        while i < self.fields.len() && self.fields[i].starts_with('-') && self.fields[i] != "--" {
            if self.fields[i] == "-o" {
                i += 1;
                if let Some(Ok((n, v))) = self.fields.get(i).map(|f| split_nameval(f)) {
                    out.insert(n.to_owned(), v.to_owned());
                }
            }
            i += 1;
        }
        out
    }

    /// Sets (`Some`) or removes an `-o` parameter.
    pub fn set_override(&mut self, name: &str, value: Option<&str>) {
        let text = value.map(|v| format!("{name}={v}"));
        let (mut i, mut done) = (8, false);
        while i < self.fields.len() && self.fields[i].starts_with('-') && self.fields[i] != "--" {
            if self.fields[i] != "-o" || i + 1 >= self.fields.len() {
                i += 1;
                continue;
            }
            let same = split_nameval(&self.fields[i + 1]).is_ok_and(|(n, _)| n == name);
            if !same {
                i += 2;
                continue;
            }
            match &text {
                Some(t) if !done => {
                    self.fields[i + 1].clone_from(t);
                    done = true;
                    i += 2;
                }
                _ => {
                    self.fields.drain(i..i + 2);
                }
            }
        }
        if let Some(t) = text.filter(|_| !done) {
            self.fields.splice(i..i, ["-o".to_owned(), t]);
        }
    }
}

/// Adds an argument; `-oname=value` becomes two, `{ name = value }` loses its braces.
fn normalise(fields: &mut Vec<String>, word: &str) {
    let after_o = fields.len() > 8 && fields.last().is_some_and(|l| l == "-o");
    let mut options = true;
    let mut i = 8;
    while i < fields.len() && options {
        options = fields[i].starts_with('-');
        i += if fields[i] == "-o" { 2 } else { 1 };
    }
    if after_o || !options || !word.starts_with('-') || word == "-" || word == "--" {
        let inner = unbraced(word);
        let text = match split_nameval(inner) {
            Ok((n, v)) if after_o && inner.len() != word.len() => format!("{n}={v}"),
            _ => inner.to_owned(),
        };
        fields.push(text);
        return;
    }
    let mut letters = word[1..].chars();
    while let Some(c) = letters.next() {
        fields.push(format!("-{c}"));
        if c == 'o' {
            let rest = letters.as_str();
            if !rest.is_empty() {
                fields.push(unbraced(rest).to_owned());
            }
            return;
        }
    }
}

/// Reads a master.cf text. `Err` is the message of the fatal end.
pub(super) fn parse(path: &str, text: &str, warn: &mut dyn FnMut(String)) -> Result<Vec<Entry>, String> {
    let mut out: Vec<Entry> = Vec::new();
    for l in logical_lines(text) {
        if l.starts_with_space() {
            let fault = crate::log::config::Config::LeadingSpace { path: path.to_owned(), text: l.text };
            warn(fault.to_string());
            continue;
        }
        let e = Entry::parse(&l.text)
            .map_err(|m| if m == "bad field count" { format!("file {path}: line {}: {m}", l.last) } else { m })?;
        out.push(e);
    }
    Ok(out)
}

/// Whether a pattern of a request (`*` is anything) fits.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    pattern == "*" || pattern == name
}

/// What a request of so many parts names: empty parts do not count, and `*` stands alone.
pub(super) fn split(request: &str, least: usize, most: usize) -> Option<Vec<&str>> {
    let parts: Vec<&str> = request.split('/').filter(|p| !p.is_empty()).collect();
    let stars = parts.iter().all(|p| *p == "*" || !p.contains('*'));
    (!request.starts_with('/') && stars && (least..=most).contains(&parts.len())).then_some(parts)
}

fn part<'a>(parts: &[&'a str], i: usize) -> &'a str {
    parts.get(i).copied().unwrap_or("*")
}

/// What is shown, and the requests that nothing fits; `Err`: a bad request.
type Shown = Result<(String, Vec<String>), String>;

fn requests(list: &[String]) -> Vec<&str> {
    if list.is_empty() { vec!["*"] } else { list.iter().map(String::as_str).collect() }
}

/// `-M`: whole entries, in the order of the file.
pub(super) fn entries(all: &[Entry], names: &[String], style: Style) -> Shown {
    let mut asked = Vec::new();
    for r in requests(names) {
        let parts = split(r, 1, 2).ok_or("-M option requires service_name[/type]")?;
        asked.push((r, parts, false));
    }
    let mut out = String::new();
    for e in all {
        // Once for every request that it fits.
        for (_, parts, seen) in &mut asked {
            if fits(part(parts, 0), &e.fields[0]) && fits(part(parts, 1), &e.fields[1]) {
                *seen = true;
                out.push_str(&layout::entry(&e.fields, style.fold));
            }
        }
    }
    Ok((out, unmatched(asked)))
}

fn unmatched(asked: Vec<(&str, Vec<&str>, bool)>) -> Vec<String> {
    asked.into_iter().filter(|(r, _, seen)| !seen && *r != "*").map(|(r, _, _)| r.to_owned()).collect()
}

/// `-F`: fields.
pub(super) fn fields(all: &[Entry], names: &[String], style: Style) -> Shown {
    let mut asked = Vec::new();
    for r in requests(names) {
        let parts = split(r, 1, 3).ok_or("-F option requires service_name[/type[/field]]")?;
        if let Some(f) = parts.get(2).filter(|f| **f != "*" && !FIELDS.contains(f)) {
            return Err(format!("invalid service attribute name: \"{f}\""));
        }
        asked.push((r, parts, false));
    }
    let mut out = String::new();
    for e in all {
        for (i, field) in FIELDS.iter().enumerate() {
            let mut hit = false;
            for (_, parts, seen) in &mut asked {
                if fits(part(parts, 0), &e.fields[0])
                    && fits(part(parts, 1), &e.fields[1])
                    && fits(part(parts, 2), field)
                {
                    *seen = true;
                    hit = true;
                }
            }
            if !hit {
                continue;
            }
            let name = format!("{}/{field}", e.key());
            if style.no_value {
                out.push_str(&format!("{name}\n"));
                continue;
            }
            let mut line = if style.no_name { String::new() } else { format!("{name} = ") };
            line.push_str(&e.fields[i]);
            if i == 7 {
                let len = line.len();
                layout::arguments(&mut line, len, 0, &e.fields[8..], style.fold);
            }
            out.push_str(&line);
            out.push('\n');
        }
    }
    Ok((out, unmatched(asked)))
}

/// `-P`: the `-o` parameters, by name within an entry.
pub(super) fn parameters(
    conf: &Config,
    all: &[Entry],
    names: &[String],
    style: Style,
    warnings: &mut Vec<String>,
) -> Result<(String, Vec<String>), String> {
    let mut asked = Vec::new();
    for r in requests(names) {
        let parts = split(r, 1, 3).ok_or("-P option requires service_name[/type[/parameter]]")?;
        asked.push((r, parts, false));
    }
    let mut out = String::new();
    for e in all {
        let local = e.overrides();
        for (name, value) in &local {
            let mut hit = false;
            for (_, parts, seen) in &mut asked {
                if fits(part(parts, 0), &e.fields[0])
                    && fits(part(parts, 1), &e.fields[1])
                    && fits(part(parts, 2), name)
                {
                    *seen = true;
                    hit = true;
                }
            }
            if !hit {
                continue;
            }
            let shown = if style.expand {
                let mut scope = local.clone();
                scope.insert("service_name".to_owned(), e.fields[0].clone());
                expanded(conf, Some(&scope), false, value, warnings).ok_or("macro processing error")?
            } else {
                value.clone()
            };
            out.push_str(&render(&format!("{}/{name}", e.key()), &shown, style));
        }
    }
    Ok((out, unmatched(asked)))
}
