//! A process that waits for a service (`mail_connect_wait()`): it tries again every ten seconds, complains, and ends
//! when it has complained ten times. A service whose program does not start has a socket, and who connects to it waits
//! without a word until master(8) tries again.

use super::Ctx;
use super::agent;
use super::live::Live;
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
    /// The process of the service, when it waits itself before it begins.
    starts: Option<Box<(Proc, Waiting)>>,
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
    /// Its process waits for proxymap(8).
    Starts(Box<(Proc, Waiting)>),
}

/// The tables that a program opens when it starts.
fn tables_of(program: &str) -> &'static [&'static str] {
    match program {
        "cleanup" => &[
            "canonical_maps",
            "sender_canonical_maps",
            "recipient_canonical_maps",
            "virtual_alias_maps",
            "sender_bcc_maps",
            "recipient_bcc_maps",
        ],
        "trivial-rewrite" => &["transport_maps", "relocated_maps", "virtual_alias_maps", "virtual_mailbox_maps"],
        _ => &[],
    }
}

/// Whether a process cannot begin without proxymap(8), which is not there.
fn begins_late(ctx: &mut Ctx<'_>, p: &Proc) -> Option<Waiting> {
    const READY: &str = "tables are open";
    if Live::has_said(ctx, p.pid, READY) {
        return None;
    }
    let proxied = tables_of(&p.program).iter().any(|t| p.conf.get(t).contains("proxy:"));
    let waits = if proxied { Waiting::begin(ctx, p, "private/proxymap") } else { None };
    if waits.is_none() {
        Live { ctx, proc: p }.once(READY);
    }
    waits
}

/// The name of a service by the path of its socket.
fn name(service: &str) -> &str {
    service.rsplit('/').next().unwrap_or(service)
}

fn obstacle(ctx: &mut Ctx<'_>, service: &str) -> Option<Obstacle> {
    match master::acquire_unix(ctx, name(service)) {
        Ok(p) => match begins_late(ctx, &p) {
            Some(w) => Some(Obstacle::Starts(Box::new((p, w)))),
            None => {
                master::release(ctx, p.pid);
                None
            }
        },
        Err(Refused::NoService) => absent(ctx, service).map(Obstacle::Absent),
        Err(Refused::Throttled) => {
            let soon = ctx.host.now + Span::millis(50);
            let key = format!("{}/unix", name(service));
            Some(Obstacle::Asleep(ctx.pf.master.asleep(&key).map_or(soon, |t| t.max(soon))))
        }
        Err(Refused::Limit | Refused::Down) => None,
    }
}

/// Why nobody can connect to a service that master.cf does not have.
pub fn absent(ctx: &Ctx<'_>, service: &str) -> Option<Errno> {
    if ctx.pf.master.unix(name(service)).is_some() {
        return None;
    }
    // A socket that an older master.cf had is still there; the place of an empty name is the directory of all.
    let there = ctx.host.fs.exists(&format!("{SPOOL}/{service}"));
    Some(if there { Errno::ConnRefused } else { Errno::NoEnt })
}

/// `mail_connect()`: whether a process finds a service, for which it does not wait; else it complains.
pub fn finds(ctx: &mut Ctx<'_>, p: &agent::Proc, service: &str) -> bool {
    let Some(errno) = absent(ctx, service) else { return true };
    p.log(ctx, Delivery::NoService { service: service.to_owned(), errno: errno.text() });
    false
}

/// What a process says of an attempt that failed: of the last one, in which it ends.
pub fn failed(n: u32, service: &str, errno: Errno) -> Delivery {
    let why = AgentFatal::Connect { n, service: service.to_owned(), errno: errno.text() };
    if n >= TRIES { Delivery::ServerFatal(why) } else { Delivery::Connecting(why) }
}

impl Waiting {
    /// Whether a process has to wait for a service now. It complains at once.
    pub fn begin(ctx: &mut Ctx<'_>, proc: &Proc, service: &str) -> Option<Waiting> {
        let mut w = Waiting { service: service.to_owned(), tries: 0, starts: None, until: ctx.host.now };
        match w.again(ctx, proc) {
            Outcome::Waits => Some(w),
            Outcome::There | Outcome::Ends(_) => None,
        }
    }

    /// The time has come to look again.
    pub fn again(&mut self, ctx: &mut Ctx<'_>, proc: &Proc) -> Outcome {
        if let Some(mut starts) = self.starts.take() {
            let (p, w) = &mut *starts;
            match w.again(ctx, p) {
                Outcome::Waits => {
                    self.until = w.until;
                    self.starts = Some(starts);
                    return Outcome::Waits;
                }
                Outcome::There => master::release(ctx, p.pid),
                Outcome::Ends(event) => master::fatal(ctx, p, event),
            }
        }
        match obstacle(ctx, &self.service) {
            None => Outcome::There,
            Some(Obstacle::Starts(starts)) => {
                self.until = starts.1.until;
                self.starts = Some(starts);
                Outcome::Waits
            }
            Some(Obstacle::Asleep(until)) => {
                self.until = until;
                Outcome::Waits
            }
            Some(Obstacle::Absent(errno)) => {
                self.tries += 1;
                let event = failed(self.tries, &self.service, errno);
                if self.tries >= TRIES {
                    return Outcome::Ends(event);
                }
                proc.log(ctx.host, event);
                self.until = ctx.host.now + PAUSE;
                Outcome::Waits
            }
        }
    }
}
