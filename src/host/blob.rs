//! The bytes of a file: shared between clones of a world, cheap to append to.

use super::alike::{Differences, Models};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;
use std::borrow::Cow;
use std::sync::Arc;

const CHUNK: usize = 16 * 1024;

/// From so many chunks on (4 MB), the full ones are kept compressed: a log of a million lines.
const LONG: usize = 256;

/// A piece of a file.
#[derive(Clone, Debug)]
enum Chunk {
    Plain(Arc<Vec<u8>>),
    /// Compressed, with the length that it has when it is not.
    Packed(Arc<(Box<[u8]>, usize)>),
    /// By what differs from another file.
    Alike(Arc<Differences>),
}

impl Chunk {
    fn len(&self) -> usize {
        match self {
            Chunk::Plain(b) => b.len(),
            Chunk::Packed(p) => p.1,
            Chunk::Alike(d) => d.len(),
        }
    }
    fn bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Chunk::Plain(b) => Cow::Borrowed(b),
            Chunk::Packed(p) => Cow::Owned(decompress_to_vec(&p.0).unwrap_or_default()),
            Chunk::Alike(d) => Cow::Owned(d.bytes()),
        }
    }
    fn same(&self, other: &Chunk) -> bool {
        match (self, other) {
            (Chunk::Plain(a), Chunk::Plain(b)) => Arc::ptr_eq(a, b),
            (Chunk::Packed(a), Chunk::Packed(b)) => Arc::ptr_eq(a, b),
            (Chunk::Alike(a), Chunk::Alike(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// File content as chunks. Appending copies at most one chunk; cloning copies none.
#[derive(Clone, Debug, Default)]
pub struct Blob {
    /// All but the last.
    before: imbl::Vector<Chunk>,
    /// What is appended to; most files have no other.
    last: Option<Chunk>,
    len: usize,
}

impl Blob {
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    pub fn append(&mut self, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        self.len += data.len();
        if let Some(Chunk::Plain(last)) = &mut self.last {
            if last.len() + data.len() <= CHUNK {
                Arc::make_mut(last).extend_from_slice(data);
                return;
            }
            if self.before.len() >= LONG {
                let packed = (compress_to_vec(last, 1).into(), last.len());
                self.last = Some(Chunk::Packed(Arc::new(packed)));
            }
        }
        self.push(Chunk::Plain(Arc::new(data.to_vec())));
    }
    fn push(&mut self, chunk: Chunk) {
        self.before.extend(self.last.replace(chunk));
    }
    fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.before.iter().chain(&self.last)
    }
    /// Appends a piece that other files hold, too; what is appended next does not go into it.
    pub fn append_shared(&mut self, data: &Arc<Vec<u8>>) {
        if data.is_empty() {
            return;
        }
        self.len += data.len();
        self.push(Chunk::Plain(data.clone()));
    }
    /// Keeps a short file by its differences from a known one, when that takes less.
    pub(super) fn rest(&mut self, models: &mut Models) {
        if self.before.is_empty()
            && let Some(Chunk::Plain(b)) = &self.last
            && let Some(d) = models.tell(b)
        {
            self.last = Some(Chunk::Alike(Arc::new(d)));
        }
    }
    /// All bytes; borrowed when the file is one plain chunk.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match &self.last {
            None => Cow::Borrowed(&[]),
            Some(only) if self.before.is_empty() => only.bytes(),
            Some(_) => {
                let mut all = Vec::with_capacity(self.len);
                for c in self.chunks() {
                    all.extend_from_slice(&c.bytes());
                }
                Cow::Owned(all)
            }
        }
    }
    /// Up to `max` bytes from `offset`.
    pub fn slice(&self, offset: usize, max: usize) -> Vec<u8> {
        let (mut out, mut at) = (Vec::new(), 0);
        for c in self.chunks() {
            if out.len() >= max {
                break;
            }
            if at + c.len() > offset {
                let from = offset.saturating_sub(at);
                let take = (c.len() - from).min(max - out.len());
                out.extend_from_slice(&c.bytes()[from..from + take]);
            }
            at += c.len();
        }
        out
    }
    /// The text, with what is not UTF-8 replaced; borrowed when the file is one plain chunk.
    pub fn str(&self) -> Cow<'_, str> {
        // The strict reader is many times quicker than the lossy one, and nearly every file is UTF-8.
        match self.bytes() {
            Cow::Borrowed(b) => std::str::from_utf8(b).map_or_else(|_| String::from_utf8_lossy(b), Cow::Borrowed),
            Cow::Owned(b) => {
                Cow::Owned(String::from_utf8(b).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
            }
        }
    }
    pub fn text(&self) -> String {
        self.str().into_owned()
    }
    /// Whether both share all storage (a quick "unchanged").
    pub fn same(&self, other: &Blob) -> bool {
        let last = match (&self.last, &other.last) {
            (Some(a), Some(b)) => a.same(b),
            (None, None) => true,
            _ => false,
        };
        last && self.len == other.len
            && self.before.len() == other.before.len()
            && (self.before.is_empty() || self.before.iter().zip(&other.before).all(|(a, b)| a.same(b)))
    }
}

/// What was made of files' bytes, by a name: made anew only when the bytes are others. Many processes of the model read the
/// same file.
#[derive(Debug)]
pub struct Memo<T> {
    rows: Vec<(String, Blob, T)>,
}

impl<T: Clone> Default for Memo<T> {
    fn default() -> Self {
        Memo::new()
    }
}

impl<T: Clone> Memo<T> {
    /// No more rows than this; the oldest goes.
    const ROWS: usize = 64;

    pub const fn new() -> Memo<T> {
        Memo { rows: Vec::new() }
    }
    /// What was made of these bytes under that name.
    pub fn get(&self, name: &str, bytes: &Blob) -> Option<T> {
        // Texts that stand in main.cf come as new bytes each time; they are short.
        let equal = |b: &Blob| b.same(bytes) || b.len() == bytes.len() && b.len() < 1024 && b.bytes() == bytes.bytes();
        self.rows.iter().find(|(n, b, _)| n == name && equal(b)).map(|(_, _, made)| made.clone())
    }
    pub fn put(&mut self, name: String, bytes: Blob, made: T) {
        self.rows.retain(|(n, _, _)| *n != name);
        if self.rows.len() >= Self::ROWS {
            self.rows.remove(0);
        }
        self.rows.push((name, bytes, made));
    }
}

impl<T: AsRef<[u8]>> From<T> for Blob {
    fn from(data: T) -> Blob {
        let mut b = Blob::default();
        b.append(data.as_ref());
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn append_and_slice() {
        let mut b = Blob::default();
        for i in 0..5000 {
            b.append(format!("line {i}\n").as_bytes());
        }
        let all = b.bytes().into_owned();
        assert_eq!(all.len(), b.len());
        assert_eq!(b.slice(16_380, 20), all[16_380..16_400]);
        assert_eq!(b.slice(b.len() - 3, 100), all[all.len() - 3..]);
    }

    #[test]
    fn a_long_file_reads_as_it_was_written() {
        let (mut b, mut plain) = (Blob::default(), Vec::new());
        for i in 0..200_000 {
            let line = format!("{i} of many lines that are much alike\n");
            b.append(line.as_bytes());
            plain.extend_from_slice(line.as_bytes());
        }
        assert!(b.chunks().any(|c| matches!(c, Chunk::Packed(..))));
        assert!(*b.bytes() == *plain && b.len() == plain.len());
        let at = plain.len() - 40_000;
        assert!(b.slice(at, 30_000) == plain[at..at + 30_000]);
        assert!(b.same(&b.clone()));
    }
}
