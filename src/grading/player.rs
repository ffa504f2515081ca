//! Playing a session's operations: inputs, copies, the way back, undo.
//!
//! Going back means playing the tape again up to there: there is one way to get to a state, so a live session and its
//! replay cannot part.

use super::tape::{Replay, Seat, Take};
use crate::machine::State;
use crate::sim::World;

/// One operation of a session, in the order of the session.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    Take(Take),
    Fork,
    Back,
    /// So many lines.
    Undo(usize),
}

/// The tape as it stands: what undo and back have left of it.
#[derive(Clone, Debug, Default)]
pub struct Active {
    takes: Vec<Take>,
    /// Where each open copy began.
    forks: Vec<usize>,
}

impl Active {
    pub fn takes(&self) -> &[Take] {
        &self.takes
    }
    /// How many copies are open.
    pub fn depth(&self) -> usize {
        self.forks.len()
    }
    pub fn in_fork(&self) -> bool {
        !self.forks.is_empty()
    }
    pub fn push(&mut self, take: Take) {
        self.takes.push(take);
    }
    /// What ran from inside the word `lab` in the last take, which is known only when its questions are answered.
    pub fn amend(&mut self, labs: Vec<Vec<String>>, bare: bool) {
        if let Some(t) = self.takes.last_mut() {
            t.labs = labs;
            t.bare = bare;
        }
    }
    pub fn fork(&mut self) {
        self.forks.push(self.takes.len());
    }
    /// Leaves the innermost copy; `false` when there is none.
    pub fn back(&mut self) -> bool {
        match self.forks.pop() {
            Some(n) => {
                self.takes.truncate(n);
                true
            }
            None => false,
        }
    }
    /// Takes back the last `n` lines that did something (the word `lab` alone is none), not beyond the beginning of a
    /// copy; gives the lines taken back, last first.
    pub fn undo(&mut self, n: usize) -> Vec<usize> {
        let floor = self.forks.last().copied().unwrap_or(0);
        let mut gone = Vec::new();
        while gone.len() < n && self.takes.len() > floor {
            let Some(line) = self.takes.last().map(|t| t.line) else { break };
            let start = self.takes.iter().rposition(|t| t.line != line).map_or(0, |i| i + 1).max(floor);
            let only_lab = self.takes[start..].iter().all(|t| t.bare);
            self.takes.truncate(start);
            if !only_lab {
                gone.push(line);
            }
        }
        gone
    }
}

/// Plays operations on a world.
pub struct Player {
    start: World,
    seat: Seat,
    active: Active,
    replay: Replay,
}

impl Player {
    pub fn new(start: World, seat: Seat) -> Player {
        Player { replay: Replay::new(start.clone(), seat), start, seat, active: Active::default() }
    }
    /// Plays one operation; the output of a take.
    pub fn op(&mut self, op: &Op) -> Option<String> {
        match op {
            Op::Take(t) => {
                let out = self.replay.take(t, self.seat);
                self.active.push(t.clone());
                return Some(out);
            }
            Op::Fork => self.active.fork(),
            Op::Back => {
                if self.active.back() {
                    self.rebuild();
                }
            }
            Op::Undo(n) => {
                if !self.active.undo(*n).is_empty() {
                    self.rebuild();
                }
            }
        }
        None
    }
    fn rebuild(&mut self) {
        self.replay = rebuild(&self.start, self.active.takes(), self.seat);
    }
    pub fn world(&self) -> World {
        self.replay.world()
    }
}

/// A machine that has played these takes.
pub fn rebuild(start: &World, takes: &[Take], seat: Seat) -> Replay {
    let mut r = Replay::new(start.clone(), seat);
    for t in takes {
        r.take(t, seat);
    }
    if r.state == State::Exited {
        r.revive(seat);
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Input;

    fn take(line: usize, lab: bool) -> Take {
        Take { input: Input::Line(String::new()), line, labs: Vec::new(), bare: lab }
    }

    #[test]
    fn undo_goes_by_lines_and_stops_at_a_copy() {
        let mut a = Active::default();
        for t in [take(1, false), take(2, false), take(2, false), take(3, true), take(4, false)] {
            a.push(t);
        }
        assert_eq!(a.undo(2), [4, 2]);
        assert_eq!(a.takes().len(), 1);
        a.fork();
        a.push(take(6, false));
        assert_eq!(a.undo(5), [6]);
        assert_eq!(a.takes().len(), 1);
        assert!(a.back() && !a.back());
        assert_eq!(a.undo(9), [1]);
    }
}
