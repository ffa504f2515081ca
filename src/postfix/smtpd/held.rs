//! A session whose process waits for a service: what it had done of the command is undone, and the command is done anew
//! when the service is there.

use super::{Mode, Session, startup};
use crate::base::{Span, Time};
use crate::log::smtpd::Smtpd;
use crate::postfix::Ctx;
use crate::postfix::master;
use crate::postfix::wait::{self, Outcome, Waiting};

/// What commands may come to need.
const NEEDED: [&str; 2] = ["rewrite/unix", "cleanup/unix"];

impl Session {
    /// The process opens its tables and takes the connection.
    pub(super) fn start(&mut self, ctx: &mut Ctx<'_>) {
        self.held = startup::waits(ctx, &self.proc);
        if self.held.is_some() {
            return;
        }
        if let Err(fatal) = startup::run(ctx, &self.proc) {
            master::fatal(ctx, &self.proc, Smtpd::Fatal(fatal));
            return;
        }
        self.mode = Mode::Command;
        self.probes = startup::probes(ctx, &self.proc);
        ctx.pf.smtpd.sessions += 1;
        let number = ctx.pf.smtpd.sessions;
        if let Some(fatal) = crate::postfix::startup::unknown_class(&self.proc.conf) {
            return self.end(ctx, fatal);
        }
        self.state.instance = format!("{:x}.{:x}.{:x}.0", self.proc.pid, ctx.host.now.secs(), number);
        self.look_up_peer(ctx, number);
        self.greet(ctx);
    }

    /// The process has ended before it took the connection, which waits for another: when master tries again.
    pub fn unserved(&self, ctx: &Ctx<'_>) -> Option<Time> {
        let ended = self.mode == Mode::Start && self.held.is_none();
        ended.then(|| ctx.pf.master.asleep(&self.proc.service).unwrap_or(ctx.host.now))
    }

    /// What the next process needs to take the connection: service, address, and what the client said.
    pub fn left(&mut self) -> (String, std::net::IpAddr, Vec<u8>) {
        (self.proc.service.to_string(), self.server, std::mem::take(&mut self.input))
    }

    /// Whether the process looks after nothing but a service that it waits for, and not even after its client.
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The session before a command that may have to be done again.
    pub(super) fn copy(&mut self, ctx: &Ctx<'_>) -> Option<Box<Session>> {
        let letter = |n: usize| self.input.get(n).map(u8::to_ascii_uppercase);
        let master = &ctx.pf.master;
        let apart = match letter(0).filter(|_| self.alone.is_none()) {
            Some(b'M' | b'R' | b'V' | b'D') => {
                !NEEDED.iter().all(|s| master.serves(s)) || self.probes && !master.serves("verify/unix")
            }
            Some(b'E') => letter(1) == Some(b'T') && !master.serves("flush/unix"),
            _ => false,
        };
        self.may_wait = false;
        let copy = apart.then(|| Box::new(self.clone()));
        self.may_wait = apart;
        copy
    }

    /// Whether the command waits for a service.
    pub(super) fn has_to_wait(&mut self, before: Option<Box<Session>>) -> bool {
        let (Some(waits), Some(before)) = (self.waits.take(), before) else { return false };
        *self = *before;
        self.held = Some(waits);
        true
    }

    /// Waits for a service, if it is not there and the command can be done again.
    pub(super) fn lacks(&mut self, ctx: &mut Ctx<'_>, service: &str) -> bool {
        if self.may_wait && self.waits.is_none() {
            self.waits = Waiting::begin(ctx, &self.proc, service);
        }
        self.waits.is_some()
    }

    /// Whether anvil(8) is there to be told something: a client of it tries twice, and goes on without; when its program
    /// does not start, it waits.
    pub(super) fn finds_anvil(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let service = "private/anvil";
        let Some(errno) = wait::absent(ctx, service) else {
            let held = Waiting::begin(ctx, &self.proc, service);
            if self.mode != Mode::Closed {
                self.held = held;
            }
            return true;
        };
        for _ in 0..2 {
            let reason = errno.text().to_owned();
            self.log(ctx, Smtpd::PolicyConnect { server: service.to_owned(), reason: reason.clone() });
            self.log(ctx, Smtpd::PolicyTalk { server: service.to_owned(), reason });
        }
        self.delay = self.delay + Span::secs(1);
        false
    }

    /// Looks whether the service has come.
    pub(super) fn look_again(&mut self, ctx: &mut Ctx<'_>) {
        let Some(mut held) = self.held.take() else { return };
        match held.again(ctx, &self.proc) {
            Outcome::Waits => self.held = Some(held),
            Outcome::There if self.mode == Mode::Start => self.start(ctx),
            Outcome::There if self.mode == Mode::Admission => self.welcome(ctx),
            Outcome::There => self.process(ctx),
            Outcome::Ends(event) if self.mode == Mode::Start => master::fatal(ctx, &self.proc, event),
            Outcome::Ends(event) => self.end(ctx, event),
        }
    }
}
