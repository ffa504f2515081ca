//! The messages that a script sends: vacation responses and notices of rejection, and what is known of earlier ones.

use super::matching::{Mail, decoded};
use super::parse::{Node, Value};
use crate::base::Span;
use crate::base::addresses::split_addresses;
use crate::dovecot::user::MailUser;
use crate::host::Host;
use crate::log::dovecot::{Sieve, Vacation};

/// How Pigeonhole names itself in what it sends.
pub const X_SIEVE: &str = "X-Sieve: Pigeonhole Sieve 0.5.19 (4eae2f79)\n";

/// Names that machines write under.
const SYSTEM: [&str; 3] = ["mailer-daemon", "listserv", "majordomo"];

/// Whether this was done before, and if not, that it is now. The real file is binary; only Dovecot reads it.
pub fn before(host: &mut Host, user: &MailUser, what: &str, keep: Span) -> bool {
    let path = format!("{}/.dovecot.lda-dupes", user.home);
    let text = host.fs.read(&user.cred, &path).map(|b| b.text()).unwrap_or_default();
    let now = host.now.secs();
    let live = |l: &&str| l.split(' ').next().and_then(|t| t.parse::<i64>().ok()).is_some_and(|t| t > now);
    let mut lines: Vec<String> = text.lines().filter(live).map(str::to_owned).collect();
    if lines.iter().any(|l| l.split_once(' ').is_some_and(|(_, w)| w == what)) {
        return true;
    }
    lines.push(format!("{} {what}", now + keep.as_secs()));
    let _ = host.fs.mkdir(&user.cred, &format!("{path}.locks"), 0o700);
    let _ = host.fs.write(&user.cred, &path, lines.join("\n") + "\n", 0o600);
    false
}

fn arg<'a>(n: &'a Node, tag: &str) -> Option<&'a Value> {
    n.args.windows(2).find(|w| matches!(&w[0], Value::Tag(t) if t == tag)).map(|w| &w[1])
}
fn text<'a>(n: &'a Node, tag: &str) -> Option<&'a str> {
    arg(n, tag).and_then(|v| v.strings().first()).map(String::as_str)
}

/// The vacation response, or why there is none.
pub fn vacation(
    host: &mut Host,
    user: &MailUser,
    mail: &Mail<'_>,
    n: &Node,
    name: &str,
) -> Result<(String, Sieve), Sieve> {
    let to = mail.sender.to_owned();
    let no = |v: Vacation| Err(Sieve::Vacation(v, mail.sender.to_owned()));
    if to.is_empty() {
        return no(Vacation::NullSender);
    }
    let mut own: Vec<String> = arg(n, "addresses").map(|v| v.strings().to_vec()).unwrap_or_default();
    own.push(mail.recipient.to_owned());
    if own.iter().any(|o| o.eq_ignore_ascii_case(&to)) {
        return no(Vacation::OwnAddress);
    }
    let list =
        ["list-id", "list-owner", "list-subscribe", "list-post", "list-unsubscribe", "list-help", "list-archive"];
    if list.iter().any(|h| mail.has(h)) {
        return no(Vacation::MailingList);
    }
    if mail.first("auto-submitted").is_some_and(|v| !v.trim().eq_ignore_ascii_case("no")) {
        return no(Vacation::AutoSubmitted);
    }
    if mail.first("precedence").is_some_and(|p| ["bulk", "junk", "list"].contains(&p.to_ascii_lowercase().as_str())) {
        return no(Vacation::Bulk);
    }
    let local = to.split('@').next().unwrap_or("").to_ascii_lowercase();
    if SYSTEM.contains(&local.as_str()) || local.starts_with("owner-") || local.ends_with("-request") {
        return no(Vacation::System);
    }
    let named = ["to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"];
    let mut here = named.iter().flat_map(|h| mail.all(h)).flat_map(split_addresses);
    if !here.any(|a| own.iter().any(|o| o.eq_ignore_ascii_case(&a))) {
        return Err(Sieve::NoRecipientInHeader { recipient: mail.recipient.to_owned() });
    }
    let reason = n.args.last().and_then(|v| v.strings().first()).cloned().unwrap_or_default();
    let days = match arg(n, "days") {
        Some(Value::Number(d)) => (*d).clamp(1, 365) as i64,
        _ => 7,
    };
    let key = text(n, "handle").map_or_else(|| reason.replace('\n', " "), str::to_owned);
    if before(host, user, &format!("vacation {to} {key}"), Span::days(days)) {
        return no(Vacation::Duplicate);
    }
    let from = text(n, "from").map_or_else(|| format!("<{}>", mail.recipient), str::to_owned);
    let subject = match (text(n, "subject"), mail.first("subject")) {
        (Some(s), _) => s.to_owned(),
        (None, Some(s)) => format!("Auto: {}", decoded(s)),
        (None, None) => "Automated reply".into(),
    };
    let mut out = format!(
        "{X_SIEVE}Message-ID: <dovecot-sieve-{}-{}-0@{name}>\nDate: {}\nFrom: {from}\nTo: {}\nSubject: {}\n",
        host.now.secs(),
        host.now.subsec_micros(),
        date(host),
        addressee(mail, &to),
        encoded(&subject),
    );
    if let Some(id) = mail.first("message-id") {
        out.push_str(&format!("In-Reply-To: {id}\nReferences: {id}\n"));
    }
    out.push_str("Auto-Submitted: auto-replied (vacation)\nPrecedence: bulk\nX-Auto-Response-Suppress: All\n");
    out.push_str("MIME-Version: 1.0\n");
    if !n.args.iter().any(|a| matches!(a, Value::Tag(t) if t == "mime")) {
        out.push_str("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n");
    }
    out.push_str(&reason);
    out.push('\n');
    Ok((out, Sieve::Vacation(Vacation::Sent, to)))
}

/// The notice that says why a message was rejected.
pub fn rejection(host: &Host, mail: &Mail<'_>, reason: &str, postmaster: &str, name: &str, pid: u32) -> String {
    let boundary = format!("{pid}/{name}");
    let id = mail.first("message-id").map_or_else(String::new, |i| format!("Original-Message-ID: {i}\n"));
    let end = mail.data.windows(2).position(|w| w == b"\n\n").map_or(mail.data.len(), |i| i + 1);
    let head = String::from_utf8_lossy(&mail.data[..end]);
    let (to, me) = (mail.sender, mail.recipient);
    let subject = mail.first("subject").unwrap_or_default();
    let (secs, micros) = (host.now.secs(), host.now.subsec_micros());
    let mut out = format!("Message-ID: <dovecot-{secs}-{micros}-0@{name}>\nDate: {}\n", date(host));
    out.push_str(&format!("From: Postmaster <{postmaster}>\nTo: <{to}>\nMIME-Version: 1.0\n"));
    out.push_str("Content-Type: multipart/report; report-type=disposition-notification;\n");
    out.push_str(&format!("\tboundary=\"{boundary}\"\nSubject: Rejected: {subject}\n"));
    out.push_str(
        "Auto-Submitted: auto-replied (rejected)\nPrecedence: bulk\n\nThis is a MIME-encapsulated message\n\n",
    );
    out.push_str(&format!("--{boundary}\nContent-Type: text/plain; charset=utf-8\nContent-Disposition: inline\n"));
    out.push_str("Content-Transfer-Encoding: 8bit\n\n");
    out.push_str(&format!("Your message to <{me}> was automatically rejected:\n{reason}\n--{boundary}\n"));
    out.push_str("Content-Type: message/disposition-notification\n\n");
    out.push_str(&format!("Reporting-UA: {name}; Dovecot Mail Delivery Agent\nFinal-Recipient: rfc822; {me}\n{id}"));
    out.push_str("Disposition: automatic-action/MDN-sent-automatically; deleted\n\n");
    out.push_str(&format!("--{boundary}\nContent-Type: message/rfc822\n\n{head}\n\n\n--{boundary}--\n"));
    out
}

fn date(host: &Host) -> String {
    host.now.rfc5322().trim_end_matches(" (UTC)").to_owned()
}

/// The sender with the name that the message gives.
fn addressee(mail: &Mail<'_>, to: &str) -> String {
    let from = mail.first("from").unwrap_or_default();
    let name = from.split('<').next().unwrap_or("").trim().trim_matches('"');
    if !from.contains('<') || name.is_empty() || !split_addresses(from).iter().any(|a| a.eq_ignore_ascii_case(to)) {
        return format!("<{to}>");
    }
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric());
    if plain || name.starts_with("=?") { format!("{name} <{to}>") } else { format!("\"{name}\" <{to}>") }
}

/// A header's text; what is not ASCII as an encoded word.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let word = |b: u8| match b {
        b' ' => "_".to_owned(),
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b',' | b':' => char::from(b).to_string(),
        b => format!("={b:02X}"),
    };
    format!("=?utf-8?q?{}?=", text.bytes().map(word).collect::<String>())
}
