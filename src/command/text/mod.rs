//! Text filters: cat, grep, sed, awk, sort and the rest of coreutils that work on lines.

mod awk;
mod cat;
mod cksum;
mod cmp;
mod diff;
mod dump;
mod fields;
mod fold;
pub mod glob;
mod grep;
pub mod head;
pub mod regex;
mod sed;
mod shuf;
pub mod sort;
pub mod sums;
mod tr;
mod wc;
pub mod width;

use super::Program;
use crate::program;

/// The programs of this family, by name.
pub const PROGRAMS: &[Program] = &[
    program!("awk", "/usr/bin/awk", "pattern scanning and text processing language", &["-F", "-v", "-f"], awk::awk),
    program!("mawk", "/usr/bin/mawk", "pattern scanning and text processing language", &["-F", "-v", "-f"], awk::awk),
    program!(
        "base64",
        "/usr/bin/base64",
        "base64 encode/decode data and print to standard output",
        &["-d", "-w", "--decode"],
        sums::base64
    ),
    program!(
        "cat",
        "/usr/bin/cat",
        "concatenate files and print on the standard output",
        &["-A", "-n", "-b", "-s", "-T", "-v", "-E"],
        cat::cat
    ),
    program!("cksum", "/usr/bin/cksum", "compute and verify file checksums", &[], cksum::cksum),
    program!("cmp", "/usr/bin/cmp", "compare two files byte by byte", &["-l", "-s", "-n"], cmp::cmp),
    program!("column", "/usr/bin/column", "columnate lists", &["-t", "-s", "-o", "-N"], fields::column),
    program!(
        "comm",
        "/usr/bin/comm",
        "compare two sorted files line by line",
        &["-1", "-2", "-3", "-12", "-23"],
        fields::comm
    ),
    program!(
        "cut",
        "/usr/bin/cut",
        "remove sections from each line of files",
        &["-d", "-f", "-c", "-b", "-s", "--complement", "--output-delimiter="],
        fields::cut
    ),
    program!(
        "diff",
        "/usr/bin/diff",
        "compare files line by line",
        &["-u", "-r", "-q", "-i", "-w", "-b", "-B", "-y", "-c", "--brief"],
        diff::diff
    ),
    program!("egrep", "/usr/bin/egrep", "print lines that match patterns", &[], grep::grep),
    program!("expand", "/usr/bin/expand", "convert tabs to spaces", &["-t", "-i"], fold::expand),
    program!("fgrep", "/usr/bin/fgrep", "print lines that match patterns", &[], grep::grep),
    program!("fmt", "/usr/bin/fmt", "simple optimal text formatter", &["-w"], fold::fmt),
    program!(
        "fold",
        "/usr/bin/fold",
        "wrap each input line to fit in specified width",
        &["-w", "-s", "-b"],
        fold::fold
    ),
    program!(
        "grep",
        "/usr/bin/grep",
        "print lines that match patterns",
        &[
            "-i",
            "-v",
            "-c",
            "-l",
            "-L",
            "-n",
            "-o",
            "-w",
            "-x",
            "-A",
            "-B",
            "-C",
            "-r",
            "-R",
            "-E",
            "-F",
            "-P",
            "-h",
            "-H",
            "-q",
            "-s",
            "-m",
            "-e",
            "-f",
            "--include=",
            "--exclude=",
            "--color="
        ],
        grep::grep
    ),
    program!("hd", "/usr/bin/hd", "display file contents in hexadecimal", &[], dump::hexdump),
    program!("head", "/usr/bin/head", "output the first part of files", &["-n", "-c", "-q", "-v"], head::head),
    program!(
        "hexdump",
        "/usr/bin/hexdump",
        "display file contents in hexadecimal, decimal, octal, or ascii",
        &["-C", "-n", "-s"],
        dump::hexdump
    ),
    program!(
        "join",
        "/usr/bin/join",
        "join lines of two files on a common field",
        &["-t", "-1", "-2", "-a", "-v", "-o"],
        fields::join
    ),
    program!("md5sum", "/usr/bin/md5sum", "compute and check MD5 message digest", &["-c"], sums::sum),
    program!("nl", "/usr/bin/nl", "number lines of files", &["-b", "-w", "-s"], cat::nl),
    program!("od", "/usr/bin/od", "dump files in octal and other formats", &["-c", "-A", "-t", "-x"], dump::od),
    program!("paste", "/usr/bin/paste", "merge lines of files", &["-d", "-s"], fields::paste),
    program!("rev", "/usr/bin/rev", "reverse lines characterwise", &[], cat::rev),
    program!(
        "sed",
        "/usr/bin/sed",
        "stream editor for filtering and transforming text",
        &["-n", "-i", "-e", "-E", "-f", "-r", "-s", "-z"],
        sed::sed
    ),
    program!("sha1sum", "/usr/bin/sha1sum", "compute and check SHA1 message digest", &["-c"], sums::sum),
    program!("sha256sum", "/usr/bin/sha256sum", "compute and check SHA256 message digest", &["-c"], sums::sum),
    program!("sha512sum", "/usr/bin/sha512sum", "compute and check SHA512 message digest", &["-c"], sums::sum),
    program!("shuf", "/usr/bin/shuf", "generate random permutations", &["-n", "-e", "-i"], shuf::shuf),
    program!(
        "sort",
        "/usr/bin/sort",
        "sort lines of text files",
        &["-n", "-r", "-u", "-k", "-t", "-h", "-f", "-V", "-o", "-c", "-s"],
        sort::sort
    ),
    program!("split", "/usr/bin/split", "split a file into pieces", &["-l", "-b", "-d", "-a"], fold::split),
    program!(
        "strings",
        "/usr/bin/strings",
        "print the sequences of printable characters in files",
        &["-n"],
        dump::strings
    ),
    program!("sum", "/usr/bin/sum", "checksum and count the blocks in a file", &["-r", "-s"], cksum::cksum),
    program!("tac", "/usr/bin/tac", "concatenate and print files in reverse", &[], cat::tac),
    program!(
        "tail",
        "/usr/bin/tail",
        "output the last part of files",
        &["-n", "-f", "-F", "-c", "-q", "-v", "--follow="],
        head::tail
    ),
    program!(
        "tee",
        "/usr/bin/tee",
        "read from standard input and write to standard output and files",
        &["-a"],
        wc::tee
    ),
    program!("tr", "/usr/bin/tr", "translate or delete characters", &["-d", "-s", "-c"], tr::tr),
    program!("unexpand", "/usr/bin/unexpand", "convert spaces to tabs", &["-a"], fold::unexpand),
    program!(
        "uniq",
        "/usr/bin/uniq",
        "report or omit repeated lines",
        &["-c", "-d", "-u", "-i", "-f", "-w"],
        sort::uniq
    ),
    program!(
        "wc",
        "/usr/bin/wc",
        "print newline, word, and byte counts for each file",
        &["-l", "-w", "-c", "-m", "-L"],
        wc::wc
    ),
    program!("xxd", "/usr/bin/xxd", "make a hexdump or do the reverse", &["-l", "-p", "-r", "-c"], dump::xxd),
];
