//! Replies: the tarpit, the transcript, footers.

use super::{Mode, Session};
use crate::base::Span;
use crate::postfix::Ctx;
use crate::postfix::live::Live;
use crate::postfix::lookups::{Lookups, Maps};
use crate::postfix::params::param;
use crate::postfix::restriction::state::ErrorClass;
use crate::postfix::restriction::{self, Env};
use std::borrow::Cow;

/// More lines of the transcript are not kept.
const MAX_HISTORY: usize = 200;

impl Session {
    /// Says one line (or several, separated by `\n`, the last with a space after the code).
    pub(super) fn reply(&mut self, ctx: &mut Ctx<'_>, text: &str) {
        if self.mode == Mode::Closed {
            return;
        }
        if self.errors >= self.int(param!("smtpd_soft_error_limit")) {
            self.delay = self.delay + Span::secs(self.proc.conf.time(param!("smtpd_error_sleep_time")));
        }
        let softened = self.softened(text);
        let text = &*softened;
        let whole = self.with_footer(ctx, text);
        for line in whole.split('\n') {
            self.out.reserve(line.len() + 2);
            self.out.extend_from_slice(line.as_bytes());
            self.out.extend_from_slice(b"\r\n");
            self.remember("Out: ", line);
        }
        if text.starts_with("421") || text.starts_with("521") {
            self.state.hangup = true;
        }
    }

    /// With `soft_bounce`, whatever is refused for good is refused for now.
    fn softened<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.starts_with('5') || !self.flag(param!("soft_bounce")) {
            return text.into();
        }
        let mut out = text.to_owned();
        out.replace_range(0..1, "4");
        if text.get(4..5) == Some("5") {
            out.replace_range(4..5, "4");
        }
        out.into()
    }

    /// `smtpd_reject_footer` and its maps: text after a rejection.
    fn with_footer<'t>(&mut self, ctx: &mut Ctx<'_>, text: &'t str) -> Cow<'t, str> {
        if !matches!(text.as_bytes().first(), Some(b'4' | b'5')) || text.len() < 4 {
            return text.into();
        }
        let mut live = Live { ctx, proc: &self.proc };
        let mut footer = live.raw_param("smtpd_reject_footer");
        if !live.param("smtpd_reject_footer_maps").is_empty()
            && let Ok(Some(f)) = live.find(Maps::Param("smtpd_reject_footer_maps"), text, false)
        {
            footer = f;
        }
        if footer.is_empty() {
            return text.into();
        }
        let mut env = super::env::SmtpdEnv { live, delay: Span::ZERO, may_wait: false, waits: None };
        let now = env.live.ctx.host.now.syslog();
        let lookup = |n: &str| match n {
            "localtime" => Some(now.clone()),
            _ => restriction::reply_value(&self.state, n),
        };
        let Some(expanded) = env.expand(&footer, &lookup) else { return text.into() };
        if let Some(rest) = expanded.strip_prefix("\\c") {
            return format!("{text}{rest}").into();
        }
        let b = text.as_bytes();
        let code = &text[..3];
        let has_dsn = restriction::reject::dsn_valid(text[4..].split(' ').next().unwrap_or(""));
        let dsn = if has_dsn { format!("{} ", text[4..].split(' ').next().unwrap_or("")) } else { String::new() };
        let mut lines = vec![format!("{code}-{}", &text[4..])];
        debug_assert!(b.len() > 3);
        let parts: Vec<&str> = expanded.split("\\n").collect();
        for (n, p) in parts.iter().enumerate() {
            let sep = if n + 1 == parts.len() { ' ' } else { '-' };
            lines.push(format!("{code}{sep}{dsn}{p}"));
        }
        lines.join("\n").into()
    }

    pub(super) fn protocol_error(&mut self, ctx: &mut Ctx<'_>, text: &str) {
        self.state.note(ErrorClass::Protocol);
        self.reply(ctx, text);
        self.errors += 1;
    }

    /// A command refused by protocol: `false`, so that it counts as an error.
    pub(super) fn refuse(&mut self, ctx: &mut Ctx<'_>, text: &str) -> bool {
        self.state.note(ErrorClass::Protocol);
        self.reply(ctx, text);
        false
    }

    pub(super) fn remember(&mut self, whose: &str, line: &str) {
        let (text, lines) = &mut self.history;
        if *lines < MAX_HISTORY {
            *lines += 1;
            text.reserve(whose.len() + line.len() + 1);
            text.push_str(whose);
            text.push_str(line);
            text.push('\n');
        }
    }
}
