//! How quick a start is, beside the real `postconf -n` where there is one. Mail and commands are in `speed.rs`.

use criterion::{Criterion, criterion_group, criterion_main};
use maillab::base::{Chance, Time};
use maillab::lab::hosts;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Whole processes: from start to the first answer.
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

/// Building a host, and taking a copy of it.
fn world(c: &mut Criterion) {
    let mut g = c.benchmark_group("world");
    let build = || hosts::base_world(Time::from_secs(1_770_377_415), Chance::new(1));
    g.sample_size(20).bench_function("build", |b| b.iter(|| black_box(build())));
    let world = build();
    g.bench_function("clone", |b| b.iter(|| black_box(world.clone())));
    g.finish();
}

criterion_group!(benches, start, world);
criterion_main!(benches);
