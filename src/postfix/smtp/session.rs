//! One session: greeting, EHLO, STARTTLS, AUTH, then the mail transaction (`smtp_proto.c`).

use super::addr::Host;
use super::chat::{Broken, Chat, Reply, ReplyFilter};
use super::checks;
use super::policy::Policy;
use super::{Client, Why, auth, tls};
use crate::base::{Span, text};
use crate::host::net::Peer;
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::agent;
use crate::postfix::agent::quote_local;
use crate::postfix::delivery::{Item, Verdict};
use crate::postfix::mail_addr;
use crate::postfix::params::param;
use crate::postfix::queue_file::SMTPUTF8_ASKED;

/// What the server offers.
#[derive(Clone, Debug, Default)]
pub(super) struct Features {
    pub esmtp: bool,
    pub starttls: bool,
    pub auth: Vec<String>,
    pub size: Option<u64>,
    pub eightbit: bool,
    pub dsn: bool,
    pub smtputf8: bool,
}

pub(super) struct Session<'h> {
    pub chat: Chat,
    pub host: &'h Host,
    pub last: bool,
    pub features: Features,
    pub in_tls: bool,
    pub authenticated: bool,
}

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It never came to mail.
    NotReady,
    /// TLS failed where it was not mandatory, so the host may be asked again without.
    PlainAgain,
    /// Mail was offered.
    Done,
}

/// Holds a session; without a policy there is no TLS.
pub(super) fn hold(
    ctx: &mut Ctx<'_>,
    c: &mut Client<'_>,
    peer: Box<dyn Peer>,
    host: &Host,
    last: bool,
    policy: Option<&Policy>,
) -> Held {
    let key = format!("{}/{}", c.r.qid, host.relay);
    let rtt = if host.relay.ends_with(']') {
        ctx.host.jitter("lmtp.rtt", &key, 300, 3_000)
    } else {
        ctx.host.jitter("smtp.rtt", &host.relay, 400, 4_000)
    };
    let filter = agent::tables(ctx, c.p, &c.name("reply_filter"));
    let filter = filter.map(|maps| ReplyFilter { maps, relay: host.relay.clone(), qid: c.r.qid.clone() });
    let mut s = Session {
        chat: Chat::new(peer, c.t, rtt, filter),
        host,
        last,
        features: Features::default(),
        in_tls: false,
        authenticated: false,
    };
    (s.chat.server, s.chat.qid) = (host.relay.clone(), c.r.qid.clone());
    let mut plain_again = false;
    let ready = open(ctx, c, &mut s, policy, &mut plain_again);
    c.t = s.chat.t;
    c.out.logs.append(&mut s.chat.said);
    if plain_again {
        s.chat.peer.hangup(ctx.host);
        return Held::PlainAgain;
    }
    if ready {
        let quit = transaction(ctx, c, &mut s);
        c.t = Span(c.t.0.max(s.chat.t.0));
        c.out.logs.append(&mut s.chat.said);
        if quit {
            let _ = s.chat.send(ctx.host, b"QUIT\r\n", Span::secs(300));
        } else {
            s.chat.peer.hangup(ctx.host);
        }
        return Held::Done;
    }
    Held::NotReady
}

/// The whole site is at fault (`smtp_site_fail`): the next host, or every recipient that is left.
pub(super) fn site_fail(c: &mut Client<'_>, s: &Session<'_>, dsn: &str, text: String, reply: Option<&Reply>) {
    c.t = s.chat.t;
    c.why = Why {
        dsn: dsn.to_owned(),
        text: text.clone(),
        reply: reply.map(|r| r.text.clone()).unwrap_or_default(),
        mta: reply.map(|_| s.host.name.clone()).unwrap_or_default(),
        relay: s.host.relay.clone(),
    };
    if c.why.soft() && !s.last {
        c.log(Delivery::NextHost { qid: c.r.qid.clone(), text });
    } else {
        c.give_up();
    }
}

/// The connection broke while something was being done.
pub(super) fn broken(c: &mut Client<'_>, s: &Session<'_>, b: Broken, what: &str) {
    if b == Broken::Filter {
        let text = format!("local data error while talking to {}", s.host.shown);
        return site_fail(c, s, "4.3.0", text, None);
    }
    let text = match b {
        Broken::Lost => format!("lost connection with {} while {what}", s.host.shown),
        _ => format!("conversation with {} timed out while {what}", s.host.shown),
    };
    site_fail(c, s, "4.4.2", text, None);
}

/// Greeting to EHLO, TLS, login.
fn open(
    ctx: &mut Ctx<'_>,
    c: &mut Client<'_>,
    s: &mut Session<'_>,
    policy: Option<&Policy>,
    plain_again: &mut bool,
) -> bool {
    let limit = c.seconds("connect_timeout").max(c.seconds("helo_timeout"));
    let wrapped = !c.lmtp && c.flag("tls_wrappermode");
    if wrapped
        && let Some(p) = policy
        && !tls::start(ctx, c, s, p, plain_again)
    {
        return false;
    }
    let greeting = match s.chat.greet(ctx.host, limit) {
        Ok(r) => r,
        Err(b) => {
            broken(c, s, b, "receiving the initial server greeting");
            return false;
        }
    };
    if greeting.class() != 2 {
        let mut dsn = greeting.dsn.clone();
        if greeting.class() == 5 && (c.lmtp || c.flag("skip_5xx_greeting")) {
            dsn.replace_range(..1, "4");
        } else if !matches!(greeting.class(), 4 | 5) {
            dsn = "5.5.0".into();
        }
        let text = format!("host {} refused to talk to me: {}", s.host.shown, greeting.text);
        site_fail(c, s, &dsn, text, Some(&greeting));
        return false;
    }
    let me = c.p.conf.get(param!("myhostname"));
    let named = greeting.lines.first().and_then(|l| l.split(' ').next()).unwrap_or("");
    if !c.lmtp && named.eq_ignore_ascii_case(&me) {
        s.chat.said.push((s.chat.t, Delivery::GreetedAsMe { server: s.host.relay.clone(), name: me }.into()));
    }
    // A firewall that hides the greeting behind asterisks does not know ESMTP.
    let stars = !c.lmtp && greeting.text.bytes().all(|b| b"20 *".contains(&b));
    if stars {
        let (qid, server) = (c.r.qid.clone(), s.host.relay.clone());
        s.chat.said.push((s.chat.t, Delivery::PixWorkarounds { qid, server }.into()));
    }
    if !hello(ctx, c, s, stars) {
        return false;
    }
    if let Some(p) = policy.filter(|_| !wrapped && !c.lmtp_unix(s))
        && !tls::negotiate(ctx, c, s, p, plain_again)
    {
        return false;
    }
    auth::login(ctx, c, s)
}

impl Client<'_> {
    /// TLS is not used over a UNIX-domain socket.
    fn lmtp_unix(&self, s: &Session<'_>) -> bool {
        s.host.relay.ends_with(']')
    }
}

/// EHLO (or LHLO), and HELO when that is not known.
pub(super) fn hello(ctx: &mut Ctx<'_>, c: &mut Client<'_>, s: &mut Session<'_>, plain: bool) -> bool {
    let name = c.p.conf.get(if c.lmtp { "lmtp_lhlo_name" } else { "smtp_helo_name" });
    let limit = c.seconds(if c.lmtp { "lhlo_timeout" } else { "helo_timeout" });
    let verb = match (c.lmtp, plain) {
        (true, _) => "LHLO",
        (false, true) => "HELO",
        (false, false) => "EHLO",
    };
    let what = format!("performing the {verb} handshake");
    let mut r = match s.chat.ask(ctx.host, &format!("{verb} {name}"), limit) {
        Ok(r) => r,
        Err(b) => {
            broken(c, s, b, &what);
            return false;
        }
    };
    s.features = Features::default();
    if r.class() != 2 && r.code != 421 && verb == "EHLO" {
        r = match s.chat.ask(ctx.host, &format!("HELO {name}"), limit) {
            Ok(r) => r,
            Err(b) => {
                broken(c, s, b, "performing the HELO handshake");
                return false;
            }
        };
    } else if r.class() == 2 {
        s.features.esmtp = !plain;
    }
    if r.class() != 2 {
        let text = format!("host {} refused to talk to me: {}", s.host.shown, r.text);
        site_fail(c, s, &r.dsn.clone(), text, Some(&r));
        return false;
    }
    if s.features.esmtp {
        let discard = c.param(if c.lmtp { "discard_lhlo_keywords" } else { "discard_ehlo_keywords" }).to_lowercase();
        for l in &r.lines[1.min(r.lines.len())..] {
            let up = l.to_ascii_uppercase();
            let mut w = up.split([' ', '=']);
            let word = w.next().unwrap_or("");
            if discard.split([',', ' ']).any(|d| d.eq_ignore_ascii_case(word)) {
                continue;
            }
            match word {
                "STARTTLS" => s.features.starttls = true,
                "AUTH" => s.features.auth.extend(w.map(str::to_owned)),
                "SIZE" => {
                    let limit = w.next().unwrap_or("");
                    if limit.is_empty() || limit.bytes().all(|b| b.is_ascii_digit()) {
                        s.features.size = Some(limit.parse().unwrap_or(0));
                    } else {
                        let limit = l.split([' ', '=']).nth(1).unwrap_or("").to_owned();
                        let server = s.host.relay.clone();
                        s.chat.said.push((s.chat.t, Delivery::BadSizeLimit { limit, server }.into()));
                        s.features.size = Some(0);
                    }
                }
                "PIPELINING" => s.chat.pipelining = true,
                "8BITMIME" => s.features.eightbit = true,
                "DSN" => s.features.dsn = true,
                "SMTPUTF8" => s.features.smtputf8 = true,
                _ => {}
            }
        }
    }
    let first = r.lines.first().map_or("", String::as_str).split_whitespace().next().unwrap_or("").to_owned();
    let me = c.p.conf.get("myhostname");
    if !c.lmtp && first.eq_ignore_ascii_case(&me) && s.host.relay.ends_with(":25") {
        c.t = s.chat.t;
        c.log(Delivery::OwnHostname { host: s.host.relay.clone(), name: me });
        let text = format!("mail for {} loops back to myself", s.host.domain);
        site_fail(c, s, "5.4.6", text, None);
        return false;
    }
    true
}

/// The sender and recipients as the remote side sees them (`smtp_generic_maps`).
fn generic(ctx: &mut Ctx<'_>, c: &Client<'_>, addr: &str) -> String {
    let param = c.name("generic_maps");
    if c.p.conf.is_empty(&param) || addr.is_empty() {
        return addr.to_owned();
    }
    match mail_addr::map(ctx, c.p, &param, "generic", addr) {
        Ok(Some(l)) => l.into_iter().next().unwrap_or_else(|| addr.to_owned()),
        _ => addr.to_owned(),
    }
}

/// MAIL, RCPT, DATA. True: end with QUIT.
fn transaction(ctx: &mut Ctx<'_>, c: &mut Client<'_>, s: &mut Session<'_>) -> bool {
    let setup = s.chat.t;
    let env = c.r.envelope.clone();
    if let Some(max) = s.features.size.filter(|m| *m > 0)
        && env.size > max
    {
        let text = format!("message size {} exceeds size limit {max} of server {}", env.size, s.host.shown);
        mesg_fail(c, s, setup, "5.3.4", text, None);
        return true;
    }
    if env.smtputf8 > SMTPUTF8_ASKED && !s.features.smtputf8 {
        let text = format!("SMTPUTF8 is required, but was not offered by host {}", s.host.shown);
        mesg_fail(c, s, setup, "5.6.7", text, None);
        return true;
    }
    let sender = generic(ctx, c, &c.r.sender.clone());
    let mut mail = format!("MAIL FROM:<{}>", quote_local(&sender));
    if s.features.size.is_some() {
        mail += &format!(" SIZE={}", env.size);
    }
    if s.features.eightbit && env.attr("encoding") == "8bit" {
        mail += " BODY=8BITMIME";
    }
    if env.smtputf8 > SMTPUTF8_ASKED {
        mail += " SMTPUTF8";
    }
    if s.features.dsn {
        match env.ret {
            Some(1) => mail += " RET=FULL",
            Some(2) => mail += " RET=HDRS",
            _ => {}
        }
        if !env.envid.is_empty() {
            mail += &format!(" ENVID={}", env.envid);
        }
    }
    let commands = rcpt_lines(ctx, c, s);
    s.chat.pipeline(std::iter::once(mail.clone()).chain(commands.iter().cloned()).chain(["DATA".to_owned()]));
    let r = match s.chat.ask(ctx.host, &mail, c.seconds("mail_timeout")) {
        Ok(r) => r,
        Err(b) => {
            broken(c, s, b, "sending MAIL FROM");
            return false;
        }
    };
    if r.class() != 2 {
        let text = format!("host {} said: {} (in reply to MAIL FROM command)", s.host.shown, r.text);
        mesg_fail(c, s, setup, &r.dsn.clone(), text, Some(&r));
        return r.code != 421;
    }
    let mut accepted = Vec::new();
    for (i, line) in c.left.clone().into_iter().zip(commands) {
        let r = match s.chat.ask(ctx.host, &line, c.seconds("rcpt_timeout")) {
            Ok(r) => r,
            Err(b) => {
                broken(c, s, b, "sending RCPT TO");
                return false;
            }
        };
        if r.class() == 2 {
            if c.r.verify {
                sent(c, s, setup, i, &r);
            } else {
                accepted.push(i);
            }
            continue;
        }
        let text = format!("host {} said: {} (in reply to RCPT TO command)", s.host.shown, r.text);
        rcpt_fail(c, s, setup, i, &r, text);
    }
    if accepted.is_empty() {
        return true;
    }
    let r = match s.chat.ask(ctx.host, "DATA", c.seconds("data_init_timeout")) {
        Ok(r) => r,
        Err(b) => {
            broken(c, s, b, "sending DATA command");
            return false;
        }
    };
    if r.class() != 3 {
        let odd = if matches!(r.class(), 4 | 5) { "" } else { "Protocol error: " };
        let text = format!("{odd}host {} said: {} (in reply to DATA command)", s.host.shown, r.text);
        mesg_fail(c, s, setup, &r.dsn.clone(), text, Some(&r));
        return r.code != 421;
    }
    c.t = s.chat.t;
    let content = c.r.content(ctx);
    let Ok(content) = checks::apply(ctx, c, content) else {
        broken(c, s, Broken::Filter, "");
        return false;
    };
    let body = on_the_wire(&content);
    s.chat.pipeline(["QUIT".to_owned()]);
    if let Err(b) = s.chat.send(ctx.host, &body, c.seconds("data_done_timeout")) {
        broken(c, s, b, "sending end of data -- message may be sent more than once");
        return false;
    }
    let limit = c.seconds("data_done_timeout");
    if c.lmtp {
        for i in accepted {
            match s.chat.read(ctx.host, limit) {
                Ok(r) if r.class() == 2 => sent(c, s, setup, i, &r),
                Ok(r) => {
                    let text = format!("host {} said: {} (in reply to end of DATA command)", s.host.shown, r.text);
                    rcpt_fail(c, s, setup, i, &r, text);
                }
                Err(b) => {
                    broken(c, s, b, "sending end of data -- message may be sent more than once");
                    return false;
                }
            }
        }
        return true;
    }
    match s.chat.read(ctx.host, limit) {
        Ok(r) if r.class() == 2 => {
            for i in accepted {
                sent(c, s, setup, i, &r);
            }
            true
        }
        Ok(r) => {
            let text = format!("host {} said: {} (in reply to end of DATA command)", s.host.shown, r.text);
            mesg_fail(c, s, setup, &r.dsn.clone(), text, Some(&r));
            r.code != 421
        }
        Err(b) => {
            broken(c, s, b, "sending end of data -- message may be sent more than once");
            false
        }
    }
}

/// What is said of each recipient that is left.
fn rcpt_lines(ctx: &mut Ctx<'_>, c: &Client<'_>, s: &Session<'_>) -> Vec<String> {
    let mut lines = Vec::with_capacity(c.left.len());
    for i in &c.left {
        let rcpt = c.r.recipients[*i].clone();
        let to = generic(ctx, c, &rcpt.address);
        let mut line = format!("RCPT TO:<{}>", quote_local(&to));
        if s.features.dsn {
            if rcpt.notify != 0 {
                line += &format!(" NOTIFY={}", notify_words(rcpt.notify));
            }
            if !rcpt.orcpt.is_empty() {
                line += &format!(" ORCPT={}", rcpt.orcpt);
            }
        }
        lines.push(line);
    }
    lines
}

fn notify_words(n: u32) -> String {
    use crate::postfix::cleanup::notify;
    if n & notify::NEVER != 0 {
        return "NEVER".into();
    }
    let list = [(notify::SUCCESS, "SUCCESS"), (notify::FAILURE, "FAILURE"), (notify::DELAY, "DELAY")];
    list.iter().filter(|(b, _)| n & b != 0).map(|(_, w)| *w).collect::<Vec<_>>().join(",")
}

/// The message on the wire: CRLF line ends, dots doubled, and the end.
fn on_the_wire(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + content.len() / 16 + 64);
    for line in text::lines(content) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

fn outcome(s: &Session<'_>, setup: Span, i: usize, verdict: Verdict, dsn: &str, text: String) -> Item {
    let mut item = Item::new(i, verdict, dsn, text).relay(s.host.relay.clone()).at(s.chat.t);
    item.setup = setup;
    item
}

fn sent(c: &mut Client<'_>, s: &Session<'_>, setup: Span, i: usize, r: &Reply) {
    let mut item = outcome(s, setup, i, Verdict::Sent, &r.dsn, r.text.clone());
    item.diag_type = "smtp".into();
    item.diag_text.clone_from(&r.text);
    item.mta.clone_from(&s.host.name);
    item.relays_notice = s.features.dsn;
    c.out.items.push(item);
    c.left.retain(|x| *x != i);
}

/// One recipient was refused: the next host if that may help, else it is settled (`smtp_rcpt_fail`).
fn rcpt_fail(c: &mut Client<'_>, s: &Session<'_>, setup: Span, i: usize, r: &Reply, text: String) {
    let soft = r.class() == 4;
    if soft && !s.last {
        c.t = s.chat.t;
        c.log(Delivery::NextHost { qid: c.r.qid.clone(), text: text.clone() });
        c.why = Why {
            dsn: r.dsn.clone(),
            text,
            reply: r.text.clone(),
            mta: s.host.name.clone(),
            relay: s.host.relay.clone(),
        };
        return;
    }
    let verdict = if soft { Verdict::Deferred } else { Verdict::Bounced };
    // What is no reply to such a command is a protocol error.
    let dsn = match r.class() {
        4 if !r.dsn.starts_with('4') => "4.0.0".to_owned(),
        4 | 5 => r.dsn.clone(),
        _ => "5.5.0".to_owned(),
    };
    let mut item = outcome(s, setup, i, verdict, &dsn, text);
    item.diag_type = "smtp".into();
    item.diag_text.clone_from(&r.text);
    item.mta.clone_from(&s.host.name);
    c.out.items.push(item);
    c.left.retain(|x| *x != i);
}

/// The message was refused for all that are left (`smtp_mesg_fail`).
fn mesg_fail(c: &mut Client<'_>, s: &Session<'_>, setup: Span, dsn: &str, text: String, r: Option<&Reply>) {
    let fake = Reply { code: if dsn.starts_with('5') { 550 } else { 450 }, dsn: dsn.to_owned(), ..Reply::default() };
    for i in c.left.clone() {
        let before = c.out.items.len();
        rcpt_fail(c, s, setup, i, r.unwrap_or(&fake), text.clone());
        if r.is_none()
            && let Some(item) = c.out.items.get_mut(before)
        {
            item.diag_type.clear();
            item.mta.clear();
        }
    }
}
