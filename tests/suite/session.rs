//! Sessions: the word `lab`, undo and copies, the journal, and replays that give the same bytes.

use maillab::base::Lang;
use maillab::grading::tape;
use maillab::grading::worlds::Worlds;
use maillab::lab::{LabFile, catalogue};
use maillab::machine::{Input, State};
use maillab::session::{Head, Journal, Mode, Nowhere, Options, Session, journal, regrade};
use std::cell::RefCell;
use std::rc::Rc;

fn lab(id: &str) -> LabFile {
    LabFile::load(catalogue::text(id).unwrap()).unwrap()
}

fn options(lang: Lang, mode: Mode) -> Options {
    Options { student: "a07".into(), mode, lang, terminal: false, size: (80, 24), plain: false }
}

/// A journal in memory, as the file would be.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<String>>);

impl Journal for Memory {
    fn write(&mut self, line: &str) {
        let mut all = self.0.borrow_mut();
        all.push_str(line);
        all.push('\n');
    }
}

struct Play {
    session: Session,
    shown: String,
    file: Memory,
}

fn play(id: &str, seed: u64, lang: Lang, mode: Mode, script: &str) -> Play {
    let file = lab(id);
    let o = options(lang, mode);
    let head: Head = Session::head(&file.id, &file.hash, seed, &o);
    let mut memory = Memory::default();
    memory.write(&head.line());
    let worlds = Rc::new(Worlds::new(file.at(seed)));
    let mut session = Session::new(worlds, Some(1), &o, Box::new(memory.clone()));
    let mut shown = tape::text(&session.welcome());
    for i in tape::script(script) {
        shown.push_str(&tape::text(&session.input(i)));
    }
    Play { session, shown, file: memory }
}

#[test]
fn the_start_screen_fits_80_columns_in_both_languages() {
    for (lang, words) in [(Lang::Es, "Tu trabajo"), (Lang::En, "Your work")] {
        for id in catalogue::ids() {
            let p = play(id, 3, lang, Mode::Learn, "");
            assert!(p.shown.contains(words), "{}", p.shown);
            assert!(!p.shown.contains(id), "the name of the lab gives the answer away: {}", p.shown);
            for l in p.shown.lines() {
                assert!(l.chars().count() <= 80, "{l}");
            }
        }
    }
}

#[test]
fn undo_fork_and_back() {
    let p = play(
        "unknown-user",
        1,
        Lang::En,
        Mode::Learn,
        "cd /tmp\necho one > f\nlab undo\ncat f\npwd\nlab fork\necho two > /tmp/g\ncat /tmp/g\nlab back\nls /tmp/g\nlab back\nlab undo 9\npwd\n",
    );
    let s = &p.shown;
    assert!(s.contains("cat: f: No such file or directory"), "{s}");
    assert!(s.contains("/tmp\n"), "{s}");
    assert!(s.contains("two\n"), "{s}");
    assert!(s.contains("cannot access '/tmp/g'"), "{s}");
    assert!(s.contains("You are not in a copy."), "{s}");
    assert!(s.ends_with("/root\n"), "{s}");
}

#[test]
fn an_exam_has_no_hints_undo_copies_or_checks() {
    let p = play("full-mailbox", 1, Lang::Es, Mode::Exam, "lab pista\nlab undo\nlab fork\nlab check\nlab\nlab time\n");
    assert_eq!(p.shown.matches("En modo examen no hay").count(), 4, "{}", p.shown);
    assert!(p.shown.contains("Aquí son las"), "{}", p.shown);
}

#[test]
fn an_unknown_verb_gets_its_nearest() {
    let p = play("full-mailbox", 1, Lang::En, Mode::Learn, "lab hnit\nlab xyzzy\n");
    assert!(p.shown.contains("Did you mean “lab hint”?"), "{}", p.shown);
}

/// What a replay of the file shows, byte for byte.
fn replayed(file: &str, id: &str) -> String {
    let r = journal::read(file).unwrap();
    let mut shown = String::new();
    regrade::replay(&r, &lab(id), Some(1), None, false, |_, o| shown.push_str(&tape::text(o)));
    shown
}

const WORK: &str = "\
tail -5 /var/log/mail.log
telnet localhost 25
EHLO me.example
QUIT
lab hint
lab fork
systemctl stop postfix
lab back
sleep 10m
lab undo 1
tail -f /var/log/mail.log
^T 30s
^C
cat > /tmp/x
hello
^D
lab check
lab diagnose
nothing like this
!date
<
?
552
no
e
c
1
/cuota
31
s
exit
lab time
";

#[test]
fn a_replay_gives_the_same_bytes() {
    for id in ["full-mailbox", "service-down"] {
        let p = play(id, 5, Lang::Es, Mode::Learn, WORK);
        assert_eq!(replayed(&p.file.0.borrow(), id), p.shown);
    }
}

#[test]
fn a_session_goes_on_after_it_was_killed() {
    let whole = play("full-mailbox", 5, Lang::Es, Mode::Learn, WORK);
    let all: Vec<Input> = tape::script(WORK);
    for cut in [0, 3, 12, 18, all.len() - 1] {
        let first: String = WORK.lines().take(cut).map(|l| format!("{l}\n")).collect();
        let killed = play("full-mailbox", 5, Lang::Es, Mode::Learn, &first);
        let torn = format!("{}{{\"li", killed.file.0.borrow());
        let r = journal::read(&torn).unwrap();
        let o = regrade::options(&r, false);
        let worlds = Rc::new(Worlds::new(lab("full-mailbox").at(5)));
        let mut s = regrade::resume(&r, worlds, Some(1), &o, Box::new(Nowhere));
        let mut shown = killed.shown.clone();
        for i in &all[cut..] {
            shown.push_str(&tape::text(&s.input(i.clone())));
        }
        assert_eq!(shown, whole.shown, "cut at {cut}");
    }
}

#[test]
fn submitting_ends_and_what_comes_after_changes_nothing() {
    let mut p = play("all-is-well", 2, Lang::En, Mode::Learn, "lab submit\n");
    assert!(p.session.report().is_some());
    assert!(p.shown.contains("NOT PASSED"), "{}", p.shown);
    let before = p.session.report().cloned();
    let out = p.session.input(Input::Line("rm -rf /".into()));
    assert_eq!(out.state, State::Exited);
    assert_eq!(p.session.report().cloned(), before);
    let graded = regrade::grade(&p.file.0.borrow(), &lab("all-is-well"), Some(1)).unwrap();
    assert_eq!(Some(graded), before);
}

#[test]
fn another_lab_or_program_is_not_gradable() {
    let p = play("all-is-well", 2, Lang::En, Mode::Learn, "date\n");
    let text = p.file.0.borrow().clone();
    assert!(regrade::grade(&text, &lab("full-mailbox"), None).is_err());
    let other = text.replacen(env!("CARGO_PKG_VERSION"), "0.0.0", 1);
    assert!(regrade::grade(&other, &lab("all-is-well"), None).is_err());
}
