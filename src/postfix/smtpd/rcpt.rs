//! RCPT TO with its options; the first accepted recipient begins the queue file.

use super::Session;
use super::mail::is_xtext;
use super::token::Token;
use crate::log::smtpd::{Fatal, Rate, Smtpd};
use crate::postfix::Ctx;
use crate::postfix::cleanup::{Recipient, notify};
use crate::postfix::params::param;
use crate::postfix::queue_file;
use crate::postfix::restriction::stages;
use crate::postfix::restriction::state::ErrorClass;
use crate::postfix::startup;

/// `NOTIFY=` as flags; `Err` is the word that is none.
fn notify_mask(value: &str) -> Result<u32, String> {
    let mut mask = 0;
    for word in value.split(',') {
        mask |= match word.to_ascii_uppercase().as_str() {
            "NEVER" => notify::NEVER,
            "SUCCESS" => notify::SUCCESS,
            "FAILURE" => notify::FAILURE,
            "DELAY" => notify::DELAY,
            _ => return Err(word.to_owned()),
        };
    }
    if mask & notify::NEVER != 0 && mask != notify::NEVER { Ok(0) } else { Ok(mask) }
}

impl Session {
    pub(super) fn rcpt(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if self.state.sender.is_none() {
            return self.refuse(ctx, "503 5.5.1 Error: need MAIL command");
        }
        if self.mail.bdat {
            return self.refuse(ctx, "503 5.5.1 Error: RCPT after BDAT");
        }
        if words.len() < 3 || !words[1].text.eq_ignore_ascii_case("to:") {
            return self.refuse(ctx, "501 5.5.4 Syntax: RCPT TO:<address>");
        }
        if self.over_rate(ctx, Rate::Recipient, "smtpd_client_recipient_rate_limit") {
            let text = format!("450 4.7.1 Error: too many recipients from {}", self.state.addr);
            self.state.note(ErrorClass::Policy);
            self.reply(ctx, &text);
            return false;
        }
        if words[2].broken {
            return self.refuse(ctx, "501 5.1.3 Bad recipient address syntax");
        }
        let Some(address) = self.extract(ctx, words[2].text, false) else {
            return self.refuse(ctx, "501 5.1.3 Bad recipient address syntax");
        };
        let mut r = Recipient::new(address.clone());
        for word in &words[3..] {
            if let Err(reply) = self.rcpt_option(ctx, word.text, &mut r) {
                return self.refuse(ctx, &reply);
            }
        }
        if r.orcpt.is_empty() {
            let text = words[2].text;
            let bare = text.strip_prefix('<').map_or(text, |t| t.strip_suffix('>').unwrap_or(t));
            let shown = |c: char| if c.is_control() { '?' } else { c };
            r.orcpt = format!("rfc822;{}", bare.chars().map(shown).collect::<String>());
        }
        let limit = self.int(param!("smtpd_recipient_limit"));
        if limit > 0 && self.state.rcpt_count as i64 >= limit {
            self.reply(ctx, "452 4.5.3 Error: too many recipients");
            self.mail.overshoot += 1;
            if self.mail.overshoot <= self.int(param!("smtpd_recipient_overshoot_limit")) {
                return true;
            }
            self.state.note(ErrorClass::Policy);
            return false;
        }
        let first = self.state.recipient.replace(address.clone());
        let rejection = self.restrict(ctx, stages::rcpt);
        self.state.recipient = first;
        if self.state.hangup && rejection.is_none() {
            return false;
        }
        if let Some(reply) = rejection {
            self.reply(ctx, &reply);
            return false;
        }
        let first = self.state.recipient.replace(address.clone());
        self.milter_hold(ctx);
        self.state.recipient = first;
        if !self.open_queue_file(ctx) {
            return false;
        }
        self.mail.recipients.push(r);
        self.state.rcpt_count += 1;
        if self.state.recipient.is_none() {
            self.state.recipient = Some(address);
        }
        self.reply(ctx, "250 2.1.5 Ok");
        true
    }

    fn rcpt_option(&mut self, ctx: &mut Ctx<'_>, arg: &str, r: &mut Recipient) -> Result<(), String> {
        let no_dsn = self.ehlo_mask.iter().any(|m| m == "dsn");
        if let Some(v) = Self::option(arg, "NOTIFY") {
            if no_dsn {
                return Err("501 5.7.1 DSN support is disabled".into());
            }
            let bad = || "501 5.5.4 Error: Bad NOTIFY parameter syntax".to_owned();
            match notify_mask(v) {
                Ok(mask) if mask != 0 && r.notify == 0 => r.notify = mask,
                Ok(_) => return Err(bad()),
                Err(word) => {
                    self.log(ctx, Smtpd::UnknownNotify { word, whole: v.into() });
                    return Err(bad());
                }
            }
        } else if let Some(v) = Self::option(arg, "ORCPT") {
            if no_dsn {
                return Err("501 5.7.1 DSN support is disabled".into());
            }
            let good = v.split_once(';').is_some_and(|(t, a)| !t.is_empty() && !a.is_empty() && is_xtext(a));
            if !r.orcpt.is_empty() || !good {
                return Err("501 5.5.4 Error: Bad ORCPT parameter syntax".into());
            }
            r.orcpt = v.into();
        } else {
            return Err(format!("555 5.5.4 Unsupported option: {arg}"));
        }
        Ok(())
    }

    /// The queue id, and the line that ties it to the client.
    fn open_queue_file(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.state.queue_id.is_some() {
            return true;
        }
        if let Some(fatal) = self.utf8_sources() {
            self.die(ctx, fatal);
            return false;
        }
        let qid = queue_file::new_id(ctx.host, self.flag(param!("enable_long_queue_ids")));
        if self.may_wait {
            let service = self.proc.conf.get(param!("cleanup_service_name"));
            if self.lacks(ctx, &format!("public/{service}")) {
                return false;
            }
        }
        let s = &self.state;
        let event = Smtpd::Client {
            qid: qid.clone(),
            client: s.namaddr(),
            sasl_method: s.sasl_method.clone(),
            sasl_username: s.sasl_username.clone(),
            sasl_sender: s.sasl_sender.clone(),
            origin: self.origin(),
        };
        self.log(ctx, event);
        self.state.queue_id = Some(qid);
        true
    }

    /// A word of `smtputf8_autodetect_classes` that is no source of mail.
    fn utf8_sources(&self) -> Option<Fatal> {
        const KNOWN: [&str; 8] = ["sendmail", "smtpd", "qmqpd", "forward", "bounce", "notify", "verify", "all"];
        let name = "smtputf8_autodetect_classes";
        let word = startup::unknown_word(&self.proc.conf, name, &KNOWN)?;
        Some(Fatal::UnknownWord { name: name.into(), word, value: self.proc.conf.get(name) })
    }
}
