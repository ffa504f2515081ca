//! cp(1). Left out: sparse files, `-l` trees across file systems.

use super::{ask, join, targets};
use crate::command::Ctx;
use crate::command::input::{Status, emit, spend, status};
use crate::command::opt::{getopt, quoteaf};
use crate::host::fs::{Fs, Kind, normalize, split};
use crate::host::{Cred, Errno};

pub(super) struct Copy {
    pub(super) recursive: bool,
    pub(super) deref: bool,
    pub(super) verbose: bool,
    pub(super) force: bool,
    pub(super) interactive: bool,
    pub(super) no_clobber: bool,
    pub(super) update: bool,
    pub(super) mode: bool,
    pub(super) owner: bool,
    pub(super) times: bool,
    pub(super) link: bool,
    pub(super) symbolic: bool,
    pub(super) mask: u32,
}

/// cp(1).
pub async fn cp(ctx: &mut Ctx) -> i32 {
    status(cp_run(ctx).await)
}

async fn cp_run(ctx: &mut Ctx) -> Status {
    let spec = "a|archive |attributes-only b |backup=? d f|force i|interactive H l|link L|dereference n|no-clobber \
                P|no-dereference p |preserve=? |no-preserve= |parents R r|recursive |reflink=? |remove-destination |sparse= \
                |strip-trailing-slashes s|symbolic-link S|suffix= t|target-directory= T|no-target-directory u|update v|verbose \
                x|one-file-system Z";
    let p = getopt(ctx, spec, 1)?;
    let list = targets(ctx, &p)?;
    let kept = p.value("preserve").unwrap_or(if p.has("preserve") { "mode,ownership,timestamps" } else { "" });
    let full = p.has("a") || p.has("p") || kept.contains("all");
    let recursive = p.has("r") || p.has("R") || p.has("a");
    let last = p.opts.iter().rev().find(|(k, _)| matches!(k.as_str(), "i" | "n" | "f")).map(|(k, _)| k.clone());
    let c = Copy {
        recursive,
        deref: p.has("L") || (!recursive && !p.has("P") && !p.has("d")),
        verbose: p.has("v"),
        force: p.has("f") || p.has("remove-destination"),
        interactive: last.as_deref() == Some("i"),
        no_clobber: last.as_deref() == Some("n"),
        update: p.has("u"),
        mode: full || kept.contains("mode"),
        owner: full || kept.contains("ownership"),
        times: full || kept.contains("timestamps"),
        link: p.has("l"),
        symbolic: p.has("s"),
        mask: ctx.umask,
    };
    let mut code = 0;
    for (from, to) in list {
        let to = if p.has("parents") {
            let dir = p.args.last().cloned().unwrap_or_default();
            let to = join(&dir, from.trim_start_matches('/'));
            let parent = split(&ctx.path(&to)).0.to_owned();
            let _ = ctx.io.world.borrow_mut().host.fs.mkdir_all(&parent);
            to
        } else {
            to
        };
        code |= copy_tree(ctx, &c, &from, &to).await?;
    }
    Ok(code)
}

/// Copies one operand, folders without recursion of ours.
pub(super) async fn copy_tree(ctx: &mut Ctx, c: &Copy, from: &str, to: &str) -> Status {
    let mut stack = vec![(from.to_owned(), to.to_owned(), true)];
    let mut code = 0;
    // Attributes of folders are set when their content is there.
    let mut finish: Vec<(String, String)> = Vec::new();
    while let Some((from, to, top)) = stack.pop() {
        if !spend(&ctx.io, 1) {
            return Ok(1);
        }
        let (pf, pt) = (ctx.path(&from), ctx.path(&to));
        let (kind, same, exists, older, target_dir) = {
            let w = ctx.io.world.borrow();
            let fs = &w.host.fs;
            let cred = &ctx.io.cred;
            let src = if c.deref { fs.stat(cred, &pf) } else { fs.lstat(cred, &pf) };
            let dst = fs.stat(cred, &pt);
            match src {
                Err(e) => {
                    ctx.complain(format!("cannot stat {}: {e}", quoteaf(&from)));
                    code = 1;
                    continue;
                }
                Ok((i, n)) => (
                    n.kind.clone(),
                    dst.as_ref().is_ok_and(|(j, _)| *j == i),
                    fs.lstat(cred, &pt).is_ok(),
                    dst.as_ref().is_ok_and(|(_, d)| d.mtime >= n.mtime),
                    dst.is_ok_and(|(_, d)| d.is_dir()),
                ),
            }
        };
        if let Kind::Dir(_) = kind {
            if !c.recursive {
                ctx.complain(format!("-r not specified; omitting directory {}", quoteaf(&from)));
                code = 1;
                continue;
            }
            if top && (normalize("/", &pt) + "/").starts_with(&(normalize("/", &pf) + "/")) {
                ctx.complain(format!("cannot copy a directory, {}, into itself, {}", quoteaf(&from), quoteaf(&to)));
                code = 1;
                continue;
            }
            if exists && !target_dir {
                ctx.complain(format!(
                    "cannot overwrite non-directory {} with directory {}",
                    quoteaf(&to),
                    quoteaf(&from)
                ));
                code = 1;
                continue;
            }
            let made = {
                let mut w = ctx.io.world.borrow_mut();
                let fs = &mut w.host.fs;
                let mode = fs.stat(&ctx.io.cred, &pf).map_or(0o755, |(_, n)| n.mode) & !c.mask;
                if exists { Ok(()) } else { fs.mkdir(&ctx.io.cred, &pt, mode).map(|_| ()) }
            };
            if let Err(e) = made {
                ctx.complain(format!("cannot create directory {}: {e}", quoteaf(&to)));
                code = 1;
                continue;
            }
            if !exists && c.verbose {
                emit(ctx, format!("{} -> {}\n", quoteaf(&from), quoteaf(&to))).await?;
            }
            finish.push((pf.clone(), pt));
            let names = ctx.io.world.borrow().host.fs.readdir(&ctx.io.cred, &pf);
            match names {
                Ok(n) => {
                    for (name, _) in n.iter().rev() {
                        stack.push((join(&from, name), join(&to, name), false));
                    }
                }
                Err(e) => {
                    ctx.complain(format!("cannot access {}: {e}", quoteaf(&from)));
                    code = 1;
                }
            }
            continue;
        }
        if same && !c.link {
            ctx.complain(format!("{} and {} are the same file", quoteaf(&from), quoteaf(&to)));
            code = 1;
            continue;
        }
        if target_dir {
            ctx.complain(format!("cannot overwrite directory {} with non-directory", quoteaf(&to)));
            code = 1;
            continue;
        }
        if exists && (c.no_clobber || (c.update && older)) {
            continue;
        }
        if exists && c.interactive && !ask(ctx, &format!("overwrite {}? ", quoteaf(&to))).await {
            continue;
        }
        let done = {
            let mut w = ctx.io.world.borrow_mut();
            copy_file(&mut w.host.fs, &ctx.io.cred, c, &pf, &pt, &kind, exists)
        };
        match done {
            Ok(()) => {
                if c.verbose {
                    emit(ctx, format!("{} -> {}\n", quoteaf(&from), quoteaf(&to))).await?;
                }
            }
            Err((what, e)) => {
                let m = match what {
                    What::Open => format!("cannot open {} for reading: {e}", quoteaf(&from)),
                    What::Create => format!("cannot create regular file {}: {e}", quoteaf(&to)),
                    What::Write => format!("error writing {}: {e}", quoteaf(&to)),
                    What::Link => format!("cannot create symbolic link {}: {e}", quoteaf(&to)),
                };
                ctx.complain(m);
                code = 1;
            }
        }
    }
    for (f, t) in finish.into_iter().rev() {
        let mut w = ctx.io.world.borrow_mut();
        attributes(&mut w.host.fs, &ctx.io.cred, c, &f, &t);
    }
    Ok(code)
}

enum What {
    Open,
    Create,
    Write,
    Link,
}

fn copy_file(
    fs: &mut Fs,
    cred: &Cred,
    c: &Copy,
    from: &str,
    to: &str,
    kind: &Kind,
    exists: bool,
) -> Result<(), (What, Errno)> {
    if c.link {
        return fs.hardlink(cred, from, to).map_err(|e| (What::Create, e));
    }
    if c.symbolic {
        return fs.symlink(cred, from, to).map(|_| ()).map_err(|e| (What::Link, e));
    }
    if let Kind::Symlink(t) = kind {
        if exists {
            let _ = fs.unlink(cred, to);
        }
        return fs.symlink(cred, t, to).map(|_| ()).map_err(|e| (What::Link, e));
    }
    if let Kind::Socket | Kind::Fifo = kind {
        return fs.mknod(cred, to, kind.clone(), 0o644).map(|_| ()).map_err(|e| (What::Create, e));
    }
    let data = fs.read(cred, from).map_err(|e| (What::Open, e))?;
    let mode = fs.stat(cred, from).map_or(0o644, |(_, n)| n.mode);
    let create = |fs: &mut Fs| fs.open_write(cred, to, mode & 0o777 & !c.mask, true, false);
    let ino = match create(fs) {
        Ok(i) => i,
        Err(_) if c.force && exists => {
            let _ = fs.unlink(cred, to);
            create(fs).map_err(|e| (What::Create, e))?
        }
        Err(e) => return Err((What::Create, e)),
    };
    if fs.node(ino).is_some_and(crate::host::fs::Node::is_file) {
        fs.set_content(cred, ino, data).map_err(|e| (What::Write, e))?;
    }
    attributes(fs, cred, c, from, to);
    Ok(())
}

fn attributes(fs: &mut Fs, cred: &Cred, c: &Copy, from: &str, to: &str) {
    let Ok((mode, uid, gid, mtime)) = fs.stat(cred, from).map(|(_, n)| (n.mode, n.uid, n.gid, n.mtime)) else { return };
    if c.owner {
        let _ = fs.chown(cred, to, Some(uid), Some(gid), true);
    }
    if c.mode {
        let _ = fs.chmod(cred, to, mode);
    }
    if c.times {
        let _ = fs.set_mtime(cred, to, mtime);
    }
}
