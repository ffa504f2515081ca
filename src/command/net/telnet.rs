//! telnet(1) of inetutils: a line typed is a line sent, with CRLF; `^]` brings up its own prompt.
//!
//! Left out: option negotiation, and of its own commands those that set something.

use super::dialogue::{self, Family, Next, connect, port, resolve};
use crate::command::Ctx;

/// What `^]` sends.
const ESCAPE: u8 = 0x1d;

const USAGE: &str = "Usage: telnet [OPTION...] [HOST [PORT]]\nLogin to remote system HOST (optionally, on service port PORT)\n\n \
                     General options:\n\n  -4, --ipv4                 use only IPv4\n  -6, --ipv6                 use only \
                     IPv6\n";

/// telnet(1).
pub async fn telnet(ctx: &mut Ctx) -> i32 {
    let mut family = Family::Any;
    let mut words: Vec<String> = Vec::new();
    for a in &ctx.args[1..] {
        match a.as_str() {
            "-4" | "--ipv4" => family = Family::V4,
            "-6" | "--ipv6" => family = Family::V6,
            "--help" => {
                ctx.out(USAGE);
                return 0;
            }
            a if a.starts_with('-') && a.len() > 1 => {}
            a => words.push(a.to_owned()),
        }
    }
    let Some(name) = words.first().cloned() else { return prompt(ctx).await };
    let service = words.get(1).cloned().unwrap_or_else(|| "telnet".into());
    let world = ctx.world();
    let found = {
        let w = world.borrow();
        match port(&w.host, &service) {
            Ok(p) => resolve(&w.host, &name, ctx.vantage, family).map(|a| (a, p)),
            Err(true) => {
                ctx.err(format!("Port number {service} is out of range.\n"));
                return 1;
            }
            Err(false) => Err("Servname not supported for ai_socktype"),
        }
    };
    let (addresses, port) = match found {
        Ok(f) => f,
        Err(e) => {
            ctx.out(format!("Server lookup failure:  {name}:{service}, {e}\n"));
            return 1;
        }
    };
    let mut last = None;
    // Standard output is a terminal's line by line; into a pipe it goes when the connection stands, or at the end.
    let buffered = !ctx.stdout_is_terminal();
    let mut held = String::new();
    for (i, ip) in addresses.iter().enumerate() {
        held.push_str(&format!("Trying {ip}...\n"));
        if !buffered {
            ctx.out(std::mem::take(&mut held));
        }
        match connect(ctx, *ip, port, None, None).await {
            Ok(id) => {
                last = Some(id);
                break;
            }
            Err(e) if i + 1 < addresses.len() => ctx.err(format!("Connection failed: {e}\n")),
            Err(e) => ctx.err(format!("telnet: Unable to connect to remote host: {e}\n")),
        }
    }
    ctx.out(held);
    let Some(id) = last else { return 1 };
    ctx.out(format!("Connected to {name}.\nEscape character is '^]'.\n"));
    let mut pending: Vec<u8> = Vec::new();
    loop {
        match dialogue::next(&mut ctx.io, id, true, None).await {
            Next::Heard(data) => ctx.out(data.into_iter().filter(|b| *b != b'\r').collect::<Vec<u8>>()),
            Next::Typed(data) => {
                if let Some(at) = data.iter().position(|b| *b == ESCAPE) {
                    pending.extend_from_slice(&data[..at]);
                    if escape(ctx, &name).await {
                        world.borrow_mut().hangup(id);
                        return 0;
                    }
                    continue;
                }
                pending.extend_from_slice(&data);
                let mut wire = Vec::new();
                while let Some(i) = pending.iter().position(|b| *b == b'\n') {
                    let line: Vec<u8> = pending.drain(..=i).collect();
                    let line = line.strip_suffix(b"\n").unwrap_or(&line);
                    wire.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                    wire.extend_from_slice(b"\r\n");
                }
                world.borrow_mut().send(id, &wire);
            }
            Next::Eof => {
                // The end of a pipe ends telnet; what the far end has said by then is shown.
                let (data, _) = world.borrow_mut().recv(id);
                ctx.out(data.into_iter().filter(|b| *b != b'\r').collect::<Vec<u8>>());
                world.borrow_mut().hangup(id);
                ctx.err("Connection closed by foreign host.\n");
                return 0;
            }
            Next::Closed => {
                world.borrow_mut().hangup(id);
                ctx.err("Connection closed by foreign host.\n");
                return 0;
            }
            Next::Timeout => {}
        }
    }
}

/// The prompt behind `^]`; whether the connection is closed.
async fn escape(ctx: &mut Ctx, name: &str) -> bool {
    loop {
        ctx.out("telnet> ");
        let Ok(Some(l)) = ctx.io.read_line(0).await else {
            ctx.out("\nConnection closed.\n");
            return true;
        };
        let text = String::from_utf8_lossy(&l).trim().to_owned();
        match command(&text) {
            None if text.is_empty() => return false,
            None => ctx.out("?Invalid command\n"),
            Some("quit" | "close") => {
                ctx.out("Connection closed.\n");
                return true;
            }
            Some("?") => ctx.out(HELP),
            Some("status") => {
                ctx.out(format!(
                    "Connected to {name}.\nOperating in obsolete linemode\nLocal character echo\nEscape character is \
                     '^]'.\n"
                ));
                return false;
            }
            Some(other) => ctx.err(format!("maillab: {other} of telnet is not simulated here; see: quit, status\n")),
        }
    }
}

/// Its own commands and what `help` says of them.
const COMMANDS: [&str; 16] = [
    "close", "logout", "display", "mode", "open", "quit", "send", "set", "unset", "status", "toggle", "slc", "auth",
    "encrypt", "z", "environ",
];

const HELP: &str = "\
Commands may be abbreviated.  Commands are:

close   \tclose current connection
logout  \tforcibly logout remote user and close the connection
display \tdisplay operating parameters
mode    \ttry to enter line or character mode ('mode ?' for more)
open    \tconnect to a site
quit    \texit telnet
send    \ttransmit special characters ('send ?' for more)
set     \tset operating parameters ('set ?' for more)
unset   \tunset operating parameters ('unset ?' for more)
status  \tprint status information
toggle  \ttoggle operating parameters ('toggle ?' for more)
slc     \tchange state of special characters ('slc ?' for more)
auth    \tturn on (off) authentication ('auth ?' for more)
encrypt \tturn on (off) encryption ('encrypt ?' for more)
z       \tsuspend telnet
!       \tinvoke a subshell
environ \tchange environment variables ('environ ?' for more)
?       \tprint help information
";

/// The command that a line begins with, abbreviated or not.
fn command(line: &str) -> Option<&'static str> {
    let word = line.split_whitespace().next()?.to_ascii_lowercase();
    if word == "?" || "help".starts_with(&word) {
        return Some("?");
    }
    COMMANDS.into_iter().find(|c| c.starts_with(&word))
}

/// `telnet` alone: its own prompt.
async fn prompt(ctx: &mut Ctx) -> i32 {
    loop {
        ctx.out("telnet> ");
        let Ok(Some(l)) = ctx.io.read_line(0).await else {
            ctx.out("\n");
            return 0;
        };
        let text = String::from_utf8_lossy(&l).trim().to_owned();
        match command(&text) {
            None if text.is_empty() => {}
            None => ctx.out("?Invalid command\n"),
            Some("quit") => return 0,
            Some("?") => ctx.out(HELP),
            Some("status") => ctx.out("No connection.\nEscape character is '^]'.\n"),
            Some("close" | "logout") => ctx.out("?Need to be connected first.\n"),
            Some(other) => {
                ctx.err(format!("maillab: {other} of telnet is not simulated here; see: telnet HOST PORT\n"));
            }
        }
    }
}
