//! tar(1): create, list, extract, with `z`. Left out: incremental archives, sparse files, long names of tar's old kinds.

use super::super::Ctx;
use super::super::input::{Status, emit, open_write, slurp, spend, status};
use super::super::opt::getopt_args;
use super::gzip::{gunzip, gzip_bytes};
use crate::base::Time;
use crate::host::Errno;
use crate::host::fs::Kind;

/// tar(1).
pub async fn tar(ctx: &mut Ctx) -> i32 {
    status(tar_run(ctx).await)
}

struct Member {
    name: String,
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: i64,
    kind: u8,
    link: String,
    owner: String,
    group: String,
    data: Vec<u8>,
}

fn octal(field: &mut [u8], v: u64) {
    let w = field.len() - 1;
    let t = format!("{v:0w$o}");
    field[..w].copy_from_slice(&t.as_bytes()[t.len() - w..]);
}

fn put(out: &mut Vec<u8>, m: &Member) {
    let mut h = [0u8; 512];
    let text = |h: &mut [u8], at: usize, max: usize, s: &str| {
        let b = s.as_bytes();
        let n = b.len().min(max);
        h[at..at + n].copy_from_slice(&b[..n]);
    };
    // A long name is split at a slash into prefix and name.
    let (prefix, name) = if m.name.len() > 100 {
        let cut = m.name[..m.name.len().min(155)].rfind('/').unwrap_or(0);
        (&m.name[..cut], m.name[cut..].trim_start_matches('/'))
    } else {
        ("", m.name.as_str())
    };
    text(&mut h, 0, 100, name);
    octal(&mut h[100..108], u64::from(m.mode));
    octal(&mut h[108..116], u64::from(m.uid));
    octal(&mut h[116..124], u64::from(m.gid));
    octal(&mut h[124..136], m.data.len() as u64);
    octal(&mut h[136..148], m.mtime.max(0) as u64);
    h[148..156].fill(b' ');
    h[156] = m.kind;
    text(&mut h, 157, 100, &m.link);
    h[257..265].copy_from_slice(b"ustar  \0");
    text(&mut h, 265, 31, &m.owner);
    text(&mut h, 297, 31, &m.group);
    text(&mut h, 345, 155, prefix);
    let sum: u64 = h.iter().map(|b| u64::from(*b)).sum();
    octal(&mut h[148..155], sum);
    h[155] = b' ';
    out.extend_from_slice(&h);
    out.extend_from_slice(&m.data);
    out.resize(out.len().div_ceil(512) * 512, 0);
}

fn members(data: &[u8]) -> Option<Vec<Member>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(h) = data.get(at..at + 512) {
        if h[0] == 0 {
            return Some(out);
        }
        if &h[257..262] != b"ustar" {
            return None;
        }
        let text = |a: usize, n: usize| {
            let f = &h[a..a + n];
            String::from_utf8_lossy(&f[..f.iter().position(|b| *b == 0).unwrap_or(n)]).into_owned()
        };
        let number = |a: usize, n: usize| i64::from_str_radix(text(a, n).trim(), 8).unwrap_or(0);
        let size = usize::try_from(number(124, 12)).ok()?;
        let prefix = text(345, 155);
        let name = if prefix.is_empty() { text(0, 100) } else { format!("{prefix}/{}", text(0, 100)) };
        at += 512;
        out.push(Member {
            name,
            mode: number(100, 8) as u32 & 0o7777,
            uid: number(108, 8) as u32,
            gid: number(116, 8) as u32,
            mtime: number(136, 12),
            kind: h[156],
            link: text(157, 100),
            owner: text(265, 32),
            group: text(297, 32),
            data: data.get(at..at + size)?.to_vec(),
        });
        at += size.div_ceil(512) * 512;
    }
    Some(out)
}

async fn tar_run(ctx: &mut Ctx) -> Status {
    let mut args = ctx.args[1..].to_vec();
    // The old form: `tar czf x`, letters without a dash.
    if let Some(first) = args.first().filter(|a| !a.starts_with('-')).cloned() {
        args.remove(0);
        let mut new = Vec::new();
        for c in first.chars() {
            new.push(format!("-{c}"));
            if matches!(c, 'f' | 'C' | 'b' | 'X' | 'T') && !args.is_empty() {
                new.push(args.remove(0));
            }
        }
        new.append(&mut args);
        args = new;
    }
    let spec = "c|create x|extract |get t|list r|append u|update v|verbose f|file= z|gzip j|bzip2 J|xz a|auto-compress C|directory= \
                p|preserve-permissions P|absolute-names k|keep-old-files O|to-stdout |exclude= |strip-components= h|dereference \
                |no-same-owner |same-owner |numeric-owner T|files-from= |wildcards |one-file-system |no-recursion";
    let p = getopt_args(ctx, &args, spec, 2, true, "")?;
    let verbose = p.opts.iter().filter(|(k, _)| k == "v").count();
    let modes = ["c", "x", "t", "get"].iter().filter(|m| p.has(m)).count();
    if modes == 0 {
        ctx.err("tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\nTry 'tar --help' or 'tar --usage' for more information.\n");
        return Err(2);
    }
    if modes > 1 {
        ctx.err("tar: You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option\nTry 'tar --help' or 'tar --usage' for more information.\n");
        return Err(2);
    }
    let file = p.value("f").unwrap_or("-").to_owned();
    let home = ctx.cwd.clone();
    if p.has("c") {
        return create(ctx, &p, &file, verbose).await;
    }
    let data = match slurp(ctx, &file).await {
        Ok(d) => d,
        Err(e) => {
            ctx.err(format!("tar: {file}: Cannot open: {e}\ntar: Error is not recoverable: exiting now\n"));
            return Err(2);
        }
    };
    let packed = data.starts_with(&[0x1f, 0x8b]);
    if p.has("z") && !packed {
        ctx.err("\ngzip: stdin: not in gzip format\ntar: Child returned status 1\ntar: Error is not recoverable: exiting now\n");
        return Err(2);
    }
    let data = if packed { gunzip(&data).unwrap_or_default() } else { data };
    let Some(list) = members(&data) else {
        ctx.err(
            "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n",
        );
        return Err(2);
    };
    if let Some(d) = p.value("C") {
        if !ctx.world().borrow().host.fs.is_dir(&ctx.path(d)) {
            ctx.err(format!(
                "tar: {d}: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n"
            ));
            return Err(2);
        }
        ctx.cwd = ctx.path(d);
    }
    let strip: usize = p.value("strip-components").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut code = 0;
    let mut seen = vec![false; p.args.len()];
    for m in &list {
        let clean = m.name.trim_end_matches('/');
        let mut wanted = p.args.is_empty();
        for (i, a) in p.args.iter().enumerate() {
            let a = a.trim_end_matches('/');
            if clean == a
                || clean.starts_with(&format!("{a}/"))
                || (p.has("wildcards") && super::super::text::glob::fits(a, clean))
            {
                wanted = true;
                seen[i] = true;
            }
        }
        let excluded = p.opts.iter().any(|(k, v)| {
            k == "exclude"
                && v.as_deref().is_some_and(|g| {
                    clean.split('/').any(|c| super::super::text::glob::fits(g, c))
                        || super::super::text::glob::fits(g, clean)
                })
        });
        if !wanted || excluded {
            continue;
        }
        if p.has("t") || verbose > 0 {
            let line = if (p.has("t") && verbose > 0) || verbose > 1 { detail(m) } else { m.name.clone() };
            emit(ctx, line + "\n").await?;
        }
        if p.has("t") {
            continue;
        }
        if p.has("O") {
            emit(ctx, &m.data).await?;
            continue;
        }
        let name: String = m.name.split('/').skip(strip).collect::<Vec<_>>().join("/");
        if name.trim_matches('/').is_empty() || name.split('/').any(|c| c == "..") {
            continue;
        }
        if let Err(e) = extract(ctx, m, name.trim_start_matches('/')) {
            ctx.err(format!("tar: {}: Cannot open: {e}\n", m.name));
            code = 2;
        }
    }
    for (i, a) in p.args.iter().enumerate() {
        if !seen[i] {
            ctx.err(format!("tar: {a}: Not found in archive\n"));
            code = 2;
        }
    }
    ctx.cwd = home;
    if code != 0 {
        ctx.err("tar: Exiting with failure status due to previous errors\n");
    }
    Ok(code)
}

fn detail(m: &Member) -> String {
    let letter = match m.kind {
        b'5' => 'd',
        b'2' => 'l',
        _ => '-',
    };
    let who = format!("{}/{}", m.owner, m.group);
    let size = m.data.len().to_string();
    let pad = 19usize.saturating_sub(who.len());
    let c = super::show::full_date(Time::from_secs(m.mtime));
    let link = if m.kind == b'2' { format!(" -> {}", m.link) } else { String::new() };
    format!(
        "{letter}{} {who} {size:>w$} {} {}{link}",
        super::show::permissions(m.mode),
        &c[..16],
        m.name,
        w = pad.max(size.len()) - usize::from(pad > size.len())
    )
}

fn extract(ctx: &Ctx, m: &Member, name: &str) -> Result<(), Errno> {
    let path = ctx.path(name.trim_end_matches('/'));
    let mut w = ctx.io.world.borrow_mut();
    let fs = &mut w.host.fs;
    let cred = &ctx.io.cred;
    let parent = crate::host::fs::split(&path).0.to_owned();
    if !parent.is_empty() && !fs.exists(&parent) {
        fs.mkdir_all(&parent)?;
    }
    match m.kind {
        b'5' => {
            if !fs.is_dir(&path) {
                fs.mkdir(cred, &path, m.mode)?;
            }
        }
        b'2' => {
            let _ = fs.unlink(cred, &path);
            fs.symlink(cred, &m.link, &path)?;
            return Ok(());
        }
        _ => {
            let _ = fs.unlink(cred, &path);
            fs.write(cred, &path, m.data.clone(), m.mode & !ctx.umask)?;
        }
    }
    if cred.uid == 0 {
        fs.chown(cred, &path, Some(m.uid), Some(m.gid), true)?;
        fs.chmod(cred, &path, m.mode)?;
    }
    fs.set_mtime(cred, &path, Time::from_secs(m.mtime))
}

async fn create(ctx: &mut Ctx, p: &super::super::opt::Parsed, file: &str, verbose: usize) -> Status {
    if p.args.is_empty() {
        ctx.err("tar: Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.\n");
        return Err(2);
    }
    let home = ctx.cwd.clone();
    if let Some(d) = p.value("C") {
        ctx.cwd = ctx.path(d);
    }
    let (mut out, mut code, mut told) = (Vec::new(), 0, false);
    for top in p.args.clone() {
        if ctx.world().borrow().host.fs.lstat(&ctx.io.cred, &ctx.path(&top)).is_err() {
            ctx.err(format!("tar: {top}: Cannot stat: No such file or directory\n"));
            code = 2;
            continue;
        }
        for n in super::walk::names(ctx, &top) {
            if !spend(&ctx.io, 1) || out.len() > super::super::input::MAX_HELD {
                return Ok(2);
            }
            let excluded = p.opts.iter().any(|(k, v)| {
                k == "exclude"
                    && v.as_deref().is_some_and(|g| {
                        n.split('/').any(|c| super::super::text::glob::fits(g, c))
                            || super::super::text::glob::fits(g, &n)
                    })
            });
            if excluded {
                continue;
            }
            let member = {
                let w = ctx.io.world.borrow();
                let path = ctx.path(&n);
                let Ok((_, node)) = w.host.fs.lstat(&ctx.io.cred, &path) else { continue };
                let (kind, link, data) = match &node.kind {
                    Kind::Dir(_) => (b'5', String::new(), Vec::new()),
                    Kind::Symlink(t) => (b'2', t.to_string(), Vec::new()),
                    Kind::File(b) => (b'0', String::new(), b.bytes().into_owned()),
                    _ => continue,
                };
                let name = if p.has("P") { n.clone() } else { n.trim_start_matches('/').to_owned() };
                if name != n && !told {
                    told = true;
                    ctx.err("tar: Removing leading `/' from member names\n");
                }
                Member {
                    name: if kind == b'5' && !name.ends_with('/') { format!("{name}/") } else { name },
                    mode: node.mode,
                    uid: node.uid,
                    gid: node.gid,
                    mtime: node.mtime.secs(),
                    kind,
                    link,
                    owner: w.host.user_name(node.uid),
                    group: w.host.group_name(node.gid),
                    data,
                }
            };
            put(&mut out, &member);
            if verbose > 0 {
                let line = if verbose > 1 { detail(&member) } else { n };
                let line = if file == "-" {
                    ctx.err(line + "\n");
                    String::new()
                } else {
                    line + "\n"
                };
                emit(ctx, line).await?;
            }
        }
    }
    ctx.cwd = home;
    out.resize((out.len() + 1024).div_ceil(10_240) * 10_240, 0);
    let zip = p.has("z") || (p.has("a") && (file.ends_with(".gz") || file.ends_with(".tgz")));
    if zip {
        out = gzip_bytes(&out, "", 0);
    }
    if file == "-" {
        emit(ctx, out).await?;
    } else {
        let r = open_write(ctx, file, false).and_then(|fd| {
            let r = ctx.io.write(fd, &out);
            ctx.io.fds.remove(&fd);
            r
        });
        if let Err(e) = r {
            ctx.err(format!("tar: {file}: Cannot open: {e}\ntar: Error is not recoverable: exiting now\n"));
            return Err(2);
        }
    }
    if code != 0 {
        ctx.err("tar: Exiting with failure status due to previous errors\n");
    }
    Ok(code)
}
