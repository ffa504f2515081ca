//! Inodes by number. Numbers are given in order and none comes twice, so they are places in pages that clones share.

use super::{Ino, Node, ROOT};
use std::sync::Arc;

/// The number of the first inode after the root's.
pub(super) const FIRST: Ino = 131_072;

/// So many inodes have one page.
const PAGE: usize = 64;

type Page = [Option<Arc<Node>>; PAGE];

/// All inodes. A clone copies one pointer for a page; a change afterwards, one page and one node.
#[derive(Clone, Debug, Default)]
pub(super) struct Inodes {
    pages: Vec<Arc<Page>>,
}

/// The place of a number, as page and slot: the root has the first one.
fn place(ino: Ino) -> Option<(usize, usize)> {
    let at = if ino == ROOT { 0 } else { ino.checked_sub(FIRST)? as usize + 1 };
    Some((at / PAGE, at % PAGE))
}

impl Inodes {
    pub(super) fn get(&self, ino: Ino) -> Option<&Node> {
        let (page, slot) = place(ino)?;
        self.pages.get(page)?[slot].as_deref()
    }
    pub(super) fn get_mut(&mut self, ino: Ino) -> Option<&mut Node> {
        let (page, slot) = place(ino)?;
        Arc::make_mut(self.pages.get_mut(page)?)[slot].as_mut().map(Arc::make_mut)
    }
    /// Puts a node there. A number that is neither the root's nor one of the file system's is not taken.
    pub(super) fn insert(&mut self, ino: Ino, node: Node) {
        let Some((page, slot)) = place(ino) else { return };
        while self.pages.len() <= page {
            self.pages.push(Arc::new([const { None }; PAGE]));
        }
        Arc::make_mut(&mut self.pages[page])[slot] = Some(Arc::new(node));
    }
    pub(super) fn remove(&mut self, ino: Ino) {
        if let Some((page, slot)) = place(ino)
            && let Some(page) = self.pages.get_mut(page)
        {
            Arc::make_mut(page)[slot] = None;
        }
    }
    /// Forgets every node that is not wanted.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Node) -> bool) {
        for page in &mut self.pages {
            for slot in Arc::make_mut(page) {
                if slot.as_ref().is_some_and(|n| !wanted(n)) {
                    *slot = None;
                }
            }
        }
    }
}
