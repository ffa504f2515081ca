//! Rivals ruled out: what the learner saw in the fault's world would have looked different in the rival's.
//!
//! The same inputs are played in the fault's world, in each rival's, and in controls (the same fault without noise, and
//! among other noise).
//! A step rules a rival out when it shows a line that the controls show too, and that the rival shows nowhere; when the
//! rival shows a line about the case that neither the fault nor a control does; or when the whole answer is the controls'
//! and the rival's is another. So noise rules nothing out.

use super::mask;
use crate::lab::Lab;
use crate::lab::values::Machine;
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

/// What a lab's case is about: addresses and machines outside of the host, by which a line is told from noise.
pub fn tokens(lab: &Lab) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for t in &lab.traffic {
        let people = t.to.iter().map(|a| a.0.clone()).chain([t.sender.0.clone()]);
        let client = match &t.client {
            // The LAN's machine is everybody's.
            Machine::Ip(std::net::IpAddr::V4(v)) if v.is_private() => String::new(),
            Machine::Ip(ip) => format!("[{ip}]"),
            Machine::Name(n) => n.clone(),
        };
        out.extend(people.chain([client]).filter(|a| !a.ends_with("ejemplo.com") && a.len() > 5 && a != "localhost"));
    }
    out.sort();
    out.dedup();
    out
}

/// Every step that rules the rival out. `about` are the case's [`tokens`].
pub fn ruled_out(fault: &View, controls: &[View], rival: &View, about: &[String]) -> Vec<Ruled> {
    let empty = Vec::new();
    let mut out = Vec::new();
    for (step, f) in fault.steps.iter().enumerate() {
        let c: Vec<&[String]> = controls.iter().map(|c| c.steps.get(step).unwrap_or(&empty).as_slice()).collect();
        let r = rival.steps.get(step).unwrap_or(&empty);
        if let Some(shows) = separates(f, &c, r, fault, controls, rival, about) {
            out.push(Ruled { step, shows });
        }
    }
    out
}

fn separates(
    f: &[String],
    c: &[&[String]],
    r: &[String],
    fault: &View,
    controls: &[View],
    rival: &View,
    about: &[String],
) -> Option<String> {
    if f == r {
        return None;
    }
    let everywhere = |l: &String| c.iter().all(|c| c.contains(l));
    if let Some(l) = f.iter().find(|l| everywhere(l) && !r.contains(l) && !rival.log.contains(*l)) {
        return Some(l.clone());
    }
    let elsewhere = |l: &String| {
        f.contains(l)
            || c.iter().any(|c| c.contains(l))
            || fault.log.contains(l)
            || controls.iter().any(|c| c.log.contains(l))
    };
    if r.iter().any(|l| about.iter().any(|a| l.contains(a.as_str())) && !elsewhere(l)) {
        return Some(f.first().cloned().unwrap_or_default());
    }
    // The whole answer is the same whatever the noise, and the rival's is another.
    let sorted = |v: &[String]| {
        let mut v = v.to_vec();
        v.sort();
        v
    };
    let (sf, sr) = (sorted(f), sorted(r));
    if c.iter().all(|c| sorted(c) == sf) && sf != sr {
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
            ("out of the window", "n1\nto=<a>", "n2\nto=<a>", "n1\nn3", "to=<a>", false),
            ("an empty answer", "", "", deferred, "", true),
            ("an empty answer, and noise", "", "to=<b>", deferred, "", false),
            ("more lines about the case", "to=<a>", "to=<b>", "to=<a>\nto=<x@case.example>", "", true),
            ("more lines of noise", "to=<a>", "to=<b>", "to=<a>\nto=<y@noise.example>", "", false),
            ("one line fewer of the same", "to=<a>\nto=<a>", "to=<a>\nto=<a>", "to=<a>", "to=<a>", true),
            ("a count", "3", "3", "0", "", true),
            ("a count of noise", "31", "27", "30", "", false),
        ] {
            let about = ["x@case.example".to_owned()];
            let got = ruled_out(&view(&[fault], &[]), &[view(&[control], &[])], &view(&[rival], &[log]), &about);
            assert_eq!(!got.is_empty(), expected, "{name}");
        }
    }
}
