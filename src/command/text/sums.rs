//! base64(1), md5sum(1), sha1sum(1), sha256sum(1), sha512sum(1), cksum-like sums with `-c`.
//!
//! MD5 and SHA-1 are written here from RFC 1321 and RFC 3174: no crate for sixty lines each.

use super::super::Ctx;
use super::super::input::{Status, emit, slurp, status};
use super::super::opt::{extra_operand, getopt, quote, quotef};
use base64::Engine;
use sha2::{Digest, Sha256, Sha512};

/// base64(1).
pub async fn base64(ctx: &mut Ctx) -> i32 {
    status(base64_run(ctx).await)
}

async fn base64_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "d|decode i|ignore-garbage w|wrap=", 1)?;
    if let Some(x) = p.args.get(1) {
        return Err(extra_operand(ctx, x));
    }
    let text = p.value("w").unwrap_or("76");
    let Ok(wrap) = text.parse::<usize>() else {
        ctx.complain(format!("invalid wrap size: {}", quote(text)));
        return Err(1);
    };
    let name = p.args.first().map_or("-", String::as_str).to_owned();
    let data = match slurp(ctx, &name).await {
        Ok(d) => d,
        Err(e) => {
            ctx.complain(format!("{}: {e}", quotef(&name)));
            return Err(1);
        }
    };
    let engine = base64::engine::general_purpose::STANDARD;
    if p.has("d") {
        let mut clean: Vec<u8> = data.iter().copied().filter(|b| *b != b'\n').collect();
        if p.has("i") {
            clean.retain(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        }
        let good = clean.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')).count();
        let mut out = Vec::new();
        let mut bad = good < clean.len();
        for quad in clean[..good].chunks(4) {
            if let Ok(b) = engine.decode(quad) {
                out.extend(b);
            } else {
                // What a short last group still says is written before the complaint.
                let keep: Vec<u8> = quad.iter().copied().take_while(|b| *b != b'=').collect();
                if let Ok(b) = base64::engine::general_purpose::STANDARD_NO_PAD.decode(&keep) {
                    out.extend(b);
                }
                bad = true;
                break;
            }
        }
        emit(ctx, out).await?;
        if bad {
            ctx.complain("invalid input");
            return Err(1);
        }
        return Ok(0);
    }
    let text = engine.encode(&data);
    if wrap == 0 {
        emit(ctx, text).await?;
        return Ok(0);
    }
    for l in text.as_bytes().chunks(wrap) {
        emit(ctx, [l, b"\n"].concat()).await?;
    }
    Ok(0)
}

fn hex(b: &[u8]) -> String {
    b.iter().map(|x| format!("{x:02x}")).collect()
}

fn padded(data: &[u8], big: bool) -> Vec<u8> {
    let mut m = data.to_vec();
    m.push(0x80);
    while m.len() % 64 != 56 {
        m.push(0);
    }
    let bits = (data.len() as u64).wrapping_mul(8);
    m.extend_from_slice(&if big { bits.to_be_bytes() } else { bits.to_le_bytes() });
    m
}

/// RFC 1321.
pub fn md5(data: &[u8]) -> String {
    const S: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut h: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded(data, false).chunks_exact(64) {
        let m: Vec<u32> = block.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect();
        let [mut a, mut b, mut c, mut d] = h;
        for i in 0..64 {
            let (f, g) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), (7 * i) % 16),
            };
            let k = (((i as f64 + 1.0).sin().abs()) * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(f).wrapping_add(k).wrapping_add(m[g]);
            a = d;
            d = c;
            c = b;
            b = b.wrapping_add(sum.rotate_left(S[i / 16][i % 4]));
        }
        for (x, y) in h.iter_mut().zip([a, b, c, d]) {
            *x = x.wrapping_add(y);
        }
    }
    hex(&h.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>())
}

/// RFC 3174.
pub fn sha1(data: &[u8]) -> String {
    let mut h: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    for block in padded(data, true).chunks_exact(64) {
        let mut w: Vec<u32> = block.chunks_exact(4).map(|w| u32::from_be_bytes([w[0], w[1], w[2], w[3]])).collect();
        for i in 16..80 {
            w.push((w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = h;
        for (i, word) in w.iter().enumerate() {
            let (f, k) = match i / 20 {
                0 => ((b & c) | (!b & d), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => ((b & c) | (b & d) | (c & d), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6_u32),
            };
            let t = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            e = d;
            d = c;
            c = b.rotate_left(30);
            b = a;
            a = t;
        }
        for (x, y) in h.iter_mut().zip([a, b, c, d, e]) {
            *x = x.wrapping_add(y);
        }
    }
    hex(&h.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<_>>())
}

fn digest(name: &str, data: &[u8]) -> String {
    match name {
        "md5sum" => md5(data),
        "sha1sum" => sha1(data),
        "sha512sum" => hex(&Sha512::digest(data)),
        _ => hex(&Sha256::digest(data)),
    }
}

/// md5sum(1) and its kin.
pub async fn sum(ctx: &mut Ctx) -> i32 {
    status(sum_run(ctx).await)
}

async fn sum_run(ctx: &mut Ctx) -> Status {
    let p = getopt(ctx, "b|binary c|check t|text z|zero w|warn |quiet |status |tag |strict |ignore-missing", 1)?;
    let kind = ctx.name();
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let (mut code, mut failed) = (0, 0);
    for n in names {
        let data = match slurp(ctx, &n).await {
            Ok(d) => d,
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(&n)));
                code = 1;
                continue;
            }
        };
        if !p.has("c") {
            let label = kind.trim_end_matches("sum").to_uppercase();
            let line = if p.has("tag") {
                format!("{label} ({n}) = {}\n", digest(&kind, &data))
            } else {
                format!("{} {}{n}\n", digest(&kind, &data), if p.has("b") { '*' } else { ' ' })
            };
            emit(ctx, line).await?;
            continue;
        }
        for line in String::from_utf8_lossy(&data).lines() {
            let Some((want, file)) = line.split_once(' ') else { continue };
            let file = file.trim_start_matches([' ', '*']).to_owned();
            match slurp(ctx, &file).await {
                Err(e) => {
                    ctx.complain(format!("{}: {e}", quotef(&file)));
                    emit(ctx, format!("{file}: FAILED open or read\n")).await?;
                    code = 1;
                }
                Ok(d) if digest(&kind, &d) == want => {
                    if !p.has("quiet") && !p.has("status") {
                        emit(ctx, format!("{file}: OK\n")).await?;
                    }
                }
                Ok(_) => {
                    emit(ctx, format!("{file}: FAILED\n")).await?;
                    failed += 1;
                    code = 1;
                }
            }
        }
        if failed > 0 {
            let s = if failed == 1 { "checksum did" } else { "checksums did" };
            ctx.complain(format!("WARNING: {failed} computed {s} NOT match"));
        }
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    #[test]
    fn digests_are_the_rfcs() {
        for (data, md5, sha1) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ] {
            assert_eq!(super::md5(data.as_bytes()), md5);
            assert_eq!(super::sha1(data.as_bytes()), sha1);
        }
    }
}
