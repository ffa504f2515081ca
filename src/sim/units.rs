//! systemd at work: starts, stops and reloads units, runs their commands, notices when their processes are gone.
//!
//! A command of a unit is run as a program of the host, except Dovecot's and the scenery's daemons, which are the model's
//! own. Left out: timeouts, sandboxing, resource control, socket activation other than rsyslog's.

use super::World;
use super::daemons;
use crate::base::{Span, Time};
use crate::host::Cred;
use crate::host::units::file::{self, Load, UnitFile};
use crate::host::units::{Active, Due, Exit, Ran};
use crate::log::systemd::{Named, Systemd, Which};

/// Why a job was not done, as systemctl words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    NotFound,
    Masked,
    BadSetting,
    /// The unit has nothing to reload with.
    NotApplicable,
    /// A reload of a unit that does not run.
    Inactive,
    /// It ran, and failed with this result: `exit-code`, `signal`, `start-limit-hit`; empty for a reload.
    Failed(&'static str),
}

type Job = Result<(), Refused>;

/// No more than this many units deep.
const DEPTH: u32 = 6;

fn named(f: &UnitFile) -> Named {
    Named { unit: f.name.clone(), description: f.description() }
}

impl World {
    fn unit_file(&self, name: &str) -> UnitFile {
        file::load(&self.host.fs, name)
    }
    fn found(&self, name: &str) -> Result<UnitFile, Refused> {
        let f = self.unit_file(name);
        match f.load {
            Load::Loaded => Ok(f),
            Load::NotFound => Err(Refused::NotFound),
            Load::Masked => Err(Refused::Masked),
            Load::BadSetting => Err(Refused::BadSetting),
        }
    }
    fn set_unit(&mut self, name: &str, active: Active, sub: &'static str) {
        let now = self.host.now;
        self.host.units.set(name, active, sub, now);
    }
    /// `systemctl start`: the unit and what it wants.
    pub fn unit_start(&mut self, name: &str) -> Job {
        self.start_deep(name, 0)
    }
    fn start_deep(&mut self, name: &str, depth: u32) -> Job {
        let f = self.found(name)?;
        if depth > 0 && matches!(self.host.units.active(&f.name), Active::Active | Active::Reloading) {
            return Ok(());
        }
        if depth < DEPTH {
            for want in file::wants(&self.host.fs, &f) {
                let settled = matches!(self.host.units.active(&want), Active::Active | Active::Reloading);
                if !settled {
                    let _ = self.start_deep(&want, depth + 1);
                }
            }
        }
        self.settle(&f.name);
        if matches!(self.host.units.active(&f.name), Active::Active | Active::Reloading) {
            return Ok(());
        }
        if !f.name.ends_with(".service") {
            return self.start_other(&f);
        }
        self.start_service(&f)
    }
    /// A start waits for a stop that is under way.
    fn settle(&mut self, name: &str) {
        for _ in 0..4 {
            if self.host.units.active(name) != Active::Deactivating {
                return;
            }
            let due =
                self.host.units.due.iter().find(|(_, d)| matches!(d, Due::Stop(n) | Due::Stopped(n) if n == name));
            let Some((at, _)) = due else { return };
            self.advance(at);
        }
    }
    /// Sockets, targets, timers and the like have no processes of their own.
    fn start_other(&mut self, f: &UnitFile) -> Job {
        let (sub, event) = match f.name.rsplit('.').next() {
            Some("socket") => ("running", Systemd::Listening(named(f))),
            Some("target") => ("active", Systemd::Reached(named(f))),
            Some("timer") => ("waiting", Systemd::Started(named(f))),
            _ => ("mounted", Systemd::Started(named(f))),
        };
        self.set_unit(&f.name, Active::Active, sub);
        self.host.log_systemd(event);
        Ok(())
    }
    fn start_service(&mut self, f: &UnitFile) -> Job {
        let name = f.name.clone();
        let now = self.host.now;
        if self.too_often(&name, now) {
            self.host.log_systemd(Systemd::TooQuickly { unit: name.clone() });
            return self.start_failed(f, "start-limit-hit");
        }
        if let Some(condition) = self.unmet(f) {
            self.host.log_systemd(Systemd::Skipped { named: named(f), condition });
            return Ok(());
        }
        let lines = self.host.logged();
        let u = self.host.units.entry(&name);
        u.starts.push(now);
        u.invocation = lines;
        u.control.clear();
        u.main = None;
        u.status_text.clear();
        u.result = "success";
        u.cpu = Span::ZERO;
        self.set_unit(&name, Active::Activating, "start");
        self.host.log_systemd(Systemd::Starting(named(f)));
        for line in f.all("Service", "ExecStartPre") {
            let exit = self.run_command(f, "ExecStartPre", line);
            if !exit.is_clean() && !line.starts_with('-') {
                self.exited(&name, Which::Control, exit);
                return self.start_failed(f, result_of(exit));
            }
        }
        let commands: Vec<String> = f.all("Service", "ExecStart").into_iter().map(str::to_owned).collect();
        match f.kind() {
            "oneshot" | "forking" => self.start_by_command(f, &commands),
            _ => self.start_daemon(f, commands.first().map_or("", String::as_str)),
        }
    }
    /// `Type=oneshot` and `Type=forking`: it is started when its commands have ended.
    fn start_by_command(&mut self, f: &UnitFile, commands: &[String]) -> Job {
        let oneshot = f.kind() == "oneshot";
        for line in commands {
            let exit = self.run_command(f, "ExecStart", line);
            if oneshot {
                let last = self.host.units.entry(&f.name).control.last().cloned();
                self.host.units.entry(&f.name).main = last;
            }
            if !exit.is_clean() && !line.starts_with('-') {
                self.exited(&f.name, if oneshot { Which::Main } else { Which::Control }, exit);
                return self.start_failed(f, result_of(exit));
            }
        }
        if !oneshot {
            self.set_unit(&f.name, Active::Active, "running");
            self.host.log_systemd(Systemd::Started(named(f)));
        } else if f.get("Service", "RemainAfterExit") == "yes" {
            self.set_unit(&f.name, Active::Active, "exited");
            self.host.log_systemd(Systemd::Finished(named(f)));
        } else {
            self.set_unit(&f.name, Active::Inactive, "dead");
            self.host.log_systemd(Systemd::Deactivated { unit: f.name.clone() });
            self.host.log_systemd(Systemd::Finished(named(f)));
        }
        Ok(())
    }
    /// A process that stays in the foreground.
    fn start_daemon(&mut self, f: &UnitFile, line: &str) -> Job {
        let began = self.host.now;
        let cost = self.host.jitter("unit.start", &format!("{} {}", f.name, began.0), 18_000, 45_000);
        self.pass(cost);
        let started = daemons::start(self, &f.name, line);
        let command = line.trim_start_matches(['-', '+', '!', '@', ':']).to_owned();
        let now = self.host.now;
        let u = self.host.units.entry(&f.name);
        u.cpu = cost;
        match started {
            Ok((pid, status)) => {
                u.main = Some(Ran { setting: "ExecStart", command, pid, started: began, ended: None });
                u.status_text = status;
                self.set_unit(&f.name, Active::Active, "running");
                self.host.log_systemd(Systemd::Started(named(f)));
                daemons::started(self, &f.name, pid);
                Ok(())
            }
            Err((pid, exit)) => {
                u.main = Some(Ran { setting: "ExecStart", command, pid, started: began, ended: Some((now, exit)) });
                self.exited(&f.name, Which::Main, exit);
                let job = self.start_failed(f, result_of(exit));
                self.maybe_restart(f);
                job
            }
        }
    }
    fn start_failed(&mut self, f: &UnitFile, result: &'static str) -> Job {
        self.host.units.entry(&f.name).result = result;
        self.set_unit(&f.name, Active::Failed, "failed");
        self.host.log_systemd(Systemd::FailedResult { unit: f.name.clone(), result });
        self.host.log_systemd(Systemd::FailedToStart(named(f)));
        Err(Refused::Failed(result))
    }
    fn exited(&mut self, unit: &str, which: Which, exit: Exit) {
        self.host.log_systemd(Systemd::ProcessExited { unit: unit.to_owned(), which, exit });
    }
    /// Five starts within ten seconds are enough.
    fn too_often(&mut self, name: &str, now: Time) -> bool {
        let u = self.host.units.entry(name);
        u.starts.retain(|t| now - *t < Span::secs(10));
        u.starts.len() >= 5
    }
    fn unmet(&self, f: &UnitFile) -> Option<String> {
        for key in ["ConditionPathExists", "ConditionFileNotEmpty", "ConditionPathIsDirectory"] {
            for v in f.all("Unit", key) {
                let (negated, path) = v.strip_prefix('!').map_or((false, v), |p| (true, p));
                let fs = &self.host.fs;
                let holds = match key {
                    "ConditionPathIsDirectory" => fs.is_dir(path),
                    "ConditionFileNotEmpty" => fs.stat(&Cred::root(), path).is_ok_and(|(_, n)| n.size() > 0),
                    _ => fs.exists(path),
                };
                if holds == negated {
                    return Some(format!("{key}={v}"));
                }
            }
        }
        None
    }
    /// Runs one command of a unit to its end, as a process in its control group.
    fn run_command(&mut self, f: &UnitFile, setting: &'static str, line: &str) -> Exit {
        let command = line.trim_start_matches(['-', '+', '!', '@', ':']).to_owned();
        let pid = self.host.procs.burn();
        let started = self.host.now;
        let before = std::mem::replace(&mut self.host.scope, f.name.as_str().into());
        let exit = daemons::run(self, &f.name, &command, pid);
        self.host.scope = before;
        let ended = Some((self.host.now, exit));
        let cost = self.host.now - started;
        let u = self.host.units.entry(&f.name);
        u.cpu = u.cpu + Span(cost.0 * 4 / 5 + 1_000);
        // Only the last run of a command is remembered.
        u.control.retain(|r| r.setting != setting || r.command != command);
        u.control.push(Ran { setting, command, pid, started, ended });
        exit
    }
    /// `systemctl stop`. Units that are part of it are stopped too, and not waited for.
    pub fn unit_stop(&mut self, name: &str) -> Job {
        let f = self.unit_file(name);
        if f.load == Load::NotFound && self.host.units.get(&f.name).is_none() {
            return Err(Refused::NotFound);
        }
        self.stop_one(&f, false);
        for part in self.parts_of(&f.name) {
            self.begin_stop(&part);
        }
        Ok(())
    }
    /// Active units that are `PartOf=` another.
    fn parts_of(&self, name: &str) -> Vec<UnitFile> {
        let names: Vec<String> = self
            .host
            .units
            .iter()
            .filter(|(n, u)| *n != name && matches!(u.active, Active::Active | Active::Reloading | Active::Activating))
            .map(|(n, _)| n.clone())
            .collect();
        let files = names.into_iter().map(|n| self.unit_file(&n));
        files.filter(|f| f.words("Unit", "PartOf").contains(&name)).collect()
    }
    fn is_running(&self, name: &str) -> bool {
        !matches!(self.host.units.active(name), Active::Inactive | Active::Failed)
    }
    /// Stops a unit and waits for it. With `again` a start follows.
    fn stop_one(&mut self, f: &UnitFile, again: bool) {
        if !self.is_running(&f.name) {
            return;
        }
        if !f.name.ends_with(".service") {
            self.set_unit(&f.name, Active::Inactive, "dead");
            self.host.log_systemd(Systemd::Deactivated { unit: f.name.clone() });
            let event = if f.name.ends_with(".socket") { Systemd::Closed } else { Systemd::Stopped };
            self.host.log_systemd(event(named(f)));
            return;
        }
        if self.host.units.get(&f.name).is_some_and(|u| u.sub == "exited") {
            // Nothing is left to stop, so it is dead before the job says that it stops.
            self.set_unit(&f.name, Active::Inactive, "dead");
            self.host.log_systemd(Systemd::Deactivated { unit: f.name.clone() });
            self.host.log_systemd(Systemd::Stopped(named(f)));
            if again {
                self.host.log_systemd(Systemd::Stopping(named(f)));
            }
            return;
        }
        self.begin_stop(f);
        self.settle(&f.name);
    }
    fn begin_stop(&mut self, f: &UnitFile) {
        if self.host.units.active(&f.name) == Active::Deactivating {
            return;
        }
        self.set_unit(&f.name, Active::Deactivating, "stop");
        self.host.log_systemd(Systemd::Stopping(named(f)));
        self.plan_stop(&f.name);
    }
    fn plan_stop(&mut self, name: &str) {
        let at =
            self.host.now + self.host.jitter("unit.stop", &format!("{name} {}", self.host.now.0), 170_000, 200_000);
        self.host.units.due.push(at, Due::Stop(name.to_owned()));
    }
    /// Runs the stop commands; what is left is killed. `asked`: by a job, and not because its processes went.
    fn do_stop(&mut self, name: &str, asked: bool) {
        let f = self.unit_file(name);
        let mut result = "success";
        if self.host.units.get(name).is_some_and(|u| u.sub == "stop") {
            let lines: Vec<String> = f.all("Service", "ExecStop").into_iter().map(str::to_owned).collect();
            for line in lines {
                let exit = self.run_command(&f, "ExecStop", &line);
                if !exit.is_clean() && !line.starts_with('-') {
                    self.exited(name, Which::Control, exit);
                    result = result_of(exit);
                    break;
                }
            }
        }
        let left: Vec<u32> = self.host.procs.iter().filter(|p| *p.unit == *name).map(|p| p.pid).collect();
        let main = self.host.units.get(name).and_then(|u| u.main.as_ref()).map(|m| m.pid);
        let mut slow = false;
        if let Some(pid) = main.filter(|p| left.contains(p)).or_else(|| left.first().copied()) {
            daemons::terminate(self, name, pid, 15, 1);
        }
        if daemons::is_dovecot(self, name) {
            slow = true;
            self.host.units.entry(name).status_text = "Dovecot stopped".into();
        }
        for pid in left {
            self.host.procs.remove(pid);
        }
        self.host.units.entry(name).result = result;
        if slow && asked {
            let at = self.host.now + self.host.jitter("unit.stopped", &self.host.now.0.to_string(), 550_000, 650_000);
            self.host.units.due.push(at, Due::Stopped(name.to_owned()));
        } else {
            self.stopped(name, asked);
        }
    }
    /// The unit is dead, or failed.
    fn stopped(&mut self, name: &str, asked: bool) {
        let f = self.unit_file(name);
        let now = self.host.now;
        let u = self.host.units.entry(name);
        let result = u.result;
        if let Some(m) = u.main.as_mut() {
            m.ended.get_or_insert((now, Exit::Status(0)));
        }
        if result == "success" {
            self.set_unit(name, Active::Inactive, "dead");
            self.host.log_systemd(Systemd::Deactivated { unit: name.to_owned() });
        } else {
            self.set_unit(name, Active::Failed, "failed");
            self.host.log_systemd(Systemd::FailedResult { unit: name.to_owned(), result });
        }
        if asked {
            self.host.log_systemd(Systemd::Stopped(named(&f)));
        }
        self.activate_by_socket(name);
    }
    /// rsyslog comes back as soon as something is logged, while its socket listens.
    fn activate_by_socket(&mut self, name: &str) {
        let f = self.unit_file(name);
        let sockets = f.words("Unit", "Requires").into_iter().filter(|r| r.ends_with(".socket"));
        let any = sockets.into_iter().any(|s| self.host.units.active(s) == Active::Active);
        if any && !self.host.units.due.iter().any(|(_, d)| *d == Due::Restart(name.to_owned())) {
            self.host.units.due.push(self.host.now, Due::Restart(name.to_owned()));
        }
    }
    /// `systemctl restart`: stops what runs, then starts; what is part of it goes along.
    pub fn unit_restart(&mut self, name: &str) -> Job {
        let f = self.found(name)?;
        let mut parts = Vec::new();
        if self.is_running(&f.name) {
            self.stop_one(&f, true);
            parts = self.parts_of(&f.name);
            for p in &parts {
                self.begin_stop(p);
            }
        }
        for p in &parts {
            self.settle(&p.name);
        }
        self.host.units.due.retain(|d| *d != Due::Restart(f.name.clone()));
        self.unit_start(&f.name)
    }
    /// `systemctl reload`.
    pub fn unit_reload(&mut self, name: &str) -> Job {
        let f = self.found(name)?;
        if f.all("Service", "ExecReload").is_empty() {
            return Err(Refused::NotApplicable);
        }
        if !matches!(self.host.units.active(&f.name), Active::Active | Active::Reloading) {
            if self.host.units.get(&f.name).is_some() {
                self.host.log_systemd(Systemd::CannotReload { unit: f.name.clone() });
            }
            return Err(Refused::Inactive);
        }
        let with: Vec<UnitFile> = self
            .host
            .units
            .iter()
            .filter(|(n, u)| **n != f.name && u.active == Active::Active)
            .map(|(n, _)| n.clone())
            .collect::<Vec<_>>()
            .into_iter()
            .map(|n| self.unit_file(&n))
            .filter(|o| o.words("Unit", "ReloadPropagatedFrom").contains(&f.name.as_str()))
            .collect();
        for o in with {
            let _ = self.reload_one(&o);
        }
        self.reload_one(&f)
    }
    fn reload_one(&mut self, f: &UnitFile) -> Job {
        let sub = self.host.units.get(&f.name).map_or("running", |u| u.sub);
        self.set_unit(&f.name, Active::Reloading, "reload");
        self.host.log_systemd(Systemd::Reloading(named(f)));
        for line in f.all("Service", "ExecReload") {
            let exit = self.run_command(f, "ExecReload", line);
            if !exit.is_clean() {
                self.exited(&f.name, Which::Control, exit);
                self.set_unit(&f.name, Active::Active, sub);
                self.host.log_systemd(Systemd::ReloadFailed(named(f)));
                return Err(Refused::Failed(""));
            }
        }
        self.set_unit(&f.name, Active::Active, sub);
        self.host.log_systemd(Systemd::Reloaded(named(f)));
        Ok(())
    }
    fn maybe_restart(&mut self, f: &UnitFile) {
        if matches!(f.get("Service", "Restart"), "on-failure" | "always" | "on-abnormal") {
            let at = self.host.now + Span::millis(100);
            self.host.units.due.push(at, Due::Restart(f.name.clone()));
        }
    }
    /// Looks whether the processes of running services are still there; called after anything that can end one.
    pub fn watch_units(&mut self) {
        if !self.host.units.may_have_lost(self.host.procs.losses()) {
            return;
        }
        let now = self.host.now;
        let mut gone: Vec<(String, Option<Exit>)> = Vec::new();
        for (name, u) in self.host.units.iter() {
            if u.active != Active::Active || u.sub != "running" || !name.ends_with(".service") {
                continue;
            }
            match &u.main {
                Some(m) if m.ended.is_none() => {
                    if self.host.procs.get(m.pid).is_none() {
                        gone.push((
                            name.clone(),
                            Some(self.host.killed.get(&m.pid).map_or(Exit::Status(0), |s| Exit::Signal(*s))),
                        ));
                    }
                }
                _ => {
                    if !self.host.procs.iter().any(|p| *p.unit == *name) {
                        gone.push((name.clone(), None));
                    }
                }
            }
        }
        for (name, exit) in gone {
            let Some(exit) = exit else {
                // Without a main process it is the empty control group that ends the service, and its stop command runs.
                self.set_unit(&name, Active::Deactivating, "stop");
                self.host.units.due.push(now + Span::millis(1_050), Due::Gone(name));
                continue;
            };
            let f = self.unit_file(&name);
            let dovecot = name == "dovecot.service";
            let exit = if dovecot && exit.is_clean() { Exit::Status(0) } else { exit };
            if let Some(m) = self.host.units.entry(&name).main.as_mut() {
                m.ended = Some((now, exit));
            }
            if exit.is_clean() {
                if dovecot {
                    self.host.units.entry(&name).status_text = "Dovecot stopped".into();
                    self.set_unit(&name, Active::Deactivating, "stop-sigterm");
                    self.host.units.due.push(now + Span::millis(600), Due::Gone(name));
                } else {
                    self.stopped(&name, false);
                }
            } else {
                self.exited(&name, Which::Main, exit);
                self.host.units.entry(&name).result = result_of(exit);
                self.stopped(&name, false);
                self.maybe_restart(&f);
            }
        }
    }
    /// Does what systemd has planned.
    pub(super) fn run_unit_due(&mut self, due: Due) {
        match due {
            Due::Stop(name) => self.do_stop(&name, true),
            Due::Gone(name) => self.do_stop(&name, false),
            Due::Stopped(name) => self.stopped(&name, true),
            Due::Restart(name) => {
                let failed = self.host.units.active(&name) == Active::Failed;
                if failed {
                    let u = self.host.units.entry(&name);
                    u.restarts += 1;
                    let count = u.restarts;
                    self.host.log_systemd(Systemd::ScheduledRestart { unit: name.clone(), count });
                    let f = self.unit_file(&name);
                    self.host.log_systemd(Systemd::Stopped(named(&f)));
                }
                let _ = self.unit_start(&name);
            }
        }
    }
}

/// The result that an exit makes.
fn result_of(exit: Exit) -> &'static str {
    match exit {
        Exit::Status(_) => "exit-code",
        Exit::Signal(_) => "signal",
    }
}
