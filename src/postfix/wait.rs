//! A process that waits for a service (`mail_connect_wait()`): it tries again every ten seconds, complains, and ends
//! when it has complained ten times. A service whose program does not start has a socket, and who connects to it waits
//! without a word until master(8) tries again.

use super::Ctx;
use super::mail_queue::SPOOL;
use super::master::{self, Proc, Refused};
use crate::base::{Span, Time};
use crate::host::Errno;
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;

/// The attempt that is the last.
pub const TRIES: u32 = 11;
/// Between two attempts.
pub const PAUSE: Span = Span::secs(10);

/// What a process waits for.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// With the class of its socket: `private/rewrite`.
    service: String,
    tries: u32,
    /// When it will look again.
    pub until: Time,
}

/// What came of it.
pub enum Outcome {
    /// The service is there.
    There,
    Waits,
    /// The process ends with this.
    Ends(Delivery),
}

/// What stands in the way of a service.
enum Obstacle {
    Absent(Errno),
    Asleep(Time),
}

fn obstacle(ctx: &mut Ctx<'_>, service: &str) -> Option<Obstacle> {
    let key = [service.rsplit('/').next().unwrap_or(service), "/unix"].concat();
    match master::acquire(ctx, &key) {
        Ok(p) => {
            master::release(ctx, p.pid);
            None
        }
        Err(Refused::NoService) => {
            let there = ctx.host.fs.exists(&format!("{SPOOL}/{service}"));
            Some(Obstacle::Absent(if there { Errno::ConnRefused } else { Errno::NoEnt }))
        }
        Err(Refused::Throttled) => {
            let soon = ctx.host.now + Span::millis(50);
            Some(Obstacle::Asleep(ctx.pf.master.asleep(&key).map_or(soon, |t| t.max(soon))))
        }
        Err(Refused::Limit | Refused::Down) => None,
    }
}

impl Waiting {
    /// Whether a process has to wait for a service now. It complains at once.
    pub fn begin(ctx: &mut Ctx<'_>, proc: &Proc, service: &str) -> Option<Waiting> {
        let mut w = Waiting { service: service.to_owned(), tries: 0, until: ctx.host.now };
        match w.again(ctx, proc) {
            Outcome::Waits => Some(w),
            Outcome::There | Outcome::Ends(_) => None,
        }
    }

    /// The time has come to look again.
    pub fn again(&mut self, ctx: &mut Ctx<'_>, proc: &Proc) -> Outcome {
        match obstacle(ctx, &self.service) {
            None => Outcome::There,
            Some(Obstacle::Asleep(until)) => {
                self.until = until;
                Outcome::Waits
            }
            Some(Obstacle::Absent(errno)) => {
                self.tries += 1;
                let why = AgentFatal::Connect { n: self.tries, service: self.service.clone(), errno: errno.text() };
                if self.tries >= TRIES {
                    return Outcome::Ends(Delivery::ServerFatal(why));
                }
                proc.log(ctx.host, Delivery::Connecting(why));
                self.until = ctx.host.now + PAUSE;
                Outcome::Waits
            }
        }
    }
}
