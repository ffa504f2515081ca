//! `type`, `alias`, `unalias`, `hash`: what a name stands for.

use super::super::simple::Found;
use super::super::state::{R, Shell};
use super::super::{escape, print};
use super::{BUILTINS, Call, find};

const KEYWORDS: &[&str] = &[
    "if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until", "do", "done", "in",
    "function", "time", "{", "}", "!", "[[", "]]", "coproc",
];

impl Shell {
    fn file_of(&self, name: &str) -> Option<String> {
        match self.find(name) {
            Found::Program(_, p) | Found::File(p) => Some(if name.contains('/') { name.to_owned() } else { p }),
            _ => None,
        }
    }
    /// `command -v`.
    pub(super) fn describe_short(&self, name: &str) -> Option<String> {
        if let Some(v) = self.aliases.get(name).filter(|_| self.is_shopt("expand_aliases")) {
            return Some(format!("alias {name}={}\n", escape::single(v)));
        }
        if KEYWORDS.contains(&name) || self.functions.contains_key(name) || find(name).is_some() {
            return Some(format!("{name}\n"));
        }
        self.file_of(name).map(|p| format!("{p}\n"))
    }
    /// `type`.
    pub(super) fn describe(&self, name: &str) -> Option<String> {
        if let Some(v) = self.aliases.get(name).filter(|_| self.is_shopt("expand_aliases")) {
            return Some(format!("{name} is aliased to `{v}'\n"));
        }
        if KEYWORDS.contains(&name) {
            return Some(format!("{name} is a shell keyword\n"));
        }
        if let Some(f) = self.functions.get(name) {
            return Some(format!("{name} is a function\n{}", print::function(name, f)));
        }
        if find(name).is_some() {
            return Some(format!("{name} is a shell builtin\n"));
        }
        if let Some((p, _)) = self.hashed.get(name) {
            return Some(format!("{name} is hashed ({p})\n"));
        }
        self.file_of(name).map(|p| format!("{name} is {p}\n"))
    }
    fn kind(&self, name: &str) -> Option<&'static str> {
        if self.aliases.contains_key(name) && self.is_shopt("expand_aliases") {
            Some("alias")
        } else if KEYWORDS.contains(&name) {
            Some("keyword")
        } else if self.functions.contains_key(name) {
            Some("function")
        } else if find(name).is_some() {
            Some("builtin")
        } else {
            self.file_of(name).map(|_| "file")
        }
    }
    /// Names that can be typed as a command: for completion.
    pub fn command_names(&self) -> Vec<String> {
        let mut all: Vec<String> = BUILTINS.iter().map(|b| b.name.to_owned()).collect();
        all.extend(KEYWORDS.iter().map(|k| (*k).to_owned()));
        all.extend(self.aliases.keys().cloned());
        all.extend(self.functions.keys().cloned());
        all.extend(crate::command::programs().iter().map(|p| p.name.to_owned()));
        all.sort();
        all.dedup();
        all
    }
}

pub fn type_(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args();
    let (mut word, mut path, mut all, mut force) = (false, false, false, false);
    while let Some(a) = args.first().filter(|a| a.starts_with('-') && a.len() > 1) {
        args = &args[1..];
        for f in a[1..].chars() {
            match f {
                't' => word = true,
                'p' => path = true,
                'P' => {
                    path = true;
                    force = true;
                }
                'a' => all = true,
                'f' | '-' => {}
                f => return sh.bad_option("type", &format!("-{f}")),
            }
        }
    }
    let mut status = 0;
    for name in args {
        let text = if word {
            sh.kind(name).map(|k| format!("{k}\n"))
        } else if path {
            match sh.kind(name) {
                Some("file") => sh.file_of(name).map(|p| format!("{p}\n")),
                Some(_) if force => sh.file_of(name).map(|p| format!("{p}\n")),
                Some(_) => Some(String::new()),
                None => None,
            }
        } else if all {
            let mut t = sh.describe(name).unwrap_or_default();
            if sh.kind(name) != Some("file")
                && let Some(p) = sh.file_of(name)
            {
                t.push_str(&format!("{name} is {p}\n"));
                let twin = p.strip_prefix("/usr").filter(|t| t.starts_with("/bin/") || t.starts_with("/sbin/"));
                if let Some(twin) = twin {
                    t.push_str(&format!("{name} is {twin}\n"));
                }
            }
            (!t.is_empty()).then_some(t)
        } else {
            sh.describe(name)
        };
        match text {
            Some(t) => {
                sh.say("type", &t)?;
            }
            None => {
                status = 1;
                if !word && !path {
                    sh.complain_as("type", format!("{name}: not found"));
                }
            }
        }
    }
    Ok(status)
}

pub fn alias(sh: &mut Shell, c: Call<'_>) -> R {
    let args: Vec<&String> = c.args().iter().filter(|a| *a != "-p" && *a != "--").collect();
    let show = |n: &str, v: &str| format!("alias {n}={}\n", escape::single(v));
    if args.is_empty() {
        let text: String = sh.aliases.iter().map(|(n, v)| show(n, v)).collect();
        return sh.say("alias", &text);
    }
    let mut status = 0;
    for a in args {
        match a.split_once('=') {
            Some((n, v)) if !n.is_empty() => {
                if n.contains(['/', '$', '`', ' ', '\'', '"', '\\', '(', ')', '<', '>', '|', '&', ';']) {
                    sh.complain_as("alias", format!("`{n}': invalid alias name"));
                    status = 1;
                } else {
                    sh.aliases.insert(n.to_owned(), v.to_owned());
                }
            }
            _ => match sh.aliases.get(a) {
                Some(v) => {
                    let text = show(a, v);
                    sh.say("alias", &text)?;
                }
                None => {
                    sh.complain_as("alias", format!("{a}: not found"));
                    status = 1;
                }
            },
        }
    }
    Ok(status)
}

pub fn unalias(sh: &mut Shell, c: Call<'_>) -> R {
    if c.args().is_empty() {
        sh.usage("unalias");
        return Ok(2);
    }
    let mut status = 0;
    for a in c.args() {
        if a == "-a" {
            sh.aliases.clear();
        } else if sh.aliases.remove(a).is_none() {
            sh.complain_as("unalias", format!("{a}: not found"));
            status = 1;
        }
    }
    Ok(status)
}

pub fn hash(sh: &mut Shell, c: Call<'_>) -> R {
    let args = c.args();
    match args.first().map(String::as_str) {
        None => {
            if sh.hashed.is_empty() {
                return sh.say("hash", "hash: hash table empty\n");
            }
            let rows: String = sh.hashed.values().map(|(p, n)| format!("{n:4}\t{p}\n")).collect();
            return sh.say("hash", &format!("hits\tcommand\n{rows}"));
        }
        Some("-r") => sh.hashed.clear(),
        Some("-d") => {
            for a in &args[1..] {
                sh.hashed.remove(a);
            }
        }
        Some("-l") => {
            let rows: String = sh.hashed.iter().map(|(n, (p, _))| format!("builtin hash -p {p} {n}\n")).collect();
            return sh.say("hash", &rows);
        }
        Some("-t") => {
            for a in &args[1..] {
                match sh.hashed.get(a).map(|(p, _)| p.clone()).or_else(|| sh.file_of(a)) {
                    Some(p) => {
                        sh.say("hash", &format!("{p}\n"))?;
                    }
                    None => {
                        sh.complain_as("hash", format!("{a}: not found"));
                        return Ok(1);
                    }
                }
            }
        }
        _ => {
            let mut status = 0;
            for a in args {
                match sh.file_of(a) {
                    Some(p) => {
                        sh.hashed.insert(a.clone(), (p, 0));
                    }
                    None if find(a).is_some() || sh.functions.contains_key(a) => {}
                    None => {
                        sh.complain_as("hash", format!("{a}: not found"));
                        status = 1;
                    }
                }
            }
            return Ok(status);
        }
    }
    Ok(0)
}
