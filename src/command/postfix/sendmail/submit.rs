//! sendmail(1) takes a message in and hands it to postdrop(1), which puts it into the maildrop queue.

use super::super::queue_tool::say;
use super::super::tool::Tool;
use super::Job;
use crate::command::Ctx;
use crate::host::Errno;
use crate::log::queue_tool::QueueTool;
use crate::log::table::Table;
use crate::postfix::cleanup::{Recipient, header};
use crate::postfix::config::Config;
use crate::postfix::maildrop::{self, Post};
use crate::postfix::{mail_addr, pickup, user_acl};

/// This program as postdrop(1), which it starts.
pub(super) fn postdrop(ctx: &Ctx) -> Ctx {
    let mut c = ctx.clone();
    c.args = vec!["postdrop".into()];
    c
}

pub(super) async fn run(ctx: &Ctx, conf: &Config, job: &Job, words: &[String]) -> i32 {
    let uid = ctx.io.cred.uid;
    let tool = Tool::logging(ctx);
    if let Err(status) = admitted(ctx, conf).await {
        return status;
    }
    let user = ctx.world().borrow().host.user_by_uid(uid);
    let login = user.as_ref().map_or_else(String::new, |u| u.name.clone());
    let sender = match &job.sender {
        Some(s) => {
            let list = mail_addr::split_addresses(s);
            if list.len() > 1 {
                say(ctx, QueueTool::MalformedSender(s.clone()));
            }
            list.first().cloned().unwrap_or_default()
        }
        None if user.is_none() => return tool.fatal(QueueTool::NoLogin(uid)).await,
        None => login.clone(),
    };
    let who = if sender.is_empty() { "MAILER-DAEMON".to_owned() } else { sender.clone() };
    if job.verp.is_some() && sender.is_empty() {
        return tool.fatal(QueueTool::VerpNeedsSender { user: sender, uid }).await;
    }
    let fix = conf.get("sendmail_fix_line_endings").to_ascii_lowercase();
    let mut strip = match fix.as_str() {
        "always" => Some(true),
        "never" => Some(false),
        _ => None,
    };
    let mut text: Vec<u8> = Vec::new();
    if job.verify {
        if !sender.is_empty() {
            text.extend_from_slice(format!("From: {sender}\n").as_bytes());
        }
        text.extend_from_slice(format!("Subject: probe\nTo:\t{}\n", words.join(",\n\t")).as_bytes());
    } else {
        if strip.is_none() && fix != "strict" {
            return tool.fatal(QueueTool::BadLineEndings(fix)).await;
        }
        let mut first = true;
        let mut io = ctx.io.clone();
        while let Ok(Some(line)) = io.read_line(0).await {
            let ended = line.last() == Some(&b'\n');
            let bare = line.strip_suffix(b"\n").unwrap_or(&line);
            // The first line says what the others are.
            let strip = ended && *strip.get_or_insert(bare.last() == Some(&b'\r'));
            let head = bare.iter().position(|b| *b != b'>').unwrap_or(bare.len());
            if first && ended && bare[head..].starts_with(b"From ") {
                continue;
            }
            first = false;
            let kept = bare.iter().rposition(|b| !strip || *b != b'\r').map_or(0, |i| i + 1);
            if bare[..kept] == *b"." && !job.ignore_dot {
                break;
            }
            text.extend_from_slice(&bare[..kept]);
            text.push(b'\n');
        }
    }
    let mut list: Vec<String> = Vec::new();
    for w in words {
        let named = mail_addr::split_addresses(w);
        // A word without an address in it is the empty address; a group may be empty.
        if named.is_empty() && !w.contains(':') {
            list.push(String::new());
        }
        list.extend(named);
    }
    if job.extract {
        list.extend(from_headers(&text));
    }
    if list.is_empty() {
        let fault = if job.extract {
            QueueTool::NoRecipientsInHeader { user: who, uid }
        } else {
            QueueTool::NoRecipients { user: who, uid }
        };
        return tool.fatal(fault).await;
    }
    let fullname = job.fullname.clone().or_else(|| ctx.env.get("NAME").cloned()).unwrap_or_else(|| {
        let gecos = user.as_ref().map(|u| u.gecos.split(',').next().unwrap_or("").to_owned()).unwrap_or_default();
        gecos.replace('&', &login)
    });
    // postdrop(1) reads main.cf, too.
    if !conf.faults.is_empty()
        && let Err(status) = Tool::named(ctx, "postdrop").start(None).await
    {
        return status;
    }
    let report = match (job.verify, job.verbose) {
        (true, _) => "512",
        (_, 1) => "1024",
        _ => "",
    };
    let attributes =
        [("trace_flags", report), ("encoding", job.encoding), ("envelope_id", &job.envid), ("ret_flags", job.ret)];
    let recipients: Vec<Recipient> =
        list.into_iter().map(|address| Recipient { notify: job.notify, ..Recipient::new(address) }).collect();
    let post = Post {
        uid,
        sender: &sender,
        fullname: &fullname,
        recipients: &recipients,
        attributes: &attributes,
        gateway: job.gateway,
        text: &text,
        limit: conf.int("message_size_limit"),
        ..Post::default()
    };
    if let Err(status) = own_sender(ctx, conf, &sender).await {
        return status;
    }
    match drop_mail(ctx, &post) {
        Ok(()) => {
            if !report.is_empty() {
                ctx.out(format!("Mail Delivery Status Report will be mailed to <{sender}>.\n"));
            }
            0
        }
        Err(Errno::FBig) => {
            say(&postdrop(ctx), QueueTool::TooLarge { uid });
            say(ctx, QueueTool::CleanupClose);
            tool.fatal(QueueTool::TooBig { user: who, uid }).await
        }
        Err(e) => {
            let file = format!("maildrop/{:06}.{}", ctx.world().borrow().now().subsec_micros(), ctx.pid);
            ctx.err(format!("postdrop: warning: mail_queue_enter: create file {file}: {}\n", e.text()));
            tool.fatal(QueueTool::WriteError { user: who, uid }).await
        }
    }
}

/// Whether `authorized_submit_users` lets the user in. `Err`: it does not, and that was said.
pub(super) async fn admitted(ctx: &Ctx, conf: &Config) -> Result<(), i32> {
    let (tool, uid) = (Tool::logging(ctx), ctx.io.cred.uid);
    match tool.refuses(conf, "authorized_submit_users").await? {
        Some(user) => Err(tool.fatal(QueueTool::NotAllowed { user, uid, act: "submit mail" }).await),
        None => Ok(()),
    }
}

/// postdrop(1) asks whether the sender is the user's. `Err`: it is not, and that was said.
async fn own_sender(ctx: &Ctx, conf: &Config, sender: &str) -> Result<(), i32> {
    let (tool, uid) = (Tool::logging(ctx), ctx.io.cred.uid);
    let child = postdrop(ctx);
    let drop = Tool::named(&child, "postdrop");
    let mut heard = Vec::new();
    let verdict = user_acl::sender(&ctx.world().borrow().host, conf, uid, sender, &mut heard);
    let user = sender.to_owned();
    let fault = match verdict {
        user_acl::Sender::Own => return Ok(()),
        user_acl::Sender::Foreign => QueueTool::ForeignSender { user, uid },
        user_acl::Sender::NoTable => {
            for event in heard {
                match event {
                    Table::Open(reason) => {
                        drop.fatal(Table::OpenFatal(reason)).await;
                        break;
                    }
                    e => drop.say(e),
                }
            }
            tool.say(QueueTool::CleanupClose);
            QueueTool::WriteError { user, uid }
        }
        user_acl::Sender::NoAnswer { table, key } => {
            drop.say(Table::LookupError { table: table.clone(), key });
            tool.say(QueueTool::CleanupClose);
            QueueTool::SenderLookup { user, uid, table }
        }
    };
    Err(tool.fatal(fault).await)
}

/// The recipients that the headers name (`-t`): those of the last hands the message went through, if it was sent again.
fn from_headers(text: &[u8]) -> Vec<String> {
    let (headers, _) = header::split(&String::from_utf8_lossy(text));
    let named = |names: [&str; 3]| -> Vec<String> {
        let mut out = Vec::new();
        for h in &headers {
            let Some((n, v)) = h.split_once(':') else { continue };
            if names.contains(&n.trim().to_ascii_lowercase().as_str()) {
                out.extend(mail_addr::split_addresses(v));
            }
        }
        out
    };
    let again = named(["resent-to", "resent-cc", "resent-bcc"]);
    if again.is_empty() { named(["to", "cc", "bcc"]) } else { again }
}

/// What postdrop(1) does: a file in the maildrop queue, owned by the user.
pub(super) fn drop_mail(ctx: &Ctx, post: &Post<'_>) -> Result<(), Errno> {
    let world = ctx.world();
    let mut w = world.borrow_mut();
    maildrop::post(&mut w.host, post)?;
    let missing = !w.host.fs.exists("/var/spool/postfix/public/pickup");
    w.with_postfix(pickup::trigger);
    drop(w);
    if missing {
        let error = Errno::NoEnt.text().into();
        say(&postdrop(ctx), QueueTool::NoSocket { path: "public/pickup".into(), error });
    }
    Ok(())
}
