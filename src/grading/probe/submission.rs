//! `submission`: a user sends by port 587 with STARTTLS and a password.

use super::dialogue::{Dialogue, address, helo};
use super::{Found, Setting, relayed};
use crate::lab::values::Machine;
use crate::sim::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub fn ask(
    w: &mut World,
    setting: &Setting<'_>,
    client: &Machine,
    user: &str,
    password: Option<&str>,
    to: &str,
) -> Found {
    let (ip, name) = (address(w, client), helo(w, client));
    let logged = w.host.logged();
    let mut d = match Dialogue::open(w, ip, 587) {
        Ok(d) => d,
        Err(e) => return Found::new(false, e),
    };
    let said = match send(&mut d, setting, &name, user, password, to) {
        Ok(said) => said,
        Err(said) => {
            d.close();
            return Found::new(false, said);
        }
    };
    d.close();
    relayed::went_out(w, logged, to, said)
}

/// The dialogue up to the accepted message; the last line either way.
fn send(
    d: &mut Dialogue<'_>,
    setting: &Setting<'_>,
    name: &str,
    user: &str,
    password: Option<&str>,
    to: &str,
) -> Result<String, String> {
    d.say(&format!("EHLO {name}"));
    if d.last.contains("STARTTLS") {
        if d.say("STARTTLS") != Some(220) {
            return Err(d.line());
        }
        d.tls()?;
        d.say(&format!("EHLO {name}"));
    }
    let password = password.map_or_else(|| format!("clave-{user}"), str::to_owned);
    let secret = STANDARD.encode(format!("\0{user}\0{password}"));
    if d.say(&format!("AUTH PLAIN {secret}")) != Some(235) {
        return Err(d.line());
    }
    let sender = format!("{user}@ejemplo.com");
    for (line, right) in [(format!("MAIL FROM:<{sender}>"), 250), (format!("RCPT TO:<{to}>"), 250)] {
        if d.say(&line) != Some(right) {
            return Err(d.line());
        }
    }
    if d.message(&sender, to, setting.token, 0) == Some(250) { Ok(d.line()) } else { Err(d.line()) }
}
