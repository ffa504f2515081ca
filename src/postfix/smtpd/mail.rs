//! MAIL FROM with its options.

use super::Session;
use super::token::Token;
use crate::log::smtpd::Rate;
use crate::postfix::Ctx;
use crate::postfix::cleanup::Ret;
use crate::postfix::params::param;
use crate::postfix::restriction::stages;
use crate::postfix::restriction::state::ErrorClass;

/// Whether a value is xtext (RFC 3461): `+` is followed by two hexadecimal digits.
pub(super) fn is_xtext(text: &str) -> bool {
    let b = text.as_bytes();
    let mut i = 0;
    while i < b.len() {
        match b[i] {
            b'+' => {
                if !b.get(i + 1..i + 3).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit)) {
                    return false;
                }
                i += 2;
            }
            33..=126 => {}
            128.. => {}
            _ => return false,
        }
        i += 1;
    }
    true
}

impl Session {
    /// `name=value` of an option, when it is `name`.
    pub(super) fn option<'a>(arg: &'a str, name: &str) -> Option<&'a str> {
        let (n, v) = arg.split_once('=')?;
        n.eq_ignore_ascii_case(name).then_some(v)
    }

    pub(super) fn mail(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        self.mail.encoding.clear();
        self.mail.ret = None;
        self.mail.smtputf8 = false;
        if self.flag(param!("smtpd_helo_required")) && self.state.helo.is_none() {
            return self.refuse(ctx, "503 5.5.1 Error: send HELO/EHLO first");
        }
        if self.state.sender.is_some() {
            return self.refuse(ctx, "503 5.5.1 Error: nested MAIL command");
        }
        if words.len() < 3 || !words[1].text.eq_ignore_ascii_case("from:") {
            return self.refuse(ctx, "501 5.5.4 Syntax: MAIL FROM:<address>");
        }
        if self.over_rate(ctx, Rate::Message, "smtpd_client_message_rate_limit") {
            let text = format!("450 4.7.1 Error: too much mail from {}", self.state.addr);
            self.state.note(ErrorClass::Policy);
            self.reply(ctx, &text);
            return false;
        }
        if words[2].broken {
            return self.refuse(ctx, "501 5.1.7 Bad sender address syntax");
        }
        let Some(sender) = self.extract(ctx, words[2].text, true) else {
            return self.refuse(ctx, "501 5.1.7 Bad sender address syntax");
        };
        self.mail.envid.clear();
        for word in &words[3..] {
            if let Err(reply) = self.mail_option(ctx, word.text, &sender) {
                return self.refuse(ctx, &reply);
            }
        }
        let declared = self.state.message_size;
        self.state.sender = Some(sender.clone());
        let rejection = self.check(ctx, |s, e| stages::size(s, e, declared));
        self.state.sender = None;
        if let Some(reply) = rejection {
            self.reply(ctx, &reply);
            return false;
        }
        if !self.flag(param!("smtpd_delay_reject")) {
            self.state.sender = Some(sender.clone());
            let rejection = self.restrict(ctx, stages::mail);
            self.state.sender = None;
            if let Some(reply) = rejection {
                self.reply(ctx, &reply);
                return false;
            }
        }
        self.state.sender = Some(sender.clone());
        let rejection = self.milter_event(ctx);
        self.state.sender = None;
        if let Some(reply) = rejection {
            self.reply(ctx, &reply);
            return false;
        }
        match self.check(ctx, |s, e| stages::rewrite(s, e)) {
            Ok(local) => self.mail.local_rewrite = local,
            Err(reply) => {
                self.reply(ctx, &reply);
                return false;
            }
        }
        if !sender.is_ascii() && !self.mail.smtputf8 && self.flag(param!("strict_smtputf8")) {
            return self.refuse(ctx, "553 5.6.7 Must declare SMTPUTF8 to send unicode address");
        }
        let free = ctx.host.fs.mount_of("/var/spool/postfix").free_for(&crate::host::Cred {
            uid: 1,
            gid: 1,
            groups: Vec::new(),
        });
        if let Some(reply) = self.check(ctx, |s, e| stages::queue_space(s, e, free)) {
            self.reply(ctx, &reply);
            return false;
        }
        self.mail.arrival = ctx.host.now;
        self.state.sender = Some(sender);
        self.reply(ctx, "250 2.1.0 Ok");
        true
    }

    fn mail_option(&mut self, ctx: &mut Ctx<'_>, arg: &str, sender: &str) -> Result<(), String> {
        let no_dsn = self.ehlo_mask.iter().any(|m| m == "dsn");
        let upper = arg.to_ascii_uppercase();
        match upper.as_str() {
            "BODY=8BITMIME" => self.mail.encoding = "8bit".into(),
            "BODY=7BIT" => self.mail.encoding = "7bit".into(),
            "SMTPUTF8" if self.flag(param!("smtputf8_enable")) => self.mail.smtputf8 = true,
            _ => {
                if let Some(v) = Self::option(arg, "SIZE") {
                    if v.is_empty() || !v.bytes().all(|b| b.is_ascii_digit()) {
                        return Err("501 5.5.4 Bad message size syntax".into());
                    }
                    match v.parse::<u64>() {
                        Ok(n) if i64::try_from(n).is_ok() => self.state.message_size = n,
                        _ => return Err("552 5.3.4 Message size exceeds file system imposed limit".into()),
                    }
                } else if let Some(v) = Self::option(arg, "AUTH") {
                    self.sasl_mail_option(v)?;
                } else if let Some(v) = Self::option(arg, "RET") {
                    if no_dsn {
                        return Err("501 5.7.1 DSN support is disabled".into());
                    }
                    let ret = match v.to_ascii_uppercase().as_str() {
                        "FULL" => Ret::Full,
                        "HDRS" => Ret::Headers,
                        _ => return Err("501 5.5.4 Bad RET parameter syntax".into()),
                    };
                    if self.mail.ret.replace(ret).is_some() {
                        return Err("501 5.5.4 Bad RET parameter syntax".into());
                    }
                } else if let Some(v) = Self::option(arg, "ENVID") {
                    if no_dsn {
                        return Err("501 5.7.1 DSN support is disabled".into());
                    }
                    if !self.mail.envid.is_empty() || !is_xtext(v) {
                        return Err("501 5.5.4 Bad ENVID parameter syntax".into());
                    }
                    self.mail.envid = v.into();
                } else if upper.starts_with("XVERP") && self.is_authorized(ctx, "smtpd_authorized_verp_clients") {
                    if sender.is_empty() {
                        return Err("503 5.5.4 Error: XVERP requires non-null sender".into());
                    }
                    self.mail.verp = arg.get(6..).unwrap_or("+=").into();
                } else {
                    return Err(format!("555 5.5.4 Unsupported option: {arg}"));
                }
            }
        }
        Ok(())
    }

    /// AUTH= of MAIL FROM (RFC 4954): noted when the client is logged in.
    fn sasl_mail_option(&mut self, value: &str) -> Result<(), String> {
        if !self.sasl_active {
            return Ok(());
        }
        if !self.state.sasl_sender.is_empty() {
            return Err("503 5.5.4 Error: multiple AUTH= options".into());
        }
        if !is_xtext(value) {
            return Err("501 5.5.4 Error: bad AUTH= option".into());
        }
        if value != "<>" {
            value.clone_into(&mut self.state.sasl_sender);
        }
        Ok(())
    }
}
