//! What an alias, a .forward or an :include: file lists: addresses, `/file`, `|program`, `:include:`.

use super::{Expansion, Local, State, Step, mailbox};
use crate::base::text;
use crate::host::Cred;
use crate::host::fs::Kind;
use crate::log::local::Local as Log;
use crate::postfix::Ctx;
use crate::postfix::address;
use crate::postfix::config::Config;
use crate::postfix::delivery::Verdict;
use crate::postfix::params::param;
use std::collections::VecDeque;
use std::sync::Arc;

/// The addresses of a line, in internal form.
pub(super) fn addresses(line: &str) -> VecDeque<String> {
    address::list(line).iter().map(|t| address::internalize(t)).collect()
}

/// The lines of a list: none longer than `line_length_limit`, none behind a null byte, and no comments.
pub(super) fn lines(text: &str, conf: &Config) -> VecDeque<String> {
    let limit = usize::try_from(conf.int(param!("line_length_limit"))).unwrap_or(0).max(1);
    let mut out = VecDeque::new();
    for line in text.split_inclusive('\n') {
        let chars: Vec<char> = line.chars().collect();
        let part = |c: &[char]| c.iter().take_while(|c| **c != '\0').collect::<String>();
        out.extend(chars.chunks(limit).map(part));
    }
    out.retain(|l| !l.starts_with('#'));
    out
}

impl Local<'_> {
    pub(super) fn token(&mut self, ctx: &mut Ctx<'_>, s: &State, token: &str) {
        if token.starts_with('/') {
            self.file(ctx, s, token);
        } else if let Some(rest) = token.strip_prefix('~') {
            let home = s.rights.as_ref().map(|u| u.home.clone());
            match home {
                _ if !rest.starts_with('/') => self.misconfigured(ctx, s, Log::HomeSyntax(token.to_owned())),
                None => self.misconfigured(ctx, s, Log::UnknownHome(token.to_owned())),
                Some(home) => self.file(ctx, s, &format!("{}{rest}", home.trim_end_matches('/'))),
            }
        } else if let Some(command) = token.strip_prefix('|') {
            if self.allows("allow_mail_to_commands", s.exp) {
                self.command(ctx, s, command);
            } else {
                self.item(ctx, s, Verdict::Bounced, "5.7.1", "mail to command is restricted");
            }
        } else if let Some(path) = token.get(..9).filter(|p| p.eq_ignore_ascii_case(":include:")).map(|_| &token[9..]) {
            self.include(ctx, s, path);
        } else {
            self.resolve(ctx, s, token);
        }
    }

    /// `deliver_include()`: a file of addresses.
    fn include(&mut self, ctx: &mut Ctx<'_>, s: &State, path: &str) {
        let mut s = State { level: s.level + 1, ..s.clone() };
        if self.been(&format!("include {} {path}", s.uid())) {
            return;
        }
        s.exp_from = Some(s.local.clone());
        let cred = s.rights.as_deref().map_or_else(Cred::root, mailbox::cred);
        let (uid, mode, is_file) = match ctx.host.fs.stat(&cred, path) {
            _ if !path.starts_with('/') => return self.misconfigured(ctx, &s, Log::RelativeInclude(path.to_owned())),
            Ok((_, n)) => (n.uid, n.mode, matches!(n.kind, Kind::File(_))),
            Err(e) => {
                let why = Log::IncludeMissing { path: path.to_owned(), reason: e.text().to_owned() };
                return self.misconfigured(ctx, &s, why);
            }
        };
        if !is_file {
            return self.misconfigured(ctx, &s, Log::IncludeKind(path.to_owned()));
        }
        if mode & 0o002 != 0 {
            return self.misconfigured(ctx, &s, Log::IncludeWritable(path.to_owned()));
        }
        s.exp = Expansion::Include;
        if s.uid() == 0 {
            let Some(user) = ctx.host.user_by_uid(uid) else {
                self.log(Log::UnknownUid(uid));
                self.log(Log::IncludeOwner(path.to_owned()));
                self.item(ctx, &s, Verdict::Deferred, "4.3.5", "mail system configuration error");
                return;
            };
            if user.uid != 0 {
                s.rights = Some(user);
            }
        }
        if s.owner.is_none() {
            s.owner = Some(s.rcpt.address.clone());
        }
        let cred = s.rights.as_deref().map_or_else(Cred::root, mailbox::cred);
        let lines = match ctx.host.fs.read(&cred, path) {
            Ok(b) => lines(&text::lossy(&b.bytes()), &self.p.conf),
            Err(e) => {
                let why = Log::IncludeOpen { path: path.to_owned(), reason: e.text().to_owned() };
                return self.misconfigured(ctx, &s, why);
            }
        };
        if !self.propagates("include") {
            s.unmatched = None;
        }
        self.w.steps.push(Step::Lines { state: Arc::new(s), lines, waiting: self.w.waiting });
    }

    fn misconfigured(&mut self, ctx: &Ctx<'_>, s: &State, why: Log) {
        self.log(why);
        self.item(ctx, s, Verdict::Bounced, "5.3.5", "mail system configuration error");
    }
}
