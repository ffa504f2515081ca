//! Programs that start programs: bash, env, timeout, nohup, sudo, su, xargs, watch, ssh.

mod env;
mod prefix;
mod ssh;
mod sudo;
mod timeout;
mod watch;
mod xargs;

use super::{Ctx, Program};
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!("[", "/usr/bin/[", "check file types and compare values", &[], twin),
    program!("bash", "/usr/bin/bash", "GNU Bourne-Again SHell", &["-c", "-x", "-n", "-e", "-l", "-i"], bash),
    program!("dash", "/usr/bin/dash", "command interpreter (shell)", &["-c", "-x", "-n", "-e"], bash),
    program!("echo", "/usr/bin/echo", "display a line of text", &["-n", "-e"], twin),
    program!("env", "/usr/bin/env", "run a program in a modified environment", &["-i", "-u", "-C", "-0"], env::env),
    program!(
        "ionice",
        "/usr/bin/ionice",
        "set or get process I/O scheduling class and priority",
        &["-c", "-n", "-p"],
        prefix::ionice
    ),
    program!("nice", "/usr/bin/nice", "run a program with modified scheduling priority", &["-n"], prefix::nice),
    program!("nohup", "/usr/bin/nohup", "run a command immune to hangups", &[], prefix::nohup),
    program!("printenv", "/usr/bin/printenv", "print all or part of environment", &["-0"], env::printenv),
    program!("printf", "/usr/bin/printf", "format and print data", &[], twin),
    program!("pwd", "/usr/bin/pwd", "print name of current/working directory", &["-P", "-L"], twin),
    program!(
        "runuser",
        "/usr/sbin/runuser",
        "run a command with substitute user and group ID",
        &["-u", "-l", "-c", "-s"],
        sudo::runuser
    ),
    program!("setsid", "/usr/bin/setsid", "run a program in a new session", &["-f", "-w"], prefix::setsid),
    program!("sh", "/usr/bin/sh", "command interpreter (shell)", &["-c", "-x", "-n", "-e"], bash),
    program!("ssh", "/usr/bin/ssh", "OpenSSH remote login client", &["-p", "-l", "-v"], ssh::ssh),
    program!(
        "stdbuf",
        "/usr/bin/stdbuf",
        "run COMMAND, with modified buffering operations for its standard streams",
        &["-o", "-i", "-e", "-oL"],
        prefix::stdbuf
    ),
    program!(
        "su",
        "/usr/bin/su",
        "run a command with substitute user and group ID",
        &["-", "-l", "-c", "-s"],
        sudo::su
    ),
    program!("sudo", "/usr/bin/sudo", "execute a command as another user", &["-u", "-i", "-s", "-l"], sudo::sudo),
    program!("test", "/usr/bin/test", "check file types and compare values", &[], twin),
    program!(
        "timeout",
        "/usr/bin/timeout",
        "run a command with a time limit",
        &["-s", "-k", "--preserve-status", "--foreground"],
        timeout::timeout
    ),
    program!(
        "watch",
        "/usr/bin/watch",
        "execute a program periodically, showing output fullscreen",
        &["-n", "-d", "-t", "-x", "-g"],
        watch::watch
    ),
    program!(
        "xargs",
        "/usr/bin/xargs",
        "build and execute command lines from standard input",
        &["-0", "-n", "-I", "-r", "-d", "-t", "-L", "-P", "-a"],
        xargs::xargs
    ),
];

/// A program that the shell has built in as well: one implementation answers for both.
async fn twin(ctx: &mut Ctx) -> i32 {
    let mut argv = ctx.args.clone();
    argv[0] = ctx.name();
    replace(ctx, &argv).await
}

async fn bash(ctx: &mut Ctx) -> i32 {
    let spawn = ctx.spawn.clone();
    spawn.bash(ctx.clone()).await
}

/// A span as coreutils read it: a number with `s`, `m`, `h` or `d`.
pub fn duration(text: &str) -> Option<crate::base::Span> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((i, 's')) => (&text[..i], 1.0),
        Some((i, 'm')) => (&text[..i], 60.0),
        Some((i, 'h')) => (&text[..i], 3600.0),
        Some((i, 'd')) => (&text[..i], 86_400.0),
        _ => (text, 1.0),
    };
    if !number.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let n: f64 = number.parse().ok()?;
    (n.is_finite() && n >= 0.0).then(|| crate::base::Span::micros((n * unit * 1e6).min(9e17) as i64))
}

/// Runs the rest of a command line in the place of this program.
async fn replace(ctx: &Ctx, argv: &[String]) -> i32 {
    let spawn = ctx.spawn.clone();
    spawn.spawn(ctx.clone(), argv.to_vec()).await
}

/// `Try 'NAME --help' for more information.`
fn try_help(ctx: &Ctx) {
    ctx.err(format!("Try '{} --help' for more information.\n", ctx.name()));
}
