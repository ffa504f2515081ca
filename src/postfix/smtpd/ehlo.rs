//! HELO and EHLO: which keywords this service offers to this client.

use super::Session;
use super::token::Token;
use crate::log::smtpd::Smtpd;
use crate::postfix::Ctx;
use crate::postfix::live::Live;
use crate::postfix::lookups::{Failed, Lookups, Maps, Who};
use crate::postfix::params::param;
use crate::postfix::restriction::safety;
use crate::postfix::restriction::stages;
use crate::postfix::restriction::state::ErrorClass;
use crate::postfix::table::Say;

/// The keywords that can be discarded, in the order in which the log names them.
const KEYWORDS: &[&str] = &[
    "8BITMIME",
    "AUTH",
    "ETRN",
    "PIPELINING",
    "SIZE",
    "VERP",
    "STARTTLS",
    "XCLIENT",
    "XFORWARD",
    "VRFY",
    "ENHANCEDSTATUSCODES",
    "DSN",
    "SMTPUTF8",
    "CHUNKING",
];

impl Session {
    /// Takes the client's name, in which a question mark stands for what has a meaning in addresses or cannot be printed.
    /// A check that does not wait for the recipient sees it as it came.
    fn take_name(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        let joined: Vec<&str> = words[1..].iter().map(|t| t.text).collect();
        let name = joined.join(" ");
        let odd = |c: char| c.is_control() || " <>()\\\";@".contains(c);
        let clean = if name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)) {
            name.clone()
        } else {
            name.replace(odd, "?")
        };
        self.state.helo = Some(name);
        if !self.flag(param!("smtpd_delay_reject"))
            && let Some(reply) = self.restrict(ctx, stages::helo)
        {
            self.state.helo = None;
            self.reply(ctx, &reply);
            return false;
        }
        self.state.helo = Some(clean);
        true
    }

    pub(super) fn helo(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if words.len() < 2 {
            return self.refuse(ctx, "501 Syntax: HELO hostname");
        }
        self.reset_mail(ctx);
        if !self.take_name(ctx, words) {
            return false;
        }
        self.milter_event(ctx);
        let name = self.proc.conf.get(param!("myhostname"));
        self.reply(ctx, &format!("250 {name}"));
        true
    }

    pub(super) fn ehlo(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if words.len() < 2 {
            return self.refuse(ctx, "501 Syntax: EHLO hostname");
        }
        self.reset_mail(ctx);
        if !self.take_name(ctx, words) {
            return false;
        }
        self.milter_event(ctx);
        self.state.protocol = Some("ESMTP".into());
        if self.mask_failed {
            return self.cannot_announce(ctx, None);
        }
        if self.sasl_active && self.authorizes(ctx, "smtpd_sasl_exceptions_networks").is_err() {
            return self.cannot_announce(ctx, Some("AUTH"));
        }
        let verp = self.authorizes(ctx, "smtpd_authorized_verp_clients");
        if let Some(feature) = verp.map_or(Some("XVERP"), |_| self.unsure) {
            return self.cannot_announce(ctx, Some(feature));
        }
        if !self.ehlo_mask.is_empty() && !self.ehlo_mask.iter().any(|m| m == "silent-discard") {
            let named = |k: &&&str| self.ehlo_mask.iter().any(|m| m.eq_ignore_ascii_case(k));
            let keywords: Vec<&str> = KEYWORDS.iter().filter(named).copied().collect();
            if !keywords.is_empty() {
                self.log(ctx, Smtpd::DiscardingEhlo { keywords: keywords.join(" ") });
            }
        }
        let lines = self.keywords(ctx);
        let last = lines.len() - 1;
        let text: Vec<String> = lines
            .into_iter()
            .enumerate()
            .map(|(i, l)| format!("250{}{l}", if i == last { ' ' } else { '-' }))
            .collect();
        self.reply(ctx, &text.join("\n"));
        true
    }

    /// A table of hosts that cannot be searched: nobody knows what the client may be told.
    fn cannot_announce(&mut self, ctx: &mut Ctx<'_>, feature: Option<&'static str>) -> bool {
        let client = self.state.namaddr();
        self.log(ctx, Smtpd::CannotAnnounce { feature, client });
        self.data_error(ctx);
        false
    }

    /// The session ends over a table that cannot be searched.
    pub(super) fn data_error(&mut self, ctx: &mut Ctx<'_>) {
        let text = format!("421 4.3.0 {} Server local data error", self.proc.conf.get(param!("myhostname")));
        let s = &self.state;
        let (qid, stage, client) = (s.queue_id.clone(), s.stage.clone(), s.namaddr());
        self.log(ctx, Smtpd::DataError { qid, stage, client, reply: text.clone() });
        self.state.note(ErrorClass::Data);
        self.reply(ctx, &text);
        self.finish(ctx, None);
    }

    /// `smtpd_command_filter`: what a command becomes before it is looked at. `None`: the session has ended.
    pub(super) fn filter_command(&mut self, ctx: &mut Ctx<'_>, text: String) -> Option<String> {
        if self.proc.conf.is_empty(param!("smtpd_command_filter")) {
            return Some(text);
        }
        let tables = Live { ctx, proc: &self.proc }.tables(Maps::Param("smtpd_command_filter"));
        let Some(table) = tables.dicts.first() else { return Some(text) };
        let mut say = Say::new();
        let found = table.get(ctx.host, &text, &mut say);
        for event in say {
            self.proc.log(ctx.host, event);
        }
        match found {
            Ok(None) => Some(text),
            Ok(Some(with)) => {
                let client = self.state.namaddr();
                self.log(ctx, Smtpd::ReplacingCommand { client, command: text, with: with.clone() });
                Some(with)
            }
            Err(_) => {
                self.data_error(ctx);
                None
            }
        }
    }

    /// Looks up what the client is not told of (`smtpd_discard_ehlo_keyword…`), when the session starts: it counts for those who
    /// say HELO, or nothing, too.
    pub(super) fn look_up_mask(&mut self, ctx: &mut Ctx<'_>) {
        let mut live = Live { ctx, proc: &self.proc };
        let mut list = live.param("smtpd_discard_ehlo_keywords");
        self.mask_failed = false;
        if !live.param("smtpd_discard_ehlo_keyword_address_maps").is_empty() {
            match live.find(Maps::Param("smtpd_discard_ehlo_keyword_address_maps"), &self.state.addr, false) {
                Ok(found) => list = found.unwrap_or(list),
                Err(Failed) => self.mask_failed = true,
            }
        }
        self.ehlo_mask = safety::split(&list).iter().map(|w| w.to_ascii_lowercase()).collect();
    }

    fn keywords(&self, ctx: &mut Ctx<'_>) -> Vec<String> {
        let none = self.milter_refuses();
        let off = |k: &str| none && k != "enhancedstatuscodes" || self.ehlo_mask.iter().any(|m| m == k);
        let mut out = vec![self.proc.conf.get(param!("myhostname"))];
        let mut add = |key: &str, text: String| {
            if !off(key) {
                out.push(text);
            }
        };
        add("pipelining", "PIPELINING".into());
        let limit = self.int(param!("message_size_limit"));
        add("size", if limit > 0 { format!("SIZE {limit}") } else { "SIZE".into() });
        if !self.flag(param!("disable_vrfy_command")) {
            add("vrfy", "VRFY".into());
        }
        add("etrn", "ETRN".into());
        if self.tls_offered() && self.state.tls.is_none() {
            add("starttls", "STARTTLS".into());
        }
        if let Some(mechanisms) = self.offered_mechanisms(ctx) {
            add("auth", format!("AUTH {mechanisms}"));
            if self.flag(param!("broken_sasl_auth_clients")) {
                add("auth", format!("AUTH={mechanisms}"));
            }
        }
        if self.is_authorized(ctx, "smtpd_authorized_verp_clients") {
            add("verp", "XVERP".into());
        }
        if self.may_xclient {
            add("xclient", "XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT".into());
        }
        if self.may_xforward {
            add("xforward", "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT".into());
        }
        add("enhancedstatuscodes", "ENHANCEDSTATUSCODES".into());
        add("8bitmime", "8BITMIME".into());
        add("dsn", "DSN".into());
        if self.flag(param!("smtputf8_enable")) {
            add("smtputf8", "SMTPUTF8".into());
        }
        add("chunking", "CHUNKING".into());
        out
    }

    /// Whether a list of hosts holds the client.
    pub(super) fn is_authorized(&self, ctx: &mut Ctx<'_>, param: &str) -> bool {
        self.authorizes(ctx, param) == Ok(true)
    }

    /// The same; `Err`: nobody knows.
    pub(super) fn authorizes(&self, ctx: &mut Ctx<'_>, param: &str) -> Result<bool, Failed> {
        let mut live = Live { ctx, proc: &self.proc };
        if live.param(param).is_empty() {
            return Ok(false);
        }
        live.matches(param, Who::Host(&self.state.name, &self.state.addr))
    }
}
