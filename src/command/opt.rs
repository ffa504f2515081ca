//! Options of a simulated program as getopt_long(3) reads them, with glibc's messages, and file names as GNU quotes them.
//!
//! A specification is one string: `"n|lines= q|quiet |color=?"`: a short letter, `|`, a long name, then `=` when it takes
//! an argument and `=?` when the argument is optional. `--help` and `--version` are always there. Left out: `-W foo`.

use super::Ctx;

/// One accepted option.
struct Opt<'a> {
    short: Option<char>,
    long: &'a str,
    arg: Arg,
}

#[derive(Clone, Copy, PartialEq)]
enum Arg {
    No,
    Needed,
    Optional,
}

/// What was given: options by key (the short letter, or the long name when it has none), and operands.
#[derive(Debug, Default)]
pub struct Parsed {
    pub opts: Vec<(String, Option<String>)>,
    pub args: Vec<String>,
}

impl Parsed {
    pub fn has(&self, key: &str) -> bool {
        self.opts.iter().any(|(k, _)| k == key)
    }
    /// The last value given for an option.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.opts.iter().rev().find(|(k, _)| k == key).and_then(|(_, v)| v.as_deref())
    }
}

fn options(spec: &str) -> Vec<Opt<'_>> {
    spec.split_whitespace()
        .chain(["|help", "|version"])
        .map(|item| {
            let (item, arg) = if let Some(i) = item.strip_suffix("=?") {
                (i, Arg::Optional)
            } else if let Some(i) = item.strip_suffix('=').filter(|i| !i.is_empty()) {
                (i, Arg::Needed)
            } else {
                (item, Arg::No)
            };
            let (short, long) = item.split_once('|').unwrap_or((item, ""));
            Opt { short: short.chars().next(), long, arg }
        })
        .collect()
}

impl Opt<'_> {
    fn key(&self) -> String {
        self.short.map_or_else(|| self.long.to_owned(), String::from)
    }
}

/// What ends the parse: a message of getopt's, or `--help`, `--version`.
enum Stop {
    Wrong(String),
    Help,
    Version,
}

fn parse(args: &[String], spec: &str, permute: bool) -> Result<Parsed, Stop> {
    let opts = options(spec);
    let mut out = Parsed::default();
    let mut it = args.iter();
    while let Some(a) = it.next() {
        if a == "--" {
            out.args.extend(it.by_ref().cloned());
        } else if let Some(body) = a.strip_prefix("--") {
            let (name, value) = body.split_once('=').map_or((body, None), |(n, v)| (n, Some(v.to_owned())));
            let mut fits: Vec<&Opt> = opts.iter().filter(|o| !o.long.is_empty() && o.long.starts_with(name)).collect();
            if let Some(i) = fits.iter().position(|o| o.long == name) {
                fits = vec![fits[i]];
            }
            let Some(first) = fits.first() else { return Err(Stop::Wrong(format!("unrecognized option '--{name}'"))) };
            if fits.iter().any(|o| o.key() != first.key()) {
                let names: Vec<String> = fits.iter().map(|o| format!("'--{}'", o.long)).collect();
                return Err(Stop::Wrong(format!("option '--{body}' is ambiguous; possibilities: {}", names.join(" "))));
            }
            let long = first.long;
            match (first.arg, value) {
                (Arg::No, Some(_)) => {
                    return Err(Stop::Wrong(format!("option '--{long}' doesn't allow an argument")));
                }
                (Arg::No, None) if long == "help" => return Err(Stop::Help),
                (Arg::No, None) if long == "version" => return Err(Stop::Version),
                (Arg::Needed, None) => match it.next() {
                    Some(v) => out.opts.push((first.key(), Some(v.clone()))),
                    None => return Err(Stop::Wrong(format!("option '--{long}' requires an argument"))),
                },
                (_, v) => out.opts.push((first.key(), v)),
            }
        } else if a.len() > 1 && a.starts_with('-') {
            let mut rest = a[1..].chars();
            while let Some(c) = rest.next() {
                let Some(o) = opts.iter().find(|o| o.short == Some(c)) else {
                    return Err(Stop::Wrong(format!("invalid option -- '{c}'")));
                };
                let tail = rest.as_str();
                match o.arg {
                    Arg::No => out.opts.push((o.key(), None)),
                    Arg::Optional => {
                        out.opts.push((o.key(), (!tail.is_empty()).then(|| tail.to_owned())));
                        break;
                    }
                    Arg::Needed if !tail.is_empty() => {
                        out.opts.push((o.key(), Some(tail.to_owned())));
                        break;
                    }
                    Arg::Needed => match it.next() {
                        Some(v) => out.opts.push((o.key(), Some(v.clone()))),
                        None => return Err(Stop::Wrong(format!("option requires an argument -- '{c}'"))),
                    },
                }
            }
        } else {
            out.args.push(a.clone());
            if !permute {
                out.args.extend(it.by_ref().cloned());
            }
        }
    }
    Ok(out)
}

/// Reads the options of `ctx`; on a mistake prints what getopt prints and the hint, and gives `status`.
pub fn getopt(ctx: &Ctx, spec: &str, status: i32) -> Result<Parsed, i32> {
    getopt_args(ctx, &ctx.args[1.min(ctx.args.len())..], spec, status, true, "")
}

/// As [`getopt`], over given arguments, with the choice to stop at the first operand and an own line before the hint.
pub fn getopt_args(
    ctx: &Ctx,
    args: &[String],
    spec: &str,
    status: i32,
    permute: bool,
    usage: &str,
) -> Result<Parsed, i32> {
    let name = ctx.name();
    parse(args, spec, permute).map_err(|stop| match stop {
        Stop::Wrong(m) => {
            ctx.err(format!("{}: {m}\n{usage}{}", ctx.args[0], hint(ctx)));
            status
        }
        Stop::Help => {
            let summary = super::program(&name).map_or("", |p| p.summary);
            ctx.out(format!("Usage: {name} [OPTION]... [ARGUMENT]...\n{summary}\n\nOptions:"));
            for o in options(spec) {
                let arg = match o.arg {
                    Arg::No => "",
                    Arg::Needed => " ARG",
                    Arg::Optional => "[=ARG]",
                };
                let short = o.short.map_or("    ".into(), |c| format!("  -{c}"));
                let long = if o.long.is_empty() { String::new() } else { format!(" --{}", o.long) };
                ctx.out(format!("\n{short}{long}{arg}"));
            }
            ctx.out("\n");
            0
        }
        Stop::Version => {
            let v = match name.as_str() {
                "grep" | "egrep" | "fgrep" => "(GNU grep) 3.8",
                "sed" => "(GNU sed) 4.9",
                "find" => "(GNU findutils) 4.9.0",
                "diff" | "cmp" => "(GNU diffutils) 3.8",
                "tar" => "(GNU tar) 1.34",
                _ => "(GNU coreutils) 9.1",
            };
            ctx.out(format!("{name} {v}\n"));
            0
        }
    })
}

/// As [`getopt`] for a program that prints its whole usage after a mistake and for `-h`.
pub fn getopt_usage(ctx: &Ctx, spec: &str, usage: &str, status: i32) -> Result<Parsed, i32> {
    let spec = format!("{spec} h|help");
    match parse(&ctx.args[1.min(ctx.args.len())..], &spec, true) {
        Ok(p) if p.has("h") => {
            ctx.out(usage);
            Err(0)
        }
        Ok(p) => Ok(p),
        Err(Stop::Help | Stop::Version) => {
            ctx.out(usage);
            Err(0)
        }
        Err(Stop::Wrong(m)) => {
            ctx.err(format!("{}: {m}\n{usage}", ctx.args[0]));
            Err(status)
        }
    }
}

/// `Try 'NAME --help' for more information.`
pub fn hint(ctx: &Ctx) -> String {
    format!("Try '{} --help' for more information.\n", ctx.args.first().map_or("", String::as_str))
}

/// Complains about missing operands as coreutils does.
pub fn missing_operand(ctx: &Ctx, after: Option<&str>) -> i32 {
    let m = match after {
        None => "missing operand".to_owned(),
        Some(a) => format!("missing operand after {}", quote(a)),
    };
    ctx.complain(m);
    ctx.err(hint(ctx));
    1
}

/// `extra operand 'x'` and the hint.
pub fn extra_operand(ctx: &Ctx, what: &str) -> i32 {
    ctx.complain(format!("extra operand {}", quote(what)));
    ctx.err(hint(ctx));
    1
}

/// Locale quoting in the C.UTF-8 locale: ‘typographic’ quotes, control characters escaped.
pub fn quote(s: &str) -> String {
    let mut out = String::from("\u{2018}");
    for c in s.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 32 || c as u32 == 127 => out.push_str(&format!("\\{:03o}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('\u{2019}');
    out
}

/// GNU's `shell-escape` quoting: bare when the shell would read the name as itself. `always` quotes in any case, `colon`
/// also for a `:` (names in messages).
pub fn shell_escape(s: &str, always: bool, colon: bool) -> String {
    let unsafe_at = |i: usize, c: char| match c {
        '#' | '~' => i == 0,
        ' ' | '!' | '"' | '$' | '&' | '(' | ')' | '*' | ';' | '<' | '=' | '>' | '[' | '^' | '`' | '|' | '?' | '\\'
        | '\'' => true,
        '{' | '}' => s.len() == 1,
        ':' => colon,
        c => (c as u32) < 32 || c as u32 == 127,
    };
    if !s.is_empty() && !always && !s.char_indices().any(|(i, c)| unsafe_at(i, c)) {
        return s.to_owned();
    }
    let control = |c: char| (c as u32) < 32 || c as u32 == 127;
    if s.contains('\'') && !s.chars().any(|c| control(c) || matches!(c, '"' | '$' | '`' | '\\' | '!')) {
        return format!("\"{s}\"");
    }
    let (mut out, mut dollar) = (String::from("'"), false);
    for c in s.chars() {
        if control(c) {
            if !dollar {
                out.push_str("'$'");
                dollar = true;
            }
            match c {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                '\x07' => out.push_str("\\a"),
                '\x08' => out.push_str("\\b"),
                '\x0b' => out.push_str("\\v"),
                '\x0c' => out.push_str("\\f"),
                c => out.push_str(&format!("\\{:03o}", c as u32)),
            }
            continue;
        }
        if dollar {
            out.push_str("''");
            dollar = false;
        }
        if c == '\'' { out.push_str("'\\''") } else { out.push(c) }
    }
    out.push('\'');
    out.strip_prefix("''$").map(|r| format!("${}", &r[0..])).unwrap_or(out)
}

/// A file name in a message of the form `cat: NAME: reason`: quoted only when needed.
pub fn quotef(s: &str) -> String {
    shell_escape(s, false, true)
}

/// A file name in a sentence (`cannot remove 'x'`): always quoted.
pub fn quoteaf(s: &str) -> String {
    shell_escape(s, true, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn getopt_permutes_and_complains() {
        let args = |s: &str| s.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let spec = "n|lines= q|quiet |color=? v|verbose |version-sort";
        let p = parse(&args("a -qn3 b --li=5 --color -- -x"), spec, true).ok().unwrap();
        assert_eq!(p.args, ["a", "b", "-x"]);
        assert_eq!(p.value("n"), Some("5"));
        assert!(p.has("q") && p.has("color"));
        for (line, message) in [
            ("-z", "invalid option -- 'z'"),
            ("--foo", "unrecognized option '--foo'"),
            ("-n", "option requires an argument -- 'n'"),
            ("--lines", "option '--lines' requires an argument"),
            ("--quiet=1", "option '--quiet' doesn't allow an argument"),
            ("--ver", "option '--ver' is ambiguous; possibilities: '--verbose' '--version-sort' '--version'"),
        ] {
            match parse(&args(line), spec, true) {
                Err(Stop::Wrong(m)) => assert_eq!(m, message),
                _ => panic!("{line}"),
            }
        }
    }

    #[test]
    fn names_are_quoted_as_ls_does() {
        for (name, bare, always) in [
            ("a", "a", "'a'"),
            ("a b", "'a b'", "'a b'"),
            ("it's", "\"it's\"", "\"it's\""),
            ("a\nb", "'a'$'\\n''b'", "'a'$'\\n''b'"),
            ("~x", "'~x'", "'~x'"),
            ("x~", "x~", "'x~'"),
        ] {
            assert_eq!(shell_escape(name, false, false), bare);
            assert_eq!(shell_escape(name, true, false), always);
        }
    }
}
