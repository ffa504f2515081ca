//! rm(1), rmdir(1), unlink(1), mkdir(1), touch(1), truncate(1), mktemp(1).

use super::super::Ctx;
use super::super::input::{Status, emit, spend, status};
use super::super::opt::{extra_operand, getopt, missing_operand, quote, quoteaf};
use super::copy::ask;
use super::mode;
use super::show::type_words;
use crate::host::Errno;
use crate::host::fs::{Kind, normalize, split};

/// Removes a whole tree, for mv across file systems.
pub fn tree(ctx: &Ctx, path: &str) -> Result<(), Errno> {
    let mut w = ctx.io.world.borrow_mut();
    let fs = &mut w.host.fs;
    for (p, ino) in fs.tree(path).into_iter().rev() {
        if fs.node(ino).is_some_and(crate::host::fs::Node::is_dir) {
            fs.rmdir(&ctx.io.cred, &p)?;
        } else {
            fs.unlink(&ctx.io.cred, &p)?;
        }
    }
    Ok(())
}

/// rm(1).
pub async fn rm(ctx: &mut Ctx) -> i32 {
    status(rm_run(ctx).await)
}

struct Rm {
    recursive: bool,
    dirs: bool,
    force: bool,
    interactive: bool,
    verbose: bool,
}

async fn rm_run(ctx: &mut Ctx) -> Status {
    let p = getopt(
        ctx,
        "d|dir f|force i I |interactive=? |one-file-system |no-preserve-root |preserve-root=? r R|recursive v|verbose",
        1,
    )?;
    let last = p.opts.iter().rev().find(|(k, _)| matches!(k.as_str(), "f" | "i" | "I")).map_or("", |(k, _)| k.as_str());
    let o = Rm {
        recursive: p.has("r") || p.has("R"),
        dirs: p.has("d"),
        force: last == "f",
        interactive: last == "i" || (p.has("interactive") && p.value("interactive").is_none_or(|v| v == "always")),
        verbose: p.has("v"),
    };
    if p.args.is_empty() {
        return if o.force { Ok(0) } else { Err(missing_operand(ctx, None)) };
    }
    if last == "I" && (p.args.len() > 3 || o.recursive) {
        let n = p.args.len();
        let what = if n == 1 { "argument" } else { "arguments" };
        let how = if o.recursive { " recursively" } else { "" };
        if !ask(ctx, &format!("remove {n} {what}{how}? ")).await {
            return Ok(0);
        }
    }
    let mut code = 0;
    for name in &p.args {
        let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        if last == "." || last == ".." {
            ctx.complain(format!("refusing to remove '.' or '..' directory: skipping {}", quoteaf(name)));
            code = 1;
            continue;
        }
        if o.recursive && normalize(&ctx.cwd, name) == "/" && !p.has("no-preserve-root") {
            ctx.complain("it is dangerous to operate recursively on '/'");
            ctx.complain("use --no-preserve-root to override this failsafe");
            code = 1;
            continue;
        }
        code |= remove(ctx, &o, name).await?;
    }
    Ok(code)
}

/// Removes one operand: a stack of names, folders come back when their content is gone.
async fn remove(ctx: &mut Ctx, o: &Rm, name: &str) -> Status {
    let mut stack = vec![(name.to_owned(), false)];
    let mut code = 0;
    while let Some((name, emptied)) = stack.pop() {
        if !spend(&ctx.io, 1) {
            return Ok(1);
        }
        let path = ctx.path(&name);
        let state = {
            let w = ctx.io.world.borrow();
            let fs = &w.host.fs;
            fs.lstat(&ctx.io.cred, &path).map(|(_, n)| {
                let readonly = !n.is_symlink() && fs.access(&ctx.io.cred, &path, 2).is_err();
                let empty = matches!(&n.kind, Kind::Dir(e) if e.is_empty());
                (n.is_dir(), type_words(n), readonly, empty)
            })
        };
        let (dir, words, readonly, empty) = match state {
            Ok(s) => s,
            Err(Errno::NoEnt | Errno::NotDir) if o.force => continue,
            Err(e) => {
                ctx.complain(format!("cannot remove {}: {e}", quoteaf(&name)));
                code = 1;
                continue;
            }
        };
        let protect = if readonly { "write-protected " } else { "" };
        let prompting = o.interactive || (readonly && !o.force && ctx.stdin_is_terminal());
        if dir && !emptied {
            if !o.recursive && !(o.dirs && empty) {
                let e = if o.dirs { Errno::NotEmpty } else { Errno::IsDir };
                ctx.complain(format!("cannot remove {}: {e}", quoteaf(&name)));
                code = 1;
                continue;
            }
            if prompting && !empty && !ask(ctx, &format!("descend into {protect}directory {}? ", quoteaf(&name))).await
            {
                continue;
            }
            let names = ctx.io.world.borrow().host.fs.readdir(&ctx.io.cred, &path);
            match names {
                Ok(n) => {
                    stack.push((name.clone(), true));
                    let base = name.trim_end_matches('/');
                    for (child, _) in n.iter().rev() {
                        stack.push((format!("{base}/{child}"), false));
                    }
                }
                Err(e) => {
                    ctx.complain(format!("cannot remove {}: {e}", quoteaf(&name)));
                    code = 1;
                }
            }
            continue;
        }
        if prompting && !ask(ctx, &format!("remove {protect}{words} {}? ", quoteaf(&name))).await {
            continue;
        }
        let done = {
            let mut w = ctx.io.world.borrow_mut();
            if dir { w.host.fs.rmdir(&ctx.io.cred, &path) } else { w.host.fs.unlink(&ctx.io.cred, &path) }
        };
        match done {
            Ok(()) => {
                if o.verbose {
                    let what = if dir { "removed directory" } else { "removed" };
                    emit(ctx, format!("{what} {}\n", quoteaf(&name))).await?;
                }
            }
            // What was kept below is the reason; it was told already.
            Err(Errno::NotEmpty) if emptied && (code != 0 || prompting) => {}
            Err(e) => {
                ctx.complain(format!("cannot remove {}: {e}", quoteaf(&name)));
                code = 1;
            }
        }
    }
    Ok(code)
}

/// unlink(1).
pub async fn unlink(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    match &p.args[..] {
        [] => missing_operand(ctx, None),
        [name] => {
            let r = ctx.io.world.borrow_mut().host.fs.unlink(&ctx.io.cred, &ctx.path(name));
            if let Err(e) = r {
                ctx.complain(format!("cannot unlink {}: {e}", quoteaf(name)));
                return 1;
            }
            0
        }
        [_, x, ..] => extra_operand(ctx, x),
    }
}

/// rmdir(1).
pub async fn rmdir(ctx: &mut Ctx) -> i32 {
    status(rmdir_run(ctx).await)
}

async fn rmdir_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "p|parents v|verbose |ignore-fail-on-non-empty", 1)?;
    if p.args.is_empty() {
        return Err(missing_operand(ctx, None));
    }
    let mut code = 0;
    for name in &p.args {
        let mut now = name.trim_end_matches('/').to_owned();
        if now.is_empty() {
            now = "/".into();
        }
        let mut first = true;
        loop {
            if p.has("v") {
                emit(ctx, format!("rmdir: removing directory, {}\n", quoteaf(&now))).await?;
            }
            let r = ctx.io.world.borrow_mut().host.fs.rmdir(&ctx.io.cred, &ctx.path(&now));
            if let Err(e) = r {
                if !(e == Errno::NotEmpty && p.has("ignore-fail-on-non-empty")) {
                    let what = if first { "failed to remove" } else { "failed to remove directory" };
                    ctx.complain(format!("{what} {}: {e}", quoteaf(if first { name } else { &now })));
                    code = 1;
                }
                break;
            }
            first = false;
            match now.rfind('/') {
                Some(i) if p.has("p") && i > 0 => now.truncate(i),
                _ => break,
            }
        }
    }
    Ok(code)
}

/// mkdir(1).
pub async fn mkdir(ctx: &mut Ctx) -> i32 {
    status(mkdir_run(ctx).await)
}

async fn mkdir_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "m|mode= p|parents v|verbose Z", 1)?;
    if p.args.is_empty() {
        return Err(missing_operand(ctx, None));
    }
    let bits = match p.value("m") {
        None => 0o777 & !ctx.umask,
        Some(m) => match mode::apply(m, 0o777, true, ctx.umask) {
            Some(b) => b,
            None => {
                ctx.complain(format!("invalid mode {}", quote(m)));
                return Err(1);
            }
        },
    };
    let mut code = 0;
    for name in &p.args {
        let mut steps = vec![name.clone()];
        if p.has("p") {
            steps.clear();
            let mut at = 0;
            let clean = name.trim_end_matches('/');
            while let Some(i) = clean[at..].find('/') {
                if at + i > 0 {
                    steps.push(clean[..at + i].to_owned());
                }
                at += i + 1;
            }
            steps.push(if clean.is_empty() { "/".into() } else { clean.to_owned() });
        }
        let n = steps.len();
        for (i, step) in steps.iter().enumerate() {
            let path = ctx.path(step);
            let last = i + 1 == n;
            let made = {
                let mut w = ctx.io.world.borrow_mut();
                let fs = &mut w.host.fs;
                if p.has("p") && fs.is_dir(&path) {
                    continue;
                }
                let parents = (0o777 & !ctx.umask) | 0o300;
                let first = if p.has("m") { bits & 0o777 } else { bits };
                fs.mkdir(&ctx.io.cred, &path, if last { first } else { parents })
                    .and_then(|_| if last && p.has("m") { fs.chmod(&ctx.io.cred, &path, bits) } else { Ok(()) })
            };
            match made {
                Ok(()) => {
                    if p.has("v") {
                        emit(ctx, format!("mkdir: created directory {}\n", quoteaf(step))).await?;
                    }
                }
                Err(e) => {
                    let shown = if p.has("p") && !last { step } else { name };
                    ctx.complain(format!("cannot create directory {}: {e}", quote(shown)));
                    code = 1;
                    break;
                }
            }
        }
    }
    Ok(code)
}

/// touch(1).
pub async fn touch(ctx: &mut Ctx) -> i32 {
    status(touch_run(ctx).await)
}

async fn touch_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "a c|no-create d|date= f h|no-dereference m r|reference= t= |time=", 1)?;
    let now = ctx.io.world.borrow().now();
    let when = if let Some(d) = p.value("d") {
        match super::super::system::date::parse(d, now) {
            Some(t) => t,
            None => {
                ctx.complain(format!("invalid date format {}", quote(d)));
                return Err(1);
            }
        }
    } else if let Some(t) = p.value("t") {
        match super::super::system::date::stamp(t, now) {
            Some(t) => t,
            None => {
                ctx.complain(format!("invalid date format {}", quote(t)));
                return Err(1);
            }
        }
    } else if let Some(r) = p.value("r") {
        let got = ctx.io.world.borrow().host.fs.stat(&ctx.io.cred, &ctx.path(r)).map(|(_, n)| n.mtime);
        match got {
            Ok(t) => t,
            Err(e) => {
                ctx.complain(format!("failed to get attributes of {}: {e}", quoteaf(r)));
                return Err(1);
            }
        }
    } else {
        now
    };
    if p.args.is_empty() {
        ctx.complain("missing file operand");
        ctx.err(super::super::opt::hint(ctx));
        return Err(1);
    }
    let only_atime = p.has("a") && !p.has("m");
    let mut code = 0;
    for name in &p.args {
        let path = ctx.path(name);
        let mut w = ctx.io.world.borrow_mut();
        let fs = &mut w.host.fs;
        let exists = fs.exists(&path);
        if !exists && (p.has("c") || p.has("h")) {
            continue;
        }
        let r = if exists {
            Ok(())
        } else if path.ends_with('/') {
            Err(Errno::NoEnt)
        } else {
            fs.open_write(&ctx.io.cred, &path, 0o666 & !ctx.umask, false, false).map(|_| ())
        };
        let r = r.and_then(|()| if only_atime { Ok(()) } else { fs.set_mtime(&ctx.io.cred, &path, when) });
        drop(w);
        if let Err(e) = r {
            let what = if exists { "setting times of" } else { "cannot touch" };
            ctx.complain(format!("{what} {}: {e}", quoteaf(name)));
            code = 1;
        }
    }
    Ok(code)
}

/// truncate(1).
pub async fn truncate(ctx: &mut Ctx) -> i32 {
    status(truncate_run(ctx).await)
}

async fn truncate_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "c|no-create o|io-blocks r|reference= s|size=", 1)?;
    let Some(text) = p.value("s") else {
        ctx.complain("you must specify either ‘--size’ or ‘--reference’");
        ctx.err(super::super::opt::hint(ctx));
        return Err(1);
    };
    let (how, digits) = match text.chars().next() {
        Some(c @ ('+' | '-' | '<' | '>' | '/' | '%')) => (c, &text[1..]),
        _ => ('=', text),
    };
    let Some(n) = super::super::text::head::count(digits) else {
        ctx.complain(format!("Invalid number: {}", quote(text)));
        return Err(1);
    };
    if p.args.is_empty() {
        ctx.complain("missing file operand");
        ctx.err(super::super::opt::hint(ctx));
        return Err(1);
    }
    let mut code = 0;
    for name in &p.args {
        let path = ctx.path(name);
        let mut w = ctx.io.world.borrow_mut();
        let fs = &mut w.host.fs;
        if p.has("c") && !fs.exists(&path) {
            continue;
        }
        let r = fs.open_write(&ctx.io.cred, &path, 0o666 & !ctx.umask, false, false).and_then(|ino| {
            let Some(Kind::File(b)) = fs.node(ino).map(|n| n.kind.clone()) else { return Ok(()) };
            let have = b.len() as u64;
            let want = match how {
                '+' => have.saturating_add(n),
                '-' => have.saturating_sub(n),
                '<' => have.min(n),
                '>' => have.max(n),
                '/' if n > 0 => have / n * n,
                '%' if n > 0 => have.div_ceil(n) * n,
                _ => n,
            };
            // Holes would cost real memory here: the model keeps files below its bound.
            if want > super::super::input::MAX_HELD as u64 {
                return Err(Errno::FBig);
            }
            let mut data = b.bytes().into_owned();
            data.resize(want as usize, 0);
            fs.set_content(&ctx.io.cred, ino, data.into())
        });
        drop(w);
        if let Err(e) = r {
            ctx.complain(format!("cannot open {} for writing: {e}", quoteaf(name)));
            code = 1;
        }
    }
    Ok(code)
}

/// mktemp(1): the name is keyed by what exists already, so that each is new.
pub async fn mktemp(ctx: &mut Ctx) -> i32 {
    status(mktemp_run(ctx).await)
}

async fn mktemp_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "d|directory u|dry-run q|quiet p|tmpdir=? t |suffix=", 1)?;
    let template = p.args.first().cloned().unwrap_or_else(|| "tmp.XXXXXXXXXX".into());
    let xs = template.chars().rev().take_while(|c| *c == 'X').count();
    if xs < 3 {
        ctx.complain(format!("too few X's in template {}", quote(&template)));
        return Err(1);
    }
    let in_tmp = p.args.is_empty() || p.has("p") || p.has("t");
    let dir =
        p.value("p").map(str::to_owned).or_else(|| ctx.env.get("TMPDIR").cloned()).unwrap_or_else(|| "/tmp".into());
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for n in 0..1000 {
        let (chance, now) = {
            let w = ctx.io.world.borrow();
            (w.host.chance, w.now())
        };
        let tail: String = (0..xs)
            .map(|i| {
                let v = chance.between("mktemp", &format!("{template} {} {n} {i}", now.0), 0, LETTERS.len() as i64 - 1);
                LETTERS[v as usize] as char
            })
            .collect();
        let name = format!("{}{tail}{}", &template[..template.len() - xs], p.value("suffix").unwrap_or(""));
        let name = if in_tmp { format!("{}/{name}", dir.trim_end_matches('/')) } else { name };
        let path = ctx.path(&name);
        let made = {
            let mut w = ctx.io.world.borrow_mut();
            let fs = &mut w.host.fs;
            if p.has("u") {
                Ok(())
            } else if p.has("d") {
                fs.mkdir(&ctx.io.cred, &path, 0o700).map(|_| ())
            } else {
                fs.open_write(&ctx.io.cred, &path, 0o600, false, true).map(|_| ())
            }
        };
        match made {
            Ok(()) => {
                emit(ctx, format!("{name}\n")).await?;
                return Ok(0);
            }
            Err(Errno::Exist) => {}
            Err(e) => {
                let what = if p.has("d") { "directory" } else { "file" };
                let (d, b) = split(&name);
                let shown = if d.is_empty() {
                    template.clone()
                } else {
                    format!("{d}/{}", &b[..b.len() - xs]) + &"X".repeat(xs)
                };
                ctx.complain(format!("failed to create {what} via template {}: {e}", quote(&shown)));
                return Err(1);
            }
        }
    }
    Err(1)
}
