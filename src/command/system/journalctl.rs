//! journalctl(1): the journal, filtered by unit, tag, priority, time and pattern, and followed.
//!
//! Left out: the explanations of `-x`, fields other than those it knows, several boots, `-o verbose` and `export`.

use super::super::Ctx;
use super::super::text::glob;
use crate::base::{Span, Time};
use crate::host::units::full_name;
use crate::log::{Facility, Message, Record, Severity};

#[derive(Default)]
struct Query {
    units: Vec<String>,
    tags: Vec<String>,
    pids: Vec<u32>,
    priority: Option<Severity>,
    since: Option<Time>,
    until: Option<Time>,
    pattern: Option<regex::Regex>,
    kernel: bool,
    lines: Option<usize>,
    follow: bool,
    reverse: bool,
    output: String,
    quiet: bool,
}

impl Query {
    fn hits(&self, r: &Record) -> bool {
        let unit = |u: &String| {
            let full =
                if u.contains('*') { format!("{}.service", u.trim_end_matches(".service")) } else { full_name(u) };
            glob::fits(&full, &r.unit)
        };
        (self.units.is_empty() || self.units.iter().any(unit))
            && (self.tags.is_empty() || self.tags.iter().any(|t| **t == *r.ident))
            && (self.pids.is_empty() || self.pids.contains(&r.pid))
            && self.priority.is_none_or(|p| r.event.severity() <= p)
            && self.since.is_none_or(|t| r.time >= t)
            && self.until.is_none_or(|t| r.time <= t)
            && (!self.kernel || r.facility == Facility::Kern)
            && self.pattern.as_ref().is_none_or(|p| p.is_match(&r.event.text()))
    }
    fn line(&self, r: &Record, host: &str) -> String {
        match self.output.as_str() {
            "cat" => r.event.text(),
            "short-iso" => {
                let c = r.time.civil();
                format!(
                    "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+0000 {host} {}[{}]: {}",
                    c.year,
                    c.month,
                    c.day,
                    c.hour,
                    c.minute,
                    c.second,
                    r.ident,
                    r.pid,
                    r.event.text()
                )
            }
            "json" => serde_json::json!({
                "__REALTIME_TIMESTAMP": r.time.0.to_string(),
                "_HOSTNAME": host,
                "_SYSTEMD_UNIT": &*r.unit,
                "SYSLOG_IDENTIFIER": &*r.ident,
                "_PID": r.pid.to_string(),
                "PRIORITY": (r.event.severity() as u8).to_string(),
                "MESSAGE": r.event.text(),
            })
            .to_string(),
            _ => r.journal(host),
        }
    }
}

fn severity(word: &str) -> Option<Severity> {
    use Severity::{Alert, Crit, Debug, Emerg, Err, Info, Notice, Warning};
    let all = [Emerg, Alert, Crit, Err, Warning, Notice, Info, Debug];
    let names = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
    let word = word.rsplit("..").next().unwrap_or(word);
    word.parse::<usize>().ok().or_else(|| names.iter().position(|n| *n == word)).and_then(|i| all.get(i).copied())
}

/// `today`, `yesterday`, `-1h`, `1 hour ago`, `09:30`, `2026-02-06 09:30`.
fn moment(text: &str, now: Time) -> Option<Time> {
    let midnight = Time(now.0 - now.0.rem_euclid(86_400_000_000));
    let text = text.trim();
    match text {
        "now" => return Some(now),
        "today" => return Some(midnight),
        "yesterday" => return Some(midnight - Span::days(1)),
        _ => {}
    }
    let relative = text.strip_prefix('-').or_else(|| text.strip_suffix(" ago"));
    if let Some(rel) = relative {
        let rel = rel.trim();
        let digits: String = rel.chars().take_while(char::is_ascii_digit).collect();
        let unit = match rel[digits.len()..].trim() {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            _ => return None,
        };
        return digits.parse::<i64>().ok().filter(|n| *n < 1_000_000).map(|n| now - Span::secs(n * unit));
    }
    if !text.contains('-') && text.contains(':') {
        let day = now.to_string();
        return Time::parse_iso(&format!("{}T{text}", day.split('T').next()?));
    }
    Time::parse_iso(text)
}

/// journalctl(1).
pub async fn journalctl(ctx: &mut Ctx) -> i32 {
    let q = match parse(ctx) {
        Ok(q) => q,
        Err(message) => {
            ctx.err(format!("{message}\n"));
            return 1;
        }
    };
    let world = ctx.world();
    let (lines, mut at, host) = {
        let w = world.borrow();
        let all: Vec<String> = w.host.journal.iter().filter(|r| q.hits(r)).map(|r| q.line(r, &w.host.name)).collect();
        (all, w.host.journal.len(), w.host.name.clone())
    };
    let limit = q.lines.or(q.follow.then_some(10));
    let from = limit.map_or(0, |n| lines.len().saturating_sub(n));
    let mut shown = lines[from..].to_vec();
    if q.reverse {
        shown.reverse();
    }
    if shown.is_empty() && !q.quiet && !q.follow {
        ctx.out("-- No entries --\n");
        return i32::from(q.pattern.is_some());
    }
    for l in &shown {
        if ctx.io.write(1, format!("{l}\n").as_bytes()).is_err() {
            return 141;
        }
    }
    if !q.follow {
        return 0;
    }
    loop {
        ctx.io.kernel.tick().await;
        let fresh: Vec<String> = {
            let w = world.borrow();
            let new = w.host.journal.iter().skip(at).filter(|r| q.hits(r)).map(|r| q.line(r, &host)).collect();
            at = w.host.journal.len();
            new
        };
        for l in fresh {
            if ctx.io.write(1, format!("{l}\n").as_bytes()).is_err() {
                return 141;
            }
        }
        if ctx.io.is_broken() {
            return 141;
        }
    }
}

fn parse(ctx: &Ctx) -> Result<Query, String> {
    let now = ctx.world().borrow().now();
    let mut q = Query::default();
    let mut args: Vec<String> = Vec::new();
    // Bundled short options, the last of which may take a value: `-xeu dovecot`, `-n20`, `-fu postfix@-`.
    for a in &ctx.args[1..] {
        if a.len() > 2 && a.starts_with('-') && !a.starts_with("--") {
            let mut rest = &a[1..];
            while let Some(c) = rest.chars().next() {
                rest = &rest[c.len_utf8()..];
                args.push(format!("-{c}"));
                if "unptgoSU".contains(c) && !rest.is_empty() {
                    args.push(rest.to_owned());
                    break;
                }
            }
        } else if let Some((k, v)) = a.split_once('=').filter(|_| a.starts_with("--")) {
            args.push(k.to_owned());
            args.push(v.to_owned());
        } else {
            args.push(a.clone());
        }
    }
    let mut it = args.into_iter().peekable();
    while let Some(a) = it.next() {
        let mut value =
            |what: &str| it.next().ok_or_else(|| format!("journalctl: option requires an argument -- '{what}'"));
        match a.as_str() {
            "-u" | "--unit" => q.units.push(value("u")?),
            "-t" | "--identifier" => q.tags.push(value("t")?),
            "-n" | "--lines" => {
                q.lines = Some(10);
                if let Some(n) = it.next_if(|n| n.parse::<usize>().is_ok() || n == "all") {
                    q.lines = n.parse().ok();
                }
            }
            "-p" | "--priority" => {
                let v = value("p")?;
                q.priority = Some(severity(&v).ok_or_else(|| format!("Unknown log level {v}"))?);
            }
            "-g" | "--grep" => {
                let v = value("g")?;
                let fold = !v.chars().any(char::is_uppercase);
                let re = regex::RegexBuilder::new(&v).case_insensitive(fold).build();
                q.pattern = Some(re.map_err(|_| format!("Bad pattern \"{v}\""))?);
            }
            "-S" | "--since" | "-U" | "--until" => {
                let v = value("S")?;
                let t = moment(&v, now).ok_or_else(|| format!("Failed to parse timestamp: {v}"))?;
                if matches!(a.as_str(), "-S" | "--since") { q.since = Some(t) } else { q.until = Some(t) }
            }
            "-o" | "--output" => q.output = value("o")?,
            "-f" | "--follow" => q.follow = true,
            "-e" | "--pager-end" => q.lines = q.lines.or(Some(1000)),
            "-r" | "--reverse" => q.reverse = true,
            "-k" | "--dmesg" => q.kernel = true,
            "-q" | "--quiet" => q.quiet = true,
            "-b" | "--boot" => {
                let _ = it.next_if(|n| n == "0" || n == "-0");
            }
            "--no-pager" | "-x" | "--catalog" | "-a" | "--all" | "-l" | "--full" | "--no-hostname" | "--system"
            | "-m" | "--utc" | "--no-tail" => {}
            "--disk-usage" => return Err("Archived and active journals take up 16.0M in the file system.".into()),
            a if a.starts_with("_PID=") => q.pids.extend(a[5..].parse::<u32>().ok()),
            a if a.starts_with("_SYSTEMD_UNIT=") => q.units.push(a[14..].to_owned()),
            a if a.starts_with("SYSLOG_IDENTIFIER=") => q.tags.push(a[18..].to_owned()),
            a if a.starts_with("--") => return Err(format!("journalctl: unrecognized option '{a}'")),
            a if a.starts_with('-') => return Err(format!("journalctl: invalid option -- '{}'", &a[1..])),
            a => return Err(format!("Failed to add match '{a}': Invalid argument")),
        }
    }
    Ok(q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let now = Time::from_civil(2026, 2, 6, 10, 20, 0);
        for (text, expected) in [
            ("today", Some("2026-02-06T00:00:00Z")),
            ("-2h", Some("2026-02-06T08:20:00Z")),
            ("10 min ago", Some("2026-02-06T10:10:00Z")),
            ("09:30", Some("2026-02-06T09:30:00Z")),
            ("2026-02-05 18:00", Some("2026-02-05T18:00:00Z")),
            ("gestern", None),
        ] {
            assert_eq!(moment(text, now).map(|t| t.to_string()).as_deref(), expected, "{text}");
        }
    }
}
