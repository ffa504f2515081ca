//! Walks a tree by the names that the user gave, as fts(3) does without following links.

use super::super::Ctx;

/// `top` and everything below it, parents first; unreadable folders are named on standard error.
pub fn names(ctx: &Ctx, top: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut stack = vec![top.to_owned()];
    let w = ctx.io.world.borrow();
    let fs = &w.host.fs;
    while let Some(n) = stack.pop() {
        let path = ctx.path(&n);
        let dir = fs.lstat(&ctx.io.cred, &path).is_ok_and(|(_, x)| x.is_dir());
        if dir {
            match fs.readdir(&ctx.io.cred, &path) {
                Ok(e) => {
                    let base = n.trim_end_matches('/');
                    stack.extend(e.iter().rev().map(|(c, _)| format!("{base}/{c}")));
                }
                Err(e) => ctx.complain(format!("cannot read directory {}: {e}", super::super::opt::quoteaf(&n))),
            }
        }
        out.push(n);
    }
    out
}
