//! Address patterns of DNS list filters: `127.0.0.[2..4;7]` (ip_match(3)). Left out: IPv6, which it does not know either.

use crate::log::smtpd::Fatal;

/// The ranges that each of the four octets may be in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern([Vec<(u8, u8)>; 4]);

const NUMBER: &str = "need decimal number 0..255";
const NUMBER_OR_LIST: &str = "need decimal number 0..255 or \"[\"";
const RANGE: &str = "numeric range error";

/// A pattern being read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }
    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }
    /// A number up to 255.
    fn number(&mut self, fault: &'static str) -> Result<u8, Fatal> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        match self.rest()[..digits].parse() {
            Ok(n) => {
                self.at += digits;
                Ok(n)
            }
            Err(_) => Err(self.error(fault)),
        }
    }
    /// What is wrong, and the token where it is.
    fn error(&self, fault: &'static str) -> Fatal {
        let (before, rest) = (self.text.get(..self.at).unwrap_or_default(), self.rest());
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let token = if digits > 0 { digits } else { rest.chars().next().map_or(0, char::len_utf8) };
        Fatal::RblFilter { fault, at: Some([before, &rest[..token], &rest[token..]].map(str::to_owned)) }
    }
    /// What stands between the brackets.
    fn list(&mut self) -> Result<Vec<(u8, u8)>, Fatal> {
        let mut out = Vec::new();
        loop {
            let low = self.number(NUMBER)?;
            let mut high = low;
            if self.take("..") {
                let place = self.at;
                high = self.number(RANGE)?;
                if high < low {
                    self.at = place;
                    return Err(self.error(RANGE));
                }
            }
            out.push((low, high));
            if self.take("]") {
                return Ok(out);
            }
            if !self.take(";") {
                return Err(self.error("need \";\" or \"]\""));
            }
        }
    }
}

/// Where the bracket that a text begins with is closed.
fn terminator(text: &str) -> Option<usize> {
    let mut level = 0;
    text.char_indices().find_map(|(i, c)| {
        match c {
            '[' => level += 1,
            ']' => level -= 1,
            _ => {}
        }
        (c == ']' && level == 0).then_some(i)
    })
}

impl Pattern {
    pub fn parse(text: &str) -> Result<Pattern, Fatal> {
        let plain = |fault| Err(Fatal::RblFilter { fault, at: None });
        if text.is_empty() {
            return plain("empty address pattern");
        }
        let mut text = text;
        if text.starts_with('[') {
            match terminator(text) {
                None => return plain("missing \"]\" character"),
                Some(i) if i + 1 == text.len() => text = &text[1..i],
                Some(_) => {}
            }
        }
        let mut r = Reader { text, at: 0 };
        let mut octets: [Vec<(u8, u8)>; 4] = Default::default();
        for (i, octet) in octets.iter_mut().enumerate() {
            if i > 0 && !r.take(".") {
                return Err(r.error("need \".\""));
            }
            *octet = if r.take("[") { r.list()? } else { r.number(NUMBER_OR_LIST).map(|n| vec![(n, n)])? };
        }
        if r.rest().is_empty() { Ok(Pattern(octets)) } else { Err(r.error("garbage after pattern")) }
    }

    pub fn matches(&self, addr: &str) -> bool {
        let Ok(ip) = addr.parse::<std::net::Ipv4Addr>() else { return false };
        self.0.iter().zip(ip.octets()).all(|(ranges, n)| ranges.iter().any(|(low, high)| (*low..=*high).contains(&n)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Message;
    use crate::log::smtpd::Smtpd;

    #[test]
    fn filters() {
        for (pattern, addr, want) in [
            ("127.0.0.2", "127.0.0.2", true),
            ("127.0.0.[2..4]", "127.0.0.10", false),
            ("127.0.0.[2..4;10]", "127.0.0.10", true),
            ("127.[0..1].0.2", "127.1.0.2", true),
            ("[127.0.0.2]", "127.0.0.2", true),
        ] {
            assert_eq!(Pattern::parse(pattern).map(|p| p.matches(addr)), Ok(want), "{pattern} {addr}");
        }
    }

    #[test]
    fn what_is_none() {
        for (pattern, said) in [
            ("127.0.0", r#"need "." at "127.0.0><""#),
            ("127.0.0.2.3", r#"garbage after pattern at "127.0.0.2>.<3""#),
            ("127.0.0.256", r#"need decimal number 0..255 or "[" at "127.0.0.>256<""#),
            ("127.0.0.[2;3", r#"need ";" or "]" at "127.0.0.[2;3><""#),
            ("127.0.0.[2..1]", r#"numeric range error at "127.0.0.[2..>1<]""#),
            ("127.0.0.[x]", r#"need decimal number 0..255 at "127.0.0.[>x<]""#),
            ("127.0.0.[]", r#"need decimal number 0..255 at "127.0.0.[>]<""#),
            ("127.0.0.[2..]", r#"numeric range error at "127.0.0.[2..>]<""#),
            ("", "empty address pattern"),
            ("127..0.2", r#"need decimal number 0..255 or "[" at "127.>.<0.2""#),
            ("a", r#"need decimal number 0..255 or "[" at ">a<""#),
            ("127.0.0.[300]", r#"need decimal number 0..255 at "127.0.0.[>300<]""#),
            ("127.0.0.-1", r#"need decimal number 0..255 or "[" at "127.0.0.>-<1""#),
            ("[127.0.0.2;x", r#"missing "]" character"#),
        ] {
            let text = Pattern::parse(pattern).map_err(|f| Smtpd::Fatal(f).text());
            assert_eq!(text, Err(format!("fatal: RBL reply error: {said}")), "{pattern}");
        }
    }
}
