//! kill(2): what a signal does to a process of the host.

use super::World;
use super::daemons;
use crate::dovecot;
use crate::host::{Cred, Errno};
use crate::postfix::master;

impl World {
    /// Sends a signal as `cred`, from the process `by`. Signal 0 only asks.
    pub fn kill(&mut self, cred: &Cred, pid: u32, signal: i32, by: u32) -> Result<(), Errno> {
        let Some(p) = self.host.procs.get(pid).cloned() else { return Err(Errno::Srch) };
        if cred.uid != 0 && cred.uid != p.uid {
            return Err(Errno::Perm);
        }
        if signal == 0 || pid == 1 {
            return Ok(());
        }
        let role = p.role.clone();
        match signal {
            // Ignored, or stops and continues, which changes nothing here.
            17..=23 | 28 => return Ok(()),
            1 if role == "dovecot/dovecot" => {
                dovecot::master::reload(&mut self.host, &mut self.dovecot);
                return Ok(());
            }
            10 | 12 if role == "dovecot/dovecot" => return Ok(()),
            1 if self.host.syslog.pid == Some(pid) => {
                self.host.reopen_syslog();
                return Ok(());
            }
            _ => {}
        }
        if role == "postfix/master" || role.starts_with("postfix/") {
            if self.with_postfix(|ctx| master::signal(ctx, pid, signal)) && self.host.procs.get(pid).is_none() {
                self.host.killed.insert(pid, signal);
            }
        } else {
            self.host.killed.insert(pid, signal);
            daemons::terminate(self, &p.unit, pid, signal, by);
        }
        self.watch_units();
        self.host.killed = imbl::OrdMap::new();
        Ok(())
    }
}
