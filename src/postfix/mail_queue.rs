//! The queue directories: where a file of a queue stands, moving it between queues, and the per-message logs.

use super::queue_file::{self, Envelope, rec};
use crate::base::Time;
use crate::host::fs::{Cred, Ino};
use crate::host::{Blob, Errno, Host};
use std::sync::Arc;

/// `queue_directory`.
pub const SPOOL: &str = "/var/spool/postfix";

/// The queues that hold messages, in the order in which postqueue lists them.
pub const MESSAGE_QUEUES: [&str; 5] = ["maildrop", "incoming", "active", "deferred", "hold"];

/// Queues with a level of folders (`hash_queue_names`, `hash_queue_depth = 1`).
const HASHED: [&str; 2] = ["deferred", "defer"];

/// The folder of a message within a queue.
fn dir(queue: &str, id: &str) -> String {
    let mut dir = String::with_capacity(48);
    dir.push_str(SPOOL);
    dir.push('/');
    dir.push_str(queue);
    if HASHED.contains(&queue) {
        dir.push('/');
        dir.extend(queue_file::hash_text(id).chars().next());
    }
    dir
}

/// The path of a queue file.
pub fn path(queue: &str, id: &str) -> String {
    let mut path = dir(queue, id);
    path.push('/');
    path.push_str(id);
    path
}

/// The path as postcat(1) prints it, relative to the queue directory.
pub fn short_path(queue: &str, id: &str) -> String {
    path(queue, id).trim_start_matches(SPOOL).trim_start_matches('/').to_owned()
}

/// Credentials of `mail_owner`: the owner of the queues.
pub fn owner(host: &Host) -> Cred {
    let cred = mover(host);
    let gid =
        if cred.gid == 0 { host.users().iter().find(|u| u.uid == cred.uid).map_or(0, |u| u.gid) } else { cred.gid };
    Cred { gid, ..cred }
}

/// The same for what makes no file: the owner and group of the sockets' folder.
fn mover(host: &Host) -> Cred {
    let (uid, gid) =
        host.fs.stat(&Cred::root(), "/var/spool/postfix/private").map_or((101, 103), |(_, n)| (n.uid, n.gid));
    Cred { uid, gid, groups: Vec::new() }
}

/// Writes a complete file into a queue under a reserved inode. Mode 0700 says that it is complete.
pub fn create(host: &mut Host, queue: &str, id: &str, bytes: Vec<u8>) -> Result<(), Errno> {
    let cred = owner(host);
    let path = path(queue, id);
    let ino = queue_file::id_inode(id).unwrap_or(0);
    let ino = host.fs.create_reserved(&cred, &path, ino, 0o700)?;
    if let Err(e) = host.fs.set_content(&cred, ino, Blob::from(bytes)) {
        let _ = host.fs.unlink(&Cred::root(), &path);
        return Err(e);
    }
    Ok(())
}

/// Moves a message to another queue, making the hash folder if needed.
pub fn rename(host: &mut Host, id: &str, from: &str, to: &str) -> Result<(), Errno> {
    let cred = mover(host);
    let (old, new) = (path(from, id), path(to, id));
    match host.fs.rename(&cred, &old, &new) {
        Err(Errno::NoEnt) if HASHED.contains(&to) && host.fs.exists(&old) => {
            host.fs.mkdir(&owner(host), &dir(to, id), 0o700)?;
            host.fs.rename(&cred, &old, &new)
        }
        r => r,
    }
}

/// A message waits for a while: its file and its log are kept in less memory.
pub fn rest(host: &mut Host, queue: &str, id: &str) {
    for q in [queue, "defer"] {
        host.fs.rest(&path(q, id));
    }
}

/// Removes a file of a queue, if it is there.
pub fn remove(host: &mut Host, queue: &str, id: &str) -> bool {
    let cred = mover(host);
    host.fs.unlink(&cred, &path(queue, id)).is_ok()
}

pub fn read(host: &Host, queue: &str, id: &str) -> Result<Blob, Errno> {
    host.fs.read(&Cred::root(), &path(queue, id))
}

/// Reads the envelope of a message.
pub fn envelope(host: &Host, queue: &str, id: &str) -> Option<Envelope> {
    let b = read(host, queue, id).ok()?;
    Envelope::parse(&b.bytes())
}

/// How many recipients of a message are not dealt with; `None` when it is not there or is no queue file.
pub fn waiting(host: &Host, queue: &str, id: &str) -> Option<u64> {
    queue_file::waiting(&read(host, queue, id).ok()?.bytes())
}

/// The queue that a message is in now.
pub fn find(host: &Host, id: &str) -> Option<&'static str> {
    MESSAGE_QUEUES.into_iter().find(|q| host.fs.exists(&path(q, id)))
}

/// A file of a queue as a scan sees it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: Arc<str>,
    pub ino: Ino,
    pub mtime: Time,
    pub ctime: Time,
    pub mode: u32,
    pub uid: u32,
}

/// All files of a queue: folder by folder, in each the one that was put there last comes first (as readdir(2) gives
/// them on tmpfs, where the file tree of the reference host is).
pub fn scan(host: &Host, queue: &str) -> Vec<Entry> {
    let root = Cred::root();
    let mut out = Vec::new();
    let top = format!("{SPOOL}/{queue}");
    let folders: Vec<String> = if HASHED.contains(&queue) {
        let subs = host.fs.readdir(&root, &top).unwrap_or_default();
        subs.into_iter().map(|(n, _)| format!("{top}/{n}")).collect()
    } else {
        vec![top]
    };
    for f in folders {
        let start = out.len();
        for (id, ino) in host.fs.readdir(&root, &f).unwrap_or_default() {
            if let Some(n) = host.fs.node(ino)
                && n.is_file()
                && queue_file::id_ok(&id)
            {
                out.push(Entry { id, ino, mtime: n.mtime, ctime: n.ctime, mode: n.mode, uid: n.uid });
            }
        }
        out[start..].sort_by_key(|e| std::cmp::Reverse((e.ctime, e.ino)));
    }
    out
}

/// Marks a recipient as done in place.
pub fn mark_done(host: &mut Host, queue: &str, id: &str, offset: usize) {
    let p = path(queue, id);
    let root = Cred::root();
    let Ok((ino, node)) = host.fs.stat(&root, &p) else { return };
    let mtime = node.mtime;
    let Some(blob) = node.blob() else { return };
    let mut bytes = blob.bytes().into_owned();
    if bytes.get(offset) == Some(&rec::RCPT) {
        bytes[offset] = rec::DONE;
        let _ = host.fs.set_content(&root, ino, Blob::from(bytes));
        let _ = host.fs.set_mtime(&root, &p, mtime);
    }
}

/// One recipient's entry in a bounce, defer or trace log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEntry {
    pub recipient: String,
    pub orig: String,
    pub offset: usize,
    pub orcpt: String,
    pub notify: u32,
    pub status: String,
    pub action: String,
    pub diag_type: String,
    pub diag_text: String,
    pub mta_type: String,
    pub mta_name: String,
    pub reason: String,
}

/// Appends an entry to a message's log in the `bounce`, `defer` or `trace` queue.
pub fn append_log(host: &mut Host, queue: &str, id: &str, e: &LogEntry) -> Result<(), Errno> {
    let mut t = format!("\n<{}>: {}\nrecipient={}\n", e.recipient, e.reason, e.recipient);
    if !e.orig.is_empty() && !e.orig.eq_ignore_ascii_case(&e.recipient) {
        t += &format!("original_recipient={}\n", e.orig);
    }
    if e.offset > 0 {
        t += &format!("offset={}\n", e.offset);
    }
    if e.notify != 0 {
        t += &format!("dsn_notify={}\n", e.notify);
    }
    for (name, value) in [
        ("dsn_orig_rcpt", &e.orcpt),
        ("status", &e.status),
        ("action", &e.action),
        ("diag_type", &e.diag_type),
        ("diag_text", &e.diag_text),
        ("mta_type", &e.mta_type),
        ("mta_mname", &e.mta_name),
        ("reason", &e.reason),
    ] {
        if !value.is_empty() {
            t += &format!("{name}={value}\n");
        }
    }
    t.push('\n');
    let cred = owner(host);
    let p = path(queue, id);
    match host.fs.append(&cred, &p, t.as_bytes(), 0o600) {
        Err(Errno::NoEnt) if HASHED.contains(&queue) => {
            host.fs.mkdir(&cred, &dir(queue, id), 0o700)?;
            host.fs.append(&cred, &p, t.as_bytes(), 0o600).map(|_| ())
        }
        r => r.map(|_| ()),
    }
}

/// Reads a message's log.
pub fn read_log(host: &Host, queue: &str, id: &str) -> Vec<LogEntry> {
    let Ok(b) = read(host, queue, id) else { return Vec::new() };
    let mut out: Vec<LogEntry> = Vec::new();
    for line in b.text().lines() {
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('<')) else { continue };
        if name == "recipient" {
            out.push(LogEntry { reason: "(description unavailable)".into(), ..LogEntry::default() });
        }
        let Some(e) = out.last_mut() else { continue };
        let v = value.trim_end().to_owned();
        match name {
            "recipient" => {
                e.orig.clone_from(&v);
                e.recipient = v;
            }
            "original_recipient" => e.orig = v,
            "offset" => e.offset = v.parse().unwrap_or(0),
            "dsn_orig_rcpt" => e.orcpt = v,
            "dsn_notify" => e.notify = v.parse().unwrap_or(0),
            "status" => e.status = v,
            "action" => e.action = v,
            "diag_type" => e.diag_type = v,
            "diag_text" => e.diag_text = v,
            "mta_type" => e.mta_type = v,
            "mta_mname" => e.mta_name = v,
            "reason" => e.reason = v,
            _ => {}
        }
    }
    out
}
