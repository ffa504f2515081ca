//! basename(1), dirname(1), readlink(1), realpath(1), pwd(1), pathchk left out, file(1) by content and a few magics, dd(1).

use super::super::Ctx;
use super::super::input::{Reader, Status, emit, open_write, spend, status};
use super::super::opt::{extra_operand, getopt, getopt_args, missing_operand, quote, quoteaf, quotef};
use crate::host::Errno;
use crate::host::fs::{Kind, normalize};

/// basename(1).
pub async fn basename(ctx: &mut Ctx) -> i32 {
    status(basename_run(ctx).await)
}

async fn basename_run(ctx: &mut Ctx) -> Status {
    let args = ctx.args[1..].to_vec();
    let p = getopt_args(ctx, &args, "a|multiple s|suffix= z|zero", 1, false, "")?;
    if p.args.is_empty() {
        return Err(missing_operand(ctx, None));
    }
    let many = p.has("a") || p.has("s");
    if !many && let Some(x) = p.args.get(2) {
        return Err(extra_operand(ctx, x));
    }
    let suffix = if many { p.value("s").unwrap_or("") } else { p.args.get(1).map_or("", String::as_str) }.to_owned();
    let n = if many { p.args.len() } else { 1 };
    for a in &p.args[..n] {
        let t = a.trim_end_matches('/');
        let b = if t.is_empty() && !a.is_empty() { "/" } else { t.rsplit('/').next().unwrap_or(t) };
        let b = b.strip_suffix(&suffix).filter(|s| !s.is_empty()).unwrap_or(b);
        emit(ctx, format!("{b}{}", if p.has("z") { '\0' } else { '\n' })).await?;
    }
    Ok(0)
}

/// dirname(1).
pub async fn dirname(ctx: &mut Ctx) -> i32 {
    status(dirname_run(ctx).await)
}

async fn dirname_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "z|zero", 1)?;
    if p.args.is_empty() {
        return Err(missing_operand(ctx, None));
    }
    for a in &p.args {
        let t = a.trim_end_matches('/');
        let d = match t.rfind('/') {
            None if t.is_empty() && !a.is_empty() => "/",
            None => ".",
            Some(i) => match t[..i].trim_end_matches('/') {
                "" => "/",
                d => d,
            },
        };
        emit(ctx, format!("{d}{}", if p.has("z") { '\0' } else { '\n' })).await?;
    }
    Ok(0)
}

/// The canonical path: links resolved. `missing` says how many last names may be missing (0, 1, or all).
fn canonical(ctx: &Ctx, name: &str, missing: usize) -> Result<String, Errno> {
    let w = ctx.io.world.borrow();
    let fs = &w.host.fs;
    let cred = &ctx.io.cred;
    let mut todo: Vec<String> =
        ctx.path(name).split('/').rev().filter(|p| !p.is_empty() && *p != ".").map(str::to_owned).collect();
    let (mut at, mut links) = (String::new(), 0);
    if name.is_empty() {
        return Err(Errno::NoEnt);
    }
    while let Some(part) = todo.pop() {
        if part == ".." {
            at.truncate(at.rfind('/').unwrap_or(0));
            continue;
        }
        let next = format!("{at}/{part}");
        match fs.lstat(cred, &next) {
            Ok((_, n)) => {
                if let Kind::Symlink(t) = &n.kind {
                    links += 1;
                    if links > 40 {
                        return Err(Errno::Loop);
                    }
                    if t.starts_with('/') {
                        at.clear();
                    }
                    todo.extend(t.split('/').rev().filter(|p| !p.is_empty() && *p != ".").map(str::to_owned));
                    continue;
                }
                if !todo.is_empty() && !n.is_dir() && missing < 2 {
                    return Err(Errno::NotDir);
                }
            }
            Err(_) if missing == 2 => {}
            Err(Errno::NoEnt) if missing == 1 && todo.is_empty() => {}
            Err(e) => return Err(e),
        }
        at = next;
    }
    Ok(if at.is_empty() { "/".into() } else { at })
}

/// readlink(1).
pub async fn readlink(ctx: &mut Ctx) -> i32 {
    status(readlink_run(ctx).await)
}

async fn readlink_run(ctx: &mut Ctx) -> Status {
    let p = getopt(
        ctx,
        "f|canonicalize e|canonicalize-existing m|canonicalize-missing n|no-newline q|quiet s|silent v|verbose z|zero",
        1,
    )?;
    if p.args.is_empty() {
        return Err(missing_operand(ctx, None));
    }
    let mut code = 0;
    for a in &p.args {
        let got = if p.has("f") {
            canonical(ctx, a, 1)
        } else if p.has("e") {
            canonical(ctx, a, 0)
        } else if p.has("m") {
            canonical(ctx, a, 2)
        } else {
            ctx.io.world.borrow().host.fs.readlink(&ctx.io.cred, &ctx.path(a))
        };
        match got {
            Ok(t) => {
                let end = if p.has("n") && p.args.len() == 1 {
                    ""
                } else if p.has("z") {
                    "\0"
                } else {
                    "\n"
                };
                emit(ctx, format!("{t}{end}")).await?;
            }
            Err(e) => {
                if p.has("v") {
                    ctx.complain(format!("{}: {e}", quotef(a)));
                }
                code = 1;
            }
        }
    }
    Ok(code)
}

/// realpath(1).
pub async fn realpath(ctx: &mut Ctx) -> i32 {
    status(realpath_run(ctx).await)
}

async fn realpath_run(ctx: &mut Ctx) -> Status {
    let p = getopt(
        ctx,
        "e|canonicalize-existing m|canonicalize-missing L|logical P|physical q|quiet s|strip |no-symlinks z|zero \
         |relative-to= |relative-base=",
        1,
    )?;
    if p.args.is_empty() {
        return Err(missing_operand(ctx, None));
    }
    let mut code = 0;
    for a in &p.args {
        let got = if p.has("s") || p.has("no-symlinks") {
            Ok(normalize(&ctx.cwd, a))
        } else {
            canonical(
                ctx,
                a,
                if p.has("e") {
                    0
                } else if p.has("m") {
                    2
                } else {
                    1
                },
            )
        };
        match got {
            Ok(t) => {
                let t = match p.value("relative-to") {
                    Some(r) => super::copy::ln::relative(&t, &ctx.path(r), &ctx.cwd),
                    None => t,
                };
                emit(ctx, format!("{t}{}", if p.has("z") { '\0' } else { '\n' })).await?;
            }
            Err(e) => {
                if !p.has("q") {
                    ctx.complain(format!("{}: {e}", quotef(a)));
                }
                code = 1;
            }
        }
    }
    Ok(code)
}

/// pwd(1).
pub async fn pwd(ctx: &mut Ctx) -> i32 {
    let p = match getopt(ctx, "L|logical P|physical", 1) {
        Ok(p) => p,
        Err(c) => return c,
    };
    let cwd = if p.has("L") {
        ctx.cwd.clone()
    } else {
        canonical(ctx, &ctx.cwd.clone(), 0).unwrap_or_else(|_| ctx.cwd.clone())
    };
    ctx.out(format!("{cwd}\n"));
    0
}

fn text_kind(data: &[u8]) -> String {
    let kind = if data.contains(&0) || data.iter().any(|b| matches!(b, 1..=6 | 14..=26 | 28..=31)) {
        return "data".into();
    } else if data.is_ascii() {
        "ASCII text"
    } else if std::str::from_utf8(data).is_ok() {
        "Unicode text, UTF-8 text"
    } else {
        "ISO-8859 text"
    };
    let mut out = kind.to_owned();
    let crlf = data.windows(2).any(|w| w == b"\r\n");
    if data.split(|b| *b == b'\n').any(|l| l.len() > 300) {
        out += ", with very long lines (";
        out += &data.split(|b| *b == b'\n').map(<[u8]>::len).max().unwrap_or(0).to_string();
        out += ")";
    }
    if crlf {
        out += ", with CRLF line terminators";
    } else if !data.contains(&b'\n') {
        out += ", with no line terminators";
    }
    out
}

fn content_kind(data: &[u8]) -> String {
    let starts = |m: &[u8]| data.starts_with(m);
    if data.is_empty() {
        return "empty".into();
    }
    if data.len() == 1 {
        return "very short file (no magic)".into();
    }
    if starts(b"#!") {
        let line = data.split(|b| *b == b'\n').next().unwrap_or_default();
        let prog = String::from_utf8_lossy(&line[2..]).trim().to_owned();
        let what = match prog.as_str() {
            "/bin/sh" => "POSIX shell script".to_owned(),
            "/bin/bash" | "/usr/bin/bash" => "Bourne-Again shell script".to_owned(),
            "/usr/bin/python3" | "/usr/bin/env python3" => "Python script".to_owned(),
            "/usr/bin/perl" => "Perl script text executable".to_owned(),
            p => format!("a {p} script"),
        };
        return format!("{what}, {} executable", text_kind(data));
    }
    if starts(b"-----BEGIN CERTIFICATE-----") {
        return "PEM certificate".into();
    }
    if starts(b"-----BEGIN CERTIFICATE REQUEST-----") {
        return "PEM certificate request".into();
    }
    if starts(b"-----BEGIN RSA PRIVATE KEY-----") {
        return "PEM RSA private key".into();
    }
    if starts(b"\x1f\x8b") {
        return "gzip compressed data, from Unix".into();
    }
    if starts(b"\x7fELF") {
        return "ELF 64-bit LSB pie executable, x86-64".into();
    }
    if starts(b"Return-Path:") || starts(b"Received:") || starts(b"From: ") {
        return format!("SMTP mail, {}", text_kind(data));
    }
    if data.len() > 16 && data[12..16] == [0x61, 0x15, 0x06, 0x00] {
        return "Berkeley DB (Hash, version 9, native byte-order)".into();
    }
    text_kind(data)
}

/// file(1).
pub async fn file(ctx: &mut Ctx) -> i32 {
    status(file_run(ctx).await)
}

async fn file_run(ctx: &mut Ctx) -> Status {
    let p = getopt(
        ctx,
        "b|brief i|mime L|dereference s|special-files k|keep-going z|uncompress |mime-type |mime-encoding N|no-pad",
        1,
    )?;
    if p.args.is_empty() {
        ctx.err("Usage: file [-bcCdEhikLlNnprsSvzZ0] [--apple] [--extension] [--mime-encoding]\n            [--mime-type] [-e <testname>] [-F <separator>]  [-f <namefile>]\n            [-m <magicfiles>] [-P <parameter=value>] [--exclude-quiet]\n            <file> ...\n       file -C [-m <magicfiles>]\n       file [--help]\n");
        return Err(1);
    }
    let wide = p.args.iter().map(|a| a.chars().count()).max().unwrap_or(0);
    for a in &p.args {
        let text = {
            let w = ctx.io.world.borrow();
            let fs = &w.host.fs;
            let path = ctx.path(a);
            let got = if p.has("L") { fs.stat(&ctx.io.cred, &path) } else { fs.lstat(&ctx.io.cred, &path) };
            match got {
                Err(e) => format!("cannot open `{a}' ({e})"),
                Ok((_, n)) => match &n.kind {
                    Kind::Dir(_) if n.mode & 0o1000 != 0 => "sticky, directory".into(),
                    Kind::Dir(_) => "directory".into(),
                    Kind::Symlink(t) if fs.stat(&ctx.io.cred, &path).is_err() => format!("broken symbolic link to {t}"),
                    Kind::Symlink(t) => format!("symbolic link to {t}"),
                    Kind::Socket => "socket".into(),
                    Kind::Fifo => "fifo (named pipe)".into(),
                    Kind::Device(d) => {
                        let (a, b) = super::show::device(d);
                        format!("character special ({a}/{b})")
                    }
                    Kind::File(_) if fs.access(&ctx.io.cred, &path, 4).is_err() => {
                        "regular file, no read permission".into()
                    }
                    Kind::File(b) => {
                        let kind = content_kind(&b.bytes());
                        if p.has("i") || p.has("mime-type") {
                            let mime = match kind.as_str() {
                                "empty" => "inode/x-empty; charset=binary",
                                k if k.contains("ASCII") => "text/plain; charset=us-ascii",
                                k if k.contains("UTF-8") => "text/plain; charset=utf-8",
                                k if k.contains("ISO-8859") => "text/plain; charset=iso-8859-1",
                                _ => "application/octet-stream; charset=binary",
                            };
                            if p.has("i") { mime.to_owned() } else { mime.split(';').next().unwrap_or("").to_owned() }
                        } else {
                            kind
                        }
                    }
                },
            }
        };
        let pad = " ".repeat(wide - a.chars().count());
        emit(ctx, if p.has("b") { format!("{text}\n") } else { format!("{a}:{pad} {text}\n") }).await?;
    }
    Ok(0)
}

/// dd(1): if, of, bs, count, skip, seek, conv=notrunc|ucase|lcase, status.
pub async fn dd(ctx: &mut Ctx) -> i32 {
    status(dd_run(ctx).await)
}

async fn dd_run(ctx: &mut Ctx) -> Status {
    let (mut from, mut to, mut bs, mut count, mut skip, mut seek) =
        ("-".to_owned(), None, 512u64, u64::MAX, 0u64, 0u64);
    let (mut conv, mut level) = (String::new(), String::new());
    for a in &ctx.args[1..] {
        let Some((k, v)) = a.split_once('=') else {
            ctx.complain(format!("unrecognized operand {}", quote(a)));
            ctx.err(super::super::opt::hint(ctx));
            return Err(1);
        };
        let number = || {
            super::super::text::head::count(v).ok_or_else(|| {
                ctx.complain(format!("invalid number: {}", quote(v)));
                1
            })
        };
        match k {
            "if" => from = v.to_owned(),
            "of" => to = Some(v.to_owned()),
            "bs" | "ibs" | "obs" => bs = number()?,
            "count" => count = number()?,
            "skip" => skip = number()?,
            "seek" => seek = number()?,
            "conv" => conv = v.to_owned(),
            "status" => level = v.to_owned(),
            "iflag" | "oflag" | "cbs" => {}
            _ => {
                ctx.complain(format!("unrecognized operand {}", quote(a)));
                ctx.err(super::super::opt::hint(ctx));
                return Err(1);
            }
        }
    }
    if bs == 0 {
        ctx.complain(format!("invalid number: {}", quote("0")));
        return Err(1);
    }
    let block = bs.min(8 << 20) as usize;
    let mut r = match Reader::open_path(ctx, &from) {
        Ok(r) => r,
        Err(_) if from == "-" => Reader::stdin(),
        Err(e) => {
            ctx.complain(format!("failed to open {}: {e}", quoteaf(&from)));
            return Err(1);
        }
    };
    let out = match &to {
        None => 1,
        Some(t) => match open_write(ctx, t, conv.contains("notrunc") || seek > 0) {
            Ok(fd) => fd,
            Err(e) => {
                ctx.complain(format!("failed to open {}: {e}", quoteaf(t)));
                return Err(1);
            }
        },
    };
    let (mut full, mut part, mut bytes, mut code, mut written) = (0u64, 0u64, 0u64, 0, 0u64);
    let mut skipped = skip.saturating_mul(bs);
    while full + part < count {
        let mut buf = Vec::new();
        while buf.len() < block {
            match r.some(&mut ctx.io, (block - buf.len()).min(65_536)).await {
                Ok(Some(mut b)) => {
                    if skipped > 0 {
                        let n = (b.len() as u64).min(skipped);
                        skipped -= n;
                        b.drain(..n as usize);
                    }
                    buf.append(&mut b);
                }
                Ok(None) => break,
                Err(e) => {
                    ctx.complain(format!("error reading {}: {e}", quoteaf(&from)));
                    code = 1;
                    break;
                }
            }
            if !spend(&ctx.io, 1) {
                break;
            }
        }
        if buf.is_empty() {
            break;
        }
        if buf.len() == block {
            full += 1;
        } else {
            part += 1;
        }
        bytes += buf.len() as u64;
        if conv.contains("ucase") {
            buf.make_ascii_uppercase();
        } else if conv.contains("lcase") {
            buf.make_ascii_lowercase();
        }
        if out == 1 {
            emit(ctx, &buf).await?;
        } else if written + (buf.len() as u64) > super::super::input::MAX_HELD as u64 {
            ctx.complain(format!("error writing {}: {}", quoteaf(to.as_deref().unwrap_or("")), Errno::FBig));
            code = 1;
            break;
        } else if let Err(e) = ctx.io.write(out, &buf) {
            ctx.complain(format!("error writing {}: {e}", quoteaf(to.as_deref().unwrap_or(""))));
            code = 1;
            break;
        }
        written += buf.len() as u64;
        if !spend(&ctx.io, 1) {
            break;
        }
    }
    let secs = 0.000_1 + written as f64 / 500e6;
    if level != "none" {
        ctx.err(format!("{full}+{part} records in\n{full}+{part} records out\n"));
        if level != "noxfer" {
            let si = |n: f64| {
                let units = ["B", "kB", "MB", "GB"];
                let mut v = n;
                let mut i = 0;
                while v >= 999.5 && i < 3 {
                    v /= 1000.0;
                    i += 1;
                }
                if v < 9.95 && i > 0 { format!("{v:.1} {}", units[i]) } else { format!("{v:.0} {}", units[i]) }
            };
            let iec = if bytes >= 1024 { format!(", {}iB", spaced(&super::show::human(bytes))) } else { String::new() };
            let note = if bytes < 1000 { String::new() } else { format!(" ({}{iec})", si(bytes as f64)) };
            let s = if bytes == 1 { "byte" } else { "bytes" };
            ctx.err(format!("{bytes} {s}{note} copied, {secs:.6} s, {}/s\n", si(bytes as f64 / secs)));
        }
    }
    Ok(code)
}

/// `1.0M` as `1.0 M`.
fn spaced(s: &str) -> String {
    let n = s.len() - 1;
    format!("{} {}", &s[..n], &s[n..])
}
