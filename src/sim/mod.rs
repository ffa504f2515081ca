//! The world as one value, and the loop that moves it.
//!
//! [`World::advance`] takes the next due thing of any room, sets the clock to it and runs it; always bounded. `sim` is
//! where Postfix, Dovecot and the internet meet: it accepts connections ([`World::connect`]) and dials for Postfix.

mod actors;
mod boot;
mod conn;
mod daemons;
mod dial;
mod signal;
pub mod units;

pub use conn::{Conn, ConnId, Conns, Server};

use crate::base::{Span, Time};
use crate::dovecot::{self, Dovecot};
use crate::host::{Cred, Host};
use crate::internet::Internet;
use crate::postfix::maildrop::Post;
use crate::postfix::{self, Postfix};

/// Where a program finds itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Surroundings {
    /// In the user's home, with the environment of a login.
    #[default]
    Login,
    /// With this environment in this directory, and as long as `limit` says (zero: without limit).
    Only { env: Vec<(String, String)>, cwd: String, limit: Span },
}

/// Runs a command line on the world as a user with text on its standard input: exit status and output. Given by
/// `machine`, so that a delivery to a pipe can run any simulated program.
pub type ExecFn = fn(&mut World, &Cred, &str, &[u8], &Surroundings) -> (i32, Vec<u8>);

/// Everything there is. Cloning is cheap: the parts share until written.
#[derive(Clone, Debug)]
pub struct World {
    pub host: Host,
    pub postfix: Postfix,
    pub dovecot: Dovecot,
    pub internet: Internet,
    pub conns: Conns,
    pub exec: Option<ExecFn>,
}

/// No more than this many events in one [`World::advance`]: a loop in the model ends here.
const MAX_EVENTS: usize = 1_000_000;

impl World {
    pub fn new(host: Host) -> World {
        World {
            host,
            postfix: Postfix::default(),
            dovecot: Dovecot::default(),
            internet: Internet::standard(),
            conns: Conns::default(),
            exec: None,
        }
    }
    pub fn now(&self) -> Time {
        self.host.now
    }
    /// The instant of the next thing due, in any room.
    pub fn next_due(&self) -> Option<Time> {
        [
            self.postfix.due.next_time(),
            self.dovecot.due.next_time(),
            self.internet.due.next_time(),
            self.host.units.due.next_time(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
    /// Runs everything that is due up to `until` and leaves the clock there.
    pub fn advance(&mut self, until: Time) {
        self.watch_units();
        for _ in 0..MAX_EVENTS {
            // A client that says nothing is not something due, but its server gives up on it.
            let deadline = self.next_deadline().filter(|t| *t <= until);
            match self.next_due().filter(|t| *t <= until) {
                Some(t) if deadline.is_none_or(|d| t <= d) => self.step(t),
                _ => match deadline {
                    Some(d) => {
                        self.host.set_time(d);
                        self.expire(d);
                    }
                    None => break,
                },
            }
        }
        self.host.set_time(until);
    }
    /// Lets `span` pass.
    pub fn pass(&mut self, span: Span) {
        self.advance(self.host.now + span);
    }
    fn step(&mut self, t: Time) {
        self.host.set_time(t);
        if let Some((_, due)) = self.postfix.due.pop_due(t) {
            self.with_postfix(|ctx| postfix::run_due(ctx, due));
        } else if let Some((_, due)) = self.dovecot.due.pop_due(t) {
            dovecot::run_due(&mut self.host, &mut self.dovecot, due);
        } else if let Some((_, due)) = self.internet.due.pop_due(t) {
            actors::run(self, due);
        } else if let Some((_, due)) = self.host.units.due.pop_due(t) {
            self.run_unit_due(due);
        }
        self.run_execs();
        self.watch_units();
    }
    /// Runs the programs that delivery agents asked for.
    pub fn run_execs(&mut self) {
        while let Some(r) = self.postfix.execs.pop_front() {
            let place = Surroundings::Only { env: r.env, cwd: r.cwd, limit: r.limit };
            let (status, output) = match self.exec {
                Some(f) => f(self, &r.cred, &r.command, &r.input, &place),
                None => (127, Vec::new()),
            };
            self.with_postfix(|ctx| postfix::exec_done(ctx, r.id, status, &output));
        }
    }
    /// Calls into Postfix with what it may reach.
    pub fn with_postfix<T>(&mut self, f: impl FnOnce(&mut postfix::Ctx<'_>) -> T) -> T {
        let mut dial = dial::Dial { dovecot: &mut self.dovecot, internet: &mut self.internet };
        let mut ctx = postfix::Ctx { host: &mut self.host, pf: &mut self.postfix, dial: &mut dial };
        let out = f(&mut ctx);
        while let Some(m) = ctx.host.submitted.pop_front() {
            let recipients = [postfix::cleanup::Recipient::new(m.recipient)];
            let post =
                Post { uid: m.uid, sender: &m.sender, recipients: &recipients, text: &m.text, ..Post::default() };
            if postfix::maildrop::post(ctx.host, &post).is_ok() {
                postfix::pickup::trigger(&mut ctx);
            }
        }
        out
    }
}
