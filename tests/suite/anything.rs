//! Whatever is typed at a lab, and whatever a session file holds: no panic, and it ends.

use maillab::base::{Lang, Span};
use maillab::grading::worlds::Worlds;
use maillab::lab::{LabFile, catalogue};
use maillab::machine::Input;
use maillab::session::{Mode, Nowhere, Options, Session, journal, regrade};
use proptest::prelude::*;
use std::rc::Rc;

thread_local! {
    static WORLDS: Rc<Worlds> =
        Rc::new(Worlds::new(LabFile::load(catalogue::text("all-is-well").unwrap()).unwrap().at(1)));
}

fn session(mode: Mode, lang: Lang) -> Session {
    let o = Options { student: "x".into(), mode, lang, terminal: true, size: (80, 24), plain: false };
    Session::new(WORLDS.with(Rc::clone), Some(5), &o, Box::new(Nowhere))
}

fn input() -> impl Strategy<Value = Input> {
    let verbs =
        "(lab|lab (hint|pista|mark|diagnose|diagnostico|check|map|undo|fork|back|time|man|help)( [ -~áñ]{0,20})?)";
    prop_oneof![
        4 => verbs.prop_map(Input::Line),
        2 => "(552|no|[a-g1-9<?*]|/[a-z]{1,6}|s|y|n|!date|said: 250)".prop_map(Input::Line),
        2 => "(ls|date|cat|echo x > /tmp/f|exit|tail -f /var/log/mail.log|telnet localhost 25|sleep 1h|rm -rf /etc)".prop_map(Input::Line),
        1 => "\\PC{0,40}".prop_map(Input::Line),
        1 => Just(Input::Interrupt),
        1 => Just(Input::Eof),
        1 => (0i64..60_000_000).prop_map(|n| Input::Tick(Span(n))),
        1 => proptest::option::of("[a-z\n]{0,20}").prop_map(Input::Saved),
        1 => (1u16..300, 1u16..100).prop_map(|(c, r)| Input::Resize(c, r)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_inputs(inputs in proptest::collection::vec(input(), 0..14), exam: bool, es: bool) {
        let lang = if es { Lang::Es } else { Lang::En };
        let play = || {
            let mut s = session(if exam { Mode::Exam } else { Mode::Learn }, lang);
            let mut shown: String = inputs.iter().map(|i| s.input(i.clone()).text()).collect();
            shown += &s.finish().text();
            (shown, s.report().cloned().unwrap())
        };
        let (shown, r) = play();
        prop_assert!(shown.len() < 4 << 20, "{} bytes", shown.len());
        // The same inputs: the same bytes.
        prop_assert_eq!(play().0, shown);
        prop_assert!(r.score <= 100);
        let _ = (r.json().to_string(), r.csv(), maillab::grading::page::render(&[&r]));
        for l in maillab::grading::text::render(&r, false).lines() {
            prop_assert!(l.chars().count() <= 200, "{l}");
        }
    }

    #[test]
    fn any_session_file(text in "\\PC{0,200}") {
        let _ = journal::read(&text);
    }

    #[test]
    fn any_inputs_in_a_session_file(lines in proptest::collection::vec("(\\{\"line\":\"[a-z ]{0,8}\"\\}|\"eof\"|\\{\"tick\":[0-9]{1,9}\\}|[ -~]{0,20})", 0..6)) {
        let lab = LabFile::load(catalogue::text("all-is-well").unwrap()).unwrap();
        let o = Options { student: String::new(), mode: Mode::Learn, lang: Lang::En, terminal: false, size: (80, 24), plain: true };
        let head = Session::head(&lab.id, &lab.hash, 1, &o).line();
        if let Ok(r) = journal::read(&format!("{head}\n{}\n", lines.join("\n"))) {
            prop_assert!(regrade::fits(&r, &lab).is_ok());
            prop_assert!(regrade::grade_recorded(&r, WORLDS.with(Rc::clone), None, None).is_some());
        }
    }
}
