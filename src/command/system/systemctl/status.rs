//! `systemctl status`: what a unit is, its processes, and the last lines of its journal.

use super::{Opts, expand};
use crate::base::{Span, Time};
use crate::command::Ctx;
use crate::command::system::journalctl::lines;
use crate::host::Host;
use crate::host::units::file::{self, Load, UnitFile};
use crate::host::units::{Active, Exit, Ran, Unit};
use crate::log::systemd::{signal_name, status_name};
use std::fmt::Write as _;

/// `Tue 2026-11-24 03:26:59 UTC`.
pub(in crate::command::system) fn stamp(t: Time) -> String {
    let c = t.civil();
    let day = crate::base::time::WEEKDAYS[c.weekday as usize];
    format!("{day} {:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", c.year, c.month, c.day, c.hour, c.minute, c.second)
}

/// `1min 45s ago`, as systemd rounds it.
pub(super) fn ago(d: Span) -> String {
    const MS: i64 = 1_000;
    const S: i64 = 1_000 * MS;
    const MIN: i64 = 60 * S;
    const H: i64 = 60 * MIN;
    const DAY: i64 = 24 * H;
    let d = d.0;
    let s = |n: i64| if n == 1 { "" } else { "s" };
    match d {
        d if d >= 7 * DAY => {
            let (w, r) = (d / (7 * DAY), d % (7 * DAY) / DAY);
            format!("{w} week{} {r} day{} ago", s(w), s(r))
        }
        d if d >= 2 * DAY => format!("{} days ago", d / DAY),
        d if d >= 25 * H => format!("1 day {}h ago", (d - DAY) / H),
        d if d >= 6 * H => format!("{}h ago", d / H),
        d if d >= H => format!("{}h {}min ago", d / H, d % H / MIN),
        d if d >= 5 * MIN => format!("{}min ago", d / MIN),
        d if d >= MIN => format!("{}min {}s ago", d / MIN, d % MIN / S),
        d if d >= S => format!("{}s ago", d / S),
        d if d >= MS => format!("{}ms ago", d / MS),
        d if d > 0 => format!("{d}us ago"),
        _ => "now".into(),
    }
}

/// A length of time to the millisecond: `1min 45.917s`, `528ms`.
pub(super) fn timespan(d: Span) -> String {
    let mut ms = d.0 / 1_000;
    if ms <= 0 {
        return if d.0 > 0 { format!("{}us", d.0) } else { "0".into() };
    }
    let mut out: Vec<String> = Vec::new();
    for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min")] {
        if ms >= unit {
            out.push(format!("{}{name}", ms / unit));
            ms %= unit;
        }
    }
    match (ms / 1_000, ms % 1_000) {
        (0, 0) => {}
        (0, m) => out.push(format!("{m}ms")),
        (s, 0) => out.push(format!("{s}s")),
        (s, m) => out.push(format!("{s}.{m:03}s")),
    }
    out.join(" ")
}

/// `status=0/SUCCESS`, `status=89`, `signal=KILL`, with the code before it.
fn exit_text(exit: Exit) -> String {
    match exit {
        Exit::Status(s) => match status_name(s) {
            Some(n) => format!("code=exited, status={s}/{n}"),
            None => format!("code=exited, status={s}"),
        },
        Exit::Signal(s) => format!("code=killed, signal={}", signal_name(s)),
    }
}

fn dot(active: Active) -> &'static str {
    match active {
        Active::Inactive => "○",
        Active::Failed => "×",
        Active::Reloading => "↻",
        _ => "●",
    }
}

pub(super) fn status(ctx: &Ctx, o: &Opts, names: &[String]) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let host = &w.host;
    if names.is_empty() {
        return overview(ctx, host);
    }
    let mut status = 0;
    let mut cut = false;
    let mut first = true;
    for name in expand(&host.units, names) {
        if let Some(pid) = name.strip_suffix(".service").and_then(|n| n.parse::<u32>().ok())
            && let Some(p) = host.procs.get(pid)
        {
            let unit = p.unit.clone();
            let (text, _, c) = one(ctx, o, host, &unit);
            cut |= c;
            ctx.out(text);
            continue;
        }
        let f = file::load(&host.fs, &name);
        if f.load == Load::NotFound && host.units.get(&f.name).is_none() {
            ctx.err(format!("Unit {name} could not be found.\n"));
            status = 4;
            continue;
        }
        let (text, code, c) = one(ctx, o, host, &name);
        if !first {
            ctx.out("\n");
        }
        first = false;
        ctx.out(text);
        cut |= c;
        if status == 0 {
            status = code;
        }
    }
    if cut && !o.quiet {
        ctx.out("Hint: Some lines were ellipsized, use -l to show in full.\n");
    }
    status
}

/// The block of one unit, its exit status, and whether a line was cut.
fn one(ctx: &Ctx, o: &Opts, host: &Host, name: &str) -> (String, i32, bool) {
    let f = file::load(&host.fs, name);
    let none = Unit { sub: "dead", result: "success", ..Unit::default() };
    let u = host.units.get(&f.name).unwrap_or(&none);
    let mut out = String::new();
    let title = if f.description() == f.name { f.name.clone() } else { format!("{} - {}", f.name, f.description()) };
    let _ = writeln!(out, "{} {title}", dot(u.active));
    loaded(&mut out, host, &f);
    active(&mut out, host, &f, u);
    triggered_by(&mut out, host, &f);
    let docs = f.words("Unit", "Documentation");
    for (i, d) in docs.iter().enumerate() {
        let _ = writeln!(out, "{}{d}", if i == 0 { "       Docs: " } else { "             " });
    }
    processes(&mut out, host, &f, u);
    if !u.status_text.is_empty() {
        let _ = writeln!(out, "     Status: \"{}\"", u.status_text);
    }
    let cpu = cpu(host, u);
    if cpu.0 > 0 {
        let _ = writeln!(out, "        CPU: {}", timespan(cpu));
    }
    let alive = !matches!(u.active, Active::Inactive | Active::Failed) && u.sub != "exited";
    if alive && f.name.ends_with(".service") {
        let _ = writeln!(out, "     CGroup: {}", cgroup(&f.name));
        let mine: Vec<(u32, String)> =
            host.procs.iter().filter(|p| *p.unit == *f.name).map(|p| (p.pid, p.args.clone())).collect();
        let width = mine.iter().map(|(p, _)| p.to_string().len()).max().unwrap_or(0);
        let columns = if o.full || !ctx.stdout_is_terminal() { usize::MAX } else { ctx.columns() };
        for (i, (pid, args)) in mine.iter().enumerate() {
            let branch = if i + 1 == mine.len() { "└─" } else { "├─" };
            let line = format!("{pid:>width$} {args}");
            let room = columns.saturating_sub(15);
            let line = if line.chars().count() > room { lines::ellipsize(&line, room, 100) } else { line };
            let _ = writeln!(out, "             {branch}{line}");
        }
    }
    let columns = if o.full || !ctx.stdout_is_terminal() { None } else { Some(ctx.columns()) };
    let (log, cut) = lines::of_unit(host, &f.name, u.invocation, o.lines, columns);
    if !log.is_empty() {
        out.push('\n');
        out.push_str(&log);
    }
    let code = if matches!(u.active, Active::Active | Active::Reloading | Active::Activating) || alive { 0 } else { 3 };
    let code = if u.active == Active::Deactivating || u.active == Active::Activating { 3 } else { code };
    (out, code, cut)
}

fn loaded(out: &mut String, host: &Host, f: &UnitFile) {
    let _ = match f.load {
        Load::Masked => writeln!(out, "     Loaded: masked (Reason: Unit {} is masked.)", f.name),
        Load::NotFound => writeln!(out, "     Loaded: not-found (Reason: Unit {} not found.)", f.name),
        Load::BadSetting => {
            writeln!(out, "     Loaded: bad-setting (Reason: Unit {} has a bad unit file setting.)", f.name)
        }
        Load::Loaded => {
            let state = file::enabled(&host.fs, f);
            let preset = if state == "static" { String::new() } else { "; preset: enabled".to_owned() };
            writeln!(out, "     Loaded: loaded ({}; {state}{preset})", f.path)
        }
    };
    if let Some(first) = f.drop_ins.first() {
        let dir = first.rsplit_once('/').map_or("", |(d, _)| d);
        let _ = writeln!(out, "    Drop-In: {dir}");
        let n = f.drop_ins.len();
        for (i, d) in f.drop_ins.iter().enumerate() {
            let name = d.rsplit('/').next().unwrap_or(d);
            let _ = writeln!(out, "             {}{name}", if i + 1 == n { "└─" } else { "├─" });
        }
    }
}

fn active(out: &mut String, host: &Host, f: &UnitFile, u: &Unit) {
    let state = match u.active {
        Active::Failed => format!("failed (Result: {})", u.result),
        a => format!("{a} ({})", u.sub),
    };
    match u.changed {
        Some(t) => {
            let _ = writeln!(out, "     Active: {state} since {}; {}", stamp(t), ago(host.now - t));
        }
        None => {
            let _ = writeln!(out, "     Active: {state}");
        }
    }
    if matches!(u.active, Active::Inactive | Active::Failed)
        && let (Some(from), Some(to)) = (u.active_enter, u.active_exit)
        && to >= from
        && f.name.ends_with(".service")
    {
        let _ = writeln!(out, "   Duration: {}", timespan(to - from));
    }
}

fn triggered_by(out: &mut String, host: &Host, f: &UnitFile) {
    let sockets: Vec<&str> = f.words("Unit", "Requires").into_iter().filter(|r| r.ends_with(".socket")).collect();
    for (i, s) in sockets.iter().enumerate() {
        let head = if i == 0 { "TriggeredBy: " } else { "             " };
        let _ = writeln!(out, "{head}{} {s}", dot(host.units.active(s)));
    }
}

fn processes(out: &mut String, host: &Host, f: &UnitFile, u: &Unit) {
    const ORDER: [&str; 4] = ["ExecStartPre", "ExecStart", "ExecReload", "ExecStop"];
    let oneshot = f.kind() == "oneshot";
    let mut all: Vec<&Ran> = u.control.iter().collect();
    if let Some(m) = u.main.as_ref().filter(|_| !oneshot) {
        all.push(m);
    }
    all.sort_by_key(|r| ORDER.iter().position(|o| *o == r.setting));
    for r in all {
        if let Some((_, exit)) = r.ended {
            let _ = writeln!(out, "    Process: {} {}={} ({})", r.pid, r.setting, r.command, exit_text(exit));
        }
    }
    if let Some(m) = &u.main {
        let what = match m.ended {
            Some((_, exit)) => exit_text(exit),
            None => host.procs.get(m.pid).map_or_else(String::new, |p| p.comm.clone()),
        };
        let _ = writeln!(out, "   Main PID: {} ({what})", m.pid);
    }
    if u.active == Active::Deactivating && u.sub == "stop" {
        let _ = writeln!(out, "  Cntrl PID: {}", host.procs.last());
    }
}

fn cpu(host: &Host, u: &Unit) -> Span {
    let running = u.main.as_ref().is_some_and(|m| m.ended.is_none());
    let since = u.active_enter.map_or(0, |t| (host.now - t).0.max(0));
    if running { u.cpu + Span(since / 100_000) } else { u.cpu }
}

/// Where the unit's processes are filed.
pub(super) fn cgroup(name: &str) -> String {
    match name.split_once('@') {
        Some((base, _)) => format!("/system.slice/system-{base}.slice/{name}"),
        None => format!("/system.slice/{name}"),
    }
}

/// `systemctl status` alone.
fn overview(ctx: &Ctx, host: &Host) -> i32 {
    let failed = host.units.iter().filter(|(_, u)| u.active == Active::Failed).count();
    let state = if failed > 0 { "degraded" } else { "running" };
    ctx.out(format!(
        "● {}\n    State: {state}\n    Units: {} loaded (incl. loaded aliases)\n     Jobs: 0 queued\n   Failed: {failed} \
         units\n    Since: {}; {}\n  systemd: 252.39-1~deb12u1\n   CGroup: /\n",
        host.name,
        host.units.iter().count(),
        stamp(host.booted),
        ago(host.now - host.booted)
    ));
    let mut groups: Vec<_> = host.procs.iter().map(|p| p.unit.clone()).filter(|u| !u.is_empty()).collect();
    groups.sort();
    groups.dedup();
    for g in groups {
        ctx.out(format!("           ├─{g}\n"));
        for p in host.procs.iter().filter(|p| *p.unit == *g) {
            ctx.out(format!("           │ └─{} {}\n", p.pid, p.args));
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_systemd_words_them() {
        for (us, text) in [
            (475_000, "475ms ago"),
            (105_917_000, "1min 45s ago"),
            (1_200_000, "1s ago"),
            (90_000_000_000, "1 day 1h ago"),
        ] {
            assert_eq!(ago(Span(us)), text);
        }
        for (us, text) in [
            (105_917_000, "1min 45.917s"),
            (528_000, "528ms"),
            (25_824_000, "25.824s"),
            (2_978_631_000, "49min 38.631s"),
            (1_200, "1ms"),
        ] {
            assert_eq!(timespan(Span(us)), text);
        }
    }
}
