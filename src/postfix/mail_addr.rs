//! `mail_addr_find(3)` and `mail_addr_map(3)`: how an address is looked up in canonical, virtual and their kin, and what
//! becomes of the result.

use super::Ctx;
use super::agent::{LookupError, Proc, lookup, quote_local, resolve_local, rewrite, split_extension};
use crate::postfix::params::param;

pub use crate::base::addresses::{address_spans, split_addresses, unquote};

/// What was found for an address, and the extension that was not part of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub value: String,
    pub extension: Option<String>,
}

/// Looks for the full address, without its extension, its local part if the domain is local, and `@domain`.
pub fn find(ctx: &mut Ctx<'_>, p: &Proc, param: &str, addr: &str) -> Result<Option<Found>, LookupError> {
    if addr.is_empty() || p.conf.is_empty(param) {
        return Ok(None);
    }
    let found = |value: String, ext: Option<&str>| Ok(Some(Found { value, extension: ext.map(str::to_owned) }));
    if let Some(v) = both(ctx, p, param, addr)? {
        return found(v, None);
    }
    let (local, domain) = addr.rsplit_once('@').unwrap_or((addr, ""));
    let delimiter = local.len();
    let (bare, ext) = split_extension(&p.conf, local);
    let with_delimiter = ext.map(|_| &local[bare.len()..delimiter]);
    if ext.is_some() {
        let key = if domain.is_empty() { bare.to_owned() } else { format!("{bare}@{domain}") };
        if let Some(v) = both(ctx, p, param, &key)? {
            return found(v, with_delimiter);
        }
    }
    if domain.is_empty() {
        return Ok(None);
    }
    let origin = p.conf.get(param!("myorigin"));
    if domain.eq_ignore_ascii_case(&origin) || resolve_local(ctx, p, domain)? {
        if let Some(v) = lookup(ctx, p, param, local)? {
            return found(v, None);
        }
        if ext.is_some()
            && let Some(v) = lookup(ctx, p, param, bare)?
        {
            return found(v, with_delimiter);
        }
    }
    match lookup(ctx, p, param, &format!("@{domain}"))? {
        Some(v) => found(v, with_delimiter),
        None => Ok(None),
    }
}

/// An address as it is written outside, with quotes, then as it is within.
fn both(ctx: &mut Ctx<'_>, p: &Proc, param: &str, addr: &str) -> Result<Option<String>, LookupError> {
    let quoted = quote_local(addr);
    if quoted != addr
        && let Some(v) = lookup(ctx, p, param, &quoted)?
    {
        return Ok(Some(v));
    }
    lookup(ctx, p, param, addr)
}

/// The addresses that an address maps to: split, completed by the local rewriting rules, with the unmatched extension put
/// back when `class` is in `propagate_unmatched_extensions`. `@other.domain` keeps the local part.
pub fn map(
    ctx: &mut Ctx<'_>,
    p: &Proc,
    param: &str,
    class: &str,
    addr: &str,
) -> Result<Option<Vec<String>>, LookupError> {
    let Some(f) = find(ctx, p, param, addr)? else { return Ok(None) };
    let propagate = p.conf.list(param!("propagate_unmatched_extensions")).iter().any(|c| c == class);
    let mut out = Vec::new();
    for a in split_addresses(&f.value) {
        let full = match a.strip_prefix('@') {
            Some(_) => {
                let local = addr.rsplit_once('@').map_or(addr, |(l, _)| l);
                rewrite(ctx, p, "local", &format!("{local}{a}"))
            }
            None => {
                let full = rewrite(ctx, p, "local", &a);
                match (&f.extension, propagate) {
                    (Some(e), true) => match full.rsplit_once('@') {
                        Some((l, d)) => format!("{l}{e}@{d}"),
                        None => format!("{full}{e}"),
                    },
                    _ => full,
                }
            }
        };
        out.push(full);
    }
    Ok(if out.is_empty() { None } else { Some(out) })
}
