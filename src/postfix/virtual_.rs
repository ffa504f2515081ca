//! virtual(8): mailboxes of domains without system users, by table.

use super::Ctx;
use super::agent::{self, Proc};
use super::delivery::{Item, Outcome, Request, Verdict};
use super::local::maildir;
use super::{mail_addr, mbox};
use crate::base::Span;
use crate::base::time::{MONTHS, WEEKDAYS};
use crate::host::{Cred, Errno};
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;

/// Delivers a request, recipient by recipient.
pub fn deliver(ctx: &mut Ctx<'_>, p: &Proc, r: &Request) -> Outcome {
    let mut out = Outcome::default();
    let content = r.content(ctx);
    let mut t = Span::ZERO;
    for i in 0..r.recipients.len() {
        t = t + ctx.host.jitter("virtual.deliver", &format!("{}/{i}", r.qid), 1_000, 9_000);
        let item = one(ctx, p, r, i, &content, t, &mut out).relay("virtual");
        t = Span(t.0.max(item.at.0));
        out.items.push(item.at(t));
        if out.crash.is_some() {
            break;
        }
    }
    out.took = t;
    out
}

/// The number that a table has for a user, if it is one and large enough.
fn id(
    ctx: &mut Ctx<'_>,
    p: &Proc,
    map: &'static str,
    user: &str,
    minimum: i64,
    t: Span,
    out: &mut Outcome,
) -> Option<u32> {
    let value = mail_addr::find(ctx, p, map, user).ok().flatten().map(|f| f.value);
    let number = value.as_ref().and_then(|v| v.trim().parse::<u32>().ok()).filter(|n| i64::from(*n) >= minimum);
    if number.is_none() {
        out.log(t, Delivery::VirtualMap { map, user: user.to_owned(), value });
    }
    number
}

fn one(ctx: &mut Ctx<'_>, p: &Proc, r: &Request, i: usize, content: &[u8], t: Span, out: &mut Outcome) -> Item {
    let rcpt = &r.recipients[i];
    let broken = || Item::new(i, Verdict::Deferred, "4.3.5", "mail system configuration error");
    let user = rcpt.address.to_lowercase();
    let mailbox = match mail_addr::find(ctx, p, "virtual_mailbox_maps", &user) {
        Err(_) => return broken(),
        Ok(None) => return Item::new(i, Verdict::Bounced, "5.1.1", format!("unknown user: \"{user}\"")),
        Ok(Some(f)) => f.value.trim().to_owned(),
    };
    let base = p.conf.get("virtual_mailbox_base");
    if !base.starts_with('/') {
        out.crash = Some(Delivery::ServerFatal(AgentFatal::RelativeBase(base)).into());
        return broken();
    }
    let path = format!("{}/{}", base.trim_end_matches('/'), mailbox.trim_start_matches('/'));
    let minimum = p.conf.int("virtual_minimum_uid");
    let Some(uid) = id(ctx, p, "virtual_uid_maps", &user, minimum, t, out) else { return broken() };
    let Some(gid) = id(ctx, p, "virtual_gid_maps", &user, 1, t, out) else { return broken() };
    let cred = Cred { uid, gid, groups: Vec::new() };
    let dir = path.ends_with('/');
    if r.verify {
        return Item::new(i, Verdict::Sent, "2.0.0", if dir { "delivers to maildir" } else { "delivers to mailbox" });
    }
    let mut text = super::local::head(&r.sender, &rcpt.orig, &rcpt.address).into_bytes();
    text.extend_from_slice(content);
    if dir {
        return match maildir::store(ctx.host, &cred, &path, &text, p.pid) {
            Ok(()) => Item::new(i, Verdict::Sent, "2.0.0", "delivered to maildir"),
            Err((e, why)) => {
                if e == Errno::Acces {
                    out.log(t, Delivery::MaildirAccess { uid, gid, text: why.clone() });
                    out.log(t, Delivery::MaildirHint);
                }
                failed(i, e, format!("maildir delivery failed: {why}"))
            }
        };
    }
    let c = r.handoff.civil();
    let from = if r.sender.is_empty() { "MAILER-DAEMON".to_owned() } else { agent::quote_local(&r.sender) };
    let mut mbox = format!(
        "From {from}  {} {} {:2} {:02}:{:02}:{:02} {}\n",
        WEEKDAYS[c.weekday as usize],
        MONTHS[c.month as usize - 1],
        c.day,
        c.hour,
        c.minute,
        c.second,
        c.year
    )
    .into_bytes();
    for line in text.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b"From ") {
            mbox.push(b'>');
        }
        mbox.extend_from_slice(line);
    }
    mbox.push(b'\n');
    append(ctx, p, i, &cred, &path, &mbox, t, out)
}

/// `deliver_mailbox_file`: locks, opens and appends.
#[allow(clippy::too_many_arguments)]
fn append(
    ctx: &mut Ctx<'_>,
    p: &Proc,
    i: usize,
    cred: &Cred,
    path: &str,
    mbox: &[u8],
    t: Span,
    out: &mut Outcome,
) -> Item {
    let failure = |e: Errno, why: &str| failed(i, e, format!("delivery failed to mailbox {path}: {why}"));
    if p.conf.list("virtual_mailbox_lock").iter().any(|l| l == "dotlock")
        && let Err((e, waits)) = mbox::lock(ctx, cred, path)
    {
        let tries = p.conf.int("deliver_lock_attempts") - 1;
        let wait = if waits { Span::secs(tries * p.conf.time("deliver_lock_delay")) } else { Span::ZERO };
        let why = format!("unable to create lock file {path}.lock: {}", e.text());
        return failure(e, &why).at(t + wait);
    }
    let (ino, owner) = match mbox::open(ctx, cred, path) {
        Ok(found) => found,
        Err((e, why)) => return failure(e, &why),
    };
    if owner != cred.uid && p.conf.bool("strict_mailbox_ownership") {
        out.log(t, Delivery::StrictOwner);
        return failure(Errno::Perm, &format!("destination {path} is not owned by recipient"));
    }
    let limit = p.conf.int("virtual_mailbox_limit");
    let size = ctx.host.fs.node(ino).map_or(0, |n| n.size() as i64);
    let full = limit > 0 && size + mbox.len() as i64 > limit;
    let written = if full { Err(Errno::FBig) } else { ctx.host.fs.append_ino(cred, ino, mbox) };
    match written {
        Ok(()) => Item::new(i, Verdict::Sent, "2.0.0", "delivered to mailbox"),
        Err(e) => failure(e, &format!("error writing message: {}", e.text())),
    }
}

fn failed(i: usize, e: Errno, text: String) -> Item {
    let dsn = super::local::mbox_dsn(e, "4.2.0");
    let verdict = if dsn.starts_with('4') { Verdict::Deferred } else { Verdict::Bounced };
    Item::new(i, verdict, dsn, text)
}
