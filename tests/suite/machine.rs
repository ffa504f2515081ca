//! The machine at its prompt: what is shown, what it waits for, and that nothing typed breaks it.

use maillab::base::Span;
use maillab::machine::testing::{bare_world, run};
use maillab::machine::{Input, Machine, State};
use proptest::prelude::*;

fn machine() -> Machine {
    Machine::new(bare_world())
}

fn line(m: &mut Machine, text: &str) -> (String, State) {
    let out = m.input(Input::Line(text.into()));
    (out.text(), out.state)
}

fn prompt(dir: &str) -> State {
    State::Prompt(format!("root@mail:{dir}# "))
}

#[test]
fn a_prompt_and_its_state() {
    let mut m = machine();
    assert_eq!(*m.state(), prompt("~"));
    assert_eq!(line(&mut m, "cd /etc; X=5"), (String::new(), prompt("/etc")));
    assert_eq!(line(&mut m, "echo $X $PWD").0, "5 /etc\n");
    assert_eq!(line(&mut m, "nosuch").0, "bash: nosuch: command not found\n");
    assert_eq!(line(&mut m, "echo $?").0, "127\n");
    assert_eq!(line(&mut m, "echo )").0, "bash: syntax error near unexpected token `)'\n");
    assert_eq!(line(&mut m, "[[ ]]").0, "");
    assert_eq!(line(&mut m, "strace -p 1").0, "maillab: strace is not simulated here; see: journalctl, postconf\n");
}

#[test]
fn incomplete_lines_go_on() {
    let mut m = machine();
    assert_eq!(line(&mut m, "for i in 1 2; do").1, State::Continue("> ".into()));
    assert_eq!(line(&mut m, "echo n$i").1, State::Continue("> ".into()));
    assert_eq!(line(&mut m, "done"), ("n1\nn2\n".into(), prompt("~")));
    assert_eq!(line(&mut m, "cat <<E").1, State::Continue("> ".into()));
    assert_eq!(line(&mut m, "body").1, State::Continue("> ".into()));
    assert_eq!(line(&mut m, "E").0, "body\n");
    line(&mut m, "echo 'open");
    assert_eq!(m.input(Input::Interrupt).state, prompt("~"));
    assert_eq!(line(&mut m, "echo ok").0, "ok\n");
}

#[test]
fn a_letter_is_killed_by_the_second_interrupt() {
    let mut m = machine();
    let warning = "^C\n(Interrupt -- one more to kill letter)\n";
    line(&mut m, "mail -s hola juan");
    line(&mut m, "uno");
    let out = m.input(Input::Interrupt);
    assert_eq!((out.text().as_str(), &out.state), (warning, &State::Reading));
    line(&mut m, "dos");
    assert_eq!(m.input(Input::Interrupt).text(), warning);
    assert_eq!(m.input(Input::Interrupt).state, prompt("~"));
    assert_eq!(line(&mut m, "echo $?; cat dead.letter").0, "0\nuno\ndos\n");
    assert_eq!(line(&mut m, "mail juan").0, "Subject: ");
    assert_eq!(m.input(Input::Interrupt).text(), format!("{warning}Subject: "));
    assert_eq!(m.input(Input::Interrupt).state, prompt("~"));
    assert_eq!(m.input(Input::Interrupt).state, prompt("~"));
    line(&mut m, "printf 'From a@b Fri Feb  6 11:30:15 2026\\nSubject: x\\n\\nx\\n\\n' > /tmp/mb; mail -f /tmp/mb");
    assert_eq!(m.input(Input::Interrupt).text(), "^C\nInterrupt\n& ");
    assert_eq!(line(&mut m, "x").1, prompt("~"));
}

#[test]
fn a_program_reads_the_terminal() {
    let mut m = machine();
    assert_eq!(line(&mut m, "cat > /tmp/f").1, State::Reading);
    assert_eq!(line(&mut m, "one").1, State::Reading);
    assert_eq!(m.input(Input::Eof).state, prompt("~"));
    assert_eq!(line(&mut m, "cat /tmp/f").0, "one\n");
    assert_eq!(line(&mut m, "read x; echo got $x").1, State::Reading);
    assert_eq!(line(&mut m, "typed").0, "got typed\n");
    assert_eq!(line(&mut m, "cat").1, State::Reading);
    assert_eq!(line(&mut m, "echoed").0, "echoed\n");
    assert_eq!(m.input(Input::Interrupt).state, prompt("~"));
    assert_eq!(line(&mut m, "echo $?").0, "130\n");
}

#[test]
fn an_interrupt_keeps_what_was_done() {
    let mut m = machine();
    line(&mut m, "echo a > /tmp/log");
    assert_eq!(line(&mut m, "cd /tmp && tail -f log").1, State::Following);
    assert_eq!(m.input(Input::Tick(Span::secs(1))).state, State::Following);
    assert_eq!(m.input(Input::Interrupt).state, prompt("/tmp"));
    assert_eq!(line(&mut m, "echo $?").0, "130\n");
    // In a script the next line ends what follows.
    assert_eq!(line(&mut m, "tail -f log").1, State::Following);
    assert!(line(&mut m, "echo next").0.ends_with("next\n"));
}

#[test]
fn a_pipeline_streams_and_stops() {
    let mut m = machine();
    line(&mut m, "printf 'a\\nb\\nab\\n' > /tmp/log");
    assert_eq!(line(&mut m, "tail -f /tmp/log | grep a | head -1"), ("a\n".into(), prompt("~")));
    assert_eq!(line(&mut m, "yes | head -2").0, "y\ny\n");
}

#[test]
fn the_clock_jumps_with_sleep_and_goes_on_with_each_line() {
    let mut m = machine();
    let now = |m: &Machine| m.world().borrow().now();
    let a = now(&m);
    line(&mut m, "true");
    let b = now(&m);
    assert!((1..=4).contains(&(b - a).as_secs()), "{:?}", b - a);
    line(&mut m, "sleep 1h");
    assert!((now(&m) - b).as_secs() >= 3600);
    let c = now(&m);
    line(&mut m, "strace");
    assert_eq!(now(&m), c);
}

#[test]
fn history_and_its_expansion() {
    let mut m = machine();
    line(&mut m, "echo one two");
    assert_eq!(line(&mut m, "!!").0, "echo one two\none two\n");
    assert_eq!(line(&mut m, "echo !$").0, "echo two\ntwo\n");
    assert_eq!(line(&mut m, "!nosuch").0, "bash: !nosuch: event not found\n");
    assert!(line(&mut m, "history").0.starts_with("    1  echo one two\n"));
    assert_eq!(line(&mut m, "echo 'a!b'").0, "a!b\n");
}

#[test]
fn jobs() {
    let mut m = machine();
    let (text, _) = line(&mut m, "sleep 5 &");
    assert!(text.starts_with("[1] "), "{text}");
    assert!(line(&mut m, "jobs").0.starts_with("[1]+  Running"), "still there");
    assert_eq!(line(&mut m, "wait; echo done").0, "done\n[1]+  Done                    sleep 5\n");
    let (text, _) = line(&mut m, "sleep 1000 & kill %1; wait %1; echo $?");
    assert!(text.ends_with("143\n"), "{text}");
}

#[test]
fn shells_inside_the_shell() {
    let mut m = machine();
    assert_eq!(line(&mut m, "bash").1, prompt("~"));
    line(&mut m, "cd /tmp");
    assert_eq!(line(&mut m, "pwd").0, "/tmp\n");
    assert_eq!(line(&mut m, "exit").0, "exit\n");
    assert_eq!(line(&mut m, "pwd").0, "/root\n");
    assert_eq!(line(&mut m, "su maria -c 'id -u; echo $HOME'").0, "1001\n/home/maria\n");
    m.world().borrow_mut().host.dns.add("cliente.ejemplo.com", "A", "192.0.2.50");
    assert_eq!(line(&mut m, "ssh cliente.ejemplo.com").1, State::Prompt("alumno@cliente:~$ ".into()));
    assert_eq!(line(&mut m, "echo $USER").0, "alumno\n");
    assert_eq!(m.input(Input::Eof).text(), "logout\nConnection to cliente.ejemplo.com closed.\n");
    assert_eq!(line(&mut m, "ssh cliente.ejemplo.com echo hi").0, "hi\n");
    assert_eq!(line(&mut m, "ssh cliente.ejemplo.com hostname").0, "cliente\n");
}

#[test]
fn snapshots_go_their_own_way() {
    let mut m = machine();
    line(&mut m, "x=1; echo a > /tmp/f");
    let copy = m.snapshot().expect("at a prompt");
    line(&mut m, "x=2; echo b > /tmp/f");
    let mut old = Machine::from_snapshot(copy);
    assert_eq!(line(&mut old, "echo $x; cat /tmp/f").0, "1\na\n");
    assert_eq!(line(&mut m, "echo $x; cat /tmp/f").0, "2\nb\n");
}

#[test]
fn what_is_typed_before_the_cursor_completes() {
    let mut m = machine();
    line(&mut m, "cd /etc");
    let (at, found) = m.complete("cat host", 8);
    assert_eq!((at, found), (4, vec!["hostname".to_owned()]));
    assert!(m.complete("ech", 3).1.contains(&"echo".to_owned()));
    assert!(m.complete("cat /et", 7).1.contains(&"/etc/".to_owned()));
}

#[test]
fn a_pager_holds_up_no_script() {
    let mut m = machine();
    line(&mut m, "printf 'a\\nb\\n' > /tmp/f");
    m.set_interactive(false);
    assert_eq!(line(&mut m, "less /tmp/f; echo $?"), ("a\nb\n0\n".to_owned(), prompt("~")));
    let (page, state) = line(&mut m, "man postqueue; echo $?");
    assert!(page.contains("NAME\n       postqueue - ") && page.ends_with("\n0\n"), "{page}");
    assert_eq!(state, prompt("~"));
}

/// Each of these would run or grow without end in a real shell, or come close.
const ENDLESS: &[&str] = &[
    ":(){ :|:& };:",
    "f() { f; }; f",
    "f() { f | f; }; f",
    "while :; do :; done",
    "while true; do echo x; done",
    "for ((;;)); do x=$x$x$x.; done",
    "yes",
    "yes > /tmp/yes",
    "x=$(yes)",
    "cat <(yes)",
    "echo {1..1000000000}",
    "echo {1..60000}{1..60000}",
    "echo {{{{{{{{a,b},c},d},e},f},g},h},i}{{{{{{{{a,b},c},d},e},f},g},h},i}{a..z}{a..z}{a..z}",
    "sleep 100000d",
    "while sleep 1; do :; done",
    "tail -f /etc/passwd",
    "eval 'eval \"$x\"'; x='eval \"$x\"'; eval \"$x\"",
    "alias a=b b=a; a",
    "trap 'kill -USR1 $$' USR1; kill -USR1 $$",
    "f() { :; }; trap f RETURN; f",
    "trap 'false' ERR; trap 'f' DEBUG; false",
    "source /tmp/me",
    "a() { b; }; b() { a; }; a",
    "printf '%1000000000d\\n' 1",
    "x=a; for i in {1..40}; do x=$x$x; done",
    "read x < <(yes | tr -d '\\n')",
    "bash -c 'bash -c \"bash -c :\"'",
    "f() { bash -c \"$(declare -f f); f\"; }; f",
    "xargs -I{} echo {} < <(yes)",
    "until false; do true; done | cat | cat",
    "let 'x = 2 ** 63 ** 63'; echo $((1 << 100))",
    "[[ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab == *a*a*a*a*a*a*a*a*a*a*a*a*c ]]",
    "echo /*/*/*/*/*/*/*/*/*/*",
    "shopt -s globstar; echo /**/**/**/**",
];

#[test]
fn nothing_endless_without_a_terminal() {
    for text in ENDLESS {
        let mut m = machine();
        m.run_captured("echo '. /tmp/me' > /tmp/me");
        let (out, _, _) = m.run_captured(text);
        assert!(out.len() <= 64 << 20, "{text}");
        assert_eq!(m.run_captured("echo alive").0, b"alive\n", "{text}");
    }
}

#[test]
fn nothing_endless_at_the_prompt() {
    for text in ENDLESS {
        let mut m = machine();
        line(&mut m, "echo '. /tmp/me' > /tmp/me");
        let out = m.input(Input::Line((*text).into()));
        assert!(out.chunks.iter().map(|c| c.1.len()).sum::<usize>() < 64 << 20, "{text}");
        for _ in 0..3 {
            if matches!(m.state(), State::Prompt(_)) {
                break;
            }
            m.input(Input::Interrupt);
        }
        let (shown, state) = line(&mut m, "echo alive");
        assert!(shown.contains("alive\n"), "{text}: {shown:?} {state:?}");
    }
}

#[test]
fn deep_nesting_is_refused_not_fatal() {
    for (open, close) in [
        ("(", ")"),
        ("{ ", "; }"),
        ("$(", ")"),
        ("\"$(", ")\""),
        ("if true; then ", "; fi"),
        ("${x:-", "}"),
        ("$((", "))"),
        ("((", "))"),
        ("[[ ( ", " ) ]]"),
        ("[[ ! ", " ]]"),
        ("! ", ""),
        ("`", "`"),
        ("{a,", "}"),
        ("x=(", ")"),
        ("<(", ")"),
        ("f() { ", "; }"),
        ("a[", "]=1"),
        ("case x in x) ", ";; esac"),
        ("-(", ")"),
        ("@(", ")"),
    ] {
        for n in [10, 50, 200, 5000] {
            let text = format!("{}echo x{}", open.repeat(n), close.repeat(n));
            let ran = run(&text);
            assert!(ran.stdout.len() < 1 << 20, "{open} {n}");
            run(&format!("echo {text}"));
            run(&format!("shopt -s extglob\necho {text}"));
            run(&open.repeat(n));
            let arith = format!("echo $(({}1{}))", open.repeat(n), close.repeat(n));
            run(&arith);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn any_line_ends(text in proptest::collection::vec(prop_oneof![
        Just("echo "), Just("$x"), Just("${x"), Just("}"), Just("$("), Just(")"), Just("("), Just("'"), Just("\""), Just("`"),
        Just(";"), Just("&"), Just("|"), Just("&&"), Just(">"), Just("<"), Just("<<E\n"), Just("\n"), Just("if "), Just("then "),
        Just("fi"), Just("for x in "), Just("do "), Just("done"), Just("case "), Just("esac"), Just("[[ "), Just(" ]]"), Just("(("),
        Just("))"), Just("{"), Just("x="), Just("x[1]="), Just("*"), Just("?"), Just("\\"), Just("#"), Just("!"), Just("~"), Just("/tmp"),
        Just("1"), Just(" "), Just("a"), Just("-"), Just(":-"), Just("##"), Just("%"), Just("//"), Just(":1:2"), Just("@"), Just("^^"),
        Just("=~ "), Just("declare -A "), Just("eval "), Just("read "), Just("printf %s "), Just("set -"), Just("ñ"), Just("\u{10ff80}"),
        Just("$'\\xff'"), Just("{1..3}"), Just("while "), Just("break"), Just("f() "), Just("trap "), Just("[ "), Just("test "),
    ], 0..24)) {
        let text = text.concat();
        let mut m = machine();
        m.run_captured(&text);
        m.input(Input::Line(text));
        m.input(Input::Eof);
        m.input(Input::Interrupt);
    }

    #[test]
    fn any_text_ends(text in "\\PC{0,200}") {
        let mut m = machine();
        m.run_captured(&text);
        m.input(Input::Line(text));
    }
}

/// rsyslogd(8): it writes into the file that it has open, until SIGHUP.
#[test]
fn a_log_that_is_moved_is_written_on() {
    let world =
        maillab::lab::hosts::base_world(maillab::base::Time::from_secs(1_770_377_415), maillab::base::Chance::new(1));
    let mut m = Machine::new(world);
    for (text, shown) in [
        ("logger -p mail.info uno; cd /var/log; mv mail.log mail.log.1; logger -p mail.info dos", ""),
        ("ls mail.log; grep -c dos mail.log.1", "ls: cannot access 'mail.log': No such file or directory\n1\n"),
        (
            "pkill -HUP rsyslogd; logger -p mail.info tres; grep -c tres mail.log mail.log.1",
            "mail.log:1\nmail.log.1:0\n",
        ),
        (
            "rm mail.log; logger -p mail.info cuatro; ls mail.log",
            "ls: cannot access 'mail.log': No such file or directory\n",
        ),
        ("systemctl restart rsyslog; logger -p mail.info cinco; grep -c 'cuatro\\|cinco' mail.log", "1\n"),
        (": > mail.log; logger -p mail.info seis; wc -l < mail.log", "1\n"),
    ] {
        assert_eq!(line(&mut m, text).0, shown, "{text}");
    }
}
