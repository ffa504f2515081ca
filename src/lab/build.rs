//! Builds a world: the base host, the lab's overrides, the fault's or a rival's patch, and the past that the traffic
//! makes by running through the model. Nothing writes a log line here.

use super::hosts;
use super::schema::{Lab, Patch};
use super::traffic::{self, Item};
use super::{noise, patch};
use crate::base::{Chance, Time};
use crate::host::{Cred, Host};
use crate::machine;
use crate::sim::{Surroundings, World};

/// Which world of a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// The host that the learner gets.
    Fault,
    /// The host of the rival of that index, which differs by its patch only.
    Rival(usize),
    /// The same fault with other chance (pids, queue ids, delays): no learner can tell it apart.
    Null,
    /// Without the fault: what `keep` is measured against.
    Healthy,
}

impl Lab {
    /// The world of that variant, at the lab's `now`. The same lab, seed and variant give the same world.
    pub fn world(&self, variant: Variant) -> World {
        let null = variant == Variant::Null;
        let seed = if null { self.seed ^ 0x6e75_6c6c } else { self.seed };
        let start = self.start();
        let chance = Chance::new(seed);
        let base = if self.host.base.is_empty() { hosts::BASE } else { &self.host.base };
        let mut world = hosts::files(base, start, chance)
            .unwrap_or_else(|_| World::new(Host::new("mail", hosts::BASE, start, chance)));
        world.exec = Some(machine::exec);
        let patches: Vec<&Patch> = self.host.patch.iter().chain(self.patches(variant)).collect();
        let (late, early): (Vec<&Patch>, Vec<&Patch>) =
            patches.iter().filter(|p| p.at.is_none()).partition(|p| patch::after_boot(&p.change));
        for p in early {
            patch::apply(&mut world, &p.change);
        }
        for c in &self.command {
            let path = format!("/usr/bin/{}", c.name.text);
            let _ = world.host.fs.write(&Cred::root(), &path, script(&c.output, c.status), 0o755);
        }
        world.boot();
        for p in late {
            patch::apply(&mut world, &p.change);
        }
        for (at, step) in self.past(&world, &patches, null) {
            match step {
                // Clients keep their own time.
                Step::Item(Item::Post(mail)) => {
                    world.post(at, mail);
                }
                Step::Item(Item::Sendmail { user, sender, recipients, data }) => {
                    world.advance(at);
                    let cred = world.host.user(&user).map_or_else(Cred::root, |u| world.host.cred_of(&u));
                    let line = format!("sendmail -oi -f '{sender}' {}", recipients.join(" "));
                    if let Some(exec) = world.exec {
                        let _ = exec(&mut world, &cred, &line, &data, &Surroundings::Login);
                    }
                }
                Step::Item(Item::Imap { client, user, password }) => {
                    world.advance(at);
                    traffic::visit(&mut world, client, &user, &password);
                }
                Step::Patch(p) => {
                    world.advance(at);
                    patch::apply(&mut world, &p.change);
                }
            }
        }
        world.advance(self.now);
        world
    }
    /// What happens, by instant: clients' first attempts stand first among equals.
    fn past<'a>(&self, world: &World, patches: &[&'a Patch], null: bool) -> Vec<(Time, Step<'a>)> {
        let mut plan: Vec<(Time, Step<'a>)> = Vec::new();
        let items = traffic::plan(world, &self.traffic, patches).into_iter().chain(noise::plan(self, null));
        plan.extend(items.filter(|(at, _)| *at < self.now).map(|(at, i)| (at, Step::Item(i))));
        for p in patches {
            if let Some(at) = &p.at {
                plan.push((at.time.min(self.now), Step::Patch(p)));
            }
        }
        plan.sort_by_key(|(t, _)| *t);
        plan
    }
    /// The patch that makes a variant.
    pub fn patches(&self, variant: Variant) -> &[Patch] {
        match variant {
            Variant::Fault | Variant::Null => self.fault.as_ref().map_or(&[], |f| &f.patch),
            Variant::Rival(i) => self.rival.get(i).map_or(&[], |r| &r.patch),
            Variant::Healthy => &[],
        }
    }
}

/// A program that the model lacks, as a file: whatever it is asked, it prints this and ends so.
fn script(output: &str, status: u32) -> String {
    let mut end = "FIN".to_owned();
    while output.lines().any(|l| l == end) {
        end.push('.');
    }
    format!("#!/bin/sh\ncat <<'{end}'\n{}\n{end}\nexit {}\n", output.trim_end_matches('\n'), status.min(255))
}

/// One thing of the past.
enum Step<'a> {
    Patch(&'a Patch),
    Item(Item),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::catalogue;

    #[test]
    fn every_world_builds_and_two_builds_are_the_same() {
        for id in catalogue::ids() {
            let lab = catalogue::find(id).unwrap().at(3);
            let rivals = (0..lab.rival.len()).map(Variant::Rival);
            let log = |w: &World| w.host.fs.read_text("/var/log/mail.log").unwrap_or_default();
            for v in [Variant::Fault, Variant::Null, Variant::Healthy].into_iter().chain(rivals) {
                assert_eq!(lab.world(v).now(), lab.now, "{id} {v:?}");
            }
            let (a, b) = (lab.world(Variant::Fault), lab.world(Variant::Fault));
            assert_eq!(log(&a), log(&b), "{id}");
            assert!(lab.unproduced(&a).is_empty(), "{id}: {:?}", lab.unproduced(&a));
        }
    }
}
