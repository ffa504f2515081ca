//! `smtp_header_checks`, `smtp_mime_header_checks`, `smtp_nested_header_checks` and `smtp_body_checks`: what is changed or said of
//! a message on its way out (`hbc_header_checks()`). Actions that would stop a message are none here.

use super::Client;
use crate::log::cleanup::{BadCheck, Cleanup};
use crate::log::delivery::Delivery;
use crate::postfix::Ctx;
use crate::postfix::agent;
use crate::postfix::cleanup::header;
use crate::postfix::cleanup::mime::{self, Piece};

/// A table could not be searched, which is in the log.
pub(super) struct Failed;

/// The message as it is sent: as it is in the queue, when nothing is to be checked.
pub(super) fn apply(ctx: &mut Ctx<'_>, c: &mut Client<'_>, content: Vec<u8>) -> Result<Vec<u8>, Failed> {
    let [head, part, nested, body] =
        ["header_checks", "mime_header_checks", "nested_header_checks", "body_checks"].map(|n| c.name(n));
    if [&head, &part, &nested, &body].into_iter().all(|p| c.p.conf.is_empty(p)) {
        return Ok(content);
    }
    let Ok(text) = String::from_utf8(content.clone()) else { return Ok(content) };
    let (headers, rest) = header::split(&text);
    let mut out = String::with_capacity(text.len() + 256);
    for h in &headers {
        line(ctx, c, &head, "header", h, &mut out)?;
    }
    let limit = c.p.conf.int("body_checks_size_limit").max(0) as usize;
    let structure = !c.p.conf.bool("disable_mime_output_conversion");
    for piece in mime::pieces(if structure { &headers } else { &[] }, &rest) {
        match &piece {
            Piece::Line(l, at) if !l.is_empty() && (limit == 0 || *at < limit) => {
                line(ctx, c, &body, "body", l, &mut out)?;
            }
            Piece::Line(l, _) => {
                out.push_str(l);
                out.push('\n');
            }
            Piece::Part(h) => line(ctx, c, &part, "header", h, &mut out)?,
            Piece::Nested(h) => line(ctx, c, &nested, "header", h, &mut out)?,
        }
    }
    Ok(out.into_bytes())
}

/// One logical line, and what a check makes of it.
fn line(
    ctx: &mut Ctx<'_>,
    c: &mut Client<'_>,
    param: &str,
    class: &'static str,
    text: &str,
    out: &mut String,
) -> Result<(), Failed> {
    let mut put = |lines: &[&str]| {
        for l in lines {
            out.push_str(l);
            out.push('\n');
        }
    };
    let found = if c.p.conf.is_empty(param) { Ok(None) } else { agent::lookup(ctx, c.p, param, text) };
    let Ok(found) = found else {
        c.log(Delivery::ChecksLookup { qid: c.r.qid.clone(), class });
        return Err(Failed);
    };
    let Some(action) = found else {
        put(&[text]);
        return Ok(());
    };
    let (word, argument) = action.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((&action, ""));
    let argument = argument.trim();
    let say = |what: &'static str| {
        let content = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        Delivery::Check { qid: c.r.qid.clone(), action: what, class, content, text: argument.to_owned() }
    };
    let no_text = |what| Cleanup::BadCheckArgument { map: param.to_owned(), what: BadCheck::NoText(what) };
    match word.to_ascii_uppercase().as_str() {
        "OK" | "DUNNO" => put(&[text]),
        "IGNORE" => {}
        "STRIP" => c.log(say("strip")),
        "WARN" => {
            c.log(say("warning"));
            put(&[text]);
        }
        "INFO" => {
            c.log(say("info"));
            put(&[text]);
        }
        "PREPEND" if argument.is_empty() => {
            c.log(no_text("PREPEND"));
            put(&[text]);
        }
        "PREPEND" => {
            c.log(say("prepend"));
            put(&[argument, text]);
        }
        "REPLACE" if argument.is_empty() => {
            c.log(no_text("REPLACE"));
            put(&[text]);
        }
        "REPLACE" => {
            c.log(say("replace"));
            put(&[argument]);
        }
        _ => {
            c.log(Delivery::Unsupported { map: param.to_owned(), action: action.clone() });
            put(&[text]);
        }
    }
    Ok(())
}
