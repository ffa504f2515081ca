//! The network: ss, netstat, ip, ping, dig, host, telnet, nc, openssl, iptables.

pub mod dialogue;
mod dns;
mod ip;
mod iptables;
mod nc;
mod open_files;
mod openssl;
mod ping;
mod ss;
mod ss_filter;
mod telnet;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!(
        "dig",
        "/usr/bin/dig",
        "DNS lookup utility",
        &["+short", "MX", "A", "TXT", "-x", "@192.0.2.53"],
        dns::dig::dig
    ),
    program!(
        "fuser",
        "/usr/bin/fuser",
        "identify processes using files or sockets",
        &["-v", "-k", "25/tcp"],
        open_files::fuser
    ),
    program!("host", "/usr/bin/host", "DNS lookup utility", &["-t", "MX"], dns::host::host),
    program!("ifconfig", "/usr/sbin/ifconfig", "configure a network interface", &["-a"], ip::ifconfig),
    program!(
        "ip",
        "/usr/bin/ip",
        "show routing, network devices, interfaces",
        &["a", "addr", "link", "route", "-br", "show"],
        ip::ip
    ),
    program!(
        "iptables",
        "/usr/sbin/iptables",
        "administration tool for IPv4 packet filtering and NAT",
        &["-L", "-n", "-S", "-A", "-I", "-D", "-F", "-P", "--line-numbers", "-v", "INPUT", "OUTPUT"],
        iptables::iptables
    ),
    program!("lsof", "/usr/bin/lsof", "list open files", &["-i", "-nP", ":25"], open_files::lsof),
    program!(
        "nc",
        "/usr/bin/nc",
        "arbitrary TCP and UDP connections and listens",
        &["-z", "-v", "-w", "-n", "-C", "-N", "-q"],
        nc::nc
    ),
    program!("netstat", "/usr/bin/netstat", "Print network connections", &["-tulpn", "-tn", "-an"], ss::netstat),
    program!("nslookup", "/usr/bin/nslookup", "query Internet name servers", &["-type=mx"], dns::nslookup::nslookup),
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
    program!("ping", "/usr/bin/ping", "send ICMP ECHO_REQUEST to network hosts", &["-c", "-4", "-6"], ping::ping),
    program!("route", "/usr/sbin/route", "show the IP routing table", &["-n"], ip::route),
    program!("ss", "/usr/bin/ss", "another utility to investigate sockets", &["-tulpn", "-ltn", "-tn"], ss::ss),
    program!("telnet", "/usr/bin/telnet", "user interface to the TELNET protocol", &["-4", "-6"], telnet::telnet),
    program!(
        "traceroute",
        "/usr/sbin/traceroute",
        "print the route packets trace to network host",
        &["-n"],
        ping::traceroute
    ),
];
