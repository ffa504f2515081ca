//! How quick the simulation is. Ratios against the real programs are measured where those are installed (`postconf`).

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use maillab::base::{Chance, Span, Time};
use maillab::host::net::Endpoint;
use maillab::lab::hosts;
use maillab::machine::{Input, Machine};
use maillab::sim::World;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Command, Stdio};
use std::time::Duration;

const NOW: Time = Time::from_secs(1_770_377_415);
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 50));
const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));

fn base() -> World {
    hosts::base_world(NOW, Chance::new(1))
}

/// One message from SMTP in to Maildir, every line logged.
fn deliver(world: &mut World) {
    let Ok(conn) = world.connect(CLIENT, &Endpoint::Inet(SERVER, 25)) else { return };
    for line in [
        "",
        "EHLO cliente.ejemplo.com\r\n",
        "MAIL FROM:<usuario@origen.com>\r\n",
        "RCPT TO:<maria@ejemplo.com>\r\n",
        "DATA\r\n",
        "Subject: hola\r\n\r\nHola, Maria\r\n.\r\n",
        "QUIT\r\n",
    ] {
        black_box(world.ask(conn, line.as_bytes()));
    }
    world.pass(Span::secs(2));
}

/// Whole processes: from start to the first answer, beside the real `postconf -n` where there is one.
fn start(c: &mut Criterion) {
    let mut g = c.benchmark_group("start");
    g.measurement_time(Duration::from_secs(5)).sample_size(20);
    let run = |program: &str, args: &[&str]| {
        Command::new(program)
            .args(args)
            .env("MAILLAB_STATE", std::env::temp_dir().join("maillab-bench"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
    };
    for args in [&["dev", "shell", "-c", "true"][..], &["play", "open-relay", "-c", "true"]] {
        let name = format!("maillab {}", args.join(" "));
        g.bench_function(name, |b| b.iter(|| run(env!("CARGO_BIN_EXE_maillab"), args)));
    }
    if run("postconf", &["-n"]).is_ok() {
        g.bench_function("real postconf -n", |b| b.iter(|| run("postconf", &["-n"])));
    }
    g.finish();
}

/// Ordinary commands inside a session.
fn commands(c: &mut Criterion) {
    let mut g = c.benchmark_group("command");
    let mut machine = Machine::new(base());
    {
        let world = machine.world();
        let mut w = world.borrow_mut();
        for _ in 0..200 {
            deliver(&mut w);
        }
    }
    for line in
        ["true", "postconf -n", "postqueue -p", "tail -20 /var/log/mail.log", "grep status= /var/log/mail.log | wc -l"]
    {
        g.bench_function(line, |b| b.iter(|| black_box(machine.input(Input::Line(line.to_owned())))));
    }
    g.finish();
}

/// Messages through the mail system.
fn mail(c: &mut Criterion) {
    let mut g = c.benchmark_group("mail");
    g.throughput(Throughput::Elements(100)).sample_size(20);
    let world = base();
    g.bench_function("SMTP in to Maildir", |b| {
        b.iter_batched(
            || world.clone(),
            |mut w| {
                for _ in 0..100 {
                    deliver(&mut w);
                }
                w
            },
            criterion::BatchSize::LargeInput,
        );
    });
    g.bench_function("clone of a world", |b| b.iter(|| black_box(world.clone())));
    g.finish();
}

criterion_group!(benches, start, commands, mail);
criterion_main!(benches);
