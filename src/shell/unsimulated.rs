//! Programs that the real base host has (asked with `command -v`) and the model lacks, with what to use instead. A table of rows.

/// Name, and what the model has for the purpose (may be empty).
const TABLE: &[(&str, &str)] = &[
    ("agetty", ""),
    ("apt", "postconf mail_version"),
    ("apt-cache", ""),
    ("apt-config", ""),
    ("apt-get", ""),
    ("apt-key", ""),
    ("apt-mark", ""),
    ("arp", "ip"),
    ("bc", "expr, awk"),
    ("blkid", "mount"),
    ("busctl", "systemctl"),
    ("chage", "passwd"),
    ("chattr", "chmod"),
    ("chfn", "getent"),
    ("chroot", ""),
    ("chrt", ""),
    ("chsh", "getent"),
    ("clear_console", "clear"),
    ("col", ""),
    ("colrm", ""),
    ("cpio", "tar"),
    ("crontab", "systemctl status cron"),
    ("ctrlaltdel", ""),
    ("curl", "openssl"),
    ("deb-systemd-helper", ""),
    ("debconf-show", "postconf"),
    ("debugfs", ""),
    ("dmesg", "journalctl"),
    ("docker", ""),
    ("dpkg", "postconf mail_version, dovecot --version"),
    ("dpkg-deb", ""),
    ("dpkg-query", "postconf mail_version, dovecot --version"),
    ("dpkg-reconfigure", "postconf"),
    ("ed", "sed, nano"),
    ("expiry", ""),
    ("fail2ban-client", ""),
    ("faillog", ""),
    ("findmnt", "mount"),
    ("fsck", "df"),
    ("gcc", ""),
    ("gdb", "ps, journalctl"),
    ("getty", ""),
    ("git", "cp, diff"),
    ("gpg", "openssl"),
    ("hostnamectl", "hostname, uname"),
    ("hwclock", ""),
    ("iconv", ""),
    ("infocmp", ""),
    ("invoke-rc.d", "systemctl"),
    ("ip6tables", ""),
    ("jq", "grep, awk"),
    ("last", "who, journalctl"),
    ("lastb", "journalctl"),
    ("lastlog", "journalctl"),
    ("locale", ""),
    ("localectl", ""),
    ("localedef", ""),
    ("login", ""),
    ("loginctl", "who"),
    ("logrotate", "ls -l /var/log"),
    ("look", ""),
    ("losetup", ""),
    ("lsattr", ""),
    ("lsblk", "df, mount"),
    ("lscpu", "uname, nproc"),
    ("lsns", ""),
    ("make", ""),
    ("mesg", ""),
    ("mkfs", "df"),
    ("mkswap", "free"),
    ("networkctl", "ip"),
    ("newgrp", ""),
    ("node", ""),
    ("nsenter", ""),
    ("perl", "sed, awk"),
    ("pflogsumm", "grep, awk"),
    ("pmap", "ps"),
    ("postgrey", ""),
    ("prlimit", ""),
    ("psql", ""),
    ("pwdx", ""),
    ("python3", "awk, bash"),
    ("renice", ""),
    ("reset", ""),
    ("rsyslogd", ""),
    ("run-parts", ""),
    ("savelog", ""),
    ("scp", "cp"),
    ("script", ""),
    ("scriptreplay", ""),
    ("select-editor", ""),
    ("sensible-editor", ""),
    ("sensible-pager", ""),
    ("setpriv", ""),
    ("sftp", "cp"),
    ("skill", ""),
    ("slabtop", "free"),
    ("start-stop-daemon", ""),
    ("strace", "journalctl, postconf"),
    ("swapon", "free"),
    ("sysctl", ""),
    ("systemd-analyze", "systemctl"),
    ("systemd-cgls", "ps, systemctl"),
    ("systemd-cgtop", "ps"),
    ("systemd-detect-virt", ""),
    ("systemd-run", ""),
    ("taskset", ""),
    ("tempfile", ""),
    ("tic", ""),
    ("timedatectl", "date"),
    ("tload", "uptime"),
    ("tmux", ""),
    ("top", "ps, uptime, free"),
    ("tput", ""),
    ("tset", ""),
    ("ucf", ""),
    ("ul", ""),
    ("unshare", ""),
    ("unzip", "gzip, tar"),
    ("update-alternatives", ""),
    ("update-rc.d", "systemctl"),
    ("vipw", "getent"),
    ("vmstat", "ps, free"),
    ("wall", ""),
    ("wget", "openssl"),
    ("write", ""),
    ("zip", "gzip, tar"),
];

/// What to use instead, if Debian has such a program.
pub fn hint(name: &str) -> Option<&'static str> {
    TABLE.binary_search_by_key(&name, |(n, _)| n).ok().map(|i| TABLE[i].1)
}

/// Whether a path is one where Debian keeps programs.
pub fn is_bin(path: &str) -> bool {
    ["/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/"]
        .iter()
        .any(|d| path.strip_prefix(d).is_some_and(|n| !n.contains('/')))
}

/// The trainer's words.
pub fn message(name: &str, hint: &str) -> String {
    if hint.is_empty() {
        format!("maillab: {name} is not simulated here\n")
    } else {
        format!("maillab: {name} is not simulated here; see: {hint}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_absent() {
        assert!(TABLE.is_sorted_by_key(|(n, _)| n));
        for (n, see) in TABLE {
            assert!(crate::command::program(n).is_none(), "{n} is simulated");
            for word in see.split(", ").filter(|w| !w.is_empty()) {
                let name = word.split(' ').next().unwrap_or("");
                assert!(crate::command::program(name).is_some(), "{n}: {name} is not simulated");
            }
        }
        assert_eq!(hint("strace"), Some("journalctl, postconf"));
        // Asked of the real host, which lacks them: bash's own answer.
        for n in ["nothing", "tcpdump", "nmap", "htop", "mutt", "visudo"] {
            assert_eq!(hint(n), None, "{n}");
        }
    }
}
