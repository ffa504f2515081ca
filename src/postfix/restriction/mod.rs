//! smtpd's access restrictions: one family a file, one [`registry`], one evaluator.
//!
//! [`evaluate`] walks a list as `generic_checks()` of smtpd_check.c does. It is pure: parameters, tables, DNS, the resolver
//! and the log come in through [`Env`]; what it finds out goes into the [`CheckState`]. [`stages`] applies the lists of each
//! stage of the dialogue. Left out: the verbose log (`-v`).

// Every restriction has the signature of the registry's row, and answers with an `Outcome`.
#![allow(clippy::unnecessary_wraps)]

pub mod access;
mod client;
mod destination;
mod dnsbl;
mod generic;
mod helo;
mod ip_match;
pub mod policy;
mod recipient;
pub mod registry;
pub mod reject;
pub mod safety;
mod sender;
mod server;
pub mod stages;
pub mod state;
mod template;
mod unlisted;
mod unverified;

pub use state::{CheckState, Deferral, NameStatus, TlsState};
pub(crate) use template::value as reply_value;

use crate::base::Span;
use crate::host::dns::Answer;
use crate::log::smtpd::{Fatal, Misuse, Smtpd};
use crate::postfix::lookups::Lookups;
use crate::postfix::trivial_rewrite::Resolved;

/// What a restriction says of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Dunno,
    Ok,
    Reject,
}

/// The whole evaluation ends with the rejection that stands in [`CheckState::reply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort;

pub type Outcome = Result<Status, Abort>;

/// What verify(8) knows of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    Ok,
    /// A probe is on its way, or failed for now.
    Deferred(String),
    Bounced(String),
    /// The verify service does not answer.
    Unavailable,
}

/// What the evaluation needs of the rest of Postfix and of the world.
pub trait Env: Lookups {
    fn say(&mut self, event: Smtpd);
    fn dns(&mut self, name: &str, rtype: &str) -> Answer;
    /// Rewrites and resolves a recipient; the sender chooses sender-dependent routing.
    fn resolve(&mut self, sender: &str, addr: &str) -> Resolved;
    /// One question to a policy server: the action, or nothing when there is no answer (which is logged).
    fn policy(&mut self, service: &policy::Service, request: &[(String, String)]) -> Option<String>;
    fn verify(&mut self, addr: &str) -> Verified;
    /// Expands a reply template; `None` when its syntax is bad.
    fn expand(&mut self, template: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String>;
    /// Whether this is said for the first time by this process.
    fn once(&mut self, what: &str) -> bool;
    /// Lets time pass (`sleep`, a slow server).
    fn pass(&mut self, span: Span);
    /// The addresses of a name in /etc/hosts.
    fn hosts(&mut self, _name: &str) -> Vec<String> {
        Vec::new()
    }
    /// What getaddrinfo(3) says of a name that is not there.
    fn no_such_host(&self) -> &'static str {
        "Name or service not known"
    }
    /// Whether a policy or verification client may be asked about a table: malformed names were never opened.
    fn is_open(&self, table: &str) -> bool {
        table.contains(':')
    }
}

/// The two parties of an evaluation.
pub struct Check<'a> {
    pub state: &'a mut CheckState,
    pub env: &'a mut dyn Env,
}

/// What a list is about: name and class for replies, and which access table a bare `type:name` stands for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// `maria@ejemplo.com`, `cliente.ejemplo.com[192.0.2.50]`.
    pub name: &'a str,
    /// `Recipient address`.
    pub class: &'a str,
    /// `check_recipient_access`; `None` where a bare table makes no sense.
    pub default_acl: Option<&'a str>,
}

/// One restriction as it stands in its list.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub name: &'a str,
    pub argument: &'a str,
    /// What stands after it in the list.
    pub next: Option<&'a str>,
    pub subject: Subject<'a>,
}

impl Check<'_> {
    /// The process ends: nothing more is evaluated, and the client hears nothing.
    fn end(&mut self, fatal: Fatal) -> Abort {
        self.state.fatal = Some(fatal);
        self.state.reply = "421".into();
        Abort
    }
    pub fn warn(&mut self, what: Misuse) {
        self.env.say(Smtpd::RestrictionWarning(what));
    }
}

const MAX_RECURSION: u32 = 100;

/// Evaluates a list. The first restriction that does not answer [`Status::Dunno`] decides.
pub fn evaluate(c: &mut Check<'_>, list: &[String], subject: Subject<'_>) -> Outcome {
    let saved = c.state.recursion;
    c.state.recursion += 1;
    if c.state.recursion > MAX_RECURSION {
        c.warn(Misuse::Recursion { name: subject.class.into() });
        return reject::server_error(c);
    }
    let outcome = walk(c, list, subject);
    // The list may have ended with `warn_if_reject`.
    if c.state.warn_if_reject >= c.state.recursion {
        c.state.warn_if_reject = 0;
    }
    c.state.recursion = saved;
    outcome
}

fn walk(c: &mut Check<'_>, list: &[String], subject: Subject<'_>) -> Outcome {
    let mut status = Status::Dunno;
    let mut i = 0;
    while i < list.len() && !c.state.discard {
        let mut name = list[i].as_str();
        i += 1;
        if name.eq_ignore_ascii_case("warn_if_reject") {
            if c.state.warn_if_reject == 0 {
                c.state.warn_if_reject = c.state.recursion;
            }
            continue;
        }
        if name.contains(':') {
            let Some(acl) = subject.default_acl else {
                c.warn(Misuse::NoDefaultAcl { class: subject.class.into(), map: name.into() });
                return reject::server_error(c);
            };
            name = acl;
            i -= 1;
        }
        status = one(c, name, list, &mut i, subject)?;
        if c.state.warn_if_reject >= c.state.recursion {
            c.state.warn_if_reject = 0;
        }
        if status != Status::Dunno || (c.state.defer_if_permit.is_some() && c.state.defer_if_reject.is_some()) {
            break;
        }
    }
    Ok(status)
}

fn one(c: &mut Check<'_>, name: &str, list: &[String], i: &mut usize, subject: Subject<'_>) -> Outcome {
    let Some(row) = registry::find(name) else {
        if c.env.words("smtpd_restriction_classes").iter().any(|k| k == name) {
            let inner = c.env.words(name);
            return evaluate(c, &inner, subject);
        }
        c.warn(Misuse::Unknown { name: name.into() });
        return reject::server_error(c);
    };
    let mut argument = "";
    if row.arg != registry::Arg::None {
        let word = list.get(*i).map_or("", String::as_str);
        match row.arg {
            registry::Arg::Map if !word.contains(':') => {
                // With nothing after it, the word that is complained of is the restriction itself.
                let argument = if word.is_empty() { name } else { word };
                c.warn(Misuse::NeedsMap { name: row.name.into(), argument: argument.into() });
                return reject::server_error(c);
            }
            registry::Arg::Server if !word.contains(':') => {
                c.warn(Misuse::NeedsServer { name: row.name.into() });
                return reject::server_error(c);
            }
            registry::Arg::Number if word.is_empty() || !word.bytes().all(|b| b.is_ascii_digit()) => {
                c.warn(Misuse::NeedsNumber { name: row.name.into() });
                return reject::server_error(c);
            }
            registry::Arg::Domain if word.is_empty() => {
                c.warn(Misuse::NeedsDomain { name: name.into() });
                return Ok(Status::Dunno);
            }
            _ => argument = word,
        }
        *i += 1;
    }
    let call = Call { name, argument, next: list.get(*i).map(String::as_str), subject };
    (row.run)(c, &call)
}
