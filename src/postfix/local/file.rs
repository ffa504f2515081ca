//! `deliver_file()`: appends to a file, or delivers to a maildir when the name ends in a slash.

use super::{Local, State};
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::delivery::Verdict;
use crate::postfix::mbox::{self, Failure, How};
use crate::postfix::params::param;

impl Local<'_> {
    pub(super) fn file(&mut self, ctx: &mut Ctx<'_>, s: &State, path: &str) {
        if self.been(&format!("file {} {path}", s.uid())) {
            return;
        }
        if self.r.verify {
            self.item(ctx, s, Verdict::Sent, "2.0.0", format!("delivers to file: {path}"));
            return;
        }
        if !self.allows("allow_mail_to_files", s.exp) {
            self.item(ctx, s, Verdict::Bounced, "5.7.1", "mail to file is restricted");
            return;
        }
        if path.ends_with('/') {
            self.maildir(ctx, s, path);
            return;
        }
        let cred = self.cred(ctx, s);
        let text = self.mbox_text(s);
        let limit = self.p.conf.int(param!("mailbox_size_limit"));
        let locks = self.p.conf.list(param!("mailbox_delivery_lock"));
        let how = How { locks: &locks, may_fail: true, chown: None, dsn: "5.2.0" };
        let opened = mbox::open(ctx, &self.p.conf, &cred, path, &how);
        if let Some(errno) = opened.as_ref().map_or_else(|f| f.unlocked, |b| b.unlocked) {
            self.log(Delivery::LockFile { path: path.to_owned(), errno });
        }
        let result = match opened {
            Ok(b) if b.executable => Err(Failure::new("5.7.1", "file is executable")),
            Ok(b) => b.append(ctx, &text, limit),
            Err(f) => Err(f),
        };
        match result {
            Ok(()) => self.item(ctx, s, Verdict::Sent, "2.0.0", format!("delivered to file: {path}")),
            Err(f) => {
                self.w.t = self.w.t + f.wait;
                let text = format!("cannot append message to file {path}: {}", f.why);
                let item = self.outcome(s, f.verdict(), f.dsn, text);
                let item = self.to_owner(ctx, s, item);
                self.file_item(item);
            }
        }
    }
}
