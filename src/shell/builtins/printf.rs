//! `printf`.

use super::super::state::{R, Shell};
use super::super::{bytes, escape};
use super::Call;
use crate::base::Time;
use crate::base::time::{MONTHS, WEEKDAYS};

/// One run over a format.
struct Run<'a> {
    sh: &'a Shell,
    args: std::collections::VecDeque<String>,
    out: String,
    failed: bool,
    /// `%b` met `\c`.
    ended: bool,
    used: bool,
}

pub fn printf(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args();
    let mut var = None;
    if args.first().is_some_and(|a| a == "-v") {
        let Some(name) = args.get(1) else {
            sh.complain_as("printf", "-v: option requires an argument");
            sh.usage("printf");
            return Ok(2);
        };
        let bare = name.split('[').next().unwrap_or("");
        if !super::super::vars::is_name(bare) {
            sh.complain_as("printf", format!("`{name}': not a valid identifier"));
            return Ok(2);
        }
        var = Some(name.clone());
        args = &args[2..];
    } else if args.first().is_some_and(|a| a == "--") {
        args = &args[1..];
    } else if let Some(a) = args.first().filter(|a| a.starts_with('-') && a.len() > 1) {
        return sh.bad_option("printf", &a[..2.min(a.len())]);
    }
    let Some(format) = args.first() else {
        sh.usage("printf");
        return Ok(2);
    };
    let mut run = Run {
        sh,
        args: args[1..].iter().cloned().collect(),
        out: String::new(),
        failed: false,
        ended: false,
        used: false,
    };
    let f: Vec<char> = format.chars().collect();
    loop {
        run.used = false;
        let before = run.args.len();
        run.once(&f);
        if run.args.is_empty() || run.ended || !run.used || run.args.len() == before {
            break;
        }
        if run.out.len() > 1 << 24 {
            break;
        }
    }
    let Run { out, failed, .. } = run;
    let status = i32::from(failed);
    if let Some(name) = var {
        let (name, index) = match name.split_once('[') {
            Some((n, i)) => (n.to_owned(), Some(i.trim_end_matches(']').to_owned())),
            None => (name, None),
        };
        return Ok(if sh.assign_to(&name, index.as_deref(), &out, false).is_err() { 1 } else { status });
    }
    let r = sh.say("printf", &out)?;
    Ok(if r != 0 { r } else { status })
}

/// Flags, width and precision of a conversion.
#[derive(Clone, Default)]
struct Spec {
    minus: bool,
    plus: bool,
    space: bool,
    alt: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl Spec {
    fn pad(&self, s: &str) -> String {
        // Width counts bytes, as printf(3) does.
        let len = bytes::encode(s).len();
        let fill = " ".repeat(self.width.saturating_sub(len).min(1 << 20));
        if self.minus { format!("{s}{fill}") } else { format!("{fill}{s}") }
    }
    fn number(&self, sign: &str, digits: &str, prefix: &str, integer: bool) -> String {
        let mut digits = digits.to_owned();
        if integer && let Some(p) = self.precision {
            digits = format!("{}{digits}", "0".repeat(p.saturating_sub(digits.len()).min(1 << 20)));
        }
        let body = sign.len() + prefix.len() + digits.len();
        if self.zero && !self.minus && !(integer && self.precision.is_some()) {
            let fill = "0".repeat(self.width.saturating_sub(body).min(1 << 20));
            return format!("{sign}{prefix}{fill}{digits}");
        }
        self.pad(&format!("{sign}{prefix}{digits}"))
    }
}

impl Run<'_> {
    fn next(&mut self) -> Option<String> {
        self.used = true;
        self.args.pop_front()
    }
    fn fail(&mut self, text: String) {
        self.sh.complain_as("printf", text);
        self.failed = true;
    }
    fn once(&mut self, f: &[char]) {
        let mut i = 0;
        let mut lit = String::new();
        while i < f.len() {
            if f[i] == '\\' && i + 1 < f.len() {
                lit.push('\\');
                lit.push(f[i + 1]);
                i += 2;
                continue;
            }
            if f[i] != '%' {
                lit.push(f[i]);
                i += 1;
                continue;
            }
            self.out.push_str(&escape::printf(&std::mem::take(&mut lit)));
            i += 1;
            if f.get(i) == Some(&'%') {
                self.out.push('%');
                i += 1;
                continue;
            }
            match self.conversion(f, i) {
                Some(next) => i = next,
                None => return,
            }
            if self.ended {
                return;
            }
        }
        self.out.push_str(&escape::printf(&lit));
    }
    fn star(&mut self) -> i64 {
        let a = self.next().unwrap_or_default();
        self.integer(&a) as i64
    }
    fn conversion(&mut self, f: &[char], mut i: usize) -> Option<usize> {
        let start = i;
        let mut s = Spec::default();
        while let Some(c) = f.get(i) {
            match c {
                '-' => s.minus = true,
                '+' => s.plus = true,
                ' ' => s.space = true,
                '#' => s.alt = true,
                '0' => s.zero = true,
                '\'' => {}
                _ => break,
            }
            i += 1;
        }
        let digits = |i: &mut usize| {
            let from = *i;
            while f.get(*i).is_some_and(char::is_ascii_digit) {
                *i += 1;
            }
            f[from..*i].iter().collect::<String>().parse::<usize>().unwrap_or(0).min(1 << 20)
        };
        if f.get(i) == Some(&'*') {
            i += 1;
            let w = self.star();
            s.minus |= w < 0;
            s.width = (w.unsigned_abs() as usize).min(1 << 20);
        } else {
            s.width = digits(&mut i);
        }
        if f.get(i) == Some(&'.') {
            i += 1;
            if f.get(i) == Some(&'*') {
                i += 1;
                s.precision = usize::try_from(self.star()).ok().map(|p| p.min(1 << 20));
            } else {
                s.precision = Some(digits(&mut i));
            }
        }
        while f.get(i).is_some_and(|c| "hlLjzt".contains(*c)) && i + 1 < f.len() {
            i += 1;
        }
        let Some(&c) = f.get(i) else {
            let text: String = f[start - 1..].iter().collect();
            self.fail(format!("`{text}': missing format character"));
            return None;
        };
        match c {
            's' => {
                let a = self.next().unwrap_or_default();
                let a = cut(&a, s.precision);
                self.out.push_str(&s.pad(&a));
            }
            'c' => {
                let a = self.next().unwrap_or_default();
                let first = a.chars().next().map_or(String::from("\0"), String::from);
                let first = if a.is_empty() { String::new() } else { first };
                self.out.push_str(&s.pad(&first));
            }
            'b' => {
                let a = self.next().unwrap_or_default();
                let (t, ended) = escape::echo(&octal(&a));
                self.out.push_str(&s.pad(&cut(&t, s.precision)));
                self.ended = ended;
            }
            'q' | 'Q' => {
                let a = self.next().unwrap_or_default();
                let q = escape::quote(&if c == 'Q' { cut(&a, s.precision) } else { a });
                self.out.push_str(&s.pad(&if c == 'q' { cut(&q, s.precision) } else { q }));
            }
            'd' | 'i' => {
                let a = self.next().unwrap_or_default();
                let v = self.integer(&a).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
                let sign = if v < 0 {
                    "-"
                } else if s.plus {
                    "+"
                } else if s.space {
                    " "
                } else {
                    ""
                };
                self.out.push_str(&s.number(sign, &v.unsigned_abs().to_string(), "", true));
            }
            'u' | 'o' | 'x' | 'X' => {
                let a = self.next().unwrap_or_default();
                let v = self.integer(&a) as u64;
                let (digits, prefix) = match c {
                    'u' => (v.to_string(), ""),
                    'o' => (format!("{v:o}"), if s.alt { "0" } else { "" }),
                    'x' => (format!("{v:x}"), if s.alt && v != 0 { "0x" } else { "" }),
                    _ => (format!("{v:X}"), if s.alt && v != 0 { "0X" } else { "" }),
                };
                self.out.push_str(&s.number("", &digits, prefix, true));
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'a' | 'A' => {
                let a = self.next().unwrap_or_default();
                let v = self.float(&a);
                let text = float_text(v.abs(), c, s.precision.unwrap_or(6), s.alt);
                let sign = if v.is_sign_negative() {
                    "-"
                } else if s.plus {
                    "+"
                } else if s.space {
                    " "
                } else {
                    ""
                };
                self.out.push_str(&s.number(sign, &text, "", false));
            }
            '(' => {
                let end = f[i..].iter().position(|c| *c == ')').map(|n| i + n);
                let Some(end) = end.filter(|e| f.get(e + 1) == Some(&'T')) else {
                    self.fail(format!(
                        "warning: `{}': invalid time format specification",
                        f[i..].iter().collect::<String>()
                    ));
                    return None;
                };
                let fmt: String = f[i + 1..end].iter().collect();
                let fmt = if fmt.is_empty() { "%X".to_owned() } else { fmt };
                let a = self.next();
                let now = self.sh.world.borrow().now();
                let t = match a.as_deref() {
                    None | Some("-1") => now,
                    Some("-2") => self.sh.started,
                    Some(a) => Time::from_secs(self.integer(a) as i64),
                };
                self.out.push_str(&s.pad(&strftime(&fmt, t)));
                return Some(end + 2);
            }
            'n' => {
                self.next();
            }
            c => {
                let text = format!("`{c}': invalid format character");
                self.fail(text);
                return None;
            }
        }
        Some(i + 1)
    }
    fn integer(&mut self, a: &str) -> i128 {
        if a.is_empty() {
            return 0;
        }
        if let Some(c) = a.strip_prefix(['\'', '"']) {
            return c.chars().next().map_or(0, |c| i128::from(u32::from(c)));
        }
        let t = a.trim_start();
        let (sign, digits) = match t.strip_prefix('-') {
            Some(d) => (-1, d),
            None => (1, t.strip_prefix('+').unwrap_or(t)),
        };
        let (digits, radix) = if let Some(h) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            (h, 16)
        } else if digits.len() > 1 && digits.starts_with('0') {
            (&digits[1..], 8)
        } else {
            (digits, 10)
        };
        let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let v = i128::from_str_radix(&digits[..end], radix).unwrap_or(0);
        if end < digits.len() || digits.is_empty() {
            self.fail(format!("{a}: invalid number"));
        }
        let v = sign * v;
        if v > i128::from(u64::MAX) || v < i128::from(i64::MIN) {
            self.sh.complain_as("printf", format!("warning: {a}: Numerical result out of range"));
            return if v < 0 { i128::from(i64::MIN) } else { i128::from(i64::MAX) };
        }
        v
    }
    fn float(&mut self, a: &str) -> f64 {
        if a.is_empty() {
            return 0.0;
        }
        if let Some(c) = a.strip_prefix(['\'', '"']) {
            return c.chars().next().map_or(0.0, |c| f64::from(u32::from(c)));
        }
        match a.trim_start().parse::<f64>() {
            Ok(v) => v,
            Err(_) => {
                let t = a.trim_start();
                let end = (0..=t.len()).rev().find(|n| t.is_char_boundary(*n) && t[..*n].parse::<f64>().is_ok());
                self.fail(format!("{a}: invalid number"));
                end.and_then(|n| t[..n].parse().ok()).unwrap_or(0.0)
            }
        }
    }
}

/// `%b` takes `\NNN` beside `\0NNN`.
fn octal(s: &str) -> String {
    let c: Vec<char> = s.chars().collect();
    let mut out = String::new();
    let mut i = 0;
    while i < c.len() {
        out.push(c[i]);
        if c[i] == '\\' && i + 1 < c.len() {
            if ('1'..='7').contains(&c[i + 1]) {
                out.push('0');
            }
            out.push(c[i + 1]);
            i += 1;
        }
        i += 1;
    }
    out
}

/// The first `n` bytes, not cutting a character.
fn cut(s: &str, n: Option<usize>) -> String {
    match n {
        None => s.to_owned(),
        Some(n) => {
            let mut end = n.min(s.len());
            while !s.is_char_boundary(end) {
                end -= 1;
            }
            s[..end].to_owned()
        }
    }
}

fn exponent(text: &str, upper: bool) -> String {
    // Rust writes `1.5e3`; C writes `1.5e+03`.
    let Some((m, e)) = text.split_once('e') else { return text.to_owned() };
    let (sign, digits) = e.strip_prefix('-').map_or(('+', e), |d| ('-', d));
    format!("{m}{}{sign}{digits:0>2}", if upper { 'E' } else { 'e' })
}

fn float_text(v: f64, c: char, precision: usize, alt: bool) -> String {
    let upper = c.is_ascii_uppercase();
    if v.is_nan() || v.is_infinite() {
        let t = if v.is_nan() { "nan" } else { "inf" };
        return if upper { t.to_uppercase() } else { t.to_owned() };
    }
    let precision = precision.min(400);
    match c.to_ascii_lowercase() {
        'f' => format!("{v:.precision$}"),
        'e' => exponent(&format!("{v:.precision$e}"), upper),
        _ => {
            let p = precision.max(1);
            let sci = format!("{v:.*e}", p - 1);
            let exp: i32 = sci.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
            let strip = |t: String| {
                if alt || !t.contains('.') { t } else { t.trim_end_matches('0').trim_end_matches('.').to_owned() }
            };
            if exp < -4 || exp >= p as i32 {
                let (m, e) = sci.split_once('e').unwrap_or((&sci, "0"));
                exponent(&format!("{}e{e}", strip(m.to_owned())), upper)
            } else {
                strip(format!("{v:.*}", (p as i32 - 1 - exp).max(0) as usize))
            }
        }
    }
}

/// strftime(3) in the C locale, UTC.
pub fn strftime(f: &str, t: Time) -> String {
    let c = t.civil();
    let mut out = String::new();
    let mut chars = f.chars();
    let yday = (t.secs().div_euclid(86_400) - Time::from_civil(c.year, 1, 1, 0, 0, 0).secs().div_euclid(86_400)) as u32;
    let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    let months = [
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
    let twelve = (c.hour + 11) % 12 + 1;
    while let Some(ch) = chars.next() {
        if ch != '%' {
            out.push(ch);
            continue;
        }
        let Some(mut k) = chars.next() else { break };
        if k == '-' {
            k = chars.next().unwrap_or('d');
            match k {
                'd' | 'e' => out.push_str(&c.day.to_string()),
                'm' => out.push_str(&c.month.to_string()),
                'H' => out.push_str(&c.hour.to_string()),
                'M' => out.push_str(&c.minute.to_string()),
                _ => {}
            }
            continue;
        }
        match k {
            'Y' => out.push_str(&c.year.to_string()),
            'C' => out.push_str(&format!("{:02}", c.year / 100)),
            'y' => out.push_str(&format!("{:02}", c.year % 100)),
            'm' => out.push_str(&format!("{:02}", c.month)),
            'd' => out.push_str(&format!("{:02}", c.day)),
            'e' => out.push_str(&format!("{:2}", c.day)),
            'H' => out.push_str(&format!("{:02}", c.hour)),
            'k' => out.push_str(&format!("{:2}", c.hour)),
            'I' => out.push_str(&format!("{twelve:02}")),
            'l' => out.push_str(&format!("{twelve:2}")),
            'M' => out.push_str(&format!("{:02}", c.minute)),
            'S' => out.push_str(&format!("{:02}", c.second)),
            'p' => out.push_str(if c.hour < 12 { "AM" } else { "PM" }),
            'a' => out.push_str(WEEKDAYS[c.weekday as usize]),
            'A' => out.push_str(days[c.weekday as usize]),
            'b' | 'h' => out.push_str(MONTHS[c.month as usize - 1]),
            'B' => out.push_str(months[c.month as usize - 1]),
            'F' => out.push_str(&format!("{}-{:02}-{:02}", c.year, c.month, c.day)),
            'T' | 'X' => out.push_str(&format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second)),
            'R' => out.push_str(&format!("{:02}:{:02}", c.hour, c.minute)),
            'D' | 'x' => out.push_str(&format!("{:02}/{:02}/{:02}", c.month, c.day, c.year % 100)),
            'c' => out.push_str(&strftime("%a %b %e %H:%M:%S %Y", t)),
            'j' => out.push_str(&format!("{:03}", yday + 1)),
            'u' => out.push_str(&(if c.weekday == 0 { 7 } else { c.weekday }).to_string()),
            'w' => out.push_str(&c.weekday.to_string()),
            'U' => out.push_str(&format!("{:02}", (yday + 7 - c.weekday) / 7)),
            'W' => out.push_str(&format!("{:02}", (yday + 7 - (c.weekday + 6) % 7) / 7)),
            's' => out.push_str(&t.secs().to_string()),
            'z' => out.push_str("+0000"),
            'Z' => out.push_str("UTC"),
            'n' => out.push('\n'),
            't' => out.push('\t'),
            '%' => out.push('%'),
            k => {
                out.push('%');
                out.push(k);
            }
        }
    }
    out
}
