//! Instants and spans of the simulated clock, and civil time.
//!
//! The unit is the microsecond; the epoch is Unix's; the zone is UTC. Nothing here reads a real clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Time(pub i64);

/// A length of time in microseconds; may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Span(pub i64);

/// Civil date and time in UTC. `weekday` is 0 for Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i32,
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub micro: u32,
    pub weekday: u32,
}

pub const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
pub const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

impl Span {
    pub const ZERO: Span = Span(0);
    pub const fn micros(n: i64) -> Span {
        Span(n)
    }
    pub const fn millis(n: i64) -> Span {
        Span(n * 1_000)
    }
    pub const fn secs(n: i64) -> Span {
        Span(n * 1_000_000)
    }
    pub const fn mins(n: i64) -> Span {
        Span(n * 60_000_000)
    }
    pub const fn hours(n: i64) -> Span {
        Span(n * 3_600_000_000)
    }
    pub const fn days(n: i64) -> Span {
        Span(n * 86_400_000_000)
    }
    /// Whole seconds, rounded towards minus infinity.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Time {
    pub const fn from_secs(s: i64) -> Time {
        Time(s * 1_000_000)
    }
    /// Whole seconds since the epoch.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
    /// Microseconds within the second.
    pub const fn subsec_micros(self) -> u32 {
        self.0.rem_euclid(1_000_000) as u32
    }
    /// From a civil date and time in UTC.
    pub fn from_civil(year: i32, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Time {
        let y = i64::from(if month <= 2 { year - 1 } else { year });
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let mp = (i64::from(month) + 9) % 12;
        let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let days = era * 146_097 + doe - 719_468;
        Time::from_secs(days * 86_400 + i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
    }
    /// Reads `2026-02-06T11:30:15Z` (also with a space for `T`, without seconds, without `Z`, or a date alone).
    pub fn parse_iso(s: &str) -> Option<Time> {
        let s = s.strip_suffix('Z').unwrap_or(s);
        let (date, clock) = s.split_once(['T', ' ']).unwrap_or((s, "00:00"));
        let mut d = date.split('-');
        let (y, mo, da) = (d.next()?.parse().ok()?, d.next()?.parse().ok()?, d.next()?.parse().ok()?);
        let mut c = clock.split(':');
        let (h, mi) = (c.next()?.parse().ok()?, c.next()?.parse().ok()?);
        let sec = c.next().map_or(Some(0), |x| x.parse().ok())?;
        ((1..=12).contains(&mo) && (1..=31).contains(&da) && h < 24 && mi < 60 && sec < 61)
            .then(|| Time::from_civil(y, mo, da, h, mi, sec))
    }
    pub fn civil(self) -> Civil {
        let secs = self.secs();
        let days = secs.div_euclid(86_400);
        let sod = secs.rem_euclid(86_400);
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = (if mp < 10 { mp + 3 } else { mp - 9 }) as u32;
        let year = (yoe + era * 400 + i64::from(month <= 2)) as i32;
        Civil {
            year,
            month,
            day,
            hour: (sod / 3600) as u32,
            minute: (sod / 60 % 60) as u32,
            second: (sod % 60) as u32,
            micro: self.subsec_micros(),
            weekday: (days + 4).rem_euclid(7) as u32,
        }
    }
    /// `Feb  6 11:30:15`, the traditional syslog stamp (RFC 3164).
    pub fn syslog(self) -> String {
        let mut out = String::with_capacity(15);
        self.put_syslog(&mut out);
        out
    }
    /// `Fri Feb  6 11:30:15 2026`, as ctime(3), without its line feed.
    pub fn ctime(self) -> String {
        let c = self.civil();
        format!("{} {} {}", WEEKDAYS[c.weekday as usize], self.syslog(), c.year)
    }
    /// Appends [`Time::syslog`].
    pub fn put_syslog(self, out: &mut String) {
        let c = self.civil();
        out.push_str(MONTHS[c.month as usize - 1]);
        out.push(' ');
        two(out, c.day, ' ');
        out.push(' ');
        c.put_clock(out);
    }
    /// `Fri,  6 Feb 2026 11:30:15 +0000 (UTC)`, as Postfix writes Date: and Received: (day space padded).
    pub fn rfc5322(self) -> String {
        let c = self.civil();
        let mut out = String::with_capacity(40);
        out.push_str(WEEKDAYS[c.weekday as usize]);
        out.push_str(", ");
        two(&mut out, c.day, ' ');
        out.push(' ');
        out.push_str(MONTHS[c.month as usize - 1]);
        out.push(' ');
        out.push_str(&c.year.to_string());
        out.push(' ');
        c.put_clock(&mut out);
        out.push_str(" +0000 (UTC)");
        out
    }
    /// `2026-02-06T11:30:15.123456+00:00`, rsyslog's default stamp in Debian 12.
    pub fn iso_micros(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+00:00",
            c.year, c.month, c.day, c.hour, c.minute, c.second, c.micro
        )
    }
}

/// Two digits of a number below 100, or what fills the place of the first.
fn two(out: &mut String, n: u32, fill: char) {
    let digit = |d: u32| char::from(b'0' + (d % 10) as u8);
    out.push(if n < 10 { fill } else { digit(n / 10) });
    out.push(digit(n));
}

impl Civil {
    /// `11:30:15`. Written digit by digit: every line of a log has one.
    fn put_clock(self, out: &mut String) {
        two(out, self.hour, '0');
        out.push(':');
        two(out, self.minute, '0');
        out.push(':');
        two(out, self.second, '0');
    }
}

impl fmt::Display for Time {
    /// `2026-02-06T11:30:15Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil();
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, s: Span) -> Time {
        Time(self.0.saturating_add(s.0))
    }
}
impl AddAssign<Span> for Time {
    fn add_assign(&mut self, s: Span) {
        *self = *self + s;
    }
}
impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, s: Span) -> Time {
        Time(self.0.saturating_sub(s.0))
    }
}
impl Sub for Time {
    type Output = Span;
    fn sub(self, o: Time) -> Span {
        Span(self.0.saturating_sub(o.0))
    }
}
impl Add for Span {
    type Output = Span;
    fn add(self, o: Span) -> Span {
        Span(self.0.saturating_add(o.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_and_back() {
        for (iso, secs, weekday) in [
            ("1970-01-01T00:00:00Z", 0, 4),
            ("2026-02-06T11:30:15Z", 1_770_377_415, 5),
            ("2000-02-29T23:59:59Z", 951_868_799, 2),
            ("2026-11-24T02:40:00Z", 1_795_488_000, 2),
        ] {
            let t = Time::parse_iso(iso).unwrap();
            assert_eq!(t.secs(), secs, "{iso}");
            assert_eq!(t.to_string(), iso);
            assert_eq!(t.civil().weekday, weekday, "{iso}");
        }
        assert_eq!(Time::from_secs(1_770_377_415).syslog(), "Feb  6 11:30:15");
        assert_eq!(Time::from_secs(1_770_377_415).rfc5322(), "Fri,  6 Feb 2026 11:30:15 +0000 (UTC)");
    }
}
