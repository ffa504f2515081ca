//! chown(1) and chgrp(1).

use super::super::Ctx;
use super::super::input::{Status, emit, spend, status};
use super::super::opt::{getopt, hint, missing_operand, quote, quoteaf};

/// A user's number by name or digits.
pub fn user_id(ctx: &Ctx, s: &str) -> Option<u32> {
    ctx.io.world.borrow().host.uid(s).or_else(|| s.trim_start_matches('+').parse().ok())
}

/// A group's number by name or digits.
pub fn group_id(ctx: &Ctx, s: &str) -> Option<u32> {
    ctx.io.world.borrow().host.group(s).map(|g| g.gid).or_else(|| s.trim_start_matches('+').parse().ok())
}

/// chown(1), and chgrp(1) by its name.
pub async fn chown(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

async fn run(ctx: &mut Ctx) -> Status {
    let p = getopt(
        ctx,
        "c|changes f|silent |quiet R|recursive v|verbose h|no-dereference |dereference |reference= |from= H L P \
         |preserve-root |no-preserve-root",
        1,
    )?;
    let group_only = ctx.name() == "chgrp";
    let mut names = p.args.clone();
    let (mut uid, mut gid) = (None, None);
    if let Some(r) = p.value("reference") {
        let got = ctx.io.world.borrow().host.fs.stat(&ctx.io.cred, &ctx.path(r)).map(|(_, n)| (n.uid, n.gid));
        match got {
            Ok((u, g)) => (uid, gid) = ((!group_only).then_some(u), Some(g)),
            Err(e) => {
                ctx.complain(format!("failed to get attributes of {}: {e}", quoteaf(r)));
                return Err(1);
            }
        }
    } else {
        if names.is_empty() {
            return Err(missing_operand(ctx, None));
        }
        let spec = names.remove(0);
        if names.is_empty() {
            ctx.complain(format!("missing operand after {}", quote(&spec)));
            ctx.err(hint(ctx));
            return Err(1);
        }
        if group_only {
            if !spec.is_empty() {
                gid = Some(group_id(ctx, &spec).ok_or_else(|| {
                    ctx.complain(format!("invalid group: {}", quote(&spec)));
                    1
                })?);
            }
        } else {
            // `user:group`, `user:` (the login group), `:group`; a dot does for the colon when no such user exists.
            let (u, g) = match spec.split_once(':') {
                Some((u, g)) => (u, Some(g)),
                None => match spec.split_once('.') {
                    Some((a, b)) if user_id(ctx, &spec).is_none() && user_id(ctx, a).is_some() => (a, Some(b)),
                    _ => (spec.as_str(), None),
                },
            };
            if !u.is_empty() {
                let found = user_id(ctx, u);
                if found.is_none() || (g == Some("") && ctx.io.world.borrow().host.user(u).is_none()) {
                    let what = if found.is_some() { "invalid spec" } else { "invalid user" };
                    ctx.complain(format!("{what}: {}", quote(&spec)));
                    return Err(1);
                }
                uid = found;
            }
            match g {
                Some("") if !u.is_empty() => gid = ctx.io.world.borrow().host.user(u).map(|x| x.gid),
                Some("") | None => {}
                Some(g) => {
                    gid = Some(group_id(ctx, g).ok_or_else(|| {
                        ctx.complain(format!("invalid group: {}", quote(&spec)));
                        1
                    })?);
                }
            }
        }
    }
    let from = p.value("from").map(|f| {
        let (u, g) = f.split_once(':').unwrap_or((f, ""));
        (user_id(ctx, u), group_id(ctx, g))
    });
    let follow = !p.has("h");
    let mut code = 0;
    for name in names {
        let todo = if p.has("R") { super::walk::names(ctx, &name) } else { vec![name.clone()] };
        for n in todo {
            if !spend(&ctx.io, 1) {
                return Ok(1);
            }
            let path = ctx.path(&n);
            let follow = follow && !p.has("R");
            let state = {
                let w = ctx.io.world.borrow();
                let fs = &w.host.fs;
                let got = if follow { fs.stat(&ctx.io.cred, &path) } else { fs.lstat(&ctx.io.cred, &path) };
                got.map(|(_, x)| (x.uid, x.gid))
            };
            let (ou, og) = match state {
                Ok(s) => s,
                Err(e) => {
                    if !p.has("f") && !p.has("quiet") {
                        ctx.complain(format!("cannot access {}: {e}", quoteaf(&n)));
                    }
                    code = 1;
                    continue;
                }
            };
            if let Some((u, g)) = from
                && (u.is_some_and(|u| u != ou) || g.is_some_and(|g| g != og))
            {
                continue;
            }
            let r = ctx.io.world.borrow_mut().host.fs.chown(&ctx.io.cred, &path, uid, gid, follow);
            if let Err(e) = r {
                if !p.has("f") {
                    let what = if uid.is_none() { "changing group of" } else { "changing ownership of" };
                    ctx.complain(format!("{what} {}: {e}", quoteaf(&n)));
                }
                code = 1;
                continue;
            }
            let changed = uid.is_some_and(|u| u != ou) || gid.is_some_and(|g| g != og);
            if p.has("v") || (p.has("c") && changed) {
                let line = {
                    let w = ctx.io.world.borrow();
                    let show = |u: u32, g: u32| match (uid, gid) {
                        (Some(_), Some(_)) => format!("{}:{}", w.host.user_name(u), w.host.group_name(g)),
                        (Some(_), None) => w.host.user_name(u),
                        _ => w.host.group_name(g),
                    };
                    let what = if uid.is_none() { "group" } else { "ownership" };
                    let (nu, ng) = (uid.unwrap_or(ou), gid.unwrap_or(og));
                    if changed {
                        format!("changed {what} of {} from {} to {}\n", quoteaf(&n), show(ou, og), show(nu, ng))
                    } else {
                        format!("{what} of {} retained as {}\n", quoteaf(&n), show(ou, og))
                    }
                };
                emit(ctx, line).await?;
            }
        }
    }
    Ok(code)
}
