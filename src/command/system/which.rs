//! which(1) and whereis(1).

use super::super::{Ctx, program};

/// which(1).
pub async fn which(ctx: &mut Ctx) -> i32 {
    let mut code = 0;
    let all = ctx.args.iter().any(|a| a == "-a");
    let names: Vec<String> = ctx.args[1..].iter().filter(|a| *a != "-a").cloned().collect();
    for n in &names {
        if let Some(bad) = n.strip_prefix('-') {
            ctx.err(format!("Illegal option -{}\nUsage: /usr/bin/which [-a] args\n", &bad[..bad.len().min(1)]));
            return 2;
        }
    }
    let path = ctx
        .env
        .get("PATH")
        .cloned()
        .unwrap_or_else(|| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into());
    for n in &names {
        let mut hits = Vec::new();
        {
            let w = ctx.io.world.borrow();
            let runs = |p: &str| {
                w.host.fs.stat(&ctx.io.cred, p).is_ok_and(|(_, n)| n.is_file())
                    && w.host.fs.access(&ctx.io.cred, p, 1).is_ok()
            };
            if n.contains('/') {
                if runs(&ctx.path(n)) || super::super::programs().iter().any(|p| p.path == n) {
                    hits.push(n.clone());
                }
            } else {
                for d in path.split(':') {
                    let full = format!("{}/{n}", d.trim_end_matches('/'));
                    let known = program(n).is_some_and(|p| p.path == full || p.path == format!("/usr{full}"));
                    if known || runs(&full) {
                        hits.push(full);
                    }
                }
            }
        }
        if hits.is_empty() {
            code = 1;
        }
        hits.truncate(if all { usize::MAX } else { 1 });
        for h in hits {
            ctx.out(format!("{h}\n"));
        }
    }
    i32::from(names.is_empty()).max(code)
}

/// whereis(1).
pub async fn whereis(ctx: &mut Ctx) -> i32 {
    let names: Vec<String> = ctx.args[1..].iter().filter(|a| !a.starts_with('-')).cloned().collect();
    for n in &names {
        let mut line = format!("{n}:");
        if let Some(p) = program(n) {
            line += &format!(" {} /usr/share/man/man1/{n}.1.gz", p.path);
        }
        for d in ["/etc", "/usr/lib", "/usr/share"] {
            let path = format!("{d}/{n}");
            if ctx.io.world.borrow().host.fs.exists(&path) {
                line += &format!(" {path}");
            }
        }
        ctx.out(line + "\n");
    }
    0
}
