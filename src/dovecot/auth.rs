//! auth: passdbs, penalties and delays; what smtpd asks over the auth socket and the login processes over theirs.
//!
//! Passdb drivers `pam`, `passwd`, `shadow`, `passwd-file` and `static`; mechanisms PLAIN and LOGIN. Left out: other
//! mechanisms' exchanges, master users, auth policy, the cache.

use super::config::Config;
use super::user::{NoUser, auth_name, passwd_file_entry};
use super::{Dovecot, log, master};
use crate::base::{Span, Time};
use crate::host::{Host, crypt};
use crate::log::Facility;
use crate::log::dovecot::{AuthFatal, Dovecot as Event};
use imbl::OrdMap;
use std::net::IpAddr;

/// Failed attempts by address: how many, and when the last was.
pub type Penalties = OrdMap<IpAddr, (u32, Time)>;

/// What auth says to one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The name that auth settled on.
    Ok {
        user: String,
    },
    Fail,
    /// A passdb could not be asked.
    Internal,
    /// auth does not run; the wait until it is tried again.
    Down {
        wait: Span,
    },
}

/// An answer and how long it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub verdict: Verdict,
    pub delay: Span,
}

/// Mechanisms that auth knows the name of.
const MECHANISMS: [&str; 13] = [
    "PLAIN",
    "LOGIN",
    "ANONYMOUS",
    "CRAM-MD5",
    "DIGEST-MD5",
    "EXTERNAL",
    "GSSAPI",
    "GSS-SPNEGO",
    "OTP",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "OAUTHBEARER",
    "XOAUTH2",
];
const PASSDBS: [&str; 11] =
    ["pam", "passwd", "shadow", "passwd-file", "static", "sql", "ldap", "checkpassword", "dict", "oauth2", "imap"];
const USERDBS: [&str; 8] = ["passwd", "static", "passwd-file", "prefetch", "sql", "ldap", "checkpassword", "dict"];

/// The mechanisms offered, upper case, in the order of the configuration.
pub fn mechanisms(config: &Config) -> Vec<String> {
    config.get("auth_mechanisms").split_ascii_whitespace().map(str::to_uppercase).collect()
}

/// Why auth cannot start with this configuration.
pub fn refusal(config: &Config) -> Option<AuthFatal> {
    for p in config.sections("", "passdb") {
        let d = config.get(&format!("passdb/{p}/driver"));
        if !PASSDBS.contains(&d) {
            return Some(AuthFatal::Passdb(d.to_owned()));
        }
    }
    for u in config.sections("", "userdb") {
        let d = config.get(&format!("userdb/{u}/driver"));
        if !USERDBS.contains(&d) {
            return Some(AuthFatal::Userdb(d.to_owned()));
        }
    }
    if let Some(m) = mechanisms(config).into_iter().find(|m| !MECHANISMS.contains(&m.as_str())) {
        return Some(AuthFatal::Mechanism(m));
    }
    config.sections("", "passdb").is_empty().then_some(AuthFatal::NoPassdb)
}

/// Makes sure that auth runs, starting it if it does not; the wait for the next try when it cannot.
pub fn ensure(host: &mut Host, dv: &mut Dovecot) -> Result<(), Span> {
    let Some(m) = dv.master.as_ref() else { return Err(Span::ZERO) };
    let (config, log_pid, now) = (m.config.clone(), m.log_pid, host.now);
    if m.procs.contains_key("auth") {
        master::process(host, dv, "auth");
        return Ok(());
    }
    if let Some((until, _)) = m.auth_retry
        && now < until
    {
        return Err(until - now);
    }
    let Some(why) = refusal(&config) else {
        master::process(host, dv, "auth");
        master::process(host, dv, "stats");
        for path in passwd_files(&config) {
            if let Err(errno) = host.fs.read(&crate::host::Cred::root(), &path) {
                log(host, log_pid, Event::PasswdFile { worker: None, path, errno: errno.text() });
            }
        }
        if let Some(m) = dv.master.as_mut() {
            m.auth_retry = None;
        }
        return Ok(());
    };
    let secs = m.auth_retry.map_or(2, |(_, s)| (s * 2).min(60));
    let pid = m.pid;
    log(host, log_pid, Event::AuthFatal(why));
    log(host, pid, Event::Throttled { service: "auth".into(), secs });
    if let Some(m) = dv.master.as_mut() {
        m.auth_retry = Some((now + Span::secs(secs as i64), secs));
    }
    Err(Span::secs(secs as i64))
}

fn passwd_files(config: &Config) -> Vec<String> {
    let mut out = Vec::new();
    for kind in ["passdb", "userdb"] {
        for id in config.sections("", kind) {
            if config.get(&format!("{kind}/{id}/driver")) == "passwd-file" {
                let args = config.get(&format!("{kind}/{id}/args"));
                out.extend(args.split_ascii_whitespace().last().map(str::to_owned));
            }
        }
    }
    out.dedup();
    out
}

/// Whether a password fits a stored one, `{SCHEME}…` or in the default scheme.
pub fn password_fits(password: &str, stored: &str, default: &str) -> bool {
    let (scheme, rest) = match stored.strip_prefix('{').and_then(|s| s.split_once('}')) {
        Some((s, r)) => (s.to_uppercase(), r),
        None => (default.to_uppercase(), stored),
    };
    match scheme.as_str() {
        "PLAIN" | "CLEAR" | "CLEARTEXT" => password == rest,
        _ => crypt::verify(password, rest),
    }
}

fn shadow(host: &Host, name: &str) -> Option<String> {
    let text = host.fs.read_text("/etc/shadow")?;
    text.lines().map(|l| l.split(':').collect::<Vec<_>>()).find(|f| f[0] == name)?.get(1).map(|s| (*s).to_owned())
}

enum Checked {
    Ok,
    /// The user is known here, the password is another.
    Mismatch,
    Unknown,
    Internal,
}

fn check(host: &mut Host, config: &Config, id: &str, name: &str, password: &str) -> Checked {
    let get = |k: &str| config.get(&format!("passdb/{id}/{k}")).to_owned();
    match get("driver").as_str() {
        "pam" | "shadow" | "passwd" => match shadow(host, name) {
            Some(h) if host.user(name).is_some() => {
                if crypt::verify(password, &h) {
                    Checked::Ok
                } else {
                    Checked::Mismatch
                }
            }
            _ => Checked::Unknown,
        },
        "passwd-file" => {
            let args = get("args");
            let scheme = args.split_ascii_whitespace().find_map(|a| a.strip_prefix("scheme=")).unwrap_or("CRYPT");
            match passwd_file_entry(host, &args, name) {
                Err(_) => Checked::Internal,
                Ok(None) => Checked::Unknown,
                Ok(Some(f)) => match f.get(1) {
                    Some(stored) if password_fits(password, stored, scheme) => Checked::Ok,
                    _ => Checked::Mismatch,
                },
            }
        }
        "static" => {
            let args = get("args");
            let set = args.split_ascii_whitespace().find_map(|a| a.strip_prefix("password="));
            match set {
                Some(p) if p == password => Checked::Ok,
                Some(_) => Checked::Mismatch,
                None if args.contains("nopassword") => Checked::Ok,
                None => Checked::Unknown,
            }
        }
        _ => Checked::Internal,
    }
}

/// Whether any passdb knows the name (for `userdb static`).
pub fn exists(host: &Host, config: &Config, name: &str) -> bool {
    config.sections("", "passdb").iter().any(|id| {
        let get = |k: &str| config.get(&format!("passdb/{id}/{k}"));
        match get("driver") {
            "passwd-file" => matches!(passwd_file_entry(host, get("args"), name), Ok(Some(_))),
            "pam" | "passwd" | "shadow" => host.user(name).is_some(),
            "static" => true,
            _ => false,
        }
    })
}

/// What PAM's own module logs of a failure.
fn pam_failed(host: &mut Host, name: &str, rip: Option<IpAddr>, known: bool, pid: u32) {
    let rhost = rip.map_or_else(String::new, |ip| ip.to_string());
    let user = name.to_owned();
    let mut say = |unknown| {
        let e = Event::Pam { unknown, user: user.clone(), known, rhost: rhost.clone() };
        host.log(Facility::AuthPriv, "auth", pid, "dovecot.service", e);
    };
    if !known {
        say(true);
    }
    say(false);
}

/// How long an address with that many failures waits before it is served.
fn penalty_delay(count: u32) -> Span {
    if count == 0 { Span::ZERO } else { Span::secs((2i64 << count.min(3)).min(15)) }
}

/// One attempt with name and password.
pub fn attempt(host: &mut Host, dv: &mut Dovecot, given: &str, password: &str, rip: Option<IpAddr>) -> Answer {
    if let Err(wait) = ensure(host, dv) {
        return Answer { verdict: Verdict::Down { wait }, delay: wait };
    }
    let Some(config) = dv.master.as_ref().map(|m| m.config.clone()) else {
        return Answer { verdict: Verdict::Down { wait: Span::ZERO }, delay: Span::ZERO };
    };
    let now = host.now;
    let failures =
        rip.and_then(|ip| dv.penalties.get(&ip)).filter(|(_, t)| now - *t < Span::mins(60)).map_or(0, |p| p.0);
    let wait = penalty_delay(failures);
    let (verdict, slow) = decide(host, dv, &config, given, password, rip);
    let entity = format!("{given}/{}", now.0);
    let mut delay = wait + host.jitter("auth-delay", &entity, 3_000, 9_000);
    match (&verdict, rip) {
        (Verdict::Ok { .. }, Some(ip)) => {
            dv.penalties.remove(&ip);
        }
        (Verdict::Fail, ip) => {
            if let Some(ip) = ip {
                dv.penalties.insert(ip, (failures + 1, now));
            }
            if slow {
                // pam_fail_delay(3) spreads its two seconds by a quarter.
                delay = delay + host.jitter("pam-delay", &entity, 1_600_000, 2_400_000);
            }
            delay = delay + Span::secs(config.number(&super::config::Scope::default(), "auth_failure_delay") as i64);
        }
        _ => {}
    }
    Answer { verdict, delay }
}

fn decide(
    host: &mut Host,
    dv: &mut Dovecot,
    config: &Config,
    given: &str,
    password: &str,
    rip: Option<IpAddr>,
) -> (Verdict, bool) {
    let Some(name) = auth_name(config, given) else { return (Verdict::Fail, false) };
    if name.is_empty() || password.len() > 512 {
        return (Verdict::Fail, false);
    }
    let (mut internal, mut slow) = (false, false);
    for id in config.sections("", "passdb") {
        let deny = config.get(&format!("passdb/{id}/deny")) == "yes";
        let pam = config.get(&format!("passdb/{id}/driver")) == "pam";
        if pam {
            master::process(host, dv, "auth-worker");
        }
        match check(host, config, &id, &name, password) {
            Checked::Ok | Checked::Mismatch if deny => return (Verdict::Fail, slow),
            Checked::Ok => return (Verdict::Ok { user: name }, slow),
            Checked::Internal => internal = true,
            c => {
                if pam {
                    slow = true;
                    let pid = dv.master.as_ref().and_then(|m| m.procs.get("auth-worker")).map_or(0, |p| p.0);
                    pam_failed(host, &name, rip, matches!(c, Checked::Mismatch), pid);
                }
            }
        }
    }
    let only = config.sections("", "passdb").len() == 1;
    (if internal && only { Verdict::Internal } else { Verdict::Fail }, slow)
}

/// A userdb lookup as a process asks it: `None` when auth cannot be asked.
pub fn userdb(host: &mut Host, dv: &mut Dovecot, given: &str) -> Option<Result<super::user::MailUser, NoUser>> {
    ensure(host, dv).ok()?;
    let config = dv.master.as_ref()?.config.clone();
    let Some(name) = auth_name(&config, given) else { return Some(Err(NoUser::Unknown)) };
    Some(super::user::lookup(host, &config, &name))
}
