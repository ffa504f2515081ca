//! Connections to and from the host, as a program or an outside client holds them.
//!
//! [`World::connect`] does what connect(2) does: firewall, listener, then the greeting of whoever listens. Output is
//! visible from its instant on ([`World::ready_at`]), so tarpits and slow lookups take model time.

use super::World;
use crate::base::{Span, Time};
use crate::dovecot::login;
use crate::host::errno::Errno;
use crate::host::net::{Endpoint, Peer as _, Proto, Target, TlsPeer, Turn};
use crate::internet::remote;
use crate::internet::server::Meets;
use crate::log::queue_tool::QueueTool;
use crate::postfix::config::Config;
use crate::postfix::smtpd;
use imbl::OrdMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Names a connection of [`World::conns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// Who answers at the far end.
#[derive(Clone, Debug)]
pub enum Server {
    Smtpd(Box<smtpd::Session>),
    Dovecot(Box<login::Session>),
    /// A server outside.
    Remote(Box<remote::Session>),
    /// Accepted by the kernel: a process of Postfix will take it when one starts.
    Queued(Box<Queued>),
    /// Accepted by the kernel, and nobody says anything.
    Silent,
}

/// A connection that no process has taken.
#[derive(Clone, Debug)]
pub struct Queued {
    /// `smtp/inet`.
    service: String,
    server: IpAddr,
    /// When master(8) tries again.
    at: Time,
    /// What the client said meanwhile.
    input: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Conn {
    pub client: IpAddr,
    pub to: Endpoint,
    pub server: Server,
    pub opened: Time,
    /// Output not yet taken.
    out: Vec<u8>,
    /// From when on it is visible.
    ready: Time,
    closed: bool,
    /// The client is gone, and the server has not noticed.
    gone: bool,
    pub tls: Option<TlsPeer>,
}

/// So many connections does the kernel keep for a service that does not take them.
const BACKLOG: usize = 100;

impl Conn {
    /// Whether the server does not notice what its client does.
    fn deaf(&self) -> bool {
        match &self.server {
            Server::Smtpd(s) => s.is_held(),
            Server::Queued(_) => true,
            Server::Dovecot(_) | Server::Remote(_) | Server::Silent => false,
        }
    }
    fn deadline(&self) -> Option<Time> {
        match &self.server {
            Server::Smtpd(s) if !self.closed => s.deadline(),
            Server::Queued(q) if !self.closed => Some(q.at),
            _ => None,
        }
    }
}

/// All open connections.
#[derive(Clone, Debug, Default)]
pub struct Conns {
    map: OrdMap<ConnId, Conn>,
    next: u64,
}

impl Conns {
    pub fn get(&self, id: ConnId) -> Option<&Conn> {
        self.map.get(&id)
    }
    pub fn iter(&self) -> impl Iterator<Item = (&ConnId, &Conn)> {
        self.map.iter()
    }
}

impl World {
    /// connect(2) from `client` (an address of the host itself or of somebody outside) to an endpoint. `Err` says how long
    /// it took to fail (zero when refused at once, 127 s when nobody answers).
    pub fn connect(&mut self, client: IpAddr, to: &Endpoint) -> Result<ConnId, (Errno, Span)> {
        let Endpoint::Inet(ip, port) = *to else { return Err((Errno::ConnRefused, Span::ZERO)) };
        let timeout = Span::secs(127);
        let inward = self.host.net.is_local(ip);
        match self.host.net.filter(inward, Proto::Tcp, client, ip, port) {
            Target::Drop => return Err((Errno::TimedOut, timeout)),
            Target::Reject => return Err((Errno::ConnRefused, Span::ZERO)),
            Target::Accept => {}
        }
        if !inward {
            return self.connect_outside(client, ip, port);
        }
        let Some(listener) = self.host.net.listener(ip, port).cloned() else {
            return Err((Errno::ConnRefused, Span::ZERO));
        };
        let (server, turn) = match listener.owner.split_once(':') {
            Some(("postfix", service)) => {
                match self.with_postfix(|ctx| smtpd::Session::open(ctx, service, client, ip)) {
                    Ok((s, turn)) => (Server::Smtpd(Box::new(s)), turn),
                    Err(None) => (Server::Silent, Turn::default()),
                    Err(Some(at)) => {
                        let queued = Queued { service: service.to_owned(), server: ip, at, input: Vec::new() };
                        (Server::Queued(Box::new(queued)), Turn::default())
                    }
                }
            }
            Some(("dovecot", listener)) => {
                match login::Session::open(&mut self.host, &mut self.dovecot, listener, client, ip) {
                    Some((s, turn)) => (Server::Dovecot(Box::new(s)), turn),
                    None => (Server::Silent, Turn::default()),
                }
            }
            _ => (Server::Silent, Turn::default()),
        };
        Ok(self.add_conn(client, to, server, turn))
    }
    /// `sendmail -bs`: smtpd(8) at the other end of a pipe. `None`: it ended before it said anything.
    pub fn stand_alone(&mut self, conf: Arc<Config>, pid: u32, uid: u32) -> Option<ConnId> {
        let (session, turn) = self.with_postfix(|ctx| smtpd::Session::stand_alone(ctx, conf, pid, uid))?;
        let to = Endpoint::Inet(session.client, 25);
        Some(self.add_conn(session.client, &to, Server::Smtpd(Box::new(session)), turn))
    }
    /// What postdrop(1) said on standard error in such a session.
    pub fn postdrop_said(&mut self, id: ConnId) -> Vec<QueueTool> {
        match self.conns.map.get_mut(&id).map(|c| &mut c.server) {
            Some(Server::Smtpd(s)) => s.postdrop_said(),
            _ => Vec::new(),
        }
    }
    fn connect_outside(&mut self, client: IpAddr, ip: IpAddr, port: u16) -> Result<ConnId, (Errno, Span)> {
        match self.internet.servers.meet(ip, port) {
            Meets::Refused => Err((Errno::ConnRefused, Span::ZERO)),
            Meets::Nothing => Err((Errno::TimedOut, Span::secs(127))),
            Meets::Server(s) => {
                let mut session = remote::Session::new(s);
                let turn = session.greet(&mut self.host);
                Ok(self.add_conn(client, &Endpoint::Inet(ip, port), Server::Remote(Box::new(session)), turn))
            }
        }
    }
    fn add_conn(&mut self, client: IpAddr, to: &Endpoint, server: Server, turn: Turn) -> ConnId {
        self.conns.next += 1;
        let id = ConnId(self.conns.next);
        let now = self.host.now;
        let conn = Conn {
            client,
            to: to.clone(),
            server,
            opened: now,
            out: Vec::new(),
            ready: now,
            closed: false,
            gone: false,
            tls: None,
        };
        self.conns.map.insert(id, conn);
        self.took(id, turn);
        id
    }
    fn took(&mut self, id: ConnId, turn: Turn) {
        let now = self.host.now;
        if let Some(c) = self.conns.map.get_mut(&id) {
            c.out.extend_from_slice(&turn.output);
            c.ready = c.ready.max(now + turn.delay);
            c.closed |= turn.close;
        }
    }
    /// Gives bytes to the far end.
    pub fn send(&mut self, id: ConnId, data: &[u8]) {
        if self.conns.map.get(&id).is_none_or(|c| c.closed) {
            return;
        }
        let Some(mut conn) = self.conns.map.remove(&id) else { return };
        let turn = match &mut conn.server {
            // A daemon that was stopped has closed its connections.
            Server::Smtpd(s) if self.postfix.master.killed.contains(&s.pid()) => {
                Turn { close: true, ..Turn::default() }
            }
            Server::Smtpd(s) => self.with_postfix(|ctx| s.input(ctx, data)),
            Server::Dovecot(_) if self.dovecot.master.is_none() => Turn { close: true, ..Turn::default() },
            Server::Dovecot(s) => s.input(&mut self.host, &mut self.dovecot, data),
            Server::Remote(s) => s.input(&mut self.host, data),
            Server::Queued(q) => {
                q.input.extend_from_slice(data);
                Turn::default()
            }
            Server::Silent => Turn::default(),
        };
        self.conns.map.insert(id, conn);
        self.took(id, turn);
        self.run_execs();
    }
    /// When the output that waits becomes visible; `None` when there is none and the connection is open.
    pub fn ready_at(&self, id: ConnId) -> Option<Time> {
        self.conns.map.get(&id).filter(|c| !c.out.is_empty() || c.closed).map(|c| c.ready)
    }
    /// Takes the output that is visible now; the flag says that the far end has closed (after this output).
    pub fn recv(&mut self, id: ConnId) -> (Vec<u8>, bool) {
        let now = self.host.now;
        match self.conns.map.get_mut(&id) {
            Some(c) if c.ready <= now => (std::mem::take(&mut c.out), c.closed),
            Some(_) => (Vec::new(), false),
            None => (Vec::new(), true),
        }
    }
    /// Sends, lets the time pass that the answer takes, and returns the answer.
    pub fn ask(&mut self, id: ConnId, data: &[u8]) -> (Vec<u8>, bool) {
        self.send(id, data);
        if let Some(t) = self.ready_at(id) {
            self.advance(t);
        }
        self.recv(id)
    }
    /// The TLS handshake from the client's side: after STARTTLS was accepted, or at once on a wrapped port.
    pub fn start_tls(&mut self, id: ConnId) -> Result<TlsPeer, String> {
        let Some(mut conn) = self.conns.map.get(&id).cloned() else { return Err("connection lost".into()) };
        let (peer, turn) = match &mut conn.server {
            Server::Smtpd(s) => self.with_postfix(|ctx| match s.tls_offer(ctx) {
                Some(peer) => (Ok(peer), s.tls_started(ctx)),
                None => (Err("wrong version number".to_owned()), Turn::default()),
            }),
            Server::Dovecot(s) => match s.tls_offer() {
                Some(peer) => (Ok(peer), s.tls_started(&mut self.host, &mut self.dovecot)),
                None => (Err("wrong version number".to_owned()), Turn::default()),
            },
            Server::Remote(s) => (s.tls(&mut self.host), Turn::default()),
            Server::Queued(_) | Server::Silent => return Err("no answer".into()),
        };
        let peer = peer?;
        conn.tls = Some(peer.clone());
        self.conns.map.insert(id, conn);
        self.took(id, turn);
        Ok(peer)
    }
    /// What the server would show in a handshake now, before the client has agreed to it.
    pub fn tls_offer(&mut self, id: ConnId) -> Option<TlsPeer> {
        let conn = self.conns.map.get(&id).cloned()?;
        match conn.server {
            Server::Smtpd(s) => self.with_postfix(|ctx| s.tls_offer(ctx)),
            Server::Dovecot(s) => s.tls_offer(),
            Server::Remote(mut s) => s.tls(&mut self.host).ok(),
            Server::Queued(_) | Server::Silent => None,
        }
    }
    /// The client breaks the handshake off: OpenSSL's reason as the server logs it.
    pub fn tls_refused(&mut self, id: ConnId, why: &str) {
        let Some(conn) = self.conns.map.remove(&id) else { return };
        match conn.server {
            Server::Smtpd(mut s) => self.with_postfix(|ctx| s.tls_failed(ctx)),
            Server::Dovecot(mut s) => s.tls_failed(&mut self.host, why),
            Server::Remote(_) | Server::Queued(_) | Server::Silent => {}
        }
    }
    /// Ends logged-in sessions of Dovecot, as a SIGTERM from `by` to their processes does.
    pub fn kick(&mut self, online: &[u64], by: u32, uid: u32) {
        let ids: Vec<ConnId> = self.conns.map.keys().copied().collect();
        for id in ids {
            let Some(conn) = self.conns.map.get_mut(&id) else { continue };
            if let Server::Dovecot(s) = &mut conn.server
                && s.online_id().is_some_and(|o| online.contains(&o))
            {
                conn.closed = true;
                s.killed(&mut self.host, &mut self.dovecot, by, uid);
            }
        }
    }
    /// When the first server gives up waiting for its client.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.conns.map.values().filter_map(Conn::deadline).min()
    }
    /// Ends the waiting of servers whose client said nothing for too long.
    pub(super) fn expire(&mut self, now: Time) {
        let due: Vec<ConnId> =
            self.conns.map.iter().filter(|(_, c)| c.deadline().is_some_and(|t| t <= now)).map(|(id, _)| *id).collect();
        for id in due {
            self.wake(id, now);
        }
    }
    fn wake(&mut self, id: ConnId, now: Time) {
        let Some(mut conn) = self.conns.map.get(&id).cloned() else { return };
        let hung_up = || Turn { close: true, ..Turn::default() };
        let mut next = None;
        let turn = match &mut conn.server {
            Server::Smtpd(s) if self.postfix.master.killed.contains(&s.pid()) => hung_up(),
            Server::Smtpd(s) => self.with_postfix(|ctx| {
                let turn = s.timeout(ctx);
                next = s.unserved(ctx).map(|at| {
                    let (service, server, input) = s.left();
                    Server::Queued(Box::new(Queued { service, server, at, input }))
                });
                turn
            }),
            Server::Queued(q) => {
                match self.with_postfix(|ctx| smtpd::Session::open(ctx, &q.service, conn.client, q.server)) {
                    Ok((mut s, mut turn)) => {
                        if !q.input.is_empty() {
                            let more = self.with_postfix(|ctx| s.input(ctx, &q.input));
                            turn.output.extend_from_slice(&more.output);
                            turn = Turn { output: turn.output, delay: turn.delay + more.delay, close: more.close };
                        }
                        next = Some(Server::Smtpd(Box::new(s)));
                        turn
                    }
                    Err(at) => {
                        q.at = at.unwrap_or(now + Span::secs(1)).max(now + Span::millis(50));
                        if self.postfix.master.pid.is_some() { Turn::default() } else { hung_up() }
                    }
                }
            }
            Server::Dovecot(_) | Server::Remote(_) | Server::Silent => Turn::default(),
        };
        if let Some(server) = next {
            conn.server = server;
        }
        if conn.gone && !conn.deaf() {
            self.conns.map.insert(id, conn);
            return self.hangup(id);
        }
        self.conns.map.insert(id, conn);
        self.took(id, turn);
        self.run_execs();
    }
    /// Closes from the client's side.
    pub fn hangup(&mut self, id: ConnId) {
        let Some(mut conn) = self.conns.map.remove(&id) else { return };
        if conn.closed {
            return;
        }
        let queued = |c: &Conn| matches!(c.server, Server::Queued(_));
        if conn.deaf() && (!queued(&conn) || self.conns.map.values().filter(|c| queued(c)).count() < BACKLOG) {
            conn.gone = true;
            self.conns.map.insert(id, conn);
            return;
        }
        match &mut conn.server {
            Server::Smtpd(s) if self.postfix.master.killed.contains(&s.pid()) => {}
            Server::Smtpd(s) => self.with_postfix(|ctx| s.hangup(ctx)),
            Server::Dovecot(s) => s.hangup(&mut self.host, &mut self.dovecot),
            Server::Remote(s) => s.hangup(&mut self.host),
            Server::Queued(_) | Server::Silent => {}
        }
    }
}
