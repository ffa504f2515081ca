//! Search queries over a folder, as IMAP SEARCH and doveadm read them.

use super::lmtp::header;
use super::maildir::{Folder, Mail};
use crate::base::{Span, Time};

/// A parsed query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    All,
    And(Vec<Query>),
    Or(Box<Query>, Box<Query>),
    Not(Box<Query>),
    Flag(char),
    Recent,
    Keyword(String),
    Seqs(String),
    Uids(String),
    Header(String, String),
    Body(String),
    Text(String),
    Larger(u64),
    Smaller(u64),
    Before(Time),
    Since(Time),
    On(Time),
    Mailbox(String),
}

/// `17-Nov-2026`, `2026-11-17`, or an age as doveadm writes it (`2d`, `1w`, `12h`).
fn date(text: &str, now: Time) -> Option<Time> {
    if let Some(t) = Time::parse_iso(text) {
        return Some(t);
    }
    let p: Vec<&str> = text.split('-').collect();
    if let [d, m, y] = p[..] {
        let m = crate::base::time::MONTHS.iter().position(|x| x.eq_ignore_ascii_case(m))?;
        let (d, y) = (d.trim().parse().ok()?, y.parse().ok()?);
        return (1..=31).contains(&d).then(|| Time::from_civil(y, m as u32 + 1, d, 0, 0, 0));
    }
    super::config::value::seconds(text).ok().map(|s| now - Span::secs(s.min(1 << 40) as i64))
}

/// Whether a text is a set of numbers (`1:3,7,*`).
pub fn is_set(text: &str) -> bool {
    !text.is_empty()
        && text.split(',').all(|p| {
            p.split(':').count() <= 2
                && p.split(':').all(|n| n == "*" || !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        })
}

/// Whether a number is in a set; `*` is the largest.
pub fn in_set(set: &str, n: u32, max: u32) -> bool {
    set.split(',').any(|p| {
        let value = |t: &str| if t == "*" { Some(max) } else { t.parse::<u32>().ok() };
        match p.split_once(':') {
            Some((a, b)) => match (value(a), value(b)) {
                (Some(a), Some(b)) => (a.min(b)..=a.max(b)).contains(&n),
                _ => false,
            },
            None => value(p) == Some(n),
        }
    })
}

/// Parses words; `Err` is the complaint.
pub fn parse(words: &[String], now: Time) -> Result<Query, String> {
    let mut at = 0;
    let mut all = Vec::new();
    while at < words.len() {
        all.push(one(words, &mut at, now, 0)?);
    }
    Ok(if all.len() == 1 { all.remove(0) } else { Query::And(all) })
}

fn one(w: &[String], at: &mut usize, now: Time, depth: usize) -> Result<Query, String> {
    if depth > 50 {
        return Err("Query is too complex".into());
    }
    let word = w.get(*at).cloned().ok_or("Missing argument")?;
    *at += 1;
    let upper = word.to_ascii_uppercase();
    let mut arg = || {
        let v = w.get(*at).cloned();
        *at += 1;
        v.ok_or_else(|| format!("Missing parameter for {upper}"))
    };
    let flag = |c| Ok(Query::Flag(c));
    let not = |q: Query| Ok(Query::Not(Box::new(q)));
    match upper.as_str() {
        "(" => {
            let mut all = Vec::new();
            while w.get(*at).is_some_and(|x| x != ")") {
                all.push(one(w, at, now, depth + 1)?);
            }
            if w.get(*at).is_none() {
                return Err("Missing ')'".into());
            }
            *at += 1;
            Ok(Query::And(all))
        }
        "ALL" | "OLDER" if upper == "ALL" => Ok(Query::All),
        "ANSWERED" => flag('R'),
        "DELETED" => flag('T'),
        "DRAFT" => flag('D'),
        "FLAGGED" => flag('F'),
        "SEEN" => flag('S'),
        "UNANSWERED" => not(Query::Flag('R')),
        "UNDELETED" => not(Query::Flag('T')),
        "UNDRAFT" => not(Query::Flag('D')),
        "UNFLAGGED" => not(Query::Flag('F')),
        "UNSEEN" => not(Query::Flag('S')),
        "RECENT" => Ok(Query::Recent),
        "NEW" => Ok(Query::And(vec![Query::Recent, Query::Not(Box::new(Query::Flag('S')))])),
        "OLD" => not(Query::Recent),
        "KEYWORD" => Ok(Query::Keyword(arg()?)),
        "UNKEYWORD" => not(Query::Keyword(arg()?)),
        "FROM" | "TO" | "CC" | "BCC" | "SUBJECT" => Ok(Query::Header(upper.clone(), arg()?)),
        "HEADER" => Ok(Query::Header(arg()?, arg()?)),
        "BODY" => Ok(Query::Body(arg()?)),
        "TEXT" => Ok(Query::Text(arg()?)),
        "UID" => Ok(Query::Uids(arg()?)),
        "MAILBOX" => Ok(Query::Mailbox(arg()?)),
        "LARGER" | "SMALLER" => {
            let v = arg()?;
            let n = super::config::value::bytes(&v).map_err(|_| format!("Invalid search size parameter: {v}"))?;
            Ok(if upper == "LARGER" { Query::Larger(n) } else { Query::Smaller(n) })
        }
        "BEFORE" | "SINCE" | "ON" | "SENTBEFORE" | "SENTSINCE" | "SENTON" | "SAVEDBEFORE" | "SAVEDSINCE"
        | "SAVEDON" => {
            let v = arg()?;
            let t = date(&v, now).ok_or_else(|| format!("Invalid search date parameter: {v}"))?;
            Ok(if upper.ends_with("BEFORE") {
                Query::Before(t)
            } else if upper.ends_with("SINCE") {
                Query::Since(t)
            } else {
                Query::On(t)
            })
        }
        "NOT" => not(one(w, at, now, depth + 1)?),
        "OR" => Ok(Query::Or(Box::new(one(w, at, now, depth + 1)?), Box::new(one(w, at, now, depth + 1)?))),
        _ if is_set(&word) => Ok(Query::Seqs(word)),
        _ => Err(format!("Unknown argument {upper}")),
    }
}

impl Query {
    /// Whether a mail of a folder matches; `read` gives its content.
    pub fn fits(&self, folder: &Folder, index: usize, read: &dyn Fn(&Mail) -> Vec<u8>) -> bool {
        let Some(m) = folder.mails.get(index) else { return false };
        let has = |hay: &str, needle: &str| hay.to_lowercase().contains(&needle.to_lowercase());
        match self {
            Query::All => true,
            Query::And(q) => q.iter().all(|q| q.fits(folder, index, read)),
            Query::Or(a, b) => a.fits(folder, index, read) || b.fits(folder, index, read),
            Query::Not(q) => !q.fits(folder, index, read),
            Query::Flag(c) => m.is(*c),
            Query::Recent => m.recent,
            Query::Keyword(k) => m.flag_names(&folder.keywords).iter().any(|f| f.eq_ignore_ascii_case(k)),
            Query::Seqs(s) => in_set(s, index as u32 + 1, folder.mails.len() as u32),
            Query::Uids(s) => in_set(s, m.uid, folder.mails.last().map_or(0, |l| l.uid)),
            Query::Header(h, v) => header(&read(m), h).is_some_and(|x| has(&x, v)),
            Query::Body(v) => {
                let data = read(m);
                let text = String::from_utf8_lossy(&data);
                text.split_once("\n\n").is_some_and(|(_, b)| has(b, v))
            }
            Query::Text(v) => has(&String::from_utf8_lossy(&read(m)), v),
            Query::Larger(n) => m.vsize > *n,
            Query::Smaller(n) => m.vsize < *n,
            Query::Before(t) => m.received < *t,
            Query::Since(t) => m.received >= *t,
            Query::On(t) => m.received >= *t && m.received < *t + Span::days(1),
            Query::Mailbox(n) => n.eq_ignore_ascii_case(&folder.name) || *n == folder.name,
        }
    }
    /// The mailbox that every branch names, if there is one.
    pub fn mailbox(&self) -> Option<&str> {
        match self {
            Query::Mailbox(m) => Some(m),
            Query::And(q) => q.iter().find_map(Query::mailbox),
            Query::Or(a, b) => a.mailbox().filter(|_| b.mailbox().is_some()),
            _ => None,
        }
    }
}
