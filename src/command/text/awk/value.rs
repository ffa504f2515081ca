//! awk's values, numbers as mawk writes them, and sprintf.

/// A value: a number, a text, or a text from outside that looks like a number.
#[derive(Clone, Debug, Default)]
pub enum V {
    #[default]
    None,
    Num(f64),
    Str(Vec<u8>),
    Both(Vec<u8>, f64),
}

/// How many bytes at the start are a decimal number.
pub fn number_len(s: &[u8]) -> usize {
    let digits = |from: usize| s[from.min(s.len())..].iter().take_while(|c| c.is_ascii_digit()).count();
    let mut i = usize::from(matches!(s.first(), Some(b'+' | b'-')));
    let whole = digits(i);
    i += whole;
    let mut frac = 0;
    if s.get(i) == Some(&b'.') {
        frac = digits(i + 1);
        if whole + frac > 0 {
            i += 1 + frac;
        }
    }
    if whole + frac == 0 {
        return 0;
    }
    if matches!(s.get(i), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(s.get(i + 1), Some(b'+' | b'-')));
        let exp = digits(i + 1 + sign);
        if exp > 0 {
            i += 1 + sign + exp;
        }
    }
    i
}

/// The number that a text begins with, as atof(3) reads it.
pub fn number(s: &[u8]) -> f64 {
    let s = &s[s.iter().take_while(|c| c.is_ascii_whitespace()).count()..];
    let n = number_len(s);
    std::str::from_utf8(&s[..n]).ok().and_then(|t| t.trim_start_matches('+').parse().ok()).unwrap_or(0.0)
}

/// A text from outside: a number, too, when all of it is one.
pub fn outside(s: Vec<u8>) -> V {
    let t = s.trim_ascii();
    if !t.is_empty() && number_len(t) == t.len() {
        let n = number(t);
        return V::Both(s, n);
    }
    V::Str(s)
}

impl V {
    pub fn num(&self) -> f64 {
        match self {
            V::None => 0.0,
            V::Num(n) | V::Both(_, n) => *n,
            V::Str(s) => number(s),
        }
    }
    pub fn text(&self, convert: &str) -> Vec<u8> {
        match self {
            V::None => Vec::new(),
            V::Num(n) => shown(*n, convert).into_bytes(),
            V::Str(s) | V::Both(s, _) => s.clone(),
        }
    }
    pub fn truth(&self) -> bool {
        match self {
            V::None => false,
            V::Num(n) | V::Both(_, n) => *n != 0.0,
            V::Str(s) => !s.is_empty(),
        }
    }
    pub fn is_text(&self) -> bool {
        matches!(self, V::Str(_))
    }
}

/// A number as text: whole ones of 32 bits plainly, others by CONVFMT or OFMT.
pub fn shown(n: f64, convert: &str) -> String {
    if n.fract() == 0.0 && (-2_147_483_648.0..=2_147_483_647.0).contains(&n) {
        return (n as i64).to_string();
    }
    String::from_utf8_lossy(&sprintf(convert.as_bytes(), &[V::Num(n)], convert)).into_owned()
}

fn special(n: f64) -> Option<&'static str> {
    if n.is_nan() {
        Some(if n.is_sign_negative() { "-nan" } else { "nan" })
    } else if n.is_infinite() {
        Some(if n > 0.0 { "inf" } else { "-inf" })
    } else {
        None
    }
}

fn exponent(n: f64, p: usize, upper: bool) -> String {
    let t = format!("{n:.p$e}");
    let (m, e) = t.split_once('e').unwrap_or((&t, "0"));
    let (sign, digits) = e.strip_prefix('-').map_or(('+', e), |d| ('-', d));
    format!("{m}{}{sign}{digits:0>2}", if upper { 'E' } else { 'e' })
}

/// `%f`, `%e`, `%g` of C.
pub fn float(kind: char, n: f64, precision: Option<usize>, alternate: bool) -> String {
    if let Some(s) = special(n) {
        return s.to_owned();
    }
    let p = precision.unwrap_or(6).min(300);
    match kind.to_ascii_lowercase() {
        'f' => format!("{n:.p$}"),
        'e' => exponent(n, p, kind == 'E'),
        _ => {
            let p = p.max(1);
            let t = exponent(n, p - 1, false);
            let e: i32 = t.rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
            let mut out = if e < -4 || e >= p as i32 {
                exponent(n, p - 1, kind == 'G')
            } else {
                format!("{n:.*}", (p as i32 - 1 - e).max(0) as usize)
            };
            if !alternate && out.contains('.') {
                let (m, e) = match out.find(['e', 'E']) {
                    Some(i) => (out[..i].to_owned(), out[i..].to_owned()),
                    None => (out.clone(), String::new()),
                };
                out = m.trim_end_matches('0').trim_end_matches('.').to_owned() + &e;
            }
            out
        }
    }
}

/// sprintf with awk's values.
pub fn sprintf(format: &[u8], args: &[V], convert: &str) -> Vec<u8> {
    let (mut out, mut i, mut next) = (Vec::new(), 0, 0);
    while i < format.len() {
        if format[i] != b'%' {
            out.push(format[i]);
            i += 1;
            continue;
        }
        let start = i;
        i += 1;
        if format.get(i) == Some(&b'%') {
            out.push(b'%');
            i += 1;
            continue;
        }
        let mut take = || {
            next += 1;
            args.get(next - 1).cloned().unwrap_or_default()
        };
        let mut flags = Vec::new();
        while let Some(c) = format.get(i).filter(|c| b"-+ #0".contains(c)) {
            flags.push(*c);
            i += 1;
        }
        let mut size = |i: &mut usize| -> Option<i64> {
            if format.get(*i) == Some(&b'*') {
                *i += 1;
                return Some(take().num() as i64);
            }
            let n = format[(*i).min(format.len())..].iter().take_while(|c| c.is_ascii_digit()).count();
            let v = std::str::from_utf8(&format[*i..*i + n]).ok()?.parse().ok();
            *i += n;
            v
        };
        let mut width = size(&mut i).unwrap_or(0);
        if width < 0 {
            flags.push(b'-');
            width = -width;
        }
        let precision = if format.get(i) == Some(&b'.') {
            i += 1;
            Some(size(&mut i).unwrap_or(0).max(0) as usize)
        } else {
            None
        };
        while matches!(format.get(i), Some(b'l' | b'h' | b'q')) {
            i += 1;
        }
        let Some(k) = format.get(i).copied() else {
            out.extend_from_slice(&format[start..]);
            break;
        };
        i += 1;
        let has = |f: u8| flags.contains(&f);
        let signed = |t: String| -> String {
            if t.starts_with('-') {
                t
            } else if has(b'+') {
                format!("+{t}")
            } else if has(b' ') {
                format!(" {t}")
            } else {
                t
            }
        };
        let (body, numeric): (Vec<u8>, bool) = match k {
            b'd' | b'i' => {
                let n = take().num();
                let mut t = (n as i64).abs_diff(0).to_string();
                if let Some(p) = precision {
                    t = format!("{t:0>0$}", p.min(300));
                }
                if (n as i64) < 0 {
                    t.insert(0, '-');
                }
                (signed(t).into_bytes(), precision.is_none())
            }
            b'o' | b'x' | b'X' | b'u' => {
                let n = take().num();
                let n = if n < 0.0 { (n as i64) as u64 } else { n as u64 };
                let mut t = match k {
                    b'o' => format!("{n:o}"),
                    b'x' => format!("{n:x}"),
                    b'X' => format!("{n:X}"),
                    _ => n.to_string(),
                };
                if has(b'#') && n != 0 {
                    t = match k {
                        b'x' => format!("0x{t}"),
                        b'X' => format!("0X{t}"),
                        b'o' => format!("0{t}"),
                        _ => t,
                    };
                }
                (t.into_bytes(), true)
            }
            b'f' | b'F' | b'e' | b'E' | b'g' | b'G' => {
                let t = float(k as char, take().num(), precision, has(b'#'));
                (signed(t).into_bytes(), true)
            }
            b'c' => {
                let v = take();
                let b = match &v {
                    V::Num(n) | V::Both(_, n) => vec![*n as i64 as u8],
                    V::Str(s) => s.first().copied().into_iter().collect(),
                    V::None => vec![0],
                };
                (b, false)
            }
            b's' => {
                let mut t = take().text(convert);
                if let Some(p) = precision {
                    t.truncate(p);
                }
                (t, false)
            }
            _ => (format[start..i].to_vec(), false),
        };
        let gap = (width.min(10_000) as usize).saturating_sub(body.len());
        if has(b'-') {
            out.extend_from_slice(&body);
            out.extend(std::iter::repeat_n(b' ', gap));
        } else if has(b'0') && numeric {
            let sign = usize::from(matches!(body.first(), Some(b'-' | b'+' | b' ')));
            out.extend_from_slice(&body[..sign]);
            out.extend(std::iter::repeat_n(b'0', gap));
            out.extend_from_slice(&body[sign..]);
        } else {
            out.extend(std::iter::repeat_n(b' ', gap));
            out.extend_from_slice(&body);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_mawks() {
        for (n, expected) in [
            (1e6, "1000000"),
            (0.1 + 0.2, "0.3"),
            (2_147_483_648.0, "2.14748e+09"),
            (1e300, "1e+300"),
            (1.0 / 3.0, "0.333333"),
            (-3.0, "-3"),
            (1e-5, "1e-05"),
        ] {
            assert_eq!(shown(n, "%.6g"), expected);
        }
        let s = |f: &str, v: &[V]| String::from_utf8(sprintf(f.as_bytes(), v, "%.6g")).unwrap();
        assert_eq!(
            s("%c%5.2f|%-5d|%05i|%x", &[V::Num(65.0), V::Num(2.71), V::Num(42.0), V::Num(-7.0), V::Num(255.0)]),
            "A 2.71|42   |-0007|ff"
        );
    }
}
