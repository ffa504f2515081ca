//! ssh(1) to a client's machine, to try the mail server from outside.
//!
//! Modelled: the network vantage ([`Ctx::vantage`]) and the login. Left out: the client's own disk (its user may only read what
//! anybody may), keys, host keys, options other than `-l` and `-p`.

use crate::command::Ctx;
use crate::host::Cred;
use crate::host::dns::Answer;
use std::net::IpAddr;

/// The user on every client's machine.
const USER: &str = "alumno";

pub(super) async fn ssh(ctx: &mut Ctx) -> i32 {
    let mut args = &ctx.args[1..];
    let mut user = USER.to_owned();
    while let Some(a) = args.first().filter(|a| a.starts_with('-')) {
        args = &args[1..];
        if matches!(a.as_str(), "-p" | "-l" | "-o" | "-i" | "-F") && !args.is_empty() {
            if a == "-l" {
                user.clone_from(&args[0]);
            }
            args = &args[1..];
        }
    }
    let Some(target) = args.first() else {
        ctx.err(
            "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface] [-b bind_address]\n           [-c cipher_spec] [-D [bind_address:]port] [-E log_file]\n           [-e escape_char] [-F configfile] [-I pkcs11] [-i identity_file]\n           destination [command [argument ...]]\n",
        );
        return 255;
    };
    let host = match target.split_once('@') {
        Some((u, h)) => {
            u.clone_into(&mut user);
            h.to_owned()
        }
        None => target.clone(),
    };
    let command = args[1..].join(" ");
    let w = ctx.world();
    let ip: Option<IpAddr> = match host.parse() {
        Ok(ip) => Some(ip),
        Err(_) => match w.borrow().host.dns.query(&host, "A") {
            Answer::Data(v) => v.first().and_then(|a| a.parse().ok()),
            _ => None,
        },
    };
    let Some(ip) = ip else {
        ctx.err(format!("ssh: Could not resolve hostname {host}: Name or service not known\n"));
        return 255;
    };
    let client = is_client(ip, &host);
    if w.borrow().host.net.is_local(ip) || !client {
        let kind = if w.borrow().host.net.is_local(ip) { "Connection refused" } else { "Connection timed out" };
        ctx.err(format!("ssh: connect to host {host} port 22: {kind}\n"));
        return 255;
    }
    let short = match host.parse::<IpAddr>() {
        Ok(_) => format!("pc{}", host.rsplit(['.', ':']).next().unwrap_or("")),
        Err(_) => host.split('.').next().unwrap_or("cliente").to_owned(),
    };
    ctx.vantage = Some(ip);
    ctx.io.cred = Cred { uid: 1000, gid: 1000, groups: Vec::new() };
    let home = format!("/home/{user}");
    ctx.env.clear();
    for (k, v) in [
        ("HOME", home.as_str()),
        ("HOSTNAME", &short),
        ("LANG", "C.UTF-8"),
        ("LOGNAME", &user),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
        ("SHELL", "/bin/bash"),
        ("TERM", "xterm-256color"),
        ("USER", &user),
    ] {
        ctx.env.insert(k.into(), v.into());
    }
    ctx.cwd = home;
    let spawn = ctx.spawn.clone();
    if !command.is_empty() {
        ctx.args = vec!["bash".into(), "-c".into(), command];
        return spawn.bash(ctx.clone()).await;
    }
    ctx.args = vec!["-bash".into()];
    let status = spawn.bash(ctx.clone()).await;
    if ctx.stdin_is_terminal() {
        ctx.out(format!("Connection to {host} closed.\n"));
    }
    status
}

/// Whether a machine is one that the learner may log in to: a client of the documentation nets or of the LAN.
fn is_client(ip: IpAddr, host: &str) -> bool {
    let net = match ip {
        IpAddr::V4(a) => matches!(a.octets(), [192, 0, 2, 50..=255] | [203, 0, 113, _] | [192, 168, _, _] | [10, ..]),
        IpAddr::V6(a) => a.segments()[0] == 0x2001 && a.segments()[1] == 0xdb8,
    };
    net && !host.starts_with("mail.")
}
