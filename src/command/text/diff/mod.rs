//! diff(1) (normal, `-u`, `-c`, `-y`, `-q`, `-r`, blanks and case). Left out: `-e`, `-I`, `--to-file`, and the heuristics for
//! very large files.

mod output;
mod script;
mod side;

use super::super::Ctx;
use super::super::input::{Status, chomp, emit, slurp, spend};
use super::super::opt::{getopt, hint, quotef};
use crate::host::Errno;
use output::{context, header, normal, unified};
use script::{hunks, script};
use side::side_by_side;

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
            let after = ctx.args.last().map_or("diff", String::as_str);
            ctx.complain(format!("missing operand after '{after}'"));
            ctx.err(format!("diff: {}", hint(ctx)));
            return Err(2);
        }
        1 => {
            ctx.complain(format!("missing operand after '{}'", p.args[0]));
            ctx.err(format!("diff: {}", hint(ctx)));
            return Err(2);
        }
        2 => {}
        _ => {
            ctx.complain(format!("extra operand '{}'", p.args[2]));
            ctx.err(format!("diff: {}", hint(ctx)));
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
