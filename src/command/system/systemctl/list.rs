//! `systemctl list-units`, `list-unit-files`, `list-dependencies`, `list-timers`, `list-sockets`.

use super::{Opts, matches};
use crate::command::Ctx;
use crate::host::units::file::{self, Load};
use crate::host::units::{Active, Unit};

fn suffix(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or("")
}

/// Lays out rows under a head; the last column is not padded.
fn table(head: &[&str], rows: &[Vec<String>], indent: &str, marks: &[&str]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|h| h.len()).collect();
    for r in rows {
        for (w, c) in widths.iter_mut().zip(r) {
            *w = (*w).max(c.chars().count());
        }
    }
    let line = |mark: &str, cells: Vec<&str>| {
        let n = cells.len();
        let mut out = mark.to_owned();
        for (i, c) in cells.into_iter().enumerate() {
            if i > 0 {
                out.push(' ');
            }
            out.push_str(c);
            if i + 1 < n {
                out.push_str(&" ".repeat(widths[i] - c.chars().count()));
            }
        }
        out.push('\n');
        out
    };
    let mut out = String::new();
    if !head.is_empty() {
        // The head of the last column is as wide as the column.
        let mut h: Vec<String> = head.iter().map(|s| (*s).to_owned()).collect();
        if let (Some(last), Some(w)) = (h.last_mut(), widths.last()) {
            *last = format!("{last:<w$}");
        }
        let text = line(indent, h.iter().map(String::as_str).collect());
        out.push_str(text.trim_end());
        out.push('\n');
    }
    for (r, m) in rows.iter().zip(marks) {
        out.push_str(&line(m, r.iter().map(String::as_str).collect()));
    }
    out
}

pub(super) fn units(ctx: &Ctx, o: &Opts, names: &[String]) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let none = Unit { sub: "dead", result: "success", ..Unit::default() };
    let mut known: Vec<(String, &Unit)> = w.host.units.iter().map(|(n, u)| (n.clone(), u)).collect();
    if o.all || !names.is_empty() {
        for (n, _) in file::all(&w.host.fs) {
            let template = n.contains("@.");
            if !template && o.all && !known.iter().any(|(k, _)| *k == n) && file::load(&w.host.fs, &n).name == n {
                known.push((n, &none));
            }
        }
    }
    known.sort_by(|a, b| (suffix(&a.0), &a.0).cmp(&(suffix(&b.0), &b.0)));
    let mut rows = Vec::new();
    let mut marks = Vec::new();
    for (n, u) in known {
        let f = file::load(&w.host.fs, &n);
        let load = match f.load {
            Load::Loaded => "loaded",
            Load::NotFound => "not-found",
            Load::Masked => "masked",
            Load::BadSetting => "bad-setting",
        };
        let shown = o.all || !o.states.is_empty() || !matches!(u.active, Active::Inactive);
        let in_state =
            o.states.is_empty() || o.states.iter().any(|s| *s == u.active.to_string() || s == u.sub || s == load);
        let in_type = o.types.is_empty() || o.types.iter().any(|t| t == suffix(&n));
        if !shown || !in_state || !in_type || !(names.is_empty() || names.iter().any(|p| matches(p, &n))) {
            continue;
        }
        marks.push(if u.active == Active::Failed || load != "loaded" { "● " } else { "  " });
        rows.push(vec![n, load.to_owned(), u.active.to_string(), u.sub.to_owned(), f.description()]);
    }
    if rows.is_empty() {
        if o.legend {
            ctx.out("0 loaded units listed.");
            if !o.all {
                ctx.out(" Pass --all to see loaded but inactive units, too.");
            }
            ctx.out("\nTo show all installed unit files use 'systemctl list-unit-files'.\n");
        }
        return 0;
    }
    let head: &[&str] = if o.legend { &["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"] } else { &[] };
    ctx.out(table(head, &rows, "  ", &marks));
    if o.legend {
        ctx.out(
            "\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation \
             state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values depend on unit type.\n",
        );
        let tail =
            if o.all || !o.states.is_empty() { "" } else { " Pass --all to see loaded but inactive units, too." };
        let tail = if o.states.is_empty() && !o.all {
            format!("{tail}\nTo show all installed unit files use 'systemctl list-unit-files'.")
        } else if o.states.is_empty() {
            "\nTo show all installed unit files use 'systemctl list-unit-files'.".to_owned()
        } else {
            String::new()
        };
        ctx.out(format!("{} loaded units listed.{tail}\n", rows.len()));
    }
    0
}

pub(super) fn files(ctx: &Ctx, o: &Opts, names: &[String]) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let fs = &w.host.fs;
    let mut rows = Vec::new();
    for (n, dir) in file::all(fs) {
        let f = file::load(fs, &n);
        let state = if f.name == n { file::enabled(fs, &f) } else { "alias" };
        let in_type = o.types.is_empty() || o.types.iter().any(|t| t == suffix(&n));
        let in_state = o.states.is_empty() || o.states.iter().any(|s| s == state);
        if !in_type || !in_state || !(names.is_empty() || names.iter().any(|p| matches(p, &n))) {
            continue;
        }
        let preset = if matches!(state, "static" | "alias") || dir.starts_with("/run") { "-" } else { "enabled" };
        rows.push(vec![n, state.to_owned(), preset.to_owned()]);
    }
    rows.sort_by(|a, b| (suffix(&a[0]), &a[0]).cmp(&(suffix(&b[0]), &b[0])));
    let marks = vec![""; rows.len()];
    let head: &[&str] = if o.legend { &["UNIT FILE", "STATE", "PRESET"] } else { &[] };
    ctx.out(table(head, &rows, "", &marks));
    if o.legend {
        ctx.out(format!("\n{} unit files listed.\n", rows.len()));
    }
    0
}

pub(super) fn dependencies(ctx: &Ctx, names: &[String]) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let name = file::complete_name(names.first().map_or("default.target", String::as_str));
    ctx.out(format!("{name}\n"));
    let mut lines = Vec::new();
    walk(&w.host, &name, "", 0, &mut lines);
    for l in lines {
        ctx.out(format!("{l}\n"));
    }
    0
}

fn walk(host: &crate::host::Host, name: &str, indent: &str, depth: u32, out: &mut Vec<String>) {
    let f = file::load(&host.fs, name);
    let mut wants = file::wants(&host.fs, &f);
    wants.retain(|n| file::load(&host.fs, n).load == Load::Loaded);
    wants.sort();
    let n = wants.len();
    for (i, unit) in wants.iter().enumerate() {
        let mark = match host.units.active(unit) {
            Active::Inactive => "○",
            Active::Failed => "×",
            _ => "●",
        };
        let last = i + 1 == n;
        out.push(format!("{mark} {indent}{}{unit}", if last { "└─" } else { "├─" }));
        // Services are leaves unless asked for.
        if depth < 4 && unit.ends_with(".target") {
            walk(host, unit, &format!("{indent}{}", if last { "  " } else { "│ " }), depth + 1, out);
        }
    }
}

/// Units of one type, as `list-sockets` and `list-timers` show them.
pub(super) fn by_suffix(ctx: &Ctx, verb: &str) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let mut rows = Vec::new();
    if verb == "list-sockets" {
        for (n, _) in w.host.units.iter().filter(|(n, u)| n.ends_with(".socket") && u.active == Active::Active) {
            let f = file::load(&w.host.fs, n);
            let listen = ["ListenStream", "ListenDatagram"].map(|k| f.get("Socket", k)).concat();
            let service = match f.get("Socket", "Service") {
                "" => n.replace(".socket", ".service"),
                s => s.to_owned(),
            };
            rows.push(vec![listen, n.clone(), service]);
        }
        rows.sort();
        ctx.out(table(&["LISTEN", "UNIT", "ACTIVATES"], &rows, "", &vec![""; rows.len()]));
        ctx.out(format!("\n{} sockets listed.\nPass --all to see loaded but inactive sockets, too.\n", rows.len()));
        return 0;
    }
    for (n, u) in w.host.units.iter().filter(|(n, u)| n.ends_with(".timer") && u.active == Active::Active) {
        let midnight = |t: crate::base::Time| {
            let c = t.civil();
            crate::base::Time::from_civil(c.year, c.month, c.day, 0, 0, 0)
        };
        let now = w.host.now;
        let next = midnight(now + crate::base::Span::days(1));
        let last = midnight(now).max(u.active_enter.unwrap_or(now));
        let left = super::status::timespan(crate::base::Span::secs((next - now).as_secs()));
        rows.push(vec![
            super::status::stamp(next),
            format!("{left} left"),
            super::status::stamp(last),
            super::status::ago(now - last),
            n.clone(),
            n.replace(".timer", ".service"),
        ]);
    }
    ctx.out(table(&["NEXT", "LEFT", "LAST", "PASSED", "UNIT", "ACTIVATES"], &rows, "", &vec![""; rows.len()]));
    ctx.out(format!("\n{} timers listed.\nPass --all to see loaded but inactive timers, too.\n", rows.len()));
    0
}
