//! Addresses, listening sockets, the firewall and what a connection attempt meets.

use super::Host;
use super::errno::Errno;
use crate::base::Span;
use ipnet::IpNet;
use std::net::IpAddr;

/// Where a connection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Inet(IpAddr, u16),
    /// Absolute path of a UNIX-domain socket.
    Unix(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proto {
    Tcp,
    Udp,
}

/// A listening socket.
#[derive(Clone, Debug)]
pub struct Listener {
    pub proto: Proto,
    /// `0.0.0.0` and `::` mean every address of the family.
    pub ip: IpAddr,
    pub port: u16,
    pub pid: u32,
    pub comm: String,
    pub fd: u32,
    pub backlog: u32,
    /// Which part of the model answers: `postfix:smtp/inet`, `dovecot:imap`, or a scenery program.
    pub owner: String,
}

/// A listening UNIX-domain socket: path and the part of the model that answers.
#[derive(Clone, Debug)]
pub struct UnixListener {
    pub path: String,
    pub pid: u32,
    pub owner: String,
}

/// What a packet filter rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Accept,
    Drop,
    Reject,
}

/// A rule of the firewall's INPUT or OUTPUT chain. `None` matches everything.
#[derive(Clone, Debug)]
pub struct Rule {
    pub input: bool,
    pub proto: Option<Proto>,
    pub source: Option<IpNet>,
    pub dest: Option<IpNet>,
    pub dport: Option<u16>,
    pub iface: Option<String>,
    pub target: Target,
    pub packets: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Net {
    /// Interface name and its addresses with prefix length.
    pub interfaces: Vec<(String, Vec<IpNet>)>,
    pub listeners: Vec<Listener>,
    pub unix: Vec<UnixListener>,
    pub rules: Vec<Rule>,
    pub input_policy_drop: bool,
}

/// What the server side does with one input: bytes out, how long it takes to say them, whether it hangs up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    pub output: Vec<u8>,
    pub delay: Span,
    pub close: bool,
}

/// The other end of a connection that a delivery agent opened (an LMTP server, a remote MX).
pub trait Peer {
    /// The greeting. `close` with no output: the connection was lost before it.
    fn greet(&mut self, host: &mut Host) -> Turn;
    fn input(&mut self, host: &mut Host, data: &[u8]) -> Turn;
    /// The TLS handshake after STARTTLS: protocol and cipher line, or why it failed.
    fn tls(&mut self, host: &mut Host) -> Result<TlsPeer, String>;
    /// The client closed without QUIT.
    fn hangup(&mut self, host: &mut Host);
}

/// What a TLS client sees of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsPeer {
    pub protocol: String,
    pub cipher: String,
    /// PEM text of the chain, leaf first.
    pub chain: String,
}

/// Answer of a SASL server to one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaslAnswer {
    Ok { user: String },
    Fail { reason: String, temporary: bool, delay: Span },
}

/// What Postfix can reach: handed down by `sim`, since Postfix knows neither Dovecot nor the internet.
pub trait Dialer {
    /// connect(2); the span is how long it took to fail.
    fn connect(&mut self, host: &mut Host, from: Option<IpAddr>, to: &Endpoint)
    -> Result<Box<dyn Peer>, (Errno, Span)>;
    /// One authentication attempt over Dovecot's auth socket. `Err`: no such server.
    fn sasl(&mut self, host: &mut Host, path: &str, ask: &SaslAsk) -> Result<SaslAnswer, Errno>;
    /// The mechanisms that the auth socket offers.
    fn sasl_mechanisms(&mut self, host: &mut Host, path: &str) -> Result<Vec<String>, Errno>;
    /// One request to a policy server (attribute lines); the action it answers.
    fn policy(&mut self, host: &mut Host, to: &Endpoint, request: &[(String, String)]) -> Result<String, Errno>;
}

/// A SASL attempt.
#[derive(Clone, Debug)]
pub struct SaslAsk {
    pub service: String,
    pub mechanism: String,
    pub user: String,
    pub password: String,
    pub remote: IpAddr,
    pub local: IpAddr,
    pub tls: bool,
}

impl Net {
    /// Whether an address belongs to this host.
    pub fn is_local(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.interfaces.iter().any(|(_, a)| a.iter().any(|n| n.addr() == ip))
    }
    /// The listener that a TCP connection to `ip:port` reaches.
    pub fn listener(&self, ip: IpAddr, port: u16) -> Option<&Listener> {
        let fits = |l: &&Listener| {
            l.proto == Proto::Tcp
                && l.port == port
                && (l.ip == ip || (l.ip.is_unspecified() && (l.ip.is_ipv6() == ip.is_ipv6())))
        };
        self.listeners.iter().find(fits)
    }
    /// The first matching rule's target, or the chain's policy.
    pub fn filter(&self, input: bool, proto: Proto, source: IpAddr, dest: IpAddr, dport: u16) -> Target {
        if source.is_loopback() || dest.is_loopback() || self.is_local(source) && self.is_local(dest) {
            return Target::Accept;
        }
        let hit = self.rules.iter().find(|r| {
            r.input == input
                && r.proto.is_none_or(|p| p == proto)
                && r.source.is_none_or(|n| n.contains(&source))
                && r.dest.is_none_or(|n| n.contains(&dest))
                && r.dport.is_none_or(|p| p == dport)
                && r.iface.as_deref().is_none_or(|i| i != "lo")
        });
        match hit {
            Some(r) => r.target,
            None if input && self.input_policy_drop => Target::Drop,
            None => Target::Accept,
        }
    }
}
