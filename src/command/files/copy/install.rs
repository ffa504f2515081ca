//! install(1).

use super::super::mode;
use super::cp::{Copy, copy_tree};
use super::{missing, targets};
use crate::command::Ctx;
use crate::command::input::{Status, emit, status};
use crate::command::opt::{getopt, quote, quoteaf};
use crate::host::fs::split;

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
        Some(o) => Some(super::super::owner::user_id(ctx, o).ok_or_else(|| {
            ctx.complain(format!("invalid user {}", quote(o)));
            1
        })?),
        None => None,
    };
    let group = match p.value("g") {
        Some(g) => Some(super::super::owner::group_id(ctx, g).ok_or_else(|| {
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
