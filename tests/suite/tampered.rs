//! Session files that somebody has changed. What `grade` owes:
//!
//! * a file is graded exactly as a fresh session into which its inputs are typed: nothing else in it counts, so that no
//!   change to it earns what typing does not;
//! * a file that is no list of inputs is not gradable, and is told what to do about it; never a panic, never without end;
//! * going on with it, and replaying it, come to the same.
//!
//! What the inputs of a file are is read here a second time, by other means than the program's.

use crate::session::Memory;
use maillab::base::{Lang, Span};
use maillab::grading::worlds::Worlds;
use maillab::grading::{Report, tape, text};
use maillab::lab::{LabFile, catalogue};
use maillab::machine::Input;
use maillab::session::{Journal, Mode, Nowhere, Options, Session, journal, regrade};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

const LABS: [&str; 3] = ["all-is-well", "unknown-user", "full-mailbox"];
const SEED: u64 = 4;

thread_local! {
    static FILES: RefCell<HashMap<&'static str, LabFile>> = RefCell::default();
    static WORLDS: RefCell<HashMap<(String, u64), Rc<Worlds>>> = RefCell::default();
}

fn lab(id: &'static str) -> LabFile {
    FILES.with(|f| {
        f.borrow_mut().entry(id).or_insert_with(|| LabFile::load(catalogue::text(id).unwrap()).unwrap()).clone()
    })
}

fn worlds(lab: &LabFile, seed: u64) -> Rc<Worlds> {
    let make = || Rc::new(Worlds::new(lab.at(seed)));
    WORLDS.with(|w| w.borrow_mut().entry((lab.id.clone(), seed)).or_insert_with(make).clone())
}

/// A session as it was recorded: an expert's, with some of what a session can hold besides.
fn recorded(id: &'static str, mode: Mode) -> String {
    let lab = lab(id);
    let o = Options { student: "a07".into(), mode, lang: Lang::En, terminal: false, size: (80, 24), plain: true };
    let mut memory = Memory::default();
    memory.write(&Session::head(&lab.id, &lab.hash, SEED, &o).line());
    let w = worlds(&lab, SEED);
    let mut s = Session::new(w.clone(), None, &o, Box::new(memory.clone()));
    let solution = w.lab.solution[0].input.clone();
    let before = "tail -f /var/log/mail.log\n^T 30s\n^C\necho x > /tmp/x\nlab undo\nlab fork\nsystemctl stop postfix\nlab back\n";
    for i in tape::script(&format!("{before}{}", solution.trim_start())) {
        s.input(i);
    }
    assert_eq!(s.report().unwrap().score, 100);
    drop(s);
    memory.0.take()
}

/// One line of a file as an input, read by other means than the program's.
fn input_of(line: &str) -> Option<Input> {
    let v: Value = serde_json::from_str(line).ok()?;
    match &v {
        Value::String(s) if s == "eof" => return Some(Input::Eof),
        Value::String(s) if s == "interrupt" => return Some(Input::Interrupt),
        _ => {}
    }
    let o = v.as_object().filter(|o| o.len() == 1)?;
    if let Some(l) = o.get("line") {
        return l.as_str().map(|l| Input::Line(l.to_owned()));
    }
    if let Some(n) = o.get("tick") {
        return n.as_i64().filter(|n| (0..=Span::days(1).0).contains(n)).map(|n| Input::Tick(Span(n)));
    }
    if let Some(s) = o.get("saved") {
        return if s.is_null() { Some(Input::Saved(None)) } else { Some(Input::Saved(Some(s.as_str()?.to_owned()))) };
    }
    let sides: Vec<u16> = serde_json::from_value(o.get("resize")?.clone()).ok()?;
    (sides.len() == 2 && !sides.contains(&0)).then(|| Input::Resize(sides[0], sides[1]))
}

/// What typing the inputs of a file into a fresh session earns; `None` if it is no session of this lab.
fn honest(text: &str, lab: &LabFile) -> Option<Report> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let head: Value = serde_json::from_str(first).ok()?;
    let says = |k: &str| head[k].as_str();
    let same = head["format"] == 1
        && says("version") == Some(env!("CARGO_PKG_VERSION"))
        && says("lab") == Some(&lab.id)
        && says("hash") == Some(&lab.hash);
    let mode = match says("mode")? {
        "learn" => Mode::Learn,
        "exam" => Mode::Exam,
        _ => return None,
    };
    let size: (u16, u16) = serde_json::from_value(head["size"].clone()).ok()?;
    let o = Options {
        student: says("student")?.into(),
        mode,
        lang: Lang::parse(says("lang")?).filter(|_| says("lang").unwrap().len() == 2)?,
        terminal: head["terminal"].as_bool()?,
        size: (size.0.clamp(20, 500), size.1.clamp(5, 300)),
        plain: true,
    };
    let seed = head["seed"].as_u64()?;
    if !same {
        return None;
    }
    let mut inputs = Vec::new();
    let mut lines = rest.split('\n').peekable();
    while let Some(l) = lines.next() {
        let torn = lines.peek().is_none();
        match input_of(l) {
            Some(i) => inputs.push(i),
            None if torn || l.trim().is_empty() => {}
            None => return None,
        }
    }
    let mut s = Session::new(worlds(lab, seed), None, &o, Box::new(Nowhere));
    for i in inputs {
        s.input(i);
    }
    s.finish();
    s.report().cloned()
}

/// One change to a file.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Insert(Index, String),
    Cut(Index),
    Drop(Index),
    Double(Index),
    Swap(Index, Index),
    /// A line of another session, of the same lab or another.
    Graft(Index, usize, Index),
    Line(Index, Value),
    Head(&'static str, Value),
    Claim(&'static str),
    Crlf,
}

fn change() -> impl Strategy<Value = Change> {
    let i = any::<Index>;
    let line = prop_oneof![
        Just(json!({"score": 100})),
        Just(json!({"report": {"passed": true, "score": 100}})),
        Just(json!({"line": "lab submit", "score": 100})),
        Just(json!({"line": 5})),
        Just(json!({"tick": -1})),
        Just(json!({"tick": 1e300})),
        Just(json!({"resize": [65535, 65535]})),
        Just(json!({"resize": [1, 1]})),
        Just(json!({"resize": [0, 7]})),
        Just(json!({"saved": "a\nb"})),
        Just(json!("interrupt")),
        Just(json!("eof")),
        Just(json!(null)),
        Just(json!([])),
        (0i64..86_400_000_000).prop_map(|n| json!({"tick": n})),
        prop::sample::select(vec![
            "lab undo 3",
            "lab undo",
            "lab fork",
            "lab back",
            "lab submit",
            "lab hint",
            "s",
            "exit",
            "rm -rf /etc",
            "ls\nlab submit",
            "\u{0}",
            "echo \u{1b}]0;x\u{7}",
            "systemctl stop postfix",
            "watch date",
            "vi /etc/aliases",
            "{\"score\":100}",
            "lab diagnose --code 550",
        ])
        .prop_map(|l| json!({"line": l})),
        "\\PC{0,60}".prop_map(|l| json!({"line": l})),
    ];
    let head = prop_oneof![
        prop::sample::select(vec![SEED + 1, SEED]).prop_map(|s| ("seed", json!(s))),
        prop::sample::select(vec!["exam", "learn", "god"]).prop_map(|s| ("mode", json!(s))),
        prop::sample::select(vec!["es", "en", "fr", "english"]).prop_map(|s| ("lang", json!(s))),
        prop::sample::select(vec!["../x", "2", "/etc/passwd", "open-relay"]).prop_map(|s| ("lab", json!(s))),
        "[ -~\u{1b}\n]{0,100}".prop_map(|s| ("student", json!(s))),
        any::<bool>().prop_map(|b| ("terminal", json!(b))),
        (any::<u16>(), any::<u16>()).prop_map(|s| ("size", json!(s))),
        prop::sample::select(vec![0, 2, 1]).prop_map(|n| ("format", json!(n))),
        Just(("hash", json!("0123456789abcdef"))),
        Just(("version", json!("9.9.9"))),
        Just(("seed", json!(-1))),
        Just(("size", json!([1e9, 2]))),
    ];
    prop_oneof![
        2 => (i(), 0u8..8).prop_map(|(i, b)| Change::Flip(i, b)),
        1 => (i(), "\\PC{1,8}").prop_map(|(i, s)| Change::Insert(i, s)),
        2 => i().prop_map(Change::Cut),
        4 => i().prop_map(Change::Drop),
        4 => i().prop_map(Change::Double),
        4 => (i(), i()).prop_map(|(a, b)| Change::Swap(a, b)),
        4 => (i(), 0..LABS.len(), i()).prop_map(|(a, n, b)| Change::Graft(a, n, b)),
        8 => (i(), line).prop_map(|(i, v)| Change::Line(i, v)),
        3 => head.prop_map(|(k, v)| Change::Head(k, v)),
        2 => prop::sample::select(vec!["score", "passed", "report", "grade", "seen", "diagnosis"]).prop_map(Change::Claim),
        1 => Just(Change::Crlf),
    ]
}

fn apply(text: &str, change: &Change) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let count = lines.len();
    // Every line but the head.
    let place = |i: &Index| if count < 2 { 0 } else { 1 + i.index(count - 1) };
    match change {
        Change::Flip(i, bit) if !text.is_empty() => {
            let mut bytes = text.as_bytes().to_vec();
            let at = i.index(bytes.len());
            bytes[at] ^= 1 << bit;
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        Change::Insert(i, s) => {
            let at = (0..=i.index(text.len() + 1)).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0);
            return format!("{}{s}{}", &text[..at], &text[at..]);
        }
        Change::Cut(i) => {
            let at = (0..=i.index(text.len() + 1)).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0);
            return text[..at].to_owned();
        }
        Change::Drop(i) if count > 1 => {
            lines.remove(place(i));
        }
        Change::Double(i) if count > 1 => {
            let l = lines[place(i)].clone();
            lines.insert(place(i), l);
        }
        Change::Swap(a, b) if count > 1 => lines.swap(place(a), place(b)),
        Change::Graft(a, n, b) if count > 1 => {
            let other = recorded_once(LABS[*n]);
            let all: Vec<&str> = other.split_inclusive('\n').collect();
            lines.insert(place(a), b.get(&all).to_string());
        }
        Change::Line(i, v) if count > 0 => lines.insert(place(i).max(1), format!("{v}\n")),
        Change::Head(k, v) => edit_head(&mut lines, k, v),
        Change::Claim(k) => edit_head(&mut lines, k, &json!({"score": 100, "passed": true})),
        Change::Crlf => return text.replace('\n', "\r\n"),
        _ => {}
    }
    lines.concat()
}

fn edit_head(lines: &mut [String], key: &str, value: &Value) {
    if let Some(first) = lines.first_mut()
        && let Ok(mut head) = serde_json::from_str::<Value>(first)
        && head.is_object()
    {
        head[key] = value.clone();
        *first = format!("{head}\n");
    }
}

fn recorded_once(id: &'static str) -> String {
    thread_local! {
        static MADE: RefCell<HashMap<&'static str, String>> = RefCell::default();
    }
    MADE.with(|m| m.borrow_mut().entry(id).or_insert_with(|| recorded(id, Mode::Learn)).clone())
}

/// As `regrade::grade`, with worlds that are built once.
fn grade(text: &str, lab: &LabFile) -> Result<Report, regrade::NotGradable> {
    let r = journal::read(text).map_err(regrade::NotGradable::Unreadable)?;
    regrade::fits(&r, lab)?;
    Ok(regrade::grade_recorded(&r, worlds(lab, r.head.seed), None, None).unwrap())
}

/// What holds of any file, whatever was done to it.
fn holds(text: &str, lab: &LabFile) -> Result<(), TestCaseError> {
    let begun = Instant::now();
    let graded = grade(text, lab);
    match (&graded, honest(text, lab)) {
        (Ok(r), Some(h)) => {
            prop_assert_eq!(r, &h);
            let shown = text::render(r, true);
            prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{:?}", shown);
            let csv = r.csv();
            prop_assert!(!csv.chars().any(char::is_control), "{:?}", csv);
        }
        (Err(why), None) => {
            for lang in [Lang::Es, Lang::En] {
                prop_assert!(why.text(lang).lines().count() > 1, "says nothing of what to do: {}", why.text(lang));
            }
        }
        (g, h) => prop_assert!(false, "graded {:?}, honest {:?}", g.is_ok(), h.is_some()),
    }
    if let (true, Ok(r), Ok(read)) = (text.len().is_multiple_of(3), &graded, journal::read(text)) {
        let o = regrade::options(&read, true);
        let mut s = regrade::resume(&read, worlds(lab, read.head.seed), None, &o, Box::new(Nowhere));
        s.finish();
        prop_assert_eq!(s.report(), Some(r));
    }
    prop_assert!(begun.elapsed() < Duration::from_secs(60));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_file_earns_what_typing_it_earns(
        n in 0..LABS.len(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let id = LABS[n];
        let whole = recorded_once(id);
        let text = changes.iter().fold(whole, |t, c| apply(&t, c));
        holds(&text, &lab(id))?;
    }
}

#[test]
fn claims_in_a_file_change_nothing() {
    for id in LABS {
        let mut lines: Vec<&str> = Vec::new();
        let whole = recorded_once(id);
        // Nothing but a look was typed.
        lines.extend(whole.lines().take(2));
        let poor = format!("{}\n", lines.join("\n"));
        let grade = |t: &str| grade(t, &lab(id));
        let before = grade(&poor).unwrap();
        assert!(!before.passed);
        for claim in ["score", "passed", "report", "parts", "diagnosis"] {
            assert_eq!(grade(&apply(&poor, &Change::Claim(claim))).as_ref(), Ok(&before));
        }
        assert!(grade(&format!("{poor}{{\"score\":100}}\n")).is_err());
    }
}

/// Files that are made to take long, or much.
#[test]
fn a_hostile_file_ends() {
    let whole = recorded_once("all-is-well");
    let head = whole.lines().next().unwrap();
    let day = json!({"tick": 86_400_000_000_i64}).to_string();
    let line = |l: &str| json!({"line": l}).to_string();
    for (name, lines) in [
        ("days of watch", [vec![line("watch -n 0.1 date")], vec![day.clone(); 20]].concat()),
        ("days of tail", [vec![line("tail -f /var/log/mail.log")], vec![day; 20]].concat()),
        ("undo and undo", ["date", "lab undo"].repeat(40).into_iter().map(line).collect()),
        ("undo of much", [vec![line("date"); 30], vec![line("lab undo"); 30]].concat()),
        ("copies", [vec![line("lab fork"); 100], vec![line("lab back"); 100]].concat()),
        ("a long line", vec![line(&"a ".repeat(1 << 12))]),
        ("a deep line", vec![line(&"$(".repeat(1 << 12))]),
        (
            "resizes",
            vec![
                json!({"resize": [65535, 65535]}).to_string(),
                line("ls -l /etc /usr/bin; watch date; less /etc/passwd"),
            ],
        ),
        ("answers", [vec![line("lab diagnose")], vec![line("<"); 2000]].concat()),
        ("checks", vec![line("lab check"); 8]),
        ("ends", vec!["\"eof\"".to_owned(); 100]),
        ("logins", vec![line("exit"); 60]),
    ] {
        let begun = Instant::now();
        let text = format!("{head}\n{}\n", lines.join("\n"));
        let _ = grade(&text, &lab("all-is-well")).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60), "{name}: {:?}", begun.elapsed());
    }
}
