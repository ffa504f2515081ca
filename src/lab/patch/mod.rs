//! Applies a typed change to a world.
//!
//! A change is what somebody did to the host: the file with its new time, and nothing that follows from it. Daemons take
//! notice as they do in life. What needs a running system (`unit`, `run`) does nothing before the services started.

mod files;
mod mailbox;

use super::schema::{Chain, Change, UnitState};
use crate::base::Span;
use crate::host::net::{Listener, Proto, Rule, Target};
use crate::host::{Cred, Process, Processes};
use crate::internet::server::Mode;
use crate::lab::values::Machine;
use crate::sim::{Surroundings, World};

/// Whether a change waits until the services run, though it has no time.
pub fn after_boot(change: &Change) -> bool {
    matches!(change, Change::Unit { .. } | Change::Run { .. })
}

/// Makes one change, at the world's instant.
pub fn apply(world: &mut World, change: &Change) {
    match change {
        // Read when the traffic is laid out.
        Change::Unread | Change::Sends { .. } => {}
        Change::MainCf { name, value } => files::main_cf(&mut world.host, name, value.as_deref()),
        Change::MasterCf { service, entry } => files::master_cf(&mut world.host, service, entry.as_deref()),
        Change::Dovecot { text } => {
            let text = format!("{}\n", text.trim_end());
            let _ = world.host.fs.append(&Cred::root(), "/etc/dovecot/local.conf", text.as_bytes(), 0o644);
        }
        Change::File { path, content, append, replace, mode, owner, remove } => {
            let edit = files::Edit { content, append, replace, mode, owner, remove: *remove };
            files::edit(&mut world.host, path, &edit);
        }
        Change::User { name, full_name, password, remove } => {
            if *remove {
                files::remove_user(&mut world.host, name);
            } else {
                files::add_user(&mut world.host, name, full_name, password.as_deref());
            }
        }
        Change::Alias { name, to, stale } => {
            files::alias(&mut world.host, name, to.as_deref());
            if !stale {
                run(world, "newaliases");
            }
        }
        Change::Mailbox { user, folder, messages, size, from, subject, age } => {
            let age = age.unwrap_or(Span::days(60));
            let fill = mailbox::Fill { user, folder, messages: *messages, size: size.0, from, subject, age };
            mailbox::fill(&mut world.host, &fill);
        }
        Change::Dns { name, record, value } => match value {
            Some(v) => world.host.dns.add(name, record, v),
            None => world.host.dns.remove(name, Some(record.as_str()).filter(|r| !r.is_empty())),
        },
        Change::Firewall { chain, port, source, reject } => {
            let rule = Rule {
                input: *chain != Chain::Output,
                proto: Some(Proto::Tcp),
                source: source.as_ref().and_then(|s| s.parse().ok()),
                dest: None,
                dport: port.and_then(|p| u16::try_from(p).ok()),
                iface: None,
                target: if *reject { Target::Reject } else { Target::Drop },
                packets: 0,
                bytes: 0,
            };
            world.host.net.rules.insert(0, rule);
        }
        Change::Disk { path, free } => files::disk(&mut world.host, path, free.0),
        Change::Certificate { path, key, names, from, until } => {
            let days = (until.time - from.time).as_secs() / 86_400;
            files::certificate(&mut world.host, path, key, names, from.time, days);
        }
        Change::Unit { name, state } => {
            let line = match state {
                UnitState::Stopped => format!("systemctl stop {name}"),
                UnitState::Disabled => format!("systemctl disable --now {name}"),
                UnitState::Masked => format!("systemctl mask --now {name}"),
                UnitState::Started | UnitState::Unset => format!("systemctl start {name}"),
            };
            run(world, &line);
        }
        Change::Listener { port, program, args } => listener(world, *port, program, args),
        Change::Remote { host, greeting, rcpt, data, closed, silent } => {
            let who = match host {
                Machine::Ip(ip) => ip.to_string(),
                Machine::Name(n) => n.clone(),
            };
            world.internet.servers.change(&who, |s| {
                if let Some(g) = greeting {
                    s.mode = if g.starts_with('2') { Mode::Normal } else { Mode::Greets(g.clone()) };
                    s.banner = g.strip_prefix("220 ").map(str::to_owned);
                }
                if *closed {
                    s.mode = Mode::Closed;
                }
                if *silent {
                    s.mode = Mode::BlackHole;
                }
                for (list, new) in [(&mut s.rcpt, rcpt), (&mut s.data, data)] {
                    list.retain(|(w, _)| !new.contains_key(w));
                    list.extend(new.iter().map(|(w, r)| (w.clone(), r.clone())));
                }
            });
        }
        Change::Run { line } => run(world, line),
    }
}

/// Types a line as root.
fn run(world: &mut World, line: &str) {
    if let Some(exec) = world.exec {
        let _ = exec(world, &Cred::root(), line, b"", &Surroundings::Login);
    }
}

/// A program of nobody's that holds a port and says nothing.
fn listener(world: &mut World, port: u32, program: &str, args: &str) {
    let Ok(port) = u16::try_from(port) else { return };
    let host = &mut world.host;
    let process = Process {
        pid: 0,
        ppid: 1,
        uid: 0,
        comm: program.to_owned(),
        args: args.to_owned(),
        started: host.now,
        tty: "?".to_owned(),
        stat: "S".to_owned(),
        vsz: 21_504,
        rss: 14_336,
        unit: "".into(),
        role: String::new(),
    };
    let pid = Processes::spawn(&mut host.procs, process);
    host.net.listeners.push(Listener {
        proto: Proto::Tcp,
        ip: std::net::Ipv4Addr::UNSPECIFIED.into(),
        port,
        pid,
        comm: program.to_owned(),
        fd: 3,
        backlog: 100,
        owner: "scenery".to_owned(),
    });
}
