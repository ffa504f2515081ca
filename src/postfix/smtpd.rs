//! smtpd(8): one SMTP server session.

use super::Ctx;
use crate::host::net::Turn;
use std::net::IpAddr;

/// A connected client and what it has said so far.
#[derive(Clone, Debug)]
pub struct Session {
    pub client: IpAddr,
}

impl Session {
    /// Accepts a connection for the service `service` of master.cf (`smtp/inet`). `Err`: no process could be had and
    /// the kernel keeps the connection without a banner.
    pub fn open(_ctx: &mut Ctx<'_>, _service: &str, _client: IpAddr, _server: IpAddr) -> Option<(Session, Turn)> {
        None
    }
    /// Bytes from the client.
    pub fn input(&mut self, _ctx: &mut Ctx<'_>, _data: &[u8]) -> Turn {
        Turn::default()
    }
    /// The TLS handshake after STARTTLS (or at once on a wrapped port) is done.
    pub fn tls_started(&mut self, _ctx: &mut Ctx<'_>) {}
    /// The client went away without QUIT.
    pub fn hangup(&mut self, _ctx: &mut Ctx<'_>) {}
}
