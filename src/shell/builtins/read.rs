//! `read`, `mapfile`.

use super::super::bytes;
use super::super::state::{Flow, R, Shell};
use super::super::vars::{Content, is_name};
use super::Call;
use crate::command::io::{Answer, Fd};
use std::collections::BTreeMap;

impl Shell {
    /// Reads up to a delimiter (`None`: to the end of file) or a number of characters. The text without the delimiter, and
    /// whether the delimiter was met; `None` at the end of file with nothing read. Never reads ahead.
    pub(in super::super) async fn read_line_raw(
        &mut self,
        fd: u32,
        delimiter: Option<char>,
        limit: Option<usize>,
    ) -> R<Option<(String, bool)>> {
        let kernel = self.kernel.clone();
        if self.fds.get(&fd).is_some_and(Fd::is_terminal) {
            let answer = kernel.unless_interrupted(self.background, kernel.terminal()).await.ok_or(Flow::Interrupt)?;
            return Ok(match answer {
                Answer::Line(l) => {
                    let l = l.trim_end_matches('\n');
                    Some((limit.map_or(l.to_owned(), |n| l.chars().take(n).collect()), true))
                }
                _ => None,
            });
        }
        let mut io = self.io();
        let end = delimiter.map(|d| bytes::encode(&d.to_string()).last().copied().unwrap_or(b'\n'));
        let mut data: Vec<u8> = Vec::new();
        loop {
            if limit.is_some_and(|n| bytes::decode(&data).chars().count() >= n) {
                return Ok(Some((bytes::decode(&data), true)));
            }
            let got = kernel.unless_interrupted(self.background, io.read(fd, 1)).await.ok_or(Flow::Interrupt)?;
            match got {
                Ok(Some(b)) if b.first().copied() == end => return Ok(Some((bytes::decode(&data), true))),
                Ok(Some(b)) => data.extend(b),
                Ok(None) | Err(_) => {
                    return Ok(if data.is_empty() { None } else { Some((bytes::decode(&data), false)) });
                }
            }
            if data.len() % 4096 == 4095 {
                self.kernel.charge(256);
                self.step().await?;
            }
            if data.len() > 1 << 20 {
                return Ok(Some((bytes::decode(&data), true)));
            }
        }
    }
}

/// Splits a line as `read` does: at most `n` fields, the last takes the rest.
fn split(line: &[(char, bool)], ifs: &str, n: usize) -> Vec<String> {
    let blank = |c: &(char, bool)| !c.1 && ifs.contains(c.0) && " \t\n".contains(c.0);
    let sep = |c: &(char, bool)| !c.1 && ifs.contains(c.0);
    let text = |part: &[(char, bool)]| part.iter().map(|(c, _)| *c).collect::<String>();
    let mut out = Vec::new();
    let mut i = 0;
    while i < line.len() && blank(&line[i]) {
        i += 1;
    }
    while i < line.len() {
        if n > 0 && out.len() + 1 == n {
            let mut rest = &line[i..];
            while rest.last().is_some_and(blank) {
                rest = &rest[..rest.len() - 1];
            }
            // One trailing delimiter goes, if it is the only one.
            let seps = rest.iter().filter(|c| sep(c) && !blank(c)).count();
            if seps == 1 && rest.last().is_some_and(|c| sep(c) && !blank(c)) {
                rest = &rest[..rest.len() - 1];
                while rest.last().is_some_and(blank) {
                    rest = &rest[..rest.len() - 1];
                }
            }
            out.push(text(rest));
            return out;
        }
        let from = i;
        while i < line.len() && !sep(&line[i]) {
            i += 1;
        }
        out.push(text(&line[from..i]));
        while i < line.len() && blank(&line[i]) {
            i += 1;
        }
        if i < line.len() && sep(&line[i]) && !blank(&line[i]) && (i > from) {
            i += 1;
            while i < line.len() && blank(&line[i]) {
                i += 1;
            }
        }
    }
    out
}

pub async fn read(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args: std::collections::VecDeque<String> = c.args().iter().cloned().collect();
    let (mut raw, mut array, mut delimiter, mut limit, mut exact) = (false, None, Some('\n'), None, false);
    let (mut prompt, mut fd, mut timeout) = (None, 0, None);
    while let Some(a) = args.front().filter(|a| a.starts_with('-') && a.len() > 1).cloned() {
        args.pop_front();
        if a == "--" {
            break;
        }
        let chars: Vec<char> = a.chars().skip(1).collect();
        let mut i = 0;
        while i < chars.len() {
            let f = chars[i];
            i += 1;
            match f {
                'r' => raw = true,
                'e' | 's' => {}
                'a' | 'd' | 'i' | 'n' | 'N' | 'p' | 't' | 'u' => {
                    let value = if i < chars.len() { Some(chars[i..].iter().collect()) } else { args.pop_front() };
                    i = chars.len();
                    let Some(v): Option<String> = value else {
                        sh.complain_as("read", format!("-{f}: option requires an argument"));
                        sh.usage("read");
                        return Ok(2);
                    };
                    match f {
                        'a' => array = Some(v),
                        'd' => delimiter = Some(v.chars().next().unwrap_or('\0')),
                        'n' | 'N' => match v.parse::<usize>() {
                            Ok(n) => {
                                limit = Some(n);
                                exact = f == 'N';
                            }
                            Err(_) => {
                                sh.complain_as("read", format!("{v}: invalid number"));
                                return Ok(1);
                            }
                        },
                        'p' => prompt = Some(v),
                        't' => match v.parse::<f64>() {
                            Ok(n) if n >= 0.0 => timeout = Some(n),
                            _ => {
                                sh.complain_as("read", format!("{v}: invalid timeout specification"));
                                return Ok(1);
                            }
                        },
                        'u' => match v.parse::<u32>() {
                            Ok(n) => fd = n,
                            Err(_) => {
                                sh.complain_as("read", format!("{v}: invalid file descriptor specification"));
                                return Ok(1);
                            }
                        },
                        _ => {}
                    }
                }
                f => return sh.bad_option("read", &format!("-{f}")),
            }
        }
    }
    if exact {
        delimiter = None;
    }
    let names: Vec<String> = args.into();
    for n in names.iter().chain(array.as_ref()) {
        let bare = n.split('[').next().unwrap_or("");
        if !is_name(bare) {
            sh.complain_as("read", format!("`{n}': not a valid identifier"));
            return Ok(1);
        }
    }
    if !sh.fds.contains_key(&fd) {
        sh.complain_as("read", format!("{fd}: invalid file descriptor: {}", crate::host::Errno::BadF));
        return Ok(1);
    }
    let on_terminal = sh.fds.get(&fd).is_some_and(Fd::is_terminal);
    if let Some(p) = prompt.filter(|_| on_terminal) {
        let _ = sh.write(2, &p);
    }
    if timeout.is_some_and(|t| t == 0.0) {
        return Ok(i32::from(on_terminal));
    }
    let mut line: Vec<(char, bool)> = Vec::new();
    let mut status = 1;
    while let Some((text, ended)) = sh.read_line_raw(fd, delimiter, limit).await? {
        let mut chars = text.chars().peekable();
        let mut joined = false;
        while let Some(ch) = chars.next() {
            if ch == '\\' && !raw {
                match chars.next() {
                    Some(n) => line.push((n, true)),
                    None if ended => joined = true,
                    None => {}
                }
            } else {
                line.push((ch, false));
            }
        }
        if joined {
            continue;
        }
        status = i32::from(!ended);
        break;
    }
    if exact && limit.is_some_and(|n| line.len() >= n) {
        status = 0;
    }
    let ifs = sh.vars.get("IFS").map_or_else(|| " \t\n".into(), |v| v.value().unwrap_or("").to_owned());
    if let Some(a) = array {
        let words = split(&line, &ifs, 0);
        let map: BTreeMap<i64, String> = words.into_iter().enumerate().map(|(i, w)| (i as i64, w)).collect();
        sh.vars.entry(&a).content = Content::Indexed(map);
        return Ok(status);
    }
    let whole = || line.iter().map(|(c, _)| *c).collect::<String>();
    if names.is_empty() {
        let text = whole();
        return Ok(if sh.assign("REPLY", &text).is_err() { 1 } else { status });
    }
    let words = if exact { vec![whole()] } else { split(&line, &ifs, names.len()) };
    for (i, n) in names.iter().enumerate() {
        let (name, index) = match n.split_once('[') {
            Some((b, k)) => (b, Some(k.trim_end_matches(']'))),
            None => (n.as_str(), None),
        };
        if sh.assign_to(name, index, words.get(i).map_or("", String::as_str), false).is_err() {
            return Ok(1);
        }
    }
    Ok(status)
}

pub async fn mapfile(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args: std::collections::VecDeque<String> = c.args().iter().cloned().collect();
    let (mut delimiter, mut count, mut origin, mut skip, mut trim, mut fd) = ('\n', 0usize, None, 0usize, false, 0u32);
    while let Some(a) = args.front().filter(|a| a.starts_with('-') && a.len() > 1).cloned() {
        args.pop_front();
        let f = a.chars().nth(1).unwrap_or('-');
        if a == "-t" {
            trim = true;
            continue;
        }
        let value = if a.len() > 2 { Some(a[2..].to_owned()) } else { args.pop_front() };
        let Some(v) = value else {
            sh.complain_as(c.name(), format!("-{f}: option requires an argument"));
            return Ok(2);
        };
        let number = v.parse::<usize>();
        match f {
            'd' => delimiter = v.chars().next().unwrap_or('\0'),
            'n' | 's' | 'O' | 'u' => {
                let Ok(n) = number else {
                    let what = match f {
                        'n' | 's' => "line count",
                        'O' => "array origin",
                        _ => "file descriptor specification",
                    };
                    sh.complain_as(c.name(), format!("{v}: invalid {what}"));
                    return Ok(1);
                };
                match f {
                    'n' => count = n,
                    's' => skip = n,
                    'O' => origin = Some(n),
                    _ => fd = n as u32,
                }
            }
            'C' | 'c' => {}
            f => return sh.bad_option(c.name(), &format!("-{f}")),
        }
    }
    let name = args.pop_front().unwrap_or_else(|| "MAPFILE".into());
    if !is_name(&name) {
        sh.complain_as(c.name(), format!("`{name}': not a valid identifier"));
        return Ok(1);
    }
    let mut map = match (origin, sh.vars.get(&name).map(|v| &v.content)) {
        (Some(_), Some(Content::Indexed(m))) => m.clone(),
        _ => BTreeMap::new(),
    };
    let mut at = origin.unwrap_or(0) as i64;
    let mut taken = 0;
    let end = bytes::encode(&delimiter.to_string()).last().copied();
    let kernel = sh.kernel.clone();
    let mut io = sh.io();
    let data =
        kernel.unless_interrupted(sh.background, io.read_all(fd)).await.ok_or(Flow::Interrupt)?.unwrap_or_default();
    for piece in data.split_inclusive(|b| Some(*b) == end) {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        if count > 0 && taken >= count {
            break;
        }
        let mut text = bytes::decode(piece);
        if trim && text.ends_with(delimiter) {
            text.pop();
        }
        map.insert(at, text);
        at += 1;
        taken += 1;
    }
    sh.vars.entry(&name).content = Content::Indexed(map);
    Ok(0)
}
