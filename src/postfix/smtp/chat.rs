//! One side of a dialogue with a [`Peer`]: commands, replies, time-outs, lost connections.

use crate::base::{Span, text};
use crate::host::Host;
use crate::host::net::{Peer, Turn};
use crate::log::Event;
use crate::log::delivery::Delivery;
use crate::postfix::delivery::dsn_valid;
use crate::postfix::table::{Maps, Say};
use std::collections::VecDeque;
use std::sync::Arc;

/// A reply: code, all lines in one, enhanced code.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    pub code: u16,
    /// Every line with its code, joined by a blank.
    pub text: String,
    pub dsn: String,
    /// The lines without their codes.
    pub lines: Vec<String>,
}

impl Reply {
    pub fn class(&self) -> u16 {
        self.code / 100
    }
}

/// As much of a line is read (`line_length_limit`).
const MAX_LINE: usize = 2048;

/// The dialogue broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    TimedOut,
    Lost,
    /// A table that stands between us and the server cannot be searched: `smtp_reply_filter`, `smtp_header_checks`.
    Filter,
}

/// `smtp_reply_filter`: what a line of a reply becomes before it is looked at.
pub(super) struct ReplyFilter {
    pub maps: Arc<Maps>,
    pub relay: String,
    pub qid: String,
}

pub(super) struct Chat {
    pub peer: Box<dyn Peer>,
    /// What was spent so far.
    pub t: Span,
    input: Vec<u8>,
    closed: bool,
    /// What the rest of the output waits for.
    rtt: Span,
    filter: Option<ReplyFilter>,
    /// What reading gave to log, and when.
    pub said: Vec<(Span, Event)>,
    /// The server as messages name it, with its port.
    pub server: String,
    /// The message at hand.
    pub qid: String,
    /// The server takes commands ahead of its replies.
    pub pipelining: bool,
    /// What has been sent, or would have been, before a reply is read.
    ahead: VecDeque<String>,
    /// How many of them the server has already.
    early: usize,
    /// A reply was passed over: those that come belong to earlier commands.
    behind: bool,
}

impl Chat {
    pub fn new(peer: Box<dyn Peer>, t: Span, rtt: Span, filter: Option<ReplyFilter>) -> Chat {
        Chat {
            peer,
            t,
            input: Vec::new(),
            closed: false,
            rtt,
            filter,
            said: Vec::new(),
            server: String::new(),
            qid: String::new(),
            pipelining: false,
            ahead: VecDeque::new(),
            early: 0,
            behind: false,
        }
    }
    fn take(&mut self, host: &Host, turn: Turn, limit: Span) -> Result<(), Broken> {
        if limit.0 > 0 && turn.delay > limit {
            self.t = self.t + limit;
            return Err(Broken::TimedOut);
        }
        self.t = self.t + turn.delay + self.rtt;
        self.closed |= turn.close;
        if self.filter.is_none() {
            self.input.extend_from_slice(&turn.output);
            return Ok(());
        }
        for line in text::lines(&turn.output) {
            let reply = self.filtered(host, text::lossy(line).trim_end())?;
            self.input.extend_from_slice(reply.as_bytes());
            self.input.push(b'\n');
        }
        Ok(())
    }
    fn filtered(&mut self, host: &Host, line: &str) -> Result<String, Broken> {
        let Some(f) = &self.filter else { return Ok(line.to_owned()) };
        for dict in &f.maps.dicts {
            let mut say = Say::new();
            let found = dict.get(host, line, &mut say);
            self.said.extend(say.into_iter().map(|event| (self.t, event.into())));
            match found {
                Ok(None) => {}
                Ok(Some(with)) => {
                    let (relay, reply) = (f.relay.clone(), line.to_owned());
                    let event = Delivery::ReplyReplaced { relay, reply, with: with.clone() };
                    self.said.push((self.t, event.into()));
                    return Ok(with);
                }
                Err(_) => {
                    let (qid, table, reply) = (f.qid.clone(), dict.name.clone(), line.to_owned());
                    self.said.push((self.t, Delivery::ReplyFilter { qid, table, reply }.into()));
                    return Err(Broken::Filter);
                }
            }
        }
        Ok(line.to_owned())
    }
    /// The greeting.
    pub fn greet(&mut self, host: &mut Host, limit: Span) -> Result<Reply, Broken> {
        let turn = self.peer.greet(host);
        self.take(host, turn, limit)?;
        self.read(host, limit)
    }
    /// Sends a line and reads the reply.
    pub fn ask(&mut self, host: &mut Host, line: &str, limit: Span) -> Result<Reply, Broken> {
        self.ahead.pop_front();
        if self.early > 0 {
            self.early -= 1;
        } else {
            self.send(host, format!("{line}\r\n").as_bytes(), limit)?;
        }
        self.read(host, limit)
    }
    /// The commands that go out together: the next are these.
    pub fn pipeline(&mut self, lines: impl IntoIterator<Item = String>) {
        self.ahead = if self.pipelining { lines.into_iter().collect() } else { VecDeque::new() };
        (self.early, self.behind) = (0, false);
    }
    /// What is not a reply is passed over. With pipelining that is the reply to a command, for which the next stands in.
    fn more(&mut self, host: &mut Host, limit: Span) -> Result<bool, Broken> {
        let Some(line) = self.ahead.get(self.early).cloned() else { return Ok(false) };
        self.early += 1;
        self.send(host, format!("{line}\r\n").as_bytes(), limit)?;
        Ok(true)
    }
    /// Sends bytes.
    pub fn send(&mut self, host: &mut Host, data: &[u8], limit: Span) -> Result<(), Broken> {
        if self.closed {
            return Err(Broken::Lost);
        }
        let turn = self.peer.input(host, data);
        self.take(host, turn, limit)
    }
    /// Reads one reply from what has come.
    pub fn read(&mut self, host: &mut Host, limit: Span) -> Result<Reply, Broken> {
        let mut r = Reply::default();
        let mut lines: Vec<String> = Vec::new();
        loop {
            let Some(end) = text::line_end(&self.input) else {
                if self.closed {
                    return Err(Broken::Lost);
                }
                if (self.behind || !lines.is_empty()) && self.more(host, limit)? {
                    self.behind = true;
                    continue;
                }
                // Nobody says more: wait in vain.
                self.t = self.t + limit;
                return Err(Broken::TimedOut);
            };
            let line: Vec<u8> = self.input.drain(..=end).collect();
            let mut line = text::lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
            if line.len() > MAX_LINE {
                let start: String = line.chars().take(30).collect();
                let (server, limit) = (self.server.clone(), MAX_LINE);
                self.said.push((self.t, Delivery::LongResponse { server, limit, start }.into()));
                let end = (0..=MAX_LINE).rev().find(|i| line.is_char_boundary(*i)).unwrap_or(0);
                line.truncate(end);
            }
            let line = line.trim_end().to_owned();
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let next = line.as_bytes().get(3).copied();
            let (last, goes_on) = (digits == 3 && matches!(next, None | Some(b' ')), digits == 3 && next == Some(b'-'));
            if last || goes_on {
                r.code = line[..3].parse().unwrap_or(0);
                r.lines.push(line.get(4..).unwrap_or("").to_owned());
            } else if self.pipelining {
                let (server, qid) = (self.server.clone(), self.qid.clone());
                let address = server.split(['[', ']']).nth(1).unwrap_or("").to_owned();
                let text: String = line.chars().take(100).collect();
                self.said.push((self.t, Delivery::NoResponse { qid, server, text }.into()));
                self.said.push((self.t, Delivery::PipeliningAdvice { address }.into()));
            }
            lines.push(line);
            if last || lines.len() > 500 {
                break;
            }
        }
        r.text = lines.join(" ");
        let word = r.lines.last().and_then(|l| l.split(' ').next()).unwrap_or("");
        let class = r.code / 100;
        r.dsn = if dsn_valid(word) && word.starts_with(&class.to_string()) {
            word.to_owned()
        } else {
            format!("{class}.0.0")
        };
        Ok(r)
    }
    /// The handshake was done: what came before it does not count.
    pub fn forget(&mut self) {
        self.input.clear();
    }
}
