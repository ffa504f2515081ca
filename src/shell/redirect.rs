//! Redirections.

use super::ast::{Redirect, RedirectKind, Word};
use super::bytes;
use super::state::{Mode, R, Shell};
use crate::command::io::{Fd, OpenFile, Stream};
use crate::host::Errno;
use crate::host::dns::Answer;
use crate::host::fs::{Kind, PERM_R, PERM_W};
use std::cell::Cell;
use std::rc::Rc;

/// What the descriptors were before.
pub type Saved = Vec<(u32, Option<Fd>)>;

/// How a file is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Read,
    Write { append: bool, clobber: bool },
    ReadWrite,
}

impl Shell {
    /// Applies redirections in order. `Err(status)` when one failed (said already, all undone).
    pub(super) async fn redirect(&mut self, all: &[Redirect]) -> R<Result<Saved, i32>> {
        let mut saved: Saved = Vec::new();
        for r in all {
            match self.one(r, &mut saved).await {
                Ok(Ok(())) => {}
                Ok(Err(message)) => {
                    if !message.is_empty() {
                        self.complain(message);
                    }
                    self.restore(saved);
                    return Ok(Err(if self.mode == Mode::Posix { 2 } else { 1 }));
                }
                Err(f) => {
                    self.restore(saved);
                    return Err(f);
                }
            }
        }
        Ok(Ok(saved))
    }
    pub(super) fn restore(&mut self, saved: Saved) {
        for (n, fd) in saved.into_iter().rev() {
            match fd {
                Some(f) => self.fds.insert(n, f),
                None => self.fds.remove(&n),
            };
        }
    }
    fn put(&mut self, saved: &mut Saved, n: u32, fd: Option<Fd>) {
        let old = match fd {
            Some(f) => self.fds.insert(n, f),
            None => self.fds.remove(&n),
        };
        saved.push((n, old));
    }
    async fn file_name(&mut self, w: &Word) -> R<Result<String, String>> {
        let mut out = Vec::new();
        self.expand_word(w, &mut out).await?;
        Ok(match <[String; 1]>::try_from(out) {
            Ok([one]) => Ok(one),
            Err(_) => Err(format!("{}: ambiguous redirect", w.raw)),
        })
    }
    async fn one(&mut self, r: &Redirect, saved: &mut Saved) -> R<Result<(), String>> {
        let out_fd = |d: u32| r.fd.unwrap_or(d);
        macro_rules! name {
            ($w:expr) => {
                match self.file_name($w).await? {
                    Ok(n) => n,
                    Err(m) => return Ok(Err(m)),
                }
            };
        }
        let (n, fd) = match &r.kind {
            RedirectKind::Read(w) => {
                let name = name!(w);
                (out_fd(0), self.open(&name, Open::Read))
            }
            RedirectKind::Write(w) => {
                let name = name!(w);
                let clobber = !self.option("noclobber");
                (out_fd(1), self.open(&name, Open::Write { append: false, clobber }))
            }
            RedirectKind::Clobber(w) => {
                let name = name!(w);
                (out_fd(1), self.open(&name, Open::Write { append: false, clobber: true }))
            }
            RedirectKind::Append(w) => {
                let name = name!(w);
                (out_fd(1), self.open(&name, Open::Write { append: true, clobber: true }))
            }
            RedirectKind::ReadWrite(w) => {
                let name = name!(w);
                (out_fd(0), self.open(&name, Open::ReadWrite))
            }
            RedirectKind::Both(w, append) => {
                let name = name!(w);
                let clobber = !self.option("noclobber");
                match self.open(&name, Open::Write { append: *append, clobber }) {
                    Ok(fd) => {
                        self.put(saved, 1, Some(fd.clone()));
                        self.put(saved, 2, Some(fd));
                        return Ok(Ok(()));
                    }
                    Err(m) => return Ok(Err(m)),
                }
            }
            RedirectKind::HereString(w) => {
                let text = self.expand_whole(w).await? + "\n";
                (out_fd(0), Ok(Fd::memory(&bytes::encode(&text))))
            }
            RedirectKind::HereDoc(d) => {
                let text = match d.body.get() {
                    Some((w, _)) => self.expand_whole(w).await?,
                    None => String::new(),
                };
                (out_fd(0), Ok(Fd::memory(&bytes::encode(&text))))
            }
            RedirectKind::DupIn(w) | RedirectKind::DupOut(w) => {
                let default = u32::from(matches!(r.kind, RedirectKind::DupOut(_)));
                let text = name!(w);
                let n = out_fd(default);
                if text == "-" {
                    let n = match &r.var {
                        Some(v) => self.value(v).and_then(|v| v.parse().ok()).unwrap_or(n),
                        None => n,
                    };
                    self.put(saved, n, None);
                    return Ok(Ok(()));
                }
                let (digits, moves) = text.strip_suffix('-').map_or((text.as_str(), false), |d| (d, true));
                let Ok(from) = digits.parse::<u32>() else {
                    return Ok(Err(format!("{}: ambiguous redirect", w.raw)));
                };
                let fd = self.fds.get(&from).cloned().ok_or_else(|| format!("{from}: {}", Errno::BadF));
                if moves && fd.is_ok() {
                    self.put(saved, from, None);
                }
                (n, fd)
            }
        };
        match fd {
            Ok(fd) => {
                let n = match &r.var {
                    Some(v) => {
                        let n = (10..).find(|n| !self.fds.contains_key(n)).unwrap_or(10);
                        if self.assign(v, &n.to_string()).is_err() {
                            return Ok(Err(String::new()));
                        }
                        // Such a descriptor outlives the command.
                        self.fds.insert(n, fd);
                        return Ok(Ok(()));
                    }
                    None => n,
                };
                self.put(saved, n, Some(fd));
                Ok(Ok(()))
            }
            Err(m) => Ok(Err(m)),
        }
    }
    fn open(&self, name: &str, how: Open) -> Result<Fd, String> {
        let fail = |e: Errno| match (&self.mode, &how) {
            (Mode::Posix, Open::Read) if e == Errno::NoEnt => format!("cannot open {name}: No such file"),
            (Mode::Posix, Open::Read) => format!("cannot open {name}: {e}"),
            (Mode::Posix, _) if matches!(e, Errno::NoEnt | Errno::NotDir) => {
                format!("cannot create {name}: Directory nonexistent")
            }
            (Mode::Posix, _) => format!("cannot create {name}: {e}"),
            _ => format!("{name}: {e}"),
        };
        match name {
            "/dev/null" => return Ok(Fd::Null),
            "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0" => return self.dup(0, name),
            "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => return self.dup(1, name),
            "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => return self.dup(2, name),
            "/dev/tty" => {
                return if self.kernel.interactive.get() {
                    Ok(Fd::Terminal(Stream::Out))
                } else {
                    Err(format!("{name}: No such device or address"))
                };
            }
            _ => {}
        }
        if let Some(rest) = name.strip_prefix("/dev/tcp/").or_else(|| name.strip_prefix("/dev/udp/")) {
            return self.open_socket(name, rest);
        }
        if name.is_empty() {
            return Err(fail(Errno::NoEnt));
        }
        let path = self.path(name);
        let mut w = self.world.borrow_mut();
        let fs = &mut w.host.fs;
        let (read, write, append) = match how {
            Open::Read => (true, false, false),
            Open::Write { append, .. } => (false, true, append),
            Open::ReadWrite => (true, true, false),
        };
        let ino = if let Open::Read = how {
            let (ino, node) = fs.stat(&self.cred, &path).map_err(fail)?;
            if node.is_dir() {
                // open(2) of a directory for reading works; read(2) then says EISDIR.
            } else if matches!(node.kind, Kind::Socket) {
                return Err(format!("{name}: No such device or address"));
            }
            fs.access(&self.cred, &path, PERM_R).map_err(fail)?;
            ino
        } else {
            if let Open::Write { clobber: false, append: false } = how
                && fs.stat(&self.cred, &path).is_ok_and(|(_, n)| n.is_file())
            {
                return Err(format!("{name}: cannot overwrite existing file"));
            }
            let truncate = matches!(how, Open::Write { append: false, .. });
            let ino = fs.open_write(&self.cred, &path, 0o666 & !self.umask, truncate, false).map_err(fail)?;
            if how == Open::ReadWrite {
                fs.access(&self.cred, &path, PERM_R | PERM_W).map_err(fail)?;
            }
            ino
        };
        Ok(Fd::File(Rc::new(OpenFile { ino, path, offset: Cell::new(0), append, read, write })))
    }
    fn dup(&self, n: u32, name: &str) -> Result<Fd, String> {
        self.fds.get(&n).cloned().ok_or_else(|| format!("{name}: {}", Errno::NoEnt))
    }
    /// `/dev/tcp/HOST/PORT`: only whether the connection can be made is modelled, and the greeting.
    fn open_socket(&self, name: &str, rest: &str) -> Result<Fd, String> {
        let refuse = |e: &str| Err(format!("connect: {e}\n{}{name}: {e}", self.prefix()));
        let Some((host, port)) = rest.split_once('/') else { return Err(format!("{name}: No such file or directory")) };
        let Ok(port) = port.parse::<u16>() else {
            return Err(format!(
                "{port}: Servname not supported for ai_socktype\n{}{name}: Invalid argument",
                self.prefix()
            ));
        };
        let address = if host == "localhost" { "127.0.0.1" } else { host };
        let ip = match address.parse::<std::net::IpAddr>() {
            Ok(ip) => ip,
            Err(_) => match self.resolve(address) {
                Some(ip) => ip,
                None => {
                    return Err(format!(
                        "{host}: Name or service not known\n{}{name}: Invalid argument",
                        self.prefix()
                    ));
                }
            },
        };
        let mut w = self.world.borrow_mut();
        let local = w.host.net.is_local(ip);
        let from = self.vantage.unwrap_or(if local { ip } else { std::net::IpAddr::from([192, 0, 2, 10]) });
        match w.connect(from, &crate::host::net::Endpoint::Inet(ip, port)) {
            Ok(id) => {
                if let Some(t) = w.ready_at(id) {
                    w.advance(t);
                }
                let (data, _) = w.recv(id);
                w.hangup(id);
                Ok(Fd::memory(&data))
            }
            Err((e, span)) => {
                w.pass(span);
                drop(w);
                refuse(e.text())
            }
        }
    }
    /// The first address of a name, from /etc/hosts and then the name server.
    pub(super) fn resolve(&self, name: &str) -> Option<std::net::IpAddr> {
        let w = self.world.borrow();
        if let Some(ip) = w.host.hosts_of(name).first() {
            return Some(*ip);
        }
        for kind in ["A", "AAAA"] {
            if let Answer::Data(v) = w.host.dns.query(name, kind) {
                return v.first().and_then(|a| a.parse().ok());
            }
        }
        None
    }
}
