//! Mail through cleanup, the queue manager and the delivery agents, on the base host.

use super::conserved::balance;
use maillab::base::{Chance, Span, Time};
use maillab::lab::hosts;
use maillab::postfix::cleanup::{self, Origin, Recipient, Submission};
use maillab::postfix::{master, queue_file};
use maillab::sim::World;

fn world() -> World {
    let mut w = hosts::base_world(Time::parse_iso("2026-11-24T02:40:00Z").unwrap(), Chance::new(7));
    if w.postfix.master.pid.is_none() {
        w.with_postfix(|ctx| master::start(ctx, "/etc/postfix")).unwrap();
    }
    w.pass(Span::secs(5));
    w
}

/// Submits as sendmail(1) by way of pickup would.
fn send(w: &mut World, from: &str, to: &[&str], content: &str) -> String {
    w.with_postfix(|ctx| {
        let qid = queue_file::new_id(ctx.host, false);
        let m = Submission {
            qid: qid.clone(),
            origin: Origin::Pickup,
            arrival: ctx.host.now,
            sender: from.into(),
            fullname: "root".into(),
            recipients: to.iter().map(|t| Recipient::new(*t)).collect(),
            content: content.into(),
            local_rewrite: true,
            ..Submission::default()
        };
        assert!(cleanup::submit(ctx, m).is_ok());
        qid
    })
}

fn log(w: &World) -> String {
    w.host.fs.read_text("/var/log/mail.log").unwrap_or_default()
}

fn mailbox(w: &World, user: &str) -> Vec<String> {
    let dir = format!("/home/{user}/Maildir/new");
    let root = maillab::host::Cred::root();
    let names = w.host.fs.readdir(&root, &dir).unwrap_or_default();
    names.iter().map(|(n, _)| w.host.fs.read_text(&format!("{dir}/{n}")).unwrap()).collect()
}

#[test]
fn a_message_reaches_the_maildir() {
    let mut w = world();
    let qid = send(&mut w, "maria@ejemplo.com", &["juan@ejemplo.com"], "Subject: hola\n\nHola\n");
    w.pass(Span::secs(2));
    let log = log(&w);
    for part in [
        format!("{qid}: message-id=<20261124024005.{qid}@mail.ejemplo.com>"),
        format!("{qid}: from=<maria@ejemplo.com>, size="),
        format!("{qid}: to=<juan@ejemplo.com>, relay=local, delay=0"),
        "dsn=2.0.0, status=sent (delivered to maildir)".to_owned(),
        format!("{qid}: removed"),
    ] {
        assert!(log.contains(&part), "{part} not in\n{log}");
    }
    let mail = mailbox(&w, "juan");
    assert_eq!(mail.len(), 1, "{log}");
    assert!(mail[0].starts_with(
        "Return-Path: <maria@ejemplo.com>\nX-Original-To: juan@ejemplo.com\nDelivered-To: juan@ejemplo.com\n"
    ));
}

#[test]
fn an_unknown_user_comes_back() {
    let mut w = world();
    let qid = send(&mut w, "maria@ejemplo.com", &["noexiste@ejemplo.com"], "Subject: hola\n\nHola\n");
    w.pass(Span::secs(3));
    let log = log(&w);
    assert!(log.contains(&format!("{qid}: to=<noexiste@ejemplo.com>, relay=local, ")), "{log}");
    assert!(log.contains("dsn=5.1.1, status=bounced (unknown user: \"noexiste\")"), "{log}");
    assert!(log.contains(&format!("{qid}: sender non-delivery notification: ")), "{log}");
    let mail = mailbox(&w, "maria");
    assert_eq!(mail.len(), 1, "{log}");
    for part in [
        "Subject: Undelivered Mail Returned to Sender\nTo: maria@ejemplo.com\n",
        "<noexiste@ejemplo.com>: unknown user: \"noexiste\"\n",
        "Diagnostic-Code: X-Postfix; unknown user: \"noexiste\"\n",
    ] {
        assert!(mail[0].contains(part), "{part} not in\n{}", mail[0]);
    }
}

/// The log lines of smtp(8) and lmtp(8), without times and ids.
fn client_lines(w: &World) -> Vec<String> {
    log(w)
        .lines()
        .filter(|l| l.contains(" postfix/smtp[") || l.contains(" postfix/error["))
        .filter_map(|l| l.split_once("]: ").map(|(_, t)| t.to_owned()))
        .map(|l| match (l.find(", delay="), l.find(", dsn=")) {
            (Some(a), Some(b)) => format!("{}{}", &l[l.find("to=").unwrap_or(0)..a], &l[b..]),
            _ => l,
        })
        .collect()
}

#[test]
fn remote_servers_answer_in_their_ways() {
    for (to, expected) in [
        (
            "x@rechaza.example",
            vec![
                "connect to mx.rechaza.example[198.51.100.60]:25: Connection refused",
                "to=<x@rechaza.example>, relay=none, dsn=4.4.1, status=deferred (connect to mx.rechaza.example[198.51.100.60]:25: Connection refused)",
            ],
        ),
        (
            "x@lento.example",
            vec![
                "connect to mx.lento.example[198.51.100.99]:25: Connection timed out",
                "to=<x@lento.example>, relay=none, dsn=4.4.1, status=deferred (connect to mx.lento.example[198.51.100.99]:25: Connection timed out)",
            ],
        ),
        (
            "noexiste@destino.com",
            vec![
                "to=<noexiste@destino.com>, relay=mail.destino.com[198.51.100.50]:25, dsn=5.1.1, status=bounced (host mail.destino.com[198.51.100.50] said: 550 5.1.1 <noexiste@destino.com>: Recipient address rejected: User unknown in local recipient table (in reply to RCPT TO command))",
            ],
        ),
        (
            "disco@destino.com",
            vec![
                "to=<disco@destino.com>, relay=mail.destino.com[198.51.100.50]:25, dsn=4.3.1, status=deferred (host mail.destino.com[198.51.100.50] said: 452 4.3.1 Insufficient system storage (in reply to end of DATA command))",
            ],
        ),
        (
            "x@cerrado554.example",
            vec![
                "to=<x@cerrado554.example>, relay=mx.cerrado554.example[198.51.100.52]:25, dsn=4.0.0, status=deferred (host mx.cerrado554.example[198.51.100.52] refused to talk to me: 554 mx.cerrado554.example ESMTP not accepting messages)",
            ],
        ),
        (
            "x@corta.example",
            vec![
                "to=<x@corta.example>, relay=mx.corta.example[198.51.100.54]:25, dsn=4.4.2, status=deferred (lost connection with mx.corta.example[198.51.100.54] while sending DATA command)",
            ],
        ),
        (
            "x@noexiste.example",
            vec![
                "to=<x@noexiste.example>, relay=none, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=noexiste.example type=AAAA: Host not found)",
            ],
        ),
        (
            "x@sin-mx.example",
            vec![
                "to=<x@sin-mx.example>, relay=none, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=sin-mx.example type=AAAA: Host found but no data record of requested type)",
            ],
        ),
        (
            "x@mx-roto.example",
            vec![
                "warning: no MX host for mx-roto.example has a valid address record",
                "to=<x@mx-roto.example>, relay=none, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=no-existe.mx-roto.example type=AAAA: Host not found)",
            ],
        ),
        (
            "x@nullmx.example",
            vec![
                "to=<x@nullmx.example>, relay=none, dsn=5.1.0, status=bounced (Domain nullmx.example does not accept mail (nullMX))",
            ],
        ),
        (
            "x@bucle.example",
            vec![
                "to=<x@bucle.example>, relay=none, dsn=5.4.6, status=bounced (mail for bucle.example loops back to myself)",
            ],
        ),
        (
            "x@servfail.example",
            vec![
                "to=<x@servfail.example>, relay=none, dsn=4.4.3, status=deferred (Host or domain name not found. Name service error for name=servfail.example type=MX: Host not found, try again)",
            ],
        ),
    ] {
        let mut w = world();
        send(&mut w, "maria@ejemplo.com", &[to], "Subject: hola\n\nHola\n");
        w.pass(Span::secs(60));
        assert_eq!(client_lines(&w), expected, "{to}\n{}", log(&w));
    }
}

#[test]
fn the_second_exchanger_takes_it() {
    let mut w = world();
    send(&mut w, "maria@ejemplo.com", &["x@doble.example"], "Subject: hola\n\nHola\n");
    w.pass(Span::secs(5));
    let lines = client_lines(&w);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "connect to mx1.doble.example[198.51.100.60]:25: Connection refused");
    assert!(lines[1].starts_with("to=<x@doble.example>, relay=mx2.doble.example[198.51.100.50]:25, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as "), "{lines:?}");
}

#[test]
fn deferred_mail_is_tried_again_and_expires() {
    let mut w = world();
    let qid = send(&mut w, "maria@ejemplo.com", &["x@rechaza.example"], "Subject: hola\n\nHola\n");
    w.pass(Span::hours(2));
    let tries = log(&w).matches("(queue active)").count();
    assert!((4..=12).contains(&tries), "{tries} tries in two hours");
    w.pass(Span::days(6));
    let log = log(&w);
    assert!(log.contains(&format!("{qid}: from=<maria@ejemplo.com>, status=expired, returned to sender")), "no expiry");
    assert!(log.contains(&format!("{qid}: removed")));
    assert_eq!(mailbox(&w, "maria").len(), 1);
    assert!(w.postfix.qmgr.active.is_empty());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 24, ..proptest::prelude::ProptestConfig::default() })]
    #[test]
    fn mail_is_conserved(plan in proptest::collection::vec((0_usize..9, 0_usize..9, 0_usize..5, 1_i64..4000), 1..12)) {
        const TO: [&str; 9] = [
            "juan@ejemplo.com", "noexiste@ejemplo.com", "ventas@ejemplo.com", "socio@destino.com", "lleno@destino.com",
            "noexiste@destino.com", "x@rechaza.example", "x@nullmx.example", "root@ejemplo.com",
        ];
        const FROM: [&str; 5] = ["maria@ejemplo.com", "", "nadie@origen.example", "root", "double-bounce@mail.ejemplo.com"];
        let mut w = world();
        for (a, b, from, wait) in plan {
            send(&mut w, FROM[from], &[TO[a], TO[b]], "Subject: x\n\nx\n");
            w.pass(Span::secs(wait));
            let (put, found) = balance(&w);
            proptest::prop_assert_eq!(put, found);
        }
        w.pass(Span::days(7));
        let (put, found) = balance(&w);
        proptest::prop_assert_eq!(put, found);
        proptest::prop_assert!(w.postfix.qmgr.active.is_empty());
    }
}
