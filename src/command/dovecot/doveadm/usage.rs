//! doveadm's usage texts, as it prints them.

const TOP: &str = include_str!("usage.txt");

/// The list of every command.
pub fn top() -> &'static str {
    TOP
}

/// Whether doveadm has this command.
pub fn is_known(command: &str) -> bool {
    TOP.lines().any(|l| l.strip_prefix("  ").and_then(|l| l.split(' ').next()) == Some(command))
}

/// `doveadm NAME ARGUMENTS`, from the list or from a group's own.
pub fn of(path: &str) -> String {
    let rows = [
        (
            "user",
            "[-a <userdb socket path>] [-x <auth info>] [-f field] [-e <value>] [-u] <user mask> [<user mask> [...]]",
        ),
        ("auth test", "[-a <auth socket path>] [-x <auth info>] [-M <master user>] <user> [<password>]"),
        (
            "auth login",
            "[-a <auth-login socket path>] [-m <auth-master socket path>] [-x <auth info>] [-M <master user>] <user> [<password>]",
        ),
        ("auth lookup", "[-a <userdb socket path>] [-x <auth info>] [-f field] <user> [<user> [...]]"),
        ("search", "[-u <user>|-A] [-S <socket_path>] <search query>"),
        ("expunge", "[-u <user>|-A] [-S <socket_path>] [-m] <search query>"),
        ("fetch", "[-u <user>|-A] [-S <socket_path>] <fields> <search query>"),
        ("copy", "[-u <user>|-A] [-S <socket_path>] <destination> [user <source user>] <search query>"),
        ("move", "[-u <user>|-A] [-S <socket_path>] <destination> [user <source user>] <search query>"),
        ("flags add", "[-u <user>|-A] [-S <socket_path>] <flags> <search query>"),
        ("flags remove", "[-u <user>|-A] [-S <socket_path>] <flags> <search query>"),
        ("flags replace", "[-u <user>|-A] [-S <socket_path>] <flags> <search query>"),
        ("mailbox create", "[-u <user>|-A] [-S <socket_path>] [-s] [-g <guid>] <mailbox> [...]"),
        ("mailbox delete", "[-u <user>|-A] [-S <socket_path>] [-e] [-r] [-s] [-Z] <mailbox> [...]"),
        ("mailbox rename", "[-u <user>|-A] [-S <socket_path>] [-s] <old name> <new name>"),
        ("mailbox status", "[-u <user>|-A] [-S <socket_path>] <fields> <mailbox> [...]"),
        ("mailbox subscribe", "[-u <user>|-A] [-S <socket_path>] <mailbox> [...]"),
        ("mailbox unsubscribe", "[-u <user>|-A] [-S <socket_path>] <mailbox> [...]"),
        ("mailbox path", "[-u <user>|-A] [-S <socket_path>] [-t <type>] <mailbox>"),
        ("index", "[-u <user>|-A] [-S <socket_path>] [-q] [-n <max recent>] <mailbox mask>"),
        ("force-resync", "[-u <user>|-A] [-S <socket_path>] [-f] <mailbox mask>"),
        ("service stop", "<service> [<service> [...]]"),
    ];
    let args = rows.iter().find(|(n, _)| *n == path).map_or("", |(_, a)| a);
    format!("doveadm {path} {args}\n")
}

/// What a group of commands prints when it is called without one of its own.
pub fn group(name: &str) -> String {
    let rows: &[(&str, &str)] = match name {
        "quota" => &[("get", ""), ("recalc", "")],
        "log" => &[("errors", "[-s <min_timestamp>]"), ("find", "[<dir>]"), ("reopen", ""), ("test", "")],
        "mailbox" => &[
            ("cache", "decision|purge|remove"),
            ("create", "[-u <user>|-A] [-S <socket_path>] [-s] [-g <guid>] <mailbox> [...]"),
            ("delete", "[-u <user>|-A] [-S <socket_path>] [-e] [-r] [-s] [-Z] <mailbox> [...]"),
            ("list", "[-u <user>|-A] [-S <socket_path>] [-7|-8] [-s] [<mailbox mask> [...]]"),
            ("metadata", "get|list|set|unset"),
            ("mutf7", "[-7|-8] <name> [...]"),
            ("path", "[-u <user>|-A] [-S <socket_path>] [-t <type>] <mailbox>"),
            ("rename", "[-u <user>|-A] [-S <socket_path>] [-s] <old name> <new name>"),
            ("status", "[-u <user>|-A] [-S <socket_path>] <fields> <mailbox> [...]"),
            ("subscribe", "[-u <user>|-A] [-S <socket_path>] <mailbox> [...]"),
            ("unsubscribe", "[-u <user>|-A] [-S <socket_path>] <mailbox> [...]"),
            (
                "update",
                "[-u <user>|-A] [-S <socket_path>] [--mailbox-guid guid] [--uid-validity uid] [--min-next-uid uid] \
                 [--min-first-recent-uid uid] [--min-highest-modseq seq] [--min-highest-pvt-modseq seq] <mailbox>",
            ),
        ],
        "auth" => &[
            ("cache", "flush"),
            (
                "login",
                "[-a <auth-login socket path>] [-m <auth-master socket path>] [-x <auth info>] [-M <master user>] <user> [<password>]",
            ),
            ("lookup", "[-a <userdb socket path>] [-x <auth info>] [-f field] <user> [<user> [...]]"),
            ("test", "[-a <auth socket path>] [-x <auth info>] [-M <master user>] <user> [<password>]"),
        ],
        "flags" => &[
            ("add", "[-u <user>|-A] [-S <socket_path>] <flags> <search query>"),
            ("remove", "[-u <user>|-A] [-S <socket_path>] <flags> <search query>"),
            ("replace", "[-u <user>|-A] [-S <socket_path>] <flags> <search query>"),
        ],
        "service" => &[("status", "[<service> [...]]"), ("stop", "<service> [<service> [...]]")],
        "process" => &[("status", "[<service> [...]]")],
        "sieve" => &[
            ("activate", "[-u <user>|-A] [-S <socket_path>] <scriptname>"),
            ("deactivate", "[-u <user>|-A] [-S <socket_path>] "),
            ("delete", "[-u <user>|-A] [-S <socket_path>] [-a] <scriptname> [...]"),
            ("get", "[-u <user>|-A] [-S <socket_path>] <scriptname>"),
            ("list", "[-u <user>|-A] [-S <socket_path>] "),
            ("put", "[-u <user>|-A] [-S <socket_path>] [-a] <scriptname>"),
            ("rename", "[-u <user>|-A] [-S <socket_path>] <oldname> <newname>"),
        ],
        _ => &[],
    };
    let width = rows.iter().map(|(n, _)| n.len()).max().unwrap_or(0).max(12);
    let body: String = rows.iter().map(|(n, a)| format!("  {n:width$} {a}\n")).collect();
    format!("usage: doveadm [-Dv] [-f <formatter>] {name} <command> [<args>]\n{body}")
}
