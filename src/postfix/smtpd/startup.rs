//! What smtpd does once when a process starts: opens lists and tables before it goes to its jail, and refuses
//! restriction lists under which everybody could relay.

use super::Ctx;
use crate::log::smtpd::{Fatal, Misuse, Smtpd};
use crate::postfix::config::Config;
use crate::postfix::live::Live;
use crate::postfix::lookups::Maps;
use crate::postfix::master::Proc;
use crate::postfix::params::param;
use crate::postfix::restriction::policy::Service;
use crate::postfix::restriction::safety;
use crate::postfix::startup;
use crate::postfix::tlsmgr;
use crate::postfix::wait::Waiting;
use std::sync::Arc;

/// What a process remembers when it has started.
const STARTED: &str = "started";

const LISTS: [&str; 12] = [
    "smtpd_noop_commands",
    "smtpd_forbidden_commands",
    "smtpd_client_event_limit_exceptions",
    "smtpd_forbid_bare_newline_exclusions",
    "mynetworks",
    "relay_domains",
    "permit_mx_backup_networks",
    "smtpd_sasl_exceptions_networks",
    "fast_flush_domains",
    "smtpd_authorized_verp_clients",
    "smtpd_authorized_xclient_hosts",
    "smtpd_authorized_xforward_hosts",
];

pub(crate) const TABLES: [&str; 11] = [
    "local_recipient_maps",
    "smtpd_sender_login_maps",
    "recipient_canonical_maps",
    "sender_canonical_maps",
    "canonical_maps",
    "virtual_alias_maps",
    "virtual_mailbox_maps",
    "relay_recipient_maps",
    "rbl_reply_maps",
    "smtpd_discard_ehlo_keyword_address_maps",
    "smtpd_command_filter",
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

/// Words that mean nothing where they stand.
fn known_words(conf: &Config) -> Result<(), Fatal> {
    const OVERRIDES: [&str; 4] =
        ["no_unknown_recipient_checks", "no_address_mappings", "no_header_body_checks", "no_milters"];
    let name = "receive_override_options";
    if let Some(word) = startup::unknown_word(conf, name, &OVERRIDES) {
        return Err(Fatal::UnknownWord { name: name.to_owned(), word, value: conf.get(name) });
    }
    let level = conf.get(param!("smtpd_tls_security_level"));
    let known = startup::TLS_LEVELS.iter().any(|l| l.eq_ignore_ascii_case(&level));
    if known { Ok(()) } else { Err(Fatal::TlsLevel { level }) }
}

/// What a process opens, in that order.
#[derive(Clone, Debug)]
enum Open {
    List(&'static str),
    Tables(&'static str),
    /// A table that a restriction names.
    Word(String),
}

/// What a configuration says of the start of every process that has it.
#[derive(Clone, Debug, Default)]
struct Plan {
    open: Vec<Open>,
    /// Where it ends: what comes after is not reached.
    stop: Option<Fatal>,
    /// Said when all is open; then the process goes on, or ends with the fault of the restrictions.
    say: Vec<Smtpd>,
    fatal: Option<Fatal>,
    /// Whether a table is asked by way of proxymap(8).
    proxied: bool,
    /// Whether a restriction asks for address probes.
    probes: bool,
}

/// Plans of the configurations that were read last.
#[derive(Clone, Debug, Default)]
pub(super) struct Plans(Vec<(Arc<Config>, Arc<Plan>)>);

impl Plans {
    const MOST: usize = 16;

    fn of(&mut self, conf: &Arc<Config>) -> Arc<Plan> {
        if let Some((_, plan)) = self.0.iter().find(|(c, _)| Arc::ptr_eq(c, conf)) {
            return plan.clone();
        }
        let mut plan = Plan::default();
        plan.stop = plan.make(conf).err();
        plan.proxied = plan.open.iter().any(|o| match o {
            Open::List(name) | Open::Tables(name) => conf.get(*name).contains("proxy:"),
            Open::Word(word) => word.contains("proxy:"),
        });
        let classes = safety::split(&conf.get(param!("smtpd_restriction_classes")));
        let lists = RESTRICTIONS.into_iter().chain(classes.iter().map(String::as_str));
        plan.probes = lists.into_iter().any(|l| conf.get(l).contains("reject_unverified_"));
        let plan = Arc::new(plan);
        if self.0.len() >= Self::MOST {
            self.0.remove(0);
        }
        self.0.push((conf.clone(), plan.clone()));
        plan
    }
}

impl Plan {
    fn make(&mut self, conf: &Config) -> Result<(), Fatal> {
        known_words(conf)?;
        for list in LISTS {
            let text = conf.get(list);
            bad_table(&text)?;
            if safety::split(&text).iter().any(|w| w.trim_start_matches('!').is_empty()) {
                return Err(Fatal::NoPattern { list: list.to_owned() });
            }
            // What its words alone make is opened by asking for it.
            if !text.is_empty() && conf.match_list(list).is_none() {
                self.open.push(Open::List(list));
            }
        }
        for maps in TABLES {
            let text = conf.get(maps);
            if !text.is_empty() {
                if let Some(word) = safety::split(&text).into_iter().find(|w| !w.contains(':')) {
                    return Err(Fatal::Dictionary { word });
                }
                bad_table(&text)?;
                self.open.push(Open::Tables(maps));
            }
        }
        let classes = safety::split(&conf.get(param!("smtpd_restriction_classes")));
        for list in RESTRICTIONS.into_iter().chain(classes.iter().map(String::as_str)) {
            if conf.is_empty(list) && classes.iter().any(|c| c == list) {
                return Err(Fatal::NoClass { class: list.to_owned() });
            }
            let mut last = String::new();
            for word in safety::split(&conf.get(list)) {
                if last.eq_ignore_ascii_case("check_policy_service") {
                    Service::parse(&word)?;
                } else {
                    bad_table(&word)?;
                    if word.contains(':') || word.starts_with('{') {
                        self.open.push(Open::Word(word.clone()));
                    }
                }
                last = word;
            }
        }
        let class = |n: &str| classes.iter().any(|c| c == n).then(|| conf.get(n));
        let (relay, rcpt) = (conf.get("smtpd_relay_restrictions"), conf.get(param!("smtpd_recipient_restrictions")));
        let (fatal, misuse) = safety::check(&relay, &rcpt, &class);
        self.fatal = fatal;
        self.say.extend(misuse.into_iter().map(Smtpd::RestrictionWarning));
        let (minfree, limit) = (conf.int(param!("queue_minfree")), conf.int(param!("message_size_limit")));
        if minfree > 0 && (minfree as f64) < 1.5 * limit as f64 {
            self.say.push(Smtpd::QueueMinFree { minfree, limit });
        }
        Ok(())
    }
}

/// What a process that has not started yet waits for before it opens its tables.
pub(super) fn waits(ctx: &mut Ctx<'_>, proc: &Proc) -> Option<Waiting> {
    if Live::has_said(ctx, proc.pid, STARTED) {
        return None;
    }
    let proxied = ctx.pf.smtpd.plans.of(&proc.conf).proxied;
    let waits = if proxied { Waiting::begin(ctx, proc, "private/proxymap") } else { None };
    // tlsmgr(8) is not waited for when master.cf lacks it.
    let asks = !tlsmgr::is_missing(ctx) && super::tls::is_on(&proc.conf);
    waits.or_else(|| if asks { Waiting::begin(ctx, proc, "private/tlsmgr") } else { None })
}

/// Whether a restriction of a configuration asks for address probes.
pub(super) fn probes(ctx: &mut Ctx<'_>, proc: &Proc) -> bool {
    ctx.pf.smtpd.plans.of(&proc.conf).probes
}

/// Runs the start of a process that has not started yet.
pub(super) fn run(ctx: &mut Ctx<'_>, proc: &Proc) -> Result<(), Fatal> {
    let mut live = Live { ctx, proc };
    if !live.once(STARTED) {
        return Ok(());
    }
    let plan = live.ctx.pf.smtpd.plans.of(&proc.conf);
    for open in &plan.open {
        match open {
            Open::List(name) => _ = live.list(name),
            Open::Tables(name) => _ = live.tables(Maps::Param(name)),
            Open::Word(word) => open_table(&mut live, word),
        }
    }
    if let Some(fatal) = &plan.stop {
        return Err(fatal.clone());
    }
    for event in &plan.say {
        proc.log(live.ctx.host, event.clone());
    }
    super::tls::load(live.ctx, proc);
    plan.fatal.clone().map_or(Ok(()), Err)
}

/// A word with a colon is a table: it is opened now. `{ type:name { search_order = … } }` names one, too.
fn open_table(live: &mut Live<'_, '_>, word: &str) {
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
