//! virtual(8): mailboxes of domains without system users, by table.

use super::Ctx;
use super::agent::Proc;
use super::delivery::{Item, Outcome, Request, Verdict};
use super::local::maildir;
use super::mail_addr;
use super::mbox::{self, Failure, How};
use crate::base::Span;
use crate::host::{Cred, Errno};
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;
use crate::postfix::params::param;

/// Delivers a request, recipient by recipient.
pub fn deliver(ctx: &mut Ctx<'_>, p: &Proc, r: &Request) -> Outcome {
    let mut out = Outcome::default();
    let content = r.content(ctx);
    let mut t = Span::ZERO;
    for i in 0..r.recipients.len() {
        t = t + ctx.host.jitter("virtual.deliver", &format!("{}/{i}", r.qid), 1_000, 9_000);
        let item = one(ctx, p, r, i, &content, t, &mut out).relay("virtual");
        t = Span(t.0.max(item.at.0));
        if out.crash.is_some() {
            break;
        }
        out.items.push(item.at(t));
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
    let base = p.conf.get(param!("virtual_mailbox_base"));
    if !base.starts_with('/') {
        out.crash = Some(Delivery::ServerFatal(AgentFatal::RelativeBase(base)).into());
        return broken();
    }
    let path = format!("{}/{}", base.trim_end_matches('/'), mailbox.trim_start_matches('/'));
    let minimum = p.conf.int(param!("virtual_minimum_uid"));
    let Some(uid) = id(ctx, p, "virtual_uid_maps", &user, minimum, t, out) else { return broken() };
    let Some(gid) = id(ctx, p, "virtual_gid_maps", &user, 1, t, out) else { return broken() };
    let cred = Cred { uid, gid, groups: Vec::new() };
    let dir = path.ends_with('/');
    if r.verify {
        return Item::new(i, Verdict::Sent, "2.0.0", if dir { "delivers to maildir" } else { "delivers to mailbox" });
    }
    let orig = if p.conf.bool(param!("enable_original_recipient")) { &rcpt.orig } else { "" };
    let head = super::local::head(&r.sender, orig, Some(&rcpt.address));
    if dir {
        let mut text = head.into_bytes();
        text.extend_from_slice(content);
        return match maildir::store(ctx.host, &cred, &path, &text, p.pid) {
            Ok(()) => Item::new(i, Verdict::Sent, "2.0.0", "delivered to maildir"),
            Err((e, why)) => {
                if e == Errno::Acces {
                    out.log(t, Delivery::MaildirAccess { uid, gid, text: why.clone() });
                    out.log(t, Delivery::MaildirHint);
                }
                let f = Failure::of(e, "4.2.0", format!("maildir delivery failed: {why}"));
                Item::new(i, f.verdict(), f.dsn, f.why)
            }
        };
    }
    let head = mbox::from_line(&r.sender, r.handoff) + &head;
    append(ctx, p, i, &cred, &path, &mbox::text(&head, content), t, out)
}

/// `deliver_mailbox_file`: locks, opens and appends.
#[allow(clippy::too_many_arguments)]
fn append(
    ctx: &mut Ctx<'_>,
    p: &Proc,
    i: usize,
    cred: &Cred,
    path: &str,
    text: &[u8],
    t: Span,
    out: &mut Outcome,
) -> Item {
    let locks = p.conf.list(param!("virtual_mailbox_lock"));
    let how = How { locks: &locks, may_fail: false, chown: None, dsn: "4.2.0" };
    let result = mbox::open(ctx, &p.conf, cred, path, &how).and_then(|b| {
        if b.owner != cred.uid && p.conf.bool(param!("strict_mailbox_ownership")) {
            out.log(t, Delivery::StrictOwner);
            return Err(Failure::new("4.2.0", format!("destination {path} is not owned by recipient")));
        }
        b.append(ctx, text, p.conf.int(param!("virtual_mailbox_limit")))
    });
    match result {
        Ok(()) => Item::new(i, Verdict::Sent, "2.0.0", "delivered to mailbox"),
        Err(f) => {
            let text = format!("delivery failed to mailbox {path}: {}", f.why);
            Item::new(i, f.verdict(), f.dsn, text).at(t + f.wait)
        }
    }
}
