//! What find prints of a file: `-printf` directives and `-ls`.

use super::super::super::Ctx;
use super::super::show::{ls_date, mode_string};
use super::{File, base};
use crate::host::fs::{Kind, Node};

/// The letter of `-type`.
pub fn kind(n: &Node) -> char {
    match n.kind {
        Kind::File(_) => 'f',
        Kind::Dir(_) => 'd',
        Kind::Symlink(_) => 'l',
        Kind::Socket => 's',
        Kind::Fifo => 'p',
        Kind::Device(_) => 'c',
    }
}

/// `-printf`.
pub fn format(ctx: &Ctx, text: &str, f: &File) -> String {
    let c: Vec<char> = text.chars().collect();
    let (mut out, mut i) = (String::new(), 0);
    while i < c.len() {
        match c[i] {
            '\\' if i + 1 < c.len() => {
                i += 1;
                match c[i] {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    'a' => out.push('\x07'),
                    'b' => out.push('\x08'),
                    'f' => out.push('\x0c'),
                    'v' => out.push('\x0b'),
                    '0' => out.push('\0'),
                    'c' => return out,
                    '\\' => out.push('\\'),
                    o => {
                        out.push('\\');
                        out.push(o);
                    }
                }
                i += 1;
            }
            '%' if i + 1 < c.len() => {
                i += 1;
                let mut flags = String::new();
                while i < c.len() && "-0+ #".contains(c[i]) {
                    flags.push(c[i]);
                    i += 1;
                }
                let mut digits = String::new();
                while i < c.len() && (c[i].is_ascii_digit() || c[i] == '.') {
                    digits.push(c[i]);
                    i += 1;
                }
                let width: usize = digits.split('.').next().and_then(|d| d.parse().ok()).unwrap_or(0).min(4096);
                let Some(letter) = c.get(i).copied() else { break };
                i += 1;
                let v = if matches!(letter, 'A' | 'B' | 'C' | 'T') {
                    let k = c.get(i).copied().unwrap_or('@');
                    i += 1;
                    time(f, letter, k)
                } else {
                    directive(ctx, f, letter)
                };
                let gap = width.saturating_sub(v.chars().count());
                if flags.contains('-') {
                    out += &v;
                    out += &" ".repeat(gap);
                } else {
                    out += &if flags.contains('0') { "0" } else { " " }.repeat(gap);
                    out += &v;
                }
            }
            o => {
                out.push(o);
                i += 1;
            }
        }
    }
    out
}

fn time(f: &File, which: char, k: char) -> String {
    let t = if which == 'C' { f.node.ctime } else { f.node.mtime };
    let frac = format!("{:06}0000", t.subsec_micros());
    match k {
        '@' => format!("{}.{frac}", t.secs()),
        '+' => format!("{}.{frac}", super::super::super::system::date::format(t, "%F+%T")),
        'S' => format!("{}.{frac}", super::super::super::system::date::format(t, "%S")),
        'T' => format!("{}.{frac}", super::super::super::system::date::format(t, "%T")),
        k => super::super::super::system::date::format(t, &format!("%{k}")),
    }
}

fn directive(ctx: &Ctx, f: &File, letter: char) -> String {
    let n = &f.node;
    let w = ctx.io.world.borrow();
    match letter {
        '%' => "%".into(),
        'p' => f.name.clone(),
        'P' => f.name.strip_prefix(&f.top).unwrap_or("").trim_start_matches('/').to_owned(),
        'H' => f.top.clone(),
        'f' => base(&f.name).to_owned(),
        'h' => match f.name.trim_end_matches('/').rfind('/') {
            Some(0) => String::new(),
            Some(i) => f.name[..i].to_owned(),
            None => ".".into(),
        },
        'd' => f.depth.to_string(),
        's' => n.size().to_string(),
        'k' => (n.allocated() / 1024).to_string(),
        'b' => (n.allocated() / 512).to_string(),
        'm' => format!("{:o}", n.mode),
        'M' => mode_string(n),
        'u' => w.host.user_name(n.uid),
        'g' => w.host.group_name(n.gid),
        'U' => n.uid.to_string(),
        'G' => n.gid.to_string(),
        'n' => n.nlink.to_string(),
        'i' => f.ino.to_string(),
        'y' => kind(n).to_string(),
        'Y' => match w.host.fs.stat(&ctx.io.cred, &ctx.path(&f.name)) {
            Ok((_, n)) => kind(n).to_string(),
            Err(crate::host::Errno::Loop) => "L".into(),
            Err(_) => "N".into(),
        },
        'l' => match &n.kind {
            Kind::Symlink(t) => t.to_string(),
            _ => String::new(),
        },
        't' | 'c' | 'a' => {
            let t = if letter == 'c' { n.ctime } else { n.mtime };
            let d = super::super::super::system::date::format(t, "%a %b %e %H:%M:%S");
            format!("{d}.{:06}0000 {}", t.subsec_micros(), t.civil().year)
        }
        'F' => w.host.fs.mounts.get(n.dev).map_or(String::new(), |m| m.fstype.clone()),
        'D' => (0x800 + 1 + n.dev).to_string(),
        'S' => {
            if n.size() == 0 {
                "1".into()
            } else {
                format!("{}", n.allocated() as f64 / n.size() as f64)
            }
        }
        'Z' => String::new(),
        o => format!("%{o}"),
    }
}

/// `-ls`.
pub fn ls(ctx: &Ctx, f: &File) -> String {
    let n = &f.node;
    let w = ctx.io.world.borrow();
    let link = match &n.kind {
        Kind::Symlink(t) => format!(" -> {t}"),
        _ => String::new(),
    };
    format!(
        "{:9} {:6} {} {:3} {:8} {:8} {:8} {} {}{link}\n",
        f.ino,
        n.allocated() / 1024,
        mode_string(n),
        n.nlink,
        w.host.user_name(n.uid),
        w.host.group_name(n.gid),
        n.size(),
        ls_date(n.mtime, w.now()),
        f.name.replace(' ', "\\ ")
    )
}
