//! useradd(8), userdel(8), usermod(8) for groups and shells, chpasswd(8): they edit the files under /etc as Debian's do.
//!
//! Left out: what they log, aging, subordinate ids, `-o`, adduser's questions. chpasswd hashes with sha512crypt, since the
//! model has no yescrypt.

use super::super::Ctx;
use super::super::opt::getopt;
use crate::host::{Cred, Host, crypt};

fn rewrite(host: &mut Host, path: &str, f: impl FnOnce(String) -> String) {
    let text = host.fs.read_text(path).unwrap_or_default();
    let _ = host.fs.write(&Cred::root(), path, f(text).into_bytes(), 0o644);
}

/// The lines without those that begin with `name:`.
fn without(text: &str, name: &str) -> String {
    let begins = format!("{name}:");
    text.lines().filter(|l| !l.starts_with(&begins)).flat_map(|l| [l, "\n"]).collect()
}

fn is_root(ctx: &Ctx) -> bool {
    if ctx.io.cred.uid == 0 {
        return true;
    }
    ctx.complain("Permission denied.");
    ctx.complain("cannot lock /etc/passwd; try again later.");
    false
}

/// One more than the highest id in use among people's.
fn next_id(text: &str) -> u32 {
    let ids = text.lines().filter_map(|l| l.split(':').nth(2)?.parse::<u32>().ok());
    ids.filter(|n| (1000..60_000).contains(n)).max().map_or(1000, |n| n + 1)
}

fn good_name(name: &str) -> bool {
    name.len() <= 32
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.'))
}

/// useradd(8).
pub async fn useradd(ctx: &mut Ctx) -> i32 {
    let spec = "m|create-home M|no-create-home c|comment= d|home-dir= s|shell= u|uid= g|gid= G|groups= p|password= r|system \
                U|user-group N|no-user-group D|defaults";
    let p = match getopt(ctx, spec, 2) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let [name] = &p.args[..] else {
        ctx.err("Usage: useradd [options] LOGIN\n       useradd -D\n       useradd -D [options]\n");
        return 2;
    };
    if !is_root(ctx) {
        return 1;
    }
    if !good_name(name) {
        ctx.complain(format!("invalid user name '{name}': use --badname to ignore"));
        return 3;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let host = &mut w.host;
    if host.user(name).is_some() {
        ctx.complain(format!("user '{name}' already exists"));
        return 9;
    }
    if host.group(name).is_some() && !p.has("g") {
        ctx.complain(format!("group {name} exists - if you want to add this user to that group, use -g."));
        return 9;
    }
    let passwd = host.fs.read_text("/etc/passwd").unwrap_or_default();
    let uid = p.value("u").and_then(|u| u.parse().ok()).unwrap_or_else(|| next_id(&passwd));
    let gid = match p.value("g") {
        Some(g) => match host.group(g).or_else(|| g.parse().ok().and_then(|n| host.group_by_gid(n))) {
            Some(g) => g.gid,
            None => {
                ctx.complain(format!("group '{g}' does not exist"));
                return 6;
            }
        },
        None => {
            let groups = host.fs.read_text("/etc/group").unwrap_or_default();
            let used = |n: u32| groups.lines().any(|l| l.split(':').nth(2) == Some(&n.to_string()));
            let gid = if used(uid) { next_id(&groups) } else { uid };
            rewrite(host, "/etc/group", |t| t + &format!("{name}:x:{gid}:\n"));
            gid
        }
    };
    let home = p.value("d").map_or_else(|| format!("/home/{name}"), str::to_owned);
    let shell = p.value("s").unwrap_or("/bin/sh");
    let comment = p.value("c").unwrap_or("");
    let password = p.value("p").unwrap_or("!");
    let day = host.now.secs() / 86_400;
    rewrite(host, "/etc/passwd", |t| t + &format!("{name}:x:{uid}:{gid}:{comment}:{home}:{shell}\n"));
    rewrite(host, "/etc/shadow", |t| t + &format!("{name}:{password}:{day}:0:99999:7:::\n"));
    if let Some(list) = p.value("G") {
        join(host, name, list, true);
    }
    if p.has("m") {
        if host.fs.exists(&home) {
            ctx.complain(format!("warning: the home directory {home} already exists."));
            ctx.complain("Not copying any file from skel directory into it.");
        } else {
            let root = Cred::root();
            let _ = host.fs.mkdir_all(&home);
            let _ = host.fs.chmod(&root, &home, 0o755);
            let mut made = vec![home.clone()];
            for (path, ino) in host.fs.tree("/etc/skel") {
                let Some(blob) = host.fs.node(ino).and_then(|n| n.blob()).cloned() else { continue };
                let to = path.replacen("/etc/skel", &home, 1);
                let _ = host.fs.write(&root, &to, blob, 0o644);
                made.push(to);
            }
            for path in made {
                let _ = host.fs.chown(&root, &path, Some(uid), Some(gid), false);
            }
        }
    }
    0
}

/// Puts a user into the groups of a list; without `add` out of all others first.
fn join(host: &mut Host, name: &str, list: &str, add: bool) {
    let wanted: Vec<&str> = list.split(',').collect();
    rewrite(host, "/etc/group", |t| {
        t.lines()
            .map(|l| {
                let mut f: Vec<String> = l.split(':').map(str::to_owned).collect();
                if f.len() == 4 {
                    let mut members: Vec<&str> = f[3].split(',').filter(|m| !m.is_empty()).collect();
                    let listed = wanted.contains(&f[0].as_str());
                    if !add {
                        members.retain(|m| *m != name);
                    }
                    if listed && !members.contains(&name) {
                        members.push(name);
                    }
                    f[3] = members.join(",");
                }
                f.join(":") + "\n"
            })
            .collect()
    });
}

/// userdel(8).
pub async fn userdel(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "r|remove f|force", 2) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let [name] = &p.args[..] else {
        ctx.err("Usage: userdel [options] LOGIN\n");
        return 2;
    };
    if !is_root(ctx) {
        return 1;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let host = &mut w.host;
    let Some(user) = host.user(name) else {
        ctx.complain(format!("user '{name}' does not exist"));
        return 6;
    };
    for file in ["/etc/passwd", "/etc/shadow"] {
        rewrite(host, file, |t| without(&t, name));
    }
    join(host, name, "", false);
    if host.group(name).is_some_and(|g| g.members.is_empty()) {
        rewrite(host, "/etc/group", |t| without(&t, name));
    }
    if p.has("r") {
        let root = Cred::root();
        if host.fs.unlink(&root, &format!("/var/mail/{name}")).is_err() {
            ctx.complain(format!("{name} mail spool (/var/mail/{name}) not found"));
        }
        let mut paths: Vec<String> = host.fs.tree(&user.home).into_iter().map(|(p, _)| p).collect();
        paths.sort_by_key(|p| std::cmp::Reverse(p.len()));
        for path in paths {
            if host.fs.unlink(&root, &path).is_err() {
                let _ = host.fs.rmdir(&root, &path);
            }
        }
        let _ = host.fs.rmdir(&root, &user.home);
    }
    0
}

/// usermod(8): `-aG`, `-G`, `-s`, `-d`, `-c`, `-L`, `-U`.
pub async fn usermod(ctx: &mut Ctx) -> i32 {
    let spec = "a|append G|groups= s|shell= d|home= c|comment= L|lock U|unlock m|move-home";
    let p = match getopt(ctx, spec, 2) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let [name] = &p.args[..] else {
        ctx.err("Usage: usermod [options] LOGIN\n");
        return 2;
    };
    if !is_root(ctx) {
        return 1;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let host = &mut w.host;
    if host.user(name).is_none() {
        ctx.complain(format!("user '{name}' does not exist"));
        return 6;
    }
    if let Some(list) = p.value("G") {
        join(host, name, list, p.has("a"));
    }
    for (option, field) in [("c", 4), ("d", 5), ("s", 6)] {
        if let Some(v) = p.value(option) {
            set_field(host, "/etc/passwd", name, field, |_| v.to_owned());
        }
    }
    if p.has("L") {
        set_field(host, "/etc/shadow", name, 1, |h| format!("!{}", h.trim_start_matches('!')));
    }
    if p.has("U") {
        set_field(host, "/etc/shadow", name, 1, |h| h.trim_start_matches('!').to_owned());
    }
    0
}

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

/// chpasswd(8): `name:password` a line on standard input.
pub async fn chpasswd(ctx: &mut Ctx) -> i32 {
    if !is_root(ctx) {
        return 1;
    }
    let Ok(input) = ctx.io.read_all(0).await else { return 1 };
    let text = String::from_utf8_lossy(&input).into_owned();
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let mut status = 0;
    for (i, line) in text.lines().enumerate() {
        let Some((name, password)) = line.split_once(':') else {
            ctx.complain(format!("line {}: missing new password", i + 1));
            status = 1;
            continue;
        };
        if w.host.user(name).is_none() {
            ctx.complain(format!("line {}: user '{name}' does not exist", i + 1));
            status = 1;
            continue;
        }
        let salt = format!("$6${:016x}", w.host.chance.value("salt", &format!("{name}/{}", w.host.now.0)));
        let hash = crypt::crypt(password, &salt).unwrap_or_else(|| "!".into());
        let day = (w.host.now.secs() / 86_400).to_string();
        set_field(&mut w.host, "/etc/shadow", name, 1, |_| hash.clone());
        set_field(&mut w.host, "/etc/shadow", name, 2, |_| day.clone());
    }
    if status != 0 {
        ctx.complain("error detected, changes ignored");
    }
    status
}

#[cfg(test)]
mod tests {
    use crate::lab::hosts;
    use crate::machine::Machine;

    #[test]
    fn accounts_come_and_go() {
        let now = crate::base::Time::from_civil(2026, 2, 6, 10, 0, 0);
        let mut m = Machine::new(hosts::base_world(now, crate::base::Chance::new(1)));
        for (line, out, err, status) in [
            (
                "useradd -m lucia; getent passwd lucia; stat -c '%U %a' /home/lucia",
                "lucia:x:5001:5001::/home/lucia:/bin/sh\nlucia 755\n",
                "",
                0,
            ),
            ("useradd lucia", "", "useradd: user 'lucia' already exists\n", 9),
            ("usermod -aG mail lucia; id -nG lucia", "lucia mail\n", "", 0),
            ("echo lucia:clave | chpasswd; grep -c '^lucia:.6.' /etc/shadow", "1\n", "", 0),
            ("userdel lucia; getent passwd lucia; ls -d /home/lucia; getent group lucia", "/home/lucia\n", "", 2),
            ("userdel lucia", "", "userdel: user 'lucia' does not exist\n", 6),
        ] {
            let (o, e, s) = m.run_captured(line);
            assert_eq!(
                (String::from_utf8_lossy(&o).as_ref(), String::from_utf8_lossy(&e).as_ref(), s),
                (out, err, status),
                "{line}"
            );
        }
    }
}
