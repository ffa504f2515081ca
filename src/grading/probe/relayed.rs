//! `relayed`: mail of a trusted machine goes out to somebody else's server.

use super::dialogue::{Dialogue, address, helo};
use super::{Found, Setting};
use crate::base::Span;
use crate::lab::values::Machine;
use crate::log::Message;
use crate::sim::World;

pub fn ask(w: &mut World, setting: &Setting<'_>, client: &Machine, sender: &str, to: &str) -> Found {
    let (ip, name) = (address(w, client), helo(w, client));
    let logged = w.host.logged();
    let mut d = match Dialogue::open(w, ip, 25) {
        Ok(d) => d,
        Err(e) => return Found::new(false, e),
    };
    let mut code = d.envelope(&name, sender, &[to]);
    if code == Some(250) {
        code = d.message(sender, to, setting.token, 0);
    }
    let said = d.line();
    d.close();
    if code != Some(250) {
        return Found::new(false, said);
    }
    went_out(w, logged, to, said)
}

/// Whether a delivery to `to` was made from the `logged`th record on, given ten minutes.
pub fn went_out(w: &mut World, logged: usize, to: &str, said: String) -> Found {
    w.pass(Span::mins(10));
    let sent = w.host.since(logged).any(|r| {
        let f = r.event.fields();
        let has = |n: &str, v: &str| f.iter().any(|(a, b)| *a == n && b.eq_ignore_ascii_case(v));
        has("to", to) && has("status", "sent")
    });
    Found::new(sent, said)
}
