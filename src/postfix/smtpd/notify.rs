//! The transcript of a session in which something went wrong, as mail to `error_notice_recipient` (`notify_classes`).

use super::Session;
use crate::postfix::Ctx;
use crate::postfix::bounce;
use crate::postfix::cleanup::{self, Origin, Recipient, Submission};
use crate::postfix::params::param;
use crate::postfix::queue_file;

impl Session {
    pub(super) fn notify(&mut self, ctx: &mut Ctx<'_>) {
        let classes = self.proc.conf.words_braced(param!("notify_classes"));
        let wanted = self.state.errors.iter().any(|e| classes.iter().any(|c| c.eq_ignore_ascii_case(e.name())));
        if !wanted || self.history.1 == 0 {
            return;
        }
        let conf = self.proc.conf.clone();
        let qid = queue_file::new_id(ctx.host, conf.bool(param!("enable_long_queue_ids")));
        let name = conf.get(param!("mail_name"));
        let named = |name: &str, addr: &str| match conf.get(param!("header_from_format")).as_str() {
            "obsolete" => format!("{addr} ({name})"),
            _ => format!("{name} <{addr}>"),
        };
        let mut text = format!(
            "From: {}\nTo: {}\nSubject: {name} SMTP server: errors from {}\n\nTranscript of session follows.\n\n",
            named("Mail Delivery System", &format!("MAILER-DAEMON@{}", conf.get(param!("myhostname")))),
            named("Postmaster", &conf.get(param!("error_notice_recipient"))),
            self.state.namaddr()
        );
        for line in self.history.0.split_terminator('\n') {
            for part in bounce::fold(line, 78).lines() {
                text += &format!(" {part}\n");
            }
        }
        text.push('\n');
        if let Some(why) = &self.aborted {
            text += &format!("Session aborted, reason: {why}\n");
        }
        text.push('\n');
        text += "For other details, see the local mail logfile\n";
        let arrival = ctx.host.now;
        let head = format!(
            "Received: by {} ({name})\n\tid {qid}; {}\nDate: {}\n",
            conf.get(param!("myhostname")),
            arrival.rfc5322(),
            arrival.rfc5322()
        );
        let m = Submission {
            qid,
            origin: Origin::Notify,
            service: conf.get(param!("cleanup_service_name")),
            arrival,
            sender: format!("{}@{}", conf.get(param!("double_bounce_sender")), conf.get(param!("myhostname"))),
            recipients: vec![Recipient::new(conf.get(param!("error_notice_recipient")))],
            content: (head + &text).into_bytes(),
            local_rewrite: true,
            ..Submission::default()
        };
        cleanup::submit(ctx, m);
    }
}
