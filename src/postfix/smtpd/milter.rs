//! `smtpd_milters` in a dialogue: what a filter that is not there decides at each event.

use super::Session;
use crate::log::smtpd::Action;
use crate::postfix::Ctx;
use crate::postfix::milter::{self, Verdict};

impl Session {
    /// The filters are connected to when the client is. True: the client is told to go away.
    pub(super) fn milter_connect(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let (verdict, say) = milter::connect(ctx.host, &self.proc.conf, "smtpd_milters");
        for event in say {
            self.proc.log(ctx.host, event);
        }
        self.milter = verdict;
        self.milter_event(ctx);
        self.milter_refuses()
    }

    /// Whether nothing but refusals is to be had.
    pub(super) fn milter_refuses(&self) -> bool {
        matches!(self.milter, Some(Verdict::Refuse(500.., ..)))
    }

    /// What the client does now is not wanted: the reply, which is in the log.
    pub(super) fn milter_event(&mut self, ctx: &mut Ctx<'_>) -> Option<String> {
        let Some(Verdict::Refuse(code, dsn, text)) = self.milter else {
            self.milter_hold(ctx);
            return None;
        };
        let reply = format!("{code} {dsn} {text}");
        let event = self.state.whatsup(Action::MilterReject, &reply);
        self.log(ctx, event);
        Some(reply)
    }

    /// A filter may want the message held, and says so at every event.
    pub(super) fn milter_hold(&mut self, ctx: &mut Ctx<'_>) {
        if self.milter == Some(Verdict::Hold) {
            let event = self.state.whatsup(Action::MilterHold, "milter triggers HOLD action");
            self.log(ctx, event);
            self.state.actions.hold = true;
        }
    }
}
