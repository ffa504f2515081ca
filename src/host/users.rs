//! Users, groups and hosts, read from /etc/passwd, /etc/group and /etc/hosts as the C library does: an edit acts at once.

use super::fs::Cred;
use super::{Host, Memo};
use std::cell::RefCell;
use std::net::IpAddr;
use std::sync::Arc;
use std::thread::LocalKey;

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";
const HOSTS: &str = "/etc/hosts";

/// A line of /etc/passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub gecos: String,
    pub home: String,
    pub shell: String,
}

/// A line of /etc/group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub gid: u32,
    pub members: Vec<String>,
}

/// A line of /etc/hosts: an address and its names.
pub type HostsLine = (IpAddr, Vec<String>);

fn hosts_line(line: &str) -> Option<HostsLine> {
    let mut words = line.split('#').next()?.split_ascii_whitespace();
    Some((words.next()?.parse().ok()?, words.map(str::to_owned).collect()))
}

fn user(line: &str) -> Option<Arc<User>> {
    let f: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, gecos, home, shell] = f[..] else { return None };
    Some(Arc::new(User {
        name: name.into(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        gecos: gecos.into(),
        home: home.into(),
        shell: shell.into(),
    }))
}

fn group(line: &str) -> Option<Group> {
    let f: Vec<&str> = line.split(':').collect();
    let [name, _, gid, members] = f[..] else { return None };
    let members = members.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect();
    Some(Group { name: name.into(), gid: gid.parse().ok()?, members })
}

thread_local! {
    static USERS: RefCell<Memo<Arc<[Arc<User>]>>> = const { RefCell::new(Memo::new()) };
    static GROUPS: RefCell<Memo<Arc<[Group]>>> = const { RefCell::new(Memo::new()) };
    static NAMED: RefCell<Memo<Arc<[HostsLine]>>> = const { RefCell::new(Memo::new()) };
}

impl Host {
    /// The lines of a file that are of its kind, read anew when the file changed.
    fn lines<T>(
        &self,
        path: &str,
        known: &'static LocalKey<RefCell<Memo<Arc<[T]>>>>,
        read: fn(&str) -> Option<T>,
    ) -> Arc<[T]> {
        let blob = self.fs.read(&Cred::root(), path).unwrap_or_default();
        if let Some(lines) = known.with_borrow(|k| k.get(path, &blob)) {
            return lines;
        }
        let lines: Arc<[T]> = blob.str().lines().filter_map(read).collect();
        known.with_borrow_mut(|k| k.put(path.to_owned(), blob, lines.clone()));
        lines
    }
    pub fn users(&self) -> Arc<[Arc<User>]> {
        self.lines(PASSWD, &USERS, user)
    }
    pub fn groups(&self) -> Arc<[Group]> {
        self.lines(GROUP, &GROUPS, group)
    }
    /// hosts(5).
    pub fn hosts(&self) -> Arc<[HostsLine]> {
        self.lines(HOSTS, &NAMED, hosts_line)
    }
    /// The addresses that a name has in /etc/hosts.
    pub fn hosts_of(&self, name: &str) -> Vec<IpAddr> {
        let named = |n: &[String]| n.iter().any(|n| n.eq_ignore_ascii_case(name));
        self.hosts().iter().filter(|(_, n)| named(n)).map(|(ip, _)| *ip).collect()
    }
    /// getpwnam(3): exact, case sensitive.
    pub fn user(&self, name: &str) -> Option<Arc<User>> {
        self.users().iter().find(|u| u.name == name).cloned()
    }
    /// The number of a user.
    pub fn uid(&self, name: &str) -> Option<u32> {
        self.users().iter().find(|u| u.name == name).map(|u| u.uid)
    }
    pub fn user_by_uid(&self, uid: u32) -> Option<Arc<User>> {
        self.users().iter().find(|u| u.uid == uid).cloned()
    }
    pub fn group(&self, name: &str) -> Option<Group> {
        self.groups().iter().find(|g| g.name == name).cloned()
    }
    pub fn group_by_gid(&self, gid: u32) -> Option<Group> {
        self.groups().iter().find(|g| g.gid == gid).cloned()
    }
    /// `maria`, or the number when nobody has it.
    pub fn user_name(&self, uid: u32) -> String {
        self.user_by_uid(uid).map_or_else(|| uid.to_string(), |u| u.name.clone())
    }
    pub fn group_name(&self, gid: u32) -> String {
        self.group_by_gid(gid).map_or_else(|| gid.to_string(), |g| g.name)
    }
    /// Credentials of a user with all groups (initgroups(3)).
    pub fn cred_of(&self, u: &User) -> Cred {
        let groups = self.groups().iter().filter(|g| g.members.contains(&u.name)).map(|g| g.gid).collect();
        Cred { uid: u.uid, gid: u.gid, groups }
    }
}
