//! The addresses in a header's text. Left out: groups within groups, obsolete routes.

/// The addresses in a header value or a map result: comma separated, comments and display names left out.
pub fn split_addresses(text: &str) -> Vec<String> {
    let words = address_spans(text).into_iter().flat_map(|(a, b)| words(text[a..b].trim()));
    words.map(unquote).filter(|s| !s.is_empty()).collect()
}

/// Addresses with white space between them only.
fn words(text: &str) -> Vec<&str> {
    let (mut out, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' | '\n' if !quoted => {
                // `user @ domain` is one address.
                let glue = ['@', '.'];
                if !text[..i].ends_with(glue) && !text[i + 1..].trim_start().starts_with(glue) {
                    out.push(text[start..i].trim());
                    start = i + 1;
                }
            }
            _ => {}
        }
    }
    out.push(text[start..].trim());
    out.retain(|w| !w.is_empty());
    out
}

/// Removes the quotes of a local part.
pub fn unquote(addr: &str) -> String {
    let Some(rest) = addr.strip_prefix('"') else { return addr.to_owned() };
    let mut out = String::new();
    let mut it = rest.chars();
    while let Some(c) = it.next() {
        match c {
            '\\' => out.extend(it.next()),
            '"' => {
                out.extend(it);
                return out;
            }
            c => out.push(c),
        }
    }
    out
}

/// Where in a header value the addresses stand (without angle brackets).
pub fn address_spans(text: &str) -> Vec<(usize, usize)> {
    let (mut out, mut start, mut angle) = (Vec::new(), None::<usize>, None::<(usize, usize)>);
    let (mut quoted, mut depth, mut in_angle, mut comment_at) = (false, 0_usize, false, None::<usize>);
    let bytes = text.as_bytes();
    let mut i = 0;
    let finish =
        |out: &mut Vec<(usize, usize)>, start: &mut Option<usize>, angle: &mut Option<(usize, usize)>, end: usize| {
            if let Some(a) = angle.take() {
                out.push(a);
            } else if let Some(s) = *start {
                let t = &text[s..end];
                let lead = t.len() - t.trim_start().len();
                let len = t.trim().len();
                if len > 0 {
                    out.push((s + lead, s + lead + len));
                }
            }
            *start = None;
        };
    while i < bytes.len() {
        let c = bytes[i];
        match c {
            b'\\' if quoted || depth > 0 => i += 1,
            b'"' if depth == 0 => {
                quoted = !quoted;
                start = start.or(Some(i));
            }
            _ if quoted => {}
            b'(' => {
                depth += 1;
                comment_at = comment_at.or(Some(i));
            }
            b')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            b'<' => {
                in_angle = true;
                angle = Some((i + 1, bytes.len()));
            }
            b'>' if in_angle => {
                in_angle = false;
                if let Some(a) = &mut angle {
                    a.1 = i;
                }
            }
            b':' if !in_angle && !text[..i].ends_with("include") => start = None,
            b',' | b';' if !in_angle => {
                let end = comment_at.filter(|c| start.is_none_or(|s| *c > s)).unwrap_or(i);
                finish(&mut out, &mut start, &mut angle, end);
                comment_at = None;
            }
            c if c.is_ascii_whitespace() => {}
            _ if !in_angle => start = start.or(Some(i)),
            _ => {}
        }
        i += 1;
    }
    // A bracket that is not closed is a letter like others.
    if in_angle && let Some((a, _)) = angle.take() {
        start = start.or(Some(a - 1));
    }
    let end = comment_at.filter(|c| start.is_none_or(|s| *c > s)).unwrap_or(bytes.len());
    finish(&mut out, &mut start, &mut angle, end);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_headers() {
        for (text, expected) in [
            ("maria", vec!["maria"]),
            (" Maria <maria@ejemplo.com>, juan@ejemplo.com (Juan)", vec!["maria@ejemplo.com", "juan@ejemplo.com"]),
            ("\"a, b\" <c@d>", vec!["c@d"]),
            ("undisclosed-recipients:;", vec![]),
            ("<>", vec![]),
            ("\"a b\"@c", vec!["a b@c"]),
            ("maria juan", vec!["maria", "juan"]),
            ("<maria", vec!["<maria"]),
        ] {
            assert_eq!(split_addresses(text), expected, "{text}");
        }
    }
}
