//! `deliver_alias`: the alias databases, and whose rights an alias gives.

use super::{Expansion, Local, MAX_LEVEL, Target};
use crate::host::Cred;
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::agent;
use crate::postfix::delivery::Verdict;

impl Local<'_> {
    /// Expands a name by `alias_maps`. True: it was an alias, or the database could not be read.
    pub(super) fn alias(&mut self, ctx: &mut Ctx<'_>, to: &Target, name: &str, unmatched: Option<String>) -> bool {
        let maps = self.p.conf.words_braced("alias_maps");
        for map in maps.iter() {
            match agent::lookup_alias(ctx, self.p, map, name) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    if to.exp_from.eq_ignore_ascii_case(name) {
                        // An alias may expand into itself: then it is the user.
                        return false;
                    }
                    if to.level > MAX_LEVEL {
                        let text = format!("alias database loop for {name}");
                        self.log(Delivery::Forward { text: text.clone() });
                        self.item(ctx, to, Verdict::Bounced, "5.4.6", text);
                        return true;
                    }
                    self.expand_alias(ctx, to, name, map, &value, unmatched);
                    return true;
                }
                Err(_) => {
                    self.log(Delivery::AliasLookup { map: map.clone(), name: name.to_owned() });
                    self.item(ctx, to, Verdict::Deferred, "4.3.0", "alias database unavailable");
                    return true;
                }
            }
        }
        false
    }

    fn expand_alias(
        &mut self,
        ctx: &mut Ctx<'_>,
        to: &Target,
        name: &str,
        map: &str,
        value: &str,
        unmatched: Option<String>,
    ) {
        if self.r.verify {
            self.item(ctx, to, Verdict::Sent, "2.0.0", format!("aliased to {}", value.trim()));
            return;
        }
        // The file's owner runs what the alias says; root's files give `default_privs`.
        let path = map.split_once(':').map_or("", |(_, p)| p);
        let owner = ctx.host.fs.stat(&Cred::root(), path).map_or(0, |(_, n)| n.uid);
        let who =
            if owner == 0 { ctx.host.user(&self.p.conf.get("default_privs")) } else { ctx.host.user_by_uid(owner) };
        let privileges = who.map_or(Cred { uid: 65534, gid: 65534, groups: Vec::new() }, |u| ctx.host.cred_of(&u));
        let before = self.sender.clone();
        let mut owner = to.owner.clone();
        if self.owner_alias(ctx, name) {
            owner = Some(format!("owner-{name}"));
            if !self.sender.is_empty() {
                let domain = to.address.rsplit_once('@').map_or("", |(_, d)| d);
                self.sender = format!("owner-{name}@{domain}");
            }
        }
        let next = Target {
            address: to.address.clone(),
            level: to.level + 1,
            privileges: Some(privileges),
            user: None,
            exp: Expansion::Alias,
            exp_from: name.to_owned(),
            owner,
        };
        self.tokens(ctx, &next, value, unmatched.as_deref());
        self.sender = before;
    }

    fn owner_alias(&mut self, ctx: &mut Ctx<'_>, name: &str) -> bool {
        let owner = format!("owner-{name}");
        let maps = self.p.conf.words_braced("alias_maps");
        maps.iter().any(|m| matches!(agent::lookup_alias(ctx, self.p, m, &owner), Ok(Some(_))))
    }
}
