//! find(1), GNU 4.9. Entries come in byte order. Left out: `-fprint`, `-regextype` beyond its default, access times (they
//! are the modification times).

mod parse;
mod print;

use super::super::Ctx;
use super::super::input::{Status, emit, spend, status};
use crate::base::Time;
use crate::host::fs::{Ino, Kind, Node};
use parse::{Expr, Test, parse};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

/// Names in find's messages.
pub fn quoted(s: &str) -> String {
    format!("\u{2018}{s}\u{2019}")
}

/// A file that the walk has reached.
#[derive(Clone)]
struct File {
    /// As printed.
    name: String,
    /// The operand it was found under.
    top: String,
    depth: usize,
    node: Node,
    ino: Ino,
}

#[derive(Default)]
struct Walk {
    quit: bool,
    prune: bool,
    code: i32,
    /// Names collected for `-exec … +`, by the number of the action.
    batches: BTreeMap<usize, Vec<String>>,
}

/// find(1).
pub async fn find(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

async fn run(ctx: &mut Ctx) -> Status {
    let mut args = ctx.args[1..].to_vec();
    let mut follow = 'P';
    while let Some(a) = args.first() {
        match a.as_str() {
            "-P" | "-L" | "-H" => follow = a.chars().nth(1).unwrap_or('P'),
            "-D" | "-O0" | "-O1" | "-O2" | "-O3" => {}
            _ => break,
        }
        args.remove(0);
    }
    let n = args
        .iter()
        .position(|a| (a.starts_with('-') && a.len() > 1) || a == "(" || a == "!" || a == ",")
        .unwrap_or(args.len());
    let mut tops: Vec<String> = args.drain(..n).collect();
    if tops.is_empty() {
        tops.push(".".into());
    }
    let plan = parse(ctx, &args)?;
    let mut w = Walk::default();
    for top in &tops {
        walk(ctx, &plan, &mut w, top, follow).await?;
        if w.quit {
            break;
        }
    }
    let batches = std::mem::take(&mut w.batches);
    for (i, names) in batches {
        if let Some(Test::Exec { argv, .. }) = plan.actions.get(i) {
            let mut full = argv.clone();
            full.extend(names);
            let c = ctx.clone();
            let spawn = ctx.spawn.clone();
            if spawn.spawn(c, full).await != 0 {
                w.code = 1;
            }
        }
    }
    Ok(w.code)
}

fn stat(ctx: &Ctx, name: &str, follow: bool) -> Result<(Ino, Node), crate::host::Errno> {
    let w = ctx.io.world.borrow();
    let fs = &w.host.fs;
    let path = ctx.path(name);
    let got = if follow {
        fs.stat(&ctx.io.cred, &path).or_else(|_| fs.lstat(&ctx.io.cred, &path))
    } else {
        fs.lstat(&ctx.io.cred, &path)
    };
    got.map(|(i, n)| (i, n.clone()))
}

async fn walk(ctx: &mut Ctx, plan: &parse::Plan, w: &mut Walk, top: &str, follow: char) -> Result<(), i32> {
    let mut stack = vec![(top.to_owned(), 0usize, false)];
    let mut dev = None;
    while let Some((name, depth, after)) = stack.pop() {
        if w.quit || !spend(&ctx.io, 1) {
            return Ok(());
        }
        let (ino, node) = match stat(ctx, &name, follow == 'L' || (follow == 'H' && depth == 0)) {
            Ok(x) => x,
            Err(e) => {
                ctx.complain(format!("{}: {e}", quoted(&name)));
                w.code = 1;
                continue;
            }
        };
        let dir = node.is_dir();
        let dev0 = *dev.get_or_insert(node.dev);
        let f = File { name: name.clone(), top: top.to_owned(), depth, node, ino };
        w.prune = false;
        let visible = depth >= plan.min && depth <= plan.max;
        if visible && (after || !plan.depth_first || !dir) {
            eval(ctx, &plan.expr, plan, w, &f).await?;
        }
        if after || !dir || depth >= plan.max || (w.prune && !plan.depth_first) {
            continue;
        }
        if plan.one_device && f.node.dev != dev0 {
            continue;
        }
        let names = ctx.io.world.borrow().host.fs.readdir(&ctx.io.cred, &ctx.path(&name));
        match names {
            Ok(n) => {
                if plan.depth_first {
                    stack.push((name.clone(), depth, true));
                }
                let base = if name.ends_with('/') { name.clone() } else { format!("{name}/") };
                for (child, _) in n.iter().rev() {
                    stack.push((format!("{base}{child}"), depth + 1, false));
                }
            }
            // Removed by an action on it.
            Err(crate::host::Errno::NoEnt) => {}
            Err(e) => {
                ctx.complain(format!("{}: {e}", quoted(&name)));
                w.code = 1;
                if plan.depth_first && visible {
                    eval(ctx, &plan.expr, plan, w, &f).await?;
                }
            }
        }
    }
    Ok(())
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<bool, i32>> + 'a>>;

fn eval<'a>(ctx: &'a mut Ctx, e: &'a Expr, plan: &'a parse::Plan, w: &'a mut Walk, f: &'a File) -> Answer<'a> {
    Box::pin(async move {
        if w.quit {
            return Ok(false);
        }
        Ok(match e {
            Expr::And(a, b) => eval(ctx, a, plan, w, f).await? && eval(ctx, b, plan, w, f).await?,
            Expr::Or(a, b) => eval(ctx, a, plan, w, f).await? || eval(ctx, b, plan, w, f).await?,
            Expr::Comma(a, b) => {
                eval(ctx, a, plan, w, f).await?;
                eval(ctx, b, plan, w, f).await?
            }
            Expr::Not(a) => !eval(ctx, a, plan, w, f).await?,
            Expr::Test(t) => test(ctx, t, w, f).await?,
            Expr::Action(i) => match plan.actions.get(*i) {
                Some(t) => action(ctx, t, *i, w, f).await?,
                None => true,
            },
        })
    })
}

fn base(name: &str) -> &str {
    let t = name.trim_end_matches('/');
    if t.is_empty() { "/" } else { t.rsplit('/').next().unwrap_or(t) }
}

fn age(now: Time, t: Time, unit: i64) -> i64 {
    (now.secs() - t.secs()).div_euclid(unit)
}

async fn test(ctx: &mut Ctx, t: &Test, w: &mut Walk, f: &File) -> Result<bool, i32> {
    let n = &f.node;
    let now = ctx.io.world.borrow().now();
    Ok(match t {
        Test::True => true,
        Test::False => false,
        Test::Name(p, fold) => glob(p, base(&f.name), *fold),
        Test::Path(p, fold) => glob(p, &f.name, *fold),
        Test::Link(p, fold) => matches!(&n.kind, Kind::Symlink(t) if glob(p, t, *fold)),
        Test::Regex(re) => re.find_at(f.name.as_bytes(), 0) == Some((0, f.name.len())),
        Test::Kind(letters) => letters.contains(&print::kind(n)),
        Test::Size(c, unit) => c.fits((n.size().div_ceil(*unit)) as i64),
        Test::Empty => match &n.kind {
            Kind::File(b) => b.is_empty(),
            Kind::Dir(e) => e.is_empty(),
            _ => false,
        },
        Test::Perm(how, bits) => match how {
            '-' => n.mode & bits == *bits,
            '/' => *bits == 0 || n.mode & bits != 0,
            _ => n.mode == *bits,
        },
        Test::User(u) => n.uid == *u,
        Test::Group(g) => n.gid == *g,
        Test::Uid(c) => c.fits(i64::from(n.uid)),
        Test::Gid(c) => c.fits(i64::from(n.gid)),
        Test::NoUser => ctx.io.world.borrow().host.user_by_uid(n.uid).is_none(),
        Test::NoGroup => ctx.io.world.borrow().host.group_by_gid(n.gid).is_none(),
        Test::Links(c) => c.fits(i64::from(n.nlink)),
        Test::Inum(c) => c.fits(f.ino as i64),
        Test::Days(which, c, start) => {
            let t = if *which == 'c' { n.ctime } else { n.mtime };
            c.fits(age(start.unwrap_or(now), t, 86_400))
        }
        Test::Minutes(which, c) => {
            let t = if *which == 'c' { n.ctime } else { n.mtime };
            // A minute begun counts, as find rounds up here.
            let secs = now.secs() - t.secs();
            c.fits(secs.div_euclid(60) + i64::from(secs.rem_euclid(60) > 0))
        }
        Test::Newer(which, t) => (if *which == 'c' { n.ctime } else { n.mtime }) > *t,
        Test::Access(bit) => ctx.io.world.borrow().host.fs.access(&ctx.io.cred, &ctx.path(&f.name), *bit).is_ok(),
        Test::Same(ino) => f.ino == *ino,
        Test::FsType(t) => {
            let w = ctx.io.world.borrow();
            w.host.fs.mounts.get(n.dev).is_some_and(|m| m.fstype == *t)
        }
        Test::Prune => {
            w.prune = true;
            true
        }
        Test::Quit => {
            w.quit = true;
            true
        }
        _ => true,
    })
}

fn glob(p: &str, s: &str, fold: bool) -> bool {
    if fold {
        super::super::text::glob::fits(&p.to_lowercase(), &s.to_lowercase())
    } else {
        super::super::text::glob::fits(p, s)
    }
}

async fn action(ctx: &mut Ctx, t: &Test, i: usize, w: &mut Walk, f: &File) -> Result<bool, i32> {
    match t {
        Test::Print(end) => {
            emit(ctx, format!("{}{end}", f.name)).await?;
        }
        Test::Printf(format) => {
            let text = print::format(ctx, format, f);
            emit(ctx, text).await?;
        }
        Test::Ls => {
            let text = print::ls(ctx, f);
            emit(ctx, text).await?;
        }
        Test::Delete => {
            if f.name == "." {
                return Ok(true);
            }
            let path = ctx.path(&f.name);
            let r = {
                let mut world = ctx.io.world.borrow_mut();
                let fs = &mut world.host.fs;
                if f.node.is_dir() { fs.rmdir(&ctx.io.cred, &path) } else { fs.unlink(&ctx.io.cred, &path) }
            };
            if let Err(e) = r {
                ctx.complain(format!("cannot delete {}: {e}", quoted(&f.name)));
                w.code = 1;
                return Ok(false);
            }
        }
        Test::Exec { batch: true, .. } => {
            w.batches.entry(i).or_default().push(f.name.clone());
        }
        Test::Exec { argv, dir, ask, .. } => {
            let shown = if *dir { format!("./{}", base(&f.name)) } else { f.name.clone() };
            let full: Vec<String> = argv.iter().map(|a| a.replace("{}", &shown)).collect();
            if *ask {
                ctx.err(format!("< {} ... {} > ? ", argv[0], shown));
                let mut r = super::super::input::Reader::stdin();
                let answer = r.line(&mut ctx.io).await.ok().flatten().unwrap_or_default();
                if !matches!(answer.first(), Some(b'y' | b'Y')) {
                    return Ok(false);
                }
            }
            let mut c = ctx.clone();
            if *dir {
                let full_path = ctx.path(&f.name);
                let (d, _) = crate::host::fs::split(&full_path);
                c.cwd = if d.is_empty() { "/".into() } else { d.to_owned() };
            }
            let spawn = ctx.spawn.clone();
            let code = spawn.spawn(c, full).await;
            if ctx.io.is_broken() {
                return Err(super::super::input::SIGPIPE);
            }
            return Ok(code == 0);
        }
        _ => {}
    }
    Ok(true)
}
