//! Identifiers that Dovecot makes: session ids, mail GUIDs.
//!
//! Their layout is the real one (time, pid, host; or time, port, address); what chance gives is keyed.

use crate::base::Time;
use crate::host::Host;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::net::IpAddr;

/// The part of a GUID that names the host.
const HOST: [u8; 4] = [0x98, 0xc4, 0x5d, 0x7b];

/// `guid_128_generate()`: nanoseconds, seconds, pid, host.
pub fn guid(host: &Host, pid: u32, what: &str) -> [u8; 16] {
    let t = host.now;
    let nanos = t.subsec_micros() * 1000 + host.chance.between("dovecot-guid", what, 0, 999) as u32;
    let mut out = [0; 16];
    out[..4].copy_from_slice(&nanos.to_le_bytes());
    out[4..8].copy_from_slice(&(t.secs() as u32).to_le_bytes());
    out[8..12].copy_from_slice(&pid.to_le_bytes());
    out[12..].copy_from_slice(&HOST);
    out
}

/// A GUID in hexadecimal, as mailboxes have it.
pub fn guid_hex(host: &Host, pid: u32, what: &str) -> String {
    guid(host, pid, what).iter().map(|b| format!("{b:02x}")).collect()
}

/// A GUID in base64, as LMTP sessions have it.
pub fn guid_base64(host: &Host, pid: u32, what: &str) -> String {
    STANDARD_NO_PAD.encode(guid(host, pid, what))
}

/// The session id of a login connection: the time's lowest 48 bits, the client's port and address.
pub fn login_session(at: Time, port: u16, ip: IpAddr) -> String {
    let mut b: Vec<u8> = at.0.to_le_bytes()[..6].to_vec();
    b.extend(port.to_le_bytes());
    match ip {
        IpAddr::V4(v4) => b.extend(v4.octets()),
        IpAddr::V6(v6) => b.extend(v6.octets()),
    }
    STANDARD_NO_PAD.encode(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From a capture whose login was logged eight seconds later; the port is the one that the id names.
    #[test]
    fn login_session_has_the_real_layout() {
        let id = "dX/AWP1gYK3AAAIy";
        let b = STANDARD_NO_PAD.decode(id).unwrap();
        let mut t = [0; 8];
        t[..6].copy_from_slice(&b[..6]);
        let at = Time(i64::from_le_bytes(t) | (Time::from_civil(2026, 11, 24, 0, 0, 0).0 & !0xffff_ffff_ffff));
        let port = u16::from_le_bytes([b[6], b[7]]);
        assert_eq!(login_session(at, port, "192.0.2.50".parse().unwrap()), id);
        assert_eq!(at.syslog(), "Nov 24 03:31:32");
    }
}
