//! DATA and BDAT: taking the message in and handing it to cleanup(8).

use super::token::Token;
use super::{Mode, Session, Transaction};
use crate::base::text;
use crate::log::smtpd::Smtpd;
use crate::postfix::Ctx;
use crate::postfix::address;
use crate::postfix::cleanup::{self, CleanupStatus, Client, Origin, Stat, Submission, header};
use crate::postfix::params::param;
use crate::postfix::restriction::stages;
use crate::postfix::restriction::state::ErrorClass;

impl Session {
    /// What DATA and BDAT check first.
    fn ready_for_message(&mut self) -> bool {
        if self.state.rcpt_count > 0 {
            return true;
        }
        let text = if self.state.sender.is_none() {
            "503 5.5.1 Error: need RCPT command"
        } else {
            "554 5.5.1 Error: no valid recipients"
        };
        self.refusal = Some(text.to_owned());
        false
    }

    pub(super) fn data(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if self.mail.bdat {
            return self.refuse(ctx, "503 5.5.1 Error: DATA after BDAT");
        }
        if !self.ready_for_message() {
            let text = self.refusal.take().unwrap_or_default();
            return self.refuse(ctx, &text);
        }
        if words.len() != 1 {
            return self.refuse(ctx, "501 5.5.4 Syntax: DATA");
        }
        if !self.enter_message(ctx) {
            let text = self.refusal.take().unwrap_or_default();
            self.reply(ctx, &text);
            return false;
        }
        self.reply(ctx, "354 End data with <CR><LF>.<CR><LF>");
        self.mode = Mode::Data;
        true
    }

    fn enter_message(&mut self, ctx: &mut Ctx<'_>) -> bool {
        self.refusal = self.restrict(ctx, stages::data);
        if self.refusal.is_none() && !self.crashes(ctx) {
            self.milter_hold(ctx);
        }
        self.refusal.is_none() && self.mode != Mode::Closed
    }

    /// Recipients of a refused message still count, but nobody at cleanup takes what comes now: Postfix 3.7 does not look
    /// there, and dies of it.
    fn crashes(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let lost = self.state.queue_id.is_none() && self.alone.is_none();
        if lost {
            self.crash(ctx);
        }
        lost
    }

    /// Takes lines up to the dot. `false`: more is to come.
    pub(super) fn take_data(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let limit = self.int(param!("message_size_limit")).max(0) as u64;
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        while let Some(end) = text::line_end(rest) {
            let mut line = &rest[..end];
            rest = &rest[end + 1..];
            if let [head @ .., b'\r'] = line {
                line = head;
            }
            if line == b"." {
                self.input = rest.to_vec();
                self.mode = Mode::Command;
                self.state.stage = "END-OF-MESSAGE".into();
                self.end_of_message(ctx, super::tally::Command::Data);
                return true;
            }
            let line = line.strip_prefix(b".").unwrap_or(line);
            self.add_line(ctx, line, limit);
        }
        self.input = rest.to_vec();
        self.state.stage = format!("DATA ({} bytes)", self.mail.size);
        false
    }

    fn add_line(&mut self, ctx: &mut Ctx<'_>, line: &[u8], limit: u64) {
        self.mail.size += line.len() as u64 + 2;
        if limit > 0 && self.mail.size > limit {
            if !self.mail.too_big {
                self.mail.too_big = true;
                let qid = self.state.queue_id.clone().unwrap_or_default();
                self.log(ctx, Smtpd::SizeLimit { qid });
            }
            return;
        }
        self.mail.content.extend_from_slice(line);
        self.mail.content.push(b'\n');
    }

    pub(super) fn bdat(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>], line: &str) -> bool {
        if self.ehlo_mask.iter().any(|k| k == "chunking") {
            self.refuse(ctx, "521 5.5.1 Error: command not implemented");
            self.finish(ctx, None);
            return false;
        }
        let size = words
            .get(1)
            .and_then(|w| w.text.parse::<usize>().ok().filter(|_| w.text.bytes().all(|b| b.is_ascii_digit())));
        let last = words.len() == 3 && words[2].text.eq_ignore_ascii_case("LAST");
        let (Some(size), true) = (size, words.len() == 2 || last) else {
            let (client, qid) = (self.state.namaddr(), self.state.queue_id.clone());
            self.log(ctx, Smtpd::BadBdat { qid, client, args: line.chars().take(100).collect() });
            self.refuse(ctx, "521 5.5.4 Syntax: BDAT count [LAST]");
            self.finish(ctx, None);
            return false;
        };
        // The chunk comes whatever the answer is, so a refusal is said after it.
        self.mail.chunk = size;
        self.mode = Mode::Chunk(size, last);
        if !self.mail.bdat && !self.mail.bdat_failed {
            if !self.ready_for_message() || !self.enter_message(ctx) {
                self.mail.bdat_failed = true;
                return false;
            }
            self.mail.bdat = true;
        } else if self.mail.bdat && self.crashes(ctx) {
            return false;
        } else if self.mail.bdat_failed {
            self.refusal = Some(format!("551 5.0.0 Discarded {size} bytes after earlier error"));
            return false;
        }
        true
    }

    /// Takes bytes of a chunk. `false`: more is to come.
    pub(super) fn take_chunk(&mut self, ctx: &mut Ctx<'_>, left: usize, last: bool) -> bool {
        let take = left.min(self.input.len());
        let bytes: Vec<u8> = self.input.drain(..take).collect();
        let limit = self.int(param!("message_size_limit")).max(0) as u64;
        if !self.mail.bdat_failed {
            for b in bytes {
                if b == b'\n' {
                    let mut line = std::mem::take(&mut self.mail.partial);
                    if line.last() == Some(&b'\r') {
                        line.pop();
                    }
                    self.add_line(ctx, &line, limit);
                } else if (self.mail.partial.len() as u64) <= limit {
                    self.mail.partial.push(b);
                }
            }
        }
        if take < left {
            self.mode = Mode::Chunk(left - take, last);
            if !self.mail.bdat_failed {
                self.state.stage = format!("BDAT ({} bytes)", self.mail.size);
            }
            return false;
        }
        self.mode = Mode::Command;
        self.state.stage = "BDAT".into();
        if self.mail.bdat_failed {
            let text = self.refusal.take().unwrap_or_default();
            self.refuse(ctx, &text);
            self.errors += 1;
            if last {
                self.forget_sender(ctx);
            }
            self.after_command(ctx);
            return true;
        }
        if last {
            let line = std::mem::take(&mut self.mail.partial);
            if !line.is_empty() {
                self.add_line(ctx, &line, limit);
            }
            self.state.stage = "END-OF-MESSAGE".into();
            self.end_of_message(ctx, super::tally::Command::Bdat);
        } else {
            let size = self.mail.chunk;
            self.state.stage = format!("BDAT ({} bytes)", self.mail.size);
            self.reply(ctx, &format!("250 2.0.0 Ok: {size} bytes"));
            self.tally.success(super::tally::Command::Bdat);
            self.after_command(ctx);
        }
        true
    }

    /// The message is complete: restrictions, cleanup, the reply.
    fn end_of_message(&mut self, ctx: &mut Ctx<'_>, cmd: super::tally::Command) {
        self.state.message_size = self.mail.size;
        let before = self.state.actions.discard;
        let rejection = if self.mail.too_big { None } else { self.restrict(ctx, stages::end_of_data) };
        if let Some(reply) = rejection {
            self.abandon(ctx, false);
            self.reply(ctx, &reply);
            self.errors += 1;
            self.keep_transaction();
            return self.after_command(ctx);
        }
        let actions = &mut self.state.actions;
        actions.late_discard = actions.discard && !before;
        let ok = self.hand_over(ctx);
        self.reset_mail(ctx);
        if ok {
            self.tally.success(cmd);
        } else {
            self.errors += 1;
        }
        self.after_command(ctx);
    }

    /// What a refused message leaves: its sender, and the number of its recipients. cleanup is told of the next one's only.
    fn keep_transaction(&mut self) {
        let (arrival, bdat) = (self.mail.arrival, self.mail.bdat);
        self.mail = Transaction { arrival, bdat, ..Transaction::default() };
        self.state.queue_id = None;
    }

    /// Gives the message to cleanup and says how it went.
    fn hand_over(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let qid = self.state.queue_id.clone().unwrap_or_default();
        let size = self.mail.size;
        let was_bdat = self.mail.bdat;
        let status = if self.mail.too_big {
            self.abandon(ctx, true);
            CleanupStatus::fail(Stat::Size)
        } else {
            let m = self.submission(&qid);
            if self.alone.is_some() { self.post(ctx, &m) } else { cleanup::submit(ctx, m) }
        };
        let (stat, reason) = match status {
            CleanupStatus::Ok => {
                self.errors = 0;
                self.junk = 0;
                self.state.errors.clear();
                let text = if was_bdat {
                    format!("250 2.0.0 Ok: {size} bytes queued as {qid}")
                } else {
                    format!("250 2.0.0 Ok: queued as {qid}")
                };
                self.reply(ctx, &text);
                return true;
            }
            CleanupStatus::Fail { stat, reason } => (stat, reason),
        };
        let class = match stat {
            Stat::Bad | Stat::Proxy => ErrorClass::Software,
            Stat::Write => ErrorClass::Resource,
            Stat::Size | Stat::Hops | Stat::Rcpt => ErrorClass::Bounce,
            _ => ErrorClass::Policy,
        };
        self.state.note(class);
        let d = stat.detail();
        let is_reply =
            reason.len() > 4 && reason.as_bytes()[..3].iter().all(u8::is_ascii_digit) && reason.as_bytes()[3] == b' ';
        let text = if is_reply {
            reason
        } else if reason.is_empty() {
            format!("{} {} Error: {}", d.code, d.dsn, d.text)
        } else {
            format!("{} {reason}", d.code)
        };
        self.reply(ctx, &text);
        false
    }

    /// The message is not wanted after all: cleanup has seen what came so far.
    pub(super) fn abandon(&mut self, ctx: &mut Ctx<'_>, close_error: bool) {
        if let Some(user) = &mut self.alone {
            user.abandon(close_error);
        } else if let Some(qid) = self.state.queue_id.clone()
            && !header::split(&text::lossy(&self.mail.content)).1.is_empty()
        {
            let m = self.submission(&qid);
            cleanup::abandon(ctx, m, close_error);
        }
    }

    fn submission(&mut self, qid: &str) -> Submission {
        let mut content = Vec::with_capacity(self.mail.content.len() + 300);
        for line in &self.state.prepend {
            content.extend_from_slice(line.as_bytes());
            content.push(b'\n');
        }
        content.extend_from_slice(self.received(qid).as_bytes());
        let mut body = std::mem::take(&mut self.mail.content);
        mailbox_lines(&mut body, &mut content);
        content.append(&mut body);
        let s = &self.state;
        Submission {
            qid: qid.to_owned(),
            origin: Origin::Smtpd,
            service: self.proc.conf.get(param!("cleanup_service_name")),
            arrival: self.mail.arrival,
            sender: s.sender.clone().unwrap_or_default(),
            recipients: std::mem::take(&mut self.mail.recipients),
            content,
            client: Some(Client {
                name: s.name.clone(),
                reverse_name: s.reverse_name.clone(),
                addr: self.client,
                port: s.port.parse().unwrap_or(0),
                helo: s.helo.clone().unwrap_or_default(),
                proto: s.protocol.clone().unwrap_or_default(),
            }),
            sasl_method: s.sasl_method.clone(),
            sasl_username: s.sasl_username.clone(),
            sasl_sender: s.sasl_sender.clone(),
            encoding: self.mail.encoding.clone(),
            smtputf8: self.mail.smtputf8,
            ret: self.mail.ret,
            envid: self.mail.envid.clone(),
            actions: s.actions.clone(),
            local_rewrite: self.mail.local_rewrite,
            receive_override: self.proc.conf.get(param!("receive_override_options")),
            tls: s.tls.is_some(),
            ..Submission::default()
        }
    }

    /// The Received: header.
    fn received(&self, qid: &str) -> String {
        let s = &self.state;
        let helo = s.helo.as_deref().unwrap_or(&s.name);
        let addr = if self.client.is_ipv6() { format!("IPv6:{}", s.addr) } else { s.addr.clone() };
        let mut h = ["Received: from ", helo, " (", &s.name, " [", &addr, "])\n", &self.received_tls()].concat();
        if self.flag(param!("smtpd_sasl_authenticated_header")) && !s.sasl_username.is_empty() {
            h += &format!("\t(Authenticated sender: {})\n", s.sasl_username);
        }
        let proto = s.protocol.as_deref().unwrap_or("SMTP");
        let utf8 = self.mail.smtputf8;
        let (protocol, name) = if utf8 { ("UTF8", "SMTP") } else { ("", proto) };
        let tls = if s.tls.is_some() { "S" } else { "" };
        let sasl = if s.sasl_username.is_empty() { "" } else { "A" };
        let (by, software) = (self.proc.conf.get(param!("myhostname")), self.proc.conf.get(param!("mail_name")));
        for part in ["\tby ", &by, " (", &software, ") with ", protocol, name, tls, sasl, " id ", qid] {
            h.push_str(part);
        }
        let date = self.mail.arrival.rfc5322();
        match self.mail.recipients.first() {
            Some(r) if s.rcpt_count == 1 => {
                h += &["\n\tfor <", &address::quote(&r.address), ">; ", &date, "\n"].concat();
            }
            _ => h += &format!(";\n\t{date}\n"),
        }
        h
    }
}

/// The From_ lines of a mailbox before a message become headers.
fn mailbox_lines(body: &mut Vec<u8>, out: &mut Vec<u8>) {
    loop {
        let bare = body.iter().position(|b| *b != b'>').unwrap_or(body.len());
        if !body[bare..].starts_with(b"From ") {
            return;
        }
        let end = body.iter().position(|b| *b == b'\n').map_or(body.len(), |i| i + 1);
        out.extend_from_slice(b"X-Mailbox-Line: ");
        out.extend(body.drain(..end));
    }
}
