//! adduser(8), addgroup, deluser and delgroup: Debian's friendly front, which asks and says what it does.
//!
//! Left out: /etc/adduser.conf, encrypted homes, backups on removal, `--force-badname`'s finer classes.

use super::super::super::Ctx;
use super::super::super::opt::{Parsed, getopt_usage};
use super::passwd::passwd;
use super::{ask, ids, make_home, members, remove_tree, rewrite, set_field, today, without};
use crate::host::Host;

const USAGE: &str = "\
adduser [--uid id] [--firstuid id] [--lastuid id]
        [--gid id] [--firstgid id] [--lastgid id] [--ingroup group]
        [--add-extra-groups] [--shell shell]
        [--comment comment] [--home dir] [--no-create-home]
        [--allow-all-names] [--allow-bad-names]
        [--disabled-password] [--disabled-login]
        [--conf file] [--quiet] [--verbose] [--debug]
        user
";

const SPEC: &str = "|uid= |gid= |firstuid= |lastuid= |firstgid= |lastgid= |ingroup= |shell= |gecos= |comment= |home= \
                    |no-create-home |disabled-password |disabled-login |system |group |allow-bad-names |force-badname \
                    |allow-all-names |add-extra-groups q|quiet |verbose |debug |conf= |remove-home |remove-all-files \
                    |backup |backup-to= |only-if-empty |no-preserve-root";

/// What is said unless `--quiet`.
fn say(ctx: &Ctx, p: &Parsed, text: String) {
    if !p.has("q") {
        ctx.out(text + "\n");
    }
}

/// The first free id of a range that is neither a user's nor a group's.
fn free_id(host: &Host, from: u32) -> u32 {
    let text = |f: &str| host.fs.read_text(f).unwrap_or_default();
    let used: std::collections::BTreeSet<u32> = ids(&text("/etc/passwd")).chain(ids(&text("/etc/group"))).collect();
    (from..60_000).find(|n| !used.contains(n)).unwrap_or(60_000)
}

fn bad_name(ctx: &Ctx, p: &Parsed, name: &str) -> bool {
    let posix = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '@' | '-' | '$');
    if !name.chars().all(posix) || name.starts_with('-') {
        ctx.complain(
            "To avoid problems, the username should consist only of\n            letters, digits, underscores, periods, \
             at signs and dashes, and\n            not start with a dash (as defined by IEEE Std 1003.1-2001). For\n            \
             compatibility with Samba machine accounts, $ is also supported\n            at the end of the username.  (Use \
             the `--allow-all-names' option\n            to bypass this restriction.)",
        );
        return true;
    }
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
    if !plain && !p.has("allow-bad-names") && !p.has("force-badname") {
        ctx.complain(
            "Please enter a username matching the regular expression\n            configured via the NAME_REGEX \
             configuration variable.  Use the\n            `--allow-bad-names' option to relax this check or reconfigure\n            \
             NAME_REGEX in configuration.",
        );
        return true;
    }
    false
}

/// adduser(8) and addgroup(8).
pub async fn adduser(ctx: &mut Ctx) -> i32 {
    let p = match getopt_usage(ctx, SPEC, USAGE, 1) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let name = match &p.args[..] {
        [] | [_, _, _, ..] => {
            ctx.complain("Only one or two names allowed.");
            return 1;
        }
        [name, ..] => name.clone(),
    };
    if ctx.io.cred.uid != 0 {
        ctx.complain("Only root may add a user or group to the system.");
        return 1;
    }
    if let [user, group] = &p.args[..] {
        return into_group(ctx, &p, user, group);
    }
    if ctx.name() == "addgroup" || p.has("group") && !p.has("system") {
        return addgroup(ctx, &p, &name);
    }
    if bad_name(ctx, &p, &name) {
        return 1;
    }
    let known = ctx.world().borrow().host.user(&name).is_some();
    if known && p.has("system") {
        ctx.complain(format!("The system user `{name}' already exists. Exiting."));
        return 0;
    }
    if known {
        ctx.complain(format!("The user `{name}' already exists."));
        return 1;
    }
    if p.has("system") {
        return system_user(ctx, &p, &name);
    }
    person(ctx, &p, &name).await
}

fn into_group(ctx: &Ctx, p: &Parsed, user: &str, group: &str) -> i32 {
    let world = ctx.world();
    let host = &mut world.borrow_mut().host;
    if host.user(user).is_none() {
        ctx.complain(format!("The user `{user}' does not exist."));
        return 1;
    }
    let Some(g) = host.group(group) else {
        ctx.complain(format!("The group `{group}' does not exist."));
        return 1;
    };
    if g.members.iter().any(|m| m == user) {
        ctx.complain(format!("The user `{user}' is already a member of `{group}'."));
        return 0;
    }
    say(ctx, p, format!("Adding user `{user}' to group `{group}' ..."));
    join(host, user, group);
    say(ctx, p, "Done.".into());
    0
}

fn join(host: &mut Host, user: &str, group: &str) {
    members(host, |g, all| {
        if g == group {
            all.push(user.to_owned());
        }
    });
}

fn addgroup(ctx: &Ctx, p: &Parsed, name: &str) -> i32 {
    let world = ctx.world();
    let host = &mut world.borrow_mut().host;
    if host.group(name).is_some() {
        ctx.complain(format!("The group `{name}' already exists."));
        return 1;
    }
    let gid = p.value("gid").and_then(|g| g.parse().ok());
    let gid = gid.unwrap_or_else(|| free_id(host, if p.has("system") { 100 } else { 1000 }));
    say(ctx, p, format!("Adding group `{name}' (GID {gid}) ..."));
    rewrite(host, "/etc/group", |t| t + &format!("{name}:x:{gid}:\n"));
    say(ctx, p, "Done.".into());
    0
}

fn system_user(ctx: &Ctx, p: &Parsed, name: &str) -> i32 {
    let world = ctx.world();
    let host = &mut world.borrow_mut().host;
    let uid = free_id(host, 100);
    say(ctx, p, format!("Adding system user `{name}' (UID {uid}) ..."));
    let (group, gid) = if p.has("group") {
        say(ctx, p, format!("Adding new group `{name}' (GID {uid}) ..."));
        rewrite(host, "/etc/group", |t| t + &format!("{name}:x:{uid}:\n"));
        (name, uid)
    } else {
        ("nogroup", 65_534)
    };
    say(ctx, p, format!("Adding new user `{name}' (UID {uid}) with group `{group}' ..."));
    let home = p.value("home").unwrap_or("/nonexistent");
    let shell = p.value("shell").unwrap_or("/usr/sbin/nologin");
    let day = today(host);
    rewrite(host, "/etc/passwd", |t| t + &format!("{name}:x:{uid}:{gid}::{home}:{shell}\n"));
    rewrite(host, "/etc/shadow", |t| t + &format!("{name}:!:{day}::::::\n"));
    if home == "/nonexistent" || p.has("no-create-home") {
        say(ctx, p, format!("Not creating `{home}'."));
    } else if !host.fs.exists(home) {
        say(ctx, p, format!("Creating home directory `{home}' ..."));
        make_home(host, home, (uid, gid), 0o755);
    }
    0
}

/// A person's account: with a home, a password and the questions of chfn(1).
async fn person(ctx: &mut Ctx, p: &Parsed, name: &str) -> i32 {
    if let Err(status) = create(ctx, p, name) {
        return status;
    }
    if !p.has("disabled-password") && !p.has("disabled-login") {
        loop {
            let args = std::mem::replace(&mut ctx.args, vec!["passwd".into(), name.to_owned()]);
            let status = passwd(ctx).await;
            ctx.args = args;
            if status == 0 || !yes(ctx, "Try again? [y/N] ", false).await {
                break;
            }
        }
    }
    let gecos = p.value("gecos").or_else(|| p.value("comment"));
    match gecos {
        Some(g) if g.contains(',') => finger(ctx, name, g),
        Some(g) => finger(ctx, name, &format!("{g},,,")),
        None => ask_finger(ctx, name).await,
    }
    say(ctx, p, format!("Adding new user `{name}' to supplemental / extra groups `users' ..."));
    say(ctx, p, format!("Adding user `{name}' to group `users' ..."));
    join(&mut ctx.world().borrow_mut().host, name, "users");
    0
}

fn create(ctx: &Ctx, p: &Parsed, name: &str) -> Result<(), i32> {
    let world = ctx.world();
    let host = &mut world.borrow_mut().host;
    let own_group = p.value("ingroup").is_none() && p.value("gid").is_none();
    if own_group && host.group(name).is_some() {
        ctx.complain(format!("The group `{name}' already exists."));
        return Err(1);
    }
    let wanted = p.value("uid").and_then(|u| u.parse::<u32>().ok());
    if let Some(uid) = wanted.filter(|u| host.user_by_uid(*u).is_some()) {
        ctx.complain(format!("The UID {uid} is already in use."));
        return Err(1);
    }
    let uid = wanted.unwrap_or_else(|| free_id(host, 1000));
    let given = p.value("ingroup").and_then(|g| host.group(g));
    let given = given.or_else(|| p.value("gid").and_then(|g| g.parse().ok()).and_then(|n| host.group_by_gid(n)));
    let (group, gid) = match given {
        Some(g) => (g.name, g.gid),
        None if own_group => (name.to_owned(), uid),
        None => {
            let asked = p.value("ingroup").or_else(|| p.value("gid")).unwrap_or("");
            ctx.complain(format!("The group `{asked}' does not exist."));
            return Err(1);
        }
    };
    say(ctx, p, format!("Adding user `{name}' ..."));
    if own_group {
        say(ctx, p, format!("Adding new group `{name}' ({gid}) ..."));
        rewrite(host, "/etc/group", |t| t + &format!("{name}:x:{gid}:\n"));
    }
    say(ctx, p, format!("Adding new user `{name}' ({uid}) with group `{group} ({gid})' ..."));
    let home = p.value("home").map_or_else(|| format!("/home/{name}"), str::to_owned);
    let shell = p.value("shell").unwrap_or("/bin/bash");
    let day = today(host);
    rewrite(host, "/etc/passwd", |t| t + &format!("{name}:x:{uid}:{gid}::{home}:{shell}\n"));
    rewrite(host, "/etc/shadow", |t| t + &format!("{name}:!:{day}:0:99999:7:::\n"));
    if p.has("no-create-home") {
        say(ctx, p, format!("Not creating home directory `{home}' as requested."));
    } else if host.fs.exists(&home) {
        ctx.complain(format!("The home directory `{home}' already exists.  Not touching this directory."));
    } else {
        say(ctx, p, format!("Creating home directory `{home}' ..."));
        say(ctx, p, "Copying files from `/etc/skel' ...".into());
        make_home(host, &home, (uid, gid), 0o700);
    }
    Ok(())
}

fn finger(ctx: &Ctx, name: &str, gecos: &str) {
    set_field(&mut ctx.world().borrow_mut().host, "/etc/passwd", name, 4, |_| gecos.replace(':', ""));
}

async fn ask_finger(ctx: &mut Ctx, name: &str) {
    loop {
        ctx.out(format!(
            "Changing the user information for {name}\nEnter the new value, or press ENTER for the default\n"
        ));
        let mut values = Vec::new();
        for what in ["Full Name", "Room Number", "Work Phone", "Home Phone", "Other"] {
            let value = ask(ctx, &format!("\t{what} []: ")).await.unwrap_or_default();
            values.push(value.replace([',', ':', '='], ""));
        }
        while values.len() > 4 && values.last().is_some_and(String::is_empty) {
            values.pop();
        }
        finger(ctx, name, &values.join(","));
        if yes(ctx, "Is the information correct? [Y/n] ", true).await {
            return;
        }
    }
}

async fn yes(ctx: &mut Ctx, question: &str, default: bool) -> bool {
    match ask(ctx, question).await.and_then(|a| a.trim().chars().next()) {
        Some(c) => c.eq_ignore_ascii_case(&'y'),
        None => default,
    }
}

/// deluser(8) and delgroup(8).
pub async fn deluser(ctx: &mut Ctx) -> i32 {
    let p = match getopt_usage(ctx, SPEC, "deluser [--system] [--remove-home] [--remove-all-files] [--backup]\n", 1) {
        Ok(p) => p,
        Err(status) => return status,
    };
    if p.args.is_empty() || p.args.len() > 2 {
        ctx.complain("Only one or two names allowed.");
        return 1;
    }
    if ctx.io.cred.uid != 0 {
        ctx.complain("Only root may remove a user or group from the system.");
        return 1;
    }
    match &p.args[..] {
        [user, group] => out_of_group(ctx, &p, user, group),
        [name, ..] if ctx.name() == "delgroup" || p.has("group") => delgroup(ctx, &p, name),
        [name, ..] => remove(ctx, &p, name).await,
        [] => 1,
    }
}

fn out_of_group(ctx: &Ctx, p: &Parsed, user: &str, group: &str) -> i32 {
    let world = ctx.world();
    let host = &mut world.borrow_mut().host;
    if host.user(user).is_none() {
        ctx.complain(format!("The user `{user}' does not exist."));
        return 2;
    }
    let Some(g) = host.group(group) else {
        ctx.complain(format!("The group `{group}' does not exist."));
        return 3;
    };
    if !g.members.iter().any(|m| m == user) {
        ctx.complain(format!("The user `{user}' is not a member of group `{group}'."));
        return 6;
    }
    say(ctx, p, format!("Removing user `{user}' from group `{group}' ..."));
    members(host, |g, all| all.retain(|m| g != group || m != user));
    say(ctx, p, "Done.".into());
    0
}

fn delgroup(ctx: &Ctx, p: &Parsed, name: &str) -> i32 {
    let world = ctx.world();
    let host = &mut world.borrow_mut().host;
    let Some(group) = host.group(name) else {
        ctx.complain(format!("The group `{name}' does not exist."));
        return 3;
    };
    say(ctx, p, format!("Removing group `{name}' ..."));
    if let Some(u) = host.users().iter().find(|u| u.gid == group.gid) {
        ctx.err(format!("groupdel: cannot remove the primary group of user '{}'\n", u.name));
        ctx.complain(format!("`/sbin/groupdel {name}' returned error code 8. Exiting."));
        return 1;
    }
    rewrite(host, "/etc/group", |t| without(&t, name));
    say(ctx, p, "Done.".into());
    0
}

async fn remove(ctx: &mut Ctx, p: &Parsed, name: &str) -> i32 {
    let found = ctx.world().borrow().host.user(name);
    let Some(user) = found else {
        ctx.complain(format!("The user `{name}' does not exist."));
        return 2;
    };
    if user.uid == 0 && !p.has("no-preserve-root") {
        ctx.err(
            "WARNING: You are just about to delete the root account (uid 0)\nUsually this is never required as it may \
             render the whole system unusable\nIf you really want this, call deluser with parameter \
             --no-preserve-root\nStopping now without having performed any action\n",
        );
        return 9;
    }
    if p.has("system") && user.uid >= 1000 {
        ctx.complain(format!("The user `{name}' is not a system user. Exiting."));
        return 1;
    }
    if p.has("remove-home") || p.has("remove-all-files") {
        say(ctx, p, "Looking for files to backup/remove ...".into());
        say(ctx, p, "Removing files ...".into());
        let host = &mut ctx.io.world.borrow_mut().host;
        remove_tree(host, &user.home);
        let _ = host.fs.unlink(&crate::host::Cred::root(), &format!("/var/mail/{name}"));
    }
    say(ctx, p, format!("Removing user `{name}' ..."));
    let args = std::mem::replace(&mut ctx.args, vec!["userdel".into(), name.to_owned()]);
    let status = super::user::userdel(ctx).await;
    ctx.args = args;
    if status != 0 {
        ctx.complain(format!("`/sbin/userdel {name}' returned error code {status}. Exiting."));
        return 1;
    }
    say(ctx, p, "Done.".into());
    0
}
