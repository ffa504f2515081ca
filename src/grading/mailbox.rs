//! The messages in the mailboxes of the host, as files.
//!
//! Maildir (`new`, `cur` and subfolders) below each home, and mbox files in /var/mail. A message is known by its file name
//! without flags, so that reading it, or moving it to another folder, does not lose it.

use crate::host::Cred;
use crate::sim::World;
use std::collections::BTreeSet;

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
    let fs = &world.host.fs;
    let mut out = Vec::new();
    for u in world.host.users().iter() {
        if u.uid != 0 && !(1000..60000).contains(&u.uid) {
            continue;
        }
        let top = format!("{}/Maildir", u.home.trim_end_matches('/'));
        fs.visit(&top, |path, _, node| {
            let Some(rest) = path.strip_prefix(&top) else { return };
            let mut parts = rest.trim_start_matches('/').rsplit('/');
            let (file, folder) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            if !matches!(folder, "new" | "cur") || !node.is_file() {
                return;
            }
            let name = file.split(':').next().unwrap_or(file).to_owned();
            let sub = parts.next().map_or("INBOX", |d| d.trim_start_matches('.')).to_owned();
            out.push(Stored { owner: u.name.clone(), folder: sub, name, path: path.to_owned() });
        });
    }
    out
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
        if fs.node(ino).is_some_and(crate::host::fs::Node::is_file)
            && let Some(t) = text(&path)
        {
            out.push((path.rsplit('/').next().unwrap_or("").to_owned(), t));
        }
    }
    out
}

/// The messages that were in `before` and are in no mailbox of that owner in `now`.
pub fn missing(before: &[Stored], now: &[Stored]) -> Vec<Stored> {
    let have: BTreeSet<(&str, &str)> = now.iter().map(|s| (s.owner.as_str(), s.name.as_str())).collect();
    before.iter().filter(|s| !have.contains(&(s.owner.as_str(), s.name.as_str()))).cloned().collect()
}
