//! What a script does: its commands run on a message, then its actions all together or, when one fails, none of them.

use super::matching::Mail;
use super::parse::{Error, Node, Value};
use super::{Run, reply, worded};
use crate::base::Span;
use crate::dovecot::config::Config;
use crate::dovecot::lmtp::Delivered;
use crate::dovecot::maildir::{SaveError, stamp};
use crate::host::{Host, Submitted};
use crate::log::dovecot::Sieve;

/// `sieve_max_redirects`.
const MAX_REDIRECTS: usize = 4;
/// How long a forward is remembered.
const REMEMBERED: Span = Span::hours(12);

enum Action<'s> {
    Store { mailbox: String, flags: Vec<String>, create: bool, fileinto: bool },
    Redirect(String),
    Reject(String),
    Vacation(&'s Node),
}

/// What the commands have come to.
#[derive(Default)]
struct Outcome<'s> {
    actions: Vec<(usize, Action<'s>)>,
    discard: bool,
    /// An action has taken the place of the implicit keep.
    taken: bool,
    flags: Vec<String>,
}

fn has(n: &Node, tag: &str) -> bool {
    n.args.iter().any(|a| matches!(a, Value::Tag(t) if t == tag))
}

fn last(n: &Node) -> String {
    n.args.last().and_then(|v| v.strings().first()).cloned().unwrap_or_default()
}

impl<'s> Outcome<'s> {
    /// Runs commands; `false` after `stop`.
    fn run(&mut self, script: &'s [Node], mail: &Mail<'_>, name: &str) -> Result<bool, Error> {
        let mut chain = false;
        for n in script {
            let enters = match n.name.as_str() {
                "if" => n.tests.first().is_some_and(|t| mail.holds(t)),
                "elsif" => !chain && n.tests.first().is_some_and(|t| mail.holds(t)),
                "else" => !chain,
                _ => {
                    if !self.command(n, name)? {
                        return Ok(false);
                    }
                    continue;
                }
            };
            chain = enters || n.name != "if" && chain;
            if enters && !self.run(n.block.as_deref().unwrap_or_default(), mail, name)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
    fn command(&mut self, n: &'s Node, name: &str) -> Result<bool, Error> {
        let count = |s: &Self, f: fn(&Action<'_>) -> bool| s.actions.iter().filter(|(_, a)| f(a)).count();
        match n.name.as_str() {
            "stop" => return Ok(false),
            "discard" => {
                self.discard = true;
                self.taken = true;
            }
            "keep" | "fileinto" => {
                let fileinto = n.name == "fileinto";
                let mailbox = if fileinto { last(n) } else { "INBOX".into() };
                let flags = n.args.windows(2).find(|w| matches!(&w[0], Value::Tag(t) if t == "flags"));
                let flags = flags.map_or_else(|| self.flags.clone(), |w| w[1].strings().to_vec());
                self.taken |= !has(n, "copy");
                let same = |a: &Action<'_>| matches!(a, Action::Store { mailbox: m, .. } if *m == mailbox);
                if !self.actions.iter().any(|(_, a)| same(a)) {
                    let create = has(n, "create");
                    self.actions.push((n.line, Action::Store { mailbox, flags, create, fileinto }));
                }
            }
            "redirect" => {
                let to = last(n);
                if let Some((line, _)) = self.actions.iter().find(|(_, a)| matches!(a, Action::Reject(_))) {
                    return Err(conflict(*line, n.line, name));
                }
                self.taken |= !has(n, "copy");
                if !self.actions.iter().any(|(_, a)| matches!(a, Action::Redirect(t) if *t == to)) {
                    self.actions.push((n.line, Action::Redirect(to)));
                }
                let many = count(self, |a| matches!(a, Action::Redirect(_)));
                if many > MAX_REDIRECTS {
                    let what = format!("number of redirect actions exceeds policy limit ({many} > {MAX_REDIRECTS})");
                    return Err(Error::new(n.line, what));
                }
            }
            "reject" => {
                self.once(n, name, "reject/ereject", |a| matches!(a, Action::Reject(_)))?;
                if let Some((line, _)) = self.actions.iter().find(|(_, a)| matches!(a, Action::Redirect(_))) {
                    return Err(conflict(n.line, *line, name));
                }
                self.taken = true;
                self.actions.push((n.line, Action::Reject(last(n))));
            }
            "vacation" => {
                self.once(n, name, "vacation", |a| matches!(a, Action::Vacation(_)))?;
                self.actions.push((n.line, Action::Vacation(n)));
            }
            "setflag" | "addflag" | "removeflag" => self.flag(n),
            _ => {}
        }
        Ok(true)
    }
    fn once(&self, n: &Node, name: &str, what: &str, same: fn(&Action<'_>) -> bool) -> Result<(), Error> {
        match self.actions.iter().find(|(_, a)| same(a)) {
            None => Ok(()),
            Some((line, _)) => {
                let here = format!("(previously triggered one was here: {name}: line {line})");
                Err(Error::new(n.line, format!("duplicate {what} action not allowed {here}")))
            }
        }
    }
    fn flag(&mut self, n: &Node) {
        let given: Vec<String> =
            n.args.iter().flat_map(Value::strings).flat_map(|s| s.split(' ')).map(str::to_owned).collect();
        let known = |f: &String| given.iter().any(|g| g.eq_ignore_ascii_case(f));
        match n.name.as_str() {
            "setflag" => self.flags = given,
            "removeflag" => self.flags.retain(|f| !known(f)),
            _ => {
                self.flags.retain(|f| !known(f));
                self.flags.extend(given);
            }
        }
    }
}

fn conflict(reject: usize, other: usize, name: &str) -> Error {
    let who = format!("the redirect action ({name}: line {other}) tries to deliver the message");
    Error::new(reject, format!("reject/ereject action conflicts with other action: {who}"))
}

impl Run<'_> {
    /// Runs the script on the message and does what comes of it.
    pub(super) fn execute(&mut self, host: &mut Host, config: &Config, mail: &Mail<'_>, script: &[Node]) -> Delivered {
        let mut o = Outcome::default();
        if let Err(e) = o.run(script, mail, &self.name) {
            let line = worded(&self.name, &e);
            self.note(host, &line);
            return self.keep_after_failure(host, mail, true);
        }
        if o.discard {
            self.log(host, Sieve::Discarded);
        }
        if let Some((mailbox, reason)) = self.unopened(host, &o) {
            let failed = Sieve::StoreFailed { mailbox: mailbox.clone(), fileinto: true, reason };
            let line = format!("error: msgid={}: {failed}.", self.msgid);
            self.note(host, &line);
            for (_, a) in &o.actions {
                if let Action::Store { mailbox: m, fileinto: true, .. } = a
                    && *m != mailbox
                {
                    self.log(host, Sieve::StoreAborted { mailbox: m.clone() });
                }
            }
            return self.keep_after_failure(host, mail, true);
        }
        let mut taken = o.taken;
        for (_, a) in &o.actions {
            match a {
                Action::Store { mailbox, flags, fileinto, .. } => {
                    if let Err(d) = self.store(host, mail, mailbox, flags, *fileinto) {
                        if *fileinto {
                            return self.keep_after_failure(host, mail, true);
                        }
                        self.log(host, Sieve::Failed { script: self.path.clone(), kept: false });
                        return d;
                    }
                }
                Action::Redirect(to) => taken &= self.redirect(host, mail, to),
                Action::Reject(reason) => self.reject(host, config, mail, reason),
                Action::Vacation(n) => self.vacation(host, config, mail, n),
            }
        }
        if !taken && let Err(d) = self.store(host, mail, "INBOX", &o.flags, false) {
            self.log(host, Sieve::Failed { script: self.path.clone(), kept: false });
            return d;
        }
        Delivered::Saved
    }
    /// The first mailbox that is not there and cannot be made, and why.
    fn unopened(&self, host: &mut Host, o: &Outcome<'_>) -> Option<(String, String)> {
        o.actions.iter().find_map(|(_, a)| {
            let Action::Store { mailbox, create, fileinto: true, .. } = a else { return None };
            if mailbox.contains('/') && self.store.separator() != '/' {
                let why = "Invalid mailbox name: Name must not have '/' characters".to_owned();
                return Some((mailbox.clone(), why));
            }
            let there = mailbox.is_empty() || self.store.exists(host, mailbox);
            if there || *create && matches!(self.store.create(host, mailbox), Ok(()) | Err(None)) {
                return None;
            }
            Some((mailbox.clone(), format!("Mailbox doesn't exist: {mailbox}")))
        })
    }
    /// Puts the message into a mailbox and says so.
    fn store(
        &mut self,
        host: &mut Host,
        mail: &Mail<'_>,
        mailbox: &str,
        flags: &[String],
        fileinto: bool,
    ) -> Result<(), Delivered> {
        let target = if mailbox.is_empty() { "INBOX" } else { mailbox };
        let (reason, end) = match self.store.save(host, target, mail.data, flags) {
            Ok(_) => {
                self.log(host, Sieve::Stored { mailbox: mailbox.to_owned(), fileinto });
                return Ok(());
            }
            Err(SaveError::Quota(reason)) => (reason.clone(), Delivered::Quota(reason)),
            Err(SaveError::Open { trouble, .. } | SaveError::Trouble(trouble)) => {
                (trouble.to_string(), Delivered::Failed { stamp: stamp(host.now) })
            }
        };
        let failed = Sieve::StoreFailed { mailbox: mailbox.to_owned(), fileinto, reason };
        let line = format!("error: msgid={}: {failed}.", self.msgid);
        self.log(host, failed);
        self.note(host, &line);
        Err(end)
    }
    /// The implicit keep of a script that was not run (or failed when it ran).
    pub(super) fn keep_after_failure(&mut self, host: &mut Host, mail: &Mail<'_>, ran: bool) -> Delivered {
        let kept = self.store(host, mail, "INBOX", &[], false);
        if ran || kept.is_err() {
            self.log(host, Sieve::Failed { script: self.path.clone(), kept: kept.is_ok() });
        }
        kept.err().unwrap_or(Delivered::Saved)
    }
    fn send(&self, host: &mut Host, sender: &str, to: &str, text: &[u8]) {
        let (sender, recipient) = (sender.to_owned(), to.to_owned());
        host.submitted.push_back(Submitted { uid: self.user.uid, sender, recipient, text: text.into() });
    }
    /// Forwards the message; `false` when that was done before, and the message is kept.
    fn redirect(&self, host: &mut Host, mail: &Mail<'_>, to: &str) -> bool {
        let key = format!("redirect {to} {}", self.msgid);
        if reply::before(host, self.user, &key, REMEMBERED) {
            self.log(host, Sieve::ForwardedBefore { to: to.to_owned() });
            return false;
        }
        let mut text = format!("{}X-Sieve-Redirected-From: {}\n", reply::X_SIEVE, mail.recipient).into_bytes();
        let data = match mail.data.strip_prefix(b"Return-Path:") {
            Some(rest) => rest.splitn(2, |b| *b == b'\n').nth(1).unwrap_or(rest),
            None => mail.data,
        };
        text.extend_from_slice(data);
        self.send(host, mail.sender, to, &text);
        self.log(host, Sieve::Forwarded { to: to.to_owned() });
        true
    }
    fn reject(&self, host: &mut Host, config: &Config, mail: &Mail<'_>, reason: &str) {
        let to = mail.sender.to_owned();
        if to.is_empty() {
            return self.log(host, Sieve::NotRejected { to });
        }
        let name = self.hostname(host, config);
        let postmaster = match config.get("postmaster_address") {
            p if p.contains('%') => {
                let domain = self.user.name.split_once('@').map_or(name.as_str(), |(_, d)| d);
                format!("postmaster@{domain}")
            }
            p => p.to_owned(),
        };
        let pid = self.delivery.session.pid;
        let text = reply::rejection(host, mail, reason, &postmaster, &name, pid);
        self.send(host, "", &to, text.as_bytes());
        self.log(host, Sieve::Rejected { to });
    }
    fn vacation(&self, host: &mut Host, config: &Config, mail: &Mail<'_>, n: &Node) {
        let name = self.hostname(host, config);
        match reply::vacation(host, self.user, mail, n, &name) {
            Ok((text, said)) => {
                self.send(host, "", mail.sender, text.as_bytes());
                self.log(host, said);
            }
            Err(said) => self.log(host, said),
        }
    }
    fn hostname(&self, host: &Host, config: &Config) -> String {
        let set = config.get("hostname");
        if set.is_empty() { host.fqdn.clone() } else { set.to_owned() }
    }
}
