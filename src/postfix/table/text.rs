//! Tables without an index: `texthash:` (the source of a `hash:` table) and `inline:{ … }`.

use super::super::config::{split_nameval, words_braced};
use super::super::readlline::{is_space, logical_lines};
use super::Say;
use crate::log::config::{Config as Fault, NameValue};
use crate::log::table::{OpenFault, Table};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// `{ text }` without its braces and the white space inside them; anything else as it is.
pub(super) fn braced(s: &str) -> String {
    s.strip_prefix('{').and_then(|s| s.strip_suffix('}')).map_or(s, |i| i.trim_matches(is_space)).to_owned()
}

/// Splits a source line into key and value. White space in double quotes belongs to the key, and so do the quotes.
pub fn key_value(line: &str) -> Option<(String, String)> {
    let (mut end, mut quoted, mut escaped) = (line.len(), false, false);
    for (i, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            c if is_space(c) && !quoted => {
                end = i;
                break;
            }
            _ => {}
        }
    }
    let (key, value) = (&line[..end], line[end..].trim_matches(is_space));
    if key.is_empty() || value.is_empty() { None } else { Some((key.to_owned(), value.to_owned())) }
}

/// Reads a text file as a table, and lists the keys that stand there again with their lines; a tool says them as it reads.
pub(super) fn texthash(
    path: &str,
    text: &str,
    fold: bool,
    tool: bool,
    say: &mut Say,
) -> (BTreeMap<String, String>, Vec<(usize, String)>) {
    let (mut map, mut again) = (BTreeMap::new(), Vec::new());
    for line in logical_lines(text) {
        if line.starts_with_space() {
            say.push(Table::Config(Fault::LeadingSpace { path: path.to_owned(), text: line.text }));
            continue;
        }
        let Some((key, value)) = key_value(&line.text) else {
            say.push(Table::Format { path: path.to_owned(), line: line.last, ignoring: true });
            continue;
        };
        if key.ends_with(':') {
            say.push(Table::AliasFormat { path: path.to_owned(), line: line.last });
        }
        match map.entry(if fold { key.to_lowercase() } else { key.clone() }) {
            Entry::Occupied(_) => {
                if tool {
                    say.push(Table::DuplicateLine { path: path.to_owned(), line: line.last, key: key.clone() });
                }
                again.push((line.last, key));
            }
            Entry::Vacant(e) => {
                e.insert(value);
            }
        }
    }
    (map, again)
}

/// Reads the `{ a=b, { c = d e } }` of an inline table.
pub(super) fn inline(name: &str, fold: bool) -> Result<BTreeMap<String, String>, OpenFault> {
    let bad = || OpenFault::BadSyntax { kind: "inline".into(), name: name.to_owned(), need: "{name=value...}" };
    let inner = name.strip_prefix('{').and_then(|n| n.strip_suffix('}')).ok_or_else(bad)?;
    let (mut map, mut count) = (BTreeMap::new(), 0);
    for item in words_braced(inner) {
        let item = braced(&item);
        match split_nameval(&item) {
            Ok((k, v)) => {
                let k = if fold { k.to_lowercase() } else { k.to_owned() };
                map.insert(k, v.to_owned());
                count += 1;
            }
            // An empty name is a name.
            Err(NameValue::MissingName) => count += 1,
            Err(NameValue::MissingEquals) => return Err(OpenFault::MissingEquals(name.to_owned())),
        }
    }
    if count == 0 { Err(bad()) } else { Ok(map) }
}
