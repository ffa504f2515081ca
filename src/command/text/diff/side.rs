//! diff -y: two columns.

use super::Options;
use super::script::Hunk;
use crate::command::input::chomp;

pub(super) fn side_by_side(a: &[&[u8]], b: &[&[u8]], hs: &[Hunk], o: &Options) -> Vec<u8> {
    // The column arithmetic of GNU diff: two halves, a gutter of at least three.
    let w = o.width as isize;
    let t = 8;
    let offset = (w + t + 3) / (2 * t) * t;
    let half = (offset - 3).min(w - offset).max(0) as usize;
    let col2 = if half > 0 { offset as usize } else { o.width };
    let mut out = String::new();
    let put = |out: &mut String, l: Option<&[u8]>, mark: char, r: Option<&[u8]>| {
        let mut col = 0;
        if let Some(l) = l {
            for c in String::from_utf8_lossy(chomp(l)).chars() {
                let next = if c == '\t' { (col / 8 + 1) * 8 } else { col + super::super::width::width(c) };
                if next > half {
                    break;
                }
                out.push(c);
                col = next;
            }
        }
        if mark != ' ' {
            let target = (half + col2 - 1) / 2;
            tab_to(out, &mut col, target);
            out.push(mark);
            col += 1;
        }
        if let Some(r) = r {
            let text = String::from_utf8_lossy(chomp(r)).into_owned();
            if !text.is_empty() || mark == ' ' {
                if !text.is_empty() {
                    tab_to(out, &mut col, col2);
                }
                let mut used = 0;
                for c in text.chars() {
                    let next = if c == '\t' { (used / 8 + 1) * 8 } else { used + super::super::width::width(c) };
                    if next > half {
                        break;
                    }
                    out.push(c);
                    used = next;
                }
            }
        }
        out.push('\n');
    };
    let mut at = (0, 0);
    let all = hs.iter().copied().chain([((a.len(), a.len()), (b.len(), b.len()))]);
    for h in all {
        while at.0 < h.0.0 && at.1 < h.1.0 {
            if !o.suppress_common {
                put(&mut out, Some(a[at.0]), ' ', Some(b[at.1]));
            }
            at = (at.0 + 1, at.1 + 1);
        }
        let (n, m) = (h.0.1 - h.0.0, h.1.1 - h.1.0);
        for i in 0..n.max(m) {
            let (l, r) = (a[h.0.0..h.0.1].get(i), b[h.1.0..h.1.1].get(i));
            let mark = match (l, r) {
                (Some(_), Some(_)) => '|',
                (Some(_), None) => '<',
                _ => '>',
            };
            put(&mut out, l.copied(), mark, r.copied());
        }
        at = (h.0.1, h.1.1);
    }
    out.into_bytes()
}

/// Fills with tabs and blanks up to a column.
fn tab_to(out: &mut String, col: &mut usize, to: usize) {
    while *col / 8 < to / 8 && (*col / 8 + 1) * 8 <= to {
        out.push('\t');
        *col = (*col / 8 + 1) * 8;
    }
    while *col < to {
        out.push(' ');
        *col += 1;
    }
}
