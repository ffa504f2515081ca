//! Masks what differs from run to run in transcripts and logs, as the recordings were masked: times, pids, queue ids,
//! delays, sessions. Lines are sorted by program, stably.

use regex::Regex;
use serde_json::{Value, json};
use std::sync::OnceLock;

fn rx(slot: &'static OnceLock<Option<Regex>>, pattern: &str) -> Option<&'static Regex> {
    slot.get_or_init(|| Regex::new(pattern).ok()).as_ref()
}

const ID_PATTERNS: &[&str] = &[
    r"(?:postfix|postfix/[\w-]+)/[\w-]+\[\d+\]: ([0-9A-F]{5,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]+):",
    r"(?m)^250 2\.0\.0 Ok: queued as ([0-9A-F]{5,})",
    r"E?SMTPS?A? id ([0-9A-F]{5,})",
    r"(?m)^([0-9A-F]{7,})[*!]? ",
    r#""queue_id": "([0-9A-F]+)""#,
    r"postfix/\w+\[\d+\]: (?:warning: )?([0-9A-F]{7,}): ",
];

/// Queue ids in order of appearance.
pub fn collect_ids(text: &str) -> Vec<String> {
    static SET: OnceLock<Vec<Regex>> = OnceLock::new();
    let set = SET.get_or_init(|| ID_PATTERNS.iter().filter_map(|p| Regex::new(p).ok()).collect());
    let mut found: Vec<(usize, String)> = Vec::new();
    for r in set {
        for c in r.captures_iter(text) {
            if let Some(m) = c.get(1) {
                found.push((m.start(), m.as_str().to_owned()));
            }
        }
    }
    found.sort();
    let mut ids: Vec<String> = Vec::new();
    for (_, id) in found {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// Replaces an id where it stands alone.
pub fn replace_id(text: &str, id: &str, with: &str) -> String {
    let hex = |b: Option<&u8>| b.is_some_and(|c| c.is_ascii_digit() || (b'A'..=b'F').contains(c));
    let bytes = text.as_bytes();
    let (mut out, mut from) = (String::new(), 0);
    for (at, _) in text.match_indices(id) {
        if at < from {
            continue;
        }
        let before = at.checked_sub(1).and_then(|i| bytes.get(i));
        if hex(before) || hex(bytes.get(at + id.len())) {
            continue;
        }
        out += &text[from..at];
        out += with;
        from = at + id.len();
    }
    out + &text[from..]
}

const MASKS: &[(&str, &str)] = &[
    (r"(?m)^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ", "<TS> "),
    (r"(?m)^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d ", "<TS> "),
    (r"((?:postfix|dovecot)[\w/.-]*)\[\d+\]:", "${1}[<PID>]:"),
    (r"message-id=<\d{14}\.(<QID\d+>)@", "message-id=<<DATE>.${1}@"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\b", "<DATE>"),
    (r"(?m)^(<QID\d+>[*! ]) *\d+ <DATE>", "${1} <SIZE> <DATE>"),
    (r"size=\d+, nrcpt", "size=<SIZE>, nrcpt"),
    (r"delay=[\d.]+, delays=[\d./]+", "delay=<D>, delays=<D>"),
    (r"session=<[^>]*>", "session=<SESSION>"),
    (r"queued as [0-9A-F]{10}\)", "queued as <REMOTEQID>)"),
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), +\d+ \w{3} \d{4} [\d:]+ [+-]\d{4}( \(\w+\))?", "<RFCDATE>"),
    (r" [A-Za-z0-9+/]{22}(:R?\d+)? Saved", " <LMTPID> Saved"),
    (r"(Refer to server log for more information\. )\[[\d :-]+\]", "${1}[<DATETIME>]"),
    (r"(maildir file \S+?/tmp/)\S+?:", "${1}<FILE>:"),
    (r"(not enough free space in mail queue: )\d+", "${1}<N>"),
    (r"(process \S+ pid) \d+", "${1} <PID>"),
    (r"(lmtp|imap|pop3)\((\w+)\)<\d+><[^>]*>", "${1}(${2})<<PID>><<SESSION>>"),
    (r"(lmtp|imap|pop3)\(\d+\)", "${1}(<PID>)"),
    (r"mpid=\d+", "mpid=<PID>"),
    (r"(?m)^(<TS> \S+ (?:local|master|pipe|spawn))\[\d+\]", "${1}[<PID>]"),
    (r"message size \d+ exceeds", "message size <SIZE> exceeds"),
    (r"(smtpd|tlsproxy|postscreen)\[\d+\]", "${1}[<PID>]"),
];

fn mask(text: &str, ids: &[String]) -> String {
    static SET: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    let set = SET.get_or_init(|| MASKS.iter().filter_map(|(p, w)| Some((Regex::new(p).ok()?, *w))).collect());
    let mut t = text.to_owned();
    for (n, id) in ids.iter().enumerate() {
        t = replace_id(&t, id, &format!("<QID{}>", n + 1));
    }
    for (r, with) in set {
        t = r.replace_all(&t, *with).into_owned();
    }
    t
}

fn program(line: &str) -> String {
    static RX: OnceLock<Option<Regex>> = OnceLock::new();
    let found = rx(&RX, r"^<TS> \S+ ([^:\[]+)").and_then(|r| r.captures(line));
    found.and_then(|c| c.get(1).map(|m| m.as_str().to_owned())).unwrap_or_default()
}

/// Transcript and log, masked.
pub fn normalise(steps: &[Value], log: &[String]) -> (Vec<Value>, Vec<String>) {
    let replies = |s: &Value| -> Vec<String> {
        let list = s.get("s").and_then(Value::as_array);
        list.map(|a| a.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()).unwrap_or_default()
    };
    let said: Vec<String> = steps.iter().map(|s| replies(s).join("\n")).collect();
    let text = format!("{}\n{}", log.join("\n"), said.join("\n"));
    let ids = collect_ids(&text);
    let mut out = steps.to_vec();
    for s in &mut out {
        if s.get("s").is_some() {
            let masked: Vec<String> = replies(s).iter().map(|l| mask(l, &ids)).collect();
            s["s"] = json!(masked);
        }
        if let Some(o) = s.get("out").and_then(Value::as_str) {
            let more = collect_ids(&format!("{text}\n{o}"));
            s["out"] = json!(mask(o, &more));
        }
    }
    let mut lines: Vec<String> = log.iter().map(|l| mask(l, &ids)).collect();
    lines.sort_by_key(|l| program(l));
    (out, lines)
}
