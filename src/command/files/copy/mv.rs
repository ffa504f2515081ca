//! mv(1).

use super::cp::{Copy, copy_tree};
use super::{ask, targets};
use crate::command::Ctx;
use crate::command::input::{Status, emit, status};
use crate::command::opt::{getopt, quoteaf};
use crate::host::Errno;

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
                super::super::remove::tree(ctx, &pf)
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
