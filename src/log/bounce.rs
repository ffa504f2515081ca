//! What bounce(8) can say (also as defer(8) and trace(8)).

use super::{Message, Severity};

/// The kinds of notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    NonDelivery,
    Delay,
    DeliveryStatus,
}

impl Notice {
    fn word(self) -> &'static str {
        match self {
            Notice::NonDelivery => "non-delivery notification",
            Notice::Delay => "delay notification",
            Notice::DeliveryStatus => "delivery status notification",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Bounce {
    /// `QID: sender non-delivery notification: NEWID`.
    Sender {
        qid: String,
        notice: Notice,
        new_qid: String,
    },
    /// The copy for postmaster by `notify_classes`.
    Postmaster {
        qid: String,
        notice: Notice,
        new_qid: String,
    },
    /// A time is less than one of the unit in which a template names it (`delay_warning_time` under an hour): three lines.
    ZeroTime {
        origin: String,
        kind: &'static str,
        name: String,
        unit: &'static str,
        line: u8,
    },
    /// A template holds more than the ASCII that it promises: three lines.
    NotAscii {
        path: String,
        kind: &'static str,
        line: u8,
    },
    /// `bounce_template_file` ends in the middle of a template.
    NoEndMarker {
        path: String,
        line: usize,
        marker: String,
    },
    /// A line of `bounce_template_file` without a value, a template that is none, and one without text.
    NoValue {
        path: String,
        line: usize,
        text: String,
    },
    NoMarker {
        path: String,
        line: usize,
    },
    UnknownTemplate {
        path: String,
        line: usize,
        name: String,
    },
    NoText {
        path: String,
        kind: &'static str,
    },
    /// What is wrong with a `$name`, and what it ends.
    Macro(String),
    BadName {
        path: String,
        kind: &'static str,
        undefined: bool,
        text: String,
    },
    /// The file cannot be read.
    NoFile {
        path: String,
        error: String,
    },
    /// A bounced notice to postmaster goes nowhere.
    Discarded {
        qid: String,
    },
    /// Nobody is there to be told of a success.
    NoReport {
        qid: String,
        double: bool,
    },
    /// The notification itself could not be queued.
    Failed {
        qid: String,
    },
}

impl Message for Bounce {
    fn severity(&self) -> Severity {
        match self {
            Bounce::ZeroTime { .. }
            | Bounce::NotAscii { .. }
            | Bounce::NoEndMarker { .. }
            | Bounce::UnknownTemplate { .. }
            | Bounce::NoText { .. }
            | Bounce::Macro(_)
            | Bounce::Failed { .. }
            | Bounce::Discarded { .. } => Severity::Warning,
            Bounce::NoValue { .. } | Bounce::NoMarker { .. } | Bounce::BadName { .. } | Bounce::NoFile { .. } => {
                Severity::Crit
            }
            _ => Severity::Info,
        }
    }
    fn text(&self) -> String {
        match self {
            Bounce::Sender { qid, notice, new_qid } => format!("{qid}: sender {}: {new_qid}", notice.word()),
            Bounce::Postmaster { qid, notice, new_qid } => format!("{qid}: postmaster {}: {new_qid}", notice.word()),
            Bounce::Discarded { qid } => format!("warning: {qid}: undeliverable postmaster notification discarded"),
            Bounce::NoReport { qid, double } => {
                let kind = if *double { "double" } else { "single" };
                format!("{qid}: not sending trace/success notification for {kind}-bounce message")
            }
            Bounce::ZeroTime { origin, kind, name, unit, line } => match line {
                0 => format!("warning: {origin}: zero result in {kind} template conversion of parameter \"{name}\""),
                1 => format!("warning: please reduce time unit \"{unit}\" of \"{name}\" in {kind} template"),
                _ => "warning: for instructions see the bounce(5) manual".into(),
            },
            Bounce::NotAscii { path, kind, line } => match line {
                0 => format!("warning: {path}: 8-bit message text in {kind} template"),
                1 => "warning: please specify a charset value other than us-ascii".into(),
                _ => "warning: -- ignoring this template for now".into(),
            },
            Bounce::NoEndMarker { path, line, marker } => {
                format!("warning: {path}, line {line}: missing \"{marker}\" end marker")
            }
            Bounce::NoValue { path, line, text } => {
                format!("fatal: {path}, line {line}: missing '=' after attribute name: \"{text}\"")
            }
            Bounce::NoMarker { path, line } => format!("fatal: {path}, line {line}: missing end marker after <<"),
            Bounce::UnknownTemplate { path, line, name } => {
                format!("warning: {path}, line {line}: unknown template name: {name} -- ignoring this template")
            }
            Bounce::NoText { path, kind } => {
                format!("warning: {path}: missing message text in {kind} template -- ignoring this template")
            }
            Bounce::Macro(text) => format!("warning: {text}"),
            Bounce::BadName { path, kind, undefined, text } => {
                let what = if *undefined { "undefined $name in" } else { "bad $name syntax in" };
                format!("fatal: {path}: {what} {kind} template: {text}")
            }
            Bounce::NoFile { path, error } => format!("fatal: open {path}: {error}"),
            Bounce::Failed { qid } => format!("warning: {qid}: bounce message cannot be queued"),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Bounce::Sender { qid, notice, new_qid } | Bounce::Postmaster { qid, notice, new_qid } => {
                vec![("qid", qid.clone()), ("new_qid", new_qid.clone()), ("notice", notice.word().into())]
            }
            Bounce::ZeroTime { name, .. } => vec![("parameter", name.clone())],
            Bounce::NotAscii { path, .. } | Bounce::NoEndMarker { path, .. } => vec![("path", path.clone())],
            Bounce::Failed { qid } | Bounce::Discarded { qid } | Bounce::NoReport { qid, .. } => {
                vec![("qid", qid.clone())]
            }
            _ => Vec::new(),
        }
    }
}
