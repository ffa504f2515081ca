//! pipe(8): hands a message to a program by the arguments in master.cf.
//!
//! Left out: the flags of multi-recipient file locking.

use super::agent::{self, Proc};
use super::delivery::{Exec, Item, Outcome, Request, Verdict};
use super::expand::{Piece, pieces};
use super::pipe_command::{self, cannot_run, shell_quote};
use super::{Ctx, ExecRequest, mbox};
use crate::base::Span;
use crate::host::Cred;
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;

/// The flags that there are.
const FLAGS: &str = "BDFORXhqu.>";

/// Macros with a value for each recipient: a word with one of them stands once for each.
const OF_RECIPIENT: [&str; 6] = ["recipient", "user", "extension", "mailbox", "original_recipient", "domain"];

/// What `flags=`, `user=`, `argv=` and their kin say.
struct Attrs {
    flags: String,
    cred: Cred,
    argv: Vec<String>,
    null_sender: String,
    eol: String,
    directory: Option<String>,
    size: i64,
}

impl Attrs {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    /// Reads a service's arguments; the error is the program's last word.
    fn read(ctx: &Ctx<'_>, p: &Proc, args: &[String]) -> Result<Attrs, AgentFatal> {
        let mut a = Attrs {
            flags: String::new(),
            cred: Cred::root(),
            argv: Vec::new(),
            null_sender: "MAILER-DAEMON".into(),
            eol: "\n".into(),
            directory: None,
            size: 0,
        };
        let mut user = false;
        let mut words = args.iter();
        while let Some(w) = words.next() {
            match w.split_once('=').unwrap_or((w, "")) {
                ("flags", v) => {
                    if let Some(c) = v.chars().find(|c| !FLAGS.contains(*c)) {
                        return Err(AgentFatal::UnknownFlag(c));
                    }
                    v.clone_into(&mut a.flags);
                }
                ("user", v) => {
                    a.cred = credentials(ctx, v)?;
                    user = true;
                }
                ("null_sender", v) => v.clone_into(&mut a.null_sender),
                ("eol", v) => a.eol = v.replace("\\r", "\r").replace("\\n", "\n"),
                ("directory", v) => a.directory = Some(v.to_owned()),
                ("size", v) => {
                    a.size = v.parse().map_err(|_| AgentFatal::BadSize(v.to_owned()))?;
                }
                ("argv", v) => {
                    a.argv.push(v.to_owned());
                    a.argv.extend(words.by_ref().cloned());
                }
                _ => return Err(AgentFatal::UnknownAttribute(w.clone())),
            }
        }
        if !user {
            return Err(AgentFatal::Missing("user"));
        }
        if a.argv.is_empty() {
            return Err(AgentFatal::Missing("argv"));
        }
        let owner = p.conf.get("mail_owner");
        if a.cred.uid == 0 {
            return Err(AgentFatal::RootPrivileges);
        }
        if ctx.host.uid(&owner) == Some(a.cred.uid) {
            return Err(AgentFatal::MailOwner(owner));
        }
        let postdrop = p.conf.get("setgid_group");
        let (gid, owners) = (a.cred.gid, ctx.host.user(&owner).map(|u| u.gid));
        match gid {
            0 => Err(AgentFatal::PrivilegedGroup),
            _ if owners == Some(gid) => Err(AgentFatal::MailOwnerGroup { owner, gid }),
            _ if ctx.host.group(&postdrop).is_some_and(|g| g.gid == gid) => {
                Err(AgentFatal::QueueGroup { group: postdrop, gid })
            }
            _ => Ok(a),
        }
    }
}

/// `USER` or `USER:GROUP`.
fn credentials(ctx: &Ctx<'_>, value: &str) -> Result<Cred, AgentFatal> {
    let (name, group) = value.split_once(':').map_or((value, None), |(u, g)| (u, Some(g)));
    let user = ctx.host.user(name).ok_or_else(|| AgentFatal::UnknownUser(name.to_owned()))?;
    let gid = match group {
        None | Some("") => user.gid,
        Some(g) => ctx.host.group(g).ok_or_else(|| AgentFatal::UnknownGroup(g.to_owned()))?.gid,
    };
    Ok(Cred { uid: user.uid, gid, groups: Vec::new() })
}

/// Delivers a request: one program for all of its recipients.
pub fn deliver(ctx: &mut Ctx<'_>, p: &Proc, r: &Request) -> Outcome {
    let took = ctx.host.jitter("pipe.start", &r.qid, 500, 4_000);
    let args = agent::service_args(ctx, &r.transport);
    let a = match Attrs::read(ctx, p, &args) {
        Ok(a) => a,
        Err(why) => {
            return Outcome { took, crash: Some(Delivery::ServerFatal(why).into()), ..Outcome::default() };
        }
    };
    let all = |verdict: Verdict, dsn: &str, text: &str| {
        Outcome::all(r, took, |i| Item::new(i, verdict, dsn, text).relay(p.service().to_owned()))
    };
    let unconfigured = |fault: Delivery| {
        let mut out = all(Verdict::Deferred, "4.3.5", "mail system configuration error");
        out.log(Span::ZERO, fault);
        out
    };
    if r.verify {
        return all(Verdict::Sent, "2.0.0", &format!("delivers to command: {}", a.argv[0]));
    }
    let single = ['D', 'O'].into_iter().find(|f| a.has(*f) && r.recipients.len() > 1);
    if let Some(flag) = single {
        return unconfigured(Delivery::PipeSingle { service: p.service().to_owned(), flag });
    }
    let content = r.content(ctx);
    if a.has('D') && super::local::delivered_before(&content, &r.recipients[0].address) {
        let text = format!("mail forwarding loop for {}", r.recipients[0].address);
        return all(Verdict::Bounced, "5.4.6", &text);
    }
    if a.size > 0 && content.len() as i64 > a.size {
        return all(Verdict::Bounced, "5.2.3", "message too large");
    }
    let words = match command(p, r, &a) {
        Ok(words) => words,
        Err(fault) => return unconfigured(fault),
    };
    let (directory, program) = (a.directory.as_deref(), a.argv.first().map(String::as_str));
    if let Some((fault, output)) = cannot_run(ctx, "pipe", "pipe_command: ", &a.cred, directory, program) {
        let item = Item::new(0, Verdict::Sent, "", "").relay(p.service().to_owned());
        let item = pipe_command::not_run(item, &output);
        let mut out = Outcome::all(r, took, |i| Item { rcpt: i, ..item.clone() });
        out.log(took, fault);
        return out;
    }
    let line: Vec<String> = words.iter().map(|w| shell_quote(w)).collect();
    let mut request = ExecRequest::new(a.cred.clone(), line.join(" "), message(p, r, &a, &content));
    request.env = match pipe_command::environment(&p.conf) {
        Ok(env) => env,
        Err(why) => {
            return Outcome { took, crash: Some(Delivery::ServerFatal(why).into()), ..Outcome::default() };
        }
    };
    request.cwd = a.directory.clone().unwrap_or(request.cwd);
    request.limit = Span::secs(p.conf.transport_time(&r.transport, "_time_limit"));
    let item = Item::new(0, Verdict::Sent, "2.0.0", "").relay(p.service().to_owned()).at(took);
    let exec = Exec { request, item, command: a.argv[0].clone(), pipe: true };
    Outcome { took, execs: vec![exec], ..Outcome::default() }
}

/// The program and its arguments, with the values of macros.
fn command(p: &Proc, r: &Request, a: &Attrs) -> Result<Vec<String>, Delivery> {
    let mut words = Vec::new();
    for w in &a.argv {
        let (parts, fault) = pieces(w);
        if let Some(fault) = fault {
            return Err(Delivery::Macro(fault));
        }
        let of_recipient = |x: &Piece<'_>| matches!(x, Piece::Expression(e) if OF_RECIPIENT.contains(e));
        let times = if parts.iter().any(of_recipient) { r.recipients.len() } else { 1 };
        for i in 0..times {
            let mut word = String::new();
            for part in &parts {
                match part {
                    Piece::Literal(t) => word.push_str(t),
                    Piece::Expression(name) => {
                        let unknown =
                            || Delivery::PipeMacro { service: p.service().to_owned(), name: (*name).to_owned() };
                        word.push_str(&value(p, r, a, i, name).ok_or_else(unknown)?);
                    }
                }
            }
            words.push(word);
        }
    }
    Ok(words)
}

/// The value of a macro for a recipient.
fn value(p: &Proc, r: &Request, a: &Attrs, i: usize, name: &str) -> Option<String> {
    let rcpt = &r.recipients[i];
    let fold = |s: &str, flag: char| if a.has(flag) { s.to_lowercase() } else { s.to_owned() };
    let quoted = |s: &str| if a.has('q') { agent::quote_local(s) } else { s.to_owned() };
    let folded = |s: &str| match s.rsplit_once('@') {
        Some((l, d)) => quoted(&format!("{}@{}", fold(l, 'u'), fold(d, 'h'))),
        None => quoted(&fold(s, 'u')),
    };
    let (local, domain) = rcpt.address.rsplit_once('@').unwrap_or((rcpt.address.as_str(), ""));
    let (user, extension) = agent::split_extension(&p.conf, local);
    let attr = |name: &str| r.envelope.attr(name).to_owned();
    Some(match name {
        "recipient" => folded(&rcpt.address),
        "original_recipient" => folded(&rcpt.orig),
        "user" => fold(user, 'u'),
        "extension" => fold(extension.unwrap_or(""), 'u'),
        "mailbox" => fold(local, 'u'),
        "domain" => fold(domain, 'h'),
        "sender" if r.sender.is_empty() => a.null_sender.clone(),
        "sender" => quoted(&r.sender),
        "nexthop" => fold(&r.nexthop, 'h'),
        "queue_id" => r.qid.clone(),
        "size" => r.envelope.size.to_string(),
        "client_hostname" => attr("client_name"),
        "client_helo" => attr("helo_name"),
        "client_protocol" => attr("protocol_name"),
        "client_address" | "client_port" | "sasl_method" | "sasl_username" | "sasl_sender" => attr(name),
        _ => return None,
    })
}

/// What the program reads: the message by the flags.
fn message(p: &Proc, r: &Request, a: &Attrs, content: &[u8]) -> Vec<u8> {
    let sender = if r.sender.is_empty() { a.null_sender.clone() } else { agent::quote_local(&r.sender) };
    let first = &r.recipients[0];
    let mut head = String::new();
    if a.has('F') {
        head += &mbox::from_line(&sender, r.handoff);
    }
    if a.has('R') {
        head += &format!("Return-Path: <{sender}>\n");
    }
    if a.has('O') && p.conf.bool("enable_original_recipient") {
        head += &format!("X-Original-To: {}\n", first.orig);
    }
    if a.has('D') {
        head += &format!("Delivered-To: {}\n", first.address);
    }
    let mut out = Vec::with_capacity(head.len() + content.len() + 2);
    let mut put = |line: &[u8]| {
        out.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        out.extend_from_slice(a.eol.as_bytes());
    };
    head.split_inclusive('\n').for_each(|l| put(l.as_bytes()));
    for line in content.split_inclusive(|b| *b == b'\n') {
        let quote: &[u8] = match line {
            l if a.has('.') && l.starts_with(b".") => b".",
            l if a.has('>') && l.starts_with(b"From ") => b">",
            _ => b"",
        };
        put(&[quote, line].concat());
    }
    if a.has('B') {
        put(b"");
    }
    out
}
