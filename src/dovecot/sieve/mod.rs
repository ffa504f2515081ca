//! Sieve at delivery, as Pigeonhole 0.5.19 does it: the user's script, what it does with a message, and the user's log.
//!
//! Where the script is, `plugin { sieve = … }` says: `file:~/sieve;active=~/.dovecot.sieve` on a Debian. Left out:
//! sieve_before and sieve_after, ManageSieve, extprograms, the compiled binary's content, and what [`check`] names.

mod act;
pub mod check;
pub mod matching;
pub mod parse;
mod reply;

use super::config::{Config, Scope};
use super::lmtp::{Delivered, Delivery};
use super::maildir::{Store, stamp};
use super::user::MailUser;
use crate::host::fs::{normalize, split};
use crate::host::{Cred, Errno, Host};
use crate::log::dovecot::{Dovecot as Event, Sieve};
use parse::{Error, Node};

/// The commands of a script, or everything that is wrong with it and what failed: `parse` or `validation`.
pub fn examine(text: &[u8]) -> Result<Vec<Node>, (Vec<Error>, &'static str)> {
    let script = parse::parse(text).map_err(|e| (e, "parse"))?;
    let errors = check::check(&script);
    if errors.is_empty() { Ok(script) } else { Err((errors, "validation")) }
}

/// Compiles a script: its commands, or everything that is wrong with it as `NAME: line N: error: …`.
pub fn compile(name: &str, text: &[u8]) -> Result<Vec<Node>, Vec<String>> {
    examine(text).map_err(|(errors, stage)| {
        let mut out: Vec<String> = errors.iter().map(|e| worded(name, e)).collect();
        out.push(format!("{name}: error: {stage} failed."));
        out
    })
}

fn worded(name: &str, e: &Error) -> String {
    format!("{name}: line {}: error: {}.", e.line, e.what)
}

/// The name of a script as its errors give it: the file's without `.sieve`.
pub fn name_of(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".sieve").unwrap_or(file)
}

/// Where the compiled script goes.
pub fn binary_of(path: &str) -> String {
    format!("{}.svbin", path.strip_suffix(".sieve").unwrap_or(path))
}

/// A compiled script as a file: only its being there and its size mean anything.
pub fn binary(text: &[u8]) -> Vec<u8> {
    vec![0; 157 + text.len()]
}

/// Where a user's scripts are.
pub struct Place {
    pub folder: String,
    /// The active script: a link into the folder, or a file.
    pub active: String,
}

/// What `plugin { sieve = … }` says for this user.
pub fn place(config: &Config, user: &MailUser, scope: &Scope<'_>) -> Place {
    let setting = user.plugin(config, scope, "sieve").unwrap_or_else(|| "file:~/sieve;active=~/.dovecot.sieve".into());
    let mut parts = setting.split(';');
    let folder = home(user, parts.next().unwrap_or(""));
    let active = parts.find_map(|p| p.strip_prefix("active=")).map(|p| home(user, p));
    // Without `active` the place may be the script itself.
    let active = active
        .unwrap_or_else(|| if folder.ends_with(".sieve") { folder.clone() } else { home(user, "~/.dovecot.sieve") });
    Place { folder, active }
}

fn home(user: &MailUser, path: &str) -> String {
    let path = path.strip_prefix("file:").unwrap_or(path);
    path.strip_prefix('~').map_or_else(|| path.to_owned(), |rest| format!("{}{rest}", user.home))
}

/// The path of the user's active script, or of the script for those who have none.
fn script(host: &Host, config: &Config, user: &MailUser, scope: &Scope<'_>) -> Option<String> {
    let own = place(config, user, scope).active;
    if host.fs.exists(&own) {
        return Some(own);
    }
    let all = user.plugin(config, scope, "sieve_default").map(|p| home(user, &p));
    all.filter(|p| host.fs.exists(p))
}

/// A delivery in which a script has a say.
pub(super) struct Run<'a> {
    pub user: &'a MailUser,
    pub store: &'a Store,
    pub delivery: &'a Delivery<'a>,
    pub msgid: &'a str,
    /// The path of the script, and its name.
    pub path: String,
    pub name: String,
    /// Whether the user's log was begun.
    started: bool,
}

/// Delivers by the user's script; `None` when there is none.
pub(super) fn deliver(
    host: &mut Host,
    config: &Config,
    user: &MailUser,
    store: &Store,
    d: &Delivery<'_>,
    msgid: &str,
) -> Option<Delivered> {
    let scope = Scope::protocol(&d.session.service);
    if !config.has_plugin(&scope, "sieve") {
        return None;
    }
    let path = script(host, config, user, &scope)?;
    // The active script is a link where ManageSieve keeps the scripts.
    let real = match host.fs.readlink(&Cred::root(), &path) {
        Ok(target) => normalize(split(&path).0, &target),
        Err(_) => path.clone(),
    };
    let name = name_of(&real).to_owned();
    let mut run = Run { user, store, delivery: d, msgid, path, name, started: false };
    let mail = matching::Mail::new(d.data, d.sender, d.recipient);
    Some(match run.load(host, &real) {
        Some(script) => run.execute(host, config, &mail, &script),
        None => run.keep_after_failure(host, &mail, false),
    })
}

impl Run<'_> {
    fn log(&self, host: &mut Host, what: Sieve) {
        let e = Event::Sieve { session: self.delivery.session.clone(), msgid: self.msgid.to_owned(), what };
        super::log(host, self.delivery.log_pid, e);
    }
    /// A line of the user's own log, beside the script.
    fn note(&mut self, host: &mut Host, line: &str) {
        let mut text = String::new();
        if !self.started {
            text = format!("sieve: info: started log at {} +0000.\n", stamp(host.now));
            self.started = true;
        }
        text.push_str(line);
        text.push('\n');
        let _ = host.fs.append(&self.user.cred, &format!("{}.log", self.path), text.as_bytes(), 0o600);
    }
    /// The compiled script; what keeps it from being compiled is said.
    fn load(&mut self, host: &mut Host, real: &str) -> Option<Vec<Node>> {
        let text = match host.fs.read(&self.user.cred, &self.path) {
            Ok(b) => b.bytes().into_owned(),
            Err(e) => {
                self.unreadable(host, e);
                return None;
            }
        };
        match compile(&self.name, &text) {
            Ok(script) => {
                let to = binary_of(real);
                let _ = host.fs.write(&self.user.cred, &to, binary(&text), 0o644);
                Some(script)
            }
            Err(lines) => {
                for l in lines {
                    self.note(host, &l);
                }
                self.log(host, Sieve::CompileFailed { script: self.path.clone() });
                None
            }
        }
    }
    fn unreadable(&mut self, host: &mut Host, e: Errno) {
        let why = self.store.denied(host, "open", &self.path, e, false);
        self.log(host, Sieve::OpenFailed(why));
        self.log(host, Sieve::NotOpened { script: self.path.clone() });
        let line = format!("{}: error: parse failed.", self.name);
        self.note(host, &line);
    }
}
