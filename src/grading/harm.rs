//! Harm by effect: mail lost, a relay opened, something that stood still too long.
//!
//! Compares the host as it was found with the host as it is left. A restart, an edit taken back, one's own test mail and
//! time spent reading are no harm; what the lab allows to delete is none either. Keeps are asked elsewhere
//! ([`super::outcome`]).

use super::mailbox::{self, Stored};
use super::probe::{self, Found, Setting};
use super::tape::{self, Step};
use crate::base::{Span, Time};
use crate::lab::Lab;
use crate::lab::schema::Probe;
use crate::lab::values::{Machine, Mailbox};
use crate::log::Message;
use crate::sim::World;
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Something that got worse.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Queued mail of others was deleted.
    QueueDeleted { count: usize, example: String },
    /// Mail is gone from a mailbox.
    MailboxLost { user: String, count: usize },
    /// Strangers may relay now and could not before.
    RelayOpened { said: String },
    /// Port 25 did not answer for so long although it did at first.
    Outage { span: Span },
}

/// A deed, where it happened, and whether it can be taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Harm {
    pub deed: Deed,
    pub irreversible: bool,
    /// The line of the session after which it was so.
    pub line: Option<usize>,
}

/// How long nothing may stand still if the lab does not say.
const OUTAGE: Span = Span::mins(15);

/// All harm done between the first and the last step. `stored` is the mail that was in the mailboxes at the start.
pub fn find(lab: &Lab, start: &World, stored: &[Stored], steps: &[Step], end: &World) -> Vec<Harm> {
    let mut out = Vec::new();
    let steps = &tape::ends(steps)[..];
    queue(lab, start, steps, end, &mut out);
    mailboxes(lab, stored, steps, end, &mut out);
    relay(start, steps, end, &mut out);
    outage(lab, start, steps, &mut out);
    out
}

/// What the log says of one message.
#[derive(Default)]
struct Message1 {
    first: Time,
    sender: Option<String>,
    client: Option<IpAddr>,
    local: bool,
    /// By which way it left the queue, or that it did.
    done: bool,
}

/// Every message that the log knows, by queue id.
fn messages(world: &World) -> BTreeMap<String, Message1> {
    let mut all: BTreeMap<String, Message1> = BTreeMap::new();
    for r in &world.host.journal {
        if !["smtpd.client", "qmgr", "pickup", "cleanup"].iter().any(|n| r.event.is(n)) {
            continue;
        }
        let fields = r.event.fields();
        let get = |n: &str| fields.iter().find(|(a, _)| *a == n).map(|(_, v)| v.clone());
        let Some(qid) = get("qid") else { continue };
        let m = all.entry(qid).or_insert_with(|| Message1 { first: r.time, ..Message1::default() });
        if r.event.is("smtpd.client") {
            m.client = get("ip").and_then(|i| i.parse().ok());
        } else if r.event.is("pickup.uid") {
            m.local = true;
        } else if r.event.is("qmgr.active") {
            m.sender = get("from");
        } else if r.event.is("qmgr.removed") || r.event.is("cleanup.check") {
            m.done = true;
        }
    }
    all
}

/// Queue ids of the spool, whichever queue.
fn queued(world: &World) -> BTreeSet<String> {
    let fs = &world.host.fs;
    let mut ids = BTreeSet::new();
    for q in ["maildrop", "incoming", "active", "deferred", "hold"] {
        for (path, ino) in fs.tree(&format!("/var/spool/postfix/{q}")) {
            if fs.node(ino).is_some_and(crate::host::fs::Node::is_file) {
                ids.insert(path.rsplit('/').next().unwrap_or("").to_owned());
            }
        }
    }
    ids
}

fn queue(lab: &Lab, start: &World, steps: &[&Step], end: &World, out: &mut Vec<Harm>) {
    let was = queued(start);
    let is = queued(end);
    let known = messages(end);
    let lost = |id: &String, m: &Message1| {
        let there_or_came = was.contains(id) || m.first > start.now();
        there_or_came && !is.contains(id) && !m.done && !own(start, m) && !allowed(lab, m)
    };
    let gone: Vec<&String> = known.iter().filter(|(id, m)| lost(id, m)).map(|(id, _)| id).collect();
    if let Some(first) = gone.first() {
        // The first step after which the first of them was no longer in the queue.
        let line = steps.iter().find(|s| {
            let seen = s.world.now() >= known.get(*first).map_or(start.now(), |m| m.first);
            seen && !queued(&s.world).contains(*first)
        });
        let deed = Deed::QueueDeleted { count: gone.len(), example: (*first).clone() };
        out.push(Harm { deed, irreversible: true, line: line.map(|s| s.line) });
    }
}

/// The learner's own test mail: sent on the host itself while playing.
fn own(start: &World, m: &Message1) -> bool {
    let here = m.local || m.client.is_some_and(|ip| start.host.net.is_local(ip));
    m.first > start.now() && here
}

fn allowed(lab: &Lab, m: &Message1) -> bool {
    let may = &lab.may;
    let sender = m.sender.clone().unwrap_or_default();
    may.delete_from.iter().any(|f| f.eq_ignore_ascii_case(&sender))
        || m.client.is_some_and(|ip| {
            may.delete_client.iter().any(|c| {
                c.parse::<IpNet>().is_ok_and(|n| n.contains(&ip)) || c.parse::<IpAddr>().is_ok_and(|a| a == ip)
            })
        })
        || may.delete_before.as_ref().is_some_and(|t| m.first < t.time)
}

fn mailboxes(lab: &Lab, before: &[Stored], steps: &[&Step], end: &World, out: &mut Vec<Harm>) {
    let spare = &lab.may.delete_mail;
    let lost = |now: &World| -> Vec<&Stored> {
        mailbox::missing_in(before, now).into_iter().filter(|s| !s.is_in(spare)).collect()
    };
    let mut by_user: BTreeMap<&str, Vec<&Stored>> = BTreeMap::new();
    for s in lost(end) {
        by_user.entry(&s.owner).or_default().push(s);
    }
    for (user, all) in by_user {
        let line = steps.iter().find(|s| lost(&s.world).iter().any(|m| m.owner == user));
        let deed = Deed::MailboxLost { user: user.to_owned(), count: all.len() };
        out.push(Harm { deed, irreversible: true, line: line.map(|s| s.line) });
    }
}

/// Whether a stranger may relay: to a domain that is nobody's here, from an address that no lab trusts.
fn stranger_relays(world: &World) -> Found {
    let probe = Probe::Refused {
        client: Machine::Ip(IpAddr::from([203, 0, 113, 199])),
        sender: Mailbox("stranger@relay.example".into()),
        to: Mailbox("victim@destino.com".into()),
        codes: Vec::new(),
    };
    let refused = probe::ask(world, &probe, &Setting { token: "relay", stored: &[], spare: &[] });
    let open = !refused.holds && refused.said.starts_with("250");
    Found { holds: open, said: refused.said }
}

fn relay(start: &World, steps: &[&Step], end: &World, out: &mut Vec<Harm>) {
    let now = stranger_relays(end);
    if !now.holds || stranger_relays(start).holds {
        return;
    }
    let line = steps.iter().find(|s| stranger_relays(&s.world).holds);
    out.push(Harm { deed: Deed::RelayOpened { said: now.said }, irreversible: true, line: line.map(|s| s.line) });
}

/// The longest time that port 25 had nobody listening, when it had at the start.
fn outage(lab: &Lab, start: &World, steps: &[&Step], out: &mut Vec<Harm>) {
    let listens = |w: &World| w.host.net.listeners.iter().any(|l| l.port == 25);
    if !listens(start) {
        return;
    }
    let limit = lab.may.outage.unwrap_or(OUTAGE);
    let mut down: Option<(Time, usize)> = None;
    let mut worst: Option<(Span, usize)> = None;
    for s in steps {
        let now = s.world.now();
        if listens(&s.world) {
            down = None;
        } else {
            let (since, line) = *down.get_or_insert((now, s.line));
            if worst.is_none_or(|(w, _)| now - since > w) {
                worst = Some((now - since, line));
            }
        }
    }
    if let Some((span, line)) = worst.filter(|(s, _)| *s > limit) {
        out.push(Harm { deed: Deed::Outage { span }, irreversible: false, line: Some(line) });
    }
}
