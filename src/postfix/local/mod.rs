//! local(8): aliases, .forward, mailboxes, programs.
//!
//! One recipient at a time: alias, then .forward, then the mailbox, then the unknown-user rules (`deliver_switch`). Left
//! out: `biff`, `mailbox_command_maps` with several words of options, DSN trace records of expansions.

mod alias;
mod dotforward;
mod mailbox;
pub mod maildir;
mod token;

pub use mailbox::{head, mbox_dsn};

use super::agent::{self, Proc, split_extension};
use super::delivery::{Exec, Item, Outcome, Passed, Request, Verdict};
use super::mail_queue::SPOOL;
use super::{Ctx, ExecRequest};
use crate::base::{Span, text};
use crate::host::Cred;
use crate::host::users::User;
use crate::log::delivery::Delivery;
use std::collections::BTreeSet;

/// Nesting of aliases, includes and .forward files.
const MAX_LEVEL: usize = 100;

/// A request on its way through local(8).
struct Local<'a> {
    p: &'a Proc,
    r: &'a Request,
    rcpt: usize,
    content: Vec<u8>,
    out: Outcome,
    /// Model time spent.
    t: Span,
    been: BTreeSet<String>,
    /// Addresses to forward to, by sender: one new message for each.
    forwards: Vec<(String, Vec<String>)>,
    /// The address that Delivered-To: names.
    delivered: String,
    /// The sender that an `owner-` alias sets.
    sender: String,
    /// Expansions left: a fan of aliases ends here.
    budget: u32,
}

/// A recipient at some depth of expansion.
#[derive(Clone)]
struct Target {
    address: String,
    level: usize,
    /// Whose rights a file or program gets: the alias file's owner, or the user.
    privileges: Option<Cred>,
    /// The user whose .forward is being expanded.
    user: Option<User>,
    exp: Expansion,
    /// The alias whose expansion this is.
    exp_from: String,
    /// Whose list this is: the owner- alias, the alias of an :include:, the user of a .forward. Others on it get a message of
    /// their own.
    owner: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expansion {
    None,
    Alias,
    Forward,
    Include,
}

/// Delivers a request.
pub fn deliver(ctx: &mut Ctx<'_>, p: &Proc, r: &Request) -> Outcome {
    let content = r.content(ctx);
    let mut whole = Outcome::default();
    let mut t = Span::ZERO;
    for i in 0..r.recipients.len() {
        let span = ctx.host.jitter("local.start", &format!("{}/{i}", r.qid), 200, 2_500);
        let mut l = Local {
            p,
            r,
            rcpt: i,
            content: content.clone(),
            out: Outcome::default(),
            t: t + span,
            been: BTreeSet::new(),
            forwards: Vec::new(),
            delivered: r.recipients[i].address.clone(),
            sender: r.sender.clone(),
            budget: 20_000,
        };
        let target = Target {
            address: r.recipients[i].address.clone(),
            level: 0,
            privileges: None,
            user: None,
            exp: Expansion::None,
            exp_from: String::new(),
            owner: None,
        };
        l.recipient(ctx, &target);
        l.finish_forwards(ctx);
        t = l.t;
        if l.out.items.is_empty() && l.out.execs.is_empty() && l.out.passed.is_empty() {
            // Everything was a duplicate of something delivered before.
            let mut item = Item::new(i, Verdict::Sent, "2.0.0", "").relay("local");
            item.silent = true;
            l.out.items.push(item.at(t));
        }
        whole.items.append(&mut l.out.items);
        whole.logs.append(&mut l.out.logs);
        whole.execs.append(&mut l.out.execs);
        whole.passed.append(&mut l.out.passed);
    }
    whole.took = t;
    whole
}

impl Local<'_> {
    fn tick(&mut self, ctx: &Ctx<'_>, stream: &str, low: i64, high: i64) {
        let key = format!("{}/{}/{}", self.r.qid, self.rcpt, self.t.0);
        self.t = self.t + ctx.host.jitter(stream, &key, low, high);
    }
    /// Files an outcome for the recipient being expanded.
    fn item(&mut self, ctx: &Ctx<'_>, to: &Target, verdict: Verdict, dsn: &str, reason: impl Into<String>) {
        self.tick(ctx, "local.done", 300, 6_000);
        let mut item = Item::new(self.rcpt, verdict, dsn, reason).relay("local").at(self.t);
        if to.level > 0 {
            item.to = Some(to.address.clone());
        }
        self.out.items.push(item);
    }
    fn log(&mut self, event: Delivery) {
        self.out.log(self.t, event);
    }

    /// `deliver_recipient` and `deliver_switch`.
    fn recipient(&mut self, ctx: &mut Ctx<'_>, to: &Target) {
        if self.budget == 0 {
            return;
        }
        self.budget -= 1;
        if to.level == 0 && delivered_before(&self.content, &to.address) {
            let text = format!("mail forwarding loop for {}", to.address);
            self.item(ctx, to, Verdict::Bounced, "5.4.6", text);
            return;
        }
        let local = to.address.rsplit_once('@').map_or(to.address.as_str(), |(l, _)| l).to_lowercase();
        if let Some(plain) = local.strip_prefix('\\') {
            // `\\user` is the user, whatever aliases and .forward say.
            let plain = plain.to_owned();
            let address = to.address.trim_start_matches('\\').to_owned();
            self.mailbox_or_unknown(ctx, &Target { address, ..to.clone() }, &plain, None);
            return;
        }
        if self.alias(ctx, to, &local, None) {
            return;
        }
        let (user, extension) = split_extension(&self.p.conf, &local);
        let (user, extension) = (user.to_owned(), extension.map(str::to_owned));
        if extension.is_some() {
            let keep = self.p.conf.list("propagate_unmatched_extensions").iter().any(|c| c == "alias");
            let unmatched = if keep { extension.clone() } else { None };
            if self.alias(ctx, to, &user, unmatched) {
                return;
            }
        }
        if to.owner.as_ref().is_some_and(|o| !o.eq_ignore_ascii_case(&user)) {
            self.forward_to(&to.address);
            return;
        }
        if self.dotforward(ctx, to, &user, extension.as_deref()) {
            return;
        }
        self.mailbox_or_unknown(ctx, to, &user, extension.as_deref());
    }

    fn mailbox_or_unknown(&mut self, ctx: &mut Ctx<'_>, to: &Target, user: &str, extension: Option<&str>) {
        if !self.mailbox(ctx, to, user, extension) {
            self.unknown(ctx, to, user, extension);
        }
    }

    /// `deliver_unknown`.
    fn unknown(&mut self, ctx: &mut Ctx<'_>, to: &Target, user: &str, extension: Option<&str>) {
        let fallback = match agent::lookup(ctx, self.p, "fallback_transport_maps", user) {
            Ok(v) => v.unwrap_or_else(|| self.p.conf.get("fallback_transport")),
            Err(_) => {
                self.item(ctx, to, Verdict::Deferred, "4.3.5", "mail system configuration error");
                return;
            }
        };
        if !fallback.is_empty() {
            self.pass(ctx, to, &fallback);
            return;
        }
        let luser = self.p.conf.raw("luser_relay").unwrap_or_default();
        if !luser.is_empty() {
            let text = self.expand(&luser, user, extension, to);
            let next = Target {
                address: text,
                level: to.level + 1,
                privileges: None,
                user: None,
                exp: Expansion::Alias,
                exp_from: String::new(),
                owner: None,
            };
            self.address(ctx, &next);
            return;
        }
        if user == "mailer-daemon" || user == "postmaster" {
            self.log(Delivery::Forward { text: format!("required alias not found: {user}") });
            self.item(ctx, to, Verdict::Sent, "2.0.0", "discarded");
            return;
        }
        self.item(ctx, to, Verdict::Bounced, "5.1.1", format!("unknown user: \"{user}\""));
    }

    /// Hands the recipient to another delivery agent.
    fn pass(&mut self, ctx: &mut Ctx<'_>, to: &Target, destination: &str) {
        let (transport, nexthop) = destination.split_once(':').unwrap_or((destination, ""));
        let nexthop = if nexthop.is_empty() { to.address.rsplit_once('@').map_or("", |(_, d)| d) } else { nexthop };
        self.log(Delivery::Passing {
            qid: self.r.qid.clone(),
            to: to.address.clone(),
            transport: transport.to_owned(),
        });
        self.tick(ctx, "local.pass", 200, 900);
        let (address, transport, nexthop) = (to.address.clone(), transport.to_owned(), nexthop.to_owned());
        self.out.passed.push(Passed { rcpt: self.rcpt, address, transport, nexthop });
    }

    /// `$user`, `$home`, `$extension` and their kin in a parameter.
    fn expand(&self, text: &str, user: &str, extension: Option<&str>, to: &Target) -> String {
        let domain = to.address.rsplit_once('@').map_or("", |(_, d)| d);
        let local = to.address.rsplit_once('@').map_or(to.address.as_str(), |(l, _)| l);
        let delimiter = self.p.conf.get("recipient_delimiter");
        let one: String = local.chars().nth(user.chars().count()).filter(|_| extension.is_some()).into_iter().collect();
        let home = to.user.as_ref().map(|u| u.home.clone()).unwrap_or_default();
        let shell = to.user.as_ref().map(|u| u.shell.clone()).unwrap_or_default();
        let lookup = |name: &str| -> Option<String> {
            Some(match name {
                "user" => user.to_owned(),
                "home" => home.clone(),
                "shell" => shell.clone(),
                "recipient" => to.address.clone(),
                "local" => local.to_owned(),
                "domain" => domain.to_owned(),
                "extension" => extension.unwrap_or("").to_owned(),
                "recipient_delimiter" => {
                    if one.is_empty() {
                        delimiter.clone()
                    } else {
                        one.clone()
                    }
                }
                _ => return None,
            })
        };
        agent::expand(text, &lookup)
    }

    /// Starts a program with somebody's rights.
    fn command(&mut self, ctx: &mut Ctx<'_>, to: &Target, command: &str, cred: Cred, user: Option<&User>) {
        let who = user.cloned().or_else(|| ctx.host.user_by_uid(cred.uid));
        let (local, domain) = to.address.rsplit_once('@').unwrap_or((to.address.as_str(), ""));
        let mut env: Vec<(String, String)> = Vec::new();
        let mut set = |n: &str, v: &str| env.push((n.to_owned(), v.to_owned()));
        if let Some(u) = &who {
            set("HOME", &u.home);
            set("LOGNAME", &u.name);
            set("USER", &u.name);
            set("SHELL", &u.shell);
        }
        let (_, extension) = split_extension(&self.p.conf, local);
        set("SENDER", &self.sender);
        set("RECIPIENT", &to.address);
        set("ORIGINAL_RECIPIENT", &self.r.recipients[self.rcpt].orig);
        set("LOCAL", local);
        set("DOMAIN", domain);
        set("EXTENSION", extension.unwrap_or(""));
        let mut item = Item::new(self.rcpt, Verdict::Sent, "2.0.0", "").relay("local").at(self.t);
        if to.level > 0 {
            item.to = Some(to.address.clone());
        }
        if let Some(why) = simple_program(ctx, command, &cred) {
            self.tick(ctx, "local.exec", 2_000, 9_000);
            self.log(Delivery::Exec { why: why.clone() });
            item.verdict = Verdict::Deferred;
            item.dsn = "4.3.0".into();
            item.reason = format!("temporary failure. Command output: local: fatal: {why} ");
            item.diag_type = "x-unix".into();
            item.diag_text = format!("local: fatal: {why} ");
            self.out.items.push(item.at(self.t));
            return;
        }
        let input = mailbox::message(self, to, true);
        let mut request = ExecRequest::new(cred, command.to_owned(), input, SPOOL.into());
        request.env.append(&mut env);
        self.out.execs.push(Exec { request, item, command: command.to_owned(), pipe: None });
    }
}

/// Whether a message already went through this address (`delivered_hdr_find()`).
pub fn delivered_before(content: &[u8], address: &str) -> bool {
    for line in text::lines(content) {
        let line = text::lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("delivered-to")
            && value.trim().eq_ignore_ascii_case(address)
        {
            return true;
        }
    }
    false
}

/// A command without anything for a shell is executed directly; why that fails.
fn simple_program(ctx: &Ctx<'_>, command: &str, cred: &Cred) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || " \t!@%-_=+:,./\\".contains(c);
    let program = command.split_whitespace().next()?;
    if !command.chars().all(plain) || !program.contains('/') {
        return None;
    }
    let e = match ctx.host.fs.access(cred, program, 1) {
        Ok(()) => return None,
        Err(e) => e,
    };
    Some(format!("execvp {program}: {}", e.text()))
}
