//! verify(8): address probes for `reject_unverified_sender` and `reject_unverified_recipient`, and their cache.

use super::agent::{self, Proc};
use super::cleanup::{self, Origin, Recipient, Submission};
use super::delivery::Verdict;
use super::{Ctx, queue_file};
use crate::base::{Span, Time};
use crate::log::verify::Verify as Log;
use imbl::OrdMap;

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub status: Status,
    /// Enhanced code and text of the last answer.
    pub dsn: String,
    pub text: String,
    pub updated: Time,
    pub probed: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Ok,
    /// The probe was deferred.
    Defer,
    Bounce,
    /// A probe is on its way.
    Todo,
}

/// The cache (`address_verify_map`, in memory).
#[derive(Clone, Debug, Default)]
pub struct Cache {
    map: OrdMap<String, Known>,
    /// The process that looked through it last.
    cleaned_by: u32,
}

/// No more than this many events pass while smtpd(8) waits once.
const MAX_STEPS: usize = 10_000;

/// What verify(8) knows of an address; asks with a probe when it knows nothing or its answer is old. The caller polls
/// (`address_verify_poll_count` times, `address_verify_poll_delay` apart) while the status is [`Status::Todo`].
pub fn query(ctx: &mut Ctx<'_>, address: &str) -> Option<Known> {
    let key = address.to_lowercase();
    let now = ctx.host.now;
    let p = agent::acquire(ctx, "verify")?;
    if ctx.pf.verify.cleaned_by != p.pid {
        // A new process looks through its cache first.
        ctx.pf.verify.cleaned_by = p.pid;
        let map = p.conf.get("address_verify_map");
        let map = if map.is_empty() { "internal:verify".to_owned() } else { map };
        let retained = if map.starts_with("internal:") {
            ctx.pf.verify.map = OrdMap::new();
            0
        } else {
            ctx.pf.verify.map.len()
        };
        p.log(ctx, Log::Cleanup { map, retained, dropped: 0 });
    }
    let secs = |n: &str| Span::secs(p.conf.time(n));
    let known = ctx.pf.verify.map.get(&key).cloned();
    let (expire, refresh) = match known.as_ref().map(|k| k.status) {
        Some(Status::Ok) => (secs("address_verify_positive_expire_time"), secs("address_verify_positive_refresh_time")),
        _ => (secs("address_verify_negative_expire_time"), secs("address_verify_negative_refresh_time")),
    };
    let answer = match known {
        Some(k) if k.status != Status::Todo && now - k.updated < expire => k,
        Some(k) if k.status == Status::Todo && now - k.probed < Span::secs(1000) => {
            agent::release(ctx, &p);
            return Some(k);
        }
        _ => Known {
            status: Status::Todo,
            dsn: "4.1.1".into(),
            text: "Address verification in progress".into(),
            updated: now,
            probed: Time::default(),
        },
    };
    if now - answer.updated >= refresh || answer.status == Status::Todo {
        let mut k = answer.clone();
        k.probed = now;
        ctx.pf.verify.map.insert(key, k);
        probe(ctx, &p, address);
    }
    agent::release(ctx, &p);
    Some(answer)
}

/// Asks until there is an answer: smtpd(8) waits while the probe is on its way, and the mail system goes on meanwhile.
pub fn poll(ctx: &mut Ctx<'_>, address: &str, polls: i64, delay: Span) -> Option<Known> {
    let mut known = query(ctx, address)?;
    for _ in 1..polls {
        if known.status != Status::Todo {
            break;
        }
        let until = ctx.host.now + delay;
        for _ in 0..MAX_STEPS {
            let Some((t, due)) = ctx.pf.due.pop_due(until) else { break };
            ctx.host.set_time(t);
            super::run_due(ctx, due);
        }
        ctx.host.set_time(until);
        known = query(ctx, address)?;
    }
    Some(known)
}

/// Sends the probe: a message that no agent delivers.
fn probe(ctx: &mut Ctx<'_>, p: &Proc, address: &str) {
    let qid = queue_file::new_id(ctx.host, p.conf.bool("enable_long_queue_ids"));
    let now = ctx.host.now;
    let sender = p.conf.get("address_verify_sender");
    let sender = if sender == "<>" { String::new() } else { agent::rewrite(ctx, p, "local", &sender) };
    let received = format!(
        "Received: by {} ({})\n\tid {qid}; {}\n",
        p.conf.get("myhostname"),
        p.conf.get("mail_name"),
        now.rfc5322()
    );
    let m = Submission {
        qid,
        origin: Origin::Verify,
        arrival: now,
        sender,
        recipients: vec![Recipient::new(address)],
        content: received.into_bytes(),
        local_rewrite: true,
        ..Submission::default()
    };
    let _ = cleanup::submit(ctx, m);
}

/// A delivery agent reports on a probe.
pub fn result(ctx: &mut Ctx<'_>, address: &str, verdict: Verdict, dsn: &str, text: &str) {
    let now = ctx.host.now;
    let status = match verdict {
        Verdict::Sent => Status::Ok,
        Verdict::Deferred => Status::Defer,
        Verdict::Bounced => Status::Bounce,
    };
    let known = Known { status, dsn: dsn.to_owned(), text: text.to_owned(), updated: now, probed: now };
    ctx.pf.verify.map.insert(address.to_lowercase(), known);
}
