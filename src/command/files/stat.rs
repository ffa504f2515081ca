//! stat(1) with GNU's formats, for files and (`-f`) file systems.

use super::super::Ctx;
use super::super::input::{Status, emit, status};
use super::super::opt::{getopt, missing_operand, quoteaf};
use super::show::{device, full_date, mode_string, type_bits, type_words};
use crate::base::Time;
use crate::host::Host;
use crate::host::fs::{Ino, Kind, Mount, Node};

/// stat(1).
pub async fn stat(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

const LONG: &str = "  File: %HQ\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: %Hd,%Ld\tInode: %-10i  Links: %h\n\
    Access: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n";
const SYSTEM: &str = "  File: \"%n\"\n    ID: %-8i Namelen: %-7l Type: %T\nBlock size: %-10s Fundamental block size: %S\n\
    Blocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d\n";

async fn run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "L|dereference f|file-system c|format= |printf= t|terse |cached=", 1)?;
    if p.args.is_empty() {
        return Err(missing_operand(ctx, None));
    }
    let mut code = 0;
    for name in &p.args {
        let out = {
            let w = ctx.io.world.borrow();
            let fs = &w.host.fs;
            let path = ctx.path(name);
            let got =
                if p.has("L") || p.has("f") { fs.stat(&ctx.io.cred, &path) } else { fs.lstat(&ctx.io.cred, &path) };
            match got {
                Err(e) if p.has("f") => Err(format!("cannot read file system information for {}: {e}", quoteaf(name))),
                Err(e) => Err(format!("cannot statx {}: {e}", quoteaf(name))),
                Ok((ino, n)) => {
                    let (format, newline, escapes) = match (p.value("printf"), p.value("c")) {
                        (Some(f), _) => (f, false, true),
                        (_, Some(f)) => (f, true, false),
                        _ if p.has("f") => (SYSTEM, false, false),
                        _ if p.has("t") => ("%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o", true, false),
                        _ => (LONG, false, false),
                    };
                    let mut t = if p.has("f") {
                        let m = fs.mount_of(&path);
                        fill(format, escapes, &|_, _, c| system_field(m, name, c))
                    } else {
                        // A device's line differs: its type follows the links.
                        let special = matches!(n.kind, Kind::Device(_)) && format == LONG;
                        let format = if special {
                            LONG.replace("Links: %h", "Links: %-5h Device type: %Hr,%Lr")
                        } else {
                            format.to_owned()
                        };
                        fill(&format, escapes, &|h, _, c| field(&w.host, name, ino, n, h, c))
                    };
                    if newline {
                        t.push('\n');
                    }
                    Ok(t)
                }
            }
        };
        match out {
            Ok(t) => emit(ctx, t).await?,
            Err(m) => {
                ctx.complain(m);
                code = 1;
            }
        }
    }
    Ok(code)
}

/// Interprets `%` directives with flags, width and precision. The function gets the modifier (`H`, `L` or none), the
/// flags and the letter.
fn fill(format: &str, escapes: bool, field: &dyn Fn(char, &str, char) -> Option<String>) -> String {
    let c: Vec<char> = format.chars().collect();
    let (mut out, mut i) = (String::new(), 0);
    while i < c.len() {
        if c[i] == '\\' && escapes && i + 1 < c.len() {
            i += 1;
            match c[i] {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'a' => out.push('\x07'),
                'e' => out.push('\x1b'),
                '0'..='7' => {
                    let mut v = 0;
                    let mut k = 0;
                    while k < 3 && i < c.len() && c[i].is_digit(8) {
                        v = v * 8 + c[i].to_digit(8).unwrap_or(0);
                        i += 1;
                        k += 1;
                    }
                    out.push(char::from_u32(v).unwrap_or('?'));
                    continue;
                }
                o => out.push(o),
            }
            i += 1;
            continue;
        }
        if c[i] != '%' {
            out.push(c[i]);
            i += 1;
            continue;
        }
        i += 1;
        let mut flags = String::new();
        while i < c.len() && "'-+ #0".contains(c[i]) {
            flags.push(c[i]);
            i += 1;
        }
        let mut number = || {
            let from = i;
            while i < c.len() && c[i].is_ascii_digit() {
                i += 1;
            }
            c[from..i].iter().collect::<String>().parse::<usize>().ok().map(|n| n.min(4096))
        };
        let width = number();
        let precision = if c.get(i) == Some(&'.') {
            i += 1;
            let from = i;
            while i < c.len() && c[i].is_ascii_digit() {
                i += 1;
            }
            c[from..i].iter().collect::<String>().parse::<usize>().ok()
        } else {
            None
        };
        let modifier = match (c.get(i), c.get(i + 1)) {
            (Some(m @ ('H' | 'L')), Some('d' | 'r' | 'Q')) => {
                i += 1;
                *m
            }
            _ => ' ',
        };
        let Some(letter) = c.get(i).copied() else {
            out.push('%');
            break;
        };
        i += 1;
        if letter == '%' {
            out.push('%');
            continue;
        }
        let Some(mut v) = field(modifier, &flags, letter) else {
            out.push('?');
            continue;
        };
        if let Some(p) = precision {
            v = v.chars().take(p).collect();
        }
        if flags.contains('#') && letter == 'a' {
            v.insert(0, '0');
        }
        let gap = width.unwrap_or(0).saturating_sub(v.chars().count());
        if flags.contains('-') {
            out += &v;
            out += &" ".repeat(gap);
        } else {
            out += &if flags.contains('0') { "0" } else { " " }.repeat(gap);
            out += &v;
        }
    }
    out
}

fn field(h: &Host, name: &str, ino: Ino, n: &Node, modifier: char, letter: char) -> Option<String> {
    // /dev/sda1 is 8,1; further file systems follow.
    let dev = (8u64, 1 + n.dev as u64);
    let rdev = if let Kind::Device(d) = n.kind { device(d) } else { (0, 0) };
    let epoch = |t: Time| t.secs().to_string();
    Some(match (modifier, letter) {
        ('H', 'd') => dev.0.to_string(),
        ('L', 'd') => dev.1.to_string(),
        ('H', 'r') => rdev.0.to_string(),
        ('L', 'r') => rdev.1.to_string(),
        (_, 'a') => format!("{:o}", n.mode),
        (_, 'A') => mode_string(n),
        (_, 'b') => (n.allocated() / 512).to_string(),
        (_, 'B') => "512".into(),
        (_, 'C') => "?".into(),
        (_, 'd') => (dev.0 << 8 | dev.1).to_string(),
        (_, 'D') => format!("{:x}", dev.0 << 8 | dev.1),
        (_, 'f') => format!("{:x}", type_bits(n) | n.mode),
        (_, 'F') => type_words(n).into(),
        (_, 'g') => n.gid.to_string(),
        (_, 'G') => named(h.group_by_gid(n.gid).map(|g| g.name)),
        (_, 'u') => n.uid.to_string(),
        (_, 'U') => named(h.user_by_uid(n.uid).map(|u| u.name.clone())),
        (_, 'h') => n.nlink.to_string(),
        (_, 'i') => ino.to_string(),
        (_, 'm') => h.fs.mounts.get(n.dev).map_or("/".into(), |m| m.path.clone()),
        (_, 'n') => name.to_owned(),
        (_, 'N') => match &n.kind {
            Kind::Symlink(t) => format!("{} -> {}", quoteaf(name), quoteaf(t)),
            _ => quoteaf(name),
        },
        // Ours alone, for the first line of the long form.
        ('H', 'Q') => match &n.kind {
            Kind::Symlink(t) => format!("{name} -> {t}"),
            _ => name.to_owned(),
        },
        (_, 'o') => "4096".into(),
        (_, 's') => n.size().to_string(),
        (_, 't') => format!("{:x}", rdev.0),
        (_, 'T') => format!("{:x}", rdev.1),
        (_, 'w') => full_date(n.mtime.min(n.ctime)),
        (_, 'W') => epoch(n.mtime.min(n.ctime)),
        (_, 'x' | 'y') => full_date(n.mtime),
        (_, 'X' | 'Y') => epoch(n.mtime),
        (_, 'z') => full_date(n.ctime),
        (_, 'Z') => epoch(n.ctime),
        _ => return None,
    })
}

fn named(n: Option<String>) -> String {
    n.unwrap_or_else(|| "UNKNOWN".into())
}

fn system_field(m: &Mount, name: &str, letter: char) -> Option<String> {
    let blocks = |b: u64| (b / 4096).to_string();
    Some(match letter {
        'n' => name.to_owned(),
        'i' => "fd0a0001".into(),
        'l' => "255".into(),
        'T' => match m.fstype.as_str() {
            "ext4" => "ext2/ext3".into(),
            o => o.to_owned(),
        },
        't' => if m.fstype == "tmpfs" { "1021994" } else { "ef53" }.into(),
        's' | 'S' => "4096".into(),
        'b' => blocks(m.size),
        'f' => blocks(m.size.saturating_sub(m.used)),
        'a' => blocks(m.size.saturating_sub(m.used + m.reserved)),
        'c' => m.inodes.to_string(),
        'd' => m.inodes.saturating_sub(m.inodes_used).to_string(),
        _ => return None,
    })
}
