//! The dates that GNU's parser reads.

use super::format::{LONG_DAYS, LONG_MONTHS};
use crate::base::{Span, Time};

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
