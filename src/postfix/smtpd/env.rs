//! The evaluator's [`Env`] for a running smtpd: its tables, the host's DNS, policy servers, verify(8).

use crate::base::Span;
use crate::host::Errno;
use crate::host::dns::Answer;
use crate::host::net::Endpoint;
use crate::log::smtpd::Smtpd;
use crate::postfix::expand::{self, Expander};
use crate::postfix::live::{self, Live};
use crate::postfix::lookups::{Failed, Lookups, Maps, Who};
use crate::postfix::midna;
use crate::postfix::params::param;
use crate::postfix::restriction::policy::Service;
use crate::postfix::restriction::{Env, Verified};
use crate::postfix::spawn;
use crate::postfix::trivial_rewrite::{Purpose, Resolved};
use crate::postfix::verify;
use crate::postfix::wait::Waiting;
use std::net::IpAddr;
use std::sync::Arc;

/// A process at work, and the time that its work takes.
pub struct SmtpdEnv<'a, 'c> {
    pub live: Live<'a, 'c>,
    pub delay: Span,
    /// Whether the command can be done again when a service that is not there has come.
    pub may_wait: bool,
    /// A service that the process waits for: nothing more is done or said.
    pub waits: Option<Waiting>,
}

impl SmtpdEnv<'_, '_> {
    fn wait_for(&mut self, service: &str) -> bool {
        if self.may_wait && self.waits.is_none() {
            self.waits = Waiting::begin(self.live.ctx, self.live.proc, service);
        }
        self.waits.is_some()
    }
}

/// How long the resolver tries before it gives up on a server that says nothing.
const DNS_TIMEOUT: Span = Span::secs(20);

impl Lookups for SmtpdEnv<'_, '_> {
    fn param(&self, name: &str) -> String {
        self.live.param(name)
    }
    fn raw_param(&self, name: &str) -> String {
        self.live.raw_param(name)
    }
    fn words(&self, name: &str) -> Arc<[String]> {
        self.live.words(name)
    }
    fn flag(&self, name: &str) -> bool {
        self.live.flag(name)
    }
    fn int(&self, name: &str) -> i64 {
        self.live.int(name)
    }
    fn find(&mut self, maps: Maps<'_>, key: &str, partial: bool) -> Result<Option<String>, Failed> {
        if self.waits.is_some() {
            return Err(Failed);
        }
        self.live.find(maps, key, partial)
    }
    fn matches(&mut self, param: &str, who: Who<'_>) -> Result<bool, Failed> {
        if self.waits.is_some() {
            return Err(Failed);
        }
        self.live.matches(param, who)
    }
    fn is_own_address(&self, ip: IpAddr) -> bool {
        self.live.is_own_address(ip)
    }
}

/// `inet:127.0.0.1:10023` or `unix:private/policy`, and the name for messages.
fn server(spec: &str) -> (Option<Endpoint>, String) {
    let (kind, rest) = spec.split_once(':').unwrap_or(("inet", spec));
    if kind == "unix" {
        let path = if rest.starts_with('/') { rest.to_owned() } else { format!("/var/spool/postfix/{rest}") };
        return (Some(Endpoint::Unix(path)), rest.to_owned());
    }
    let (host, port) = rest.rsplit_once(':').unwrap_or(("localhost", rest));
    let ip = match host.trim_matches(['[', ']']) {
        "localhost" | "" => Ok(IpAddr::from([127, 0, 0, 1])),
        h => h.parse(),
    };
    let end = ip.ok().zip(port.parse().ok()).map(|(i, p)| Endpoint::Inet(i, p));
    (end, rest.to_owned())
}

impl Env for SmtpdEnv<'_, '_> {
    fn say(&mut self, event: Smtpd) {
        if self.waits.is_none() {
            self.live.proc.log(self.live.ctx.host, event);
        }
    }
    fn dns(&mut self, name: &str, rtype: &str) -> Answer {
        if self.waits.is_some() {
            return Answer::NoData;
        }
        let answer = self.live.ctx.host.dns.query(&midna::to_ascii(name), rtype);
        if answer == Answer::Timeout {
            self.delay = self.delay + DNS_TIMEOUT;
        }
        answer
    }
    fn resolve(&mut self, sender: &str, addr: &str) -> Resolved {
        let key = (sender.to_owned(), addr.to_owned());
        if let Some(r) = self.live.ctx.pf.smtpd.resolved(self.live.proc.pid, &key) {
            return r;
        }
        if self.wait_for("private/rewrite") {
            return Resolved { fail: true, recipient: addr.into(), ..Resolved::default() };
        }
        let mut r = live::resolve(self.live.ctx, Purpose::Deliver, sender, addr);
        r.recipient = r.recipient.to_lowercase();
        self.live.ctx.pf.smtpd.remember(self.live.proc.pid, key, r.clone());
        r
    }
    fn hosts(&mut self, name: &str) -> Vec<String> {
        self.live.ctx.host.hosts_of(&midna::to_ascii(name)).iter().map(IpAddr::to_string).collect()
    }
    fn policy(&mut self, service: &Service, request: &[(String, String)]) -> Option<String> {
        if self.waits.is_some() {
            return None;
        }
        // A socket whose file is not there yet, or a server that hangs up, is given a second chance before it is a problem.
        let harmless = |e: &Errno| matches!(e, Errno::NoEnt | Errno::ConnReset);
        let (endpoint, name) = server(&service.server);
        let tries = service.try_limit.unwrap_or_else(|| self.int("smtpd_policy_service_try_limit")).max(1);
        let conf = &self.live.proc.conf;
        let pause =
            Span::secs(service.retry_delay.unwrap_or_else(|| conf.time(param!("smtpd_policy_service_retry_delay"))));
        let patience = Span::secs(conf.time(param!("smtpd_policy_service_timeout")));
        for n in 0..tries {
            if n > 0 {
                self.delay = self.delay + pause;
            }
            let service = name.strip_prefix("private/").filter(|n| !n.contains('/'));
            let spawned = service.and_then(|n| spawn::fails(self.live.ctx, n));
            let error = match &endpoint {
                _ if spawned.is_some() => spawned.unwrap_or(Errno::Inval),
                Some(e) => match self.live.ctx.dial.policy(self.live.ctx.host, e, request) {
                    Ok(action) => return Some(action),
                    Err(errno) => errno,
                },
                None => Errno::Inval,
            };
            let reason = error.text().to_owned();
            match error {
                Errno::TimedOut => self.delay = self.delay + patience,
                Errno::ConnReset => {}
                _ => self.say(Smtpd::PolicyConnect { server: name.clone(), reason: reason.clone() }),
            }
            if n + 1 == tries || !harmless(&error) {
                self.say(Smtpd::PolicyTalk { server: name.clone(), reason });
            }
        }
        None
    }
    fn verify(&mut self, addr: &str) -> Verified {
        if self.wait_for("private/verify") {
            return Verified::Unavailable;
        }
        let polls = self.int("address_verify_poll_count").max(1);
        let delay = Span::secs(self.live.proc.conf.time(param!("address_verify_poll_delay")));
        let Some(k) = verify::poll(self.live.ctx, addr, polls, delay) else { return Verified::Unavailable };
        match k.status {
            verify::Status::Ok => Verified::Ok,
            verify::Status::Bounce => Verified::Bounced(k.text),
            verify::Status::Defer | verify::Status::Todo => Verified::Deferred(k.text),
        }
    }
    fn expand(&mut self, template: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let unknown = std::cell::RefCell::new(Vec::new());
        let known = |name: &str| {
            let value = lookup(name);
            if value.is_none() {
                unknown.borrow_mut().push(name.to_owned());
            }
            value
        };
        let filter = unescape(&self.raw_param("smtpd_expansion_filter"));
        let env = Expander { lookup: &known, recurse: false, filter: Some(&filter), suffixes: &[] };
        let x = expand::expand(&env, template);
        for name in unknown.into_inner() {
            self.say(Smtpd::UnknownMacro { name });
        }
        (x.status & expand::PARSE_ERROR == 0).then_some(x.text)
    }
    fn once(&mut self, what: &str) -> bool {
        self.live.once(what)
    }
    fn pass(&mut self, span: Span) {
        self.delay = self.delay + span;
    }
}

/// `\t`, `\40`, `\\`: the escapes of a C string.
pub fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut c = text.chars().peekable();
    while let Some(ch) = c.next() {
        if ch != '\\' {
            out.push(ch);
            continue;
        }
        match c.next() {
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some(d @ '0'..='7') => {
                let mut n = d.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    match c.peek().and_then(|x| x.to_digit(8)) {
                        Some(v) => {
                            n = n * 8 + v;
                            c.next();
                        }
                        None => break,
                    }
                }
                out.extend(char::from_u32(n));
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}
