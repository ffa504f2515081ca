//! What Postfix dials: Dovecot's sockets and the outside.

use crate::base::Span;
use crate::dovecot::{self, Dovecot};
use crate::host::errno::Errno;
use crate::host::net::{Dialer, Endpoint, Peer, Proto, SaslAnswer, SaslAsk, Target};
use crate::host::{Cred, Host};
use crate::internet::Internet;
use crate::internet::remote::{Ourselves, Session};
use crate::internet::server::Meets;
use std::net::IpAddr;

/// The parts of the world that Postfix does not know.
pub(super) struct Dial<'a> {
    pub dovecot: &'a mut Dovecot,
    pub internet: &'a mut Internet,
}

/// How long connect(2) tries when nothing comes back (tcp_syn_retries = 6).
pub(super) const GIVES_UP: Span = Span::secs(127);

impl Dial<'_> {
    /// A TCP connection from the host: to itself, or out through the firewall.
    fn inet(&self, host: &Host, from: Option<IpAddr>, ip: IpAddr, port: u16) -> Result<Box<dyn Peer>, (Errno, Span)> {
        if host.net.is_local(ip) {
            let Some(l) = host.net.listener(ip, port) else { return Err((Errno::ConnRefused, Span::ZERO)) };
            return if l.owner.starts_with("postfix:") {
                Ok(Box::new(Ourselves { name: host.fqdn.clone() }))
            } else {
                Err((Errno::ConnRefused, Span::ZERO))
            };
        }
        let source = from.unwrap_or_else(|| source_of(host, ip));
        match host.net.filter(false, Proto::Tcp, source, ip, port) {
            Target::Drop => return Err((Errno::TimedOut, GIVES_UP)),
            Target::Reject => return Err((Errno::ConnRefused, Span::ZERO)),
            Target::Accept => {}
        }
        match self.internet.servers.meet(ip, port) {
            Meets::Server(s) => Ok(Box::new(Session::new(s))),
            Meets::Refused => Err((Errno::ConnRefused, Span::ZERO)),
            Meets::Nothing => Err((Errno::TimedOut, GIVES_UP)),
        }
    }
}

/// The address that the host's own packets to `ip` come from: of the same network, else the first of the family.
fn source_of(host: &Host, ip: IpAddr) -> IpAddr {
    let all = host.net.interfaces.iter().flat_map(|(_, a)| a);
    let near = all.clone().find(|n| n.contains(&ip));
    let same = all.clone().find(|n| n.addr().is_ipv4() == ip.is_ipv4() && !n.addr().is_loopback());
    near.or(same).map_or(ip, ipnet::IpNet::addr)
}

impl Dialer for Dial<'_> {
    fn connect(
        &mut self,
        host: &mut Host,
        from: Option<IpAddr>,
        to: &Endpoint,
    ) -> Result<Box<dyn Peer>, (Errno, Span)> {
        match to {
            Endpoint::Unix(path) => dovecot::dial::connect(host, self.dovecot, path).map_err(|e| (e, Span::ZERO)),
            Endpoint::Inet(ip, port) => self.inet(host, from, *ip, *port),
        }
    }
    fn sasl(&mut self, host: &mut Host, path: &str, ask: &SaslAsk) -> Result<SaslAnswer, Errno> {
        dovecot::dial::sasl(host, self.dovecot, path, ask)
    }
    fn sasl_mechanisms(&mut self, host: &mut Host, path: &str) -> Result<Vec<String>, Errno> {
        dovecot::dial::mechanisms(host, self.dovecot, path)
    }
    fn policy(&mut self, host: &mut Host, to: &Endpoint, _request: &[(String, String)]) -> Result<String, Errno> {
        match to {
            Endpoint::Unix(path) if host.fs.stat(&Cred::root(), path).is_err() => Err(Errno::NoEnt),
            _ => Err(Errno::ConnRefused),
        }
    }
}
