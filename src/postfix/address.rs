//! RFC 822 addresses as Postfix's `tok822` takes them apart and puts them together, and the quoting of local parts.
//!
//! An address has an internal form (unquoted, as in queue files and tables) and an external form (quoted, as on the
//! wire and in the log). Left out: group syntax and folding of long headers.

/// What a token is; an operator is one of `| ) < > @ , ; : . % ! ]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Op(char),
    Atom,
    Quoted,
    /// With its brackets.
    DomainLiteral,
    /// With its parentheses.
    Comment,
}

/// A token and its text (without the quotes of a quoted string).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
}

impl Token {
    pub fn op(c: char) -> Token {
        Token { kind: Kind::Op(c), text: c.to_string() }
    }
    pub fn quoted(text: &str) -> Token {
        Token { kind: Kind::Quoted, text: text.into() }
    }
    pub fn is(&self, c: char) -> bool {
        self.kind == Kind::Op(c)
    }
    fn is_op(&self) -> bool {
        matches!(self.kind, Kind::Op(_))
    }
}

const OPERATORS: &str = "|)<>@,;:.%!]";

/// Splits an address in external form into tokens; white space only separates.
pub fn scan(text: &str) -> Vec<Token> {
    let c: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (Vec::new(), 0);
    while i < c.len() {
        let ch = c[i];
        if ch.is_ascii_whitespace() {
            i += 1;
            continue;
        }
        let (kind, text) = match ch {
            '(' => (Kind::Comment, nested(&c, &mut i)),
            '[' => (Kind::DomainLiteral, until(&c, &mut i, ']')),
            '"' => (Kind::Quoted, quoted(&c, &mut i)),
            _ if OPERATORS.contains(ch) => {
                i += 1;
                (Kind::Op(ch), ch.to_string())
            }
            _ => (Kind::Atom, atom(&c, &mut i)),
        };
        out.push(Token { kind, text });
    }
    out
}

fn atom(c: &[char], i: &mut usize) -> String {
    let mut s = String::new();
    while let Some(&ch) = c.get(*i) {
        if ch == '\\' {
            *i += 1;
            if let Some(&next) = c.get(*i) {
                s.push(next);
                *i += 1;
            }
            continue;
        }
        if ch.is_ascii_whitespace() || "([\"".contains(ch) || OPERATORS.contains(ch) {
            break;
        }
        s.push(ch);
        *i += 1;
    }
    s
}

fn quoted(c: &[char], i: &mut usize) -> String {
    *i += 1;
    let mut s = String::new();
    while let Some(&ch) = c.get(*i) {
        *i += 1;
        match ch {
            '"' => break,
            '\\' => {
                if let Some(&next) = c.get(*i) {
                    s.push(next);
                    *i += 1;
                }
            }
            '\n' => s.push(' '),
            _ => s.push(ch),
        }
    }
    s
}

fn until(c: &[char], i: &mut usize, close: char) -> String {
    let mut s = String::new();
    while let Some(&ch) = c.get(*i) {
        s.push(ch);
        *i += 1;
        if ch == close {
            return s;
        }
    }
    s.push(close);
    s
}

fn nested(c: &[char], i: &mut usize) -> String {
    let (mut s, mut depth) = (String::new(), 0usize);
    while let Some(&ch) = c.get(*i) {
        s.push(ch);
        *i += 1;
        match ch {
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            '\\' => {
                if let Some(&next) = c.get(*i) {
                    s.push(next);
                    *i += 1;
                }
            }
            _ => {}
        }
    }
    s
}

fn join(tokens: &[Token], write: impl Fn(&Token) -> String) -> String {
    let mut s = String::new();
    for (n, t) in tokens.iter().enumerate() {
        s += &write(t);
        if !t.is_op() && tokens.get(n + 1).is_some_and(|x| !x.is_op()) {
            s.push(' ');
        }
    }
    s
}

/// Tokens in internal form: quotes are gone.
pub fn internalize(tokens: &[Token]) -> String {
    join(tokens, |t| t.text.clone())
}

/// Tokens in external form: quoted strings keep their quotes.
pub fn externalize(tokens: &[Token]) -> String {
    join(tokens, |t| match t.kind {
        Kind::Quoted => format!("\"{}\"", escape(&t.text)),
        _ => t.text.clone(),
    })
}

fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for ch in s.chars() {
        if ch == '"' || ch == '\\' || ch == '\r' {
            out.push('\\');
        }
        out.push(ch);
    }
    out
}

/// Whether a local part is a sequence of atoms separated by dots, so that it needs no quotes.
fn is_dot_string(local: &str) -> bool {
    !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !local.chars().any(|c| c == ' ' || c.is_ascii_control() || "()<>@,;:\\\"[]".contains(c))
}

/// Internal to external form: the local part (up to the last `@`) is quoted when it needs to be.
pub fn quote(addr: &str) -> String {
    let (local, domain) = match addr.rfind('@') {
        Some(i) => (&addr[..i], &addr[i..]),
        None => (addr, ""),
    };
    if is_dot_string(local) { addr.to_owned() } else { format!("\"{}\"{domain}", escape(local)) }
}

/// External to internal form of a whole address.
pub fn unquote(addr: &str) -> String {
    let (local, domain) = match addr.rfind('@') {
        Some(i) => (&addr[..i], &addr[i..]),
        None => (addr, ""),
    };
    let mut out = String::new();
    let mut chars = local.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {}
            '\\' => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out + domain
}

/// What the log shows of an address (`info_log_address_format = external`): the empty sender stays empty.
pub fn for_log(addr: &str) -> String {
    if addr.is_empty() { String::new() } else { quote(addr) }
}

/// What is found in the argument of MAIL FROM or RCPT TO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// In internal form; empty for `<>`.
    pub address: String,
    /// How many addresses stand there.
    pub count: usize,
    /// Whether something else than one address in angle brackets stands there.
    pub other: bool,
}

/// The addresses of a list, as `tok822_parse` finds them: from the right, with commas where they are missing; a phrase before
/// `<address>` and comments are none.
pub fn list(text: &str) -> Vec<Vec<Token>> {
    let tokens: Vec<Token> = scan(text).into_iter().filter(|t| t.kind != Kind::Comment).collect();
    let mut found = Vec::new();
    // All that stands after `left` and before `right` is one address.
    let mut group = |left: usize, right: usize| {
        if left < right {
            found.push(tokens[left..right].to_vec());
        }
    };
    // `i` is the place after the token looked at: 0 is the start of the list.
    let (mut i, mut right, mut may_join, mut in_group) = (tokens.len(), tokens.len(), true, false);
    while i > 0 {
        let token = &tokens[i - 1];
        match token.kind {
            Kind::Op(';') => {
                group(i, right);
                right = i - 1;
                (may_join, in_group) = (true, true);
            }
            Kind::Op(':') if in_group => {
                group(i, right);
                while i > 0 && !tokens[i - 1].is(',') {
                    i -= 1;
                }
                right = i;
                continue;
            }
            Kind::Op('>') => {
                group(i, right);
                let end = i - 1;
                while i > 0 && !tokens[i - 1].is('<') {
                    i -= 1;
                }
                group(i, end);
                while i > 0 && !matches!(tokens[i - 1].kind, Kind::Op('>' | ';' | ',' | ':')) {
                    i -= 1;
                }
                right = i;
                may_join = true;
                continue;
            }
            Kind::Op(',') => {
                group(i, right);
                right = i - 1;
                may_join = true;
            }
            Kind::Op(_) => may_join = true,
            _ => {
                if !may_join {
                    group(i, right);
                    right = i;
                }
                may_join = false;
            }
        }
        i -= 1;
    }
    group(0, right);
    found.reverse();
    found
}

/// Drops the source route of `<@a,@b:user@c>`.
fn without_route(tokens: Vec<Token>) -> Vec<Token> {
    let start = tokens.iter().position(|t| t.is('<')).map_or(0, |i| i + 1);
    if !tokens.get(start).is_some_and(|t| t.is('@')) {
        return tokens;
    }
    match tokens.iter().position(|t| t.is(':')) {
        Some(colon) if colon > start => tokens[..start].iter().chain(&tokens[colon + 1..]).cloned().collect(),
        _ => tokens,
    }
}

/// Whether an address is words of letters, digits, `-` and `_` with dots between, and such a domain of two words or more, as
/// nearly all are: nothing in it is quoted, completed or taken for a route.
pub fn is_plain(addr: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let words = |text: &str| text.split('.').all(|w| !w.is_empty() && w.bytes().all(letter));
    addr.split_once('@').is_some_and(|(local, domain)| words(local) && words(domain) && domain.contains('.'))
}

/// Takes the address out of a command's argument, as smtpd's `extract_addr` does.
pub fn extract(arg: &str) -> Extracted {
    if let Some(address) = arg.strip_prefix('<').and_then(|a| a.strip_suffix('>')).filter(|a| is_plain(a)) {
        return Extracted { address: address.to_owned(), count: 1, other: false };
    }
    let tokens = without_route(scan(arg));
    let mut addrs: Vec<Vec<Token>> = Vec::new();
    let mut other = false;
    let mut current: Vec<Token> = Vec::new();
    let flush = |cur: &mut Vec<Token>, addrs: &mut Vec<Vec<Token>>| {
        if !cur.is_empty() {
            addrs.push(std::mem::take(cur));
        }
    };
    for t in tokens {
        match t.kind {
            Kind::Comment => other = true,
            Kind::Op('<' | '>') => flush(&mut current, &mut addrs),
            Kind::Op(',' | ';') => {
                other = true;
                flush(&mut current, &mut addrs);
            }
            _ => {
                // Two words side by side are two addresses: there is no operator between them.
                if !t.is_op() && current.last().is_some_and(|p| !p.is_op()) {
                    flush(&mut current, &mut addrs);
                }
                current.push(t);
            }
        }
    }
    flush(&mut current, &mut addrs);
    Extracted { address: addrs.last().map(|a| internalize(a)).unwrap_or_default(), count: addrs.len(), other }
}

/// Splits `user+ext@domain` at the recipient delimiter: the user without extension, and the extension. Names that are
/// special to Postfix keep theirs (`double-bounce`, `postmaster`, `mailer-daemon`, `owner-…`, `…-request`).
pub fn split_extension<'a>(
    local: &'a str,
    delimiters: &str,
    double_bounce: &str,
    ownreq: bool,
) -> Option<(&'a str, &'a str)> {
    if delimiters.is_empty() {
        return None;
    }
    let lower = local.to_ascii_lowercase();
    if ["postmaster", "mailer-daemon"].contains(&lower.as_str()) || local.eq_ignore_ascii_case(double_bounce) {
        return None;
    }
    if ownreq && delimiters.contains('-') && (lower.starts_with("owner-") || lower.ends_with("-request")) {
        return None;
    }
    let at = local.find(|c| delimiters.contains(c))?;
    (at > 0).then(|| (&local[..at], &local[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extract_finds_the_address() {
        for (arg, address, count) in [
            ("<maria@ejemplo.com>", "maria@ejemplo.com", 1),
            ("maria@ejemplo.com", "maria@ejemplo.com", 1),
            ("<>", "", 0),
            ("<\"maria perez\"@ejemplo.com>", "maria perez@ejemplo.com", 1),
            ("<@destino.com:maria@ejemplo.com>", "maria@ejemplo.com", 1),
            ("<@destino.com,@a.b:maria@ejemplo.com>", "maria@ejemplo.com", 1),
            ("<a b@origen.com>", "b@origen.com", 2),
            ("<maria@[192.0.2.10]>", "maria@[192.0.2.10]", 1),
            ("<<x@y.com>>", "x@y.com", 1),
        ] {
            let e = extract(arg);
            assert_eq!((e.address.as_str(), e.count), (address, count), "{arg}");
        }
    }

    #[test]
    fn lists() {
        for (text, want) in [
            ("maria, juan", &["maria", "juan"][..]),
            ("maria juan", &["maria", "juan"]),
            ("\"|/usr/bin/procmail -a x, y\", /var/mail/x", &["|/usr/bin/procmail -a x, y", "/var/mail/x"]),
            (":include:/etc/lista", &[":include:/etc/lista"]),
            ("Ana <ana@x> (hola)", &["ana@x"]),
            ("grupo: maria, juan;", &["maria", "juan"]),
            ("|cat > /tmp/x", &["|cat", "/tmp/x"]),
            ("\\maria, <>, ,", &["maria"]),
            ("", &[]),
        ] {
            let found: Vec<String> = list(text).iter().map(|t| internalize(t)).collect();
            assert_eq!(found, want, "{text}");
        }
    }

    #[test]
    fn plain_addresses_are_what_the_long_way_makes_of_them() {
        for addr in
            ["a@b.c", "maria_1-x.y@ejemplo.com", "a@b", "a.@b.c", "a@b.c.", "a@b..c", "@b.c", "a%b@c.d", "a@b@c.d", ""]
        {
            let tokens = scan(&quote(addr));
            if is_plain(addr) {
                assert_eq!((internalize(&tokens), externalize(&tokens)), (addr.to_owned(), addr.to_owned()));
            }
            assert_eq!(is_plain(addr), matches!(addr, "a@b.c" | "maria_1-x.y@ejemplo.com"), "{addr}");
        }
    }

    #[test]
    fn quoting_goes_both_ways() {
        for (internal, external) in [
            ("maria@ejemplo.com", "maria@ejemplo.com"),
            ("maria perez@ejemplo.com", "\"maria perez\"@ejemplo.com"),
            ("a@b@c", "\"a@b\"@c"),
            ("a\"b@c", "\"a\\\"b\"@c"),
            (".a@c", "\".a\"@c"),
            ("", "\"\""),
            ("maría@ejemplo.com", "maría@ejemplo.com"),
        ] {
            assert_eq!(quote(internal), external);
            assert_eq!(unquote(external), internal);
        }
    }

    #[test]
    fn extensions() {
        for (local, delim, want) in [
            ("maria+x", "+", Some(("maria", "x"))),
            ("maria-x+y", "+-", Some(("maria", "x+y"))),
            ("maria", "+", None),
            ("+x", "+", None),
            ("owner-x", "-", None),
            ("double-bounce", "-", None),
        ] {
            assert_eq!(split_extension(local, delim, "double-bounce", true), want, "{local}");
        }
    }
}
