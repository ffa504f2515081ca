//! Moves the outside parties: each step of a client's dialogue is an event.

use super::World;
use super::conn::ConnId;
use crate::base::{Span, Time};
use crate::host::dns::Answer;
use crate::host::net::Endpoint;
use crate::internet::Due;
use crate::internet::client::{Client, Door, Mail, Move, PATIENCE};
use std::net::IpAddr;

/// How long until a client looks again when nothing was said: longer, the longer it has waited.
fn look(waited: Span) -> Span {
    Span((waited.0 / 4).clamp(Span::millis(200).0, Span::secs(30).0))
}

impl World {
    /// Somebody outside will hand over a message at that instant. The number names the client.
    pub fn post(&mut self, at: Time, mail: Mail) -> u64 {
        let id = self.internet.add_client(Client::new(mail));
        self.internet.due.push(at, Due::Attempt(id));
        id
    }
    /// Where a client of that address connects to, for mail to that domain: the MX of the domain as DNS has it, but the
    /// machines of the LAN go to the host's address in their own network.
    pub fn door(&self, client: IpAddr, door: Door, domain: &str) -> Option<Endpoint> {
        let nets = self.host.net.interfaces.iter().flat_map(|(_, a)| a);
        let near = nets.clone().find(|n| n.contains(&client) && is_private(n.addr())).map(ipnet::IpNet::addr);
        let ip = near.or_else(|| {
            let name = match door {
                Door::Submission => Some(self.host.fqdn.clone()),
                Door::Smtp => self.mx(domain),
            }?;
            let kind = if client.is_ipv6() { "AAAA" } else { "A" };
            match self.host.dns.query(&name, kind) {
                Answer::Data(v) => v.first()?.parse().ok(),
                // DNS has no address of that family; who uses it knows the host's own.
                _ if client.is_ipv6() => nets.clone().map(ipnet::IpNet::addr).find(|a| a.is_ipv6() && !a.is_loopback()),
                _ => None,
            }
        })?;
        Some(Endpoint::Inet(ip, door.port()))
    }
    /// The best exchanger of a domain, or the domain itself.
    fn mx(&self, domain: &str) -> Option<String> {
        match self.host.dns.query(domain, "MX") {
            Answer::Data(v) => v
                .iter()
                .filter_map(|r| r.split_once(' ').and_then(|(p, h)| Some((p.parse::<u32>().ok()?, h))))
                .min_by_key(|(p, _)| *p)
                .map(|(_, h)| h.to_owned()),
            Answer::NoData => Some(domain.to_owned()),
            _ => None,
        }
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v) => v.is_private(),
        IpAddr::V6(_) => false,
    }
}

/// One step of an outside party.
pub(super) fn run(world: &mut World, due: Due) {
    match due {
        Due::Attempt(id) => attempt(world, id),
        Due::Listen(id) => listen(world, id),
        Due::Say(id, bytes) => say(world, id, &bytes),
    }
}

fn attempt(world: &mut World, id: u64) {
    let Some(mut c) = world.internet.clients.get(&id).cloned() else { return };
    let to = c.mail.recipients.first().map_or("", String::as_str);
    // A relaying client comes to us on purpose, whatever the recipient's domain says.
    let ours = world.host.fqdn.split_once('.').map_or("", |(_, d)| d).to_owned();
    let domain = to.rsplit_once('@').map_or(ours.as_str(), |(_, d)| d).to_ascii_lowercase();
    let domain = if domain == ours || domain.ends_with(&format!(".{ours}")) { domain } else { ours };
    let Some(end) = world.door(c.mail.client, c.mail.door, &domain) else {
        c.not_connected(world.now(), crate::host::Errno::HostUnreach);
        return later(world, id, c);
    };
    match world.connect(c.mail.client, &end) {
        Ok(conn) => {
            c.connected(world.now(), conn.0);
            world.internet.clients.insert(id, c);
            wait(world, id, conn);
        }
        Err((errno, after)) => {
            c.not_connected(world.now() + after, errno);
            later(world, id, c);
        }
    }
}

/// Puts the client back, and its next attempt into the plan.
fn later(world: &mut World, id: u64, mut c: Client) {
    c.conn = None;
    if let Some(span) = c.retry_after(world.host.chance) {
        world.internet.due.push(world.now() + span, Due::Attempt(id));
    }
    world.internet.clients.insert(id, c);
}

fn wait(world: &mut World, id: u64, conn: ConnId) {
    let since = world.internet.clients.get(&id).map_or(world.now(), |c| c.waiting_since);
    let at = world.ready_at(conn).unwrap_or_else(|| world.now() + look(world.now() - since)).max(world.now());
    world.internet.due.push(at, Due::Listen(id));
}

fn listen(world: &mut World, id: u64) {
    let Some(mut c) = world.internet.clients.get(&id).cloned() else { return };
    let Some(conn) = c.conn.map(ConnId) else { return };
    let (bytes, closed) = world.recv(conn);
    if bytes.is_empty() && !closed {
        if world.now() - c.waiting_since >= PATIENCE {
            c.gives_up();
            world.hangup(conn);
            return later(world, id, c);
        }
        return wait(world, id, conn);
    }
    let next = c.hears(&bytes, closed);
    act(world, id, c, conn, next);
}

fn act(world: &mut World, id: u64, mut c: Client, conn: ConnId, next: Move) {
    match next {
        Move::Say(bytes) => {
            let at = world.now() + c.think(world.host.chance);
            world.internet.clients.insert(id, c);
            world.internet.due.push(at, Due::Say(id, bytes));
        }
        Move::Wait => {
            world.internet.clients.insert(id, c);
            wait(world, id, conn);
        }
        Move::Tls => {
            world.internet.clients.insert(id, c.clone());
            if world.start_tls(conn).is_ok() {
                let next = c.tls_ready();
                act(world, id, c, conn, next);
            } else {
                c.gives_up();
                world.hangup(conn);
                later(world, id, c);
            }
        }
        Move::HangUp => {
            world.hangup(conn);
            later(world, id, c);
        }
    }
}

fn say(world: &mut World, id: u64, bytes: &[u8]) {
    let Some(mut c) = world.internet.clients.get(&id).cloned() else { return };
    let Some(conn) = c.conn.map(ConnId) else { return };
    c.waiting_since = world.now();
    world.internet.clients.insert(id, c);
    world.send(conn, bytes);
    wait(world, id, conn);
}
