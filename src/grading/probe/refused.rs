//! `refused`: the door says no, at RCPT or before, with one of the codes that are right.

use super::Found;
use super::dialogue::{Dialogue, address, helo};
use crate::lab::values::{CodeKey, Machine};
use crate::sim::World;

pub fn ask(w: &mut World, client: &Machine, sender: &str, to: &str, codes: &[CodeKey]) -> Found {
    let (ip, name) = (address(w, client), helo(w, client));
    // A closed door refuses everybody: that is not what was asked.
    let mut d = match Dialogue::open(w, ip, 25) {
        Ok(d) => d,
        Err(e) => return Found::new(false, e),
    };
    let code = d.envelope(&name, sender, &[to]);
    let said = d.line();
    d.close();
    let right = code.is_some_and(|c| {
        if codes.is_empty() { (400..600).contains(&c) } else { codes.iter().any(|k| k.number() == Some(c)) }
    });
    Found::new(right, said)
}
