//! head(1), tail(1) with `-f` and `-F`, and the numbers that both take. Left out: `--pid`, `--retry` without `-F`.

use super::super::Ctx;
use super::super::input::{MAX_HELD, Reader, Status, emit, spend, status};
use super::super::opt::{getopt_args, quote, quoteaf, quotef};
use crate::host::errno::Errno;

/// `10`, `5K`, `2MB`: a count with GNU's suffixes.
pub fn count(s: &str) -> Option<u64> {
    let digits = s.chars().take_while(char::is_ascii_digit).count();
    let n: u64 = if digits == 0 { return None } else { s[..digits].parse().unwrap_or(u64::MAX) };
    let factor: u64 = match &s[digits..] {
        "" => 1,
        "b" => 512,
        "kB" | "KB" => 1000,
        "k" | "K" | "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "m" | "M" | "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "G" | "g" | "GiB" => 1 << 30,
        _ => return None,
    };
    Some(n.saturating_mul(factor))
}

/// Rewrites the old form `-5`, `-5q`, `+5` of the first argument to `-n 5`.
fn old_form(args: &[String], plus: bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (i, a) in args.iter().enumerate() {
        let sign = if i == 0 && plus { a.strip_prefix('+').map(|d| (d, "+")) } else { None };
        let found = sign.or_else(|| a.strip_prefix('-').filter(|_| i == 0).map(|d| (d, "")));
        match found {
            Some((d, s)) if d.starts_with(|c: char| c.is_ascii_digit()) => {
                let n: String = d.chars().take_while(char::is_ascii_digit).collect();
                let rest = &d[n.len()..];
                let unit = if rest.starts_with('c') { "-c" } else { "-n" };
                out.extend([unit.to_owned(), format!("{s}{n}")]);
                let flags: String = rest.chars().filter(|c| !matches!(c, 'c' | 'l')).collect();
                if !flags.is_empty() {
                    out.push(format!("-{flags}"));
                }
            }
            _ => out.push(a.clone()),
        }
    }
    out
}

/// head(1).
pub async fn head(ctx: &mut Ctx) -> i32 {
    status(head_run(ctx).await)
}

async fn head_run(ctx: &mut Ctx) -> Status {
    let args = old_form(&ctx.args[1..], false);
    let p = getopt_args(ctx, &args, "c|bytes= n|lines= q|quiet |silent v|verbose z|zero-terminated", 1, true, "")?;
    let last = p.opts.iter().rev().find(|(k, _)| k == "c" || k == "n");
    let (bytes, text) = last.map_or((false, "10"), |(k, v)| (k == "c", v.as_deref().unwrap_or("")));
    let (but, digits) = text.strip_prefix('-').map_or((false, text), |d| (true, d));
    let Some(n) = count(digits) else {
        let what = if bytes { "bytes" } else { "lines" };
        ctx.complain(format!("invalid number of {what}: {}", quote(digits)));
        return Err(1);
    };
    let end = if p.has("z") { 0 } else { b'\n' };
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let banner = p.has("v") || (names.len() > 1 && !p.has("q") && !p.has("silent"));
    let (mut code, mut first) = (0, true);
    for name in names {
        let mut r = match Reader::open(ctx, &name) {
            Ok(r) => r,
            Err(e) => {
                ctx.complain(format!("cannot open {} for reading: {e}", quoteaf(&name)));
                code = 1;
                continue;
            }
        };
        if banner {
            emit(ctx, title(&name, first)).await?;
            first = false;
        }
        if let Err(e) = head_one(ctx, &mut r, bytes, but, n, end).await? {
            ctx.complain(format!("error reading {}: {e}", quoteaf(&name)));
            code = 1;
        }
        r.rewind(&ctx.io);
        r.close(ctx);
    }
    Ok(code)
}

fn title(name: &str, first: bool) -> String {
    let shown = if name == "-" { "standard input" } else { name };
    format!("{}==> {shown} <==\n", if first { "" } else { "\n" })
}

async fn head_one(
    ctx: &mut Ctx,
    r: &mut Reader,
    bytes: bool,
    but: bool,
    n: u64,
    end: u8,
) -> Result<Result<(), Errno>, i32> {
    if but {
        let all = match r.all(&mut ctx.io).await {
            Ok(a) => a,
            Err(e) => return Ok(Err(e)),
        };
        let keep = if bytes {
            all.len().saturating_sub(n as usize)
        } else {
            let lines: Vec<usize> = all.split_inclusive(|b| *b == end).map(<[u8]>::len).collect();
            lines[..lines.len().saturating_sub(n as usize)].iter().sum()
        };
        emit(ctx, &all[..keep]).await?;
        return Ok(Ok(()));
    }
    let mut left = n;
    while left > 0 {
        let got =
            if bytes { r.some(&mut ctx.io, left.min(65_536) as usize).await } else { r.until(&mut ctx.io, end).await };
        match got {
            Err(e) => return Ok(Err(e)),
            Ok(None) => break,
            Ok(Some(b)) => {
                left -= if bytes { b.len() as u64 } else { 1 };
                emit(ctx, &b).await?;
            }
        }
    }
    if n == 0
        && let Err(e) = r.some(&mut ctx.io, 0).await
    {
        return Ok(Err(e));
    }
    Ok(Ok(()))
}

/// tail(1) holds no more than this, when the end asked for is shorter.
const MANY: usize = 1 << 20;

/// tail(1).
pub async fn tail(ctx: &mut Ctx) -> i32 {
    status(tail_run(ctx).await)
}

async fn tail_run(ctx: &mut Ctx) -> Status {
    // The old form is for one file: with more, coreutils 9.1 refuses it.
    let operands = ctx.args.iter().skip(2).filter(|a| *a == "-" || !a.starts_with('-')).count();
    let old = ctx.args.get(1).and_then(|a| a.strip_prefix('-')).and_then(|d| d.chars().next());
    if let Some(d) = old.filter(|d| d.is_ascii_digit() && operands > 1) {
        ctx.complain(format!("option used in invalid context -- {d}"));
        return Err(1);
    }
    let args = old_form(&ctx.args[1..], true);
    let spec = "c|bytes= n|lines= f|follow=? F q|quiet |silent v|verbose z|zero-terminated s|sleep-interval= |pid= |retry \
                |max-unchanged-stats=";
    // `-f` never takes an attached value.
    let args: Vec<String> = args.into_iter().flat_map(split_f).collect();
    let p = getopt_args(ctx, &args, spec, 1, true, "")?;
    let last = p.opts.iter().rev().find(|(k, _)| k == "c" || k == "n");
    let (bytes, text) = last.map_or((false, "10"), |(k, v)| (k == "c", v.as_deref().unwrap_or("")));
    let (from, digits) = match text.strip_prefix('+') {
        Some(d) => (true, d),
        None => (false, text.strip_prefix('-').unwrap_or(text)),
    };
    let Some(n) = count(digits) else {
        let what = if bytes { "bytes" } else { "lines" };
        ctx.complain(format!("invalid number of {what}: {}", quote(digits)));
        return Err(1);
    };
    let end = if p.has("z") { 0 } else { b'\n' };
    let by_name = p.has("F") || p.value("f") == Some("name");
    let follow = p.has("f") || p.has("F");
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let banner = p.has("v") || (names.len() > 1 && !p.has("q") && !p.has("silent"));
    let (mut code, mut first) = (0, true);
    let mut followed: Vec<Followed> = Vec::new();
    for name in &names {
        let mut r = match Reader::open(ctx, name) {
            Ok(r) => r,
            Err(e) => {
                ctx.complain(format!("cannot open {} for reading: {e}", quoteaf(name)));
                code = 1;
                if by_name {
                    followed.push(Followed { name: name.clone(), ino: None, at: 0 });
                }
                continue;
            }
        };
        if banner {
            emit(ctx, title(name, first)).await?;
            first = false;
        }
        if let Err(e) = tail_one(ctx, &mut r, bytes, from, n, end).await? {
            ctx.complain(format!("error reading {}: {e}", quoteaf(name)));
            code = 1;
            r.close(ctx);
            continue;
        }
        r.close(ctx);
        if follow && name != "-" {
            let w = ctx.io.world.borrow();
            if let Ok((ino, node)) = w.host.fs.stat(&ctx.io.cred, &ctx.path(name)) {
                followed.push(Followed { name: name.clone(), ino: Some(ino), at: node.size() });
            }
        }
    }
    if follow {
        if followed.is_empty() {
            if names != ["-"] {
                ctx.complain("no files remaining");
            }
            return Ok(code);
        }
        follow_files(ctx, followed, by_name, banner).await?;
    }
    Ok(code)
}

fn split_f(a: String) -> Vec<String> {
    let plain = a.starts_with('-') && !a.starts_with("--") && a.len() > 2;
    match a.find('f') {
        Some(i) if plain && !a[1..i].contains(['n', 'c', 's']) && i + 1 < a.len() => {
            let before = &a[..i];
            let mut v = vec!["-f".to_owned(), format!("-{}", &a[i + 1..])];
            if before.len() > 1 {
                v.push(before.to_owned());
            }
            v
        }
        _ => vec![a],
    }
}

async fn tail_one(
    ctx: &mut Ctx,
    r: &mut Reader,
    bytes: bool,
    from: bool,
    n: u64,
    end: u8,
) -> Result<Result<(), Errno>, i32> {
    if from {
        let mut skip = n.saturating_sub(1);
        loop {
            let got = if bytes || skip == 0 {
                let max = if skip == 0 { 65_536 } else { skip.min(65_536) as usize };
                r.some(&mut ctx.io, max).await
            } else {
                r.until(&mut ctx.io, end).await
            };
            match got {
                Err(e) => return Ok(Err(e)),
                Ok(None) => return Ok(Ok(())),
                Ok(Some(b)) if skip > 0 => skip -= if bytes { b.len() as u64 } else { 1 },
                Ok(Some(b)) => emit(ctx, &b).await?,
            }
        }
    }
    // What cannot be in the end is dropped on the way, each time that as much again has come.
    let (mut held, mut read, mut much) = (Vec::new(), 0, MANY);
    loop {
        match r.some(&mut ctx.io, 65_536).await {
            Err(e) => return Ok(Err(e)),
            Ok(None) => break,
            Ok(Some(b)) => {
                read += b.len();
                held.extend_from_slice(&b);
            }
        }
        if read > MAX_HELD || !spend(&ctx.io, 16) {
            break;
        }
        if held.len() > much {
            held.drain(..last(&held, bytes, n, end));
            much = held.len() + MANY.max(held.len());
        }
    }
    emit(ctx, &held[last(&held, bytes, n, end)..]).await?;
    Ok(Ok(()))
}

/// Where the last `n` bytes or lines begin.
fn last(all: &[u8], bytes: bool, n: u64, end: u8) -> usize {
    if bytes || n == 0 {
        return all.len().saturating_sub(n as usize);
    }
    let body = all.strip_suffix(&[end]).unwrap_or(all);
    let mut seen = 0;
    let cut = body.iter().rposition(|b| {
        seen += u64::from(*b == end);
        seen == n
    });
    cut.map_or(0, |i| i + 1)
}

struct Followed {
    name: String,
    ino: Option<u64>,
    at: u64,
}

/// Shows what the files grow by, tick by tick. `-F` looks at the name again: rotation, truncation, appearance.
async fn follow_files(ctx: &mut Ctx, mut files: Vec<Followed>, by_name: bool, banner: bool) -> Result<(), i32> {
    let mut last = files.iter().rev().find(|f| f.ino.is_some()).map(|f| f.name.clone());
    loop {
        for f in &mut files {
            let (fresh, notes) = look(ctx, f, by_name);
            for n in notes {
                ctx.complain(n);
            }
            if !fresh.is_empty() {
                if banner && last.as_ref() != Some(&f.name) {
                    emit(ctx, title(&f.name, false)).await?;
                    last = Some(f.name.clone());
                }
                emit(ctx, &fresh).await?;
            }
        }
        if !spend(&ctx.io, 1) {
            return Ok(());
        }
        ctx.io.kernel.tick().await;
        // A reader that has gone ends us at the next line, as in life.
        if ctx.io.is_broken() {
            return Err(super::super::input::SIGPIPE);
        }
    }
}

fn look(ctx: &Ctx, f: &mut Followed, by_name: bool) -> (Vec<u8>, Vec<String>) {
    let w = ctx.io.world.borrow();
    let fs = &w.host.fs;
    let mut notes = Vec::new();
    let quoted = quotef(&f.name);
    let always = quoteaf(&f.name);
    if by_name {
        match fs.stat(&ctx.io.cred, &ctx.path(&f.name)) {
            Err(e) if f.ino.is_some() => {
                notes.push(format!("{always} has become inaccessible: {e}"));
                f.ino = None;
            }
            Err(_) => {}
            Ok((ino, _)) if f.ino != Some(ino) => {
                let what = if f.ino.is_some() {
                    "has been replaced;  following new file"
                } else {
                    "has appeared;  following new file"
                };
                notes.push(format!("{always} {what}"));
                f.ino = Some(ino);
                f.at = 0;
            }
            Ok(_) => {}
        }
    }
    let Some(node) = f.ino.and_then(|i| fs.node(i)) else { return (Vec::new(), notes) };
    let size = node.size();
    if size < f.at {
        notes.push(format!("{quoted}: file truncated"));
        f.at = 0;
    }
    let fresh = node.blob().map(|b| b.slice(f.at as usize, (size - f.at) as usize)).unwrap_or_default();
    f.at = size;
    (fresh, notes)
}
