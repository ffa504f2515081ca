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
    /// `-s`: where to begin.
    start: u64,
    verbose: bool,
    queue: bool,
}

pub async fn run(ctx: &mut Ctx) -> i32 {
    let name = ctx.args.first().cloned().unwrap_or_default();
    let Ok((opts, at)) = getopt(ctx, "bc:dehoqrs:v") else {
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
        start: 0,
        verbose: has('v'),
        queue: has('q'),
    };
    for (_, v) in opts.iter().filter(|(o, _)| *o == 's') {
        let Ok(n) = v.parse() else {
            return Tool::quiet(ctx).die(&format!("bad offset: {v}")).await;
        };
        s.start = n;
    }
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
        if !bytes.is_empty() && !cat(ctx, &s, "stdin", &bytes) {
            ctx.err(format!("{name}: warning: stdin: input is not a valid queue file\n"));
        }
        return 0;
    }
    for f in files {
        if s.queue && !queue_file::id_ok(&f) {
            return Tool::quiet(ctx).die(&format!("bad mail queue ID: {f}")).await;
        }
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
            Err(Errno::IsDir) => ctx.err(format!("{name}: warning: close {f}: {}\n", Errno::IsDir.text())),
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

/// What stands before a line: where its record is (`-o`) and the number of its type (`-d`).
fn lead(s: &Show, r: &queue_file::Rec<'_>, out: &mut Vec<u8>) {
    if s.offset {
        out.extend_from_slice(format!("{:9} ", r.offset).as_bytes());
    }
    if s.decimal {
        out.extend_from_slice(format!("{:3} ", r.kind).as_bytes());
    }
}

/// Prints the records. False: it is no queue file.
fn cat(ctx: &Ctx, s: &Show, path: &str, bytes: &[u8]) -> bool {
    let mut out: Vec<u8> = Vec::new();
    let (mut any, mut in_message, mut in_header, mut begun) = (false, false, true, false);
    for r in queue_file::records(bytes) {
        let Some(name) = queue_file::rec_name(r.kind) else {
            break;
        };
        if !any && !matches!(r.kind, rec::SIZE | rec::TIME | rec::FROM | rec::ATTR | rec::FULL | rec::RCPT) {
            return false;
        }
        if !any && s.envelope {
            out.extend_from_slice(format!("*** ENVELOPE RECORDS {path} ***\n").as_bytes());
        }
        any = true;
        if (r.offset as u64) < s.start {
            match r.kind {
                rec::MESG => in_message = true,
                rec::XTRA => in_message = false,
                _ => {}
            }
            continue;
        }
        let mark = |out: &mut Vec<u8>, what: &str| {
            if s.envelope {
                lead(s, &r, out);
                out.extend_from_slice(format!("*** {what} {path} ***\n").as_bytes());
            }
        };
        match r.kind {
            rec::XTRA if in_message => {
                in_message = false;
                mark(&mut out, "HEADER EXTRACTED");
            }
            rec::NORM | rec::CONT if in_message => {
                if in_header && !begun && r.data.is_empty() {
                    in_header = false;
                }
                if if in_header { s.header } else { s.body } {
                    if !begun {
                        lead(s, &r, &mut out);
                        if s.verbose {
                            out.extend_from_slice(format!("{name}: ").as_bytes());
                        }
                    }
                    out.extend_from_slice(r.data);
                    if r.kind == rec::NORM {
                        out.push(b'\n');
                    }
                }
                begun = r.kind == rec::CONT;
            }
            _ if in_message => {}
            rec::MESG => {
                in_message = true;
                mark(&mut out, "MESSAGE CONTENTS");
            }
            rec::END => {
                mark(&mut out, "MESSAGE FILE END");
                break;
            }
            _ if !s.envelope => {}
            _ => {
                lead(s, &r, &mut out);
                out.extend_from_slice(envelope(name, r.kind, &String::from_utf8_lossy(r.data)).as_bytes());
            }
        }
    }
    ctx.out(out);
    any
}

/// A record of the envelope: times as ctime(3) has them.
fn envelope(name: &str, kind: u8, text: &str) -> String {
    let time = |secs: &str| Time::from_secs(secs.trim().parse().unwrap_or(0)).ctime();
    match (kind, text.strip_prefix("create_time=")) {
        (rec::TIME | rec::WARN, _) => format!("{name}: {}\n", time(text.split_whitespace().next().unwrap_or(""))),
        (rec::ATTR, Some(secs)) => format!("create_time: {}\n", time(secs)),
        _ => format!("{name}: {text}\n"),
    }
}
