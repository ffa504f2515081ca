//! The suite `smtpd-check`: restrictions against a zone, without a server. One setting or probe a line.
//!
//! The resolver of the test program is a stub: an address is its domain's class, and nothing is rewritten.

use super::zone;
use crate::base::{Chance, Span, Time};
use crate::host::dns::{Answer, Zone};
use crate::host::{Blob, Cred, Host};
use crate::log::Message;
use crate::log::smtpd::Smtpd;
use crate::postfix::config::{Config, split_braced};
use crate::postfix::expand::{self, Expander};
use crate::postfix::lookups::{Failed, Lookups, Maps, Who};
use crate::postfix::matchlist::MatchList;
use crate::postfix::restriction::policy::Service;
use crate::postfix::restriction::{CheckState, Env, NameStatus, TlsState, Verified, stages};
use crate::postfix::table::{self, Flags, Say};
use crate::postfix::trivial_rewrite::{Class, Resolved};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Reads a file beside the input, by the name that stands in a table's name.
pub type Load<'a> = &'a dyn Fn(&str) -> Option<String>;

struct Fixture<'a> {
    host: Host,
    conf: Config,
    zone: Zone,
    load: Load<'a>,
    out: String,
    said: BTreeSet<String>,
}

impl Fixture<'_> {
    fn print(&mut self, text: &str) {
        self.out += &format!("./smtpd_check: {text}\n");
    }
    fn say(&mut self, say: Say) {
        for event in say {
            self.print(&event.text());
        }
    }
    /// `hash:` reads the source text, which is brought in from beside the input.
    fn spec(&mut self, spec: &str) -> String {
        let words = split_braced(spec, &[',', ' ', '\t']);
        let mapped = words.into_iter().map(|w| match w.split_once(':') {
            Some(("hash" | "btree" | "texthash", name)) => {
                let path = format!("/peer/{}", name.trim_start_matches("./"));
                if !self.host.fs.exists(&path)
                    && let Some(text) = (self.load)(name)
                {
                    let _ = self.host.fs.mkdir_all("/peer");
                    let _ = self.host.fs.write(&Cred::root(), &path, Blob::from(text), 0o644);
                }
                format!("texthash:{path}")
            }
            _ => w,
        });
        mapped.collect::<Vec<_>>().join(" ")
    }
}

impl Lookups for Fixture<'_> {
    fn param(&self, name: &str) -> String {
        self.conf.get(name)
    }
    fn raw_param(&self, name: &str) -> String {
        self.conf.raw(name).unwrap_or_default()
    }
    fn flag(&self, name: &str) -> bool {
        matches!(self.conf.get(name).as_str(), "yes" | "1")
    }
    fn find(&mut self, maps: Maps<'_>, key: &str, partial: bool) -> Result<Option<String>, Failed> {
        let spec = match maps {
            Maps::Param(p) => self.conf.get(p),
            Maps::Spec(s) => s.to_owned(),
        };
        let spec = self.spec(&spec);
        let mut say = Say::new();
        let tables = table::Maps::open(&self.host, "", &spec, &mut say);
        say.clear();
        let found = tables.find(&self.host, key, Flags { fixed_only: partial }, &mut say);
        self.say(say);
        found.map(|h| h.map(|h| h.value)).map_err(|_| Failed)
    }
    fn matches(&mut self, param: &str, who: Who<'_>) -> Result<bool, Failed> {
        let mut say = Say::new();
        let list = MatchList::of(&self.host, &self.conf, param, &mut say);
        say.clear();
        let found = match who {
            Who::Host(name, addr) => match addr.parse::<IpAddr>() {
                Ok(ip) => list.client(&self.host, name, ip, &mut say),
                Err(_) => list.domain(&self.host, name, &mut say),
            },
            Who::Name(n) if param == "relay_domains" => list.domain(&self.host, n, &mut say),
            Who::Name(n) => list.string(&self.host, n, &mut say),
        };
        self.say(say);
        found.map_err(|_| Failed)
    }
    fn is_own_address(&self, ip: IpAddr) -> bool {
        ["inet_interfaces", "proxy_interfaces"].iter().any(|p| {
            self.conf.get(*p).split([',', ' ']).any(|w| w.trim_matches(['[', ']']).parse::<IpAddr>() == Ok(ip))
        })
    }
}

impl Env for Fixture<'_> {
    fn say(&mut self, event: Smtpd) {
        let text = match event {
            Smtpd::Verdict { action, mut at } => {
                at.qid = Some("<queue id>".into());
                Smtpd::Verdict { action, at }.text()
            }
            other => other.text(),
        };
        self.print(&text);
    }
    fn dns(&mut self, name: &str, rtype: &str) -> Answer {
        zone::query(&self.zone, name, rtype)
    }
    fn resolve(&mut self, _sender: &str, addr: &str) -> Resolved {
        let mut r = Resolved { transport: "foo".into(), recipient: addr.into(), ..Resolved::default() };
        let domain = addr.rsplit_once('@').map_or("", |(_, d)| d).to_owned();
        r.nexthop.clone_from(&domain);
        let found = self.is_local_domain(&domain).and_then(|local| {
            if local {
                return Ok(Class::Local);
            }
            for (list, class) in [
                ("virtual_alias_domains", Class::Alias),
                ("virtual_mailbox_domains", Class::Virtual),
                ("relay_domains", Class::Relay),
            ] {
                if self.matches(list, Who::Name(&domain))? {
                    return Ok(class);
                }
            }
            Ok(Class::Default)
        });
        match found {
            Ok(class) => r.class = class,
            Err(Failed) => r.fail = true,
        }
        r
    }
    fn policy(&mut self, _service: &Service, _request: &[(String, String)]) -> Option<String> {
        None
    }
    fn verify(&mut self, _addr: &str) -> Verified {
        Verified::Ok
    }
    fn expand(&mut self, template: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let env = Expander { lookup, recurse: false, filter: None, suffixes: &[] };
        let x = expand::expand(&env, template);
        (x.status & expand::PARSE_ERROR == 0).then_some(x.text)
    }
    fn once(&mut self, what: &str) -> bool {
        self.said.insert(what.to_owned())
    }
    fn pass(&mut self, _span: Span) {}
    fn no_such_host(&self) -> &'static str {
        "hostname nor servname provided, or not known"
    }
}

const LISTS: &[(&str, &str)] = &[
    ("client_restrictions", "smtpd_client_restrictions"),
    ("helo_restrictions", "smtpd_helo_restrictions"),
    ("sender_restrictions", "smtpd_sender_restrictions"),
    ("relay_restrictions", "smtpd_relay_restrictions"),
    ("recipient_restrictions", "smtpd_recipient_restrictions"),
    ("etrn_restrictions", "smtpd_etrn_restrictions"),
];

/// Parameters that the test program starts with in its own way.
const START: &[(&str, &str)] = &[
    ("mynetworks", ""),
    ("relay_domains", ""),
    ("local_recipient_maps", ""),
    ("virtual_alias_maps", ""),
    ("virtual_alias_domains", ""),
    ("mydestination", ""),
    ("smtpd_relay_restrictions", ""),
    ("local_header_rewrite_clients", ""),
    ("alias_maps", ""),
    ("inet_interfaces", ""),
    ("recipient_delimiter", ""),
    ("smtpd_relay_before_recipient_restrictions", "1"),
];

fn trim_addr(text: &str) -> String {
    let t = text.strip_prefix('<').unwrap_or(text);
    t.strip_suffix('>').unwrap_or(t).to_owned()
}

fn set_client(state: &mut CheckState, w: &[String]) {
    "CONNECT".clone_into(&mut state.stage);
    state.name.clone_from(&w[1]);
    state.reverse_name.clone_from(&w[1]);
    state.addr.clone_from(&w[2]);
    state.name_status = match w.get(3).map(String::as_str) {
        Some("2") => NameStatus::Ok,
        Some("4") => NameStatus::Temporary,
        Some(_) => NameStatus::Permanent,
        None if w[1] == "unknown" => NameStatus::Temporary,
        None => NameStatus::Ok,
    };
    state.reverse_name_status = state.name_status;
}

/// One line: the reply.
fn line(f: &mut Fixture<'_>, state: &mut CheckState, w: &[String]) -> String {
    let ok = || "OK".to_owned();
    let reply = |r: Option<String>| r.unwrap_or_else(ok);
    let command = w[0].to_ascii_lowercase();
    let stage = |state: &mut CheckState, s: &str| s.clone_into(&mut state.stage);
    match (command.as_str(), w.len()) {
        ("rewrite", 1) => reply(stages::rewrite(state, f).err()),
        ("flush_dnsxl_cache", 1) => ok(),
        ("client", 3 | 4) => {
            set_client(state, w);
            reply(stages::client(state, f))
        }
        ("helo", 2) => {
            stage(state, "HELO");
            state.helo = Some(w[1].clone());
            reply(stages::helo(state, f))
        }
        ("mail", 2) => {
            stage(state, "MAIL");
            state.sender = Some(trim_addr(&w[1]));
            reply(stages::mail(state, f))
        }
        ("rcpt", 2) => {
            stage(state, "RCPT");
            state.recipient = Some(trim_addr(&w[1]));
            let r = stages::rcpt(state, f);
            state.recipient = None;
            reply(r)
        }
        ("fingerprint", 2) => {
            let print = w[1].clone();
            let tls = TlsState { fingerprint: print.clone(), pkey_fingerprint: print, ..TlsState::default() };
            state.tls = Some(tls);
            ok()
        }
        ("restriction_class", 2) => {
            let (name, list) = w[1].split_once(',').unwrap_or((&w[1], ""));
            let all = f.conf.get("smtpd_restriction_classes");
            f.conf.set("smtpd_restriction_classes", format!("{all} {name}").trim());
            f.conf.set(name, list);
            ok()
        }
        (_, 2) => {
            let name = LISTS.iter().find(|(n, _)| *n == command).map_or(command.as_str(), |(_, p)| p);
            f.conf.set(name, &w[1]);
            ok()
        }
        _ => "bad command".into(),
    }
}

/// Runs an input and gives what the test program prints.
pub fn run(input: &str, load: Load<'_>) -> String {
    let now = Time::from_secs(1_700_000_000);
    let mut conf =
        Config::from_text("/etc/postfix/main.cf", "compatibility_level = 3.6\nmyhostname = mail.example.invalid\n");
    for (name, value) in START {
        conf.set(name, value);
    }
    let mut f = Fixture {
        host: Host::new("peer", "peer.example.invalid", now, Chance::new(1)),
        conf,
        zone: zone::standard(),
        load,
        out: String::new(),
        said: BTreeSet::new(),
    };
    let mut state = CheckState {
        name: "localhost".into(),
        reverse_name: "localhost".into(),
        addr: "127.0.0.1".into(),
        protocol: Some("SMTP".into()),
        ..CheckState::default()
    };
    for text in input.lines() {
        f.out += &format!(">>> {text}\n");
        if text.starts_with('#') {
            continue;
        }
        let words = split_braced(text, &[' ', '\t']);
        if words.is_empty() {
            continue;
        }
        let reply = line(&mut f, &mut state, &words);
        f.out += &reply;
        f.out.push('\n');
    }
    f.out
}
