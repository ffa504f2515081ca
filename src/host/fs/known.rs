//! Directories that were found once: the kernel's dcache, for paths as they were written.

use super::{Cred, Ino};
use foldhash::fast::FixedState;
use std::cell::RefCell;
use std::collections::HashMap;

/// No more paths than this; then all are forgotten.
const MOST: usize = 4096;

/// Who may pass the directories above one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passes {
    Everyone,
    /// A user with this group and no others came through; of others nothing is known.
    Only(u32, u32),
}

impl Passes {
    fn lets(self, cred: &Cred) -> bool {
        let only = |u, g| cred.uid == u && cred.gid == g && cred.groups.is_empty();
        cred.uid == 0 || matches!(self, Passes::Everyone) || matches!(self, Passes::Only(u, g) if only(u, g))
    }
}

/// The inode of a directory by its path, and who may come to it. A clone begins empty.
#[derive(Debug, Default)]
pub(super) struct Known(RefCell<HashMap<Box<str>, (Ino, Passes), FixedState>>);

impl Clone for Known {
    fn clone(&self) -> Known {
        Known::default()
    }
}

impl Known {
    /// The directory, if it is known that this one may come to it. Its own permissions are still to be asked.
    pub(super) fn get(&self, path: &str, cred: &Cred) -> Option<Ino> {
        let &(ino, who) = self.0.borrow().get(path)?;
        who.lets(cred).then_some(ino)
    }
    /// This one came to it; `open`: and so may everyone.
    pub(super) fn put(&self, path: &str, ino: Ino, open: bool, cred: &Cred) {
        let who = if open {
            Passes::Everyone
        } else if cred.groups.is_empty() {
            Passes::Only(cred.uid, cred.gid)
        } else {
            // Root comes everywhere: that says nothing of the others.
            Passes::Only(0, 0)
        };
        let mut known = self.0.borrow_mut();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(path.into(), (ino, who));
    }
    pub(super) fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}
