//! Brace expansion: `{a,b}`, `{1..5}`, `{01..10..2}`, `{a..e}`. Bounded: a result that is too large is refused.

use super::ast::{Part, Word};
use std::rc::Rc;

/// No more words than this come out of one.
const MAX_WORDS: usize = 65_536;

#[derive(Clone)]
enum Atom {
    Ch(char),
    Part(Part),
}

/// What went wrong: the number of elements asked for.
pub struct TooMany(pub u64);

/// The words that a word stands for.
pub fn expand(word: &Word) -> Result<Vec<Word>, TooMany> {
    let plain = !word.parts.iter().any(|p| matches!(p, Part::Lit(s) if s.contains('{')));
    if plain {
        return Ok(vec![word.clone()]);
    }
    let mut atoms = Vec::new();
    for p in &word.parts {
        match p {
            Part::Lit(s) => atoms.extend(s.chars().map(Atom::Ch)),
            p => atoms.push(Atom::Part(p.clone())),
        }
    }
    Ok(run(&atoms, 0)?.into_iter().map(|a| rebuild(a, &word.raw)).collect())
}

fn rebuild(atoms: Vec<Atom>, raw: &Rc<str>) -> Word {
    let mut parts = Vec::new();
    let mut lit = String::new();
    for a in atoms {
        match a {
            Atom::Ch(c) => lit.push(c),
            Atom::Part(p) => {
                if !lit.is_empty() {
                    parts.push(Part::Lit(std::mem::take(&mut lit)));
                }
                parts.push(p);
            }
        }
    }
    if !lit.is_empty() {
        parts.push(Part::Lit(lit));
    }
    Word { parts, raw: raw.clone() }
}

fn ch(a: &Atom) -> Option<char> {
    if let Atom::Ch(c) = a { Some(*c) } else { None }
}

fn run(atoms: &[Atom], depth: usize) -> Result<Vec<Vec<Atom>>, TooMany> {
    if depth > 40 {
        return Ok(vec![atoms.to_vec()]);
    }
    let mut open = 0;
    while let Some(at) = (open..atoms.len()).find(|i| ch(&atoms[*i]) == Some('{')) {
        if let Some((choices, end)) = choices(atoms, at, depth)? {
            let tails = run(&atoms[end..], depth + 1)?;
            let total = choices.len() as u64 * tails.len() as u64;
            if total > MAX_WORDS as u64 {
                return Err(TooMany(total));
            }
            let mut out = Vec::with_capacity(total as usize);
            for c in &choices {
                for t in &tails {
                    let mut w = atoms[..at].to_vec();
                    w.extend_from_slice(c);
                    w.extend_from_slice(t);
                    out.push(w);
                }
            }
            return Ok(out);
        }
        open = at + 1;
    }
    Ok(vec![atoms.to_vec()])
}

type Choices = Option<(Vec<Vec<Atom>>, usize)>;

/// The alternatives of the brace at `at`, and the index behind it.
fn choices(atoms: &[Atom], at: usize, depth: usize) -> Result<Choices, TooMany> {
    let (mut level, mut start) = (0, at + 1);
    let mut pieces: Vec<&[Atom]> = Vec::new();
    for i in at + 1..atoms.len() {
        match ch(&atoms[i]) {
            Some('{') => level += 1,
            Some('}') if level > 0 => level -= 1,
            Some('}') => {
                pieces.push(&atoms[start..i]);
                if pieces.len() == 1 {
                    let text: Option<String> = pieces[0].iter().map(ch).collect();
                    return match text.and_then(|t| sequence(&t)) {
                        Some(s) => {
                            Ok(Some((s?.into_iter().map(|w| w.chars().map(Atom::Ch).collect()).collect(), i + 1)))
                        }
                        None => Ok(None),
                    };
                }
                let mut all = Vec::new();
                for p in pieces {
                    all.extend(run(p, depth + 1)?);
                    if all.len() > MAX_WORDS {
                        return Err(TooMany(all.len() as u64));
                    }
                }
                return Ok(Some((all, i + 1)));
            }
            Some(',') if level == 0 => {
                pieces.push(&atoms[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    Ok(None)
}

/// `x..y[..step]`.
fn sequence(text: &str) -> Option<Result<Vec<String>, TooMany>> {
    let f: Vec<&str> = text.split("..").collect();
    let (a, b, step) = match f[..] {
        [a, b] => (a, b, 1),
        [a, b, s] => (a, b, s.parse::<i64>().ok()?),
        _ => return None,
    };
    let single = |s: &str| -> Option<char> {
        let mut c = s.chars();
        let x = c.next()?;
        (c.next().is_none() && x.is_ascii_alphabetic()).then_some(x)
    };
    let step = step.unsigned_abs().max(1);
    if let (Ok(x), Ok(y)) = (a.parse::<i64>(), b.parse::<i64>()) {
        let count = x.abs_diff(y) / step + 1;
        if count > MAX_WORDS as u64 {
            return Some(Err(TooMany(count)));
        }
        let padded = |s: &str| s.trim_start_matches('-').len() > 1 && s.trim_start_matches('-').starts_with('0');
        let width = if padded(a) || padded(b) { a.len().max(b.len()) } else { 0 };
        let item = |i: u64| {
            let d = (i * step) as i64;
            let v = if x <= y { x + d } else { x - d };
            if v < 0 && width > 0 { format!("-{:0w$}", -v, w = width - 1) } else { format!("{v:0width$}") }
        };
        return Some(Ok((0..count).map(item).collect()));
    }
    let (x, y) = (single(a)? as u32, single(b)? as u32);
    let count = u64::from(x.abs_diff(y)) / step + 1;
    let item = |i: u64| {
        let d = (i * step) as u32;
        char::from_u32(if x <= y { x + d } else { x - d }).map_or(String::new(), String::from)
    };
    Some(Ok((0..count).map(item).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(s: &str) -> String {
        let w = Word { parts: vec![Part::Lit(s.into())], raw: Rc::from(s) };
        let Ok(all) = expand(&w) else { return "too many".into() };
        all.iter().map(|w| w.literal().unwrap_or("")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn braces() {
        for (s, want) in [
            ("{a,b}{1,2}", "a1 a2 b1 b2"),
            ("user{01..03}", "user01 user02 user03"),
            ("{10..1..3}", "10 7 4 1"),
            ("{a..e}", "a b c d e"),
            ("pre{,post}", "pre prepost"),
            ("{a}", "{a}"),
            ("{a,{b,c}}x", "ax bx cx"),
            ("x{1..3", "x{1..3"),
            ("{1..1000000000}", "too many"),
            ("{-1..1}", "-1 0 1"),
        ] {
            assert_eq!(go(s), want, "{s}");
        }
    }
}
