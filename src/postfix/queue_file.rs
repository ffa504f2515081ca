//! Queue ids and queue files.

use crate::host::Host;

/// A new queue id, unique on this host: microseconds and inode in hexadecimal, or the long form with
/// `enable_long_queue_ids`.
pub fn new_id(host: &mut Host, long: bool) -> String {
    let ino = host.fs.reserve_ino();
    let now = host.now;
    if long {
        return format!(
            "{}{}z{}",
            base52(now.secs() as u64, 6),
            base52(u64::from(now.subsec_micros()), 4),
            base51(ino)
        );
    }
    format!("{:05X}{ino:X}", now.subsec_micros())
}

const DIGITS: &[u8] = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

fn digits(mut n: u64, base: u64, width: usize) -> String {
    let mut out = Vec::new();
    while n > 0 || out.len() < width.max(1) {
        out.push(DIGITS[(n % base) as usize]);
        n /= base;
    }
    out.reverse();
    String::from_utf8_lossy(&out).into_owned()
}

fn base52(n: u64, width: usize) -> String {
    digits(n, 52, width)
}

/// The inode part: base 51, so that the separator `z` cannot occur in it.
fn base51(n: u64) -> String {
    digits(n, 51, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Time};

    #[test]
    fn ids_are_short_hex_or_long() {
        let mut h = Host::new("mail", "mail.ejemplo.com", Time(1_795_488_000_012_345), Chance::new(1));
        assert_eq!(new_id(&mut h, false), "0303920000");
        let long = new_id(&mut h, true);
        assert!(long.contains('z') && long.len() >= 12, "{long}");
    }
}
