//! Directories that were found once: the kernel's dcache, for paths as they were written.

use super::{Cred, Ino};
use foldhash::fast::FixedState;
use std::cell::RefCell;
use std::collections::HashMap;

/// No more paths than this; then all are forgotten.
const MOST: usize = 4096;

/// The inode of a directory by its path, and whether everyone may pass the directories above it. A clone begins empty.
#[derive(Debug, Default)]
pub(super) struct Known(RefCell<HashMap<Box<str>, (Ino, bool), FixedState>>);

impl Clone for Known {
    fn clone(&self) -> Known {
        Known::default()
    }
}

impl Known {
    /// The directory, if it is known that this one may come to it. Its own permissions are still to be asked.
    pub(super) fn get(&self, path: &str, cred: &Cred) -> Option<Ino> {
        let &(ino, open) = self.0.borrow().get(path)?;
        (open || cred.uid == 0).then_some(ino)
    }
    pub(super) fn put(&self, path: &str, ino: Ino, open: bool) {
        let mut known = self.0.borrow_mut();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(path.into(), (ino, open));
    }
    pub(super) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}
