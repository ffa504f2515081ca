//! `[[traffic]]` and `[noise]`: the past of a lab is what this does to the model.

use crate::base::Span;
use crate::lab::read::{block, words};
use crate::lab::values::{Id, Machine, Mailbox, Size, When};

words! {
    /// By which door.
    pub enum Via {
        /// SMTP to port 25, as a mail server or a machine of the LAN does.
        "smtp" Smtp,
        /// Port 587 with STARTTLS and a login.
        "submission" Submission,
        /// `sendmail` on the host itself.
        "sendmail" Sendmail,
        /// An IMAP login and log-out; nothing is sent.
        "imap" Imap,
    }
}

block! {
    /// Somebody sends something.
    pub struct Traffic {
        /// A name, when the diagnosis or a goal speaks of it.
        opt id: Option<Id>,
        /// When the first attempt is made.
        req at: When,
        /// From which machine; the host itself for `sendmail`.
        opt client: Machine,
        /// By which door; `smtp` if not given.
        opt via: Via,
        /// The name it greets with; its own if not given.
        opt helo: Option<String>,
        /// Who logs in, or whose `sendmail` it is.
        opt user: Option<String>,
        /// With which password; the right one if not given.
        opt password: Option<String>,
        /// The envelope sender; empty is the null sender.
        opt sender: Mailbox,
        /// The envelope recipients.
        opt to: Vec<Mailbox>,
        /// Header `From:`; the sender if not given.
        opt from: Option<String>,
        /// Header `Subject:`.
        opt subject: String,
        /// The text.
        opt body: String,
        /// The message is made at least this large.
        opt size: Option<Size>,
        /// Header lines beside these, as `Name: value`.
        opt headers: Vec<String>,
        /// It is sent so many times in all.
        opt times: Option<u32>,
        /// How far apart; 10 minutes if not given.
        opt every: Option<Span>,
        /// A server that keeps what was refused for now tries again; a spammer does not.
        opt gives_up: bool,
    }
}

block! {
    /// Everybody else's mail and people who read theirs: keyed by seed, never the only line and never the last.
    pub struct Noise {
        /// How much: 0 none, 1 a little, 2 an office, 3 a busy day.
        opt level: u32,
        /// Passwords are tried from outside.
        opt guessing: bool,
        /// Strangers knock at port 25 and try to relay.
        opt probing: bool,
        /// A message to somebody outside waits and is tried again.
        opt waiting: bool,
        /// People whose mailboxes other people's mail must leave alone.
        opt spare: Vec<String>,
    }
}
