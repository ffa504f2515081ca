//! gzip(1), gunzip, zcat, zgrep. The compression is miniz_oxide's: small, alive and without dependencies. Left out: other
//! compressors.

use super::super::Ctx;
use super::super::input::{Reader, Status, emit, slurp, status};
use super::super::io::Fd;
use super::super::opt::getopt;
use crate::base::Time;
use crate::host::Errno;

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
    let decompress = name != "gzip" || ["d", "uncompress", "l", "t"].iter().any(|o| p.has(o));
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
