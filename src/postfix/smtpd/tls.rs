//! STARTTLS and wrapper mode: when TLS is offered, the handshake, what the log and Received: say of it.
//!
//! Left out: client certificates.

use super::tally::Command;
use super::token::Token;
use super::{Mode, Session};
use crate::host::Host;
use crate::host::net::TlsPeer;
use crate::log::openssl::Openssl;
use crate::log::smtpd::{Ended, Rate};
use crate::log::tls::{Refusal, Tls};
use crate::postfix::Ctx;
use crate::postfix::config::Config;
use crate::postfix::master::Proc;
use crate::postfix::params::param;
use crate::postfix::restriction::TlsState;
use crate::postfix::restriction::state::ErrorClass;
use crate::postfix::{tls_files, tlsmgr};

/// The session that OpenSSL 3.0 negotiates with a client of our days.
const PROTOCOL: &str = "TLSv1.3";
const CIPHER: &str = "TLS_AES_256_GCM_SHA384";
/// Of so many bytes is what stands before a record: OpenSSL waits for them (RFC 8446, 5.1).
const RECORD_HEADER: usize = 5;

/// The level, from `smtpd_tls_security_level` or the older parameters.
fn level(conf: &Config) -> &'static str {
    let level = conf.value(param!("smtpd_tls_security_level"));
    let is = |word: &str| level.eq_ignore_ascii_case(word);
    if is("none") {
        "none"
    } else if is("may") {
        "may"
    } else if ["encrypt", "verify", "secure", "dane", "fingerprint"].into_iter().any(is)
        || conf.bool(param!("smtpd_enforce_tls"))
    {
        "encrypt"
    } else if conf.bool(param!("smtpd_use_tls")) {
        "may"
    } else {
        "none"
    }
}

/// Whether a process of that configuration speaks TLS.
pub(super) fn is_on(conf: &Config) -> bool {
    level(conf) != "none"
}

/// What is wrong with the certificate and key files: the events of loading them. Empty: they work.
fn faults(host: &Host, conf: &Config) -> Vec<Tls> {
    let (cert, key) = (conf.get(param!("smtpd_tls_cert_file")), conf.get(param!("smtpd_tls_key_file")));
    if cert.is_empty() && conf.is_empty(param!("smtpd_tls_chain_files")) {
        return vec![Tls::Other { text: "warning: No server certs available. TLS won't be enabled".into() }];
    }
    tls_files::pair(host, &cert, &key)
}

/// A process loads its certificate when it starts, and says what it could not.
pub(super) fn load(ctx: &mut Ctx<'_>, proc: &Proc) {
    if level(&proc.conf) == "none" {
        return;
    }
    if tlsmgr::is_missing(ctx) {
        for (_, event) in tlsmgr::refused() {
            proc.log(ctx.host, event);
        }
        return;
    }
    for event in faults(ctx.host, &proc.conf) {
        proc.log(ctx.host, event);
    }
}

impl Session {
    /// The level, from `smtpd_tls_security_level` or the older parameters.
    fn tls_level(&self) -> &'static str {
        level(&self.proc.conf)
    }
    pub(super) fn tls_offered(&self) -> bool {
        self.alone.is_none() && self.tls_level() != "none"
    }
    pub(super) fn tls_enforced(&self) -> bool {
        self.alone.is_none() && self.tls_level() == "encrypt"
    }

    /// The certificate chain that the server shows; `None` when it has none that works.
    fn chain(&self, ctx: &Ctx<'_>) -> Option<String> {
        let cert = self.proc.conf.get(param!("smtpd_tls_cert_file"));
        if cert.is_empty() || cert == "none" || tlsmgr::is_missing(ctx) || !faults(ctx.host, &self.proc.conf).is_empty()
        {
            return None;
        }
        ctx.host.fs.read_text(&cert).filter(|t| t.contains("-----BEGIN CERTIFICATE-----"))
    }

    pub(super) fn starttls(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if words.len() != 1 {
            return self.refuse(ctx, "501 5.5.4 Syntax: STARTTLS");
        }
        if self.state.tls.is_some() {
            return self.refuse(ctx, "554 5.5.1 Error: TLS already active");
        }
        if !self.tls_offered() || self.ehlo_mask.iter().any(|m| m == "starttls") {
            return self.refuse(ctx, "502 5.5.1 Error: command not implemented");
        }
        if self.chain(ctx).is_none() {
            self.state.note(ErrorClass::Software);
            self.reply(ctx, "454 4.7.0 TLS not available due to local problem");
            return false;
        }
        if self.over_rate(ctx, Rate::NewTls, "smtpd_client_new_tls_session_rate_limit") {
            let text = format!("454 4.7.0 Error: too many new TLS sessions from {}", self.state.addr);
            self.state.note(ErrorClass::Policy);
            self.reply(ctx, &text);
            return false;
        }
        self.reply(ctx, "220 2.0.0 Ready to start TLS");
        self.input.clear();
        self.mode = Mode::Handshake;
        true
    }

    /// What the client sees of the server when it shakes hands now; `None` when the server does not expect it.
    pub fn tls_offer(&self, ctx: &Ctx<'_>) -> Option<TlsPeer> {
        if self.mode != Mode::Handshake {
            return None;
        }
        let chain = self.chain(ctx)?;
        Some(TlsPeer { protocol: PROTOCOL.into(), cipher: CIPHER.into(), chain })
    }

    /// The TLS handshake after STARTTLS (or at once on a wrapped port) is done.
    pub fn tls_started(&mut self, ctx: &mut Ctx<'_>) -> crate::host::net::Turn {
        if self.mode != Mode::Handshake {
            return self.turn(ctx);
        }
        self.mode = Mode::Command;
        self.state.tls =
            Some(TlsState { protocol: PROTOCOL.into(), cipher: CIPHER.into(), bits: 256, ..TlsState::default() });
        self.state.encryption_keysize = "256".into();
        if self.int(param!("smtpd_tls_loglevel")) >= 1 {
            let event = Tls::Established {
                trust: "Anonymous".into(),
                server: false,
                peer: self.state.namaddr(),
                detail: summary(),
            };
            self.proc.log(ctx.host, event);
        }
        let was_open = !self.out.is_empty();
        let wrapped = self.flag(param!("smtpd_tls_wrappermode"));
        self.input.clear();
        // The client starts anew: nothing that it said in the clear counts.
        self.state.helo = None;
        self.reset_mail(ctx);
        if self.activate_sasl(ctx) && wrapped && !was_open {
            self.banner(ctx);
        }
        self.turn(ctx)
    }

    /// The handshake failed on the client's side.
    pub fn tls_failed(&mut self, ctx: &mut Ctx<'_>) {
        self.refuse_handshake(ctx, Refusal::Library, Vec::new());
    }

    /// What a client says that does not know that it is to speak TLS now.
    pub(super) fn take_plain(&mut self, ctx: &mut Ctx<'_>) {
        if self.input.len() >= RECORD_HEADER
            && let Some(why) = Openssl::of_record(&self.input)
        {
            self.refuse_handshake(ctx, Refusal::Library, why.warnings());
        }
    }

    /// There will be no handshake: the session is over.
    pub(super) fn refuse_handshake(&mut self, ctx: &mut Ctx<'_>, how: Refusal, lines: Vec<Tls>) {
        let peer = self.state.namaddr();
        self.proc.log(ctx.host, Tls::AcceptError { peer, how });
        for line in lines {
            self.proc.log(ctx.host, line);
        }
        if self.state.stage == Command::Starttls.name() {
            self.tally.failed(Command::Starttls);
        }
        self.mode = Mode::Command;
        self.finish(ctx, Some(Ended::Lost));
    }

    /// The lines of Received: about TLS.
    pub(super) fn received_tls(&self) -> String {
        if self.state.tls.is_none() || !self.flag(param!("smtpd_tls_received_header")) {
            return String::new();
        }
        format!(
            "\t(using {PROTOCOL} with cipher {CIPHER} (256/256 bits)\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\n\t(No client certificate requested)\n"
        )
    }
}

/// `TLSv1.3 with cipher … (256/256 bits) key-exchange …`.
fn summary() -> String {
    format!(
        "{PROTOCOL} with cipher {CIPHER} (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256"
    )
}
