//! lsof(8) and fuser(1): which process holds a socket.
//!
//! Left out: files other than sockets and, for fuser, other than ports.

use super::dialogue;
use crate::command::Ctx;
use crate::host::net::{Listener, Proto};

/// What `-i` selects: protocol and port.
struct Internet {
    proto: Option<Proto>,
    port: Option<u16>,
    family: Option<bool>,
}

fn internet(ctx: &Ctx, text: &str) -> Option<Internet> {
    let (mut rest, mut family) = (text, None);
    for (digit, v6) in [("4", false), ("6", true)] {
        if let Some(r) = rest.strip_prefix(digit) {
            (rest, family) = (r, Some(v6));
        }
    }
    let lower = rest.to_ascii_lowercase();
    let proto = if lower.starts_with("tcp") {
        Some(Proto::Tcp)
    } else if lower.starts_with("udp") {
        Some(Proto::Udp)
    } else {
        None
    };
    let tail = if proto.is_some() { &rest[3..] } else { rest };
    let port = match tail.rsplit_once(':') {
        Some((_, p)) => Some(dialogue::port(&ctx.world().borrow().host, p).ok()?),
        None => None,
    };
    Some(Internet { proto, port, family })
}

/// lsof(8) with `-i`.
pub async fn lsof(ctx: &mut Ctx) -> i32 {
    let (mut numeric, mut terse) = (false, false);
    let mut what: Option<String> = None;
    let mut pid: Option<u32> = None;
    let mut comm: Option<String> = None;
    let args: Vec<String> = ctx.args[1..].to_vec();
    let mut it = args.iter().peekable();
    while let Some(a) = it.next() {
        let Some(letters) = a.strip_prefix('-') else { continue };
        for (at, c) in letters.char_indices() {
            let rest = letters[at + 1..].to_owned();
            match c {
                'n' => {}
                'P' => numeric = true,
                't' => terse = true,
                'i' => {
                    what = Some(if rest.is_empty() {
                        it.next_if(|n| !n.starts_with('-')).cloned().unwrap_or_default()
                    } else {
                        rest
                    });
                    break;
                }
                'p' | 'c' | 's' | 'u' => {
                    let v = if rest.is_empty() { it.next().cloned().unwrap_or_default() } else { rest };
                    match c {
                        'p' => pid = v.parse().ok(),
                        'c' => comm = Some(v),
                        _ => {}
                    }
                    break;
                }
                _ => {}
            }
        }
    }
    let Some(text) = what else {
        ctx.err("maillab: lsof shows only sockets here; see: lsof -i, ss\n");
        return 1;
    };
    let Some(want) = internet(ctx, &text) else {
        ctx.err(format!("lsof: unacceptable port specification in: -i {text}\n"));
        return 1;
    };
    let world = ctx.world();
    let w = world.borrow();
    let mut rows: Vec<&Listener> = w
        .host
        .net
        .listeners
        .iter()
        .filter(|l| want.proto.is_none_or(|p| p == l.proto))
        .filter(|l| want.port.is_none_or(|p| p == l.port))
        .filter(|l| want.family.is_none_or(|v6| l.ip.is_ipv6() == v6))
        .filter(|l| pid.is_none_or(|p| p == l.pid) && comm.as_ref().is_none_or(|c| l.comm.starts_with(c.as_str())))
        .collect();
    rows.sort_by_key(|l| (l.pid, l.fd));
    if rows.is_empty() {
        return 1;
    }
    if terse {
        let mut pids: Vec<u32> = rows.iter().map(|l| l.pid).collect();
        pids.dedup();
        for p in pids {
            ctx.out(format!("{p}\n"));
        }
        return 0;
    }
    let mut table: Vec<[String; 9]> =
        vec![["COMMAND", "PID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME"].map(str::to_owned)];
    for l in rows {
        let user = w.host.procs.get(l.pid).map_or_else(|| "root".into(), |p| w.host.user_name(p.uid));
        let address = if l.ip.is_unspecified() {
            "*".to_owned()
        } else if l.ip.is_ipv6() {
            format!("[{}]", l.ip)
        } else {
            l.ip.to_string()
        };
        let proto = if l.proto == Proto::Tcp { "TCP" } else { "UDP" };
        let state = if l.proto == Proto::Tcp { " (LISTEN)" } else { "" };
        table.push([
            l.comm.chars().take(9).collect(),
            l.pid.to_string(),
            user,
            format!("{}u", l.fd),
            if l.ip.is_ipv6() { "IPv6" } else { "IPv4" }.into(),
            (20_000 + l.pid + l.fd).to_string(),
            "0t0".into(),
            proto.into(),
            format!("{address}:{}{state}", super::ss::service(l.port, numeric)),
        ]);
    }
    let width = |c: usize| table.iter().map(|r| r[c].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..9).map(width).collect();
    for r in &table {
        // The name and the user stand left and right as lsof has them.
        let line = format!(
            "{:<c0$} {:>c1$} {:>c2$} {:>c3$}  {:>c4$} {:>c5$} {:>c6$} {:>c7$} {}",
            r[0],
            r[1],
            r[2],
            r[3],
            r[4],
            r[5],
            r[6],
            r[7],
            r[8],
            c0 = widths[0].max(7),
            c1 = widths[1],
            c2 = widths[2],
            c3 = widths[3] - usize::from(r[3] == "FD"),
            c4 = widths[4],
            c5 = widths[5],
            c6 = widths[6],
            c7 = widths[7]
        );
        ctx.out(format!("{}\n", line.replace("  IPv", " IPv").trim_end()));
    }
    0
}

/// fuser(1): `fuser 25/tcp`, `-n tcp 25`, `-v`, `-k`.
pub async fn fuser(ctx: &mut Ctx) -> i32 {
    let (mut verbose, mut kill, mut space) = (false, false, None);
    let mut names: Vec<String> = Vec::new();
    let args: Vec<String> = ctx.args[1..].to_vec();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        match a.as_str() {
            "-n" => space = it.next().cloned(),
            a if a.starts_with('-') => {
                verbose |= a.contains('v');
                kill |= a.contains('k');
            }
            a => names.push(a.to_owned()),
        }
    }
    if names.is_empty() {
        ctx.err("No process specification given\n");
        return 1;
    }
    let mut found = false;
    for n in names {
        let (port, proto) = match n.split_once('/') {
            Some((p, proto)) => (p.to_owned(), proto.to_owned()),
            None => (n.clone(), space.clone().unwrap_or_default()),
        };
        let wanted = match proto.as_str() {
            "tcp" => Proto::Tcp,
            "udp" => Proto::Udp,
            _ => {
                if !ctx.world().borrow().host.fs.exists(&ctx.path(&n)) {
                    ctx.err(format!("Specified filename {n} does not exist.\n"));
                }
                continue;
            }
        };
        let Ok(number) = dialogue::port(&ctx.world().borrow().host, &port) else {
            ctx.err(format!("{n}: unknown port {port}\n"));
            continue;
        };
        let mut pids: Vec<u32> = ctx
            .world()
            .borrow()
            .host
            .net
            .listeners
            .iter()
            .filter(|l| l.proto == wanted && l.port == number)
            .map(|l| l.pid)
            .collect();
        pids.sort_unstable();
        pids.dedup();
        if pids.is_empty() {
            continue;
        }
        found = true;
        if verbose {
            ctx.err("                     USER        PID ACCESS COMMAND\n");
        }
        for (i, pid) in pids.iter().enumerate() {
            let label = if i == 0 { format!("{port}/{proto}:") } else { String::new() };
            let (user, comm) = {
                let world = ctx.world();
                let w = world.borrow();
                w.host
                    .procs
                    .get(*pid)
                    .map_or_else(|| ("root".to_owned(), String::new()), |p| (w.host.user_name(p.uid), p.comm.clone()))
            };
            if verbose {
                ctx.err(format!("{label:<20} {user:<8} "));
                ctx.out(format!("{pid:>6}"));
                ctx.err(format!(" F.... {comm}\n"));
            } else {
                ctx.err(format!("{label:<20}"));
                ctx.out(format!("{pid:>6}"));
            }
            if kill {
                let _ = ctx.world().borrow_mut().kill(&ctx.io.cred, *pid, 9, ctx.pid);
            }
        }
        if !verbose {
            ctx.err("\n");
        }
    }
    i32::from(!found)
}
