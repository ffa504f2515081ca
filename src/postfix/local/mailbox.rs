//! `deliver_mailbox`: transports and programs for mailboxes, Maildir and mbox.

use super::{Local, Target, maildir};
use crate::base::time::{MONTHS, WEEKDAYS};
use crate::host::Cred;
use crate::host::errno::Errno;
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::agent::{self, quote_local};
use crate::postfix::delivery::Verdict;

/// `mbox_dsn()`: whether a fault of the file system is worth a retry.
pub fn mbox_dsn(e: Errno, default: &'static str) -> &'static str {
    match e {
        Errno::Again => "4.2.0",
        Errno::NoSpc => "4.3.0",
        Errno::FBig | Errno::DQuot => "5.2.2",
        _ => default,
    }
}

/// The message as it is stored: with the headers of final delivery, and for mbox the From_ line.
pub(super) fn message(l: &Local<'_>, _to: &Target, from_line: bool) -> Vec<u8> {
    let r = &l.r.recipients[l.rcpt];
    let mut out = Vec::with_capacity(l.content.len() + 160);
    if from_line {
        out.extend_from_slice(from_(l).as_bytes());
    }
    out.extend_from_slice(head(&l.sender, &r.orig, &l.delivered.to_lowercase()).as_bytes());
    out.extend_from_slice(&l.content);
    out
}

fn from_(l: &Local<'_>) -> String {
    let sender = if l.sender.is_empty() { "MAILER-DAEMON".to_owned() } else { quote_local(&l.sender) };
    let c = l.r.handoff.civil();
    format!(
        "From {sender}  {} {} {:2} {:02}:{:02}:{:02} {}\n",
        WEEKDAYS[c.weekday as usize],
        MONTHS[c.month as usize - 1],
        c.day,
        c.hour,
        c.minute,
        c.second,
        c.year
    )
}

/// Return-Path:, X-Original-To: and Delivered-To:.
pub fn head(sender: &str, orig: &str, delivered: &str) -> String {
    format!(
        "Return-Path: <{}>\nX-Original-To: {}\nDelivered-To: {}\n",
        quote_local(sender),
        quote_local(orig),
        quote_local(delivered)
    )
}

/// Appends to an mbox file under `limit` bytes (0: none).
pub(super) fn append(
    ctx: &mut Ctx<'_>,
    cred: &Cred,
    path: &str,
    text: &[u8],
    limit: i64,
    mode: u32,
) -> Result<(), (&'static str, String)> {
    let open = |e: Errno| (mbox_dsn(e, "5.2.0"), format!("cannot open file: {}", e.text()));
    if let Ok((_, n)) = ctx.host.fs.stat(&Cred::root(), path) {
        if n.is_dir() {
            return Err(("5.2.0", "destination is not a regular file".into()));
        }
        let size = n.size() as i64;
        if limit > 0 && size + text.len() as i64 > limit && n.is_file() {
            return Err(("5.2.2", format!("error writing message: {}", Errno::FBig.text())));
        }
    }
    let ino = ctx.host.fs.open_write(cred, path, mode, false, false).map_err(open)?;
    ctx.host
        .fs
        .append_ino(cred, ino, text)
        .map_err(|e| (mbox_dsn(e, "5.2.0"), format!("error writing message: {}", e.text())))
}

impl Local<'_> {
    /// Delivers to the user's mailbox. False: there is no such user.
    pub(super) fn mailbox(&mut self, ctx: &mut Ctx<'_>, to: &Target, name: &str, extension: Option<&str>) -> bool {
        let conf = self.p.conf.clone();
        match agent::lookup(ctx, self.p, "mailbox_transport_maps", name) {
            Ok(Some(t)) => {
                self.pass(ctx, to, &t);
                return true;
            }
            Err(_) => {
                self.item(ctx, to, Verdict::Deferred, "4.3.5", "mail system configuration error");
                return true;
            }
            Ok(None) => {}
        }
        let transport = conf.get("mailbox_transport");
        if !transport.is_empty() {
            self.pass(ctx, to, &transport);
            return true;
        }
        let Some(user) = ctx.host.user(name) else { return false };
        if !self.been.insert(format!("mailbox {name}")) {
            return true;
        }
        let cred = ctx.host.cred_of(&user);
        let as_user = Target { user: Some(user.clone()), ..to.clone() };
        let by_map = agent::lookup(ctx, self.p, "mailbox_command_maps", name).ok().flatten();
        let command = by_map.unwrap_or_else(|| conf.raw("mailbox_command").unwrap_or_default());
        if !command.is_empty() {
            let command = self.expand(&command, name, extension, &as_user);
            if self.r.verify {
                self.item(ctx, to, Verdict::Sent, "2.0.0", format!("delivers to command: {command}"));
            } else {
                self.command(ctx, to, &command, cred, Some(&user));
            }
            return true;
        }
        let home = conf.get("home_mailbox");
        let spool = conf.get("mail_spool_directory");
        let path = if !home.is_empty() {
            format!("{}/{home}", user.home.trim_end_matches('/'))
        } else if spool.ends_with('/') {
            format!("{spool}{name}/")
        } else {
            format!("{spool}/{name}")
        };
        let is_maildir = path.ends_with('/') && (!home.is_empty() || spool.ends_with('/'));
        if self.r.verify {
            let kind = if is_maildir { "maildir" } else { "mailbox" };
            self.item(ctx, to, Verdict::Sent, "2.0.0", format!("delivers to {kind}"));
        } else if is_maildir {
            self.store_maildir(ctx, to, &path, &cred);
        } else {
            self.store_mbox(ctx, to, name, &path, &cred, home.is_empty());
        }
        true
    }

    fn store_mbox(&mut self, ctx: &mut Ctx<'_>, to: &Target, name: &str, path: &str, cred: &Cred, spool: bool) {
        let mut text = from_(self).into_bytes();
        let body = message(self, to, false);
        for line in body.split_inclusive(|b| *b == b'\n') {
            if line.starts_with(b"From ") {
                text.push(b'>');
            }
            text.extend_from_slice(line);
        }
        text.push(b'\n');
        // A mailbox in the spool directory is created by root and given to the user.
        if spool && !ctx.host.fs.exists(path) {
            let made = ctx.host.fs.write(&Cred::root(), path, "", 0o600);
            if made.is_ok() {
                let gid = ctx.host.group("mail").map(|g| g.gid);
                let _ = ctx.host.fs.chown(&Cred::root(), path, Some(cred.uid), gid, true);
            }
        }
        match append(ctx, cred, path, &text, self.p.conf.int("mailbox_size_limit"), 0o600) {
            Ok(()) => self.item(ctx, to, Verdict::Sent, "2.0.0", "delivered to mailbox"),
            Err((dsn, why)) => {
                let verdict = if dsn.starts_with('4') { Verdict::Deferred } else { Verdict::Bounced };
                self.item(ctx, to, verdict, dsn, format!("cannot update mailbox {path} for user {name}. {why}"));
            }
        }
    }

    /// `deliver_maildir`.
    pub(super) fn store_maildir(&mut self, ctx: &mut Ctx<'_>, to: &Target, path: &str, cred: &Cred) {
        let text = message(self, to, false);
        match maildir::store(ctx.host, cred, path, &text, self.p.pid) {
            Ok(()) => self.item(ctx, to, Verdict::Sent, "2.0.0", "delivered to maildir"),
            Err((e, why)) => {
                if e == Errno::Acces {
                    self.log(Delivery::MaildirAccess { uid: cred.uid, gid: cred.gid, text: why.clone() });
                    self.log(Delivery::MaildirHint);
                }
                let dsn = mbox_dsn(e, "5.2.0");
                let verdict = if dsn.starts_with('4') { Verdict::Deferred } else { Verdict::Bounced };
                self.item(ctx, to, verdict, dsn, format!("maildir delivery failed: {why}"));
            }
        }
    }
}
