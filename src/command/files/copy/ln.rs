//! ln(1).

use super::{ask, base, join, missing, reach};
use crate::command::Ctx;
use crate::command::input::{Status, emit, status};
use crate::command::opt::{getopt, quoteaf, quotef};
use crate::host::Errno;
use crate::host::fs::{normalize, split};

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
                    ctx.complain(format!("{}: hard link not allowed for directory", quotef(&target)));
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
