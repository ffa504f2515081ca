//! master(8) itself: how it starts, reads its configuration again and ends, and the sockets that it holds.

use super::{Log, QUEUE, VERSION, end, log, retire, socket_path, spawn};
use crate::host::fs::Kind;
use crate::host::net::UnixListener;
use crate::host::{Cred, Host, Process};
use crate::log::master::MasterFatal;
use crate::postfix::config::Config;
use crate::postfix::master_cf::{self, Service, Type};
use crate::postfix::{Ctx, Due as AnyDue, listen, startup};
use imbl::OrdMap;
use std::sync::Arc;

/// master(8) could not run; why is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotStarted;

/// What `postfix start` has the program master do. `Err`: it logged why it cannot run.
pub fn start(ctx: &mut Ctx<'_>, directory: &str) -> Result<u32, NotStarted> {
    directory.clone_into(&mut ctx.pf.master.directory);
    ctx.pf.master.generation += 1;
    let master_uid = 0;
    let pid = ctx.host.procs.spawn(Process {
        pid: 0,
        ppid: 1,
        uid: master_uid,
        comm: "master".into(),
        args: "/usr/lib/postfix/sbin/master -w".into(),
        started: ctx.host.now,
        tty: "?".into(),
        stat: "Ss".into(),
        vsz: 42_680,
        rss: 4_640,
        unit: ctx.host.scope.clone(),
        role: "postfix/master".into(),
    });
    let fail = |ctx: &mut Ctx<'_>| {
        ctx.host.procs.remove(pid);
        listen::close(ctx.host);
        Err(NotStarted)
    };
    let conf = ctx.pf.master.config(ctx.host, "master", "master", &[]);
    let mut fatal = false;
    for event in startup::check_common(ctx.host, &conf) {
        fatal |= event.is_fatal();
        ctx.host.log_mail("postfix/master", pid, event);
    }
    if fatal {
        return fail(ctx);
    }
    let services = match read_services(ctx.host, &conf, directory, pid) {
        Ok(s) => s,
        Err(f) => {
            log(ctx.host, pid, Log::Fatal(f));
            return fail(ctx);
        }
    };
    let path = format!("{directory}/master.cf");
    if let Err(f) = listen::open(ctx.host, &conf, &path, &services, pid) {
        log(ctx.host, pid, Log::Fatal(f));
        return fail(ctx);
    }
    ctx.pf.master.pid = Some(pid);
    ctx.pf.master.conf = conf;
    ctx.pf.master.services = Arc::new(services.into_iter().map(Arc::new).collect());
    ctx.pf.master.throttled = OrdMap::new();
    ctx.pf.master.limited = OrdMap::new();
    let text = format!("{pid:>32}\n");
    let root = Cred::root();
    let _ = ctx.host.fs.write(&root, &format!("{QUEUE}/pid/master.pid"), text.as_str(), 0o600);
    let _ = ctx.host.fs.write(&root, "/var/lib/postfix/master.lock", text.as_str(), 0o600);
    if let Some(u) = ctx.host.user("postfix") {
        let _ = ctx.host.fs.chown(&root, "/var/lib/postfix/master.lock", Some(u.uid), Some(u.gid), true);
    }
    open_sockets(ctx, pid);
    let event = Log::Started { version: VERSION, directory: directory.to_owned() };
    log(ctx.host, pid, event);
    start_residents(ctx);
    crate::postfix::mail_system_started(ctx);
    Ok(pid)
}

/// Reads master.cf; the first entry that cannot be read ends it.
fn read_services(host: &mut Host, conf: &Config, directory: &str, pid: u32) -> Result<Vec<Service>, MasterFatal> {
    let path = format!("{directory}/master.cf");
    let text = host
        .fs
        .read(&Cred::root(), &path)
        .map_err(|e| MasterFatal::OpenMasterCf { path: path.clone(), error: e.text().to_owned() })?
        .text();
    let limit = u32::try_from(conf.int("default_process_limit")).unwrap_or(100);
    let (services, faults, warnings) = master_cf::parse(&path, &text, limit);
    for w in warnings {
        host.log_mail("postfix/master", pid, w);
    }
    match faults.into_iter().next() {
        Some((line, fault)) => Err(MasterFatal::Entry { path, line, fault }),
        None => Ok(services),
    }
}

/// Creates the sockets of the unix services.
fn open_sockets(ctx: &mut Ctx<'_>, pid: u32) {
    let root = Cred::root();
    let owner = ctx.host.user("postfix").map_or((0, 0), |u| (u.uid, u.gid));
    for s in ctx.pf.master.services.clone().iter().filter(|s| s.kind != Type::Inet) {
        let path = format!("{QUEUE}/{}", socket_path(s));
        let _ = ctx.host.fs.unlink(&root, &path);
        let kind = if s.kind == Type::Fifo { Kind::Fifo } else { Kind::Socket };
        let _ = ctx.host.fs.mknod(&root, &path, kind, 0o666);
        let _ = ctx.host.fs.chown(&root, &path, Some(owner.0), None, false);
        ctx.host.net.unix.push(UnixListener { path, pid, owner: format!("postfix:{}", s.key) });
    }
}

/// The processes that master wakes up at once: those with a wake-up time that does not wait for a first use.
fn start_residents(ctx: &mut Ctx<'_>) {
    for s in ctx.pf.master.services.clone().iter().filter(|s| s.wakeup > 0 && !s.wakeup_if_used) {
        let _ = spawn(ctx, s);
    }
}

/// SIGHUP: main.cf and master.cf are read again; idle processes end, busy ones after their client.
pub fn reload(ctx: &mut Ctx<'_>) {
    let Some(pid) = ctx.pf.master.pid else { return };
    let directory = ctx.pf.master.directory.clone();
    let event = Log::Reload { version: VERSION, directory: directory.clone() };
    log(ctx.host, pid, event);
    let conf = ctx.pf.master.config(ctx.host, "master", "master", &[]);
    let mut fatal = false;
    for event in startup::check_common(ctx.host, &conf) {
        fatal |= event.is_fatal();
        ctx.host.log_mail("postfix/master", pid, event);
    }
    if fatal {
        return die(ctx);
    }
    let services = match read_services(ctx.host, &conf, &directory, pid) {
        Ok(s) => s,
        Err(f) => {
            log(ctx.host, pid, Log::Fatal(f));
            return die(ctx);
        }
    };
    // Changing inet_interfaces needs a restart: sockets of services that stay are kept as they are.
    let path = format!("{directory}/master.cf");
    let keep = |s: &Service| ctx.pf.master.services.iter().any(|o| o.key == s.key);
    let added: Vec<Service> = services.iter().filter(|s| !keep(s)).cloned().collect();
    let gone: Vec<String> = ctx
        .pf
        .master
        .services
        .iter()
        .map(|s| s.key.clone())
        .filter(|k| !services.iter().any(|s| s.key == *k))
        .collect();
    for key in &gone {
        let owner = format!("postfix:{key}");
        ctx.host.net.listeners.retain(|l| l.owner != owner);
        // The file of a socket stays.
        ctx.host.net.unix.retain(|l| l.owner != owner);
    }
    if let Err(f) = listen::open(ctx.host, &conf, &path, &added, pid) {
        log(ctx.host, pid, Log::Fatal(f));
        return die(ctx);
    }
    ctx.host.net.unix.retain(|l| !l.owner.starts_with("postfix:"));
    ctx.pf.master.services = Arc::new(services.into_iter().map(Arc::new).collect());
    ctx.pf.master.conf = conf;
    ctx.pf.master.generation += 1;
    ctx.pf.master.throttled = OrdMap::new();
    let idle: Vec<u32> = ctx.pf.master.children.iter().filter(|(_, c)| c.busy == 0).map(|(p, _)| p).collect();
    for child in idle {
        retire(ctx, child);
    }
    open_sockets(ctx, pid);
    start_residents(ctx);
    crate::postfix::mail_system_reloaded(ctx);
}

/// `postfix stop`, `postfix abort`: master says the signal and takes its children with it.
pub fn terminate(ctx: &mut Ctx<'_>, signal: i32) {
    let Some(pid) = ctx.pf.master.pid else { return };
    log(ctx.host, pid, Log::Terminating { signal });
    ctx.pf.master.killed = ctx.pf.master.children.pids().into_iter().collect();
    die(ctx);
}

/// master is gone, however: its sockets close; the socket files stay.
pub(super) fn die(ctx: &mut Ctx<'_>) {
    let Some(pid) = ctx.pf.master.pid.take() else { return };
    ctx.host.procs.remove(pid);
    let children: Vec<u32> = ctx.pf.master.children.pids();
    for c in children {
        end(ctx, c);
    }
    listen::close(ctx.host);
    ctx.pf.due.retain(|d| !matches!(d, AnyDue::Master(_)));
    crate::postfix::mail_system_stopped(ctx);
}
