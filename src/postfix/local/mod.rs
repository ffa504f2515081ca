//! local(8): aliases, .forward, mailboxes, programs.
//!
//! Where Postfix calls itself for each address of an alias or a file, this pushes a step: so the depth of a list costs no
//! stack, and a delivery whose program still runs is a value ([`Paused`]). Left out: `biff`.

mod alias;
mod command;
mod dotforward;
mod expand;
mod file;
mod forward;
mod mailbox;
pub mod maildir;
mod recipient;
mod state;
mod token;

pub use mailbox::head;

use super::Ctx;
use super::agent::Proc;
use super::delivery::{Item, Outcome, Request, Verdict};
use crate::base::{Span, text};
use crate::log::delivery::Delivery;
use crate::postfix::params::param;
use forward::Forward;
use state::{Expansion, State};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Nesting of aliases, lists and .forward files.
const MAX_LEVEL: u32 = 100;

/// Expansions of one recipient: a fan of aliases ends here.
const BUDGET: u32 = 20_000;

/// What is still to be done.
#[derive(Clone, Debug)]
enum Step {
    /// The addresses of an alias or of a line (`deliver_token_string`).
    Tokens(Arc<State>, VecDeque<String>),
    /// The lines of a file: the first with something that must wait is the last (`deliver_token_stream`).
    Lines { state: Arc<State>, lines: VecDeque<String>, waiting: u32 },
    /// A .forward file has been followed: from now on whoever comes back to it is there already.
    ForwardDone { state: Arc<State>, path: String, waiting: u32 },
    /// The alias has been expanded, which its sender wants to know.
    Expanded(Arc<State>),
}

/// A delivery that waits for a program.
#[derive(Clone, Debug)]
pub struct Paused(Box<Work>);

/// How far a request is.
#[derive(Clone, Debug)]
struct Work {
    /// The recipient at work.
    rcpt: usize,
    content: Arc<Vec<u8>>,
    /// Model time spent.
    t: Span,
    steps: Vec<Step>,
    been: BTreeSet<String>,
    /// How many parts of this recipient must wait: then nothing of it is forwarded.
    waiting: u32,
    /// Messages for addresses that are not delivered here.
    forwards: Vec<Forward>,
    budget: u32,
}

/// A request on its way through local(8).
struct Local<'a> {
    p: &'a Proc,
    r: &'a Request,
    w: Work,
    out: Outcome,
}

/// Delivers a request.
pub fn deliver(ctx: &mut Ctx<'_>, p: &Proc, r: &Request) -> Outcome {
    let work = Work {
        rcpt: 0,
        content: Arc::new(r.content(ctx)),
        t: Span::ZERO,
        steps: Vec::new(),
        been: BTreeSet::new(),
        waiting: 0,
        forwards: Vec::new(),
        budget: BUDGET,
    };
    let mut l = Local { p, r, w: work, out: Outcome::default() };
    l.begin(ctx);
    l.run(ctx)
}

/// Goes on when the program has ended as `item` says.
pub fn resume(ctx: &mut Ctx<'_>, p: &Proc, r: &Request, paused: Paused, item: Item) -> Outcome {
    let mut l = Local { p, r, w: *paused.0, out: Outcome::default() };
    l.w.t = item.at;
    l.file_item(item);
    l.run(ctx)
}

impl Local<'_> {
    fn begin(&mut self, ctx: &mut Ctx<'_>) {
        let i = self.w.rcpt;
        let Some(rcpt) = self.r.recipients.get(i) else { return };
        self.w.t = self.w.t + ctx.host.jitter("local.start", &format!("{}/{i}", self.r.qid), 200, 2_500);
        self.w.been.clear();
        self.w.waiting = 0;
        self.w.budget = BUDGET;
        self.recipient(ctx, State::new(rcpt, &self.r.sender));
    }

    fn run(mut self, ctx: &mut Ctx<'_>) -> Outcome {
        loop {
            while self.out.execs.is_empty() && self.out.crash.is_none() {
                let Some(step) = self.w.steps.pop() else { break };
                self.step(ctx, step);
            }
            self.out.took = self.w.t;
            if self.out.crash.is_some() {
                return self.out;
            }
            if !self.out.execs.is_empty() {
                self.out.paused = Some(Paused(Box::new(self.w)));
                return self.out;
            }
            self.finish_forwards(ctx);
            self.out.took = self.w.t;
            self.w.rcpt += 1;
            if self.w.rcpt >= self.r.recipients.len() {
                return self.out;
            }
            self.begin(ctx);
        }
    }

    fn step(&mut self, ctx: &mut Ctx<'_>, step: Step) {
        match step {
            Step::Tokens(state, mut tokens) => {
                let Some(token) = tokens.pop_front() else { return };
                if !tokens.is_empty() {
                    self.w.steps.push(Step::Tokens(state.clone(), tokens));
                }
                self.token(ctx, &state, &token);
            }
            Step::Lines { state, mut lines, waiting } => {
                if waiting < self.w.waiting {
                    return;
                }
                let Some(line) = lines.pop_front() else { return };
                self.w.steps.push(Step::Lines { state: state.clone(), lines, waiting });
                self.w.steps.push(Step::Tokens(state, token::addresses(&line)));
            }
            Step::ForwardDone { state, path, waiting } => {
                self.been(&format!("forward-done {path}"));
                if waiting == self.w.waiting {
                    self.expanded(&state);
                }
            }
            Step::Expanded(state) => self.expanded(&state),
        }
    }

    fn tick(&mut self, ctx: &Ctx<'_>, stream: &str, low: i64, high: i64) {
        let key = format!("{}/{}/{}", self.r.qid, self.w.rcpt, self.w.t.0);
        self.w.t = self.w.t + ctx.host.jitter(stream, &key, low, high);
    }

    /// Whether it was here before; if not, now it was (`been_here()`).
    fn been(&mut self, what: &str) -> bool {
        let what = what.to_lowercase();
        let limit = self.p.conf.int(param!("duplicate_filter_limit"));
        if self.w.been.contains(&what) {
            return true;
        }
        if limit <= 0 || (self.w.been.len() as i64) < limit {
            self.w.been.insert(what);
        }
        false
    }

    /// An outcome for the address that is being delivered to.
    fn outcome(&self, s: &State, verdict: Verdict, dsn: &str, reason: impl Into<String>) -> Item {
        let mut item = Item::new(self.w.rcpt, verdict, dsn, reason).relay(self.p.service().to_owned()).at(self.w.t);
        if self.r.recipients.get(self.w.rcpt).is_none_or(|r| *r != *s.rcpt) {
            item.seen_as = Some(Box::new((*s.rcpt).clone()));
        }
        item
    }

    fn file_item(&mut self, item: Item) {
        let waits = match item.verdict {
            Verdict::Sent => false,
            Verdict::Deferred => true,
            Verdict::Bounced => self.p.conf.bool(param!("soft_bounce")),
        };
        self.w.waiting += u32::from(waits);
        self.out.items.push(item);
    }

    fn item(&mut self, ctx: &Ctx<'_>, s: &State, verdict: Verdict, dsn: &str, reason: impl Into<String>) {
        self.tick(ctx, "local.done", 300, 6_000);
        let item = self.outcome(s, verdict, dsn, reason);
        self.file_item(item);
    }

    fn expanded(&mut self, s: &State) {
        let mut item = self.outcome(s, Verdict::Sent, "2.0.0", "alias expanded");
        item.traced_as = Some(if s.of_list { "delivered" } else { "expanded" });
        self.out.items.push(item);
    }

    fn log(&mut self, event: impl Into<Delivery>) {
        self.out.log(self.w.t, event.into());
    }

    /// `delivered_hdr_find()`: whether the message already went through this address.
    fn is_loop(&self, address: &str) -> bool {
        delivered_before(&self.w.content, address)
    }

    /// An address probe, which is not expanded, as `sendmail -bv` is.
    fn is_probe(&self) -> bool {
        self.r.verify && self.r.envelope.attr("trace_flags") == "256"
    }

    /// Whether a parameter's list has a word for this kind of expansion.
    fn allows(&self, param: &str, exp: Expansion) -> bool {
        self.p.conf.words_braced(param).iter().any(|w| exp.word() == w)
    }

    fn prepends(&self, what: &str) -> bool {
        self.p.conf.words_braced(param!("prepend_delivered_header")).iter().any(|w| w == what)
    }

    fn propagates(&self, what: &str) -> bool {
        self.p.conf.words_braced(param!("propagate_unmatched_extensions")).iter().any(|w| w == what)
    }
}

/// Whether a message already went through this address (`delivered_hdr_find()`).
pub fn delivered_before(content: &[u8], address: &str) -> bool {
    for line in text::lines(content) {
        let line = text::lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("delivered-to")
            && value.trim().eq_ignore_ascii_case(address)
        {
            return true;
        }
    }
    false
}
