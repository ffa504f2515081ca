//! local(8): aliases, programs, files, includes, .forward, as the real one delivered them.

use maillab::base::{Chance, Span, Time};
use maillab::lab::hosts;
use maillab::machine::Machine;

const ALIASES: &str = r#"
t1: "|/bin/cat >/dev/null"
t2: "|/no/such/prog"
t3: "|exit 75"
t4: "|echo 5.7.1 no quiero; exit 1"
t5: /tmp/fichero-t5
t6: maria, juan, x@destino.com
t7: t7
t8: t9
t9: t8
owner-t11: ana
t11: noexiste2, x@destino.com
t13: :include:/tmp/inc13
t14: "|/bin/sleep 30", x@destino.com
"#;

fn machine() -> Machine {
    let mut w = hosts::base_world(Time::parse_iso("2026-11-24T02:40:00Z").unwrap(), Chance::new(7));
    w.pass(Span::secs(5));
    let root = maillab::host::Cred::root();
    w.host.fs.append(&root, "/etc/aliases", ALIASES.as_bytes(), 0o644).unwrap();
    w.host.fs.write(&root, "/tmp/inc13", "juan\nana@ejemplo.com\n", 0o644).unwrap();
    let mut m = Machine::new(w);
    m.run_captured("newaliases");
    m
}

/// What local(8) logged about a message to `to`: recipient, dsn and outcome, without ids.
fn outcomes(m: &mut Machine, to: &str) -> Vec<String> {
    m.run_captured(": > /var/log/mail.log");
    m.run_captured(&format!("printf 'Subject: x\\n\\nx\\n' | sendmail -f maria@ejemplo.com {to}; sleep 3"));
    let (log, _, _) = m.run_captured("cat /var/log/mail.log");
    String::from_utf8_lossy(&log)
        .lines()
        .filter_map(|l| l.split_once("postfix/local["))
        .filter_map(|(_, l)| l.split_once("]: ").map(|(_, t)| t.to_owned()))
        .filter(|l| {
            !l.starts_with("table ") && !l.contains("orig_to=<>") && !l.contains("to=<maria@ejemplo.com>, relay")
        })
        .map(|l| match (l.find("to=<"), l.find(", relay"), l.find(", dsn=")) {
            (Some(a), Some(b), Some(c)) => {
                let tail = &l[c + 2..];
                let tail = tail.split("forwarded as ").next().unwrap_or(tail);
                format!("{} {tail}", &l[a..b])
            }
            _ => l,
        })
        .collect()
}

#[test]
fn expansions_are_delivered_as_the_real_one_does() {
    let mut m = machine();
    if m.run_captured("type newaliases").2 != 0 {
        return;
    }
    for (to, expected) in [
        (
            "t1",
            vec![
                "to=<t1@ejemplo.com>, orig_to=<t1> dsn=2.0.0, status=sent (delivered to command: /bin/cat >/dev/null)",
            ],
        ),
        (
            "t2",
            vec![
                "to=<t2@ejemplo.com>, orig_to=<t2> dsn=4.3.0, status=deferred (temporary failure. Command output: local: fatal: execvp /no/such/prog: No such file or directory )",
            ],
        ),
        ("t3", vec!["to=<t3@ejemplo.com>, orig_to=<t3> dsn=4.3.0, status=deferred (temporary failure)"]),
        ("t4", vec!["to=<t4@ejemplo.com>, orig_to=<t4> dsn=5.7.1, status=bounced (no quiero )"]),
        ("t5", vec!["to=<t5@ejemplo.com>, orig_to=<t5> dsn=2.0.0, status=sent (delivered to file: /tmp/fichero-t5)"]),
        (
            "t6",
            vec![
                "to=<maria@ejemplo.com>, orig_to=<t6> dsn=2.0.0, status=sent (delivered to maildir)",
                "to=<juan@ejemplo.com>, orig_to=<t6> dsn=2.0.0, status=sent (delivered to maildir)",
                "to=<t6@ejemplo.com>, orig_to=<t6> dsn=2.0.0, status=sent (",
            ],
        ),
        ("t7", vec!["to=<t7@ejemplo.com>, orig_to=<t7> dsn=5.1.1, status=bounced (unknown user: \"t7\")"]),
        (
            "t8",
            vec![
                "warning: alias database loop for t9",
                "to=<t9@ejemplo.com>, orig_to=<t8> dsn=5.4.6, status=bounced (alias database loop for t9)",
            ],
        ),
        (
            "t11",
            vec![
                "to=<t11@ejemplo.com>, orig_to=<t11> dsn=2.0.0, status=sent (",
                "to=<noexiste2@ejemplo.com> dsn=5.1.1, status=bounced (unknown user: \"noexiste2\")",
                "to=<ana@ejemplo.com>, orig_to=<owner-t11@ejemplo.com> dsn=2.0.0, status=sent (delivered to maildir)",
            ],
        ),
    ] {
        assert_eq!(outcomes(&mut m, to), expected, "{to}");
    }
    let mut t13 = outcomes(&mut m, "t13");
    t13.sort();
    assert_eq!(
        t13,
        [
            "to=<ana@ejemplo.com>, orig_to=<t13> dsn=2.0.0, status=sent (delivered to maildir)",
            "to=<juan@ejemplo.com>, orig_to=<t13> dsn=2.0.0, status=sent (delivered to maildir)",
            "to=<t13@ejemplo.com>, orig_to=<t13> dsn=2.0.0, status=sent (",
        ]
    );
}

#[test]
fn a_forward_file_is_followed() {
    let mut m = machine();
    for (text, mode, expected) in [
        (
            "\\\\ana, juan\\n",
            "600",
            vec![
                "to=<ana@ejemplo.com>, orig_to=<ana> dsn=2.0.0, status=sent (",
                "to=<ana@ejemplo.com>, orig_to=<ana> dsn=2.0.0, status=sent (delivered to maildir)",
                "to=<juan@ejemplo.com>, orig_to=<ana> dsn=2.0.0, status=sent (delivered to maildir)",
            ],
        ),
        ("ana@destino.com\\n", "600", vec!["to=<ana@ejemplo.com>, orig_to=<ana> dsn=2.0.0, status=sent ("]),
        (
            "juan\\n",
            "666",
            vec![
                "to=<ana@ejemplo.com>, orig_to=<ana> dsn=2.0.0, status=sent (delivered to maildir)",
                "warning: file /home/ana/.forward is world writable",
            ],
        ),
    ] {
        let set = format!(
            "printf '{text}' > /home/ana/.forward; chown ana /home/ana/.forward; chmod {mode} /home/ana/.forward"
        );
        m.run_captured(&set);
        let mut got = outcomes(&mut m, "ana");
        got.sort();
        assert_eq!(got, expected, "{text}");
    }
    m.run_captured("rm /home/ana/.forward");
}

/// A message that is forwarded after a program has run goes at once, and others do not wait for it.
#[test]
fn what_is_forwarded_after_a_program_goes_at_once() {
    let mut m = machine();
    let line = ": > /var/log/mail.log; printf 'Subject: x\n\nx\n' | sendmail -f maria@ejemplo.com t14; sleep 32; \
                printf 'Subject: y\n\ny\n' | sendmail -f maria@ejemplo.com juan; sleep 3; \
                grep -o 'to=<[a-z]*@[a-z.]*>.*status=[a-z]*' /var/log/mail.log | sed 's/,.*status/ status/'";
    let (out, _, _) = m.run_captured(line);
    let text = String::from_utf8_lossy(&out);
    assert!(text.contains("to=<x@destino.com> status=sent"), "{text}");
    assert!(text.contains("to=<juan@ejemplo.com> status=sent"), "{text}");
}
