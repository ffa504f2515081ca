//! Locking and opening a mailbox file: `mbox_open(3)`, `dot_lockfile(3)` and `safe_open(3)`, as far as virtual(8) needs
//! them. Left out: locks of other processes (nothing else delivers at the same instant), and stale lock files.

use super::Ctx;
use crate::host::fs::{Kind, split};
use crate::host::{Cred, Errno};

/// What `access(2)` is asked for a directory that gets a new file.
const WRITE_SEARCH: u32 = 3;

/// Whether the file `PATH.lock` could be made. The error says whether it is worth waiting for.
pub fn lock(ctx: &Ctx<'_>, cred: &Cred, path: &str) -> Result<(), (Errno, bool)> {
    if ctx.host.fs.exists(&format!("{path}.lock")) {
        return Err((Errno::Exist, true));
    }
    ctx.host.fs.access(cred, split(path).0, WRITE_SEARCH).map_err(|e| (e, false))
}

/// Opens a file for appending, or creates it; its inode and owner. Links are no files to deliver to, but for one that root
/// made where only root writes.
pub fn open(ctx: &mut Ctx<'_>, cred: &Cred, path: &str) -> Result<(u64, u32), (Errno, String)> {
    let cannot = |e: Errno| (e, format!("cannot open file: {}", e.text()));
    let root = Cred::root();
    let link = ctx.host.fs.lstat(&root, path).is_ok_and(|(_, n)| n.is_symlink() && !link_is_trusted(ctx, path));
    let is_new = ctx.host.fs.lstat(&root, path).is_err();
    if is_new {
        let exclusively = |e: Errno| (e, format!("cannot create file exclusively: {}", e.text()));
        let ino = ctx.host.fs.open_write(cred, path, 0o600, false, true).map_err(exclusively)?;
        return Ok((ino, cred.uid));
    }
    let (ino, node) = ctx.host.fs.stat(&root, path).map_err(cannot)?;
    let (owner, links) = (node.uid, node.nlink);
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
    Ok((ino, owner))
}

fn link_is_trusted(ctx: &Ctx<'_>, path: &str) -> bool {
    let root = Cred::root();
    let mine =
        |p: &str| ctx.host.fs.lstat(&root, p).is_ok_and(|(_, n)| n.uid == 0 && (n.is_symlink() || n.mode & 0o022 == 0));
    mine(path) && mine(split(path).0)
}
