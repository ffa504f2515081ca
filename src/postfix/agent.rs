//! What the daemons behind cleanup(8) need of master, configuration, tables and address rewriting, in one place.

use super::config::Config;
use super::live::Live;
use super::lookups::{Lookups, Maps as Which};
use super::master::{self, Refused};
use super::table::{Maps, Say};
use super::trivial_rewrite::{self, Context, Purpose};
use super::{Ctx, expand as mac_expand, wait};
use crate::base::Span;
use crate::host::Errno;
use crate::log::table::Table;
use crate::postfix::params::param;
use std::borrow::Cow;
use std::sync::Arc;

/// A process of a Postfix service: its pid, the configuration that it read when it started, its syslog tag.
#[derive(Clone, Debug)]
pub struct Proc {
    /// The program: `local`, `error`.
    pub program: Arc<str>,
    pub pid: u32,
    pub conf: Arc<Config>,
    pub ident: Arc<str>,
    inner: master::Proc,
}

impl Proc {
    /// The name in master.cf: `local`, `retry`.
    pub fn service(&self) -> &str {
        self.inner.service.split('/').next().unwrap_or_default()
    }
    /// The process as master(8) knows it.
    pub fn child(&self) -> &master::Proc {
        &self.inner
    }
    /// Logs as this process does.
    pub fn log(&self, ctx: &mut Ctx<'_>, event: impl Into<crate::log::Event>) {
        ctx.host.log_tagged(&self.ident, self.pid, event);
    }
}

fn get(ctx: &mut Ctx<'_>, service: &str) -> Result<Proc, Refused> {
    let inner = master::acquire_unix(ctx, service)?;
    Ok(Proc {
        program: inner.program.clone(),
        pid: inner.pid,
        conf: inner.conf.clone(),
        ident: inner.tag.clone(),
        inner,
    })
}

/// A process of a service (`cleanup`, `bounce`), if one can be had now.
pub fn acquire(ctx: &mut Ctx<'_>, service: &str) -> Option<Proc> {
    get(ctx, service).ok()
}

/// Gives a process back.
pub fn release(ctx: &mut Ctx<'_>, p: &Proc) {
    master::release(ctx, p.pid);
}

/// A process ends with a message of its own.
pub fn fatal(ctx: &mut Ctx<'_>, p: &Proc, event: impl Into<crate::log::Event>) {
    master::fatal(ctx, &p.inner, event);
}

/// Whether the mail system is up.
pub fn running(ctx: &Ctx<'_>) -> bool {
    master::is_running(ctx)
}

/// What qmgr(8) gets when it asks for a delivery agent.
pub enum Acquired {
    Ready(Box<Proc>),
    /// All are busy, or the program does not start: the connection waits that long.
    Later(Span),
    /// There is no such service.
    Missing(String),
    /// The mail system is down.
    Down,
}

/// Why nobody can connect to a service, if master.cf does not have it.
pub fn missing(ctx: &Ctx<'_>, service: &str) -> Option<Errno> {
    wait::absent(ctx, &format!("private/{service}"))
}

/// A delivery agent's process.
pub fn acquire_agent(ctx: &mut Ctx<'_>, transport: &str) -> Acquired {
    match get(ctx, transport) {
        Ok(p) => Acquired::Ready(Box::new(p)),
        Err(Refused::Down) => Acquired::Down,
        Err(Refused::NoService) => Acquired::Missing(missing(ctx, transport).unwrap_or(Errno::NoEnt).text().to_owned()),
        Err(Refused::Limit) => Acquired::Later(Span::millis(200)),
        Err(Refused::Throttled) => Acquired::Later(Span::secs(60)),
    }
}

/// How many processes of a transport may run (its `maxproc`); zero: any number.
pub fn process_limit(ctx: &Ctx<'_>, _p: &Proc, transport: &str) -> i64 {
    ctx.pf.master.unix(transport).map_or(0, |s| i64::from(s.maxproc))
}

/// The arguments of a service in master.cf.
pub fn service_args(ctx: &Ctx<'_>, transport: &str) -> Vec<String> {
    ctx.pf.master.unix(transport).map_or_else(Vec::new, |s| s.args.clone())
}

/// A lookup that could not be done: what smtpd(8) answers with 451 and cleanup(8) with a deferral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupError;

/// What the pure parts look things up in: the tables and lists of one process.
fn live<'a, 'b>(ctx: &'a mut Ctx<'b>, p: &'a Proc) -> Live<'a, 'b> {
    Live { ctx, proc: &p.inner }
}

/// Looks a key up in the tables of a parameter.
pub fn lookup(ctx: &mut Ctx<'_>, p: &Proc, param: &str, key: &str) -> Result<Option<String>, LookupError> {
    live(ctx, p).find(Which::Param(param), key, false).map_err(|_| LookupError)
}

/// Whether this process does something for the first time.
pub fn first_time(ctx: &mut Ctx<'_>, p: &Proc, what: &str) -> bool {
    Live { ctx, proc: &p.inner }.once(what)
}

/// Whether the list of a parameter has a word. `Err`: the table that cannot be searched.
pub fn in_list(ctx: &mut Ctx<'_>, p: &Proc, param: &str, word: &str) -> Result<bool, String> {
    let list = Live { ctx, proc: &p.inner }.list(param);
    let mut say = Say::new();
    let found = list.string(ctx.host, word, &mut say);
    let table = match (&found, say.last()) {
        (Err(_), Some(Table::ListProblem { table, .. })) => table.clone(),
        _ => String::new(),
    };
    if found.is_err() {
        say.pop();
    }
    for event in say {
        p.log(ctx, event);
    }
    found.map_err(|_| table)
}

/// The tables of a parameter, and `None` when it is empty.
pub fn tables(ctx: &mut Ctx<'_>, p: &Proc, param: &str) -> Option<Arc<Maps>> {
    let spec = p.conf.get(param);
    (!spec.is_empty()).then(|| master::maps(ctx, &p.inner, param, &spec))
}

/// Looks a name up in one alias database: no substitution, and the failure is worded by the caller.
pub fn lookup_alias(ctx: &mut Ctx<'_>, p: &Proc, map: &str, name: &str) -> Result<Option<String>, LookupError> {
    let maps = master::maps(ctx, &p.inner, "alias_maps", map);
    let mut say = Say::new();
    let mut answer = Ok(None);
    for d in &maps.dicts {
        match d.get(ctx.host, name, &mut say) {
            Ok(None) => {}
            Ok(Some(v)) => {
                answer = Ok(Some(v));
                break;
            }
            Err(_) => {
                answer = Err(LookupError);
                break;
            }
        }
    }
    for event in say {
        p.log(ctx, event);
    }
    answer
}

/// `resolve_local()`.
pub fn resolve_local(ctx: &mut Ctx<'_>, p: &Proc, domain: &str) -> Result<bool, LookupError> {
    live(ctx, p).is_local_domain(domain).map_err(|_| LookupError)
}

/// Asks trivial-rewrite(8) for the standard form of an address in internal form; `context` is `local` or `remote`.
pub fn rewrite(ctx: &mut Ctx<'_>, p: &Proc, context: &str, addr: &str) -> String {
    if addr.is_empty() {
        return String::new();
    }
    let served = acquire(ctx, "rewrite");
    let context = if context == "remote" { Context::Remote } else { Context::Local };
    let out = trivial_rewrite::rewrite(&live(ctx, served.as_ref().unwrap_or(p)), context, addr);
    if let Some(s) = &served {
        release(ctx, s);
    }
    out
}

/// Where mail for an address goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub transport: String,
    pub nexthop: String,
    pub recipient: String,
    pub error: bool,
    pub fail: bool,
}

/// Asks trivial-rewrite(8) where mail for an address goes.
pub fn resolve(ctx: &mut Ctx<'_>, p: &Proc, sender: &str, addr: &str) -> Route {
    resolve_for(ctx, p, Purpose::Deliver, sender, addr)
}

/// The same for address probes (`address_verify_*`).
pub fn resolve_for(ctx: &mut Ctx<'_>, p: &Proc, purpose: Purpose, sender: &str, addr: &str) -> Route {
    let served = acquire(ctx, "rewrite");
    let r = trivial_rewrite::resolve(&mut live(ctx, served.as_ref().unwrap_or(p)), purpose, sender, addr);
    if let Some(s) = &served {
        release(ctx, s);
    }
    Route { transport: r.transport, nexthop: r.nexthop, recipient: r.recipient, error: r.error, fail: r.fail }
}

/// Expands `$name` in a text by a daemon's own names.
pub fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let env = mac_expand::Expander { lookup, recurse: false, filter: None, suffixes: &[] };
    mac_expand::expand(&env, text).text
}

/// Words of a parameter that is expanded later.
pub fn split_words(text: &str) -> Vec<String> {
    super::config::split_braced(text, &[',', ' ', '\t', '\r', '\n'])
}

/// Splits the extension off a local part by `recipient_delimiter` (`split_addr`): never for the double-bounce sender,
/// postmaster or mailer-daemon, nor for `owner-x` and `x-request` with `-`.
pub fn split_extension<'a>(conf: &Config, local: &'a str) -> (&'a str, Option<&'a str>) {
    let delimiters = conf.get(param!("recipient_delimiter"));
    if delimiters.is_empty() {
        return (local, None);
    }
    let reserved = ["postmaster", "mailer-daemon", "double-bounce"];
    if reserved.iter().any(|r| local.eq_ignore_ascii_case(r)) {
        return (local, None);
    }
    if delimiters.contains('-') {
        let low = local.to_ascii_lowercase();
        if low.starts_with("owner-") || low.ends_with("-request") {
            return (local, None);
        }
    }
    match local.char_indices().skip(1).find(|(_, c)| delimiters.contains(*c)) {
        Some((i, c)) => (&local[..i], Some(&local[i + c.len_utf8()..])),
        None => (local, None),
    }
}

/// Quotes a local part that needs it (`quote_822_local`), as addresses stand in logs and headers.
pub fn quote_local(addr: &str) -> String {
    if addr.is_empty() {
        return String::new();
    }
    let Some((local, domain)) = addr.rsplit_once('@') else { return quote_part(addr).into_owned() };
    [&quote_part(local), "@", domain].concat()
}

fn quote_part(local: &str) -> Cow<'_, str> {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b) || b >= 0x80;
    let plain = !local.is_empty()
        && local.bytes().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    if plain {
        return local.into();
    }
    let mut q = String::from("\"");
    for c in local.chars() {
        if c == '"' || c == '\\' {
            q.push('\\');
        }
        q.push(c);
    }
    q.push('"');
    q.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting() {
        for (raw, quoted) in [("a@b", "a@b"), ("a b@c", "\"a b\"@c"), ("a..b@c", "\"a..b\"@c"), ("", "")] {
            assert_eq!(quote_local(raw), quoted);
        }
    }
}
