//! postsuper(1): deleting, holding, releasing, requeueing, expiring messages.

use super::queue_tool::{directory, getopt, say};
use super::tool::Tool;
use crate::base::Span;
use crate::command::Ctx;
use crate::log::queue_tool::{Act, QueueTool};
use crate::postfix::{Due, mail_queue, pickup, queue_file};
use crate::sim::World;

const USAGE: &str = "postsuper [-c config_dir] [-d queue_id (delete)] [-e queue_id (expire)] [-f queue_id (expire and/or un-hold)] \
                     [-h queue_id (hold)] [-H queue_id (un-hold)] [-p (purge temporary files)] [-r queue_id (requeue)] [-s \
                     (structure fix)] [-S (redundant structure fix)][-v (verbose)] [queue...]";

/// Queues that postsuper looks at when none is named.
const QUEUES: [&str; 5] = ["maildrop", "incoming", "active", "deferred", "hold"];
/// Names that may be given.
const KNOWN: [&str; 9] = ["maildrop", "incoming", "active", "deferred", "hold", "bounce", "defer", "trace", "flush"];

pub async fn run(ctx: &mut Ctx) -> i32 {
    if ctx.io.cred.uid != 0 {
        say(ctx, QueueTool::Superuser);
        return 1;
    }
    let Ok((opts, at)) = getopt(ctx, "c:d:e:f:h:H:pr:sSv") else {
        say(ctx, QueueTool::Usage(USAGE));
        return 1;
    };
    if let Err(status) = Tool::logging(ctx).start(directory(&opts)).await {
        return status;
    }
    let mut queues: Vec<&'static str> = Vec::new();
    for q in &ctx.args[at..] {
        match KNOWN.iter().find(|k| *k == q) {
            Some(k) => queues.push(k),
            None => {
                say(ctx, QueueTool::BadQueue(q.clone()));
                return 1;
            }
        }
    }
    let all_queues = queues.is_empty();
    if all_queues {
        queues = QUEUES.to_vec();
    }
    let mut totals: Vec<(Act, usize)> = Vec::new();
    for (letter, value) in opts {
        let acts: &[Act] = match letter {
            'd' => &[Act::Delete],
            'h' => &[Act::Hold],
            'H' => &[Act::Release],
            'r' => &[Act::Requeue],
            'e' => &[Act::Expire],
            'f' => &[Act::Expire, Act::Release],
            _ => continue,
        };
        for act in acts {
            let n = apply(ctx, *act, &value, &queues).await;
            match totals.iter_mut().find(|(a, _)| a == act) {
                Some((_, t)) => *t += n,
                None => totals.push((*act, n)),
            }
        }
    }
    for act in [Act::Requeue, Act::Delete, Act::Hold, Act::Expire, Act::Release] {
        if let Some((_, count)) = totals.iter().find(|(a, _)| *a == act) {
            say(ctx, QueueTool::Total { act, count: *count });
        }
    }
    0
}

/// The queues from which an act takes messages.
fn sources(act: Act, queues: &[&'static str]) -> Vec<&'static str> {
    let fits = |q: &&str| match act {
        Act::Delete => true,
        Act::Hold => ["incoming", "active", "deferred", "maildrop"].contains(q),
        Act::Release => *q == "hold",
        Act::Requeue => ["incoming", "active", "deferred", "hold"].contains(q),
        Act::Expire => ["incoming", "active", "deferred", "hold"].contains(q),
    };
    queues.iter().copied().filter(fits).collect()
}

async fn apply(ctx: &mut Ctx, act: Act, what: &str, queues: &[&'static str]) -> usize {
    let from = sources(act, queues);
    let mut ids = Vec::new();
    let quiet = what == "ALL";
    if quiet {
        let world = ctx.world();
        let w = world.borrow();
        for q in &from {
            ids.extend(mail_queue::scan(&w.host, q).into_iter().map(|e| e.id.to_string()));
        }
    } else if what == "-" {
        while let Ok(Some(l)) = ctx.io.read_line(0).await {
            ids.push(String::from_utf8_lossy(&l).trim().to_owned());
        }
    } else {
        ids.push(what.to_owned());
    }
    let mut count = 0;
    for id in ids {
        if !queue_file::id_ok(&id) {
            say(ctx, QueueTool::BadId(id));
            continue;
        }
        let hit = act_on(&mut ctx.world().borrow_mut(), act, &id, &from);
        if hit {
            count += 1;
            if !quiet {
                say(ctx, QueueTool::Done { act, qid: id });
            }
        }
    }
    count
}

/// One message. False: it is in none of the queues.
fn act_on(w: &mut World, act: Act, id: &str, from: &[&'static str]) -> bool {
    let Some(queue) = from.iter().copied().find(|q| w.host.fs.exists(&mail_queue::path(q, id))) else { return false };
    match act {
        Act::Delete => {
            let n = mail_queue::envelope(&w.host, queue, id)
                .map_or(0, |e| e.recipients.iter().filter(|r| !r.done).count() as u64);
            for log in ["bounce", "defer", "trace"] {
                mail_queue::remove(&mut w.host, log, id);
            }
            mail_queue::remove(&mut w.host, queue, id);
            if queue != "maildrop" {
                w.postfix.counters.deleted += n;
            }
            true
        }
        Act::Hold => mail_queue::rename(&mut w.host, id, queue, "hold").is_ok(),
        Act::Release => {
            let ok = mail_queue::rename(&mut w.host, id, queue, "deferred").is_ok();
            if ok {
                // The time of the file says that it is due.
                let now = w.host.now;
                let _ = w.host.fs.set_mtime(&crate::host::Cred::root(), &mail_queue::path("deferred", id), now);
            }
            ok
        }
        Act::Requeue => {
            let ok = mail_queue::rename(&mut w.host, id, queue, "maildrop").is_ok();
            if ok {
                // pickup(8) looks once a minute; nobody wakes it up.
                let at =
                    w.host.now + w.host.jitter("pickup.poll", &w.host.now.secs().to_string(), 20_000_000, 60_000_000);
                w.postfix.due.push(at, Due::Pickup(pickup::Due::Scan));
            }
            ok
        }
        Act::Expire => {
            let path = mail_queue::path(queue, id);
            let old = w.host.fs.stat(&crate::host::Cred::root(), &path).map_or(0o700, |(_, n)| n.mode);
            if old & 0o070 == 0o050 {
                return false;
            }
            let done = w.host.fs.chmod(&crate::host::Cred::root(), &path, 0o750).is_ok();
            let now = w.host.now - Span::secs(1);
            if queue == "deferred" {
                let _ = w.host.fs.set_mtime(&crate::host::Cred::root(), &path, now);
            }
            done
        }
    }
}
