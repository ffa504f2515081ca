//! Splitting a command line into words, as `smtpd_token.c` does: quotes, brackets and `from:` hold together.

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    /// A quote or bracket is not closed.
    pub broken: bool,
}

/// Reads up to the closing character; quotes and brackets nest.
fn quoted(c: &[char], i: &mut usize, text: &mut String, close: char) -> bool {
    let mut stack = vec![close];
    while let Some(&wanted) = stack.last() {
        let Some(&ch) = c.get(*i) else { return false };
        *i += 1;
        text.push(ch);
        if ch == '\\' {
            let Some(&next) = c.get(*i) else { return false };
            *i += 1;
            text.push(next);
        } else if ch == wanted {
            stack.pop();
        } else if wanted != '"' {
            match ch {
                '"' => stack.push('"'),
                '(' => stack.push(')'),
                '[' => stack.push(']'),
                '<' => stack.push('>'),
                _ => {}
            }
        }
    }
    true
}

/// Splits a line.
pub fn split(line: &str) -> Vec<Token> {
    let c: Vec<char> = line.chars().collect();
    let (mut out, mut i) = (Vec::new(), 0);
    while i < c.len() {
        if c[i].is_ascii_whitespace() {
            i += 1;
            continue;
        }
        let mut t = Token { text: String::new(), broken: false };
        while let Some(&ch) = c.get(i) {
            if ch.is_ascii_whitespace() {
                break;
            }
            i += 1;
            t.text.push(ch);
            let close = match ch {
                '<' => '>',
                '[' => ']',
                '(' => ')',
                '"' => '"',
                // `MAIL FROM:<x>`: the colon ends the second word.
                ':' if out.len() == 1 => break,
                _ => continue,
            };
            if !quoted(&c, &mut i, &mut t.text, close) {
                t.broken = true;
                break;
            }
        }
        out.push(t);
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
            ("", vec![]),
        ] {
            let got: Vec<String> = split(line).into_iter().map(|t| t.text).collect();
            assert_eq!(got, want, "{line}");
        }
        assert!(split("MAIL FROM:<a@b")[2].broken);
    }
}
