//! groupadd(8), groupdel(8), gpasswd(1). Left out: the passwords of groups and their administrators.

use super::super::super::Ctx;
use super::super::super::opt::getopt_usage;
use super::{good_name, ids, is_root, members, next_id, rewrite, usage, without};
use crate::host::Errno;

/// groupadd(8).
pub async fn groupadd(ctx: &mut Ctx) -> i32 {
    let spec = "f|force g|gid= K|key= o|non-unique p|password= r|system U|users=";
    let p = match getopt_usage(ctx, spec, usage::GROUPADD, 2) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let [name] = &p.args[..] else {
        ctx.err(usage::GROUPADD);
        return 2;
    };
    if !good_name(name) {
        ctx.complain(format!("'{name}' is not a valid group name"));
        return 3;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let host = &mut w.host;
    if host.group(name).is_some() {
        if p.has("f") {
            return 0;
        }
        ctx.complain(format!("group '{name}' already exists"));
        return 9;
    }
    let groups = host.fs.read_text("/etc/group").unwrap_or_default();
    let wanted = p.value("g").map(|g| (g, g.parse::<u32>().ok()));
    let gid = match wanted {
        Some((g, None)) => {
            ctx.complain(format!("invalid group ID '{g}'"));
            return 3;
        }
        Some((g, Some(n))) if host.group_by_gid(n).is_some() && !p.has("o") => {
            ctx.complain(format!("GID '{g}' already exists"));
            return 4;
        }
        Some((_, Some(n))) => n,
        None if p.has("r") => {
            let used: Vec<u32> = ids(&groups).collect();
            (101..1000).rev().find(|n| !used.contains(n)).unwrap_or(101)
        }
        None => next_id(&groups),
    };
    if !is_root(ctx, "/etc/group") {
        return 10;
    }
    rewrite(host, "/etc/group", |t| t + &format!("{name}:x:{gid}:{}\n", p.value("U").unwrap_or("")));
    0
}

/// groupdel(8).
pub async fn groupdel(ctx: &mut Ctx) -> i32 {
    let p = match getopt_usage(ctx, "f|force", usage::GROUPDEL, 2) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let [name] = &p.args[..] else {
        ctx.err(usage::GROUPDEL);
        return 2;
    };
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let host = &mut w.host;
    let Some(group) = host.group(name) else {
        ctx.complain(format!("group '{name}' does not exist"));
        return 6;
    };
    if let Some(u) = host.users().iter().find(|u| u.gid == group.gid).filter(|_| !p.has("f")) {
        ctx.complain(format!("cannot remove the primary group of user '{}'", u.name));
        return 8;
    }
    if !is_root(ctx, "/etc/group") {
        return 10;
    }
    rewrite(host, "/etc/group", |t| without(&t, name));
    0
}

/// gpasswd(1): `-a`, `-d`, `-M`.
pub async fn gpasswd(ctx: &mut Ctx) -> i32 {
    let spec = "a|add= d|delete= r|remove-password R|restrict M|members= A|administrators=";
    let p = match getopt_usage(ctx, spec, usage::GPASSWD, 2) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let [name] = &p.args[..] else {
        ctx.err(usage::GPASSWD);
        return 2;
    };
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let host = &mut w.host;
    let listed = p.value("a").into_iter().chain(p.value("M").into_iter().flat_map(|m| m.split(',')));
    if let Some(gone) = listed.filter(|u| !u.is_empty()).find(|u| host.user(u).is_none()) {
        ctx.complain(format!("user '{gone}' does not exist"));
        return 3;
    }
    let Some(group) = host.group(name) else {
        ctx.complain(format!("group '{name}' does not exist in /etc/group"));
        return 3;
    };
    if ctx.io.cred.uid != 0 {
        ctx.complain(format!("{}.", Errno::Acces));
        return 1;
    }
    if let Some(user) = p.value("a") {
        ctx.out(format!("Adding user {user} to group {name}\n"));
        members(host, |g, all| {
            if g == name && !all.iter().any(|m| m == user) {
                all.push(user.to_owned());
            }
        });
    } else if let Some(user) = p.value("d") {
        ctx.out(format!("Removing user {user} from group {name}\n"));
        if !group.members.iter().any(|m| m == user) {
            ctx.complain(format!("user '{user}' is not a member of '{name}'"));
            return 3;
        }
        members(host, |g, all| all.retain(|m| g != name || m != user));
    } else if let Some(list) = p.value("M") {
        let list: Vec<String> = list.split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect();
        members(host, |g, all| {
            if g == name {
                all.clone_from(&list);
            }
        });
    } else if p.opts.is_empty() {
        ctx.unsimulated("the password of a group", "gpasswd -a, gpasswd -d");
        return 1;
    }
    0
}
