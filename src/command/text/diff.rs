//! diff(1) (normal, `-u`, `-c`, `-y`, `-q`, `-r`, blanks and case) and cmp(1).
//!
//! The edit script is found by Myers' algorithm in linear space, as in GNU diff, with runs of changes slid to the end of
//! their range. Left out: `-e`, `-I`, `--to-file`, and the heuristics for very large files.

use super::super::Ctx;
use super::super::input::{Reader, Status, chomp, emit, slurp, spend};
use super::super::opt::{getopt, hint, quotef};
use crate::host::Errno;

/// Which lines of both sides are changed.
struct Script {
    old: Vec<bool>,
    new: Vec<bool>,
}

/// Myers' middle snake, forwards and backwards at once.
struct Myers<'a> {
    a: &'a [u32],
    b: &'a [u32],
    forward: Vec<isize>,
    backward: Vec<isize>,
    offset: isize,
    out: Script,
}

impl Myers<'_> {
    fn f(&mut self, d: isize) -> &mut isize {
        &mut self.forward[(d + self.offset) as usize]
    }
    fn g(&mut self, d: isize) -> &mut isize {
        &mut self.backward[(d + self.offset) as usize]
    }
    fn middle(&mut self, xo: isize, xl: isize, yo: isize, yl: isize) -> (isize, isize) {
        let (dmin, dmax) = (xo - yl, xl - yo);
        let (fmid, bmid) = (xo - yo, xl - yl);
        let odd = (fmid - bmid) & 1 != 0;
        let (mut fmin, mut fmax, mut bmin, mut bmax) = (fmid, fmid, bmid, bmid);
        *self.f(fmid) = xo;
        *self.g(bmid) = xl;
        loop {
            if fmin > dmin {
                fmin -= 1;
                *self.f(fmin - 1) = -1;
            } else {
                fmin += 1;
            }
            if fmax < dmax {
                fmax += 1;
                *self.f(fmax + 1) = -1;
            } else {
                fmax -= 1;
            }
            let mut d = fmax;
            while d >= fmin {
                let (lo, hi) = (*self.f(d - 1), *self.f(d + 1));
                let mut x = if lo < hi { hi } else { lo + 1 };
                let mut y = x - d;
                while x < xl && y < yl && self.a[x as usize] == self.b[y as usize] {
                    x += 1;
                    y += 1;
                }
                *self.f(d) = x;
                if odd && bmin <= d && d <= bmax && *self.g(d) <= x {
                    return (x, y);
                }
                d -= 2;
            }
            if bmin > dmin {
                bmin -= 1;
                *self.g(bmin - 1) = isize::MAX;
            } else {
                bmin += 1;
            }
            if bmax < dmax {
                bmax += 1;
                *self.g(bmax + 1) = isize::MAX;
            } else {
                bmax -= 1;
            }
            let mut d = bmax;
            while d >= bmin {
                let (lo, hi) = (*self.g(d - 1), *self.g(d + 1));
                let mut x = if lo < hi { lo } else { hi - 1 };
                let mut y = x - d;
                while xo < x && yo < y && self.a[x as usize - 1] == self.b[y as usize - 1] {
                    x -= 1;
                    y -= 1;
                }
                *self.g(d) = x;
                if !odd && fmin <= d && d <= fmax && x <= *self.f(d) {
                    return (x, y);
                }
                d -= 2;
            }
        }
    }
    fn compare(&mut self, mut xo: isize, mut xl: isize, mut yo: isize, mut yl: isize) {
        loop {
            while xo < xl && yo < yl && self.a[xo as usize] == self.b[yo as usize] {
                xo += 1;
                yo += 1;
            }
            while xo < xl && yo < yl && self.a[xl as usize - 1] == self.b[yl as usize - 1] {
                xl -= 1;
                yl -= 1;
            }
            if xo == xl {
                (yo..yl).for_each(|y| self.out.new[y as usize] = true);
                return;
            }
            if yo == yl {
                (xo..xl).for_each(|x| self.out.old[x as usize] = true);
                return;
            }
            let (x, y) = self.middle(xo, xl, yo, yl);
            self.compare(xo, x, yo, y);
            xo = x;
            yo = y;
        }
    }
}

/// Slides every run of changes as far down as equal lines allow, joining it with the next.
fn slide(changed: &mut [bool], other: &[bool], lines: &[u32]) {
    let n = changed.len();
    let (mut i, mut j) = (0, 0);
    loop {
        // To the next run, keeping step in the other file.
        while i < n && !changed[i] {
            while j < other.len() && other[j] {
                j += 1;
            }
            j += 1;
            i += 1;
        }
        if i == n {
            return;
        }
        let mut start = i;
        while i < n && changed[i] {
            i += 1;
        }
        while j < other.len() && other[j] {
            j += 1;
        }
        loop {
            let length = i - start;
            while start > 0 && lines[start - 1] == lines[i - 1] {
                start -= 1;
                changed[start] = true;
                i -= 1;
                changed[i] = false;
                while start > 0 && changed[start - 1] {
                    start -= 1;
                }
                j = j.saturating_sub(1);
                while j > 0 && other[j - 1] {
                    j -= 1;
                }
            }
            let mut corresponding = if j > 0 && other.get(j - 1).copied().unwrap_or(false) { i } else { n };
            while i < n && lines[start] == lines[i] {
                changed[start] = false;
                start += 1;
                changed[i] = true;
                i += 1;
                while i < n && changed[i] {
                    i += 1;
                }
                j += 1;
                while j < other.len() && other[j] {
                    j += 1;
                    corresponding = i;
                }
            }
            if length == i - start {
                while corresponding < i && start > 0 {
                    start -= 1;
                    changed[start] = true;
                    i -= 1;
                    changed[i] = false;
                    j = j.saturating_sub(1);
                    while j > 0 && other[j - 1] {
                        j -= 1;
                    }
                }
                break;
            }
        }
    }
}

fn script(a: &[u32], b: &[u32]) -> Script {
    let size = a.len() + b.len() + 3;
    let mut m = Myers {
        a,
        b,
        forward: vec![0; 2 * size],
        backward: vec![0; 2 * size],
        offset: b.len() as isize + 1,
        out: Script { old: vec![false; a.len()], new: vec![false; b.len()] },
    };
    m.compare(0, a.len() as isize, 0, b.len() as isize);
    let mut s = m.out;
    slide(&mut s.old, &s.new, a);
    slide(&mut s.new, &s.old, b);
    s
}

/// A hunk: ranges of changed lines in both, from zero, end exclusive.
type Hunk = ((usize, usize), (usize, usize));

fn hunks(s: &Script) -> Vec<Hunk> {
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < s.old.len() || j < s.new.len() {
        let (si, sj) = (i, j);
        while i < s.old.len() && s.old[i] {
            i += 1;
        }
        while j < s.new.len() && s.new[j] {
            j += 1;
        }
        if i > si || j > sj {
            out.push(((si, i), (sj, j)));
        } else {
            i += 1;
            j += 1;
        }
    }
    out
}

#[derive(Clone, Default)]
struct Options {
    brief: bool,
    identical: bool,
    unified: Option<usize>,
    context: Option<usize>,
    side: bool,
    width: usize,
    suppress_common: bool,
    recursive: bool,
    new_file: bool,
    case: bool,
    all_space: bool,
    space_change: bool,
    blank_lines: bool,
    trailing_space: bool,
    labels: Vec<String>,
    text: bool,
    flags: String,
}

/// diff(1).
pub async fn diff(ctx: &mut Ctx) -> i32 {
    match diff_run(ctx).await {
        Ok(c) | Err(c) => c,
    }
}

async fn diff_run(ctx: &mut Ctx) -> Status {
    let spec = "q|brief s|report-identical-files u U|unified= |normal c C|context= y|side-by-side W|width= \
                |suppress-common-lines |left-column r|recursive N|new-file i|ignore-case w|ignore-all-space \
                b|ignore-space-change B|ignore-blank-lines Z|ignore-trailing-space E|ignore-tab-expansion L|label= a|text \
                p|show-c-function t|expand-tabs d|minimal |color=? x|exclude= |strip-trailing-cr";
    let p = getopt(ctx, spec, 2)?;
    let num = |k: &str| p.value(k).and_then(|v| v.parse().ok()).unwrap_or(3);
    let o = Options {
        brief: p.has("q"),
        identical: p.has("s"),
        unified: (p.has("u") || p.has("U")).then(|| num("U")),
        context: (p.has("c") || p.has("C")).then(|| num("C")),
        side: p.has("y"),
        width: p.value("W").and_then(|w| w.parse().ok()).unwrap_or(130),
        suppress_common: p.has("suppress-common-lines"),
        recursive: p.has("r"),
        new_file: p.has("N"),
        case: p.has("i"),
        all_space: p.has("w"),
        space_change: p.has("b"),
        blank_lines: p.has("B"),
        trailing_space: p.has("Z"),
        labels: p.opts.iter().filter(|(k, _)| k == "L").filter_map(|(_, v)| v.clone()).collect(),
        text: p.has("a"),
        flags: ctx.args[1..]
            .iter()
            .filter(|a| a.starts_with('-') && a.len() > 1)
            .cloned()
            .collect::<Vec<_>>()
            .join(" "),
    };
    match p.args.len() {
        0 => {
            ctx.complain("missing operand after 'diff'");
            ctx.err(hint(ctx));
            return Err(2);
        }
        1 => {
            ctx.complain(format!("missing operand after {}", super::super::opt::quote(&p.args[0])));
            ctx.err(hint(ctx));
            return Err(2);
        }
        2 => {}
        _ => {
            ctx.complain(format!("extra operand {}", super::super::opt::quote(&p.args[2])));
            ctx.err(hint(ctx));
            return Err(2);
        }
    }
    let (mut a, mut b) = (p.args[0].clone(), p.args[1].clone());
    let is_dir = |n: &str| n != "-" && ctx.world().borrow().host.fs.is_dir(&ctx.path(n));
    let (da, db) = (is_dir(&a), is_dir(&b));
    if da && db {
        return directories(ctx, &o, &a, &b).await;
    }
    let last = |n: &str| n.rsplit('/').next().unwrap_or(n).to_owned();
    if da && b != "-" {
        a = format!("{}/{}", a.trim_end_matches('/'), last(&b));
    } else if db && a != "-" {
        b = format!("{}/{}", b.trim_end_matches('/'), last(&a));
    }
    files(ctx, &o, &a, &b, false).await
}

/// Two folders, name by name.
async fn directories(ctx: &mut Ctx, o: &Options, a: &str, b: &str) -> Status {
    let mut stack = vec![(a.trim_end_matches('/').to_owned(), b.trim_end_matches('/').to_owned(), None::<String>)];
    let mut code = 0;
    while let Some((a, b, only)) = stack.pop() {
        if let Some(line) = only {
            code = code.max(i32::from(line.starts_with("Only")));
            emit(ctx, line).await?;
            continue;
        }
        if !spend(&ctx.io, 1) {
            return Ok(2);
        }
        let (da, db, ra, rb) = {
            let w = ctx.io.world.borrow();
            let fs = &w.host.fs;
            let (pa, pb) = (ctx.path(&a), ctx.path(&b));
            (fs.is_dir(&pa), fs.is_dir(&pb), fs.readdir(&ctx.io.cred, &pa), fs.readdir(&ctx.io.cred, &pb))
        };
        if !da || !db {
            if da == db {
                code = code.max(files(ctx, o, &a, &b, true).await?);
            } else {
                let kind = |d: bool| if d { "directory" } else { "regular file" };
                emit(ctx, format!("File {a} is a {} while file {b} is a {}\n", kind(da), kind(db))).await?;
                code = code.max(1);
            }
            continue;
        }
        let names = |r: &Result<Vec<_>, Errno>| -> Vec<String> {
            r.as_ref()
                .map(|v: &Vec<(std::sync::Arc<str>, u64)>| v.iter().map(|(n, _)| n.to_string()).collect())
                .unwrap_or_default()
        };
        let (na, nb) = (names(&ra), names(&rb));
        let mut all: Vec<&String> = na.iter().chain(nb.iter()).collect();
        all.sort_unstable();
        all.dedup();
        let mut next = Vec::new();
        for n in all {
            let (ca, cb) = (format!("{a}/{n}"), format!("{b}/{n}"));
            match (na.contains(n), nb.contains(n)) {
                (true, false) if !o.new_file => next.push((ca, cb, Some(format!("Only in {a}: {n}\n")))),
                (false, true) if !o.new_file => next.push((ca, cb, Some(format!("Only in {b}: {n}\n")))),
                _ => {
                    let w = ctx.io.world.borrow();
                    let both = w.host.fs.is_dir(&ctx.path(&ca)) && w.host.fs.is_dir(&ctx.path(&cb));
                    if both && !o.recursive {
                        next.push((ca.clone(), cb.clone(), Some(format!("Common subdirectories: {ca} and {cb}\n"))));
                    } else {
                        next.push((ca, cb, None));
                    }
                }
            }
        }
        stack.extend(next.into_iter().rev());
    }
    Ok(code)
}

async fn load(ctx: &mut Ctx, o: &Options, name: &str, other: &str) -> Result<Vec<u8>, i32> {
    match slurp(ctx, name).await {
        Ok(d) => Ok(d),
        Err(Errno::NoEnt) if o.new_file && ctx.world().borrow().host.fs.exists(&ctx.path(other)) => Ok(Vec::new()),
        Err(e) => {
            ctx.complain(format!("{name}: {e}"));
            Err(2)
        }
    }
}

async fn files(ctx: &mut Ctx, o: &Options, a: &str, b: &str, in_tree: bool) -> Status {
    let ra = load(ctx, o, a, b).await;
    let rb = if a == b && a == "-" { ra.clone() } else { load(ctx, o, b, a).await };
    let (da, db) = match (ra, rb) {
        (Ok(x), Ok(y)) => (x, y),
        _ => return Ok(2),
    };
    if da == db {
        if o.identical {
            emit(ctx, format!("Files {a} and {b} are identical\n")).await?;
        }
        if !o.side {
            return Ok(0);
        }
    }
    if !o.text && (da.contains(&0) || db.contains(&0)) {
        emit(ctx, format!("Binary files {a} and {b} differ\n")).await?;
        return Ok(2);
    }
    let la: Vec<&[u8]> = da.split_inclusive(|c| *c == b'\n').collect();
    let lb: Vec<&[u8]> = db.split_inclusive(|c| *c == b'\n').collect();
    // Equal lines get equal numbers, in order of appearance.
    let mut ids: std::collections::BTreeMap<Vec<u8>, u32> = std::collections::BTreeMap::new();
    let mut number = |l: &&[u8]| -> u32 {
        let k = key(l, o);
        let n = ids.len() as u32;
        *ids.entry(k).or_insert(n)
    };
    let na: Vec<u32> = la.iter().map(&mut number).collect();
    let nb: Vec<u32> = lb.iter().map(&mut number).collect();
    if la.len().saturating_mul(lb.len()) > 400_000_000 || !spend(&ctx.io, (la.len() + lb.len()) as u64) {
        ctx.complain("memory exhausted");
        return Ok(2);
    }
    let s = script(&na, &nb);
    let mut hs = hunks(&s);
    if o.blank_lines {
        let blank = |ls: &[&[u8]]| ls.iter().all(|l| chomp(l).is_empty());
        hs.retain(|((a1, a2), (b1, b2))| !(blank(&la[*a1..*a2]) && blank(&lb[*b1..*b2])));
    }
    if hs.is_empty() && !o.side {
        if o.identical {
            emit(ctx, format!("Files {a} and {b} are identical\n")).await?;
        }
        return Ok(0);
    }
    if o.brief {
        emit(ctx, format!("Files {a} and {b} differ\n")).await?;
        return Ok(1);
    }
    if in_tree {
        emit(ctx, format!("diff {} {} {}\n", o.flags, quotef(a), quotef(b))).await?;
    }
    let out = if o.side {
        side_by_side(&la, &lb, &hs, o)
    } else if let Some(n) = o.unified {
        let mut t = header(ctx, o, "---", a, 0);
        t.extend(header(ctx, o, "+++", b, 1));
        t.extend(unified(&la, &lb, &hs, n));
        t
    } else if let Some(n) = o.context {
        let mut t = header(ctx, o, "***", a, 0);
        t.extend(header(ctx, o, "---", b, 1));
        t.extend(context(&la, &lb, &hs, n));
        t
    } else {
        normal(&la, &lb, &hs)
    };
    emit(ctx, out).await?;
    Ok(i32::from(!hs.is_empty()))
}

fn key(l: &[u8], o: &Options) -> Vec<u8> {
    let mut k = l.to_vec();
    let newline = k.last() == Some(&b'\n');
    let ignoring = o.all_space || o.space_change || o.trailing_space;
    if o.case {
        k = String::from_utf8_lossy(&k).to_lowercase().into_bytes();
    }
    if ignoring && newline {
        k.pop();
    }
    if o.all_space {
        k.retain(|b| !b.is_ascii_whitespace());
    } else if o.space_change {
        let mut out = Vec::new();
        for b in &k {
            if b.is_ascii_whitespace() {
                if out.last() != Some(&b' ') {
                    out.push(b' ');
                }
            } else {
                out.push(*b);
            }
        }
        if out.last() == Some(&b' ') {
            out.pop();
        }
        k = out;
    } else if o.trailing_space {
        while k.last().is_some_and(u8::is_ascii_whitespace) {
            k.pop();
        }
    }
    k
}

fn header(ctx: &Ctx, o: &Options, mark: &str, name: &str, which: usize) -> Vec<u8> {
    if let Some(l) = o.labels.get(which) {
        return format!("{mark} {l}\n").into_bytes();
    }
    let w = ctx.io.world.borrow();
    let t = w.host.fs.stat(&ctx.io.cred, &ctx.path(name)).map_or(w.host.now, |(_, n)| n.mtime);
    let c = t.civil();
    format!(
        "{mark} {name}\t{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}000 +0000\n",
        c.year, c.month, c.day, c.hour, c.minute, c.second, c.micro
    )
    .into_bytes()
}

fn line(out: &mut Vec<u8>, prefix: &str, l: &[u8]) {
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(l);
    if !l.ends_with(b"\n") {
        out.extend_from_slice(b"\n\\ No newline at end of file\n");
    }
}

fn normal(a: &[&[u8]], b: &[&[u8]], hs: &[Hunk]) -> Vec<u8> {
    let mut out = Vec::new();
    let range = |s: usize, e: usize| {
        if e <= s + 1 { (if e == s { s } else { s + 1 }).to_string() } else { format!("{},{e}", s + 1) }
    };
    for ((a1, a2), (b1, b2)) in hs {
        let c = if a1 == a2 {
            'a'
        } else if b1 == b2 {
            'd'
        } else {
            'c'
        };
        out.extend_from_slice(format!("{}{c}{}\n", range(*a1, *a2), range(*b1, *b2)).as_bytes());
        a[*a1..*a2].iter().for_each(|l| line(&mut out, "< ", l));
        if c == 'c' {
            out.extend_from_slice(b"---\n");
        }
        b[*b1..*b2].iter().for_each(|l| line(&mut out, "> ", l));
    }
    out
}

/// Hunks that share context, joined.
fn groups(hs: &[Hunk], n: usize) -> Vec<Vec<Hunk>> {
    let mut out: Vec<Vec<Hunk>> = Vec::new();
    for h in hs {
        match out.last_mut() {
            Some(g) if g.last().is_some_and(|p| h.0.0 - p.0.1 <= 2 * n) => g.push(*h),
            _ => out.push(vec![*h]),
        }
    }
    out
}

fn bounds(g: &[Hunk], n: usize, la: usize, lb: usize) -> ((usize, usize), (usize, usize)) {
    let (f, l) = (g[0], g[g.len() - 1]);
    let before = n.min(f.0.0);
    let after = n.min(la - l.0.1);
    ((f.0.0 - before, l.0.1 + after), (f.1.0 - before, (l.1.1 + after).min(lb)))
}

fn unified(a: &[&[u8]], b: &[&[u8]], hs: &[Hunk], n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let range = |s: usize, e: usize| {
        let len = e - s;
        if len == 1 { (s + 1).to_string() } else { format!("{},{len}", if len == 0 { s } else { s + 1 }) }
    };
    for g in groups(hs, n) {
        let ((a1, a2), (b1, b2)) = bounds(&g, n, a.len(), b.len());
        out.extend_from_slice(format!("@@ -{} +{} @@\n", range(a1, a2), range(b1, b2)).as_bytes());
        let mut at = a1;
        for h in &g {
            a[at..h.0.0].iter().for_each(|l| line(&mut out, " ", l));
            a[h.0.0..h.0.1].iter().for_each(|l| line(&mut out, "-", l));
            b[h.1.0..h.1.1].iter().for_each(|l| line(&mut out, "+", l));
            at = h.0.1;
        }
        a[at..a2].iter().for_each(|l| line(&mut out, " ", l));
    }
    out
}

fn context(a: &[&[u8]], b: &[&[u8]], hs: &[Hunk], n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let range = |s: usize, e: usize| if e <= s + 1 { e.to_string() } else { format!("{},{e}", s + 1) };
    for g in groups(hs, n) {
        let ((a1, a2), (b1, b2)) = bounds(&g, n, a.len(), b.len());
        out.extend_from_slice(format!("***************\n*** {} ****\n", range(a1, a2)).as_bytes());
        for (side, lines, from, to, only) in [(0, a, a1, a2, '-'), (1, b, b1, b2, '+')] {
            if side == 1 {
                out.extend_from_slice(format!("--- {} ----\n", range(b1, b2)).as_bytes());
            }
            let own = |h: &Hunk| if side == 0 { h.0 } else { h.1 };
            if !g.iter().any(|h| own(h).0 < own(h).1) {
                continue;
            }
            for (i, l) in lines.iter().enumerate().take(to).skip(from) {
                let mark = match g.iter().find(|h| own(h).0 <= i && i < own(h).1) {
                    None => "  ".to_owned(),
                    Some(h) if h.0.0 < h.0.1 && h.1.0 < h.1.1 => "! ".to_owned(),
                    Some(_) => format!("{only} "),
                };
                line(&mut out, &mark, l);
            }
        }
    }
    out
}

fn side_by_side(a: &[&[u8]], b: &[&[u8]], hs: &[Hunk], o: &Options) -> Vec<u8> {
    // The column arithmetic of GNU diff: two halves, a gutter of at least three.
    let w = o.width as isize;
    let t = 8;
    let offset = (w + t + 3) / (2 * t) * t;
    let half = (offset - 3).min(w - offset).max(0) as usize;
    let col2 = if half > 0 { offset as usize } else { o.width };
    let mut out = String::new();
    let put = |out: &mut String, l: Option<&[u8]>, mark: char, r: Option<&[u8]>| {
        let mut col = 0;
        if let Some(l) = l {
            for c in String::from_utf8_lossy(chomp(l)).chars() {
                let next = if c == '\t' { (col / 8 + 1) * 8 } else { col + super::width::width(c) };
                if next > half {
                    break;
                }
                out.push(c);
                col = next;
            }
        }
        if mark != ' ' {
            let target = (half + col2 - 1) / 2;
            tab_to(out, &mut col, target);
            out.push(mark);
            col += 1;
        }
        if let Some(r) = r {
            let text = String::from_utf8_lossy(chomp(r)).into_owned();
            if !text.is_empty() || mark == ' ' {
                if !text.is_empty() {
                    tab_to(out, &mut col, col2);
                }
                let mut used = 0;
                for c in text.chars() {
                    let next = if c == '\t' { (used / 8 + 1) * 8 } else { used + super::width::width(c) };
                    if next > half {
                        break;
                    }
                    out.push(c);
                    used = next;
                }
            }
        }
        out.push('\n');
    };
    let mut at = (0, 0);
    let all = hs.iter().copied().chain([((a.len(), a.len()), (b.len(), b.len()))]);
    for h in all {
        while at.0 < h.0.0 && at.1 < h.1.0 {
            if !o.suppress_common {
                put(&mut out, Some(a[at.0]), ' ', Some(b[at.1]));
            }
            at = (at.0 + 1, at.1 + 1);
        }
        let (n, m) = (h.0.1 - h.0.0, h.1.1 - h.1.0);
        for i in 0..n.max(m) {
            let (l, r) = (a[h.0.0..h.0.1].get(i), b[h.1.0..h.1.1].get(i));
            let mark = match (l, r) {
                (Some(_), Some(_)) => '|',
                (Some(_), None) => '<',
                _ => '>',
            };
            put(&mut out, l.copied(), mark, r.copied());
        }
        at = (h.0.1, h.1.1);
    }
    out.into_bytes()
}

/// Fills with tabs and blanks up to a column.
fn tab_to(out: &mut String, col: &mut usize, to: usize) {
    while *col / 8 < to / 8 && (*col / 8 + 1) * 8 <= to {
        out.push('\t');
        *col = (*col / 8 + 1) * 8;
    }
    while *col < to {
        out.push(' ');
        *col += 1;
    }
}

/// cmp(1).
pub async fn cmp(ctx: &mut Ctx) -> i32 {
    match cmp_run(ctx).await {
        Ok(c) | Err(c) => c,
    }
}

async fn cmp_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "b|print-bytes i|ignore-initial= l|verbose n|bytes= s|quiet |silent", 2)?;
    let Some(a) = p.args.first().cloned() else {
        ctx.complain("missing operand after 'cmp'");
        ctx.err(hint(ctx));
        return Err(2);
    };
    let b = p.args.get(1).cloned().unwrap_or_else(|| "-".into());
    let mut data = Vec::new();
    for n in [&a, &b] {
        let got = match Reader::open(ctx, n) {
            Ok(mut r) => {
                let all = r.all(&mut ctx.io).await;
                r.close(ctx);
                all
            }
            Err(e) => Err(e),
        };
        match got {
            Ok(mut d) => {
                if let Some(i) = p.value("i").and_then(|v| v.parse::<usize>().ok()) {
                    d.drain(..i.min(d.len()));
                }
                if let Some(n) = p.value("n").and_then(|v| v.parse::<usize>().ok()) {
                    d.truncate(n);
                }
                data.push(d);
            }
            Err(e) => {
                if !p.has("s") && !p.has("silent") {
                    ctx.complain(format!("{n}: {e}"));
                }
                return Err(2);
            }
        }
    }
    let (x, y) = (&data[0], &data[1]);
    let quiet = p.has("s") || p.has("silent");
    let shorter = x.len().min(y.len());
    if p.has("l") {
        let mut any = false;
        let w = shorter.to_string().len();
        for i in (0..shorter).filter(|i| x[*i] != y[*i]) {
            any = true;
            emit(ctx, format!("{:w$} {:3o} {:3o}\n", i + 1, x[i], y[i])).await?;
        }
        if x.len() != y.len() {
            let n = if x.len() < y.len() { &a } else { &b };
            ctx.complain(format!("EOF on {n} after byte {shorter}"));
            return Ok(1);
        }
        return Ok(i32::from(any));
    }
    if let Some(i) = (0..shorter).find(|i| x[*i] != y[*i]) {
        if !quiet {
            let l = 1 + x[..i].iter().filter(|c| **c == b'\n').count();
            let shown = |c: u8| String::from_utf8_lossy(&[c]).into_owned();
            let more = if p.has("b") {
                format!(" is {:3o} {} {:3o} {}", x[i], shown(x[i]), y[i], shown(y[i]))
            } else {
                String::new()
            };
            emit(ctx, format!("{a} {b} differ: byte {}, line {l}{more}\n", i + 1)).await?;
        }
        return Ok(1);
    }
    if x.len() == y.len() {
        return Ok(0);
    }
    if !quiet {
        let (n, short) = if x.len() < y.len() { (&a, x) } else { (&b, y) };
        if short.is_empty() {
            ctx.complain(format!("EOF on {} which is empty", quotef(n)));
        } else {
            let lines = short.iter().filter(|c| **c == b'\n').count();
            let place = if short.ends_with(b"\n") { format!("line {lines}") } else { format!("in line {}", lines + 1) };
            ctx.complain(format!("EOF on {} after byte {}, {place}", quotef(n), short.len()));
        }
    }
    Ok(1)
}
