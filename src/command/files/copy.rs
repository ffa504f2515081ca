//! cp(1), mv(1), install(1), ln(1). Left out: backups, sparse files, `-l` trees across file systems.

use super::super::Ctx;
use super::super::input::{Reader, Status, emit, spend, status};
use super::super::opt::{Parsed, getopt, hint, quote, quoteaf};
use super::mode;
use crate::host::fs::{Fs, Kind, normalize, split};
use crate::host::{Cred, Errno};

/// Asks a yes-or-no question on standard error; only `y…` is yes.
pub async fn ask(ctx: &mut Ctx, question: &str) -> bool {
    ctx.complain_inline(question);
    let mut r = Reader::stdin();
    let answer = r.line(&mut ctx.io).await.ok().flatten().unwrap_or_default();
    r.rewind(&ctx.io);
    matches!(answer.first(), Some(b'y' | b'Y'))
}

impl Ctx {
    /// `NAME: text` without a newline: a question.
    fn complain_inline(&self, text: &str) {
        self.err(format!("{}: {text}", self.name()));
    }
}

fn base(name: &str) -> &str {
    let t = name.trim_end_matches('/');
    if t.is_empty() { "/" } else { t.rsplit('/').next().unwrap_or(t) }
}

fn join(dir: &str, name: &str) -> String {
    if dir.ends_with('/') { format!("{dir}{name}") } else { format!("{dir}/{name}") }
}

/// The sources and where each goes: into a folder, or one onto a name.
fn targets(ctx: &Ctx, p: &Parsed) -> Result<Vec<(String, String)>, i32> {
    let is_dir = |n: &str| ctx.world().borrow().host.fs.is_dir(&ctx.path(n));
    let mut names = p.args.clone();
    let dir = match p.value("t") {
        Some(t) => {
            if !is_dir(t) {
                ctx.complain(format!("target directory {}: {}", quoteaf(t), reach(ctx, t)));
                return Err(1);
            }
            if names.is_empty() {
                return Err(missing(ctx, &names));
            }
            Some(t.to_owned())
        }
        None => {
            if names.len() < 2 {
                return Err(missing(ctx, &names));
            }
            if p.has("T") {
                if names.len() > 2 {
                    return Err(super::super::opt::extra_operand(ctx, &names[2]));
                }
                None
            } else {
                let last = names[names.len() - 1].clone();
                if is_dir(&last) {
                    names.pop();
                    Some(last)
                } else if names.len() > 2 {
                    ctx.complain(format!("target {}: {}", quoteaf(&last), reach(ctx, &last)));
                    return Err(1);
                } else {
                    None
                }
            }
        }
    };
    Ok(match dir {
        Some(d) => names.into_iter().map(|n| (join(&d, base(&n)), n)).map(|(t, n)| (n, t)).collect(),
        None => vec![(names[0].clone(), names[1].clone())],
    })
}

fn reach(ctx: &Ctx, n: &str) -> Errno {
    match ctx.world().borrow().host.fs.stat(&ctx.io.cred, &ctx.path(n)) {
        Ok(_) => Errno::NotDir,
        Err(e) => e,
    }
}

fn missing(ctx: &Ctx, names: &[String]) -> i32 {
    match names.first() {
        None => {
            ctx.complain("missing file operand");
            ctx.err(hint(ctx));
        }
        Some(n) => {
            ctx.complain(format!("missing destination file operand after {}", quoteaf(n)));
            ctx.err(hint(ctx));
        }
    }
    1
}

struct Copy {
    recursive: bool,
    deref: bool,
    verbose: bool,
    force: bool,
    interactive: bool,
    no_clobber: bool,
    update: bool,
    mode: bool,
    owner: bool,
    times: bool,
    link: bool,
    symbolic: bool,
    mask: u32,
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
async fn copy_tree(ctx: &mut Ctx, c: &Copy, from: &str, to: &str) -> Status {
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

/// mv(1).
pub async fn mv(ctx: &mut Ctx) -> i32 {
    status(mv_run(ctx).await)
}

async fn mv_run(ctx: &mut Ctx) -> Status {
    let spec = "b |backup=? f|force i|interactive n|no-clobber |strip-trailing-slashes S|suffix= t|target-directory= \
                T|no-target-directory u|update v|verbose Z";
    let p = getopt(ctx, spec, 1)?;
    let list = targets(ctx, &p)?;
    let last = p.opts.iter().rev().find(|(k, _)| matches!(k.as_str(), "i" | "n" | "f")).map(|(k, _)| k.clone());
    let mut code = 0;
    for (from, to) in list {
        let (pf, pt) = (ctx.path(&from), ctx.path(&to));
        let state = {
            let w = ctx.io.world.borrow();
            let fs = &w.host.fs;
            let cred = &ctx.io.cred;
            fs.lstat(cred, &pf).map(|(i, n)| {
                let d = fs.lstat(cred, &pt).ok();
                (
                    n.is_dir(),
                    d.is_some_and(|(j, _)| i == j),
                    d.is_some(),
                    d.is_some_and(|(_, d)| d.mtime >= n.mtime),
                    d.is_some_and(|(_, d)| d.is_dir()),
                    d.is_some() && fs.access(cred, &pt, 2).is_err(),
                )
            })
        };
        let (dir, same, exists, older, to_dir, unwritable) = match state {
            Ok(s) => s,
            Err(e) => {
                ctx.complain(format!("cannot stat {}: {e}", quoteaf(&from)));
                code = 1;
                continue;
            }
        };
        if same {
            ctx.complain(format!("{} and {} are the same file", quoteaf(&from), quoteaf(&to)));
            code = 1;
            continue;
        }
        if exists && (last.as_deref() == Some("n") || (p.has("u") && older)) {
            continue;
        }
        if to_dir && !dir {
            ctx.complain(format!("cannot overwrite directory {} with non-directory", quoteaf(&to)));
            code = 1;
            continue;
        }
        if exists && !to_dir && dir {
            ctx.complain(format!("cannot overwrite non-directory {} with directory {}", quoteaf(&to), quoteaf(&from)));
            code = 1;
            continue;
        }
        let guard = unwritable && last.is_none() && ctx.stdin_is_terminal();
        if exists && last.as_deref() == Some("i") && !ask(ctx, &format!("overwrite {}? ", quoteaf(&to))).await {
            continue;
        }
        if guard && !ask(ctx, &format!("replace {}? ", quoteaf(&to))).await {
            continue;
        }
        let moved = ctx.io.world.borrow_mut().host.fs.rename(&ctx.io.cred, &pf, &pt);
        let moved = match moved {
            Err(Errno::XDev) => {
                // Another file system: copied and removed.
                let c = Copy {
                    recursive: true,
                    deref: false,
                    verbose: false,
                    force: true,
                    interactive: false,
                    no_clobber: false,
                    update: false,
                    mode: true,
                    owner: true,
                    times: true,
                    link: false,
                    symbolic: false,
                    mask: 0,
                };
                if copy_tree(ctx, &c, &from, &to).await? != 0 {
                    code = 1;
                    continue;
                }
                super::remove::tree(ctx, &pf)
            }
            o => o,
        };
        match moved {
            Ok(()) => {
                if p.has("v") {
                    emit(ctx, format!("renamed {} -> {}\n", quoteaf(&from), quoteaf(&to))).await?;
                }
            }
            Err(Errno::Inval) => {
                ctx.complain(format!("cannot move {} to a subdirectory of itself, {}", quoteaf(&from), quoteaf(&to)));
                code = 1;
            }
            Err(e) => {
                ctx.complain(format!("cannot move {} to {}: {e}", quoteaf(&from), quoteaf(&to)));
                code = 1;
            }
        }
    }
    Ok(code)
}

/// install(1): copies with mode 755 and sets owner and mode; `-d` makes folders.
pub async fn install(ctx: &mut Ctx) -> i32 {
    status(install_run(ctx).await)
}

async fn install_run(ctx: &mut Ctx) -> Status {
    let spec = "b |backup=? c C|compare d|directory D g|group= m|mode= o|owner= p|preserve-timestamps s|strip S|suffix= \
                t|target-directory= T|no-target-directory v|verbose Z";
    let p = getopt(ctx, spec, 1)?;
    let text = p.value("m").unwrap_or("755");
    let Some(bits) = mode::apply(text, 0, true, 0) else {
        ctx.complain(format!("invalid mode {}", quote(text)));
        return Err(1);
    };
    let owner = match p.value("o") {
        Some(o) => Some(super::owner::user_id(ctx, o).ok_or_else(|| {
            ctx.complain(format!("invalid user {}", quote(o)));
            1
        })?),
        None => None,
    };
    let group = match p.value("g") {
        Some(g) => Some(super::owner::group_id(ctx, g).ok_or_else(|| {
            ctx.complain(format!("invalid group {}", quote(g)));
            1
        })?),
        None => None,
    };
    let mut code = 0;
    let set = |ctx: &Ctx, path: &str| {
        let mut w = ctx.io.world.borrow_mut();
        let fs = &mut w.host.fs;
        let cred = &ctx.io.cred;
        fs.chown(cred, path, owner, group, true).and_then(|()| fs.chmod(cred, path, bits))
    };
    if p.has("d") {
        if p.args.is_empty() {
            return Err(missing(ctx, &[]));
        }
        for d in &p.args {
            let path = ctx.path(d);
            let fresh = !ctx.world().borrow().host.fs.exists(&path);
            let made = ctx.io.world.borrow_mut().host.fs.mkdir_all(&path);
            if let Err(e) = made.and_then(|_| set(ctx, &path)) {
                ctx.complain(format!("cannot create directory {}: {e}", quoteaf(d)));
                code = 1;
            } else if p.has("v") && fresh {
                emit(ctx, format!("install: creating directory {}\n", quoteaf(d))).await?;
            }
        }
        return Ok(code);
    }
    let c = Copy {
        recursive: false,
        deref: true,
        verbose: p.has("v"),
        force: true,
        interactive: false,
        no_clobber: false,
        update: false,
        mode: false,
        owner: false,
        times: p.has("p"),
        link: false,
        symbolic: false,
        mask: 0,
    };
    for (from, to) in targets(ctx, &p)? {
        if p.has("D") {
            let parent = split(&ctx.path(&to)).0.to_owned();
            let _ = ctx.io.world.borrow_mut().host.fs.mkdir_all(&parent);
        }
        if ctx.world().borrow().host.fs.is_dir(&ctx.path(&from)) {
            ctx.complain(format!("omitting directory {}", quoteaf(&from)));
            code = 1;
            continue;
        }
        let pt = ctx.path(&to);
        let _ = ctx.io.world.borrow_mut().host.fs.unlink(&ctx.io.cred, &pt);
        let r = copy_tree(ctx, &c, &from, &to).await?;
        code |= r;
        if r == 0
            && let Err(e) = set(ctx, &pt)
        {
            ctx.complain(format!("cannot change ownership of {}: {e}", quoteaf(&to)));
            code = 1;
        }
    }
    Ok(code)
}

/// ln(1).
pub async fn ln(ctx: &mut Ctx) -> i32 {
    status(ln_run(ctx).await)
}

async fn ln_run(ctx: &mut Ctx) -> Status {
    let spec = "b |backup=? d F f|force i|interactive L|logical n|no-dereference P|physical r|relative s|symbolic S|suffix= \
                t|target-directory= T|no-target-directory v|verbose";
    let p = getopt(ctx, spec, 1)?;
    let (soft, force) = (p.has("s"), p.has("f"));
    let is_dir = |n: &str| {
        let w = ctx.world();
        let w = w.borrow();
        let path = ctx.path(n);
        let link = w.host.fs.lstat(&ctx.io.cred, &path).is_ok_and(|(_, n)| n.is_symlink());
        w.host.fs.is_dir(&path) && !(link && p.has("n"))
    };
    let list: Vec<(String, String)> = match &p.args[..] {
        [] => return Err(missing(ctx, &[])),
        [one] => vec![(one.clone(), join(p.value("t").unwrap_or("."), base(one)))],
        [.., last] if is_dir(last) && !p.has("T") => {
            p.args[..p.args.len() - 1].iter().map(|n| (n.clone(), join(last, base(n)))).collect()
        }
        [a, b] => vec![(a.clone(), b.clone())],
        [.., last] => {
            ctx.complain(format!("target {}: {}", quoteaf(last), reach(ctx, last)));
            return Err(1);
        }
    };
    let mut code = 0;
    for (target, name) in list {
        let path = ctx.path(&name);
        let kind = if soft { "symbolic" } else { "hard" };
        if !soft {
            let state = ctx.world().borrow().host.fs.lstat(&ctx.io.cred, &ctx.path(&target)).map(|(_, n)| n.is_dir());
            match state {
                Err(e) => {
                    ctx.complain(format!("failed to access {}: {e}", quoteaf(&target)));
                    code = 1;
                    continue;
                }
                Ok(true) => {
                    ctx.complain(format!("{}: hard link not allowed for directory", quoteaf(&target)));
                    code = 1;
                    continue;
                }
                Ok(false) => {}
            }
        }
        let exists = ctx.world().borrow().host.fs.lstat(&ctx.io.cred, &path).is_ok();
        if exists && p.has("i") && !ask(ctx, &format!("replace {}? ", quoteaf(&name))).await {
            continue;
        }
        let text =
            if soft && p.has("r") { relative(&ctx.path(&target), split(&path).0, &ctx.cwd) } else { target.clone() };
        let made = {
            let mut w = ctx.io.world.borrow_mut();
            let fs = &mut w.host.fs;
            let cred = &ctx.io.cred;
            if exists && (force || p.has("i")) {
                let _ = fs.unlink(cred, &path);
            }
            if soft { fs.symlink(cred, &text, &path).map(|_| ()) } else { fs.hardlink(cred, &ctx.path(&target), &path) }
        };
        match made {
            Ok(()) => {
                if p.has("v") {
                    let arrow = if soft { "->" } else { "=>" };
                    emit(ctx, format!("{} {arrow} {}\n", quoteaf(&name), quoteaf(&text))).await?;
                }
            }
            Err(e) => {
                let what = if soft || e == Errno::Exist {
                    quoteaf(&name)
                } else {
                    format!("{} => {}", quoteaf(&name), quoteaf(&target))
                };
                ctx.complain(format!("failed to create {kind} link {what}: {e}"));
                code = 1;
            }
        }
    }
    Ok(code)
}

/// `target` as seen from the folder `dir`.
pub fn relative(target: &str, dir: &str, cwd: &str) -> String {
    let (t, d) = (normalize(cwd, target), normalize(cwd, if dir.is_empty() { cwd } else { dir }));
    let tv: Vec<&str> = t.split('/').filter(|s| !s.is_empty()).collect();
    let dv: Vec<&str> = d.split('/').filter(|s| !s.is_empty()).collect();
    let common = tv.iter().zip(&dv).take_while(|(a, b)| a == b).count();
    let mut out: Vec<&str> = vec![".."; dv.len() - common];
    out.extend(&tv[common..]);
    if out.is_empty() { ".".into() } else { out.join("/") }
}
