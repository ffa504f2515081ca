//! What a shell remembers between lines. A plain value: cloning it is what a subshell is.

use super::ast::Command;
use super::escape;
pub use super::switches::{OPTIONS, SHOPTS};
use super::vars::{Content, Var, Vars};
use crate::base::Time;
use crate::command::io::{Fd, Io, Kernel, WorldRef};
use crate::command::{Ctx, Spawn, Trainer};
use crate::host::fs::Cred;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

/// Why a run of commands stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    Break(u32),
    Continue(u32),
    Return(i32),
    Exit(i32),
    /// Ctrl-C.
    Interrupt,
    /// An error in an expansion: the rest of the line is dropped.
    Discard(i32),
}

/// An exit status, or why the run stopped.
pub type R<T = i32> = Result<T, Flow>;

/// How the shell was started: it decides how an error names its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// At a prompt: `bash: `.
    Interactive,
    /// `bash -c`: `bash: line N: `.
    Command,
    /// A script: `NAME: line N: `.
    Script,
    /// `sh -c`, which is dash: `sh: N: `, and other words for what is missing.
    Posix,
}

/// A background job.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: u32,
    pub pid: u32,
    pub text: String,
    pub status: Option<i32>,
}

#[derive(Clone)]
pub struct Shell {
    pub vars: Vars,
    pub functions: BTreeMap<String, Rc<Command>>,
    pub aliases: BTreeMap<String, String>,
    /// Names of `set -o` that are on.
    pub options: BTreeMap<&'static str, bool>,
    pub shopt: BTreeMap<&'static str, bool>,
    pub args: Vec<String>,
    pub arg0: String,
    pub cwd: String,
    pub umask: u32,
    pub status: i32,
    pub last_background: Option<u32>,
    pub last_argument: String,
    pub pid: u32,
    pub traps: BTreeMap<String, String>,
    pub dirs: Vec<String>,
    pub history: Vec<String>,
    pub jobs: Vec<Job>,
    pub hashed: BTreeMap<String, (String, u32)>,
    pub fds: BTreeMap<u32, Fd>,
    pub cred: Cred,
    pub kernel: Rc<Kernel>,
    pub world: WorldRef,
    pub spawn: Rc<dyn Spawn>,
    pub trainer: Option<Rc<dyn Trainer>>,
    pub vantage: Option<IpAddr>,
    pub mode: Mode,
    /// `bash`, or the name of the script: what errors begin with.
    pub name: String,
    pub line: u32,
    /// Names of the running functions.
    pub calls: Vec<String>,
    pub sourced: u32,
    pub loops: u32,
    /// Nesting of everything that recurses.
    pub depth: u32,
    /// In a condition: `set -e` does not act.
    pub lenient: u32,
    pub subshells: u32,
    pub background: bool,
    /// Exit status of the last command substitution.
    pub substituted: Option<i32>,
    pub getopts: (String, usize),
    pub random: u64,
    pub started: Time,
    /// Files that stand for `<( )` and `>( )`: what must run when the command ends.
    pub substitutes: Vec<super::expand::Substitute>,
    /// The EXIT trap is running.
    pub trapping: bool,
}

/// What nests deeper than this is cut off.
pub const MAX_DEPTH: u32 = 250;

/// No value is longer than this.
const MAX_VALUE: usize = 1 << 20;

impl Shell {
    /// A shell in the place of a program: its environment, directory and descriptors.
    pub fn from_ctx(ctx: &Ctx, mode: Mode) -> Shell {
        let mut vars = Vars::default();
        for (k, v) in &ctx.env {
            if super::vars::is_name(k) {
                *vars.entry(k) = Var { exported: true, ..Var::scalar(v) };
            }
        }
        let level = ctx.env.get("SHLVL").and_then(|l| l.parse::<i64>().ok()).unwrap_or(0) + 1;
        *vars.entry("SHLVL") = Var { exported: true, ..Var::scalar(&level.to_string()) };
        *vars.entry("PWD") = Var { exported: true, ..Var::scalar(&ctx.cwd) };
        *vars.entry("IFS") = Var::scalar(" \t\n");
        *vars.entry("OPTIND") = Var::scalar("1");
        *vars.entry("PS4") = Var::scalar("+ ");
        if !vars.iter().any(|(k, _)| k == "PATH") {
            *vars.entry("PATH") = Var::scalar("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        }
        let host = ctx.io.world.borrow().host.name.clone();
        for (k, v) in [
            ("BASH", "/usr/bin/bash"),
            ("BASH_VERSION", "5.2.15(1)-release"),
            ("HOSTNAME", &host),
            ("HOSTTYPE", "x86_64"),
            ("MACHTYPE", "x86_64-pc-linux-gnu"),
            ("OSTYPE", "linux-gnu"),
        ] {
            if !ctx.env.contains_key(k) {
                *vars.entry(k) = Var::scalar(v);
            }
        }
        let version = ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"];
        vars.entry("BASH_VERSINFO").content =
            super::vars::Content::Indexed((0..).zip(version.map(str::to_owned)).collect());
        let interactive = mode == Mode::Interactive;
        let mut options: BTreeMap<&'static str, bool> = OPTIONS.iter().map(|(n, _)| (*n, false)).collect();
        for n in ["braceexpand", "hashall", "interactive-comments"] {
            options.insert(n, true);
        }
        let mut shopt: BTreeMap<&'static str, bool> = SHOPTS.iter().copied().collect();
        if interactive {
            for n in ["emacs", "histexpand", "history", "monitor"] {
                options.insert(n, true);
            }
            shopt.insert("expand_aliases", true);
            *vars.entry("PS1") = Var::scalar("\\u@\\h:\\w\\$ ");
            *vars.entry("PS2") = Var::scalar("> ");
        }
        let started = ctx.io.world.borrow().now();
        Shell {
            vars,
            functions: BTreeMap::new(),
            aliases: BTreeMap::new(),
            options,
            shopt,
            args: Vec::new(),
            arg0: "bash".into(),
            cwd: ctx.cwd.clone(),
            umask: ctx.umask,
            status: 0,
            last_background: None,
            last_argument: String::new(),
            pid: ctx.pid,
            traps: BTreeMap::new(),
            dirs: Vec::new(),
            history: Vec::new(),
            jobs: Vec::new(),
            hashed: BTreeMap::new(),
            fds: ctx.io.fds.clone(),
            cred: ctx.io.cred.clone(),
            kernel: ctx.io.kernel.clone(),
            world: ctx.io.world.clone(),
            spawn: ctx.spawn.clone(),
            trainer: ctx.trainer.clone(),
            vantage: ctx.vantage,
            name: if mode == Mode::Posix { "sh" } else { "bash" }.into(),
            mode,
            line: 0,
            calls: Vec::new(),
            sourced: 0,
            loops: 0,
            depth: ctx.depth,
            lenient: 0,
            subshells: 0,
            background: false,
            substituted: None,
            getopts: (String::new(), 0),
            random: 0,
            started,
            substitutes: Vec::new(),
            trapping: false,
        }
    }
    /// A copy that runs as a subshell.
    pub fn subshell(&self) -> Shell {
        self.kernel.charge(30);
        let mut s = self.clone();
        s.subshells += 1;
        s.depth += 1;
        s.substitutes.clear();
        s.traps.retain(|_, action| action.is_empty());
        s.jobs.clear();
        s.loops = 0;
        s
    }
    pub fn option(&self, name: &str) -> bool {
        self.options.get(name).copied().unwrap_or(false)
    }
    pub fn is_shopt(&self, name: &str) -> bool {
        self.shopt.get(name).copied().unwrap_or(false)
    }
    pub fn interactive(&self) -> bool {
        self.mode == Mode::Interactive && self.subshells == 0
    }
    pub fn io(&self) -> Io {
        Io::new(self.kernel.clone(), self.world.clone(), self.cred.clone(), self.fds.clone())
    }
    /// What a program run by this shell is given.
    pub fn ctx(&self, argv: Vec<String>, pid: u32) -> Ctx {
        Ctx {
            args: argv,
            env: self.vars.environment(),
            cwd: self.cwd.clone(),
            umask: self.umask,
            io: self.io(),
            spawn: self.spawn.clone(),
            trainer: self.trainer.clone(),
            vantage: self.vantage,
            pid,
            depth: self.depth,
        }
    }
    /// Writes to standard output; false when nobody reads it.
    pub fn out(&self, text: &str) -> bool {
        self.write(1, text).is_ok()
    }
    pub fn write(&self, fd: u32, text: &str) -> Result<(), crate::host::Errno> {
        if text.is_empty() {
            return Ok(());
        }
        self.io().write(fd, &super::bytes::encode(text))
    }
    /// What an error begins with.
    pub fn prefix(&self) -> String {
        match self.mode {
            Mode::Interactive => format!("{}: ", self.name),
            Mode::Posix => format!("{}: {}: ", self.name, self.line.max(1)),
            _ => format!("{}: line {}: ", self.name, self.line.max(1)),
        }
    }
    /// Writes an error of the shell.
    pub fn complain(&self, text: impl AsRef<str>) {
        let _ = self.write(2, &format!("{}{}\n", self.prefix(), text.as_ref()));
    }
    /// A variable's value, for the shell's own use.
    pub fn value(&self, name: &str) -> Option<String> {
        self.vars.get(name).and_then(Var::value).map(str::to_owned)
    }
    pub fn home(&self) -> String {
        self.value("HOME").unwrap_or_else(|| {
            self.world.borrow().host.user_by_uid(self.cred.uid).map_or_else(|| "/".into(), |u| u.home.clone())
        })
    }
    /// A path as the shell means it.
    pub fn path(&self, p: &str) -> String {
        if p.starts_with('/') || p.is_empty() {
            p.to_owned()
        } else {
            format!("{}/{p}", self.cwd.trim_end_matches('/'))
        }
    }
    /// Follows name references.
    pub fn target(&self, name: &str) -> String {
        let mut name = name.to_owned();
        for _ in 0..8 {
            match self.vars.get(&name) {
                Some(v) if v.nameref => match v.value() {
                    Some(t) if !t.is_empty() => name = t.to_owned(),
                    _ => break,
                },
                _ => break,
            }
        }
        name
    }
    /// Assigns a scalar (or element 0). `Err` when it cannot be changed; said already.
    pub fn assign(&mut self, name: &str, value: &str) -> Result<(), ()> {
        self.assign_to(name, None, value, false)
    }
    /// Assigns to a variable or an element, with the variable's attributes.
    pub fn assign_to(&mut self, name: &str, index: Option<&str>, value: &str, append: bool) -> Result<(), ()> {
        let target = self.target(name);
        let (name, index) = match target.split_once('[') {
            Some((n, i)) if index.is_none() => (n.to_owned(), Some(i.trim_end_matches(']').to_owned())),
            _ => (target.clone(), index.map(str::to_owned)),
        };
        let old = self.vars.get(&name).cloned().unwrap_or_default();
        if old.readonly {
            self.complain(format!("{name}: readonly variable"));
            return Err(());
        }
        let mut value = value.to_owned();
        let key = match (&old.content, &index) {
            (Content::Assoc(_), Some(i)) => Some(i.clone()),
            (_, Some(i)) => Some(self.subscript(&name, i)?.to_string()),
            (Content::Indexed(_) | Content::Assoc(_), None) => Some("0".into()),
            _ => None,
        };
        let before = match (&old.content, &key) {
            (Content::Indexed(a), Some(k)) => k.parse().ok().and_then(|k: i64| a.get(&k).cloned()),
            (Content::Assoc(a), Some(k)) => a.get(k).map(str::to_owned),
            (Content::Scalar(s), None) => Some(s.clone()),
            _ => None,
        };
        if old.integer {
            let text =
                if append { format!("{}+({value})", before.clone().unwrap_or_else(|| "0".into())) } else { value };
            match self.arithmetic(&text) {
                Ok(v) => value = v.to_string(),
                Err(e) => {
                    self.complain(e);
                    return Err(());
                }
            }
        } else if append {
            value = before.unwrap_or_default() + &value;
        }
        if value.len() > MAX_VALUE {
            self.complain(format!("xrealloc: cannot allocate {} bytes", value.len()));
            return Err(());
        }
        self.kernel.charge(value.len() as u64 / 256);
        match old.case {
            Some('l') => value = value.to_lowercase(),
            Some('u') => value = value.to_uppercase(),
            _ => {}
        }
        let export_all = self.option("allexport");
        let var = self.vars.entry(&name);
        if export_all {
            var.exported = true;
        }
        match key {
            None => var.content = Content::Scalar(value),
            Some(k) => match &mut var.content {
                Content::Assoc(a) => a.set(&k, value),
                c => {
                    if !matches!(c, Content::Indexed(_)) {
                        let first = match std::mem::replace(c, Content::Unset) {
                            Content::Scalar(s) => BTreeMap::from([(0, s)]),
                            _ => BTreeMap::new(),
                        };
                        *c = Content::Indexed(first);
                    }
                    if let Content::Indexed(a) = c {
                        a.insert(k.parse().unwrap_or(0), value);
                    }
                }
            },
        }
        if name == "OPTIND" {
            self.getopts = (String::new(), 0);
        }
        Ok(())
    }
    /// The index that a subscript means; negative ones count from the end.
    pub fn subscript(&mut self, name: &str, text: &str) -> Result<i64, ()> {
        let i = match self.arithmetic(text) {
            Ok(i) => i,
            Err(e) => {
                self.complain(e);
                return Err(());
            }
        };
        if i >= 0 {
            return Ok(i);
        }
        let next = match self.vars.get(name).map(|v| &v.content) {
            Some(Content::Indexed(a)) => a.keys().next_back().map_or(0, |k| k + 1),
            _ => 0,
        };
        if next + i < 0 {
            self.complain(format!("{name}[{text}]: bad array subscript"));
            return Err(());
        }
        Ok(next + i)
    }
    pub fn arithmetic(&mut self, text: &str) -> Result<i64, String> {
        super::arith::evaluate(text, self)
    }
    /// `declare -p` of one variable.
    pub fn declaration(name: &str, v: &Var) -> String {
        match &v.content {
            Content::Unset => format!("declare {} {name}", v.flags()),
            Content::Scalar(s) => format!("declare {} {name}={}", v.flags(), escape::double(s)),
            Content::Indexed(a) => {
                let items: Vec<String> = a.iter().map(|(k, v)| format!("[{k}]={}", escape::double(v))).collect();
                format!("declare {} {name}=({})", v.flags(), items.join(" "))
            }
            Content::Assoc(a) => {
                let items: String = a
                    .entries()
                    .iter()
                    .map(|(k, v)| {
                        format!(
                            "[{}]={} ",
                            if k.contains([' ', '"']) { escape::double(k) } else { (*k).to_owned() },
                            escape::double(v)
                        )
                    })
                    .collect();
                format!("declare {} {name}=({items})", v.flags())
            }
        }
    }
    /// The letters of `$-`.
    pub fn flags(&self) -> String {
        let mut f: String = OPTIONS
            .iter()
            .filter(|(n, c)| *c != ' ' && self.option(n))
            .map(|(_, c)| *c)
            .collect::<Vec<_>>()
            .into_iter()
            .collect();
        let mut chars: Vec<char> = f.chars().collect();
        chars.sort_by_key(|c| (c.is_ascii_uppercase(), *c));
        f = chars.into_iter().collect();
        match self.mode {
            Mode::Interactive => {
                let at = f.chars().position(|c| c > 'i').unwrap_or(f.len());
                f.insert(at, 'i');
            }
            Mode::Command => f.push('c'),
            Mode::Script | Mode::Posix => {}
        }
        f
    }
}

impl super::arith::Names for Shell {
    fn get(&mut self, name: &str, index: Option<&str>) -> Result<String, String> {
        let name = self.target(name);
        let v = match index {
            None => self.dynamic(&name).or_else(|| self.value(&name)),
            Some(i) => self.element(&name, i),
        };
        if v.is_none() && self.option("nounset") {
            return Err(format!("{name}: unbound variable"));
        }
        Ok(v.unwrap_or_default())
    }
    fn set(&mut self, name: &str, index: Option<&str>, value: i64) -> Result<(), String> {
        if self.vars.get(name).is_some_and(|v| v.readonly) {
            return Err(format!("{name}: readonly variable"));
        }
        self.assign_to(name, index, &value.to_string(), false).map_err(|()| String::new())
    }
}

impl Shell {
    /// The value of one element.
    pub fn element(&mut self, name: &str, index: &str) -> Option<String> {
        if name == "FUNCNAME" {
            let i = self.subscript(name, index).ok()?;
            return self.calls.iter().rev().nth(usize::try_from(i).ok()?).cloned();
        }
        match self.vars.get(name).map(|v| v.content.clone())? {
            Content::Assoc(a) => a.get(index).map(str::to_owned),
            Content::Indexed(a) => {
                let i = self.subscript(name, index).ok()?;
                a.get(&i).cloned()
            }
            Content::Scalar(s) => (self.subscript(name, index).ok()? == 0).then_some(s),
            Content::Unset => None,
        }
    }
    /// Variables that the shell makes when they are asked for.
    pub fn dynamic(&mut self, name: &str) -> Option<String> {
        let now = self.world.borrow().now();
        Some(match name {
            "RANDOM" => {
                self.random += 1;
                let chance = self.world.borrow().host.chance;
                chance.between("shell.random", &format!("{}.{}", self.pid, self.random), 0, 32767).to_string()
            }
            "SRANDOM" => {
                self.random += 1;
                let chance = self.world.borrow().host.chance;
                chance.between("shell.srandom", &self.random.to_string(), 0, i64::from(u32::MAX)).to_string()
            }
            "SECONDS" => (now.secs() - self.started.secs()).to_string(),
            "EPOCHSECONDS" => now.secs().to_string(),
            "EPOCHREALTIME" => format!("{}.{:06}", now.secs(), now.subsec_micros()),
            "LINENO" => self.line.to_string(),
            "BASHPID" => (self.pid + self.subshells).to_string(),
            "BASH_SUBSHELL" => self.subshells.to_string(),
            "PPID" => self.pid.saturating_sub(1).to_string(),
            "UID" | "EUID" => self.cred.uid.to_string(),
            "GROUPS" => self.cred.gid.to_string(),
            "SHELLOPTS" => {
                OPTIONS.iter().filter(|(n, _)| self.option(n)).map(|(n, _)| *n).collect::<Vec<_>>().join(":")
            }
            "FUNCNAME" => self.calls.last().cloned()?,
            "COLUMNS" => self.kernel.size.get().0.to_string(),
            "LINES" => self.kernel.size.get().1.to_string(),
            "DIRSTACK" => self.cwd.clone(),
            "_" => self.last_argument.clone(),
            _ => return None,
        })
    }
}
