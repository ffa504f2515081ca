//! Keyed chance: a value is a hash of seed, stream and entity, never the next draw of a sequence.
//!
//! So two worlds that differ by a patch agree on everything that the patch does not touch (invariant 11).

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;

/// The source of all chance in a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chance {
    pub seed: u64,
}

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance { seed }
    }
    /// A uniform 64-bit value for this stream and entity.
    pub fn value(self, stream: &str, entity: &str) -> u64 {
        let mut h = SipHasher13::new_with_keys(self.seed, stream.len() as u64);
        h.write(stream.as_bytes());
        h.write(entity.as_bytes());
        h.finish()
    }
    /// Uniform in `low..=high`.
    pub fn between(self, stream: &str, entity: &str, low: i64, high: i64) -> i64 {
        if high <= low {
            return low;
        }
        let span = (high - low) as u64 + 1;
        low + ((u128::from(self.value(stream, entity)) * u128::from(span)) >> 64) as i64
    }
    /// A generator for whoever needs many values for one entity (shuffles, texts).
    pub fn rng(self, stream: &str, entity: &str) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.value(stream, entity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_key_same_value_and_in_range() {
        let c = Chance::new(7);
        assert_eq!(c.value("a", "b"), Chance::new(7).value("a", "b"));
        assert_ne!(c.value("a", "b"), c.value("ab", ""));
        for i in 0..200 {
            let v = c.between("x", &i.to_string(), -3, 4);
            assert!((-3..=4).contains(&v));
        }
    }
}
