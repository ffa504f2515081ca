//! The network: ss, netstat, ip, ping, dig, host, telnet, nc, openssl, iptables.

pub mod dialogue;
mod iptables;
mod nc;
mod openssl;
mod ss;
mod telnet;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!(
        "iptables",
        "/usr/sbin/iptables",
        "administration tool for IPv4 packet filtering and NAT",
        &["-L", "-n", "-S", "-A", "-I", "-D", "-F", "-P", "--line-numbers", "-v", "INPUT", "OUTPUT"],
        iptables::iptables
    ),
    program!(
        "nc",
        "/usr/bin/nc",
        "arbitrary TCP and UDP connections and listens",
        &["-z", "-v", "-w", "-n", "-C", "-N", "-q"],
        nc::nc
    ),
    program!(
        "openssl",
        "/usr/bin/openssl",
        "OpenSSL command line program",
        &[
            "s_client",
            "x509",
            "verify",
            "req",
            "rsa",
            "genrsa",
            "pkey",
            "rand",
            "dgst",
            "version",
            "-connect",
            "-starttls",
            "-servername",
            "-showcerts",
            "-brief",
            "-quiet",
            "-crlf",
            "-CAfile",
            "-in",
            "-noout",
            "-dates",
            "-subject",
            "-issuer",
            "-enddate",
            "-text",
            "-checkend",
            "-fingerprint"
        ],
        openssl::openssl
    ),
    program!("netstat", "/usr/bin/netstat", "Print network connections", &["-tulpn", "-tn", "-an"], ss::netstat),
    program!("ss", "/usr/bin/ss", "another utility to investigate sockets", &["-tulpn", "-ltn", "-tn"], ss::ss),
    program!("telnet", "/usr/bin/telnet", "user interface to the TELNET protocol", &["-4", "-6"], telnet::telnet),
];
