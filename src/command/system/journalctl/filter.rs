//! Which records journalctl shows: units, priorities, identifiers, fields, times.

use super::lines::{facility, priority};
use crate::base::{Span, Time};
use crate::command::system::systemctl::matches;
use crate::host::units::file;
use crate::log::{Facility, Message, Record};

/// Everything asked for must fit; several values of one kind are alternatives.
#[derive(Default)]
pub struct Filter {
    units: Vec<String>,
    priorities: Option<(u8, u8)>,
    pub identifiers: Vec<String>,
    pub facilities: Vec<String>,
    fields: Vec<(String, Vec<String>)>,
    pub since: Option<Time>,
    pub until: Option<Time>,
    pub kernel: bool,
}

const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

fn level(word: &str) -> Option<u8> {
    let at = LEVELS.iter().position(|l| *l == word).and_then(|i| u8::try_from(i).ok());
    at.or_else(|| word.parse().ok().filter(|n| *n < 8))
}

impl Filter {
    pub fn unit(&mut self, name: &str) {
        self.units.push(if name.contains(['*', '?', '[']) { name.to_owned() } else { file::complete_name(name) });
    }
    /// A level (that and more urgent ones), or a range `FROM..TO`.
    pub fn priority(&mut self, text: &str) -> bool {
        let range = match text.split_once("..") {
            Some((a, b)) => level(a).zip(level(b)).map(|(a, b)| (a.min(b), a.max(b))),
            None => level(text).map(|l| (0, l)),
        };
        self.priorities = range;
        range.is_some()
    }
    pub fn field(&mut self, name: &str, value: &str) {
        match self.fields.iter_mut().find(|(n, _)| n == name) {
            Some((_, v)) => v.push(value.to_owned()),
            None => self.fields.push((name.to_owned(), vec![value.to_owned()])),
        }
    }
    pub fn takes(&self, r: &Record) -> bool {
        let kernel = r.facility == Facility::Kern;
        let level = priority(r.event.severity());
        (!self.kernel || kernel)
            && (self.units.is_empty()
                || self.units.iter().any(|u| *u == *r.unit || u.contains('*') && matches(u, &r.unit)))
            && self.priorities.is_none_or(|(a, b)| (a..=b).contains(&level))
            && (self.identifiers.is_empty() || self.identifiers.iter().any(|i| *i == *r.ident))
            && (self.facilities.is_empty() || self.facilities.iter().any(|f| is_facility(f, r.facility)))
            && self.since.is_none_or(|t| r.time >= t)
            && self.until.is_none_or(|t| r.time <= t)
            && self.fields.iter().all(|(n, v)| has(r, n, v))
    }
}

fn is_facility(word: &str, f: Facility) -> bool {
    let name = format!("{f:?}").to_ascii_lowercase();
    word == name || word.parse::<u8>().is_ok_and(|n| n == facility(f))
}

fn has(r: &Record, name: &str, values: &[String]) -> bool {
    let systemd = &*r.ident == "systemd";
    let value = match name {
        "_PID" | "SYSLOG_PID" => r.pid.to_string(),
        "PRIORITY" => priority(r.event.severity()).to_string(),
        "SYSLOG_IDENTIFIER" => r.ident.to_string(),
        "SYSLOG_FACILITY" => facility(r.facility).to_string(),
        "_SYSTEMD_UNIT" => if systemd { "init.scope" } else { &r.unit }.to_owned(),
        "UNIT" if systemd => r.unit.to_string(),
        "_COMM" => r.ident.rsplit('/').next().unwrap_or("").to_owned(),
        "_TRANSPORT" => if r.facility == Facility::Kern { "kernel" } else { "syslog" }.to_owned(),
        "MESSAGE" => r.event.text(),
        _ => return false,
    };
    values.contains(&value)
}

/// A time as systemd reads it: `2026-11-24 10:00`, `10:00`, `today`, `yesterday`, `now`, `-10min`, `5 minutes ago`.
pub fn time(text: &str, now: Time) -> Option<Time> {
    let t = text.trim().trim_end_matches(" UTC");
    let c = now.civil();
    let midnight = Time::from_civil(c.year, c.month, c.day, 0, 0, 0);
    match t {
        "now" => return Some(now),
        "today" => return Some(midnight),
        "yesterday" => return Some(midnight - Span::days(1)),
        "tomorrow" => return Some(midnight + Span::days(1)),
        _ => {}
    }
    if let Some(rest) = t.strip_suffix(" ago") {
        return span(rest).map(|s| now - s);
    }
    if let Some(rest) = t.strip_prefix('-') {
        return span(rest).map(|s| now - s);
    }
    if let Some(rest) = t.strip_prefix('+') {
        return span(rest).map(|s| now + s);
    }
    if let Some(secs) = t.strip_prefix('@') {
        return secs.parse().ok().map(Time::from_secs);
    }
    if t.contains('-') {
        let t = t.split_once(' ').filter(|(d, _)| d.chars().all(char::is_alphabetic)).map_or(t, |(_, r)| r);
        let t = t.split_once('.').map_or(t, |(s, _)| s);
        return Time::parse_iso(t).filter(|_| t.split('-').count() == 3);
    }
    let mut parts = t.split(':');
    let (h, m) = (parts.next()?.parse::<i64>().ok()?, parts.next()?.parse::<i64>().ok()?);
    let s = parts.next().map_or(Some(0), |s| s.parse::<i64>().ok())?;
    (h < 24 && m < 60 && s < 60).then(|| midnight + Span::secs(h * 3600 + m * 60 + s))
}

/// A length of time: `10min`, `1h 30m`, `2 days`.
fn span(text: &str) -> Option<Span> {
    let mut total = 0i64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let n: i64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "" | "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        total = total.checked_add(n.checked_mul(unit)?)?;
        rest = rest[end..].trim_start();
    }
    Some(Span::secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let now = Time::from_civil(2026, 11, 24, 10, 30, 0);
        for (text, secs) in [
            ("-10min", -600),
            ("1 hour ago", -3600),
            ("10:00", -1800),
            ("today", -37_800),
            ("2026-11-24 10:29:00", -60),
            ("now", 0),
            ("1h 30m ago", -5400),
        ] {
            assert_eq!(time(text, now), Some(now + Span::secs(secs)), "{text}");
        }
        assert_eq!(time("gestern", now), None);
    }
}
