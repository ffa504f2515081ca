//! Unknown users: `reject_unlisted_sender`, `reject_unlisted_recipient`, and the check that stands after all lists.

use super::reject::{self, dsn_fix, dsn_split};
use super::state::ErrorClass;
use super::{Abort, Call, Check, Outcome, Status};
use crate::postfix::lookups::Maps;
use crate::postfix::trivial_rewrite::Class;

fn found(c: &mut Check<'_>, param: &str, key: &str, name: &str) -> Result<bool, Abort> {
    if let Ok(v) = c.env.find_address(Maps::Param(param), key) {
        return Ok(v.is_some());
    }
    reject::dict_retry(c, name)?;
    Ok(true)
}

/// Names that some part of Postfix takes care of by itself.
fn is_special(c: &Check<'_>, address: &str) -> bool {
    let local = address.rsplit_once('@').map_or(address, |(l, _)| l);
    [c.env.param("double_bounce_sender"), "postmaster".into(), "MAILER-DAEMON".into()]
        .iter()
        .any(|s| local.eq_ignore_ascii_case(s))
}

/// `check_rcpt_maps()`.
fn check(c: &mut Check<'_>, address: &str, class: &str) -> Outcome {
    let from = c.state.sender.clone().unwrap_or_default();
    let r = c.env.resolve(&from, address);
    if r.fail {
        return reject::dict_retry(c, address);
    }
    let is_sender = class == reject::SENDER;
    let key = r.recipient.clone();
    let mut rewriting = vec!["recipient_canonical_maps"];
    if is_sender {
        rewriting.push("sender_canonical_maps");
    }
    rewriting.extend(["canonical_maps", "virtual_alias_maps"]);
    for param in rewriting {
        if !c.env.param(param).is_empty() && found(c, param, &key, address)? {
            return Ok(Status::Dunno);
        }
    }
    if r.transport == "error" || r.transport == "retry" {
        let retry = r.transport == "retry";
        let default = match (retry, is_sender) {
            (false, true) => "5.1.0",
            (false, false) => "5.1.1",
            (true, true) => "4.1.0",
            (true, false) => "4.1.1",
        };
        let (dsn, text) = dsn_split(default, &r.nexthop);
        let dsn = dsn_fix(c, &dsn, class);
        let text = format!("<{address}>: {class} rejected: {text}");
        let code = match (retry, r.class) {
            (true, _) => 450,
            (false, Class::Alias) => c.env.int("unknown_virtual_alias_reject_code"),
            _ => 550,
        };
        return Ok(reject::reject(c, ErrorClass::Bounce, code, &dsn, &text));
    }
    let (maps, code, table) = match r.class {
        Class::Local => ("local_recipient_maps", "unknown_local_recipient_reject_code", "local recipient table"),
        Class::Virtual => ("virtual_mailbox_maps", "unknown_virtual_mailbox_reject_code", "virtual mailbox table"),
        Class::Relay => ("relay_recipient_maps", "unknown_relay_recipient_reject_code", "relay recipient table"),
        Class::Alias | Class::Default => return Ok(Status::Dunno),
    };
    let special = r.class == Class::Local && is_special(c, &key);
    if c.env.param(maps).is_empty() || special || found(c, maps, &key, address)? {
        return Ok(Status::Dunno);
    }
    let shown = if c.env.flag("show_user_unknown_table_name") { format!(" in {table}") } else { String::new() };
    let dsn = if is_sender { "5.1.0" } else { "5.1.1" };
    let code = c.env.int(code);
    let text = format!("<{address}>: {class} rejected: User unknown{shown}");
    Ok(reject::reject(c, ErrorClass::Bounce, code, dsn, &text))
}

/// Whether `receive_override_options` switches the check off.
fn overridden(c: &Check<'_>) -> bool {
    c.env.words("receive_override_options").iter().any(|o| o == "no_unknown_recipient_checks")
}

pub(super) fn sender(c: &mut Check<'_>, address: &str) -> Outcome {
    if overridden(c) || c.state.sender_checked {
        return Ok(Status::Dunno);
    }
    if c.state.warn_if_reject == 0 {
        c.state.sender_checked = true;
    }
    check(c, address, reject::SENDER)
}

pub(super) fn recipient(c: &mut Check<'_>, address: &str) -> Outcome {
    if overridden(c) || c.state.recipient_checked {
        return Ok(Status::Dunno);
    }
    if c.state.warn_if_reject == 0 {
        c.state.recipient_checked = true;
    }
    check(c, address, reject::RECIPIENT)
}

pub(super) fn reject_unlisted_sender(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    match super::sender::sender(c) {
        Some(s) => sender(c, &s),
        None => Ok(Status::Dunno),
    }
}

pub(super) fn reject_unlisted_recipient(c: &mut Check<'_>, _call: &Call<'_>) -> Outcome {
    match c.state.recipient.clone() {
        Some(r) => recipient(c, &r),
        None => Ok(Status::Dunno),
    }
}
