//! od(1) (`-c`, `-x`, `-b`, `-A`, `-t` with a, c, d, o, u, x), xxd(1) with `-r -p`, hexdump(1) (`-C` and the default words).

use super::super::Ctx;
use super::super::input::{Status, emit, slurp, status};
use super::super::opt::{getopt, quotef};

async fn input(ctx: &mut Ctx, names: &[String]) -> (Vec<u8>, i32) {
    let (mut all, mut code) = (Vec::new(), 0);
    let names = if names.is_empty() { vec!["-".to_owned()] } else { names.to_vec() };
    for n in names {
        match slurp(ctx, &n).await {
            Ok(d) => all.extend(d),
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(&n)));
                code = 1;
            }
        }
    }
    (all, code)
}

fn number(s: &str) -> Option<usize> {
    if let Some(h) = s.strip_prefix("0x") {
        usize::from_str_radix(h, 16).ok()
    } else {
        super::head::count(s).map(|n| n as usize)
    }
}

/// od(1).
pub async fn od(ctx: &mut Ctx) -> i32 {
    status(od_run(ctx).await)
}

#[derive(Clone, Copy)]
struct Type {
    kind: char,
    size: usize,
    z: bool,
}

impl Type {
    fn width(self) -> usize {
        match (self.kind, self.size) {
            ('a' | 'c', _) => 4,
            ('x', n) => n * 2 + 1,
            ('o', 1) => 4,
            ('o', 2) => 7,
            ('o', 4) => 12,
            ('o', _) => 23,
            ('d', 1) => 5,
            ('d', 2) => 7,
            ('d', 4) => 12,
            ('u', 1) => 4,
            ('u', 2) => 6,
            ('u', 4) => 11,
            _ => 21,
        }
    }
    fn show(self, b: &[u8]) -> String {
        let mut v = 0u64;
        for (i, x) in b.iter().enumerate() {
            v |= u64::from(*x) << (8 * i);
        }
        match self.kind {
            'a' => {
                const NAMES: [&str; 33] = [
                    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr", "so",
                    "si", "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc", "fs",
                    "gs", "rs", "us", "sp",
                ];
                let c = b[0] & 127;
                if c < 33 {
                    NAMES[usize::from(c)].into()
                } else if c == 127 {
                    "del".into()
                } else {
                    (c as char).to_string()
                }
            }
            'c' => match b[0] {
                0 => "\\0".into(),
                7 => "\\a".into(),
                8 => "\\b".into(),
                9 => "\\t".into(),
                10 => "\\n".into(),
                11 => "\\v".into(),
                12 => "\\f".into(),
                13 => "\\r".into(),
                c if (32..127).contains(&c) => (c as char).to_string(),
                c => format!("{c:03o}"),
            },
            'x' => format!("{v:0w$x}", w = self.size * 2),
            'o' => format!("{v:0w$o}", w = self.width() - 1),
            'u' => v.to_string(),
            _ => {
                let shift = 64 - 8 * self.size as u32;
                (((v << shift) as i64) >> shift).to_string()
            }
        }
    }
}

fn types(text: &str) -> Option<Vec<Type>> {
    let mut out = Vec::new();
    let mut it = text.chars().peekable();
    while let Some(kind) = it.next() {
        if !"acdoux".contains(kind) {
            return None;
        }
        let mut size = if matches!(kind, 'a' | 'c') { 1 } else { 4 };
        if !matches!(kind, 'a' | 'c')
            && let Some(c) = it.peek().copied()
            && let Some(n) = match c {
                '1' | 'C' => Some(1),
                '2' | 'S' => Some(2),
                '4' | 'I' => Some(4),
                '8' | 'L' => Some(8),
                _ => None,
            }
        {
            size = n;
            it.next();
        }
        let z = it.next_if_eq(&'z').is_some();
        out.push(Type { kind, size, z });
    }
    Some(out)
}

async fn od_run(ctx: &mut Ctx) -> Status {
    let p = getopt(
        ctx,
        "A|address-radix= t|format= j|skip-bytes= N|read-bytes= v|output-duplicates w|width=? a b c d o s i l x",
        1,
    )?;
    let mut ts = Vec::new();
    for (k, v) in &p.opts {
        let text = match k.as_str() {
            "t" => v.as_deref().unwrap_or(""),
            "a" => "a",
            "b" => "o1",
            "c" => "c",
            "d" => "u2",
            "o" => "o2",
            "s" => "d2",
            "i" => "d4",
            "l" => "d8",
            "x" => "x2",
            _ => continue,
        };
        match types(text) {
            Some(t) => ts.extend(t),
            None => {
                let bad = text.chars().next().unwrap_or(' ');
                ctx.complain(format!("invalid character '{bad}' in type string {}", super::super::opt::quote(text)));
                return Err(1);
            }
        }
    }
    if ts.is_empty() {
        ts.push(Type { kind: 'o', size: 2, z: false });
    }
    let (mut data, code) = input(ctx, &p.args).await;
    let skip = p.value("j").and_then(number).unwrap_or(0).min(data.len());
    data.drain(..skip);
    if let Some(n) = p.value("N").and_then(number) {
        data.truncate(n);
    }
    let per = if p.has("w") { p.value("w").and_then(number).unwrap_or(32).max(1) } else { 16 };
    let radix = p.value("A").unwrap_or("o").chars().next().unwrap_or('o');
    let address = |a: usize| match radix {
        'd' => format!("{a:07}"),
        'x' => format!("{a:06x}"),
        'n' => String::new(),
        _ => format!("{a:07o}"),
    };
    // All types get the width of the widest per byte.
    let cell = |t: &Type| t.width() * (8 / t.size);
    let widest = ts.iter().map(cell).max().unwrap_or(0);
    let (mut last, mut starred): (Option<Vec<u8>>, bool) = (None, false);
    for (i, chunk) in data.chunks(per).enumerate() {
        if !p.has("v") && chunk.len() == per && last.as_deref() == Some(chunk) {
            if !starred {
                emit(ctx, "*\n").await?;
                starred = true;
            }
            continue;
        }
        starred = false;
        last = Some(chunk.to_vec());
        let mut out = String::new();
        for (k, t) in ts.iter().enumerate() {
            let addr = address(skip + i * per);
            out += &if k == 0 { addr } else { " ".repeat(addr.len()) };
            let w = widest / (8 / t.size);
            let mut shown = String::new();
            for b in chunk.chunks(t.size) {
                let mut full = b.to_vec();
                full.resize(t.size, 0);
                shown += &format!("{:>w$}", t.show(&full));
            }
            out += &shown;
            if t.z {
                let full = w * per.div_ceil(t.size);
                let text: String = chunk.iter().map(|b| if (32..127).contains(b) { *b as char } else { '.' }).collect();
                out += &format!("{}  >{text}<", " ".repeat(full - shown.len()));
            }
            out.push('\n');
        }
        emit(ctx, out).await?;
    }
    if radix != 'n' {
        emit(ctx, address(skip + data.len()) + "\n").await?;
    }
    Ok(code)
}

/// xxd(1).
pub async fn xxd(ctx: &mut Ctx) -> i32 {
    status(xxd_run(ctx).await)
}

async fn xxd_run(ctx: &mut Ctx) -> Status {
    for a in &mut ctx.args {
        if matches!(a.as_str(), "-ps" | "-plain" | "-postscript") {
            *a = "-p".into();
        }
    }
    let p = getopt(ctx, "l= c= g= s= p r u i b a e", 1)?;
    let (mut data, code) = input(ctx, &p.args[..p.args.len().min(1)]).await;
    if p.has("r") {
        let mut out = Vec::new();
        for line in String::from_utf8_lossy(&data).lines() {
            let hex = if p.has("p") { line } else { line.split_once(':').map_or("", |x| x.1) };
            let hex = if p.has("p") { hex } else { hex.trim_start().split("  ").next().unwrap_or("") };
            let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
            out.extend(digits.chunks_exact(2).map(|d| d[0] << 4 | d[1]));
        }
        emit(ctx, out).await?;
        return Ok(code);
    }
    let skip = p.value("s").and_then(number).unwrap_or(0).min(data.len());
    data.drain(..skip);
    if let Some(n) = p.value("l").and_then(number) {
        data.truncate(n);
    }
    let hex = |b: u8| if p.has("u") { format!("{b:02X}") } else { format!("{b:02x}") };
    if p.has("p") {
        let per = p.value("c").and_then(number).unwrap_or(30).max(1);
        for c in data.chunks(per) {
            emit(ctx, c.iter().map(|b| hex(*b)).collect::<String>() + "\n").await?;
        }
        return Ok(code);
    }
    let bits = p.has("b");
    let per = p.value("c").and_then(number).unwrap_or(if bits { 6 } else { 16 }).max(1);
    let group = p.value("g").and_then(number).unwrap_or(if bits { 1 } else { 2 });
    let group = if group == 0 { per } else { group };
    let digits = if bits { 8 } else { 2 };
    let full = per * digits + per.div_ceil(group) - 1;
    for (i, c) in data.chunks(per).enumerate() {
        let groups: Vec<String> = c
            .chunks(group)
            .map(|g| g.iter().map(|b| if bits { format!("{b:08b}") } else { hex(*b) }).collect())
            .collect();
        let text: String = c.iter().map(|b| if (32..127).contains(b) { *b as char } else { '.' }).collect();
        emit(ctx, format!("{:08x}: {:full$}  {text}\n", skip + i * per, groups.join(" "))).await?;
    }
    Ok(code)
}

/// hexdump(1) and hd(1).
pub async fn hexdump(ctx: &mut Ctx) -> i32 {
    status(hexdump_run(ctx).await)
}

async fn hexdump_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "C|canonical n|length= s|skip= v|no-squeezing x c b d o e=", 1)?;
    let (mut data, code) = input(ctx, &p.args).await;
    let canonical = p.has("C") || ctx.name() == "hd";
    let skip = p.value("s").and_then(number).unwrap_or(0).min(data.len());
    data.drain(..skip);
    if let Some(n) = p.value("n").and_then(number) {
        data.truncate(n);
    }
    let (mut last, mut starred): (Option<Vec<u8>>, bool) = (None, false);
    for (i, c) in data.chunks(16).enumerate() {
        if !p.has("v") && c.len() == 16 && last.as_deref() == Some(c) {
            if !starred {
                emit(ctx, "*\n").await?;
                starred = true;
            }
            continue;
        }
        starred = false;
        last = Some(c.to_vec());
        let at = skip + i * 16;
        let line = if canonical {
            let h: Vec<String> =
                c.chunks(8).map(|g| g.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ")).collect();
            let text: String = c.iter().map(|b| if (32..127).contains(b) { *b as char } else { '.' }).collect();
            format!("{at:08x}  {:48}  |{text}|\n", h.join("  "))
        } else {
            let words: String = c
                .chunks(2)
                .map(|w| format!(" {:04x}", u16::from(w[0]) | u16::from(*w.get(1).unwrap_or(&0)) << 8))
                .collect();
            format!("{at:07x}{words:40}\n")
        };
        emit(ctx, line).await?;
    }
    if !data.is_empty() {
        let end = skip + data.len();
        emit(ctx, if canonical { format!("{end:08x}\n") } else { format!("{end:07x}\n") }).await?;
    }
    Ok(code)
}

/// strings(1): runs of four printable characters or more.
pub async fn strings(ctx: &mut Ctx) -> i32 {
    status(strings_run(ctx).await)
}

async fn strings_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "a n|bytes= f t=", 1)?;
    let min = p.value("n").and_then(number).unwrap_or(4).max(1);
    let (data, code) = input(ctx, &p.args).await;
    let mut run = Vec::new();
    for b in data.iter().chain([&0]) {
        if (32..127).contains(b) || *b == b'\t' {
            run.push(*b);
            continue;
        }
        if run.len() >= min {
            run.push(b'\n');
            emit(ctx, &run).await?;
        }
        run.clear();
    }
    Ok(code)
}
