//! doveadm search, fetch, expunge, move, copy, flags: what works on the messages that a query finds.

use super::mail::{fits, with};
use super::{Global, NOT_FOUND, TEMPORARY, USAGE, lookup, open, show, usage, users, whose};
use crate::command::Ctx;
use crate::command::dovecot::table::{Column, Format, column};
use crate::dovecot::config::Config;
use crate::dovecot::lmtp::header;
use crate::dovecot::maildir::{Folder, Mail, SaveError, Store, stamp};
use crate::dovecot::search::{Query, parse};
use crate::log::dovecot::Trouble;
use std::sync::Arc;

const FIELDS: &str = "hdr.<name> body.<section> binary.<section> user mailbox mailbox-guid seq uid guid flags modseq hdr body body.preview \
                      body.snippet text text.utf8 size.physical size.virtual date.received date.sent date.saved \
                      date.received.unixtime date.sent.unixtime date.saved.unixtime imap.envelope imap.body imap.bodystructure \
                      pop3.uidl pop3.order refcount storageid";

fn sent_date(data: &[u8]) -> String {
    // `Fri, 06 Feb 2026 11:30:15 +0100`
    let Some(v) = header(data, "Date") else { return String::new() };
    let w: Vec<&str> = v.split([' ', ',']).filter(|x| !x.is_empty()).collect();
    let start = usize::from(w.first().is_some_and(|x| x.parse::<u32>().is_err()));
    let (Some(d), Some(m), Some(y), Some(clock)) = (w.get(start), w.get(start + 1), w.get(start + 2), w.get(start + 3))
    else {
        return v;
    };
    let zone = w.get(start + 4).copied().unwrap_or("+0000");
    let month = crate::base::time::MONTHS.iter().position(|x| x.eq_ignore_ascii_case(m)).map_or(1, |i| i + 1);
    let day: u32 = d.parse().unwrap_or(1);
    let Some(t) = crate::base::Time::parse_iso(&format!("{y}-{month:02}-{day:02}T{clock}")) else { return v };
    let n: i64 = zone.parse().unwrap_or(0);
    let offset = n / 100 * 60 + n % 100;
    format!("{} ({zone})", stamp(t - crate::base::Span::mins(offset)))
}

fn value(store: &Store, f: &Folder, seq: usize, m: &Mail, field: &str, data: &[u8]) -> String {
    let text = || String::from_utf8_lossy(data).into_owned();
    let split = || {
        let t = text();
        match t.split_once("\n\n") {
            Some((h, b)) => (format!("{h}\n\n"), b.to_owned()),
            None => (t, String::new()),
        }
    };
    match field {
        "uid" => m.uid.to_string(),
        "seq" => (seq + 1).to_string(),
        "guid" | "storageid" => m.base.clone(),
        "user" => store.user.name.clone(),
        "mailbox" => f.name.clone(),
        "mailbox-guid" => f.guid.clone(),
        "flags" => {
            let mut v = m.flag_names(&f.keywords);
            let at = v.iter().position(|x| !x.starts_with('\\')).unwrap_or(v.len());
            if m.recent {
                v.insert(at, "\\Recent".into());
            }
            v.join(" ")
        }
        "modseq" => (seq + 1).to_string(),
        "size.physical" => m.size.to_string(),
        "size.virtual" => m.vsize.to_string(),
        "date.received" => stamp(m.received),
        "date.saved" => stamp(m.saved),
        "date.received.unixtime" => m.received.secs().to_string(),
        "date.saved.unixtime" => m.saved.secs().to_string(),
        "date.sent" => sent_date(data),
        "hdr" => split().0,
        "body" | "body.snippet" | "body.preview" => split().1,
        "text" | "text.utf8" => text(),
        "pop3.uidl" => format!("{:08x}{:08x}", m.uid, f.uidvalidity),
        "refcount" => "1".into(),
        h => h.strip_prefix("hdr.").and_then(|h| header(data, h)).unwrap_or_default(),
    }
}

fn known_field(f: &str) -> bool {
    f.starts_with("hdr.") || FIELDS.split(' ').any(|x| x == f)
}

/// The mailboxes that a query is about, and what it asks there.
fn places(ctx: &Ctx, store: &Store, q: &Query) -> Vec<String> {
    match q.mailbox() {
        Some(m) if m.contains(['*', '%']) => with(ctx, |h| store.list(h)).into_iter().filter(|x| fits(m, x)).collect(),
        Some(m) => vec![m.to_owned()],
        None => with(ctx, |h| store.list(h)),
    }
}

/// Everything that a command on a query does for one user.
fn on_query(
    ctx: &Ctx,
    store: &Store,
    command: &str,
    words: &Words,
    q: &Query,
    rows: &mut Vec<Vec<String>>,
    all: bool,
) -> i32 {
    let user = store.user.name.clone();
    let mut status = 0;
    if let Some(to) = &words.target
        && !with(ctx, |h| store.exists(h, to))
    {
        ctx.err(format!("doveadm({user}): Error: Can't open mailbox '{to}': Mailbox doesn't exist: {to}\n"));
        return NOT_FOUND;
    }
    for place in places(ctx, store, q) {
        let mut f = match with(ctx, |h| store.sync(h, &place)) {
            Ok(f) => f,
            Err(t) => {
                let missing = matches!(t, Trouble::NoSuchMailbox(_));
                let text = if missing && command == "search" {
                    format!("Couldn't get mailbox '{place}' GUID: {t}")
                } else {
                    format!("Syncing mailbox '{place}' failed: {t}")
                };
                ctx.err(format!("doveadm({user}): Error: {text}\n"));
                status = if missing { NOT_FOUND } else { TEMPORARY };
                continue;
            }
        };
        let hits: Vec<usize> = with(ctx, |h| {
            let read = |m: &Mail| store.read(h, m);
            (0..f.mails.len()).filter(|i| q.fits(&f, *i, &read)).collect()
        });
        let uids: Vec<u32> = hits.iter().map(|i| f.mails[*i].uid).collect();
        match command {
            "search" => {
                for u in uids {
                    let mut r = if all { vec![user.clone()] } else { Vec::new() };
                    r.extend([f.guid.clone(), u.to_string()]);
                    rows.push(r);
                }
            }
            "fetch" => {
                for i in hits {
                    let m = f.mails[i].clone();
                    let data = with(ctx, |h| store.read(h, &m));
                    rows.push(words.fields.iter().map(|x| value(store, &f, i, &m, x, &data)).collect());
                }
            }
            "expunge" => {
                with(ctx, |h| store.expunge(h, &place, &uids));
            }
            "copy" | "move" => {
                let Some(to) = words.target.clone() else { continue };
                for i in hits {
                    let m = f.mails[i].clone();
                    let saved = with(ctx, |h| {
                        let data = store.read(h, &m);
                        let r = store.save(h, &to, &data, &m.flag_names(&f.keywords));
                        if r.is_ok() && command == "move" {
                            store.expunge(h, &place, &[m.uid]);
                        }
                        r
                    });
                    if let Err(e) = saved {
                        let why = match e {
                            SaveError::Quota(m) => m,
                            SaveError::Open { trouble, .. } | SaveError::Trouble(trouble) => trouble.to_string(),
                        };
                        ctx.err(format!(
                            "doveadm({user}): Error: Copying message UID {} from '{place}' failed: {why}\n",
                            m.uid
                        ));
                        status = TEMPORARY;
                    }
                }
            }
            verb => {
                let dir = f.dir.clone();
                let letters = with(ctx, |h| store.letters(h, &dir, &words.fields));
                for i in hits {
                    let old = f.mails[i].flags.clone();
                    let new = match verb {
                        "add" => format!("{old}{letters}"),
                        "remove" => old.chars().filter(|c| !letters.contains(*c)).collect(),
                        _ => letters.clone(),
                    };
                    with(ctx, |h| store.set_flags(h, &mut f, i, &new));
                }
            }
        }
    }
    status
}

/// The words of a query command: fields or flags, target, query.
#[derive(Debug, Default)]
struct Words {
    fields: Vec<String>,
    target: Option<String>,
    query: Vec<String>,
}

pub fn query(ctx: &Ctx, g: Global, config: &Arc<Config>, command: &str, rest: &[String]) -> i32 {
    let (command, rest) = if command == "flags" {
        if let Some(v) = rest.first().filter(|v| ["add", "remove", "replace"].contains(&v.as_str())) {
            (v.as_str(), &rest[1..])
        } else {
            ctx.err(usage::group("flags"));
            return USAGE;
        }
    } else {
        (command, rest)
    };
    let w = match whose(ctx, rest, "m", &mut Vec::new()) {
        Ok(w) => w,
        Err(s) => return s,
    };
    let head = usize::from(!matches!(command, "search" | "expunge"));
    if w.rest.len() <= head {
        let path = if matches!(command, "add" | "remove" | "replace") {
            format!("flags {command}")
        } else {
            command.to_owned()
        };
        ctx.err(usage::of(&path));
        return USAGE;
    }
    let mut words = Words { query: w.rest[head..].to_vec(), ..Words::default() };
    match command {
        "copy" | "move" => words.target = Some(w.rest[0].clone()),
        "search" | "expunge" => {}
        _ => words.fields = w.rest[0].split_ascii_whitespace().map(str::to_owned).collect(),
    }
    if command == "fetch"
        && let Some(bad) = words.fields.iter().find(|f| !known_field(f))
    {
        ctx.err(format!("Available fetch fields: {FIELDS}\nFatal: Unknown fetch field: {bad}\n"));
        return TEMPORARY;
    }
    let now = ctx.world().borrow().now();
    // A query given as one word is split as a shell would.
    let split: Vec<String> = words
        .query
        .iter()
        .flat_map(|q| {
            if q.contains(' ') && words.query.len() == 1 { crate::dovecot::imap::words(q) } else { vec![q.clone()] }
        })
        .collect();
    let q = match parse(&split, now) {
        Ok(q) => q,
        Err(e) => {
            ctx.err(format!("Fatal: {e}\n"));
            return TEMPORARY;
        }
    };
    if (command == "expunge" || command == "move") && q.mailbox().is_none() {
        ctx.err(format!(
            "Fatal: {command}: To avoid accidents, search query must contain MAILBOX in all search branches\n"
        ));
        return USAGE;
    }
    let names = match users(ctx, config, &w) {
        Ok(n) => n,
        Err(s) => return s,
    };
    let (mut rows, mut status) = (Vec::new(), 0);
    for name in &names {
        match lookup(ctx, config, name).and_then(|u| open(ctx, config, &u)) {
            Ok(store) => {
                let s = on_query(ctx, &store, command, &words, &q, &mut rows, w.all);
                if s != 0 {
                    status = s;
                }
            }
            Err(s) => status = s,
        }
    }
    if command == "search" {
        let mut columns = Vec::new();
        if w.all {
            columns.push(Column { hide_title: true, ..column("username", "username") });
        }
        columns.push(Column { hide_title: true, ..column("mailbox-guid", "mailbox-guid") });
        columns.push(Column { hide_title: true, ..column("uid", "uid") });
        show(ctx, g, Format::Flow, &columns, &rows);
    } else if command == "fetch" {
        fetched(ctx, g, &words.fields, rows);
    }
    status
}

/// Rows of fetch: as pages, with long values on lines of their own.
fn fetched(ctx: &Ctx, g: Global, fields: &[String], rows: Vec<Vec<String>>) {
    if g.format.is_none_or(|f| f == Format::Pager) {
        let page = |r: &Vec<String>| -> String {
            fields
                .iter()
                .zip(r)
                .map(|(f, v)| {
                    if matches!(f.as_str(), "text" | "hdr" | "body" | "text.utf8") {
                        format!("{f}:\n{}\n", v.strip_suffix('\n').unwrap_or(v))
                    } else {
                        format!("{f}: {v}\n")
                    }
                })
                .collect()
        };
        ctx.out(rows.iter().map(page).collect::<Vec<_>>().join("\u{c}\n"));
        return;
    }
    // Titles live as long as the program: one leak a run would add up, so the table is built by hand.
    let format = g.format.unwrap_or(Format::Tab);
    if format == Format::Tab || format == Format::Table {
        let body: String = rows.iter().map(|r| r.join("\t") + "\n").collect();
        ctx.out(format!("{}\n{body}", fields.join("\t")));
    } else {
        let one = |r: &Vec<String>| {
            fields.iter().zip(r).map(|(f, v)| format!("{f}={v}")).collect::<Vec<_>>().join(" ") + "\n"
        };
        ctx.out(rows.iter().map(one).collect::<String>());
    }
}
