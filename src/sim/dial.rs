//! What Postfix dials: Dovecot's sockets and the outside.

use crate::base::Span;
use crate::dovecot::{self, Dovecot};
use crate::host::Host;
use crate::host::errno::Errno;
use crate::host::net::{Dialer, Endpoint, Peer, SaslAnswer, SaslAsk};
use crate::internet::Internet;
use std::net::IpAddr;

/// The parts of the world that Postfix does not know.
pub(super) struct Dial<'a> {
    pub dovecot: &'a mut Dovecot,
    pub internet: &'a mut Internet,
}

impl Dialer for Dial<'_> {
    fn connect(
        &mut self,
        host: &mut Host,
        _from: Option<IpAddr>,
        to: &Endpoint,
    ) -> Result<Box<dyn Peer>, (Errno, Span)> {
        let _ = &self.internet;
        match to {
            Endpoint::Unix(path) => dovecot::dial::connect(host, self.dovecot, path).map_err(|e| (e, Span::ZERO)),
            Endpoint::Inet(..) => Err((Errno::ConnRefused, Span::ZERO)),
        }
    }
    fn sasl(&mut self, host: &mut Host, path: &str, ask: &SaslAsk) -> Result<SaslAnswer, Errno> {
        dovecot::dial::sasl(host, self.dovecot, path, ask)
    }
    fn sasl_mechanisms(&mut self, host: &mut Host, path: &str) -> Result<Vec<String>, Errno> {
        dovecot::dial::mechanisms(host, self.dovecot, path)
    }
    fn policy(&mut self, _host: &mut Host, _to: &Endpoint, _request: &[(String, String)]) -> Result<String, Errno> {
        Err(Errno::ConnRefused)
    }
}
