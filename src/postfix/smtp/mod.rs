//! smtp(8) and lmtp(8): delivery over the network or a UNIX-domain socket.
//!
//! A request tries the destination's hosts in order ([`addr`]); with each that answers it holds a session ([`session`]).
//! The whole dialogue runs at the instant of the hand-off, and its times are added up. Left out: connection caching, DANE,
//! conversion of 8-bit content, XFORWARD.

mod addr;
mod auth;
mod chat;
mod checks;
mod engine;
mod policy;
mod session;
mod startup;
mod tls;

pub use startup::faults;

use super::Ctx;
use super::agent::Proc;
use super::delivery::{Item, Outcome, Request, Verdict};
use super::startup::unknown_class;
use crate::base::Span;
use crate::host::Errno;
use crate::host::net::Endpoint;
use crate::log::delivery::Delivery;
use crate::log::tls_policy::TlsPolicy;
use addr::Host;
use session::Held;
use std::net::IpAddr;

/// Why a host or the whole destination did not take the mail.
#[derive(Clone, Debug, Default)]
struct Why {
    dsn: String,
    text: String,
    /// The reply itself and who gave it, for the delivery report.
    reply: String,
    mta: String,
    /// `mx.x[1.2.3.4]:25`, or `none` without a session.
    relay: String,
}

impl Why {
    fn new(dsn: &str, text: impl Into<String>) -> Why {
        Why { dsn: dsn.into(), text: text.into(), relay: "none".into(), ..Why::default() }
    }
    fn soft(&self) -> bool {
        self.dsn.starts_with('4')
    }
}

/// One delivery by this client.
struct Client<'a> {
    p: &'a Proc,
    r: &'a Request,
    lmtp: bool,
    out: Outcome,
    /// Model time since the hand-off.
    t: Span,
    /// Recipients not dealt with.
    left: Vec<usize>,
    why: Why,
    /// How many servers answered.
    sessions: u32,
}

impl Client<'_> {
    /// A parameter of this client: `smtp_x` or `lmtp_x`.
    fn param(&self, name: &str) -> String {
        self.p.conf.get(&self.name(name))
    }
    fn name(&self, name: &str) -> String {
        format!("{}_{name}", if self.lmtp { "lmtp" } else { "smtp" })
    }
    fn flag(&self, name: &str) -> bool {
        self.p.conf.bool(&self.name(name))
    }
    fn seconds(&self, name: &str) -> Span {
        Span::secs(self.p.conf.time(&self.name(name)))
    }
    /// Whether DNS is not used at all.
    fn native(&self) -> bool {
        self.p.conf.bool("disable_dns_lookups") || self.param("dns_support_level") == "disabled"
    }
    fn log(&mut self, event: impl Into<crate::log::Event>) {
        self.out.log(self.t, event);
    }
    fn spend(&mut self, ctx: &Ctx<'_>, stream: &str, low: i64, high: i64) {
        let key = format!("{}/{}/{}", self.r.qid, self.r.nexthop, self.t.0);
        self.t = self.t + ctx.host.jitter(stream, &key, low, high);
    }
    /// All that are left have this outcome.
    fn give_up(&mut self) {
        let w = self.why.clone();
        let verdict = if w.soft() { Verdict::Deferred } else { Verdict::Bounced };
        let at = self.t;
        for i in std::mem::take(&mut self.left) {
            let mut item = Item::new(i, verdict, &w.dsn, w.text.clone()).relay(w.relay.clone()).at(at);
            item.setup = at;
            if !w.reply.is_empty() {
                item.diag_type = "smtp".into();
                item.diag_text.clone_from(&w.reply);
            }
            item.mta.clone_from(&w.mta);
            self.out.items.push(item);
        }
        if w.soft() {
            self.out.dead = Some((w.dsn, w.text));
        }
    }
}

/// Delivers a request.
pub fn deliver(ctx: &mut Ctx<'_>, p: &Proc, r: &Request) -> Outcome {
    let mut c = Client {
        p,
        r,
        lmtp: &*p.program == "lmtp",
        out: Outcome::default(),
        t: Span::ZERO,
        left: (0..r.recipients.len()).collect(),
        why: Why::new("4.3.0", "mail transport unavailable"),
        sessions: 0,
    };
    engine::start(ctx, &mut c);
    c.spend(ctx, "smtp.start", 500, 3_000);
    let dest = r.nexthop.clone();
    // To smtp(8) `unix` and `inet` are hosts like any other.
    let (unix, inet) = (dest.strip_prefix("unix:"), dest.strip_prefix("inet:"));
    match (unix, inet) {
        (Some(path), _) if c.lmtp => local(ctx, &mut c, path),
        (_, Some(host)) if c.lmtp => network(ctx, &mut c, host),
        _ => network(ctx, &mut c, &dest),
    }
    if !c.left.is_empty() && c.out.crash.is_none() {
        c.give_up();
    }
    c.out.took = c.t;
    // After a session it is looked at whether postmaster is to be told of it.
    if c.out.crash.is_none() && c.sessions > 0 {
        c.out.crash = unknown_class(&p.conf).map(Into::into);
    }
    c.out
}

/// A UNIX-domain destination.
fn local(ctx: &mut Ctx<'_>, c: &mut Client<'_>, path: &str) {
    let name = c.p.conf.get("myhostname");
    let full = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", super::mail_queue::SPOOL) };
    let shown = format!("{name}[{path}]");
    c.spend(ctx, "lmtp.connect", 200, 1_500);
    let writable = ctx.host.fs.stat(&super::mail_queue::owner(ctx.host), &full).map(|_| ());
    let made = match writable.and_then(|()| ctx.host.fs.access(&super::mail_queue::owner(ctx.host), &full, 2)) {
        Err(e) => Err((e, Span::ZERO)),
        Ok(()) => ctx.dial.connect(ctx.host, None, &Endpoint::Unix(full)),
    };
    match made {
        Err((e, _)) => {
            c.why = Why::new("4.4.1", format!("connect to {shown}: {}", e.text()));
        }
        Ok(peer) => {
            let host = Host { name, shown: shown.clone(), relay: shown, domain: path.to_owned() };
            session::hold(ctx, c, peer, &host, true, None);
        }
    }
}

/// A destination by name or address; then the fallback relays.
fn network(ctx: &mut Ctx<'_>, c: &mut Client<'_>, dest: &str) {
    let mut tries: Vec<String> = split(dest);
    let own = tries.len();
    tries.extend_from_slice(&c.p.conf.list(&c.name("fallback_relay")));
    let last = tries.len().saturating_sub(1);
    let mut at = 0;
    for (n, dest) in tries.iter().enumerate() {
        if c.left.is_empty() || c.out.crash.is_some() {
            return;
        }
        at = n;
        one_site(ctx, c, dest, n == last);
        if !c.why.soft() && n == 0 && !c.why.dsn.starts_with("5.4") {
            break;
        }
        // Whoever is the destination himself does not try what stands in for it.
        if c.why.text.ends_with("loops back to myself") {
            break;
        }
    }
    if c.left.is_empty() || c.out.crash.is_some() || c.why.soft() {
        return;
    }
    // What looks like a fault of the configuration costs no mail.
    let relayhost = !c.lmtp && tries.first().is_some_and(|t| *t == c.p.conf.get("relayhost"));
    let param = if at >= own { c.name("fallback_relay") } else { "relayhost".to_owned() };
    if at >= own || relayhost {
        c.log(Delivery::Problem { param });
        "4.3.5".clone_into(&mut c.why.dsn);
    }
}

/// The destinations of a next hop.
fn split(dest: &str) -> Vec<String> {
    dest.split([',', ' ', '\t']).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// All hosts of one destination.
fn one_site(ctx: &mut Ctx<'_>, c: &mut Client<'_>, dest: &str, last_site: bool) {
    let default = if c.lmtp { 24 } else { 25 };
    let (name, literal, port) = match addr::parse(dest, default) {
        Ok(p) => p,
        Err(why) => {
            c.out.crash = Some(Delivery::ServerFatal(why).into());
            return;
        }
    };
    let use_mx = !literal && !c.lmtp && !c.native();
    if !c.native() && name.parse::<IpAddr>().is_err() {
        policy::probe(ctx, c);
        if c.out.crash.is_some() {
            return;
        }
    }
    let list = match addr::find(ctx, c, &name, use_mx, port) {
        Ok(l) => l,
        Err(w) => {
            c.why = w;
            return;
        }
    };
    let address_limit = c.p.conf.int(&c.name("mx_address_limit")).max(0) as usize;
    let session_limit = c.p.conf.int(&c.name("mx_session_limit")).max(0) as usize;
    let mut sessions = 0;
    let total = if address_limit > 0 { list.len().min(address_limit) } else { list.len() };
    for (n, a) in list.iter().take(total).enumerate() {
        if c.left.is_empty() {
            return;
        }
        let relay = format!("{}[{}]:{port}", a.name, a.ip);
        let policy = match policy::find(ctx, c, dest) {
            Ok(p) => p,
            Err(reason) => {
                c.log(TlsPolicy::Lookup { dest: name.clone(), host: a.name.clone(), reason });
                c.why = Why::new("4.7.5", reason);
                continue;
            }
        };
        if !c.lmtp && c.flag("tls_wrappermode") && policy.level < policy::Level::Encrypt {
            let param = c.name("tls_wrappermode");
            c.log(TlsPolicy::Wrapper { param });
            c.why = Why::new("4.3.0", "server unavailable or unable to receive mail");
            continue;
        }
        c.spend(ctx, "smtp.connect", 300, 6_000);
        let limit = c.seconds("connect_timeout");
        let bind = c.name(if a.ip.is_ipv6() { "bind_address6" } else { "bind_address" });
        let from: Option<IpAddr> = c.p.conf.get(&bind).parse().ok();
        if let Some(ip) = from.filter(|ip| !ctx.host.net.is_local(*ip)) {
            c.log(Delivery::Bind { ip });
        }
        let from = from.filter(|ip| ctx.host.net.is_local(*ip));
        match ctx.dial.connect(ctx.host, from, &Endpoint::Inet(a.ip, port)) {
            Err((e, took)) => {
                let (e, took) = if limit.0 > 0 && took >= limit { (Errno::TimedOut, limit) } else { (e, took) };
                c.t = c.t + took;
                let host = relay.clone();
                c.log(Delivery::Connect { host, reason: e.text().into() });
                c.why = Why::new("4.4.1", format!("connect to {relay}: {}", e.text()));
            }
            Ok(peer) => {
                c.sessions += 1;
                let is_last = last_site && (n + 1 == total || (session_limit > 0 && sessions + 1 >= session_limit));
                let host =
                    Host { name: a.name.clone(), shown: format!("{}[{}]", a.name, a.ip), relay, domain: name.clone() };
                let mut held = session::hold(ctx, c, peer, &host, is_last, Some(&policy));
                if held == Held::PlainAgain
                    && let Ok(peer) = ctx.dial.connect(ctx.host, from, &Endpoint::Inet(a.ip, port))
                {
                    held = session::hold(ctx, c, peer, &host, is_last, None);
                }
                // Only a session that came to mail counts.
                sessions += usize::from(held == Held::Done);
                if session_limit > 0 && sessions >= session_limit {
                    return;
                }
            }
        }
    }
}
