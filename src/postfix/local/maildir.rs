//! Storing a message in a maildir: tmp, then new, under a name of time, device, inode and microseconds.

use crate::host::errno::Errno;
use crate::host::fs::Cred;
use crate::host::{Blob, Host};

/// Creates the folders of a path that are missing, with a user's rights (`make_dirs`).
fn make_dirs(host: &mut Host, cred: &Cred, path: &str, mode: u32) -> Result<(), Errno> {
    let mut done = String::new();
    for part in path.split('/').filter(|p| !p.is_empty()) {
        done.push('/');
        done.push_str(part);
        if !host.fs.exists(&done) {
            host.fs.mkdir(cred, &done, mode)?;
        }
    }
    Ok(())
}

/// Delivers into `path` (which ends in a slash). The error comes with what was being done.
pub fn store(host: &mut Host, cred: &Cred, path: &str, message: &[u8], pid: u32) -> Result<(), (Errno, String)> {
    let now = host.now;
    let secs = now.secs().to_string();
    let tmp = [path, "tmp/", &secs, ".P", &pid.to_string(), ".", &host.name].concat();
    let create = |host: &mut Host| host.fs.open_write(cred, &tmp, 0o600, false, true);
    let mut made = create(host);
    if made == Err(Errno::NoEnt) {
        let dirs = ["tmp", "new", "cur"].map(|d| format!("{path}{d}"));
        let all = dirs.iter().try_for_each(|d| make_dirs(host, cred, d, 0o700));
        made = all.and_then(|()| create(host));
    }
    if made == Err(Errno::Exist) {
        let _ = host.fs.unlink(cred, &tmp);
        made = create(host);
    }
    let ino = made.map_err(|e| (e, format!("create maildir file {tmp}: {}", e.text())))?;
    if let Err(e) = host.fs.set_content(cred, ino, Blob::from(message)) {
        let _ = host.fs.unlink(cred, &tmp);
        return Err((e, format!("error writing message: {}", e.text())));
    }
    let unique = format!("V801I{ino:x}M{}", now.subsec_micros());
    let new = [path, "new/", &secs, ".", &unique, ".", &host.name].concat();
    let mut moved = host.fs.rename(cred, &tmp, &new);
    if moved == Err(Errno::NoEnt) {
        moved = ["new", "cur"]
            .iter()
            .try_for_each(|d| make_dirs(host, cred, &format!("{path}{d}"), 0o700))
            .and_then(|()| host.fs.rename(cred, &tmp, &new));
    }
    moved.map_err(|e| {
        let _ = host.fs.unlink(cred, &tmp);
        (e, format!("create maildir file {new}: {}", e.text()))
    })
}
