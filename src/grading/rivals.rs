//! Rivals ruled out: what the learner saw in the fault's world would have looked different in the rival's.
//!
//! The same inputs are played in the fault's world, in each rival's, and in a control (the same fault, other noise).
//! A step rules a rival out when it shows a line that the control shows too, and that the rival shows nowhere; or when
//! the whole answer is the control's and the rival's is another. So noise rules nothing out.

use super::mask;
use std::collections::BTreeSet;

/// The outputs of one world, masked, step by step, and every line of its log.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub steps: Vec<Vec<String>>,
    /// The log as that world has it in the end: a line that is there was only out of the window.
    pub log: BTreeSet<String>,
}

impl View {
    pub fn new<'a>(outputs: impl Iterator<Item = &'a str>, log: impl Iterator<Item = String>) -> View {
        View { steps: outputs.map(mask::lines).collect(), log: log.map(|l| mask::line(&l)).collect() }
    }
}

/// Where a rival was ruled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruled {
    /// Index of the step.
    pub step: usize,
    /// A line that shows it, masked; empty when an empty answer does.
    pub shows: String,
}

/// Every step that rules the rival out.
pub fn ruled_out(fault: &View, control: &View, rival: &View) -> Vec<Ruled> {
    let empty = Vec::new();
    let mut out = Vec::new();
    for (step, f) in fault.steps.iter().enumerate() {
        let c = control.steps.get(step).unwrap_or(&empty);
        let r = rival.steps.get(step).unwrap_or(&empty);
        if let Some(shows) = separates(f, c, r, &rival.log) {
            out.push(Ruled { step, shows });
        }
    }
    out
}

fn separates(f: &[String], c: &[String], r: &[String], log: &BTreeSet<String>) -> Option<String> {
    if f == r {
        return None;
    }
    let in_c: BTreeSet<&String> = c.iter().collect();
    let in_r: BTreeSet<&String> = r.iter().collect();
    if let Some(l) = f.iter().find(|l| in_c.contains(l) && !in_r.contains(l) && !log.contains(*l)) {
        return Some(l.clone());
    }
    // The whole answer is the same whatever the noise, and the rival's is another.
    let sorted = |v: &[String]| {
        let mut v = v.to_vec();
        v.sort();
        v
    };
    let (sf, sr) = (sorted(f), sorted(r));
    if sf == sorted(c) && sf != sr && !r.iter().all(|l| in_c.contains(l)) {
        return Some(f.first().cloned().unwrap_or_default());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(steps: &[&str], log: &[&str]) -> View {
        View::new(steps.iter().copied(), log.iter().map(|s| (*s).to_owned()))
    }

    #[test]
    fn what_rules_out_and_what_does_not() {
        let bounced = "to=<maria>, dsn=5.2.2, status=bounced";
        let deferred = "to=<maria>, dsn=4.2.2, status=deferred";
        for (name, fault, control, rival, log, expected) in [
            ("another line", bounced, bounced, deferred, deferred, true),
            ("same", bounced, bounced, bounced, bounced, false),
            ("noise only", "to=<a>\nx", "to=<b>\nx", "x", "", false),
            ("out of the window", bounced, bounced, "", bounced, false),
            ("an empty answer", "", "", deferred, "", true),
            ("an empty answer, and noise", "", "to=<b>", deferred, "", false),
            ("a count", "3", "3", "0", "", true),
            ("a count of noise", "31", "27", "30", "", false),
        ] {
            let got = ruled_out(&view(&[fault], &[]), &view(&[control], &[]), &view(&[rival], &[log]));
            assert_eq!(!got.is_empty(), expected, "{name}");
        }
    }
}
