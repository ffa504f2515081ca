//! Postfix's configuration tools against recorded answers of the real ones, and any input whatever.
//!
//! `tests/data/pfconf/NAME.sh` was run on the real Postfix 3.7.11; `NAME.out` is what it printed, both streams together.

use maillab::base::{Chance, Time};
use maillab::lab::hosts;
use maillab::machine::{Input, Machine};
use maillab::postfix::config::Config;
use maillab::postfix::{master_cf, table};
use proptest::prelude::*;

fn machine() -> Machine {
    Machine::new(hosts::base_world(Time::from_secs(1_795_490_000), Chance::new(1)))
}

/// Types a script line by line and gives everything that was printed.
fn typed(script: &str) -> String {
    let mut m = machine();
    m.set_interactive(false);
    m.costs = true;
    let mut out = Vec::new();
    for line in script.lines() {
        for (_, chunk) in m.input(Input::Line(line.to_owned())).chunks {
            out.extend(chunk);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn compare(name: &str, ours: &[&str], real: &[&str]) {
    for (i, (a, b)) in ours.iter().zip(real).enumerate() {
        assert_eq!(a, b, "{name}, line {}", i + 1);
    }
    assert_eq!(ours.len(), real.len(), "{name}: number of lines");
}

#[test]
fn postconf_shows_and_edits_as_the_real_one() {
    for (name, script, out) in [
        ("show", include_str!("../data/pfconf/show.sh"), include_str!("../data/pfconf/show.out")),
        ("edit", include_str!("../data/pfconf/edit.sh"), include_str!("../data/pfconf/edit.out")),
    ] {
        let ours = typed(script);
        compare(name, &ours.lines().collect::<Vec<_>>(), &out.lines().collect::<Vec<_>>());
    }
}

/// The real one names unused parameters in random order: the lines are compared sorted.
#[test]
fn unused_and_undefined_parameters_are_named() {
    let ours = typed(include_str!("../data/pfconf/unused.sh"));
    let mut ours: Vec<&str> = ours.lines().collect();
    let mut real: Vec<&str> = include_str!("../data/pfconf/unused.out").lines().collect();
    ours.sort_unstable();
    real.sort_unstable();
    compare("unused", &ours, &real);
}

#[test]
fn tables_answer_and_complain_as_the_real_ones() {
    let ours = typed(include_str!("../data/pfconf/tables.sh"));
    let real = include_str!("../data/pfconf/tables.out");
    compare("tables", &ours.lines().collect::<Vec<_>>(), &real.lines().collect::<Vec<_>>());
}

#[test]
fn an_indexed_table_answers_from_what_was_built() {
    let mut m = machine();
    for (line, want) in [
        ("echo 'a@x.com OK' > /etc/postfix/t; postmap /etc/postfix/t; echo 'b@x.com OK' >> /etc/postfix/t", ""),
        ("postmap -q a@x.com hash:/etc/postfix/t; postmap -q b@x.com hash:/etc/postfix/t; echo $?", "OK\n1\n"),
        ("postmap /etc/postfix/t; postmap -q b@x.com /etc/postfix/t", "OK\n"),
        (
            "rm /etc/postfix/t.db; postmap -q a@x.com hash:/etc/postfix/t 2>&1",
            "postmap: fatal: open database /etc/postfix/t.db: No such file or directory\n",
        ),
    ] {
        let (out, _, _) = m.run_captured(line);
        assert_eq!(String::from_utf8_lossy(&out), want, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Any main.cf: no panic, and a value of bounded size.
    #[test]
    fn any_main_cf(text in "([a-z_]{1,4} ?= ?(\\$|\\{|\\}|[?:<=!]|[a-c]|\\$\\{|\\$[a-c]| |,)*\n|[ -~\n]{0,20})*") {
        let c = Config::from_text("/etc/postfix/main.cf", &text);
        for name in c.main.keys() {
            prop_assert!(c.get(name).len() <= 2 << 20);
            let _ = c.check(name);
        }
    }

    #[test]
    fn any_master_cf(text in "(smtp|x|-|y|n|inet|unix|[0-9?]{1,3}|-o|\\{|\\}|=| |\n|[ -~])*") {
        let (services, faults, _) = master_cf::parse("/etc/postfix/master.cf", &text, 100);
        prop_assert!(services.len() + faults.len() <= text.lines().count());
    }

    #[test]
    fn any_table(
        kind in prop::sample::select(vec!["regexp", "pcre", "cidr", "texthash"]),
        text in "(/[ -~]{0,12}/[imx]? ?[ -~$]{0,8}\n|if !?/[a-z.*()\\[]{0,5}/\n|endif\n|[0-9./:]{1,9} x\n|[ -~\n]{0,12})*",
        key in "[ -~]{0,20}",
    ) {
        let world = hosts::base_world(Time::from_secs(1_795_490_000), Chance::new(1));
        let mut host = world.host;
        let _ = host.fs.write(&maillab::host::Cred::root(), "/tmp/t", text.as_str(), 0o644);
        let mut say = table::Say::new();
        let d = table::Dict::open(&host, &format!("{kind}:/tmp/t"), &mut say);
        let _ = d.get(&host, &key, &mut say);
    }
}
