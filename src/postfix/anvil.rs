//! anvil(8): connections, and events a minute, by service and client.
//!
//! Left out: the maximal rates that it reports every ten minutes when it is asked to (`anvil_status_update_time`).

use crate::base::{Span, Time};
use crate::log::anvil::Anvil as Log;
use crate::log::smtpd::Rate;
use imbl::OrdMap;

/// What is known of one client of one service.
#[derive(Clone, Debug, Default)]
struct Remote {
    connections: i64,
    start: Option<Time>,
    /// By [`Rate`]: connections, messages, recipients, TLS sessions, AUTH commands.
    rates: [i64; 5],
}

/// The largest value seen, whose it was, and when.
#[derive(Clone, Debug, Default)]
struct Max {
    value: i64,
    ident: String,
    at: Time,
}

impl Max {
    fn see(&mut self, value: i64, ident: &str, at: Time) {
        if value > self.value {
            *self = Max { value, ident: ident.to_owned(), at };
        }
    }
}

/// The counters; they are lost when anvil ends.
#[derive(Clone, Debug, Default)]
pub struct Anvil {
    remotes: OrdMap<String, Remote>,
    /// What it will say when it ends: rates by [`Rate`], connections at a time, clients remembered.
    rates: [Max; 5],
    count: Max,
    cache: Max,
}

fn slot(rate: Rate) -> usize {
    match rate {
        Rate::ConnectionCount | Rate::ConnectionRate => 0,
        Rate::Message => 1,
        Rate::Recipient => 2,
        Rate::NewTls => 3,
        Rate::Auth => 4,
    }
}

impl Anvil {
    fn remote(&mut self, ident: &str, now: Time, unit: Span) -> &mut Remote {
        // Clients that are gone and whose window is over are forgotten.
        if self.remotes.len() > 10_000 {
            let old: Vec<String> = self
                .remotes
                .iter()
                .filter(|(_, r)| r.connections <= 0 && r.start.is_none_or(|s| now - s > unit))
                .map(|(k, _)| k.clone())
                .collect();
            for k in old {
                self.remotes.remove(&k);
            }
        }
        let r = self.remotes.entry(ident.to_owned()).or_default();
        if r.start.is_none_or(|s| now - s >= unit) {
            r.start = Some(now);
            r.rates = [0; 5];
        }
        r
    }
    /// A client connects (`counted`: it is under limits): how many connections it has, and how many it made within the time unit.
    pub fn connect(&mut self, ident: &str, now: Time, unit: Span, counted: bool) -> (i64, i64) {
        let r = self.remote(ident, now, unit);
        r.connections += 1;
        r.rates[0] += 1;
        let (connections, rate) = (r.connections, r.rates[0]);
        if counted {
            self.rates[0].see(rate, ident, now);
            self.count.see(connections, ident, now);
            let known = self.remotes.values();
            let live = known.filter(|r| r.connections > 0 || r.start.is_some_and(|s| now - s < unit)).count();
            self.cache.see(i64::try_from(live).unwrap_or(i64::MAX), "", now);
        }
        (connections, rate)
    }
    /// The statistics that it logs when it ends; they begin anew.
    pub fn statistics(&mut self, unit: i64) -> Vec<Log> {
        const WHAT: [&str; 5] = ["connection", "message", "recipient", "newtls", "auth"];
        let mut out = Vec::new();
        let rates = std::mem::take(&mut self.rates);
        let count = std::mem::take(&mut self.count);
        let cache = std::mem::take(&mut self.cache);
        for (i, (m, what)) in rates.into_iter().zip(WHAT).enumerate() {
            if m.value > 0 {
                out.push(Log::MaxRate { what, rate: m.value, unit, ident: m.ident, at: m.at });
            }
            if i == 0 && count.value > 0 {
                out.push(Log::MaxCount { count: count.value, ident: count.ident.clone(), at: count.at });
            }
        }
        if cache.value > 0 {
            out.push(Log::MaxCache { size: usize::try_from(cache.value).unwrap_or(0), at: cache.at });
        }
        out
    }
    pub fn disconnect(&mut self, ident: &str) {
        if let Some(r) = self.remotes.get_mut(ident) {
            r.connections = (r.connections - 1).max(0);
        }
    }
    /// One more event of a kind: how many within the time unit.
    pub fn count(&mut self, rate: Rate, ident: &str, now: Time, unit: Span) -> i64 {
        let r = self.remote(ident, now, unit);
        let n = slot(rate);
        r.rates[n] += 1;
        let value = r.rates[n];
        self.rates[n].see(value, ident, now);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_start_anew_after_the_unit() {
        let (mut a, unit) = (Anvil::default(), Span::secs(60));
        let t = Time::from_secs(1000);
        for (at, want) in [(0, 1), (10, 2), (59, 3), (61, 1)] {
            assert_eq!(a.connect("smtp:192.0.2.50", t + Span::secs(at), unit, true).1, want);
        }
        a.disconnect("smtp:192.0.2.50");
        assert_eq!(a.connect("smtp:192.0.2.50", t + Span::secs(62), unit, true).0, 4);
    }
}
