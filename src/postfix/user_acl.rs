//! Which users may use a tool (`authorized_submit_users` and its kin), and which senders are a user's
//! (`local_login_sender_maps`): postconf(5).

use super::address::split_extension;
use super::config::{Config, words, words_braced};
use super::matchlist::MatchList;
use super::table::{Dict, Say};
use crate::host::Host;
use crate::log::table::Table;

/// The name of a user whom the list of `parameter` does not hold; `unknown` for a number without a name. A list that cannot
/// be searched holds nobody.
pub fn refused(host: &Host, conf: &Config, parameter: &str, uid: u32, say: &mut Say) -> Option<String> {
    let name = host.user_by_uid(uid).map_or_else(|| "unknown".to_owned(), |u| u.name.clone());
    let list = MatchList::open(host, parameter, &conf.get(parameter), false, say);
    let held = list.string(host, &name, say) == Ok(true);
    (!held).then_some(name)
}

/// Whether a sender may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sender {
    Own,
    Foreign,
    /// A table that cannot be had; what is wrong was said.
    NoTable,
    /// A table that could not be searched for a key.
    NoAnswer {
        table: String,
        key: String,
    },
}

/// Whether `local_login_sender_maps` gives the user this sender (empty for `<>`): itself or the address without its
/// extension, its `@domain`, or `*`.
pub fn sender(host: &Host, conf: &Config, uid: u32, sender: &str, say: &mut Say) -> Sender {
    let maps = conf.get("local_login_sender_maps");
    if maps == "static:*" {
        return Sender::Own;
    }
    let key = host.user_by_uid(uid).map_or_else(|| format!("uid:{uid}"), |u| u.name.clone());
    let tables: Vec<Dict> = words_braced(&maps).iter().map(|m| Dict::open(host, m, say)).collect();
    if say.iter().any(|e| matches!(e, Table::Open(_))) {
        return Sender::NoTable;
    }
    let empty = conf.get("empty_address_local_login_sender_maps_lookup_key");
    let whole = if sender.is_empty() { empty } else { sender.to_lowercase() };
    let (local, domain) = whole.rsplit_once('@').unwrap_or((&whole, ""));
    let (delimiters, bounce) = (conf.get("recipient_delimiter"), conf.get("double_bounce_sender"));
    let bare = split_extension(local, &delimiters, &bounce, conf.bool("owner_request_special"));
    let bare = bare.map(|(user, _)| if domain.is_empty() { user.to_owned() } else { format!("{user}@{domain}") });
    for t in &tables {
        let Ok(found) = t.get(host, &key, say) else {
            return Sender::NoAnswer { table: t.name.clone(), key };
        };
        let Some(value) = found else { continue };
        let fits = |w: &str| {
            let own = w.to_lowercase();
            w == "*"
                || own.strip_prefix('@').is_some_and(|d| !domain.is_empty() && d == domain)
                || own == whole
                || bare.as_ref() == Some(&own)
                || sender.is_empty() && w == whole
        };
        return if words(&value).any(fits) { Sender::Own } else { Sender::Foreign };
    }
    Sender::Foreign
}
