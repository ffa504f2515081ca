//! Which host names and addresses are well-formed, as `valid_hostname.c` and `valid_mailhost_addr.c` decide.
//!
//! Left out: the complaints that the real functions log when asked to gripe.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host name: letters, digits, `-` and `_` in labels of at most 63 characters, and not all numeric.
pub fn hostname(name: &str) -> bool {
    let ascii = name.is_ascii();
    if name.is_empty() || name.len() > 255 {
        return false;
    }
    let mut non_numeric = !ascii;
    for label in name.split('.') {
        if label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
            return false;
        }
        for c in label.chars() {
            match c {
                '0'..='9' => {}
                'a'..='z' | 'A'..='Z' | '_' | '-' => non_numeric = true,
                _ if !c.is_ascii() => {}
                _ => return false,
            }
        }
    }
    non_numeric
}

/// An IPv4 address in four decimal parts, or an IPv6 address.
pub fn hostaddr(addr: &str) -> bool {
    if addr.contains(':') { addr.parse::<Ipv6Addr>().is_ok() } else { ipv4(addr) }
}

fn ipv4(addr: &str) -> bool {
    let parts: Vec<&str> = addr.split('.').collect();
    parts.len() == 4
        && parts.iter().all(|p| {
            !p.is_empty()
                && p.len() <= 3
                && p.bytes().all(|b| b.is_ascii_digit())
                && p.parse::<u16>().is_ok_and(|n| n < 256)
        })
        && parts[0].parse::<u8>() != Ok(0)
}

/// An address as it stands between brackets: `192.0.2.1` or `IPv6:2001:db8::1`. Returns it without the prefix.
pub fn mailhost_addr(addr: &str) -> Option<&str> {
    let has_prefix = addr.get(..5).is_some_and(|p| p.eq_ignore_ascii_case("ipv6:"));
    if has_prefix {
        let bare = &addr[5..];
        return bare.parse::<Ipv6Addr>().is_ok().then_some(bare);
    }
    ipv4(addr).then_some(addr)
}

/// `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
pub fn mailhost_literal(literal: &str) -> Option<&str> {
    mailhost_addr(literal.strip_prefix('[')?.strip_suffix(']')?)
}

/// What Postfix complains of in a bad literal; `None` when it says nothing that the model knows.
pub fn gripe_literal(literal: &str) -> Option<String> {
    let bare = literal.strip_prefix('[')?.strip_suffix(']')?;
    if bare.contains(':') {
        return None;
    }
    let parts: Vec<&str> = bare.split('.').collect();
    let text = if let Some(c) = bare.chars().find(|c| !c.is_ascii_digit() && *c != '.') {
        format!("invalid character {}(decimal): {bare}", c as u32)
    } else if parts.iter().any(|p| p.is_empty()) {
        format!("misplaced dot: {bare}")
    } else if parts.iter().any(|p| p.parse::<u32>().is_ok_and(|n| n > 255)) {
        format!("invalid octet value: {bare}")
    } else if parts.len() != 4 {
        format!("invalid octet count: {bare}")
    } else {
        return None;
    };
    Some(format!("valid_ipv4_hostaddr: {text}"))
}

/// The address in a literal.
pub fn literal_ip(literal: &str) -> Option<IpAddr> {
    let bare = mailhost_literal(literal)?;
    bare.parse::<Ipv4Addr>().map(IpAddr::V4).or_else(|_| bare.parse::<Ipv6Addr>().map(IpAddr::V6)).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_and_addresses() {
        for (name, ok) in [
            ("ejemplo.com", true),
            ("cliente_ejemplo", true),
            ("mal_nombre..com", false),
            (".a.b", false),
            ("192.0.2.10", false),
            ("-ejemplo.com", false),
            ("a-.b", false),
            ("", false),
            ("x:y", false),
        ] {
            assert_eq!(super::hostname(name), ok, "{name}");
        }
        for (lit, ok) in [
            ("[192.0.2.300]", false),
            ("[192.0.2.30]", true),
            ("[IPv6:2001:db8::1]", true),
            ("[2001:db8::1]", false),
            ("[321.1.2.3]", false),
        ] {
            assert_eq!(super::mailhost_literal(lit).is_some(), ok, "{lit}");
        }
    }
}
