//! master(8): the services of master.cf, their processes, throttling.
//!
//! [`acquire`] gives a daemon the process that serves a request: an idle one, or a new one that reads main.cf as it stands
//! now. A process keeps its configuration and its tables until it ends: at `postfix reload` when it is idle, after
//! `max_idle` seconds without work, or after `max_use` requests. Left out: fork failures, the stress-adaptive `stress`
//! parameter, and the traffic over the internal sockets.

mod children;
mod lifecycle;

pub use lifecycle::{NotStarted, reload, start, terminate};

use super::config::Config;
use super::master_cf::{Service, Type};
use super::table::{Maps, Say};
use super::{Ctx, Due as AnyDue, bounce_template, listen, proxymap, startup};
use crate::base::{Span, Time};
use crate::host::{Blob, Cred, Host, Process};
use crate::log::Event;
use crate::log::master::{Ended, Master as Log, MasterFatal};
use crate::postfix::params::param;
use children::Children;
use imbl::{OrdMap, OrdSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What `mail_version` says.
pub const VERSION: &str = "3.7.11";
const QUEUE: &str = "/var/spool/postfix";

/// main.cf as it was, for whom it was read (program and service), with which overrides, and what came of it.
type Read = (Blob, String, Vec<(String, String)>, Arc<Config>);

/// The state of the running mail system.
#[derive(Clone, Debug, Default)]
pub struct Master {
    /// Pid of master when it runs.
    pub pid: Option<u32>,
    /// The services as read at start or reload.
    pub services: Arc<Vec<Arc<Service>>>,
    /// master's own configuration.
    pub conf: Arc<Config>,
    /// Configuration directory.
    pub directory: String,
    /// Its children when it was last told to end: whatever they were doing, they are gone.
    pub killed: OrdSet<u32>,
    children: Children,
    /// Services that may not start a process before an instant.
    throttled: OrdMap<String, Time>,
    /// When the process limit of a service was last complained about.
    limited: OrdMap<String, Time>,
    /// Counts reloads and starts: a child of an earlier one ends as soon as it is idle.
    generation: u64,
    /// What was read for which file content, so that processes share it.
    configs: Vec<Read>,
}

/// A process of the mail system.
#[derive(Clone, Debug)]
struct Child {
    service: Arc<str>,
    program: Arc<str>,
    tag: Arc<str>,
    conf: Arc<Config>,
    maps: BTreeMap<String, Arc<Maps>>,
    generation: u64,
    uses: u32,
    busy: u32,
    idle_since: Time,
    /// Whether a look at its idleness is planned.
    watched: bool,
}

/// A process as a daemon's code knows it.
#[derive(Clone, Debug)]
pub struct Proc {
    pub pid: u32,
    /// main.cf as it was when this process started, with its service's overrides.
    pub conf: Arc<Config>,
    /// The name it logs under: `postfix/smtpd`, `postfix/submission/smtpd`.
    pub tag: Arc<str>,
    /// `smtp/inet`.
    pub service: Arc<str>,
    /// `smtpd`.
    pub program: Arc<str>,
}

impl Proc {
    /// Logs under this process's name.
    pub fn log(&self, host: &mut Host, event: impl Into<Event>) {
        host.log_tagged(&self.tag, self.pid, event);
    }
}

/// Why there is no process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The mail system is not running.
    Down,
    /// master.cf has no such service.
    NoService,
    /// All processes are busy and the limit is reached.
    Limit,
    /// The program ends when it starts; master waits a while before it tries again.
    Throttled,
}

/// What master does later.
#[derive(Clone, Debug)]
pub enum Due {
    /// A child that has been idle for long enough ends.
    Idle(u32),
    /// A child that could not start is noticed.
    Died { pid: u32, program: String, service: String, throttle: bool },
    /// A throttled service may try again.
    Unthrottle(String),
}

pub(super) fn run_due(ctx: &mut Ctx<'_>, due: Due) {
    match due {
        Due::Idle(pid) => {
            let Some(c) = ctx.pf.master.children.get_mut(pid) else { return };
            c.watched = false;
            if c.busy > 0 || is_resident(&c.program) {
                return;
            }
            let until = c.idle_since + Span::secs(c.conf.time(param!("max_idle")));
            if until <= ctx.host.now {
                retire(ctx, pid);
            } else {
                watch(ctx, pid, until);
            }
        }
        Due::Died { pid, program, service, throttle } => {
            let Some(master) = ctx.pf.master.pid else { return };
            let path = format!("{}/{program}", ctx.pf.master.conf.get(param!("daemon_directory")));
            log(ctx.host, master, Log::ChildEnded { path: path.clone(), pid, how: Ended::Status(1) });
            if !throttle {
                return;
            }
            log(ctx.host, master, Log::Throttling { path });
            let wait = Span::secs(ctx.pf.master.conf.time(param!("service_throttle_time")));
            ctx.pf.due.push(ctx.host.now + wait, AnyDue::Master(Due::Unthrottle(service)));
        }
        Due::Unthrottle(service) => {
            ctx.pf.master.throttled.remove(&service);
        }
    }
}

/// Looks at an idle process when it may have been idle for long enough.
fn watch(ctx: &mut Ctx<'_>, pid: u32, at: Time) {
    let Some(c) = ctx.pf.master.children.get_mut(pid) else { return };
    if !std::mem::replace(&mut c.watched, true) {
        ctx.pf.due.push(at, AnyDue::Master(Due::Idle(pid)));
    }
}

fn log(host: &mut Host, pid: u32, event: Log) {
    host.log_mail("postfix/master", pid, event);
}

/// Programs that serve many clients at a time, so that one process does for all.
fn is_multi(program: &str) -> bool {
    matches!(
        program,
        "qmgr"
            | "oqmgr"
            | "pickup"
            | "trivial-rewrite"
            | "anvil"
            | "tlsmgr"
            | "proxymap"
            | "verify"
            | "scache"
            | "postscreen"
            | "tlsproxy"
            | "postlogd"
    )
}

/// Programs that do not end when they have nothing to do.
fn is_resident(program: &str) -> bool {
    matches!(program, "qmgr" | "oqmgr" | "pickup" | "tlsmgr")
}

/// Whether the mail system is up: master runs.
pub fn is_running(ctx: &Ctx<'_>) -> bool {
    ctx.pf.master.pid.is_some()
}

impl Master {
    /// Whether a process of the service runs.
    pub fn serves(&self, key: &str) -> bool {
        self.children.iter().any(|(_, c)| *c.service == *key)
    }
    /// When a service that does not start is tried again.
    pub fn asleep(&self, key: &str) -> Option<Time> {
        self.throttled.get(key).copied()
    }
    /// The entry of a service, `smtp/inet`.
    pub fn service(&self, key: &str) -> Option<&Arc<Service>> {
        self.services.iter().find(|s| s.key == key)
    }
    /// The entry of a service that is behind a socket of the queue directory: `cleanup`.
    pub fn unix(&self, name: &str) -> Option<&Arc<Service>> {
        self.services.iter().find(|s| s.kind == Type::Unix && s.name == name)
    }
    /// The process of that pid, if it is one of the mail system.
    pub fn process(&self, pid: u32) -> Option<Proc> {
        let c = self.children.get(pid)?;
        let (tag, service, program) = (c.tag.clone(), c.service.clone(), c.program.clone());
        Some(Proc { pid, conf: c.conf.clone(), tag, service, program })
    }
    /// Reads main.cf for a process: shared with others that read the same.
    pub fn config(&mut self, host: &Host, program: &str, service: &str, overrides: &[(String, String)]) -> Arc<Config> {
        let path = format!("{}/main.cf", self.directory());
        let blob = host.fs.read(&Cred::root(), &path).unwrap_or_default();
        let key = format!("{program} {service}");
        let known = self.configs.iter().find(|(b, k, o, _)| *k == key && b.same(&blob) && o == overrides);
        if let Some((_, _, _, c)) = known {
            return c.clone();
        }
        let mut all =
            vec![("process_name".to_owned(), program.to_owned()), ("service_name".to_owned(), service.to_owned())];
        all.extend_from_slice(overrides);
        let conf = Arc::new(Config::load_from(host, self.directory(), &all));
        self.configs.retain(|(_, k, o, _)| *k != key || o != overrides);
        self.configs.push((blob, key, overrides.to_vec(), conf.clone()));
        conf
    }
    fn directory(&self) -> &str {
        if self.directory.is_empty() { super::config::DEFAULT_DIRECTORY } else { &self.directory }
    }
}

/// The process that serves one request of a service (`smtp/inet`, `rewrite/unix`). Give it back with [`release`].
pub fn acquire(ctx: &mut Ctx<'_>, service: &str) -> Result<Proc, Refused> {
    let entry = ctx.pf.master.service(service).cloned();
    process_of(ctx, entry)
}

/// As [`acquire`], of a service behind a socket of the queue directory (`rewrite`).
pub fn acquire_unix(ctx: &mut Ctx<'_>, name: &str) -> Result<Proc, Refused> {
    let entry = ctx.pf.master.unix(name).cloned();
    process_of(ctx, entry)
}

fn process_of(ctx: &mut Ctx<'_>, entry: Option<Arc<Service>>) -> Result<Proc, Refused> {
    if !is_running(ctx) {
        return Err(Refused::Down);
    }
    let Some(entry) = entry else { return Err(Refused::NoService) };
    let multi = is_multi(&entry.command);
    let mut free: Option<(Time, u32)> = None;
    let mut count = 0;
    for (pid, c) in ctx.pf.master.children.iter().filter(|(_, c)| *c.service == *entry.key) {
        count += 1;
        let fits = c.busy == 0 || multi;
        if fits && free.is_none_or(|f| (c.idle_since, pid) < f) {
            free = Some((c.idle_since, pid));
        }
    }
    // A process that serves clients one by one ends before the next one when a table of it was rebuilt.
    if let Some((_, pid)) = free
        && ctx.pf.master.children.get(pid).is_some_and(|c| c.busy == 0)
        && let Some(table) = changed_table(ctx, pid)
        && let Some(proc) = ctx.pf.master.process(pid)
    {
        proc.log(ctx.host, crate::log::table::Table::Changed { table });
        end(ctx, pid);
        count -= 1;
        free = None;
    }
    let pid = match free {
        Some((_, pid)) => pid,
        None if entry.maxproc > 0 && count >= entry.maxproc => {
            limit_reached(ctx, &entry);
            return Err(Refused::Limit);
        }
        None => spawn(ctx, &entry)?,
    };
    if let Some(c) = ctx.pf.master.children.get_mut(pid) {
        c.busy += 1;
        c.uses += 1;
    }
    ctx.pf.master.process(pid).ok_or(Refused::Throttled)
}

/// A request is done: the process is free, or ends when it is old.
pub fn release(ctx: &mut Ctx<'_>, pid: u32) {
    let now = ctx.host.now;
    let generation = ctx.pf.master.generation;
    let Some(c) = ctx.pf.master.children.get_mut(pid) else { return };
    c.busy = c.busy.saturating_sub(1);
    c.idle_since = now;
    if c.busy > 0 {
        return;
    }
    let worn = i64::from(c.uses) >= c.conf.int(param!("max_use")) && !is_resident(&c.program);
    let idle = Span::secs(c.conf.time(param!("max_idle")));
    if worn || c.generation != generation {
        retire(ctx, pid);
    } else {
        watch(ctx, pid, now + idle);
    }
}

/// A service is used for a moment (anvil is told something, proxymap is asked): its process runs from now on, until it has
/// been idle for long enough.
pub fn touch(ctx: &mut Ctx<'_>, service: &str) {
    if let Ok(p) = acquire(ctx, service) {
        release(ctx, p.pid);
    }
}

/// A process ends by itself, and says what it has to say.
fn retire(ctx: &mut Ctx<'_>, pid: u32) {
    if let Some(p) = ctx.pf.master.process(pid)
        && &*p.service == "anvil/unix"
    {
        let unit = p.conf.time(param!("anvil_rate_time_unit"));
        for event in ctx.pf.smtpd.anvil.statistics(unit) {
            p.log(ctx.host, event);
        }
    }
    end(ctx, pid);
}

/// The tables of a list, opened once by a process and kept until it ends. What opening says is logged under its name.
pub fn maps(ctx: &mut Ctx<'_>, proc: &Proc, title: &str, spec: &str) -> Arc<Maps> {
    if let Some(m) = ctx.pf.master.children.get(proc.pid).and_then(|c| c.maps.get(spec)) {
        return m.clone();
    }
    let mut say = Say::new();
    let mut m = Maps::open(ctx.host, title, spec, &mut say);
    let jailed = ctx.pf.master.service(&proc.service).is_some_and(|s| s.chroot);
    if jailed && !ctx.host.fs.exists("/var/spool/postfix/etc/passwd") {
        m.without_accounts();
    }
    let m = Arc::new(m);
    for event in say {
        if proxymap::opens(&m, &event) {
            proxymap::heard(ctx, event);
        } else if super::live::first_time(ctx, proc.pid, &event) {
            proc.log(ctx.host, event);
        }
    }
    if let Some(c) = ctx.pf.master.children.get_mut(proc.pid) {
        c.maps.insert(spec.to_owned(), m.clone());
    }
    m
}

fn changed_table(ctx: &Ctx<'_>, pid: u32) -> Option<String> {
    let c = ctx.pf.master.children.get(pid)?;
    c.maps.values().find_map(|m| m.changed(ctx.host))
}

fn limit_reached(ctx: &mut Ctx<'_>, entry: &Service) {
    let key = entry.key.clone();
    let now = ctx.host.now;
    let quiet = Span::secs(1000);
    if entry.maxproc == 1 || ctx.pf.master.limited.get(&key).is_some_and(|t| now < *t + quiet) {
        return;
    }
    ctx.pf.master.limited.insert(key.clone(), now);
    let Some(pid) = ctx.pf.master.pid else { return };
    let endpoint = listen_name(ctx.host, entry);
    log(ctx.host, pid, Log::Limit { name: entry.name.clone(), endpoint, limit: entry.maxproc });
    log(ctx.host, pid, Log::LimitAdvice);
    log(ctx.host, pid, Log::LimitReadme);
}

/// How master names the endpoint of a service in messages.
fn listen_name(host: &Host, entry: &Service) -> String {
    match entry.kind {
        Type::Inet => listen::port(host, entry.name.rsplit(':').next().unwrap_or(""))
            .map_or_else(|| entry.name.clone(), |p| p.to_string()),
        _ => socket_path(entry),
    }
}

/// Path of a unix service's socket below the queue directory.
pub fn socket_path(entry: &Service) -> String {
    format!("{}/{}", if entry.private { "private" } else { "public" }, entry.name)
}

/// The command line of a child as ps(1) shows it.
fn command_line(host: &Host, entry: &Service) -> String {
    let mut out = entry.command.clone();
    let mut add = |s: &str| {
        out.push(' ');
        out.push_str(s);
    };
    if entry.maxproc == 1 {
        add("-l");
    } else if entry.maxproc == 0 {
        add("-z");
    }
    if entry.name != entry.command {
        add("-n");
        add(&entry.name);
    }
    add("-t");
    add(entry.kind.name());
    if entry.unprivileged {
        add("-u");
    }
    if entry.chroot {
        add("-c");
    }
    if entry.kind == Type::Inet {
        add("-o stress=");
        let n = listen::sockets(host, &entry.key);
        if n > 1 {
            add(&format!("-s {n}"));
        }
    }
    for a in &entry.args {
        add(a);
    }
    out
}

/// Starts a process of a service. When it cannot start it says why, and the service is throttled.
fn spawn(ctx: &mut Ctx<'_>, entry: &Service) -> Result<u32, Refused> {
    let key = entry.key.clone();
    if ctx.pf.master.throttled.contains_key(&key) {
        return Err(Refused::Throttled);
    }
    let Some(master) = ctx.pf.master.pid else { return Err(Refused::Down) };
    let program = entry.command.clone();
    let conf = ctx.pf.master.config(ctx.host, &program, &entry.name, &entry.overrides);
    let name = conf.get(param!("syslog_name"));
    let tag: Arc<str> = Arc::from(format!("{name}/{program}"));
    let facility = conf.get(param!("syslog_facility"));
    let postfix = ctx.host.uid("postfix").unwrap_or(0);
    let (vsz, rss) = startup::memory(&program);
    let pid = ctx.host.procs.spawn(Process {
        pid: 0,
        ppid: master,
        // Delivery agents keep root's real uid and take postfix's effective one.
        uid: postfix,
        comm: program.chars().take(15).collect(),
        args: command_line(ctx.host, entry),
        started: ctx.host.now,
        tty: "?".into(),
        stat: "S".into(),
        vsz,
        rss,
        unit: ctx.host.procs.get(master).map_or_else(Arc::default, |p| p.unit.clone()),
        role: format!("postfix/{key}"),
    });
    if facility != "mail" {
        ctx.host.set_voice(pid, &name, &facility);
    }
    let directory = ctx.pf.master.conf.get(param!("daemon_directory"));
    let missing = !ctx.host.fs.exists(&format!("{directory}/{program}"));
    let mut fatal = false;
    if missing {
        let path = format!("{directory}/{program}");
        let error = "No such file or directory".to_owned();
        // The child of master(8) is not yet anybody.
        ctx.host.log_mail("master", pid, Log::Fatal(MasterFatal::Exec { path, error }));
        fatal = true;
    } else {
        for event in startup::check(ctx.host, &conf, entry) {
            fatal |= event.is_fatal();
            ctx.host.log_mail(&tag, pid, event);
        }
        if !fatal && program == "bounce" {
            let mut say = Vec::new();
            let read = bounce_template::load(ctx.host, &conf, &mut say);
            fatal = read.is_err();
            for event in say.into_iter().chain(read.err()) {
                ctx.host.log_mail(&tag, pid, event);
            }
        }
    }
    if fatal {
        ctx.host.procs.remove(pid);
        let until = ctx.host.now + Span::secs(61);
        ctx.pf.master.throttled.insert(key.clone(), until);
        // msg_fatal(3) sleeps a second before it exits.
        let wait = ctx.host.jitter("master.died", &pid.to_string(), 1_000_000, 1_020_000);
        let due = Due::Died { pid, program, service: key, throttle: true };
        ctx.pf.due.push(ctx.host.now + wait, AnyDue::Master(due));
        return Err(Refused::Throttled);
    }
    let child = Child {
        service: Arc::from(key),
        program: Arc::from(program),
        tag,
        conf,
        maps: BTreeMap::new(),
        generation: ctx.pf.master.generation,
        uses: 0,
        busy: 0,
        idle_since: ctx.host.now,
        watched: false,
    };
    let serves = &*child.program == "smtpd";
    let proxied = serves && child.conf.get(param!("local_recipient_maps")).contains("proxy:");
    let tls = serves && !matches!(child.conf.get(param!("smtpd_tls_security_level")).as_str(), "" | "none");
    ctx.pf.master.children.insert(pid, child);
    // What smtpd asks when it starts.
    for (wanted, service) in [(proxied, "proxymap/unix"), (tls, "tlsmgr/unix")] {
        if wanted {
            touch(ctx, service);
        }
    }
    let lock = format!("{QUEUE}/pid/{}.{}", entry.kind.name(), entry.name);
    if entry.maxproc == 1 || entry.unprivileged {
        let _ = ctx.host.fs.write(&Cred::root(), &lock, "", 0o600);
    }
    Ok(pid)
}

/// A process ends with a message of its own (msg_fatal(3)). When it never got as far as serving a client, its service is
/// throttled.
pub fn fatal(ctx: &mut Ctx<'_>, proc: &Proc, event: impl Into<Event>) {
    proc.log(ctx.host, event);
    let Some(c) = ctx.pf.master.children.get(proc.pid) else { return };
    let (program, service, throttle) = (c.program.to_string(), c.service.to_string(), c.uses <= 1);
    end(ctx, proc.pid);
    if throttle {
        let until = ctx.host.now + Span::secs(61);
        ctx.pf.master.throttled.insert(service.clone(), until);
    }
    let wait = ctx.host.jitter("master.died", &proc.pid.to_string(), 1_000_000, 1_020_000);
    let due = Due::Died { pid: proc.pid, program, service, throttle };
    ctx.pf.due.push(ctx.host.now + wait, AnyDue::Master(due));
}

/// A process is killed by SIGSEGV.
pub fn crash(ctx: &mut Ctx<'_>, proc: &Proc) {
    let first = ctx.pf.master.children.get(proc.pid).is_some_and(|c| c.uses <= 1);
    end(ctx, proc.pid);
    let Some(master) = ctx.pf.master.pid else { return };
    let path = format!("{}/{}", ctx.pf.master.conf.get(param!("daemon_directory")), proc.program);
    log(ctx.host, master, Log::ChildEnded { path: path.clone(), pid: proc.pid, how: Ended::Signal(11) });
    if first {
        log(ctx.host, master, Log::Throttling { path });
        let until = ctx.host.now + Span::secs(ctx.pf.master.conf.time(param!("service_throttle_time")));
        ctx.pf.master.throttled.insert(proc.service.to_string(), until);
        ctx.pf.due.push(until, AnyDue::Master(Due::Unthrottle(proc.service.to_string())));
    }
}

/// A process that is none of master's has ended.
pub fn forget(ctx: &mut Ctx<'_>, pid: u32) {
    ctx.pf.opened.remove(&pid);
    ctx.pf.smtpd.forget(pid);
}

/// A child is gone.
fn end(ctx: &mut Ctx<'_>, pid: u32) {
    ctx.pf.master.children.remove(pid);
    ctx.pf.opened.remove(&pid);
    ctx.pf.smtpd.forget(pid);
    ctx.host.procs.remove(pid);
}

/// What became of a signal sent to a process of the mail system: `false` when it is none of them.
pub fn signal(ctx: &mut Ctx<'_>, pid: u32, signal: i32) -> bool {
    if ctx.pf.master.pid == Some(pid) {
        match signal {
            1 => reload(ctx),
            9 => lifecycle::die(ctx),
            15 | 2 | 3 => terminate(ctx, signal),
            _ => {}
        }
        return true;
    }
    let Some(c) = ctx.pf.master.children.get(pid) else { return false };
    if !matches!(signal, 1 | 2 | 3 | 6 | 9 | 13 | 14 | 15) {
        return true;
    }
    let (program, service) = (c.program.clone(), c.service.clone());
    end(ctx, pid);
    if let Some(master) = ctx.pf.master.pid {
        let path = format!("{}/{program}", ctx.pf.master.conf.get(param!("daemon_directory")));
        log(ctx.host, master, Log::ChildEnded { path, pid, how: Ended::Signal(signal) });
        if is_resident(&program) {
            let entry = ctx.pf.master.service(&service).cloned();
            if let Some(e) = entry {
                let _ = spawn(ctx, &e);
            }
        }
    }
    true
}
