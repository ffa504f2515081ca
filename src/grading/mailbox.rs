//! The messages in the mailboxes of the host, as files.
//!
//! Maildir (`new`, `cur` and subfolders) below each home, and mbox files in /var/mail. A message is known by its file name
//! without flags, so that reading it, or moving it to another folder, does not lose it.

use crate::host::Cred;
use crate::host::fs::{Node, split};
use crate::sim::World;
use std::collections::HashMap;

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    /// The user whose home or spool file it is in.
    pub owner: String,
    /// `INBOX`, or the name of the subfolder (Maildir++ writes `.Trash`).
    pub folder: String,
    /// The file name without flags; for mbox the place in the file.
    pub name: String,
    pub path: String,
}

/// All messages of all users, in the order of the file tree.
pub fn stored(world: &World) -> Vec<Stored> {
    let mut out = Vec::new();
    each(world, |_| true, |stored, _| out.push(stored.to_stored()));
    out
}

/// A message as it is come upon.
pub struct Met<'a> {
    owner: &'a str,
    folder: &'a str,
    name: &'a str,
    path: &'a str,
}

impl Met<'_> {
    pub fn is_inbox(&self) -> bool {
        self.folder == "INBOX"
    }
    fn to_stored(&self) -> Stored {
        let [owner, folder, name, path] = [self.owner, self.folder, self.name, self.path].map(str::to_owned);
        Stored { owner, folder, name, path }
    }
}

/// Shows the messages of the users that are wanted by name.
pub fn each(world: &World, wanted: impl Fn(&str) -> bool, mut see: impl FnMut(&Met<'_>, &Node)) {
    let fs = &world.host.fs;
    for u in world.host.users().iter().filter(|u| wanted(&u.name)) {
        if u.uid != 0 && !(1000..60000).contains(&u.uid) {
            continue;
        }
        let top = format!("{}/Maildir", u.home.trim_end_matches('/'));
        fs.visit(&top, |path, _, node| {
            let Some(rest) = path.strip_prefix(&top) else { return false };
            let (dir, file) = split(rest);
            let Some(folder) = dir.strip_suffix("/new").or_else(|| dir.strip_suffix("/cur")) else { return true };
            if !node.is_file() {
                return true;
            }
            let name = file.split_once(':').map_or(file, |(n, _)| n);
            let folder = if folder.is_empty() { "INBOX" } else { split(folder).1.trim_start_matches('.') };
            see(&Met { owner: &u.name, folder, name, path }, node);
            true
        });
    }
}

impl Stored {
    pub fn is_inbox(&self) -> bool {
        self.folder == "INBOX"
    }
    /// Whether the folder is in a list of `user/Folder`.
    pub fn is_in(&self, folders: &[String]) -> bool {
        folders.iter().any(|f| f.split_once('/') == Some((self.owner.as_str(), self.folder.as_str())))
    }
}

/// Owner and text of every message; mbox files are one text.
pub fn messages(world: &World) -> Vec<(String, String)> {
    let fs = &world.host.fs;
    let root = Cred::root();
    let text = |path: &str| fs.read(&root, path).ok().map(|b| String::from_utf8_lossy(&b.bytes()).into_owned());
    let mut out: Vec<(String, String)> =
        stored(world).into_iter().filter_map(|s| text(&s.path).map(|t| (s.owner, t))).collect();
    for (path, ino) in fs.tree("/var/mail") {
        if fs.node(ino).is_some_and(Node::is_file)
            && let Some(t) = text(&path)
        {
            out.push((path.rsplit('/').next().unwrap_or("").to_owned(), t));
        }
    }
    out
}

/// The messages that were in `before` and are in no mailbox of that owner in `now`.
pub fn missing<'b>(before: &'b [Stored], now: &[Stored]) -> Vec<&'b Stored> {
    let mut left = Left::of(before);
    for s in now {
        left.seen(&s.owner, &s.name);
    }
    left.all()
}

/// The messages that were in `before` and are in no mailbox of that owner in a world.
pub fn missing_in<'b>(before: &'b [Stored], now: &World) -> Vec<&'b Stored> {
    let mut left = Left::of(before);
    each(now, |_| true, |met, _| left.seen(met.owner, met.name));
    left.all()
}

/// Which messages of a list have not been come upon yet.
struct Left<'b> {
    all: &'b [Stored],
    seen: Vec<bool>,
    by_name: HashMap<&'b str, Vec<usize>>,
}

impl<'b> Left<'b> {
    fn of(all: &'b [Stored]) -> Left<'b> {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::with_capacity(all.len());
        for (i, s) in all.iter().enumerate() {
            by_name.entry(&s.name).or_default().push(i);
        }
        Left { all, seen: vec![false; all.len()], by_name }
    }
    fn seen(&mut self, owner: &str, name: &str) {
        for i in self.by_name.get(name).into_iter().flatten().filter(|i| self.all[**i].owner == owner) {
            self.seen[*i] = true;
        }
    }
    fn all(self) -> Vec<&'b Stored> {
        self.all.iter().zip(&self.seen).filter(|(_, seen)| !**seen).map(|(s, _)| s).collect()
    }
}
