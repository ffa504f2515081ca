//! date(1): formats and the dates that GNU's parser reads. The zone is UTC. Left out: other zones, `--debug`; setting the
//! clock answers as for one who may not.

use super::super::Ctx;
use super::super::input::{Status, emit, slurp, status};
use super::super::opt::{getopt, hint, quote};
use crate::base::time::{MONTHS, WEEKDAYS};
use crate::base::{Span, Time};

const LONG_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const LONG_DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

fn day_of_year(t: Time) -> u32 {
    let c = t.civil();
    ((t.secs().div_euclid(86_400)) - Time::from_civil(c.year, 1, 1, 0, 0, 0).secs().div_euclid(86_400)) as u32 + 1
}

/// ISO 8601 year and week.
fn iso_week(t: Time) -> (i32, u32) {
    let c = t.civil();
    let wd = (c.weekday + 6) % 7;
    let yday = day_of_year(t) as i32 - 1;
    let w = (yday - wd as i32 + 10) / 7;
    let leap = |y: i32| (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    let weeks = |y: i32| {
        let first = Time::from_civil(y, 1, 1, 0, 0, 0).civil().weekday;
        if first == 4 || (first == 3 && leap(y)) { 53 } else { 52 }
    };
    if w < 1 {
        (c.year - 1, weeks(c.year - 1))
    } else if w as u32 > weeks(c.year) {
        (c.year + 1, 1)
    } else {
        (c.year, w as u32)
    }
}

/// strftime(3) with GNU's flags (`-`, `_`, `0`, `^`, `#`), widths and `%N`, `%:z`.
pub fn format(t: Time, text: &str) -> String {
    let c = t.civil();
    let ch: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (String::new(), 0);
    while i < ch.len() {
        if ch[i] != '%' || i + 1 >= ch.len() {
            out.push(ch[i]);
            i += 1;
            continue;
        }
        let start = i;
        i += 1;
        let mut flag = ' ';
        let mut upper = false;
        while i < ch.len() && matches!(ch[i], '-' | '_' | '0' | '^' | '#' | '+') {
            if matches!(ch[i], '^' | '#') {
                upper = true;
            } else {
                flag = ch[i];
            }
            i += 1;
        }
        let mut width = 0usize;
        while i < ch.len()
            && let Some(d) = ch[i].to_digit(10)
        {
            width = (width * 10 + d as usize).min(1024);
            i += 1;
        }
        let mut colons = 0;
        while i < ch.len() && ch[i] == ':' {
            colons += 1;
            i += 1;
        }
        while i < ch.len() && matches!(ch[i], 'E' | 'O') {
            i += 1;
        }
        let Some(k) = ch.get(i).copied() else {
            out.extend(&ch[start..]);
            break;
        };
        i += 1;
        let num = |v: i64, w: usize, pad: char| -> String {
            let pad = match flag {
                '-' => return v.to_string(),
                '_' => ' ',
                '0' => '0',
                _ => pad,
            };
            let w = if width > 0 { width } else { w };
            if pad == '0' { format!("{v:0w$}") } else { format!("{v:w$}") }
        };
        let hour12 = i64::from(if c.hour.is_multiple_of(12) { 12 } else { c.hour % 12 });
        let monday = (c.weekday + 6) % 7;
        let v = match k {
            '%' => "%".into(),
            'n' => "\n".into(),
            't' => "\t".into(),
            'a' => WEEKDAYS[c.weekday as usize].to_owned(),
            'A' => LONG_DAYS[c.weekday as usize].to_owned(),
            'b' | 'h' => MONTHS[c.month as usize - 1].to_owned(),
            'B' => LONG_MONTHS[c.month as usize - 1].to_owned(),
            'c' => format(t, "%a %b %e %H:%M:%S %Y"),
            'C' => num(i64::from(c.year / 100), 2, '0'),
            'd' => num(i64::from(c.day), 2, '0'),
            'D' | 'x' => format(t, "%m/%d/%y"),
            'e' => num(i64::from(c.day), 2, ' '),
            'F' => format(t, "%Y-%m-%d"),
            'g' => num(i64::from(iso_week(t).0 % 100), 2, '0'),
            'G' => num(i64::from(iso_week(t).0), 4, '0'),
            'H' => num(i64::from(c.hour), 2, '0'),
            'I' => num(hour12, 2, '0'),
            'j' => num(i64::from(day_of_year(t)), 3, '0'),
            'k' => num(i64::from(c.hour), 2, ' '),
            'l' => num(hour12, 2, ' '),
            'm' => num(i64::from(c.month), 2, '0'),
            'M' => num(i64::from(c.minute), 2, '0'),
            'N' => {
                let full = format!("{:06}000", c.micro);
                full[..if width > 0 { width.min(9) } else { 9 }].to_owned()
            }
            'p' => if c.hour < 12 { "AM" } else { "PM" }.into(),
            'P' => if c.hour < 12 { "am" } else { "pm" }.into(),
            'q' => num(i64::from((c.month - 1) / 3 + 1), 1, '0'),
            'r' => format(t, "%I:%M:%S %p"),
            'R' => format(t, "%H:%M"),
            's' => t.secs().to_string(),
            'S' => num(i64::from(c.second), 2, '0'),
            'T' | 'X' => format(t, "%H:%M:%S"),
            'u' => if c.weekday == 0 { 7 } else { c.weekday }.to_string(),
            'U' => num(i64::from((day_of_year(t) - 1 + 7 - c.weekday) / 7), 2, '0'),
            'V' => num(i64::from(iso_week(t).1), 2, '0'),
            'w' => c.weekday.to_string(),
            'W' => num(i64::from((day_of_year(t) - 1 + 7 - monday) / 7), 2, '0'),
            'y' => num(i64::from(c.year.rem_euclid(100)), 2, '0'),
            'Y' => num(i64::from(c.year), 1, '0'),
            'z' => match colons {
                0 => "+0000",
                1 => "+00:00",
                2 => "+00:00:00",
                _ => "+00",
            }
            .into(),
            'Z' => "UTC".into(),
            _ => ch[start..i].iter().collect(),
        };
        let v = if upper { v.to_uppercase() } else { v };
        out += &v;
    }
    out
}

/// `[[CC]YY]MMDDhhmm[.ss]` of touch -t.
pub fn stamp(s: &str, now: Time) -> Option<Time> {
    let (digits, sec) = s.split_once('.').map_or((s, "0"), |(d, s)| (d, s));
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n = |a: usize, b: usize| digits.get(a..b)?.parse::<u32>().ok();
    let (year, at) = match digits.len() {
        8 => (now.civil().year, 0),
        10 => (n(0, 2)? as i32 + if n(0, 2)? < 69 { 2000 } else { 1900 }, 2),
        12 => (n(0, 4)? as i32, 4),
        _ => return None,
    };
    civil(year, n(at, at + 2)?, n(at + 2, at + 4)?, n(at + 4, at + 6)?, n(at + 6, at + 8)?, sec.parse().ok()?)
}

fn civil(y: i32, mo: u32, d: u32, h: u32, mi: u32, s: u32) -> Option<Time> {
    let t = Time::from_civil(y, mo.max(1), d.max(1), h, mi, s);
    let c = t.civil();
    ((1..=12).contains(&mo) && c.day == d && c.month == mo && h < 24 && mi < 60 && s < 61 && (0..=9999).contains(&y))
        .then_some(t)
}

/// Adds months by the calendar; a day beyond the month's end runs over, as mktime(3) does.
fn add_months(t: Time, n: i64) -> Time {
    let c = t.civil();
    let m = i64::from(c.year) * 12 + i64::from(c.month) - 1 + n;
    let first = Time::from_civil(m.div_euclid(12) as i32, m.rem_euclid(12) as u32 + 1, 1, c.hour, c.minute, c.second);
    first + Span::days(i64::from(c.day) - 1)
}

fn month_of(w: &str) -> Option<u32> {
    let full = LONG_MONTHS.iter().position(|m| {
        m.eq_ignore_ascii_case(w) || (w.len() >= 3 && w.len() <= 4 && m[..3].eq_ignore_ascii_case(&w[..w.len().min(3)]))
    });
    full.filter(|_| w.is_ascii()).map(|i| i as u32 + 1)
}

fn weekday_of(w: &str) -> Option<u32> {
    if !w.is_ascii() || w.len() < 3 {
        return None;
    }
    LONG_DAYS
        .iter()
        .position(|d| d.eq_ignore_ascii_case(w) || w.trim_end_matches('s').eq_ignore_ascii_case(&d[..3]))
        .map(|i| i as u32)
}

/// Reads a date as `date -d` does: ISO and American dates, month names, times with AM and PM, `@seconds`, weekdays,
/// `now`, `today`, `yesterday`, `tomorrow`, `3 days ago`, `next month`.
pub fn parse(text: &str, now: Time) -> Option<Time> {
    let text = text.trim();
    if let Some(s) = text.strip_prefix('@') {
        let (whole, frac) = s.split_once('.').map_or((s, ""), |(a, b)| (a, b));
        let micros: i64 = format!("{frac:0<6}").get(..6)?.parse().ok()?;
        return whole.parse::<i64>().ok().filter(|v| v.abs() < 1 << 40).map(|v| Time(v * 1_000_000 + micros));
    }
    let today = now.secs().div_euclid(86_400) * 86_400;
    let (mut date, mut clock): (Option<Time>, Option<i64>) = (None, None);
    let (mut shift, mut months, mut weekday, mut ordinal) = (0i64, 0i64, None, 0i64);
    let mut zone = 0i64;
    let mut micros = 0i64;
    let mut relative = false;
    let spaced = separate(text);
    let words: Vec<&str> = spaced.split([' ', '\t', ',', '\n']).filter(|w| !w.is_empty()).collect();
    let mut i = 0;
    while i < words.len() {
        let w = words[i];
        let lower = w.to_ascii_lowercase();
        i += 1;
        if let Some((d, c)) = iso_both(w) {
            date = Some(d);
            if let Some((c, us)) = c {
                clock = Some(c);
                micros = us;
            }
            continue;
        }
        if let Some((c, us)) = time_of_day(&lower) {
            let mut c = c;
            if let Some(next) = words.get(i) {
                match next.to_ascii_lowercase().as_str() {
                    "am" | "a.m." => {
                        c %= 12 * 3600;
                        i += 1;
                    }
                    "pm" | "p.m." => {
                        c = c % (12 * 3600) + 12 * 3600;
                        i += 1;
                    }
                    _ => {}
                }
            }
            clock = Some(c);
            micros = us;
            continue;
        }
        if let Some(h) = lower.strip_suffix("am").or(lower.strip_suffix("pm")).filter(|h| !h.is_empty()) {
            let pm = lower.ends_with("pm");
            let c = match time_of_day(h) {
                Some((c, _)) => c,
                None => h.parse::<i64>().ok().filter(|h| (1..=12).contains(h))? * 3600,
            };
            clock = Some(c % (12 * 3600) + if pm { 12 * 3600 } else { 0 });
            continue;
        }
        match lower.as_str() {
            "now" => {
                relative = true;
                continue;
            }
            "today" => {
                relative = true;
                continue;
            }
            "yesterday" => {
                shift -= 86_400;
                relative = true;
                continue;
            }
            "tomorrow" => {
                shift += 86_400;
                relative = true;
                continue;
            }
            "midnight" => {
                clock = Some(0);
                continue;
            }
            "noon" => {
                clock = Some(12 * 3600);
                continue;
            }
            "utc" | "gmt" | "z" | "t" | "of" | "at" => continue,
            _ => {}
        }
        if let Some(z) = zone_of(w)
            && clock.is_some()
        {
            zone = z;
            continue;
        }
        if let Some(m) = month_of(&lower) {
            let c = now.civil();
            // `Feb 6 2026`, `6 Feb 2026`, `Feb 6`.
            let mut year = c.year;
            let mut day = ordinal;
            ordinal = 0;
            if day == 0 {
                day = words
                    .get(i)
                    .and_then(|d| d.parse::<i64>().ok())
                    .filter(|d| (1..=31).contains(d))
                    .inspect(|_| i += 1)
                    .unwrap_or(1);
            }
            if let Some(y) = words.get(i).and_then(|y| y.parse::<i32>().ok()).filter(|y| *y > 31) {
                year = y;
                i += 1;
            }
            date = Some(civil(year, m, day as u32, 0, 0, 0)?);
            continue;
        }
        if let Some(d) = weekday_of(&lower) {
            weekday = Some((d, ordinal));
            ordinal = 0;
            continue;
        }
        let parsed = match lower.as_str() {
            "next" => Some(1),
            "last" => Some(-1),
            "this" => Some(0),
            "a" | "an" => Some(1),
            _ => w.parse::<i64>().ok(),
        };
        let (n, unit) = match parsed {
            Some(n) => match words.get(i).map(|u| u.to_ascii_lowercase()) {
                Some(u) if unit_of(&u).is_some() => {
                    i += 1;
                    (n, unit_of(&u))
                }
                Some(u) if month_of(&u).is_some() || weekday_of(&u).is_some() => {
                    ordinal = n;
                    continue;
                }
                _ if date.is_none() && w.len() == 8 && w.bytes().all(|b| b.is_ascii_digit()) => {
                    date = Some(civil(w[..4].parse().ok()?, w[4..6].parse().ok()?, w[6..].parse().ok()?, 0, 0, 0)?);
                    continue;
                }
                _ if w.len() == 4 && date.is_some() && !relative => {
                    let c = date?.civil();
                    date = Some(civil(n as i32, c.month, c.day, 0, 0, 0)?);
                    continue;
                }
                _ if w.len() <= 2 && clock.is_none() && (0..24).contains(&n) => {
                    clock = Some(n * 3600);
                    continue;
                }
                _ => return None,
            },
            None => (1, unit_of(&lower)),
        };
        let (kind, size) = unit?;
        let mut n = n;
        if words.get(i).is_some_and(|w| w.eq_ignore_ascii_case("ago")) {
            n = -n;
            i += 1;
        }
        relative = true;
        if kind == 'm' {
            months = months.checked_add(n.checked_mul(size)?)?;
        } else {
            shift = shift.checked_add(n.checked_mul(size)?)?;
        }
    }
    if ordinal != 0 {
        return None;
    }
    let day = date.map_or(today, Time::secs);
    let secs = match clock {
        Some(c) => c,
        None if date.is_none() && weekday.is_none() && relative => now.secs() - today,
        None => 0,
    };
    if date.is_none() && clock.is_none() && weekday.is_none() && relative {
        micros = i64::from(now.subsec_micros());
    }
    let mut t = Time::from_secs(day + secs - zone);
    if let Some((d, n)) = weekday
        && date.is_none()
    {
        let have = i64::from(Time::from_secs(day).civil().weekday);
        let ahead = (i64::from(d) - have).rem_euclid(7);
        // `next mon` on a Monday is a week away; `last` counts back.
        let weeks = if n > 0 && ahead > 0 { n - 1 } else { n };
        t += Span::secs((ahead + 7 * weeks) * 86_400);
    }
    if months != 0 {
        if months.abs() > 120_000 {
            return None;
        }
        t = add_months(t, months);
    }
    if shift.abs() > 1 << 40 {
        return None;
    }
    Some(t + Span::secs(shift) + Span::micros(micros))
}

/// Puts a blank between a number and the letters that follow it (`3days`), but leaves dates and times whole.
fn separate(text: &str) -> String {
    let mut out = String::new();
    for w in text.split(' ') {
        let n = w.chars().take_while(|c| c.is_ascii_digit() || *c == '+' || *c == '-').count();
        let unit: String = w.chars().skip(n).collect();
        if n > 0 && n < w.len() && unit_of(&unit.to_ascii_lowercase()).is_some() {
            out += &w[..n];
            out.push(' ');
            out += &unit;
        } else if w == "+" || w == "-" {
            out += w;
            continue;
        } else {
            out += w;
        }
        out.push(' ');
    }
    out
}

fn unit_of(w: &str) -> Option<(char, i64)> {
    Some(match w.strip_suffix('s').unwrap_or(w) {
        "sec" | "second" => ('s', 1),
        "min" | "minute" => ('s', 60),
        "hour" => ('s', 3600),
        "day" => ('s', 86_400),
        "week" => ('s', 7 * 86_400),
        "fortnight" => ('s', 14 * 86_400),
        "month" => ('m', 1),
        "year" => ('m', 12),
        _ => return None,
    })
}

fn zone_of(w: &str) -> Option<i64> {
    let (sign, d) = match w.strip_prefix('+') {
        Some(d) => (1, d),
        None => (-1, w.strip_prefix('-')?),
    };
    let d = d.replace(':', "");
    let v: i64 = d.parse().ok()?;
    match d.len() {
        4 => Some(sign * (v / 100 * 3600 + v % 100 * 60)),
        2 => Some(sign * v * 3600),
        _ => None,
    }
}

/// Seconds of the day and microseconds of `hh:mm[:ss[.frac]]`.
fn time_of_day(w: &str) -> Option<(i64, i64)> {
    let w = w.strip_suffix('z').unwrap_or(w);
    let (w, zone) = match w.find(['+', '-']) {
        Some(i) if w[..i].contains(':') => (&w[..i], zone_of(&w[i..])?),
        _ => (w, 0),
    };
    let mut p = w.split(':');
    let h: i64 = p.next().filter(|h| h.len() <= 2)?.parse().ok()?;
    let m: i64 = p.next().filter(|m| m.len() == 2)?.parse().ok()?;
    let (s, frac) = match p.next() {
        None => (0, 0),
        Some(s) => {
            let (s, f) = s.split_once(['.', ',']).unwrap_or((s, ""));
            let f: i64 = if f.is_empty() { 0 } else { format!("{f:0<6}").get(..6)?.parse().ok()? };
            (s.parse().ok()?, f)
        }
    };
    (p.next().is_none() && (0..24).contains(&h) && (0..60).contains(&m) && (0..=60).contains(&s))
        .then_some((h * 3600 + m * 60 + s - zone, frac))
}

/// A day, and the time of day with its microseconds when there is one.
type Both = (Time, Option<(i64, i64)>);

/// `2026-02-06`, `2026-02-06T11:30:15`, `02/06/2026`, `2026/02/06`.
fn iso_both(w: &str) -> Option<Both> {
    let (d, c) = match w.split_once('T') {
        Some((d, c)) if d.contains('-') => (d, Some(time_of_day(&c.to_ascii_lowercase())?)),
        _ => (w, None),
    };
    let sep = if d.contains('-') && !d.starts_with('-') { '-' } else { '/' };
    let p: Vec<&str> = d.split(sep).collect();
    let (y, m, day) = match p[..] {
        [y, m, day] if y.len() == 4 => (y.parse().ok()?, m.parse().ok()?, day.parse().ok()?),
        [m, day, y] if sep == '/' => {
            (y.parse::<i32>().ok().map(|y| if y < 69 { y + 2000 } else { y })?, m.parse().ok()?, day.parse().ok()?)
        }
        _ => return None,
    };
    Some((civil(y, m, day, 0, 0, 0)?, c))
}

/// date(1).
pub async fn date(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

async fn run(ctx: &mut Ctx) -> Status {
    let p = getopt(
        ctx,
        "d|date= f|file= I|iso-8601=? R|rfc-email |rfc-822 |rfc-3339= r|reference= s|set= u|utc |universal |debug",
        1,
    )?;
    let now = ctx.io.world.borrow().now();
    let mut layout = "%a %b %e %H:%M:%S %Z %Y".to_owned();
    if let Some((_, v)) = p.opts.iter().rev().find(|(k, _)| k == "I") {
        layout = match v.as_deref().unwrap_or("date") {
            "date" => "%F",
            "hours" => "%FT%H%:z",
            "minutes" => "%FT%H:%M%:z",
            "seconds" => "%FT%T%:z",
            "ns" => "%FT%T,%N%:z",
            bad => {
                ctx.complain(format!("invalid argument {} for {}", quote(bad), quote("--iso-8601")));
                ctx.err(format!(
                    "Valid arguments are:\n  - ‘hours’\n  - ‘minutes’\n  - ‘date’\n  - ‘seconds’\n  - ‘ns’\n{}",
                    hint(ctx)
                ));
                return Err(1);
            }
        }
        .into();
    }
    if p.has("R") || p.has("rfc-822") {
        layout = "%a, %d %b %Y %T %z".into();
    }
    if let Some(v) = p.value("rfc-3339") {
        layout = match v {
            "date" => "%F",
            "ns" => "%F %T.%N%:z",
            _ => "%F %T%:z",
        }
        .into();
    }
    match &p.args[..] {
        [] => {}
        [f] if f.starts_with('+') => layout = f[1..].to_owned(),
        [x] => {
            if p.has("d") {
                ctx.complain(format!(
                    "the argument {} lacks a leading '+';\nwhen using an option to specify date(s), any non-option\nargument must be a format string beginning with '+'",
                    quote(x)
                ));
            } else if !x.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                ctx.complain(format!("invalid date {}", quote(x)));
                return Err(1);
            } else {
                ctx.complain("cannot set date: Operation not permitted");
            }
            ctx.err(if p.has("d") { hint(ctx) } else { String::new() });
            return Err(1);
        }
        [_, x, ..] => return Err(super::super::opt::extra_operand(ctx, x)),
    }
    if let Some(f) = p.value("f") {
        let f = f.to_owned();
        let data = match slurp(ctx, &f).await {
            Ok(d) => d,
            Err(e) => {
                ctx.complain(format!("{f}: {e}"));
                return Err(1);
            }
        };
        let mut code = 0;
        for l in String::from_utf8_lossy(&data).lines() {
            match parse(l, now) {
                Some(t) => emit(ctx, format(t, &layout) + "\n").await?,
                None => {
                    ctx.complain(format!("invalid date {}", quote(l)));
                    code = 1;
                }
            }
        }
        return Ok(code);
    }
    let t = if let Some(r) = p.value("r") {
        let got = ctx.io.world.borrow().host.fs.stat(&ctx.io.cred, &ctx.path(r)).map(|(_, n)| n.mtime);
        match got {
            Ok(t) => t,
            Err(e) => {
                ctx.complain(format!("{}: {e}", super::super::opt::quotef(r)));
                return Err(1);
            }
        }
    } else if let Some(d) = p.value("d") {
        match if d.trim().is_empty() {
            Some(Time::from_secs(now.secs().div_euclid(86_400) * 86_400))
        } else {
            parse(d, now)
        } {
            Some(t) => t,
            None => {
                ctx.complain(format!("invalid date {}", quote(d)));
                return Err(1);
            }
        }
    } else if p.has("s") {
        ctx.complain("cannot set date: Operation not permitted");
        now
    } else {
        now
    };
    emit(ctx, format(t, &layout) + "\n").await?;
    Ok(i32::from(p.has("s")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates() {
        let now = Time::from_civil(2026, 11, 24, 2, 40, 0);
        for (text, expected) in [
            ("2026-02-06 11:30:15", Some("2026-02-06 11:30:15")),
            ("2026-02-06 + 3 days", Some("2026-02-09 00:00:00")),
            ("@0", Some("1970-01-01 00:00:00")),
            ("yesterday", Some("2026-11-23 02:40:00")),
            ("3 days ago", Some("2026-11-21 02:40:00")),
            ("-1 hour", Some("2026-11-24 01:40:00")),
            ("next month", Some("2026-12-24 02:40:00")),
            ("Feb 6 2026 10:00", Some("2026-02-06 10:00:00")),
            ("6 Feb 2026", Some("2026-02-06 00:00:00")),
            ("10:05", Some("2026-11-24 10:05:00")),
            ("10:05 pm", Some("2026-11-24 22:05:00")),
            ("next friday", Some("2026-11-27 00:00:00")),
            ("2026-02-06T11:30:15Z", Some("2026-02-06 11:30:15")),
            ("Fri, 6 Feb 2026 11:30:15 +0100", Some("2026-02-06 10:30:15")),
            ("20260206", Some("2026-02-06 00:00:00")),
            ("02/06/2026", Some("2026-02-06 00:00:00")),
            ("foo", None),
            ("2026-02-30", None),
        ] {
            assert_eq!(parse(text, now).map(|t| format(t, "%F %T")).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn formats() {
        let t = Time::from_civil(2026, 2, 6, 11, 30, 15);
        for (text, expected) in [
            ("%a %d %b %Y", "Fri 06 Feb 2026"),
            ("%b %e", "Feb  6"),
            ("%j %U %V %u", "037 05 06 5"),
            ("%-d/%-m %I %p %N", "6/2 11 AM 000000000"),
            ("%s %:z %%", "1770377415 +00:00 %"),
        ] {
            assert_eq!(format(t, text), expected, "{text}");
        }
    }
}
