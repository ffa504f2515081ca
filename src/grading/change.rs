//! When the learner first changed the host: up to there, what was seen was seen on the host as it was found.
//!
//! Compares what traffic does not touch: configuration and other files outside logs, spools, mailboxes and temporary
//! folders; listening sockets; the packet filter; mail taken out of queues or mailboxes by hand. Reading, test mail and
//! time change nothing.

use super::mailbox::{self, Stored};
use crate::host::fs::Kind;
use crate::sim::World;
use sha2::{Digest, Sha256};

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

/// The state of a host as far as only an administrator changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    files: [u8; 32],
    sockets: Vec<String>,
    rules: Vec<String>,
    stored: Vec<Stored>,
    removed: usize,
}

/// Takes the print of a world.
pub fn print(world: &World) -> Print {
    let fs = &world.host.fs;
    let mut h = Sha256::new();
    fs.visit("/", |path, _, n| {
        if VOLATILE.iter().any(|v| path.strip_prefix(v).is_some_and(|r| r.is_empty() || r.starts_with('/')))
            || path.starts_with("/home/")
                && ["/Maildir", "/.dovecot.lda", ".svbin", ".sieve.log"].iter().any(|v| path.contains(v))
        {
            return;
        }
        h.update(path.as_bytes());
        h.update(n.mode.to_le_bytes());
        h.update(n.uid.to_le_bytes());
        h.update(n.gid.to_le_bytes());
        match &n.kind {
            Kind::File(b) => {
                h.update([0]);
                h.update(b.bytes());
            }
            Kind::Symlink(t) => h.update(t.as_bytes()),
            Kind::Dir(_) => h.update([1]),
            _ => h.update([2]),
        }
    });
    let mut sockets: Vec<String> =
        world.host.net.listeners.iter().map(|l| format!("{:?} {} {} {}", l.proto, l.ip, l.port, l.owner)).collect();
    sockets.sort();
    let net = &world.host.net;
    let mut rules = vec![net.input_policy_drop.to_string()];
    rules.extend(net.rules.iter().map(|r| {
        format!("{} {:?} {:?} {:?} {:?} {:?} {:?}", r.input, r.proto, r.source, r.dest, r.dport, r.iface, r.target)
    }));
    Print { files: h.finalize().into(), sockets, rules, stored: mailbox::stored(world), removed: removed(world) }
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
