//! seq(1).

use super::super::Ctx;
use super::super::input::{Status, emit, status};
use super::super::opt::{getopt_args, hint, missing_operand, quote};

/// seq(1).
pub async fn seq(ctx: &mut Ctx) -> i32 {
    status(seq_run(ctx).await)
}

async fn seq_run(ctx: &mut Ctx) -> Status {
    // A negative number is an operand.
    let mut args = ctx.args[1..].to_vec();
    let number = |a: &str| a.strip_prefix('-').is_some_and(|d| d.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
    let first = args.iter().position(|a| number(a) || !a.starts_with('-'));
    if let Some(i) = first.filter(|i| number(&args[*i])) {
        args.insert(i, "--".into());
    }
    let p = getopt_args(ctx, &args, "f|format= s|separator= w|equal-width", 1, false, "")?;
    let (first, step, last) = match &p.args[..] {
        [] => return Err(missing_operand(ctx, None)),
        [l] => ("1".to_owned(), "1".to_owned(), l.clone()),
        [f, l] => (f.clone(), "1".to_owned(), l.clone()),
        [f, s, l] => (f.clone(), s.clone(), l.clone()),
        [_, _, _, x, ..] => return Err(super::super::opt::extra_operand(ctx, x)),
    };
    let decimals = |s: &str| s.split_once('.').map_or(0, |(_, f)| f.len());
    let places = decimals(&first).max(decimals(&step));
    let mut v = [0f64; 3];
    for (slot, text) in v.iter_mut().zip([&first, &step, &last]) {
        match text.parse::<f64>() {
            Ok(n) if n.is_finite() => *slot = n,
            _ => {
                ctx.complain(format!("invalid floating point argument: {}", quote(text)));
                ctx.err(hint(ctx));
                return Err(1);
            }
        }
    }
    let [a, s, z] = v;
    if s == 0.0 {
        ctx.complain(format!("invalid Zero increment value: {}", quote(&step)));
        ctx.err(hint(ctx));
        return Err(1);
    }
    let sep = p.value("s").unwrap_or("\n").to_owned();
    let show = |n: f64| match p.value("f") {
        Some(f) => format!("{n:.places$}").replace("%g", f),
        None => format!("{n:.places$}"),
    };
    let width = if p.has("w") {
        let count = ((z - a) / s).floor().max(0.0);
        show(a).len().max(show(a + count * s).len())
    } else {
        0
    };
    let (mut i, mut out) = (0u64, String::new());
    loop {
        let n = a + i as f64 * s;
        if (s > 0.0 && n > z + 1e-9 * s.abs()) || (s < 0.0 && n < z - 1e-9 * s.abs()) {
            break;
        }
        if i > 0 {
            out += &sep;
        }
        let t = show(n);
        if width > t.len() {
            let (sign, digits) = t.strip_prefix('-').map_or(("", t.as_str()), |d| ("-", d));
            out += sign;
            out += &"0".repeat(width - t.len());
            out += digits;
        } else {
            out += &t;
        }
        i += 1;
        if out.len() > 4096 {
            emit(ctx, std::mem::take(&mut out)).await?;
            ctx.io.kernel.yield_now().await;
        }
    }
    if i > 0 {
        out.push('\n');
    }
    emit(ctx, out).await?;
    Ok(0)
}
