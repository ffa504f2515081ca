//! spawn(8): a service of master.cf that is a program of its own, as who connects to it sees it.
//!
//! Left out: what the program says. A program that is there is not run.

use super::master::{self, Proc, Refused};
use super::{Ctx, pipe_command};
use crate::host::{Cred, Errno};
use crate::log::agent::AgentFatal;
use crate::log::delivery::Delivery;

/// What becomes of a connection to a service of that name; `None`: it is not such a service, or its program can run.
pub fn fails(ctx: &mut Ctx<'_>, name: &str) -> Option<Errno> {
    let key = [name, "/unix"].concat();
    match master::acquire(ctx, &key) {
        // Nobody takes the connection.
        Err(Refused::Throttled) => Some(Errno::TimedOut),
        Err(_) => None,
        Ok(p) => {
            let fault = if &*p.program == "spawn" { serve(ctx, &p, &key) } else { None };
            master::release(ctx, p.pid);
            fault
        }
    }
}

/// The connection ends when the program does.
fn serve(ctx: &mut Ctx<'_>, p: &Proc, key: &str) -> Option<Errno> {
    let args = ctx.pf.master.service(key).map_or_else(Vec::new, |s| s.args.clone());
    match attributes(ctx, &args) {
        Err(why) => {
            master::fatal(ctx, p, Delivery::ServerFatal(why));
            Some(Errno::ConnReset)
        }
        Ok((cred, command)) => {
            let (why, _) = pipe_command::cannot_run(ctx, "spawn", "spawn_comand: ", &cred, None, Some(&command))?;
            let pid = ctx.host.procs.burn();
            if let Delivery::Exec { why } = why {
                ctx.host.log_mail("spawn", pid, Delivery::ServerFatal(AgentFatal::Exec(why)));
            }
            p.log(ctx.host, Delivery::CommandStatus { command, status: 1 });
            Some(Errno::ConnReset)
        }
    }
}

/// `user=` and the first word of `argv=`.
fn attributes(ctx: &Ctx<'_>, args: &[String]) -> Result<(Cred, String), AgentFatal> {
    let value = |name: &str| args.iter().find_map(|a| a.strip_prefix(name)).filter(|v| !v.is_empty());
    let command = value("argv=").ok_or(AgentFatal::NoAttribute("argv"))?;
    let user = value("user=").ok_or(AgentFatal::NoAttribute("user"))?;
    let name = user.split(':').next().unwrap_or(user);
    let known = ctx.host.user(name).ok_or_else(|| AgentFatal::NoUser(name.to_owned()))?;
    Ok((Cred { uid: known.uid, gid: known.gid, groups: Vec::new() }, command.to_owned()))
}
