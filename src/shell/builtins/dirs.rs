//! `cd`, `pwd`, `pushd`, `popd`, `dirs`.

use super::super::state::{R, Shell};
use super::Call;
use crate::host::Errno;
use crate::host::fs::{PERM_X, normalize};

impl Shell {
    /// Changes the directory; the message is without the name of the builtin.
    fn change(&mut self, to: &str, physical: bool) -> Result<(), String> {
        let joined = self.path(to);
        let mut new = normalize("/", &joined);
        {
            let w = self.world.borrow();
            let fs = &w.host.fs;
            let check = |p: &str| -> Result<(), Errno> {
                let (_, n) = fs.stat(&self.cred, p)?;
                if !n.is_dir() {
                    return Err(Errno::NotDir);
                }
                fs.access(&self.cred, p, PERM_X)
            };
            check(&joined)
                .or_else(|e| if joined == new { Err(e) } else { check(&new).map_err(|_| e) })
                .map_err(|e| format!("{to}: {e}"))?;
            if physical && let Some(real) = real_path(fs, &self.cred, &joined) {
                new = real;
            }
        }
        let old = std::mem::replace(&mut self.cwd, new.clone());
        self.set_pwd("OLDPWD", &old);
        self.set_pwd("PWD", &new);
        Ok(())
    }
    fn set_pwd(&mut self, name: &str, value: &str) {
        let v = self.vars.entry(name);
        if !v.readonly {
            v.content = super::super::vars::Content::Scalar(value.to_owned());
            v.exported = true;
        }
    }
    /// A path with the home directory as `~`.
    pub fn tilde_path(&self, p: &str) -> String {
        let home = self.home();
        match p.strip_prefix(home.trim_end_matches('/')) {
            Some(rest) if !home.is_empty() && home != "/" && (rest.is_empty() || rest.starts_with('/')) => {
                format!("~{rest}")
            }
            _ => p.to_owned(),
        }
    }
    fn show_dirs(&self) -> String {
        let mut all = vec![self.tilde_path(&self.cwd)];
        all.extend(self.dirs.iter().map(|d| self.tilde_path(d)));
        all.join(" ") + "\n"
    }
}

/// The path without symbolic links.
pub fn real_path(fs: &crate::host::Fs, cred: &crate::host::Cred, path: &str) -> Option<String> {
    let mut out = String::new();
    let mut todo: Vec<String> = path.split('/').rev().filter(|p| !p.is_empty()).map(str::to_owned).collect();
    let mut links = 0;
    while let Some(p) = todo.pop() {
        match p.as_str() {
            "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            p => {
                let next = format!("{out}/{p}");
                match fs.readlink(cred, &next) {
                    Ok(t) => {
                        links += 1;
                        if links > 40 {
                            return None;
                        }
                        if t.starts_with('/') {
                            out.clear();
                        }
                        todo.extend(t.split('/').rev().filter(|p| !p.is_empty()).map(str::to_owned));
                    }
                    Err(_) => out = next,
                }
            }
        }
    }
    Some(if out.is_empty() { "/".into() } else { out })
}

pub fn cd(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args();
    let mut physical = sh.option("physical");
    while let Some(a) = args.first() {
        match a.as_str() {
            "-P" | "-Pe" => physical = true,
            "-L" => physical = false,
            "-e" | "-@" => {}
            "--" => {
                args = &args[1..];
                break;
            }
            "-" => break,
            a if a.starts_with('-') => return sh.bad_option("cd", &a[..2.min(a.len())]),
            _ => break,
        }
        args = &args[1..];
    }
    if args.len() > 1 {
        sh.complain_as("cd", "too many arguments");
        return Ok(1);
    }
    let mut show = false;
    let to = match args.first().map(String::as_str) {
        None => match sh.value("HOME") {
            Some(h) => h,
            None => {
                sh.complain_as("cd", "HOME not set");
                return Ok(1);
            }
        },
        Some("-") => match sh.value("OLDPWD") {
            Some(o) => {
                show = true;
                o
            }
            None => {
                sh.complain_as("cd", "OLDPWD not set");
                return Ok(1);
            }
        },
        Some(d) => d.to_owned(),
    };
    if to.is_empty() {
        return Ok(0);
    }
    if let Some(cdpath) = sh.value("CDPATH").filter(|p| !p.is_empty())
        && !to.starts_with('/')
        && !to.starts_with('.')
    {
        for base in cdpath.split(':').filter(|b| !b.is_empty()) {
            let full = format!("{}/{to}", base.trim_end_matches('/'));
            if sh.world.borrow().host.fs.is_dir(&sh.path(&full)) && sh.change(&full, physical).is_ok() {
                let text = format!("{}\n", sh.cwd);
                return sh.say("cd", &text);
            }
        }
    }
    match sh.change(&to, physical) {
        Ok(()) if show => {
            let text = format!("{}\n", sh.cwd);
            sh.say("cd", &text)
        }
        Ok(()) => Ok(0),
        Err(m) => {
            sh.complain_as("cd", m);
            Ok(1)
        }
    }
}

pub fn pwd(sh: &mut Shell, c: Call<'_>) -> R {
    let mut physical = sh.option("physical");
    for a in c.args() {
        match a.as_str() {
            "-P" => physical = true,
            "-L" => physical = false,
            a if a.starts_with('-') && a.len() > 1 => return sh.bad_option("pwd", &a[..2]),
            _ => {}
        }
    }
    let mut p = sh.cwd.clone();
    if physical {
        let real = real_path(&sh.world.borrow().host.fs, &sh.cred, &p);
        p = real.unwrap_or(p);
    }
    sh.say("pwd", &format!("{p}\n"))
}

/// `+N` or `-N` as an index into the stack, the current directory being 0.
fn rotation(sh: &Shell, a: &str) -> Option<Result<usize, ()>> {
    let sign = a.chars().next().filter(|c| "+-".contains(*c))?;
    let n: usize = a[1..].parse().ok()?;
    let total = sh.dirs.len() + 1;
    if n >= total {
        return Some(Err(()));
    }
    Some(Ok(if sign == '+' { n } else { total - 1 - n }))
}

pub fn pushd(sh: &mut Shell, c: Call<'_>) -> R {
    let args: Vec<&String> = c.args().iter().filter(|a| *a != "-n" && *a != "--").collect();
    if args.len() > 1 {
        sh.complain_as("pushd", "too many arguments");
        return Ok(1);
    }
    let here = sh.cwd.clone();
    let Some(a) = args.first() else {
        if sh.dirs.is_empty() {
            sh.complain_as("pushd", "no other directory");
            return Ok(1);
        }
        let to = sh.dirs.remove(0);
        if let Err(m) = sh.change(&to, false) {
            sh.dirs.insert(0, to);
            sh.complain_as("pushd", m);
            return Ok(1);
        }
        sh.dirs.insert(0, here);
        let text = sh.show_dirs();
        return sh.say("pushd", &text);
    };
    match rotation(sh, a) {
        Some(Err(())) => {
            sh.complain_as("pushd", format!("{a}: directory stack index out of range"));
            return Ok(1);
        }
        Some(Ok(n)) => {
            let mut all = vec![here];
            all.append(&mut sh.dirs);
            all.rotate_left(n);
            let to = all.remove(0);
            sh.dirs = all;
            if let Err(m) = sh.change(&to, false) {
                sh.complain_as("pushd", m);
                return Ok(1);
            }
        }
        None => {
            if let Err(m) = sh.change(a, false) {
                sh.complain_as("pushd", m);
                return Ok(1);
            }
            sh.dirs.insert(0, here);
        }
    }
    let text = sh.show_dirs();
    sh.say("pushd", &text)
}

pub fn popd(sh: &mut Shell, c: Call<'_>) -> R {
    if sh.dirs.is_empty() {
        sh.complain_as("popd", "directory stack empty");
        return Ok(1);
    }
    match c.args().first().and_then(|a| rotation(sh, a).map(|r| (a, r))) {
        Some((a, Err(()))) => {
            sh.complain_as("popd", format!("{a}: directory stack index out of range"));
            return Ok(1);
        }
        Some((_, Ok(n))) if n > 0 => {
            sh.dirs.remove(n - 1);
        }
        _ => {
            let to = sh.dirs.remove(0);
            if let Err(m) = sh.change(&to, false) {
                sh.complain_as("popd", m);
                return Ok(1);
            }
        }
    }
    let text = sh.show_dirs();
    sh.say("popd", &text)
}

pub fn dirs(sh: &mut Shell, c: Call<'_>) -> R {
    let (mut long, mut lines, mut numbers) = (false, false, false);
    for a in c.args() {
        match rotation(sh, a) {
            Some(Ok(n)) => {
                let d = if n == 0 { sh.cwd.clone() } else { sh.dirs[n - 1].clone() };
                let text = format!("{}\n", sh.tilde_path(&d));
                return sh.say("dirs", &text);
            }
            Some(Err(())) => {
                let empty = sh.dirs.is_empty();
                let text = if empty {
                    "directory stack empty".into()
                } else {
                    format!("{a}: directory stack index out of range")
                };
                sh.complain_as("dirs", text);
                return Ok(1);
            }
            None => {}
        }
        for f in a.trim_start_matches('-').chars() {
            match f {
                'c' => {
                    sh.dirs.clear();
                    return Ok(0);
                }
                'l' => long = true,
                'p' => lines = true,
                'v' => numbers = true,
                _ => return sh.bad_option("dirs", a),
            }
        }
    }
    let mut all = vec![sh.cwd.clone()];
    all.extend(sh.dirs.iter().cloned());
    if !long {
        all = all.iter().map(|d| sh.tilde_path(d)).collect();
    }
    let text = if numbers {
        all.iter().enumerate().map(|(i, d)| format!("{i:2}  {d}\n")).collect()
    } else {
        all.join(if lines { "\n" } else { " " }) + "\n"
    };
    sh.say("dirs", &text)
}
