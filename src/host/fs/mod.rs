//! The file tree: inodes with owners, modes and times, symbolic links, sockets, several file systems with a size.
//!
//! Paths are absolute UTF-8 strings here; the shell joins relative ones to its directory. Every operation checks
//! permissions for the given [`Cred`] as Linux does (root passes). Left out: ACLs, capabilities, hard limits on names
//! other than 255 bytes, access times.

use crate::base::Time;
use crate::host::alike::Models;
use crate::host::blob::Blob;
use crate::host::errno::Errno;
use imbl::OrdMap;
use std::ops::Bound;
use std::sync::Arc;

mod change;
mod inodes;
mod known;

use inodes::Inodes;
use known::Known;

pub type Ino = u64;
type Res<T> = Result<T, Errno>;

/// Who asks: user, group and supplementary groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cred {
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
}

impl Cred {
    pub fn root() -> Cred {
        Cred { uid: 0, gid: 0, groups: Vec::new() }
    }
    pub fn in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }
}

/// What an inode is.
#[derive(Clone, Debug)]
pub enum Kind {
    File(Blob),
    Dir(OrdMap<Arc<str>, Ino>),
    Symlink(Arc<str>),
    Socket,
    Fifo,
    /// Character device by name: `null`, `zero`, `full`, `random`, `urandom`, `tty`, `stdin`…
    Device(&'static str),
}

#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    /// Permission bits, 0o7777.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub nlink: u32,
    pub mtime: Time,
    pub ctime: Time,
    /// Index of the file system in [`Fs::mounts`].
    pub dev: usize,
}

impl Node {
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(b) => b.len() as u64,
            Kind::Dir(_) => 4096,
            Kind::Symlink(t) => t.len() as u64,
            _ => 0,
        }
    }
    /// Bytes allocated on disk (4 KiB blocks; short links live in the inode).
    pub fn allocated(&self) -> u64 {
        match &self.kind {
            Kind::File(b) => (b.len() as u64).div_ceil(4096) * 4096,
            Kind::Dir(_) => 4096,
            _ => 0,
        }
    }
    pub fn is_dir(&self) -> bool {
        matches!(self.kind, Kind::Dir(_))
    }
    pub fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File(_))
    }
    pub fn is_symlink(&self) -> bool {
        matches!(self.kind, Kind::Symlink(_))
    }
    pub fn blob(&self) -> Option<&Blob> {
        if let Kind::File(b) = &self.kind { Some(b) } else { None }
    }
    fn allows(&self, cred: &Cred, want: u32) -> bool {
        if cred.uid == 0 {
            return want & 1 == 0 || self.is_dir() || self.mode & 0o111 != 0;
        }
        let shift = if cred.uid == self.uid {
            6
        } else if cred.in_group(self.gid) {
            3
        } else {
            0
        };
        (self.mode >> shift) & want == want
    }
}

/// One file system: where it is mounted, how large it is and how much is used. Sizes in bytes.
#[derive(Clone, Debug)]
pub struct Mount {
    pub path: String,
    pub device: String,
    pub fstype: String,
    pub size: u64,
    pub used: u64,
    /// Kept for root (ext4: 5 %).
    pub reserved: u64,
    pub inodes: u64,
    pub inodes_used: u64,
    pub options: String,
}

impl Mount {
    pub fn is_read_only(&self) -> bool {
        self.options.as_bytes().split(|b| *b == b',').any(|o| o == b"ro")
    }
    pub fn free_for(&self, cred: &Cred) -> u64 {
        let kept = if cred.uid == 0 { 0 } else { self.reserved };
        self.size.saturating_sub(self.used + kept)
    }
}

/// The whole tree. Cloning is cheap (persistent maps).
#[derive(Clone, Debug)]
pub struct Fs {
    nodes: Inodes,
    next: Ino,
    pub mounts: Vec<Mount>,
    /// Directories that a later mount hides: its number, the directory's folder and name, and its inode.
    covered: Vec<(usize, Ino, Arc<str>, Ino)>,
    /// Where directories were found. Whoever takes one away or changes who may pass it forgets them.
    known: Known,
    /// Files that those at rest are compared with.
    models: Models,
    /// The instant that new modification times get; the host keeps it at its clock.
    pub now: Time,
}

pub const ROOT: Ino = 2;
pub const PERM_R: u32 = 4;
pub const PERM_W: u32 = 2;
pub const PERM_X: u32 = 1;

/// Joins `path` to `cwd` and removes `.`, `..` and doubled slashes by text alone (symbolic links are not looked at).
pub fn normalize(cwd: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { cwd };
    for p in base.split('/').chain(path.split('/')) {
        match p {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            p => parts.push(p),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Splits a path into its parent and last name; trailing slashes are dropped.
pub fn split(path: &str) -> (&str, &str) {
    let p = path.trim_end_matches('/');
    match memchr::memrchr(b'/', p.as_bytes()) {
        Some(0) => ("/", &p[1..]),
        Some(i) => (&p[..i], &p[i + 1..]),
        None => ("", p),
    }
}

impl Default for Fs {
    fn default() -> Self {
        Fs::new(Time::default())
    }
}

impl Fs {
    /// An empty tree: `/` only, on one file system of 20 GiB.
    pub fn new(now: Time) -> Fs {
        let root = Node {
            kind: Kind::Dir(OrdMap::new()),
            mode: 0o755,
            uid: 0,
            gid: 0,
            nlink: 2,
            mtime: now,
            ctime: now,
            dev: 0,
        };
        let mut nodes = Inodes::default();
        nodes.insert(ROOT, root);
        Fs {
            nodes,
            next: inodes::FIRST,
            mounts: vec![Mount {
                path: "/".into(),
                device: "/dev/sda1".into(),
                fstype: "ext4".into(),
                size: 20 << 30,
                used: 0,
                reserved: 1 << 30,
                inodes: 1_310_720,
                inodes_used: 1,
                options: "rw,relatime,errors=remount-ro".into(),
            }],
            covered: Vec::new(),
            known: Known::default(),
            models: Models::default(),
            now,
        }
    }

    /// Takes an inode number for a file that will be created with [`Fs::create_reserved`] (a queue id holds the number of
    /// its file before the file exists).
    pub fn reserve_ino(&mut self) -> Ino {
        self.next += 1;
        self.next - 1
    }
    /// Creates a regular file under a number from [`Fs::reserve_ino`]; any other number gets a fresh one.
    pub fn create_reserved(&mut self, cred: &Cred, path: &str, ino: Ino, mode: u32) -> Res<Ino> {
        if ino >= self.next || self.nodes.get(ino).is_some() {
            return self.open_write(cred, path, mode, false, true);
        }
        let after = std::mem::replace(&mut self.next, ino);
        let made = self.open_write(cred, path, mode, false, true);
        self.next = after;
        made
    }

    pub fn node(&self, ino: Ino) -> Option<&Node> {
        self.nodes.get(ino)
    }

    /// Mounts a file system on an existing directory; what is created below it from now on is charged to it.
    pub fn mount(&mut self, m: Mount) -> Res<()> {
        let ino = self.resolve(&Cred::root(), &m.path)?;
        let dev = self.mounts.len();
        self.mounts.push(m);
        if let Some(n) = self.nodes.get_mut(ino) {
            n.dev = dev;
        }
        Ok(())
    }

    /// Mounts an empty file system over a directory: what was in it is hidden until [`Fs::unmount`].
    pub fn mount_over(&mut self, m: Mount, mode: u32, uid: u32, gid: u32) -> Res<()> {
        let root = Cred::root();
        let (dir, name) = split(&m.path);
        let (old, parent) =
            (self.resolve(&root, &m.path)?, self.resolve(&root, if dir.is_empty() { "/" } else { dir })?);
        if !self.node(old).is_some_and(Node::is_dir) {
            return Err(Errno::NotDir);
        }
        let name: Arc<str> = Arc::from(name);
        let dev = self.mounts.len();
        self.mounts.push(m);
        let ino = self.next;
        self.next += 1;
        let now = self.now;
        let kind = Kind::Dir(OrdMap::new());
        self.nodes.insert(ino, Node { kind, mode, uid, gid, nlink: 2, mtime: now, ctime: now, dev });
        if let Some(Kind::Dir(d)) = self.nodes.get_mut(parent).map(|n| &mut n.kind) {
            d.insert(name.clone(), ino);
        }
        self.covered.push((dev, parent, name, old));
        self.known.forget();
        Ok(())
    }
    /// Takes away the last mount, when it is at that path.
    pub fn unmount(&mut self, path: &str) -> Res<()> {
        let dev = self.mounts.iter().rposition(|m| m.path == path).ok_or(Errno::NoEnt)?;
        let Some(at) = self.covered.iter().position(|c| c.0 == dev) else { return Err(Errno::Again) };
        if dev + 1 != self.mounts.len() {
            return Err(Errno::Again);
        }
        let (_, parent, name, old) = self.covered.remove(at);
        self.mounts.pop();
        if let Some(Kind::Dir(d)) = self.nodes.get_mut(parent).map(|n| &mut n.kind) {
            d.insert(name, old);
        }
        self.nodes.retain(|n| n.dev != dev);
        self.known.forget();
        Ok(())
    }

    /// Follows a path to its inode, symbolic links included.
    pub fn resolve(&self, cred: &Cred, path: &str) -> Res<Ino> {
        self.follow(cred, path, true).and_then(|(_, _, ino)| ino.ok_or(Errno::NoEnt))
    }
    /// As [`Fs::resolve`], but the last name is not followed if it is a link.
    pub fn resolve_nofollow(&self, cred: &Cred, path: &str) -> Res<Ino> {
        self.follow(cred, path, false).and_then(|(_, _, ino)| ino.ok_or(Errno::NoEnt))
    }

    /// As [`Fs::follow`], for what changes the tree then.
    fn walk(&self, cred: &Cred, path: &str, follow_last: bool) -> Res<(Ino, String, Option<Ino>)> {
        self.follow(cred, path, follow_last).map(|(parent, name, ino)| (parent, name.to_owned(), ino))
    }
    /// Walks to the last component: (parent directory, last name, inode if it exists).
    fn follow<'s>(&'s self, cred: &Cred, path: &'s str, follow_last: bool) -> Res<(Ino, &'s str, Option<Ino>)> {
        if path.is_empty() {
            return Err(Errno::NoEnt);
        }
        let found = self.below_known(cred, path).or_else(|| self.straight(cred, path));
        found.unwrap_or_else(|| self.winding(cred, path, follow_last))
    }
    /// A name in a directory whose path was walked before; `None`: it was not, or the name wants a walk.
    fn below_known<'s>(&'s self, cred: &Cred, path: &'s str) -> Option<Res<(Ino, &'s str, Option<Ino>)>> {
        let end = memchr::memrchr(b'/', path.as_bytes())?;
        let (dir, name) = (&path[..end], &path[end + 1..]);
        let at = self.known.get(dir, cred)?;
        let node = self.nodes.get(at)?;
        let Kind::Dir(entries) = &node.kind else { return None };
        if matches!(name, "" | "." | "..") || name.len() > 255 {
            return None;
        }
        if !node.allows(cred, PERM_X) {
            return Some(Err(Errno::Acces));
        }
        let Some(&ino) = entries.get(name) else { return Some(Ok((at, name, None))) };
        let link = matches!(self.nodes.get(ino)?.kind, Kind::Symlink(_));
        (!link).then_some(Ok((at, name, Some(ino))))
    }
    /// A path without links or dots, as nearly all are; `None`: it is none of these.
    fn straight<'s>(&'s self, cred: &Cred, path: &'s str) -> Option<Res<(Ino, &'s str, Option<Ino>)>> {
        let mut cur = ROOT;
        let mut rest = path;
        // Whether all may pass what was passed so far.
        let mut open = true;
        loop {
            rest = rest.trim_start_matches('/');
            if rest.is_empty() {
                return None;
            }
            let end = rest.bytes().position(|b| b == b'/').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let last = after.bytes().all(|b| b == b'/');
            let node = self.nodes.get(cur)?;
            let Kind::Dir(entries) = &node.kind else { return Some(Err(Errno::NotDir)) };
            if !node.allows(cred, PERM_X) {
                return Some(Err(Errno::Acces));
            }
            if name == "." || name == ".." || name.len() > 255 {
                return None;
            }
            if after.is_empty() {
                let dir = path[..path.len() - name.len()].trim_end_matches('/');
                self.known.put(dir, cur, open, cred);
            }
            let Some(&ino) = entries.get(name) else {
                return Some(if last { Ok((cur, name, None)) } else { Err(Errno::NoEnt) });
            };
            if after.is_empty() {
                let link = matches!(self.nodes.get(ino)?.kind, Kind::Symlink(_));
                return (!link).then_some(Ok((cur, name, Some(ino))));
            }
            // What stands below it is looked up next, or it must be a directory: neither is for a link.
            if last || matches!(self.nodes.get(ino)?.kind, Kind::Symlink(_)) {
                return None;
            }
            open &= node.mode & 0o111 == 0o111;
            (cur, rest) = (ino, after);
        }
    }
    fn winding<'s>(&'s self, cred: &Cred, path: &'s str, follow_last: bool) -> Res<(Ino, &'s str, Option<Ino>)> {
        let mut stack: Vec<Ino> = Vec::with_capacity(8);
        stack.push(ROOT);
        let names = |path: &'s str| path.split('/').rev().filter(|s| !s.is_empty());
        let mut todo: Vec<&str> = names(path).collect();
        let must_dir = path.ends_with('/');
        let mut links = 0;
        while let Some(name) = todo.pop() {
            let cur = *stack.last().unwrap_or(&ROOT);
            let node = self.nodes.get(cur).ok_or(Errno::NoEnt)?;
            let Kind::Dir(entries) = &node.kind else { return Err(Errno::NotDir) };
            if !node.allows(cred, PERM_X) {
                return Err(Errno::Acces);
            }
            if name == "." {
                continue;
            }
            if name == ".." {
                if stack.len() > 1 {
                    stack.pop();
                }
                continue;
            }
            if name.len() > 255 {
                return Err(Errno::NameTooLong);
            }
            let last = todo.is_empty();
            match entries.get(name) {
                None if last => return Ok((cur, name, None)),
                None => return Err(Errno::NoEnt),
                Some(&ino) => {
                    let n = self.nodes.get(ino).ok_or(Errno::NoEnt)?;
                    if let Kind::Symlink(target) = &n.kind
                        && (!last || follow_last || must_dir)
                    {
                        links += 1;
                        if links > 40 {
                            return Err(Errno::Loop);
                        }
                        if target.starts_with('/') {
                            stack.truncate(1);
                        }
                        todo.extend(names(target));
                        continue;
                    }
                    if last {
                        if must_dir && !n.is_dir() {
                            return Err(Errno::NotDir);
                        }
                        return Ok((cur, name, Some(ino)));
                    }
                    stack.push(ino);
                }
            }
        }
        let ino = *stack.last().unwrap_or(&ROOT);
        Ok((if stack.len() > 1 { stack[stack.len() - 2] } else { ROOT }, ".", Some(ino)))
    }

    /// stat(2).
    pub fn stat(&self, cred: &Cred, path: &str) -> Res<(Ino, &Node)> {
        let ino = self.resolve(cred, path)?;
        self.nodes.get(ino).map(|n| (ino, n)).ok_or(Errno::NoEnt)
    }
    /// lstat(2).
    pub fn lstat(&self, cred: &Cred, path: &str) -> Res<(Ino, &Node)> {
        let ino = self.resolve_nofollow(cred, path)?;
        self.nodes.get(ino).map(|n| (ino, n)).ok_or(Errno::NoEnt)
    }
    pub fn exists(&self, path: &str) -> bool {
        self.resolve(&Cred::root(), path).is_ok()
    }
    pub fn is_dir(&self, path: &str) -> bool {
        self.stat(&Cred::root(), path).is_ok_and(|(_, n)| n.is_dir())
    }
    /// access(2) for read, write or execute bits (4, 2, 1).
    pub fn access(&self, cred: &Cred, path: &str, want: u32) -> Res<()> {
        let (_, n) = self.stat(cred, path)?;
        if n.allows(cred, want) { Ok(()) } else { Err(Errno::Acces) }
    }

    /// The content of a regular file.
    pub fn read(&self, cred: &Cred, path: &str) -> Res<Blob> {
        let (_, n) = self.stat(cred, path)?;
        match &n.kind {
            Kind::File(b) if n.allows(cred, PERM_R) => Ok(b.clone()),
            Kind::File(_) => Err(Errno::Acces),
            Kind::Dir(_) => Err(Errno::IsDir),
            Kind::Device(_) => Ok(Blob::default()),
            _ => Err(Errno::Inval),
        }
    }
    /// The text of a file as root sees it, if it can be read.
    pub fn read_text(&self, path: &str) -> Option<String> {
        self.read(&Cred::root(), path).ok().map(|b| b.text())
    }
    pub fn readlink(&self, cred: &Cred, path: &str) -> Res<String> {
        match &self.lstat(cred, path)?.1.kind {
            Kind::Symlink(t) => Ok(t.to_string()),
            _ => Err(Errno::Inval),
        }
    }
    /// Entries of a directory in byte order, without `.` and `..`.
    pub fn readdir(&self, cred: &Cred, path: &str) -> Res<Vec<(Arc<str>, Ino)>> {
        let (_, n) = self.stat(cred, path)?;
        match &n.kind {
            Kind::Dir(e) if n.allows(cred, PERM_R) => Ok(e.iter().map(|(k, v)| (k.clone(), *v)).collect()),
            Kind::Dir(_) => Err(Errno::Acces),
            _ => Err(Errno::NotDir),
        }
    }

    /// Whether a directory has a name that begins so.
    pub fn has_prefix(&self, cred: &Cred, path: &str, prefix: &str) -> bool {
        let Ok((_, Node { kind: Kind::Dir(e), .. })) = self.stat(cred, path) else { return false };
        let from = (Bound::Included(prefix), Bound::<&str>::Unbounded);
        e.range::<_, str>(from).next().is_some_and(|(name, _)| name.starts_with(prefix))
    }

    /// Which file system a path is on.
    pub fn mount_of(&self, path: &str) -> &Mount {
        let dev = self.stat(&Cred::root(), path).map_or(0, |(_, n)| n.dev);
        &self.mounts[dev]
    }
    /// Every path below `top` (depth first, byte order), with its inode; links are not followed.
    pub fn tree(&self, top: &str) -> Vec<(String, Ino)> {
        let mut out = Vec::new();
        self.visit(top, |path, ino, _| {
            out.push((path.to_owned(), ino));
            true
        });
        out
    }
    /// Shows every path below `top`, as [`Fs::tree`] lists them; what is below a directory, if the answer is yes.
    pub fn visit(&self, top: &str, mut see: impl FnMut(&str, Ino, &Node) -> bool) {
        let Ok(ino) = self.resolve_nofollow(&Cred::root(), top) else { return };
        let mut path = top.trim_end_matches('/').to_owned();
        let mut at = Some(ino);
        // What is to be seen yet: where its directory's path ends, its name.
        let mut stack: Vec<(usize, &str, Ino)> = Vec::new();
        while let Some(ino) = at {
            if let Some(node) = self.nodes.get(ino) {
                let below = see(if path.is_empty() { "/" } else { &path }, ino, node);
                if let Kind::Dir(e) = &node.kind
                    && below
                {
                    stack.extend(e.iter().rev().map(|(name, child)| (path.len(), &**name, *child)));
                }
            }
            at = stack.pop().map(|(end, name, ino)| {
                path.truncate(end);
                path.push('/');
                path.push_str(name);
                ino
            });
        }
    }
}
