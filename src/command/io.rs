//! What a running program sees of the world outside itself: descriptors, the terminal, waiting.
//!
//! Programs are futures polled by one loop ([`crate::machine`]), with no runtime and no waker: every poll notes what it
//! waits for in [`Kernel::waits`], and the loop acts on that (moves the clock, asks the user, or gives up).

use crate::base::{Span, Time};
use crate::host::errno::Errno;
use crate::host::fs::{Cred, Ino, Kind};
use crate::sim::World;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

/// The world as programs share it.
pub type WorldRef = Rc<RefCell<World>>;

/// What a suspended program waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// The model clock.
    Timer(Time),
    /// A line, end of file or interrupt from the terminal.
    Terminal,
    /// Time that passes in step with the user's (tail -f, watch).
    Follow,
    /// The editor or pager in front of the user.
    Screen(Screen),
    /// Another program of the pipeline.
    Pipe,
    /// A background job.
    Job,
    /// A command line for a shell inside the shell (`ssh`, `su`, `bash`): its prompt, and whether it continues a line.
    Prompt(String, bool),
}

/// A program that runs in the background: its pid and its future.
pub type Background = (u32, Pin<Box<dyn Future<Output = i32>>>);

/// A full-screen program: what the terminal must show.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// `nano` or `vi` on a file; answered by [`Answer::Saved`].
    Editor { program: &'static str, path: String, text: String, readonly: bool },
    /// `less`, `man`; answered by [`Answer::Saved`] with `None`.
    Pager { title: String, text: String },
}

/// What the user gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Line(String),
    Eof,
    /// The text that the editor saved, or `None` when it was left without saving.
    Saved(Option<String>),
}

/// Which of the two streams a piece of terminal output was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

/// Shared state of all programs of a machine that are running now.
#[derive(Default)]
pub struct Kernel {
    /// Goes up whenever anything moved; the loop polls again while it does.
    progress: Cell<u64>,
    pub waits: RefCell<Vec<Wait>>,
    /// Answers of the user not yet read.
    pub answers: RefCell<VecDeque<Answer>>,
    /// Terminal output not yet shown.
    pub output: RefCell<Vec<(Stream, Vec<u8>)>>,
    /// How many follow ticks there were.
    pub ticks: Cell<u64>,
    /// Columns and rows.
    pub size: Cell<(u16, u16)>,
    /// Whether the user sits at a terminal (an editor refuses otherwise).
    pub interactive: Cell<bool>,
    /// Steps left before the input is cut off as endless.
    pub budget: Cell<u64>,
    /// Ctrl-C was pressed: foreground programs end.
    pub interrupted: Cell<bool>,
    /// How many programs wait that take a Ctrl-C themselves, and whether there was one.
    pub catching: Cell<u32>,
    pub caught: Cell<bool>,
    /// The budget is spent and nobody is there to press Ctrl-C: everything ends.
    pub killed: Cell<bool>,
    /// Programs in the background.
    pub background: RefCell<Vec<Background>>,
    /// Exit statuses of background programs that have ended.
    pub finished: RefCell<BTreeMap<u32, i32>>,
    /// The programs in the background are being polled just now (and are not in `background`).
    pub polling: Cell<bool>,
    /// The line ran nothing of the host (`maillab: … is not simulated here`): it costs no model time.
    pub free: Cell<bool>,
    /// Bytes in `output`.
    shown: Cell<usize>,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("waits", &self.waits).finish_non_exhaustive()
    }
}

/// No more terminal output than this between two inputs.
const MAX_SHOWN: usize = 4 << 20;
/// A memory descriptor takes no more than this: then its writer dies as of a broken pipe.
const MAX_MEMORY: usize = 8 << 20;

impl Kernel {
    pub fn moved(&self) {
        self.progress.set(self.progress.get() + 1);
    }
    pub fn progress(&self) -> u64 {
        self.progress.get()
    }
    pub(super) fn wait(&self, w: Wait) {
        self.waits.borrow_mut().push(w);
    }
    /// One step of an interpreter or of a program that could go on without end. When the budget is spent the program waits
    /// as one that follows, so that Ctrl-C reaches it; where there is nobody to press it, everything is killed.
    pub async fn step(&self) {
        let left = self.budget.get();
        if left > 0 && self.shown.get() < MAX_SHOWN {
            self.budget.set(left - 1);
        } else if self.interactive.get() {
            self.tick().await;
        } else {
            self.killed.set(true);
            poll_fn(|_| {
                self.wait(Wait::Pipe);
                Poll::<()>::Pending
            })
            .await;
        }
    }
    /// Takes `n` steps off the budget at once: what a costly thing adds to the next [`Kernel::step`].
    pub fn charge(&self, n: u64) {
        self.budget.set(self.budget.get().saturating_sub(n));
    }
    /// Runs a future until it ends or is interrupted (`None`). A job in the background is not interrupted.
    pub async fn unless_interrupted<F: Future>(&self, background: bool, f: F) -> Option<F::Output> {
        let mut f = std::pin::pin!(f);
        poll_fn(|cx| {
            if self.killed.get() || self.interrupted.get() && !background {
                return Poll::Ready(None);
            }
            let r = f.as_mut().poll(cx).map(Some);
            if r.is_pending() && self.killed.get() { Poll::Ready(None) } else { r }
        })
        .await
    }
    /// Waits for a background program to end; its status stays in `finished`.
    pub async fn job(&self, pid: u32) {
        poll_fn(|_| {
            if self.finished.borrow().contains_key(&pid) {
                Poll::Ready(())
            } else {
                self.wait(Wait::Job);
                Poll::Pending
            }
        })
        .await;
    }
    /// Asks for a command line, as an inner shell.
    pub async fn prompt(&self, prompt: &str, more: bool) -> Answer {
        poll_fn(|_| match self.answers.borrow_mut().pop_front() {
            Some(a) => {
                self.moved();
                Poll::Ready(a)
            }
            None => {
                self.wait(Wait::Prompt(prompt.to_owned(), more));
                Poll::Pending
            }
        })
        .await
    }
    /// Takes what was written to the terminal since the last time.
    pub fn take_output(&self) -> Vec<(Stream, Vec<u8>)> {
        self.shown.set(0);
        std::mem::take(&mut *self.output.borrow_mut())
    }
    /// Lets the other programs run once.
    pub async fn yield_now(&self) {
        let mut first = true;
        poll_fn(|_| {
            if first {
                first = false;
                self.moved();
                self.wait(Wait::Pipe);
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
    /// Sleeps until the model clock reads `until`.
    pub async fn sleep_until(&self, world: &WorldRef, until: Time) {
        poll_fn(|_| {
            if world.borrow().now() >= until {
                Poll::Ready(())
            } else {
                self.wait(Wait::Timer(until));
                Poll::Pending
            }
        })
        .await;
    }
    /// Waits for the next tick of real time.
    pub async fn tick(&self) {
        let at = self.ticks.get();
        poll_fn(|_| {
            if self.ticks.get() > at {
                Poll::Ready(())
            } else {
                self.wait(Wait::Follow);
                Poll::Pending
            }
        })
        .await;
    }
    /// Reads what the user types next: a line with its newline, or end of file.
    pub async fn terminal(&self) -> Answer {
        poll_fn(|_| match self.answers.borrow_mut().pop_front() {
            Some(a) => {
                self.moved();
                Poll::Ready(a)
            }
            None => {
                self.wait(Wait::Terminal);
                Poll::Pending
            }
        })
        .await
    }
    /// A line from the terminal if one is there, without waiting; notes that one would be welcome.
    pub fn try_terminal(&self) -> Option<Answer> {
        let a = self.answers.borrow_mut().pop_front();
        match a {
            Some(_) => self.moved(),
            None => self.wait(Wait::Terminal),
        }
        a
    }
    /// Shows an editor or a pager and waits for its end.
    pub async fn screen(&self, s: Screen) -> Option<String> {
        // Nobody turns the pages of a script.
        if let Screen::Pager { text, .. } = &s
            && !self.interactive.get()
        {
            self.show(Stream::Out, text.as_bytes());
            return None;
        }
        poll_fn(|_| match self.answers.borrow_mut().pop_front() {
            Some(Answer::Saved(t)) => {
                self.moved();
                Poll::Ready(t)
            }
            Some(_) => Poll::Ready(None),
            None => {
                self.wait(Wait::Screen(s.clone()));
                Poll::Pending
            }
        })
        .await
    }
    /// Writes to the terminal.
    pub fn show(&self, stream: Stream, data: &[u8]) {
        self.shown.set(self.shown.get() + data.len());
        let mut out = self.output.borrow_mut();
        match out.last_mut() {
            Some((s, b)) if *s == stream => b.extend_from_slice(data),
            _ => out.push((stream, data.to_vec())),
        }
    }
}

/// A future whose polls get native stack as they need it: nested shells and functions are futures within futures.
pub async fn deep<F: Future>(f: F) -> F::Output {
    let mut f = std::pin::pin!(f);
    poll_fn(|cx| crate::base::stack::deep(|| f.as_mut().poll(cx))).await
}

/// A pipe between two programs.
#[derive(Debug, Default)]
pub struct Pipe {
    data: RefCell<VecDeque<u8>>,
    readers: Cell<usize>,
    writers: Cell<usize>,
}

const PIPE_FULL: usize = 64 * 1024;

/// The reading end; dropping the last one breaks the pipe.
#[derive(Debug)]
pub struct ReadEnd(Rc<Pipe>);
/// The writing end; dropping the last one ends the stream.
#[derive(Debug)]
pub struct WriteEnd(Rc<Pipe>);

impl WriteEnd {
    /// A look at the pipe that does not keep it open.
    pub fn weak(&self) -> WeakWrite {
        WeakWrite(self.0.clone())
    }
}

/// A look at a pipe from outside: counts neither as a reader nor as a writer.
#[derive(Debug)]
pub struct WeakWrite(Rc<Pipe>);

impl WeakWrite {
    /// Whether nobody reads any more.
    pub fn is_broken(&self) -> bool {
        self.0.readers.get() == 0
    }
}

/// A new pipe.
pub fn pipe() -> (ReadEnd, WriteEnd) {
    let p = Rc::new(Pipe::default());
    p.readers.set(1);
    p.writers.set(1);
    (ReadEnd(p.clone()), WriteEnd(p))
}
impl Clone for ReadEnd {
    fn clone(&self) -> Self {
        self.0.readers.set(self.0.readers.get() + 1);
        ReadEnd(self.0.clone())
    }
}
impl Drop for ReadEnd {
    fn drop(&mut self) {
        self.0.readers.set(self.0.readers.get() - 1);
    }
}
impl Clone for WriteEnd {
    fn clone(&self) -> Self {
        self.0.writers.set(self.0.writers.get() + 1);
        WriteEnd(self.0.clone())
    }
}
impl Drop for WriteEnd {
    fn drop(&mut self) {
        self.0.writers.set(self.0.writers.get() - 1);
    }
}

/// An open file description: shared by what was duplicated from it.
#[derive(Debug)]
pub struct OpenFile {
    pub ino: Ino,
    pub path: String,
    pub offset: Cell<u64>,
    pub append: bool,
    pub read: bool,
    pub write: bool,
}

/// What a descriptor refers to.
#[derive(Clone, Debug)]
pub enum Fd {
    /// The user's terminal, written to as standard output or standard error.
    Terminal(Stream),
    File(Rc<OpenFile>),
    PipeRead(ReadEnd),
    PipeWrite(WriteEnd),
    /// Bytes in memory: what a test captures, or a here-document.
    Memory(Rc<RefCell<VecDeque<u8>>>),
    Null,
}

impl Fd {
    pub fn is_terminal(&self) -> bool {
        matches!(self, Fd::Terminal(_))
    }
    pub fn memory(data: &[u8]) -> Fd {
        Fd::Memory(Rc::new(RefCell::new(data.iter().copied().collect())))
    }
}

/// The descriptors of one program, and the kernel and world that it runs in.
#[derive(Clone, Debug)]
pub struct Io {
    pub kernel: Rc<Kernel>,
    pub world: WorldRef,
    pub cred: Cred,
    pub fds: BTreeMap<u32, Fd>,
    /// Bytes read from a descriptor beyond the line that was asked for.
    ahead: BTreeMap<u32, VecDeque<u8>>,
    /// A write met a pipe without readers: the program dies of SIGPIPE.
    broken: Cell<bool>,
}

impl Io {
    pub fn new(kernel: Rc<Kernel>, world: WorldRef, cred: Cred, fds: BTreeMap<u32, Fd>) -> Io {
        Io { kernel, world, cred, fds, ahead: BTreeMap::new(), broken: Cell::new(false) }
    }
    pub fn is_terminal(&self, fd: u32) -> bool {
        self.fds.get(&fd).is_some_and(Fd::is_terminal)
    }
    /// Whether a write met a broken pipe.
    pub fn is_broken(&self) -> bool {
        self.broken.get()
    }
    /// write(2) of everything. On a broken pipe the program is marked as killed by SIGPIPE.
    pub fn write(&self, fd: u32, data: &[u8]) -> Result<(), Errno> {
        self.kernel.charge(data.len() as u64 / 256);
        match self.fds.get(&fd) {
            None | Some(Fd::PipeRead(_)) => Err(Errno::BadF),
            Some(Fd::Null) => Ok(()),
            Some(Fd::Terminal(s)) => {
                self.kernel.show(*s, data);
                Ok(())
            }
            Some(Fd::Memory(m)) => {
                let mut m = m.borrow_mut();
                if m.len() + data.len() > MAX_MEMORY {
                    self.broken.set(true);
                    return Err(Errno::Pipe);
                }
                m.extend(data);
                Ok(())
            }
            Some(Fd::PipeWrite(w)) => {
                if w.0.readers.get() == 0 {
                    self.broken.set(true);
                    return Err(Errno::Pipe);
                }
                w.0.data.borrow_mut().extend(data);
                self.kernel.moved();
                Ok(())
            }
            Some(Fd::File(f)) => self.write_file(f, data),
        }
    }
    fn write_file(&self, f: &OpenFile, data: &[u8]) -> Result<(), Errno> {
        if !f.write {
            return Err(Errno::BadF);
        }
        let mut w = self.world.borrow_mut();
        let fs = &mut w.host.fs;
        let len = fs.node(f.ino).map_or(0, crate::host::fs::Node::size);
        let at = if f.append { len } else { f.offset.get() };
        if at == len {
            fs.append_ino(&self.cred, f.ino, data)?;
        } else if let Some(Kind::File(b)) = fs.node(f.ino).map(|n| &n.kind) {
            let mut all = b.bytes().into_owned();
            let end = at as usize + data.len();
            all.resize(all.len().max(end), 0);
            all[at as usize..end].copy_from_slice(data);
            fs.set_content(&self.cred, f.ino, all.into())?;
        }
        f.offset.set(at + data.len() as u64);
        Ok(())
    }
    /// Waits while the pipe that `fd` writes to is full. Programs that can write without end call this between writes.
    pub async fn flush(&self, fd: u32) {
        self.kernel.step().await;
        self.drain(fd).await;
    }
    /// As [`Io::flush`], for what comes to an end.
    pub async fn drain(&self, fd: u32) {
        loop {
            match self.fds.get(&fd) {
                Some(Fd::PipeWrite(w)) if w.0.data.borrow().len() >= PIPE_FULL && w.0.readers.get() > 0 => {
                    poll_fn({
                        let mut first = true;
                        move |_| {
                            if first {
                                first = false;
                                self.kernel.wait(Wait::Pipe);
                                Poll::Pending
                            } else {
                                Poll::Ready(())
                            }
                        }
                    })
                    .await;
                }
                _ => return,
            }
        }
    }
    /// read(2): some bytes, or `None` at the end of file. Waits for the terminal or the pipe.
    pub async fn read(&mut self, fd: u32, max: usize) -> Result<Option<Vec<u8>>, Errno> {
        if let Some(a) = self.ahead.get_mut(&fd).filter(|a| !a.is_empty()) {
            let n = a.len().min(max);
            return Ok(Some(a.drain(..n).collect()));
        }
        match self.fds.get(&fd) {
            None | Some(Fd::PipeWrite(_)) => Err(Errno::BadF),
            Some(Fd::Null) => Ok(None),
            Some(Fd::Terminal(_)) => match self.kernel.terminal().await {
                Answer::Line(l) => {
                    let mut b: VecDeque<u8> = l.into_bytes().into();
                    let n = b.len().min(max);
                    let head = b.drain(..n).collect();
                    self.ahead.insert(fd, b);
                    Ok(Some(head))
                }
                _ => Ok(None),
            },
            Some(Fd::Memory(m)) => {
                let mut m = m.borrow_mut();
                let n = m.len().min(max);
                Ok(if n == 0 { None } else { Some(m.drain(..n).collect()) })
            }
            Some(Fd::File(f)) => {
                if !f.read {
                    return Err(Errno::BadF);
                }
                let w = self.world.borrow();
                match w.host.fs.node(f.ino).map(|n| &n.kind) {
                    Some(Kind::File(b)) => {
                        let got = b.slice(f.offset.get() as usize, max);
                        f.offset.set(f.offset.get() + got.len() as u64);
                        Ok(if got.is_empty() { None } else { Some(got) })
                    }
                    Some(Kind::Dir(_)) => Err(Errno::IsDir),
                    Some(Kind::Device("zero" | "full")) => Ok(Some(vec![0; max.min(4096)])),
                    _ => Ok(None),
                }
            }
            Some(Fd::PipeRead(r)) => {
                let r = r.clone();
                Ok(poll_fn(|_| {
                    let mut d = r.0.data.borrow_mut();
                    if !d.is_empty() {
                        let n = d.len().min(max);
                        self.kernel.moved();
                        return Poll::Ready(Some(d.drain(..n).collect()));
                    }
                    if r.0.writers.get() == 0 {
                        return Poll::Ready(None);
                    }
                    self.kernel.wait(Wait::Pipe);
                    Poll::Pending
                })
                .await)
            }
        }
    }
    /// A line with its newline (the last may lack it), or `None` at the end. Reads ahead.
    pub async fn read_line(&mut self, fd: u32) -> Result<Option<Vec<u8>>, Errno> {
        let mut line = Vec::new();
        loop {
            match self.read(fd, 8192).await? {
                None => return Ok(if line.is_empty() { None } else { Some(line) }),
                Some(got) => {
                    if let Some(i) = got.iter().position(|b| *b == b'\n') {
                        line.extend_from_slice(&got[..=i]);
                        let rest = &got[i + 1..];
                        if !rest.is_empty() {
                            let ahead = self.ahead.entry(fd).or_default();
                            for b in rest.iter().rev() {
                                ahead.push_front(*b);
                            }
                        }
                        return Ok(Some(line));
                    }
                    line.extend_from_slice(&got);
                }
            }
        }
    }
    /// Everything up to the end of file.
    pub async fn read_all(&mut self, fd: u32) -> Result<Vec<u8>, Errno> {
        let mut all = Vec::new();
        while let Some(mut b) = self.read(fd, 65_536).await? {
            all.append(&mut b);
        }
        Ok(all)
    }
    /// Sleeps for model time.
    pub async fn sleep(&self, span: Span) {
        let until = self.world.borrow().now() + span;
        self.kernel.sleep_until(&self.world, until).await;
    }
}
