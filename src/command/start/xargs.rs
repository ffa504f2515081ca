//! xargs(1).

use super::try_help;
use crate::base::text::decode;
use crate::command::Ctx;

/// What one run of xargs does.
#[derive(Default)]
struct How {
    per_run: Option<usize>,
    lines: Option<usize>,
    replace: Option<String>,
    delimiter: Option<u8>,
    skip_empty: bool,
    trace: bool,
    file: Option<String>,
}

/// No more lines than this are taken.
const MAX_ITEMS: usize = 100_000;
/// Longest command line, as Linux's default limit has it.
const MAX_LINE: usize = 131_072;

fn options(ctx: &Ctx) -> Result<(How, Vec<String>), i32> {
    let mut h = How::default();
    let args = &ctx.args[1..];
    let mut i = 0;
    let number = |v: &str, what: char| -> Result<usize, i32> {
        v.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(|| {
            if v.parse::<i64>().is_ok() {
                ctx.complain(format!("value {v} for -{what} option should be >= 1"));
            } else {
                ctx.complain(format!("invalid number \"{v}\" for -{what} option"));
            }
            try_help(ctx);
            1
        })
    };
    while let Some(a) = args.get(i).filter(|a| a.starts_with('-') && a.len() > 1) {
        i += 1;
        if a == "--" {
            break;
        }
        if let Some(long) = a.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v.to_owned())));
            match name {
                "null" => h.delimiter = Some(0),
                "no-run-if-empty" => h.skip_empty = true,
                "verbose" => h.trace = true,
                "interactive" | "exit" | "open-tty" => {}
                "max-args" | "max-lines" | "delimiter" | "arg-file" | "replace" | "max-procs" | "max-chars" => {
                    let v = match value {
                        Some(v) => v,
                        None => {
                            i += 1;
                            args.get(i - 1).cloned().unwrap_or_default()
                        }
                    };
                    match name {
                        "max-args" => h.per_run = Some(number(&v, 'n')?),
                        "max-lines" => h.lines = Some(number(&v, 'L')?),
                        "delimiter" => h.delimiter = Some(delimiter(&v)),
                        "arg-file" => h.file = Some(v),
                        "replace" => h.replace = Some(v),
                        _ => {}
                    }
                }
                _ => {
                    ctx.complain(format!("unrecognized option '--{name}'"));
                    try_help(ctx);
                    return Err(1);
                }
            }
            continue;
        }
        let letters: Vec<char> = a.chars().skip(1).collect();
        let mut k = 0;
        while k < letters.len() {
            let c = letters[k];
            k += 1;
            match c {
                '0' => h.delimiter = Some(0),
                'r' => h.skip_empty = true,
                't' => h.trace = true,
                'p' | 'x' | 'o' => {}
                'i' => {
                    let v: String = letters[k..].iter().collect();
                    h.replace = Some(if v.is_empty() { "{}".into() } else { v });
                    k = letters.len();
                }
                'n' | 'L' | 'I' | 'd' | 'a' | 'P' | 's' | 'E' => {
                    let mut v: String = letters[k..].iter().collect();
                    k = letters.len();
                    if v.is_empty() {
                        let Some(next) = args.get(i) else {
                            ctx.complain(format!("option requires an argument -- '{c}'"));
                            try_help(ctx);
                            return Err(1);
                        };
                        v.clone_from(next);
                        i += 1;
                    }
                    match c {
                        'n' => h.per_run = Some(number(&v, 'n')?),
                        'L' => h.lines = Some(number(&v, 'L')?),
                        'I' => h.replace = Some(v),
                        'd' => h.delimiter = Some(delimiter(&v)),
                        'a' => h.file = Some(v),
                        _ => {}
                    }
                }
                c => {
                    ctx.complain(format!("invalid option -- '{c}'"));
                    try_help(ctx);
                    return Err(1);
                }
            }
        }
    }
    Ok((h, args[i.min(args.len())..].to_vec()))
}

fn delimiter(v: &str) -> u8 {
    match v {
        "\\n" => b'\n',
        "\\t" => b'\t',
        "\\0" => 0,
        v => v.bytes().next().unwrap_or(b'\n'),
    }
}

/// The items of the input, by line: each line's items together.
fn items(ctx: &Ctx, data: &[u8], h: &How) -> Result<Vec<Vec<String>>, i32> {
    if let Some(d) = h.delimiter {
        let mut all: Vec<&[u8]> = data.split(|b| *b == d).collect();
        if all.last().is_some_and(|l| l.is_empty()) {
            all.pop();
        }
        return Ok(all.into_iter().map(|b| vec![decode(b)]).collect());
    }
    let text = decode(data);
    let mut lines = Vec::new();
    for line in text.split('\n').take(MAX_ITEMS) {
        let mut words = Vec::new();
        let mut word: Option<String> = None;
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\'' | '"' => {
                    let w = word.get_or_insert_default();
                    let mut closed = false;
                    for q in chars.by_ref() {
                        if q == c {
                            closed = true;
                            break;
                        }
                        w.push(q);
                    }
                    if !closed {
                        let kind = if c == '"' { "double" } else { "single" };
                        ctx.complain(format!(
                            "unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
                        ));
                        return Err(1);
                    }
                }
                '\\' => word.get_or_insert_default().extend(chars.next()),
                ' ' | '\t' if h.replace.is_none() => words.extend(word.take()),
                c if c.is_whitespace() && word.is_none() => {}
                c => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        if !words.is_empty() {
            lines.push(words);
        }
    }
    Ok(lines)
}

pub(super) async fn xargs(ctx: &mut Ctx) -> i32 {
    let (h, mut command) = match options(ctx) {
        Ok(x) => x,
        Err(s) => return s,
    };
    if command.is_empty() {
        command.push("echo".into());
    }
    let data = match &h.file {
        Some(f) => match ctx.read_file(f) {
            Ok(b) => b.bytes().into_owned(),
            Err(e) => {
                ctx.complain(format!("Cannot open input file ‘{f}’: {e}"));
                return 1;
            }
        },
        None => ctx.io.read_all(0).await.unwrap_or_default(),
    };
    let lines = match items(ctx, &data, &h) {
        Ok(l) => l,
        Err(s) => return s,
    };
    let mut runs: Vec<Vec<String>> = Vec::new();
    if let Some(mark) = &h.replace {
        for l in lines {
            let text = l.join(" ");
            runs.push(command.iter().map(|a| a.replace(mark.as_str(), &text)).collect());
        }
    } else {
        let groups: Vec<Vec<String>> = match (h.lines, h.per_run) {
            (Some(n), _) => lines.chunks(n).map(<[Vec<String>]>::concat).collect(),
            (None, Some(n)) => lines.concat().chunks(n).map(<[String]>::to_vec).collect(),
            _ => batches(lines.concat(), command.iter().map(|c| c.len() + 1).sum()),
        };
        for g in groups {
            runs.push(command.iter().cloned().chain(g).collect());
        }
        if runs.is_empty() && !h.skip_empty {
            runs.push(command);
        }
    }
    if h.file.is_none() {
        ctx.io.fds.insert(0, crate::command::io::Fd::Null);
    }
    let spawn = ctx.spawn.clone();
    let mut status = 0;
    for argv in runs {
        ctx.io.kernel.step().await;
        if h.trace {
            ctx.err(format!("{}\n", argv.join(" ")));
        }
        let name = argv[0].clone();
        match spawn.spawn(ctx.clone(), argv).await {
            0 => {}
            255 => {
                ctx.complain(format!("{name}: exited with status 255; aborting"));
                return 124;
            }
            s @ (126 | 127) => return s,
            s if s > 128 => {
                ctx.complain(format!("{name}: terminated by signal {}", s - 128));
                return 125;
            }
            _ => status = 123,
        }
    }
    status
}

/// As many items a run as a command line takes.
fn batches(items: Vec<String>, base: usize) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = Vec::new();
    let mut size = MAX_LINE;
    for i in items {
        if size + i.len() + 1 > MAX_LINE {
            out.push(Vec::new());
            size = base;
        }
        size += i.len() + 1;
        if let Some(last) = out.last_mut() {
            last.push(i);
        }
    }
    out
}
