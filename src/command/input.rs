//! Input and output of filters: files in turn or standard input, line by line, and writing that stops at a broken pipe.
//!
//! A [`Reader`] keeps what it read beyond the line asked for, and gives it back to a regular file on [`Reader::rewind`],
//! as real programs do by lseek(2). Also the terminal of a program that takes a Ctrl-C itself.

use super::Ctx;
use super::io::{Answer, Fd, Io, Kernel, OpenFile, Wait};
use super::opt::quotef;
use crate::host::errno::Errno;
use crate::host::fs::Kind;
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// What an inner function of a program gives: its exit status either way.
pub type Status = Result<i32, i32>;

/// The exit status of an inner function.
pub fn status(r: Status) -> i32 {
    r.unwrap_or_else(|e| e)
}

/// The exit status of a program killed by SIGPIPE.
pub const SIGPIPE: i32 = 141;

/// Takes `n` steps from the budget of this input; `false` when it is used up and the program must end.
pub fn spend(io: &Io, n: u64) -> bool {
    let left = io.kernel.budget.get();
    io.kernel.budget.set(left.saturating_sub(n));
    left > n
}

/// Writes to standard output, waits while the pipe is full. `Err` is the status to end with: a broken pipe kills
/// silently, another error is told.
pub async fn emit(ctx: &Ctx, data: impl AsRef<[u8]>) -> Result<(), i32> {
    let data = data.as_ref();
    if data.is_empty() {
        return Ok(());
    }
    let r = ctx.io.write(1, data);
    if ctx.io.is_broken() {
        return Err(SIGPIPE);
    }
    if let Err(e) = r {
        ctx.complain(format!("write error: {e}"));
        return Err(1);
    }
    if !spend(&ctx.io, 1 + data.len() as u64 / 256) {
        return Err(SIGPIPE);
    }
    ctx.io.flush(1).await;
    if ctx.io.is_broken() { Err(SIGPIPE) } else { Ok(()) }
}

/// Reads lines or pieces from a descriptor.
#[derive(Debug)]
pub struct Reader {
    fd: u32,
    buf: Vec<u8>,
    at: usize,
    eof: bool,
    opened: bool,
}

impl Reader {
    pub fn stdin() -> Reader {
        Reader { fd: 0, buf: Vec::new(), at: 0, eof: false, opened: false }
    }
    /// Opens a file for reading with the rights of `ctx`; `-` is standard input.
    pub fn open(ctx: &mut Ctx, name: &str) -> Result<Reader, Errno> {
        if name == "-" {
            return Ok(Reader::stdin());
        }
        Reader::open_path(ctx, name)
    }
    /// As [`Reader::open`], where `-` is a file of that name.
    pub fn open_path(ctx: &mut Ctx, name: &str) -> Result<Reader, Errno> {
        let fd = open_read(ctx, name)?;
        Ok(Reader { fd, buf: Vec::new(), at: 0, eof: false, opened: fd > 2 })
    }
    pub fn fd(&self) -> u32 {
        self.fd
    }
    async fn fill(&mut self, io: &mut Io) -> Result<bool, Errno> {
        if self.eof {
            return Ok(false);
        }
        match io.read(self.fd, 32_768).await? {
            Some(mut b) => {
                self.buf.drain(..self.at);
                self.at = 0;
                self.buf.append(&mut b);
                Ok(true)
            }
            None => {
                self.eof = true;
                Ok(false)
            }
        }
    }
    /// The next piece that ends in `end`, with it (the last may lack it).
    pub async fn until(&mut self, io: &mut Io, end: u8) -> Result<Option<Vec<u8>>, Errno> {
        let mut seen = 0;
        loop {
            if let Some(i) = self.buf[self.at + seen..].iter().position(|b| *b == end) {
                let to = self.at + seen + i + 1;
                let line = self.buf[self.at..to].to_vec();
                self.at = to;
                return Ok(Some(line));
            }
            seen = self.buf.len() - self.at;
            if !self.fill(io).await? {
                if seen == 0 {
                    return Ok(None);
                }
                let line = self.buf[self.at..].to_vec();
                self.at = self.buf.len();
                return Ok(Some(line));
            }
        }
    }
    pub async fn line(&mut self, io: &mut Io) -> Result<Option<Vec<u8>>, Errno> {
        self.until(io, b'\n').await
    }
    /// Some bytes, at most `max`.
    pub async fn some(&mut self, io: &mut Io, max: usize) -> Result<Option<Vec<u8>>, Errno> {
        if self.at == self.buf.len() && !self.fill(io).await? {
            return Ok(None);
        }
        let to = self.buf.len().min(self.at + max);
        let b = self.buf[self.at..to].to_vec();
        self.at = to;
        Ok(Some(b))
    }
    /// Everything that is left. An endless input ends with the budget.
    pub async fn all(&mut self, io: &mut Io) -> Result<Vec<u8>, Errno> {
        let mut all = Vec::new();
        while let Some(mut b) = self.some(io, 65_536).await? {
            all.append(&mut b);
            if all.len() > MAX_HELD || !spend(io, 16) {
                break;
            }
        }
        Ok(all)
    }
    /// Gives back to a regular file what was read ahead, so that the next reader goes on after the last line taken.
    pub fn rewind(&mut self, io: &Io) {
        if let Some(Fd::File(f)) = io.fds.get(&self.fd) {
            let ahead = (self.buf.len() - self.at) as u64;
            f.offset.set(f.offset.get().saturating_sub(ahead));
            self.buf.clear();
            self.at = 0;
        }
    }
    pub fn close(self, ctx: &mut Ctx) {
        if self.opened {
            ctx.io.fds.remove(&self.fd);
        }
    }
}

/// No program holds more than this of its input at once.
pub const MAX_HELD: usize = 64 << 20;

/// Opens a file for reading: its descriptor. `/dev/stdin` and `/dev/fd/N` are the descriptor itself.
pub fn open_read(ctx: &mut Ctx, name: &str) -> Result<u32, Errno> {
    if let Some(fd) = std_fd(name) {
        return if ctx.io.fds.contains_key(&fd) { Ok(fd) } else { Err(Errno::NoEnt) };
    }
    let path = ctx.path(name);
    let file = {
        let w = ctx.io.world.borrow();
        let fs = &w.host.fs;
        let (ino, n) = fs.stat(&ctx.io.cred, &path)?;
        let null = match n.kind {
            Kind::Device("null") => true,
            Kind::Socket => return Err(Errno::NxIo),
            _ => false,
        };
        fs.access(&ctx.io.cred, &path, 4)?;
        (ino, null)
    };
    let fd = ctx.io.fds.keys().max().map_or(3, |m| (m + 1).max(3));
    let what = if file.1 {
        Fd::Null
    } else {
        Fd::File(Rc::new(OpenFile { ino: file.0, path, offset: Cell::new(0), append: false, read: true, write: false }))
    };
    ctx.io.fds.insert(fd, what);
    Ok(fd)
}

fn std_fd(name: &str) -> Option<u32> {
    match name {
        "/dev/stdin" => Some(0),
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        _ => name.strip_prefix("/dev/fd/").and_then(|n| n.parse().ok()),
    }
}

/// Opens a file for writing, created by the umask: its descriptor.
pub fn open_write(ctx: &mut Ctx, name: &str, append: bool) -> Result<u32, Errno> {
    if let Some(fd) = std_fd(name) {
        return if ctx.io.fds.contains_key(&fd) { Ok(fd) } else { Err(Errno::NoEnt) };
    }
    let path = ctx.path(name);
    let ino = {
        let mut w = ctx.io.world.borrow_mut();
        w.host.fs.open_write(&ctx.io.cred, &path, 0o666 & !ctx.umask, !append, false)?
    };
    let fd = ctx.io.fds.keys().max().map_or(3, |m| (m + 1).max(3));
    let f = OpenFile { ino, path, offset: Cell::new(0), append, read: false, write: true };
    ctx.io.fds.insert(fd, Fd::File(Rc::new(f)));
    Ok(fd)
}

/// Reads one operand whole (`-` is standard input).
pub async fn slurp(ctx: &mut Ctx, name: &str) -> Result<Vec<u8>, Errno> {
    let mut r = Reader::open(ctx, name)?;
    let all = r.all(&mut ctx.io).await;
    r.close(ctx);
    all
}

/// Reads all operands (none: standard input) one after the other, line by line; those that cannot be read are named on
/// standard error and set the status.
#[derive(Debug)]
pub struct Lines {
    names: std::vec::IntoIter<String>,
    now: Option<Reader>,
    pub end: u8,
    pub status: i32,
}

impl Lines {
    pub fn new(names: &[String]) -> Lines {
        let names = if names.is_empty() { vec!["-".to_owned()] } else { names.to_vec() };
        Lines { names: names.into_iter(), now: None, end: b'\n', status: 0 }
    }
    /// The next line with its newline (the last of a file may lack it).
    pub async fn next(&mut self, ctx: &mut Ctx) -> Option<Vec<u8>> {
        loop {
            if let Some(r) = &mut self.now {
                match r.until(&mut ctx.io, self.end).await {
                    Ok(Some(l)) => return Some(l),
                    Ok(None) => {}
                    Err(e) => {
                        ctx.complain(format!("read error: {e}"));
                        self.status = 1;
                    }
                }
            }
            if let Some(r) = self.now.take() {
                r.close(ctx);
            }
            let name = self.names.next()?;
            match Reader::open(ctx, &name) {
                Ok(r) => self.now = Some(r),
                Err(e) => {
                    ctx.complain(format!("{}: {e}", quotef(&name)));
                    self.status = 1;
                }
            }
        }
    }
    /// Stops here: what was read ahead goes back to the file.
    pub fn stop(&mut self, ctx: &Ctx) {
        if let Some(r) = &mut self.now {
            r.rewind(&ctx.io);
        }
    }
}

/// A line without its newline.
pub fn chomp(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

impl Kernel {
    /// As [`Kernel::terminal`], for a program that takes a Ctrl-C itself: `None` is one.
    pub async fn terminal_or_interrupt(&self) -> Option<Answer> {
        struct Catching<'a>(&'a Kernel);
        impl Drop for Catching<'_> {
            fn drop(&mut self) {
                self.0.catching.set(self.0.catching.get().saturating_sub(1));
                self.0.caught.set(false);
            }
        }
        self.catching.set(self.catching.get() + 1);
        let _catching = Catching(self);
        poll_fn(|_| {
            if self.caught.replace(false) {
                self.moved();
                return Poll::Ready(None);
            }
            match self.answers.borrow_mut().pop_front() {
                Some(a) => {
                    self.moved();
                    Poll::Ready(Some(a))
                }
                None => {
                    self.wait(Wait::Terminal);
                    Poll::Pending
                }
            }
        })
        .await
    }
}
