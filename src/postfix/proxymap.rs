//! proxymap(8): what it says of the tables that it opens for others.
//!
//! Left out: tables that it is not allowed to open are refused by who asks.

use super::Ctx;
use super::live;
use super::master::{self, Proc};
use super::table::Maps;
use crate::log::table::{OpenFault, Table};

/// Logs what a look-up said: a table that proxymap(8) could not open is its affair.
pub fn say(ctx: &mut Ctx<'_>, proc: &Proc, event: Table) {
    if let Table::Unavailable { table, reason } = &event
        && let Some(name) = table.strip_prefix("proxy:")
        && !matches!(reason, OpenFault::NotProxied(_))
    {
        let table = name.trim_start_matches("proxy:").to_owned();
        let event = Table::Unavailable { table, reason: reason.clone() };
        return log(ctx, event, false);
    }
    proc.log(ctx.host, event);
}

/// Whether opening these tables made proxymap(8) say it.
pub fn opens(maps: &Maps, event: &Table) -> bool {
    let Table::Open(reason) = event else { return false };
    let proxied = maps.dicts.iter().filter(|d| d.name.starts_with("proxy:"));
    !matches!(reason, OpenFault::NotProxied(_)) && proxied.filter_map(|d| d.unavailable()).any(|r| r == reason)
}

/// Whether this is a table of its own that it could not open.
pub fn is_fault(event: &Table) -> bool {
    matches!(event, Table::Open(reason) if !matches!(reason, OpenFault::NotProxied(_)))
}

/// It opens a table once.
pub fn heard(ctx: &mut Ctx<'_>, event: Table) {
    log(ctx, event, true);
}

fn log(ctx: &mut Ctx<'_>, event: Table, once: bool) {
    let Ok(p) = master::acquire(ctx, "proxymap/unix") else { return };
    if !once || live::first_time(ctx, p.pid, &event) {
        p.log(ctx.host, event);
    }
    master::release(ctx, p.pid);
}
