//! Sieve at delivery: scripts, what becomes of a message, and what the two logs say, as the real Pigeonhole 0.5.19 did.

use maillab::base::{Chance, Span, Time};
use maillab::dovecot::{dial, master, sieve};
use maillab::host::Cred;
use maillab::lab::hosts::base_world;
use maillab::log::Message;
use maillab::sim::World;

const HOME: &str = "/home/maria";
const MAIL: &str =
    "From: Marta Ruiz <marta@origen.com>\nTo: maria@ejemplo.com\nSubject: Factura 12\nMessage-ID: <a1@origen.com>\n";

/// The base host with Sieve switched on for LMTP, and a folder Junk.
fn world() -> World {
    let mut w = base_world(Time::parse_iso("2026-11-24T08:25:35Z").unwrap(), Chance::new(1));
    let text = "protocol lmtp {\n  mail_plugins = $mail_plugins sieve\n}\n";
    w.host.fs.write(&Cred::root(), "/etc/dovecot/local.conf", text, 0o644).unwrap();
    if w.dovecot.master.is_some() {
        master::stop(&mut w.host, &mut w.dovecot, 1, 0);
    }
    master::start(&mut w.host, &mut w.dovecot, true).expect("Dovecot starts");
    let maria = w.host.cred_of(&w.host.user("maria").unwrap());
    for dir in [
        "Maildir",
        "Maildir/cur",
        "Maildir/new",
        "Maildir/tmp",
        "Maildir/.Junk",
        "Maildir/.Junk/cur",
        "Maildir/.Junk/new",
        "Maildir/.Junk/tmp",
    ] {
        w.host.fs.mkdir(&maria, &format!("{HOME}/{dir}"), 0o700).unwrap();
    }
    w
}

fn script(w: &mut World, text: &str) {
    let maria = w.host.cred_of(&w.host.user("maria").unwrap());
    w.host.fs.write(&maria, &format!("{HOME}/.dovecot.sieve"), text, 0o644).unwrap();
}

/// Hands a message over by LMTP: the reply at its end, and what the log says of Sieve.
fn deliver(w: &mut World, sender: &str, message: &str) -> (String, Vec<String>) {
    let from = w.host.journal.len();
    let mut peer =
        dial::connect(&mut w.host, &mut w.dovecot, "/var/spool/postfix/private/dovecot-lmtp").expect("a socket");
    peer.greet(&mut w.host);
    let mut last = String::new();
    let lines = format!("LHLO mail.ejemplo.com\nMAIL FROM:<{sender}>\nRCPT TO:<maria@ejemplo.com>\nDATA\n{message}\n.");
    for l in lines.lines() {
        w.host.set_time(w.host.now + Span::millis(3));
        let out = peer.input(&mut w.host, format!("{l}\r\n").as_bytes()).output;
        if !out.is_empty() {
            last = String::from_utf8(out).unwrap();
        }
    }
    let all = w.host.journal.iter().skip(from).map(|r| r.event.text());
    let about = all.filter_map(|l| Some(l.split_once("sieve: ").or_else(|| l.split_once(">: "))?.1.to_owned()));
    let of_message = |l: String| l.strip_prefix("msgid=<a1@origen.com>: ").map_or(l.clone(), str::to_owned);
    (last.trim_end().to_owned(), about.map(of_message).collect())
}

fn user_log(w: &World) -> Vec<String> {
    let text = w.host.fs.read_text(&format!("{HOME}/.dovecot.sieve.log")).unwrap_or_default();
    text.lines().skip(1).map(str::to_owned).collect()
}

/// How many mails INBOX and Junk hold.
fn mails(w: &World) -> (usize, usize) {
    let count = |dir: &str| {
        let all = ["new", "cur"].map(|s| w.host.fs.readdir(&Cred::root(), &format!("{HOME}/Maildir{dir}/{s}")));
        all.into_iter().flatten().map(|e| e.len()).sum()
    };
    (count(""), count("/.Junk"))
}

const INBOX: &str = "stored mail into mailbox 'INBOX'";
const JUNK: &str = "fileinto action: stored mail into mailbox 'Junk'";
const DISCARD: &str = "discard action: Marked message to be discarded if not explicitly delivered (discard action)";
const FAILED: &str = "Execution of script /home/maria/.dovecot.sieve failed, but implicit keep was successful (user logfile /home/maria/.dovecot.sieve.log may reveal additional details)";

#[test]
fn what_a_script_does_with_a_message() {
    let forwarded = "redirect action: forwarded to <amigo@destino.com>";
    for (text, log, user, inbox, junk) in [
        ("keep;", &[INBOX][..], &[][..], 1, 0),
        ("if false { discard; }", &[INBOX], &[], 1, 0),
        ("discard;", &[DISCARD], &[], 0, 0),
        ("discard; keep;", &[DISCARD, INBOX], &[], 1, 0),
        ("require \"fileinto\"; fileinto \"Junk\"; stop; keep;", &[JUNK], &[], 0, 1),
        ("require \"fileinto\"; fileinto \"Junk\"; keep; fileinto \"Junk\";", &[JUNK, INBOX], &[], 1, 1),
        ("require [\"fileinto\",\"copy\"]; fileinto :copy \"Junk\";", &[JUNK, INBOX], &[], 1, 1),
        (
            "require \"fileinto\"; fileinto \"Nada\";",
            &[INBOX, FAILED],
            &[
                "error: msgid=<a1@origen.com>: fileinto action: failed to store into mailbox 'Nada': Mailbox doesn't exist: Nada.",
            ],
            1,
            0,
        ),
        (
            "require \"fileinto\"; keep; fileinto \"Junk\"; fileinto \"Nada\";",
            &["fileinto action: store into mailbox 'Junk' aborted", INBOX, FAILED],
            &[
                "error: msgid=<a1@origen.com>: fileinto action: failed to store into mailbox 'Nada': Mailbox doesn't exist: Nada.",
            ],
            1,
            0,
        ),
        (
            "require [\"fileinto\",\"mailbox\"]; fileinto :create \"Facturas\";",
            &["fileinto action: stored mail into mailbox 'Facturas'"],
            &[],
            0,
            0,
        ),
        ("redirect \"amigo@destino.com\";", &[forwarded], &[], 0, 0),
        ("redirect \"amigo@destino.com\"; keep;", &[forwarded, INBOX], &[], 1, 0),
        (
            "require \"fileinto\"; fileinto \"Junk\"; redirect \"amigo@destino.com\"; discard;",
            &[DISCARD, JUNK, forwarded],
            &[],
            0,
            1,
        ),
        (
            "require \"reject\"; reject \"no\";",
            &["reject action: rejected message from <marta@origen.com> (reject)"],
            &[],
            0,
            0,
        ),
        (
            "require \"reject\"; reject \"x\"; redirect \"a@destino.com\";",
            &[INBOX, FAILED],
            &[
                ".dovecot: line 1: error: reject/ereject action conflicts with other action: the redirect action (.dovecot: line 1) tries to deliver the message.",
            ],
            1,
            0,
        ),
        (
            "redirect \"a@d.com\";redirect \"b@d.com\";redirect \"c@d.com\";redirect \"d@d.com\";redirect \"e@d.com\";",
            &[INBOX, FAILED],
            &[".dovecot: line 1: error: number of redirect actions exceeds policy limit (5 > 4)."],
            1,
            0,
        ),
        (
            "require \"vacation\"; vacation \"x\";",
            &["vacation action: sent vacation response to <marta@origen.com>", INBOX],
            &[],
            1,
            0,
        ),
        (
            "require \"vacation\"; vacation \"y\"; vacation \"z\";",
            &[INBOX, FAILED],
            &[
                ".dovecot: line 1: error: duplicate vacation action not allowed (previously triggered one was here: .dovecot: line 1).",
            ],
            1,
            0,
        ),
        (
            "bar;",
            &[
                "Failed to compile script `/home/maria/.dovecot.sieve' (view user logfile `/home/maria/.dovecot.sieve.log' for more information)",
                INBOX,
            ],
            &[
                ".dovecot: line 1: error: unknown command 'bar' (only reported once at first occurrence).",
                ".dovecot: error: validation failed.",
            ],
            1,
            0,
        ),
    ] {
        let mut w = world();
        script(&mut w, text);
        let (reply, said) = deliver(&mut w, "marta@origen.com", &format!("{MAIL}\nhola"));
        assert!(reply.starts_with("250 2.0.0 <maria@ejemplo.com> "), "{text}: {reply}");
        assert_eq!(said, log, "{text}");
        assert_eq!(user_log(&w), user, "{text}");
        assert_eq!(mails(&w), (inbox, junk), "{text}");
    }
}

#[test]
fn tests_of_a_script() {
    let with = |extensions: &str, test: &str| format!("require [{extensions}]; if {test} {{ fileinto \"Junk\"; }}");
    for (extensions, test, holds) in [
        ("", "header :contains \"subject\" \"Factura\"", true),
        ("", "header :contains \"from\" \"Ruiz\"", true),
        ("", "header :is \"subject\" \"factura 12\"", true),
        ("", "header :comparator \"i;octet\" :is \"subject\" \"factura 12\"", false),
        ("", "header :matches \"subject\" \"*f?ctura *\"", true),
        ("", "header :matches \"subject\" \"f?ctura\"", false),
        ("", "size :over 100", true),
        ("", "size :under 1M", true),
        ("", "size :over 1K", false),
        ("", "exists [\"from\",\"x-spam-flag\"]", false),
        ("", "exists \"from\"", true),
        ("", "anyof(header \"subject\" \"no\", not exists \"x-y\")", true),
        ("", "allof(true, not false, header :is \"subject\" \"factura 12\")", true),
        ("", "address :localpart :is \"from\" \"MARTA\"", true),
        ("", "address :is [\"to\",\"cc\"] [\"x@y\",\"maria@ejemplo.com\"]", true),
        ("", "address :domain :contains \"from\" \"rigen\"", true),
        ("\"envelope\"", "envelope :domain \"from\" \"origen.com\"", true),
        ("\"envelope\"", "envelope :is \"to\" \"maria@ejemplo.com\"", true),
        ("\"regex\"", "header :regex \"subject\" \"^Fac.*[0-9]+$\"", true),
        ("\"subaddress\"", "address :detail \"to\" \"x\"", false),
    ] {
        let extensions = format!("\"fileinto\"{}{extensions}", if extensions.is_empty() { "" } else { "," });
        let mut w = world();
        script(&mut w, &with(&extensions, test));
        deliver(&mut w, "marta@origen.com", &format!("{MAIL}\nhola"));
        assert_eq!(mails(&w), if holds { (0, 1) } else { (1, 0) }, "{test}: {:?}", user_log(&w));
    }
}

#[test]
fn encoded_words_are_read_before_they_are_compared() {
    for (text, expected) in [
        ("=?utf-8?q?Acta_de_la_reuni=C3=B3n?=", "Acta de la reunión"),
        ("Re: =?UTF-8?B?YcOxbw==?= =?UTF-8?B?IG51ZXZv?=", "Re: año nuevo"),
        ("=?iso-8859-1?Q?a=F1o?= nuevo", "año nuevo"),
        ("a =?b? c", "a =?b? c"),
    ] {
        assert_eq!(sieve::matching::decoded(text), expected);
    }
}

#[test]
fn what_is_wrong_with_a_script() {
    for (text, expected) in [
        (
            "fileinto \"Junk\";\nbar;\nif foo { }\nfileinto \"Junk\";",
            "line 1: error: unknown command 'fileinto' (only reported once at first occurrence).|line 2: error: unknown command 'bar' (only reported once at first occurrence).|line 3: error: unknown test 'foo' (only reported once at first occurrence).|error: validation failed.",
        ),
        (
            "require \"ereject\"; ereject \"x\";",
            "line 1: error: require command: unknown Sieve capability `ereject'.|line 1: error: unknown command 'ereject' (only reported once at first occurrence).|error: validation failed.",
        ),
        (
            "require \"fileinto\";\nfileinto;",
            "line 2: error: the fileinto command requires 1 positional argument(s), but 0 is/are specified.|error: validation failed.",
        ),
        (
            "if header :contains \"subject\" { stop; }",
            "line 1: error: the header test requires 2 positional argument(s), but 1 is/are specified.|error: validation failed.",
        ),
        (
            "if header :foo \"subject\" \"x\" { stop; }",
            "line 1: error: unknown tagged argument ':foo' for the header test (reported only once at first occurrence).|error: validation failed.",
        ),
        (
            "if true { keep; ",
            "line 1: error: expected end of compound block '}', but found end of file.|error: parse failed.",
        ),
        (
            "keep",
            "line 1: error: expected end of command ';' or the beginning of a compound block '{', but found end of file.|error: parse failed.",
        ),
        (
            "require [\"fileinto\"];\nif header :contains \"subject\" \"Factura\" {\n  fileinto \"Junk\"\n}\n",
            "line 4: error: expected end of command ';' or the beginning of a compound block '{', but found '}'.|error: parse failed.",
        ),
        ("keep; }", "line 1: error: unexpected '}' found at (the presumed) end of file.|error: parse failed."),
        ("keep;;", "line 1: error: unexpected ';' found at (the presumed) end of file.|error: parse failed."),
        ("\"x\";", "line 1: error: unexpected string found at (the presumed) end of file.|error: parse failed."),
        (
            "if header \"subject\" \"x { keep; }",
            "line 1: error: end of file before end of quoted string started at line 1.|error: parse failed.",
        ),
        (
            "require \"fileinto\";\nkeep;\nrequire \"envelope\";",
            "line 3: error: require commands can only be placed at top level at the beginning of the file.|error: validation failed.",
        ),
        (
            "if { keep; }",
            "line 1: error: the if command requires one sub-test, but none is specified.|error: validation failed.",
        ),
        (
            "else { keep; }",
            "line 1: error: the else command must follow an if or elseif command.|error: validation failed.",
        ),
        (
            "if true { keep; } else { stop; } elsif true { keep; }",
            "line 1: error: the elsif command must follow an if or elseif command.|error: validation failed.",
        ),
        (
            "if true { keep; } else if true { stop; }",
            "line 1: error: missing semicolon ';' after else command.|error: validation failed.",
        ),
        (
            "if true keep;",
            "line 1: error: the if command requires a command block, but it is missing.|line 1: error: missing semicolon ';' after true test.|error: validation failed.",
        ),
        (
            "require [\"fileinto\"]\nfileinto \"Junk\";\n",
            "line 1: error: missing semicolon ';' after require command.|error: validation failed.",
        ),
        (
            "stop; keep \"x\";",
            "line 1: error: the keep command requires 0 positional argument(s), but 1 is/are specified.|error: validation failed.",
        ),
        (
            "keep {\n }",
            "line 1: error: the keep command does not accept a command block, but one is specified anyway.|error: validation failed.",
        ),
        (
            "redirect \"no es\";",
            "line 1: error: specified redirect address 'no es' is invalid: invalid or lonely local part 'no' (expecting '@').|error: validation failed.",
        ),
        (
            "if size 100 { keep; }",
            "line 1: error: the size test requires either the :under or the :over tag to be specified.|error: validation failed.",
        ),
        (
            "if size :over \"100\" { keep; }",
            "line 1: error: the size test expects a number as argument 1 (limit), but a string was found.|error: validation failed.",
        ),
        (
            "if size :over 10Q { keep; }",
            "line 1: error: missing semicolon ';' after size test.|error: validation failed.",
        ),
        (
            "if envelope \"from\" \"x\" { keep; }",
            "line 1: error: unknown test 'envelope' (only reported once at first occurrence).|error: validation failed.",
        ),
        ("true;", "line 1: error: attempted to use test 'true' as command.|error: validation failed."),
        ("if keep { stop; }", "line 1: error: attempted to use command 'keep' as test.|error: validation failed."),
        (
            "if not { stop; }",
            "line 1: error: the not test requires one sub-test, but none is specified.|error: validation failed.",
        ),
        (
            "if allof { stop; }",
            "line 1: error: the allof test requires a list of sub-tests, but none is specified.|error: validation failed.",
        ),
        (
            "if anyof() { stop; }",
            "line 1: error: expecting test identifier after '(' in test list, but found ')'.|line 1: error: failed to accept more tests for command 'anyof'.|error: parse failed.",
        ),
        (
            "if header [\"a\" \"b\"] \"x\" { stop; }",
            "line 1: error: expecting ',' or end of string list ']', but found string.|error: parse failed.",
        ),
        (
            "if header [] \"x\" { stop; }",
            "line 1: error: expecting string after '[' in string list, but found ']'.|error: parse failed.",
        ),
        (
            "if address \"subject\" \"x\" { keep; }",
            "line 1: error: specified header 'subject' is not allowed for the address test.|error: validation failed.",
        ),
        (
            "keep; @",
            "line 1: error: unexpected character(s) starting with '@'.|line 1: error: unexpected unknown characters found at (the presumed) end of file.|error: parse failed.",
        ),
        (
            "if header :is :contains \"a\" \"b\" { keep; }",
            "line 1: error: encountered duplicate MATCH-TYPE argument (:contains) for the header test.|error: validation failed.",
        ),
        (
            "require \"fileinto\"; fileinto [\"Junk\"];",
            "line 1: error: the fileinto command expects a string as argument 1 (folder), but a string list was found.|error: validation failed.",
        ),
        (
            "if header 12 \"b\" { keep; }",
            "line 1: error: the header test expects a string list as argument 1 (header names), but a number was found.|error: validation failed.",
        ),
        (
            "if header :comparator \"x\" \"a\" \"b\" { keep; }",
            "line 1: error: unknown comparator 'x'.|error: validation failed.",
        ),
        (
            "require \"vacation\"; vacation :days \"x\" \"y\";",
            "line 1: error: the :days tag for the vacation command requires a number as parameter, but a string was found.|error: validation failed.",
        ),
    ] {
        let prefixed: Vec<String> = expected.split('|').map(|l| format!("bad: {l}")).collect();
        assert_eq!(sieve::compile("bad", text.as_bytes()).unwrap_err(), prefixed, "{text}");
    }
    assert!(sieve::compile("x", b"").is_ok());
    assert!(
        sieve::compile("x", &[b'('; 100_000]).is_err()
            && sieve::compile("x", "if not ".repeat(9_999).as_bytes()).is_err()
    );
}

#[test]
fn vacation_answers_once_and_not_everybody() {
    let own = "vacation action: discarded vacation reply to own address <maria@ejemplo.com>";
    for (sender, header, said) in [
        ("", "", "vacation action: discarded vacation reply to <>"),
        ("maria@ejemplo.com", "", own),
        (
            "owner-x@origen.com",
            "",
            "vacation action: not sending vacation response to system address <owner-x@origen.com>",
        ),
        (
            "a@b.com",
            "Auto-Submitted: auto-replied\n",
            "vacation action: discarding vacation response to auto-submitted message from <a@b.com>",
        ),
        (
            "a@b.com",
            "Precedence: bulk\n",
            "vacation action: discarding vacation response to precedence=bulk message from <a@b.com>",
        ),
        (
            "a@b.com",
            "List-Unsubscribe: <mailto:x@y>\n",
            "vacation action: discarding vacation response to mailinglist recipient <a@b.com>",
        ),
    ] {
        let mut w = world();
        script(&mut w, "require \"vacation\"; vacation \"x\";");
        let (_, log) = deliver(&mut w, sender, &format!("{MAIL}{header}\nhola"));
        assert_eq!(log, [said, INBOX]);
    }
    let mut w = world();
    script(&mut w, "require \"vacation\"; vacation \"x\";");
    let (_, log) = deliver(&mut w, "marta@origen.com", &format!("{}\nhola", MAIL.replace("To: maria", "To: otra")));
    assert!(
        log[0].starts_with("vacation action: discarding vacation response for implicitly delivered message; no known")
    );
    deliver(&mut w, "marta@origen.com", &format!("{MAIL}\nhola"));
    let (_, log) = deliver(&mut w, "marta@origen.com", &format!("{MAIL}\nhola"));
    assert_eq!(log[0], "vacation action: discarded duplicate vacation response to <marta@origen.com>");
}

#[test]
fn what_a_script_sends_goes_out_by_postfix() {
    let mut w = world();
    script(&mut w, "redirect \"amigo@destino.com\";");
    deliver(&mut w, "marta@origen.com", &format!("{MAIL}\nhola"));
    let (_, again) = deliver(&mut w, "marta@origen.com", &format!("{MAIL}\nhola"));
    assert_eq!(again, ["redirect action: discarded duplicate forward to <amigo@destino.com>", INBOX]);
    w.pass(Span::mins(2));
    let sent = w.host.journal.iter().any(|r| {
        let t = r.event.text();
        t.contains("to=<amigo@destino.com>") && t.contains("status=sent")
    });
    assert!(sent, "the forward was not delivered");
}

#[test]
fn a_full_mailbox_refuses_by_the_same_reply() {
    let mut w = world();
    script(&mut w, "require \"fileinto\"; fileinto \"Junk\";");
    let maria = w.host.cred_of(&w.host.user("maria").unwrap());
    w.host.fs.write(&maria, &format!("{HOME}/Maildir/maildirsize"), "1073741824S\n2000000000 1\n", 0o600).unwrap();
    let (reply, log) = deliver(&mut w, "marta@origen.com", &format!("{MAIL}\nhola"));
    assert_eq!(reply, "552 5.2.2 <maria@ejemplo.com> Quota exceeded (mailbox for user is full)");
    let quota = "Quota exceeded (mailbox for user is full)";
    assert_eq!(
        log,
        [
            format!("fileinto action: failed to store into mailbox 'Junk': {quota}"),
            format!("failed to store into mailbox 'INBOX': {quota}"),
            FAILED.replace("failed, but implicit keep was successful", "failed with unsuccessful implicit keep"),
        ]
    );
}

/// As the real doveadm and sievec answered, one after the other.
#[test]
fn scripts_are_managed_and_compiled() {
    let mut m =
        maillab::machine::Machine::new(base_world(Time::parse_iso("2026-11-24T08:25:35Z").unwrap(), Chance::new(1)));
    let missing = "Sieve script `nada' not found\n";
    for (line, expected, code) in [
        ("echo 'keep;' | doveadm sieve put -u maria uno", "", 0),
        ("printf 'require \"fileinto\";\\nfileinto \"Junk\";\\n' | doveadm sieve put -u maria -a dos", "", 0),
        ("doveadm sieve list -u maria", "dos ACTIVE\nuno \n", 0),
        ("doveadm sieve get -u maria dos", "sieve script:\nrequire \"fileinto\";\nfileinto \"Junk\";\n", 0),
        (
            "echo 'bar;' | doveadm sieve put -u maria tres",
            "doveadm(maria): Error: sieve: tres: line 1: unknown command 'bar' (only reported once at first occurrence)\n\
             doveadm(maria): Error: sieve: tres: validation failed\n",
            65,
        ),
        (
            "ls -1 /home/maria/sieve; readlink /home/maria/.dovecot.sieve",
            "dos.sieve\ntmp\nuno.sieve\nsieve/dos.sieve\n",
            0,
        ),
        ("doveadm sieve activate -u maria uno; doveadm sieve list -u maria", "dos \nuno ACTIVE\n", 0),
        (
            "doveadm sieve activate -u maria nada",
            &format!("doveadm(maria): Error: Failed to activate Sieve script: {missing}"),
            68,
        ),
        (
            "doveadm sieve delete -u maria uno",
            "doveadm(maria): Error: Failed to delete Sieve script: Cannot delete the active Sieve script.\n",
            65,
        ),
        (
            "doveadm sieve deactivate -u maria; doveadm sieve delete -u maria uno; doveadm sieve list -u maria",
            "dos \n",
            0,
        ),
        (
            "doveadm sieve rename -u maria nada x",
            &format!("doveadm(maria): Error: Failed to rename Sieve script: {missing}"),
            68,
        ),
        ("doveadm sieve rename -u maria dos cuatro; doveadm sieve list -u maria", "cuatro \n", 0),
        (
            "doveadm sieve get -u maria foo",
            "doveadm(maria): Error: Failed to open Sieve script: Sieve script `foo' not found\n",
            68,
        ),
        ("doveadm sieve list -u nadie", "doveadm(nadie): Error: User doesn't exist\n", 67),
        (
            "echo 'keep;' > /home/maria/.dovecot.sieve; doveadm sieve list -u maria | grep -v cuatro",
            "doveadm(maria): Warning: sieve: file storage: Active sieve script symlink /home/maria/.dovecot.sieve is no symlink.\n",
            1,
        ),
        ("cd /tmp; echo 'keep;' > ok.sieve; sievec ok.sieve; ls -1", "ok.sieve\nok.svbin\n", 0),
        (
            "printf 'fileinto \"a\";\\nbar;\\n' > bad2.sieve; sievec bad2.sieve",
            "bad2: line 1: error: unknown command 'fileinto' (only reported once at first occurrence).\n\
             bad2: line 2: error: unknown command 'bar' (only reported once at first occurrence).\n\
             bad2: error: validation failed.\nsievec: Fatal: failed to compile sieve script 'bad2.sieve'\n",
            89,
        ),
        (
            "sievec nada.sieve",
            "error: script not found.\nsievec: Fatal: failed to compile sieve script 'nada.sieve'\n",
            89,
        ),
        (
            "sievec",
            "sievec: Fatal: Missing <script-file> argument\nUsage: sievec  [-c <config-file>] [-d] [-D] [-P <plugin>] [-x \
             <extensions>] \n              <script-file> [<out-file>]\n",
            64,
        ),
    ] {
        let text = m.input(maillab::machine::Input::Line(line.to_owned())).text();
        assert_eq!(text, expected, "{line}");
        let status = m.input(maillab::machine::Input::Line("echo $?".into())).text();
        assert_eq!(status, format!("{code}\n"), "{line}");
    }
}
