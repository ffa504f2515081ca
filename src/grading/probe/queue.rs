//! `queue`: what the queue holds of such mail, as `postqueue -j` lists it.

use super::{Found, run};
use crate::sim::World;
use serde_json::Value;

/// A message in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    pub id: String,
    pub queue: String,
    pub sender: String,
    pub recipients: Vec<String>,
    /// Arrival, seconds since the epoch.
    pub arrival: i64,
}

/// All queued messages.
pub fn list(w: &mut World) -> Vec<Queued> {
    let (_, out) = run(w, "postqueue -j");
    out.lines().filter_map(|l| serde_json::from_str(l).ok()).filter_map(read).collect()
}

fn read(v: Value) -> Option<Queued> {
    let text = |k: &str| v.get(k).and_then(Value::as_str).map(str::to_owned);
    let recipients = v.get("recipients").and_then(Value::as_array).cloned().unwrap_or_default();
    Some(Queued {
        id: text("queue_id")?,
        queue: text("queue_name")?,
        sender: text("sender").filter(|s| s != "MAILER-DAEMON").unwrap_or_default(),
        recipients: recipients.iter().filter_map(|r| r.get("address")?.as_str().map(str::to_owned)).collect(),
        arrival: v.get("arrival_time").and_then(Value::as_i64).unwrap_or(0),
    })
}

pub fn ask(w: &mut World, sender: &str, to: &str, present: bool) -> Found {
    let hits = list(w)
        .into_iter()
        .filter(|q| sender.is_empty() || q.sender.eq_ignore_ascii_case(sender))
        .filter(|q| to.is_empty() || q.recipients.iter().any(|r| r.eq_ignore_ascii_case(to)))
        .count();
    Found::new((hits > 0) == present, hits.to_string())
}
