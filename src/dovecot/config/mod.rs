//! Dovecot's configuration: what the files say, by path, with defaults behind it.
//!
//! [`parse::read`] reads the files as doveconf does; [`dump`] writes them as doveconf shows them. Left out: `local_name`
//! filters and DNS names in `remote`.

pub mod dump;
pub mod parse;
pub mod schema;
pub mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Bound;

/// A block that applies to some connections only.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    /// `protocol imap`; with `!` for every other.
    pub protocol: Option<String>,
    pub local: Option<String>,
    pub remote: Option<String>,
    pub local_name: Option<String>,
}

/// What a lookup is for.
#[derive(Clone, Debug, Default)]
pub struct Scope<'a> {
    pub protocol: &'a str,
    pub local: Option<IpAddr>,
    pub remote: Option<IpAddr>,
}

impl<'a> Scope<'a> {
    pub fn protocol(protocol: &'a str) -> Scope<'a> {
        Scope { protocol, local: None, remote: None }
    }
}

/// Settings of one block, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    pub values: BTreeMap<String, String>,
    /// Sections that were opened (`namespace/inbox`), with or without settings in them.
    pub sections: BTreeSet<String>,
}

/// Where something was said: file and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: usize,
}

/// A configuration as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    pub global: Block,
    /// Filters in the order in which they were first opened.
    pub filters: Vec<(Filter, Block)>,
    /// Where each `setting = <file` stands.
    pub files: BTreeMap<String, Place>,
    /// The contents of those files, once they were read ([`Config::load_files`]).
    pub contents: BTreeMap<String, String>,
}

fn net_contains(net: &str, ip: Option<IpAddr>) -> bool {
    let Some(ip) = ip else { return false };
    net.parse::<ipnet::IpNet>().map_or_else(|_| net.parse::<IpAddr>().is_ok_and(|n| n == ip), |n| n.contains(&ip))
}

impl Filter {
    fn fits(&self, scope: &Scope<'_>) -> bool {
        let protocol = match self.protocol.as_deref() {
            None => true,
            Some(p) => match p.strip_prefix('!') {
                Some(not) => not != scope.protocol,
                None => p == scope.protocol,
            },
        };
        protocol
            && self.local_name.is_none()
            && self.local.as_deref().is_none_or(|n| net_contains(n, scope.local))
            && self.remote.as_deref().is_none_or(|n| net_contains(n, scope.remote))
    }
}

impl Config {
    /// The value of a setting outside every filter.
    pub fn get(&self, path: &str) -> &str {
        self.global.values.get(path).map_or_else(|| schema::schema().default(path), String::as_str)
    }
    /// The value that holds for a protocol and a connection.
    pub fn scoped(&self, scope: &Scope<'_>, path: &str) -> &str {
        let hit =
            self.filters.iter().filter(|(f, _)| f.fits(scope)).filter_map(|(_, b)| b.values.get(path)).next_back();
        hit.map_or_else(|| self.get(path), String::as_str)
    }
    pub fn is_yes(&self, path: &str) -> bool {
        self.get(path) == "yes"
    }
    /// A number; sizes and times in bytes and seconds.
    pub fn number(&self, scope: &Scope<'_>, path: &str) -> u64 {
        let v = self.scoped(scope, path);
        match schema::schema().kind(path) {
            Some(schema::Kind::Time) => value::seconds(v).unwrap_or(0),
            Some(schema::Kind::Size) => value::bytes(v).unwrap_or(0),
            Some(schema::Kind::Octal) => u64::from_str_radix(v, 8).unwrap_or(0),
            _ => v.parse().unwrap_or(0),
        }
    }
    /// Names (escaped) of the sections of a kind below `prefix` (empty, or `service/auth/`): built-in and configured.
    pub fn sections<'s>(&'s self, prefix: &str, kind: &str) -> Vec<String> {
        let head = format!("{prefix}{kind}/");
        let from = (Bound::Included(head.as_str()), Bound::Unbounded);
        let name = |path: &'s String| path.strip_prefix(head.as_str()).map(|r| r.split('/').next().unwrap_or(r));
        let mut names: Vec<&str> = schema::schema().sections(&head).iter().map(String::as_str).collect();
        names.extend(self.global.values.range::<str, _>(from).map_while(|(p, _)| name(p)));
        names.extend(self.global.sections.range::<str, _>(from).map_while(name));
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(str::to_owned).collect()
    }
    /// A `plugin {}` setting for a protocol.
    pub fn plugin(&self, scope: &Scope<'_>, name: &str) -> Option<&str> {
        let path = format!("plugin/{name}");
        let hit =
            self.filters.iter().filter(|(f, _)| f.fits(scope)).filter_map(|(_, b)| b.values.get(&path)).next_back();
        hit.or_else(|| self.global.values.get(&path)).map(String::as_str)
    }
    /// Whether a plugin is loaded for a protocol.
    pub fn has_plugin(&self, scope: &Scope<'_>, name: &str) -> bool {
        self.scoped(scope, "mail_plugins").split_ascii_whitespace().any(|p| p == name)
    }
    /// The protocols served, in order; `none` is no protocol.
    pub fn protocols(&self) -> Vec<String> {
        self.get("protocols").split_ascii_whitespace().filter(|p| *p != "none").map(str::to_owned).collect()
    }
    /// What the file behind `setting = <file` held when the configuration was loaded.
    pub fn content(&self, path: &str) -> &str {
        self.contents.get(path).map_or_else(|| self.get(path), String::as_str)
    }
    /// Reads the files named by `<`; the first that cannot be read is an error, worded as doveconf words it.
    pub fn load_files(&mut self, read: &dyn Fn(&str) -> Result<String, String>) -> Result<(), parse::Failure> {
        for (key, place) in &self.files {
            let Some(path) = self.global.values.get(key).and_then(|v| v.strip_prefix('<')) else { continue };
            match read(path) {
                Ok(text) => {
                    self.contents.insert(key.clone(), text);
                }
                Err(e) => {
                    let text = format!("{key}: Can't open file {path}: {e}");
                    return Err(parse::Failure::at(place, &text));
                }
            }
        }
        Ok(())
    }
}
