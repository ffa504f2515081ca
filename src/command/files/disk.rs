//! du(1), df(1), mount(8) without arguments, sync(1).

use super::super::Ctx;
use super::super::input::{Status, emit, spend, status};
use super::super::opt::{getopt, quoteaf};
use super::show::human;
use crate::host::fs::{Mount, Node};
use std::collections::BTreeSet;

/// du(1).
pub async fn du(ctx: &mut Ctx) -> i32 {
    status(du_run(ctx).await)
}

async fn du_run(ctx: &mut Ctx) -> Status {
    let spec = "0|null a|all |apparent-size B|block-size= b|bytes c|total D|dereference-args d|max-depth= H h|human-readable |inodes \
                k L|dereference l|count-links m P|no-dereference S|separate-dirs |si s|summarize t|threshold= |time=? \
                X|exclude-from= |exclude= x|one-file-system";
    let p = getopt(ctx, spec, 1)?;
    let apparent = p.has("b") || p.has("apparent-size");
    let unit: u64 = match p.opts.iter().rev().find(|(k, _)| matches!(k.as_str(), "b" | "k" | "m" | "B")) {
        Some((k, _)) if k == "b" => 1,
        Some((k, _)) if k == "m" => 1 << 20,
        Some((k, Some(v))) if k == "B" => {
            let v = if v.starts_with(|c: char| c.is_ascii_digit()) { v.clone() } else { format!("1{v}") };
            super::super::text::head::count(&v).unwrap_or(1024).max(1)
        }
        _ => 1024,
    };
    let people = p.has("h") || p.has("si");
    let depth = if p.has("s") { 0 } else { p.value("d").and_then(|d| d.parse().ok()).unwrap_or(usize::MAX) };
    let show = |n: u64| {
        if p.has("inodes") {
            n.to_string()
        } else if people {
            human(n)
        } else {
            n.div_ceil(unit).to_string()
        }
    };
    let size = |n: &Node| {
        if p.has("inodes") {
            1
        } else if apparent {
            // A folder counts with its own size, as du -b does.
            n.size()
        } else {
            n.allocated()
        }
    };
    let excluded = |name: &str| {
        p.opts.iter().any(|(k, v)| {
            k == "exclude"
                && v.as_deref().is_some_and(|g| {
                    super::super::text::glob::fits(g, name.rsplit('/').next().unwrap_or(name))
                        || super::super::text::glob::fits(g, name)
                })
        })
    };
    let end = if p.has("0") { '\0' } else { '\n' };
    let names = if p.args.is_empty() { vec![".".to_owned()] } else { p.args.clone() };
    let (mut code, mut grand) = (0, 0u64);
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    for top in &names {
        let mut lines: Vec<String> = Vec::new();
        let mut errors: Vec<String> = Vec::new();
        {
            let w = ctx.io.world.borrow();
            let fs = &w.host.fs;
            // Folders wait for the sum of what is below them.
            let mut stack = vec![(top.clone(), 0usize, false)];
            let mut sums: Vec<u64> = vec![0];
            while let Some((name, level, after)) = stack.pop() {
                if !spend(&ctx.io, 1) {
                    return Ok(1);
                }
                let path = ctx.path(&name);
                let got = if p.has("L") || (level == 0 && (p.has("D") || p.has("H"))) {
                    fs.stat(&ctx.io.cred, &path)
                } else {
                    fs.lstat(&ctx.io.cred, &path)
                };
                let (ino, n) = match got {
                    Ok(x) => x,
                    Err(e) => {
                        errors.push(format!("cannot access {}: {e}", quoteaf(&name)));
                        continue;
                    }
                };
                if after {
                    let own = sums.pop().unwrap_or(0);
                    let total = own;
                    if let Some(up) = sums.last_mut() {
                        *up += total;
                    }
                    if level <= depth {
                        lines.push(format!("{}\t{name}{end}", show(total)));
                    }
                    continue;
                }
                if excluded(&name) || (!p.has("l") && (n.nlink > 1 || n.is_dir()) && !seen.insert(ino)) {
                    continue;
                }
                if n.is_dir() {
                    sums.push(size(n));
                    stack.push((name.clone(), level, true));
                    match fs.readdir(&ctx.io.cred, &path) {
                        Ok(e) => {
                            let base = if name.ends_with('/') { name.clone() } else { format!("{name}/") };
                            stack.extend(e.iter().rev().map(|(c, _)| (format!("{base}{c}"), level + 1, false)));
                        }
                        Err(e) => errors.push(format!("cannot read directory {}: {e}", quoteaf(&name))),
                    }
                    continue;
                }
                let s = size(n);
                if let Some(up) = sums.last_mut() {
                    *up += s;
                }
                if level == 0 || (p.has("a") && level <= depth) {
                    lines.push(format!("{}\t{name}{end}", show(s)));
                }
            }
            grand += sums.first().copied().unwrap_or(0);
        }
        for e in errors {
            ctx.complain(e);
            code = 1;
        }
        for l in lines {
            emit(ctx, l).await?;
        }
    }
    if p.has("c") {
        emit(ctx, format!("{}\ttotal{end}", show(grand))).await?;
    }
    Ok(code)
}

/// df(1).
pub async fn df(ctx: &mut Ctx) -> i32 {
    status(df_run(ctx).await)
}

/// Aligns a table: first column left, numbers right, mount point left.
fn table(rows: &[Vec<String>], left: &[usize]) -> String {
    let cols = rows.first().map_or(0, Vec::len);
    let width: Vec<usize> = (0..cols).map(|c| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for r in rows {
        let cells: Vec<String> = (0..cols)
            .map(|c| {
                // The least widths of coreutils' columns: the device 14, the type and the percentage 4, numbers 5.
                let least = match c {
                    0 => 14,
                    c if left.contains(&c) || c + 2 == cols => 4,
                    _ => 5,
                };
                let w = width[c].max(least);
                if c + 1 == cols {
                    r[c].clone()
                } else if left.contains(&c) {
                    format!("{:w$}", r[c])
                } else {
                    format!("{:>w$}", r[c])
                }
            })
            .collect();
        out += cells.join(" ").trim_end();
        out.push('\n');
    }
    out
}

async fn df_run(ctx: &mut Ctx) -> Status {
    let spec = "a|all B|block-size= h|human-readable H|si i|inodes k l|local |no-sync |output=? P|portability |sync |total \
                t|type= T|print-type x|exclude-type= m";
    let p = getopt(ctx, spec, 1)?;
    let mounts: Vec<Mount> = ctx.io.world.borrow().host.fs.mounts.clone();
    let mut code = 0;
    let mut chosen: Vec<Mount> = Vec::new();
    if p.args.is_empty() {
        chosen = mounts;
    } else {
        for n in &p.args {
            let w = ctx.io.world.borrow();
            let path = ctx.path(n);
            match w.host.fs.stat(&ctx.io.cred, &path) {
                Ok((_, node)) => chosen.extend(w.host.fs.mounts.get(node.dev).cloned()),
                Err(e) => match mounts.iter().find(|m| m.device == *n) {
                    Some(m) => chosen.push(m.clone()),
                    None => {
                        ctx.complain(format!("{}: {e}", super::super::opt::quotef(n)));
                        code = 1;
                    }
                },
            }
        }
        if chosen.is_empty() {
            return Ok(1);
        }
    }
    let listed = |k: &str, t: &str| p.opts.iter().any(|(o, v)| o == k && v.as_deref() == Some(t));
    chosen.retain(|m| (!p.has("t") || listed("t", &m.fstype)) && !listed("x", &m.fstype));
    if chosen.is_empty() {
        ctx.complain("no file systems processed");
        return Ok(1);
    }
    let people = p.has("h") || p.has("H");
    let unit: u64 = match p.value("B") {
        Some(v) => {
            let v = if v.starts_with(|c: char| c.is_ascii_digit()) { v.to_owned() } else { format!("1{v}") };
            super::super::text::head::count(&v).unwrap_or(1024).max(1)
        }
        None if p.has("m") => 1 << 20,
        None => 1024,
    };
    let size = |n: u64| if people { human(n) } else { n.div_ceil(unit).to_string() };
    let percent = |used: u64, free: u64| {
        if used + free == 0 { "-".to_owned() } else { format!("{}%", (used * 100).div_ceil(used + free)) }
    };
    let inodes = p.has("i");
    let mut head = vec!["Filesystem".to_owned()];
    if p.has("T") {
        head.push("Type".into());
    }
    let block = match (p.value("B"), p.has("m")) {
        (Some(v), _) => format!("{v}-blocks"),
        (_, true) => "1M-blocks".into(),
        _ if p.has("P") => "1024-blocks".into(),
        _ => "1K-blocks".into(),
    };
    let words: [&str; 4] = if inodes {
        ["Inodes", "IUsed", "IFree", "IUse%"]
    } else if people && !p.has("P") {
        ["Size", "Used", "Avail", "Use%"]
    } else if people {
        ["Size", "Used", "Available", "Capacity"]
    } else {
        [&block, "Used", "Available", if p.has("P") { "Capacity" } else { "Use%" }]
    };
    head.extend(words.iter().map(|w| (*w).to_owned()));
    head.push("Mounted on".into());
    let mut rows = vec![head];
    let mut totals = [0u64; 3];
    let mut row = |name: &str, kind: &str, v: [u64; 3], on: &str| {
        let mut r = vec![name.to_owned()];
        if p.has("T") {
            r.push(kind.to_owned());
        }
        for n in v {
            r.push(if inodes && !people { n.to_string() } else { size(n) });
        }
        r.push(percent(v[1], v[2]));
        r.push(on.to_owned());
        rows.push(r);
    };
    for m in &chosen {
        let v = if inodes {
            [m.inodes, m.inodes_used, m.inodes.saturating_sub(m.inodes_used)]
        } else {
            [m.size, m.used, m.size.saturating_sub(m.used + m.reserved)]
        };
        for (t, x) in totals.iter_mut().zip(v) {
            *t += x;
        }
        row(&m.device, &m.fstype, v, &m.path);
    }
    if p.has("total") {
        row("total", "-", totals, "-");
    }
    emit(ctx, table(&rows, if p.has("T") { &[0, 1] } else { &[0] })).await?;
    Ok(code)
}

/// mount(8): shows what is mounted; as a change it answers what a user without the means gets.
pub async fn mount(ctx: &mut Ctx) -> i32 {
    let after = |name: &str| ctx.args.iter().position(|a| a == name).and_then(|i| ctx.args.get(i + 1)).cloned();
    let options = after("-o").unwrap_or_default();
    if after("-t").as_deref() == Some("tmpfs")
        && ctx.args.len() > 4
        && let Some(target) = ctx.args.last().cloned()
    {
        return mount_tmpfs(ctx, &options, &target);
    }
    if ctx.args.len() > 1 && !matches!(ctx.args[1].as_str(), "-l" | "-t" | "-v") {
        return remount(ctx);
    }
    let kind = ctx.args.iter().position(|a| a == "-t").and_then(|i| ctx.args.get(i + 1)).cloned();
    let mounts = ctx.io.world.borrow().host.fs.mounts.clone();
    for m in mounts.iter().filter(|m| kind.as_ref().is_none_or(|k| k.split(',').any(|k| k == m.fstype))) {
        ctx.out(format!("{} on {} type {} ({})\n", m.device, m.path, m.fstype, m.options));
    }
    0
}

/// `mount -o remount,rw /`: the one change that a repair may need.
fn remount(ctx: &mut Ctx) -> i32 {
    let options =
        ctx.args.iter().position(|a| a == "-o").and_then(|i| ctx.args.get(i + 1)).cloned().unwrap_or_default();
    let target = ctx.args.last().cloned().unwrap_or_default();
    if ctx.io.cred.uid != 0 {
        ctx.err(format!("mount: {target}: must be superuser to use mount.\n"));
        return 1;
    }
    let mut w = ctx.io.world.borrow_mut();
    match w.host.fs.mounts.iter_mut().find(|m| m.path == target || m.device == target) {
        Some(m) if options.split(',').any(|o| o == "remount") => {
            for o in options.split(',').filter(|o| *o != "remount") {
                let drop = match o {
                    "rw" => "ro",
                    "ro" => "rw",
                    _ => "",
                };
                let mut list: Vec<&str> = m.options.split(',').filter(|x| *x != drop && *x != o).collect();
                list.insert(0, o);
                m.options = list.join(",");
            }
            0
        }
        Some(m) => {
            let text = format!("mount: {}: {} already mounted on {}.\n", m.path, m.device, m.path);
            drop(w);
            ctx.err(text);
            32
        }
        None => {
            drop(w);
            ctx.err(format!("mount: {target}: can't find in /etc/fstab.\n"));
            1
        }
    }
}

/// `mount -t tmpfs -o OPTIONS tmpfs DIR`: an empty file system in memory over a directory.
fn mount_tmpfs(ctx: &Ctx, options: &str, target: &str) -> i32 {
    if ctx.io.cred.uid != 0 {
        ctx.err(format!("mount: {target}: must be superuser to use mount.\n"));
        return 1;
    }
    let path = ctx.path(target);
    let mut w = ctx.io.world.borrow_mut();
    let (mut size, mut mode, mut uid, mut gid) = (1_000_000 * 1024, 0o1777, 0, 0);
    let mut shown = vec!["rw".to_owned(), "relatime".to_owned()];
    for o in options.split(',').filter(|o| !o.is_empty()) {
        let (k, v) = o.split_once('=').unwrap_or((o, ""));
        match k {
            "size" => size = super::super::text::head::count(v).unwrap_or(size),
            "mode" => mode = u32::from_str_radix(v, 8).unwrap_or(mode),
            "uid" => uid = v.parse().unwrap_or(0),
            "gid" => gid = v.parse().unwrap_or(0),
            _ => {}
        }
        match k {
            "rw" | "relatime" | "defaults" => {}
            "size" => shown.push(format!("size={}k", size / 1024)),
            _ => shown.push(o.to_owned()),
        }
    }
    let mount = Mount {
        path: crate::host::fs::normalize("/", &path),
        device: "tmpfs".into(),
        fstype: "tmpfs".into(),
        size,
        used: 0,
        reserved: 0,
        inodes: 251_000,
        inodes_used: 1,
        options: shown.join(","),
    };
    match w.host.fs.mount_over(mount, mode, uid, gid) {
        Ok(()) => 0,
        Err(_) => {
            drop(w);
            ctx.err(format!("mount: {target}: mount point does not exist.\n"));
            32
        }
    }
}

/// umount(8).
pub async fn umount(ctx: &mut Ctx) -> i32 {
    let names: Vec<String> = ctx.args[1..].iter().filter(|a| !a.starts_with('-')).cloned().collect();
    if names.is_empty() {
        ctx.err("umount: bad usage\nTry 'umount --help' for more information.\n");
        return 1;
    }
    if ctx.io.cred.uid != 0 {
        ctx.err(format!("umount: {}: must be superuser to unmount.\n", names[0]));
        return 32;
    }
    let mut code = 0;
    for n in names {
        let path = crate::host::fs::normalize("/", &ctx.path(&n));
        let done = ctx.io.world.borrow_mut().host.fs.unmount(&path);
        match done {
            Ok(()) => {}
            Err(crate::host::Errno::NoEnt) => {
                let there = ctx.io.world.borrow().host.fs.exists(&path);
                let why = if there { "not mounted" } else { "no mount point specified" };
                ctx.err(format!("umount: {n}: {why}.\n"));
                code = 32;
            }
            Err(_) => {
                ctx.err(format!("umount: {n}: target is busy.\n"));
                code = 32;
            }
        }
    }
    code
}

/// sync(1): nothing waits to be written.
pub async fn sync(_ctx: &mut Ctx) -> i32 {
    0
}
