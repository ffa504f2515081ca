//! Commands on messages: FETCH, STORE, SEARCH, COPY, MOVE.

use super::{Arg, End, Session};
use crate::base::Time;
use crate::base::time::MONTHS;
use crate::dovecot::lmtp::header;
use crate::dovecot::maildir::{Mail, SaveError};
use crate::dovecot::search::{in_set, is_set, parse};
use crate::host::Host;

/// `24-Nov-2026 05:05:39 +0000`.
fn internal_date(t: Time) -> String {
    let c = t.civil();
    format!(
        "{:02}-{}-{:04} {:02}:{:02}:{:02} +0000",
        c.day,
        MONTHS[c.month as usize - 1],
        c.year,
        c.hour,
        c.minute,
        c.second
    )
}

fn crlf(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 64);
    for (i, b) in data.iter().enumerate() {
        if *b == b'\n' && (i == 0 || data[i - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*b);
    }
    out
}

/// Head (with its empty line) and body.
fn split(data: &[u8]) -> (&[u8], &[u8]) {
    if data.starts_with(b"\r\n") {
        return data.split_at(2);
    }
    let at = data.windows(4).position(|w| w == b"\r\n\r\n").map_or(data.len(), |p| p + 4);
    data.split_at(at)
}

/// Header fields of these names (or all but these), with the closing empty line.
fn fields(head: &[u8], names: &[String], not: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(head);
    let (mut out, mut keep) = (String::new(), false);
    for line in text.split_inclusive("\r\n").filter(|l| *l != "\r\n") {
        if !line.starts_with([' ', '\t']) {
            let name = line.split(':').next().unwrap_or("").trim();
            keep = names.iter().any(|n| n.eq_ignore_ascii_case(name)) != not;
        }
        if keep {
            out.push_str(line);
        }
    }
    out.push_str("\r\n");
    out.into_bytes()
}

fn string(v: Option<&str>) -> String {
    match v {
        None => "NIL".into(),
        Some(v) if v.contains(['"', '\\', '\r', '\n']) => format!("{{{}}}\r\n{v}", v.len()),
        Some(v) => format!("\"{v}\""),
    }
}

/// One address list of an envelope.
fn addresses(v: Option<String>) -> String {
    let Some(v) = v.filter(|v| !v.trim().is_empty()) else { return "NIL".into() };
    let one = |a: &str| {
        let a = a.trim();
        let (name, addr) = match a.rsplit_once('<') {
            Some((n, r)) => (Some(n.trim().trim_matches('"')).filter(|n| !n.is_empty()), r.trim_end_matches('>')),
            None => (None, a),
        };
        let (local, domain) = addr.rsplit_once('@').unwrap_or((addr, "MISSING_DOMAIN"));
        format!("({} NIL {} {})", string(name), string(Some(local)), string(Some(domain)))
    };
    format!("({})", v.split(',').map(one).collect::<String>())
}

fn envelope(data: &[u8]) -> String {
    let h = |n: &str| header(data, n);
    let from = h("From");
    let or_from = |v: Option<String>| addresses(v.or_else(|| from.clone()));
    format!(
        "({} {} {} {} {} {} {} {} {} {})",
        string(h("Date").as_deref()),
        string(h("Subject").as_deref()),
        addresses(from.clone()),
        or_from(h("Sender")),
        or_from(h("Reply-To")),
        addresses(h("To")),
        addresses(h("Cc")),
        addresses(h("Bcc")),
        string(h("In-Reply-To").as_deref()),
        string(h("Message-ID").as_deref())
    )
}

/// A body as one part: multipart messages are shown by their type alone.
fn structure(data: &[u8], extended: bool) -> String {
    let kind = header(data, "Content-Type").unwrap_or_else(|| "text/plain; charset=us-ascii".into());
    let mut p = kind.split(';');
    let (main, sub) = p.next().unwrap_or("").trim().split_once('/').unwrap_or(("text", "plain"));
    let params: Vec<String> = p
        .filter_map(|x| x.split_once('='))
        .map(|(k, v)| format!("\"{}\" \"{}\"", k.trim().to_lowercase(), v.trim().trim_matches('"')))
        .collect();
    let params = if params.is_empty() { "NIL".to_owned() } else { format!("({})", params.join(" ")) };
    let encoding = header(data, "Content-Transfer-Encoding").unwrap_or_else(|| "7bit".into());
    let (_, body) = split(data);
    let lines = body.split(|b| *b == b'\n').count() - 1;
    let lines = if main.eq_ignore_ascii_case("text") { format!(" {lines}") } else { String::new() };
    let tail = if extended { " NIL NIL NIL NIL" } else { "" };
    format!("(\"{main}\" \"{sub}\" {params} NIL NIL \"{encoding}\" {}{lines}{tail})", body.len())
}

/// One thing to fetch.
#[derive(Clone, Debug)]
enum Item {
    Flags,
    Uid,
    Date,
    Size,
    Modseq,
    Envelope,
    Structure { name: &'static str, extended: bool },
    Section { label: String, section: String, partial: Option<(usize, usize)>, peek: bool },
}

fn item(word: &str) -> Option<Item> {
    let upper = word.to_ascii_uppercase();
    Some(match upper.as_str() {
        "FLAGS" => Item::Flags,
        "UID" => Item::Uid,
        "INTERNALDATE" => Item::Date,
        "RFC822.SIZE" => Item::Size,
        "MODSEQ" => Item::Modseq,
        "ENVELOPE" => Item::Envelope,
        "BODY" => Item::Structure { name: "BODY", extended: false },
        "BODYSTRUCTURE" => Item::Structure { name: "BODYSTRUCTURE", extended: true },
        "RFC822" => Item::Section { label: upper, section: String::new(), partial: None, peek: false },
        "RFC822.HEADER" => Item::Section { label: upper, section: "HEADER".into(), partial: None, peek: true },
        "RFC822.TEXT" => Item::Section { label: upper, section: "TEXT".into(), partial: None, peek: false },
        _ => {
            let (peek, rest) = match upper.strip_prefix("BODY.PEEK[") {
                Some(_) => (true, &word["BODY.PEEK[".len()..]),
                None => (false, upper.strip_prefix("BODY[").map(|_| &word["BODY[".len()..])?),
            };
            let (section, tail) = rest.rsplit_once(']')?;
            let partial = match tail.strip_prefix('<').and_then(|t| t.strip_suffix('>')) {
                Some(p) => {
                    let (a, b) = p.split_once('.')?;
                    Some((a.parse().ok()?, b.parse().ok()?))
                }
                None if tail.is_empty() => None,
                None => return None,
            };
            let origin = partial.map_or_else(String::new, |(a, _): (usize, usize)| format!("<{a}>"));
            let label = format!("BODY[{}]{origin}", section.to_ascii_uppercase());
            Item::Section { label, section: section.to_ascii_uppercase(), partial, peek }
        }
    })
}

impl Session {
    /// Indices of the messages of a set; `None` when the set is no set or names what is not there.
    fn picked(&self, set: &str, uid: bool) -> Option<Vec<usize>> {
        let s = self.selected.as_ref()?;
        if !is_set(set) {
            return None;
        }
        let n = s.folder.mails.len() as u32;
        let too_large = |p: &str| p.parse::<u32>().is_ok_and(|x| x == 0 || x > n);
        if !uid && set.split([',', ':']).any(too_large) {
            return None;
        }
        let max = s.folder.mails.last().map_or(0, |m| m.uid);
        let pick = |(i, m): (usize, &Mail)| {
            let hit = if uid { in_set(set, m.uid, max) } else { in_set(set, i as u32 + 1, n) };
            hit.then_some(i)
        };
        Some(s.folder.mails.iter().enumerate().filter_map(pick).collect())
    }
    fn flags_of(&self, i: usize) -> String {
        let Some(s) = &self.selected else { return String::new() };
        let Some(m) = s.folder.mails.get(i) else { return String::new() };
        let mut f = m.flag_names(&s.folder.keywords);
        let at = f.iter().position(|x| !x.starts_with('\\')).unwrap_or(f.len());
        if m.recent {
            f.insert(at, "\\Recent".into());
        }
        f.join(" ")
    }
    pub(super) fn fetch(&mut self, host: &mut Host, uid: bool, args: &[Arg], out: &mut Vec<u8>) -> End {
        let (Some(set), Some(what)) = (args.first().and_then(Arg::text), args.get(1)) else {
            return End::Bad("Invalid arguments".into());
        };
        let Some(hits) = self.picked(&set, uid) else {
            return End::Bad(if uid { "Invalid UID messageset".into() } else { "Invalid messageset".into() });
        };
        let mut items: Vec<Item> = if uid { vec![Item::Uid] } else { Vec::new() };
        for a in what.list() {
            let Some(word) = a.text() else { return End::Bad("Unknown parameter".into()) };
            let macro_ = match word.to_ascii_uppercase().as_str() {
                "FAST" => "FLAGS INTERNALDATE RFC822.SIZE",
                "ALL" => "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE",
                "FULL" => "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY",
                _ => "",
            };
            if macro_.is_empty() {
                match item(&word) {
                    Some(Item::Uid) if uid => {}
                    Some(i) => items.push(i),
                    None => return End::Bad(format!("Unknown parameter: {}", word.to_ascii_uppercase())),
                }
            } else {
                items.extend(macro_.split(' ').filter_map(item));
            }
        }
        items.sort_by_key(|i| matches!(i, Item::Section { .. }));
        let marks = items.iter().any(|i| matches!(i, Item::Section { peek: false, .. }));
        for i in hits {
            self.fetch_one(host, i, &items, marks, out);
        }
        End::Ok("Fetch completed".into())
    }
    fn fetch_one(&mut self, host: &mut Host, i: usize, items: &[Item], marks: bool, out: &mut Vec<u8>) {
        let mut items = items.to_vec();
        let needs = items.iter().any(|x| matches!(x, Item::Section { .. } | Item::Envelope | Item::Structure { .. }));
        let Some(m) = self.selected.as_ref().and_then(|s| s.folder.mails.get(i)).cloned() else { return };
        let data = if needs { crlf(&self.store.read(host, &m)) } else { Vec::new() };
        let read_only = self.selected.as_ref().is_some_and(|s| s.read_only);
        if marks && !read_only && !m.is('S') {
            let letters = format!("{}S", m.flags);
            if let Some(s) = &mut self.selected {
                self.store.set_flags(host, &mut s.folder, i, &letters);
            }
            if !items.iter().any(|x| matches!(x, Item::Flags)) {
                items.insert(0, Item::Flags);
            } else if let Some(at) = items.iter().position(|x| matches!(x, Item::Flags)) {
                let f = items.remove(at);
                let uid_first = matches!(items.first(), Some(Item::Uid));
                items.insert(usize::from(uid_first), f);
            }
        }
        out.extend(format!("* {} FETCH (", i + 1).bytes());
        for (n, x) in items.iter().enumerate() {
            if n > 0 {
                out.push(b' ');
            }
            match x {
                Item::Flags => out.extend(format!("FLAGS ({})", self.flags_of(i)).bytes()),
                Item::Uid => out.extend(format!("UID {}", m.uid).bytes()),
                Item::Date => out.extend(format!("INTERNALDATE \"{}\"", internal_date(m.received)).bytes()),
                Item::Size => out.extend(format!("RFC822.SIZE {}", m.vsize).bytes()),
                Item::Modseq => out.extend(format!("MODSEQ ({})", i + 1).bytes()),
                Item::Envelope => out.extend(format!("ENVELOPE {}", envelope(&data)).bytes()),
                Item::Structure { name, extended } => {
                    out.extend(format!("{name} {}", structure(&data, *extended)).bytes());
                }
                Item::Section { label, section, partial, .. } => {
                    let (head, body) = split(&data);
                    let text: Vec<u8> = match section.as_str() {
                        "" => data.clone(),
                        "HEADER" | "MIME" => head.to_vec(),
                        "TEXT" | "1" | "1.TEXT" => body.to_vec(),
                        s => match s.strip_prefix("HEADER.FIELDS") {
                            Some(rest) => {
                                let (not, list) = rest.strip_prefix(".NOT").map_or((false, rest), |r| (true, r));
                                let names: Vec<String> = list
                                    .trim()
                                    .trim_matches(['(', ')'])
                                    .split_ascii_whitespace()
                                    .map(|n| n.trim_matches('"').to_owned())
                                    .collect();
                                fields(head, &names, not)
                            }
                            None => Vec::new(),
                        },
                    };
                    let part = match partial {
                        Some((a, b)) => {
                            let start = (*a).min(text.len());
                            text[start..start.saturating_add(*b).min(text.len())].to_vec()
                        }
                        None => text,
                    };
                    let counted =
                        if section.starts_with("HEADER") { &mut self.stats.headers } else { &mut self.stats.bodies };
                    counted.0 += 1;
                    counted.1 += part.len();
                    out.extend(format!("{label} {{{}}}\r\n", part.len()).bytes());
                    out.extend(part);
                }
            }
        }
        out.extend_from_slice(b")\r\n");
    }
    pub(super) fn store_flags(&mut self, host: &mut Host, uid: bool, args: &[Arg], out: &mut Vec<u8>) -> End {
        let (Some(set), Some(how)) = (args.first().and_then(Arg::text), args.get(1).and_then(Arg::text)) else {
            return End::Bad("Invalid arguments".into());
        };
        let Some(hits) = self.picked(&set, uid) else {
            return End::Bad(if uid { "Invalid UID messageset".into() } else { "Invalid messageset".into() });
        };
        let how = how.to_ascii_uppercase();
        let (how, silent) = how.strip_suffix(".SILENT").map_or((how.as_str(), false), |h| (h, true));
        if !matches!(how, "FLAGS" | "+FLAGS" | "-FLAGS") {
            return End::Bad(format!("Invalid item {how}"));
        }
        let names: Vec<String> = args[2..].iter().flat_map(Arg::list).filter_map(|a| a.text()).collect();
        if names.is_empty() && args.len() < 3 {
            return End::Bad("Missing arguments".into());
        }
        let known = ["\\ANSWERED", "\\FLAGGED", "\\DELETED", "\\SEEN", "\\DRAFT"];
        if let Some(bad) =
            names.iter().find(|n| n.starts_with('\\') && !known.contains(&n.to_ascii_uppercase().as_str()))
        {
            return End::Bad(format!("Invalid system flag {}", bad.to_ascii_uppercase()));
        }
        let Some(s) = &mut self.selected else { return End::Silent };
        if s.read_only {
            return End::No("[READ-ONLY] Mailbox is read-only".into());
        }
        let letters = self.store.letters(host, &s.folder.dir.clone(), &names);
        for i in hits {
            let Some(s) = &mut self.selected else { break };
            let old = s.folder.mails[i].flags.clone();
            let new: String = match how {
                "+FLAGS" => format!("{old}{letters}"),
                "-FLAGS" => old.chars().filter(|c| !letters.contains(*c)).collect(),
                _ => letters.clone(),
            };
            if new.contains('T') && !old.contains('T') {
                self.stats.deleted += 1;
            }
            self.store.set_flags(host, &mut s.folder, i, &new);
            if let Ok(f) = self.store.sync(host, &s.folder.name.clone()) {
                s.folder.keywords = f.keywords;
            }
            let uid_part = if uid { format!("UID {} ", s.folder.mails[i].uid) } else { String::new() };
            if !silent {
                out.extend(format!("* {} FETCH ({uid_part}FLAGS ({}))\r\n", i + 1, self.flags_of(i)).bytes());
            }
        }
        End::Ok("Store completed".into())
    }
    pub(super) fn search(&mut self, host: &mut Host, uid: bool, args: &[Arg], out: &mut Vec<u8>) -> End {
        fn flat(args: &[Arg], out: &mut Vec<String>) {
            for a in args {
                match a {
                    Arg::List(l) => {
                        out.push("(".into());
                        flat(l, out);
                        out.push(")".into());
                    }
                    a => out.extend(a.text()),
                }
            }
        }
        let mut words = Vec::new();
        flat(args, &mut words);
        if words.first().is_some_and(|w| w.eq_ignore_ascii_case("CHARSET")) && words.len() > 2 {
            words.drain(..2);
        }
        if words.is_empty() {
            return End::Bad("Missing arguments".into());
        }
        let q = match parse(&words, host.now) {
            Ok(q) => q,
            Err(e) => return End::Bad(e),
        };
        let Some(s) = &self.selected else { return End::Silent };
        let read = |m: &Mail| self.store.read(host, m);
        let hits: Vec<String> = (0..s.folder.mails.len())
            .filter(|i| q.fits(&s.folder, *i, &read))
            .map(|i| if uid { s.folder.mails[i].uid.to_string() } else { (i + 1).to_string() })
            .collect();
        out.extend(format!("* SEARCH{}\r\n", hits.iter().map(|h| format!(" {h}")).collect::<String>()).bytes());
        End::Ok("Search completed".into())
    }
    pub(super) fn copy(&mut self, host: &mut Host, verb: &str, uid: bool, args: &[Arg], out: &mut Vec<u8>) -> End {
        let (Some(set), Some(to)) = (args.first().and_then(Arg::text), args.get(1).and_then(Arg::text)) else {
            return End::Bad("Invalid arguments".into());
        };
        let Some(hits) = self.picked(&set, uid) else {
            return End::Bad(if uid { "Invalid UID messageset".into() } else { "Invalid messageset".into() });
        };
        if !self.store.exists(host, &to) {
            return End::No(format!("[TRYCREATE] Mailbox doesn't exist: {to}"));
        }
        let Some(s) = self.selected.clone() else { return End::Silent };
        let (mut from, mut into, mut validity) = (Vec::new(), Vec::new(), 0);
        for i in hits {
            let m = &s.folder.mails[i];
            let data = self.store.read(host, m);
            match self.store.save(host, &to, &data, &m.flag_names(&s.folder.keywords)) {
                Ok((v, u)) => {
                    validity = v;
                    from.push(m.uid.to_string());
                    into.push(u.to_string());
                }
                Err(SaveError::Quota(m)) => return End::No(format!("[OVERQUOTA] {m}")),
                Err(SaveError::Open { trouble, .. } | SaveError::Trouble(trouble)) => {
                    return self.internal(host, trouble);
                }
            }
        }
        if from.is_empty() {
            return End::Ok("No messages found.".into());
        }
        let code = format!("[COPYUID {validity} {} {}]", from.join(","), into.join(","));
        if verb == "COPY" {
            return End::Ok(format!("{code} Copy completed"));
        }
        out.extend(format!("* OK {code} Moved UIDs.\r\n").bytes());
        let gone: Vec<u32> = from.iter().filter_map(|u| u.parse().ok()).collect();
        self.store.expunge(host, &s.folder.name, &gone);
        if let Some(s) = &mut self.selected {
            let mut i = 0;
            s.folder.mails.retain(|m| {
                i += 1;
                let keep = !gone.contains(&m.uid);
                if !keep {
                    out.extend(format!("* {i} EXPUNGE\r\n").bytes());
                    i -= 1;
                }
                keep
            });
        }
        End::Ok("Move completed".into())
    }
}
