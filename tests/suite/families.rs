//! Whole families of questions that were put to the real Postfix 3.7.11, against the model.
//!
//! A line of `tests/data/families/*.jsonl` is `{case, normalised}`: a case as `maillab dev smtp-case` reads it, and the answer, masked.
//! One with `why` is known to differ, and must.

use maillab::cli::dev::smtp_case;
use serde_json::Value;
use std::path::Path;

#[test]
fn every_recorded_answer() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/families");
    let mut all: Vec<(String, Value)> = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            all.push((path.file_stem().unwrap().to_string_lossy().into_owned(), serde_json::from_str(line).unwrap()));
        }
    }
    let wrong = |(family, row): &(String, Value)| -> Option<String> {
        let delta = smtp_case::differences(row, &smtp_case::answer(&row["case"]));
        let name = format!("{family}: {}", row["case"]["name"]);
        match (delta.is_empty(), row.get("why")) {
            (false, None) => Some(format!("{name}\n  {}", delta.join("\n  "))),
            (true, Some(_)) => Some(format!("{name} is said to differ, and does not")),
            _ => None,
        }
    };
    // Two at once, on a stack as the program's own thread has it.
    let part = |rows: &[(String, Value)]| rows.iter().filter_map(wrong).collect::<Vec<_>>();
    let bad: Vec<String> = std::thread::scope(|s| {
        let run = |rows| std::thread::Builder::new().stack_size(256 << 20).spawn_scoped(s, move || part(rows)).unwrap();
        let (a, b) = all.split_at(all.len() / 2);
        [run(a), run(b)].into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(all.len() > 80);
}
