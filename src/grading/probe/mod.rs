//! Probes: questions asked of a copy of the world by using the host as its users do. One file a kind.
//!
//! Every probe runs on its own copy, so none sees another's traffic.

mod arrives;
mod dialogue;
mod imap;
mod kept;
mod limited;
mod port;
mod queue;
mod refused;
mod relayed;
mod service;
mod setting;
mod submission;

use super::mailbox::Stored;
use crate::lab::schema::Probe;
use crate::sim::{Surroundings, World};

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub holds: bool,
    /// What the host answered, short: `250 2.0.0 Ok`, `Connection refused`.
    pub said: String,
}

impl Found {
    fn new(holds: bool, said: impl Into<String>) -> Found {
        Found { holds, said: said.into() }
    }
}

/// What a probe needs beside the world it asks.
pub struct Setting<'a> {
    /// Sets the probe's own mail apart from all other.
    pub token: &'a str,
    /// The mail that was in the mailboxes when the learner sat down.
    pub stored: &'a [Stored],
    /// Folders whose mail may go, as `user/Folder`.
    pub spare: &'a [String],
}

/// Asks one question of a copy of `world`.
pub fn ask(world: &World, probe: &Probe, setting: &Setting<'_>) -> Found {
    let mut w = world.clone();
    match probe {
        Probe::Unread => Found::new(false, ""),
        Probe::Arrives { client, sender, to, mailbox, size } => {
            arrives::ask(&mut w, setting, client, sender, to, mailbox, size.map_or(0, |s| s.0))
        }
        Probe::Refused { client, sender, to, codes } => refused::ask(&mut w, client, sender, to, codes),
        Probe::Relayed { client, sender, to } => relayed::ask(&mut w, setting, client, sender, to),
        Probe::Submission { client, user, password, to } => {
            submission::ask(&mut w, setting, client, user, password.as_deref(), to)
        }
        Probe::Imap { client, user, password } => imap::ask(&mut w, client, user, password.as_deref()),
        Probe::Port { client, port, closed } => port::ask(&mut w, client, *port, *closed),
        Probe::Service { unit } => service::ask(&w, unit),
        Probe::Queue { sender, to, present } => queue::ask(&mut w, sender, to, *present),
        Probe::Kept { user, missing } => kept::ask(&w, setting, user, *missing),
        Probe::Limited { users } => limited::ask(&mut w, users),
        Probe::Setting { name, value } => setting::ask(&mut w, name, value),
    }
}

/// Runs a command line on a copy of the host as root: exit status and output.
pub fn run(world: &mut World, line: &str) -> (i32, String) {
    let Some(exec) = world.exec else { return (127, String::new()) };
    let (status, out) = exec(world, &crate::host::Cred::root(), line, b"", &Surroundings::Login);
    (status, String::from_utf8_lossy(&out).into_owned())
}
