//! pipe(8): hands a message to a program by the arguments in master.cf.

use super::agent::{self, Proc};
use super::delivery::{Exec, Item, Outcome, Request, Verdict};
use super::{Ctx, ExecRequest};
use crate::host::Cred;
use crate::log::delivery::Delivery;

/// What `flags=`, `user=`, `argv=` and their kin say.
#[derive(Default)]
struct Attrs {
    flags: String,
    user: String,
    argv: Vec<String>,
    null_sender: Option<String>,
    eol_crlf: bool,
}

fn attrs(args: &[String]) -> Attrs {
    let mut a = Attrs::default();
    let mut it = args.iter();
    while let Some(w) = it.next() {
        if let Some(v) = w.strip_prefix("flags=") {
            v.clone_into(&mut a.flags);
        } else if let Some(v) = w.strip_prefix("user=") {
            v.clone_into(&mut a.user);
        } else if let Some(v) = w.strip_prefix("null_sender=") {
            a.null_sender = Some(v.to_owned());
        } else if let Some(v) = w.strip_prefix("eol=") {
            a.eol_crlf = v.contains("\\r");
        } else if let Some(v) = w.strip_prefix("argv=") {
            a.argv.push(v.to_owned());
            a.argv.extend(it.by_ref().cloned());
        }
    }
    a
}

fn shell_quote(s: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !s.is_empty() && s.chars().all(plain) { s.to_owned() } else { format!("'{}'", s.replace('\'', "'\\''")) }
}

/// Delivers a request: one program for all of its recipients.
pub fn deliver(ctx: &mut Ctx<'_>, p: &Proc, r: &Request) -> Outcome {
    let args = agent::service_args(ctx, &r.transport);
    let a = attrs(&args);
    let took = ctx.host.jitter("pipe.start", &r.qid, 500, 4_000);
    let name = a.user.split(':').next().unwrap_or("").to_owned();
    let Some(user) = ctx.host.user(&name) else {
        let mut out = Outcome::all(r, took, |i| {
            Item::new(i, Verdict::Deferred, "4.3.5", "mail system configuration error").relay(p.service.clone())
        });
        out.logs.push((took, Delivery::PipeConfig { text: format!("unknown username: {name}") }.into()));
        return out;
    };
    if r.verify {
        return Outcome::all(r, took, |i| {
            let text = format!("delivers to command: {}", a.argv.first().cloned().unwrap_or_default());
            Item::new(i, Verdict::Sent, "2.0.0", text).relay(p.service.clone())
        });
    }
    let cred = match a.user.split_once(':') {
        Some((_, g)) => Cred { uid: user.uid, gid: ctx.host.group(g).map_or(user.gid, |g| g.gid), groups: Vec::new() },
        None => ctx.host.cred_of(&user),
    };
    let sender = if r.sender.is_empty() {
        a.null_sender.clone().unwrap_or_else(|| "MAILER-DAEMON".into())
    } else {
        r.sender.clone()
    };
    let sender = if a.flags.contains('q') { agent::quote_local(&sender) } else { sender };
    let mut out = Outcome { took, ..Outcome::default() };
    let g: Vec<usize> = (0..r.recipients.len()).collect();
    {
        let mut words = Vec::new();
        for w in &a.argv {
            let per = ["recipient", "user", "extension", "mailbox", "original_recipient", "domain"];
            if per.iter().any(|v| w.contains(&format!("${{{v}}}")) || w.contains(&format!("${v}"))) {
                for i in &g {
                    words.push(expand(p, w, r, *i, &sender, &a.flags));
                }
            } else {
                words.push(expand(p, w, r, g[0], &sender, &a.flags));
            }
        }
        let mut input = Vec::new();
        if a.flags.contains('F') {
            let c = r.handoff.civil();
            input.extend_from_slice(
                format!(
                    "From {sender}  {} {} {:2} {:02}:{:02}:{:02} {}\n",
                    crate::base::time::WEEKDAYS[c.weekday as usize],
                    crate::base::time::MONTHS[c.month as usize - 1],
                    c.day,
                    c.hour,
                    c.minute,
                    c.second,
                    c.year
                )
                .as_bytes(),
            );
        }
        if a.flags.contains('R') {
            input.extend_from_slice(format!("Return-Path: <{}>\n", agent::quote_local(&r.sender)).as_bytes());
        }
        if a.flags.contains('O') {
            input.extend_from_slice(format!("X-Original-To: {}\n", r.recipients[g[0]].orig).as_bytes());
        }
        if a.flags.contains('D') {
            input.extend_from_slice(format!("Delivered-To: {}\n", r.recipients[g[0]].address).as_bytes());
        }
        input.extend_from_slice(&r.content(ctx));
        if a.eol_crlf {
            input = String::from_utf8_lossy(&input).replace('\n', "\r\n").into_bytes();
        }
        let command: Vec<String> = words.iter().map(|w| shell_quote(w)).collect();
        for (n, i) in g.iter().enumerate() {
            let item = Item::new(*i, Verdict::Sent, "2.0.0", "").relay(p.service.clone()).at(took);
            let request = ExecRequest {
                id: 0,
                cred: cred.clone(),
                // The program runs once; the other recipients share its result through `true`.
                command: if n == 0 { command.join(" ") } else { "true".into() },
                input: if n == 0 { input.clone() } else { Vec::new() },
                env: vec![("PATH".into(), "/usr/bin:/bin".into()), ("MAIL_CONFIG".into(), "/etc/postfix".into())],
            };
            out.execs.push(Exec { request, item, command: p.service.clone(), pipe: true });
        }
    }
    out
}

/// The `${…}` of pipe(8)'s arguments.
fn expand(p: &Proc, word: &str, r: &Request, i: usize, sender: &str, flags: &str) -> String {
    let rcpt = &r.recipients[i];
    let fold = |s: &str| if flags.contains('u') { s.to_lowercase() } else { s.to_owned() };
    let (local, domain) = rcpt.address.rsplit_once('@').unwrap_or((rcpt.address.as_str(), ""));
    let (user, extension) = agent::split_extension(&p.conf, local);
    let domain = if flags.contains('h') { domain.to_lowercase() } else { domain.to_owned() };
    let address = if domain.is_empty() { fold(local) } else { format!("{}@{domain}", fold(local)) };
    let lookup = |name: &str| -> Option<String> {
        Some(match name {
            "recipient" => address.clone(),
            "original_recipient" => rcpt.orig.clone(),
            "user" => fold(user),
            "extension" => fold(extension.unwrap_or("")),
            "mailbox" => fold(local),
            "domain" => domain.clone(),
            "sender" => sender.to_owned(),
            "nexthop" => r.nexthop.clone(),
            "queue_id" => r.qid.clone(),
            "size" => r.envelope.size.to_string(),
            "client_address" => r.envelope.attr("client_address").to_owned(),
            "client_hostname" => r.envelope.attr("client_name").to_owned(),
            "client_helo" => r.envelope.attr("helo_name").to_owned(),
            "client_protocol" => r.envelope.attr("protocol_name").to_owned(),
            "sasl_method" => r.envelope.attr("sasl_method").to_owned(),
            "sasl_username" => r.envelope.attr("sasl_username").to_owned(),
            "sasl_sender" => r.envelope.attr("sasl_sender").to_owned(),
            _ => return None,
        })
    };
    agent::expand(word, &lookup)
}
