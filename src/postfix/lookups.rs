//! What the pure parts of Postfix look things up in: parameters, tables, match lists.
//!
//! A daemon hands in what its process read and opened; a test or a case file hands in literals.

use super::address::split_extension;
use super::config::words_braced;
use std::net::IpAddr;
use std::sync::Arc;

/// A table or list could not be searched. The reason is in the log already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Tables to search: those of a parameter, or those named in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maps<'a> {
    Param(&'a str),
    Spec(&'a str),
}

/// Whom a match list is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who<'a> {
    /// A domain or a name, by `string_list` or `domain_list`.
    Name(&'a str),
    /// A host by name and address (`namadr_list`).
    Host(&'a str, &'a str),
}

pub trait Lookups {
    /// The expanded value of a parameter.
    fn param(&self, name: &str) -> String;
    /// The value as written, for parameters that are templates of their own (`default_rbl_reply`).
    fn raw_param(&self, name: &str) -> String;
    /// Searches tables in order. `partial`: the key is a part of what is asked about, which tables of fixed patterns
    /// (regexp, pcre, cidr …) are not asked.
    fn find(&mut self, maps: Maps<'_>, key: &str, partial: bool) -> Result<Option<String>, Failed>;
    /// Whether the match list of a parameter holds this name or host.
    fn matches(&mut self, param: &str, who: Who<'_>) -> Result<bool, Failed>;
    /// Whether mail for `user@[ip]` is ours: the addresses of `inet_interfaces` and `proxy_interfaces`.
    fn is_own_address(&self, ip: IpAddr) -> bool;

    /// The words of a parameter, with `{ … }` kept together.
    fn words(&self, name: &str) -> Arc<[String]> {
        words_braced(&self.param(name)).into()
    }
    fn flag(&self, name: &str) -> bool {
        self.param(name).eq_ignore_ascii_case("yes")
    }
    fn int(&self, name: &str) -> i64 {
        self.param(name).trim().parse().unwrap_or(0)
    }
    /// `resolve_local()`: whether a domain is in `mydestination`, or an address literal is ours.
    fn is_local_domain(&mut self, domain: &str) -> Result<bool, Failed> {
        if domain.is_empty() {
            return Ok(false);
        }
        let bare = domain.strip_suffix('.').unwrap_or(domain);
        if bare.is_empty() || bare.ends_with('.') {
            return Ok(false);
        }
        if self.matches("mydestination", Who::Name(bare))? {
            return Ok(true);
        }
        if let Some(ip) = super::valid_hostname::literal_ip(bare) {
            return Ok(self.is_own_address(ip));
        }
        Ok(false)
    }
    /// `mail_addr_find()`: user+ext@domain, user@domain, user+ext, user (both only when the domain is ours), @domain.
    fn find_address(&mut self, maps: Maps<'_>, addr: &str) -> Result<Option<String>, Failed> {
        if let Some(v) = self.find(maps, addr, false)? {
            return Ok(Some(v));
        }
        let (local, domain) = match addr.rfind('@') {
            Some(i) => (&addr[..i], Some(&addr[i + 1..])),
            None => (addr, None),
        };
        let (delim, bounce) = (self.param("recipient_delimiter"), self.param("double_bounce_sender"));
        let own = self.flag("owner_request_special");
        let bare = split_extension(local, &delim, &bounce, own).map(|(user, _)| user.to_owned());
        if let (Some(user), Some(d)) = (&bare, domain)
            && let Some(v) = self.find(maps, &format!("{user}@{d}"), true)?
        {
            return Ok(Some(v));
        }
        if let (Some(user), None) = (&bare, domain)
            && let Some(v) = self.find(maps, user, true)?
        {
            return Ok(Some(v));
        }
        if let Some(d) = domain {
            if d.eq_ignore_ascii_case(&self.param("myorigin")) || self.is_local_domain(d)? {
                if let Some(v) = self.find(maps, local, true)? {
                    return Ok(Some(v));
                }
                if let Some(user) = &bare
                    && let Some(v) = self.find(maps, user, true)?
                {
                    return Ok(Some(v));
                }
            }
            return self.find(maps, &format!("@{d}"), true);
        }
        Ok(None)
    }
}
