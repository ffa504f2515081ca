//! Look-up tables: `hash:/etc/aliases`, `regexp:/etc/postfix/x`, and lists of them (dict_open(3), maps(3)).
//!
//! A table is opened once, by the process that uses it, and answers from what it read then; the indexed types
//! (`hash`, `btree`, `lmdb`) answer from what postmap(1) built. What opening and searching gives to say is pushed on
//! a list of [`Table`] events, which the program logs under its own name. Left out: network and SQL tables.

pub mod cidr;
pub mod db;
mod multi;
mod pattern;
pub mod pcre;
pub mod regexp;
mod remote;
mod text;

pub use text::key_value;

use super::config::{Config, DEFAULT_DIRECTORY, words_braced};
use crate::base::Time;
use crate::host::{Blob, Cred, Host, Memo};
use crate::log::table::{OpenFault, Table};
use remote::Remote;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a table or list said, in order.
pub type Say = Vec<Table>;

/// A search could not be completed: the answer is a temporary failure, and what it said is on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableError;

/// An answer and the table that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub value: String,
    /// `hash:/etc/aliases`.
    pub table: String,
}

/// How to search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Only tables of fixed strings: a partial key (a domain, a local part) is no subject for a pattern.
    pub fixed_only: bool,
}

/// The whole key, in every table.
pub const ANY: Flags = Flags { fixed_only: false };
/// A part of the key: pattern tables are not asked.
pub const PARTIAL: Flags = Flags { fixed_only: true };

/// Parameters whose results decide where mail goes, or what is done with whose rights: none may come out of an address.
const NO_SUBSTITUTION: [&str; 8] = [
    "alias_maps",
    "fallback_transport_maps",
    "mailbox_command_maps",
    "mailbox_transport_maps",
    "transport_maps",
    "address_verify_transport_maps",
    "sender_dependent_relayhost_maps",
    "sender_dependent_default_transport_maps",
];

/// One open table.
#[derive(Clone, Debug)]
pub struct Dict {
    /// `hash:/etc/aliases` as it was written.
    pub name: String,
    content: Content,
    /// Indexed file and its time when it was opened; [`Dict::changed`].
    file: Option<(String, Time)>,
    /// Whether keys are folded to lower case.
    pub fold: bool,
}

#[derive(Clone, Debug)]
enum Content {
    Map(Arc<BTreeMap<String, String>>),
    Static(String),
    Regexp(Arc<regexp::Regexps>),
    Pcre(Arc<pcre::Pcres>),
    Cidr(Arc<cidr::Cidrs>),
    Pipe(Vec<Dict>),
    Union(Vec<Dict>),
    Random(Vec<String>),
    Passwd,
    Group,
    Fail,
    /// `tcp:` and `socketmap:`, by what follows the type.
    Remote(Remote),
    Empty,
    Unavailable(OpenFault),
}

/// Types that Debian's Postfix opens, as `postconf -m` lists them.
pub const TYPES: &[&str] = &[
    "btree",
    "cidr",
    "environ",
    "fail",
    "hash",
    "inline",
    "internal",
    "lmdb",
    "memcache",
    "nis",
    "pcre",
    "pipemap",
    "proxy",
    "randmap",
    "regexp",
    "socketmap",
    "static",
    "tcp",
    "texthash",
    "unionmap",
    "unix",
];

/// Types that come with another Debian package: they are there when its file is.
const PACKAGED: &[&str] = &["ldap", "mysql", "pgsql", "sqlite", "cdb"];

impl Dict {
    /// Opens `type:name`. A table that cannot be opened says so once, and is unavailable at every look-up.
    pub fn open(host: &Host, spec: &str, say: &mut Say) -> Dict {
        Dict::open_nested(host, spec, true, 0, say)
    }

    /// Drops the rules whose result has a `$number` (`DICT_FLAG_NO_REGSUB`).
    fn refuse_substitution(&mut self, say: &mut Say) {
        let path = self.name.split_once(':').map_or("", |(_, p)| p);
        match &mut self.content {
            Content::Regexp(r) => Arc::make_mut(r).refuse_substitution(path, say),
            Content::Pcre(r) => Arc::make_mut(r).refuse_substitution(path, say),
            _ => {}
        }
    }

    /// As [`Dict::open`] for a command line tool: a key that stands twice is only said, not refused, and without `fold`
    /// keys keep their case (postmap -f).
    pub fn open_in_tool(host: &Host, spec: &str, fold: bool, say: &mut Say) -> Dict {
        let mut heard = Say::new();
        let d = Dict::open_nested(host, spec, fold, 0, &mut heard);
        if !matches!(d.content, Content::Unavailable(OpenFault::Duplicate { .. })) {
            say.extend(heard);
            return d;
        }
        let path = spec.strip_prefix("texthash:").unwrap_or(spec);
        let text = host.fs.read(&Cred::root(), path).map(|b| b.text()).unwrap_or_default();
        let (map, _) = text::texthash(path, &text, fold, true, say);
        Dict { content: Content::Map(Arc::new(map)), ..d }
    }

    fn open_nested(host: &Host, spec: &str, fold: bool, depth: u32, say: &mut Say) -> Dict {
        let mut d = Dict { name: spec.to_owned(), content: Content::Empty, file: None, fold };
        d.content = match d.read(host, depth, say) {
            Ok(c) => c,
            Err(reason) => {
                say.push(Table::Open(reason.clone()));
                Content::Unavailable(reason)
            }
        };
        d
    }

    fn read(&mut self, host: &Host, depth: u32, say: &mut Say) -> Result<Content, OpenFault> {
        let spec = self.name.clone();
        let Some((kind, name)) = spec.split_once(':').filter(|(k, n)| !k.is_empty() && !n.is_empty()) else {
            return Err(OpenFault::Expecting(spec));
        };
        let file = |path: &str| {
            // `regexp:{ {/^x/ y}, … }`: the lines stand in place.
            if let Some(inner) = path.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                let lines = words_braced(inner).into_iter().map(|w| w.trim_matches(['{', '}']).trim().to_owned());
                return Ok(Blob::from(lines.collect::<Vec<_>>().join("\n")));
            }
            host.fs.read(&Cred::root(), path).map_err(|e| {
                let (path, error) = (path.to_owned(), e.text().to_owned());
                if kind == "texthash" { OpenFault::Open { path, error } } else { OpenFault::OpenText { path, error } }
            })
        };
        Ok(match kind {
            "hash" | "btree" | "lmdb" => {
                let (map, path, time) = db::open(host, kind, name, say)?;
                self.file = Some((path, time));
                Content::Map(map)
            }
            "texthash" => {
                let mut heard = Say::new();
                let (map, duplicates) = text::texthash(name, &file(name)?.text(), self.fold, false, &mut heard);
                if let Some((line, key)) = duplicates.into_iter().next() {
                    return Err(OpenFault::Duplicate { path: name.to_owned(), line, key });
                }
                say.extend(heard);
                Content::Map(Arc::new(map))
            }
            "tcp" => Content::Remote(Remote::tcp(name)),
            "socketmap" => Content::Remote(Remote::socketmap(name)?),
            "memcache" => {
                file(name)?;
                Content::Empty
            }
            "nis" => {
                say.push(Table::NoNisDomain);
                Content::Empty
            }
            "inline" => Content::Map(Arc::new(text::inline(name, self.fold)?)),
            "static" if name.starts_with('{') && !name.ends_with('}') => {
                return Err(OpenFault::StaticBrace(name.to_owned()));
            }
            "static" => Content::Static(text::braced(name)),
            "regexp" | "pcre" | "cidr" => patterns(kind, name, file(name)?, say),
            "pipemap" | "unionmap" => {
                let list = multi::members(kind, name)?;
                if depth > 8 {
                    return Err(OpenFault::Nested("too many nested tables".to_owned()));
                }
                let dicts = list.iter().map(|s| Dict::open_nested(host, s, self.fold, depth + 1, say)).collect();
                if kind == "pipemap" { Content::Pipe(dicts) } else { Content::Union(dicts) }
            }
            "randmap" => Content::Random(multi::members(kind, name)?),
            "unix" => match name {
                "passwd.byname" => Content::Passwd,
                "group.byname" => Content::Group,
                _ => return Err(OpenFault::UnknownUnix(name.to_owned())),
            },
            "fail" => Content::Fail,
            "environ" | "internal" => Content::Empty,
            "proxy" => {
                if depth > 8 {
                    return Err(OpenFault::Nested("too many nested tables".to_owned()));
                }
                // Who asks by way of proxymap(8) twice asks it once.
                let name = name.trim_start_matches("proxy:");
                if !proxied(host).iter().any(|w| w.starts_with("proxy:") && w.trim_start_matches("proxy:") == name) {
                    return Err(OpenFault::NotProxied(name.to_owned()));
                }
                let mut inner = Dict::open_nested(host, name, self.fold, depth + 1, say);
                self.file = inner.file.take();
                inner.content
            }
            _ if PACKAGED.contains(&kind) || !TYPES.contains(&kind) => {
                return Err(OpenFault::UnsupportedType(kind.to_owned()));
            }
            _ => Content::Empty,
        })
    }

    /// The pattern that takes the place of a `/file` of a list that cannot be read: it always fails.
    pub fn no_file(host: &Host, path: &str) -> Dict {
        let error = host.fs.read(&Cred::root(), path).err().map_or("", |e| e.text()).to_owned();
        let reason = OpenFault::OpenFile { path: path.to_owned(), error };
        Dict { name: format!("non-existent:{path}"), content: Content::Unavailable(reason), file: None, fold: false }
    }

    /// Whether it matches patterns rather than fixed strings.
    pub fn is_pattern(&self) -> bool {
        matches!(self.content, Content::Regexp(_) | Content::Pcre(_) | Content::Cidr(_))
    }

    /// Why it could not be opened.
    pub fn unavailable(&self) -> Option<&OpenFault> {
        if let Content::Unavailable(r) = &self.content { Some(r) } else { None }
    }

    /// Looks a key up.
    pub fn get(&self, host: &Host, key: &str, say: &mut Say) -> Result<Option<String>, TableError> {
        let folded;
        let k = if self.fold && !self.is_pattern() {
            folded = key.to_lowercase();
            folded.as_str()
        } else {
            key
        };
        Ok(match &self.content {
            Content::Map(m) => m.get(k).cloned(),
            Content::Static(v) => Some(v.clone()),
            Content::Regexp(r) => r.get(key),
            Content::Pcre(r) => r.get(key),
            Content::Cidr(c) => c.get(key),
            Content::Pipe(dicts) => {
                let mut value = key.to_owned();
                for d in dicts {
                    match d.get(host, &value, say)? {
                        Some(v) => value = v,
                        None => return Ok(None),
                    }
                }
                Some(value)
            }
            Content::Union(dicts) => {
                let mut all: Option<String> = None;
                for d in dicts {
                    if let Some(v) = d.get(host, key, say)? {
                        all = Some(all.map_or_else(|| v.clone(), |a| format!("{a},{v}")));
                    }
                }
                all
            }
            Content::Random(values) => {
                let n = values.len() as i64;
                let who = format!("{}/{key}/{}", self.name, host.now.0);
                let i = host.chance.between("table.randmap", &who, 0, n - 1) as usize;
                values.get(i).cloned()
            }
            Content::Passwd => host.users().iter().find(|u| u.name == k).map(|u| {
                let (uid, gid) = (u.uid.to_string(), u.gid.to_string());
                [&u.name, "x", &uid, &gid, &u.gecos, &u.home, &u.shell].join(":")
            }),
            Content::Group => host.group(k).map(|g| format!("{}:x:{}:{}", g.name, g.gid, g.members.join(","))),
            Content::Fail => return Err(TableError),
            Content::Remote(r) => return r.get(host, &self.name, say),
            Content::Empty => None,
            Content::Unavailable(reason) => {
                say.push(Table::Unavailable { table: self.name.clone(), reason: reason.clone() });
                return Err(TableError);
            }
        })
    }

    /// All keys and values in the order in which the table gives them, if it can.
    pub fn entries(&self) -> Option<Vec<(String, String)>> {
        match &self.content {
            Content::Map(m) => Some(m.iter().map(|(k, v)| (k.clone(), v.clone())).collect()),
            _ => None,
        }
    }

    /// Whether the indexed file was rebuilt or removed since it was opened: the process starts anew before its next client.
    pub fn changed(&self, host: &Host) -> bool {
        self.file
            .as_ref()
            .is_some_and(|(path, time)| host.fs.stat(&Cred::root(), path).map_or(true, |(_, n)| n.mtime != *time))
    }
}

thread_local! {
    static PATTERNS: RefCell<Memo<(Content, Say)>> = const { RefCell::new(Memo::new()) };
    static PROXIED: RefCell<Memo<Arc<[String]>>> = const { RefCell::new(Memo::new()) };
}

/// A table of patterns, compiled when its text is a new one.
fn patterns(kind: &str, name: &str, bytes: Blob, say: &mut Say) -> Content {
    let key = format!("{kind}:{name}");
    let (content, heard) = PATTERNS.with_borrow(|m| m.get(&key, &bytes)).unwrap_or_else(|| {
        let (text, mut heard) = (bytes.text(), Say::new());
        let content = match kind {
            "regexp" => Content::Regexp(Arc::new(regexp::Regexps::parse(name, &text, &mut heard))),
            "pcre" => Content::Pcre(Arc::new(pcre::Pcres::parse(name, &text, &mut heard))),
            _ => Content::Cidr(Arc::new(cidr::Cidrs::parse(name, &text, &mut heard))),
        };
        PATTERNS.with_borrow_mut(|m| m.put(key, bytes, (content.clone(), heard.clone())));
        (content, heard)
    });
    say.extend(heard);
    content
}

/// The tables that proxymap(8) opens for others, by main.cf as it stands.
fn proxied(host: &Host) -> Arc<[String]> {
    let path = format!("{DEFAULT_DIRECTORY}/main.cf");
    let bytes = host.fs.read(&Cred::root(), &path).unwrap_or_default();
    // The host's name is in the defaults of main.cf.
    let key = host.name.clone();
    PROXIED.with_borrow(|m| m.get(&key, &bytes)).unwrap_or_else(|| {
        let list = Config::load(host, &[]).list("proxy_read_maps");
        PROXIED.with_borrow_mut(|m| m.put(key, bytes, list.clone()));
        list
    })
}

/// A list of tables, searched in order; the first answer counts.
#[derive(Clone, Debug, Default)]
pub struct Maps {
    /// The parameter that names them, for messages.
    pub title: String,
    pub dicts: Vec<Dict>,
}

impl Maps {
    /// Opens the tables of a list such as `hash:/etc/aliases, regexp:/etc/postfix/x`.
    pub fn open(host: &Host, title: &str, spec: &str, say: &mut Say) -> Maps {
        let mut dicts: Vec<Dict> = words_braced(spec).iter().map(|s| Dict::open(host, s, say)).collect();
        if NO_SUBSTITUTION.contains(&title) {
            dicts.iter_mut().for_each(|d| d.refuse_substitution(say));
        }
        Maps { title: title.to_owned(), dicts }
    }

    /// Opens the tables that a parameter names.
    pub fn of(host: &Host, conf: &Config, parameter: &str, say: &mut Say) -> Maps {
        Maps::open(host, parameter, &conf.get(parameter), say)
    }

    /// Within a chroot that has no account files of its own nobody is found (`getpwnam(3)`, `getgrnam(3)`).
    pub fn without_accounts(&mut self) {
        for d in &mut self.dicts {
            if d.name.starts_with("unix:") {
                d.content = Content::Empty;
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.dicts.is_empty()
    }

    /// Searches. A table that fails ends the search, and the failure is said.
    pub fn find(&self, host: &Host, key: &str, flags: Flags, say: &mut Say) -> Result<Option<Hit>, TableError> {
        for d in &self.dicts {
            if flags.fixed_only && d.is_pattern() {
                continue;
            }
            match d.get(host, key, say) {
                Ok(Some(value)) if value.is_empty() => {
                    say.push(Table::EmptyResult { title: self.title.clone(), key: key.to_owned() });
                    say.push(Table::EmptyAdvice { title: self.title.clone() });
                    return Err(TableError);
                }
                Ok(Some(value)) => return Ok(Some(Hit { value, table: d.name.clone() })),
                Ok(None) => {}
                Err(e) => {
                    say.push(Table::LookupError { table: d.name.clone(), key: key.to_owned() });
                    return Err(e);
                }
            }
        }
        Ok(None)
    }

    /// The first table that was rebuilt since it was opened, as the log names it.
    pub fn changed(&self, host: &Host) -> Option<String> {
        let d = self.dicts.iter().find(|d| d.changed(host))?;
        Some(format!("{}(0,lock|fold_fix|utf8_request)", d.name))
    }
}
