//! Users and groups, read from /etc/passwd and /etc/group as the C library does: an edit of the file acts at once.

use super::Host;
use super::fs::Cred;

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

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

fn user(line: &str) -> Option<User> {
    let f: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, gecos, home, shell] = f[..] else { return None };
    Some(User {
        name: name.into(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        gecos: gecos.into(),
        home: home.into(),
        shell: shell.into(),
    })
}

fn group(line: &str) -> Option<Group> {
    let f: Vec<&str> = line.split(':').collect();
    let [name, _, gid, members] = f[..] else { return None };
    let members = members.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect();
    Some(Group { name: name.into(), gid: gid.parse().ok()?, members })
}

/// Whether a line's first field is that name.
fn begins(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
}

/// The number in a line's third field.
fn number(line: &str) -> Option<u32> {
    line.split(':').nth(2).and_then(|f| f.parse().ok())
}

impl Host {
    fn lines<T>(&self, path: &str, wanted: impl Fn(&str) -> bool, read: fn(&str) -> Option<T>) -> Vec<T> {
        let blob = self.fs.read(&Cred::root(), path).unwrap_or_default();
        blob.str().lines().filter(|l| wanted(l)).filter_map(read).collect()
    }
    fn first<T>(&self, path: &str, wanted: impl Fn(&str) -> bool, read: fn(&str) -> Option<T>) -> Option<T> {
        let blob = self.fs.read(&Cred::root(), path).unwrap_or_default();
        blob.str().lines().filter(|l| wanted(l)).find_map(read)
    }
    pub fn users(&self) -> Vec<User> {
        self.lines(PASSWD, |_| true, user)
    }
    pub fn groups(&self) -> Vec<Group> {
        self.lines(GROUP, |_| true, group)
    }
    /// getpwnam(3): exact, case sensitive.
    pub fn user(&self, name: &str) -> Option<User> {
        self.first(PASSWD, |l| begins(l, name), user)
    }
    pub fn user_by_uid(&self, uid: u32) -> Option<User> {
        self.first(PASSWD, |l| number(l) == Some(uid), user)
    }
    pub fn group(&self, name: &str) -> Option<Group> {
        self.first(GROUP, |l| begins(l, name), group)
    }
    pub fn group_by_gid(&self, gid: u32) -> Option<Group> {
        self.first(GROUP, |l| number(l) == Some(gid), group)
    }
    /// `maria`, or the number when nobody has it.
    pub fn user_name(&self, uid: u32) -> String {
        self.user_by_uid(uid).map_or_else(|| uid.to_string(), |u| u.name)
    }
    pub fn group_name(&self, gid: u32) -> String {
        self.group_by_gid(gid).map_or_else(|| gid.to_string(), |g| g.name)
    }
    /// Credentials of a user with all groups (initgroups(3)).
    pub fn cred_of(&self, u: &User) -> Cred {
        let groups = self.groups().into_iter().filter(|g| g.members.contains(&u.name)).map(|g| g.gid).collect();
        Cred { uid: u.uid, gid: u.gid, groups }
    }
}
