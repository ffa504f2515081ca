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
pub struct Memory(pub Rc<RefCell<String>>);

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
fn a_copy_of_a_copy_says_how_deep_it_is() {
    let s = play(
        "unknown-user",
        1,
        Lang::En,
        Mode::Learn,
        "lab fork\nlab fork\nlab undo\nlab back\nlab back\nlab undo x\nlab undo -3\nlab undo 0\nlab undo 99999999999999999999\n",
    )
    .shown;
    for l in [
        "You are in a copy: ",
        "You are in a copy of the copy, 2 deep: ",
        "There is nothing to take back in this copy; ",
        "Back in the copy before, as it was; ",
        "Back on the host, as it was.",
    ] {
        assert_eq!(s.matches(l).count(), 1, "{l}: {s}");
    }
    assert_eq!(s.matches("lab undo [N]: ").count(), 3, "{s}");
    assert!(s.ends_with("There is nothing to take back.\n"), "{s}");
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
    let graded = regrade::grade(&p.file.0.borrow(), &lab("all-is-well"), Some(1), None).unwrap();
    assert_eq!(Some(graded), before);
}

#[test]
fn a_report_is_in_the_language_asked_for_and_fits_80_columns() {
    // Many lines and hints: the first line of the report is at its longest.
    let lines = "true\n".repeat(120) + "lab hint\ns\nlab hint\ns\nlab hint\ns\n";
    let p = play("open-relay", 2, Lang::Es, Mode::Learn, &lines);
    let text = p.file.0.borrow().clone();
    for (lang, word) in [(None, "NO SUPERADO"), (Some(Lang::En), "NOT PASSED"), (Some(Lang::Es), "NO SUPERADO")] {
        let report = regrade::grade(&text, &lab("open-relay"), Some(4), lang).unwrap();
        let shown = maillab::grading::text::render(&report, false);
        assert!(shown.contains(word), "{shown}");
        for l in shown.lines() {
            assert!(l.chars().count() <= 80, "{l}");
        }
        let spanish = shown.contains("NO SUPERADO");
        let lesson = if spanish { "maillab lesson codigos-smtp" } else { "maillab lesson smtp-codes" };
        assert!(shown.contains(lesson), "{shown}");
    }
}

#[test]
fn another_lab_or_program_is_not_gradable() {
    let p = play("all-is-well", 2, Lang::En, Mode::Learn, "date\n");
    let text = p.file.0.borrow().clone();
    assert!(regrade::grade(&text, &lab("full-mailbox"), None, None).is_err());
    let other = text.replacen(env!("CARGO_PKG_VERSION"), "0.0.0", 1);
    assert!(regrade::grade(&other, &lab("all-is-well"), None, None).is_err());
}

/// A session of a lab at a terminal, where questions are asked.
fn at_terminal(id: &str, lang: Lang) -> Session {
    let o = Options { terminal: true, ..options(lang, Mode::Learn) };
    Session::new(Rc::new(Worlds::new(lab(id).at(7))), Some(1), &o, Box::new(Nowhere))
}

#[test]
fn what_a_pager_or_an_editor_shows_was_on_the_screen() {
    for look in ["less /var/log/mail.log", "view /var/log/mail.log", "nano /var/log/mail.log"] {
        let mut s = at_terminal("full-mailbox", Lang::En);
        let out = s.input(Input::Line(look.into()));
        assert!(matches!(out.state, State::Screen(_)), "{look}: {:?}", out.state);
        s.input(Input::Saved(None));
        let marked = s.input(Input::Line("lab mark said: 552 5.2.2".into())).text();
        assert!(marked.contains("line 1"), "{look}: {marked}");
        if !look.starts_with("less") {
            continue;
        }
        s.input(Input::Line("lab diagnose --evidence 'said: 552 5.2.2' --code 552 --enhanced 5.2.2 --by dovecot --action bounce --who us --cause over-quota".into()));
        s.finish();
        let part = s.report().unwrap().part(maillab::grading::score::Part::Evidence).unwrap().clone();
        assert!(part.points >= 8, "{look}: {part:?}");
    }
}

#[test]
fn who_comes_back_sees_what_the_program_was_waiting_for() {
    for (script, expected) in [
        ("lab diagnose\n\n552\n", "> 552\n     Clase: permanente"),
        ("telnet mail 25\nEHLO x\n", "220 mail.ejemplo.com ESMTP Postfix (Debian/GNU)\nEHLO x\n250-mail"),
        ("for i in 1 2; do\necho $i\n", "# for i in 1 2; do\n> echo $i\n"),
        ("cat > /tmp/x\nhola\n", "# cat > /tmp/x\nhola\n"),
    ] {
        let p = play("full-mailbox", 5, Lang::Es, Mode::Learn, script);
        let r = journal::read(&p.file.0.borrow()).unwrap();
        let worlds = Rc::new(Worlds::new(lab("full-mailbox").at(5)));
        let s = regrade::resume(&r, worlds, Some(1), &regrade::options(&r, false), Box::new(Nowhere));
        let shown = tape::text(&s.resumed());
        assert!(shown.contains(expected), "{script:?}: {shown}");
    }
}

#[test]
fn a_ctrl_c_in_the_diagnosis_keeps_the_draft_and_says_so() {
    let mut s = at_terminal("full-mailbox", Lang::Es);
    let says = |s: &mut Session, i: Input| tape::text(&s.input(i));
    for l in ["lab diagnose", "", "552"] {
        says(&mut s, Input::Line(l.into()));
    }
    let left = says(&mut s, Input::Interrupt);
    assert!(left.contains("Queda como borrador"), "{left}");
    assert!(matches!(says(&mut s, Input::Line("lab hint".into())).as_str(), h if h.contains("Cuesta")));
    let left = says(&mut s, Input::Interrupt);
    assert!(!left.contains("borrador"), "another question's Ctrl-C says nothing of it: {left}");
    says(&mut s, Input::Line("lab diagnose".into()));
    let second = says(&mut s, Input::Line(String::new()));
    assert!(second.contains("[552]"), "{second}");
}

#[test]
fn the_questions_of_the_diagnosis_take_its_keys_everywhere() {
    let mut s = at_terminal("full-mailbox", Lang::Es);
    let mut say = |l: &str| tape::text(&s.input(Input::Line(l.into())));
    say("grep status=bounced /var/log/mail.log");
    say("lab diagnose");
    assert!(say("said: 552").contains("¿Es esta?"));
    assert!(say("?").contains("toma esta línea"));
    let other = say("552");
    assert!(other.contains("toma esta línea") && !other.contains("2/6"), "what is no answer is asked again: {other}");
    let back = say("<");
    assert!(!back.contains("2/6"), "back asks for the quote again: {back}");
    assert!(say("said: 552").contains("¿Es esta?"));
    assert!(say("").contains("2/6"));
    say("552");
    say("5.2.2");
    let by = say("?");
    assert!(by.contains("Dovecot") && by.contains("g nadie"), "{by}");
    assert!(say("zz").contains("de a a g"));
    say("e");
    assert!(say("?").contains("a entregado"));
    say("c");
    let who = say("?");
    assert!(who.contains("1 nuestro Postfix") && !who.contains("552"), "the party has choices of its own: {who}");
    say("1");
    assert!(say("31").contains("¿Entregar"));
    assert!(say("!date").contains("¿Entregar"), "a look at the host comes back to the question");
    assert!(say("?").contains("«s» lo entrega"));
    assert!(say("<").contains("6/6"));
    assert!(say("").contains("¿Entregar"));
    assert!(say("s").contains("Anotado"));
}

#[test]
fn what_the_trainer_says_fits_80_columns_in_both_languages() {
    for lang in [Lang::Es, Lang::En] {
        let mut s = at_terminal("full-mailbox", lang);
        let mut say = |l: &str| tape::text(&s.input(Input::Line(l.into())));
        let log = say("grep status=bounced /var/log/mail.log");
        let id = log.split("]: ").nth(1).and_then(|l| l.split(':').next()).unwrap_or("").to_owned();
        say(&format!("grep {id} /var/log/mail.log"));
        let script =
            ["lab", "lab map", &format!("lab map {id}"), "lab time", "lab check", "lab diagnose", "?", "", "?"];
        let rest = ["552", "", "e", "c", "1", "/", "31", "s", "lab diagnose", "", "", "", "", "", "", ""];
        for l in script.into_iter().chain(rest) {
            let shown = say(l);
            for row in shown.lines() {
                assert!(row.chars().count() <= 80, "{l}: {row}");
            }
            if l == "lab" {
                assert!(shown.starts_with(" lab  "), "{shown}");
            }
            if l == "lab map" {
                let column =
                    |c: char| -> Vec<usize> { shown.lines().filter_map(|r| r.chars().position(|x| x == c)).collect() };
                let trunk = [column('┬'), column('├'), column('└')].concat();
                assert!(trunk.len() == 4 && trunk.iter().all(|c| *c == trunk[0]), "{shown}");
            }
            if l.starts_with("lab map ") {
                let last = lang.pick("ya no está en la cola", "no longer in the queue");
                assert!(shown.contains(last) && shown.contains("status=bounced (host"), "{shown}");
            }
        }
    }
}
