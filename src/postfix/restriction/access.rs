//! Access tables: how keys are made of names, addresses and networks, and what an entry's action does (access(5)).

use super::reject::{self, dsn_fix, dsn_split};
use super::state::ErrorClass;
use super::{Abort, Call, Check, Outcome, Status, Subject, evaluate, safety};
use crate::log::smtpd::{Action, Misuse};
use crate::postfix::address::split_extension;
use crate::postfix::agent::quote_local;
use crate::postfix::lookups::Maps;
use crate::postfix::valid_hostname;

/// What a reply names: `<name>: class rejected: …`.
pub(super) struct Target<'a> {
    pub name: &'a str,
    pub class: &'a str,
}

const CONFIG_ERROR: &str = "451 4.3.5 Server configuration error";

/// The table of a call; `{ table }` stands for the table in it.
fn spec<'a>(c: &mut Check<'_>, call: &Call<'a>, function: &'static str) -> Result<String, ()> {
    let arg: &'a str = call.argument;
    if let Some(inner) = arg.strip_prefix('{').and_then(|a| a.strip_suffix('}')) {
        let words = safety::split(inner);
        let Some(table) = words.first().filter(|t| t.contains(':')) else {
            c.warn(Misuse::UnexpectedDictionary { function, table: arg.into() });
            return Err(());
        };
        if words.len() > 1 {
            // No search order is known to smtpd; it said so when it started.
            c.warn(Misuse::UnexpectedDictionary { function, table: arg.into() });
            return Err(());
        }
        return Ok(table.clone());
    }
    Ok(arg.to_owned())
}

/// Looks one key up and does what the entry says. The flag tells whether there was an entry.
fn lookup(
    c: &mut Check<'_>,
    call: &Call<'_>,
    table: &str,
    key: &str,
    partial: bool,
    datum: &str,
    target: &Target<'_>,
) -> Result<(Status, bool), Abort> {
    match c.env.find(Maps::Spec(table), key, partial) {
        Ok(None) => Ok((Status::Dunno, false)),
        Ok(Some(value)) => Ok((apply(c, call, table, &value, datum, target)?, true)),
        Err(_) => Ok((apply(c, call, table, CONFIG_ERROR, datum, target)?, true)),
    }
}

fn unexpected(c: &mut Check<'_>, call: &Call<'_>, target: &Target<'_>) -> Result<(Status, bool), Abort> {
    Ok((apply(c, call, call.argument, CONFIG_ERROR, target.name, target)?, true))
}

/// `check_access()`: one key.
pub(super) fn table(
    c: &mut Check<'_>,
    call: &Call<'_>,
    key: &str,
    partial: bool,
    target: &Target<'_>,
) -> Result<(Status, bool), Abort> {
    let Ok(t) = spec(c, call, "check_access") else { return unexpected(c, call, target) };
    lookup(c, call, &t, key, partial, target.name, target)
}

/// `check_domain_access()`: a name and its parent domains.
pub(super) fn domain(
    c: &mut Check<'_>,
    call: &Call<'_>,
    name: &str,
    target: &Target<'_>,
) -> Result<(Status, bool), Abort> {
    let Ok(t) = spec(c, call, "check_domain_access") else { return unexpected(c, call, target) };
    let style = c.env.param("parent_domain_matches_subdomains");
    let parents = safety::split(&style).iter().any(|w| w == "smtpd_access_maps");
    let (mut key, mut partial) = (name, false);
    while !key.is_empty() {
        let hit = lookup(c, call, &t, key, partial, name, target)?;
        if hit.1 || hit.0 != Status::Dunno || valid_hostname::hostaddr(name) {
            return Ok(hit);
        }
        let skip = key.chars().next().map_or(1, char::len_utf8);
        let Some(dot) = key[skip..].find('.') else { break };
        key = if parents { &key[skip + dot + 1..] } else { &key[skip + dot..] };
        partial = true;
    }
    Ok((Status::Dunno, false))
}

/// `check_addr_access()`: an address and its networks by octets (or groups).
pub(super) fn addr(
    c: &mut Check<'_>,
    call: &Call<'_>,
    address: &str,
    target: &Target<'_>,
) -> Result<(Status, bool), Abort> {
    let Ok(t) = spec(c, call, "check_addr_access") else { return unexpected(c, call, target) };
    let delim = if address.contains(':') { ':' } else { '.' };
    let (mut key, mut partial) = (address, false);
    loop {
        if !key.is_empty() {
            let hit = lookup(c, call, &t, key, partial, address, target)?;
            if hit.1 || hit.0 != Status::Dunno {
                return Ok(hit);
            }
        }
        partial = true;
        match key.rfind(delim) {
            Some(i) => key = &key[..i],
            None => return Ok((Status::Dunno, false)),
        }
    }
}

/// `check_namadr_access()`: the client's name, then its address.
pub(super) fn namadr(
    c: &mut Check<'_>,
    call: &Call<'_>,
    name: &str,
    target: &Target<'_>,
) -> Result<(Status, bool), Abort> {
    let hit = domain(c, call, name, target)?;
    if hit.1 || hit.0 != Status::Dunno {
        return Ok(hit);
    }
    let address = c.state.addr.clone();
    addr(c, call, &address, target)
}

/// `check_mail_access()`: an address, its domain and parents, its local part.
pub(super) fn mail(c: &mut Check<'_>, call: &Call<'_>, address: &str, target: &Target<'_>) -> Outcome {
    let from = c.state.sender.clone().unwrap_or_default();
    let r = c.env.resolve(&from, address);
    if r.fail {
        return reject::dict_retry(c, address);
    }
    let Ok(t) = spec(c, call, "check_mail_access") else {
        return unexpected(c, call, target).map(|x| x.0);
    };
    let recipient = r.recipient.clone();
    let Some((local, dom)) = recipient.rsplit_once('@') else { return Ok(Status::Dunno) };
    let (delim, bounce) = (c.env.param("recipient_delimiter"), c.env.param("double_bounce_sender"));
    let special = c.env.flag("owner_request_special");
    let bare = split_extension(local, &delim, &bounce, special).map(|(u, _)| u.to_owned());
    let style = c.env.param("parent_domain_matches_subdomains");
    let parents = safety::split(&style).iter().any(|w| w == "smtpd_access_maps");
    let mut keys: Vec<(String, bool)> = Vec::new();
    // As it is written outside first, then as it is within.
    let mut both = |address: String, partial: bool| {
        let quoted = quote_local(&address);
        if quoted != address {
            keys.push((quoted, partial));
        }
        keys.push((address, partial));
    };
    both(recipient.clone(), false);
    if let Some(u) = &bare {
        both(format!("{u}@{dom}"), true);
    }
    keys.push((dom.to_owned(), true));
    let mut d = dom;
    while let Some(i) = d.get(1..).and_then(|x| x.find('.')) {
        d = if parents { &d[i + 2..] } else { &d[i + 1..] };
        if d.is_empty() || dom.starts_with('[') {
            break;
        }
        keys.push((d.to_owned(), true));
    }
    keys.push((format!("{local}@"), true));
    keys.extend(bare.as_ref().map(|u| (format!("{u}@"), true)));
    for (key, partial) in keys {
        let (status, found) = lookup(c, call, &t, &key, partial, address, target)?;
        if found || status != Status::Dunno {
            // A route through us in the local part makes a permit too suspicious.
            let suspicious = r.routed && target.class == reject::RECIPIENT && !c.env.flag("allow_untrusted_routing");
            return Ok(if suspicious && status == Status::Ok { Status::Dunno } else { status });
        }
    }
    Ok(Status::Dunno)
}

/// A table that is asked about what a stranger chooses may not answer OK.
pub(super) fn forbid_allowlist(c: &mut Check<'_>, name: &str, status: Status, target: &str) -> Outcome {
    // A message that is thrown away is not let in.
    if status != Status::Ok || c.state.discard {
        return Ok(status);
    }
    for line in 0..3 {
        c.warn(Misuse::Allowlist { name: name.into(), target: target.into(), line });
    }
    reject::server_error(c)
}

fn delegate(c: &mut Check<'_>, table: &str, action: &str) -> bool {
    if c.state.stage == "ETRN" {
        let list = "smtpd_etrn_restrictions".into();
        c.warn(Misuse::Unavailable { table: table.into(), action: action.into(), list });
        return false;
    }
    true
}

/// `check_table_result()`: does what an entry says.
pub(super) fn apply(
    c: &mut Check<'_>,
    call: &Call<'_>,
    table: &str,
    value: &str,
    datum: &str,
    target: &Target<'_>,
) -> Outcome {
    let value = value.trim_start();
    let (cmd, text) = match value.find([' ', '\t']) {
        Some(i) => (&value[..i], value[i..].trim_start()),
        None => (value, ""),
    };
    let (name, class) = (target.name, target.class);
    let upper = cmd.to_ascii_uppercase();
    let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
    let (t, d) = (table.to_owned(), datum.to_owned());
    match upper.as_str() {
        "DUNNO" => return Ok(Status::Dunno),
        "REJECT" | "DEFER" => {
            let (param, default) = if upper == "REJECT" {
                ("access_map_reject_code", "5.7.1")
            } else {
                ("access_map_defer_code", "4.7.1")
            };
            let (dsn, text) = dsn_split(default, text);
            let code = c.env.int(param);
            let dsn = dsn_fix(c, &dsn, class);
            return reject::policy(c, code, &dsn, name, class, &or(text, "Access denied"));
        }
        "HANGUP" => {
            let event = c.state.whatsup(Action::Hangup, text);
            c.env.say(event);
            c.state.hangup = true;
            c.state.reply.clear();
            return Err(Abort);
        }
        "WARN" | "INFO" => {
            let action = if upper == "WARN" { Action::Warn } else { Action::Info };
            let event = c.state.whatsup(action, text);
            c.env.say(event);
            return Ok(Status::Dunno);
        }
        "FILTER" => {
            if delegate(c, table, "FILTER") {
                if text.is_empty() {
                    c.warn(Misuse::NoValue { table: t, key: d, action: "FILTER".into() });
                } else if !text.contains(':') {
                    c.warn(Misuse::NeedsTransport { table: t, key: d });
                } else {
                    let event = c.state.whatsup(Action::Filter, &format!("<{name}>: {class} triggers FILTER {text}"));
                    c.env.say(event);
                    c.state.actions.filter = Some(text.into());
                }
            }
            return Ok(Status::Dunno);
        }
        "HOLD" => {
            if delegate(c, table, "HOLD") && !c.state.actions.hold {
                let text = format!("<{name}>: {class} {}", or(text, "triggers HOLD action"));
                let event = c.state.whatsup(Action::Hold, &text);
                c.env.say(event);
                c.state.actions.hold = true;
            }
            return Ok(Status::Dunno);
        }
        "DISCARD" => {
            if !delegate(c, table, "DISCARD") {
                return Ok(Status::Dunno);
            }
            let text = format!("<{name}>: {class} {}", or(text, "triggers DISCARD action"));
            let event = c.state.whatsup(Action::Discard, &text);
            c.env.say(event);
            c.state.actions.discard = true;
            c.state.discard = true;
            return Ok(Status::Ok);
        }
        "REDIRECT" | "BCC" => {
            if delegate(c, table, &upper) {
                if text.contains('@') {
                    let action = if upper == "BCC" { Action::Bcc } else { Action::Redirect };
                    let event = c.state.whatsup(action, &format!("<{name}>: {class} triggers {upper} {text}"));
                    c.env.say(event);
                    if upper == "BCC" {
                        c.state.actions.bcc.push(text.into());
                    } else {
                        c.state.actions.redirect = Some(text.into());
                    }
                } else {
                    c.warn(Misuse::NeedsAddress { table: t, key: d });
                }
            }
            return Ok(Status::Dunno);
        }
        "DEFER_IF_PERMIT" | "DEFER_IF_REJECT" => {
            let (dsn, text) = dsn_split("4.7.1", text);
            let code = c.env.int("access_map_defer_code");
            let dsn = dsn_fix(c, &dsn, class);
            let text = format!("<{name}>: {class} rejected: {}", or(text, "Service unavailable"));
            return if upper == "DEFER_IF_PERMIT" {
                reject::defer_if_permit(c, ErrorClass::Policy, code, &dsn, &text)
            } else {
                reject::defer_if_reject(c, ErrorClass::Policy, code, &dsn, &text)
            };
        }
        "PREPEND" => {
            if delegate(c, table, "PREPEND") {
                let is_header = text.split_once(':').is_some_and(|(n, _)| !n.is_empty() && !n.contains([' ', '\t']));
                if !is_header {
                    c.warn(Misuse::NeedsHeader { table: t, key: d });
                } else if c.state.stage == "END-OF-MESSAGE" {
                    let list = "smtpd_end_of_data_restrictions".into();
                    c.warn(Misuse::TooLate { table: t, action: "PREPEND".into(), list });
                } else {
                    c.state.prepend.push(text.into());
                }
            }
            return Ok(Status::Dunno);
        }
        "OK" | "RELAY" => return reject::permit(c, cmd, class, &format!("{name} from {table}")),
        _ => {}
    }
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Status::Ok);
    }
    let b = cmd.as_bytes();
    if cmd.len() == 3 && !text.is_empty() && matches!(b[0], b'4' | b'5') && b[1..].iter().all(u8::is_ascii_digit) {
        let (dsn, text) = dsn_split(if b[0] == b'4' { "4.7.1" } else { "5.7.1" }, text);
        let dsn = dsn_fix(c, &dsn, class);
        return reject::policy(c, cmd.parse().unwrap_or(450), &dsn, name, class, &or(text, "Access denied"));
    }
    if value.contains(':') {
        c.warn(Misuse::MapInEntry { table: t, value: value.into() });
        c.warn(Misuse::MapInEntryAdvice { line: 0 });
        c.warn(Misuse::MapInEntryAdvice { line: 1 });
        return reject::server_error(c);
    }
    let list = safety::split(value);
    if list.is_empty() {
        c.warn(Misuse::EmptyValue { table: t, key: d });
        return Ok(Status::Ok);
    }
    evaluate(c, &list, Subject { name, class, default_acl: call.subject.default_acl })
}
