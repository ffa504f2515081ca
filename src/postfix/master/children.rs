//! The processes of the mail system, by pid. They are few and asked for at every turn: a row, sorted.

use super::Child;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub(super) struct Children(Vec<(u32, Arc<Child>)>);

impl Children {
    fn place(&self, pid: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&pid, |c| c.0)
    }
    pub(super) fn get(&self, pid: u32) -> Option<&Child> {
        Some(&self.0[self.place(pid).ok()?].1)
    }
    pub(super) fn get_mut(&mut self, pid: u32) -> Option<&mut Child> {
        let at = self.place(pid).ok()?;
        Some(Arc::make_mut(&mut self.0[at].1))
    }
    pub(super) fn insert(&mut self, pid: u32, child: Child) {
        match self.place(pid) {
            Ok(at) => self.0[at].1 = Arc::new(child),
            Err(at) => self.0.insert(at, (pid, Arc::new(child))),
        }
    }
    pub(super) fn remove(&mut self, pid: u32) {
        if let Ok(at) = self.place(pid) {
            self.0.remove(at);
        }
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Child)> {
        self.0.iter().map(|(pid, c)| (*pid, &**c))
    }
    pub(super) fn pids(&self) -> Vec<u32> {
        self.0.iter().map(|c| c.0).collect()
    }
}
