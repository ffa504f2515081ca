//! Programs on files: ls, cp, mv, chmod, find, df, du….

mod copy;
mod disk;
mod find;
pub mod gzip;
mod ls;
mod mode;
mod owner;
mod path;
mod remove;
pub mod show;
mod stat;
mod tar;
mod view;
mod walk;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!(
        "basename",
        "/usr/bin/basename",
        "strip directory and suffix from filenames",
        &["-a", "-s"],
        path::basename
    ),
    program!("chgrp", "/usr/bin/chgrp", "change group ownership", &["-R", "-v", "-c", "-h"], owner::chown),
    program!("chmod", "/usr/bin/chmod", "change file mode bits", &["-R", "-v", "-c", "--reference="], mode::chmod),
    program!(
        "chown",
        "/usr/bin/chown",
        "change file owner and group",
        &["-R", "-v", "-c", "-h", "--reference=", "--from="],
        owner::chown
    ),
    program!(
        "cp",
        "/usr/bin/cp",
        "copy files and directories",
        &["-a", "-r", "-R", "-p", "-v", "-i", "-f", "-n", "-u", "-t"],
        copy::cp::cp
    ),
    program!("dd", "/usr/bin/dd", "convert and copy a file", &["if=", "of=", "bs=", "count="], path::dd),
    program!("df", "/usr/bin/df", "report file system space usage", &["-h", "-i", "-T", "-P", "-t"], disk::df),
    program!("dirname", "/usr/bin/dirname", "strip last component from file name", &[], path::dirname),
    program!(
        "du",
        "/usr/bin/du",
        "estimate file space usage",
        &["-s", "-h", "-a", "-b", "-c", "-d", "--max-depth="],
        disk::du
    ),
    program!("editor", "/usr/bin/editor", "Nano's ANOther editor, inspired by Pico", &[], view::edit),
    program!("file", "/usr/bin/file", "determine file type", &["-b", "-i", "-L"], path::file),
    program!(
        "find",
        "/usr/bin/find",
        "search for files in a directory hierarchy",
        &[
            "-name",
            "-type",
            "-mtime",
            "-mmin",
            "-size",
            "-perm",
            "-user",
            "-group",
            "-newer",
            "-exec",
            "-delete",
            "-print",
            "-printf",
            "-maxdepth",
            "-mindepth",
            "-empty",
            "-ls"
        ],
        find::find
    ),
    program!("gunzip", "/usr/bin/gunzip", "compress or expand files", &["-c", "-k"], gzip::gzip),
    program!("gzip", "/usr/bin/gzip", "compress or expand files", &["-c", "-d", "-k", "-f", "-l"], gzip::gzip),
    program!(
        "install",
        "/usr/bin/install",
        "copy files and set attributes",
        &["-d", "-m", "-o", "-g", "-D", "-v"],
        copy::install::install
    ),
    program!("less", "/usr/bin/less", "opposite of more", &["-N", "-S", "-R", "+G", "+F"], view::less),
    program!("ln", "/usr/bin/ln", "make links between files", &["-s", "-f", "-n", "-v", "-r"], copy::ln::ln),
    program!(
        "ls",
        "/usr/bin/ls",
        "list directory contents",
        &["-l", "-a", "-A", "-h", "-R", "-t", "-S", "-r", "-d", "-i", "-1", "-n", "-F", "--color=auto"],
        ls::ls
    ),
    program!("mkdir", "/usr/bin/mkdir", "make directories", &["-p", "-m", "-v"], remove::mkdir),
    program!("mktemp", "/usr/bin/mktemp", "create a temporary file or directory", &["-d", "-u"], remove::mktemp),
    program!("more", "/usr/bin/more", "display the contents of a file in a terminal", &[], view::less),
    program!("mount", "/usr/bin/mount", "mount a filesystem", &["-o", "-t", "-l"], disk::mount),
    program!("umount", "/usr/bin/umount", "unmount filesystems", &[], disk::umount),
    program!("mv", "/usr/bin/mv", "move (rename) files", &["-i", "-f", "-n", "-v", "-u"], copy::mv::mv),
    program!("nano", "/usr/bin/nano", "Nano's ANOther editor, inspired by Pico", &[], view::edit),
    program!("pwd", "/usr/bin/pwd", "print name of current/working directory", &["-L", "-P"], path::pwd),
    program!(
        "readlink",
        "/usr/bin/readlink",
        "print resolved symbolic links or canonical file names",
        &["-f", "-e", "-m"],
        path::readlink
    ),
    program!(
        "realpath",
        "/usr/bin/realpath",
        "print the resolved path",
        &["-e", "-m", "--relative-to="],
        path::realpath
    ),
    program!("rm", "/usr/bin/rm", "remove files or directories", &["-r", "-f", "-i", "-v", "-d"], remove::rm),
    program!("rmdir", "/usr/bin/rmdir", "remove empty directories", &["-p", "-v"], remove::rmdir),
    program!(
        "stat",
        "/usr/bin/stat",
        "display file or file system status",
        &["-c", "-L", "-f", "--format="],
        stat::stat
    ),
    program!("sync", "/usr/bin/sync", "Synchronize cached writes to persistent storage", &[], disk::sync),
    program!("tar", "/usr/bin/tar", "an archiving utility", &["-c", "-x", "-t", "-z", "-v", "-f", "-C"], tar::tar),
    program!("touch", "/usr/bin/touch", "change file timestamps", &["-d", "-t", "-r", "-c"], remove::touch),
    program!(
        "truncate",
        "/usr/bin/truncate",
        "shrink or extend the size of a file to the specified size",
        &["-s"],
        remove::truncate
    ),
    program!("unlink", "/usr/bin/unlink", "call the unlink function to remove the specified file", &[], remove::unlink),
    program!("vi", "/usr/bin/vi", "Vi IMproved, a programmer's text editor", &[], view::edit),
    program!("view", "/usr/bin/view", "Vi IMproved, a programmer's text editor", &[], view::edit),
    program!("vim", "/usr/bin/vim", "Vi IMproved, a programmer's text editor", &[], view::edit),
    program!("zcat", "/usr/bin/zcat", "compress or expand files", &[], gzip::gzip),
    program!(
        "zgrep",
        "/usr/bin/zgrep",
        "search possibly compressed files for a regular expression",
        &["-i", "-c", "-h"],
        gzip::zgrep
    ),
    program!("zless", "/usr/bin/zless", "file perusal filter for crt viewing of compressed text", &[], view::less),
    program!("zmore", "/usr/bin/zmore", "file perusal filter for crt viewing of compressed text", &[], view::less),
];
