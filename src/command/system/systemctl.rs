//! systemctl(1) and service(8): jobs, states, `status` in its layout.
//!
//! Left out: everything but services, `edit`, dependencies, `--state=` filters beyond the usual ones, `isolate` and power.

use super::super::Ctx;
use crate::base::time::WEEKDAYS;
use crate::base::{Span, Time};
use crate::host::Host;
use crate::host::units::{Active, SPECS, Spec, State, full_name, spec};
use crate::sim::JobError;

const VERBS: &[&str] = &[
    "cat",
    "daemon-reload",
    "disable",
    "enable",
    "is-active",
    "is-enabled",
    "is-failed",
    "kill",
    "list-unit-files",
    "list-units",
    "mask",
    "reload",
    "reload-or-restart",
    "reset-failed",
    "restart",
    "show",
    "start",
    "status",
    "stop",
    "try-restart",
    "unmask",
];

/// systemctl(1).
pub async fn systemctl(ctx: &mut Ctx) -> i32 {
    let mut words = Vec::new();
    let mut o = Options::default();
    let mut args = ctx.args[1..].iter();
    while let Some(a) = args.next() {
        match a.as_str() {
            "--no-pager" => o.no_pager = true,
            "-l" | "--full" => o.full = true,
            "-q" | "--quiet" => o.quiet = true,
            "-a" | "--all" => o.all = true,
            "--now" => o.now = true,
            "--failed" => o.failed = true,
            "--no-legend" | "--legend=no" => o.no_legend = true,
            "--plain" | "--system" | "--no-block" | "--no-ask-password" => {}
            "-n" | "--lines" => o.lines = args.next().and_then(|n| n.parse().ok()).unwrap_or(10),
            "-p" | "--property" => o.properties.extend(split(args.next())),
            "-t" | "--type" | "--state" => {
                args.next();
            }
            a if a.starts_with("-n") => o.lines = a[2..].parse().unwrap_or(10),
            a if a.starts_with("--lines=") => o.lines = a[8..].parse().unwrap_or(10),
            a if a.starts_with("--property=") => o.properties.extend(split(Some(&a[11..].to_owned()))),
            a if a.starts_with("--state=failed") => o.failed = true,
            a if a.starts_with("--type=") || a.starts_with("--state=") => {}
            "--value" => o.value = true,
            a if a.starts_with('-') && a.len() > 1 => {
                ctx.err(match a.strip_prefix("--") {
                    Some(_) => format!("{}: unrecognized option '{a}'\n", ctx.args[0]),
                    None => format!("{}: invalid option -- '{}'\n", ctx.args[0], &a[1..2]),
                });
                return 1;
            }
            _ => words.push(a.clone()),
        }
    }
    let verb = if words.is_empty() { "list-units".to_owned() } else { words.remove(0) };
    let world = ctx.world();
    world.borrow_mut().watch_units();
    run(ctx, &verb, &words, &o).await
}

#[derive(Default)]
struct Options {
    no_pager: bool,
    full: bool,
    quiet: bool,
    all: bool,
    now: bool,
    failed: bool,
    no_legend: bool,
    value: bool,
    lines: usize,
    properties: Vec<String>,
}

fn split(list: Option<&String>) -> Vec<String> {
    list.map(|l| l.split(',').map(str::to_owned).collect()).unwrap_or_default()
}

/// service(8): `service NAME VERB`.
pub async fn service(ctx: &mut Ctx) -> i32 {
    let (name, verb) = match (ctx.args.get(1), ctx.args.get(2)) {
        (Some(n), Some(v)) => (n.clone(), v.clone()),
        (Some(n), None) if n == "--status-all" => {
            let lines: String = ["cron", "dbus", "dovecot", "postfix", "rsyslog", "ssh"]
                .into_iter()
                .map(|n| {
                    let on = ctx.world().borrow().host.units.get(&full_name(n)).active == Active::Active;
                    format!(" [ {} ]  {n}\n", if on { '+' } else { '-' })
                })
                .collect();
            ctx.out(lines);
            return 0;
        }
        _ => {
            ctx.err("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n");
            return 1;
        }
    };
    if spec(&name).is_none() {
        ctx.err(format!("{name}: unrecognized service\n"));
        return 1;
    }
    let verb = if verb == "force-reload" { "reload-or-restart".to_owned() } else { verb };
    run(ctx, &verb, &[name], &Options { lines: 10, ..Options::default() }).await
}

async fn run(ctx: &mut Ctx, verb: &str, names: &[String], o: &Options) -> i32 {
    if !VERBS.contains(&verb) {
        ctx.err(format!("Unknown command verb {verb}.\n"));
        return 1;
    }
    let jobs = matches!(verb, "start" | "stop" | "restart" | "reload" | "reload-or-restart" | "try-restart");
    let needs = jobs
        || matches!(
            verb,
            "cat" | "disable" | "enable" | "is-active" | "is-enabled" | "is-failed" | "kill" | "mask" | "unmask"
        );
    if needs && names.is_empty() {
        ctx.err("Too few arguments.\n");
        return 1;
    }
    let changes = jobs || matches!(verb, "disable" | "enable" | "mask" | "unmask" | "kill" | "daemon-reload");
    if changes && ctx.io.cred.uid != 0 {
        ctx.err(format!(
            "Failed to {verb} {}: Interactive authentication required.\n",
            names.first().map_or_else(String::new, |n| full_name(n))
        ));
        return 1;
    }
    if jobs {
        return job(ctx, verb, names).await;
    }
    match verb {
        "status" => status(ctx, names, o),
        "is-active" | "is-failed" => asked(ctx, verb, names, o),
        "is-enabled" => enabled(ctx, names, o),
        "enable" | "disable" => enable(ctx, verb == "enable", names, o).await,
        "mask" | "unmask" => mask(ctx, verb == "mask", names, o).await,
        "cat" => cat(ctx, names),
        "show" => show(ctx, names, o),
        "list-units" => list(ctx, names, o),
        "list-unit-files" => list_files(ctx, names),
        "reset-failed" => {
            let world = ctx.world();
            let mut w = world.borrow_mut();
            let now = w.host.now;
            for s in SPECS.iter().filter(|s| names.is_empty() || names.iter().any(|n| matches(n, s))) {
                if w.host.units.get(s.name).active == Active::Failed {
                    w.host.units.change(s, |u| {
                        u.active = Active::Inactive;
                        u.result = "";
                        u.since = now;
                    });
                }
            }
            0
        }
        _ => 0,
    }
}

fn matches(pattern: &str, s: &Spec) -> bool {
    let full = if pattern.contains('*') { pattern.to_owned() } else { full_name(pattern) };
    super::super::text::glob::fits(&full, s.name)
}

async fn job(ctx: &mut Ctx, verb: &str, names: &[String]) -> i32 {
    let mut status = 0;
    for n in names {
        let full = full_name(n);
        let done = {
            let world = ctx.world();
            let mut w = world.borrow_mut();
            let active = w.host.units.get(&full).active == Active::Active;
            match verb {
                "start" => w.unit_start(n),
                "stop" => w.unit_stop(n),
                "reload" => w.unit_reload(n),
                "reload-or-restart" if active && spec(n).is_some_and(|s| s.reload) => w.unit_reload(n),
                "try-restart" if !active => Ok(()),
                _ => w.unit_restart(n),
            }
        };
        // What a job takes: Postfix's start script is slow.
        let entity = format!("{full}/{verb}");
        let (low, high) = if full.starts_with("postfix") { (500_000, 900_000) } else { (40_000, 120_000) };
        let span = ctx.world().borrow().host.jitter("systemctl", &entity, low, high);
        ctx.io.sleep(span).await;
        match done {
            Ok(()) => {}
            Err(JobError::NotFound) => {
                ctx.err(format!("Failed to {verb} {full}: Unit {full} not found.\n"));
                status = 5;
            }
            Err(JobError::Masked) => {
                ctx.err(format!("Failed to {verb} {full}: Unit {full} is masked.\n"));
                status = 1;
            }
            Err(JobError::NotActive) => {
                ctx.err(format!("{full} is not active, cannot reload.\n"));
                status = 1;
            }
            Err(JobError::NoReload) => {
                ctx.err(format!("Failed to reload {full}: Job type reload is not applicable for unit {full}.\n"));
                status = 1;
            }
            Err(JobError::Failed) => {
                ctx.err(format!(
                    "Job for {full} failed because the control process exited with error code.\nSee \"systemctl status \
                     {full}\" and \"journalctl -xeu {full}\" for details.\n"
                ));
                status = 1;
            }
        }
    }
    status
}

fn asked(ctx: &Ctx, verb: &str, names: &[String], o: &Options) -> i32 {
    let wanted = if verb == "is-failed" { Active::Failed } else { Active::Active };
    let mut any = false;
    for n in names {
        let a = spec(n).map_or(Active::Inactive, |s| ctx.world().borrow().host.units.get(s.name).active);
        any |= a == wanted;
        if !o.quiet {
            ctx.out(format!("{}\n", a.word()));
        }
    }
    match (any, verb) {
        (true, _) => 0,
        (false, "is-failed") => 1,
        _ => 3,
    }
}

fn enabled_word(s: &Spec, u: &State) -> &'static str {
    match (u.masked, u.disabled) {
        (true, _) => "masked",
        (_, true) => "disabled",
        _ => s.enabled_word,
    }
}

fn enabled(ctx: &Ctx, names: &[String], o: &Options) -> i32 {
    let mut status = 1;
    for n in names {
        let Some(s) = spec(n) else {
            ctx.err(format!("Failed to get unit file state for {}: No such file or directory\n", full_name(n)));
            continue;
        };
        let word = enabled_word(s, &ctx.world().borrow().host.units.get(s.name));
        if word.starts_with("enabled") {
            status = 0;
        }
        if !o.quiet {
            ctx.out(format!("{word}\n"));
        }
    }
    status
}

async fn enable(ctx: &mut Ctx, on: bool, names: &[String], o: &Options) -> i32 {
    let verb = if on { "enable" } else { "disable" };
    for n in names {
        let Some(s) = spec(n) else {
            ctx.err(format!("Failed to {verb} unit: Unit file {} does not exist.\n", full_name(n)));
            return 1;
        };
        let short = s.name.trim_end_matches(".service");
        if matches!(short, "postfix" | "dovecot" | "cron" | "ssh" | "rsyslog") {
            ctx.err(format!(
                "Synchronizing state of {} with SysV service script with /lib/systemd/systemd-sysv-install.\nExecuting: \
                 /lib/systemd/systemd-sysv-install {verb} {short}\n",
                s.name
            ));
        }
        let changed = ctx.world().borrow_mut().unit_enable(s, on);
        let link = format!("/etc/systemd/system/multi-user.target.wants/{}", s.name);
        if changed && on {
            ctx.err(format!("Created symlink {link} → {}.\n", s.file));
        } else if changed {
            ctx.err(format!("Removed \"{link}\".\n"));
        }
    }
    if o.now { job(ctx, if on { "start" } else { "stop" }, names).await } else { 0 }
}

async fn mask(ctx: &mut Ctx, on: bool, names: &[String], o: &Options) -> i32 {
    for n in names {
        let full = full_name(n);
        let Some(s) = spec(n) else {
            ctx.err(format!("Unit {full} does not exist, proceeding anyway.\n"));
            continue;
        };
        let changed = {
            let world = ctx.world();
            let mut w = world.borrow_mut();
            let was = w.host.units.get(s.name).masked;
            w.host.units.change(s, |u| u.masked = on);
            was != on
        };
        if changed && on {
            ctx.err(format!("Created symlink /etc/systemd/system/{full} → /dev/null.\n"));
        } else if changed {
            ctx.err(format!("Removed \"/etc/systemd/system/{full}\".\n"));
        }
    }
    if o.now && on { job(ctx, "stop", names).await } else { 0 }
}

fn cat(ctx: &Ctx, names: &[String]) -> i32 {
    let mut status = 0;
    for (i, n) in names.iter().enumerate() {
        match spec(n) {
            Some(s) => {
                let gap = if i > 0 { "\n" } else { "" };
                ctx.out(format!("{gap}# {}\n{}", s.file, s.text));
            }
            None => {
                ctx.err(format!("No files found for {}.\n", full_name(n)));
                status = 1;
            }
        }
    }
    status
}

fn show(ctx: &Ctx, names: &[String], o: &Options) -> i32 {
    for n in names {
        let s = spec(n);
        let u = s.map(|s| ctx.world().borrow().host.units.get(s.name)).unwrap_or_default();
        let full = full_name(n);
        let all = [
            ("Type", s.map_or("", |s| type_word(s)).to_owned()),
            ("MainPID", u.main_pid.to_string()),
            ("Result", if u.result.is_empty() { "success".into() } else { u.result.to_owned() }),
            ("Id", s.map_or(full.clone(), |s| s.name.to_owned())),
            ("Description", s.map_or(full, |s| s.description.to_owned())),
            (
                "LoadState",
                if s.is_none() {
                    "not-found"
                } else if u.masked {
                    "masked"
                } else {
                    "loaded"
                }
                .to_owned(),
            ),
            ("ActiveState", u.active.word().to_owned()),
            ("SubState", s.map_or("dead", |s| s.sub(u.active)).to_owned()),
            ("FragmentPath", s.map_or("", |s| s.file).to_owned()),
            ("UnitFileState", s.map_or("", |s| enabled_word(s, &u)).to_owned()),
            ("ActiveEnterTimestamp", if u.active == Active::Active { stamp(u.since) } else { String::new() }),
        ];
        for (k, v) in all.iter().filter(|(k, _)| o.properties.is_empty() || o.properties.iter().any(|p| p == k)) {
            ctx.out(if o.value { format!("{v}\n") } else { format!("{k}={v}\n") });
        }
    }
    0
}

fn type_word(s: &Spec) -> &'static str {
    use crate::host::units::Type;
    match s.kind {
        Type::Oneshot => "oneshot",
        Type::Forking => "forking",
        Type::Notify => "notify",
        Type::Simple => "simple",
    }
}

fn list(ctx: &Ctx, names: &[String], o: &Options) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let rows: Vec<(bool, [String; 5])> = SPECS
        .iter()
        .filter(|s| names.is_empty() || names.iter().any(|n| matches(n, s)))
        .map(|s| (s, w.host.units.get(s.name)))
        .filter(|(_, u)| if o.failed { u.active == Active::Failed } else { o.all || u.active != Active::Inactive })
        .map(|(s, u)| {
            let failed = u.active == Active::Failed;
            let cells = [s.name, "loaded", u.active.word(), s.sub(u.active), s.description].map(str::to_owned);
            (failed, cells)
        })
        .collect();
    let head = ["UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION"].map(str::to_owned);
    let width = |i: usize| rows.iter().map(|(_, r)| r[i].len()).chain([head[i].len()]).max().unwrap_or(0);
    let line = |mark: &str, r: &[String; 5]| {
        let (a, b, c, d) = (width(0), width(1), width(2), width(3));
        format!("{mark} {:<a$} {:<b$} {:<c$} {:<d$} {}\n", r[0], r[1], r[2], r[3], r[4])
    };
    let mut out = String::new();
    if !o.no_legend && !rows.is_empty() {
        out += &line(" ", &head);
    }
    for (failed, r) in &rows {
        out += &line(if *failed { "●" } else { " " }, r);
    }
    if !o.no_legend {
        if rows.is_empty() {
            out += "0 loaded units listed.";
        } else {
            out += "\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit \
                    activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values \
                    depend on unit type.\n";
            out += &format!("{} loaded units listed.", rows.len());
        }
        if !o.failed && !o.all {
            out += " Pass --all to see loaded but inactive units, too.\nTo show all installed unit files use 'systemctl \
                    list-unit-files'.";
        }
        out.push('\n');
    }
    ctx.out(out);
    0
}

fn list_files(ctx: &Ctx, names: &[String]) -> i32 {
    let world = ctx.world();
    let w = world.borrow();
    let mut out = String::from("UNIT FILE                STATE           PRESET\n");
    let mut n = 0;
    for s in SPECS.iter().filter(|s| names.is_empty() || names.iter().any(|n| matches(n, s))) {
        n += 1;
        out += &format!("{:<24} {:<15} enabled\n", s.name, enabled_word(s, &w.host.units.get(s.name)));
    }
    out += &format!("\n{n} unit files listed.\n");
    ctx.out(out);
    0
}

fn status(ctx: &Ctx, names: &[String], o: &Options) -> i32 {
    let mut code = 0;
    let mut first = true;
    for n in names {
        let found: Vec<&Spec> = SPECS
            .iter()
            .filter(|s| if n.contains('*') { matches(n, s) } else { spec(n).is_some_and(|x| x.name == s.name) })
            .collect();
        if found.is_empty() {
            if !n.contains('*') {
                ctx.err(format!("Unit {} could not be found.\n", full_name(n)));
                code = 4;
            }
            continue;
        }
        for s in found {
            let world = ctx.world();
            let w = world.borrow();
            let u = w.host.units.get(s.name);
            if n.contains('*') && u.active == Active::Inactive {
                continue;
            }
            let width = (ctx.stdout_is_terminal() && o.no_pager && !o.full).then(|| ctx.columns());
            let text = one(&w.host, s, &u, o, width);
            drop(w);
            ctx.out(if first { text } else { format!("\n{text}") });
            first = false;
            if u.active != Active::Active {
                code = code.max(3);
            }
        }
    }
    code
}

/// `systemctl status` of one unit.
fn one(host: &Host, s: &Spec, u: &State, o: &Options, width: Option<usize>) -> String {
    let dot = match u.active {
        Active::Active => "●",
        Active::Inactive => "○",
        Active::Failed => "×",
    };
    let mut out = format!("{dot} {}\n", s.title());
    if u.masked {
        out += "     Loaded: masked (Reason: Unit ";
        out += &format!("{} is masked.)\n", s.name);
    } else {
        out += &format!("     Loaded: loaded ({}; {}; preset: enabled)\n", s.file, enabled_word(s, u));
    }
    let since = |word: &str| {
        if u.since == Time::default() {
            return format!("     Active: {word}\n");
        }
        format!("     Active: {word} since {}; {}\n", stamp(u.since), ago(host.now - u.since))
    };
    out += &match u.active {
        Active::Active => since(&format!("active ({})", s.sub(u.active))),
        Active::Inactive => since("inactive (dead)"),
        Active::Failed => since(&format!("failed (Result: {})", u.result)),
    };
    if let Some(d) = u.duration {
        out += &format!("   Duration: {}\n", timespan(d));
    }
    if s.name == "rsyslog.service" {
        out += "TriggeredBy: ● syslog.socket\n";
    }
    for (i, d) in s.docs.iter().enumerate() {
        out += &if i == 0 { format!("       Docs: {d}\n") } else { format!("             {d}\n") };
    }
    for e in u.ended.iter().filter(|e| !e.main) {
        out += &format!("    Process: {} {} ({})\n", e.pid, e.what, e.how);
    }
    if u.main_pid != 0 {
        let comm = host.procs.get(u.main_pid).map_or("", |p| p.comm.as_str());
        out += &format!("   Main PID: {} ({comm})\n", u.main_pid);
    } else if let Some(e) = u.ended.iter().rev().find(|e| e.main) {
        out += &format!("   Main PID: {} ({})\n", e.pid, e.how);
    }
    if !u.status.is_empty() {
        out += &format!("     Status: \"{}\"\n", u.status);
    }
    if u.cpu != Span::ZERO {
        out += &format!("        CPU: {}\n", timespan(u.cpu));
    }
    let procs: Vec<_> = host.procs.iter().filter(|p| p.unit == s.name).collect();
    if u.active == Active::Active && !procs.is_empty() {
        let slice = if s.name.contains('@') { "/system.slice/system-postfix.slice" } else { "/system.slice" };
        out += &format!("     CGroup: {slice}/{}\n", s.name);
        let digits = procs.iter().map(|p| p.pid.to_string().len()).max().unwrap_or(1);
        for (i, p) in procs.iter().enumerate() {
            let branch = if i + 1 == procs.len() { "└─" } else { "├─" };
            let args = match width {
                Some(w) => ellipsize(&p.args, w.saturating_sub(16 + digits), 100),
                None => p.args.clone(),
            };
            out += &format!("             {branch}{:>digits$} {args}\n", p.pid);
        }
    }
    let from = u.journal_from.min(host.journal.len());
    let tail: Vec<_> =
        host.journal.iter().skip(from).filter(|r| &*r.unit == s.name && u.since != Time::default()).collect();
    let shown = tail.len().saturating_sub(if o.lines == 0 { 10 } else { o.lines });
    let mut cut = false;
    for (i, r) in tail[shown..].iter().enumerate() {
        let line = r.journal(&host.name);
        let line = match width {
            Some(w) if line.chars().count() > w => {
                cut = true;
                let head = line.find("]: ").map_or(0, |p| p + 3);
                let room = w.saturating_sub(line[..head].chars().count());
                format!("{}{}", &line[..head], ellipsize(&line[head..], room, 90))
            }
            _ => line,
        };
        out += &if i == 0 { format!("\n{line}\n") } else { format!("{line}\n") };
    }
    if cut {
        out += "Hint: Some lines were ellipsized, use -l to show in full.\n";
    }
    out
}

/// Cuts a text to `width`, keeping `percent` of it before the ellipsis.
fn ellipsize(text: &str, width: usize, percent: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= width || width < 3 {
        return text.to_owned();
    }
    let left = ((width - 1) * percent + 50) / 100;
    let right = width - 1 - left;
    chars[..left].iter().chain(&['…']).chain(&chars[chars.len() - right..]).collect()
}

/// `Tue 2026-11-24 03:26:59 UTC`.
fn stamp(t: Time) -> String {
    let c = t.civil();

    format!(
        "{} {:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC",
        WEEKDAYS[c.weekday as usize], c.year, c.month, c.day, c.hour, c.minute, c.second
    )
}

/// How long ago, as systemd words it.
fn ago(d: Span) -> String {
    let s = d.as_secs();
    let plural = |n: i64, w: &str| format!("{n} {w}{}", if n == 1 { "" } else { "s" });
    match s {
        s if s >= 14 * 86_400 => format!("{} {} ago", plural(s / 604_800, "week"), plural(s % 604_800 / 86_400, "day")),
        s if s >= 7 * 86_400 => format!("1 week {} ago", plural(s % 604_800 / 86_400, "day")),
        s if s >= 2 * 86_400 => format!("{} ago", plural(s / 86_400, "day")),
        s if s >= 25 * 3600 => format!("1 day {}h ago", (s - 86_400) / 3600),
        s if s >= 6 * 3600 => format!("{}h ago", s / 3600),
        s if s >= 3600 => format!("{}h {}min ago", s / 3600, s % 3600 / 60),
        s if s >= 300 => format!("{}min ago", s / 60),
        s if s >= 60 => format!("{}min {}s ago", s / 60, s % 60),
        s if s >= 1 => format!("{s}s ago"),
        _ if d.0 >= 1_000 => format!("{}ms ago", d.0 / 1_000),
        _ if d.0 > 0 => format!("{}us ago", d.0),
        _ => "now".into(),
    }
}

/// A length of time to the millisecond, as systemd words it.
fn timespan(d: Span) -> String {
    let (mut out, ms) = (Vec::new(), d.0 / 1_000);
    let s = ms / 1_000;
    for (n, unit) in [(s / 86_400, "d"), (s / 3600 % 24, "h"), (s / 60 % 60, "min")] {
        if n > 0 {
            out.push(format!("{n}{unit}"));
        }
    }
    if s == 0 {
        return format!("{ms}ms");
    }
    if !out.is_empty() || s > 0 {
        out.push(if ms % 1_000 == 0 { format!("{}s", s % 60) } else { format!("{}.{:03}s", s % 60, ms % 1_000) });
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (ms, a, d) in [
            (475, "475ms ago", "475ms"),
            (1_000, "1s ago", "1s"),
            (105_917, "1min 45s ago", "1min 45.917s"),
            (400_000, "6min ago", "6min 40s"),
            (8_000_000, "2h 13min ago", "2h 13min 20s"),
        ] {
            assert_eq!(ago(Span::millis(ms)), a);
            assert_eq!(timespan(Span::millis(ms)), d);
        }
    }

    #[test]
    fn cut_text_keeps_its_end() {
        assert_eq!(ellipsize("abcdefghijklmnopqrst", 11, 90), "abcdefghi…t");
        assert_eq!(ellipsize("abc", 11, 90), "abc");
    }
}
