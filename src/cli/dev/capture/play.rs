//! Plays a capture on a fresh base host.

use crate::base::{Chance, Span, Time};
use crate::cli::dev::smtp_case::{apply, log_from, log_size, play, seconds, settle};
use crate::command::io::Stream;
use crate::lab::hosts;
use crate::log::Record;
use crate::machine::Machine;
use crate::machine::recorded::{self, Recording};
use serde_json::{Map, Value, json};
use std::net::{IpAddr, Ipv4Addr};

/// The client's machine of the recordings.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 50));
const SIZE: (u16, u16) = (160, 50);
/// What lies between the end of one step and the next.
const BETWEEN: Span = Span::millis(120);

/// The steps with the model's answers in them, and what was logged meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub steps: Vec<Value>,
    pub log: Vec<String>,
    /// Everything that the host logged.
    pub journal: imbl::Vector<Record>,
}

/// Runs all steps of a capture.
pub fn answer(capture: &Value) -> Answer {
    let now = Time::from_civil(2026, 11, 24, 3, 20, 0);
    let mut machine = Machine::new(hosts::base_world(now, Chance::new(1)));
    let world = machine.world();
    let config = capture.get("config").cloned().unwrap_or_else(|| json!({}));
    apply(&mut machine, &config);
    let from = log_size(&world.borrow());
    let mut steps = Vec::new();
    for step in capture.get("steps").and_then(Value::as_array).into_iter().flatten() {
        if step.get("run").is_some() {
            steps.push(command(&mut machine, step));
            world.borrow_mut().pass(BETWEEN);
            continue;
        }
        if step.get("smtp").is_some() {
            steps.push(dialogue(&mut machine, step));
            world.borrow_mut().pass(BETWEEN);
            continue;
        }
        if let Some(s) = step.get("sleep") {
            world.borrow_mut().pass(seconds(s, 0.0));
        } else if let Some(s) = step.get("settle") {
            settle(&mut world.borrow_mut(), seconds(s, 6.0), None);
        } else if let Some(text) = step.get("wait_log").and_then(Value::as_str) {
            for _ in 0..600 {
                if log_from(&world.borrow(), from).contains(text) {
                    break;
                }
                world.borrow_mut().pass(Span::millis(100));
            }
        }
        steps.push(step.clone());
    }
    settle(&mut world.borrow_mut(), Span::secs(6), None);
    let log = log_from(&world.borrow(), from).lines().filter(|l| !l.is_empty()).map(str::to_owned).collect();
    let journal = world.borrow().host.journal.clone();
    Answer { steps, log, journal }
}

fn command(machine: &mut Machine, step: &Value) -> Value {
    let line = step.get("run").and_then(Value::as_str).unwrap_or_default();
    let feed = step.get("feed").and_then(Value::as_array).into_iter().flatten();
    let feed = feed
        .map(|f| {
            let text = f.get(1).and_then(Value::as_str).unwrap_or_default();
            (seconds(f.get(0).unwrap_or(&Value::Null), 0.0), text.as_bytes().to_vec())
        })
        .collect();
    let outside = step.get("where").and_then(Value::as_str) == Some("client");
    let how = Recording { feed, vantage: outside.then_some(CLIENT), size: SIZE };
    let done = recorded::run(&machine.world(), line, &how);
    let of = |wanted: Option<Stream>| {
        let bytes: Vec<u8> = done
            .chunks
            .iter()
            .filter(|(s, _)| wanted.is_none_or(|w| w == *s))
            .flat_map(|(_, b)| b.iter().copied())
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let mut out = step.clone();
    out["rc"] = json!(done.code);
    out["stdout"] = json!(of(Some(Stream::Out)));
    out["stderr"] = json!(of(Some(Stream::Err)));
    if let Value::Object(o) = &mut out {
        o.remove("tty");
        let both = [Stream::Out, Stream::Err].iter().all(|s| done.chunks.iter().any(|(c, _)| c == s));
        if both {
            o.insert("tty".into(), json!(of(None)));
        }
    }
    out
}

/// What the client of a recorded dialogue did, as items of a case.
fn items(said: &[Value]) -> Vec<Value> {
    let mut out = Vec::new();
    for (i, s) in said.iter().enumerate() {
        let c = s.get("c").cloned().unwrap_or(Value::Null);
        if let Some(cmd) = s.get("cmd") {
            out.push(json!({ "cmd": cmd }));
        } else if let Some(ip) = s.get("reconnect") {
            out.push(json!({ "reconnect": { "client_ip": ip } }));
        } else if c.is_null() {
            if i > 0 {
                out.push(json!({ "read": 1 }));
            }
        } else if c == json!("(TLS handshake)") {
        } else if c == json!("STARTTLS") {
            out.push(json!({ "starttls": true }));
        } else if c.get("raw").is_some() && s.get("s").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            let mut o = c;
            o["noreply"] = json!(true);
            out.push(o);
        } else {
            out.push(c);
        }
    }
    out
}

fn dialogue(machine: &mut Machine, step: &Value) -> Value {
    let said = step.get("smtp").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut case = Map::new();
    for key in ["client_ip", "port", "timeout", "server_ip", "tls_wrap"] {
        if let Some(v) = step.get(key) {
            case.insert(key.into(), v.clone());
        }
    }
    case.insert("dialog".into(), json!(items(&said)));
    let played = play(machine, &Value::Object(case));
    let mut out = step.clone();
    out["smtp"] = match played {
        Ok(steps) => json!(steps),
        Err(_) => json!([{ "c": null, "s": ["(connect: [Errno 111] Connection refused)"] }]),
    };
    out
}
