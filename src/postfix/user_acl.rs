//! Which users may use a tool: `authorized_submit_users` and its kin (postconf(5)).

use super::config::Config;
use super::matchlist::MatchList;
use super::table::Say;
use crate::host::Host;

/// The name of a user whom the list of `parameter` does not hold; `unknown` for a number without a name. A list that cannot
/// be searched holds nobody.
pub fn refused(host: &Host, conf: &Config, parameter: &str, uid: u32, say: &mut Say) -> Option<String> {
    let name = host.user_by_uid(uid).map_or_else(|| "unknown".to_owned(), |u| u.name.clone());
    let list = MatchList::open(host, parameter, &conf.get(parameter), false, say);
    let held = list.string(host, &name, say) == Ok(true);
    (!held).then_some(name)
}
