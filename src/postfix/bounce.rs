//! bounce(8): non-delivery, delay and delivery status notifications as real messages, and copies for postmaster.
//!
//! The texts are the built-in templates of bounce(5). Left out: `bounce_template_file`, VERP.

use super::Ctx;
use super::agent::{self, Proc, quote_local};
use super::cleanup::{Origin, notify, post_mail};
use super::mail_queue::{self, LogEntry};
use super::queue_file::{self, Envelope, Rcpt};
use crate::log::bounce::{Bounce as Log, Notice};

/// Which notification is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Failure,
    Delay,
    /// The report that sendmail -bv and -v asked for.
    Verify,
    Success,
}

struct Report<'a> {
    qid: &'a str,
    env: &'a Envelope,
    entries: Vec<LogEntry>,
    kind: Kind,
    content: String,
    wide: bool,
    host: String,
    mail_name: String,
    boundary: String,
    hours: i64,
}

/// Whether a delivered recipient asked for a report.
pub fn wants_success(e: &Envelope, r: &Rcpt) -> bool {
    r.notify & notify::SUCCESS != 0 || e.attr("trace_flags") == "1024"
}

/// Sends the non-delivery notification for the bounce log of a message, and forgets the log.
pub fn flush(ctx: &mut Ctx<'_>, queue: &'static str, qid: &str, e: &Envelope) {
    let entries = mail_queue::read_log(ctx.host, "bounce", qid);
    if !entries.is_empty() {
        send_failure(ctx, queue, qid, e, entries);
    }
    mail_queue::remove(ctx.host, "bounce", qid);
}

/// The message is too old: what the defer log says becomes final.
pub fn expire(ctx: &mut Ctx<'_>, queue: &'static str, qid: &str, e: &Envelope) {
    let entries: Vec<LogEntry> = mail_queue::read_log(ctx.host, "defer", qid)
        .into_iter()
        .filter(|x| x.notify == 0 || x.notify & notify::FAILURE != 0)
        .collect();
    if !entries.is_empty() {
        send_failure(ctx, queue, qid, e, entries);
    }
    mail_queue::remove(ctx.host, "defer", qid);
}

fn send_failure(ctx: &mut Ctx<'_>, queue: &'static str, qid: &str, e: &Envelope, entries: Vec<LogEntry>) {
    let Some(p) = agent::acquire(ctx, "bounce") else { return };
    let double = format!("{}@{}", p.conf.get("double_bounce_sender"), p.conf.get("myhostname"));
    let classes = p.conf.list("notify_classes");
    let has = |c: &str| classes.iter().any(|x| x == c);
    let is_double = e.sender.eq_ignore_ascii_case(&double)
        || e.sender.split('@').next().is_some_and(|l| l.eq_ignore_ascii_case(&p.conf.get("double_bounce_sender")));
    let mut r = report(ctx, &p, queue, qid, e, entries, Kind::Failure);
    if is_double {
        p.log(ctx, Log::Discarded { qid: qid.into() });
    } else if e.sender.is_empty() {
        if has("2bounce") {
            let to = p.conf.get("2bounce_notice_recipient");
            postmaster(ctx, &p, &mut r, &to, "Postmaster Copy: Undelivered Mail", false);
        }
    } else {
        let full = e.ret != Some(2);
        let part = if full { Part::Message } else { Part::Headers };
        if let Some(new_qid) = sender(ctx, &p, &r, "Undelivered Mail Returned to Sender", part) {
            p.log(ctx, Log::Sender { qid: qid.into(), notice: Notice::NonDelivery, new_qid });
        }
        if has("bounce") {
            let to = p.conf.get("bounce_notice_recipient");
            postmaster(ctx, &p, &mut r, &to, "Postmaster Copy: Undelivered Mail", true);
        }
    }
    agent::release(ctx, &p);
}

/// The delay warning.
pub fn warn(ctx: &mut Ctx<'_>, queue: &'static str, qid: &str, e: &Envelope) {
    let entries: Vec<LogEntry> = mail_queue::read_log(ctx.host, "defer", qid)
        .into_iter()
        .filter(|x| x.notify == 0 || x.notify & notify::DELAY != 0)
        .collect();
    if entries.is_empty() || e.sender.is_empty() {
        return;
    }
    let Some(p) = agent::acquire(ctx, "defer") else { return };
    let mut r = report(ctx, &p, queue, qid, e, entries, Kind::Delay);
    if r.hours == 0 {
        for n in 0..3 {
            p.log(ctx, Log::ZeroHours(n));
        }
    }
    if let Some(new_qid) = sender(ctx, &p, &r, "Delayed Mail (still being retried)", Part::Headers) {
        p.log(ctx, Log::Sender { qid: qid.into(), notice: Notice::Delay, new_qid });
    }
    if p.conf.list("notify_classes").iter().any(|c| c == "delay") {
        let to = p.conf.get("delay_notice_recipient");
        postmaster(ctx, &p, &mut r, &to, "Postmaster Warning: Delayed Mail", true);
    }
    agent::release(ctx, &p);
}

/// The report of sendmail -bv and -v, and success notifications.
pub fn trace_flush(ctx: &mut Ctx<'_>, queue: &'static str, qid: &str, e: &Envelope) {
    let mut entries = mail_queue::read_log(ctx.host, "trace", qid);
    mail_queue::remove(ctx.host, "trace", qid);
    if entries.is_empty() {
        return;
    }
    if e.sender.is_empty() {
        if let Some(p) = agent::acquire(ctx, "trace") {
            p.log(ctx, Log::NoReport { qid: qid.into(), double: false });
            agent::release(ctx, &p);
        }
        return;
    }
    let flags = e.attr("trace_flags");
    let kind = if flags == "512" || flags == "1024" { Kind::Verify } else { Kind::Success };
    if kind == Kind::Verify {
        // The log of a probe is written as the answers came; the report lists remote ones first as they were sorted.
        entries.sort_by_key(|x| u8::from(x.mta_name.is_empty()));
    }
    let Some(p) = agent::acquire(ctx, "trace") else { return };
    let r = report(ctx, &p, queue, qid, e, entries, kind);
    let subject = if kind == Kind::Verify { "Mail Delivery Status Report" } else { "Successful Mail Delivery Report" };
    if let Some(new_qid) = sender(ctx, &p, &r, subject, Part::Headers) {
        p.log(ctx, Log::Sender { qid: qid.into(), notice: Notice::DeliveryStatus, new_qid });
    }
    agent::release(ctx, &p);
}

fn report<'a>(
    ctx: &mut Ctx<'_>,
    p: &Proc,
    queue: &'static str,
    qid: &'a str,
    env: &'a Envelope,
    entries: Vec<LogEntry>,
    kind: Kind,
) -> Report<'a> {
    let bytes = mail_queue::read(ctx.host, queue, qid).map(|b| queue_file::content(&b.bytes())).unwrap_or_default();
    let (content, wide) = match String::from_utf8(bytes) {
        Ok(t) => (t, false),
        Err(e) => (e.into_bytes().iter().map(|b| char::from(*b)).collect(), true),
    };
    let host = p.conf.get("myhostname");
    Report {
        qid,
        env,
        entries,
        kind,
        content,
        wide,
        boundary: format!("{qid}.{}/{host}", ctx.host.now.secs()),
        host,
        mail_name: p.conf.get("mail_name"),
        hours: p.conf.time("delay_warning_time") / 3600,
    }
}

/// How much of the original message goes along.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Message,
    Headers,
}

fn sender(ctx: &mut Ctx<'_>, p: &Proc, r: &Report<'_>, subject: &str, part: Part) -> Option<String> {
    let to = r.env.sender.clone();
    let text = r.text(p, ctx, subject, &quote_local(&to), "auto-replied", &r.intro(), part);
    post_mail(ctx, p, Origin::Bounce, "", &to, |_, _| text.clone())
}

fn postmaster(ctx: &mut Ctx<'_>, p: &Proc, r: &mut Report<'_>, to: &str, subject: &str, headers: bool) {
    let notice = if r.kind == Kind::Delay { Notice::Delay } else { Notice::NonDelivery };
    let shown = agent::rewrite(ctx, p, "local", to);
    let part = if headers { Part::Headers } else { Part::Message };
    let text = r.text(p, ctx, subject, &shown, "auto-generated", "", part);
    let from = format!("{}@{}", p.conf.get("double_bounce_sender"), p.conf.get("myhostname"));
    if let Some(new_qid) = post_mail(ctx, p, Origin::Bounce, &from, to, |_, _| text.clone()) {
        p.log(ctx, Log::Postmaster { qid: r.qid.into(), notice, new_qid });
    }
}

impl Report<'_> {
    /// The text of the template, without the recipients.
    fn intro(&self) -> String {
        let head = format!("This is the mail system at host {}.\n\n", self.host);
        let tail = "\n                   The mail system\n";
        match self.kind {
            Kind::Failure => format!(
                "{head}I'm sorry to have to inform you that your message could not\nbe delivered to one or more \
                 recipients. It's attached below.\n\nFor further assistance, please send mail to postmaster.\n\nIf you do \
                 so, please include this problem report. You can\ndelete your own text from the attached returned \
                 message.\n{tail}"
            ),
            Kind::Delay => format!(
                "{head}####################################################################\n\
                 # THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n\
                 ####################################################################\n\n\
                 Your message could not be delivered for more than {} hour(s).\n\
                 It will be retried until it is {} day(s) old.\n\n\
                 For further assistance, please send mail to postmaster.\n\n\
                 If you do so, please include this problem report. You can\n\
                 delete your own text from the attached returned message.\n{tail}",
                self.hours, 5
            ),
            Kind::Verify => {
                format!("{head}Enclosed is the mail delivery report that you requested.\n{tail}")
            }
            Kind::Success => format!(
                "{head}Your message was successfully delivered to the destination(s)\nlisted below. If the message was \
                 delivered to mailbox you will\nreceive no further notifications. Otherwise you may still receive\n\
                 notifications of mail delivery errors from other systems.\n{tail}"
            ),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn text(&self, p: &Proc, ctx: &Ctx<'_>, subject: &str, to: &str, auto: &str, intro: &str, part: Part) -> String {
        let days = p.conf.time("maximal_queue_lifetime") / 86_400;
        let intro = intro.replace("until it is 5 day(s)", &format!("until it is {days} day(s)"));
        let origin = p.conf.get("myorigin");
        let mut t = format!(
            "Date: {}\nFrom: Mail Delivery System <MAILER-DAEMON@{origin}>\nSubject: {subject}\nTo: {to}\n\
             Auto-Submitted: {auto}\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"{}\"\n\
             Content-Transfer-Encoding: 8bit\n\nThis is a MIME-encapsulated message.\n",
            ctx.host.now.rfc5322(),
            self.boundary
        );
        let b = &self.boundary;
        t += &format!(
            "\n--{b}\nContent-Description: Notification\nContent-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: 8bit\n\n{intro}"
        );
        for e in &self.entries {
            t.push('\n');
            let expanded = if e.orig.eq_ignore_ascii_case(&e.recipient) {
                String::new()
            } else {
                format!(" (expanded from <{}>)", quote_local(&e.orig))
            };
            t += &fold(&format!("<{}>{expanded}: {}", quote_local(&e.recipient), e.reason), 4);
        }
        t += &format!(
            "\n--{b}\nContent-Description: Delivery report\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; {}\n",
            self.host
        );
        if !self.env.envid.is_empty() {
            t += &format!("Original-Envelope-Id: {}\n", self.env.envid);
        }
        let mail = &self.mail_name;
        t += &format!("X-{mail}-Queue-ID: {}\n", self.qid);
        t += &format!("X-{mail}-Sender: rfc822; {}\n", self.sender());
        t += &format!("Arrival-Date: {}\n", self.env.arrival.rfc5322());
        for e in &self.entries {
            t += &self.dsn(e, p);
        }
        let (what, kind) = match (part, self.kind) {
            (Part::Message, _) => ("Undelivered Message", "message/rfc822"),
            (Part::Headers, Kind::Failure | Kind::Delay) => ("Undelivered Message Headers", "text/rfc822-headers"),
            (Part::Headers, _) => ("Message Headers", "text/rfc822-headers"),
        };
        t += &format!(
            "\n--{b}\nContent-Description: {what}\nContent-Type: {kind}\nContent-Transfer-Encoding: 8bit\n\n\
             Return-Path: <{}>\n",
            self.sender()
        );
        let body = if part == Part::Message { self.limited(p) } else { self.headers() };
        t += body;
        if !body.is_empty() && !body.ends_with('\n') {
            t.push('\n');
        }
        t += &format!("\n--{b}--\n");
        t
    }

    /// The sender as reports name it: that of a bounce is the mail system.
    fn sender(&self) -> String {
        match self.env.sender.as_str() {
            "" => format!("MAILER-DAEMON@{}", self.host),
            s => quote_local(s),
        }
    }

    fn headers(&self) -> &str {
        let end = self.content.find("\n\n").map_or(self.content.len(), |i| i + 1);
        if self.content.starts_with('\n') { "" } else { &self.content[..end] }
    }

    /// The message up to `bounce_size_limit`.
    fn limited(&self, p: &Proc) -> &str {
        let limit = p.conf.int("bounce_size_limit").max(1) as usize;
        if self.content.len() <= limit || self.wide {
            return &self.content;
        }
        let cut = self.content.as_bytes()[..limit].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        self.content.get(..cut).unwrap_or(&self.content)
    }

    /// The fields of one recipient in the delivery report.
    fn dsn(&self, e: &LogEntry, p: &Proc) -> String {
        let mut t = format!("\nFinal-Recipient: rfc822; {}\n", quote_local(&e.recipient));
        if !e.orcpt.is_empty() {
            t += &format!("Original-Recipient: {}\n", e.orcpt);
        } else if !e.orig.is_empty() && !e.orig.eq_ignore_ascii_case(&e.recipient) {
            t += &format!("Original-Recipient: rfc822; {}\n", quote_local(&e.orig));
        }
        let action = if self.kind == Kind::Failure { "failed" } else { e.action.as_str() };
        t += &format!("Action: {action}\nStatus: {}\n", e.status);
        if !e.mta_name.is_empty() {
            t += &format!("Remote-MTA: {}; {}\n", e.mta_type, e.mta_name);
        }
        if e.diag_text.is_empty() {
            t += &fold(&format!("Diagnostic-Code: X-{}; {}", self.mail_name, e.reason), 4);
        } else {
            t += &fold(&format!("Diagnostic-Code: {}; {}", e.diag_type, e.diag_text), 4);
        }
        if self.kind == Kind::Delay {
            let until = self.env.arrival + crate::base::Span::secs(p.conf.time("maximal_queue_lifetime"));
            t += &format!("Will-Retry-Until: {}\n", until.rfc5322());
        }
        t
    }
}

/// Breaks a line at blanks so that it fits 79 columns, further lines indented (`bounce_print_wrap`, line_wrap(3)).
pub(super) fn fold(text: &str, indent: usize) -> String {
    const WIDTH: usize = 79;
    let mut out = String::new();
    let (mut start, mut word, mut width, mut lead) = (0, 0, WIDTH, 0);
    loop {
        let space = text[word..].find([' ', '\t']).map_or(text.len(), |i| word + i);
        if word > start && space - start > width {
            out.push_str(&" ".repeat(lead));
            out.push_str(text[start..word].trim_end());
            out.push('\n');
            if lead == 0 {
                lead = indent;
                width -= indent;
            }
            start = word;
        }
        if space >= text.len() {
            break;
        }
        word = space + 1;
    }
    out.push_str(&" ".repeat(lead));
    out.push_str(text[start..].trim_end());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_as_bounce_does() {
        let long = "<noexiste@destino.com>: host mail.destino.com[198.51.100.50] said: 550 5.1.1 <noexiste@destino.com>: \
                    Recipient address rejected: User unknown in local recipient table (in reply to RCPT TO command)";
        let expected = "<noexiste@destino.com>: host mail.destino.com[198.51.100.50] said: 550 5.1.1\n    \
                        <noexiste@destino.com>: Recipient address rejected: User unknown in local\n    recipient table (in \
                        reply to RCPT TO command)\n";
        assert_eq!(fold(long, 4), expected);
    }
}
