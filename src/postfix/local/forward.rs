//! `deliver_indirect()` and `forward_finish()`: addresses that are not delivered here get a new message.

use super::alias::without_success;
use super::{Local, State};
use crate::base::Span;
use crate::postfix::Ctx;
use crate::postfix::agent::quote_local;
use crate::postfix::cleanup::{self, Origin, Recipient, Ret, Submission};
use crate::postfix::delivery::{Item, Verdict};
use crate::postfix::params::param;
use crate::postfix::queue_file::{self, Rcpt};
use crate::postfix::wait;

/// A new message: one for each sender and `Delivered-To:`.
#[derive(Clone, Debug)]
pub(super) struct Forward {
    qid: String,
    delivered: String,
    sender: String,
    of_list: bool,
    recipients: Vec<Recipient>,
}

impl Local<'_> {
    pub(super) fn indirect(&mut self, ctx: &mut Ctx<'_>, s: &State) {
        if self.been(&format!("indirect {}", s.rcpt.address)) {
            return;
        }
        if self.r.verify {
            self.item(ctx, s, Verdict::Sent, "2.0.0", format!("forwards to {}", s.rcpt.address));
            return;
        }
        let recipient = Recipient {
            address: s.rcpt.address.clone(),
            orcpt: s.rcpt.orcpt.clone(),
            notify: s.rcpt.notify,
            orig: s.rcpt.orig.clone(),
        };
        let same = |f: &&mut Forward| *f.sender == *s.sender && f.delivered == s.delivered();
        if let Some(forward) = self.w.forwards.iter_mut().find(same) {
            forward.recipients.push(recipient);
            return;
        }
        if !wait::finds(ctx, self.p, "public/cleanup") {
            self.item(ctx, s, Verdict::Deferred, "4.3.0", "unable to forward message");
            return;
        }
        let qid = queue_file::new_id(ctx.host, self.p.conf.bool(param!("enable_long_queue_ids")));
        self.w.forwards.push(Forward {
            qid,
            delivered: s.delivered().to_owned(),
            sender: s.sender.to_string(),
            of_list: s.of_list,
            recipients: vec![recipient],
        });
    }

    /// Sends what has been collected, unless a part of the delivery must wait: then all will be done again.
    pub(super) fn finish_forwards(&mut self, ctx: &mut Ctx<'_>) {
        let forwards = std::mem::take(&mut self.w.forwards);
        for f in forwards {
            if self.w.waiting > 0 {
                return;
            }
            self.tick(ctx, "local.forward", 1_000, 6_000);
            let now = ctx.host.now;
            let (host, name) = (self.p.conf.get(param!("myhostname")), self.p.conf.get(param!("mail_name")));
            let mut content = format!("Received: by {host} ({name})\n\tid {}; {}\n", f.qid, now.rfc5322()).into_bytes();
            if self.prepends("forward") {
                let delivered = quote_local(&f.delivered.to_lowercase());
                content.extend_from_slice(format!("Delivered-To: {delivered}\n").as_bytes());
            }
            content.extend_from_slice(&self.w.content);
            let m = Submission {
                qid: f.qid.clone(),
                origin: Origin::Forward,
                arrival: now,
                sender: f.sender,
                recipients: f.recipients,
                content,
                encoding: self.r.envelope.attr("encoding").to_owned(),
                smtputf8: self.r.envelope.smtputf8 != 0,
                ret: if f.of_list { None } else { self.r.envelope.ret.map(Ret::from) },
                envid: if f.of_list { String::new() } else { self.r.envelope.envid.clone() },
                local_rewrite: false,
                takes: Span((self.w.t.0 - (now - self.r.handoff).0).max(0)),
                ..Submission::default()
            };
            let item = if cleanup::submit(ctx, m).is_ok() {
                Item::new(self.w.rcpt, Verdict::Sent, "2.0.0", format!("forwarded as {}", f.qid))
            } else {
                Item::new(self.w.rcpt, Verdict::Deferred, "4.3.0", "error forwarding message")
            };
            let mut item = item.relay(self.p.service().to_owned()).at(self.w.t);
            item.seen_as = self.r.recipients.get(self.w.rcpt).map(|r| {
                let notify = without_success(r.notify);
                Box::new(Rcpt { notify, ..r.clone() })
            });
            self.file_item(item);
        }
    }
}
