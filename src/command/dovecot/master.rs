//! dovecot(8): starts, stops and reloads the master.
//!
//! `dovecot` in the background belongs to no unit, so systemd does not see it; `-F` in the foreground is refused at the
//! prompt's cost of waiting and left to systemd.

use super::doveconf;
use crate::command::Ctx;
use crate::dovecot::master;

const USAGE: &str = "Usage: dovecot [-F] [-c <config file>] [-p] [-n] [-a] [--help] [--version]\n       [--build-options] \
                     [--hostdomain] [reload] [stop]\n";

/// Sends a signal to the running master: its pid, or the complaint.
pub fn signal(ctx: &Ctx, stop: bool) -> i32 {
    let w = ctx.world();
    let mut w = w.borrow_mut();
    let w = &mut *w;
    let uid = ctx.io.cred.uid;
    let done = if stop {
        master::stop(&mut w.host, &mut w.dovecot, ctx.pid, uid)
    } else {
        master::reload(&mut w.host, &mut w.dovecot)
    };
    if done {
        return 0;
    }
    ctx.err("Fatal: Dovecot is not running (read from /run/dovecot/master.pid)\n");
    75
}

/// dovecot(8).
pub async fn dovecot(ctx: &mut Ctx) -> i32 {
    let args: Vec<String> = ctx.args[1..].to_vec();
    for a in &args {
        match a.as_str() {
            "--version" => {
                ctx.out("2.3.19.1 (9b53102964)\n");
                return 0;
            }
            "--help" => {
                ctx.out(USAGE);
                return 0;
            }
            "--hostdomain" => {
                let name = ctx.world().borrow().host.fqdn.clone();
                ctx.out(format!("{name}\n"));
                return 0;
            }
            "--build-options" => {
                ctx.out(
                    "Build options: ioloop=epoll notify=inotify openssl io_block_size=8192\nSQL driver plugins: mysql \
                     postgresql sqlite\nPassdb: checkpassword ldap pam passwd passwd-file shadow sql\nUserdb: \
                     checkpassword ldap(plugin) passwd prefetch passwd-file sql\n",
                );
                return 0;
            }
            "-n" | "-a" => return doveconf::run(ctx, std::slice::from_ref(a)),
            "reload" => return signal(ctx, false),
            "stop" => return signal(ctx, true),
            "-F" | "-p" | "-c" => {}
            a if a.starts_with('-') => {
                ctx.err(format!(
                    "dovecot: invalid option -- '{}'\n{USAGE}",
                    a.trim_start_matches('-').chars().next().unwrap_or('-')
                ));
                return 89;
            }
            a if a.starts_with('/') => {}
            a => {
                ctx.err(format!("Fatal: Unknown argument: {a}\n"));
                return 89;
            }
        }
    }
    let started = {
        let w = ctx.world();
        let mut w = w.borrow_mut();
        let w = &mut *w;
        master::start(&mut w.host, &mut w.dovecot, false)
    };
    match started {
        Ok(_) => 0,
        Err(f) => {
            use crate::log::Message;
            for (_, line) in &f.lines {
                ctx.err(format!("{}\n", line.text()));
            }
            f.status
        }
    }
}
