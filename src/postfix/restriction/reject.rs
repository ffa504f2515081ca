//! Rejections: reply text, log line, soft bounce, deferral by an earlier trouble, and enhanced codes by class.

use super::state::{Deferral, ErrorClass};
use super::{Abort, Check, Outcome, Status};
use crate::log::smtpd::{Action, Misuse, Smtpd};

/// Names of what is rejected, as in replies.
pub const CLIENT: &str = "Client host";
pub const REVERSE_CLIENT: &str = "Unverified Client host";
pub const HELO: &str = "Helo command";
pub const SENDER: &str = "Sender address";
pub const RECIPIENT: &str = "Recipient address";
pub const ETRN: &str = "Etrn command";
pub const DATA: &str = "Data command";
pub const END_OF_DATA: &str = "End-of-data";
pub const CERT: &str = "Client certificate";
pub const SASL: &str = "SASL login name";

/// What a temporary problem leads to (`reject_tempfail_action` and its kin).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tempfail {
    DeferAll,
    DeferIfPermit,
    DeferIfReject,
    Dunno,
}

/// Replaces what cannot be printed.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `smtpd_check_reject()`: makes the reply, logs it, and says what becomes of the request.
pub fn reject(c: &mut Check<'_>, class: ErrorClass, code: i64, dsn: &str, text: &str) -> Status {
    let warn_only = c.state.warn_if_reject != 0;
    c.state.note(class);
    let mut reply = format!("{code} {dsn} {text}");
    let b = reply.as_bytes();
    if !(matches!(b.first(), Some(b'4' | b'5')) && b[1..3].iter().all(u8::is_ascii_digit) && b[3] == b' ') {
        c.warn(Misuse::ReplyCode { text: reply });
        reply = "450 4.7.1 Service unavailable".into();
    }
    reply = printable(&reply);
    if !warn_only
        && reply.starts_with('5')
        && let Some(d) = c.state.defer_if_reject.take()
    {
        c.state.warn_if_reject = 0;
        return reject(c, d.class, d.code, &d.dsn, &d.reason);
    }
    if reply.starts_with('5') && c.env.flag("soft_bounce") {
        reply.replace_range(0..1, "4");
    }
    if reply.as_bytes().get(4).is_some_and(u8::is_ascii_digit) {
        let first = reply[0..1].to_owned();
        reply.replace_range(4..5, &first);
    }
    let action = if warn_only { Action::RejectWarning } else { Action::Reject };
    let event = c.state.whatsup(action, &reply);
    c.env.say(event);
    if warn_only {
        return Status::Dunno;
    }
    c.state.reply = reply;
    Status::Reject
}

/// A policy rejection: `<name>: class rejected: text`.
pub fn policy(c: &mut Check<'_>, code: i64, dsn: &str, name: &str, class: &str, text: &str) -> Outcome {
    Ok(reject(c, ErrorClass::Policy, code, dsn, &format!("<{name}>: {class} rejected: {text}")))
}

/// Our configuration is wrong: the whole evaluation ends.
pub fn server_error(c: &mut Check<'_>) -> Outcome {
    // No `warn_if_reject` softens a mistake of ours.
    c.state.warn_if_reject = 0;
    abort(c, ErrorClass::Software, 451, "4.3.5", "Server configuration error")
}

/// A table could not be searched: the whole evaluation ends.
pub fn dict_retry(c: &mut Check<'_>, name: &str) -> Outcome {
    abort(c, ErrorClass::Data, 451, "4.3.0", &format!("<{name}>: Temporary lookup failure"))
}

fn abort(c: &mut Check<'_>, class: ErrorClass, code: i64, dsn: &str, text: &str) -> Outcome {
    if reject(c, class, code, dsn, text) != Status::Reject {
        // Under warn_if_reject the evaluation still ends, without a rejection.
        c.state.reply.clear();
    }
    Err(Abort)
}

/// Turns a later permit into this deferral.
pub fn defer_if_permit(c: &mut Check<'_>, class: ErrorClass, code: i64, dsn: &str, text: &str) -> Outcome {
    if c.state.warn_if_reject != 0 {
        return Ok(reject(c, class, code, dsn, text));
    }
    if c.state.defer_if_permit.is_none() {
        c.state.defer_if_permit = Some(Deferral { class, code, dsn: dsn.into(), reason: text.into() });
    }
    Ok(Status::Dunno)
}

/// Turns a later 5xx into this deferral.
pub fn defer_if_reject(c: &mut Check<'_>, class: ErrorClass, code: i64, dsn: &str, text: &str) -> Outcome {
    if c.state.defer_if_reject.is_none() {
        c.state.defer_if_reject = Some(Deferral { class, code, dsn: dsn.into(), reason: text.into() });
    }
    Ok(Status::Dunno)
}

/// What a temporary failure leads to, by the parameter that says so.
pub fn tempfail(c: &mut Check<'_>, param: &str, code: i64, dsn: &str, text: &str) -> Outcome {
    let action = match c.env.param(param).to_ascii_lowercase().as_str() {
        "defer" => Tempfail::DeferAll,
        "defer_if_reject" => Tempfail::DeferIfReject,
        "dunno" => Tempfail::Dunno,
        _ => Tempfail::DeferIfPermit,
    };
    match action {
        Tempfail::DeferAll => Ok(reject(c, ErrorClass::Policy, code, dsn, text)),
        Tempfail::DeferIfPermit => defer_if_permit(c, ErrorClass::Policy, code, dsn, text),
        Tempfail::DeferIfReject => defer_if_reject(c, ErrorClass::Policy, code, dsn, text),
        Tempfail::Dunno => Ok(Status::Dunno),
    }
}

/// Logs a permit when `smtpd_log_access_permit_actions` asks for it.
pub fn permit(c: &mut Check<'_>, action: &str, class: &str, name: &str) -> Outcome {
    let list = c.env.param("smtpd_log_access_permit_actions");
    if !list.is_empty() && list.split([',', ' ', '\t']).any(|w| w.eq_ignore_ascii_case(action) || w == "static:all") {
        let event = c.state.whatsup(Action::Permit, &format!("action={action} for {class}={name}"));
        c.env.say(event);
    }
    Ok(Status::Ok)
}

/// Sender forms and recipient forms of the address status codes (4.1.x, 5.1.x).
const ADDRESS_STATUS: &[(&str, &str, &str)] = &[
    ("1.0", "1.0", "1.0"),
    ("1.1", "1.7", "1.1"),
    ("1.2", "1.8", "1.2"),
    ("1.3", "1.7", "1.3"),
    ("1.4", "1.7", "1.4"),
    ("1.5", "1.0", "1.5"),
    ("1.6", "1.7", "1.6"),
    ("1.7", "1.7", "1.3"),
    ("1.8", "1.8", "1.2"),
];

/// `smtpd_dsn_fix()`: an enhanced code that speaks of the other kind of address is put right.
pub fn dsn_fix(c: &mut Check<'_>, dsn: &str, class: &str) -> String {
    let Some((_, sender, rcpt)) = ADDRESS_STATUS.iter().find(|(code, ..)| dsn.get(2..) == Some(code)) else {
        return dsn.to_owned();
    };
    let fixed = match class {
        SENDER => sender,
        RECIPIENT => rcpt,
        _ => &"0.0",
    };
    let to = format!("{}.{fixed}", &dsn[..1]);
    if to != dsn {
        c.env.say(Smtpd::DsnMapped { from: dsn.into(), class: class.into(), to: to.clone() });
    }
    to
}

/// `dsn_split()`: an enhanced code in front of a text, or the default.
pub fn dsn_split<'a>(default: &str, text: &'a str) -> (String, &'a str) {
    let text = text.trim_start();
    let word = text.split_ascii_whitespace().next().unwrap_or("");
    if dsn_valid(word) { (word.to_owned(), text[word.len()..].trim_start()) } else { (default.to_owned(), text) }
}

/// `X.Y.Z` with X one of 2, 4, 5.
pub fn dsn_valid(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3
        && matches!(parts[0], "2" | "4" | "5")
        && parts[1..].iter().all(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
}
