//! The tests of a script on one message: headers, addresses, the envelope, sizes.
//!
//! Left out: comparators other than octet and casemap; `:regex` is a regular expression of ours, not of POSIX.

use super::parse::{Node, Value};
use crate::base::addresses::split_addresses;
use base64::Engine;
use regex::RegexBuilder;

/// A message and its envelope.
pub struct Mail<'a> {
    pub data: &'a [u8],
    pub sender: &'a str,
    pub recipient: &'a str,
    headers: Vec<(String, String)>,
}

/// No pattern is tried on more than this of a value.
const MAX_VALUE: usize = 8_192;

impl<'a> Mail<'a> {
    pub fn new(data: &'a [u8], sender: &'a str, recipient: &'a str) -> Mail<'a> {
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in data.split(|b| *b == b'\n').take(2_000) {
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
            if line.is_empty() {
                break;
            }
            match (line.starts_with([' ', '\t']), headers.last_mut(), line.split_once(':')) {
                (true, Some((_, v)), _) => {
                    v.push(' ');
                    v.push_str(line.trim());
                }
                (false, _, Some((n, v))) => headers.push((n.trim().to_ascii_lowercase(), v.trim().to_owned())),
                _ => {}
            }
        }
        Mail { data, sender, recipient, headers }
    }
    /// Every value of a header, as it stands.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let name = name.to_ascii_lowercase();
        self.headers.iter().filter(move |(n, _)| *n == name).map(|(_, v)| v.as_str())
    }
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }
    /// Whether a test holds.
    pub fn holds(&self, t: &Node) -> bool {
        match t.name.as_str() {
            "true" => true,
            "not" => !t.tests.first().is_some_and(|t| self.holds(t)),
            "allof" => t.tests.iter().all(|t| self.holds(t)),
            "anyof" => t.tests.iter().any(|t| self.holds(t)),
            "exists" => t.args.iter().flat_map(Value::strings).all(|h| self.has(h)),
            "size" => {
                let limit = t.args.iter().find_map(|a| if let Value::Number(n) = a { Some(*n) } else { None });
                let (size, limit) = (self.data.len() as u64, limit.unwrap_or(0));
                if tag(t, &["over"]).is_some() { size > limit } else { size < limit }
            }
            "header" => self.compare(t, |h| self.all(h).map(decoded).collect()),
            "address" => self.compare(t, |h| {
                self.all(h).flat_map(|v| split_addresses(&decoded(v))).filter_map(|a| part(t, &a)).collect()
            }),
            "envelope" => self.compare(t, |p| {
                let address = match p.to_ascii_lowercase().as_str() {
                    "from" => self.sender,
                    "to" => self.recipient,
                    _ => return Vec::new(),
                };
                part(t, address).into_iter().collect()
            }),
            _ => false,
        }
    }
    /// Whether a value of the first list matches a key of the second.
    fn compare(&self, t: &Node, values: impl Fn(&str) -> Vec<String>) -> bool {
        let mut lists = Vec::new();
        let mut it = t.args.iter();
        while let Some(a) = it.next() {
            match a {
                Value::Tag(x) if x == "comparator" => {
                    it.next();
                }
                a => lists.extend(Some(a.strings()).filter(|l| !l.is_empty())),
            }
        }
        let [names, keys] = lists[..] else { return false };
        let kind = tag(t, &["is", "contains", "matches", "regex"]).unwrap_or("is");
        let octets = t.args.windows(2).any(|w| {
            matches!(&w[0], Value::Tag(x) if x == "comparator")
                && w[1].strings().first().is_some_and(|c| c == "i;octet")
        });
        names.iter().flat_map(|n| values(n)).any(|v| keys.iter().any(|k| matches(kind, octets, &v, k)))
    }
}

/// The first of these tags that a test has.
fn tag<'a>(t: &Node, of: &[&'a str]) -> Option<&'a str> {
    of.iter().copied().find(|o| t.args.iter().any(|a| matches!(a, Value::Tag(x) if x == o)))
}

/// The part of an address that a test asks for.
fn part(t: &Node, address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let (user, detail) = local.split_once('+').map_or((local, None), |(u, d)| (u, Some(d)));
    Some(match tag(t, &["localpart", "domain", "user", "detail"]) {
        Some("localpart") => local.to_owned(),
        Some("domain") => domain.to_owned(),
        Some("user") => user.to_owned(),
        Some(_) => detail?.to_owned(),
        None => address.to_owned(),
    })
}

fn matches(kind: &str, octets: bool, value: &str, key: &str) -> bool {
    let cut = value.char_indices().nth(MAX_VALUE).map_or(value, |(i, _)| &value[..i]);
    let (v, k) =
        if octets { (cut.to_owned(), key.to_owned()) } else { (cut.to_ascii_lowercase(), key.to_ascii_lowercase()) };
    match kind {
        "contains" => v.contains(&k),
        "matches" => glob(&v.chars().collect::<Vec<_>>(), &k.chars().collect::<Vec<_>>()),
        "regex" => RegexBuilder::new(key).case_insensitive(!octets).build().is_ok_and(|r| r.is_match(cut)),
        _ => v == k,
    }
}

/// `*`, `?` and `\` as in RFC 5228, in time that does not explode.
fn glob(text: &[char], pattern: &[char]) -> bool {
    let (mut t, mut p, mut star) = (0, 0, None);
    while t < text.len() {
        let (literal, step) = match pattern.get(p) {
            Some('\\') if p + 1 < pattern.len() => (pattern.get(p + 1), 2),
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            c => (c, 1),
        };
        if step == 1 && literal == Some(&'?') || literal == text.get(t) {
            t += 1;
            p += step;
        } else if let Some((after, from)) = star {
            star = Some((after, from + 1));
            (p, t) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// A header's text with its encoded words read (RFC 2047, UTF-8 and Latin 1).
pub fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut last_encoded = false;
    while let Some(i) = rest.find("=?") {
        let Some((word, after)) = encoded_word(&rest[i + 2..]) else {
            out.push_str(&rest[..i + 2]);
            rest = &rest[i + 2..];
            last_encoded = false;
            continue;
        };
        // White space between two encoded words is no text.
        if !(last_encoded && rest[..i].trim().is_empty()) {
            out.push_str(&rest[..i]);
        }
        out.push_str(&word);
        rest = after;
        last_encoded = true;
    }
    out + rest
}

fn encoded_word(s: &str) -> Option<(String, &str)> {
    let mut parts = s.splitn(3, '?');
    let (charset, how) = (parts.next()?, parts.next()?);
    let (body, after) = parts.next()?.split_once("?=")?;
    let bytes = match how {
        "q" | "Q" => {
            let mut out = Vec::new();
            let mut it = body.bytes();
            while let Some(b) = it.next() {
                match b {
                    b'_' => out.push(b' '),
                    b'=' => {
                        let hex = [it.next()?, it.next()?];
                        out.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
                    }
                    b => out.push(b),
                }
            }
            out
        }
        "b" | "B" => base64::engine::general_purpose::STANDARD.decode(body).ok()?,
        _ => return None,
    };
    let latin = charset.eq_ignore_ascii_case("iso-8859-1") || charset.eq_ignore_ascii_case("iso-8859-15");
    let text = if latin {
        bytes.iter().map(|b| char::from(*b)).collect()
    } else {
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Some((text, after))
}
