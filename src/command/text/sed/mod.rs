//! sed(1), GNU 4.9. Left out: `--debug`, `--sandbox`, the options `-l` beyond the width, in-place through links.

mod parse;

use super::super::Ctx;
use super::super::input::{Reader, Status, emit, open_write, slurp, spend};
use super::super::opt::getopt_args;
use super::regex::Re;
use parse::{Addr, Cmd, Op, Piece, Subst, parse};
use std::collections::BTreeMap;

const USAGE: &str = "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n\n";

/// sed(1).
pub async fn sed(ctx: &mut Ctx) -> i32 {
    match run(ctx).await {
        Ok(c) | Err(c) => c,
    }
}

/// Where the lines come from: files in turn, with a look ahead for `$`.
struct Input {
    names: Vec<String>,
    at: usize,
    reader: Option<Reader>,
    ahead: Option<Vec<u8>>,
    end: u8,
    status: i32,
    current: String,
}

impl Input {
    fn new(names: Vec<String>, end: u8) -> Input {
        Input { names, at: 0, reader: None, ahead: None, end, status: 0, current: "-".into() }
    }
    async fn raw(&mut self, ctx: &mut Ctx) -> Option<Vec<u8>> {
        loop {
            if let Some(r) = &mut self.reader {
                match r.until(&mut ctx.io, self.end).await {
                    Ok(Some(l)) => return Some(l),
                    Ok(None) => {}
                    Err(e) => {
                        ctx.complain(format!("couldn't read {}: {e}", self.current));
                        self.status = 2;
                    }
                }
                if let Some(r) = self.reader.take() {
                    r.close(ctx);
                }
            }
            let name = self.names.get(self.at)?.clone();
            self.at += 1;
            let dir = name != "-" && ctx.world().borrow().host.fs.is_dir(&ctx.path(&name));
            if dir {
                ctx.complain(format!("read error on {name}: Is a directory"));
                self.status = 4;
                self.at = self.names.len();
                return None;
            }
            match Reader::open(ctx, &name) {
                Ok(r) => {
                    self.reader = Some(r);
                    self.current = name;
                }
                Err(e) => {
                    ctx.complain(format!("can't read {name}: {e}"));
                    self.status = 2;
                }
            }
        }
    }
    async fn next(&mut self, ctx: &mut Ctx) -> Option<Vec<u8>> {
        match self.ahead.take() {
            Some(l) => Some(l),
            None => self.raw(ctx).await,
        }
    }
    async fn is_last(&mut self, ctx: &mut Ctx) -> bool {
        if self.ahead.is_none() {
            self.ahead = self.raw(ctx).await;
        }
        self.ahead.is_none()
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

enum Flow {
    Cycle,
    NoPrint,
    Restart,
    Quit(i32, bool),
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
            ctx.complain(m);
            return Err(1);
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
    fn regex_hits(&mut self, ctx: &Ctx, re: Option<&Re>) -> Result<bool, i32> {
        if let Some(re) = re {
            self.last_re = Some(re.clone());
        }
        match &self.last_re {
            Some(re) => Ok(re.is_match(&self.space)),
            None => {
                ctx.complain("no previous regular expression");
                Err(1)
            }
        }
    }
    async fn hits(&mut self, ctx: &mut Ctx, input: &mut Input, a: &Addr) -> Result<bool, i32> {
        Ok(match a {
            Addr::Line(n) => self.number == *n,
            Addr::Step(first, 0) => self.number == *first,
            Addr::Step(first, step) => self.number >= *first && (self.number - first).is_multiple_of(*step),
            Addr::Last => input.is_last(ctx).await,
            Addr::Regex(re) => {
                let re = re.clone();
                self.regex_hits(ctx, re.as_ref())?
            }
            _ => false,
        })
    }
    async fn selected(&mut self, ctx: &mut Ctx, input: &mut Input, i: usize) -> Result<bool, i32> {
        let (a1, a2) = (self.cmds[i].a1.clone(), self.cmds[i].a2.clone());
        let Some(a1) = a1 else { return Ok(true) };
        let Some(a2) = a2 else { return self.hits(ctx, input, &a1).await };
        if matches!(a1, Addr::Zero) && !self.started[i] {
            self.started[i] = true;
            self.ranges[i] = Some(None);
        }
        if let Some(range) = self.ranges[i] {
            let over = match (&a2, range) {
                (_, Some(n)) => {
                    if self.number >= n {
                        self.ranges[i] = None;
                    }
                    // A line number already passed: only the first line was in the range.
                    return Ok(self.number <= n);
                }
                (a, None) => self.hits(ctx, input, a).await?,
            };
            if over {
                self.ranges[i] = None;
            }
            return Ok(true);
        }
        if !self.hits(ctx, input, &a1).await? {
            return Ok(false);
        }
        let end = match &a2 {
            Addr::Line(n) => Some(*n),
            Addr::Plus(n) => Some(self.number + n),
            Addr::Multiple(0) => Some(self.number),
            Addr::Multiple(n) => Some(self.number.div_ceil(*n) * n),
            _ => None,
        };
        self.ranges[i] = match end {
            Some(n) if n <= self.number => None,
            Some(n) => Some(Some(n)),
            None if matches!(a2, Addr::Last) && input.is_last(ctx).await => None,
            None => Some(None),
        };
        Ok(true)
    }
    async fn cycle(&mut self, ctx: &mut Ctx, input: &mut Input) -> Result<Flow, i32> {
        let (mut pc, mut replaced) = (0, false);
        while pc < self.cmds.len() {
            if !spend(&ctx.io, 1) {
                return Ok(Flow::Quit(4, false));
            }
            let hit = self.selected(ctx, input, pc).await? != self.cmds[pc].negate;
            let op = self.cmds[pc].op.clone();
            pc += 1;
            if !hit {
                if let Op::Open(end) = op {
                    pc = end + 1;
                }
                continue;
            }
            match op {
                Op::Open(_) | Op::Close | Op::Label => {}
                Op::Text('a', t) => self.queue.push(Queued::Text(t)),
                Op::Text('i', t) => {
                    let body = t.strip_suffix(b"\n").unwrap_or(&t).to_vec();
                    self.write(ctx, &body, true).await?;
                }
                Op::Text(_, t) => {
                    let i = pc - 1;
                    let in_range = self.cmds[i].a2.is_some() && self.ranges[i].is_some() && !self.cmds[i].negate;
                    if !in_range {
                        let body = t.strip_suffix(b"\n").unwrap_or(&t).to_vec();
                        self.write(ctx, &body, true).await?;
                    }
                    return Ok(Flow::NoPrint);
                }
                Op::Jump(c, to) => {
                    let jump = match c {
                        't' => std::mem::take(&mut replaced),
                        'T' => !std::mem::take(&mut replaced),
                        _ => true,
                    };
                    if jump {
                        match to {
                            Some(t) => pc = t,
                            None => return Ok(Flow::Cycle),
                        }
                    }
                }
                Op::File(c, f) => self.file(ctx, c, &f).await?,
                Op::Subst(s) => replaced |= self.substitute(ctx, &s).await?,
                Op::Translate(map) => {
                    let text = String::from_utf8_lossy(&self.space).into_owned();
                    let to = |c| map.iter().find(|(a, _)| *a == c).map_or(c, |(_, b)| *b);
                    self.space = text.chars().map(to).collect::<String>().into_bytes();
                }
                Op::Exit(c, code) => return Ok(Flow::Quit(code, c == 'q')),
                Op::List(n) => {
                    let out = listed(&self.space, n.unwrap_or(self.width));
                    self.write(ctx, &out, true).await?;
                }
                Op::Exec(script) => {
                    let given = !script.is_empty();
                    let script = if given { script } else { String::from_utf8_lossy(&self.space).into_owned() };
                    let out = run_shell(ctx, script).await;
                    let body = out.strip_suffix(b"\n").unwrap_or(&out).to_vec();
                    if given {
                        self.write(ctx, &body, true).await?;
                    } else {
                        self.space = body;
                    }
                }
                Op::Plain(c) => {
                    if let Some(flow) = self.plain(ctx, input, c).await? {
                        return Ok(flow);
                    }
                }
            }
        }
        Ok(Flow::Cycle)
    }
    async fn plain(&mut self, ctx: &mut Ctx, input: &mut Input, c: char) -> Result<Option<Flow>, i32> {
        match c {
            '=' => {
                let n = self.number.to_string();
                // The number always ends in a newline.
                self.write(ctx, n.as_bytes(), true).await?;
            }
            'F' => {
                let n = input.current.clone();
                self.write(ctx, n.as_bytes(), true).await?;
            }
            'd' => return Ok(Some(Flow::NoPrint)),
            'D' => {
                let Some(i) = self.space.iter().position(|b| *b == b'\n') else { return Ok(Some(Flow::NoPrint)) };
                self.space.drain(..=i);
                return Ok(Some(Flow::Restart));
            }
            'g' => self.space = self.hold.clone(),
            'G' => {
                self.space.push(b'\n');
                self.space.extend_from_slice(&self.hold);
            }
            'h' => self.hold = self.space.clone(),
            'H' => {
                self.hold.push(b'\n');
                self.hold.extend_from_slice(&self.space);
            }
            'x' => std::mem::swap(&mut self.space, &mut self.hold),
            'z' => self.space.clear(),
            'p' => self.print_space(ctx).await?,
            'P' => {
                let n = self.space.iter().position(|b| *b == b'\n').unwrap_or(self.space.len());
                let head = self.space[..n].to_vec();
                self.write(ctx, &head, true).await?;
            }
            'n' => {
                if input.is_last(ctx).await {
                    return Ok(Some(Flow::Quit(0, true)));
                }
                if !self.quiet {
                    self.print_space(ctx).await?;
                }
                self.flush_queue(ctx).await?;
                self.read(ctx, input).await;
            }
            'N' => {
                if input.is_last(ctx).await {
                    return Ok(Some(Flow::Quit(0, true)));
                }
                self.flush_queue(ctx).await?;
                let mut held = std::mem::take(&mut self.space);
                held.push(b'\n');
                self.read(ctx, input).await;
                held.append(&mut self.space);
                self.space = held;
                if self.space.len() > super::super::input::MAX_HELD {
                    return Ok(Some(Flow::Quit(4, false)));
                }
            }
            _ => {}
        }
        Ok(None)
    }
    async fn file(&mut self, ctx: &mut Ctx, c: char, f: &str) -> Result<(), i32> {
        match c {
            'r' => self.queue.push(Queued::File(f.to_owned())),
            'R' => {
                if !self.readers.contains_key(f)
                    && let Ok(r) = Reader::open_path(ctx, f)
                {
                    self.readers.insert(f.to_owned(), r);
                }
                if let Some(r) = self.readers.get_mut(f)
                    && let Ok(Some(mut l)) = r.line(&mut ctx.io).await
                {
                    if !l.ends_with(b"\n") {
                        l.push(b'\n');
                    }
                    self.queue.push(Queued::Text(l));
                }
            }
            _ => {
                let n = if c == 'W' { self.space.iter().position(|b| *b == b'\n') } else { None };
                let line = self.space[..n.unwrap_or(self.space.len())].to_vec();
                self.write_file(ctx, f, line).await?;
            }
        }
        Ok(())
    }
    async fn write_file(&mut self, ctx: &Ctx, f: &str, mut line: Vec<u8>) -> Result<(), i32> {
        line.push(self.posix_end);
        match self.files.get(f) {
            Some(1) if self.capture.is_none() => emit(ctx, line).await,
            Some(fd) => ctx.io.write(*fd, &line).map_err(|e| {
                ctx.complain(format!("couldn't write {} items to {f}: {e}", line.len()));
                4
            }),
            None => Ok(()),
        }
    }
    async fn substitute(&mut self, ctx: &mut Ctx, s: &Subst) -> Result<bool, i32> {
        if let Some(re) = &s.re {
            self.last_re = Some(re.clone());
        }
        let Some(re) = self.last_re.clone() else {
            ctx.complain("no previous regular expression");
            return Err(1);
        };
        let text = std::mem::take(&mut self.space);
        let (mut out, mut at, mut copied, mut count, mut done) = (Vec::new(), 0, 0, 0, false);
        let mut last_end = usize::MAX;
        while at <= text.len() {
            let Some(spans) = re.captures_at(&text, at) else { break };
            let Some((start, end)) = spans[0] else { break };
            // An empty match right after a match does not count.
            if start == end && start == last_end {
                at = step(&text, start);
                continue;
            }
            count += 1;
            last_end = end;
            if count >= s.number.max(1) {
                out.extend_from_slice(&text[copied..start]);
                fill(&mut out, &s.pieces, &text, &spans);
                copied = end;
                done = true;
                if !s.global {
                    break;
                }
            }
            at = if end == start { step(&text, end) } else { end };
        }
        if !done {
            self.space = text;
            return Ok(false);
        }
        out.extend_from_slice(&text[copied..]);
        self.space = out;
        if s.print {
            self.print_space(ctx).await?;
        }
        if let Some(f) = &s.file {
            let line = self.space.clone();
            self.write_file(ctx, f, line).await?;
        }
        Ok(true)
    }
}

/// What a command prints, for `e`.
async fn run_shell(ctx: &Ctx, script: String) -> Vec<u8> {
    let store = std::rc::Rc::new(std::cell::RefCell::new(std::collections::VecDeque::new()));
    let mut fds = ctx.io.fds.clone();
    fds.insert(1, super::super::io::Fd::Memory(store.clone()));
    let spawn = ctx.spawn.clone();
    spawn.shell(ctx.with_fds(fds), script, Vec::new()).await;

    store.borrow().iter().copied().collect()
}

/// The start of the next character.
fn step(text: &[u8], at: usize) -> usize {
    let mut i = at + 1;
    while i < text.len() && text[i] & 0xc0 == 0x80 {
        i += 1;
    }
    i
}

fn fill(out: &mut Vec<u8>, pieces: &[Piece], text: &[u8], spans: &[Option<(usize, usize)>]) {
    let (mut mode, mut once) = (0u8, 0u8);
    for p in pieces {
        let bytes: &[u8] = match p {
            Piece::Case(k @ (b'u' | b'l')) => {
                once = *k;
                continue;
            }
            Piece::Case(k) => {
                mode = if *k == b'E' { 0 } else { *k };
                continue;
            }
            Piece::Text(t) => t,
            Piece::Group(n) => spans.get(*n).copied().flatten().map_or(&[], |(s, e)| &text[s..e]),
        };
        if mode == 0 && once == 0 {
            out.extend_from_slice(bytes);
            continue;
        }
        for c in String::from_utf8_lossy(bytes).chars() {
            let how = if once == 0 { mode } else { std::mem::take(&mut once) };
            let s: String = match how {
                b'U' | b'u' => c.to_uppercase().collect(),
                b'L' | b'l' => c.to_lowercase().collect(),
                _ => c.to_string(),
            };
            out.extend_from_slice(s.as_bytes());
        }
    }
}

/// What `l` prints: escapes, folded at `width` columns, `$` at the end.
fn listed(space: &[u8], width: usize) -> Vec<u8> {
    let (mut out, mut col) = (Vec::new(), 0);
    for b in space {
        let piece = match b {
            b'\\' => "\\\\".to_owned(),
            7 => "\\a".into(),
            8 => "\\b".into(),
            b'\t' => "\\t".into(),
            b'\n' => "\\n".into(),
            11 => "\\v".into(),
            12 => "\\f".into(),
            b'\r' => "\\r".into(),
            32..127 => (*b as char).to_string(),
            b => format!("\\{b:03o}"),
        };
        if width > 1 && col + piece.len() > width - 1 {
            out.extend_from_slice(b"\\\n");
            col = 0;
        }
        col += piece.len();
        out.extend_from_slice(piece.as_bytes());
    }
    out.push(b'$');
    out
}
