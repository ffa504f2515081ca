//! useradd(8), userdel(8), usermod(8). Left out: expiry, `-o`, `-D` with values.

use super::super::super::Ctx;
use super::super::super::opt::getopt_usage;
use super::{good_name, is_root, make_home, members, next_id, remove_tree, rewrite, set_field, today, usage, without};
use crate::host::{Cred, Host};

/// useradd(8).
pub async fn useradd(ctx: &mut Ctx) -> i32 {
    let spec = "m|create-home M|no-create-home c|comment= d|home-dir= s|shell= u|uid= g|gid= G|groups= p|password= r|system \
                U|user-group N|no-user-group D|defaults b|base-dir= k|skel= e|expiredate= f|inactive= K|key= l|no-log-init";
    let p = match getopt_usage(ctx, spec, usage::USERADD, 2) {
        Ok(p) => p,
        Err(status) => return status,
    };
    if p.has("D") {
        ctx.out("GROUP=100\nHOME=/home\nINACTIVE=-1\nEXPIRE=\nSHELL=/bin/sh\nSKEL=/etc/skel\nCREATE_MAIL_SPOOL=no\nLOG_INIT=yes\n");
        return 0;
    }
    let [name] = &p.args[..] else {
        ctx.err(usage::USERADD);
        return 2;
    };
    if !good_name(name) {
        ctx.complain(format!("invalid user name '{name}': use --badname to ignore"));
        return 3;
    }
    if !is_root(ctx, "/etc/passwd") {
        return 1;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let host = &mut w.host;
    if let Some(status) = missing_groups(ctx, host, p.value("G")) {
        return status;
    }
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
    if let Some(u) = p.value("u").filter(|_| host.user_by_uid(uid).is_some()) {
        ctx.complain(format!("UID {u} is not unique"));
        return 4;
    }
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
            let gid = if host.group_by_gid(uid).is_some() { next_id(&groups) } else { uid };
            rewrite(host, "/etc/group", |t| t + &format!("{name}:x:{gid}:\n"));
            gid
        }
    };
    let home = p.value("d").map_or_else(|| format!("{}/{name}", p.value("b").unwrap_or("/home")), str::to_owned);
    let shell = p.value("s").unwrap_or("/bin/sh");
    let comment = p.value("c").unwrap_or("");
    let password = p.value("p").unwrap_or("!");
    let day = today(host);
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
            make_home(host, &home, (uid, gid), 0o755);
        }
    }
    0
}

/// Complains of the first group of a list that is not there.
fn missing_groups(ctx: &Ctx, host: &Host, list: Option<&str>) -> Option<i32> {
    let gone = list?.split(',').find(|g| !g.is_empty() && host.group(g).is_none())?;
    ctx.complain(format!("group '{gone}' does not exist"));
    Some(6)
}

/// Puts a user into the groups of a list; without `add` out of all others first.
fn join(host: &mut Host, name: &str, list: &str, add: bool) {
    let wanted: Vec<&str> = list.split(',').collect();
    members(host, |group, members| {
        if !add {
            members.retain(|m| m != name);
        }
        if wanted.contains(&group) && !members.iter().any(|m| m == name) {
            members.push(name.to_owned());
        }
    });
}

/// userdel(8).
pub async fn userdel(ctx: &mut Ctx) -> i32 {
    let p = match getopt_usage(ctx, "r|remove f|force", usage::USERDEL, 2) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let [name] = &p.args[..] else {
        ctx.err(usage::USERDEL);
        return 2;
    };
    if !is_root(ctx, "/etc/passwd") {
        return 1;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let host = &mut w.host;
    let Some(user) = host.user(name) else {
        ctx.complain(format!("user '{name}' does not exist"));
        return 6;
    };
    if let Some(process) = host.procs.iter().find(|q| q.uid == user.uid).filter(|_| !p.has("f")) {
        ctx.complain(format!("user {name} is currently used by process {}", process.pid));
        return 8;
    }
    for file in ["/etc/passwd", "/etc/shadow"] {
        rewrite(host, file, |t| without(&t, name));
    }
    join(host, name, "", false);
    match host.group(name) {
        Some(g) if g.gid != user.gid => {
            ctx.complain(format!("group {name} not removed because it is not the primary group of user {name}."));
        }
        Some(g) if g.members.is_empty() => rewrite(host, "/etc/group", |t| without(&t, name)),
        Some(_) => ctx.complain(format!("group {name} not removed because it has other members.")),
        None => {}
    }
    if p.has("r") {
        if host.fs.unlink(&Cred::root(), &format!("/var/mail/{name}")).is_err() {
            ctx.complain(format!("{name} mail spool (/var/mail/{name}) not found"));
        }
        if !host.fs.exists(&user.home) {
            ctx.complain(format!("{name} home directory ({}) not found", user.home));
            return 12;
        }
        remove_tree(host, &user.home);
    }
    0
}

/// usermod(8).
pub async fn usermod(ctx: &mut Ctx) -> i32 {
    let spec = "a|append r|remove G|groups= g|gid= u|uid= s|shell= d|home= c|comment= l|login= L|lock U|unlock m|move-home \
                p|password=";
    let p = match getopt_usage(ctx, spec, usage::USERMOD, 2) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let ([name], false) = (&p.args[..], p.opts.is_empty()) else {
        ctx.err(usage::USERMOD);
        return 2;
    };
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let host = &mut w.host;
    let Some(user) = host.user(name) else {
        ctx.complain(format!("user '{name}' does not exist"));
        return 6;
    };
    if let Some(bad) = p.value("c").filter(|c| c.contains([':', '\n'])) {
        ctx.complain(format!("invalid field '{bad}'"));
        return 3;
    }
    if let Some(status) = missing_groups(ctx, host, p.value("G")).or_else(|| missing_groups(ctx, host, p.value("g"))) {
        return status;
    }
    if !is_root(ctx, "/etc/passwd") {
        return 1;
    }
    if let Some(shell) = p.value("s").filter(|s| !s.is_empty() && !host.fs.exists(s)) {
        ctx.complain(format!("Warning: missing or non-executable shell '{shell}'"));
    }
    match p.value("G") {
        Some(list) if p.has("r") => {
            let out: Vec<&str> = list.split(',').collect();
            members(host, |group, all| all.retain(|m| m != name || !out.contains(&group)));
        }
        Some(list) => join(host, name, list, p.has("a")),
        None => {}
    }
    let gid = p.value("g").and_then(|g| host.group(g)).map(|g| g.gid.to_string());
    for (value, field) in
        [(p.value("u"), 2), (gid.as_deref(), 3), (p.value("c"), 4), (p.value("d"), 5), (p.value("s"), 6)]
    {
        if let Some(v) = value {
            set_field(host, "/etc/passwd", name, field, |_| v.to_owned());
        }
    }
    if let Some(hash) = p.value("p") {
        set_field(host, "/etc/shadow", name, 1, |_| hash.to_owned());
    }
    if p.has("L") {
        set_field(host, "/etc/shadow", name, 1, |h| format!("!{}", h.trim_start_matches('!')));
    }
    if p.has("U") {
        set_field(host, "/etc/shadow", name, 1, |h| h.trim_start_matches('!').to_owned());
    }
    if let Some(new) = p.value("l") {
        for file in ["/etc/passwd", "/etc/shadow"] {
            set_field(host, file, name, 0, |_| new.to_owned());
        }
        members(host, |_, all| all.iter_mut().filter(|m| *m == name).for_each(|m| new.clone_into(m)));
    }
    match p.value("d") {
        Some(to) if p.has("m") => move_home(ctx, host, &user.home, to),
        _ => 0,
    }
}

fn move_home(ctx: &Ctx, host: &mut Host, from: &str, to: &str) -> i32 {
    if !host.fs.exists(from) {
        ctx.complain(format!(
            "The previous home directory ({from}) does not exist or is inaccessible. Move cannot be completed."
        ));
        return 0;
    }
    if host.fs.exists(to) {
        ctx.complain(format!("directory {to} exists"));
        return 12;
    }
    i32::from(host.fs.rename(&Cred::root(), from, to).is_err()) * 12
}
