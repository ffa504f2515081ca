//! What a submitter hands to cleanup(8), and what cleanup answers.

use crate::base::{Span, Time};
use std::net::IpAddr;

/// Who submits. Decides about address mapping, header checks, content filter and `always_bcc`, as the flags of
/// `cleanup_user.h` do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    #[default]
    Smtpd,
    Qmqpd,
    /// sendmail(1) by way of the maildrop queue.
    Pickup,
    /// bounce(8): a notification made by the mail system itself.
    Bounce,
    /// A notice to postmaster by smtpd(8) or smtp(8) (`notify_classes`).
    Notify,
    /// local(8) forwarding through an alias or .forward.
    Forward,
    /// verify(8): an address probe.
    Verify,
}

/// NOTIFY flags of RFC 3461, as in a queue file's `dsn_notify`; zero is the default (FAILURE and DELAY).
pub mod notify {
    pub const NEVER: u32 = 1;
    pub const SUCCESS: u32 = 2;
    pub const FAILURE: u32 = 4;
    pub const DELAY: u32 = 8;
}

/// RET of RFC 3461.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ret {
    Full,
    Headers,
}

impl From<u32> for Ret {
    /// As a queue file has it.
    fn from(value: u32) -> Ret {
        if value == 2 { Ret::Headers } else { Ret::Full }
    }
}

/// A recipient as the submitter got it (rewritten to internal form, not yet mapped).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    pub address: String,
    /// ORCPT without decoding: `rfc822;maria@ejemplo.com`; empty when the client gave none.
    pub orcpt: String,
    /// NOTIFY, flags of [`notify`]; zero when the client gave none.
    pub notify: u32,
    /// The original recipient when it differs (a forward by local(8)); else empty.
    pub orig: String,
}

impl Recipient {
    pub fn new(address: impl Into<String>) -> Recipient {
        Recipient { address: address.into(), ..Recipient::default() }
    }
}

/// The client's attributes, as they go into the queue file and further to a content filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// `cliente.ejemplo.com` or `unknown`.
    pub name: String,
    pub reverse_name: String,
    pub addr: IpAddr,
    pub port: u16,
    pub helo: String,
    /// `SMTP` or `ESMTP` (as in the log and in Received:).
    pub proto: String,
}

/// What access tables asked for at the time of the dialogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// HOLD; the log line was already written by smtpd.
    pub hold: bool,
    pub discard: bool,
    /// DISCARD, but only when the content had already gone to cleanup.
    pub late_discard: bool,
    /// FILTER transport:nexthop.
    pub filter: Option<String>,
    /// REDIRECT address.
    pub redirect: Option<String>,
    /// BCC addresses.
    pub bcc: Vec<String>,
}

/// A new message.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    pub qid: String,
    pub origin: Origin,
    /// The cleanup service of master.cf (`cleanup_service_name`, usually `cleanup`).
    pub service: String,
    /// When the queue id was allocated.
    pub arrival: Time,
    /// Empty for `<>`.
    pub sender: String,
    /// `F` record: the full name of the submitting user.
    pub fullname: String,
    pub recipients: Vec<Recipient>,
    /// Header and body with `\n` line ends and without dot-stuffing. The submitter's own Received: header and what access
    /// tables prepend stand first (smtpd and pickup write them, as in life).
    pub content: Vec<u8>,
    pub client: Option<Client>,
    pub sasl_method: String,
    pub sasl_username: String,
    pub sasl_sender: String,
    /// BODY=8BITMIME (or 7BIT) of MAIL FROM: `8bit`, `7bit`, or empty.
    pub encoding: String,
    pub smtputf8: bool,
    pub ret: Option<Ret>,
    /// ENVID as received (xtext, not decoded).
    pub envid: String,
    pub actions: Actions,
    /// `local_header_rewrite_clients` matched, or the message came from this host: headers are completed.
    pub local_rewrite: bool,
    /// sendmail -t: recipients are taken from the header.
    pub extract_recipients: bool,
    /// sendmail -v and -bv: report delivery, or verify only.
    pub report: Report,
    /// `receive_override_options=no_address_mappings` and its kin of the submitting service, comma separated.
    pub receive_override: String,
    /// How long from now on the submitter is at it: nothing becomes of the message before.
    pub takes: Span,
    /// The connection's transport: TLS or none; only for the record.
    pub tls: bool,
}

/// sendmail -v (`Deliver`) and -bv (`VerifyOnly`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Report {
    #[default]
    None,
    Deliver,
    VerifyOnly,
}

/// Why cleanup did not take a message, as `cleanup_user.h` names it, most severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stat {
    /// Milter or policy: try again later.
    Defer,
    /// The proxy filter failed.
    Proxy,
    /// Bad records.
    Bad,
    /// No recipients.
    Rcpt,
    /// Too many Received: headers.
    Hops,
    /// Larger than `message_size_limit`.
    Size,
    /// Header or body checks rejected it.
    Cont,
    /// The queue file could not be written.
    Write,
    /// Service denied.
    NoPerm,
}

/// Reply code, enhanced code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dsn {
    pub code: u16,
    pub dsn: &'static str,
    pub text: &'static str,
}

impl Stat {
    /// `cleanup_stat_detail()`.
    pub fn detail(self) -> Dsn {
        let (code, dsn, text) = match self {
            Stat::Defer => (451, "4.7.1", "service unavailable"),
            Stat::Proxy | Stat::Write => (451, "4.3.0", "queue file write error"),
            Stat::Bad => (451, "4.3.0", "internal protocol error"),
            Stat::Rcpt => (550, "5.1.0", "no recipients specified"),
            Stat::Hops => (554, "5.4.0", "too many hops"),
            Stat::Size => (552, "5.3.4", "message file too big"),
            Stat::Cont => (550, "5.7.1", "message content rejected"),
            Stat::NoPerm => (550, "5.7.1", "service denied"),
        };
        Dsn { code, dsn, text }
    }
}

/// cleanup's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CleanupStatus {
    /// In the queue (or discarded by a rule: the submitter is not told).
    Ok,
    /// Not taken. `reason` is the text of a REJECT rule, possibly with an enhanced code first (`5.7.1 text`); empty: the
    /// standing text of [`Stat::detail`].
    Fail { stat: Stat, reason: String },
}

impl CleanupStatus {
    pub fn fail(stat: Stat) -> CleanupStatus {
        CleanupStatus::Fail { stat, reason: String::new() }
    }
    pub fn is_ok(&self) -> bool {
        *self == CleanupStatus::Ok
    }
}
