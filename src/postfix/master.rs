//! master(8): master.cf, the services, their processes, throttling.

use super::Ctx;

/// The state of the running mail system.
#[derive(Clone, Debug, Default)]
pub struct Master {
    /// Pid of master when it runs.
    pub pid: Option<u32>,
}

/// What master does later: reap an idle child, end a throttle, wake a service up.
#[derive(Clone, Debug)]
pub enum Due {}

pub(super) fn run_due(_ctx: &mut Ctx<'_>, due: Due) {
    match due {}
}
