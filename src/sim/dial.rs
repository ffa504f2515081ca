//! What Postfix dials: Dovecot's sockets and the outside.

use crate::base::Span;
use crate::dovecot::Dovecot;
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
        _h: &mut Host,
        _from: Option<IpAddr>,
        _to: &Endpoint,
    ) -> Result<Box<dyn Peer>, (Errno, Span)> {
        let _ = (&self.dovecot, &self.internet);
        Err((Errno::ConnRefused, Span::ZERO))
    }
    fn sasl(&mut self, _host: &mut Host, _path: &str, _ask: &SaslAsk) -> Result<SaslAnswer, Errno> {
        Err(Errno::ConnRefused)
    }
    fn sasl_mechanisms(&mut self, _host: &mut Host, _path: &str) -> Result<Vec<String>, Errno> {
        Err(Errno::ConnRefused)
    }
    fn policy(&mut self, _host: &mut Host, _to: &Endpoint, _request: &[(String, String)]) -> Result<String, Errno> {
        Err(Errno::ConnRefused)
    }
}
