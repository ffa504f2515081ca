//! imap-login and pop3-login: greeting, TLS, authentication; then the session's own process takes over.
//!
//! POP3's commands, the SASL exchange and the hand-over to the session have files of their own.
//! Left out: proxying, SASL mechanisms other than PLAIN and LOGIN, ManageSieve beyond its greeting.

mod pop3_lines;
mod sasl;
mod start;

use super::auth::{self, Verdict};
use super::config::{Config, Scope};
use super::{Dovecot, ids, imap, log, master, pop3, tls};
use crate::base::{Span, Time};
use crate::host::Host;
use crate::host::net::{TlsPeer, Turn};
use crate::log::dovecot::{Attempts, Client, Dovecot as Event, Security};
use std::net::IpAddr;
use std::sync::Arc;

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Imap,
    Pop3,
    Sieve,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Clear,
    /// The next thing must be a handshake.
    Expected,
    Tls,
}

/// A SASL exchange in the middle.
#[derive(Clone, Debug)]
struct Sasl {
    tag: String,
    mechanism: String,
    user: Option<String>,
}

#[derive(Clone, Debug)]
enum Stage {
    Login,
    Imap(Box<imap::Session>),
    Pop3(Box<pop3::Session>),
}

/// One client of a login service.
#[derive(Clone, Debug)]
pub struct Session {
    kind: Kind,
    config: Arc<Config>,
    log_pid: u32,
    client: IpAddr,
    server: IpAddr,
    id: String,
    opened: Time,
    first_try: Option<Time>,
    failures: u32,
    disallowed: bool,
    unsupported: bool,
    bad: u32,
    user: String,
    method: String,
    asked_capability: bool,
    layer: Layer,
    stage: Stage,
    sasl: Option<Sasl>,
    pop_user: Option<String>,
    pending: Vec<u8>,
    online: Option<u64>,
    closed: bool,
}

const IMAP_PRE: &str = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+";

impl Session {
    /// Accepts a connection for a listener (`imap-login/imaps`).
    pub fn open(
        host: &mut Host,
        dv: &mut Dovecot,
        listener: &str,
        client: IpAddr,
        server: IpAddr,
    ) -> Option<(Session, Turn)> {
        let m = dv.master.as_ref()?;
        let (config, log_pid) = (m.config.clone(), m.log_pid);
        let (service, name) = listener.split_once('/').unwrap_or((listener, ""));
        let kind = match service {
            "imap-login" => Kind::Imap,
            "pop3-login" => Kind::Pop3,
            _ => Kind::Sieve,
        };
        master::process(host, dv, service);
        let now = host.now;
        let port = host.chance.between("client-port", &format!("{client}/{}", now.0), 32_768, 60_999) as u16;
        let wrapped = config.get(&format!("service/{service}/inet_listener/{name}/ssl")) == "yes";
        let mut s = Session {
            kind,
            config,
            log_pid,
            client,
            server,
            id: ids::login_session(now, port, client),
            opened: now,
            first_try: None,
            failures: 0,
            disallowed: false,
            unsupported: false,
            bad: 0,
            user: String::new(),
            method: String::new(),
            asked_capability: false,
            layer: if wrapped { Layer::Expected } else { Layer::Clear },
            stage: Stage::Login,
            sasl: None,
            pop_user: None,
            pending: Vec::new(),
            online: None,
            closed: false,
        };
        if wrapped {
            if let Err(reason) = tls::context(&s.config) {
                let client = Box::new(s.client_as(Security::Secured));
                log(host, log_pid, Event::SslInit { reason, client });
                s.closed = true;
                return Some((s, Turn { close: true, ..Turn::default() }));
            }
            return Some((s, Turn::default()));
        }
        let turn = s.greet(host, dv);
        Some((s, turn))
    }
    fn greet(&mut self, host: &mut Host, dv: &mut Dovecot) -> Turn {
        let delay = host.jitter("login-greet", &self.id, 1_000, 9_000);
        if let Err(wait) = auth::ensure(host, dv) {
            let text = match self.kind {
                Kind::Imap => "* OK Waiting for authentication process to respond..\r\n* BYE Auth process broken\r\n",
                Kind::Pop3 => "-ERR [SYS/TEMP] Auth process broken\r\n",
                Kind::Sieve => "BYE \"Auth process broken\"\r\n",
            };
            self.closed = true;
            let client = Box::new(self.client_line());
            let attempts = Some(Attempts::NotReady { secs: wait.as_secs() });
            log(host, self.log_pid, Event::LoginGone { reason: "Auth process broken".into(), attempts, client });
            return Turn { output: text.into(), delay: wait, close: true };
        }
        let greeting = self.config.get("login_greeting");
        let output = match self.kind {
            Kind::Imap => format!("* OK [CAPABILITY {}] {greeting}\r\n", self.capability()),
            Kind::Pop3 => format!("+OK {greeting}\r\n"),
            Kind::Sieve => self.sieve_greeting(),
        };
        Turn { output: output.into_bytes(), delay, close: false }
    }
    fn sieve_greeting(&self) -> String {
        let c = &self.config;
        let tls = if self.offers_tls() { "\"STARTTLS\"\r\n" } else { "" };
        let sasl = if self.plaintext_ok() { "PLAIN LOGIN" } else { "" };
        format!(
            "\"IMPLEMENTATION\" \"{}\"\r\n\"SIEVE\" \"{}\"\r\n\"NOTIFY\" \"{}\"\r\n\"SASL\" \"{sasl}\"\r\n{tls}\"VERSION\" \
             \"1.0\"\r\nOK \"{}\"\r\n",
            c.get("managesieve_implementation_string"),
            c.get("managesieve_sieve_capability"),
            c.get("managesieve_notify_capability"),
            c.get("login_greeting")
        )
    }
    fn scope(&self) -> Scope<'static> {
        let protocol = match self.kind {
            Kind::Imap => "imap",
            Kind::Pop3 => "pop3",
            Kind::Sieve => "sieve",
        };
        Scope { protocol, local: Some(self.server), remote: Some(self.client) }
    }
    fn service(&self) -> &'static str {
        match self.kind {
            Kind::Imap => "imap-login",
            Kind::Pop3 => "pop3-login",
            Kind::Sieve => "managesieve-login",
        }
    }
    fn is_local(&self) -> bool {
        self.client.is_loopback() || self.client == self.server
    }
    fn plaintext_ok(&self) -> bool {
        if self.layer == Layer::Tls || self.is_local() {
            return true;
        }
        let s = self.scope();
        self.config.scoped(&s, "ssl") != "required" && self.config.scoped(&s, "disable_plaintext_auth") == "no"
    }
    fn offers_tls(&self) -> bool {
        self.layer != Layer::Tls && self.config.scoped(&self.scope(), "ssl") != "no"
    }
    fn mechanisms(&self) -> Vec<String> {
        auth::mechanisms(&self.config)
    }
    fn capability(&self) -> String {
        let mut c = IMAP_PRE.to_owned();
        if self.offers_tls() {
            c.push_str(" STARTTLS");
        }
        if self.plaintext_ok() {
            for m in self.mechanisms() {
                c.push_str(&format!(" AUTH={m}"));
            }
        } else {
            c.push_str(" LOGINDISABLED");
        }
        c
    }
    fn client_as(&self, security: Security) -> Client {
        Client {
            service: self.service().to_owned(),
            user: self.user.clone(),
            method: self.method.clone(),
            rip: self.client,
            lip: self.server,
            mpid: None,
            security,
            session: self.id.clone(),
        }
    }
    fn client_line(&self) -> Client {
        self.client_as(match self.layer {
            Layer::Tls => Security::Tls,
            _ if self.is_local() => Security::Secured,
            _ => Security::Plain,
        })
    }
    fn attempts(&self, now: Time) -> Attempts {
        let since = |t: Time| now.secs() - t.secs();
        if self.failures > 0 {
            Attempts::Failed { count: self.failures, secs: since(self.first_try.unwrap_or(self.opened)) }
        } else if self.disallowed {
            Attempts::Disallowed
        } else if self.unsupported {
            Attempts::Unsupported
        } else {
            Attempts::None { secs: since(self.opened) }
        }
    }
    fn gone(&mut self, host: &mut Host, reason: &str) {
        if !self.closed {
            self.closed = true;
            let attempts = Some(self.attempts(host.now));
            let client = Box::new(self.client_line());
            log(host, self.log_pid, Event::LoginGone { reason: reason.to_owned(), attempts, client });
        }
    }

    /// What the client sees of the server when it shakes hands now; `Err` is OpenSSL's reason at the server.
    pub fn tls_offer(&self) -> Option<TlsPeer> {
        if self.layer == Layer::Expected { tls::context(&self.config).ok() } else { None }
    }
    /// The handshake is done.
    pub fn tls_started(&mut self, host: &mut Host, dv: &mut Dovecot) -> Turn {
        let wrapped = self.opened == host.now || self.pending.is_empty() && !self.asked_tls();
        self.layer = Layer::Tls;
        self.pending.clear();
        if wrapped { self.greet(host, dv) } else { Turn::default() }
    }
    fn asked_tls(&self) -> bool {
        self.method == "\u{0}starttls"
    }
    /// The handshake failed.
    pub fn tls_failed(&mut self, host: &mut Host, why: &str) {
        if !self.closed {
            self.closed = true;
            let text = format!("SSL_accept() failed: {why}");
            let client = Box::new(self.client_as(Security::Handshaking(text.clone())));
            let attempts = Some(self.attempts(host.now));
            log(
                host,
                self.log_pid,
                Event::LoginGone { reason: format!("Connection closed: {text}"), attempts, client },
            );
        }
    }

    /// Bytes from the client.
    pub fn input(&mut self, host: &mut Host, dv: &mut Dovecot, data: &[u8]) -> Turn {
        if self.closed {
            return Turn { close: true, ..Turn::default() };
        }
        if self.layer == Layer::Expected {
            self.tls_failed(host, "error:0A00010B:SSL routines::wrong version number");
            return Turn { close: true, ..Turn::default() };
        }
        self.pending.extend_from_slice(data);
        let mut turn = Turn::default();
        loop {
            let step = match &mut self.stage {
                Stage::Imap(s) => {
                    let rest = std::mem::take(&mut self.pending);
                    let t = s.input(host, &rest);
                    if s.is_over() {
                        self.end(host, dv);
                    }
                    Some(t)
                }
                Stage::Pop3(s) => {
                    let rest = std::mem::take(&mut self.pending);
                    let t = s.input(host, &rest);
                    if s.is_over() {
                        self.end(host, dv);
                    }
                    Some(t)
                }
                Stage::Login => self.login_step(host, dv),
            };
            let Some(t) = step else { break };
            turn.output.extend(t.output);
            turn.delay = turn.delay + t.delay;
            turn.close |= t.close || self.closed;
            if turn.close || !matches!(self.stage, Stage::Login) && self.pending.is_empty() {
                break;
            }
        }
        turn.close |= self.closed;
        turn
    }
    fn end(&mut self, host: &mut Host, dv: &mut Dovecot) {
        self.closed = true;
        if let Some(id) = self.online.take() {
            master::session_end(host, dv, id);
        }
    }
    /// The client went away.
    pub fn hangup(&mut self, host: &mut Host, dv: &mut Dovecot) {
        match &mut self.stage {
            Stage::Login if self.layer == Layer::Expected => {
                if !self.closed {
                    self.closed = true;
                    let client = Box::new(self.client_as(Security::Handshaking("Connection closed".into())));
                    let attempts = Some(self.attempts(host.now));
                    let reason = "Connection closed".to_owned();
                    log(host, self.log_pid, Event::LoginGone { reason, attempts, client });
                }
            }
            Stage::Login => self.gone(host, "Connection closed"),
            Stage::Imap(s) => s.hangup(host),
            Stage::Pop3(s) => s.hangup(host),
        }
        self.end(host, dv);
    }
    /// The session's process got a SIGTERM.
    pub fn killed(&mut self, host: &mut Host, dv: &mut Dovecot, by: u32, uid: u32) {
        let pid = self.online.and_then(|id| dv.sessions.get(&id)).map_or(0, |o| o.pid);
        let service = if self.kind == Kind::Imap { "imap" } else { "pop3" };
        log(host, self.log_pid, Event::Killed { process: format!("{service}({pid})"), pid: by, uid });
        match &mut self.stage {
            Stage::Imap(s) => s.finish(host, "Server shutting down."),
            Stage::Pop3(s) => s.finish(host, "Server shutting down."),
            Stage::Login => {}
        }
        self.end(host, dv);
    }
    /// The number of the logged-in session.
    pub fn online_id(&self) -> Option<u64> {
        self.online
    }

    fn login_step(&mut self, host: &mut Host, dv: &mut Dovecot) -> Option<Turn> {
        let i = self.pending.iter().position(|b| *b == b'\n');
        let Some(i) = i else {
            if self.pending.len() > 16_384 {
                self.pending.clear();
                self.gone(host, "Input buffer full");
                return Some(Turn { close: true, ..Turn::default() });
            }
            return None;
        };
        let line: Vec<u8> = self.pending.drain(..=i).collect();
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        let mut turn = match self.kind {
            Kind::Imap => self.imap_line(host, dv, &line),
            Kind::Pop3 => self.pop3_line(host, dv, &line),
            Kind::Sieve => self.sieve_line(host, &line),
        };
        turn.close |= self.closed;
        turn.delay = turn.delay + Span::micros(300);
        Some(turn)
    }
    fn say(text: impl Into<String>) -> Turn {
        Turn { output: text.into().into_bytes(), ..Turn::default() }
    }
    fn sieve_line(&mut self, host: &mut Host, line: &str) -> Turn {
        match line.split(' ').next().unwrap_or("").to_ascii_uppercase().as_str() {
            "LOGOUT" => {
                self.gone(host, "Aborted login by logging out");
                Self::say("OK \"Logout completed.\"\r\n")
            }
            "CAPABILITY" => Self::say(self.sieve_greeting()),
            "NOOP" => Self::say("OK \"NOOP completed.\"\r\n"),
            _ => Self::say("NO \"Error in MANAGESIEVE command received by server.\"\r\n"),
        }
    }
    fn start_tls(&mut self, host: &mut Host) -> Result<(), Turn> {
        if let Err(reason) = tls::context(&self.config) {
            let client = Box::new(self.client_line());
            log(host, self.log_pid, Event::SslInit { reason, client });
            self.closed = true;
            return Err(Turn { close: true, ..Turn::default() });
        }
        self.layer = Layer::Expected;
        self.method = "\u{0}starttls".into();
        Ok(())
    }
    fn imap_line(&mut self, host: &mut Host, dv: &mut Dovecot, line: &str) -> Turn {
        if let Some(sasl) = self.sasl.take() {
            return self.sasl_line(host, dv, sasl, line);
        }
        if self.asked_tls() {
            self.method.clear();
        }
        let bad = |s: &mut Session, host: &mut Host, tag: &str| {
            s.bad += 1;
            if s.bad >= 3 {
                s.gone(host, "Too many invalid commands");
                return Self::say("* BYE Too many invalid IMAP commands.\r\n");
            }
            Self::say(format!("{tag} BAD Error in IMAP command received by server.\r\n"))
        };
        let mut words = imap::words(line);
        if words.is_empty() {
            return bad(self, host, "*");
        }
        let tag = words.remove(0);
        if words.is_empty() {
            return bad(self, host, &tag);
        }
        let command = words.remove(0).to_ascii_uppercase();
        match command.as_str() {
            "CAPABILITY" => {
                self.asked_capability = true;
                let c = self.capability();
                Self::say(format!(
                    "* CAPABILITY {c}\r\n{tag} OK Pre-login capabilities listed, post-login capabilities have more.\r\n"
                ))
            }
            "NOOP" => Self::say(format!("{tag} OK NOOP completed.\r\n")),
            "ID" => Self::say(format!("* ID (\"name\" \"Dovecot\")\r\n{tag} OK ID completed.\r\n")),
            "LOGOUT" => {
                self.gone(host, "Aborted login by logging out");
                Self::say(format!("* BYE Logging out\r\n{tag} OK Logout completed.\r\n"))
            }
            "STARTTLS" => {
                if self.layer == Layer::Tls {
                    return Self::say(format!("{tag} BAD TLS is already active.\r\n"));
                }
                if !self.offers_tls() {
                    return Self::say(format!("{tag} BAD TLS support isn't enabled.\r\n"));
                }
                match self.start_tls(host) {
                    Err(t) => t,
                    Ok(()) => Self::say(format!("{tag} OK Begin TLS negotiation now.\r\n")),
                }
            }
            "LOGIN" => {
                let [user, password] = &words[..] else { return bad(self, host, &tag) };
                let (user, password) = (user.clone(), password.clone());
                if !self.plaintext_ok() {
                    self.disallowed = true;
                    self.user = user;
                    self.method = "PLAIN".into();
                    return Self::say(format!(
                        "* BAD [ALERT] Plaintext authentication not allowed without SSL/TLS, but your client did it \
                         anyway. If anyone was listening, the password was exposed.\r\n{tag} NO [PRIVACYREQUIRED] \
                         Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n"
                    ));
                }
                self.try_login(host, dv, &tag, "PLAIN", &user, &password)
            }
            "AUTHENTICATE" => {
                let mechanism = words.first().map(|m| m.to_ascii_uppercase()).unwrap_or_default();
                if !self.plaintext_ok() {
                    self.disallowed = true;
                    self.method.clone_from(&mechanism);
                    return Self::say(format!("{tag} NO [PRIVACYREQUIRED] Plaintext authentication disabled.\r\n"));
                }
                if !self.mechanisms().contains(&mechanism) {
                    self.unsupported = true;
                    self.method = mechanism;
                    return Self::say(format!("{tag} NO [ALERT] Unsupported authentication mechanism.\r\n"));
                }
                let sasl = Sasl { tag, mechanism, user: None };
                match words.get(1) {
                    Some(initial) => {
                        let initial = initial.clone();
                        self.sasl_line(host, dv, sasl, &initial)
                    }
                    None => self.sasl_ask(sasl),
                }
            }
            _ => bad(self, host, &tag),
        }
    }
    fn try_login(
        &mut self,
        host: &mut Host,
        dv: &mut Dovecot,
        tag: &str,
        method: &str,
        user: &str,
        password: &str,
    ) -> Turn {
        self.first_try.get_or_insert(host.now);
        self.user = user.to_owned();
        self.method = method.to_owned();
        let answer = auth::attempt(host, dv, user, password, Some(self.client));
        let imap = self.kind == Kind::Imap;
        let name = match answer.verdict {
            Verdict::Ok { user } => user,
            Verdict::Fail => {
                self.failures += 1;
                let text = if imap {
                    format!("{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n")
                } else {
                    "-ERR [AUTH] Authentication failed.\r\n".into()
                };
                return Turn { output: text.into_bytes(), delay: answer.delay, close: false };
            }
            Verdict::Internal | Verdict::Down { .. } => {
                self.failures += 1;
                let now = super::maildir::stamp(host.now);
                let text = if imap {
                    format!("{tag} NO [UNAVAILABLE] Temporary authentication failure. [{}:{now}]\r\n", host.name)
                } else {
                    format!("-ERR [SYS/TEMP] Temporary authentication failure. [{}:{now}]\r\n", host.name)
                };
                return Turn { output: text.into_bytes(), delay: answer.delay, close: false };
            }
        };
        let mut turn = self.start_session(host, dv, tag, &name);
        turn.delay = turn.delay + answer.delay;
        turn
    }
}
