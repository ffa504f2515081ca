//! cat(1), tac(1), rev(1) and nl(1) (plain numbering of body lines).

use super::super::Ctx;
use super::super::input::{Lines, Reader, Status, chomp, emit, slurp, status};
use super::super::opt::{getopt, quotef};

/// Shows control and non-ASCII bytes as `^X` and `M-x`.
fn visible(line: &[u8], tabs: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for &b in line {
        let mut c = b;
        if c == b'\n' || (c == b'\t' && !tabs) {
            out.push(c);
            continue;
        }
        if c >= 128 {
            out.extend_from_slice(b"M-");
            c -= 128;
        }
        match c {
            0..32 => out.extend_from_slice(&[b'^', c + 64]),
            127 => out.extend_from_slice(b"^?"),
            c => out.push(c),
        }
    }
    out
}

/// cat(1).
pub async fn cat(ctx: &mut Ctx) -> i32 {
    status(cat_run(ctx).await)
}

async fn cat_run(ctx: &mut Ctx) -> Status {
    let spec = "A|show-all b|number-nonblank e E|show-ends n|number s|squeeze-blank t T|show-tabs u v|show-nonprinting";
    let p = getopt(ctx, spec, 1)?;
    let has = |keys: &[&str]| keys.iter().any(|k| p.has(k));
    let (ends, tabs) = (has(&["A", "e", "E"]), has(&["A", "t", "T"]));
    let (controls, nonblank) = (has(&["A", "e", "t", "v"]), p.has("b"));
    let number = p.has("n") && !nonblank;
    let squeeze = p.has("s");
    let plain = !(ends || tabs || controls || nonblank || number || squeeze);
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let (mut code, mut n, mut blank) = (0, 0u64, 0);
    let mut fresh = true;
    for name in names {
        let mut r = match Reader::open(ctx, &name) {
            Ok(r) => r,
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(&name)));
                code = 1;
                continue;
            }
        };
        loop {
            let got = if plain { r.some(&mut ctx.io, 65_536).await } else { r.line(&mut ctx.io).await };
            let line = match got {
                Ok(None) => break,
                Ok(Some(l)) => l,
                Err(e) => {
                    ctx.complain(format!("{}: {e}", quotef(&name)));
                    code = 1;
                    break;
                }
            };
            if plain {
                emit(ctx, &line).await?;
                continue;
            }
            let empty = line == b"\n" && fresh;
            if empty {
                blank += 1;
                if squeeze && blank > 1 {
                    continue;
                }
            } else {
                blank = 0;
            }
            let mut out = Vec::new();
            if fresh && (number || (nonblank && !empty)) {
                n += 1;
                out.extend_from_slice(format!("{n:6}\t").as_bytes());
            }
            fresh = line.ends_with(b"\n");
            let body = chomp(&line);
            if controls {
                out.extend(visible(body, tabs));
            } else if tabs {
                body.iter().for_each(|b| if *b == b'\t' { out.extend_from_slice(b"^I") } else { out.push(*b) });
            } else {
                out.extend_from_slice(body);
            }
            if fresh {
                if ends {
                    if !controls && out.last() == Some(&b'\r') {
                        out.pop();
                        out.extend_from_slice(b"^M");
                    }
                    out.push(b'$');
                }
                out.push(b'\n');
            }
            emit(ctx, &out).await?;
        }
        r.close(ctx);
    }
    Ok(code)
}

/// tac(1): lines in reverse, file by file.
pub async fn tac(ctx: &mut Ctx) -> i32 {
    status(tac_run(ctx).await)
}

async fn tac_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "b|before r|regex s|separator=", 1)?;
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let sep = p.value("s").unwrap_or("\n").as_bytes().first().copied().unwrap_or(b'\n');
    let mut code = 0;
    for name in names {
        match slurp(ctx, &name).await {
            Err(e) => {
                if e == crate::host::Errno::IsDir {
                    ctx.complain(format!("{}: read error: {e}", quotef(&name)));
                } else {
                    ctx.complain(format!("failed to open {} for reading: {e}", super::super::opt::quoteaf(&name)));
                }
                code = 1;
            }
            Ok(all) => {
                let pieces: Vec<&[u8]> = all.split_inclusive(|b| *b == sep).collect();
                for l in pieces.into_iter().rev() {
                    emit(ctx, l).await?;
                }
            }
        }
    }
    Ok(code)
}

/// rev(1): each line backwards, by characters.
pub async fn rev(ctx: &mut Ctx) -> i32 {
    status(rev_run(ctx).await)
}

async fn rev_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "0|zero", 1)?;
    let mut code = 0;
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    for name in names {
        let mut r = match Reader::open_path(ctx, &name) {
            Ok(r) => r,
            Err(_) if name == "-" => Reader::stdin(),
            Err(e) => {
                ctx.complain(format!("cannot open {name}: {e}"));
                code = 1;
                continue;
            }
        };
        while let Ok(Some(l)) = r.line(&mut ctx.io).await {
            let body = chomp(&l);
            let mut out: Vec<u8> = match std::str::from_utf8(body) {
                Ok(s) => s.chars().rev().collect::<String>().into_bytes(),
                Err(_) => body.iter().rev().copied().collect(),
            };
            if l.ends_with(b"\n") {
                out.push(b'\n');
            }
            emit(ctx, &out).await?;
        }
        r.close(ctx);
    }
    Ok(code)
}

/// nl(1) with `-b a|t|n`, `-v`, `-i`, `-w`, `-s`, `-n`.
pub async fn nl(ctx: &mut Ctx) -> i32 {
    status(nl_run(ctx).await)
}

async fn nl_run(ctx: &mut Ctx) -> Status {
    let spec = "b|body-numbering= v|starting-line-number= i|line-increment= w|number-width= s|number-separator= \
                n|number-format= h|header-numbering= f|footer-numbering= l|join-blank-lines= p|no-renumber d|section-delimiter=";
    let p = getopt(ctx, spec, 1)?;
    let num = |k: &str, d: i64| p.value(k).and_then(|v| v.parse().ok()).unwrap_or(d);
    let (mut n, step, width) = (num("v", 1), num("i", 1), num("w", 6).clamp(1, 200) as usize);
    let style = p.value("b").unwrap_or("t").to_owned();
    let format = p.value("n").unwrap_or("rn").to_owned();
    let sep = p.value("s").unwrap_or("\t").to_owned();
    let mut lines = Lines::new(&p.args);
    while let Some(l) = lines.next(ctx).await {
        let body = chomp(&l);
        let mut out = if style == "a" || (style == "t" && !body.is_empty()) {
            let label = match format.as_str() {
                "ln" => format!("{n:<width$}"),
                "rz" => format!("{n:0width$}"),
                _ => format!("{n:width$}"),
            };
            n += step;
            format!("{label}{sep}").into_bytes()
        } else {
            " ".repeat(width + sep.chars().count()).into_bytes()
        };
        out.extend_from_slice(body);
        out.push(b'\n');
        emit(ctx, &out).await?;
    }
    Ok(lines.status)
}
