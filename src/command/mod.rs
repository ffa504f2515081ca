//! The simulated programs: one file a program, one registry.
//!
//! A family folder holds the programs of one kind and its own sorted slice of [`Program`]s; [`programs`] joins them. The
//! registry drives dispatch, completion, `--help` and `lab man`. A program sees only its [`Ctx`].

pub mod input;
pub mod io;
pub mod opt;

pub mod dovecot;
pub mod files;
pub mod mail;
pub mod net;
pub mod postfix;
pub mod start;
pub mod system;
pub mod text;

use crate::host::errno::Errno;
use crate::host::{Blob as FileBlob, fs};
use io::{Fd, Io, WorldRef};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;

/// A running program, to be polled.
pub type Running<'a> = Pin<Box<dyn Future<Output = i32> + 'a>>;

/// How a program is started.
pub type Start = for<'a> fn(&'a mut Ctx) -> Running<'a>;

/// A simulated program.
#[derive(Clone, Copy)]
pub struct Program {
    /// What is typed.
    pub name: &'static str,
    /// Where Debian has it.
    pub path: &'static str,
    /// One line for `lab man` and the help, as whatis(1) has it.
    pub summary: &'static str,
    /// Options and words that completion offers.
    pub words: &'static [&'static str],
    pub start: Start,
}

/// Makes a [`Program`] out of an `async fn(&mut Ctx) -> i32`.
#[macro_export]
macro_rules! program {
    ($name:literal, $path:literal, $summary:literal, $words:expr, $run:path) => {
        $crate::command::Program {
            name: $name,
            path: $path,
            summary: $summary,
            words: $words,
            start: |ctx| Box::pin($run(ctx)),
        }
    };
}

/// Starts other programs: given by the shell, so that xargs, timeout or find can.
pub trait Spawn {
    /// Runs `argv` with the descriptors, environment and directory of `ctx` and gives its exit status (127 with a message
    /// when there is no such program).
    fn spawn(&self, ctx: Ctx, argv: Vec<String>) -> Running<'_>;
    /// Runs a script text as `sh -c` does.
    fn shell(&self, ctx: Ctx, script: String, args: Vec<String>) -> Running<'_>;
    /// Runs bash itself with the arguments of `ctx` (`-c`, a script, or what standard input holds).
    fn bash(&self, _ctx: Ctx) -> Running<'_> {
        Box::pin(async { 127 })
    }
}

/// The word `lab`: given by `session`. Without it the word is unknown.
pub trait Trainer {
    fn run<'a>(&'a self, ctx: &'a mut Ctx) -> Running<'a>;
}

/// What one program run is given.
#[derive(Clone)]
pub struct Ctx {
    /// The name it was called by, then its arguments.
    pub args: Vec<String>,
    pub env: BTreeMap<String, String>,
    /// The working directory, absolute.
    pub cwd: String,
    pub umask: u32,
    pub io: Io,
    pub spawn: Rc<dyn Spawn>,
    pub trainer: Option<Rc<dyn Trainer>>,
    /// From whose network the program runs: `None` is the mail host, an address is that client's machine.
    pub vantage: Option<IpAddr>,
    /// The pid of this run.
    pub pid: u32,
    /// How many programs and shells stand around this one: bounded, as each takes native stack.
    pub depth: u32,
}

impl Ctx {
    pub fn world(&self) -> WorldRef {
        self.io.world.clone()
    }
    /// The name that it was called by, without folder.
    pub fn name(&self) -> String {
        self.args.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a)).to_owned()
    }
    /// A path as this program means it: joined to its directory, `.` and `..` kept for the file tree to walk.
    pub fn path(&self, p: &str) -> String {
        if p.starts_with('/') || p.is_empty() {
            p.to_owned()
        } else {
            format!("{}/{p}", self.cwd.trim_end_matches('/'))
        }
    }
    pub fn out(&self, text: impl AsRef<[u8]>) {
        let _ = self.io.write(1, text.as_ref());
    }
    pub fn err(&self, text: impl AsRef<[u8]>) {
        let _ = self.io.write(2, text.as_ref());
    }
    /// Writes `NAME: text` and a newline to standard error.
    pub fn complain(&self, text: impl AsRef<str>) {
        self.err(format!("{}: {}\n", self.name(), text.as_ref()));
    }
    /// Says in the trainer's voice that the model lacks something of this program; that costs no model time.
    pub fn unsimulated(&self, what: &str, see: &str) {
        self.io.kernel.free.set(true);
        self.err(unsimulated(what, see));
    }
    /// Reads a whole file with this program's rights.
    pub fn read_file(&self, path: &str) -> Result<FileBlob, Errno> {
        self.io.world.borrow().host.fs.read(&self.io.cred, &self.path(path))
    }
    pub fn stdin_is_terminal(&self) -> bool {
        self.io.is_terminal(0)
    }
    pub fn stdout_is_terminal(&self) -> bool {
        self.io.is_terminal(1)
    }
    /// Columns of the terminal.
    pub fn columns(&self) -> usize {
        usize::from(self.io.kernel.size.get().0.max(20))
    }
    /// A copy with other descriptors, for a child.
    pub fn with_fds(&self, fds: BTreeMap<u32, Fd>) -> Ctx {
        let mut c = self.clone();
        c.io = Io::new(self.io.kernel.clone(), self.io.world.clone(), self.io.cred.clone(), fds);
        c
    }
}

/// The trainer's words for what the model lacks.
pub fn unsimulated(what: &str, see: &str) -> String {
    let see = if see.is_empty() { String::new() } else { format!("; see: {see}") };
    format!("maillab: {what} is not simulated here{see}\n")
}

/// All programs, sorted by name.
pub fn programs() -> Vec<&'static Program> {
    let families = [
        dovecot::PROGRAMS,
        files::PROGRAMS,
        mail::PROGRAMS,
        net::PROGRAMS,
        postfix::PROGRAMS,
        start::PROGRAMS,
        system::PROGRAMS,
        text::PROGRAMS,
    ];
    let mut all: Vec<&'static Program> = families.into_iter().flatten().collect();
    all.sort_by_key(|p| p.name);
    all
}

/// The program of that name.
pub fn program(name: &str) -> Option<&'static Program> {
    programs().into_iter().find(|p| p.name == name)
}

/// The program that Debian keeps at that path; `/bin` and `/sbin` are links to `/usr`.
pub fn program_at(path: &str) -> Option<&'static Program> {
    let (dir, name) = path.rsplit_once('/')?;
    let merged = |d: &str| matches!(d, "/bin" | "/sbin").then(|| format!("/usr{d}")).unwrap_or_else(|| d.to_owned());
    program(name).filter(|p| p.path.rsplit_once('/').is_some_and(|(d, n)| n == name && merged(d) == merged(dir)))
}

/// Joins and cleans a path by text, for messages and completion.
pub fn absolute(cwd: &str, path: &str) -> String {
    fs::normalize(cwd, path)
}
