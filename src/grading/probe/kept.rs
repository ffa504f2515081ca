//! `kept`: the mail that was in a mailbox when the learner sat down is there still.

use super::{Found, Setting};
use crate::grading::mailbox;
use crate::sim::World;

pub fn ask(w: &World, setting: &Setting<'_>, user: &str, allowed: u32) -> Found {
    let before: Vec<_> =
        setting.stored.iter().filter(|s| s.owner == user && !s.is_in(setting.spare)).cloned().collect();
    let gone = mailbox::missing_in(&before, w).len();
    Found::new(gone <= allowed as usize, format!("−{gone}"))
}
