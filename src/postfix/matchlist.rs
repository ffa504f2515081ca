//! match_list(3): lists such as `mynetworks` and `mydestination`: names, parent domains, addresses, blocks, tables,
//! `/file`, and `!` before any of them.
//!
//! A list that cannot be searched gives [`TableError`] from that place on: what stood before it still matches.

use super::config::{Config, split_braced, words};
use super::table::cidr::Block;
use super::table::{Dict, Say, TableError};
use crate::host::{Cred, Host};
use crate::log::table::{CidrFault, Table};
use std::net::IpAddr;

#[derive(Clone, Debug)]
enum What {
    Text(Text),
    Table(Box<Dict>),
}

/// A pattern that is no table: as it is written in lower case, and what it is as an address.
#[derive(Clone, Debug)]
struct Text {
    pattern: String,
    /// The address that it spells.
    is: Option<IpAddr>,
    /// The addresses that it stands for, if it looks like a block.
    block: Option<Result<Block, CidrFault>>,
}

impl Text {
    fn new(pattern: &str) -> Text {
        let pattern = pattern.to_lowercase();
        let bare = pattern.strip_prefix('[').and_then(|p| p.strip_suffix(']')).unwrap_or(&pattern);
        let is = bare.parse::<IpAddr>().ok().filter(|ip| ip.to_string() == bare);
        let of = |set: &str| pattern.trim_matches(['[', ']']).chars().all(|c| set.contains(c));
        let looks = pattern.contains([':', '/']) && (of("0123456789./") || of("0123456789abcdef:/[]."));
        let block = looks.then(|| Block::parse(&pattern));
        Text { pattern, is, block }
    }
}

#[derive(Clone, Debug)]
struct Pattern {
    negate: bool,
    what: What,
}

/// A list as one process read it.
#[derive(Clone, Debug, Default)]
pub struct MatchList {
    /// The parameter's name, for messages.
    pub name: String,
    patterns: Vec<Pattern>,
    /// `example.com` stands for what is below it, too (`parent_domain_matches_subdomains`).
    parent: bool,
}

const SEPARATORS: &[char] = &[',', ' ', '\t', '\r', '\n'];

impl MatchList {
    /// The list that a parameter holds.
    pub fn of(host: &Host, conf: &Config, parameter: &str, say: &mut Say) -> MatchList {
        let parent = words(&conf.get("parent_domain_matches_subdomains")).any(|w| w == parameter);
        MatchList::open(host, parameter, &conf.get(parameter), parent, say)
    }

    /// The list of a parameter that names neither files nor tables, and that is without faults.
    pub fn of_words(conf: &Config, parameter: &str) -> Option<MatchList> {
        let plain = |w: &String| !w.starts_with(['/', '#']) && (w.starts_with('[') || !w.contains(':'));
        let parent = words(&conf.get("parent_domain_matches_subdomains")).any(|w| w == parameter);
        let mut list = MatchList { name: parameter.to_owned(), patterns: Vec::new(), parent };
        for item in split_braced(&conf.get(parameter), SEPARATORS) {
            let inner = item.trim_start_matches('!').to_owned();
            if inner.is_empty() || !plain(&inner) {
                return None;
            }
            let what = What::Text(Text::new(&inner));
            list.patterns.push(Pattern { negate: (item.len() - inner.len()) % 2 == 1, what });
        }
        Some(list)
    }

    /// The list in a text. `name` is what messages call it.
    pub fn open(host: &Host, name: &str, text: &str, parent: bool, say: &mut Say) -> MatchList {
        let mut list = MatchList { name: name.to_owned(), patterns: Vec::new(), parent };
        list.add(host, text, false, 0, say);
        list
    }

    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    fn add(&mut self, host: &Host, text: &str, negated: bool, depth: u32, say: &mut Say) {
        for item in split_braced(text, SEPARATORS) {
            if item.starts_with('#') {
                let at = text.find(item.as_str()).unwrap_or(0);
                let rest = text[at + item.len()..].trim_start_matches(SEPARATORS);
                say.push(Table::ListComment { list: self.name.clone(), text: format!("{item} {rest}") });
                break;
            }
            let inner = item.trim_start_matches('!');
            let negate = negated != ((item.len() - inner.len()) % 2 == 1);
            if inner.is_empty() {
                say.push(Table::ListNegation { list: self.name.clone() });
                continue;
            }
            if inner.starts_with('/') {
                self.add_file(host, inner, negate, depth, say);
            } else if !inner.starts_with('[') && inner.contains(':') {
                let what = What::Table(Box::new(Dict::open(host, inner, say)));
                self.patterns.push(Pattern { negate, what });
            } else {
                self.patterns.push(Pattern { negate, what: What::Text(Text::new(inner)) });
            }
        }
    }

    fn add_file(&mut self, host: &Host, path: &str, negate: bool, depth: u32, say: &mut Say) {
        let blob = if depth < 16 { host.fs.read(&Cred::root(), path).ok() } else { None };
        if let Some(b) = blob {
            for line in b.text().lines().filter(|l| !l.starts_with('#')) {
                self.add(host, line, negate, depth + 1, say);
            }
        } else {
            // A pattern that always fails takes the place of the file.
            let dict = Dict::no_file(host, path);
            say.extend(dict.unavailable().cloned().map(Table::Open));
            let what = What::Table(Box::new(dict));
            self.patterns.push(Pattern { negate, what });
        }
    }

    fn search(&self, mut test: impl FnMut(&What) -> Result<bool, TableError>) -> Result<bool, TableError> {
        for p in &self.patterns {
            if test(&p.what)? {
                return Ok(!p.negate);
            }
        }
        Ok(false)
    }

    fn ask(&self, host: &Host, d: &Dict, key: &str, say: &mut Say) -> Result<bool, TableError> {
        d.get(host, key, say).map(|v| v.is_some()).inspect_err(|_| {
            say.push(Table::ListProblem { list: self.name.clone(), table: d.name.clone() });
        })
    }

    /// string_list_match(3): the whole string.
    pub fn string(&self, host: &Host, text: &str, say: &mut Say) -> Result<bool, TableError> {
        let text = text.to_lowercase();
        self.search(|what| match what {
            What::Text(p) => Ok(p.pattern == text),
            What::Table(d) => self.ask(host, d, &text, say),
        })
    }

    /// domain_list_match(3): a name or a parent of it.
    pub fn domain(&self, host: &Host, name: &str, say: &mut Say) -> Result<bool, TableError> {
        let name = name.to_lowercase();
        self.search(|what| self.hostname(host, what, &name, say))
    }

    /// addr_match_list_match(3): an address.
    pub fn address(&self, host: &Host, ip: IpAddr, say: &mut Say) -> Result<bool, TableError> {
        self.search(|what| self.hostaddr(host, what, ip, say))
    }

    /// namadr_list_match(3): a client's name or its address.
    pub fn client(&self, host: &Host, name: &str, ip: IpAddr, say: &mut Say) -> Result<bool, TableError> {
        let name = name.to_lowercase();
        self.search(
            |what| {
                if self.hostname(host, what, &name, say)? { Ok(true) } else { self.hostaddr(host, what, ip, say) }
            },
        )
    }

    fn hostname(&self, host: &Host, what: &What, name: &str, say: &mut Say) -> Result<bool, TableError> {
        match what {
            What::Text(p) => Ok(name == p.pattern || self.is_below(name, &p.pattern)),
            What::Table(d) => {
                let mut entry = name;
                loop {
                    let whole = entry.len() == name.len();
                    if (whole || !d.is_pattern()) && self.ask(host, d, entry, say)? {
                        return Ok(true);
                    }
                    let Some(i) = entry.get(1..).and_then(|e| e.find('.')) else { return Ok(false) };
                    entry = &entry[i + 1 + usize::from(self.parent)..];
                    if entry.is_empty() {
                        return Ok(false);
                    }
                }
            }
        }
    }

    fn is_below(&self, name: &str, pattern: &str) -> bool {
        let Some(head) = name.strip_suffix(pattern) else { return false };
        if self.parent { head.ends_with('.') } else { pattern.starts_with('.') && !head.is_empty() }
    }

    fn hostaddr(&self, host: &Host, what: &What, ip: IpAddr, say: &mut Say) -> Result<bool, TableError> {
        let text = match what {
            What::Table(d) => return self.ask(host, d, &ip.to_string(), say),
            What::Text(text) => text,
        };
        if text.is == Some(ip) {
            return Ok(true);
        }
        match &text.block {
            Some(_) if text.pattern.contains(':') != ip.is_ipv6() => Ok(false),
            Some(Ok(b)) => Ok(b.contains(ip)),
            Some(Err(fault)) => {
                say.push(Table::ListPattern { list: self.name.clone(), fault: fault.clone() });
                Err(TableError)
            }
            None => Ok(false),
        }
    }
}
