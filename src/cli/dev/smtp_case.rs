//! `dev smtp-case`: plays recorded SMTP dialogues on the model and compares with what the real Postfix did.
//!
//! A case is applied to a fresh base host, as the recording was made: main.cf entries over the base, files, tables,
//! master.cf, DNS; then the dialogue with model time; then the host settles. Left out: messages of the tools that apply it.

use super::ledger::Ledger;
use crate::base::{Chance, Span, Time};
use crate::host::net::Endpoint;
use crate::host::{Blob, Cred};
use crate::lab::hosts;
use crate::log::Record;
use crate::machine::Machine;
use crate::sim::{ConnId, World};
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use std::process::ExitCode;

use super::normalise::normalise;

/// What a case gave: transcript and log as the real one's files have them.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub transcript: Vec<Value>,
    pub log: Vec<String>,
    /// Everything that the host logged.
    pub journal: imbl::Vector<Record>,
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn strings(case: &Value, key: &str) -> Vec<String> {
    case.get(key)
        .and_then(Value::as_array)
        .map(|a| a.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
        .unwrap_or_default()
}

pub(super) fn seconds(v: &Value, default: f64) -> Span {
    Span((v.as_f64().unwrap_or(default) * 1e6) as i64)
}

/// main.cf with the case's entries instead of the base's.
fn main_cf(base: &str, over: &Map<String, Value>, raw: &str) -> String {
    let (mut out, mut skip) = (Vec::new(), false);
    for line in base.lines() {
        if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            if !line.starts_with([' ', '\t']) {
                skip = over.contains_key(line.split('=').next().unwrap_or_default().trim());
            }
            if skip {
                continue;
            }
        }
        out.push(line.to_owned());
    }
    // The entries come after an empty line, as the recordings' files have it.
    if base.ends_with('\n') {
        out.push(String::new());
    }
    for (k, v) in over {
        if let Some(v) = v.as_str() {
            let space = if v.starts_with('\n') { "" } else { " " };
            out.push(format!("{k} ={space}{v}"));
        }
    }
    if !raw.is_empty() {
        out.push(raw.to_owned());
    }
    out.join("\n") + "\n"
}

fn write(world: &mut World, path: &str, content: &str) {
    let root = Cred::root();
    let dir = path.rsplit_once('/').map_or("/", |(d, _)| d);
    let _ = world.host.fs.mkdir_all(dir);
    if world.host.fs.write(&root, path, Blob::from(content), 0o644).is_ok() {
        let _ = world.host.fs.chmod(&root, path, 0o644);
        let _ = world.host.fs.set_mtime(&root, path, world.host.now - Span::secs(10));
    }
}

/// Brings the base host into the state that a case wants.
pub(super) fn apply(machine: &mut Machine, case: &Value) {
    let empty = Map::new();
    let over = case.get("main_cf").and_then(Value::as_object).unwrap_or(&empty);
    {
        let world = machine.world();
        let mut w = world.borrow_mut();
        for line in strings(case, "dns") {
            w.host.dns.add_line(&line);
        }
        if !text(case, "dovecot").is_empty() {
            write(&mut w, "/etc/dovecot/conf.d/99-case.conf", text(case, "dovecot"));
        }
        if let Some(files) = case.get("files").and_then(Value::as_object) {
            for (path, content) in files {
                write(&mut w, path, content.as_str().unwrap_or_default());
            }
        }
        let base = w.host.fs.read_text("/etc/postfix/main.cf").unwrap_or_default();
        let new = main_cf(&base, over, text(case, "main_cf_raw"));
        write(&mut w, "/etc/postfix/main.cf", &new);
    }
    for t in strings(case, "postmap") {
        machine.run_captured(&format!("postmap {t}"));
    }
    for c in strings(case, "setup") {
        machine.run_captured(&c);
    }
    {
        let world = machine.world();
        super::servers::put(&mut world.borrow_mut(), case);
    }
    let services = strings(case, "master_cf");
    for c in &services {
        let line = if c.starts_with('-') { format!("postconf {c}") } else { format!("postconf -P '{c}'") };
        machine.run_captured(&line);
    }
    if !text(case, "dovecot").is_empty() {
        machine.run_captured("systemctl restart dovecot");
    }
    let restart = !services.is_empty()
        || case.get("restart").and_then(Value::as_bool).unwrap_or(false)
        || ["inet_interfaces", "inet_protocols", "myhostname"].iter().any(|k| over.contains_key(*k));
    let world = machine.world();
    if restart {
        let (_, _, code) = machine.run_captured("systemctl restart postfix");
        if code == 127 {
            machine.run_captured("postfix stop; postfix start");
        }
    } else {
        machine.run_captured("postfix reload");
    }
    world.borrow_mut().pass(Span::millis(400));
}

/// The client's end of a dialogue.
struct Client<'a> {
    machine: &'a mut Machine,
    id: Option<ConnId>,
    buffer: Vec<u8>,
    closed: bool,
    timeout: Span,
    steps: Vec<Value>,
}

impl Client<'_> {
    fn connect(&mut self, ip: IpAddr, server: IpAddr, port: u16, wrap: bool) -> Result<(), String> {
        let world = self.machine.world();
        let mut w = world.borrow_mut();
        self.buffer.clear();
        self.closed = false;
        match w.connect(ip, &Endpoint::Inet(server, port)) {
            Ok(id) => {
                self.id = Some(id);
                if wrap {
                    let _ = w.start_tls(id);
                }
                Ok(())
            }
            Err((e, span)) => {
                w.pass(span);
                Err(e.text().to_owned())
            }
        }
    }
    fn close(&mut self) {
        if let Some(id) = self.id.take() {
            self.machine.world().borrow_mut().hangup(id);
        }
    }
    fn send(&mut self, data: &[u8]) {
        let Some(id) = self.id else { return };
        let world = self.machine.world();
        let mut w = world.borrow_mut();
        w.pass(Span::millis(2));
        w.send(id, data);
    }
    /// One line, or nothing when the server says nothing for too long or has closed.
    fn line(&mut self) -> Option<String> {
        let world = self.machine.world();
        let until = world.borrow().now() + self.timeout;
        loop {
            if let Some(end) = self.buffer.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned());
            }
            let Some(id) = self.id else {
                self.closed = true;
                return None;
            };
            let mut w = world.borrow_mut();
            let (data, closed) = w.recv(id);
            if !data.is_empty() {
                self.buffer.extend_from_slice(&data);
                continue;
            }
            if closed {
                self.closed = true;
                return None;
            }
            if w.now() >= until {
                return None;
            }
            let next = w.ready_at(id).filter(|t| *t > w.now()).unwrap_or(w.now() + Span::millis(50));
            w.advance(next.min(until));
        }
    }
    fn reply(&mut self) -> Vec<String> {
        let mut out = Vec::new();
        while let Some(l) = self.line() {
            let more = l.as_bytes().get(3) == Some(&b'-');
            out.push(l);
            if !more {
                break;
            }
        }
        out
    }
    fn record(&mut self, c: Value, s: Vec<String>) {
        self.record_with(c, s, None);
    }
    fn record_with(&mut self, c: Value, s: Vec<String>, extra: Option<(&str, Value)>) {
        let mut step = Map::new();
        step.insert("c".into(), c);
        step.insert("s".into(), json!(s));
        if let Some((k, v)) = extra {
            step.insert(k.into(), v);
        }
        if self.closed {
            step.insert("closed".into(), json!(true));
        }
        self.steps.push(Value::Object(step));
    }
    fn say(&mut self, line: &str) {
        self.send(format!("{line}\r\n").as_bytes());
        let s = self.reply();
        self.record(json!(line), s);
    }
    fn last_reply(&self) -> String {
        let last = self.steps.last().and_then(|s| s.get("s")).and_then(Value::as_array);
        last.and_then(|a| a.last()).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

fn base64(data: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(data)
}

fn default_server(ip: IpAddr) -> &'static str {
    match ip {
        IpAddr::V6(a) if a.is_loopback() => "::1",
        IpAddr::V6(_) => "2001:db8::10",
        IpAddr::V4(a) if a.is_loopback() => "127.0.0.1",
        IpAddr::V4(_) => "192.0.2.10",
    }
}

/// A message of that many bytes, as the recordings have it.
fn big_message(size: usize) -> Vec<u8> {
    let mut body = b"Subject: grande\r\n\r\n".to_vec();
    let line = format!("{}012345\r\n", "0123456789".repeat(7));
    let times = size.saturating_sub(body.len()) / 78 + 1;
    for _ in 0..times.min(2_000_000) {
        body.extend_from_slice(line.as_bytes());
    }
    body.extend_from_slice(b".\r\n");
    body
}

/// Plays the dialogue. `Err`: the connection failed.
pub(super) fn play(machine: &mut Machine, case: &Value) -> Result<Vec<Value>, String> {
    let ip_text = case.get("client_ip").and_then(Value::as_str).unwrap_or("192.0.2.50");
    let ip: IpAddr = ip_text.parse().map_err(|_| "bad client_ip".to_owned())?;
    let server_text = case.get("server_ip").and_then(Value::as_str).unwrap_or_else(|| default_server(ip));
    let server: IpAddr = server_text.parse().map_err(|_| "bad server_ip".to_owned())?;
    let port = case.get("port").and_then(Value::as_u64).unwrap_or(25) as u16;
    let timeout = seconds(case.get("timeout").unwrap_or(&Value::Null), 4.0);
    let wrap = case.get("tls_wrap").and_then(Value::as_bool).unwrap_or(false);
    let dialog = case.get("dialog").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut c = Client { machine, id: None, buffer: Vec::new(), closed: false, timeout, steps: Vec::new() };
    c.connect(ip, server, port, wrap)?;
    if !case.get("no_banner").and_then(Value::as_bool).unwrap_or(false) {
        let s = c.reply();
        let silent = s.is_empty();
        c.record(Value::Null, s);
        if silent {
            if !c.closed
                && let Some(Value::Object(o)) = c.steps.last_mut()
            {
                o.insert("timeout".into(), json!(true));
            }
            c.close();
            return Ok(c.steps);
        }
    }
    let reconnects = dialog.iter().any(|i| i.get("reconnect").is_some());
    for item in &dialog {
        step(&mut c, item, ip, server, port, wrap)?;
        let empty = c.steps.last().and_then(|s| s.get("s")).and_then(Value::as_array).is_some_and(Vec::is_empty);
        if item.is_string() && empty && !c.closed {
            if let Some(Value::Object(o)) = c.steps.last_mut() {
                o.insert("timeout".into(), json!(true));
            }
            break;
        }
        if c.closed && !reconnects {
            break;
        }
    }
    c.close();
    Ok(c.steps)
}

fn step(c: &mut Client<'_>, item: &Value, ip: IpAddr, server: IpAddr, port: u16, wrap: bool) -> Result<(), String> {
    if let Some(line) = item.as_str() {
        c.say(line);
        return Ok(());
    }
    if let Some(data) = item.get("data") {
        let lines: Vec<String> = match data {
            Value::Array(a) => a.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
            other => other.as_str().unwrap_or_default().split('\n').map(str::to_owned).collect(),
        };
        let mut bytes: String = lines.join("\r\n") + if lines.is_empty() { "" } else { "\r\n" };
        if !item.get("no_dot").and_then(Value::as_bool).unwrap_or(false) {
            bytes += ".\r\n";
        }
        c.send(bytes.as_bytes());
        let s = c.reply();
        c.record(json!({ "data": lines }), s);
    } else if let Some(n) = item.get("data_size").and_then(Value::as_u64) {
        c.send(&big_message(n as usize));
        let s = c.reply();
        c.record(json!({ "data_size": n }), s);
    } else if item.get("auth_plain").is_some() {
        let a = strings(item, "auth_plain");
        let blob = format!("\0{}\0{}", a.first().map_or("", |s| s), a.get(1).map_or("", |s| s));
        c.say(&format!("AUTH PLAIN {}", base64(blob.as_bytes())));
    } else if item.get("auth_login").is_some() {
        let a = strings(item, "auth_login");
        let coded = |i: usize| base64(a.get(i).map_or("", |s| s).as_bytes());
        for line in ["AUTH LOGIN".to_owned(), coded(0), coded(1)] {
            c.say(&line);
            if !c.last_reply().starts_with("334") {
                break;
            }
        }
    } else if item.get("starttls").is_some() {
        c.say("STARTTLS");
        if c.last_reply().starts_with("220") {
            let got = match c.id {
                Some(id) => c.machine.world().borrow_mut().start_tls(id),
                None => Err("connection lost".into()),
            };
            let tls = match got {
                Ok(p) => format!("{} {}", p.protocol, p.cipher),
                Err(e) => format!("failed: {e}"),
            };
            c.buffer.clear();
            c.record_with(json!("(TLS handshake)"), Vec::new(), Some(("tls", json!(tls))));
        }
    } else if let Some(raw) = item.get("raw").and_then(Value::as_str) {
        c.send(raw.as_bytes());
        let quiet = item.get("noreply").and_then(Value::as_bool).unwrap_or(false);
        let s = if quiet { Vec::new() } else { c.reply() };
        c.record(json!({ "raw": raw }), s);
    } else if item.get("pipeline").is_some() {
        let lines = strings(item, "pipeline");
        let bytes: String = lines.join("\r\n") + if lines.is_empty() { "" } else { "\r\n" };
        c.send(bytes.as_bytes());
        let s = lines.iter().flat_map(|_| c.reply()).collect();
        c.record(json!({ "pipeline": lines }), s);
    } else if let Some(secs) = item.get("sleep") {
        let span = seconds(secs, 0.0);
        c.machine.world().borrow_mut().pass(span);
    } else if item.get("read").is_some() {
        let s = c.reply();
        c.record(Value::Null, s);
    } else if let Some(cmd) = item.get("cmd").and_then(Value::as_str) {
        let (out, err, rc) = c.machine.run_captured(cmd);
        let out = String::from_utf8_lossy(&out).into_owned() + &String::from_utf8_lossy(&err);
        c.steps.push(json!({ "cmd": cmd, "rc": rc, "out": out }));
    } else if let Some(to) = item.get("reconnect") {
        c.close();
        let after = seconds(item.get("after").unwrap_or(&Value::Null), 0.15);
        c.machine.world().borrow_mut().pass(after);
        let new_text = to.get("client_ip").and_then(Value::as_str);
        let new: IpAddr = new_text.map_or(Ok(ip), str::parse).map_err(|_| "bad client_ip".to_owned())?;
        let to_server = match to.get("server_ip").and_then(Value::as_str) {
            Some(s) => s.parse().map_err(|_| "bad server_ip".to_owned())?,
            None if new.is_ipv6() => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10]),
            None if server.is_ipv4() => server,
            None => IpAddr::from([192, 0, 2, 10]),
        };
        c.connect(new, to_server, port, wrap)?;
        let s = c.reply();
        c.record_with(
            Value::Null,
            s,
            Some(("reconnect", json!(new_text.map_or_else(|| ip.to_string(), str::to_owned)))),
        );
    } else if let Some(n) = item.get("settle") {
        let span = seconds(n, 8.0);
        settle(&mut c.machine.world().borrow_mut(), span, None);
    } else if item.get("close").is_some() {
        c.close();
    }
    Ok(())
}

const LOG: &str = "/var/log/mail.log";

pub(super) fn log_size(world: &World) -> usize {
    world.host.fs.read(&Cred::root(), LOG).map_or(0, |b| b.len())
}

pub(super) fn log_from(world: &World, offset: usize) -> String {
    let all = world.host.fs.read(&Cred::root(), LOG).map(|b| b.text()).unwrap_or_default();
    all.get(offset..).unwrap_or_default().to_owned()
}

fn queue_busy(world: &World) -> bool {
    ["incoming", "active", "maildrop"].iter().any(|q| {
        let top = format!("/var/spool/postfix/{q}");
        world
            .host
            .fs
            .tree(&top)
            .iter()
            .any(|(_, ino)| world.host.fs.node(*ino).is_some_and(crate::host::fs::Node::is_file))
    })
}

/// Waits until the log is quiet and the queue at rest.
pub(super) fn settle(world: &mut World, at_most: Span, need: Option<usize>) {
    let start = world.now();
    let (mut last, mut since) = (log_size(world), start);
    while world.now() - start < at_most {
        let size = log_size(world);
        if size != last {
            (last, since) = (size, world.now());
        }
        let quiet = world.now() - since >= Span::millis(300) && !queue_busy(world);
        if quiet && need.is_none_or(|from| log_from(world, from).contains("disconnect from")) {
            return;
        }
        world.pass(Span::millis(50));
    }
}

/// Plays one case on a fresh base host.
pub fn answer(case: &Value) -> Answer {
    let now = Time::from_civil(2026, 2, 6, 11, 30, 15);
    let mut machine = Machine::new(hosts::base_world(now, Chance::new(1)));
    apply(&mut machine, case);
    let world = machine.world();
    let from = log_size(&world.borrow());
    let played = play(&mut machine, case);
    let need = played.is_ok().then_some(from);
    let mut transcript = played.unwrap_or_default();
    let at_most = seconds(case.get("settle").unwrap_or(&Value::Null), 8.0);
    settle(&mut world.borrow_mut(), at_most, need);
    for cmd in strings(case, "after") {
        let (out, err, rc) = machine.run_captured(&cmd);
        let out = String::from_utf8_lossy(&out).into_owned() + &String::from_utf8_lossy(&err);
        transcript.push(json!({ "cmd": cmd, "rc": rc, "out": out }));
    }
    let log = log_from(&world.borrow(), from).lines().filter(|l| !l.is_empty()).map(str::to_owned).collect();
    let journal = world.borrow().host.journal.clone();
    Answer { transcript, log, journal }
}

/// Lines of different messages interleave at random in the real log: within a program, those of one queue id stand
/// together where the first of them stands among the ids. So do the recipients of one message, which several processes
/// deliver to at once.
fn by_message(lines: &mut [String]) {
    let key = |l: &String| {
        let (head, text) = l.split_once("]: ").unwrap_or(("", l));
        let id = text.strip_prefix("<QID").and_then(|t| t.split_once('>')).and_then(|(n, _)| n.parse::<u32>().ok());
        (head.to_owned(), id)
    };
    // smtpd's lines without an id belong to the dialogue's order, which is one.
    lines.sort_by_key(|l| {
        let (head, id) = key(l);
        let id = if head.contains("smtpd") { None } else { id };
        let delivery = if id.is_some() && l.contains(" status=") { l.clone() } else { String::new() };
        // So do smtp(8)'s lines about connections: a process for each destination.
        let delivery = if id.is_none() && head.contains("postfix/smtp[") { l.clone() } else { delivery };
        (head, id, delivery)
    });
}

/// The lines in which the model's answer differs from the real one's: `-` real, `+` model.
pub fn differences(expected: &Value, got: &Answer) -> Vec<String> {
    // What was kept masked is masked again without harm.
    let kept = if expected.get("transcript").is_some() { Some(expected) } else { expected.get("normalised") };
    let kept = kept.cloned().unwrap_or(Value::Null);
    let steps = kept.get("transcript").and_then(Value::as_array).cloned().unwrap_or_default();
    let (want, mut wanted) = normalise(&steps, &strings(&kept, "log"));
    let (transcript, mut log) = normalise(&got.transcript, &got.log);
    let lines = |v: &[Value]| v.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut out = diff(&lines(&want), &lines(&transcript));
    for lines in [&mut wanted, &mut log] {
        by_message(lines);
    }
    out.extend(diff(&wanted, &log));
    out
}

/// A plain longest-common-subsequence difference.
pub(super) fn diff(a: &[String], b: &[String]) -> Vec<String> {
    let (n, m) = (a.len(), b.len());
    let mut lcs = vec![vec![0usize; m + 1]; n + 1];
    for i in (0..n).rev() {
        for j in (0..m).rev() {
            lcs[i][j] = if a[i] == b[j] { lcs[i + 1][j + 1] + 1 } else { lcs[i + 1][j].max(lcs[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < n || j < m {
        if i < n && j < m && a[i] == b[j] {
            i += 1;
            j += 1;
        } else if j < m && (i == n || lcs[i][j + 1] > lcs[i + 1][j]) {
            out.push(format!("+ {}", b[j]));
            j += 1;
        } else {
            out.push(format!("- {}", a[i]));
            i += 1;
        }
    }
    out
}

/// `maillab dev smtp-case FILE… [--diff] [--json] [--ledger FILE]`.
pub fn run(files: &[String], show_diff: bool, as_json: bool, mut ledger: Ledger) -> ExitCode {
    let mut answers = Vec::new();
    let mut bad = false;
    for file in files.iter().filter(|f| !f.ends_with(".expected.json")) {
        let read = |f: &str| std::fs::read_to_string(f).ok().and_then(|t| serde_json::from_str::<Value>(&t).ok());
        let Some(case) = read(file) else {
            eprintln!("maillab: {file}: cannot be read as JSON");
            bad = true;
            continue;
        };
        let got = answer(&case);
        let stem = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".json");
        let name = case.get("name").and_then(Value::as_str).unwrap_or(stem).to_owned();
        if as_json {
            answers.push(json!({ "name": name, "transcript": got.transcript, "log": got.log }));
            continue;
        }
        let Some(expected) = read(&file.replace(".json", ".expected.json")) else {
            eprintln!("maillab: {file}: there is no .expected.json beside it");
            bad = true;
            continue;
        };
        let delta = differences(&expected, &got);
        if ledger.count(stem, None, delta.is_empty()) {
            println!("{stem}: different");
            if show_diff {
                for d in delta {
                    println!("  {d}");
                }
            }
        }
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&answers).unwrap_or_default());
        return if bad { ExitCode::from(2) } else { ExitCode::SUCCESS };
    }
    let (text, code) = ledger.close("cases", bad);
    print!("{text}");
    code
}
