//! What smtpd knows of a session and a transaction while it decides, and what decisions leave behind.

use crate::log::smtpd::{Action, Fatal, Smtpd, Stage};
use crate::postfix::address;
use crate::postfix::cleanup::Actions;

/// How a name look-up of the client ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameStatus {
    #[default]
    Ok,
    Temporary,
    /// The name and the address do not agree.
    Forged,
    Permanent,
}

/// A rejection kept for later: `defer_if_permit` and `defer_if_reject`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deferral {
    pub class: ErrorClass,
    pub code: i64,
    pub dsn: String,
    pub reason: String,
}

/// The classes of `notify_classes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorClass {
    Policy,
    Protocol,
    Bounce,
    Software,
    Resource,
    Data,
}

impl ErrorClass {
    pub fn name(self) -> &'static str {
        match self {
            ErrorClass::Policy => "policy",
            ErrorClass::Protocol => "protocol",
            ErrorClass::Bounce => "bounce",
            ErrorClass::Software => "software",
            ErrorClass::Resource => "resource",
            ErrorClass::Data => "data",
        }
    }
}

/// The TLS session, if any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsState {
    pub protocol: String,
    pub cipher: String,
    pub bits: u32,
    pub peer_cn: String,
    pub issuer_cn: String,
    pub trusted: bool,
    pub fingerprint: String,
    pub pkey_fingerprint: String,
}

/// The state that restrictions read and write.
#[derive(Clone, Debug, Default)]
pub struct CheckState {
    /// `cliente.ejemplo.com` or `unknown`.
    pub name: String,
    pub reverse_name: String,
    pub addr: String,
    pub port: String,
    pub server_addr: String,
    pub server_port: String,
    pub name_status: NameStatus,
    pub reverse_name_status: NameStatus,
    /// The stage, as in the log: `RCPT`.
    pub stage: String,
    pub helo: Option<String>,
    /// `SMTP` or `ESMTP`; `None` in no session.
    pub protocol: Option<String>,
    /// In internal form.
    pub sender: Option<String>,
    pub recipient: Option<String>,
    pub etrn: Option<String>,
    pub rcpt_count: usize,
    pub message_size: u64,
    pub queue_id: Option<String>,
    pub instance: String,
    pub sasl_method: String,
    pub sasl_username: String,
    pub sasl_sender: String,
    pub tls: Option<TlsState>,
    /// The client spoke before it was its turn.
    pub pipelining: bool,
    pub encryption_keysize: String,

    // What decisions leave behind.
    pub recursion: u32,
    pub warn_if_reject: u32,
    pub defer_if_reject: Option<Deferral>,
    pub defer_if_permit: Option<Deferral>,
    pub defer_client: Option<Deferral>,
    pub defer_helo: Option<Deferral>,
    pub defer_sender: Option<Deferral>,
    pub discard: bool,
    pub sender_checked: bool,
    pub recipient_checked: bool,
    /// The rejection, when there is one.
    pub reply: String,
    pub errors: Vec<ErrorClass>,
    pub actions: Actions,
    pub prepend: Vec<String>,
    pub hangup: bool,
    /// The process ends over this.
    pub fatal: Option<Fatal>,
}

impl CheckState {
    /// `name[address]`.
    pub fn namaddr(&self) -> String {
        [&self.name, "[", &self.addr, "]"].concat()
    }
    /// The empty state of a new mail transaction.
    pub fn reset_mail(&mut self) {
        self.sender = None;
        self.recipient = None;
        self.rcpt_count = 0;
        self.message_size = 0;
        self.queue_id = None;
        self.discard = false;
        self.actions = Actions::default();
        self.prepend.clear();
    }
    /// `log_whatsup()`: a decision with the circumstances.
    pub fn whatsup(&self, action: Action, text: &str) -> Smtpd {
        Smtpd::Verdict {
            action,
            at: Box::new(Stage {
                qid: self.queue_id.clone(),
                stage: self.stage.clone(),
                client: self.namaddr(),
                text: text.into(),
                from: self.sender.as_deref().map(address::for_log),
                to: self.recipient.as_deref().map(address::for_log),
                proto: self.protocol.clone(),
                helo: self.helo.clone(),
                sasl_username: None,
            }),
        }
    }
    pub fn note(&mut self, class: ErrorClass) {
        if !self.errors.contains(&class) {
            self.errors.push(class);
        }
    }
}
