//! `lab map`: the host as a picture, and where a message is as far as the learner has seen.

use super::desk::Desk;
use crate::grading::text::{block, short};
use crate::i18n::fill;

/// The stations of a message, in its order, and how a log line names them.
const STATIONS: [(&str, &str); 8] = [
    ("smtpd", "/smtpd["),
    ("pickup", "/pickup["),
    ("cleanup", "/cleanup["),
    ("qmgr", "/qmgr["),
    ("local", "/local["),
    ("lmtp", "/lmtp["),
    ("smtp", "/smtp["),
    ("bounce", "/bounce["),
];

/// The picture; with a queue id also the stations at which the learner has seen it.
pub fn draw(d: &Desk, id: Option<&str>) -> String {
    let t = d.t();
    let (net, queue, mailbox) = (t.map_internet, t.map_queue, t.map_mailbox);
    let far = d.lang.pick("otro servidor", "another server");
    let sender = d.lang.pick("remitente", "sender");
    let door = format!(" {net} ─25─▶ smtpd ─▶ ");
    let trunk = format!("{door}cleanup ─▶ {queue} (qmgr) ─");
    let (into, fork) = (door.chars().count() + 3, trunk.chars().count());
    let pickup = "   sendmail ─▶ pickup ";
    let joined = format!("{pickup}{}┘", "─".repeat(into - pickup.chars().count()));
    let below = " ".repeat(fork);
    let beside = format!("{joined}{}", " ".repeat(fork - into - 1));
    let picture = format!(
        "{trunk}┬─▶ local ─▶ {mailbox}\n{beside}├─▶ lmtp ─▶ Dovecot ─▶ {mailbox}\n{below}├─▶ smtp ─▶ {far}\n{below}└─▶ bounce \
         ─▶ {sender}\n"
    );
    let mut out = if d.plain {
        d.lang.pick(
            format!("{net}, smtpd, cleanup, {queue} (qmgr); de ahí a local y el {mailbox}, a lmtp y Dovecot, a smtp y {far}, o a bounce\n"),
            format!("{net}, smtpd, cleanup, {queue} (qmgr); from there to local and the {mailbox}, to lmtp and Dovecot, to smtp and {far}, or to bounce\n"),
        )
    } else {
        picture
    };
    let Some(id) = id else {
        out.push_str(&format!(" {}\n", t.map_none));
        return out;
    };
    let mut found: Vec<(&str, usize, String)> = Vec::new();
    for s in &d.steps {
        for l in s.output.lines().filter(|l| has_word(l, id)) {
            for (name, mark) in STATIONS {
                if l.contains(mark) && !found.iter().any(|(n, _, text)| *n == name && text == l) {
                    found.push((name, s.line, l.to_owned()));
                }
            }
        }
    }
    if found.is_empty() {
        out.push_str(&format!(" {}\n", fill(t.map_unseen, &[&short(id, 24)])));
        return out;
    }
    // A later look may show earlier stations: the log's own order is that of the way, and the queue manager's last word ends it.
    let gone = |text: &str| text.ends_with(": removed");
    found.sort_by_key(|(name, _, text)| (gone(text), STATIONS.iter().position(|(n, _)| n == name)));
    let last = found.len() - 1;
    for (i, (name, line, text)) in found.iter().enumerate() {
        let here = match i == last {
            true if gone(text) => format!("  {}", t.map_gone),
            true => format!("  {}", t.map_here),
            false => String::new(),
        };
        out.push_str(&format!(" {}{here}\n", fill(t.map_seen, &[name, line])));
        let fact = text.split_once("]: ").map_or(text.as_str(), |(_, f)| f);
        out.push_str(&block("     ", 5, fact));
    }
    out
}

/// Whether a line has the id as a word of its own.
fn has_word(line: &str, id: &str) -> bool {
    id.len() >= 5 && line.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w == id)
}
