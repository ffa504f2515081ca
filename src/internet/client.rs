//! Outside parties that bring mail: other people's servers, the machines of the LAN, spammers, people at home.
//!
//! A client holds one message and says its part of the SMTP dialogue step by step; `sim` carries the bytes and lets the
//! time pass. A server keeps what was refused for now, or not answered, and tries again as Postfix would; a spammer gives
//! up. Left out: pipelining, several messages on one connection, STARTTLS on port 25.

use crate::base::{Chance, Span, Time, text};
use crate::host::errno::Errno;
use base64::Engine;
use std::net::IpAddr;
use std::sync::Arc;

/// By which door a message comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Port 25.
    Smtp,
    /// Port 587: STARTTLS and a login come first.
    Submission,
}

impl Door {
    pub fn port(self) -> u16 {
        match self {
            Door::Smtp => 25,
            Door::Submission => 587,
        }
    }
}

/// A message that somebody wants to hand over.
#[derive(Clone, Debug)]
pub struct Mail {
    /// What chance is keyed by: the same mail behaves the same in every world.
    pub key: String,
    pub client: IpAddr,
    pub helo: String,
    pub door: Door,
    /// User and password.
    pub login: Option<(String, String)>,
    pub sender: String,
    pub recipients: Vec<String>,
    /// Header and body, lines ended by LF or CRLF.
    pub data: Vec<u8>,
    /// Whether it is kept and tried again.
    pub keeps: bool,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The reply at the end of DATA was good.
    Accepted,
    /// A reply that was not, with the command that it answered (`connect`, `EHLO`, `RCPT`, …).
    Refused { command: &'static str, reply: String },
    /// No connection.
    NoConnection(Errno),
    /// Connected, and the answer to this command never came.
    Silent(&'static str),
    /// The server hung up.
    Lost(&'static str),
}

/// One attempt to hand the message over.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub at: Time,
    pub end: End,
    /// What RCPT answered, by recipient.
    pub recipients: Vec<(String, String)>,
    /// What the end of DATA answered.
    pub data: Option<String>,
}

/// Where the dialogue stands: which reply is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Banner,
    Ehlo,
    StartTls,
    TlsEhlo,
    Auth,
    Mail,
    Rcpt(usize),
    Data,
    Body,
    Quit,
}

/// A client and what it has been through.
#[derive(Clone, Debug)]
pub struct Client {
    pub mail: Arc<Mail>,
    pub attempts: Vec<Attempt>,
    /// Names its connection in `sim` while it holds one.
    pub conn: Option<u64>,
    /// Since when it has waited for the reply that it waits for.
    pub waiting_since: Time,
    step: Step,
    heard: Vec<u8>,
    started: Time,
    answers: Vec<(String, String)>,
    accepted: usize,
    data_reply: Option<String>,
}

/// What a client does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Says this and waits.
    Say(Vec<u8>),
    /// Starts TLS, then calls [`Client::tls_ready`].
    Tls,
    /// Hangs up. The attempt is noted.
    HangUp,
    /// The reply is not complete.
    Wait,
}

/// How long a client waits for a reply before it hangs up.
pub const PATIENCE: Span = Span::secs(300);

/// Tries after this many seconds, as Postfix's defaults come out.
const RETRIES: [i64; 8] = [300, 600, 1_200, 2_400, 4_000, 4_000, 4_000, 4_000];

impl Client {
    pub fn new(mail: Mail) -> Client {
        Client {
            mail: Arc::new(mail),
            attempts: Vec::new(),
            conn: None,
            waiting_since: Time::default(),
            step: Step::Banner,
            heard: Vec::new(),
            started: Time::default(),
            answers: Vec::new(),
            accepted: 0,
            data_reply: None,
        }
    }
    /// Begins an attempt: the connection is up.
    pub fn connected(&mut self, now: Time, conn: u64) {
        self.begin(now);
        self.conn = Some(conn);
    }
    fn begin(&mut self, now: Time) {
        self.conn = None;
        self.step = Step::Banner;
        self.heard.clear();
        self.started = now;
        self.waiting_since = now;
        self.answers.clear();
        self.accepted = 0;
        self.data_reply = None;
    }
    /// No connection came about.
    pub fn not_connected(&mut self, now: Time, errno: Errno) {
        self.begin(now);
        self.note(End::NoConnection(errno));
    }
    fn note(&mut self, end: End) {
        self.attempts.push(Attempt {
            at: self.started,
            end,
            recipients: std::mem::take(&mut self.answers),
            data: self.data_reply.take(),
        });
    }
    /// Whether the message was handed over, to every recipient that was not refused for good.
    pub fn done(&self) -> bool {
        !self.wants_retry()
    }
    /// Whether the message waits for another attempt.
    fn wants_retry(&self) -> bool {
        match self.attempts.last() {
            None => true,
            Some(a) => match &a.end {
                End::Accepted => a.recipients.iter().any(|(_, r)| r.starts_with('4')),
                // A 5xx greeting is no refusal of the message.
                End::Refused { command, reply } => reply.starts_with('4') || *command == "connect",
                End::NoConnection(_) | End::Silent(_) | End::Lost(_) => true,
            },
        }
    }
    /// How long until the next attempt, if there is one.
    pub fn retry_after(&self, chance: Chance) -> Option<Span> {
        if !self.mail.keeps || !self.wants_retry() {
            return None;
        }
        let n = self.attempts.len();
        let base = *RETRIES.get(n.saturating_sub(1))?;
        let jitter = chance.between("client-retry", &format!("{}/{n}", self.mail.key), 0, 60_000);
        Some(Span::secs(base) + Span::millis(jitter))
    }
    /// How long the client takes to say its next word.
    pub fn think(&self, chance: Chance) -> Span {
        let entity = format!("{}/{}/{:?}", self.mail.key, self.attempts.len(), self.step);
        Span::millis(chance.between("client-think", &entity, 4, 48))
    }
    /// What the server said has arrived; `closed` if it hung up after it.
    pub fn hears(&mut self, bytes: &[u8], closed: bool) -> Move {
        self.heard.extend_from_slice(bytes);
        match take_reply(&mut self.heard) {
            Some(reply) => self.answered(&reply),
            None if closed => {
                if self.step != Step::Quit {
                    let what = self.command();
                    self.note(End::Lost(what));
                }
                Move::HangUp
            }
            None => Move::Wait,
        }
    }
    /// The answer never came.
    pub fn gives_up(&mut self) {
        if self.step != Step::Quit {
            let what = self.command();
            self.note(End::Silent(what));
        }
    }
    fn command(&self) -> &'static str {
        match self.step {
            Step::Banner => "connect",
            Step::Ehlo | Step::TlsEhlo => "EHLO",
            Step::StartTls => "STARTTLS",
            Step::Auth => "AUTH",
            Step::Mail => "MAIL",
            Step::Rcpt(_) => "RCPT",
            Step::Data => "DATA",
            Step::Body => "end of DATA",
            Step::Quit => "QUIT",
        }
    }
    fn say(&mut self, step: Step, line: &str) -> Move {
        self.step = step;
        Move::Say(format!("{line}\r\n").into_bytes())
    }
    fn quit(&mut self, end: End) -> Move {
        self.note(end);
        self.say(Step::Quit, "QUIT")
    }
    fn refused(&mut self, reply: &str) -> Move {
        let command = self.command();
        self.quit(End::Refused { command, reply: reply.to_owned() })
    }
    fn answered(&mut self, reply: &str) -> Move {
        let good = reply.starts_with(['2', '3']);
        match self.step {
            Step::Quit => return Move::HangUp,
            Step::Rcpt(_) => {}
            _ if !good => return self.refused(reply),
            _ => {}
        }
        match self.step {
            Step::Banner => {
                let line = format!("EHLO {}", self.mail.helo);
                self.say(Step::Ehlo, &line)
            }
            Step::Ehlo if self.mail.door == Door::Submission => self.say(Step::StartTls, "STARTTLS"),
            Step::StartTls => Move::Tls,
            Step::TlsEhlo => match &self.mail.login {
                Some((user, password)) => {
                    let token =
                        base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}").as_bytes());
                    self.say(Step::Auth, &format!("AUTH PLAIN {token}"))
                }
                None => self.say_mail(),
            },
            Step::Ehlo | Step::Auth => self.say_mail(),
            Step::Mail => self.say_rcpt(0),
            Step::Rcpt(n) => {
                let to = self.mail.recipients[n].clone();
                self.accepted += usize::from(good);
                self.answers.push((to, reply.to_owned()));
                if n + 1 < self.mail.recipients.len() {
                    self.say_rcpt(n + 1)
                } else if self.accepted == 0 {
                    self.refused(reply)
                } else {
                    self.say(Step::Data, "DATA")
                }
            }
            Step::Data => {
                self.step = Step::Body;
                Move::Say(stuffed(&self.mail.data))
            }
            Step::Body => {
                self.data_reply = Some(reply.to_owned());
                self.quit(End::Accepted)
            }
            Step::Quit => Move::HangUp,
        }
    }
    fn say_mail(&mut self) -> Move {
        let line = format!("MAIL FROM:<{}> SIZE={}", self.mail.sender, self.mail.data.len());
        self.say(Step::Mail, &line)
    }
    fn say_rcpt(&mut self, n: usize) -> Move {
        match self.mail.recipients.get(n) {
            Some(to) => {
                let line = format!("RCPT TO:<{to}>");
                self.say(Step::Rcpt(n), &line)
            }
            None => self.quit(End::Lost("RCPT")),
        }
    }
    /// TLS is up.
    pub fn tls_ready(&mut self) -> Move {
        let line = format!("EHLO {}", self.mail.helo);
        self.say(Step::TlsEhlo, &line)
    }
}

/// Takes one whole reply (all of its lines) from the front of what was heard; the text without its last line end.
fn take_reply(heard: &mut Vec<u8>) -> Option<String> {
    let mut end = 0;
    let last = text::lines(heard).find(|line| {
        end += line.len();
        line.get(3) != Some(&b'-')
    })?;
    if !last.ends_with(b"\n") {
        return None;
    }
    let reply: Vec<u8> = heard.drain(..end).collect();
    Some(text::lossy(&reply).trim_end().to_owned())
}

/// The message as it goes over the wire: CRLF, dots doubled, the final dot.
fn stuffed(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + data.len() / 32 + 8);
    for line in text::lines(data) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            key: "t".into(),
            client: "192.0.2.50".parse().unwrap(),
            helo: "cliente.ejemplo.com".into(),
            door: Door::Smtp,
            login: None,
            sender: "a@origen.com".into(),
            recipients: vec!["maria@ejemplo.com".into(), "nadie@ejemplo.com".into()],
            data: b"Subject: x\n\n.punto\n".to_vec(),
            keeps: true,
        }
    }

    #[test]
    fn a_whole_dialogue() {
        let mut c = Client::new(mail());
        c.connected(Time::from_secs(10), 1);
        for (reply, said) in [
            ("220 mail ESMTP\r\n", "EHLO cliente.ejemplo.com\r\n"),
            ("250-mail\r\n250 SIZE\r\n", "MAIL FROM:<a@origen.com> SIZE=19\r\n"),
            ("250 2.1.0 Ok\r\n", "RCPT TO:<maria@ejemplo.com>\r\n"),
            ("250 2.1.5 Ok\r\n", "RCPT TO:<nadie@ejemplo.com>\r\n"),
            ("550 5.1.1 no\r\n", "DATA\r\n"),
            ("354 go\r\n", "Subject: x\r\n\r\n..punto\r\n.\r\n"),
            ("250 2.0.0 Ok: queued as A1\r\n", "QUIT\r\n"),
        ] {
            assert_eq!(c.hears(reply.as_bytes(), false), Move::Say(said.as_bytes().to_vec()), "{reply}");
        }
        assert_eq!(c.hears(b"221 2.0.0 Bye\r\n", true), Move::HangUp);
        assert_eq!(c.attempts.len(), 1);
        assert_eq!(c.attempts[0].end, End::Accepted);
        assert_eq!(c.attempts[0].recipients[1].1, "550 5.1.1 no");
        assert!(c.done());
        assert_eq!(c.retry_after(Chance::new(1)), None);
    }

    #[test]
    fn who_tries_again() {
        for (end, again) in [
            (End::Refused { command: "RCPT", reply: "450 4.2.0 gris".into() }, true),
            (End::Refused { command: "RCPT", reply: "550 5.1.1 no".into() }, false),
            (End::Refused { command: "connect", reply: "554 no".into() }, true),
            (End::NoConnection(Errno::ConnRefused), true),
            (End::Silent("connect"), true),
        ] {
            let mut c = Client::new(mail());
            c.note(end.clone());
            assert_eq!(c.retry_after(Chance::new(1)).is_some(), again, "{end:?}");
        }
    }

    #[test]
    fn a_reply_in_pieces() {
        let mut heard = b"250-a\r\n250".to_vec();
        assert_eq!(take_reply(&mut heard), None);
        heard.extend_from_slice(b" b\r\n221 x");
        assert_eq!(take_reply(&mut heard).as_deref(), Some("250-a\r\n250 b"));
        assert_eq!(heard, b"221 x");
    }
}
