//! header_checks, mime_header_checks, nested_header_checks and body_checks: the actions of `cleanup_act()`.

use super::Stat;
use super::header::header_name;
use super::mime::{self, Piece};
use super::state::State;
use crate::log::cleanup::{BadCheck, Cleanup as Log, Source};
use crate::postfix::Ctx;
use crate::postfix::agent::lookup;
use crate::postfix::params::param;

/// What a check makes of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Keep,
    Drop,
    Replace(String),
    Prepend(String),
}

/// Runs the checks `param` on one logical line.
pub fn header(ctx: &mut Ctx<'_>, st: &mut State, param: &str, class: &str, line: &str) -> Verdict {
    if st.p.conf.is_empty(param) {
        return Verdict::Keep;
    }
    match lookup(ctx, &st.p, param, line) {
        Ok(None) => Verdict::Keep,
        Ok(Some(action)) => act(ctx, st, param, class, line, &action),
        Err(_) => {
            let (qid, map) = (st.m.qid.clone(), param.to_owned());
            st.log(ctx, Log::MapProblem { qid, map, key: String::new() });
            st.fail(Stat::Write, "");
            Verdict::Keep
        }
    }
}

/// Runs body_checks on the lines of the body, up to `body_checks_size_limit` in each part, and the checks of part headers and
/// nested headers. `None`: nothing is to be checked.
pub fn body(ctx: &mut Ctx<'_>, st: &mut State, headers: &[String], text: &str) -> Option<String> {
    const PARAMS: [&str; 3] = ["body_checks", "mime_header_checks", "nested_header_checks"];
    if PARAMS.iter().all(|p| st.p.conf.is_empty(*p)) || !st.checks_apply() {
        return None;
    }
    let limit = st.p.conf.int(param!("body_checks_size_limit")).max(0) as usize;
    let structure = !st.p.conf.bool(param!("disable_mime_input_processing"));
    let pieces = mime::pieces(if structure { headers } else { &[] }, text);
    let mut out = String::with_capacity(text.len());
    for piece in pieces {
        let (param, class, line) = match &piece {
            Piece::Line(l, at) if !l.is_empty() && (limit == 0 || *at < limit) => ("body_checks", "body", l),
            Piece::Part(h) => ("mime_header_checks", "header", h),
            Piece::Nested(h) => ("nested_header_checks", "header", h),
            Piece::Line(l, _) => ("", "", l),
        };
        let keep = param.is_empty() || st.stopped() || st.unfiltered;
        let (before, line) = match if keep { Verdict::Keep } else { header(ctx, st, param, class, line) } {
            Verdict::Keep => (None, line.clone()),
            Verdict::Drop => continue,
            Verdict::Replace(t) => (None, t),
            Verdict::Prepend(t) => (Some(t), line.clone()),
        };
        for l in before.iter().chain([&line]) {
            out.push_str(l);
            out.push('\n');
        }
    }
    Some(out)
}

/// `strict_7bit_headers` and `strict_8bitmime_body`, or both by `strict_8bitmime`: bytes over 127 where no encoding that
/// holds them was declared.
pub fn eight_bit(ctx: &mut Ctx<'_>, st: &mut State, headers: &[String], body: &str) {
    let conf = &st.p.conf;
    let both = conf.bool(param!("strict_8bitmime"));
    let (head, text) =
        (both || conf.bool(param!("strict_7bit_headers")), both || conf.bool(param!("strict_8bitmime_body")));
    if !st.checks_apply() || !(head || text) {
        return;
    }
    let declared = headers.iter().any(|h| {
        let (name, value) = h.split_once(':').unwrap_or((h, ""));
        let value = value.trim();
        name.eq_ignore_ascii_case("content-transfer-encoding")
            && (value.eq_ignore_ascii_case("8bit") || value.eq_ignore_ascii_case("binary"))
    });
    let bad = headers.iter().find(|h| head && !st.m.smtputf8 && !h.is_ascii());
    let (what, line) = if let Some(h) = bad {
        ("improper use of 8-bit data in message header", h.as_str())
    } else {
        let Some(line) = body.lines().find(|l| text && !declared && !l.is_ascii()) else { return };
        ("improper use of 8-bit data in message body", line)
    };
    let event =
        Log::MimeError { qid: st.m.qid.clone(), what, line: line.replace('\n', "?"), source: Box::new(source(st)) };
    st.log(ctx, event);
    st.fail(Stat::Cont, &format!("5.6.0 {what}"));
}

/// One action.
fn act(ctx: &mut Ctx<'_>, st: &mut State, param: &str, class: &str, line: &str, action: &str) -> Verdict {
    let (word, text) = action.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((action, ""));
    let text = text.trim();
    let verb = word.to_ascii_uppercase();
    let log = |ctx: &mut Ctx<'_>, st: &mut State, what: &str, text: &str| {
        let event = Log::Check {
            qid: st.m.qid.clone(),
            action: what.to_owned(),
            class: class.to_owned(),
            content: line.chars().map(|c| if c.is_control() { '?' } else { c }).collect(),
            source: Box::new(source(st)),
            text: text.to_owned(),
        };
        st.log(ctx, event);
    };
    match verb.as_str() {
        "WARN" => log(ctx, st, "warning", text),
        "INFO" => log(ctx, st, "info", text),
        "OK" | "DUNNO" => {}
        "PASS" => {
            log(ctx, st, "pass", text);
            st.unfiltered = true;
        }
        "IGNORE" => return Verdict::Drop,
        "STRIP" => {
            log(ctx, st, "strip", text);
            return Verdict::Drop;
        }
        "REJECT" => {
            let detail = Stat::Cont.detail();
            let reason = match text {
                "" => format!("{} {}", detail.dsn, detail.text),
                t if t.starts_with(['4', '5']) && t[1..].starts_with('.') => t.to_owned(),
                t => format!("{} {t}", detail.dsn),
            };
            log(ctx, st, "reject", &reason);
            st.fail(if reason.starts_with('4') { Stat::Defer } else { Stat::Cont }, &reason);
        }
        "HOLD" => {
            if !st.hold {
                log(ctx, st, "hold", text);
                st.hold = true;
            }
        }
        "DISCARD" => {
            log(ctx, st, "discard", text);
            st.discard = true;
            st.unfiltered = true;
        }
        "FILTER" => {
            if text.contains(':') {
                log(ctx, st, "filter", text);
                text.clone_into(&mut st.filter);
            } else {
                bad(
                    ctx,
                    st,
                    param,
                    if text.is_empty() { BadCheck::NoFilter } else { BadCheck::Filter(text.to_owned()) },
                );
            }
        }
        "REDIRECT" => {
            if text.contains('@') {
                log(ctx, st, "redirect", text);
                text.clone_into(&mut st.redirect);
                // What goes elsewhere is not looked at any further.
                st.unfiltered = true;
            } else {
                bad(ctx, st, param, BadCheck::Redirect(text.to_owned()));
            }
        }
        "BCC" => {
            if text.contains('@') {
                log(ctx, st, "bcc", text);
                st.bcc.push(text.to_owned());
            } else {
                bad(ctx, st, param, BadCheck::Bcc(text.to_owned()));
            }
        }
        "REPLACE" => {
            if text.is_empty() {
                bad(ctx, st, param, BadCheck::NoText("REPLACE"));
            } else if class == "header" && header_name(text).is_none() {
                bad(ctx, st, param, BadCheck::NoHeader("REPLACE", text.to_owned()));
            } else {
                log(ctx, st, "replace", text);
                return Verdict::Replace(text.to_owned());
            }
        }
        "PREPEND" => {
            if text.is_empty() {
                bad(ctx, st, param, BadCheck::NoText("PREPEND"));
            } else if class == "header" && header_name(text).is_none() {
                bad(ctx, st, param, BadCheck::NoHeader("PREPEND", text.to_owned()));
            } else {
                log(ctx, st, "prepend", text);
                return Verdict::Prepend(text.to_owned());
            }
        }
        _ => st.log(ctx, Log::UnknownCheck { map: param.to_owned(), action: action.to_owned() }),
    }
    Verdict::Keep
}

fn bad(ctx: &mut Ctx<'_>, st: &mut State, map: &str, what: BadCheck) {
    st.log(ctx, Log::BadCheckArgument { map: map.to_owned(), what });
}

/// Where the message came from, as the log line says it.
pub fn source(st: &State) -> Source {
    let client = st.m.client.as_ref();
    Source {
        origin: client.map_or_else(|| "local".to_owned(), |c| format!("{}[{}]", c.name, c.addr)),
        sender: st.sender.clone(),
        recipient: st.last_recipient.clone(),
        proto: client.map(|c| c.proto.clone()),
        helo: client.map(|c| c.helo.clone()).filter(|h| !h.is_empty()),
    }
}
