//! A file told by its differences from another: the files of a queue are much alike, and a long queue is many of them.
//!
//! The form: how many bytes are new, these bytes, how many follow that stand in the other file, and where; again until
//! the file is complete. Numbers have seven bits a byte, low ones first. A place is told by its distance from where
//! reading on would be, so a line that differs in a few digits costs little.

use std::sync::Arc;

/// Fewer common bytes than this are not worth telling.
const WORTH: usize = 5;

/// So many bytes are looked for elsewhere in the other file.
const WORD: usize = 8;

/// Files longer than this are not looked at.
const LONG: usize = 64 * 1024;

/// So many files are kept to compare others with.
const MODELS: usize = 8;

/// A file by its differences from another.
#[derive(Clone, Debug)]
pub(super) struct Differences {
    of: Arc<Vec<u8>>,
    told: Box<[u8]>,
    len: usize,
}

impl Differences {
    pub(super) fn len(&self) -> usize {
        self.len
    }
    /// The file itself.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let (mut out, mut told, mut place) = (Vec::with_capacity(self.len), &*self.told, 0);
        while out.len() < self.len && !told.is_empty() {
            let n = number(&mut told).min(told.len());
            let (new, rest) = told.split_at(n);
            out.extend_from_slice(new);
            told = rest;
            let (common, moved) = (number(&mut told), number(&mut told));
            place += new.len();
            place = if moved & 1 == 0 { place.wrapping_add(moved >> 1) } else { place.wrapping_sub(moved >> 1) };
            out.extend_from_slice(self.of.get(place..place + common).unwrap_or_default());
            place += common;
        }
        out
    }
}

fn number(told: &mut &[u8]) -> usize {
    let (mut n, mut shift) = (0, 0);
    while let Some((b, rest)) = told.split_first() {
        *told = rest;
        n |= usize::from(b & 0x7f) << shift;
        shift += 7;
        if b & 0x80 == 0 {
            break;
        }
    }
    n
}

fn put_number(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push((n & 0x7f) as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// How many bytes both begin with.
fn common(a: &[u8], b: &[u8]) -> usize {
    let words = a.chunks_exact(WORD).zip(b.chunks_exact(WORD)).take_while(|(x, y)| x == y).count() * WORD;
    words + a[words..].iter().zip(&b[words..]).take_while(|(x, y)| x == y).count()
}

/// The word at a place.
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + WORD).and_then(|w| w.try_into().ok()).map(u64::from_le_bytes)
}

/// A file that others are compared with, and where its words stand.
#[derive(Debug)]
struct Model {
    bytes: Arc<Vec<u8>>,
    /// By hash of the word: its place and one.
    places: Vec<u32>,
}

impl Model {
    fn new(bytes: Arc<Vec<u8>>) -> Model {
        let mut places = vec![0; bytes.len().next_power_of_two()];
        for at in 0..bytes.len() {
            if let Some(w) = word(&bytes, at) {
                let slot = slot(w, places.len());
                places[slot] = at as u32 + 1;
            }
        }
        Model { bytes, places }
    }
    /// Where that word stands, if it does.
    fn find(&self, w: u64) -> Option<usize> {
        let at = (self.places[slot(w, self.places.len())] as usize).checked_sub(1)?;
        (word(&self.bytes, at) == Some(w)).then_some(at)
    }
    /// The differences of a file, when telling them takes no more than `most` bytes.
    fn differences(&self, data: &[u8], most: usize) -> Option<Box<[u8]>> {
        let of = &self.bytes[..];
        let mut out = Vec::with_capacity(most);
        // What is new begins there, and there the other file would go on.
        let (mut new, mut place, mut at) = (0, 0, 0);
        while at < data.len() {
            let straight = place + at - new;
            let mut found = (straight, of.get(straight..).map_or(0, |o| common(o, &data[at..])));
            if found.1 < WORTH
                && let Some(p) = word(data, at).and_then(|w| self.find(w))
            {
                found = (p, common(&of[p..], &data[at..]));
            }
            if found.1 < WORTH && at + found.1 < data.len() {
                at += 1;
            } else {
                put_number(&mut out, at - new);
                out.extend_from_slice(&data[new..at]);
                put_number(&mut out, found.1);
                let back = found.0 < straight;
                put_number(&mut out, found.0.abs_diff(straight) << 1 | usize::from(back));
                at += found.1;
                (new, place) = (at, found.0 + found.1);
            }
            if out.len() + at - new > most {
                return None;
            }
        }
        put_number(&mut out, at - new);
        out.extend_from_slice(&data[new..]);
        (out.len() <= most).then(|| out.into())
    }
}

fn slot(word: u64, slots: usize) -> usize {
    (word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize & (slots - 1)
}

/// The files that others are compared with, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Models {
    known: Vec<Arc<Model>>,
}

impl Models {
    /// The differences of a file from the known one that is nearest in length. When they are most of it there are none,
    /// and the file is known from now on.
    pub(super) fn tell(&mut self, data: &Arc<Vec<u8>>) -> Option<Differences> {
        if data.len() > LONG || data.len() < 2 * size_of::<Differences>() {
            return None;
        }
        let near = self.known.iter().min_by_key(|m| m.bytes.len().abs_diff(data.len()));
        let most = data.len() / 4 * 3 - size_of::<Differences>();
        if let Some((m, told)) = near.and_then(|m| m.differences(data, most).map(|d| (m, d))) {
            return Some(Differences { of: m.bytes.clone(), told, len: data.len() });
        }
        if self.known.len() >= MODELS {
            self.known.remove(0);
        }
        self.known.push(Arc::new(Model::new(data.clone())));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn files_that_differ_in_numbers_take_little() {
        let file = |n: usize| {
            let id = n * 7919;
            Arc::new(
                format!("{id:X} {n} a@b.c {} {}\n{}", id % 1000, "x".repeat(n % 5), "some text ".repeat(80))
                    .into_bytes(),
            )
        };
        let mut models = Models::default();
        assert!(models.tell(&file(0)).is_none());
        for n in 1..200 {
            let told = models.tell(&file(n)).unwrap();
            assert!(told.told.len() < 40, "{}", told.told.len());
            assert_eq!((told.len(), told.bytes()), (file(n).len(), file(n).to_vec()));
        }
    }

    proptest! {
        #[test]
        fn any_file_comes_back(a in "[ab]{0,300}", b in "[abc]{0,300}", c in proptest::collection::vec(any::<u8>(), 0..200)) {
            let of = Arc::new([a.as_bytes(), &c, b.as_bytes()].concat());
            let model = Model::new(of.clone());
            for data in [[b.as_bytes(), a.as_bytes(), &c].concat(), [&c, &c[..], a.as_bytes()].concat(), a.clone().into_bytes()] {
                let told = model.differences(&data, usize::MAX >> 40).unwrap();
                prop_assert_eq!(Differences { of: of.clone(), told, len: data.len() }.bytes(), data);
            }
        }
    }
}
