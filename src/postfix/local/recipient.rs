//! `deliver_recipient()` and `deliver_switch()`: what kind of address it is; `deliver_resolve_addr()`: whether it is one of
//! here; `deliver_unknown()`: what becomes of names that nobody has.

use super::{Local, State, mailbox};
use crate::host::Errno;
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;
use crate::log::local::Local as Log;
use crate::postfix::Ctx;
use crate::postfix::address;
use crate::postfix::agent::{self, split_extension};
use crate::postfix::delivery::{Passed, Verdict};
use crate::postfix::params::param;
use crate::postfix::wait::{self, PAUSE, TRIES};
use std::sync::Arc;

impl Local<'_> {
    pub(super) fn recipient(&mut self, ctx: &mut Ctx<'_>, mut s: State) {
        if self.w.budget == 0 {
            return;
        }
        self.w.budget -= 1;
        s.level += 1;
        if self.been(&format!("recipient {} {}", s.level, s.rcpt.address)) {
            return;
        }
        if self.is_loop(&s.rcpt.address) {
            let text = format!("mail forwarding loop for {}", s.rcpt.address);
            self.tick(ctx, "local.done", 300, 6_000);
            let item = self.outcome(&s, Verdict::Bounced, "5.4.6", text);
            let item = self.to_owner(ctx, &s, item);
            self.file_item(item);
            return;
        }
        if s.delivered.is_none() {
            s.delivered = Some(s.rcpt.address.clone());
        }
        let folded = s.rcpt.address.to_lowercase();
        let (local, domain) = folded.rsplit_once('@').unwrap_or((&folded, ""));
        let (user, extension) = split_extension(&self.p.conf, local);
        let bad = extension.is_some_and(|e| e.contains('/'));
        if bad {
            self.log(Log::Extension { qid: self.r.qid.clone(), local: local.to_owned() });
        }
        s.local = if bad { user } else { local }.to_owned();
        domain.clone_into(&mut s.domain);
        user.clone_into(&mut s.user);
        s.extension = extension.filter(|_| !bad).map(str::to_owned);
        s.unmatched.clone_from(&s.extension);
        if s.user.is_empty() {
            let text = format!("null username in \"{}\"", s.rcpt.address);
            self.item(ctx, &s, Verdict::Bounced, "5.1.3", text);
            return;
        }
        self.switch(ctx, s);
    }

    fn switch(&mut self, ctx: &mut Ctx<'_>, mut s: State) {
        s.level += 1;
        if s.rcpt.address.starts_with('\\') {
            for text in [&mut Arc::make_mut(&mut s.rcpt).address, &mut s.local, &mut s.user] {
                text.remove(0);
            }
            self.mailbox_or_unknown(ctx, s);
            return;
        }
        s.unmatched = None;
        if self.alias(ctx, &s, &s.local) {
            return;
        }
        if s.extension.is_some() {
            if self.propagates("alias") {
                s.unmatched.clone_from(&s.extension);
            }
            if self.alias(ctx, &s, &s.user) {
                return;
            }
            s.unmatched.clone_from(&s.extension);
        }
        let others = s.owner.as_ref().is_some_and(|o| !o.eq_ignore_ascii_case(&s.user));
        if others || s.exp == super::Expansion::Include {
            self.indirect(ctx, &s);
            return;
        }
        if self.p.conf.bool(param!("require_home_directory"))
            && let Some(user) = ctx.host.user(&s.user)
            && let Err(e) = ctx.host.fs.stat(&mailbox::cred(&user), &user.home)
        {
            let text = format!("cannot access home directory {}: {}", user.home, e.text());
            self.item(ctx, &s, Verdict::Deferred, "4.3.0", text);
            return;
        }
        if !self.dotforward(ctx, &s) {
            self.mailbox_or_unknown(ctx, s);
        }
    }

    pub(super) fn mailbox_or_unknown(&mut self, ctx: &mut Ctx<'_>, s: State) {
        if !self.mailbox(ctx, &s) {
            self.unknown(ctx, s);
        }
    }

    /// On here if the address is local, else in a message with others.
    pub(super) fn resolve(&mut self, ctx: &mut Ctx<'_>, s: &State, address: &str) {
        let mut s = State { level: s.level + 1, ..s.clone() };
        // A lone `@` is the empty address, which is whom the mail system is.
        let full = if address == "@" { String::new() } else { agent::rewrite(ctx, self.p, "local", address) };
        let route = agent::resolve(ctx, self.p, &self.r.sender, &full);
        if route.fail {
            self.item(ctx, &s, Verdict::Deferred, "4.3.0", "address resolver failure");
            return;
        }
        if route.error {
            let text = format!("bad recipient address syntax: {}", route.recipient);
            self.item(ctx, &s, Verdict::Bounced, "5.1.3", text);
            return;
        }
        let mut address = route.recipient;
        if let Some(e) = &s.unmatched {
            let d = self.p.conf.get(param!("recipient_delimiter")).chars().next().unwrap_or('+');
            let at = address.rfind('@').unwrap_or(address.len());
            address.insert_str(at, &format!("{d}{e}"));
        }
        Arc::make_mut(&mut s.rcpt).address = address;
        if route.transport == self.p.service() {
            self.recipient(ctx, s);
        } else {
            self.indirect(ctx, &s);
        }
    }

    fn unknown(&mut self, ctx: &mut Ctx<'_>, mut s: State) {
        s.level += 1;
        if self.been(&format!("deliver_unknown {}", s.local)) {
            return;
        }
        match agent::lookup(ctx, self.p, "fallback_transport_maps", &s.user) {
            Ok(Some(transport)) => return self.pass(ctx, &s, &transport),
            Ok(None) => {}
            Err(_) => {
                self.item(ctx, &s, Verdict::Deferred, "4.3.0", "table lookup failure");
                return;
            }
        }
        let fallback = self.p.conf.get(param!("fallback_transport"));
        if !fallback.is_empty() {
            return self.pass(ctx, &s, &fallback);
        }
        let luser = self.p.conf.raw("luser_relay").unwrap_or_default();
        if !luser.is_empty() {
            s.unmatched = None;
            let found = self.expand(&s, &luser, None);
            for f in found.faults {
                self.log(Delivery::Macro(f));
            }
            let address = address::internalize(&address::scan(&found.text));
            // What needs quotes is never itself, and the second time it has been delivered.
            let full = address::quote(&agent::rewrite(ctx, self.p, "local", &address));
            if !full.eq_ignore_ascii_case(&s.rcpt.address) {
                self.resolve(ctx, &s, &address);
                return;
            }
        }
        if s.user == "mailer-daemon" || s.user == "postmaster" {
            self.log(Log::RequiredAlias(s.user.clone()));
            self.item(ctx, &s, Verdict::Sent, "2.0.0", "discarded");
            return;
        }
        let text = format!("unknown user: \"{}\"", s.user);
        self.item(ctx, &s, Verdict::Bounced, "5.1.1", text);
    }

    /// Hands the recipient to another delivery agent.
    pub(super) fn pass(&mut self, ctx: &mut Ctx<'_>, s: &State, destination: &str) {
        let (transport, nexthop) = destination.split_once(':').unwrap_or((destination, ""));
        if transport.is_empty() {
            self.out.crash = Some(Delivery::ServerFatal(AgentFatal::NoTransport(destination.to_owned())).into());
            return;
        }
        let nexthop = if nexthop.is_empty() { &self.r.nexthop } else { nexthop }.to_owned();
        let (address, transport) = (s.rcpt.address.clone(), transport.to_owned());
        self.log(Delivery::Passing { qid: self.r.qid.clone(), to: address.clone(), transport: transport.clone() });
        self.tick(ctx, "local.pass", 200, 900);
        if let Some(errno) = agent::missing(ctx, &transport) {
            self.wait_for(&transport, errno);
            return;
        }
        self.out.passed.push(Passed { rcpt: self.w.rcpt, address, transport, nexthop });
    }

    /// `mail_connect_wait()`: there is no such service, and after a while the process ends.
    fn wait_for(&mut self, service: &str, errno: Errno) {
        for n in 1..=TRIES {
            let event = wait::failed(n, &format!("private/{service}"), errno);
            if n == TRIES {
                self.out.crash = Some(event.into());
            } else {
                self.log(event);
                self.w.t = self.w.t + PAUSE;
            }
        }
    }
}
