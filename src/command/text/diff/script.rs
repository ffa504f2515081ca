//! The edit script: Myers' algorithm in linear space, as in GNU diff, with runs of changes slid to the end of their range.

/// Which lines of both sides are changed.
pub(super) struct Script {
    old: Vec<bool>,
    new: Vec<bool>,
}

/// Myers' middle snake, forwards and backwards at once.
struct Myers<'a> {
    a: &'a [u32],
    b: &'a [u32],
    forward: Vec<isize>,
    backward: Vec<isize>,
    offset: isize,
    out: Script,
}

impl Myers<'_> {
    fn f(&mut self, d: isize) -> &mut isize {
        &mut self.forward[(d + self.offset) as usize]
    }
    fn g(&mut self, d: isize) -> &mut isize {
        &mut self.backward[(d + self.offset) as usize]
    }
    fn middle(&mut self, xo: isize, xl: isize, yo: isize, yl: isize) -> (isize, isize) {
        let (dmin, dmax) = (xo - yl, xl - yo);
        let (fmid, bmid) = (xo - yo, xl - yl);
        let odd = (fmid - bmid) & 1 != 0;
        let (mut fmin, mut fmax, mut bmin, mut bmax) = (fmid, fmid, bmid, bmid);
        *self.f(fmid) = xo;
        *self.g(bmid) = xl;
        loop {
            if fmin > dmin {
                fmin -= 1;
                *self.f(fmin - 1) = -1;
            } else {
                fmin += 1;
            }
            if fmax < dmax {
                fmax += 1;
                *self.f(fmax + 1) = -1;
            } else {
                fmax -= 1;
            }
            let mut d = fmax;
            while d >= fmin {
                let (lo, hi) = (*self.f(d - 1), *self.f(d + 1));
                let mut x = if lo < hi { hi } else { lo + 1 };
                let mut y = x - d;
                while x < xl && y < yl && self.a[x as usize] == self.b[y as usize] {
                    x += 1;
                    y += 1;
                }
                *self.f(d) = x;
                if odd && bmin <= d && d <= bmax && *self.g(d) <= x {
                    return (x, y);
                }
                d -= 2;
            }
            if bmin > dmin {
                bmin -= 1;
                *self.g(bmin - 1) = isize::MAX;
            } else {
                bmin += 1;
            }
            if bmax < dmax {
                bmax += 1;
                *self.g(bmax + 1) = isize::MAX;
            } else {
                bmax -= 1;
            }
            let mut d = bmax;
            while d >= bmin {
                let (lo, hi) = (*self.g(d - 1), *self.g(d + 1));
                let mut x = if lo < hi { lo } else { hi - 1 };
                let mut y = x - d;
                while xo < x && yo < y && self.a[x as usize - 1] == self.b[y as usize - 1] {
                    x -= 1;
                    y -= 1;
                }
                *self.g(d) = x;
                if !odd && fmin <= d && d <= fmax && x <= *self.f(d) {
                    return (x, y);
                }
                d -= 2;
            }
        }
    }
    fn compare(&mut self, mut xo: isize, mut xl: isize, mut yo: isize, mut yl: isize) {
        loop {
            while xo < xl && yo < yl && self.a[xo as usize] == self.b[yo as usize] {
                xo += 1;
                yo += 1;
            }
            while xo < xl && yo < yl && self.a[xl as usize - 1] == self.b[yl as usize - 1] {
                xl -= 1;
                yl -= 1;
            }
            if xo == xl {
                (yo..yl).for_each(|y| self.out.new[y as usize] = true);
                return;
            }
            if yo == yl {
                (xo..xl).for_each(|x| self.out.old[x as usize] = true);
                return;
            }
            let (x, y) = self.middle(xo, xl, yo, yl);
            self.compare(xo, x, yo, y);
            xo = x;
            yo = y;
        }
    }
}

/// Slides every run of changes as far down as equal lines allow, joining it with the next.
fn slide(changed: &mut [bool], other: &[bool], lines: &[u32]) {
    let n = changed.len();
    let (mut i, mut j) = (0, 0);
    loop {
        // To the next run, keeping step in the other file.
        while i < n && !changed[i] {
            while j < other.len() && other[j] {
                j += 1;
            }
            j += 1;
            i += 1;
        }
        if i == n {
            return;
        }
        let mut start = i;
        while i < n && changed[i] {
            i += 1;
        }
        while j < other.len() && other[j] {
            j += 1;
        }
        loop {
            let length = i - start;
            while start > 0 && lines[start - 1] == lines[i - 1] {
                start -= 1;
                changed[start] = true;
                i -= 1;
                changed[i] = false;
                while start > 0 && changed[start - 1] {
                    start -= 1;
                }
                j = j.saturating_sub(1);
                while j > 0 && other[j - 1] {
                    j -= 1;
                }
            }
            let mut corresponding = if j > 0 && other.get(j - 1).copied().unwrap_or(false) { i } else { n };
            while i < n && lines[start] == lines[i] {
                changed[start] = false;
                start += 1;
                changed[i] = true;
                i += 1;
                while i < n && changed[i] {
                    i += 1;
                }
                j += 1;
                while j < other.len() && other[j] {
                    j += 1;
                    corresponding = i;
                }
            }
            if length == i - start {
                while corresponding < i && start > 0 {
                    start -= 1;
                    changed[start] = true;
                    i -= 1;
                    changed[i] = false;
                    j = j.saturating_sub(1);
                    while j > 0 && other[j - 1] {
                        j -= 1;
                    }
                }
                break;
            }
        }
    }
}

pub(super) fn script(a: &[u32], b: &[u32]) -> Script {
    let size = a.len() + b.len() + 3;
    let mut m = Myers {
        a,
        b,
        forward: vec![0; 2 * size],
        backward: vec![0; 2 * size],
        offset: b.len() as isize + 1,
        out: Script { old: vec![false; a.len()], new: vec![false; b.len()] },
    };
    m.compare(0, a.len() as isize, 0, b.len() as isize);
    let mut s = m.out;
    slide(&mut s.old, &s.new, a);
    slide(&mut s.new, &s.old, b);
    s
}

/// A hunk: ranges of changed lines in both, from zero, end exclusive.
pub(super) type Hunk = ((usize, usize), (usize, usize));

pub(super) fn hunks(s: &Script) -> Vec<Hunk> {
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < s.old.len() || j < s.new.len() {
        let (si, sj) = (i, j);
        while i < s.old.len() && s.old[i] {
            i += 1;
        }
        while j < s.new.len() && s.new[j] {
            j += 1;
        }
        if i > si || j > sj {
            out.push(((si, i), (sj, j)));
        } else {
            i += 1;
            j += 1;
        }
    }
    out
}
