//! What an alias, a .forward or an include file lists: addresses, `/file`, `|program`, `:include:`.

use super::{Expansion, Local, Target, mailbox};
use crate::host::Cred;
use crate::log::delivery::Delivery;
use crate::postfix::agent::{self, quote_local};
use crate::postfix::cleanup::{self, Origin, Recipient, Submission};
use crate::postfix::delivery::{Item, Verdict};
use crate::postfix::{Ctx, queue_file};

/// Splits the right-hand side of an alias: commas separate, quotes hold together.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let (mut cur, mut quoted, mut angle, mut comment) = (String::new(), false, false, 0);
    let mut it = text.chars().peekable();
    while let Some(c) = it.next() {
        match c {
            '\\' if quoted => cur.extend(it.next()),
            '"' if comment == 0 => quoted = !quoted,
            _ if quoted => cur.push(c),
            '(' => comment += 1,
            ')' if comment > 0 => comment -= 1,
            _ if comment > 0 => {}
            '<' => {
                angle = true;
                cur.clear();
            }
            '>' if angle => angle = false,
            ',' | '\n' | '>' => out.push(std::mem::take(&mut cur)),
            c => cur.push(c),
        }
    }
    out.push(cur);
    out.into_iter().map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
}

impl Local<'_> {
    /// Delivers to each of a list.
    pub(super) fn tokens(&mut self, ctx: &mut Ctx<'_>, to: &Target, text: &str, unmatched: Option<&str>) {
        for token in split(text) {
            self.token(ctx, to, &token, unmatched);
        }
    }

    fn allowed(&self, what: &str, exp: Expansion) -> bool {
        let name = match exp {
            Expansion::Alias | Expansion::None => "alias",
            Expansion::Forward => "forward",
            Expansion::Include => "include",
        };
        self.p.conf.list(what).iter().any(|w| w == name)
    }

    fn token(&mut self, ctx: &mut Ctx<'_>, to: &Target, token: &str, unmatched: Option<&str>) {
        if token.starts_with('/') {
            if !self.been.insert(format!("file {token}")) {
                return;
            }
            if self.allowed("allow_mail_to_files", to.exp) {
                self.file(ctx, to, token);
            } else {
                self.refuse(ctx, to, "mail to file is restricted");
            }
        } else if let Some(command) = token.strip_prefix('|') {
            if !self.been.insert(format!("command {token} {:?}", to.privileges.as_ref().map(|c| c.uid))) {
                return;
            }
            if !self.allowed("allow_mail_to_commands", to.exp) {
                self.refuse(ctx, to, "mail to command is restricted");
                return;
            }
            let cred = to.privileges.clone().unwrap_or(Cred { uid: 65534, gid: 65534, groups: Vec::new() });
            let user = to.user.clone();
            self.command(ctx, to, command.trim(), cred, user.as_ref());
        } else if let Some(path) = token.get(..9).filter(|p| p.eq_ignore_ascii_case(":include:")).map(|_| &token[9..]) {
            self.include(ctx, to, path.trim());
        } else {
            let address = match unmatched {
                Some(e) => {
                    let d = self.p.conf.get("recipient_delimiter").chars().next().unwrap_or('+');
                    match token.rsplit_once('@') {
                        Some((l, dom)) => format!("{l}{d}{e}@{dom}"),
                        None => format!("{token}{d}{e}"),
                    }
                }
                None => token.to_owned(),
            };
            let next = Target { address, ..to.clone() };
            self.address(ctx, &next);
        }
    }

    fn refuse(&mut self, ctx: &mut Ctx<'_>, to: &Target, what: &str) {
        self.item(ctx, to, Verdict::Bounced, "5.7.1", what);
    }

    /// `deliver_resolve_addr`: on here if the address is local, else forwarded with the others.
    pub(super) fn address(&mut self, ctx: &mut Ctx<'_>, to: &Target) {
        if to.address.starts_with('\\') {
            let domain = self.delivered.rsplit_once('@').map_or(String::new(), |(_, d)| format!("@{d}"));
            let address = if to.address.contains('@') { to.address.clone() } else { format!("{}{domain}", to.address) };
            self.recipient(ctx, &Target { address, ..to.clone() });
            return;
        }
        let full = agent::rewrite(ctx, self.p, "local", &to.address);
        let route = agent::resolve(ctx, self.p, &self.sender, &full);
        let here = !route.fail && !route.error && route.transport == self.p.service;
        if here {
            let next = Target { address: route.recipient, ..to.clone() };
            self.recipient(ctx, &next);
            return;
        }
        self.forward_to(&full);
    }

    /// Puts an address on the list of the new message for this sender.
    pub(super) fn forward_to(&mut self, full: &str) {
        let full = full.to_owned();
        let sender = self.sender.clone();
        match self.forwards.iter_mut().find(|(s, _)| *s == sender) {
            Some((_, list)) => {
                if !list.contains(&full) {
                    list.push(full);
                }
            }
            None => self.forwards.push((sender, vec![full])),
        }
    }

    /// One new message for all addresses that are not delivered here (`forward_finish`).
    pub(super) fn finish_forwards(&mut self, ctx: &mut Ctx<'_>) {
        for (sender, list) in std::mem::take(&mut self.forwards) {
            self.tick(ctx, "local.forward", 1_000, 6_000);
            let qid = queue_file::new_id(ctx.host, self.p.conf.bool("enable_long_queue_ids"));
            let rcpt = self.r.recipients[self.rcpt].clone();
            let now = ctx.host.now;
            // Mail for a list with an owner is the owner's: it does not show to whom it was sent.
            let owned = sender != self.r.sender;
            let mut content = format!(
                "Received: by {} ({})\n\tid {qid}; {}\n",
                self.p.conf.get("myhostname"),
                self.p.conf.get("mail_name"),
                now.rfc5322()
            )
            .into_bytes();
            if self.p.conf.list("prepend_delivered_header").iter().any(|w| w == "forward") {
                content.extend_from_slice(format!("Delivered-To: {}\n", quote_local(&self.delivered)).as_bytes());
            }
            content.extend_from_slice(&self.content);
            let m = Submission {
                qid: qid.clone(),
                origin: Origin::Forward,
                arrival: now,
                sender,
                recipients: list
                    .iter()
                    .map(|a| Recipient {
                        address: a.clone(),
                        orcpt: if owned { String::new() } else { rcpt.orcpt.clone() },
                        notify: if owned { 0 } else { rcpt.notify },
                        orig: if owned { String::new() } else { rcpt.orig.clone() },
                    })
                    .collect(),
                content,
                encoding: self.r.envelope.attr("encoding").to_owned(),
                smtputf8: self.r.envelope.smtputf8,
                envid: self.r.envelope.envid.clone(),
                local_rewrite: false,
                ..Submission::default()
            };
            let ok = cleanup::submit(ctx, m).is_ok();
            let item = if ok {
                Item::new(self.rcpt, Verdict::Sent, "2.0.0", format!("forwarded as {qid}"))
            } else {
                Item::new(self.rcpt, Verdict::Deferred, "4.3.0", "error forwarding message")
            };
            self.out.items.push(item.relay("local").at(self.t));
        }
    }

    /// `deliver_include`: a file of addresses.
    fn include(&mut self, ctx: &mut Ctx<'_>, to: &Target, path: &str) {
        if !self.been.insert(format!("include {path}")) {
            return;
        }
        if !path.starts_with('/') {
            let text = format!(":include:{path} uses a relative path");
            self.log(Delivery::Forward { text });
            self.item(ctx, to, Verdict::Bounced, "5.3.5", "mail system configuration error");
            return;
        }
        let cred = to.privileges.clone().unwrap_or_else(Cred::root);
        // stat(2) is root's, the file is read with the alias's rights.
        let (uid, mode) = match ctx.host.fs.stat(&Cred::root(), path) {
            Ok((_, n)) => (n.uid, n.mode),
            Err(e) => {
                self.log(Delivery::IncludeMissing { path: path.to_owned(), reason: e.text().to_owned() });
                self.item(ctx, to, Verdict::Bounced, "5.3.5", "mail system configuration error");
                return;
            }
        };
        let reader = if uid == 0 { Cred::root() } else { cred };
        let text = if ctx.host.fs.is_dir(path) {
            Err(format!(":include: file {path} is not a regular file"))
        } else if mode & 0o002 != 0 {
            Err(format!(":include: file {path} is world writable"))
        } else {
            ctx.host
                .fs
                .read(&reader, path)
                .map(|b| b.text())
                .map_err(|e| format!("open include file {path}: {}", e.text()))
        };
        match text {
            Err(text) => {
                self.log(Delivery::Forward { text });
                self.item(ctx, to, Verdict::Bounced, "5.3.5", "mail system configuration error");
            }
            Ok(text) => {
                let who =
                    if uid == 0 { ctx.host.user(&self.p.conf.get("default_privs")) } else { ctx.host.user_by_uid(uid) };
                let privileges = who.map(|u| ctx.host.cred_of(&u)).or_else(|| to.privileges.clone());
                let owner = to.owner.clone().or_else(|| Some(to.address.clone()));
                let next = Target { level: to.level + 1, privileges, exp: Expansion::Include, owner, ..to.clone() };
                for line in text.lines() {
                    let line = line.trim();
                    if !line.is_empty() && !line.starts_with('#') {
                        self.tokens(ctx, &next, line, None);
                    }
                }
            }
        }
    }

    /// `deliver_file`: append to a file, or a maildir when the name ends in a slash.
    fn file(&mut self, ctx: &mut Ctx<'_>, to: &Target, path: &str) {
        let cred = to.privileges.clone().unwrap_or(Cred { uid: 65534, gid: 65534, groups: Vec::new() });
        if self.r.verify {
            self.item(ctx, to, Verdict::Sent, "2.0.0", format!("delivers to file: {path}"));
        } else if path.ends_with('/') {
            self.store_maildir(ctx, to, path, &cred);
        } else {
            let text = mailbox::message(self, to, false);
            let parent = path.rsplit_once('/').map_or("/", |(d, _)| if d.is_empty() { "/" } else { d });
            let missing = ctx.host.fs.stat(&Cred::root(), path).is_err();
            if let Err(e) = ctx.host.fs.access(&cred, parent, 2) {
                self.log(Delivery::LockFile { path: path.to_owned(), errno: e.text() });
            }
            match mailbox::append(ctx, &cred, path, &text, self.p.conf.int("mailbox_size_limit"), 0o600) {
                Ok(()) => self.item(ctx, to, Verdict::Sent, "2.0.0", format!("delivered to file: {path}")),
                Err((dsn, why)) => {
                    let verdict = if dsn.starts_with('4') { Verdict::Deferred } else { Verdict::Bounced };
                    let why = match why.strip_prefix("cannot open file") {
                        Some(rest) if missing => format!("cannot create file exclusively{rest}"),
                        _ => why,
                    };
                    let text = format!("cannot append message to file {path}: {why}");
                    self.item(ctx, to, verdict, dsn, text);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_hand_sides() {
        for (text, expected) in [
            ("maria, juan", vec!["maria", "juan"]),
            ("\"|/usr/bin/procmail -a x, y\", /var/mail/x", vec!["|/usr/bin/procmail -a x, y", "/var/mail/x"]),
            (":include:/etc/lista", vec![":include:/etc/lista"]),
            ("Ana <ana@x> (hola)", vec!["ana@x"]),
            ("", vec![]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
