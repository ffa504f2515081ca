//! `deliver_dotforward()`: a user's own forwarding file.

use super::alias::without_success;
use super::expand::uses_extension;
use super::{Expansion, Local, State, Step, mailbox, token};
use crate::base::text;
use crate::host::fs::Kind;
use crate::log::delivery::Delivery;
use crate::log::local::Local as Log;
use crate::postfix::Ctx;
use crate::postfix::cleanup::notify;
use crate::postfix::delivery::Verdict;
use crate::postfix::params::param;
use std::sync::Arc;

impl Local<'_> {
    /// Follows the first file of `forward_path` that is there. True: it said where to deliver.
    pub(super) fn dotforward(&mut self, ctx: &mut Ctx<'_>, s: &State) -> bool {
        let paths = self.p.conf.raw("forward_path").unwrap_or_default();
        if paths.is_empty() {
            return false;
        }
        let Some(user) = ctx.host.user(&s.user) else { return false };
        let cred = mailbox::cred(&user);
        let mut s = State {
            level: s.level + 1,
            exp: Expansion::Forward,
            owner: Some(s.user.clone()),
            rights: Some(user),
            ..s.clone()
        };
        if !self.p.conf.bool(param!("frozen_delivered_to")) {
            s.delivered = Some(s.rcpt.address.clone());
        }
        let filter = self.p.conf.get(param!("forward_expansion_filter"));
        let mut found = None;
        for raw in paths.split([',', ' ', '\t', '\r', '\n']).filter(|p| !p.is_empty()) {
            let path = self.expand(&s, raw, Some(&filter));
            for f in path.faults {
                self.log(Delivery::Macro(f));
            }
            if path.status == 0
                && let Ok((_, node)) = ctx.host.fs.lstat(&cred, &path.text)
            {
                let is_file = matches!(node.kind, Kind::File(_));
                found = Some((path.text, is_file, node.uid, node.mode));
                if uses_extension(raw) || !self.propagates("forward") {
                    s.unmatched = None;
                }
                break;
            }
        }
        let Some((path, is_file, uid, mode)) = found else { return false };
        if self.is_probe() {
            self.item(ctx, &s, Verdict::Sent, "2.0.0", format!("forward via file: {path}"));
            return true;
        }
        if self.been(&format!("forward {path}")) {
            return self.w.been.contains(&format!("forward-done {path}").to_lowercase());
        }
        s.exp_from = Some(s.local.clone());
        let unusable = if !is_file {
            Some(Log::ForwardKind(path.clone()))
        } else if uid != 0 && uid != s.uid() {
            Some(Log::ForwardOwner { path: path.clone(), uid })
        } else if mode & 0o002 != 0 {
            Some(Log::ForwardWritable(path.clone()))
        } else {
            None
        };
        if let Some(why) = unusable {
            self.log(why);
            return false;
        }
        let lines = match ctx.host.fs.read(&cred, &path) {
            Ok(b) => token::lines(&text::lossy(&b.bytes()), &self.p.conf),
            Err(e) => {
                self.log(Log::ForwardOpen { path, reason: e.text().to_owned() });
                return false;
            }
        };
        if lines.iter().all(|l| token::addresses(l).is_empty()) {
            return false;
        }
        let asked = s.rcpt.notify;
        let before = Arc::new(s.clone());
        Arc::make_mut(&mut s.rcpt).notify = without_success(asked);
        let waiting = self.w.waiting;
        self.w.steps.push(Step::ForwardDone {
            state: before,
            path,
            waiting: if asked & notify::SUCCESS == 0 { u32::MAX } else { waiting },
        });
        self.w.steps.push(Step::Lines { state: Arc::new(s), lines, waiting });
        true
    }
}
