//! The envelope half of cleanup(8): rewriting, canonical maps, masquerading, virtual aliases, automatic copies, duplicates.

use super::state::State;
use super::{Recipient, Stat, notify};
use crate::log::cleanup::Cleanup as Log;
use crate::postfix::Ctx;
use crate::postfix::agent::rewrite;
use crate::postfix::mail_addr;
use crate::postfix::mail_queue::{self, LogEntry};
use crate::postfix::params::param;
use std::collections::BTreeSet;

/// The canonical tables for header addresses.
pub fn header_maps(st: &State, sender: bool) -> Vec<&'static str> {
    let (own, class) =
        if sender { ("sender_canonical", "header_sender") } else { ("recipient_canonical", "header_recipient") };
    maps(st, own, class)
}

/// The canonical tables that apply to a class of address: the sender's or recipient's own, then `canonical_maps`.
fn maps(st: &State, own: &str, class: &str) -> Vec<&'static str> {
    let conf = &st.p.conf;
    let mut out = Vec::new();
    let has = |classes: &str| conf.list(classes).iter().any(|c| c == class);
    if own == "sender_canonical" {
        if !conf.is_empty(param!("sender_canonical_maps")) && has("sender_canonical_classes") {
            out.push("sender_canonical_maps");
        }
    } else if !conf.is_empty(param!("recipient_canonical_maps")) && has("recipient_canonical_classes") {
        out.push("recipient_canonical_maps");
    }
    if !conf.is_empty(param!("canonical_maps")) && has("canonical_classes") {
        out.push("canonical_maps");
    }
    out
}

/// `cleanup_map11`: one address to one, repeated until it maps to itself (ten times at most).
pub fn map11(ctx: &mut Ctx<'_>, st: &mut State, param: &str, addr: &str) -> String {
    let mut now = addr.to_owned();
    for _ in 0..10 {
        match mail_addr::map(ctx, &st.p, param, "canonical", &now) {
            Ok(Some(list)) => {
                if list.len() > 1 {
                    let (qid, map) = (st.m.qid.clone(), param.to_owned());
                    st.log(ctx, Log::MultiValued { qid, map, address: now.clone() });
                }
                let new = list.into_iter().next().unwrap_or_default();
                if new.eq_ignore_ascii_case(&now) {
                    return new;
                }
                now = new;
            }
            Ok(None) => return now,
            Err(_) => {
                problem(ctx, st, param, &now);
                return now;
            }
        }
    }
    now
}

fn problem(ctx: &mut Ctx<'_>, st: &mut State, map: &str, key: &str) {
    let event = Log::MapProblem { qid: st.m.qid.clone(), map: map.to_owned(), key: key.to_owned() };
    st.log(ctx, event);
    st.fail(Stat::Write, "");
}

/// `masquerade_domains` for a class of address.
pub fn masquerade(st: &State, class: &str, addr: &str) -> String {
    let conf = &st.p.conf;
    let domains = conf.list(param!("masquerade_domains"));
    if domains.is_empty() || !conf.list(param!("masquerade_classes")).iter().any(|c| c == class) {
        return addr.to_owned();
    }
    let Some((local, domain)) = addr.rsplit_once('@') else { return addr.to_owned() };
    if conf.list(param!("masquerade_exceptions")).iter().any(|e| e.eq_ignore_ascii_case(local)) {
        return addr.to_owned();
    }
    let low = domain.to_ascii_lowercase();
    for d in domains.iter() {
        let (keep, d) = match d.strip_prefix('!') {
            Some(d) => (true, d.to_ascii_lowercase()),
            None => (false, d.to_ascii_lowercase()),
        };
        if low == d || low.ends_with(&format!(".{d}")) {
            return if keep || low == d { addr.to_owned() } else { format!("{local}@{d}") };
        }
    }
    addr.to_owned()
}

/// `cleanup_addr_sender`.
pub fn sender(ctx: &mut Ctx<'_>, st: &mut State) {
    let mut a = st.m.sender.clone();
    if !a.is_empty() {
        a = rewrite(ctx, &st.p, "local", &a);
        if st.map_ok() {
            for m in maps(st, "sender_canonical", "envelope_sender") {
                a = map11(ctx, st, m, &a);
            }
            a = masquerade(st, "envelope_sender", &a);
        }
    }
    st.sender.clone_from(&a);
    if st.bcc_ok() {
        copy(ctx, st, "sender_bcc_maps", &a);
    }
}

/// A copy by `sender_bcc_maps` or `recipient_bcc_maps`.
fn copy(ctx: &mut Ctx<'_>, st: &mut State, param: &'static str, addr: &str) {
    match mail_addr::find(ctx, &st.p, param, addr) {
        Ok(Some(f)) if !f.value.trim().is_empty() => st.bcc.push(f.value.trim().to_owned()),
        Ok(_) => {}
        Err(_) => problem(ctx, st, param, ""),
    }
}

/// What a recipient becomes: rewritten, mapped, expanded.
pub fn recipient(ctx: &mut Ctx<'_>, st: &mut State, r: &Recipient, seen: &mut BTreeSet<String>) {
    let original = if r.orig.is_empty() { r.address.clone() } else { r.orig.clone() };
    let mut a = if r.address.is_empty() { "MAILER-DAEMON".to_owned() } else { r.address.clone() };
    a = rewrite(ctx, &st.p, "local", &a);
    if st.map_ok() {
        for m in maps(st, "recipient_canonical", "envelope_recipient") {
            a = map11(ctx, st, m, &a);
        }
        a = masquerade(st, "envelope_recipient", &a);
    }
    st.last_recipient = Some(a.clone());
    let orcpt = if r.orcpt.is_empty() {
        let o = rewrite(ctx, &st.p, "local", &original);
        let kind = if o.is_ascii() { "rfc822;" } else { "utf-8;" };
        [kind, &crate::postfix::agent::quote_local(&o)].concat()
    } else {
        r.orcpt.clone()
    };
    let expanded = if st.map_ok() { virtual_aliases(ctx, st, &a) } else { vec![a.clone()] };
    let mut told = r.notify;
    if told & notify::SUCCESS != 0 && expanded.iter().any(|e| !e.eq_ignore_ascii_case(&a)) {
        told = if told == notify::SUCCESS { notify::NEVER } else { told & !notify::SUCCESS };
        say_expanded(ctx, st, &a, &Recipient { orcpt: orcpt.clone(), orig: original.clone(), ..r.clone() });
    }
    for e in expanded {
        let key = [&orcpt, "\n", &told.to_string(), "\n", &original, "\n", &e].concat().to_lowercase();
        if seen.insert(key) {
            st.recipients.push(Recipient { address: e, orcpt: orcpt.clone(), notify: told, orig: original.clone() });
        }
    }
    if st.bcc_ok() && r.notify != notify::NEVER {
        copy(ctx, st, "recipient_bcc_maps", &a);
    }
}

/// RFC 3461: of an alias it is reported that it was expanded, and success of its members is nobody's business.
fn say_expanded(ctx: &mut Ctx<'_>, st: &State, address: &str, r: &Recipient) {
    let entry = LogEntry {
        recipient: address.to_owned(),
        orig: r.orig.clone(),
        orcpt: r.orcpt.clone(),
        notify: r.notify,
        status: "2.0.0".into(),
        action: "expanded".into(),
        reason: "alias expanded".into(),
        ..LogEntry::default()
    };
    let _ = mail_queue::append_log(ctx.host, "trace", &st.m.qid, &entry);
}

/// `cleanup_map1n`: virtual_alias_maps, recursively, each address once.
fn virtual_aliases(ctx: &mut Ctx<'_>, st: &mut State, addr: &str) -> Vec<String> {
    if st.p.conf.is_empty(param!("virtual_alias_maps")) {
        return vec![addr.to_owned()];
    }
    let size_limit = st.p.conf.int(param!("virtual_alias_expansion_limit")).max(1) as usize;
    let depth_limit = st.p.conf.int(param!("virtual_alias_recursion_limit")).max(1);
    let mut list = vec![addr.to_owned()];
    let mut been: BTreeSet<String> = BTreeSet::new();
    let mut i = 0;
    while i < list.len() {
        if list.len() > size_limit {
            alias_loop(ctx, st, &list[i].clone(), "expansion size");
            return list;
        }
        let mut count = 0;
        loop {
            let now = list[i].clone();
            if been.contains(&now.to_lowercase()) {
                break;
            }
            if count >= depth_limit {
                alias_loop(ctx, st, &now, "nesting");
                return list;
            }
            match mail_addr::map(ctx, &st.p, "virtual_alias_maps", "virtual", &now) {
                Ok(Some(new)) => {
                    for (k, n) in new.into_iter().enumerate() {
                        if n.eq_ignore_ascii_case(&now) {
                            been.insert(now.to_lowercase());
                        }
                        if k == 0 {
                            list[i] = n;
                        } else {
                            list.push(n);
                        }
                    }
                }
                Ok(None) => break,
                Err(_) => {
                    problem(ctx, st, "virtual_alias_maps", &now);
                    return list;
                }
            }
            count += 1;
        }
        i += 1;
    }
    list
}

fn alias_loop(ctx: &mut Ctx<'_>, st: &mut State, address: &str, limit: &str) {
    let event = Log::AliasLoop {
        qid: st.m.qid.clone(),
        map: "virtual_alias_maps".into(),
        address: address.to_owned(),
        limit: limit.to_owned(),
    };
    st.log(ctx, event);
    st.fail(Stat::Defer, "4.6.0 Alias expansion error");
}
