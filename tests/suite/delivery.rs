//! Mail through cleanup, the queue manager and the delivery agents, on the base host.

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
