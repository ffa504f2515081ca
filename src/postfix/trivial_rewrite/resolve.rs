//! Address class, transport and next hop: `resolve.c` and `transport.c`.

use super::rewrite::{Context, rewrite_tree, strip_dot};
use crate::log::rewrite::Rewrite;
use crate::postfix::address::{self, Kind, Token};
use crate::postfix::lookups::{Failed, Lookups, Maps, Who};
use crate::postfix::valid_hostname;

/// The address class (ADDRESS_CLASS_README).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    Local,
    Alias,
    Virtual,
    Relay,
    #[default]
    Default,
}

impl Class {
    /// Whether mail of this class ends here.
    pub fn is_final(self) -> bool {
        matches!(self, Class::Local | Class::Alias | Class::Virtual)
    }
}

/// What trivial-rewrite answers about a recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    pub transport: String,
    pub nexthop: String,
    /// In internal form.
    pub recipient: String,
    pub class: Class,
    /// The local part holds a route of its own (`a%b@c`, `b!a@c`).
    pub routed: bool,
    /// No valid domain.
    pub error: bool,
    /// A table or list could not be searched: try again later.
    pub fail: bool,
}

impl Resolved {
    /// The domain of the recipient.
    pub fn domain(&self) -> &str {
        self.recipient.rsplit_once('@').map_or("", |(_, d)| d)
    }
}

/// For whom the resolver works: deliveries, or address probes (`address_verify_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Deliver,
    Verify,
}

impl Purpose {
    fn param(self, name: &'static str) -> String {
        match self {
            Purpose::Deliver => name.into(),
            Purpose::Verify => format!("address_verify_{name}"),
        }
    }
}

/// Where what the resolver has to say goes.
pub trait Log {
    fn say(&mut self, event: Rewrite);
}

/// Strips domains of ours until a foreign one, or none, is left; the rest, the domain last stripped, and where a
/// foreign domain starts.
fn strip_local(env: &mut dyn Lookups, tree: &mut Vec<Token>) -> Result<(Vec<Token>, Option<usize>), Failed> {
    let mut saved: Vec<Token> = Vec::new();
    let limit = tree.iter().map(|t| t.text.len()).sum::<usize>() + 100;
    for _ in 0..limit {
        if tree.iter().any(|t| t.is('@')) {
            strip_dot(tree);
        }
        if env.flag("resolve_null_domain") && tree.last().is_some_and(|t| t.is('@')) {
            tree.pop();
        }
        if let Some(at) = tree.iter().rposition(|t| t.is('@')) {
            if at + 1 < tree.len() {
                let domain = address::internalize(&tree[at + 1..]);
                if !env.is_local_domain(&domain)? {
                    return Ok((saved, Some(at)));
                }
            }
            saved = tree.split_off(at);
        }
        let has = |c: char, tree: &[Token]| tree.iter().any(|t| t.is(c));
        let (bang, percent) = (env.flag("swap_bangpath"), env.flag("allow_percent_hack"));
        if has('@', tree) || (bang && has('!', tree)) || (percent && has('%', tree)) {
            rewrite_tree(env, Context::Local, tree);
            continue;
        }
        if env.flag("resolve_dequoted_address") && tree.len() == 1 && tree[0].kind == Kind::Quoted {
            let text = tree[0].text.clone();
            let oper = text
                .rfind('@')
                .or_else(|| text.rfind('%').filter(|_| percent))
                .or_else(|| text.rfind('!').filter(|_| bang));
            if let Some(i) = oper {
                let mut cracked = text.clone();
                if text[i..].starts_with('%') {
                    cracked.replace_range(i..=i, "@");
                }
                if cracked[i..].starts_with('@') {
                    cracked = address::quote(&cracked);
                }
                *tree = address::scan(&cracked);
                rewrite_tree(env, Context::Local, tree);
                continue;
            }
        }
        if tree.len() == 1 && tree[0].kind == Kind::Quoted && tree[0].text.is_empty() {
            tree.clear();
        }
        if tree.is_empty() {
            *tree = address::scan(&env.param("empty_address_recipient"));
        }
        break;
    }
    Ok((saved, None))
}

/// The address without what routes it to us, and its domain when that is a foreign one.
fn recipient(env: &mut dyn Lookups, addr: &str) -> Result<(String, Option<String>), Failed> {
    if address::is_plain(addr) {
        let domain = addr.rsplit_once('@').map_or("", |(_, d)| d);
        let foreign = !env.is_local_domain(domain)?;
        return Ok((addr.to_owned(), foreign.then(|| domain.to_owned())));
    }
    let mut tree = address::scan(&address::quote(addr));
    let (saved, foreign) = strip_local(env, &mut tree)?;
    let remote = foreign.map(|at| address::internalize(&tree[at + 1..]));
    if remote.is_none() {
        if saved.is_empty() {
            tree.push(Token::op('@'));
            tree.extend(address::scan(&env.param("myhostname")));
        } else {
            tree.extend(saved);
        }
    }
    Ok((address::internalize(&tree), remote))
}

/// Resolves an address in internal form, already rewritten.
pub fn resolve<E: Lookups + Log>(env: &mut E, purpose: Purpose, sender: &str, addr: &str) -> Resolved {
    let mut r = Resolved {
        transport: "CHANNEL NOT UPDATED".into(),
        nexthop: "NEXTHOP NOT UPDATED".into(),
        recipient: "NEXTRCPT NOT UPDATED".into(),
        ..Resolved::default()
    };
    if resolve_into(env, purpose, sender, addr, &mut r).is_err() {
        r.fail = true;
    }
    r
}

fn resolve_into<E: Lookups + Log>(
    env: &mut E,
    purpose: Purpose,
    sender: &str,
    addr: &str,
    r: &mut Resolved,
) -> Result<(), Failed> {
    let remote_domain;
    (r.recipient, remote_domain) = recipient(env, addr)?;
    let mut remote = remote_domain.is_some();
    let remote_domain = remote_domain.unwrap_or_default();
    let mut domain = r.domain().to_owned();
    if domain.starts_with('[') {
        r.error = valid_hostname::mailhost_literal(&domain).is_none();
        if r.error
            && let Some(text) = valid_hostname::gripe_literal(&domain)
        {
            env.say(Rewrite::BadLiteral { text });
        }
    } else if !valid_hostname::hostname(&domain) {
        if env.flag("resolve_numeric_domain") && valid_hostname::hostaddr(&domain) {
            let at = r.recipient.len() - domain.len();
            r.recipient.insert(at, '[');
            r.recipient.push(']');
            domain = format!("[{domain}]");
            if env.is_local_domain(&domain)? {
                remote = false;
            }
        } else {
            r.error = true;
        }
    }
    if r.error {
        r.class = Class::Default;
        return Ok(());
    }
    let first = r.recipient.find(['@', '!', '%']).map_or(0, |i| i + 1);
    r.routed = r.recipient[first..] != domain;
    if remote {
        remote_class(env, purpose, sender, &remote_domain, &domain, r)?;
    } else {
        local_class(env, purpose, &domain, r)?;
    }
    if let Some((channel, destination)) = r.transport.clone().split_once(':') {
        r.transport = channel.into();
        if !destination.is_empty() {
            r.nexthop = destination.into();
        }
    }
    if r.class != Class::Alias
        && !env.param(&purpose.param("transport_maps")).is_empty()
        && let Err(e) = transport_lookup(env, &purpose.param("transport_maps"), &domain, r)
    {
        env.say(Rewrite::LookupFailure { maps: purpose.param("transport_maps") });
        return Err(e);
    }
    if !env.param("relocated_maps").is_empty() {
        let recipient = r.recipient.clone();
        match env.find_address(Maps::Param("relocated_maps"), &recipient) {
            Ok(Some(new)) => {
                r.transport = "error".into();
                r.nexthop = format!("5.1.6 User has moved to {new}");
            }
            Ok(None) => {}
            Err(e) => {
                env.say(Rewrite::LookupFailure { maps: "relocated_maps".into() });
                return Err(e);
            }
        }
    }
    if r.recipient.starts_with('-') && !env.flag("allow_min_user") {
        r.error = true;
    }
    Ok(())
}

fn local_class<E: Lookups + Log>(env: &mut E, purpose: Purpose, domain: &str, r: &mut Resolved) -> Result<(), Failed> {
    if env.flag("helpful_warnings") {
        for list in ["virtual_alias_domains", "virtual_mailbox_domains"] {
            if env.matches(list, Who::Name(domain)) == Ok(true) {
                env.say(Rewrite::ListedTwice { domain: domain.into(), one: "mydestination".into(), two: list.into() });
            }
        }
    }
    r.class = Class::Local;
    r.nexthop = domain.into();
    set_channel(env, &purpose.param("local_transport"), r)
}

fn set_channel<E: Lookups + Log>(env: &mut E, param: &str, r: &mut Resolved) -> Result<(), Failed> {
    r.transport = env.param(param);
    if r.transport.is_empty() || r.transport.starts_with(':') {
        env.say(Rewrite::NullTransport { param: param.into() });
        return Err(Failed);
    }
    Ok(())
}

/// Whether a list of domains holds the name; a list that fails is complained of.
fn listed<E: Lookups + Log>(env: &mut E, list: &str, name: &str) -> Result<bool, Failed> {
    env.matches(list, Who::Name(name)).inspect_err(|_| env.say(Rewrite::LookupFailure { maps: list.into() }))
}

fn remote_class<E: Lookups + Log>(
    env: &mut E,
    purpose: Purpose,
    sender: &str,
    name: &str,
    domain: &str,
    r: &mut Resolved,
) -> Result<(), Failed> {
    let named = name.chars().any(|c| !"[]0123456789.".contains(c));
    if named && listed(env, "virtual_alias_domains", name)? {
        if env.flag("helpful_warnings") && env.matches("virtual_mailbox_domains", Who::Name(name)) == Ok(true) {
            let two = "virtual_mailbox_domains".into();
            env.say(Rewrite::ListedTwice { domain: name.into(), one: "virtual_alias_domains".into(), two });
        }
        r.class = Class::Alias;
        r.transport = "error".into();
        let table = if env.flag("show_user_unknown_table_name") { " in virtual alias table" } else { "" };
        r.nexthop = format!("5.1.1 User unknown{table}");
        return Ok(());
    }
    if named && listed(env, "virtual_mailbox_domains", name)? {
        r.class = Class::Virtual;
        r.nexthop = domain.into();
        return set_channel(env, &purpose.param("virtual_transport"), r);
    }
    if listed(env, "relay_domains", name)? {
        r.class = Class::Relay;
        set_channel(env, &purpose.param("relay_transport"), r)?;
    } else {
        r.class = Class::Default;
        let maps = purpose.param("sender_dependent_default_transport_maps");
        let key = "empty_address_default_transport_maps_lookup_key";
        match sender_dependent(env, &maps, key, sender)? {
            Some(x) => r.transport = x,
            None => set_channel(env, &purpose.param("default_transport"), r)?,
        }
    }
    let maps = purpose.param("sender_dependent_relayhost_maps");
    let relayhost = env.param(&purpose.param("relayhost"));
    r.nexthop = match sender_dependent(env, &maps, "empty_address_relayhost_maps_lookup_key", sender)? {
        Some(x) => x,
        None if relayhost.is_empty() => domain.into(),
        None => relayhost,
    };
    Ok(())
}

/// A sender-dependent map's answer; `DUNNO` means what holds for everybody.
fn sender_dependent<E: Lookups + Log>(
    env: &mut E,
    maps: &str,
    null_key: &str,
    sender: &str,
) -> Result<Option<String>, Failed> {
    if env.param(maps).is_empty() {
        return Ok(None);
    }
    let key = if sender.is_empty() { env.param(null_key) } else { sender.to_owned() };
    match env.find_address(Maps::Param(maps), &key) {
        Ok(Some(v)) if v.is_empty() => {
            env.say(Rewrite::NullResult { maps: maps.into(), key });
            Ok(None)
        }
        Ok(Some(v)) if v.eq_ignore_ascii_case("DUNNO") => Ok(None),
        Ok(v) => Ok(v),
        Err(e) => {
            env.say(Rewrite::LookupFailure { maps: maps.into() });
            Err(e)
        }
    }
}

/// Searches the transport map: address without and with extension, domain and parents, `*`.
fn transport_lookup<E: Lookups + Log>(env: &mut E, maps: &str, domain: &str, r: &mut Resolved) -> Result<(), Failed> {
    let recipient = r.recipient.clone();
    let m = Maps::Param(maps);
    let mut hit = env.find(m, &recipient, false)?;
    if hit.is_none()
        && let Some((local, d)) = recipient.rsplit_once('@')
    {
        let (delim, bounce) = (env.param("recipient_delimiter"), env.param("double_bounce_sender"));
        let own = env.flag("owner_request_special");
        if let Some((user, _)) = address::split_extension(local, &delim, &bounce, own) {
            hit = env.find(m, &format!("{user}@{d}"), true)?;
        }
    }
    let parents = env.param("parent_domain_matches_subdomains").split([',', ' ', '\t']).any(|p| p == "transport_maps");
    let mut name = domain;
    while hit.is_none() && !name.is_empty() {
        hit = env.find(m, name, true)?;
        let first = name.chars().next().map_or(0, char::len_utf8);
        match name[first..].find('.').map(|i| i + first) {
            // Without the parent style, a subdomain matches `.domain`.
            Some(dot) => name = if parents { &name[dot + 1..] } else { &name[dot..] },
            None => break,
        }
        if domain.starts_with('[') {
            break;
        }
    }
    if hit.is_none() {
        hit = env.find(m, "*", true)?;
    }
    if let Some(v) = hit {
        apply_transport(&v, domain, r);
    }
    Ok(())
}

/// `transport:nexthop`: an empty transport keeps the channel and an empty next hop resets to the recipient's domain.
fn apply_transport(value: &str, domain: &str, r: &mut Resolved) {
    let (channel, host) = match value.split_once(':') {
        Some((c, h)) => (c.trim_start(), h.trim()),
        None => (value.trim_start(), ""),
    };
    if !channel.is_empty() {
        r.transport = channel.into();
        r.nexthop = if host.is_empty() {
            if matches!(channel, "error" | "retry") { "Address is undeliverable".into() } else { domain.into() }
        } else {
            host.into()
        };
    } else if !host.is_empty() {
        r.nexthop = host.into();
    }
}
