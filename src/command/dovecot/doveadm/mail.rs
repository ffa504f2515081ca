//! doveadm quota, mailbox, search, fetch, expunge, move, copy, flags, save, index, force-resync, purge.

use super::{DATA, Global, NOT_FOUND, TEMPORARY, USAGE, Whose, complain, lookup, open, show, usage, users, whose};
use crate::command::Ctx;
use crate::command::dovecot::table::{Column, Format, column};
use crate::dovecot::config::Config;
use crate::dovecot::maildir::{Folder, SaveError, Store};
use crate::dovecot::quota;
use crate::host::{Errno, Host};
use crate::log::dovecot::Trouble;
use std::sync::Arc;

/// Runs something on the host.
pub(super) fn with<T>(ctx: &Ctx, f: impl FnOnce(&mut Host) -> T) -> T {
    f(&mut ctx.world().borrow_mut().host)
}

fn extraneous(ctx: &Ctx, w: &Whose) -> Option<i32> {
    let first = w.rest.first()?;
    ctx.err(format!("Error: Extraneous arguments found: {first}\n"));
    Some(USAGE)
}

/// The quota root's numbers for one user: storage in KiB and messages, or `error`.
fn quota_rows(ctx: &Ctx, store: &Store, everyone: bool) -> Vec<Vec<String>> {
    let Some(root) = store.quota.clone() else { return Vec::new() };
    let user = &store.user.name;
    let inbox = with(ctx, |h| store.ensure_inbox(h));
    if let Err(t) = &inbox {
        let unreachable = matches!(t, Trouble::Denied(d) if d.call != "mkdir");
        if !unreachable {
            complain(ctx, user, t);
        }
    }
    let made = inbox.is_ok() || !matches!(&inbox, Err(Trouble::Denied(d)) if d.call == "mkdir");
    let usage = if made { with(ctx, |h| store.usage(h)) } else { Err(Errno::Acces) };
    let mut rows = Vec::new();
    for (kind, resource, unit) in [("STORAGE", "STORAGE_BYTES", 1024), ("MESSAGE", "MESSAGE", 1)] {
        let mut row = if everyone { vec![user.clone()] } else { Vec::new() };
        row.extend([root.name.clone(), kind.to_owned()]);
        match usage {
            Ok(u) => {
                let (used, limit) = if kind == "STORAGE" {
                    (u.bytes.max(0) as u64, root.bytes)
                } else {
                    (u.messages.max(0) as u64, root.messages)
                };
                // The share is of what is shown, in whole KiB.
                let (used, limit) = (used.div_ceil(unit), limit / unit);
                let percent = used.saturating_mul(100).checked_div(limit).unwrap_or(0);
                let limit = if limit == 0 { "-".to_owned() } else { limit.to_string() };
                row.extend([used.to_string(), limit, percent.to_string()]);
            }
            Err(errno) => {
                let why = if made {
                    format!("Failed to get {resource}: open({}/maildirsize) failed: {errno}", store.root)
                } else {
                    complain(ctx, user, &Trouble::QuotaMkdir { path: store.root.clone(), errno: errno.text() });
                    format!("Failed to get {resource}: failed to write maildirsize")
                };
                complain(ctx, user, &Trouble::QuotaResource { resource: kind, why });
                row.extend(["error".to_owned(), "error".into(), "error".into()]);
            }
        }
        rows.push(row);
    }
    rows
}

fn quota(ctx: &Ctx, g: Global, config: &Arc<Config>, rest: &[String]) -> i32 {
    if !config.get("mail_plugins").split_ascii_whitespace().any(|p| p == "quota") {
        ctx.err("Fatal: Unknown command 'quota', but plugin quota exists. Try to set mail_plugins=quota\n");
        return TEMPORARY;
    }
    let Some(verb) = rest.first().filter(|v| *v == "get" || *v == "recalc") else {
        ctx.err(usage::group("quota"));
        return USAGE;
    };
    let w = match whose(ctx, &rest[1..], "", &mut Vec::new()) {
        Ok(w) => w,
        Err(s) => return s,
    };
    if let Some(s) = extraneous(ctx, &w) {
        return s;
    }
    let names = match users(ctx, config, &w) {
        Ok(n) => n,
        Err(s) => return s,
    };
    let mut rows = Vec::new();
    let mut status = 0;
    for name in &names {
        let store = match lookup(ctx, config, name).and_then(|u| open(ctx, config, &u)) {
            Ok(s) => s,
            Err(s) => {
                status = s;
                continue;
            }
        };
        if verb == "get" {
            let more = quota_rows(ctx, &store, w.all);
            if more.iter().any(|r| r.last().is_some_and(|v| v == "error")) {
                status = TEMPORARY;
            }
            rows.extend(more);
        } else if let Some(root) = &store.quota {
            match with(ctx, |h| store.ensure_inbox(h)) {
                Ok(()) => {
                    let _ = with(ctx, |h| quota::recalc(h, root, &store.user.cred, &store.root));
                }
                Err(t) => {
                    complain(ctx, name, &t);
                    complain(ctx, name, &Trouble::QuotaMkdir { path: store.root.clone(), errno: Errno::Acces.text() });
                    ctx.err(format!(
                        "doveadm({name}): Error: Recalculating quota failed: Could not update storage usage data: failed to write \
                         maildirsize\n"
                    ));
                }
            }
        }
    }
    if verb == "get" {
        let right = |k, t| Column { right: true, ..column(k, t) };
        let mut columns = vec![
            column("root", "Quota name"),
            column("type", "Type"),
            right("value", "Value"),
            right("limit", "Limit"),
            Column { expand: true, ..right("percent", "%") },
        ];
        if w.all {
            columns.insert(0, column("username", "Username"));
        }
        show(ctx, g, Format::Table, &columns, &rows);
    }
    status
}

/// Fields of `mailbox status` in the order in which doveadm prints them.
const STATUS: [&str; 9] =
    ["messages", "recent", "uidnext", "uidvalidity", "unseen", "highestmodseq", "vsize", "guid", "firstsaved"];

fn status_value(f: &Folder, field: &str) -> String {
    match field {
        "messages" => f.mails.len().to_string(),
        "recent" => f.mails.iter().filter(|m| m.recent).count().to_string(),
        "uidnext" => f.uidnext.to_string(),
        "uidvalidity" => f.uidvalidity.to_string(),
        "unseen" => f.mails.iter().filter(|m| !m.is('S')).count().to_string(),
        "highestmodseq" => (f.mails.len() + 1).to_string(),
        "vsize" => f.mails.iter().map(|m| m.vsize).sum::<u64>().to_string(),
        "guid" => f.guid.clone(),
        _ => f.mails.iter().map(|m| m.saved).min().map_or_else(|| "never".into(), |t| t.secs().to_string()),
    }
}

pub(super) fn fits(pattern: &str, name: &str) -> bool {
    super::mask(pattern.replace('%', "*").as_bytes(), name.as_bytes())
}

fn mailbox(ctx: &Ctx, g: Global, config: &Arc<Config>, rest: &[String]) -> i32 {
    let verbs = ["list", "status", "create", "delete", "rename", "subscribe", "unsubscribe", "path", "metadata"];
    let Some(verb) = rest.first().filter(|v| verbs.contains(&v.as_str())).cloned() else {
        ctx.err(usage::group("mailbox"));
        return USAGE;
    };
    let mut seen = Vec::new();
    let w = match whose(ctx, &rest[1..], "78sterZg:", &mut seen) {
        Ok(w) => w,
        Err(s) => return s,
    };
    let flag = |c| seen.iter().any(|(k, _): &(char, String)| *k == c);
    let needs = match verb.as_str() {
        "list" => 0,
        "status" | "rename" => 2,
        _ => 1,
    };
    if w.rest.len() < needs {
        ctx.err(usage::of(&format!("mailbox {verb}")));
        return USAGE;
    }
    let mut wanted: Vec<&str> = Vec::new();
    if verb == "status" {
        for f in w.rest[0].split_ascii_whitespace() {
            match STATUS.iter().find(|s| **s == f) {
                Some(s) => wanted.push(s),
                None if f == "all" => wanted.extend(STATUS),
                None => {
                    ctx.err(format!("Fatal: Unknown status field: {f}\n"));
                    return USAGE;
                }
            }
        }
    }
    let names = match users(ctx, config, &w) {
        Ok(n) => n,
        Err(s) => return s,
    };
    let (mut rows, mut status) = (Vec::new(), 0);
    for name in &names {
        let store = match lookup(ctx, config, name).and_then(|u| open(ctx, config, &u)) {
            Ok(s) => s,
            Err(s) => {
                status = s;
                continue;
            }
        };
        let s = one_mailbox(ctx, &store, &verb, &w, &wanted, (flag('s'), flag('t')), &mut rows);
        if s != 0 {
            status = s;
        }
    }
    let mut columns: Vec<Column> = Vec::new();
    if w.all {
        columns.push(Column { hide_title: true, ..column("username", "Username") });
    }
    match verb.as_str() {
        "list" => columns.push(Column { hide_title: true, ..column("mailbox", "mailbox") }),
        "status" => {
            if !flag('t') {
                columns.push(Column { hide_title: true, ..column("mailbox", "mailbox") });
            }
            columns.extend(STATUS.iter().filter(|s| wanted.contains(s)).map(|s| column(s, s)));
        }
        "path" => columns.push(Column { hide_title: true, ..column("path", "path") }),
        _ => return status,
    }
    show(ctx, g, Format::Flow, &columns, &rows);
    status
}

fn one_mailbox(
    ctx: &Ctx,
    store: &Store,
    verb: &str,
    w: &Whose,
    wanted: &[&str],
    (sub, total): (bool, bool),
    rows: &mut Vec<Vec<String>>,
) -> i32 {
    let user = store.user.name.clone();
    let row = |v: Vec<String>| if w.all { [vec![user.clone()], v].concat() } else { v };
    let fail = |text: String, status: i32| {
        ctx.err(format!("doveadm({user}): Error: {text}\n"));
        status
    };
    match verb {
        "list" => {
            let prepared = with(ctx, |h| store.ensure_inbox(h));
            if let Err(Trouble::Denied(d)) = &prepared {
                if d.call == "mkdir" {
                    complain(ctx, &user, &Trouble::Denied(d.clone()));
                } else {
                    let list = format!("{}/dovecot.list.index.log", store.root);
                    let t = with(ctx, |h| store.denied(h, "open", &list, Errno::Acces, false));
                    complain(ctx, &user, &t);
                    let t = with(ctx, |h| store.denied(h, "opendir", &store.root, Errno::Acces, false));
                    complain(ctx, &user, &t);
                }
            }
            let all = with(ctx, |h| if sub { store.subscriptions(h) } else { store.list(h) });
            for m in all.into_iter().filter(|m| w.rest.is_empty() || w.rest.iter().any(|p| fits(p, m))) {
                rows.push(row(vec![m]));
            }
            0
        }
        "status" => {
            let mut status = 0;
            let all = with(ctx, |h| store.list(h));
            let mut folders: Vec<Folder> = Vec::new();
            for p in &w.rest[1..] {
                let hits: Vec<String> = if p.contains(['*', '%']) {
                    all.iter().filter(|m| fits(p, m)).cloned().collect()
                } else {
                    vec![p.clone()]
                };
                for m in hits {
                    match with(ctx, |h| store.sync(h, &m)) {
                        Ok(f) => folders.push(f),
                        Err(t) => {
                            let s = if matches!(t, Trouble::NoSuchMailbox(_)) { NOT_FOUND } else { TEMPORARY };
                            status = fail(format!("Mailbox {m}: Failed to lookup mailbox status: {t}"), s);
                        }
                    }
                }
            }
            let fields: Vec<&&str> = STATUS.iter().filter(|s| wanted.contains(s)).collect();
            if total {
                let sum = |f: &str| {
                    folders.iter().filter_map(|x| status_value(x, f).parse::<u64>().ok()).sum::<u64>().to_string()
                };
                rows.push(row(fields.iter().map(|f| sum(f)).collect()));
            } else {
                for f in &folders {
                    let mut v = vec![f.name.clone()];
                    v.extend(fields.iter().map(|x| status_value(f, x)));
                    rows.push(row(v));
                }
            }
            status
        }
        "create" => {
            for m in &w.rest {
                match with(ctx, |h| store.create(h, m)) {
                    Ok(()) if sub => with(ctx, |h| store.subscribe(h, m, true)),
                    Ok(()) => {}
                    Err(None) => return fail(format!("Can't create mailbox {m}: Mailbox already exists"), DATA),
                    Err(Some(t)) => return fail(format!("Can't create mailbox {m}: {t}"), TEMPORARY),
                }
            }
            0
        }
        "delete" => {
            for m in &w.rest {
                if m.eq_ignore_ascii_case("INBOX") {
                    return fail("Can't delete mailbox INBOX: INBOX can't be deleted.".into(), DATA);
                }
                if !with(ctx, |h| store.exists(h, m)) {
                    return fail(format!("Can't delete mailbox {m}: Mailbox doesn't exist: {m}"), NOT_FOUND);
                }
                with(ctx, |h| {
                    store.delete(h, m);
                    if sub {
                        store.subscribe(h, m, false);
                    }
                });
            }
            0
        }
        "rename" => {
            let (a, b) = (&w.rest[0], &w.rest[1]);
            if !with(ctx, |h| store.exists(h, a)) {
                return fail(format!("Can't rename mailbox {a} to {b}: Mailbox doesn't exist: {a}"), NOT_FOUND);
            }
            match with(ctx, |h| store.rename(h, a, b)) {
                Ok(()) => 0,
                Err(_) => fail(format!("Can't rename mailbox {a} to {b}: Target mailbox already exists"), DATA),
            }
        }
        "subscribe" | "unsubscribe" => {
            with(ctx, |h| w.rest.iter().for_each(|m| store.subscribe(h, m, verb == "subscribe")));
            0
        }
        "path" => {
            rows.push(row(vec![store.dir(&w.rest[0])]));
            0
        }
        _ => {
            ctx.out("specialuse\nvendor/vendor.dovecot/pvt/server/admin\nvendor/vendor.dovecot/pvt/server/comment\n");
            0
        }
    }
}

async fn save(ctx: &mut Ctx, config: &Arc<Config>, rest: &[String]) -> i32 {
    let mut seen = Vec::new();
    let w = match whose(ctx, rest, "m:", &mut seen) {
        Ok(w) => w,
        Err(s) => return s,
    };
    let names = match users(ctx, config, &w) {
        Ok(n) => n,
        Err(s) => return s,
    };
    let mailbox = seen.first().map_or_else(|| "INBOX".to_owned(), |(_, v)| v.clone());
    let data = ctx.io.read_all(0).await.unwrap_or_default();
    let mut status = 0;
    for name in &names {
        let store = match lookup(ctx, config, name).and_then(|u| open(ctx, config, &u)) {
            Ok(s) => s,
            Err(s) => {
                status = s;
                continue;
            }
        };
        if let Err(e) = with(ctx, |h| store.save(h, &mailbox, &data, &[])) {
            let why = match e {
                SaveError::Quota(m) => m,
                SaveError::Open { trouble, .. } | SaveError::Trouble(trouble) => trouble.to_string(),
            };
            ctx.err(format!("doveadm({name}): Error: Saving failed: {why}\n"));
            status = TEMPORARY;
        }
    }
    status
}

/// The commands of this file.
pub async fn run(ctx: &mut Ctx, g: Global, config: &Arc<Config>, command: &str, rest: &[String]) -> i32 {
    match command {
        "quota" => quota(ctx, g, config, rest),
        "mailbox" => mailbox(ctx, g, config, rest),
        "save" => save(ctx, config, rest).await,
        "index" | "force-resync" | "purge" => {
            let w = match whose(ctx, rest, "qfn:", &mut Vec::new()) {
                Ok(w) => w,
                Err(s) => return s,
            };
            if command != "purge" && w.rest.is_empty() {
                ctx.err(usage::of(command));
                return USAGE;
            }
            let names = match users(ctx, config, &w) {
                Ok(n) => n,
                Err(s) => return s,
            };
            let mut status = 0;
            for n in names {
                match lookup(ctx, config, &n).and_then(|u| open(ctx, config, &u)) {
                    Ok(store) => {
                        let _ = with(ctx, |h| store.sync(h, "INBOX"));
                    }
                    Err(s) => status = s,
                }
            }
            status
        }
        _ => super::query::query(ctx, g, config, command, rest),
    }
}
