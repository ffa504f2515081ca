//! Postfix's tools: postfix, postconf, postqueue, postsuper, postcat, postmap, sendmail….

mod getopt;
mod postconf;
mod tool;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[program!(
    "postconf",
    "/usr/sbin/postconf",
    "Postfix configuration utility",
    &[
        "-n", "-d", "-e", "-h", "-H", "-x", "-X", "-#", "-M", "-F", "-P", "-m", "-l", "-a", "-A", "-C", "-f", "-o",
        "-p", "-t", "-v", "-c"
    ],
    postconf::run
)];
