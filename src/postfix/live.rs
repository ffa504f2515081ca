//! [`Lookups`] as a running process has them: its configuration, the tables and lists that it opened, the host.

use super::Ctx;
use super::listen;
use super::lookups::{Failed, Lookups, Maps, Who};
use super::master::{self, Proc};
use super::matchlist::MatchList;
use super::proxymap;
use super::table::{self, Flags, Say};
use super::trivial_rewrite::{self, Purpose, Resolved};
use crate::log::rewrite::Rewrite;
use crate::log::table::Table;
use crate::postfix::params::param;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// What a process keeps beside its tables.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    lists: BTreeMap<String, Arc<MatchList>>,
    /// What it said already and says only once.
    said: BTreeSet<String>,
}

/// A process at work.
pub struct Live<'a, 'c> {
    pub ctx: &'a mut Ctx<'c>,
    pub proc: &'a Proc,
}

/// Whether a process says this for the first time: a table that several lists name is opened once.
pub fn first_time(ctx: &mut Ctx<'_>, pid: u32, event: &Table) -> bool {
    let list = matches!(
        event,
        Table::ListProblem { .. } | Table::ListPattern { .. } | Table::ListComment { .. } | Table::ListNegation { .. }
    );
    list || ctx.pf.opened.entry(pid).or_default().said.insert(format!("{event:?}"))
}

/// Lists whose patterns are names with parent domains; the others are strings or hosts.
fn is_domain_list(param: &str) -> bool {
    matches!(param, "relay_domains" | "fast_flush_domains")
}

impl Live<'_, '_> {
    fn log(&mut self, say: Say) {
        for event in say {
            proxymap::say(self.ctx, self.proc, event);
        }
    }
    /// Whether this process says it for the first time.
    pub fn once(&mut self, what: &str) -> bool {
        self.ctx.pf.opened.entry(self.proc.pid).or_default().said.insert(what.to_owned())
    }
    /// Whether a process said it already.
    pub fn has_said(ctx: &Ctx<'_>, pid: u32, what: &str) -> bool {
        ctx.pf.opened.get(&pid).is_some_and(|o| o.said.contains(what))
    }
    /// The match list of a parameter, opened when it is first used. A table that is opened by more than one list
    /// complains once.
    pub fn list(&mut self, param: &str) -> Arc<MatchList> {
        if let Some(words) = self.proc.conf.match_list(param) {
            return words;
        }
        if let Some(l) = self.ctx.pf.opened.get(&self.proc.pid).and_then(|o| o.lists.get(param)) {
            return l.clone();
        }
        let mut say = Say::new();
        let list = Arc::new(MatchList::of(self.ctx.host, &self.proc.conf, param, &mut say));
        let proxied = self.proc.conf.get(param).contains("proxy:");
        for event in say {
            if proxied && proxymap::is_fault(&event) {
                proxymap::heard(self.ctx, event);
            } else if first_time(self.ctx, self.proc.pid, &event) {
                self.proc.log(self.ctx.host, event);
            }
        }
        let opened = self.ctx.pf.opened.entry(self.proc.pid).or_default();
        opened.lists.insert(param.to_owned(), list.clone());
        list
    }
    /// The tables of a parameter or of a text, opened when they are first used.
    pub fn tables(&mut self, maps: Maps<'_>) -> Arc<table::Maps> {
        match maps {
            Maps::Param(p) => {
                let spec = self.proc.conf.value(p);
                master::maps(self.ctx, self.proc, p, &spec)
            }
            Maps::Spec(s) => master::maps(self.ctx, self.proc, s, s),
        }
    }
}

impl Lookups for Live<'_, '_> {
    fn param(&self, name: &str) -> String {
        self.proc.conf.get(name)
    }
    fn raw_param(&self, name: &str) -> String {
        self.proc.conf.raw(name).unwrap_or_default()
    }
    fn words(&self, name: &str) -> Arc<[String]> {
        self.proc.conf.words_braced(name)
    }
    fn flag(&self, name: &str) -> bool {
        self.proc.conf.bool(name)
    }
    fn int(&self, name: &str) -> i64 {
        self.proc.conf.int(name)
    }
    fn find(&mut self, maps: Maps<'_>, key: &str, partial: bool) -> Result<Option<String>, Failed> {
        let tables = self.tables(maps);
        let mut say = Say::new();
        let flags = Flags { fixed_only: partial };
        let found = tables.find(self.ctx.host, key, flags, &mut say);
        self.log(say);
        found.map(|h| h.map(|h| h.value)).map_err(|_| Failed)
    }
    fn matches(&mut self, param: &str, who: Who<'_>) -> Result<bool, Failed> {
        let list = self.list(param);
        if list.is_empty() {
            return Ok(false);
        }
        let mut say = Say::new();
        let found = match who {
            Who::Name(n) if is_domain_list(param) => list.domain(self.ctx.host, n, &mut say),
            Who::Name(n) => list.string(self.ctx.host, n, &mut say),
            Who::Host(name, addr) => match addr.parse::<IpAddr>() {
                Ok(ip) => list.client(self.ctx.host, name, ip, &mut say),
                Err(_) => list.domain(self.ctx.host, name, &mut say),
            },
        };
        self.log(say);
        found.map_err(|_| Failed)
    }
    fn is_own_address(&self, ip: IpAddr) -> bool {
        let listed =
            |text: &str| text.split([',', ' ', '\t']).any(|w| w.trim_matches(['[', ']']).parse::<IpAddr>() == Ok(ip));
        if listed(&self.proc.conf.value(param!("proxy_interfaces"))) {
            return true;
        }
        match listen::interfaces(self.ctx.host, &self.proc.conf) {
            Some(list) if list.iter().all(|i| !i.is_unspecified()) => list.contains(&ip),
            _ => self.ctx.host.net.is_local(ip),
        }
    }
}

impl trivial_rewrite::resolve::Log for Live<'_, '_> {
    fn say(&mut self, event: Rewrite) {
        self.proc.log(self.ctx.host, event);
    }
}

/// What trivial-rewrite says to a rewrite and a resolve request; a service that cannot start is a failure.
pub fn resolve(ctx: &mut Ctx<'_>, purpose: Purpose, sender: &str, addr: &str) -> Resolved {
    let Ok(proc) = master::acquire(ctx, "rewrite/unix") else {
        return Resolved { fail: true, recipient: addr.into(), ..Resolved::default() };
    };
    let mut live = Live { ctx, proc: &proc };
    if live.once("started") {
        // The wild card of both transport maps is looked up when the process starts.
        for maps in ["transport_maps", "address_verify_transport_maps"] {
            if !live.param(maps).is_empty() {
                let _ = live.find(Maps::Param(maps), "*", true);
            }
        }
    }
    let rewritten = trivial_rewrite::rewrite(&live, trivial_rewrite::Context::Local, addr);
    let r = trivial_rewrite::resolve(&mut live, purpose, sender, &rewritten);
    master::release(ctx, proc.pid);
    r
}

/// What trivial-rewrite makes of an address in internal form.
pub fn rewrite(ctx: &mut Ctx<'_>, context: trivial_rewrite::Context, addr: &str) -> Option<String> {
    let proc = master::acquire(ctx, "rewrite/unix").ok()?;
    let live = Live { ctx, proc: &proc };
    let out = trivial_rewrite::rewrite(&live, context, addr);
    master::release(ctx, proc.pid);
    Some(out)
}
