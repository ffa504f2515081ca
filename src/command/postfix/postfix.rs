//! postfix(1) and postfix-script: start, stop, reload, status, check and the rest; postlog(1), postmulti(1), postlock(1).
//!
//! The script's messages go to standard error only when that is a terminal, and always to the log. Left out: `postfix tls`, and
//! what post-install finds beyond owners, modes and missing directories.

use super::getopt::getopt;
use super::tool::Tool;
use crate::base::Span;
use crate::command::Ctx;
use crate::command::postfix::postconf::{self, Missing};
use crate::host::{Cred, Errno};
use crate::log::queue_tool::QueueTool;
use crate::log::script::{CheckWarning, Script, ToolFatal};
use crate::log::{Event, Message};
use crate::postfix::config::Config;
use crate::postfix::{agent, expand, master};

/// How many times `postfix check` runs postconf, after the script has asked it where things are; each time it repeats what is
/// wrong with main.cf.
const CHECK_RUNS: usize = 19;

/// The program that the script asks.
const POSTCONF: &str = "/usr/sbin/postconf";

/// postfix(1).
pub(super) async fn postfix(ctx: &mut Ctx) -> i32 {
    let ctx = &*ctx;
    let tool = Tool::logging(ctx);
    if ctx.io.cred.uid != 0 {
        tool.say(Script::UseSendmail);
        return tool.fatal(Script::Reserved).await;
    }
    const USAGE: &str = "postfix [-c config_dir] [-Dv] command";
    let Ok(given) = getopt(ctx, "c:Dv") else { return tool.fatal(Script::Usage(USAGE)).await };
    let directory = tool.directory(given.value('c'));
    let conf = match tool.start(given.value('c')).await {
        Ok(c) => c,
        Err(status) => return status,
    };
    let mut args = given.args.iter();
    let command = args.next().cloned().unwrap_or_default();
    if expand::compat_level(&conf.get("compatibility_level")) < expand::compat_level("3.6")
        && matches!(command.as_str(), "start" | "start-fg" | "reload" | "check" | "status")
    {
        for line in 0..3 {
            tool.say(Script::Compatibility(line));
        }
    }
    run(&tool, &conf, &directory, &command, args.next().map_or("", String::as_str)).await
}

/// Says something as postfix-script does.
fn say(tool: &Tool<'_>, event: impl Into<Event>) {
    let event = event.into();
    if tool.ctx.io.is_terminal(2) {
        tool.ctx.err(format!("postfix/postfix-script: {}\n", event.text()));
    }
    let world = tool.ctx.world();
    let mut w = world.borrow_mut();
    let pid = w.host.procs.burn();
    w.host.same_voice(tool.ctx.pid, pid);
    w.host.log_mail("postfix/postfix-script", pid, event);
}

fn running(tool: &Tool<'_>) -> Option<u32> {
    tool.ctx.world().borrow().postfix.master.pid
}

/// The script asks postconf(1) for directories and instances before it looks at the command. With a line in master.cf that
/// cannot be read postconf answers nothing, and whatever was to be done is not done: false.
async fn asks_postconf(tool: &Tool<'_>, conf: &Config, directory: &str) -> bool {
    match postconf::master_fault(tool, directory) {
        Some(Missing::File(m)) => tool.ctx.err(format!("{POSTCONF}: warning: {m}\n").repeat(2)),
        Some(Missing::Sense(m)) => {
            tool.ctx.err(format!("{POSTCONF}: fatal: {m}\n"));
            tool.ctx.io.sleep(Span::secs(1)).await;
            say(tool, Script::CannotExecute(POSTCONF.to_owned()));
            tool.ctx.io.sleep(Span::secs(1)).await;
            return false;
        }
        None => repeat(tool, conf, directory, 1),
    }
    true
}

async fn run(tool: &Tool<'_>, conf: &Config, directory: &str, command: &str, sub: &str) -> i32 {
    if !asks_postconf(tool, conf, directory).await {
        return 1;
    }
    match command {
        "start" | "start-fg" => start(tool, conf, directory).await,
        "stop" | "abort" | "quick-stop" | "drain" => stop(tool, command).await,
        "quick-start" => {
            say(tool, Script::Starting);
            launch(tool, directory)
        }
        "reload" => reload(tool, conf),
        "status" => {
            let pid = running(tool);
            say(tool, pid.map_or(Script::NotRunning, |pid| Script::Running { pid }));
            i32::from(pid.is_none())
        }
        "check" => check(tool, conf, directory),
        "flush" => {
            let mut child = tool.ctx.clone();
            child.args = vec!["postqueue".into(), "-f".into()];
            let spawn = child.spawn.clone();
            let args = vec![format!("{}/postqueue", conf.get("command_directory")), "-f".to_owned()];
            spawn.spawn(child, args).await
        }
        "set-permissions" | "upgrade-configuration" => {
            repair(tool, conf);
            0
        }
        "logrotate" => {
            if conf.is_empty("maillog_file") {
                say(tool, Script::NoLogFile);
                1
            } else {
                0
            }
        }
        "tls" => {
            for event in [Script::UnknownTls(sub.to_owned()), Script::TlsUsage] {
                if tool.ctx.io.is_terminal(2) {
                    tool.ctx.err(format!("postfix/postfix-tls-script: {}\n", event.text()));
                }
                let world = tool.ctx.world();
                let mut w = world.borrow_mut();
                let pid = w.host.procs.burn();
                w.host.log_mail("postfix/postfix-tls-script", pid, event);
            }
            1
        }
        _ => {
            say(tool, Script::UnknownCommand(command.to_owned()));
            1
        }
    }
}

async fn start(tool: &Tool<'_>, conf: &Config, directory: &str) -> i32 {
    if running(tool).is_some() {
        say(tool, Script::FatalRunning);
        return 1;
    }
    let status = check(tool, conf, directory);
    if status != 0 {
        return status;
    }
    say(tool, Script::Starting);
    launch(tool, directory)
}

fn launch(tool: &Tool<'_>, directory: &str) -> i32 {
    let started = tool.ctx.world().borrow_mut().with_postfix(|ctx| master::start(ctx, directory));
    if started.is_err() {
        say(tool, Script::StartupFailed);
        return 1;
    }
    0
}

async fn stop(tool: &Tool<'_>, command: &str) -> i32 {
    if running(tool).is_none() {
        say(tool, Script::FatalNotRunning);
        return 1;
    }
    say(tool, if command == "abort" { Script::Aborting } else { Script::Stopping });
    tool.ctx.world().borrow_mut().with_postfix(|ctx| master::terminate(ctx, 15));
    tool.ctx.io.sleep(Span::millis(20)).await;
    0
}

fn reload(tool: &Tool<'_>, conf: &Config) -> i32 {
    if running(tool).is_none() {
        say(tool, Script::FatalNotRunning);
        return 1;
    }
    echo(tool, conf, "postfix/postlog");
    say(tool, Script::Refreshing);
    // The script looks through the queue in passing.
    echo(tool, conf, "postsuper");
    echo(tool, conf, "postsuper");
    tool.ctx.world().borrow_mut().with_postfix(master::reload);
    0
}

/// What the script's own runs of postconf say of main.cf and master.cf.
fn repeat(tool: &Tool<'_>, conf: &Config, directory: &str, times: usize) {
    let lines = postconf::complaints(tool, conf, directory);
    for _ in 0..times {
        for l in &lines {
            tool.ctx.err(format!("{POSTCONF}: warning: {l}\n"));
        }
    }
}

/// What a tool that the script runs says when it reads main.cf.
fn echo(tool: &Tool<'_>, conf: &Config, name: &str) {
    for f in conf.faults.iter().filter(|f| !f.is_fatal()) {
        tool.ctx.err(format!("{name}: {}\n", f.text()));
        if name == "postsuper" {
            let world = tool.ctx.world();
            let mut w = world.borrow_mut();
            let pid = w.host.procs.burn();
            w.host.log_mail("postfix/postsuper", pid, f.clone());
        }
    }
}

/// Directories of the queue that the mail system owns, and their modes.
const QUEUES: &[(&str, u32)] = &[
    ("active", 0o700),
    ("bounce", 0o700),
    ("corrupt", 0o700),
    ("defer", 0o700),
    ("deferred", 0o700),
    ("flush", 0o700),
    ("hold", 0o700),
    ("incoming", 0o700),
    ("maildrop", 0o1730),
    ("pid", 0o755),
    ("private", 0o700),
    ("public", 0o2710),
    ("saved", 0o700),
    ("trace", 0o700),
];

/// What post-install does before every start: missing directories are made.
fn create_missing(tool: &Tool<'_>, conf: &Config) {
    let world = tool.ctx.world();
    let mut w = world.borrow_mut();
    let root = Cred::root();
    let queue = conf.get("queue_directory");
    let owner = w.host.user(&conf.get("mail_owner")).map_or(0, |u| u.uid);
    let drop = w.host.group(&conf.get("setgid_group")).map_or(0, |g| g.gid);
    for (name, mode) in QUEUES {
        let path = format!("{queue}/{name}");
        if w.host.fs.mkdir(&root, &path, 0o700).is_err() {
            continue;
        }
        let own = if *name == "pid" { 0 } else { owner };
        let group = if matches!(*name, "maildrop" | "public") { drop } else { 0 };
        let _ = w.host.fs.chown(&root, &path, Some(own), Some(group), true);
        let _ = w.host.fs.chmod(&root, &path, *mode);
    }
}

/// `postfix set-permissions`: owners and modes as installed.
fn repair(tool: &Tool<'_>, conf: &Config) {
    create_missing(tool, conf);
    let world = tool.ctx.world();
    let mut w = world.borrow_mut();
    let root = Cred::root();
    let queue = conf.get("queue_directory");
    let owner = w.host.user(&conf.get("mail_owner")).map_or(0, |u| u.uid);
    let drop = w.host.group(&conf.get("setgid_group")).map_or(0, |g| g.gid);
    for (name, mode) in QUEUES {
        let path = format!("{queue}/{name}");
        let own = if *name == "pid" { 0 } else { owner };
        let group = if matches!(*name, "maildrop" | "public") { drop } else { 0 };
        let _ = w.host.fs.chown(&root, &path, Some(own), Some(group), true);
        let _ = w.host.fs.chmod(&root, &path, *mode);
    }
    let data = conf.get("data_directory");
    let _ = w.host.fs.chown(&root, &data, Some(owner), None, true);
    let config = conf.get("config_directory");
    for path in [config.clone(), format!("{config}/main.cf"), format!("{config}/master.cf")] {
        let _ = w.host.fs.chown(&root, &path, Some(0), Some(0), true);
    }
    for prog in ["postdrop", "postqueue"] {
        let path = format!("/usr/sbin/{prog}");
        let _ = w.host.fs.chown(&root, &path, Some(0), Some(drop), true);
        let _ = w.host.fs.chmod(&root, &path, 0o2755);
    }
}

/// The checks before a start: what cannot be, then what should not be.
fn check(tool: &Tool<'_>, conf: &Config, directory: &str) -> i32 {
    let master_cf = format!("{directory}/master.cf");
    if !tool.ctx.world().borrow().host.fs.exists(&master_cf) {
        repeat(tool, conf, directory, CHECK_RUNS + 1);
        say(tool, Script::NoMasterCf(master_cf));
        return 1;
    }
    repeat(tool, conf, directory, CHECK_RUNS - 1);
    echo(tool, conf, "postsuper");
    repeat(tool, conf, directory, 1);
    create_missing(tool, conf);
    if let Some(status) = scan_queue(tool, conf) {
        return status;
    }
    for w in warnings(tool, conf, directory) {
        say(tool, Script::Warning(w));
    }
    0
}

/// postsuper, as the mail owner, looks through the queue; a directory that it may not open ends the check.
fn scan_queue(tool: &Tool<'_>, conf: &Config) -> Option<i32> {
    let world = tool.ctx.world();
    let mut w = world.borrow_mut();
    let owner = w.host.user(&conf.get("mail_owner"))?;
    let cred = w.host.cred_of(&owner);
    let queue = conf.get("queue_directory");
    for name in ["active", "deferred", "incoming", "hold", "maildrop"] {
        if let Err(Errno::Acces) = w.host.fs.readdir(&cred, &format!("{queue}/{name}")) {
            let event = crate::log::config::Config::Fatal(crate::log::config::Fatal::ScanQueue {
                queue: name,
                error: Errno::Acces.to_string(),
            });
            tool.ctx.err(format!("postsuper: {}\n", event.text()));
            let pid = w.host.procs.burn();
            w.host.log_mail("postfix/postsuper", pid, event);
            return Some(1);
        }
    }
    None
}

/// `postfix-script check-warn`.
fn warnings(tool: &Tool<'_>, conf: &Config, directory: &str) -> Vec<CheckWarning> {
    let world = tool.ctx.world();
    let w = world.borrow();
    let fs = &w.host.fs;
    let root = Cred::root();
    let mut out = Vec::new();
    let queue = conf.get("queue_directory");
    let owner = conf.get("mail_owner");
    let group = conf.get("setgid_group");
    let uid = w.host.uid(&owner).unwrap_or(0);
    let gid = w.host.group(&group).map_or(0, |g| g.gid);
    let files: Vec<(String, crate::host::fs::Ino)> = fs.tree(directory);
    let dotted = |p: &str| p.replacen(directory, &format!("{directory}/."), 1);
    for (path, ino) in &files {
        if fs.node(*ino).is_some_and(|n| n.uid != 0) {
            out.push(CheckWarning::NotOwnedBy { owner: "root".into(), path: dotted(path) });
        }
    }
    for (path, ino) in &files {
        if fs.node(*ino).is_some_and(|n| n.mode & 0o022 != 0 && !n.is_symlink()) {
            out.push(CheckWarning::Writable(dotted(path)));
        }
    }
    let data = conf.get("data_directory");
    for (path, ino) in fs.tree(&data) {
        if fs.node(ino).is_some_and(|n| n.uid != uid) {
            let path = path.replacen(&data, &format!("{data}/."), 1);
            out.push(CheckWarning::NotOwnedBy { owner: owner.clone(), path });
        }
    }
    for (name, _) in QUEUES.iter().filter(|(n, _)| !matches!(*n, "maildrop" | "pid")) {
        let top = format!("{queue}/{name}");
        for (path, ino) in fs.tree(&top) {
            let odd = |n: &crate::host::fs::Node| n.uid != uid && (n.is_file() || n.is_dir());
            if fs.node(ino).is_some_and(odd) {
                out.push(CheckWarning::NotOwnedBy { owner: owner.clone(), path });
            }
        }
    }
    let drop = format!("{queue}/maildrop");
    let public = format!("{queue}/public");
    if fs.stat(&root, &drop).is_ok_and(|(_, n)| n.uid != uid) {
        out.push(CheckWarning::NotOwnedBy { owner, path: drop.clone() });
    }
    for path in [public, drop] {
        if fs.stat(&root, &path).is_ok_and(|(_, n)| n.gid != gid) {
            out.push(CheckWarning::NotOwnedByGroup { group: group.clone(), path });
        }
    }
    for prog in ["/usr/sbin/postqueue", "/usr/sbin/postdrop"] {
        let Ok((_, n)) = fs.stat(&root, prog) else { continue };
        if n.gid != gid {
            out.push(CheckWarning::NotOwnedByGroup { group: group.clone(), path: prog.into() });
        }
        if n.mode & 0o2111 != 0o2111 {
            out.push(CheckWarning::NotSetGid(prog.into()));
        }
    }
    for (path, ino) in fs.tree(&format!("{queue}/etc")) {
        let original = path.replacen(&queue, "", 1);
        let (Some(copy), Ok(real)) = (fs.node(ino).and_then(|n| n.blob()), fs.read(&root, &original)) else { continue };
        if copy.bytes() != real.bytes() {
            out.push(CheckWarning::Differ { copy: path, original });
        }
    }
    for (path, ino) in fs.tree(&format!("{queue}/corrupt")) {
        if fs.node(ino).is_some_and(crate::host::fs::Node::is_file) {
            let path = path.replacen(&format!("{queue}/"), "", 1);
            out.push(CheckWarning::Damaged(path));
        }
    }
    out
}

/// postlog(1): logs its arguments, or each line of its standard input.
pub(super) async fn postlog(ctx: &mut Ctx) -> i32 {
    let mut io = ctx.io.clone();
    let ctx = &*ctx;
    let tool = Tool::logging(ctx);
    let Ok(given) = getopt(ctx, "c:ip:t:v") else {
        return tool.fatal(Script::Usage("postlog [-c config_dir] [-i] [-p priority] [-t tag] [-v] [text]")).await;
    };
    if let Err(status) = tool.start(given.value('c')).await {
        return status;
    }
    let level = match given.value('p').unwrap_or("info").to_ascii_lowercase().as_str() {
        "info" => "",
        "warn" | "warning" => "warning: ",
        "error" => "error: ",
        "fatal" => "fatal: ",
        "panic" => "panic: ",
        word => return tool.fatal(Script::ToolFatal(ToolFatal::BadSeverity(word.to_owned()))).await,
    };
    let tag = given.value('t').unwrap_or("postfix/postlog").to_owned();
    let lines: Vec<String> = if given.args.is_empty() {
        let text = io.read_all(0).await.unwrap_or_default();
        String::from_utf8_lossy(&text).lines().map(str::to_owned).collect()
    } else {
        vec![given.args.join(" ")]
    };
    for text in lines {
        let event = Script::Text { level, text };
        if ctx.io.is_terminal(2) {
            ctx.err(format!("{tag}: {}\n", event.text()));
        }
        ctx.world().borrow_mut().host.log_mail(&tag, ctx.pid, event);
    }
    0
}

/// postmulti(1): there is one instance; `-l` lists it, `-p` and `-x` run a command for it.
pub(super) async fn postmulti(ctx: &mut Ctx) -> i32 {
    let spawn = ctx.spawn.clone();
    let tool = Tool { tag: Some("postmulti".into()), ..Tool::logging(ctx) };
    let Ok(given) = getopt(ctx, "ae:g:i:G:I:lnpRvx") else {
        return tool.fatal(Script::Usage("postmulti -l [-v] [-a] [-g group] [-i instance]")).await;
    };
    if let Err(status) = tool.start(None).await {
        return status;
    }
    if given.has('p') {
        let mut args = vec!["/usr/sbin/postfix".to_owned()];
        args.extend(given.args);
        return spawn.spawn(ctx.clone(), args).await;
    }
    if given.has('x') && !given.args.is_empty() {
        return spawn.spawn(ctx.clone(), given.args).await;
    }
    ctx.out("-               -               y         /etc/postfix\n");
    0
}

/// postkick(1): wakes a service up.
pub(super) async fn postkick(ctx: &mut Ctx) -> i32 {
    let given = getopt(ctx, "c:v").ok().filter(|g| g.args.len() == 3);
    let tool = Tool::quiet(ctx);
    let Some(given) = given else {
        return tool.fatal(Script::Usage("postkick [-c config_dir] [-v] class service request")).await;
    };
    if let Err(status) = tool.start(given.value('c')).await {
        return status;
    }
    let (class, service) = (&given.args[0], &given.args[1]);
    let path = format!("{class}/{service}");
    let world = ctx.world();
    let there = world.borrow().host.fs.stat(&ctx.io.cred, &format!("/var/spool/postfix/{path}")).err();
    // The file of a socket stays when its service goes.
    let served = world.borrow_mut().with_postfix(|c| agent::running(c) && agent::missing(c, service).is_none());
    if there.is_some() || !served {
        if let Some(e) = there {
            tool.say(QueueTool::NoSocket { path, error: e.text().into() });
        }
        tool.say(QueueTool::NoContact { class: class.clone(), service: service.clone() });
        return 1;
    }
    world.borrow_mut().with_postfix(|c| match (service.as_str(), given.args[2].as_str()) {
        ("pickup", _) => crate::postfix::pickup::trigger(c),
        ("qmgr", request) if request.contains(['A', 'D']) => crate::postfix::qmgr::flush(c),
        ("qmgr", _) => crate::postfix::qmgr::trigger(c, Span::ZERO),
        _ => {}
    });
    0
}
