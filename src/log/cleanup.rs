//! What cleanup(8) can say.

use super::{Message, Severity};

/// Where a message came from, as the lines of header checks and milters show it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// `cliente.ejemplo.com[192.0.2.50]` or `local`.
    pub origin: String,
    pub sender: String,
    pub recipient: Option<String>,
    pub proto: Option<String>,
    pub helo: Option<String>,
}

impl Source {
    fn text(&self) -> String {
        let mut s = format!("from {}; from=<{}>", self.origin, self.sender);
        if let Some(r) = &self.recipient {
            s += &format!(" to=<{r}>");
        }
        if let Some(p) = &self.proto {
            s += &format!(" proto={p}");
        }
        if let Some(h) = &self.helo {
            s += &format!(" helo=<{h}>");
        }
        s
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cleanup {
    /// The Message-ID of a message (`message-id=<…>`), or that of a resent one.
    MessageId { qid: String, id: String, resent: bool },
    /// One line for every Received: header beyond `hopcount_limit`.
    Hopcount { qid: String },
    /// A header or body check matched. `action` is `reject`, `warning`, `hold`, `discard`, `info`…, `class` is `header`,
    /// `mime header`, `nested header` or `body`.
    Check { qid: String, action: String, class: String, content: String, source: Box<Source>, text: String },
    /// Bytes that MIME does not allow there, with the line.
    MimeError { qid: String, what: &'static str, line: String, source: Box<Source> },
    /// A milter that cannot be reached decides by `milter_default_action`.
    MilterReject { qid: String, stage: String, client: String, dsn: String, text: String, sender: String },
    /// The same, when it decides that the message waits.
    MilterHold { qid: String, client: String, sender: String },
    /// No space, or another fault of the queue file system.
    QueueWrite { qid: String, reason: String },
    /// The queue file of a message that was not finished.
    CloseError,
    /// A mapping table could not be read.
    MapProblem { qid: String, map: String, key: String },
    /// A canonical table gave more than one address.
    MultiValued { qid: String, map: String, address: String },
    /// Virtual alias expansion without end.
    AliasLoop { qid: String, map: String, address: String, limit: String },
    /// A message larger than `message_size_limit`.
    TooLarge { qid: String },
    /// An action of a check that has no meaning.
    UnknownCheck { map: String, action: String },
    /// An action of a check whose text is missing, or not of its form.
    BadCheckArgument { map: String, what: BadCheck },
}

/// What is wrong with the text of an action (`cleanup_act()`).
#[derive(Clone, Debug, PartialEq)]
pub enum BadCheck {
    NoFilter,
    Filter(String),
    Redirect(String),
    Bcc(String),
    NoText(&'static str),
    NoHeader(&'static str, String),
}

impl BadCheck {
    fn text(&self, map: &str) -> String {
        match self {
            BadCheck::NoFilter => format!("missing FILTER command argument in {map} map"),
            BadCheck::Filter(a) => format!("bad FILTER command {a} in {map} -- need transport:destination"),
            BadCheck::Redirect(a) => format!("bad REDIRECT target \"{a}\" in {map} map -- need user@domain"),
            BadCheck::Bcc(a) => format!("bad BCC address \"{a}\" in {map} map -- need user@domain"),
            BadCheck::NoText(w) => format!("{w} action without text in {map} map"),
            BadCheck::NoHeader(w, a) => {
                format!("bad {w} header text \"{a}\" in {map} map -- need \"headername: headervalue\"")
            }
        }
    }
}

impl Message for Cleanup {
    fn severity(&self) -> Severity {
        match self {
            Cleanup::MessageId { .. } | Cleanup::Check { .. } | Cleanup::MilterReject { .. } => Severity::Info,
            _ => Severity::Warning,
        }
    }
    fn text(&self) -> String {
        match self {
            Cleanup::MessageId { qid, id, resent } => {
                format!("{qid}: {}message-id={id}", if *resent { "resent-" } else { "" })
            }
            Cleanup::MultiValued { qid, map, address } => {
                format!("warning: {qid}: multi-valued {map} entry for {address}")
            }
            Cleanup::Hopcount { qid } => format!("warning: {qid}: message rejected: hopcount exceeded"),
            Cleanup::MimeError { qid, what, line, source } => {
                let (origin, from) = (&source.origin, &source.sender);
                let to = source.recipient.as_ref().map(|r| format!(" to=<{r}>")).unwrap_or_default();
                format!("{qid}: reject: mime-error {what}: {line} from {origin}; from=<{from}>{to}")
            }
            Cleanup::Check { qid, action, class, content, source, text } => {
                let head: String = content.chars().take(200).collect();
                let tail = if text.is_empty() { String::new() } else { format!(": {text}") };
                format!("{qid}: {action}: {class} {head} {}{tail}", source.text())
            }
            Cleanup::MilterReject { qid, stage, client, dsn, text, sender } => {
                format!("{qid}: milter-reject: {stage} from {client}: {dsn} {text}; from=<{sender}>")
            }
            Cleanup::MilterHold { qid, client, sender } => {
                format!("{qid}: milter-hold: CONNECT from {client}: milter triggers HOLD action; from=<{sender}>")
            }
            Cleanup::CloseError => "warning: mail_stream_cleanup: close error".into(),
            Cleanup::QueueWrite { qid, reason } => format!("warning: {qid}: write queue file: {reason}"),
            Cleanup::MapProblem { qid, map, key } => {
                let key = if key.is_empty() { String::new() } else { format!(" for {key}") };
                format!("warning: {qid}: {map} map lookup problem{key} -- message not accepted, try again later")
            }
            Cleanup::AliasLoop { qid, map, address, limit } => format!(
                "warning: {qid}: unreasonable {map} map {limit} for {address} -- message not accepted, try again later"
            ),
            Cleanup::TooLarge { qid } => format!("warning: {qid}: queue file size limit exceeded"),
            Cleanup::UnknownCheck { map, action } => format!("warning: unknown command in {map} map: {action}"),
            Cleanup::BadCheckArgument { map, what } => format!("warning: {}", what.text(map)),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        let one = |q: &String| vec![("qid", q.clone())];
        match self {
            Cleanup::MessageId { qid, id, .. } => vec![("qid", qid.clone()), ("message_id", id.clone())],
            Cleanup::Check { qid, action, content, source, text, .. } => {
                let mut f = vec![
                    ("qid", qid.clone()),
                    ("action", action.clone()),
                    ("content", content.clone()),
                    ("client", source.origin.clone()),
                    ("from", source.sender.clone()),
                    ("reason", text.clone()),
                ];
                if let Some(r) = &source.recipient {
                    f.push(("to", r.clone()));
                }
                f
            }
            Cleanup::CloseError => Vec::new(),
            Cleanup::MilterReject { qid, client, dsn, text, sender, .. } => vec![
                ("qid", qid.clone()),
                ("client", client.clone()),
                ("dsn", dsn.clone()),
                ("reason", text.clone()),
                ("from", sender.clone()),
            ],
            Cleanup::Hopcount { qid }
            | Cleanup::MultiValued { qid, .. }
            | Cleanup::MimeError { qid, .. }
            | Cleanup::QueueWrite { qid, .. }
            | Cleanup::MapProblem { qid, .. }
            | Cleanup::AliasLoop { qid, .. }
            | Cleanup::TooLarge { qid, .. } => one(qid),
            Cleanup::BadCheckArgument { map, .. } => vec![("map", map.clone())],
            Cleanup::MilterHold { qid, client, sender } => {
                vec![("qid", qid.clone()), ("client", client.clone()), ("from", sender.clone())]
            }
            Cleanup::UnknownCheck { action, .. } => vec![("action", action.clone())],
        }
    }
}
