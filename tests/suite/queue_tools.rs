//! sendmail, postqueue, postsuper, postcat, qshape at the prompt of the base host, as the real ones answered.

use maillab::base::{Chance, Span, Time};
use maillab::lab::hosts;
use maillab::machine::Machine;

fn machine() -> Machine {
    let mut w = hosts::base_world(Time::parse_iso("2026-11-24T02:40:00Z").unwrap(), Chance::new(7));
    w.pass(Span::secs(5));
    Machine::new(w)
}

fn run(m: &mut Machine, line: &str) -> (String, String, i32) {
    let (o, e, c) = m.run_captured(line);
    (String::from_utf8_lossy(&o).into_owned(), String::from_utf8_lossy(&e).into_owned(), c)
}

/// The id of the only message in the queue.
fn only(m: &mut Machine) -> String {
    let (o, _, _) = run(m, "postqueue -j");
    let at = o.find("queue_id\": \"").map_or(0, |i| i + 12);
    o[at..].chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn a_deferred_message_is_listed_held_and_deleted() {
    let mut m = machine();
    assert_eq!(run(&mut m, "postqueue -p"), ("Mail queue is empty\n".into(), String::new(), 0));
    let sent = run(&mut m, "printf 'Subject: prueba\\n\\nhola\\n' | sendmail -f maria@ejemplo.com a@rechaza.example");
    assert_eq!(sent, (String::new(), String::new(), 0));
    run(&mut m, "sleep 5");
    let q = only(&mut m);
    let (list, _, _) = run(&mut m, "mailq");
    let mut lines = list.lines();
    assert_eq!(lines.next(), Some("-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------"));
    let head = lines.next().unwrap();
    assert!(head.starts_with(&q), "{list}");
    let size = 269 + 2 * (q.len() - 9);
    assert!(head.ends_with(&format!("{size} Tue Nov 24 02:40:05  maria@ejemplo.com")), "{list}");
    let rest: Vec<&str> = lines.collect();
    assert_eq!(
        rest,
        [
            "         (connect to mx.rechaza.example[198.51.100.60]:25: Connection refused)",
            "                                         a@rechaza.example",
            "",
            "-- 0 Kbytes in 1 Request.",
        ]
    );
    for (line, out, err, code) in [
        ("postsuper -h Q", "", "postsuper: Q: placed on hold\npostsuper: Placed on hold: 1 message\n", 0),
        ("postsuper -h Q", "", "postsuper: Placed on hold: 0 messages\n", 0),
        ("postsuper -H ALL", "", "postsuper: Released from hold: 1 message\n", 0),
        ("postsuper -d ABCDEF123", "", "postsuper: Deleted: 0 messages\n", 0),
        (
            "postsuper -d xx/yy",
            "",
            "postsuper: warning: invalid mail queue id: xx/yy\npostsuper: Deleted: 0 messages\n",
            0,
        ),
        ("postsuper -d ALL nada", "", "postsuper: fatal: invalid directory name: nada\n", 1),
        ("postcat -qb Q", "\nhola\n", "", 0),
        ("postcat -q ABC", "", "postcat: fatal: open queue file ABC: No such file or directory\n", 1),
        ("postcat /etc/passwd", "", "postcat: warning: /etc/passwd: input is not a valid queue file\n", 0),
        ("postsuper -d Q", "", "postsuper: Q: removed\npostsuper: Deleted: 1 message\n", 0),
        ("postqueue -p", "Mail queue is empty\n", "", 0),
        (
            "sendmail",
            "",
            "sendmail: fatal: root(0): Recipient addresses must be specified on the command line or via the -t option\n",
            75,
        ),
        ("echo x | sendmail -t", "", "sendmail: fatal: root(0): No recipient addresses found in message header\n", 75),
        ("sendmail -bz", "", "sendmail: fatal: unsupported: -bz\n", 75),
        (
            "postqueue -h",
            "",
            "postqueue: invalid option -- 'h'\npostqueue: fatal: usage: postqueue -f | postqueue -i queueid | postqueue -j | postqueue -p | postqueue -s site\n",
            69,
        ),
        (
            "qshape",
            "                                         T  5 10 20 40 80 160 320 640 1280 1280+\n                                  TOTAL  0  0  0  0  0  0   0   0   0    0     0\n",
            "",
            0,
        ),
    ] {
        let got = run(&mut m, &line.replace('Q', &q));
        assert_eq!(got, (out.replace('Q', &q), err.replace('Q', &q), code), "{line}");
    }
}

#[test]
fn postcat_shows_the_records() {
    let mut m = machine();
    run(
        &mut m,
        "printf 'From: maria@ejemplo.com\\nTo: a@rechaza.example\\nSubject: prueba de cola\\n\\nhola\\n\\n' | sendmail -f maria@ejemplo.com a@rechaza.example",
    );
    run(&mut m, "sleep 5");
    let q = only(&mut m);
    let path = format!("deferred/{}/{q}", &q[..1]);
    let (out, _, _) = run(&mut m, &format!("postcat -q {q}"));
    let size = 295 + 2 * (q.len() - 9);
    let offset = out.lines().nth(1).and_then(|l| l.split_whitespace().nth(2)).unwrap_or("").to_owned();
    let when = "Tue Nov 24 02:40:05 2026";
    let date = "Tue, 24 Nov 2026 02:40:05 +0000 (UTC)";
    let expected = format!(
        "*** ENVELOPE RECORDS {path} ***\nmessage_size: {size:15} {offset:>15}               1               0 {size:15}               0\n\
         message_arrival_time: {when}\ncreate_time: {when}\nnamed_attribute: rewrite_context=local\nsender_fullname: root\n\
         sender: maria@ejemplo.com\nnamed_attribute: dsn_orig_rcpt=rfc822;a@rechaza.example\n\
         original_recipient: a@rechaza.example\nrecipient: a@rechaza.example\n*** MESSAGE CONTENTS {path} ***\n\
         Received: by mail.ejemplo.com (Postfix, from userid 0)\n\tid {q}; {date}\nFrom: maria@ejemplo.com\n\
         To: a@rechaza.example\nSubject: prueba de cola\nMessage-Id: <20261124024005.{q}@mail.ejemplo.com>\n\
         Date: {date}\n\nhola\n\n*** HEADER EXTRACTED {path} ***\n*** MESSAGE FILE END {path} ***\n"
    );
    assert_eq!(out, expected);
    // 268 with a six-digit microsecond and the real id of nine characters.
    assert!((262..=268).contains(&offset.parse::<usize>().unwrap()), "{offset}");
}
