//! Messages a second from SMTP in to Maildir with every log line rendered, and the memory of a queue of 100,000 messages.
//!
//! With `MAILLAB_REAL` set to a program that runs its arguments on a host with the real Postfix, that one is measured in
//! the same run, fed by smtp-source(1): one session a message, 500 bytes, to the same Maildir.

use maillab::base::{Chance, Span, Time};
use maillab::host::net::Endpoint;
use maillab::lab::hosts;
use maillab::machine::{Input, Machine};
use maillab::sim::World;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::{Duration, Instant};

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
    let mut delivered = 0;
    for r in &world.host.journal {
        delivered += u32::from(black_box(r.traditional("mail")).contains("status=sent"));
    }
    let took = start.elapsed();
    assert_eq!(delivered, n);
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

/// A queue of `n` deferred messages.
fn queue(n: u32) -> World {
    let mut machine = Machine::new(hosts::base_world(NOW, Chance::new(1)));
    machine.input(Input::Line("postconf defer_transports=smtp && postfix reload".into()));
    let world = machine.world();
    let mut w = world.borrow_mut();
    let body = body();
    w.pass(Span::secs(2));
    let mut at = Instant::now();
    for i in 1..=n {
        send(&mut w, LOCAL, "b@destino.com", &body);
        w.pass(Span::millis(2));
        if i % 10_000 == 0 {
            println!("  {i}: {} MB, {:.1} s", peak(), at.elapsed().as_secs_f64());
            at = Instant::now();
        }
    }
    drop(w);
    let t = Instant::now();
    let out = machine.input(Input::Line("postqueue -p | tail -1".into()));
    println!("  postqueue -p | tail -1: {} in {:.2} s", out.text().trim_end(), t.elapsed().as_secs_f64());
    let w = machine.world().borrow().clone();
    w
}

/// The quickest and the middle one of some runs of a line.
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

fn main() {
    println!(
        "record {} event {} peak {}",
        std::mem::size_of::<maillab::log::Record>(),
        std::mem::size_of::<maillab::log::Event>(),
        peak()
    );
    let part = std::env::var("PART").unwrap_or_default();
    if part.is_empty() || part == "mail" {
        for n in [1000, 5000] {
            println!("model: {:.0} messages/s over {n}", model(n));
        }
        let m = model(2000);
        if let Ok(run) = std::env::var("MAILLAB_REAL") {
            let r = real(&run, 1000);
            println!("model {m:.0}/s, real {r:.1}/s: {:.0} times", m / r);
        }
    }
    if part.is_empty() || part == "commands" {
        let mut world = hosts::base_world(NOW, Chance::new(1));
        let b = body();
        for _ in 0..200 {
            send(&mut world, CLIENT, "maria@ejemplo.com", &b);
            world.pass(Span::secs(1));
        }
        let mut machine = Machine::new(world);
        for l in LINES {
            command(&mut machine, l);
        }
    }
    if part.is_empty() || part == "queue" {
        let n = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
        let w = queue(n);
        println!("queue of {n}: peak {} MB, {} records", peak(), w.host.journal.len());
    }
}
