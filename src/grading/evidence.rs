//! Which lines on the screen render a fact that the lab names.
//!
//! By the fact and not by its text: a log line counts when the host's journal has an event of that kind with those
//! fields and the line is its rendering (whole, or a piece of it that no other event renders); a configuration line when
//! it assigns that name; a reply when it came in a dialogue; a bounce when a mailbox holds it. What the learner typed
//! himself is no evidence.

use crate::lab::Lab;
use crate::lab::schema::EvidenceFact;
use crate::log::{Message, Record};
use crate::sim::World;
use std::collections::BTreeMap;

/// What one input put on the screen, and the world that it was true in.
pub struct Sight<'a> {
    /// The line of the session, from 1, that the input belongs to.
    pub line: usize,
    /// The command line typed at the prompt.
    pub command: &'a str,
    /// What was typed with this input; equal to `command` unless a program reads.
    pub typed: &'a str,
    pub output: &'a str,
    pub world: &'a World,
}

/// A line that was on the screen and renders a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Index in the lab's `[[evidence]]`.
    pub fact: usize,
    /// The line of the session.
    pub line: usize,
    pub text: String,
}

/// Longer outputs are read from their end; nobody reads more.
const MAX_LINES: usize = 20_000;
/// A piece of a log line must be this long to stand for it.
const MIN_PIECE: usize = 12;

/// Single spaces, for comparing what was wrapped or aligned.
pub fn squash(s: &str) -> String {
    s.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every line of an output that renders one of the lab's facts.
pub fn find(lab: &Lab, sight: &Sight<'_>) -> Vec<Seen> {
    if sight.output.is_empty() {
        return Vec::new();
    }
    let all: Vec<&str> = sight.output.lines().collect();
    let lines = &all[all.len().saturating_sub(MAX_LINES)..];
    let typed = squash(&format!("{} {}", sight.command, sight.typed));
    // What an author scripted is nobody's fact.
    let ran = programs_of(sight.command);
    let scripts = lab.command.iter().filter(|c| ran.contains(&c.name.text.as_str()));
    let scripted: Vec<String> = scripts.flat_map(|c| c.output.lines()).map(squash).collect();
    let mut found = Vec::new();
    for (fact, e) in lab.evidence.iter().enumerate() {
        let checker = Checker::new(&e.fact, sight);
        for (i, l) in lines.iter().enumerate() {
            let s = squash(l);
            if s.is_empty() || typed.contains(&s) || scripted.contains(&s) {
                continue;
            }
            if checker.bears(&s, &lines[..i]) {
                found.push(Seen { fact, line: sight.line, text: (*l).to_owned() });
            }
        }
    }
    found
}

/// A fact made ready to be compared with many lines.
enum Checker<'a> {
    Never,
    Log(Vec<Rendering>, &'a World),
    Config { name: &'a str, value: String, bare: bool },
    Command { shows: String },
    Reply { code: &'a str, enhanced: &'a str },
    Bounce { messages: Vec<String>, marks: Vec<String> },
}

/// The texts by which an event shows.
struct Rendering {
    text: String,
    whole: String,
    journal: String,
    reason: Option<String>,
    /// As the lab names the event.
    fact: String,
}

impl<'a> Checker<'a> {
    fn new(fact: &'a EvidenceFact, sight: &'a Sight<'a>) -> Checker<'a> {
        match fact {
            EvidenceFact::Unread => Checker::Never,
            EvidenceFact::Log { event, fields } => {
                let host = &sight.world.host;
                let hits = host.journal.iter().filter(|r| r.event.is(&event.0) && has_fields(r, fields));
                Checker::Log(hits.map(|r| rendering(r, &event.0, &host.name)).collect(), sight.world)
            }
            EvidenceFact::Config { name, value } => {
                let bare = sight.command.contains(name.as_str());
                Checker::Config { name, value: squash(value), bare }
            }
            EvidenceFact::Command { programs, shows, lacks } => {
                let ran = programs_of(sight.command);
                let fits = programs.iter().any(|p| ran.contains(&p.as_str()));
                let lacking = lacks.is_empty() || !sight.output.contains(lacks.as_str());
                if fits && lacking { Checker::Command { shows: squash(shows) } } else { Checker::Never }
            }
            EvidenceFact::Reply { code, enhanced, stage } => {
                let dialogue = programs_of(sight.command)
                    .iter()
                    .any(|p| matches!(*p, "telnet" | "openssl" | "nc" | "ncat" | "netcat" | "swaks" | "curl"));
                let verb = stage.and_then(stage_verb);
                let typed = format!("{} {}", sight.command, sight.typed).to_uppercase();
                if dialogue && verb.is_none_or(|v| typed.contains(v)) {
                    Checker::Reply { code, enhanced }
                } else {
                    Checker::Never
                }
            }
            EvidenceFact::Bounce { user, to, enhanced } => {
                let messages = bounces(sight.world, user, to, enhanced);
                let marks = [to.to_string(), enhanced.to_string()].into_iter().filter(|m| !m.is_empty()).collect();
                Checker::Bounce { messages, marks }
            }
        }
    }
    /// Whether a line, spaces squashed, renders the fact; `before` are the lines above it.
    fn bears(&self, line: &str, before: &[&str]) -> bool {
        match self {
            Checker::Never => false,
            Checker::Log(renderings, world) => renderings.iter().any(|r| r.shows(line, world)),
            Checker::Config { name, value, bare } => config_line(line, before, name, value, *bare),
            Checker::Command { shows } => line.contains(shows.as_str()),
            Checker::Reply { code, enhanced } => line.strip_prefix(*code).is_some_and(|rest| {
                rest.starts_with([' ', '-']) && (enhanced.is_empty() || rest[1..].starts_with(*enhanced))
            }),
            Checker::Bounce { messages, marks } => {
                (marks.is_empty() || marks.iter().any(|m| line.contains(m.as_str())))
                    && messages.iter().any(|m| m.contains(line))
            }
        }
    }
}

fn has_fields(r: &Record, want: &BTreeMap<String, String>) -> bool {
    if want.is_empty() {
        return true;
    }
    let fields = r.event.fields();
    want.iter().all(|(name, value)| {
        fields
            .iter()
            .any(|(n, v)| n == name && (v.eq_ignore_ascii_case(value) || (long_text(n) && v.contains(value.as_str()))))
    })
}

/// Fields that hold a sentence: a lab names a piece of it.
fn long_text(field: &str) -> bool {
    matches!(field, "reason" | "text" | "reply" | "said" | "error" | "detail" | "relay" | "client" | "message" | "line")
}

fn rendering(r: &Record, fact: &str, host: &str) -> Rendering {
    let reason = r.event.fields().into_iter().find(|(n, v)| *n == "reason" && v.len() >= MIN_PIECE);
    Rendering {
        text: squash(&r.event.text()),
        whole: squash(&r.traditional(host)),
        journal: squash(&r.journal(host)),
        reason: reason.map(|(_, v)| squash(&v)),
        fact: fact.to_owned(),
    }
}

impl Rendering {
    fn shows(&self, line: &str, world: &World) -> bool {
        if line.contains(&self.text) || self.reason.as_ref().is_some_and(|r| line.contains(r.as_str())) {
            return true;
        }
        // An ellipsis at the end of a line that a terminal was too narrow for.
        let piece = line.trim_end_matches('…').trim_end_matches("...");
        // A reason in parentheses, as queue listings show it, may be cut by the program.
        if piece.chars().count() < MIN_PIECE || !(self.whole.contains(piece) || self.journal.contains(piece)) {
            return false;
        }
        // A piece that other events render, too, says nothing.
        let others = world.host.journal.iter().filter(|r| !r.event.is(&self.fact));
        others.take(5_000).all(|r| !squash(&r.event.text()).contains(piece))
    }
}

/// The programs of a command line: the first word of each part, behind `sudo`, `time` and assignments.
pub fn programs_of(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for part in line.split(['|', ';', '&', '(', ')', '\n', '`', '{', '}']) {
        let words = part.split_whitespace().skip_while(|w| {
            matches!(
                *w,
                "sudo"
                    | "time"
                    | "command"
                    | "exec"
                    | "nohup"
                    | "env"
                    | "do"
                    | "then"
                    | "else"
                    | "!"
                    | "timeout"
                    | "watch"
            ) || w.contains('=')
                || w.parse::<f64>().is_ok()
                || w.starts_with('-')
        });
        if let Some(w) = words.into_iter().next() {
            out.push(w.trim_start_matches('$').rsplit('/').next().unwrap_or(w));
        }
    }
    out
}

/// Whether a line assigns `value` to `name` (`name = value`, `name: value`), stands on a line below such a beginning, or
/// is the bare value that was asked for by name.
fn config_line(line: &str, before: &[&str], name: &str, value: &str, bare: bool) -> bool {
    let holds = |rest: &str| value.is_empty() || rest.contains(value);
    if let Some(rest) = assigned(line, name) {
        return holds(rest);
    }
    if bare && !value.is_empty() && line.contains(value) && !line.contains('=') {
        return true;
    }
    // A continuation line of main.cf: look for the line that it continues.
    if value.is_empty() || !line.contains(value) {
        return false;
    }
    let start = before.iter().rev().find(|l| !l.starts_with([' ', '\t']) && !l.trim_start().starts_with('#'));
    start.is_some_and(|l| assigned(&squash(l), name).is_some())
}

/// What stands behind `name =` or `name:`; a line number or file name of grep may stand before the name.
fn assigned<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let at = line.find(name)?;
    let clean =
        line[..at].chars().last().is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '{' | '#')));
    let commented = line[..at].contains('#');
    let rest = line[at + name.len()..].trim_start();
    let rest = rest.strip_prefix('=').or_else(|| rest.strip_prefix(':'))?;
    (clean && !commented).then_some(rest.trim_start())
}

/// The verb that a client says to get to a stage.
fn stage_verb(stage: crate::codes::Stage) -> Option<&'static str> {
    use crate::codes::Stage;
    match stage {
        Stage::Helo => Some("HELO"),
        Stage::StartTls => Some("STARTTLS"),
        Stage::Auth => Some("AUTH"),
        Stage::Mail => Some("MAIL FROM"),
        Stage::Rcpt => Some("RCPT TO"),
        Stage::Data | Stage::EndOfData => Some("DATA"),
        Stage::Vrfy => Some("VRFY"),
        _ => None,
    }
}

/// Notices of non-delivery in mailboxes, spaces squashed: in one user's or anybody's.
fn bounces(world: &World, user: &str, to: &str, enhanced: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (owner, message) in super::mailbox::messages(world) {
        if (user.is_empty() || owner == user)
            && message.contains("multipart/report")
            && message.contains(to)
            && message.contains(enhanced)
        {
            out.push(squash(&message));
        }
    }
    out
}

/// Whether a quote was on the screen: the first line that has it, with the line of the session.
pub fn locate<'a>(quote: &str, screen: impl Iterator<Item = (usize, &'a str)>) -> Option<(usize, String)> {
    let want = squash(quote);
    let mut hit = None;
    for (line, output) in screen {
        if let Some(l) = output.lines().rev().find(|l| squash(l).contains(&want)) {
            hit = Some((line, l.to_owned()));
        }
    }
    hit
}

/// The seen fact that a quote stands on, if any.
pub fn bearing<'a>(quote: &str, seen: &'a [Seen]) -> Option<&'a Seen> {
    let want = squash(quote);
    // The latest: events repeat, and the last is the one asked about.
    seen.iter().rev().find(|s| squash(&s.text).contains(&want))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_lines() {
        for (line, before, bare, expected) in [
            ("mynetworks = 127.0.0.0/8 0.0.0.0/0", vec![], false, true),
            ("12:mynetworks=0.0.0.0/0", vec![], false, true),
            ("/etc/postfix/main.cf:mynetworks = 0.0.0.0/0", vec![], false, true),
            ("#mynetworks = 0.0.0.0/0", vec![], false, false),
            ("proxy_mynetworks = 0.0.0.0/0", vec![], false, false),
            ("0.0.0.0/0", vec!["mynetworks = 127.0.0.0/8"], false, true),
            ("0.0.0.0/0", vec!["relay_domains = x"], false, false),
            ("127.0.0.0/8 0.0.0.0/0", vec![], true, true),
            ("mynetworks = 127.0.0.0/8", vec![], false, false),
        ] {
            assert_eq!(config_line(line, &before, "mynetworks", "0.0.0.0/0", bare), expected, "{line}");
        }
        assert!(config_line("ventas: maria,juan", &[], "ventas", "", false));
    }

    #[test]
    fn programs_in_a_line() {
        for (line, expected) in [
            ("ss -tulpn | grep :25", vec!["ss", "grep"]),
            ("sudo /usr/sbin/postconf -n; ls", vec!["postconf", "ls"]),
            ("A=1 env B=2 tail -5 /var/log/mail.log", vec!["tail"]),
            ("(sleep 1; echo QUIT) | telnet localhost 25", vec!["sleep", "echo", "telnet"]),
            ("", vec![]),
        ] {
            assert_eq!(programs_of(line), expected, "{line}");
        }
    }

    #[test]
    fn quotes_are_found_across_spaces() {
        let screen = [(1, "nothing\n"), (4, "a  said:  552 5.2.2\n")];
        let hit = locate("said: 552", screen.iter().map(|(n, o)| (*n, *o)));
        assert_eq!(hit, Some((4, "a  said:  552 5.2.2".into())));
        assert_eq!(locate("said: 550", screen.iter().map(|(n, o)| (*n, *o))), None);
    }
}
