//! Journal lines as systemd prints them: layouts, and the cut to the width of the terminal.

use crate::base::time::{MONTHS, WEEKDAYS};
use crate::host::Host;
use crate::log::{Facility, Message, Record, Severity};

/// The layouts of `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Short,
    ShortFull,
    ShortIso,
    ShortIsoPrecise,
    ShortPrecise,
    ShortUnix,
    WithUnit,
    Cat,
    Json,
    JsonPretty,
    Verbose,
    Export,
}

impl Format {
    pub fn parse(name: &str) -> Option<Format> {
        Some(match name {
            "short" => Format::Short,
            "short-full" => Format::ShortFull,
            "short-iso" => Format::ShortIso,
            "short-iso-precise" => Format::ShortIsoPrecise,
            "short-precise" => Format::ShortPrecise,
            "short-unix" => Format::ShortUnix,
            "with-unit" => Format::WithUnit,
            "cat" => Format::Cat,
            "json" => Format::Json,
            "json-pretty" => Format::JsonPretty,
            "verbose" => Format::Verbose,
            "export" => Format::Export,
            _ => return None,
        })
    }
}

pub fn priority(s: Severity) -> u8 {
    match s {
        Severity::Emerg => 0,
        Severity::Alert => 1,
        Severity::Crit => 2,
        Severity::Err => 3,
        Severity::Warning => 4,
        Severity::Notice => 5,
        Severity::Info => 6,
        Severity::Debug => 7,
    }
}

pub fn facility(f: Facility) -> u8 {
    match f {
        Facility::Kern => 0,
        Facility::User => 1,
        Facility::Mail => 2,
        Facility::Daemon => 3,
        Facility::Auth => 4,
        Facility::Syslog => 5,
        Facility::Cron => 9,
        Facility::AuthPriv => 10,
        Facility::Lpr => 6,
        Facility::News => 7,
        Facility::Uucp => 8,
        Facility::Ftp => 11,
        Facility::Local0 => 16,
        Facility::Local1 => 17,
        Facility::Local2 => 18,
        Facility::Local3 => 19,
        Facility::Local4 => 20,
        Facility::Local5 => 21,
        Facility::Local6 => 22,
        Facility::Local7 => 23,
    }
}

/// Shortens a text to `width` characters with an ellipsis that far in.
pub fn ellipsize(text: &str, width: usize, percent: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= width || width == 0 {
        return text.to_owned();
    }
    let head = ((width - 1) * percent + 50) / 100;
    let tail = width - 1 - head;
    let mut out: String = chars[..head].iter().collect();
    out.push('…');
    out.extend(&chars[chars.len() - tail..]);
    out
}

fn stamp(r: &Record, format: Format) -> String {
    let c = r.time.civil();
    let clock = format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
    match format {
        Format::ShortFull | Format::WithUnit => {
            format!("{} {:04}-{:02}-{:02} {clock} UTC", WEEKDAYS[c.weekday as usize], c.year, c.month, c.day)
        }
        Format::ShortIso => format!("{:04}-{:02}-{:02}T{clock}+0000", c.year, c.month, c.day),
        Format::ShortIsoPrecise => {
            format!("{:04}-{:02}-{:02}T{clock}.{:06}+0000", c.year, c.month, c.day, c.micro)
        }
        Format::ShortPrecise => format!("{} {:02} {clock}.{:06}", MONTHS[c.month as usize - 1], c.day, c.micro),
        Format::ShortUnix => format!("{}.{:06}", r.time.secs(), c.micro),
        _ => format!("{} {:02} {clock}", MONTHS[c.month as usize - 1], c.day),
    }
}

/// The cgroup that the line came from, as `-o with-unit` names it.
fn source(r: &Record) -> &str {
    if &*r.ident == "systemd" { "init.scope" } else { &r.unit }
}

/// Who said it, with the pid.
fn who(r: &Record, format: Format) -> String {
    let tag: &str = if format == Format::WithUnit { source(r) } else { &r.ident };
    if &*r.ident == "kernel" { tag.to_owned() } else { format!("{tag}[{}]", r.pid) }
}

/// One record in a layout, with its newline; `columns` cuts it. The flag says that it was cut.
pub fn line(host: &str, r: &Record, format: Format, hostname: bool, columns: Option<usize>) -> (String, bool) {
    let text = r.event.text();
    match format {
        Format::Cat => return (format!("{text}\n"), false),
        Format::Json | Format::JsonPretty | Format::Verbose | Format::Export => {
            return (fields(host, r, format), false);
        }
        _ => {}
    }
    let mut prefix = stamp(r, format);
    if hostname {
        prefix.push(' ');
        prefix.push_str(host);
    }
    prefix.push(' ');
    prefix.push_str(&who(r, format));
    prefix.push_str(": ");
    let width = prefix.chars().count();
    let mut out = String::new();
    let mut cut = false;
    for (i, l) in text.split('\n').enumerate() {
        let n = l.chars().count();
        if i == 0 {
            out.push_str(&prefix);
        } else {
            out.push_str(&" ".repeat(width));
        }
        match columns {
            Some(c) if width + n + 1 >= c && width < c && c - width >= 3 => {
                let percent = if n + 1 >= 300 { 100 } else { 90 };
                out.push_str(&ellipsize(l, c - width, percent));
                cut = true;
            }
            _ => out.push_str(l),
        }
        out.push('\n');
    }
    (out, cut)
}

fn quote(s: &str) -> String {
    serde_json::Value::String(s.to_owned()).to_string()
}

/// All fields of a record, in the machine-readable layouts.
fn fields(host: &str, r: &Record, format: Format) -> String {
    let (boot, machine) = ("5f0c6a0e2b6a4b0e9f43c1d7a8e2b914", "0d9f2f6c1e1b4b7c8f0a3c5d7e9b1a2c");
    let us = r.time.0.to_string();
    let cursor = format!("s=9c1f;i={us};b={boot};t={us}");
    let unit_field = if &*r.ident == "systemd" { "UNIT" } else { "_SYSTEMD_UNIT" };
    let mut all = vec![
        ("__CURSOR", cursor.clone()),
        ("__REALTIME_TIMESTAMP", us.clone()),
        ("_BOOT_ID", boot.to_owned()),
        ("_MACHINE_ID", machine.to_owned()),
        ("_HOSTNAME", host.to_owned()),
        ("PRIORITY", priority(r.event.severity()).to_string()),
        ("SYSLOG_FACILITY", facility(r.facility).to_string()),
        ("SYSLOG_IDENTIFIER", r.ident.to_string()),
        ("SYSLOG_PID", r.pid.to_string()),
        ("_PID", r.pid.to_string()),
        (unit_field, r.unit.to_string()),
        ("_TRANSPORT", if &*r.ident == "kernel" { "kernel" } else { "syslog" }.to_owned()),
        ("MESSAGE", r.event.text()),
    ];
    match format {
        Format::Json => {
            let body: Vec<String> = all.iter().map(|(k, v)| format!("\"{k}\":{}", quote(v))).collect();
            format!("{{{}}}\n", body.join(","))
        }
        Format::JsonPretty => {
            let body: Vec<String> = all.iter().map(|(k, v)| format!("\t\"{k}\" : {}", quote(v))).collect();
            format!("{{\n{}\n}}\n", body.join(",\n"))
        }
        Format::Export => {
            let body: String = all.iter().map(|(k, v)| format!("{k}={v}\n")).collect();
            format!("{body}\n")
        }
        _ => {
            let head = stamp(r, Format::ShortFull).replace(" UTC", &format!(".{:06} UTC", r.time.subsec_micros()));
            all.drain(..2);
            let body: String = all.iter().map(|(k, v)| format!("    {k}={v}\n")).collect();
            format!("{head} [{cursor}]\n{body}")
        }
    }
}

/// The last lines of a unit since a point of the journal; whether one was cut.
pub fn of_unit(host: &Host, unit: &str, since: usize, count: usize, columns: Option<usize>) -> (String, bool) {
    let mut kept: Vec<&Record> = host.since(since).rev().filter(|r| *r.unit == *unit).take(count).collect();
    kept.reverse();
    let (mut out, mut cut) = (String::new(), false);
    for r in kept {
        let (l, c) = line(&host.name, r, Format::Short, true, columns);
        out.push_str(&l);
        cut |= c;
    }
    (out, cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_lose_their_middle() {
        let text = "1DDB22961: to=<maria@ejemplo.com>, orig_to=<maria>, relay=local, delay=0.54, \
                    delays=0.54/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)";
        let cut = ellipsize(text, 160 - "Nov 24 03:25:10 mail postfix/local[22123]: ".len(), 90);
        assert_eq!(
            cut,
            "1DDB22961: to=<maria@ejemplo.com>, orig_to=<maria>, relay=local, delay=0.54, delays=0.54/0/0/0, dsn=2.0.… to maildir)"
        );
    }
}
