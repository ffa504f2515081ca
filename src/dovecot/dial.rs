//! What others reach over Dovecot's UNIX-domain sockets: LMTP delivery and SASL.

use super::auth::{self, Verdict};
use super::{Dovecot, lmtp, master};
use crate::host::fs::{Cred, Kind, PERM_W};
use crate::host::net::{Peer, SaslAnswer, SaslAsk};
use crate::host::{Errno, Host};

/// connect(2) on a socket of the file tree as a user: the service that answers.
pub fn socket(host: &Host, cred: &Cred, path: &str) -> Result<String, Errno> {
    let (_, node) = host.fs.stat(cred, path)?;
    if !matches!(node.kind, Kind::Socket) {
        return Err(Errno::ConnRefused);
    }
    host.fs.access(cred, path, PERM_W)?;
    master::unix_owner(host, path).ok_or(Errno::ConnRefused)
}

fn postfix(host: &Host) -> Cred {
    host.user("postfix").map_or_else(Cred::root, |u| host.cred_of(&u))
}

/// Postfix connects to a socket that may be Dovecot's.
pub fn connect(host: &mut Host, dv: &mut Dovecot, path: &str) -> Result<Box<dyn Peer>, Errno> {
    let owner = socket(host, &postfix(host), path)?;
    if owner != "dovecot:lmtp" {
        return Err(Errno::ConnRefused);
    }
    let peer = host.procs.iter().find(|p| p.comm == "lmtp" && p.role.starts_with("postfix")).map_or(0, |p| p.pid);
    let session = lmtp::accept(host, dv, "local", peer).ok_or(Errno::ConnRefused)?;
    Ok(Box::new(session))
}

/// One SASL attempt of smtpd.
pub fn sasl(host: &mut Host, dv: &mut Dovecot, path: &str, ask: &SaslAsk) -> Result<SaslAnswer, Errno> {
    let owner = socket(host, &postfix(host), path)?;
    if owner != "dovecot:auth" {
        return Err(Errno::ConnRefused);
    }
    let a = auth::attempt(host, dv, &ask.user, &ask.password, Some(ask.remote));
    Ok(match a.verdict {
        Verdict::Ok { user } => SaslAnswer::Ok { user },
        Verdict::Fail => SaslAnswer::Fail { reason: String::new(), temporary: false, delay: a.delay },
        Verdict::Internal => SaslAnswer::Fail { reason: String::new(), temporary: true, delay: a.delay },
        Verdict::Down { .. } => return Err(Errno::ConnRefused),
    })
}

/// The mechanisms that the auth socket offers.
pub fn mechanisms(host: &mut Host, dv: &mut Dovecot, path: &str) -> Result<Vec<String>, Errno> {
    let owner = socket(host, &postfix(host), path)?;
    if owner != "dovecot:auth" || auth::ensure(host, dv).is_err() {
        return Err(Errno::ConnRefused);
    }
    Ok(dv.master.as_ref().map(|m| auth::mechanisms(&m.config)).unwrap_or_default())
}
