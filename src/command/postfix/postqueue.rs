//! postqueue(1) and mailq: listing and flushing the queue.

use super::queue_tool::{directory, getopt, say};
use super::showq;
use super::tool::Tool;
use crate::base::Span;
use crate::command::Ctx;
use crate::log::queue_tool::QueueTool;
use crate::postfix::config::Config;
use crate::postfix::{agent, qmgr, queue_file, valid_hostname};

const USAGE: &str = "postqueue -f | postqueue -i queueid | postqueue -j | postqueue -p | postqueue -s site";

/// So much is written at once of a long list.
const PIECE: usize = 32 * 1024;

/// sysexits(3).
const EX_UNAVAILABLE: i32 = 69;

pub async fn run(ctx: &mut Ctx) -> i32 {
    let usage = |ctx: &Ctx| {
        say(ctx, QueueTool::Usage(USAGE));
        EX_UNAVAILABLE
    };
    let Ok((opts, at)) = getopt(ctx, "c:fi:jps:v") else { return usage(ctx) };
    let modes: Vec<_> = opts.iter().filter(|(c, _)| "fijps".contains(*c)).collect();
    if modes.len() != 1 || at < ctx.args.len() {
        return usage(ctx);
    }
    let (mode, value) = modes[0].clone();
    let conf = match Tool::logging(ctx).start(directory(&opts)).await {
        Ok(c) => c,
        Err(status) => return status,
    };
    let (parameter, act) = match mode {
        'p' | 'j' => ("authorized_mailq_users", "view the mail queue"),
        _ => ("authorized_flush_users", "flush the mail queue"),
    };
    if let Err(status) = admitted(ctx, &conf, parameter, act).await {
        return status;
    }
    match mode {
        'p' => show(ctx, &conf, false).await,
        'j' => show(ctx, &conf, true).await,
        'f' => flush(ctx).await,
        'i' => one(ctx, &value).await,
        's' => site(ctx, &conf, &value),
        _ => usage(ctx),
    }
}

/// Whether a list of main.cf lets the user in; root and the mail owner it does. `Err`: it does not, and that was said.
async fn admitted(ctx: &Ctx, conf: &Config, parameter: &str, act: &'static str) -> Result<(), i32> {
    let uid = ctx.io.cred.uid;
    let owner = ctx.world().borrow().host.uid(&conf.get("mail_owner"));
    if uid == 0 || Some(uid) == owner {
        return Ok(());
    }
    let tool = Tool::logging(ctx);
    match tool.refuses(conf, parameter).await? {
        Some(user) => Err(tool.fatal(QueueTool::NotAllowed { user, uid, act }).await),
        None => Ok(()),
    }
}

/// Lists the queue: through showq(8), or from the files when the mail system is down.
async fn show(ctx: &Ctx, conf: &Config, json: bool) -> i32 {
    let world = ctx.world();
    let up = {
        let master = &world.borrow().postfix.master;
        master.pid.is_some() && master.service("showq/unix").is_some()
    };
    if !up {
        let uid = ctx.io.cred.uid;
        let owner = world.borrow().host.uid(&conf.get("mail_owner"));
        if uid != 0 && Some(uid) != owner {
            return Tool::logging(ctx).fatal(QueueTool::NoReport).await;
        }
        say(ctx, QueueTool::ShowqDown);
    }
    if up {
        world.borrow_mut().with_postfix(|c| crate::postfix::master::touch(c, "showq/unix"));
    }
    let files = showq::files(&world.borrow().host);
    let mut table = showq::Table::new(conf.bool("enable_long_queue_ids"));
    let mut text = String::new();
    for (queue, file) in files {
        if let Some(m) = showq::message(&world.borrow().host, queue, &file) {
            if json {
                text += &showq::json(&m);
            } else {
                table.add(&mut text, &m);
            }
        }
        if text.len() >= PIECE {
            ctx.out(std::mem::take(&mut text));
            ctx.io.drain(1).await;
            if ctx.io.is_broken() {
                return 0;
            }
        }
    }
    if !json {
        table.end(&mut text);
    }
    ctx.out(text);
    0
}

async fn flush(ctx: &mut Ctx) -> i32 {
    let world = ctx.world();
    let up = world.borrow_mut().with_postfix(|c| {
        let up = agent::running(c) && agent::missing(c, "pickup").is_none() && agent::missing(c, "qmgr").is_none();
        if up {
            qmgr::flush(c);
        }
        up
    });
    if !up {
        say(ctx, QueueTool::FlushDown);
        return EX_UNAVAILABLE;
    }
    ctx.io.sleep(Span::millis(5)).await;
    0
}

async fn one(ctx: &mut Ctx, id: &str) -> i32 {
    if !queue_file::id_ok(id) {
        return Tool::logging(ctx).fatal(QueueTool::FlushBadId(id.to_owned())).await;
    }
    let world = ctx.world();
    let up = world.borrow_mut().with_postfix(|c| {
        let up = agent::running(c) && agent::missing(c, "flush").is_none();
        if up {
            qmgr::flush_id(c, id);
        }
        up
    });
    if !up {
        say(ctx, QueueTool::NoFlush("Connection refused"));
        say(ctx, QueueTool::FlushDown);
        return EX_UNAVAILABLE;
    }
    0
}

/// `-s site`: only destinations of `fast_flush_domains` have a list of their messages.
fn site(ctx: &Ctx, conf: &Config, site: &str) -> i32 {
    let bare = site.trim_start_matches(['[', '@']).trim_end_matches(']');
    let name = valid_hostname::hostname(site) && site.parse::<std::net::IpAddr>().is_err();
    if !name && valid_hostname::mailhost_literal(site).is_none() {
        say(ctx, QueueTool::FlushInvalid(site.to_owned()));
        return EX_UNAVAILABLE;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let domains = conf.list("fast_flush_domains");
    let known = domains.iter().any(|d| bare.eq_ignore_ascii_case(d) || bare.to_lowercase().ends_with(&format!(".{d}")));
    if !known {
        drop(w);
        say(ctx, QueueTool::FlushNotConfigured(site.to_owned()));
        return EX_UNAVAILABLE;
    }
    let up = w.with_postfix(|c| {
        let list: Vec<String> = crate::postfix::mail_queue::scan(c.host, "deferred")
            .into_iter()
            .filter(|e| {
                crate::postfix::mail_queue::envelope(c.host, "deferred", &e.id).is_some_and(|env| {
                    env.recipients.iter().any(|r| {
                        !r.done && r.address.rsplit_once('@').is_some_and(|(_, d)| d.eq_ignore_ascii_case(bare))
                    })
                })
            })
            .map(|e| e.id.to_string())
            .collect();
        for id in &list {
            qmgr::flush_id(c, id);
        }
        agent::running(c)
    });
    drop(w);
    if up {
        return 0;
    }
    say(ctx, QueueTool::FlushDown);
    EX_UNAVAILABLE
}
