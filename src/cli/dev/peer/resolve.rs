//! The suite `resolve`: what trivial-rewrite answers about an address. `MYHOSTNAME` and `MYDOMAIN` stand for names.

use crate::log::rewrite::Rewrite;
use crate::postfix::config::Config;
use crate::postfix::lookups::{Failed, Lookups, Maps, Who};
use crate::postfix::trivial_rewrite::resolve::Log;
use crate::postfix::trivial_rewrite::{Class, Purpose, resolve};
use std::net::IpAddr;

const DOMAIN: &str = "mydomain.example";
const HOST: &str = "myhostname.mydomain.example";

struct Fixture {
    conf: Config,
}

impl Lookups for Fixture {
    fn param(&self, name: &str) -> String {
        self.conf.get(name)
    }
    fn raw_param(&self, name: &str) -> String {
        self.conf.raw(name).unwrap_or_default()
    }
    fn find(&mut self, _maps: Maps<'_>, _key: &str, _partial: bool) -> Result<Option<String>, Failed> {
        Ok(None)
    }
    fn matches(&mut self, param: &str, who: Who<'_>) -> Result<bool, Failed> {
        let Who::Name(name) = who else { return Ok(false) };
        Ok(self.conf.get(param).split([',', ' ']).any(|w| w.eq_ignore_ascii_case(name)))
    }
    fn is_own_address(&self, ip: IpAddr) -> bool {
        ip.is_loopback()
    }
}

impl Log for Fixture {
    fn say(&mut self, _event: Rewrite) {}
}

/// Runs an input: a class and an address a line.
pub fn run(input: &str) -> String {
    let text = format!(
        "myhostname = {HOST}\nmydomain = {DOMAIN}\nrelayhost = $mydomain\nappend_dot_mydomain = yes\nrelay_domains =\nmydestination = $myhostname, localhost.$mydomain, localhost\n"
    );
    let mut f = Fixture { conf: Config::from_text("/etc/postfix/main.cf", &text) };
    let mut out = String::new();
    for line in input.lines() {
        let (class, addr) = line.split_once(' ').unwrap_or((line, ""));
        let purpose = if class == "verify" { Purpose::Verify } else { Purpose::Deliver };
        let real = addr.replace("MYHOSTNAME", HOST).replace("MYDOMAIN", DOMAIN);
        let r = resolve(&mut f, purpose, "", &real);
        let mut flags = String::new();
        for (set, name) in [(r.routed, "FLAG_ROUTED"), (r.error, "FLAG_ERROR"), (r.fail, "FLAG_FAIL")] {
            if set {
                flags += &format!("{name} ");
            }
        }
        flags += match r.class {
            Class::Local => "CLASS_LOCAL ",
            Class::Alias => "CLASS_ALIAS ",
            Class::Virtual => "CLASS_VIRTUAL ",
            Class::Relay => "CLASS_RELAY ",
            Class::Default => "CLASS_DEFAULT ",
        };
        let block = format!(
            "class      {class}\naddress    {real}\ntransport  {}\nnexthop    {}\nrecipient  {}\nflags      {flags}\n\n",
            r.transport, r.nexthop, r.recipient
        );
        out += &block.replace(HOST, "MYHOSTNAME").replace(DOMAIN, "MYDOMAIN");
    }
    out
}
