//! A line run as the recordings were made: standard output and standard error are terminals, standard input is a pipe into
//! which text is typed over time.

use super::run::{Stuck, look, poll_background};
use super::{BUDGET, context};
use crate::base::{Span, Time};
use crate::command::io::{Fd, Io, Kernel, Stream, Wait, WorldRef, pipe};
use crate::host::Process;
use crate::host::fs::Cred;
use crate::shell::{Mode, Shell};
use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// How the line is run.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// Pauses, and what is typed after each.
    pub feed: Vec<(Span, Vec<u8>)>,
    /// As this client's machine.
    pub vantage: Option<IpAddr>,
    /// Columns and rows.
    pub size: (u16, u16),
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    pub code: i32,
    pub chunks: Vec<(Stream, Vec<u8>)>,
}

/// Longer than this no recording took: the line is killed.
const LIMIT: Span = Span::secs(60);
/// So long after the last text the pipe is closed.
const CLOSE: Span = Span::millis(700);
const MAX_ROUNDS: u32 = 2_000_000;

/// Runs `bash -c LINE` on the world.
pub fn run(world: &WorldRef, line: &str, how: &Recording) -> Recorded {
    let kernel = Rc::new(Kernel::default());
    kernel.size.set(how.size);
    kernel.budget.set(BUDGET);
    let (reader, writer) = pipe();
    let fds =
        BTreeMap::from([(0, Fd::PipeRead(reader)), (1, Fd::Terminal(Stream::Out)), (2, Fd::Terminal(Stream::Err))]);
    let pid = enter(world, line);
    let mut ctx = context(world, &kernel, Cred::root(), fds, pid);
    ctx.vantage = how.vantage;
    // It was no login.
    for name in ["USER", "LOGNAME"] {
        ctx.env.remove(name);
    }
    let feeder = Io::new(kernel.clone(), world.clone(), Cred::root(), BTreeMap::from([(1, Fd::PipeWrite(writer))]));
    let mut shell = Shell::from_ctx(&ctx, Mode::Command);
    drop(ctx);
    let text = line.to_owned();
    let future: Pin<Box<dyn Future<Output = i32>>> = Box::pin(async move {
        let r = shell.run_text(&text, "-c").await;
        shell.leave(r).await
    });
    let start = world.borrow().now();
    let mut plan: Vec<(Time, Vec<u8>)> = Vec::new();
    let mut at = start;
    for (pause, text) in &how.feed {
        at += *pause;
        plan.push((at, text.clone()));
    }
    let close = if plan.is_empty() { start } else { at + CLOSE };
    plan.reverse();
    let mut typist = Typist { plan, close, feeder: Some(feeder) };
    let code = drive(&kernel, world, future, &mut typist, start + LIMIT);
    kernel.background.borrow_mut().clear();
    world.borrow_mut().host.procs.remove(pid);
    Recorded { code, chunks: kernel.take_output() }
}

/// The shell's own place in the process table.
fn enter(world: &WorldRef, line: &str) -> u32 {
    let mut w = world.borrow_mut();
    let started = w.now();
    w.host.procs.spawn(Process {
        pid: 0,
        ppid: 0,
        uid: 0,
        comm: "bash".into(),
        args: format!("bash -c {line}"),
        started,
        tty: "?".into(),
        stat: "S".into(),
        vsz: 4_360,
        rss: 3_284,
        unit: "".into(),
        role: String::new(),
    })
}

struct Typist {
    /// What is still to be typed, the next one last.
    plan: Vec<(Time, Vec<u8>)>,
    close: Time,
    feeder: Option<Io>,
}

impl Typist {
    fn next(&self) -> Option<Time> {
        self.feeder.as_ref()?;
        Some(self.plan.last().map_or(self.close, |(t, _)| *t))
    }
    /// Types what is due; true if anything was done.
    fn type_due(&mut self, now: Time) -> bool {
        match self.plan.last() {
            Some((t, _)) if *t <= now => {
                if let (Some((_, text)), Some(f)) = (self.plan.pop(), &self.feeder) {
                    let _ = f.write(1, &text);
                }
                true
            }
            None if self.feeder.is_some() && self.close <= now => {
                self.feeder = None;
                true
            }
            _ => false,
        }
    }
}

fn drive(
    kernel: &Rc<Kernel>,
    world: &WorldRef,
    mut run: Pin<Box<dyn Future<Output = i32>>>,
    typist: &mut Typist,
    limit: Time,
) -> i32 {
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..MAX_ROUNDS {
        let now = world.borrow().now();
        while typist.type_due(now) {}
        kernel.waits.borrow_mut().clear();
        let before = kernel.progress();
        if let Poll::Ready(s) = run.as_mut().poll(&mut cx) {
            return s;
        }
        let fore = std::mem::take(&mut *kernel.waits.borrow_mut());
        poll_background(kernel, &mut cx);
        let back = std::mem::take(&mut *kernel.waits.borrow_mut());
        if kernel.progress() != before {
            continue;
        }
        if now >= limit {
            return -9;
        }
        let follows = fore.contains(&Wait::Follow) || back.contains(&Wait::Follow);
        let timer = match look(&fore, &back, now, true) {
            Stuck::Timer(t) => Some(t),
            _ => None,
        };
        let beat = follows.then(|| now + Span::millis(100));
        let next = [timer, typist.next().filter(|t| *t > now), beat].into_iter().flatten().min();
        match next {
            Some(t) => {
                world.borrow_mut().advance(t.min(limit));
                if follows {
                    kernel.ticks.set(kernel.ticks.get() + 1);
                }
            }
            // It waits for something that the world may still bring.
            None => {
                let due = world.borrow().next_due().filter(|t| *t > now).unwrap_or(limit);
                world.borrow_mut().advance(due.min(limit));
            }
        }
    }
    -9
}
