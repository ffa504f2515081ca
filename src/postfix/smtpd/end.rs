//! How a session ends: the client leaves or says nothing for too long, or the process dies.

use super::{Mode, Session};
use crate::base::{Span, Time};
use crate::host::net::Turn;
use crate::log::smtpd::{Ended, Fatal, Smtpd};
use crate::log::tls::Refusal;
use crate::postfix::Ctx;
use crate::postfix::master;
use crate::postfix::params::param;

impl Session {
    /// The client went away without QUIT.
    pub fn hangup(&mut self, ctx: &mut Ctx<'_>) {
        match self.mode {
            Mode::Closed => {}
            Mode::Handshake => self.refuse_handshake(ctx, Refusal::Lost, Vec::new()),
            _ => self.finish(ctx, Some(Ended::Lost)),
        }
    }

    /// The process that serves the session.
    pub fn pid(&self) -> u32 {
        self.proc.pid
    }

    /// When smtpd stops waiting for the client; `None` when the session is over.
    pub fn deadline(&self) -> Option<Time> {
        let held = self.held.as_ref().map(|w| w.until);
        held.or(self.deadline).filter(|_| self.mode != Mode::Closed)
    }

    /// The client said nothing for too long, or it is time to look whether a service has come.
    pub fn timeout(&mut self, ctx: &mut Ctx<'_>) -> Turn {
        if self.held.is_some() {
            self.look_again(ctx);
        } else if self.mode == Mode::Handshake {
            self.refuse_handshake(ctx, Refusal::TimedOut, Vec::new());
        } else if self.mode != Mode::Closed {
            let text = format!("421 4.4.2 {} Error: timeout exceeded", self.proc.conf.get(param!("myhostname")));
            self.reply(ctx, &text);
            self.finish(ctx, Some(Ended::Timeout));
        }
        self.turn(ctx)
    }

    /// Ends the session: the reason, a notice to postmaster, the tally.
    pub(super) fn finish(&mut self, ctx: &mut Ctx<'_>, how: Option<Ended>) {
        if self.mode == Mode::Closed {
            return;
        }
        self.mode = Mode::Closed;
        if self.alone.is_none() {
            // anvil is told of the end under the same exceptions as of the beginning.
            let exempt = self.is_exempt(ctx);
            let ident = self.ident();
            ctx.pf.smtpd.anvil.disconnect(&ident);
            if !exempt {
                self.finds_anvil(ctx);
            }
        }
        if let Some(how) = how {
            let (stage, client) = (self.state.stage.clone(), self.state.namaddr());
            if matches!(how, Ended::Lost | Ended::Timeout) {
                self.abandon(ctx, false);
            }
            self.aborted = Some(match how {
                Ended::Lost => "lost connection".into(),
                Ended::TooManyErrors => "too many errors".into(),
                Ended::Timeout => "timeout".into(),
            });
            // Nobody complains of a client that goes without QUIT when its message is in.
            if how != Ended::Lost || stage != "END-OF-MESSAGE" {
                self.log(ctx, Smtpd::Ended { how, stage, client });
            }
        }
        self.notify(ctx);
        let (client, tally) = (self.state.namaddr(), self.tally.text());
        self.log(ctx, Smtpd::Disconnect { client, tally });
        if self.alone.is_some() {
            master::forget(ctx, self.proc.pid);
        } else {
            master::release(ctx, self.proc.pid);
        }
    }

    /// The process ends over something, and the client is left without a word.
    pub(super) fn die(&mut self, ctx: &mut Ctx<'_>, event: Fatal) {
        self.end(ctx, Smtpd::Fatal(event));
    }

    /// The process is killed by a fault of its own.
    pub(super) fn crash(&mut self, ctx: &mut Ctx<'_>) {
        master::crash(ctx, &self.proc);
        ctx.pf.smtpd.anvil.disconnect(&self.ident());
        self.mode = Mode::Closed;
    }

    pub(super) fn end(&mut self, ctx: &mut Ctx<'_>, event: impl Into<crate::log::Event>) {
        let proc = self.proc.clone();
        master::fatal(ctx, &proc, event);
        ctx.pf.smtpd.anvil.disconnect(&self.ident());
        self.delay = self.delay + Span::secs(1);
        self.mode = Mode::Closed;
    }
}
