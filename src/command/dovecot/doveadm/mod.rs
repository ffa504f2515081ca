//! doveadm(1): administers a running Dovecot and its users' mail.
//!
//! Left out: replication, directors, dict, fs, import and the rarely typed rest; a command that the model lacks says so.

mod auth;
mod mail;
mod query;
mod service;
mod sieve;
mod usage;

use super::table::{Column, Format, render};
use crate::command::Ctx;
use crate::dovecot::config::Config;
use crate::dovecot::maildir::Store;
use crate::dovecot::user::{MailUser, NoUser};
use crate::dovecot::{auth as authd, master};
use crate::log::dovecot::Trouble;
use std::sync::Arc;

/// Exit codes of sysexits(3) that doveadm uses.
const USAGE: i32 = 64;
const DATA: i32 = 65;
const NO_USER: i32 = 67;
const NOT_FOUND: i32 = 68;
const TEMPORARY: i32 = 75;
const DENIED: i32 = 77;

/// Global options.
#[derive(Clone, Copy, Debug, Default)]
struct Global {
    format: Option<Format>,
}

/// Prints rows in the format asked for, or the command's own.
fn show(ctx: &Ctx, g: Global, default: Format, columns: &[Column], rows: &[Vec<String>]) {
    let width = if ctx.stdout_is_terminal() { ctx.columns() } else { 80 };
    ctx.out(render(g.format.unwrap_or(default), columns, rows, width));
}

/// What the running Dovecot's tools read: the configuration as it is on disk now.
fn config(ctx: &Ctx) -> Result<Arc<Config>, i32> {
    let reading = {
        let w = ctx.io.world.borrow();
        master::read_config(&w.host, master::MAIN)
    };
    for w in &reading.warnings {
        ctx.err(format!("doveconf: Warning: {w}\n"));
    }
    match (&reading.fatal, &reading.late) {
        (Some(f), _) => {
            ctx.err(format!("doveconf: Fatal: {}\n", f.text));
            Err(89)
        }
        (None, Some(f)) if f.plain.as_ref().is_none_or(|p| p.starts_with("mailbox ")) => {
            ctx.err(format!("doveconf: Fatal: {}\n", f.text));
            Err(89)
        }
        _ => Ok(Arc::new(reading.config)),
    }
}

/// Options of a command that works on mail: whose, and the rest.
#[derive(Clone, Debug, Default)]
struct Whose {
    user: Option<String>,
    all: bool,
    rest: Vec<String>,
}

/// Reads `-u USER`, `-A`, `-S SOCKET` and the flags of the command (letters; `x:` takes a value).
fn whose(ctx: &Ctx, args: &[String], flags: &str, seen: &mut Vec<(char, String)>) -> Result<Whose, i32> {
    let mut w = Whose::default();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        if !a.starts_with('-') || a.len() < 2 || !w.rest.is_empty() {
            w.rest.push(a.clone());
            continue;
        }
        if a == "--" {
            w.rest.extend(it.by_ref().cloned());
            break;
        }
        let letters: Vec<char> = a[1..].chars().collect();
        for (i, c) in letters.iter().enumerate() {
            let mut value = || {
                let rest: String = letters[i + 1..].iter().collect();
                if rest.is_empty() { it.next().cloned().unwrap_or_default() } else { rest }
            };
            match c {
                'A' => w.all = true,
                'u' => {
                    w.user = Some(value());
                    break;
                }
                'S' | 'F' | 'o' => {
                    value();
                    break;
                }
                c if flags.contains(&format!("{c}:")) => {
                    let v = value();
                    seen.push((*c, v));
                    break;
                }
                c if flags.contains(*c) => seen.push((*c, String::new())),
                c => {
                    ctx.err(format!("doveadm: invalid option -- '{c}'\n"));
                    return Err(89);
                }
            }
        }
    }
    Ok(w)
}

/// Why a user's mail could not be opened, as doveadm says it, with the exit status.
fn lookup(ctx: &Ctx, config: &Config, name: &str) -> Result<MailUser, i32> {
    let _ = config;
    let (found, running) = {
        let world = ctx.world();
        let mut w = world.borrow_mut();
        let w = &mut *w;
        let running = w.dovecot.master.is_some();
        (authd::userdb(&mut w.host, &mut w.dovecot, name), running)
    };
    match found {
        Some(Ok(u)) => Ok(u),
        Some(Err(NoUser::Unknown)) => {
            ctx.err(format!("doveadm({name}): Error: User doesn't exist\n"));
            Err(NO_USER)
        }
        other => {
            let why = match (running, other) {
                (false, _) => "connect(/run/dovecot/auth-userdb) failed: Connection refused",
                (true, None) => "Disconnected unexpectedly",
                _ => "Lookup failed",
            };
            ctx.err(format!(
                "doveadm({name})<{}><>: Error: auth-master: userdb lookup({name}): {why}\ndoveadm({name}): Error: User lookup failed: \
                 Internal error occurred. Refer to server log for more information.\n",
                ctx.pid
            ));
            Err(TEMPORARY)
        }
    }
}

fn complain(ctx: &Ctx, user: &str, trouble: &Trouble) {
    ctx.err(format!("doveadm({user}): Error: {trouble}\n"));
}

/// The stores to work on. Every user of `-A`, or the one of `-u`; a failure of one is told and its status kept.
fn users(ctx: &Ctx, config: &Arc<Config>, w: &Whose) -> Result<Vec<String>, i32> {
    if w.all {
        let running = ctx.world().borrow().dovecot.master.is_some();
        if !running {
            ctx.err("Error: auth-master: userdb list: connect(/run/dovecot/auth-userdb) failed: Connection refused\n");
            return Err(TEMPORARY);
        }
        return Ok(crate::dovecot::user::all(&ctx.world().borrow().host, config));
    }
    match &w.user {
        Some(u) if u.contains(['*', '?']) => {
            let all = crate::dovecot::user::all(&ctx.world().borrow().host, config);
            Ok(all.into_iter().filter(|n| mask(u.as_bytes(), n.as_bytes())).collect())
        }
        Some(u) => Ok(vec![u.clone()]),
        None => {
            if let Some(u) = ctx.env.get("USER").filter(|u| !u.is_empty()) {
                Ok(vec![u.clone()])
            } else {
                ctx.err("Fatal: USER environment is missing and -u option not used\n");
                Err(USAGE)
            }
        }
    }
}

/// `*` and `?` in user masks.
fn mask(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|i| mask(rest, &name[i..])),
        Some((b'?', rest)) => !name.is_empty() && mask(rest, &name[1..]),
        Some((c, rest)) => name.first() == Some(c) && mask(rest, &name[1..]),
    }
}

fn open(ctx: &Ctx, config: &Arc<Config>, user: &MailUser) -> Result<Store, i32> {
    let plugins = config.get("mail_plugins").to_owned();
    let known = [
        "quota",
        "imap_quota",
        "acl",
        "imap_acl",
        "sieve",
        "zlib",
        "notify",
        "mail_log",
        "fts",
        "trash",
        "expire",
        "lazy_expunge",
        "virtual",
        "listescape",
        "mail_crypt",
        "replication",
        "charset_alias",
        "mailbox_alias",
        "welcome",
        "last_login",
    ];
    if let Some(p) = plugins.split_ascii_whitespace().find(|p| !known.contains(p)) {
        ctx.err(format!("Fatal: {}\n", Trouble::Plugin { plugin: p.to_owned() }));
        return Err(TEMPORARY);
    }
    let opened = Store::open(&ctx.world().borrow().host, config, user, "doveadm", ctx.pid);
    opened.map_err(|t| {
        complain(ctx, &user.name, &t);
        TEMPORARY
    })
}

/// doveadm(1).
pub async fn doveadm(ctx: &mut Ctx) -> i32 {
    let mut args: Vec<String> = ctx.args[1..].to_vec();
    let mut g = Global::default();
    while let Some(a) = args.first().cloned() {
        match a.as_str() {
            "-D" | "-v" => {
                args.remove(0);
            }
            "-f" | "-o" => {
                args.remove(0);
                if args.is_empty() {
                    ctx.err(format!("doveadm: option requires an argument -- '{}'\n", &a[1..]));
                    return 89;
                }
                let v = args.remove(0);
                if a == "-f" {
                    g.format = Format::parse(&v);
                    if g.format.is_none() {
                        ctx.err(format!("Fatal: Unknown formatter: {v}\n"));
                        return USAGE;
                    }
                }
            }
            a if a.starts_with('-') => {
                ctx.err(format!("doveadm: invalid option -- '{}'\n", a.chars().nth(1).unwrap_or('-')));
                return 89;
            }
            _ => break,
        }
    }
    let Some(command) = args.first().cloned() else {
        ctx.err(usage::top());
        return USAGE;
    };
    let rest: Vec<String> = args[1..].to_vec();
    if command == "config" {
        return super::doveconf::run(ctx, &rest);
    }
    // stop and reload read no more than base_dir, and do so even when the rest is broken.
    match command.as_str() {
        "reload" | "stop" => return service::signal(ctx, &command, &rest),
        _ => {}
    }
    let config = match config(ctx) {
        Ok(c) => c,
        Err(status) => return status,
    };
    match command.as_str() {
        "who" | "kick" | "penalty" | "service" | "process" | "log" | "instance" | "stats" => {
            service::run(ctx, g, &config, &command, &rest)
        }
        "user" | "auth" | "pw" => auth::run(ctx, g, &config, &command, &rest).await,
        "quota" | "mailbox" | "search" | "fetch" | "expunge" | "move" | "copy" | "flags" | "save" | "index"
        | "force-resync" | "purge" => mail::run(ctx, g, &config, &command, &rest).await,
        "sieve" => sieve::run(ctx, g, &config, &rest).await,
        "help" if rest.is_empty() => {
            ctx.err(usage::top());
            USAGE
        }
        c if usage::is_known(c) => {
            ctx.err(format!(
                "maillab: doveadm {c} is not simulated here; see: doveadm user, quota, mailbox, search, fetch, log\n"
            ));
            1
        }
        _ => {
            ctx.err(usage::top());
            USAGE
        }
    }
}
