//! RSET, VRFY, ETRN, and the watch over clients that talk out of turn.

use super::tally::Command;
use super::token::Token;
use super::{Mode, Session, Transaction};
use crate::log::delivery::Delivery;
use crate::log::smtpd::{Action, Rate, Smtpd};
use crate::postfix::Ctx;
use crate::postfix::address;
use crate::postfix::live::Live;
use crate::postfix::lookups::{Lookups, Who};
use crate::postfix::params::param;
use crate::postfix::restriction::stages;
use crate::postfix::restriction::state::ErrorClass;
use crate::postfix::valid_hostname;
use crate::postfix::wait;

/// What a command's argument says, in the log's escapes.
pub(super) fn escaped(data: &[u8]) -> String {
    let mut out = String::new();
    for &b in data.iter().take(100) {
        match b {
            b'\r' => out += "\\r",
            b'\n' => out += "\\n",
            b'\t' => out += "\\t",
            0x07 => out += "\\a",
            0x08 => out += "\\b",
            0x0b => out += "\\v",
            0x0c => out += "\\f",
            b'\\' => out += "\\\\",
            0x20..=0x7e => out.push(char::from(b)),
            _ => out += &format!("\\{b:03o}"),
        }
    }
    out
}

impl Session {
    /// Forgets the mail transaction; a queue file that was begun is dropped.
    pub(super) fn reset_mail(&mut self, _ctx: &mut Ctx<'_>) {
        self.mail = Transaction::default();
        self.state.reset_mail();
    }

    /// `mail_reset()` without `rcpt_reset()`, as it is done after a chunk that was refused: recipients still count, though the next
    /// message does not go to them.
    pub(super) fn forget_sender(&mut self, ctx: &mut Ctx<'_>) {
        let (recipient, count) = (self.state.recipient.take(), self.state.rcpt_count);
        self.reset_mail(ctx);
        (self.state.recipient, self.state.rcpt_count) = (recipient, count);
    }

    pub(super) fn rset(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if words.len() != 1 {
            return self.refuse(ctx, "501 5.5.4 Syntax: RSET");
        }
        self.reset_mail(ctx);
        self.reply(ctx, "250 2.0.0 Ok");
        true
    }

    pub(super) fn vrfy(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if self.flag(param!("disable_vrfy_command")) {
            self.state.note(ErrorClass::Policy);
            self.reply(ctx, "502 5.5.1 VRFY command is disabled");
            return false;
        }
        let mut args: Vec<&str> = words[1..].iter().map(|t| t.text).collect();
        let utf8 = args.len() > 1 && args.last().is_some_and(|a| a.eq_ignore_ascii_case("SMTPUTF8"));
        if utf8 {
            args.pop();
        }
        if args.is_empty() {
            return self.refuse(ctx, "501 5.5.4 Syntax: VRFY address [SMTPUTF8]");
        }
        if self.over_rate(ctx, Rate::Recipient, "smtpd_client_recipient_rate_limit") {
            let text = format!("450 4.7.1 Error: too many recipients from {}", self.state.addr);
            self.state.note(ErrorClass::Policy);
            self.reply(ctx, &text);
            return false;
        }
        let arg = args.join(" ");
        let Some(addr) = self.extract(ctx, &arg, false) else {
            return self.refuse(ctx, "501 5.1.3 Bad recipient address syntax");
        };
        self.state.recipient = Some(addr);
        let rejection = self.restrict(ctx, stages::rcpt);
        self.state.recipient = None;
        if let Some(reply) = rejection {
            self.reply(ctx, &reply);
            return false;
        }
        self.reply(ctx, &format!("252 2.0.0 {arg}"));
        true
    }

    pub(super) fn etrn(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if self.flag(param!("smtpd_helo_required")) && self.state.helo.is_none() {
            return self.refuse(ctx, "503 Error: send HELO/EHLO first");
        }
        if self.state.sender.is_some() {
            return self.refuse(ctx, "503 Error: MAIL transaction in progress");
        }
        if words.len() != 2 {
            return self.refuse(ctx, "500 Syntax: ETRN domain");
        }
        let domain = words[1].text.trim_start_matches(['@', '#']).to_owned();
        if !valid_hostname::hostname(&domain) && valid_hostname::mailhost_literal(&domain).is_none() {
            return self.refuse(ctx, "501 Error: invalid parameter syntax");
        }
        if self.alone.is_some() {
            self.log(ctx, Smtpd::EtrnAlone);
            self.reply(ctx, "458 Unable to queue messages");
            return false;
        }
        self.state.etrn = Some(domain.clone());
        let rejection = self.restrict(ctx, stages::etrn);
        self.state.etrn = None;
        if let Some(reply) = rejection {
            self.reply(ctx, &reply);
            return false;
        }
        let mut live = Live { ctx, proc: &self.proc };
        let served = live.matches("fast_flush_domains", Who::Name(&domain));
        if served.is_err() {
            self.log(ctx, Smtpd::FlushUnavailable);
            self.reply(ctx, "458 Unable to queue messages");
            return false;
        }
        if served == Ok(true) {
            if let Some(errno) = wait::absent(ctx, "public/flush") {
                let (service, errno) = ("public/flush".to_owned(), errno.text());
                self.proc.log(ctx.host, Delivery::NoService { service, errno });
                self.log(ctx, Smtpd::FlushUnavailable);
                self.reply(ctx, "458 Unable to queue messages");
                return false;
            }
            if self.lacks(ctx, "public/flush") {
                return false;
            }
            self.reply(ctx, "250 Queuing started");
            return true;
        }
        let client = self.state.namaddr();
        self.log(ctx, Smtpd::EtrnUnavailable { domain: domain.clone(), client });
        self.reply(ctx, &format!("459 <{domain}>: service unavailable"));
        false
    }

    /// The address of an argument in internal form; `None` when its syntax is bad (which is logged).
    pub(super) fn extract(&mut self, ctx: &mut Ctx<'_>, arg: &str, allow_empty: bool) -> Option<String> {
        let x = address::extract(arg);
        let strict = self.state.stage != "VRFY" && self.flag(param!("strict_rfc821_envelopes"));
        let mut bad = x.count > 1 || (strict && (x.other || !arg.starts_with('<')));
        bad |= x.address.is_empty() && !allow_empty;
        bad |= strict && x.address.starts_with('@');
        // Even an empty address is rewritten first.
        if x.address.is_empty() && self.alone.is_none() && self.lacks(ctx, "private/rewrite") {
            return None;
        }
        if !bad && !x.address.is_empty() && self.alone.is_none() {
            let sender = if self.state.stage == "MAIL" {
                self.state.recipient.clone().unwrap_or_default()
            } else {
                self.state.sender.clone().unwrap_or_default()
            };
            let r = self.check(ctx, |_, e| crate::postfix::restriction::Env::resolve(e, &sender, &x.address));
            bad = r.error;
        }
        if bad {
            let printable: String = arg.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
            let (client, command) = (self.state.namaddr(), self.state.stage.clone());
            self.log(ctx, Smtpd::IllegalAddress { client, command, address: printable });
            return None;
        }
        // A tab between quotes is a blank to Postfix.
        Some(if x.address.contains('\t') { x.address.replace('\t', " ") } else { x.address })
    }

    /// A client that pipelines where it may not: logged once, and refused when `smtpd_forbid_unauth_pipelining` says so.
    /// `false`: the session has ended.
    pub(super) fn note_pipelining(&mut self, ctx: &mut Ctx<'_>, cmd: Command) -> bool {
        let esmtp = self.state.protocol.as_deref() == Some("ESMTP");
        if self.state.pipelining || self.input.is_empty() || (esmtp && !cmd.is_last()) {
            return true;
        }
        let client = self.state.namaddr();
        let input = escaped(&self.input);
        self.log(ctx, Smtpd::ImproperPipelining { client, stage: cmd.name().into(), input });
        self.state.pipelining = true;
        if self.flag(param!("smtpd_forbid_unauth_pipelining")) {
            self.state.note(ErrorClass::Protocol);
            self.reply(ctx, "554 5.5.0 Error: SMTP protocol synchronization");
            self.finish(ctx, None);
            return false;
        }
        true
    }

    /// `smtpd_forbid_bare_newline`: a line that ends without a carriage return ends the session.
    pub(super) fn refuses_bare_lf(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.proc.conf.get(param!("smtpd_forbid_bare_newline")) != "reject"
            && !self.flag(param!("smtpd_forbid_bare_newline"))
        {
            return false;
        }
        let mut live = Live { ctx, proc: &self.proc };
        let who = Who::Host(&self.state.name, &self.state.addr);
        if live.matches("smtpd_forbid_bare_newline_exclusions", who) == Ok(true) {
            return false;
        }
        if self.proc.conf.get(param!("smtpd_forbid_bare_newline")) != "reject" && self.mode != Mode::Data {
            // `normalize` (and `yes`) only asks for the end of data to be written as it should be.
            return false;
        }
        let event = self.state.whatsup(Action::Reject, "bare <LF> received");
        self.log(ctx, event);
        self.state.note(ErrorClass::Protocol);
        let code = self.int(param!("smtpd_forbid_bare_newline_reject_code"));
        let name = self.proc.conf.get(param!("myhostname"));
        self.reply(ctx, &format!("{code} 5.5.2 {name} Error: bare <LF> received"));
        self.finish(ctx, None);
        true
    }
}
