//! The network: ss, netstat, ip, ping, dig, host, telnet, nc, openssl, iptables.

use super::Program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[];
