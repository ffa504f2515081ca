//! Modes as chmod(1), mkdir -m, install -m and find -perm read them: octal and symbolic.

use super::super::Ctx;
use super::super::input::{Status, emit, spend, status};
use super::super::opt::{getopt_args, hint, missing_operand, quote, quoteaf};
use super::show::permissions;
use crate::host::Errno;

/// The mode that `text` makes of `old`; `None` when it is no mode. `umask` holds where no user class is given.
pub fn apply(text: &str, old: u32, dir: bool, umask: u32) -> Option<u32> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let v = u32::from_str_radix(text, 8).ok().filter(|v| *v <= 0o7777)?;
        // On a folder a number of up to four digits keeps setuid and setgid.
        return Some(if dir && text.len() <= 4 { v | (old & 0o6000) } else { v });
    }
    let mut mode = old;
    for clause in text.split(',') {
        let c: Vec<char> = clause.chars().collect();
        let mut i = 0;
        let mut who = 0;
        while let Some(x) = c.get(i) {
            who |= match x {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => break,
            };
            i += 1;
        }
        if i >= c.len() {
            return None;
        }
        while i < c.len() {
            let op = c[i];
            if !matches!(op, '+' | '-' | '=') {
                return None;
            }
            i += 1;
            let mask = if who == 0 { 0o7777 & !umask } else { who };
            let mut bits = 0;
            if c.get(i).is_some_and(|d| d.is_digit(8)) {
                let mut v = 0;
                while let Some(d) = c.get(i).and_then(|d| d.to_digit(8)) {
                    v = (v * 8 + d) & 0o7777;
                    i += 1;
                }
                bits = v;
            } else if let Some(x @ ('u' | 'g' | 'o')) = c.get(i) {
                let from = match x {
                    'u' => mode >> 6,
                    'g' => mode >> 3,
                    _ => mode,
                } & 7;
                bits = from << 6 | from << 3 | from;
                i += 1;
            } else {
                while let Some(x) = c.get(i) {
                    bits |= match x {
                        'r' => 0o444,
                        'w' => 0o222,
                        'x' => 0o111,
                        'X' if dir || mode & 0o111 != 0 => 0o111,
                        'X' => 0,
                        's' => 0o6000,
                        't' => 0o1000,
                        _ => break,
                    };
                    i += 1;
                }
            }
            // The sticky bit belongs to `o` and to no class at all.
            let bits = bits & mask;
            match op {
                '+' => mode |= bits,
                '-' => mode &= !bits,
                _ => {
                    let mut clear = if who == 0 { 0o777 } else { who };
                    if dir {
                        clear &= !0o6000 | (bits & 0o6000);
                    }
                    mode = (mode & !clear) | bits;
                }
            }
        }
    }
    Some(mode & 0o7777)
}

/// chmod(1).
pub async fn chmod(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

async fn run(ctx: &mut Ctx) -> Status {
    // `-w` or `-rx` is a mode, no option.
    let mut mode_arg: Option<String> = None;
    let mut args = Vec::new();
    for a in &ctx.args[1..] {
        let letters = a.strip_prefix('-').unwrap_or("");
        let is_mode = !letters.is_empty()
            && letters.chars().all(|c| "rwxXst,=+-ugo0123456789".contains(c))
            && !a.starts_with("--");
        if is_mode && mode_arg.is_none() {
            mode_arg = Some(a.clone());
        } else {
            args.push(a.clone());
        }
    }
    let p = getopt_args(
        ctx,
        &args,
        "c|changes f|silent |quiet R|recursive v|verbose |reference= |preserve-root |no-preserve-root",
        1,
        true,
        "",
    )?;
    let mut names = p.args.clone();
    let text = if let Some(r) = p.value("reference") {
        let got = ctx.io.world.borrow().host.fs.stat(&ctx.io.cred, &ctx.path(r)).map(|(_, n)| n.mode);
        match got {
            Ok(m) => format!("{m:05o}"),
            Err(e) => {
                ctx.complain(format!("failed to get attributes of {}: {e}", quoteaf(r)));
                return Err(1);
            }
        }
    } else if let Some(m) = mode_arg {
        m
    } else if names.is_empty() {
        return Err(missing_operand(ctx, None));
    } else {
        names.remove(0)
    };
    if names.is_empty() {
        ctx.complain(format!("missing operand after {}", quote(&text)));
        ctx.err(hint(ctx));
        return Err(1);
    }
    if apply(&text, 0, false, 0).is_none() {
        ctx.complain(format!("invalid mode: {}", quote(&text)));
        ctx.err(hint(ctx));
        return Err(1);
    }
    let mut code = 0;
    for name in names {
        let mut todo = vec![name.clone()];
        if p.has("R") {
            todo = super::walk::names(ctx, &name);
        }
        for n in todo {
            if !spend(&ctx.io, 1) {
                return Ok(1);
            }
            let path = ctx.path(&n);
            let state = {
                let w = ctx.io.world.borrow();
                let fs = &w.host.fs;
                let link = fs.lstat(&ctx.io.cred, &path).is_ok_and(|(_, x)| x.is_symlink());
                fs.stat(&ctx.io.cred, &path).map(|(_, x)| (x.mode, x.is_dir(), link))
            };
            let (old, dir, link) = match state {
                Ok(s) => s,
                Err(e) => {
                    if !p.has("f") && !p.has("quiet") {
                        let what =
                            if e == Errno::NoEnt && ctx.world().borrow().host.fs.lstat(&ctx.io.cred, &path).is_ok() {
                                format!("cannot operate on dangling symlink {}", quoteaf(&n))
                            } else {
                                format!("cannot access {}: {e}", quoteaf(&n))
                            };
                        ctx.complain(what);
                    }
                    code = 1;
                    continue;
                }
            };
            if link && n != name {
                continue;
            }
            let new = apply(&text, old, dir, ctx.umask).unwrap_or(old);
            let r = ctx.io.world.borrow_mut().host.fs.chmod(&ctx.io.cred, &path, new);
            if let Err(e) = r {
                if !p.has("f") {
                    ctx.complain(format!("changing permissions of {}: {e}", quoteaf(&n)));
                }
                code = 1;
                continue;
            }
            if p.has("v") || (p.has("c") && new != old) {
                let show = |m: u32| format!("{m:04o} ({})", permissions(m));
                let line = if new == old {
                    format!("mode of {} retained as {}\n", quoteaf(&n), show(new))
                } else {
                    format!("mode of {} changed from {} to {}\n", quoteaf(&n), show(old), show(new))
                };
                emit(ctx, line).await?;
            }
        }
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    #[test]
    fn modes() {
        for (text, old, dir, expected) in [
            ("600", 0o644, false, Some(0o600)),
            ("go-rwx", 0o644, false, Some(0o600)),
            ("a=r", 0o755, false, Some(0o444)),
            ("+t", 0o755, true, Some(0o1755)),
            ("u=rw,g=r,o=", 0o600, false, Some(0o640)),
            ("+x", 0o644, false, Some(0o755)),
            ("g+s", 0o755, true, Some(0o2755)),
            ("755", 0o2700, true, Some(0o2755)),
            ("u+X", 0o644, false, Some(0o644)),
            ("g=u", 0o640, false, Some(0o660)),
            ("xyz", 0, false, None),
            ("888", 0, false, None),
        ] {
            assert_eq!(super::apply(text, old, dir, 0o022), expected, "{text}");
        }
    }
}
