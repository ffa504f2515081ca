//! gzip(1), gunzip, zcat, zgrep, and tar(1) (create, list, extract, with `z`). The compression is miniz_oxide's: small,
//! alive and without dependencies. Left out: other compressors, incremental archives, sparse files, long names of tar's
//! old kinds.

use super::super::Ctx;
use super::super::input::{Reader, Status, emit, open_write, slurp, spend, status};
use super::super::io::Fd;
use super::super::opt::{getopt, getopt_args};
use crate::base::Time;
use crate::host::Errno;
use crate::host::fs::Kind;

fn crc32(data: &[u8]) -> u32 {
    let mut crc = !0u32;
    for b in data {
        crc ^= u32::from(*b);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// RFC 1952: one member, with the name and time given.
pub fn gzip_bytes(data: &[u8], name: &str, mtime: u32) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, if name.is_empty() { 0 } else { 8 }];
    out.extend_from_slice(&mtime.to_le_bytes());
    out.extend_from_slice(&[0, 3]);
    if !name.is_empty() {
        out.extend_from_slice(name.as_bytes());
        out.push(0);
    }
    out.extend(miniz_oxide::deflate::compress_to_vec(data, 6));
    out.extend_from_slice(&crc32(data).to_le_bytes());
    out.extend_from_slice(&(data.len() as u32).to_le_bytes());
    out
}

/// Unpacks the first member; `None` when it is no gzip or broken.
pub fn gunzip(data: &[u8]) -> Option<Vec<u8>> {
    if data.len() < 18 || data[..3] != [0x1f, 0x8b, 8] {
        return None;
    }
    let flags = data[3];
    let mut at = 10;
    if flags & 4 != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*data.get(at)?, *data.get(at + 1)?]));
    }
    for bit in [8, 16] {
        if flags & bit != 0 {
            at += data.get(at..)?.iter().position(|b| *b == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    miniz_oxide::inflate::decompress_to_vec_with_limit(data.get(at..)?, super::super::input::MAX_HELD).ok()
}

fn exists(ctx: &Ctx, name: &str) -> bool {
    ctx.world().borrow().host.fs.exists(&ctx.path(name))
}

/// gzip(1), gunzip(1), zcat(1).
pub async fn gzip(ctx: &mut Ctx) -> i32 {
    status(gzip_run(ctx).await)
}

async fn gzip_run(ctx: &mut Ctx) -> Status {
    let spec = "1 2 3 4 5 6 7 8 9 a c|stdout |to-stdout d|decompress |uncompress f|force k|keep l|list n|no-name N|name q|quiet \
                r|recursive S|suffix= t|test v|verbose |fast |best |rsyncable";
    let p = getopt(ctx, spec, 1)?;
    let name = ctx.name();
    let decompress = name != "gzip" || p.has("d") || p.has("uncompress");
    let out = name == "zcat" || p.has("c") || p.has("to-stdout");
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let mut code = 0;
    for n in names {
        let stdin = n == "-";
        // gunzip adds the ending itself.
        let file = if decompress && !stdin && !exists(ctx, &n) && exists(ctx, &format!("{n}.gz")) {
            format!("{n}.gz")
        } else {
            n.clone()
        };
        if !stdin && ctx.world().borrow().host.fs.is_dir(&ctx.path(&file)) {
            ctx.err(format!("gzip: {file} is a directory -- ignored\n"));
            code = 2;
            continue;
        }
        let data = match slurp(ctx, &file).await {
            Ok(d) => d,
            Err(e) => {
                let shown = if decompress && e == Errno::NoEnt && !n.ends_with(".gz") { format!("{n}.gz") } else { n };
                ctx.err(format!("gzip: {shown}: {e}\n"));
                code = 1;
                continue;
            }
        };
        let mtime = {
            let w = ctx.io.world.borrow();
            w.host.fs.stat(&ctx.io.cred, &ctx.path(&file)).map_or(0, |(_, n)| n.mtime.secs())
        };
        let base = file.rsplit('/').next().unwrap_or(&file);
        if !decompress && !stdin && file.ends_with(".gz") && !p.has("f") && !out {
            ctx.err(format!("gzip: {file} already has .gz suffix -- unchanged\n"));
            code = 2;
            continue;
        }
        if decompress && !stdin && !out && !file.ends_with(".gz") && !p.has("t") {
            ctx.err(format!("gzip: {file}: unknown suffix -- ignored\n"));
            code = 2;
            continue;
        }
        let made = if decompress {
            match gunzip(&data) {
                Some(d) => d,
                None if p.has("f") && out => data.clone(),
                None => {
                    let shown = if stdin { "stdin" } else { &file };
                    let why =
                        if data.starts_with(&[0x1f, 0x8b]) { "unexpected end of file" } else { "not in gzip format" };
                    ctx.err(format!("\ngzip: {shown}: {why}\n"));
                    code = 1;
                    continue;
                }
            }
        } else {
            let label = if stdin || p.has("n") { "" } else { base };
            gzip_bytes(&data, label, if label.is_empty() { 0 } else { mtime as u32 })
        };
        if p.has("l") {
            let ratio = 100.0 * (1.0 - data.len() as f64 / made.len().max(1) as f64);
            let t = file.trim_end_matches(".gz");
            emit(
                ctx,
                format!(
                    "         compressed        uncompressed  ratio uncompressed_name\n{:19} {:19} {ratio:5.1}% {t}\n",
                    data.len(),
                    made.len()
                ),
            )
            .await?;
            continue;
        }
        if p.has("t") {
            continue;
        }
        if stdin || out {
            emit(ctx, made).await?;
            continue;
        }
        let target = if decompress { file.trim_end_matches(".gz").to_owned() } else { format!("{file}.gz") };
        let (pf, pt) = (ctx.path(&file), ctx.path(&target));
        if exists(ctx, &target) && !p.has("f") {
            ctx.err(format!("gzip: {target} already exists;"));
            if !ctx.stdin_is_terminal() {
                ctx.err("\tnot overwritten\n");
                code = 2;
                continue;
            }
            ctx.err(" do you wish to overwrite (y or n)? ");
            let answer = Reader::stdin().line(&mut ctx.io).await.ok().flatten().unwrap_or_default();
            if !matches!(answer.first(), Some(b'y' | b'Y')) {
                ctx.err("\tnot overwritten\n");
                code = 2;
                continue;
            }
        }
        let done = {
            let mut w = ctx.io.world.borrow_mut();
            let fs = &mut w.host.fs;
            let cred = &ctx.io.cred;
            let (mode, uid, gid) = fs.stat(cred, &pf).map_or((0o644, 0, 0), |(_, n)| (n.mode, n.uid, n.gid));
            fs.write(cred, &pt, made, mode)
                .and_then(|_| fs.chmod(cred, &pt, mode))
                .and_then(|()| if cred.uid == 0 { fs.chown(cred, &pt, Some(uid), Some(gid), true) } else { Ok(()) })
                .and_then(|()| fs.set_mtime(cred, &pt, Time::from_secs(mtime)))
                .and_then(|()| if p.has("k") { Ok(()) } else { fs.unlink(cred, &pf) })
        };
        if let Err(e) = done {
            ctx.err(format!("gzip: {target}: {e}\n"));
            code = 1;
        }
    }
    Ok(code)
}

/// zgrep(1): grep over files that may be packed.
pub async fn zgrep(ctx: &mut Ctx) -> i32 {
    status(zgrep_run(ctx).await)
}

async fn zgrep_run(ctx: &mut Ctx) -> Status {
    let takes = ["-e", "-f", "-m", "-A", "-B", "-C"];
    let (mut options, mut rest) = (Vec::new(), Vec::new());
    let mut it = ctx.args[1..].iter();
    let mut pattern = false;
    while let Some(a) = it.next() {
        if a.starts_with('-') && a.len() > 1 {
            options.push(a.clone());
            pattern |= a == "-e" || a == "-f";
            if takes.contains(&a.as_str()) {
                options.extend(it.next().cloned());
            }
        } else {
            rest.push(a.clone());
        }
    }
    if !pattern {
        if rest.is_empty() {
            ctx.err("Usage: zgrep [OPTION]... [-e] PATTERN [FILE]...\nTry 'zgrep --help' for more information.\n");
            return Err(2);
        }
        let first = rest.remove(0);
        options.extend(["-e".to_owned(), first]);
    }
    if rest.is_empty() {
        rest.push("-".into());
    }
    let named =
        rest.len() > 1 && !options.iter().any(|o| o.starts_with('-') && !o.starts_with("--") && o.contains('h'));
    let mut code = 1;
    for f in rest {
        let data = match slurp(ctx, &f).await {
            Ok(d) => d,
            Err(e) => {
                ctx.err(format!("gzip: {f}: {e}\n"));
                code = 2;
                continue;
            }
        };
        let data = gunzip(&data).unwrap_or(data);
        let mut argv = vec!["grep".to_owned()];
        argv.extend(options.iter().cloned());
        if f != "-" {
            argv.push(format!("--label={f}"));
            if named {
                argv.push("-H".into());
            }
        }
        argv.push("-".into());
        let mut fds = ctx.io.fds.clone();
        fds.insert(0, Fd::memory(&data));
        let child = ctx.with_fds(fds);
        let spawn = ctx.spawn.clone();
        let r = spawn.spawn(child, argv).await;
        code = if code == 2 || r > 1 { 2 } else { code.min(r) };
    }
    Ok(code)
}

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
