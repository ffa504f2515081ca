//! Which lists apply at which stage of the dialogue: `smtpd_check_client()`, `…_helo()`, `…_mail()`, `…_rcpt()` and so on.
//!
//! With `smtpd_delay_reject` the lists of earlier stages are applied at RCPT TO.

use super::reject::{self, CLIENT, DATA, END_OF_DATA, ETRN, HELO, RECIPIENT, SENDER};
use super::state::CheckState;
use super::{Check, Env, Outcome, Status, Subject, evaluate, unlisted};
use crate::log::smtpd::Smtpd;

/// The reply, when the request is rejected.
pub type Rejection = Option<String>;

fn run(c: &mut Check<'_>, list: &str, subject: Subject<'_>) -> Status {
    c.state.recursion = 0;
    c.state.warn_if_reject = 0;
    c.state.defer_if_reject = None;
    let list = c.env.words(list);
    if list.is_empty() {
        return Status::Dunno;
    }
    settle(c, |c| evaluate(c, &list, subject))
}

/// Ends an evaluation: an abort with a reply is a rejection.
fn settle(c: &mut Check<'_>, f: impl FnOnce(&mut Check<'_>) -> Outcome) -> Status {
    match f(c) {
        Ok(s) => s,
        Err(super::Abort) if c.state.reply.is_empty() && !c.state.hangup => Status::Dunno,
        Err(super::Abort) => Status::Reject,
    }
}

fn rejection(c: &mut Check<'_>, status: Status) -> Rejection {
    // HANGUP leaves no reply.
    let reply = std::mem::take(&mut c.state.reply);
    (status == Status::Reject && !reply.is_empty()).then_some(reply)
}

pub fn client(state: &mut CheckState, env: &mut dyn Env) -> Rejection {
    let c = &mut Check { state, env };
    c.state.defer_if_permit = None;
    let name = c.state.namaddr();
    let subject = Subject { name: &name, class: CLIENT, default_acl: Some("check_client_access") };
    let status = run(c, "smtpd_client_restrictions", subject);
    c.state.defer_client.clone_from(&c.state.defer_if_permit);
    rejection(c, status)
}

pub fn helo(state: &mut CheckState, env: &mut dyn Env) -> Rejection {
    let c = &mut Check { state, env };
    let name = c.state.helo.clone().filter(|h| !h.is_empty())?;
    c.state.defer_if_permit.clone_from(&c.state.defer_client);
    let subject = Subject { name: &name, class: HELO, default_acl: Some("check_helo_access") };
    let status = run(c, "smtpd_helo_restrictions", subject);
    c.state.defer_helo.clone_from(&c.state.defer_if_permit);
    rejection(c, status)
}

pub fn mail(state: &mut CheckState, env: &mut dyn Env) -> Rejection {
    let c = &mut Check { state, env };
    let sender = c.state.sender.clone()?;
    c.state.defer_if_permit =
        if c.state.helo.is_some() { c.state.defer_helo.clone() } else { c.state.defer_client.clone() };
    c.state.sender_checked = false;
    let subject = Subject { name: &sender, class: SENDER, default_acl: Some("check_sender_access") };
    let mut status = run(c, "smtpd_sender_restrictions", subject);
    c.state.defer_sender.clone_from(&c.state.defer_if_permit);
    if status != Status::Reject && c.env.flag("smtpd_reject_unlisted_sender") && !c.state.discard && !sender.is_empty()
    {
        status = settle(c, |c| unlisted::sender(c, &sender));
    }
    rejection(c, status)
}

pub fn rcpt(state: &mut CheckState, env: &mut dyn Env) -> Rejection {
    let recipient = state.recipient.clone()?;
    // RFC 821 wants postmaster without a domain accepted always.
    if recipient.eq_ignore_ascii_case("postmaster") {
        return None;
    }
    state.recipient_checked = false;
    if env.flag("smtpd_delay_reject") {
        let early = client(state, env).or_else(|| helo(state, env)).or_else(|| mail(state, env));
        if early.is_some() || state.hangup {
            return early;
        }
    }
    let c = &mut Check { state, env };
    c.state.defer_if_permit.clone_from(&c.state.defer_sender);
    let relay_first = c.env.flag("smtpd_relay_before_recipient_restrictions");
    let mut lists = [
        ("smtpd_relay_restrictions", "check_recipient_access"),
        ("smtpd_recipient_restrictions", "check_recipient_access"),
    ];
    if !relay_first {
        lists.swap(0, 1);
    }
    let mut status = Status::Dunno;
    for (n, (list, acl)) in lists.into_iter().enumerate() {
        let subject = Subject { name: &recipient, class: RECIPIENT, default_acl: Some(acl) };
        status = run(c, list, subject);
        if status == Status::Reject {
            if !relay_first && n == 0 && c.env.param("compatibility_level").trim() == "0" {
                compat_hint(c, &recipient);
            }
            return rejection(c, status);
        }
    }
    if let Some(d) = c.state.defer_if_permit.take() {
        status = reject::reject(c, d.class, d.code, &d.dsn, &d.reason);
    }
    if status != Status::Reject && c.env.flag("smtpd_reject_unlisted_recipient") && !c.state.discard {
        c.state.warn_if_reject = 0;
        status = settle(c, |c| unlisted::recipient(c, &recipient));
    }
    rejection(c, status)
}

/// Under backwards-compatible defaults the recipient list comes first, and Postfix says so.
fn compat_hint(c: &mut Check<'_>, recipient: &str) {
    let action = format!("reject recipient \"{recipient}\" from client \"{}\"", c.state.namaddr());
    c.env.say(Smtpd::CompatDefault { setting: "smtpd_relay_before_recipient_restrictions=no".into(), action });
}

pub fn etrn(state: &mut CheckState, env: &mut dyn Env) -> Rejection {
    let domain = state.etrn.clone()?;
    if env.flag("smtpd_delay_reject") {
        let early = client(state, env).or_else(|| helo(state, env));
        if early.is_some() || state.hangup {
            return early;
        }
    }
    let c = &mut Check { state, env };
    c.state.defer_if_permit.clone_from(&c.state.defer_helo);
    let subject = Subject { name: &domain, class: ETRN, default_acl: Some("check_etrn_access") };
    let mut status = run(c, "smtpd_etrn_restrictions", subject);
    status = force_deferral(c, status);
    rejection(c, status)
}

fn force_deferral(c: &mut Check<'_>, status: Status) -> Status {
    if status == Status::Reject {
        return status;
    }
    match c.state.defer_if_permit.take() {
        Some(d) => reject::reject(c, d.class, d.code, &d.dsn, &d.reason),
        None => status,
    }
}

/// With one recipient, the log names it; with more, none.
fn with_single_recipient(c: &mut Check<'_>, list: &str, name: &str, class: &str) -> Rejection {
    let saved = c.state.recipient.clone();
    if c.state.rcpt_count > 1 {
        c.state.recipient = None;
    }
    c.state.defer_if_permit = None;
    let status = run(c, list, Subject { name, class, default_acl: None });
    let status = force_deferral(c, status);
    c.state.recipient = saved;
    rejection(c, status)
}

pub fn data(state: &mut CheckState, env: &mut dyn Env) -> Rejection {
    let c = &mut Check { state, env };
    with_single_recipient(c, "smtpd_data_restrictions", "DATA", DATA)
}

pub fn end_of_data(state: &mut CheckState, env: &mut dyn Env) -> Rejection {
    let c = &mut Check { state, env };
    with_single_recipient(c, "smtpd_end_of_data_restrictions", "END-OF-MESSAGE", END_OF_DATA)
}

/// MAIL FROM with SIZE: the fixed limit.
pub fn size(state: &mut CheckState, env: &mut dyn Env, declared: u64) -> Rejection {
    let limit = env.int("message_size_limit");
    if limit <= 0 || declared <= limit as u64 {
        return None;
    }
    let c = &mut Check { state, env };
    c.state.warn_if_reject = 0;
    c.state.defer_if_reject = None;
    let status = reject::reject(c, super::state::ErrorClass::Policy, 552, "5.3.4", "Message size exceeds fixed limit");
    rejection(c, status)
}

/// MAIL FROM and DATA: room in the queue for one and a half messages of the largest size.
pub fn queue_space(state: &mut CheckState, env: &mut dyn Env, free: u64) -> Rejection {
    let minfree = env.int("queue_minfree").max(0) as u64;
    // A negative limit is taken for a very large one.
    let limit = env.int("message_size_limit") as u64;
    if free > minfree && free as f64 / 1.5 >= limit as f64 {
        return None;
    }
    let c = &mut Check { state, env };
    c.state.warn_if_reject = 0;
    c.state.defer_if_reject = None;
    let status = reject::reject(c, super::state::ErrorClass::Resource, 452, "4.3.1", "Insufficient system storage");
    c.env.say(Smtpd::QueueFull { free });
    rejection(c, status)
}

/// `smtpd_check_rewrite()`: whether the client's headers are completed as our own (`local_header_rewrite_clients`); `Err`
/// is the reply when that cannot be found out.
pub fn rewrite(state: &mut CheckState, env: &mut dyn Env) -> Result<bool, String> {
    use crate::log::smtpd::Action;
    use crate::postfix::lookups::{Maps, Who};
    let list = env.words("local_header_rewrite_clients");
    let (name, addr) = (state.name.clone(), state.addr.clone());
    let mut words = list.iter();
    while let Some(word) = words.next() {
        let hit = match word.to_ascii_lowercase().as_str() {
            "permit_inet_interfaces" => Ok(addr.parse().is_ok_and(|ip| env.is_own_address(ip))),
            "permit_mynetworks" => env.matches("mynetworks", Who::Host(&name, &addr)),
            "permit_sasl_authenticated" => Ok(!state.sasl_username.is_empty()),
            "permit_tls_all_clientcerts" => Ok(state.tls.as_ref().is_some_and(|t| t.trusted)),
            "check_address_map" => match words.next() {
                Some(map) => env.find(Maps::Spec(map), &addr, false).map(|v| v.is_some()),
                None => Ok(false),
            },
            w if w.contains(':') => env.find(Maps::Spec(word), &addr, false).map(|v| v.is_some()),
            _ => Ok(false),
        };
        match hit {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(_) => {
                let text = "451 4.3.0 Temporary lookup error";
                let event = state.whatsup(Action::Reject, text);
                env.say(event);
                state.note(super::state::ErrorClass::Resource);
                return Err(text.into());
            }
        }
    }
    Ok(false)
}
