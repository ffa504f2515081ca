//! AUTH: PLAIN and LOGIN against the SASL server's socket (Dovecot's).

use super::token::Token;
use super::{Mode, Session};
use crate::host::net::{SaslAnswer, SaslAsk};
use crate::log::smtpd::{Fatal, Rate, Smtpd};
use crate::postfix::Ctx;
use crate::postfix::live::Live;
use crate::postfix::lookups::{Lookups, Who};
use crate::postfix::params::param;
use crate::postfix::restriction::safety;
use crate::postfix::restriction::state::ErrorClass;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Where a SASL conversation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Plain,
    LoginUser,
    LoginPassword(String),
}

fn encode(text: &str) -> String {
    STANDARD.encode(text)
}

impl Session {
    /// The path of the SASL server's socket, from the queue directory.
    fn sasl_path(&self) -> String {
        let path = self.proc.conf.get(param!("smtpd_sasl_path"));
        if path.starts_with('/') { path } else { format!("/var/spool/postfix/{path}") }
    }

    fn is_sasl_exempt(&self, ctx: &mut Ctx<'_>) -> bool {
        let mut live = Live { ctx, proc: &self.proc };
        !live.param("smtpd_sasl_exceptions_networks").is_empty()
            && live.matches("smtpd_sasl_exceptions_networks", Who::Host(&self.state.name, &self.state.addr)) == Ok(true)
    }

    /// Asks the SASL server for its mechanisms where this session may use them. `false`: the process ended over it.
    pub(super) fn activate_sasl(&mut self, ctx: &mut Ctx<'_>) -> bool {
        self.sasl_active = false;
        if !self.flag(param!("smtpd_sasl_auth_enable")) {
            return true;
        }
        if self.flag(param!("smtpd_tls_auth_only")) && self.state.tls.is_none() {
            return true;
        }
        if self.is_sasl_exempt(ctx) {
            return true;
        }
        let path = self.sasl_path();
        let shown = self.proc.conf.get(param!("smtpd_sasl_path"));
        match ctx.dial.sasl_mechanisms(ctx.host, &path) {
            Ok(list) if !self.filtered(list.clone()).is_empty() => {
                self.sasl_active = true;
                true
            }
            other => {
                if let Err(e) = other {
                    self.log(ctx, Smtpd::SaslSocket { path: shown, reason: e.to_string() });
                }
                self.die(ctx, Fatal::NoMechanisms);
                false
            }
        }
    }

    /// Mechanisms that `smtpd_sasl_security_options` and `smtpd_sasl_mechanism_filter` leave.
    fn filtered(&self, list: Vec<String>) -> Vec<String> {
        let options =
            if self.state.tls.is_some() { "smtpd_sasl_tls_security_options" } else { "smtpd_sasl_security_options" };
        let no_plain =
            safety::split(&self.proc.conf.get(options)).iter().any(|o| o.eq_ignore_ascii_case("noplaintext"));
        let filter = safety::split(&self.proc.conf.get(param!("smtpd_sasl_mechanism_filter")));
        list.into_iter()
            .filter(|m| !(no_plain && (m == "PLAIN" || m == "LOGIN")))
            .filter(|m| {
                let hit = filter.iter().find(|f| {
                    let f = f.trim_start_matches('!');
                    f.starts_with("static:") || f.eq_ignore_ascii_case(m)
                });
                hit.is_some_and(|f| !f.starts_with('!'))
            })
            .collect()
    }

    /// What EHLO offers after `AUTH`.
    pub(super) fn offered_mechanisms(&self, ctx: &mut Ctx<'_>) -> Option<String> {
        if !self.sasl_active {
            return None;
        }
        let path = self.sasl_path();
        let list = ctx.dial.sasl_mechanisms(ctx.host, &path).ok()?;
        let list = self.filtered(list);
        (!list.is_empty()).then(|| list.join(" "))
    }

    pub(super) fn auth(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if self.over_rate(ctx, Rate::Auth, "smtpd_client_auth_rate_limit") {
            let text = format!("450 4.7.1 Error: too many AUTH commands from {}", self.state.addr);
            self.state.note(ErrorClass::Policy);
            self.reply(ctx, &text);
            return false;
        }
        if self.flag(param!("smtpd_helo_required")) && self.state.helo.is_none() {
            return self.refuse(ctx, "503 5.5.1 Error: send HELO/EHLO first");
        }
        if !self.sasl_active || self.ehlo_mask.iter().any(|m| m == "auth") {
            return self.refuse(ctx, "503 5.5.1 Error: authentication not enabled");
        }
        if self.state.sender.is_some() {
            return self.refuse(ctx, "503 5.5.1 Error: MAIL transaction in progress");
        }
        if !self.state.sasl_username.is_empty() {
            return self.refuse(ctx, "503 5.5.1 Error: already authenticated");
        }
        if words.len() < 2 || words.len() > 3 {
            return self.refuse(ctx, "501 5.5.4 Syntax: AUTH mechanism");
        }
        let mechanism = words[1].text.to_ascii_uppercase();
        let offered = self.offered_mechanisms(ctx).unwrap_or_default();
        if !offered.split(' ').any(|m| m == mechanism) {
            return self.auth_failed(ctx, words[1].text, "Invalid authentication mechanism", "");
        }
        let initial = words.get(2).map(|w| w.text.to_owned());
        let step = if mechanism == "LOGIN" { Step::LoginUser } else { Step::Plain };
        words[1].text.clone_into(&mut self.state.sasl_method);
        match initial {
            None if step == Step::Plain => self.challenge(ctx, "", step),
            None => self.challenge(ctx, "Username:", step),
            Some(text) => {
                let text = if text == "=" { String::new() } else { text };
                if let Some(data) = decode(&text) {
                    return self.sasl_step(ctx, step, &data);
                }
                let m = self.state.sasl_method.clone();
                self.auth_failed(ctx, &m, "Invalid base64 data in initial response", "(unavailable)")
            }
        }
    }

    fn challenge(&mut self, ctx: &mut Ctx<'_>, text: &str, step: Step) -> bool {
        self.reply(ctx, &format!("334 {}", encode(text)));
        self.mode = Mode::Auth(step);
        true
    }

    /// A line after a challenge. The tally counted the command as a success already.
    pub(super) fn auth_response(&mut self, ctx: &mut Ctx<'_>, step: Step, line: &[u8]) {
        self.mode = Mode::Command;
        self.remember("In:  ", "(SASL response)");
        let text = String::from_utf8_lossy(line).trim().to_owned();
        let ok = if text == "*" {
            let (client, mechanism) = (self.state.namaddr(), std::mem::take(&mut self.state.sasl_method));
            self.log(ctx, Smtpd::AuthAborted { client, mechanism });
            self.reply(ctx, "501 5.7.0 Authentication aborted");
            false
        } else if let Some(data) = decode(&text) {
            self.sasl_step(ctx, step, &data)
        } else {
            let m = self.state.sasl_method.clone();
            self.auth_failed(ctx, &m, "Invalid base64 data in continued response", "(unavailable)")
        };
        if !ok {
            self.tally.failed(super::tally::Command::Auth);
            self.errors += 1;
        }
        self.after_command(ctx);
    }

    fn sasl_step(&mut self, ctx: &mut Ctx<'_>, step: Step, data: &[u8]) -> bool {
        let text = String::from_utf8_lossy(data).into_owned();
        match step {
            Step::Plain => {
                let mut f = text.splitn(3, '\0').skip(1);
                let (user, password) = (f.next().unwrap_or_default(), f.next().unwrap_or_default());
                self.attempt(ctx, user, password)
            }
            Step::LoginUser => self.challenge(ctx, "Password:", Step::LoginPassword(text)),
            Step::LoginPassword(user) => self.attempt(ctx, &user, &text),
        }
    }

    fn attempt(&mut self, ctx: &mut Ctx<'_>, user: &str, password: &str) -> bool {
        let mechanism = self.state.sasl_method.clone();
        let ask = SaslAsk {
            service: self.proc.conf.get(param!("smtpd_sasl_service")),
            mechanism: mechanism.to_ascii_uppercase(),
            user: user.to_owned(),
            password: password.to_owned(),
            remote: self.client,
            local: self.server,
            tls: self.state.tls.is_some(),
        };
        let path = self.sasl_path();
        match ctx.dial.sasl(ctx.host, &path, &ask) {
            Ok(SaslAnswer::Ok { user }) => {
                self.state.sasl_username = user;
                self.reply(ctx, "235 2.7.0 Authentication successful");
                true
            }
            Ok(SaslAnswer::Fail { reason, temporary, delay }) => {
                self.delay = self.delay + delay;
                if temporary {
                    let client = self.state.namaddr();
                    let event = Smtpd::AuthFailed { client, mechanism, reason: reason.clone(), username: user.into() };
                    self.log(ctx, event);
                    self.state.sasl_method.clear();
                    self.reply(ctx, &format!("454 4.7.0 Temporary authentication failure: {reason}"));
                    return false;
                }
                let reason = if reason.is_empty() { "(reason unavailable)".to_owned() } else { reason };
                let user = user.to_owned();
                self.auth_failed(ctx, &mechanism, &reason, &user)
            }
            Err(_) => {
                self.state.sasl_method.clear();
                let client = self.state.namaddr();
                let reason = "Connection lost to authentication server".to_owned();
                self.log(ctx, Smtpd::AuthFailed { client, mechanism, reason: reason.clone(), username: user.into() });
                self.reply(ctx, &format!("454 4.7.0 Temporary authentication failure: {reason}"));
                false
            }
        }
    }

    fn auth_failed(&mut self, ctx: &mut Ctx<'_>, mechanism: &str, reason: &str, user: &str) -> bool {
        // The library remembers the user of an earlier attempt.
        let username = if user.is_empty() { self.last_user.clone() } else { user.to_owned() };
        if !user.is_empty() && user != "(unavailable)" {
            user.clone_into(&mut self.last_user);
        }
        let username = if username.is_empty() { "(unavailable)".to_owned() } else { username };
        let client = self.state.namaddr();
        let event = Smtpd::AuthFailed { client, mechanism: mechanism.into(), reason: reason.into(), username };
        self.log(ctx, event);
        self.state.sasl_method.clear();
        self.reply(ctx, &format!("535 5.7.8 Error: authentication failed: {reason}"));
        false
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.as_bytes()).ok()
}
