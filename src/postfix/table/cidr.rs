//! `cidr:` tables and address patterns `192.168.1.0/24`, `[2001:db8::]/32` (cidr_match(3)).

use super::super::readlline::{is_space, logical_lines};
use super::Say;
use crate::log::config::Config as Fault;
use crate::log::table::{CidrFault, RuleFault, Table};
use std::net::IpAddr;

/// An address block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    net: IpAddr,
    len: u8,
}

fn mask(ip: IpAddr, len: u8) -> IpAddr {
    match ip {
        IpAddr::V4(a) => {
            let m = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
            IpAddr::V4((u32::from(a) & m).into())
        }
        IpAddr::V6(a) => {
            let m = u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0);
            IpAddr::V6((u128::from(a) & m).into())
        }
    }
}

/// inet_pton(3) of the family that the text suggests (a colon means IPv6).
fn address(text: &str) -> Option<IpAddr> {
    if text.contains(':') { text.parse().ok().map(IpAddr::V6) } else { text.parse().ok().map(IpAddr::V4) }
}

impl Block {
    /// Reads a pattern: an address, or a network with its mask length; brackets around the address are dropped.
    pub fn parse(pattern: &str) -> Result<Block, CidrFault> {
        let plain: String;
        let mut text = pattern;
        if let Some(inner) = pattern.strip_prefix('[') {
            let Some((addr, rest)) = inner.split_once(']') else {
                return Err(CidrFault::MissingBracket(inner.to_owned()));
            };
            if !rest.is_empty() && !rest.starts_with('/') {
                return Err(CidrFault::Garbage(addr.to_owned()));
            }
            plain = format!("{addr}{rest}");
            text = &plain;
        }
        let Some((net, len)) = text.split_once('/') else {
            let ip = address(text).ok_or_else(|| CidrFault::BadAddress(text.to_owned()))?;
            return Ok(Block { net: ip, len: if ip.is_ipv4() { 32 } else { 128 } });
        };
        let shown = || format!("{net}/{len}");
        if len.is_empty() || !len.bytes().all(|c| c.is_ascii_digit()) {
            return Err(CidrFault::BadMaskValue(shown()));
        }
        let bits = if net.contains(':') { 128 } else { 32 };
        let Some(n) = len.parse::<u8>().ok().filter(|n| *n <= bits) else {
            return Err(CidrFault::BadMaskLength(shown()));
        };
        let ip = address(net).ok_or_else(|| CidrFault::BadNetwork(shown()))?;
        let masked = mask(ip, n);
        if masked != ip {
            return Err(CidrFault::HostBits { pattern: shown(), better: format!("{masked}/{n}") });
        }
        Ok(Block { net: ip, len: n })
    }

    pub fn contains(&self, ip: IpAddr) -> bool {
        self.net.is_ipv4() == ip.is_ipv4() && mask(ip, self.len) == self.net
    }
}

#[derive(Clone, Debug)]
struct Test {
    block: Block,
    negate: bool,
}

impl Test {
    fn holds(&self, ip: IpAddr) -> bool {
        // A block of the other family says nothing, negated or not.
        self.block.net.is_ipv4() == ip.is_ipv4() && self.block.contains(ip) != self.negate
    }
}

#[derive(Clone, Debug)]
enum Rule {
    Value(Test, String),
    /// A condition and the index of its ENDIF.
    If(Test, usize),
    Endif,
}

/// A `cidr:` table.
#[derive(Clone, Debug, Default)]
pub struct Cidrs {
    rules: Vec<Rule>,
}

/// `!` signs before a pattern, white space between them allowed: whether it is negated, and the rest.
fn negation(text: &str) -> (bool, &str) {
    let (mut negate, mut rest) = (false, text);
    while let Some(r) = rest.strip_prefix('!') {
        negate = !negate;
        rest = r.trim_start_matches(is_space);
    }
    (negate, rest)
}

/// The rest of a line after a keyword in any case, if the line starts with it.
pub(super) fn keyword<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let head = line.get(..word.len())?;
    let rest = &line[word.len()..];
    let whole = !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    if head.eq_ignore_ascii_case(word) && whole { Some(rest.trim_start_matches(is_space)) } else { None }
}

impl Cidrs {
    /// Reads a table; a line that is no rule is said and passed over.
    pub fn parse(path: &str, text: &str, say: &mut Say) -> Cidrs {
        let mut table = Cidrs::default();
        let mut open: Vec<(usize, usize)> = Vec::new();
        let warn = |line: usize, fault: RuleFault, say: &mut Say| {
            say.push(Table::Rule { kind: "cidr", path: path.to_owned(), line, fault });
        };
        for l in logical_lines(text) {
            if l.starts_with_space() {
                say.push(Table::Config(Fault::LeadingSpace { path: path.to_owned(), text: l.text }));
                continue;
            }
            let line = l.last;
            let parse = |pattern: &str, negate| {
                if pattern.is_empty() {
                    return Err(RuleFault::NoAddress);
                }
                Block::parse(pattern).map(|block| Test { block, negate }).map_err(RuleFault::Cidr)
            };
            if let Some(rest) = keyword(&l.text, "IF") {
                let (negate, pattern) = negation(rest);
                match parse(pattern, negate) {
                    Ok(t) => {
                        open.push((table.rules.len(), line));
                        table.rules.push(Rule::If(t, usize::MAX));
                    }
                    Err(f) => warn(line, f, say),
                }
            } else if let Some(rest) = keyword(&l.text, "ENDIF") {
                if !rest.is_empty() {
                    warn(line, RuleFault::GarbageAfterEndif, say);
                    continue;
                }
                match open.pop() {
                    None => warn(line, RuleFault::EndifWithoutIf, say),
                    Some((i, _)) => {
                        let end = table.rules.len();
                        if let Rule::If(_, e) = &mut table.rules[i] {
                            *e = end;
                        }
                        table.rules.push(Rule::Endif);
                    }
                }
            } else {
                let (negate, rest) = negation(&l.text);
                let end = rest.find(is_space).unwrap_or(rest.len());
                let (pattern, value) = (&rest[..end], rest[end..].trim_matches(is_space));
                if !pattern.is_empty() && value.is_empty() {
                    warn(line, RuleFault::NoResult, say);
                    continue;
                }
                match parse(pattern, negate) {
                    Ok(t) => table.rules.push(Rule::Value(t, value.to_owned())),
                    Err(f) => warn(line, f, say),
                }
            }
        }
        for (_, line) in open.into_iter().rev() {
            warn(line, RuleFault::IfWithoutEndif, say);
        }
        table
    }

    /// The value of the first block that holds the address; what is no address has none.
    pub fn get(&self, key: &str) -> Option<String> {
        let ip = address(key)?;
        let mut i = 0;
        while let Some(rule) = self.rules.get(i) {
            match rule {
                Rule::Value(t, v) if t.holds(ip) => return Some(v.clone()),
                Rule::If(t, end) if !t.holds(ip) => i = *end,
                _ => {}
            }
            i = i.saturating_add(1);
        }
        None
    }
}
