//! Programs that Debian has and the model lacks, with what to use instead: all that the real base host has (asked with
//! `command -v`), and what its postmasters install. A table of rows.

/// Name, and what the model has for the purpose (may be empty).
const TABLE: &[(&str, &str)] = &[
    ("a2enmod", ""),
    ("agetty", ""),
    ("ansible", ""),
    ("apachectl", ""),
    ("apt", "postconf mail_version"),
    ("apt-cache", ""),
    ("apt-config", ""),
    ("apt-get", ""),
    ("apt-key", ""),
    ("apt-mark", ""),
    ("aptitude", ""),
    ("arp", "ip"),
    ("at", ""),
    ("auditctl", "journalctl"),
    ("batch", ""),
    ("bc", "expr, awk"),
    ("blkid", "mount"),
    ("busctl", "systemctl"),
    ("chage", "passwd"),
    ("chattr", "chmod"),
    ("chfn", "getent"),
    ("chroot", ""),
    ("chrt", ""),
    ("chsh", "getent"),
    ("clamscan", ""),
    ("clear_console", "clear"),
    ("col", ""),
    ("colrm", ""),
    ("cpio", "tar"),
    ("crontab", "systemctl status cron"),
    ("cryptsetup", ""),
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
    ("emacs", "nano, vi"),
    ("ethtool", "ip"),
    ("exim", "postfix"),
    ("expiry", ""),
    ("fail2ban-client", ""),
    ("faillog", ""),
    ("fdisk", "df, mount"),
    ("findmnt", "mount"),
    ("fsck", "df"),
    ("ftp", ""),
    ("gcc", ""),
    ("gdb", "ps, journalctl"),
    ("getty", ""),
    ("git", "cp, diff"),
    ("gpg", "openssl"),
    ("hostnamectl", "hostname, uname"),
    ("htop", "ps"),
    ("hwclock", ""),
    ("iconv", ""),
    ("iftop", "ss"),
    ("infocmp", ""),
    ("invoke-rc.d", "systemctl"),
    ("iostat", ""),
    ("iotop", ""),
    ("ip6tables", ""),
    ("joe", "nano, vi"),
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
    ("lsmod", ""),
    ("lsns", ""),
    ("ltrace", "journalctl"),
    ("lynx", ""),
    ("make", ""),
    ("mc", "ls, cp, mv"),
    ("mesg", ""),
    ("mkfs", "df"),
    ("mkswap", "free"),
    ("mtr", "ping, dig"),
    ("mutt", "mail, ls"),
    ("mysql", ""),
    ("ncat", "telnet, ss"),
    ("nethogs", "ss"),
    ("networkctl", "ip"),
    ("newgrp", ""),
    ("nmap", "ss, telnet"),
    ("node", ""),
    ("nsenter", ""),
    ("opendkim-testkey", "dig"),
    ("parted", "df"),
    ("perl", "sed, awk"),
    ("pflogsumm", "grep, awk"),
    ("php", ""),
    ("pico", "nano"),
    ("pmap", "ps"),
    ("postgrey", ""),
    ("prlimit", ""),
    ("psql", ""),
    ("pwdx", ""),
    ("python", "awk, bash"),
    ("python3", "awk, bash"),
    ("renice", ""),
    ("reset", ""),
    ("rspamadm", ""),
    ("rspamc", ""),
    ("rsync", "cp"),
    ("rsyslogd", ""),
    ("ruby", ""),
    ("run-parts", ""),
    ("sar", ""),
    ("savelog", ""),
    ("scp", "cp"),
    ("screen", ""),
    ("script", ""),
    ("scriptreplay", ""),
    ("select-editor", ""),
    ("sensible-editor", ""),
    ("sensible-pager", ""),
    ("setpriv", ""),
    ("sftp", "cp"),
    ("skill", ""),
    ("slabtop", "free"),
    ("socat", "telnet, openssl"),
    ("spamassassin", ""),
    ("spamc", ""),
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
    ("tcpdump", "ss, telnet, openssl"),
    ("tempfile", ""),
    ("tic", ""),
    ("timedatectl", "date"),
    ("tload", "uptime"),
    ("tmux", ""),
    ("top", "ps, uptime, free"),
    ("tput", ""),
    ("tset", ""),
    ("tshark", "ss, telnet, openssl"),
    ("ucf", ""),
    ("ul", ""),
    ("unshare", ""),
    ("unzip", "gzip, tar"),
    ("update-alternatives", ""),
    ("update-rc.d", "systemctl"),
    ("vipw", "getent"),
    ("visudo", "nano"),
    ("vmstat", "ps, free"),
    ("w3m", ""),
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
        assert_eq!(hint("tcpdump"), Some("ss, telnet, openssl"));
        assert_eq!(hint("nothing"), None);
    }
}
