//! doveadm sieve: list, get, put, activate, deactivate, delete, rename of a user's scripts.

use super::mail::with;
use super::{DATA, Global, NOT_FOUND, USAGE, lookup, show, usage, users, whose};
use crate::command::Ctx;
use crate::command::dovecot::table::{Column, Format, column};
use crate::dovecot::config::{Config, Scope};
use crate::dovecot::sieve::{self, Place};
use crate::dovecot::user::MailUser;
use crate::host::Host;
use std::sync::Arc;

const VERBS: [(&str, usize); 7] =
    [("activate", 1), ("deactivate", 0), ("delete", 1), ("get", 1), ("list", 0), ("put", 1), ("rename", 2)];

/// One user's scripts.
struct Storage {
    user: MailUser,
    place: Place,
}

impl Storage {
    fn path(&self, script: &str) -> String {
        format!("{}/{script}.sieve", self.place.folder)
    }
    fn exists(&self, h: &Host, script: &str) -> bool {
        !script.contains('/') && h.fs.exists(&self.path(script))
    }
    /// The name of the active script, when it is one of these.
    fn active(&self, h: &Host) -> Option<String> {
        let target = h.fs.readlink(&self.user.cred, &self.place.active).ok()?;
        Some(sieve::name_of(&target).to_owned())
    }
    fn activate(&self, h: &mut Host, script: &str) {
        let cred = &self.user.cred;
        let home = format!("{}/", self.user.home);
        let path = self.path(script);
        let _ = h.fs.unlink(cred, &self.place.active);
        let _ = h.fs.symlink(cred, path.strip_prefix(&home).unwrap_or(&path), &self.place.active);
    }
    /// Every script's name, in order.
    fn names(&self, h: &Host) -> Vec<String> {
        let all = h.fs.readdir(&self.user.cred, &self.place.folder).unwrap_or_default();
        let mut out: Vec<String> =
            all.iter().filter_map(|(n, _)| n.strip_suffix(".sieve")).map(str::to_owned).collect();
        out.sort();
        out
    }
    /// What is wrong with the active script's place, and the folder made if it was missing.
    fn open(&self, h: &mut Host) -> Option<String> {
        for dir in [self.place.folder.clone(), format!("{}/tmp", self.place.folder)] {
            let _ = h.fs.mkdir(&self.user.cred, &dir, 0o700);
        }
        let there = h.fs.exists(&self.place.active) && h.fs.readlink(&self.user.cred, &self.place.active).is_err();
        there.then(|| format!("file storage: Active sieve script symlink {} is no symlink.", self.place.active))
    }
}

pub(super) async fn run(ctx: &mut Ctx, g: Global, config: &Arc<Config>, rest: &[String]) -> i32 {
    let Some((verb, needs)) = rest.first().and_then(|v| VERBS.into_iter().find(|(n, _)| n == v)) else {
        ctx.err(usage::group("sieve"));
        return USAGE;
    };
    let mut seen = Vec::new();
    let w = match whose(ctx, &rest[1..], if matches!(verb, "put" | "delete") { "a" } else { "" }, &mut seen) {
        Ok(w) => w,
        Err(s) => return s,
    };
    if w.rest.len() < needs {
        ctx.err(usage::of(&format!("sieve {verb}")));
        return USAGE;
    }
    let names = match users(ctx, config, &w) {
        Ok(n) => n,
        Err(s) => return s,
    };
    let text = if verb == "put" { ctx.io.read_all(0).await.unwrap_or_default() } else { Vec::new() };
    let (mut rows, mut status) = (Vec::new(), 0);
    for name in &names {
        let user = match lookup(ctx, config, name) {
            Ok(u) => u,
            Err(s) => {
                status = s;
                continue;
            }
        };
        let place = sieve::place(config, &user, &Scope::protocol("doveadm"));
        let s = Storage { user, place };
        if let Some(why) = with(ctx, |h| s.open(h)) {
            ctx.err(format!("doveadm({name}): Warning: sieve: {why}\n"));
        }
        if verb == "list" {
            let active = with(ctx, |h| s.active(h));
            for n in with(ctx, |h| s.names(h)) {
                let mark = if active.as_ref() == Some(&n) { "ACTIVE" } else { "" };
                let mut row = if w.all { vec![name.clone()] } else { Vec::new() };
                row.extend([n, mark.to_owned()]);
                rows.push(row);
            }
        } else if let Err((why, code)) = one(ctx, &s, verb, &w.rest, &text, !seen.is_empty()) {
            ctx.err(why.iter().map(|l| format!("doveadm({name}): Error: {l}\n")).collect::<String>());
            status = code;
        }
    }
    if verb == "list" {
        let hidden = |n| Column { hide_title: true, ..column(n, n) };
        let mut columns: Vec<Column> = w.all.then(|| hidden("username")).into_iter().collect();
        columns.extend([hidden("script"), hidden("active")]);
        show(ctx, g, Format::Flow, &columns, &rows);
    }
    status
}

fn one(ctx: &Ctx, s: &Storage, verb: &str, args: &[String], text: &[u8], a: bool) -> Result<(), (Vec<String>, i32)> {
    let cred = s.user.cred.clone();
    let first = args.first().map_or("", String::as_str);
    let active = with(ctx, |h| s.active(h));
    let doing = match verb {
        "get" => "open",
        v => v,
    };
    let failed = |why: String, code| Err((vec![format!("Failed to {doing} Sieve script: {why}")], code));
    if matches!(verb, "get" | "activate" | "delete" | "rename") && !with(ctx, |h| s.exists(h, first)) {
        return failed(format!("Sieve script `{first}' not found"), NOT_FOUND);
    }
    match verb {
        "get" => {
            let script = with(ctx, |h| h.fs.read(&cred, &s.path(first))).map(|b| b.text()).unwrap_or_default();
            ctx.out(format!("sieve script:\n{script}"));
        }
        "put" => {
            if let Err((errors, stage)) = sieve::examine(text) {
                let mut all: Vec<String> =
                    errors.iter().map(|e| format!("sieve: {first}: line {}: {}", e.line, e.what)).collect();
                all.push(format!("sieve: {first}: {stage} failed"));
                return Err((all, DATA));
            }
            with(ctx, |h| {
                let _ = h.fs.write(&cred, &s.path(first), text.to_vec(), 0o600);
                if a {
                    s.activate(h, first);
                }
            });
        }
        "activate" => with(ctx, |h| s.activate(h, first)),
        "deactivate" => {
            let _ = with(ctx, |h| h.fs.unlink(&cred, &s.place.active));
        }
        "delete" => {
            if active.as_deref() == Some(first) {
                return failed("Cannot delete the active Sieve script.".into(), DATA);
            }
            let _ = with(ctx, |h| h.fs.unlink(&cred, &s.path(first)));
        }
        _ => with(ctx, |h| {
            let new = args.get(1).map_or("", String::as_str);
            let _ = h.fs.rename(&cred, &s.path(first), &s.path(new));
            if active.as_deref() == Some(first) {
                s.activate(h, new);
            }
        }),
    }
    Ok(())
}
