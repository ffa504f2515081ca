//! What the daemons behind cleanup(8) need of master, configuration, tables and address rewriting, in one place.

use super::Ctx;
use super::config::Config;
use std::sync::Arc;

/// A process of a Postfix service: its pid, the configuration that it read when it started, its syslog tag.
#[derive(Clone, Debug)]
pub struct Proc {
    pub service: String,
    pub pid: u32,
    pub conf: Arc<Config>,
    pub ident: Arc<str>,
}

impl Proc {
    /// Logs as this process does.
    pub fn log(&self, ctx: &mut Ctx<'_>, event: impl Into<crate::log::Event>) {
        ctx.host.log_mail(&self.ident, self.pid, event);
    }
}

/// A lookup that could not be done: what smtpd(8) answers with 451 and cleanup(8) with a deferral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupError;

/// Splits the extension off a local part by `recipient_delimiter` (`split_addr`): never for the double-bounce sender,
/// postmaster or mailer-daemon, nor for `owner-x` and `x-request` with `-`.
pub fn split_extension<'a>(conf: &Config, local: &'a str) -> (&'a str, Option<&'a str>) {
    let delimiters = conf.get("recipient_delimiter");
    if delimiters.is_empty() {
        return (local, None);
    }
    let reserved = ["postmaster", "mailer-daemon", "double-bounce"];
    if reserved.iter().any(|r| local.eq_ignore_ascii_case(r)) {
        return (local, None);
    }
    if delimiters.contains('-') {
        let low = local.to_ascii_lowercase();
        if low.starts_with("owner-") || low.ends_with("-request") {
            return (local, None);
        }
    }
    match local.char_indices().skip(1).find(|(_, c)| delimiters.contains(*c)) {
        Some((i, c)) => (&local[..i], Some(&local[i + c.len_utf8()..])),
        None => (local, None),
    }
}

/// Quotes a local part that needs it (`quote_822_local`), as addresses stand in logs and headers.
pub fn quote_local(addr: &str) -> String {
    let Some((local, domain)) = addr.rsplit_once('@') else { return quote_part(addr) };
    format!("{}@{domain}", quote_part(local))
}

fn quote_part(local: &str) -> String {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b) || b >= 0x80;
    let plain = !local.is_empty()
        && local.bytes().all(atom)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    if plain || local.is_empty() {
        return local.to_owned();
    }
    let mut q = String::from("\"");
    for c in local.chars() {
        if c == '"' || c == '\\' {
            q.push('\\');
        }
        q.push(c);
    }
    q.push('"');
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting() {
        for (raw, quoted) in [("a@b", "a@b"), ("a b@c", "\"a b\"@c"), ("a..b@c", "\"a..b\"@c"), ("", "")] {
            assert_eq!(quote_local(raw), quoted);
        }
    }
}
