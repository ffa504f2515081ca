//! virtual(8): mailboxes of domains without system users, by table.

use super::Ctx;
use super::agent::{self, Proc};
use super::delivery::{Item, Outcome, Request, Verdict};
use super::local::maildir;
use super::mail_addr;
use crate::base::Span;
use crate::base::time::{MONTHS, WEEKDAYS};
use crate::host::{Cred, Errno};
use crate::log::delivery::{Delivery, VirtualProblem};

/// Delivers a request, recipient by recipient.
pub fn deliver(ctx: &mut Ctx<'_>, p: &Proc, r: &Request) -> Outcome {
    let mut out = Outcome::default();
    let content = r.content(ctx);
    let mut t = Span::ZERO;
    for i in 0..r.recipients.len() {
        t = t + ctx.host.jitter("virtual.deliver", &format!("{}/{i}", r.qid), 1_000, 9_000);
        let item = one(ctx, p, r, i, &content, t, &mut out);
        out.items.push(item.relay("virtual").at(t));
    }
    out.took = t;
    out
}

fn id(
    ctx: &mut Ctx<'_>,
    p: &Proc,
    param: &str,
    user: &str,
    minimum: i64,
    t: Span,
    out: &mut Outcome,
) -> Result<u32, ()> {
    let mut say = |what: VirtualProblem| {
        out.log(t, Delivery::VirtualMap { map: param.to_owned(), user: user.to_owned(), what });
    };
    match mail_addr::find(ctx, p, param, user) {
        Err(_) => {
            say(VirtualProblem::Lookup);
            Err(())
        }
        Ok(None) => {
            say(VirtualProblem::Missing);
            Err(())
        }
        Ok(Some(f)) => match f.value.trim().parse::<u32>() {
            Err(_) => {
                say(VirtualProblem::BadUid(f.value));
                Err(())
            }
            Ok(n) if i64::from(n) < minimum => {
                say(VirtualProblem::LowUid(f.value));
                Err(())
            }
            Ok(n) => Ok(n),
        },
    }
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
    let path = format!("{}/{}", base.trim_end_matches('/'), mailbox.trim_start_matches('/'));
    let Ok(uid) = id(ctx, p, "virtual_uid_maps", &user, p.conf.int("virtual_minimum_uid"), t, out) else {
        return broken();
    };
    let Ok(gid) = id(ctx, p, "virtual_gid_maps", &user, 1, t, out) else { return broken() };
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
    let limit = p.conf.int("virtual_mailbox_limit");
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
    let size = ctx.host.fs.stat(&Cred::root(), &path).map_or(0, |(_, n)| n.size() as i64);
    if limit > 0 && size + mbox.len() as i64 > limit {
        let why = format!("error writing message: {}", Errno::FBig.text());
        return failed(i, Errno::FBig, format!("cannot update mailbox {path} for user {user}. {why}"));
    }
    match ctx
        .host
        .fs
        .open_write(&cred, &path, 0o600, false, false)
        .and_then(|f| ctx.host.fs.append_ino(&cred, f, &mbox))
    {
        Ok(()) => Item::new(i, Verdict::Sent, "2.0.0", "delivered to mailbox"),
        Err(e) => {
            let what = if e == Errno::NoSpc { "error writing message" } else { "cannot open file" };
            failed(i, e, format!("cannot update mailbox {path} for user {user}. {what}: {}", e.text()))
        }
    }
}

fn failed(i: usize, e: Errno, text: String) -> Item {
    let dsn = super::local::mbox_dsn(e, "5.2.0");
    let verdict = if dsn.starts_with('4') { Verdict::Deferred } else { Verdict::Bounced };
    Item::new(i, verdict, dsn, text)
}
