//! Queue ids and queue files: Postfix's record format, byte for byte.
//!
//! A file is a row of records: type byte, length (seven bits a byte, low ones first), data. The first record tells the
//! sizes; the envelope goes to `M`, the message to `X`, what was taken from the header to `E`. A recipient that was
//! dealt with becomes `D` in place. Left out: the reserved space (`p`, `w`) that milters edit, and extracted return receipts.

use crate::base::{Time, text};
use crate::host::Host;
use std::fmt::Write as _;

/// Record types, as `rec_type.h` names them.
pub mod rec {
    pub const SIZE: u8 = b'C';
    pub const TIME: u8 = b'T';
    pub const FULL: u8 = b'F';
    pub const FILT: u8 = b'L';
    pub const FROM: u8 = b'S';
    pub const DONE: u8 = b'D';
    pub const RCPT: u8 = b'R';
    pub const ORCP: u8 = b'O';
    pub const ATTR: u8 = b'A';
    pub const RDR: u8 = b'>';
    pub const WARN: u8 = b'W';
    pub const KILL: u8 = b'K';
    pub const FLGS: u8 = b'f';
    pub const MESG: u8 = b'M';
    pub const CONT: u8 = b'L';
    pub const NORM: u8 = b'N';
    pub const XTRA: u8 = b'X';
    pub const DSN_RET: u8 = b'<';
    pub const DSN_ENVID: u8 = b'i';
    pub const DSN_ORCPT: u8 = b'o';
    pub const DSN_NOTIFY: u8 = b'n';
    pub const END: u8 = b'E';
}

/// The name that postcat(1) prints for a record type.
pub fn rec_name(t: u8) -> Option<&'static str> {
    Some(match t {
        b'C' => "message_size",
        b'T' => "message_arrival_time",
        b'c' => "queue_file_create_time",
        b'F' => "sender_fullname",
        b'I' => "content_inspector",
        b'L' => "content_filter",
        b'S' => "sender",
        b'D' => "done_recipient",
        b'/' => "canceled_recipient",
        b'R' => "recipient",
        b'O' => "original_recipient",
        b'W' => "warning_message_time",
        b'A' => "named_attribute",
        b'p' => "pointer_record",
        b'K' => "killed_record",
        b'M' => "message_content",
        b'N' => "regular_text",
        b'w' => "padding",
        b'X' => "extracted_info",
        b'r' => "return_receipt",
        b'e' => "errors_to",
        b'P' => "priority",
        b'V' => "verp_delimiters",
        b'E' => "message_end",
        b'>' => "redirect_to",
        b'f' => "flags",
        b'<' => "dsn_return_flags",
        b'i' => "dsn_envelope_id",
        b'o' => "dsn_original_recipient",
        b'n' => "dsn_notify_flags",
        _ => return None,
    })
}

/// A new queue id, unique on this host: microseconds and inode in hexadecimal, or the long form with
/// `enable_long_queue_ids`.
pub fn new_id(host: &mut Host, long: bool) -> String {
    let ino = host.fs.reserve_ino();
    let now = host.now;
    if long {
        return format!(
            "{}{}z{}",
            base52(now.secs() as u64, 6),
            base52(u64::from(now.subsec_micros()), 4),
            base51(ino)
        );
    }
    let mut id = String::with_capacity(12);
    let _ = write!(id, "{:05X}{ino:X}", now.subsec_micros());
    id
}

const DIGITS: &[u8] = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

fn digits(mut n: u64, base: u64, width: usize) -> String {
    let mut out = Vec::new();
    while n > 0 || out.len() < width.max(1) {
        out.push(DIGITS[(n % base) as usize]);
        n /= base;
    }
    out.reverse();
    String::from_utf8_lossy(&out).into_owned()
}

fn base52(n: u64, width: usize) -> String {
    digits(n, 52, width)
}

/// The inode part: base 51, so that the separator `z` cannot occur in it.
fn base51(n: u64) -> String {
    digits(n, 51, 0)
}

fn undigits(s: &str, base: u64) -> Option<u64> {
    s.bytes().try_fold(0_u64, |n, c| {
        let d = DIGITS.iter().position(|x| *x == c).filter(|d| (*d as u64) < base)? as u64;
        n.checked_mul(base)?.checked_add(d)
    })
}

/// The inode that an id names.
pub fn id_inode(id: &str) -> Option<u64> {
    if is_long(id) {
        return undigits(id.rsplit_once('z')?.1, 51);
    }
    u64::from_str_radix(id.get(5..)?, 16).ok()
}

/// Whether an id has the long form: alphanumeric, ten or more before a `z`.
fn is_long(id: &str) -> bool {
    id.rfind('z').is_some_and(|i| i >= 10)
}

/// The hexadecimal microseconds by which a long id is hashed into folders; a short id is hashed by its own text.
pub fn hash_text(id: &str) -> String {
    if is_long(id)
        && let Some(us) = id.rfind('z').and_then(|i| id.get(i - 4..i)).and_then(|s| undigits(s, 52))
    {
        return format!("{us:05X}");
    }
    id.to_owned()
}

/// `mail_queue_id_ok()`: the syntax of either form.
pub fn id_ok(id: &str) -> bool {
    !id.is_empty() && id.len() <= 100 && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')
}

/// Appends one record.
pub fn put(out: &mut Vec<u8>, kind: u8, data: &[u8]) {
    head(out, kind, data.len());
    out.extend_from_slice(data);
}

/// Appends a record whose data is the texts one after another.
pub fn put_parts(out: &mut Vec<u8>, kind: u8, parts: &[&str]) {
    head(out, kind, parts.iter().map(|p| p.len()).sum());
    for p in parts {
        out.extend_from_slice(p.as_bytes());
    }
}

fn head(out: &mut Vec<u8>, kind: u8, mut n: usize) {
    out.push(kind);
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            out.push(low);
            break;
        }
        out.push(low | 0x80);
    }
}

/// Appends message lines as `N` records; a line longer than `limit` is cut into `L` records.
pub fn put_text(out: &mut Vec<u8>, content: &[u8], limit: usize) {
    for line in text::lines(content) {
        let mut rest = line.strip_suffix(b"\n").unwrap_or(line);
        while rest.len() > limit {
            put(out, rec::CONT, &rest[..limit]);
            rest = &rest[limit..];
        }
        put(out, rec::NORM, rest);
    }
}

/// One record and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Rec<'a> {
    pub offset: usize,
    pub kind: u8,
    pub data: &'a [u8],
}

/// The records of a file; ends at the first that is cut short or of no known type.
pub struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
}

pub fn records(bytes: &[u8]) -> Records<'_> {
    Records { bytes, at: 0 }
}

impl Records<'_> {
    /// Where reading stands.
    pub fn offset(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Rec<'a>;
    fn next(&mut self) -> Option<Rec<'a>> {
        let offset = self.at;
        let kind = *self.bytes.get(self.at)?;
        let (mut len, mut shift, mut i) = (0_usize, 0, self.at + 1);
        loop {
            let b = *self.bytes.get(i)?;
            i += 1;
            len |= usize::from(b & 0x7f) << shift;
            if b & 0x80 == 0 {
                break;
            }
            shift += 7;
            if shift > 28 {
                return None;
            }
        }
        let data = self.bytes.get(i..i.checked_add(len)?)?;
        self.at = i + len;
        Some(Rec { offset, kind, data })
    }
}

/// A recipient in a queue file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rcpt {
    pub address: String,
    pub orig: String,
    pub orcpt: String,
    pub notify: u32,
    /// Where its record stands.
    pub offset: usize,
    pub done: bool,
}

/// What a queue file says but for the message itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    pub size: u64,
    pub data_offset: usize,
    pub content_length: u64,
    /// [`SMTPUTF8_ASKED`] and what needs it.
    pub smtputf8: u64,
    pub arrival: Time,
    pub fullname: String,
    pub sender: String,
    pub sender_seen: bool,
    pub filter: String,
    pub redirect: String,
    /// Named attributes as the records have them, `name=value`, a line feed after each.
    attrs: String,
    pub ret: Option<u32>,
    pub envid: String,
    /// When a delay warning is due, and where that record stands.
    pub warn: Option<(Time, usize)>,
    pub recipients: Vec<Rcpt>,
    /// The end record was there.
    pub complete: bool,
}

impl Envelope {
    pub fn attr(&self, name: &str) -> &str {
        let whole = |at: &usize| {
            let before = self.attrs[..*at].ends_with('\n') || *at == 0;
            before && self.attrs[at + name.len()..].starts_with('=')
        };
        let found = memchr::memmem::find_iter(self.attrs.as_bytes(), name).find(whole);
        let value = found.map_or("", |at| &self.attrs[at + name.len() + 1..]);
        &value[..memchr::memchr(b'\n', value.as_bytes()).unwrap_or(value.len())]
    }
    /// Reads the envelope; `None` when the bytes are no queue file.
    pub fn parse(bytes: &[u8]) -> Option<Envelope> {
        let mut e = Envelope::default();
        let (mut orig, mut orcpt, mut notify) = (String::new(), String::new(), 0);
        let mut all = records(bytes);
        while let Some(r) = all.next() {
            let text = || text::lossy(r.data).into_owned();
            match r.kind {
                rec::SIZE => {
                    let mut n = numbers(r.data);
                    e.size = n.next()?;
                    e.data_offset = n.next()? as usize;
                    let mut n = n.skip(2);
                    e.content_length = n.next().unwrap_or(0);
                    e.smtputf8 = n.next().unwrap_or(0);
                }
                rec::TIME => {
                    let mut n = numbers(r.data);
                    e.arrival = Time(n.next()? as i64 * 1_000_000 + n.next().unwrap_or(0) as i64);
                }
                rec::FULL => e.fullname = text(),
                rec::FILT => e.filter = text(),
                rec::RDR => e.redirect = text(),
                rec::FROM => {
                    e.sender = text();
                    e.sender_seen = true;
                }
                rec::WARN => e.warn = text().trim().parse().ok().map(|s| (Time::from_secs(s), r.offset)),
                rec::DSN_RET => e.ret = text().trim().parse().ok(),
                rec::DSN_ENVID => e.envid = text(),
                rec::DSN_ORCPT => orcpt = text(),
                rec::DSN_NOTIFY => notify = text().trim().parse().unwrap_or(0),
                rec::ORCP => orig = text(),
                rec::ATTR => {
                    let t = text::lossy(r.data);
                    let end = memchr::memchr(b'=', t.as_bytes()).unwrap_or(t.len());
                    let (name, value) = (&t[..end], t.get(end + 1..).unwrap_or(""));
                    match name {
                        "dsn_orig_rcpt" => value.clone_into(&mut orcpt),
                        "notify_flags" => notify = value.trim().parse().unwrap_or(0),
                        "envelope_id" => value.clone_into(&mut e.envid),
                        "ret_flags" => e.ret = value.trim().parse().ok(),
                        _ => {
                            if e.attrs.is_empty() {
                                e.attrs.reserve(512);
                            }
                            e.attrs.push_str(&t);
                            e.attrs.push('\n');
                        }
                    }
                }
                rec::RCPT | rec::DONE | b'/' => {
                    let address = text();
                    e.recipients.push(Rcpt {
                        orig: if orig.is_empty() { address.clone() } else { std::mem::take(&mut orig) },
                        address,
                        orcpt: std::mem::take(&mut orcpt),
                        notify: std::mem::take(&mut notify),
                        offset: r.offset,
                        done: r.kind != rec::RCPT,
                    });
                }
                rec::MESG => {
                    let after = all.find(|r| !matches!(r.kind, rec::NORM | rec::CONT | b'p' | b'w'));
                    if after.is_some_and(|r| r.kind != rec::XTRA) {
                        return None;
                    }
                }
                rec::END => {
                    e.complete = true;
                    return Some(e);
                }
                k if rec_name(k).is_some() => {}
                _ => return None,
            }
        }
        e.sender_seen.then_some(e)
    }
}

/// How many recipients are not done: what [`Envelope::parse`] finds, without the rest of it.
pub fn waiting(bytes: &[u8]) -> Option<u64> {
    let (mut sender, mut n) = (false, 0);
    for r in records(bytes) {
        match r.kind {
            rec::FROM => sender = true,
            rec::RCPT => n += 1,
            _ => {}
        }
    }
    sender.then_some(n)
}

/// The numbers of a record; a word that is none counts as zero.
fn numbers(data: &[u8]) -> impl Iterator<Item = u64> + '_ {
    data.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).map(|w| {
        w.iter()
            .try_fold(0_u64, |n, b| n.checked_mul(10)?.checked_add(u64::from(b.checked_sub(b'0').filter(|d| *d < 10)?)))
            .unwrap_or(0)
    })
}

/// The message of a queue file, with `\n` line ends.
pub fn content(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut inside = false;
    for r in records(bytes) {
        match r.kind {
            rec::MESG => inside = true,
            rec::XTRA | rec::END => break,
            rec::NORM if inside => {
                out.extend_from_slice(r.data);
                out.push(b'\n');
            }
            rec::CONT if inside => out.extend_from_slice(r.data),
            _ => {}
        }
    }
    out
}

/// `SMTPUTF8_FLAG_REQUESTED`: the sender asked for SMTPUTF8, or cleanup(8) found that the message should have it.
pub const SMTPUTF8_ASKED: u64 = 1;
/// The header, the sender, a recipient is not ASCII: only a server with SMTPUTF8 may have the message.
pub const SMTPUTF8_HEADER: u64 = 2;
pub const SMTPUTF8_SENDER: u64 = 4;
pub const SMTPUTF8_RECIPIENT: u64 = 8;

/// The first record of a file: sizes in fixed columns.
pub fn size_record(size: u64, offset: usize, rcpts: usize, flags: u32, length: u64, smtputf8: u64) -> String {
    let fields = [size, offset as u64, rcpts as u64, flags.into(), length, smtputf8];
    let mut out = String::with_capacity(95);
    for n in fields {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(n);
        out.push_str(if out.is_empty() { "" } else { " " });
        out.push_str(&"               "[digits.len().min(15)..]);
        out.push_str(digits);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Time};

    #[test]
    fn ids_are_short_hex_or_long() {
        let mut h = Host::new("mail", "mail.ejemplo.com", Time(1_795_488_000_012_345), Chance::new(1));
        let id = new_id(&mut h, false);
        assert_eq!(id, "0303920000");
        assert_eq!(id_inode(&id), Some(131_072));
        let long = new_id(&mut h, true);
        assert!(long.contains('z') && long.len() >= 12, "{long}");
        assert_eq!(id_inode(&long), Some(131_073));
        assert_eq!(hash_text(&long), "03039");
    }

    #[test]
    fn records_and_back() {
        let mut b = Vec::new();
        put(&mut b, rec::SIZE, size_record(300, 97, 1, 0, 300, 0).as_bytes());
        put(&mut b, rec::TIME, b"1795496389 64353");
        put(&mut b, rec::FROM, b"maria@ejemplo.com");
        put(&mut b, rec::ORCP, b"a@x");
        put(&mut b, rec::RCPT, b"b@x");
        put(&mut b, rec::MESG, b"");
        put_text(&mut b, &[&[b'y'; 300][..], b"\n\nz\n"].concat(), 200);
        put(&mut b, rec::XTRA, b"");
        put(&mut b, rec::END, b"");
        let e = Envelope::parse(&b).unwrap();
        assert_eq!(e.sender, "maria@ejemplo.com");
        assert_eq!(e.arrival, Time(1_795_496_389_064_353));
        assert_eq!((e.recipients[0].address.as_str(), e.recipients[0].orig.as_str()), ("b@x", "a@x"));
        assert_eq!(content(&b), [&[b'y'; 300][..], b"\n\nz\n"].concat());
        for bad in [&b"root:x:0:0"[..], b"", b"\xff\xff\xff\xff\xff\xff"] {
            assert!(Envelope::parse(bad).is_none());
        }
    }
}
