//! What qmgr(8) asks of a delivery agent, and what the agent answers: for each recipient an outcome at an instant.

use super::queue_file::{self, Envelope, Rcpt};
use super::{Ctx, mail_queue};
use crate::base::{Span, Time};
use crate::log::Event;
use std::sync::Arc;

/// A delivery request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub qid: String,
    /// The queue that the file is in (`active`).
    pub queue: &'static str,
    pub transport: String,
    pub nexthop: String,
    pub recipients: Vec<Rcpt>,
    pub envelope: Arc<Envelope>,
    pub sender: String,
    pub active: Time,
    pub handoff: Time,
    /// sendmail -bv or an address probe: nothing is delivered.
    pub verify: bool,
}

impl Request {
    /// The message with `\n` line ends. Empty when the file is gone.
    pub fn content(&self, ctx: &Ctx<'_>) -> Vec<u8> {
        mail_queue::read(ctx.host, self.queue, &self.qid).map(|b| queue_file::content(&b.bytes())).unwrap_or_default()
    }
    /// Whether the queue file is still there.
    pub fn exists(&self, ctx: &Ctx<'_>) -> bool {
        ctx.host.fs.exists(&mail_queue::path(self.queue, &self.qid))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sent,
    Deferred,
    Bounced,
}

/// What became of a recipient, or of one of the addresses that local(8) expanded it to.
#[derive(Clone, Debug)]
pub struct Item {
    /// Index into [`Request::recipients`].
    pub rcpt: usize,
    /// When, counted from the hand-off.
    pub at: Span,
    /// Of that: connection set-up.
    pub setup: Span,
    /// The recipient as the log and reports have it, when it is not the request's own.
    pub seen_as: Option<Box<Rcpt>>,
    pub relay: String,
    pub conn_use: u32,
    pub verdict: Verdict,
    pub dsn: String,
    pub reason: String,
    pub diag_type: String,
    pub diag_text: String,
    pub mta: String,
    /// The next server reports success itself: it takes DSN options.
    pub relays_notice: bool,
    /// Not a delivery: what a sender who asked is told of it.
    pub traced_as: Option<&'static str>,
    /// Who hears of the failure, at once, in place of the sender.
    pub report_to: Option<String>,
}

impl Item {
    pub fn new(rcpt: usize, verdict: Verdict, dsn: &str, reason: impl Into<String>) -> Item {
        Item {
            rcpt,
            at: Span::ZERO,
            setup: Span::ZERO,
            seen_as: None,
            relay: "none".into(),
            conn_use: 0,
            verdict,
            dsn: dsn.into(),
            reason: reason.into(),
            diag_type: String::new(),
            diag_text: String::new(),
            mta: String::new(),
            relays_notice: false,
            traced_as: None,
            report_to: None,
        }
    }
    #[must_use]
    pub fn relay(mut self, relay: impl Into<String>) -> Item {
        self.relay = relay.into();
        self
    }
    #[must_use]
    pub fn at(mut self, at: Span) -> Item {
        self.at = at;
        self
    }
}

/// A program that local(8) or pipe(8) waits for.
#[derive(Clone, Debug)]
pub struct Exec {
    pub request: super::ExecRequest,
    /// What the outcome will be filed under.
    pub item: Item,
    /// The program as messages name it.
    pub command: String,
    /// pipe(8) words the result, for all recipients.
    pub pipe: bool,
}

/// What an agent did with a request.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub items: Vec<Item>,
    /// Lines of the agent's log, by instant from the hand-off.
    pub logs: Vec<(Span, Event)>,
    pub execs: Vec<Exec>,
    /// The destination cannot be reached: qmgr lowers its concurrency, and in the end gives it a rest.
    pub dead: Option<(String, String)>,
    /// How long it all took.
    pub took: Span,
    /// The process ended in the middle of it, with this last word: nobody knows what became of the recipients.
    pub crash: Option<Event>,
    /// That has happened.
    pub crashed: bool,
    /// What local(8) handed to another transport.
    pub passed: Vec<Passed>,
    /// Where local(8) goes on when its program has ended.
    pub paused: Option<super::local::Paused>,
}

/// A recipient, or a member of its alias, on its way to another delivery agent (`deliver_pass`).
#[derive(Clone, Debug)]
pub struct Passed {
    /// Index of the recipient in the request.
    pub rcpt: usize,
    /// Whom the other agent delivers to.
    pub address: String,
    pub transport: String,
    pub nexthop: String,
}

impl Outcome {
    /// One outcome for every recipient.
    pub fn all(r: &Request, took: Span, make: impl Fn(usize) -> Item) -> Outcome {
        Outcome { items: (0..r.recipients.len()).map(|i| make(i).at(took)).collect(), took, ..Outcome::default() }
    }
    /// What is left from an item on happens at an instant, or after.
    pub fn postpone(&mut self, first: usize, at: Span) {
        for item in self.items.iter_mut().skip(first) {
            item.at = Span(item.at.0.max(at.0));
        }
        self.took = Span(self.took.0.max(at.0));
    }
    pub fn log(&mut self, at: Span, event: impl Into<Event>) {
        self.logs.push((at, event.into()));
    }
}

/// Splits `5.1.1 text` into enhanced code and text; without a code the default is used (`dsn_split`).
pub fn dsn_split<'a>(text: &'a str, default: &str) -> (String, &'a str) {
    let t = text.trim_start();
    let end = t.find(|c: char| c.is_ascii_whitespace()).unwrap_or(t.len());
    if dsn_valid(&t[..end]) {
        return (t[..end].to_owned(), t[end..].trim_start());
    }
    (default.to_owned(), t)
}

/// Whether a word is an enhanced status code.
pub fn dsn_valid(word: &str) -> bool {
    let p: Vec<&str> = word.split('.').collect();
    p.len() == 3
        && ["2", "4", "5"].contains(&p[0])
        && p[1..].iter().all(|x| !x.is_empty() && x.len() <= 3 && x.bytes().all(|b| b.is_ascii_digit()))
}
