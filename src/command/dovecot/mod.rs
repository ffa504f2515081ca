//! Dovecot's tools: doveconf, doveadm, dovecot, sievec.

mod doveadm;
mod doveconf;
mod master;
mod sievec;
mod table;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!(
        "doveadm",
        "/usr/bin/doveadm",
        "Dovecot's administration utility",
        &[
            "reload", "stop", "who", "kick", "user", "auth", "pw", "quota", "get", "recalc", "mailbox", "list",
            "status", "create", "delete", "search", "fetch", "expunge", "move", "copy", "flags", "log", "errors",
            "find", "service", "process", "config", "help", "-u", "-A", "-f", "-D", "-v"
        ],
        doveadm::doveadm
    ),
    program!(
        "doveconf",
        "/usr/bin/doveconf",
        "Dovecot's configuration dumping utility",
        &["-n", "-a", "-d", "-N", "-P", "-S", "-h", "-f", "-m", "-c", "-x"],
        doveconf::doveconf
    ),
    program!(
        "dovecot",
        "/usr/sbin/dovecot",
        "a secure and highly configurable IMAP and POP3 server",
        &["-F", "-n", "-a", "-c", "-p", "reload", "stop", "--version", "--build-options", "--hostdomain", "--help"],
        master::dovecot
    ),
    program!("sievec", "/usr/bin/sievec", "Pigeonhole's Sieve script compiler", &["-c", "-d", "-x"], sievec::sievec),
];
