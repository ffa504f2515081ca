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
