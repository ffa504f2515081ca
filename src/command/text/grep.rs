//! grep(1), egrep(1) and fgrep(1), GNU 3.8. Left out: `-U`, `-u`, `--line-buffered` (always so), reading devices.

use super::super::Ctx;
use super::super::input::{Reader, Status, chomp, emit, slurp, spend};
use super::super::opt::{getopt_args, hint};
use super::glob;
use super::regex::{Flags, Re, Syntax};

const SPEC: &str = "G|basic-regexp E|extended-regexp F|fixed-strings P|perl-regexp e|regexp= f|file= i|ignore-case y \
    |no-ignore-case w|word-regexp x|line-regexp z|null-data s|no-messages v|invert-match m|max-count= b|byte-offset \
    n|line-number H|with-filename h|no-filename |label= o|only-matching q|quiet |silent |binary-files= a|text I d|directories= \
    D|devices= r|recursive R|dereference-recursive |include= |exclude= |exclude-from= |exclude-dir= L|files-without-match \
    l|files-with-matches c|count T|initial-tab Z|null A|after-context= B|before-context= C|context= |group-separator= \
    |no-group-separator |color=? |colour=? U|binary |line-buffered V ";

struct Grep {
    res: Vec<Re>,
    word: bool,
    line: bool,
    invert: bool,
    max: Option<u64>,
    number: bool,
    offset: bool,
    name: bool,
    only: bool,
    quiet: bool,
    silent: bool,
    count: bool,
    list: Option<bool>,
    after: u64,
    before: u64,
    separator: Option<String>,
    text: bool,
    skip_binary: bool,
    zero: bool,
    null: bool,
    tab: bool,
    /// With `-T`: as many columns for numbers as the file's size has digits; of a pipe nobody knows.
    digits: std::cell::Cell<usize>,
    color: bool,
    label: String,
    include: Vec<String>,
    exclude: Vec<String>,
    exclude_dir: Vec<String>,
}

/// grep(1).
pub async fn grep(ctx: &mut Ctx) -> i32 {
    match run(ctx).await {
        Ok(c) | Err(c) => c,
    }
}

/// A bracket that looks like `[:space:]` alone: dfa.c refuses it.
fn half_a_class(pattern: &str) -> bool {
    pattern.split("[:").skip(1).zip(pattern.split("[:")).any(|(after, before)| {
        !before.ends_with(['[', '\\'])
            && after.split_once(":]").is_some_and(|(n, _)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_alphabetic()))
            && !before.contains('[')
    })
}

fn context(ctx: &Ctx, v: &str) -> Result<u64, i32> {
    v.parse().map_err(|_| {
        ctx.complain(format!("{v}: invalid context length argument"));
        2
    })
}

async fn run(ctx: &mut Ctx) -> Status {
    let name = ctx.name();
    let usage = format!("Usage: {name} [OPTION]... PATTERNS [FILE]...\n");
    // `-5` is a context of five lines.
    let mut args: Vec<String> = Vec::new();
    for a in &ctx.args[1..] {
        let digits = a.strip_prefix('-').filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
        match digits {
            Some(d) => args.push(format!("-C{d}")),
            None => args.push(a.clone()),
        }
    }
    let p = getopt_args(ctx, &args, SPEC, 2, true, &usage)?;
    if p.has("V") {
        ctx.out("grep (GNU grep) 3.8\n");
        return Ok(0);
    }
    let mut syntax = match name.as_str() {
        "egrep" => Syntax::Extended,
        "fgrep" => Syntax::Fixed,
        _ => Syntax::Basic,
    };
    let (mut after, mut before, mut both) = (None, None, None);
    for (k, v) in &p.opts {
        let v = v.as_deref().unwrap_or("");
        match k.as_str() {
            "G" => syntax = Syntax::Basic,
            "E" => syntax = Syntax::Extended,
            "F" => syntax = Syntax::Fixed,
            "P" => syntax = Syntax::Perl,
            "A" => after = Some(context(ctx, v)?),
            "B" => before = Some(context(ctx, v)?),
            "C" => both = Some(context(ctx, v)?),
            _ => {}
        }
    }
    let mut operands = p.args.clone();
    let mut patterns: Vec<String> = Vec::new();
    let mut given = false;
    for (k, v) in &p.opts {
        let v = v.clone().unwrap_or_default();
        if k == "e" {
            given = true;
            patterns.extend(v.split('\n').map(str::to_owned));
        } else if k == "f" {
            given = true;
            match slurp(ctx, &v).await {
                Ok(b) => {
                    let t = String::from_utf8_lossy(&b).into_owned();
                    patterns.extend(t.lines().map(str::to_owned));
                }
                Err(e) => {
                    ctx.complain(format!("{v}: {e}"));
                    return Err(2);
                }
            }
        }
    }
    if !given {
        if operands.is_empty() {
            ctx.err(format!("{usage}{}", hint(ctx)));
            return Err(2);
        }
        let first = operands.remove(0);
        patterns = first.split('\n').map(str::to_owned).collect();
    }
    let icase = p.opts.iter().rev().find(|(k, _)| matches!(k.as_str(), "i" | "y" | "no-ignore-case"));
    let ignore_case = icase.is_some_and(|(k, _)| k != "no-ignore-case");
    let mut res = Vec::new();
    for pat in &patterns {
        if matches!(syntax, Syntax::Basic | Syntax::Extended) {
            if half_a_class(pat) {
                ctx.complain("character class syntax is [[:space:]], not [:space:]");
                return Err(2);
            }
            if let Some(op) = pat.chars().next().filter(|c| syntax == Syntax::Extended && matches!(c, '*' | '+' | '?'))
            {
                ctx.complain(format!("warning: {op} at start of expression"));
            }
        }
        match Re::new(pat, syntax, Flags { ignore_case, ..Flags::default() }) {
            Ok(re) => res.push(re),
            Err(m) => {
                ctx.complain(m);
                return Err(2);
            }
        }
    }
    let max = match p.value("m") {
        None => None,
        Some(v) => match v.parse::<i64>() {
            Ok(n) => Some(n).filter(|n| *n >= 0).map(|n| n as u64),
            Err(_) => {
                ctx.complain("invalid max count");
                return Err(2);
            }
        },
    };
    let all =
        |k: &str| -> Vec<String> { p.opts.iter().filter(|(o, _)| o == k).filter_map(|(_, v)| v.clone()).collect() };
    let recursive = p.has("r") || p.has("R") || p.value("d") == Some("recurse");
    if operands.is_empty() {
        operands.push(if recursive { ".".into() } else { "-".into() });
    }
    let implied_dot = p.args.len() < 2 && recursive && operands == ["."] && !p.args.iter().any(|a| a == ".");
    let named = p.opts.iter().rev().find(|(k, _)| k == "H" || k == "h").map(|(k, _)| k == "H");
    let color = p.value("color").or(p.value("colour"));
    let wants_color = (p.has("color") || p.has("colour"))
        && match color {
            None | Some("auto") => ctx.stdout_is_terminal(),
            Some("always") => true,
            _ => false,
        };
    let is_dir = |o: &String| ctx.world().borrow().host.fs.is_dir(&ctx.path(o));
    let many = operands.len() > 1 || (recursive && operands.iter().any(is_dir));
    let g = Grep {
        res,
        word: p.has("w"),
        line: p.has("x"),
        invert: p.has("v"),
        max,
        number: p.has("n"),
        offset: p.has("b"),
        name: named.unwrap_or(many),
        only: p.has("o"),
        quiet: p.has("q") || p.has("silent"),
        silent: p.has("s"),
        count: p.has("c"),
        list: p.opts.iter().rev().find(|(k, _)| k == "l" || k == "L").map(|(k, _)| k == "l"),
        after: after.or(both).unwrap_or(0),
        before: before.or(both).unwrap_or(0),
        separator: if p.has("no-group-separator") {
            None
        } else {
            Some(p.value("group-separator").unwrap_or("--").to_owned())
        },
        text: p.has("a") || p.value("binary-files") == Some("text"),
        skip_binary: p.has("I") || p.value("binary-files") == Some("without-match"),
        zero: p.has("z"),
        null: p.has("Z"),
        tab: p.has("T"),
        digits: std::cell::Cell::new(20),
        color: wants_color,
        label: p.value("label").unwrap_or("(standard input)").to_owned(),
        include: all("include"),
        exclude: all("exclude"),
        exclude_dir: all("exclude-dir"),
    };
    let (mut found, mut failed) = (false, false);
    let skip_dirs = p.value("d") == Some("skip");
    let mut stack: Vec<(String, bool)> = operands.into_iter().rev().map(|o| (o, true)).collect();
    while let Some((file, top)) = stack.pop() {
        let path = ctx.path(&file);
        let (dir, link, regular, size) = {
            let w = ctx.io.world.borrow();
            let fs = &w.host.fs;
            let link = fs.lstat(&ctx.io.cred, &path).is_ok_and(|(_, n)| n.is_symlink());
            let st = fs.stat(&ctx.io.cred, &path);
            (
                st.as_ref().is_ok_and(|(_, n)| n.is_dir()),
                link,
                st.as_ref().is_ok_and(|(_, n)| n.is_file()),
                st.map_or(0, |(_, n)| n.size()),
            )
        };
        g.digits.set(if file == "-" { 20 } else { size.to_string().len() });
        let base = file.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned();
        if file != "-" && dir {
            if recursive {
                if !top && (link && !p.has("R")) {
                    continue;
                }
                if g.exclude_dir.iter().any(|x| glob::fits(x.trim_end_matches('/'), &base)) {
                    continue;
                }
                let entries = ctx.io.world.borrow().host.fs.readdir(&ctx.io.cred, &path);
                match entries {
                    Ok(e) => {
                        for (n, _) in e.iter().rev() {
                            let child = if implied_dot && file == "." {
                                n.to_string()
                            } else {
                                format!("{}/{n}", file.trim_end_matches('/'))
                            };
                            stack.push((child, false));
                        }
                    }
                    Err(e) => {
                        if !g.silent {
                            ctx.complain(format!("{file}: {e}"));
                        }
                        failed = true;
                    }
                }
            } else if !skip_dirs {
                if !g.silent {
                    ctx.complain(format!("{file}: Is a directory"));
                }
                failed = true;
                if g.list == Some(false) {
                    g.say(ctx, &file, b'\n').await?;
                }
            }
            continue;
        }
        if !top && ((link && !p.has("R")) || !regular) {
            continue;
        }
        let filtered = (!g.include.is_empty() && !g.include.iter().any(|x| glob::fits(x, &base)))
            || g.exclude.iter().any(|x| glob::fits(x, &base));
        if filtered && file != "-" {
            continue;
        }
        let mut r = match Reader::open(ctx, &file) {
            Ok(r) => r,
            Err(e) => {
                if !g.silent {
                    ctx.complain(format!("{file}: {e}"));
                }
                failed = true;
                continue;
            }
        };
        let shown = if file == "-" { g.label.clone() } else { file.clone() };
        let hit = g.file(ctx, &mut r, &shown, &mut failed).await?;
        r.close(ctx);
        found |= hit;
        if found && g.quiet {
            return Ok(0);
        }
    }
    Ok(if failed { 2 } else { i32::from(!found) })
}

impl Grep {
    async fn say(&self, ctx: &Ctx, name: &str, end: u8) -> Result<(), i32> {
        let mut out = name.as_bytes().to_vec();
        out.push(if self.null { 0 } else { end });
        emit(ctx, out).await
    }
    /// The first match in a line from `at` on, by all patterns, `-w` and `-x` heeded.
    fn find(&self, line: &[u8], at: usize) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize)> = None;
        for re in &self.res {
            let mut from = at;
            while let Some((s, e)) = re.find_at(line, from) {
                let fit = if self.line { s == 0 && e == line.len() } else { !self.word || word_bounded(line, s, e) };
                if fit {
                    if best.is_none_or(|(bs, be)| s < bs || (s == bs && e > be)) {
                        best = Some((s, e));
                    }
                    break;
                }
                from = s + 1;
                if from > line.len() || self.line {
                    break;
                }
            }
        }
        best
    }
    fn prefix(&self, name: &str, number: u64, offset: u64, sep: char) -> Vec<u8> {
        let mut out = Vec::new();
        let paint = |code: &str, t: &str| {
            if self.color { format!("\x1b[{code}m\x1b[K{t}\x1b[m\x1b[K") } else { t.to_owned() }
        };
        let sep_text = paint("36", &sep.to_string());
        if self.name {
            out.extend_from_slice(paint("35", name).as_bytes());
            if self.null { out.push(0) } else { out.extend_from_slice(sep_text.as_bytes()) }
        }
        if self.number {
            let n = if self.tab { format!("{0:>1$}", number, self.digits.get()) } else { number.to_string() };
            out.extend_from_slice(paint("32", &n).as_bytes());
            out.extend_from_slice(sep_text.as_bytes());
        }
        if self.offset {
            out.extend_from_slice(paint("32", &offset.to_string()).as_bytes());
            out.extend_from_slice(sep_text.as_bytes());
        }
        if self.tab && (self.name || self.number || self.offset) {
            out.push(b'\t');
        }
        out
    }
    fn painted(&self, line: &[u8], matched: bool) -> Vec<u8> {
        if !self.color || !matched || self.invert {
            return line.to_vec();
        }
        let (mut out, mut at) = (Vec::new(), 0);
        while let Some((s, e)) = self.find(line, at) {
            if e == s {
                if e >= line.len() {
                    break;
                }
                out.extend_from_slice(&line[at..=e]);
                at = e + 1;
                continue;
            }
            out.extend_from_slice(&line[at..s]);
            out.extend_from_slice(b"\x1b[01;31m\x1b[K");
            out.extend_from_slice(&line[s..e]);
            out.extend_from_slice(b"\x1b[m\x1b[K");
            at = e;
        }
        out.extend_from_slice(&line[at.min(line.len())..]);
        out
    }
    async fn file(&self, ctx: &mut Ctx, r: &mut Reader, name: &str, failed: &mut bool) -> Result<bool, i32> {
        let end = if self.zero { 0 } else { b'\n' };
        let (mut number, mut offset, mut hits) = (0u64, 0u64, 0u64);
        let mut held: std::collections::VecDeque<(u64, u64, Vec<u8>)> = std::collections::VecDeque::new();
        let (mut trailing, mut last_shown) = (0u64, 0u64);
        let mut binary = false;
        let printing = !(self.quiet || self.count || self.list.is_some());
        while self.max.is_none_or(|m| hits < m) || trailing > 0 {
            let line = match r.until(&mut ctx.io, end).await {
                Ok(Some(l)) => l,
                Ok(None) => break,
                Err(e) => {
                    if !self.silent {
                        ctx.complain(format!("{name}: {e}"));
                    }
                    *failed = e != crate::host::Errno::IsDir || *failed;
                    break;
                }
            };
            if !spend(&ctx.io, 1) {
                break;
            }
            number += 1;
            let start = offset;
            offset += line.len() as u64;
            let body = if self.zero { line.strip_suffix(&[0]).unwrap_or(&line) } else { chomp(&line) };
            if !self.text && !binary && ((!self.zero && body.contains(&0)) || std::str::from_utf8(body).is_err()) {
                binary = true;
                if self.skip_binary {
                    return Ok(false);
                }
            }
            let done = self.max.is_some_and(|m| hits >= m);
            let hit = !done && (self.find(body, 0).is_some() != self.invert);
            if hit {
                hits += 1;
                if self.quiet || self.list.is_some() {
                    r.rewind(&ctx.io);
                    break;
                }
                if !printing {
                    continue;
                }
                if binary && !self.text {
                    ctx.out(format!("{}: {name}: binary file matches\n", ctx.name()));
                    return Ok(true);
                }
                let grouped = self.after > 0 || self.before > 0;
                let first = held.front().map_or(number, |(n, _, _)| *n);
                if grouped
                    && last_shown > 0
                    && first > last_shown + 1
                    && let Some(s) = &self.separator
                {
                    let s = if self.color { format!("\x1b[36m\x1b[K{s}\x1b[m\x1b[K\n") } else { format!("{s}\n") };
                    emit(ctx, s).await?;
                }
                for (n, o, l) in std::mem::take(&mut held) {
                    if !self.only {
                        self.print(ctx, name, n, o, &l, '-', false, end).await?;
                    }
                }
                if self.only {
                    if !self.invert {
                        self.print_only(ctx, name, number, start, body, end).await?;
                    }
                } else {
                    self.print(ctx, name, number, start, body, ':', true, end).await?;
                }
                last_shown = number;
                trailing = self.after;
            } else if trailing > 0 {
                trailing -= 1;
                if printing && !self.only {
                    self.print(ctx, name, number, start, body, '-', false, end).await?;
                }
                last_shown = number;
            } else if done {
                break;
            } else if self.before > 0 {
                held.push_back((number, start, body.to_vec()));
                if held.len() as u64 > self.before {
                    held.pop_front();
                }
            }
        }
        if self.max.is_some_and(|m| hits >= m) {
            r.rewind(&ctx.io);
        }
        if self.quiet {
            return Ok(hits > 0);
        }
        if let Some(with) = self.list {
            if (hits > 0) == with {
                self.say(ctx, name, b'\n').await?;
            }
            return Ok(hits > 0);
        }
        if self.count {
            let mut out = Vec::new();
            if self.name {
                out.extend_from_slice(name.as_bytes());
                out.push(if self.null { 0 } else { b':' });
            }
            out.extend_from_slice(format!("{hits}\n").as_bytes());
            emit(ctx, out).await?;
        }
        Ok(hits > 0)
    }
    #[allow(clippy::too_many_arguments)]
    async fn print(
        &self,
        ctx: &Ctx,
        name: &str,
        n: u64,
        offset: u64,
        line: &[u8],
        sep: char,
        matched: bool,
        end: u8,
    ) -> Result<(), i32> {
        let mut out = self.prefix(name, n, offset, sep);
        out.extend(self.painted(line, matched));
        out.push(end);
        emit(ctx, out).await
    }
    async fn print_only(&self, ctx: &Ctx, name: &str, n: u64, offset: u64, line: &[u8], end: u8) -> Result<(), i32> {
        let mut at = 0;
        while at <= line.len()
            && let Some((s, e)) = self.find(line, at)
        {
            if e == s {
                at = e + 1;
                continue;
            }
            let mut out = self.prefix(name, n, offset + s as u64, ':');
            if self.color {
                out.extend_from_slice(b"\x1b[01;31m\x1b[K");
            }
            out.extend_from_slice(&line[s..e]);
            if self.color {
                out.extend_from_slice(b"\x1b[m\x1b[K");
            }
            out.push(end);
            emit(ctx, out).await?;
            at = e;
        }
        Ok(())
    }
}

fn word_bounded(line: &[u8], s: usize, e: usize) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let before = String::from_utf8_lossy(&line[s.saturating_sub(4)..s]).chars().last();
    let after = String::from_utf8_lossy(&line[e..line.len().min(e + 4)]).chars().next();
    !before.is_some_and(word) && !after.is_some_and(word)
}
