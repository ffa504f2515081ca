//! fold(1), fmt(1) (paragraphs by a simple greedy fill), expand(1), unexpand(1) (leading blanks), split(1) (by lines or bytes).

use super::super::Ctx;
use super::super::input::{Lines, Status, chomp, emit, open_write, slurp, status};
use super::super::opt::{getopt, quote, quotef};
use super::head::count;

/// fold(1): bytes count, as in GNU 9.1.
pub async fn fold(ctx: &mut Ctx) -> i32 {
    status(fold_run(ctx).await)
}

/// Rewrites `-80` to `-w 80`.
fn dashed(ctx: &mut Ctx, letter: &str) {
    for a in ctx.args.iter_mut().skip(1) {
        if let Some(d) = a.strip_prefix('-')
            && !d.is_empty()
            && d.bytes().all(|b| b.is_ascii_digit())
        {
            *a = format!("-{letter}{d}");
        }
    }
}

async fn fold_run(ctx: &mut Ctx) -> Status {
    dashed(ctx, "w");
    let p = getopt(ctx, "b|bytes s|spaces w|width=", 1)?;
    let text = p.value("w").unwrap_or("80");
    let Some(w) = text.parse::<usize>().ok().filter(|w| *w > 0) else {
        ctx.complain(format!("invalid number of columns: {}", quote(text)));
        return Err(1);
    };
    let mut lines = Lines::new(&p.args);
    while let Some(l) = lines.next(ctx).await {
        let body = chomp(&l);
        let (mut start, mut col, mut i) = (0, 0, 0);
        let mut out = Vec::new();
        while i < body.len() {
            let next = match body[i] {
                b'\t' if !p.has("b") => (col / 8 + 1) * 8,
                8 if !p.has("b") => usize::saturating_sub(col, 1),
                _ => col + 1,
            };
            if next > w && i > start {
                let cut = if p.has("s") {
                    body[start..i].iter().rposition(|b| *b == b' ' || *b == b'\t').map_or(i, |k| start + k + 1)
                } else {
                    i
                };
                out.extend_from_slice(&body[start..cut]);
                out.push(b'\n');
                start = cut;
                i = cut;
                col = 0;
                continue;
            }
            col = next;
            i += 1;
        }
        out.extend_from_slice(&body[start..]);
        if l.ends_with(b"\n") {
            out.push(b'\n');
        }
        emit(ctx, out).await?;
    }
    Ok(lines.status)
}

/// fmt(1).
pub async fn fmt(ctx: &mut Ctx) -> i32 {
    status(fmt_run(ctx).await)
}

async fn fmt_run(ctx: &mut Ctx) -> Status {
    dashed(ctx, "w");
    let p =
        getopt(ctx, "w|width= s|split-only u|uniform-spacing t|tagged-paragraph c|crown-margin p|prefix= g|goal=", 1)?;
    let width: usize = p.value("w").and_then(|w| w.parse().ok()).unwrap_or(75);
    let mut lines = Lines::new(&p.args);
    let mut para: Vec<String> = Vec::new();
    let mut indent = String::new();
    loop {
        let next = lines.next(ctx).await.map(|l| String::from_utf8_lossy(chomp(&l)).into_owned());
        let blank = next.as_ref().is_none_or(|l| l.trim().is_empty());
        let own: String = next.iter().flat_map(|l| l.chars().take_while(|c| c.is_whitespace())).collect();
        if (blank || own != indent) && !para.is_empty() {
            let mut line = indent.clone();
            let mut out = String::new();
            for w in para.drain(..) {
                let len = line.chars().count();
                if len > indent.chars().count() && len + 1 + w.chars().count() > width {
                    out += &line;
                    out.push('\n');
                    line.clone_from(&indent);
                } else if len > indent.chars().count() {
                    line.push(' ');
                }
                line += &w;
            }
            emit(ctx, out + &line + "\n").await?;
        }
        let Some(l) = next else { return Ok(lines.status) };
        if blank {
            emit(ctx, "\n").await?;
            continue;
        }
        indent = own;
        para.extend(l.split_whitespace().map(str::to_owned));
    }
}

/// expand(1).
pub async fn expand(ctx: &mut Ctx) -> i32 {
    status(expand_run(ctx).await)
}

async fn expand_run(ctx: &mut Ctx) -> Status {
    dashed(ctx, "t");
    let p = getopt(ctx, "i|initial t|tabs=", 1)?;
    let stops: Vec<usize> = p.value("t").unwrap_or("8").split([',', ' ']).filter_map(|n| n.parse().ok()).collect();
    let step = stops.first().copied().filter(|s| *s > 0).unwrap_or(8);
    let mut lines = Lines::new(&p.args);
    while let Some(l) = lines.next(ctx).await {
        let (mut out, mut col, mut initial) = (Vec::new(), 0, true);
        for b in &l {
            initial &= matches!(b, b' ' | b'\t');
            if *b == b'\t' && (initial || !p.has("i")) {
                let next = if stops.len() > 1 {
                    stops.iter().find(|s| **s > col).copied().unwrap_or(col + 1)
                } else {
                    (col / step + 1) * step
                };
                out.extend(std::iter::repeat_n(b' ', next - col));
                col = next;
            } else {
                // Continuation bytes of UTF-8 take no column.
                if b & 0xc0 != 0x80 {
                    col += 1;
                }
                out.push(*b);
            }
        }
        emit(ctx, out).await?;
    }
    Ok(lines.status)
}

/// unexpand(1).
pub async fn unexpand(ctx: &mut Ctx) -> i32 {
    status(unexpand_run(ctx).await)
}

async fn unexpand_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "a|all |first-only t|tabs=", 1)?;
    let mut lines = Lines::new(&p.args);
    while let Some(l) = lines.next(ctx).await {
        let n = l.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let mut col = 0;
        for b in &l[..n] {
            col = if *b == b'\t' { (col / 8 + 1) * 8 } else { col + 1 };
        }
        let mut out = vec![b'\t'; col / 8];
        out.extend(std::iter::repeat_n(b' ', col % 8));
        out.extend_from_slice(&l[n..]);
        emit(ctx, out).await?;
    }
    Ok(lines.status)
}

/// split(1).
pub async fn split(ctx: &mut Ctx) -> i32 {
    status(split_run(ctx).await)
}

async fn split_run(ctx: &mut Ctx) -> Status {
    dashed(ctx, "l");
    let p = getopt(ctx, "l|lines= b|bytes= d a|suffix-length= |numeric-suffixes=? |additional-suffix= |verbose", 1)?;
    let name = p.args.first().map_or("-", String::as_str).to_owned();
    let prefix = p.args.get(1).map_or("x", String::as_str).to_owned();
    let data = match slurp(ctx, &name).await {
        Ok(d) => d,
        Err(e) => {
            ctx.complain(format!("cannot open {} for reading: {e}", super::super::opt::quoteaf(&name)));
            return Err(1);
        }
    };
    let pieces: Vec<Vec<u8>> = if let Some(b) = p.value("b") {
        let Some(n) = count(b).filter(|n| *n > 0) else {
            ctx.complain(format!("invalid number of bytes: {}", quote(b)));
            return Err(1);
        };
        data.chunks(n as usize).map(<[u8]>::to_vec).collect()
    } else {
        let l = p.value("l").unwrap_or("1000");
        let Some(n) = count(l).filter(|n| *n > 0) else {
            ctx.complain(format!("invalid number of lines: {}", quote(l)));
            return Err(1);
        };
        let lines: Vec<&[u8]> = data.split_inclusive(|b| *b == b'\n').collect();
        lines.chunks(n as usize).map(<[&[u8]]>::concat).collect()
    };
    let len = p.value("a").and_then(|a| a.parse::<u32>().ok()).unwrap_or(2).clamp(1, 6);
    let numeric = p.has("d") || p.has("numeric-suffixes");
    let base: usize = if numeric { 10 } else { 26 };
    for (i, piece) in pieces.iter().enumerate() {
        if i >= base.pow(len) {
            ctx.complain("output file suffixes exhausted");
            return Err(1);
        }
        let suffix: String = (0..len)
            .rev()
            .map(|k| {
                let d = (i / base.pow(k) % base) as u8;
                (if numeric { b'0' + d } else { b'a' + d }) as char
            })
            .collect();
        let file = format!("{prefix}{suffix}{}", p.value("additional-suffix").unwrap_or(""));
        let written = open_write(ctx, &file, false).and_then(|fd| {
            let r = ctx.io.write(fd, piece);
            ctx.io.fds.remove(&fd);
            r
        });
        if let Err(e) = written {
            ctx.complain(format!("{}: {e}", quotef(&file)));
            return Err(1);
        }
    }
    Ok(0)
}
