//! Running a program for a delivery (`pipe_command(3)`): what its exit status means.

use super::config::Config;
use super::delivery::{Exec, Item, Verdict, dsn_split, dsn_valid};
use super::{Ctx, TIMED_OUT};
use crate::host::{Cred, Errno};
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;

/// So much of what a program says is kept.
const OUTPUT: usize = 4096;

/// Where programs are looked for.
pub const PATH: [&str; 2] = ["/usr/bin", "/bin"];

/// `sys_exits_detail()`: exit status, enhanced code, text.
const SYS_EXITS: [(i32, &str, &str); 15] = [
    (64, "5.3.0", "command line usage error"),
    (65, "5.6.0", "data format error"),
    (66, "5.3.0", "cannot open input"),
    (67, "5.1.1", "user unknown"),
    (68, "5.1.2", "host name unknown"),
    (69, "5.3.0", "service unavailable"),
    (70, "5.3.0", "internal software error"),
    (71, "4.3.0", "system resource problem"),
    (72, "5.3.0", "critical OS file missing"),
    (73, "5.2.0", "can't create user output file"),
    (74, "5.3.0", "input/output error"),
    (75, "4.3.0", "temporary failure"),
    (76, "5.5.0", "remote error in protocol"),
    (77, "5.7.0", "permission denied"),
    (78, "5.3.5", "local configuration error"),
];

/// The environment that every program gets (`export_environment`).
pub fn environment(conf: &Config) -> Result<Vec<(String, String)>, AgentFatal> {
    let own = [("LANG", "C"), ("MAIL_CONFIG", "/etc/postfix")];
    let mut env: Vec<(String, String)> = Vec::new();
    for word in conf.words_braced("export_environment").iter() {
        let inner = match word.strip_prefix('{') {
            None => word.as_str(),
            Some(w) => w
                .strip_suffix('}')
                .map(str::trim)
                .ok_or_else(|| AgentFatal::Braces { param: "export_environment", word: word.clone() })?,
        };
        let given = inner.split_once('=').or_else(|| own.into_iter().find(|o| o.0 == inner));
        env.extend(given.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
    env.push(("PATH".to_owned(), PATH.join(":")));
    Ok(env)
}

/// Quotes a word for a shell line.
pub fn shell_quote(s: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !s.is_empty() && s.chars().all(plain) { s.to_owned() } else { format!("'{}'", s.replace('\'', "'\\''")) }
}

/// Why the child of an agent does not get as far as the program, and what it says.
pub fn cannot_run(
    ctx: &Ctx<'_>,
    agent: &str,
    myname: &str,
    cred: &Cred,
    directory: Option<&str>,
    program: Option<&str>,
) -> Option<(Delivery, String)> {
    if let Some(dir) = directory
        && let Err(e) = enter(ctx, cred, dir)
    {
        let (uid, gid) = (cred.uid, cred.gid);
        let why = AgentFatal::Directory { path: dir.to_owned(), uid, gid, error: e.text().to_owned() };
        return Some((Delivery::Child(why), String::new()));
    }
    let program = program?;
    let places = if program.contains('/') { vec![String::new()] } else { PATH.map(|d| format!("{d}/")).to_vec() };
    let tried: Vec<_> = places.iter().map(|d| runnable(ctx, cred, &format!("{d}{program}"))).collect();
    if tried.iter().any(Result::is_ok) {
        return None;
    }
    let e = tried.into_iter().find_map(|t| t.err().filter(|e| *e != Errno::NoEnt)).unwrap_or(Errno::NoEnt);
    let why = format!("{myname}execvp {program}: {}", e.text());
    let output = format!("{agent}: fatal: {why} ");
    Some((Delivery::Exec { why }, output))
}

fn enter(ctx: &Ctx<'_>, cred: &Cred, dir: &str) -> Result<(), Errno> {
    ctx.host.fs.access(cred, dir, 1)?;
    if ctx.host.fs.is_dir(dir) { Ok(()) } else { Err(Errno::NotDir) }
}

fn runnable(ctx: &Ctx<'_>, cred: &Cred, path: &str) -> Result<(), Errno> {
    ctx.host.fs.access(cred, path, 1)?;
    if ctx.host.fs.is_dir(path) { Err(Errno::Acces) } else { Ok(()) }
}

/// The outcome of [`cannot_run`].
pub fn not_run(item: Item, output: &str) -> Item {
    let tail = if output.is_empty() { String::new() } else { format!(". Command output: {output}") };
    let text = if output.is_empty() { "temporary failure" } else { output };
    Item {
        verdict: Verdict::Deferred,
        dsn: "4.3.0".into(),
        reason: format!("temporary failure{tail}"),
        diag_type: "x-unix".into(),
        diag_text: text.to_owned(),
        ..item
    }
}

/// The outcome of a program that ended. Exit statuses from 128 on stand for signals, as the shell has them.
pub fn outcome(e: &Exec, status: i32, output: &[u8]) -> Item {
    let mut item = e.item.clone();
    let said = String::from_utf8_lossy(&output[..output.len().min(OUTPUT)]).replace(['\t', '\n'], " ");
    let said = said.replace(|c: char| c.is_ascii_control() || c == '\u{fffd}', "_");
    let tail = if said.is_empty() { String::new() } else { format!(". Command output: {said}") };
    let mut set = |dsn: &str, text: String, verdict: Verdict| {
        item.dsn = dsn.to_owned();
        item.reason = text;
        item.verdict = verdict;
        item.diag_type = "x-unix".into();
    };
    let by = |dsn: &str| if dsn.starts_with('4') { Verdict::Deferred } else { Verdict::Bounced };
    if status == 0 {
        let text = if e.pipe {
            let via = format!("delivered via {} service", item.relay);
            let said: String = said.trim_end().chars().take(100).collect();
            if said.is_empty() { via } else { format!("{via} ({said})") }
        } else {
            format!("delivered to command: {}", e.command)
        };
        set("2.0.0", text, Verdict::Sent);
        item.diag_type.clear();
        return item;
    }
    if status == TIMED_OUT {
        set("5.3.0", format!("Command time limit exceeded: \"{}\"{tail}", e.command), Verdict::Bounced);
        item.diag_text = "internal software error".into();
        return item;
    }
    let first = said.split_whitespace().next().unwrap_or("");
    if (129..=192).contains(&status) {
        set("4.3.0", format!("Command died with signal {}: \"{}\"{tail}", status - 128, e.command), Verdict::Deferred);
    } else if dsn_valid(first) {
        let (dsn, text) = dsn_split(&said, "5.3.0");
        set(&dsn, text.to_owned(), by(&dsn));
        item.diag_text = text.trim_end().to_owned();
        return item;
    } else if let Some((_, dsn, text)) = SYS_EXITS.iter().find(|(s, ..)| *s == status) {
        set(dsn, format!("{text}{tail}"), by(dsn));
    } else {
        set("5.3.0", format!("Command died with status {status}: \"{}\"{tail}", e.command), Verdict::Bounced);
    }
    let unknown = !(129..=192).contains(&status) && SYS_EXITS.iter().all(|(s, ..)| *s != status);
    item.diag_text = match (said.is_empty(), unknown) {
        (false, _) => said.trim_end().to_owned(),
        (true, true) => format!("unknown mail system error {status}"),
        (true, false) => item.reason.clone(),
    };
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_statuses() {
        let e = Exec {
            request: crate::postfix::ExecRequest::new(Cred::root(), "x".into(), Vec::new()),
            item: Item::new(0, Verdict::Sent, "2.0.0", ""),
            command: "/bin/x".into(),
            pipe: false,
        };
        for (status, output, dsn, verdict, reason) in [
            (0, "", "2.0.0", Verdict::Sent, "delivered to command: /bin/x"),
            (75, "", "4.3.0", Verdict::Deferred, "temporary failure"),
            (77, "no\n", "5.7.0", Verdict::Bounced, "permission denied. Command output: no "),
            (1, "", "5.3.0", Verdict::Bounced, "Command died with status 1: \"/bin/x\""),
            (1, "4.2.1 later", "4.2.1", Verdict::Deferred, "later"),
            (137, "", "4.3.0", Verdict::Deferred, "Command died with signal 9: \"/bin/x\""),
        ] {
            let i = outcome(&e, status, output.as_bytes());
            assert_eq!((i.dsn.as_str(), i.verdict, i.reason.as_str()), (dsn, verdict, reason));
        }
    }
}
