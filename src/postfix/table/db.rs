//! The indexed files that postmap(1) and postalias(1) build: `x.db` of `hash:` and `btree:`, `x.lmdb` of `lmdb:`.
//!
//! The model's file holds its entries as escaped text after a head line, padded to the size that the real file would
//! have; what is in it is what the daemons answer, whatever the source says by now. Left out: locking.

use super::Say;
use crate::base::{Span, Time};
use crate::host::errno::Errno;
use crate::host::{Cred, Host, Memo};
use crate::log::table::{OpenFault, Table};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

const HEAD: &str = "maillab-table ";

/// The entries of an indexed file, or `None` when it is none.
type Decoded = Option<Arc<BTreeMap<String, String>>>;

thread_local! {
    static DECODED: RefCell<Memo<Decoded>> = const { RefCell::new(Memo::new()) };
}

/// The indexed file of a table.
pub fn path(kind: &str, name: &str) -> String {
    let suffix = if kind == "lmdb" { "lmdb" } else { "db" };
    format!("{name}.{suffix}")
}

/// Reads the indexed file: entries, its path and its time. An older file than its source is said.
pub fn open(
    host: &Host,
    kind: &str,
    name: &str,
    say: &mut Say,
) -> Result<(Arc<BTreeMap<String, String>>, String, Time), OpenFault> {
    let path = path(kind, name);
    let root = Cred::root();
    let open = |e: Errno| OpenFault::Open { path: path.clone(), error: e.text().to_owned() };
    let blob = host.fs.read(&root, &path).map_err(open)?;
    let (_, node) = host.fs.stat(&root, &path).map_err(open)?;
    let time = node.mtime;
    let name_of = format!("{kind}:{path}");
    let known = DECODED.with_borrow(|m| m.get(&name_of, &blob));
    let decoded = known.unwrap_or_else(|| {
        let map = decode(kind, &blob.text()).map(Arc::new);
        DECODED.with_borrow_mut(|m| m.put(name_of, blob, map.clone()));
        map
    });
    let Some(map) = decoded else { return Err(open(Errno::Inval)) };
    // A source that was written within the last 100 seconds may still be on its way into the database.
    if let Ok((_, source)) = host.fs.stat(&root, name)
        && source.mtime > time
        && source.mtime < host.now - Span::secs(100)
    {
        say.push(Table::Older { database: path.clone(), source: name.to_owned() });
    }
    Ok((map, path, time))
}

fn escape(s: &str) -> String {
    s.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\0', "\\0")
}

fn unescape(s: &str) -> String {
    let (mut out, mut chars) = (String::with_capacity(s.len()), s.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('t') => out.push('\t'),
                Some('n') => out.push('\n'),
                Some('0') => out.push('\0'),
                Some(c) => out.push(c),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

/// The bytes of an indexed file.
pub fn encode(kind: &str, entries: &BTreeMap<String, String>) -> Vec<u8> {
    let mut out = format!("{HEAD}{kind}\n");
    for (k, v) in entries {
        out.push_str(&escape(k));
        out.push('\t');
        out.push_str(&escape(v));
        out.push('\n');
    }
    let least = if kind == "hash" { 12_288 } else { 8_192 };
    let mut bytes = out.into_bytes();
    let size = bytes.len().div_ceil(4096).saturating_mul(4096).max(least);
    bytes.resize(size, 0);
    bytes
}

/// Which of the two first buckets of a hash file a key is in (Berkeley DB's hash of the key and its closing NUL).
pub fn bucket(key: &str) -> u32 {
    let hash = key.bytes().chain([0]).fold(0_u32, |h, b| h.wrapping_mul(16_777_619) ^ u32::from(b));
    hash & 1
}

/// The entries of an indexed file; `None`: it is none of that type.
fn decode(kind: &str, text: &str) -> Option<BTreeMap<String, String>> {
    let body = text.strip_prefix(HEAD)?;
    let (_, body) = body.split_once('\n').filter(|(k, _)| *k == kind)?;
    let body = body.trim_end_matches('\0');
    let entry = |l: &str| l.split_once('\t').map(|(k, v)| (unescape(k), unescape(v)));
    Some(body.lines().filter_map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_read() {
        let map: BTreeMap<String, String> =
            [("a\tb", "x\\ny"), ("root", "ana, \"|cmd\""), ("e", "")].map(|(k, v)| (k.into(), v.into())).into();
        let bytes = encode("hash", &map);
        assert_eq!(bytes.len(), 12_288);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(decode("hash", &text), Some(map));
        assert_eq!(decode("btree", &text), None);
        assert_eq!(decode("hash", "garbage"), None);
    }
}
