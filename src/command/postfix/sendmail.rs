//! sendmail(1): the command that programs and people submit mail with; by other names mailq and newaliases.

use super::queue_tool;
use super::queue_tool::{getopt, say};
use super::tool::Tool;
use crate::command::Ctx;
use crate::host::Errno;
use crate::host::net::Endpoint;
use crate::log::queue_tool::QueueTool;
use crate::postfix::cleanup::header;
use crate::postfix::config::Config;
use crate::postfix::maildrop::{self, Post};
use crate::postfix::{mail_addr, pickup};

const EX_TEMPFAIL: i32 = 75;

/// What the options ask for.
#[derive(Default)]
struct Job {
    sender: Option<String>,
    fullname: Option<String>,
    extract: bool,
    /// A lone dot does not end the input.
    ignore_dot: bool,
    gateway: bool,
    report: &'static str,
    encoding: String,
    ret: String,
    envid: String,
    notify: u32,
}

pub async fn run(ctx: &mut Ctx) -> i32 {
    let name = ctx.name();
    let mut mode = match name.as_str() {
        "mailq" => 'p',
        "newaliases" => 'i',
        _ => 'm',
    };
    // The real program reads its options twice, and complains twice.
    let spec = "A:B:C:F:GIL:N:O:R:UV:X:b:ce:f:h:imno:p:r:q:tvx";
    let mut fixed = ctx.clone();
    for a in &mut fixed.args {
        if a == "-q" {
            "-q-".clone_into(a);
        }
    }
    let parsed = getopt(&fixed, spec);
    let Ok((opts, at)) = parsed else {
        let _ = getopt(&fixed, spec);
        say(ctx, QueueTool::Usage(if name == "mailq" { "mailq [options]" } else { "sendmail [options]" }));
        return EX_TEMPFAIL;
    };
    let mut job = Job::default();
    let mut verbose = 0;
    let mut flush: Option<String> = None;
    for (c, v) in opts {
        match c {
            'b' => match v.chars().next() {
                Some(m @ ('m' | 'p' | 's' | 'v' | 'i' | 'd' | 'l' | 'h')) => mode = m,
                _ => {
                    say(ctx, QueueTool::Unsupported(format!("-b{v}")));
                    return EX_TEMPFAIL;
                }
            },
            'f' | 'r' => job.sender = Some(v),
            'F' => job.fullname = Some(v),
            't' => job.extract = true,
            'i' => job.ignore_dot = true,
            'G' => job.gateway = true,
            'o' => match v.chars().next() {
                Some('i') if v.len() == 1 => job.ignore_dot = true,
                _ => {}
            },
            'I' => mode = 'i',
            'v' => verbose += 1,
            'q' => flush = Some(v.trim_start_matches('-').to_owned()),
            'B' => match v.to_ascii_lowercase().as_str() {
                "8bitmime" => job.encoding = "8bit".into(),
                "7bit" => job.encoding = "7bit".into(),
                _ => {
                    say(ctx, QueueTool::BadEncoding);
                    return EX_TEMPFAIL;
                }
            },
            'C' => {
                let path = if v.ends_with("/main.cf") { v } else { format!("{v}/main.cf") };
                let there = ctx.world().borrow().host.fs.stat(&ctx.io.cred, &ctx.path(&path)).err();
                if let Some(e) = there {
                    say(ctx, QueueTool::OpenMain { path, error: e.text().into() });
                    return EX_TEMPFAIL;
                }
            }
            'R' => match v.to_ascii_lowercase().as_str() {
                "full" => job.ret = "1".into(),
                "hdrs" => job.ret = "2".into(),
                _ => say(ctx, QueueTool::BadReturn),
            },
            'V' => job.envid = v,
            'N' => match notify(&v) {
                Ok(n) => job.notify = n,
                Err(word) => {
                    say(ctx, QueueTool::UnknownNotify { word, text: v });
                    say(ctx, QueueTool::BadNotify);
                }
            },
            _ => {}
        }
    }
    let words: Vec<String> = ctx.args[at..].to_vec();
    let tool = Tool::logging(ctx);
    let conf = match tool.start(None).await {
        Ok(c) => c,
        Err(status) => return status,
    };
    if let Some(what) = flush {
        return flush_queue(ctx, &what, &words).await;
    }
    match mode {
        'p' => child(ctx, &["postqueue", "-p"]).await,
        'i' => child(ctx, &["/usr/bin/newaliases"]).await,
        's' => standalone(ctx).await,
        'd' | 'l' => {
            let spawn = ctx.spawn.clone();
            // It does not wait for what it started.
            spawn.spawn(ctx.clone(), vec!["postfix".into(), "start".into()]).await;
            0
        }
        _ => {
            job.report = match (mode, verbose) {
                ('v', _) => "512",
                (_, 1) => "1024",
                _ => "",
            };
            submit(ctx, &conf, job, &words).await
        }
    }
}

/// The flags of `-N`; or the word that is none.
fn notify(words: &str) -> Result<u32, String> {
    use crate::postfix::cleanup::notify as n;
    let mut out = 0;
    for w in words.split(',') {
        out |= match w.trim().to_ascii_lowercase().as_str() {
            "never" => n::NEVER,
            "success" => n::SUCCESS,
            "failure" => n::FAILURE,
            "delay" => n::DELAY,
            _ => return Err(w.to_owned()),
        };
    }
    Ok(out)
}

/// What another program of Postfix does for this one.
async fn child(ctx: &mut Ctx, words: &[&str]) -> i32 {
    let spawn = ctx.spawn.clone();
    spawn.spawn(ctx.clone(), words.iter().map(|w| (*w).to_owned()).collect()).await
}

/// `-q`, `-qIid`, `-qRsite`: postqueue(1) does it.
async fn flush_queue(ctx: &mut Ctx, what: &str, words: &[String]) -> i32 {
    let mut letters = what.chars();
    let option = match letters.next() {
        Some('I') => vec!["-i".to_owned(), letters.as_str().to_owned()],
        Some('R') => vec!["-s".to_owned(), letters.as_str().to_owned()],
        Some(c) if !c.is_ascii_digit() => {
            say(ctx, QueueTool::NotImplemented(c));
            return EX_TEMPFAIL;
        }
        _ if !words.is_empty() => {
            say(ctx, QueueTool::NoRecipientWanted("flush queue"));
            return EX_TEMPFAIL;
        }
        _ => vec!["-f".to_owned()],
    };
    let mut line = vec!["postqueue".to_owned()];
    line.extend(option);
    let spawn = ctx.spawn.clone();
    spawn.spawn(ctx.clone(), line).await
}

/// `-bs`: a session with smtpd(8) on standard input and output.
async fn standalone(ctx: &mut Ctx) -> i32 {
    let world = ctx.world();
    let local = std::net::IpAddr::from([127, 0, 0, 1]);
    let made = world.borrow_mut().connect(local, &Endpoint::Inet(local, 25));
    let Ok(conn) = made else { return EX_TEMPFAIL };
    loop {
        let ready = world.borrow().ready_at(conn);
        if let Some(t) = ready {
            ctx.io.kernel.sleep_until(&world, t).await;
        }
        let (out, closed) = world.borrow_mut().recv(conn);
        ctx.out(out);
        if closed {
            break;
        }
        let Ok(Some(line)) = ctx.io.read_line(0).await else { break };
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        world.borrow_mut().send(conn, format!("{text}\r\n").as_bytes());
    }
    world.borrow_mut().hangup(conn);
    0
}

/// Reads the message and puts it into the maildrop queue.
async fn submit(ctx: &mut Ctx, conf: &Config, job: Job, words: &[String]) -> i32 {
    let user = ctx.world().borrow().host.user_by_uid(ctx.io.cred.uid);
    let uid = ctx.io.cred.uid;
    let login = user.as_ref().map_or_else(|| uid.to_string(), |u| u.name.clone());
    let sender = match &job.sender {
        Some(s) if s.is_empty() || s == "<>" => String::new(),
        Some(s) => {
            let list = mail_addr::split_addresses(s);
            let one = list.first().cloned().unwrap_or_default();
            let first = one.split_whitespace().next().unwrap_or("").to_owned();
            if list.len() != 1 || first != one {
                say(ctx, QueueTool::MalformedSender(s.clone()));
            }
            first
        }
        None => login.clone(),
    };
    let who = if sender.is_empty() { "MAILER-DAEMON".to_owned() } else { sender.clone() };
    let verify = job.report == "512";
    if words.is_empty() && !job.extract {
        say(ctx, QueueTool::NoRecipients { user: who, uid });
        return EX_TEMPFAIL;
    }
    let mut text: Vec<u8> = Vec::new();
    if verify {
        text = format!("From: {}\nSubject: probe\nTo:\t{}\n", conf_address(conf, &sender), words.join(",\n\t"))
            .into_bytes();
    } else {
        let mut first = true;
        while let Ok(Some(line)) = ctx.io.read_line(0).await {
            let bare = line.strip_suffix(b"\n").unwrap_or(&line);
            let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
            if bare == b"." && !job.ignore_dot {
                break;
            }
            if first && bare.starts_with(b"From ") {
                continue;
            }
            first = false;
            text.extend_from_slice(bare);
            text.push(b'\n');
        }
    }
    let mut recipients: Vec<String> = words.iter().flat_map(|w| mail_addr::split_addresses(w)).collect();
    if job.extract {
        let (headers, _) = header::split(&String::from_utf8_lossy(&text));
        for h in &headers {
            let Some((n, v)) = h.split_once(':') else { continue };
            let low = n.trim().to_ascii_lowercase();
            if ["to", "cc", "bcc"].contains(&low.as_str()) {
                recipients.extend(mail_addr::split_addresses(v));
            }
        }
        if recipients.is_empty() {
            say(ctx, QueueTool::NoRecipientsInHeader { user: who, uid });
            return EX_TEMPFAIL;
        }
    }
    let fullname = job.fullname.clone().unwrap_or_else(|| {
        let gecos = user.as_ref().map(|u| u.gecos.split(',').next().unwrap_or("").to_owned()).unwrap_or_default();
        gecos.replace('&', &login)
    });
    // postdrop(1) reads main.cf, too.
    if !conf.faults.is_empty()
        && let Err(status) = Tool::named(ctx, "postdrop").start(None).await
    {
        return status;
    }
    let limit = conf.int("message_size_limit");
    match drop_mail(ctx, &job, &sender, &fullname, &recipients, &text, limit) {
        Ok(()) => {
            if !job.report.is_empty() {
                ctx.out(format!("Mail Delivery Status Report will be mailed to <{sender}>.\n"));
            }
            0
        }
        Err(Errno::FBig) => {
            let mut postdrop = ctx.clone();
            postdrop.args = vec!["postdrop".into()];
            say(&postdrop, QueueTool::TooLarge { uid });
            say(ctx, QueueTool::CleanupClose);
            say(ctx, QueueTool::TooBig { user: who, uid });
            EX_TEMPFAIL
        }
        Err(e) => {
            let file = format!("maildrop/{:06}.{}", ctx.world().borrow().now().subsec_micros(), ctx.pid);
            ctx.err(format!("postdrop: warning: mail_queue_enter: create file {file}: {}\n", e.text()));
            say(ctx, QueueTool::WriteError { user: who, uid });
            EX_TEMPFAIL
        }
    }
}

fn conf_address(conf: &Config, a: &str) -> String {
    if a.contains('@') || a.is_empty() { a.to_owned() } else { format!("{a}@{}", conf.get("myorigin")) }
}

/// What postdrop(1) does: a file in the maildrop queue, owned by the user.
fn drop_mail(
    ctx: &Ctx,
    job: &Job,
    sender: &str,
    fullname: &str,
    recipients: &[String],
    text: &[u8],
    limit: i64,
) -> Result<(), Errno> {
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let attributes = [
        ("trace_flags", job.report),
        ("encoding", &job.encoding),
        ("ret_flags", &job.ret),
        ("envelope_id", &job.envid),
    ];
    let uid = ctx.io.cred.uid;
    let (gateway, notify) = (job.gateway, job.notify);
    let post = Post { uid, sender, fullname, recipients, attributes: &attributes, gateway, notify, text, limit };
    maildrop::post(&mut w.host, &post)?;
    let missing = !w.host.fs.exists("/var/spool/postfix/public/pickup");
    w.with_postfix(pickup::trigger);
    drop(w);
    if missing {
        let mut c = ctx.clone();
        c.args = vec!["postdrop".into()];
        queue_tool::say(&c, QueueTool::NoSocket { path: "public/pickup".into(), error: Errno::NoEnt.text().into() });
    }
    Ok(())
}
