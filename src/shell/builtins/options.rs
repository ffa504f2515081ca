//! `set`, `shopt`, `shift`, `getopts`.

use super::super::escape;
use super::super::print;
use super::super::state::{OPTIONS, R, SHOPTS, Shell};
use super::super::vars::Content;
use super::Call;

/// The listing of `set` without arguments: variables, then functions.
pub fn list_all(sh: &Shell) -> R {
    let mut text = String::new();
    for (n, v) in sh.vars.iter() {
        match &v.content {
            Content::Unset => {}
            Content::Scalar(s) => text.push_str(&format!("{n}={}\n", escape::set_style(s))),
            _ => {
                let d = Shell::declaration(n, v);
                let d = d.splitn(3, ' ').nth(2).unwrap_or("").to_owned();
                text.push_str(&format!("{d}\n"));
            }
        }
    }
    for (n, body) in &sh.functions {
        text.push_str(&print::function(n, body));
    }
    sh.say("set", &text)
}

pub fn set(sh: &mut Shell, c: Call<'_>) -> R {
    let args = c.args();
    if args.is_empty() {
        return list_all(sh);
    }
    let mut i = 0;
    let mut positional = None;
    while i < args.len() {
        let a = &args[i];
        if a == "--" {
            positional = Some(&args[i + 1..]);
            break;
        }
        if a == "-" {
            sh.options.insert("xtrace", false);
            sh.options.insert("verbose", false);
            if i + 1 < args.len() {
                positional = Some(&args[i + 1..]);
            }
            break;
        }
        let Some(flags) = a.strip_prefix(['-', '+']).filter(|f| !f.is_empty()) else {
            positional = Some(&args[i..]);
            break;
        };
        let on = a.starts_with('-');
        for f in flags.chars() {
            if f == 'o' {
                i += 1;
                let Some(name) = args.get(i) else { return show_options(sh, on) };
                match OPTIONS.iter().find(|(n, _)| n == name) {
                    Some((n, _)) => {
                        sh.options.insert(n, on);
                    }
                    None => {
                        sh.complain_as("set", format!("{name}: invalid option name"));
                        return Ok(2);
                    }
                }
                continue;
            }
            match OPTIONS.iter().find(|(_, l)| *l == f && f != ' ') {
                Some((n, _)) => {
                    sh.options.insert(n, on);
                }
                None => return sh.bad_option("set", &format!("{}{f}", &a[..1])),
            }
        }
        i += 1;
    }
    if let Some(p) = positional {
        sh.args = p.to_vec();
    }
    Ok(0)
}

fn show_options(sh: &Shell, table: bool) -> R {
    let text: String = OPTIONS
        .iter()
        .map(|(n, _)| {
            let on = sh.option(n);
            if table {
                format!("{n:<15}\t{}\n", if on { "on" } else { "off" })
            } else {
                format!("set {}o {n}\n", if on { '-' } else { '+' })
            }
        })
        .collect();
    sh.say("set", &text)
}

pub fn shopt(sh: &mut Shell, c: Call<'_>) -> R {
    let mut to = None;
    let (mut quiet, mut print, mut options) = (false, false, false);
    let mut names = Vec::new();
    for a in c.args() {
        match a.strip_prefix('-') {
            Some(flags) if !flags.is_empty() => {
                for f in flags.chars() {
                    match f {
                        's' => to = Some(true),
                        'u' => to = Some(false),
                        'q' => quiet = true,
                        'p' => print = true,
                        'o' => options = true,
                        f => return sh.bad_option("shopt", &format!("-{f}")),
                    }
                }
            }
            _ => names.push(a.clone()),
        }
    }
    let known = |n: &str| -> Option<&'static str> {
        if options {
            OPTIONS.iter().find(|(x, _)| *x == n).map(|(x, _)| *x)
        } else {
            SHOPTS.iter().find(|(x, _)| *x == n).map(|(x, _)| *x)
        }
    };
    let is_on = |sh: &Shell, n: &str| if options { sh.option(n) } else { sh.is_shopt(n) };
    let line = |sh: &Shell, n: &str| {
        let on = is_on(sh, n);
        if print {
            if options {
                format!("set {}o {n}\n", if on { '-' } else { '+' })
            } else {
                format!("shopt -{} {n}\n", if on { 's' } else { 'u' })
            }
        } else {
            format!("{n:<15}\t{}\n", if on { "on" } else { "off" })
        }
    };
    if names.is_empty() {
        let all: Vec<&str> =
            if options { OPTIONS.iter().map(|(n, _)| *n).collect() } else { SHOPTS.iter().map(|(n, _)| *n).collect() };
        let text: String =
            all.into_iter().filter(|n| to.is_none_or(|t| is_on(sh, n) == t)).map(|n| line(sh, n)).collect();
        return if quiet { Ok(0) } else { sh.say("shopt", &text) };
    }
    let mut status = 0;
    for n in &names {
        let Some(name) = known(n) else {
            let kind = if options { "option name" } else { "shell option name" };
            sh.complain_as("shopt", format!("{n}: invalid {kind}"));
            status = 1;
            continue;
        };
        match to {
            Some(on) => {
                if options {
                    sh.options.insert(name, on)
                } else {
                    sh.shopt.insert(name, on)
                };
            }
            None => {
                if !is_on(sh, name) {
                    status = 1;
                }
                if !quiet {
                    let text = line(sh, name);
                    sh.say("shopt", &text)?;
                }
            }
        }
    }
    Ok(status)
}

pub fn shift(sh: &mut Shell, c: Call<'_>) -> R {
    let n = match c.args().first() {
        None => 1,
        Some(a) => match a.parse::<i64>() {
            Ok(n) if n >= 0 => n as usize,
            Ok(_) => {
                sh.complain_as("shift", format!("{a}: shift count out of range"));
                return Ok(1);
            }
            Err(_) => {
                sh.complain_as("shift", format!("{a}: numeric argument required"));
                return Ok(1);
            }
        },
    };
    if n > sh.args.len() {
        return Ok(1);
    }
    sh.args.drain(..n);
    Ok(0)
}

pub fn getopts(sh: &mut Shell, c: Call<'_>) -> R {
    let args = c.args();
    let [spec, name, rest @ ..] = args else {
        sh.usage("getopts");
        return Ok(2);
    };
    let words: Vec<String> = if rest.is_empty() { sh.args.clone() } else { rest.to_vec() };
    let quiet = spec.starts_with(':') || sh.value("OPTERR").is_some_and(|v| v == "0");
    let index = sh.value("OPTIND").and_then(|v| v.parse::<usize>().ok()).unwrap_or(1).max(1);
    let mut within = if sh.getopts.0 == format!("{index}") { sh.getopts.1 } else { 0 };
    let end = |sh: &mut Shell, index: usize| {
        let _ = sh.assign(name, "?");
        let _ = sh.assign("OPTIND", &index.to_string());
        sh.vars.remove("OPTARG");
        Ok(1)
    };
    let Some(word) = words.get(index - 1) else { return end(sh, index) };
    if word == "--" {
        return end(sh, index + 1);
    }
    if within == 0 {
        if !word.starts_with('-') || word == "-" {
            return end(sh, index);
        }
        within = 1;
    }
    let chars: Vec<char> = word.chars().collect();
    let c = chars[within.min(chars.len() - 1)];
    within += 1;
    let mut next = index;
    let at_end = within >= chars.len();
    let wants = spec.find(c).filter(|_| c != ':').map(|i| spec[i + c.len_utf8()..].starts_with(':'));
    sh.vars.remove("OPTARG");
    let mut result = c.to_string();
    match wants {
        None => {
            if at_end {
                next += 1;
            }
            result = "?".into();
            if quiet {
                let _ = sh.assign("OPTARG", &c.to_string());
            } else {
                let text = format!("{}: illegal option -- {c}\n", sh.arg0);
                let _ = sh.write(2, &text);
            }
        }
        Some(false) => {
            if at_end {
                next += 1;
            }
        }
        Some(true) => {
            let arg = if at_end {
                next += 1;
                words.get(index).cloned()
            } else {
                Some(chars[within..].iter().collect())
            };
            within = 0;
            next += 1;
            match arg {
                Some(a) => {
                    let _ = sh.assign("OPTARG", &a);
                }
                None => {
                    next = index + 1;
                    if quiet {
                        result = ":".into();
                        let _ = sh.assign("OPTARG", &c.to_string());
                    } else {
                        result = "?".into();
                        let text = format!("{}: option requires an argument -- {c}\n", sh.arg0);
                        let _ = sh.write(2, &text);
                    }
                }
            }
        }
    }
    let _ = sh.assign("OPTIND", &next.to_string());
    sh.getopts = if next == index { (index.to_string(), within) } else { (String::new(), 0) };
    if sh.assign(name, &result).is_err() {
        return Ok(1);
    }
    Ok(0)
}
