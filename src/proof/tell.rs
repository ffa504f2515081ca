//! Every rival can be told from the fault by looking, and not only by reading the line that is the fault; other noise is
//! told from it by nothing.

use super::{Problem, Seed};
use crate::grading::evidence::{self, Sight};
use crate::grading::player::{Op, Player};
use crate::grading::rivals::{self, Ruled, View};
use crate::grading::tape::{Seat, Take, script};
use crate::grading::worlds::Worlds;
use crate::lab::schema::Kind;
use crate::lab::{Lab, Variant};
use crate::machine::Input;
use crate::sim::World;
use std::collections::BTreeSet;
use std::rc::Rc;

const SEAT: Seat = Seat { interactive: false, size: (80, 24) };

/// The noise of the null rival, which no control has.
const THIRD: u64 = 0x7468_6972_6400;

/// The looks that a lab names: what tells each rival, the expert's steps, and what everybody types first.
fn looks(lab: &Lab) -> Vec<String> {
    let mut all = vec![
        "tail -20 /var/log/mail.log".to_owned(),
        "postqueue -p".to_owned(),
        "postconf -n".to_owned(),
        "doveconf -n".to_owned(),
        "ss -tulpn".to_owned(),
        "df -h".to_owned(),
    ];
    let named = lab.rival.iter().map(|r| r.tell.clone()).chain(lab.debrief.step.iter().map(|s| s.run.clone()));
    for l in named {
        if !l.trim_start().starts_with("lab") && !all.contains(&l) {
            all.push(l);
        }
    }
    all
}

/// What the looks show in a world; each in its own copy, so that an expert's repair changes nothing for the next.
fn view(world: &World, looks: &[String]) -> (View, Vec<(String, World)>) {
    let mut outputs = Vec::new();
    for l in looks {
        let mut p = Player::new(world.clone(), SEAT);
        let mut shown = String::new();
        for input in script(l) {
            let take = Take { input, line: 1, labs: Vec::new(), bare: false };
            shown.push_str(&p.op(&Op::Take(take)).unwrap_or_default());
        }
        // A program that waits for the terminal is left.
        shown.push_str(
            &p.op(&Op::Take(Take { input: Input::Interrupt, line: 1, labs: Vec::new(), bare: false }))
                .unwrap_or_default(),
        );
        outputs.push((shown, p.world()));
    }
    let name = &world.host.name;
    let log: BTreeSet<String> =
        world.host.journal.iter().flat_map(|r| [r.traditional(name), r.journal(name)]).collect();
    (View::new(outputs.iter().map(|(o, _)| o.as_str()), log.into_iter()), outputs)
}

pub fn prove(worlds: &Rc<Worlds>, out: &mut Seed) {
    let lab = &worlds.lab;
    let looks = looks(lab);
    let (fault, shown) = view(&worlds.start(), &looks);
    let controls = worlds.controls().map(|w| view(&w, &looks).0);
    let about = rivals::tokens(lab);
    for (i, r) in lab.rival.iter().enumerate() {
        let (rival, _) = view(&worlds.get(Variant::Rival(i)), &looks);
        let ruled = rivals::ruled_out(&fault, &controls, &rival, &about);
        let told = looks.iter().position(|l| *l == r.tell);
        if !ruled.iter().any(|x| Some(x.step) == told) {
            out.problems.push(Problem {
                seed: out.seed,
                what: format!("the rival `{}` is not told from the fault by its own `tell`", r.id.text),
                session: r.tell.clone(),
                detail: told.map_or_else(String::new, |t| both(&fault, &rival, t)),
            });
        }
        let mut facts: Vec<Option<usize>> = ruled.iter().map(|x| fault_line(lab, &looks, &shown, x)).collect();
        facts.sort_unstable();
        facts.dedup();
        // Where nothing is wrong no line is the fault.
        if matches!(facts[..], [Some(_)]) && lab.kind == Kind::Fault {
            out.problems.push(Problem {
                seed: out.seed,
                what: format!("the rival `{}` is told from the fault only by the line that is the fault", r.id.text),
                session: looks.join("\n"),
                detail: ruled.iter().map(|x| x.shows.clone()).collect::<Vec<_>>().join("\n"),
            });
        }
    }
    let (null, _) = view(&worlds.other_noise(THIRD), &looks);
    for x in rivals::ruled_out(&fault, &controls, &null, &about) {
        out.problems.push(Problem {
            seed: out.seed,
            what: "other noise counts as a rival that was ruled out".into(),
            session: looks[x.step].clone(),
            detail: format!("{}\n{}", x.shows, both(&fault, &null, x.step)),
        });
    }
}

/// Which of the lab's facts the line that rules a rival out renders, if it is one.
fn fault_line(lab: &Lab, looks: &[String], shown: &[(String, World)], x: &Ruled) -> Option<usize> {
    let (output, world) = shown.get(x.step)?;
    let command = &looks[x.step];
    let sight = Sight { line: 1, command, typed: command, output, world };
    let seen = evidence::find(lab, &sight);
    seen.iter().find(|s| crate::grading::mask::line(&s.text) == x.shows).map(|s| s.fact)
}

/// The lines in which two views of a step differ.
fn both(a: &View, b: &View, step: usize) -> String {
    let empty = Vec::new();
    let (x, y) = (a.steps.get(step).unwrap_or(&empty), b.steps.get(step).unwrap_or(&empty));
    let only = |p: &[String], q: &[String], mark: char| {
        p.iter().filter(|l| !q.contains(l)).take(6).map(|l| format!("{mark} {l}")).collect::<Vec<_>>()
    };
    [only(x, y, '-'), only(y, x, '+')].concat().join("\n")
}
