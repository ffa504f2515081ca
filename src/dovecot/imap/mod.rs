//! imap: the session after the login.
//!
//! Left out: SORT, THREAD, NOTIFY, METADATA, CATENATE and the other rarely typed extensions that the capability names.

mod fetch;
mod mailbox;

use super::config::Config;
use super::log;
use super::maildir::{Folder, Store, stamp};
use crate::host::Host;
use crate::host::net::Turn;
use crate::log::dovecot::{Dovecot as Event, Session as Who, Trouble};
use std::fmt;

/// No command may be larger.
const MAX_COMMAND: usize = 128 << 20;

const POST: &str = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS \
                    THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS \
                    LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS \
                    BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE";

/// The counters of `imap_logout_format`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub input: usize,
    pub output: usize,
    pub deleted: usize,
    pub expunged: usize,
    pub headers: (usize, usize),
    pub bodies: (usize, usize),
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "in={} out={} deleted={} expunged={} trashed=0 hdr_count={} hdr_bytes={} body_count={} body_bytes={}",
            self.input,
            self.output,
            self.deleted,
            self.expunged,
            self.headers.0,
            self.headers.1,
            self.bodies.0,
            self.bodies.1
        )
    }
}

/// Words of a line: atoms and quoted strings; brackets stay in their word.
pub fn words(line: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut it = line.chars().peekable();
    while let Some(c) = it.peek().copied() {
        match c {
            ' ' => {
                it.next();
            }
            '"' => {
                it.next();
                let mut w = String::new();
                while let Some(c) = it.next() {
                    match c {
                        '"' => break,
                        '\\' => w.extend(it.next()),
                        c => w.push(c),
                    }
                }
                out.push(w);
            }
            _ => {
                let mut w = String::new();
                while let Some(c) = it.next_if(|c| *c != ' ') {
                    w.push(c);
                }
                out.push(w);
            }
        }
    }
    out
}

/// An argument of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arg {
    Atom(String),
    Text(Vec<u8>),
    List(Vec<Arg>),
}

impl Arg {
    /// Atom or string, as text.
    fn text(&self) -> Option<String> {
        match self {
            Arg::Atom(a) => Some(a.clone()),
            Arg::Text(t) => Some(String::from_utf8_lossy(t).into_owned()),
            Arg::List(_) => None,
        }
    }
    fn list(&self) -> Vec<Arg> {
        match self {
            Arg::List(l) => l.clone(),
            other => vec![other.clone()],
        }
    }
}

/// Reads arguments; the complaint when they make no sense.
fn parse_args(data: &[u8]) -> Result<Vec<Arg>, &'static str> {
    let mut stack: Vec<Vec<Arg>> = vec![Vec::new()];
    let mut i = 0;
    let top = |s: &mut Vec<Vec<Arg>>, a: Arg| {
        if let Some(l) = s.last_mut() {
            l.push(a);
        }
    };
    while i < data.len() {
        match data[i] {
            b' ' | b'\r' | b'\n' => i += 1,
            b'(' => {
                if stack.len() > 30 {
                    return Err("Too many '('");
                }
                stack.push(Vec::new());
                i += 1;
            }
            b')' => {
                if stack.len() < 2 {
                    return Err("Unexpected ')'");
                }
                let l = stack.pop().unwrap_or_default();
                top(&mut stack, Arg::List(l));
                i += 1;
            }
            b'"' => {
                let mut text = Vec::new();
                i += 1;
                loop {
                    match data.get(i) {
                        None => return Err("Missing '\"'"),
                        Some(b'"') => break,
                        Some(b'\\') => {
                            text.extend(data.get(i + 1));
                            i += 2;
                        }
                        Some(b) => {
                            text.push(*b);
                            i += 1;
                        }
                    }
                }
                i += 1;
                top(&mut stack, Arg::Text(text));
            }
            b'{' => {
                let Some(end) = data[i..].iter().position(|b| *b == b'}') else { return Err("Invalid literal size") };
                let digits = String::from_utf8_lossy(&data[i + 1..i + end]);
                let Ok(n) = digits.trim_end_matches('+').parse::<usize>() else { return Err("Invalid literal size") };
                let mut start = i + end + 1;
                if data.get(start) == Some(&b'\r') {
                    start += 1;
                }
                if data.get(start) == Some(&b'\n') {
                    start += 1;
                }
                let stop = start.saturating_add(n).min(data.len());
                top(&mut stack, Arg::Text(data[start.min(stop)..stop].to_vec()));
                i = stop;
            }
            _ => {
                let start = i;
                let mut square = 0usize;
                while i < data.len() {
                    match data[i] {
                        b'[' => square += 1,
                        b']' => square = square.saturating_sub(1),
                        b' ' | b'(' | b')' | b'\r' | b'\n' if square == 0 => break,
                        b'\r' | b'\n' => break,
                        _ => {}
                    }
                    i += 1;
                }
                top(&mut stack, Arg::Atom(String::from_utf8_lossy(&data[start..i]).into_owned()));
            }
        }
    }
    if stack.len() > 1 {
        return Err("Missing ')'");
    }
    Ok(stack.pop().unwrap_or_default())
}

/// A logged-in IMAP client.
#[derive(Clone, Debug)]
pub struct Session {
    store: Store,
    who: Who,
    log_pid: u32,
    selected: Option<Selected>,
    pending: Vec<u8>,
    /// Literals of the command being read for which `+ OK` was said.
    continued: usize,
    idling: Option<String>,
    last: Option<(String, crate::base::Time)>,
    stats: Stats,
    over: bool,
}

/// The selected mailbox.
#[derive(Clone, Debug)]
struct Selected {
    folder: Folder,
    read_only: bool,
}

/// The reply to a successful login.
pub fn logged_in(config: &Config, tag: &str, asked: bool) -> String {
    let quota = config.has_plugin(&super::config::Scope::protocol("imap"), "imap_quota");
    let capability = format!("{POST}{}", if quota { " QUOTA" } else { "" });
    if asked {
        format!("* CAPABILITY {capability}\r\n{tag} OK Logged in\r\n")
    } else {
        format!("{tag} OK [CAPABILITY {capability}] Logged in\r\n")
    }
}

/// How one command ends.
enum End {
    Ok(String),
    No(String),
    Bad(String),
    /// Everything was said already.
    Silent,
}

impl Session {
    /// Takes over from imap-login: the session and its first reply.
    pub fn start(store: Store, who: Who, log_pid: u32, tag: &str, asked: bool) -> (Session, String) {
        let out = logged_in(&store.config, tag, asked);
        let stats = Stats { output: out.len(), ..Stats::default() };
        let s = Session {
            store,
            who,
            log_pid,
            selected: None,
            pending: Vec::new(),
            continued: 0,
            idling: None,
            last: None,
            stats,
            over: false,
        };
        (s, out)
    }
    pub fn is_over(&self) -> bool {
        self.over
    }
    fn complain(&self, host: &mut Host, trouble: Trouble) {
        log(host, self.log_pid, Event::SessionTrouble { session: self.who.clone(), trouble });
    }
    /// The session ends, with its line in the log.
    pub fn finish(&mut self, host: &mut Host, reason: &str) {
        if !self.over {
            self.over = true;
            let stats = self.stats.to_string();
            let e = Event::SessionGone { session: self.who.clone(), reason: reason.to_owned(), stats };
            log(host, self.log_pid, e);
        }
    }
    /// The client went away.
    pub fn hangup(&mut self, host: &mut Host) {
        let reason = match (&self.idling, &self.last) {
            (Some(_), _) => {
                "Connection closed (IDLE running for 0.001 + waiting input for 0.001 secs, 2 B in + 10+0 B out, \
                             state=wait-input)"
                    .to_owned()
            }
            (None, Some((c, t))) => {
                let d = host.now - *t;
                format!(
                    "Connection closed ({c} finished {}.{:03} secs ago)",
                    d.as_secs(),
                    d.0.rem_euclid(1_000_000) / 1000
                )
            }
            (None, None) => "Connection closed (No commands sent)".to_owned(),
        };
        self.finish(host, &reason);
    }
    /// The length of the first whole command in the buffer; `Err(n)`: a literal waits for `+ OK`, the n-th.
    fn complete(&self) -> Result<Option<usize>, usize> {
        let mut from = 0;
        let mut literals = 0;
        loop {
            let Some(n) = self.pending.get(from..).and_then(|p| p.iter().position(|b| *b == b'\n')) else {
                return Ok(None);
            };
            let line = &self.pending[from..from + n];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let literal = line.strip_suffix(b"}").and_then(|l| {
                let open = l.iter().rposition(|b| *b == b'{')?;
                let text = std::str::from_utf8(&l[open + 1..]).ok()?;
                let plus = text.ends_with('+');
                text.trim_end_matches('+').parse::<usize>().ok().filter(|n| *n <= MAX_COMMAND).map(|n| (n, plus))
            });
            from += n + 1;
            let Some((size, plus)) = literal else { return Ok(Some(from)) };
            if !plus {
                literals += 1;
                if self.pending.len() < from + size && self.continued < literals {
                    return Err(literals);
                }
            }
            from += size;
            if self.pending.len() < from {
                return Ok(None);
            }
        }
    }
    /// Bytes from the client.
    pub fn input(&mut self, host: &mut Host, data: &[u8]) -> Turn {
        let mut turn = Turn::default();
        self.pending.extend_from_slice(data);
        while !self.over {
            match self.complete() {
                Ok(None) => break,
                Err(n) => {
                    self.continued = n;
                    turn.output.extend_from_slice(b"+ OK\r\n");
                    break;
                }
                Ok(Some(n)) => {
                    self.continued = 0;
                    let command: Vec<u8> = self.pending.drain(..n).collect();
                    self.stats.input += command.len();
                    let entity = format!("{}/{}", self.who.session, self.stats.input);
                    turn.delay = turn.delay + host.jitter("imap-command", &entity, 300, 1_400);
                    let out = self.command(host, &command);
                    self.stats.output += out.len();
                    turn.output.extend(out);
                    if self.over {
                        self.over = false;
                        // Counted up to the command, without its line end.
                        self.stats.input = self.stats.input.saturating_sub(2);
                        self.finish(host, "Logged out");
                        turn.close = true;
                    }
                }
            }
        }
        if self.pending.len() > MAX_COMMAND {
            self.finish(host, "Too long command");
            turn.close = true;
        }
        turn
    }
    fn command(&mut self, host: &mut Host, raw: &[u8]) -> Vec<u8> {
        if let Some(tag) = self.idling.take() {
            let done = raw.trim_ascii().eq_ignore_ascii_case(b"DONE");
            return if done {
                format!("{tag} OK Idle completed (0.001 + 0.000 secs).\r\n").into_bytes()
            } else {
                format!("{tag} BAD Expected DONE.\r\n").into_bytes()
            };
        }
        let args = match parse_args(raw) {
            Ok(a) => a,
            Err(e) => {
                let head = words(&String::from_utf8_lossy(raw));
                let tag = head.first().cloned().unwrap_or_else(|| "*".into());
                let name = head.get(1).map(|n| n.trim_end().to_ascii_uppercase()).unwrap_or_default();
                return format!("{tag} BAD Error in IMAP command {name}: {e} (0.001 + 0.000 secs).\r\n").into_bytes();
            }
        };
        let mut args = args.into_iter();
        let tag = match args.next().and_then(|a| a.text()) {
            Some(t) if !t.is_empty() => t,
            _ => return b"* BAD Error in IMAP command: Missing tag (0.001 + 0.000 secs).\r\n".to_vec(),
        };
        let Some(name) = args.next().and_then(|a| a.text()) else {
            return format!("{tag} BAD Error in IMAP command: Missing command (0.001 + 0.000 secs).\r\n").into_bytes();
        };
        let args: Vec<Arg> = args.collect();
        let name = name.to_ascii_uppercase();
        let (uid, verb) = match (name.as_str(), args.first().and_then(Arg::text)) {
            ("UID", Some(v)) => (true, v.to_ascii_uppercase()),
            _ => (false, name.clone()),
        };
        let rest = if uid { &args[1..] } else { &args[..] };
        let mut out: Vec<u8> = Vec::new();
        let end = self.run(host, &tag, &verb, uid, rest, &mut out);
        self.last = Some((name.clone(), host.now));
        let shown = if uid { format!("UID {verb}") } else { name };
        match end {
            End::Ok(t) => out.extend(format!("{tag} OK {t} (0.001 + 0.000 secs).\r\n").bytes()),
            End::No(t) => out.extend(format!("{tag} NO {t} (0.001 + 0.000 secs).\r\n").bytes()),
            End::Bad(t) if t == "No mailbox selected" => {
                out.extend(format!("{tag} BAD No mailbox selected (0.001 + 0.000 secs).\r\n").bytes());
            }
            End::Bad(t) => {
                out.extend(format!("{tag} BAD Error in IMAP command {shown}: {t} (0.001 + 0.000 secs).\r\n").bytes());
            }
            End::Silent => {}
        }
        out
    }
    /// An error of the store as the client sees it; the log has the rest.
    fn internal(&self, host: &mut Host, trouble: Trouble) -> End {
        let text = format!(
            "[SERVERBUG] Internal error occurred. Refer to server log for more information. [{}]",
            stamp(host.now)
        );
        self.complain(host, trouble);
        End::No(text)
    }
    fn run(&mut self, host: &mut Host, tag: &str, verb: &str, uid: bool, args: &[Arg], out: &mut Vec<u8>) -> End {
        let mut say = |t: String| out.extend(t.bytes());
        match verb {
            "CAPABILITY" => {
                let quota = self.store.config.has_plugin(&super::config::Scope::protocol("imap"), "imap_quota");
                say(format!("* CAPABILITY {POST}{}\r\n", if quota { " QUOTA" } else { "" }));
                End::Ok("Capability completed".into())
            }
            "NOOP" | "CHECK" if verb == "NOOP" || self.selected.is_some() => {
                out.extend(self.news(host));
                End::Ok(if verb == "NOOP" { "NOOP completed".into() } else { "Check completed".into() })
            }
            "LOGOUT" => {
                say("* BYE Logging out\r\n".into());
                self.over = true;
                End::Ok("Logout completed".into())
            }
            "ID" => {
                say("* ID (\"name\" \"Dovecot\")\r\n".into());
                End::Ok("ID completed".into())
            }
            "ENABLE" => {
                let names: Vec<String> = args.iter().filter_map(Arg::text).map(|a| a.to_ascii_uppercase()).collect();
                let known: Vec<String> = names.into_iter().filter(|n| n == "CONDSTORE" || n == "QRESYNC").collect();
                say(format!("* ENABLED{}\r\n", known.iter().map(|k| format!(" {k}")).collect::<String>()));
                End::Ok("Enabled".into())
            }
            "NAMESPACE" => {
                say(format!("* NAMESPACE ((\"\" \"{}\")) NIL NIL\r\n", self.store.separator()));
                End::Ok("Namespace completed".into())
            }
            "IDLE" => {
                say("+ idling\r\n".into());
                self.idling = Some(tag.to_owned());
                End::Silent
            }
            "SELECT" | "EXAMINE" => self.select(host, verb, args, out),
            "LIST" | "LSUB" => self.list(host, verb, args, out),
            "STATUS" => self.status(host, args, out),
            "CREATE" | "DELETE" | "SUBSCRIBE" | "UNSUBSCRIBE" | "RENAME" => self.manage(host, verb, args),
            "APPEND" => self.append(host, args),
            "GETQUOTAROOT" | "GETQUOTA" => self.quota(host, verb, args, out),
            "SETQUOTA" => End::No("[NOPERM] Permission denied".into()),
            "FETCH" | "STORE" | "SEARCH" | "COPY" | "MOVE" | "EXPUNGE" | "CLOSE" | "UNSELECT" | "CHECK" => {
                if self.selected.is_none() {
                    return End::Bad("No mailbox selected".into());
                }
                match verb {
                    "FETCH" => self.fetch(host, uid, args, out),
                    "STORE" => self.store_flags(host, uid, args, out),
                    "SEARCH" => self.search(host, uid, args, out),
                    "COPY" | "MOVE" => self.copy(host, verb, uid, args, out),
                    "EXPUNGE" => {
                        let set = if uid { args.first().and_then(Arg::text) } else { None };
                        self.expunge(host, set.as_deref(), Some(out));
                        End::Ok("Expunge completed".into())
                    }
                    "CLOSE" => {
                        self.expunge(host, None, None);
                        self.selected = None;
                        End::Ok("Close completed".into())
                    }
                    _ => {
                        self.selected = None;
                        End::Ok("Unselect completed".into())
                    }
                }
            }
            _ => End::Bad("Unknown command".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let atom = |s: &str| Arg::Atom(s.into());
        for (text, expected) in [
            ("a FETCH 1 (FLAGS BODY[HEADER.FIELDS (SUBJECT)])", 4),
            ("b APPEND INBOX {5+}\r\nhola\n", 4),
            ("c LOGIN \"a b\" \"x\\\"y\"", 4),
        ] {
            assert_eq!(parse_args(text.as_bytes()).unwrap().len(), expected, "{text}");
        }
        assert_eq!(
            parse_args(b"(FLAGS BODY[HEADER.FIELDS (SUBJECT)])").unwrap(),
            [Arg::List(vec![atom("FLAGS"), atom("BODY[HEADER.FIELDS (SUBJECT)]")])]
        );
        assert_eq!(parse_args(b"g FETCH 1 (FLAGS"), Err("Missing ')'"));
    }
}
