//! What the delivery agents can say: local, virtual, smtp, lmtp, pipe, error, discard; and the `delay=` notation.

use super::agent::AgentFatal;
use super::config::MacroFault;
use super::local::Local;
use super::tls_policy::TlsPolicy;
use super::{Message, Severity};
use crate::base::Span;
use std::net::IpAddr;

/// The outcome of one delivery attempt for one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Sent,
    Deferred,
    Bounced,
    Deliverable,
    Undeliverable,
    /// `soft_bounce = yes` made a bounce temporary.
    SoftBounce,
    /// cleanup threw the message away for a hold or the like.
    Discarded,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Status::Sent => "sent",
            Status::Deferred => "deferred",
            Status::Bounced => "bounced",
            Status::Deliverable => "deliverable",
            Status::Undeliverable => "undeliverable",
            Status::SoftBounce => "SOFTBOUNCE",
            Status::Discarded => "discarded",
        }
    }
}

/// Seconds with the two significant digits and at most two decimals that Postfix logs (`format_tv`, with
/// `delay_logging_resolution_limit`).
pub fn format_tv(t: Span, sig_digits: u32, max_digits: u32) -> String {
    const MILLION: i64 = 1_000_000;
    let (mut sec, mut usec) = (t.0.max(0) / MILLION, t.0.max(0) % MILLION);
    let mut ures = 10_i64.pow(6 - max_digits.min(6));
    let wid = 10_i64.pow(sig_digits.clamp(1, 6));
    if ures < MILLION {
        if sec > 0 {
            let mut n = 1;
            while sec >= n && n <= wid / 10 {
                n *= 10;
            }
            ures = ures.max(MILLION / wid * n);
        } else {
            while usec >= wid * ures {
                ures *= 10;
            }
        }
    }
    if ures > 1 {
        usec += ures / 2;
        if usec >= MILLION {
            sec += 1;
            usec -= MILLION;
        }
    }
    let mut out = sec.to_string();
    if usec >= ures {
        out.push('.');
        let (mut rem, mut n) = (usec, MILLION / 10);
        while rem >= ures && n > 0 {
            out.push(char::from(b'0' + (rem / n) as u8));
            rem %= n;
            n /= 10;
        }
    }
    out
}

/// One status line.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    pub qid: String,
    pub to: String,
    /// Logged when it differs from `to`.
    pub orig_to: String,
    pub relay: String,
    /// How often the connection was used, when more than once.
    pub conn_use: u32,
    /// Before qmgr, in qmgr, connection set-up, transmission.
    pub delays: [Span; 4],
    pub dsn: String,
    pub status: Status,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    Status(Box<Attempt>),
    /// local(8) hands a recipient to another transport.
    Passing {
        qid: String,
        to: String,
        transport: String,
    },
    /// smtp(8) and lmtp(8): `connect to HOST[ADDR]:PORT: Connection refused`.
    Connect {
        host: String,
        reason: String,
    },
    /// A text that smtp(8) logs on its own when another server is tried next.
    NextHost {
        qid: String,
        text: String,
    },
    /// Any line about a client TLS connection that is worded by the TLS library interface.
    TlsEstablished {
        trust: &'static str,
        peer: String,
        protocol: String,
        cipher: String,
    },
    CertFailed {
        peer: String,
        reason: String,
    },
    TlsHandshake {
        peer: String,
        reason: String,
    },
    Policy(TlsPolicy),
    /// What smtp(8) thinks is a fault of the configuration, and not of the mail: `relayhost configuration problem`.
    Problem {
        param: String,
    },
    /// A table that smtp(8) cannot search.
    TableError {
        qid: String,
        table: String,
    },
    /// A line of a server's reply becomes another by `smtp_reply_filter`.
    ReplyReplaced {
        relay: String,
        reply: String,
        with: String,
    },
    /// `smtp_reply_filter` cannot be searched.
    ReplyFilter {
        qid: String,
        table: String,
        reply: String,
    },
    /// An action of `smtp_header_checks` and their kin.
    Check {
        qid: String,
        action: &'static str,
        class: &'static str,
        content: String,
        text: String,
    },
    /// An action that these checks do not have.
    Unsupported {
        map: String,
        action: String,
    },
    /// Checks of `header` or `body` that cannot be searched.
    ChecksLookup {
        qid: String,
        class: &'static str,
    },
    /// A delivery status filter answers what is no status of the same kind.
    StatusFilter {
        param: String,
        result: String,
    },
    /// The server offers AUTH, and nothing that may be used.
    NoMechanisms {
        relay: String,
        offered: String,
    },
    /// local(8) cannot make the lock beside a file.
    LockFile {
        path: String,
        errno: &'static str,
    },
    /// libsasl2 takes no user name of blanks.
    BlankUser,
    /// `smtp_bind_address` is no address of this host.
    Bind {
        ip: IpAddr,
    },
    /// A next hop that cannot be read ends the process.
    ServerFatal(AgentFatal),
    /// The two lines about a maildir that cannot be written to.
    MaildirAccess {
        uid: u32,
        gid: u32,
        text: String,
    },
    MaildirHint,
    /// local(8) waits for another agent.
    Connecting(AgentFatal),
    /// A failure with a code of success.
    IgnoredCode {
        dsn: String,
    },
    /// What local(8) warns of.
    Local(Local),
    /// An MX record that has no address.
    NoAddress {
        domain: String,
    },
    /// A program that cannot be executed: the child of the agent says so, under its bare name.
    Exec {
        why: String,
    },
    /// Cyrus SASL finds no mechanism that both sides have.
    NoWorthyMechanisms,
    /// A server greets with the name of this host.
    /// A line that is longer than is read.
    LongResponse {
        server: String,
        limit: usize,
        start: String,
    },
    /// A line that is no reply, from a server that takes commands ahead.
    NoResponse {
        qid: String,
        server: String,
        text: String,
    },
    PipeliningAdvice {
        address: String,
    },
    BadSizeLimit {
        limit: String,
        server: String,
    },
    /// A server greets with our own name.
    GreetedAsMe {
        server: String,
        name: String,
    },
    /// The greeting is that of a Cisco PIX firewall.
    PixWorkarounds {
        qid: String,
        server: String,
    },
    OwnHostname {
        host: String,
        name: String,
    },
    /// A table has no uid or gid for a virtual mailbox, or one that cannot be used.
    VirtualMap {
        map: &'static str,
        user: String,
        value: Option<String>,
    },
    /// The mailbox file has another owner, and `strict_mailbox_ownership` minds.
    StrictOwner,
    /// pipe(8): an argument in master.cf names no macro, or cannot be read.
    PipeMacro {
        service: String,
        name: String,
    },
    Macro(MacroFault),
    /// A flag of pipe(8) that is for one recipient at a time.
    PipeSingle {
        service: String,
        flag: char,
    },
    /// master.cf has no such service (`private/bounce`) for the process to talk to.
    NoService {
        service: String,
        errno: &'static str,
    },
    /// A program that spawn(8) ran has ended badly.
    CommandStatus {
        command: String,
        status: i32,
    },
    /// The service that keeps this log (`defer`) could not be told.
    LogFailure {
        qid: String,
        log: &'static str,
    },
    /// A program takes longer than its time limit.
    ReadLimit,
    /// The child of an agent ends before it is a program.
    Child(AgentFatal),
}

impl Message for Delivery {
    fn severity(&self) -> Severity {
        match self {
            Delivery::MaildirAccess { .. }
            | Delivery::MaildirHint
            | Delivery::Local(_)
            | Delivery::Connecting(_)
            | Delivery::IgnoredCode { .. }
            | Delivery::NoAddress { .. }
            | Delivery::NoWorthyMechanisms
            | Delivery::LongResponse { .. }
            | Delivery::NoResponse { .. }
            | Delivery::PipeliningAdvice { .. }
            | Delivery::BadSizeLimit { .. }
            | Delivery::GreetedAsMe { .. }
            | Delivery::OwnHostname { .. }
            | Delivery::VirtualMap { .. }
            | Delivery::StrictOwner => Severity::Warning,
            Delivery::ServerFatal(_) | Delivery::Child(_) => Severity::Crit,
            Delivery::NoService { .. }
            | Delivery::CommandStatus { .. }
            | Delivery::LogFailure { .. }
            | Delivery::PipeMacro { .. }
            | Delivery::ReadLimit
            | Delivery::Macro(_)
            | Delivery::PipeSingle { .. } => Severity::Warning,
            Delivery::Problem { .. }
            | Delivery::TableError { .. }
            | Delivery::ReplyFilter { .. }
            | Delivery::ChecksLookup { .. }
            | Delivery::Unsupported { .. }
            | Delivery::StatusFilter { .. }
            | Delivery::NoMechanisms { .. }
            | Delivery::LockFile { .. }
            | Delivery::BlankUser
            | Delivery::Bind { .. } => Severity::Warning,
            Delivery::Policy(t) if t.is_warning() => Severity::Warning,
            _ => Severity::Info,
        }
    }
    fn text(&self) -> String {
        match self {
            Delivery::Status(a) => {
                let orig = if a.orig_to.is_empty() { String::new() } else { format!(" orig_to=<{}>,", a.orig_to) };
                let uses = if a.conn_use > 1 { format!(" conn_use={},", a.conn_use) } else { String::new() };
                let tv = |s: Span| format_tv(s, 2, 2);
                let total = Span(a.delays.iter().map(|d| d.0.max(0)).sum());
                let [p, q, c, x] = a.delays;
                let whom = [&a.qid, ": to=<", &a.to, ">,", &orig, " relay=", &a.relay, ",", &uses].concat();
                let delays = [tv(p), tv(q), tv(c), tv(x)].join("/");
                let status = [", dsn=", &a.dsn, ", status=", a.status.word(), " (", &a.reason, ")"].concat();
                [&whom, " delay=", &tv(total), ", delays=", &delays, &status].concat()
            }
            Delivery::Passing { qid, to, transport } => format!("{qid}: passing <{to}> to transport={transport}"),
            Delivery::Connect { host, reason } => format!("connect to {host}: {reason}"),
            Delivery::NextHost { qid, text } => format!("{qid}: {text}"),
            Delivery::TlsEstablished { trust, peer, protocol, cipher } => {
                format!("{trust} TLS connection established to {peer}: {protocol} with cipher {cipher}")
            }
            Delivery::CertFailed { peer, reason } => format!("certificate verification failed for {peer}: {reason}"),
            Delivery::TlsHandshake { peer, reason } => format!("SSL_connect error to {peer}: {reason}"),
            Delivery::Policy(t) => t.text(),
            Delivery::Problem { param } => format!("warning: {param} configuration problem"),
            Delivery::TableError { qid, table } => format!("warning: {qid}: {table} lookup error"),
            Delivery::ReplyReplaced { relay, reply, with } => {
                format!("{relay}: replacing server reply \"{reply}\" with \"{with}\"")
            }
            Delivery::ReplyFilter { qid, table, reply } => {
                format!("warning: {qid}: table {table} lookup error for {reply}")
            }
            Delivery::Check { qid, action, class, content, text } => {
                format!("{qid}: {action}: {class} {content}{}{text}", if text.is_empty() { "" } else { ": " })
            }
            Delivery::Unsupported { map, action } => format!("warning: unsupported command in {map} map: {action}"),
            Delivery::ChecksLookup { qid, class } => format!("warning: {qid}: smtp {class} checks lookup error"),
            Delivery::StatusFilter { param, result } => format!("warning: {param}: bad status code: {result}"),
            Delivery::NoMechanisms { relay, offered } => {
                format!("warning: {relay} offered no supported AUTH mechanisms: '{offered}'")
            }
            Delivery::LockFile { path, errno } => format!("warning: unable to create lock file {path}.lock: {errno}"),
            Delivery::BlankUser => "warning: SASL authentication failure: All-whitespace username.".into(),
            Delivery::Bind { ip } => format!("warning: smtp_connect_addr: bind {ip}: Cannot assign requested address"),
            Delivery::MaildirAccess { uid, gid, text } => {
                format!("warning: maildir access problem for UID/GID={uid}/{gid}: {text}")
            }
            Delivery::MaildirHint => "warning: perhaps you need to create the maildirs in advance".into(),
            Delivery::Connecting(what) => format!("warning: {what}"),
            Delivery::IgnoredCode { dsn } => format!("warning: bounce_append: ignoring dsn code \"{dsn}\""),
            Delivery::Local(why) => format!("warning: {why}"),
            Delivery::NoAddress { domain } => {
                format!("warning: no MX host for {domain} has a valid address record")
            }
            Delivery::Exec { why } => format!("fatal: {why}"),
            Delivery::NoWorthyMechanisms => "warning: SASL authentication failure: No worthy mechs found".into(),
            Delivery::LongResponse { server, limit, start } => {
                format!("warning: {server}: response longer than {limit}: {start}...")
            }
            Delivery::NoResponse { qid, server, text } => {
                format!("warning: {qid}: non-ESMTP response from {server}: {text}")
            }
            Delivery::PipeliningAdvice { address } => format!(
                "warning: to prevent loss of mail, turn off command pipelining for {address} with the \
                 smtp_discard_ehlo_keyword_address_maps parameter"
            ),
            Delivery::BadSizeLimit { limit, server } => {
                format!("warning: bad EHLO SIZE limit \"{limit}\" from {server}")
            }
            Delivery::GreetedAsMe { server, name } => {
                format!("warning: host {server} greeted me with my own hostname {name}")
            }
            Delivery::PixWorkarounds { qid, server } => {
                format!("{qid}: enabling PIX workarounds: disable_esmtp for {server}")
            }
            Delivery::OwnHostname { host, name } => {
                format!("warning: host {host} replied to HELO/EHLO with my own hostname {name}")
            }
            Delivery::VirtualMap { map, user, value: None } => {
                format!("warning: recipient {user}: not found in {map}")
            }
            Delivery::VirtualMap { map, user, value: Some(v) } => {
                let kind = if *map == "virtual_gid_maps" { "gid" } else { "uid" };
                format!("warning: recipient {user}: bad {kind} {v} in {map}")
            }
            Delivery::StrictOwner => {
                "warning: specify \"strict_mailbox_ownership = no\" to ignore mailbox ownership mismatch".into()
            }
            Delivery::PipeMacro { service, name } => {
                format!("warning: file /etc/postfix/master.cf: service {service}: unknown macro name: \"{name}\"")
            }
            Delivery::Macro(m) => format!("warning: {m}"),
            Delivery::PipeSingle { service, flag } => {
                format!("warning: pipe flag `{flag}' requires {service}_destination_recipient_limit = 1")
            }
            Delivery::CommandStatus { command, status } => format!("warning: command {command} exit status {status}"),
            Delivery::NoService { service, errno } => format!("warning: connect to {service}: {errno}"),
            Delivery::LogFailure { qid, log } => format!("warning: {qid}: {log} service failure"),
            Delivery::ReadLimit => "warning: pipe_command_read: read time limit exceeded".into(),
            Delivery::ServerFatal(why) | Delivery::Child(why) => format!("fatal: {why}"),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Delivery::Status(a) => {
                let mut f = vec![
                    ("qid", a.qid.clone()),
                    ("to", a.to.clone()),
                    ("relay", a.relay.clone()),
                    ("dsn", a.dsn.clone()),
                    ("status", a.status.word().into()),
                    ("reason", a.reason.clone()),
                ];
                if !a.orig_to.is_empty() {
                    f.push(("orig_to", a.orig_to.clone()));
                }
                if let Some(code) = reply_code(&a.reason) {
                    f.push(("code", code));
                }
                f
            }
            Delivery::Passing { qid, to, transport } => {
                vec![("qid", qid.clone()), ("to", to.clone()), ("transport", transport.clone())]
            }
            Delivery::Connect { host, reason } => vec![("relay", host.clone()), ("reason", reason.clone())],
            Delivery::NextHost { qid, text } => {
                vec![("qid", qid.clone()), ("reason", text.clone())]
            }
            Delivery::TlsEstablished { trust, peer, protocol, .. } => {
                vec![("trust", (*trust).into()), ("relay", peer.clone()), ("protocol", protocol.clone())]
            }
            Delivery::CertFailed { peer, reason } | Delivery::TlsHandshake { peer, reason } => {
                vec![("relay", peer.clone()), ("reason", reason.clone())]
            }
            Delivery::MaildirAccess { uid, text, .. } => vec![("uid", uid.to_string()), ("reason", text.clone())],
            Delivery::Local(why) => why.fields(),
            Delivery::IgnoredCode { dsn } => vec![("dsn", dsn.clone())],
            Delivery::VirtualMap { map, user, .. } => vec![("map", (*map).to_owned()), ("to", user.clone())],
            Delivery::NoAddress { domain } => vec![("domain", domain.clone())],
            Delivery::Exec { why } => vec![("reason", why.clone())],
            Delivery::Problem { param } => vec![("parameter", param.clone())],
            Delivery::TableError { qid, table } | Delivery::ReplyFilter { qid, table, .. } => {
                vec![("qid", qid.clone()), ("map", table.clone())]
            }
            Delivery::Check { qid, action, content, .. } => {
                vec![("qid", qid.clone()), ("action", (*action).into()), ("content", content.clone())]
            }
            Delivery::Unsupported { map, action } => vec![("map", map.clone()), ("action", action.clone())],
            Delivery::ChecksLookup { qid, .. } => vec![("qid", qid.clone())],
            Delivery::ReplyReplaced { relay, reply, .. } => vec![("relay", relay.clone()), ("reply", reply.clone())],
            Delivery::StatusFilter { param, .. } => vec![("parameter", param.clone())],
            Delivery::LockFile { path, .. } => vec![("path", path.clone())],
            Delivery::NoMechanisms { relay, .. } => vec![("relay", relay.clone())],
            Delivery::Bind { ip } => vec![("address", ip.to_string())],
            Delivery::ServerFatal(why) | Delivery::Child(why) | Delivery::Connecting(why) => {
                vec![("reason", why.to_string())]
            }
            Delivery::PipeMacro { service, .. } | Delivery::PipeSingle { service, .. } => {
                vec![("service", service.clone())]
            }
            Delivery::CommandStatus { command, status } => {
                vec![("command", command.clone()), ("status", status.to_string())]
            }
            Delivery::NoService { service, errno } => {
                vec![("service", service.clone()), ("reason", (*errno).to_owned())]
            }
            Delivery::LogFailure { qid, .. } => vec![("qid", qid.clone())],
            Delivery::Policy(t) => vec![("reason", t.text())],
            Delivery::BlankUser
            | Delivery::ReadLimit
            | Delivery::StrictOwner
            | Delivery::MaildirHint
            | Delivery::NoWorthyMechanisms
            | Delivery::OwnHostname { .. }
            | Delivery::PipeliningAdvice { .. }
            | Delivery::Macro(_) => Vec::new(),
            Delivery::NoResponse { qid, server, text } => {
                vec![("qid", qid.clone()), ("relay", server.clone()), ("reply", text.clone())]
            }
            Delivery::PixWorkarounds { qid, server } => vec![("qid", qid.clone()), ("relay", server.clone())],
            Delivery::LongResponse { server, .. }
            | Delivery::BadSizeLimit { server, .. }
            | Delivery::GreetedAsMe { server, .. } => vec![("relay", server.clone())],
        }
    }
}

impl From<Local> for Delivery {
    fn from(w: Local) -> Delivery {
        Delivery::Local(w)
    }
}

/// The three-digit code in `… said: 550 5.1.1 …`, `refused to talk to me: 421 …` or `250 2.0.0 Ok …`.
fn reply_code(reason: &str) -> Option<String> {
    let at =
        ["said: ", "refused to talk to me: "].iter().find_map(|m| reason.find(m).map(|i| i + m.len())).unwrap_or(0);
    let code: String = reason.get(at..)?.chars().take(3).collect();
    (code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit())).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_as_postfix_rounds_them() {
        for (micros, expected) in [
            (0, "0"),
            (4_999, "0"),
            (5_000, "0.01"),
            (14_999, "0.01"),
            (95_100, "0.1"),
            (999_999, "1"),
            (2_140_000, "2.1"),
            (3_000_000, "3"),
            (12_345_678, "12"),
            (412_600_000, "413"),
        ] {
            assert_eq!(format_tv(Span(micros), 2, 2), expected, "{micros}");
        }
    }

    #[test]
    fn codes_are_found_in_reasons() {
        for (reason, code) in [
            ("host mail.destino.com[198.51.100.50] said: 550 5.1.1 x (in reply to RCPT TO command)", Some("550")),
            ("250 2.0.0 Ok: queued as 1", Some("250")),
            ("host x[1.2.3.4] refused to talk to me: 421 4.3.2 no", Some("421")),
            ("delivered to maildir", None),
        ] {
            assert_eq!(reply_code(reason).as_deref(), code, "{reason}");
        }
    }
}
