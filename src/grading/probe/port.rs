//! `port`: a port answers with a greeting, or must not be open.

use super::Found;
use super::dialogue::{Dialogue, address};
use crate::lab::values::Machine;
use crate::sim::World;

pub fn ask(w: &mut World, client: &Machine, port: u32, closed: bool) -> Found {
    let ip = address(w, client);
    let port = u16::try_from(port).unwrap_or(0);
    let tls = matches!(port, 465 | 993 | 995 | 636);
    let opened = if tls { Dialogue::open_tls(w, ip, port) } else { Dialogue::open(w, ip, port) };
    match opened {
        Ok(d) => {
            let said = d.line();
            d.close();
            Found::new(!closed, said)
        }
        Err(e) => Found::new(closed, e),
    }
}
