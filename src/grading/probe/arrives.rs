//! `arrives`: a new message is accepted and ends in the inbox of each user named.

use super::dialogue::{Dialogue, address, helo};
use super::{Found, Setting};
use crate::base::{Span, Time};
use crate::grading::mailbox;
use crate::lab::values::Machine;
use crate::sim::World;

/// How long a delivery may take, retries included.
const PATIENCE: Span = Span::mins(10);

pub fn ask(
    w: &mut World,
    setting: &Setting<'_>,
    client: &Machine,
    sender: &str,
    to: &str,
    users: &[String],
    size: u64,
) -> Found {
    let (ip, name) = (address(w, client), helo(w, client));
    let mut d = match Dialogue::open(w, ip, 25) {
        Ok(d) => d,
        Err(e) => return Found::new(false, e),
    };
    let mut code = d.envelope(&name, sender, &[to]);
    if code == Some(250) {
        code = d.message(sender, to, setting.token, size);
    }
    let said = d.line();
    d.close();
    if code != Some(250) {
        return Found::new(false, said);
    }
    let since = w.now();
    w.pass(PATIENCE);
    let missing: Vec<&str> = users.iter().map(String::as_str).filter(|u| !has(w, u, setting.token, since)).collect();
    if missing.is_empty() {
        Found::new(true, said)
    } else {
        Found::new(false, format!("{said} · {}", missing.join(" ")))
    }
}

/// Whether a user's inbox has a message with the token, written since an instant.
fn has(w: &World, user: &str, token: &str, since: Time) -> bool {
    let mut in_maildir = false;
    mailbox::each(
        w,
        |name| name == user,
        |met, node| {
            let new = met.is_inbox() && node.mtime >= since;
            in_maildir |= new && node.blob().is_some_and(|b| b.str().contains(token));
        },
    );
    in_maildir || w.host.fs.read_text(&format!("/var/mail/{user}")).is_some_and(|t| t.contains(token))
}
