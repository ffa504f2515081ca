//! Certificates and keys as the programs see them: X.509 in PEM files, chains up to trusted ones, validity by the model's
//! clock.
//!
//! A chain is followed by names and key identifiers; signatures are bytes that nobody checks, and new keys are numbers by
//! keyed chance. Left out: revocation, name constraints, other algorithms than RSA for new keys.

use super::der::{dotted, integer, items, oid, pem, read, seq, tlv, to_pem};
use super::{Cred, Host};
use crate::base::{Chance, Span, Time};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::fmt::Write;
use std::net::IpAddr;

/// A distinguished name: short attribute names and values, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name(pub Vec<(String, String)>);

const ATTRIBUTES: [(&str, &str); 7] = [
    ("CN", "2.5.4.3"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
];

impl Name {
    /// Reads `/C=ES/O=Ejemplo SA/CN=x`; `None` when it is no such text.
    pub fn parse(text: &str) -> Option<Name> {
        let rest = text.strip_prefix('/')?;
        let mut out = Vec::new();
        for part in rest.split('/').filter(|p| !p.is_empty()) {
            let (k, v) = part.split_once('=')?;
            ATTRIBUTES.iter().find(|(n, _)| *n == k)?;
            out.push((k.to_owned(), v.to_owned()));
        }
        Some(Name(out))
    }
    /// `C = ES, O = Ejemplo SA, CN = x`, as OpenSSL 3 writes names.
    pub fn oneline(&self) -> String {
        let quoted = |v: &str| {
            if v.contains([',', '"', '+']) { format!("\"{}\"", v.replace('"', "\\\"")) } else { v.to_owned() }
        };
        self.0.iter().map(|(k, v)| format!("{k} = {}", quoted(v))).collect::<Vec<_>>().join(", ")
    }
    /// `CN=x,O=Ejemplo SA,C=ES`.
    pub fn rfc2253(&self) -> String {
        self.0.iter().rev().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",")
    }
    pub fn common_name(&self) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == "CN").map(|(_, v)| v.as_str())
    }
    fn from_der(body: &[u8]) -> Name {
        let mut out = Vec::new();
        for set in items(body) {
            for pair in items(set.body) {
                if let [id, value] = items(pair.body)[..] {
                    let id = dotted(id.body);
                    let key = ATTRIBUTES.iter().find(|(_, o)| *o == id).map_or(id.clone(), |(n, _)| (*n).to_owned());
                    out.push((key, String::from_utf8_lossy(value.body).into_owned()));
                }
            }
        }
        Name(out)
    }
    fn to_der(&self) -> Vec<u8> {
        let part = |(k, v): &(String, String)| {
            let id = ATTRIBUTES.iter().find(|(n, _)| n == k).map_or(k.as_str(), |(_, o)| o);
            let tag = if k == "C" { 0x13 } else { 0x0c };
            tlv(0x31, &seq(&[oid(id), tlv(tag, v.as_bytes())]))
        };
        seq(&self.0.iter().map(part).collect::<Vec<_>>())
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An elliptic-curve point on a curve of that many bits.
    Ec {
        bits: u32,
        point: Vec<u8>,
    },
}

impl Key {
    pub fn bits(&self) -> u32 {
        match self {
            Key::Rsa { modulus, .. } => modulus.first().map_or(0, |f| modulus.len() as u32 * 8 - f.leading_zeros()),
            Key::Ec { bits, .. } => *bits,
        }
    }
    pub fn algorithm(&self) -> &'static str {
        if matches!(self, Key::Rsa { .. }) { "rsaEncryption" } else { "id-ecPublicKey" }
    }
    /// SubjectPublicKeyInfo.
    pub fn to_der(&self) -> Vec<u8> {
        let bits = |b: &[u8]| tlv(3, &[&[0], b].concat());
        match self {
            Key::Rsa { modulus, exponent } => seq(&[
                seq(&[oid("1.2.840.113549.1.1.1"), tlv(5, &[])]),
                bits(&seq(&[integer(modulus), integer(exponent)])),
            ]),
            Key::Ec { point, .. } => seq(&[seq(&[oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")]), bits(point)]),
        }
    }
    fn from_der(body: &[u8]) -> Option<Key> {
        let parts = items(body);
        let algorithm = dotted(items(parts.first()?.body).first()?.body);
        let bits = parts.get(1)?.body.get(1..)?;
        if algorithm == "1.2.840.113549.1.1.1" {
            return rsa_numbers(items(read(bits)?.0.body).iter().map(|t| t.body).collect());
        }
        Some(Key::Ec { bits: 256, point: bits.to_vec() })
    }
    /// The key identifier of extensions: here the front of a SHA-256.
    fn identifier(&self) -> Vec<u8> {
        Sha256::digest(self.to_der())[..20].to_vec()
    }
}

fn stripped(b: &[u8]) -> Vec<u8> {
    b.strip_prefix(&[0]).unwrap_or(b).to_vec()
}

fn rsa_numbers(n: Vec<&[u8]>) -> Option<Key> {
    Some(Key::Rsa { modulus: stripped(n.first()?), exponent: stripped(n.get(1)?) })
}

/// An extension: identifier, whether critical, content.
pub type Extension = (String, bool, Vec<u8>);

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cert {
    pub der: Vec<u8>,
    pub serial: Vec<u8>,
    pub issuer: Name,
    pub subject: Name,
    pub not_before: Time,
    pub not_after: Time,
    pub key: Key,
    pub extensions: Vec<Extension>,
    pub signature: Vec<u8>,
}

const SAN: &str = "2.5.29.17";
const SUBJECT_KEY: &str = "2.5.29.14";
const AUTHORITY_KEY: &str = "2.5.29.35";
const BASIC: &str = "2.5.29.19";

fn time(tag: u8, body: &[u8]) -> Option<Time> {
    let s = std::str::from_utf8(body).ok()?.strip_suffix('Z')?;
    let (year, rest) = if tag == 0x17 {
        let y: i32 = s.get(..2)?.parse().ok()?;
        (if y < 50 { 2000 + y } else { 1900 + y }, s.get(2..)?)
    } else {
        (s.get(..4)?.parse().ok()?, s.get(4..)?)
    };
    let n = |i: usize| rest.get(i..i + 2).and_then(|p| p.parse::<u32>().ok());
    let (mo, d) = (n(0)?, n(2)?);
    if !(1..=12).contains(&mo) || !(1..=31).contains(&d) {
        return None;
    }
    Some(Time::from_civil(year, mo, d, n(4)?, n(6)?, n(8)?))
}

fn time_der(t: Time) -> Vec<u8> {
    let c = t.civil();
    let tail = format!("{:02}{:02}{:02}{:02}{:02}Z", c.month, c.day, c.hour, c.minute, c.second);
    if (1950..2050).contains(&c.year) {
        tlv(0x17, format!("{:02}{tail}", c.year.rem_euclid(100)).as_bytes())
    } else {
        tlv(0x18, format!("{:04}{tail}", c.year).as_bytes())
    }
}

impl Cert {
    /// Reads a certificate from DER.
    pub fn from_der(der: &[u8]) -> Option<Cert> {
        let (outer, _) = read(der)?;
        let parts = items(outer.body);
        let [tbs, _, signature] = parts[..] else { return None };
        let mut f = items(tbs.body).into_iter().peekable();
        f.next_if(|t| t.tag == 0xa0);
        let serial = f.next()?.body.to_vec();
        let _algorithm = f.next()?;
        let issuer = Name::from_der(f.next()?.body);
        let validity = items(f.next()?.body);
        let [from, to] = validity[..] else { return None };
        let subject = Name::from_der(f.next()?.body);
        let key = Key::from_der(f.next()?.body)?;
        let mut extensions = Vec::new();
        if let Some(e) = f.find(|t| t.tag == 0xa3) {
            for ext in items(read(e.body)?.0.body) {
                let p = items(ext.body);
                let critical = p.get(1).is_some_and(|t| t.tag == 1 && t.body != [0]);
                if let (Some(id), Some(value)) = (p.first(), p.last()) {
                    extensions.push((dotted(id.body), critical, value.body.to_vec()));
                }
            }
        }
        Some(Cert {
            der: outer.all.to_vec(),
            serial,
            issuer,
            subject,
            not_before: time(from.tag, from.body)?,
            not_after: time(to.tag, to.body)?,
            key,
            extensions,
            signature: signature.body.get(1..).unwrap_or(&[]).to_vec(),
        })
    }
    /// Every certificate of a PEM text, in order.
    pub fn all_from_pem(text: &str) -> Vec<Cert> {
        let is_cert = |l: &str| matches!(l, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE");
        pem(text).into_iter().filter(|(l, _)| is_cert(l)).filter_map(|(_, d)| Cert::from_der(&d)).collect()
    }
    pub fn to_pem(&self) -> String {
        to_pem("CERTIFICATE", &self.der)
    }
    pub fn extension(&self, id: &str) -> Option<&Extension> {
        self.extensions.iter().find(|e| e.0 == id)
    }
    /// The subject alternative names: `DNS:x`, `IP Address:1.2.3.4`, `email:a@b`.
    pub fn alternative_names(&self) -> Vec<String> {
        let Some((_, _, v)) = self.extension(SAN) else { return Vec::new() };
        let Some((list, _)) = read(v) else { return Vec::new() };
        let name = |t: super::der::Tlv<'_>| match t.tag {
            0x82 => Some(format!("DNS:{}", String::from_utf8_lossy(t.body))),
            0x81 => Some(format!("email:{}", String::from_utf8_lossy(t.body))),
            0x87 => match *t.body {
                [a, b, c, d] => Some(format!("IP Address:{a}.{b}.{c}.{d}")),
                _ => <[u8; 16]>::try_from(t.body).ok().map(|b| format!("IP Address:{}", IpAddr::from(b))),
            },
            _ => None,
        };
        items(list.body).into_iter().filter_map(name).collect()
    }
    pub fn subject_key(&self) -> Option<Vec<u8>> {
        self.extension(SUBJECT_KEY).and_then(|e| read(&e.2)).map(|(t, _)| t.body.to_vec())
    }
    pub fn authority_key(&self) -> Option<Vec<u8>> {
        let (list, _) = read(&self.extension(AUTHORITY_KEY)?.2)?;
        items(list.body).iter().find(|t| t.tag == 0x80).map(|t| t.body.to_vec())
    }
    pub fn is_ca(&self) -> bool {
        self.extension(BASIC)
            .and_then(|e| read(&e.2))
            .is_some_and(|(t, _)| items(t.body).iter().any(|b| b.tag == 1 && b.body != [0]))
    }
    /// Whether the certificate is good for a host name.
    pub fn is_for(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let fits = |pattern: &str| {
            let p = pattern.to_ascii_lowercase();
            p == host || p.strip_prefix("*.").is_some_and(|d| host.split_once('.').is_some_and(|(_, h)| h == d))
        };
        let names: Vec<String> =
            self.alternative_names().iter().filter_map(|n| n.strip_prefix("DNS:")).map(str::to_owned).collect();
        if names.is_empty() { self.subject.common_name().is_some_and(fits) } else { names.iter().any(|n| fits(n)) }
    }
    /// Issued by itself.
    pub fn is_self_issued(&self) -> bool {
        let key = self.authority_key().is_none_or(|a| self.subject_key().is_none_or(|s| s == a));
        self.issuer == self.subject && key
    }
    /// Whether `ca` is this one's issuer, by name and key.
    pub fn is_issued_by(&self, ca: &Cert) -> bool {
        let key = match (self.authority_key(), ca.subject_key()) {
            (Some(a), Some(s)) => a == s,
            _ => true,
        };
        self.issuer == ca.subject && key
    }
    /// `Nov 24 02:39:25 2026 GMT`.
    pub fn date(t: Time) -> String {
        let c = t.civil();
        format!(
            "{} {:2} {:02}:{:02}:{:02} {} GMT",
            crate::base::time::MONTHS[c.month as usize - 1],
            c.day,
            c.hour,
            c.minute,
            c.second,
            c.year
        )
    }
}

/// The public part of the private key in a PEM text.
pub fn private_key(text: &str) -> Option<Key> {
    let blocks = pem(text);
    let (label, der) = blocks.iter().find(|(l, _)| l.ends_with("PRIVATE KEY"))?;
    let (outer, _) = read(der)?;
    let parts = items(outer.body);
    match label.as_str() {
        "RSA PRIVATE KEY" => rsa_numbers(parts.iter().skip(1).map(|t| t.body).collect()),
        "PRIVATE KEY" => {
            let algorithm = dotted(items(parts.get(1)?.body).first()?.body);
            if algorithm == "1.2.840.113549.1.1.1" {
                let inner = read(parts.get(2)?.body)?.0;
                return rsa_numbers(items(inner.body).iter().skip(1).map(|t| t.body).collect());
            }
            Some(Key::Ec { bits: 256, point: parts.get(2)?.body.to_vec() })
        }
        _ => None,
    }
}

/// How a certificate file and a key file go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    NoCertificate,
    NoKey,
    /// The key is for another certificate than the file's first.
    Differ,
    Fit,
}

/// Pairs that are remembered: every process of a server loads the same two files.
const PAIRS: usize = 8;

thread_local! {
    static KNOWN: RefCell<Vec<(String, String, Pair)>> = const { RefCell::new(Vec::new()) };
}

/// Looks at the texts of a certificate file and a key file.
pub fn pair(chain: &str, key: &str) -> Pair {
    let known = |k: &Vec<(String, String, Pair)>| k.iter().find(|k| k.0 == chain && k.1 == key).map(|k| k.2);
    if let Some(pair) = KNOWN.with_borrow(known) {
        return pair;
    }
    let pair = match (Cert::all_from_pem(chain).first(), private_key(key)) {
        (None, _) => Pair::NoCertificate,
        (_, None) => Pair::NoKey,
        (Some(leaf), Some(key)) if leaf.key != key => Pair::Differ,
        _ => Pair::Fit,
    };
    KNOWN.with_borrow_mut(|k| {
        if k.len() >= PAIRS {
            k.remove(0);
        }
        k.push((chain.to_owned(), key.to_owned(), pair));
    });
    pair
}

fn bytes(chance: Chance, stream: &str, entity: &str, n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut i = 0;
    while out.len() < n {
        out.extend(chance.value(stream, &format!("{entity}/{i}")).to_le_bytes());
        i += 1;
    }
    out.truncate(n);
    out
}

/// A new RSA key: its public part and PKCS#8 PEM text.
pub fn new_key(chance: Chance, entity: &str, bits: u32) -> (Key, String) {
    let n = (bits.clamp(512, 8192) / 8) as usize;
    let number = |what: &str, len: usize| {
        let mut b = bytes(chance, "rsa-key", &format!("{entity}/{what}"), len);
        b[0] |= 0xc0;
        b[len - 1] |= 1;
        b
    };
    let modulus = number("n", n);
    let exponent = vec![1, 0, 1];
    let half = n / 2;
    let inner = seq(&[
        integer(&[0]),
        integer(&modulus),
        integer(&exponent),
        integer(&number("d", n)),
        integer(&number("p", half)),
        integer(&number("q", half)),
        integer(&number("dp", half)),
        integer(&number("dq", half)),
        integer(&number("qi", half)),
    ]);
    let pkcs8 = seq(&[integer(&[0]), seq(&[oid("1.2.840.113549.1.1.1"), tlv(5, &[])]), tlv(4, &inner)]);
    (Key::Rsa { modulus, exponent }, to_pem("PRIVATE KEY", &pkcs8))
}

/// What a new certificate says.
#[derive(Clone, Debug)]
pub struct Draft {
    pub subject: Name,
    pub key: Key,
    pub from: Time,
    pub days: i64,
    /// `DNS:x,IP:1.2.3.4`
    pub names: Vec<String>,
    pub ca: Option<bool>,
}

/// Issues a certificate; without an issuer it signs itself.
pub fn issue(chance: Chance, d: &Draft, issuer: Option<&Cert>) -> Cert {
    let entity = format!("{}/{}", d.subject.oneline(), d.from.0);
    let mut serial = bytes(chance, "serial", &entity, 20);
    serial[0] = serial[0] & 0x7f | 1;
    let algorithm = seq(&[oid("1.2.840.113549.1.1.11"), tlv(5, &[])]);
    let own = d.key.identifier();
    let authority = issuer.map_or_else(|| own.clone(), |i| i.subject_key().unwrap_or_else(|| i.key.identifier()));
    let ext = |id: &str, critical: bool, body: Vec<u8>| {
        let mut parts = vec![oid(id)];
        if critical {
            parts.push(tlv(1, &[0xff]));
        }
        parts.push(tlv(4, &body));
        seq(&parts)
    };
    let mut list =
        vec![ext(SUBJECT_KEY, false, tlv(4, &own)), ext(AUTHORITY_KEY, false, seq(&[tlv(0x80, &authority)]))];
    if let Some(ca) = d.ca {
        let body = if ca { seq(&[tlv(1, &[0xff])]) } else { seq(&[]) };
        list.push(ext(BASIC, ca, body));
    }
    if !d.names.is_empty() {
        let name = |n: &String| match n.split_once(':') {
            Some(("IP", ip)) => match ip.parse::<IpAddr>() {
                Ok(IpAddr::V4(v)) => tlv(0x87, &v.octets()),
                Ok(IpAddr::V6(v)) => tlv(0x87, &v.octets()),
                Err(_) => tlv(0x82, ip.as_bytes()),
            },
            Some(("email", e)) => tlv(0x81, e.as_bytes()),
            Some((_, v)) => tlv(0x82, v.as_bytes()),
            None => tlv(0x82, n.as_bytes()),
        };
        list.push(ext(SAN, false, seq(&d.names.iter().map(name).collect::<Vec<_>>())));
    }
    let issuer_name = issuer.map_or(&d.subject, |i| &i.subject);
    let from = Time::from_secs(d.from.secs());
    let tbs = seq(&[
        tlv(0xa0, &integer(&[2])),
        integer(&serial),
        algorithm.clone(),
        issuer_name.to_der(),
        seq(&[time_der(from), time_der(from + Span::days(d.days))]),
        d.subject.to_der(),
        d.key.to_der(),
        tlv(0xa3, &seq(&list)),
    ]);
    let signature = bytes(chance, "signature", &entity, 256);
    let der = seq(&[tbs, algorithm, tlv(3, &[&[0], &signature[..]].concat())]);
    Cert::from_der(&der).unwrap_or(Cert {
        der,
        serial,
        issuer: issuer_name.clone(),
        subject: d.subject.clone(),
        not_before: from,
        not_after: from + Span::days(d.days),
        key: d.key.clone(),
        extensions: Vec::new(),
        signature,
    })
}

/// What verification meets: OpenSSL's error number and the depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub code: u32,
    pub depth: usize,
}

/// The text of an X.509 verification error.
pub fn flaw_text(code: u32) -> &'static str {
    match code {
        0 => "ok",
        9 => "certificate is not yet valid",
        10 => "certificate has expired",
        18 => "self-signed certificate",
        19 => "self-signed certificate in certificate chain",
        20 => "unable to get local issuer certificate",
        21 => "unable to verify the first certificate",
        62 => "hostname mismatch",
        64 => "IP address mismatch",
        _ => "unknown error",
    }
}

/// Verifies a chain (leaf first) against trusted certificates: the chain as built, and every flaw in OpenSSL's order.
pub fn verify(chain: &[Cert], trusted: &[Cert], now: Time) -> (Vec<Cert>, Vec<Flaw>) {
    let Some(leaf) = chain.first() else { return (Vec::new(), Vec::new()) };
    let mut built = vec![leaf.clone()];
    let mut flaws = Vec::new();
    let mut anchored = trusted.contains(leaf);
    while !anchored && built.len() < 10 {
        let last = &built[built.len() - 1];
        if last.is_self_issued() {
            break;
        }
        if let Some(ca) = trusted.iter().find(|c| last.is_issued_by(c)) {
            built.push(ca.clone());
            anchored = true;
        } else if let Some(next) = chain.iter().find(|c| last.is_issued_by(c) && !built.contains(c)) {
            built.push(next.clone());
        } else {
            break;
        }
    }
    let top = built.len() - 1;
    if !anchored {
        let code = match (built[top].is_self_issued(), top) {
            (true, 0) => 18,
            (true, _) => 19,
            (false, _) => 20,
        };
        flaws.push(Flaw { code, depth: top });
        if code == 20 && top == 0 {
            flaws.push(Flaw { code: 21, depth: 0 });
        }
    }
    for (depth, c) in built.iter().enumerate().rev() {
        if now < c.not_before {
            flaws.push(Flaw { code: 9, depth });
        } else if now > c.not_after {
            flaws.push(Flaw { code: 10, depth });
        }
    }
    (built, flaws)
}

impl Host {
    /// The certificates that OpenSSL trusts by default: those of /etc/ssl/certs that have a hash link, or the bundle.
    pub fn trusted(&self) -> Vec<Cert> {
        let mut out = Vec::new();
        let dir = "/etc/ssl/certs";
        for (name, _) in self.fs.readdir(&Cred::root(), dir).unwrap_or_default() {
            let hashed = name.split_once('.').is_some_and(|(h, n)| {
                h.len() == 8 && h.bytes().all(|b| b.is_ascii_hexdigit()) && n.bytes().all(|b| b.is_ascii_digit())
            });
            if (hashed || &*name == "ca-certificates.crt")
                && let Some(t) = self.fs.read_text(&format!("{dir}/{name}"))
            {
                out.extend(Cert::all_from_pem(&t));
            }
        }
        out
    }
}

/// `AB:CD:…` of bytes.
pub fn colons(b: &[u8]) -> String {
    let mut out = String::new();
    for (i, x) in b.iter().enumerate() {
        let _ = write!(out, "{}{x:02X}", if i > 0 { ":" } else { "" });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_issued_reads_back_and_verifies() {
        let chance = Chance::new(3);
        let now = Time::parse_iso("2026-11-24T10:00:00Z").unwrap();
        let (ca_key, _) = new_key(chance, "ca", 2048);
        let subject = Name::parse("/C=ES/O=Ejemplo SA/CN=CA").unwrap();
        let draft = Draft { subject, key: ca_key, from: now, days: 3650, names: vec![], ca: Some(true) };
        let ca = issue(chance, &draft, None);
        let (key, pem) = new_key(chance, "leaf", 2048);
        assert_eq!(private_key(&pem), Some(key.clone()));
        let subject = Name::parse("/CN=mail.ejemplo.com").unwrap();
        let names = vec!["DNS:mail.ejemplo.com".to_owned(), "IP:192.0.2.10".to_owned()];
        let leaf = issue(chance, &Draft { subject, key, from: now, days: 365, names, ca: None }, Some(&ca));
        let back = &Cert::all_from_pem(&leaf.to_pem())[0];
        assert_eq!(back, &leaf);
        assert_eq!(back.issuer.oneline(), "C = ES, O = Ejemplo SA, CN = CA");
        assert_eq!(back.alternative_names(), ["DNS:mail.ejemplo.com", "IP Address:192.0.2.10"]);
        assert_eq!(Cert::date(back.not_after), "Nov 24 10:00:00 2027 GMT");
        assert!(back.is_for("mail.ejemplo.com") && !back.is_for("otro.ejemplo.com"));
        for (chain, trust, at, codes) in [
            (vec![leaf.clone()], vec![ca.clone()], now, vec![]),
            (vec![leaf.clone()], vec![], now, vec![20, 21]),
            (vec![ca.clone()], vec![], now, vec![18]),
            (vec![leaf.clone()], vec![ca.clone()], now + Span::days(400), vec![10]),
        ] {
            let (_, flaws) = verify(&chain, &trust, at);
            assert_eq!(flaws.iter().map(|f| f.code).collect::<Vec<_>>(), codes);
        }
    }
}
