//! cut(1), paste(1), join(1), column(1) (`-t`, `-s`, `-o`, `-N`, and filling columns).

use super::super::Ctx;
use super::super::input::{Lines, Reader, Status, chomp, emit, slurp, status};
use super::super::opt::{extra_operand, getopt, hint, missing_operand, quote, quotef};
use super::width::text_width;

/// A list such as `1,3-5,7-`: inclusive ranges, sorted and merged.
fn ranges(ctx: &Ctx, list: &str, what: &str) -> Result<Vec<(usize, usize)>, i32> {
    let fail = |m: String| {
        ctx.complain(m);
        ctx.err(hint(ctx));
        Err(1)
    };
    let plural = if what == "field" { "fields" } else { "byte/character positions" };
    let mut out = Vec::new();
    for part in list.split([',', ' ', '\t']) {
        let number = |s: &str| -> Result<Option<usize>, String> {
            if s.is_empty() {
                return Ok(None);
            }
            s.parse().map(Some).map_err(|_| s.to_owned())
        };
        let pair = match part.split_once('-') {
            Some((a, b)) => number(a).and_then(|a| number(b).map(|b| (a, b, true))),
            None => number(part).map(|a| (a, a, false)),
        };
        match pair {
            Err(bad) => {
                let bad = bad.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
                let kind = if what == "field" { "field value" } else { "byte/character position" };
                return fail(format!("invalid {kind} {}", quote(if bad.is_empty() { part } else { &bad })));
            }
            Ok((None, None, true)) => return fail("invalid range with no endpoint: -".into()),
            Ok((Some(0), ..) | (_, Some(0), _) | (None, None, false)) => {
                return fail(format!("{plural} are numbered from 1"));
            }
            Ok((a, b, _)) => {
                let (a, b) = (a.unwrap_or(1), b.unwrap_or(usize::MAX));
                if b < a {
                    return fail("invalid decreasing range".into());
                }
                out.push((a, b));
            }
        }
    }
    out.sort_unstable();
    Ok(out)
}

/// cut(1).
pub async fn cut(ctx: &mut Ctx) -> i32 {
    status(cut_run(ctx).await)
}

async fn cut_run(ctx: &mut Ctx) -> Status {
    let spec = "b|bytes= c|characters= f|fields= d|delimiter= n s|only-delimited |complement |output-delimiter= z|zero-terminated";
    let p = getopt(ctx, spec, 1)?;
    let lists: Vec<&(String, Option<String>)> =
        p.opts.iter().filter(|(k, _)| matches!(k.as_str(), "b" | "c" | "f")).collect();
    let fail = |m: &str| {
        ctx.complain(m);
        ctx.err(hint(ctx));
        Err(1)
    };
    let (kind, list) = match lists[..] {
        [] => return fail("you must specify a list of bytes, characters, or fields"),
        [(k, v)] => (k.clone(), v.clone().unwrap_or_default()),
        _ => return fail("only one list may be specified"),
    };
    if let Some(d) = p.value("d") {
        if d.len() > 1 && d.chars().count() > 1 {
            return fail("the delimiter must be a single character");
        }
        if kind != "f" {
            return fail("an input delimiter may be specified only when operating on fields");
        }
    }
    if p.has("s") && kind != "f" {
        return fail("suppressing non-delimited lines makes sense\n\tonly when operating on fields");
    }
    let rs = ranges(ctx, &list, if kind == "f" { "field" } else { "byte" })?;
    let selected = |i: usize| rs.iter().any(|(a, b)| *a <= i && i <= *b) != p.has("complement");
    let delim = p.value("d").unwrap_or("\t").as_bytes().first().copied().unwrap_or(0);
    let out_delim = p.value("output-delimiter").map(|d| d.as_bytes().to_vec());
    let end = if p.has("z") { 0 } else { b'\n' };
    let mut lines = Lines::new(&p.args);
    lines.end = end;
    while let Some(l) = lines.next(ctx).await {
        let body = l.strip_suffix(&[end]).unwrap_or(&l);
        let mut out = Vec::new();
        if kind == "f" {
            if body.contains(&delim) {
                let glue = out_delim.clone().unwrap_or_else(|| vec![delim]);
                let kept: Vec<&[u8]> =
                    body.split(|b| *b == delim).enumerate().filter(|(i, _)| selected(i + 1)).map(|(_, f)| f).collect();
                out = kept.join(&glue[..]);
            } else {
                if p.has("s") {
                    continue;
                }
                out.extend_from_slice(body);
            }
        } else {
            // GNU cut counts bytes for -c, too.
            let mut last: Option<usize> = None;
            for (i, b) in body.iter().enumerate().filter(|(i, _)| selected(i + 1)) {
                if let (Some(d), Some(l)) = (&out_delim, last)
                    && (l + 1 != i || rs.iter().any(|(a, _)| *a == i + 1))
                {
                    out.extend_from_slice(d);
                }
                out.push(*b);
                last = Some(i);
            }
        }
        out.push(end);
        emit(ctx, out).await?;
    }
    Ok(lines.status)
}

/// paste(1).
pub async fn paste(ctx: &mut Ctx) -> i32 {
    status(paste_run(ctx).await)
}

fn delimiters(s: &str) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut it = s.chars();
    while let Some(c) = it.next() {
        out.push(if c == '\\' {
            match it.next() {
                Some('n') => vec![b'\n'],
                Some('t') => vec![b'\t'],
                Some('0') => vec![],
                Some(o) => o.to_string().into_bytes(),
                None => vec![b'\\'],
            }
        } else {
            c.to_string().into_bytes()
        });
    }
    if out.is_empty() { vec![vec![]] } else { out }
}

async fn paste_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "d|delimiters= s|serial z|zero-terminated", 1)?;
    let delims = delimiters(p.value("d").unwrap_or("\t"));
    let end = if p.has("z") { 0 } else { b'\n' };
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let mut code = 0;
    let trim = |mut l: Vec<u8>| {
        if l.last() == Some(&end) {
            l.pop();
        }
        l
    };
    if p.has("s") {
        for name in &names {
            let mut r = match Reader::open(ctx, name) {
                Ok(r) => r,
                Err(e) => {
                    ctx.complain(format!("{}: {e}", quotef(name)));
                    code = 1;
                    continue;
                }
            };
            let (mut out, mut i) = (Vec::new(), 0);
            while let Ok(Some(l)) = r.until(&mut ctx.io, end).await {
                if i > 0 {
                    out.extend_from_slice(&delims[(i - 1) % delims.len()]);
                }
                out.extend(trim(l));
                i += 1;
            }
            out.push(end);
            emit(ctx, out).await?;
            r.close(ctx);
        }
        return Ok(code);
    }
    let mut readers = Vec::new();
    let mut shared = Reader::stdin();
    for name in &names {
        if name == "-" {
            readers.push(None);
            continue;
        }
        match Reader::open(ctx, name) {
            Ok(r) => readers.push(Some(r)),
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(name)));
                return Err(1);
            }
        }
    }
    loop {
        let mut cells = Vec::new();
        for r in &mut readers {
            let r = r.as_mut().unwrap_or(&mut shared);
            cells.push(r.until(&mut ctx.io, end).await.ok().flatten().map(trim));
        }
        if cells.iter().all(Option::is_none) {
            return Ok(code);
        }
        let mut out = Vec::new();
        for (i, c) in cells.into_iter().enumerate() {
            if i > 0 {
                out.extend_from_slice(&delims[(i - 1) % delims.len()]);
            }
            out.extend(c.unwrap_or_default());
        }
        out.push(end);
        emit(ctx, out).await?;
    }
}

/// join(1).
pub async fn join(ctx: &mut Ctx) -> i32 {
    status(join_run(ctx).await)
}

async fn join_run(ctx: &mut Ctx) -> Status {
    let p =
        getopt(ctx, "a= e= i|ignore-case j= o= t= v= 1= 2= |check-order |nocheck-order |header z|zero-terminated", 1)?;
    match p.args.len() {
        0 => return Err(missing_operand(ctx, None)),
        1 => return Err(missing_operand(ctx, Some(&p.args[0]))),
        2 => {}
        _ => return Err(extra_operand(ctx, &p.args[2])),
    }
    let tab = p.value("t").and_then(|t| t.chars().next());
    let number = |k: &str| p.value(k).or(p.value("j")).and_then(|v| v.parse::<usize>().ok()).unwrap_or(1).max(1);
    let (k1, k2) = (number("1"), number("2"));
    let icase = p.has("i");
    let mut sides: Vec<Vec<Vec<String>>> = Vec::new();
    for name in &p.args {
        let data = match slurp(ctx, name).await {
            Ok(d) => d,
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(name)));
                return Err(1);
            }
        };
        let split = |l: &str| -> Vec<String> {
            match tab {
                Some(t) => l.split(t).map(str::to_owned).collect(),
                None => l.split_whitespace().map(str::to_owned).collect(),
            }
        };
        sides.push(String::from_utf8_lossy(&data).lines().map(split).collect());
    }
    let key = |row: &Vec<String>, k: usize| -> String {
        let f = row.get(k - 1).cloned().unwrap_or_default();
        if icase { f.to_lowercase() } else { f }
    };
    let glue = tab.map_or(" ".to_owned(), String::from);
    let empty = p.value("e").unwrap_or("").to_owned();
    let format: Option<Vec<String>> = p.value("o").map(|o| o.split([',', ' ']).map(str::to_owned).collect());
    let has = |k: &str, n: &str| p.opts.iter().any(|(o, v)| o == k && v.as_deref() == Some(n));
    let only = p.has("v");
    let show = |n: &str| has("a", n) || has("v", n);
    let line = |a: Option<&Vec<String>>, b: Option<&Vec<String>>| -> String {
        let k = a.map(|r| (r, k1)).or(b.map(|r| (r, k2))).and_then(|(r, k)| r.get(k - 1)).cloned().unwrap_or_default();
        let cells: Vec<String> = match &format {
            Some(f) if f != &["auto"] => f
                .iter()
                .map(|f| {
                    if f == "0" {
                        return k.clone();
                    }
                    let (side, n) = f.split_once('.').unwrap_or(("1", "1"));
                    let row = if side == "1" { a } else { b };
                    let n: usize = n.parse().unwrap_or(1);
                    row.and_then(|r| r.get(n.saturating_sub(1)))
                        .cloned()
                        .filter(|s| !s.is_empty())
                        .unwrap_or(empty.clone())
                })
                .collect(),
            _ => {
                let mut v = vec![k];
                for (row, key) in [(a, k1), (b, k2)] {
                    if let Some(r) = row {
                        v.extend(r.iter().enumerate().filter(|(i, _)| i + 1 != key).map(|(_, f)| f.clone()));
                    }
                }
                v
            }
        };
        cells.join(&glue) + "\n"
    };
    let (l, r) = (&sides[0], &sides[1]);
    let (mut i, mut j, mut out, mut code) = (0, 0, String::new(), 0);
    // Order is looked at only once a line without a partner was seen, as GNU join does.
    let (mut unpaired, mut warned, mut checked) = (false, [false; 2], [1usize; 2]);
    while i < l.len() || j < r.len() {
        let order = match (l.get(i), r.get(j)) {
            (Some(a), Some(b)) => key(a, k1).cmp(&key(b, k2)),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        match order {
            std::cmp::Ordering::Less => {
                unpaired = true;
                if show("1") {
                    out += &line(l.get(i), None);
                }
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                unpaired = true;
                if show("2") {
                    out += &line(None, r.get(j));
                }
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                let k = key(&l[i], k1);
                let ni = l[i..].iter().take_while(|x| key(x, k1) == k).count();
                let nj = r[j..].iter().take_while(|x| key(x, k2) == k).count();
                if !only {
                    for a in &l[i..i + ni] {
                        for b in &r[j..j + nj] {
                            out += &line(Some(a), Some(b));
                        }
                    }
                }
                i += ni;
                j += nj;
            }
        }
        emit(ctx, std::mem::take(&mut out)).await?;
        for (n, (rows, k, at)) in [(l, k1, i), (r, k2, j)].into_iter().enumerate() {
            while checked[n] <= at && checked[n] < rows.len() {
                let c = checked[n];
                let disorder = key(&rows[c - 1], k) > key(&rows[c], k);
                if disorder && unpaired && !warned[n] && !p.has("nocheck-order") {
                    let text = rows[c].join(&glue);
                    ctx.complain(format!("{}:{}: is not sorted: {text}", p.args[n], c + 1));
                    warned[n] = true;
                    code = 1;
                }
                checked[n] += 1;
            }
        }
    }
    if code == 1 {
        ctx.complain("input is not in sorted order");
    }
    Ok(code)
}

/// column(1).
pub async fn column(ctx: &mut Ctx) -> i32 {
    status(column_run(ctx).await)
}

async fn column_run(ctx: &mut Ctx) -> Status {
    let spec = "t|table s|separator= o|output-separator= N|table-columns= c|output-width= x|fillrows n|table-name= R|table-right= \
                L|keep-empty-lines d|table-noheadings e|table-header-repeat";
    let p = getopt(ctx, spec, 1)?;
    let mut rows: Vec<String> = Vec::new();
    let mut code = 0;
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    for n in &names {
        match slurp(ctx, n).await {
            Ok(d) => rows.extend(String::from_utf8_lossy(&d).lines().map(str::to_owned)),
            Err(e) => {
                ctx.complain(format!("{n}: {e}"));
                code = 1;
            }
        }
    }
    if !p.has("L") {
        rows.retain(|r| !r.trim().is_empty());
    }
    if p.has("t") {
        let seps: Option<Vec<char>> = p.value("s").map(|s| s.chars().collect());
        let mut table: Vec<Vec<String>> = rows
            .iter()
            .map(|r| match &seps {
                Some(s) => r.split(|c| s.contains(&c)).map(str::to_owned).collect(),
                None => r.split_whitespace().map(str::to_owned).collect(),
            })
            .collect();
        if let Some(h) = p.value("N") {
            table.insert(0, h.split(',').map(str::to_owned).collect());
        }
        let glue = p.value("o").unwrap_or("  ").to_owned();
        let cols = table.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..cols)
            .map(|c| table.iter().filter_map(|r| r.get(c)).map(|s| text_width(s)).max().unwrap_or(0))
            .collect();
        let right: Vec<usize> =
            p.value("R").map(|r| r.split(',').filter_map(|n| n.parse().ok()).collect()).unwrap_or_default();
        for r in &table {
            let mut out = String::new();
            for c in 0..cols {
                let cell = r.get(c).map_or("", String::as_str);
                let pad = " ".repeat(widths[c] - text_width(cell));
                if right.contains(&(c + 1)) {
                    out += &pad;
                    out += cell;
                } else {
                    out += cell;
                    if c + 1 < cols {
                        out += &pad;
                    }
                }
                if c + 1 < cols {
                    out += &glue;
                }
            }
            emit(ctx, out + "\n").await?;
        }
        return Ok(code);
    }
    let total = p.value("c").and_then(|c| c.parse().ok()).unwrap_or_else(|| ctx.columns());
    let longest = rows.iter().map(|r| text_width(r)).max().unwrap_or(0);
    let cell = (longest + 8) & !7;
    let cols = (total / cell.max(1)).max(1);
    let per = rows.len().div_ceil(cols).max(1);
    let across = p.has("x");
    let lines = if across { rows.len().div_ceil(cols) } else { per };
    for i in 0..lines {
        let items: Vec<&String> = if across {
            rows.iter().skip(i * cols).take(cols).collect()
        } else {
            (0..cols).filter_map(|c| rows.get(c * per + i)).collect()
        };
        let mut out = String::new();
        for (k, it) in items.iter().enumerate() {
            out += it;
            if k + 1 < items.len() {
                let mut at = text_width(it);
                while at < cell {
                    out.push('\t');
                    at = (at / 8 + 1) * 8;
                }
            }
        }
        emit(ctx, out + "\n").await?;
    }
    Ok(code)
}

/// comm(1).
pub async fn comm(ctx: &mut Ctx) -> i32 {
    status(comm_run(ctx).await)
}

async fn comm_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "1 2 3 |check-order |nocheck-order |output-delimiter= |total z|zero-terminated", 1)?;
    match p.args.len() {
        0 => return Err(missing_operand(ctx, None)),
        1 => return Err(missing_operand(ctx, Some(&p.args[0]))),
        2 => {}
        _ => return Err(extra_operand(ctx, &p.args[2])),
    }
    let mut sides = Vec::new();
    for n in &p.args {
        match slurp(ctx, n).await {
            Ok(d) => sides.push(d.split_inclusive(|b| *b == b'\n').map(|l| chomp(l).to_vec()).collect::<Vec<_>>()),
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(n)));
                return Err(1);
            }
        }
    }
    let delim = p.value("output-delimiter").unwrap_or("\t").to_owned();
    let (a, b) = (&sides[0], &sides[1]);
    let (mut i, mut j, mut counts) = (0, 0, [0u64; 3]);
    let mut warned = [false; 2];
    while i < a.len() || j < b.len() {
        let o = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.cmp(y),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        let (col, line) = match o {
            std::cmp::Ordering::Less => (1, &a[i]),
            std::cmp::Ordering::Greater => (2, &b[j]),
            std::cmp::Ordering::Equal => (3, &a[i]),
        };
        counts[col - 1] += 1;
        if !p.has(&col.to_string()) {
            let before = (1..col).filter(|c| !p.has(&c.to_string())).count();
            let mut out = delim.repeat(before).into_bytes();
            out.extend_from_slice(line);
            out.push(b'\n');
            emit(ctx, out).await?;
        }
        for (n, (side, at, step)) in [(a, &mut i, col != 2), (b, &mut j, col != 1)].into_iter().enumerate() {
            if step {
                *at += 1;
                let bad = *at < side.len() && side[*at] < side[*at - 1];
                if bad && !warned[n] && !p.has("nocheck-order") {
                    warned[n] = true;
                    ctx.complain(format!("file {} is not in sorted order", n + 1));
                }
            }
        }
    }
    if p.has("total") {
        emit(ctx, format!("{}{delim}{}{delim}{}{delim}total\n", counts[0], counts[1], counts[2])).await?;
    }
    if warned.contains(&true) {
        ctx.complain("input is not in sorted order");
        return Ok(1);
    }
    Ok(0)
}
