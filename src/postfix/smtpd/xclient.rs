//! XCLIENT and XFORWARD: another mail server says who the client is.
//!
//! Left out: XFORWARD's attributes in the queue file (only the log line shows them).

use super::Session;
use super::token::Token;
use crate::postfix::Ctx;
use crate::postfix::restriction::NameStatus;
use std::net::IpAddr;

/// Undoes xtext.
fn unxtext(text: &str) -> String {
    let b = text.as_bytes();
    let (mut out, mut i) = (Vec::new(), 0);
    while i < b.len() {
        if b[i] == b'+'
            && let Some(n) = text.get(i + 1..i + 3).and_then(|h| u8::from_str_radix(h, 16).ok())
        {
            out.push(n);
            i += 3;
            continue;
        }
        out.push(b[i]);
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Session {
    pub(super) fn xclient(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if self.state.sender.is_some() {
            return self.refuse(ctx, "503 5.5.1 Error: MAIL transaction in progress");
        }
        if !self.may_xclient {
            return self.refuse(ctx, "550 5.7.0 Error: insufficient authorization");
        }
        if words.len() < 2 {
            return self.refuse(ctx, "501 5.5.4 Syntax: XCLIENT attribute=value...");
        }
        for w in &words[1..] {
            let Some((name, value)) = w.text.split_once('=') else {
                return self.refuse(ctx, "501 5.5.4 Error: attribute=value expected");
            };
            let value = unxtext(value);
            let unavailable = value.eq_ignore_ascii_case("[UNAVAILABLE]");
            let temporary = value.eq_ignore_ascii_case("[TEMPUNAVAIL]");
            match name.to_ascii_uppercase().as_str() {
                "NAME" => {
                    let known = !unavailable && !temporary;
                    self.state.name_status = match (known, temporary) {
                        (true, _) => NameStatus::Ok,
                        (_, true) => NameStatus::Temporary,
                        _ => NameStatus::Permanent,
                    };
                    self.state.name = if known { value } else { "unknown".into() };
                }
                "REVERSE_NAME" => {
                    let known = !unavailable && !temporary;
                    self.state.reverse_name_status = if known { NameStatus::Ok } else { NameStatus::Permanent };
                    self.state.reverse_name = if known { value } else { "unknown".into() };
                }
                "ADDR" => {
                    let bare = value.strip_prefix("IPV6:").or_else(|| value.strip_prefix("IPv6:")).unwrap_or(&value);
                    match bare.parse::<IpAddr>() {
                        Ok(ip) => {
                            self.client = ip;
                            self.state.addr = ip.to_string();
                        }
                        Err(_) if unavailable => self.state.addr = "unknown".into(),
                        Err(_) => {
                            let text = format!("501 5.5.4 Bad ADDR syntax: {value}");
                            return self.refuse(ctx, &text);
                        }
                    }
                }
                "PORT" => self.state.port = value,
                "HELO" => self.state.helo = (!unavailable).then_some(value),
                "PROTO" => self.state.protocol = Some(value.to_ascii_uppercase()),
                "LOGIN" => {
                    self.state.sasl_username = if unavailable { String::new() } else { value };
                    self.state.sasl_method = if unavailable { String::new() } else { "XCLIENT".into() };
                }
                "DESTADDR" => self.state.server_addr = value,
                "DESTPORT" => self.state.server_port = value,
                _ => {
                    let text = format!("501 5.5.4 Bad XCLIENT attribute name: {name}");
                    return self.refuse(ctx, &text);
                }
            }
        }
        self.denied = None;
        self.may_xclient = false;
        let helo = self.state.helo.take();
        self.reset_mail(ctx);
        self.state.helo = helo;
        self.look_up_mask(ctx);
        self.banner(ctx);
        true
    }

    pub(super) fn xforward(&mut self, ctx: &mut Ctx<'_>, words: &[Token<'_>]) -> bool {
        if self.state.sender.is_some() {
            return self.refuse(ctx, "503 5.5.1 Error: MAIL transaction in progress");
        }
        if !self.may_xforward {
            return self.refuse(ctx, "550 5.7.0 Error: insufficient authorization");
        }
        if words.len() < 2 {
            return self.refuse(ctx, "501 5.5.4 Syntax: XFORWARD attribute=value...");
        }
        for w in &words[1..] {
            let Some((name, value)) = w.text.split_once('=') else {
                return self.refuse(ctx, "501 5.5.4 Error: attribute=value expected");
            };
            let value = unxtext(value);
            match name.to_ascii_uppercase().as_str() {
                "NAME" => self.forward.0 = value,
                "ADDR" => self.forward.1 = value,
                "PROTO" | "HELO" | "SOURCE" | "PORT" => {}
                "IDENT" => self.forward.2 = value,
                _ => {
                    let text = format!("501 5.5.4 Bad XFORWARD attribute name: {name}");
                    return self.refuse(ctx, &text);
                }
            }
        }
        self.reply(ctx, "250 2.0.0 Ok");
        true
    }

    /// What follows `client=` when a mail server in front told who the client is.
    pub(super) fn origin(&self) -> String {
        let (name, addr, ident) = &self.forward;
        let mut s = String::new();
        if !ident.is_empty() {
            s += &format!(", orig_queue_id={ident}");
        }
        if !name.is_empty() || !addr.is_empty() {
            let name = if name.is_empty() { "unknown" } else { name };
            let addr = if addr.is_empty() { "unknown" } else { addr };
            s += &format!(", orig_client={name}[{addr}]");
        }
        s
    }
}
