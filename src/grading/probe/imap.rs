//! `imap`: a user reads mail by IMAP on port 993.

use super::Found;
use super::dialogue::{Dialogue, address};
use crate::lab::values::Machine;
use crate::sim::World;

pub fn ask(w: &mut World, client: &Machine, user: &str, password: Option<&str>) -> Found {
    let ip = address(w, client);
    let mut d = match Dialogue::open_tls(w, ip, 993) {
        Ok(d) => d,
        Err(e) => return Found::new(false, e),
    };
    let password = password.map_or_else(|| format!("clave-{user}"), str::to_owned);
    d.say(&format!("a1 LOGIN {user} {password}"));
    let mut ok = d.last.contains("a1 OK");
    let mut said = d.line();
    if ok {
        d.say("a2 SELECT INBOX");
        ok = d.last.contains("a2 OK");
        said = d.line();
    }
    d.say("a3 LOGOUT");
    d.close();
    Found::new(ok, said)
}
