//! Base hosts: folders of real files under `scenarios/hosts/`, with `host.toml` for what files cannot say.
//!
//! The folder's files stand in the host's tree at their own path (`etc/postfix/main.cf` is `/etc/postfix/main.cf`);
//! `dns.zone` beside them is the DNS world. The programs of the registry are put where Debian has them, so `which`
//! and `ls` agree with what can be run.

use crate::base::{Chance, Span, Time};
use crate::command;
use crate::host::fs::{Fs, Kind, Mount};
use crate::host::{Blob, Cred, Host, dns};
use crate::sim::World;
use include_dir::{Dir, include_dir};
use ipnet::IpNet;
use serde::Deserialize;
use std::collections::BTreeMap;

static HOSTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios/hosts");

/// The base host that labs start from when they name none.
pub const BASE: &str = "mail.ejemplo.com";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostFile {
    name: String,
    fqdn: String,
    files_date: String,
    disk: Disk,
    interface: Vec<Interface>,
    mount: Vec<MountFile>,
    dirs: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    links: BTreeMap<String, String>,
    programs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disk {
    size_mb: u64,
    used_mb: u64,
    reserved_mb: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interface {
    name: String,
    addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MountFile {
    path: String,
    device: String,
    fstype: String,
    size_mb: u64,
    options: String,
}

const MIB: u64 = 1 << 20;
/// What stands in for the content of a program file.
const ELF: &[u8] = b"\x7fELF\x02\x01\x01";

/// The names of the base hosts.
pub fn names() -> Vec<String> {
    HOSTS
        .dirs()
        .filter(|d| d.get_file(d.path().join("host.toml")).is_some())
        .map(|d| d.path().display().to_string())
        .collect()
}

/// The standard host, running, at `now`.
pub fn base_world(now: Time, chance: Chance) -> World {
    world(BASE, now, chance).unwrap_or_else(|_| World::new(Host::new("mail", BASE, now, chance)))
}

/// The host of that name, with its files in place and its services running. `Err` says what is wrong with its folder.
pub fn world(name: &str, now: Time, chance: Chance) -> Result<World, String> {
    let mut world = files(name, now, chance)?;
    start(&mut world);
    Ok(world)
}

/// Boots the machine at the time it came up, and lets the time pass since then.
pub fn start(world: &mut World) {
    let now = world.host.now;
    world.host.now = world.host.booted;
    world.host.fs.now = world.host.booted;
    world.boot();
    world.advance(now);
}

/// As [`world`], but before anything was started: overrides of files go in between.
pub fn files(name: &str, now: Time, chance: Chance) -> Result<World, String> {
    let dir = HOSTS.get_dir(name).ok_or_else(|| format!("there is no host `{name}` under scenarios/hosts"))?;
    let text = |f: &str| dir.get_file(dir.path().join(f)).and_then(|f| f.contents_utf8());
    let spec: HostFile = toml::from_str(text("host.toml").ok_or("host.toml is missing")?).map_err(|e| e.to_string())?;
    let date = Time::parse_iso(&spec.files_date).ok_or("files_date is no date")?;
    let mut host = Host::new(&spec.name, &spec.fqdn, now, chance);
    host.booted = now - Span::hours(30);
    host.dns = dns::Zone::parse(text("dns.zone").unwrap_or_default());
    for i in &spec.interface {
        let nets: Result<Vec<IpNet>, _> = i.addresses.iter().map(|a| a.parse()).collect();
        let nets = nets.map_err(|_| format!("interface {}: an address is no ADDRESS/PREFIX", i.name))?;
        host.net.interfaces.push((i.name.clone(), nets));
    }
    let mut fs = Fs::new(date);
    let disk = &mut fs.mounts[0];
    disk.size = spec.disk.size_mb * MIB;
    disk.used = spec.disk.used_mb * MIB;
    disk.reserved = spec.disk.reserved_mb * MIB;
    disk.inodes_used = 48_210;
    build(&mut fs, dir, &spec).map_err(|e| format!("host `{name}`: {e}"))?;
    fs.now = now;
    host.fs = fs;
    own(&mut host, &spec)?;
    Ok(World::new(host))
}

fn build(fs: &mut Fs, dir: &Dir<'_>, spec: &HostFile) -> Result<(), crate::host::Errno> {
    let root = Cred::root();
    for top in ["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/dev", "/run", "/var"] {
        fs.mkdir_all(top)?;
    }
    for (link, target) in spec.links.iter().filter(|(l, _)| l.matches('/').count() == 1) {
        fs.symlink(&root, target, link)?;
    }
    for m in &spec.mount {
        fs.mkdir_all(&m.path)?;
        let size = m.size_mb * MIB;
        fs.mount(Mount {
            path: m.path.clone(),
            device: m.device.clone(),
            fstype: m.fstype.clone(),
            size,
            used: 0,
            reserved: 0,
            inodes: size / 4096,
            inodes_used: 1,
            options: m.options.clone(),
        })?;
    }
    for d in spec.dirs.keys() {
        fs.mkdir_all(d)?;
    }
    put(fs, dir, dir)?;
    for (link, target) in spec.links.iter().filter(|(l, _)| l.matches('/').count() > 1) {
        fs.mkdir_all(crate::host::fs::split(link).0)?;
        fs.symlink(&root, target, link)?;
    }
    for f in spec.files.keys().filter(|f| !fs.exists(f)).cloned().collect::<Vec<_>>() {
        fs.mkdir_all(crate::host::fs::split(&f).0)?;
        fs.write(&root, &f, "", 0o644)?;
    }
    for dev in ["null", "zero", "full", "random", "urandom", "tty"] {
        fs.mknod(&root, &format!("/dev/{dev}"), Kind::Device(dev), 0o666)?;
    }
    let listed = spec.programs.iter().flat_map(|(d, names)| names.split(' ').map(move |n| format!("{d}/{n}")));
    let registered = command::programs().into_iter().map(|p| p.path.to_owned());
    for path in listed.chain(registered).collect::<Vec<_>>() {
        fs.mkdir_all(crate::host::fs::split(&path).0)?;
        fs.write(&root, &path, ELF, 0o755)?;
    }
    Ok(())
}

fn put(fs: &mut Fs, top: &Dir<'_>, dir: &Dir<'_>) -> Result<(), crate::host::Errno> {
    for sub in dir.dirs() {
        let path = format!("/{}", sub.path().strip_prefix(top.path()).unwrap_or(sub.path()).display());
        fs.mkdir_all(&path)?;
        put(fs, top, sub)?;
    }
    for f in dir.files() {
        let rel = f.path().strip_prefix(top.path()).unwrap_or(f.path());
        if rel.components().count() > 1 {
            fs.write(&Cred::root(), &format!("/{}", rel.display()), Blob::from(f.contents()), 0o644)?;
        }
    }
    Ok(())
}

/// Gives the listed paths their owners and modes; needs /etc/passwd and /etc/group in place.
fn own(host: &mut Host, spec: &HostFile) -> Result<(), String> {
    let root = Cred::root();
    for (path, what) in spec.dirs.iter().chain(&spec.files) {
        let mut w = what.split(' ');
        let (mode, user, group) = (w.next().unwrap_or(""), w.next().unwrap_or(""), w.next().unwrap_or(""));
        let mode = u32::from_str_radix(mode, 8).map_err(|_| format!("{path}: `{mode}` is no octal mode"))?;
        let uid = host.user(user).ok_or_else(|| format!("{path}: there is no user `{user}`"))?.uid;
        let gid = host.group(group).ok_or_else(|| format!("{path}: there is no group `{group}`"))?.gid;
        host.fs.chown(&root, path, Some(uid), Some(gid), true).map_err(|e| format!("{path}: {e}"))?;
        host.fs.chmod(&root, path, mode).map_err(|e| format!("{path}: {e}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_host_has_its_files_owners_and_links() {
        let w = world(BASE, Time::from_civil(2026, 2, 6, 10, 20, 0), Chance::new(1)).unwrap();
        let fs = &w.host.fs;
        let root = Cred::root();
        assert!(fs.read_text("/etc/postfix/main.cf").unwrap().contains("mynetworks = 127.0.0.0/8"));
        let (_, n) = fs.stat(&root, "/var/spool/postfix/maildrop").unwrap();
        assert_eq!((n.mode, n.uid, n.gid), (0o1730, 102, 106));
        assert_eq!(fs.stat(&root, "/home/maria/.bashrc").unwrap().1.uid, 1001);
        assert!(fs.exists("/bin/bash"));
        assert_eq!(w.host.dns.query("ejemplo.com", "MX"), dns::Answer::Data(vec!["10 mail.ejemplo.com".into()]));
    }
}
