//! smtpd(8) in stand-alone mode (`sendmail -bs`): the client is a user of this host, whom no restriction is asked about, and
//! mail goes to postdrop(1) instead of cleanup(8).

use super::startup;
use super::{Mode, Session};
use crate::host::Errno;
use crate::host::net::Turn;
use crate::log::queue_tool::QueueTool;
use crate::log::smtpd::Smtpd;
use crate::postfix::Ctx;
use crate::postfix::cleanup::{CleanupStatus, Ret, Stat, Submission};
use crate::postfix::config::Config;
use crate::postfix::maildrop::{self, Post};
use crate::postfix::master::{self, Proc};
use crate::postfix::pickup;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(super) struct User {
    uid: u32,
    /// What postdrop(1) said on standard error and that nobody has shown yet.
    said: Vec<QueueTool>,
}

impl User {
    /// postdrop(1) stops: a file that grew too large cannot be closed well.
    pub fn abandon(&mut self, close_error: bool) {
        if close_error {
            self.said.push(QueueTool::CleanupClose);
        }
    }
}

impl Session {
    /// A session on standard input and output. `None`: the process ended before it said anything.
    pub fn stand_alone(ctx: &mut Ctx<'_>, conf: Arc<Config>, pid: u32, uid: u32) -> Option<(Session, Turn)> {
        let tag = Arc::from(format!("{}/smtpd", conf.get("syslog_name")));
        let proc = Proc { pid, conf, tag, service: Arc::from("smtpd"), program: Arc::from("smtpd") };
        if let Err(fatal) = startup::run(ctx, &proc) {
            proc.log(ctx.host, Smtpd::Fatal(fatal));
            master::forget(ctx, pid);
            return None;
        }
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut s = Session::new(proc, "smtpd", local, local);
        s.mode = Mode::Command;
        s.alone = Some(User { uid, said: Vec::new() });
        s.state.name = "localhost".into();
        s.state.reverse_name = "localhost".into();
        s.state.addr = local.to_string();
        s.state.port = "0".into();
        let client = s.state.namaddr();
        s.log(ctx, Smtpd::Connect { client });
        s.look_up_mask(ctx);
        let banner = s.proc.conf.get("smtpd_banner");
        s.reply(ctx, &format!("220 {banner}"));
        let turn = s.turn(ctx);
        Some((s, turn))
    }

    /// What postdrop(1) said since it was asked last.
    pub fn postdrop_said(&mut self) -> Vec<QueueTool> {
        self.alone.as_mut().map(|u| std::mem::take(&mut u.said)).unwrap_or_default()
    }

    /// Gives the message to postdrop(1).
    pub(super) fn post(&mut self, ctx: &mut Ctx<'_>, m: &Submission) -> CleanupStatus {
        let uid = self.alone.as_ref().map_or(0, |u| u.uid);
        let ret = match m.ret {
            Some(Ret::Full) => "1",
            Some(Ret::Headers) => "2",
            None => "",
        };
        let attributes = [("encoding", m.encoding.as_str()), ("ret_flags", ret), ("envelope_id", &m.envid)];
        let post = Post {
            uid,
            id: &m.qid,
            sender: &m.sender,
            recipients: &m.recipients,
            attributes: &attributes,
            text: &m.content,
            limit: self.int("message_size_limit"),
            ..Post::default()
        };
        match maildrop::post(ctx.host, &post) {
            Ok(()) => {
                pickup::trigger(ctx);
                CleanupStatus::Ok
            }
            Err(Errno::FBig) => CleanupStatus::fail(Stat::Size),
            Err(_) => CleanupStatus::fail(Stat::Write),
        }
    }
}
