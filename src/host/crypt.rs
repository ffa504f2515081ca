//! crypt(3): hashed passwords of /etc/shadow and of Dovecot's passwd-files.
//!
//! SHA-256 and SHA-512 crypt (`$5$`, `$6$`) as Ulrich Drepper specified them. Left out: yescrypt, bcrypt, MD5 and DES; a
//! hash of those kinds verifies nothing.

use sha2::{Digest, Sha256, Sha512};
use std::cell::RefCell;
use std::collections::BTreeMap;

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The order in which the digest's bytes are written out, three at a time.
const ORDER_256: [usize; 32] = [
    0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29, 31,
    30,
];

fn order_512() -> Vec<usize> {
    let (mut a, mut b, mut c) = (0, 21, 42);
    let mut out = Vec::with_capacity(64);
    for _ in 0..21 {
        out.extend([a, b, c]);
        (a, b, c) = (b + 1, c + 1, a + 1);
    }
    out.push(63);
    out
}

fn encode(digest: &[u8], order: &[usize]) -> String {
    let mut out = String::new();
    let mut put = |mut v: u32, n: usize| {
        for _ in 0..n {
            out.push(char::from(ALPHABET[(v & 63) as usize]));
            v >>= 6;
        }
    };
    for g in order.chunks(3) {
        let at = |i: usize| u32::from(digest[g[i]]);
        match g.len() {
            3 => put(at(0) << 16 | at(1) << 8 | at(2), 4),
            2 => put(at(0) << 8 | at(1), 3),
            _ => put(at(0), 2),
        }
    }
    out
}

fn rounds<D: Digest>(password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
    let hash = |parts: &[&[u8]]| -> Vec<u8> {
        let mut h = D::new();
        for p in parts {
            h.update(p);
        }
        h.finalize().to_vec()
    };
    let b = hash(&[password, salt, password]);
    let size = b.len();
    let mut a = D::new();
    a.update(password);
    a.update(salt);
    let mut left = password.len();
    while left > 0 {
        a.update(&b[..left.min(size)]);
        left = left.saturating_sub(size);
    }
    let mut n = password.len();
    while n > 0 {
        if n & 1 == 1 {
            a.update(&b);
        } else {
            a.update(password);
        }
        n >>= 1;
    }
    let mut digest = a.finalize().to_vec();
    let stretch = |source: Vec<u8>, len: usize| -> Vec<u8> { source.iter().copied().cycle().take(len).collect() };
    let p = stretch(hash(&vec![password; password.len()]), password.len());
    let s = stretch(hash(&vec![salt; 16 + usize::from(digest[0])]), salt.len());
    let mut round = Vec::with_capacity(size + 2 * p.len() + s.len());
    for i in 0..rounds {
        round.clear();
        round.extend_from_slice(if i % 2 == 1 { &p } else { &digest });
        if i % 3 != 0 {
            round.extend_from_slice(&s);
        }
        if i % 7 != 0 {
            round.extend_from_slice(&p);
        }
        round.extend_from_slice(if i % 2 == 1 { &digest } else { &p });
        digest.copy_from_slice(&D::digest(&round));
    }
    digest
}

/// Hashes of this thread so far: a case's clients log in again and again, and thousands of rounds are dear.
const REMEMBERED: usize = 256;

thread_local! {
    static KNOWN: RefCell<BTreeMap<(String, String), String>> = const { RefCell::new(BTreeMap::new()) };
}

/// Hashes a password by a setting such as `$6$salt` or a whole hash; `None` for a method that the model lacks.
pub fn crypt(password: &str, setting: &str) -> Option<String> {
    let (id, rest) = setting.strip_prefix('$')?.split_once('$')?;
    let (count, shown, rest) = match rest.strip_prefix("rounds=").and_then(|r| r.split_once('$')) {
        Some((n, r)) => {
            let n = n.parse::<u32>().ok()?.clamp(1000, 100_000);
            (n, format!("rounds={n}$"), r)
        }
        None => (5000, String::new(), rest),
    };
    let salt: String = rest.split('$').next().unwrap_or("").chars().take(16).collect();
    let (pw, sa) = (password.as_bytes(), salt.as_bytes());
    if pw.len() > 512 {
        return None;
    }
    let key = (password.to_owned(), format!("${id}${shown}{salt}"));
    if let Some(known) = KNOWN.with_borrow(|k| k.get(&key).cloned()) {
        return Some(known);
    }
    let hash = match id {
        "5" => encode(&rounds::<Sha256>(pw, sa, count), &ORDER_256),
        "6" => encode(&rounds::<Sha512>(pw, sa, count), &order_512()),
        _ => return None,
    };
    let whole = format!("{}${hash}", key.1);
    KNOWN.with_borrow_mut(|k| {
        if k.len() >= REMEMBERED {
            k.clear();
        }
        k.insert(key, whole.clone());
    });
    Some(whole)
}

/// Whether a password fits a hash.
pub fn verify(password: &str, hash: &str) -> bool {
    crypt(password, hash).is_some_and(|h| h == hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the specification, as `openssl passwd` answers them.
    #[test]
    fn drepper_vectors() {
        for (setting, password, expected) in [
            ("$5$saltstring", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
            (
                "$6$saltstring",
                "Hello world!",
                "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
            ),
        ] {
            assert_eq!(crypt(password, setting).as_deref(), Some(expected));
            assert!(verify(password, expected));
            assert!(!verify("Hello world", expected));
        }
    }
}
