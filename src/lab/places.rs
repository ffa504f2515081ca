//! Machines and mailboxes of a lab file. Addresses and names must be of the ranges that documentation reserves (RFC 2606,
//! 6761, 5737, 3849, 1918) or of the base zone, so that a lab never names somebody's.

use super::diagnostic::Diagnostic;
use super::read::{Field, Reader};
use super::tree::Node;
use ipnet::IpNet;
use serde_json::{Map, Value as Json, json};
use std::net::IpAddr;

/// The networks that a lab may name.
const RESERVED: [&str; 11] = [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "2001:db8::/32",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
];

/// Whether an address may stand in a lab.
pub fn is_reserved(ip: IpAddr) -> bool {
    ip.is_unspecified() || RESERVED.iter().filter_map(|n| n.parse::<IpNet>().ok()).any(|n| n.contains(&ip))
}

/// Domains of the base zone; with RFC 2606's and RFC 6761's names the only ones that a lab may name.
const BASE_DOMAINS: [&str; 4] = ["ejemplo.com", "origen.com", "origin.com", "destino.com"];

/// Whether a host name may stand in a lab.
pub fn is_reserved_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let tld = name.rsplit('.').next().unwrap_or("");
    let below = |d: &str| name == d || name.ends_with(&format!(".{d}"));
    matches!(tld, "example" | "test" | "invalid" | "localhost" | "lan" | "local" | "arpa")
        || ["example.com", "example.net", "example.org"].into_iter().any(below)
        || BASE_DOMAINS.into_iter().any(below)
}

/// An address of a machine, or of one of the machines of the zone by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Machine {
    Ip(IpAddr),
    Name(String),
}

impl Default for Machine {
    fn default() -> Self {
        Machine::Name("localhost".into())
    }
}

impl Field for Machine {
    fn expected() -> String {
        "an address or a host name".into()
    }
    fn missing() -> Self {
        Machine::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let before = r.diagnostics.len();
        let text = r.text(node);
        if r.diagnostics.len() > before {
            return Machine::default();
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            if !is_reserved(ip) {
                outside(r, node, &text);
            }
            return Machine::Ip(ip);
        }
        if !text.contains('.') && text != "localhost" {
            r.report(
                Diagnostic::error(node.span.clone(), format!("`{text}` is no address and no host name"))
                    .label(Machine::expected()),
            );
        } else if text != "localhost" && !is_reserved_name(&text) {
            outside(r, node, &text);
        }
        Machine::Name(text)
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string"})
    }
}

fn outside(r: &mut Reader, node: &Node, what: &str) {
    r.report(
        Diagnostic::error(
            node.span.clone(),
            format!("`{what}` could be somebody's: it is not reserved for documentation"),
        )
        .label("outside the reserved ranges")
        .help(
            "use 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32, a private network, a name under \
                 .example, .test or example.com, or one of the base zone",
        ),
    );
}

/// An e-mail address, or the null sender `<>` as an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox(pub String);

impl std::ops::Deref for Mailbox {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Field for Mailbox {
    fn expected() -> String {
        "an e-mail address".into()
    }
    fn missing() -> Self {
        Mailbox::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let before = r.diagnostics.len();
        let text = r.text(node);
        if r.diagnostics.len() > before || text.is_empty() || text == "<>" {
            return Mailbox::default();
        }
        if let Some((_, domain)) = text.rsplit_once('@') {
            let literal = domain.trim_matches(['[', ']']).parse::<IpAddr>().ok();
            if !literal.map_or_else(|| is_reserved_name(domain), is_reserved) {
                outside(r, node, domain);
            }
        } else if text.contains([' ', '<', '>']) {
            r.report(Diagnostic::error(node.span.clone(), format!("`{text}` is no e-mail address")));
        }
        Mailbox(text)
    }
    fn schema(_: &mut Map<String, Json>) -> Json {
        json!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved() {
        for (ip, expected) in [("192.0.2.7", true), ("8.8.8.8", false), ("2001:db8::1", true), ("10.1.1.1", true)] {
            assert_eq!(is_reserved(ip.parse().unwrap()), expected, "{ip}");
        }
        for (name, expected) in
            [("mail.ejemplo.com", true), ("example.com", true), ("gmail.com", false), ("a.example", true)]
        {
            assert_eq!(is_reserved_name(name), expected, "{name}");
        }
    }
}
