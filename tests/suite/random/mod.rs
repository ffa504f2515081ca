//! Random configurations, tables and dialogues, held against the real Postfix.
//!
//! `MAILLAB_ORACLE` is the command (`python3 PROGRAM`) that plays case files on the real host (`PROGRAM FILE… --save` writes
//! `FILE.expected.json` beside each); `MAILLAB_RANDOM_CASES` (500) and `MAILLAB_RANDOM_SEED` (1) say how many, and which.
//! `MAILLAB_ORACLE=… cargo test --test suite random -- --ignored --nocapture` reports the share that is identical,
//! and writes the differences to `report.txt` beside the cases.
//! A seed gives the same cases for ever, and answers that are there already are not asked for again.

mod cases;
mod pools;

use maillab::cli::dev::smtp_case;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What must be identical at least, in percent.
const FLOOR: f64 = 95.0;
/// Cases that one run of the program plays.
const AT_ONCE: usize = 10;

/// The case of a number in the series of a seed.
fn case(seed: u64, n: u64) -> Value {
    let mut bytes = [0_u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&n.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let mut value = cases::case().new_tree(&mut runner).unwrap().current();
    value["name"] = Value::from(format!("random-{seed}-{n}"));
    value
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

#[test]
fn a_seed_gives_the_same_cases_for_ever() {
    assert_eq!(case(1, 7), case(1, 7));
    assert_ne!(case(1, 7), case(1, 8));
    assert_ne!(case(1, 7), case(2, 7));
}

#[test]
fn random_cases_are_answered() {
    for n in 0..12 {
        let c = case(9, n);
        let got = smtp_case::answer(&c);
        assert!(!got.transcript.is_empty() || !got.log.is_empty(), "{c:#}");
    }
}

/// Asks the real Postfix about the files that have no answer yet.
fn ask(program: &str, files: &[PathBuf]) {
    let open: Vec<&PathBuf> = files.iter().filter(|f| !f.with_extension("expected.json").exists()).collect();
    for some in open.chunks(AT_ONCE) {
        let mut words = program.split_whitespace();
        let mut command = Command::new(words.next().expect("MAILLAB_ORACLE is a command"));
        let status = command.args(words).args(some).arg("--save").status().expect("MAILLAB_ORACLE runs");
        assert!(status.success(), "{program} failed");
    }
}

#[test]
#[ignore = "needs the real Postfix"]
fn random_cases_against_the_real_postfix() {
    let program = std::env::var("MAILLAB_ORACLE").expect("MAILLAB_ORACLE names the program that asks the real Postfix");
    let (seed, count) = (number("MAILLAB_RANDOM_SEED", 1), number("MAILLAB_RANDOM_CASES", 500));
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("random-{seed}"));
    std::fs::create_dir_all(&dir).unwrap();
    let mut files = Vec::new();
    for n in 0..count {
        let (path, text) = (dir.join(format!("{n:04}.json")), format!("{:#}\n", case(seed, n)));
        if std::fs::read_to_string(&path).is_ok_and(|old| old != text) {
            let _ = std::fs::remove_file(path.with_extension("expected.json"));
        }
        std::fs::write(&path, text).unwrap();
        files.push(path);
    }
    ask(&program, &files);
    let (mut same, mut report) = (0, String::new());
    for path in &files {
        let (c, expected) = (read(path).unwrap(), read(&path.with_extension("expected.json")).unwrap());
        let delta = smtp_case::differences(&expected, &smtp_case::answer(&c));
        if delta.is_empty() {
            same += 1;
        } else {
            report += &format!("{}:\n  {}\n", path.display(), delta.join("\n  "));
        }
    }
    let share = 100.0 * f64::from(same) / count as f64;
    let result = format!("{count} random cases of seed {seed}: {same} identical ({share:.1} %)\n");
    std::fs::write(dir.join("report.txt"), format!("{report}{result}")).unwrap();
    std::io::stderr().write_all(result.as_bytes()).unwrap();
    assert!(share >= FLOOR, "below {FLOOR} %: {}", dir.join("report.txt").display());
}
