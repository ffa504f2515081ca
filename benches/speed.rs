//! Messages a second from SMTP in to Maildir with every line of /var/log/mail.log, ordinary commands, and the memory of a queue of
//! 100,000 messages (`MAILLAB_QUEUE`: another number): `cargo bench --bench speed [-- mail|commands|queue]`.
//!
//! With `MAILLAB_REAL` set to a program that runs its arguments on a host with the real Postfix, that one is measured in
//! the same run, fed by smtp-source(1): one session a message, 500 bytes, to the same Maildir.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use maillab::base::{Chance, Span, Time};
use maillab::host::net::Endpoint;
use maillab::lab::hosts;
use maillab::machine::{Input, Machine};
use maillab::sim::World;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::{Duration, Instant};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOW: Time = Time::from_secs(1_770_377_415);
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 50));
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn send(world: &mut World, from: IpAddr, to: &str, body: &str) {
    let to_ip = if from == LOCAL { LOCAL } else { SERVER };
    let conn = world.connect(from, &Endpoint::Inet(to_ip, 25)).expect("port 25 is open");
    world.ask(conn, b"");
    let rcpt = format!("RCPT TO:<{to}>\r\n");
    for line in ["HELO cliente.ejemplo.com\r\n", "MAIL FROM:<a@origen.com>\r\n", &rcpt, "DATA\r\n", body, "QUIT\r\n"] {
        black_box(world.ask(conn, line.as_bytes()));
    }
    world.hangup(conn);
}

/// 500 bytes, as `smtp-source -l 500` sends them.
fn body() -> String {
    format!(
        "From: <a@origen.com>\r\nTo: <maria@ejemplo.com>\r\nSubject: hola\r\n\r\n{}.\r\n",
        format!("{}\r\n", "X".repeat(68)).repeat(6)
    )
}

/// Messages a second.
fn model(n: u32) -> f64 {
    let mut world = hosts::base_world(NOW, Chance::new(1));
    let body = body();
    let start = Instant::now();
    for _ in 0..n {
        send(&mut world, CLIENT, "maria@ejemplo.com", &body);
        world.pass(Span::millis(50));
    }
    world.pass(Span::secs(5));
    let took = start.elapsed();
    let log = world.host.fs.read_text("/var/log/mail.log").expect("a log");
    assert_eq!(log.matches("status=sent").count(), n as usize);
    f64::from(n) / took.as_secs_f64()
}

/// The same of the real one, by the time that its queue needs to be empty again.
fn real(run: &str, n: u32) -> f64 {
    let script = format!(
        "start=$(date +%s.%N); smtp-source -s 1 -m {n} -l 500 -f a@origen.com -t maria@ejemplo.com 127.0.0.1:25 >&2; \
         while [ -n \"$(find /var/spool/postfix/incoming /var/spool/postfix/active -type f | head -1)\" ]; do sleep 0.05; done; \
         end=$(date +%s.%N); echo $start $end"
    );
    let out = Command::new(run).args(["bash", "-c", &script]).output().expect("runs");
    let text = String::from_utf8_lossy(&out.stdout);
    let times: Vec<f64> = text.split_whitespace().filter_map(|w| w.parse().ok()).collect();
    assert!(times.len() == 2, "{text}{}", String::from_utf8_lossy(&out.stderr));
    f64::from(n) / (times[1] - times[0])
}

/// Peak resident memory so far, in MB (proc(5), `VmHWM`).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// A queue of `n` deferred messages, one by one through SMTP.
fn queue(n: u32) {
    let mut machine = Machine::new(hosts::base_world(NOW, Chance::new(1)));
    machine.input(Input::Line("postconf defer_transports=smtp && postfix reload".into()));
    machine.world().borrow_mut().pass(Span::secs(2));
    let (body, start) = (body(), Instant::now());
    for _ in 0..n {
        let world = machine.world();
        let mut w = world.borrow_mut();
        send(&mut w, LOCAL, "b@destino.com", &body);
        w.pass(Span::millis(2));
    }
    println!("queue of {n}: {} MB at most, filled in {:.0} s", peak(), start.elapsed().as_secs_f64());
    let start = Instant::now();
    let out = machine.input(Input::Line("postqueue -p | tail -1".into()));
    let took = start.elapsed().as_secs_f64();
    println!("postqueue -p | tail -1: {} in {took:.2} s, {} MB at most", out.text().trim_end(), peak());
}

/// The middle one of some runs of a line.
fn command(machine: &mut Machine, line: &str) {
    let mut took: Vec<Duration> = (0..15)
        .map(|_| {
            let t = Instant::now();
            black_box(machine.input(Input::Line(line.to_owned())));
            t.elapsed()
        })
        .collect();
    took.sort();
    println!("  {:50} {:7.2} ms", line, took[7].as_secs_f64() * 1e3);
}

const LINES: &[&str] = &[
    "true",
    "postconf -n",
    "postqueue -p",
    "mailq",
    "tail -20 /var/log/mail.log",
    "grep status= /var/log/mail.log | wc -l",
    "grep status=deferred /var/log/mail.log",
    "ls -l /var/spool/postfix",
    "ls -l /home/maria/Maildir/new | tail -3",
    "ss -tulpn",
    "systemctl status postfix",
    "journalctl -u postfix@- -n 20",
    "doveadm quota get -u maria",
    "doveconf -n",
    "postmap -q maria hash:/etc/aliases",
    "dig +short mx destino.com",
    "find /etc/postfix -type f",
    "ps aux",
    "df -h",
];

/// Ordinary commands in a session on a host that took 200 messages.
fn commands() {
    let mut world = hosts::base_world(NOW, Chance::new(1));
    for _ in 0..200 {
        send(&mut world, CLIENT, "maria@ejemplo.com", &body());
        world.pass(Span::secs(1));
    }
    let mut machine = Machine::new(world);
    for line in LINES {
        command(&mut machine, line);
    }
}

fn mail() {
    for n in [1000, 5000] {
        println!("model: {:.0} messages/s over {n}", model(n));
    }
    if let Ok(run) = std::env::var("MAILLAB_REAL") {
        let (model, real) = (model(2000), real(&run, 1000));
        println!("model {model:.0} messages/s, real {real:.0}: {:.0} times", model / real);
    }
}

fn main() {
    let parts: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|p| p == part);
    if wanted("mail") {
        mail();
    }
    if wanted("commands") {
        commands();
    }
    if wanted("queue") {
        let n = std::env::var("MAILLAB_QUEUE").ok().and_then(|n| n.parse().ok());
        queue(n.unwrap_or(100_000));
    }
}
