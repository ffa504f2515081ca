//! SMTP dialogues: recorded ones against the model, and anything at all that a client may send.
//!
//! The expected answers in `tests/data/smtp_cases` are the real Postfix 3.7.11's.

use maillab::base::{Chance, Span, Time};
use maillab::cli::dev::smtp_case;
use maillab::host::net::Endpoint;
use maillab::lab::hosts;
use proptest::prelude::*;
use serde_json::Value;
use std::path::Path;

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn recorded_dialogues() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/smtp_cases");
    let mut count = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".expected.json") {
            continue;
        }
        let expected = json(&path.with_extension("expected.json"));
        let delta = smtp_case::differences(&expected, &smtp_case::answer(&json(&path)));
        assert!(delta.is_empty(), "{}:\n{}", path.display(), delta.join("\n"));
        count += 1;
    }
    assert!(count > 5);
}

fn word() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "EHLO x",
        "HELO",
        "MAIL FROM:<a@b>",
        "RCPT TO:<maria@ejemplo.com>",
        "RCPT TO:<\"a",
        "DATA",
        ".",
        "BDAT 5",
        "BDAT 0 LAST",
        "STARTTLS",
        "AUTH PLAIN",
        "AUTH LOGIN",
        "VRFY x",
        "ETRN #x",
        "XCLIENT NAME=",
        "RSET",
        "QUIT",
        "",
        "MAIL FROM:<@a:b@c> SIZE=9999999999999999999999",
        "RCPT TO:<%@!@>",
        "NOOP \u{e1}",
    ]);
    prop_oneof![known.prop_map(|s| s.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_are_answered_or_refused(lines in prop::collection::vec(word(), 0..40)) {
        let mut w = hosts::base_world(Time::from_civil(2026, 2, 6, 11, 30, 15), Chance::new(1));
        let client = "192.0.2.50".parse().unwrap();
        let id = w.connect(client, &Endpoint::Inet("192.0.2.10".parse().unwrap(), 25)).unwrap();
        let mut total = 0;
        for mut line in lines {
            line.extend_from_slice(b"\r\n");
            total += w.ask(id, &line).0.len();
        }
        w.hangup(id);
        w.pass(Span::secs(1));
        prop_assert!(total < 100_000);
    }
}
