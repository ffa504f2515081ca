//! date's `+FORMAT`.

use crate::base::Time;
use crate::base::time::{MONTHS, WEEKDAYS};

pub(super) const LONG_MONTHS: [&str; 12] = [
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

pub(super) const LONG_DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

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
