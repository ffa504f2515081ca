//! The state folder: recorded sessions, results, the drill's deck. Plain files; a torn or foreign line is passed over.
//!
//! `sessions/ID-SEED-DATE.jsonl` are the recorded sessions, `results.jsonl` one line a finished play, `drill.json` the deck.

use super::{Failure, environment};
use crate::base::{Lang, Time};
use crate::lesson::drill::Deck;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// One finished play.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    pub lab: String,
    pub seed: u64,
    pub mode: String,
    #[serde(default)]
    pub student: Option<String>,
    pub score: u32,
    pub passed: bool,
    /// Unix seconds.
    pub at: i64,
    #[serde(default)]
    pub objectives: Vec<String>,
    /// Rows of the table and causes that were answered wrong.
    #[serde(default)]
    pub weak: Vec<String>,
    pub session: String,
}

pub struct Store {
    folder: PathBuf,
    lang: Lang,
}

/// The real time.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(since.as_micros() as i64)
}

impl Store {
    pub fn open(lang: Lang) -> Store {
        Store { folder: environment::state_folder(), lang }
    }
    fn failure(&self, path: &Path, e: &std::io::Error) -> Failure {
        let p = path.display();
        Failure(self.lang.pick(
            format!("{p}: {e}\n  MAILLAB_STATE puede señalar otra carpeta en la que se pueda escribir"),
            format!("{p}: {e}\n  MAILLAB_STATE can name another folder that can be written to"),
        ))
    }
    fn make(&self, path: &Path) -> Result<(), Failure> {
        let dir = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(dir).map_err(|e| self.failure(dir, &e))
    }
    /// The file of a new session.
    pub fn new_session(&self, lab: &str, seed: u64) -> Result<PathBuf, Failure> {
        let c = now().civil();
        let stamp = format!("{:04}{:02}{:02}-{:02}{:02}{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
        let dir = self.folder.join("sessions");
        let mut path = dir.join(format!("{lab}-{seed}-{stamp}.jsonl"));
        self.make(&path)?;
        let mut n = 1;
        while path.exists() {
            n += 1;
            path = dir.join(format!("{lab}-{seed}-{stamp}-{n}.jsonl"));
        }
        Ok(path)
    }
    /// Recorded sessions, newest first, with their text's first line.
    pub fn sessions(&self) -> Vec<PathBuf> {
        let Ok(dir) = fs::read_dir(self.folder.join("sessions")) else { return Vec::new() };
        let mut all: Vec<(SystemTime, PathBuf)> = dir
            .flatten()
            .filter(|e| e.path().extension().is_some_and(|x| x == "jsonl"))
            .map(|e| (e.metadata().and_then(|m| m.modified()).unwrap_or(UNIX_EPOCH), e.path()))
            .collect();
        all.sort();
        all.into_iter().rev().map(|(_, p)| p).collect()
    }
    pub fn results(&self) -> Vec<Outcome> {
        let text = fs::read_to_string(self.folder.join("results.jsonl")).unwrap_or_default();
        text.lines().filter_map(|l| serde_json::from_str(l).ok()).collect()
    }
    pub fn add_result(&self, r: &Outcome) -> Result<(), Failure> {
        let path = self.folder.join("results.jsonl");
        self.make(&path)?;
        let line = serde_json::to_string(r).unwrap_or_default() + "\n";
        let file = fs::OpenOptions::new().create(true).append(true).open(&path);
        file.and_then(|mut f| f.write_all(line.as_bytes())).map_err(|e| self.failure(&path, &e))
    }
    pub fn deck(&self) -> Deck {
        let text = fs::read_to_string(self.folder.join("drill.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
    /// Replaces the deck; a crash leaves the old one.
    pub fn save_deck(&self, deck: &Deck) -> Result<(), Failure> {
        let path = self.folder.join("drill.json");
        self.make(&path)?;
        let fresh = path.with_extension("new");
        let text = serde_json::to_string(deck).unwrap_or_default();
        fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, &path)).map_err(|e| self.failure(&path, &e))
    }
}
