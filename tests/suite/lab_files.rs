//! Lab files: an author's mistakes are all found in one run, each at its place; any text is taken without a panic.

use maillab::lab::{LabFile, catalogue, render};
use proptest::prelude::*;

const MISTAKES: &str = include_str!("../data/labs/mistakes.toml");

#[test]
fn every_mistake_is_found_in_one_run() {
    let (_, found) = LabFile::examine(MISTAKES);
    let text = render(&found, "mistakes.toml", MISTAKES, false);
    for (line, message, help) in [
        ("level = 9", "`level` is 9", "from 1 to 5"),
        ("codes = [\"599\"]", "unknown code `599`", ""),
        ("titel.es", "unknown key `titel`", "did you mean `title`?"),
        ("es = \"No llega", "no parameter is named `{pesron}`", "did you mean `{person}`?"),
        ("[ticket]", "missing key `en`", ""),
        ("newalaises", "unknown command `newalaises`", "did you mean `newaliases`?"),
        ("\"alais\"", "unknown kind `alais`", "did you mean `alias`?"),
        ("25:61", "`25:61` is no time", ""),
        ("8.8.8.8", "`8.8.8.8` could be somebody's", "192.0.2.0/24"),
        ("to = \"maria@ejemplo.com\"", "expected a list, found a text", ""),
        ("at = \"11:30\"", "is after the learner sits down", "the past reaches from"),
        ("maria@gmail.com", "`gmail.com` could be somebody's", ".example"),
        ("over-cuota", "unknown cause `over-cuota`", "did you mean `over-quota`?"),
        ("id = \"one\"", "two rivals are named `one`", ""),
        ("rival", "no rival disputes the cause", "add a [[rival]]"),
        ("full-means-disc", "unknown misconception `full-means-disc`", "did you mean `full-means-disk`?"),
        ("enhanced = \"4.2.2\"", "4.2.2 does not belong to 552", ""),
        ("dovcot", "unknown word for who decided `dovcot`", "did you mean `dovecot`?"),
        ("lmtp.status", "no daemon logs an event `lmtp.status`", ""),
        ("price = \"dear\"", "expected a whole number", ""),
        ("seen = [\"bounce\"]", "unknown fact `bounce`", "did you mean `bounced`?"),
        ("id = \"first\"", "the solution `first` diagnoses nothing", ""),
        ("passed = \"no\"", "expected true or false, found a text", ""),
        ("fault", "nothing says what must hold after the repair", "add [[goal]]"),
    ] {
        let hit = found.iter().find(|d| d.message.contains(message));
        let Some(hit) = hit else { panic!("not found: {message}\n{text}") };
        assert!(hit.help.as_deref().unwrap_or("").contains(help), "{message}: {:?}", hit.help);
        assert!(text.contains(line), "{message}: the line is not shown\n{text}");
        let (number, column) = hit.position(MISTAKES);
        assert!(text.contains(&format!("mistakes.toml:{number}:{column}")), "{message}\n{text}");
    }
    assert!(LabFile::load(MISTAKES).is_err());
}

/// The blocks that the README shows are the lab that `new` writes, comments aside.
#[test]
fn the_example_of_the_readme_is_the_lab_that_new_writes() {
    let readme = include_str!("../../README.md");
    let section = readme.split("\n## ").find(|s| s.starts_with("Writing a lab")).unwrap();
    let fences = section.split("```toml\n").skip(1).filter_map(|f| f.split_once("\n```").map(|(t, _)| t));
    let shown = fences.collect::<Vec<_>>().join("\n");
    let bare = |t: &str| t.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).collect::<Vec<_>>().join("\n");
    assert_eq!(bare(&shown), bare(&maillab::lab::template::text("mi-lab")));
}

/// A scripted program runs, shadows nothing and earns no evidence.
#[test]
fn a_scripted_program_runs_and_proves_nothing() {
    use maillab::grading::score::Part;
    let base = maillab::lab::template::text("mi-lab");
    let line = "NOQUEUE: reject: RCPT from mail.origen.com[203.0.113.25]: 550 5.1.1 <{who}@ejemplo.com>: Recipient address rejected";
    let with = |name: &str, output: &str| {
        format!("{base}\n[[command]]\nname = \"{name}\"\nstatus = 3\noutput = \"\"\"\n{output}\nFIN\n\"\"\"\n")
    };
    for name in ["postconf", "cd", "lab", "systemctl", "echo"] {
        let text = with(name, "x");
        let (_, found) = LabFile::examine(&text);
        let hit = found.iter().find(|d| d.message == format!("the model has `{name}`"));
        let hit = hit.unwrap_or_else(|| panic!("{name}: {found:?}"));
        assert_eq!(hit.help.as_deref(), Some("a scripted program cannot shadow it"));
        assert!(render(&found, "x.toml", &text, false).contains(&format!("name = \"{name}\"")));
    }
    let text = with("rspamc", "x").replace(
        "kind = \"log\"\nevent = \"smtpd.reject\"\nfields = { to = \"{who}@ejemplo.com\", code = \"550\" }",
        "kind = \"command\"\nprograms = [\"rspamc\"]\nshows = \"x\"",
    );
    let (_, found) = LabFile::examine(&text);
    assert!(found.iter().any(|d| d.message == "`rspamc` is scripted and earns no evidence"), "{found:?}");

    let file = LabFile::load(&with("rspamc", line)).unwrap();
    let worlds = std::rc::Rc::new(maillab::grading::worlds::Worlds::new(file.at(1)));
    let diagnose = "lab diagnose --evidence 'NOQUEUE: reject: RCPT from' --code 550 --enhanced 5.1.1 --by smtpd --action bounce --who peer --cause user-missing";
    for (script, shows, points) in [
        ("rspamc stat; echo \"status $?\"", "FIN\nstatus 3\n", 0),
        ("rspamc stat | tail -1", "FIN\n", 0),
        ("which rspamc", "/usr/bin/rspamc\n", 0),
        ("grep reject /var/log/mail.log", "NOQUEUE: reject: RCPT from mail.origen.com", 8),
    ] {
        let p = maillab::proof::play(&worlds, None, &format!("{script}\n{diagnose}")).unwrap();
        assert!(p.output.contains(shows), "{script}: {}", p.output);
        let (_, evidence) = p.report.parts.iter().find(|(part, _)| *part == Part::Evidence).unwrap();
        let line = evidence.points.min(8);
        assert!(if points == 0 { line == 0 } else { line >= points }, "{script}: {} points", evidence.points);
    }
}

/// Every named belief can be met in some lab or by some habit, and what the source text suggests has its word.
#[test]
fn every_misconception_has_its_feedback() {
    let labs: Vec<_> = catalogue::ids().into_iter().map(|id| catalogue::find(id).unwrap().at(1)).collect();
    let mut named: Vec<String> = maillab::grading::habits::ALL.iter().map(|h| h.misconception.to_owned()).collect();
    for l in &labs {
        named.extend(l.rival.iter().map(|r| r.misconception.text.clone()));
        named.extend(l.diagnosis.wrong.iter().flat_map(|w| &w.misconception).map(|m| m.text.clone()));
        named.extend(l.diagnosis.half.iter().flat_map(|w| &w.misconception).map(|m| m.text.clone()));
    }
    for m in maillab::codes::MISCONCEPTIONS {
        assert!(named.iter().any(|n| n == m.id), "nothing names {}", m.id);
    }
    for (lab, field, value) in [
        ("unknown-user", "code", "554"),
        ("unknown-user", "who", "us"),
        ("full-mailbox", "code", "452"),
        ("full-mailbox", "action", "retry"),
        ("full-mailbox", "cause", "disk-full"),
        ("service-down", "code", "421"),
        ("open-relay", "code", "554"),
        ("open-relay", "code", "454"),
    ] {
        let l = labs.iter().find(|l| l.id.text == lab).unwrap();
        let word = l.diagnosis.wrong.iter().find(|w| w.field.word() == field && w.value == value);
        assert!(word.is_some_and(|w| w.misconception.is_some()), "{lab}: no word about {field} {value}");
    }
}

/// One mistake is one message: what follows from it is not reported beside it.
#[test]
fn a_mistake_is_reported_once() {
    let base = maillab::lab::template::text("mi-lab");
    for (right, wrong, says) in [
        ("level = 1", "level = \"one\"", "expected a whole number"),
        ("[\"09:20\", \"09:45\"]", "[\"09:45\", \"09:20\"]", "expected a list of two"),
        ("event = \"smtpd.reject\"", "event = \"smtpd.rejects\"", "no daemon logs an event"),
        ("kind = \"fault\"", "kind = \"falt\"", "unknown word `falt`"),
        ("price = 5", "price = -5", "expected a whole number"),
        ("tell = \"cat /etc/aliases\"", "tel = \"cat /etc/aliases\"", "missing key `tell`"),
    ] {
        assert!(base.contains(right), "{right}");
        let (_, found) = LabFile::examine(&base.replacen(right, wrong, 1));
        let fits = found.iter().any(|d| d.message.contains(says));
        let more = usize::from(wrong.starts_with("tel "));
        assert!(fits && found.len() == 1 + more, "{wrong}: {found:#?}");
    }
}

#[test]
fn broken_toml_is_reported_beside_the_other_mistakes() {
    let text = MISTAKES.replace("minutes = 20", "minutes = = 20").replace("[host]", "[host");
    let (_, found) = LabFile::examine(&text);
    assert!(found.iter().filter(|d| d.message.starts_with("not TOML")).count() >= 2, "{found:#?}");
    assert!(found.iter().any(|d| d.message.contains("over-cuota")), "{found:#?}");
}

#[test]
fn a_lab_is_the_same_at_the_same_seed_and_varies_by_seed() {
    for id in catalogue::ids() {
        let file = catalogue::find(id).unwrap();
        assert_eq!(file.at(7), file.at(7), "{id}");
        let tickets: std::collections::BTreeSet<String> = (0..12)
            .map(|s| {
                let t = file.at(s).ticket.clone();
                t.from + &t.es
            })
            .collect();
        assert!(tickets.len() > 3, "{id}: only {} different tickets", tickets.len());
        // What is graded does not vary.
        for seed in 0..12 {
            let (a, b) = (file.at(seed), file.at(seed + 100));
            assert_eq!(a.diagnosis.code, b.diagnosis.code, "{id}");
            assert_eq!(a.diagnosis.cause, b.diagnosis.cause, "{id}");
            assert_eq!(a.solution.len(), b.solution.len(), "{id}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_examined_without_panic(text in "\\PC{0,400}") {
        let (_, found) = LabFile::examine(&text);
        let _ = render(&found, "x.toml", &text, false);
        prop_assert!(found.len() <= 400);
    }

    /// A real lab with a piece cut out, doubled or overwritten.
    #[test]
    fn a_damaged_lab_is_examined_without_panic(at in 0usize..12_000, len in 0usize..300, put in "[\\[\\]{}=\"'a-z0-9 \n]{0,12}") {
        let base = catalogue::text("unknown-user").unwrap_or_default();
        let cut = |n: usize| { let mut n = n.min(base.len()); while !base.is_char_boundary(n) { n -= 1; } n };
        let (from, to) = (cut(at), cut(at + len));
        let text = format!("{}{put}{}", &base[..from], &base[to..]);
        let (file, found) = LabFile::examine(&text);
        let _ = render(&found, "x.toml", &text, false);
        let _ = file.at(3);
    }
}
