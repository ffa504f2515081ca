//! Starts the machine: what runs after a boot.

use super::World;
use crate::host::{Cred, Process};
use crate::postfix::readlline::logical_lines;
use crate::postfix::table::db;
use std::collections::BTreeMap;

/// Processes that are only scenery: owner, name, arguments, memory, unit.
type Scenery = (&'static str, &'static str, &'static str, u64, u64, &'static str);

#[rustfmt::skip]
const SCENERY: &[Scenery] = &[
    ("root", "systemd", "/lib/systemd/systemd --system --deserialize=31", 167_460, 11_956, "init.scope"),
    ("root", "systemd-journal", "/lib/systemd/systemd-journald", 24_964, 13_988, "systemd-journald.service"),
    ("root", "cron", "/usr/sbin/cron -f", 6_608, 2_684, "cron.service"),
    ("messagebus", "dbus-daemon", "/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only", 9_148, 4_988, "dbus.service"),
    ("root", "rsyslogd", "/usr/sbin/rsyslogd -n -iNONE", 221_808, 4_688, "rsyslog.service"),
    ("root", "systemd-logind", "/lib/systemd/systemd-logind", 25_352, 7_680, "systemd-logind.service"),
    ("root", "sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 15_432, 9_216, "ssh.service"),
];

impl World {
    /// Builds what the packages' installation leaves (the compiled aliases) and starts the services.
    pub fn boot(&mut self) {
        for (n, (user, comm, args, vsz, rss, unit)) in SCENERY.iter().enumerate() {
            let uid = self.host.user(user).map_or(0, |u| u.uid);
            let started = self.host.now;
            self.host.procs.spawn(Process {
                pid: u32::from(n == 0),
                ppid: u32::from(n > 0),
                uid,
                comm: (*comm).into(),
                args: (*args).into(),
                started,
                tty: "?".into(),
                stat: if *comm == "rsyslogd" { "Ssl" } else { "Ss" }.into(),
                vsz: *vsz,
                rss: *rss,
                unit: (*unit).into(),
                role: String::new(),
            });
            if n == 0 {
                // The kernel's own threads and the start-up scripts used these up.
                for _ in 0..410 {
                    self.host.procs.burn();
                }
            }
        }
        self.build_aliases();
        self.boot_units();
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
