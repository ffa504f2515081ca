//! The network: ss, netstat, ip, ping, dig, host, telnet, nc, openssl, iptables.

pub mod dialogue;
mod nc;
mod telnet;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!(
        "nc",
        "/usr/bin/nc",
        "arbitrary TCP and UDP connections and listens",
        &["-z", "-v", "-w", "-n", "-C", "-N", "-q"],
        nc::nc
    ),
    program!("telnet", "/usr/bin/telnet", "user interface to the TELNET protocol", &["-4", "-6"], telnet::telnet),
];
