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
    Sender { qid: String, notice: Notice, new_qid: String },
    /// The copy for postmaster by `notify_classes`.
    Postmaster { qid: String, notice: Notice, new_qid: String },
    /// `delay_warning_time` under an hour makes the built-in text say 0 hours: three lines.
    ZeroHours(u8),
    /// A bounced notice to postmaster goes nowhere.
    Discarded { qid: String },
    /// Nobody is there to be told of a success.
    NoReport { qid: String, double: bool },
    /// The notification itself could not be queued.
    Failed { qid: String },
}

impl Message for Bounce {
    fn severity(&self) -> Severity {
        match self {
            Bounce::ZeroHours(_) | Bounce::Failed { .. } | Bounce::Discarded { .. } => Severity::Warning,
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
            Bounce::ZeroHours(0) => "warning: [built-in]: zero result in delay template conversion of parameter \
                                     \"delay_warning_time_hours\""
                .into(),
            Bounce::ZeroHours(1) => {
                "warning: please reduce time unit \"hours\" of \"delay_warning_time_hours\" in delay template".into()
            }
            Bounce::ZeroHours(_) => "warning: for instructions see the bounce(5) manual".into(),
            Bounce::Failed { qid } => format!("warning: {qid}: bounce message cannot be queued"),
        }
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Bounce::Sender { qid, notice, new_qid } | Bounce::Postmaster { qid, notice, new_qid } => {
                vec![("qid", qid.clone()), ("new_qid", new_qid.clone()), ("notice", notice.word().into())]
            }
            Bounce::ZeroHours(_) => Vec::new(),
            Bounce::Failed { qid } | Bounce::Discarded { qid } | Bounce::NoReport { qid, .. } => {
                vec![("qid", qid.clone())]
            }
        }
    }
}
