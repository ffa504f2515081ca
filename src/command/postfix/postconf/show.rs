//! `postconf [-n|-d] [-h|-H] [-f] [-x] [name…]`: parameters, and what is wrong with those of main.cf and master.cf.

use super::super::tool::Tool;
use super::layout;
use super::master::Entry;
use crate::postfix::config::{Config, words};
use crate::postfix::expand::{self, Expander};
use crate::postfix::params;
use std::collections::{BTreeMap, BTreeSet};

/// Which parameters belong to which class (`-C`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    Builtin,
    Service,
    User,
}

/// How values are shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    pub fold: bool,
    pub expand: bool,
    pub no_name: bool,
    pub no_value: bool,
    pub defaults: bool,
    pub set_only: bool,
}

/// Everything that postconf knows after reading main.cf and master.cf.
pub(super) struct Known {
    /// Parameters by name.
    pub valid: BTreeMap<String, Class>,
    /// Names that a master.cf entry defines and that something uses, by entry.
    pub valid_local: Vec<BTreeSet<String>>,
    pub warnings: Vec<String>,
    /// An expansion that cannot be done ends the program.
    pub fatal: bool,
}

const DELIVERY: &[&str] = &["local", "error", "virtual", "smtp", "lmtp", "pipe"];

/// What a look-up table of a type is configured with in main.cf, after the table's name.
const DBMS: &[(&str, &[&str])] = &[
    (
        "ldap",
        &[
            "bind",
            "bind_dn",
            "bind_pw",
            "cache",
            "cache_expiry",
            "cache_size",
            "chase_referrals",
            "debuglevel",
            "dereference",
            "domain",
            "expansion_limit",
            "leaf_result_attribute",
            "query_filter",
            "recursion_limit",
            "require_result_attribute",
            "result_attribute",
            "result_filter",
            "result_format",
            "scope",
            "search_base",
            "server_host",
            "server_port",
            "size_limit",
            "special_result_attribute",
            "start_tls",
            "terminal_result_attribute",
            "timeout",
            "tls_ca_cert_dir",
            "tls_ca_cert_file",
            "tls_cert",
            "tls_cipher_suite",
            "tls_key",
            "tls_random_file",
            "tls_require_cert",
            "version",
        ],
    ),
    (
        "mysql",
        &[
            "additional_conditions",
            "dbname",
            "domain",
            "expansion_limit",
            "hosts",
            "option_file",
            "option_group",
            "password",
            "query",
            "require_result_set",
            "result_format",
            "select_field",
            "table",
            "tls_CAfile",
            "tls_CApath",
            "tls_cert_file",
            "tls_ciphers",
            "tls_key_file",
            "tls_verify_cert",
            "user",
            "where_field",
        ],
    ),
    (
        "pgsql",
        &[
            "additional_conditions",
            "dbname",
            "domain",
            "encoding",
            "expansion_limit",
            "hosts",
            "password",
            "query",
            "result_format",
            "select_field",
            "select_function",
            "table",
            "user",
            "where_field",
        ],
    ),
    (
        "sqlite",
        &[
            "additional_conditions",
            "dbpath",
            "domain",
            "expansion_limit",
            "query",
            "result_format",
            "select_field",
            "table",
            "where_field",
        ],
    ),
    (
        "memcache",
        &[
            "backup",
            "data_size_limit",
            "domain",
            "flags",
            "key_format",
            "line_size_limit",
            "max_try",
            "memcache",
            "retry_pause",
            "timeout",
            "ttl",
        ],
    ),
];

/// The names that a value uses, and what is wrong after them.
fn used(text: &str) -> (Vec<String>, Option<String>) {
    let mut names = Vec::new();
    let fault = expand::names(text, &mut |n| names.push(n.to_owned()));
    (names, fault.map(|f| f.to_string()))
}

/// Expands with what postconf knows; faults are said. `None`: a fault ends it.
pub(super) fn expanded(
    conf: &Config,
    local: Option<&BTreeMap<String, String>>,
    defaults: bool,
    text: &str,
    warnings: &mut Vec<String>,
) -> Option<String> {
    let lookup = |name: &str| {
        if let Some(v) = local.and_then(|l| l.get(name)) {
            return Some(v.clone());
        }
        if defaults { conf.default(name) } else { conf.raw(name) }
    };
    let env = Expander { lookup: &lookup, recurse: true, filter: None, suffixes: &[("level", expand::compare_level)] };
    let x = expand::expand(&env, text);
    let failed = x.failed();
    warnings.extend(x.faults.iter().map(ToString::to_string));
    if failed { None } else { Some(x.text) }
}

impl Known {
    /// Works out which names are parameters (pcf_register_*).
    pub fn new(tool: &Tool<'_>, conf: &Config, directory: &str, entries: &[Entry], defaults: bool) -> Known {
        let mut k = Known {
            valid: params::all().map(|p| (p.name.to_owned(), Class::Builtin)).collect(),
            valid_local: vec![BTreeSet::new(); entries.len()],
            warnings: Vec::new(),
            fatal: false,
        };
        for e in entries.iter().filter(|e| e.fields[1] == "unix") {
            let (service, program) = (&e.fields[0], e.fields[7].as_str());
            let mut add = |suffix: &str| {
                k.valid.entry(format!("{service}{suffix}")).or_insert(Class::Service);
            };
            if DELIVERY.contains(&program) {
                for (s, _) in params::TRANSPORT_SUFFIXES {
                    add(s);
                }
            }
            if matches!(program, "pipe" | "spawn") {
                for (s, _) in params::SERVICE_SUFFIXES {
                    add(s);
                }
            }
        }
        if defaults {
            return k;
        }
        let locals: Vec<BTreeMap<String, String>> = entries.iter().map(Entry::overrides).collect();
        for (i, local) in locals.iter().enumerate() {
            for (name, value) in local {
                if name == "smtpd_restriction_classes" {
                    for class in words(value) {
                        k.flag(conf, directory, class, Some(i), &locals, true);
                    }
                }
                let (names, fault) = used(value);
                for n in names {
                    k.flag(conf, directory, &n, Some(i), &locals, true);
                }
                k.warnings.extend(fault);
            }
        }
        for p in params::all().filter(|p| p.default.contains('$')) {
            for n in used(p.default).0 {
                k.flag(conf, directory, &n, None, &locals, false);
            }
        }
        for (name, value) in &conf.main {
            let (mut names, fault) = used(value);
            if name == "smtpd_restriction_classes" {
                names.splice(0..0, words(value).map(str::to_owned));
            }
            for n in names {
                k.flag(conf, directory, &n, None, &locals, true);
            }
            k.warnings.extend(fault);
        }
        k.tables(conf, tool);
        k
    }

    /// A `$name` is used: whoever defines it is not unused.
    fn flag(
        &mut self,
        conf: &Config,
        directory: &str,
        name: &str,
        local: Option<usize>,
        locals: &[BTreeMap<String, String>],
        complain: bool,
    ) {
        let mut supplied = false;
        if let Some(i) = local.filter(|i| locals[*i].contains_key(name)) {
            supplied = true;
            self.valid_local[i].insert(name.to_owned());
        } else if conf.is_set(name) {
            supplied = true;
            self.valid.entry(name.to_owned()).or_insert(Class::User);
        }
        if local.is_none() {
            for (i, own) in locals.iter().enumerate() {
                if own.contains_key(name) {
                    supplied = true;
                    self.valid_local[i].insert(name.to_owned());
                }
            }
        }
        if complain && !supplied && !self.valid.contains_key(name) && name != "service_name" {
            let file = if local.is_some() { "master.cf" } else { "main.cf" };
            let text = format!("{directory}/{file}: undefined parameter: {name}");
            if !self.warnings.contains(&text) {
                self.warnings.push(text);
            }
        }
    }

    /// `ldap:name` in a value makes `name_server_host` a parameter, and so on.
    fn tables(&mut self, conf: &Config, tool: &Tool<'_>) {
        let set: Vec<&String> = conf.main.keys().filter(|n| self.valid.contains_key(*n)).collect();
        for name in set {
            let value = &conf.main[name];
            if !value.contains('$') && !value.contains(':') {
                continue;
            }
            let class = self.valid.get(name).copied();
            if class == Some(Class::User) && value.contains('$') {
                continue;
            }
            let Some(text) = expanded(conf, None, false, value, &mut self.warnings) else {
                self.fatal = true;
                return;
            };
            for word in words(&text) {
                let spec = word.strip_prefix("proxy:").unwrap_or(word);
                let Some((kind, table)) = spec.split_once(':') else { continue };
                let Some((_, suffixes)) = DBMS.iter().find(|(k, _)| *k == kind) else { continue };
                if table.starts_with(['/', '.']) {
                    // A file of its own, which is read.
                    let world = tool.ctx.world();
                    if let Err(e) = world.borrow().host.fs.read(&tool.ctx.io.cred, table) {
                        self.warnings.push(format!("open \"{kind}\" configuration \"{table}\": {}", e.text()));
                    }
                    continue;
                }
                for s in *suffixes {
                    let n = format!("{table}_{s}");
                    if conf.is_set(&n) {
                        self.valid.entry(n).or_insert(Class::User);
                    }
                }
            }
        }
    }

    /// Names of main.cf and master.cf that nothing uses.
    pub fn unused(&self, conf: &Config, directory: &str, entries: &[Entry]) -> Vec<String> {
        let mut out = Vec::new();
        for (name, value) in conf.main.iter().filter(|(n, _)| !self.valid.contains_key(*n)) {
            out.push(format!("{directory}/main.cf: unused parameter: {name}={value}"));
        }
        for (i, e) in entries.iter().enumerate() {
            for (name, value) in e.overrides() {
                if !self.valid.contains_key(&name) && !self.valid_local[i].contains(&name) {
                    out.push(format!("{directory}/master.cf: unused parameter: {name}={value}"));
                }
            }
        }
        out
    }
}

/// One `name = value` in the style asked for.
pub(super) fn render(name: &str, value: &str, style: Style) -> String {
    if style.no_value {
        layout::line(name, false)
    } else if style.no_name {
        layout::line(value, style.fold)
    } else {
        layout::line(&format!("{name} = {value}"), style.fold)
    }
}

/// The value of a parameter as asked: raw, default, expanded. `Err`: an expansion ends the program.
pub(super) fn value(conf: &Config, name: &str, style: Style, warnings: &mut Vec<String>) -> Result<Option<String>, ()> {
    let raw = if style.defaults {
        conf.default(name)
    } else if style.set_only {
        conf.main.get(name).cloned()
    } else {
        conf.raw(name)
    };
    let Some(raw) = raw else { return Ok(None) };
    if !style.expand || !raw.contains('$') {
        return Ok(Some(raw));
    }
    expanded(conf, None, style.defaults, &raw, warnings).map(Some).ok_or(())
}
