//! Remote mail servers as data: who listens where, and how each answers. Labs override them.

use crate::base::Span;
use imbl::OrdMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// What a server does with a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Normal,
    /// Greets with this reply (421, 554 …) and goes away.
    Greets(String),
    /// Nothing listens: refused at once.
    Closed,
    /// Packets get lost: connecting times out.
    BlackHole,
    /// Connects and says nothing.
    Mute,
    /// Hangs up when it hears this command (`CONNECT`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `.`).
    DropsAt(String),
    /// Says nothing more once it hears this command.
    MuteAt(String),
}

/// TLS as a server offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// PEM text, leaf first. A text that is not PEM stands for a self-signed certificate of that name.
    pub chain: String,
    pub protocol: String,
    pub cipher: String,
    /// The handshake fails with this reason.
    pub fails: Option<String>,
}

impl Tls {
    /// A self-signed certificate of that name.
    pub fn self_signed(name: &str) -> Tls {
        Tls {
            chain: name.to_owned(),
            protocol: "TLSv1.3".into(),
            cipher: "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) \
                     server-digest SHA256"
                .into(),
            fails: None,
        }
    }
}

/// One remote server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub name: String,
    pub mode: Mode,
    /// The greeting, without its code; `NAME ESMTP Postfix` if not given.
    pub banner: Option<String>,
    /// Replies to RCPT by local part or whole address; `{a}` stands for the address.
    pub rcpt: Vec<(String, String)>,
    /// Replies to the end of DATA by local part of any recipient.
    pub data: Vec<(String, String)>,
    /// The reply to every MAIL FROM.
    pub mail: Option<String>,
    /// Replies to commands by verb (`EHLO`, `MAIL`, `DATA`, `.` …), instead of what it would say; after a 421 it hangs up.
    pub replies: Vec<(String, String)>,
    /// The largest message that it announces.
    pub size: u64,
    pub tls: Option<Tls>,
    /// Users and passwords, if it wants a login.
    pub logins: Vec<(String, String)>,
    /// The SASL mechanisms that it offers.
    pub mechanisms: String,
    /// Without a login: `530 5.7.0 Authentication required` at MAIL.
    pub login_needed: bool,
    /// EHLO keywords beside the usual ones.
    pub keywords: Vec<String>,
    /// How long each answer takes.
    pub delay: Span,
}

/// What the reference world's servers answer to RCPT, by local part.
const RCPT: [(&str, &str); 8] = [
    ("noexiste", "550 5.1.1 <{a}>: Recipient address rejected: User unknown in local recipient table"),
    ("lleno", "452 4.2.2 Mailbox full"),
    ("lleno552", "552 5.2.2 Mailbox full"),
    ("gris", "450 4.2.0 <{a}>: Recipient address rejected: Greylisted, try again later"),
    ("relay", "554 5.7.1 <{a}>: Relay access denied"),
    ("interno", "451 4.3.0 Internal server error"),
    ("demasiados", "452 4.5.3 Error: too many recipients"),
    ("bloqueado", "550 5.7.1 Service unavailable; client [192.0.2.10] blocked using zen.rbl.example"),
];
/// And to the end of DATA.
const DATA: [(&str, &str); 4] = [
    ("spam", "554 5.7.1 Message rejected as spam by Content Filtering."),
    ("disco", "452 4.3.1 Insufficient system storage"),
    ("local451", "451 4.3.0 Error: queue file write error"),
    ("grande", "552 5.3.4 Message size exceeds fixed limit"),
];

impl Server {
    /// A server that takes mail, but for the recipients that the reference world refuses.
    pub fn new(name: &str) -> Server {
        let own = |l: &[(&str, &str)]| l.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Server {
            name: name.to_owned(),
            mode: Mode::Normal,
            banner: None,
            rcpt: own(&RCPT),
            data: own(&DATA),
            mail: None,
            replies: Vec::new(),
            size: 10_240_000,
            tls: None,
            logins: Vec::new(),
            mechanisms: "PLAIN LOGIN".into(),
            login_needed: false,
            keywords: Vec::new(),
            delay: Span::ZERO,
        }
    }
    /// The same in another mode.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Server {
        self.mode = mode;
        self
    }
}

/// All remote servers by address and port.
#[derive(Clone, Debug, Default)]
pub struct Servers {
    map: OrdMap<(IpAddr, u16), Arc<Server>>,
}

/// What a connection attempt to an outside address meets.
#[derive(Clone, Debug)]
pub enum Meets {
    Server(Arc<Server>),
    Refused,
    Nothing,
}

impl Servers {
    pub fn set(&mut self, ip: IpAddr, port: u16, server: Server) {
        self.map.insert((ip, port), Arc::new(server));
    }
    pub fn get(&self, ip: IpAddr, port: u16) -> Option<&Server> {
        self.map.get(&(ip, port)).map(Arc::as_ref)
    }
    /// Changes every server of that name, or at that address; `false` when there is none.
    pub fn change(&mut self, who: &str, mut f: impl FnMut(&mut Server)) -> bool {
        let mut any = false;
        let keys: Vec<_> =
            self.map.iter().filter(|((ip, _), s)| s.name == who || ip.to_string() == who).map(|(k, _)| *k).collect();
        for k in keys {
            if let Some(s) = self.map.get_mut(&k) {
                f(Arc::make_mut(s));
                any = true;
            }
        }
        any
    }
    /// Who answers at an address: a host that is there refuses on its other ports; where nobody is, nothing comes back.
    pub fn meet(&self, ip: IpAddr, port: u16) -> Meets {
        match self.map.get(&(ip, port)) {
            Some(s) if s.mode == Mode::Closed => Meets::Refused,
            Some(s) if s.mode == Mode::BlackHole => Meets::Nothing,
            Some(s) => Meets::Server(s.clone()),
            None => {
                let mut here = self.map.iter().filter(|((i, _), _)| *i == ip);
                let black = |s: &Arc<Server>| s.mode == Mode::BlackHole;
                if here.clone().any(|(_, s)| black(s)) || here.next().is_none() {
                    Meets::Nothing
                } else {
                    Meets::Refused
                }
            }
        }
    }
    /// The servers of the reference world.
    pub fn standard() -> Servers {
        let mut all = Servers::default();
        let v4 = |a, b, c, d| IpAddr::V4(Ipv4Addr::new(a, b, c, d));
        let mut set = |ip, s: Server| all.set(ip, 25, s);
        set(v4(198, 51, 100, 50), Server::new("mail.destino.com"));
        let busy = "421 4.3.2 mx.grey421.example Service not available, try again later";
        set(v4(198, 51, 100, 51), Server::new("mx.grey421.example").mode(Mode::Greets(busy.into())));
        let closed = "554 mx.cerrado554.example ESMTP not accepting messages";
        set(v4(198, 51, 100, 52), Server::new("mx.cerrado554.example").mode(Mode::Greets(closed.into())));
        let mut tls = Server::new("mx.tls-autofirmado.example");
        tls.tls = Some(Tls::self_signed("mx.tls-autofirmado.example"));
        set(v4(198, 51, 100, 53), tls);
        set(v4(198, 51, 100, 54), Server::new("mx.corta.example").mode(Mode::DropsAt("DATA".into())));
        set(v4(198, 51, 100, 60), Server::new("mx.rechaza.example").mode(Mode::Closed));
        set(v4(198, 51, 100, 99), Server::new("mx.lento.example").mode(Mode::BlackHole));
        set(v4(203, 0, 113, 25), Server::new("mail.origen.com"));
        set(v4(203, 0, 113, 66), Server::new("mx.spam.example"));
        // Machines of people: there, and without a mail server.
        for ip in [v4(192, 0, 2, 50), v4(192, 0, 2, 51), v4(192, 0, 2, 66), v4(192, 168, 1, 50), v4(203, 0, 113, 7)] {
            set(ip, Server::new("").mode(Mode::Closed));
        }
        all
    }
}
