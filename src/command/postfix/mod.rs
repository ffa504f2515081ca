//! Postfix's tools: postfix, postconf, postqueue, postsuper, postcat, postmap, sendmail….

mod getopt;
mod mapquery;
mod maptool;
mod postcat;
mod postconf;
mod postfix;
mod postlock;
mod postqueue;
mod postsuper;
mod qshape;
mod queue_tool;
mod sendmail;
mod showq;
mod tool;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!("mailq", "/usr/bin/mailq", "Postfix to Sendmail compatibility interface", &["-v"], sendmail::run),
    program!(
        "newaliases",
        "/usr/bin/newaliases",
        "Postfix to Sendmail compatibility interface",
        &["-v"],
        sendmail::run
    ),
    program!(
        "postalias",
        "/usr/sbin/postalias",
        "Postfix alias database maintenance",
        &["-q", "-s", "-d", "-i", "-r", "-f", "-c", "-v"],
        maptool::postalias
    ),
    program!(
        "postcat",
        "/usr/sbin/postcat",
        "show Postfix queue file contents",
        &["-q", "-b", "-e", "-h", "-v"],
        postcat::run
    ),
    program!(
        "postconf",
        "/usr/sbin/postconf",
        "Postfix configuration utility",
        &[
            "-n", "-d", "-e", "-h", "-H", "-x", "-X", "-#", "-M", "-F", "-P", "-m", "-l", "-a", "-A", "-C", "-f", "-o",
            "-p", "-t", "-v", "-c"
        ],
        postconf::run
    ),
    program!(
        "postfix",
        "/usr/sbin/postfix",
        "Postfix control program",
        &[
            "start",
            "stop",
            "reload",
            "abort",
            "flush",
            "check",
            "status",
            "set-permissions",
            "upgrade-configuration",
            "logrotate",
            "-c",
            "-v"
        ],
        postfix::postfix
    ),
    program!("postkick", "/usr/sbin/postkick", "kick a Postfix service", &["-c", "-v"], postfix::postkick),
    program!(
        "postlock",
        "/usr/sbin/postlock",
        "lock mail folder and execute command",
        &["-c", "-l", "-v"],
        postlock::run
    ),
    program!(
        "postlog",
        "/usr/sbin/postlog",
        "Postfix-compatible logging utility",
        &["-i", "-p", "-t"],
        postfix::postlog
    ),
    program!(
        "postmap",
        "/usr/sbin/postmap",
        "Postfix lookup table management",
        &["-q", "-s", "-d", "-i", "-r", "-f", "-n", "-N", "-o", "-p", "-w", "-c", "-v"],
        maptool::postmap
    ),
    program!(
        "postmulti",
        "/usr/sbin/postmulti",
        "Postfix multi-instance manager",
        &["-l", "-p", "-x", "-i"],
        postfix::postmulti
    ),
    program!(
        "postqueue",
        "/usr/sbin/postqueue",
        "Postfix queue control",
        &["-p", "-f", "-j", "-i", "-s"],
        postqueue::run
    ),
    program!(
        "postsuper",
        "/usr/sbin/postsuper",
        "Postfix superintendent",
        &["-d", "-h", "-H", "-r", "-e", "-f", "-s", "-S", "-p", "-v"],
        postsuper::run
    ),
    program!(
        "qshape",
        "/usr/sbin/qshape",
        "Print Postfix queue domain and age distribution",
        &["-s", "-b", "-t", "-l"],
        qshape::run
    ),
    program!(
        "sendmail",
        "/usr/sbin/sendmail",
        "Postfix to Sendmail compatibility interface",
        &["-bp", "-bv", "-bs", "-bi", "-q", "-t", "-f", "-F", "-i", "-v"],
        sendmail::run
    ),
];
