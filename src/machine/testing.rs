//! For tests of any room: a bare world, a line, and what it printed.

use super::Machine;
use crate::base::{Chance, Time};
use crate::host::{Cred, Host};
use crate::sim::World;

/// What a line printed, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

/// A world with a root account, the usual folders, and nothing else, on 2026-11-24 at 02:40 UTC.
pub fn bare_world() -> World {
    let now = Time::from_civil(2026, 11, 24, 2, 40, 0);
    let mut host = Host::new("mail", "mail.ejemplo.com", now, Chance::new(1));
    let root = Cred::root();
    for dir in ["/etc", "/root", "/tmp", "/var/log", "/usr/bin", "/usr/sbin", "/home"] {
        let _ = host.fs.mkdir_all(dir);
    }
    let _ = host.fs.chmod(&root, "/tmp", 0o1777);
    let files = [
        ("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nmaria:x:1001:1001::/home/maria:/bin/bash\n"),
        ("/etc/group", "root:x:0:\nmaria:x:1001:\n"),
        ("/etc/hostname", "mail\n"),
    ];
    for (path, text) in files {
        let _ = host.fs.write(&root, path, text, 0o644);
    }
    World::new(host)
}

/// Runs a line as `bash -c` in a bare world.
pub fn run(line: &str) -> Ran {
    run_in(&mut Machine::new(bare_world()), line)
}

/// Runs a line as `bash -c` in this machine's world.
pub fn run_in(machine: &mut Machine, line: &str) -> Ran {
    let (stdout, stderr, code) = machine.run_captured(line);
    Ran {
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
        code,
    }
}
