//! What smtpd does once when a process starts: opens lists and tables before it goes to its jail, and refuses
//! restriction lists under which everybody could relay.

use super::Ctx;
use crate::log::smtpd::{Fatal, Misuse, Smtpd};
use crate::postfix::live::Live;
use crate::postfix::lookups::{Lookups, Maps};
use crate::postfix::master::Proc;
use crate::postfix::restriction::policy::Service;
use crate::postfix::restriction::safety;
use crate::postfix::startup;

const LISTS: [&str; 8] = [
    "smtpd_noop_commands",
    "smtpd_forbidden_commands",
    "smtpd_client_event_limit_exceptions",
    "smtpd_forbid_bare_newline_exclusions",
    "mynetworks",
    "relay_domains",
    "permit_mx_backup_networks",
    "smtpd_sasl_exceptions_networks",
];

const TABLES: [&str; 9] = [
    "local_recipient_maps",
    "smtpd_sender_login_maps",
    "recipient_canonical_maps",
    "sender_canonical_maps",
    "canonical_maps",
    "virtual_alias_maps",
    "virtual_mailbox_maps",
    "relay_recipient_maps",
    "rbl_reply_maps",
];

const RESTRICTIONS: [&str; 8] = [
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_etrn_restrictions",
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
];

/// A word with a colon that is neither an address in brackets nor `type:name` cannot be opened as a table.
fn bad_table(list: &str) -> Result<(), Fatal> {
    let bad = safety::split(list).into_iter().map(|w| w.trim_start_matches('!').to_owned()).find(|w| {
        let colon = w.split_once(':').is_some_and(|(kind, name)| kind.is_empty() || name.is_empty());
        colon && !w.starts_with(['[', '/', '{'])
    });
    bad.map_or(Ok(()), |word| Err(Fatal::Dictionary { word }))
}

/// Parameters that are sets of known words.
const WORDS: [(&str, &[&str]); 2] = [
    (
        "receive_override_options",
        &["no_unknown_recipient_checks", "no_address_mappings", "no_header_body_checks", "no_milters"],
    ),
    ("notify_classes", &["bounce", "2bounce", "data", "delay", "policy", "protocol", "resource", "software"]),
];

/// Words that mean nothing where they stand.
fn known_words(live: &Live<'_, '_>) -> Result<(), Fatal> {
    for (name, known) in WORDS {
        let value = live.param(name);
        let bad = safety::split(&value).into_iter().find(|w| !known.iter().any(|k| k.eq_ignore_ascii_case(w)));
        if let Some(word) = bad {
            return Err(Fatal::UnknownWord { name: name.to_owned(), word, value });
        }
    }
    let level = live.param("smtpd_tls_security_level");
    let known = startup::TLS_LEVELS.iter().any(|l| l.eq_ignore_ascii_case(&level));
    if known { Ok(()) } else { Err(Fatal::TlsLevel { level }) }
}

/// Runs the start of a process that has not started yet.
pub(super) fn run(ctx: &mut Ctx<'_>, proc: &Proc) -> Result<(), Fatal> {
    let mut live = Live { ctx, proc };
    if !live.once("started") {
        return Ok(());
    }
    known_words(&live)?;
    for list in LISTS {
        let text = live.param(list);
        bad_table(&text)?;
        if safety::split(&text).iter().any(|w| w.trim_start_matches('!').is_empty()) {
            return Err(Fatal::NoPattern { list: list.to_owned() });
        }
        if !text.is_empty() {
            live.list(list);
        }
    }
    for maps in TABLES {
        let text = live.param(maps);
        if !text.is_empty() {
            if let Some(word) = safety::split(&text).into_iter().find(|w| !w.contains(':')) {
                return Err(Fatal::Dictionary { word });
            }
            bad_table(&text)?;
            live.tables(Maps::Param(maps));
        }
    }
    let classes = safety::split(&live.param("smtpd_restriction_classes"));
    for list in RESTRICTIONS.into_iter().chain(classes.iter().map(String::as_str)) {
        if live.param(list).is_empty() && classes.iter().any(|c| c == list) {
            return Err(Fatal::NoClass { class: list.to_owned() });
        }
        let mut last = String::new();
        for word in safety::split(&live.param(list)) {
            if last.eq_ignore_ascii_case("check_policy_service") {
                Service::parse(&word)?;
            } else {
                bad_table(&word)?;
                open_table(&mut live, &word);
            }
            last = word;
        }
    }
    let conf = proc.conf.clone();
    let class = |n: &str| classes.iter().any(|c| c == n).then(|| conf.get(n));
    let (relay, rcpt) = (live.param("smtpd_relay_restrictions"), live.param("smtpd_recipient_restrictions"));
    let (fatal, say) = safety::check(&relay, &rcpt, &class);
    for misuse in say {
        proc.log(live.ctx.host, Smtpd::RestrictionWarning(misuse));
    }
    if conf.int("queue_minfree") > 0 && (conf.int("queue_minfree") as f64) < 1.5 * conf.int("message_size_limit") as f64
    {
        let event = Smtpd::QueueMinFree { minfree: conf.int("queue_minfree"), limit: conf.int("message_size_limit") };
        proc.log(live.ctx.host, event);
    }
    super::tls::load(live.ctx, proc);
    fatal.map_or(Ok(()), Err)
}

/// A word with a colon is a table: it is opened now. `{ type:name { search_order = … } }` names one, too.
fn open_table(live: &mut Live<'_, '_>, word: &str) {
    if !word.contains(':') && !word.starts_with('{') {
        return;
    }
    if let Some(inner) = word.strip_prefix('{') {
        let words = safety::split(inner.strip_suffix('}').unwrap_or(inner));
        match words.first() {
            Some(t) if t.contains(':') && words.len() > 1 => {
                let body = words[1].trim_matches(['{', '}']);
                let order = safety::split(body.split_once('=').map_or("", |(_, v)| v));
                if let Some(name) = order.first().cloned() {
                    let misuse = Misuse::UnknownSearch { name, spec: word.into() };
                    live.proc.log(live.ctx.host, Smtpd::RestrictionWarning(misuse));
                }
            }
            Some(t) if t.contains(':') => {
                live.tables(Maps::Spec(t));
            }
            first => {
                let name = first.cloned().unwrap_or_default();
                let proc = live.proc;
                let spec = Misuse::MalformedSpec { spec: word.into() };
                proc.log(live.ctx.host, Smtpd::RestrictionWarning(spec));
                proc.log(live.ctx.host, Smtpd::RestrictionWarning(Misuse::ExpectedMap { name }));
            }
        }
        return;
    }
    live.tables(Maps::Spec(word));
}
