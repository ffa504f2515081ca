//! Running a program for a delivery (`pipe_command(3)`): what its exit status means.

use super::delivery::{Exec, Item, Verdict, dsn_split, dsn_valid};
use crate::base::Span;

/// The status of a program that was killed.
const KILLED: i32 = 137;

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

/// The outcome of a program that ended. Exit statuses from 128 on stand for signals, as the shell has them.
pub fn outcome(e: &Exec, status: i32, output: &[u8], took: Span) -> Item {
    let mut item = e.item.clone();
    let said: String = String::from_utf8_lossy(output).chars().take(4096).collect();
    let said = said.replace('\n', " ");
    let tail = if said.is_empty() { String::new() } else { format!(". Command output: {said}") };
    let mut set = |dsn: &str, text: String, verdict: Verdict| {
        item.dsn = dsn.to_owned();
        item.reason = text;
        item.verdict = verdict;
        item.diag_type = "x-unix".into();
    };
    let by = |dsn: &str| if dsn.starts_with('4') { Verdict::Deferred } else { Verdict::Bounced };
    if status == 0 {
        let text = if e.pipe.is_some() {
            let via = format!("delivered via {} service", item.relay);
            if said.is_empty() { via } else { format!("{via} ({})", said.trim_end()) }
        } else {
            format!("delivered to command: {}", e.command)
        };
        set("2.0.0", text, Verdict::Sent);
        item.diag_type.clear();
        return item;
    }
    if status == KILLED && e.pipe.is_some_and(|limit| took >= limit) {
        set("5.3.0", format!("Command time limit exceeded: \"{}\"", e.command), Verdict::Bounced);
        item.diag_text = "internal software error".into();
        return item;
    }
    let first = said.split_whitespace().next().unwrap_or("");
    if (129..=192).contains(&status) {
        set("4.3.0", format!("Command died with signal {}: \"{}\"{tail}", status - 128, e.command), Verdict::Deferred);
    } else if dsn_valid(first) && !first.starts_with('2') {
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
    use crate::host::Cred;

    #[test]
    fn exit_statuses() {
        let e = Exec {
            request: crate::postfix::ExecRequest::new(Cred::root(), "x".into(), Vec::new(), "/".into()),
            item: Item::new(0, Verdict::Sent, "2.0.0", ""),
            command: "/bin/x".into(),
            pipe: None,
        };
        for (status, output, dsn, verdict, reason) in [
            (0, "", "2.0.0", Verdict::Sent, "delivered to command: /bin/x"),
            (75, "", "4.3.0", Verdict::Deferred, "temporary failure"),
            (77, "no\n", "5.7.0", Verdict::Bounced, "permission denied. Command output: no "),
            (1, "", "5.3.0", Verdict::Bounced, "Command died with status 1: \"/bin/x\""),
            (1, "4.2.1 later", "4.2.1", Verdict::Deferred, "later"),
            (137, "", "4.3.0", Verdict::Deferred, "Command died with signal 9: \"/bin/x\""),
        ] {
            let i = outcome(&e, status, output.as_bytes(), Span::ZERO);
            assert_eq!((i.dsn.as_str(), i.verdict, i.reason.as_str()), (dsn, verdict, reason));
        }
    }
}
