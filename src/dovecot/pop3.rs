//! pop3: the session after the login.

use super::log;
use super::maildir::{Folder, Store};
use crate::host::Host;
use crate::host::net::Turn;
use crate::log::dovecot::{Dovecot as Event, Session as Who, Trouble};

/// A logged-in POP3 client; the maildrop is as it was at the login.
#[derive(Clone, Debug)]
pub struct Session {
    store: Store,
    who: Who,
    log_pid: u32,
    folder: Folder,
    deleted: Vec<bool>,
    seen: Vec<bool>,
    total: u64,
    top: (u64, u64),
    retr: (u64, u64),
    pending: Vec<u8>,
    over: bool,
}

fn crlf(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 64);
    for (i, b) in data.iter().enumerate() {
        if *b == b'\n' && (i == 0 || data[i - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*b);
    }
    out
}

/// Lines with leading dots doubled.
fn stuffed(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 64);
    for line in data.split_inclusive(|b| *b == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

impl Session {
    /// Opens the maildrop.
    pub fn start(host: &mut Host, store: Store, who: Who, log_pid: u32) -> Result<Session, Trouble> {
        let folder = store.sync(host, "INBOX")?;
        let n = folder.mails.len();
        let total = folder.mails.iter().map(|m| m.vsize).sum();
        Ok(Session {
            store,
            who,
            log_pid,
            folder,
            deleted: vec![false; n],
            seen: vec![false; n],
            total,
            top: (0, 0),
            retr: (0, 0),
            pending: Vec::new(),
            over: false,
        })
    }
    pub fn is_over(&self) -> bool {
        self.over
    }
    fn message(&self, arg: &str) -> Result<usize, String> {
        let word = arg.split(' ').next().unwrap_or("");
        let Ok(n) = word.parse::<usize>() else { return Err(format!("-ERR Invalid message number: {word}\r\n")) };
        match n.checked_sub(1).filter(|i| *i < self.deleted.len()) {
            None => Err(format!("-ERR There's no message {n}.\r\n")),
            Some(i) if self.deleted[i] => Err("-ERR Message is deleted.\r\n".into()),
            Some(i) => Ok(i),
        }
    }
    fn left(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.folder.mails.iter().enumerate().filter(|(i, _)| !self.deleted[*i]).map(|(i, m)| (i, m.vsize))
    }
    /// Bytes from the client.
    pub fn input(&mut self, host: &mut Host, data: &[u8]) -> Turn {
        let mut turn = Turn::default();
        self.pending.extend_from_slice(data);
        while let Some(i) = self.pending.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=i).collect();
            let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            let reply = self.command(host, &line);
            turn.output.extend(reply);
            if self.over {
                turn.close = true;
                break;
            }
        }
        if self.pending.len() > 16_384 {
            self.pending.clear();
        }
        turn
    }
    fn command(&mut self, host: &mut Host, line: &str) -> Vec<u8> {
        let (verb, arg) = line.split_once(' ').unwrap_or((line, ""));
        let text = match verb.to_ascii_uppercase().as_str() {
            "STAT" => {
                let (n, size) = self.left().fold((0, 0), |(n, s), (_, v)| (n + 1, s + v));
                format!("+OK {n} {size}\r\n")
            }
            "LIST" if !arg.is_empty() => match self.message(arg) {
                Err(e) => e,
                Ok(i) => format!("+OK {} {}\r\n", i + 1, self.folder.mails[i].vsize),
            },
            "LIST" => {
                let lines: Vec<String> = self.left().map(|(i, s)| format!("{} {s}\r\n", i + 1)).collect();
                format!("+OK {} messages:\r\n{}.\r\n", lines.len(), lines.concat())
            }
            "UIDL" => {
                let id = |i: usize| format!("{:08x}{:08x}", self.folder.mails[i].uid, self.folder.uidvalidity);
                if arg.is_empty() {
                    let lines: String = self.left().map(|(i, _)| format!("{} {}\r\n", i + 1, id(i))).collect();
                    format!("+OK\r\n{lines}.\r\n")
                } else {
                    match self.message(arg) {
                        Err(e) => e,
                        Ok(i) => format!("+OK {} {}\r\n", i + 1, id(i)),
                    }
                }
            }
            "RETR" | "TOP" => return self.retrieve(host, verb.eq_ignore_ascii_case("TOP"), arg),
            "DELE" => match self.message(arg) {
                Err(e) => e,
                Ok(i) => {
                    self.deleted[i] = true;
                    "+OK Marked to be deleted.\r\n".into()
                }
            },
            "RSET" => {
                self.deleted.fill(false);
                "+OK\r\n".into()
            }
            "NOOP" => "+OK\r\n".into(),
            "CAPA" => "+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nAUTH-RESP-CODE\r\n.\r\n".into(),
            "QUIT" => {
                let any = self.deleted.contains(&true);
                let gone: Vec<u32> =
                    self.folder.mails.iter().zip(&self.deleted).filter(|(_, d)| **d).map(|(m, _)| m.uid).collect();
                self.store.expunge(host, "INBOX", &gone);
                self.keep_seen(host);
                self.finish(host, "Logged out");
                if any { "+OK Logging out, messages deleted.\r\n".into() } else { "+OK Logging out.\r\n".into() }
            }
            _ => format!("-ERR Unknown command: {verb}\r\n"),
        };
        text.into_bytes()
    }
    fn retrieve(&mut self, host: &mut Host, top: bool, arg: &str) -> Vec<u8> {
        let i = match self.message(arg) {
            Err(e) => return e.into_bytes(),
            Ok(i) => i,
        };
        let data = crlf(&self.store.read(host, &self.folder.mails[i]));
        let mut out;
        let body = if top {
            let Some(lines) = arg.split(' ').nth(1).and_then(|n| n.parse::<usize>().ok()) else {
                return b"-ERR Invalid line count\r\n".to_vec();
            };
            out = b"+OK\r\n".to_vec();
            let end = data.windows(4).position(|w| w == b"\r\n\r\n").map_or(data.len(), |p| p + 4);
            let mut part = data[..end].to_vec();
            for l in data[end..].split_inclusive(|b| *b == b'\n').take(lines) {
                part.extend_from_slice(l);
            }
            part
        } else {
            out = format!("+OK {} octets\r\n", self.folder.mails[i].vsize).into_bytes();
            self.seen[i] = true;
            data
        };
        out.extend(stuffed(&body));
        // The reply line counts, the closing dot does not.
        let counted = if top { &mut self.top } else { &mut self.retr };
        counted.0 += 1;
        counted.1 += out.len() as u64;
        out.extend_from_slice(b".\r\n");
        out
    }
    fn keep_seen(&mut self, host: &mut Host) {
        if let Ok(mut f) = self.store.sync(host, "INBOX") {
            for (i, m) in self.folder.mails.iter().enumerate() {
                if self.seen[i]
                    && !self.deleted[i]
                    && let Some(at) = f.mails.iter().position(|x| x.uid == m.uid)
                {
                    let letters = format!("{}S", f.mails[at].flags);
                    self.store.set_flags(host, &mut f, at, &letters);
                }
            }
        }
    }
    /// The session ends, with its line in the log.
    pub fn finish(&mut self, host: &mut Host, reason: &str) {
        if !self.over {
            self.over = true;
            let gone = self.deleted.iter().filter(|d| **d).count();
            let stats = format!(
                "top={}/{}, retr={}/{}, del={gone}/{}, size={}",
                self.top.0,
                self.top.1,
                self.retr.0,
                self.retr.1,
                self.folder.mails.len(),
                self.total
            );
            let e = Event::SessionGone { session: self.who.clone(), reason: reason.to_owned(), stats };
            log(host, self.log_pid, e);
        }
    }
    /// The client went away: nothing is deleted.
    pub fn hangup(&mut self, host: &mut Host) {
        self.deleted.fill(false);
        self.finish(host, "Connection closed");
    }
}
