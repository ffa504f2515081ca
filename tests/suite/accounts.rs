//! The accounts against what Debian 12 answered.

use maillab::base::{Chance, Time};
use maillab::lab::hosts;
use maillab::machine::Machine;

#[test]
fn accounts_come_and_go() {
    let mut m = host();
    for (line, out, err, status) in [
        (
            "useradd -m lucia; getent passwd lucia; stat -c '%U %a' /home/lucia",
            "lucia:x:5001:5001::/home/lucia:/bin/sh\nlucia 755\n",
            "",
            0,
        ),
        ("useradd lucia", "", "useradd: user 'lucia' already exists\n", 9),
        ("useradd -u 1001 zz", "", "useradd: UID 1001 is not unique\n", 4),
        ("useradd -G nada zz", "", "useradd: group 'nada' does not exist\n", 6),
        ("usermod -aG mail lucia; id -nG lucia", "lucia mail\n", "", 0),
        ("usermod -c x:y lucia", "", "usermod: invalid field 'x:y'\n", 3),
        ("usermod -s /nada lucia", "", "usermod: Warning: missing or non-executable shell '/nada'\n", 0),
        ("echo lucia:clave | chpasswd; grep -c '^lucia:.6.' /etc/shadow", "1\n", "", 0),
        (
            "printf 'nadie:b\\nmal\\n' | chpasswd",
            "",
            "chpasswd: (user nadie) pam_chauthtok() failed, error:\nAuthentication token manipulation error\n\
             chpasswd: (line 1, user nadie) password not changed\nchpasswd: line 2: missing new password\n",
            1,
        ),
        ("userdel lucia; getent passwd lucia; ls -d /home/lucia; getent group lucia", "/home/lucia\n", "", 2),
        ("userdel lucia", "", "userdel: user 'lucia' does not exist\n", 6),
        (
            "groupadd ventas; getent group ventas; groupadd -r sis; getent group sis",
            "ventas:x:5001:\nsis:x:996:\n",
            "",
            0,
        ),
        ("groupadd ventas", "", "groupadd: group 'ventas' already exists\n", 9),
        ("groupadd -g 1001 otro", "", "groupadd: GID '1001' already exists\n", 4),
        ("groupadd a:b", "", "groupadd: 'a:b' is not a valid group name\n", 3),
        ("gpasswd -a maria mail; getent group mail", "Adding user maria to group mail\nmail:x:8:maria\n", "", 0),
        ("gpasswd -d maria mail", "Removing user maria from group mail\n", "", 0),
        (
            "gpasswd -d maria mail",
            "Removing user maria from group mail\n",
            "gpasswd: user 'maria' is not a member of 'mail'\n",
            3,
        ),
        ("gpasswd -a maria nada", "", "gpasswd: group 'nada' does not exist in /etc/group\n", 3),
        ("groupdel ventas; groupdel sis; groupdel ventas", "", "groupdel: group 'ventas' does not exist\n", 6),
        ("groupdel maria", "", "groupdel: cannot remove the primary group of user 'maria'\n", 8),
        (
            "sudo -u maria /usr/sbin/groupadd x",
            "",
            "groupadd: Permission denied.\ngroupadd: cannot lock /etc/group; try again later.\n",
            10,
        ),
    ] {
        check(&mut m, line, out, err, status);
    }
}

fn host() -> Machine {
    Machine::new(hosts::base_world(Time::from_civil(2026, 11, 24, 10, 0, 0), Chance::new(1)))
}

fn check(m: &mut Machine, line: &str, out: &str, err: &str, status: i32) {
    let (o, e, s) = m.run_captured(line);
    assert_eq!(
        (String::from_utf8_lossy(&o).as_ref(), String::from_utf8_lossy(&e).as_ref(), s),
        (out, err, status),
        "{line}"
    );
}

#[test]
fn passwords_are_set_locked_and_shown() {
    let mut m = host();
    for (line, out, err, status) in [
        (
            "useradd zz; passwd -u zz",
            "",
            "passwd: unlocking the password would result in a passwordless account.\nYou should set a password with usermod -p to unlock the password of this account.\n",
            3,
        ),
        ("passwd -S zz", "zz L 2026-11-24 0 99999 7 -1\n", "", 0),
        ("passwd -d zz; passwd -S zz", "zz NP 2026-11-24 0 99999 7 -1\n", "passwd: password changed.\n", 0),
        ("passwd -e zz; passwd -S zz", "zz NP 1970-01-01 0 99999 7 -1\n", "passwd: password changed.\n", 0),
        (
            "printf 'a\\na\\n' | passwd zz",
            "",
            "New password: Retype new password: passwd: password updated successfully\n",
            0,
        ),
        ("passwd -l zz; passwd -S zz", "zz L 2026-11-24 0 99999 7 -1\n", "passwd: password changed.\n", 0),
        ("passwd -lq zz; passwd -uq zz; passwd -S zz", "zz P 2026-11-24 0 99999 7 -1\n", "", 0),
        (
            "printf 'a\\nb\\n' | passwd zz",
            "",
            "New password: Retype new password: Sorry, passwords do not match.\npasswd: Authentication token manipulation error\npasswd: password unchanged\n",
            10,
        ),
        (
            "passwd zz < /dev/null",
            "",
            "New password: Password change has been aborted.\npasswd: Authentication token manipulation error\npasswd: password unchanged\n",
            10,
        ),
        ("passwd nadie", "", "passwd: user 'nadie' does not exist\n", 1),
        ("sudo -u maria passwd -S juan", "", "passwd: You may not view or modify password information for juan.\n", 1),
        ("sudo -u maria passwd -l maria", "", "passwd: Permission denied.\n", 1),
        (
            "printf 'nueva\\nnueva\\n' | passwd maria; doveadm auth test maria nueva | head -1",
            "passdb: maria auth succeeded\n",
            "New password: Retype new password: passwd: password updated successfully\n",
            0,
        ),
    ] {
        check(&mut m, line, out, err, status);
    }
}

#[test]
fn su_asks_for_the_password_of_the_account() {
    let mut m = host();
    let refused = "Password: su: Authentication failure\n";
    for (line, out, err, status) in [
        (
            "echo clave-juan | su maria -c 'su juan -c id'",
            "uid=1002(juan) gid=1002(juan) groups=1002(juan)\n",
            "Password: ",
            0,
        ),
        ("echo mala | su maria -c 'su juan -c id'", "", refused, 1),
        ("su maria -c 'su juan -c id' < /dev/null", "", refused, 1),
        ("echo clave-root | su maria -c 'su -'", "", refused, 1),
        (
            "echo x | su maria -c 'su nadie'",
            "",
            "su: user nadie does not exist or the user entry does not contain all the required fields\n",
            1,
        ),
        ("su maria -c id", "uid=1001(maria) gid=1001(maria) groups=1001(maria)\n", "", 0),
    ] {
        check(&mut m, line, out, err, status);
    }
}

#[test]
fn adduser_says_what_it_does() {
    let mut m = host();
    let made = "Adding user `lucia' ...\nAdding new group `lucia' (1000) ...\nAdding new user `lucia' (1000) with group `lucia (1000)' ...\n\
                Creating home directory `/home/lucia' ...\nCopying files from `/etc/skel' ...\n";
    let extra = "Adding new user `lucia' to supplemental / extra groups `users' ...\nAdding user `lucia' to group `users' ...\n";
    for (line, out, err, status) in [
        (
            "printf 'c\\nc\\nLucia Perez\\n\\n\\n\\n\\ny\\n' | adduser lucia",
            format!("{made}Changing the user information for lucia\nEnter the new value, or press ENTER for the default\n{extra}"),
            "New password: Retype new password: passwd: password updated successfully\n\tFull Name []: \tRoom Number []: \
             \tWork Phone []: \tHome Phone []: \tOther []: Is the information correct? [Y/n] ",
            0,
        ),
        ("getent passwd lucia; stat -c %a /home/lucia", "lucia:x:1000:1000:Lucia Perez,,,:/home/lucia:/bin/bash\n700\n".into(), "", 0),
        ("adduser lucia", String::new(), "adduser: The user `lucia' already exists.\n", 1),
        ("adduser lucia mail", "Adding user `lucia' to group `mail' ...\nDone.\n".into(), "", 0),
        ("adduser lucia mail", String::new(), "adduser: The user `lucia' is already a member of `mail'.\n", 0),
        ("adduser lucia nada", String::new(), "adduser: The group `nada' does not exist.\n", 1),
        ("deluser lucia mail", "Removing user `lucia' from group `mail' ...\nDone.\n".into(), "", 0),
        ("deluser lucia mail", String::new(), "deluser: The user `lucia' is not a member of group `mail'.\n", 6),
        ("deluser --remove-home lucia; ls /home", "Looking for files to backup/remove ...\nRemoving files ...\nRemoving user `lucia' ...\nDone.\nana\njuan\nmaria\n".into(), "", 0),
        ("deluser lucia", String::new(), "deluser: The user `lucia' does not exist.\n", 2),
        ("adduser --disabled-password --gecos '' lucia; getent passwd lucia", format!("{made}{extra}lucia:x:1000:1000:,,,:/home/lucia:/bin/bash\n"), "", 0),
        ("addgroup ventas", "Adding group `ventas' (GID 1004) ...\nDone.\n".into(), "", 0),
        ("addgroup ventas", String::new(), "addgroup: The group `ventas' already exists.\n", 1),
        ("delgroup ventas", "Removing group `ventas' ...\nDone.\n".into(), "", 0),
        ("delgroup ventas", String::new(), "delgroup: The group `ventas' does not exist.\n", 3),
        ("delgroup mail", "Removing group `mail' ...\n".into(), "groupdel: cannot remove the primary group of user 'mail'\ndelgroup: `/sbin/groupdel mail' returned error code 8. Exiting.\n", 1),
        ("adduser", String::new(), "adduser: Only one or two names allowed.\n", 1),
    ] {
        check(&mut m, line, &out, err, status);
    }
}
