//! `mail_addr_find(3)` and `mail_addr_map(3)`: how an address is looked up in canonical, virtual and their kin, and what
//! becomes of the result.

use super::Ctx;
use super::agent::{LookupError, Proc, lookup, resolve_local, rewrite, split_extension};

/// What was found for an address, and the extension that was not part of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub value: String,
    pub extension: Option<String>,
}

/// Looks for the full address, without its extension, its local part if the domain is local, and `@domain`.
pub fn find(ctx: &mut Ctx<'_>, p: &Proc, param: &str, addr: &str) -> Result<Option<Found>, LookupError> {
    if addr.is_empty() || p.conf.get(param).is_empty() {
        return Ok(None);
    }
    let found = |value: String, ext: Option<&str>| Ok(Some(Found { value, extension: ext.map(str::to_owned) }));
    if let Some(v) = lookup(ctx, p, param, addr)? {
        return found(v, None);
    }
    let (local, domain) = addr.rsplit_once('@').unwrap_or((addr, ""));
    let delimiter = local.len();
    let (bare, ext) = split_extension(&p.conf, local);
    let with_delimiter = ext.map(|_| &local[bare.len()..delimiter]);
    if ext.is_some() {
        let key = if domain.is_empty() { bare.to_owned() } else { format!("{bare}@{domain}") };
        if let Some(v) = lookup(ctx, p, param, &key)? {
            return found(v, with_delimiter);
        }
    }
    if domain.is_empty() {
        return Ok(None);
    }
    let origin = p.conf.get("myorigin");
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
    let propagate = p.conf.list("propagate_unmatched_extensions").iter().any(|c| c == class);
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

/// The addresses in a header value or a map result: comma separated, comments and display names left out.
pub fn split_addresses(text: &str) -> Vec<String> {
    address_spans(text).into_iter().map(|(a, b)| unquote(text[a..b].trim())).filter(|s| !s.is_empty()).collect()
}

/// Removes the quotes of a local part.
pub fn unquote(addr: &str) -> String {
    let Some(rest) = addr.strip_prefix('"') else { return addr.to_owned() };
    let mut out = String::new();
    let mut it = rest.chars();
    while let Some(c) = it.next() {
        match c {
            '\\' => out.extend(it.next()),
            '"' => {
                out.extend(it);
                return out;
            }
            c => out.push(c),
        }
    }
    out
}

/// Where in a header value the addresses stand (without angle brackets).
pub fn address_spans(text: &str) -> Vec<(usize, usize)> {
    let (mut out, mut start, mut angle) = (Vec::new(), None::<usize>, None::<(usize, usize)>);
    let (mut quoted, mut depth, mut in_angle, mut comment_at) = (false, 0_usize, false, None::<usize>);
    let bytes = text.as_bytes();
    let mut i = 0;
    let finish =
        |out: &mut Vec<(usize, usize)>, start: &mut Option<usize>, angle: &mut Option<(usize, usize)>, end: usize| {
            if let Some(a) = angle.take() {
                out.push(a);
            } else if let Some(s) = *start {
                let t = &text[s..end];
                let lead = t.len() - t.trim_start().len();
                let len = t.trim().len();
                if len > 0 {
                    out.push((s + lead, s + lead + len));
                }
            }
            *start = None;
        };
    while i < bytes.len() {
        let c = bytes[i];
        match c {
            b'\\' if quoted || depth > 0 => i += 1,
            b'"' if depth == 0 => {
                quoted = !quoted;
                start = start.or(Some(i));
            }
            _ if quoted => {}
            b'(' => {
                depth += 1;
                comment_at = comment_at.or(Some(i));
            }
            b')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            b'<' => {
                in_angle = true;
                angle = Some((i + 1, bytes.len()));
            }
            b'>' if in_angle => {
                in_angle = false;
                if let Some(a) = &mut angle {
                    a.1 = i;
                }
            }
            b':' if !in_angle && !text[..i].ends_with("include") => start = None,
            b',' | b';' if !in_angle => {
                let end = comment_at.filter(|c| start.is_none_or(|s| *c > s)).unwrap_or(i);
                finish(&mut out, &mut start, &mut angle, end);
                comment_at = None;
            }
            c if c.is_ascii_whitespace() => {}
            _ if !in_angle => start = start.or(Some(i)),
            _ => {}
        }
        i += 1;
    }
    let end = comment_at.filter(|c| start.is_none_or(|s| *c > s)).unwrap_or(bytes.len());
    finish(&mut out, &mut start, &mut angle, end);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_headers() {
        for (text, expected) in [
            ("maria", vec!["maria"]),
            (" Maria <maria@ejemplo.com>, juan@ejemplo.com (Juan)", vec!["maria@ejemplo.com", "juan@ejemplo.com"]),
            ("\"a, b\" <c@d>", vec!["c@d"]),
            ("undisclosed-recipients:;", vec![]),
            ("<>", vec![]),
            ("\"a b\"@c", vec!["a b@c"]),
        ] {
            assert_eq!(split_addresses(text), expected, "{text}");
        }
    }
}
