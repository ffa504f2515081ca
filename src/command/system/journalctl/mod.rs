//! journalctl(1): the journal, filtered and laid out.
//!
//! Left out: cursors, journal files and namespaces, `--verify`, catalogue texts other than those of units.

mod catalog;
mod filter;
pub mod lines;

use crate::command::Ctx;
use crate::log::{Message, Record};
use filter::Filter;
use lines::Format;

struct Opts {
    filter: Filter,
    format: Format,
    reverse: bool,
    follow: bool,
    lines: Option<usize>,
    end: bool,
    hostname: bool,
    explain: bool,
    quiet: bool,
    full: bool,
    grep: Option<(String, bool)>,
}

/// Options with a value: short letter, long name.
const VALUED: [(char, &str); 14] = [
    ('u', "unit"),
    ('n', "lines"),
    ('p', "priority"),
    ('g', "grep"),
    ('o', "output"),
    ('S', "since"),
    ('U', "until"),
    ('t', "identifier"),
    ('b', "boot"),
    ('F', "field"),
    ('D', "directory"),
    ('c', "cursor"),
    ('\0', "facility"),
    ('\0', "user-unit"),
];

fn parse(ctx: &Ctx) -> Result<Opts, i32> {
    let mut o = Opts {
        filter: Filter::default(),
        format: Format::Short,
        reverse: false,
        follow: false,
        lines: None,
        end: false,
        hostname: true,
        explain: false,
        quiet: false,
        full: false,
        grep: None,
    };
    let now = ctx.world().borrow().now();
    let args: Vec<String> = ctx.args[1..].to_vec();
    let mut i = 0;
    while i < args.len() {
        let a = args[i].clone();
        i += 1;
        let optional = |name: &str| matches!(name, "boot" | "lines");
        let next_value = |i: &mut usize, name: &str| -> Option<String> {
            let v = args.get(*i).cloned();
            let fits = match (name, v.as_deref()) {
                (_, None) => false,
                ("boot", Some(v)) => v.trim_start_matches(['-', '+']).parse::<u32>().is_ok() || v.len() == 32,
                ("lines", Some(v)) => v == "all" || v.parse::<usize>().is_ok(),
                _ => true,
            };
            if fits {
                *i += 1;
                v
            } else {
                None
            }
        };
        if let Some(body) = a.strip_prefix("--") {
            let (name, given) = body.split_once('=').map_or((body, None), |(n, v)| (n, Some(v.to_owned())));
            if VALUED.iter().any(|(_, l)| *l == name) {
                let value = given.or_else(|| next_value(&mut i, name));
                if value.is_none() && !optional(name) {
                    ctx.err(format!("journalctl: option '--{name}' requires an argument\n"));
                    return Err(1);
                }
                set(ctx, &mut o, name, value, now)?;
            } else {
                flag(ctx, &mut o, name)?;
            }
            continue;
        }
        let Some(letters) = a.strip_prefix('-').filter(|l| !l.is_empty()) else {
            if a == "+" {
                continue;
            }
            match a.split_once('=') {
                Some((k, v)) => o.filter.field(k, v),
                None if a.starts_with('/') => o.filter.field("_EXE", &a),
                None => {
                    ctx.err(format!("Failed to add match '{a}': Invalid argument\n"));
                    return Err(1);
                }
            }
            continue;
        };
        for (at, c) in letters.char_indices() {
            if let Some((_, name)) = VALUED.iter().find(|(s, _)| *s == c) {
                let rest = &letters[at + c.len_utf8()..];
                let value = if rest.is_empty() { next_value(&mut i, name) } else { Some(rest.to_owned()) };
                if value.is_none() && !optional(name) {
                    ctx.err(format!("journalctl: option requires an argument -- '{c}'\n"));
                    return Err(1);
                }
                set(ctx, &mut o, name, value, now)?;
                break;
            }
            let name = match c {
                'f' => "follow",
                'r' => "reverse",
                'e' => "pager-end",
                'k' => "dmesg",
                'x' => "catalog",
                'q' => "quiet",
                'a' => "all",
                'l' => "full",
                'm' => "merge",
                'N' => "fields",
                'h' => "help",
                c => {
                    ctx.err(format!("journalctl: invalid option -- '{c}'\n"));
                    return Err(1);
                }
            };
            flag(ctx, &mut o, name)?;
        }
    }
    Ok(o)
}

fn set(ctx: &Ctx, o: &mut Opts, name: &str, value: Option<String>, now: crate::base::Time) -> Result<(), i32> {
    let v = value.unwrap_or_default();
    match name {
        "unit" | "user-unit" => o.filter.unit(&v),
        "lines" => o.lines = if v == "all" { None } else { Some(v.parse().unwrap_or(10)) },
        "priority" if !o.filter.priority(&v) => {
            ctx.err(format!("Unknown log level {v}\n"));
            return Err(1);
        }
        "grep" => {
            let sensitive = v.chars().any(char::is_uppercase);
            o.grep = Some((v, sensitive));
        }
        "output" => match Format::parse(&v) {
            Some(f) => o.format = f,
            None => {
                ctx.err(format!("Unknown output format '{v}'.\n"));
                return Err(1);
            }
        },
        "since" | "until" => match filter::time(&v, now) {
            Some(t) if name == "since" => o.filter.since = Some(t),
            Some(t) => o.filter.until = Some(t),
            None => {
                ctx.err(format!("Failed to parse timestamp: {v}\n"));
                return Err(1);
            }
        },
        "identifier" => o.filter.identifiers.push(v),
        "facility" => o.filter.facilities.extend(v.split(',').map(str::to_owned)),
        "boot" if !matches!(v.as_str(), "" | "0" | "-0") && v.len() < 32 => {
            ctx.err(format!("Data from the specified boot ({v}) is not available: No such boot ID in journal\n"));
            return Err(1);
        }
        _ => {}
    }
    Ok(())
}

fn flag(ctx: &Ctx, o: &mut Opts, name: &str) -> Result<(), i32> {
    match name {
        "follow" => o.follow = true,
        "reverse" => o.reverse = true,
        "pager-end" => o.end = true,
        "dmesg" => o.filter.kernel = true,
        "catalog" => o.explain = true,
        "quiet" => o.quiet = true,
        "no-hostname" => o.hostname = false,
        "full" | "all" => o.full = true,
        "no-pager" | "utc" | "merge" | "system" | "no-full" | "no-tail" | "this-boot" | "case-sensitive" => {}
        "disk-usage" => {
            ctx.out("Archived and active journals take up 8.0M in the file system.\n");
            return Err(0);
        }
        "list-boots" => {
            let w = ctx.world();
            let w = w.borrow();
            let first = w.host.journal.front().map_or(w.host.booted, |r| r.time);
            let full = |t| super::systemctl::stamp(t);
            ctx.out("IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY                 \n");
            ctx.out(format!("  0 5f0c6a0e2b6a4b0e9f43c1d7a8e2b914 {} {}\n", full(first), full(w.now())));
            return Err(0);
        }
        "rotate" | "flush" | "sync" => return Err(0),
        "version" => {
            ctx.out("systemd 252 (252.39-1~deb12u1)\n");
            return Err(0);
        }
        "help" => {
            ctx.out("journalctl [OPTIONS...] [MATCHES...]\n\nQuery the journal.\n");
            return Err(0);
        }
        n if n.starts_with("vacuum") => {
            ctx.out("Vacuuming done, freed 0B of archived journals from /run/log/journal.\n");
            return Err(0);
        }
        other => {
            ctx.err(format!("journalctl: unrecognized option '--{other}'\n"));
            return Err(1);
        }
    }
    Ok(())
}

/// journalctl(1).
pub(super) async fn journalctl(ctx: &mut Ctx) -> i32 {
    let o = match parse(ctx) {
        Ok(o) => o,
        Err(s) => return s,
    };
    let may = {
        let cred = &ctx.io.cred;
        let w = ctx.world();
        let w = w.borrow();
        let groups = ["adm", "systemd-journal"];
        cred.uid == 0 || groups.iter().any(|g| w.host.group(g).is_some_and(|g| cred.in_group(g.gid)))
    };
    if !may {
        ctx.err(
            "Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', \
             'systemd-journal' can see all messages.\n      Pass -q to turn off this notice.\nNo journal files were opened \
             due to insufficient permissions.\n",
        );
        return 1;
    }
    let grep = match &o.grep {
        None => None,
        Some((p, sensitive)) => match regex::RegexBuilder::new(p).case_insensitive(!sensitive).build() {
            Ok(r) => Some(r),
            Err(_) => {
                ctx.err(format!("Bad pattern \"{p}\": compilation failed\n"));
                return 1;
            }
        },
    };
    let keep = |r: &Record| o.filter.takes(r) && grep.as_ref().is_none_or(|g| g.is_match(&r.event.text()));
    let (mut picked, mut seen) = {
        let w = ctx.world();
        let w = w.borrow();
        let mut p: Vec<Record> = w.host.journal.iter().filter(|r| keep(r)).cloned().collect();
        let count = o.lines.or(if o.follow {
            Some(10)
        } else if o.end {
            Some(1000)
        } else {
            None
        });
        if let Some(n) = count {
            let from = p.len().saturating_sub(n);
            p.drain(..from);
        }
        (p, w.host.logged())
    };
    if o.reverse {
        picked.reverse();
    }
    if picked.is_empty() && !o.follow {
        if !o.quiet && !matches!(o.format, Format::Json | Format::JsonPretty | Format::Export) {
            ctx.out("-- No entries --\n");
        }
        return i32::from(o.grep.is_some());
    }
    for r in &picked {
        print(ctx, &o, r);
        ctx.io.flush(1).await;
        if ctx.io.is_broken() {
            return 141;
        }
    }
    if !o.follow {
        return 0;
    }
    loop {
        let kernel = ctx.io.kernel.clone();
        kernel.tick().await;
        let new: Vec<Record> = {
            let w = ctx.world();
            let w = w.borrow();
            let new = w.host.since(seen).filter(|r| keep(r)).cloned().collect();
            seen = w.host.logged();
            new
        };
        for r in &new {
            print(ctx, &o, r);
        }
        if ctx.io.is_broken() {
            return 141;
        }
    }
}

fn print(ctx: &Ctx, o: &Opts, r: &Record) {
    let name = ctx.world().borrow().host.name.clone();
    // Lines go through a pager, which shows them whole.
    let (text, _) = lines::line(&name, r, o.format, o.hostname, None);
    ctx.out(text);
    if o.explain
        && let Some(why) = catalog::explain(r)
    {
        for l in why.lines() {
            ctx.out(format!("░░ {l}\n"));
        }
    }
}
