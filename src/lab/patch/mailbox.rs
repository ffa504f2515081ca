//! Fills a Maildir with old mail, so that a mailbox has a history that nobody needs to have sent.

use crate::base::{Span, Time};
use crate::host::{Blob, Cred, Host};
use std::fmt::Write;
use std::sync::Arc;

/// What to put in.
pub(super) struct Fill<'a> {
    pub user: &'a str,
    /// Empty for INBOX.
    pub folder: &'a str,
    pub messages: u32,
    /// Of all together.
    pub size: u64,
    pub from: &'a str,
    pub subject: &'a str,
    /// How far back the oldest lies.
    pub age: Span,
}

/// What the body is made of.
const LINE: &[u8] = b"Contenido del mensaje, como otros muchos, con sus adjuntos en texto.....\n";

/// So many of them are the largest piece of a file that others share; each smaller one is half of the one before.
const MOST_LINES: usize = 1024;

/// No more messages than this in one patch.
const MAX_MESSAGES: u32 = 20_000;

/// Puts the messages into `cur`, read ones, as Dovecot names them (`S=` and `W=` in the name).
pub(super) fn fill(host: &mut Host, f: &Fill<'_>) {
    let Some(user) = host.user(f.user) else { return };
    let root = Cred::root();
    let inbox = f.folder.is_empty() || f.folder.eq_ignore_ascii_case("INBOX");
    let top = format!("{}/Maildir", user.home);
    let dir = if inbox { top.clone() } else { format!("{top}/.{}", f.folder.replace('/', ".")) };
    let mut made = Vec::new();
    for d in [&top, &dir] {
        for sub in ["", "/cur", "/new", "/tmp"] {
            let path = format!("{d}{sub}");
            if !host.fs.exists(&path) {
                made.extend(host.fs.mkdir_all(&path).map(|ino| (ino, 0o700)));
            }
        }
    }
    if !inbox && !host.fs.exists(&format!("{dir}/maildirfolder")) {
        let path = format!("{dir}/maildirfolder");
        made.extend(host.fs.write(&root, &path, "", 0o600).map(|ino| (ino, 0o600)));
    }
    let n = f.messages.clamp(1, MAX_MESSAGES);
    let from = if f.from.is_empty() { "boletin@destino.com" } else { f.from };
    let sizes = std::iter::successors(Some(MOST_LINES), |n| (*n > 1).then_some(n / 2));
    let filler: Vec<(usize, Arc<Vec<u8>>)> = sizes.map(|n| (n, Arc::new(LINE.repeat(n)))).collect();
    let to = format!("{}@{}", f.user, host.fqdn.split_once('.').map_or("localhost", |(_, d)| d));
    for i in 0..n {
        let entity = format!("{}/{}/{i}", f.user, f.folder);
        let at = moment(host, &entity, i, n, f.age);
        let share = f.size * u64::from(i + 1) / u64::from(n) - f.size * u64::from(i) / u64::from(n);
        let body = Body::new(from, &to, (f.subject, i + 1), at, &entity, share as usize);
        let (size, lines) = (body.len(), body.lines());
        let micros = host.chance.between("old-mail-usec", &entity, 0, 999_999);
        let mut path = String::with_capacity(dir.len() + 96);
        let (time, pid, vsize) = (at.secs(), 900 + i, size + lines);
        let _ = write!(path, "{dir}/cur/{time}.M{micros}P{pid}.{},S={size},W={vsize}:2,S", host.name);
        if let Ok(ino) = host.fs.write(&root, &path, body.blob(&filler), 0o600) {
            host.fs.touch(ino, at);
            made.push((ino, 0o600));
        }
    }
    for (ino, mode) in made {
        host.fs.own(ino, user.uid, user.gid, mode);
    }
    // What Dovecot counted before is no longer so; it counts anew.
    let _ = host.fs.unlink(&root, &format!("{top}/maildirsize"));
}

/// When the `i`th of `n` came, oldest first.
fn moment(host: &Host, entity: &str, i: u32, n: u32, age: Span) -> Time {
    let step = age.as_secs() / i64::from(n + 1);
    let back = age.as_secs() - step * i64::from(i) - host.chance.between("old-mail", entity, 0, step.max(1));
    Time::from_secs(host.now.secs() - back.max(60))
}

/// A message of a wanted size: a head, so many filler lines, a tail of dots.
struct Body {
    head: String,
    fillers: usize,
    tail: String,
}

impl Body {
    fn new(from: &str, to: &str, (subject, n): (&str, u32), at: Time, entity: &str, size: usize) -> Body {
        let id: u32 = entity.bytes().fold(at.secs() as u32, |h, b| h.rotate_left(5) ^ u32::from(b));
        let domain = from.rsplit('@').next().unwrap_or("destino.com");
        let mut head = String::with_capacity(288);
        let _ = write!(
            head,
            "Return-Path: <{from}>\nFrom: {from}\nTo: {to}\nSubject: {subject} {n}\nDate: {}\nMessage-ID: <{:x}.{id:08x}@{domain}>\n\n",
            at.rfc5322(),
            at.secs()
        );
        let room = size.saturating_sub(head.len());
        let fillers = room.saturating_sub(1) / LINE.len();
        let dots = (room - fillers * LINE.len()).saturating_sub(1);
        Body { head, fillers, tail: ".".repeat(dots) + "\n" }
    }
    fn len(&self) -> usize {
        self.head.len() + self.fillers * LINE.len() + self.tail.len()
    }
    fn lines(&self) -> usize {
        self.head.bytes().filter(|b| *b == b'\n').count() + self.fillers + 1
    }
    /// The bytes; all messages share the filler's.
    fn blob(self, filler: &[(usize, Arc<Vec<u8>>)]) -> Blob {
        let mut blob = Blob::from(&self.head);
        let mut left = self.fillers;
        for (lines, piece) in filler {
            while left >= *lines {
                blob.append_shared(piece);
                left -= lines;
            }
        }
        blob.append_shared(&Arc::new(self.tail.into_bytes()));
        blob
    }
}
