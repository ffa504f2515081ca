//! Simple commands: assignments, and finding and running what is named.

use super::ast::{Arg, Assign, Simple, Value};
use super::builtins::{self, Call};
use super::state::{Flow, MAX_DEPTH, Mode, R, Shell};
use super::vars::{Content, Var};
use super::{escape, unsimulated};
use crate::command::io::deep;
use crate::command::{self, Program};
use crate::host::Errno;
use crate::host::fs::{Kind, PERM_X};
use crate::host::process::Process;
use std::collections::BTreeMap;

/// What a command name stands for.
pub enum Found {
    /// A simulated program, and the path by which it was found.
    Program(&'static Program, String),
    /// A file of the host to run.
    File(String),
    /// A path that cannot be run: the message and the status.
    Broken(String, i32),
    Missing,
}

/// Restores variables that were set for one command only.
type Kept = Vec<(String, Option<Var>)>;

impl Shell {
    pub(super) async fn simple(&mut self, s: &Simple) -> R {
        self.line = s.line;
        self.step().await?;
        self.substituted = None;
        let keep = self.substitutes.len();
        let r = self.simple_inner(s).await;
        if self.substitutes.len() > keep {
            self.end_substitutes(keep).await;
        }
        r
    }
    async fn simple_inner(&mut self, s: &Simple) -> R {
        let mut argv: Vec<String> = Vec::new();
        let mut arrays: Vec<&Assign> = Vec::new();
        let mut declares = false;
        for a in &s.args {
            match a {
                Arg::Array(a) => {
                    arrays.push(a);
                    argv.push(a.name.clone());
                }
                Arg::Word(w) => {
                    if declares && let Some((name, value)) = assignment_word(w) {
                        let v = self.expand_assignment(&value).await?;
                        argv.push(format!("{name}{v}"));
                        continue;
                    }
                    let first = argv.is_empty();
                    self.expand_word(w, &mut argv).await?;
                    if first && !argv.is_empty() {
                        declares = matches!(argv[0].as_str(), "declare" | "typeset" | "local" | "export" | "readonly");
                    }
                }
            }
        }
        if argv.is_empty() {
            return self.assignments_only(s).await;
        }
        let saved = match self.redirect(&s.redirects).await? {
            Ok(saved) => saved,
            Err(status) => return Ok(status),
        };
        let permanent = argv[0] == "exec" && argv.len() == 1;
        let r = self.run_argv(s, argv, &arrays).await;
        if permanent && r == Ok(0) {
            return r;
        }
        self.restore(saved);
        r
    }
    async fn assignments_only(&mut self, s: &Simple) -> R {
        let mut failed = false;
        for a in &s.assigns {
            if self.option("xtrace") {
                let text = self.shown_assignment(a).await?;
                self.trace(&text).await;
            }
            if self.assignment(a).await?.is_err() {
                failed = true;
            }
        }
        if failed {
            return Err(Flow::Discard(1));
        }
        match self.redirect(&s.redirects).await? {
            Ok(saved) => self.restore(saved),
            Err(status) => return Ok(status),
        }
        Ok(self.substituted.unwrap_or(0))
    }
    async fn shown_assignment(&mut self, a: &Assign) -> R<String> {
        let op = if a.append { "+=" } else { "=" };
        Ok(match &a.value {
            Value::Scalar(w) => {
                let v = self.expand_assignment(w).await?;
                format!("{}{op}{}", a.name, if v.is_empty() { v } else { escape::trace(&v) })
            }
            Value::Array(items) => {
                let raw: Vec<String> = items.iter().map(|e| e.value.raw.to_string()).collect();
                format!("{}{op}({})", a.name, raw.join(" "))
            }
        })
    }
    /// One assignment. The inner error was said already.
    pub(super) async fn assignment(&mut self, a: &Assign) -> R<Result<(), ()>> {
        match &a.value {
            Value::Scalar(w) => {
                let v = self.expand_assignment(w).await?;
                let index = match &a.index {
                    Some(i) => Some(self.expand_subscript(&a.name, i).await?),
                    None => None,
                };
                if let Some(i) = &index
                    && i.is_empty()
                {
                    self.complain(format!("{}[]: bad array subscript", a.name));
                    return Ok(Err(()));
                }
                Ok(self.assign_to(&a.name, index.as_deref(), &v, a.append))
            }
            Value::Array(_) => self.assign_array(a).await,
        }
    }
    pub(super) async fn assign_array(&mut self, a: &Assign) -> R<Result<(), ()>> {
        let Value::Array(items) = &a.value else { return Ok(Ok(())) };
        let name = self.target(&a.name);
        let old = self.vars.get(&name).cloned().unwrap_or_default();
        if old.readonly {
            self.complain(format!("{name}: readonly variable"));
            return Ok(Err(()));
        }
        if let Content::Assoc(before) = &old.content {
            let mut new = if a.append { before.clone() } else { super::vars::Assoc::default() };
            let mut key: Option<String> = None;
            for e in items {
                match &e.index {
                    Some(i) => {
                        let k = self.expand_subscript(&name, i).await?;
                        let v = self.expand_assignment(&e.value).await?;
                        new.set(&k, v);
                    }
                    None => {
                        let mut words = Vec::new();
                        self.expand_word(&e.value, &mut words).await?;
                        for w in words {
                            match key.take() {
                                Some(k) => new.set(&k, w),
                                None => key = Some(w),
                            }
                        }
                    }
                }
            }
            if let Some(k) = key {
                new.set(&k, String::new());
            }
            self.vars.entry(&name).content = Content::Assoc(new);
            return Ok(Ok(()));
        }
        let mut new: BTreeMap<i64, String> = match (&old.content, a.append) {
            (Content::Indexed(m), true) => m.clone(),
            (Content::Scalar(s), true) => BTreeMap::from([(0, s.clone())]),
            _ => BTreeMap::new(),
        };
        let mut next = new.keys().next_back().map_or(0, |k| k + 1);
        for e in items {
            match &e.index {
                Some(i) => {
                    let text = self.expand_subscript(&name, i).await?;
                    let Ok(k) = self.subscript(&name, &text) else { return Ok(Err(())) };
                    let v = self.expand_assignment(&e.value).await?;
                    let v = if e.append { new.get(&k).cloned().unwrap_or_default() + &v } else { v };
                    new.insert(k, v);
                    next = k + 1;
                }
                None => {
                    let mut words = Vec::new();
                    self.expand_word(&e.value, &mut words).await?;
                    for mut w in words {
                        if old.integer {
                            w = self.arithmetic(&w).unwrap_or(0).to_string();
                        }
                        new.insert(next, w);
                        next += 1;
                    }
                }
            }
        }
        self.vars.entry(&name).content = Content::Indexed(new);
        Ok(Ok(()))
    }
    /// Sets the variables of `a=1 cmd`, exported, and remembers what they were.
    async fn temporary(&mut self, s: &Simple) -> R<Result<Kept, ()>> {
        let mut kept = Vec::new();
        for a in &s.assigns {
            if self.option("xtrace") {
                let text = self.shown_assignment(a).await?;
                self.trace(&text).await;
            }
            kept.push((a.name.clone(), self.vars.get(&a.name).cloned()));
            if self.assignment(a).await?.is_err() {
                self.put_back(kept);
                return Ok(Err(()));
            }
            self.vars.entry(&a.name).exported = true;
        }
        Ok(Ok(kept))
    }
    fn put_back(&mut self, kept: Kept) {
        for (name, var) in kept.into_iter().rev() {
            self.vars.put(&name, var);
        }
    }
    async fn run_argv(&mut self, s: &Simple, argv: Vec<String>, arrays: &[&Assign]) -> R {
        let Ok(kept) = self.temporary(s).await? else { return Ok(1) };
        if self.option("xtrace") {
            let words: Vec<String> = argv.iter().map(|w| escape::trace(w)).collect();
            self.trace(&words.join(" ")).await;
        }
        let last = argv.last().cloned().unwrap_or_default();
        let keep_env = argv[0] == "exec";
        let r = self.dispatch(argv, arrays, true).await;
        if !keep_env {
            self.put_back(kept);
        }
        self.last_argument = last;
        r
    }
    /// Runs a function (if `functions`), a builtin or a program.
    pub(super) async fn dispatch(&mut self, argv: Vec<String>, arrays: &[&Assign], functions: bool) -> R {
        let name = argv[0].clone();
        if functions && let Some(body) = self.functions.get(&name).cloned() {
            return Box::pin(self.call(&name, body, argv[1..].to_vec())).await;
        }
        if let Some(b) = builtins::find(&name) {
            let call = Call { argv: &argv, arrays };
            return (b.run)(self, call).await;
        }
        self.program(argv).await
    }
    /// Finds what a name stands for outside of the shell.
    pub fn find(&self, name: &str) -> Found {
        let w = self.world.borrow();
        let fs = &w.host.fs;
        let simulated = |path: &str| command::program_at(path);
        if name.contains('/') {
            let path = self.path(name);
            let node = fs.stat(&self.cred, &path);
            let plain = crate::host::fs::normalize("/", &path);
            let program = simulated(&plain);
            return match (node, program) {
                (Ok((_, n)), _) if n.is_dir() => {
                    let why = if self.mode == Mode::Posix { Errno::Acces } else { Errno::IsDir };
                    Found::Broken(format!("{name}: {why}"), 126)
                }
                (Ok((_, n)), p) => {
                    if fs.access(&self.cred, &path, PERM_X).is_err() {
                        return Found::Broken(format!("{name}: {}", Errno::Acces), 126);
                    }
                    match (&n.kind, p) {
                        (Kind::File(b), Some(p)) if !b.slice(0, 2).starts_with(b"#!") => Found::Program(p, path),
                        _ => Found::File(path),
                    }
                }
                (Err(Errno::NoEnt), Some(p)) => Found::Program(p, plain),
                (Err(Errno::NoEnt), None) => {
                    let base = plain.rsplit('/').next().unwrap_or("");
                    if unsimulated::hint(base).is_some() && unsimulated::is_bin(&plain) {
                        return Found::Missing;
                    }
                    if self.mode == Mode::Posix {
                        return Found::Missing;
                    }
                    Found::Broken(format!("{name}: {}", Errno::NoEnt), 127)
                }
                (Err(e), _) => Found::Broken(format!("{name}: {e}"), 126),
            };
        }
        let path = self.value("PATH").unwrap_or_default();
        let mut denied = None;
        for dir in path.split(':') {
            let dir = if dir.is_empty() { "." } else { dir };
            let full = self.path(&format!("{}/{name}", dir.trim_end_matches('/')));
            match fs.stat(&self.cred, &full) {
                Ok((_, n)) if !n.is_dir() => {
                    if fs.access(&self.cred, &full, PERM_X).is_err() {
                        denied.get_or_insert(full);
                        continue;
                    }
                    return match (simulated(&full), &n.kind) {
                        (Some(p), Kind::File(b)) if !b.slice(0, 2).starts_with(b"#!") => Found::Program(p, full),
                        _ => Found::File(full),
                    };
                }
                _ => {
                    if let Some(p) = simulated(&full) {
                        return Found::Program(p, full);
                    }
                }
            }
        }
        match denied {
            Some(p) => Found::Broken(format!("{p}: {}", Errno::Acces), 126),
            None => Found::Missing,
        }
    }
    /// Runs a program of the host.
    pub(super) async fn program(&mut self, argv: Vec<String>) -> R {
        let name = argv[0].clone();
        if let (Some(t), "lab") = (self.trainer.clone(), name.as_str()) {
            self.kernel.free.set(true);
            let mut ctx = self.ctx(argv, self.pid);
            let k = self.kernel.clone();
            return k.unless_interrupted(self.background, t.run(&mut ctx)).await.ok_or(Flow::Interrupt);
        }
        if name.is_empty() {
            self.complain(": command not found");
            return Ok(127);
        }
        match self.find(&name) {
            Found::Program(p, path) => {
                if !name.contains('/') {
                    self.hashed.entry(name.clone()).or_insert((path, 0)).1 += 1;
                }
                self.start(p, argv).await
            }
            Found::File(path) => self.run_file(&path, argv).await,
            Found::Broken(message, status) => {
                self.complain(message);
                Ok(status)
            }
            Found::Missing => {
                let base = name.rsplit('/').next().unwrap_or("");
                if let Some(body) = self.functions.get("command_not_found_handle").cloned() {
                    return Box::pin(self.call("command_not_found_handle", body, argv)).await;
                }
                match unsimulated::hint(base) {
                    Some(hint) => {
                        self.kernel.free.set(true);
                        let _ = self.write(2, &unsimulated::message(base, hint));
                    }
                    None if self.value("PATH").is_none() => self.complain(format!("{name}: {}", Errno::NoEnt)),
                    None => {
                        let what = if self.mode == Mode::Posix { "not found" } else { "command not found" };
                        self.complain(format!("{name}: {what}"));
                    }
                }
                Ok(127)
            }
        }
    }
    /// Starts a simulated program and waits for its end.
    async fn start(&mut self, p: &'static Program, argv: Vec<String>) -> R {
        if self.depth >= MAX_DEPTH {
            self.complain("fork: retry: Resource temporarily unavailable");
            return Ok(254);
        }
        self.kernel.charge(50);
        let guard = self.enter(p.name, &argv);
        let mut ctx = self.ctx(argv, guard.pid);
        ctx.depth = self.depth + 1;
        let k = self.kernel.clone();
        let r = k.unless_interrupted(self.background, deep((p.start)(&mut ctx))).await;
        drop(guard);
        match r {
            None => Err(Flow::Interrupt),
            Some(0..=1) if ctx.io.is_broken() => Ok(141),
            Some(s) => Ok(s & 255),
        }
    }
    /// Puts a running program into the process table until it ends.
    fn enter(&self, comm: &str, argv: &[String]) -> Running {
        let mut w = self.world.borrow_mut();
        let started = w.now();
        let on_terminal = self.kernel.interactive.get();
        let pid = w.host.procs.spawn(Process {
            pid: 0,
            ppid: self.pid,
            uid: self.cred.uid,
            comm: comm.to_owned(),
            args: argv.join(" "),
            started,
            tty: if on_terminal { "pts/0" } else { "?" }.into(),
            stat: if self.background { "S" } else { "R+" }.into(),
            vsz: 7_000,
            rss: 3_200,
            unit: "".into(),
            role: String::new(),
        });
        drop(w);
        Running { world: self.world.clone(), pid }
    }
    /// Runs a file: by its `#!` line, or as a shell script.
    async fn run_file(&mut self, path: &str, argv: Vec<String>) -> R {
        let data = self.world.borrow().host.fs.read(&self.cred, path);
        let text = match data {
            Ok(b) => super::bytes::decode(&b.bytes()),
            Err(e) => {
                self.complain(format!("{}: {e}", argv[0]));
                return Ok(126);
            }
        };
        if self.depth >= MAX_DEPTH {
            self.complain("fork: retry: Resource temporarily unavailable");
            return Ok(254);
        }
        let mut line = vec!["bash".to_owned()];
        if let Some(rest) = text.strip_prefix("#!") {
            let shebang = rest.lines().next().unwrap_or("").trim();
            let (program, option) =
                shebang.split_once(char::is_whitespace).map_or((shebang, ""), |(p, o)| (p, o.trim()));
            let base = program.rsplit('/').next().unwrap_or("");
            let inner = if base == "env" { option.split_whitespace().next().unwrap_or("") } else { base };
            if !self.world.borrow().host.fs.exists(program) && command::program_at(program).is_none() {
                self.complain(format!("{}: {program}: bad interpreter: {}", argv[0], Errno::NoEnt));
                return Ok(126);
            }
            line = vec![program.to_owned()];
            if !option.is_empty() {
                line.push(option.to_owned());
            }
            if !matches!(inner, "sh" | "bash" | "dash") {
                line.push(path.to_owned());
                line.extend_from_slice(&argv[1..]);
                return Box::pin(self.program(line)).await;
            }
            line = vec![inner.to_owned()];
            if base != "env" && !option.is_empty() {
                line.push(option.to_owned());
            }
        } else if text.starts_with("\u{7f}ELF") || text.contains('\u{fffd}') {
            self.complain(format!("{}: cannot execute binary file: {}", argv[0], Errno::NoExec));
            return Ok(126);
        }
        line.push(if argv[0].contains('/') { argv[0].clone() } else { path.to_owned() });
        line.extend_from_slice(&argv[1..]);
        let guard = self.enter(path.rsplit('/').next().unwrap_or("bash"), &line);
        let mut ctx = self.ctx(line, guard.pid);
        ctx.depth = self.depth + 1;
        let (k, spawn) = (self.kernel.clone(), self.spawn.clone());
        let r = k.unless_interrupted(self.background, spawn.bash(ctx)).await;
        r.ok_or(Flow::Interrupt)
    }
}

/// A process that leaves the table when its program ends, however that is.
struct Running {
    world: crate::command::io::WorldRef,
    pid: u32,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(mut w) = self.world.try_borrow_mut() {
            w.host.procs.remove(self.pid);
        }
    }
}

/// `name=`, `name+=` at the front of a word, and the rest of it.
fn assignment_word(w: &super::ast::Word) -> Option<(String, super::ast::Word)> {
    let super::ast::Part::Lit(first) = w.parts.first()? else { return None };
    let (name, rest) = first.split_once('=')?;
    let bare = name.strip_suffix('+').unwrap_or(name);
    let bare = bare.split_once('[').map_or(bare, |(n, _)| n);
    if !super::vars::is_name(bare) {
        return None;
    }
    let mut parts = w.parts.clone();
    parts[0] = super::ast::Part::Lit(rest.to_owned());
    if rest.is_empty() {
        parts.remove(0);
    }
    Some((format!("{name}="), super::ast::Word { parts, raw: w.raw.clone() }))
}
