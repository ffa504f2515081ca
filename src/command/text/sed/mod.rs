//! sed(1), GNU 4.9. Left out: `--debug`, `--sandbox`, the options `-l` beyond the width, in-place through links.

mod address;
mod exec;
mod input;
mod parse;
mod script;
mod substitute;

use super::super::Ctx;
use super::super::input::{Reader, Status, emit, open_write, slurp};
use super::super::opt::getopt_args;
use super::regex::Re;
use exec::Flow;
use input::Input;
use parse::parse;
use script::{Cmd, Op};
use std::collections::BTreeMap;

const USAGE: &str = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n\n";

/// sed(1).
pub async fn sed(ctx: &mut Ctx) -> i32 {
    match run(ctx).await {
        Ok(c) | Err(c) => c,
    }
}

enum Queued {
    Text(Vec<u8>),
    File(String),
}

struct Sed {
    cmds: Vec<Cmd>,
    quiet: bool,
    posix_end: u8,
    space: Vec<u8>,
    hold: Vec<u8>,
    /// The line read last had its newline.
    newline: bool,
    number: u64,
    /// For each command: where its range ends, when it is on (`None` inside: by pattern).
    ranges: Vec<Option<Option<u64>>>,
    /// Number of the line at which each 0,/re/ was begun.
    started: Vec<bool>,
    last_re: Option<Re>,
    queue: Vec<Queued>,
    files: BTreeMap<String, u32>,
    readers: BTreeMap<String, Reader>,
    /// Output of an in-place edit.
    capture: Option<Vec<u8>>,
    /// The last piece written lacked its newline.
    unended: bool,
    width: usize,
}

async fn run(ctx: &mut Ctx) -> Status {
    let spec = "n|quiet |silent e|expression= f|file= E|regexp-extended r i|in-place=? s|separate u|unbuffered \
                z|null-data l|line-length= |posix |debug |sandbox |follow-symlinks b|binary";
    let args = ctx.args[1..].to_vec();
    let p = match getopt_args(ctx, &args, spec, 1, true, "") {
        Ok(p) => p,
        Err(0) => return Err(0),
        Err(c) => return Err(c),
    };
    let extended = p.has("E") || p.has("r");
    let mut operands = p.args.clone();
    let mut script = String::new();
    let (mut scripts, mut quiet) = (0, p.has("n") || p.has("silent"));
    let mut cmds = Vec::new();
    let mut parts: Vec<(String, String)> = Vec::new();
    for (k, v) in &p.opts {
        let v = v.clone().unwrap_or_default();
        if k == "e" {
            scripts += 1;
            // A text that ends in a backslash goes on in the next -e.
            if script.ends_with('\\') && !parts.is_empty() {
                if let Some((_, t)) = parts.last_mut() {
                    t.push('\n');
                    t.push_str(&v);
                }
            } else {
                parts.push((format!("-e expression #{scripts}"), v.clone()));
            }
            script = v;
        } else if k == "f" {
            match slurp(ctx, &v).await {
                Ok(b) => {
                    let t = String::from_utf8_lossy(&b).into_owned();
                    let t = if t.starts_with("#!") { t.split_once('\n').map_or("", |x| x.1).to_owned() } else { t };
                    parts.push((format!("file {v}"), t));
                }
                Err(e) => {
                    ctx.complain(format!("couldn't open file {v}: {e}"));
                    return Err(1);
                }
            }
        }
    }
    if parts.is_empty() {
        if operands.is_empty() {
            ctx.err(format!("{USAGE}Try 'sed --help' for more information.\n"));
            return Err(1);
        }
        parts.push(("-e expression #1".into(), operands.remove(0)));
    }
    if parts.first().is_some_and(|(_, t)| t == "#n" || t.starts_with("#n\n")) {
        quiet = true;
    }
    // Blocks and labels may span several -e: parse them together when one alone does not.
    let joined: Vec<&str> = parts.iter().map(|(_, t)| t.as_str()).collect();
    let what = if parts.len() == 1 { parts[0].0.clone() } else { parts[parts.len() - 1].0.clone() };
    match parse(&joined.join("\n"), &what, extended) {
        Ok(c) => cmds.extend(c),
        Err(m) => {
            // GNU takes a label that is not there for a fault of its own.
            let code = if m.starts_with("can't find label") { 4 } else { 1 };
            ctx.complain(m);
            return Err(code);
        }
    }
    let end = if p.has("z") { 0 } else { b'\n' };
    let n = cmds.len();
    let mut sed = Sed {
        cmds,
        quiet,
        posix_end: end,
        space: Vec::new(),
        hold: Vec::new(),
        newline: true,
        number: 0,
        ranges: vec![None; n],
        started: vec![false; n],
        last_re: None,
        queue: Vec::new(),
        files: BTreeMap::new(),
        readers: BTreeMap::new(),
        capture: None,
        unended: false,
        width: p.value("l").and_then(|v| v.parse().ok()).unwrap_or(70),
    };
    sed.open_outputs(ctx)?;
    if operands.is_empty() {
        operands.push("-".into());
    }
    let in_place = p.has("i");
    let mut code = 0;
    let groups: Vec<Vec<String>> =
        if in_place || p.has("s") { operands.into_iter().map(|o| vec![o]).collect() } else { vec![operands] };
    for group in groups {
        if in_place {
            let name = &group[0];
            let path = ctx.path(name);
            let state = {
                let w = ctx.io.world.borrow();
                w.host.fs.stat(&ctx.io.cred, &path).map(|(_, n)| (n.is_file(), n.mode, n.uid, n.gid))
            };
            match state {
                Err(e) => {
                    ctx.complain(format!("can't read {name}: {e}"));
                    code = 2;
                    continue;
                }
                Ok((false, ..)) => {
                    ctx.complain(format!("couldn't edit {name}: not a regular file"));
                    code = 4;
                    continue;
                }
                Ok((true, mode, uid, gid)) => {
                    sed.capture = Some(Vec::new());
                    sed.number = 0;
                    let mut input = Input::new(group.clone(), end);
                    let stop = sed.lines(ctx, &mut input).await;
                    let left = match &stop {
                        Ok(Some(_)) => {
                            let mut rest = Vec::new();
                            while let Some(l) = input.next(ctx).await {
                                rest.extend(l);
                            }
                            rest
                        }
                        _ => Vec::new(),
                    };
                    let mut data = sed.capture.take().unwrap_or_default();
                    if sed.unended && !left.is_empty() {
                        data.push(end);
                    }
                    data.extend(left);
                    sed.unended = false;
                    if input.status != 0 {
                        code = input.status;
                        continue;
                    }
                    if let Err(e) = replace(ctx, &path, p.value("i"), data, mode, uid, gid) {
                        ctx.complain(format!("couldn't open temporary file {}: {e}", temp_name(name)));
                        return Err(4);
                    }
                    if let Some(c) = stop? {
                        return Ok(c);
                    }
                }
            }
            continue;
        }
        if p.has("s") {
            sed.number = 0;
        }
        let mut input = Input::new(group, end);
        let stop = sed.lines(ctx, &mut input).await?;
        code = code.max(input.status);
        if let Some(c) = stop {
            if let Some(r) = &mut input.reader {
                r.rewind(&ctx.io);
            }
            return Ok(if c == 0 { code } else { c });
        }
    }
    Ok(code)
}

fn temp_name(name: &str) -> String {
    let dir = name.rfind('/').map_or("./", |i| &name[..=i]);
    format!("{dir}sedXXXXXX")
}

/// An in-place edit makes a new file with the old one's mode and owner, and renames it over.
fn replace(
    ctx: &Ctx,
    path: &str,
    suffix: Option<&str>,
    data: Vec<u8>,
    mode: u32,
    uid: u32,
    gid: u32,
) -> Result<(), crate::host::Errno> {
    let mut w = ctx.io.world.borrow_mut();
    let fs = &mut w.host.fs;
    let cred = &ctx.io.cred;
    let (dir, base) = crate::host::fs::split(path);
    let temp = format!("{}/sedXXXXXX", dir.trim_end_matches('/'));
    let made = fs
        .write(cred, &temp, data, 0o600)
        .and_then(|_| fs.chmod(cred, &temp, mode))
        .and_then(|()| if cred.uid == 0 { fs.chown(cred, &temp, Some(uid), Some(gid), true) } else { Ok(()) });
    let done = made.and_then(|()| {
        if let Some(s) = suffix {
            let backup = if s.contains('*') { s.replace('*', base) } else { format!("{base}{s}") };
            let to = if backup.contains('/') { backup } else { format!("{}/{backup}", dir.trim_end_matches('/')) };
            fs.rename(cred, path, &to)?;
        }
        fs.rename(cred, &temp, path)
    });
    if done.is_err() {
        let _ = fs.unlink(cred, &temp);
    }
    done
}

impl Sed {
    fn open_outputs(&mut self, ctx: &mut Ctx) -> Result<(), i32> {
        let names: Vec<String> = self
            .cmds
            .iter()
            .filter_map(|c| match &c.op {
                Op::File('w' | 'W', f) => Some(f.clone()),
                Op::Subst(s) => s.file.clone(),
                _ => None,
            })
            .collect();
        for n in names {
            if self.files.contains_key(&n) {
                continue;
            }
            match open_write(ctx, &n, false) {
                Ok(fd) => {
                    self.files.insert(n, fd);
                }
                Err(e) => {
                    ctx.complain(format!("couldn't open file {n}: {e}"));
                    return Err(4);
                }
            }
        }
        Ok(())
    }
    /// Runs the script over one input; `Some(status)` when a command quit.
    async fn lines(&mut self, ctx: &mut Ctx, input: &mut Input) -> Result<Option<i32>, i32> {
        let mut restart = false;
        loop {
            if !restart && !self.read(ctx, input).await {
                return Ok(None);
            }
            restart = false;
            match self.cycle(ctx, input).await? {
                Flow::Cycle => {
                    if !self.quiet {
                        self.print_space(ctx).await?;
                    }
                    self.flush_queue(ctx).await?;
                }
                Flow::NoPrint => self.flush_queue(ctx).await?,
                Flow::Restart => {
                    self.flush_queue(ctx).await?;
                    restart = true;
                }
                Flow::Quit(code, print) => {
                    if print {
                        if !self.quiet {
                            self.print_space(ctx).await?;
                        }
                        self.flush_queue(ctx).await?;
                    }
                    return Ok(Some(code));
                }
            }
        }
    }
    async fn read(&mut self, ctx: &mut Ctx, input: &mut Input) -> bool {
        let Some(mut l) = input.next(ctx).await else { return false };
        self.newline = l.last() == Some(&self.posix_end);
        if self.newline {
            l.pop();
        }
        self.space = l;
        self.number += 1;
        true
    }
    async fn write(&mut self, ctx: &Ctx, data: &[u8], newline: bool) -> Result<(), i32> {
        let mut out = Vec::new();
        if self.unended {
            out.push(self.posix_end);
        }
        out.extend_from_slice(data);
        if newline {
            out.push(self.posix_end);
        }
        self.unended = !newline;
        match &mut self.capture {
            Some(c) => c.extend(out),
            None => emit(ctx, out).await?,
        }
        Ok(())
    }
    async fn print_space(&mut self, ctx: &Ctx) -> Result<(), i32> {
        let s = self.space.clone();
        self.write(ctx, &s, self.newline).await
    }
    async fn flush_queue(&mut self, ctx: &mut Ctx) -> Result<(), i32> {
        for q in std::mem::take(&mut self.queue) {
            match q {
                Queued::Text(t) => {
                    let body = t.strip_suffix(b"\n").unwrap_or(&t).to_vec();
                    self.write(ctx, &body, t.ends_with(b"\n")).await?;
                }
                Queued::File(f) => {
                    if let Ok(data) = slurp(ctx, if f == "/dev/stdin" { "-" } else { &f }).await
                        && !data.is_empty()
                    {
                        let ended = data.ends_with(b"\n");
                        let body = data.strip_suffix(b"\n").unwrap_or(&data).to_vec();
                        self.write(ctx, &body, ended).await?;
                    }
                }
            }
        }
        Ok(())
    }
}
