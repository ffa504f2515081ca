//! What smtpd(8) can say. What TLS says is in [`super::tls`], what a table says in [`super::table`].

pub use super::smtpd_config::{Fatal, Misuse};
use super::{Message, Severity};

/// What [`Smtpd::Verdict`] reports, beyond a plain rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Reject,
    /// A rejection under `warn_if_reject`: nothing happens.
    RejectWarning,
    Hold,
    Discard,
    Filter,
    Redirect,
    Bcc,
    Warn,
    Info,
    Hangup,
    Permit,
    MilterReject,
    MilterHold,
}

impl Action {
    pub fn word(self) -> &'static str {
        match self {
            Action::Reject => "reject",
            Action::RejectWarning => "reject_warning",
            Action::Hold => "hold",
            Action::Discard => "discard",
            Action::Filter => "filter",
            Action::Redirect => "redirect",
            Action::Bcc => "bcc",
            Action::Warn => "warn",
            Action::Info => "info",
            Action::Hangup => "hangup",
            Action::Permit => "permit",
            Action::MilterReject => "milter-reject",
            Action::MilterHold => "milter-hold",
        }
    }
}

/// The facts of a decision at one stage of the dialogue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// `None`: no queue id yet (`NOQUEUE`).
    pub qid: Option<String>,
    /// `CONNECT`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `END-OF-MESSAGE`, `ETRN`, `VRFY`.
    pub stage: String,
    /// `name[address]`.
    pub client: String,
    /// The reply, or what an action says.
    pub text: String,
    /// In external form; `None` when there was no MAIL yet.
    pub from: Option<String>,
    pub to: Option<String>,
    pub proto: Option<String>,
    pub helo: Option<String>,
    pub sasl_username: Option<String>,
}

impl Stage {
    fn text(&self, word: &str) -> String {
        let qid = self.qid.as_deref().unwrap_or("NOQUEUE");
        let mut s = format!("{qid}: {word}: {} from {}: {};", self.stage, self.client, self.text);
        for (name, value) in [("from", &self.from), ("to", &self.to)] {
            if let Some(v) = value {
                s += &format!(" {name}=<{v}>");
            }
        }
        if let Some(p) = &self.proto {
            s += &format!(" proto={p}");
        }
        if let Some(h) = &self.helo {
            s += &format!(" helo=<{h}>");
        }
        if let Some(u) = &self.sasl_username {
            s += &format!(" sasl_username=<{u}>");
        }
        s
    }
    fn fields(&self, action: Action) -> Vec<(&'static str, String)> {
        let mut f =
            vec![("action", action.word().into()), ("stage", self.stage.clone()), ("reason", self.text.clone())];
        f.extend(client_fields(&self.client));
        if let Some(q) = &self.qid {
            f.push(("qid", q.clone()));
        }
        let b = self.text.as_bytes();
        if b.len() >= 3 && b[..3].iter().all(u8::is_ascii_digit) {
            f.push(("code", self.text[..3].into()));
            let dsn = self.text[3..].trim_start().split(' ').next().unwrap_or("");
            if dsn.split('.').count() == 3 && dsn.bytes().all(|c| c == b'.' || c.is_ascii_digit()) {
                f.push(("dsn", dsn.into()));
            }
        }
        let some = [
            ("from", &self.from),
            ("to", &self.to),
            ("proto", &self.proto),
            ("helo", &self.helo),
            ("sasl_username", &self.sasl_username),
        ];
        f.extend(some.into_iter().filter_map(|(n, v)| v.as_ref().map(|v| (n, v.clone()))));
        f
    }
}

/// `name[address]` as the fields `client` and `ip`.
fn client_fields(client: &str) -> Vec<(&'static str, String)> {
    match client.rsplit_once('[') {
        Some((name, ip)) => vec![("client", name.into()), ("ip", ip.trim_end_matches(']').into())],
        None => vec![("client", client.into())],
    }
}

/// Which limit of anvil(8) a client went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    ConnectionCount,
    ConnectionRate,
    Message,
    Recipient,
    NewTls,
    Auth,
}

impl Rate {
    fn name(self) -> &'static str {
        match self {
            Rate::ConnectionCount => "Connection concurrency limit",
            Rate::ConnectionRate => "Connection rate limit",
            Rate::Message => "Message delivery request rate limit",
            Rate::Recipient => "Recipient address rate limit",
            Rate::NewTls => "New TLS session rate limit",
            Rate::Auth => "AUTH command rate limit",
        }
    }
}

/// How a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Lost,
    Timeout,
    TooManyErrors,
}

impl Ended {
    fn words(self) -> &'static str {
        match self {
            Ended::Lost => "lost connection",
            Ended::Timeout => "timeout",
            Ended::TooManyErrors => "too many errors",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Smtpd {
    Connect {
        client: String,
    },
    Disconnect {
        client: String,
        tally: String,
    },
    /// The queue id and the client it belongs to.
    Client {
        qid: String,
        client: String,
        sasl_method: String,
        sasl_username: String,
        sasl_sender: String,
        origin: String,
    },
    Verdict {
        action: Action,
        at: Box<Stage>,
    },
    Ended {
        how: Ended,
        stage: String,
        client: String,
    },
    RateLimit {
        rate: Rate,
        count: i64,
        client: String,
        service: String,
    },
    AuthFailed {
        client: String,
        mechanism: String,
        reason: String,
        username: String,
    },
    AuthAborted {
        client: String,
        mechanism: String,
    },
    /// A reply template names something that nobody knows.
    UnknownMacro {
        name: String,
    },
    IllegalAddress {
        client: String,
        command: String,
        address: String,
    },
    NonSmtpCommand {
        client: String,
        line: String,
    },
    /// The PTR name does not lead back to the address; `error` when the name could not be looked up.
    HostnameMismatch {
        name: String,
        addr: String,
        error: Option<String>,
    },
    ImproperPipelining {
        client: String,
        stage: String,
        input: String,
    },
    DsnMapped {
        from: String,
        class: String,
        to: String,
    },
    /// A table's or a list's answer that Postfix complains about, or a mistake in a restriction list. The wording is one
    /// sentence of `smtpd_check.c` whose facts are in the text.
    RestrictionWarning(Misuse),
    QueueFull {
        free: u64,
    },
    QueueMinFree {
        minfree: i64,
        limit: i64,
    },
    SizeLimit {
        qid: String,
    },
    UnknownNotify {
        word: String,
        whole: String,
    },
    BadBdat {
        qid: Option<String>,
        client: String,
        args: String,
    },
    /// Whether a feature (or which) EHLO should announce.
    CannotAnnounce {
        feature: Option<&'static str>,
        client: String,
    },
    /// The session ends over a table that cannot be searched.
    DataError {
        qid: Option<String>,
        stage: String,
        client: String,
        reply: String,
    },
    /// `smtpd_command_filter`.
    ReplacingCommand {
        client: String,
        command: String,
        with: String,
    },
    /// Nobody takes the order of an ETRN.
    FlushUnavailable,
    EtrnUnavailable {
        domain: String,
        client: String,
    },
    /// ETRN in stand-alone mode.
    EtrnAlone,
    PolicyConnect {
        server: String,
        reason: String,
    },
    PolicyTalk {
        server: String,
        reason: String,
    },
    SaslSocket {
        path: String,
        reason: String,
    },
    Fatal(Fatal),
    /// Keywords that EHLO does not offer to this client.
    DiscardingEhlo {
        keywords: String,
    },
    /// `using backwards-compatible default setting …`.
    CompatDefault {
        setting: String,
        action: String,
    },
    Unavailable {
        what: String,
        client: String,
    },
}

impl Message for Smtpd {
    fn severity(&self) -> Severity {
        if matches!(self, Smtpd::Connect { .. } | Smtpd::Disconnect { .. } | Smtpd::Client { .. }) {
            return Severity::Info;
        }
        let text = self.text();
        if text.starts_with("warning: ") {
            Severity::Warning
        } else if text.starts_with("fatal: ") {
            Severity::Crit
        } else {
            Severity::Info
        }
    }
    fn text(&self) -> String {
        match self {
            Smtpd::Connect { client } => ["connect from ", client].concat(),
            Smtpd::Disconnect { client, tally } => ["disconnect from ", client, tally].concat(),
            Smtpd::Client { qid, client, sasl_method, sasl_username, sasl_sender, origin } => {
                let mut s = [qid, ": client=", client].concat();
                for (n, v) in
                    [("sasl_method", sasl_method), ("sasl_username", sasl_username), ("sasl_sender", sasl_sender)]
                {
                    if !v.is_empty() {
                        s += &format!(", {n}={v}");
                    }
                }
                s + origin
            }
            Smtpd::Verdict { action, at } => at.text(action.word()),
            Smtpd::Ended { how, stage, client } => format!("{} after {stage} from {client}", how.words()),
            Smtpd::RateLimit { rate, count, client, service } => {
                format!("warning: {} exceeded: {count} from {client} for service {service}", rate.name())
            }
            Smtpd::AuthFailed { client, mechanism, reason, username } => {
                format!("warning: {client}: SASL {mechanism} authentication failed: {reason}, sasl_username={username}")
            }
            Smtpd::AuthAborted { client, mechanism } => {
                format!("warning: {client}: SASL {mechanism} authentication aborted")
            }
            Smtpd::UnknownMacro { name } => format!("warning: unknown macro name \"{name}\" in expansion request"),
            Smtpd::IllegalAddress { client, command, address } => {
                format!("warning: Illegal address syntax from {client} in {command} command: {address}")
            }
            Smtpd::NonSmtpCommand { client, line } => format!("warning: non-SMTP command from {client}: {line}"),
            Smtpd::HostnameMismatch { name, addr, error } => {
                let why = error.as_ref().map(|e| format!(": {e}")).unwrap_or_default();
                format!("warning: hostname {name} does not resolve to address {addr}{why}")
            }
            Smtpd::ImproperPipelining { client, stage, input } => {
                format!("improper command pipelining after {stage} from {client}: {input}")
            }
            Smtpd::DsnMapped { from, class, to } => format!("mapping DSN status {from} into {class} status {to}"),
            Smtpd::RestrictionWarning(m) => format!("warning: {}", m.text()),
            Smtpd::QueueFull { free } => {
                format!("warning: not enough free space in mail queue: {free} bytes < 1.5*message size limit")
            }
            Smtpd::QueueMinFree { minfree, limit } => {
                format!("warning: queue_minfree({minfree}) should be at least 1.5*message_size_limit({limit})")
            }
            Smtpd::SizeLimit { qid } => format!("warning: {qid}: queue file size limit exceeded"),
            Smtpd::UnknownNotify { word, whole } => {
                format!("warning: unknown DSN NOTIFY command value \"{word}\" in \"{whole}\"")
            }
            Smtpd::BadBdat { qid, client, args } => {
                let q = qid.as_deref().unwrap_or("NOQUEUE");
                format!("warning: {q}: malformed BDAT command syntax from {client}: {args}")
            }
            Smtpd::CannotAnnounce { feature: None, client } => {
                format!("warning: don't know what EHLO features to announce to {client}")
            }
            Smtpd::CannotAnnounce { feature: Some(f), client } => {
                format!("warning: don't know if EHLO feature {f} should be announced to {client}")
            }
            Smtpd::DataError { qid, stage, client, reply } => {
                format!("{}: reject: {stage} from {client}: {reply}", qid.as_deref().unwrap_or("NOQUEUE"))
            }
            Smtpd::ReplacingCommand { client, command, with } => {
                format!("{client}: replacing command \"{command:.100}\" with \"{with:.100}\"")
            }
            Smtpd::FlushUnavailable => "warning: unable to talk to fast flush service".to_owned(),
            Smtpd::EtrnUnavailable { domain, client } => {
                format!("warning: reject: ETRN {domain:.100}... from {client}")
            }
            Smtpd::EtrnAlone => "warning: do not use ETRN in \"sendmail -bs\" mode".to_owned(),
            Smtpd::PolicyConnect { server, reason } => format!("warning: connect to {server}: {reason}"),
            Smtpd::PolicyTalk { server, reason } => format!("warning: problem talking to server {server}: {reason}"),
            Smtpd::SaslSocket { path, reason } => {
                format!("warning: SASL: Connect to Dovecot auth socket '{path}' failed: {reason}")
            }
            Smtpd::Fatal(f) => format!("fatal: {}", f.text()),
            Smtpd::DiscardingEhlo { keywords } => format!("discarding EHLO keywords: {keywords}"),
            Smtpd::CompatDefault { setting, action } => {
                format!("using backwards-compatible default setting {setting} to {action}")
            }
            Smtpd::Unavailable { what, client } => format!("warning: {what} from {client}"),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Smtpd::Connect { client } => client_fields(client),
            Smtpd::Disconnect { client, tally } => {
                let mut f = client_fields(client);
                f.push(("tally", tally.trim().into()));
                f
            }
            Smtpd::Client { qid, client, sasl_method, sasl_username, .. } => {
                let mut f = vec![("qid", qid.clone())];
                f.extend(client_fields(client));
                if !sasl_username.is_empty() {
                    f.push(("sasl_method", sasl_method.clone()));
                    f.push(("sasl_username", sasl_username.clone()));
                }
                f
            }
            Smtpd::Verdict { action, at } => at.fields(*action),
            Smtpd::Ended { how, stage, client } => {
                let mut f = client_fields(client);
                f.push(("stage", stage.clone()));
                f.push(("reason", how.words().into()));
                f
            }
            Smtpd::RateLimit { rate, count, client, .. } => {
                let mut f = client_fields(client);
                f.push(("reason", rate.name().into()));
                f.push(("count", count.to_string()));
                f
            }
            Smtpd::AuthFailed { client, mechanism, reason, username } => {
                let mut f = client_fields(client);
                f.push(("sasl_method", mechanism.clone()));
                f.push(("sasl_username", username.clone()));
                f.push(("reason", reason.clone()));
                f
            }
            Smtpd::IllegalAddress { client, command, address } => {
                let mut f = client_fields(client);
                f.push(("stage", command.clone()));
                f.push(("address", address.clone()));
                f
            }
            Smtpd::NonSmtpCommand { client, .. } | Smtpd::ImproperPipelining { client, .. } => client_fields(client),
            Smtpd::HostnameMismatch { name, addr, .. } => vec![("client", name.clone()), ("ip", addr.clone())],
            Smtpd::SizeLimit { qid } => vec![("qid", qid.clone())],
            Smtpd::RestrictionWarning(m) => vec![("reason", m.text())],
            Smtpd::QueueFull { free } => vec![("free", free.to_string())],
            Smtpd::PolicyConnect { server, reason } | Smtpd::PolicyTalk { server, reason } => {
                vec![("server", server.clone()), ("reason", reason.clone())]
            }
            Smtpd::SaslSocket { path, reason } => vec![("path", path.clone()), ("reason", reason.clone())],
            Smtpd::Fatal(_) => vec![("reason", self.text().trim_start_matches("fatal: ").into())],
            _ => Vec::new(),
        }
    }
}
