//! Changes that are edits of files: main.cf, master.cf, aliases, accounts, any file, the disk.

use crate::base::Time;
use crate::host::cert::{self, Draft, Name};
use crate::host::crypt;
use crate::host::fs::split;
use crate::host::{Cred, Host};
use crate::lab::schema::Replacement;

/// Rewrites a text file in place, keeping owner and mode; a new one is root's.
fn rewrite(host: &mut Host, path: &str, f: impl FnOnce(String) -> String) {
    let text = host.fs.read_text(path).unwrap_or_default();
    let _ = host.fs.write(&Cred::root(), path, f(text).into_bytes(), 0o644);
}

/// Sets, adds or takes out a parameter as an editor would: in its place, continuation lines and all.
pub(super) fn main_cf(host: &mut Host, name: &str, value: Option<&str>) {
    rewrite(host, "/etc/postfix/main.cf", |text| set_parameter(&text, name, value));
}

fn set_parameter(text: &str, name: &str, value: Option<&str>) -> String {
    let mut out = String::with_capacity(text.len() + 80);
    let (mut inside, mut done) = (false, false);
    for line in text.lines() {
        let continues = line.starts_with([' ', '\t']);
        if inside && continues {
            continue;
        }
        inside = !continues && line.split_once('=').is_some_and(|(n, _)| n.trim() == name);
        if !inside {
            out.push_str(line);
            out.push('\n');
        } else if let Some(v) = value
            && !done
        {
            done = true;
            out.push_str(format!("{name} = {v}").trim_end());
            out.push('\n');
        }
    }
    if let Some(v) = value
        && !done
    {
        out.push_str(format!("{name} = {v}").trim_end());
        out.push('\n');
    }
    out
}

/// Replaces, adds or comments out a service of master.cf.
pub(super) fn master_cf(host: &mut Host, service: &str, entry: Option<&str>) {
    rewrite(host, "/etc/postfix/master.cf", |text| set_service(&text, service, entry));
}

fn set_service(text: &str, service: &str, entry: Option<&str>) -> String {
    let (name, kind) = service.split_once('/').unwrap_or((service, "inet"));
    let mut out = String::with_capacity(text.len() + 80);
    let (mut inside, mut done) = (false, false);
    for line in text.lines() {
        if !line.starts_with([' ', '\t', '#']) {
            let mut w = line.split_whitespace();
            inside = w.next() == Some(name) && w.next() == Some(kind);
        }
        match (inside, entry) {
            (true, Some(e)) => {
                if !done {
                    out.push_str(e.trim_end());
                    out.push('\n');
                }
                done = true;
            }
            (true, None) => {
                out.push_str(&format!("#{line}\n"));
            }
            _ => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    if let Some(e) = entry
        && !done
    {
        out.push_str(e.trim_end());
        out.push('\n');
    }
    out
}

/// Sets or takes out an entry of /etc/aliases.
pub(super) fn alias(host: &mut Host, name: &str, to: Option<&str>) {
    rewrite(host, "/etc/aliases", |text| {
        let is_it = |l: &str| l.split_once(':').is_some_and(|(n, _)| n.trim().eq_ignore_ascii_case(name));
        let mut out: String = text.lines().filter(|l| !is_it(l)).flat_map(|l| [l, "\n"]).collect();
        if let Some(to) = to {
            out.push_str(&format!("{:<14} {to}\n", format!("{name}:")));
        }
        out
    });
}

/// What a `file` change says.
pub(super) struct Edit<'a> {
    pub content: &'a Option<String>,
    pub append: &'a Option<String>,
    pub replace: &'a [Replacement],
    pub mode: &'a Option<String>,
    pub owner: &'a Option<String>,
    pub remove: bool,
}

pub(super) fn edit(host: &mut Host, path: &str, e: &Edit<'_>) {
    let root = Cred::root();
    if e.remove {
        if host.fs.is_dir(path) {
            let mut paths: Vec<String> = host.fs.tree(path).into_iter().map(|(p, _)| p).collect();
            paths.sort_by_key(|p| std::cmp::Reverse(p.len()));
            for p in paths {
                if host.fs.unlink(&root, &p).is_err() {
                    let _ = host.fs.rmdir(&root, &p);
                }
            }
        } else {
            let _ = host.fs.unlink(&root, path);
        }
        return;
    }
    if e.content.is_some() || e.append.is_some() || !e.replace.is_empty() {
        let _ = host.fs.mkdir_all(split(path).0);
        rewrite(host, path, |old| {
            // A text block of TOML begins on the line after its quotes, or keeps an empty first line.
            let mut text = e.content.as_ref().map_or(old, |c| c.strip_prefix('\n').unwrap_or(c).to_owned());
            for r in e.replace {
                text = text.replace(&r.from, &r.to);
            }
            text.push_str(e.append.as_deref().unwrap_or(""));
            text
        });
    }
    if let Some(mode) = e.mode.as_ref().and_then(|m| u32::from_str_radix(m, 8).ok()) {
        let _ = host.fs.chmod(&root, path, mode);
    }
    if let Some(owner) = e.owner {
        let (user, group) = owner.split_once(':').unwrap_or((owner, ""));
        let uid = host.uid(user);
        let gid = host.group(group).map(|g| g.gid);
        let _ = host.fs.chown(&root, path, uid, gid, true);
    }
}

/// An account as `useradd -m` makes it, with a password. The hash has the fewest rounds that crypt(5) allows, as the
/// accounts of the shipped host have: its users log in all day.
pub(super) fn add_user(host: &mut Host, name: &str, full_name: &str, password: Option<&str>) {
    if host.user(name).is_some() {
        return;
    }
    let uid = (1001..60_000).find(|u| host.user_by_uid(*u).is_none()).unwrap_or(60_000);
    let password = password.map_or_else(|| format!("clave-{name}"), str::to_owned);
    let hash = crypt::crypt(&password, &format!("$5$rounds=1000$mL{name}")).unwrap_or_else(|| "!".into());
    let day = host.now.secs() / 86_400;
    let root = Cred::root();
    rewrite(host, "/etc/passwd", |t| t + &format!("{name}:x:{uid}:{uid}:{full_name}:/home/{name}:/bin/bash\n"));
    rewrite(host, "/etc/group", |t| t + &format!("{name}:x:{uid}:\n"));
    rewrite(host, "/etc/shadow", |t| t + &format!("{name}:{hash}:{day}:0:99999:7:::\n"));
    let home = format!("/home/{name}");
    let _ = host.fs.mkdir_all(&home);
    let _ = host.fs.chown(&root, &home, Some(uid), Some(uid), true);
    for f in [".bashrc", ".profile"] {
        let text = host.fs.read_text(&format!("/home/maria/{f}")).unwrap_or_default();
        let path = format!("{home}/{f}");
        let _ = host.fs.write(&root, &path, text.into_bytes(), 0o644);
        let _ = host.fs.chown(&root, &path, Some(uid), Some(uid), true);
    }
}

/// Takes an account out as `userdel` does: the home stays.
pub(super) fn remove_user(host: &mut Host, name: &str) {
    for file in ["/etc/passwd", "/etc/group", "/etc/shadow"] {
        rewrite(host, file, |t| {
            let begins = format!("{name}:");
            t.lines().filter(|l| !l.starts_with(&begins)).flat_map(|l| [l, "\n"]).collect()
        });
    }
}

/// A self-signed certificate and its key, as `openssl req -x509` leaves them.
pub(super) fn certificate(host: &mut Host, path: &str, key: &str, names: &[String], from: Time, days: i64) {
    let Some(first) = names.first() else { return };
    let Some(subject) = Name::parse(&format!("/CN={first}")) else { return };
    let (public, pem) = cert::new_key(host.chance, &format!("{path}/{first}"), 2048);
    let names = names.iter().map(|n| format!("DNS:{n}")).collect();
    let draft = Draft { subject, key: public, from, days, names, ca: None };
    let leaf = cert::issue(host.chance, &draft, None).to_pem();
    let root = Cred::root();
    for (file, text, mode) in [(path, leaf, 0o644), (key, pem, 0o600)] {
        let _ = host.fs.mkdir_all(split(file).0);
        let _ = host.fs.write(&root, file, text.into_bytes(), mode);
    }
}

/// Fills the disk of `path` until only `free` bytes are left for root.
pub(super) fn disk(host: &mut Host, path: &str, free: u64) {
    let mount = host.fs.mount_of(path).path.clone();
    if let Some(m) = host.fs.mounts.iter_mut().find(|m| m.path == mount) {
        m.used = m.size.saturating_sub(m.reserved).saturating_sub(free);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_keeps_its_place() {
        let text = "a = 1\nlist =\n  x,\n  y\nb = 2\n";
        for (name, value, expected) in [
            ("list", Some("z"), "a = 1\nlist = z\nb = 2\n"),
            ("list", None, "a = 1\nb = 2\n"),
            ("list", Some(""), "a = 1\nlist =\nb = 2\n"),
            ("c", Some("3"), "a = 1\nlist =\n  x,\n  y\nb = 2\nc = 3\n"),
        ] {
            assert_eq!(set_parameter(text, name, value), expected, "{name} {value:?}");
        }
    }

    #[test]
    fn a_service_is_commented_out_with_its_options() {
        let text =
            "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n  -o a=b\npickup unix n - y 60 1 pickup\n";
        assert_eq!(
            set_service(text, "submission/inet", None),
            "smtp inet n - y - - smtpd\n#submission inet n - y - - smtpd\n#  -o a=b\npickup unix n - y 60 1 pickup\n"
        );
    }
}
