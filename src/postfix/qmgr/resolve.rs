//! Which transport and destination a recipient has, and the jobs that follow from it (`qmgr_message_resolve`).

use super::schedule;
use crate::postfix::Ctx;
use crate::postfix::agent::{self, Proc};
use crate::postfix::params::param;
use crate::postfix::queue_file::Rcpt;

/// Where a recipient goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Route {
    transport: String,
    nexthop: String,
    /// The queue's name: the next hop, or the user with it when the transport takes one recipient at a time.
    queue: String,
    address: String,
    index: usize,
}

/// Makes the jobs of a message.
pub(super) fn assign(ctx: &mut Ctx<'_>, p: &Proc, id: &str) {
    let Some(env) = ctx.pf.qmgr.active.get(id).map(|m| m.envelope.clone()) else { return };
    let mut routes: Vec<Route> = Vec::new();
    let mut recipients = env.recipients.clone();
    if !env.redirect.is_empty() {
        recipients = redirect(&recipients, &env.redirect);
    }
    for (index, r) in recipients.iter_mut().enumerate() {
        if r.done {
            continue;
        }
        let (transport, nexthop, address) = route(ctx, p, &env.sender, &env.filter, &r.address);
        r.address.clone_from(&address);
        let single = p.conf.transport_int(&transport, "_destination_recipient_limit") == 1;
        let user = address.rsplit_once('@').map_or(address.as_str(), |(l, _)| l);
        let queue = if single { format!("{user}@{nexthop}") } else { nexthop.clone() };
        routes.push(Route { transport, nexthop, queue, address: address.to_lowercase(), index });
    }
    routes.sort();
    let mut at = 0;
    while at < routes.len() {
        let first = &routes[at];
        let limit = p.conf.transport_int(&first.transport, "_destination_recipient_limit");
        let limit = if limit <= 0 { usize::MAX } else { limit as usize };
        let same = |r: &Route| r.transport == first.transport && r.queue == first.queue;
        let take = routes[at..].iter().take(limit).take_while(|r| same(r)).count().max(1);
        let list: Vec<Rcpt> = routes[at..at + take].iter().map(|r| recipients[r.index].clone()).collect();
        schedule::add(ctx, p, id, &first.transport, &first.nexthop, &first.queue, list);
        at += take;
    }
}

/// REDIRECT: every recipient becomes the one address, and the last stands for all.
fn redirect(list: &[Rcpt], to: &str) -> Vec<Rcpt> {
    let mut out = list.to_vec();
    let mut last = true;
    for r in out.iter_mut().rev() {
        if !r.done {
            to.clone_into(&mut r.address);
            r.done = !last;
            last = false;
        }
    }
    out
}

/// The route of one address: content filter, then trivial-rewrite's answer, then what qmgr itself decides.
fn route(ctx: &mut Ctx<'_>, p: &Proc, sender: &str, filter: &str, address: &str) -> (String, String, String) {
    let own = |t: &str, n: &str, address: &str| (t.to_owned(), n.to_owned(), address.to_owned());
    if !filter.is_empty() {
        let (transport, nexthop) = filter.split_once(':').unwrap_or((filter, ""));
        let domain =
            || address.rsplit_once('@').map_or_else(|| p.conf.get(param!("myhostname")), |(_, d)| d.to_owned());
        let nexthop = match (nexthop, p.conf.get(param!("default_filter_nexthop"))) {
            ("", default) if default.is_empty() => domain(),
            ("", default) => default,
            (given, _) => given.to_owned(),
        };
        return own(transport, &nexthop, address);
    }
    let r = agent::resolve(ctx, p, sender, address);
    if r.fail {
        return own("retry", "4.3.0 address resolver failure", address);
    }
    if r.error {
        return own("error", "5.1.3 bad address syntax", &r.recipient);
    }
    let defer = p.conf.list(param!("defer_transports"));
    if defer.contains(&r.transport) {
        return ("retry".into(), "4.3.2 deferred transport".into(), r.recipient);
    }
    (r.transport, r.nexthop, r.recipient)
}
