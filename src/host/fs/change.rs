//! Changes of the file tree: create, write, link, rename, remove, modes and owners; with permissions and free space checked.

use super::{Cred, Errno, Fs, Ino, Kind, Node, PERM_W, ROOT, Res, normalize};
use crate::base::Time;
use crate::host::blob::Blob;
use imbl::OrdMap;
use std::sync::Arc;

impl Fs {
    /// Charges `grow` bytes to the file system, or says that it is full.
    fn charge(&mut self, cred: &Cred, dev: usize, before: u64, after: u64) -> Res<()> {
        let m = &mut self.mounts[dev];
        if after > before && after - before > m.free_for(cred) {
            return Err(Errno::NoSpc);
        }
        m.used = (m.used + after).saturating_sub(before);
        Ok(())
    }

    /// What a node takes of its file system: a directory of a tmpfs, nothing.
    fn blocks(&self, node: &Node) -> u64 {
        let free = node.is_dir() && self.mounts[node.dev].fstype == "tmpfs";
        if free { 0 } else { node.allocated() }
    }

    fn add(&mut self, cred: &Cred, parent: Ino, name: &str, kind: Kind, mode: u32) -> Res<Ino> {
        let p = self.nodes.get(parent).ok_or(Errno::NoEnt)?;
        if !p.allows(cred, PERM_W) {
            return Err(Errno::Acces);
        }
        let dev = p.dev;
        if self.mounts[dev].is_read_only() {
            return Err(Errno::RoFs);
        }
        if self.mounts[dev].inodes_used >= self.mounts[dev].inodes {
            return Err(Errno::NoSpc);
        }
        let setgid = p.mode & 0o2000 != 0;
        let gid = if setgid { p.gid } else { cred.gid };
        let is_dir = matches!(kind, Kind::Dir(_));
        let node = Node {
            kind,
            mode: mode | if setgid && is_dir { 0o2000 } else { 0 },
            uid: cred.uid,
            gid,
            nlink: if is_dir { 2 } else { 1 },
            mtime: self.now,
            ctime: self.now,
            dev,
        };
        self.charge(cred, dev, 0, self.blocks(&node))?;
        self.mounts[dev].inodes_used += 1;
        let ino = self.next;
        self.next += 1;
        self.nodes.insert(ino, node);
        self.link_in(parent, name, ino, is_dir);
        Ok(ino)
    }
    fn link_in(&mut self, parent: Ino, name: &str, ino: Ino, is_dir: bool) {
        let now = self.now;
        if let Some(p) = self.nodes.get_mut(parent)
            && let Kind::Dir(e) = &mut p.kind
        {
            e.insert(Arc::from(name), ino);
            p.mtime = now;
            p.ctime = now;
            if is_dir {
                p.nlink += 1;
            }
        }
    }
    fn sticky_denies(&self, cred: &Cred, parent: Ino, ino: Ino) -> bool {
        let (Some(p), Some(n)) = (self.nodes.get(parent), self.nodes.get(ino)) else { return false };
        p.mode & 0o1000 != 0 && cred.uid != 0 && cred.uid != n.uid && cred.uid != p.uid
    }
    fn unlink_from(&mut self, cred: &Cred, parent: Ino, name: &str) -> Res<()> {
        let now = self.now;
        let p = self.nodes.get_mut(parent).ok_or(Errno::NoEnt)?;
        let Kind::Dir(e) = &mut p.kind else { return Err(Errno::NotDir) };
        let Some(ino) = e.remove(name) else { return Err(Errno::NoEnt) };
        p.mtime = now;
        p.ctime = now;
        let Some(n) = self.nodes.get_mut(ino) else { return Ok(()) };
        let dir = n.is_dir();
        if dir {
            self.known.forget();
        }
        n.nlink = n.nlink.saturating_sub(if dir { 2 } else { 1 });
        n.ctime = now;
        if let Some(n) = self.nodes.get(ino)
            && n.nlink == 0
        {
            let (dev, size) = (n.dev, self.blocks(n));
            self.nodes.remove(ino);
            self.charge(cred, dev, size, 0)?;
            self.mounts[dev].inodes_used = self.mounts[dev].inodes_used.saturating_sub(1);
        }
        if dir && let Some(p) = self.nodes.get_mut(parent) {
            p.nlink = p.nlink.saturating_sub(1);
        }
        Ok(())
    }

    /// open(2) for writing: creates with `mode` (umask already applied) or finds.
    pub fn open_write(&mut self, cred: &Cred, path: &str, mode: u32, truncate: bool, excl: bool) -> Res<Ino> {
        self.open(cred, path, mode, truncate, excl).map(|(ino, _)| ino)
    }
    /// As [`Fs::open_write`], and whether the file is new.
    pub fn open(&mut self, cred: &Cred, path: &str, mode: u32, truncate: bool, excl: bool) -> Res<(Ino, bool)> {
        let (parent, name, found) = self.follow(cred, path, true)?;
        let Some(ino) = found else {
            if path.ends_with('/') {
                return Err(Errno::IsDir);
            }
            let name = name.to_owned();
            return self.add(cred, parent, &name, Kind::File(Blob::default()), mode).map(|ino| (ino, true));
        };
        if excl {
            return Err(Errno::Exist);
        }
        let n = self.nodes.get(ino).ok_or(Errno::NoEnt)?;
        match n.kind {
            Kind::Dir(_) => return Err(Errno::IsDir),
            _ if !n.allows(cred, PERM_W) => return Err(Errno::Acces),
            Kind::File(_) if self.mounts[n.dev].is_read_only() => return Err(Errno::RoFs),
            Kind::File(_) if truncate => self.set_content(cred, ino, Blob::default())?,
            _ => {}
        }
        Ok((ino, false))
    }
    /// Replaces the content of a regular file by inode (permissions were checked at open).
    pub fn set_content(&mut self, cred: &Cred, ino: Ino, data: Blob) -> Res<()> {
        let n = self.nodes.get(ino).ok_or(Errno::BadF)?;
        let (dev, before) = (n.dev, n.allocated());
        let after = (data.len() as u64).div_ceil(4096) * 4096;
        self.charge(cred, dev, before, after)?;
        let now = self.now;
        if let Some(n) = self.nodes.get_mut(ino) {
            n.kind = Kind::File(data);
            n.mtime = now;
            n.ctime = now;
        }
        Ok(())
    }
    /// A file will not be written for a while, and is kept in less memory. Nothing of it changes.
    pub fn rest(&mut self, path: &str) {
        if let Ok(ino) = self.resolve(&Cred::root(), path)
            && let Some(Kind::File(b)) = self.nodes.get_mut(ino).map(|n| &mut n.kind)
        {
            b.rest(&mut self.models);
        }
    }
    /// Appends to a regular file by inode. Devices swallow; `/dev/full` says that it is full.
    pub fn append_ino(&mut self, cred: &Cred, ino: Ino, data: &[u8]) -> Res<()> {
        let n = self.nodes.get(ino).ok_or(Errno::BadF)?;
        let Kind::File(b) = &n.kind else {
            return if matches!(n.kind, Kind::Device("full")) { Err(Errno::NoSpc) } else { Ok(()) };
        };
        let (dev, before) = (n.dev, n.allocated());
        let after = ((b.len() + data.len()) as u64).div_ceil(4096) * 4096;
        self.charge(cred, dev, before, after)?;
        let now = self.now;
        if let Some(n) = self.nodes.get_mut(ino)
            && let Kind::File(b) = &mut n.kind
        {
            b.append(data);
            n.mtime = now;
            n.ctime = now;
        }
        Ok(())
    }
    /// Writes a whole file, creating it with `mode` when it is new.
    pub fn write(&mut self, cred: &Cred, path: &str, data: impl Into<Blob>, mode: u32) -> Res<Ino> {
        let ino = self.open_write(cred, path, mode, false, false)?;
        if self.nodes.get(ino).is_some_and(Node::is_file) {
            self.set_content(cred, ino, data.into())?;
        }
        Ok(ino)
    }
    /// Appends to a file, creating it with `mode` when it is new; whether it is.
    pub fn append(&mut self, cred: &Cred, path: &str, data: &[u8], mode: u32) -> Res<bool> {
        let (ino, new) = self.open(cred, path, mode, false, false)?;
        self.append_ino(cred, ino, data)?;
        Ok(new)
    }
    pub fn mkdir(&mut self, cred: &Cred, path: &str, mode: u32) -> Res<Ino> {
        let (parent, name, found) = self.walk(cred, path.trim_end_matches('/'), true)?;
        if found.is_some() || path == "/" {
            return Err(Errno::Exist);
        }
        self.add(cred, parent, &name, Kind::Dir(OrdMap::new()), mode)
    }
    /// Creates every missing directory of `path` as root with mode 755.
    pub fn mkdir_all(&mut self, path: &str) -> Res<Ino> {
        let root = Cred::root();
        let mut done = String::new();
        let mut ino = ROOT;
        for part in path.split('/').filter(|p| !p.is_empty()) {
            done.push('/');
            done.push_str(part);
            ino = match self.resolve(&root, &done) {
                Ok(i) => i,
                Err(Errno::NoEnt) => self.mkdir(&root, &done, 0o755)?,
                Err(e) => return Err(e),
            };
        }
        Ok(ino)
    }
    pub fn symlink(&mut self, cred: &Cred, target: &str, path: &str) -> Res<Ino> {
        let (parent, name, found) = self.walk(cred, path, false)?;
        if found.is_some() {
            return Err(Errno::Exist);
        }
        self.add(cred, parent, &name, Kind::Symlink(Arc::from(target)), 0o777)
    }
    /// Creates a socket, FIFO or device node.
    pub fn mknod(&mut self, cred: &Cred, path: &str, kind: Kind, mode: u32) -> Res<Ino> {
        let (parent, name, found) = self.walk(cred, path, true)?;
        if found.is_some() {
            return Err(Errno::Exist);
        }
        self.add(cred, parent, &name, kind, mode)
    }
    /// link(2).
    pub fn hardlink(&mut self, cred: &Cred, old: &str, new: &str) -> Res<()> {
        let ino = self.resolve_nofollow(cred, old)?;
        let n = self.nodes.get(ino).ok_or(Errno::NoEnt)?;
        if n.is_dir() {
            return Err(Errno::Perm);
        }
        let dev = n.dev;
        let (parent, name, found) = self.walk(cred, new, false)?;
        if found.is_some() {
            return Err(Errno::Exist);
        }
        let p = self.nodes.get(parent).ok_or(Errno::NoEnt)?;
        if p.dev != dev {
            return Err(Errno::XDev);
        }
        if !p.allows(cred, PERM_W) {
            return Err(Errno::Acces);
        }
        if let Some(n) = self.nodes.get_mut(ino) {
            n.nlink += 1;
        }
        self.link_in(parent, &name, ino, false);
        Ok(())
    }
    pub fn unlink(&mut self, cred: &Cred, path: &str) -> Res<()> {
        let (parent, name, found) = self.walk(cred, path, false)?;
        let ino = found.ok_or(Errno::NoEnt)?;
        if self.nodes.get(ino).is_some_and(Node::is_dir) {
            return Err(Errno::IsDir);
        }
        if !self.nodes.get(parent).is_some_and(|p| p.allows(cred, PERM_W)) {
            return Err(Errno::Acces);
        }
        if self.sticky_denies(cred, parent, ino) {
            return Err(Errno::Perm);
        }
        self.unlink_from(cred, parent, &name)
    }
    pub fn rmdir(&mut self, cred: &Cred, path: &str) -> Res<()> {
        let (parent, name, found) = self.walk(cred, path.trim_end_matches('/'), false)?;
        let ino = found.ok_or(Errno::NoEnt)?;
        match self.nodes.get(ino).map(|n| &n.kind) {
            Some(Kind::Dir(e)) if !e.is_empty() => return Err(Errno::NotEmpty),
            Some(Kind::Dir(_)) => {}
            _ => return Err(Errno::NotDir),
        }
        if !self.nodes.get(parent).is_some_and(|p| p.allows(cred, PERM_W)) {
            return Err(Errno::Acces);
        }
        self.unlink_from(cred, parent, &name)
    }
    /// rename(2): replaces the target if there is one, as the real one does.
    pub fn rename(&mut self, cred: &Cred, old: &str, new: &str) -> Res<()> {
        let (op, oname, of) = self.walk(cred, old.trim_end_matches('/'), false)?;
        let ino = of.ok_or(Errno::NoEnt)?;
        let (np, nname, nf) = self.walk(cred, new.trim_end_matches('/'), false)?;
        for p in [op, np] {
            if !self.nodes.get(p).is_some_and(|n| n.allows(cred, PERM_W)) {
                return Err(Errno::Acces);
            }
        }
        if self.sticky_denies(cred, op, ino) {
            return Err(Errno::Perm);
        }
        let dir = self.nodes.get(ino).is_some_and(Node::is_dir);
        if self.nodes.get(ino).map(|n| n.dev) != self.nodes.get(np).map(|n| n.dev) {
            return Err(Errno::XDev);
        }
        if dir && normalize("/", new).starts_with(&(normalize("/", old) + "/")) {
            return Err(Errno::Inval);
        }
        if let Some(t) = nf {
            if t == ino {
                return Ok(());
            }
            let target = self.nodes.get(t).ok_or(Errno::NoEnt)?;
            match (&target.kind, dir) {
                (Kind::Dir(_), false) => return Err(Errno::IsDir),
                (Kind::Dir(e), true) if !e.is_empty() => return Err(Errno::NotEmpty),
                (Kind::Dir(_), true) => {}
                (_, true) => return Err(Errno::NotDir),
                _ => {}
            }
            self.unlink_from(cred, np, &nname)?;
        }
        if dir {
            self.known.forget();
        }
        let now = self.now;
        if let Some(p) = self.nodes.get_mut(op)
            && let Kind::Dir(e) = &mut p.kind
        {
            e.remove(oname.as_str());
            p.mtime = now;
            p.ctime = now;
            if dir {
                p.nlink = p.nlink.saturating_sub(1);
            }
        }
        self.link_in(np, &nname, ino, dir);
        if let Some(n) = self.nodes.get_mut(ino) {
            n.ctime = now;
        }
        Ok(())
    }
    pub fn chmod(&mut self, cred: &Cred, path: &str, mode: u32) -> Res<()> {
        let ino = self.resolve(cred, path)?;
        let now = self.now;
        let n = self.nodes.get_mut(ino).ok_or(Errno::NoEnt)?;
        if cred.uid != 0 && cred.uid != n.uid {
            return Err(Errno::Perm);
        }
        n.mode = mode & 0o7777;
        n.ctime = now;
        if n.is_dir() {
            self.known.forget();
        }
        Ok(())
    }
    /// chown(2), or lchown(2) with `follow` false.
    pub fn chown(&mut self, cred: &Cred, path: &str, uid: Option<u32>, gid: Option<u32>, follow: bool) -> Res<()> {
        let ino = if follow { self.resolve(cred, path)? } else { self.resolve_nofollow(cred, path)? };
        let now = self.now;
        let n = self.nodes.get_mut(ino).ok_or(Errno::NoEnt)?;
        let own_group = uid.is_none_or(|u| u == n.uid) && cred.uid == n.uid && gid.is_none_or(|g| cred.in_group(g));
        if cred.uid != 0 && !own_group {
            return Err(Errno::Perm);
        }
        n.uid = uid.unwrap_or(n.uid);
        n.gid = gid.unwrap_or(n.gid);
        n.ctime = now;
        if n.is_dir() {
            self.known.forget();
        }
        Ok(())
    }
    /// What install(1) does for root: owner, group and mode of an inode.
    pub fn own(&mut self, ino: Ino, uid: u32, gid: u32, mode: u32) {
        let now = self.now;
        if let Some(n) = self.nodes.get_mut(ino) {
            (n.uid, n.gid, n.mode, n.ctime) = (uid, gid, mode & 0o7777, now);
            if n.is_dir() {
                self.known.forget();
            }
        }
    }
    /// The modification time of an inode, for root.
    pub fn touch(&mut self, ino: Ino, t: Time) {
        if let Some(n) = self.nodes.get_mut(ino) {
            n.mtime = t;
        }
    }
    pub fn set_mtime(&mut self, cred: &Cred, path: &str, t: Time) -> Res<()> {
        let ino = self.resolve(cred, path)?;
        let now = self.now;
        let n = self.nodes.get_mut(ino).ok_or(Errno::NoEnt)?;
        if cred.uid != 0 && cred.uid != n.uid && !n.allows(cred, PERM_W) {
            return Err(Errno::Acces);
        }
        n.mtime = t;
        n.ctime = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Fs {
        let mut fs = Fs::new(Time::from_secs(1000));
        fs.mkdir_all("/home/maria").unwrap();
        fs.chown(&Cred::root(), "/home/maria", Some(1001), Some(1001), true).unwrap();
        fs.chmod(&Cred::root(), "/home/maria", 0o700).unwrap();
        fs.write(&Cred::root(), "/etc.txt", "hola", 0o644).unwrap();
        fs
    }

    #[test]
    fn permissions_are_linux() {
        let mut fs = tree();
        let juan = Cred { uid: 1002, gid: 1002, groups: vec![] };
        assert_eq!(fs.readdir(&juan, "/home/maria").unwrap_err(), Errno::Acces);
        assert_eq!(fs.write(&juan, "/home/maria/x", "a", 0o644).unwrap_err(), Errno::Acces);
        assert_eq!(fs.write(&juan, "/etc.txt", "a", 0o644).unwrap_err(), Errno::Acces);
        assert_eq!(fs.read(&juan, "/etc.txt").unwrap().text(), "hola");
    }

    #[test]
    fn links_loops_and_full_disks() {
        let mut fs = tree();
        let root = Cred::root();
        fs.symlink(&root, "b", "/a").unwrap();
        fs.symlink(&root, "a", "/b").unwrap();
        assert_eq!(fs.read(&root, "/a").unwrap_err(), Errno::Loop);
        fs.symlink(&root, "/home", "/casa").unwrap();
        fs.write(&root, "/casa/maria/f", "xyz", 0o600).unwrap();
        assert_eq!(fs.read_text("/home/maria/f").unwrap(), "xyz");
        fs.mounts[0].size = fs.mounts[0].used;
        assert_eq!(fs.write(&root, "/home/g", "more", 0o600).unwrap_err(), Errno::NoSpc);
    }

    #[test]
    fn what_was_found_is_forgotten_when_it_moves_or_closes() {
        let mut fs = tree();
        let (root, juan) = (Cred::root(), Cred { uid: 1002, gid: 1002, groups: vec![] });
        fs.mkdir_all("/srv/a/b").unwrap();
        fs.write(&root, "/srv/a/b/f", "x", 0o644).unwrap();
        let reads = |fs: &Fs, path: &str| fs.read(&juan, path).map(|b| b.text());
        assert_eq!(reads(&fs, "/srv/a/b/f").as_deref(), Ok("x"));
        fs.chmod(&root, "/srv/a", 0o700).unwrap();
        assert_eq!(reads(&fs, "/srv/a/b/f"), Err(Errno::Acces));
        assert!(fs.exists("/srv/a/b/f"));
        assert_eq!(reads(&fs, "/srv/a/b/f"), Err(Errno::Acces));
        fs.chmod(&root, "/srv/a", 0o755).unwrap();
        assert_eq!(reads(&fs, "/srv/a/b/f").as_deref(), Ok("x"));
        fs.chmod(&root, "/srv/a", 0o700).unwrap();
        fs.chown(&root, "/srv/a", Some(1002), Some(1002), true).unwrap();
        assert_eq!(reads(&fs, "/srv/a/b/f").as_deref(), Ok("x"));
        fs.chown(&root, "/srv/a", Some(1001), Some(1001), true).unwrap();
        assert_eq!(reads(&fs, "/srv/a/b/f"), Err(Errno::Acces));
        fs.rename(&root, "/srv/a", "/srv/c").unwrap();
        assert_eq!(reads(&fs, "/srv/a/b/f"), Err(Errno::NoEnt));
        fs.chmod(&root, "/srv/c", 0o755).unwrap();
        assert_eq!(reads(&fs, "/srv/c/b/f").as_deref(), Ok("x"));
        fs.unlink(&root, "/srv/c/b/f").unwrap();
        fs.rmdir(&root, "/srv/c/b").unwrap();
        fs.symlink(&root, "/home", "/srv/c/b").unwrap();
        assert_eq!(reads(&fs, "/srv/c/b/f"), Err(Errno::NoEnt));
        assert!(fs.is_dir("/srv/c/b/maria"));
        let copy = fs.clone();
        fs.rename(&root, "/home/maria", "/home/m").unwrap();
        assert!(copy.is_dir("/home/maria") && !fs.is_dir("/home/maria"));
    }

    #[test]
    fn rename_and_unlink_keep_the_accounts() {
        let mut fs = tree();
        let root = Cred::root();
        let used = fs.mounts[0].used;
        fs.write(&root, "/t", vec![b'x'; 5000], 0o600).unwrap();
        assert_eq!(fs.mounts[0].used, used + 8192);
        fs.rename(&root, "/t", "/etc.txt").unwrap();
        fs.unlink(&root, "/etc.txt").unwrap();
        assert_eq!(fs.mounts[0].used, used - 4096);
        assert_eq!(fs.unlink(&root, "/t").unwrap_err(), Errno::NoEnt);
    }
}
