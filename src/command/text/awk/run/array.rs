//! awk's arrays, walked in mawk's order.

use super::super::value::V;
use std::collections::BTreeMap;

/// An array; remembers when each element was touched last, which decides the order of `for (k in a)`.
#[derive(Default)]
pub(super) struct Array {
    pub(super) map: BTreeMap<Vec<u8>, (V, u64)>,
    pub(super) tick: u64,
}

impl Array {
    pub(super) fn new() -> Array {
        Array::default()
    }
    pub(super) fn insert(&mut self, k: Vec<u8>, v: V) {
        self.tick += 1;
        self.map.insert(k, (v, self.tick));
    }
    pub(super) fn get(&self, k: &[u8]) -> Option<&V> {
        self.map.get(k).map(|(v, _)| v)
    }
    /// The element, created when it is not there.
    pub(super) fn take(&mut self, k: Vec<u8>) -> V {
        self.tick += 1;
        let e = self.map.entry(k).or_default();
        e.1 = self.tick;
        e.0.clone()
    }
    pub(super) fn remove(&mut self, k: &[u8]) {
        self.map.remove(k);
    }
    pub(super) fn len(&self) -> usize {
        self.map.len()
    }
    /// Keys as mawk walks them: its hash table is FNV-1a over 64 lists, doubled when they get long; what was touched
    /// last stands first in its list.
    pub(super) fn keys(&self) -> Vec<Vec<u8>> {
        let mut lists = 64u32;
        while self.map.len() > lists as usize * 2 {
            lists *= 2;
        }
        let hash = |k: &[u8]| k.iter().fold(2_166_136_261u32, |h, c| (h ^ u32::from(*c)).wrapping_mul(16_777_619));
        let mut all: Vec<(u32, u64, &Vec<u8>)> =
            self.map.iter().map(|(k, (_, t))| (hash(k) % lists, u64::MAX - t, k)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, _, k)| k.clone()).collect()
    }
}

impl FromIterator<(Vec<u8>, V)> for Array {
    fn from_iter<I: IntoIterator<Item = (Vec<u8>, V)>>(items: I) -> Array {
        let mut a = Array::new();
        for (k, v) in items {
            a.insert(k, v);
        }
        a
    }
}
