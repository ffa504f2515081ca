//! A session with a remote server, as seen from inside: the server's half of the dialogue.

use super::server::{Mode, Server};
use crate::base::{Chance, Span, Time, text};
use crate::host::Host;
use crate::host::net::{Peer, TlsPeer, Turn};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;

/// The state of one session.
#[derive(Clone, Debug)]
pub struct Session {
    server: Arc<Server>,
    buffer: Vec<u8>,
    in_data: bool,
    in_tls: bool,
    logged_in: bool,
    /// What AUTH LOGIN has asked for: user, then password.
    login: Option<Option<String>>,
    recipients: Vec<String>,
    count: u32,
    /// It says nothing more.
    mute: bool,
}

impl Session {
    pub fn new(server: Arc<Server>) -> Session {
        Session {
            server,
            buffer: Vec::new(),
            in_data: false,
            in_tls: false,
            logged_in: false,
            login: None,
            recipients: Vec::new(),
            count: 0,
            mute: false,
        }
    }
    fn drops(&self, at: &str) -> bool {
        matches!(&self.server.mode, Mode::DropsAt(w) if w.eq_ignore_ascii_case(at))
    }
    fn mutes(&self, at: &str) -> bool {
        matches!(&self.server.mode, Mode::MuteAt(w) if w.eq_ignore_ascii_case(at))
    }
    /// The scripted reply to a verb; the connection ends after a 421.
    fn scripted(&self, verb: &str) -> Option<(String, bool)> {
        let (_, r) = self.server.replies.iter().find(|(v, _)| v == verb)?;
        Some((format!("{}\r\n", r.replace('\n', "\r\n")), r.starts_with("421")))
    }
    fn turn(&self, text: String, close: bool) -> Turn {
        Turn { output: text.into_bytes(), delay: self.server.delay, close }
    }
    fn hello(&self, extended: bool) -> String {
        let s = &self.server;
        if !extended {
            return format!("250 {}\r\n", s.name);
        }
        let mut words = vec!["PIPELINING".to_owned(), format!("SIZE {}", s.size)];
        if s.tls.is_some() && !self.in_tls {
            words.push("STARTTLS".into());
        }
        if !s.logins.is_empty() && (self.in_tls || s.tls.is_none()) {
            words.push(format!("AUTH {}", s.mechanisms));
        }
        words.extend(s.keywords.iter().cloned());
        words.push("ENHANCEDSTATUSCODES".into());
        let mut out = format!("250-{}\r\n", s.name);
        for w in words {
            out += &format!("250-{w}\r\n");
        }
        out + "250 8BITMIME\r\n"
    }
    fn line(&mut self, line: &str) -> (String, bool) {
        let upper = line.to_ascii_uppercase();
        let verb = upper.split([' ', ':']).next().unwrap_or("").to_owned();
        if self.drops(&verb) {
            return (String::new(), true);
        }
        if self.mute || self.mutes(&verb) {
            self.mute = true;
            return (String::new(), false);
        }
        if let Some(reply) = self.scripted(&verb) {
            self.in_data = verb == "DATA" && reply.0.starts_with("354");
            return reply;
        }
        if let Some(user) = self.login.take() {
            return self.login_step(user, line);
        }
        let say = |s: &str| (format!("{s}\r\n"), false);
        match verb.as_str() {
            "EHLO" | "LHLO" => (self.hello(true), false),
            "HELO" => (self.hello(false), false),
            "STARTTLS" if self.server.tls.is_some() && !self.in_tls => say("220 2.0.0 Ready to start TLS"),
            "AUTH" if !self.server.logins.is_empty() => self.auth(line),
            "MAIL" => {
                self.recipients.clear();
                if self.server.login_needed && !self.logged_in {
                    return say("530 5.7.0 Authentication required");
                }
                if let Some(r) = self.server.mail.clone() {
                    return say(&r);
                }
                say("250 2.1.0 Ok")
            }
            "RCPT" => self.rcpt(&angle(line)),
            "DATA" if self.recipients.is_empty() => say("554 5.5.1 Error: no valid recipients"),
            "DATA" => {
                self.in_data = true;
                say("354 End data with <CR><LF>.<CR><LF>")
            }
            "RSET" => {
                self.recipients.clear();
                say("250 2.0.0 Ok")
            }
            "NOOP" => say("250 2.0.0 Ok"),
            "QUIT" => ("221 2.0.0 Bye\r\n".into(), true),
            _ => say("502 5.5.2 Error: command not recognized"),
        }
    }
    fn rcpt(&mut self, address: &str) -> (String, bool) {
        let local = address.split('@').next().unwrap_or("");
        let hit = self.server.rcpt.iter().find(|(w, _)| w.eq_ignore_ascii_case(address) || w == local || w == "*");
        if let Some((_, reply)) = hit {
            return (format!("{}\r\n", reply.replace("{a}", address)), false);
        }
        self.recipients.push(local.to_owned());
        ("250 2.1.5 Ok\r\n".into(), false)
    }
    fn auth(&mut self, line: &str) -> (String, bool) {
        let mut w = line.split_whitespace().skip(1);
        let mechanism = w.next().unwrap_or("").to_ascii_uppercase();
        match (mechanism.as_str(), w.next()) {
            ("PLAIN", Some(code)) => {
                let plain = STANDARD.decode(code).unwrap_or_default();
                let text = String::from_utf8_lossy(&plain).into_owned();
                let mut f = text.split('\0').skip(1);
                let (u, p) = (f.next().unwrap_or("").to_owned(), f.next().unwrap_or("").to_owned());
                self.check(&u, &p)
            }
            ("LOGIN", None) => {
                self.login = Some(None);
                ("334 VXNlcm5hbWU6\r\n".into(), false)
            }
            _ => ("535 5.7.8 Error: authentication failed: Invalid authentication mechanism\r\n".into(), false),
        }
    }
    fn login_step(&mut self, user: Option<String>, line: &str) -> (String, bool) {
        let word = String::from_utf8_lossy(&STANDARD.decode(line.trim()).unwrap_or_default()).into_owned();
        match user {
            None => {
                self.login = Some(Some(word));
                ("334 UGFzc3dvcmQ6\r\n".into(), false)
            }
            Some(u) => self.check(&u, &word),
        }
    }
    fn check(&mut self, user: &str, password: &str) -> (String, bool) {
        if self.server.logins.iter().any(|(u, p)| u == user && p == password) {
            self.logged_in = true;
            return ("235 2.7.0 Authentication successful\r\n".into(), false);
        }
        ("535 5.7.8 Error: authentication failed: authentication failure\r\n".into(), false)
    }
    fn end_of_data(&mut self, now: Time, chance: Chance) -> (String, bool) {
        if self.drops(".") {
            return (String::new(), true);
        }
        if self.mutes(".") {
            self.mute = true;
            return (String::new(), false);
        }
        self.in_data = false;
        if let Some(reply) = self.scripted(".") {
            return reply;
        }
        let hit = self.server.data.iter().find(|(w, _)| w == "*" || self.recipients.contains(w));
        if let Some((_, reply)) = hit {
            return (format!("{reply}\r\n"), false);
        }
        self.count += 1;
        let key = format!("{}/{}/{}", self.server.name, now.0, self.count);
        let id = chance.value("remote.queue_id", &key) & 0xff_ffff_ffff;
        (format!("250 2.0.0 Ok: queued as {id:010X}\r\n"), false)
    }
}

/// What stands between the angle brackets.
fn angle(line: &str) -> String {
    let from = line.find('<').map_or(line.len(), |i| i + 1);
    let rest = &line[from..];
    rest[..rest.find('>').unwrap_or(rest.len())].to_owned()
}

impl Peer for Session {
    fn greet(&mut self, _host: &mut Host) -> Turn {
        if self.drops("CONNECT") {
            return Turn { close: true, ..Turn::default() };
        }
        if self.mutes("CONNECT") {
            self.mute = true;
            return Turn::default();
        }
        match &self.server.mode {
            Mode::Greets(r) => self.turn(format!("{r}\r\n"), r.starts_with("421")),
            Mode::Mute => Turn::default(),
            _ => {
                let banner =
                    self.server.banner.clone().unwrap_or_else(|| format!("{} ESMTP Postfix", self.server.name));
                self.turn(format!("220 {banner}\r\n"), false)
            }
        }
    }
    fn input(&mut self, host: &mut Host, data: &[u8]) -> Turn {
        match &self.server.mode {
            Mode::Greets(_) => return self.turn("221 bye\r\n".into(), true),
            Mode::Mute => return Turn::default(),
            _ => {}
        }
        if self.buffer.len() + data.len() > 64 << 20 {
            return Turn { close: true, ..Turn::default() };
        }
        self.buffer.extend_from_slice(data);
        let (mut out, mut close) = (String::new(), false);
        let pending = std::mem::take(&mut self.buffer);
        let mut rest = pending.as_slice();
        while let Some(end) = text::line_end(rest) {
            let (line, after) = rest.split_at(end + 1);
            rest = after;
            let (text, ends) = if self.in_data {
                if !matches!(line, b".\n" | b".\r\n") {
                    continue;
                }
                self.end_of_data(host.now, host.chance)
            } else {
                self.line(text::lossy(line).trim_end_matches(['\r', '\n']))
            };
            out += &text;
            if ends {
                close = true;
                break;
            }
        }
        self.buffer = rest.to_vec();
        let mut t = self.turn(out, close);
        if t.output.is_empty() && !close {
            t.delay = Span::ZERO;
        }
        t
    }
    fn tls(&mut self, _host: &mut Host) -> Result<TlsPeer, String> {
        let Some(t) = &self.server.tls else { return Err("Connection reset by peer".into()) };
        if let Some(reason) = &t.fails {
            return Err(reason.clone());
        }
        self.in_tls = true;
        self.buffer.clear();
        Ok(TlsPeer { protocol: t.protocol.clone(), cipher: t.cipher.clone(), chain: t.chain.clone() })
    }
    fn hangup(&mut self, _host: &mut Host) {}
}

/// Our own server, when a delivery agent comes back to it: it says its name, by which the loop is seen.
#[derive(Clone, Debug)]
pub struct Ourselves {
    pub name: String,
}

impl Peer for Ourselves {
    fn greet(&mut self, _host: &mut Host) -> Turn {
        Turn { output: format!("220 {} ESMTP Postfix (Debian/GNU)\r\n", self.name).into_bytes(), ..Turn::default() }
    }
    fn input(&mut self, _host: &mut Host, data: &[u8]) -> Turn {
        let up = String::from_utf8_lossy(data).to_ascii_uppercase();
        let output = if up.starts_with("EHLO") || up.starts_with("HELO") {
            format!("250 {}\r\n", self.name)
        } else {
            "221 2.0.0 Bye\r\n".into()
        };
        Turn { output: output.into_bytes(), close: up.starts_with("QUIT"), ..Turn::default() }
    }
    fn tls(&mut self, _host: &mut Host) -> Result<TlsPeer, String> {
        Err("Connection reset by peer".into())
    }
    fn hangup(&mut self, _host: &mut Host) {}
}
