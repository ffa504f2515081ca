//! From text to [`Lab`]: the file is parsed once, and read again for every seed.

use super::check;
use super::diagnostic::{Diagnostic, Severity};
use super::params;
use super::read::Reader;
use super::schema::Lab;
use super::tree::{self, Node, Value};
use super::values::{parse_span, parse_when};
use crate::base::Time;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

/// A lab file that can be played.
#[derive(Clone, Debug)]
pub struct LabFile {
    pub id: String,
    /// What identifies the file in a recorded session: the beginning of its SHA-256.
    pub hash: String,
    pub text: String,
    tree: Node,
}

/// Larger files are no labs.
const MAX_BYTES: usize = 1 << 20;

impl LabFile {
    /// Reads a lab file. `Err` holds its mistakes, all of them; an `Ok` may still have warnings ([`LabFile::warnings`]).
    pub fn load(text: &str) -> Result<LabFile, Vec<Diagnostic>> {
        let (file, diagnostics) = LabFile::examine(text);
        if diagnostics.iter().any(|d| d.severity == Severity::Error) { Err(diagnostics) } else { Ok(file) }
    }
    /// A lab that came with the program, whose tests found it without mistakes.
    pub fn shipped(id: &str, text: &str) -> LabFile {
        LabFile { id: id.to_owned(), hash: hash(text), text: text.to_owned(), tree: tree::parse(text).0 }
    }
    /// The warnings of a file that has no mistakes.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        LabFile::examine(&self.text).1
    }
    /// Reads a lab file as far as it goes, and everything that is wrong with it, in the order of the text.
    pub fn examine(text: &str) -> (LabFile, Vec<Diagnostic>) {
        let hash = hash(text);
        if text.len() > MAX_BYTES {
            let tree = Node { span: 0..0, value: Value::Table(Vec::new()) };
            let file = LabFile { id: String::new(), hash, text: String::new(), tree };
            return (file, vec![Diagnostic::error(0..0, "the file is larger than 1 MiB")]);
        }
        let (tree, mut diagnostics) = tree::parse(text);
        let file = LabFile { id: String::new(), hash, text: text.to_owned(), tree };
        let (lab, found) = file.read(1);
        diagnostics.extend(found);
        diagnostics.extend(check::check(&lab, &file.tree));
        diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
        diagnostics.dedup();
        (LabFile { id: lab.id.text.clone(), ..file }, diagnostics)
    }
    /// The lab at a seed.
    pub fn at(&self, seed: u64) -> Lab {
        self.read(seed).0
    }
    fn read(&self, seed: u64) -> (Lab, Vec<Diagnostic>) {
        let mut r = Reader::default();
        if let Some(p) = self.tree.get("params") {
            params::read(p, seed, &mut r);
        }
        if let Some(n) = self.tree.get("host").and_then(|h| h.get("now")) {
            r.now = now(n, &mut r);
        }
        let lab = Lab::read(&self.tree, seed, &mut r);
        (lab, r.diagnostics)
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..8].iter().map(|b| format!("{b:02x}")).collect()
}

/// The instant of play: it must be given with its date.
fn now(node: &Node, r: &mut Reader) -> Time {
    let text = r.text(node);
    let fallback = Time::from_civil(2026, 2, 6, 10, 20, 0);
    // `2026-02-06 09:58+25m`: a parameter may stand in it, and time may go by after it.
    let found = text.contains('-').then(|| parse_when(&text, fallback)).flatten();
    let year = found.map_or(0, |t| t.civil().year);
    if !(2020..=2036).contains(&year) || parse_span(&text).is_some() {
        r.report(
            Diagnostic::error(node.span.clone(), format!("`{text}` is no instant to start at"))
                .label("impossible time")
                .help("expected a date and a time such as `2026-02-06 10:20`"),
        );
        return fallback;
    }
    found.unwrap_or(fallback)
}

/// The JSON Schema of the format.
pub fn json_schema() -> Json {
    let mut defs = Map::new();
    let top = Lab::schema(&mut defs);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://maillab.example/lab.schema.json",
        "title": "maillab lab",
        "$ref": top["$ref"],
        "$defs": defs,
    })
}
