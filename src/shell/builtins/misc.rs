//! `let`, `history`, `umask`, `ulimit`, `times`, and what does nothing.

use super::super::state::{R, Shell};
use super::{BUILTINS, Call, find};

pub fn yes(_: &mut Shell, _: Call<'_>) -> R {
    Ok(0)
}
pub fn no(_: &mut Shell, _: Call<'_>) -> R {
    Ok(1)
}

pub fn let_(sh: &mut Shell, c: Call<'_>) -> R {
    if c.args().is_empty() {
        sh.complain_as("let", "expression expected");
        return Ok(1);
    }
    let mut last = 0;
    for a in c.args() {
        match sh.arithmetic(a) {
            Ok(v) => last = v,
            Err(e) => {
                sh.complain_as("let", e);
                return Ok(1);
            }
        }
    }
    Ok(i32::from(last == 0))
}

pub fn caller(sh: &mut Shell, _: Call<'_>) -> R {
    if sh.calls.is_empty() {
        return Ok(1);
    }
    let text = format!("{} {}\n", sh.line, sh.calls.iter().rev().nth(1).map_or("main", String::as_str));
    sh.say("caller", &text)
}

pub fn enable(sh: &mut Shell, c: Call<'_>) -> R {
    if let Some(a) = c.args().iter().find(|a| !a.starts_with('-') && find(a).is_none()) {
        sh.complain_as("enable", format!("{a}: not a shell builtin"));
        return Ok(1);
    }
    if c.args().iter().all(|a| a.starts_with('-')) {
        let text: String = BUILTINS.iter().map(|b| format!("enable {}\n", b.name)).collect();
        return sh.say("enable", &text);
    }
    Ok(0)
}

pub fn compgen(sh: &mut Shell, c: Call<'_>) -> R {
    let prefix = c.args().iter().rev().find(|a| !a.starts_with('-')).cloned().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    let mut args = c.args().iter();
    while let Some(a) = args.next() {
        match a.as_str() {
            "-b" => names.extend(BUILTINS.iter().map(|b| b.name.to_owned())),
            "-c" => names.extend(sh.command_names()),
            "-a" => names.extend(sh.aliases.keys().cloned()),
            "-v" => names.extend(sh.vars.iter().map(|(n, _)| n.clone())),
            "-u" => names.extend(sh.world.borrow().host.users().iter().map(|u| u.name.clone())),
            "-W" => {
                if let Some(w) = args.next() {
                    names.extend(w.split_whitespace().map(str::to_owned));
                }
            }
            _ => {}
        }
    }
    let last_is_word =
        c.args().last().is_some_and(|a| !a.starts_with('-') && c.args().iter().rev().nth(1).is_none_or(|b| b != "-W"));
    let prefix = if last_is_word { prefix } else { String::new() };
    let hits: String = names.into_iter().filter(|n| n.starts_with(&prefix)).map(|n| n + "\n").collect();
    let none = hits.is_empty();
    sh.say("compgen", &hits)?;
    Ok(i32::from(none))
}

pub fn fc(sh: &mut Shell, c: Call<'_>) -> R {
    if !c.args().iter().any(|a| a.contains('l')) {
        sh.complain_as("fc", "no command found");
        return Ok(1);
    }
    let from = sh.history.len().saturating_sub(16);
    let text: String = sh.history.iter().enumerate().skip(from).map(|(i, h)| format!("{}\t {h}\n", i + 1)).collect();
    sh.say("fc", &text)
}

pub fn history(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args();
    let mut count = sh.history.len();
    while let Some(a) = args.first() {
        match a.as_str() {
            "-c" => {
                sh.history.clear();
                return Ok(0);
            }
            "-d" => {
                let n = args.get(1).and_then(|n| n.parse::<usize>().ok());
                match n.filter(|n| *n >= 1 && *n <= sh.history.len()) {
                    Some(n) => {
                        sh.history.remove(n - 1);
                        return Ok(0);
                    }
                    None => {
                        let shown = args.get(1).cloned().unwrap_or_default();
                        sh.complain_as("history", format!("{shown}: history position out of range"));
                        return Ok(1);
                    }
                }
            }
            "-s" => {
                let line = args[1..].join(" ");
                sh.history.push(line);
                return Ok(0);
            }
            "-w" | "-a" | "-n" | "-r" => {
                let file = sh
                    .value("HISTFILE")
                    .unwrap_or_else(|| format!("{}/.bash_history", sh.home().trim_end_matches('/')));
                let file = args.get(1).cloned().unwrap_or(file);
                if a == "-w" || a == "-a" {
                    let text: String = sh.history.iter().map(|h| format!("{h}\n")).collect();
                    let path = sh.path(&file);
                    let cred = sh.cred.clone();
                    let _ = sh.world.borrow_mut().host.fs.write(&cred, &path, text, 0o600);
                }
                return Ok(0);
            }
            "-p" => {
                let text = args[1..].iter().map(|a| format!("{a}\n")).collect::<String>();
                return sh.say("history", &text);
            }
            "--" => {}
            a if a.starts_with('-') => return sh.bad_option("history", a),
            a => match a.parse::<usize>() {
                Ok(n) => count = n,
                Err(_) => {
                    sh.complain_as("history", format!("{a}: numeric argument required"));
                    return Ok(1);
                }
            },
        }
        args = &args[1..];
    }
    let from = sh.history.len().saturating_sub(count);
    let text: String = sh.history.iter().enumerate().skip(from).map(|(i, h)| format!("{:5}  {h}\n", i + 1)).collect();
    sh.say("history", &text)
}

pub fn suspend(sh: &mut Shell, _: Call<'_>) -> R {
    sh.complain_as("suspend", "cannot suspend: no job control");
    Ok(1)
}

pub fn times(sh: &mut Shell, _: Call<'_>) -> R {
    sh.say("times", "0m0.001s 0m0.002s\n0m0.000s 0m0.000s\n")
}

/// Resource: letter, description, unit, value.
const LIMITS: &[(char, &str, &str, &str)] = &[
    ('R', "real-time non-blocking time  ", "microseconds, -R", "unlimited"),
    ('c', "core file size              ", "blocks, -c", "0"),
    ('d', "data seg size               ", "kbytes, -d", "unlimited"),
    ('e', "scheduling priority                 ", "-e", "0"),
    ('f', "file size                   ", "blocks, -f", "unlimited"),
    ('i', "pending signals                     ", "-i", "7823"),
    ('l', "max locked memory           ", "kbytes, -l", "256560"),
    ('m', "max memory size             ", "kbytes, -m", "unlimited"),
    ('n', "open files                          ", "-n", "1024"),
    ('p', "pipe size                ", "512 bytes, -p", "8"),
    ('q', "POSIX message queues         ", "bytes, -q", "819200"),
    ('r', "real-time priority                  ", "-r", "0"),
    ('s', "stack size                  ", "kbytes, -s", "8192"),
    ('t', "cpu time                   ", "seconds, -t", "unlimited"),
    ('u', "max user processes                  ", "-u", "7823"),
    ('v', "virtual memory              ", "kbytes, -v", "unlimited"),
    ('x', "file locks                          ", "-x", "unlimited"),
];

pub fn ulimit(sh: &mut Shell, c: Call<'_>) -> R {
    let mut wanted: Vec<char> = Vec::new();
    let mut all = false;
    let mut value = None;
    for a in c.args() {
        match a.strip_prefix('-') {
            Some(flags) => {
                for f in flags.chars() {
                    match f {
                        'S' | 'H' => {}
                        'a' => all = true,
                        f if LIMITS.iter().any(|(l, ..)| *l == f) => wanted.push(f),
                        f => return sh.bad_option("ulimit", &format!("-{f}")),
                    }
                }
            }
            None => value = Some(a),
        }
    }
    if let Some(v) = value {
        if v.parse::<u64>().is_err() && !matches!(v.as_str(), "unlimited" | "hard" | "soft") {
            sh.complain_as("ulimit", format!("{v}: invalid number"));
            return Ok(1);
        }
        return Ok(0);
    }
    if wanted.is_empty() {
        wanted.push('f');
    }
    let mut text = String::new();
    for (l, name, unit, v) in LIMITS {
        if all || wanted.len() > 1 && wanted.contains(l) {
            text.push_str(&format!("{name}({unit}) {v}\n"));
        } else if wanted == [*l] {
            text.push_str(&format!("{v}\n"));
        }
    }
    sh.say("ulimit", &text)
}

fn symbolic(mask: u32) -> String {
    let part = |shift: u32| {
        let allowed = !(mask >> shift) & 7;
        let mut s = String::new();
        for (bit, c) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            if allowed & bit != 0 {
                s.push(c);
            }
        }
        s
    };
    format!("u={},g={},o={}", part(6), part(3), part(0))
}

/// A symbolic mode of umask; `None` when it is none.
fn parse_symbolic(text: &str, mask: u32) -> Option<u32> {
    let mut allowed = !mask & 0o777;
    for clause in text.split(',') {
        let at = clause.find(['=', '+', '-'])?;
        let who: u32 = clause[..at].chars().try_fold(0, |m, c| {
            Some(
                m | match c {
                    'u' => 0o700,
                    'g' => 0o070,
                    'o' => 0o007,
                    'a' => 0o777,
                    _ => return None,
                },
            )
        })?;
        let who = if who == 0 { 0o777 } else { who };
        let bits: u32 = clause[at + 1..].chars().try_fold(0, |m, c| {
            Some(
                m | match c {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    _ => return None,
                },
            )
        })?;
        match &clause[at..=at] {
            "=" => allowed = allowed & !who | bits & who,
            "+" => allowed |= bits & who,
            _ => allowed &= !(bits & who),
        }
    }
    Some(!allowed & 0o777)
}

pub fn umask(sh: &mut Shell, c: Call<'_>) -> R {
    let (mut shown_symbolic, mut reusable) = (false, false);
    let mut mode = None;
    for a in c.args() {
        match a.as_str() {
            "-S" => shown_symbolic = true,
            "-p" => reusable = true,
            "--" => {}
            a if a.starts_with('-') && a.len() > 1 && !a.contains(['r', 'w', 'x']) => {
                return sh.bad_option("umask", &a[..2]);
            }
            a => mode = Some(a.to_owned()),
        }
    }
    if let Some(m) = mode {
        if m.starts_with(|c: char| c.is_ascii_digit()) {
            match u32::from_str_radix(&m, 8) {
                Ok(v) if v <= 0o777 => sh.umask = v,
                _ => {
                    sh.complain_as("umask", format!("{m}: octal number out of range"));
                    return Ok(1);
                }
            }
        } else {
            match parse_symbolic(&m, sh.umask) {
                Some(v) => sh.umask = v,
                None => {
                    let bad = m.chars().find(|c| !"ugoarwx=+-,".contains(*c)).unwrap_or('?');
                    sh.complain_as("umask", format!("`{bad}': invalid symbolic mode character"));
                    return Ok(1);
                }
            }
        }
        if !shown_symbolic {
            return Ok(0);
        }
    }
    let text = if shown_symbolic { symbolic(sh.umask) } else { format!("{:04o}", sh.umask) };
    let lead = match (reusable, shown_symbolic) {
        (true, true) => "umask -S ",
        (true, false) => "umask ",
        _ => "",
    };
    sh.say("umask", &format!("{lead}{text}\n"))
}
