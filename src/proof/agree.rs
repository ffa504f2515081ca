//! The host's answers agree with each other when a base parameter is changed: what postconf(1) says, the server does.

use super::{Problem, Seed};
use crate::grading::player::{Op, Player};
use crate::grading::tape::{Seat, Take, script};
use crate::grading::worlds::Worlds;
use std::rc::Rc;

/// A change, a look, and what the look must then show.
const AGREE: &[(&str, &str, &str)] = &[
    ("postconf -e message_size_limit=7654321", "postconf -h message_size_limit", "7654321"),
    (
        "postconf -e message_size_limit=7654321",
        "grep message_size_limit /etc/postfix/main.cf",
        "message_size_limit = 7654321",
    ),
    ("postconf -e myhostname=correo.ejemplo.com", "postconf -h -x smtpd_banner", "correo.ejemplo.com ESMTP"),
    ("postconf -e mydestination=localhost", "postconf -n", "mydestination = localhost"),
    // No tool reads a main.cf with a broken number in it.
    (
        "postconf -e message_size_limit=7654321; printf 'nadie: root\\n' >> /etc/aliases; newaliases",
        "postalias -q nadie /etc/aliases",
        "root",
    ),
];

const SEAT: Seat = Seat { interactive: false, size: (80, 24) };

pub fn prove(worlds: &Rc<Worlds>, out: &mut Seed) {
    for (change, look, shows) in AGREE {
        let mut p = Player::new(worlds.start(), SEAT);
        let mut shown = String::new();
        for input in script(&format!("{change}\n{look}")) {
            shown = p.op(&Op::Take(Take { input, line: 1, labs: Vec::new(), bare: false })).unwrap_or_default();
        }
        if !shown.contains(shows) {
            out.problems.push(Problem {
                seed: out.seed,
                what: format!("after `{change}` the host does not show `{shows}`"),
                session: format!("{change}\n{look}"),
                detail: shown,
            });
        }
    }
}
