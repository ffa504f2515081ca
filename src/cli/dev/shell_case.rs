//! `maillab dev shell-case FILE…`: command lines with bash's real answers, run on the simulated shell.
//!
//! Beside a case file lie `fixtures.json` (type, owner, mode, time of every path) and `fixtures/` (their bytes): they are
//! the whole file tree of the host. The comparison is byte by byte after bash's `bash: line N: ` became `bash: `.

use super::ledger::Ledger;
use crate::base::{Chance, Time};
use crate::host::fs::Kind;
use crate::host::{Cred, Host};
use crate::machine::{Capture, Captured, Machine};
use crate::sim::World;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

/// The answer to one case.
pub struct Answer {
    pub id: String,
    pub command: String,
    pub want: Value,
    pub got: Captured,
    pub same: bool,
}

/// Runs every case of a file.
pub fn answers(file: &Path) -> Result<Vec<Answer>, String> {
    let read = |p: &Path| std::fs::read_to_string(p).map_err(|e| format!("{}: {e}", p.display()));
    let parse = |p: &Path| -> Result<Value, String> {
        serde_json::from_str(&read(p)?).map_err(|e| format!("{}: {e}", p.display()))
    };
    let cases = parse(file)?;
    let dir = file.parent().unwrap_or(Path::new("."));
    let fixtures = parse(&dir.join("fixtures.json"))?;
    let now = cases["now"].as_str().and_then(Time::parse_iso).ok_or("no `now` in the case file")?;
    let world = world(&dir.join("fixtures"), &fixtures, now)?;
    let list = cases["cases"].as_array().ok_or("no `cases` in the case file")?;
    Ok(list.iter().map(|c| answer(&world, c)).collect())
}

fn answer(world: &World, case: &Value) -> Answer {
    let command = match &case["cmd"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"),
        c => c.as_str().unwrap_or("").to_owned(),
    };
    let mut machine = Machine::new(world.clone());
    let how = Capture { aliases: case["session"] == true, ..Capture::default() };
    let got = machine.capture(&command, &how);
    let latin = case["stdout_latin1"] == true;
    let out = text(&got.stdout, latin);
    let same = Some(out.as_str()) == case["stdout"].as_str()
        && normal(&text(&got.stderr, false)) == normal(case["stderr"].as_str().unwrap_or(""))
        && Some(i64::from(got.code)) == case["code"].as_i64();
    let id = case["id"].as_str().map_or_else(|| case["id"].to_string(), str::to_owned);
    Answer { id, command, want: case.clone(), got, same }
}

fn text(bytes: &[u8], latin: bool) -> String {
    if latin { bytes.iter().map(|b| char::from(*b)).collect() } else { String::from_utf8_lossy(bytes).into_owned() }
}

/// `bash: -c: line 1: ` and the like at the start of a line become `bash: `.
fn normal(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let rest = ["/bin/bash: ", "-bash: ", "bash: "].iter().find_map(|p| line.strip_prefix(p));
        let Some(rest) = rest else {
            out.push_str(line);
            continue;
        };
        let rest = rest.strip_prefix("-c: ").unwrap_or(rest);
        let rest = match rest.strip_prefix("line ").and_then(|r| r.split_once(": ")) {
            Some((n, tail)) if n.parse::<u32>().is_ok() => tail,
            _ => rest,
        };
        out.push_str("bash: ");
        out.push_str(rest);
    }
    out
}

/// The host of the fixtures.
fn world(files: &Path, fixtures: &Value, now: Time) -> Result<World, String> {
    let mut host = Host::new("mail", "mail.ejemplo.com", now, Chance::new(1));
    let root = Cred::root();
    let paths = fixtures["paths"].as_object().ok_or("no `paths` in fixtures.json")?;
    for (path, f) in paths {
        let fs = &mut host.fs;
        // A link cannot be given a time afterwards.
        fs.now = f["mtime"].as_i64().map_or(now, Time::from_secs);
        let fail = |e: crate::host::Errno| format!("{path}: {e}");
        match f["type"].as_str() {
            Some("dir") => drop(fs.mkdir_all(path).map_err(fail)?),
            Some("symlink") => drop(fs.symlink(&root, f["target"].as_str().unwrap_or(""), path).map_err(fail)?),
            _ => {
                let real = files.join(path.trim_start_matches('/'));
                let data = std::fs::read(&real).map_err(|e| format!("{}: {e}", real.display()))?;
                fs.write(&root, path, data, 0o644).map_err(fail)?;
            }
        }
    }
    host.fs.now = now;
    for dir in ["/dev", "/tmp", "/usr/bin", "/usr/sbin", "/bin"] {
        let _ = host.fs.mkdir_all(dir);
    }
    let _ = host.fs.chmod(&root, "/tmp", 0o1777);
    for (name, kind) in
        [("null", "null"), ("zero", "zero"), ("full", "full"), ("random", "random"), ("urandom", "urandom")]
    {
        let _ = host.fs.mknod(&root, &format!("/dev/{name}"), Kind::Device(kind), 0o666);
    }
    // Owners, modes and times last: what was made above must not change them again.
    for (path, f) in paths {
        let fs = &mut host.fs;
        let number = |k: &str| f[k].as_u64().map(|n| n as u32);
        let link = f["type"] == "symlink";
        let _ = fs.chown(&root, path, number("uid"), number("gid"), !link);
        if let (Some(mode), false) = (number("mode"), link) {
            let _ = fs.chmod(&root, path, mode);
        }
        if let Some(t) = f["mtime"].as_i64() {
            let _ = fs.set_mtime(&root, path, Time::from_secs(t));
        }
    }
    Ok(World::new(host))
}

/// What the subcommand prints, and its exit code.
pub fn report(
    files: &[std::path::PathBuf],
    diff: bool,
    json: bool,
    mut ledger: Ledger,
) -> Result<(String, ExitCode), String> {
    let mut all = Vec::new();
    for f in files {
        all.append(&mut answers(f)?);
    }
    if json {
        let list: Vec<Value> = all
            .iter()
            .map(|a| {
                let latin = a.want["stdout_latin1"] == true;
                json!({"id": a.want["id"], "stdout": text(&a.got.stdout, latin), "stderr": text(&a.got.stderr, false), "code": a.got.code})
            })
            .collect();
        return Ok((Value::Array(list).to_string() + "\n", ExitCode::SUCCESS));
    }
    let mut out = String::new();
    for a in &all {
        if ledger.count(&a.id, None, a.same) {
            out.push_str(&format!("--- {} {:?}\n", a.id, a.command));
            if !diff {
                continue;
            }
            let latin = a.want["stdout_latin1"] == true;
            for (what, got) in [("stdout", text(&a.got.stdout, latin)), ("stderr", text(&a.got.stderr, false))] {
                if a.want[what].as_str() != Some(&got) {
                    out.push_str(&format!(
                        "  {what} want {:?}\n  {what} got  {got:?}\n",
                        a.want[what].as_str().unwrap_or("")
                    ));
                }
            }
            if a.want["code"].as_i64() != Some(i64::from(a.got.code)) {
                out.push_str(&format!("  code want {} got {}\n", a.want["code"], a.got.code));
            }
        }
    }
    let (last, code) = ledger.close("cases", false);
    out.push_str(&last);
    Ok((out, code))
}
