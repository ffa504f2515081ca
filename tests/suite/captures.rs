//! Commands with the answers that the real programs gave, against the model.
//!
//! The files of `tests/data/captures` have the form that `maillab dev capture` reads. They were recorded on Debian 12 with
//! Postfix 3.7.11 and Dovecot 2.3.19.1: odd and wrong uses of the tools, above all.

use maillab::cli::dev::capture;
use std::path::Path;

#[test]
fn recorded_commands() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/captures");
    let (mut steps, mut bad) = (0, String::new());
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let recorded = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for (n, command, lines) in capture::compare(&recorded, &capture::answer(&recorded)) {
            steps += 1;
            if !lines.is_empty() {
                bad += &format!("{} step {n}: {command}\n  {}\n", path.display(), lines.join("\n  "));
            }
        }
    }
    assert!(bad.is_empty(), "{bad}");
    assert!(steps > 150);
}
