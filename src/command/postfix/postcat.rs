//! postcat(1): what is in a queue file.

use super::queue_tool::{directory, getopt};
use super::tool::Tool;
use crate::base::Time;
use crate::command::Ctx;
use crate::host::Errno;
use crate::postfix::mail_queue;
use crate::postfix::queue_file::{self, rec};

const USAGE: &str = "postcat [-b (body text)] [-c config_dir] [-d (decimal record type)] [-e (envelope records)] [-h (header \
                     text)] [-q (access queue)] [-v] [file(s)...]";

#[derive(Default)]
struct Show {
    body: bool,
    envelope: bool,
    header: bool,
    decimal: bool,
    offset: bool,
    raw: bool,
    verbose: bool,
    queue: bool,
}

pub async fn run(ctx: &mut Ctx) -> i32 {
    let name = ctx.args.first().cloned().unwrap_or_default();
    let Ok((opts, at)) = getopt(ctx, "bc:dehoqrsv") else {
        ctx.err(format!("{name}: fatal: usage: {USAGE}\n"));
        return 1;
    };
    let has = |c| opts.iter().any(|(o, _)| *o == c);
    let mut s = Show {
        body: has('b'),
        envelope: has('e'),
        header: has('h'),
        decimal: has('d'),
        offset: has('o'),
        raw: has('r'),
        verbose: has('v'),
        queue: has('q'),
    };
    if !s.body && !s.envelope && !s.header {
        (s.body, s.envelope, s.header) = (true, true, true);
    }
    if let Err(status) = Tool::quiet(ctx).start(directory(&opts)).await {
        return status;
    }
    if s.verbose {
        let (v4, v6) = {
            let world = ctx.world();
            let w = world.borrow();
            let all = || w.host.net.interfaces.iter().flat_map(|(_, a)| a);
            (all().filter(|n| n.addr().is_ipv4()).count(), all().filter(|n| n.addr().is_ipv6()).count())
        };
        ctx.err(format!(
            "{name}: name_mask: all\n{name}: inet_addr_local: configured {v4} IPv4 addresses\n{name}: inet_addr_local: \
             configured {v6} IPv6 addresses\n"
        ));
    }
    let files: Vec<String> = ctx.args[at..].to_vec();
    if files.is_empty() && !s.queue {
        let bytes = ctx.io.read_all(0).await.unwrap_or_default();
        if !bytes.is_empty() {
            cat(ctx, &s, "(stdin)", &bytes);
        }
        return 0;
    }
    for f in files {
        let (shown, path) = if s.queue {
            match locate(ctx, &f) {
                Ok(p) => p,
                Err(e) => {
                    ctx.err(format!("{name}: fatal: open queue file {f}: {}\n", e.text()));
                    return 1;
                }
            }
        } else {
            (f.clone(), ctx.path(&f))
        };
        let read = ctx.world().borrow().host.fs.read(&ctx.io.cred, &path);
        match read {
            Ok(b) => {
                if !cat(ctx, &s, &shown, &b.bytes()) {
                    ctx.err(format!("{name}: warning: {shown}: input is not a valid queue file\n"));
                }
            }
            Err(e) => {
                ctx.err(format!("{name}: fatal: open {f}: {}\n", e.text()));
                return 1;
            }
        }
    }
    0
}

/// Where the file of an id is.
fn locate(ctx: &Ctx, id: &str) -> Result<(String, String), Errno> {
    let world = ctx.world();
    let w = world.borrow();
    if ctx.io.cred.uid != 0 {
        return Err(Errno::Acces);
    }
    if !queue_file::id_ok(id) {
        return Err(Errno::NoEnt);
    }
    ["maildrop", "incoming", "active", "deferred", "hold", "saved", "corrupt"]
        .into_iter()
        .find(|q| w.host.fs.exists(&mail_queue::path(q, id)))
        .map(|q| (mail_queue::short_path(q, id), mail_queue::path(q, id)))
        .ok_or(Errno::NoEnt)
}

/// Prints the records. False: it is no queue file.
fn cat(ctx: &Ctx, s: &Show, path: &str, bytes: &[u8]) -> bool {
    let mut out: Vec<u8> = Vec::new();
    let mut any = false;
    let mut in_message = false;
    let mut in_header = true;
    let mut marked = false;
    for r in queue_file::records(bytes) {
        let Some(name) = queue_file::rec_name(r.kind) else {
            break;
        };
        if !any && !matches!(r.kind, rec::SIZE | rec::TIME | rec::FROM | rec::ATTR | rec::FULL | rec::RCPT) {
            return false;
        }
        any = true;
        if !in_message && !marked && s.envelope {
            out.extend_from_slice(format!("*** ENVELOPE RECORDS {path} ***\n").as_bytes());
            marked = true;
        }
        let text = String::from_utf8_lossy(r.data).into_owned();
        let mut label = if s.decimal { r.kind.to_string() } else { name.to_owned() };
        if s.offset {
            label = format!("{:9} {label}", r.offset);
        }
        if in_message {
            match r.kind {
                rec::XTRA => {
                    in_message = false;
                    if s.envelope {
                        out.extend_from_slice(format!("*** HEADER EXTRACTED {path} ***\n").as_bytes());
                    }
                }
                rec::NORM | rec::CONT => {
                    if in_header && r.data.is_empty() {
                        in_header = false;
                    }
                    let show = if in_header { s.header } else { s.body };
                    if show {
                        if s.verbose {
                            out.extend_from_slice(format!("{label}: ").as_bytes());
                        }
                        out.extend_from_slice(r.data);
                        if r.kind == rec::NORM || s.verbose {
                            out.push(b'\n');
                        }
                    }
                }
                _ => {}
            }
            continue;
        }
        match r.kind {
            rec::MESG => {
                in_message = true;
                if s.envelope {
                    out.extend_from_slice(format!("*** MESSAGE CONTENTS {path} ***\n").as_bytes());
                }
            }
            rec::END => {
                if s.envelope {
                    out.extend_from_slice(format!("*** MESSAGE FILE END {path} ***\n").as_bytes());
                }
                break;
            }
            _ if !s.envelope => {}
            rec::TIME | rec::WARN => {
                let secs = text.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0);
                out.extend_from_slice(format!("{label}: {}\n", Time::from_secs(secs).ctime()).as_bytes());
            }
            rec::ATTR if text.starts_with("create_time=") && !s.raw => {
                let secs = text["create_time=".len()..].parse().unwrap_or(0);
                out.extend_from_slice(format!("create_time: {}\n", Time::from_secs(secs).ctime()).as_bytes());
            }
            _ => {
                out.extend_from_slice(format!("{label}: {text}\n").as_bytes());
            }
        }
    }
    ctx.out(out);
    any
}
