//! The five labs, proven at one seed here; `maillab check` proves them at many.

use maillab::grading::text;
use maillab::lab::{LabFile, catalogue};
use maillab::proof;

/// The grade separates: an expert, who repairs without looking, who guesses, who destroys; only the first passes.
#[test]
fn the_grade_separates_in_every_lab() {
    use maillab::lab::schema::Persona;
    for id in catalogue::ids() {
        let file = LabFile::load(catalogue::text(id).unwrap()).unwrap();
        let worlds = std::rc::Rc::new(maillab::grading::worlds::Worlds::new(file.at(3)));
        let mut scores = Vec::new();
        for persona in [Persona::Expert, Persona::Repairer, Persona::Guesser, Persona::Destroyer] {
            let case = worlds.lab.case.iter().find(|c| c.persona == Some(persona));
            let case = case.unwrap_or_else(|| panic!("{id} has no {}", persona.word()));
            let p = proof::play(&worlds, None, &case.input).unwrap();
            assert_eq!(p.report.passed, persona == Persona::Expert, "{id}: {}", text::render(&p.report, true));
            scores.push(p.report.score);
        }
        assert!(scores.windows(2).all(|w| w[0] > w[1]), "{id}: {scores:?}");
    }
}

/// Every solution of every lab earns all points, and nothing done earns none but for doing no harm.
#[test]
fn solutions_earn_100_and_nothing_earns_nothing() {
    use maillab::grading::score::Part;
    for id in catalogue::ids() {
        let file = LabFile::load(catalogue::text(id).unwrap()).unwrap();
        let worlds = std::rc::Rc::new(maillab::grading::worlds::Worlds::new(file.at(2)));
        for s in &worlds.lab.solution {
            let p = proof::play(&worlds, None, &s.input).unwrap();
            assert!(p.report.passed && p.report.score == 100, "{id}: {}", text::render(&p.report, true));
        }
        let p = proof::play(&worlds, None, "").unwrap();
        for part in [Part::Verdict, Part::Cause, Part::Evidence, Part::Repair] {
            assert_eq!(p.report.points(part), 0, "{id} {}", part.id());
        }
    }
}

/// For looking at one lab and seed: `MAILLAB_LAB=open-relay MAILLAB_SEED=3 cargo test … -- --ignored --nocapture`.
#[test]
#[ignore = "for looking at one lab"]
#[allow(clippy::disallowed_methods, clippy::print_stdout)]
fn look() {
    let id = std::env::var("MAILLAB_LAB").unwrap_or_else(|_| "full-mailbox".into());
    let seed = std::env::var("MAILLAB_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let file = LabFile::load(catalogue::text(&id).unwrap()).unwrap();
    if std::env::var("MAILLAB_TIMES").is_ok() {
        use maillab::lab::Variant;
        let worlds = maillab::grading::worlds::Worlds::new(file.at(seed));
        let clock = std::time::Instant::now();
        let w = worlds.start();
        println!("fault {:?}", clock.elapsed());
        worlds.controls();
        println!("control {:?}", clock.elapsed());
        worlds.get(Variant::Rival(0));
        println!("rival {:?}", clock.elapsed());
        maillab::grading::change::print(&w);
        println!("print {:?}", clock.elapsed());
        let _ = maillab::grading::mailbox::stored(&w);
        println!("stored {:?}", clock.elapsed());
        let l = maillab::grading::outcome::Later::of(&w);
        println!("later {:?}", clock.elapsed());
        maillab::grading::outcome::ask(&l, &worlds.lab, &worlds.lab.goal, &[]);
        println!("goals {:?}", clock.elapsed());
        maillab::grading::outcome::ask(&l, &worlds.lab, &worlds.lab.keep, &[]);
        println!("keeps {:?}", clock.elapsed());
        let mut m = maillab::machine::Machine::new(w);
        println!("machine {:?}", clock.elapsed());
        for l in ["true", "tail -20 /var/log/mail.log", "grep maria /var/log/mail.log", "postconf -n"] {
            m.input(maillab::machine::Input::Line(l.into()));
            println!("{l} {:?}", clock.elapsed());
        }
        return;
    }
    if let Ok(script) = std::env::var("MAILLAB_SCRIPT") {
        let worlds = std::rc::Rc::new(maillab::grading::worlds::Worlds::new(file.at(seed)));
        let lab = &worlds.lab;
        let input = lab.solution.iter().find(|s| s.id.text == script).map(|s| s.input.clone());
        let input =
            input.or_else(|| lab.case.iter().find(|c| c.id.text == script).map(|c| c.input.clone())).unwrap_or(script);
        let p = proof::play(&worlds, catalogue::number(&id), &input).unwrap();
        println!("{}\n{}", p.output, text::render(&p.report, false));
        for (_, part) in &p.report.parts {
            println!("{:#?}", part.rules);
        }
        return;
    }
    let s = proof::seed(&file, catalogue::number(&id), seed);
    for p in &s.problems {
        println!("== {} (seed {})\n{}\n--\n{}\n", p.what, p.seed, p.session, p.detail);
    }
    println!("{} problems, {} sessions, {} log lines", s.problems.len(), s.sessions, s.log_lines);
}
