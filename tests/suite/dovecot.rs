//! Dovecot on the base host: started, asked over its sockets, shown by its tools.

use maillab::base::{Chance, Span, Time};
use maillab::command::io::{Fd, Io, Kernel, Wait};
use maillab::command::{Ctx, Running, Spawn, program};
use maillab::dovecot::{dial, master};
use maillab::host::Cred;
use maillab::lab::hosts::base_world;
use maillab::log::Message;
use maillab::sim::World;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

struct NoSpawn;
impl Spawn for NoSpawn {
    fn spawn(&self, _: Ctx, _: Vec<String>) -> Running<'_> {
        Box::pin(async { 127 })
    }
    fn shell(&self, _: Ctx, _: String, _: Vec<String>) -> Running<'_> {
        Box::pin(async { 127 })
    }
}

/// The base host with Dovecot running.
fn world() -> World {
    let mut w = base_world(Time::parse_iso("2026-11-24T10:00:00Z").unwrap(), Chance::new(1));
    if w.dovecot.master.is_none() {
        master::start(&mut w.host, &mut w.dovecot, true).expect("Dovecot starts on the base host");
    }
    w
}

/// Runs one program: status, standard output, standard error.
fn run(w: &mut World, args: &[&str], input: &str) -> (i32, String, String) {
    let kernel = Rc::new(Kernel::default());
    kernel.size.set((160, 50));
    kernel.budget.set(1_000_000);
    let world = Rc::new(RefCell::new(w.clone()));
    let (out, err) = (Rc::new(RefCell::new(Default::default())), Rc::new(RefCell::new(Default::default())));
    let fds = BTreeMap::from([
        (0, Fd::memory(input.as_bytes())),
        (1, Fd::Memory(Rc::clone(&out))),
        (2, Fd::Memory(Rc::clone(&err))),
    ]);
    let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
    let line = args.join(" ");
    let p = program(&args[0]).unwrap_or_else(|| panic!("{line}: no such program"));
    let mut ctx = Ctx {
        args,
        env: BTreeMap::new(),
        cwd: "/root".into(),
        umask: 0o022,
        io: Io::new(Rc::clone(&kernel), Rc::clone(&world), Cred::root(), fds),
        spawn: Rc::new(NoSpawn),
        trainer: None,
        vantage: None,
        pid: 4242,
        depth: 0,
    };
    let status = {
        let mut f = (p.start)(&mut ctx);
        let mut cx = Context::from_waker(Waker::noop());
        let mut polls = 0;
        loop {
            polls += 1;
            assert!(polls < 10_000, "{line} never ends");
            if let Poll::Ready(s) = f.as_mut().poll(&mut cx) {
                break s;
            }
            let next = kernel
                .waits
                .take()
                .into_iter()
                .filter_map(|w| if let Wait::Timer(t) = w { Some(t) } else { None })
                .min();
            if let Some(t) = next {
                world.borrow_mut().advance(t);
            }
        }
    };
    drop(ctx);
    *w = world.borrow().clone();
    let text = |b: &Rc<RefCell<std::collections::VecDeque<u8>>>| {
        String::from_utf8(b.borrow().iter().copied().collect()).unwrap()
    };
    (status, text(&out), text(&err))
}

fn write(w: &mut World, path: &str, text: &str) {
    w.host.fs.write(&Cred::root(), path, text, 0o644).unwrap();
}

/// The log lines from `from` on, without time and tag.
fn log(w: &World, from: usize) -> Vec<String> {
    w.host.journal.iter().skip(from).map(|r| r.event.text()).collect()
}

fn lmtp(w: &mut World, lines: &[&str]) -> Vec<String> {
    let mut peer =
        dial::connect(&mut w.host, &mut w.dovecot, "/var/spool/postfix/private/dovecot-lmtp").expect("a socket");
    let mut out = peer.greet(&mut w.host).output;
    for l in lines {
        w.host.set_time(w.host.now + Span::millis(3));
        out.extend(peer.input(&mut w.host, format!("{l}\r\n").as_bytes()).output);
    }
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

const MAIL: [&str; 3] = ["LHLO mail.ejemplo.com", "MAIL FROM:<usuario@origen.com>", "RCPT TO:<maria@ejemplo.com>"];

/// As [`run`], the words of a line as arguments.
fn sh(w: &mut World, line: &str) -> (i32, String, String) {
    run(w, &line.split(' ').collect::<Vec<_>>(), "")
}

#[test]
fn doveconf_n_is_the_real_one() {
    let mut w = world();
    for (flag, expected) in [
        ("-n", include_str!("../data/dovecot/doveconf-n.txt")),
        ("-a", include_str!("../data/dovecot/doveconf-a.txt")),
        ("-d", include_str!("../data/dovecot/doveconf-d.txt")),
    ] {
        let (status, out, err) = run(&mut w, &["doveconf", flag], "");
        assert_eq!((status, err.as_str()), (0, ""));
        for (n, (got, want)) in out.lines().zip(expected.lines()).enumerate() {
            assert_eq!(got, want, "doveconf {flag}, line {}", n + 1);
        }
        assert_eq!(out.lines().count(), expected.lines().count());
    }
}

#[test]
fn doveconf_names_and_refusals() {
    let mut w = world();
    for (line, out) in [
        ("doveconf mail_location", "mail_location = maildir:~/Maildir\n"),
        ("doveconf -h mail_location", "maildir:~/Maildir\n"),
        ("doveconf plugin/quota", "plugin/quota = maildir:User quota\n"),
        ("doveconf -f protocol=imap mail_plugins", "mail_plugins =  quota imap_quota\n"),
        ("doveconf -d ssl", "ssl = yes\n"),
        ("doveconf nada", ""),
    ] {
        assert_eq!(sh(&mut w, line), (0, out.to_owned(), String::new()), "{line}");
    }
    write(&mut w, "/etc/dovecot/conf.d/99-case.conf", "basura = 1\n");
    let why = "Error in configuration file /etc/dovecot/conf.d/99-case.conf line 1: Unknown setting: basura";
    let (status, out, err) = sh(&mut w, "doveconf -n");
    assert_eq!(status, 89);
    assert_eq!(out.lines().count(), 2);
    let expected = format!(
        "doveconf: Fatal: {why}\ndoveconf: Error: managesieve-login: dump-capability process returned 89\ndoveconf: \
         Fatal: {why}\n"
    );
    assert_eq!(err, expected);
}

#[test]
fn lmtp_saves_and_logs() {
    let mut w = world();
    let from = w.host.journal.len();
    let mut lines = MAIL.to_vec();
    lines.extend([
        "RCPT TO:<noexiste@ejemplo.com>",
        "DATA",
        "Subject: hola",
        "Message-ID: <1@origen.com>",
        "",
        "x",
        ".",
        "QUIT",
    ]);
    let got = lmtp(&mut w, &lines);
    let id = got
        .iter()
        .find_map(|l| l.strip_prefix("250 2.0.0 <maria@ejemplo.com> ")?.strip_suffix(" Saved"))
        .unwrap()
        .to_owned();
    assert_eq!(id.len(), 22);
    assert_eq!(got[9], "550 5.1.1 <noexiste@ejemplo.com> User doesn't exist: noexiste@ejemplo.com");
    assert_eq!(got.last().map(String::as_str), Some("221 2.0.0 Bye"));
    let log = log(&w, from);
    let pid = w.host.procs.iter().find(|p| p.args == "dovecot/lmtp").unwrap().pid;
    assert_eq!(
        log,
        [
            format!("lmtp({pid}): Connect from local"),
            format!("lmtp(maria)<{pid}><{id}>: msgid=<1@origen.com>: saved mail to INBOX"),
            format!("lmtp({pid}): Disconnect from local: Logged out (state=READY)"),
        ]
    );
    let new = w.host.fs.readdir(&Cred::root(), "/home/maria/Maildir/new").unwrap();
    assert_eq!(new.len(), 1);
    let size = w.host.fs.node(new[0].1).unwrap().size();
    assert!(new[0].0.contains(&format!(",S={size},W=")), "{}", new[0].0);
    assert_eq!(w.host.fs.node(new[0].1).unwrap().uid, w.host.user("maria").unwrap().uid);
}

#[test]
fn a_full_mailbox_is_552_or_452() {
    for (conf, reply) in [
        ("", "552 5.2.2 <maria@ejemplo.com> Quota exceeded (mailbox for user is full)"),
        ("quota_full_tempfail = yes\n", "452 4.2.2 <maria@ejemplo.com> Quota exceeded (mailbox for user is full)"),
        (
            "plugin {\n quota_full_tempfail = yes\n}\n",
            "552 5.2.2 <maria@ejemplo.com> Quota exceeded (mailbox for user is full)",
        ),
    ] {
        let mut w = world();
        write(
            &mut w,
            "/etc/dovecot/conf.d/99-case.conf",
            &format!("{conf}plugin {{\n quota_rule = *:storage=10k\n}}\n"),
        );
        assert!(master::reload(&mut w.host, &mut w.dovecot));
        let body = "x".repeat(14_000);
        let mut lines = MAIL.to_vec();
        lines.extend(["DATA", "Subject: hola", "", &body, "."]);
        let got = lmtp(&mut w, &lines);
        assert_eq!(got.last().map(String::as_str), Some(reply));
    }
}

#[test]
fn a_broken_configuration_is_refused_at_reload_and_at_start() {
    let mut w = world();
    write(&mut w, "/etc/dovecot/conf.d/99-case.conf", "ssl = quizas\n");
    let from = w.host.journal.len();
    assert!(master::reload(&mut w.host, &mut w.dovecot));
    let why = "Error in configuration file /etc/dovecot/conf.d/99-case.conf line 1: Invalid value: quizas";
    assert_eq!(
        log(&w, from)[1],
        format!(
            "master: Error: Error reading configuration: {why} - Also failed to read config by executing doveconf: \
             /run/dovecot/config is a UNIX socket"
        )
    );
    assert_eq!(w.dovecot.master.as_ref().unwrap().config.get("ssl"), "required");
    assert!(master::stop(&mut w.host, &mut w.dovecot, 1, 0));
    assert_eq!(master::start(&mut w.host, &mut w.dovecot, true).unwrap_err().status, 89);
    // The socket file stays and refuses.
    let path = "/var/spool/postfix/private/dovecot-lmtp";
    assert!(w.host.fs.exists(path));
    let refused = dial::connect(&mut w.host, &mut w.dovecot, path).err();
    assert_eq!(refused, Some(maillab::host::Errno::ConnRefused));
}

/// A dialogue over a connection of the world: what the server said, without carriage returns.
fn talk(w: &mut World, client: &str, port: u16, lines: &[&str]) -> Vec<String> {
    let ip = "192.0.2.10".parse().unwrap();
    let id = w.connect(client.parse().unwrap(), &maillab::host::net::Endpoint::Inet(ip, port)).expect("a listener");
    let mut out = Vec::new();
    if matches!(port, 993 | 995) {
        w.start_tls(id).expect("TLS");
    }
    out.extend(w.ask(id, b"").0);
    for l in lines {
        out.extend(w.ask(id, format!("{l}\r\n").as_bytes()).0);
    }
    w.hangup(id);
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

fn deliver(w: &mut World, n: usize) {
    for i in 1..=n {
        let subject = format!("Subject: mensaje {i}");
        let id = format!("Message-ID: <m{i}@origen.com>");
        let mut lines = MAIL.to_vec();
        lines.extend([
            "DATA",
            "From: usuario@origen.com",
            "To: maria@ejemplo.com",
            &subject,
            &id,
            "",
            "cuerpo",
            ".",
            "QUIT",
        ]);
        lmtp(w, &lines);
    }
}

#[test]
fn imap_over_a_clear_connection_from_outside() {
    let mut w = world();
    let from = w.host.journal.len();
    let got = talk(
        &mut w,
        "192.0.2.50",
        143,
        &["a CAPABILITY", "b LOGIN maria clave-maria", "c AUTHENTICATE PLAIN", "d LOGOUT"],
    );
    let expected = "\
* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS LOGINDISABLED] Dovecot (Debian) ready.
* CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ STARTTLS LOGINDISABLED
a OK Pre-login capabilities listed, post-login capabilities have more.
* BAD [ALERT] Plaintext authentication not allowed without SSL/TLS, but your client did it anyway. If anyone was listening, the password was exposed.
b NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.
c NO [PRIVACYREQUIRED] Plaintext authentication disabled.
* BYE Logging out
d OK Logout completed.";
    assert_eq!(got.join("\n"), expected);
    let last = log(&w, from).pop().unwrap();
    let (head, session) = last.split_once("session=<").unwrap();
    assert_eq!(
        head,
        "imap-login: Disconnected: Aborted login by logging out (tried to use disallowed plaintext auth): user=<maria>, \
         method=PLAIN, rip=192.0.2.50, lip=192.0.2.10, "
    );
    assert_eq!(session.len(), "wS4FUv1ghtbAAAIy>".len());
}

/// The dialogue of a capture, in the clear where that is allowed.
#[test]
fn imap_reads_a_mailbox() {
    let mut w = world();
    write(&mut w, "/etc/dovecot/conf.d/99-case.conf", "ssl = yes\ndisable_plaintext_auth = no\n");
    master::reload(&mut w.host, &mut w.dovecot);
    deliver(&mut w, 3);
    let from = w.host.journal.len();
    let got = talk(
        &mut w,
        "192.0.2.50",
        143,
        &[
            "b2 LOGIN maria clave-maria",
            "c SELECT INBOX",
            "d FETCH 1 (FLAGS BODY[HEADER.FIELDS (SUBJECT)])",
            "e LIST \"\" \"*\"",
            "g STATUS INBOX (MESSAGES UNSEEN)",
            "h FOO",
            "k STORE 2 +FLAGS (\\Deleted)",
            "l EXPUNGE",
            "i SELECT NoExiste",
            "j LOGOUT",
        ],
    );
    let uidvalidity = got.iter().find_map(|l| l.strip_prefix("* OK [UIDVALIDITY ")).unwrap().split(']').next().unwrap();
    let expected = format!(
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)
* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags permitted.
* 3 EXISTS
* 3 RECENT
* OK [UNSEEN 1] First unseen.
* OK [UIDVALIDITY {uidvalidity}] UIDs valid
* OK [UIDNEXT 4] Predicted next UID
c OK [READ-WRITE] Select completed (0.001 + 0.000 secs).
* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[HEADER.FIELDS (SUBJECT)] {{22}}
Subject: mensaje 1

)
d OK Fetch completed (0.001 + 0.000 secs).
* LIST (\\HasNoChildren) \".\" INBOX
e OK List completed (0.001 + 0.000 secs).
* STATUS INBOX (MESSAGES 3 UNSEEN 2)
g OK [CLIENTBUG] Status on selected mailbox completed (0.001 + 0.000 secs).
h BAD Error in IMAP command FOO: Unknown command (0.001 + 0.000 secs).
* 2 FETCH (FLAGS (\\Deleted \\Recent))
k OK Store completed (0.001 + 0.000 secs).
* 2 EXPUNGE
l OK Expunge completed (0.001 + 0.000 secs).
* OK [CLOSED] Previous mailbox closed.
i NO Mailbox doesn't exist: NoExiste (0.001 + 0.000 secs).
* BYE Logging out
j OK Logout completed (0.001 + 0.000 secs)."
    );
    assert_eq!(got[2..].join("\n"), expected);
    let said = log(&w, from);
    assert!(
        said[0].starts_with("imap-login: Login: user=<maria>, method=PLAIN, rip=192.0.2.50, lip=192.0.2.10, mpid=")
    );
    assert!(said[1].contains(": Disconnected: Logged out in="), "{}", said[1]);
    assert!(
        said[1].ends_with("deleted=1 expunged=1 trashed=0 hdr_count=1 hdr_bytes=22 body_count=0 body_bytes=0"),
        "{}",
        said[1]
    );
}

#[test]
fn login_lines_count_the_bytes_of_the_capture() {
    let mut w = world();
    let from = w.host.journal.len();
    talk(&mut w, "192.0.2.50", 993, &["a LOGIN maria clave-maria", "b LOGOUT"]);
    let said = log(&w, from);
    assert!(said[0].contains(", TLS, session=<"), "{}", said[0]);
    assert!(
        said[1].ends_with(
            "Logged out in=8 out=486 deleted=0 expunged=0 trashed=0 hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0"
        ),
        "{}",
        said[1]
    );
    // A bad password takes the time of PAM and of the failure delay, and the next one waits longer.
    let start = w.now();
    talk(&mut w, "192.0.2.50", 993, &["a LOGIN maria mala"]);
    let once = w.now() - start;
    assert!((Span::secs(3)..Span::secs(6)).contains(&once), "{once:?}");
}

#[test]
fn pop3_over_tls() {
    let mut w = world();
    deliver(&mut w, 2);
    let got = talk(
        &mut w,
        "192.0.2.50",
        995,
        &["USER maria", "PASS clave-maria", "STAT", "LIST 9", "DELE 1", "DELE 1", "FOO", "QUIT"],
    );
    let stat = got[3].clone();
    assert!(stat.starts_with("+OK 2 "));
    assert_eq!(
        got.join("\n"),
        format!(
            "+OK Dovecot (Debian) ready.\n+OK\n+OK Logged in.\n{stat}\n-ERR There's no message 9.\n+OK Marked to be deleted.\n\
             -ERR Message is deleted.\n-ERR Unknown command: FOO\n+OK Logging out, messages deleted."
        )
    );
}

#[test]
fn whatever_is_said_nothing_breaks() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    let base = world();
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let words = prop::sample::select(vec![
        "a",
        "LOGIN",
        "maria",
        "clave-maria",
        "SELECT",
        "INBOX",
        "FETCH",
        "1:*",
        "(",
        ")",
        "\"",
        "{5+}",
        "{99999999999}",
        "BODY[",
        "]<",
        "UID",
        "SEARCH",
        "NOT",
        "OR",
        "STORE",
        "+FLAGS",
        "\\Seen",
        "USER",
        "PASS",
        "RETR",
        "LHLO",
        "MAIL FROM:<",
        ">",
        "RCPT TO:<",
        "DATA",
        ".",
        "\r\n",
        "\n",
        "\0",
        "é",
        "-1",
        "4294967296",
        "AUTHENTICATE PLAIN",
        "=",
    ]);
    let texts = prop::collection::vec(words, 0..40);
    runner
        .run(&texts, |w| {
            let text = w.join(" ");
            for port in [143, 110, 4190] {
                let mut world = base.clone();
                let ip: std::net::IpAddr = "192.0.2.10".parse().unwrap();
                let id = world.connect(ip, &maillab::host::net::Endpoint::Inet(ip, port)).unwrap();
                world.ask(id, b"");
                world.ask(id, b"a LOGIN maria clave-maria\r\nUSER maria\r\nPASS clave-maria\r\n");
                let (out, _) = world.ask(id, text.as_bytes());
                prop_assert!(out.len() < 1 << 20);
                world.hangup(id);
            }
            let mut world = base.clone();
            lmtp(&mut world, &[&text]);
            write(&mut world, "/etc/dovecot/conf.d/99-case.conf", &text);
            master::reload(&mut world.host, &mut world.dovecot);
            run(&mut world, &["doveconf", "-n"], "");
            Ok(())
        })
        .unwrap();
}

/// Answers of the real doveadm on the same mail.
#[test]
fn doveadm_answers() {
    let mut w = world();
    let mail = "From: usuario@origen.com\nTo: maria@ejemplo.com\nSubject: mensaje 1\nMessage-ID: <m1@origen.com>\nDate: Fri, 06 \
                Feb 2026 11:30:15 +0100\n\ncuerpo\n";
    for _ in 0..3 {
        assert_eq!(run(&mut w, &["doveadm", "save", "-u", "maria"], mail).0, 0);
    }
    let quota = "Quota name=User quota Type=STORAGE Value=1 Limit=1048576 %=0\nQuota name=User quota Type=MESSAGE Value=3 Limit=- %=0\n";
    for (args, status, out, err) in [
        (vec!["-f", "flow", "quota", "get", "-u", "maria"], 0, quota, ""),
        (vec!["quota", "get", "-u", "maria", "x"], 64, "", "Error: Extraneous arguments found: x\n"),
        (vec!["user", "-f", "home", "maria"], 0, "/home/maria\n", ""),
        (vec!["user", "noexiste"], 67, "\nuserdb lookup: user noexiste doesn't exist\nfield\tvalue\n", ""),
        (
            vec!["auth", "test", "maria", "clave-maria"],
            0,
            "passdb: maria auth succeeded\nextra fields:\n  user=maria\n  \n",
            "",
        ),
        (vec!["auth", "test", "maria", "mala"], 77, "passdb: maria auth failed\nextra fields:\n  user=maria\n", ""),
        (vec!["mailbox", "list", "-u", "maria"], 0, "INBOX\n", ""),
        (vec!["mailbox", "status", "-u", "maria", "messages vsize", "*"], 0, "INBOX messages=3 vsize=441\n", ""),
        (vec!["mailbox", "create", "-u", "maria", "Papelera"], 0, "", ""),
        (
            vec!["mailbox", "create", "-u", "maria", "Papelera"],
            65,
            "",
            "doveadm(maria): Error: Can't create mailbox Papelera: Mailbox already exists\n",
        ),
        (vec!["mailbox", "list", "-u", "maria"], 0, "Papelera\nINBOX\n", ""),
        (vec!["move", "-u", "maria", "Papelera", "mailbox", "INBOX", "uid", "2"], 0, "", ""),
        (vec!["mailbox", "status", "-u", "maria", "messages", "*"], 0, "Papelera messages=1\nINBOX messages=2\n", ""),
        (vec!["mailbox", "list", "-u", "noexiste"], 67, "", "doveadm(noexiste): Error: User doesn't exist\n"),
        (
            vec!["expunge", "-u", "maria", "all"],
            64,
            "",
            "Fatal: expunge: To avoid accidents, search query must contain MAILBOX in all search branches\n",
        ),
        (vec!["expunge", "-u", "maria", "mailbox", "INBOX", "all"], 0, "", ""),
        (vec!["mailbox", "status", "-u", "maria", "messages", "INBOX"], 0, "INBOX messages=0\n", ""),
        (vec!["pw", "-t", "{PLAIN}secreta", "-p", "secreta"], 0, "{PLAIN}secreta (verified)\n", ""),
        (vec!["kick", "nadie"], 68, "no users kicked\n", ""),
        (vec!["stop"], 0, "", ""),
        (vec!["reload"], 75, "", "Fatal: Dovecot is not running (read from /run/dovecot/master.pid)\n"),
        (vec!["who"], 75, "", "Fatal: net_connect_unix(/run/dovecot/anvil) failed: Connection refused\n"),
    ] {
        let mut line = vec!["doveadm"];
        line.extend(&args);
        assert_eq!(run(&mut w, &line, ""), (status, out.to_owned(), err.to_owned()), "{line:?}");
    }
}
