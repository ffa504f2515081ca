//! Goals and keeps: asked of a copy of the world run on for two hours, and again after a restart of the services.

use super::mailbox::Stored;
use super::probe::{self, Found, Setting};
use crate::base::Span;
use crate::lab::Lab;
use crate::lab::schema::Goal;
use crate::sim::World;
use std::cell::OnceCell;

/// How long the copy runs on.
const LATER: Span = Span::hours(2);
/// What a reboot would do to the services of mail. Each by itself: one that fails keeps none of the others from it.
const RESTART: [&str; 3] =
    ["systemctl restart postfix@-.service", "systemctl restart postfix", "systemctl restart dovecot"];

/// The copies that are asked; the restarted one is made when it is first needed.
pub struct Later {
    pub later: World,
    restarted: OnceCell<World>,
    /// Whether the learner changed anything: what was left alone is not asked again after a restart.
    touched: bool,
}

impl Later {
    pub fn of(world: &World, touched: bool) -> Later {
        let mut later = world.clone();
        later.pass(LATER);
        Later { later, restarted: OnceCell::new(), touched }
    }
    pub fn touched(&self) -> bool {
        self.touched
    }
    fn restarted(&self) -> &World {
        self.restarted.get_or_init(|| {
            let mut w = self.later.clone();
            for line in RESTART {
                probe::run(&mut w, line);
            }
            w.pass(Span::secs(30));
            w
        })
    }
}

/// What became of a goal or keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Index in the lab's list.
    pub index: usize,
    pub later: Found,
    /// Asked only when it held before.
    pub restarted: Option<Found>,
}

impl Asked {
    pub fn holds(&self) -> bool {
        self.restarted.as_ref().is_some_and(|r| r.holds)
    }
    /// What the last answer was.
    pub fn said(&self) -> &str {
        &self.restarted.as_ref().unwrap_or(&self.later).said
    }
    /// Thousandths: half for what a restart undoes.
    pub fn share(&self) -> u32 {
        match &self.restarted {
            Some(r) if r.holds => 1000,
            Some(_) => 500,
            None => 0,
        }
    }
}

/// Asks every goal of a list.
pub fn ask(worlds: &Later, lab: &Lab, goals: &[Goal], stored: &[Stored]) -> Vec<Asked> {
    goals
        .iter()
        .enumerate()
        .map(|(index, g)| {
            let token = format!("maillab-probe-{}", g.id.text);
            let setting = Setting { token: &token, stored, spare: &lab.may.delete_mail };
            let later = probe::ask(&worlds.later, &g.probe, &setting);
            let again = || {
                let asked = worlds.touched.then(|| probe::ask(worlds.restarted(), &g.probe, &setting));
                asked.unwrap_or_else(|| later.clone())
            };
            let restarted = later.holds.then(again);
            Asked { index, later, restarted }
        })
        .collect()
}

/// Whether each goal holds now, asked once; for `lab check` and for the world as it was found.
pub fn now(world: &World, lab: &Lab, goals: &[Goal], stored: &[Stored]) -> Vec<Found> {
    goals.iter().map(|g| now_one(world, lab, g, stored)).collect()
}

/// Whether one goal holds now.
pub fn now_one(world: &World, lab: &Lab, goal: &Goal, stored: &[Stored]) -> Found {
    let token = format!("maillab-now-{}", goal.id.text);
    probe::ask(world, &goal.probe, &Setting { token: &token, stored, spare: &lab.may.delete_mail })
}
