//! PID 1: jobs on units, and what they do to Postfix and Dovecot.
//!
//! A job is done at once; what it takes the caller waits for. `postfix.service` is a shell of its instance: it pulls
//! `postfix@-.service` in and down, and succeeds whatever becomes of it. Left out: dependencies of other units, restarts of
//! its own accord, the time-out of a job.

use super::World;
use crate::base::{Span, Time};
use crate::dovecot;
use crate::host::units::{Active, Ended, Spec, State, Type, spec};
use crate::host::{Cred, Process};
use crate::log::script::Script;
use crate::log::systemd::Systemd;
use crate::log::{Event, Facility};
use crate::postfix::config::Config;
use crate::postfix::{master, startup};

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobError {
    NotFound,
    Masked,
    /// The unit's control process ended badly.
    Failed,
    /// `reload` of a unit that is not active.
    NotActive,
    /// `reload` of a unit that has none.
    NoReload,
}

const OK: &str = "code=exited, status=0/SUCCESS";
const INSTANCE: &str = "postfix@-.service";

impl World {
    fn say(&mut self, s: &Spec, event: Systemd) {
        self.host.log(Facility::Daemon, "systemd", 1, s.name, event);
    }
    /// Takes notice of processes that went away without a job.
    pub fn watch_units(&mut self) {
        let gone = |w: &World, s: &Spec| match s.name {
            INSTANCE => w.postfix.master.pid.is_none(),
            "dovecot.service" => w.dovecot.master.is_none(),
            _ => !s.comm.is_empty() && !w.host.procs.iter().any(|p| p.unit == s.name),
        };
        for s in crate::host::units::SPECS {
            if self.host.units.get(s.name).active == Active::Active && gone(self, s) {
                self.say(s, Systemd::Deactivated { unit: s.name.into() });
                self.ended(s, Active::Inactive, "");
            }
        }
    }
    fn begun(&mut self, s: &Spec, main_pid: u32, ended: Vec<Ended>, from: usize) {
        let now = self.host.now;
        let entity = format!("{}/{}", s.name, now.0);
        let cpu = match s.name {
            INSTANCE => self.host.jitter("unit-cpu", &entity, 480_000, 620_000),
            "postfix.service" => Span::millis(1),
            _ => self.host.jitter("unit-cpu", &entity, 20_000, 60_000),
        };
        self.host.units.change(s, |u| {
            *u = State {
                active: Active::Active,
                since: now,
                main_pid,
                ended,
                journal_from: from,
                cpu,
                masked: u.masked,
                disabled: u.disabled,
                ..State::default()
            };
        });
    }
    fn ended(&mut self, s: &Spec, active: Active, result: &'static str) {
        let now = self.host.now;
        self.host.units.change(s, |u| {
            u.duration = (u.active == Active::Active).then(|| now - u.since);
            u.active = active;
            u.since = now;
            u.result = result;
            if u.main_pid != 0 {
                u.ended.push(Ended {
                    pid: u.main_pid,
                    what: format!("ExecStart={}", s.start),
                    how: OK.into(),
                    main: true,
                });
            }
            u.main_pid = 0;
        });
    }
    fn unit(&self, name: &str) -> Result<&'static Spec, JobError> {
        spec(name).ok_or(JobError::NotFound)
    }
    /// `systemctl start`.
    pub fn unit_start(&mut self, name: &str) -> Result<(), JobError> {
        let s = self.unit(name)?;
        let state = self.host.units.get(s.name);
        if state.masked {
            return Err(JobError::Masked);
        }
        if state.active == Active::Active {
            return Ok(());
        }
        match s.name {
            "postfix.service" => {
                // Wanted, not required: it fails for itself.
                let _ = self.unit_start(INSTANCE);
                let from = self.host.journal.len();
                self.say(s, Systemd::Starting { title: s.title() });
                let pid = self.host.procs.burn();
                self.say(s, Systemd::Finished { title: s.title() });
                let done = Ended { pid, what: "ExecStart=/bin/true".into(), how: OK.into(), main: false };
                self.begun(s, 0, vec![done.clone(), Ended { main: true, ..done }], from);
                Ok(())
            }
            INSTANCE => self.start_instance(s),
            "dovecot.service" => self.start_dovecot(s),
            _ => {
                let from = self.host.journal.len();
                let uid = if s.comm == "dbus-daemon" { "messagebus" } else { "root" };
                let uid = self.host.user(uid).map_or(0, |u| u.uid);
                let pid = self.host.procs.spawn(scenery(s, uid, self.host.now));
                if s.kind == Type::Notify {
                    self.say(s, Systemd::Starting { title: s.title() });
                }
                self.say(s, Systemd::Started { title: s.title() });
                self.begun(s, pid, Vec::new(), from);
                Ok(())
            }
        }
    }
    fn start_instance(&mut self, s: &'static Spec) -> Result<(), JobError> {
        let from = self.host.journal.len();
        self.say(s, Systemd::Starting { title: s.title() });
        let pre = self.host.procs.burn();
        let main = self.host.procs.burn();
        let good = self.postmulti(main, true);
        let step = |pid, what: &str, how: &str| Ended { pid, what: what.into(), how: how.into(), main: false };
        let mut ended = vec![step(pre, "ExecStartPre=/usr/lib/postfix/configure-instance.sh -", OK)];
        let start = "ExecStart=/usr/sbin/postmulti -i - -p start";
        if good {
            ended.push(step(main, start, OK));
            self.say(s, Systemd::Started { title: s.title() });
            self.begun(s, 0, ended, from);
            return Ok(());
        }
        ended.push(step(main, start, "code=exited, status=1/FAILURE"));
        self.say(s, Systemd::Exited { unit: s.name.into(), main: false, status: 1, word: "FAILURE" });
        self.say(s, Systemd::Failed { unit: s.name.into(), result: "exit-code" });
        self.say(s, Systemd::FailedToStart { title: s.title() });
        self.failed(s, ended, from);
        Err(JobError::Failed)
    }
    fn failed(&mut self, s: &Spec, ended: Vec<Ended>, from: usize) {
        let now = self.host.now;
        let cpu = self.host.jitter("unit-cpu", &format!("{}/{}", s.name, now.0), 120_000, 190_000);
        self.host.units.change(s, |u| {
            *u = State {
                active: Active::Failed,
                since: now,
                duration: u.duration,
                ended,
                result: "exit-code",
                journal_from: from,
                cpu,
                masked: u.masked,
                disabled: u.disabled,
                ..State::default()
            };
        });
    }
    /// `postmulti -i - -p start` or `stop`; false when it ends with status 1.
    fn postmulti(&mut self, pid: u32, start: bool) -> bool {
        let conf = Config::load(&self.host, &[]);
        let mut fatal = None;
        let faults = conf.faults.clone().into_iter().chain(startup::check_common(&self.host, &conf));
        for f in faults {
            if f.is_fatal() {
                fatal.get_or_insert(f);
            }
        }
        if let Some(f) = fatal {
            self.host.log_mail("postmulti", pid, f);
            return false;
        }
        let running = self.postfix.master.pid.is_some();
        let said: Script = match (start, running) {
            (true, false) => Script::Starting,
            (true, true) => Script::FatalRunning,
            (false, true) => Script::Stopping,
            (false, false) => Script::FatalNotRunning,
        };
        let script = self.host.procs.burn();
        self.host.log_mail("postfix/postfix-script", script, Event::from(said));
        if start == running {
            return false;
        }
        if start {
            return self.with_postfix(|ctx| master::start(ctx, "/etc/postfix")).is_ok();
        }
        self.with_postfix(|ctx| master::terminate(ctx, 15));
        true
    }
    fn start_dovecot(&mut self, s: &'static Spec) -> Result<(), JobError> {
        let from = self.host.journal.len();
        self.say(s, Systemd::Starting { title: s.title() });
        match dovecot::master::start(&mut self.host, &mut self.dovecot, true) {
            Ok(pid) => {
                self.say(s, Systemd::Started { title: s.title() });
                self.begun(s, pid, Vec::new(), from);
                self.host.units.change(s, |u| u.status = "v2.3.19.1 (9b53102964) running".into());
                Ok(())
            }
            Err(f) => {
                self.say(s, Systemd::Exited { unit: s.name.into(), main: true, status: f.status, word: "n/a" });
                self.say(s, Systemd::Failed { unit: s.name.into(), result: "exit-code" });
                self.say(s, Systemd::FailedToStart { title: s.title() });
                let pid = f.lines.last().map_or(0, |(p, _)| *p);
                let how = format!("code=exited, status={}", f.status);
                let one = Ended { pid, what: "ExecStart=/usr/sbin/dovecot -F".into(), how, main: false };
                self.failed(s, vec![one.clone(), Ended { main: true, ..one }], from);
                Err(JobError::Failed)
            }
        }
    }
    /// `systemctl stop`.
    pub fn unit_stop(&mut self, name: &str) -> Result<(), JobError> {
        let s = self.unit(name)?;
        self.watch_units();
        let active = self.host.units.get(s.name).active == Active::Active;
        match s.name {
            "postfix.service" => {
                if active {
                    self.say(s, Systemd::Deactivated { unit: s.name.into() });
                    self.say(s, Systemd::Stopped { title: s.title() });
                    self.ended(s, Active::Inactive, "");
                }
                self.unit_stop(INSTANCE)
            }
            _ if !active => Ok(()),
            INSTANCE => {
                self.say(s, Systemd::Stopping { title: s.title() });
                let pid = self.host.procs.burn();
                if self.postmulti(pid, false) {
                    self.say(s, Systemd::Deactivated { unit: s.name.into() });
                    self.ended(s, Active::Inactive, "");
                } else {
                    self.say(s, Systemd::Exited { unit: s.name.into(), main: false, status: 1, word: "FAILURE" });
                    // What ExecStop leaves running gets a SIGTERM.
                    self.with_postfix(|ctx| master::terminate(ctx, 15));
                    self.say(s, Systemd::Failed { unit: s.name.into(), result: "exit-code" });
                    self.ended(s, Active::Failed, "exit-code");
                }
                self.say(s, Systemd::Stopped { title: s.title() });
                Ok(())
            }
            "dovecot.service" => {
                self.say(s, Systemd::Stopping { title: s.title() });
                let pid = self.host.procs.burn();
                dovecot::master::stop(&mut self.host, &mut self.dovecot, pid, 0);
                self.say(s, Systemd::Deactivated { unit: s.name.into() });
                self.say(s, Systemd::Stopped { title: s.title() });
                self.ended(s, Active::Inactive, "");
                self.host.units.change(s, |u| {
                    u.status = "Dovecot stopped".into();
                    let stop =
                        Ended { pid, what: "ExecStop=/usr/bin/doveadm stop".into(), how: OK.into(), main: false };
                    if let Some(main) = u.ended.pop() {
                        u.ended.push(Ended { main: false, ..main.clone() });
                        u.ended.push(stop);
                        u.ended.push(main);
                    }
                });
                Ok(())
            }
            _ => {
                let pid = self.host.units.get(s.name).main_pid;
                self.say(s, Systemd::Stopping { title: s.title() });
                self.host.procs.remove(pid);
                self.say(s, Systemd::Deactivated { unit: s.name.into() });
                self.say(s, Systemd::Stopped { title: s.title() });
                self.ended(s, Active::Inactive, "");
                Ok(())
            }
        }
    }
    /// `systemctl restart`.
    pub fn unit_restart(&mut self, name: &str) -> Result<(), JobError> {
        let s = self.unit(name)?;
        if self.host.units.get(s.name).masked {
            return Err(JobError::Masked);
        }
        self.unit_stop(name)?;
        self.unit_start(name)
    }
    /// `systemctl reload`.
    pub fn unit_reload(&mut self, name: &str) -> Result<(), JobError> {
        let s = self.unit(name)?;
        self.watch_units();
        if !s.reload {
            return Err(JobError::NoReload);
        }
        if self.host.units.get(s.name).active != Active::Active {
            return Err(JobError::NotActive);
        }
        self.say(s, Systemd::Reloading { title: s.title() });
        match s.name {
            "postfix.service" => {
                let pid = self.host.procs.burn();
                self.host.units.change(s, |u| {
                    let at = u.ended.len().saturating_sub(1);
                    let one = Ended { pid, what: "ExecReload=/bin/true".into(), how: OK.into(), main: false };
                    u.ended.retain(|e| !e.what.starts_with("ExecReload"));
                    u.ended.insert(at.min(u.ended.len()), one);
                });
                self.say(s, Systemd::Reloaded { title: s.title() });
                // ReloadPropagatedFrom: the instance's own failure is its own.
                let _ = self.unit_reload(INSTANCE);
                return Ok(());
            }
            INSTANCE => {
                let pid = self.host.procs.burn();
                let conf = Config::load(&self.host, &[]);
                let bad = conf.faults.clone().into_iter().chain(startup::check_common(&self.host, &conf));
                if let Some(f) = bad.into_iter().find(crate::log::config::Config::is_fatal) {
                    self.host.log_mail("postmulti", pid, f);
                    self.say(s, Systemd::Exited { unit: s.name.into(), main: false, status: 1, word: "FAILURE" });
                    return Err(JobError::Failed);
                }
                self.host.log_mail("postfix/postfix-script", pid, Event::from(Script::Refreshing));
                self.with_postfix(master::reload);
            }
            _ => {
                dovecot::master::reload(&mut self.host, &mut self.dovecot);
            }
        }
        self.say(s, Systemd::Reloaded { title: s.title() });
        Ok(())
    }
    /// What the boot leaves: the units whose processes run already are active.
    pub(super) fn boot_units(&mut self) {
        for s in crate::host::units::SPECS {
            let pid = self.host.procs.iter().find(|p| p.unit == s.name && !s.comm.is_empty()).map_or(0, |p| p.pid);
            if pid != 0 {
                let from = self.host.journal.len();
                self.begun(s, pid, Vec::new(), from);
            }
        }
        for name in ["dovecot", "postfix"] {
            if let Some(s) = spec(name)
                && !self.host.units.get(s.name).disabled
            {
                let _ = self.unit_start(name);
            }
        }
    }
}

fn scenery(s: &Spec, uid: u32, now: Time) -> Process {
    Process {
        pid: 0,
        ppid: 1,
        uid,
        comm: s.comm.into(),
        args: s.start.replace(" $EXTRA_OPTS", "").replace(" $SSHD_OPTS", ""),
        started: now,
        tty: "?".into(),
        stat: "Ss".into(),
        vsz: 15_432,
        rss: 6_144,
        unit: s.name.into(),
        role: String::new(),
    }
}

impl World {
    /// `systemctl enable` and `disable`: the link that the boot follows. True when it changed.
    pub fn unit_enable(&mut self, s: &'static Spec, on: bool) -> bool {
        let was = !self.host.units.get(s.name).disabled;
        self.host.units.change(s, |u| u.disabled = !on);
        let link = format!("/etc/systemd/system/multi-user.target.wants/{}", s.name);
        let root = Cred::root();
        if on {
            let _ = self.host.fs.mkdir_all("/etc/systemd/system/multi-user.target.wants");
            let _ = self.host.fs.symlink(&root, s.file, &link);
        } else {
            let _ = self.host.fs.unlink(&root, &link);
        }
        was != on
    }
}
