//! Text and bytes: what is not UTF-8 survives a trip through a string.
//!
//! A byte that is no part of valid UTF-8 is kept as a private character (plane 16), and becomes that byte again on the
//! way out. Arguments of programs are `String`s everywhere, so this is how `$'\xff'` reaches `printf`.

use std::borrow::Cow;
use std::net::IpAddr;

const BASE: u32 = 0x0010_FF00;

/// Text of bytes, with a private character for each byte that is not UTF-8. NUL bytes are dropped, as bash drops them.
pub fn decode(data: &[u8]) -> String {
    let mut out = decode_keep(data);
    if out.contains('\0') {
        out.retain(|c| c != '\0');
    }
    out
}

/// As [`decode`], with NUL bytes kept (output of `printf '\0'`).
pub fn decode_keep(mut data: &[u8]) -> String {
    let mut out = String::with_capacity(data.len());
    while !data.is_empty() {
        match std::str::from_utf8(data) {
            Ok(s) => {
                out.push_str(s);
                break;
            }
            Err(e) => {
                let (good, bad) = data.split_at(e.valid_up_to());
                out.push_str(&String::from_utf8_lossy(good));
                let n = e.error_len().unwrap_or(bad.len());
                out.extend(bad[..n].iter().filter_map(|b| char::from_u32(BASE + u32::from(*b))));
                data = &bad[n..];
            }
        }
    }
    out
}

/// Text of bytes, with U+FFFD for what is not UTF-8. The strict reader is many times quicker than the lossy one, and nearly
/// all that passes is UTF-8.
pub fn lossy(data: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(data).map_or_else(|_| String::from_utf8_lossy(data), Cow::Borrowed)
}

/// Appends a number in decimal: what `write!` does, many times quicker.
pub fn put_number(out: &mut String, n: impl itoa::Integer) {
    out.push_str(itoa::Buffer::new().format(n));
}

/// An address as it is written.
pub fn ip(address: IpAddr) -> String {
    let IpAddr::V4(v4) = address else { return address.to_string() };
    let mut out = String::with_capacity(15);
    for octet in v4.octets() {
        if !out.is_empty() {
            out.push('.');
        }
        put_number(&mut out, octet);
    }
    out
}

/// Where the first line ends: the place of its line feed.
pub fn line_end(data: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', data)
}

/// The lines, each with its line feed; the last may have none.
pub fn lines(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let end = line_end(data).map_or(data.len(), |i| i + 1);
        let line;
        (line, data) = data.split_at(end);
        (!line.is_empty()).then_some(line)
    })
}

/// The character that stands for one raw byte.
pub fn raw(byte: u8) -> char {
    if byte < 0x80 { char::from(byte) } else { char::from_u32(BASE + u32::from(byte)).unwrap_or('?') }
}

/// The bytes of a text made by [`decode`].
pub fn encode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut buf = [0; 4];
    for c in text.chars() {
        match u32::from(c).checked_sub(BASE) {
            Some(b) if b < 256 => out.push(b as u8),
            _ => out.extend_from_slice(c.encode_utf8(&mut buf).as_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for data in [&b"abc"[..], b"\xff\xfea", "ñ\u{20ac}".as_bytes(), b"a\xc3", b""] {
            assert_eq!(encode(&decode(data)), data);
        }
        assert_eq!(decode(b"a\0b"), "ab");
        assert_eq!(lossy(b"a\xff\xc3"), String::from_utf8_lossy(b"a\xff\xc3"));
    }

    #[test]
    fn lines_are_those_of_split_inclusive() {
        for data in [&b""[..], b"\n", b"a", b"a\n", b"\n\na\r\n", b"a\nb"] {
            assert!(lines(data).eq(data.split_inclusive(|b| *b == b'\n')));
        }
    }
}
