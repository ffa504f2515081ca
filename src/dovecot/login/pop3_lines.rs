//! pop3-login's commands.

use super::{Layer, Sasl, Session};
use crate::dovecot::Dovecot;
use crate::host::Host;
use crate::host::net::Turn;

impl Session {
    pub(super) fn pop3_line(&mut self, host: &mut Host, dv: &mut Dovecot, line: &str) -> Turn {
        if let Some(sasl) = self.sasl.take() {
            return self.sasl_line(host, dv, sasl, line);
        }
        if self.asked_tls() {
            self.method.clear();
        }
        let (verb, arg) = line.split_once(' ').unwrap_or((line, ""));
        let disallowed = "-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.\r\n";
        match verb.to_ascii_uppercase().as_str() {
            "CAPA" => {
                let mut c =
                    String::from("+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\n");
                if self.offers_tls() {
                    c.push_str("STLS\r\n");
                }
                if self.plaintext_ok() {
                    c.push_str(&format!("USER\r\nSASL {}\r\n", self.mechanisms().join(" ")));
                } else {
                    c.push_str("SASL\r\n");
                }
                Self::say(c + ".\r\n")
            }
            "USER" => {
                if !self.plaintext_ok() {
                    self.disallowed = true;
                    self.user = arg.to_owned();
                    self.method = "PLAIN".into();
                    return Self::say(disallowed);
                }
                self.pop_user = Some(arg.to_owned());
                Self::say("+OK\r\n")
            }
            "PASS" => match self.pop_user.take() {
                None => Self::say("-ERR No username given.\r\n"),
                Some(u) => self.try_login(host, dv, "", "PLAIN", &u, arg),
            },
            "AUTH" if arg.is_empty() => Self::say(format!(
                "+OK\r\n{}.\r\n",
                self.mechanisms().iter().map(|m| format!("{m}\r\n")).collect::<String>()
            )),
            "AUTH" => {
                let (m, initial) = arg.split_once(' ').map_or((arg, None), |(m, i)| (m, Some(i.to_owned())));
                let mechanism = m.to_ascii_uppercase();
                if !self.plaintext_ok() {
                    self.disallowed = true;
                    self.method = mechanism;
                    return Self::say("-ERR [AUTH] Plaintext authentication disabled.\r\n");
                }
                if !self.mechanisms().contains(&mechanism) {
                    self.unsupported = true;
                    self.method = mechanism;
                    return Self::say("-ERR [AUTH] Unsupported authentication mechanism.\r\n");
                }
                let sasl = Sasl { tag: String::new(), mechanism, user: None };
                match initial {
                    Some(i) => self.sasl_line(host, dv, sasl, &i),
                    None => self.sasl_ask(sasl),
                }
            }
            "STLS" if self.layer == Layer::Tls => Self::say("-ERR TLS is already active.\r\n"),
            "STLS" if !self.offers_tls() => Self::say("-ERR TLS support isn't enabled.\r\n"),
            "STLS" => match self.start_tls(host) {
                Err(t) => t,
                Ok(()) => Self::say("+OK Begin TLS negotiation now.\r\n"),
            },
            "QUIT" => {
                self.gone(host, "Aborted login by logging out");
                Self::say("+OK Logging out\r\n")
            }
            _ => {
                self.bad += 1;
                if self.bad > 10 {
                    self.gone(host, "Too many invalid bad commands");
                    return Self::say("-ERR Too many invalid bad commands.\r\n");
                }
                Self::say("-ERR Unknown command.\r\n")
            }
        }
    }
}
