//! Quota with the `maildir` backend: rules, and the `maildirsize` file of Maildir++.
//!
//! Usage is what `maildirsize` says, as in life: mail removed behind Dovecot's back counts until the file is recalculated.
//! Left out: the `count`, `dict` and `fs` backends, quota warnings.

use super::config::{Config, Scope};
use super::user::MailUser;
use crate::base::Span;
use crate::host::fs::{Cred, split};
use crate::host::{Errno, Host};
use crate::log::dovecot::Trouble;

/// A quota root with its limits; 0 is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root {
    pub name: String,
    pub bytes: u64,
    pub messages: u64,
    /// What one more mail may go beyond the limit.
    pub grace: u64,
    pub message: String,
}

/// Bytes and messages in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub bytes: i64,
    pub messages: i64,
}

/// What quota says to one more mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Yes,
    No,
}

/// A size in a rule: kilobytes unless it has a unit.
fn rule_size(text: &str, scale: u64) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let n: u64 = text[..end].parse().ok()?;
    let unit = match text[end..].to_ascii_uppercase().as_str() {
        "" => scale,
        "B" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        _ => return None,
    };
    n.checked_mul(unit)
}

fn apply(root: &mut Root, rule: &str) -> Result<(), String> {
    let Some((mailbox, limits)) = rule.split_once(':') else { return Err("Invalid rule".into()) };
    for limit in limits.split(':').filter(|l| !l.is_empty()) {
        let target = mailbox == "*";
        match limit.split_once('=') {
            _ if limit == "ignore" => {}
            Some(("storage", v)) => {
                let plain = v.trim_start_matches(['+', '-']);
                let n = if v.ends_with('%') { Some(0) } else { rule_size(plain, 1024) };
                let n = n.ok_or_else(|| format!("Invalid storage limit: {v}"))?;
                if target {
                    root.bytes = n;
                }
            }
            Some(("bytes", v)) => {
                let plain = v.trim_start_matches(['+', '-']);
                let n = if v.ends_with('%') { Some(0) } else { rule_size(plain, 1) };
                let n = n.ok_or_else(|| format!("Invalid bytes limit: {v}"))?;
                if target {
                    root.bytes = n;
                }
            }
            Some(("messages", v)) => {
                let plain = v.trim_start_matches(['+', '-']);
                let n = if v.ends_with('%') { Some(0) } else { plain.parse().ok() };
                let n = n.ok_or_else(|| format!("Invalid messages limit: {v}"))?;
                if target {
                    root.messages = n;
                }
            }
            Some((k, _)) => return Err(format!("Unknown rule limit name: {k}")),
            None => return Err(format!("Invalid rule limit value: {limit}")),
        }
    }
    Ok(())
}

/// The user's quota root, when the quota plugin is loaded and configured.
pub fn root(config: &Config, scope: &Scope<'_>, user: &MailUser) -> Result<Option<Root>, Trouble> {
    if !config.has_plugin(scope, "quota") {
        return Ok(None);
    }
    let Some(quota) = user.plugin(config, scope, "quota").filter(|q| !q.is_empty()) else { return Ok(None) };
    let bad = |why: String| Trouble::Quota { root: "quota".into(), why };
    let mut parts = quota.splitn(3, ':');
    let driver = parts.next().unwrap_or("");
    if !matches!(driver, "maildir" | "count" | "dict" | "fs") {
        return Err(bad(format!("Unknown quota backend: {driver}")));
    }
    let name = parts.next().unwrap_or("").to_owned();
    let mut r = Root { name, message: "Quota exceeded (mailbox for user is full)".into(), ..Root::default() };
    for n in 1..20 {
        let key = if n == 1 { "quota_rule".to_owned() } else { format!("quota_rule{n}") };
        match user.plugin(config, scope, &key) {
            Some(rule) => apply(&mut r, &rule).map_err(|e| bad(format!("Invalid rule {rule}: {e}")))?,
            None if n > 1 => break,
            None => {}
        }
    }
    let grace = user.plugin(config, scope, "quota_grace").unwrap_or_else(|| "10%".into());
    r.grace = match grace.trim_end_matches('%').parse::<u64>() {
        Ok(p) if grace.ends_with('%') => r.bytes / 100 * p.min(1000),
        _ => rule_size(&grace, 1024).unwrap_or(0),
    };
    if let Some(m) = user.plugin(config, scope, "quota_exceeded_message") {
        r.message = m;
    }
    Ok(Some(r))
}

impl Root {
    /// The first line of maildirsize for these limits.
    fn head(&self) -> String {
        match (self.bytes, self.messages) {
            (0, 0) => String::new(),
            (b, 0) => format!("{b}S"),
            (0, m) => format!("{m}C"),
            (b, m) => format!("{b}S,{m}C"),
        }
    }
    /// Whether one more mail of `size` bytes fits.
    pub fn room(&self, usage: Usage, size: u64) -> Room {
        let used = usage.bytes.max(0) as u64;
        if self.messages > 0 && usage.messages.max(0) as u64 + 1 > self.messages {
            return Room::No;
        }
        if self.bytes > 0 && (used > self.bytes || used.saturating_add(size) > self.bytes.saturating_add(self.grace)) {
            return Room::No;
        }
        Room::Yes
    }
}

/// What is in the maildir: sizes by file name (`,S=`), else by length.
pub fn count(host: &Host, top: &str) -> Usage {
    let mut u = Usage::default();
    host.fs.visit(top, |path, _, node| {
        let (dir, name) = split(path);
        if node.is_file() && (dir.ends_with("/cur") || dir.ends_with("/new")) {
            let named = name.split([',', ':']).find_map(|p| p.strip_prefix("S=")).and_then(|s| s.parse().ok());
            u.bytes += named.unwrap_or(node.size() as i64);
            u.messages += 1;
        }
        true
    });
    u
}

fn file(top: &str) -> String {
    format!("{top}/maildirsize")
}

fn sum(text: &str) -> Usage {
    let mut u = Usage::default();
    for l in text.lines().skip(1) {
        let mut w = l.split_ascii_whitespace();
        if let (Some(b), Some(m)) =
            (w.next().and_then(|b| b.parse::<i64>().ok()), w.next().and_then(|m| m.parse::<i64>().ok()))
        {
            u.bytes = u.bytes.saturating_add(b);
            u.messages = u.messages.saturating_add(m);
        }
    }
    u
}

/// Counts the mail again and writes maildirsize.
pub fn recalc(host: &mut Host, root: &Root, cred: &Cred, top: &str) -> Result<Usage, Errno> {
    let u = count(host, top);
    let text = format!("{}\n{} {}\n", root.head(), u.bytes, u.messages);
    let path = file(top);
    host.fs.write(cred, &path, text, 0o600)?;
    Ok(u)
}

/// The usage as Dovecot believes it.
pub fn usage(host: &mut Host, root: &Root, cred: &Cred, top: &str) -> Result<Usage, Errno> {
    let path = file(top);
    let text = match host.fs.read(cred, &path) {
        Ok(b) => b.text(),
        Err(Errno::NoEnt) => return recalc(host, root, cred, top),
        Err(e) => return Err(e),
    };
    if text.lines().next() != Some(root.head().as_str()) {
        return recalc(host, root, cred, top);
    }
    let u = sum(&text);
    let over = root.bytes > 0 && u.bytes > root.bytes as i64 || root.messages > 0 && u.messages > root.messages as i64;
    let negative = u.bytes < 0 || u.messages < 0;
    let old = host.fs.stat(cred, &path).is_ok_and(|(_, n)| host.now - n.mtime > Span::mins(15));
    if negative || over && (old || text.lines().count() > 2) {
        return recalc(host, root, cred, top);
    }
    Ok(u)
}

/// Notes that mail came or went.
pub fn note(host: &mut Host, cred: &Cred, top: &str, bytes: i64, messages: i64) {
    let line = format!("{bytes} {messages}\n");
    let path = file(top);
    if host.fs.exists(&path) {
        let _ = host.fs.append(cred, &path, line.as_bytes(), 0o600);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(rules: &[&str]) -> Result<Root, String> {
        let mut r = Root::default();
        for x in rules {
            apply(&mut r, x)?;
        }
        Ok(r)
    }

    #[test]
    fn rules() {
        for (rule, expected) in [
            ("*:storage=10k", Ok((10_240, 0))),
            ("*:storage=1G", Ok((1 << 30, 0))),
            ("*:storage=5", Ok((5120, 0))),
            ("*:bytes=5", Ok((5, 0))),
            ("*:storage=0:messages=1", Ok((0, 1))),
            ("Trash:storage=+100M", Ok((0, 0))),
            ("*:storage=nada", Err("Invalid storage limit: nada")),
            ("", Err("Invalid rule")),
        ] {
            let got = root(&[rule]).map(|r| (r.bytes, r.messages));
            assert_eq!(got.as_ref().map_err(String::as_str), expected.as_ref().map_err(|e: &&str| *e), "{rule}");
        }
    }

    #[test]
    fn the_last_mail_may_use_the_grace() {
        let r = Root { bytes: 10_000, grace: 1000, ..Root::default() };
        for (used, size, room) in
            [(0, 10_900, Room::Yes), (0, 11_001, Room::No), (9_900, 1_000, Room::Yes), (10_500, 1, Room::No)]
        {
            assert_eq!(r.room(Usage { bytes: used, messages: 0 }, size), room, "{used}+{size}");
        }
    }
}
