//! master: start, stop and reload of Dovecot, its listeners and its processes.
//!
//! The configuration is read at start and at reload; a broken one at reload leaves the old one in force. A stopped Dovecot
//! leaves its sockets in the file tree. Left out: throttling of services other than auth.

use super::config::parse::{self, Reading};
use super::config::{Config, Scope, schema};
use super::files;
use super::{Dovecot, Due, log};
use crate::base::{Span, Time};
use crate::host::fs::{Cred, Kind, split};
use crate::host::net::{Listener, Proto, UnixListener};
use crate::host::{Errno, Host, Process};
use crate::log::dovecot::{Dovecot as Event, StartFailure};
use crate::log::{Facility, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

pub const MAIN: &str = "/etc/dovecot/dovecot.conf";
const UNIT: &str = "dovecot.service";

/// A running master.
#[derive(Clone, Debug)]
pub struct Master {
    pub pid: u32,
    pub config: Arc<Config>,
    pub log_pid: u32,
    pub started: Time,
    /// Standing processes by service (`auth`, `stats`, `lmtp`), and when each was last used.
    pub procs: BTreeMap<String, (u32, Time)>,
    /// auth failed to start: the next try, and how long it is throttled then.
    pub auth_retry: Option<(Time, u64)>,
    /// LMTP connections so far; its error lines number them.
    pub lmtp_connections: u32,
}

/// One logged-in session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Online {
    pub user: String,
    pub service: String,
    pub pid: u32,
    pub ip: IpAddr,
}

/// A start that failed: the exit status, and what stands on standard error.
#[derive(Clone, Debug)]
pub struct Failed {
    pub status: i32,
    /// Each line with the pid that wrote it.
    pub lines: Vec<(u32, Event)>,
}

/// Reads the configuration of the host.
pub fn read_config(host: &Host, main: &str) -> Reading {
    files::read(&host.fs, main)
}

/// Reads the configuration with the files it names (certificates, keys), as doveconf does for a daemon.
pub fn load_config(host: &Host) -> Result<(Arc<Config>, Vec<String>), (parse::Failure, bool)> {
    let mut r = read_config(host, MAIN);
    if let Some(f) = r.failure() {
        return Err((f.clone(), r.breaks_capability()));
    }
    let read = |path: &str| host.fs.read(&Cred::root(), path).map(|b| b.text()).map_err(|e| e.to_string());
    r.config.load_files(&read).map_err(|f| (f, false))?;
    Ok((Arc::new(r.config), r.warnings))
}

/// Writes what a process of the unit says on standard error into the journal.
fn to_journal(host: &mut Host, pid: u32, event: Event) {
    let record = Record {
        time: host.now,
        facility: Facility::Daemon,
        ident: host.shared("dovecot"),
        pid,
        show_pid: true,
        unit: host.shared(UNIT),
        event: event.into(),
    };
    host.keep(record);
}

/// Starts Dovecot. With `unit`, systemd started it and standard error goes to the journal.
pub fn start(host: &mut Host, dv: &mut Dovecot, unit: bool) -> Result<u32, Failed> {
    let pid = host.procs.burn();
    let result = try_start(host, dv, pid);
    let lines = match &result {
        Ok(lines) => lines.clone(),
        Err(f) => f.lines.clone(),
    };
    for (who, line) in lines {
        let logged = match &line {
            Event::Start { failure, .. } => Some(Event::Start { failure: failure.clone(), stderr: false }),
            _ => None,
        };
        // doveconf's bare complaint is for a terminal.
        if unit && !matches!(line, Event::ConfigError { .. }) {
            to_journal(host, who, line);
        }
        if let Some(l) = logged {
            log(host, pid, l);
        }
    }
    result.map(|_| pid)
}

fn try_start(host: &mut Host, dv: &mut Dovecot, pid: u32) -> Result<Vec<(u32, Event)>, Failed> {
    if let Some(m) = &dv.master {
        let failure = StartFailure::Running { pid: m.pid, file: "/run/dovecot/master.pid".into() };
        return Err(Failed { status: 89, lines: vec![(pid, Event::Start { failure, stderr: true })] });
    }
    let child = host.procs.burn();
    let (config, warnings) = load_config(host).map_err(|(f, capability)| {
        let fatal = |program| Event::ConfigFatal { program, error: f.text.clone() };
        let mut lines = Vec::new();
        if capability {
            lines.push((child, fatal("doveconf")));
            lines.push((pid, Event::Capability { program: "doveconf", status: 89 }));
        }
        if let Some(plain) = &f.plain {
            lines.push((pid, Event::ConfigError { text: plain.clone() }));
        }
        lines.push((pid, fatal("doveconf")));
        Failed { status: 89, lines }
    })?;
    let mut lines = Vec::new();
    for _ in 0..2 {
        lines.extend(warnings.iter().map(|t| (pid, Event::ConfigWarning { program: "doveconf", text: t.clone() })));
    }
    let fail = |failures: Vec<StartFailure>, mut lines: Vec<(u32, Event)>| {
        lines.extend(failures.into_iter().map(|failure| (pid, Event::Start { failure, stderr: true })));
        Failed { status: 89, lines }
    };
    if let Some(f) = check_services(host, &config) {
        return Err(fail(vec![f], lines));
    }
    let failures = bind_failures(host, &config);
    if !failures.is_empty() {
        return Err(fail(failures, lines));
    }
    spawn(host, "root", "dovecot", "/usr/sbin/dovecot -F", 1, pid, (8256, 4516));
    host.procs.burn();
    let anvil = spawn(host, "dovecot", "anvil", "dovecot/anvil", pid, 0, (4776, 3060));
    let log_pid = spawn(host, "root", "log", "dovecot/log", pid, 0, (4912, 3228));
    let conf = spawn(host, "root", "config", "dovecot/config", pid, 0, (7836, 5260));
    let now = host.now;
    let procs = [("anvil", anvil), ("log", log_pid), ("config", conf)];
    let procs = procs.into_iter().map(|(n, p)| (n.to_owned(), (p, now))).collect();
    run_files(host, &config, pid);
    let protocols = config.protocols();
    let m = Master { pid, config: config.clone(), log_pid, started: now, procs, auth_retry: None, lmtp_connections: 0 };
    listen(host, &config, pid);
    dv.master = Some(m);
    log(host, pid, Event::Started { protocols });
    Ok(lines)
}

fn spawn(host: &mut Host, user: &str, comm: &str, args: &str, ppid: u32, pid: u32, size: (u64, u64)) -> u32 {
    let uid = host.uid(user).unwrap_or(0);
    let master = pid != 0;
    let started = host.now;
    host.procs.spawn(Process {
        pid,
        ppid,
        uid,
        comm: comm.into(),
        args: args.into(),
        started,
        tty: "?".into(),
        stat: if master { "Ss" } else { "S" }.into(),
        vsz: size.0,
        rss: size.1,
        unit: UNIT.into(),
        role: format!("dovecot/{comm}"),
    })
}

/// A user or group of the configuration, with `$default_…` resolved.
pub fn resolve_name<'c>(config: &'c Config, name: &'c str) -> &'c str {
    match name.strip_prefix('$') {
        Some(setting) => config.get(setting),
        None => name,
    }
}

/// Whether a service runs under the configured protocols.
fn is_served(config: &Config, service: &str) -> bool {
    let p = config.get(&format!("service/{service}/protocol"));
    p.is_empty() || config.protocols().iter().any(|x| x == p)
}

fn check_services(host: &Host, config: &Config) -> Option<StartFailure> {
    let services = config.sections("", "service");
    let program = |s: &String| schema::schema().default(&format!("service/{s}/executable")).split(' ').next();
    let programs: BTreeSet<&str> = services.iter().filter_map(program).collect();
    for s in services.iter().filter(|s| is_served(config, s)) {
        let service = schema::unescape(s);
        let get = |k: &str| config.get(&format!("service/{s}/{k}")).to_owned();
        let user = get("user");
        let no_user = |name: &str, setting: String| {
            let real = resolve_name(config, name);
            (!real.is_empty() && host.user(real).is_none()).then(|| StartFailure::NoUser {
                service: service.clone(),
                user: real.to_owned(),
                setting,
            })
        };
        if let Some(f) = no_user(&user, "user".into()) {
            return Some(f);
        }
        for kind in ["unix_listener", "fifo_listener"] {
            for l in config.sections(&format!("service/{s}/"), kind) {
                let name = config.get(&format!("service/{s}/{kind}/{l}/user")).to_owned();
                let path = listener_path(config, &l);
                if let Some(f) = no_user(&name, format!("{kind} {path} {{ user }}")) {
                    return Some(f);
                }
            }
        }
        let exe = get("executable");
        let word = exe.split(' ').next().unwrap_or("");
        if !word.is_empty() && !programs.contains(word) {
            let path = if word.starts_with('/') { word.to_owned() } else { format!("/usr/lib/dovecot/{word}") };
            if !host.fs.exists(&path) {
                return Some(StartFailure::Executable { service, path });
            }
        }
    }
    None
}

fn listener_path(config: &Config, escaped: &str) -> String {
    let name = schema::unescape(escaped);
    if name.starts_with('/') { name } else { format!("{}/{name}", config.get("base_dir")) }
}

/// The TCP services, in master's order.
const INET: [&str; 4] = ["managesieve-login", "pop3-login", "imap-login", "submission-login"];

/// Addresses and ports of a service's inet listeners: listener name, address as written, address, port, TLS at once.
pub fn inet_listeners(config: &Config, service: &str) -> Vec<(String, String, IpAddr, u16, bool)> {
    let mut out = Vec::new();
    for l in config.sections(&format!("service/{service}/"), "inet_listener") {
        let get = |k: &str| config.get(&format!("service/{service}/inet_listener/{l}/{k}"));
        let port = get("port").parse().unwrap_or(0);
        if port == 0 || get("ssl") == "yes" && config.get("ssl") == "no" {
            continue;
        }
        let addresses = if get("address").is_empty() { config.get("listen") } else { get("address") };
        for a in addresses.split([',', ' ']).filter(|a| !a.is_empty()) {
            let ip = match a {
                "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                "::" | "[::]" => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
                a => match a.trim_matches(['[', ']']).parse() {
                    Ok(ip) => ip,
                    Err(_) => continue,
                },
            };
            out.push((l.clone(), a.to_owned(), ip, port, get("ssl") == "yes"));
        }
    }
    out
}

/// What binding would meet.
fn bind_failures(host: &Host, config: &Config) -> Vec<StartFailure> {
    let mut out = Vec::new();
    for service in INET.into_iter().filter(|s| is_served(config, s)) {
        for (_, address, ip, port, _) in inet_listeners(config, service) {
            let taken = host.net.listeners.iter().any(|l| {
                let overlap =
                    l.ip == ip || l.ip.is_ipv4() == ip.is_ipv4() && (l.ip.is_unspecified() || ip.is_unspecified());
                l.proto == Proto::Tcp && l.port == port && overlap
            });
            let errno = if taken {
                Errno::AddrInUse
            } else if !ip.is_unspecified() && !host.net.is_local(ip) {
                out.push(StartFailure::BindInet { address: address.clone(), port, errno: Errno::AddrNotAvail.text() });
                Errno::AddrNotAvail
            } else {
                continue;
            };
            out.push(StartFailure::Listen { service: service.to_owned(), address, port, errno: errno.text() });
        }
    }
    for s in config.sections("", "service").into_iter().filter(|s| is_served(config, s)) {
        for l in config.sections(&format!("service/{s}/"), "unix_listener") {
            let name = schema::unescape(&l);
            if name.starts_with('/') && !host.fs.is_dir(split(&name).0) {
                out.push(StartFailure::BindUnix { path: name, errno: Errno::NoEnt.text() });
            }
        }
    }
    if !out.is_empty() {
        out.push(StartFailure::NoListeners);
    }
    out
}

/// The folder of sockets, as it stands after a start.
fn run_files(host: &mut Host, config: &Config, pid: u32) {
    let base = config.get("base_dir").to_owned();
    let root = Cred::root();
    let _ = host.fs.mkdir_all(&base);
    let dovenull = host.group(config.get("default_login_user")).map_or(0, |g| g.gid);
    for (dir, mode, gid) in [("empty", 0o755, 0), ("login", 0o750, dovenull), ("token-login", 0o750, dovenull)] {
        let path = format!("{base}/{dir}");
        let _ = host.fs.mkdir(&root, &path, mode);
        let _ = host.fs.chown(&root, &path, Some(0), Some(gid), true);
    }
    let _ = host.fs.write(&root, &format!("{base}/master.pid"), format!("{pid}\n"), 0o600);
    let link = format!("{base}/dovecot.conf");
    let _ = host.fs.unlink(&root, &link);
    let _ = host.fs.symlink(&root, MAIN, &link);
    let secret = format!("{base}/auth-token-secret.dat");
    if !host.fs.exists(&secret) {
        let _ = host.fs.write(&root, &secret, vec![b's'; 32], 0o600);
    }
}

/// Opens every listener of the configuration.
fn listen(host: &mut Host, config: &Config, pid: u32) {
    let root = Cred::root();
    for s in config.sections("", "service").into_iter().filter(|s| is_served(config, s)) {
        let service = schema::unescape(&s);
        for kind in ["unix_listener", "fifo_listener"] {
            for l in config.sections(&format!("service/{s}/"), kind) {
                let get = |k: &str| config.get(&format!("service/{s}/{kind}/{l}/{k}"));
                let mode = u32::from_str_radix(get("mode"), 8).unwrap_or(0o600);
                if mode == 0 {
                    continue;
                }
                let path = listener_path(config, &l);
                let uid = host.user(resolve_name(config, get("user"))).map_or(0, |u| u.uid);
                let gid = host.group(resolve_name(config, get("group"))).map_or(0, |g| g.gid);
                let _ = host.fs.unlink(&root, &path);
                let node = if kind == "unix_listener" { Kind::Socket } else { Kind::Fifo };
                if host.fs.mknod(&root, &path, node, mode).is_ok() {
                    let _ = host.fs.chown(&root, &path, Some(uid), Some(gid), true);
                }
                if kind == "unix_listener" {
                    host.net.unix.push(UnixListener { path, pid, owner: format!("dovecot:{service}") });
                }
            }
        }
    }
    // Descriptors as master opens them: services in its order, each listener once per address.
    let mut fd: u32 = 15;
    for service in INET.into_iter().filter(|s| is_served(config, s)) {
        fd = match service {
            "pop3-login" => fd.max(25),
            "imap-login" => fd.max(44),
            _ => fd,
        };
        for (l, _, ip, port, _) in inet_listeners(config, service) {
            let owner = format!("dovecot:{service}/{l}");
            let comm = "dovecot".to_owned();
            host.net.listeners.push(Listener { proto: Proto::Tcp, ip, port, pid, comm, fd, backlog: 100, owner });
            fd += 1;
        }
    }
}

fn close_listeners(host: &mut Host) {
    host.net.listeners.retain(|l| !l.owner.starts_with("dovecot:"));
    host.net.unix.retain(|l| !l.owner.starts_with("dovecot:"));
}

fn drop_processes(host: &mut Host, keep: &[u32]) {
    let gone: Vec<u32> =
        host.procs.iter().filter(|p| p.role.starts_with("dovecot/") && !keep.contains(&p.pid)).map(|p| p.pid).collect();
    for pid in gone {
        host.procs.remove(pid);
    }
}

/// Stops Dovecot as a SIGTERM from `by_pid` does; false when it was not running.
pub fn stop(host: &mut Host, dv: &mut Dovecot, by_pid: u32, uid: u32) -> bool {
    let Some(m) = dv.master.take() else { return false };
    log(host, m.pid, Event::Killed { process: "master".into(), pid: by_pid, uid });
    close_listeners(host);
    drop_processes(host, &[]);
    dv.sessions = imbl::OrdMap::new();
    let base = m.config.get("base_dir").to_owned();
    let _ = host.fs.unlink(&Cred::root(), &format!("{base}/master.pid"));
    true
}

/// Reads the configuration again as a SIGHUP does; false when Dovecot is not running.
pub fn reload(host: &mut Host, dv: &mut Dovecot) -> bool {
    let Some(m) = dv.master.as_ref() else { return false };
    let (pid, log_pid) = (m.pid, m.log_pid);
    log(host, pid, Event::Sighup);
    match load_config(host) {
        Err((f, _)) => log(host, pid, Event::ReloadRefused { error: f.text }),
        Ok((config, warnings)) => {
            for text in warnings {
                log(host, log_pid, Event::ConfigWarning { program: "config", text });
            }
            close_listeners(host);
            let online: Vec<u32> = dv.sessions.values().map(|o| o.pid).collect();
            let keep: Vec<u32> = online.into_iter().chain([pid]).collect();
            drop_processes(host, &keep);
            let anvil = spawn(host, "dovecot", "anvil", "dovecot/anvil", pid, 0, (4776, 3060));
            let log_pid = spawn(host, "root", "log", "dovecot/log", pid, 0, (4912, 3228));
            let conf = spawn(host, "root", "config", "dovecot/config", pid, 0, (7836, 5260));
            listen(host, &config, pid);
            let now = host.now;
            if let Some(m) = dv.master.as_mut() {
                m.config = config;
                m.log_pid = log_pid;
                m.auth_retry = None;
                m.lmtp_connections = 0;
                m.procs = [("anvil", anvil), ("log", log_pid), ("config", conf)]
                    .into_iter()
                    .map(|(n, p)| (n.to_owned(), (p, now)))
                    .collect();
            }
        }
    }
    true
}

/// master was killed with SIGKILL: its children notice and go, nothing is logged, the sockets answer nobody.
pub fn crash(host: &mut Host, dv: &mut Dovecot) {
    if dv.master.take().is_some() {
        close_listeners(host);
        drop_processes(host, &[]);
        dv.sessions = imbl::OrdMap::new();
    }
}

/// The pid of a standing process of a service, started when it is not there.
pub fn process(host: &mut Host, dv: &mut Dovecot, service: &str) -> u32 {
    let now = host.now;
    let Some(m) = dv.master.as_mut() else { return 0 };
    let master = m.pid;
    let idle = Span::secs(60);
    let pid = match m.procs.get(service) {
        Some((pid, _)) if host.procs.get(*pid).is_some() => *pid,
        _ => {
            let (user, comm, args, size) = match service {
                "auth" => ("dovecot", "auth", "dovecot/auth", (6260, 4364)),
                "auth-worker" => ("root", "auth", "dovecot/auth -w", (7664, 5404)),
                "stats" => ("dovecot", "stats", "dovecot/stats", (5716, 3504)),
                "lmtp" => ("root", "lmtp", "dovecot/lmtp", (6432, 5372)),
                "imap-login" => ("dovenull", "imap-login", "dovecot/imap-login", (6012, 4980)),
                "pop3-login" => ("dovenull", "pop3-login", "dovecot/pop3-login", (6004, 4916)),
                "managesieve-login" => ("dovenull", "managesieve-login", "dovecot/managesieve-login", (6004, 4916)),
                _ => ("root", "doveadm-server", "dovecot/doveadm-server", (6004, 4916)),
            };
            spawn(host, user, comm, args, master, 0, size)
        }
    };
    if let Some(m) = dv.master.as_mut() {
        m.procs.insert(service.to_owned(), (pid, now));
    }
    dv.due.push(now + idle, Due::Idle { pid });
    pid
}

/// Ends a standing process that had nothing to do for a minute.
pub fn idle(host: &mut Host, dv: &mut Dovecot, pid: u32) {
    let now = host.now;
    let Some(m) = dv.master.as_mut() else { return };
    let hit = m.procs.iter().find(|(_, (p, _))| *p == pid).map(|(n, (_, t))| (n.clone(), *t));
    if let Some((name, last)) = hit
        && now - last >= Span::secs(60)
    {
        m.procs.remove(&name);
        host.procs.remove(pid);
    }
}

/// A process of one user's session; it ends with [`session_end`].
pub fn session_start(
    host: &mut Host,
    dv: &mut Dovecot,
    service: &str,
    user: &super::user::MailUser,
    ip: IpAddr,
) -> (u64, u32) {
    let master = dv.master.as_ref().map_or(0, |m| m.pid);
    let pid = spawn(host, &user.name, service, &format!("dovecot/{service}"), master, 0, (8832, 7240));
    dv.next_session += 1;
    let id = dv.next_session;
    dv.sessions.insert(id, Online { user: user.name.clone(), service: service.to_owned(), pid, ip });
    (id, pid)
}

/// The session is over.
pub fn session_end(host: &mut Host, dv: &mut Dovecot, id: u64) {
    if let Some(o) = dv.sessions.remove(&id) {
        host.procs.remove(o.pid);
    }
}

/// The listener that a socket path names, when it answers.
pub fn unix_owner(host: &Host, path: &str) -> Option<String> {
    host.net.unix.iter().find(|l| l.path == path).map(|l| l.owner.clone())
}

/// A scope for a protocol alone.
pub fn scope(protocol: &str) -> Scope<'_> {
    Scope::protocol(protocol)
}
