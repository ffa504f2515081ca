//! A world and its shell: input to output, suspended programs, transcript. Knows no lab.
//!
//! Programs are futures with no waker: [`Machine`] polls the running one, and the background ones behind it, as long as
//! anything moves. When nothing does, it looks at what they wait for ([`Wait`]): the model clock (moved to the earliest
//! timer), the user (the answer says so and the future is kept), or time in step with the user's.

pub mod recorded;
mod run;
pub mod testing;

use crate::base::Span;
use crate::command::io::{Answer, Fd, Io, Kernel, Screen, Stream, WorldRef};
use crate::command::{Ctx, Trainer};
use crate::host::fs::Cred;
use crate::shell::spawn::Spawner;
use crate::shell::{Flow, Mode, Shell};
use crate::sim::{Surroundings, World};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;

/// What a machine takes.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// A line typed, without its newline.
    Line(String),
    /// Ctrl-D.
    Eof,
    /// Ctrl-C.
    Interrupt,
    /// That much real time went by while a program follows.
    Tick(Span),
    /// The text that the editor saved; `None`: left without saving. Ends a pager, too.
    Saved(Option<String>),
    /// Columns and rows.
    Resize(u16, u16),
}

/// What the machine waits for after an input.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// A command line, with this prompt.
    Prompt(String),
    /// The rest of an incomplete command line (`> `).
    Continue(String),
    /// A program reads the terminal.
    Reading,
    /// A program follows; send ticks.
    Following,
    /// An editor or a pager is up.
    Screen(Screen),
    /// The shell has ended (`exit`, end of file).
    Exited,
}

/// The answer to one input.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub chunks: Vec<(Stream, Vec<u8>)>,
    pub state: State,
}

impl Output {
    /// Everything shown, as text.
    pub fn text(&self) -> String {
        self.chunks.iter().map(|(_, b)| String::from_utf8_lossy(b)).collect()
    }
}

/// What a run without a terminal gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub code: i32,
}

/// How [`Machine::capture`] runs a line.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// Standard input.
    pub stdin: Vec<u8>,
    /// Run as this client's machine.
    pub vantage: Option<IpAddr>,
    /// Aliases are expanded, as at a prompt.
    pub aliases: bool,
    /// Environment and directory.
    pub place: Surroundings,
}

/// The steps that one input may take before it counts as endless.
const BUDGET: u64 = 400_000;

type Pending = Pin<Box<dyn Future<Output = (Box<Shell>, Result<i32, Flow>)>>>;

/// The state at a prompt, from which another machine can go on.
#[derive(Clone)]
pub struct Snapshot {
    world: World,
    shell: Shell,
    lines: u64,
    size: (u16, u16),
    interactive: bool,
}

pub struct Machine {
    world: WorldRef,
    kernel: Rc<Kernel>,
    /// The shell, while nothing runs.
    shell: Option<Box<Shell>>,
    pending: Option<Pending>,
    state: State,
    /// Lines of an incomplete command.
    typed: String,
    /// How many command lines there were: keys the time each costs.
    lines: u64,
    /// Timers that were jumped to since the last input.
    jumps: u32,
    /// Whether a command line costs some seconds of model time.
    pub costs: bool,
}

impl Machine {
    /// A root login on the host, at a terminal of 80×24.
    pub fn new(world: World) -> Machine {
        Machine::with_trainer(world, None)
    }
    /// The same, with somebody who answers to `lab`.
    pub fn with_trainer(mut world: World, trainer: Option<Rc<dyn Trainer>>) -> Machine {
        world.exec = Some(exec);
        let world: WorldRef = Rc::new(RefCell::new(world));
        let kernel = Rc::new(Kernel::default());
        kernel.size.set((80, 24));
        kernel.interactive.set(true);
        kernel.budget.set(BUDGET);
        let fds = BTreeMap::from([
            (0, Fd::Terminal(Stream::Out)),
            (1, Fd::Terminal(Stream::Out)),
            (2, Fd::Terminal(Stream::Err)),
        ]);
        let pid = login(&world);
        let mut ctx = context(&world, &kernel, Cred::root(), fds, pid);
        ctx.trainer = trainer;
        ctx.env.insert("TERM".into(), "xterm-256color".into());
        let mut shell = Shell::from_ctx(&ctx, Mode::Interactive);
        if let Some(v) = shell.vars.get_mut("SHLVL") {
            v.content = crate::shell::vars::Content::Scalar("1".into());
        }
        let mut m = Machine {
            world,
            kernel,
            shell: Some(Box::new(shell)),
            pending: None,
            state: State::Exited,
            typed: String::new(),
            lines: 0,
            jumps: 0,
            costs: true,
        };
        m.start_up();
        m.state = m.prompt();
        m
    }
    /// Reads ~/.bashrc, silently.
    fn start_up(&mut self) {
        let text = self.world.borrow().host.fs.read_text("/root/.bashrc").unwrap_or_default();
        if text.trim().is_empty() {
            return;
        }
        if let Some(shell) = self.shell.take() {
            self.pending = Some(Box::pin(async move {
                let mut shell = shell;
                let r = shell.run_text(&text, "source").await;
                (shell, r)
            }));
            let _ = self.drive();
            if self.shell.is_none() {
                self.kernel.interrupted.set(true);
                let _ = self.drive();
                self.kernel.interrupted.set(false);
            }
            let _ = self.kernel.take_output();
            if let Some(s) = self.shell.as_mut() {
                s.status = 0;
            }
        }
    }
    /// The world, shared with the programs that run in it.
    pub fn world(&self) -> WorldRef {
        self.world.clone()
    }
    pub fn state(&self) -> &State {
        &self.state
    }
    /// `$?`, while nothing runs.
    pub fn status(&self) -> Option<i32> {
        self.shell.as_ref().map(|s| s.status)
    }
    /// Whether the user sits at a terminal: editors refuse otherwise.
    pub fn set_interactive(&mut self, yes: bool) {
        self.kernel.interactive.set(yes);
    }
    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        self.kernel.size.get()
    }
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.kernel.size.set((columns, rows));
    }
    /// Gives or takes away who answers to `lab`.
    pub fn set_trainer(&mut self, trainer: Option<Rc<dyn Trainer>>) {
        if let Some(s) = self.shell.as_mut() {
            s.trainer = trainer;
        }
    }
    /// The state at this prompt; `None` while a program runs.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let shell = self.shell.as_ref()?;
        Some(Snapshot {
            world: self.world.borrow().clone(),
            shell: (**shell).clone(),
            lines: self.lines,
            size: self.kernel.size.get(),
            interactive: self.kernel.interactive.get(),
        })
    }
    /// A machine that goes on from a snapshot. Background jobs are not part of one.
    pub fn from_snapshot(s: Snapshot) -> Machine {
        let world: WorldRef = Rc::new(RefCell::new(s.world));
        let kernel = Rc::new(Kernel::default());
        kernel.size.set(s.size);
        kernel.interactive.set(s.interactive);
        kernel.budget.set(BUDGET);
        let mut shell = s.shell;
        shell.world = world.clone();
        shell.kernel = kernel.clone();
        shell.jobs.clear();
        let mut m = Machine {
            world,
            kernel,
            shell: Some(Box::new(shell)),
            pending: None,
            state: State::Exited,
            typed: String::new(),
            lines: s.lines,
            jumps: 0,
            costs: true,
        };
        m.state = m.prompt();
        m
    }
    /// Completes the word that ends at byte `pos`: where it begins, and what could stand there.
    pub fn complete(&self, line: &str, pos: usize) -> (usize, Vec<String>) {
        match (&self.shell, &self.state) {
            (Some(s), State::Prompt(_) | State::Continue(_)) => s.complete(line, pos),
            _ => (pos, Vec::new()),
        }
    }
    /// The lines typed so far, oldest first.
    pub fn history(&self) -> Vec<String> {
        self.shell.as_ref().map(|s| s.history.clone()).unwrap_or_default()
    }
    fn prompt(&mut self) -> State {
        match self.shell.as_mut() {
            Some(s) => {
                let notices = s.notices();
                if !notices.is_empty() {
                    self.kernel.show(Stream::Err, notices.as_bytes());
                }
                State::Prompt(s.prompt(false))
            }
            None => State::Exited,
        }
    }
    /// Takes one input and gives what is shown until something else is needed.
    pub fn input(&mut self, input: Input) -> Output {
        self.kernel.budget.set(BUDGET);
        self.kernel.killed.set(false);
        self.jumps = 0;
        self.take(input);
        Output { chunks: self.kernel.take_output(), state: self.state.clone() }
    }
    fn take(&mut self, input: Input) {
        if self.state == State::Exited {
            return;
        }
        match input {
            Input::Resize(c, r) => self.resize(c, r),
            Input::Line(l) => self.line(l),
            Input::Eof => self.eof(),
            Input::Interrupt => self.interrupt(),
            Input::Tick(span) => {
                self.world.borrow_mut().pass(span);
                self.kernel.ticks.set(self.kernel.ticks.get() + 1);
                if self.pending.is_some() {
                    self.state = self.drive();
                } else {
                    self.poll_background();
                }
            }
            Input::Saved(text) => {
                if matches!(self.state, State::Screen(_)) {
                    self.kernel.answers.borrow_mut().push_back(Answer::Saved(text));
                    self.state = self.drive();
                }
            }
        }
    }
    fn line(&mut self, line: String) {
        match self.state {
            State::Following | State::Screen(_) => {
                // In a script, a program that follows ends at the next line.
                self.interrupt();
                if matches!(self.state, State::Prompt(_)) {
                    self.line(line);
                }
            }
            State::Reading => self.answer(&line),
            _ if self.pending.is_some() => self.answer(&line),
            _ => self.command(&line),
        }
    }
    /// A line for the program that reads the terminal.
    fn answer(&mut self, line: &str) {
        self.charge();
        self.kernel.answers.borrow_mut().push_back(Answer::Line(format!("{line}\n")));
        self.state = self.drive();
    }
    /// Lets the time pass that typing takes.
    fn charge(&mut self) {
        self.lines += 1;
        if self.costs {
            let span = self.world.borrow().host.jitter("prompt", &self.lines.to_string(), 1_000_000, 4_000_000);
            self.world.borrow_mut().pass(span);
        }
    }
    fn command(&mut self, line: &str) {
        let Some(shell) = self.shell.as_mut() else { return };
        let mut line = line.to_owned();
        match shell.history_expand(&line) {
            Ok(Some(new)) => {
                self.kernel.show(Stream::Out, format!("{new}\n").as_bytes());
                line = new;
            }
            Ok(None) => {}
            Err(m) => {
                self.kernel.show(Stream::Err, format!("bash: {m}\n").as_bytes());
                return;
            }
        }
        self.typed.push_str(&line);
        self.typed.push('\n');
        if self.typed.len() < 1 << 20 && shell.is_incomplete(&self.typed) {
            self.state = State::Continue(shell.prompt(true));
            return;
        }
        let text = std::mem::take(&mut self.typed);
        self.run_typed(text);
    }
    fn run_typed(&mut self, text: String) {
        let Some(mut shell) = self.shell.take() else { return };
        if text.trim().is_empty() {
            self.shell = Some(shell);
            self.state = self.prompt();
            return;
        }
        shell.remember(&crate::shell::one_line(text.trim_end_matches('\n')));
        self.kernel.free.set(false);
        self.lines += 1;
        self.pending = Some(Box::pin(async move {
            let r = shell.run_text(&text, "").await;
            (shell, r)
        }));
        self.state = self.drive();
        if self.costs && !self.kernel.free.get() {
            let span = self.world.borrow().host.jitter("prompt", &self.lines.to_string(), 1_000_000, 4_000_000);
            self.world.borrow_mut().pass(span);
            self.poll_background();
        }
    }
    fn eof(&mut self) {
        if self.pending.is_some() {
            self.kernel.answers.borrow_mut().push_back(Answer::Eof);
            self.state = self.drive();
            return;
        }
        if !self.typed.is_empty() {
            let text = std::mem::take(&mut self.typed);
            self.run_typed(text);
            return;
        }
        self.kernel.show(Stream::Out, b"exit\n");
        self.state = State::Exited;
    }
    fn interrupt(&mut self) {
        if self.pending.is_none() {
            self.typed.clear();
            if let Some(s) = self.shell.as_mut() {
                s.status = 130;
            }
            self.kernel.show(Stream::Out, b"^C\n");
            self.state = self.prompt();
            return;
        }
        self.kernel.show(Stream::Out, b"^C\n");
        self.kernel.answers.borrow_mut().clear();
        if self.kernel.catching.get() > 0 {
            self.kernel.caught.set(true);
            self.state = self.drive();
            self.kernel.caught.set(false);
            return;
        }
        self.kernel.interrupted.set(true);
        self.state = self.drive();
        self.kernel.interrupted.set(false);
    }
    /// Runs a line as `bash -c` does, without a terminal: the shell at the prompt does not see it.
    pub fn run_captured(&mut self, line: &str) -> (Vec<u8>, Vec<u8>, i32) {
        let c = self.capture(line, &Capture::default());
        (c.stdout, c.stderr, c.code)
    }
    /// As [`Machine::run_captured`], with more to say about it.
    pub fn capture(&mut self, line: &str, how: &Capture) -> Captured {
        run::captured(&self.world, Cred::root(), line, how, self.kernel.size.get())
    }
    /// Runs a line in a clone of the shell at the prompt, without a terminal; nothing of the shell's state changes.
    pub fn fds_of_capture() -> BTreeMap<u32, Fd> {
        run::memory(&[]).0
    }
}

/// Starts the processes of a login: the shell's pid.
fn login(world: &WorldRef) -> u32 {
    let mut w = world.borrow_mut();
    let started = w.now();
    w.host.procs.spawn(crate::host::Process {
        pid: 0,
        ppid: 1,
        uid: 0,
        comm: "bash".into(),
        args: "-bash".into(),
        started,
        tty: "pts/0".into(),
        stat: "Ss".into(),
        vsz: 7_196,
        rss: 4_012,
        unit: "session-1.scope".into(),
        role: String::new(),
    })
}

/// The context of a login shell of a user.
fn context(world: &WorldRef, kernel: &Rc<Kernel>, cred: Cred, fds: BTreeMap<u32, Fd>, pid: u32) -> Ctx {
    let user = world.borrow().host.user_by_uid(cred.uid);
    let (name, home, shell) = match user {
        Some(u) => (u.name.clone(), u.home.clone(), u.shell.clone()),
        None if cred.uid == 0 => ("root".into(), "/root".into(), "/bin/bash".into()),
        None => (cred.uid.to_string(), "/".into(), "/bin/sh".into()),
    };
    let path = if cred.uid == 0 {
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    } else {
        "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
    };
    let env = [
        ("HOME", home.as_str()),
        ("LANG", "C.UTF-8"),
        ("LOGNAME", &name),
        ("PATH", path),
        ("SHELL", &shell),
        ("USER", &name),
    ];
    let cwd = if world.borrow().host.fs.is_dir(&home) { home.clone() } else { "/".into() };
    Ctx {
        args: vec!["bash".into()],
        env: env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        cwd,
        umask: 0o022,
        io: Io::new(kernel.clone(), world.clone(), cred, fds),
        spawn: Spawner::shared(),
        trainer: None,
        vantage: None,
        pid,
        depth: 0,
    }
}

/// Runs a command line on a world as a delivery agent does: as a user, with the message on its standard input. Status and
/// output, standard error mixed in.
pub fn exec(world: &mut World, cred: &Cred, line: &str, input: &[u8], place: &Surroundings) -> (i32, Vec<u8>) {
    let empty = World::new(crate::host::Host::new("", "", world.now(), world.host.chance));
    let shared: WorldRef = Rc::new(RefCell::new(std::mem::replace(world, empty)));
    let how = Capture { stdin: input.to_vec(), place: place.clone(), ..Capture::default() };
    let mut done = run::captured(&shared, cred.clone(), line, &how, (80, 24));
    std::mem::swap(world, &mut shared.borrow_mut());
    done.stdout.append(&mut done.stderr);
    (done.code, done.stdout)
}

/// Bytes in memory as a descriptor shares them.
type Shared = Rc<RefCell<VecDeque<u8>>>;
