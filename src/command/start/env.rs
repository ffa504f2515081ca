//! env(1) and printenv(1).

use super::{replace, try_help};
use crate::command::Ctx;

pub(super) async fn env(ctx: &mut Ctx) -> i32 {
    let args = ctx.args[1..].to_vec();
    let mut i = 0;
    let mut end = "\n";
    while let Some(a) = args.get(i).filter(|a| a.starts_with('-')) {
        i += 1;
        match a.as_str() {
            "--" => break,
            "-" | "-i" | "--ignore-environment" => ctx.env.clear(),
            "-0" | "--null" => end = "\0",
            "-v" | "--debug" => {}
            "-u" | "-C" | "-S" => {
                let Some(v) = args.get(i).cloned() else {
                    ctx.complain(format!("option requires an argument -- '{}'", &a[1..]));
                    try_help(ctx);
                    return 125;
                };
                i += 1;
                if a == "-u" {
                    ctx.env.remove(&v);
                } else if a == "-C" {
                    let dir = ctx.path(&v);
                    if !ctx.world().borrow().host.fs.is_dir(&dir) {
                        ctx.complain(format!("cannot change directory to ‘{v}’: No such file or directory"));
                        return 125;
                    }
                    ctx.cwd = dir;
                }
            }
            a => match (a.strip_prefix("--unset="), a.strip_prefix("-u")) {
                (Some(v), _) | (None, Some(v)) => {
                    ctx.env.remove(v);
                }
                _ => {
                    if a.starts_with("--") {
                        ctx.complain(format!("unrecognized option '{a}'"));
                    } else {
                        ctx.complain(format!("invalid option -- '{}'", a.chars().nth(1).unwrap_or('-')));
                    }
                    try_help(ctx);
                    return 125;
                }
            },
        }
    }
    while let Some((k, v)) = args.get(i).and_then(|a| a.split_once('=')) {
        ctx.env.insert(k.to_owned(), v.to_owned());
        i += 1;
    }
    if i < args.len() {
        return replace(ctx, &args[i..]).await;
    }
    let text: String = ctx.env.iter().map(|(k, v)| format!("{k}={v}{end}")).collect();
    ctx.out(text);
    0
}

pub(super) async fn printenv(ctx: &mut Ctx) -> i32 {
    let names: Vec<String> = ctx.args[1..].iter().filter(|a| !a.starts_with('-')).cloned().collect();
    if names.is_empty() {
        let text: String = ctx.env.iter().map(|(k, v)| format!("{k}={v}\n")).collect();
        ctx.out(text);
        return 0;
    }
    let mut status = 0;
    for n in names {
        match ctx.env.get(&n) {
            Some(v) => ctx.out(format!("{v}\n")),
            None => status = 1,
        }
    }
    status
}
