//! Starts the machine: what runs after a boot.

use super::World;
use crate::dovecot;
use crate::host::{Cred, Process};
use crate::postfix::master;
use crate::postfix::readlline::logical_lines;
use crate::postfix::table::db;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What Postfix's generator leaves: the instance is wanted by the service.
const GENERATED: &str = "/run/systemd/generator/postfix.service.wants";

/// Pids used up before the mail services start.
const UPTIME_PIDS: u32 = 20_000;

impl World {
    /// Builds what the packages' installation leaves (the compiled aliases) and starts the services.
    pub fn boot(&mut self) {
        let started = self.host.now;
        self.host.procs.spawn(Process {
            pid: 1,
            ppid: 0,
            uid: 0,
            comm: "systemd".into(),
            args: "/lib/systemd/systemd --system --deserialize=31".into(),
            started,
            tty: "?".into(),
            stat: "Ss".into(),
            vsz: 167_460,
            rss: 11_956,
            unit: "init.scope".into(),
            role: String::new(),
        });
        // The kernel's own threads and the start-up scripts used these up.
        for _ in 0..410 {
            self.host.procs.burn();
        }
        self.build_aliases();
        // The machine has been up before the services were set up: their pids have five digits.
        for _ in 0..UPTIME_PIDS {
            self.host.procs.burn();
        }
        if self.host.fs.exists("/lib/systemd/system/multi-user.target") {
            self.boot_units();
        } else {
            // A host without unit files.
            let scope = std::mem::replace(&mut self.host.scope, Arc::from("postfix@-.service"));
            let _ = self.with_postfix(|ctx| master::start(ctx, "/etc/postfix"));
            self.host.scope = scope;
            let _ = dovecot::master::start(&mut self.host, &mut self.dovecot, true);
        }
    }

    fn boot_units(&mut self) {
        let root = Cred::root();
        let _ = self.host.fs.mkdir_all(GENERATED);
        let link = format!("{GENERATED}/postfix@-.service");
        let _ = self.host.fs.symlink(&root, "/lib/systemd/system/postfix@.service", &link);
        // Boot does not run the start-up scripts as programs: they have nothing to say.
        let exec = self.exec.take();
        for unit in [
            "sysinit.target",
            "sockets.target",
            "dbus.service",
            "rsyslog.service",
            "timers.target",
            "multi-user.target",
        ] {
            let _ = self.unit_start(unit);
        }
        self.exec = exec;
    }

    fn build_aliases(&mut self) {
        let Some(text) = self.host.fs.read_text("/etc/aliases") else { return };
        let mut entries = BTreeMap::new();
        for line in logical_lines(&text) {
            if let Some((name, value)) = line.text.split_once(':') {
                entries.insert(name.trim().to_lowercase(), value.trim().to_owned());
            }
        }
        let mut bytes = Vec::new();
        bytes.extend(db::encode("hash", &entries));
        let _ = self.host.fs.write(&Cred::root(), "/etc/aliases.db", bytes, 0o644);
    }
}
