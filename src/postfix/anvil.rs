//! anvil(8): connections, and events a minute, by service and client.
//!
//! Left out: the maximal rates that it reports every ten minutes when it is asked to (`anvil_status_update_time`).

use crate::base::{Span, Time};
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

/// The counters; they are lost when anvil ends.
#[derive(Clone, Debug, Default)]
pub struct Anvil {
    remotes: OrdMap<String, Remote>,
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
    /// A client connects: how many connections it has, and how many it made within the time unit.
    pub fn connect(&mut self, ident: &str, now: Time, unit: Span) -> (i64, i64) {
        let r = self.remote(ident, now, unit);
        r.connections += 1;
        r.rates[0] += 1;
        (r.connections, r.rates[0])
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
        r.rates[n]
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
            assert_eq!(a.connect("smtp:192.0.2.50", t + Span::secs(at), unit).1, want);
        }
        a.disconnect("smtp:192.0.2.50");
        assert_eq!(a.connect("smtp:192.0.2.50", t + Span::secs(62), unit).0, 4);
    }
}
