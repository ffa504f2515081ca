//! The commands of smtpd, and the counts of a session (`ehlo=1 mail=0/1 commands=1/2`).

use crate::base::text::put_number;

/// A command of the table, in the table's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Helo,
    Ehlo,
    Xclient,
    Xforward,
    Starttls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Bdat,
    Rset,
    Noop,
    Vrfy,
    Etrn,
    Quit,
    Unknown,
}

use Command::{
    Auth, Bdat, Data, Ehlo, Etrn, Helo, Mail, Noop, Quit, Rcpt, Rset, Starttls, Unknown, Vrfy, Xclient, Xforward,
};

pub const COMMANDS: [Command; 16] =
    [Helo, Ehlo, Xclient, Xforward, Starttls, Auth, Mail, Rcpt, Data, Bdat, Rset, Noop, Vrfy, Etrn, Quit, Unknown];

impl Command {
    pub fn name(self) -> &'static str {
        match self {
            Helo => "HELO",
            Ehlo => "EHLO",
            Xclient => "XCLIENT",
            Xforward => "XFORWARD",
            Starttls => "STARTTLS",
            Auth => "AUTH",
            Mail => "MAIL",
            Rcpt => "RCPT",
            Data => "DATA",
            Bdat => "BDAT",
            Rset => "RSET",
            Noop => "NOOP",
            Vrfy => "VRFY",
            Etrn => "ETRN",
            Quit => "QUIT",
            Unknown => "UNKNOWN",
        }
    }
    pub fn parse(word: &str) -> Command {
        COMMANDS[..15].iter().copied().find(|c| word.eq_ignore_ascii_case(c.name())).unwrap_or(Unknown)
    }
    /// Counts against `smtpd_junk_command_limit`.
    pub fn is_junk(self) -> bool {
        matches!(self, Helo | Ehlo | Rset | Noop | Vrfy | Etrn)
    }
    /// Allowed before STARTTLS where TLS is mandatory.
    pub fn is_pre_tls(self) -> bool {
        matches!(self, Helo | Ehlo | Xclient | Starttls | Noop | Quit)
    }
    /// The last of a group: what is pipelined after it comes too early.
    pub fn is_last(self) -> bool {
        matches!(self, Helo | Ehlo | Xclient | Starttls | Auth | Data | Noop | Vrfy | Quit)
    }
}

/// Successes and totals by command.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: [(u32, u32); 16],
}

impl Tally {
    pub fn add(&mut self, c: Command) {
        self.counts[c as usize].1 += 1;
    }
    pub fn success(&mut self, c: Command) {
        self.counts[c as usize].0 += 1;
    }
    /// A success turned out to be none (DATA whose message was refused).
    pub fn failed(&mut self, c: Command) {
        let n = &mut self.counts[c as usize].0;
        *n = n.saturating_sub(1);
    }
    /// ` ehlo=1 mail=0/1 commands=1/2`.
    pub fn text(&self) -> String {
        let pair = |s: &mut String, (ok, all): (u32, u32)| {
            if ok != all || all == 0 {
                put_number(s, ok);
                s.push('/');
            }
            put_number(s, all);
        };
        let mut s = String::with_capacity(80);
        let mut sum = (0, 0);
        for c in COMMANDS {
            let n = self.counts[c as usize];
            if n.1 > 0 {
                s.push(' ');
                let name = s.len();
                s.push_str(c.name());
                s[name..].make_ascii_lowercase();
                s.push('=');
                pair(&mut s, n);
                sum = (sum.0 + n.0, sum.1 + n.1);
            }
        }
        s.push_str(" commands=");
        pair(&mut s, sum);
        s
    }
}
