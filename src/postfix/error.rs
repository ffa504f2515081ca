//! error(8), which is retry(8) too, and discard(8): the next hop is the reason, with an enhanced code before it or without.

use super::Ctx;
use super::agent::Proc;
use super::delivery::{Item, Outcome, Request, Verdict, dsn_split};
use crate::base::Span;

/// error(8): bounces; run as the service `retry` it defers.
pub fn deliver(ctx: &mut Ctx<'_>, p: &Proc, r: &Request) -> Outcome {
    let retry = p.service() == "retry" || r.transport == "retry";
    let (default, verdict) = if retry { ("4.0.0", Verdict::Deferred) } else { ("5.0.0", Verdict::Bounced) };
    let (mut dsn, text) = dsn_split(&r.nexthop, default);
    let wrong = if retry { '5' } else { '4' };
    if dsn.starts_with(wrong) {
        default[..1].clone_into(&mut dsn);
        dsn.push_str(".0.0");
    }
    let text = if text.is_empty() { "address unavailable".to_owned() } else { text.to_owned() };
    let took = ctx.host.jitter("error.deliver", &r.qid, 1_000, 9_000);
    Outcome::all(r, took, |i| Item::new(i, verdict, &dsn, text.clone()))
}

/// discard(8).
pub fn discard(ctx: &mut Ctx<'_>, _p: &Proc, r: &Request) -> Outcome {
    let took: Span = ctx.host.jitter("discard.deliver", &r.qid, 500, 4_000);
    let (mut dsn, text) = dsn_split(&r.nexthop, "2.0.0");
    if !dsn.starts_with('2') {
        "2.0.0".clone_into(&mut dsn);
    }
    Outcome::all(r, took, |i| Item::new(i, Verdict::Sent, &dsn, text))
}
