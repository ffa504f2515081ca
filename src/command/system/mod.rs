//! The system: systemctl, journalctl, ps, kill, date, systemd's tools.

mod accounts;
pub mod date;
mod expr;
mod getent;
mod identity;
mod journalctl;
mod kill;
mod logger;
mod man;
mod ps;
mod seq;
mod service;
mod signal;
mod small;
mod systemctl;
mod which;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!(
        "addgroup",
        "/usr/sbin/addgroup",
        "add a user or group to the system",
        &["--system", "--gid"],
        accounts::adduser::adduser
    ),
    program!(
        "adduser",
        "/usr/sbin/adduser",
        "add a user or group to the system",
        &["--system", "--disabled-password", "--gecos", "--ingroup", "--home", "--shell", "--uid"],
        accounts::adduser::adduser
    ),
    program!("arch", "/usr/bin/arch", "print machine hardware name", &[], identity::small),
    program!("chpasswd", "/usr/sbin/chpasswd", "update passwords in batch mode", &[], accounts::passwd::chpasswd),
    program!("clear", "/usr/bin/clear", "clear the terminal screen", &[], small::clear),
    program!(
        "date",
        "/usr/bin/date",
        "print or set the system date and time",
        &["-d", "-u", "-R", "-I", "-r", "+%F", "+%T", "+%s"],
        date::date
    ),
    program!(
        "delgroup",
        "/usr/sbin/delgroup",
        "remove a user or group from the system",
        &[],
        accounts::adduser::deluser
    ),
    program!(
        "deluser",
        "/usr/sbin/deluser",
        "remove a user or group from the system",
        &["--remove-home"],
        accounts::adduser::deluser
    ),
    program!("expr", "/usr/bin/expr", "evaluate expressions", &[], expr::expr),
    program!("false", "/usr/bin/false", "do nothing, unsuccessfully", &[], small::no_status),
    program!(
        "free",
        "/usr/bin/free",
        "Display amount of free and used memory in the system",
        &["-h", "-m"],
        small::free
    ),
    program!(
        "getent",
        "/usr/bin/getent",
        "get entries from Name Service Switch libraries",
        &["passwd", "group", "hosts", "ahosts", "services", "shadow"],
        getent::getent
    ),
    program!("gpasswd", "/usr/bin/gpasswd", "administer /etc/group", &["-a", "-d", "-M"], accounts::group::gpasswd),
    program!("groupadd", "/usr/sbin/groupadd", "create a new group", &["-g", "-r", "-f"], accounts::group::groupadd),
    program!("groupdel", "/usr/sbin/groupdel", "delete a group", &["-f"], accounts::group::groupdel),
    program!("groups", "/usr/bin/groups", "print the groups a user is in", &[], identity::groups),
    program!(
        "hostname",
        "/usr/bin/hostname",
        "show or set the system's host name",
        &["-f", "-d", "-I", "-s"],
        identity::hostname
    ),
    program!(
        "id",
        "/usr/bin/id",
        "print real and effective user and group IDs",
        &["-u", "-g", "-G", "-n"],
        identity::id
    ),
    program!(
        "journalctl",
        "/usr/bin/journalctl",
        "Query the systemd journal",
        &["-u", "-f", "-n", "-e", "-x", "-r", "-p", "-g", "-o", "-b", "-k", "-t", "--since", "--until", "--no-pager"],
        journalctl::journalctl
    ),
    program!("kill", "/usr/bin/kill", "send a signal to a process", &["-9", "-HUP", "-TERM", "-l"], kill::kill),
    program!("killall", "/usr/bin/killall", "kill processes by name", &["-9", "-HUP", "-v"], signal::killall),
    program!(
        "logger",
        "/usr/bin/logger",
        "enter messages into the system log",
        &["-p", "-t", "-i", "-s"],
        logger::logger
    ),
    program!("logname", "/usr/bin/logname", "print user's login name", &[], identity::small),
    program!("man", "/usr/bin/man", "an interface to the system reference manuals", &["-k", "-f"], man::man),
    program!("nproc", "/usr/bin/nproc", "print the number of processing units available", &[], identity::small),
    program!(
        "passwd",
        "/usr/bin/passwd",
        "change user password",
        &["-l", "-u", "-d", "-e", "-S"],
        accounts::passwd::passwd
    ),
    program!("pgrep", "/usr/bin/pgrep", "look up processes based on name", &["-a", "-l", "-f", "-x", "-c"], ps::pgrep),
    program!("pidof", "/usr/bin/pidof", "find the process ID of a running program", &["-s"], signal::pidof),
    program!("pkill", "/usr/bin/pkill", "signal processes based on name", &["-9", "-HUP", "-f", "-x"], signal::pkill),
    program!(
        "ps",
        "/usr/bin/ps",
        "report a snapshot of the current processes",
        &["aux", "-ef", "-C", "-o", "-p"],
        ps::ps
    ),
    program!("pstree", "/usr/bin/pstree", "display a tree of processes", &["-p", "-a"], signal::pstree),
    program!("seq", "/usr/bin/seq", "print a sequence of numbers", &["-w", "-s", "-f"], seq::seq),
    program!(
        "service",
        "/usr/sbin/service",
        "run a System V init script",
        &["start", "stop", "restart", "reload", "status", "--status-all"],
        service::service
    ),
    program!("sleep", "/usr/bin/sleep", "delay for a specified amount of time", &[], small::sleep),
    program!("stty", "/usr/bin/stty", "change and print terminal line settings", &["size", "-a"], small::stty),
    program!(
        "systemctl",
        "/usr/bin/systemctl",
        "Control the systemd system and service manager",
        &[
            "start",
            "stop",
            "restart",
            "reload",
            "status",
            "is-active",
            "is-enabled",
            "is-failed",
            "enable",
            "disable",
            "mask",
            "unmask",
            "cat",
            "show",
            "list-units",
            "list-unit-files",
            "daemon-reload",
            "reset-failed",
            "--no-pager",
            "--failed",
            "--now",
        ],
        systemctl::systemctl
    ),
    program!("true", "/usr/bin/true", "do nothing, successfully", &[], small::yes_status),
    program!(
        "tty",
        "/usr/bin/tty",
        "print the file name of the terminal connected to standard input",
        &["-s"],
        identity::tty
    ),
    program!("uname", "/usr/bin/uname", "print system information", &["-a", "-r", "-n", "-s", "-m"], identity::uname),
    program!("uptime", "/usr/bin/uptime", "tell how long the system has been running", &["-p", "-s"], identity::uptime),
    program!(
        "useradd",
        "/usr/sbin/useradd",
        "create a new user or update default new user information",
        &["-m", "-M", "-c", "-d", "-s", "-u", "-G"],
        accounts::user::useradd
    ),
    program!(
        "userdel",
        "/usr/sbin/userdel",
        "delete a user account and related files",
        &["-r"],
        accounts::user::userdel
    ),
    program!(
        "usermod",
        "/usr/sbin/usermod",
        "modify a user account",
        &["-aG", "-G", "-s", "-d", "-c", "-L", "-U"],
        accounts::user::usermod
    ),
    program!(
        "users",
        "/usr/bin/users",
        "print the user names of users currently logged in to the current host",
        &[],
        identity::who
    ),
    program!("w", "/usr/bin/w", "Show who is logged on and what they are doing", &["-h"], identity::w),
    program!(
        "whereis",
        "/usr/bin/whereis",
        "locate the binary, source, and manual page files for a command",
        &[],
        which::whereis
    ),
    program!("which", "/usr/bin/which", "locate a command", &["-a"], which::which),
    program!("who", "/usr/bin/who", "show who is logged on", &["-b", "-H", "-q"], identity::who),
    program!("whoami", "/usr/bin/whoami", "print effective user name", &[], identity::whoami),
    program!("yes", "/usr/bin/yes", "output a string repeatedly until killed", &[], small::yes),
];
