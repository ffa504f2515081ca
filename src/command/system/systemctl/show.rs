//! `systemctl show`: properties by name, in systemd's order.

use super::status::{cgroup, stamp};
use super::{Opts, expand};
use crate::base::Time;
use crate::command::Ctx;
use crate::host::Host;
use crate::host::units::file::{self, Load};
use crate::host::units::{Exit, Ran, Unit};

pub(super) fn show(ctx: &Ctx, o: &Opts, names: &[String]) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    if names.is_empty() {
        ctx.out("Version=252.39-1~deb12u1\nArchitecture=x86-64\nSystemState=running\n");
        return 0;
    }
    for (i, unit) in expand(&w.host.units, names).into_iter().enumerate() {
        if i > 0 {
            ctx.out("\n");
        }
        for (k, v) in properties(&w.host, &unit) {
            let wanted = o.properties.is_empty() || o.properties.iter().any(|p| p == k);
            if !wanted || (v.is_empty() && o.properties.is_empty() && !o.all) {
                continue;
            }
            if o.value { ctx.out(format!("{v}\n")) } else { ctx.out(format!("{k}={v}\n")) }
        }
    }
    0
}

fn command(r: &Ran) -> String {
    let stop = r.ended.map_or_else(|| "n/a".to_owned(), |(t, _)| stamp(t));
    let (code, status) = match r.ended {
        None => ("(null)", "0/0".to_owned()),
        Some((_, Exit::Status(s))) => ("exited", s.to_string()),
        Some((_, Exit::Signal(s))) => ("killed", format!("{s}/{}", crate::log::systemd::signal_name(s))),
    };
    let path = r.command.split(' ').next().unwrap_or("");
    format!(
        "{{ path={path} ; argv[]={} ; ignore_errors=no ; start_time=[{}] ; stop_time=[{stop}] ; pid={} ; code={code} ; status={status} }}",
        r.command,
        stamp(r.started),
        r.pid
    )
}

fn properties(host: &Host, name: &str) -> Vec<(&'static str, String)> {
    let f = file::load(&host.fs, name);
    let none = Unit { sub: "dead", result: "success", ..Unit::default() };
    let u = host.units.get(&f.name).unwrap_or(&none);
    let running = u.main.as_ref().filter(|m| m.ended.is_none()).map_or(0, |m| m.pid);
    let time = |t: Option<Time>| t.map(stamp).unwrap_or_default();
    let load = match f.load {
        Load::Loaded => "loaded",
        Load::NotFound => "not-found",
        Load::Masked => "masked",
        Load::BadSetting => "bad-setting",
    };
    let mut out: Vec<(&'static str, String)> = Vec::new();
    if name.ends_with(".service") {
        let restart = f.get("Service", "Restart");
        let last = u.main.as_ref();
        let exit = last.and_then(|m| m.ended).map(|(_, e)| e);
        let (code, status) = match exit {
            Some(Exit::Status(s)) => (1, s),
            Some(Exit::Signal(s)) => (2, s),
            None => (0, 0),
        };
        out.extend([
            ("Type", f.kind().to_owned()),
            ("Restart", if restart.is_empty() { "no".into() } else { restart.to_owned() }),
            ("RemainAfterExit", if f.get("Service", "RemainAfterExit") == "yes" { "yes" } else { "no" }.into()),
            ("MainPID", running.to_string()),
            ("ControlPID", "0".into()),
            ("StatusText", u.status_text.clone()),
            ("Result", u.result.to_owned()),
            ("NRestarts", u.restarts.to_string()),
            ("ExecMainStartTimestamp", time(last.map(|m| m.started))),
            ("ExecMainExitTimestamp", time(last.and_then(|m| m.ended).map(|(t, _)| t))),
            ("ExecMainPID", last.map_or(0, |m| m.pid).to_string()),
            ("ExecMainCode", code.to_string()),
            ("ExecMainStatus", status.to_string()),
        ]);
        for key in ["ExecStartPre", "ExecStart", "ExecReload", "ExecStop"] {
            let ran = u.control.iter().chain(&u.main).find(|r| r.setting == key);
            out.extend(ran.map(|r| (key, command(r))));
        }
        out.push(("Slice", "system.slice".into()));
        let alive = u.sub == "running";
        out.push(("ControlGroup", if alive { cgroup(&f.name) } else { String::new() }));
    }
    out.extend([
        ("Id", f.name.clone()),
        ("Names", f.name.clone()),
        ("Requires", f.words("Unit", "Requires").join(" ")),
        ("Wants", file::wants(&host.fs, &f).join(" ")),
        ("PartOf", f.words("Unit", "PartOf").join(" ")),
        ("WantedBy", f.words("Install", "WantedBy").join(" ")),
        ("Documentation", f.words("Unit", "Documentation").join(" ")),
        ("Description", f.description()),
        ("LoadState", load.into()),
        ("ActiveState", u.active.to_string()),
        ("SubState", u.sub.to_owned()),
        ("FragmentPath", f.path.clone()),
        ("DropInPaths", f.drop_ins.join(" ")),
        ("UnitFileState", if f.load == Load::NotFound { String::new() } else { file::enabled(&host.fs, &f).into() }),
        ("UnitFilePreset", "enabled".into()),
        ("StateChangeTimestamp", time(u.changed)),
        ("ActiveEnterTimestamp", time(u.active_enter)),
        ("ActiveExitTimestamp", time(u.active_exit)),
        ("CanStart", "yes".into()),
        ("CanStop", "yes".into()),
        ("CanReload", if f.get("Service", "ExecReload").is_empty() { "no" } else { "yes" }.into()),
        ("NeedDaemonReload", "no".into()),
    ]);
    out
}
