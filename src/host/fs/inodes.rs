//! Inodes by number. Numbers are given in order and none comes twice, so they are the places of a persistent vector.

use super::{Ino, Node, ROOT};
use std::sync::Arc;

/// The number of the first inode after the root's.
pub(super) const FIRST: Ino = 131_072;

/// All inodes. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub(super) struct Inodes {
    slots: imbl::Vector<Option<Arc<Node>>>,
}

/// The place of a number: the root has the first one.
fn place(ino: Ino) -> Option<usize> {
    if ino == ROOT { Some(0) } else { ino.checked_sub(FIRST).map(|n| n as usize + 1) }
}

impl Inodes {
    pub(super) fn get(&self, ino: Ino) -> Option<&Node> {
        self.slots.get(place(ino)?)?.as_deref()
    }
    pub(super) fn get_mut(&mut self, ino: Ino) -> Option<&mut Node> {
        self.slots.get_mut(place(ino)?)?.as_mut().map(Arc::make_mut)
    }
    /// Puts a node there. A number that is neither the root's nor one of the file system's is not taken.
    pub(super) fn insert(&mut self, ino: Ino, node: Node) {
        let Some(at) = place(ino) else { return };
        while self.slots.len() <= at {
            self.slots.push_back(None);
        }
        self.slots.set(at, Some(Arc::new(node)));
    }
    pub(super) fn remove(&mut self, ino: Ino) {
        if let Some(slot) = place(ino).and_then(|at| self.slots.get_mut(at)) {
            *slot = None;
        }
    }
    /// Forgets every node that is not wanted.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Node) -> bool) {
        for slot in &mut self.slots {
            if slot.as_ref().is_some_and(|n| !wanted(n)) {
                *slot = None;
            }
        }
    }
}
