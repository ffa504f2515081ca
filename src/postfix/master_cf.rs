//! master.cf: one service a logical line, eight fields, as master(8) reads it.

use super::config::split_nameval;
use super::readlline::{Logical, is_space, logical_lines};
use crate::log::config::{Config as ConfigFault, NameValue, Warning};
use crate::log::master::EntryFault;

/// Transport type of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    Inet,
    Unix,
    UnixDgram,
    Fifo,
    Pass,
}

impl Type {
    pub fn name(self) -> &'static str {
        match self {
            Type::Inet => "inet",
            Type::Unix => "unix",
            Type::UnixDgram => "unix-dgram",
            Type::Fifo => "fifo",
            Type::Pass => "pass",
        }
    }
    pub fn parse(text: &str) -> Option<Type> {
        [Type::Inet, Type::Unix, Type::UnixDgram, Type::Fifo, Type::Pass].into_iter().find(|t| t.name() == text)
    }
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    pub kind: Type,
    /// `smtp/inet`, the name by which the rest of the model knows it.
    pub key: String,
    pub private: bool,
    pub unprivileged: bool,
    pub chroot: bool,
    /// Seconds between wake-ups; 0 is never.
    pub wakeup: i64,
    /// Wake it up only when it was used already (`?`).
    pub wakeup_if_used: bool,
    /// Most processes at a time; 0 is without limit.
    pub maxproc: u32,
    /// The program, `smtpd`.
    pub command: String,
    /// Its arguments as written.
    pub args: Vec<String>,
    /// `-o name=value` among them.
    pub overrides: Vec<(String, String)>,
    /// An `-o` whose value is no `name=value`: the program ends when it starts.
    pub bad_override: Option<(NameValue, String)>,
    pub line: usize,
}

/// What cannot be read: line number and fault.
pub type Fault = (usize, EntryFault);

/// Takes the next blank-separated word; a word that starts with `{` goes to its `}`.
pub fn next_word<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let s = rest.trim_start_matches(is_space);
    if s.is_empty() {
        return None;
    }
    let mut level = 0_i32;
    let end = s
        .char_indices()
        .find(|&(_, c)| {
            match c {
                '{' => level += 1,
                '}' => level -= 1,
                _ => {}
            }
            level <= 0 && is_space(c)
        })
        .map_or(s.len(), |(i, _)| i);
    *rest = &s[end..];
    Some(&s[..end])
}

/// `{ text }` without braces and the white space inside them.
pub fn unbraced(word: &str) -> &str {
    word.strip_prefix('{').and_then(|w| w.strip_suffix('}')).map_or(word, |w| w.trim_matches(is_space))
}

/// Reads one entry. `limit` and `compat_1` are what `-` means for the process count and for chroot.
pub fn entry(line: &Logical, limit: u32) -> Result<Service, EntryFault> {
    let mut rest = line.text.as_str();
    let mut field = |name: &'static str| next_word(&mut rest).ok_or(EntryFault::Missing(name));
    let name = field("service name")?.to_owned();
    let kind = field("transport type")?;
    let kind = Type::parse(kind).ok_or_else(|| EntryFault::BadTransport(kind.to_owned()))?;
    let boolean = |name: &'static str, text: &str, default: bool| match text {
        "-" => Ok(default),
        "y" => Ok(true),
        "n" => Ok(false),
        _ => Err(EntryFault::BadField { name, value: text.to_owned() }),
    };
    let private = boolean("private", field("private")?, true)?;
    if kind == Type::Inet && private {
        return Err(EntryFault::PrivateInet);
    }
    let unprivileged = boolean("unprivileged", field("unprivileged")?, true)?;
    let chroot = boolean("chroot", field("chroot")?, false)?;
    let wake = field("wakeup_time")?;
    let (number, wakeup_if_used) = wake.strip_suffix('?').map_or((wake, false), |w| (w, true));
    let wakeup = if number == "-" {
        0
    } else {
        let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        number[..digits].parse().map_err(|_| EntryFault::BadField { name: "wakeup_time", value: wake.to_owned() })?
    };
    let count = field("max_proc")?;
    let maxproc = match count {
        "-" => limit,
        c => c.parse().map_err(|_| EntryFault::BadField { name: "max_proc", value: c.to_owned() })?,
    };
    let command = field("command")?.to_owned();
    let mut args = Vec::new();
    while let Some(w) = next_word(&mut rest) {
        args.push(unbraced(w).to_owned());
    }
    let (mut overrides, mut bad_override) = (Vec::new(), None);
    let mut it = args.iter();
    while let Some(a) = it.next() {
        let value = match a.strip_prefix("-o") {
            Some("") => it.next().map(String::as_str),
            Some(v) => Some(v),
            None => continue,
        };
        let Some(value) = value else { break };
        match split_nameval(unbraced(value)) {
            Ok((n, v)) => overrides.push((n.to_owned(), v.to_owned())),
            Err(why) => bad_override = bad_override.or_else(|| Some((why, value.to_owned()))),
        }
    }
    Ok(Service {
        key: [&name, "/", kind.name()].concat(),
        name,
        kind,
        private,
        unprivileged,
        chroot,
        wakeup,
        wakeup_if_used,
        maxproc,
        command,
        args,
        overrides,
        bad_override,
        line: line.last,
    })
}

/// Reads a whole file. Entries that cannot be read are given beside the others; a later entry of the same name and type
/// replaces an earlier one.
pub fn parse(path: &str, text: &str, limit: u32) -> (Vec<Service>, Vec<Fault>, Vec<ConfigFault>) {
    let (mut services, mut faults, mut warnings) = (Vec::<Service>::new(), Vec::new(), Vec::new());
    for line in logical_lines(text) {
        if line.starts_with_space() {
            warnings.push(ConfigFault::LeadingSpace { path: path.to_owned(), text: line.text });
            continue;
        }
        match entry(&line, limit) {
            Err(f) => faults.push((line.last, f)),
            Ok(s) => match services.iter_mut().find(|o| o.name == s.name && o.kind == s.kind) {
                Some(old) => {
                    if s.kind != Type::Inet {
                        let place = if s.private { "private" } else { "public" };
                        let (name, place) = (s.name.clone(), format!("{place}/{}", s.name));
                        warnings.push(ConfigFault::Warning(Warning::DuplicateService { name, place }));
                    }
                    *old = s;
                }
                None => services.push(s),
            },
        }
    }
    (services, faults, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Service, EntryFault> {
        entry(&logical_lines(text)[0], 100)
    }

    #[test]
    fn fields_defaults_and_overrides() {
        let s =
            one("submission inet n - y - - smtpd\n  -o syslog_name=postfix/submission\n  -o { a = b c } -v").unwrap();
        assert_eq!((s.maxproc, s.chroot, s.unprivileged, s.private), (100, true, true, false));
        let want = [("syslog_name", "postfix/submission"), ("a", "b c")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(s.overrides, want);
        let t = one("tlsmgr unix - - y 1000? 1 tlsmgr").unwrap();
        assert_eq!((t.wakeup, t.wakeup_if_used, t.maxproc, t.private), (1000, true, 1, true));
    }

    #[test]
    fn faults_are_master_s() {
        for (text, want) in [
            ("foo", "missing \"transport type\" field"),
            ("foo unix", "missing \"private\" field"),
            ("foo unix - - -", "missing \"wakeup_time\" field"),
            ("foo unix - - - - -", "missing \"command\" field"),
            ("foo bar - - - - - smtpd", "bad transport type: bar"),
            ("foo unix x - - - - smtpd", "field \"private\": bad value: \"x\""),
            ("foo unix - z - - - smtpd", "field \"unprivileged\": bad value: \"z\""),
            ("foo unix - - - - zz smtpd", "field \"max_proc\": bad value: \"zz\""),
            ("foo inet y - - - - smtpd", "inet service cannot be private"),
        ] {
            assert_eq!(one(text).unwrap_err().to_string(), want, "{text}");
        }
        assert_eq!(one("foo unix - - - 1x - smtpd").unwrap().wakeup, 1);
    }
}
