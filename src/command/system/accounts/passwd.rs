//! passwd(1) and chpasswd(8). Left out: aging beyond `-e`, `-n`, `-x`, `-w`, and the rules that PAM has for people's passwords
//! except the shortest length.

use super::super::super::Ctx;
use super::super::super::opt::getopt_usage;
use super::{ask, set_field, today, usage};
use crate::base::Time;
use crate::host::{Errno, Host, crypt};

/// passwd(1).
pub async fn passwd(ctx: &mut Ctx) -> i32 {
    let spec = "a|all d|delete e|expire k|keep-tokens i|inactive= l|lock n|mindays= q|quiet r|repository= S|status u|unlock \
                w|warndays= x|maxdays=";
    let p = match getopt_usage(ctx, spec, usage::PASSWD, 6) {
        Ok(p) => p,
        Err(status) => return status,
    };
    if p.args.len() > 1 || p.has("a") && !p.has("S") {
        ctx.err(usage::PASSWD);
        return 2;
    }
    let me = ctx.io.cred.uid;
    let name = p.args.first().cloned().unwrap_or_else(|| ctx.world().borrow().host.user_name(me));
    let found = ctx.world().borrow().host.user(&name);
    let Some(user) = found else {
        ctx.complain(format!("user '{name}' does not exist"));
        return 1;
    };
    if me != 0 && user.uid != me {
        ctx.complain(format!("You may not view or modify password information for {name}."));
        return 1;
    }
    if p.has("S") {
        let w = ctx.world();
        let host = &w.borrow().host;
        for u in host.users().iter().filter(|u| if p.has("a") { me == 0 } else { u.name == name }) {
            ctx.out(status_line(host, &u.name));
        }
        return 0;
    }
    if p.opts.iter().any(|(k, _)| k != "q" && k != "k") {
        if me != 0 {
            ctx.complain(format!("{}.", Errno::Acces));
            return 1;
        }
        let status = change(ctx, &p, &name);
        if status == 0 && !p.has("q") {
            ctx.complain("password changed.");
        }
        return status;
    }
    if dialogue(ctx, &name).await {
        ctx.complain("password updated successfully");
        return 0;
    }
    ctx.complain("Authentication token manipulation error");
    ctx.complain("password unchanged");
    10
}

/// `-l`, `-u`, `-d`, `-e` and the days.
fn change(ctx: &Ctx, p: &super::super::super::opt::Parsed, name: &str) -> i32 {
    let world = ctx.world();
    let host = &mut world.borrow_mut().host;
    if p.has("u") {
        let hash = shadow(host, name, 1);
        if matches!(hash.as_str(), "!" | "") {
            ctx.complain("unlocking the password would result in a passwordless account.");
            ctx.err("You should set a password with usermod -p to unlock the password of this account.\n");
            return 3;
        }
        set_field(host, "/etc/shadow", name, 1, |h| h.strip_prefix('!').unwrap_or(h).to_owned());
    }
    if p.has("d") {
        set_field(host, "/etc/shadow", name, 1, |_| String::new());
    }
    if p.has("l") {
        set_field(host, "/etc/shadow", name, 1, |h| if h.starts_with('!') { h.to_owned() } else { format!("!{h}") });
    }
    if p.has("e") {
        set_field(host, "/etc/shadow", name, 2, |_| "0".into());
    }
    for (option, field) in [("n", 3), ("x", 4), ("w", 5), ("i", 6)] {
        if let Some(v) = p.value(option) {
            set_field(host, "/etc/shadow", name, field, |_| v.to_owned());
        }
    }
    0
}

/// Asks for the new password twice, of a user also for the old one; whether it was changed.
async fn dialogue(ctx: &mut Ctx, name: &str) -> bool {
    let root = ctx.io.cred.uid == 0;
    if !root {
        ctx.out(format!("Changing password for {name}.\n"));
        let old = secret(ctx, "Current password: ").await;
        let hash = shadow(&ctx.world().borrow().host, name, 1);
        if !old.is_some_and(|old| crypt::verify(&old, &hash)) {
            return false;
        }
    }
    for attempt in 1..=3 {
        let Some(first) = secret(ctx, "New password: ").await else {
            ctx.err("Password change has been aborted.\n");
            return false;
        };
        let second = secret(ctx, "Retype new password: ").await.unwrap_or_default();
        if first != second {
            ctx.err("Sorry, passwords do not match.\n");
            return false;
        }
        let fault = if first.is_empty() {
            "No password has been supplied."
        } else if !root && first.chars().count() < 6 {
            "You must choose a longer password."
        } else {
            set_password(&mut ctx.world().borrow_mut().host, name, &first);
            return true;
        };
        ctx.err(format!("{fault}\n"));
        if attempt == 3 {
            break;
        }
    }
    false
}

/// A line that a terminal does not show.
async fn secret(ctx: &mut Ctx, prompt: &str) -> Option<String> {
    let line = ask(ctx, prompt).await;
    if ctx.stdin_is_terminal() {
        ctx.err("\n");
    }
    line
}

pub(super) fn set_password(host: &mut Host, name: &str, password: &str) {
    let salt = format!("$6${:016x}", host.chance.value("salt", &format!("{name}/{}", host.now.0)));
    let hash = crypt::crypt(password, &salt).unwrap_or_else(|| "!".into());
    let day = today(host).to_string();
    set_field(host, "/etc/shadow", name, 1, |_| hash.clone());
    set_field(host, "/etc/shadow", name, 2, |_| day.clone());
}

fn shadow(host: &Host, name: &str, field: usize) -> String {
    let text = host.fs.read_text("/etc/shadow").unwrap_or_default();
    let line = text.lines().find(|l| l.split(':').next() == Some(name)).unwrap_or("");
    line.split(':').nth(field).unwrap_or("").to_owned()
}

/// `maria P 2026-11-24 0 99999 7 -1`
fn status_line(host: &Host, name: &str) -> String {
    let field = |n: usize| Some(shadow(host, name, n)).filter(|v| !v.is_empty()).unwrap_or_else(|| "-1".into());
    let hash = shadow(host, name, 1);
    let kind = match hash.chars().next() {
        None => "NP",
        Some('!' | '*') => "L",
        Some(_) => "P",
    };
    let day = Time(field(2).parse::<i64>().unwrap_or(0).saturating_mul(86_400_000_000)).civil();
    format!(
        "{name} {kind} {:04}-{:02}-{:02} {} {} {} {}\n",
        day.year,
        day.month,
        day.day,
        field(3),
        field(4),
        field(5),
        field(6)
    )
}

/// chpasswd(8): `name:password` a line on standard input.
pub async fn chpasswd(ctx: &mut Ctx) -> i32 {
    if !super::is_root(ctx, "/etc/passwd") {
        return 1;
    }
    let Ok(input) = ctx.io.read_all(0).await else { return 1 };
    let text = String::from_utf8_lossy(&input).into_owned();
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let mut status = 0;
    for (i, line) in text.lines().enumerate() {
        match line.split_once(':') {
            None => ctx.complain(format!("line {}: missing new password", i + 1)),
            Some((name, password)) if w.host.user(name).is_some() => {
                set_password(&mut w.host, name, password);
                continue;
            }
            Some((name, _)) => {
                ctx.complain(format!("(user {name}) pam_chauthtok() failed, error:"));
                ctx.err("Authentication token manipulation error\n");
                ctx.complain(format!("(line {}, user {name}) password not changed", i + 1));
            }
        }
        status = 1;
    }
    status
}
