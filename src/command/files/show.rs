//! How a file's attributes are written: mode string, sizes for people, dates, names of users, kinds.

use crate::base::Time;
use crate::base::time::{Civil, MONTHS};
use crate::host::fs::{Kind, Node};

/// `-rw-r--r--`.
pub fn mode_string(n: &Node) -> String {
    let mut s = String::from(type_letter(n));
    s += &permissions(n.mode);
    s
}

/// The nine letters of a mode, with setuid, setgid and sticky.
pub fn permissions(mode: u32) -> String {
    let mut out = String::new();
    for (shift, special, on, off) in [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')] {
        let bits = (mode >> shift) & 7;
        out.push(if bits & 4 != 0 { 'r' } else { '-' });
        out.push(if bits & 2 != 0 { 'w' } else { '-' });
        out.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => on,
            (true, false) => off,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    out
}

/// The letter of `ls -l`.
pub fn type_letter(n: &Node) -> char {
    match n.kind {
        Kind::File(_) => '-',
        Kind::Dir(_) => 'd',
        Kind::Symlink(_) => 'l',
        Kind::Socket => 's',
        Kind::Fifo => 'p',
        Kind::Device(_) => 'c',
    }
}

/// The words of stat(1) and rm(1).
pub fn type_words(n: &Node) -> &'static str {
    match &n.kind {
        Kind::File(b) if b.is_empty() => "regular empty file",
        Kind::File(_) => "regular file",
        Kind::Dir(_) => "directory",
        Kind::Symlink(_) => "symbolic link",
        Kind::Socket => "socket",
        Kind::Fifo => "fifo",
        Kind::Device(_) => "character special file",
    }
}

/// The type bits of st_mode.
pub fn type_bits(n: &Node) -> u32 {
    match n.kind {
        Kind::File(_) => 0o100_000,
        Kind::Dir(_) => 0o040_000,
        Kind::Symlink(_) => 0o120_000,
        Kind::Socket => 0o140_000,
        Kind::Fifo => 0o010_000,
        Kind::Device(_) => 0o020_000,
    }
}

/// Major and minor of a device.
pub fn device(name: &str) -> (u32, u32) {
    match name {
        "null" => (1, 3),
        "zero" => (1, 5),
        "full" => (1, 7),
        "random" => (1, 8),
        "urandom" => (1, 9),
        "tty" => (5, 0),
        "console" => (5, 1),
        _ => (136, 0),
    }
}

/// `4.0K`, `95K`, `1.2M`: rounded up, as `ls -h` does.
pub fn human(n: u64) -> String {
    const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];
    if n < 1024 {
        return n.to_string();
    }
    let (mut unit, mut scale) = (0, 1u64);
    while unit < 6 && n / scale >= 1024 {
        scale <<= 10;
        unit += 1;
    }
    loop {
        let tenths = (u128::from(n) * 10).div_ceil(u128::from(scale));
        if tenths < 100 {
            return format!("{}.{}{}", tenths / 10, tenths % 10, UNITS[unit]);
        }
        let whole = n.div_ceil(scale);
        if whole < 1024 || unit == 6 {
            return format!("{whole}{}", UNITS[unit]);
        }
        scale <<= 10;
        unit += 1;
    }
}

/// Half a year, as ls has it.
const RECENT: i64 = 31_556_952 / 2;

/// The date of `ls -l`: the time for the last half year, else the year.
pub fn ls_date(t: Time, now: Time) -> String {
    let c = t.civil();
    let month = MONTHS[c.month as usize - 1];
    let age = now.secs() - t.secs();
    if (0..RECENT).contains(&age) || (age < 0 && t.secs() == now.secs()) {
        format!("{month} {:2} {:02}:{:02}", c.day, c.hour, c.minute)
    } else {
        format!("{month} {:2}  {}", c.day, c.year)
    }
}

/// `2026-11-20 12:00:00.000000000 +0000`.
pub fn full_date(t: Time) -> String {
    let Civil { year, month, day, hour, minute, second, micro, .. } = t.civil();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{micro:06}000 +0000")
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_for_people() {
        for (n, expected) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (2693, "2.7K"),
            (10_240, "10K"),
            (10_137, "9.9K"),
            (10_140, "10K"),
            (97_171, "95K"),
            (1_048_575, "1.0M"),
            (20 << 30, "20G"),
        ] {
            assert_eq!(super::human(n), expected, "{n}");
        }
    }
}
