//! Moves the outside parties: each step of a client's dialogue is an event.

use super::World;
use crate::internet::Due;

/// One step of an outside party.
pub(super) fn run(_world: &mut World, due: Due) {
    match due {}
}
