//! Commands on mailboxes: SELECT, LIST, STATUS, CREATE and the like, APPEND, quota.

use super::{Arg, End, Selected, Session};
use crate::dovecot::maildir::{Folder, SaveError};
use crate::dovecot::quota;
use crate::dovecot::search::in_set;
use crate::host::Host;
use crate::log::dovecot::Trouble;

/// Whether a name fits a LIST pattern.
fn fits(pattern: &[u8], name: &[u8], sep: u8) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|i| fits(rest, &name[i..], sep)),
        Some((b'%', rest)) => {
            let stop = name.iter().position(|b| *b == sep).unwrap_or(name.len());
            (0..=stop).any(|i| fits(rest, &name[i..], sep))
        }
        Some((c, rest)) => name.first() == Some(c) && fits(rest, &name[1..], sep),
    }
}

fn quoted(name: &str) -> String {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./@&+#$".contains(&b));
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) }
}

impl Session {
    /// What changed in the selected mailbox since the client was told.
    pub(super) fn news(&mut self, host: &mut Host) -> Vec<u8> {
        let Some(s) = &mut self.selected else { return Vec::new() };
        let Ok(mut f) = self.store.sync(host, &s.folder.name) else { return Vec::new() };
        let mut out = String::new();
        for i in (0..s.folder.mails.len()).rev() {
            if !f.mails.iter().any(|m| m.uid == s.folder.mails[i].uid) {
                out.push_str(&format!("* {} EXPUNGE\r\n", i + 1));
            }
        }
        if f.mails.len() > s.folder.mails.len() || !out.is_empty() {
            let recent = f.mails.iter().filter(|m| m.recent).count();
            out.push_str(&format!("* {} EXISTS\r\n* {recent} RECENT\r\n", f.mails.len()));
        }
        for m in &mut f.mails {
            m.recent |= s.folder.mails.iter().any(|x| x.uid == m.uid && x.recent);
        }
        if !s.read_only {
            let recent: Vec<u32> = f.mails.iter().filter(|m| m.recent).map(|m| m.uid).collect();
            self.store.take_recent(host, &mut f);
            for m in &mut f.mails {
                m.recent = recent.contains(&m.uid);
            }
        }
        s.folder = f;
        out.into_bytes()
    }
    pub(super) fn select(&mut self, host: &mut Host, verb: &str, args: &[Arg], out: &mut Vec<u8>) -> End {
        let Some(name) = args.first().and_then(Arg::text) else { return End::Bad("Invalid arguments".into()) };
        let mut say = |t: String| out.extend(t.bytes());
        if self.selected.take().is_some() {
            say("* OK [CLOSED] Previous mailbox closed.\r\n".into());
        }
        if !self.store.exists(host, &name) {
            return End::No(format!("Mailbox doesn't exist: {name}"));
        }
        let mut folder = match self.store.sync(host, &name) {
            Ok(f) => f,
            Err(t) => return self.internal(host, t),
        };
        let read_only = verb == "EXAMINE";
        let base = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";
        let keywords: String = folder.keywords.iter().map(|k| format!(" {k}")).collect();
        say(format!("* FLAGS ({base}{keywords})\r\n"));
        say(if read_only {
            "* OK [PERMANENTFLAGS ()] Read-only mailbox.\r\n".into()
        } else {
            format!("* OK [PERMANENTFLAGS ({base}{keywords} \\*)] Flags permitted.\r\n")
        });
        let recent = folder.mails.iter().filter(|m| m.recent).count();
        say(format!("* {} EXISTS\r\n* {recent} RECENT\r\n", folder.mails.len()));
        if let Some(i) = folder.mails.iter().position(|m| !m.is('S')) {
            say(format!("* OK [UNSEEN {}] First unseen.\r\n", i + 1));
        }
        say(format!("* OK [UIDVALIDITY {}] UIDs valid\r\n", folder.uidvalidity));
        say(format!("* OK [UIDNEXT {}] Predicted next UID\r\n", folder.uidnext));
        if !read_only {
            self.store.take_recent(host, &mut folder);
        }
        self.selected = Some(Selected { folder, read_only });
        End::Ok(if read_only { "[READ-ONLY] Examine completed".into() } else { "[READ-WRITE] Select completed".into() })
    }
    pub(super) fn list(&mut self, host: &mut Host, verb: &str, args: &[Arg], out: &mut Vec<u8>) -> End {
        let texts: Vec<String> = args.iter().filter_map(Arg::text).collect();
        let [reference, pattern] = &texts[..] else { return End::Bad("Invalid arguments".into()) };
        let sep = self.store.separator();
        let done = End::Ok(if verb == "LIST" { "List completed".into() } else { "Lsub completed".into() });
        if pattern.is_empty() && verb == "LIST" {
            out.extend(format!("* LIST (\\Noselect) \"{sep}\" \"\"\r\n").bytes());
            return done;
        }
        let wanted = format!("{reference}{pattern}");
        let all = if verb == "LIST" { self.store.list(host) } else { self.store.subscriptions(host) };
        for name in &all {
            let hit = fits(wanted.as_bytes(), name.as_bytes(), sep as u8)
                || name == "INBOX" && fits(wanted.to_ascii_uppercase().as_bytes(), b"INBOX", sep as u8);
            if !hit {
                continue;
            }
            let attributes = if verb == "LSUB" {
                String::new()
            } else {
                let prefix = format!("{name}{sep}");
                let children = all.iter().any(|o| o.starts_with(&prefix));
                let special = self.special_use(name);
                format!("{}{special}", if children { "\\HasChildren" } else { "\\HasNoChildren" })
            };
            out.extend(format!("* {verb} ({attributes}) \"{sep}\" {}\r\n", quoted(name)).bytes());
        }
        done
    }
    fn special_use(&self, name: &str) -> String {
        let c = &self.store.config;
        for ns in c.sections("", "namespace") {
            let id = crate::dovecot::config::schema::escape(name);
            let key = format!("namespace/{ns}/mailbox/{id}/special_use");
            if let Some(v) = c.global.values.get(&key).filter(|v| !v.is_empty()) {
                return format!(" {v}");
            }
        }
        String::new()
    }
    pub(super) fn status(&mut self, host: &mut Host, args: &[Arg], out: &mut Vec<u8>) -> End {
        let (Some(name), Some(Arg::List(items))) = (args.first().and_then(Arg::text), args.get(1)) else {
            return End::Bad("Invalid arguments".into());
        };
        if !self.store.exists(host, &name) {
            return End::No(format!("Mailbox doesn't exist: {name}"));
        }
        let f: Folder = match self.store.sync(host, &name) {
            Ok(f) => f,
            Err(t) => return self.internal(host, t),
        };
        let asked: Vec<String> = items.iter().filter_map(Arg::text).map(|t| t.to_ascii_uppercase()).collect();
        let mut shown = Vec::new();
        for key in ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ", "SIZE"] {
            if asked.iter().any(|a| a == key) {
                let v = match key {
                    "MESSAGES" => f.mails.len() as u64,
                    "RECENT" => f.mails.iter().filter(|m| m.recent).count() as u64,
                    "UIDNEXT" => u64::from(f.uidnext),
                    "UIDVALIDITY" => u64::from(f.uidvalidity),
                    "UNSEEN" => f.mails.iter().filter(|m| !m.is('S')).count() as u64,
                    "HIGHESTMODSEQ" => f.mails.len() as u64 + 1,
                    _ => f.mails.iter().map(|m| m.vsize).sum(),
                };
                shown.push(format!("{key} {v}"));
            }
        }
        out.extend(format!("* STATUS {} ({})\r\n", quoted(&name), shown.join(" ")).bytes());
        let same = self.selected.as_ref().is_some_and(|s| s.folder.name.eq_ignore_ascii_case(&name));
        End::Ok(if same {
            "[CLIENTBUG] Status on selected mailbox completed".into()
        } else {
            "Status completed".into()
        })
    }
    pub(super) fn manage(&mut self, host: &mut Host, verb: &str, args: &[Arg]) -> End {
        let Some(name) = args.first().and_then(Arg::text).filter(|n| !n.is_empty()) else {
            return End::Bad("Invalid arguments".into());
        };
        if name.contains('/') || name.contains("..") || name.chars().any(char::is_control) {
            return End::No("[CANNOT] Character not allowed in mailbox name: '/'".into());
        }
        let missing = End::No(format!("[NONEXISTENT] Mailbox doesn't exist: {name}"));
        match verb {
            "CREATE" => match self.store.create(host, &name) {
                Ok(()) => End::Ok("Create completed".into()),
                Err(None) => End::No("[ALREADYEXISTS] Mailbox already exists".into()),
                Err(Some(t)) => self.internal(host, t),
            },
            "DELETE" if name.eq_ignore_ascii_case("INBOX") => End::No("[CANNOT] INBOX can't be deleted.".into()),
            "DELETE" => {
                if !self.store.exists(host, &name) {
                    return missing;
                }
                self.store.delete(host, &name);
                End::Ok("Delete completed".into())
            }
            "RENAME" => {
                let Some(to) = args.get(1).and_then(Arg::text) else { return End::Bad("Invalid arguments".into()) };
                if !self.store.exists(host, &name) {
                    return missing;
                }
                match self.store.rename(host, &name, &to) {
                    Ok(()) => End::Ok("Rename completed".into()),
                    Err(_) => End::No("[ALREADYEXISTS] Target mailbox already exists".into()),
                }
            }
            "SUBSCRIBE" => {
                if !self.store.exists(host, &name) {
                    return End::No(format!("[NONEXISTENT] Mailbox doesn't exist: {name}"));
                }
                self.store.subscribe(host, &name, true);
                End::Ok("Subscribe completed".into())
            }
            _ => {
                self.store.subscribe(host, &name, false);
                End::Ok("Unsubscribe completed".into())
            }
        }
    }
    pub(super) fn append(&mut self, host: &mut Host, args: &[Arg]) -> End {
        let (Some(name), Some(Arg::Text(data))) = (args.first().and_then(Arg::text), args.last()) else {
            return End::Bad("Invalid arguments".into());
        };
        if !self.store.exists(host, &name) {
            return End::No(format!("[TRYCREATE] Mailbox doesn't exist: {name}"));
        }
        let flags: Vec<String> = args
            .iter()
            .find_map(|a| if let Arg::List(l) = a { Some(l) } else { None })
            .map_or_else(Vec::new, |l| l.iter().filter_map(Arg::text).collect());
        // Stored with bare newlines, as `mail_save_crlf = no` says.
        let data: Vec<u8> = data
            .iter()
            .enumerate()
            .filter(|(i, b)| **b != b'\r' || data.get(i + 1) != Some(&b'\n'))
            .map(|(_, b)| *b)
            .collect();
        match self.store.save(host, &name, &data, &flags) {
            Ok((validity, uid)) => End::Ok(format!("[APPENDUID {validity} {uid}] Append completed")),
            Err(SaveError::Quota(m)) => End::No(format!("[OVERQUOTA] {m}")),
            Err(SaveError::Open { trouble, .. } | SaveError::Trouble(trouble)) => self.internal(host, trouble),
        }
    }
    pub(super) fn quota(&mut self, host: &mut Host, verb: &str, args: &[Arg], out: &mut Vec<u8>) -> End {
        if !self.store.config.has_plugin(&crate::dovecot::config::Scope::protocol("imap"), "imap_quota") {
            return End::Bad("Unknown command".into());
        }
        let Some(name) = args.first().and_then(Arg::text) else { return End::Bad("Invalid arguments".into()) };
        let Some(root) = self.store.quota.clone() else {
            return End::No("Quota root doesn't exist.".into());
        };
        if verb == "GETQUOTAROOT" {
            if !self.store.exists(host, &name) {
                return End::No(format!("[NONEXISTENT] Mailbox doesn't exist: {name}"));
            }
            out.extend(format!("* QUOTAROOT {} \"{}\"\r\n", quoted(&name), root.name).bytes());
        } else if name != root.name {
            return End::No("Quota root doesn't exist.".into());
        }
        let usage = match self.store.usage(host) {
            Ok(u) => u,
            Err(errno) => {
                let path = format!("{}/maildirsize", self.store.root);
                return self.internal(host, Trouble::Open { path, errno: errno.text() });
            }
        };
        out.extend(quota_line(&root, usage).bytes());
        End::Ok(if verb == "GETQUOTAROOT" { "Getquotaroot completed".into() } else { "Getquota completed".into() })
    }
    /// Removes what is marked \Deleted (in a set of uids), telling the client when `out` is there.
    pub(super) fn expunge(&mut self, host: &mut Host, set: Option<&str>, out: Option<&mut Vec<u8>>) {
        let Some(s) = &mut self.selected else { return };
        if s.read_only {
            return;
        }
        let max = s.folder.mails.last().map_or(0, |m| m.uid);
        let gone: Vec<u32> = s
            .folder
            .mails
            .iter()
            .filter(|m| m.is('T') && set.is_none_or(|x| in_set(x, m.uid, max)))
            .map(|m| m.uid)
            .collect();
        let n = self.store.expunge(host, &s.folder.name, &gone);
        self.stats.expunged += n;
        let mut text = String::new();
        let mut i = 0;
        s.folder.mails.retain(|m| {
            i += 1;
            let keep = !gone.contains(&m.uid);
            if !keep {
                text.push_str(&format!("* {i} EXPUNGE\r\n"));
                i -= 1;
            }
            keep
        });
        if let Some(o) = out {
            o.extend(text.bytes());
        }
    }
}

/// `* QUOTA "User quota" (STORAGE 1 1048576)`.
fn quota_line(root: &quota::Root, u: quota::Usage) -> String {
    let mut parts = Vec::new();
    if root.bytes > 0 {
        parts.push(format!("STORAGE {} {}", (u.bytes.max(0) + 1023) / 1024, root.bytes / 1024));
    }
    if root.messages > 0 {
        parts.push(format!("MESSAGE {} {}", u.messages.max(0), root.messages));
    }
    format!("* QUOTA \"{}\" ({})\r\n", root.name, parts.join(" "))
}
