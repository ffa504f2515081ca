//! `deliver_mailbox()`: transports and programs for mailboxes, Maildir and mbox.

use super::{Local, State, maildir};
use crate::host::users::User;
use crate::host::{Cred, Errno};
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::agent::{self, quote_local};
use crate::postfix::delivery::Verdict;
use crate::postfix::mbox::{self, Chown, How};
use crate::postfix::params::param;

/// `set_ugid()`: a user without the groups that `/etc/group` adds.
pub(super) fn cred(user: &User) -> Cred {
    Cred { uid: user.uid, gid: user.gid, groups: Vec::new() }
}

/// Return-Path:, X-Original-To: and Delivered-To:.
pub fn head(sender: &str, orig: &str, delivered: Option<&str>) -> String {
    let mut head = format!("Return-Path: <{}>\n", quote_local(sender));
    if !orig.is_empty() {
        head += &format!("X-Original-To: {}\n", quote_local(orig));
    }
    if let Some(d) = delivered {
        head += &format!("Delivered-To: {}\n", quote_local(d));
    }
    head
}

impl Local<'_> {
    /// What stands before a message that is delivered: the From_ line, if it has one, and the headers.
    pub(super) fn head(&self, s: &State, from_line: bool, delivered: bool) -> String {
        let from = if from_line { mbox::from_line(&s.sender, self.r.handoff) } else { String::new() };
        let orig = if self.p.conf.bool(param!("enable_original_recipient")) { &s.rcpt.orig } else { "" };
        from + &head(&s.sender, orig, Some(s.delivered()).filter(|_| delivered))
    }

    /// Delivers to the user's mailbox. False: there is no such user.
    pub(super) fn mailbox(&mut self, ctx: &mut Ctx<'_>, s: &State) -> bool {
        if self.been(&format!("mailbox {}", s.local)) {
            return true;
        }
        match agent::lookup(ctx, self.p, "mailbox_transport_maps", &s.user) {
            Ok(Some(t)) => {
                self.pass(ctx, s, &t);
                return true;
            }
            Err(_) => {
                self.item(ctx, s, Verdict::Deferred, "4.3.0", "table lookup failure");
                return true;
            }
            Ok(None) => {}
        }
        let transport = self.p.conf.get(param!("mailbox_transport"));
        if !transport.is_empty() {
            self.pass(ctx, s, &transport);
            return true;
        }
        let Some(user) = ctx.host.user(&s.user) else { return false };
        let s = State { rights: Some(user.clone()), ..s.clone() };
        let Ok(by_map) = agent::lookup(ctx, self.p, "mailbox_command_maps", &s.user) else {
            self.item(ctx, &s, Verdict::Deferred, "4.3.0", "table lookup failure");
            return true;
        };
        let command = by_map.unwrap_or_else(|| self.p.conf.raw("mailbox_command").unwrap_or_default());
        if !command.is_empty() {
            self.command(ctx, &s, &command);
            return true;
        }
        let home = self.p.conf.get(param!("home_mailbox"));
        let spool = self.p.conf.get(param!("mail_spool_directory"));
        if home.ends_with('/') {
            self.maildir(ctx, &s, &format!("{}/{home}", user.home));
        } else if spool.ends_with('/') && home.is_empty() {
            self.maildir(ctx, &s, &format!("{spool}{}/", s.user));
        } else if self.r.verify {
            self.item(ctx, &s, Verdict::Sent, "2.0.0", "delivers to mailbox");
        } else if home.is_empty() {
            self.mbox(ctx, s, &format!("{spool}/{}", user.name), &user, Some(&spool));
        } else {
            self.mbox(ctx, s, &format!("{}/{home}", user.home), &user, None);
        }
        true
    }

    /// `deliver_mailbox_file()`: with the user's rights, if the spool directory lets the user create files; else root creates.
    fn mbox(&mut self, ctx: &mut Ctx<'_>, mut s: State, path: &str, user: &User, spool: Option<&str>) {
        if !self.p.conf.bool(param!("frozen_delivered_to")) {
            s.delivered = Some(s.rcpt.address.clone());
        }
        let who = cred(user);
        let spool = spool.and_then(|d| ctx.host.fs.stat(&Cred::root(), d).ok()).map(|(_, n)| (n.mode, n.gid));
        let (opener, chown) = match spool {
            Some((mode, gid)) if mode & 0o002 == 0 => {
                if mode & 0o020 != 0 {
                    (Cred { uid: who.uid, gid, groups: Vec::new() }, None)
                } else {
                    (Cred::root(), Some(Chown { uid: who.uid, gid: who.gid }))
                }
            }
            _ => (who.clone(), None),
        };
        let text = self.mbox_text(&s);
        let limit = self.p.conf.int(param!("mailbox_size_limit"));
        let locks = self.p.conf.list(param!("mailbox_delivery_lock"));
        let found = match mbox::open(
            ctx,
            &self.p.conf,
            &opener,
            path,
            &How { locks: &locks, may_fail: false, chown, dsn: "5.2.0" },
        ) {
            Ok(b) => b,
            Err(f) => return self.not_updated(ctx, &s, path, f),
        };
        if !found.is_file {
            let why = format!("destination {path} is not a regular file");
            return self.not_updated(ctx, &s, path, mbox::Failure::new("5.2.0", why));
        }
        if found.owner != who.uid && self.p.conf.bool(param!("strict_mailbox_ownership")) {
            self.log(Delivery::StrictOwner);
            let why = format!("destination {path} is not owned by recipient");
            return self.not_updated(ctx, &s, path, mbox::Failure::new("4.2.0", why));
        }
        match found.append(ctx, &text, limit) {
            Ok(()) => self.item(ctx, &s, Verdict::Sent, "2.0.0", "delivered to mailbox"),
            Err(f) => self.not_updated(ctx, &s, path, f),
        }
    }

    fn not_updated(&mut self, ctx: &Ctx<'_>, s: &State, path: &str, f: mbox::Failure) {
        self.w.t = self.w.t + f.wait;
        let text = format!("cannot update mailbox {path} for user {}. {}", s.user, f.why);
        self.item(ctx, s, f.verdict(), f.dsn, text);
    }

    /// The message as a mailbox file has it.
    pub(super) fn mbox_text(&self, s: &State) -> Vec<u8> {
        mbox::text(&self.head(s, true, self.prepends("file")), &self.w.content)
    }

    /// `deliver_maildir()`.
    pub(super) fn maildir(&mut self, ctx: &mut Ctx<'_>, s: &State, path: &str) {
        if self.r.verify {
            self.item(ctx, s, Verdict::Sent, "2.0.0", "delivers to maildir");
            return;
        }
        let mut s = s.clone();
        if !self.p.conf.bool(param!("frozen_delivered_to")) {
            s.delivered = Some(s.rcpt.address.clone());
        }
        let cred = self.cred(ctx, &s);
        let mut text = self.head(&s, false, self.prepends("file")).into_bytes();
        text.extend_from_slice(&self.w.content);
        match maildir::store(ctx.host, &cred, path, &text, self.p.pid) {
            Ok(()) => self.item(ctx, &s, Verdict::Sent, "2.0.0", "delivered to maildir"),
            Err((e, why)) => {
                if e == Errno::Acces {
                    self.log(Delivery::MaildirAccess { uid: cred.uid, gid: cred.gid, text: why.clone() });
                    self.log(Delivery::MaildirHint);
                }
                let f = mbox::Failure::of(e, "5.2.0", format!("maildir delivery failed: {why}"));
                self.item(ctx, &s, f.verdict(), f.dsn, f.why);
            }
        }
    }
}
