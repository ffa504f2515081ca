//! DER and PEM: just enough of ASN.1 to read and write certificates and RSA keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// One element: tag, content, and the whole encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    pub tag: u8,
    pub body: &'a [u8],
    pub all: &'a [u8],
}

/// Reads one element from the front: it, and what follows.
pub fn read(data: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    let (&tag, rest) = data.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let len = if first < 0x80 {
        usize::from(first)
    } else {
        let n = usize::from(first & 0x7f);
        if n == 0 || n > 4 || rest.len() < n {
            return None;
        }
        let len = rest[..n].iter().fold(0usize, |a, b| a << 8 | usize::from(*b));
        rest = &rest[n..];
        len
    };
    if rest.len() < len {
        return None;
    }
    let used = data.len() - rest.len() + len;
    Some((Tlv { tag, body: &rest[..len], all: &data[..used] }, &rest[len..]))
}

/// The elements inside a constructed one.
pub fn items(mut body: &[u8]) -> Vec<Tlv<'_>> {
    let mut out = Vec::new();
    while let Some((t, rest)) = read(body) {
        out.push(t);
        body = rest;
        if out.len() > 1000 {
            break;
        }
    }
    out
}

/// Writes one element.
pub fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let n = body.len();
    match n {
        0..0x80 => out.push(n as u8),
        0x80..0x100 => out.extend([0x81, n as u8]),
        0x100..0x1_0000 => out.extend([0x82, (n >> 8) as u8, n as u8]),
        _ => out.extend([0x83, (n >> 16) as u8, (n >> 8) as u8, n as u8]),
    }
    out.extend_from_slice(body);
    out
}

/// A SEQUENCE of parts.
pub fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// A positive INTEGER from big-endian bytes.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len().saturating_sub(1));
    let mut body = bytes.get(start..).unwrap_or(&[0]).to_vec();
    if body.is_empty() {
        body.push(0);
    }
    if body[0] & 0x80 != 0 {
        body.insert(0, 0);
    }
    tlv(2, &body)
}

/// An OBJECT IDENTIFIER from its dotted form.
pub fn oid(dotted: &str) -> Vec<u8> {
    let n: Vec<u32> = dotted.split('.').filter_map(|p| p.parse().ok()).collect();
    let mut body = vec![(n.first().copied().unwrap_or(0) * 40 + n.get(1).copied().unwrap_or(0)) as u8];
    for v in n.iter().skip(2) {
        let mut part = vec![(v & 0x7f) as u8];
        let mut v = v >> 7;
        while v > 0 {
            part.insert(0, (v & 0x7f) as u8 | 0x80);
            v >>= 7;
        }
        body.extend(part);
    }
    tlv(6, &body)
}

/// The dotted form of an OBJECT IDENTIFIER's content.
pub fn dotted(body: &[u8]) -> String {
    let Some(&first) = body.first() else { return String::new() };
    let mut out = format!("{}.{}", first / 40, first % 40);
    let mut v: u64 = 0;
    for b in &body[1..] {
        v = v << 7 | u64::from(b & 0x7f);
        if b & 0x80 == 0 {
            out.push_str(&format!(".{v}"));
            v = 0;
        }
    }
    out
}

/// The blocks of a PEM text: label and content.
pub fn pem(text: &str) -> Vec<(String, Vec<u8>)> {
    let mut out = Vec::new();
    let mut open: Option<(String, String)> = None;
    for l in text.lines() {
        let l = l.trim_end();
        if let Some(label) = l.strip_prefix("-----BEGIN ").and_then(|l| l.strip_suffix("-----")) {
            open = Some((label.to_owned(), String::new()));
        } else if l.starts_with("-----END ") {
            if let Some((label, body)) = open.take()
                && let Ok(der) = STANDARD.decode(&body)
            {
                out.push((label, der));
            }
        } else if let Some((_, body)) = &mut open {
            body.push_str(l.trim());
        }
    }
    out
}

/// PEM text of one block.
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let b64 = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = b64.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}
