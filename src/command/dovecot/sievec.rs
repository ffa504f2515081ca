//! sievec(1): compiles a Sieve script, or every one of a folder.
//!
//! Left out: `-d` (the compiled code is not modelled; it is passed over), `-D`, `-P`, `-x`, `-c`, and whose permission is
//! missing where the result cannot be written.

use super::doveconf::FATAL;
use crate::command::Ctx;
use crate::dovecot::sieve;

const EX_USAGE: i32 = 64;

pub async fn sievec(ctx: &mut Ctx) -> i32 {
    let mut files = Vec::new();
    let mut it = ctx.args.iter().skip(1);
    while let Some(a) = it.next() {
        match a.as_str() {
            "-c" | "-P" | "-x" => {
                it.next();
            }
            "-d" | "-D" => {}
            a if a.starts_with('-') && a.len() > 1 => {
                let letter = a.chars().nth(1).unwrap_or('?');
                ctx.err(format!("sievec: invalid option -- '{letter}'\n"));
                return usage(ctx, "Unknown argument: ?");
            }
            _ => files.push(a.clone()),
        }
    }
    let Some(file) = files.first().cloned() else { return usage(ctx, "Missing <script-file> argument") };
    let path = ctx.path(&file);
    let folder = {
        let world = ctx.world();
        let w = world.borrow();
        if w.host.fs.is_dir(&path) {
            let names = w.host.fs.readdir(&ctx.io.cred, &path).unwrap_or_default();
            Some(names.into_iter().map(|(n, _)| n.to_string()).filter(|n| n.ends_with(".sieve")).collect::<Vec<_>>())
        } else {
            None
        }
    };
    match folder {
        None => one(ctx, &file, files.get(1)),
        Some(names) => {
            let dir = file.trim_end_matches('/').to_owned();
            names.iter().map(|n| one(ctx, &format!("{dir}/{n}"), None)).find(|s| *s != 0).unwrap_or(0)
        }
    }
}

fn usage(ctx: &Ctx, why: &str) -> i32 {
    ctx.err(format!(
        "sievec: Fatal: {why}\nUsage: sievec  [-c <config-file>] [-d] [-D] [-P <plugin>] [-x <extensions>] \n              \
         <script-file> [<out-file>]\n"
    ));
    EX_USAGE
}

fn one(ctx: &Ctx, file: &str, out: Option<&String>) -> i32 {
    let path = ctx.path(file);
    let failed = |lines: &str| {
        ctx.err(format!("{lines}sievec: Fatal: failed to compile sieve script '{file}'\n"));
        FATAL
    };
    let Ok(text) = ctx.read_file(&path) else { return failed("error: script not found.\n") };
    let text = text.bytes();
    if let Err(lines) = sieve::compile(sieve::name_of(&path), &text) {
        return failed(&(lines.join("\n") + "\n"));
    }
    let to = out.map_or_else(|| sieve::binary_of(&path), |o| ctx.path(o));
    let world = ctx.world();
    let mut w = world.borrow_mut();
    if let Err(e) = w.host.fs.write(&ctx.io.cred, &to, sieve::binary(&text), 0o666 & !ctx.umask) {
        let user = w.host.user_name(ctx.io.cred.uid);
        let why = format!("save: failed to create temporary file: open({to}.) failed: {}", e.text());
        ctx.err(format!("sievec({user}): Error: sieve: binary {to}: {why}\n"));
    }
    0
}
