//! The accounts: useradd, userdel, usermod, groupadd, groupdel, gpasswd, passwd, chpasswd, and Debian's adduser and deluser.
//!
//! They edit the files under /etc as Debian's do. Left out: what they log, /etc/gshadow, subordinate ids, PAM's other modules.
//! Passwords are hashed with sha512crypt, since the model has no yescrypt.

pub mod adduser;
pub mod group;
pub mod passwd;
mod usage;
pub mod user;

use super::super::Ctx;
use crate::host::{Cred, Errno, Host};

fn rewrite(host: &mut Host, path: &str, f: impl FnOnce(String) -> String) {
    let text = host.fs.read_text(path).unwrap_or_default();
    let _ = host.fs.write(&Cred::root(), path, f(text).into_bytes(), 0o644);
}

/// The lines without those that begin with `name:`.
fn without(text: &str, name: &str) -> String {
    let begins = format!("{name}:");
    text.lines().filter(|l| !l.starts_with(&begins)).flat_map(|l| [l, "\n"]).collect()
}

/// Whether root asks; else complains that `path` cannot be locked.
fn is_root(ctx: &Ctx, path: &str) -> bool {
    if ctx.io.cred.uid == 0 {
        return true;
    }
    ctx.complain(format!("{}.", Errno::Acces));
    ctx.complain(format!("cannot lock {path}; try again later."));
    false
}

/// Replaces one field of the line of `name`.
fn set_field(host: &mut Host, path: &str, name: &str, field: usize, f: impl Fn(&str) -> String) {
    rewrite(host, path, |t| {
        t.lines()
            .map(|l| {
                let mut parts: Vec<String> = l.split(':').map(str::to_owned).collect();
                if parts[0] == name && field < parts.len() {
                    parts[field] = f(&parts[field]);
                }
                parts.join(":") + "\n"
            })
            .collect()
    });
}

/// Changes the members of each group: `f` is given the group's name and its members.
fn members(host: &mut Host, f: impl Fn(&str, &mut Vec<String>)) {
    rewrite(host, "/etc/group", |t| {
        t.lines()
            .map(|l| {
                let parts: Vec<&str> = l.split(':').collect();
                let [name, password, gid, list] = parts[..] else { return format!("{l}\n") };
                let mut list: Vec<String> = list.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect();
                f(name, &mut list);
                format!("{name}:{password}:{gid}:{}\n", list.join(","))
            })
            .collect()
    });
}

/// One more than the highest id in use among people's.
fn next_id(text: &str) -> u32 {
    ids(text).filter(|n| (1000..60_000).contains(n)).max().map_or(1000, |n| n + 1)
}

/// The ids in a file of /etc/passwd's kind.
fn ids(text: &str) -> impl Iterator<Item = u32> {
    text.lines().filter_map(|l| l.split(':').nth(2)?.parse::<u32>().ok())
}

fn good_name(name: &str) -> bool {
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.'))
}

/// Makes a home with what /etc/skel holds.
fn make_home(host: &mut Host, home: &str, (uid, gid): (u32, u32), mode: u32) {
    let root = Cred::root();
    let _ = host.fs.mkdir_all(home);
    let _ = host.fs.chmod(&root, home, mode);
    let mut made = vec![home.to_owned()];
    for (path, ino) in host.fs.tree("/etc/skel") {
        let Some(blob) = host.fs.node(ino).and_then(|n| n.blob()).cloned() else { continue };
        let to = path.replacen("/etc/skel", home, 1);
        let _ = host.fs.write(&root, &to, blob, 0o644);
        made.push(to);
    }
    for path in made {
        let _ = host.fs.chown(&root, &path, Some(uid), Some(gid), false);
    }
}

/// Removes a folder with everything below it.
fn remove_tree(host: &mut Host, top: &str) {
    let root = Cred::root();
    let mut paths: Vec<String> = host.fs.tree(top).into_iter().map(|(p, _)| p).collect();
    paths.sort_by_key(|p| std::cmp::Reverse(p.len()));
    for path in paths {
        if host.fs.unlink(&root, &path).is_err() {
            let _ = host.fs.rmdir(&root, &path);
        }
    }
    let _ = host.fs.rmdir(&root, top);
}

/// Today as /etc/shadow counts.
fn today(host: &Host) -> i64 {
    host.now.secs() / 86_400
}

/// Asks for a line; `None` at the end of input.
async fn ask(ctx: &mut Ctx, prompt: &str) -> Option<String> {
    ctx.err(prompt);
    let line = ctx.io.read_line(0).await.ok().flatten()?;
    Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}
