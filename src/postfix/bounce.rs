//! bounce(8): non-delivery, delay and delivery status notifications as real messages, and copies for postmaster.
//!
//! The texts are templates ([`super::bounce_template`]). Left out: VERP.

use super::Ctx;
use super::agent::{self, Proc, quote_local};
use super::bounce_template::{self, Kind, Template};
use super::cleanup::{drop_mail, notify, post_mail};
use super::mail_queue::{self, LogEntry};
use super::queue_file::{self, Envelope, Rcpt};
use super::startup;
use super::wait;
use crate::log::bounce::{Bounce as Log, Notice};
use crate::postfix::params::param;

/// Columns of a report.
const WIDTH: usize = 79;

struct Report<'a> {
    qid: &'a str,
    env: &'a Envelope,
    entries: Vec<LogEntry>,
    kind: Kind,
    template: Template,
    content: String,
    host: String,
    mail_name: String,
    boundary: String,
    /// About one recipient, whom no log has been through.
    single: bool,
}

/// Whether a delivered recipient asked for a report.
pub fn wants_success(e: &Envelope, r: &Rcpt) -> bool {
    r.notify & notify::SUCCESS != 0 || e.attr("trace_flags") == "1024"
}

/// Sends the non-delivery notification for the bounce log of a message, and forgets the log. False: bounce(8) could not.
pub fn flush(ctx: &mut Ctx<'_>, queue: &'static str, qid: &str, e: &Envelope) -> bool {
    let entries = mail_queue::read_log(ctx.host, "bounce", qid);
    let sent = entries.is_empty() || send_failure(ctx, queue, qid, e, &e.sender, entries);
    if sent {
        mail_queue::remove(ctx.host, "bounce", qid);
    }
    sent
}

/// A report of its own for one recipient, to somebody else than the sender (`bounce_one()`).
pub fn one(ctx: &mut Ctx<'_>, queue: &'static str, qid: &str, e: &Envelope, to: &str, entry: LogEntry) {
    send_failure(ctx, queue, qid, e, to, vec![entry]);
}

/// The message is too old: what the defer log says becomes final.
pub fn expire(ctx: &mut Ctx<'_>, queue: &'static str, qid: &str, e: &Envelope) {
    let entries = mail_queue::read_log(ctx.host, "defer", qid);
    if !entries.is_empty() {
        let _ = send_failure(ctx, queue, qid, e, &e.sender, entries);
    }
    mail_queue::remove(ctx.host, "defer", qid);
}

fn send_failure(
    ctx: &mut Ctx<'_>,
    queue: &'static str,
    qid: &str,
    e: &Envelope,
    to: &str,
    entries: Vec<LogEntry>,
) -> bool {
    let Some(p) = agent::acquire(ctx, "bounce") else { return false };
    if let Some(fatal) = startup::unknown_class(&p.conf) {
        agent::fatal(ctx, &p, fatal);
        return false;
    }
    let double = format!("{}@{}", p.conf.get(param!("double_bounce_sender")), p.conf.get(param!("myhostname")));
    let classes = p.conf.list(param!("notify_classes"));
    let has = |c: &str| classes.iter().any(|x| x == c);
    // What it begins without a listener it gives up; nobody waits for a notification's sake.
    if !wait::finds(ctx, &p, "public/cleanup") {
        agent::release(ctx, &p);
        return false;
    }
    let is_double = to.eq_ignore_ascii_case(&double)
        || to.split('@').next().is_some_and(|l| l.eq_ignore_ascii_case(&p.conf.get(param!("double_bounce_sender"))));
    let mut r = report(ctx, &p, queue, qid, e, entries, Kind::Failure);
    r.single = to != e.sender;
    if is_double {
        p.log(ctx, Log::Discarded { qid: qid.into() });
    } else if to.is_empty() {
        if has("2bounce") || has("bounce") {
            postmaster(ctx, &p, &r, &p.conf.get(param!("2bounce_notice_recipient")), Part::Message);
        }
    } else {
        let full = e.ret != Some(2);
        let part = if full { Part::Message } else { Part::Headers };
        if let Some(new_qid) = sender(ctx, &p, &mut r, to, part) {
            p.log(ctx, Log::Sender { qid: qid.into(), notice: Notice::NonDelivery, new_qid });
        }
        if has("bounce") {
            postmaster(ctx, &p, &r, &p.conf.get(param!("bounce_notice_recipient")), Part::Headers);
        }
    }
    agent::release(ctx, &p);
    true
}

/// The delay warning.
pub fn warn(ctx: &mut Ctx<'_>, queue: &'static str, qid: &str, e: &Envelope) {
    let entries = mail_queue::read_log(ctx.host, "defer", qid);
    if entries.is_empty() || e.sender.is_empty() {
        return;
    }
    let Some(p) = agent::acquire(ctx, "defer") else { return };
    let mut r = report(ctx, &p, queue, qid, e, entries, Kind::Delay);
    if let Some(new_qid) = sender(ctx, &p, &mut r, &e.sender, Part::Headers) {
        p.log(ctx, Log::Sender { qid: qid.into(), notice: Notice::Delay, new_qid });
    }
    if p.conf.list(param!("notify_classes")).iter().any(|c| c == "delay") {
        let to = p.conf.get(param!("delay_notice_recipient"));
        postmaster(ctx, &p, &r, &to, Part::Headers);
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
    let mut r = report(ctx, &p, queue, qid, e, entries, kind);
    if let Some(new_qid) = sender(ctx, &p, &mut r, &e.sender, Part::Headers) {
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
    let content = String::from_utf8(bytes).unwrap_or_else(|e| e.into_bytes().iter().map(|b| char::from(*b)).collect());
    let host = p.conf.get(param!("myhostname"));
    let template = bounce_template::of(ctx.host, &p.conf, kind);
    Report {
        qid,
        env,
        entries,
        kind,
        template,
        content,
        boundary: format!("{qid}.{}/{host}", ctx.host.now.secs()),
        host,
        mail_name: p.conf.get(param!("mail_name")),
        single: false,
    }
}

/// How much of the original message goes along.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Message,
    Headers,
}

/// The report for the sender, about the recipients that he wants to hear of. bounce(8) finds that there are none when it
/// has begun to write.
fn sender(ctx: &mut Ctx<'_>, p: &Proc, r: &mut Report<'_>, to: &str, part: Part) -> Option<String> {
    let mut said = Vec::new();
    let intro = r.template.body(p, &mut said);
    for event in said {
        p.log(ctx, event);
    }
    let all = r.entries.clone();
    let class = match r.kind {
        Kind::Failure => notify::FAILURE,
        Kind::Delay => notify::DELAY,
        Kind::Verify | Kind::Success => u32::MAX,
    };
    r.entries.retain(|e| e.notify == 0 || e.notify & class != 0);
    let text = r.text(p, ctx, &quote_local(to), &intro, part);
    let nobody = r.entries.is_empty();
    r.entries = all;
    if nobody {
        drop_mail(ctx, p, &text);
        return None;
    }
    post_mail(ctx, p, "", to, r.env.smtputf8 != 0, &text)
}

fn postmaster(ctx: &mut Ctx<'_>, p: &Proc, r: &Report<'_>, to: &str, part: Part) {
    let notice = if r.kind == Kind::Delay { Notice::Delay } else { Notice::NonDelivery };
    let shown = agent::rewrite(ctx, p, "local", to);
    let text = r.text(p, ctx, &shown, "", part);
    let from = format!("{}@{}", p.conf.get(param!("double_bounce_sender")), p.conf.get(param!("myhostname")));
    if let Some(new_qid) = post_mail(ctx, p, &from, to, r.env.smtputf8 != 0, &text) {
        p.log(ctx, Log::Postmaster { qid: r.qid.into(), notice, new_qid });
    }
}

impl Report<'_> {
    /// The whole report; without an introduction it is the postmaster's.
    fn text(&self, p: &Proc, ctx: &Ctx<'_>, to: &str, intro: &str, part: Part) -> String {
        let Template { from, subject, postmaster_subject, .. } = &self.template;
        // Without SMTPUTF8 what the message says of itself holds.
        let (charset, encoding) = match self.env.attr("encoding") {
            _ if p.conf.bool(param!("smtputf8_enable")) => ("utf-8", "Content-Transfer-Encoding: 8bit\n"),
            "8bit" => ("us-ascii", "Content-Transfer-Encoding: 8bit\n"),
            _ => ("us-ascii", ""),
        };
        let (subject, auto) =
            if intro.is_empty() { (postmaster_subject, "auto-generated") } else { (subject, "auto-replied") };
        let mut t = format!(
            "Date: {}\nFrom: {from}\nSubject: {subject}\nTo: {to}\n\
             Auto-Submitted: {auto}\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"{}\"\n\
             {encoding}\nThis is a MIME-encapsulated message.\n",
            ctx.host.now.rfc5322(),
            self.boundary
        );
        let b = &self.boundary;
        t += &format!(
            "\n--{b}\nContent-Description: Notification\nContent-Type: text/plain; charset={charset}\n{encoding}\n{intro}"
        );
        for e in &self.entries {
            t.push('\n');
            let same = e.orig.eq_ignore_ascii_case(&e.recipient) && !self.single;
            let expanded = if e.orig.is_empty() || same {
                String::new()
            } else {
                format!(" (expanded from <{}>)", quote_local(&e.orig))
            };
            t += &fold(&format!("<{}>{expanded}: {}", quote_local(&e.recipient), e.reason), WIDTH);
        }
        let utf8 = self.env.smtputf8 != 0;
        let kind = if utf8 {
            format!("message/global-delivery-status\n{}", encoding.trim_end())
        } else {
            "message/delivery-status".to_owned()
        };
        t += &format!(
            "\n--{b}\nContent-Description: Delivery report\nContent-Type: {kind}\n\nReporting-MTA: dns; {}\n",
            self.host
        );
        if !self.env.envid.is_empty() {
            t += &format!("Original-Envelope-Id: {}\n", self.env.envid);
        }
        let mail = &self.mail_name;
        t += &format!("X-{mail}-Queue-ID: {}\n", self.qid);
        let sender = self.sender();
        t += &format!("X-{mail}-Sender: {}; {sender}\n", Self::kind_of(&sender));
        t += &format!("Arrival-Date: {}\n", self.env.arrival.rfc5322());
        for e in &self.entries {
            t += &self.dsn(e, p);
        }
        // What is too large goes back without its body.
        let limit = p.conf.int(param!("bounce_size_limit")).max(1) as u64;
        let part = if self.env.size.max(self.content.len() as u64) > limit { Part::Headers } else { part };
        let what = match (part, self.kind) {
            (Part::Message, _) => "Undelivered Message",
            (Part::Headers, Kind::Failure | Kind::Delay) => "Undelivered Message Headers",
            (Part::Headers, _) => "Message Headers",
        };
        let kind = match (part, utf8) {
            (Part::Message, false) => "message/rfc822",
            (Part::Message, true) => "message/global",
            (Part::Headers, false) => "text/rfc822-headers",
            (Part::Headers, true) => "message/global-headers",
        };
        t += &format!(
            "\n--{b}\nContent-Description: {what}\nContent-Type: {kind}\n{encoding}\n\
             Return-Path: <{}>\n",
            self.sender()
        );
        let body = if part == Part::Message { &self.content } else { self.headers() };
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

    /// The type of an address in the report.
    fn kind_of(address: &str) -> &'static str {
        if address.is_ascii() { "rfc822" } else { "utf-8" }
    }

    fn headers(&self) -> &str {
        let end = self.content.find("\n\n").map_or(self.content.len(), |i| i + 1);
        if self.content.starts_with('\n') { "" } else { &self.content[..end] }
    }

    /// The fields of one recipient in the delivery report.
    fn dsn(&self, e: &LogEntry, p: &Proc) -> String {
        // The type is that of the recipient as it was first.
        let first = if e.orig.is_empty() { &e.recipient } else { &e.orig };
        let mut t = format!("\nFinal-Recipient: {}; {}\n", Self::kind_of(first), quote_local(&e.recipient));
        if !e.orcpt.is_empty() {
            t += &format!("Original-Recipient: {}\n", e.orcpt);
        } else if !e.orig.is_empty() && !e.orig.eq_ignore_ascii_case(&e.recipient) {
            t += &format!("Original-Recipient: {}; {}\n", Self::kind_of(&e.orig), quote_local(&e.orig));
        }
        let action = if self.kind == Kind::Failure { "failed" } else { e.action.as_str() };
        t += &format!("Action: {action}\nStatus: {}\n", e.status);
        if !e.mta_name.is_empty() {
            t += &format!("Remote-MTA: {}; {}\n", e.mta_type, e.mta_name);
        }
        if e.diag_text.is_empty() {
            t += &fold(&format!("Diagnostic-Code: X-{}; {}", self.mail_name, e.reason), WIDTH);
        } else {
            t += &fold(&format!("Diagnostic-Code: {}; {}", e.diag_type, e.diag_text), WIDTH);
        }
        if self.kind == Kind::Delay {
            let until = self.env.arrival + crate::base::Span::secs(p.conf.time(param!("maximal_queue_lifetime")));
            t += &format!("Will-Retry-Until: {}\n", until.rfc5322());
        }
        t
    }
}

/// Breaks a line at blanks so that it fits the columns, further lines indented by four (`bounce_print_wrap`, line_wrap(3)).
pub(super) fn fold(text: &str, columns: usize) -> String {
    const INDENT: usize = 4;
    let mut out = String::new();
    let (mut start, mut word, mut width, mut lead) = (0, 0, columns, 0);
    loop {
        let space = text[word..].find([' ', '\t']).map_or(text.len(), |i| word + i);
        if word > start && space - start > width {
            out.push_str(&" ".repeat(lead));
            out.push_str(text[start..word].trim_end());
            out.push('\n');
            if lead == 0 {
                lead = INDENT;
                width -= INDENT;
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
        assert_eq!(fold(long, WIDTH), expected);
    }
}
