//! Runs a syntax tree: lists, pipelines, compound commands.

use super::ast::{AndOr, Command, Compound, Connector, Item, List, Pipeline};
use super::parse::{ParseError, Parser, Settings};
use super::print;
use super::state::{Flow, Job, MAX_DEPTH, Mode, R, Shell};
use super::vars::Content;
use crate::command::io::{Fd, Wait, deep, pipe};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

type Later<'a> = Pin<Box<dyn Future<Output = R> + 'a>>;

/// No more background jobs and pipeline stages than this at once.
const MAX_JOBS: usize = 200;

impl Shell {
    pub fn settings(&self) -> Settings {
        Settings {
            aliases: if self.is_shopt("expand_aliases") { self.aliases.clone() } else { BTreeMap::new() },
            extglob: self.is_shopt("extglob"),
        }
    }
    pub(super) fn check_interrupt(&self) -> R<()> {
        let k = &self.kernel;
        if k.killed.get() || k.interrupted.get() && !self.background { Err(Flow::Interrupt) } else { Ok(()) }
    }
    /// Runs a whole text: reads a command, runs it, reads the next. The exit status of the last.
    pub fn run_text<'a>(&'a mut self, text: &'a str, top: &'a str) -> Later<'a> {
        Box::pin(async move {
            let mut p = Parser::script(text, self.settings());
            let mut warned = 0;
            loop {
                let read = p.next_command();
                for (word, from, line) in p.unended.split_off(warned) {
                    let place = if self.mode == Mode::Interactive { String::new() } else { format!("line {line}: ") };
                    let m = format!(
                        "{}: {place}warning: here-document at line {from} delimited by end-of-file (wanted `{word}')\n",
                        self.name
                    );
                    let _ = self.write(2, &m);
                }
                warned = 0;
                match read {
                    Ok(None) => return Ok(self.status),
                    Ok(Some(list)) => {
                        if self.option("verbose") {
                            let _ = self.write(2, &format!("{}\n", text.trim_end_matches('\n')));
                        }
                        if self.option("noexec") && self.mode != Mode::Interactive {
                            continue;
                        }
                        match self.list(&list).await {
                            Ok(s) => self.status = s,
                            Err(Flow::Discard(s)) => {
                                self.status = s;
                                if self.mode != Mode::Script {
                                    return if top == "-c" { Err(Flow::Exit(s)) } else { Err(Flow::Discard(s)) };
                                }
                            }
                            Err(other) => return Err(other),
                        }
                        p.settings = self.settings();
                    }
                    Err(e) => {
                        self.syntax_error(&e, top);
                        self.status = match e {
                            ParseError::Other { .. } if self.mode != Mode::Interactive => 0,
                            _ if p.in_array => 1,
                            _ => 2,
                        };
                        return if self.mode == Mode::Interactive || top == "source" || top == "eval" {
                            Ok(self.status)
                        } else {
                            Err(Flow::Exit(self.status))
                        };
                    }
                }
            }
        })
    }
    /// Says what the parser found.
    pub fn syntax_error(&self, e: &ParseError, top: &str) {
        let place = if self.mode == Mode::Interactive && top != "source" {
            format!("{}: ", self.name)
        } else {
            let top = if top == "-c" || top == "eval" { format!("{top}: ") } else { String::new() };
            format!("{}: {top}line {}: ", self.name, e.line())
        };
        let messages = e.messages();
        // bash finds fault with `[[ ]]` and says nothing.
        let shown = if self.mode == Mode::Interactive { 1 } else { messages.len() };
        for m in messages.iter().take(shown) {
            let _ = self.write(2, &format!("{place}{m}\n"));
        }
    }
    /// Runs commands to the end of this (sub)shell: the exit status, exit traps run.
    pub fn run_subshell(mut self, list: Rc<List>) -> Pin<Box<dyn Future<Output = i32>>> {
        Box::pin(async move {
            if self.depth > MAX_DEPTH {
                self.complain("fork: retry: Resource temporarily unavailable");
                return 254;
            }
            let r = deep(self.list(&list)).await;
            self.leave(r).await
        })
    }
    /// The exit status that an end of the shell means; runs the EXIT trap.
    pub async fn leave(&mut self, r: R) -> i32 {
        let status = match r {
            Ok(s) | Err(Flow::Exit(s) | Flow::Return(s) | Flow::Discard(s)) => s,
            Err(Flow::Break(_) | Flow::Continue(_)) => self.status,
            Err(Flow::Interrupt) => return 130,
        };
        self.status = status;
        if let Some(action) = self.traps.remove("EXIT").filter(|a| !a.is_empty() && !self.trapping) {
            self.trapping = true;
            if let Err(Flow::Exit(s)) = self.run_trap(&action).await {
                return s;
            }
        }
        status
    }
    pub fn list<'a>(&'a mut self, list: &'a List) -> Later<'a> {
        Box::pin(async move {
            let mut status = 0;
            for item in list {
                if self.option("noexec") && self.mode != Mode::Interactive {
                    break;
                }
                status = if item.background { self.background_job(item)? } else { self.and_or(&item.and_or).await? };
                self.status = status;
            }
            Ok(status)
        })
    }
    fn background_job(&mut self, item: &Item) -> R {
        if self.kernel.background.borrow().len() >= MAX_JOBS || self.depth > MAX_DEPTH {
            self.complain("fork: retry: Resource temporarily unavailable");
            return Err(Flow::Discard(254));
        }
        let mut sub = self.subshell();
        sub.background = true;
        if !self.fds.get(&0).is_some_and(Fd::is_terminal) || !self.option("monitor") {
            sub.fds.insert(0, Fd::Null);
        }
        let pid = self.world.borrow_mut().host.procs.burn();
        sub.pid = self.pid;
        let and_or = item.and_or.clone();
        let kernel = self.kernel.clone();
        let run = async move {
            let first = kernel.yield_now();
            first.await;
            let r = sub.and_or(&and_or).await;
            sub.leave(r).await
        };
        self.kernel.background.borrow_mut().push((pid, Box::pin(run)));
        self.last_background = Some(pid);
        let id = self.jobs.iter().map(|j| j.id).max().unwrap_or(0) + 1;
        self.jobs.push(Job { id, pid, text: print::and_or(&item.and_or), status: None });
        if self.interactive() {
            let _ = self.write(2, &format!("[{id}] {pid}\n"));
        }
        Ok(0)
    }
    async fn and_or(&mut self, a: &AndOr) -> R {
        if !a.rest.is_empty() {
            self.lenient += 1;
        }
        let mut status = self.pipeline(&a.first).await;
        let n = a.rest.len();
        for (i, (op, p)) in a.rest.iter().enumerate() {
            if status.is_err() {
                break;
            }
            if i + 1 == n {
                self.lenient -= 1;
            }
            let s = status.unwrap_or(0);
            self.status = s;
            if (*op == Connector::And) == (s == 0) {
                status = self.pipeline(p).await;
            }
            if i + 1 == n {
                self.lenient += 1;
            }
        }
        if !a.rest.is_empty() {
            self.lenient -= 1;
        }
        status
    }
    async fn pipeline(&mut self, p: &Pipeline) -> R {
        let begun = self.world.borrow().now();
        if p.bang {
            self.lenient += 1;
        }
        let r = match &p.stages[..] {
            [] => Ok(0),
            [one] => {
                let r = self.command(one).await;
                let piped = matches!(&**one, Command::Simple(_)) || !matches!(&**one, Command::Compound { .. });
                if let (Ok(s), true) = (&r, piped) {
                    self.pipestatus(&[*s]);
                }
                r
            }
            stages => self.pipe(stages).await,
        };
        if p.bang {
            self.lenient -= 1;
        }
        if let Some(posix) = p.time {
            self.times(begun, posix);
        }
        let s = r?;
        if p.bang {
            return Ok(i32::from(s == 0));
        }
        let compound = matches!(&p.stages[..], [c] if matches!(&**c, Command::Compound { body, .. } if !matches!(body, Compound::Subshell(_) | Compound::Arith(_) | Compound::Test(_))));
        if s != 0 && self.lenient == 0 && !compound {
            self.failed(s).await?;
        }
        Ok(s)
    }
    /// Runs the action of a trap; one that sets itself off again ends at the limit of nesting.
    pub(super) async fn run_trap(&mut self, action: &str) -> R {
        if self.depth >= MAX_DEPTH {
            return Ok(self.status);
        }
        self.depth += 1;
        let r = deep(self.run_text(action, "trap")).await;
        self.depth -= 1;
        r
    }
    /// What a command that failed sets off: the ERR trap, `set -e`.
    async fn failed(&mut self, s: i32) -> R<()> {
        self.status = s;
        if let Some(action) = self.traps.get("ERR").cloned().filter(|a| !a.is_empty() && !self.trapping) {
            self.trapping = true;
            let r = self.run_trap(&action).await;
            self.trapping = false;
            self.status = s;
            r?;
        }
        if self.option("errexit") {
            return Err(Flow::Exit(s));
        }
        Ok(())
    }
    fn times(&self, begun: crate::base::Time, posix: bool) {
        let real = (self.world.borrow().now() - begun).as_secs_f64() + 0.003;
        let text = if posix {
            format!("real {real:.2}\nuser 0.00\nsys 0.00\n")
        } else {
            let line = |name: &str, s: f64| format!("{name}\t{}m{:.3}s\n", (s / 60.0).floor(), s % 60.0);
            format!("\n{}{}{}", line("real", real), line("user", 0.001), line("sys", 0.002))
        };
        let _ = self.write(2, &text);
    }
    pub(super) fn pipestatus(&mut self, all: &[i32]) {
        let map = all.iter().enumerate().map(|(i, s)| (i as i64, s.to_string())).collect();
        self.vars.entry("PIPESTATUS").content = Content::Indexed(map);
    }
    async fn pipe(&mut self, stages: &[Rc<Command>]) -> R {
        if self.depth > MAX_DEPTH {
            self.complain("fork: retry: Resource temporarily unavailable");
            return Err(Flow::Discard(254));
        }
        let n = stages.len();
        let mut futures: Vec<Stage> = Vec::with_capacity(n);
        let mut input: Option<Fd> = None;
        let lastpipe = self.is_shopt("lastpipe") && !self.interactive();
        let mut last_input = None;
        for (i, c) in stages.iter().enumerate() {
            let mut out = None;
            let mut sub = self.subshell();
            if let Some(fd) = input.take() {
                sub.fds.insert(0, fd);
            }
            if i + 1 < n {
                let (r, w) = pipe();
                input = Some(Fd::PipeRead(r));
                out = Some(w.weak());
                sub.fds.insert(1, Fd::PipeWrite(w));
            } else if lastpipe {
                last_input = sub.fds.remove(&0);
                continue;
            }
            let c = c.clone();
            let run = async move {
                let r = deep(sub.command(&c)).await;
                sub.leave(r).await
            };
            futures.push(Stage { run: Some(Box::pin(run)), status: 0, out });
        }
        let kernel = self.kernel.clone();
        let mut statuses;
        if let Some(fd) = last_input {
            let old = self.fds.insert(0, fd);
            let last = stages[n - 1].clone();
            let mut main: Later<'_> = Box::pin(self.command(&last));
            let mut done = None;
            poll_fn(|cx| {
                let open = poll_stages(&mut futures, &kernel, cx);
                if done.is_none()
                    && let Poll::Ready(r) = main.as_mut().poll(cx)
                {
                    done = Some(r);
                }
                if open || done.is_none() { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
            drop(main);
            match old {
                Some(f) => self.fds.insert(0, f),
                None => self.fds.remove(&0),
            };
            statuses = futures.iter().map(|s| s.status).collect::<Vec<_>>();
            statuses.push(done.unwrap_or(Ok(0))?);
        } else {
            poll_fn(|cx| if poll_stages(&mut futures, &kernel, cx) { Poll::Pending } else { Poll::Ready(()) }).await;
            statuses = futures.iter().map(|s| s.status).collect();
        }
        drop(futures);
        self.check_interrupt()?;
        self.pipestatus(&statuses);
        let last = statuses.last().copied().unwrap_or(0);
        if self.option("pipefail") {
            return Ok(statuses.iter().rev().find(|s| **s != 0).copied().unwrap_or(0));
        }
        Ok(last)
    }
    pub fn command<'a>(&'a mut self, c: &'a Command) -> Later<'a> {
        Box::pin(async move {
            match c {
                Command::Simple(s) => self.simple(s).await,
                Command::Function { name, body, line } => {
                    self.line = *line;
                    if self.functions.get(name).is_some_and(|_| self.vars.get(&format!("BASH_FUNC_{name}")).is_some()) {
                        self.complain(format!("{name}: readonly function"));
                        return Ok(1);
                    }
                    self.functions.insert(name.clone(), body.clone());
                    Ok(0)
                }
                Command::Compound { body, redirects, line } => {
                    self.line = *line;
                    if redirects.is_empty() {
                        return deep(self.compound(body)).await;
                    }
                    let keep = self.substitutes.len();
                    let r = match self.redirect(redirects).await? {
                        Ok(saved) => {
                            let r = deep(self.compound(body)).await;
                            self.restore(saved);
                            r
                        }
                        Err(status) => Ok(status),
                    };
                    self.end_substitutes(keep).await;
                    r
                }
            }
        })
    }
    /// Calls a function.
    pub async fn call(&mut self, name: &str, body: Rc<Command>, args: Vec<String>) -> R {
        if self.depth >= MAX_DEPTH {
            self.complain(format!("{name}: maximum function nesting level exceeded ({MAX_DEPTH})"));
            return Err(Flow::Discard(1));
        }
        let outer = std::mem::replace(&mut self.args, args);
        let loops = std::mem::take(&mut self.loops);
        self.calls.push(name.to_owned());
        self.vars.push_frame();
        self.depth += 1;
        let r = deep(self.command(&body)).await;
        self.depth -= 1;
        self.vars.pop_frame();
        self.calls.pop();
        self.args = outer;
        self.loops = loops;
        let r = match r {
            Err(Flow::Return(s)) => Ok(s),
            r => r,
        };
        if let Some(action) = self.traps.get("RETURN").cloned().filter(|_| self.calls.is_empty()) {
            self.run_trap(&action).await?;
        }
        r
    }
    /// A line of `set -x`.
    pub(super) async fn trace(&mut self, text: &str) {
        let ps4 = self.value("PS4").unwrap_or_default();
        let mut prompt = ps4.clone();
        if ps4.contains('$')
            && let Ok(w) = Parser::whole_quoted(&ps4)
        {
            let on = self.options.insert("xtrace", false);
            if let Ok(t) = self.expand_whole(&w).await {
                prompt = t;
            }
            self.options.insert("xtrace", on.unwrap_or(true));
        }
        let first: String = prompt.chars().take(1).collect();
        let deeper = first.repeat(self.subshells.min(20) as usize);
        let _ = self.write(2, &format!("{deeper}{prompt}{text}\n"));
    }
}

/// A program of a pipeline.
struct Stage {
    run: Option<Pin<Box<dyn Future<Output = i32>>>>,
    status: i32,
    out: Option<crate::command::io::WeakWrite>,
}

/// Polls the stages in order; true while one is still running.
fn poll_stages(stages: &mut [Stage], kernel: &crate::command::io::Kernel, cx: &mut std::task::Context<'_>) -> bool {
    let mut open = false;
    let mut following = false;
    for s in stages {
        let Some(f) = s.run.as_mut() else { continue };
        let before = kernel.waits.borrow().len();
        if let Poll::Ready(status) = f.as_mut().poll(cx) {
            s.status = status;
            s.run = None;
            kernel.moved();
            continue;
        }
        // A program that only follows notices that its reader is gone, and so do those that it feeds.
        let quiet = kernel.waits.borrow().get(before..).is_none_or(|new| {
            following |= new.contains(&Wait::Follow);
            new.iter().all(|w| matches!(w, Wait::Follow | Wait::Pipe))
        });
        if following && quiet && s.out.as_ref().is_some_and(crate::command::io::WeakWrite::is_broken) {
            s.status = 141;
            s.run = None;
            kernel.waits.borrow_mut().truncate(before);
            kernel.moved();
            continue;
        }
        open = true;
    }
    open
}
