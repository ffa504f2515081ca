//! `dev peer table TYPE:FILE`: look-ups in, answers and the table's warnings out.

use crate::base::{Chance, Time};
use crate::host::{Cred, Host};
use crate::log::table::Table;
use crate::postfix::table::{Dict, Say};

/// `map` is the text of the table file, `spec` its type and name; each line of the input is `get KEY`.
pub fn run(input: &str, spec: &str, map: &str) -> String {
    let (kind, path) = spec.split_once(':').unwrap_or(("texthash", spec));
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut host = Host::new("peer", "peer.example", Time::from_secs(1_700_000_000), Chance::new(1));
    if let Err(e) = host.fs.write(&Cred::root(), &format!("/{name}"), map, 0o644) {
        return format!("{name}: {e}\n");
    }
    let mut say = Say::new();
    let dict = Dict::open(&host, &format!("{kind}:/{name}"), &mut say);
    let mut out = String::new();
    let warn = |out: &mut String, say: &mut Say| {
        for event in say.drain(..) {
            let level = if matches!(event, Table::Open(_)) { "error" } else { "warning" };
            // The test data names its file without a folder.
            out.push_str(&format!("./dict_open: {level}: {}\n", event.to_string().replace(&format!("/{name}"), name)));
        }
    };
    warn(&mut out, &mut say);
    out.push_str("owner=untrusted (uid=USER)\n");
    for line in input.lines() {
        out.push_str(&format!("> {line}\n"));
        let Some(key) = line.strip_prefix("get ").map(str::trim) else { continue };
        let answer = dict.get(&host, key, &mut say);
        warn(&mut out, &mut say);
        match answer {
            Ok(Some(v)) => out.push_str(&format!("{key}={v}\n")),
            Ok(None) => out.push_str(&format!("{key}: not found\n")),
            Err(_) => out.push_str(&format!("{key}: error\n")),
        }
    }
    out
}
