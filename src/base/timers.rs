//! A queue of things due at an instant, first in first out among equals.

use super::time::Time;
use imbl::OrdMap;

/// What is due, by instant and order of entry. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Timers<T: Clone> {
    due: OrdMap<(Time, u64), T>,
    seq: u64,
}

impl<T: Clone> Default for Timers<T> {
    fn default() -> Self {
        Timers { due: OrdMap::new(), seq: 0 }
    }
}

impl<T: Clone> Timers<T> {
    pub fn push(&mut self, at: Time, what: T) {
        self.seq += 1;
        self.due.insert((at, self.seq), what);
    }
    pub fn next_time(&self) -> Option<Time> {
        self.due.get_min().map(|((t, _), _)| *t)
    }
    /// Takes the earliest entry if it is due at `now` or before.
    pub fn pop_due(&mut self, now: Time) -> Option<(Time, T)> {
        let key = self.due.get_min().map(|(k, _)| *k)?;
        if key.0 > now {
            return None;
        }
        self.due.remove(&key).map(|t| (key.0, t))
    }
    /// Drops every entry for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let gone: Vec<_> = self.due.iter().filter(|(_, t)| !keep(t)).map(|(k, _)| *k).collect();
        for k in gone {
            self.due.remove(&k);
        }
    }
    pub fn iter(&self) -> impl Iterator<Item = (Time, &T)> {
        self.due.iter().map(|((t, _), x)| (*t, x))
    }
    pub fn len(&self) -> usize {
        self.due.len()
    }
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}
