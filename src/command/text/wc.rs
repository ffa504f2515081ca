//! wc(1) and tee(1).

use super::super::Ctx;
use super::super::input::{Reader, Status, emit, open_write, status};
use super::super::io::Fd;
use super::super::opt::{getopt, quotef};
use super::width::width;

#[derive(Clone, Copy, Default)]
struct Counts {
    lines: u64,
    words: u64,
    chars: u64,
    bytes: u64,
    longest: u64,
}

fn count(data: &[u8]) -> Counts {
    let mut c = Counts { bytes: data.len() as u64, ..Counts::default() };
    c.lines = data.iter().filter(|b| **b == b'\n').count() as u64;
    for chunk in data.utf8_chunks() {
        c.chars += chunk.valid().chars().count() as u64;
    }
    let text = String::from_utf8_lossy(data);
    c.words = text.split(|ch: char| ch.is_whitespace()).filter(|w| !w.is_empty()).count() as u64;
    for line in text.split('\n') {
        let mut w = 0;
        for ch in line.chars() {
            match ch {
                '\t' => w += 8 - w % 8,
                '\r' | '\x0c' => {
                    c.longest = c.longest.max(w as u64);
                    w = 0;
                }
                ch => w += width(ch),
            }
        }
        c.longest = c.longest.max(w as u64);
    }
    c
}

/// A file's name as wc shows it: quoted only when it would break the line.
fn shown(name: &str) -> String {
    if name.contains('\n') { quotef(name) } else { name.to_owned() }
}

/// wc(1).
pub async fn wc(ctx: &mut Ctx) -> i32 {
    status(wc_run(ctx).await)
}

async fn wc_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "c|bytes m|chars l|lines L|max-line-length w|words |files0-from=", 1)?;
    let mut want: Vec<char> = ['l', 'w', 'm', 'c', 'L'].into_iter().filter(|c| p.has(&c.to_string())).collect();
    if want.is_empty() {
        want = vec!['l', 'w', 'c'];
    }
    let stdin_only = p.args.is_empty();
    let names = if stdin_only { vec!["-".to_owned()] } else { p.args.clone() };
    let (mut rows, mut code, mut total) = (Vec::new(), 0, Counts::default());
    let (mut irregular, mut sum) = (false, 0u64);
    for name in &names {
        let fs_size = {
            let w = ctx.io.world.borrow();
            match ctx.io.fds.get(&0) {
                Some(Fd::File(f)) if name == "-" => {
                    w.host.fs.node(f.ino).filter(|n| n.is_file()).map(crate::host::fs::Node::size)
                }
                _ if name == "-" => None,
                _ => w
                    .host
                    .fs
                    .stat(&ctx.io.cred, &ctx.path(name))
                    .ok()
                    .filter(|(_, n)| n.is_file())
                    .map(|(_, n)| n.size()),
            }
        };
        match fs_size {
            Some(s) => sum += s,
            None if name == "-" || ctx.world().borrow().host.fs.exists(&ctx.path(name)) => irregular = true,
            None => {}
        }
        let mut r = match Reader::open(ctx, name) {
            Ok(r) => r,
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(name)));
                code = 1;
                continue;
            }
        };
        let data = match r.all(&mut ctx.io).await {
            Ok(d) => d,
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(name)));
                code = 1;
                Vec::new()
            }
        };
        r.close(ctx);
        let c = count(&data);
        total.lines += c.lines;
        total.words += c.words;
        total.chars += c.chars;
        total.bytes += c.bytes;
        total.longest = total.longest.max(c.longest);
        rows.push((c, if stdin_only { None } else { Some(shown(name)) }));
    }
    if names.len() > 1 {
        rows.push((total, Some("total".into())));
    }
    let single = names.len() == 1 && want.len() == 1;
    let digits = sum.to_string().len();
    let w = if single {
        1
    } else if irregular {
        digits.max(7)
    } else {
        digits
    };
    for (c, name) in rows {
        let cells: Vec<String> = want
            .iter()
            .map(|k| match k {
                'l' => c.lines,
                'w' => c.words,
                'm' => c.chars,
                'c' => c.bytes,
                _ => c.longest,
            })
            .map(|n| format!("{n:w$}"))
            .collect();
        let tail = name.map_or(String::new(), |n| format!(" {n}"));
        emit(ctx, format!("{}{tail}\n", cells.join(" "))).await?;
    }
    Ok(code)
}

/// tee(1).
pub async fn tee(ctx: &mut Ctx) -> i32 {
    status(tee_run(ctx).await)
}

async fn tee_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "a|append i|ignore-interrupts p |output-error=?", 1)?;
    let mut code = 0;
    let mut outs = Vec::new();
    for name in &p.args {
        match open_write(ctx, name, p.has("a")) {
            Ok(fd) => outs.push((fd, name.clone())),
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(name)));
                code = 1;
            }
        }
    }
    let mut r = Reader::stdin();
    while let Ok(Some(b)) = r.some(&mut ctx.io, 65_536).await {
        let mut bad = Vec::new();
        for (fd, name) in &outs {
            if let Err(e) = ctx.io.write(*fd, &b) {
                ctx.complain(format!("{}: {e}", quotef(name)));
                bad.push(*fd);
                code = 1;
            }
        }
        outs.retain(|(fd, _)| !bad.contains(fd));
        emit(ctx, &b).await?;
    }
    Ok(code)
}
