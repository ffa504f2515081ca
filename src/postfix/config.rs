//! main.cf: parsing, defaults, `$name` expansion. A [`Config`] is what one process read when it started.
//!
//! The accessors never fail: a value that is not what the parameter wants counts as the default, because a process
//! that uses such a parameter does not start ([`Config::check`], called by master(8) before it hands out a process).
//! Left out: parameters that a program computes while it runs.

use super::expand::{self, Expander, Expansion};
use super::matchlist::MatchList;
use super::params::{self, Kind, Name};
use super::readlline::{Logical, is_space, logical_lines};
use crate::host::{Blob, Host, Memo};
use crate::log::config::{Config as Fault, NameValue};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock};

/// Where main.cf stands unless told otherwise.
pub const DEFAULT_DIRECTORY: &str = "/etc/postfix";

/// A snapshot of main.cf with the `-o` overrides of a service on top.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Raw values as written (folded lines joined), by name.
    pub main: BTreeMap<String, String>,
    /// What reading the file gave to say, in order. A fatal one is the last.
    pub faults: Vec<Fault>,
    /// Path of main.cf, for messages.
    pub path: String,
    /// Defaults that the host computes.
    computed: BTreeMap<&'static str, String>,
    /// The parameters of the table as they were last asked for.
    cache: Vec<OnceLock<Box<Slot>>>,
    /// The numbers of parameters that belong to a transport: transport, suffix and number.
    limits: Limits,
    /// What starting with these values gives to say: of the common ones, and of the program that this was read for.
    pub(super) common_faults: OnceLock<Vec<Fault>>,
    pub(super) own_faults: OnceLock<Vec<Fault>>,
}

/// What a parameter of the table was found to be: each when it was first asked for.
#[derive(Clone, Debug, Default)]
struct Slot {
    /// The expanded value.
    text: OnceLock<String>,
    number: OnceLock<i64>,
    seconds: OnceLock<i64>,
    flag: OnceLock<bool>,
    words: OnceLock<Arc<[String]>>,
    braced: OnceLock<Arc<[String]>>,
    list: OnceLock<Option<Arc<MatchList>>>,
}

/// Found out anew by a clone, which may be given other values.
#[derive(Debug, Default)]
struct Limits(Mutex<Vec<(String, &'static str, i64)>>);

impl Clone for Limits {
    fn clone(&self) -> Limits {
        Limits::default()
    }
}

fn empty_cache() -> Vec<OnceLock<Box<Slot>>> {
    vec![OnceLock::new(); params::count()]
}

/// Splits `name = value` as split_nameval(3) does.
pub fn split_nameval(line: &str) -> Result<(&str, &str), NameValue> {
    let line = line.trim_start_matches(is_space);
    if line.is_empty() || line.starts_with('=') {
        return Err(NameValue::MissingName);
    }
    let end = line.find(|c| is_space(c) || c == '=').unwrap_or(line.len());
    let rest = line[end..].trim_start_matches(is_space);
    let Some(value) = rest.strip_prefix('=') else { return Err(NameValue::MissingEquals) };
    Ok((&line[..end], value.trim_matches(is_space)))
}

/// The entries of a main.cf text, with what is to be said about it.
pub fn parse(path: &str, text: &str) -> (BTreeMap<String, String>, Vec<Fault>) {
    let mut entries = BTreeMap::new();
    let faults = parse_into(path, text, &mut entries);
    (entries, faults)
}

type Parsed = (BTreeMap<String, String>, Vec<Fault>);

thread_local! {
    static PARSED: RefCell<Memo<Arc<Parsed>>> = const { RefCell::new(Memo::new()) };
}

/// As [`parse`], of a file that many processes read.
fn parsed(path: &str, blob: &Blob) -> Parsed {
    if let Some(known) = PARSED.with_borrow(|k| k.get(path, blob)) {
        return (*known).clone();
    }
    let new = parse(path, &blob.str());
    PARSED.with_borrow_mut(|k| k.put(path.to_owned(), blob.clone(), Arc::new(new.clone())));
    new
}

/// Adds the entries of a main.cf text to those that were read before; a fatal fault is the last.
pub fn parse_into(path: &str, text: &str, entries: &mut BTreeMap<String, String>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for line in logical_lines(text) {
        if line.starts_with_space() {
            faults.push(Fault::LeadingSpace { path: path.to_owned(), text: line.text });
            continue;
        }
        match split_nameval(&line.text) {
            Err(why) => {
                let Logical { first, text, .. } = line;
                faults.push(Fault::Syntax { path: path.to_owned(), line: first, why, text });
                break;
            }
            Ok((name, value)) => {
                let old = entries.insert(name.to_owned(), value.to_owned());
                if let Some(value) = old.filter(|o| o != value) {
                    let name = name.to_owned();
                    faults.push(Fault::Overriding { path: path.to_owned(), line: line.first, name, value });
                }
            }
        }
    }
    faults
}

/// Splits at any of `, \t\r\n` (mystrtok(3) with CHARS_COMMA_SP).
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\t', '\r', '\n']).filter(|w| !w.is_empty())
}

/// As [`words`], but `{ … }` keeps what is in it together (mystrtokq(3)); braces stay.
pub fn words_braced(text: &str) -> Vec<String> {
    split_braced(text, &[',', ' ', '\t', '\r', '\n'])
}

/// mystrtokq(3) with braces and any separators.
pub fn split_braced(text: &str, separators: &[char]) -> Vec<String> {
    let (mut out, mut start, mut level) = (Vec::new(), 0, 0_usize);
    for (i, b) in text.bytes().enumerate() {
        match b {
            b'{' => level += 1,
            b'}' => level = level.saturating_sub(1),
            // Every separator is ASCII.
            _ if level == 0 && separators.contains(&char::from(b)) => {
                if start < i {
                    out.push(text[start..i].to_owned());
                }
                start = i + 1;
            }
            _ => {}
        }
    }
    if start < text.len() {
        out.push(text[start..].to_owned());
    }
    out
}

/// A number with an optional unit, in seconds.
pub fn parse_time(text: &str, unit: char) -> Option<i64> {
    let text = text.trim_matches(is_space);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let sign = text.len() - digits.len();
    let number: i64 = text[..sign + end].trim_start_matches('+').parse().ok()?;
    let mut rest = digits[end..].chars();
    let unit = rest.next().unwrap_or(unit);
    if rest.next().is_some() || number < 0 {
        return None;
    }
    let factor = match unit.to_ascii_lowercase() {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    number.checked_mul(factor).filter(|n| *n <= i64::from(i32::MAX))
}

/// `yes` or `no` in any case.
pub fn parse_bool(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("yes") {
        Some(true)
    } else if text.eq_ignore_ascii_case("no") {
        Some(false)
    } else {
        None
    }
}

impl Config {
    /// Reads `/etc/postfix/main.cf` with `-o name=value` overrides on top.
    pub fn load(host: &Host, overrides: &[(String, String)]) -> Config {
        Config::load_from(host, DEFAULT_DIRECTORY, overrides)
    }

    /// As [`Config::load`], from another configuration directory (`-c`).
    pub fn load_from(host: &Host, directory: &str, overrides: &[(String, String)]) -> Config {
        let path = format!("{}/main.cf", directory.trim_end_matches('/'));
        let mut c = Config { path: path.clone(), ..Default::default() };
        match host.fs.read(&crate::host::Cred::root(), &path) {
            Ok(b) => (c.main, c.faults) = parsed(&path, &b),
            Err(e) => c.faults.push(Fault::Open { path, error: e.text().to_owned() }),
        }
        c.computed.insert("config_directory", directory.to_owned());
        c.computed.insert("hostname", host.name.clone());
        let style = c.get("mynetworks_style");
        c.computed.insert("mynetworks", own_networks(host, &style));
        for (name, value) in overrides {
            c.main.insert(name.clone(), value.clone());
        }
        c.cache = empty_cache();
        c
    }

    /// No main.cf at all: what `postconf -d` looks at.
    pub fn defaults(host: &Host) -> Config {
        let mut c = Config::from_text(&format!("{DEFAULT_DIRECTORY}/main.cf"), "");
        c.computed.insert("hostname", host.name.clone());
        let style = c.get("mynetworks_style");
        c.computed.insert("mynetworks", own_networks(host, &style));
        c.cache = empty_cache();
        c
    }

    /// Sets a default that a program computes (`process_name`).
    pub fn compute(&mut self, name: &'static str, value: &str) {
        self.computed.insert(name, value.to_owned());
    }

    /// A configuration from a text, for tests and tools: no host, so `myhostname` defaults to `localhost.localdomain`.
    pub fn from_text(path: &str, text: &str) -> Config {
        let (entries, faults) = parse(path, text);
        Config { main: entries, faults, path: path.to_owned(), cache: empty_cache(), ..Default::default() }
    }

    /// Sets a value, as `-o name=value` does.
    pub fn set(&mut self, name: &str, value: &str) {
        self.main.insert(name.to_owned(), value.to_owned());
        self.cache = empty_cache();
        self.limits = Limits::default();
        (self.common_faults, self.own_faults) = Default::default();
    }

    /// Whether main.cf (or an override) names the parameter.
    pub fn is_set(&self, name: &str) -> bool {
        self.main.contains_key(name)
    }

    /// The value as written, or the default unexpanded. `None`: nobody knows such a parameter.
    pub fn raw(&self, name: &str) -> Option<String> {
        self.main.get(name).cloned().or_else(|| self.default(name))
    }

    /// The default, unexpanded; per-transport parameters have that of their `default_…` parameter.
    pub fn default(&self, name: &str) -> Option<String> {
        if let Some(v) = self.computed.get(name) {
            return Some(v.clone());
        }
        match name {
            "hostname" => return None,
            "local_destination_concurrency_limit" => return Some("2".to_owned()),
            "local_destination_recipient_limit" => return Some("1".to_owned()),
            "mydomain" => {
                let host = self.main.get("myhostname").map_or("", String::as_str);
                return Some(host.split_once('.').map_or("localdomain", |(_, d)| d).to_owned());
            }
            "myhostname" => {
                let host = self.computed.get("hostname").map_or("localhost", String::as_str);
                if host.contains('.') {
                    return Some(host.to_owned());
                }
                let domain = self.main.get("mydomain").map_or("localdomain", String::as_str);
                return Some(format!("{host}.{domain}"));
            }
            _ => {}
        }
        if let Some(d) = params::default(name) {
            return Some(d.to_owned());
        }
        let known = |list: &[(&str, &str)]| {
            list.iter().find(|(s, _)| name.len() > s.len() && name.ends_with(s)).map(|(_, d)| format!("${d}"))
        };
        known(params::TRANSPORT_SUFFIXES).or_else(|| known(params::SERVICE_SUFFIXES))
    }

    /// Expands a text with the values of this configuration.
    pub fn expand(&self, text: &str) -> Expansion {
        let lookup = |name: &str| self.raw(name);
        let env =
            Expander { lookup: &lookup, recurse: true, filter: None, suffixes: &[("level", expand::compare_level)] };
        expand::expand(&env, text)
    }

    /// The expanded value; empty when there is no such parameter or its value cannot be expanded.
    pub fn get(&self, name: impl Name) -> String {
        self.value(name).into_owned()
    }

    /// As [`Config::get`], borrowed when it is a parameter of the table.
    pub fn value(&self, name: impl Name) -> Cow<'_, str> {
        match self.slot(name) {
            Some(slot) => Cow::Borrowed(slot.text.get_or_init(|| self.compute_value(name.text()))),
            None => Cow::Owned(self.compute_value(name.text())),
        }
    }
    fn compute_value(&self, name: &str) -> String {
        let Some(raw) = self.raw(name) else { return String::new() };
        if raw.contains('$') { self.expand(&raw).text } else { raw }
    }
    fn slot(&self, name: impl Name) -> Option<&Slot> {
        let place = self.cache.get(name.place()?)?;
        Some(place.get_or_init(Box::default))
    }

    /// Whether the expanded value is empty.
    pub fn is_empty(&self, name: impl Name) -> bool {
        self.value(name).is_empty()
    }

    /// A `yes`/`no` parameter.
    pub fn bool(&self, name: impl Name) -> bool {
        let read = || {
            let default = || parse_bool(&self.default_expanded(name.text())).unwrap_or(false);
            parse_bool(&self.value(name)).unwrap_or_else(default)
        };
        self.slot(name).map_or_else(read, |s| *s.flag.get_or_init(read))
    }

    /// A numeric parameter.
    pub fn int(&self, name: impl Name) -> i64 {
        let parse = |t: &str| t.trim_matches(is_space).parse().ok();
        let read = || parse(&self.value(name)).or_else(|| parse(&self.default_expanded(name.text()))).unwrap_or(0);
        self.slot(name).map_or_else(read, |s| *s.number.get_or_init(read))
    }

    /// A time parameter, in seconds.
    pub fn time(&self, name: impl Name) -> i64 {
        let read = || {
            let unit = if let Kind::Time(u) = params::kind(name.text()) { u } else { 's' };
            let default = || parse_time(&self.default_expanded(name.text()), unit);
            parse_time(&self.value(name), unit).or_else(default).unwrap_or(0)
        };
        self.slot(name).map_or_else(read, |s| *s.seconds.get_or_init(read))
    }

    /// The words of a list parameter, split at white space and commas.
    pub fn list(&self, name: impl Name) -> Arc<[String]> {
        let read = || words(&self.value(name)).map(str::to_owned).collect();
        self.slot(name).map_or_else(read, |s| s.words.get_or_init(read).clone())
    }

    /// As [`Config::list`], with `{ … }` kept together.
    pub fn words_braced(&self, name: impl Name) -> Arc<[String]> {
        let read = || words_braced(&self.value(name)).into();
        self.slot(name).map_or_else(read, |s| s.braced.get_or_init(read).clone())
    }

    /// The match list of a parameter of the table, when its words alone make it.
    pub fn match_list(&self, name: impl Name) -> Option<Arc<MatchList>> {
        self.slot(name)?.list.get_or_init(|| MatchList::of_words(self, name.text()).map(Arc::new)).clone()
    }

    fn default_expanded(&self, name: &str) -> String {
        self.default(name).map(|d| self.expand(&d).text).unwrap_or_default()
    }

    /// `TRANSPORT` + suffix (`_destination_concurrency_limit`), with the fall back on the `default_…` parameter.
    pub fn transport_int(&self, transport: &str, suffix: &'static str) -> i64 {
        if let Ok(limits) = self.limits.0.lock()
            && let Some((_, _, n)) = limits.iter().find(|(t, s, _)| *s == suffix && t == transport)
        {
            return *n;
        }
        let n = self.int(&[transport, suffix].concat());
        if let Ok(mut limits) = self.limits.0.lock()
            && limits.len() < 100
        {
            limits.push((transport.to_owned(), suffix, n));
        }
        n
    }

    /// As [`Config::transport_int`] for a time.
    pub fn transport_time(&self, transport: &str, suffix: &str) -> i64 {
        self.time(&format!("{transport}{suffix}"))
    }

    /// What a program that uses this parameter says of its value before it ends; empty when the value is good.
    pub fn check(&self, name: &str) -> Vec<Fault> {
        let Some(raw) = self.raw(name).filter(|_| !params::RAW.contains(&name)) else { return Vec::new() };
        let x = self.expand(&raw);
        if x.failed() {
            let mut out: Vec<Fault> = x.faults.into_iter().map(Fault::Macro).collect();
            out.push(Fault::MacroFatal);
            return out;
        }
        let (name, value) = (name.to_owned(), x.text);
        let bad = match params::kind(&name) {
            Kind::Bool if parse_bool(&value).is_none() => Fault::BadBool { name, value },
            Kind::Int if !is_number(&name, value.trim_matches(is_space)) => Fault::BadNumber { name, value },
            Kind::Time(u) if parse_time(&value, u).is_none() => Fault::BadTime { name, value },
            Kind::Int => return params::range_fault(&name, value.trim_matches(is_space).parse().unwrap_or(0), false),
            Kind::Time(u) => return params::range_fault(&name, parse_time(&value, u).unwrap_or(0), true),
            _ => return Vec::new(),
        };
        vec![bad]
    }

    /// Whether the feature level asked for is at least `level` (`3.6`).
    pub fn compat_level_at_least(&self, level: &str) -> bool {
        let have = expand::compat_level(&self.value("compatibility_level")).unwrap_or(0);
        expand::compat_level(level).is_some_and(|l| have >= l)
    }
}

/// Whether a text is a number of the size that a parameter takes: sizes of files are long, everything else is an int.
fn is_number(name: &str, text: &str) -> bool {
    const LONG: [&str; 5] =
        ["lmdb_map_size", "mailbox_size_limit", "message_size_limit", "queue_minfree", "virtual_mailbox_limit"];
    if LONG.contains(&name) { text.parse::<i64>().is_ok() } else { text.parse::<i32>().is_ok() }
}

/// The default of `mynetworks`: the host's addresses, their networks or their classes (own_inet_addr(3)).
fn own_networks(host: &Host, style: &str) -> String {
    let mut out = String::new();
    let mut add = |v4: bool| {
        for (_, nets) in &host.net.interfaces {
            for n in nets {
                if n.addr().is_ipv4() != v4 {
                    continue;
                }
                let full = n.max_prefix_len();
                let (addr, len) = match style {
                    "host" => (n.addr(), full),
                    "class" => {
                        let len = match n.addr() {
                            std::net::IpAddr::V4(a) if a.octets()[0] < 128 => 8,
                            std::net::IpAddr::V4(a) if a.octets()[0] < 192 => 16,
                            std::net::IpAddr::V4(_) => 24,
                            std::net::IpAddr::V6(_) => n.prefix_len(),
                        };
                        (ipnet::IpNet::new(n.addr(), len).map_or(n.network(), |x| x.network()), len)
                    }
                    _ => (n.network(), n.prefix_len()),
                };
                let text = if v4 { format!("{addr}/{len}") } else { format!("[{addr}]/{len}") };
                if !out.split(' ').any(|o| o == text) {
                    let sep = if out.is_empty() { "" } else { " " };
                    let _ = write!(out, "{sep}{text}");
                }
            }
        }
    };
    add(true);
    add(false);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conf(text: &str) -> Config {
        Config::from_text("/etc/postfix/main.cf", text)
    }

    #[test]
    fn values_defaults_and_expansion() {
        let c = conf(
            "compatibility_level = 3.6\nmyhostname = mail.ejemplo.com\nmydomain=ejemplo.com\nmydestination = $myhostname,\n  localhost.$mydomain,\n# no\n localhost\nsmtp_destination_concurrency_limit = 5\n",
        );
        for (name, want) in [
            ("mydestination", "mail.ejemplo.com,  localhost.ejemplo.com, localhost"),
            ("append_dot_mydomain", "no"),
            ("smtpd_relay_restrictions", "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"),
            ("relay_domains", ""),
            ("syslog_name", "postfix"),
            ("smtp_destination_concurrency_limit", "5"),
            ("lmtp_destination_concurrency_limit", "20"),
            ("nothing", ""),
        ] {
            assert_eq!(c.get(name), want, "{name}");
        }
        assert_eq!(c.list("mydestination").len(), 3);
        assert_eq!(c.time("maximal_queue_lifetime"), 432_000);
        assert!(c.compat_level_at_least("2"));
    }

    #[test]
    fn faults_say_what_postfix_says() {
        for (text, want) in [
            ("a = 1\n= valor\n", "/etc/postfix/main.cf, line 2: missing attribute name: \"= valor\""),
            ("a\n", "/etc/postfix/main.cf, line 1: missing '=' after attribute name: \"a\""),
            ("a = 1\na = 2\n", "/etc/postfix/main.cf, line 2: overriding earlier entry: a=1"),
            (
                "   mynetworks = 10.0.0.0/8\nb=1\n",
                "/etc/postfix/main.cf: logical line must not start with whitespace: \"   mynetworks = 10.0.0.0/8\"",
            ),
        ] {
            assert_eq!(conf(text).faults[0].to_string(), want);
        }
        let c = conf("message_size_limit = 50MB\nbiff = x\nqueue_run_delay = 5x\nmydestination = $mydestination, a\n");
        for (name, want) in [
            ("message_size_limit", "bad numerical configuration: message_size_limit = 50MB"),
            ("biff", "bad boolean configuration: biff = x"),
            ("queue_run_delay", "parameter queue_run_delay: bad time value or unit: 5x"),
            ("mydestination", "unreasonable macro call nesting: \"mydestination\""),
        ] {
            assert_eq!(c.check(name)[0].to_string(), want);
        }
    }
}
