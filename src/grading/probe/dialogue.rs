//! A client's dialogue with the host over [`World::connect`], for probes.

use crate::base::Span;
use crate::host::dns::Answer;
use crate::host::net::Endpoint;
use crate::lab::values::Machine;
use crate::sim::{ConnId, World};
use std::net::IpAddr;

/// How often an answer may come in pieces before it counts as complete.
const MAX_PIECES: usize = 64;

/// The address of a machine of the lab. The host itself for `localhost` or a name that nobody has.
pub fn address(world: &World, machine: &Machine) -> IpAddr {
    let own = IpAddr::from([127, 0, 0, 1]);
    match machine {
        Machine::Ip(ip) => *ip,
        Machine::Name(name) => ["A", "AAAA"]
            .into_iter()
            .find_map(|t| match world.host.dns.query(name, t) {
                Answer::Data(r) => r.iter().find_map(|r| r.parse().ok()),
                _ => None,
            })
            .unwrap_or(own),
    }
}

/// The host's address that a client would use: in its own network if there is one, else the first of its family.
pub fn server_for(world: &World, client: IpAddr) -> IpAddr {
    if world.host.net.is_local(client) {
        return client;
    }
    let all = || world.host.net.interfaces.iter().flat_map(|(_, a)| a.iter()).filter(|a| !a.addr().is_loopback());
    all()
        .find(|a| a.prefix_len() > 0 && a.contains(&client))
        .or_else(|| all().find(|a| a.addr().is_ipv4() == client.is_ipv4()))
        .map_or(client, ipnet::IpNet::addr)
}

/// A dialogue that is open.
pub struct Dialogue<'w> {
    pub world: &'w mut World,
    id: ConnId,
    /// The last answer, all lines.
    pub last: String,
}

impl<'w> Dialogue<'w> {
    /// Connects and waits for the greeting. `Err` says what a client would be told.
    pub fn open(world: &'w mut World, client: IpAddr, port: u16) -> Result<Dialogue<'w>, String> {
        let to = Endpoint::Inet(server_for(world, client), port);
        let id = match world.connect(client, &to) {
            Ok(id) => id,
            Err((errno, after)) => {
                world.pass(after);
                return Err(errno.text().to_owned());
            }
        };
        let mut d = Dialogue { world, id, last: String::new() };
        d.listen();
        if d.last.is_empty() {
            d.world.hangup(d.id);
            return Err("no banner".into());
        }
        Ok(d)
    }
    /// Takes what the server says, up to a complete reply.
    fn listen(&mut self) {
        self.last.clear();
        for _ in 0..MAX_PIECES {
            let Some(t) = self.world.ready_at(self.id) else { break };
            // Nobody waits longer than this for a reply.
            if t - self.world.now() > Span::mins(5) {
                break;
            }
            self.world.advance(t);
            let (bytes, closed) = self.world.recv(self.id);
            self.last.push_str(&String::from_utf8_lossy(&bytes));
            if closed || (bytes.is_empty() && !self.last.is_empty()) {
                break;
            }
        }
    }
    /// Sends a line and takes the answer; gives its first three digits.
    pub fn say(&mut self, line: &str) -> Option<u16> {
        self.world.send(self.id, format!("{line}\r\n").as_bytes());
        self.listen();
        self.code()
    }
    /// The code of the last answer.
    pub fn code(&self) -> Option<u16> {
        self.last.lines().last().and_then(|l| l.get(..3)).and_then(|c| c.parse().ok())
    }
    /// The last line of the last answer.
    pub fn line(&self) -> String {
        self.last.lines().last().unwrap_or("").trim_end().to_owned()
    }
    /// Makes the connection a TLS one, as after `220 Ready to start TLS`; the message of the failure otherwise.
    pub fn tls(&mut self) -> Result<(), String> {
        self.world.start_tls(self.id).map(|_| ())
    }
    /// Connects to a port that speaks TLS from the first byte.
    pub fn open_tls(world: &'w mut World, client: IpAddr, port: u16) -> Result<Dialogue<'w>, String> {
        let to = Endpoint::Inet(server_for(world, client), port);
        let id = match world.connect(client, &to) {
            Ok(id) => id,
            Err((errno, after)) => {
                world.pass(after);
                return Err(errno.text().to_owned());
            }
        };
        if let Err(e) = world.start_tls(id) {
            world.hangup(id);
            return Err(e);
        }
        let mut d = Dialogue { world, id, last: String::new() };
        d.listen();
        if d.last.is_empty() {
            d.world.hangup(d.id);
            return Err("no banner".into());
        }
        Ok(d)
    }
    /// EHLO, MAIL and RCPT up to the first answer that is no success; the code of the last.
    pub fn envelope(&mut self, helo: &str, sender: &str, to: &[&str]) -> Option<u16> {
        let mut code = self.say(&format!("EHLO {helo}"));
        if code == Some(250) {
            code = self.say(&format!("MAIL FROM:<{sender}>"));
        }
        for t in to {
            if code == Some(250) {
                code = self.say(&format!("RCPT TO:<{t}>"));
            }
        }
        code
    }
    /// DATA with a short message; the code of the answer to its end.
    pub fn message(&mut self, sender: &str, to: &str, token: &str, size: u64) -> Option<u16> {
        let code = self.say("DATA");
        if code != Some(354) {
            return code;
        }
        let mut text = format!(
            "From: <{sender}>\r\nTo: <{to}>\r\nSubject: {token}\r\nMessage-ID: <{token}@probe.example>\r\n\r\n{token}\r\n"
        );
        let filler = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz\r\n";
        while (text.len() as u64) < size.min(64 << 20) {
            text.push_str(filler);
        }
        text.push('.');
        self.say(&text)
    }
    pub fn close(mut self) {
        self.say("QUIT");
        self.world.hangup(self.id);
    }
}

/// The name that a client greets with: its own in DNS, else its address in brackets.
pub fn helo(world: &World, machine: &Machine) -> String {
    match machine {
        Machine::Name(n) if n != "localhost" => n.clone(),
        _ => {
            let ip = address(world, machine);
            match world.host.dns.query(&reverse_name(ip), "PTR") {
                Answer::Data(r) if !r.is_empty() => r[0].trim_end_matches('.').to_owned(),
                _ => "probe.example".into(),
            }
        }
    }
}

/// The name under which an address stands in the reverse zone.
fn reverse_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v) => {
            let [a, b, c, d] = v.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v) => {
            let digits = v.octets().into_iter().rev().flat_map(|o| [o & 15, o >> 4]);
            let back: Vec<String> = digits.map(|d| format!("{d:x}")).collect();
            format!("{}.ip6.arpa", back.join("."))
        }
    }
}
