//! systemd's units: what is loaded, enabled, active, and since when.
//!
//! State only: what starts and stops the programs is in `sim`, which reaches them. A unit's file is read when it is
//! needed ([`file::load`]), so an edit acts without daemon-reload. Left out: cgroup accounting, jobs that can be listed.

pub mod file;

use crate::base::{Span, Time, Timers};
pub use crate::log::systemd::Exit;
use imbl::OrdMap;
use std::fmt;

/// The high-level state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Active {
    #[default]
    Inactive,
    Activating,
    Active,
    Reloading,
    Deactivating,
    Failed,
}

impl fmt::Display for Active {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Active::Inactive => "inactive",
            Active::Activating => "activating",
            Active::Active => "active",
            Active::Reloading => "reloading",
            Active::Deactivating => "deactivating",
            Active::Failed => "failed",
        })
    }
}

/// A process that systemd started for a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// `ExecStart`, `ExecStartPre`, `ExecStop`, `ExecReload`.
    pub setting: &'static str,
    pub command: String,
    pub pid: u32,
    pub started: Time,
    /// When and how it ended.
    pub ended: Option<(Time, Exit)>,
}

/// The state of one unit.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    pub active: Active,
    /// The low-level state: `running`, `exited`, `dead`, `mounted`.
    pub sub: &'static str,
    /// The last change of `active`.
    pub changed: Option<Time>,
    pub active_enter: Option<Time>,
    pub active_exit: Option<Time>,
    /// The main process: running, or how it ended.
    pub main: Option<Ran>,
    /// Other processes of this run, as they were started.
    pub control: Vec<Ran>,
    /// What the service said with sd_notify(3).
    pub status_text: String,
    /// `success`, `exit-code`, `signal`, `start-limit-hit`.
    pub result: &'static str,
    /// Processor time of its processes that have ended.
    pub cpu: Span,
    /// How many records the journal had when this run began.
    pub invocation: usize,
    /// The last starts, for the rate limit.
    pub starts: Vec<Time>,
    /// Automatic restarts.
    pub restarts: u32,
}

/// Something that systemd will do at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// The processes of a service have been asked to stop, and are looked at again.
    Stop(String),
    /// No process of a running service is left.
    Gone(String),
    /// A service that failed is started again.
    Restart(String),
    /// The last process of a stopping service is gone.
    Stopped(String),
}

/// The state of all units.
#[derive(Clone, Debug, Default)]
pub struct Units {
    map: OrdMap<String, Unit>,
    pub due: Timers<Due>,
    /// Counts jobs: their numbers stand in the catalogue's explanations.
    pub jobs: u32,
    /// Counts changes of the map.
    changes: u64,
    /// When systemd last looked at its services: how many processes had ended, how many changes there were.
    seen: Option<(u64, u64)>,
}

impl Units {
    /// The state of a unit that has been looked at before.
    pub fn get(&self, name: &str) -> Option<&Unit> {
        self.map.get(name)
    }
    /// The state of a unit; a new one is inactive.
    pub fn entry(&mut self, name: &str) -> &mut Unit {
        self.changes += 1;
        if !self.map.contains_key(name) {
            let new = Unit { sub: "dead", result: "success", ..Unit::default() };
            self.map.insert(name.to_owned(), new);
        }
        self.map.entry(name.to_owned()).or_default()
    }
    /// Whether a service may have lost its processes since this was last asked; `losses` is [`super::Processes::losses`].
    pub fn may_have_lost(&mut self, losses: u64) -> bool {
        let now = Some((losses, self.changes));
        std::mem::replace(&mut self.seen, now) != now
    }
    pub fn active(&self, name: &str) -> Active {
        self.map.get(name).map_or(Active::Inactive, |u| u.active)
    }
    /// Names and states of the units in memory, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Unit)> {
        self.map.iter()
    }
    /// Changes the state of a unit, with the times that follow from it.
    pub fn set(&mut self, name: &str, active: Active, sub: &'static str, now: Time) {
        let u = self.entry(name);
        let (was, is) = (up(u.active), up(active));
        if is && !was {
            u.active_enter = Some(now);
        }
        if was && !is {
            u.active_exit = Some(now);
        }
        if u.active != active || u.changed.is_none() {
            // A reload is no change of the time since when it is active.
            if !(is && was) {
                u.changed = Some(now);
            }
        }
        u.active = active;
        u.sub = sub;
    }
}

fn up(a: Active) -> bool {
    matches!(a, Active::Active | Active::Reloading)
}
