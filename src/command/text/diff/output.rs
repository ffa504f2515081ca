//! How a difference is shown: normal, unified, context.

use super::Options;
use super::script::Hunk;
use crate::command::Ctx;

pub(super) fn header(ctx: &Ctx, o: &Options, mark: &str, name: &str, which: usize) -> Vec<u8> {
    if let Some(l) = o.labels.get(which) {
        return format!("{mark} {l}\n").into_bytes();
    }
    let w = ctx.io.world.borrow();
    let t = w.host.fs.stat(&ctx.io.cred, &ctx.path(name)).map_or(w.host.now, |(_, n)| n.mtime);
    let c = t.civil();
    format!(
        "{mark} {name}\t{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}000 +0000\n",
        c.year, c.month, c.day, c.hour, c.minute, c.second, c.micro
    )
    .into_bytes()
}

fn line(out: &mut Vec<u8>, prefix: &str, l: &[u8]) {
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(l);
    if !l.ends_with(b"\n") {
        out.extend_from_slice(b"\n\\ No newline at end of file\n");
    }
}

pub(super) fn normal(a: &[&[u8]], b: &[&[u8]], hs: &[Hunk]) -> Vec<u8> {
    let mut out = Vec::new();
    let range = |s: usize, e: usize| {
        if e <= s + 1 { (if e == s { s } else { s + 1 }).to_string() } else { format!("{},{e}", s + 1) }
    };
    for ((a1, a2), (b1, b2)) in hs {
        let c = if a1 == a2 {
            'a'
        } else if b1 == b2 {
            'd'
        } else {
            'c'
        };
        out.extend_from_slice(format!("{}{c}{}\n", range(*a1, *a2), range(*b1, *b2)).as_bytes());
        a[*a1..*a2].iter().for_each(|l| line(&mut out, "< ", l));
        if c == 'c' {
            out.extend_from_slice(b"---\n");
        }
        b[*b1..*b2].iter().for_each(|l| line(&mut out, "> ", l));
    }
    out
}

/// Hunks that share context, joined.
fn groups(hs: &[Hunk], n: usize) -> Vec<Vec<Hunk>> {
    let mut out: Vec<Vec<Hunk>> = Vec::new();
    for h in hs {
        match out.last_mut() {
            Some(g) if g.last().is_some_and(|p| h.0.0 - p.0.1 <= 2 * n) => g.push(*h),
            _ => out.push(vec![*h]),
        }
    }
    out
}

fn bounds(g: &[Hunk], n: usize, la: usize, lb: usize) -> ((usize, usize), (usize, usize)) {
    let (f, l) = (g[0], g[g.len() - 1]);
    let before = n.min(f.0.0);
    let after = n.min(la - l.0.1);
    ((f.0.0 - before, l.0.1 + after), (f.1.0 - before, (l.1.1 + after).min(lb)))
}

pub(super) fn unified(a: &[&[u8]], b: &[&[u8]], hs: &[Hunk], n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let range = |s: usize, e: usize| {
        let len = e - s;
        if len == 1 { (s + 1).to_string() } else { format!("{},{len}", if len == 0 { s } else { s + 1 }) }
    };
    for g in groups(hs, n) {
        let ((a1, a2), (b1, b2)) = bounds(&g, n, a.len(), b.len());
        out.extend_from_slice(format!("@@ -{} +{} @@\n", range(a1, a2), range(b1, b2)).as_bytes());
        let mut at = a1;
        for h in &g {
            a[at..h.0.0].iter().for_each(|l| line(&mut out, " ", l));
            a[h.0.0..h.0.1].iter().for_each(|l| line(&mut out, "-", l));
            b[h.1.0..h.1.1].iter().for_each(|l| line(&mut out, "+", l));
            at = h.0.1;
        }
        a[at..a2].iter().for_each(|l| line(&mut out, " ", l));
    }
    out
}

pub(super) fn context(a: &[&[u8]], b: &[&[u8]], hs: &[Hunk], n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let range = |s: usize, e: usize| if e <= s + 1 { e.to_string() } else { format!("{},{e}", s + 1) };
    for g in groups(hs, n) {
        let ((a1, a2), (b1, b2)) = bounds(&g, n, a.len(), b.len());
        out.extend_from_slice(format!("***************\n*** {} ****\n", range(a1, a2)).as_bytes());
        for (side, lines, from, to, only) in [(0, a, a1, a2, '-'), (1, b, b1, b2, '+')] {
            if side == 1 {
                out.extend_from_slice(format!("--- {} ----\n", range(b1, b2)).as_bytes());
            }
            let own = |h: &Hunk| if side == 0 { h.0 } else { h.1 };
            if !g.iter().any(|h| own(h).0 < own(h).1) {
                continue;
            }
            for (i, l) in lines.iter().enumerate().take(to).skip(from) {
                let mark = match g.iter().find(|h| own(h).0 <= i && i < own(h).1) {
                    None => "  ".to_owned(),
                    Some(h) if h.0.0 < h.0.1 && h.1.0 < h.1.1 => "! ".to_owned(),
                    Some(_) => format!("{only} "),
                };
                line(&mut out, &mark, l);
            }
        }
    }
    out
}
