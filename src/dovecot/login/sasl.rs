//! The SASL exchange of a login: PLAIN and LOGIN.

use super::{Kind, Sasl, Session};
use crate::dovecot::Dovecot;
use crate::host::Host;
use crate::host::net::Turn;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

impl Session {
    pub(super) fn sasl_ask(&mut self, sasl: Sasl) -> Turn {
        let prompt = match (sasl.mechanism.as_str(), &sasl.user) {
            ("LOGIN", None) => STANDARD.encode("Username:"),
            ("LOGIN", Some(_)) => STANDARD.encode("Password:"),
            _ => String::new(),
        };
        self.sasl = Some(sasl);
        Self::say(format!("+ {prompt}\r\n"))
    }
    pub(super) fn sasl_line(&mut self, host: &mut Host, dv: &mut Dovecot, mut sasl: Sasl, line: &str) -> Turn {
        let reply = |tag: &str, imap: &str, pop: &str, kind: Kind| match kind {
            Kind::Imap => Self::say(format!("{tag} {imap}\r\n")),
            _ => Self::say(format!("-ERR {pop}\r\n")),
        };
        if line == "*" {
            self.failures += 1;
            self.first_try.get_or_insert(host.now);
            return reply(
                &sasl.tag,
                "BAD Authentication aborted by client.",
                "Authentication aborted by client.",
                self.kind,
            );
        }
        let Ok(data) = STANDARD.decode(line.trim()) else {
            self.failures += 1;
            self.first_try.get_or_insert(host.now);
            return reply(
                &sasl.tag,
                "BAD Invalid base64 data in initial response",
                "Invalid base64 data in continued response",
                self.kind,
            );
        };
        if sasl.mechanism == "PLAIN" {
            let parts: Vec<String> = data.split(|b| *b == 0).map(|p| String::from_utf8_lossy(p).into_owned()).collect();
            let [_, user, password] = &parts[..] else {
                self.failures += 1;
                self.first_try.get_or_insert(host.now);
                return reply(
                    &sasl.tag,
                    "NO [AUTHENTICATIONFAILED] Authentication failed.",
                    "[AUTH] Authentication failed.",
                    self.kind,
                );
            };
            return self.try_login(host, dv, &sasl.tag, "PLAIN", user, password);
        }
        let text = String::from_utf8_lossy(&data).into_owned();
        match sasl.user.take() {
            None => {
                sasl.user = Some(text);
                self.sasl_ask(sasl)
            }
            Some(user) => {
                let tag = sasl.tag.clone();
                self.try_login(host, dv, &tag, "LOGIN", &user, &text)
            }
        }
    }
}
