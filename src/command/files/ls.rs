//! ls(1), dir and vdir left out. Colours only with `--color`, by dircolors' defaults for types. Left out: `-w 0`, `-T`,
//! access times (they are the modification times).

use super::super::Ctx;
use super::super::input::{Status, emit, spend, status};
use super::super::opt::{getopt, quoteaf, shell_escape};
use super::super::text::sort::version;
use super::super::text::width::text_width;
use super::show::{device, full_date, human, ls_date, mode_string};
use crate::base::Time;
use crate::host::fs::{Ino, Kind, Node};
use std::cmp::Ordering;

const SPEC: &str = "a|all A|almost-all |author b|escape |block-size= B|ignore-backups c C |color=? d|directory D f F|classify=? \
    |file-type |format= |full-time g |group-directories-first G|no-group h|human-readable |si H|dereference-command-line \
    |hide= |hyperlink=? |indicator-style= i|inode I|ignore= k l L|dereference m n|numeric-uid-gid N|literal o p q|hide-control-chars \
    |show-control-chars Q|quote-name |quoting-style= r|reverse R|recursive s|size S |sort= |time= |time-style= t T|tabsize= u U v \
    w|width= x X Z|context 1 |zero";

#[derive(Clone, Copy, PartialEq)]
enum Layout {
    Long,
    One,
    Columns,
    Across,
    Commas,
}

#[derive(Clone, Copy, PartialEq)]
enum Key {
    Name,
    Time,
    Size,
    Extension,
    Version,
    None,
}

struct Ls {
    layout: Layout,
    key: Key,
    reverse: bool,
    all: bool,
    almost: bool,
    backups: bool,
    ignore: Vec<String>,
    dirs_first: bool,
    human: bool,
    inode: bool,
    blocks: bool,
    numeric: bool,
    owner: bool,
    group: bool,
    context: bool,
    ctime: bool,
    follow: bool,
    classify: u8,
    style: String,
    quoting: Quoting,
    color: bool,
    /// Nothing was coloured yet: the first time ls resets the terminal before it.
    fresh: std::cell::Cell<bool>,
    width: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Quoting {
    Literal,
    ShellEscape,
    C,
    Escape,
}

struct Entry {
    name: String,
    node: Node,
    ino: Ino,
    /// Target of a link, and whether it exists and what it is.
    link: Option<(String, Option<Node>)>,
}

/// ls(1).
pub async fn ls(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

async fn run(ctx: &mut Ctx) -> Status {
    // `-F` takes no attached value.
    let spec = SPEC.replace("F|classify=?", "F |classify=?");
    let p = getopt(ctx, &spec, 2)?;
    let tty = ctx.stdout_is_terminal();
    let mut o = Ls {
        layout: if tty { Layout::Columns } else { Layout::One },
        key: Key::Name,
        reverse: p.has("r"),
        all: false,
        almost: false,
        backups: p.has("B"),
        ignore: Vec::new(),
        dirs_first: p.has("group-directories-first"),
        human: p.has("h"),
        inode: p.has("i"),
        blocks: p.has("s"),
        numeric: p.has("n"),
        owner: true,
        group: true,
        context: p.has("Z"),
        ctime: p.has("c") || matches!(p.value("time"), Some("ctime" | "status")),
        follow: p.has("L"),
        classify: 0,
        style: p.value("time-style").unwrap_or("locale").to_owned(),
        quoting: if tty { Quoting::ShellEscape } else { Quoting::Literal },
        color: false,
        fresh: std::cell::Cell::new(true),
        width: if tty { ctx.columns() } else { 80 },
    };
    for (k, v) in &p.opts {
        let v = v.as_deref();
        match k.as_str() {
            "a" => (o.all, o.almost) = (true, false),
            "A" => (o.all, o.almost) = (false, true),
            "f" => (o.all, o.key) = (true, Key::None),
            "l" => o.layout = Layout::Long,
            "n" => o.layout = Layout::Long,
            "g" => (o.layout, o.owner) = (Layout::Long, false),
            "o" => (o.layout, o.group) = (Layout::Long, false),
            "G" => o.group = false,
            "full-time" => {
                o.layout = Layout::Long;
                o.style = "full-iso".into();
            }
            "1" if o.layout != Layout::Long => o.layout = Layout::One,
            "C" => o.layout = Layout::Columns,
            "x" => o.layout = Layout::Across,
            "m" => o.layout = Layout::Commas,
            "format" => {
                o.layout = match v.unwrap_or("") {
                    "long" | "verbose" => Layout::Long,
                    "single-column" => Layout::One,
                    "commas" => Layout::Commas,
                    "across" | "horizontal" => Layout::Across,
                    _ => Layout::Columns,
                }
            }
            "t" => o.key = Key::Time,
            "S" => o.key = Key::Size,
            "X" => o.key = Key::Extension,
            "v" => o.key = Key::Version,
            "U" => o.key = Key::None,
            "sort" => {
                o.key = match v.unwrap_or("") {
                    "time" => Key::Time,
                    "size" => Key::Size,
                    "extension" => Key::Extension,
                    "version" => Key::Version,
                    "none" => Key::None,
                    _ => Key::Name,
                }
            }
            "F" | "classify" if (v.is_none_or(|v| v == "always") || tty) => {
                o.classify = 3;
            }
            "file-type" => o.classify = 2,
            "p" => o.classify = 1,
            "I" | "hide" => o.ignore.extend(v.map(str::to_owned)),
            "N" => o.quoting = Quoting::Literal,
            "Q" => o.quoting = Quoting::C,
            "b" => o.quoting = Quoting::Escape,
            "w" => o.width = v.and_then(|w| w.parse().ok()).unwrap_or(80),
            "color" => {
                o.color = match v {
                    None | Some("always" | "yes" | "force") => true,
                    Some("auto" | "tty" | "if-tty") => tty,
                    _ => false,
                }
            }
            _ => {}
        }
    }
    if o.ctime && o.key == Key::Name && o.layout != Layout::Long {
        o.key = Key::Time;
    }
    let operands = if p.args.is_empty() { vec![".".to_owned()] } else { p.args.clone() };
    let (mut code, mut files, mut dirs) = (0, Vec::new(), Vec::new());
    for name in &operands {
        match entry(ctx, name, name, o.follow || p.has("H")) {
            Err(e) => {
                ctx.complain(format!("cannot access {}: {e}", quoteaf(name)));
                code = 2;
            }
            Ok(e) => {
                let through = o.layout != Layout::Long && o.classify != 3;
                let dir = e.node.is_dir()
                    || (through && e.link.as_ref().is_some_and(|(_, n)| n.as_ref().is_some_and(Node::is_dir)));
                if dir && !p.has("d") { dirs.push(e) } else { files.push(e) }
            }
        }
    }
    sort(&mut files, &o);
    sort(&mut dirs, &o);
    let heading = operands.len() > 1 || p.has("R");
    let mut first = true;
    if !files.is_empty() {
        print(ctx, &files, &o).await?;
        first = false;
    }
    let mut stack: Vec<String> = dirs.into_iter().rev().map(|e| e.name).collect();
    while let Some(d) = stack.pop() {
        if !spend(&ctx.io, 1) {
            return Ok(2);
        }
        let got = ctx.io.world.borrow().host.fs.readdir(&ctx.io.cred, &ctx.path(&d));
        let names = match got {
            Ok(n) => n,
            Err(e) => {
                ctx.complain(format!("cannot open directory {}: {e}", quoteaf(&d)));
                code = code.max(if operands.contains(&d) { 2 } else { 1 });
                continue;
            }
        };
        let mut list = Vec::new();
        let dots: &[&str] = if o.all { &[".", ".."] } else { &[] };
        let real = names.iter().map(|(n, _)| n.as_ref());
        for n in dots.iter().copied().chain(real) {
            let dot = n.starts_with('.');
            if (dot && !o.all && !o.almost)
                || (o.backups && n.ends_with('~'))
                || o.ignore.iter().any(|i| super::super::text::glob::fits(i, n))
            {
                continue;
            }
            let path = if d.ends_with('/') { format!("{d}{n}") } else { format!("{d}/{n}") };
            if let Ok(e) = entry(ctx, &path, n, o.follow) {
                list.push(e);
            }
        }
        sort(&mut list, &o);
        if heading {
            let gap = if first { "" } else { "\n" };
            emit(ctx, format!("{gap}{}:\n", named(&d, &o))).await?;
        }
        first = false;
        if o.layout == Layout::Long || o.blocks {
            let total: u64 = list.iter().map(|e| e.node.allocated()).sum();
            let shown = if o.human { human(total) } else { (total / 1024).to_string() };
            emit(ctx, format!("total {shown}\n")).await?;
        }
        print(ctx, &list, &o).await?;
        if p.has("R") {
            for e in list.iter().rev().filter(|e| e.node.is_dir() && e.name != "." && e.name != "..") {
                stack.push(if d.ends_with('/') { format!("{d}{}", e.name) } else { format!("{d}/{}", e.name) });
            }
        }
    }
    Ok(code)
}

fn entry(ctx: &Ctx, path: &str, name: &str, follow: bool) -> Result<Entry, crate::host::Errno> {
    let w = ctx.io.world.borrow();
    let fs = &w.host.fs;
    let full = ctx.path(path);
    let cred = &ctx.io.cred;
    let (ino, node) =
        if follow { fs.stat(cred, &full).or_else(|_| fs.lstat(cred, &full))? } else { fs.lstat(cred, &full)? };
    let link = match &node.kind {
        Kind::Symlink(t) => Some((t.to_string(), fs.stat(cred, &full).ok().map(|(_, n)| n.clone()))),
        _ => None,
    };
    Ok(Entry { name: name.to_owned(), node: node.clone(), ino, link })
}

fn when(e: &Entry, o: &Ls) -> Time {
    if o.ctime { e.node.ctime } else { e.node.mtime }
}

fn sort(list: &mut [Entry], o: &Ls) {
    let extension = |n: &str| n.rfind('.').map_or(String::new(), |i| n[i..].to_owned());
    list.sort_by(|a, b| {
        let by = match o.key {
            Key::None => return Ordering::Equal,
            Key::Name => a.name.cmp(&b.name),
            Key::Time => when(b, o).cmp(&when(a, o)).then_with(|| a.name.cmp(&b.name)),
            Key::Size => b.node.size().cmp(&a.node.size()).then_with(|| a.name.cmp(&b.name)),
            Key::Extension => extension(&a.name).cmp(&extension(&b.name)).then_with(|| a.name.cmp(&b.name)),
            Key::Version => version(a.name.as_bytes(), b.name.as_bytes()).then_with(|| a.name.cmp(&b.name)),
        };
        let by = if o.reverse { by.reverse() } else { by };
        if o.dirs_first { b.node.is_dir().cmp(&a.node.is_dir()).then(by) } else { by }
    });
}

fn named(name: &str, o: &Ls) -> String {
    match o.quoting {
        Quoting::Literal => name.to_owned(),
        Quoting::ShellEscape => shell_escape(name, false, false),
        Quoting::C | Quoting::Escape => {
            let mut s = String::new();
            for c in name.chars() {
                match c {
                    '\n' => s.push_str("\\n"),
                    '\t' => s.push_str("\\t"),
                    '\\' => s.push_str("\\\\"),
                    '"' if o.quoting == Quoting::C => s.push_str("\\\""),
                    ' ' if o.quoting == Quoting::Escape => s.push_str("\\ "),
                    c => s.push(c),
                }
            }
            if o.quoting == Quoting::C { format!("\"{s}\"") } else { s }
        }
    }
}

fn indicator(n: &Node, level: u8) -> &'static str {
    match &n.kind {
        Kind::Dir(_) if level > 0 => "/",
        Kind::Symlink(_) if level > 1 => "@",
        Kind::Socket if level > 1 => "=",
        Kind::Fifo if level > 1 => "|",
        Kind::File(_) if level > 2 && n.mode & 0o111 != 0 => "*",
        _ => "",
    }
}

fn color_of(n: &Node) -> &'static str {
    match &n.kind {
        Kind::Dir(_) if n.mode & 0o1002 == 0o1002 => "30;42",
        Kind::Dir(_) if n.mode & 0o002 != 0 => "34;42",
        Kind::Dir(_) => "01;34",
        Kind::Symlink(_) => "01;36",
        Kind::Socket => "01;35",
        Kind::Fifo => "33",
        Kind::Device(_) => "01;33",
        Kind::File(_) if n.mode & 0o4000 != 0 => "37;41",
        Kind::File(_) if n.mode & 0o2000 != 0 => "30;43",
        Kind::File(_) if n.mode & 0o111 != 0 => "01;32",
        Kind::File(_) => "",
    }
}

/// The name as shown, and its width: quoted, coloured, with indicator. `pad` puts a blank before unquoted names.
fn label(e: &Entry, o: &Ls, pad: bool) -> (String, usize) {
    let mut text = named(&e.name, o);
    if pad && !text.starts_with(['\'', '"', '$']) {
        text.insert(0, ' ');
    }
    let mark = if o.layout == Layout::Long && e.link.is_some() { "" } else { indicator(&e.node, o.classify) };
    let w = text_width(&text) + mark.len();
    let c = if e.link.as_ref().is_some_and(|(_, n)| n.is_none()) && o.color { "01;36" } else { color_of(&e.node) };
    if o.color && !c.is_empty() {
        let lead = if o.fresh.replace(false) { "\x1b[0m" } else { "" };
        text = format!("{lead}\x1b[{c}m{text}\x1b[0m");
    }
    (text + mark, w)
}

async fn print(ctx: &Ctx, list: &[Entry], o: &Ls) -> Result<(), i32> {
    if list.is_empty() {
        return Ok(());
    }
    let pad = o.quoting == Quoting::ShellEscape
        && o.layout != Layout::Commas
        && list.iter().any(|e| named(&e.name, o) != e.name);
    if o.layout == Layout::Long {
        return long(ctx, list, o, pad).await;
    }
    let ino_w = list.iter().map(|e| e.ino.to_string().len()).max().unwrap_or(0);
    let block = |e: &Entry| {
        let n = e.node.allocated();
        if o.human { human(n) } else { (n / 1024).to_string() }
    };
    let block_w = list.iter().map(|e| block(e).len()).max().unwrap_or(0);
    let aligned = o.layout != Layout::Commas;
    let cells: Vec<(String, usize)> = list
        .iter()
        .map(|e| {
            let (t, w) = label(e, o, pad);
            let mut before = String::new();
            if o.inode {
                before += &if aligned { format!("{:ino_w$} ", e.ino) } else { format!("{} ", e.ino) };
            }
            if o.blocks {
                before += &if aligned { format!("{:>block_w$} ", block(e)) } else { format!("{} ", block(e)) };
            }
            if o.context {
                before += "? ";
            }
            let n = before.len();
            (before + &t, w + n)
        })
        .collect();
    match o.layout {
        Layout::One | Layout::Long => {
            for (t, _) in &cells {
                emit(ctx, format!("{t}\n")).await?;
            }
        }
        Layout::Commas => {
            let (mut out, mut col) = (String::new(), 0);
            for (i, (t, w)) in cells.iter().enumerate() {
                if i > 0 {
                    if col + 2 + w < o.width {
                        out += ", ";
                        col += 2;
                    } else {
                        out += ",\n";
                        col = 0;
                    }
                }
                out += t;
                col += w;
            }
            emit(ctx, out + "\n").await?;
        }
        Layout::Columns | Layout::Across => columns(ctx, &cells, o).await?,
    }
    Ok(())
}

/// As many columns as fit, each as wide as its widest name and two blanks.
async fn columns(ctx: &Ctx, cells: &[(String, usize)], o: &Ls) -> Result<(), i32> {
    let n = cells.len();
    let max = (o.width / 3).max(1).min(n);
    let across = o.layout == Layout::Across;
    let (mut cols, mut widths) = (1, vec![0]);
    for c in (1..=max).rev() {
        let rows = n.div_ceil(c);
        let mut w = vec![0; c];
        for (i, (_, len)) in cells.iter().enumerate() {
            let col = if across { i % c } else { i / rows };
            let last = col == c - 1;
            w[col] = w[col].max(len + if last { 0 } else { 2 });
        }
        if w.iter().map(|x| (*x).max(if c > 1 { 3 } else { 0 })).sum::<usize>() < o.width.max(1) || c == 1 {
            (cols, widths) = (c, w);
            break;
        }
    }
    let rows = n.div_ceil(cols);
    for r in 0..rows {
        let mut out = String::new();
        let mut col_at = 0;
        let mut at = 0;
        for c in 0..cols {
            let i = if across { r * cols + c } else { c * rows + r };
            let Some((t, w)) = cells.get(i) else { break };
            // Between columns ls uses tabs where they reach.
            while at < col_at {
                if (at + 1) / 8 < col_at / 8 {
                    out.push('\t');
                    at = (at / 8 + 1) * 8;
                } else {
                    out.push(' ');
                    at += 1;
                }
            }
            out += t;
            at += w;
            col_at += widths[c].max(3);
        }
        emit(ctx, out + "\n").await?;
    }
    Ok(())
}

fn stamp(t: Time, now: Time, o: &Ls) -> String {
    let full = full_date(t);
    match o.style.trim_start_matches("posix-") {
        "full-iso" => full,
        "long-iso" => full[..16].to_owned(),
        "iso" if (0..31_556_952 / 2).contains(&(now.secs() - t.secs())) => full[5..16].to_owned(),
        "iso" => format!("{} ", &full[..10]),
        s if s.starts_with('+') => super::super::system::date::format(t, &s[1..]),
        _ => ls_date(t, now),
    }
}

async fn long(ctx: &Ctx, list: &[Entry], o: &Ls, pad: bool) -> Result<(), i32> {
    let now = ctx.io.world.borrow().now();
    let rows: Vec<[String; 7]> = {
        let w = ctx.io.world.borrow();
        list.iter()
            .map(|e| {
                let n = &e.node;
                let user = if o.numeric { n.uid.to_string() } else { w.host.user_name(n.uid) };
                let group = if o.numeric { n.gid.to_string() } else { w.host.group_name(n.gid) };
                let size = match n.kind {
                    Kind::Device(d) => {
                        let (a, b) = device(d);
                        format!("{a}, {b:3}")
                    }
                    _ if o.human => human(n.size()),
                    _ => n.size().to_string(),
                };
                let blocks = if o.human { human(n.allocated()) } else { (n.allocated() / 1024).to_string() };
                [e.ino.to_string(), blocks, n.nlink.to_string(), user, group, size, stamp(when(e, o), now, o)]
            })
            .collect()
    };
    let w = |i: usize| rows.iter().map(|r| text_width(&r[i])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(w).collect();
    let number = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let cell = |s: &str, w: usize| {
        let gap = " ".repeat(w - text_width(s));
        if number(s) { format!("{gap}{s} ") } else { format!("{s}{gap} ") }
    };
    for (e, r) in list.iter().zip(&rows) {
        let mut out = String::new();
        if o.inode {
            out += &format!("{:>1$} ", r[0], widths[0]);
        }
        if o.blocks {
            out += &format!("{:>1$} ", r[1], widths[1]);
        }
        out += &format!("{} {:>2$} ", mode_string(&e.node), r[2], widths[2]);
        if o.owner {
            out += &cell(&r[3], widths[3]);
        }
        if o.group {
            out += &cell(&r[4], widths[4]);
        }
        if o.context {
            out += "? ";
        }
        out += &format!("{:>1$} {2:>3$} ", r[5], widths[5], r[6], widths[6]);
        out += &label(e, o, pad).0;
        if let Some((target, node)) = &e.link {
            let mut t = named(target, o);
            if let Some(n) = node {
                let c = color_of(n);
                if o.color && !c.is_empty() {
                    t = format!("\x1b[{c}m{t}\x1b[0m");
                }
                t += indicator(n, o.classify);
            }
            out += &format!(" -> {t}");
        }
        emit(ctx, out + "\n").await?;
    }
    Ok(())
}
