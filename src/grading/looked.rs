//! Which rivals were ruled out by what was seen before the diagnosis and the first change to the host.

use super::change;
use super::dossier::Dossier;
use super::player::{Op, Player};
use super::rivals::{self, Ruled, View};
use crate::lab::Variant;
use crate::sim::World;
use std::collections::BTreeSet;

/// What became of one rival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Index in the lab's `[[rival]]`.
    pub rival: usize,
    /// The first few steps that rule it out: line of the session, and the masked line that shows it.
    pub by: Vec<(usize, String)>,
}

/// The verdict on every rival, and the line of the first change if it came before the diagnosis.
pub struct Looked {
    pub rivals: Vec<Verdict>,
    pub changed: Option<usize>,
}

/// Looks at the steps before the first diagnosis.
pub fn look(d: &Dossier<'_>) -> Looked {
    let count = d.worlds.lab.rival.len();
    let none =
        |changed| Looked { rivals: (0..count).map(|rival| Verdict { rival, by: Vec::new() }).collect(), changed };
    let Some(first) = d.diagnoses.first() else { return none(None) };
    let until = first.steps.min(d.steps.len());
    let (counts, changed) = countable(d, until);
    let Some(last) = counts.iter().rposition(|c| *c) else { return none(changed) };
    let ops = ops_up_to(d.ops, last + 1);
    let fault = View::new(d.steps[..=last].iter().map(|s| s.output.as_str()), log(&d.steps[last].world).into_iter());
    let controls = d.worlds.controls().map(|w| play(d, ops, w));
    let about = rivals::tokens(&d.worlds.lab);
    let rivals = (0..count)
        .map(|rival| {
            let view = play(d, ops, d.worlds.get(Variant::Rival(rival)));
            let by = rivals::ruled_out(&fault, &controls, &view, &about)
                .into_iter()
                .filter(|r: &Ruled| counts[r.step])
                .map(|r| (d.steps[r.step].line, r.shows))
                .take(4)
                .collect();
            Verdict { rival, by }
        })
        .collect();
    Looked { rivals, changed }
}

/// For each step whether what it showed counts: the host was as found, or it was in a copy. And the line of the first
/// change.
fn countable(d: &Dossier<'_>, until: usize) -> (Vec<bool>, Option<usize>) {
    let found = change::print(&d.worlds.start());
    let steps = &d.steps[..until];
    let (mut counts, mut changed_at) = (Vec::new(), None);
    let mut same = true;
    for (i, s) in steps.iter().enumerate() {
        counts.push((s.fork || same) && !s.output.is_empty());
        // A program that follows changes nothing by itself: once a line is enough.
        let ends = steps.get(i + 1).is_none_or(|n| n.line != s.line);
        if !s.fork && ends {
            same = !found.differs(&change::print(&s.world));
            if !same && changed_at.is_none() {
                changed_at = Some(s.line);
            }
        }
    }
    (counts, changed_at)
}

/// The operations up to the `n`th take.
fn ops_up_to(ops: &[Op], n: usize) -> &[Op] {
    let mut takes = 0;
    for (i, o) in ops.iter().enumerate() {
        if matches!(o, Op::Take(_)) {
            takes += 1;
            if takes == n {
                return &ops[..=i];
            }
        }
    }
    ops
}

fn play(d: &Dossier<'_>, ops: &[Op], world: World) -> View {
    let mut player = Player::new(world, d.seat);
    let outputs: Vec<String> = ops.iter().filter_map(|o| player.op(o)).collect();
    let end = player.world();
    View::new(outputs.iter().map(String::as_str), log(&end).into_iter())
}

/// Every line of the log as files and journal show it.
fn log(w: &World) -> BTreeSet<String> {
    let name = &w.host.name;
    w.host.journal.iter().flat_map(|r| [r.traditional(name), r.journal(name)]).collect()
}
