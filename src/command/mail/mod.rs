//! Mail user programs: mail, mailx, swaks.

mod mailx;
mod swaks;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!("mail", "/usr/bin/mail", "send and receive mail", &["-s", "-a", "-c", "-b", "-r", "-f", "-u"], mailx::run),
    program!(
        "mailx",
        "/usr/bin/mailx",
        "send and receive mail",
        &["-s", "-a", "-c", "-b", "-r", "-f", "-u"],
        mailx::run
    ),
    program!(
        "swaks",
        "/usr/bin/swaks",
        "Swiss Army Knife SMTP, the all-purpose SMTP transaction tester",
        &[
            "--to",
            "--from",
            "--server",
            "--port",
            "--helo",
            "--tls",
            "--auth",
            "--auth-user",
            "--auth-password",
            "--body"
        ],
        swaks::run
    ),
];
