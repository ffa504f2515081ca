//! `deliver_alias()`: the alias databases, whose rights an alias gives, and who hears of its failures.

use super::{Expansion, Local, MAX_LEVEL, State, Step, token};
use crate::host::Cred;
use crate::log::local::Local as Log;
use crate::postfix::Ctx;
use crate::postfix::agent;
use crate::postfix::cleanup::notify;
use crate::postfix::delivery::{Item, Verdict};
use crate::postfix::params::param;
use std::sync::Arc;

impl Local<'_> {
    /// Expands a name by `alias_maps`. True: it was an alias, or the database could not be read.
    pub(super) fn alias(&mut self, ctx: &mut Ctx<'_>, s: &State, name: &str) -> bool {
        if s.exp_from.as_ref().is_some_and(|from| from.eq_ignore_ascii_case(name)) {
            return false;
        }
        let level = s.level + 1;
        if level > MAX_LEVEL {
            self.log(Log::AliasLoop(name.to_owned()));
            self.item(ctx, s, Verdict::Bounced, "5.4.6", format!("alias database loop for {name}"));
            return true;
        }
        let maps = self.p.conf.words_braced(param!("alias_maps"));
        for map in maps.iter() {
            match agent::lookup_alias(ctx, self.p, map, name) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    let s = State { level, exp_from: Some(name.to_owned()), ..s.clone() };
                    self.expand_alias(ctx, s, name, map, &value);
                    return true;
                }
                Err(_) => {
                    self.log(Log::AliasLookup { map: map.clone(), name: name.to_owned() });
                    self.item(ctx, s, Verdict::Deferred, "4.3.0", "alias database unavailable");
                    return true;
                }
            }
        }
        false
    }

    fn expand_alias(&mut self, ctx: &mut Ctx<'_>, mut s: State, name: &str, map: &str, value: &str) {
        if self.is_probe() {
            self.item(ctx, &s, Verdict::Sent, "2.0.0", format!("aliased to {}", value.trim()));
            return;
        }
        s.exp = Expansion::Alias;
        s.rights = match owner_of(ctx, map) {
            0 => None,
            uid => match ctx.host.user_by_uid(uid) {
                Some(user) => Some(user),
                None => {
                    self.log(Log::AliasOwner(map.to_owned()));
                    self.item(ctx, &s, Verdict::Deferred, "4.3.0", "cannot find alias database owner");
                    return;
                }
            },
        };
        let asked = s.rcpt.notify;
        let mut before = s.clone();
        if let Some(owner) = self.list_owner(ctx, name) {
            s.sender = owner.as_str().into();
            s.owner = Some(owner);
            s.of_list = true;
            before.of_list = true;
            let rcpt = Arc::make_mut(&mut s.rcpt);
            rcpt.orig.clear();
            rcpt.orcpt.clear();
        } else if self.p.conf.bool(param!("reset_owner_alias")) {
            s.owner = None;
        }
        if !self.p.conf.bool(param!("frozen_delivered_to")) {
            s.delivered = Some(s.rcpt.address.clone());
        }
        Arc::make_mut(&mut s.rcpt).notify = without_success(asked);
        let tokens = token::addresses(value);
        if tokens.is_empty() {
            self.log(Log::NoRecipient(name.to_owned()));
            self.item(ctx, &s, Verdict::Deferred, "4.3.0", "alias database unavailable");
            return;
        }
        if asked & notify::SUCCESS != 0 {
            self.w.steps.push(Step::Expanded(Arc::new(before)));
        }
        self.w.steps.push(Step::Tokens(Arc::new(s), tokens));
    }

    /// The address of `owner-NAME`, if there is such an alias.
    fn list_owner(&mut self, ctx: &mut Ctx<'_>, name: &str) -> Option<String> {
        if !self.p.conf.bool(param!("owner_request_special")) {
            return None;
        }
        let owner = format!("owner-{name}");
        let maps = self.p.conf.words_braced(param!("alias_maps"));
        let members = maps.iter().find_map(|m| agent::lookup_alias(ctx, self.p, m, &owner).ok().flatten())?;
        let address = if self.p.conf.bool(param!("expand_owner_alias")) { members } else { owner };
        Some(agent::rewrite(ctx, self.p, "local", address.trim()))
    }

    /// A failure of an address with an owner is the owner's alone (`bounce_workaround()`).
    pub(super) fn to_owner(&mut self, ctx: &mut Ctx<'_>, s: &State, item: Item) -> Item {
        let local = s.rcpt.address.rsplit_once('@').map_or(s.rcpt.address.as_str(), |(l, _)| l).to_owned();
        let bare = agent::split_extension(&self.p.conf, &local).0.to_owned();
        let owner = self.list_owner(ctx, &local).or_else(|| self.list_owner(ctx, &bare));
        Item { report_to: owner, ..item }
    }
}

/// What is left of NOTIFY for the members: success is told once, of the alias.
pub(super) fn without_success(notify: u32) -> u32 {
    if notify == notify::SUCCESS { notify::NEVER } else { notify & !notify::SUCCESS }
}

/// Whom a table's file belongs to.
fn owner_of(ctx: &Ctx<'_>, map: &str) -> u32 {
    let (kind, path) = map.split_once(':').unwrap_or(("", map));
    let file = if matches!(kind, "hash" | "btree") { format!("{path}.db") } else { path.to_owned() };
    ctx.host.fs.stat(&Cred::root(), &file).map_or(0, |(_, n)| n.uid)
}
