//! Programs that Debian has and the model lacks, with what to use instead. A table of rows.

/// Name, and what the model has for the purpose (may be empty).
const TABLE: &[(&str, &str)] = &[
    ("a2enmod", ""),
    ("ansible", ""),
    ("apachectl", ""),
    ("apt-key", ""),
    ("aptitude", "apt, dpkg"),
    ("arp", "ip"),
    ("at", ""),
    ("auditctl", "journalctl"),
    ("batch", ""),
    ("busctl", "systemctl"),
    ("chattr", "chmod"),
    ("clamscan", ""),
    ("clear_console", "clear"),
    ("cpio", "tar"),
    ("cryptsetup", ""),
    ("debugfs", ""),
    ("docker", ""),
    ("doveconf.real", "doveconf"),
    ("ed", "sed, nano"),
    ("emacs", "nano, vi"),
    ("ethtool", "ip"),
    ("exim", "postfix"),
    ("fail2ban-client", ""),
    ("fdisk", "df, mount"),
    ("fsck", "df"),
    ("ftp", ""),
    ("gcc", ""),
    ("gdb", "ps, journalctl"),
    ("git", "cp, diff"),
    ("gpg", "openssl"),
    ("htop", "top, ps"),
    ("iconv", ""),
    ("iftop", "ss"),
    ("iostat", "top"),
    ("iotop", "top"),
    ("joe", "nano, vi"),
    ("jq", "grep, awk"),
    ("lsblk", "df, mount"),
    ("lsmod", ""),
    ("ltrace", "journalctl"),
    ("lynx", ""),
    ("make", ""),
    ("mc", "ls, cp, mv"),
    ("mkfs", "df"),
    ("mtr", "ping, dig"),
    ("mutt", "mail, ls"),
    ("mysql", ""),
    ("ncat", "telnet, ss"),
    ("nethogs", "ss"),
    ("nmap", "ss, telnet"),
    ("node", ""),
    ("opendkim-testkey", "dig"),
    ("parted", "df"),
    ("perl", "sed, awk"),
    ("php", ""),
    ("pico", "nano"),
    ("postgrey", ""),
    ("psql", ""),
    ("python", "awk, bash"),
    ("python3", "awk, bash"),
    ("rspamadm", ""),
    ("rspamc", ""),
    ("rsync", "cp"),
    ("ruby", ""),
    ("sar", "top"),
    ("scp", "cp"),
    ("screen", ""),
    ("sftp", "cp"),
    ("socat", "telnet, openssl"),
    ("spamassassin", ""),
    ("spamc", ""),
    ("strace", "journalctl, postconf"),
    ("swapon", "free"),
    ("tcpdump", "ss, telnet, openssl"),
    ("tmux", ""),
    ("tshark", "ss, telnet, openssl"),
    ("visudo", "nano"),
    ("vmstat", "top, free"),
    ("w3m", ""),
    ("wget", "openssl"),
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
        assert_eq!(hint("tcpdump"), Some("ss, telnet, openssl"));
        assert_eq!(hint("nothing"), None);
    }
}
