//! Mailbox files: their text, and `mbox_open(3)`, `dot_lockfile(3)` and `safe_open(3)`. Left out: kernel locks of other
//! processes (nothing else delivers at the same instant).

use super::config::Config;
use super::delivery::Verdict;
use super::mail_queue::SPOOL;
use super::{Ctx, agent};
use crate::base::{Span, Time};
use crate::host::fs::{Kind, split};
use crate::host::{Cred, Errno};

/// What `access(2)` is asked for a directory that gets a new file.
const WRITE_SEARCH: u32 = 3;

/// Why a file does not get the message.
#[derive(Clone, Debug)]
pub struct Failure {
    pub dsn: &'static str,
    pub why: String,
    /// How long a lock was waited for.
    pub wait: Span,
    /// Why there is no lock beside the file.
    pub unlocked: Option<&'static str>,
}

impl Failure {
    pub fn new(dsn: &'static str, why: impl Into<String>) -> Failure {
        Failure { dsn, why: why.into(), wait: Span::ZERO, unlocked: None }
    }
    /// `mbox_dsn()`: whether a fault of the file system is worth a retry.
    pub fn of(e: Errno, default: &'static str, why: impl Into<String>) -> Failure {
        let dsn = match e {
            Errno::Again => "4.2.0",
            Errno::NoSpc => "4.3.0",
            Errno::FBig | Errno::DQuot => "5.2.2",
            _ => default,
        };
        Failure::new(dsn, why)
    }
    pub fn verdict(&self) -> Verdict {
        if self.dsn.starts_with('4') { Verdict::Deferred } else { Verdict::Bounced }
    }
}

/// Whom a file that root creates is given to.
#[derive(Clone, Copy, Debug)]
pub struct Chown {
    pub uid: u32,
    pub gid: u32,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// `mailbox_delivery_lock` and its kin.
    pub locks: &'a [String],
    /// A lock that cannot be made for another reason than that it is there is only told.
    pub may_fail: bool,
    pub chown: Option<Chown>,
    /// The code of a failure that has none of its own.
    pub dsn: &'static str,
}

/// An open file.
#[derive(Clone, Debug)]
pub struct Mbox {
    ino: u64,
    cred: Cred,
    pub owner: u32,
    pub is_file: bool,
    pub executable: bool,
    /// Why there is no lock beside it.
    pub unlocked: Option<&'static str>,
}

/// The line that begins a message.
pub fn from_line(sender: &str, at: Time) -> String {
    let sender = if sender.is_empty() { "MAILER-DAEMON".to_owned() } else { agent::quote_local(sender) };
    format!("From {sender}  {}\n", at.ctime())
}

/// A message for a mailbox file, of what stands before it (with the From_ line first) and its content.
pub fn text(head: &str, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.len() + content.len() + 64);
    out.extend_from_slice(head.as_bytes());
    for line in content.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b"From ") {
            out.push(b'>');
        }
        out.extend_from_slice(line);
    }
    out.push(b'\n');
    out
}

/// Opens a file for appending, or creates it, and locks it.
pub fn open(ctx: &mut Ctx<'_>, conf: &Config, cred: &Cred, path: &str, how: &How<'_>) -> Result<Mbox, Failure> {
    let mut unlocked = None;
    // Agents work in the queue directory.
    let real = if path.starts_with('/') { path.to_owned() } else { format!("{SPOOL}/{path}") };
    let regular = ctx.host.fs.stat(cred, &real).map_or(true, |(_, n)| n.is_file());
    if regular
        && how.locks.iter().any(|l| l == "dotlock")
        && let Err((e, wait)) = dot_lock(ctx, conf, cred, &real)
    {
        if e == Errno::Exist || !how.may_fail {
            let why = format!("unable to create lock file {path}.lock: {}", e.text());
            let e = if e == Errno::Exist { Errno::Again } else { e };
            return Err(Failure { wait, ..Failure::of(e, how.dsn, why) });
        }
        unlocked = Some(e.text());
    }
    match safe_open(ctx, cred, &real, how.chown) {
        Ok(found) => Ok(Mbox { unlocked, ..found }),
        Err((e, why)) => Err(Failure { unlocked, ..Failure::of(e, how.dsn, why) }),
    }
}

impl Mbox {
    /// Appends under `limit` bytes (0: none).
    pub fn append(&self, ctx: &mut Ctx<'_>, text: &[u8], limit: i64) -> Result<(), Failure> {
        let size = ctx.host.fs.node(self.ino).map_or(0, |n| n.size() as i64);
        let full = limit > 0 && self.is_file && size + text.len() as i64 > limit;
        let written = if full { Err(Errno::FBig) } else { ctx.host.fs.append_ino(&self.cred, self.ino, text) };
        written.map_err(|e| Failure::of(e, "5.3.0", format!("error writing message: {}", e.text())))
    }
}

/// Whether the file `PATH.lock` could be made; the error comes with how long that took. A lock is stale by the time of its
/// last change.
fn dot_lock(ctx: &mut Ctx<'_>, conf: &Config, cred: &Cred, path: &str) -> Result<(), (Errno, Span)> {
    let lock = format!("{path}.lock");
    let parent = split(path).0;
    if ctx.host.fs.exists(parent) && !ctx.host.fs.is_dir(parent) {
        return Err((Errno::NotDir, Span::ZERO));
    }
    let Ok((_, node)) = ctx.host.fs.lstat(&Cred::root(), &lock) else {
        return ctx.host.fs.access(cred, parent, WRITE_SEARCH).map_err(|e| (e, Span::ZERO));
    };
    let (tries, delay) = (conf.int("deliver_lock_attempts"), conf.time("deliver_lock_delay"));
    let stale = conf.time("stale_lock_time");
    let age = (ctx.host.now - node.ctime).0 / 1_000_000;
    for n in 0..tries {
        if age + n * delay > stale {
            // The next attempt finds it gone.
            let gone = n + 1 < tries && ctx.host.fs.unlink(cred, &lock).is_ok();
            return if gone { Ok(()) } else { Err((Errno::Exist, Span::secs((n + 1) * delay))) };
        }
    }
    Err((Errno::Exist, Span::secs(tries * delay)))
}

/// Links are no files to deliver to, but for one that root made where only root writes.
fn safe_open(ctx: &mut Ctx<'_>, cred: &Cred, path: &str, chown: Option<Chown>) -> Result<Mbox, (Errno, String)> {
    let cannot = |e: Errno| (e, format!("cannot open file: {}", e.text()));
    let root = Cred::root();
    let link = ctx.host.fs.lstat(&root, path).is_ok_and(|(_, n)| n.is_symlink() && !link_is_trusted(ctx, path));
    if ctx.host.fs.lstat(&root, path).is_err() {
        let exclusively = |e: Errno| (e, format!("cannot create file exclusively: {}", e.text()));
        let ino = ctx.host.fs.open_write(cred, path, 0o600, false, true).map_err(exclusively)?;
        let mut owner = cred.uid;
        if let Some(c) = chown {
            let _ = ctx.host.fs.chown(&root, path, Some(c.uid), Some(c.gid), true);
            owner = c.uid;
        }
        return Ok(Mbox { ino, cred: cred.clone(), owner, is_file: true, executable: false, unlocked: None });
    }
    let (ino, node) = ctx.host.fs.stat(&root, path).map_err(cannot)?;
    let (links, owner, mode) = (node.nlink, node.uid, node.mode);
    let is_file = matches!(node.kind, Kind::File(_));
    if matches!(node.kind, Kind::Fifo | Kind::Socket) {
        return Err(cannot(Errno::NxIo));
    }
    ctx.host.fs.open_write(cred, path, 0o600, false, false).map_err(cannot)?;
    if links > 1 {
        return Err((Errno::Perm, format!("file has {links} hard links")));
    }
    if link {
        return Err((Errno::Perm, "file is a symbolic link".into()));
    }
    Ok(Mbox { ino, cred: cred.clone(), owner, is_file, executable: mode & 0o111 != 0, unlocked: None })
}

fn link_is_trusted(ctx: &Ctx<'_>, path: &str) -> bool {
    let root = Cred::root();
    let mine =
        |p: &str| ctx.host.fs.lstat(&root, p).is_ok_and(|(_, n)| n.uid == 0 && (n.is_symlink() || n.mode & 0o022 == 0));
    mine(path) && mine(split(path).0)
}
