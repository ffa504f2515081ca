//! Internationalised domain names as DNS has them: labels that are not ASCII become A-labels (RFC 5891, RFC 3492).
//!
//! Left out: which characters a label may have.

use std::borrow::Cow;

/// The name for DNS.
pub fn to_ascii(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    let label = |l: &str| if l.is_ascii() { l.to_owned() } else { format!("xn--{}", punycode(&l.to_lowercase())) };
    Cow::Owned(name.split('.').map(label).collect::<Vec<_>>().join("."))
}

/// The parameters of RFC 3492, section 5.
const BASE: u32 = 36;
const TMIN: u32 = 1;
const TMAX: u32 = 26;

/// A digit of base 36.
fn digit(n: u32) -> char {
    char::from_digit(if n < 26 { n + 10 } else { n - 26 }, BASE).unwrap_or('?')
}

fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > ((BASE - TMIN) * TMAX) / 2 {
        delta /= BASE - TMIN;
        k += BASE;
    }
    k + (BASE - TMIN + 1) * delta / (delta + 38)
}

fn punycode(label: &str) -> String {
    let points: Vec<u32> = label.chars().map(u32::from).collect();
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).unwrap_or(u32::MAX);
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (128, 0u32, 72, basic);
    while (handled as usize) < points.len() {
        let Some(next) = points.iter().copied().filter(|p| *p >= n).min() else { break };
        delta = delta.saturating_add((next - n).saturating_mul(handled + 1));
        n = next;
        for p in &points {
            if *p < n {
                delta = delta.saturating_add(1);
            }
            if *p != n {
                continue;
            }
            let mut q = delta;
            let mut k = BASE;
            loop {
                let t = k.saturating_sub(bias).clamp(TMIN, TMAX);
                if q < t {
                    break;
                }
                out.push(digit(t + (q - t) % (BASE - t)));
                q = (q - t) / (BASE - t);
                k += BASE;
            }
            out.push(digit(q));
            bias = adapt(delta, handled + 1, handled == basic);
            delta = 0;
            handled += 1;
        }
        delta = delta.saturating_add(1);
        n += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let pairs = [
            ("ñandú.example", "xn--and-6ma2c.example"),
            ("ÑANDÚ.example", "xn--and-6ma2c.example"),
            ("ñu.example", "xn--u-qga.example"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("ejemplo.com", "ejemplo.com"),
            ("他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"),
        ];
        for (name, ascii) in pairs {
            assert_eq!(to_ascii(name), ascii);
        }
    }
}
