//! sed's `s`.

use super::Sed;
use super::script::{Piece, Subst};
use crate::command::Ctx;

impl Sed {
    pub(super) async fn substitute(&mut self, ctx: &mut Ctx, s: &Subst) -> Result<bool, i32> {
        if let Some(re) = &s.re {
            self.last_re = Some(re.clone());
        }
        let Some(re) = self.last_re.clone() else {
            ctx.complain("no previous regular expression");
            return Err(1);
        };
        let text = std::mem::take(&mut self.space);
        let (mut out, mut at, mut copied, mut count, mut done) = (Vec::new(), 0, 0, 0, false);
        let mut last_end = usize::MAX;
        while at <= text.len() {
            let Some(spans) = re.captures_at(&text, at) else { break };
            let Some((start, end)) = spans[0] else { break };
            // An empty match right after a match does not count.
            if start == end && start == last_end {
                at = step(&text, start);
                continue;
            }
            count += 1;
            last_end = end;
            if count >= s.number.max(1) {
                out.extend_from_slice(&text[copied..start]);
                fill(&mut out, &s.pieces, &text, &spans);
                copied = end;
                done = true;
                if !s.global {
                    break;
                }
            }
            at = if end == start { step(&text, end) } else { end };
        }
        if !done {
            self.space = text;
            return Ok(false);
        }
        out.extend_from_slice(&text[copied..]);
        self.space = out;
        if s.print {
            self.print_space(ctx).await?;
        }
        if let Some(f) = &s.file {
            let line = self.space.clone();
            self.write_file(ctx, f, line).await?;
        }
        Ok(true)
    }
}

/// The start of the next character.
fn step(text: &[u8], at: usize) -> usize {
    let mut i = at + 1;
    while i < text.len() && text[i] & 0xc0 == 0x80 {
        i += 1;
    }
    i
}

fn fill(out: &mut Vec<u8>, pieces: &[Piece], text: &[u8], spans: &[Option<(usize, usize)>]) {
    let (mut mode, mut once) = (0u8, 0u8);
    for p in pieces {
        let bytes: &[u8] = match p {
            Piece::Case(k @ (b'u' | b'l')) => {
                once = *k;
                continue;
            }
            Piece::Case(k) => {
                mode = if *k == b'E' { 0 } else { *k };
                continue;
            }
            Piece::Text(t) => t,
            Piece::Group(n) => spans.get(*n).copied().flatten().map_or(&[], |(s, e)| &text[s..e]),
        };
        if mode == 0 && once == 0 {
            out.extend_from_slice(bytes);
            continue;
        }
        for c in String::from_utf8_lossy(bytes).chars() {
            let how = if once == 0 { mode } else { std::mem::take(&mut once) };
            let s: String = match how {
                b'U' | b'u' => c.to_uppercase().collect(),
                b'L' | b'l' => c.to_lowercase().collect(),
                _ => c.to_string(),
            };
            out.extend_from_slice(s.as_bytes());
        }
    }
}
