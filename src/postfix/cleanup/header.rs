//! The header half of cleanup(8): hop count, Message-ID, address rewriting and mapping, what is dropped and what is added.

use super::checks::{self, Verdict};
use super::state::State;
use super::{Stat, envelope};
use crate::log::cleanup::Cleanup as Log;
use crate::postfix::Ctx;
use crate::postfix::agent::{quote_local, rewrite};
use crate::postfix::mail_addr::{address_spans, unquote};
use crate::postfix::params::param;
use std::borrow::Cow;

/// Headers whose addresses are those of a sender.
const SENDER_HEADERS: [&str; 9] = [
    "from",
    "sender",
    "reply-to",
    "errors-to",
    "return-receipt-to",
    "disposition-notification-to",
    "resent-from",
    "resent-sender",
    "resent-reply-to",
];
/// Headers whose addresses are those of a recipient.
const RECIPIENT_HEADERS: [&str; 6] = ["to", "cc", "apparently-to", "resent-to", "resent-cc", "mail-followup-to"];

/// Headers of the message that say what it is made of: those of parts, for the checks.
const MIME_HEADERS: [&str; 6] = [
    "content-description",
    "content-disposition",
    "content-id",
    "content-transfer-encoding",
    "content-type",
    "mime-version",
];

/// The name of a header line, if it is one (`is_header`).
pub fn header_name(line: &str) -> Option<&str> {
    let colon = line.find(':')?;
    let name = line[..colon].trim_end_matches([' ', '\t']);
    let ok = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
    ok.then_some(name)
}

/// Splits a message into logical header lines (folded ones joined by `\n`) and the rest, which starts with the empty line.
pub fn split(content: &str) -> (Vec<String>, Cow<'_, str>) {
    let mut headers: Vec<String> = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        if line.is_empty() {
            return (headers, rest.into());
        }
        if line.starts_with([' ', '\t']) && !headers.is_empty() {
            if let Some(h) = headers.last_mut() {
                h.push('\n');
                h.push_str(line);
            }
        } else if header_name(line).is_some() {
            headers.push(line.to_owned());
        } else {
            // The separator is missing: Postfix inserts one.
            return (headers, format!("\n{rest}").into());
        }
        rest = after;
    }
    (headers, "".into())
}

/// What was seen among the headers.
#[derive(Default)]
struct Seen {
    message_id: bool,
    resent_message_id: bool,
    date: bool,
    from: bool,
    resent: bool,
    recipient: bool,
}

/// Works through the header and returns it as it goes into the queue file.
pub fn run(ctx: &mut Ctx<'_>, st: &mut State, headers: &[String]) -> String {
    let mut out = String::new();
    let mut seen = Seen::default();
    let mut hops = 0;
    let limit = st.p.conf.int(param!("hopcount_limit"));
    let dropped = st.p.conf.list(param!("message_drop_headers"));
    for h in headers {
        if st.stopped() {
            break;
        }
        let name = header_name(h).unwrap_or("").to_ascii_lowercase();
        let mut h = Cow::Borrowed(h.as_str());
        if st.checks_apply() && !st.unfiltered {
            let param = if MIME_HEADERS.contains(&name.as_str()) { "mime_header_checks" } else { "header_checks" };
            match checks::header(ctx, st, param, "header", &h) {
                Verdict::Keep => {}
                Verdict::Drop => continue,
                Verdict::Replace(new) => {
                    if header_name(&new).is_none() {
                        continue;
                    }
                    h = new.into();
                }
                Verdict::Prepend(text) => {
                    out.push_str(&text);
                    out.push('\n');
                }
            }
        }
        let value = || h.split_once(':').map_or("", |(_, v)| v).trim().to_owned();
        match name.as_str() {
            "received" => {
                hops += 1;
                if hops >= limit {
                    let qid = st.m.qid.clone();
                    st.log(ctx, Log::Hopcount { qid });
                    st.fail(Stat::Hops, "");
                }
            }
            "message-id" => {
                seen.message_id = true;
                st.log(ctx, Log::MessageId { qid: st.m.qid.clone(), id: value(), resent: false });
            }
            "resent-message-id" => {
                seen.resent_message_id = true;
                st.log(ctx, Log::MessageId { qid: st.m.qid.clone(), id: value(), resent: true });
            }
            "date" => seen.date = true,
            "from" => seen.from = true,
            "to" | "cc" | "bcc" => seen.recipient = true,
            _ => {}
        }
        seen.resent |= name.starts_with("resent-");
        if dropped.iter().any(|d| d.eq_ignore_ascii_case(&name)) {
            continue;
        }
        let sender = SENDER_HEADERS.contains(&name.as_str());
        if sender || RECIPIENT_HEADERS.contains(&name.as_str()) {
            h = match addresses(ctx, st, &h, sender) {
                Some(new) => new.into(),
                None => h,
            };
        }
        out.push_str(&h);
        out.push('\n');
    }
    if !st.stopped() {
        complete(ctx, st, &seen, &mut out);
    }
    out
}

/// Rewrites and maps the addresses of one header in place; `None`: it stays as it is.
fn addresses(ctx: &mut Ctx<'_>, st: &mut State, header: &str, sender: bool) -> Option<String> {
    let (name, value) = header.split_once(':')?;
    let context = match (st.m.local_rewrite, st.p.conf.is_empty(param!("remote_header_rewrite_domain"))) {
        (true, _) => "local",
        (false, false) => "remote",
        // Headers of strangers are left alone.
        (false, true) => return None,
    };
    let maps = if st.map_ok() { envelope::header_maps(st, sender) } else { Vec::new() };
    let mut out = String::new();
    let mut last = 0;
    let mut changed = false;
    for (a, b) in address_spans(value) {
        let old = unquote(value[a..b].trim());
        if old.is_empty() {
            continue;
        }
        let mut new = rewrite(ctx, &st.p, context, &old);
        for m in &maps {
            new = envelope::map11(ctx, st, m, &new);
        }
        if st.map_ok() {
            new = envelope::masquerade(st, if sender { "header_sender" } else { "header_recipient" }, &new);
        }
        out.push_str(&value[last..a]);
        if new == old {
            out.push_str(&value[a..b]);
        } else {
            changed = true;
            out.push_str(&quote_local(&new));
        }
        last = b;
    }
    if !changed {
        return None;
    }
    out.push_str(&value[last..]);
    Some(folded(&format!("{name}: {}", out.trim_start())))
}

/// A header whose addresses were rewritten: white space is one space, and a line begins after the comma before the address
/// that would go beyond the 70th column.
fn folded(header: &str) -> String {
    const MOST: usize = 70;
    let mut pieces = vec![String::new()];
    let (mut quoted, mut depth, mut escaped) = (false, 0_u32, false);
    for c in header.chars() {
        let Some(piece) = pieces.last_mut() else { break };
        let blank = !quoted && matches!(c, ' ' | '\t' | '\n');
        match c {
            _ if blank && (piece.is_empty() || piece.ends_with(' ')) => continue,
            _ if blank => piece.push(' '),
            _ => piece.push(c),
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => pieces.push(String::new()),
            _ => {}
        }
    }
    let (mut out, mut column) = (String::new(), 0);
    for piece in pieces.iter().map(|p| p.trim_end_matches(' ')).filter(|p| !p.is_empty()) {
        if column > 0 && column + 1 + piece.len() < MOST {
            out.push(' ');
            column += 1;
        } else if column > 0 {
            out.push_str("\n\t");
            column = 0;
        }
        out.push_str(piece);
        column += piece.len();
    }
    out
}

/// Adds the headers that a message from this host must have.
fn complete(ctx: &mut Ctx<'_>, st: &mut State, seen: &Seen, out: &mut String) {
    let known = st.m.local_rewrite || !st.p.conf.is_empty(param!("remote_header_rewrite_domain"));
    let add = known || st.p.conf.bool(param!("always_add_missing_headers"));
    let resent = if seen.resent { "Resent-" } else { "" };
    let has_id = if seen.resent { seen.resent_message_id } else { seen.message_id };
    if !has_id {
        let id = if add {
            // A long queue id holds the time itself.
            let time = if st.p.conf.bool(param!("enable_long_queue_ids")) {
                String::new()
            } else {
                let c = ctx.host.now.civil();
                format!("{:04}{:02}{:02}{:02}{:02}{:02}.", c.year, c.month, c.day, c.hour, c.minute, c.second)
            };
            let id = format!("<{time}{}@{}>", st.m.qid, st.p.conf.get(param!("myhostname")));
            out.push_str(&format!("{resent}Message-Id: {id}\n"));
            id
        } else {
            "<>".to_owned()
        };
        if add || !seen.message_id {
            st.log(ctx, Log::MessageId { qid: st.m.qid.clone(), id, resent: seen.resent && add });
        }
        if add && seen.resent && !seen.message_id {
            st.log(ctx, Log::MessageId { qid: st.m.qid.clone(), id: "<>".to_owned(), resent: false });
        }
    }
    if !add {
        return;
    }
    let low = out.to_ascii_lowercase();
    let has = |n: &str| low.starts_with(n) || low.contains(&format!("\n{n}"));
    if !(if seen.resent { has("resent-date:") } else { seen.date }) {
        out.push_str(&format!("{resent}Date: {}\n", ctx.host.now.rfc5322()));
    }
    if !(if seen.resent { has("resent-from:") || has("resent-sender:") } else { seen.from }) {
        let from = if st.sender.is_empty() { "MAILER-DAEMON".to_owned() } else { quote_local(&st.sender) };
        if st.sender.is_empty() || st.m.fullname.is_empty() {
            out.push_str(&format!("{resent}From: {from}\n"));
        } else if st.p.conf.get(param!("header_from_format")) == "obsolete" {
            out.push_str(&format!("{resent}From: {from} ({})\n", st.m.fullname));
        } else {
            out.push_str(&format!("{resent}From: {} <{from}>\n", phrase(&st.m.fullname)));
        }
    }
    let undisclosed = st.p.conf.get(param!("undisclosed_recipients_header"));
    if !seen.recipient && !seen.resent && !undisclosed.is_empty() {
        out.push_str(&format!("{undisclosed}\n"));
    }
}

/// A display name: quoted when it holds more than atoms.
fn phrase(name: &str) -> String {
    let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~ ".contains(c) || !c.is_ascii();
    if name.chars().all(atom) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_ends_where_it_ends() {
        for (text, headers, rest) in [
            ("A: b\n c\nD: e\n\nx\n", vec!["A: b\n c", "D: e"], "\nx\n"),
            ("hola\n", vec![], "\nhola\n"),
            ("A: b\nhola\n", vec!["A: b"], "\nhola\n"),
            ("A: b\n", vec!["A: b"], ""),
        ] {
            let (h, r) = split(text);
            assert_eq!((h, &*r), (headers.into_iter().map(str::to_owned).collect(), rest), "{text:?}");
        }
    }
}
