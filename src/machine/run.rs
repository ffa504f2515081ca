//! The loop that polls the running programs.

use super::{BUDGET, Capture, Captured, Machine, Shared, State, context};
use crate::base::{Span, Time};
use crate::command::io::{Fd, Kernel, Wait, WorldRef};
use crate::host::fs::Cred;
use crate::postfix::TIMED_OUT;
use crate::shell::{Flow, Mode, Shell};
use crate::sim::Surroundings;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A program that waits for the user and for a timer gets the timer if it is this close: so long a person waits for an
/// answer before typing on.
const PATIENCE: Span = Span::secs(60);
/// A sleep that is longer than this is not jumped over.
const LONGEST: Span = Span::days(7);
/// After so many sleeps one input goes on in step with real time.
const MAX_JUMPS: u32 = 200;
/// No more rounds of polling than this for one input.
const MAX_ROUNDS: u32 = 2_000_000;

/// Polls the programs in the background once; true if one moved.
pub(super) fn poll_background(kernel: &Kernel, cx: &mut Context<'_>) {
    let mut all = std::mem::take(&mut *kernel.background.borrow_mut());
    kernel.polling.set(true);
    let mut kept = Vec::with_capacity(all.len());
    for (pid, mut f) in all.drain(..) {
        match f.as_mut().poll(cx) {
            Poll::Ready(status) => {
                kernel.finished.borrow_mut().insert(pid, status);
                kernel.moved();
            }
            Poll::Pending => kept.push((pid, f)),
        }
    }
    kernel.polling.set(false);
    let mut now = kernel.background.borrow_mut();
    kept.append(&mut now);
    *now = kept;
    let mut finished = kernel.finished.borrow_mut();
    while finished.len() > 1000 {
        finished.pop_first();
    }
}

fn earliest(waits: &[Wait]) -> Option<Time> {
    waits.iter().filter_map(|w| if let Wait::Timer(t) = w { Some(*t) } else { None }).min()
}

/// What the loop found when nothing moves any more.
pub(super) enum Stuck {
    /// The clock can move to this instant.
    Timer(Time),
    State(State),
    /// Nothing will ever wake it.
    Dead,
}

pub(super) fn look(fore: &[Wait], back: &[Wait], now: Time, may_jump: bool) -> Stuck {
    if let Some(s) = fore.iter().find_map(|w| if let Wait::Screen(s) = w { Some(s.clone()) } else { None }) {
        return Stuck::State(State::Screen(s));
    }
    let timer = earliest(fore);
    let terminal = fore.contains(&Wait::Terminal);
    if let Some(t) = timer
        && (!terminal || t <= now + PATIENCE)
    {
        let t = earliest(back).map_or(t, |b| b.min(t));
        return if may_jump && t <= now + LONGEST { Stuck::Timer(t) } else { Stuck::State(State::Following) };
    }
    if terminal {
        return Stuck::State(State::Reading);
    }
    let prompt = fore.iter().find_map(|w| if let Wait::Prompt(p, more) = w { Some((p.clone(), *more)) } else { None });
    if let Some((p, more)) = prompt {
        return Stuck::State(if more { State::Continue(p) } else { State::Prompt(p) });
    }
    if fore.contains(&Wait::Follow) {
        return Stuck::State(State::Following);
    }
    if fore.contains(&Wait::Job) {
        if let Some(t) = earliest(back) {
            return if may_jump { Stuck::Timer(t) } else { Stuck::State(State::Following) };
        }
        if back.contains(&Wait::Follow) {
            return Stuck::State(State::Following);
        }
    }
    Stuck::Dead
}

impl Machine {
    /// Polls until the running line is done or needs something; the state that follows.
    pub(super) fn drive(&mut self) -> State {
        let Some(mut f) = self.pending.take() else { return self.state.clone() };
        let mut cx = Context::from_waker(Waker::noop());
        let k = self.kernel.clone();
        for _ in 0..MAX_ROUNDS {
            k.waits.borrow_mut().clear();
            let before = k.progress();
            if let Poll::Ready((shell, r)) = f.as_mut().poll(&mut cx) {
                drop(f);
                k.answers.borrow_mut().clear();
                return self.finished(shell, r);
            }
            let fore = std::mem::take(&mut *k.waits.borrow_mut());
            poll_background(&k, &mut cx);
            let back = std::mem::take(&mut *k.waits.borrow_mut());
            if k.progress() != before {
                continue;
            }
            let now = self.world.borrow().now();
            match look(&fore, &back, now, self.jumps < MAX_JUMPS) {
                Stuck::Timer(t) => {
                    self.jumps += 1;
                    self.world.borrow_mut().advance(t);
                }
                Stuck::State(s) => {
                    self.pending = Some(f);
                    return s;
                }
                Stuck::Dead => {
                    // Nothing can wake it: as a user would, it is interrupted.
                    if k.interrupted.replace(true) {
                        break;
                    }
                }
            }
        }
        // It cannot be brought to an end: it is dropped, and the shell starts anew.
        drop(f);
        k.interrupted.set(false);
        let root = context(&self.world, &k, Cred::root(), terminal(), 1);
        self.shell = Some(Box::new(Shell::from_ctx(&root, Mode::Interactive)));
        self.prompt()
    }
    fn finished(&mut self, mut shell: Box<Shell>, r: Result<i32, Flow>) -> State {
        self.kernel.interrupted.set(false);
        match r {
            Ok(s) | Err(Flow::Discard(s) | Flow::Return(s)) => shell.status = s,
            Err(Flow::Interrupt) => shell.status = 130,
            Err(Flow::Break(_) | Flow::Continue(_)) => {}
            Err(Flow::Exit(s)) => {
                shell.status = s;
                self.kernel.show(crate::command::io::Stream::Out, b"exit\n");
                self.shell = Some(shell);
                return State::Exited;
            }
        }
        // What a line that was cut off left behind.
        shell.lenient = 0;
        shell.loops = 0;
        shell.trapping = false;
        self.shell = Some(shell);
        self.prompt()
    }
    /// Lets the programs in the background go on, with nothing in front.
    pub(super) fn poll_background(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..10_000 {
            let before = self.kernel.progress();
            self.kernel.waits.borrow_mut().clear();
            poll_background(&self.kernel, &mut cx);
            if self.kernel.progress() == before {
                break;
            }
        }
        self.kernel.waits.borrow_mut().clear();
    }
}

fn terminal() -> BTreeMap<u32, Fd> {
    use crate::command::io::Stream;
    BTreeMap::from([(0, Fd::Terminal(Stream::Out)), (1, Fd::Terminal(Stream::Out)), (2, Fd::Terminal(Stream::Err))])
}

/// Descriptors in memory: standard input with this text, and the two outputs.
pub(super) fn memory(input: &[u8]) -> (BTreeMap<u32, Fd>, Shared, Shared) {
    let out: Shared = Rc::new(RefCell::new(VecDeque::new()));
    let err: Shared = Rc::new(RefCell::new(VecDeque::new()));
    let fds = BTreeMap::from([(0, Fd::memory(input)), (1, Fd::Memory(out.clone())), (2, Fd::Memory(err.clone()))]);
    (fds, out, err)
}

/// Runs a text as `bash -c` without a terminal, to its end.
pub(super) fn captured(world: &WorldRef, cred: Cred, text: &str, how: &Capture, size: (u16, u16)) -> Captured {
    let kernel = Rc::new(Kernel::default());
    kernel.size.set(size);
    kernel.budget.set(BUDGET);
    let (fds, out, err) = memory(&how.stdin);
    let pid = world.borrow_mut().host.procs.burn();
    let mut ctx = context(world, &kernel, cred, fds, pid);
    ctx.vantage = how.vantage;
    let (mut until, mut mode) = (None, Mode::Command);
    if let Surroundings::Only { env, cwd, limit } = &how.place {
        ctx.env = env.iter().cloned().collect();
        ctx.cwd.clone_from(cwd);
        ctx.umask = 0o077;
        mode = Mode::Posix;
        until = (*limit > Span::ZERO).then(|| world.borrow().now() + *limit);
    }
    let mut shell = Shell::from_ctx(&ctx, mode);
    if how.aliases {
        shell.shopt.insert("expand_aliases", true);
    }
    let text = text.to_owned();
    let run: Pin<Box<dyn Future<Output = i32>>> = Box::pin(async move {
        let r = shell.run_text(&text, "-c").await;
        shell.leave(r).await
    });
    let code = to_end(&kernel, world, run, until);
    linger(&kernel, world);
    // What is still in the background ends with its machine.
    kernel.background.borrow_mut().clear();
    let take = |s: &Shared| s.borrow_mut().drain(..).collect();
    Captured { stdout: take(&out), stderr: take(&err), code }
}

/// Lets background jobs that need no more than a minute finish, as whoever reads their output would wait for them.
fn linger(kernel: &Rc<Kernel>, world: &WorldRef) {
    let mut cx = Context::from_waker(Waker::noop());
    let until = world.borrow().now() + PATIENCE;
    for _ in 0..100_000 {
        if kernel.background.borrow().is_empty() || kernel.killed.get() {
            return;
        }
        kernel.waits.borrow_mut().clear();
        let before = kernel.progress();
        poll_background(kernel, &mut cx);
        if kernel.progress() != before {
            continue;
        }
        let next = earliest(&kernel.waits.borrow());
        match next {
            Some(t) if t <= until => world.borrow_mut().advance(t),
            _ => return,
        }
    }
}

/// Polls a program to its end, or until it is killed. What waits for a user or for real time ends as if interrupted.
fn to_end(
    kernel: &Rc<Kernel>,
    world: &WorldRef,
    mut run: Pin<Box<dyn Future<Output = i32>>>,
    until: Option<Time>,
) -> i32 {
    let mut cx = Context::from_waker(Waker::noop());
    let mut jumps = 0;
    for _ in 0..MAX_ROUNDS {
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
        let now = world.borrow().now();
        match look(&fore, &back, now, jumps < 10 * MAX_JUMPS) {
            Stuck::Timer(t) if until.is_some_and(|u| t > u) => {
                world.borrow_mut().advance(until.unwrap_or(t));
                kernel.killed.set(true);
                return TIMED_OUT;
            }
            Stuck::Timer(t) => {
                jumps += 1;
                world.borrow_mut().advance(t);
            }
            _ => {
                if kernel.interrupted.replace(true) {
                    kernel.killed.set(true);
                    if let Poll::Ready(s) = run.as_mut().poll(&mut cx) {
                        return s;
                    }
                    return 137;
                }
            }
        }
    }
    137
}
