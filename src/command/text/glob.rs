//! Shell patterns as fnmatch(3) matches them: `*`, `?`, brackets with ranges, classes and negation, backslashes.

/// Whether `name` fits `pattern` (a leading dot and slashes are ordinary characters).
pub fn fits(pattern: &str, name: &str) -> bool {
    let p: Vec<char> = pattern.chars().collect();
    let n: Vec<char> = name.chars().collect();
    // The usual two-pointer walk: on a mismatch go back to the last star.
    let (mut i, mut j) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while j < n.len() {
        if i < p.len() && p[i] == '*' {
            star = Some((i, j));
            i += 1;
            continue;
        }
        if i < p.len()
            && let Some(next) = one(&p, i, n[j])
        {
            i = next;
            j += 1;
            continue;
        }
        match star {
            Some((si, sj)) => {
                i = si + 1;
                j = sj + 1;
                star = Some((si, sj + 1));
            }
            None => return false,
        }
    }
    p[i..].iter().all(|c| *c == '*')
}

/// Matches one character; gives the index after the element.
fn one(p: &[char], i: usize, c: char) -> Option<usize> {
    match p[i] {
        '?' => Some(i + 1),
        '\\' if i + 1 < p.len() => (p[i + 1] == c).then_some(i + 2),
        '[' => match bracket(p, i, c) {
            Some((true, next)) => Some(next),
            Some((false, _)) => None,
            None => (c == '[').then_some(i + 1),
        },
        x => (x == c).then_some(i + 1),
    }
}

fn bracket(p: &[char], i: usize, c: char) -> Option<(bool, usize)> {
    let mut j = i + 1;
    let negated = matches!(p.get(j), Some('!' | '^'));
    if negated {
        j += 1;
    }
    let first = j;
    let mut hit = false;
    loop {
        let x = *p.get(j)?;
        if x == ']' && j > first {
            return Some((hit != negated, j + 1));
        }
        if x == '['
            && p.get(j + 1) == Some(&':')
            && let Some(k) = (j + 2..p.len().saturating_sub(1)).find(|k| p[*k] == ':' && p[k + 1] == ']')
        {
            let name: String = p[j + 2..k].iter().collect();
            hit |= match name.as_str() {
                "alpha" => c.is_alphabetic(),
                "digit" => c.is_ascii_digit(),
                "alnum" => c.is_alphanumeric(),
                "upper" => c.is_uppercase(),
                "lower" => c.is_lowercase(),
                "space" => c.is_whitespace(),
                "blank" => c == ' ' || c == '\t',
                "punct" => c.is_ascii_punctuation(),
                "xdigit" => c.is_ascii_hexdigit(),
                _ => false,
            };
            j = k + 2;
            continue;
        }
        let low = if x == '\\' && j + 1 < p.len() {
            j += 1;
            p[j]
        } else {
            x
        };
        j += 1;
        if p.get(j) == Some(&'-') && p.get(j + 1).is_some_and(|e| *e != ']') {
            hit |= low <= c && c <= p[j + 1];
            j += 2;
        } else {
            hit |= low == c;
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fits() {
        for (pattern, name, expected) in [
            ("*.cf", "main.cf", true),
            ("*.cf", "main.cf.bak", false),
            ("mail.log*", "mail.log", true),
            ("[a-c]?", "b1", true),
            ("[!a]x", "ax", false),
            ("[[:digit:]]*", "1763", true),
            ("a\\*", "a*", true),
            ("[", "[", true),
            ("*a*b*c", "xxaxxbxxc", true),
        ] {
            assert_eq!(super::fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
