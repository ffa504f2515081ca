//! `[[traffic]]` as what outside parties do to the world, with what a patch says otherwise (`sends`).

use super::schema::{Change, Patch, Traffic, Via};
use super::values::Machine;
use crate::base::{Span, Time};
use crate::host::dns::Answer;
use crate::host::net::Endpoint;
use crate::internet::client::{Door, Mail};
use crate::sim::World;
use std::net::IpAddr;

/// One message or visit, at its instant.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A client outside (or in the LAN) hands it over.
    Post(Mail),
    /// A user of the host itself sends it with `sendmail`.
    Sendmail { user: String, sender: String, recipients: Vec<String>, data: Vec<u8> },
    /// Somebody looks into a mailbox by IMAP.
    Imap { client: IpAddr, user: String, password: String },
}

/// Everything that the blocks say, by instant.
pub(super) fn plan(world: &World, traffic: &[Traffic], patches: &[&Patch]) -> Vec<(Time, Item)> {
    let mut out = Vec::new();
    for (n, block) in traffic.iter().enumerate() {
        let Some(t) = otherwise(block, patches) else { continue };
        let times = t.times.unwrap_or(1).clamp(1, 500);
        let every = t.every.unwrap_or(Span::mins(10));
        for i in 0..times {
            let key = format!("traffic/{n}/{i}");
            // The repeats of one sender come when they come, not by the clock.
            let jitter = if i == 0 { 0 } else { world.host.chance.between("traffic", &key, -40, 40) };
            let at = t.at.time + Span(every.0.saturating_mul(i64::from(i))) + Span::secs(jitter);
            out.extend(item(world, &t, key, at).map(|x| (at, x)));
        }
    }
    out
}

/// The block with the patches' `sends` put over it; `None` when it is never sent.
fn otherwise(block: &Traffic, patches: &[&Patch]) -> Option<Traffic> {
    let mut t = block.clone();
    let name = block.id.as_ref().map(|i| i.text.as_str());
    for p in patches {
        let Change::Sends { id, client, via, helo, user, sender, to, size, never } = &p.change else { continue };
        if Some(&**id) != name {
            continue;
        }
        if *never {
            return None;
        }
        if let Some(c) = client {
            t.client = c.clone();
        }
        if *via != Via::Unset {
            t.via = *via;
        }
        if let Some(s) = sender {
            t.sender = s.clone();
        }
        if !to.is_empty() {
            t.to.clone_from(to);
        }
        t.helo = helo.clone().or(t.helo);
        t.user = user.clone().or(t.user);
        t.size = size.or(t.size);
    }
    Some(t)
}

fn item(world: &World, t: &Traffic, key: String, at: Time) -> Option<Item> {
    let recipients: Vec<String> = t.to.iter().map(|m| m.0.clone()).collect();
    let from = t.from.clone().unwrap_or_else(|| t.sender.0.clone());
    let letter = Letter {
        from: &from,
        to: &recipients,
        subject: &t.subject,
        headers: &t.headers,
        body: &t.body,
        size: t.size.map_or(0, |s| s.0),
    };
    let data = letter.write(at, world.host.chance.value("message-id", &key));
    if matches!(t.via, Via::Sendmail) {
        let user = t.user.clone().unwrap_or_else(|| "root".into());
        return Some(Item::Sendmail { user, sender: t.sender.0.clone(), recipients, data });
    }
    let client = address(world, &t.client)?;
    let login = t.user.as_ref().map(|u| {
        let password = t.password.clone().unwrap_or_else(|| format!("clave-{u}"));
        (u.clone(), password)
    });
    if matches!(t.via, Via::Imap) {
        let (user, password) = login?;
        return Some(Item::Imap { client, user, password });
    }
    let door = if matches!(t.via, Via::Submission) { Door::Submission } else { Door::Smtp };
    // A mail program shows the error to its user; a server keeps the message.
    let keeps = !t.gives_up && door == Door::Smtp;
    let helo = t.helo.clone().unwrap_or_else(|| name(world, &t.client, client));
    let login = login.filter(|_| door == Door::Submission);
    Some(Item::Post(Mail { key, client, helo, door, login, sender: t.sender.0.clone(), recipients, data, keeps }))
}

/// The address of a machine named in a lab.
pub fn address(world: &World, machine: &Machine) -> Option<IpAddr> {
    match machine {
        Machine::Ip(ip) => Some(*ip),
        Machine::Name(n) if n == "localhost" => Some(std::net::Ipv4Addr::LOCALHOST.into()),
        Machine::Name(n) => match world.host.dns.query(n, "A") {
            Answer::Data(v) => v.first()?.parse().ok(),
            _ => None,
        },
    }
}

/// What a machine calls itself.
fn name(world: &World, machine: &Machine, ip: IpAddr) -> String {
    if let Machine::Name(n) = machine {
        return n.clone();
    }
    let reverse = match ip {
        IpAddr::V4(v) => {
            let [a, b, c, d] = v.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(_) => String::new(),
    };
    match world.host.dns.query(&reverse, "PTR") {
        Answer::Data(v) if !v.is_empty() => v[0].clone(),
        _ if ip.is_ipv6() => format!("[IPv6:{ip}]"),
        _ => format!("[{ip}]"),
    }
}

/// A message as a mail program writes it.
pub struct Letter<'a> {
    pub from: &'a str,
    pub to: &'a [String],
    pub subject: &'a str,
    pub headers: &'a [String],
    pub body: &'a str,
    /// At least so many bytes.
    pub size: u64,
}

/// What an attachment looks like.
const LINE: &[u8] = b"JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9G\n";

/// No message is made larger than this.
const MAX_SIZE: u64 = 64 << 20;

impl Letter<'_> {
    pub fn write(&self, at: Time, id: u64) -> Vec<u8> {
        let domain = self.from.rsplit_once('@').map_or("localhost", |(_, d)| d).trim_end_matches('>');
        let c = at.civil();
        let mut text = format!(
            "From: {}\nTo: {}\nSubject: {}\nDate: {}\nMessage-ID: <{:04}{:02}{:02}{:02}{:02}{:02}.{:08x}@{domain}>\n",
            self.from,
            self.to.join(", "),
            encoded(self.subject),
            at.rfc5322().trim_end_matches(" (UTC)"),
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            id as u32,
        );
        for h in self.headers {
            text.push_str(h);
            text.push('\n');
        }
        if !self.body.is_ascii() {
            text.push_str(
                "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
            );
        }
        text.push('\n');
        text.push_str(self.body.trim_end());
        text.push('\n');
        let mut data = text.into_bytes();
        let size = self.size.min(MAX_SIZE) as usize;
        while data.len() < size {
            data.extend_from_slice(LINE);
        }
        data
    }
}

/// A header's text; what is not ASCII as an RFC 2047 word.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = String::from("=?UTF-8?Q?");
    for b in text.bytes() {
        match b {
            b' ' => out.push('_'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(b as char),
            _ => out.push_str(&format!("={b:02X}")),
        }
    }
    out + "?="
}

/// One IMAP visit by port 993: login, a look at the INBOX, log-out. It goes by in one piece.
pub(super) fn visit(world: &mut World, client: IpAddr, user: &str, password: &str) {
    let Some(Endpoint::Inet(ip, _)) = world.door(client, Door::Submission, "") else { return };
    let Ok(conn) = world.connect(client, &Endpoint::Inet(ip, 993)) else { return };
    if world.start_tls(conn).is_ok() {
        let lines = [
            String::new(),
            format!("a LOGIN {user} {password}\r\n"),
            "b SELECT INBOX\r\n".into(),
            "c LOGOUT\r\n".into(),
        ];
        for line in lines {
            let (_, closed) = world.ask(conn, line.as_bytes());
            if closed {
                break;
            }
            world.pass(Span::millis(120));
        }
    }
    world.hangup(conn);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters() {
        let to = vec!["maria@ejemplo.com".to_owned()];
        let l = Letter { from: "a@origen.com", to: &to, subject: "Año", headers: &[], body: "Hola", size: 500 };
        let at = Time::from_civil(2026, 2, 6, 9, 58, 1);
        let text = String::from_utf8(l.write(at, 7)).unwrap();
        assert!(text.contains("Subject: =?UTF-8?Q?A=C3=B1o?=\n"), "{text}");
        assert!(text.contains("Message-ID: <20260206095801.00000007@origen.com>\n"), "{text}");
        assert!(text.contains("\n\nHola\n") && text.len() >= 500);
    }
}
