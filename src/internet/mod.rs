//! What is outside: remote servers and how they answer, clients, attackers, blocklists; driven by the lab.

use crate::base::Timers;

#[derive(Clone, Debug, Default)]
pub struct Internet {
    pub due: Timers<Due>,
}

/// Something that an outside party will do.
#[derive(Clone, Debug)]
pub enum Due {}
