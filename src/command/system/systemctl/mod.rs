//! systemctl(1): units are started, stopped, asked and enabled.
//!
//! Left out: user managers, remote hosts, transient units, `set-property`, power management.

mod install;
mod list;
mod show;
mod status;

pub(in crate::command::system) use status::stamp;

use crate::command::Ctx;
use crate::host::units::file::{self, Load};
use crate::host::units::{Active, Units};
use crate::log::systemd::Systemd;
use crate::sim::units::Refused;

/// The options that matter here.
#[derive(Default)]
pub(super) struct Opts {
    quiet: bool,
    all: bool,
    full: bool,
    now: bool,
    force: bool,
    value: bool,
    legend: bool,
    lines: usize,
    types: Vec<String>,
    states: Vec<String>,
    properties: Vec<String>,
    signal: String,
}

const VALUED: [(&str, &str); 9] = [
    ("-n", "lines"),
    ("-t", "type"),
    ("-p", "property"),
    ("-P", "value-of"),
    ("-s", "signal"),
    ("-o", "output"),
    ("-H", "host"),
    ("-M", "machine"),
    ("", "state"),
];

/// Reads the command line: options, the verb and its arguments.
fn parse(ctx: &Ctx) -> Result<(Opts, Vec<String>), i32> {
    let mut o = Opts { lines: 10, legend: true, signal: "TERM".into(), ..Opts::default() };
    let mut words = Vec::new();
    let mut args = ctx.args[1..].iter();
    while let Some(a) = args.next() {
        if a == "--" {
            words.extend(args.by_ref().cloned());
            break;
        }
        if !a.starts_with('-') || a == "-" {
            words.push(a.clone());
            continue;
        }
        let mut take = |value: Option<String>, name: &str| {
            value.or_else(|| args.next().cloned()).ok_or_else(|| {
                let what = if a.starts_with("--") { format!("option '--{name}'") } else { "option".to_owned() };
                let tail =
                    if a.starts_with("--") { String::new() } else { format!(" -- '{}'", a.trim_start_matches('-')) };
                ctx.err(format!("systemctl: {what} requires an argument{tail}\n"));
                1
            })
        };
        let (name, value) = match a.strip_prefix("--") {
            Some(body) => match body.split_once('=') {
                Some((n, v)) => (n.to_owned(), Some(v.to_owned())),
                None => (body.to_owned(), None),
            },
            None => {
                let short = &a[..2.min(a.len())];
                let rest = a.get(2..).filter(|r| !r.is_empty()).map(str::to_owned);
                if let Some((_, long)) = VALUED.iter().find(|(s, _)| *s == short) {
                    ((*long).to_owned(), rest)
                } else {
                    for c in a[1..].chars() {
                        match c {
                            'q' => o.quiet = true,
                            'a' => o.all = true,
                            'l' => o.full = true,
                            'f' => o.force = true,
                            'r' | 'T' | 'i' => {}
                            'h' => {
                                ctx.out("systemctl [OPTIONS...] COMMAND ...\n\nQuery or send control commands to the system manager.\n");
                                return Err(0);
                            }
                            c => {
                                ctx.err(format!("systemctl: invalid option -- '{c}'\n"));
                                return Err(1);
                            }
                        }
                    }
                    continue;
                }
            }
        };
        let list = |v: String| v.split(',').map(str::to_owned).collect::<Vec<_>>();
        match name.as_str() {
            "lines" => o.lines = take(value, "lines")?.parse().unwrap_or(10),
            "type" => o.types.extend(list(take(value, "type")?)),
            "state" => o.states.extend(list(take(value, "state")?)),
            "property" => o.properties.extend(list(take(value, "property")?)),
            "value-of" => {
                o.properties.extend(list(take(value, "property")?));
                o.value = true;
            }
            "signal" => o.signal = take(value, "signal")?.trim_start_matches("SIG").to_owned(),
            "output" | "host" | "machine" | "kill-whom" | "kill-who" | "root" | "job-mode" | "preset-mode" => {
                take(value, &name)?;
            }
            "quiet" => o.quiet = true,
            "all" => o.all = true,
            "full" => o.full = true,
            "now" => o.now = true,
            "force" => o.force = true,
            "value" => o.value = true,
            "no-legend" => o.legend = false,
            "legend" => o.legend = value.is_none_or(|v| v != "false" && v != "no" && v != "0"),
            "failed" => o.states.push("failed".into()),
            "no-pager" | "no-block" | "system" | "runtime" | "plain" | "no-ask-password" | "no-reload" | "no-wall"
            | "wait" | "recursive" | "reverse" | "show-types" | "no-warn" | "after" | "before" | "user" => {}
            "version" => {
                ctx.out("systemd 252 (252.39-1~deb12u1)\n");
                return Err(0);
            }
            "help" => {
                ctx.out(
                    "systemctl [OPTIONS...] COMMAND ...\n\nQuery or send control commands to the system manager.\n",
                );
                return Err(0);
            }
            other => {
                ctx.err(format!("systemctl: unrecognized option '--{other}'\n"));
                return Err(1);
            }
        }
    }
    Ok((o, words))
}

/// systemctl(1).
pub(super) async fn systemctl(ctx: &mut Ctx) -> i32 {
    let (o, words) = match parse(ctx) {
        Ok(p) => p,
        Err(status) => return status,
    };
    let verb = words.first().map_or("list-units", String::as_str);
    let on_files = matches!(verb, "enable" | "disable" | "mask" | "unmask" | "reenable" | "preset" | "revert");
    let names: Vec<String> = words.iter().skip(1).map(|n| if on_files { n.clone() } else { mangled(ctx, n) }).collect();
    let needs_unit = matches!(
        verb,
        "start"
            | "stop"
            | "restart"
            | "try-restart"
            | "reload"
            | "reload-or-restart"
            | "try-reload-or-restart"
            | "force-reload"
            | "condrestart"
            | "is-active"
            | "is-failed"
            | "is-enabled"
            | "enable"
            | "disable"
            | "mask"
            | "unmask"
            | "reenable"
            | "cat"
            | "kill"
            | "edit"
            | "preset"
            | "revert"
            | "isolate"
    );
    if needs_unit && names.is_empty() {
        ctx.err("Too few arguments.\n");
        return 1;
    }
    match verb {
        "start"
        | "stop"
        | "restart"
        | "try-restart"
        | "condrestart"
        | "reload"
        | "reload-or-restart"
        | "try-reload-or-restart"
        | "force-reload" => run_jobs(ctx, &o, verb, &names),
        "status" => status::status(ctx, &o, &names),
        "is-active" => ask_state(ctx, &o, &names, |a| a == Active::Active || a == Active::Reloading, 3),
        "is-failed" => ask_state(ctx, &o, &names, |a| a == Active::Failed, 1),
        "is-enabled" => install::is_enabled(ctx, &o, &names),
        "enable" | "disable" | "mask" | "unmask" | "reenable" | "preset" | "revert" => {
            install::change(ctx, &o, verb, &names)
        }
        "cat" => install::cat(ctx, &names),
        "edit" => install::edit(ctx, &o, &names).await,
        "show" => show::show(ctx, &o, &names),
        "list-units" => list::units(ctx, &o, &names),
        "list-unit-files" => list::files(ctx, &o, &names),
        "list-dependencies" => list::dependencies(ctx, &names),
        "list-sockets" | "list-timers" => list::by_suffix(ctx, verb),
        "list-jobs" => {
            ctx.out("No jobs running.\n");
            0
        }
        "daemon-reload" | "daemon-reexec" => match root(ctx, "reload daemon") {
            Ok(()) => {
                ctx.world().borrow_mut().host.log_systemd(Systemd::ManagerReloads);
                0
            }
            Err(s) => s,
        },
        "reset-failed" => reset_failed(ctx, &names),
        "kill" => kill(ctx, &o, &names),
        "get-default" => {
            ctx.out("graphical.target\n");
            0
        }
        "is-system-running" => {
            let failed = ctx.world().borrow().host.units.iter().any(|(_, u)| u.active == Active::Failed);
            ctx.out(if failed { "degraded\n" } else { "running\n" });
            i32::from(failed)
        }
        "show-environment" => {
            ctx.out("LANG=C.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
            0
        }
        "set-default" | "isolate" | "halt" | "poweroff" | "reboot" | "kexec" | "suspend" | "hibernate" | "rescue"
        | "emergency" | "default" | "exit" | "switch-root" | "set-property" | "log-level" | "set-environment" => {
            ctx.err(format!("maillab: systemctl {verb} is not simulated here\n"));
            1
        }
        other => {
            ctx.err(format!("Unknown command verb {other}.\n"));
            1
        }
    }
}

/// A name that no unit can have with what is odd in it escaped, and a word about it. A path stands for a mount.
fn mangled(ctx: &Ctx, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@*?[]!".contains(c);
    if name.starts_with('/') || name.chars().all(plain) {
        return name.to_owned();
    }
    let mut out = String::new();
    for c in name.chars() {
        match c {
            '/' => out.push('-'),
            c if plain(c) => out.push(c),
            c => c.to_string().bytes().for_each(|b| out.push_str(&format!("\\x{b:02x}"))),
        }
    }
    ctx.err(format!("Invalid unit name \"{name}\" escaped as \"{out}\" (maybe you should use systemd-escape?).\n"));
    out
}

/// Whether the caller may change the system.
fn root(ctx: &Ctx, doing: &str) -> Result<(), i32> {
    if ctx.io.cred.uid == 0 {
        return Ok(());
    }
    ctx.err(format!("Failed to {doing}: Interactive authentication required.\n"));
    Err(1)
}

/// Whether a name matches a pattern as fnmatch(3) has it; the suffix may be missing.
pub(in crate::command::system) fn matches(pattern: &str, name: &str) -> bool {
    let full = if pattern.contains('.') && !pattern.ends_with('*') {
        pattern.to_owned()
    } else {
        format!("{pattern}.service")
    };
    crate::command::text::glob::fits(pattern, name) || crate::command::text::glob::fits(&full, name)
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '['])
}

/// The full names that the arguments mean: patterns stand for the units in memory.
pub(super) fn expand(units: &Units, names: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for n in names {
        if is_pattern(n) {
            let hits = units.iter().map(|(u, _)| u).filter(|u| matches(n, u)).cloned().collect::<Vec<_>>();
            out.extend(hits.into_iter().filter(|h| !out.contains(h)).collect::<Vec<_>>());
        } else {
            out.push(file::complete_name(n));
        }
    }
    out
}

fn run_jobs(ctx: &Ctx, o: &Opts, verb: &str, names: &[String]) -> i32 {
    let world = ctx.world();
    let units = expand(&world.borrow().host.units, names);
    let word = match verb {
        "condrestart" => "restart",
        "force-reload" | "try-reload-or-restart" => "reload-or-restart",
        v => v,
    };
    let mut status = 0;
    for unit in units {
        if ctx.io.cred.uid != 0 {
            ctx.err(format!(
                "Failed to {word} {unit}: Interactive authentication required.\nSee system logs and 'systemctl status {unit}' for details.\n"
            ));
            status = 1;
            continue;
        }
        let mut w = world.borrow_mut();
        let running = matches!(w.host.units.active(&unit), Active::Active | Active::Reloading);
        let can_reload = !file::load(&w.host.fs, &unit).all("Service", "ExecReload").is_empty();
        let done = match verb {
            "start" => w.unit_start(&unit),
            "stop" => w.unit_stop(&unit),
            "reload" => w.unit_reload(&unit),
            "restart" => w.unit_restart(&unit),
            "try-restart" | "condrestart" if !running => Ok(()),
            "try-reload-or-restart" | "force-reload" if !running => Ok(()),
            "reload-or-restart" | "try-reload-or-restart" | "force-reload" if running && can_reload => {
                w.unit_reload(&unit)
            }
            _ => w.unit_restart(&unit),
        };
        if verb == "stop" && done.is_ok() && !o.quiet {
            let f = file::load(&w.host.fs, &unit);
            let sockets: Vec<&str> = f
                .words("Unit", "Requires")
                .into_iter()
                .filter(|s| s.ends_with(".socket") && w.host.units.active(s) == Active::Active)
                .filter(|s| !names.iter().any(|n| file::complete_name(n) == *s))
                .collect();
            if !sockets.is_empty() {
                ctx.err(format!("Warning: Stopping {unit}, but it can still be activated by:\n"));
                for s in sockets {
                    ctx.err(format!("  {s}\n"));
                }
            }
        }
        drop(w);
        if let Err(why) = done {
            status = refused(ctx, word, &unit, &why);
        }
    }
    status
}

/// Says why a job was not done; the exit status.
fn refused(ctx: &Ctx, word: &str, unit: &str, why: &Refused) -> i32 {
    let see = format!("See \"systemctl status {unit}\" and \"journalctl -xeu {unit}\" for details.\n");
    match why {
        Refused::NotFound => {
            let what = if word == "stop" { "loaded" } else { "found" };
            ctx.err(format!("Failed to {word} {unit}: Unit {unit} not {what}.\n"));
            5
        }
        Refused::Masked => {
            ctx.err(format!("Failed to {word} {unit}: Unit {unit} is masked.\n"));
            1
        }
        Refused::BadSetting => {
            ctx.err(format!(
                "Failed to {word} {unit}: Unit {unit} has a bad unit file setting.\nSee system logs and 'systemctl status {unit}' for details.\n"
            ));
            1
        }
        Refused::NotApplicable => {
            ctx.err(format!("Failed to reload {unit}: Job type reload is not applicable for unit {unit}.\n"));
            3
        }
        Refused::Inactive => {
            ctx.err(format!("{unit} is not active, cannot reload.\n"));
            1
        }
        Refused::Failed("start-limit-hit") => {
            ctx.err(format!(
                "Job for {unit} failed because start of the service was attempted too often.\n{see}To force a start use \
                 \"systemctl reset-failed {unit}\"\nfollowed by \"systemctl start {unit}\" again.\n"
            ));
            1
        }
        Refused::Failed("exit-code") => {
            ctx.err(format!("Job for {unit} failed because the control process exited with error code.\n{see}"));
            1
        }
        Refused::Failed("signal") => {
            ctx.err(format!(
                "Job for {unit} failed because a fatal signal was delivered to the control process.\n{see}"
            ));
            1
        }
        Refused::Failed(_) => {
            ctx.err(format!("Job for {unit} failed.\n{see}"));
            1
        }
    }
}

fn ask_state(ctx: &Ctx, o: &Opts, names: &[String], good: fn(Active) -> bool, bad: i32) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let mut found = false;
    for unit in expand(&w.host.units, names) {
        let f = file::load(&w.host.fs, &unit);
        let active = w.host.units.active(&f.name);
        found |= good(active);
        if !o.quiet {
            ctx.out(format!("{active}\n"));
        }
    }
    if found { 0 } else { bad }
}

fn reset_failed(ctx: &Ctx, names: &[String]) -> i32 {
    if let Err(s) = root(ctx, "reset failed state") {
        return s;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let now = w.now();
    let all: Vec<String> = w.host.units.iter().map(|(n, _)| n.clone()).collect();
    let wanted = if names.is_empty() { all } else { expand(&w.host.units, names) };
    let mut status = 0;
    for unit in wanted {
        if w.host.units.get(&unit).is_none() {
            if file::load(&w.host.fs, &unit).load == Load::NotFound {
                ctx.err(format!("Failed to reset failed state of unit {unit}: Unit {unit} not loaded.\n"));
                status = 1;
            }
            continue;
        }
        let u = w.host.units.entry(&unit);
        u.starts.clear();
        u.restarts = 0;
        if u.active == Active::Failed {
            u.result = "success";
            w.host.units.set(&unit, Active::Inactive, "dead", now);
        }
    }
    status
}

fn kill(ctx: &Ctx, o: &Opts, names: &[String]) -> i32 {
    if let Err(s) = root(ctx, "kill unit") {
        return s;
    }
    let world = ctx.world();
    let mut w = world.borrow_mut();
    let mut status = 0;
    for unit in expand(&w.host.units, names) {
        if w.host.units.get(&unit).is_none() {
            ctx.err(format!("Failed to kill unit {unit}: Unit {unit} not loaded.\n"));
            status = 1;
            continue;
        }
        let main = w.host.units.get(&unit).and_then(|u| u.main.as_ref()).map(|m| m.pid);
        let mut pids: Vec<u32> = w.host.procs.iter().filter(|p| *p.unit == *unit).map(|p| p.pid).collect();
        pids.sort_by_key(|p| Some(*p) != main);
        let signal = super::kill::number(&o.signal).unwrap_or(15);
        for pid in pids {
            let Some(p) = w.host.procs.get(pid).cloned() else { continue };
            let name = crate::log::systemd::signal_name(signal);
            let event =
                Systemd::Killed { unit: unit.clone(), main: Some(pid) == main, signal: name, pid, comm: p.comm };
            w.host.log_systemd(event);
            let _ = w.kill(&ctx.io.cred, pid, signal, 1);
        }
    }
    status
}
