//! Reading configuration files, line by line, as doveconf does it.
//!
//! Two kinds of failure: a line that makes no sense ends the reading there ([`Reading::fatal`]); what is only seen at the
//! end (a missing brace, a protocol that does not exist) leaves the whole configuration to be shown ([`Reading::late`]).

use super::schema::{escape, is_section, schema, split_path};
use super::value::canonical;
use super::{Block, Config, Filter, Place};
use std::collections::BTreeMap;

/// What the parser reads files through.
pub trait Files {
    /// The text of a file, or strerror's words.
    fn read(&self, path: &str) -> Result<String, String>;
    /// Paths that fit a shell pattern, sorted.
    fn glob(&self, pattern: &str) -> Vec<String>;
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `Error in configuration file F line N: …`, or what could not be opened.
    pub text: String,
    /// The bare complaint, when doveconf prints it on a line of its own as well.
    pub plain: Option<String>,
}

impl Failure {
    pub fn at(place: &Place, what: &str) -> Failure {
        Failure { text: format!("Error in configuration file {} line {}: {what}", place.file, place.line), plain: None }
    }
}

/// The outcome of reading.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub config: Config,
    pub fatal: Option<Failure>,
    pub late: Option<Failure>,
    pub warnings: Vec<String>,
}

impl Reading {
    pub fn failure(&self) -> Option<&Failure> {
        self.fatal.as_ref().or(self.late.as_ref())
    }
    /// Whether the part that managesieve-login itself loads is broken, too.
    pub fn breaks_capability(&self) -> bool {
        self.fatal.is_some()
            || self.late.as_ref().is_some_and(|l| l.plain.as_ref().is_none_or(|p| p.starts_with("mailbox ")))
    }
}

/// How deep includes may nest.
const MAX_INCLUDE: usize = 16;
/// No configuration is longer than this.
const MAX_LINES: usize = 200_000;

struct Open {
    /// The word that opened it.
    word: String,
    /// The path before it, and the filter before it.
    path: String,
    filter: Filter,
    is_filter: bool,
    place: Place,
}

struct Parser<'a> {
    files: &'a dyn Files,
    out: Reading,
    stack: Vec<Open>,
    path: String,
    filter: Filter,
    counter: usize,
    /// Where a setting was first seen inside a block.
    seen: BTreeMap<String, Place>,
    including: Vec<String>,
    lines: usize,
    main: String,
    unknown_variable: Option<(Place, String)>,
}

/// Reads the configuration from its main file.
pub fn read(files: &dyn Files, main: &str) -> Reading {
    let mut p = Parser {
        files,
        out: Reading::default(),
        stack: Vec::new(),
        path: String::new(),
        filter: Filter::default(),
        counter: 0,
        seen: BTreeMap::new(),
        including: Vec::new(),
        lines: 0,
        main: main.to_owned(),
        unknown_variable: None,
    };
    match files.read(main) {
        Err(e) => p.out.fatal = Some(Failure { text: format!("open({main}) failed: {e}"), plain: None }),
        Ok(text) => {
            p.including.push(main.to_owned());
            if let Err(f) = p.file(main, &text) {
                p.out.fatal = Some(f);
            } else {
                p.finish();
            }
        }
    }
    p.out
}

enum Line<'a> {
    Nothing,
    Set(&'a str, &'a str),
    Section(&'a str, &'a str),
    End,
    Include(&'a str, bool),
    Bad(&'static str),
}

fn unquote(v: &str) -> Option<String> {
    let q = v.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    let inner = v.strip_prefix(q)?.strip_suffix(q)?;
    if v.len() < 2 {
        return None;
    }
    let mut out = String::new();
    let mut it = inner.chars();
    while let Some(c) = it.next() {
        match c {
            '\\' if q == '"' => out.extend(it.next()),
            c => out.push(c),
        }
    }
    Some(out)
}

const WHITE: [char; 2] = [' ', '\t'];

fn classify(line: &str) -> Line<'_> {
    let line = line.trim_matches(WHITE);
    if line.is_empty() {
        return Line::Nothing;
    }
    let end = line.find([' ', '\t', '=']).unwrap_or(line.len());
    let (key, rest) = (&line[..end], line[end..].trim_start_matches(WHITE));
    if let Some(v) = rest.strip_prefix('=') {
        return Line::Set(key, v.trim_start_matches(WHITE));
    }
    match key {
        "!include" if !rest.is_empty() => return Line::Include(rest, true),
        "!include_try" if !rest.is_empty() => return Line::Include(rest, false),
        "}" if rest.is_empty() => return Line::End,
        "}" => return Line::Bad("Garbage after '}'"),
        _ => {}
    }
    let (name, after) = if rest.starts_with('{') {
        ("", rest)
    } else if let Some(q) = rest.strip_prefix('"') {
        let Some(i) = q.find('"') else { return Line::Bad("Missing '\"'") };
        (&q[..i], q[i + 1..].trim_start_matches(WHITE))
    } else {
        let i = rest.find(WHITE).unwrap_or(rest.len());
        (&rest[..i], rest[i..].trim_start_matches(WHITE))
    };
    match after.strip_prefix('{') {
        None => Line::Bad("Expecting '{'"),
        Some("") => Line::Section(key, name),
        Some(_) => Line::Bad("Garbage after '{'"),
    }
}

impl Parser<'_> {
    /// Cuts a comment off; a `#` that stands against a word is a comment, too, with a warning.
    fn uncomment<'l>(&mut self, line: &'l str, place: &Place) -> &'l str {
        let trimmed = line.trim_start_matches(WHITE);
        if trimmed.starts_with('#') {
            return "";
        }
        let bytes = line.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            match bytes[i] {
                q @ (b'"' | b'\'') => {
                    let mut j = i + 1;
                    while j < bytes.len() && bytes[j] != q {
                        j += if bytes[j] == b'\\' { 2 } else { 1 };
                    }
                    if j < bytes.len() {
                        i = j;
                    }
                }
                b'#' => {
                    if i > 0 && !matches!(bytes[i - 1], b' ' | b'\t') {
                        self.out.warnings.push(format!(
                            "Configuration file {} line {}: Ambiguous '#' character in line, treating it as comment. \
                             Add a space before it to remove this warning.",
                            place.file, place.line
                        ));
                    }
                    return &line[..i];
                }
                _ => {}
            }
            i += 1;
        }
        line
    }

    fn file(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let mut pending = String::new();
        for (n, raw) in text.lines().enumerate() {
            self.lines += 1;
            let place = Place { file: name.to_owned(), line: n + 1 };
            if self.lines > MAX_LINES {
                return Err(Failure::at(&place, "Out of memory"));
            }
            let line = if pending.is_empty() { raw } else { raw.trim_start_matches(WHITE) };
            let line = self.uncomment(line, &place).trim_end_matches([' ', '\t', '\r']);
            if let Some(head) = line.strip_suffix('\\') {
                pending.push_str(head.trim_end_matches(WHITE));
                pending.push(' ');
                continue;
            }
            let whole = if pending.is_empty() { line.to_owned() } else { std::mem::take(&mut pending) + line };
            self.line(&whole, &place)?;
        }
        if !pending.is_empty() {
            let place = Place { file: name.to_owned(), line: text.lines().count() };
            self.line(&pending, &place)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &str, place: &Place) -> Result<(), Failure> {
        match classify(line) {
            Line::Nothing => Ok(()),
            Line::Bad(e) => Err(Failure::at(place, e)),
            Line::Set(k, v) => self.set(k, v, place),
            Line::Section(word, name) => self.open(word, name, place),
            Line::End => match self.stack.pop() {
                None => Err(Failure::at(place, "Unexpected '}'")),
                Some(o) => {
                    self.path = o.path;
                    self.filter = o.filter;
                    Ok(())
                }
            },
            Line::Include(what, must) => self.include(what, must, place),
        }
    }

    fn include(&mut self, what: &str, must: bool, place: &Place) -> Result<(), Failure> {
        let what = unquote(what).unwrap_or_else(|| what.to_owned());
        let dir = place.file.rsplit_once('/').map_or("", |(d, _)| d);
        let pattern = if what.starts_with('/') { what } else { format!("{dir}/{what}") };
        let found = self.files.glob(&pattern);
        if found.is_empty() && must {
            return Err(Failure::at(place, "No matches"));
        }
        for path in found {
            if self.including.contains(&path) {
                return Err(Failure::at(place, &format!("Recursive include file: {path}")));
            }
            if self.including.len() >= MAX_INCLUDE {
                return Err(Failure::at(place, "Too many nested includes"));
            }
            match self.files.read(&path) {
                Ok(text) => {
                    self.including.push(path.clone());
                    let r = self.file(&path, &text);
                    self.including.pop();
                    r?;
                }
                Err(e) if must => {
                    return Err(Failure::at(place, &format!("Couldn't open include file {path}: {e}")));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn block(&mut self) -> &mut Block {
        if self.filter == Filter::default() {
            return &mut self.out.config.global;
        }
        let at = self.out.config.filters.iter().position(|(f, _)| *f == self.filter);
        let at = at.unwrap_or_else(|| {
            self.out.config.filters.push((self.filter.clone(), Block::default()));
            self.out.config.filters.len() - 1
        });
        &mut self.out.config.filters[at].1
    }

    fn unknown(&self, key: &str, place: &Place) -> Failure {
        let words: String = self.stack.iter().filter(|o| !o.is_filter).map(|o| format!("{} {{ ", o.word)).collect();
        Failure::at(place, &format!("Unknown setting: {words}{key}"))
    }

    fn set(&mut self, key: &str, value: &str, place: &Place) -> Result<(), Failure> {
        let path = format!("{}{key}", self.path);
        let Some(kind) = schema().kind(&path) else {
            return if self.obsolete(key, value, place) { Ok(()) } else { Err(self.unknown(key, place)) };
        };
        let text = if let Some(q) = unquote(value) {
            q
        } else if let Some(file) = value.strip_prefix('<') {
            self.out.config.files.insert(path.clone(), place.clone());
            format!("<{}", file.trim_start_matches(WHITE))
        } else {
            self.expand(value, place)
        };
        let stored = if text.starts_with('<') || text.contains('$') && text == value {
            text
        } else {
            canonical(kind, &text).map_err(|e| Failure::at(place, &e))?
        };
        self.note(&path, place);
        if !stored.starts_with('<') {
            self.out.config.files.remove(&path);
        }
        self.block().values.insert(path, stored);
        Ok(())
    }

    /// Settings of older versions that are still understood: whether this is one.
    fn obsolete(&mut self, key: &str, value: &str, place: &Place) -> bool {
        if !self.path.is_empty() || key != "ssl_protocols" {
            return false;
        }
        let min = ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"]
            .into_iter()
            .find(|p| !value.split_ascii_whitespace().any(|w| w.strip_prefix('!') == Some(p)))
            .filter(|p| *p != "SSLv3")
            .unwrap_or("TLSv1");
        self.out
            .warnings
            .push("NOTE: You can get a new clean config file with: doveconf -Pn > dovecot-new.conf".into());
        self.out.warnings.push(format!(
            "Obsolete setting in {}:{}: ssl_protocols has been replaced by ssl_min_protocol",
            place.file, place.line
        ));
        self.block().values.insert("ssl_min_protocol".into(), min.into());
        true
    }

    /// Warns of a global setting that an earlier block has already overridden.
    fn note(&mut self, path: &str, place: &Place) {
        if self.stack.is_empty() {
            if let Some(first) = self.seen.get(path) {
                let at = format!("{} line {}", first.file, first.line);
                self.out.warnings.push(format!(
                    "{} line {}: Global setting {path} won't change the setting inside an earlier filter at {at} (if \
                     this is intentional, avoid this warning by moving the global setting before {at})",
                    place.file, place.line
                ));
            }
        } else {
            self.seen.entry(path.to_owned()).or_insert_with(|| place.clone());
        }
    }

    /// Expands `$setting` at the start of words.
    fn expand(&mut self, value: &str, place: &Place) -> String {
        if !value.contains('$') {
            return value.to_owned();
        }
        let mut out = String::new();
        let mut rest = value;
        while let Some(i) = rest.find('$') {
            let starts = i == 0 || rest[..i].ends_with(WHITE);
            out.push_str(&rest[..i]);
            rest = &rest[i..];
            let end = rest.find(WHITE).unwrap_or(rest.len());
            let name = &rest[1..end];
            if !starts || name.starts_with("ENV:") || name.starts_with("default_internal") {
                out.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            let inner = format!("{}{name}", self.path);
            let block = &self.block().values;
            let here = block.get(&inner).or(block.get(name)).cloned();
            let there = here.or_else(|| self.out.config.global.values.get(&inner).cloned());
            match there.or_else(|| self.out.config.global.values.get(name).cloned()) {
                Some(v) => out.push_str(&v),
                None if schema().kind(name).is_some() => out.push_str(schema().default(name)),
                None => {
                    let first = self.unknown_variable.is_none();
                    if first {
                        self.unknown_variable = Some((place.clone(), rest[..end].to_owned()));
                    }
                    return value.to_owned();
                }
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    fn open(&mut self, word: &str, name: &str, place: &Place) -> Result<(), Failure> {
        let (path, filter) = (self.path.clone(), self.filter.clone());
        let mut open = Open { word: word.to_owned(), path, filter, is_filter: false, place: place.clone() };
        if matches!(word, "protocol" | "local" | "remote" | "local_name") {
            self.open_filter(word, name, place)?;
            open.is_filter = true;
            self.block();
            self.stack.push(open);
            return Ok(());
        }
        let below = format!("{}x", self.path);
        let mut words = split_path(&below).0;
        words.push(word);
        if !is_section(&words) {
            self.stack.push(open);
            return Err(self.unknown(word, place));
        }
        if word == "plugin" || word == "dict" {
            self.path = format!("{}{word}/", self.path);
        } else {
            let id = if name.is_empty() {
                self.counter += 1;
                (self.counter - 1).to_string()
            } else {
                escape(name)
            };
            let section = format!("{}{word}/{id}", self.path);
            self.path = format!("{section}/");
            self.block().sections.insert(section);
        }
        self.stack.push(open);
        Ok(())
    }

    fn open_filter(&mut self, word: &str, name: &str, place: &Place) -> Result<(), Failure> {
        let nested = |w: &str| Failure::at(place, &format!("Nested {w} {{ {w} {{ .. }} }} block not allowed"));
        let f = &mut self.filter;
        match word {
            "protocol" if f.protocol.is_some() => return Err(nested("protocol")),
            "protocol" => f.protocol = Some(name.to_owned()),
            "local_name" => f.local_name = Some(name.to_owned()),
            word => {
                let good = name.parse::<ipnet::IpNet>().is_ok() || name.parse::<std::net::IpAddr>().is_ok();
                if !good {
                    let e = if name.contains('/') {
                        format!("Invalid network mask: {name}")
                    } else {
                        format!("gethostbyname({name}) failed: Name or service not known")
                    };
                    return Err(Failure::at(place, &e));
                }
                if word == "local" {
                    f.local = Some(name.to_owned());
                } else {
                    f.remote = Some(name.to_owned());
                }
            }
        }
        Ok(())
    }

    /// The checks at the end.
    fn finish(&mut self) {
        if let Some(o) = self.stack.last() {
            let text = format!(
                "Error in configuration file {}: Missing '}}' (section started at {}:{})",
                self.main, o.place.file, o.place.line
            );
            self.out.late = Some(Failure { text, plain: None });
            return;
        }
        if let Some((place, name)) = &self.unknown_variable {
            self.out.late = Some(Failure::at(place, &format!("Unknown variable: {name}")));
            return;
        }
        if let Some(e) = check(&self.out.config) {
            let text = format!("Error in configuration file {}: {e}", self.main);
            self.out.late = Some(Failure { text, plain: Some(e) });
        }
    }
}

/// What the programs check of the whole configuration.
fn check(c: &Config) -> Option<String> {
    for ns in c.sections("", "namespace") {
        for mb in c.sections(&format!("namespace/{ns}/"), "mailbox") {
            for use_ in c.get(&format!("namespace/{ns}/mailbox/{mb}/special_use")).split_ascii_whitespace() {
                let known =
                    ["\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Important", "\\Junk", "\\Sent", "\\Trash"];
                if !known.contains(&use_) {
                    return Some(format!("mailbox {}: unknown special_use: {use_}", super::schema::unescape(&mb)));
                }
            }
        }
    }
    let served: Vec<String> =
        c.sections("", "service").iter().map(|s| c.get(&format!("service/{s}/protocol")).to_owned()).collect();
    for p in c.get("protocols").split_ascii_whitespace() {
        if p != "none" && !served.iter().any(|s| s == p) {
            return Some(format!("protocols: Unknown protocol: {p}"));
        }
    }
    let known = ["delay-newmail", "tb-extra-mailbox-sep", "tb-lsub-flags", "netscape-eoh"];
    for w in c.get("imap_client_workarounds").split_ascii_whitespace() {
        if !known.contains(&w) {
            return Some(format!("imap_client_workarounds: Unknown workaround: {w}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::Scope;
    use super::*;

    struct One(&'static str);
    impl Files for One {
        fn read(&self, path: &str) -> Result<String, String> {
            if path == "/c" { Ok(self.0.to_owned()) } else { Err("No such file or directory".into()) }
        }
        fn glob(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
    }

    #[test]
    fn complaints_are_doveconfs() {
        for (text, expected) in [
            (
                "service auth {\n basura = 1\n}",
                "Error in configuration file /c line 2: Unknown setting: service { basura",
            ),
            (
                "service foo {\n unix_listener bar {\n  basura = 1\n }\n}",
                "Error in configuration file /c line 3: Unknown setting: service { unix_listener { basura",
            ),
            ("foo {\n}", "Error in configuration file /c line 1: Unknown setting: foo { foo"),
            ("protocol imap {\n basura=1\n}", "Error in configuration file /c line 2: Unknown setting: basura"),
            ("garbage line", "Error in configuration file /c line 1: Expecting '{'"),
            ("service lmtp {\n unix_listener /x/y z {\n", "Error in configuration file /c line 2: Expecting '{'"),
            ("ssl = yes\n}", "Error in configuration file /c line 2: Unexpected '}'"),
            ("!include nada", "Error in configuration file /c line 1: No matches"),
            ("plugin {\n a = 1\n", "Error in configuration file /c: Missing '}' (section started at /c:1)"),
            ("mail_location = $nada/x", "Error in configuration file /c line 1: Unknown variable: $nada/x"),
            ("protocols = imap lmtpp", "Error in configuration file /c: protocols: Unknown protocol: lmtpp"),
            (
                "protocol imap {\n protocol pop3 {\n }\n}",
                "Error in configuration file /c line 2: Nested protocol { protocol { .. } } block not allowed",
            ),
        ] {
            let r = read(&One(text), "/c");
            assert_eq!(r.failure().map(|f| f.text.as_str()), Some(expected), "{text}");
        }
    }

    #[test]
    fn values_and_scopes() {
        let r = read(
            &One("mail_plugins = $mail_plugins quota\nprotocol imap {\n mail_plugins = $mail_plugins imap_quota\n}\n\
                  login_greeting = hola  \\\\\n  mundo\nssl_key = </x # c\nmail_location = 'x # y'\n"),
            "/c",
        );
        assert_eq!(r.failure(), None);
        let c = r.config;
        for (scope, key, expected) in [
            ("", "mail_plugins", " quota"),
            ("imap", "mail_plugins", " quota imap_quota"),
            ("", "login_greeting", "hola  \\ mundo"),
            ("", "ssl_key", "</x"),
            ("", "mail_location", "x # y"),
            ("", "auth_failure_delay", "2 secs"),
        ] {
            assert_eq!(c.scoped(&Scope::protocol(scope), key), expected, "{key}");
        }
    }
}
