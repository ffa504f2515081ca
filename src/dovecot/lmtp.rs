//! lmtp: the LMTP server that Postfix delivers to, and the delivery of one mail to one user.
//!
//! Left out: STARTTLS on the socket, proxying, BDAT.

use super::config::{Config, Scope};
use super::maildir::{SaveError, Store, stamp};
use super::user::{MailUser, NoUser, auth_name, lookup};
use super::{Dovecot, auth, ids, log, master, quota};
use crate::base::{Span, text};
use crate::host::Host;
use crate::host::net::{Peer, TlsPeer, Turn};
use crate::log::dovecot::{Dovecot as Event, Session, Trouble};
use std::sync::Arc;

/// No line may be longer.
const MAX_LINE: usize = 65_536;
/// No message may be larger: the model's memory, not Dovecot's limit.
const MAX_DATA: usize = 256 << 20;

#[derive(Clone, Debug)]
struct Rcpt {
    address: String,
    user: MailUser,
    session: String,
}

/// One LMTP connection.
#[derive(Clone, Debug)]
pub struct LmtpSession {
    config: Arc<Config>,
    /// auth could not be started: no lookup succeeds.
    auth_down: bool,
    pid: u32,
    log_pid: u32,
    /// The client's pid, and which connection of this process it is.
    peer: u32,
    conn: u32,
    from: String,
    session: String,
    helo: Option<String>,
    sender: Option<String>,
    rcpts: Vec<Rcpt>,
    /// RCPT commands of this transaction.
    asked: u32,
    transactions: u32,
    data: Option<Vec<u8>>,
    pending: Vec<u8>,
    closed: bool,
}

/// What a delivery came to: the reply without the recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    Saved,
    Quota(String),
    Failed { stamp: String },
}

/// A mail to deliver.
#[derive(Clone, Debug)]
pub struct Delivery<'a> {
    pub sender: &'a str,
    pub recipient: &'a str,
    pub data: &'a [u8],
    pub session: Session,
    pub log_pid: u32,
    /// LMTP's connection, for its error lines: peer pid and number.
    pub conn: Option<(u32, u32)>,
}

/// The value of a header field, unfolded; the first of that name.
pub fn header(data: &[u8], name: &str) -> Option<String> {
    let end = data.windows(2).position(|w| w == b"\n\n").or_else(|| data.windows(4).position(|w| w == b"\r\n\r\n"));
    let head = text::lossy(&data[..end.unwrap_or(data.len())]);
    let mut lines = head.lines().peekable();
    while let Some(l) = lines.next() {
        let Some((n, v)) = l.split_once(':') else { continue };
        if !n.eq_ignore_ascii_case(name) {
            continue;
        }
        let mut value = v.trim().to_owned();
        while let Some(next) = lines.next_if(|n| n.starts_with([' ', '\t'])) {
            value.push(' ');
            value.push_str(next.trim());
        }
        return Some(value);
    }
    None
}

/// Delivers one mail to one user, with the log lines of it.
pub fn deliver(host: &mut Host, config: &Arc<Config>, user: &MailUser, d: &Delivery<'_>) -> Delivered {
    let msgid = header(d.data, "Message-ID").filter(|m| !m.is_empty()).unwrap_or_else(|| "unspecified".into());
    let mailbox = "INBOX".to_owned();
    let say = |host: &mut Host, e: Event| log(host, d.log_pid, e);
    let complain = |host: &mut Host, trouble: Trouble| {
        let session = d.session.clone();
        let e = match d.conn {
            Some((peer, conn)) => Event::LmtpTrouble { session, peer, conn, rcpt: d.recipient.to_owned(), trouble },
            None => Event::SessionTrouble { session, trouble },
        };
        log(host, d.log_pid, e);
    };
    let now = stamp(host.now);
    let failed = Delivered::Failed { stamp: now.clone() };
    let store = match Store::open(host, config, user, &d.session.service, d.session.pid) {
        Ok(s) => s,
        Err(t) => {
            complain(host, t);
            return failed;
        }
    };
    if let Some(done) = super::sieve::deliver(host, config, user, &store, d, &msgid) {
        return done;
    }
    let session = d.session.clone();
    match store.save(host, &mailbox, d.data, &[]) {
        Ok(_) => {
            say(host, Event::Saved { session, msgid, mailbox });
            Delivered::Saved
        }
        Err(SaveError::Quota(reason)) => {
            say(host, Event::SaveFailed { session, msgid, mailbox, opening: false, reason: reason.clone() });
            Delivered::Quota(reason)
        }
        Err(SaveError::Open { trouble, autocreate }) => {
            let mut reason = trouble.to_string();
            complain(host, trouble);
            if autocreate {
                let again = Trouble::Autocreate { mailbox: mailbox.clone(), stamp: now };
                reason = again.to_string();
                complain(host, again);
            }
            say(host, Event::SaveFailed { session, msgid, mailbox, opening: true, reason });
            failed
        }
        Err(SaveError::Trouble(trouble)) => {
            let reason = trouble.to_string();
            complain(host, trouble);
            say(host, Event::SaveFailed { session, msgid, mailbox, opening: false, reason });
            failed
        }
    }
}

/// Accepts a connection on the LMTP socket; `None` when Dovecot does not run.
pub fn accept(host: &mut Host, dv: &mut Dovecot, from: &str, peer: u32) -> Option<LmtpSession> {
    dv.master.as_ref()?;
    let down = auth::ensure(host, dv).is_err();
    let pid = master::process(host, dv, "lmtp");
    let m = dv.master.as_mut()?;
    m.lmtp_connections += 1;
    let (config, log_pid, conn) = (m.config.clone(), m.log_pid, m.lmtp_connections);
    let session = ids::guid_base64(host, pid, &format!("lmtp{conn}"));
    Some(LmtpSession {
        config,
        auth_down: down,
        pid,
        log_pid,
        peer,
        conn,
        from: from.to_owned(),
        session,
        helo: None,
        sender: None,
        rcpts: Vec::new(),
        asked: 0,
        transactions: 0,
        data: None,
        pending: Vec::new(),
        closed: false,
    })
}

/// Reads `<path>` after `FROM:` or `TO:`: the address and the parameters.
fn path(arg: &str, null: bool) -> Result<(&str, &str), &'static str> {
    let arg = arg.trim_start();
    if arg.is_empty() {
        return Err("Path is empty string");
    }
    let Some(rest) = arg.strip_prefix('<') else { return Err("Missing '<' at beginning of path") };
    let Some((addr, params)) = rest.split_once('>') else { return Err("Missing '>' at end of path") };
    if addr.is_empty() && !null {
        return Err("Null path not allowed");
    }
    let bad = addr.contains(|c: char| c.is_control() || c == '<' || c == ' ' && !addr.starts_with('"'));
    if bad {
        return Err("Invalid character in localpart");
    }
    Ok((addr, params.trim()))
}

impl LmtpSession {
    fn state(&self) -> &'static str {
        if self.data.is_some() {
            "DATA"
        } else if !self.rcpts.is_empty() {
            "RCPT TO"
        } else if self.sender.is_some() {
            "MAIL FROM"
        } else if self.helo.is_some() {
            "READY"
        } else {
            "GREETING"
        }
    }
    fn reset(&mut self) {
        self.sender = None;
        self.rcpts.clear();
        self.asked = 0;
        self.data = None;
    }
    fn gone(&mut self, host: &mut Host, reason: &str) {
        if !self.closed {
            self.closed = true;
            let e = Event::LmtpGone {
                pid: self.pid,
                from: self.from.clone(),
                reason: reason.to_owned(),
                state: self.state(),
            };
            log(host, self.log_pid, e);
        }
    }
    fn command(&mut self, host: &mut Host, line: &str) -> String {
        let (verb, arg) = line.split_once(' ').unwrap_or((line, ""));
        if verb.is_empty() || !verb.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return "500 5.5.2 Invalid command syntax\r\n".into();
        }
        match verb.to_ascii_uppercase().as_str() {
            "LHLO" => {
                let name = arg.trim();
                if name.is_empty() {
                    return "501 Missing hostname\r\n".into();
                }
                self.helo = Some(name.chars().take(255).collect());
                self.reset();
                let lines = ["8BITMIME", "CHUNKING", "ENHANCEDSTATUSCODES", "PIPELINING"];
                let body: String = lines.iter().map(|l| format!("250-{l}\r\n")).collect();
                format!("250-{}\r\n{body}250 STARTTLS\r\n", host.fqdn)
            }
            "MAIL" => self.mail(arg),
            "RCPT" => self.rcpt(host, arg),
            "DATA" => {
                if self.sender.is_none() {
                    "503 5.5.0 MAIL needed first\r\n".into()
                } else if self.rcpts.is_empty() {
                    "503 5.5.0 No valid recipients\r\n".into()
                } else {
                    self.data = Some(Vec::new());
                    "354 OK\r\n".into()
                }
            }
            "RSET" => {
                self.reset();
                "250 2.0.0 OK\r\n".into()
            }
            "NOOP" => "250 2.0.0 OK\r\n".into(),
            "VRFY" => "252 2.3.3 Try RCPT instead\r\n".into(),
            "QUIT" => {
                self.reset();
                self.gone(host, "Logged out");
                "221 2.0.0 Bye\r\n".into()
            }
            _ => "500 5.5.1 Unknown command\r\n".into(),
        }
    }
    fn mail(&mut self, arg: &str) -> String {
        if self.sender.is_some() {
            return "503 5.5.0 MAIL already given\r\n".into();
        }
        let Some(rest) = arg.get(..5).filter(|a| a.eq_ignore_ascii_case("FROM:")).and(arg.get(5..)) else {
            return "501 5.5.4 Invalid parameters\r\n".into();
        };
        match path(rest, true) {
            Err(e) => format!("501 5.5.4 Invalid FROM: {e}\r\n"),
            Ok((addr, params)) => {
                let known = |p: &str| {
                    let p = p.to_ascii_uppercase();
                    p == "BODY=7BIT" || p == "BODY=8BITMIME"
                };
                if params.split_ascii_whitespace().all(known) {
                    self.sender = Some(addr.to_owned());
                    "250 2.1.0 OK\r\n".into()
                } else {
                    "555 5.5.4 Unsupported parameters\r\n".into()
                }
            }
        }
    }
    fn rcpt(&mut self, host: &mut Host, arg: &str) -> String {
        if self.sender.is_none() {
            return "503 5.5.0 MAIL needed first\r\n".into();
        }
        let Some(rest) = arg.get(..3).filter(|a| a.eq_ignore_ascii_case("TO:")).and(arg.get(3..)) else {
            return "501 5.5.4 Invalid parameters\r\n".into();
        };
        let addr = match path(rest, false) {
            Err(e) => return format!("501 5.5.4 Invalid TO: {e}\r\n"),
            Ok((addr, _)) => addr.to_owned(),
        };
        self.asked += 1;
        if self.rcpts.len() >= 10_000 {
            return format!("452 4.5.3 <{addr}> Too many recipients\r\n");
        }
        let (local, domain) = addr.rsplit_once('@').map_or((addr.as_str(), None), |(l, d)| (l, Some(d)));
        let delimiters = self.config.get("recipient_delimiter").to_owned();
        let bare = local.find(|c| delimiters.contains(c)).map_or(local, |i| &local[..i]);
        let given = domain.map_or_else(|| bare.to_owned(), |d| format!("{bare}@{d}"));
        let unknown = format!("550 5.1.1 <{addr}> User doesn't exist: {given}\r\n");
        let internal = format!("451 4.3.0 <{addr}> Temporary internal error\r\n");
        if self.auth_down {
            return internal;
        }
        let Some(name) = auth_name(&self.config, &given) else { return unknown };
        let user = match lookup(host, &self.config, &name) {
            Ok(u) => u,
            Err(NoUser::Unknown) => return unknown,
            Err(NoUser::Internal) => return internal,
        };
        let scope = Scope::protocol("lmtp");
        if self.config.scoped(&scope, "lmtp_rcpt_check_quota") == "yes"
            && let Ok(Some(root)) = quota::root(&self.config, &scope, &user)
            && let Ok(top) = user.mail_root(&self.config, &scope)
            && let Ok(u) = quota::usage(host, &root, &user.cred, &top)
            && root.room(u, 0) == quota::Room::No
        {
            return self.quota_reply(&addr, &root.message);
        }
        let first = self.transactions == 0 && self.asked == 1;
        let mut session = self.session.clone();
        if self.transactions > 0 {
            session.push_str(&format!(":T{}", self.transactions + 1));
        }
        if !first && self.asked > 1 {
            session.push_str(&format!(":R{}", self.asked));
        }
        self.rcpts.push(Rcpt { address: addr, user, session });
        "250 2.1.5 OK\r\n".into()
    }
    fn quota_reply(&self, addr: &str, message: &str) -> String {
        let soft = self.config.scoped(&Scope::protocol("lmtp"), "quota_full_tempfail") == "yes";
        if soft { format!("452 4.2.2 <{addr}> {message}\r\n") } else { format!("552 5.2.2 <{addr}> {message}\r\n") }
    }
    fn headers(&self, host: &Host, sender: &str) -> String {
        let helo = self.helo.as_deref().unwrap_or("unknown");
        let date = host.now.rfc5322();
        let date = date.trim_end_matches(" (UTC)");
        let single = if let [only] = &self.rcpts[..] { Some(&only.address) } else { None };
        let to = single.map_or_else(String::new, |a| format!("Delivered-To: {a}\n"));
        let mut out = format!("Return-Path: <{sender}>\n{to}");
        if self.config.scoped(&Scope::protocol("lmtp"), "lmtp_add_received_header") == "yes" {
            let target = single.map_or_else(String::new, |a| format!("\n\tfor <{a}>"));
            out.push_str(&format!(
                "Received: from {helo}\n\tby {} with LMTP\n\tid {}\n\t(envelope-from <{sender}>){target}; {date}\n",
                host.fqdn, self.session
            ));
        }
        out
    }
    fn end_of_data(&mut self, host: &mut Host, body: &[u8]) -> String {
        let sender = self.sender.clone().unwrap_or_default();
        let mut data = self.headers(host, &sender).into_bytes();
        data.extend_from_slice(body);
        let mut out = String::new();
        let mut saved = 0;
        for r in self.rcpts.clone() {
            let session = Session {
                service: "lmtp".into(),
                user: r.user.name.clone(),
                pid: self.pid,
                session: r.session.clone(),
            };
            let d = Delivery {
                sender: &sender,
                recipient: &r.address,
                data: &data,
                session,
                log_pid: self.log_pid,
                conn: Some((self.peer, self.conn + 4)),
            };
            let addr = &r.address;
            out.push_str(&match deliver(host, &self.config, &r.user, &d) {
                Delivered::Saved => format!("250 2.0.0 <{addr}> {} Saved\r\n", r.session),
                Delivered::Quota(m) => self.quota_reply(addr, &m),
                Delivered::Failed { stamp } => format!(
                    "451 4.2.0 <{addr}> Internal error occurred. Refer to server log for more information. [{stamp}]\r\n"
                ),
            });
            saved += 1;
        }
        let _ = saved;
        self.transactions += 1;
        self.reset();
        out
    }
}

impl Peer for LmtpSession {
    fn greet(&mut self, host: &mut Host) -> Turn {
        log(host, self.log_pid, Event::LmtpConnect { pid: self.pid, from: self.from.clone() });
        let greeting = self.config.get("login_greeting");
        let output = format!("220 {} {greeting}\r\n", host.fqdn).into_bytes();
        Turn { output, delay: host.jitter("lmtp-greet", &self.session, 400, 2_500), close: false }
    }
    fn input(&mut self, host: &mut Host, data: &[u8]) -> Turn {
        let mut turn = Turn::default();
        if self.closed {
            turn.close = true;
            return turn;
        }
        self.pending.extend_from_slice(data);
        while let Some(i) = text::line_end(&self.pending) {
            if let Some(mut body) = self.data.take() {
                // Everything up to the lone dot is the message; one pass over what is there.
                let (done, used) = take_data(&self.pending, &mut body);
                self.pending.drain(..used);
                if body.len() > MAX_DATA {
                    body.truncate(MAX_DATA);
                }
                if done {
                    self.data = None;
                    let entity = format!("{}/{}", self.session, self.transactions);
                    turn.delay = turn.delay + host.jitter("lmtp-save", &entity, 4_000, 18_000);
                    let reply = self.end_of_data(host, &body);
                    turn.output.extend(reply.bytes());
                    continue;
                }
                self.data = Some(body);
                break;
            }
            let line: Vec<u8> = self.pending.drain(..=i).collect();
            let text = text::lossy(&line);
            let reply = self.command(host, text.trim_end_matches(['\r', '\n']));
            turn.output.extend(reply.bytes());
            turn.delay = turn.delay + Span::micros(200);
            if self.closed {
                turn.close = true;
                break;
            }
        }
        if self.data.is_none() && self.pending.len() > MAX_LINE {
            self.pending.clear();
            turn.output.extend(b"500 5.5.2 Line too long\r\n");
        }
        turn
    }
    fn tls(&mut self, _host: &mut Host) -> Result<TlsPeer, String> {
        Err("TLS is not offered on this socket".into())
    }
    fn hangup(&mut self, host: &mut Host) {
        self.gone(host, "Connection closed");
    }
}

/// Moves whole lines of a message from the input, dots undone and CRLF made LF: whether the lone dot came, and how many
/// bytes were used.
pub fn take_data(input: &[u8], body: &mut Vec<u8>) -> (bool, usize) {
    let mut used = 0;
    while let Some(n) = text::line_end(&input[used..]) {
        let line = &input[used..used + n];
        used += n + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line == b"." {
            return (true, used);
        }
        body.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        body.push(b'\n');
    }
    (false, used)
}
