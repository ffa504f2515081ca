//! When the learner first changed the host: up to there, what was seen was seen on the host as it was found.
//!
//! Compares what traffic does not touch: configuration and other files outside logs, spools, mailboxes and temporary
//! folders; listening sockets; the packet filter; mail taken out of queues or mailboxes by hand. Reading, test mail and
//! time change nothing.

use super::mailbox::{self, Stored};
use crate::host::Blob;
use crate::host::fs::Kind;
use crate::sim::World;
use std::sync::Arc;

/// Folders that change by themselves or that are the learner's scratch.
const VOLATILE: [&str; 12] = [
    "/var/log",
    "/var/spool",
    "/var/mail",
    "/var/lib",
    "/var/cache",
    "/run",
    "/tmp",
    "/root",
    "/proc",
    "/sys",
    "/dev",
    "/var/tmp",
];

/// A file, directory or other inode.
#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    path: Box<str>,
    owner: (u32, u32),
    mode: u32,
    holds: Holds,
}

#[derive(Clone, Debug)]
enum Holds {
    Bytes(Blob),
    Link(Arc<str>),
    Names,
    Nothing,
}

impl PartialEq for Holds {
    fn eq(&self, other: &Holds) -> bool {
        match (self, other) {
            (Holds::Bytes(a), Holds::Bytes(b)) => a.same(b) || a.bytes() == b.bytes(),
            (Holds::Link(a), Holds::Link(b)) => a == b,
            (Holds::Names, Holds::Names) | (Holds::Nothing, Holds::Nothing) => true,
            _ => false,
        }
    }
}

impl Eq for Holds {}

/// The state of a host as far as only an administrator changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    files: Vec<File>,
    sockets: Vec<String>,
    rules: Vec<String>,
    stored: Vec<Stored>,
    removed: usize,
}

/// Takes the print of a world.
pub fn print(world: &World) -> Print {
    let fs = &world.host.fs;
    let mut files = Vec::new();
    fs.visit("/", |path, _, n| {
        let of_mail = || ["/Maildir", "/.dovecot.lda", ".svbin", ".sieve.log"].iter().any(|v| path.contains(v));
        if VOLATILE.contains(&path) || path.starts_with("/home/") && of_mail() {
            return false;
        }
        let holds = match &n.kind {
            Kind::File(b) => Holds::Bytes(b.clone()),
            Kind::Symlink(t) => Holds::Link(t.clone()),
            Kind::Dir(_) => Holds::Names,
            _ => Holds::Nothing,
        };
        files.push(File { path: path.into(), owner: (n.uid, n.gid), mode: n.mode, holds });
        true
    });
    let mut sockets: Vec<String> =
        world.host.net.listeners.iter().map(|l| format!("{:?} {} {} {}", l.proto, l.ip, l.port, l.owner)).collect();
    sockets.sort();
    let net = &world.host.net;
    let mut rules = vec![net.input_policy_drop.to_string()];
    rules.extend(net.rules.iter().map(|r| {
        format!("{} {:?} {:?} {:?} {:?} {:?} {:?}", r.input, r.proto, r.source, r.dest, r.dport, r.iface, r.target)
    }));
    Print { files, sockets, rules, stored: mailbox::stored(world), removed: removed(world) }
}

/// How many messages postsuper(1) took out of the queue or moved.
fn removed(world: &World) -> usize {
    world.host.journal.iter().filter(|r| r.ident.ends_with("/postsuper")).count()
}

impl Print {
    /// Whether somebody changed the host between two prints.
    pub fn differs(&self, later: &Print) -> bool {
        self.files != later.files
            || self.sockets != later.sockets
            || self.rules != later.rules
            || self.removed != later.removed
            || !mailbox::missing(&self.stored, &later.stored).is_empty()
    }
}
