//! Splitting a command line into words, as `smtpd_token.c` does: quotes, brackets and `from:` hold together.

/// A word of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub text: &'a str,
    /// A quote or bracket is not closed.
    pub broken: bool,
}

/// The place after the closing character; quotes and brackets nest. `None`: it is not closed.
fn quoted(line: &[u8], mut i: usize, close: u8) -> Option<usize> {
    let mut stack = vec![close];
    while let Some(&wanted) = stack.last() {
        let b = *line.get(i)?;
        i += 1;
        if b == b'\\' {
            line.get(i)?;
            i += 1;
        } else if b == wanted {
            stack.pop();
        } else if wanted != b'"' {
            match b {
                b'"' => stack.push(b'"'),
                b'(' => stack.push(b')'),
                b'[' => stack.push(b']'),
                b'<' => stack.push(b'>'),
                _ => {}
            }
        }
    }
    Some(i)
}

/// Splits a line.
pub fn split(line: &str) -> Vec<Token<'_>> {
    let c = line.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(4), 0);
    while i < c.len() {
        if c[i].is_ascii_whitespace() {
            i += 1;
            continue;
        }
        let (start, mut broken) = (i, false);
        while let Some(&b) = c.get(i).filter(|b| !b.is_ascii_whitespace()) {
            i += 1;
            let close = match b {
                b'<' => b'>',
                b'[' => b']',
                b'(' => b')',
                b'"' => b'"',
                // `MAIL FROM:<x>`: the colon ends the second word.
                b':' if out.len() == 1 => break,
                _ => continue,
            };
            let end = quoted(c, i, close);
            i = end.unwrap_or(c.len());
            if end.is_none() {
                broken = true;
                break;
            }
        }
        out.push(Token { text: line.get(start..i).unwrap_or(""), broken });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (line, want) in [
            ("MAIL FROM:<a@b> SIZE=1", vec!["MAIL", "FROM:", "<a@b>", "SIZE=1"]),
            ("MAIL FROM: <a b@c>", vec!["MAIL", "FROM:", "<a b@c>"]),
            ("RCPT TO:<\"a > b\"@c> ORCPT=rfc822;x", vec!["RCPT", "TO:", "<\"a > b\"@c>", "ORCPT=rfc822;x"]),
            ("  QUIT  ", vec!["QUIT"]),
            ("MAIL FROM:<\"\\ñ>\"@c> x", vec!["MAIL", "FROM:", "<\"\\ñ>\"@c>", "x"]),
            ("", vec![]),
        ] {
            let got: Vec<&str> = split(line).into_iter().map(|t| t.text).collect();
            assert_eq!(got, want, "{line}");
        }
        assert!(split("MAIL FROM:<a@b")[2].broken);
    }
}
