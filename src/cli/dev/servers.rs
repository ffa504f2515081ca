//! The remote servers that a recorded case brings along (`servers`): a stand-in of each answered the real Postfix.
//!
//! A server is `{ip, port, name, mode: "closed", greeting, drops, mutes, replies: {VERB: reply}, rcpt: {who: reply}, data,
//! size, tls: {cert, key, fails}, logins: [[user, password]], login_needed, keywords}`; certificates are files of the mail host.

use crate::internet::server::{Mode, Server, Tls};
use crate::sim::World;
use serde_json::Value;

fn pairs(v: &Value, key: &str) -> Vec<(String, String)> {
    let map = v.get(key).and_then(Value::as_object);
    map.map(|m| m.iter().map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned())).collect())
        .unwrap_or_default()
}

fn word(v: &Value, key: &str) -> Option<String> {
    v.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn tls(world: &World, v: &Value) -> Option<Tls> {
    let t = v.get("tls").filter(|t| t.is_object())?;
    let chain = world.host.fs.read_text(&word(t, "cert")?).unwrap_or_default();
    let fails = t.get("fails").and_then(Value::as_bool).unwrap_or(false);
    Some(Tls { chain, fails: fails.then(|| "lost connection".into()), ..Tls::self_signed("") })
}

fn server(world: &World, v: &Value) -> Server {
    let mut s = Server::new(&word(v, "name").unwrap_or_default());
    let own = pairs(v, "rcpt");
    s.rcpt.retain(|(w, _)| own.iter().all(|(o, _)| o != w));
    s.rcpt.extend(own);
    s.data.extend(pairs(v, "data"));
    s.replies = pairs(v, "replies");
    s.size = v.get("size").and_then(Value::as_u64).unwrap_or(s.size);
    s.tls = tls(world, v);
    let logins = v.get("logins").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |v: Option<&Value>| v.and_then(Value::as_str).unwrap_or_default().to_owned();
    s.logins = logins.iter().map(|l| (text(l.get(0)), text(l.get(1)))).collect();
    s.mechanisms = word(v, "mechanisms").unwrap_or(s.mechanisms);
    s.login_needed = v.get("login_needed").and_then(Value::as_bool).unwrap_or(false);
    let keywords = v.get("keywords").and_then(Value::as_array).cloned().unwrap_or_default();
    s.keywords = keywords.iter().filter_map(|k| k.as_str().map(str::to_owned)).collect();
    match word(v, "greeting") {
        Some(g) if g == "220" => s.banner = Some(String::new()),
        Some(g) if g.starts_with("220-") => {}
        Some(g) if g.starts_with('2') && g.get(3..4) == Some(" ") => s.banner = g.get(4..).map(str::to_owned),
        Some(g) => s.mode = Mode::Greets(g),
        None => {}
    }
    if let Some(at) = word(v, "drops") {
        s.mode = Mode::DropsAt(at);
    }
    if let Some(at) = word(v, "mutes") {
        s.mode = Mode::MuteAt(at);
    }
    if word(v, "mode").as_deref() == Some("closed") {
        s.mode = Mode::Closed;
    }
    s
}

/// Puts them up.
pub(super) fn put(world: &mut World, case: &Value) {
    for v in case.get("servers").and_then(Value::as_array).into_iter().flatten() {
        let Some(ip) = word(v, "ip").and_then(|i| i.parse().ok()) else { continue };
        let port = v.get("port").and_then(Value::as_u64).unwrap_or(25) as u16;
        let made = server(world, v);
        world.internet.servers.set(ip, port, made);
    }
}
