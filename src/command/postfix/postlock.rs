//! postlock(1): runs a command while a mailbox is locked. Left out: waiting for a lock that somebody else has.

use super::getopt::getopt;
use super::tool::Tool;
use crate::command::Ctx;
use crate::host::{Cred, Errno};
use crate::log::script::Script;
use crate::postfix::config::words;

const USAGE: &str = "postlock [-c config_dir] [-l lock_style] [-v] folder command...";
/// Ways to lock.
const STYLES: [&str; 3] = ["flock", "fcntl", "dotlock"];
/// A status from here on says that a signal ended the command.
const SIGNAL: i32 = 128;

pub(super) async fn run(ctx: &mut Ctx) -> i32 {
    let spawn = ctx.spawn.clone();
    let tool = Tool { status: 75, ..Tool::quiet(ctx) };
    let given = getopt(ctx, "c:l:v").ok().filter(|g| g.args.len() > 1);
    let Some(given) = given else { return tool.fatal(Script::Usage(USAGE)).await };
    let conf = match tool.start(given.value('c')).await {
        Ok(c) => c,
        Err(status) => return status,
    };
    let style = given.value('l').map_or_else(|| conf.get("mailbox_delivery_lock"), str::to_owned);
    if let Some(word) = words(&style).find(|w| !STYLES.contains(w)) {
        return fail(ctx, &format!("unknown mailbox_delivery_lock value \"{word}\" in \"{style}\"")).await;
    }
    let folder = given.args[0].clone();
    let dot = words(&style).any(|w| w == "dotlock").then(|| format!("{folder}.lock"));
    if let Err(why) = lock(ctx, &folder, dot.as_deref()) {
        return fail(ctx, &format!("open file {folder}: {why}")).await;
    }
    let command = given.args[1..].to_vec();
    let path = ctx.env.get("PATH").cloned().unwrap_or_default();
    let status = if found(ctx, &command[0], &path) {
        let status = spawn.spawn(ctx.clone(), command).await;
        if status > SIGNAL { 1 } else { status }
    } else {
        ctx.err(format!("postlock: fatal: execvp {}: {}\n", command[0], Errno::NoEnt.text()));
        1
    };
    if let Some(d) = dot {
        let _ = ctx.world().borrow_mut().host.fs.unlink(&Cred::root(), &ctx.path(&d));
    }
    status
}

async fn fail(ctx: &Ctx, text: &str) -> i32 {
    let _ = Tool::quiet(ctx).die(text).await;
    75
}

/// Makes the lock file and the folder; what cannot be done.
fn lock(ctx: &Ctx, folder: &str, dot: Option<&str>) -> Result<(), String> {
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let cred = ctx.io.cred.clone();
    if let Some(d) = dot {
        let made = w.host.fs.write(&cred, &ctx.path(d), "", 0o600);
        made.map_err(|e| format!("unable to create lock file {d}: {}", e.text()))?;
    }
    let path = ctx.path(folder);
    let opened = match w.host.fs.stat(&cred, &path) {
        Err(Errno::NoEnt) => w.host.fs.write(&cred, &path, "", 0o600).map(|_| ()),
        Ok((_, n)) if n.is_dir() => Err(Errno::IsDir),
        other => other.map(|_| ()),
    };
    if opened.is_err()
        && let Some(d) = dot
    {
        let _ = w.host.fs.unlink(&Cred::root(), &ctx.path(d));
    }
    opened.map_err(|e| format!("cannot open file: {}", e.text()))
}

/// Whether there is such a program.
fn found(ctx: &Ctx, name: &str, path: &str) -> bool {
    let world = ctx.world();
    let w = world.borrow();
    let there = |p: &str| w.host.fs.stat(&ctx.io.cred, p).is_ok_and(|(_, n)| n.is_file());
    if name.contains('/') { there(&ctx.path(name)) } else { path.split(':').any(|d| there(&format!("{d}/{name}"))) }
}
