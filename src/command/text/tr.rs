//! tr(1) on bytes, as GNU's works. Left out: `[=c=]` beyond the character itself.

use super::super::Ctx;
use super::super::input::{Reader, Status, emit, status};
use super::super::opt::{extra_operand, getopt_args, hint, quote};

/// What a set came from, where that matters.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Lower,
    Upper,
}

struct Set {
    bytes: Vec<u8>,
    /// Classes by where they start in `bytes`.
    cases: Vec<(usize, Class)>,
    /// `[x*]`: where and what, to be filled up.
    fill: Option<(usize, u8)>,
}

fn unescape(s: &str) -> Vec<(u8, bool)> {
    let b = s.as_bytes();
    let (mut out, mut i) = (Vec::new(), 0);
    while i < b.len() {
        if b[i] != b'\\' || i + 1 == b.len() {
            out.push((b[i], false));
            i += 1;
            continue;
        }
        i += 1;
        let c = match b[i] {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let (mut v, mut n) = (0u32, 0);
                while n < 3 && i < b.len() && (b'0'..=b'7').contains(&b[i]) && v * 8 + u32::from(b[i] - b'0') < 256 {
                    v = v * 8 + u32::from(b[i] - b'0');
                    i += 1;
                    n += 1;
                }
                out.push((v as u8, true));
                continue;
            }
            c => c,
        };
        out.push((c, true));
        i += 1;
    }
    out
}

fn members(name: &str) -> Option<Vec<u8>> {
    let f: fn(u8) -> bool = match name {
        "alpha" => |c| c.is_ascii_alphabetic(),
        "digit" => |c| c.is_ascii_digit(),
        "alnum" => |c| c.is_ascii_alphanumeric(),
        "upper" => |c| c.is_ascii_uppercase(),
        "lower" => |c| c.is_ascii_lowercase(),
        "space" => |c| matches!(c, 9..=13 | 32),
        "blank" => |c| c == 9 || c == 32,
        "punct" => |c| c.is_ascii_punctuation(),
        "print" => |c| (32..127).contains(&c),
        "graph" => |c| (33..127).contains(&c),
        "cntrl" => |c| c < 32 || c == 127,
        "xdigit" => |c| c.is_ascii_hexdigit(),
        _ => return None,
    };
    Some((0..=255).filter(|c| f(*c)).collect())
}

fn parse(ctx: &Ctx, s: &str, second: bool) -> Result<Set, i32> {
    let c = unescape(s);
    let mut set = Set { bytes: Vec::new(), cases: Vec::new(), fill: None };
    let mut i = 0;
    let plain = |i: usize, b: u8| c.get(i).is_some_and(|(x, e)| *x == b && !e);
    while i < c.len() {
        if plain(i, b'[') && (plain(i + 1, b':') || plain(i + 1, b'=')) {
            let kind = c[i + 1].0;
            if let Some(k) = (i + 2..c.len()).find(|k| plain(*k, kind) && plain(k + 1, b']')) {
                let name: String = c[i + 2..k].iter().map(|(b, _)| *b as char).collect();
                if kind == b':' {
                    let Some(m) = members(&name) else {
                        ctx.complain(format!("invalid character class {}", quote(&name)));
                        return Err(1);
                    };
                    if name == "lower" {
                        set.cases.push((set.bytes.len(), Class::Lower));
                    } else if name == "upper" {
                        set.cases.push((set.bytes.len(), Class::Upper));
                    }
                    set.bytes.extend(m);
                    i = k + 2;
                    continue;
                } else if name.len() == 1 {
                    set.bytes.extend(name.bytes());
                    i = k + 2;
                    continue;
                }
            }
        }
        if second
            && plain(i, b'[')
            && i + 2 < c.len()
            && plain(i + 2, b'*')
            && let Some(k) = (i + 3..c.len()).find(|k| plain(*k, b']'))
        {
            let digits: String = c[i + 3..k].iter().map(|(b, _)| *b as char).collect();
            if digits.bytes().all(|b| b.is_ascii_digit()) {
                let n: usize = if let Some(o) = digits.strip_prefix('0') {
                    usize::from_str_radix(o, 8).unwrap_or(0)
                } else {
                    digits.parse().unwrap_or(0)
                };
                if n == 0 {
                    set.fill = Some((set.bytes.len(), c[i + 1].0));
                } else {
                    set.bytes.extend(std::iter::repeat_n(c[i + 1].0, n.min(256)));
                }
                i = k + 1;
                continue;
            }
        }
        if plain(i + 1, b'-') && i + 2 < c.len() {
            let (a, z) = (c[i].0, c[i + 2].0);
            if z < a {
                let show = |b: u8| if b.is_ascii_graphic() { (b as char).to_string() } else { format!("\\{b:03o}") };
                ctx.complain(format!(
                    "range-endpoints of '{}-{}' are in reverse collating sequence order",
                    show(a),
                    show(z)
                ));
                return Err(1);
            }
            set.bytes.extend(a..=z);
            i += 3;
            continue;
        }
        set.bytes.push(c[i].0);
        i += 1;
    }
    Ok(set)
}

/// tr(1).
pub async fn tr(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

async fn run(ctx: &mut Ctx) -> Status {
    let args = ctx.args[1..].to_vec();
    let spec = "c|complement C d|delete s|squeeze-repeats t|truncate-set1";
    let p = getopt_args(ctx, &args, spec, 1, false, "")?;
    let (delete, squeeze) = (p.has("d"), p.has("s"));
    let complement = p.has("c") || p.has("C");
    let complain = |m: String, more: &str| {
        ctx.complain(m);
        ctx.err(format!("{more}{}", hint(ctx)));
        Err(1)
    };
    let Some(first) = p.args.first() else { return complain("missing operand".into(), "") };
    let max = if delete && !squeeze { 1 } else { 2 };
    if p.args.len() == 1 && delete == squeeze {
        let why = if delete {
            "Two strings must be given when both deleting and squeezing repeats.\n"
        } else {
            "Two strings must be given when translating.\n"
        };
        return complain(format!("missing operand after {}", quote(first)), why);
    }
    if p.args.len() > max {
        if max == 1 && p.args.len() == 2 {
            let why = "Only one string may be given when deleting without squeezing repeats.\n";
            return complain(format!("extra operand {}", quote(&p.args[1])), why);
        }
        return Err(extra_operand(ctx, &p.args[max]));
    }
    let mut one = parse(ctx, first, false)?;
    if complement {
        one.bytes = (0..=255).filter(|b| !one.bytes.contains(b)).collect();
        one.cases.clear();
    }
    let two = match p.args.get(1) {
        Some(s) => Some(parse(ctx, s, true)?),
        None => None,
    };
    let translating = two.is_some() && !delete;
    let mut map: [u8; 256] = std::array::from_fn(|i| i as u8);
    let mut squeezed: Vec<u8> = Vec::new();
    if let Some(mut two) = two {
        if translating {
            if let Some((at, b)) = two.fill {
                let missing = one.bytes.len().saturating_sub(two.bytes.len());
                two.bytes.splice(at..at, std::iter::repeat_n(b, missing));
            }
            if two.bytes.is_empty() && !one.bytes.is_empty() && !p.has("t") {
                ctx.complain("when not truncating set1, string2 must be non-empty");
                return Err(1);
            }
            if p.has("t") {
                one.bytes.truncate(two.bytes.len());
            }
            // [:lower:] against [:upper:] pairs letter by letter, which the byte order of both gives.
            for (i, b) in one.bytes.iter().enumerate() {
                if let Some(to) = two.bytes.get(i).or(two.bytes.last()) {
                    map[usize::from(*b)] = *to;
                }
            }
        }
        squeezed = two.bytes;
    } else if squeeze {
        squeezed.clone_from(&one.bytes);
    }
    let gone: [bool; 256] = std::array::from_fn(|i| delete && one.bytes.contains(&(i as u8)));
    let sq: [bool; 256] = std::array::from_fn(|i| squeeze && squeezed.contains(&(i as u8)));
    let mut last: Option<u8> = None;
    let mut r = Reader::stdin();
    loop {
        match r.some(&mut ctx.io, 65_536).await {
            Ok(None) => return Ok(0),
            Err(e) => {
                ctx.complain(format!("read error: {e}"));
                return Err(1);
            }
            Ok(Some(data)) => {
                let mut out = Vec::with_capacity(data.len());
                for b in data {
                    if gone[usize::from(b)] {
                        continue;
                    }
                    let t = map[usize::from(b)];
                    if sq[usize::from(t)] && last == Some(t) {
                        continue;
                    }
                    last = Some(t);
                    out.push(t);
                }
                emit(ctx, out).await?;
            }
        }
    }
}
