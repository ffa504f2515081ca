//! Maildir++ in the host's file tree: folders, uids, flags, saving and expunging.
//!
//! The files are the truth: flags live in names (`:2,S`), uids in `dovecot-uidlist`, keywords in `dovecot-keywords`,
//! subscriptions in `subscriptions`. The index files exist as Dovecot makes them, their content is not modelled.

use super::config::{Config, Scope};
use super::user::MailUser;
use super::{ids, quota};
use crate::base::Time;
use crate::host::fs::{Cred, Ino, Node, PERM_R, PERM_W, PERM_X, split};
use crate::host::{Errno, Host};
use crate::log::dovecot::{Denied, Trouble};
use foldhash::fast::FixedState;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::Arc;

/// A user's mail store, opened for a protocol.
#[derive(Clone, Debug)]
pub struct Store {
    pub user: MailUser,
    pub config: Arc<Config>,
    pub protocol: String,
    /// Where INBOX is (`/home/maria/Maildir`).
    pub root: String,
    pub quota: Option<quota::Root>,
    /// The pid that file names carry.
    pub pid: u32,
}

/// One mail of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub uid: u32,
    /// The whole path.
    pub path: String,
    /// The file name without flags: the mail's GUID.
    pub base: String,
    /// Flag letters of the name, sorted (`FRST`), keywords as lower-case letters.
    pub flags: String,
    pub recent: bool,
    pub size: u64,
    /// With CRLF line ends.
    pub vsize: u64,
    pub received: Time,
    pub saved: Time,
}

/// A folder as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    pub name: String,
    pub dir: String,
    pub uidvalidity: u32,
    pub uidnext: u32,
    pub guid: String,
    pub mails: Vec<Mail>,
    pub keywords: Vec<String>,
}

/// Flag letters of Maildir and IMAP's names.
pub const FLAGS: [(char, &str); 5] =
    [('R', "\\Answered"), ('F', "\\Flagged"), ('T', "\\Deleted"), ('S', "\\Seen"), ('D', "\\Draft")];

/// The number of bytes with bare newlines as CRLF.
fn virtual_size(data: &[u8]) -> u64 {
    let bare = data.iter().enumerate().filter(|(i, b)| **b == b'\n' && (*i == 0 || data[i - 1] != b'\r')).count();
    (data.len() + bare) as u64
}

/// `2026-11-24 05:05:22`, as Dovecot's answers stamp a failure.
pub fn stamp(t: Time) -> String {
    let c = t.civil();
    format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)
}

impl Store {
    /// Opens a user's store for a protocol.
    pub fn open(
        host: &Host,
        config: &Arc<Config>,
        user: &MailUser,
        protocol: &str,
        pid: u32,
    ) -> Result<Store, Trouble> {
        let _ = host;
        let scope = Scope::protocol(protocol);
        let root = user.mail_root(config, &scope)?;
        let quota = quota::root(config, &scope, user)?;
        Ok(Store { user: user.clone(), config: config.clone(), protocol: protocol.into(), root, quota, pid })
    }
    fn cred(&self) -> Cred {
        self.user.cred.clone()
    }
    /// Explains why a call on a path was denied, as Dovecot does.
    pub fn denied(&self, host: &Host, call: &'static str, path: &str, errno: Errno, writing: bool) -> Trouble {
        let mut missing = None;
        if errno == Errno::Acces {
            let mut dir = split(path).0.to_owned();
            while !dir.is_empty() && !host.fs.exists(&dir) {
                // As the real one walks up by text: it stops before the root.
                dir = match split(&dir).0 {
                    "/" => String::new(),
                    up => up.to_owned(),
                };
            }
            // Walk down to the first folder that does not let us through.
            let mut at = String::new();
            let steps = if dir.is_empty() { Vec::new() } else { dir.split('/').filter(|p| !p.is_empty()).collect() };
            let first = (!dir.is_empty()).then_some("");
            for part in first.into_iter().chain(steps) {
                if !part.is_empty() {
                    at = format!("{at}/{part}");
                }
                let here = if at.is_empty() { "/" } else { &at };
                let last = here == dir;
                let lacks = |bit| host.fs.access(&self.user.cred, here, bit).is_err();
                let what = if lacks(PERM_X) {
                    Some("+x")
                } else if last && writing && lacks(PERM_W) {
                    Some("+w")
                } else {
                    None
                };
                if let (Some(w), Ok((_, n))) = (what, host.fs.stat(&Cred::root(), here)) {
                    missing =
                        Some(format!("missing {w} perm: {here}, dir owned by {}:{} mode={:04o}", n.uid, n.gid, n.mode));
                    break;
                }
            }
            if missing.is_none()
                && !writing
                && host.fs.access(&self.user.cred, path, PERM_R).is_err()
                && host.fs.exists(path)
            {
                missing = Some(format!("missing +r perm: {path}"));
            }
        }
        Trouble::Denied(Box::new(Denied {
            call,
            path: path.to_owned(),
            errno: errno.text(),
            uid: self.user.uid,
            user: host.user_name(self.user.uid),
            gid: self.user.gid,
            group: host.group_name(self.user.gid),
            missing,
        }))
    }
    /// The folder of a mailbox: INBOX is the root, others begin with a dot.
    pub fn dir(&self, mailbox: &str) -> String {
        if mailbox.eq_ignore_ascii_case("INBOX") {
            return self.root.clone();
        }
        format!("{}/.{}", self.root, mailbox.replace(self.separator(), "."))
    }
    /// The hierarchy separator of the first namespace.
    pub fn separator(&self) -> char {
        let ns = self.config.sections("", "namespace");
        let s = ns.iter().find_map(|n| self.config.get(&format!("namespace/{n}/separator")).chars().next());
        s.unwrap_or('.')
    }
    /// Whether the mailbox is there (INBOX always is).
    pub fn exists(&self, host: &Host, mailbox: &str) -> bool {
        mailbox.eq_ignore_ascii_case("INBOX") || !mailbox.is_empty() && host.fs.is_dir(&self.dir(mailbox))
    }
    /// All mailboxes: folders in byte order, INBOX last, as Maildir++ lists them.
    pub fn list(&self, host: &Host) -> Vec<String> {
        let sep = self.separator().to_string();
        let mut out: Vec<String> = host
            .fs
            .readdir(&self.user.cred, &self.root)
            .unwrap_or_default()
            .into_iter()
            .filter(|(n, i)| {
                n.len() > 1 && n.starts_with('.') && host.fs.node(*i).is_some_and(crate::host::fs::Node::is_dir)
            })
            .map(|(n, _)| n[1..].replace('.', &sep))
            .collect();
        out.push("INBOX".into());
        out
    }
    fn mkdirs(&self, host: &mut Host, dir: &str) -> Result<(), Trouble> {
        let cred = self.cred();
        if !host.fs.exists(dir) {
            // Parents first, as mkdir_parents() does.
            let parent = split(dir).0;
            if !parent.is_empty() && !host.fs.exists(parent) {
                self.mkdirs_plain(host, parent).map_err(|e| self.denied(host, "mkdir", dir, e, true))?;
            }
            host.fs.mkdir(&cred, dir, 0o700).map_err(|e| self.denied(host, "mkdir", dir, e, true))?;
        }
        for sub in ["tmp", "new", "cur"] {
            let path = format!("{dir}/{sub}");
            match host.fs.stat(&cred, &path) {
                Ok(_) => {}
                Err(Errno::NoEnt) => {
                    host.fs.mkdir(&cred, &path, 0o700).map_err(|e| self.denied(host, "mkdir", &path, e, true))?;
                }
                Err(e) => return Err(self.denied(host, "stat", &path, e, false)),
            }
        }
        Ok(())
    }
    fn mkdirs_plain(&self, host: &mut Host, dir: &str) -> Result<(), Errno> {
        let parent = split(dir).0.to_owned();
        if !parent.is_empty() && parent != "/" && !host.fs.exists(&parent) {
            self.mkdirs_plain(host, &parent)?;
        }
        host.fs.mkdir(&self.cred(), dir, 0o700).map(|_| ())
    }
    /// A new uidvalidity: the clock, and always more than the last one.
    fn new_uidvalidity(&self, host: &mut Host) -> u32 {
        let cred = self.cred();
        let path = format!("{}/dovecot-uidvalidity", self.root);
        let last = host.fs.read(&cred, &path).ok().and_then(|b| u32::from_str_radix(b.text().trim(), 16).ok());
        let next = (host.now.secs() as u32).max(last.map_or(0, |l| l + 1));
        if let Some(l) = last {
            let _ = host.fs.unlink(&cred, &format!("{path}.{l:08x}"));
        }
        let _ = host.fs.write(&cred, &format!("{path}.{next:08x}"), "", 0o444);
        let _ = host.fs.write(&cred, &path, format!("{next:08x}"), 0o600);
        next
    }
    /// Makes sure that INBOX is there.
    pub fn ensure_inbox(&self, host: &mut Host) -> Result<(), Trouble> {
        let fresh = !host.fs.exists(&self.root);
        self.mkdirs(host, &self.root)?;
        if fresh {
            let cred = self.cred();
            for (f, n) in [
                ("maildirfolder", 0),
                ("dovecot.list.index.log", 452),
                ("dovecot.index.log", 520),
                ("dovecot.index.cache", 676),
            ] {
                let _ = host.fs.write(&cred, &format!("{}/{f}", self.root), vec![0; n], 0o600);
            }
        }
        Ok(())
    }
    /// Creates a mailbox; `Err(None)`: it exists.
    pub fn create(&self, host: &mut Host, mailbox: &str) -> Result<(), Option<Trouble>> {
        self.ensure_inbox(host).map_err(Some)?;
        if self.exists(host, mailbox) {
            return Err(None);
        }
        let dir = self.dir(mailbox);
        self.mkdirs(host, &dir).map_err(Some)?;
        let cred = self.cred();
        let _ = host.fs.write(&cred, &format!("{dir}/maildirfolder"), "", 0o600);
        let _ = host.fs.write(&cred, &format!("{}/dovecot.mailbox.log", self.root), vec![0; 24], 0o600);
        self.sync(host, mailbox).map(|_| ()).map_err(Some)
    }
    /// Deletes a mailbox with what is in it.
    pub fn delete(&self, host: &mut Host, mailbox: &str) {
        let dir = self.dir(mailbox);
        let folder = self.sync(host, mailbox).unwrap_or_default();
        let gone: i64 = folder.mails.iter().map(|m| m.size as i64).sum();
        let root = Cred::root();
        for (path, ino) in host.fs.tree(&dir).into_iter().rev() {
            if host.fs.node(ino).is_some_and(crate::host::fs::Node::is_dir) {
                let _ = host.fs.rmdir(&root, &path);
            } else {
                let _ = host.fs.unlink(&root, &path);
            }
        }
        if !folder.mails.is_empty() {
            quota::note(host, &self.user.cred, &self.root, -gone, -(folder.mails.len() as i64));
        }
    }
    /// Renames a mailbox.
    pub fn rename(&self, host: &mut Host, old: &str, new: &str) -> Result<(), Errno> {
        host.fs.rename(&self.user.cred, &self.dir(old), &self.dir(new))
    }
    /// Subscribed mailboxes, in the file's order.
    pub fn subscriptions(&self, host: &Host) -> Vec<String> {
        let text = host.fs.read_text(&format!("{}/subscriptions", self.root)).unwrap_or_default();
        let names = text.lines().filter(|l| !l.is_empty() && !l.starts_with('V'));
        names.map(|l| l.replace('\t', &self.separator().to_string())).collect()
    }
    pub fn subscribe(&self, host: &mut Host, mailbox: &str, on: bool) {
        let mut all = self.subscriptions(host);
        all.retain(|m| m != mailbox);
        if on {
            all.push(mailbox.to_owned());
        }
        let sep = self.separator().to_string();
        let text: String = all.iter().map(|m| m.replace(&sep, "\t") + "\n").collect();
        let _ =
            host.fs.write(&self.user.cred, &format!("{}/subscriptions", self.root), format!("V\t2\n\n{text}"), 0o600);
    }

    /// Reads a folder and gives new files their uids.
    pub fn sync(&self, host: &mut Host, mailbox: &str) -> Result<Folder, Trouble> {
        let dir = self.dir(mailbox);
        let cred = self.cred();
        if mailbox.eq_ignore_ascii_case("INBOX") {
            self.ensure_inbox(host)?;
        } else if !self.exists(host, mailbox) {
            return Err(Trouble::NoSuchMailbox(mailbox.to_owned()));
        }
        let list = format!("{dir}/dovecot-uidlist");
        let old = host.fs.read(&cred, &list).map(|b| b.text()).unwrap_or_default();
        let mut f = Folder { name: mailbox.to_owned(), dir: dir.clone(), uidnext: 1, ..Folder::default() };
        let mut known: Vec<(u32, &str)> = Vec::new();
        for (i, l) in old.lines().enumerate() {
            if i == 0 {
                for w in l.split(' ').skip(1) {
                    match w.split_at_checked(1) {
                        Some(("V", v)) => f.uidvalidity = v.parse().unwrap_or(0),
                        Some(("N", n)) => f.uidnext = n.parse().unwrap_or(1),
                        Some(("G", g)) => g.clone_into(&mut f.guid),
                        _ => {}
                    }
                }
            } else if let (Some((uid, _)), Some((_, name))) = (l.split_once(' '), l.split_once(':')) {
                known.push((uid.parse().unwrap_or(0), base_of(name)));
            }
        }
        let fresh = f.uidvalidity == 0;
        if fresh {
            f.uidvalidity = self.new_uidvalidity(host);
            f.guid = ids::guid_hex(host, self.pid, &dir);
        }
        // `cur` first: a name that is there twice counts once, where it sorts first.
        let mut files = Vec::new();
        for (sub, recent) in [("new", true), ("cur", false)] {
            let path = format!("{dir}/{sub}");
            let entries = host.fs.readdir(&cred, &path).map_err(|e| self.denied(host, "opendir", &path, e, false))?;
            files.push((path, recent, entries));
        }
        let mut found: HashMap<&str, (&str, &str, Ino, bool), FixedState> = HashMap::default();
        for (path, recent, entries) in files.iter().rev() {
            for (name, ino) in entries {
                if !name.starts_with('.') && host.fs.node(*ino).is_some_and(Node::is_file) {
                    found.entry(base_of(name)).or_insert((path, name, *ino, *recent));
                }
            }
        }
        known.retain(|(_, b)| found.contains_key(b));
        let mut changed = fresh;
        let listed: HashSet<&str, FixedState> = known.iter().map(|(_, b)| *b).collect();
        let mut new: Vec<&str> = found.keys().copied().filter(|b| !listed.contains(b)).collect();
        new.sort_unstable();
        for base in new {
            known.push((f.uidnext, base));
            f.uidnext += 1;
            changed = true;
        }
        known.sort_by_key(|k| k.0);
        f.keywords = keywords(host, &dir);
        for (uid, base) in &known {
            if let Some((dir, name, ino, recent)) = found.get(base)
                && let Some(m) = host.fs.node(*ino).and_then(|n| mail(n, *uid, base, dir, name, *recent))
            {
                f.mails.push(m);
            }
        }
        if changed || known.len() + 1 != old.lines().count() {
            self.write_uidlist(host, &f);
        }
        Ok(f)
    }
    fn write_uidlist(&self, host: &mut Host, f: &Folder) {
        let mut text = format!("3 V{} N{} G{}\n", f.uidvalidity, f.uidnext, f.guid);
        for m in &f.mails {
            let _ = writeln!(text, "{} :{}", m.uid, split(&m.path).1);
        }
        let _ = host.fs.write(&self.user.cred, &format!("{}/dovecot-uidlist", f.dir), text, 0o600);
    }
    /// The letter of a keyword, noting it when it is new; `None` when the 26 letters are used up.
    fn keyword_letter(&self, host: &mut Host, dir: &str, keyword: &str) -> Option<char> {
        let mut all = keywords(host, dir);
        let at = all.iter().position(|k| k.eq_ignore_ascii_case(keyword)).or_else(|| {
            (all.len() < 26).then(|| {
                all.push(keyword.to_owned());
                all.len() - 1
            })
        })?;
        let text: String = all.iter().enumerate().map(|(i, k)| format!("{i} {k}\n")).collect();
        let _ = host.fs.write(&self.user.cred, &format!("{dir}/dovecot-keywords"), text, 0o600);
        Some(char::from(b'a' + at as u8))
    }

    /// Usage of the quota root, when there is one.
    pub fn usage(&self, host: &mut Host) -> Result<quota::Usage, Errno> {
        match &self.quota {
            Some(q) => quota::usage(host, q, &self.user.cred, &self.root),
            None => Ok(quota::count(host, &self.root)),
        }
    }
    /// Saves a mail: its uid and the folder's uidvalidity.
    pub fn save(&self, host: &mut Host, mailbox: &str, data: &[u8], flags: &[String]) -> Result<(u32, u32), SaveError> {
        let mut f = self.sync(host, mailbox).map_err(|trouble| {
            let inside = matches!(&trouble, Trouble::Denied(d) if d.call == "mkdir");
            SaveError::Open { trouble, autocreate: inside }
        })?;
        let size = data.len() as u64;
        if let Some(q) = &self.quota {
            match quota::usage(host, q, &self.user.cred, &self.root) {
                Ok(u) => {
                    if q.room(u, size) == quota::Room::No {
                        return Err(SaveError::Quota(q.message.clone()));
                    }
                }
                Err(errno) => {
                    let path = format!("{}/maildirsize", self.root);
                    return Err(SaveError::Trouble(Trouble::Open { path, errno: errno.text() }));
                }
            }
        }
        let dir = self.dir(mailbox);
        let t = host.now;
        let mut base = String::new();
        for micros in (t.subsec_micros()..).take(1000) {
            base = format!("{}.M{micros}P{}.{}", t.secs(), self.pid, host.name);
            let taken = |s: &&str| host.fs.has_prefix(&Cred::root(), &format!("{dir}/{s}"), &base);
            let taken = ["new", "cur", "tmp"].iter().any(taken);
            if !taken {
                break;
            }
        }
        let cred = self.cred();
        let tmp = format!("{dir}/tmp/{base}");
        let failed = |errno, path: &str| {
            SaveError::Trouble(match errno {
                Errno::NoSpc | Errno::DQuot => Trouble::Write { path: path.to_owned(), errno: errno.text() },
                errno => {
                    Trouble::MailboxOpen { mailbox: mailbox.to_owned(), path: path.to_owned(), errno: errno.text() }
                }
            })
        };
        host.fs.write(&cred, &tmp, data, 0o600).map_err(|e| failed(e, &tmp))?;
        let mut letters = String::new();
        for f in flags {
            if let Some((c, _)) = FLAGS.iter().find(|(_, n)| n.eq_ignore_ascii_case(f)) {
                letters.push(*c);
            } else if !f.starts_with('\\') {
                letters.extend(self.keyword_letter(host, &dir, f));
            }
        }
        let named = format!("{base},S={size},W={}", virtual_size(data));
        let target = if letters.is_empty() {
            format!("{dir}/new/{named}")
        } else {
            format!("{dir}/cur/{named}:2,{}", sorted(&letters))
        };
        if let Err(e) = host.fs.rename(&cred, &tmp, &target) {
            let _ = host.fs.unlink(&cred, &tmp);
            return Err(failed(e, &target));
        }
        quota::note(host, &cred, &self.root, size as i64, 1);
        let uid = f.uidnext;
        f.uidnext += 1;
        let new = host.fs.stat(&Cred::root(), &target).ok();
        let (folder, name) = split(&target);
        f.mails.extend(new.and_then(|(_, n)| mail(n, uid, &named, folder, name, letters.is_empty())));
        self.write_uidlist(host, &f);
        Ok((f.uidvalidity, uid))
    }
    /// Moves what is in `new` to `cur`: it was recent for this reader.
    pub fn take_recent(&self, host: &mut Host, f: &mut Folder) {
        let cred = self.cred();
        let dir = f.dir.clone();
        for m in f.mails.iter_mut().filter(|m| m.recent) {
            let to = format!("{dir}/cur/{}:2,", m.base);
            if host.fs.rename(&cred, &m.path, &to).is_ok() {
                m.path = to;
            }
        }
        self.write_uidlist(host, f);
    }
    /// Gives a mail these flags (letters).
    pub fn set_flags(&self, host: &mut Host, f: &mut Folder, index: usize, letters: &str) {
        let cred = self.cred();
        let dir = f.dir.clone();
        if let Some(m) = f.mails.get_mut(index) {
            let to = format!("{dir}/cur/{}:2,{}", m.base, sorted(letters));
            if to == m.path || host.fs.rename(&cred, &m.path, &to).is_ok() {
                m.path = to;
                m.flags = sorted(letters);
            }
        }
    }
    /// Letters for flag names, keywords included.
    pub fn letters(&self, host: &mut Host, dir: &str, flags: &[String]) -> String {
        let mut out = String::new();
        for f in flags {
            if let Some((c, _)) = FLAGS.iter().find(|(_, n)| n.eq_ignore_ascii_case(f)) {
                out.push(*c);
            } else if !f.starts_with('\\') {
                out.extend(self.keyword_letter(host, dir, f));
            }
        }
        sorted(&out)
    }
    /// Removes mails by uid.
    pub fn expunge(&self, host: &mut Host, mailbox: &str, uids: &[u32]) -> usize {
        let Ok(f) = self.sync(host, mailbox) else { return 0 };
        let (mut bytes, mut n) = (0, 0);
        for m in f.mails.iter().filter(|m| uids.contains(&m.uid)) {
            if host.fs.unlink(&self.user.cred, &m.path).is_ok() {
                bytes += m.size as i64;
                n += 1;
            }
        }
        if n > 0 {
            quota::note(host, &self.user.cred, &self.root, -bytes, -n);
            let _ = self.sync(host, mailbox);
        }
        n as usize
    }
    /// The content of a mail.
    pub fn read(&self, host: &Host, m: &Mail) -> Vec<u8> {
        host.fs.read(&self.user.cred, &m.path).map(|b| b.bytes().into_owned()).unwrap_or_default()
    }
}

/// A file name without its flags.
fn base_of(name: &str) -> &str {
    &name[..memchr::memchr(b':', name.as_bytes()).unwrap_or(name.len())]
}

/// The keywords of a folder, by letter.
fn keywords(host: &Host, dir: &str) -> Vec<String> {
    let text = host.fs.read_text(&format!("{dir}/dovecot-keywords")).unwrap_or_default();
    text.lines().filter_map(|l| l.split_once(' ')).map(|(_, k)| k.to_owned()).collect()
}

/// Why a mail was not saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveError {
    Quota(String),
    /// The mailbox could not be opened.
    Open {
        trouble: Trouble,
        autocreate: bool,
    },
    Trouble(Trouble),
}

fn sorted(letters: &str) -> String {
    if letters.len() < 2 {
        return letters.to_owned();
    }
    let mut v: Vec<char> = letters.chars().collect();
    v.sort_unstable();
    v.dedup();
    v.into_iter().collect()
}

fn mail(node: &Node, uid: u32, base: &str, dir: &str, name: &str, recent: bool) -> Option<Mail> {
    let blob = node.blob()?;
    let (mut size, mut vsize) = (None, None);
    let fields = memchr::memchr(b',', base.as_bytes()).map_or(base.len(), |i| i + 1);
    for part in base[fields..].split(',') {
        match part.as_bytes() {
            [b'S', b'=', ..] if size.is_none() => size = Some(part[2..].parse().ok()),
            [b'W', b'=', ..] if vsize.is_none() => vsize = Some(part[2..].parse().ok()),
            _ => {}
        }
    }
    let size = size.flatten().unwrap_or(blob.len() as u64);
    let vsize = vsize.flatten().unwrap_or_else(|| virtual_size(&blob.bytes()));
    let flags = name[base.len()..].strip_prefix(":2,").unwrap_or("");
    Some(Mail {
        uid,
        path: [dir, "/", name].concat(),
        base: base.to_owned(),
        flags: sorted(flags),
        recent,
        size,
        vsize,
        received: node.mtime,
        saved: node.ctime,
    })
}

impl Mail {
    /// The flags by name, without `\Recent`, keywords last.
    pub fn flag_names(&self, keywords: &[String]) -> Vec<String> {
        let mut out: Vec<String> =
            FLAGS.iter().filter(|(c, _)| self.flags.contains(*c)).map(|(_, n)| (*n).to_owned()).collect();
        for c in self.flags.chars().filter(char::is_ascii_lowercase) {
            out.extend(keywords.get((c as u8 - b'a') as usize).cloned());
        }
        out
    }
    pub fn is(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }
}
