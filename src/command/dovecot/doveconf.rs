//! doveconf(1): shows the configuration as Dovecot reads it.
//!
//! Left out: `-m` (takes it and shows everything), `-H`, `-W`.

use crate::command::Ctx;
use crate::dovecot::config::dump::{self, Which};
use crate::dovecot::config::{Scope, parse};
use crate::dovecot::master::{MAIN, read_config};

/// The exit status of a fatal error of Dovecot's programs.
pub const FATAL: i32 = 89;

#[derive(Default)]
struct Options {
    which: Option<Which>,
    main: Option<String>,
    hide_names: bool,
    secrets: bool,
    simple: bool,
    expand: bool,
    protocol: String,
    names: Vec<String>,
}

fn options(ctx: &Ctx, args: &[String]) -> Result<Options, i32> {
    let mut o = Options::default();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        if !a.starts_with('-') || a == "-" {
            o.names.push(a.clone());
            continue;
        }
        let letters: Vec<char> = a[1..].chars().collect();
        for (i, c) in letters.iter().enumerate() {
            let mut value = || {
                let rest: String = letters[i + 1..].iter().collect();
                if rest.is_empty() { it.next().cloned() } else { Some(rest) }
            };
            match c {
                'a' => o.which = Some(Which::All),
                'n' => o.which = Some(Which::Changed),
                'N' => o.which = Some(Which::Said),
                'd' => o.which = Some(Which::Defaults),
                'h' => o.hide_names = true,
                'P' => o.secrets = true,
                'S' => o.simple = true,
                'x' => o.expand = true,
                'p' | 'H' | 'W' => {}
                'c' | 'f' | 'm' => {
                    let Some(v) = value() else {
                        ctx.complain(format!("option requires an argument -- '{c}'"));
                        return Err(FATAL);
                    };
                    match c {
                        'c' => o.main = Some(v),
                        'f' => match v.split_once('=') {
                            Some(("protocol" | "service", p)) => o.protocol = p.to_owned(),
                            Some(("lip" | "rip" | "local" | "remote" | "local_name", _)) => {}
                            _ => {
                                ctx.complain(format!("Fatal: Unknown filter argument: {v}"));
                                return Err(FATAL);
                            }
                        },
                        _ => {}
                    }
                    break;
                }
                c => {
                    ctx.complain(format!("invalid option -- '{c}'"));
                    return Err(FATAL);
                }
            }
        }
    }
    Ok(o)
}

/// Says why the configuration is refused; with `child`, managesieve-login said it first.
pub fn complain(ctx: &Ctx, f: &parse::Failure, child: bool) {
    if child {
        ctx.err(format!("doveconf: Fatal: {}\n", f.text));
        ctx.err(format!("doveconf: Error: managesieve-login: dump-capability process returned {FATAL}\n"));
    }
    if let Some(p) = &f.plain {
        ctx.err(format!("doveconf: Error: {p}\n"));
    }
    ctx.err(format!("doveconf: Fatal: {}\n", f.text));
}

/// The body of doveconf, also behind `doveadm config` and `dovecot -n`.
pub fn run(ctx: &Ctx, args: &[String]) -> i32 {
    let o = match options(ctx, args) {
        Ok(o) => o,
        Err(status) => return status,
    };
    let main = o.main.clone().unwrap_or_else(|| MAIN.to_owned());
    let (mut reading, fqdn) = {
        let w = ctx.io.world.borrow();
        (read_config(&w.host, &main), w.host.fqdn.clone())
    };
    let which = o.which.unwrap_or(Which::All);
    let whole = o.names.is_empty();
    if whole && !o.simple {
        ctx.out(format!("# 2.3.19.1 (9b53102964): {main}\n# Pigeonhole version 0.5.19 (4eae2f79)\n"));
    }
    for _ in 0..if whole && !o.simple { 2 } else { 1 } {
        for w in &reading.warnings {
            ctx.err(format!("doveconf: Warning: {w}\n"));
        }
    }
    if which != Which::Defaults
        && let Some(f) = &reading.fatal
    {
        let child = whole && !f.text.starts_with("open(");
        complain(ctx, f, child);
        return FATAL;
    }
    if o.expand {
        let w = ctx.io.world.borrow();
        let read = |p: &str| w.host.fs.read(&ctx.io.cred, p).map(|b| b.text()).map_err(|e| e.to_string());
        let failed = reading.config.load_files(&read).err();
        drop(w);
        if let Some(f) = failed {
            complain(ctx, &f, false);
            return FATAL;
        }
    }
    let late = reading.late.clone();
    if let Some(f) = &late {
        let child = whole && reading.breaks_capability();
        if child {
            ctx.err(format!("doveconf: Fatal: {}\n", f.text));
            ctx.err(format!("doveconf: Error: managesieve-login: dump-capability process returned {FATAL}\n"));
        }
        if let Some(p) = &f.plain {
            ctx.err(format!("doveconf: Error: {p}\n"));
        }
    }
    if o.simple {
        ctx.out(dump::simple(&reading.config));
    } else if whole {
        ctx.out(format!("# OS: Linux {} x86_64 Debian 12.11 \n# Hostname: {fqdn}\n", crate::host::KERNEL));
        if which != Which::Changed && which != Which::Said {
            ctx.out("# NOTE: Send doveconf -n output instead when asking for help.\n");
        }
        ctx.out(dump::whole(&reading.config, which, o.secrets, !reading.breaks_capability()));
    } else {
        for name in &o.names {
            let scoped = scoped(&reading.config, &o, which, name);
            ctx.out(scoped.unwrap_or_default());
        }
    }
    match late {
        Some(f) => {
            ctx.err(format!("doveconf: Fatal: {}\n", f.text));
            FATAL
        }
        None => 0,
    }
}

fn scoped(config: &crate::dovecot::config::Config, o: &Options, which: Which, name: &str) -> Option<String> {
    let text = dump::named(config, which, name)?;
    let prefix = format!("{name} = ");
    if !text.starts_with(&prefix) {
        return Some(text);
    }
    let mut value = text[prefix.len()..].trim_end_matches('\n').to_owned();
    if which != Which::Defaults {
        config.scoped(&Scope::protocol(&o.protocol), name).clone_into(&mut value);
    }
    if o.expand {
        config.content(name).trim_end_matches('\n').clone_into(&mut value);
    }
    Some(if o.hide_names { format!("{value}\n") } else { format!("{prefix}{value}\n") })
}

/// doveconf(1).
pub async fn doveconf(ctx: &mut Ctx) -> i32 {
    run(ctx, &ctx.args[1..])
}
