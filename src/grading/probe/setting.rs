//! `setting`: a parameter of main.cf, expanded, where nothing else can show it.

use super::{Found, run};
use crate::grading::evidence::squash;
use crate::sim::World;

pub fn ask(w: &mut World, name: &str, value: &str) -> Found {
    // The name comes from the lab; anything but a parameter's letters is left out.
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let (_, out) = run(w, &format!("postconf -x -h {name}"));
    let got = squash(&out);
    Found::new(got == squash(value), got)
}
