//! The programs behind units: Dovecot, rsyslogd, and daemons that are only there to be seen.

use super::World;
use crate::base::Span;
use crate::dovecot;
use crate::host::units::Exit;
use crate::host::{Cred, Process};
use crate::log::Facility;
use crate::log::systemd::Systemd;
use crate::postfix::master;

/// Processes that are only scenery: program, user, name, arguments as ps shows them (empty: as started), memory in KiB.
type Scenery = (&'static str, &'static str, &'static str, &'static str, u64, u64);

#[rustfmt::skip]
const SCENERY: &[Scenery] = &[
    ("systemd-journald", "root", "systemd-journal", "", 24_964, 13_988),
    ("dbus-daemon", "messagebus", "dbus-daemon", "", 9_148, 4_988),
    ("rsyslogd", "root", "rsyslogd", "", 221_808, 4_688),
    ("systemd-logind", "root", "systemd-logind", "", 25_352, 7_680),
    ("systemd-timesyncd", "systemd-timesync", "systemd-timesyn", "", 90_176, 6_912),
    ("cron", "root", "cron", "", 6_608, 2_684),
    ("sshd", "root", "sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 15_432, 9_216),
    ("agetty", "root", "agetty", "/sbin/agetty -o -p -- \\u --noclear - linux", 5_868, 1_024),
];

fn base(line: &str) -> &str {
    line.split_whitespace()
        .next()
        .unwrap_or("")
        .trim_start_matches(['-', '+', '!', '@', ':'])
        .rsplit('/')
        .next()
        .unwrap_or("")
}

/// Whether the unit's main program is Dovecot's.
pub(super) fn is_dovecot(world: &World, unit: &str) -> bool {
    world.host.units.get(unit).and_then(|u| u.main.as_ref()).is_some_and(|m| base(&m.command) == "dovecot")
}

/// A command line of a unit as its process has it: a word that is a variable without a value is no argument
/// (systemd.service(5)). Environment files are not read.
fn unset_dropped(line: &str) -> String {
    line.split_whitespace().filter(|w| !w.starts_with('$')).collect::<Vec<_>>().join(" ")
}

/// Starts a program that stays in the foreground: its pid and what it says of its state, or how it ended.
pub(super) fn start(world: &mut World, unit: &str, line: &str) -> Result<(u32, String), (u32, Exit)> {
    let program = line.split_whitespace().next().unwrap_or("").trim_start_matches(['-', '+', '!', '@', ':']).to_owned();
    let host = &mut world.host;
    if !host.fs.exists(&program) {
        let pid = host.procs.burn();
        let comm = format!("({})", base(line));
        let event = Systemd::FailedExec { unit: unit.to_owned(), path: program };
        host.log(Facility::Daemon, &comm, pid, unit, event);
        return Err((pid, Exit::Status(203)));
    }
    if base(line) == "dovecot" {
        let next = host.procs.last() + 1;
        return match dovecot::master::start(host, &mut world.dovecot, true) {
            Ok(pid) => Ok((pid, "v2.3.19.1 (9b53102964) running".into())),
            Err(f) => Err((next, Exit::Status(f.status))),
        };
    }
    if base(line) == "rsyslogd" && !host.fs.exists("/etc/rsyslog.conf") {
        return Err((host.procs.burn(), Exit::Status(1)));
    }
    let scenery = SCENERY.iter().find(|s| s.0 == base(line));
    let (_, user, comm, args, vsz, rss) = *scenery.unwrap_or(&("", "root", "", "", 4_360, 3_284));
    let (uid, started) = (host.uid(user).unwrap_or(0), host.now);
    let pid = host.procs.spawn(Process {
        pid: 0,
        ppid: 1,
        uid,
        comm: if comm.is_empty() { base(line).chars().take(15).collect() } else { comm.into() },
        args: if args.is_empty() { unset_dropped(line) } else { args.into() },
        started,
        tty: "?".into(),
        stat: if comm == "rsyslogd" { "Ssl" } else { "Ss" }.into(),
        vsz,
        rss,
        unit: unit.into(),
        role: String::new(),
    });
    if base(line) == "rsyslogd" {
        host.start_syslog(pid);
        host.log(Facility::Syslog, "rsyslogd", pid, unit, Systemd::SyslogSocket);
    }
    Ok((pid, String::new()))
}

/// What a daemon says when systemd already counts it as started.
pub(super) fn started(world: &mut World, unit: &str, pid: u32) {
    if world.host.syslog.pid == Some(pid) {
        world.host.log(Facility::Syslog, "rsyslogd", pid, unit, Systemd::SyslogStart { pid });
    }
}

/// configure-instance.sh asks postconf(1) four things, and does not go on when it cannot read master.cf: the exit status
/// then. What postconf has to say it says each time.
fn ask_postconf(world: &mut World, unit: &str, script: &str, pid: u32) -> Option<i32> {
    let exec = world.exec?;
    let (status, output) = exec(world, &Cred::root(), "postconf -hx myorigin", b"", &super::Surroundings::Login);
    let output = String::from_utf8_lossy(&output).into_owned();
    let said: Vec<&str> = output.lines().filter(|l| l.starts_with("postconf: ")).collect();
    let mut print = |line: &str| {
        world.host.log(Facility::Daemon, script, pid, unit, Systemd::Printed(line.to_owned()));
    };
    // The second answer is the one that counts.
    for _ in 0..if status == 0 { 4 } else { 2 } {
        said.iter().for_each(|l| print(l));
    }
    if status != 0 {
        return Some(1);
    }
    const MASTER_CF: &str = "/etc/postfix/master.cf";
    if world.host.fs.exists(MASTER_CF) {
        return None;
    }
    let line = format!("awk: cannot open {MASTER_CF} (No such file or directory)");
    world.host.log(Facility::Daemon, script, pid, unit, Systemd::Printed(line));
    Some(2)
}

/// Runs a command of a unit to its end.
pub(super) fn run(world: &mut World, unit: &str, command: &str, pid: u32) -> Exit {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or("");
    let rest: Vec<&str> = words.collect();
    match (base(command), rest.as_slice()) {
        ("true", _) => return Exit::Status(0),
        ("false", _) => return Exit::Status(1),
        ("configure-instance.sh", _) => {
            world.pass(Span::millis(270));
            if let Some(status) = ask_postconf(world, unit, base(command), pid) {
                return Exit::Status(status);
            }
            refresh_chroot(world);
            return Exit::Status(0);
        }
        ("doveadm", ["stop"]) => return doveadm(world, unit, pid, true),
        ("doveadm", ["reload"]) => return doveadm(world, unit, pid, false),
        ("postmulti", [.., "start"]) if world.exec.is_none() => {
            world.host.log_mail("postfix/postfix-script", pid, crate::log::script::Script::Starting);
            let ok = world.with_postfix(|ctx| master::start(ctx, "/etc/postfix")).is_ok();
            return Exit::Status(i32::from(!ok));
        }
        _ => {}
    }
    if !world.host.fs.exists(program) {
        let comm = format!("({})", base(command));
        let event = Systemd::FailedExec { unit: unit.to_owned(), path: program.to_owned() };
        world.host.log(Facility::Daemon, &comm, pid, unit, event);
        return Exit::Status(203);
    }
    world.pass(Span::millis(190));
    let Some(exec) = world.exec else { return Exit::Status(0) };
    let (status, output) = exec(world, &Cred::root(), command, b"", &super::Surroundings::Login);
    for l in String::from_utf8_lossy(&output).lines().take(100) {
        world.host.log(Facility::Daemon, base(command), pid, unit, Systemd::Printed(l.to_owned()));
    }
    if status > 128 { Exit::Signal(status - 128) } else { Exit::Status(status) }
}

/// `doveadm stop` and `doveadm reload` as units call them: they read the configuration first.
fn doveadm(world: &mut World, unit: &str, pid: u32, stop: bool) -> Exit {
    if let Err((f, _)) = dovecot::master::load_config(&world.host) {
        let text = crate::log::dovecot::Dovecot::ConfigFatal { program: "doveconf", error: f.text };
        world.host.log(Facility::Daemon, "doveadm", pid, unit, text);
        return Exit::Status(89);
    }
    let host = &mut world.host;
    let done = if stop {
        dovecot::master::stop(host, &mut world.dovecot, pid, 0)
    } else {
        dovecot::master::reload(host, &mut world.dovecot)
    };
    Exit::Status(if done { 0 } else { 75 })
}

/// What configure-instance.sh does when a service runs in the chroot: it copies what the resolver reads.
fn refresh_chroot(world: &mut World) {
    let fs = &mut world.host.fs;
    let root = Cred::root();
    for f in
        ["etc/localtime", "etc/services", "etc/resolv.conf", "etc/hosts", "etc/nsswitch.conf", "etc/nss_mdns.config"]
    {
        let copy = format!("/var/spool/postfix/{f}");
        let Ok(now) = fs.read(&root, &format!("/{f}")) else { continue };
        let same = fs.read(&root, &copy).is_ok_and(|b| b.bytes() == now.bytes());
        if !same {
            let _ = fs.mkdir_all("/var/spool/postfix/etc");
            let _ = fs.write(&root, &copy, now, 0o644);
        }
    }
}

/// A signal that ends a process of a unit, from pid `by`.
pub(super) fn terminate(world: &mut World, unit: &str, pid: u32, signal: i32, by: u32) {
    let Some(p) = world.host.procs.get(pid).cloned() else { return };
    let role = p.role.as_str();
    if role.starts_with("postfix/") {
        world.with_postfix(|ctx| master::signal(ctx, pid, signal));
    } else if role == "dovecot/dovecot" {
        if signal == 9 {
            dovecot::master::crash(&mut world.host, &mut world.dovecot);
        } else {
            let log = world.dovecot.master.as_ref().map(|m| m.log_pid);
            dovecot::master::stop(&mut world.host, &mut world.dovecot, by, 0);
            // systemd signals every process of the group at once.
            if let (1, Some(log)) = (by, log) {
                use crate::log::dovecot::Dovecot as Event;
                for process in ["anvil".to_owned(), format!("log({log})")] {
                    dovecot::log(&mut world.host, log, Event::Killed { process, pid: 1, uid: 0 });
                }
                for prefix in ["anvil", "config"] {
                    dovecot::log(&mut world.host, log, Event::LogShutdown { pid: log, prefix });
                }
            }
        }
    } else {
        if world.host.syslog.pid == Some(pid) {
            if signal != 9 {
                world.host.log(Facility::Syslog, "rsyslogd", pid, unit, Systemd::SyslogExit { pid, signal });
            }
            world.host.syslog.pid = None;
        }
        world.host.net.listeners.retain(|l| l.pid != pid);
    }
    world.host.procs.remove(pid);
}
