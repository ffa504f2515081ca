//! cleanup(8): takes a new message, canonicalizes and inspects it, and writes the queue file.
//!
//! Whoever has a message ([`submission::Origin`]) fills a [`Submission`] and calls [`submit`]; the answer is what the
//! real daemon sends back over its socket. Left out: the stream itself (a submission comes whole), and milters that
//! exist (only one that cannot be reached is modelled).

mod checks;
mod envelope;
pub mod header;
pub mod mime;
mod state;
pub mod submission;

pub use submission::{Actions, CleanupStatus, Client, Dsn, Origin, Recipient, Report, Ret, Stat, Submission, notify};

use super::agent::{self, Proc};
use super::bounce;
use super::mail_queue::{self, LogEntry};
use super::milter::{self, Verdict};
use super::queue_file::{self, Envelope, rec};
use super::{Ctx, qmgr};
use crate::base::{Span, text};
use crate::log::cleanup::Cleanup as Log;
use crate::log::delivery::{Attempt, Delivery, Status};
use crate::postfix::params::param;
use state::State;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Takes a message. The queue id was allocated by [`queue_file::new_id`].
pub fn submit(ctx: &mut Ctx<'_>, m: Submission) -> CleanupStatus {
    let service = if m.service.is_empty() { "cleanup" } else { &m.service };
    let Some(p) = agent::acquire(ctx, service) else { return CleanupStatus::fail(Stat::Write) };
    let takes = m.takes;
    let mut st = State::new(m, p);
    run(ctx, &mut st);
    let p = st.p.clone();
    agent::release(ctx, &p);
    if st.failure.is_none() {
        if !st.discard && !st.hold {
            qmgr::trigger(ctx, takes);
        }
        return CleanupStatus::Ok;
    }
    st.status()
}

/// The submitter went away, or does not want the message after all: cleanup saw its header, and drops it.
pub fn abandon(ctx: &mut Ctx<'_>, m: Submission, close_error: bool) {
    let service = if m.service.is_empty() { "cleanup" } else { &m.service };
    let Some(p) = agent::acquire(ctx, service) else { return };
    let mut st = State::new(m, p);
    let content = std::mem::take(&mut st.m.content);
    let (text, _) = latin(&content);
    let (headers, _) = header::split(&text);
    header::run(ctx, &mut st, &headers);
    if close_error {
        st.log(ctx, Log::CloseError);
    }
    let p = st.p.clone();
    agent::release(ctx, &p);
}

fn run(ctx: &mut Ctx<'_>, st: &mut State) {
    envelope::sender(ctx, st);
    let mut seen = BTreeSet::new();
    for r in std::mem::take(&mut st.m.recipients) {
        if st.stopped() {
            break;
        }
        envelope::recipient(ctx, st, &r, &mut seen);
    }
    if st.m.origin == Origin::Pickup && !st.stopped() && absent_milter(ctx, st) {
        return;
    }
    let content = std::mem::take(&mut st.m.content);
    let (text, wide) = latin(&content);
    let (headers, rest) = header::split(&text);
    let head = header::run(ctx, st, &headers);
    if !st.stopped() {
        checks::eight_bit(ctx, st, &headers, &rest);
    }
    let body = if st.stopped() { None } else { checks::body(ctx, st, &headers, &rest) };
    st.discard |= st.m.actions.late_discard;
    let before = st.recipients.len();
    let always = st.p.conf.get(param!("always_bcc"));
    if st.bcc_ok() && !always.is_empty() {
        st.bcc.push(always);
    }
    extra_copies(ctx, st, &mut seen);
    for b in std::mem::take(&mut st.bcc) {
        let address = agent::rewrite(ctx, &st.p, "local", &b);
        let copy = Recipient { orig: address.clone(), notify: notify::NEVER, ..Recipient::new(address) };
        envelope::recipient(ctx, st, &copy, &mut seen);
    }
    if st.recipients.is_empty() && !st.stopped() {
        st.fail(Stat::Rcpt, "");
    }
    if st.discard && st.failure.is_none() {
        let n = st.recipients.len() as u64;
        ctx.pf.counters.recipients += n;
        ctx.pf.counters.discarded += n;
    }
    if st.stopped() {
        return;
    }
    let limit = st.p.conf.int(param!("line_length_limit")).max(100) as usize;
    let mut data = Vec::with_capacity(content.len() + 64);
    queue_file::put_text(&mut data, &unlatin(&head, wide), limit);
    queue_file::put_text(&mut data, &unlatin(body.as_deref().unwrap_or(&rest), wide), limit);
    // Only what holds more than ASCII needs a server that takes it.
    let wide = [
        (queue_file::SMTPUTF8_HEADER, !head.is_ascii()),
        (queue_file::SMTPUTF8_SENDER, !st.sender.is_ascii()),
        (queue_file::SMTPUTF8_RECIPIENT, st.recipients.iter().any(|r| !r.address.is_ascii())),
    ];
    let wide: u64 = wide.into_iter().filter(|(_, is)| *is).map(|(flag, _)| flag).sum();
    if st.m.smtputf8 || wide != 0 && detects(st) {
        st.smtputf8 = queue_file::SMTPUTF8_ASKED | wide;
    }
    if st.failure.is_none() || st.bounces() {
        write(ctx, st, &data, before);
    }
    if let Some((stat, reason)) = st.failure.clone()
        && st.bounces()
        && matches!(stat, Stat::Rcpt | Stat::Hops | Stat::Size | Stat::Cont)
    {
        bounce_here(ctx, st, stat, &reason);
    }
}

/// Whether mail from this source needs SMTPUTF8 as soon as it is not ASCII (`smtputf8_autodetect_classes`).
fn detects(st: &State) -> bool {
    let class = match st.m.origin {
        Origin::Smtpd => "smtpd",
        Origin::Qmqpd => "qmqpd",
        Origin::Pickup => "sendmail",
        Origin::Bounce => "bounce",
        Origin::Notify => "notify",
        Origin::Forward => "forward",
        Origin::Verify => "verify",
    };
    let classes = st.p.conf.list(param!("smtputf8_autodetect_classes"));
    st.p.conf.bool(param!("smtputf8_enable")) && classes.iter().any(|c| c == class || c == "all")
}

/// The copies that smtpd's BCC actions asked for. Its word that nobody is to be told comes after each of them, so the
/// first is a recipient like any other.
fn extra_copies(ctx: &mut Ctx<'_>, st: &mut State, seen: &mut BTreeSet<String>) {
    let mut notify = 0;
    for address in std::mem::take(&mut st.m.actions.bcc) {
        envelope::recipient(ctx, st, &Recipient { notify, ..Recipient::new(address) }, seen);
        notify = notify::NEVER;
    }
}

/// Message bytes as text for what works on `str`; bytes that are no UTF-8 become one char each, and the flag says so.
fn latin(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(bytes) {
        Ok(t) => (t.into(), false),
        Err(_) => (bytes.iter().map(|b| char::from(*b)).collect::<String>().into(), true),
    }
}

/// The reverse of [`latin`].
fn unlatin(text: &str, wide: bool) -> Cow<'_, [u8]> {
    if wide { text.chars().map(|c| c as u32 as u8).collect::<Vec<u8>>().into() } else { text.as_bytes().into() }
}

/// `non_smtpd_milters` that nobody answers for. True: the message is not taken.
fn absent_milter(ctx: &mut Ctx<'_>, st: &mut State) -> bool {
    let (verdict, say) = milter::connect(ctx.host, &st.p.conf, "non_smtpd_milters");
    for event in say {
        st.p.log(ctx, event);
    }
    let (qid, client, sender) = (st.m.qid.clone(), "localhost[127.0.0.1]".to_owned(), st.sender.clone());
    match verdict {
        None => false,
        Some(Verdict::Hold) => {
            st.log(ctx, Log::MilterHold { qid, client, sender });
            st.hold = true;
            false
        }
        Some(Verdict::Refuse(code, dsn, text)) => {
            let (stage, stat) = ("CONNECT".into(), if code < 500 { Stat::Defer } else { Stat::Cont });
            st.log(ctx, Log::MilterReject { qid, stage, client, dsn: dsn.into(), text: text.into(), sender });
            st.fail(stat, &format!("{dsn} {text}"));
            code < 500
        }
    }
}

/// Writes the queue file, into the hold queue if so asked.
fn write(ctx: &mut Ctx<'_>, st: &mut State, data: &[u8], before: usize) {
    let m = &st.m;
    let mut env = Vec::with_capacity(1024);
    let put = |out: &mut Vec<u8>, k: u8, s: &str| queue_file::put(out, k, s.as_bytes());
    let arrival = [m.arrival.secs().to_string(), m.arrival.subsec_micros().to_string()].join(" ");
    put(&mut env, rec::TIME, &arrival);
    let attr = |out: &mut Vec<u8>, n: &str, v: &str| queue_file::put_parts(out, rec::ATTR, &[n, "=", v]);
    attr(&mut env, "create_time", &ctx.host.now.secs().to_string());
    let filter = if st.filter.is_empty() && st.checks_apply() {
        st.p.conf.get(param!("content_filter"))
    } else {
        st.filter.clone()
    };
    if !filter.is_empty() {
        put(&mut env, rec::FILT, &filter);
    }
    if !st.redirect.is_empty() {
        put(&mut env, rec::RDR, &st.redirect);
    }
    let delivery_report = |env: &mut Vec<u8>| {
        if !m.envid.is_empty() {
            attr(env, "envelope_id", &m.envid);
        }
        if let Some(r) = m.ret {
            attr(env, "ret_flags", if r == Ret::Full { "1" } else { "2" });
        }
    };
    if m.origin == Origin::Pickup {
        delivery_report(&mut env);
    }
    let context = if m.local_rewrite || m.client.is_none() { "local" } else { "remote" };
    attr(&mut env, "rewrite_context", context);
    match m.report {
        Report::None => {}
        Report::Deliver => attr(&mut env, "trace_flags", "1024"),
        Report::VerifyOnly => attr(&mut env, "trace_flags", "512"),
    }
    if m.origin == Origin::Verify {
        attr(&mut env, "trace_flags", "256");
    }
    if !m.encoding.is_empty() {
        attr(&mut env, "encoding", &m.encoding);
    }
    if !m.fullname.is_empty() {
        put(&mut env, rec::FULL, &m.fullname);
    }
    put(&mut env, rec::FROM, &st.sender);
    if m.origin != Origin::Pickup {
        delivery_report(&mut env);
    }
    if let Some(c) = &m.client {
        let (addr, port) = (text::ip(c.addr), c.port.to_string());
        let shown = if c.addr.is_ipv6() { format!("IPv6:{addr}") } else { addr.clone() };
        attr(&mut env, "log_client_name", &c.name);
        attr(&mut env, "log_client_address", &addr);
        attr(&mut env, "log_client_port", &port);
        attr(&mut env, "log_message_origin", &[&c.name, "[", &addr, "]"].concat());
        attr(&mut env, "log_helo_name", &c.helo);
        attr(&mut env, "log_protocol_name", &c.proto);
        attr(&mut env, "client_name", &c.name);
        attr(&mut env, "reverse_client_name", &c.reverse_name);
        attr(&mut env, "client_address", &shown);
        attr(&mut env, "client_port", &port);
        attr(&mut env, "helo_name", &c.helo);
        attr(&mut env, "protocol_name", &c.proto);
        attr(&mut env, "client_address_type", if c.addr.is_ipv6() { "10" } else { "2" });
    }
    for (n, v) in
        [("sasl_method", &m.sasl_method), ("sasl_username", &m.sasl_username), ("sasl_sender", &m.sasl_sender)]
    {
        if !v.is_empty() {
            attr(&mut env, n, v);
        }
    }
    let rcpt = |out: &mut Vec<u8>, r: &Recipient| {
        if r.notify != 0 {
            attr(out, "notify_flags", &r.notify.to_string());
        }
        if !r.orcpt.is_empty() {
            attr(out, "dsn_orig_rcpt", &r.orcpt);
        }
        put(out, rec::ORCP, &r.orig);
        put(out, rec::RCPT, &r.address);
    };
    for r in &st.recipients[..before] {
        rcpt(&mut env, r);
    }
    let warn = st.p.conf.time(param!("delay_warning_time"));
    if warn > 0 {
        put(&mut env, rec::WARN, &format!("{:15}", m.arrival.secs() + warn));
    }
    queue_file::put(&mut env, rec::MESG, b"");
    let offset = 97 + env.len();
    let sizes =
        queue_file::size_record(data.len() as u64, offset, st.recipients.len(), 0, data.len() as u64, st.smtputf8);
    let mut file = Vec::with_capacity(offset + data.len() + 8);
    queue_file::put(&mut file, rec::SIZE, sizes.as_bytes());
    file.extend_from_slice(&env);
    file.extend_from_slice(data);
    queue_file::put(&mut file, rec::XTRA, b"");
    for r in &st.recipients[before..] {
        rcpt(&mut file, r);
    }
    queue_file::put(&mut file, rec::END, b"");
    let max = st.p.conf.int(param!("message_size_limit"));
    if max > 0 && file.len() as i64 > max {
        let event = Log::TooLarge { qid: m.qid.clone() };
        st.log(ctx, event);
        st.log(ctx, Log::CloseError);
        return st.fail(Stat::Size, "");
    }
    let queue = if st.hold { "hold" } else { "incoming" };
    let qid = m.qid.clone();
    match mail_queue::create(ctx.host, queue, &qid, file) {
        Ok(()) => {
            if st.failure.is_none() {
                let n = st.recipients.len() as u64;
                ctx.pf.counters.received += 1;
                ctx.pf.counters.recipients += n;
            }
        }
        Err(e) => {
            st.log(ctx, Log::QueueWrite { qid, reason: e.text().into() });
            st.fail(Stat::Write, "");
        }
    }
}

/// cleanup bounces what it will not take from sendmail(1).
fn bounce_here(ctx: &mut Ctx<'_>, st: &mut State, stat: Stat, reason: &str) {
    let detail = stat.detail();
    let (dsn, text) = match reason.split_once(' ') {
        Some((d, t)) if d.starts_with(['4', '5']) && d.contains('.') => (d.to_owned(), t.to_owned()),
        _ if reason.is_empty() => (detail.dsn.to_owned(), detail.text.to_owned()),
        _ => (detail.dsn.to_owned(), reason.to_owned()),
    };
    let waited = Span((ctx.host.now - st.m.arrival).0.max(0));
    let n = st.recipients.len() as u64;
    ctx.pf.counters.recipients += n;
    ctx.pf.counters.bounced += n;
    for r in st.recipients.clone() {
        let entry = LogEntry {
            recipient: r.address.clone(),
            orig: r.orig.clone(),
            orcpt: r.orcpt.clone(),
            notify: r.notify,
            status: dsn.clone(),
            action: "failed".into(),
            reason: text.clone(),
            ..LogEntry::default()
        };
        let _ = mail_queue::append_log(ctx.host, "bounce", &st.m.qid, &entry);
        let a = Attempt {
            qid: st.m.qid.clone(),
            to: r.address.clone(),
            orig_to: if r.orig.eq_ignore_ascii_case(&r.address) { String::new() } else { r.orig.clone() },
            relay: "none".into(),
            conn_use: 0,
            delays: [waited, Span::ZERO, Span::ZERO, Span::ZERO],
            dsn: dsn.clone(),
            status: Status::Bounced,
            reason: text.clone(),
        };
        st.p.log(ctx, Delivery::Status(Box::new(a)));
    }
    let qid = st.m.qid.clone();
    if let Some(mut e) = mail_queue::envelope(ctx.host, "incoming", &qid) {
        // What was refused for its content or size does not go back whole.
        if matches!(stat, Stat::Cont | Stat::Size) {
            e.ret = Some(2);
        }
        bounce::flush(ctx, "incoming", &qid, &e);
    }
    mail_queue::remove(ctx.host, "incoming", &qid);
    mail_queue::remove(ctx.host, "bounce", &qid);
    st.failure = None;
    st.discard = true;
}

/// A message of bounce(8): its Received: header, then the text. `smtputf8`: what it reports of was sent that way.
/// `None`: not queued.
pub fn post_mail(
    ctx: &mut Ctx<'_>,
    p: &Proc,
    sender: &str,
    recipient: &str,
    smtputf8: bool,
    text: &str,
) -> Option<String> {
    let m = Submission { smtputf8, ..internal(ctx, p, sender, recipient, text) };
    let qid = m.qid.clone();
    submit(ctx, m).is_ok().then_some(qid)
}

/// A message that the mail system began to write and had no reason to finish: cleanup has seen its header.
pub fn drop_mail(ctx: &mut Ctx<'_>, p: &Proc, text: &str) {
    let m = internal(ctx, p, "", "", text);
    abandon(ctx, m, false);
}

fn internal(ctx: &mut Ctx<'_>, p: &Proc, sender: &str, recipient: &str, text: &str) -> Submission {
    let qid = queue_file::new_id(ctx.host, p.conf.bool(param!("enable_long_queue_ids")));
    let now = ctx.host.now;
    let content = format!(
        "Received: by {} ({})\n\tid {qid}; {}\n{text}",
        p.conf.get(param!("myhostname")),
        p.conf.get(param!("mail_name")),
        now.rfc5322()
    );
    Submission {
        qid,
        origin: Origin::Bounce,
        arrival: now,
        sender: sender.to_owned(),
        recipients: vec![Recipient::new(recipient)],
        content: content.into_bytes(),
        local_rewrite: true,
        encoding: "8bit".into(),
        ..Submission::default()
    }
}

/// Whether a message is one that probes an address.
pub fn is_probe(e: &Envelope) -> bool {
    e.attr("trace_flags") == "256"
}
